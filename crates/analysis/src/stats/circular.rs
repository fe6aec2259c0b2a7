//! # Circular statistics
//!
//! **What it measures.** Centre, spread and differences of clock times, for which 23:00 and 01:00
//! are two hours apart.
//!
//! **Inputs and units.** Times on a circle of a given period (24 for hours); results in the same
//! unit.
//!
//! **Method.** R = |mean of exp(2πit/T)|; the mean is its angle, in [0, T); the circular standard
//! deviation is T/2π · √(−2 ln R). The Rayleigh test of uniformity uses z = nR² with p =
//! exp(√(1 + 4n + 4(n² − n²R²)) − (1 + 2n)).
//!
//! **Missing values.** NaN is left out.
//!
//! **Validity.** When R is (nearly) 0 there is no mean.
//!
//! **Versions.** 2 (1 averaged other nights: see nights).
//!
//! **References.** Fisher NI 1993, doi:10.1017/CBO9780511564345. Wilkie D 1983, doi:10.2307/2347954.

use std::f64::consts::TAU;

use crate::method::Analysis;
use crate::outcome::Insufficient;

/// Circular mean and spread.
pub const CIRCULAR: Analysis = Analysis {
    id: "circular_mean",
    version: 2,
    unit: "input",
    title: "Circular mean and spread",
};

const NO_DIRECTION: f64 = 1e-9; // mean resultant length below which the angle is rounding

/// Centre and spread of times on a circle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Circular {
    /// Mean in [0, period).
    pub mean: f64,
    /// Circular standard deviation.
    pub deviation: f64,
    /// Mean resultant length, 0 (spread out) to 1 (all the same).
    pub concentration: f64,
    /// Probability of that concentration or more if times were uniform (Rayleigh).
    pub p: f64,
}

/// Centre and spread of times on a circle.
pub fn describe(times: &[f64], period: f64) -> Result<Circular, Insufficient> {
    let held: Vec<f64> = times
        .iter()
        .copied()
        .filter(|time| !time.is_nan())
        .collect();
    Insufficient::unless("clock times", 1, held.len())?;
    let count = held.len() as f64;
    let (mut sines, mut cosines) = (0.0, 0.0);
    for time in &held {
        let (sine, cosine) = (TAU * time / period).sin_cos();
        sines += sine;
        cosines += cosine;
    }
    let concentration = (sines.hypot(cosines) / count).min(1.0);
    if concentration < NO_DIRECTION {
        return Err(Insufficient::new(
            "concentration of the clock times",
            NO_DIRECTION,
            concentration,
        ));
    }
    let square = count * count * (1.0 - concentration * concentration);
    Ok(Circular {
        mean: (sines.atan2(cosines) / TAU * period).rem_euclid(period),
        deviation: period / TAU * (-2.0 * concentration.ln()).sqrt(),
        concentration,
        p: ((1.0 + 4.0 * (count + square)).sqrt() - (1.0 + 2.0 * count))
            .exp()
            .min(1.0),
    })
}

/// Mean of times on a circle, in [0, period).
pub fn mean(times: &[f64], period: f64) -> Result<f64, Insufficient> {
    describe(times, period).map(|found| found.mean)
}

/// Signed shortest way from `from` to `to`, in (−period/2, period/2].
pub fn difference(to: f64, from: f64, period: f64) -> f64 {
    let turn = (to - from).rem_euclid(period);
    if turn > period / 2.0 {
        turn - period
    } else {
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_around_midnight_have_their_mean_at_midnight() {
        let found = describe(&[23.0, 1.0], 24.0).unwrap();
        assert!(difference(found.mean, 0.0, 24.0).abs() < 1e-9);
        // R = cos(15°); √(−2 ln R)·24/2π by hand.
        assert!(
            (found.deviation - 1.005_80).abs() < 1e-4,
            "{}",
            found.deviation
        );
        assert!(mean(&[0.0, 12.0], 24.0).is_err());
        assert!((difference(1.0, 23.0, 24.0) - 2.0).abs() < 1e-12);
        assert!((difference(23.0, 1.0, 24.0) + 2.0).abs() < 1e-12);
    }
}
