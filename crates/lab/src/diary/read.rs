//! The reading of diaries and logs: their separators, headings and times.
//!
//! It must never know what a log is used for.

use std::collections::BTreeMap;
use std::path::Path;

use analysis::report::Span;
use analysis::series::DAY_S;
use import::recording::stamps::{self, Stamps};
use import::spreadsheet;

use super::{Kind, Log, LogError, When};

/// Lines that a log may have.
pub(super) const LINES_MAX: usize = 1_000_000;

/// Bytes that a log may have: a million lines of sixty.
pub(super) const BYTES_MAX: u64 = 64 << 20;

/// Nights and days that a wide log may have.
const NIGHTS_MAX: i64 = 400;

/// Headings, in lower case.
const RECORDING: [&str; 12] = [
    "recording",
    "id",
    "subject_id",
    "file",
    "filename",
    "subject",
    "participant",
    "participant_id",
    "pid",
    "record_id",
    "name",
    "code",
];
const KIND: [&str; 2] = ["type", "kind"];
const START: [&str; 14] = [
    "start",
    "start_time",
    "in_bed",
    "bed",
    "bedtime",
    "bed_time",
    "inbed",
    "sleep_start",
    "sleep_onset",
    "onset",
    "lights_out",
    "lights_off",
    "begin",
    "from",
];
const END: [&str; 16] = [
    "end",
    "stop_time",
    "end_time",
    "stop",
    "out_of_bed",
    "outbed",
    "wake",
    "wakeup",
    "wake_up",
    "wake_time",
    "got_up",
    "get_up",
    "sleep_end",
    "lights_on",
    "to",
    "until",
];

const DATE: [&str; 2] = ["date", "day_date"];
const DAY: [&str; 4] = ["day", "day_type", "type", "kind"];

/// What programs and people write where they know no time.
const MISSING: [&str; 7] = ["", "na", "n/a", "nan", "-", "null", "none"];

/// Lines in which the heading is sought: people write who it was, and when, above it.
const HEADING_WITHIN: usize = 20;

/// What a table is to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Table {
    Diary,
    Periods,
    Calendar,
}

/// Reads a sleep diary: `recording` (may be left out for a single recording), `type` (`night`, `nap`,
/// `nowear`, `active`; without the column every line is a night), `start` and `end`; or the wide logs of GGIR.
pub fn read_diary(path: &Path) -> Result<Log, LogError> {
    read(path, Table::Diary)
}

/// Reads a log of the part of each recording that is to be used: `recording`, `start` and `end`.
pub fn read_periods(path: &Path) -> Result<Log, LogError> {
    read(path, Table::Periods)
}

/// Reads a calendar of work and free days: `recording` (may be left out for a single recording), `date` and `day`
/// (`work` or `free`).
pub fn read_calendar(path: &Path) -> Result<Log, LogError> {
    read(path, Table::Calendar)
}

/// A log while it is read.
struct Reading<'a> {
    path: &'a Path,
    table: Table,
    headings: Vec<String>,
    /// Whose table it is, where a line above the heading says so.
    person: Option<String>,
    stamps: Stamps,
    dated: Vec<Dated>,
    log: Log,
}

/// An entry whose dates are not known yet: places in the list of times, and seconds after them.
struct Dated {
    line: u64,
    name: Option<String>,
    kind: Kind,
    from: (usize, i64),
    until: (usize, i64),
}

fn read(path: &Path, table: Table) -> Result<Log, LogError> {
    let text = text_of(path)?;
    let separators = [b'\t', b';', b','];
    let separator = text.lines().find_map(|line| {
        let mut known = separators.into_iter();
        known.find(|separator| line.as_bytes().contains(separator))
    });
    let refused = |source| LogError::Table {
        path: path.to_owned(),
        source,
    };
    let mut lines = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .flexible(true)
        .has_headers(false)
        .delimiter(separator.unwrap_or(b','))
        .from_reader(text.as_bytes());
    let mut reading = Reading {
        path,
        table,
        headings: Vec::new(),
        person: None,
        stamps: Stamps::default(),
        dated: Vec::new(),
        log: Log::default(),
    };
    let mut shape: Result<Shape, LogError> = Err(reading.missing("start"));
    for (index, line) in lines.records().enumerate() {
        if index >= LINES_MAX {
            return Err(LogError::TooLong(path.to_owned()));
        }
        let line = line.map_err(refused)?;
        if line.iter().all(str::is_empty) {
            continue;
        }
        match &shape {
            Ok(shape) => {
                let number = line.position().map_or(0, csv::Position::line);
                let cell = |column: usize| line.get(column).unwrap_or_default();
                reading.take(shape, number, &cell)?;
            }
            Err(_) if index < HEADING_WITHIN => shape = reading.begin(&line, shape)?,
            Err(_) => break,
        }
    }
    shape?;
    reading.finish()
}

/// The text of a log: that of a spreadsheet's first table, UTF-8, or else Latin-1.
fn text_of(path: &Path) -> Result<String, LogError> {
    let refused = |source| LogError::Read {
        path: path.to_owned(),
        source,
    };
    let length = std::fs::metadata(path).map_err(refused)?.len();
    if length > BYTES_MAX {
        return Err(LogError::TooLarge(path.to_owned()));
    }
    let bytes = std::fs::read(path).map_err(refused)?;
    if spreadsheet::is_one(&bytes) {
        return spreadsheet::text(bytes).map_err(|source| LogError::Spreadsheet {
            path: path.to_owned(),
            source,
        });
    }
    let text = String::from_utf8(bytes).unwrap_or_else(|error| {
        error
            .as_bytes()
            .iter()
            .map(|byte| char::from(*byte))
            .collect()
    });
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

/// Where a time stands.
enum At {
    /// Date and time in one column.
    Stamp(usize),
    /// A column for each.
    Apart { date: usize, time: usize },
}

/// How a log is laid out.
enum Shape {
    /// An entry in each line.
    Long {
        recording: Option<usize>,
        kind: Option<usize>,
        start: At,
        end: At,
    },
    /// A day in each line, and whether it was one of work.
    Calendar {
        recording: Option<usize>,
        date: usize,
        day: usize,
    },
    /// A recording in each line; nights by number, each with the columns of its onset and wakeup.
    Nights { nights: BTreeMap<i64, [usize; 2]> },
    /// A recording in each line; days with the columns of their date, wakeup, and the time in bed of their evening.
    Days {
        days: BTreeMap<i64, [Option<usize>; 3]>,
    },
}

impl Reading<'_> {
    /// What a line before the first entry says: the heading, or whose table it is.
    fn begin(
        &mut self,
        line: &csv::StringRecord,
        before: Result<Shape, LogError>,
    ) -> Result<Result<Shape, LogError>, LogError> {
        let heading = |cell: &str| cell.to_lowercase().replace(' ', "_");
        self.headings = line.iter().map(heading).collect();
        match self.shape() {
            Err(LogError::Column { names, .. }) => {
                let mut cells = line.iter().filter(|cell| !cell.is_empty());
                let (name, person) = (cells.next().map(heading), cells.next());
                if cells.next().is_none() && RECORDING.contains(&name.unwrap_or_default().as_str())
                {
                    self.person = person.map(str::to_lowercase).or(self.person.take());
                }
                // The line that has most of a heading says best what is missing.
                let better = names != "start" && names != "date";
                Ok(if better {
                    Err(self.missing(names))
                } else {
                    before
                })
            }
            Err(other) => Err(other),
            found => Ok(found),
        }
    }

    fn position(&self, names: &[&str]) -> Option<usize> {
        let is_named = |heading: &String| names.contains(&heading.as_str());
        self.headings.iter().position(is_named)
    }

    fn missing(&self, names: &'static str) -> LogError {
        LogError::Column {
            path: self.path.to_owned(),
            names,
        }
    }

    fn shape(&self) -> Result<Shape, LogError> {
        if self.table == Table::Calendar {
            return Ok(Shape::Calendar {
                recording: self.position(&RECORDING),
                date: self.position(&DATE).ok_or(self.missing("date"))?,
                day: self.position(&DAY).ok_or(self.missing("day"))?,
            });
        }
        let position = |names: &[&str]| self.position(names);
        let is_diary = self.table == Table::Diary;
        if position(&["mask", "masks"]).is_some() {
            return Err(LogError::Kind {
                path: self.path.to_owned(),
                message: "this is a mask log: its spans are to be left out of a recording, not used; give them as a \
                          diary with the columns recording, type (nowear), start and end",
            });
        }
        let numbered = |begin: &str| self.numbered(begin, "");
        let (onsets, wakeups) = (numbered("onset_n"), numbered("wakeup_n"));
        if is_diary && !onsets.is_empty() {
            let pair =
                |(night, onset): (&i64, &usize)| Some((*night, [*onset, *wakeups.get(night)?]));
            return Ok(Shape::Nights {
                nights: onsets.iter().filter_map(pair).collect(),
            });
        }
        let dates = self.numbered("d", "_date");
        if is_diary && !dates.is_empty() {
            let (wakeups, beds) = (self.numbered("d", "_wakeup"), self.numbered("d", "_inbed"));
            let onsets = self.numbered("d", "_onset");
            let day = |(day, date): (&i64, &usize)| {
                let bed = beds.get(day).or_else(|| onsets.get(day));
                (*day, [Some(*date), wakeups.get(day).copied(), bed.copied()])
            };
            return Ok(Shape::Days {
                days: dates.iter().map(day).collect(),
            });
        }
        let apart = |date: &[&str], time: &[&str]| {
            Some(At::Apart {
                date: position(date)?,
                time: position(time)?,
            })
        };
        let start = apart(&["start_date", "date_start"], &["start_time", "time_start"]);
        let end = apart(
            &["end_date", "stop_date", "date_end"],
            &["end_time", "stop_time", "time_end"],
        );
        let stamp = |names: &[&str]| position(names).map(At::Stamp);
        Ok(Shape::Long {
            recording: position(&RECORDING),
            kind: position(&KIND),
            start: start
                .or_else(|| stamp(&START))
                .ok_or(self.missing("start"))?,
            end: end.or_else(|| stamp(&END)).ok_or(self.missing("end"))?,
        })
    }

    /// Columns whose heading is a number between two texts.
    fn numbered(&self, begin: &str, end: &str) -> BTreeMap<i64, usize> {
        let number = |heading: &String| {
            let number: i64 = heading
                .strip_prefix(begin)?
                .strip_suffix(end)?
                .parse()
                .ok()?;
            (1..=NIGHTS_MAX).contains(&number).then_some(number)
        };
        let headings = self.headings.iter().enumerate();
        headings
            .filter_map(|(index, heading)| Some((number(heading)?, index)))
            .collect()
    }

    fn take<'t>(
        &mut self,
        shape: &Shape,
        line: u64,
        cell: &dyn Fn(usize) -> &'t str,
    ) -> Result<(), LogError> {
        match shape {
            Shape::Long {
                recording,
                kind,
                start,
                end,
            } => {
                let kind = if self.table == Table::Periods {
                    Some(Kind::Used)
                } else {
                    kind_of(kind.map(cell).unwrap_or_default())
                        .map_err(|message| self.wrong(line, message))?
                };
                let Some(kind) = kind else { return Ok(()) };
                let from = self.time(line, start, cell)?;
                let until = self.time(line, end, cell)?;
                let (Some(from), Some(until)) = (from, until) else {
                    self.log.without.push(line);
                    return Ok(());
                };
                self.dated.push(Dated {
                    line,
                    name: self.name(recording.map(cell)),
                    kind,
                    from: (from, 0),
                    until: (until, 0),
                });
                Ok(())
            }
            Shape::Calendar {
                recording,
                date,
                day,
            } => {
                let (text, day) = (cell(*date), cell(*day));
                if is_missing(text) || is_missing(day) {
                    self.log.without.push(line);
                    return Ok(());
                }
                let kind = day_of(day).map_err(|message| self.wrong(line, message))?;
                let midnight = self.midnight(line, text)?;
                self.dated.push(Dated {
                    line,
                    name: self.name(recording.map(cell)),
                    kind,
                    from: (midnight, 0),
                    until: (midnight, i64::from(DAY_S)),
                });
                Ok(())
            }
            Shape::Nights { nights } => self.take_nights(line, nights, cell),
            Shape::Days { days } => self.take_days(line, days, cell),
        }
    }

    /// The recording of a line: its own, else that of the table.
    fn name(&self, cell: Option<&str>) -> Option<String> {
        let own = cell.filter(|name| !name.is_empty()).map(str::to_lowercase);
        own.or_else(|| self.person.clone())
    }

    /// The place of a date; a spreadsheet adds a time of day to it.
    fn midnight(&mut self, line: u64, text: &str) -> Result<usize, LogError> {
        let date = text.split([' ', 'T']).next().unwrap_or(text);
        self.stamps
            .add_apart(date, "00:00")
            .ok_or_else(|| self.wrong(line, format!("{text:?} is no date such as 2026-03-01")))
    }

    /// A line of numbered nights: times of day, from noon to noon.
    fn take_nights<'t>(
        &mut self,
        line: u64,
        nights: &BTreeMap<i64, [usize; 2]>,
        cell: &dyn Fn(usize) -> &'t str,
    ) -> Result<(), LogError> {
        let name = cell(0).to_lowercase();
        for (number, [onset, wakeup]) in nights {
            let (onset, wakeup) = (cell(*onset), cell(*wakeup));
            if is_missing(onset) || is_missing(wakeup) {
                continue;
            }
            let from_s = self.after_noon(line, onset)?;
            let mut until_s = self.after_noon(line, wakeup)?;
            if until_s <= from_s {
                until_s += i64::from(DAY_S);
            }
            let when = When::Night {
                number: *number,
                from_s,
                until_s,
            };
            self.log
                .entries
                .entry(name.clone())
                .or_default()
                .push((Kind::Bed, when));
        }
        Ok(())
    }

    fn after_noon(&self, line: u64, text: &str) -> Result<i64, LogError> {
        let second = stamps::time_of_day(text)
            .ok_or_else(|| self.wrong(line, format!("{text:?} is no time of day")))?;
        let day_s = i64::from(DAY_S);
        Ok((second - day_s / 2).rem_euclid(day_s))
    }

    /// A line of dated days: the time in bed of an evening and the wakeup of the day after.
    fn take_days<'t>(
        &mut self,
        line: u64,
        days: &BTreeMap<i64, [Option<usize>; 3]>,
        cell: &dyn Fn(usize) -> &'t str,
    ) -> Result<(), LogError> {
        let name = cell(0).to_lowercase();
        for (day, [date, _, bed]) in days {
            let next = days.get(&(day + 1)).and_then(|[_, wakeup, _]| *wakeup);
            let (Some(date), Some(bed), Some(wakeup)) = (*date, *bed, next) else {
                continue;
            };
            let (date, bed, wakeup) = (cell(date), cell(bed), cell(wakeup));
            if [date, bed, wakeup].into_iter().any(is_missing) {
                continue;
            }
            let (from_s, until_s) = (self.after_noon(line, bed)?, self.after_noon(line, wakeup)?);
            let noon = self.stamps.add_apart(date, "12:00").ok_or_else(|| {
                self.wrong(line, format!("{date:?} is no date such as 2026-03-01"))
            })?;
            let more_s = if until_s <= from_s {
                i64::from(DAY_S)
            } else {
                0
            };
            self.dated.push(Dated {
                line,
                name: Some(name.clone()),
                kind: Kind::Bed,
                from: (noon, from_s),
                until: (noon, until_s + more_s),
            });
        }
        Ok(())
    }

    /// The place of a time in the list, or `None` where the line has none.
    fn time<'t>(
        &mut self,
        line: u64,
        at: &At,
        cell: &dyn Fn(usize) -> &'t str,
    ) -> Result<Option<usize>, LogError> {
        let (place, text) = match *at {
            At::Stamp(column) => {
                let text = cell(column);
                if is_missing(text) {
                    return Ok(None);
                }
                (self.stamps.add(text), text.to_owned())
            }
            At::Apart { date, time } => {
                let (date, time) = (cell(date), cell(time));
                if is_missing(date) || is_missing(time) {
                    return Ok(None);
                }
                (self.stamps.add_apart(date, time), format!("{date} {time}"))
            }
        };
        let wrong = || format!("{text:?} is no date and time such as 2026-03-01T22:30:00");
        place.map(Some).ok_or_else(|| self.wrong(line, wrong()))
    }

    fn wrong(&self, line: u64, message: String) -> LogError {
        LogError::Line {
            path: self.path.to_owned(),
            line,
            message,
        }
    }

    /// Puts all entries on the dates that they turned out to have.
    fn finish(mut self) -> Result<Log, LogError> {
        let settled = std::mem::take(&mut self.stamps).settle();
        if settled.is_guessed {
            return Err(LogError::Kind {
                path: self.path.to_owned(),
                message: "no date tells day from month; write dates such as 2026-03-01",
            });
        }
        for entry in std::mem::take(&mut self.dated) {
            let at = |(place, more_s): (usize, i64)| {
                let second = settled.seconds.get(place).copied().flatten();
                let none = || "the date is none in the order of the other dates".to_owned();
                second
                    .map(|second| second + more_s)
                    .ok_or_else(|| self.wrong(entry.line, none()))
            };
            let (from_s, until_s) = (at(entry.from)?, at(entry.until)?);
            if until_s <= from_s {
                return Err(self.wrong(entry.line, "the end is not after the start".to_owned()));
            }
            let said = (entry.kind, When::Dated(Span { from_s, until_s }));
            match entry.name {
                None => self.log.anybody.push(said),
                Some(name) => self.log.entries.entry(name).or_default().push(said),
            }
        }
        Ok(self.log)
    }
}

fn is_missing(text: &str) -> bool {
    MISSING.contains(&text.to_lowercase().as_str())
}

fn kind_of(word: &str) -> Result<Option<Kind>, String> {
    match word.to_lowercase().as_str() {
        "" | "night" | "nap" => Ok(Some(Kind::Bed)),
        "nowear" | "nonwear" => Ok(Some(Kind::NotWorn)),
        "active" => Ok(None),
        other => Err(format!("{other:?} is none of night, nap, nowear, active")),
    }
}

fn day_of(word: &str) -> Result<Kind, String> {
    match word.to_lowercase().as_str() {
        "work" | "workday" | "working" | "school" | "shift" => Ok(Kind::Work),
        "free" | "off" | "holiday" | "weekend" | "vacation" => Ok(Kind::Free),
        other => Err(format!("{other:?} is none of work and free")),
    }
}
