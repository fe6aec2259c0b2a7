//! # Poincaré plot
//!
//! **What it measures.** Short-term (SD1) and long-term (SD2) variability of beat intervals.
//!
//! **Inputs and units.** Normal intervals and results in milliseconds.
//!
//! **Method.** SD1 = SDSD / √2, SD2 = √(2·SDNN² − SDSD²/2) with sample variances. The rotated form
//! takes the sample standard deviations of (xᵢ₊₁ − xᵢ)/√2 and (xᵢ₊₁ + xᵢ)/√2, which differs by the
//! first and the last beat.
//!
//! **Missing beats.** A pause ends the series beforehand: a pair across it is no pair.
//!
//! **Validity.** As for SDNN; at least 4 intervals.
//!
//! **Versions.** 1. `NeuroKit2` uses the rotated form, `pyhrv` the population variance.
//!
//! **References.** Brennan M et al. 2001, IEEE Trans Biomed Eng 48:1342, doi:10.1109/10.959330.

use super::time::differences;
use crate::maths::describe::{standard_deviation, variance};
use crate::method::Analysis;
use crate::outcome::Insufficient;

/// Poincaré descriptors.
pub const POINCARE: Analysis = Analysis {
    id: "poincare",
    version: 1,
    unit: "ms",
    title: "Poincaré SD1 and SD2",
};

/// Axes of the ellipse.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ellipse {
    /// Short-term axis.
    pub sd1_ms: f64,
    /// Long-term axis.
    pub sd2_ms: f64,
}

/// SD1 and SD2 from SDNN and SDSD.
pub fn ellipse(intervals_ms: &[f64]) -> Result<Ellipse, Insufficient> {
    Insufficient::unless("beat intervals", 4, intervals_ms.len())?;
    let steps = variance(&differences(intervals_ms), 1);
    let sd2 = (2.0 * variance(intervals_ms, 1) - steps / 2.0)
        .max(0.0)
        .sqrt();
    Ok(Ellipse {
        sd1_ms: (steps / 2.0).sqrt(),
        sd2_ms: sd2,
    })
}

/// SD1 and SD2 from the rotated plot.
pub fn rotated(intervals_ms: &[f64]) -> Result<Ellipse, Insufficient> {
    Insufficient::unless("beat intervals", 4, intervals_ms.len())?;
    let root = std::f64::consts::SQRT_2;
    let across: Vec<f64> = intervals_ms
        .windows(2)
        .map(|pair| (pair[1] - pair[0]) / root)
        .collect();
    let along: Vec<f64> = intervals_ms
        .windows(2)
        .map(|pair| (pair[1] + pair[0]) / root)
        .collect();
    Ok(Ellipse {
        sd1_ms: standard_deviation(&across, 1),
        sd2_ms: standard_deviation(&along, 1),
    })
}
