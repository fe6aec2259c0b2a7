//! Reads what people write beside recordings: sleep diaries and logs of the part to be used.
//!
//! Both are CSV with a heading. A name stands for the recordings whose file is called so, with or without
//! its extensions. It must never guess a date: a line that cannot be read is an error with its number.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use analysis::report::Span;
use jiff::civil::DateTime;

/// Lines that a log may have.
const LINES_MAX: usize = 1_000_000;
/// Extensions taken off a file's name one after the other (`night.csv.gz`).
const EXTENSIONS: usize = 2;

/// Why a log was refused.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// It could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: csv::Error,
    },
    /// A column is not there.
    #[error("{} has no column {names}", path.display())]
    Column {
        /// Which file.
        path: PathBuf,
        /// What it may be called.
        names: &'static str,
    },
    /// A line is not what it should be.
    #[error("{}, line {line}: {message}", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Counted from 1.
        line: u64,
        /// What is wrong.
        message: String,
    },
    /// There are too many lines.
    #[error("{} has more than {LINES_MAX} lines", .0.display())]
    TooLong(PathBuf),
}

/// What a line of a diary says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// In bed: a night or a nap.
    Bed,
    /// The device was taken off.
    NotWorn,
    /// The part of the recording to be used.
    Used,
}

/// A log by recording.
#[derive(Debug, Default)]
pub struct Log {
    entries: HashMap<String, Vec<(Kind, Span)>>,
    anybody: Vec<(Kind, Span)>,
}

impl Log {
    /// Entries of a recording, in the order of their lines.
    pub fn of(&self, path: &Path, kind: Kind) -> Vec<Span> {
        let mut found: Vec<Span> = Vec::new();
        let lists = names(path).into_iter();
        let lists = lists.filter_map(|name| self.entries.get(&name.to_lowercase()));
        for list in lists.chain(std::iter::once(&self.anybody)) {
            found.extend(
                list.iter()
                    .filter(|entry| entry.0 == kind)
                    .map(|entry| entry.1),
            );
        }
        found
    }

    /// Whether the log names its recordings.
    pub const fn has_names(&self) -> bool {
        self.anybody.is_empty()
    }
}

/// The names under which a file may be listed: as it is, and without its extensions.
pub fn names(path: &Path) -> Vec<String> {
    let mut name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let mut names = vec![path.to_string_lossy().into_owned(), name.clone()];
    for _ in 0..EXTENSIONS {
        let Some((stem, _)) = name.rsplit_once('.') else {
            break;
        };
        name = stem.to_owned();
        names.push(name.clone());
    }
    names.dedup();
    names
}

/// Reads a sleep diary: `recording` (may be left out for a single recording), `type` (`night`, `nap`,
/// `nowear`, `active`; without the column every line is a night), `start` and `end`.
pub fn read_diary(path: &Path) -> Result<Log, LogError> {
    read(path, None)
}

/// Reads a log of the part of each recording that is to be used: `recording`, `start` and `end`.
pub fn read_periods(path: &Path) -> Result<Log, LogError> {
    read(path, Some(Kind::Used))
}

fn read(path: &Path, only: Option<Kind>) -> Result<Log, LogError> {
    let refused = |source| LogError::Read {
        path: path.to_owned(),
        source,
    };
    let mut lines = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .flexible(true)
        .from_path(path)
        .map_err(refused)?;
    let headings = lines.headers().map_err(refused)?.clone();
    let column = |names: &[&str]| {
        headings.iter().position(|heading| {
            let heading = heading.trim_start_matches('\u{feff}').to_lowercase();
            names.contains(&heading.as_str())
        })
    };
    let missing = |names| LogError::Column {
        path: path.to_owned(),
        names,
    };
    let recording = column(&["recording", "id", "subject_id", "file", "subject"]);
    let kind = column(&["type", "kind"]);
    let start = column(&["start", "start_time", "in_bed", "bed"]).ok_or(missing("start"))?;
    let end = column(&["end", "stop_time", "stop", "out_of_bed", "wake"]).ok_or(missing("end"))?;
    let mut log = Log::default();
    for (index, line) in lines.records().enumerate() {
        if index >= LINES_MAX {
            return Err(LogError::TooLong(path.to_owned()));
        }
        let line = line.map_err(refused)?;
        let number = line.position().map_or(0, csv::Position::line);
        let wrong = |message: String| LogError::Line {
            path: path.to_owned(),
            line: number,
            message,
        };
        let cell = |column: Option<usize>| column.and_then(|column| line.get(column)).unwrap_or("");
        let kind = match only {
            Some(kind) => Some(kind),
            None => kind_of(cell(kind)).map_err(wrong)?,
        };
        let from_s = time(cell(Some(start))).map_err(wrong)?;
        let until_s = time(cell(Some(end))).map_err(wrong)?;
        if until_s <= from_s {
            return Err(wrong("the end is not after the start".to_owned()));
        }
        let Some(kind) = kind else { continue };
        let entry = (kind, Span { from_s, until_s });
        match cell(recording) {
            "" => log.anybody.push(entry),
            name => log
                .entries
                .entry(name.to_lowercase())
                .or_default()
                .push(entry),
        }
    }
    Ok(log)
}

fn kind_of(word: &str) -> Result<Option<Kind>, String> {
    match word.to_lowercase().as_str() {
        "" | "night" | "nap" => Ok(Some(Kind::Bed)),
        "nowear" | "nonwear" => Ok(Some(Kind::NotWorn)),
        "active" => Ok(None),
        other => Err(format!("{other:?} is none of night, nap, nowear, active")),
    }
}

fn time(text: &str) -> Result<i64, String> {
    let text = text.trim().replacen(' ', "T", 1);
    let time: DateTime = text
        .parse()
        .map_err(|_| format!("{text:?} is no date and time such as 2026-03-01T22:30:00"))?;
    let zoned = time
        .to_zoned(jiff::tz::TimeZone::UTC)
        .map_err(|_| format!("{text:?} lies beyond the calendar"))?;
    Ok(zoned.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(text: &str, read: fn(&Path) -> Result<Log, LogError>) -> Result<Log, LogError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log.csv");
        std::fs::write(&path, text).expect("a file");
        read(&path)
    }

    #[test]
    fn a_diary_names_its_recordings() {
        let text = "Recording,type,start,end\n\
                    a,night,2020-01-01 23:00,2020-01-02T07:00:00\n\
                    A.csv,NOWEAR,2020-01-02T12:00,2020-01-02T13:00\n\
                    b,active,2020-01-02T12:00,2020-01-02T13:00\n";
        let log = log(text, read_diary).expect("a diary");
        let of = |name: &str, kind| log.of(Path::new(name), kind).len();
        assert_eq!(of("there/a.csv.gz", Kind::Bed), 1);
        assert_eq!(of("there/a.csv.gz", Kind::NotWorn), 1);
        assert_eq!(of("there/b.csv", Kind::Bed), 0);
        assert!(log.has_names());
    }

    #[test]
    fn a_line_that_cannot_be_read_is_told_with_its_number() {
        let check = |text: &str, expect: &str| {
            let refused = log(text, read_diary).expect_err("refused").to_string();
            assert!(refused.contains(expect), "{refused}");
        };
        check("recording,start\n", "no column end");
        check("start,end\n2020-01-01 23:00,later\n", "line 2: \"later\"");
        check(
            "start,end\n2020-01-01 23:00,2020-01-01 22:00\n",
            "line 2: the end",
        );
        check(
            "type,start,end\nparty,2020-01-01 23:00,2020-01-02 22:00\n",
            "line 2: \"party\"",
        );
    }
}
