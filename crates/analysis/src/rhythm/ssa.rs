//! # Singular spectrum analysis
//!
//! **What it measures.** How a series splits into a trend, oscillations and noise without a model.
//!
//! **Inputs and units.** A gapless series, usually ten-minute sums with a window of a day; partial
//! variances are shares of 1, components have the unit of the input.
//!
//! **Method.** The L × K trajectory matrix X (K = N − L + 1, not centred) is decomposed through
//! the eigenvectors of `XXᵀ`. The share of component k is λₖ = sₖ² / Σ s². A component is rebuilt by
//! averaging sₖuₖvₖᵀ over its antidiagonals. The weighted correlation of two components uses the
//! number of times each value occurs in X.
//!
//! **Missing values.** Missing values must be filled beforehand ([`of_values`] refuses NaN), because one
//! missing value spoils L columns.
//!
//! **Validity.** N ≥ 2L.
//!
//! **Versions.** 1.
//!
//! **References.** Golyandina N, Zhigljavsky A 2013, doi:10.1007/978-3-642-34913-3. Fossion R et al.
//! 2017, doi:10.1371/journal.pone.0181762.

use crate::maths::eigen::{Eigen, symmetric, values as eigenvalues};
use crate::maths::least_squares::dot;
use crate::method::Analysis;
use crate::outcome::Insufficient;

/// Singular spectrum analysis.
pub const SINGULAR_SPECTRUM: Analysis = Analysis {
    id: "singular_spectrum",
    version: 1,
    unit: "1",
    title: "Singular spectrum partial variances",
};

/// A decomposed series.
#[derive(Debug, Clone, PartialEq)]
pub struct Decomposition {
    values: Vec<f64>,
    window: usize,
    eigen: Eigen,
    /// Share of the total variance of each component, largest first.
    pub shares: Vec<f64>,
}

/// Decomposes gapless values with a window of `window` values.
pub fn of_values(values: &[f64], window: usize) -> Result<Decomposition, Insufficient> {
    let (lagged, total) = lagged(values, window)?;
    let eigen = symmetric(&lagged, window);
    Ok(Decomposition {
        values: values.to_vec(),
        window,
        shares: shares_of(&eigen.values, total),
        eigen,
    })
}

/// Share of the total variance of each component of gapless values, largest first, without the
/// components themselves.
pub fn shares(values: &[f64], window: usize) -> Result<Vec<f64>, Insufficient> {
    let (lagged, total) = lagged(values, window)?;
    Ok(shares_of(&eigenvalues(&lagged, window), total))
}

fn shares_of(eigenvalues: &[f64], total: f64) -> Vec<f64> {
    let shares = eigenvalues.iter().map(|value| value.max(0.0) / total);
    shares.collect()
}

/// The products of the lagged values, row by row, and the sum of their diagonal.
fn lagged(values: &[f64], window: usize) -> Result<(Vec<f64>, f64), Insufficient> {
    Insufficient::unless("values (two windows)", 2 * window.max(2), values.len())?;
    let gaps = values.iter().filter(|value| value.is_nan()).count();
    Insufficient::unless("values that are present", values.len(), values.len() - gaps)?;
    let columns = values.len() - window + 1;
    let mut lagged = vec![0.0; window * window];
    // Neighbours on a diagonal of XXᵀ differ by one product leaving and one entering.
    for lag in 0..window {
        let mut total = dot(&values[..columns], &values[lag..lag + columns]);
        for row in 0..window - lag {
            if row > 0 {
                total += values[row + columns - 1] * values[row + lag + columns - 1]
                    - values[row - 1] * values[row + lag - 1];
            }
            lagged[row * window + row + lag] = total;
            lagged[(row + lag) * window + row] = total;
        }
    }
    let total: f64 = (0..window).map(|row| lagged[row * window + row]).sum();
    if total <= 0.0 {
        return Err(Insufficient::constant());
    }
    Ok((lagged, total))
}

impl Decomposition {
    /// The part of the series that component `index` makes up.
    pub fn component(&self, index: usize) -> Vec<f64> {
        let direction = &self.eigen.vectors[index];
        let columns = self.values.len() - self.window + 1;
        let scores: Vec<f64> = (0..columns)
            .map(|column| dot(direction, &self.values[column..column + self.window]))
            .collect();
        let mut rebuilt = vec![0.0; self.values.len()];
        for (lag, weight) in direction.iter().enumerate() {
            for (slot, score) in rebuilt[lag..lag + columns].iter_mut().zip(&scores) {
                *slot += weight * score;
            }
        }
        for (position, value) in rebuilt.iter_mut().enumerate() {
            *value /= self.occurrences(position);
        }
        rebuilt
    }

    /// Weighted correlation of two rebuilt components: 0 means cleanly separated.
    pub fn correlation(&self, a: &[f64], b: &[f64]) -> f64 {
        let product = |x: &[f64], y: &[f64]| -> f64 {
            (0..x.len())
                .map(|i| self.occurrences(i) * x[i] * y[i])
                .sum()
        };
        product(a, b) / (product(a, a) * product(b, b)).sqrt()
    }

    /// How often the value at a position occurs in the trajectory matrix.
    fn occurrences(&self, position: usize) -> f64 {
        let columns = self.values.len() - self.window + 1;
        let shorter = self.window.min(columns);
        (position + 1)
            .min(shorter)
            .min(self.values.len() - position) as f64
    }
}
