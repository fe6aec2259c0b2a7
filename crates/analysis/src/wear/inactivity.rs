//! # Long inactivity
//!
//! **What it measures.** Stretches without movement too long to be worn sleep.
//!
//! **Inputs and units.** Activity of any unit and epoch; the result marks the epochs.
//!
//! **Method.** Runs of at least `least` epochs below a threshold (1 count) are marked.
//!
//! **Missing epochs.** A missing epoch ends a run and is not marked.
//!
//! **Validity.** Two hours is customary; deep sleep of a still sleeper can exceed it on coarse devices.
//!
//! **Versions.** 1.
//!
//! **References.** The spurious-inactivity mask is that of: Hammad G et al. 2021,
//! doi:10.1371/journal.pcbi.1009514.

use crate::maths::run::runs;
use crate::method::Analysis;
use crate::series::Series;

/// Long inactivity.
pub const INACTIVITY: Analysis = Analysis {
    id: "inactivity_mask",
    version: 1,
    unit: "epochs",
    title: "Long inactivity",
};

/// Marks runs of at least `least` epochs below `threshold`.
pub fn mask(series: &Series, least: usize, threshold: f64) -> Vec<bool> {
    let still: Vec<bool> = series
        .values()
        .iter()
        .map(|&value| value < threshold)
        .collect();
    let mut mask = vec![false; still.len()];
    for run in runs(&still)
        .into_iter()
        .filter(|run| run.value && run.len() >= least)
    {
        mask[run.from..run.until].fill(true);
    }
    mask
}
