//! `clarity analyze` on epochs of every length that devices are set to.

use std::fmt::Write as _;
use std::fs;

use crate::analyze::{clarity, json, text};

/// Ten days of somebody who sleeps from 23 to 7, in epochs of so many seconds: still for 34 minutes, then moving for a
/// quarter of a minute every 20th minute asleep.
fn recording(step_s: u32) -> String {
    let start: jiff::civil::DateTime = "2026-03-02T12:00:00".parse().expect("a time");
    let mut rows = "timestamp,activity\n".to_owned();
    for epoch in 0..10 * 86_400 / step_s {
        let time = start + jiff::Span::new().seconds(i64::from(epoch * step_s));
        let quarters = (epoch * step_s / 15)..((epoch + 1) * step_s).div_ceil(15);
        let count: u32 = quarters
            .map(|quarter| {
                // From 23 o'clock, which is 11 hours after noon.
                let asleep = (quarter + 13 * 240) % 5_760;
                match (asleep < 8 * 240, asleep) {
                    (true, moved) if moved >= 136 && (moved - 136) % 80 == 0 => 60,
                    (true, _) => 0,
                    (false, _) => 40 + quarter * 7_919 % 97,
                }
            })
            .sum();
        writeln!(rows, "{time},{count}").expect("a String takes it");
    }
    rows
}

#[test]
fn nights_are_found_on_every_epoch() {
    let here = tempfile::tempdir().expect("a folder");
    let lengths = [15, 20, 30, 40, 45, 60, 90, 120, 180, 300];
    for step_s in lengths {
        let table = here.path().join(format!("{step_s:03}.csv"));
        fs::write(table, recording(step_s)).expect("a file");
    }
    let out = here.path().join("r.json");
    let methods = ["--methods", "nights,total_sleep_min"];
    let paths = ["analyze", text(here.path()), "--out", text(&out)];
    let ended = clarity(&[&paths[..], &methods[..]].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let document = json(&out);
    let recordings = document["recordings"].as_array().expect("recordings");
    assert_eq!(recordings.len(), lengths.len());
    for (recording, step_s) in recordings.iter().zip(lengths) {
        let value = |id: &str| recording["measures"][id]["value"].as_f64();
        let scorer = recording["scorer"].as_str().expect("a scorer");
        assert_eq!(recording["epoch_s"], step_s);
        let nights = recording["nights"].as_array().expect("nights").iter();
        let found = nights.filter(|night| night["role"] == "night" && night["reason"].is_null());
        assert_eq!(found.count(), 10, "{step_s} s");
        let asleep = value("total_sleep_min").expect("a value");
        assert!(
            (400.0..=500.0).contains(&asleep),
            "{step_s} s, {scorer}: {asleep}"
        );
        let divides = 60 % step_s == 0 || step_s == 120;
        assert_eq!(
            scorer == "oakley_automatic",
            divides,
            "{step_s} s: {scorer}"
        );
    }
}

#[test]
fn an_epoch_on_which_rest_cannot_be_sought_says_so() {
    let here = tempfile::tempdir().expect("a folder");
    let (table, out) = (here.path().join("a.csv"), here.path().join("r.json"));
    fs::write(&table, recording(70)).expect("a file");
    let arguments = ["analyze", text(&table), "--out", text(&out)];
    let ended = clarity(&[&arguments[..], &["--methods", "nights,total_sleep_min"]].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let nights = json(&out)["recordings"][0]["measures"]["total_sleep_min"].clone();
    let reason = nights["reason"].as_str().expect("a reason");
    assert!(reason.contains("seconds per epoch"), "{reason}");
}

/// The table of epochs adds up to the table of nights, in every form.
#[test]
fn every_epoch_is_listed_with_what_was_made_of_it() {
    let here = tempfile::tempdir().expect("a folder");
    let at = |name: &str| here.path().join(name);
    fs::write(at("a.csv"), recording(60)).expect("a file");
    let run = |form: &str| {
        let (table, out) = (at("a.csv"), at(form));
        let arguments = ["analyze", text(&table), "--out", text(&out), "--epochs"];
        let ended = clarity(&arguments);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
    };
    run("r.json");
    let recording = json(&at("r.json"))["recordings"][0].clone();
    let rows = recording["epoch_table"]["rows"]
        .as_array()
        .expect("rows")
        .clone();
    assert_eq!(rows.len(), 10 * 1440);
    let columns = recording["epoch_table"]["columns"].to_string();
    assert_eq!(
        columns,
        r#"["time","activity","light","worn","score","window"]"#
    );
    let asleep = rows
        .iter()
        .filter(|row| row[4] == "sleep" && row[5] == "night");
    let nights = recording["nights"].as_array().expect("nights").iter();
    let nights = nights.filter(|night| night["role"] == "night");
    let total: f64 = nights
        .filter_map(|night| night["total_sleep_min"].as_f64())
        .sum();
    assert!(total > 3_000.0);
    assert!((asleep.count() as f64 - total).abs() < 0.5);
    let worn = rows.iter().filter(|row| row[3] == 1).count();
    assert_eq!(worn, rows.len());
    run("r.csv");
    let table = fs::read_to_string(at("r.epochs.csv")).expect("a table");
    let mut lines = table.lines();
    assert_eq!(
        lines.next(),
        Some("path,member,time,activity,light,worn,score,window")
    );
    for (line, row) in lines.by_ref().zip(&rows) {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells[2], row[0]);
        assert_eq!(cells[3].parse::<f64>().ok(), row[1].as_f64());
        assert_eq!(
            (cells[6], cells[7]),
            (row[4].as_str().unwrap_or(""), row[5].as_str().unwrap_or(""))
        );
    }
    assert_eq!(lines.next(), None);
    run("r.parquet");
    assert!(at("r.epochs.parquet").exists());
    assert!(!at("r.epochs.csv.part").exists());
}
