//! A thousand people with thirty days each: how fast they come in over 1, 8 and 64 connections, how far behind the
//! pipeline is, how fast they are read, and what a sample costs on disk with everything around it. On SQLite, and on
//! the empty PostgreSQL database that `CLARITY_BENCH_POSTGRES` names.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::export::Printed;
use crate::server::{Client, Server};
use crate::{Outcome, Table, percentile, sync};

/// People, and how many of them come in over how many connections.
const PHASES: [(usize, usize); 3] = [(60, 1), (240, 8), (700, 64)];
/// Days of each person, and of one upload.
const DAYS: usize = 30;
const DAYS_OF_UPLOAD: usize = 3;
/// 2026-09-01T00:00:00Z.
const START_S: i64 = 1_788_220_800;
const DAY_S: i64 = 86_400;
/// Heart rates every so many seconds, and steps.
const RATE_S: i64 = 180;
const STEPS_S: i64 = 600;
/// Connections that read, and for how long.
const READERS: usize = 64;
const READING: Duration = Duration::from_secs(8);
/// How long the pipeline may take in the end.
const CATCH_UP_MAX: Duration = Duration::from_mins(20);

/// Adds the figures of SQLite, and of PostgreSQL where there is a database.
pub(crate) fn measure(table: &mut Table, folder: &Path) -> Outcome<()> {
    let data = folder.join("people");
    let server = Server::start_with(&data, &SETTINGS)?;
    let samples = live(table, &server, "SQLite")?;
    drop(server);
    let bytes = ["clarity.db", "clarity.db-wal"]
        .map(|name| std::fs::metadata(data.join(name)).map_or(0, |known| known.len()));
    let each = bytes.iter().sum::<u64>() as f64 / samples as f64;
    table.add("SQLite: disk per sample, everything", each, "B", "≤ 7", "");
    #[expect(clippy::disallowed_methods, reason = "the switch of this benchmark")]
    let Ok(url) = std::env::var("CLARITY_BENCH_POSTGRES") else {
        println!("without PostgreSQL: CLARITY_BENCH_POSTGRES names no empty database");
        return Ok(());
    };
    let data = folder.join("people-postgres");
    let settings = [
        SETTINGS.as_slice(),
        &[("CLARITY_DATABASE_URL", url.as_str())],
    ]
    .concat();
    let server = Server::start_with(&data, &settings)?;
    let samples = live(table, &server, "PostgreSQL")?;
    drop(server);
    let asked = "SELECT pg_database_size(current_database())";
    let size = Command::new("psql")
        .args([
            url.as_str(),
            "--tuples-only",
            "--no-align",
            "--command",
            asked,
        ])
        .output()?;
    let bytes: u64 = String::from_utf8(size.stdout)?.trim().parse()?;
    let each = bytes as f64 / samples as f64;
    table.add(
        "PostgreSQL: disk per sample, everything",
        each,
        "B",
        "≤ 10",
        "",
    );
    Ok(())
}

/// No rates, and passwords that cost nothing: a thousand sign-ups are not what is measured.
const SETTINGS: [(&str, &str); 3] = [
    ("CLARITY_RATES_ENABLED", "off"),
    ("CLARITY_PASSWORDS_MEMORY_KIB", "64"),
    ("CLARITY_PASSWORDS_ITERATIONS", "1"),
];

fn live(table: &mut Table, server: &Server, name: &str) -> Outcome<u64> {
    let mut tokens = Vec::new();
    let mut client = Client::connect(server.address)?;
    let people = PHASES.iter().map(|(people, _)| people).sum::<usize>();
    for number in 0..people {
        let email = format!("{number}@people.invalid");
        tokens.push(sync::register(&mut client, &email)?);
    }
    let bodies: Vec<String> = (0..DAYS / DAYS_OF_UPLOAD).map(body).collect();
    let of_body = u64::try_from(DAYS_OF_UPLOAD)? * samples_of_day();
    let (mut first, mut samples, mut worst) = (0, 0, 0.0_f64);
    for (people, connections) in PHASES {
        let begun = Instant::now();
        let part = tokens.get(first..first + people).unwrap_or_default();
        ingest(server.address, part, &bodies, connections)?;
        first += people;
        let count = people as u64 * bodies.len() as u64 * of_body;
        samples += count;
        let rate = count as f64 / begun.elapsed().as_secs_f64();
        let what = format!("{name}: ingestion, {connections} connection(s)");
        table.add(&what, rate, "samples/s", "", &format!("{people} people"));
        worst = worst.max(gauge(server.address, "clarity_pipeline_lag_seconds")?);
    }
    table.add(
        &format!("{name}: lag at the end of ingestion"),
        worst,
        "s",
        "",
        "",
    );
    let begun = Instant::now();
    while gauge(server.address, "clarity_jobs{")? > 0.0 {
        if begun.elapsed() > CATCH_UP_MAX {
            return Err("the days were not computed in time".into());
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    let days = (people * DAYS) as f64;
    let caught_up = begun.elapsed().as_secs_f64();
    let limit = format!("{days:.0} days");
    table.add(
        &format!("{name}: caught up after"),
        caught_up,
        "s",
        "",
        &limit,
    );
    read(table, server.address, &tokens, name)?;
    let resident = crate::server::memory(server.id(), "VmHWM:").unwrap_or(0) as f64 / 1e6;
    table.add(
        &format!("{name}: peak resident memory"),
        resident,
        "MB",
        "≤ 600",
        "",
    );
    Ok(samples)
}

fn samples_of_day() -> u64 {
    (DAY_S / RATE_S + DAY_S / STEPS_S).unsigned_abs()
}

/// Heart rates and steps of some days; everybody has the same, under a key of their own.
fn body(number: usize) -> String {
    let mut text = String::from("{\"quantity_samples\":[");
    let days = i64::try_from(DAYS_OF_UPLOAD).unwrap_or(1);
    let start_s = START_S + i64::try_from(number).unwrap_or(0) * days * DAY_S;
    let mut add = |kind: &str, unit: &str, step_s: i64, span_s: i64| {
        for index in 0..days * DAY_S / step_s {
            let at_s = start_s + index * step_s;
            let (start, end) = (Printed(at_s).rfc3339(), Printed(at_s + span_s).rfc3339());
            let comma = if text.ends_with('[') { "" } else { "," };
            let value = 55 + (index * 7_919) % 61;
            write!(
                text,
                "{comma}{{\"identifier\":\"HKQuantityTypeIdentifier{kind}\",\"value\":{value},\"unit\":\"{unit}\",\"start_date\":\"{start}\",\"end_date\":\"{end}\",\"source_name\":\"Apple Watch\"}}"
            )
            .expect("a String takes every text");
        }
    };
    add("HeartRate", "count/min", RATE_S, 0);
    add("StepCount", "count", STEPS_S, STEPS_S);
    text.push_str("]}");
    text
}

fn ingest(
    address: SocketAddr,
    tokens: &[String],
    bodies: &[String],
    connections: usize,
) -> Outcome<()> {
    let next = AtomicUsize::new(0);
    let phone = || -> std::io::Result<()> {
        let mut client = Client::connect(address)?;
        while let Some(token) = tokens.get(next.fetch_add(1, Ordering::Relaxed)) {
            let bearer = format!("Bearer {token}");
            for (number, body) in bodies.iter().enumerate() {
                let key = format!("upload-{number}");
                let headers = [
                    ("authorization", bearer.as_str()),
                    ("content-type", "application/json"),
                    ("idempotency-key", key.as_str()),
                ];
                let sent = client.send("POST", "/api/v1/healthkit", &headers, body.as_bytes())?;
                if sent.status != 202 {
                    return Err(std::io::Error::other(format!("answered {}", sent.status)));
                }
            }
        }
        Ok(())
    };
    together(connections, phone)?;
    Ok(())
}

/// Runs the same on many threads.
fn together<T: Send>(
    count: usize,
    run: impl Fn() -> std::io::Result<T> + Sync,
) -> std::io::Result<Vec<T>> {
    let run = &run;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..count).map(|_| scope.spawn(run)).collect();
        let joined = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
        joined
            .map(|done| done.unwrap_or_else(|_| Err(std::io::Error::other("panicked"))))
            .collect()
    })
}

fn read(table: &mut Table, address: SocketAddr, tokens: &[String], name: &str) -> Outcome<()> {
    for (what, path, target) in [
        (
            "summaries",
            "/api/v1/summaries/daily?start=2026-09-01&end=2026-10-01",
            "",
        ),
        (
            "rhythm",
            "/api/v1/rhythm?start=2026-09-01&end=2026-10-01",
            "≥ 1,000",
        ),
        (
            "trends",
            "/api/v1/trends?metric=step_count&timeframe=month&end=2026-10-01",
            "≥ 1,000",
        ),
    ] {
        // Each person once, whose answer is made; then everybody again, whose data did not change.
        let all = tokens.len();
        for (what, target, most) in [
            (format!("{name}: {what}, 64 connections, first"), "", all),
            (
                format!("{name}: {what}, 64 connections"),
                target,
                usize::MAX,
            ),
        ] {
            let (mut times, refused, took) = asked(address, tokens, path, most)?;
            let rate = times.len() as f64 / took.as_secs_f64();
            let p99 = percentile(&mut times, 0.99);
            let limit = format!("p99 {p99:.1} ms, {refused} times 503");
            table.add(&what, rate, "answers/s", target, &limit);
        }
    }
    Ok(())
}

/// Asks as one person after the other over many connections, at most so often and no longer than a reading lasts:
/// how long each answer took in milliseconds, how many were refused, and how long it was in all.
fn asked(
    address: SocketAddr,
    tokens: &[String],
    path: &str,
    most: usize,
) -> Outcome<(Vec<f64>, usize, Duration)> {
    let next = AtomicUsize::new(0);
    let begun = Instant::now();
    let reader = || -> std::io::Result<(Vec<f64>, usize)> {
        let mut client = Client::connect(address)?;
        let (mut times, mut refused) = (Vec::new(), 0);
        while most < usize::MAX || begun.elapsed() < READING {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= most {
                break;
            }
            let token = tokens.get(number % tokens.len());
            let bearer = format!("Bearer {}", token.map_or("", String::as_str));
            let sent = Instant::now();
            let answer = client.send("GET", path, &[("authorization", &bearer)], b"")?;
            match answer.status {
                200 => times.push(sent.elapsed().as_secs_f64() * 1e3),
                503 => refused += 1,
                other => return Err(std::io::Error::other(format!("{path}: {other}"))),
            }
        }
        Ok((times, refused))
    };
    let (mut times, mut refused) = (Vec::new(), 0);
    for (own, no) in together(READERS, reader)? {
        times.extend(own);
        refused += no;
    }
    Ok((times, refused, begun.elapsed()))
}

/// The sum of a gauge over its labels, without what was set aside.
fn gauge(address: SocketAddr, name: &str) -> Outcome<f64> {
    // Anew each time: a connection that is silent for long is closed.
    let mut client = Client::connect(address)?;
    let answer = client.send("GET", "/metrics", &[], b"")?;
    let text = String::from_utf8(answer.body)?;
    let values = text
        .lines()
        .filter(|line| line.starts_with(name) && !line.contains("dead"))
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
    Ok(values.sum())
}
