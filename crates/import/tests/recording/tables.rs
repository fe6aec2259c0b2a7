//! Tables that people declare, and those whose headings say enough.

use std::fmt::Write as _;

use import::recording::Quantity;
use import::recording::columns::{Columns, ColumnsError};
use import::recording::error::Error;
use import::recording::options::Options;

use crate::fixtures;
use crate::support::{assert_same, channel, epochs, epochs_with, second, try_read};

const NAN: f64 = f64::NAN;

fn read_declared(file: &str, columns: &str) -> import::recording::Recording {
    let columns = Columns::parse(columns).expect("a declaration");
    let options = Options {
        columns: Some(&columns),
        ..Options::default()
    };
    epochs_with(file.as_bytes(), &options)
}

#[test]
fn plain_headings_are_read_and_gaps_are_missing() {
    let recording = epochs(fixtures::TABLE.as_bytes());
    let activity = channel(&recording, "activity");
    assert_eq!(
        (activity.start_s, activity.epoch_s),
        (second("2003-05-07T12:00:00"), 60)
    );
    assert_same(&activity.values, &[0.0, 143.0, NAN, 20.0], 0.0);
    let names: Vec<&str> = recording
        .channels
        .iter()
        .map(|channel| channel.name.as_str())
        .collect();
    assert_eq!(names, ["activity", "score"], "neither words nor the wearer");
    assert_eq!(channel(&recording, "score").quantity, Quantity::Other);
    assert_eq!(recording.damages.count, 0);
}

#[test]
fn midnight_without_its_time_is_midnight() {
    let file = "timestamp,activity\n2024-03-01 23:59:00,5\n2024-03-02,7\n2024-03-02 00:01:00,9\n";
    let first = "timestamp,activity\n2024-03-02,7\n2024-03-02 00:01:00,9\n2024-03-02 00:02:00,1\n";
    let end =
        "timestamp,activity\n2024-03-01 23:59:00,5\n2024-03-01 24:00:00,7\n2024-03-02 00:01:00,9\n";
    for (file, start, values) in [
        (file, "2024-03-01T23:59:00", [5.0, 7.0, 9.0]),
        (first, "2024-03-02T00:00:00", [7.0, 9.0, 1.0]),
        (end, "2024-03-01T23:59:00", [5.0, 7.0, 9.0]),
    ] {
        let recording = epochs(file.as_bytes());
        let activity = channel(&recording, "activity");
        assert_eq!(activity.start_s, second(start));
        assert_same(&activity.values, &values, 0.0);
        assert_eq!(recording.damages.count, 0);
    }
    let days = "timestamp,activity\n2024-03-01,5\n2024-03-02,7\n2024-03-03,9\n";
    assert!(
        try_read(days.as_bytes(), &Options::default()).is_err(),
        "a table of days is no recording"
    );
}

#[test]
fn a_file_of_which_much_is_lost_is_refused() {
    let mut file = String::from("timestamp,activity\n");
    for minute in 0..3 {
        writeln!(file, "2000-01-01 00:{minute:02}:00,1").expect("memory");
    }
    for minute in 0..25 {
        writeln!(file, "2024-03-01 12:{minute:02}:00,5").expect("memory");
    }
    let refused = try_read(file.as_bytes(), &Options::default()).expect_err("a refusal");
    let message = refused.to_string();
    assert!(message.contains("3 of 28 rows"), "{message}");
    assert!(message.contains("line 2"), "{message}");
}

#[test]
fn what_cannot_be_negative_is_missing_and_counted() {
    let file = "timestamp,activity,temperature\n2024-03-01 12:00:00,-1,-2.5\n\
                2024-03-01 12:01:00,-999,-2.5\n2024-03-01 12:02:00,0,-2.5\n";
    let recording = epochs(file.as_bytes());
    assert_same(
        &channel(&recording, "activity").values,
        &[NAN, NAN, 0.0],
        0.0,
    );
    let temperature = channel(&recording, "temperature");
    assert_same(&temperature.values, &[-2.5, -2.5, -2.5], 0.0);
    assert_eq!(recording.damages.count, 2);
    let damage = &recording.damages.first[0];
    assert_eq!((damage.code, damage.line), ("negative_value", Some(2)));
}

#[test]
fn columns_are_found_by_heading_below_a_preamble() {
    let file = "Export of a device\nOwner;somebody\n\nZeitpunkt;PIM;Lux (Mittel);Hand\n\
        24.12.2023 23:59:30;1,5;2.000;kZ\n25.12.2023 00:00:00;2,5;;1\n25.12.2023 00:00:30;x;3;1\n";
    let recording = read_declared(
        file,
        "time=Zeitpunkt,count=pim,light=\"Lux (Mittel)\",hand=4",
    );
    let activity = channel(&recording, "activity");
    assert_eq!(
        (activity.start_s, activity.epoch_s),
        (second("2023-12-24T23:59:30"), 30)
    );
    assert_same(&activity.values, &[1.5, 2.5, NAN], 0.0);
    assert_same(&channel(&recording, "light").values, &[2.0, NAN, 3.0], 0.0);
    assert_same(&channel(&recording, "hand").values, &[NAN, 1.0, 1.0], 0.0);
    let damage = &recording.damages.first[0];
    assert_eq!((damage.code, damage.line), ("malformed_value", Some(7)));
    assert_eq!(recording.damages.count, 1);
}

#[test]
fn columns_are_found_by_number_without_a_heading() {
    let file = "1700000000\t5\n1700000060\t6\n1700000180\t7\n";
    let recording = read_declared(file, "time=1,count=2");
    let activity = channel(&recording, "activity");
    assert_eq!(activity.start_s, 1_700_000_000);
    assert_same(&activity.values, &[5.0, 6.0, NAN, 7.0], 0.0);
    assert_eq!(recording.header.utc_offset_s, Some(0));
}

#[test]
fn a_date_column_goes_with_a_time_of_day() {
    let file = "d,t,c\n2024-02-29,11:59 PM,1\n2024-03-01,12:00 AM,2\n";
    let recording = read_declared(file, "date=d,time=t,count=c");
    let activity = channel(&recording, "activity");
    assert_eq!(activity.start_s, second("2024-02-29T23:59:00"));
    assert_same(&activity.values, &[1.0, 2.0], 0.0);
}

#[test]
fn the_dates_tell_day_from_month() {
    let start = |dates: [&str; 2]| {
        let file = format!(
            "time,activity\n{0} 23:59,1\n{1} 00:00,2\n{1} 00:01,3\n",
            dates[0], dates[1]
        );
        let recording = epochs(file.as_bytes());
        assert_same(&recording.channels[0].values, &[1.0, 2.0, 3.0], 0.0);
        assert_eq!(recording.damages.count, 0);
        recording.channels[0].start_s
    };
    assert_eq!(
        start(["04/07/2015", "05/07/2015"]),
        second("2015-07-04T23:59:00")
    );
    assert_eq!(
        start(["04/07/2015", "04/08/2015"]),
        second("2015-04-07T23:59:00")
    );
    assert_eq!(
        start(["09/30/2015", "10/01/2015"]),
        second("2015-09-30T23:59:00")
    );
    assert_eq!(
        start(["12/12/2015", "13/12/2015"]),
        second("2015-12-12T23:59:00")
    );
}

#[test]
fn a_date_that_nothing_tells_is_said() {
    let file = "time,activity\n04/07/2015 10:00,1\n04/07/2015 10:01,2\n";
    let recording = epochs(file.as_bytes());
    assert_eq!(recording.channels[0].start_s, second("2015-07-04T10:00:00"));
    assert_eq!(recording.damages.first[0].code, "ambiguous_date");
    let same = file.replace("04/07", "07/07");
    assert_eq!(
        epochs(same.as_bytes()).damages.count,
        0,
        "either order is the same day"
    );
}

#[test]
fn the_most_frequent_step_is_the_epoch_unless_it_is_stated() {
    let file = "time,activity\n2020-01-01T00:00:00,1\n2020-01-01T00:00:30,2\n2020-01-01T00:01:00,3\n\
        2020-01-01T00:05:00,4\n";
    let activity = epochs(file.as_bytes()).channels.remove(0);
    assert_eq!((activity.epoch_s, activity.values.len()), (30, 11));
    let options = Options {
        epoch_s: Some(10),
        ..Options::default()
    };
    let activity = epochs_with(file.as_bytes(), &options).channels.remove(0);
    assert_eq!((activity.epoch_s, activity.values.len()), (10, 31));
    assert_same(&activity.values[..4], &[1.0, NAN, NAN, 2.0], 0.0);
    for epoch_s in [0, 86_401] {
        let options = Options {
            epoch_s: Some(epoch_s),
            ..Options::default()
        };
        let error = try_read(file.as_bytes(), &options).expect_err("no epoch");
        assert!(matches!(error, Error::EpochLength { .. }));
    }
}

#[test]
fn rows_out_of_order_find_their_place_and_wrong_dates_none() {
    let mut file = "time,activity\n2020-01-01 00:00,1\n2020-01-01 00:01,2\n2020-01-01 00:03,4\n\
        2020-01-01 00:02,3\n2020-01-01 00:02,9\n2091-01-01 00:00,9\n2019-12-31 23:59,8\n"
        .to_owned();
    for minute in 4..30 {
        writeln!(file, "2020-01-01 00:{minute:02},5").expect("memory");
    }
    let recording = epochs(file.as_bytes());
    assert_eq!(recording.channels[0].start_s, second("2019-12-31T23:59:00"));
    assert_same(
        &recording.channels[0].values[..6],
        &[8.0, 1.0, 2.0, 3.0, 4.0, 5.0],
        0.0,
    );
    let told: Vec<(&str, Option<u64>)> = recording
        .damages
        .first
        .iter()
        .map(|damage| (damage.code, damage.line))
        .collect();
    assert_eq!(
        told,
        [
            ("out_of_order", Some(5)),
            ("repeated_time", Some(6)),
            ("time_jump", Some(7)),
        ]
    );
    assert_eq!((recording.damages.count, recording.damages.lost), (3, 2));
}

#[test]
fn a_declaration_says_what_is_wrong_with_it() {
    let refused = |text: &str| Columns::parse(text).expect_err("refused");
    assert_eq!(refused("count=2"), ColumnsError::NoTime);
    assert_eq!(refused("time=1"), ColumnsError::NoValues);
    assert_eq!(
        refused("time=1,count"),
        ColumnsError::Part {
            part: "count".to_owned()
        }
    );
    assert_eq!(
        refused("time=1,lux=2,light=3"),
        ColumnsError::Twice {
            name: "light".to_owned()
        }
    );
    let columns = Columns::parse("time=when,count=9").expect("a declaration");
    let options = Options {
        columns: Some(&columns),
        ..Options::default()
    };
    let error = try_read(b"when,count\n2020-01-01 00:00,1\n", &options).expect_err("no ninth");
    assert_eq!(
        error.to_string(),
        "not a readable table file: no line has all declared headings; check their spelling (line 2)"
    );
}

#[test]
fn axes_are_counts() {
    let file = "timestamp,axis1,axis2,axis3,steps\n2012-06-27T10:54:00Z,377,397,413,2\n\
        2012-06-27T10:54:10Z,465,816,1225,4\n";
    let recording = epochs(file.as_bytes());
    let counts = recording
        .channels
        .iter()
        .filter(|channel| channel.quantity == Quantity::Activity);
    let names: Vec<&str> = counts.map(|channel| channel.name.as_str()).collect();
    assert_eq!(names, ["axis1", "axis2", "axis3"]);
    assert_same(&channel(&recording, "steps").values, &[2.0, 4.0], 0.0);
    assert_eq!(recording.channels[0].epoch_s, 10);
}
