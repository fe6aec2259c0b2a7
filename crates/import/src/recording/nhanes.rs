//! Minutes of the NHANES surveys 2003-2006 as tables of many people (ActiGraph 7164, worn at the hip).
//!
//! *Structure* (seen): CSV whose heading begins with `seqn` and has one cell with all counts of a row,
//! separated by spaces: either `start_weekday(1=Sunday)` and the 10,080 minutes of a week, or `day` (order
//! within the recording) and the 1,440 minutes from midnight, with runs of wear flags as `1*1191 0*249`.
//!
//! *Units*: counts of one axis per minute; the wear flag 1 is worn, as its maker computed it.
//!
//! *Time*: the survey publishes no dates, so they are invented and the header says so: the first day
//! stands at a date of its weekday in the week of Sunday, 2000-01-02, and at that Sunday where only the
//! order of days is known. Each person comes under the survey's own sequence number.

use std::io::Read;

use rustc_hash::FxHashMap;

use super::front::{Error, Options, VALUES_MAX};
use super::lines::{Line, Lines, Spot};
use super::stamp::{self, DAY_S};
use super::table::{self, Cell};
use super::{Channel, Content, Damages, Header, Member, Quantity, Recording};

/// Name of the format.
pub(crate) const NAME: &str = "nhanes_minutes";

/// People of one file. Both waves of the survey together have 14,631.
const PEOPLE_MAX: usize = 20_000;

/// Characters of a sequence number; the survey's have five.
const NUMBER_CHARS_MAX: usize = 16;

/// Days that one recording may have. The survey's have seven.
const DAYS_MAX: i64 = 400;

const EPOCH_S: u32 = 60;
const MINUTES_OF_DAY: usize = 1_440;

/// Whether the first line is one of the two headings.
pub(crate) fn is_meant(head: &[u8]) -> bool {
    let line = head
        .split(|byte| matches!(byte, b'\r' | b'\n'))
        .next()
        .unwrap_or_default();
    Heading::parse(&String::from_utf8_lossy(line)).is_some()
}

/// Positions of the columns.
struct Heading {
    weekday: Option<usize>,
    day: Option<usize>,
    counts: usize,
    worn: Option<usize>,
}

impl Heading {
    fn parse(line: &str) -> Option<Self> {
        let line = line.to_ascii_lowercase();
        let cells = table::split(&line, ',');
        let position = |begin: &str| cells.iter().position(|cell| cell.starts_with(begin));
        if position("seqn") != Some(0) {
            return None;
        }
        let (weekday, day) = (position("start_weekday"), position("day"));
        weekday.or(day)?;
        Some(Self {
            weekday,
            day,
            counts: position("counts")?,
            worn: position("wear"),
        })
    }
}

/// Reads a file.
pub(crate) fn read(input: &mut dyn Read, _options: &Options<'_>) -> Result<Content, Error> {
    let mut lines = Lines::new(input);
    let heading = match lines.next_line()? {
        Some(line) => Heading::parse(&line.text),
        None => return Err(Error::Empty { format: NAME }),
    };
    let Some(heading) = heading else {
        let message = "expected the columns seqn, start_weekday or day, and counts";
        return Err(table::malformed(NAME, lines.spot(), message));
    };
    let mut people = People::default();
    let mut damages = Damages::default();
    while let Some(Line { spot, text }) = lines.next_line()? {
        if !text.trim().is_empty() {
            people.take(&heading, spot, &text, &mut damages)?;
        }
    }
    let damages = lines.finish(damages);
    if people.all.is_empty() {
        return Err(Error::Empty { format: NAME });
    }
    let mut members: Vec<Member> = people.all.into_iter().map(Person::into_member).collect();
    // Damages belong to the file; the first of its people carries them.
    if let Some(first) = members.first_mut() {
        first.recording.damages = damages;
    }
    Ok(Content::Several(members))
}

#[derive(Default)]
struct People {
    all: Vec<Person>,
    by_number: FxHashMap<String, usize>,
    values: usize,
}

/// One person's minutes, from the midnight of their first day.
struct Person {
    number: String,
    first_day: i64,
    counts: Vec<f64>,
    worn: Vec<f64>,
}

impl People {
    fn take(
        &mut self,
        heading: &Heading,
        spot: Spot,
        text: &str,
        damages: &mut Damages,
    ) -> Result<(), Error> {
        let cells = table::split(text, ',');
        let cell = |index: usize| cells.get(index).copied();
        let figure = |index: usize| stamp::figure(cell(index)?, 3);
        let number = cell(0).filter(|number| {
            !number.is_empty()
                && number.len() <= NUMBER_CHARS_MAX
                && number.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        let weekday = heading.weekday.map_or(Some(1), figure);
        let day = heading.day.map_or(Some(1), figure);
        let (Some(number), Some(weekday @ 1..=7), Some(day @ 1..=DAYS_MAX), Some(counts)) =
            (number, weekday, day, cell(heading.counts))
        else {
            let message = "expected a sequence number, a day and counts";
            damages.push(spot.damage("malformed_line", message));
            return Ok(());
        };
        let counts = numbers(counts, spot, damages);
        if counts.is_empty() {
            damages.push(spot.damage("malformed_line", "the row holds no counts"));
            return Ok(());
        }
        let worn = heading.worn.and_then(cell).unwrap_or_default();
        let worn = runs(worn, counts.len(), spot, damages);
        let Some(person) = self.person(number, weekday) else {
            return Err(Error::TooLarge {
                what: "people",
                limit: u64::try_from(PEOPLE_MAX).expect("a constant"),
            });
        };
        let before = person.counts.len() + person.worn.len();
        let from = usize::try_from(day - 1).expect("at least 0") * MINUTES_OF_DAY;
        if !put(&mut person.counts, from, &counts) {
            damages.push(spot.damage("repeated_time", "the day has a row already"));
            return Ok(());
        }
        if !worn.is_empty() {
            put(&mut person.worn, from, &worn);
        }
        self.values += person.counts.len() + person.worn.len() - before;
        if self.values > VALUES_MAX {
            return Err(Error::too_many_values());
        }
        Ok(())
    }

    fn person(&mut self, number: &str, weekday: i64) -> Option<&mut Person> {
        let index = match self.by_number.get(number) {
            Some(index) => *index,
            None if self.all.len() == PEOPLE_MAX => return None,
            None => {
                self.all.push(Person {
                    number: number.to_owned(),
                    first_day: sunday() + weekday - 1,
                    counts: Vec::new(),
                    worn: Vec::new(),
                });
                let index = self.all.len() - 1;
                self.by_number.insert(number.to_owned(), index);
                index
            }
        };
        self.all.get_mut(index)
    }
}

/// Day number of the Sunday from which days without dates are counted.
fn sunday() -> i64 {
    stamp::day_number(2000, 1, 2).expect("a date")
}

/// Puts values at their minutes, unless something is there.
fn put(column: &mut Vec<f64>, from: usize, values: &[f64]) -> bool {
    let until = from + values.len();
    let is_free = column
        .iter()
        .take(until)
        .skip(from)
        .all(|value| value.is_nan());
    if !is_free {
        return false;
    }
    if column.len() < until {
        column.resize(until, f64::NAN);
    }
    if let Some(slots) = column.get_mut(from..until) {
        slots.copy_from_slice(values);
    }
    true
}

fn numbers(text: &str, spot: Spot, damages: &mut Damages) -> Vec<f64> {
    let mut bad = 0_u64;
    let values = text
        .split_ascii_whitespace()
        .map(|text| match Cell::number(text) {
            Cell::Value(value) => value,
            Cell::Missing => f64::NAN,
            Cell::Bad => {
                bad += 1;
                f64::NAN
            }
        })
        .collect();
    if bad > 0 {
        let message = format!("{bad} of the counts are no numbers");
        damages.push(spot.damage("malformed_value", message));
    }
    values
}

/// Unfolds `1*1191 0*249`; what goes beyond `count` minutes is a damage.
fn runs(text: &str, count: usize, spot: Spot, damages: &mut Damages) -> Vec<f64> {
    let mut values = Vec::new();
    for run in text.split_ascii_whitespace() {
        let parsed = run.split_once('*').and_then(|(value, minutes)| {
            let minutes: usize = minutes.parse().ok()?;
            let is_room = minutes <= count.checked_sub(values.len())?;
            match Cell::number(value) {
                Cell::Value(value) if is_room => Some((value, minutes)),
                Cell::Value(_) | Cell::Missing | Cell::Bad => None,
            }
        });
        let Some((value, minutes)) = parsed else {
            damages.push(spot.damage("malformed_value", "expected runs of wear as value*minutes"));
            break;
        };
        values.resize(values.len() + minutes, value);
    }
    values
}

impl Person {
    fn into_member(self) -> Member {
        let empty_days = self
            .counts
            .iter()
            .position(|count| !count.is_nan())
            .unwrap_or_default()
            / MINUTES_OF_DAY;
        let days = i64::try_from(empty_days).expect("at most the days of a recording");
        let start_s = (self.first_day + days) * DAY_S;
        let length = self.counts.len();
        let channel = |name: &str, quantity, unit, mut values: Vec<f64>| {
            values.resize(length, f64::NAN);
            values.drain(..(empty_days * MINUTES_OF_DAY).min(length));
            Channel {
                name: name.to_owned(),
                quantity,
                unit,
                start_s,
                epoch_s: EPOCH_S,
                values,
            }
        };
        let has_worn = !self.worn.is_empty();
        let mut channels = vec![channel(
            "activity",
            Quantity::Activity,
            "{count}",
            self.counts,
        )];
        if has_worn {
            channels.push(channel("worn", Quantity::WearSensor, "1", self.worn));
        }
        Member {
            number: self.number,
            recording: Recording {
                header: Header {
                    format: NAME,
                    has_invented_dates: true,
                    ..Header::default()
                },
                channels,
                damages: Damages::default(),
            },
        }
    }
}
