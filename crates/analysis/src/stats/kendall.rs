//! # Mann-Kendall trend test
//!
//! **What it measures.** Whether values rise or fall over time, whatever the shape.
//!
//! **Inputs and units.** Values in order of time, equally spaced; the result is a probability.
//!
//! **Method.** S = Σ sign(xⱼ − xᵢ), i < j; Var S = (n(n−1)(2n+5) − Σ t(t−1)(2t+5))/18 over ties of
//! t; z = (S ∓ 1)/√Var. τ is τ-b. With [`Correlation::Corrected`] the variance is multiplied by
//! 1 + 2/(n(n−1)(n−2)) Σₖ (n−k)(n−k−1)(n−k−2) ρₖ, with ρₖ the autocorrelation of the ranks of the
//! values after removing the Theil-Sen slope, where it is significant at 5 % (Hamed and Rao 1998).
//!
//! **Validity.** 8 values for the normal approximation; constant values have no trend. Missing
//! values must be left out beforehand.
//!
//! **Versions.** 1.
//!
//! **References.** Mann HB 1945, doi:10.2307/1907187. Kendall MG 1975. Hamed KH, Rao AR 1998,
//! doi:10.1016/S0022-1694(97)00125-X.

use crate::catalogue::Analysis;
use crate::maths::describe::mean;
use crate::maths::distribution::normal_two_sided;
use crate::outcome::Insufficient;

/// Mann-Kendall test.
pub const MANN_KENDALL: Analysis = Analysis {
    id: "mann_kendall",
    version: 1,
    unit: "1",
    title: "Mann-Kendall trend test",
};

const FEWEST: usize = 8; // for the normal approximation
const SIGNIFICANT: f64 = 1.96; // standard errors of an autocorrelation

/// Whether the variance accounts for autocorrelation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Correlation {
    /// Values are independent.
    Ignored,
    /// Hamed and Rao's correction.
    Corrected,
}

/// Result of the test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Test {
    /// Concordant minus discordant pairs.
    pub s: f64,
    /// Kendall's τ-b.
    pub tau: f64,
    /// Standardised statistic.
    pub z: f64,
    /// Two-sided probability.
    pub p: f64,
}

/// Tests a series for a trend.
pub fn mann_kendall(values: &[f64], correlation: Correlation) -> Result<Test, Insufficient> {
    Insufficient::unless("values", FEWEST, values.len())?;
    let s = score(values);
    let mut variance = variance(values);
    if variance <= 0.0 {
        return Err(Insufficient::constant());
    }
    if correlation == Correlation::Corrected {
        variance *= inflation(values)?;
    }
    let z = if s == 0.0 {
        0.0
    } else {
        (s - s.signum()) / variance.sqrt()
    };
    let pairs = (values.len() * (values.len() - 1)) as f64 / 2.0;
    let tied: f64 = ties(values).iter().map(|t| t * (t - 1.0) / 2.0).sum();
    Ok(Test {
        s,
        tau: s / ((pairs - tied) * pairs).sqrt(),
        z,
        p: normal_two_sided(z),
    })
}

/// Variance of Kendall's S with ties.
pub fn variance(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let of = |n: f64| n * (n - 1.0) * (2.0 * n + 5.0);
    (of(count) - ties(values).into_iter().map(of).sum::<f64>()) / 18.0
}

fn score(values: &[f64]) -> f64 {
    let mut total = 0.0;
    for (index, first) in values.iter().enumerate() {
        for second in &values[index + 1..] {
            total += match second.total_cmp(first) {
                std::cmp::Ordering::Greater => 1.0,
                std::cmp::Ordering::Equal => 0.0,
                std::cmp::Ordering::Less => -1.0,
            };
        }
    }
    total
}

/// Sizes of groups of equal values, those larger than one.
pub(super) fn ties(values: &[f64]) -> Vec<f64> {
    let mut ordered = values.to_vec();
    ordered.sort_unstable_by(f64::total_cmp);
    let groups = crate::maths::run::runs(&ordered);
    groups
        .iter()
        .filter(|group| group.len() > 1)
        .map(|group| group.len() as f64)
        .collect()
}

/// Ratio of the variance under autocorrelation to that without.
fn inflation(values: &[f64]) -> Result<f64, Insufficient> {
    let times: Vec<f64> = (0..values.len()).map(|index| index as f64).collect();
    let trend = super::slope::theil_sen(&times, values, 0.05)?;
    let rest: Vec<f64> = times
        .iter()
        .zip(values)
        .map(|(t, v)| v - trend.slope * t)
        .collect();
    let ranks = ranks(&rest);
    let centre = mean(&ranks);
    let spread: f64 = ranks.iter().map(|rank| (rank - centre).powi(2)).sum();
    let count = values.len() as f64;
    let mut total = 0.0;
    for lag in 1..values.len() - 1 {
        let pairs = ranks.iter().zip(&ranks[lag..]);
        let rho = pairs.map(|(a, b)| (a - centre) * (b - centre)).sum::<f64>() / spread;
        if rho.abs() > SIGNIFICANT / count.sqrt() {
            let left = count - lag as f64;
            total += left * (left - 1.0) * (left - 2.0) * rho;
        }
    }
    Ok((1.0 + 2.0 / (count * (count - 1.0) * (count - 2.0)) * total).max(1e-3))
}

/// Mean ranks, from 1.
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let sorted: Vec<f64> = order.iter().map(|&index| values[index]).collect();
    for group in crate::maths::run::runs(&sorted) {
        let rank = f64::midpoint(group.from as f64 + 1.0, group.until as f64);
        for &index in &order[group.from..group.until] {
            ranks[index] = rank;
        }
    }
    ranks
}
