//! # Rest and activity over a range of days
//!
//! *What it measures*: one series of activity and one of sleep and wake over many local days, and the
//! measures of rest-activity rhythm on them.
//!
//! *Inputs and units*: the minutes of the days; activity in the unit of its metric per minute.
//!
//! *Method*: of the metrics and sources in the days the one that holds most days is taken, measured
//! activity before steps; the other days are missing, because devices do not count alike. The series
//! begins with the first and ends with the last minute present. Of counts, three hours or more of zeros (Choi 2011
//! with 180 minutes) are not worn and left out of the measures; of steps and acceleration nothing is. A minute is asleep inside the time
//! asleep of any night or nap, awake where activity was recorded outside it or where the main sleep
//! between its noons is known, and missing elsewhere. The measures are the columns of
//! [`crate::report`], the regularity index and the midpoint those of its sleep series.
//!
//! *Missing minutes*: as each measure says.
//!
//! *Validity*: as each measure says.
//!
//! *Versions*: 1.
//!
//! *References*: with each measure.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::measure::Text;
use super::minutes::{Activity, DAY_MIN, DayMinutes};
use super::scored;
use crate::method::Analysis;
use crate::outcome::{Insufficient, Outcome};
use crate::report::column::{Column, Kind};
use crate::report::groups;
use crate::report::scorer::ActivityScale;
use crate::report::wear::{Unworn, Wear};
use crate::report::{Input, Report};
use crate::rhythm::regularity;
use crate::score::endpoints;
use crate::score::scored::{Scored, State};
use crate::series::{DAY_S, MINUTE_S, Series};

/// What activity is, over the range.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// Metric id.
    pub metric: String,
    /// Name of the source; empty for merged steps.
    pub source: String,
    /// Whether steps stand in for activity.
    pub is_proxy: bool,
    /// Days with a minute of it.
    pub days: usize,
    /// Activity per minute, from the first to the last minute present.
    pub series: Series,
}

impl Chosen {
    /// What the measures are made from: counts without what was not worn, all else as it is.
    pub fn input(&self) -> Input<'_> {
        let is_counted = scored::METRICS.contains(&self.metric.as_str());
        let (wear, unworn) = if is_counted {
            (Wear::ChoiLong, Unworn::LeftOut)
        } else {
            (Wear::Unknown, Unworn::Kept)
        };
        Input {
            wear,
            unworn,
            scale: if is_counted {
                ActivityScale::Counts
            } else {
                ActivityScale::Other
            },
            ..Input::new(&self.series)
        }
    }
}

/// A range of days.
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    /// Activity; nothing when no day has any.
    pub activity: Option<Chosen>,
    /// Sleep and wake by the minute, over all of the range.
    pub states: Scored,
    /// Main sleeps by what detected them: a device, or a scorer.
    pub nights: BTreeMap<String, usize>,
}

/// A measure of the range.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Name of the measure.
    pub id: &'static str,
    /// Unit of the value: UCUM; seconds for a time of day.
    pub unit: Text,
    /// Whether the value is a time of day, in seconds after midnight.
    pub is_clock: bool,
    /// The method behind it.
    pub method: &'static Analysis,
    /// The value with its coverage, or why there is none.
    pub outcome: Outcome<f64>,
}

/// Measures of the sleep and wake series, beside the columns of the report.
const OF_STATES: [&str; 2] = ["sleep_regularity_index", "sleep_minutes_midpoint"];

/// Joins the days `[from, until)`; `minutes` may also hold the day after, whose night begins before it.
pub fn join(minutes: &[DayMinutes], from: Date, until: Date) -> Range {
    let held = |day: &&DayMinutes| from <= day.date && day.date < until;
    let days: Vec<&DayMinutes> = minutes.iter().filter(held).collect();
    let start_s = civil_day(from) * i64::from(DAY_S);
    let count = usize::try_from(civil_day(until) - civil_day(from)).unwrap_or(0) * DAY_MIN;
    let activity = choose(&days).map(|(key, days_held)| {
        let (metric, source, is_proxy) = key;
        let mut values = vec![f64::NAN; count];
        for day in &days {
            if let Some(activity) = day.activity.as_ref().filter(|found| key_of(found) == key) {
                fill(&mut values, day.date, from, activity);
            }
        }
        Chosen {
            metric: metric.to_owned(),
            source: source.to_owned(),
            is_proxy,
            days: days_held,
            series: trimmed(start_s, &values),
        }
    });
    let mut nights: BTreeMap<String, usize> = BTreeMap::new();
    for by in days.iter().filter_map(|day| day.main_by.as_ref()) {
        *nights.entry(by.clone().into_owned()).or_default() += 1;
    }
    Range {
        activity,
        states: states(minutes, from, start_s, count),
        nights,
    }
}

/// A metric with its source, and whether it only stands in for activity.
type Key<'a> = (&'a str, &'a str, bool);

fn key_of(activity: &Activity) -> Key<'_> {
    (&activity.metric, &activity.source, activity.is_proxy)
}

/// The kind of activity that most days hold; what was measured goes before what stands in for it.
fn choose<'a>(days: &[&'a DayMinutes]) -> Option<(Key<'a>, usize)> {
    let mut counts: BTreeMap<Key<'a>, usize> = BTreeMap::new();
    for activity in days.iter().filter_map(|day| day.activity.as_ref()) {
        *counts.entry(key_of(activity)).or_default() += 1;
    }
    counts
        .into_iter()
        .max_by_key(|((metric, source, is_proxy), count)| {
            let reverse = std::cmp::Reverse((*metric, *source));
            (!is_proxy, *count, reverse)
        })
}

fn fill(values: &mut [f64], date: Date, from: Date, activity: &Activity) {
    let first = usize::try_from(civil_day(date) - civil_day(from)).unwrap_or(0) * DAY_MIN;
    let slots = values.iter_mut().skip(first);
    for (slot, value) in slots.zip(activity.values.iter().take(DAY_MIN)) {
        *slot = value.unwrap_or(f64::NAN);
    }
}

/// The series from its first to its last minute present.
fn trimmed(start_s: i64, values: &[f64]) -> Series {
    let whole = Series::new(start_s, MINUTE_S, values.to_vec());
    let is_present = |value: &f64| !value.is_nan();
    let first = values.iter().position(is_present).unwrap_or(0);
    let last = values
        .iter()
        .rposition(is_present)
        .map_or(0, |last| last + 1);
    whole.part(first, last)
}

fn states(minutes: &[DayMinutes], from: Date, start_s: i64, count: usize) -> Scored {
    let mut states: Vec<Option<State>> = vec![None; count];
    let index = |time_s: i64| (time_s - start_s).div_euclid(i64::from(MINUTE_S));
    let clamp = |index: i64| usize::try_from(index.max(0)).unwrap_or(0).min(count);
    for day in minutes {
        let midnight = index(civil_day(day.date) * i64::from(DAY_S));
        if day.main_by.is_some() {
            let half = i64::try_from(DAY_MIN / 2).unwrap_or(0);
            states[clamp(midnight - half)..clamp(midnight + half)].fill(Some(State::Wake));
        }
    }
    for day in minutes.iter().filter(|day| day.date >= from) {
        let midnight = index(civil_day(day.date) * i64::from(DAY_S));
        let values = day.activity.iter().flat_map(|activity| &activity.values);
        let slots = states.iter_mut().skip(clamp(midnight));
        for (state, value) in slots.zip(values.take(DAY_MIN)) {
            if value.is_some() {
                *state = Some(State::Wake);
            }
        }
    }
    for [from_s, until_s] in minutes.iter().flat_map(|day| &day.asleep_s) {
        let (first, last) = (clamp(index(*from_s)), clamp(index(*until_s)));
        if first < last {
            states[first..last].fill(Some(State::Sleep));
        }
    }
    Scored::new(start_s, MINUTE_S, states)
}

/// Days since 1970.
fn civil_day(date: Date) -> i64 {
    let epoch = jiff::civil::date(1970, 1, 1);
    date.duration_since(epoch).as_hours() / 24
}

/// Whether a name stands for measures of a range: a measure, a group, a method or `all`.
pub fn is_name(name: &str) -> bool {
    name == ALL || OF_STATES.contains(&name) || !groups::named(name).is_empty()
}

/// The groups of columns that are measured over days.
const GROUPS: [&str; 3] = ["rhythm", "shape", "structure"];

/// The name that stands for every measure.
pub const ALL: &str = "all";

/// What is measured when nothing is named: the rhythm, its turns, and the regularity of sleep.
pub const USUAL: [&str; 5] = [
    "rhythm",
    "activity_onset",
    "activity_offset",
    "sleep_regularity_index",
    "sleep_minutes_midpoint",
];

impl Range {
    /// The measures that the names stand for, each once, in the order of the list of columns.
    pub fn measures(&self, names: &[&str]) -> Vec<Found> {
        let is_wanted = |id: &str| {
            names.iter().any(|name| {
                *name == ALL
                    || *name == id
                    || groups::named(name).iter().any(|column| column.id == id)
            })
        };
        let none = Insufficient::new("days with activity", 1.0, 0.0);
        let report = self
            .activity
            .as_ref()
            .map(|activity| Report::new(activity.input()));
        let columns = GROUPS.into_iter().flat_map(groups::named);
        let mut found: Vec<Found> = columns
            .filter(|column| is_wanted(column.id))
            .map(|column| Found {
                id: column.id,
                unit: self.unit(column),
                is_clock: column.kind == Kind::Clock,
                method: column.method,
                outcome: report
                    .as_ref()
                    .map_or(Err(none), |report| report.measure(column).outcome),
            })
            .collect();
        found.extend(
            self.of_states()
                .into_iter()
                .filter(|found| is_wanted(found.id)),
        );
        found
    }

    fn of_states(&self) -> [Found; 2] {
        let midpoint = endpoints::midpoint_min(&self.states);
        let seconds = |minutes: f64| (minutes * 60.0).rem_euclid(f64::from(DAY_S));
        let [regularity_id, midpoint_id] = OF_STATES;
        [
            Found {
                id: regularity_id,
                unit: Text::Borrowed("1"),
                is_clock: false,
                method: &regularity::SLEEP_REGULARITY,
                outcome: regularity::index(&self.states),
            },
            Found {
                id: midpoint_id,
                unit: Text::Borrowed("s"),
                is_clock: true,
                method: &endpoints::SLEEP_MIDPOINT,
                outcome: midpoint.map(|found| found.map(seconds)),
            },
        ]
    }

    /// The unit of a column, with that of the activity in place of "input".
    fn unit(&self, column: &Column) -> Text {
        let is_level = self
            .activity
            .as_ref()
            .is_some_and(|activity| activity.metric == "euclidean_norm_minus_one");
        Text::Borrowed(match column.unit {
            "input" if is_level => "m[g]",
            "input" => "/min",
            "input per day" if is_level => "m[g].min/d",
            "input per day" => "/d",
            _ if column.kind == Kind::Clock => "s",
            unit => unit,
        })
    }
}
