//! # Activity index
//!
//! **What it measures.** The variability of acceleration along the three axes, additive over time.
//!
//! **Inputs and units.** Raw acceleration in g; one value in g per epoch.
//!
//! **Method.** *`activity_index`*: for each complete second, AI = √max(⅓ (Σσ² − σ̄²), 0) with
//! σ² the sample variance (n − 1) of each axis and σ̄² the systematic noise of the device at rest, summed
//! over the three axes; the epoch's value is the sum over its seconds, scaled up where some are
//! missing. *`activity_index_filtered`*: the acceleration is high-pass filtered (Butterworth, order 3,
//! 0.25 Hz, forwards and backwards); the value is √ of the epoch's mean of the variance (n) between the
//! three axes of each sample.
//!
//! **Missing epochs.** An epoch with less than the stated share of its samples is missing. The filter
//! starts anew after a gap.
//!
//! **Validity.** The index of a minute is the sum of 60 seconds; that of a 5-second epoch of five. The
//! filtered form wants 60-second epochs.
//!
//! **Versions.** 1. The filtered form is what scikit-digital-health 0.17 computes and what its
//! Cole-Kripke weights ([`crate::score::cole_kripke`]) were fitted to: it takes the variance across the
//! axes instead of over time, so that on a walking person it is about a fifth below the root of the mean variance of the axes.
//!
//! **References.** Bai J et al. 2016, `PLoS` ONE 11:e0160644, doi:10.1371/journal.pone.0160644.

use super::filter::{Butterworth, Pass};
use crate::maths::describe::floor_index;
use crate::method::Analysis;

/// Activity index.
pub const ACTIVITY_INDEX: Analysis = Analysis {
    id: "activity_index",
    version: 1,
    unit: "g",
    title: "Activity index",
};
/// Activity index of the filtered axes.
pub const ACTIVITY_INDEX_FILTERED: Analysis = Analysis {
    id: "activity_index_filtered",
    version: 1,
    unit: "g",
    title: "Activity index of the filtered axes",
};

/// The filter of the second form.
pub(super) const FILTER: Butterworth = Butterworth {
    order: 3,
    pass: Pass::High(0.25), // Hz
};

/// Sum over an epoch of the index of each complete second; `noise_g2` is the device's variance at
/// rest, summed over the axes.
pub fn activity_index_g(axes: [&[f64]; 3], rate_hz: f64, epoch_s: u32, noise_g2: f64) -> f64 {
    let count = axes[0].len();
    let seconds = floor_index(count as f64 / rate_hz + 1e-9).max(1);
    let mut total = 0.0;
    for second in 0..seconds {
        let edge = |index: usize| floor_index((index as f64 * rate_hz).round()).min(count);
        let (from, until) = (edge(second), edge(second + 1));
        let variance: f64 = axes.iter().map(|axis| variance(&axis[from..until])).sum();
        total += ((variance - noise_g2) / 3.0).max(0.0).sqrt();
    }
    total * f64::from(epoch_s) / seconds as f64
}

fn variance(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let mean = super::held::sum_of(values, |value| value) / count;
    super::held::sum_of(values, |value| (value - mean) * (value - mean)) / (count - 1.0)
}
