//! # Scripps clinic sleep scoring
//!
//! **What it measures.** Whether each epoch was sleep or wake.
//!
//! **Inputs and units.** Activity counts in 30-second epochs as published; applied to the native
//! epoch of the recording.
//!
//! **Method.** D = 0.204 · (0.0064 A₋₁₀ + 0.0074 A₋₉ + 0.0112 A₋₈ + 0.0112 A₋₇ + 0.0118 A₋₆ +
//! 0.0118 A₋₅ + 0.0128 A₋₄ + 0.0188 A₋₃ + 0.0280 A₋₂ + 0.0664 A₋₁ + 0.0300 A₀ + 0.0112 A₊₁ +
//! 0.0100 A₊₂); sleep if D < 1.
//!
//! **Missing epochs.** A window of ten epochs each side must be present; a missing epoch leaves every epoch
//! whose window holds it unscored.
//!
//! **Validity.** Derived on 30-second Actiwatch counts; on other epochs the result is comparable only with
//! tools that do the same.
//!
//! **Population.** Patients of a sleep laboratory, who wore the device at the wrist through their night of
//! polysomnography; fitted on some of them and tested on the others (Kripke 2010). One night each, in bed: healthy
//! people at home, children and sleep by day were not studied.
//!
//! **Versions.** 1.
//!
//! **References.** Kripke DF et al. 2010, J Sleep Res 19:612, doi:10.1111/j.1365-2869.2010.00835.x.

use super::scored::{Edge, Scored, Window, below};
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::series::Series;

/// Scripps scoring.
pub const SCRIPPS: Analysis = Analysis {
    id: "scripps",
    version: 1,
    unit: "epochs",
    title: "Sleep/wake by the Scripps algorithm",
};

const SCALE: f64 = 0.204; // Kripke 2010
/// Weights of ten epochs before, the epoch, two after; the rest of the window has none.
const WEIGHTS: [f64; 21] = [
    0.0064, 0.0074, 0.0112, 0.0112, 0.0118, 0.0118, 0.0128, 0.0188, 0.0280, 0.0664, 0.0300, 0.0112,
    0.0100, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
];

/// Scores a series on its own epoch.
pub fn score(series: &Series) -> Outcome<Scored> {
    Insufficient::unless("epochs", WEIGHTS.len(), series.len())?;
    let window = Window {
        weights: &WEIGHTS,
        before: 10,
        edge: Edge::Unscored,
    };
    let mut scores = window.sums(series.values());
    for score in &mut scores {
        *score *= SCALE;
    }
    Ok(Measured::new(
        Scored::like(series, below(&scores, 1.0)),
        series.coverage(),
    ))
}
