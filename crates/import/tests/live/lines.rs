//! Tables of text, as spreadsheets of every country and scripts write them.

use import::batch::{Fact, Position, RejectCode};
use import::json::ReadError;
use import::live::Context;
use model::sample::Flags;
use model::zone::{Zone, ZoneHistory};
use proptest::prelude::*;

use crate::support::{NOW, Read, near, us};

fn try_lines(text: &str) -> Result<Read, ReadError> {
    let zones = ZoneHistory::fixed(Zone::parse("America/New_York").expect("a zone"));
    let context = Context {
        now_us: us(NOW),
        zones: &zones,
        aggregation: None,
        source: "",
    };
    let (batch, summary) = import::format::read_body(text.as_bytes(), &context)?;
    Ok(Read { batch, summary })
}

fn lines(text: &str) -> Read {
    try_lines(text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn lines_of_text() {
    let read = lines(
        "date,weight,unit\n2026-03-07,154,lb\n\n2026-03-08 07:00,153.5,lb\nyesterday,150,lb\n",
    );
    assert_eq!(read.values("body_mass").len(), 2);
    near(read.values("body_mass")[0], 69.853_224_98);
    assert_eq!(read.refusals(), [("/date", RejectCode::TimeInvalid)]);
    assert_eq!(read.batch.rejections[0].position, Position::Line(5));
    let columns = "Start;End;Type;Value;Unit\n2026-03-07 10:00;2026-03-07 11:00;steps;412;count\n";
    let steps = lines(columns).one("step_count");
    assert_eq!(steps.end_us, us("2026-03-07T16:00:00Z"));
    for nameless in ["2026-03-07,8000\n", "date,value\n2026-03-07,8000\n"] {
        let refused = try_lines(nameless).expect_err("no type");
        assert!(matches!(refused, ReadError::WrongShape { .. }), "{refused}");
    }
}

#[test]
fn a_quoted_decimal_comma_is_one_number() {
    let read = lines("date,body_mass\n2026-03-01,\"80,25\"\n2026-03-02,80.5\n");
    assert_eq!(read.values("body_mass"), [80.25, 80.5]);
    // Without quotes it is a column too many, not a number cut in two.
    let read = lines("date,body_mass\n2026-03-01,80,25\n2026-03-02,80.5\n");
    assert_eq!(read.values("body_mass"), [80.5]);
    assert_eq!(read.refusals(), [("", RejectCode::Malformed)]);
}

#[test]
fn every_column_that_names_a_metric_is_read() {
    let read = lines(
        "Day;Steps;Weight (lb);Heart Rate [Min] (count/min);Heart Rate [Avg] (count/min);Mood ring\n\
         2026-03-01;9.120;180,5;48;61;blue\n2026-03-02;;179,0;;;\n",
    );
    let steps = read.one("step_count");
    near(steps.value, 9_120.0);
    // A total of a date is of that day, and a later one replaces it.
    assert_eq!(
        (steps.start_us, steps.end_us),
        (us("2026-03-01T05:00:00Z"), us("2026-03-02T05:00:00Z"))
    );
    assert!(steps.flags.contains(Flags::AGGREGATED));
    assert_eq!(read.values("body_mass").len(), 2);
    assert_eq!(read.values("heart_rate"), [48.0, 61.0]);
    assert_eq!(read.refusals(), []);
    let [Fact::Skipped { name, .. }] = read.batch.facts.as_slice() else {
        panic!("{:?}", read.batch.facts);
    };
    assert_eq!(name, "Mood ring");
}

#[test]
fn what_may_be_two_numbers_or_two_days_is_refused() {
    let read = lines("date,step_count\n2026-03-01,\"9,120\"\n2026-03-02,8000\n");
    assert_eq!(read.values("step_count"), [8_000.0]);
    assert_eq!(read.refusals(), [("/step_count", RejectCode::ValueInvalid)]);
    // Another number of the table says what commas are.
    let read = lines("date,step_count\n2026-03-01,\"9,120\"\n2026-03-02,\"1,009,120\"\n");
    assert_eq!(read.values("step_count")[0], 9_120.0);
    let read = lines("date,step_count\n03/02/2026,100\n");
    assert_eq!(read.refusals(), [("/date", RejectCode::TimeInvalid)]);
    let read = lines("date,step_count\n03/02/2026,100\n02/13/2026,200\n");
    assert_eq!(
        read.samples("step_count")[0].start_us,
        us("2026-03-02T05:00:00Z")
    );
}

#[test]
fn cells_may_hold_units_pressures_and_words() {
    let read = lines(
        "date,blood_pressure,body_mass,menstrual_flow\n2026-03-01 08:00,121/79,\"176 lb\",light\n",
    );
    assert_eq!(read.values("blood_pressure_systolic"), [121.0]);
    assert_eq!(read.values("blood_pressure_diastolic"), [79.0]);
    near(read.one("body_mass").value, 79.832_257_12);
    assert_eq!(read.values("menstrual_flow").len(), 1);
    assert_eq!(read.refusals(), []);
}

/// A way of printing a table.
#[derive(Debug, Clone)]
struct Printing {
    separator: char,
    decimal: char,
    group: &'static str,
    /// The zero of the digits.
    zero: char,
    date: fn(u8, u8) -> String,
    /// Words for the halves of the day, or a clock of 24 hours.
    halves: Option<[&'static str; 2]>,
    is_before: bool,
    line: &'static str,
}

fn printing() -> impl Strategy<Value = Printing> {
    let dates: Vec<fn(u8, u8) -> String> = vec![
        |month, day| format!("2026-{month:02}-{day:02}"),
        |month, day| format!("{day}.{month}.2026"),
        |month, day| format!("2026/{month:02}/{day:02}"),
        |month, day| format!("2026年{month}月{day}日"),
        |month, day| format!("{month:02}/{day:02}/2026"),
        |month, day| format!("{day:02}/{month:02}/2026"),
    ];
    let halves = vec![
        (None, false),
        (Some(["AM", "PM"]), false),
        (Some(["a.\u{a0}m.", "p.\u{a0}m."]), false),
        (Some(["午前", "午後"]), true),
        (Some(["上午", "下午"]), true),
        (Some(["오전", "오후"]), true),
        (Some(["ص", "م"]), false),
        (Some(["π.μ.", "μ.μ."]), false),
    ];
    let zeros = ['0', '\u{660}', '\u{6f0}', '\u{966}', '\u{e50}', '\u{ff10}'];
    (
        prop::sample::select(vec![
            (',', '.'),
            (',', ','),
            (';', ','),
            (';', '.'),
            ('\t', ','),
            ('\t', '.'),
        ]),
        prop::sample::select(vec!["", "\u{202f}", "'"]),
        prop::sample::select(zeros.to_vec()),
        prop::sample::select(dates),
        prop::sample::select(halves),
        prop::sample::select(vec!["\n", "\r\n"]),
    )
        .prop_map(
            |((separator, decimal), group, zero, date, (halves, is_before), line)| Printing {
                separator,
                decimal,
                group,
                zero,
                date,
                halves,
                is_before,
                line,
            },
        )
}

impl Printing {
    fn digits(&self, text: &str) -> String {
        let letter = |letter: char| match letter.to_digit(10) {
            Some(digit) => char::from_u32(u32::from(self.zero) + digit).expect("a digit"),
            None => letter,
        };
        text.chars().map(letter).collect()
    }

    fn number(&self, hundredths: u32) -> String {
        let digits = (hundredths / 100).to_string();
        let mut out = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                out.push_str(self.group);
            }
            out.push(digit);
        }
        format!("{out}{}{:02}", self.decimal, hundredths % 100)
    }

    fn clock(&self, hour: u8, minute: u8) -> String {
        let Some([before, after]) = self.halves else {
            return format!("{hour:02}:{minute:02}");
        };
        let half = if hour < 12 { before } else { after };
        let hour = if hour.is_multiple_of(12) {
            12
        } else {
            hour % 12
        };
        if self.is_before {
            format!("{half}{hour}:{minute:02}")
        } else {
            format!("{hour}:{minute:02}\u{202f}{half}")
        }
    }

    fn table(&self, rows: &[(u8, u8, u8, u8, u32, u32)]) -> String {
        let mut out = ["date", "body_mass", "dietary_water"].join(&self.separator.to_string());
        for (month, day, hour, minute, mass, water) in rows {
            out.push_str(self.line);
            let cells = [
                format!(
                    "{} {}",
                    (self.date)(*month, *day),
                    self.clock(*hour, *minute)
                ),
                self.number(*mass),
                self.number(*water),
            ];
            let cells = cells.map(|cell| format!("\"{}\"", self.digits(&cell)));
            out.push_str(&cells.join(&self.separator.to_string()));
        }
        out
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn one_table_is_the_same_samples_however_it_is_printed(
        how in printing(),
        rows in prop::collection::vec((1_u8..3, 1_u8..29, 0_u8..24, 0_u8..60, 2_000_u32..30_000, 1_u32..400_000), 1..8),
    ) {
        // One line that says in which order day and month stand.
        let mut rows = rows;
        rows.push((1, 28, 9, 30, 8_050, 25_000));
        let plain = Printing {
            separator: ',', decimal: '.', group: "", zero: '0', halves: None, is_before: false, line: "\n",
            date: |month, day| format!("2026-{month:02}-{day:02}"),
        };
        let expect = lines(&plain.table(&rows));
        prop_assert_eq!(expect.refusals(), []);
        prop_assert_eq!(expect.batch.samples.len(), 2 * rows.len());
        let text = how.table(&rows);
        let read = try_lines(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(read.refusals(), [], "{}", text);
        prop_assert_eq!(read.batch.samples, expect.batch.samples, "{}", text);
    }

    #[test]
    fn no_table_panics(text in "[-0-9a-c.,;:/\"'\t\n ٠-٩date]{0,200}") {
        let _ = try_lines(&format!("date,step_count\n{text}"));
        let _ = try_lines(&text);
    }
}
