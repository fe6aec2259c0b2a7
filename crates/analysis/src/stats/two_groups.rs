//! # Two groups by rank
//!
//! **What it measures.** Whether values of one group tend to be larger than those of another, and by
//! how much: the probability that a value of the first exceeds one of the second.
//!
//! **Inputs and units.** Two groups of values, one per person; U counts pairs, AUC and Cliff's delta
//! have no unit, the interval is 95 %.
//!
//! **Method.** U = Σᵢ Σⱼ 1(xᵢ > yⱼ) + ½·1(xᵢ = yⱼ); AUC = U / nm; δ = 2·AUC − 1. p: normal approximation with
//! the tie-corrected variance nm/12 · ((N + 1) − Σ(t³ − t) / (N(N − 1))) and a continuity correction of ½.
//! Interval (`DeLong` 1988): AUC ± 1.96 √(S₁₀/n + S₀₁/m), with S₁₀ and S₀₁ the sample variances of the
//! placements of the values of each group among the other, cut at 0 and 1.
//!
//! **Missing values.** NaN takes no part.
//!
//! **Validity.** Three values in each group; the approximation is customary from eight. The interval is
//! too narrow near 0 and 1 and has no width when the groups do not overlap.
//!
//! **Versions.** 1, U and p equal to `scipy` 1.10 `mannwhitneyu` with ties.
//!
//! **References.** Mann HB, Whitney DR 1947, doi:10.1214/aoms/1177730491. `DeLong` ER et al. 1988,
//! doi:10.2307/2531595. Cliff N 1993, doi:10.1037/0033-2909.114.3.494.

use crate::maths::describe::{median, present, variance};
use crate::maths::distribution::normal_two_sided;
use crate::method::Analysis;
use crate::outcome::Insufficient;

/// Two groups by rank.
pub const MANN_WHITNEY: Analysis = Analysis {
    id: "mann_whitney",
    version: 1,
    unit: "1",
    title: "Two groups by rank (Mann-Whitney)",
};

const FEWEST: usize = 3; // values in each group
const INTERVAL: f64 = 1.959_963_984_540_054; // standard errors of a 95 % interval

/// What distinguishes the first group from the second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Values in each group.
    pub counts: (usize, usize),
    /// Median of each group.
    pub medians: (f64, f64),
    /// Pairs in which the first group is larger, half of the ties.
    pub u: f64,
    /// Two-sided probability of a U so far from its mean.
    pub p: f64,
    /// Probability that a value of the first group is larger, half of the ties.
    pub auc: f64,
    /// 95 % interval of the AUC (`DeLong`).
    pub auc_interval: (f64, f64),
    /// Cliff's delta, −1 to 1.
    pub delta: f64,
}

/// Compares the first group with the second.
pub fn compare(first: &[f64], second: &[f64]) -> Result<Comparison, Insufficient> {
    let (first, second) = (present(first), present(second));
    let counts = (first.len(), second.len());
    Insufficient::unless("values in each group", FEWEST, counts.0.min(counts.1))?;
    let (n, m) = (counts.0 as f64, counts.1 as f64);
    let of_first = placements(&first, &second);
    let of_second = placements(&second, &first);
    let auc = of_first.iter().sum::<f64>() / n;
    // Whole and half pairs: the mean above has rounded them.
    let u = (2.0 * auc * n * m).round() / 2.0;
    let pooled: Vec<f64> = first.iter().chain(&second).copied().collect();
    let total = n + m;
    let spread = n * m / 12.0 * ((total + 1.0) - ties(&pooled) / (total * (total - 1.0)));
    if spread <= 0.0 {
        return Err(Insufficient::constant());
    }
    let apart = ((u - n * m / 2.0).abs() - 0.5).max(0.0);
    let error = (variance(&of_first, 1) / n + variance(&of_second, 1) / m).sqrt();
    Ok(Comparison {
        counts,
        medians: (median(&first), median(&second)),
        u,
        p: normal_two_sided(apart / spread.sqrt()).min(1.0),
        auc,
        auc_interval: (
            (auc - INTERVAL * error).max(0.0),
            (auc + INTERVAL * error).min(1.0),
        ),
        delta: 2.0 * auc - 1.0,
    })
}

/// For each value the share of the others that it exceeds, half of those it equals.
fn placements(values: &[f64], others: &[f64]) -> Vec<f64> {
    let mut ordered = others.to_vec();
    ordered.sort_unstable_by(f64::total_cmp);
    let count = ordered.len() as f64;
    let share = |value: &f64| {
        let below = ordered.partition_point(|other| other < value);
        let up_to = ordered.partition_point(|other| other <= value);
        f64::midpoint(below as f64, up_to as f64) / count
    };
    values.iter().map(share).collect()
}

/// Σ(t³ − t) over runs of t equal values.
fn ties(values: &[f64]) -> f64 {
    let mut ordered = values.to_vec();
    ordered.sort_unstable_by(f64::total_cmp);
    ordered
        .chunk_by(|a, b| a.total_cmp(b).is_eq())
        .map(|run| (run.len() as f64).powi(3) - run.len() as f64)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: of the nine pairs 1 is larger than none and equal to one, 3 and 5 exceed 1 and 2 and
    /// 5 exceeds 4: U = 0.5 + 2 + 3. Ties: one run of two, so the variance is 9/12 · (7 − 6/30).
    #[test]
    fn three_against_three() {
        let found = compare(&[1.0, 3.0, 5.0, f64::NAN], &[1.0, 2.0, 4.0]).unwrap();
        assert_eq!(found.counts, (3, 3));
        assert!((found.u - 5.5).abs() < 1e-12);
        // Thirteen against eighteen: pairs are whole or half, whatever the mean of the shares rounds to.
        for shift in 0..18 {
            let of = |count: u32, factor: u32| -> Vec<f64> {
                (0..count)
                    .map(|index| f64::from((index * factor + shift) % 17))
                    .collect()
            };
            let (ours, theirs) = (of(13, 5), of(18, 7));
            let pairs = ours.iter().flat_map(|a| theirs.iter().map(move |b| (a, b)));
            let doubled: u32 = pairs
                .map(|(a, b)| u32::from(a > b) + u32::from(a >= b))
                .sum();
            let found = compare(&ours, &theirs).unwrap();
            assert_eq!((2.0 * found.u).to_string(), doubled.to_string());
        }
        assert!((found.auc - 5.5 / 9.0).abs() < 1e-12);
        assert!((found.delta - 2.0 / 9.0).abs() < 1e-12);
        let z = (5.5 - 4.5 - 0.5) / (0.75 * (7.0 - 6.0 / 30.0_f64)).sqrt();
        assert!((found.p - normal_two_sided(z)).abs() < 1e-12);
        let mirrored = compare(&[1.0, 2.0, 4.0], &[1.0, 3.0, 5.0]).unwrap();
        assert!((mirrored.auc + found.auc - 1.0).abs() < 1e-12);
        assert!((mirrored.p - found.p).abs() < 1e-12);
        // Placements 1/6, 2/3, 1 and 1/6, 1/3, 2/3: sample variances by hand.
        let (a, b) = (
            [1.0 / 6.0, 2.0 / 3.0, 1.0],
            [1.0 / 6.0, 1.0 / 3.0, 2.0 / 3.0],
        );
        let error = (variance(&a, 1) / 3.0 + variance(&b, 1) / 3.0).sqrt();
        assert!((found.auc_interval.0 - (found.auc - INTERVAL * error).max(0.0)).abs() < 1e-12);
    }

    #[test]
    fn groups_without_difference_or_values_are_refused() {
        assert!(compare(&[1.0; 5], &[1.0; 5]).is_err());
        assert!(compare(&[1.0, 2.0], &[1.0, 2.0, 3.0]).is_err());
    }
}
