//! Exports, from zip to durable encrypted chunks by the command line: of a dense person, whose cost is a
//! record, and of a sparse one, whose cost is a chunk. Each beside unzip and XML events on the same bytes.

#![expect(
    clippy::indexing_slicing,
    reason = "indexing a JSON value by name gives null where there is none"
)]

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::export::{self, Written};
use crate::server::{Server, memory};
use crate::{Outcome, Table, caught_up, command, limits};

const EMAIL: &str = "bench@clarity.invalid";

/// Imports both people; the dense one stays in `data`.
pub(crate) fn measure(table: &mut Table, folder: &Path, bytes: u64) -> Outcome<()> {
    let zip = folder.join("sparse.zip");
    let written = export::sparse(&zip)?;
    let data = folder.join("sparse");
    import(table, (&zip, &data), &written, "sparse")?;
    caught_up(&Server::start(&data)?)?;
    disk_with_days(table, &data, "sparse")?;
    let zip = folder.join("export.zip");
    let written = export::write(&zip, bytes)?;
    let data = folder.join("data");
    import(table, (&zip, &data), &written, "dense")?;
    let size = database_bytes(&data)? as f64 / written.records as f64;
    table.add("disk per sample, dense, without days", size, "B", "≤ 7", "");
    by_metric(table, &data)
}

/// What a sample costs on disk once its days are computed, everything included.
pub(crate) fn disk_with_days(table: &mut Table, data: &Path, shape: &str) -> Outcome<()> {
    let output = command(data, &["storage", "--user", EMAIL, "--json"]).output()?;
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let samples: f64 = report
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|metric| metric["samples"].as_f64())
        .sum();
    let name = format!("disk per sample, {shape}, with days and uploads");
    let size = database_bytes(data)? as f64 / samples;
    table.add(&name, size, "B", "", &format!("{samples:.0} samples"));
    Ok(())
}

/// Imports a file for a new person; returns the report and the peak of resident memory.
pub(crate) fn read(zip: &Path, data: &Path) -> Outcome<(Value, u64)> {
    let user = ["user", "add", EMAIL, "--time-zone", "Europe/London"];
    let mut add = command(data, &user)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    if let Some(stdin) = &mut add.stdin {
        std::io::Write::write_all(stdin, b"correct horse battery staple\n")?;
    }
    if !add.wait()?.success() {
        return Err("`user add` failed".into());
    }
    let mut child = command(data, &["import", "--user", EMAIL, "--json"])
        .arg(zip)
        .stdout(Stdio::piped())
        .spawn()?;
    // A long report fills the pipe, and its writer waits until somebody reads it.
    let mut printed = child.stdout.take().ok_or("no output")?;
    let report = std::thread::spawn(move || {
        let mut text = Vec::new();
        std::io::Read::read_to_end(&mut printed, &mut text).map(|_| text)
    });
    let mut peak = 0;
    while child.try_wait()?.is_none() {
        peak = memory(child.id(), "VmHWM:").unwrap_or(0).max(peak);
        std::thread::sleep(Duration::from_millis(5));
    }
    let report = report.join().map_err(|_| "the report was not read")??;
    Ok((serde_json::from_slice(&report)?, peak))
}

fn import(
    table: &mut Table,
    (zip, data): (&Path, &Path),
    written: &Written,
    shape: &str,
) -> Outcome<()> {
    let walk = limits::unzip_and_walk(zip)?;
    let (report, peak) = read(zip, data)?;
    let seconds = report["seconds"]
        .as_f64()
        .ok_or("the report has no seconds")?;
    if report["accepted"].as_u64() != Some(written.records) {
        return Err(format!("accepted {} of {}", report["accepted"], written.records).into());
    }
    let records = written.records as f64;
    let walk_rate = records / walk.as_secs_f64();
    let share = 100.0 * (records / seconds) / walk_rate;
    let limit = format!("unzip + XML events {walk_rate:.0}/s ({share:.0} %)");
    let name = format!("import, {shape} person, zip to durable chunks");
    let target = if shape == "dense" {
        "≥ 1,000,000"
    } else {
        "≥ 500,000"
    };
    table.add(&name, records / seconds, "records/s", target, &limit);
    let megabytes = written.xml_bytes as f64 / 1e6;
    let limit = format!("{:.0} MB/s", megabytes / walk.as_secs_f64());
    let name = format!("import, {shape} person, XML");
    table.add(&name, megabytes / seconds, "MB/s", "", &limit);
    let name = format!("import, {shape} person, peak resident memory");
    table.add(&name, peak as f64 / 1e6, "MB", "≤ 200", "");
    Ok(())
}

/// Bytes of the database files.
fn database_bytes(data: &Path) -> Outcome<u64> {
    let mut total = 0;
    for entry in std::fs::read_dir(data)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().contains(".db") {
            total += entry.metadata()?.len();
        }
    }
    Ok(total)
}

/// What a sample of each metric costs, without the database's own share.
fn by_metric(table: &mut Table, data: &Path) -> Outcome<()> {
    let output = command(data, &["storage", "--user", EMAIL, "--json"]).output()?;
    let report: Value = serde_json::from_slice(&output.stdout)?;
    for metric in report.as_array().into_iter().flatten() {
        let (Some(name), Some(samples), Some(bytes)) = (
            metric["metric"].as_str(),
            metric["samples"].as_f64(),
            metric["bytes"].as_f64(),
        ) else {
            continue;
        };
        let name = format!("disk per sample, {name}");
        table.add(&name, bytes / samples, "B", "", "");
    }
    Ok(())
}
