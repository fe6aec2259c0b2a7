//! Every measure of heart-rate variability by itself, for people and for `tools/hrv-peers`.
//!
//! With `--peer` it reads requests from standard input, one per line: how often to repeat, then the
//! intervals in milliseconds; it prints one JSON object with the fastest time of each measure and its value.
//! Without, it times recordings of five minutes, an hour and five hours.

#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::{BufRead, Write};
use std::time::Instant;

use analysis::heart::correction::{Spread, corrected_with};
use analysis::heart::variability;
use analysis::maths::chance::Chance;

/// A round takes about as long at least.
const LEAST_MS: f64 = 1.0;
const REPEATS_MAX: u32 = 1 << 14;

/// A heart that breathes and wanders, in whole milliseconds.
fn heart(count: u32) -> Vec<f64> {
    let mut chance = Chance::new(9);
    let mut slow = 0.0;
    (0..count)
        .map(|index| {
            slow = 0.98 * slow + 6.0 * chance.normal();
            let breath = 30.0 * (f64::from(index) * 1.2).sin();
            (850.0 + slow + breath + 15.0 * chance.normal()).round()
        })
        .collect()
}

/// Milliseconds of the fastest of some rounds, each long enough to be timed, and what came out.
fn fastest(rounds: u32, mut of: impl FnMut() -> Option<f64>) -> (f64, Option<f64>) {
    let mut best = f64::INFINITY;
    let mut found = None;
    let mut repeats = 1_u32;
    for _ in 0..rounds.max(1) {
        let start = Instant::now();
        for _ in 0..repeats {
            found = black_box(of());
        }
        let ms = start.elapsed().as_secs_f64() * 1000.0 / f64::from(repeats);
        best = best.min(ms);
        while f64::from(repeats) * best < LEAST_MS && repeats < REPEATS_MAX {
            repeats *= 2;
        }
    }
    (best, found)
}

/// Every measure, and the correction with its number of faults.
fn measured(intervals: &[f64], rounds: u32) -> Vec<(&'static str, f64, Option<f64>)> {
    let mut rows: Vec<(&'static str, f64, Option<f64>)> = variability::ALL
        .iter()
        .map(|measure| {
            let (ms, value) = fastest(rounds, || (measure.of)(black_box(intervals)).ok());
            (measure.id, ms, value)
        })
        .collect();
    let (ms, value) = fastest(rounds, || {
        let found = corrected_with(black_box(intervals), Spread::OfSizes).ok()?;
        Some(found.value.faults.len() as f64)
    });
    rows.push(("beat_correction", ms, value));
    rows
}

fn json(rows: &[(&'static str, f64, Option<f64>)]) -> String {
    let mut text = String::from("{");
    for (index, (id, ms, value)) in rows.iter().enumerate() {
        let value = value.map_or_else(|| "null".to_owned(), |value| format!("{value:e}"));
        let comma = if index == 0 { "" } else { "," };
        write!(text, "{comma}\"{id}\":{{\"ms\":{ms:e},\"value\":{value}}}")
            .expect("a string takes all");
    }
    text + "}"
}

fn peer() {
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("text");
        let mut words = line.split_whitespace();
        let rounds = words.next().and_then(|word| word.parse().ok()).unwrap_or(1);
        let intervals: Vec<f64> = words.filter_map(|word| word.parse().ok()).collect();
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", json(&measured(&intervals, rounds))).expect("a reader");
        out.flush().expect("a reader");
    }
}

fn main() {
    if std::env::args().any(|argument| argument == "--peer") {
        return peer();
    }
    for count in [350, 4_200, 20_000] {
        println!("{count} intervals");
        for (id, ms, value) in measured(&heart(count), 5) {
            let value = value.map_or_else(|| "–".to_owned(), |value| format!("{value:.4}"));
            println!("  {id:<22} {ms:>10.3} ms  {value}");
        }
    }
}
