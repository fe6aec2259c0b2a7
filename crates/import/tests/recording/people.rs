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

/// Lines of the sleep resource: 30 s each from 20:30 of a Monday, with a day left out between.
fn nsrr(who: &str, numbers: impl Iterator<Item = u32>) -> Vec<String> {
    let row = |number: u32| {
        let second = 20 * 3_600 + 30 * 60 + 30 * (number - 1);
        let (day, second) = (second / 86_400, second % 86_400);
        let clock = format!(
            "{:02}:{:02}:{:02}",
            second / 3_600,
            second / 60 % 60,
            second % 60
        );
        let activity = if number.is_multiple_of(7) {
            String::new()
        } else {
            number.to_string()
        };
        format!(
            "{who},{number},{clock},0,{activity},0,1.5,,,,1,REST-S,{},1,1",
            (1 + day) % 7 + 1
        )
    };
    numbers.map(row).collect()
}

#[test]
fn lines_of_the_sleep_resource_stand_where_their_numbers_say() {
    let heading = "mesaid,line,linetime,offwrist,activity,marker,whitelight,redlight,greenlight,bluelight,wake,\
                   interval,dayofweek,daybymidnight,daybynoon";
    let rows = nsrr("1", (1..=3_000).chain(5_881..=9_000));
    let file = format!("{heading}\n{}\n", rows.join("\n"));
    let recording = epochs(file.as_bytes());
    assert!(recording.header.has_invented_dates);
    assert_eq!(recording.header.format, "nsrr");
    let activity = &recording.channels[0];
    assert_eq!(
        (activity.start_s, activity.epoch_s),
        (second("2000-01-03T20:30:00"), 30)
    );
    assert_eq!(activity.values.len(), 9_000);
    assert_same(
        &activity.values[5_879..5_882],
        &[f64::NAN, 5_881.0, 5_882.0],
        0.0,
    );
    assert!(activity.values[6].is_nan() && activity.values[3_500].is_nan());
    assert_eq!(recording.damages.count, 0, "{:?}", recording.damages);
    let mut mixed = rows.clone();
    mixed.reverse();
    mixed.extend(nsrr("2", 1..=3_000));
    let members = several(format!("{heading}\n{}\n", mixed.join("\n")).as_bytes());
    assert_eq!(members[0].recording.channels[0].values.len(), 9_000);
    assert_eq!(
        members[1].recording.channels[0].start_s,
        second("2000-01-03T20:30:00")
    );
    let wrong = file.replacen(",20:31:00,", ",21:31:00,", 1);
    assert_eq!(epochs(wrong.as_bytes()).damages.lost, 1);
}

#[test]
fn minutes_of_the_wrist_surveys_begin_when_their_second_day_says() {
    let mut file = "SEQN,PAXDAYM,PAXDAYWM,PAXSSNMP,PAXTSM,PAXAISMM,PAXMTSM,PAXPREDM\n".to_owned();
    for (who, first) in [(62161, 420), (62163, 60)] {
        for minute in 0..2_000 {
            let (day, weekday) = if minute < first { (1, 7) } else { (2, 1) };
            let day = if minute >= first + 1_440 {
                (3, 2)
            } else {
                (day, weekday)
            };
            let mims = if minute == 5 {
                "-0.01".to_owned()
            } else {
                format!("{}.5", minute % 50)
            };
            let worn = if minute < 100 { 3 } else { 1 + minute % 2 };
            writeln!(
                file,
                "{who},{},{},{},60,0,{mims},{worn}",
                day.0,
                day.1,
                4_800 * minute
            )
            .expect("memory");
        }
    }
    let members = several(file.as_bytes());
    for (member, start) in members
        .iter()
        .zip(["2000-01-08T17:00:00", "2000-01-08T23:00:00"])
    {
        let mims = &member.recording.channels[0];
        assert_eq!(
            (mims.name.as_str(), mims.unit, mims.start_s),
            ("mims", "{MIMS}", second(start))
        );
        assert_eq!(mims.values.len(), 2_000);
        assert_same(&mims.values[4..7], &[4.5, f64::NAN, 6.5], 0.0);
        let worn = &crate::support::channel(&member.recording, "worn").values;
        assert_same(&worn[99..102], &[0.0, 1.0, 1.0], 0.0);
    }
}
