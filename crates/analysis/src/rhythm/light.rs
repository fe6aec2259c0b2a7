//! # Light exposure
//!
//! **What it measures.** How much light a person meets, for how long, and when.
//!
//! **Inputs and units.** Light on any scale (lux, or log₁₀(lux + 1) as actigraphs export); times are
//! minutes.
//!
//! **Method.** Level: mean, median and standard deviation (sample) of all epochs, and the mean of
//! those at or above a threshold. TAT: minutes at or above a threshold. `MLiT`: mean clock minute of the
//! epochs above it. Greatest value: the earliest epoch with the largest value.
//!
//! **Missing epochs.** A missing epoch takes no part.
//!
//! **Validity.** One epoch. `MLiT` is a plain mean of clock minutes: it is meant for daylight and misleads when
//! light falls around midnight.
//!
//! **Population.** 54 adults of 30.6 ± 11.7 years over seven days with a light sensor at the wrist (Reid 2014). A
//! sleeve covers the wrist, and sensors differ: 500 lx of one device are not those of another.
//!
//! **Versions.** 1.
//!
//! **References.** Reid KJ et al. 2014, `PLoS` One 9:e92251, doi:10.1371/journal.pone.0092251.

use crate::maths::describe;
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::series::Series;

/// Time above threshold.
pub const TIME_ABOVE: Analysis = Analysis {
    id: "light_time_above_threshold",
    version: 1,
    unit: "min",
    title: "Time above light threshold",
};
/// Mean light timing.
pub const LIGHT_TIMING: Analysis = Analysis {
    id: "mean_light_timing",
    version: 1,
    unit: "min after midnight",
    title: "Mean light timing",
};

/// Light exposure of a recording.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exposure {
    /// Mean of all epochs.
    pub mean: f64,
    /// Median of all epochs.
    pub median: f64,
    /// Sample standard deviation of all epochs.
    pub deviation: f64,
    /// Mean of the epochs at or above the threshold; None without any.
    pub mean_above: Option<f64>,
    /// Minutes at or above the threshold.
    pub time_above_min: f64,
    /// Mean clock minute of the epochs above the threshold; None without any.
    pub timing_min: Option<f64>,
    /// Index of the earliest epoch with the largest value.
    pub brightest: usize,
}

/// Light exposure with a threshold on the scale of the input.
pub fn exposure(series: &Series, threshold: f64) -> Outcome<Exposure> {
    let held = describe::present(series.values());
    Insufficient::unless("epochs that are present", 2, held.len())?;
    let step_min = f64::from(series.step_s()) / 60.0;
    let mut above = Vec::new();
    let mut clock = Vec::new();
    let mut reached = 0.0;
    let mut brightest = (0, f64::NEG_INFINITY);
    for (index, &value) in series.values().iter().enumerate() {
        if value > threshold {
            clock.push(f64::from(series.clock_s(index)) / 60.0);
        }
        if value >= threshold {
            above.push(value);
            reached += 1.0;
        }
        if value > brightest.1 {
            brightest = (index, value);
        }
    }
    let some_mean = |values: &[f64]| (!values.is_empty()).then(|| describe::mean(values));
    Ok(Measured::new(
        Exposure {
            mean: describe::mean(&held),
            median: describe::median(&held),
            deviation: describe::standard_deviation(&held, 1),
            mean_above: some_mean(&above),
            time_above_min: reached * step_min,
            timing_min: some_mean(&clock),
            brightest: brightest.0,
        },
        series.coverage(),
    ))
}
