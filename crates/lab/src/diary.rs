//! Reads what people write beside recordings: sleep diaries, logs of the part to be used, and calendars of work.
//!
//! All are tables with a heading, cut by commas, semicolons or tabs, or the first table of a spreadsheet. A name stands for the recordings whose file is
//! called so, with or without its extensions, or for a person of a file that holds several. It must never guess a
//! date: a line that cannot be read is an error with its number; a line without its start or end is left out and
//! told.

mod read;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use analysis::report::{Span, column};
use analysis::rhythm::timing;
use analysis::series::DAY_S;
use jiff::civil::Date;

pub use self::read::{read_calendar, read_diary, read_periods};

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
        source: std::io::Error,
    },
    /// It is no table.
    #[error("cannot read {}", path.display())]
    Table {
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
    /// It is a log of another kind.
    #[error("{}: {message}", path.display())]
    Kind {
        /// Which file.
        path: PathBuf,
        /// What it is, and what to do.
        message: &'static str,
    },
    /// It is a spreadsheet that cannot be read.
    #[error("cannot read {}", path.display())]
    Spreadsheet {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: import::spreadsheet::Refused,
    },
    /// There are too many lines.
    #[error("{} has more than {} lines", .0.display(), read::LINES_MAX)]
    TooLong(PathBuf),
    /// It is larger than any log.
    #[error("{} is larger than {} bytes", .0.display(), read::BYTES_MAX)]
    TooLarge(PathBuf),
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
    /// A day of work or school.
    Work,
    /// A day without.
    Free,
}

/// When something was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// From one local second until another.
    Dated(Span),
    /// In a night of the recording, counted from 1 and from noon to noon: seconds after the noon before it.
    Night {
        number: i64,
        from_s: i64,
        until_s: i64,
    },
}

impl When {
    fn span(self, start_s: i64) -> Span {
        let day_s = i64::from(DAY_S);
        match self {
            Self::Dated(span) => span,
            Self::Night {
                number,
                from_s,
                until_s,
            } => {
                let first_noon_s = (start_s - day_s / 2).div_euclid(day_s) * day_s + day_s / 2;
                let noon_s = first_noon_s + (number - 1) * day_s;
                Span {
                    from_s: noon_s + from_s,
                    until_s: noon_s + until_s,
                }
            }
        }
    }
}

/// A log by recording.
#[derive(Debug, Default)]
pub struct Log {
    entries: BTreeMap<String, Vec<(Kind, When)>>,
    anybody: Vec<(Kind, When)>,
    /// Lines without a start or an end.
    without: Vec<u64>,
}

/// Whose entries of a log are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Whose<'a> {
    /// The file.
    pub path: &'a Path,
    /// The person, in a file that holds several.
    pub member: Option<&'a str>,
    /// Local second at which the recording begins.
    pub start_s: i64,
}

impl Log {
    /// Entries of a recording, in the order of their lines.
    pub fn of(&self, whose: Whose<'_>, kind: Kind) -> Vec<Span> {
        let mut found: Vec<Span> = Vec::new();
        let names = names_of(whose.path, whose.member);
        let lists = names.iter().filter_map(|name| self.entries.get(name));
        for list in lists.chain(std::iter::once(&self.anybody)) {
            let wanted = list.iter().filter(|entry| entry.0 == kind);
            found.extend(wanted.map(|entry| entry.1.span(whose.start_s)));
        }
        found
    }

    /// The days that a calendar names for a recording.
    pub fn days(&self, whose: Whose<'_>) -> Vec<(Date, timing::Kind)> {
        let of = |kind, as_kind| {
            let spans = self.of(whose, kind).into_iter();
            spans.map(move |span| (column::civil(span.from_s).date(), as_kind))
        };
        of(Kind::Work, timing::Kind::Work)
            .chain(of(Kind::Free, timing::Kind::Free))
            .collect()
    }

    /// Whether the log names its recordings.
    pub const fn has_names(&self) -> bool {
        self.anybody.is_empty()
    }

    /// Whether it has an entry for a recording.
    pub fn knows(&self, path: &Path, member: Option<&str>) -> bool {
        let names = names_of(path, member);
        !self.anybody.is_empty() || names.iter().any(|name| self.entries.contains_key(name))
    }

    /// Whether nothing stands in it.
    pub fn is_empty(&self) -> bool {
        self.anybody.is_empty() && self.entries.is_empty()
    }

    /// The names that stand for none of these files; people of a file may have them.
    pub fn beyond(&self, files: &[PathBuf]) -> Vec<&str> {
        let known: std::collections::BTreeSet<String> =
            files.iter().flat_map(|path| names_of(path, None)).collect();
        let names = self.entries.keys().map(String::as_str);
        names.filter(|name| !known.contains(*name)).collect()
    }

    /// Lines that were left out, for they have no start or no end.
    pub fn without(&self) -> &[u64] {
        &self.without
    }

    /// All that is said under some names, to tell whether it has changed.
    pub fn said<'a>(&self, names: impl Iterator<Item = &'a str>) -> String {
        let lists = names.filter_map(|name| Some((name, self.entries.get(name)?)));
        let named: Vec<_> = lists.collect();
        format!("{named:?} {:?}", self.anybody)
    }

    /// All that is said about a file.
    pub fn said_of(&self, path: &Path) -> String {
        let names = names_of(path, None);
        self.said(names.iter().map(String::as_str))
    }
}

/// The names, in lower case, under which a recording may be listed.
fn names_of(path: &Path, member: Option<&str>) -> Vec<String> {
    let names = match member {
        Some(member) => vec![member.to_owned(), crate::load::name(path, Some(member))],
        None => names(path),
    };
    names.iter().map(|name| name.to_lowercase()).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn log(text: &str, read: fn(&Path) -> Result<Log, LogError>) -> Result<Log, LogError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log.csv");
        std::fs::write(&path, text).expect("a file");
        read(&path)
    }

    fn second(text: &str) -> i64 {
        let time: jiff::civil::DateTime = text.parse().expect("a time");
        let zoned = time.to_zoned(jiff::tz::TimeZone::UTC).expect("in range");
        zoned.timestamp().as_second()
    }

    fn whose(path: &str) -> Whose<'_> {
        Whose {
            path: Path::new(path),
            member: None,
            start_s: second("2026-03-01T09:00:00"),
        }
    }

    #[test]
    fn a_diary_names_its_recordings() {
        let text = "Recording,type,start,end\n\
                    a,night,2020-01-01 23:00,2020-01-02T07:00:00\n\
                    A.csv,NOWEAR,2020-01-02T12:00,2020-01-02T13:00\n\
                    b,active,2020-01-02T12:00,2020-01-02T13:00\n";
        let log = log(text, read_diary).expect("a diary");
        let of = |name: &str, kind| log.of(whose(name), kind).len();
        assert_eq!(of("there/a.csv.gz", Kind::Bed), 1);
        assert_eq!(of("there/a.csv.gz", Kind::NotWorn), 1);
        assert_eq!(of("there/b.csv", Kind::Bed), 0);
        assert!(log.has_names());
        assert!(
            log.beyond(&["x/a.csv".into()]).is_empty(),
            "b is awake only"
        );
        assert_eq!(log.beyond(&["x/c.csv".into()]), ["a", "a.csv"]);
        let member = Whose {
            member: Some("A"),
            ..whose("both.csv")
        };
        assert_eq!(log.of(member, Kind::Bed).len(), 1);
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        let from = second("2026-03-01T22:30:00");
        let until = second("2026-03-14T07:05:00");
        for text in [
            "recording;bedtime;wake\na;01.03.2026 22:30;14.03.2026 07:05\n",
            "recording;bedtime;wake\na;01/03/2026 22:30;14/03/2026 07:05\n",
            "id\tlights_out\tgot_up\na\t3/1/26 10:30 PM\t3/14/26 7:05 AM\n",
            "record_id,redcap_event_name,sleep_onset,wakeup\na,day_1,2026-03-01 22:30,2026-03-14 07:05\n",
            "id,start_date,start_time,end_date,end_time\na,2026-03-01,22:30,2026-03-14,07:05:00\n",
        ] {
            let log = log(text, read_periods).unwrap_or_else(|error| panic!("{text}: {error}"));
            let spans = log.of(whose("a.csv"), Kind::Used);
            assert_eq!(spans.len(), 1, "{text}");
            assert_eq!((spans[0].from_s, spans[0].until_s), (from, until), "{text}");
        }
    }

    #[test]
    fn a_line_without_an_end_is_left_out_and_told() {
        let text = "id,start,end\na,2026-03-01 22:30,\na,NA,2026-03-03 07:05\n\
                    a,2026-03-03 22:30,2026-03-04 07:05\n";
        let log = log(text, read_diary).expect("a diary");
        assert_eq!(log.of(whose("a.csv"), Kind::Bed).len(), 1);
        assert_eq!(log.without(), [2, 3]);
    }

    #[test]
    fn wide_logs_have_a_night_in_two_columns() {
        let spans = |text: &str| -> Vec<(i64, i64)> {
            let log = log(text, read_diary).unwrap_or_else(|error| panic!("{error}"));
            let spans = log.of(whose("a.csv"), Kind::Bed);
            spans
                .iter()
                .map(|span| (span.from_s, span.until_s))
                .collect()
        };
        let first = (second("2026-02-28T23:10:00"), second("2026-03-01T07:00:00"));
        let second_night = (second("2026-03-02T00:20:00"), second("2026-03-02T06:30:00"));
        let numbered = "ID,onset_N1,wakeup_N1,onset_N2,wakeup_N2,onset_N3,wakeup_N3\n\
                        a,23:10:00,07:00:00,00:20,6:30,,07:00\n";
        assert_eq!(spans(numbered), [first, second_night]);
        let dated = "ID,D1_date,D1_wakeup,D1_inbed,D2_date,D2_wakeup,D2_inbed,D3_date,D3_wakeup,D3_inbed\n\
                     a,2026-02-28,,23:10,2026-03-01,07:00:00,00:20,2026-03-02,06:30,\n";
        assert_eq!(spans(dated), [first, second_night]);
    }

    #[test]
    fn a_calendar_names_days_of_work_and_free_days() {
        let text = "recording;date;day\na;28.02.2026;work\na;01.03.2026;Free\nb;02.03.2026;off\n";
        let found = log(text, read_calendar).expect("a calendar");
        let day = |date: &str| (second(&format!("{date}T00:00:00")), DAY_S);
        let of = |kind| -> Vec<(i64, u32)> {
            let spans = found.of(whose("a.csv"), kind);
            spans
                .iter()
                .map(|span| {
                    (
                        span.from_s,
                        u32::try_from(span.until_s - span.from_s).expect("a day"),
                    )
                })
                .collect()
        };
        assert_eq!(of(Kind::Work), [day("2026-02-28")]);
        assert_eq!(of(Kind::Free), [day("2026-03-01")]);
        let days = found.days(whose("a.csv"));
        let first = jiff::civil::date(2026, 3, 1);
        assert_eq!(days[1], (first, timing::Kind::Free));
        let refused = |text: &str| log(text, read_calendar).expect_err("refused").to_string();
        assert!(refused("date,day\n2026-03-01,perhaps\n").contains("line 2: \"perhaps\""));
        assert!(refused("date,hours\n2026-03-01,8\n").contains("no column day"));
        assert!(refused("date,day\nlater,work\n").contains("\"later\" is no date"));
    }

    #[test]
    fn a_heading_may_stand_below_whose_diary_it_is() {
        let text = "SUBJECT ID,A\n,\nTYPE,START,END\nNIGHT,2026-03-01 22:30,2026-03-02 07:05\n";
        let found = log(text, read_diary).expect("a diary");
        assert!(found.has_names());
        assert_eq!(found.of(whose("a.csv"), Kind::Bed).len(), 1);
        assert_eq!(found.of(whose("b.csv"), Kind::Bed).len(), 0);
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
            "start,end\n2020-01-01 23:00,2020-01-02\n",
            "line 2: \"2020-01-02\"",
        );
        check(
            "start,end\n2020-01-01 23:00,2020-01-01 22:00\n",
            "line 2: the end",
        );
        check(
            "type,start,end\nparty,2020-01-01 23:00,2020-01-02 22:00\n",
            "line 2: \"party\"",
        );
        check(
            "start,end\n01/02/2026 23:00,01/02/2026 23:30\n",
            "day from month",
        );
        check(
            "Mask;Start_time;Stop_time\n1;2020-01-01 23:00;2020-01-02 22:00\n",
            "mask log",
        );
    }
}
