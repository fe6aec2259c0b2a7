//! Rows in any order, and clocks that were set in between: the same numbers as in order, or a counted loss, or
//! a refusal that says what to do.

use std::fmt::Write as _;

use import::recording::options::Options;
use import::recording::{Content, Recording};
use proptest::prelude::*;

use crate::support::{assert_same, epochs, epochs_with, second, try_read};

/// A format whose rows carry their times: what stands above them, and one row for a date, a time and a value.
pub(crate) struct Form {
    pub(crate) name: &'static str,
    pub(crate) head: &'static str,
    pub(crate) row: fn(&jiff::civil::DateTime, u32) -> String,
}

pub(crate) const FORMS: [Form; 18] = [
    Form {
        name: "actigraph_csv",
        head: "------------ Data Table File Created By ActiGraph Link ActiLife v6.11.9 date format M/d/yyyy -----\n\
               Serial Number: TAS1\nEpoch Period (hh:mm:ss) 00:00:30\n----------------------------\nTimeStamp,axis1\n",
        row: |at, value| format!("{at}Z,{value}\n"),
    },
    Form {
        name: "table",
        head: "timestamp,activity\n",
        row: |at, value| format!("{at},{value}\n"),
    },
    Form {
        name: "table",
        head: "Date;Time;Activity\n",
        row: |at, value| format!("{};{value}\n", at.strftime("%d/%m/%Y;%H:%M:%S")),
    },
    Form {
        name: "respironics_csv",
        head: "Actiware Export File (version 05.00)\n\"Epoch Length:\",\"30\",\"seconds\"\n\
               Line,Date,Time,Activity\n",
        row: |at, value| format!("1,{},{value}\n", at.strftime("%m/%d/%Y,%I:%M:%S %p")),
    },
    Form {
        name: "condor",
        head: "+-----+ Condor Instruments Report +-----+\nINTERVAL : 30\nDATE/TIME;MS;PIM\n",
        row: |at, value| format!("{};0;{value}\n", at.strftime("%d/%m/%Y %H:%M:%S")),
    },
    Form {
        name: "tempatilumi",
        head: "N° de Série: 1\nData; Hora; Atividade\n",
        row: |at, value| format!("{}; {value};\n", at.strftime("%Y/%m/%d; %H:%M:%S")),
    },
    Form {
        name: "actical",
        head: "Actical List Export File\nDevice Location:,WRIST\nEpoch#,Day#,Elapsed,Date,Time,Activity,Steps\n\
               ,,Seconds,,,Counts,\n",
        row: |at, value| {
            let start: jiff::civil::DateTime = "2000-01-01T00:00:00".parse().expect("a time");
            let elapsed = at.duration_since(start).as_secs();
            format!(
                "{},1,{},{},{value},0\n",
                elapsed / 30,
                elapsed + 30,
                at.strftime("%d-%b-%y,%H:%M")
            )
        },
    },
    Form {
        name: "health_band",
        head: "PAS Web Application version: 2.6.0\ntimeStamp,activityCounts\n",
        row: |at, value| format!("{},{value}\n", at.strftime("%m-%d-%Y %H:%M:%S")),
    },
    Form {
        name: "motionware",
        head: "Subject;1\nDate;Time;Activity;Light\n",
        row: |at, value| format!("{};{value};0\n", at.strftime("%d/%m/%Y;%H:%M:%S")),
    },
    Form {
        name: "daqtometer",
        head: "Start: 2024-03-01 12:00:00 GMT\nEnd: 2024-03-05 12:00:00 GMT\n\nSerial number:,a1\n\
               Name:,Acceleration\nStore rate:,30\n\n",
        row: |at, value| format!("{},{value}\n", at.strftime("%Y-%m-%d %H:%M:%S")),
    },
    Form {
        name: "respironics_csv",
        head: "Actiware-Exportdatei (Version 05.00 )\n\"Epochenlänge:\",\"30\",\"Sekunden\"\n\
               Zeile,Datum,Zeit,Aktivität\n",
        row: |at, value| format!("1,{},{value}\n", at.strftime("%d.%m.%Y,%H:%M:%S")),
    },
    Form {
        name: "respironics_csv",
        head: "Actiware (05.00)\nLigne,Date,Heure,Activité\n",
        row: |at, value| format!("1,{},{value}\n", at.strftime("%d/%m/%Y,%H:%M:%S")),
    },
    Form {
        name: "respironics_csv",
        head: "Actiware (05.00)\nLínea,Fecha,Hora,Actividad\n",
        row: |at, value| format!("1,{},{value}\n", at.strftime("%d/%m/%Y,%H:%M:%S")),
    },
    Form {
        name: "respironics_csv",
        head: "Actiware (05.00)\nRiga,Data,Ora,Attività\n",
        row: |at, value| format!("1,{},{value}\n", at.strftime("%d/%m/%Y,%H:%M:%S")),
    },
    Form {
        name: "respironics_csv",
        head: "Actiware (05.00)\nLinha,Data,Hora,Atividade\n",
        row: |at, value| format!("1,{},{value}\n", at.strftime("%d/%m/%Y,%H:%M:%S")),
    },
    Form {
        name: "respironics_csv",
        head: "Actiware (05.00)\nLijn,Datum,Tijd,Activiteit\n",
        row: |at, value| format!("1,{},{value}\n", at.strftime("%d/%m/%Y,%H:%M:%S")),
    },
    Form {
        name: "respironics_csv",
        head: "Actiware (05.00)\n行,日付,時刻,活動\n",
        row: |at, value| format!("1,{},{value}\n", at.strftime("%Y/%m/%d,%H:%M:%S")),
    },
    Form {
        name: "biobank_timeseries",
        head: "time,acc\n",
        row: |at, value| {
            format!(
                "{}+0000 [UTC],{value}\n",
                at.strftime("%Y-%m-%d %H:%M:%S%.6f")
            )
        },
    },
];

const START: &str = "2024-03-01T12:00:00";

pub(crate) fn at(epoch: usize) -> jiff::civil::DateTime {
    let start: jiff::civil::DateTime = START.parse().expect("a time");
    start + jiff::SignedDuration::from_secs(30 * i64::try_from(epoch).expect("small"))
}

fn value(epoch: usize) -> u32 {
    u32::try_from(epoch * epoch % 977).expect("small")
}

fn rows(form: &Form, epochs: impl Iterator<Item = usize>) -> String {
    epochs.fold(form.head.to_owned(), |file, epoch| {
        file + &(form.row)(&at(epoch), value(epoch))
    })
}

fn read(form: &Form, file: &str) -> Recording {
    match try_read(file.as_bytes(), &Options::default()) {
        Ok(Content::Epochs(recording)) => {
            assert_eq!(recording.header.format, form.name);
            recording
        }
        other => panic!("{}: {other:?}", form.name),
    }
}

/// Four days.
const COUNT: usize = 4 * 2_880;

#[test]
fn rows_in_any_order_give_the_numbers_of_rows_in_order() {
    for form in &FORMS {
        let clean = read(form, &rows(form, 0..COUNT));
        assert_eq!(clean.damages.count, 0, "{}: {:?}", form.name, clean.damages);
        assert_eq!(clean.channels[0].start_s, second(START), "{}", form.name);
        assert_eq!(clean.channels[0].epoch_s, 30);
        let turned = (0..COUNT).map(|epoch| epoch * 7_919 % COUNT);
        let halves = (COUNT / 2..COUNT).chain(0..COUNT / 2);
        let days = (0..4).flat_map(|day| (0..2_880).rev().map(move |epoch| day * 2_880 + epoch));
        let orders: [Vec<usize>; 4] = [
            (0..COUNT).rev().collect(),
            turned.collect(),
            halves.collect(),
            days.collect(),
        ];
        for order in orders {
            let mixed = read(form, &rows(form, order.into_iter()));
            assert_eq!(mixed.channels, clean.channels, "{}", form.name);
            let codes: Vec<&str> = mixed
                .damages
                .first
                .iter()
                .map(|damage| damage.code)
                .collect();
            assert_eq!(
                (codes, mixed.damages.lost),
                (vec!["out_of_order"], 0),
                "{}",
                form.name
            );
        }
    }
}

#[test]
fn most_rows_decide_when_the_clock_was_set() {
    for form in &FORMS {
        let clean = read(form, &rows(form, 0..COUNT));
        let unset: jiff::civil::DateTime = "2000-01-01T00:00:00".parse().expect("a time");
        let before: String = (0..10)
            .map(|epoch| unset + jiff::SignedDuration::from_secs(30 * epoch))
            .map(|at| (form.row)(&at, 1))
            .collect();
        let file = rows(form, 0..COUNT).replacen(form.head, &format!("{}{before}", form.head), 1);
        let recording = read(form, &file);
        assert_eq!(recording.channels, clean.channels, "{}", form.name);
        assert_eq!(recording.damages.lost, 10, "{}", form.name);
        assert!(
            recording
                .damages
                .first
                .iter()
                .all(|damage| damage.code == "time_jump")
        );
        let first = u64::try_from(form.head.lines().count()).expect("few") + 1;
        assert_eq!(
            recording.damages.first[0].line,
            Some(first),
            "{}",
            form.name
        );
    }
}

#[test]
fn too_much_lost_is_a_refusal_that_says_what_to_do() {
    for form in &FORMS {
        let refused = |file: &str, expect: &str| {
            let error = try_read(file.as_bytes(), &Options::default()).expect_err(form.name);
            let message = error.to_string();
            assert!(message.contains(expect), "{}: {message}", form.name);
        };
        let whole = rows(form, 0..200);
        let twice = whole.clone() + whole.strip_prefix(form.head).expect("it begins so");
        refused(&twice, "200 of 400 rows are lost");
        let unset: jiff::civil::DateTime = "2000-01-01T00:00:00".parse().expect("a time");
        let before: String = (0..40)
            .map(|epoch| unset + jiff::SignedDuration::from_secs(30 * epoch))
            .map(|at| (form.row)(&at, 1))
            .collect();
        refused(
            &(whole.clone() + &before),
            "remove the rows from before the clock was set",
        );
        let noise = "what is this, here; yes\n".repeat(30);
        refused(&(whole.clone() + &noise), "30 of 230 rows are lost");
        let few = "what is this, here; yes\n".repeat(20);
        assert_eq!(
            read(form, &(whole + &few)).damages.lost,
            20,
            "{}",
            form.name
        );
    }
}

#[test]
fn a_gap_is_missing_and_a_cut_file_is_shorter() {
    for form in &FORMS {
        let clean = read(form, &rows(form, 0..400));
        let mut expect = clean.channels[0].values.clone();
        expect[50..130].fill(f64::NAN);
        let gapped = read(form, &rows(form, (0..50).chain(130..400)));
        assert_same(&gapped.channels[0].values, &expect, 0.0);
        let cut = read(form, &rows(form, 0..300));
        assert_same(
            &cut.channels[0].values,
            &clean.channels[0].values[..300],
            0.0,
        );
        assert_eq!(gapped.damages.lost + cut.damages.lost, 0);
    }
}

/// A file whose values are printed by `text`.
fn printed(form: &Form, count: usize, text: impl Fn(u32) -> String) -> String {
    const MARK: u32 = 424_242;
    (0..count).fold(form.head.to_owned(), |file, epoch| {
        let value = text(value(epoch) * 3);
        file + &(form.row)(&at(epoch), MARK).replace(&MARK.to_string(), &value)
    })
}

#[test]
fn thousands_may_be_grouped_and_decimals_have_commas() {
    for form in &FORMS {
        let plain = read(form, &printed(form, 900, |value| value.to_string()));
        assert!(
            plain.channels[0]
                .values
                .iter()
                .any(|value| *value > 1_000.0)
        );
        let grouped = |value: u32| match value {
            1_000.. => format!("\"{},{:03}\"", value / 1_000, value % 1_000),
            _ => value.to_string(),
        };
        let read_grouped = read(form, &printed(form, 900, grouped));
        assert_eq!(read_grouped, plain, "{}", form.name);
        let halves = read(form, &printed(form, 900, |value| format!("\"{value},5\"")));
        let expect: Vec<f64> = plain.channels[0]
            .values
            .iter()
            .map(|value| value + 0.5)
            .collect();
        assert_same(&halves.channels[0].values, &expect, 0.0);
        assert_eq!(halves.damages, plain.damages, "{}", form.name);
    }
}

#[test]
fn negative_and_marked_values_are_missing_and_nothing_else_changes() {
    for form in &FORMS {
        let plain = read(form, &printed(form, 900, |value| value.to_string()));
        for marker in ["-1", "-999", "NaN", "99999", "65535"] {
            let text = |value: u32| match value % 7 {
                0 => marker.to_owned(),
                _ => value.to_string(),
            };
            let marked = read(form, &printed(form, 900, text));
            let missing = plain.channels[0]
                .values
                .iter()
                .map(|value| match value % 7.0 {
                    0.0 => f64::NAN,
                    _ => *value,
                });
            let expect: Vec<f64> = missing.collect();
            assert_eq!(
                marked.channels[0].values.len(),
                expect.len(),
                "{}",
                form.name
            );
            assert_same(&marked.channels[0].values, &expect, 0.0);
            assert_eq!(marked.damages.lost, 0, "{}", form.name);
        }
    }
}

#[test]
fn the_hour_that_autumn_repeats_is_told_as_such() {
    let mut file = String::from("timestamp,activity\n");
    let hours = [(0..180, 0), (120..600, 1_000)];
    for (minutes, more) in hours {
        for minute in minutes {
            let (hour, minute) = (minute / 60, minute % 60);
            let value = more + minute;
            writeln!(file, "2024-10-27 {hour:02}:{minute:02}:00,{value}").expect("memory");
        }
    }
    let recording = epochs(file.as_bytes());
    let activity = &recording.channels[0];
    assert_eq!((activity.epoch_s, activity.values.len()), (60, 600));
    assert_same(&activity.values[118..122], &[58.0, 59.0, 0.0, 1.0], 0.0);
    assert_same(
        &activity.values[178..182],
        &[58.0, 59.0, 1_000.0, 1_001.0],
        0.0,
    );
    let damage = &recording.damages.first[0];
    assert_eq!((damage.code, damage.line), ("repeated_hour", Some(182)));
    assert_eq!(recording.damages.count, 1, "{:?}", recording.damages);
    assert!(damage.message.contains("60 rows"), "{}", damage.message);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_shuffle_of_any_rows_reads_alike(
        rows in prop::collection::btree_map(0_u32..5_000, 0_u32..900, 2..300),
        seed in any::<u64>(),
    ) {
        let line = |(minute, value): (&u32, &u32)| {
            let (day, minute) = (minute / 1_440 + 1, minute % 1_440);
            format!("2024-03-{day:02} {:02}:{:02},{value}\n", minute / 60, minute % 60)
        };
        let mut lines: Vec<String> = rows.iter().map(line).collect();
        let read = |lines: &[String]| {
            let file = format!("time,activity\n{}", lines.concat());
            let options = Options {
                epoch_s: Some(60),
                ..Options::default()
            };
            epochs_with(file.as_bytes(), &options)
        };
        let clean = read(&lines);
        let mut state = seed;
        for index in (1..lines.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let other = usize::try_from(state >> 33).expect("in range") % (index + 1);
            lines.swap(index, other);
        }
        let shuffled = read(&lines);
        prop_assert_eq!(format!("{:?}", shuffled.channels), format!("{:?}", clean.channels));
        prop_assert_eq!(shuffled.damages.lost, 0);
    }
}
