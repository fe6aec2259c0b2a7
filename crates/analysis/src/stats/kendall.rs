//! # Mann-Kendall trend test
//!
//! **What it measures.** Whether values rise or fall over time, whatever the shape.
//!
//! **Inputs and units.** Values in order of time, equally spaced; the result is a probability.
//!
//! **Method.** S = Σ sign(xⱼ − xᵢ), i < j; Var S = (n(n−1)(2n+5) − Σ t(t−1)(2t+5))/18 over ties of
//! t; z = (S ∓ 1)/√Var. τ is τ-b. With [`Correlation::Corrected`] the variance is multiplied by f =
//! 1 + 2/(n(n−1)(n−2)) Σₖ (n−k)(n−k−1)(n−k−2) ρᵏ (Hamed and Rao 1998 with the correlations of a
//! first-order autoregression). ρ is the lag-one autocorrelation r of the ranks of the values less their
//! Theil-Sen line, freed of its bias as (n r + 2)/(n − 4) and never below 0: days that alternate make no
//! trend more certain. Where f is above 1 it was estimated, and z is judged by Student's distribution with
//! n/f − 2 degrees of freedom, the number that the days are worth (Zwiers and von Storch 1995); where it is 1
//! the variance is that of independent days, which is known, and z is judged by the normal distribution.
//!
//! **Missing values.** Missing values are left out beforehand and are no neighbours.
//!
//! **Validity.** 8 values for the normal approximation; constant values have no trend. How often noise passes
//! for a trend is printed in [levels](../levels.md): at most 6 % where 5 % is asked for, fewer with short or
//! alternating series, what any such test could reach, and what that caution costs in power.
//!
//! **Versions.** 3. Version 2 judged by Student's distribution also where nothing was estimated, and found
//! something in 1.4 % of fortnights of independent days. Version 1 summed every significant lag, up to n − 2 of
//! them: the factor fell to nearly 0 on noise, and p with it.
//!
//! **References.** Mann HB 1945, doi:10.2307/1907187. Kendall MG 1975. Hamed KH, Rao AR 1998,
//! doi:10.1016/S0022-1694(97)00125-X. Kendall MG 1954, doi:10.1093/biomet/41.3-4.403 (the bias). Zwiers FW,
//! von Storch H 1995, doi:10.1175/1520-0442(1995)008<0336:TSCIAI>2.0.CO;2 (few days and an estimated factor).

use super::persistence::{Correlation, Widening};
use super::slope::{median_slope, rest};
use crate::maths::distribution::normal_two_sided;
use crate::method::Analysis;
use crate::outcome::Insufficient;

/// Mann-Kendall test.
pub const MANN_KENDALL: Analysis = Analysis {
    id: "mann_kendall",
    version: 3,
    unit: "1",
    title: "Mann-Kendall trend test",
};

const FEWEST: usize = 8; // for the normal approximation

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

/// Tests values at whole-numbered, ascending times for a trend.
pub fn mann_kendall(
    times: &[f64],
    values: &[f64],
    correlation: Correlation,
) -> Result<Test, Insufficient> {
    Insufficient::unless("values", FEWEST, values.len().min(times.len()))?;
    let s = score(values);
    let variance = variance(values);
    if variance <= 0.0 {
        return Err(Insufficient::constant());
    }
    let plain = if s == 0.0 {
        0.0
    } else {
        (s - s.signum()) / variance.sqrt()
    };
    let (z, p) = match correlation {
        Correlation::Ignored => (plain, normal_two_sided(plain)),
        Correlation::Corrected => {
            let line = median_slope(times, values)?;
            let wider = Widening::about_line(times, &rest(times, values, line));
            let z = plain / wider.of_error();
            (z, wider.two_sided(z))
        }
    };
    let pairs = (values.len() * (values.len() - 1)) as f64 / 2.0;
    let tied: f64 = ties(values).iter().map(|t| t * (t - 1.0) / 2.0).sum();
    Ok(Test {
        s,
        tau: s / ((pairs - tied) * pairs).sqrt(),
        z,
        p,
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
