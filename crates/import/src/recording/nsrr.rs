//! Epochs of the National Sleep Research Resource (MESA, HCHS/SOL): Actiwatch Spectrum, without dates.
//!
//! *Structure* (documented): CSV with `mesaid` or `pid`, the number of the `line`, the time of day (`linetime` or
//! `time`), `dayofweek` (1 is Sunday), `offwrist`, `activity`, `marker`, lights, `wake` and `interval`. Lines are
//! numbered through the recording, also where days were left out (documented), so that the number says where a row
//! stands.
//!
//! *Units*: as in the exports of Actiware: counts, lux, µW/cm²; wake 1 is awake, off-wrist 1 is not worn.
//!
//! *Time*: dates are invented and the header says so: the first row of each person stands on its weekday in the week
//! of Sunday, 2000-01-02. A row whose time of day is not that of its number is lost.

use std::io::Read;

use rustc_hash::FxHashMap;

use super::error::Error;
use super::lines::{Line, Lines};
use super::options::Options;
use super::people::Subject;
use super::rpx;
use super::stamp::{self, DAY_S};
use super::table::{self, Field, Reading};
use super::{Content, Header, Member, Quantity, Recording};

/// Name of the format.
pub(crate) const NAME: &str = "nsrr";

/// Length of an epoch, seconds (documented).
const EPOCH_S: u32 = 30;

/// Columns and what they hold.
const COLUMNS: &[(&str, &str, Quantity, &str)] = &[
    ("activity", "activity", Quantity::Activity, "{count}"),
    ("offwrist", "off_wrist", Quantity::WearSensor, "1"),
    ("marker", "event", Quantity::Event, "{event}"),
    ("whitelight", "light", Quantity::Light, "lx"),
    ("redlight", "light_red", Quantity::LightBand, "uW/cm2"),
    ("greenlight", "light_green", Quantity::LightBand, "uW/cm2"),
    ("bluelight", "light_blue", Quantity::LightBand, "uW/cm2"),
    ("wake", "wake", Quantity::DeviceScore, "1"),
    ("interval", "interval_status", Quantity::Other, "1"),
];

/// Where a row says when it was.
#[derive(Debug, Clone, Copy)]
struct Places {
    line: usize,
    clock: usize,
    weekday: usize,
}

impl Places {
    fn of(cells: &[String]) -> Option<Self> {
        let position = |name: &str| cells.iter().position(|cell| cell == name);
        position("activity")?;
        position("offwrist")?;
        Some(Self {
            line: position("line")?,
            clock: position("linetime").or_else(|| position("time"))?,
            weekday: position("dayofweek")?,
        })
    }
}

fn lower(line: &str) -> Vec<String> {
    let cells = table::split(line, ',');
    cells.iter().map(|cell| cell.to_lowercase()).collect()
}

/// Whether the first line is the heading.
pub(crate) fn is_meant(head: &[u8]) -> bool {
    let line = head
        .split(|byte| matches!(byte, b'\r' | b'\n'))
        .next()
        .unwrap_or_default();
    Places::of(&lower(&String::from_utf8_lossy(line))).is_some()
}

/// Reads a file.
pub(crate) fn read(input: &mut dyn Read, options: &Options<'_>) -> Result<Content, Error> {
    let mut lines = Lines::new(input);
    let Some(Line { text, .. }) = lines.next_line()? else {
        return Err(Error::Empty { format: NAME });
    };
    let headings = lower(&text);
    let Some(places) = Places::of(&headings) else {
        let message =
            "expected the columns line, linetime or time, dayofweek, offwrist and activity";
        return Err(table::malformed(NAME, lines.spot(), message));
    };
    let subject = Subject::of(&table::split(&text, ','));
    let epoch_s = options.epoch_s.unwrap_or(EPOCH_S);
    let mut fields = Vec::new();
    for (heading, name, quantity, unit) in COLUMNS {
        let Some(index) = headings.iter().position(|cell| cell == heading) else {
            continue;
        };
        let mut field = Field::new(index, *name, *quantity, unit);
        if *heading == "interval" {
            field.reading = Reading::Words(rpx::status);
        }
        fields.push(field);
    }
    let mut numbered = Numbered {
        places,
        epoch_s: i64::from(epoch_s),
        person: subject.as_ref().map(|subject| subject.index),
        offsets: FxHashMap::default(),
    };
    let people = table::read_numbered(
        NAME,
        (fields, subject.clone(), epoch_s),
        lines,
        &mut |cells| numbered.second(cells),
    )?;
    let members = people.into_iter().map(|(number, rows)| {
        let recording = Recording {
            header: Header {
                format: NAME,
                has_invented_dates: true,
                ..Header::default()
            },
            channels: rows.channels,
            damages: rows.damages,
        };
        Member { number, recording }
    });
    table::content(NAME, subject, members.collect())
}

/// Says when rows were by their numbers.
struct Numbered {
    places: Places,
    epoch_s: i64,
    person: Option<usize>,
    /// Local civil second of line 0 of each person.
    offsets: FxHashMap<String, i64>,
}

impl Numbered {
    fn second(&mut self, cells: &[&str]) -> Option<i64> {
        let cell = |index: usize| cells.get(index).copied();
        let line = stamp::figure(cell(self.places.line)?, 8)?;
        let clock = stamp::time_of_day(cell(self.places.clock)?)?;
        let behind = line * self.epoch_s;
        let person = self.person.and_then(cell).unwrap_or_default();
        let offset_s = if let Some(offset_s) = self.offsets.get(person) {
            *offset_s
        } else {
            let weekday = stamp::figure(cell(self.places.weekday)?, 1)?;
            let sunday = stamp::day_number(2000, 1, 2)?;
            let day = (1..=7).contains(&weekday).then_some(sunday + weekday - 1)?;
            let offset_s = day * DAY_S + clock - behind;
            self.offsets.insert(person.to_owned(), offset_s);
            offset_s
        };
        let second = offset_s + behind;
        (second.rem_euclid(DAY_S) == clock.rem_euclid(DAY_S)).then_some(second)
    }
}
