//! Recordings of bad days by chance, with the truth known: every format gives the true numbers, counts exactly what is
//! lost, or refuses what is too much of it. Nothing else may come out.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use import::recording::options::Options;
use import::recording::{Content, Recording, front};
use proptest::prelude::*;

use crate::formats::workbook;
use crate::order::{FORMS, Form, at};
use crate::support::{assert_same, second, try_read};
use crate::writers::{Pack, zip};
use crate::{bad_numbers, bad_samples};

/// Of a file of which more than one row in so many is lost nothing is used; two rows always may be.
const LOST_ONE_IN: usize = 10;
const LOST_ALWAYS: usize = 2;
/// Between the two lies what a format may count otherwise, as the line of a heading that is repeated.
const EITHER: usize = 1;

/// What happened to an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    /// Its row is not there.
    Gone,
    /// Its row has a number below zero.
    Negative,
    /// Its row has a word for a missing value.
    Missing,
    /// Its row is there twice.
    Twice,
    /// A line of rubbish follows it.
    Rubbish,
}

/// A recording, and what happened to it.
#[derive(Debug, Clone)]
struct BadDay {
    epochs: Vec<(u32, Fate)>,
    /// Rows from before the clock was set.
    before: usize,
    /// Seed of the order of the rows; in order without.
    shuffled: Option<u64>,
    /// What every value is multiplied by.
    scale: f64,
}

fn bad_day() -> impl Strategy<Value = BadDay> {
    let fate = prop_oneof![
        80 => Just(Fate::Kept),
        6 => Just(Fate::Gone),
        3 => Just(Fate::Negative),
        3 => Just(Fate::Missing),
        4 => Just(Fate::Twice),
        4 => Just(Fate::Rubbish),
    ];
    let epochs = prop::collection::vec((0_u32..900, fate), 60..400);
    let before = prop_oneof![4 => Just(0_usize), 1 => 1_usize..30];
    let scale = prop_oneof![3 => Just(1.0), 1 => Just(0.25), 1 => Just(0.5), 1 => Just(8.0)];
    let shuffled = prop::option::of(any::<u64>());
    (epochs, before, shuffled, scale).prop_map(|(mut epochs, before, shuffled, scale)| {
        // A recording is as long as its rows say.
        let count = epochs.len();
        for edge in [0, 1, count - 1] {
            epochs[edge].1 = Fate::Kept;
        }
        BadDay {
            epochs,
            before,
            shuffled,
            scale,
        }
    })
}

impl BadDay {
    /// The numbers that a reader must give.
    fn truth(&self) -> Vec<f64> {
        let value = |(value, fate): &(u32, Fate)| match fate {
            Fate::Kept | Fate::Twice | Fate::Rubbish => f64::from(*value) * self.scale,
            Fate::Gone | Fate::Negative | Fate::Missing => f64::NAN,
        };
        self.epochs.iter().map(value).collect()
    }

    fn count(&self, wanted: Fate) -> usize {
        let all = self.epochs.iter();
        all.filter(|(_, fate)| *fate == wanted).count()
    }

    /// Rows that are lost, of all.
    fn lost(&self) -> (usize, usize) {
        let extra = self.count(Fate::Twice) + self.count(Fate::Rubbish) + self.before;
        let rows = self.epochs.len() - self.count(Fate::Gone) + extra;
        (extra, rows)
    }

    /// The file in a format whose rows have their times.
    fn file(&self, form: &Form) -> String {
        const MARK: u32 = 424_242;
        let row = |epoch: usize, text: &str| {
            (form.row)(&at(epoch), MARK).replace(&MARK.to_string(), text)
        };
        let mut rows: Vec<String> = Vec::new();
        for (epoch, (value, fate)) in self.epochs.iter().enumerate() {
            let value = (f64::from(*value) * self.scale).to_string();
            match fate {
                Fate::Gone => {}
                Fate::Kept => rows.push(row(epoch, &value)),
                Fate::Negative => rows.push(row(epoch, &format!("-{}", 1 + epoch))),
                Fate::Missing => rows.push(row(epoch, "NaN")),
                Fate::Twice => rows.extend([row(epoch, &value), row(epoch, &value)]),
                Fate::Rubbish => {
                    rows.extend([row(epoch, &value), "what is this, here; yes\n".to_owned()]);
                }
            }
        }
        if let Some(seed) = self.shuffled {
            shuffle(&mut rows, seed);
        }
        let unset: jiff::civil::DateTime = "2000-01-01T00:00:00".parse().expect("a time");
        let step = jiff::SignedDuration::from_secs(30);
        let before = (0..i32::try_from(self.before).expect("few"))
            .map(|epoch| (form.row)(&(unset + step * epoch), 1));
        before.fold(form.head.to_owned(), |file, row| file + &row) + &rows.concat()
    }
}

fn shuffle(rows: &mut [String], seed: u64) {
    let mut state = seed;
    for index in (1..rows.len()).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(state >> 33).expect("in range") % (index + 1);
        rows.swap(index, other);
    }
}

/// Whether a file with such losses must be refused, may be, or must not be.
fn is_refused((lost, rows): (usize, usize), read: Result<&Recording, &str>) -> bool {
    let beyond = |lost: usize| lost > LOST_ALWAYS && LOST_ONE_IN * lost > rows;
    match read {
        Ok(_) => assert!(!beyond(lost.saturating_sub(EITHER)), "{lost} of {rows}"),
        Err(message) => {
            assert!(beyond(lost + EITHER), "{lost} of {rows}: {message}");
            assert!(message.contains("rows are lost"), "{message}");
        }
    }
    read.is_err()
}

fn check(form: &Form, day: &BadDay) {
    let file = day.file(form);
    let read = try_read(file.as_bytes(), &Options::default());
    let read = match read {
        Ok(Content::Epochs(recording)) => Ok(recording),
        Ok(_) => panic!("{}: the rows of one person", form.name),
        Err(error) => Err(error.to_string()),
    };
    if is_refused(day.lost(), read.as_ref().map_err(String::as_str)) {
        return;
    }
    let recording = read.expect("it was read");
    assert_eq!(recording.header.format, form.name);
    let activity = &recording.channels[0];
    // No date of the file tells day from month, so a format without an order of its own may take either.
    let starts = ["2024-03-01T12:00:00", "2024-01-03T12:00:00"].map(second);
    assert!(starts.contains(&activity.start_s), "{}", form.name);
    assert_eq!(activity.epoch_s, 30, "{}", form.name);
    let truth = day.truth();
    assert_eq!(activity.values.len(), truth.len(), "{}", form.name);
    assert_same(&activity.values, &truth, 0.0);
    let (lost, _) = day.lost();
    let counted = usize::try_from(recording.damages.lost).expect("few");
    // A line of rubbish that was shuffled before the first row may pass for a part of the heading.
    let by = day.shuffled.map_or(0, |_| EITHER);
    assert!(
        (lost.saturating_sub(by)..=lost).contains(&counted),
        "{}: {counted} of {lost} lost: {:?}",
        form.name,
        recording.damages
    );
    // The list has the first places only; where it has all, the numbers below zero are among them.
    let first = &recording.damages.first;
    let is_whole = u64::try_from(first.len()).expect("few") == recording.damages.count;
    let is_negative = |code: &str| matches!(code, "not_a_value" | "negative_value");
    let is_told = first.iter().any(|one| is_negative(one.code));
    let has_any = day.count(Fate::Negative) > 0;
    assert!(!is_whole || is_told == has_any, "{}", form.name);
    assert!(!has_any || recording.damages.count > recording.damages.lost);
}

/// A format whose rows stand for their times: its name, what stands above them, behind each, and below.
const IN_TURN: [(&str, [&str; 3]); 3] = [
    (
        "counts_with_start",
        ["# start=2024-03-01T12:00:00 epoch_seconds=30\n", "\n", ""],
    ),
    ("awd", ["x\n01-Mar-2024\n12:00\n2\n0\nX1\nF\n", "\n", ""]),
    (
        "motionwatch",
        [
            "<?xml version=\"1.0\"?><motionfile><log2><property><name>=StartTime</name>\
         <content>2024-03-01 12:00:00</content></property><channel><name>motion</name><units>Counts</units>\
         <epoch>30</epoch><offset>0</offset><data encoding=\"text\">",
            ",\r\n",
            "</data></channel></log2></motionfile>",
        ],
    ),
];

/// The file in such a format.
fn in_turn([head, behind, end]: [&str; 3], day: &BadDay) -> (String, Vec<f64>, (usize, usize)) {
    let (mut file, mut truth, mut lost) = (head.to_owned(), Vec::new(), 0);
    for (epoch, (value, fate)) in day.epochs.iter().enumerate() {
        let count = f64::from(*value) * day.scale;
        let (text, value) = match fate {
            Fate::Kept | Fate::Twice => (count.to_string(), count),
            Fate::Negative => (format!("-{}", 1 + epoch), f64::NAN),
            Fate::Gone | Fate::Missing | Fate::Rubbish => {
                lost += 1;
                ("what is this".to_owned(), f64::NAN)
            }
        };
        write!(file, "{text}{behind}").expect("memory");
        truth.push(value);
    }
    file += end;
    let rows = truth.len();
    (file, truth, (lost, rows))
}

/// Formats that are wrappings of others, whose files they read as they are ([`wrapped_days_read_as_plain_ones`]).
const WRAPPINGS: [&str; 2] = ["zip", "spreadsheet"];

/// No format is without bad days by chance: whoever adds one adds it to a generator.
#[test]
fn every_format_has_bad_days() {
    let of_rows = FORMS.iter().map(|form| form.name);
    let in_turn = IN_TURN.iter().map(|(name, _)| *name);
    let of_samples = bad_samples::FORMS.iter().map(|form| form.name);
    let generated: BTreeSet<&str> = of_rows
        .chain(in_turn)
        .chain(bad_numbers::FORMATS)
        .chain(of_samples)
        .chain(WRAPPINGS)
        .collect();
    let formats: BTreeSet<&str> = front::ALL.iter().map(|format| format.name).collect();
    assert_eq!(generated, formats);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// In an archive, and as the table of a spreadsheet where cells are between commas: what the plain file gives.
    #[test]
    fn wrapped_days_read_as_plain_ones(day in bad_day(), which in 0..FORMS.len()) {
        let form = &FORMS[which];
        let file = day.file(form);
        let read = |bytes: &[u8]| match try_read(bytes, &Options::default()) {
            Ok(Content::Epochs(recording)) => Some((format!("{:?}", recording.channels), recording.damages.lost)),
            Ok(_) => panic!("the rows of one person"),
            Err(_) => None,
        };
        let plain = read(file.as_bytes());
        let archive = zip(Pack::Deflated, &[("a.csv", file.as_bytes())]);
        prop_assert_eq!(&read(&archive), &plain, "{}", form.name);
        if IN_SHEETS.contains(&form.name) && !form.head.contains(';') {
            // A sheet has no lines of quotes and no line between others that is empty.
            prop_assert_eq!(&read(&workbook(&file)), &plain, "{}", form.name);
        }
    }
}

/// Formats of which spreadsheets are seen.
const IN_SHEETS: [&str; 2] = ["table", "health_band"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn rows_with_times_give_the_truth_or_a_refusal(day in bad_day(), which in 0..FORMS.len()) {
        check(&FORMS[which], &day);
    }

    #[test]
    fn counts_in_turn_give_the_truth_or_a_refusal(day in bad_day()) {
        for (name, form) in IN_TURN {
            let (file, truth, lost) = in_turn(form, &day);
            let read = match try_read(file.as_bytes(), &Options::default()) {
                Ok(Content::Epochs(recording)) => Ok(recording),
                Ok(_) => panic!("counts of one person"),
                Err(error) => Err(error.to_string()),
            };
            if is_refused(lost, read.as_ref().map_err(String::as_str)) {
                continue;
            }
            let recording = read.expect("it was read");
            prop_assert_eq!(recording.header.format, name);
            assert_same(&recording.channels[0].values, &truth, 0.0);
            prop_assert_eq!(recording.channels[0].values.len(), truth.len());
            prop_assert_eq!(usize::try_from(recording.damages.lost).expect("few"), lost.0);
        }
    }

    /// Two people: apart where a column says who is who, refused where none does.
    #[test]
    fn two_people_come_apart_or_are_refused(
        one in bad_day(),
        other in bad_day(),
        which in 0..FORMS.len(),
        order in prop::option::of(any::<u64>()),
    ) {
        let quiet = |day: &BadDay| {
            let mut day = day.clone();
            (day.before, day.shuffled, day.scale) = (0, None, 1.0);
            for (_, fate) in &mut day.epochs {
                if !matches!(fate, Fate::Kept | Fate::Negative | Fate::Missing) {
                    *fate = Fate::Kept;
                }
            }
            day
        };
        let people = [quiet(&one), quiet(&other)];
        // Those whose heading may have a column of people, and what stands between its cells.
        let (table, between) = [(&FORMS[0], ","), (&FORMS[1], ","), (&FORMS[2], ";")][which % 3];
        let mut rows = Vec::new();
        for (name, day) in ["A 1", "b"].iter().zip(&people) {
            let file = day.file(table);
            let lines = file.strip_prefix(table.head).expect("it begins so").lines();
            rows.extend(lines.map(|line| format!("{name}{between}{line}\n")));
        }
        if let Some(seed) = order {
            shuffle(&mut rows, seed);
        }
        let (above, heading) = table.head.trim_end().rsplit_once('\n').unwrap_or(("", table.head.trim_end()));
        let above = if above.is_empty() { String::new() } else { format!("{above}\n") };
        let file = format!("{above}subject_id{between}{heading}\n{}", rows.concat());
        let Ok(Content::Several { members, .. }) = try_read(file.as_bytes(), &Options::default())
        else {
            panic!("two people");
        };
        prop_assert_eq!(members.len(), 2);
        for member in &members {
            let day = &people[usize::from(member.number == "b")];
            assert_same(&member.recording.channels[0].values, &day.truth(), 0.0);
            prop_assert_eq!(member.recording.damages.lost, 0);
        }
        // One after the other in a file that has no column for it: half of the rows have no place.
        let form = &FORMS[which];
        let second = people[1].file(form);
        let glued = people[0].file(form) + second.strip_prefix(form.head).expect("it begins so");
        let read = try_read(glued.as_bytes(), &Options::default());
        prop_assert!(read.is_err(), "{}", form.name);
    }
}
