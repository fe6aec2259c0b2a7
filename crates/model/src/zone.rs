//! Where a person was, as a history of time zones, and the local days that follow from it.
//!
//! A day is the person's local day: 23, 24 or 25 hours on clock changes, longer or shorter while
//! travelling. A date can have several spans when the date line is crossed.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::sample::{HOUR_US, MINUTE_US};

/// A half-open interval of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// First instant.
    pub start_us: i64,
    /// End.
    pub end_us: i64,
}

/// The text was neither an IANA zone name nor an offset such as `+02:00`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown time zone {0:?}{alike}", alike = alike(.0))]
pub struct UnknownZone(pub String);

/// The zones of a place, for whoever gave its name alone.
fn alike(given: &str) -> String {
    let wanted = given.trim().replace(' ', "_");
    let named = jiff::tz::db().available().map(|name| name.to_string());
    let of_place = named.filter(|name| {
        let place = name.rsplit('/').next().unwrap_or_default();
        place.eq_ignore_ascii_case(&wanted)
    });
    match of_place.collect::<Vec<_>>().as_slice() {
        [] => String::new(),
        some => format!("; did you mean {}?", some.join(" or ")),
    }
}

/// Offsets further from UTC than this are not in use anywhere.
const OFFSET_MAX_MIN: i32 = 14 * 60;

/// A named zone, or a fixed offset where only that is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

impl Zone {
    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self {
            name: "UTC".to_owned(),
            zone: TimeZone::UTC,
        }
    }

    /// Reads an IANA name (`Europe/Berlin`) or an offset (`+02:00`).
    pub fn parse(text: &str) -> Result<Self, UnknownZone> {
        let unknown = || UnknownZone(text.chars().take(64).collect());
        if let Some(minutes) = parse_offset(text) {
            return Self::fixed(minutes).ok_or_else(unknown);
        }
        let zone = TimeZone::get(text).map_err(|_| unknown())?;
        let name = zone.iana_name().unwrap_or(text).to_owned();
        Ok(Self { name, zone })
    }

    /// A fixed offset in minutes east of UTC.
    pub fn fixed(offset_min: i32) -> Option<Self> {
        if offset_min.abs() > OFFSET_MAX_MIN {
            return None;
        }
        let offset = jiff::tz::Offset::from_seconds(offset_min * 60).ok()?;
        let (sign, minutes) = if offset_min < 0 {
            ('-', -offset_min)
        } else {
            ('+', offset_min)
        };
        let name = format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60);
        Some(Self {
            name,
            zone: TimeZone::fixed(offset),
        })
    }

    /// The name that [`Zone::parse`] reads back.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The rules.
    pub fn rules(&self) -> &TimeZone {
        &self.zone
    }

    /// Minutes east of UTC at an instant.
    pub fn offset_min(&self, at_us: i64) -> i32 {
        self.zone.to_offset(timestamp(at_us)).seconds() / 60
    }

    /// The local date at an instant.
    pub fn date_at(&self, at_us: i64) -> Date {
        self.zone.to_datetime(timestamp(at_us)).date()
    }

    /// The first instant of a local date.
    pub fn start_of(&self, date: Date) -> i64 {
        self.zone
            .to_zoned(date.at(0, 0, 0, 0))
            .map_or_else(|_| timestamp(i64::MIN), |zoned| zoned.timestamp())
            .as_microsecond()
    }
}

fn parse_offset(text: &str) -> Option<i32> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits = text.get(1..)?;
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None => digits.split_at_checked(2)?,
    };
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    Some(sign * (hours.parse::<i32>().ok()? * 60 + minutes.parse::<i32>().ok()?))
}

/// The instant, held inside the years that can be printed.
pub fn timestamp(at_us: i64) -> Timestamp {
    Timestamp::from_microsecond(at_us).unwrap_or(if at_us < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

/// Where a person was over time: a zone before everything, and the changes after it.
#[derive(Debug, Clone, PartialEq)]
pub struct ZoneHistory {
    home: Zone,
    changes: Vec<(i64, Zone)>,
}

impl ZoneHistory {
    /// A person who never left `home`.
    pub const fn fixed(home: Zone) -> Self {
        Self {
            home,
            changes: Vec::new(),
        }
    }

    /// Builds the history from observations (`at_us`, zone) in any order: a zone holds from its
    /// first observation until another one is observed. `home` holds before the first.
    pub fn from_observations(home: Zone, mut observations: Vec<(i64, Zone)>) -> Self {
        observations.sort_by(|a, b| (a.0, &a.1.name).cmp(&(b.0, &b.1.name)));
        Self::from_ordered(home, observations)
    }

    /// The same from observations in the order of time; of those at one instant the last holds from there on.
    pub fn from_ordered(home: Zone, observations: Vec<(i64, Zone)>) -> Self {
        let mut changes: Vec<(i64, Zone)> = Vec::new();
        for (at_us, zone) in observations {
            let current = changes.last().map_or(&home, |(_, zone)| zone);
            if current.name != zone.name {
                changes.push((at_us, zone));
            }
        }
        Self { home, changes }
    }

    /// The zone at an instant.
    pub fn zone_at(&self, at_us: i64) -> &Zone {
        let after = self
            .changes
            .partition_point(|(from_us, _)| *from_us <= at_us);
        after
            .checked_sub(1)
            .and_then(|at| self.changes.get(at))
            .map_or(&self.home, |(_, zone)| zone)
    }

    /// The changes, oldest first.
    pub fn changes(&self) -> &[(i64, Zone)] {
        &self.changes
    }

    /// The zone before the first change.
    pub const fn home(&self) -> &Zone {
        &self.home
    }

    /// The local date at an instant.
    pub fn date_at(&self, at_us: i64) -> Date {
        self.zone_at(at_us).date_at(at_us)
    }

    /// The spans of a local date, oldest first. Nearly always one; none when a traveller skipped the
    /// date, two when the date line was crossed twice.
    pub fn day(&self, date: Date) -> Vec<Span> {
        let noon_us = Zone::utc().start_of(date) + 12 * HOUR_US;
        // No local day begins or ends more than 14 + 24 hours away from its UTC noon.
        let (from_us, until_us) = (noon_us - 40 * HOUR_US, noon_us + 40 * HOUR_US);
        let mut spans: Vec<Span> = Vec::new();
        let first = self.changes.partition_point(|(at_us, _)| *at_us <= from_us);
        let mut piece_start = from_us;
        let mut zone = self.zone_at(from_us);
        let bounds = self.changes.get(first..).unwrap_or_default().iter();
        let bounds = bounds.take_while(|(at_us, _)| *at_us < until_us);
        for (piece_end, next) in bounds
            .map(|(at_us, zone)| (*at_us, Some(zone)))
            .chain([(until_us, None)])
        {
            let start_us = zone.start_of(date).max(piece_start);
            let end_us = date
                .checked_add(1.day())
                .map_or(until_us, |next_date| zone.start_of(next_date))
                .min(piece_end);
            if start_us < end_us {
                match spans.last_mut() {
                    Some(last) if last.end_us == start_us => last.end_us = end_us,
                    Some(_) | None => spans.push(Span { start_us, end_us }),
                }
            }
            piece_start = piece_end;
            zone = next.unwrap_or(zone);
        }
        spans
    }

    /// Every local date that a span touches, in order and once each.
    pub fn dates_in(&self, span: Span) -> Vec<Date> {
        let mut dates = Vec::new();
        let mut at_us = span.start_us;
        loop {
            let date = self.date_at(at_us);
            // A date comes again across the date line, a day or two after it was there, never later.
            if !dates.iter().rev().take(4).any(|known| *known == date) {
                dates.push(date);
            }
            // Local days shorter than this step do not exist, and a date is looked up again anyway.
            at_us += 30 * MINUTE_US;
            if at_us >= span.end_us {
                break;
            }
        }
        if span.end_us > span.start_us {
            let date = self.date_at(span.end_us - 1);
            if !dates.contains(&date) {
                dates.push(date);
            }
        }
        dates
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn us(text: &str) -> i64 {
        text.parse::<Timestamp>()
            .expect("a timestamp")
            .as_microsecond()
    }

    fn hours(history: &ZoneHistory, on: Date) -> Vec<i64> {
        history
            .day(on)
            .iter()
            .map(|span| (span.end_us - span.start_us) / HOUR_US)
            .collect()
    }

    #[test]
    fn days_of_23_and_25_hours() {
        let berlin = ZoneHistory::fixed(Zone::parse("Europe/Berlin").expect("a zone"));
        assert_eq!(hours(&berlin, date(2026, 3, 29)), [23]);
        assert_eq!(hours(&berlin, date(2026, 10, 25)), [25]);
        assert_eq!(hours(&berlin, date(2026, 7, 1)), [24]);
    }

    #[test]
    fn travelling_west_makes_one_long_day() {
        let history = ZoneHistory::from_observations(
            Zone::parse("Europe/Berlin").expect("a zone"),
            vec![(
                us("2026-05-04T18:00:00Z"),
                Zone::parse("America/New_York").expect("a zone"),
            )],
        );
        assert_eq!(hours(&history, date(2026, 5, 4)), [30]);
        assert_eq!(hours(&history, date(2026, 5, 5)), [24]);
        assert_eq!(
            history.date_at(us("2026-05-05T03:00:00Z")),
            date(2026, 5, 4)
        );
    }

    #[test]
    fn every_instant_belongs_to_the_day_that_contains_it() {
        let history = ZoneHistory::from_observations(
            Zone::parse("Asia/Tokyo").expect("a zone"),
            vec![
                (
                    us("2026-05-05T16:00:00Z"),
                    Zone::parse("America/Los_Angeles").expect("a zone"),
                ),
                (
                    us("2026-05-09T20:00:00Z"),
                    Zone::parse("Asia/Tokyo").expect("a zone"),
                ),
            ],
        );
        let mut at_us = us("2026-05-01T00:00:00Z");
        while at_us < us("2026-05-14T00:00:00Z") {
            let spans = history.day(history.date_at(at_us));
            assert!(
                spans
                    .iter()
                    .any(|span| span.start_us <= at_us && at_us < span.end_us),
                "{at_us} is in none of {spans:?}"
            );
            at_us += 17 * MINUTE_US;
        }
    }

    #[test]
    fn zones_are_parsed_or_refused() {
        assert_eq!(Zone::parse("-04:30").expect("an offset").name(), "-04:30");
        assert_eq!(Zone::parse("+0200").expect("an offset").offset_min(0), 120);
        assert!(Zone::parse("Europe/Atlantis").is_err());
        assert!(Zone::parse("+99:00").is_err());
    }
}
