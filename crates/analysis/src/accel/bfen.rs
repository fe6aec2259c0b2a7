//! # Band-pass filtered Euclidean norm
//!
//! **What it measures.** The magnitude of acceleration between 0.2 and 15 Hz, where human movement
//! lies; gravity and slow rotation are removed, fast noise too.
//!
//! **Inputs and units.** Raw acceleration in g, at more than 30 samples per second; one value in g per
//! epoch.
//!
//! **Method.** Each axis passes a Butterworth band-pass of order 4 (0.2–15 Hz), forwards and backwards
//! so that nothing is delayed; the epoch's mean of √(x² + y² + z²).
//!
//! **Missing epochs.** An epoch with less than the stated share of its samples is missing. The filter
//! starts anew after a gap.
//!
//! **Validity.** The backward pass sees 60 seconds ahead, after which the filter has forgotten its
//! start to 1e-12.
//!
//! **Versions.** 1, equal to scikit-digital-health 0.17; GGIR filters forwards only.
//!
//! **References.** van Hees VT et al. 2013, `PLoS` ONE 8:e61691, doi:10.1371/journal.pone.0061691.

use super::filter::{Butterworth, Pass};
use crate::method::Analysis;

/// Band-pass filtered Euclidean norm.
pub const BFEN: Analysis = Analysis {
    id: "bfen",
    version: 1,
    unit: "g",
    title: "Band-pass filtered Euclidean norm",
};

/// The filter.
pub(super) const FILTER: Butterworth = Butterworth {
    order: 4,
    pass: Pass::Band(0.2, 15.0), // Hz
};
