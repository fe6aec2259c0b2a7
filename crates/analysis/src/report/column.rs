//! Columns: what each is called, its unit, its kind, where it comes from and what it says.

use jiff::civil::{Date, DateTime};

use crate::method::Analysis;
use crate::outcome::Outcome;
use crate::report::Report;
use crate::series::DAY_S;

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A real number.
    Number,
    /// A whole number.
    Whole,
    /// A time of day; as a number, seconds after midnight.
    Clock,
    /// A local date and time without a zone.
    Instant,
    /// A local date.
    Day,
    /// A word.
    Text,
}

impl Kind {
    /// The kind in a word, for the data dictionary.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Whole => "whole number",
            Self::Clock => "time of day",
            Self::Instant => "local date and time",
            Self::Day => "date",
            Self::Text => "text",
        }
    }
}

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing there.
    Missing,
    /// A real number.
    Number(f64),
    /// A whole number.
    Whole(i64),
    /// Seconds after midnight.
    Clock(f64),
    /// A local civil second.
    Instant(i64),
    /// A local date.
    Day(Date),
    /// A word.
    Text(String),
}

impl Cell {
    /// A number, or nothing when it is none.
    pub fn number(value: f64) -> Self {
        if value.is_finite() {
            Self::Number(value)
        } else {
            Self::Missing
        }
    }

    /// A count.
    pub fn count(count: usize) -> Self {
        i64::try_from(count).map_or(Self::Missing, Self::Whole)
    }

    /// The cell as text; nothing is an empty text.
    pub fn text(&self) -> String {
        match self {
            Self::Missing => String::new(),
            Self::Number(value) => format!("{value}"),
            Self::Whole(value) => value.to_string(),
            Self::Clock(seconds) => clock_text(*seconds),
            Self::Instant(time_s) => civil(*time_s).to_string(),
            Self::Day(date) => date.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

/// A time of day as `HH:MM:SS`, to the nearest second.
pub fn clock_text(seconds: f64) -> String {
    let whole = crate::maths::describe::round_to_whole(seconds).rem_euclid(i64::from(DAY_S));
    format!(
        "{:02}:{:02}:{:02}",
        whole / 3600,
        whole / 60 % 60,
        whole % 60
    )
}

/// Seconds after midnight of a time of day as [`clock_text`] writes it.
pub fn read_clock(text: &str) -> Option<f64> {
    let mut parts = text.split(':').map(|part| part.parse::<u32>().ok());
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    let valid = parts.next().is_none() && hours < 24 && minutes < 60 && seconds < 60;
    valid.then(|| f64::from(hours * 3600 + minutes * 60 + seconds))
}

/// The local date and time of a local civil second; the ends of the calendar hold what lies beyond.
pub fn civil(time_s: i64) -> DateTime {
    let epoch = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
    epoch.saturating_add(jiff::SignedDuration::from_secs(time_s))
}

/// A measure of a whole recording.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Name of the column; never changes its meaning.
    pub id: &'static str,
    /// Unit of its numbers; `input` is the unit of the activity.
    pub unit: &'static str,
    /// Number or time of day.
    pub kind: Kind,
    /// The least and the greatest value it can take, where there is one.
    pub range: (Option<f64>, Option<f64>),
    /// The method it comes from.
    pub method: &'static Analysis,
    /// What it says and with which settings, in a sentence.
    pub about: &'static str,
    /// Computes it.
    pub of: fn(&Report<'_>) -> Outcome<f64>,
}

/// A measure of one recording.
#[derive(Debug, Clone, Copy)]
pub struct ColumnValue {
    /// Which measure it is.
    pub column: &'static Column,
    /// The value with its coverage, or why there is none.
    pub outcome: Outcome<f64>,
}

impl ColumnValue {
    /// The value as a cell.
    pub fn cell(&self) -> Cell {
        match (self.outcome, self.column.kind) {
            (Ok(found), Kind::Clock) => Cell::Clock(found.value),
            (Ok(found), _) => Cell::number(found.value),
            (Err(_), _) => Cell::Missing,
        }
    }
}

/// A column of a table of rows `R` (nights, days).
#[derive(Debug, Clone, Copy)]
pub struct Field<R: 'static> {
    /// Name of the column; never changes its meaning.
    pub id: &'static str,
    /// Unit of its numbers, empty where it has none.
    pub unit: &'static str,
    /// What its cells are.
    pub kind: Kind,
    /// What it says, in a sentence.
    pub about: &'static str,
    /// Takes the cell out of a row.
    pub of: fn(&R) -> Cell,
}

impl<R> Field<R> {
    pub(super) const fn new(
        id: &'static str,
        unit: &'static str,
        kind: Kind,
        about: &'static str,
        of: fn(&R) -> Cell,
    ) -> Self {
        Self {
            id,
            unit,
            kind,
            about,
            of,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_times_and_instants_are_written_as_people_read_them() {
        let check = |seconds, expect: &str| assert_eq!(clock_text(seconds), expect);
        check(0.0, "00:00:00");
        check(5_940.4, "01:39:00");
        check(86_399.6, "00:00:00");
        assert_eq!(read_clock("01:39:07"), Some(5_947.0));
        assert_eq!(read_clock("24:00:00"), None);
        assert_eq!(read_clock("1.5"), None);
        assert_eq!(civil(-86_400).to_string(), "1969-12-31T00:00:00");
    }
}
