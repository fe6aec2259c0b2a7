//! # Facts of a day
//!
//! *What it measures*: a day's values beside the person's own baseline: what a daily insight may cite.
//!
//! *Inputs and units*: the documents of the day and of the days before it; each value in its unit.
//!
//! *Method*: the baseline is the median `m` of the valid values of the [`BASELINE_DAYS`] local dates
//! before the day that were computed by the same method: a resting heart rate asleep is not compared with one
//! that a device states. Of body mass, heart rate over the day and respiratory rate the value is that of the day's
//! best-ranked source, and is compared with values of that source: two scales are not one. Difference `x − m`, in percent `100·(x − m)/m`; robust z `(x − m) / (1.4826·MAD)`
//! with `MAD` the median absolute deviation. The usual range is from the 10th to the 90th percentile of the same days
//! (definition 7 of Hyndman and Fan). Clock times are compared on the circle of 1440 min
//! around their circular mean; the regularity of bedtime is the circular standard deviation
//! `√(−2 ln R)·1440/2π` of sleep onset over the day and the 28 before it, `R` the mean resultant length.
//!
//! *Missing days*: a day without a value is not in the baseline. A metric that neither the day nor its baseline has
//! gives no fact.
//!
//! *Validity*: a baseline needs [`BASELINE_DAYS_MIN`] valid days, a z a spread above zero; each is
//! otherwise missing with a reason.
//!
//! *Versions*: 3 (2 took the mean over all sources of a day; 1 compared values of different methods).
//!
//! *References*: Hyndman & Fan 1996, 10.1080/00031305.1996.10473566 (percentiles); Rousseeuw & Croux 1993, 10.1080/01621459.1993.10476408 (MAD); Mardia & Jupp,
//! Directional Statistics, 2000, 10.1002/9780470316979 (circular spread).

mod read;

use std::cmp::Ordering;
use std::f64::consts::TAU;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::read::{Reading, bedtime, is_staged, means_by_source, measured, night, reading};
use super::document::DayDocument;
use super::measure::{Quantity, Text, usual};
use crate::maths::describe::quantile;

/// Local dates of a baseline: 28 days, four of each day of the week.
pub const BASELINE_DAYS: i32 = 28;
/// Days of a baseline that need a value.
pub const BASELINE_DAYS_MIN: usize = 14;
/// Share of the days of a baseline that lie below its usual range, and above it.
const USUAL_FROM: f64 = 0.1;
/// Makes the MAD of normal values their standard deviation.
const MAD_TO_SD: f64 = 1.4826;
/// Length of the clock's circle in minutes.
const CLOCK_MIN: f64 = 1440.0;
/// Where the onset of the main sleep is in a night.
const ONSET: &[&str] = &["main", "onset_us"];

/// What kind of statement a fact makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FactStatement)]
pub enum Statement {
    /// A sum over the day.
    Total,
    /// A mean or level of the day or its night.
    Level,
    /// A length of time.
    Duration,
    /// A time on the clock, in minutes after local midnight.
    ClockTime,
    /// A spread over the last four weeks.
    Regularity,
}

/// A part of the document of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The summaries by metric.
    Metrics,
    /// The sleep that ended on the date.
    Night,
    /// Heart and breath.
    Cardio,
}

/// Where the number is in the documents of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query {
    /// The part of the document.
    pub part: Part,
    /// Names of members from the part down to the number.
    pub members: &'static [&'static str],
    /// First date.
    pub from: Date,
    /// The date after the last one.
    pub until: Date,
}

/// What is usual for the person.
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline {
    /// Median of the valid days.
    pub median: f64,
    /// Their 10th percentile (definition 7 of Hyndman and Fan 1996); eight of ten days lie from it to `high`.
    pub low: f64,
    /// Their 90th percentile.
    pub high: f64,
    /// Median absolute deviation from it.
    pub mad: f64,
    /// Number of valid days.
    pub n: usize,
    /// First date.
    pub from: Date,
    /// The date after the last one.
    pub until: Date,
    /// Where the numbers of its days are.
    pub query: Query,
}

impl Baseline {
    /// On which side of the usual range a value lies: before it, within it, or past it.
    pub fn side(&self, statement: Statement, value: f64) -> Ordering {
        side(statement, value, [self.low, self.median, self.high])
    }
}

/// On which side of a usual range, given as its low end, median and high end, a value lies.
pub fn side(statement: Statement, value: f64, [low, median, high]: [f64; 3]) -> Ordering {
    let from_middle = |value: f64| match statement {
        Statement::ClockTime => wrapped(value - median),
        Statement::Total | Statement::Level | Statement::Duration | Statement::Regularity => {
            value - median
        }
    };
    let value = from_middle(value);
    if value < from_middle(low) {
        Ordering::Less
    } else if value > from_middle(high) {
        Ordering::Greater
    } else {
        Ordering::Equal
    }
}

/// One number of a day that a text may cite.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// Stable name.
    pub id: Text,
    /// The metric it is about.
    pub metric: Text,
    /// What it says.
    pub statement: Statement,
    /// The day.
    pub date: Date,
    /// The number; null with a reason.
    pub value: Option<f64>,
    /// Its unit.
    pub unit: Text,
    /// Samples (or nights, for a regularity) behind it.
    pub n: u32,
    /// Share of its interval with data, when defined.
    pub coverage: Option<f64>,
    /// Why the value is null.
    pub reason: Option<Text>,
    /// What is usual; null with a reason.
    pub baseline: Option<Baseline>,
    /// Why there is no baseline.
    pub baseline_reason: Option<Text>,
    /// Value − median.
    pub difference: Option<f64>,
    /// Difference in percent of the median; null for clock times and a median of zero.
    pub difference_percent: Option<f64>,
    /// Difference in robust standard deviations; null without baseline or without any spread.
    pub robust_z: Option<f64>,
    /// How the number was computed.
    pub method: Text,
    /// The source that the number is of, where it is of one alone; its baseline is of the same.
    pub source: Option<String>,
    /// Version of that method.
    pub version: u16,
    /// Where the number is.
    pub query: Query,
}

/// Where a fact comes from.
struct Rule {
    id: &'static str,
    metric: &'static str,
    statement: Statement,
    part: Part,
    members: &'static [&'static str],
    read: Read,
}

/// How a day's number is read.
#[derive(Clone, Copy)]
enum Read {
    /// There is one.
    One(fn(&DayDocument) -> Reading),
    /// There is one of each source, best-ranked first.
    BySource,
}

impl Rule {
    /// The numbers of a day, best first; one at least, which may be missing.
    fn readings(&self, day: &DayDocument) -> Vec<Reading> {
        match self.read {
            Read::One(read) => vec![read(day)],
            Read::BySource => means_by_source(day, self.metric),
        }
    }
}

/// A fact about the mean of a metric over the day, of one source.
const fn by_source(
    id: &'static str,
    metric: &'static str,
    members: &'static [&'static str],
) -> Rule {
    Rule {
        id,
        metric,
        statement: Statement::Level,
        part: Part::Metrics,
        members,
        read: Read::BySource,
    }
}

const fn rule(
    id: &'static str,
    metric: &'static str,
    statement: Statement,
    part: Part,
    members: &'static [&'static str],
    read: fn(&DayDocument) -> Reading,
) -> Rule {
    Rule {
        id,
        metric,
        statement,
        part,
        members,
        read: Read::One(read),
    }
}

/// Every fact, in the order in which texts tell them.
#[rustfmt::skip]
const RULES: &[Rule] = &[
    rule("sleep_duration", "sleep_analysis", Statement::Duration, Part::Night, &["main", "asleep_min"], |day| night(day, "min", |main| Some(main.asleep_min))),
    rule("sleep_efficiency", "sleep_analysis", Statement::Level, Part::Night, &["main", "efficiency"], |day| night(day, "1", |main| main.efficiency)),
    rule("deep_sleep", "sleep_analysis", Statement::Duration, Part::Night, &["main", "stages_min", "deep"], |day| night(day, "min", |main| is_staged(main).then_some(main.stages_min.deep))),
    rule("rem_sleep", "sleep_analysis", Statement::Duration, Part::Night, &["main", "stages_min", "rem"], |day| night(day, "min", |main| is_staged(main).then_some(main.stages_min.rem))),
    rule("bedtime", "sleep_analysis", Statement::ClockTime, Part::Night, ONSET, bedtime),
    rule("resting_heart_rate", "resting_heart_rate", Statement::Level, Part::Cardio, &["resting_heart_rate", "value"], |day| measured(&day.cardio.resting_heart_rate)),
    rule("nocturnal_heart_rate", "heart_rate", Statement::Level, Part::Cardio, &["nocturnal_heart_rate_mean", "value"], |day| measured(&day.cardio.nocturnal_heart_rate_mean)),
    rule("hrv_sdnn_asleep", "heart_rate_variability_sdnn", Statement::Level, Part::Cardio, &["hrv_sdnn_asleep", "value"], |day| measured(&day.cardio.hrv_sdnn_asleep)),
    rule("hrv_sdnn", "heart_rate_variability_sdnn", Statement::Level, Part::Cardio, &["hrv_sdnn_day", "value"], |day| measured(&day.cardio.hrv_sdnn_day)),
    rule("hrv_rmssd", "heart_rate_variability_rmssd", Statement::Level, Part::Cardio, &["hrv_rmssd_day", "value"], |day| measured(&day.cardio.hrv_rmssd_day)),
    rule("respiratory_rate", "respiratory_rate", Statement::Level, Part::Cardio, &["respiratory_rate_asleep", "value"], |day| measured(&day.cardio.respiratory_rate_asleep)),
    rule("oxygen_saturation", "oxygen_saturation", Statement::Level, Part::Cardio, &["oxygen_saturation_mean", "value"], |day| measured(&day.cardio.oxygen_saturation_mean)),
    rule("steps", "step_count", Statement::Total, Part::Metrics, &["step_count", "value"], |day| measured(&day.activity.steps)),
    rule("distance", "distance_walking_running", Statement::Total, Part::Metrics, &["distance_walking_running", "value"], |day| measured(&day.activity.distance)),
    rule("active_energy", "active_energy_burned", Statement::Total, Part::Metrics, &["active_energy_burned", "value"], |day| measured(&day.activity.active_energy)),
    rule("exercise", "apple_exercise_time", Statement::Duration, Part::Metrics, &["apple_exercise_time", "value"], |day| measured(&day.activity.exercise_minutes)),
    by_source("heart_rate", "heart_rate", &["heart_rate", "by_source", "0", "mean"]),
    by_source("body_mass", "body_mass", &["body_mass", "by_source", "0", "mean"]),
];

/// Every fact that a single day can have, with what it says.
pub fn all() -> impl Iterator<Item = (&'static str, Statement)> {
    RULES.iter().map(|rule| (rule.id, rule.statement))
}

/// What the fact of this name says; nothing when there is none.
pub fn statement(id: &str) -> Option<Statement> {
    let mut rules = RULES.iter();
    rules.find(|rule| rule.id == id).map(|rule| rule.statement)
}

/// The metric that a fact is about, and the part of the document that the fact is read from.
pub fn about(id: &str) -> Option<(&'static str, Part)> {
    let mut rules = RULES.iter();
    let found = rules.find(|rule| rule.id == id);
    found.map(|rule| (rule.metric, rule.part))
}

/// A day's fact in a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// The value.
    pub value: f64,
    /// Its unit.
    pub unit: Text,
    /// How it was computed.
    pub method: Text,
    /// The source that it is of, where it is of one alone.
    pub source: Option<String>,
}

impl Known {
    fn quantity(&self) -> Quantity {
        (self.method.clone(), self.source.clone())
    }
}

/// The values of a fact on each of the documents, all by one method and where they are by source of one source: those
/// that most of the days have, the latest where two have as many. A day on which it was computed otherwise has none:
/// that is another quantity.
pub fn series_of(id: &str, documents: &[&DayDocument]) -> Vec<Option<Known>> {
    let Some(rule) = RULES.iter().find(|rule| rule.id == id) else {
        return vec![None; documents.len()];
    };
    let known = |reading: Reading| {
        Some(Known {
            value: reading.value.ok()?,
            unit: reading.unit,
            method: reading.method,
            source: reading.source,
        })
    };
    let read = |day: &&DayDocument| {
        let readings = rule.readings(day).into_iter();
        readings.filter_map(known).collect::<Vec<Known>>()
    };
    let found: Vec<Vec<Known>> = documents.iter().map(read).collect();
    of_usual(documents, found)
}

/// Of what each day has, the values of the quantity that most of the days have.
pub(super) fn of_usual(days: &[&DayDocument], found: Vec<Vec<Known>>) -> Vec<Option<Known>> {
    let dated = days.iter().zip(&found);
    let of_days = dated.flat_map(|(day, known)| known.iter().map(|one| (day.date, one.quantity())));
    let usual = usual(of_days);
    let is_usual = |known: &Known| Some(known.quantity()) == usual;
    found
        .into_iter()
        .map(|known| known.into_iter().find(is_usual))
        .collect()
}

/// The facts of a date from the documents of it and the 28 dates before it, in any order.
pub fn facts(date: Date, documents: &[DayDocument]) -> Vec<Fact> {
    facts_among(date, documents.iter())
}

/// The same from documents that somebody holds.
pub(super) fn facts_among<'a>(
    date: Date,
    documents: impl Iterator<Item = &'a DayDocument>,
) -> Vec<Fact> {
    let from = date.checked_sub(BASELINE_DAYS.days()).unwrap_or(Date::MIN);
    let mut window: Vec<&DayDocument> = documents
        .filter(|document| from <= document.date && document.date <= date)
        .collect();
    window.sort_by_key(|document| document.date);
    window.dedup_by_key(|document| document.date);
    let (today, before) = match window.split_last() {
        Some((last, rest)) if last.date == date => (Some(*last), rest),
        Some(_) | None => (None, window.as_slice()),
    };
    let span = Dates { date, from };
    let mut facts: Vec<Fact> = RULES
        .iter()
        .filter_map(|rule| span.fact(rule, today, before))
        .collect();
    facts.extend(span.bedtime_regularity(&window));
    facts
}

/// The day and the first date of its baseline.
#[derive(Debug, Clone, Copy)]
struct Dates {
    date: Date,
    from: Date,
}

impl Dates {
    fn fact(
        self,
        rule: &Rule,
        today: Option<&DayDocument>,
        before: &[&DayDocument],
    ) -> Option<Fact> {
        let reading = today.map_or_else(
            || reading(Err("no_document"), Text::Borrowed(""), 0),
            |day| rule.readings(day).swap_remove(0),
        );
        let known: Vec<(Date, Quantity, f64)> = before
            .iter()
            .flat_map(|day| {
                let readings = rule.readings(day).into_iter();
                readings.map(|one| (day.date, one))
            })
            .filter_map(|(date, usual)| Some((date, usual.quantity(), usual.value.ok()?)))
            .collect();
        // Another method, or another source, is another quantity: a day is compared with days of its own.
        let quantity = match reading.value {
            Ok(_) => Some(reading.quantity()),
            Err(_) => usual(known.iter().map(|(date, of, _)| (*date, of.clone()))),
        };
        let alike = known
            .iter()
            .filter(|(_, of, _)| Some(of) == quantity.as_ref());
        let usual: Vec<f64> = alike.map(|(_, _, value)| *value).collect();
        if reading.value.is_err() && usual.is_empty() {
            return None;
        }
        let is_clock = rule.statement == Statement::ClockTime;
        let baseline = self.baseline(rule, &usual, is_clock);
        let value = reading.value.as_ref().ok().copied();
        let difference = value.zip(baseline.as_ref()).map(|(value, baseline)| {
            if is_clock {
                wrapped(value - baseline.median)
            } else {
                value - baseline.median
            }
        });
        let of_baseline = |part: fn(&Baseline) -> f64| {
            let divisor = part(baseline.as_ref()?);
            difference
                .filter(|_| divisor != 0.0)
                .map(|difference| difference / divisor)
        };
        Some(Fact {
            id: Text::Borrowed(rule.id),
            metric: Text::Borrowed(rule.metric),
            statement: rule.statement,
            date: self.date,
            value,
            unit: reading.unit,
            n: reading.n,
            coverage: reading.coverage,
            reason: reading.value.err(),
            baseline_reason: baseline
                .is_none()
                .then_some(Text::Borrowed("too_few_valid_days")),
            difference,
            difference_percent: of_baseline(|baseline| baseline.median / 100.0)
                .filter(|_| !is_clock),
            robust_z: of_baseline(|baseline| baseline.mad * MAD_TO_SD),
            baseline,
            method: reading.method,
            source: reading.source,
            version: reading.version,
            query: query(rule, self.date, next(self.date)),
        })
    }

    fn baseline(self, rule: &Rule, usual: &[f64], is_clock: bool) -> Option<Baseline> {
        if usual.len() < BASELINE_DAYS_MIN {
            return None;
        }
        let center = if is_clock {
            circular(usual)?.mean_min
        } else {
            0.0
        };
        let around: Vec<f64> = usual
            .iter()
            .map(|value| {
                if is_clock {
                    wrapped(value - center)
                } else {
                    *value
                }
            })
            .collect();
        let middle = median(&around)?;
        let at = |value: f64| {
            if is_clock {
                (center + value).rem_euclid(CLOCK_MIN)
            } else {
                value
            }
        };
        let deviations: Vec<f64> = around.iter().map(|value| (value - middle).abs()).collect();
        Some(Baseline {
            median: at(middle),
            low: at(quantile(&around, USUAL_FROM)),
            high: at(quantile(&around, 1.0 - USUAL_FROM)),
            mad: median(&deviations)?,
            n: usual.len(),
            from: self.from,
            until: self.date,
            query: query(rule, self.from, self.date),
        })
    }

    fn bedtime_regularity(self, window: &[&DayDocument]) -> Option<Fact> {
        let onsets: Vec<f64> = window
            .iter()
            .filter_map(|day| bedtime(day).value.ok())
            .collect();
        if onsets.is_empty() {
            return None;
        }
        let value = circular(&onsets)
            .filter(|_| onsets.len() >= BASELINE_DAYS_MIN)
            .map(|circle| circle.spread_min)
            .filter(|spread| spread.is_finite());
        Some(Fact {
            id: Text::Borrowed("bedtime_regularity"),
            metric: Text::Borrowed("sleep_analysis"),
            statement: Statement::Regularity,
            date: self.date,
            value,
            unit: Text::Borrowed("min"),
            n: u32::try_from(onsets.len()).unwrap_or(u32::MAX),
            coverage: Some(onsets.len() as f64 / f64::from(BASELINE_DAYS + 1)),
            reason: value
                .is_none()
                .then_some(Text::Borrowed("too_few_valid_days")),
            baseline: None,
            baseline_reason: Some(Text::Borrowed("spread_has_no_baseline")),
            difference: None,
            difference_percent: None,
            robust_z: None,
            method: Text::Borrowed("bedtime_regularity.circular_sd"),
            source: None,
            version: 1,
            query: Query {
                part: Part::Night,
                members: ONSET,
                from: self.from,
                until: next(self.date),
            },
        })
    }
}

fn next(date: Date) -> Date {
    date.checked_add(1.day()).unwrap_or(Date::MAX)
}

const fn query(rule: &Rule, from: Date, until: Date) -> Query {
    Query {
        part: rule.part,
        members: rule.members,
        from,
        until,
    }
}

/// The median; none of no values.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *sorted.get(sorted.len() / 2 - 1)?;
    Some(f64::midpoint(lower, upper))
}

/// Circular mean and spread of clock times.
struct Circle {
    mean_min: f64,
    spread_min: f64,
}

fn circular(minutes: &[f64]) -> Option<Circle> {
    if minutes.is_empty() {
        return None;
    }
    let (mut sines, mut cosines) = (0.0, 0.0);
    for minute in minutes {
        let (sine, cosine) = (minute / CLOCK_MIN * TAU).sin_cos();
        sines += sine;
        cosines += cosine;
    }
    let length = sines.hypot(cosines) / minutes.len() as f64;
    Some(Circle {
        mean_min: (sines.atan2(cosines) / TAU * CLOCK_MIN).rem_euclid(CLOCK_MIN),
        spread_min: (-2.0 * length.min(1.0).ln()).max(0.0).sqrt() / TAU * CLOCK_MIN,
    })
}

/// A difference of clock times, from −720 to 720 min.
fn wrapped(difference_min: f64) -> f64 {
    (difference_min + CLOCK_MIN / 2.0).rem_euclid(CLOCK_MIN) - CLOCK_MIN / 2.0
}
