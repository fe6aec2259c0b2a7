//! # Theil-Sen slope
//!
//! **What it measures.** A trend that outliers hardly move.
//!
//! **Inputs and units.** Values against time; the slope is units of value per unit of time.
//!
//! **Method.** The median of the slopes of all pairs; the intercept is the median of y − slope·x.
//! The interval takes the order statistics of the pair slopes at (N ± z·√V)/2 with V Kendall's
//! variance with ties (Sen 1968). With [`Correlation::Corrected`] V is multiplied by the factor of
//! [`super::kendall`], and z is of the distribution by which it judges, so that interval and test agree.
//!
//! **Missing values.** Missing values must be left out beforehand.
//!
//! **Validity.** At least 4 points at different times; the cost grows with the square, so at most
//! [`MOST_POINTS`] are accepted.
//!
//! **Versions.** 3. Version 2 took Student's distribution also where nothing was estimated. Version 1 took days for independent in the interval; the slope is the same.
//!
//! **References.** Theil H 1950. Sen PK 1968, doi:10.1080/01621459.1968.10480934.

use super::kendall;
use super::persistence::{Correlation, Widening};
use crate::maths::describe::{floor_index, median};
use crate::maths::distribution::normal_quantile;
use crate::method::Analysis;
use crate::outcome::Insufficient;

/// Theil-Sen slope.
pub const THEIL_SEN: Analysis = Analysis {
    id: "theil_sen",
    version: 3,
    unit: "input per time",
    title: "Theil-Sen slope",
};

/// More points make more pairs (12.5 million) than a request should wait for.
pub const MOST_POINTS: usize = 5_000;

/// A robust trend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// Median slope.
    pub slope: f64,
    /// Value at time 0.
    pub intercept: f64,
    /// Interval of the slope.
    pub interval: (f64, f64),
}

/// Slope with the interval that leaves `tail` outside (0.05 for 95 %). For
/// [`Correlation::Corrected`] times are whole numbers in ascending order.
pub fn theil_sen(
    times: &[f64],
    values: &[f64],
    tail: f64,
    correlation: Correlation,
) -> Result<Trend, Insufficient> {
    let slopes = pair_slopes(times, values)?;
    let slope = median(&slopes);
    let rest = rest(times, values, slope);
    let variance = kendall::variance(values);
    let half_width = match correlation {
        Correlation::Ignored => normal_quantile(tail) * variance.sqrt(),
        Correlation::Corrected => {
            let wider = Widening::about_line(times, &rest);
            wider.quantile(tail) * variance.sqrt() * wider.of_error()
        }
    };
    let pairs = slopes.len() as f64;
    let lower = floor_index(((pairs - half_width) / 2.0).round()).clamp(1, slopes.len());
    let upper = floor_index(f64::midpoint(pairs, half_width).round()) + 1;
    Ok(Trend {
        slope,
        intercept: median(&rest),
        interval: (slopes[lower - 1], slopes[upper.min(slopes.len()) - 1]),
    })
}

/// The median of the slopes of all pairs.
pub(super) fn median_slope(times: &[f64], values: &[f64]) -> Result<f64, Insufficient> {
    Ok(median(&pair_slopes(times, values)?))
}

/// Values less what a slope explains.
pub(super) fn rest(times: &[f64], values: &[f64], slope: f64) -> Vec<f64> {
    let points = times.iter().zip(values);
    points.map(|(x, y)| y - slope * x).collect()
}

/// Slopes of all pairs of points at different times, ascending.
fn pair_slopes(times: &[f64], values: &[f64]) -> Result<Vec<f64>, Insufficient> {
    let count = times.len().min(values.len());
    Insufficient::unless("points", 4, count)?;
    if count > MOST_POINTS {
        return Err(Insufficient::new(
            "points at most",
            MOST_POINTS as f64,
            count as f64,
        ));
    }
    let mut slopes = Vec::with_capacity(count * (count - 1) / 2);
    for first in 0..count {
        for second in first + 1..count {
            let span = times[second] - times[first];
            if span != 0.0 {
                slopes.push((values[second] - values[first]) / span);
            }
        }
    }
    Insufficient::unless("points at different times", 1, slopes.len())?;
    slopes.sort_unstable_by(f64::total_cmp);
    Ok(slopes)
}
