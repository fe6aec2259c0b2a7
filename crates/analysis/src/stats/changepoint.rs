//! # Change points (PELT)
//!
//! **What it measures.** When the level of a series changed.
//!
//! **Inputs and units.** Values in order of time; results are indices at which a new level begins.
//!
//! **Method.** Minimises Σ over segments of the squared deviation from their mean plus a penalty per
//! change, exactly, by dynamic programming with pruning (Killick 2012). The customary penalty is
//! 2·σ²·ln n with σ from the median absolute difference of neighbours.
//!
//! **Missing values.** Missing values must be left out beforehand.
//!
//! **Validity.** Segments of at least `shortest` values; at least two of them. Autocorrelated noise makes too
//! many changes; raise the penalty.
//!
//! **Versions.** 1.
//!
//! **References.** Killick R et al. 2012, J Am Stat Assoc 107:1590,
//! doi:10.1080/01621459.2012.737745.

use crate::maths::describe::{MAD_TO_DEVIATION, median};
use crate::method::Analysis;
use crate::outcome::Insufficient;

/// Change points.
pub const CHANGE_POINTS: Analysis = Analysis {
    id: "change_points",
    version: 1,
    unit: "index",
    title: "Change points (PELT)",
};

/// 2·σ²·ln n, with σ from the differences of neighbours.
pub fn customary_penalty(values: &[f64]) -> f64 {
    let steps: Vec<f64> = values
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .collect();
    let deviation = median(&steps) * MAD_TO_DEVIATION / std::f64::consts::SQRT_2;
    2.0 * deviation * deviation * (values.len() as f64).ln()
}

/// Indices at which a new level begins.
pub fn change_points(
    values: &[f64],
    penalty: f64,
    shortest: usize,
) -> Result<Vec<usize>, Insufficient> {
    let shortest = shortest.max(1);
    Insufficient::unless("values", 2 * shortest, values.len())?;
    let cost = SquaredDeviation::new(values);
    let count = values.len();
    let mut best = vec![f64::INFINITY; count + 1];
    let mut previous = vec![0; count + 1];
    best[0] = -penalty;
    let mut candidates = vec![0];
    for until in shortest..=count {
        let mut totals = Vec::with_capacity(candidates.len());
        for &from in &candidates {
            let total = if until - from < shortest {
                f64::INFINITY
            } else {
                best[from] + cost.of(from, until) + penalty
            };
            if total < best[until] {
                best[until] = total;
                previous[until] = from;
            }
            totals.push(total);
        }
        let level = best[until];
        let mut kept = totals.iter();
        candidates.retain(|_| {
            kept.next()
                .is_some_and(|&t| t.is_infinite() || t - penalty <= level)
        });
        if until + 1 >= 2 * shortest {
            candidates.push(until + 1 - shortest);
        }
    }
    let mut found = Vec::new();
    let mut at = previous[count];
    while at > 0 {
        found.push(at);
        at = previous[at];
    }
    found.reverse();
    Ok(found)
}

struct SquaredDeviation {
    sums: Vec<f64>,
    squares: Vec<f64>,
}

impl SquaredDeviation {
    fn new(values: &[f64]) -> Self {
        // Centring first keeps the difference of squares from cancelling.
        let centre = median(values);
        let mut sums = vec![0.0];
        let mut squares = vec![0.0];
        for value in values {
            let value = value - centre;
            sums.push(sums[sums.len() - 1] + value);
            squares.push(squares[squares.len() - 1] + value * value);
        }
        Self { sums, squares }
    }

    fn of(&self, from: usize, until: usize) -> f64 {
        let total = self.sums[until] - self.sums[from];
        self.squares[until] - self.squares[from] - total * total / (until - from) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Optimal partitioning without pruning (Jackson 2005).
    fn naive(values: &[f64], penalty: f64, shortest: usize) -> Vec<usize> {
        let cost = SquaredDeviation::new(values);
        let count = values.len();
        let mut best: Vec<(f64, Vec<usize>)> = vec![(f64::INFINITY, Vec::new()); count + 1];
        best[0] = (-penalty, Vec::new());
        for until in shortest..=count {
            for from in 0..=until - shortest {
                let total = best[from].0 + cost.of(from, until) + penalty;
                if total < best[until].0 {
                    let mut changes = best[from].1.clone();
                    if from > 0 {
                        changes.push(from);
                    }
                    best[until] = (total, changes);
                }
            }
        }
        best[count].1.clone()
    }

    #[test]
    fn pruning_loses_no_optimum() {
        let values: Vec<f64> = (0..120_u32)
            .map(|i| f64::from(i / 40) * 5.0 + f64::from(i * 7919 % 13) / 13.0)
            .collect();
        for (penalty, shortest) in [(1.0, 1), (5.0, 2), (20.0, 5)] {
            let fast = change_points(&values, penalty, shortest).unwrap();
            assert_eq!(fast, naive(&values, penalty, shortest));
        }
        assert_eq!(change_points(&values, 20.0, 5).unwrap(), [40, 80]);
    }
}
