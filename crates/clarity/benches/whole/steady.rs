//! What others notice while a long export is read into SQLite: the time of their own small syncs, before and
//! meanwhile.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::export::Printed;
use crate::server::{Client, Server};
use crate::{Outcome, Table, export, percentile, sync};

/// How long syncs are measured before the import.
const BEFORE: Duration = Duration::from_secs(10);
/// Between two syncs.
const PAUSE: Duration = Duration::from_millis(50);
/// 2026-03-01T00:00:00Z.
const START_S: i64 = 1_772_323_200;

/// Adds the figures.
pub(crate) fn measure(table: &mut Table, folder: &Path, bytes: u64) -> Outcome<()> {
    let zip = folder.join("steady.zip");
    // Twice the usual export: 1 GB of XML.
    let written = export::write(&zip, 2 * bytes)?;
    let file = std::fs::read(&zip)?;
    let server = Server::start(&folder.join("steady"))?;
    let mut client = Client::connect(server.address)?;
    let long = sync::register(&mut client, "long@clarity.invalid")?;
    let other = sync::register(&mut client, "other@clarity.invalid")?;
    let later = folder.join("later.zip");
    export::write_later(&later, 2 * bytes)?;
    let later = std::fs::read(&later)?;
    let begun = Instant::now();
    let mut quiet = syncs(server.address, &other, || begun.elapsed() < BEFORE)?;
    table.add(
        "sync before an import, p99",
        percentile(&mut quiet, 0.99),
        "ms",
        "",
        "",
    );
    let address = server.address;
    let of_xml = format!("{:.0} MB of XML", written.xml_bytes as f64 / 1e6);
    beside(table, (address, &other), ("an import", &of_xml), || {
        import(address, &long, &file).map(drop)
    })?;
    let mut second = String::new();
    beside(
        table,
        (address, &other),
        ("a second export", &of_xml),
        || {
            second = import(address, &long, &later)?;
            Ok(())
        },
    )?;
    beside(
        table,
        (address, &other),
        ("taking it back", &of_xml),
        || take_back(address, &long, &second),
    )?;
    let peak = crate::server::memory(server.id(), "VmHWM:").unwrap_or(0) as f64 / 1e6;
    table.add("peak resident memory beside it", peak, "MB", "≤ 600", "");
    Ok(())
}

/// The syncs of somebody else while something long is done.
fn beside(
    table: &mut Table,
    (address, other): (SocketAddr, &str),
    (what, size): (&str, &str),
    long: impl FnOnce() -> Outcome<()>,
) -> Outcome<()> {
    let over = AtomicBool::new(false);
    let (mut busy, taken) = std::thread::scope(|scope| -> Outcome<(Vec<f64>, Duration)> {
        let syncing = scope.spawn(|| {
            let still = || !over.load(Ordering::Relaxed);
            syncs(address, other, still).map_err(|error| error.to_string())
        });
        let begun = Instant::now();
        let done = long();
        over.store(true, Ordering::Relaxed);
        let busy = syncing.join().map_err(|_| "a phone panicked")??;
        done?;
        Ok((busy, begun.elapsed()))
    })?;
    let limit = format!(
        "{size} in {:.1} s, {} syncs",
        taken.as_secs_f64(),
        busy.len()
    );
    for (share, name, target) in [(0.5, "p50", ""), (0.99, "p99", "≤ 250")] {
        let row = format!("sync beside {what}, {name}");
        table.add(&row, percentile(&mut busy, share), "ms", target, &limit);
    }
    Ok(())
}

fn take_back(address: SocketAddr, token: &str, id: &str) -> Outcome<()> {
    let mut client = Client::connect_patiently(address)?;
    let bearer = format!("Bearer {token}");
    let path = format!("/api/v1/health-data/{id}");
    let answer = client.send("DELETE", &path, &[("authorization", &bearer)], b"")?;
    if answer.status == 200 {
        return Ok(());
    }
    Err(format!("taking back was answered {}", answer.status).into())
}

/// Returns the id of the upload.
fn import(address: SocketAddr, token: &str, file: &[u8]) -> Outcome<String> {
    let mut client = Client::connect_patiently(address)?;
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/octet-stream"),
    ];
    let answer = client.send("POST", "/api/v1/imports", &headers, file)?;
    if answer.status == 202 {
        let state: serde_json::Value = serde_json::from_slice(&answer.body)?;
        return Ok(state["processing_id"]
            .as_str()
            .unwrap_or_default()
            .to_owned());
    }
    Err(format!("the import was answered {}", answer.status).into())
}

fn syncs(address: SocketAddr, token: &str, still: impl Fn() -> bool) -> Outcome<Vec<f64>> {
    let mut client = Client::connect(address)?;
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let mut times = Vec::new();
    while still() {
        let at = Printed(START_S + i64::try_from(times.len())? * 60).rfc3339();
        let body = format!(
            "{{\"data_type\":\"heart_rate\",\"value\":{},\"unit\":\"count/min\",\"recorded_at\":\"{at}\"}}",
            55 + times.len() % 60
        );
        let sent = Instant::now();
        let answer = client.send("POST", "/api/v1/health-data", &headers, body.as_bytes())?;
        times.push(sent.elapsed().as_secs_f64() * 1e3);
        if answer.status != 202 {
            return Err(format!("a sync was answered {}", answer.status).into());
        }
        std::thread::sleep(PAUSE);
    }
    Ok(times)
}
