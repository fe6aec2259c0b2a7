//! Generated exports of which the truth is known: months of counters of a watch in files that overlap nothing, beside
//! the totals of days that the account has too, over a change of the clock.

use std::collections::BTreeMap;
use std::fmt::Write;

use import::fit::{EPOCH_S, checksum};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use model::zone::Zone;

use crate::support::read;

const ZONE: &str = "Europe/Berlin";
const FIRST: Date = date(2026, 3, 1);
const DAYS: i32 = 60;
const SEEDS: u32 = 12;
const MINUTE_US: i64 = 60_000_000;

/// A generator of numbers that is the same everywhere.
struct Random(u32);

impl Random {
    fn below(&mut self, end: i64) -> i64 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        i64::from(self.0 >> 8) % end.max(1)
    }
}

/// A file of monitoring: when it begins, and what was counted until when, for walking.
fn monitoring(from_us: i64, offset_min: i32, counters: &[(i64, u32)]) -> Vec<u8> {
    let stamp = |at_us: i64| u32::try_from(at_us / 1_000_000 - EPOCH_S).expect("a time after 1989");
    let mut messages = vec![
        0x40, 0, 0, 0, 0, 3, 0, 1, 0, 1, 2, 0x84, 3, 4,
        0x8C, // file_id: type, maker, serial number
        0, 32, 1, 0, 42, 0, 0, 0, //
        0x41, 0, 0, 103, 0, 2, 253, 4, 0x86, 0, 4,
        0x86, // monitoring_info: time stamp, local time stamp
        1,
    ];
    messages.extend(stamp(from_us).to_le_bytes());
    messages.extend(stamp(from_us + i64::from(offset_min) * MINUTE_US).to_le_bytes());
    // monitoring: time stamp, cycles, kind of movement.
    messages.extend([0x42, 0, 0, 55, 0, 3, 253, 4, 0x86, 3, 4, 0x86, 5, 1, 0]);
    for (at_us, steps) in counters {
        messages.push(2);
        messages.extend(stamp(*at_us).to_le_bytes());
        messages.extend(steps.to_le_bytes());
        messages.push(6);
    }
    let mut file = vec![12, 0x20, 0, 0];
    file.extend(u32::try_from(messages.len()).expect("small").to_le_bytes());
    file.extend(b".FIT");
    file.extend(messages);
    let sum = checksum(0, &file);
    file.extend(sum.to_le_bytes());
    file
}

/// Counters of a day: rising, the last one perhaps at midnight.
fn counters(random: &mut Random, start_us: i64, end_us: i64) -> Vec<(i64, u32)> {
    let mut at_us = start_us;
    let mut steps = 0;
    let mut counters = Vec::new();
    for _ in 0..3 + random.below(20) {
        at_us += MINUTE_US * (1 + random.below(90));
        if at_us >= end_us {
            break;
        }
        steps += u32::try_from(1 + random.below(900)).expect("small");
        counters.push((at_us, steps));
    }
    if random.below(2) == 0 {
        steps += 10;
        counters.push((end_us, steps));
    }
    counters
}

#[test]
fn days_of_a_watch_count_once() {
    let zone = Zone::parse(ZONE).expect("a zone");
    for seed in 1..=SEEDS {
        let mut random = Random(seed);
        let mut files: Vec<(String, Vec<u8>)> = Vec::new();
        let mut totals = Vec::new();
        let mut truth: BTreeMap<Date, f64> = BTreeMap::new();
        for number in 0..DAYS {
            let day = FIRST.checked_add(number.days()).expect("a day");
            let start_us = zone.start_of(day);
            let end_us = zone.start_of(day.tomorrow().expect("a day"));
            let counted = counters(&mut random, start_us, end_us);
            let steps = counted.last().map_or(0, |(_, steps)| *steps);
            let kind = random.below(4);
            if kind > 0 {
                // In one file, or in two of which the second begins where the first ends.
                let cut = if kind == 1 {
                    counted.len()
                } else {
                    counted.len() / 2
                };
                let (first, second) = counted.split_at(cut);
                let begins = first.last().map_or(start_us, |(at_us, _)| *at_us);
                for (from_us, part) in [(start_us, first), (begins, second)] {
                    if !part.is_empty() {
                        let file = monitoring(from_us, zone.offset_min(from_us), part);
                        files.push((format!("DI_CONNECT/U/{number}-{from_us}.fit"), file));
                    }
                }
            }
            if kind != 1 {
                // The account counts a workout more, which is no reason to count the day twice.
                let more = if kind == 0 { 0 } else { 17 };
                let total = steps + more;
                totals.push(format!(
                    "{{\"calendarDate\":\"{day}\",\"totalSteps\":{total}}}"
                ));
            }
            truth.insert(day, f64::from(steps));
        }
        let json = format!("[{}]", totals.join(","));
        files.push(("DI_CONNECT/A/UDSFile_x.json".to_owned(), json.into_bytes()));
        // In any order.
        for at in (1..files.len()).rev() {
            let other = random.below(i64::try_from(at + 1).expect("small"));
            files.swap(at, usize::try_from(other).expect("small"));
        }
        let listed: Vec<(&str, &[u8])> = files
            .iter()
            .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
            .collect();
        let got = read(&oracle::zip::archive(&listed), ZONE).expect("an export");
        let mut seen: BTreeMap<Date, f64> = truth.keys().map(|day| (*day, 0.0)).collect();
        for one in got.of("step_count") {
            *seen.entry(zone.date_at(one.start_us)).or_default() += one.value;
        }
        assert_eq!(seen, truth, "seed {seed}");
        assert!(got.rejected.is_empty(), "{:?}", got.rejected);
    }
}

/// Activities of ten years in one array, which is never held: the reader hands each over as it comes.
#[test]
fn a_long_array_is_read_element_by_element() {
    const COUNT: i64 = 3_000;
    let mut text = "[{\"summarizedActivitiesExport\":[".to_owned();
    for number in 0..COUNT {
        let start_ms = 1_400_000_000_000 + number * 86_400_000;
        let comma = if number == 0 { "" } else { "," };
        write!(
            text,
            "{comma}{{\"activityId\":{number},\"activityType\":\"running\",\"startTimeGmt\":{start_ms},\
             \"startTimeLocal\":{start_ms},\"duration\":600000.0,\"distance\":200000.0,\"calories\":418.4,\
             \"filler\":\"{}\"}}",
            "x".repeat(500)
        )
        .expect("a string");
    }
    text.push_str("]}]");
    let got = read(text.as_bytes(), "UTC").expect("an export");
    assert_eq!(got.workouts.len(), usize::try_from(COUNT).expect("small"));
    let (start_us, end_us, workout) = &got.workouts[0];
    assert_eq!(end_us - start_us, 600_000_000);
    assert_eq!(workout.distance_m, Some(2_000.0));
    let energy = workout.active_energy_kcal.expect("energy");
    assert!((energy - 100.0).abs() < 1e-9);
    // Cut in the midst: what is whole is kept, and the end is missed.
    let got = read(&text.as_bytes()[..text.len() / 2], "UTC").expect("a part");
    assert!(got.workouts.len() > 1_400 && got.workouts.len() < 1_501);
}
