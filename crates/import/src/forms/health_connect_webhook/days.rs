//! Totals of local days, as the platform merged them: which entries are such totals, of which day, and which of
//! them may be cut.
//!
//! The app reads a window of the last 48 hours, or one that a person chose. The day in which the window begins is
//! cut there, but its total is printed with the whole day's start: it says at least so much, and must never take
//! the place of what the whole day was.

use model::sample::{Flags, HOUR_US, MINUTE_US, SECOND_US};
use rustc_hash::FxHashSet;

use crate::clock::{self, Moment};
use crate::entry::Frame;
use crate::forms::health_connect_webhook::presets::Spelling;
use crate::json::{self, Json, ReadError};
use crate::live::{Context, ELEMENTS_MAX, Interval};

/// A total until now ends this close to when its body was sent.
const SENT_WITHIN_US: u64 = 5 * MINUTE_US.unsigned_abs();
/// What the app reads when nobody chose something else.
const WINDOW_US: i64 = 48 * HOUR_US;
/// Local days are 23, 24 or 25 hours long.
const DAY_LENGTHS_US: [i64; 3] = [23 * HOUR_US, 24 * HOUR_US, 25 * HOUR_US];
/// Days begin at a quarter of an hour of UTC everywhere.
const QUARTER_US: i64 = 15 * MINUTE_US;
/// Days of one array that are remembered: ten years.
const DAYS_MAX: usize = 3_660;

/// The whole days of one array.
#[derive(Debug, Default)]
pub(super) struct Days {
    first_us: Option<i64>,
    ends_us: FxHashSet<i64>,
}

impl Days {
    /// Looks through an array for them.
    pub(super) fn of(
        (array, pointer): (&str, &str),
        spelling: Spelling,
        context: &Context<'_>,
    ) -> Result<Self, ReadError> {
        let mut days = Self::default();
        json::each(array, pointer, ELEMENTS_MAX, &mut |_,
                                                       record: Option<
            Json<'_>,
        >| {
            if let Some(record) = record {
                days.look(&spelling.record(&record), context);
            }
        })?;
        Ok(days)
    }

    /// Notes an entry that is the total of a whole day.
    pub(super) fn look(&mut self, record: &Json<'_>, context: &Context<'_>) {
        if !names_nobody(record) {
            return;
        }
        let time = |names: &[&'static str]| context.moment(record.first_of(names));
        let at = time(&START).zip(time(&END));
        let Some((start, end)) = at.filter(|(start, end)| is_whole(start.at_us, end.at_us)) else {
            return;
        };
        let first_us = self.first_us.unwrap_or(start.at_us);
        self.first_us = Some(first_us.min(start.at_us));
        if self.ends_us.len() < DAYS_MAX {
            self.ends_us.insert(end.at_us);
        }
    }

    /// The frame of an entry: that of its day where it is the total of one, which the next total of that day
    /// replaces. Bodies do not name their zone; a day is one that is as long as days are, or begins where the
    /// person's day does, or where another day of the array ends.
    pub(super) fn frame(
        &self,
        frame: Frame,
        record: &Json<'_>,
        sent_us: Option<i64>,
        context: &Context<'_>,
    ) -> Frame {
        let Interval { start_us, end_us } = frame.at;
        if !names_nobody(record) || end_us <= start_us {
            return frame;
        }
        let zone = context.zones.zone_at(start_us);
        let start = Moment {
            at_us: start_us,
            offset_min: None,
            is_date: false,
        };
        let midnight_us =
            clock::end_of_day(start_us, zone).filter(|_| clock::is_start_of_day(start, zone));
        let ends_at_midnight =
            midnight_us.is_some_and(|at_us| is_near(end_us, at_us, SECOND_US.unsigned_abs()));
        let is_whole = ends_at_midnight || is_whole(start_us, end_us);
        let is_after_a_day = midnight_us.is_some() || self.ends_us.contains(&start_us);
        let until_us = midnight_us.unwrap_or(start_us + 24 * HOUR_US);
        let is_running = is_after_a_day
            && end_us < until_us
            && sent_us.is_some_and(|sent_us| is_near(end_us, sent_us, SENT_WITHIN_US));
        if !is_whole && !is_running {
            return frame;
        }
        let is_before_window = sent_us.is_none_or(|sent_us| start_us < sent_us - WINDOW_US);
        let is_cut = is_whole
            && is_before_window
            && self.first_us.is_none_or(|first_us| start_us <= first_us);
        let flags = if is_cut {
            Flags::AT_LEAST
        } else {
            Flags::AGGREGATED
        };
        let end_us = match midnight_us {
            Some(midnight_us) if ends_at_midnight || is_running => midnight_us,
            None if is_running => until_us,
            Some(_) | None => end_us,
        };
        Frame {
            at: Interval { start_us, end_us },
            flags: frame.flags.with(flags),
            ..frame
        }
    }
}

/// How records spell their ends.
pub(super) const START: [&str; 3] = ["start_time", "time", "bucket_start"];
pub(super) const END: [&str; 2] = ["end_time", "bucket_end"];

/// Whether a record has no word about who measured: the platform merged it.
fn names_nobody(record: &Json<'_>) -> bool {
    ["metadata", "uuid", "source"]
        .iter()
        .all(|name| record.get(name).is_null())
}

/// Whether a time is as long as a day, and begins where one can.
fn is_whole(start_us: i64, end_us: i64) -> bool {
    start_us.rem_euclid(QUARTER_US) == 0
        && DAY_LENGTHS_US
            .iter()
            .any(|length_us| is_near(end_us, start_us + length_us, SECOND_US.unsigned_abs()))
}

fn is_near(a_us: i64, b_us: i64, within_us: u64) -> bool {
    a_us.abs_diff(b_us) <= within_us
}
