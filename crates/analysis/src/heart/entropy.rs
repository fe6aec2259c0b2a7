//! # Sample and approximate entropy
//!
//! **What it measures.** How unpredictable the sequence of intervals is.
//!
//! **Inputs and units.** Any gapless sequence; the result is in nats.
//!
//! **Method.** Templates of m values match when all their values lie within r (0.2 sample standard
//! deviations by custom) of each other. `SampEn` = −ln(A/B): B counts the matching pairs of m values
//! among the first n − m templates, A those that still match with the next value; a template never
//! matches itself. `ApEn` = φₘ − φₘ₊₁ with φ the mean log share of matches, itself included.
//!
//! **Validity.** About 100 to 20,000 values; the cost grows with the square. Without any match of
//! length m + 1 the entropy is undefined.
//!
//! **Versions.** 1.
//!
//! **References.** Richman JS, Moorman JR 2000, doi:10.1152/ajpheart.2000.278.6.H2039. Pincus SM
//! 1991, doi:10.1073/pnas.88.6.2297.

use crate::maths::describe::standard_deviation;
use crate::method::Analysis;
use crate::outcome::Insufficient;

/// Sample entropy.
pub const SAMPLE_ENTROPY: Analysis = Analysis {
    id: "sample_entropy",
    version: 1,
    unit: "nat",
    title: "Sample entropy",
};
/// Approximate entropy.
pub const APPROXIMATE_ENTROPY: Analysis = Analysis {
    id: "approximate_entropy",
    version: 1,
    unit: "nat",
    title: "Approximate entropy",
};

/// The customary tolerance: 0.2 sample standard deviations.
pub fn customary_tolerance(values: &[f64]) -> f64 {
    0.2 * standard_deviation(values, 1)
}

/// Sample entropy of templates of `length` values within `tolerance`.
pub fn sample_entropy(values: &[f64], length: usize, tolerance: f64) -> Result<f64, Insufficient> {
    Insufficient::unless("values", length + 2, values.len())?;
    let templates = values.len() - length;
    let (mut shorter, mut longer) = (0_u64, 0_u64);
    // Pairs at a fixed lag share their windows: a run of close pairs of length L holds
    // L − m + 1 matching templates, so every pair is looked at once.
    for lag in 1..templates {
        let mut streak = 0;
        let close = values
            .iter()
            .zip(&values[lag..])
            .map(|(a, b)| (a - b).abs() <= tolerance);
        for (index, near) in close.enumerate() {
            streak = if near { streak + 1 } else { 0 };
            // The pair ends at `index + lag`; templates of the first n − m starts only.
            shorter += u64::from(streak >= length && index + lag < templates + length - 1);
            longer += u64::from(streak > length);
        }
    }
    if longer == 0 || shorter == 0 {
        return Err(Insufficient::new("matching templates", 1.0, 0.0));
    }
    Ok(-(longer as f64 / shorter as f64).ln())
}

/// Approximate entropy of templates of `length` values within `tolerance`.
pub fn approximate_entropy(
    values: &[f64],
    length: usize,
    tolerance: f64,
) -> Result<f64, Insufficient> {
    Insufficient::unless("values", length + 2, values.len())?;
    Ok(mean_log_share(values, length, tolerance) - mean_log_share(values, length + 1, tolerance))
}

fn mean_log_share(values: &[f64], length: usize, tolerance: f64) -> f64 {
    let templates = values.len() - length + 1;
    let mut matches = vec![1_u32; templates]; // every template matches itself
    for lag in 1..templates {
        let mut streak = 0;
        for index in 0..values.len() - lag {
            let near = (values[index] - values[index + lag]).abs() <= tolerance;
            streak = if near { streak + 1 } else { 0 };
            if streak >= length {
                matches[index + 1 - length] += 1;
                matches[index + 1 - length + lag] += 1;
            }
        }
    }
    let share = |&count: &u32| (f64::from(count) / templates as f64).ln();
    matches.iter().map(share).sum::<f64>() / templates as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Richman and Moorman's definition, word by word.
    fn naive(values: &[f64], length: usize, tolerance: f64) -> f64 {
        let templates = values.len() - length;
        let (mut shorter, mut longer) = (0, 0);
        for i in 0..templates {
            for j in 0..templates {
                if i == j {
                    continue;
                }
                let near = |k: usize| (values[i + k] - values[j + k]).abs() <= tolerance;
                if (0..length).all(near) {
                    shorter += 1;
                    longer += u64::from(near(length));
                }
            }
        }
        -(longer as f64 / f64::from(shorter)).ln()
    }

    #[test]
    fn the_fast_count_equals_the_definition() {
        let values: Vec<f64> = (0..150_u32).map(|i| f64::from(i * 7919 % 61)).collect();
        for length in [1, 2, 3] {
            let fast = sample_entropy(&values, length, 9.0).unwrap();
            assert!((fast - naive(&values, length, 9.0)).abs() < 1e-12);
        }
    }
}
