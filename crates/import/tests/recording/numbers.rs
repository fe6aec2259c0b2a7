//! Numbers and times as programs of all kinds write them: thousands, decimal commas, years of two digits, days of
//! spreadsheets, numbers that stand for missing values.

use std::fmt::Write as _;

use import::recording::Recording;
use import::recording::options::Options;

use crate::support::{assert_same, channel, epochs, epochs_with, second};

const NAN: f64 = f64::NAN;

/// A table of minutes with these cells as its activity.
fn of_cells(cells: &[&str], separator: char) -> Recording {
    let mut file = format!("timestamp{separator}activity\n");
    for (minute, cell) in cells.iter().enumerate() {
        writeln!(file, "2024-03-01 12:{minute:02}:00{separator}{cell}").expect("memory");
    }
    epochs(file.as_bytes())
}

fn check(cells: &[&str], expect: &[f64]) {
    for separator in [';', '\t'] {
        let recording = of_cells(cells, separator);
        assert_same(&channel(&recording, "activity").values, expect, 1e-12);
        assert_eq!(
            recording.damages.count, 0,
            "{cells:?}: {:?}",
            recording.damages
        );
    }
    let quoted: Vec<String> = cells.iter().map(|cell| format!("\"{cell}\"")).collect();
    let quoted: Vec<&str> = quoted.iter().map(String::as_str).collect();
    let recording = of_cells(&quoted, ',');
    assert_same(&channel(&recording, "activity").values, expect, 1e-12);
}

#[test]
fn the_column_says_what_its_commas_and_points_are() {
    check(
        &["560", "1,234", "0", "12,000"],
        &[560.0, 1_234.0, 0.0, 12_000.0],
    );
    check(&["1,234", "560", "999"], &[1_234.0, 560.0, 999.0]);
    check(&["1,234", "1,234,567", "5"], &[1_234.0, 1_234_567.0, 5.0]);
    check(&["1,234.5", "2,345"], &[1_234.5, 2_345.0]);
    check(&["1,234", "12,5", "7"], &[1.234, 12.5, 7.0]);
    check(&["0,125", "1,234", "7"], &[0.125, 1.234, 7.0]);
    check(&["1,234", "2,345", "0,999"], &[1.234, 2.345, 0.999]);
    check(&["1,234", "5678", "7"], &[1.234, 5_678.0, 7.0]);
    check(&["1.234", "12,5"], &[1_234.0, 12.5]);
    check(&["1.234,5", "1.234", "7"], &[1_234.5, 1_234.0, 7.0]);
    check(&["1.234", "2.5", "7"], &[1.234, 2.5, 7.0]);
    check(&["2.000", "", "3"], &[2.0, NAN, 3.0]);
    check(&["1 234", "56", "."], &[1_234.0, 56.0, NAN]);
}

#[test]
fn thousands_in_counts_under_one_line_too() {
    let file = "# start=2003-03-18T15:00:00 epoch_seconds=60\n60\n1,264\n7\n";
    let recording = epochs(file.as_bytes());
    assert_same(&recording.channels[0].values, &[60.0, 1_264.0, 7.0], 0.0);
}

/// A table with these stamps.
fn of_stamps(heading: &str, stamps: &[&str]) -> Recording {
    let mut file = format!("{heading};activity\n");
    for (value, stamp) in stamps.iter().enumerate() {
        writeln!(file, "{stamp};{value}").expect("memory");
    }
    let options = Options {
        epoch_s: Some(60),
        ..Options::default()
    };
    epochs_with(file.as_bytes(), &options)
}

#[test]
fn years_of_two_digits_are_told_by_the_dates() {
    for (stamps, start) in [
        (["1/5/19 23:59", "1/6/19 0:00"], "2019-01-05T23:59:00"),
        (["30/05/19 23:59", "31/05/19 00:00"], "2019-05-30T23:59:00"),
        (["24/03/01 23:59", "24/03/02 00:00"], "2024-03-01T23:59:00"),
        (["01.03.24 23:59", "02.03.24 00:00"], "2024-03-01T23:59:00"),
        (["5-Jan-98 23:59", "6-Jan-98 00:00"], "1998-01-05T23:59:00"),
    ] {
        let recording = of_stamps("time", &stamps);
        assert_eq!(recording.channels[0].start_s, second(start), "{stamps:?}");
        assert_same(&recording.channels[0].values, &[0.0, 1.0], 0.0);
        assert_eq!(recording.damages.count, 0, "{stamps:?}");
    }
    let open = of_stamps("time", &["1/5/19 10:00", "1/5/19 10:01"]);
    assert_eq!(open.damages.first[0].code, "ambiguous_date");
}

#[test]
fn days_of_spreadsheets_are_days() {
    let noon = ["45352.5", "45352.5006944444", "45352.5013888889"];
    let comma = ["45352,5", "45352,5006944444", "45352,5013888889"];
    for stamps in [noon, comma] {
        let recording = of_stamps("time", &stamps);
        assert_eq!(recording.channels[0].start_s, second("2024-03-01T12:00:00"));
        assert_same(&recording.channels[0].values, &[0.0, 1.0, 2.0], 0.0);
    }
    let midnight = of_stamps("time", &["45352.9993055556", "45353", "45353.0006944444"]);
    assert_eq!(midnight.channels[0].start_s, second("2024-03-01T23:59:00"));
    assert_same(&midnight.channels[0].values, &[0.0, 1.0, 2.0], 0.0);
    let split = of_stamps(
        "date;time",
        &["45352;0.9993055556", "45353;0", "45353;0.0006944444"],
    );
    assert_eq!(split.channels[0].start_s, second("2024-03-01T23:59:00"));
    assert_same(&split.channels[0].values, &[0.0, 1.0, 2.0], 0.0);
}

#[test]
fn numbers_that_stand_for_missing_values_are_missing() {
    let counts = |cells: &[&str]| {
        let recording = of_cells(cells, ';');
        (
            channel(&recording, "activity").values.clone(),
            recording.damages,
        )
    };
    for marker in [
        "9999", "99999", "65535", "32767", "999999", "-1", "-999", "NA", ".",
    ] {
        let (values, damages) = counts(&["400", marker, "30", marker, "0"]);
        assert_same(&values, &[400.0, NAN, 30.0, NAN, 0.0], 0.0);
        assert_eq!(damages.lost, 0, "{marker}");
    }
    let (values, damages) = counts(&["9800", "9999", "9999"]);
    assert_same(&values, &[9_800.0, 9_999.0, 9_999.0], 0.0);
    assert_eq!(damages.count, 0, "counts of a busy wrist");
    let (values, _) = counts(&["400", "999", "0"]);
    assert_same(&values, &[400.0, 999.0, 0.0], 0.0);

    let file = "timestamp,activity,heart_rate,temperature,steps,light\n\
        2024-03-01 12:00:00,1,61,33.1,20,100\n2024-03-01 12:01:00,2,0,-127,65535,65535\n\
        2024-03-01 12:02:00,3,255,999,2,3\n";
    let recording = epochs(file.as_bytes());
    for (name, expect) in [
        ("heart_rate", [61.0, NAN, NAN]),
        ("temperature", [33.1, NAN, NAN]),
        ("steps", [20.0, NAN, 2.0]),
        ("light", [100.0, 65_535.0, 3.0]),
    ] {
        assert_same(&channel(&recording, name).values, &expect, 0.0);
    }
    assert_eq!((recording.damages.count, recording.damages.lost), (3, 0));
}

#[test]
fn what_cannot_be_negative_is_missing_in_every_format() {
    let counts = "# start=2003-03-18T15:00:00 epoch_seconds=60\n60\n-1\n7\n";
    let awd = "x\r\n23-Jan-2018\r\n13:58\r\n4\r\n0\r\nX1\r\nF\r\n60\r\n-1\r\n7\r\n";
    for file in [counts, awd] {
        let recording = epochs(file.as_bytes());
        assert_same(&recording.channels[0].values, &[60.0, NAN, 7.0], 0.0);
        assert_eq!((recording.damages.count, recording.damages.lost), (1, 0));
    }
}
