//! # Geometric heart-rate variability
//!
//! **What it measures.** The breadth of the histogram of beat intervals, which single artefacts
//! barely change.
//!
//! **Inputs and units.** Normal intervals in milliseconds; the triangular index is a ratio, TINN
//! milliseconds.
//!
//! **Method.** Histogram with bins of 1/128 s from 0. HTI = n / height of the tallest bin. TINN is
//! the base M − N of the triangle with its top on the tallest bin (X, Y) that fits the histogram
//! best: the pair N < X < M of bin edges with the least sum of squared differences, 0 outside.
//!
//! **Missing beats.** A pause ends the series beforehand; an interval across it is not given.
//!
//! **Validity.** 20 minutes by the Task Force; five-minute values are only comparable with each other. At least
//! 20 intervals are required here.
//!
//! **Versions.** 1. `NeuroKit2` searches N only from the smallest interval and M only up to the
//! largest and stops early; the base differs by a few bins.
//!
//! **References.** Task Force 1996, doi:10.1161/01.CIR.93.5.1043.

use crate::maths::describe::floor_index;
use crate::method::Analysis;
use crate::outcome::Insufficient;

/// Triangular index.
pub const TRIANGULAR_INDEX: Analysis = Analysis {
    id: "hrv_triangular_index",
    version: 1,
    unit: "1",
    title: "HRV triangular index",
};
/// Triangular interpolation.
pub const TINN: Analysis = Analysis {
    id: "tinn",
    version: 1,
    unit: "ms",
    title: "Triangular interpolation of NN",
};

const BIN_MS: f64 = 1000.0 / 128.0; // Task Force 1996

/// Triangular index and TINN.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Geometry {
    /// HRV triangular index.
    pub triangular_index: f64,
    /// Base of the fitted triangle in milliseconds.
    pub tinn_ms: f64,
}

/// Geometric measures of the intervals.
pub fn geometry(intervals_ms: &[f64]) -> Result<Geometry, Insufficient> {
    Insufficient::unless("beat intervals", 20, intervals_ms.len())?;
    let longest = intervals_ms.iter().copied().fold(0.0, f64::max);
    let mut heights = vec![0.0; floor_index(longest / BIN_MS) + 2];
    for &interval in intervals_ms {
        heights[floor_index(interval / BIN_MS)] += 1.0;
    }
    let tallest = heights.iter().copied().fold(0.0, f64::max);
    let top = heights
        .iter()
        .position(|&height| height >= tallest)
        .unwrap_or(0);
    Ok(Geometry {
        triangular_index: intervals_ms.len() as f64 / tallest,
        tinn_ms: base(&heights, top) * BIN_MS,
    })
}

/// Base of the best triangle in bins. Both flanks are independent, so each is searched alone.
fn base(heights: &[f64], top: usize) -> f64 {
    let left = flank(
        &heights[..top].iter().rev().copied().collect::<Vec<_>>(),
        heights[top],
    );
    let right = flank(&heights[top + 1..], heights[top]);
    (left + right) as f64
}

/// Distance from the top at which a straight flank to zero fits the bins beside it best.
fn flank(beside: &[f64], peak: f64) -> usize {
    let mut outside: f64 = beside.iter().map(|height| height * height).sum();
    let mut best = (f64::INFINITY, 1);
    for width in 1..=beside.len().max(1) {
        if let Some(height) = beside.get(width - 1) {
            outside -= height * height;
        }
        let inside: f64 = beside
            .iter()
            .take(width)
            .enumerate()
            .map(|(index, height)| {
                let line = peak * (1.0 - (index + 1) as f64 / width as f64);
                (height - line).powi(2)
            })
            .sum();
        if inside + outside.max(0.0) < best.0 {
            best = (inside + outside.max(0.0), width);
        }
    }
    best.1
}
