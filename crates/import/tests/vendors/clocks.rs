//! Clocks that a file does not state: which one was found is said, and a mixture is refused.

use std::fmt::Write as _;

use import::batch::Fact;
use jiff::Timestamp;

use crate::support::{Got, read};

const TABLE: &str = "com.samsung.shealth.tracker.heart_rate,6313004,3\n\
                     com.samsung.health.heart_rate.start_time,com.samsung.health.heart_rate.end_time,\
                     com.samsung.health.heart_rate.time_offset,com.samsung.health.heart_rate.heart_rate,\
                     com.samsung.health.heart_rate.binning_data\n";

/// Whether a row prints UTC or the person's clock, two hours ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clock {
    Utc,
    Local,
}

/// Rows of ten minutes with the JSON beside each, and one weight of which no JSON says the clock.
fn export(clocks: &[Clock]) -> Vec<u8> {
    let mut table = TABLE.to_owned();
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for (number, clock) in clocks.iter().enumerate() {
        let number = i64::try_from(number).expect("few");
        let at_s = 1_774_688_400 + number * 86_400;
        let ahead_s = if *clock == Clock::Local { 7_200 } else { 0 };
        let print = |at_s: i64| {
            let at = Timestamp::from_second(at_s + ahead_s)
                .expect("a time")
                .to_string();
            at.replace('T', " ").replace('Z', ".000")
        };
        let (start, end) = (print(at_s), print(at_s + 599));
        writeln!(table, "{start},{end},UTC+0200,70.0,{number}.json,").expect("a text grows");
        let path = format!("x/jsons/com.samsung.shealth.tracker.heart_rate/{number}/{number}.json");
        let (start_ms, end_ms) = (at_s * 1_000, (at_s + 59) * 1_000);
        let bin =
            format!("[{{\"heart_rate\":61.0,\"start_time\":{start_ms},\"end_time\":{end_ms}}}]");
        files.push((path, bin.into_bytes()));
    }
    let weight = "com.samsung.health.weight,6313004,3\nstart_time,time_offset,weight\n\
                  2026-03-28 06:00:00.000,UTC+0200,70.5,\n";
    files.push((
        "x/com.samsung.health.weight.1.csv".to_owned(),
        weight.into(),
    ));
    files.push((
        "x/com.samsung.shealth.tracker.heart_rate.1.csv".to_owned(),
        table.into(),
    ));
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    oracle::zip::archive(&files)
}

fn says(got: &Got, part: &str) -> bool {
    let is_it = |fact: &Fact| matches!(fact, Fact::Noted { message, .. } if message.contains(part));
    got.facts.iter().any(is_it)
}

#[test]
fn one_clock_of_a_samsung_export_is_found_and_said() {
    for (clock, word, hour) in [
        (Clock::Utc, "UTC, by 12 of 12", 6),
        (Clock::Local, "local, by 12 of 12", 4),
    ] {
        let got = read(&export(&[clock; 12]), "Asia/Tokyo").expect("an export");
        assert!(says(&got, word), "{:?}", got.facts);
        let weight = got.of("body_mass")[0];
        let expect = format!("2026-03-28T{hour:02}:00:00Z");
        let at = Timestamp::from_microsecond(weight.start_us).expect("a time");
        assert_eq!(at.to_string(), expect);
        assert!(got.rejected.is_empty(), "{:?}", got.rejected);
    }
}

#[test]
fn a_mixture_of_clocks_in_a_samsung_export_is_refused() {
    let mut clocks = vec![Clock::Utc; 8];
    clocks.extend([Clock::Local; 4]);
    let got = read(&export(&clocks), "Europe/Berlin").expect("an export");
    assert!(
        says(&got, "mixed: 8 of 12 rows are UTC, 4 are local"),
        "{:?}",
        got.facts
    );
    // What depends on the clock is refused; what says its instant is kept.
    assert!(got.of("body_mass").is_empty());
    assert_eq!(got.rejected.len(), 1, "{:?}", got.rejected);
    assert_eq!(got.of("heart_rate").len(), 12);
    // One row of ten that is off does not spoil the others.
    let mut clocks = vec![Clock::Utc; 19];
    clocks.push(Clock::Local);
    let got = read(&export(&clocks), "Europe/Berlin").expect("an export");
    assert!(says(&got, "UTC, by 19 of 20"), "{:?}", got.facts);
    assert_eq!(got.of("body_mass").len(), 1);
}
