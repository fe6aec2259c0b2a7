//! # Heart-rate variability in the time domain
//!
//! **What it measures.** How much the intervals between heart beats vary, and how much from beat to
//! beat.
//!
//! **Inputs and units.** Normal beat intervals in milliseconds; results are milliseconds, percent
//! or ratios.
//!
//! **Method.** With n intervals and d the n − 1 differences of neighbours: SDNN sample standard
//! deviation; RMSSD = √mean(d²); SDSD sample standard deviation of d; pNN50 and pNN20 the share of
//! |d| above 50 and 20 ms among the n − 1 differences; CVNN = SDNN / mean; CVSD = RMSSD / mean.
//!
//! **Missing beats.** A lost beat must end the series given here: an interval across a gap is not an interval.
//!
//! **Validity.** Artefacts corrected beforehand; 5 minutes for SDNN, 1 minute (about 60 beats) for RMSSD. At
//! least 3 intervals are required to compute anything.
//!
//! **Versions.** 1. `NeuroKit2` divides pNN50 by n instead of n − 1; `hrv-analysis` gives SDSD with
//! the population variance; `pyhrv` takes SDSD of |d|.
//!
//! **References.** Task Force 1996, Circulation 93:1043, doi:10.1161/01.CIR.93.5.1043.

use crate::maths::describe::{mean, median, standard_deviation};
use crate::method::Analysis;
use crate::outcome::Insufficient;

/// Standard deviation of normal intervals.
pub const SDNN: Analysis = Analysis {
    id: "sdnn",
    version: 1,
    unit: "ms",
    title: "SDNN",
};
/// Root mean square of successive differences.
pub const RMSSD: Analysis = Analysis {
    id: "rmssd",
    version: 1,
    unit: "ms",
    title: "RMSSD",
};
/// Share of differences above 50 ms.
pub const PNN50: Analysis = Analysis {
    id: "pnn50",
    version: 1,
    unit: "%",
    title: "pNN50",
};

/// Time-domain measures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeDomain {
    /// Number of intervals.
    pub count: usize,
    /// Mean interval.
    pub mean_ms: f64,
    /// Median interval.
    pub median_ms: f64,
    /// Mean of the heart rates of the single intervals.
    pub rate_mean_bpm: f64,
    /// Sample standard deviation of the intervals.
    pub sdnn_ms: f64,
    /// Root mean square of successive differences.
    pub rmssd_ms: f64,
    /// Sample standard deviation of successive differences.
    pub sdsd_ms: f64,
    /// Differences above 50 ms in size.
    pub nn50: usize,
    /// Differences above 20 ms in size.
    pub nn20: usize,
    /// Share of differences above 50 ms.
    pub pnn50_percent: f64,
    /// Share of differences above 20 ms.
    pub pnn20_percent: f64,
    /// SDNN over the mean.
    pub cvnn: f64,
    /// RMSSD over the mean.
    pub cvsd: f64,
}

/// Differences of neighbouring intervals.
pub fn differences(intervals_ms: &[f64]) -> Vec<f64> {
    intervals_ms
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .collect()
}

/// Root mean square of successive differences.
pub fn rmssd(intervals_ms: &[f64]) -> Result<f64, Insufficient> {
    Insufficient::unless("beat intervals", 3, intervals_ms.len())?;
    let steps = differences(intervals_ms);
    Ok((steps.iter().map(|step| step * step).sum::<f64>() / steps.len() as f64).sqrt())
}

/// All time-domain measures.
pub fn time_domain(intervals_ms: &[f64]) -> Result<TimeDomain, Insufficient> {
    let rmssd_ms = rmssd(intervals_ms)?;
    let steps = differences(intervals_ms);
    let above = |limit: f64| steps.iter().filter(|step| step.abs() > limit).count();
    let (nn50, nn20) = (above(50.0), above(20.0));
    let percent = |count: usize| 100.0 * count as f64 / steps.len() as f64;
    let mean_ms = mean(intervals_ms);
    let sdnn_ms = standard_deviation(intervals_ms, 1);
    let rates: Vec<f64> = intervals_ms
        .iter()
        .map(|interval| 60_000.0 / interval)
        .collect();
    Ok(TimeDomain {
        count: intervals_ms.len(),
        mean_ms,
        median_ms: median(intervals_ms),
        rate_mean_bpm: mean(&rates),
        sdnn_ms,
        rmssd_ms,
        sdsd_ms: standard_deviation(&steps, 1),
        nn50,
        nn20,
        pnn50_percent: percent(nn50),
        pnn20_percent: percent(nn20),
        cvnn: sdnn_ms / mean_ms,
        cvsd: rmssd_ms / mean_ms,
    })
}
