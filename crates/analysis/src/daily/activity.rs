//! # Activity of a day
//!
//! *What it measures*: the day's totals of movement and the minutes of exercise, standing and
//! moderate and vigorous effort.
//!
//! *Inputs and units*: the day's metric summaries; samples of physical effort in kcal/(kg·h), which
//! is one MET each. Minutes, steps, kilometres or metres and kilocalories in the metric's own unit.
//!
//! *Method*: totals are those of the merge ([`super::merge`]). Stand hours are the samples of
//! `apple_stand_hour` with code 0 (stood). Moderate and vigorous minutes are the time of the day that
//! physical-effort samples of 3 to 6 MET, and of 6 MET or more, cover; each instant is held by the
//! best-ranked source.
//!
//! *Missing samples*: a minute without a sample adds nothing to a total; nothing is filled in.
//!
//! *Validity*: without physical-effort samples there are no moderate and vigorous minutes; exercise minutes of
//! the device mix both and are kept apart. Sedentary time is not derived: an hour without steps may be an hour
//! without a device.
//!
//! *Versions*: 1.
//!
//! *References*: Garber et al. 2011, 10.1249/MSS.0b013e318213fefb (3 and 6 MET).

use std::collections::BTreeMap;

use model::sample::Sample;
use model::zone::Span;
use serde::{Deserialize, Serialize};

use super::measure::{Measure, Method};
use super::rank::Ranks;
use super::series::{cut, in_order, is_aggregated, minutes, touching};
use super::summary::MetricSummary;
use super::timeline::{Claim, resolve};

/// Effort from here on is moderate: 3 MET.
const MODERATE_MET: f64 = 3.0;
/// Effort from here on is vigorous: 6 MET.
const VIGOROUS_MET: f64 = 6.0;
/// `apple_stand_hour`: the person stood.
const STOOD: i32 = 0;

const STAND_HOURS: Method = method("stand_hours.device", "h");
const MODERATE: Method = method("moderate_minutes.physical_effort", "min");
const VIGOROUS: Method = method("vigorous_minutes.physical_effort", "min");

const fn method(id: &'static str, unit: &'static str) -> Method {
    Method {
        id,
        version: 1,
        unit,
    }
}

/// What the methods read.
#[derive(Debug, Clone, Copy)]
pub struct ActivityInput<'a> {
    /// Spans of the local day.
    pub day: &'a [Span],
    /// The day's summaries by metric id.
    pub metrics: &'a BTreeMap<String, MetricSummary>,
    /// Physical effort in MET.
    pub physical_effort: &'a [Sample],
    /// The order of its sources.
    pub ranks: &'a Ranks,
}

/// The activity of a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the module's Method section defines each field"
)]
pub struct Activity {
    pub steps: Measure,
    pub distance: Measure,
    pub active_energy: Measure,
    pub basal_energy: Measure,
    pub flights_climbed: Measure,
    pub exercise_minutes: Measure,
    pub stand_minutes: Measure,
    pub stand_hours: Measure,
    pub moderate_minutes: Measure,
    pub vigorous_minutes: Measure,
    pub mindful_minutes: Measure,
}

/// Gathers the activity of a day.
pub fn activity(input: &ActivityInput<'_>) -> Activity {
    let total = |id: &'static str, unit| total_of(input, id, method_of(id), unit);
    let (moderate, vigorous) = effort(input);
    Activity {
        steps: total("step_count", "1"),
        distance: total("distance_walking_running", "m"),
        active_energy: total("active_energy_burned", "kcal"),
        basal_energy: total("basal_energy_burned", "kcal"),
        flights_climbed: total("flights_climbed", "1"),
        exercise_minutes: total("apple_exercise_time", "min"),
        stand_minutes: total("apple_stand_time", "min"),
        stand_hours: stand_hours(input),
        moderate_minutes: moderate,
        vigorous_minutes: vigorous,
        mindful_minutes: mindful(input),
    }
}

fn method_of(metric: &str) -> &'static str {
    match metric {
        "step_count" => "steps.interval_priority",
        "distance_walking_running" => "distance.interval_priority",
        "active_energy_burned" => "active_energy.interval_priority",
        "basal_energy_burned" => "basal_energy.interval_priority",
        "flights_climbed" => "flights_climbed.interval_priority",
        "apple_exercise_time" => "exercise_minutes.interval_priority",
        _ => "stand_minutes.interval_priority",
    }
}

fn on_day(measure: Measure, day: &[Span]) -> Measure {
    match (day.first(), day.last()) {
        (Some(first), Some(last)) => measure.on(Span {
            start_us: first.start_us,
            end_us: last.end_us,
        }),
        _ => measure,
    }
}

fn total_of(
    input: &ActivityInput<'_>,
    metric: &str,
    id: &'static str,
    unit: &'static str,
) -> Measure {
    let method = method(id, unit);
    let measure = match input.metrics.get(metric) {
        Some(MetricSummary::Cumulative(total)) => {
            let mut measure = Measure::of(method, total.value, total.samples as usize);
            measure.unit.clone_from(&total.unit);
            measure.covering(total.coverage)
        }
        Some(MetricSummary::Discrete(_) | MetricSummary::Category(_)) => {
            Measure::missing(method, "not_cumulative", 0)
        }
        None => Measure::missing(method, "no_samples", 0),
    };
    on_day(measure, input.day)
}

fn stand_hours(input: &ActivityInput<'_>) -> Measure {
    let measure = match input.metrics.get("apple_stand_hour") {
        Some(MetricSummary::Category(hours)) => {
            let stood = hours.codes.iter().find(|total| total.code == STOOD);
            let stood = f64::from(stood.map_or(0, |total| total.n));
            Measure::of(STAND_HOURS, stood, hours.n as usize).covering(hours.coverage)
        }
        Some(_) | None => Measure::missing(STAND_HOURS, "no_samples", 0),
    };
    on_day(measure, input.day)
}

fn mindful(input: &ActivityInput<'_>) -> Measure {
    let method = method("mindful_minutes.union", "min");
    let measure = match input.metrics.get("mindful_session") {
        Some(MetricSummary::Category(sessions)) => {
            let minutes = sessions.codes.iter().map(|total| total.minutes).sum();
            Measure::of(method, minutes, sessions.n as usize)
        }
        Some(_) | None => Measure::missing(method, "no_samples", 0),
    };
    on_day(measure, input.day)
}

/// Moderate and vigorous minutes.
fn effort(input: &ActivityInput<'_>) -> (Measure, Measure) {
    let samples = in_order(input.physical_effort);
    let whole = |sample: &Sample| Span {
        start_us: sample.start_us,
        end_us: sample.end_us,
    };
    let efforts: Vec<&Sample> = touching(&samples, input.day)
        .filter(|sample| !is_aggregated(sample))
        .filter(|sample| {
            input
                .day
                .iter()
                .any(|day| cut(whole(sample), *day).is_some())
        })
        .collect();
    if efforts.is_empty() {
        let missing = |method| {
            on_day(
                Measure::missing(method, "no_physical_effort_samples", 0),
                input.day,
            )
        };
        return (missing(MODERATE), missing(VIGOROUS));
    }
    let claims: Vec<_> = efforts
        .iter()
        .map(|sample| Claim {
            span: whole(sample),
            priority: (input.ranks.of(sample.source), sample.source),
        })
        .collect();
    let (mut moderate_us, mut vigorous_us, mut held_us) = (0, 0, 0);
    for held in resolve(&claims) {
        let length_us: i64 = input
            .day
            .iter()
            .filter_map(|day| cut(held.span, *day))
            .map(|part| part.end_us - part.start_us)
            .sum();
        held_us += length_us;
        let met = efforts.get(held.claim).map_or(0.0, |sample| sample.value);
        if met >= VIGOROUS_MET {
            vigorous_us += length_us;
        } else if met >= MODERATE_MET {
            moderate_us += length_us;
        }
    }
    let day_us: i64 = input.day.iter().map(|day| day.end_us - day.start_us).sum();
    let share = held_us as f64 / day_us as f64;
    let report = |method, length_us| {
        on_day(
            Measure::of(method, minutes(length_us), efforts.len()).covering(share),
            input.day,
        )
    };
    (report(MODERATE, moderate_us), report(VIGOROUS, vigorous_us))
}
