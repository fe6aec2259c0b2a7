//! # Trend of a daily value
//!
//! *What it measures*: whether a value rises or falls over a stretch of days, how fast, and how its
//! level compares with the stretch of the same length before.
//!
//! *Inputs and units*: the documents of the days of both stretches; the value in its unit, days. A value that is
//! computed in more than one way, as resting heart rate is, or that several sources measure, enters by the way and the
//! source that most of the days have; the other days have none. Totals are merged from all sources.
//!
//! *Method*: slope per day by Theil and Sen with its 95 % interval over the days that have a value, and
//! Mann-Kendall's test, both corrected for autocorrelation. The change is the
//! difference of the means of the two stretches, in percent of the earlier. Clock times are
//! unrolled around the circular mean of both stretches before, and their change has no percentage.
//! The last day is compared with the 28 before it ([`crate::stats::baseline`]), the days of the stretch with
//! the week around them ([`crate::stats::hampel`], three days each side), weekdays with each other
//! ([`crate::stats::weekday`]), and over both stretches the days are sought on which the level changed
//! ([`crate::stats::changepoint`]; a level lasts a week at least, penalty three times the customary one, as days
//! resemble the day before).
//!
//! *Missing days*: take no part.
//!
//! *Validity*: slope and test need [`LEAST_DAYS`] days, the change a value on at
//! least [`VALID_SHARE`] of the days of both stretches; each is otherwise missing with the reason. A
//! slope describes the stretch and foretells nothing.
//!
//! *Versions*: 5. Version 4 took the mean of a metric over all sources of a day. Version 3 mixed methods in one series. Version 2 had no levels, outliers, weekdays and baseline. Version 1 gave slopes from 4 days and tests from 8, and called noise significant.
//!
//! *References*: with [`crate::stats::slope`] and [`crate::stats::kendall`].

use jiff::ToSpan;
use jiff::civil::Date;

use super::document::DayDocument;
use super::facts::{self, Known, Statement};
use super::measure::Text;
use super::summary::MetricSummary;
use crate::maths::describe::mean;
use crate::outcome::{Insufficient, Outcome};
use crate::stats::persistence::Correlation;
use crate::stats::{baseline, changepoint, circular, hampel, kendall, slope, weekday};

/// Share of the days of a stretch that need a value to compare it.
pub const VALID_SHARE: f64 = 0.5;
/// Days with a value that a slope and its test need; fewer hold no level under autocorrelation.
pub const LEAST_DAYS: usize = 14;
/// What the interval of the slope leaves outside.
const TAIL: f64 = 0.05;
/// Days of the baseline and the one that is compared with it.
pub const BASELINE_WITH_TODAY: i64 = 29;
/// Days of a level, at least.
pub const LEVEL_DAYS: usize = 7;
/// Times the customary penalty: daily values are autocorrelated, and noise has no changes of level.
pub const PENALTY: f64 = 3.0;
/// Days with a value in which changes of level are sought.
pub const LEVELS_LEAST: usize = 28;
/// Days each side of a day that may be an outlier.
const AROUND_DAYS: usize = 3;
/// Robust deviations from their median that make it one.
const OUTLIER: f64 = 3.0;
/// Minutes of a clock.
const CLOCK_MIN: f64 = 1440.0;

/// A value of a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// The local date.
    pub date: Date,
    /// The value.
    pub value: f64,
}

/// Slope per day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slope {
    /// Per day.
    pub per_day: f64,
    /// Ends of the 95 % interval.
    pub interval: (f64, f64),
}

/// Two stretches compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// Mean of the stretch.
    pub current: f64,
    /// Mean of the stretch before.
    pub previous: f64,
    /// Current − previous.
    pub difference: f64,
    /// In percent of the previous; none for clock times and a mean of zero.
    pub percent: Option<f64>,
}

/// A level that a value kept for some time.
#[derive(Debug, Clone, PartialEq)]
pub struct Plateau {
    /// The first day of it.
    pub from: Date,
    /// Mean of its days.
    pub mean: f64,
    /// Days with a value.
    pub days: usize,
}

/// A trend.
#[derive(Debug, Clone, PartialEq)]
pub struct Trend {
    /// What the value says; none for a metric of the catalogue.
    pub statement: Option<Statement>,
    /// Unit of the values.
    pub unit: Text,
    /// The source that the values are of, where they are of one alone.
    pub source: Option<String>,
    /// Values of the stretch, oldest first.
    pub points: Vec<Point>,
    /// Values of the stretch before.
    pub previous: usize,
    /// Slope, or what it lacks.
    pub slope: Result<Slope, Insufficient>,
    /// Test for a trend, or what it lacks.
    pub test: Result<kendall::Test, Insufficient>,
    /// Change, or what it lacks.
    pub change: Result<Change, Insufficient>,
    /// How unusual the last day is beside the 28 before it, or what it lacks.
    pub baseline: Outcome<f64>,
    /// The levels of both stretches, oldest first, or what they lack.
    pub levels: Result<Vec<Plateau>, Insufficient>,
    /// Days of the stretch that stick out from the week around them.
    pub outliers: Vec<Date>,
    /// How weekdays differ, or what it lacks.
    pub weekdays: Outcome<weekday::Week>,
}

/// Whether a name stands for a value that days have: a fact, or a metric of the catalogue that is a
/// quantity.
pub fn is_name(name: &str) -> bool {
    facts::statement(name).is_some() || quantity(name).is_some()
}

fn quantity(name: &str) -> Option<&'static model::metric::Metric> {
    model::metric::by_name(name).filter(|metric| metric.kind != model::metric::Kind::Category)
}

/// A value by day.
#[derive(Debug, Clone, PartialEq)]
pub struct DailyValues {
    /// Unit of the values.
    pub unit: Text,
    /// One for each day, NaN where there is none; clock times as minutes near their circular mean.
    pub values: Vec<f64>,
}

/// A value for each day `[from, until)`.
pub fn values(name: &str, documents: &[DayDocument], from: Date, until: Date) -> DailyValues {
    let Values {
        mut points, unit, ..
    } = read(name, documents);
    if facts::statement(name) == Some(Statement::ClockTime) {
        unroll(&mut points);
    }
    DailyValues {
        values: calendar(&points, from, until),
        unit,
    }
}

/// The trend of a value over the `days` before `until`, and against as many before them.
pub fn trend(name: &str, documents: &[DayDocument], until: Date, days: u32) -> Trend {
    let back = |count: i64| until.checked_sub(count.days()).unwrap_or(Date::MIN);
    let (from, before) = (back(i64::from(days)), back(2 * i64::from(days)));
    let statement = facts::statement(name);
    let Values {
        points: mut read,
        unit,
        source,
    } = read(name, documents);
    let is_clock = statement == Some(Statement::ClockTime);
    if is_clock {
        unroll(&mut read);
    }
    let within = |first: Date, end: Date| {
        let held = move |point: &&Point| first <= point.date && point.date < end;
        read.iter().filter(held).cloned().collect::<Vec<Point>>()
    };
    let (points, previous) = (within(from, until), within(before, from));
    let values = |points: &[Point]| points.iter().map(|point| point.value).collect::<Vec<f64>>();
    let times: Vec<f64> = points
        .iter()
        .map(|point| point.date.duration_since(from).as_hours() as f64 / 24.0)
        .collect();
    let enough = Insufficient::unless("days with a value", LEAST_DAYS, points.len());
    let corrected = Correlation::Corrected;
    let slope = enough.and_then(|()| {
        let found = slope::theil_sen(&times, &values(&points), TAIL, corrected)?;
        Ok(Slope {
            per_day: found.slope,
            interval: found.interval,
        })
    });
    let test = enough.and_then(|()| kendall::mann_kendall(&times, &values(&points), corrected));
    let by_day = |from: Date| calendar(&read, from, until);
    let first_weekday = usize::try_from(from.weekday().to_monday_zero_offset()).unwrap_or(0);
    Trend {
        baseline: baseline::robust_z(&by_day(back(BASELINE_WITH_TODAY)), 0.0),
        levels: levels(&within(before, until), is_clock),
        outliers: outliers(&by_day(before), from, before),
        weekdays: weekday::day_of_week(&by_day(from), first_weekday),
        statement,
        unit,
        source,
        previous: previous.len(),
        slope,
        test,
        change: change(&values(&points), &values(&previous), days, is_clock),
        points: rolled(points, is_clock),
    }
}

/// One value for each day `[from, until)`, NaN where there is none.
fn calendar(points: &[Point], from: Date, until: Date) -> Vec<f64> {
    let days = |date: Date| date.duration_since(from).as_hours().div_euclid(24);
    let mut values = vec![f64::NAN; usize::try_from(days(until)).unwrap_or(0)];
    for point in points {
        let place = usize::try_from(days(point.date)).ok();
        if let Some(value) = place.and_then(|place| values.get_mut(place)) {
            *value = point.value;
        }
    }
    values
}

/// The levels of the days, each a week long at least.
fn levels(points: &[Point], is_clock: bool) -> Result<Vec<Plateau>, Insufficient> {
    Insufficient::unless(
        "days with a value in both stretches",
        LEVELS_LEAST,
        points.len(),
    )?;
    let values: Vec<f64> = points.iter().map(|point| point.value).collect();
    let penalty = PENALTY * changepoint::customary_penalty(&values);
    if penalty <= 0.0 {
        return Err(Insufficient::constant());
    }
    let mut starts = vec![0];
    starts.extend(changepoint::change_points(&values, penalty, LEVEL_DAYS)?);
    starts.push(values.len());
    let level = |pair: &[usize]| {
        let centre = mean(&values[pair[0]..pair[1]]);
        Plateau {
            from: points[pair[0]].date,
            mean: if is_clock {
                centre.rem_euclid(CLOCK_MIN)
            } else {
                centre
            },
            days: pair[1] - pair[0],
        }
    };
    Ok(starts.windows(2).map(level).collect())
}

/// The days from `from` on that stick out from the week around them; the values begin at `first`.
fn outliers(values: &[f64], from: Date, first: Date) -> Vec<Date> {
    let marked = hampel::marked(values, AROUND_DAYS, OUTLIER);
    let dates = first.series(1.day());
    let pairs = dates
        .zip(marked)
        .filter(|(date, marked)| *marked && *date >= from);
    pairs.map(|(date, _)| date).collect()
}

/// The days with a value, in order.
struct Values {
    points: Vec<Point>,
    unit: Text,
    source: Option<String>,
}

fn read(name: &str, documents: &[DayDocument]) -> Values {
    let days: Vec<&DayDocument> = documents.iter().collect();
    let found = if facts::statement(name).is_some() {
        facts::series_of(name, &days)
    } else {
        series_of_metric(name, &days)
    };
    let unit = quantity(name).map_or("", |metric| metric.unit.ucum());
    let mut read = Values {
        points: Vec::new(),
        unit: Text::Borrowed(unit),
        source: None,
    };
    for (document, found) in days.iter().zip(found) {
        if let Some(found) = found {
            (read.unit, read.source) = (found.unit, found.source);
            read.points.push(Point {
                date: document.date,
                value: found.value,
            });
        }
    }
    read.points.sort_by_key(|point| point.date);
    read
}

/// The values of a metric on each of the days: merged totals, or what one source measured, the one that most of the
/// days have.
fn series_of_metric(name: &str, days: &[&DayDocument]) -> Vec<Option<Known>> {
    let found: Vec<Vec<Known>> = days.iter().map(|day| metric_of(name, day)).collect();
    facts::of_usual(days, found)
}

fn metric_of(name: &str, document: &DayDocument) -> Vec<Known> {
    let summary = quantity(name).and_then(|metric| document.metrics.get(metric.id));
    let known = |value, unit: &Text, source| Known {
        value,
        unit: unit.clone(),
        method: Text::Borrowed(""),
        source,
    };
    match summary {
        Some(MetricSummary::Cumulative(found)) => vec![known(found.value, &found.unit, None)],
        Some(MetricSummary::Discrete(found)) => {
            let sources = found.by_source.iter();
            sources
                .map(|one| {
                    let value = one.weighted.unwrap_or(one.mean);
                    known(value, &found.unit, Some(one.source.clone()))
                })
                .collect()
        }
        Some(MetricSummary::Category(_)) | None => Vec::new(),
    }
}

/// Clock times as minutes near their circular mean, so that midnight tears nothing apart.
fn unroll(points: &mut [Point]) {
    let times: Vec<f64> = points.iter().map(|point| point.value).collect();
    if let Ok(centre) = circular::mean(&times, CLOCK_MIN) {
        for point in points {
            point.value = centre + circular::difference(point.value, centre, CLOCK_MIN);
        }
    }
}

fn rolled(mut points: Vec<Point>, is_clock: bool) -> Vec<Point> {
    if is_clock {
        for point in &mut points {
            point.value = point.value.rem_euclid(CLOCK_MIN);
        }
    }
    points
}

fn change(
    current: &[f64],
    previous: &[f64],
    days: u32,
    is_clock: bool,
) -> Result<Change, Insufficient> {
    let needs = (f64::from(days) * VALID_SHARE).ceil();
    let fewest = current.len().min(previous.len()) as f64;
    if fewest < needs {
        return Err(Insufficient::new(
            "days with a value in both stretches",
            needs,
            fewest,
        ));
    }
    let (now, before) = (mean(current), mean(previous));
    let difference = now - before;
    Ok(Change {
        current: if is_clock {
            now.rem_euclid(CLOCK_MIN)
        } else {
            now
        },
        previous: if is_clock {
            before.rem_euclid(CLOCK_MIN)
        } else {
            before
        },
        difference,
        percent: (!is_clock && before != 0.0).then(|| 100.0 * difference / before.abs()),
    })
}
