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
    let over = AtomicBool::new(false);
    let begun = Instant::now();
    let mut quiet = syncs(server.address, &other, || begun.elapsed() < BEFORE)?;
    let (mut busy, taken) = std::thread::scope(|scope| -> Outcome<(Vec<f64>, Duration)> {
        let syncing = scope.spawn(|| {
            let still = || !over.load(Ordering::Relaxed);
            syncs(server.address, &other, still).map_err(|error| error.to_string())
        });
        let begun = Instant::now();
        let sent = import(server.address, &long, &file);
        over.store(true, Ordering::Relaxed);
        let busy = syncing.join().map_err(|_| "a phone panicked")??;
        sent?;
        Ok((busy, begun.elapsed()))
    })?;
    let limit = format!(
        "{:.0} MB of XML in {:.1} s, {} syncs",
        written.xml_bytes as f64 / 1e6,
        taken.as_secs_f64(),
        busy.len()
    );
    table.add(
        "sync before an import, p99",
        percentile(&mut quiet, 0.99),
        "ms",
        "",
        "",
    );
    table.add(
        "sync beside an import, p50",
        percentile(&mut busy, 0.5),
        "ms",
        "",
        "",
    );
    table.add(
        "sync beside an import, p99",
        percentile(&mut busy, 0.99),
        "ms",
        "≤ 250",
        &limit,
    );
    let peak = crate::server::memory(server.id(), "VmHWM:").unwrap_or(0) as f64 / 1e6;
    table.add("peak resident memory beside it", peak, "MB", "≤ 600", "");
    Ok(())
}

fn import(address: SocketAddr, token: &str, file: &[u8]) -> Outcome<()> {
    let mut client = Client::connect_patiently(address)?;
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/octet-stream"),
    ];
    let answer = client.send("POST", "/api/v1/imports", &headers, file)?;
    if answer.status == 202 {
        return Ok(());
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
