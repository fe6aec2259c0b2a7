//! How long the interval of a summarised value is.
//!
//! The app names the start of an interval only. Its length is what the request's header says, or the
//! smallest gap of the series when that is exactly one unit of the clock; a lone value takes the
//! length that most series of the body have, if it begins on that beat. Where no series has two
//! values and every total begins at midnight, they are of days.

use jiff::{SignedDuration, Timestamp, ToSpan};

use model::metric::{self, Kind};
use model::sample::{DAY_US, HOUR_US, MINUTE_US};

use crate::clock::{self, Moment};
use crate::json::{self, Fields, Json, ReadError};
use crate::live::{Context, ELEMENTS_MAX};

/// Times of a series that are looked at: enough to see every beat of a day of minutes.
const TIMES_MAX: usize = 1_500;

/// A unit of the clock or calendar over which the app merges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Period {
    /// Not merged: every sample by itself.
    Sample,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl Period {
    /// Reads the header `automation-aggregation`; `None` when it leaves the choice to the app.
    fn of_header(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        let words = [
            ("second", Self::Sample),
            ("minute", Self::Minute),
            ("hour", Self::Hour),
            ("day", Self::Day),
            ("week", Self::Week),
            ("month", Self::Month),
            ("year", Self::Year),
        ];
        let found = words.into_iter().find(|(word, _)| text.contains(word));
        found.map(|(_, period)| period)
    }

    /// Finds the beat of a series from its starts.
    fn of_times(times: &mut Vec<i64>) -> Option<Self> {
        times.sort_unstable();
        times.dedup();
        let gaps = times.windows(2).filter_map(|pair| match pair {
            [first, second] => Some(second - first),
            _ => None,
        });
        match gaps.min()? {
            MINUTE_US => Some(Self::Minute),
            HOUR_US => Some(Self::Hour),
            // Days of 23 and 25 hours are days too.
            gap if (23 * HOUR_US..=25 * HOUR_US).contains(&gap) => Some(Self::Day),
            gap if (7 * DAY_US - HOUR_US..=7 * DAY_US + HOUR_US).contains(&gap) => Some(Self::Week),
            gap if (28 * DAY_US - HOUR_US..=31 * DAY_US + HOUR_US).contains(&gap) => {
                Some(Self::Month)
            }
            _ => None,
        }
    }
}

/// What is known about the lengths of a body's intervals.
pub(super) struct Periods {
    told: Option<Period>,
    by_series: Vec<Option<Period>>,
    usual: Option<Period>,
}

impl Periods {
    /// Looks at the header and, without one, at all series of a body.
    pub(super) fn of(metrics: &str, context: &Context<'_>) -> Result<Self, ReadError> {
        let told = context.aggregation.and_then(Period::of_header);
        let mut by_series = Vec::new();
        let (mut has_total, mut are_days) = (false, true);
        let mut votes: Vec<(Period, usize)> = Vec::new();
        if told.is_none() {
            json::each(
                metrics,
                "/data/metrics",
                ELEMENTS_MAX,
                &mut |_, metric: Option<Fields<'_>>| {
                    let beat = metric.and_then(|metric| of_series(&metric, context));
                    let period = beat.and_then(|beat| beat.period);
                    if let Some(beat) = beat.filter(|beat| beat.is_total) {
                        has_total = true;
                        are_days &= beat.is_at_midnight;
                        match votes.iter_mut().find(|(known, _)| Some(*known) == period) {
                            Some((_, count)) => *count += 1,
                            None => votes.extend(period.map(|period| (period, 1))),
                        }
                    }
                    by_series.push(period);
                },
            )?;
        }
        let usual = votes.iter().max_by_key(|(_, count)| *count);
        let days = (has_total && are_days).then_some(Period::Day);
        Ok(Self {
            told,
            by_series,
            usual: usual.map(|(period, _)| *period).or(days),
        })
    }

    /// The period of a series; `is_merged` says that its values are merged whatever their spacing.
    pub(super) fn of_index(&self, index: u64, is_merged: bool) -> Option<Period> {
        let own = usize::try_from(index)
            .ok()
            .and_then(|index| self.by_series.get(index));
        let own = self.told.or(own.copied().flatten());
        own.or(if is_merged { self.usual } else { None })
    }
}

/// How the values of a series are spaced.
#[derive(Debug, Clone, Copy)]
struct Beat {
    period: Option<Period>,
    /// Whether they are totals, which say how the app merges.
    is_total: bool,
    /// Whether each begins where a day does.
    is_at_midnight: bool,
}

fn of_series(metric: &Fields<'_>, context: &Context<'_>) -> Option<Beat> {
    let name = metric.json(&["name"])?;
    let is_total =
        metric::by_name(name.text()?).is_some_and(|found| found.kind == Kind::Cumulative);
    let mut times = Vec::new();
    let mut is_at_midnight = true;
    let mut look = |_, point: Option<Json<'_>>| {
        let date = point.as_ref().map(|point| point.get("date"));
        let at = date.and_then(|date| context.moment(date));
        if let Some(at) = at.filter(|_| times.len() < TIMES_MAX) {
            is_at_midnight &= clock::is_start_of_day(at, context.zones.zone_at(at.at_us));
            times.push(at.at_us);
        }
    };
    json::each(metric.get("data")?, "", ELEMENTS_MAX, &mut look).ok()?;
    Some(Beat {
        period: Period::of_times(&mut times),
        is_total,
        is_at_midnight: is_at_midnight && !times.is_empty(),
    })
}

/// The end of the interval that begins at a moment, or `None` when no interval of this length begins
/// there.
pub(super) fn end_of(start: Moment, period: Period, context: &Context<'_>) -> Option<i64> {
    let at = Timestamp::from_microsecond(start.at_us).ok()?;
    // The zone of the person where it agrees with the printed offset: only a zone knows how long
    // its days are.
    let printed = i32::from(start.offset_min.unwrap_or(0));
    let there = context.zones.zone_at(start.at_us);
    let zone = if there.offset_min(start.at_us) == printed {
        there.rules().clone()
    } else {
        jiff::tz::Offset::from_seconds(printed * 60)
            .ok()?
            .to_time_zone()
    };
    let local = at.to_zoned(zone);
    let second_of_hour = local.minute() != 0 || local.second() != 0;
    let is_midnight = local.hour() == 0 && !second_of_hour;
    let end = match period {
        Period::Minute if local.second() == 0 => local.checked_add(SignedDuration::from_mins(1)),
        Period::Hour if !second_of_hour => local.checked_add(SignedDuration::from_hours(1)),
        Period::Day if is_midnight => local.checked_add(1.day()),
        Period::Week if is_midnight => local.checked_add(1.week()),
        Period::Month if is_midnight && local.day() == 1 => local.checked_add(1.month()),
        Period::Year if is_midnight && local.day_of_year() == 1 => local.checked_add(1.year()),
        Period::Sample
        | Period::Minute
        | Period::Hour
        | Period::Day
        | Period::Week
        | Period::Month
        | Period::Year => return None,
    };
    Some(end.ok()?.timestamp().as_microsecond())
}

/// The period of a workout's own series, from its spacing alone.
pub(super) fn of_points(points: &[Json<'_>], context: &Context<'_>) -> Option<Period> {
    let moments = points.iter().take(TIMES_MAX);
    let moments = moments.filter_map(|point| context.moment(point.get("date")));
    Period::of_times(&mut moments.map(|at| at.at_us).collect())
}

#[cfg(test)]
mod tests {
    use model::zone::{Zone, ZoneHistory};

    use super::*;

    #[test]
    fn headers_are_read() {
        let check = |text, expect| assert_eq!(Period::of_header(text), expect, "{text}");
        check("Hours", Some(Period::Hour));
        check("minutes", Some(Period::Minute));
        check("seconds", Some(Period::Sample));
        check("Default", None);
    }

    #[test]
    fn a_day_is_as_long_as_the_persons_day() {
        let zone = Zone::parse("America/New_York").expect("a zone");
        let zones = ZoneHistory::fixed(zone.clone());
        let context = Context {
            now_us: 0,
            zones: &zones,
            aggregation: None,
            source: "",
        };
        let length = |text: &str, period| {
            let start = clock::read(text, &zone).expect("a time");
            end_of(start, period, &context).map(|end_us| (end_us - start.at_us) / HOUR_US)
        };
        assert_eq!(length("2026-03-08 00:00:00 -0500", Period::Day), Some(23));
        assert_eq!(length("2026-03-09 00:00:00 -0400", Period::Day), Some(24));
        // Away from home only the offset is known.
        assert_eq!(length("2026-03-08 00:00:00 +0100", Period::Day), Some(24));
        assert_eq!(
            length("2026-03-01 00:00:00 -0500", Period::Month),
            Some(31 * 24 - 1)
        );
        assert_eq!(length("2026-03-08 07:30:00 -0400", Period::Hour), None);
        assert_eq!(length("2026-03-08 07:00:00 -0400", Period::Hour), Some(1));
    }
}
