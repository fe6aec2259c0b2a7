//! # The minutes of a day
//!
//! *What it measures*: a local day's activity minute by minute of its clock, and the time asleep of the
//! sleeps that ended on it: what the measures of rest and activity over many days are computed from.
//!
//! *Inputs and units*: activity counts, acceleration in mg, or steps; the sleep found for the day.
//!
//! *Method*: the first of `METRICS` with data on the day, from the source that recorded most of it.
//! Without one, steps per minute, merged over sources as daily totals are, labelled as a proxy: a minute
//! without steps is 0 in a clock hour in which the device was seen to be worn (steps, heart rate
//! or sleep), and missing elsewhere. Steps that stand for more than `STEPS_LONGEST_US` tell no minute.
//! Values are put on the day's clock: an hour that a clock change or a journey skips is missing, one that
//! it repeats holds the mean of both.
//!
//! *Missing minutes*: null.
//!
//! *Validity*: any day; nothing when neither activity nor sleep is known.
//!
//! *Versions*: 1.
//!
//! *References*: the project's own.

use std::collections::BTreeSet;

use jiff::civil::Date;
use model::sample::{HOUR_US, MINUTE_US, Sample};
use model::zone::{Span, ZoneHistory};
use serde::{Deserialize, Serialize};

use super::document::DayInput;
use super::epochs::{Grid, Minute, best_source, of_source};
use super::measure::Text;
use super::merge;
use super::rank::Ranks;
use super::series::is_aggregated;
use super::sleep::NightFound;

/// Version of the form.
pub const VERSION: u16 = 1;
/// Minutes of a civil day.
pub const DAY_MIN: usize = 1440;
/// Steps that stand for a longer time do not say in which minute they were made: 1 h.
const STEPS_LONGEST_US: i64 = HOUR_US;
/// Offsets from UTC change at multiples of this, except where a journey changes them.
const OFFSET_STEP_US: i64 = 15 * MINUTE_US;

/// Metrics of activity, best first, and how they become minutes.
const METRICS: [(&str, Minute); 4] = [
    ("activity_count", Minute::Sum),
    ("actigraph_count", Minute::Sum),
    ("actigraph_vector_magnitude", Minute::Sum),
    ("euclidean_norm_minus_one", Minute::Mean),
];

/// The metric that stands in where no device measured activity.
const STEPS: &str = "step_count";

/// A local day in minutes of its clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DayMinutes {
    /// Version of the form.
    pub version: u16,
    /// The local date.
    pub date: Date,
    /// Activity; null when nothing was recorded.
    pub activity: Option<Activity>,
    /// Time asleep of every sleep that ended on the date, as local civil seconds `[from, until]`.
    pub asleep_s: Vec<[i64; 2]>,
    /// What detected the main sleep: a device, or a scorer's id; null without one.
    pub main_by: Option<Text>,
}

/// Activity by the minute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Activity {
    /// Metric id.
    pub metric: Text,
    /// Name of its source; empty for merged steps.
    pub source: String,
    /// Whether steps stand in for activity.
    pub is_proxy: bool,
    /// One value for each minute from midnight; null where nothing was recorded.
    pub values: Vec<Option<f64>>,
}

impl DayMinutes {
    /// The bytes to store: JSON, for the caller to compress and seal.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("minutes hold text keys and finite numbers only")
    }

    /// Reads stored bytes; nothing when they are not of this form.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// The minutes of a day; nothing when neither activity nor sleep is known.
pub(super) fn minutes(input: &DayInput<'_>, found: &NightFound) -> Option<DayMinutes> {
    let spans = input.zones.day(input.date);
    let activity = spans
        .first()
        .zip(spans.last())
        .and_then(|(first, last)| {
            let day = Span {
                start_us: first.start_us,
                end_us: last.end_us,
            };
            recorded(input, day).or_else(|| stepped(input, found, day))
        })
        .map(|elapsed| elapsed.on_the_clock(input, &spans));
    let asleep_s: Vec<[i64; 2]> = found
        .ended
        .iter()
        .map(|span| {
            [
                civil_s(span.start_us, input.zones),
                civil_s(span.end_us, input.zones),
            ]
        })
        .collect();
    let main = found.night.main.as_ref();
    let main_by = main.map(|main| {
        main.scored_by
            .as_ref()
            .map_or(Text::Borrowed("device"), |by| by.scorer.clone())
    });
    (activity.is_some() || !asleep_s.is_empty()).then_some(DayMinutes {
        version: VERSION,
        date: input.date,
        activity,
        asleep_s,
        main_by,
    })
}

/// Activity in elapsed minutes.
struct Elapsed {
    metric: &'static str,
    source: String,
    is_proxy: bool,
    grid: Grid,
    values: Vec<f64>,
}

fn recorded(input: &DayInput<'_>, day: Span) -> Option<Elapsed> {
    METRICS.iter().find_map(|(metric, how)| {
        let found = input.metrics.iter().find(|found| found.id == *metric)?;
        let source = best_source(found.samples, found.ranks, day)?;
        let grid = Grid::around(day);
        let values = of_source(found.samples, source, grid, *how);
        let name = input.sources.get(usize::from(source.0));
        values.iter().any(|value| !value.is_nan()).then(|| Elapsed {
            metric,
            source: name.map_or_else(
                || format!("source {}", source.0),
                |source| source.name.clone(),
            ),
            is_proxy: false,
            grid,
            values,
        })
    })
}

fn stepped(input: &DayInput<'_>, found: &NightFound, day: Span) -> Option<Elapsed> {
    let unranked = Ranks::default();
    let (steps, ranks) = input.find(STEPS, &unranked);
    let is_near = |sample: &&Sample| sample.start_us < day.end_us && sample.end_us >= day.start_us;
    let steps: Vec<Sample> = steps
        .iter()
        .filter(is_near)
        .filter(|sample| {
            !is_aggregated(sample) && sample.end_us - sample.start_us <= STEPS_LONGEST_US
        })
        .copied()
        .collect();
    if steps.is_empty() {
        return None;
    }
    let mut worn: BTreeSet<i64> = BTreeSet::new();
    let rates = input.find("heart_rate", &unranked).0;
    for sample in steps.iter().chain(rates.iter().filter(is_near)) {
        worn.extend(hours(sample.start_us, sample.end_us));
    }
    for sleep in &found.sleeps {
        worn.extend(hours(sleep.start_us, sleep.end_us));
    }
    let grid = Grid::around(day);
    let minutes: Vec<Vec<Span>> = (0..grid.count)
        .map(|index| {
            let start_us = grid.at(index);
            vec![Span {
                start_us,
                end_us: start_us + MINUTE_US,
            }]
        })
        .collect();
    let totals = merge::by_priority(&steps, ranks, &minutes);
    let values = totals.iter().enumerate().map(|(index, total)| {
        let is_known = total.samples > 0 || worn.contains(&grid.at(index).div_euclid(HOUR_US));
        if is_known { total.total } else { f64::NAN }
    });
    Some(Elapsed {
        metric: STEPS,
        source: String::new(),
        is_proxy: true,
        grid,
        values: values.collect(),
    })
}

/// The clock hours that an interval touches.
fn hours(start_us: i64, end_us: i64) -> std::ops::RangeInclusive<i64> {
    let last_us = (end_us - 1).max(start_us);
    start_us.div_euclid(HOUR_US)..=last_us.div_euclid(HOUR_US)
}

impl Elapsed {
    /// The values on the clock of the day.
    fn on_the_clock(self, input: &DayInput<'_>, spans: &[Span]) -> Activity {
        let mut totals = vec![(0.0, 0_u32); DAY_MIN];
        let mut clock = Clock::new(input.zones);
        for (index, &value) in self.values.iter().enumerate() {
            let start_us = self.grid.at(index);
            let inside =
                |span: &&Span| start_us < span.end_us && start_us + MINUTE_US > span.start_us;
            let Some(span) = spans.iter().find(inside) else {
                continue;
            };
            let slot = clock.slot(start_us.max(span.start_us), input.date);
            if let (Some(slot), false) = (slot.and_then(|at| totals.get_mut(at)), value.is_nan()) {
                slot.0 += value;
                slot.1 += 1;
            }
        }
        let mean = |(total, count): &(f64, u32)| (*count > 0).then(|| total / f64::from(*count));
        Activity {
            metric: Text::Borrowed(self.metric),
            source: self.source,
            is_proxy: self.is_proxy,
            values: totals.iter().map(mean).collect(),
        }
    }
}

/// Offsets from UTC, looked up once for each stretch in which they do not change.
struct Clock<'a> {
    zones: &'a ZoneHistory,
    known: Option<(i64, i32)>,
}

impl<'a> Clock<'a> {
    const fn new(zones: &'a ZoneHistory) -> Self {
        Self { zones, known: None }
    }

    /// The minute of the date's clock at an instant; nothing when it shows another date.
    fn slot(&mut self, at_us: i64, date: Date) -> Option<usize> {
        let step = at_us.div_euclid(OFFSET_STEP_US);
        let offset_min = match self.known {
            Some((known, offset_min)) if known == step => offset_min,
            Some(_) | None => {
                let start_us = step * OFFSET_STEP_US;
                let first = offset_min(start_us, self.zones);
                let last = offset_min(start_us + OFFSET_STEP_US - 1, self.zones);
                if first == last {
                    self.known = Some((step, first));
                    first
                } else {
                    offset_min(at_us, self.zones)
                }
            }
        };
        let local_us = at_us + i64::from(offset_min) * MINUTE_US;
        let midnight_us = model::zone::Zone::utc().start_of(date);
        usize::try_from((local_us - midnight_us).div_euclid(MINUTE_US))
            .ok()
            .filter(|slot| *slot < DAY_MIN)
    }
}

fn offset_min(at_us: i64, zones: &ZoneHistory) -> i32 {
    zones.zone_at(at_us).offset_min(at_us)
}

/// Local civil second of an instant.
fn civil_s(at_us: i64, zones: &ZoneHistory) -> i64 {
    (at_us + i64::from(offset_min(at_us, zones)) * MINUTE_US).div_euclid(1_000_000)
}
