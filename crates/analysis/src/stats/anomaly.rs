//! # Anomalous days
//!
//! **What it measures.** Which days differ from a person's other days in all measures taken
//! together, and which measures make them differ.
//!
//! **Inputs and units.** A row per day, a column per measure, in any units: the distance ignores
//! their scale. Squared distances, probabilities and contributions without unit.
//!
//! **Method.** Centre and covariance by the orthogonalised Gnanadesikan-Kettenring estimate (Maronna
//! and Zamar 2002): columns are divided by their robust spread s (1.4826 · MAD); U holds (s(a + b)² −
//! s(a − b)²) / 4 of each pair; its eigenvectors E turn the data, whose robust spreads and medians
//! there give centre and covariance back. Days beyond the 97.5 % quantile of the distances, scaled so that their
//! median is that of chi-square, are then left out, and mean and covariance of the m others are used; twice more, of the
//! days within 99 %. The covariance is scaled by what leaving the outermost out takes from it, or so that the
//! distances have the median of chi-square, whichever is more. d² = (x − c)ᵀ S⁻¹ (x − c); of v measures
//! d² m (m − v) / ((m + 1) (m − 1) v) is compared with F of v and m − v degrees of freedom, as for days outside an
//! estimate from m days (Cerioli 2010). Contribution of measure j = (S⁻¹(x − c))ⱼ² / (S⁻¹)ⱼⱼ: how much d² falls when
//! it is left out. A day is anomalous when its p, adjusted for the number of days
//! ([`super::multiplicity`]), is below the level given. In how many series without an odd day one is found is printed
//! in [levels](../levels.md).
//!
//! **Missing epochs.** Days with all measures make the estimate; a day that lacks some is judged by those
//! it has, with fewer degrees of freedom. No value is filled in.
//!
//! **Validity.** At least 28 complete days and five per measure. A measure without spread on more than half
//! of the days has none and is refused. Up to about a quarter of the days may be odd without hiding each other.
//!
//! **Versions.** 2 (1 took p from chi-square with the days within 90 %: in 30 % of series of 28 usual days it found an odd
//! one at a level of 5 %).
//!
//! **References.** Maronna RA, Zamar RH 2002, doi:10.1198/004017002188618509. Filzmoser P et al. 2005,
//! doi:10.1016/j.cageo.2004.11.013. Cerioli A 2010, J Am Stat Assoc 105:147, doi:10.1198/jasa.2009.tm09147.

use super::multiplicity::adjusted;
use crate::maths::describe::{MAD_TO_DEVIATION, mean, median, quantile};
use crate::maths::distribution::{chi_square_quantile, chi_square_tail, f_tail};
use crate::maths::eigen::symmetric;
use crate::maths::least_squares::{cholesky, dot, solve};
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};

/// Anomalous days.
pub const ANOMALY_DAYS: Analysis = Analysis {
    id: "anomaly_days",
    version: 2,
    unit: "1",
    title: "Anomalous days by robust distance",
};

const LEAST_DAYS: usize = 28;
const DAYS_PER_MEASURE: usize = 5;
const KEPT: f64 = 0.975; // share of usual days that makes the second estimate
const KEPT_LATER: f64 = 0.99; // and the later ones
const LATER: usize = 2; // estimates after the second

/// How far a day lies from the others.
#[derive(Debug, Clone, PartialEq)]
pub struct Day {
    /// Squared robust distance.
    pub distance_squared: f64,
    /// Probability of that distance or more on a usual day.
    pub p: f64,
    /// The probability adjusted for the number of days judged.
    pub adjusted_p: f64,
    /// How much of the squared distance vanishes without each measure; NaN where it is missing.
    pub contributions: Vec<f64>,
}

impl Day {
    /// Whether the day is anomalous at a level (0.05 is customary).
    pub fn is_anomalous(&self, level: f64) -> bool {
        self.adjusted_p < level
    }
}

/// Centre and covariance of usual days.
#[derive(Debug, Clone, PartialEq)]
pub struct Usual {
    /// Centre of each measure.
    pub centre: Vec<f64>,
    /// Covariance, row-major.
    pub covariance: Vec<f64>,
    /// Days that they were estimated from.
    pub days: usize,
}

/// Judges each day; None for a day without any measure. Coverage is the share of complete days.
pub fn anomalies(days: &[Vec<f64>], measures: usize) -> Outcome<Vec<Option<Day>>> {
    let complete: Vec<&[f64]> = days
        .iter()
        .filter(|day| day.len() == measures && day.iter().all(|value| !value.is_nan()))
        .map(Vec::as_slice)
        .collect();
    let usual = usual(&complete, measures)?;
    let mut judged = Vec::with_capacity(days.len());
    for day in days {
        judged.push(distance(&usual, day)?);
    }
    let chances: Vec<f64> = judged
        .iter()
        .map(|day| day.as_ref().map_or(f64::NAN, |day| day.p))
        .collect();
    for (day, p) in judged.iter_mut().zip(adjusted(&chances)) {
        if let Some(day) = day {
            day.adjusted_p = p;
        }
    }
    Ok(Measured::new(
        judged,
        complete.len() as f64 / days.len() as f64,
    ))
}

/// Robust centre and covariance of complete days.
pub fn usual(days: &[&[f64]], measures: usize) -> Result<Usual, Insufficient> {
    Insufficient::unless("measures", 1, measures)?;
    let least = LEAST_DAYS.max(DAYS_PER_MEASURE * measures);
    Insufficient::unless("days with all measures", least, days.len())?;
    let rough = orthogonalised(days, measures)?;
    let distances = distances(&rough, days)?;
    let limit = chi_square_quantile(1.0 - KEPT, measures as f64) * scale(&distances, measures);
    let mut fine = estimated(days, measures, KEPT, |day| distances[day] <= limit)?;
    for _ in 0..LATER {
        let distances = self::distances(&fine, days)?;
        let is_usual = |day: usize| chance(distances[day], measures, fine.days) >= 1.0 - KEPT_LATER;
        fine = estimated(days, measures, KEPT_LATER, is_usual)?;
    }
    Ok(fine)
}

/// Mean and scaled covariance of the days that are kept, which are this share of usual days.
fn estimated(
    days: &[&[f64]],
    measures: usize,
    share: f64,
    is_kept: impl Fn(usize) -> bool,
) -> Result<Usual, Insufficient> {
    let kept: Vec<&[f64]> = days
        .iter()
        .enumerate()
        .filter(|(day, _)| is_kept(*day))
        .map(|(_, day)| *day)
        .collect();
    Insufficient::unless("usual days", 2 * measures + 1, kept.len())?;
    let mut found = classical(&kept, measures);
    let distances = distances(&found, days)?;
    let factor = scale(&distances, measures).max(consistency(share, measures));
    for value in &mut found.covariance {
        *value *= factor;
    }
    Ok(found)
}

/// What the covariance of the innermost share of normal values is to be multiplied by.
fn consistency(share: f64, measures: usize) -> f64 {
    let degrees = measures as f64;
    let limit = chi_square_quantile(1.0 - share, degrees);
    share / (1.0 - chi_square_tail(limit, degrees + 2.0))
}

/// Probability of a squared distance or more from an estimate of so many days, of a day outside it.
fn chance(distance_squared: f64, measures: usize, days: usize) -> f64 {
    let (v, m) = (measures as f64, days as f64);
    let ratio = m * (m - v) / ((m + 1.0) * (m - 1.0) * v);
    f_tail(distance_squared * ratio, v, m - v)
}

/// Ratio of the median of squared distances to the median of chi-square.
fn scale(distances: &[f64], measures: usize) -> f64 {
    quantile(distances, 0.5) / chi_square_quantile(0.5, measures as f64)
}

fn spread(values: &[f64]) -> f64 {
    let centre = median(values);
    let apart: Vec<f64> = values.iter().map(|value| (value - centre).abs()).collect();
    MAD_TO_DEVIATION * median(&apart)
}

fn column(days: &[Vec<f64>], index: usize) -> Vec<f64> {
    days.iter().map(|day| day[index]).collect()
}

fn orthogonalised(days: &[&[f64]], measures: usize) -> Result<Usual, Insufficient> {
    let owned: Vec<Vec<f64>> = days.iter().map(|day| day.to_vec()).collect();
    let spreads: Vec<f64> = (0..measures).map(|j| spread(&column(&owned, j))).collect();
    if spreads.iter().any(|spread| *spread <= 0.0) {
        return Err(Insufficient::constant());
    }
    let scaled: Vec<Vec<f64>> = days
        .iter()
        .map(|day| day.iter().zip(&spreads).map(|(x, s)| x / s).collect())
        .collect();
    let mut pairs = vec![1.0; measures * measures];
    for j in 0..measures {
        for k in 0..j {
            let sum: Vec<f64> = scaled.iter().map(|day| day[j] + day[k]).collect();
            let difference: Vec<f64> = scaled.iter().map(|day| day[j] - day[k]).collect();
            let shared = (spread(&sum).powi(2) - spread(&difference).powi(2)) / 4.0;
            pairs[j * measures + k] = shared;
            pairs[k * measures + j] = shared;
        }
    }
    let axes = symmetric(&pairs, measures).vectors;
    let turned: Vec<Vec<f64>> = scaled
        .iter()
        .map(|day| axes.iter().map(|axis| dot(axis, day)).collect())
        .collect();
    let lengths: Vec<f64> = (0..measures).map(|k| spread(&column(&turned, k))).collect();
    let middles: Vec<f64> = (0..measures).map(|k| median(&column(&turned, k))).collect();
    if lengths.iter().any(|length| *length <= 0.0) {
        return Err(Insufficient::constant());
    }
    let back = |j: usize, of: &dyn Fn(usize) -> f64| {
        (0..measures).map(|k| axes[k][j] * of(k)).sum::<f64>() * spreads[j]
    };
    let centre = (0..measures).map(|j| back(j, &|k| middles[k])).collect();
    let mut covariance = vec![0.0; measures * measures];
    for i in 0..measures {
        for j in 0..measures {
            covariance[i * measures + j] =
                back(i, &|k| axes[k][j] * lengths[k].powi(2)) * spreads[j];
        }
    }
    Ok(Usual {
        centre,
        covariance,
        days: days.len(),
    })
}

fn classical(days: &[&[f64]], measures: usize) -> Usual {
    let owned: Vec<Vec<f64>> = days.iter().map(|day| day.to_vec()).collect();
    let centre: Vec<f64> = (0..measures).map(|j| mean(&column(&owned, j))).collect();
    let mut covariance = vec![0.0; measures * measures];
    for day in &owned {
        for i in 0..measures {
            for j in 0..measures {
                covariance[i * measures + j] +=
                    (day[i] - centre[i]) * (day[j] - centre[j]) / (owned.len() as f64 - 1.0);
            }
        }
    }
    Usual {
        centre,
        covariance,
        days: days.len(),
    }
}

fn distances(usual: &Usual, days: &[&[f64]]) -> Result<Vec<f64>, Insufficient> {
    let measures = usual.centre.len();
    let factor = cholesky(&usual.covariance, measures).ok_or_else(dependent)?;
    let one = |day: &&[f64]| {
        let apart: Vec<f64> = day.iter().zip(&usual.centre).map(|(x, c)| x - c).collect();
        dot(&apart, &solve(&factor, &apart, measures))
    };
    Ok(days.iter().map(one).collect())
}

fn dependent() -> Insufficient {
    Insufficient::new("measures that do not determine each other", 2.0, 1.0)
}

/// Distance of a day in the measures it has; None when it has none.
fn distance(usual: &Usual, day: &[f64]) -> Result<Option<Day>, Insufficient> {
    let measures = usual.centre.len();
    let held: Vec<usize> = (0..measures)
        .filter(|&j| day.get(j).is_some_and(|value| !value.is_nan()))
        .collect();
    let count = held.len();
    if count == 0 {
        return Ok(None);
    }
    let cell = |(i, j): (usize, usize)| usual.covariance[i * measures + j];
    let part: Vec<f64> = held
        .iter()
        .flat_map(|&i| held.iter().map(move |&j| (i, j)))
        .map(cell)
        .collect();
    let factor = cholesky(&part, count).ok_or_else(dependent)?;
    let apart: Vec<f64> = held.iter().map(|&j| day[j] - usual.centre[j]).collect();
    let weighed = solve(&factor, &apart, count);
    let distance_squared = dot(&apart, &weighed);
    let mut contributions = vec![f64::NAN; measures];
    for (index, &measure) in held.iter().enumerate() {
        let mut unit = vec![0.0; count];
        unit[index] = 1.0;
        let own = solve(&factor, &unit, count)[index];
        contributions[measure] = weighed[index].powi(2) / own;
    }
    let p = chance(distance_squared, count, usual.days);
    Ok(Some(Day {
        distance_squared,
        p,
        adjusted_p: p,
        contributions,
    }))
}

#[cfg(test)]
mod tests;
