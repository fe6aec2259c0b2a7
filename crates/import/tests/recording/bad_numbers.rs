//! Bad days of the formats whose rows are numbered or without dates (NSRR, NHANES, agd), by chance and with the truth
//! known: the true numbers, a counted loss, or a refusal. Each has several people where it has a column for them.

use import::recording::options::Options;
use import::recording::{Content, Recording};
use proptest::prelude::*;

use crate::agd::{agd, row as agd_row};
use crate::support::{assert_same, second, try_read};

/// What happened to an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    Gone,
    Missing,
    Negative,
    Twice,
}

type Epochs = Vec<(u32, Fate)>;

/// The formats whose files are made here.
pub(crate) const FORMATS: [&str; 3] = ["nsrr", "nhanes_minutes", "agd"];

/// Epochs of a day with data at both ends.
fn days() -> impl Strategy<Value = Epochs> {
    let fate = prop_oneof![
        80 => Just(Fate::Kept),
        6 => Just(Fate::Gone),
        3 => Just(Fate::Missing),
        3 => Just(Fate::Negative),
        2 => Just(Fate::Twice),
    ];
    prop::collection::vec((0_u32..900, fate), 60..400).prop_map(|mut epochs| {
        let count = epochs.len();
        for edge in [0, 1, count - 1] {
            epochs[edge].1 = Fate::Kept;
        }
        epochs
    })
}

fn truth(epochs: &Epochs) -> Vec<f64> {
    let value = |(value, fate): &(u32, Fate)| match fate {
        Fate::Kept | Fate::Twice => f64::from(*value),
        Fate::Gone | Fate::Missing | Fate::Negative => f64::NAN,
    };
    epochs.iter().map(value).collect()
}

fn count(epochs: &Epochs, wanted: Fate) -> usize {
    epochs.iter().filter(|(_, fate)| *fate == wanted).count()
}

/// The rows of epochs, `row` being given the number of the epoch and the text of its value.
fn rows(epochs: &Epochs, row: impl Fn(usize, &str) -> String) -> Vec<String> {
    let mut rows = Vec::new();
    for (index, (value, fate)) in epochs.iter().enumerate() {
        match fate {
            Fate::Gone => {}
            Fate::Missing => rows.push(row(index, "")),
            Fate::Negative => rows.push(row(index, "-1")),
            Fate::Kept => rows.push(row(index, &value.to_string())),
            Fate::Twice => rows.extend([row(index, &value.to_string()), row(index, "3")]),
        }
    }
    rows
}

/// The recordings of a file, or that it was refused for what is lost of it.
fn read(bytes: &[u8], lost_of: (usize, usize)) -> Option<Vec<Recording>> {
    match try_read(bytes, &Options::default()) {
        Ok(Content::Epochs(recording)) => Some(vec![recording]),
        Ok(Content::Several { members, .. }) => {
            Some(members.into_iter().map(|member| member.recording).collect())
        }
        Ok(Content::Raw(_)) => panic!("epochs"),
        Err(error) => {
            let (lost, rows) = lost_of;
            assert!(
                lost > 2 && 10 * (lost + 1) > rows,
                "{lost} of {rows}: {error}"
            );
            None
        }
    }
}

fn check(recording: &Recording, epochs: &Epochs, start: &str) {
    let activity = &recording.channels[0];
    assert_eq!(activity.start_s, second(start));
    assert_same(&activity.values, &truth(epochs), 0.0);
}

const NSRR: &str = "mesaid,line,linetime,offwrist,activity,dayofweek";

/// A row of the sleep resource: 30 seconds each from 20:30 of a Monday.
fn nsrr(who: &str, index: usize, value: &str) -> String {
    let second = 20 * 3_600 + 30 * 60 + 30 * index;
    let (day, clock) = (second / 86_400, second % 86_400);
    let [hour, minute, rest] = [clock / 3_600, clock / 60 % 60, clock % 60];
    let weekday = (1 + day) % 7 + 1;
    format!(
        "{who},{},{hour:02}:{minute:02}:{rest:02},0,{value},{weekday}\n",
        index + 1
    )
}

const NHANES: &str = "SEQN,PAXSTAT,PAXCAL,PAXDAY,PAXN,PAXHOUR,PAXMINUT,PAXINTEN";

/// A minute of the survey, from the midnight of a Monday.
fn nhanes(who: &str, index: usize, value: &str) -> String {
    let (hour, minute) = (index / 60, index % 60);
    format!("{who},1,1,2,{},{hour},{minute},{value}\n", 1_441 + index)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn people_with_numbered_rows_come_apart(one in days(), other in days(), is_mixed in any::<bool>()) {
        for (name, head, row, start) in [
            (FORMATS[0], NSRR, nsrr as fn(&str, usize, &str) -> String, "2000-01-03T20:30:00"),
            (FORMATS[1], NHANES, nhanes, "2000-01-03T00:00:00"),
        ] {
            let mut all = rows(&one, |index, value| row("31128", index, value));
            let second = rows(&other, |index, value| row("31129", index, value));
            let count_rows = all.len() + second.len();
            if is_mixed {
                for (at, line) in second.into_iter().enumerate() {
                    all.insert((2 * at + 1).min(all.len()), line);
                }
            } else {
                all.extend(second);
            }
            let lost = count(&one, Fate::Twice) + count(&other, Fate::Twice);
            let file = format!("{head}\n{}", all.concat());
            let Some(found) = read(file.as_bytes(), (lost, count_rows)) else {
                continue;
            };
            prop_assert_eq!(found.len(), 2);
            prop_assert_eq!(found[0].header.format, name);
            check(&found[0], &one, start);
            check(&found[1], &other, start);
            let counted: u64 = found.iter().map(|one| one.damages.lost).sum();
            prop_assert_eq!(usize::try_from(counted).expect("few"), lost, "{}", head);
        }
    }

    #[test]
    fn a_database_of_actilife_gives_the_truth(epochs in days()) {
        let mut table = Vec::new();
        for (index, (value, fate)) in (0..).zip(&epochs) {
            let value = f64::from(*value);
            match fate {
                Fate::Gone => {}
                Fate::Missing => table.push(agd_row(index, f64::NAN)),
                Fate::Negative => table.push(agd_row(index, -1.0)),
                Fate::Kept => table.push(agd_row(index, value)),
                Fate::Twice => table.extend([agd_row(index, value), agd_row(index, 3.0)]),
            }
        }
        let of = (count(&epochs, Fate::Twice), table.len());
        if let Some(found) = read(&agd("10", table), of) {
            prop_assert_eq!(found[0].header.format, FORMATS[2]);
            let axis = crate::support::channel(&found[0], "axis1");
            assert_same(&axis.values, &truth(&epochs), 0.0);
            let told = found[0].damages.count;
            let expect = of.0 + usize::from(count(&epochs, Fate::Negative) > 0);
            prop_assert_eq!(usize::try_from(told).expect("few"), expect);
        }
    }
}
