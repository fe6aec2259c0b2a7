//! # Personal baseline and robust z
//!
//! **What it measures.** How unusual today is for this person.
//!
//! **Inputs and units.** One value per day, most recent last; the result is in robust standard
//! deviations.
//!
//! **Method.** Over the 28 days before today, not including it: z = (x − median) / (1.4826 · MAD),
//! with the floor given by the caller in place of a smaller spread.
//!
//! **Missing days.** A missing day is left out.
//!
//! **Validity.** At least 14 of the 28 days present. Without variation and without a floor there is no z.
//!
//! **Versions.** 1.
//!
//! **References.** Iglewicz B, Hoaglin DC 1993, How to detect and handle outliers, ASQC.

use crate::maths::describe::{MAD_TO_DEVIATION, median, present};
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};

/// Robust z against a personal baseline.
pub const ROBUST_Z: Analysis = Analysis {
    id: "robust_z",
    version: 1,
    unit: "1",
    title: "Robust z against the personal baseline",
};

/// Days of the baseline.
pub const BASELINE_DAYS: usize = 28;
/// Days of it that must be present.
pub const LEAST_DAYS: usize = 14;

/// Robust z of the last value against the days before it; `floor` is the least spread considered.
pub fn robust_z(days: &[f64], floor: f64) -> Outcome<f64> {
    let (&today, before) = days
        .split_last()
        .ok_or(Insufficient::new("days", 1.0, 0.0))?;
    if today.is_nan() {
        return Err(Insufficient::new("values today", 1.0, 0.0));
    }
    let window = &before[before.len().saturating_sub(BASELINE_DAYS)..];
    let held = present(window);
    Insufficient::unless("days of the baseline", LEAST_DAYS, held.len())?;
    let centre = median(&held);
    let apart: Vec<f64> = held.iter().map(|value| (value - centre).abs()).collect();
    let spread = (MAD_TO_DEVIATION * median(&apart)).max(floor);
    if spread <= 0.0 {
        return Err(Insufficient::constant());
    }
    let coverage = held.len() as f64 / BASELINE_DAYS as f64;
    Ok(Measured::new((today - centre) / spread, coverage))
}
