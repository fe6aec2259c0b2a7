//! # Periodograms
//!
//! **What it measures.** Which period a rhythm has, and how strong it is there.
//!
//! **Inputs and units.** Any series, usually ten-minute sums; periods are hours.
//!
//! **Method.** *Lomb-Scargle*: least-squares power at each period, which gaps do not bias (Lomb
//! 1976, Scargle 1982). *Chi-square* (Sokolove and Bushell 1978): fold n values at P epochs;
//! Q = K Σₕ(x̄ₕ − x̄)²·N / Σᵢ(xᵢ − x̄)² with K values per column approaches χ² with P − 1 degrees of
//! freedom without rhythm; the line of significance is its quantile at α corrected for the number
//! of periods tried.
//!
//! **Missing epochs.** Missing epochs are left out of both (a column of the folded table averages what it has).
//!
//! **Validity.** Two days at least and two cycles of the longest period; ten days are customary.
//!
//! **Versions.** 1.
//!
//! **References.** Lomb NR 1976, doi:10.1007/BF00648343. Scargle JD 1982, doi:10.1086/160554.
//! Sokolove PG, Bushell WN 1978, doi:10.1016/0022-5193(78)90022-X.

use super::cosinor::observations;
use crate::maths::describe;
use crate::maths::distribution::chi_square_quantile;
use crate::maths::spectrum::lomb_scargle;
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::series::{HOUR_S, Series};

/// Lomb-Scargle periodogram.
pub const LOMB_SCARGLE: Analysis = Analysis {
    id: "lomb_scargle_period",
    version: 1,
    unit: "h",
    title: "Period by Lomb-Scargle",
};
/// Chi-square periodogram.
pub const CHI_SQUARE: Analysis = Analysis {
    id: "chi_square_period",
    version: 1,
    unit: "h",
    title: "Period by chi-square",
};

/// Power against period.
#[derive(Debug, Clone, PartialEq)]
pub struct Periodogram {
    /// Periods tried, hours, ascending.
    pub period_h: Vec<f64>,
    /// Power at each.
    pub power: Vec<f64>,
    /// Power that must be exceeded to be significant; only the chi-square test has one.
    pub significant: Option<Vec<f64>>,
    /// The period with the greatest power (relative to the line of significance if there is one).
    pub peak_h: f64,
}

/// Lomb-Scargle power normalised by the variance at `count` periods from `from_h` to `until_h`.
pub fn by_lomb_scargle(
    series: &Series,
    from_h: f64,
    until_h: f64,
    count: usize,
) -> Outcome<Periodogram> {
    enough(series, until_h)?;
    let (times, values) = observations(series);
    let variance = describe::variance(&values, 1);
    if variance <= 0.0 {
        return Err(Insufficient::constant());
    }
    let period_h: Vec<f64> = (0..count)
        .map(|index| from_h + (until_h - from_h) * index as f64 / (count.max(2) - 1) as f64)
        .collect();
    let frequencies: Vec<f64> = period_h.iter().map(|period| 1.0 / period).collect();
    let mut power = lomb_scargle(&times, &values, &frequencies).power;
    for value in &mut power {
        *value /= variance;
    }
    let peak_h = best(&period_h, &power);
    Ok(Measured::new(
        Periodogram {
            period_h,
            power,
            significant: None,
            peak_h,
        },
        series.coverage(),
    ))
}

/// Chi-square power at every whole number of epochs from `from_h` to `until_h`, tested at `alpha`.
pub fn by_chi_square(
    series: &Series,
    from_h: f64,
    until_h: f64,
    alpha: f64,
) -> Outcome<Periodogram> {
    enough(series, until_h)?;
    let step_h = f64::from(series.step_s()) / f64::from(HOUR_S);
    let shortest = describe::floor_index((from_h / step_h).ceil()).max(2);
    let longest = describe::floor_index(until_h / step_h);
    let held = describe::present(series.values());
    let mean = describe::mean(&held);
    let scatter = describe::squared_deviation(&held);
    if scatter <= 0.0 {
        return Err(Insufficient::constant());
    }
    let tests = (longest + 1).saturating_sub(shortest).max(1) as f64;
    let level = 1.0 - (1.0 - alpha).powf(1.0 / tests);
    let mut found = Periodogram {
        period_h: Vec::new(),
        power: Vec::new(),
        significant: None,
        peak_h: f64::NAN,
    };
    let mut line = Vec::new();
    for period in shortest..=longest {
        found.period_h.push(period as f64 * step_h);
        found.power.push(folded(
            series.values(),
            period,
            mean,
            scatter / held.len() as f64,
        ));
        line.push(chi_square_quantile(level, period as f64 - 1.0));
    }
    let excess: Vec<f64> = found
        .power
        .iter()
        .zip(&line)
        .map(|(power, line)| power - line)
        .collect();
    found.peak_h = best(&found.period_h, &excess);
    found.significant = Some(line);
    Ok(Measured::new(found, series.coverage()))
}

/// Σ over columns of (count · (column mean − mean)²) / variance.
fn folded(values: &[f64], period: usize, mean: f64, variance: f64) -> f64 {
    let mut columns = vec![(0.0, 0.0); period];
    for chunk in values.chunks(period) {
        for (value, column) in chunk.iter().zip(&mut columns) {
            if !value.is_nan() {
                column.0 += value;
                column.1 += 1.0;
            }
        }
    }
    let held = columns.iter().filter(|column| column.1 > 0.0);
    held.map(|column| column.1 * (column.0 / column.1 - mean).powi(2))
        .sum::<f64>()
        / variance
}

fn best(periods: &[f64], scores: &[f64]) -> f64 {
    let ranked = scores.iter().zip(periods).max_by(|a, b| a.0.total_cmp(b.0));
    ranked.map_or(f64::NAN, |(_, &period)| period)
}

fn enough(series: &Series, until_h: f64) -> Result<(), Insufficient> {
    let needs = (2.0 * until_h / 24.0).max(2.0);
    let days = series.days();
    if days >= needs {
        Ok(())
    } else {
        Err(Insufficient::new("days", needs, days))
    }
}
