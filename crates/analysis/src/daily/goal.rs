//! # Progress towards a goal
//!
//! *What it measures*: where a daily value stands now, and how much of the way from a start to a target is done.
//!
//! *Inputs and units*: the documents of the last [`BACK_DAYS`] days; the value in its unit.
//!
//! *Method*: the value now is the mean of the days of the last week that have one, the circular mean for clock times.
//! A total takes days that are over, everything else today as well. Where the week has fewer than [`WEEK_LEAST`] days
//! with a value, a metric that is measured now and then (a weight, a blood pressure) stands where its latest day does.
//! Progress is (start − now) / (start − target) in percent, held between 0 and 100; for clock times the differences
//! are taken the shorter way around the clock.
//!
//! *Missing days*: take no part.
//!
//! *Validity*: progress is a position between two numbers that the person chose and no measure of health. It is
//! missing where start and target are the same.

use jiff::ToSpan;
use jiff::civil::Date;
use model::metric::{self, Density, Kind, Metric};

use super::document::DayDocument;
use super::facts::{self, Part, Statement};
use super::measure::Text;
use super::trend::{self, DailyValues};
use crate::outcome::Insufficient;

/// Days of which the mean is taken.
pub const WEEK_DAYS: i64 = 7;
/// Days of the week that need a value.
pub const WEEK_LEAST: usize = 3;
/// How far back the latest day of what is measured now and then may lie.
pub const BACK_DAYS: i64 = 90;
/// Minutes of a clock.
const CLOCK_MIN: f64 = 1440.0;

/// How a value that stands for now was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The mean of the days of a week that have a value.
    MeanOfWeek,
    /// The latest day that has a value.
    LatestDay,
}

/// Where a daily value stands.
#[derive(Debug, Clone, PartialEq)]
pub struct WhereNow {
    /// The value; minutes after midnight for clock times.
    pub value: f64,
    /// Its unit.
    pub unit: Text,
    /// How it was found.
    pub basis: Basis,
    /// The latest day that took part.
    pub date: Date,
    /// Days that took part.
    pub days: usize,
}

/// Whether a name stands for a time on the clock.
pub fn is_clock(name: &str) -> bool {
    facts::statement(name) == Some(Statement::ClockTime)
}

/// Where a value of the days stands, of which `today` is not over.
pub fn standing(
    name: &str,
    documents: &[DayDocument],
    today: Date,
) -> Result<WhereNow, Insufficient> {
    let tomorrow = today.tomorrow().unwrap_or(Date::MAX);
    let until = if is_total(name) { today } else { tomorrow };
    let back = |days: i64| until.checked_sub(days.days()).unwrap_or(Date::MIN);
    let from = back(BACK_DAYS);
    let DailyValues { unit, values } = trend::values(name, documents, from, until);
    let dates = from.series(1.day());
    let mut known: Vec<(Date, f64)> = dates.zip(values).collect();
    known.retain(|(_, value)| value.is_finite());
    let week: Vec<f64> = known
        .iter()
        .filter(|(date, _)| *date >= back(WEEK_DAYS))
        .map(|(_, value)| *value)
        .collect();
    let found = |value: f64, basis, days| WhereNow {
        value: if is_clock(name) {
            value.rem_euclid(CLOCK_MIN)
        } else {
            value
        },
        unit: unit.clone(),
        basis,
        date: known.last().map_or(today, |(date, _)| *date),
        days,
    };
    if week.len() >= WEEK_LEAST {
        // Clock times come unrolled around their circular mean, so the plain mean is theirs.
        let mean = week.iter().sum::<f64>() / week.len() as f64;
        return Ok(found(mean, Basis::MeanOfWeek, week.len()));
    }
    match known.last() {
        Some((_, latest)) if is_now_and_then(name) => Ok(found(*latest, Basis::LatestDay, 1)),
        _ => Err(Insufficient::new(
            "days of the last week with a value",
            WEEK_LEAST as f64,
            week.len() as f64,
        )),
    }
}

/// How much of the way from `start` to `target` is done, in percent.
pub fn progress(name: Option<&str>, start: f64, now: f64, target: f64) -> Option<f64> {
    let is_clock = name.is_some_and(is_clock);
    let way = |from: f64, to: f64| {
        let way = from - to;
        if is_clock {
            (way + CLOCK_MIN / 2.0).rem_euclid(CLOCK_MIN) - CLOCK_MIN / 2.0
        } else {
            way
        }
    };
    let whole = way(start, target);
    let share = way(start, now) / whole;
    (whole != 0.0 && share.is_finite()).then(|| (100.0 * share).clamp(0.0, 100.0))
}

/// The unit of a daily value, where its name has one.
pub fn unit(name: &str) -> Option<&'static str> {
    match facts::statement(name) {
        Some(Statement::ClockTime | Statement::Duration) => Some("min"),
        _ => metric_of(name).map(|metric| match metric.kind {
            // What is read of a night and is no length of time is a share of it.
            Kind::Category => "1",
            Kind::Cumulative | Kind::Discrete | Kind::TimeWeighted | Kind::EquivalentLevel => {
                metric.unit.ucum()
            }
        }),
    }
}

/// Whether a value grows until its day is over.
fn is_total(name: &str) -> bool {
    let is_of_metrics = facts::about(name).is_none_or(|(_, part)| part == Part::Metrics);
    is_of_metrics && metric_of(name).is_some_and(|metric| metric.kind == Kind::Cumulative)
}

/// Whether one day speaks for weeks: a metric that people measure now and then.
fn is_now_and_then(name: &str) -> bool {
    metric::by_name(name)
        .is_some_and(|metric| metric.kind != Kind::Cumulative && metric.density == Density::Sparse)
}

fn metric_of(name: &str) -> Option<&'static Metric> {
    let about = facts::about(name).map(|(metric, _)| metric);
    metric::by_name(about.unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_a_position_between_start_and_target() {
        let of = |start, now, target| progress(None, start, now, target);
        assert_eq!(of(90.0, 85.0, 80.0), Some(50.0));
        assert_eq!(of(5_000.0, 9_000.0, 10_000.0), Some(80.0));
        assert_eq!(
            of(90.0, 95.0, 80.0),
            Some(0.0),
            "the wrong way is no progress"
        );
        assert_eq!(
            of(90.0, 75.0, 80.0),
            Some(100.0),
            "past the target is the target"
        );
        assert_eq!(of(80.0, 80.0, 80.0), None);
        assert_eq!(of(f64::NAN, 80.0, 70.0), None);
    }

    #[test]
    fn clock_times_go_the_shorter_way_around_midnight() {
        // From 00:30 to 22:30 by way of 23:30.
        let done = progress(Some("bedtime"), 30.0, 1410.0, 1350.0);
        assert_eq!(done, Some(50.0));
    }
}
