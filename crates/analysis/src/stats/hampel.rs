//! # Hampel filter
//!
//! **What it measures.** Which values stick out from their neighbourhood.
//!
//! **Inputs and units.** A regular series; marks per value.
//!
//! **Method.** A value is marked when it lies more than k (3) robust standard deviations,
//! 1.4826 · MAD, from the median of the window of `half` values each side.
//!
//! **Missing days.** A missing value takes no part in the windows and is not marked.
//!
//! **Validity.** Windows with fewer than 3 present values mark nothing. When more than half of a window is the
//! same value its MAD is 0 and any other value is marked.
//!
//! **Versions.** 1.
//!
//! **References.** Hampel FR 1974, doi:10.1080/01621459.1974.10482962. Pearson RK et al. 2016,
//! doi:10.1186/s13634-016-0383-6.

use crate::maths::describe::{MAD_TO_DEVIATION, median, present};
use crate::method::Analysis;

/// Hampel filter.
pub const HAMPEL: Analysis = Analysis {
    id: "hampel",
    version: 1,
    unit: "epochs",
    title: "Hampel filter",
};

/// Marks the outliers of a series; NaN is never marked.
pub fn marked(values: &[f64], half: usize, deviations: f64) -> Vec<bool> {
    (0..values.len())
        .map(|index| {
            let until = (index + half + 1).min(values.len());
            let window = present(&values[index.saturating_sub(half)..until]);
            if window.len() < 3 {
                return false;
            }
            let centre = median(&window);
            let apart: Vec<f64> = window.iter().map(|value| (value - centre).abs()).collect();
            (values[index] - centre).abs() > deviations * MAD_TO_DEVIATION * median(&apart)
        })
        .collect()
}
