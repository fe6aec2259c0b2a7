//! Times that people write beside recordings, read like those of tables: all together, so that every date helps to
//! tell day from month.

use super::stamp::{self, Calendar, Moment};

/// Times of one file while they are collected.
#[derive(Debug, Default)]
pub struct Stamps {
    calendar: Calendar,
    moments: Vec<Moment>,
}

/// The collected times.
#[derive(Debug)]
pub struct Settled {
    /// Local civil second of each time, or `None` where the order of the other dates makes none of its date.
    pub seconds: Vec<Option<i64>>,
    /// Whether no date tells day from month.
    pub is_guessed: bool,
}

impl Stamps {
    /// Keeps a date with a time of day (`2026-03-01 22:30`, `01.03.2026 22:30`, `3/1/26 10:30 PM`) and returns its
    /// place in the list, or `None` where it is none.
    pub fn add(&mut self, text: &str) -> Option<usize> {
        let text = text.trim();
        // A date alone says no time; a spreadsheet's has one sign before its fraction.
        let is_timed = text.contains(':') || text.matches(['.', ',']).count() == 1;
        if !is_timed {
            return None;
        }
        let moment = self.calendar.moment(text)?;
        self.moments.push(moment);
        Some(self.moments.len() - 1)
    }

    /// Keeps a date and a time of day that stand apart.
    pub fn add_apart(&mut self, date: &str, time: &str) -> Option<usize> {
        let moment = self.calendar.moment_of(date, time)?;
        self.moments.push(moment);
        Some(self.moments.len() - 1)
    }

    /// All of them, once every date was seen.
    pub fn settle(self) -> Settled {
        let days = self.calendar.settle();
        let moments = self.moments.into_iter();
        Settled {
            seconds: moments.map(|moment| days.second(moment)).collect(),
            is_guessed: days.is_guessed,
        }
    }
}

/// Seconds after midnight of `22:30`, `22:30:00` or `10:30 PM`.
pub fn time_of_day(text: &str) -> Option<i64> {
    stamp::time_of_day(text)
}
