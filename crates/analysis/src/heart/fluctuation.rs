//! # Fluctuation exponents of beat intervals
//!
//! **What it measures.** How beat intervals correlate over 4 to 16 beats (alpha 1) and over 16 to
//! 64 (alpha 2).
//!
//! **Inputs and units.** Normal intervals in milliseconds; exponents have no unit.
//!
//! **Method.** Detrended fluctuation analysis as in [`crate::rhythm::fluctuation`], scales 4, 5, …,
//! 16 and 16, 17, …, 64, windows without overlap from both ends. [`overlapping`] slides the windows
//! by half their length and leaves out one that would end with the series, as `NeuroKit2` does.
//!
//! **Missing beats.** A pause ends the series beforehand; no value is filled in.
//!
//! **Validity.** 300 beats for alpha 1, 1,000 for alpha 2; at least four windows of the longest scale are
//! required.
//!
//! **Versions.** 1.
//!
//! **References.** Peng CK et al. 1995, Chaos 5:82, doi:10.1063/1.166141.

use crate::maths::describe::{line, mean};
use crate::method::Analysis;
use crate::outcome::Insufficient;
use crate::rhythm::fluctuation::{Fluctuation, at_scales};

/// Short-term exponent.
pub const ALPHA1: Analysis = Analysis {
    id: "dfa_alpha1",
    version: 1,
    unit: "1",
    title: "DFA alpha 1",
};
/// Long-term exponent.
pub const ALPHA2: Analysis = Analysis {
    id: "dfa_alpha2",
    version: 1,
    unit: "1",
    title: "DFA alpha 2",
};

const FEWEST_WINDOWS: usize = 4; // of the longest scale

/// Exponent over 4 to 16 beats.
pub fn alpha1(intervals_ms: &[f64]) -> Result<Fluctuation, Insufficient> {
    Insufficient::unless("beat intervals", FEWEST_WINDOWS * 16, intervals_ms.len())?;
    at_scales(intervals_ms, &(4..=16).collect::<Vec<_>>(), 2.0)
}

/// Exponent over 16 to 64 beats.
pub fn alpha2(intervals_ms: &[f64]) -> Result<Fluctuation, Insufficient> {
    Insufficient::unless("beat intervals", FEWEST_WINDOWS * 64, intervals_ms.len())?;
    at_scales(intervals_ms, &(16..=64).collect::<Vec<_>>(), 2.0)
}

/// Exponent with windows that overlap by half.
pub fn overlapping(intervals_ms: &[f64], scales: &[usize]) -> Result<Fluctuation, Insufficient> {
    let longest = scales.iter().copied().max().unwrap_or(2);
    Insufficient::unless(
        "beat intervals",
        FEWEST_WINDOWS * longest,
        intervals_ms.len(),
    )?;
    let centre = mean(intervals_ms);
    let mut total = 0.0;
    let profile: Vec<f64> = intervals_ms
        .iter()
        .map(|interval| {
            total += interval - centre;
            total
        })
        .collect();
    let fluctuation: Vec<f64> = scales.iter().map(|&scale| slid(&profile, scale)).collect();
    let x: Vec<f64> = scales.iter().map(|&scale| (scale as f64).ln()).collect();
    let y: Vec<f64> = fluctuation.iter().map(|value| value.ln()).collect();
    Ok(Fluctuation {
        scales: scales.to_vec(),
        fluctuation,
        fit: line(&x, &y),
    })
}

fn slid(profile: &[f64], scale: usize) -> f64 {
    let positions: Vec<f64> = (0..scale).map(|position| position as f64).collect();
    let mut total = 0.0;
    let mut count = 0.0;
    for start in (0..profile.len() - scale).step_by((scale / 2).max(1)) {
        let part = &profile[start..start + scale];
        let trend = line(&positions, part);
        let residual = |(x, y): (&f64, &f64)| (y - trend.intercept - trend.slope * x).powi(2);
        total += positions.iter().zip(part).map(residual).sum::<f64>() / scale as f64;
        count += 1.0;
    }
    (total / count).sqrt()
}
