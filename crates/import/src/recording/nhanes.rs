//! Minutes of the NHANES surveys 2003-2006 as tables of many people (ActiGraph 7164, worn at the hip).
//!
//! *Structure*: CSV whose heading begins with `seqn`, in one of four layouts. All counts of a row in one
//! cell, separated by spaces, after `start_weekday(1=Sunday)` (the 10,080 minutes of a week) or `day` (order
//! within the recording; the 1,440 minutes from midnight, with runs of wear flags as `1*1191 0*249`) (both
//! seen). A day per row with `WEEKDAY` and `MIN1` to `MIN1440`, as rnhanesdata has it (reported). A minute
//! per row with `PAXDAY`, `PAXN`, `PAXINTEN` and perhaps `PAXSTEP`, as the survey publishes it
//! (documented).
//!
//! The surveys 2011-2014 have a minute per row with `PAXDAYM`, `PAXDAYWM`, `PAXSSNMP` (80 samples per second since the
//! start), `PAXMTSM` (MIMS units, negative where unknown) and `PAXPREDM` (1 awake, 2 asleep, 3 not worn) (documented);
//! the second day of each person begins at midnight, which tells when the first began.
//!
//! *Units*: counts of one axis per minute; the wear flag 1 is worn, as its maker computed it. The survey's
//! flags of calibration (`PAXCAL`) and reliability (`PAXSTAT`) are not applied.
//!
//! *Time*: the survey publishes no dates, so they are invented and the header says so: the first day
//! stands at a date of its weekday in the week of Sunday, 2000-01-02, and at that Sunday where only the
//! order of days is known. Each person comes under the survey's own sequence number.

use std::io::Read;

use rustc_hash::FxHashMap;

use super::error::Error;
use super::lines::{Line, Lines, Spot};
use super::options::Options;
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

/// Minutes that one recording may have.
const MINUTES_MAX: usize = 400 * 1_440;
const MINUTES_OF_DAY: usize = 1_440;

/// Whether the first line is one of the headings.
pub(crate) fn is_meant(head: &[u8]) -> bool {
    let line = head
        .split(|byte| matches!(byte, b'\r' | b'\n'))
        .next()
        .unwrap_or_default();
    Shape::parse(&String::from_utf8_lossy(line)).is_some()
}

/// The layout, with the positions of its columns.
enum Shape {
    /// All counts of a week in one cell.
    Week { weekday: usize, counts: usize },
    /// All counts of a day in one cell.
    Day {
        day: usize,
        counts: usize,
        worn: Option<usize>,
    },
    /// A cell for each minute of a day.
    Wide { weekday: usize, first: usize },
    /// A row for each minute.
    Minute {
        weekday: usize,
        number: usize,
        count: usize,
        steps: Option<usize>,
    },
    /// A row for each minute of the surveys of the wrist.
    Mims {
        day: usize,
        weekday: usize,
        sample: usize,
        mims: usize,
        predicted: Option<usize>,
    },
}

/// Samples of a minute at 80 Hz.
const SAMPLES_OF_MINUTE: i64 = 4_800;

impl Shape {
    fn parse(line: &str) -> Option<Self> {
        let line = line.to_ascii_lowercase();
        let cells = table::split(&line, ',');
        let position = |begin: &str| cells.iter().position(|cell| cell.starts_with(begin));
        let exactly = |name: &str| cells.iter().position(|cell| *cell == name);
        if exactly("seqn") != Some(0) {
            return None;
        }
        if let (Some(weekday), Some(number), Some(count)) =
            (exactly("paxday"), exactly("paxn"), exactly("paxinten"))
        {
            let steps = exactly("paxstep");
            return Some(Self::Minute {
                weekday,
                number,
                count,
                steps,
            });
        }
        if let (Some(day), Some(weekday), Some(sample), Some(mims)) = (
            exactly("paxdaym"),
            exactly("paxdaywm"),
            exactly("paxssnmp"),
            exactly("paxmtsm"),
        ) {
            return Some(Self::Mims {
                day,
                weekday,
                sample,
                mims,
                predicted: exactly("paxpredm"),
            });
        }
        if let (Some(weekday), Some(first)) = (exactly("weekday"), exactly("min1")) {
            return Some(Self::Wide { weekday, first });
        }
        let counts = position("counts")?;
        match (position("start_weekday"), position("day")) {
            (Some(weekday), _) => Some(Self::Week { weekday, counts }),
            (None, Some(day)) => Some(Self::Day {
                day,
                counts,
                worn: position("wear"),
            }),
            (None, None) => None,
        }
    }
}

/// Reads a file.
pub(crate) fn read(input: &mut dyn Read, _options: &Options<'_>) -> Result<Content, Error> {
    let mut lines = Lines::new(input);
    let shape = match lines.next_line()? {
        Some(line) => Shape::parse(&line.text),
        None => return Err(Error::Empty { format: NAME }),
    };
    let Some(shape) = shape else {
        let message = "expected the columns seqn, a day or weekday, and counts";
        return Err(table::malformed(NAME, lines.spot(), message));
    };
    let mut people = People::default();
    let mut damages = Damages::default();
    while let Some(Line { spot, text }) = lines.next_line()? {
        if !text.trim().is_empty() {
            people.take(&shape, spot, &text, &mut damages)?;
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
    Ok(Content::Several {
        column: "seqn".to_owned(),
        members,
    })
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
    /// 1 is Sunday.
    first_weekday: i64,
    counts: Vec<f64>,
    worn: Vec<f64>,
    steps: Vec<f64>,
    /// The minute at which the second day began, where minutes are counted from the start.
    second_day: Option<usize>,
    is_mims: bool,
}

/// What a row brings.
struct Row<'a> {
    number: &'a str,
    /// Weekday of the person's first day, as far as this row knows.
    first_weekday: i64,
    at: At,
    counts: Vec<f64>,
    worn: Vec<f64>,
    steps: Vec<f64>,
    /// Its minute, where it is of the second day.
    second_day: Option<usize>,
    is_mims: bool,
}

/// Where the minutes of a row begin.
enum At {
    /// So many minutes after the first midnight.
    Minute(usize),
    /// At the midnight of a weekday of the week that began with the person's first row.
    Weekday(i64),
}

impl<'a> Row<'a> {
    fn parse(shape: &Shape, spot: Spot, text: &'a str, damages: &mut Damages) -> Option<Self> {
        let cells = table::split(text, ',');
        let cell = |index: usize| cells.get(index).copied();
        let figure = |index: usize, until: i64| {
            let figure = stamp::figure(cell(index)?, 6)?;
            (1..=until).contains(&figure).then_some(figure)
        };
        let is_number = |number: &&str| {
            let is_short = (1..=NUMBER_CHARS_MAX).contains(&number.len());
            is_short && number.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let mut row = Self {
            number: cell(0).filter(is_number)?,
            first_weekday: 1,
            at: At::Minute(0),
            counts: Vec::new(),
            worn: Vec::new(),
            steps: Vec::new(),
            second_day: None,
            is_mims: false,
        };
        match *shape {
            Shape::Week { weekday, counts } => {
                row.first_weekday = figure(weekday, 7)?;
                let counts = cell(counts)?.split_ascii_whitespace();
                row.counts = numbers(counts, spot, damages);
            }
            Shape::Day { day, counts, worn } => {
                let day = usize::try_from(figure(day, DAYS_MAX)? - 1).ok()?;
                row.at = At::Minute(day * MINUTES_OF_DAY);
                let counts = cell(counts)?.split_ascii_whitespace();
                row.counts = numbers(counts, spot, damages);
                let worn = worn.and_then(cell).unwrap_or_default();
                row.worn = runs(worn, row.counts.len(), spot, damages);
            }
            Shape::Wide { weekday, first } => {
                row.first_weekday = figure(weekday, 7)?;
                row.at = At::Weekday(row.first_weekday);
                let counts = text.split(',').skip(first).take(MINUTES_OF_DAY);
                row.counts = numbers(counts, spot, damages);
            }
            Shape::Minute {
                weekday,
                number,
                count,
                steps,
            } => {
                let minute = figure(number, DAYS_MAX * 1_440)? - 1;
                let days = minute / 1_440;
                row.first_weekday = (figure(weekday, 7)? - 1 - days).rem_euclid(7) + 1;
                row.at = At::Minute(usize::try_from(minute).ok()?);
                row.counts = numbers(cell(count).into_iter(), spot, damages);
                let steps = steps.and_then(cell).into_iter();
                row.steps = numbers(steps, spot, damages);
            }
            Shape::Mims {
                day,
                weekday,
                sample,
                mims,
                predicted,
            } => {
                let cells = [day, weekday, sample, mims].map(cell);
                row.mims(cells, predicted.and_then(cell), spot, damages)?;
            }
        }
        (!row.counts.is_empty()).then_some(row)
    }
}

impl Row<'_> {
    /// Takes a minute of the surveys of the wrist: its day, weekday, sample and MIMS.
    fn mims(
        &mut self,
        [day, weekday, sample, mims]: [Option<&str>; 4],
        predicted: Option<&str>,
        spot: Spot,
        damages: &mut Damages,
    ) -> Option<()> {
        let figure = |text: Option<&str>, until: i64| {
            let figure = stamp::figure(text?, 6)?;
            (1..=until).contains(&figure).then_some(figure)
        };
        let sample = stamp::figure(sample?.trim_end_matches(".0"), 12)?;
        let minute = usize::try_from(sample / SAMPLES_OF_MINUTE).ok()?;
        let minute = Some(minute).filter(|minute| *minute < MINUTES_MAX)?;
        let days = figure(day, DAYS_MAX)? - 1;
        self.first_weekday = (figure(weekday, 7)? - 1 - days).rem_euclid(7) + 1;
        self.at = At::Minute(minute);
        self.second_day = (days == 1).then_some(minute);
        self.counts = numbers(mims.into_iter(), spot, damages);
        self.worn = vec![match predicted.and_then(|cell| stamp::figure(cell, 1)) {
            Some(1 | 2) => 1.0,
            Some(3) => 0.0,
            _ => f64::NAN,
        }];
        self.is_mims = true;
        Some(())
    }
}

impl People {
    fn take(
        &mut self,
        shape: &Shape,
        spot: Spot,
        text: &str,
        damages: &mut Damages,
    ) -> Result<(), Error> {
        let Some(row) = Row::parse(shape, spot, text, damages) else {
            let message = "expected a sequence number, a day and counts";
            damages.push(spot.damage("malformed_line", message));
            return Ok(());
        };
        let Some(person) = self.person(&row) else {
            return Err(Error::TooLarge {
                what: "people",
                limit: u64::try_from(PEOPLE_MAX).expect("a constant"),
            });
        };
        let before = person.values();
        person.is_mims = row.is_mims;
        if let Some(minute) = row.second_day {
            person.second_day = Some(person.second_day.map_or(minute, |known| known.min(minute)));
        }
        let from = match row.at {
            At::Minute(minute) => minute,
            At::Weekday(weekday) => {
                let days = (weekday - person.first_weekday).rem_euclid(7);
                usize::try_from(days).expect("at least 0") * MINUTES_OF_DAY
            }
        };
        if !put(&mut person.counts, from, &row.counts) {
            damages.push(spot.damage("repeated_time", "the time has a row already"));
            return Ok(());
        }
        for (column, values) in [
            (&mut person.worn, &row.worn),
            (&mut person.steps, &row.steps),
        ] {
            if !values.is_empty() {
                put(column, from, values);
            }
        }
        self.values += person.values() - before;
        Error::check_values(self.values)?;
        Ok(())
    }

    fn person(&mut self, row: &Row<'_>) -> Option<&mut Person> {
        let index = match self.by_number.get(row.number) {
            Some(index) => *index,
            None if self.all.len() == PEOPLE_MAX => return None,
            None => {
                self.all.push(Person {
                    number: row.number.to_owned(),
                    first_weekday: row.first_weekday,
                    counts: Vec::new(),
                    worn: Vec::new(),
                    steps: Vec::new(),
                    second_day: None,
                    is_mims: false,
                });
                let index = self.all.len() - 1;
                self.by_number.insert(row.number.to_owned(), index);
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

fn numbers<'a>(
    cells: impl Iterator<Item = &'a str>,
    spot: Spot,
    damages: &mut Damages,
) -> Vec<f64> {
    let mut bad = 0_u64;
    let values = cells
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
    fn values(&self) -> usize {
        self.counts.len() + self.worn.len() + self.steps.len()
    }

    fn into_member(self) -> Member {
        let empty_days = self
            .counts
            .iter()
            .position(|count| !count.is_nan())
            .unwrap_or_default()
            / MINUTES_OF_DAY;
        let days = i64::try_from(empty_days).expect("at most the days of a recording");
        let second_day = self.second_day.unwrap_or(self.counts.len());
        let first_minute = match MINUTES_OF_DAY.checked_sub(second_day) {
            Some(minute) if self.is_mims => i64::try_from(minute).expect("at most a day"),
            _ => 0,
        };
        let start_s = (sunday() + self.first_weekday - 1 + days) * DAY_S + 60 * first_minute;
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
        let (has_worn, has_steps) = (!self.worn.is_empty(), !self.steps.is_empty());
        let (name, unit) = if self.is_mims {
            ("mims", "{MIMS}")
        } else {
            ("activity", "{count}")
        };
        let mut channels = vec![channel(name, Quantity::Activity, unit, self.counts)];
        if has_worn {
            channels.push(channel("worn", Quantity::WearSensor, "1", self.worn));
        }
        if has_steps {
            channels.push(channel("steps", Quantity::Steps, "{step}", self.steps));
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
