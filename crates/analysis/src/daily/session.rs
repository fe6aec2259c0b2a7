//! # Effort of a workout
//!
//! *What it measures*: minutes in heart-rate zones, training impulse, recovery in the minute after, and the
//! cadence of walking and running of one workout.
//!
//! *Inputs and units*: samples of heart rate (/min) from the start of the workout to two minutes after its
//! end, samples of steps, resting and maximal heart rate of the person, and whose curve weighs the impulse.
//!
//! *Method*: of the sources the one with most samples in the workout is taken. Heart rates stand at the
//! middle of their samples and are interpolated linearly on epochs of ten seconds, over gaps of a minute at
//! most. Zones and impulse as in [`crate::effort::zones`] and [`crate::effort::load`], recovery as in
//! [`crate::effort::recovery`] after 60 s. Steps are spread evenly over the seconds of their sample and
//! added up by the minute from the start of the workout ([`crate::effort::cadence`]).
//!
//! *Missing epochs*: an epoch further than that from two heart rates has none and adds nothing. A minute
//! that a sample of steps of more than 90 s touches has no cadence.
//!
//! *Validity*: a heart rate in half of the workout for zones and impulse; workouts of two days at most.
//! Values that an app had aggregated are not used.
//!
//! *Versions*: 1.
//!
//! *References*: with the methods named above.

use std::collections::BTreeMap;

use model::sample::{MINUTE_US, SECOND_US, Sample};
use model::source::SourceNo;
use model::zone::Span;

use super::series::{is_aggregated, is_extreme, is_usable};
use crate::effort::cadence::{self, Bands};
use crate::effort::load::{self, Curve};
use crate::effort::recovery::{self, CUSTOMARY_S, Rate, Recovery};
use crate::effort::zones::{self, Reserve};
use crate::outcome::{Insufficient, Outcome};
use crate::series::{MINUTE_S, Series};

/// How long after a workout heart rates are read, for its recovery.
pub const AFTER_US: i64 = 2 * MINUTE_US;
/// Longest workout that is measured: two days.
pub const LONGEST_US: i64 = 48 * 60 * MINUTE_US;
const STEP_S: u32 = 10;
const GAP_S: f64 = 60.0; // between two heart rates that are interpolated
const RATE_SHARE: f64 = 0.5; // of the workout that needs a heart rate
const STEPS_LONGEST_US: i64 = 90 * SECOND_US; // longer samples do not say in which minute

/// What a workout is measured from.
#[derive(Debug, Clone, Copy)]
pub struct SessionInput<'a> {
    /// The workout.
    pub span: Span,
    /// Heart rates from its start to [`AFTER_US`] after its end.
    pub heart_rate: &'a [Sample],
    /// Steps that overlap it.
    pub steps: &'a [Sample],
    /// The person's range of heart rates, or what is missing to know it.
    pub reserve: Result<Reserve, Insufficient>,
    /// Whose curve weighs the impulse; none where the sex is not known.
    pub curve: Option<Curve>,
}

/// The effort of a workout.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Minutes in the five zones.
    pub zones: Outcome<[f64; 5]>,
    /// Training impulse.
    pub trimp: Outcome<f64>,
    /// Fall of the heart rate in the minute after.
    pub recovery: Outcome<Recovery>,
    /// Minutes by cadence.
    pub cadence: Outcome<Bands>,
    /// Mean of the 30 minutes with most steps.
    pub cadence_peak_30: Outcome<f64>,
}

/// Measures a workout.
pub fn session(input: &SessionInput<'_>) -> Session {
    let rates = rates(input.heart_rate);
    let series = on_epochs(&rates, input.span);
    let valid = series.clone().and_then(|series| {
        let has = series.coverage();
        if has < RATE_SHARE {
            let of = "percent of the workout with a heart rate";
            return Err(Insufficient::new(
                of,
                100.0 * RATE_SHARE,
                (100.0 * has).floor(),
            ));
        }
        Ok(series)
    });
    let curve = input
        .curve
        .ok_or(Insufficient::new("sexes in the profile", 1.0, 0.0));
    let end_s = seconds(input.span.end_us);
    let steps = by_minute(input.steps, input.span);
    Session {
        zones: valid
            .clone()
            .and_then(|series| zones::minutes_in_zones(&series, &input.reserve?)),
        trimp: valid.and_then(|series| load::trimp(&series, &input.reserve?, curve?)),
        recovery: recovery::recovery(&rates, end_s, CUSTOMARY_S),
        cadence: steps.clone().and_then(|steps| cadence::bands(&steps)),
        cadence_peak_30: steps.and_then(|steps| cadence::peak(&steps, 30)),
    }
}

fn seconds(at_us: i64) -> f64 {
    at_us as f64 / SECOND_US as f64
}

/// The source with most samples; of equal ones the first.
fn main_source<'a>(samples: impl Iterator<Item = &'a Sample>) -> Option<SourceNo> {
    let mut counts: BTreeMap<SourceNo, usize> = BTreeMap::new();
    for sample in samples {
        *counts.entry(sample.source).or_default() += 1;
    }
    let most = counts.into_iter().rev().max_by_key(|(_, count)| *count);
    most.map(|(source, _)| source)
}

/// Heart rates of one source in order of time.
fn rates(samples: &[Sample]) -> Vec<Rate> {
    let usable = |sample: &&Sample| {
        is_usable(sample) && !is_aggregated(sample) && !is_extreme(sample) && sample.value > 0.0
    };
    let source = main_source(samples.iter().filter(usable));
    let own = samples
        .iter()
        .filter(usable)
        .filter(|sample| Some(sample.source) == source);
    let mut rates: Vec<Rate> = own
        .map(|sample| Rate {
            time_s: seconds(i64::midpoint(sample.start_us, sample.end_us)),
            bpm: sample.value,
        })
        .collect();
    rates.sort_by(|a, b| a.time_s.total_cmp(&b.time_s));
    rates.dedup_by(|a, b| a.time_s.total_cmp(&b.time_s).is_eq());
    rates
}

/// Heart rates at the middle of each epoch of the workout.
fn on_epochs(rates: &[Rate], span: Span) -> Result<Series, Insufficient> {
    let length_us = span.end_us - span.start_us;
    if length_us > LONGEST_US {
        let hours = |us: i64| us as f64 / (60 * MINUTE_US) as f64;
        return Err(Insufficient::new(
            "hours at most",
            hours(LONGEST_US),
            hours(length_us),
        ));
    }
    let step_us = i64::from(STEP_S) * SECOND_US;
    let count = usize::try_from(length_us / step_us).unwrap_or(0);
    Insufficient::unless("ten seconds of workout", 1, count)?;
    let start_s = seconds(span.start_us);
    let mut next = 0;
    let values = (0..count).map(|epoch| {
        let at = start_s + (epoch as f64 + 0.5) * f64::from(STEP_S);
        while rates.get(next).is_some_and(|rate| rate.time_s < at) {
            next += 1;
        }
        let after = rates.get(next);
        let before = next.checked_sub(1).and_then(|before| rates.get(before));
        match (before, after) {
            (_, Some(after)) if after.time_s <= at => after.bpm,
            (Some(before), Some(after)) if after.time_s - before.time_s <= GAP_S => {
                let share = (at - before.time_s) / (after.time_s - before.time_s);
                before.bpm + share * (after.bpm - before.bpm)
            }
            _ => f64::NAN,
        }
    });
    let values = values.collect();
    Ok(Series::new(
        span.start_us.div_euclid(SECOND_US),
        STEP_S,
        values,
    ))
}

/// Steps by the minute of the workout, of one source.
fn by_minute(samples: &[Sample], span: Span) -> Result<Series, Insufficient> {
    let length_us = (span.end_us - span.start_us).min(LONGEST_US);
    let count = usize::try_from(length_us / MINUTE_US).unwrap_or(0);
    let inside = |sample: &&Sample| {
        is_usable(sample)
            && !is_aggregated(sample)
            && sample.end_us > span.start_us
            && sample.start_us < span.end_us
    };
    let source = main_source(samples.iter().filter(inside));
    let none = Insufficient::new("samples of steps in the workout", 1.0, 0.0);
    let source = source.ok_or(none)?;
    let mut minutes = vec![0.0; count];
    for sample in samples
        .iter()
        .filter(inside)
        .filter(|sample| sample.source == source)
    {
        let length_us = sample.end_us - sample.start_us;
        let minute = |at_us: i64| {
            usize::try_from((at_us - span.start_us).div_euclid(MINUTE_US).max(0)).unwrap_or(0)
        };
        let last = minute((sample.end_us - 1).max(sample.start_us));
        let touched = minute(sample.start_us)..=last.min(count.saturating_sub(1));
        for place in touched {
            let Some(slot) = minutes.get_mut(place) else {
                continue;
            };
            if length_us > STEPS_LONGEST_US {
                *slot = f64::NAN;
                continue;
            }
            let from_us = span.start_us + crate::maths::describe::signed(place) * MINUTE_US;
            let within = sample.end_us.min(from_us + MINUTE_US) - sample.start_us.max(from_us);
            *slot += match length_us {
                0 => sample.value,
                length => sample.value * within as f64 / length as f64,
            };
        }
    }
    Ok(Series::new(
        span.start_us.div_euclid(SECOND_US),
        MINUTE_S,
        minutes,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::sample::Flags;

    fn sample(start_s: i64, end_s: i64, value: f64, source: SourceNo) -> Sample {
        Sample {
            start_us: start_s * SECOND_US,
            end_us: end_s * SECOND_US,
            value,
            zone_offset_min: None,
            source,
            uid: None,
            flags: Flags::NONE,
        }
    }

    fn half_an_hour() -> Span {
        Span {
            start_us: 0,
            end_us: 30 * MINUTE_US,
        }
    }

    /// By hand, as in [`load`]: half an hour at half of the reserve is 25.07.
    #[test]
    fn half_an_hour_at_half_of_the_reserve() {
        let watch = SourceNo(1);
        let mut heart_rate: Vec<Sample> = (0..=360)
            .map(|index| sample(5 * index, 5 * index, 120.0, watch))
            .collect();
        heart_rate.push(sample(1_855, 1_855, 96.0, watch));
        heart_rate.push(sample(1_865, 1_865, 92.0, watch));
        heart_rate.push(sample(600, 600, 60.0, SourceNo(2)));
        let steps: Vec<Sample> = (0..30)
            .map(|minute| sample(60 * minute, 60 * minute + 60, 110.0, watch))
            .collect();
        let input = SessionInput {
            span: half_an_hour(),
            heart_rate: &heart_rate,
            steps: &steps,
            reserve: Reserve::new(60.0, 180.0),
            curve: Some(Curve::Men),
        };
        let found = session(&input);
        let zones = found.zones.unwrap().value;
        let apart = zones.iter().zip([0.0, 0.0, 30.0, 0.0, 0.0]);
        assert!(apart.map(|(a, b)| (a - b).abs()).sum::<f64>() < 1e-9);
        assert!((found.trimp.unwrap().value - 25.072_286).abs() < 1e-5);
        // Halfway between 96 and 92 at a minute after the end: 120 − 94.
        assert!((found.recovery.unwrap().value.fall_bpm - 26.0).abs() < 1e-9);
        assert_eq!(found.cadence.unwrap().value.moderate, 30);
        assert!((found.cadence_peak_30.unwrap().value - 110.0).abs() < 1e-9);
        let without = SessionInput {
            curve: None,
            ..input
        };
        assert!(session(&without).trimp.is_err() && session(&without).zones.is_ok());
    }

    #[test]
    fn what_is_missing_is_said() {
        let watch = SourceNo(1);
        let few: Vec<Sample> = (0..60)
            .map(|index| sample(5 * index, 5 * index, 120.0, watch))
            .collect();
        let long = [sample(0, 600, 1_100.0, watch)];
        let input = SessionInput {
            span: half_an_hour(),
            heart_rate: &few,
            steps: &long,
            reserve: Reserve::new(60.0, 180.0),
            curve: Some(Curve::Women),
        };
        let found = session(&input);
        assert!(found.zones.is_err() && found.trimp.is_err() && found.recovery.is_err());
        assert_eq!(found.cadence.unwrap().value.minutes[0], 20);
        let none = SessionInput {
            heart_rate: &[],
            steps: &[],
            ..input
        };
        let found = session(&none);
        assert!(found.zones.is_err() && found.cadence.is_err() && found.cadence_peak_30.is_err());
        let endless = SessionInput {
            span: Span {
                start_us: 0,
                end_us: 400 * 24 * 60 * MINUTE_US,
            },
            ..input
        };
        assert!(session(&endless).zones.is_err());
    }
}
