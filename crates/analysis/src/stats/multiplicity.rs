//! # Benjamini-Hochberg
//!
//! **What it measures.** Which of many comparisons to believe when a share of false ones among the
//! believed is accepted.
//!
//! **Inputs and units.** Probabilities; the results are adjusted probabilities in the same order.
//!
//! **Method.** With p₍ᵢ₎ in ascending order of m, q₍ᵢ₎ = min over j ≥ i of m·p₍ⱼ₎/j, at most 1.
//!
//! **Missing values.** A NaN stays NaN and does not count.
//!
//! **Validity.** Independent or positively dependent tests.
//!
//! **Versions.** 1.
//!
//! **References.** Benjamini Y, Hochberg Y 1995, doi:10.1111/j.2517-6161.1995.tb02031.x.

use crate::method::Analysis;

/// Benjamini-Hochberg adjustment.
pub const BENJAMINI_HOCHBERG: Analysis = Analysis {
    id: "benjamini_hochberg",
    version: 1,
    unit: "1",
    title: "Benjamini-Hochberg adjustment",
};

/// Adjusted probabilities.
pub fn adjusted(probabilities: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..probabilities.len())
        .filter(|&index| !probabilities[index].is_nan())
        .collect();
    order.sort_unstable_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
    let count = order.len() as f64;
    let mut adjusted = vec![f64::NAN; probabilities.len()];
    let mut least: f64 = 1.0;
    for (above, &index) in order.iter().enumerate() {
        least = least.min(probabilities[index] * count / (count - above as f64));
        adjusted[index] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values: R `p.adjust(c(0.01, 0.04, 0.03, 0.2), "BH")`.
    #[test]
    fn agrees_with_r() {
        let expect = [0.04, 0.16 / 3.0, 0.16 / 3.0, 0.2];
        for (value, expect) in adjusted(&[0.01, 0.04, 0.03, 0.2]).into_iter().zip(expect) {
            assert!((value - expect).abs() < 1e-12);
        }
    }
}
