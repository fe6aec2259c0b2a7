//! FIT files of a watch: counters since midnight, heart rates, nights and runs, written by an encoder of its own.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::Made;
use super::life::{Life, Night, Run, Stage, stamp};
use crate::export::Chance;

/// Seconds from 1970-01-01 to the beginning of the format's time, 1989-12-31.
const EPOCH_S: i64 = 631_065_600;

const MAKER: u16 = 1;
const PRODUCT: u16 = 3121;

/// Prints a person: a file of counters and one of sleep each day, one of each run.
pub fn print(life: &Life) -> Made {
    let mut made = Made::default();
    let mut chance = Chance(life.seed ^ 0xF17);
    for date in &life.days {
        for (name, content) in days(life, *date, &mut chance, &mut made) {
            made.file(name, content);
        }
    }
    for night in &life.nights {
        made.truth.count("sleep_analysis", night.pieces.len());
        made.file(format!("Sleep/{}.fit", night.start_s), sleep(night));
    }
    for run in &life.runs {
        made.truth.count("heart_rate", points(run).count());
        made.file(format!("Activity/{}.fit", run.start_s), activity(life, run));
    }
    let truth = &mut made.truth;
    truth.steps = life.steps_by_day();
    let all: f64 = truth.steps.values().sum();
    truth.by_source.insert("Garmin Garmin 3121".to_owned(), all);
    truth.nights = life.nights_by_day();
    truth.workouts = life
        .runs
        .iter()
        .map(|run| (run.start_s, run.start_s + run.length_s))
        .collect();
    made
}

/// Counters of a day in one file, or in two of which the second begins where the first ends; nothing on days without.
pub(super) fn days(
    life: &Life,
    date: Date,
    chance: &mut Chance,
    made: &mut Made,
) -> Vec<(String, Vec<u8>)> {
    let (from_s, until_s) = super::fitbit::span(life, date);
    let mut total = 0;
    let mut counters: Vec<(i64, u32)> = Vec::new();
    for (at_s, steps) in life.steps.range(from_s..until_s) {
        total += steps;
        // A counter every minute, or after some.
        match counters.last_mut() {
            Some(last) if last.0 == *at_s && chance.below(2) == 0 => *last = (at_s + 60, total),
            _ => counters.push((at_s + 60, total)),
        }
    }
    let beats: Vec<(i64, u32)> = life
        .beats
        .iter()
        .filter(|(at_s, _)| (from_s..until_s).contains(at_s))
        .copied()
        .collect();
    if counters.is_empty() && beats.is_empty() {
        return Vec::new();
    }
    made.truth.count("step_count", counters.len());
    made.truth.count("heart_rate", beats.len());
    let cut = match chance.below(3) {
        0 => counters.len() / 2,
        _ => counters.len(),
    };
    let (first, second) = counters.split_at(cut);
    let begins_s = first.last().map_or(from_s, |(at_s, _)| *at_s);
    let mut files = vec![(
        format!("Monitor/{date}.fit"),
        monitoring(life, from_s, first, &beats),
    )];
    if !second.is_empty() {
        let file = monitoring(life, begins_s, second, &[]);
        files.push((format!("Monitor/{date}-2.fit"), file));
    }
    files
}

fn time(at_s: i64) -> [u8; 4] {
    u32::try_from(at_s - EPOCH_S)
        .expect("a time after 1989")
        .to_le_bytes()
}

/// The local time that a watch shows, as the format counts it.
fn shown(life: &Life, at_s: i64) -> [u8; 4] {
    time(at_s + i64::from(life.offset_min(at_s)) * 60)
}

/// A definition of little-endian fields: number, size and base type of each.
fn definition(local: u8, message: u16, fields: &[[u8; 3]]) -> Vec<u8> {
    let count = u8::try_from(fields.len()).expect("few fields");
    let mut bytes = vec![0x40 | local, 0, 0];
    bytes.extend(message.to_le_bytes());
    bytes.push(count);
    bytes.extend(fields.as_flattened());
    bytes
}

const UINT8: u8 = 0x02;
const UINT16: u8 = 0x84;
const UINT32: u8 = 0x86;
const UINT32Z: u8 = 0x8C;
const ENUM: u8 = 0x00;

/// A file of a kind around its messages.
fn file(kind: u8, messages: &[u8]) -> Vec<u8> {
    let mut body = definition(
        0,
        0,
        &[
            [0, 1, ENUM],
            [1, 2, UINT16],
            [2, 2, UINT16],
            [3, 4, UINT32Z],
        ],
    );
    body.extend([0, kind]);
    body.extend(MAKER.to_le_bytes());
    body.extend(PRODUCT.to_le_bytes());
    body.extend(42_u32.to_le_bytes());
    body.extend(messages);
    let mut bytes = vec![12, 0x20, 0, 0];
    bytes.extend(u32::try_from(body.len()).expect("small").to_le_bytes());
    bytes.extend(b".FIT");
    bytes.extend(body);
    let sum = checksum(&bytes);
    bytes.extend(sum.to_le_bytes());
    bytes
}

/// The checksum of the container: CRC-16 with the polynomial 0x8005, reflected.
fn checksum(bytes: &[u8]) -> u16 {
    let mut sum = 0_u16;
    for byte in bytes {
        sum ^= u16::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 {
                sum >> 1 ^ 0xA001
            } else {
                sum >> 1
            };
        }
    }
    sum
}

fn monitoring(life: &Life, from_s: i64, counters: &[(i64, u32)], beats: &[(i64, u32)]) -> Vec<u8> {
    let mut body = definition(1, 103, &[[253, 4, UINT32], [0, 4, UINT32]]);
    body.push(1);
    body.extend(time(from_s));
    body.extend(shown(life, from_s));
    body.extend(definition(
        2,
        55,
        &[[253, 4, UINT32], [3, 4, UINT32], [5, 1, ENUM]],
    ));
    for (at_s, steps) in counters {
        body.push(2);
        body.extend(time(*at_s));
        body.extend(steps.to_le_bytes());
        body.push(6);
    }
    body.extend(definition(3, 55, &[[253, 4, UINT32], [27, 1, UINT8]]));
    for (at_s, rate) in beats {
        body.push(3);
        body.extend(time(*at_s));
        body.push(u8::try_from(*rate).expect("a heart rate"));
    }
    file(32, &body)
}

/// A night: where it begins and ends, and levels up to their stamp.
pub(super) fn sleep(night: &Night) -> Vec<u8> {
    let mut body = definition(1, 21, &[[253, 4, UINT32], [0, 1, ENUM], [1, 1, ENUM]]);
    body.push(1);
    body.extend(time(night.start_s));
    body.extend([74, 0]);
    body.extend(definition(2, 275, &[[253, 4, UINT32], [0, 1, ENUM]]));
    for (stage, _, until_s) in night.spans() {
        body.push(2);
        body.extend(time(until_s));
        body.push(match stage {
            Stage::Awake => 1,
            Stage::Light => 2,
            Stage::Deep => 3,
            Stage::Rem => 4,
        });
    }
    body.push(1);
    body.extend(time(night.end_s()));
    body.extend([74, 1]);
    file(49, &body)
}

/// Instants and heart rates of a run: one every minute.
pub(super) fn points(run: &Run) -> impl Iterator<Item = (i64, u8)> {
    let rate = u8::try_from(run.rate).expect("a heart rate");
    let minutes = 0..=run.length_s / 60;
    minutes.map(move |minute| (run.start_s + minute * 60, rate))
}

/// A run with its heart rates.
pub(super) fn activity(life: &Life, run: &Run) -> Vec<u8> {
    let end_s = run.start_s + run.length_s;
    let mut body = definition(1, 20, &[[253, 4, UINT32], [3, 1, UINT8]]);
    for (at_s, rate) in points(run) {
        body.push(1);
        body.extend(time(at_s));
        body.push(rate);
    }
    body.extend(definition(
        2,
        18,
        &[
            [253, 4, UINT32],
            [2, 4, UINT32],
            [7, 4, UINT32],
            [8, 4, UINT32],
            [9, 4, UINT32],
            [11, 2, UINT16],
            [5, 1, ENUM],
        ],
    ));
    let length_ms = u32::try_from(run.length_s * 1_000).expect("a run");
    body.push(2);
    body.extend(time(end_s));
    body.extend(time(run.start_s));
    body.extend(length_ms.to_le_bytes());
    body.extend(length_ms.to_le_bytes());
    body.extend((run.distance_m * 100).to_le_bytes());
    body.extend(u16::try_from(run.energy_kcal).expect("a run").to_le_bytes());
    body.push(1);
    body.extend(definition(3, 34, &[[253, 4, UINT32], [5, 4, UINT32]]));
    body.push(3);
    body.extend(time(end_s));
    body.extend(shown(life, end_s));
    file(4, &body)
}

/// What a clock of UTC shows, as `2026-03-28T07:00:00`.
pub(super) fn utc(at_s: i64) -> String {
    TimeZone::UTC.to_datetime(stamp(at_s)).to_string()
}
