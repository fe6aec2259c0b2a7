//! # Permutation test
//!
//! **What it measures.** Whether two groups of values differ in their mean, without assuming a
//! distribution.
//!
//! **Inputs and units.** Two groups; the result is a probability and the difference in the unit of
//! the input.
//!
//! **Method.** The labels are shuffled `rounds` times (Fisher-Yates from a given seed); p =
//! (1 + number of shuffles with a difference at least as large in size) / (rounds + 1).
//!
//! **Missing values.** Missing values must be left out beforehand.
//!
//! **Validity.** Values must be exchangeable: days of one person are autocorrelated, so long blocks should be
//! summarised first. At least 3 values per group.
//!
//! **Versions.** 1.
//!
//! **References.** Phipson B, Smyth GK 2010, doi:10.2202/1544-6115.1585.

use crate::maths::chance::Chance;
use crate::maths::describe::mean;
use crate::method::Analysis;
use crate::outcome::Insufficient;

/// Permutation test of two means.
pub const PERMUTATION: Analysis = Analysis {
    id: "permutation_test",
    version: 1,
    unit: "1",
    title: "Permutation test of two means",
};

/// Result of the test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Test {
    /// Mean of the second group minus mean of the first.
    pub difference: f64,
    /// Two-sided probability.
    pub p: f64,
}

/// Compares two groups with `rounds` shuffles from `seed`.
pub fn two_means(
    first: &[f64],
    second: &[f64],
    rounds: u32,
    seed: u64,
) -> Result<Test, Insufficient> {
    Insufficient::unless("values in each group", 3, first.len().min(second.len()))?;
    let mut pool: Vec<f64> = first.iter().chain(second).copied().collect();
    let split = |pool: &[f64]| mean(&pool[first.len()..]) - mean(&pool[..first.len()]);
    let difference = split(&pool);
    let mut chance = Chance::new(seed);
    let mut as_large = 0_u32;
    for _ in 0..rounds {
        chance.shuffle(&mut pool);
        // Equal differences may come out a rounding apart.
        as_large += u32::from(split(&pool).abs() >= difference.abs() * (1.0 - 1e-12));
    }
    let p = (1.0 + f64::from(as_large)) / (f64::from(rounds) + 1.0);
    Ok(Test { difference, p })
}
