//! What a person with ten years of data pays, beside one with a single year: each figure is a ratio, so
//! that it means the same on every machine. The data is one night, 24 heart rates and 24 counts of steps a
//! day, and every night says its zone.

use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use crate::export::Printed;
use crate::server::{Client, Server};
use crate::{Outcome, Table, caught_up, command, percentile, sync};

/// How often an export and a read are repeated.
const EXPORTS: usize = 5;
const READS: usize = 101;
const DAYS_OF_YEAR: i64 = 365;
/// 2015-01-01T00:00:00Z.
const START_S: i64 = 1_420_070_400;
const RECORDS_A_DAY: usize = 24 + 24 + 6;

/// Reads whose answers do not grow: the range is the same week, or nothing of the person's life.
const PATHS: [&str; 9] = [
    "/api/v1/user/profile",
    "/api/v1/health-data?limit=1",
    "/api/v1/health-data?start=2015-03-02&end=2015-03-03&limit=10",
    "/api/v1/series/heart_rate?start=2015-03-02&end=2015-03-03&resolution=raw",
    "/api/v1/summaries/daily?start=2015-03-02&end=2015-03-09",
    "/api/v1/sleep?start=2015-03-02&end=2015-03-09",
    "/api/v1/workouts?limit=10",
    "/api/v1/imports?limit=1",
    "/api/v1/insights/status",
];

/// Forms of an export that are measured.
const FORMATS: [&str; 6] = [
    "ndjson",
    "daily",
    "fhir_ndjson",
    "open_mhealth",
    "arrow",
    "parquet",
];

/// What was measured of one person.
struct Life {
    /// Best time of an export in each form for each sample, in microseconds.
    row_us: Vec<f64>,
    /// Time of a walk by cursors through everything for each of its rows, in microseconds.
    walk_us: f64,
    /// Median time of each read, in milliseconds.
    reads_ms: Vec<f64>,
}

/// Adds the ratios to the table.
pub(crate) fn measure(table: &mut Table, folder: &Path) -> Outcome<()> {
    let young = life(&folder.join("one-year"), 1)?;
    let old = life(&folder.join("ten-years"), 10)?;
    for (format, (young_us, old_us)) in FORMATS.iter().zip(young.row_us.iter().zip(&old.row_us)) {
        table.add(
            &format!("export as {format}, time per row, ten years / one"),
            old_us / young_us,
            "×",
            "≤ 1.2",
            &format!("{old_us:.2} µs / {young_us:.2} µs"),
        );
    }
    table.add(
        "cursor walk, time per row, ten years / one",
        old.walk_us / young.walk_us,
        "×",
        "≤ 1.2",
        &format!("{:.2} µs / {:.2} µs", old.walk_us, young.walk_us),
    );
    let reads = young.reads_ms.iter().zip(&old.reads_ms);
    for (path, (young_ms, old_ms)) in PATHS.iter().zip(reads) {
        let path = path.trim_start_matches("/api/v1");
        let name: String = path.chars().take(40).collect();
        table.add(
            &name,
            old_ms / young_ms,
            "×",
            "≤ 1.3",
            &format!("{old_ms:.3} ms / {young_ms:.3} ms"),
        );
    }
    Ok(())
}

fn life(data: &Path, years: i64) -> Outcome<Life> {
    let user = [
        "user",
        "add",
        "bench@clarity.invalid",
        "--time-zone",
        "Europe/London",
    ];
    let mut add = command(data, &user)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    if let Some(stdin) = &mut add.stdin {
        stdin.write_all(b"correct horse battery staple\n")?;
    }
    if !add.wait()?.success() {
        return Err("`user add` failed".into());
    }
    let xml = data.join("export.xml");
    write(&xml, years * DAYS_OF_YEAR)?;
    let imported = command(
        data,
        &["import", "--user", "bench@clarity.invalid", "--json"],
    )
    .arg(&xml)
    .stdout(Stdio::null())
    .status()?;
    if !imported.success() {
        return Err("`import` failed".into());
    }
    let server = Server::start(data)?;
    caught_up(&server)?;
    let mut client = Client::connect(server.address)?;
    let token = sync::login(&mut client, "bench@clarity.invalid", sync::PASSWORD)?;
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    let rows = usize::try_from(years * DAYS_OF_YEAR)? * RECORDS_A_DAY;
    let mut row_us = Vec::new();
    for format in FORMATS {
        row_us.push(export_us(&mut client, &headers, format, rows)?);
    }
    let walk_us = walk(&mut client, &headers, rows)?;
    let mut reads_ms = Vec::new();
    for path in PATHS {
        let mut times = Vec::with_capacity(READS);
        for _ in 0..READS {
            let begun = Instant::now();
            let answer = client.send("GET", path, &headers, b"")?;
            times.push(begun.elapsed().as_secs_f64() * 1e3);
            if answer.status != 200 {
                return Err(format!("{path}: status {}", answer.status).into());
            }
        }
        reads_ms.push(percentile(&mut times, 0.5));
    }
    Ok(Life {
        row_us,
        walk_us,
        reads_ms,
    })
}

/// The best time of an export for each of the samples that it is made of, in microseconds.
fn export_us(
    client: &mut Client,
    headers: &[(&str, &str)],
    format: &str,
    rows: usize,
) -> Outcome<f64> {
    let path = format!("/api/v1/health-data/export?format={format}");
    let mut best_us = f64::INFINITY;
    for _ in 0..EXPORTS {
        let begun = Instant::now();
        let answer = client.send("GET", &path, headers, b"")?;
        let elapsed_us = begun.elapsed().as_secs_f64() * 1e6;
        let lines = answer.body.split(|byte| *byte == b'\n').count();
        if answer.status != 200 || (format == "ndjson" && lines < rows) {
            return Err(format!("an export of {lines} lines, status {}", answer.status).into());
        }
        best_us = best_us.min(elapsed_us / rows as f64);
    }
    Ok(best_us)
}

/// Follows the cursors from the first page to the last.
fn walk(client: &mut Client, headers: &[(&str, &str)], rows: usize) -> Outcome<f64> {
    let begun = Instant::now();
    let (mut seen, mut path) = (0, "/api/v1/health-data?limit=1000".to_owned());
    loop {
        let answer = client.send("GET", &path, headers, b"")?;
        let page: serde_json::Value = serde_json::from_slice(&answer.body)?;
        seen += page["data"].as_array().map_or(0, Vec::len);
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/v1/health-data?limit=1000&cursor={cursor}");
    }
    if seen < rows {
        return Err(format!("a walk of {seen} rows, not {rows}").into());
    }
    Ok(begun.elapsed().as_secs_f64() * 1e6 / seen as f64)
}

fn write(path: &Path, days: i64) -> std::io::Result<()> {
    let mut out = BufWriter::new(std::fs::File::create(path)?);
    out.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<HealthData locale=\"en_GB\">\n <ExportDate value=\"2026-11-01 09:00:00 +0000\"/>\n")?;
    for (name, unit, span_s) in [("HeartRate", "count/min", 0), ("StepCount", "count", 600)] {
        for hour in 0..days * 24 {
            let start_s = START_S + hour * 3_600;
            let (start, end) = (Printed(start_s), Printed(start_s + span_s));
            let value = 60 + hour % 37;
            writeln!(
                out,
                " <Record type=\"HKQuantityTypeIdentifier{name}\" sourceName=\"Watch\" unit=\"{unit}\" startDate=\"{start}\" endDate=\"{end}\" value=\"{value}\"/>"
            )?;
        }
    }
    for day in 0..days {
        for (stage, number) in ["Core", "Deep", "REM", "Core", "Deep", "REM"]
            .iter()
            .zip(0..)
        {
            let start_s = START_S + day * 86_400 + 1_800 + number * 3_600;
            let (start, end) = (Printed(start_s), Printed(start_s + 3_600));
            writeln!(
                out,
                " <Record type=\"HKCategoryTypeIdentifierSleepAnalysis\" sourceName=\"Watch\" startDate=\"{start}\" endDate=\"{end}\" value=\"HKCategoryValueSleepAnalysisAsleep{stage}\">\n  <MetadataEntry key=\"HKTimeZone\" value=\"Europe/London\"/>\n </Record>"
            )?;
        }
    }
    out.write_all(b"</HealthData>\n")?;
    out.flush()
}
