//! What an `Idempotency-Key` costs: small uploads on eight connections, with a key and without, in turns
//! on one server, so that the ratio means the same on every machine.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::export::Printed;
use crate::server::{Client, Server};
use crate::{Outcome, Table, percentile, sync};

/// Phones that upload at once.
const CONNECTIONS: usize = 8;
/// Samples of one upload: what a phone has to send every few minutes.
const SAMPLES: i64 = 20;
/// How long each turn lasts: shorter than most of what else a machine does meanwhile.
const TURN: Duration = Duration::from_secs(1);
/// Turns of each kind; an even number, since the kinds take turns in beginning.
const TURNS: usize = 16;
/// 2024-01-01T00:00:00Z.
const START_S: i64 = 1_704_067_200;

/// Adds the ratio to the table.
pub(crate) fn measure(table: &mut Table, folder: &Path) -> Outcome<()> {
    let server = Server::start(&folder.join("keyed"))?;
    let mut tokens = Vec::new();
    for number in 0..CONNECTIONS {
        let mut client = Client::connect(server.address)?;
        tokens.push(sync::register(
            &mut client,
            &format!("keyed-{number}@clarity.invalid"),
        )?);
    }
    let (mut plain, mut keyed) = (Vec::new(), Vec::new());
    for number in 0..TURNS {
        // What came second works beside the days that the first one's uploads have marked.
        let begins = number % 2 == 0;
        for has_key in [begins, !begins] {
            let rates = if has_key { &mut keyed } else { &mut plain };
            rates.push(turn(server.address, &tokens, number, has_key)?);
        }
    }
    let (plain, keyed) = (percentile(&mut plain, 0.5), percentile(&mut keyed, 0.5));
    table.add(
        "uploads with a key / without, 8 connections",
        100.0 * keyed / plain,
        "%",
        "≥ 90",
        &format!("{keyed:.0}/s / {plain:.0}/s"),
    );
    Ok(())
}

/// Uploads that were acknowledged in one second.
fn turn(address: SocketAddr, tokens: &[String], number: usize, has_key: bool) -> Outcome<f64> {
    let begun = Instant::now();
    let counts: Vec<std::io::Result<usize>> = std::thread::scope(|scope| {
        let threads: Vec<_> = tokens
            .iter()
            .map(|token| scope.spawn(move || phone(address, token, number, has_key)))
            .collect();
        let joined = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
        joined
            .map(|result| result.unwrap_or_else(|_| Err(std::io::Error::other("panicked"))))
            .collect()
    });
    let seconds = begun.elapsed().as_secs_f64();
    let mut sum = 0;
    for count in counts {
        sum += count?;
    }
    Ok(sum as f64 / seconds)
}

fn phone(address: SocketAddr, token: &str, turn: usize, has_key: bool) -> std::io::Result<usize> {
    let mut client = Client::connect(address)?;
    let bearer = format!("Bearer {token}");
    let begun = Instant::now();
    let mut count = 0;
    while begun.elapsed() < TURN {
        let key = format!("turn-{turn}-upload-{count}");
        let mut headers = vec![
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        if has_key {
            headers.push(("idempotency-key", key.as_str()));
        }
        // Each turn has days of its own, so that every upload brings something new.
        let turn = i64::try_from(turn * 2 + usize::from(has_key)).unwrap_or(0);
        let upload = i64::try_from(count).unwrap_or(0);
        let body = body(START_S + turn * 10 * 86_400 + upload * SAMPLES * 6);
        let answer = client.send("POST", "/api/v1/healthkit", &headers, body.as_bytes())?;
        if answer.status != 202 {
            return Err(std::io::Error::other(format!("answered {}", answer.status)));
        }
        count += 1;
    }
    Ok(count)
}

fn body(start_s: i64) -> String {
    let sample = |index: i64| {
        let at = Printed(start_s + index * 6).rfc3339();
        format!(
            "{{\"identifier\":\"HKQuantityTypeIdentifierHeartRate\",\"type\":\"quantity\",\"value\":{},\"unit\":\"count/min\",\"start_date\":\"{at}\",\"end_date\":\"{at}\",\"source_name\":\"Apple Watch\"}}",
            55 + index
        )
    };
    let samples: Vec<String> = (0..SAMPLES).map(sample).collect();
    format!("{{\"quantity_samples\":[{}]}}", samples.join(","))
}
