//! A phone that synchronises: bodies of 2,000 HealthKit samples, one after the other on each
//! connection, each answered only when it is durable.

use std::fmt::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::server::Client;
use crate::{Outcome, percentile};

/// Samples in one body.
const BODY_SAMPLES: usize = 2_000;
/// How long the phones synchronise.
const RUN: Duration = Duration::from_secs(6);
/// The password of every made-up person.
pub(crate) const PASSWORD: &str = "correct horse battery staple";
/// 2024-01-01T00:00:00Z.
const START_S: i64 = 1_704_067_200;

/// What the phones saw.
pub(crate) struct Synced {
    /// Acknowledged samples per second over all connections.
    pub(crate) samples_per_second: f64,
    /// Median time of a request.
    pub(crate) p50_ms: f64,
    /// Time below which 99 of 100 requests lie.
    pub(crate) p99_ms: f64,
}

/// Synchronises on `connections` connections, each a person of its own.
pub(crate) fn run(address: SocketAddr, connections: usize) -> Outcome<Synced> {
    let mut tokens = Vec::new();
    for number in 0..connections {
        let mut client = Client::connect(address)?;
        let email = format!("sync-{connections}-{number}@clarity.invalid");
        tokens.push(register(&mut client, &email)?);
    }
    // Bodies are made before the clock starts: a phone has them ready too.
    let bodies: Vec<String> = (0..400).map(body).collect();
    let begun = Instant::now();
    let results: Vec<std::io::Result<(u64, Vec<f64>)>> = std::thread::scope(|scope| {
        let bodies = &bodies;
        let threads: Vec<_> = tokens
            .iter()
            .map(|token| scope.spawn(move || phone(address, token, bodies, begun)))
            .collect();
        let joined = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
        joined
            .map(|result| result.unwrap_or_else(|_| Err(std::io::Error::other("panicked"))))
            .collect()
    });
    let seconds = begun.elapsed().as_secs_f64();
    let (mut samples, mut times) = (0, Vec::new());
    for result in results {
        let (count, mut own) = result?;
        samples += count;
        times.append(&mut own);
    }
    Ok(Synced {
        samples_per_second: samples as f64 / seconds,
        p50_ms: percentile(&mut times, 0.5),
        p99_ms: percentile(&mut times, 0.99),
    })
}

fn phone(
    address: SocketAddr,
    token: &str,
    bodies: &[String],
    begun: Instant,
) -> std::io::Result<(u64, Vec<f64>)> {
    let mut client = Client::connect(address)?;
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let (mut acknowledged, mut times) = (0, Vec::new());
    for body in bodies {
        if begun.elapsed() > RUN {
            break;
        }
        let sent = Instant::now();
        let answer = client.send("POST", "/api/v1/healthkit", &headers, body.as_bytes())?;
        times.push(sent.elapsed().as_secs_f64() * 1e3);
        let parsed: Value = serde_json::from_slice(&answer.body).map_err(std::io::Error::other)?;
        if answer.status != 202 || parsed["accepted"].as_u64() != Some(BODY_SAMPLES as u64) {
            return Err(std::io::Error::other(format!(
                "answered {} {parsed}",
                answer.status
            )));
        }
        acknowledged += BODY_SAMPLES as u64;
    }
    Ok((acknowledged, times))
}

/// A body of heart rates and step counts of some hours.
fn body(number: usize) -> String {
    let mut text = String::with_capacity(BODY_SAMPLES * 180);
    text.push_str("{\"quantity_samples\":[");
    let start = START_S + i64::try_from(number * BODY_SAMPLES * 6).unwrap_or(0);
    for index in 0..BODY_SAMPLES {
        let at = start + i64::try_from(index * 6).unwrap_or(0);
        let (kind, unit, value, until) = if index % 10 == 0 {
            (
                "HKQuantityTypeIdentifierStepCount",
                "count",
                3 + index % 90,
                at + 50,
            )
        } else {
            (
                "HKQuantityTypeIdentifierHeartRate",
                "count/min",
                55 + (index * 7) % 60,
                at,
            )
        };
        if index > 0 {
            text.push(',');
        }
        write!(
            text,
            "{{\"identifier\":\"{kind}\",\"type\":\"quantity\",\"value\":{value},\"unit\":\"{unit}\",\"start_date\":\"{}\",\"end_date\":\"{}\",\"source_name\":\"Apple Watch\"}}",
            rfc3339(at),
            rfc3339(until)
        )
        .expect("a String takes every text");
    }
    text.push_str("]}");
    text
}

/// Sends 13,800 heart rates of one day.
pub(crate) fn one_dense_day(client: &mut Client, token: &str) -> Outcome<()> {
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    // 2020-12-01T00:00:00Z, before the generated export begins.
    let start_ms = 1_606_780_800_000_i64;
    for part in 0..7 {
        let mut text = String::from("{\"quantity_samples\":[");
        for index in (part * 2_000)..((part + 1) * 2_000).min(13_800) {
            let at_ms = start_ms + index * 6_260;
            let at = format!(
                "{}.{:03}Z",
                rfc3339(at_ms / 1_000).trim_end_matches('Z'),
                at_ms % 1_000
            );
            if index > part * 2_000 {
                text.push(',');
            }
            write!(
                text,
                "{{\"identifier\":\"HKQuantityTypeIdentifierHeartRate\",\"value\":{},\"unit\":\"count/min\",\"start_date\":\"{at}\",\"end_date\":\"{at}\",\"source_name\":\"Apple Watch\"}}",
                55 + index % 60
        )
        .expect("a String takes every text");
        }
        text.push_str("]}");
        let answer = client.send("POST", "/api/v1/healthkit", &headers, text.as_bytes())?;
        if answer.status != 202 {
            return Err(format!("answered {}", answer.status).into());
        }
    }
    Ok(())
}

/// Makes a person and returns the access token.
pub(crate) fn register(client: &mut Client, email: &str) -> Outcome<String> {
    let body = serde_json::json!({ "email": email, "password": PASSWORD });
    token(client, "/api/v1/auth/register", &body)
}

/// Signs in and returns the access token.
pub(crate) fn login(client: &mut Client, email: &str, password: &str) -> Outcome<String> {
    let body = serde_json::json!({ "email": email, "password": password });
    token(client, "/api/v1/auth/login", &body)
}

fn token(client: &mut Client, path: &str, body: &Value) -> Outcome<String> {
    let headers = [("content-type", "application/json")];
    let answer = client.send("POST", path, &headers, body.to_string().as_bytes())?;
    let parsed: Value = serde_json::from_slice(&answer.body)?;
    let token = parsed["access_token"]
        .as_str()
        .ok_or_else(|| format!("{path}: {parsed}"))?;
    Ok(token.to_owned())
}

fn rfc3339(at_s: i64) -> String {
    crate::export::Printed(at_s).rfc3339()
}
