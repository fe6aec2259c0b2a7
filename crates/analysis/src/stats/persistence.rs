//! How much one day resembles the next, and what that does to the variance of a statistic.
//!
//! A day is seldom independent of the day before. Tests that take days for independent call noise a
//! trend; here is what they multiply their variance by. It must never make a test looser: days that
//! alternate count as independent.

use crate::maths::describe::{mean, present, variance};
use crate::maths::distribution::{
    normal_quantile, normal_two_sided, student_quantile, student_two_sided,
};

/// Whether the variance of a statistic accounts for autocorrelation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Correlation {
    /// Values are independent.
    Ignored,
    /// Values follow each other like a first-order autoregression.
    Corrected,
}

const MOST: f64 = 0.95; // autocorrelation; closer to 1 no length of series suffices

/// Lag-one autocorrelation of neighbouring days that are both there; 0 without spread.
pub(super) fn lag_one(days: &[f64]) -> f64 {
    let held = present(days);
    let centre = mean(&held);
    let square = variance(&held, 0);
    let neighbours: Vec<f64> = days
        .windows(2)
        .map(|pair| (pair[0] - centre) * (pair[1] - centre))
        .filter(|product| !product.is_nan())
        .collect();
    if square > 0.0 && !neighbours.is_empty() {
        (mean(&neighbours) / square).clamp(-0.99, 0.99)
    } else {
        0.0
    }
}

/// The autocorrelation that gives `found` on average after the mean of `count` values is removed:
/// the expectation is ρ − (1 + 3ρ) / n (Kendall 1954). Held between 0 and [`MOST`].
pub(super) fn about_mean(found: f64, count: f64) -> f64 {
    held((count * found + 1.0) / (count - 3.0))
}

/// The same after a line is removed: the expectation is ρ − (2 + 4ρ) / n.
pub(super) fn about_line(found: f64, count: f64) -> f64 {
    held((count * found + 2.0) / (count - 4.0))
}

fn held(rho: f64) -> f64 {
    rho.clamp(0.0, MOST)
}

/// What the variance of Kendall's S is multiplied by when values at lag k correlate as ρᵏ (Hamed and
/// Rao 1998 with the correlations of a first-order autoregression); 1 or more.
pub(super) fn factor(rho: f64, count: f64) -> f64 {
    let mut total = 0.0;
    let mut left = count - 1.0;
    let mut correlation = rho;
    while left > 2.0 && correlation > 1e-9 {
        total += left * (left - 1.0) * (left - 2.0) * correlation;
        left -= 1.0;
        correlation *= rho;
    }
    1.0 + 2.0 / (count * (count - 1.0) * (count - 2.0)) * total
}

/// What autocorrelation does to a statistic of ranks in time: how much its variance grows, and by which distribution
/// it is judged. As long as the factor is 1 nothing was estimated, and the distribution is the normal one of
/// independent days; above, it is Student's, with as many degrees of freedom as the days are worth.
#[derive(Debug, Clone, Copy)]
pub(super) struct Widening {
    factor: f64,
    count: f64,
}

const FEWEST_FREE: f64 = 1.0; // degrees of freedom

impl Widening {
    /// That of values whose line was removed, in order of whole-numbered times.
    pub(super) fn about_line(times: &[f64], rest: &[f64]) -> Self {
        Self {
            factor: factor_about_line(times, rest),
            count: rest.len() as f64,
        }
    }

    /// How many times a standard error is what it is for independent days; 1 or more.
    pub(super) fn of_error(self) -> f64 {
        self.factor.sqrt()
    }

    /// Two-sided probability of a statistic that was divided by the wider error.
    pub(super) fn two_sided(self, z: f64) -> f64 {
        if self.factor > 1.0 {
            student_two_sided(z, self.free())
        } else {
            normal_two_sided(z)
        }
    }

    /// How many of the wider errors leave `tail` outside, on both sides together.
    pub(super) fn quantile(self, tail: f64) -> f64 {
        if self.factor > 1.0 {
            student_quantile(tail, self.free())
        } else {
            normal_quantile(tail)
        }
    }

    fn free(self) -> f64 {
        (self.count / self.factor - 2.0).max(FEWEST_FREE)
    }
}

/// The factor for values whose line was removed, in order of whole-numbered times. Neighbours are
/// values one unit of time apart; a missing one breaks the chain.
fn factor_about_line(times: &[f64], rest: &[f64]) -> f64 {
    let (Some(first), Some(last)) = (times.first(), times.last()) else {
        return 1.0;
    };
    let ranks = super::kendall::ranks(rest);
    let mut days = Vec::with_capacity(rest.len());
    let mut at = *first;
    for (time, rank) in times.iter().zip(&ranks) {
        // One missing value says "not neighbours" as well as a hundred do.
        if *time - at > 1.5 {
            days.push(f64::NAN);
        }
        days.push(*rank);
        at = *time;
    }
    debug_assert!(first <= last, "times are in order");
    let count = rest.len() as f64;
    factor(about_line(lag_one(&days), count), count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factor_is_one_for_independent_days_and_grows() {
        assert!((factor(0.0, 30.0) - 1.0).abs() < 1e-12);
        // By hand, n = 4, ρ = 0.5: lag 1 only, 3·2·1·0.5 · 2 / (4·3·2) = 0.25.
        assert!((factor(0.5, 4.0) - 1.25).abs() < 1e-12);
        // A long series tends to (1 + ρ) / (1 − ρ).
        assert!((factor(0.3, 10_000.0) - 1.3 / 0.7).abs() < 1e-2);
    }

    /// Where nothing widens, the normal distribution; where something does, Student's, and never less.
    #[test]
    fn what_was_not_estimated_is_judged_by_the_normal_distribution() {
        let alternating: Vec<f64> = (0..20).map(|day| f64::from(day % 2)).collect();
        let times: Vec<f64> = (0..20).map(f64::from).collect();
        let none = Widening::about_line(&times, &alternating);
        assert!((none.of_error() - 1.0).abs() < 1e-12);
        assert!((none.two_sided(none.quantile(0.05)) - 0.05).abs() < 1e-9);
        assert!((none.quantile(0.05) - normal_quantile(0.05)).abs() < 1e-12);
        let slow: Vec<f64> = (0..20_u32).map(|day| f64::from(day / 5)).collect();
        let wide = Widening::about_line(&times, &slow);
        assert!(wide.of_error() > 1.0 && wide.quantile(0.05) > none.quantile(0.05));
        assert!((wide.two_sided(wide.quantile(0.05)) - 0.05).abs() < 1e-9);
    }

    #[test]
    fn a_gap_makes_no_neighbours() {
        let times: Vec<f64> = (0..20).map(|day| f64::from(day) * 3.0).collect();
        let rest: Vec<f64> = (0..20_u32).map(|day| f64::from(day / 5)).collect();
        assert!(
            (factor_about_line(&times, &rest) - factor(about_line(0.0, 20.0), 20.0)).abs() < 1e-12
        );
        let daily: Vec<f64> = (0..20).map(f64::from).collect();
        assert!(factor_about_line(&daily, &rest) > 2.0);
    }
}
