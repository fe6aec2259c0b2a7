//! # High-pass filtered Euclidean norm
//!
//! **What it measures.** The magnitude of acceleration above 0.2 Hz; gravity and slow rotation are
//! removed by a filter instead of by subtraction.
//!
//! **Inputs and units.** Raw acceleration in g; one value in g per epoch.
//!
//! **Method.** Each axis passes a Butterworth high-pass of order 4 (0.2 Hz), forwards and backwards so
//! that nothing is delayed; `hfen` is the epoch's mean of its norm h = √(x² + y² + z²). `hfen_plus` is
//! the mean of max(h + l − 1, 0), with l the norm of the complementary low-pass.
//!
//! **Missing epochs.** An epoch with less than the stated share of its samples is missing. The filter
//! starts anew after a gap.
//!
//! **Validity.** As [`super::bfen`]; any rate above 1 Hz.
//!
//! **Versions.** 1, equal to scikit-digital-health 0.17; GGIR filters forwards only.
//!
//! **References.** van Hees VT et al. 2013, `PLoS` ONE 8:e61691, doi:10.1371/journal.pone.0061691.

use super::filter::{Butterworth, Pass};
use crate::method::Analysis;

/// High-pass filtered Euclidean norm.
pub const HFEN: Analysis = Analysis {
    id: "hfen",
    version: 1,
    unit: "g",
    title: "High-pass filtered Euclidean norm",
};
/// High-pass filtered Euclidean norm plus the low-pass filtered norm minus one.
pub const HFEN_PLUS: Analysis = Analysis {
    id: "hfen_plus",
    version: 1,
    unit: "g",
    title: "High-pass filtered Euclidean norm plus low-pass norm minus one",
};

/// The filter.
pub(super) const FILTER: Butterworth = Butterworth {
    order: 4,
    pass: Pass::High(0.2), // Hz
};
/// Its complement.
pub(super) const LOW: Butterworth = Butterworth {
    order: 4,
    pass: Pass::Low(0.2), // Hz
};
