//! # Distribution of a discrete metric over a day
//!
//! *What it measures*: mean, extremes and coverage of measurements that do not add up (heart rate,
//! weight, sound level).
//!
//! *Inputs and units*: samples of one metric in its canonical unit; the spans of the local day.
//!
//! *Method*: a sample belongs to the one day that holds its last instant, so that a night-long
//! measurement belongs to the day of waking. Exact duplicates are dropped. With values `x` and
//! weights `w`: arithmetic mean `Σx / n`; time-weighted mean `Σwx / Σw`; equivalent continuous level
//! `10·log10(Σw·10^(x/10) / Σw)`. The weight of an interval is its length; an instant stands for the
//! time until the next sample, at most [`HOLD_US`]. Values that an app had already averaged are used only on
//! days without raw ones; those marked as minimum or maximum then count for the extremes alone.
//!
//! *Missing samples*: time without a sample takes no part; an instant stands for ten minutes at most.
//!
//! *Validity*: one sample suffices; a lone aggregated extreme gives no mean. Coverage is the share of the day's
//! hours that a sample touches.
//!
//! *Versions*: 1.
//!
//! *References*: IEC 61672-1:2013 and ISO 1996-1:2016 (equivalent continuous sound pressure level).

use model::sample::{MINUTE_US, Sample};
use model::zone::Span;

use super::coverage::HourMask;
use super::series::{
    holds, in_order, is_aggregated, is_extreme, known_at, touching, without_duplicates,
};

/// How long an instantaneous measurement stands for the time after it: 10 min, twice the interval
/// at which watches measure by themselves.
pub const HOLD_US: i64 = 10 * MINUTE_US;

/// How values combine beside their arithmetic mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weighting {
    /// Not at all.
    Arithmetic,
    /// By the time they stand for.
    Time,
    /// By time, in the energy domain.
    Energy,
}

/// A value and when it was known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dated {
    /// Start of the sample.
    pub at_us: i64,
    /// Its value.
    pub value: f64,
}

/// The measurements of one day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distribution {
    /// Measurements, without duplicates and marked extremes.
    pub n: u32,
    /// Arithmetic mean; missing when only marked extremes are there.
    pub mean: Option<f64>,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Mean by time or equivalent level, as the weighting asks.
    pub weighted: Option<f64>,
    /// The earliest measurement.
    pub first: Dated,
    /// The latest measurement.
    pub last: Dated,
    /// Share of the day's hours with data.
    pub coverage: f64,
    /// Whether the values had been averaged before they came.
    pub is_aggregated: bool,
}

/// Summarises the samples that belong to a day; nothing when there are none.
pub fn distribution(
    samples: &[Sample],
    spans: &[Span],
    weighting: Weighting,
) -> Option<Distribution> {
    let samples = in_order(samples);
    let here = touching(&samples, spans).filter(|sample| holds(spans, known_at(sample)));
    let here: Vec<&Sample> = without_duplicates(here).collect();
    let raw: Vec<&Sample> = here
        .iter()
        .copied()
        .filter(|sample| !is_aggregated(sample))
        .collect();
    let is_aggregated = raw.is_empty();
    let used = if is_aggregated { here } else { raw };
    used.first()?;
    let mut mask = HourMask::default();
    let (mut min, mut max) = (f64::INFINITY, f64::NEG_INFINITY);
    for sample in &used {
        min = min.min(sample.value);
        max = max.max(sample.value);
        mask.mark(spans, sample.start_us, sample.end_us);
    }
    let values: Vec<&Sample> = used
        .iter()
        .copied()
        .filter(|sample| !(is_aggregated && is_extreme(sample)))
        .collect();
    // The extremes of an hour come at its start like its mean; they are neither first nor last.
    let timed = if values.is_empty() { &used } else { &values };
    let (first, last) = (timed.first()?, timed.last()?);
    let sum: f64 = values.iter().map(|sample| sample.value).sum();
    let weighted = match weighting {
        Weighting::Arithmetic => None,
        Weighting::Time => weighted_mean(&values, |value| value),
        Weighting::Energy => weighted_mean(&values, |level| 10_f64.powf(level / 10.0))
            .map(|energy| 10.0 * energy.log10()),
    };
    Some(Distribution {
        n: u32::try_from(values.len()).unwrap_or(u32::MAX),
        mean: (!values.is_empty()).then(|| sum / values.len() as f64),
        min,
        max,
        weighted: weighted.filter(|mean| mean.is_finite()),
        first: dated(first),
        last: dated(last),
        coverage: mask.share(spans),
        is_aggregated,
    })
}

const fn dated(sample: &Sample) -> Dated {
    Dated {
        at_us: sample.start_us,
        value: sample.value,
    }
}

fn weighted_mean(values: &[&Sample], transform: impl Fn(f64) -> f64) -> Option<f64> {
    let nexts = values.iter().skip(1).map(|next| Some(next.start_us));
    let (mut sum, mut weights) = (0.0, 0.0);
    for (sample, next_us) in values.iter().zip(nexts.chain([None])) {
        let length_us = if sample.end_us > sample.start_us {
            sample.end_us - sample.start_us
        } else {
            next_us.map_or(HOLD_US, |next_us| (next_us - sample.start_us).min(HOLD_US))
        };
        let weight = length_us as f64;
        sum += weight * transform(sample.value);
        weights += weight;
    }
    (weights > 0.0).then(|| sum / weights)
}

#[cfg(test)]
mod tests {
    use model::sample::{Flags, HOUR_US};

    use super::*;
    use crate::daily::tests::{day, sample};

    #[test]
    fn an_hour_at_ninety_and_three_at_seventy() {
        let levels = [
            sample(0, HOUR_US, 90.0, 0),
            sample(HOUR_US, 4 * HOUR_US, 70.0, 0),
        ];
        let found = distribution(&levels, &day(), Weighting::Energy).expect("two samples");
        // 10·log10((1·10^9 + 3·10^7) / 4) = 84.107772
        assert!((found.weighted.expect("a level") - 84.107_772).abs() < 1e-6);
        assert!((found.mean.expect("a mean") - 80.0).abs() < 1e-12);
        let found = distribution(&levels, &day(), Weighting::Time).expect("two samples");
        assert!((found.weighted.expect("a mean") - 75.0).abs() < 1e-12);
        assert!((found.coverage - 4.0 / 24.0).abs() < 1e-12);
    }

    #[test]
    fn instants_stand_for_the_time_until_the_next() {
        let rates = [
            sample(0, 0, 60.0, 0),
            sample(5 * MINUTE_US, 5 * MINUTE_US, 90.0, 0),
            sample(60 * MINUTE_US, 60 * MINUTE_US, 30.0, 0),
        ];
        let found = distribution(&rates, &day(), Weighting::Time).expect("three samples");
        // (5·60 + 10·90 + 10·30) / 25
        assert!((found.weighted.expect("a mean") - 60.0).abs() < 1e-12);
    }

    #[test]
    fn aggregated_values_are_used_only_without_raw_ones() {
        let flagged = |value, flags| Sample {
            flags,
            ..sample(HOUR_US, 2 * HOUR_US, value, 0)
        };
        let mean = flagged(70.0, Flags::AGGREGATED);
        let low = flagged(50.0, Flags::AGGREGATED.with(Flags::MINIMUM));
        let high = flagged(140.0, Flags::AGGREGATED.with(Flags::MAXIMUM));
        let raw = sample(3 * HOUR_US, 3 * HOUR_US, 61.0, 1);
        let found = distribution(&[low, mean, high], &day(), Weighting::Arithmetic);
        let found = found.expect("samples");
        assert_eq!(
            (found.n, found.mean, found.is_aggregated),
            (1, Some(70.0), true)
        );
        assert_eq!((found.min, found.max), (50.0, 140.0));
        assert_eq!((found.first.value, found.last.value), (70.0, 70.0));
        let found = distribution(&[low, mean, high, raw], &day(), Weighting::Arithmetic);
        let found = found.expect("samples");
        assert_eq!((found.n, found.mean, found.min), (1, Some(61.0), 61.0));
        let found = distribution(&[low], &day(), Weighting::Arithmetic).expect("a sample");
        assert_eq!((found.n, found.mean), (0, None));
    }

    #[test]
    fn a_night_long_measurement_belongs_to_the_day_of_waking() {
        let before = sample(-HOUR_US, 7 * HOUR_US, 35.2, 0);
        let after = sample(23 * HOUR_US, 31 * HOUR_US, 36.0, 0);
        let found = distribution(&[before, after], &day(), Weighting::Arithmetic);
        assert_eq!(found.expect("a sample").mean, Some(35.2));
        let until_midnight = sample(23 * HOUR_US, 24 * HOUR_US, 36.0, 0);
        assert!(distribution(&[until_midnight], &day(), Weighting::Arithmetic).is_some());
        assert!(distribution(&[after], &day(), Weighting::Arithmetic).is_none());
    }
}
