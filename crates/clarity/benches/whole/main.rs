//! The whole product, measured from outside: the real binary on a real disk, each figure beside the
//! limit of this machine taken in the same run. `make bench` prints the table; `--json` prints it
//! for programs; `--quick` uses a small export, `--cohort` measures `analyze` only,
//! `growth` what ten years cost beside one, `old` what very many uploads and waiting jobs cost, `people` a thousand
//! people, `steady` what others notice of a long import, `keyed` what an idempotency key costs, `vendors` large exports of
//! vendors, `abuse` what one person can do to another (`make abuse`).

#![expect(clippy::print_stdout, reason = "the table is what a benchmark is for")]
#![expect(
    clippy::indexing_slicing,
    reason = "indexing a JSON value by name gives null where there is none"
)]

mod abuse;
mod checks;
mod cohort;
mod export;
mod growth;
mod imports;
mod keyed;
mod limits;
mod old;
mod people;
mod raw;
mod server;
mod steady;
mod sync;
mod vendors;

#[expect(dead_code, reason = "the writers are those of the readers' tests")]
#[path = "../../../import/tests/recording/writers.rs"]
mod writers;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::server::{Client, Server};

/// Size of the generated export.
const EXPORT_BYTES: u64 = 500_000_000;
/// Size of the generated export of a quick run.
const QUICK_BYTES: u64 = 25_000_000;
/// How long computing the days of the export may take.
const CATCH_UP_MAX: Duration = Duration::from_mins(2);
/// How often a read is repeated.
const READS: usize = 200;

/// One line of the table.
struct Row {
    name: String,
    value: f64,
    unit: &'static str,
    target: &'static str,
    limit: String,
}

impl Row {
    /// Whether the value is on the wrong side of its target.
    fn is_missed(&self) -> bool {
        let Some((side, number)) = self.target.split_once(' ') else {
            return false;
        };
        let number: f64 = number.replace(',', "").parse().expect("a number");
        match side {
            "≤" => self.value > number,
            "≥" => self.value < number,
            other => unreachable!("a target begins with ≤ or ≥, not {other}"),
        }
    }
}

/// The table being filled.
#[derive(Default)]
struct Table {
    rows: Vec<Row>,
}

impl Table {
    fn add(
        &mut self,
        name: &str,
        value: f64,
        unit: &'static str,
        target: &'static str,
        limit: &str,
    ) {
        let name = name.to_owned();
        self.rows.push(Row {
            name,
            value,
            unit,
            target,
            limit: limit.to_owned(),
        });
    }

    fn print(&self, cores: usize) {
        println!("cores: {cores}");
        println!(
            "{:<44} {:>14} {:<10} {:<12} limit of this machine",
            "what", "value", "unit", "target"
        );
        for row in &self.rows {
            let value = if row.value >= 1_000.0 {
                format!("{:.0}", row.value)
            } else {
                format!("{:.3}", row.value)
            };
            let verdict = if row.is_missed() { "MISSED  " } else { "" };
            println!(
                "{:<44} {value:>14} {:<10} {:<12} {verdict}{}",
                row.name, row.unit, row.target, row.limit
            );
        }
    }

    /// An error that names the targets that were missed.
    fn verdict(&self) -> Outcome<()> {
        let missed = self.rows.iter().filter(|row| row.is_missed());
        let missed: Vec<&str> = missed.map(|row| row.name.as_str()).collect();
        if missed.is_empty() {
            return Ok(());
        }
        Err(format!("targets are missed by: {}", missed.join(", ")).into())
    }

    fn print_json(&self, cores: usize) {
        let rows: Vec<Value> = self
            .rows
            .iter()
            .map(|row| {
                serde_json::json!({
                    "name": row.name, "value": row.value, "unit": row.unit,
                    "target": row.target, "limit": row.limit, "missed": row.is_missed(),
                })
            })
            .collect();
        println!("{}", serde_json::json!({ "cores": cores, "rows": rows }));
    }
}

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let bytes = if has("--quick") {
        QUICK_BYTES
    } else {
        EXPORT_BYTES
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let folder = tempfile::tempdir()?;
    if has("abuse") {
        let named = arguments.iter().skip(1).filter(|one| !one.starts_with('-'));
        let wanted: Vec<String> = named.filter(|one| *one != "abuse").cloned().collect();
        return abuse::run(folder.path(), &wanted);
    }
    let mut table = Table::default();
    let mut is_whole = false;
    if has("growth") {
        growth::measure(&mut table, folder.path())?;
    } else if has("keyed") {
        keyed::measure(&mut table, folder.path())?;
    } else if has("people") {
        people::measure(&mut table, folder.path())?;
    } else if has("steady") {
        steady::measure(&mut table, folder.path(), bytes)?;
    } else if has("old") {
        old::measure(&mut table, folder.path())?;
    } else if has("vendors") {
        vendors::measure(&mut table, folder.path(), has("--quick"))?;
    } else {
        is_whole = true;
        cohort::analyze(&mut table, folder.path())?;
        raw::analyze(&mut table, folder.path())?;
        if !has("--cohort") {
            server_side(&mut table, folder.path(), bytes)?;
            keyed::measure(&mut table, folder.path())?;
            growth::measure(&mut table, folder.path())?;
        }
    }
    if has("--json") {
        table.print_json(cores);
    } else {
        table.print(cores);
    }
    // Of the whole table the others are still to come, and speeds depend on the machine.
    if is_whole { Ok(()) } else { table.verdict() }
}

/// Import and server, and what this machine could do at best.
fn server_side(table: &mut Table, folder: &Path, bytes: u64) -> Outcome<()> {
    imports::measure(table, folder, bytes)?;
    serve(table, folder)?;
    let blobs = limits::plain_blobs(folder)?;
    table.add(
        "plain insert of 2 KiB blobs",
        blobs,
        "blobs/s",
        "",
        "one row a statement, one transaction",
    );
    let copy = limits::memory_copy() / 1e9;
    table.add("memory copy", copy, "GB/s", "", "");
    Ok(())
}

/// The program on a data folder, without input.
fn command(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clarity"));
    command.args(arguments).arg("--data-dir").arg(data);
    command.stdin(Stdio::null());
    command
}

/// The server: start, idle memory, synchronisation and reads.
fn serve(table: &mut Table, folder: &Path) -> Outcome<()> {
    let mut starts = Vec::new();
    for number in 0..5 {
        let data = folder.join(format!("empty-{number}"));
        starts.push(Server::start(&data)?.cold_start.as_secs_f64());
    }
    table.add(
        "cold start to ready, first start",
        percentile(&mut starts, 0.5),
        "s",
        "≤ 0.3",
        "",
    );
    let data = folder.join("data");
    // The first start computes every day of the import; idle is what comes after that.
    caught_up(&Server::start(&data)?)?;
    imports::disk_with_days(table, &data, "dense")?;
    let server = Server::start(&data)?;
    table.add(
        "cold start to ready, full data",
        server.cold_start.as_secs_f64(),
        "s",
        "≤ 0.3",
        "",
    );
    std::thread::sleep(Duration::from_secs(2));
    let idle = server.resident_bytes().unwrap_or(0) as f64 / 1e6;
    table.add("idle memory", idle, "MB", "≤ 60", "");
    let synced = limits::synced_appends(folder)?;
    for connections in [1, 8] {
        let result = sync::run(server.address, connections)?;
        let name = format!("sync of 2,000 samples, {connections} connection(s)");
        let limit = format!("{synced:.0} synced 4 KiB appends/s");
        table.add(
            &name,
            result.samples_per_second,
            "samples/s",
            "≥ 200,000",
            &limit,
        );
        table.add(&format!("{name}, p50"), result.p50_ms, "ms", "", "");
        table.add(&format!("{name}, p99"), result.p99_ms, "ms", "", "");
    }
    reads(table, &server)
}

/// Waits until no job is left.
pub(crate) fn caught_up(server: &Server) -> Outcome<()> {
    let mut client = Client::connect(server.address)?;
    let begun = Instant::now();
    let token = sync::login(&mut client, "bench@clarity.invalid", sync::PASSWORD)?;
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    while begun.elapsed() < CATCH_UP_MAX {
        let answer = client.send("GET", "/api/v1/insights/status", &headers, b"")?;
        let status: Value = serde_json::from_slice(&answer.body)?;
        if status["status"] == "ready" {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Err("the days were not computed in time".into())
}

fn reads(table: &mut Table, server: &Server) -> Outcome<()> {
    let mut client = Client::connect(server.address)?;
    let token = sync::login(&mut client, "bench@clarity.invalid", sync::PASSWORD)?;
    sync::one_dense_day(&mut client, &token)?;
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    for (name, path, target) in [
        (
            "month of summaries",
            "/api/v1/summaries/daily?start=2021-01-01&end=2021-02-01",
            "≤ 3",
        ),
        (
            "day of heart rate, 13,800 samples",
            "/api/v1/series/heart_rate?start=2020-12-01T00:00:00Z&end=2020-12-02T00:00:00Z&resolution=raw",
            "≤ 30",
        ),
        (
            "month of sleep",
            "/api/v1/sleep?start=2021-01-01&end=2021-02-01",
            "",
        ),
    ] {
        let mut times = Vec::with_capacity(READS);
        let mut size = 0;
        let before = checks::spent(&mut client)?;
        for _ in 0..READS {
            let begun = Instant::now();
            let answer = client.send("GET", path, &headers, b"")?;
            times.push(begun.elapsed().as_secs_f64() * 1e3);
            if answer.status != 200 {
                return Err(format!("{path} answered {}", answer.status).into());
            }
            size = answer.body.len();
        }
        let spent = checks::spent(&mut client)?;
        checks::add(table, name, &before, &spent);
        let limit = format!("{size} bytes");
        table.add(
            &format!("{name}, p50"),
            percentile(&mut times, 0.5),
            "ms",
            target,
            &limit,
        );
        table.add(
            &format!("{name}, p99"),
            percentile(&mut times, 0.99),
            "ms",
            "",
            "",
        );
    }
    Ok(())
}

/// The value below which a share of the values lies; NaN of none.
pub(crate) fn percentile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index into a short list"
    )]
    let at = ((values.len() as f64 - 1.0) * share).round() as usize;
    values.get(at).copied().unwrap_or(f64::NAN)
}
