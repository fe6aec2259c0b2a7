//! From changed samples to the local days that have to be computed again, and no others.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::Date;
use model::metric::MetricNo;
use model::sample::HOUR_US;
use model::zone::{Zone, ZoneHistory};

/// From this local hour on, a sleep sample can belong to the night of the next day.
const SLEEP_FROM_HOUR: i8 = 12;
/// From this local hour on, a heart or breath sample can lie in the night of the next day.
const NIGHT_FROM_HOUR: i8 = 18;

/// How far into the next day a metric reaches: the local hour from which it does.
fn night_from(metric: MetricNo) -> Option<i8> {
    let id = model::metric::by_no(metric)?.id;
    match id {
        "sleep_analysis" => Some(SLEEP_FROM_HOUR),
        "heart_rate"
        | "heart_rate_variability_sdnn"
        | "heart_rate_variability_rmssd"
        | "respiratory_rate"
        | "oxygen_saturation" => Some(NIGHT_FROM_HOUR),
        _ => None,
    }
}

/// Before this local hour, activity can end a night of the day before: half an hour of it is looked at.
const EVENING_UNTIL_HOUR: i8 = 1;
/// From this local hour on, activity can lie in the night of the next day. A day's night is sought from
/// twelve elapsed hours before it, which a clock change can make eleven on the clock.
const ACTIVITY_FROM_HOUR: i8 = 11;

/// Whether nights are scored from a metric.
fn is_scored(metric: MetricNo) -> bool {
    model::metric::by_no(metric)
        .is_some_and(|metric| analysis::daily::scored::METRICS.contains(&metric.id))
}

/// The local days that depend on samples of `metric` in the given UTC hours.
pub(crate) fn dates(
    history: &ZoneHistory,
    metric: MetricNo,
    hours: impl IntoIterator<Item = i32>,
) -> BTreeSet<Date> {
    let is_scored = is_scored(metric);
    let reaches = if is_scored {
        Some(ACTIVITY_FROM_HOUR)
    } else {
        night_from(metric)
    };
    let mut dates = BTreeSet::new();
    for hour in hours {
        let start_us = i64::from(hour) * HOUR_US;
        // Some zones are half an hour off, so that midnight lies inside a UTC hour.
        for at_us in [start_us, start_us + HOUR_US - 1] {
            let zone = history.zone_at(at_us);
            let local = zone.rules().to_datetime(model::zone::timestamp(at_us));
            dates.insert(local.date());
            if reaches.is_some_and(|from| local.hour() >= from)
                && let Ok(next) = local.date().checked_add(1.day())
            {
                dates.insert(next);
            }
            if is_scored
                && local.hour() < EVENING_UNTIL_HOUR
                && let Ok(before) = local.date().checked_sub(1.day())
            {
                dates.insert(before);
            }
        }
    }
    dates
}

/// The local days that depend on beats in the given UTC hours: those of the nights in which they may lie.
pub(crate) fn dates_of_beats(
    history: &ZoneHistory,
    hours: impl IntoIterator<Item = i32>,
) -> BTreeSet<Date> {
    model::metric::by_id("heart_rate")
        .map_or_else(BTreeSet::new, |rate| dates(history, rate.no, hours))
}

/// The local days of activity rings, of which the UTC hours changed. Rings are filed under their own local date,
/// as if it were one of UTC.
pub(crate) fn dates_of_rings(hours: impl IntoIterator<Item = i32>) -> BTreeSet<Date> {
    let utc = Zone::utc();
    let hours = hours.into_iter();
    hours
        .map(|hour| utc.date_at(i64::from(hour) * HOUR_US))
        .collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn check(metric_id: &str, at: &str, expect: &[Date]) {
        let history = ZoneHistory::fixed(Zone::parse("America/New_York").expect("a zone"));
        let metric = model::metric::by_id(metric_id)
            .expect("in the catalogue")
            .no;
        let at: jiff::Timestamp = at.parse().expect("a timestamp");
        let hour = i32::try_from(at.as_second().div_euclid(3600)).expect("fits");
        let found: Vec<Date> = dates(&history, metric, [hour]).into_iter().collect();
        assert_eq!(found, expect, "{metric_id} at {at}");
    }

    #[test]
    fn days_are_local_and_evenings_reach_into_the_next_night() {
        check("step_count", "2026-05-05T02:10:00Z", &[date(2026, 5, 4)]);
        check("heart_rate", "2026-05-04T16:10:00Z", &[date(2026, 5, 4)]);
        check(
            "heart_rate",
            "2026-05-05T02:10:00Z",
            &[date(2026, 5, 4), date(2026, 5, 5)],
        );
        check(
            "sleep_analysis",
            "2026-05-04T09:10:00Z",
            &[date(2026, 5, 4)],
        );
        let [third, fourth, fifth] = [date(2026, 5, 3), date(2026, 5, 4), date(2026, 5, 5)];
        check("activity_count", "2026-05-04T04:10:00Z", &[third, fourth]);
        check("activity_count", "2026-05-04T09:10:00Z", &[fourth]);
        check("activity_count", "2026-05-05T02:10:00Z", &[fourth, fifth]);
    }
}
