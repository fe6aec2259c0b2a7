//! # Euclidean norm minus one
//!
//! **What it measures.** The magnitude of acceleration beyond gravity: how much the body part that
//! carries the device moved.
//!
//! **Inputs and units.** Calibrated raw acceleration in g; one value in g per epoch.
//!
//! **Method.** With r = √(x² + y² + z²) of each sample: `enmo` is the epoch's mean of max(r − 1, 0),
//! `enmo_absolute` the mean of |r − 1|, `vector_magnitude` the mean of r.
//!
//! **Missing epochs.** An epoch with less than the stated share of its samples is missing; the mean
//! is over the samples present.
//!
//! **Validity.** An error of calibration of 10 mg is as large as the ENMO of quiet sitting: calibrate
//! first. Truncation at 0 makes it insensitive to slow rotation.
//!
//! **Population.** Rotations of a robot, and adults in daily life against their energy expenditure, device at the
//! wrist (van Hees 2013). The cut points that give it a meaning have people of their own
//! ([intensity](../effort/intensity.md)).
//!
//! **Versions.** 1, equal to GGIR and to scikit-digital-health 0.17.
//!
//! **References.** van Hees VT et al. 2013, `PLoS` ONE 8:e61691, doi:10.1371/journal.pone.0061691.

use super::held::sum_of;
use crate::method::Analysis;

/// Euclidean norm minus one, negative values set to zero.
pub const ENMO: Analysis = Analysis {
    id: "enmo",
    version: 1,
    unit: "g",
    title: "Euclidean norm minus one",
};
/// Absolute difference of the Euclidean norm from one.
pub const ENMO_ABSOLUTE: Analysis = Analysis {
    id: "enmo_absolute",
    version: 1,
    unit: "g",
    title: "Absolute Euclidean norm minus one",
};
/// Mean Euclidean norm.
pub const VECTOR_MAGNITUDE: Analysis = Analysis {
    id: "vector_magnitude",
    version: 1,
    unit: "g",
    title: "Mean length of the acceleration",
};

/// Mean of max(r − 1, 0) over an epoch's vector lengths in g.
pub fn enmo_g(norm: &[f64]) -> f64 {
    sum_of(norm, |r| (r - 1.0).max(0.0)) / norm.len() as f64
}

/// Mean of |r − 1| over an epoch's vector lengths in g.
pub fn enmo_absolute_g(norm: &[f64]) -> f64 {
    sum_of(norm, |r| (r - 1.0).abs()) / norm.len() as f64
}

/// Mean of an epoch's vector lengths in g.
pub fn vector_magnitude_g(norm: &[f64]) -> f64 {
    sum_of(norm, |r| r) / norm.len() as f64
}
