//! How vendors print times, and which clock a file used where it does not say so.
//!
//! A clock is never guessed from one row: a calibration compares many rows with a twin that has a zone, and says
//! what it found.

use std::collections::BTreeMap;

use model::sample::{MINUTE_US, SECOND_US};

use crate::clock;

/// Microseconds from 1970-01-01T00:00 to what `03/28/26 07:00:00` shows: the month first, and years of two digits
/// in this century.
pub(crate) fn short_american(text: &str) -> Option<i64> {
    let bytes = text.trim().as_bytes();
    let (date, rest) = bytes.split_first_chunk::<8>()?;
    let [m1, m2, b'/', d1, d2, b'/', y1, y2] = *date else {
        return None;
    };
    let clock: &[u8] = if rest.is_empty() { b" 00:00:00" } else { rest };
    let mut iso = [0_u8; 19];
    let head = [b'2', b'0', y1, y2, b'-', m1, m2, b'-', d1, d2];
    let (first, second) = iso.split_at_mut(10);
    first.copy_from_slice(&head);
    second.copy_from_slice(clock.get(..9)?);
    clock::parse(&iso).map(|parsed| parsed.local_us)
}

/// What a text without offset shows, or with an offset the same in UTC.
pub(crate) fn wall(text: &str) -> Option<i64> {
    let parsed = clock::parse(text.trim().as_bytes())?;
    let offset_us = i64::from(parsed.offset.unwrap_or(0)) * MINUTE_US;
    Some(parsed.local_us - offset_us)
}

/// The days from 1970-01-01 to a date that begins a text.
pub(crate) fn day(text: &str) -> Option<i32> {
    let date = text.trim().get(..10)?;
    let parsed = clock::parse(date.as_bytes())?;
    day_of_wall(parsed.local_us)
}

/// The day on which a clock shows this.
pub(crate) fn day_of_wall(wall_us: i64) -> Option<i32> {
    i32::try_from(wall_us.div_euclid(86_400 * SECOND_US)).ok()
}

/// An offset as vendors print it: `+0200`, `+02:00`, `UTC+0200`, `UTC+01:00`, `GMT-5`, `UTCZ`, `Z`.
pub(crate) fn offset(text: &str) -> Option<i16> {
    let text = text.trim();
    let text = text
        .strip_prefix("UTC")
        .or_else(|| text.strip_prefix("GMT"))
        .unwrap_or(text);
    if text.is_empty() || text == "Z" {
        return Some(0);
    }
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-" | "\u{2212}", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) => (hours, minutes),
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "0"),
    };
    let (hours, minutes): (i16, i16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let is_possible = (0..=14).contains(&hours) && (0..60).contains(&minutes);
    is_possible.then_some(sign * (hours * 60 + minutes))
}

/// How far a clock of a file is from UTC, by comparing its rows with twins that say so.
#[derive(Debug, Clone, Default)]
pub(crate) struct Calibration {
    votes: BTreeMap<i32, u64>,
}

/// What a calibration found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing to compare with.
    Nothing,
    /// The rows are this many minutes ahead of UTC, all of them or all but a few.
    Ahead(i32),
    /// The rows disagree.
    Mixed,
}

impl Calibration {
    /// Compares what a row shows with the instant of its twin.
    pub(crate) fn compare(&mut self, wall_us: i64, at_us: i64) {
        let ahead_us = wall_us - at_us;
        // Offsets of zones are whole quarters of an hour.
        let quarters = (ahead_us + 450 * SECOND_US).div_euclid(900 * SECOND_US);
        if let Ok(quarters) = i32::try_from(quarters)
            && (-56..=56).contains(&quarters)
        {
            *self.votes.entry(quarters * 15).or_default() += 1;
        }
    }

    /// The offset that fits nine of ten rows.
    pub(crate) fn found(&self) -> Found {
        let all: u64 = self.votes.values().sum();
        let best = self.votes.iter().max_by_key(|(_, count)| **count);
        match best {
            None => Found::Nothing,
            Some((minutes, count)) if count * 10 >= all * 9 => Found::Ahead(*minutes),
            Some(_) => Found::Mixed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_vendors_print_them() {
        let at = wall("2026-03-28T07:00:04").expect("a time");
        assert_eq!(short_american("03/28/26 07:00:04"), Some(at));
        assert_eq!(short_american("3/28/26"), None);
        assert_eq!(short_american("03/28/26"), wall("2026-03-28"));
        assert_eq!(wall("2026-03-28T09:00:04+02:00"), Some(at));
        assert_eq!(day("2026-03-28 07:00"), Some(20_540));
    }

    #[test]
    fn offsets_as_vendors_print_them() {
        let check = |text, expect| assert_eq!(offset(text), expect, "{text}");
        check("UTC+0200", Some(120));
        check("UTC+01:00", Some(60));
        check("GMT-5", Some(-300));
        check("UTCZ", Some(0));
        check("-05:30", Some(-330));
        check("+05:45", Some(345));
        check("Europe/Berlin", None);
        check("+25:00", None);
    }

    #[test]
    fn rows_decide_together() {
        let mut calibration = Calibration::default();
        assert_eq!(calibration.found(), Found::Nothing);
        for minute in 0..10 {
            calibration.compare(
                (minute + 120) * MINUTE_US,
                minute * MINUTE_US + 7 * SECOND_US,
            );
        }
        assert_eq!(calibration.found(), Found::Ahead(120));
        calibration.compare(0, 0);
        assert_eq!(calibration.found(), Found::Ahead(120));
        calibration.compare(0, 0);
        assert_eq!(calibration.found(), Found::Mixed);
    }
}
