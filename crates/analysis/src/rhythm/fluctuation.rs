//! # Detrended fluctuation analysis
//!
//! **What it measures.** How fluctuations grow with the time scale: alpha 0.5 is noise without
//! memory, 1 the 1/f pattern of healthy activity, 1.5 a random walk. The multifractal form gives
//! an exponent h(q) per moment q.
//!
//! **Inputs and units.** Activity on any epoch; scales are epochs (or minutes), alpha has no unit.
//!
//! **Method.** The profile Xₖ = Σᵢ≤ₖ(xᵢ − x̄) is cut into ⌊N/n⌋ segments of n values from the start
//! and as many from the end; each loses its least-squares line. F(n) is the root of the mean over
//! segments of the mean squared residual, `F_q(n)` = (mean of (mean square)^(q/2))^(1/q). alpha is
//! the slope of ln F on ln n. [`scale_invariance`] is ABI = exp(−|alpha − 1| / e⁻²).
//!
//! **Missing epochs.** A missing epoch takes the mean (adding nothing to the profile) or 0 as [`Missing`] says;
//! above a tenth missing alpha is not to be trusted.
//!
//! **Validity.** The longest scale must fit four times. The scales chosen change alpha; ours are the caller's.
//!
//! **Versions.** 1.
//!
//! **References.** Peng CK et al. 1994, doi:10.1103/PhysRevE.49.1685. Kantelhardt JW et al. 2002,
//! doi:10.1016/S0378-4371(02)01383-3. Hu K et al. 2004, doi:10.1016/j.physa.2004.02.042.
//! Danilevicz IM et al. 2024 (ABI), doi:10.1186/s12874-024-02255-w.

use crate::maths::describe::{self, Line, line};
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::series::Series;

/// Fluctuation exponent.
pub const FLUCTUATION: Analysis = Analysis {
    id: "fluctuation_exponent",
    version: 1,
    unit: "1",
    title: "Detrended fluctuation exponent",
};

/// What a missing epoch becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// The mean of the epochs present: the profile stands still.
    Mean,
    /// 0, as `pyActigraphy` has it.
    Zero,
}

/// Fluctuations by scale and the exponent fitted to them.
#[derive(Debug, Clone, PartialEq)]
pub struct Fluctuation {
    /// Scales in epochs.
    pub scales: Vec<usize>,
    /// Fluctuation at each scale.
    pub fluctuation: Vec<f64>,
    /// Line of ln F on ln n; its slope is alpha.
    pub fit: Line,
}

/// Detrended fluctuation analysis of a series at the given scales (epochs).
pub fn of_series(series: &Series, scales: &[usize], missing: Missing) -> Outcome<Fluctuation> {
    let found = at_scales(&filled(series, missing)?, scales, 2.0)?;
    Ok(Measured::new(found, series.coverage()))
}

/// Multifractal fluctuation analysis: one result per moment q (not 0).
pub fn multifractal(
    series: &Series,
    scales: &[usize],
    moments: &[f64],
    missing: Missing,
) -> Outcome<Vec<Fluctuation>> {
    let values = filled(series, missing)?;
    let found: Result<Vec<Fluctuation>, Insufficient> = moments
        .iter()
        .map(|&moment| at_scales(&values, scales, moment))
        .collect();
    Ok(Measured::new(found?, series.coverage()))
}

/// Fluctuation analysis of gapless values with moment `q`.
pub fn at_scales(values: &[f64], scales: &[usize], q: f64) -> Result<Fluctuation, Insufficient> {
    Insufficient::unless("scales", 2, scales.len())?;
    let longest = scales.iter().copied().max().unwrap_or(0);
    Insufficient::unless("values (the longest scale)", longest, values.len())?;
    let profile = profile(values);
    let fluctuation: Vec<f64> = scales
        .iter()
        .map(|&scale| at_scale(&profile, scale, q))
        .collect();
    Ok(fitted(scales.to_vec(), fluctuation))
}

/// Fits the exponent on the scales in `[from, until]`.
pub fn between(found: &Fluctuation, from: usize, until: usize) -> Fluctuation {
    let inside = found.scales.iter().zip(&found.fluctuation);
    let inside = inside.filter(|(scale, _)| (from..=until).contains(*scale));
    let (scales, fluctuation) = inside.map(|(&scale, &value)| (scale, value)).unzip();
    fitted(scales, fluctuation)
}

/// Distinct whole scales spaced evenly in the logarithm, rounded down.
pub fn geometric_scales(from: usize, until: usize, count: usize) -> Vec<usize> {
    let (low, high) = ((from as f64).log10(), (until as f64).log10());
    let last = count.max(2) - 1;
    let mut scales: Vec<usize> = (0..=last)
        .map(|index| match index {
            0 => from,
            end if end == last => until,
            middle => {
                let exponent = low + (high - low) * middle as f64 / last as f64;
                describe::floor_index(10_f64.powf(exponent))
            }
        })
        .collect();
    scales.dedup();
    scales
}

/// Activity balance index of an exponent: 1 at alpha 1, falling to 0 on both sides.
pub fn scale_invariance(alpha: f64) -> f64 {
    (-(alpha - 1.0).abs() / (-2.0_f64).exp()).exp()
}

fn fitted(scales: Vec<usize>, fluctuation: Vec<f64>) -> Fluctuation {
    let x: Vec<f64> = scales.iter().map(|&scale| (scale as f64).ln()).collect();
    let y: Vec<f64> = fluctuation.iter().map(|value| value.ln()).collect();
    Fluctuation {
        fit: line(&x, &y),
        scales,
        fluctuation,
    }
}

fn filled(series: &Series, missing: Missing) -> Result<Vec<f64>, Insufficient> {
    let held = describe::present(series.values());
    Insufficient::unless("epochs that are present", 16, held.len())?;
    let stand_in = match missing {
        Missing::Mean => describe::mean(&held),
        Missing::Zero => 0.0,
    };
    Ok(series
        .values()
        .iter()
        .map(|&v| if v.is_nan() { stand_in } else { v })
        .collect())
}

/// Cumulative sum of the deviations from the mean.
fn profile(values: &[f64]) -> Vec<f64> {
    let centre = describe::mean(values);
    let mut total = 0.0;
    values
        .iter()
        .map(|value| {
            total += value - centre;
            total
        })
        .collect()
}

fn at_scale(profile: &[f64], scale: usize, q: f64) -> f64 {
    let used = profile.len() / scale * scale;
    let forward = profile[..used].chunks_exact(scale);
    let backward = profile[profile.len() - used..].chunks_exact(scale);
    let mut total = 0.0;
    let mut count = 0.0;
    for segment in forward.chain(backward) {
        total += mean_square_residual(segment).powf(q / 2.0);
        count += 1.0;
    }
    (total / count).powf(1.0 / q)
}

/// Mean squared distance of a segment from its least-squares line.
fn mean_square_residual(segment: &[f64]) -> f64 {
    let count = segment.len() as f64;
    let middle = (count - 1.0) / 2.0;
    let mean = describe::mean(segment);
    let mut product = 0.0;
    let mut position = -middle;
    for value in segment {
        product += position * (value - mean);
        position += 1.0;
    }
    let spread = count * (count * count - 1.0) / 12.0;
    let slope = if spread > 0.0 { product / spread } else { 0.0 };
    let mut squares = 0.0;
    position = -middle;
    for value in segment {
        squares += (value - mean - slope * position).powi(2);
        position += 1.0;
    }
    squares / count
}
