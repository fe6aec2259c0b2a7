//! # Functional linear model of the average day
//!
//! **What it measures.** The shape of the average day as a smooth curve.
//!
//! **Inputs and units.** The mean daily profile, usually of ten-minute sums; coefficients have its
//! unit.
//!
//! **Method.** Ordinary least squares of the profile on the Fourier basis 1, cos(2πks/S),
//! sin(2πks/S), k = 1…K, with s the slot and S the slots of a day.
//!
//! **Missing slots.** A missing slot is left out.
//!
//! **Validity.** At least 2K + 2 slots present.
//!
//! **Versions.** 1.
//!
//! **References.** Wang J et al. 2011, J Circadian Rhythms 9:11, doi:10.1186/1740-3391-9-11.

use std::f64::consts::TAU;

use super::profile::Profile;
use crate::maths::least_squares;
use crate::method::Analysis;
use crate::outcome::Insufficient;

/// Functional linear model.
pub const FUNCTIONAL_LINEAR: Analysis = Analysis {
    id: "functional_linear_model",
    version: 1,
    unit: "input",
    title: "Fourier model of the average day",
};

/// The fitted day.
#[derive(Debug, Clone, PartialEq)]
pub struct Smooth {
    /// 1, cos 1, sin 1, cos 2, sin 2, ….
    pub coefficients: Vec<f64>,
    /// The curve at every slot.
    pub curve: Vec<f64>,
}

/// Fits a Fourier series of the given order to a profile.
pub fn fit(profile: &Profile, order: usize) -> Result<Smooth, Insufficient> {
    let slots = profile.values.len();
    let columns = 1 + 2 * order;
    let present: Vec<usize> = (0..slots)
        .filter(|&slot| !profile.values[slot].is_nan())
        .collect();
    Insufficient::unless(
        "slots of the day that are present",
        columns + 1,
        present.len(),
    )?;
    let basis = |slot: usize, out: &mut [f64]| {
        out[0] = 1.0;
        for harmonic in 1..=order {
            let turn = (harmonic * slot % slots) as f64 / slots as f64;
            let (sine, cosine) = (TAU * turn).sin_cos();
            out[2 * harmonic - 1] = cosine;
            out[2 * harmonic] = sine;
        }
    };
    let values: Vec<f64> = present.iter().map(|&slot| profile.values[slot]).collect();
    let solved =
        least_squares::fit(&values, columns, |index, out| basis(present[index], out)).ok_or(
            Insufficient::new("slots spread over the day", columns as f64 + 1.0, 0.0),
        )?;
    let mut row = vec![0.0; columns];
    let curve = (0..slots)
        .map(|slot| {
            basis(slot, &mut row);
            least_squares::dot(&row, &solved.coefficients)
        })
        .collect();
    Ok(Smooth {
        coefficients: solved.coefficients,
        curve,
    })
}
