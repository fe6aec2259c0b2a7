//! # Drift
//!
//! **What it measures.** Whether what a model is given today is still distributed as what it was
//! given first.
//!
//! **Inputs and units.** Two samples of one number per input (any unit); the result has no unit.
//!
//! **Method.** Population stability index: cut the first sample at its quantiles into ten bins; with
//! shares eᵢ of the first and aᵢ of the second in each, PSI = Σ (aᵢ − eᵢ) ln(aᵢ / eᵢ). An empty bin
//! counts as half an observation. Equal cuts (many equal values) are one cut.
//!
//! **Missing epochs.** Missing numbers take no part.
//!
//! When nothing changed, PSI / (1 / n + 1 / m) follows chi-square with one degree of freedom less than
//! there are bins, n and m being the sizes of the samples. The bound that comes with the index is the
//! quantile that one in a thousand comparisons of an unchanged population exceeds.
//!
//! **Validity.** Fifty numbers in each sample, five for each bin. The customary reading (below 0.1 stable,
//! above 0.2 shifted) is for thousands of numbers: of fifty against fifty, 87 % exceed 0.2 when nothing
//! changed, and the bound is about 1.1.
//!
//! **Versions.** 2. Version 1 gave the index without its bound.
//!
//! **References.** Siddiqi N 2006, Credit Risk Scorecards, Wiley (the index and its reading); it is
//! the symmetrised divergence of Jeffreys H 1946, doi:10.1098/rspa.1946.0056. Yurdakul B, Naranjo J
//! 2020, doi:10.21314/JRMV.2020.227 (its distribution).

use analysis::maths::describe;
use analysis::maths::distribution::chi_square_quantile;
use analysis::outcome::Insufficient;

/// Numbers that each sample needs.
pub const LEAST: usize = 50;

const BINS: usize = 10;
const FALSE_ALARMS: f64 = 0.001; // share of comparisons of an unchanged population above the bound

/// How far a sample has drifted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stability {
    /// Population stability index, 0 or more.
    pub index: f64,
    /// What the index exceeds only once in a thousand comparisons when nothing changed.
    pub bound: f64,
}

impl Stability {
    /// Whether chance hardly explains the difference.
    pub fn is_shifted(&self) -> bool {
        self.index > self.bound
    }
}

/// Population stability index of `now` against `first`, with its bound.
pub fn stability(first: &[f64], now: &[f64]) -> Result<Stability, Insufficient> {
    let first = describe::present(first);
    let now = describe::present(now);
    Insufficient::unless("numbers in the first sample", LEAST, first.len())?;
    Insufficient::unless("numbers in the present sample", LEAST, now.len())?;
    let mut cuts: Vec<f64> = (1..BINS)
        .map(|bin| describe::quantile(&first, bin as f64 / BINS as f64))
        .collect();
    cuts.dedup();
    let expected = shares(&first, &cuts);
    let actual = shares(&now, &cuts);
    let index = expected
        .iter()
        .zip(&actual)
        .map(|(expected, actual)| (actual - expected) * (actual / expected).ln())
        .sum();
    let free = cuts.len().max(1) as f64;
    let per_number = 1.0 / first.len() as f64 + 1.0 / now.len() as f64;
    Ok(Stability {
        index,
        bound: chi_square_quantile(FALSE_ALARMS, free) * per_number,
    })
}

/// Share of the values in each bin; bin i holds values up to and with cut i.
fn shares(values: &[f64], cuts: &[f64]) -> Vec<f64> {
    let mut counts = vec![0_usize; cuts.len() + 1];
    for value in values {
        counts[cuts.partition_point(|cut| cut < value)] += 1;
    }
    let total = values.len() as f64;
    counts
        .iter()
        .map(|&count| (count as f64).max(0.5) / total)
        .collect()
}

#[cfg(test)]
mod tests {
    use analysis::maths::chance::Chance;

    use super::*;

    fn spread(from: f64, count: usize) -> Vec<f64> {
        (0..count).map(|i| from + i as f64 / count as f64).collect()
    }

    #[test]
    fn the_same_distribution_is_stable_and_a_shifted_one_is_not() {
        let first = spread(0.0, 1_000);
        let same = stability(&first, &spread(0.0, 333)).expect("enough").index;
        assert!(same < 0.01, "{same}");
        let shifted = stability(&first, &spread(0.4, 333)).expect("enough");
        assert!(shifted.is_shifted() && shifted.index > 0.2, "{shifted:?}");
    }

    #[test]
    fn equals_the_sum_by_hand() {
        // Ten bins of ten values each; the ten of the second bin move to the first.
        let first = spread(0.0, 100);
        let moved = |value: &f64| {
            if (0.095..0.195).contains(value) {
                0.01
            } else {
                *value
            }
        };
        let now: Vec<f64> = first.iter().map(moved).collect();
        let by_hand = (0.20_f64 - 0.10) * 2.0_f64.ln() + (0.005_f64 - 0.10) * 0.05_f64.ln();
        let found = stability(&first, &now).expect("enough").index;
        assert!((found - by_hand).abs() < 1e-12, "{found} {by_hand}");
    }

    #[test]
    fn equal_values_do_not_divide_by_nothing() {
        let index = stability(&[3.0; 60], &[3.0; 60]).expect("enough").index;
        assert!(index.abs() < 0.05, "{index}");
        assert!(
            stability(&[3.0; 60], &[4.0; 60])
                .expect("enough")
                .is_shifted()
        );
        assert!(stability(&[3.0; 49], &[3.0; 60]).is_err());
    }

    #[test]
    fn an_unchanged_population_seldom_alarms_and_a_changed_one_does() {
        let mut chance = Chance::new(11);
        let mut alarms = |moved: f64| {
            let mut drawn =
                |by: f64| -> Vec<f64> { (0..LEAST).map(|_| chance.normal() + by).collect() };
            let alarm = |_: &u32| {
                let (first, now) = (drawn(0.0), drawn(moved));
                stability(&first, &now).expect("enough").is_shifted()
            };
            (0..4_000_u32).filter(alarm).count()
        };
        let (unchanged, changed) = (alarms(0.0), alarms(2.0));
        assert!(unchanged <= 20, "{unchanged} of 4,000");
        assert!(changed >= 3_950, "{changed} of 4,000");
    }
}
