//! `clarity analyze` with a calendar of work and free days.

use std::fmt::Write as _;
use std::fs;

use serde_json::Value;

use crate::analyze::{clarity, json, text};

/// Four weeks of minutes, of somebody who sleeps from 23 to 7 before every other day, else from 2 to 10.
fn alternating() -> String {
    let start: jiff::civil::DateTime = "2026-03-02T12:00:00".parse().expect("a time");
    let mut rows = "timestamp,activity\n".to_owned();
    for minute in 0..28 * 1440_u32 {
        let time = start + jiff::Span::new().minutes(i64::from(minute));
        // The date on which the sleep around this minute ends.
        let wakes = (time + jiff::Span::new().hours(10)).date();
        let late = wakes.day_of_year() % 2 == 0;
        let clock = (i64::from(time.hour()) + 10) % 24;
        let asleep = if late { 12..20 } else { 9..17 };
        let count = match asleep.contains(&clock) {
            true if minute % 29 == 0 => 60,
            true => 0,
            false => 200 + minute * 7_919 % 311,
        };
        writeln!(rows, "{time},{count}").expect("a String takes it");
    }
    rows
}

#[test]
fn social_jetlag_is_that_of_the_persons_own_calendar() {
    let here = tempfile::tempdir().expect("a folder");
    let at = |name: &str| here.path().join(name);
    fs::write(at("p1.csv"), alternating()).expect("a file");
    let mut calendar = "recording;date;day\n".to_owned();
    for days in 1..28 {
        let date = jiff::civil::date(2026, 3, 2) + jiff::Span::new().days(days);
        let day = if date.day_of_year() % 2 == 0 {
            "free"
        } else {
            "work"
        };
        writeln!(calendar, "p1;{date};{day}").expect("a String takes it");
    }
    fs::write(at("calendar.txt"), &calendar).expect("a file");
    let found = |calendar: Option<&str>| -> Value {
        let (table, out) = (at("p1.csv"), at("r.json"));
        let mut arguments = vec!["analyze", text(&table), "--out", text(&out)];
        arguments.extend(["--methods", "social_jetlag_h"]);
        arguments.extend(
            calendar
                .into_iter()
                .flat_map(|calendar| ["--calendar", calendar]),
        );
        let ended = clarity(&arguments);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        json(&out)["recordings"][0]["measures"]["social_jetlag_h"].clone()
    };
    let by_calendar = found(Some(text(&at("calendar.txt"))));
    let hours = by_calendar["value"].as_f64().expect("a value");
    assert!((hours - 3.0).abs() < 0.25, "{hours}");
    // Weekends are as often early as late.
    let by_weekday = found(None)["value"].as_f64().expect("a value");
    assert!(by_weekday < 1.0, "{by_weekday}");
}

#[test]
fn a_calendar_that_names_nobody_here_is_refused() {
    let here = tempfile::tempdir().expect("a folder");
    let at = |name: &str| here.path().join(name);
    fs::write(at("p1.csv"), alternating()).expect("a file");
    fs::write(
        at("calendar.txt"),
        "recording;date;day\np2;2026-03-03;work\n",
    )
    .expect("a file");
    let (table, out, calendar) = (at("p1.csv"), at("r.json"), at("calendar.txt"));
    let arguments = ["analyze", text(&table), "--out", text(&out)];
    let ended = clarity(&[&arguments[..], &["--calendar", text(&calendar)]].concat());
    assert_eq!(ended.code, Some(2), "{}", ended.err);
    assert!(
        ended.err.contains("names none of the recordings"),
        "{}",
        ended.err
    );
}
