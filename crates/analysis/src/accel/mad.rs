//! # Mean amplitude deviation
//!
//! **What it measures.** How much the length of the acceleration varies within an epoch, without
//! reference to gravity and therefore without need of calibration.
//!
//! **Inputs and units.** Raw acceleration in g; one value in g per epoch.
//!
//! **Method.** MAD = (1/n) Σ |rᵢ − r̄|, with r = √(x² + y² + z²) and r̄ its mean over the epoch.
//!
//! **Missing epochs.** An epoch with less than the stated share of its samples is missing; both
//! means are over the samples present.
//!
//! **Validity.** Cut points were published for 5- and 6-second epochs; longer epochs give larger
//! values.
//!
//! **Versions.** 1, equal to scikit-digital-health 0.17.
//!
//! **References.** Vähä-Ypyä H et al. 2015, Clin Physiol Funct Imaging 35:64, doi:10.1111/cpf.12127.

use super::enmo::vector_magnitude_g;
use super::held::sum_of;
use crate::method::Analysis;

/// Mean amplitude deviation.
pub const MAD: Analysis = Analysis {
    id: "mad",
    version: 1,
    unit: "g",
    title: "Mean amplitude deviation",
};

/// Mean absolute deviation of an epoch's vector lengths from their mean, in g.
pub fn mad_g(norm: &[f64]) -> f64 {
    let centre = vector_magnitude_g(norm);
    sum_of(norm, |r| (r - centre).abs()) / norm.len() as f64
}
