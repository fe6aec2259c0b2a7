//! Tables of several people: each comes apart, whatever the order of the rows.

use std::fmt::Write as _;

use import::recording::columns::Columns;
use import::recording::options::Options;
use import::recording::{Content, Member};

use crate::support::{assert_same, epochs, second, several, try_read};

/// Minutes of a person from a first minute of 1 March 2024.
fn rows(who: &str, from: u32, values: &[u32]) -> Vec<String> {
    let at = |minute: u32| format!("2024-03-01 {:02}:{:02}:00", minute / 60, minute % 60);
    (from..)
        .zip(values)
        .map(|(minute, value)| format!("{who},{},{value}", at(minute)))
        .collect()
}

fn file(heading: &str, rows: &[String]) -> String {
    format!("{heading},timestamp,activity\n{}\n", rows.join("\n"))
}

fn check(members: &[Member], expect: &[(&str, &str, &[f64])]) {
    let names: Vec<&str> = members
        .iter()
        .map(|member| member.number.as_str())
        .collect();
    let expected: Vec<&str> = expect.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names, expected);
    for (member, (_, start, values)) in members.iter().zip(expect) {
        let activity = &member.recording.channels[0];
        assert_eq!(activity.start_s, second(start), "{}", member.number);
        assert_eq!(activity.values.len(), values.len());
        assert_same(&activity.values, values, 0.0);
        assert_eq!(
            member.recording.channels.len(),
            1,
            "no pseudonym is a channel"
        );
    }
}

#[test]
fn people_at_one_time_and_at_other_times_come_apart() {
    let values: Vec<u32> = (0..60).collect();
    let doubled: Vec<u32> = values.iter().map(|value| value * 2).collect();
    let wide = |values: &[u32]| {
        values
            .iter()
            .map(|value| f64::from(*value))
            .collect::<Vec<f64>>()
    };
    for heading in [
        "id",
        "subject_id",
        "Participant ID",
        "\"Subject\"",
        "mesaid",
        "serial",
    ] {
        for from in [720, 900] {
            let (one, two) = (rows("A 1", 720, &values), rows("B", from, &doubled));
            let behind = [one.clone(), two.clone()].concat();
            let in_turn = one
                .iter()
                .zip(&two)
                .flat_map(|(one, two)| [one.clone(), two.clone()]);
            for table in [behind, in_turn.collect()] {
                let members = several(file(heading, &table).as_bytes());
                let start = format!("2024-03-01T{}:00:00", from / 60);
                let expect: [(&str, &str, &[f64]); 2] = [
                    ("A 1", "2024-03-01T12:00:00", &wide(&values)),
                    ("B", &start, &wide(&doubled)),
                ];
                check(&members, &expect);
                assert!(
                    members
                        .iter()
                        .all(|member| member.recording.damages.count == 0)
                );
            }
        }
    }
}

#[test]
fn a_declared_column_tells_people_apart_and_an_undeclared_one_too() {
    let (one, two) = (rows("x", 0, &[1, 2, 3]), rows("y", 0, &[7, 8, 9]));
    let table = file("wearer", &[one, two].concat());
    let members = |columns: &str, table: &str| {
        let columns = Columns::parse(columns).expect("a declaration");
        let options = Options {
            columns: Some(&columns),
            ..Options::default()
        };
        match try_read(table.as_bytes(), &options) {
            Ok(Content::Several { column, members }) => (column, members),
            other => panic!("expected several people, not {other:?}"),
        }
    };
    for subject in ["wearer", "1"] {
        let declared = format!("time=timestamp,count=activity,subject={subject}");
        let (column, members) = members(&declared, &table);
        assert_eq!(column, subject);
        let expect: [(&str, &str, &[f64]); 2] = [
            ("x", "2024-03-01T00:00:00", &[1.0, 2.0, 3.0]),
            ("y", "2024-03-01T00:00:00", &[7.0, 8.0, 9.0]),
        ];
        check(&members, &expect);
    }
    let known = table.replace("wearer", "subject_id");
    let (column, members) = members("time=timestamp,count=activity", &known);
    assert_eq!((column.as_str(), members.len()), ("subject_id", 2));
}

#[test]
fn one_person_is_one_recording_and_a_number_of_rows_nobody() {
    let constant = file("id", &rows("A", 0, &[1, 2, 3]));
    let values = [5_u32; 120];
    let plain: Vec<String> = rows("", 0, &values)
        .iter()
        .map(|row| row[1..].to_owned())
        .collect();
    let numbered = |number: &dyn Fn(usize) -> usize| {
        let rows = plain.iter().enumerate();
        let rows: Vec<String> = rows
            .map(|(at, row)| format!("{},{row}", number(at)))
            .collect();
        file("id", &rows)
    };
    let files = [
        constant,
        numbered(&|at| at),
        numbered(&|at| at % 30),
        numbered(&|at| 120 - at),
    ];
    for file in files {
        let recording = epochs(file.as_bytes());
        assert_eq!(recording.channels.len(), 1);
        assert_eq!(recording.damages.count, 0);
    }
}

#[test]
fn a_row_that_does_not_say_whose_it_is_is_lost_and_counted() {
    let mut all = [rows("A", 0, &[1; 40]), rows("B", 0, &[2; 40])].concat();
    all[7] = all[7].replace('A', "");
    let members = several(file("id", &all).as_bytes());
    let damages = &members[0].recording.damages;
    assert_eq!((damages.count, damages.lost), (1, 1));
    assert_eq!(damages.first[0].line, Some(9));
    assert!(members[0].recording.channels[0].values[7].is_nan());
}

#[test]
fn people_whom_nothing_tells_apart_are_refused_with_advice() {
    let one = rows("A", 0, &[1; 40]);
    let mut table = String::from("who,timestamp,activity\n");
    for row in one.iter().chain(&rows("B", 0, &[9; 40])) {
        writeln!(table, "{row}").expect("memory");
    }
    let error = try_read(table.as_bytes(), &Options::default()).expect_err("refused");
    let message = error.to_string();
    assert!(message.contains("40 of 80 rows"), "{message}");
    assert!(message.contains("subject=column"), "{message}");
}
