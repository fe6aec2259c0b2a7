//! # Scaling for the transformer
//!
//! **What it measures.** Nothing; it brings the minutes of a week to the scale that the model reads.
//!
//! **Inputs and units.** A week of 10,080 values in the unit of the device; the result has no unit.
//!
//! **Method.** z = (x − μ) / σ. [`Scaler::Columns`] holds μ and σ of each minute of the week over a
//! reference population, as the paper trains (a standard scaler for each column over its
//! participants; its numbers are not published). [`Scaler::Week`] takes μ and population σ of the
//! worn minutes of the week itself, and is labelled so. [`Scaler::None`] leaves values as they are,
//! for input that was scaled elsewhere. A σ of 0 counts as 1.
//!
//! **Missing epochs.** They become 0, the mean, after scaling.
//!
//! **Validity.** Embeddings of different scalers do not compare; every result stores the label of its
//! scaler.
//!
//! **Versions.** 1.
//!
//! **References.** Ruan FY et al. 2024, arXiv:2411.15240.

use crate::week::WEEK_MIN;
use analysis::maths::describe;
use analysis::outcome::Insufficient;

/// How minutes are scaled.
#[derive(Debug, Clone, PartialEq)]
pub enum Scaler {
    /// Values are taken as they are.
    None,
    /// Mean and deviation of the week's own worn minutes.
    Week,
    /// Mean and deviation of each minute of the week over a population.
    Columns(Columns),
}

/// Means and deviations of a reference population.
#[derive(Debug, Clone, PartialEq)]
pub struct Columns {
    name: String,
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

impl Columns {
    /// Pairs 10,080 means with their deviations; `name` says whose they are.
    pub fn new(name: String, mean: Vec<f64>, deviation: Vec<f64>) -> Result<Self, Insufficient> {
        for column in [&mean, &deviation] {
            let finite = column.iter().filter(|value| value.is_finite()).count();
            if column.len() != WEEK_MIN || finite != WEEK_MIN {
                let of = "finite numbers in each column of the scaler";
                return Err(Insufficient::new(of, WEEK_MIN as f64, finite as f64));
            }
        }
        let positive = deviation.iter().filter(|&&value| value >= 0.0).count();
        Insufficient::unless("deviations that are not negative", WEEK_MIN, positive)?;
        Ok(Self {
            name,
            mean,
            deviation,
        })
    }
}

impl Scaler {
    /// The label that results carry.
    pub fn label(&self) -> String {
        match self {
            Self::None => "none".to_owned(),
            Self::Week => "week".to_owned(),
            Self::Columns(columns) => format!("columns:{}", columns.name),
        }
    }

    /// Scales one week; missing minutes become 0.
    pub fn scaled(&self, week: &[f64]) -> Vec<f32> {
        let lines = self.lines(week);
        week.iter()
            .enumerate()
            .map(|(minute, &value)| {
                let (mean, deviation) = lines.at(minute);
                let scaled = (value - mean) / deviation;
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "the model computes in single precision"
                )]
                if scaled.is_nan() { 0.0 } else { scaled as f32 }
            })
            .collect()
    }

    /// Undoes [`scaled`](Self::scaled) for the minutes that `week` holds.
    pub fn unscaled(&self, week: &[f64], scaled: &[f32]) -> Vec<f64> {
        let lines = self.lines(week);
        scaled
            .iter()
            .enumerate()
            .map(|(minute, &value)| {
                let (mean, deviation) = lines.at(minute);
                f64::from(value) * deviation + mean
            })
            .collect()
    }

    fn lines(&self, week: &[f64]) -> Lines<'_> {
        match self {
            Self::None => Lines::One(0.0, 1.0),
            Self::Week => {
                let held = describe::present(week);
                if held.is_empty() {
                    return Lines::One(0.0, 1.0);
                }
                let deviation = describe::standard_deviation(&held, 0);
                Lines::One(describe::mean(&held), unless_zero(deviation))
            }
            Self::Columns(columns) => Lines::Each(columns),
        }
    }
}

/// Mean and deviation of every minute.
enum Lines<'a> {
    One(f64, f64),
    Each(&'a Columns),
}

impl Lines<'_> {
    fn at(&self, minute: usize) -> (f64, f64) {
        match self {
            Self::One(mean, deviation) => (*mean, *deviation),
            Self::Each(columns) => {
                let column = minute % WEEK_MIN;
                (columns.mean[column], unless_zero(columns.deviation[column]))
            }
        }
    }
}

fn unless_zero(deviation: f64) -> f64 {
    if deviation > 0.0 { deviation } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn columns() -> Columns {
        let mean = (0..WEEK_MIN).map(|m| (m % 1_440) as f64 / 10.0).collect();
        let deviation = (0..WEEK_MIN).map(|m| 1.0 + (m % 7) as f64).collect();
        Columns::new("test".to_owned(), mean, deviation).expect("10,080 of each")
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn unscaled_undoes_scaled(
            seed in prop::collection::vec(0.0_f64..5_000.0, 50),
            which in 0_usize..3,
        ) {
            let week: Vec<f64> = (0..WEEK_MIN).map(|m| seed[(m * 31) % 50]).collect();
            let scaler = match which {
                0 => Scaler::None,
                1 => Scaler::Week,
                _ => Scaler::Columns(columns()),
            };
            let back = scaler.unscaled(&week, &scaler.scaled(&week));
            for (before, after) in week.iter().zip(&back) {
                // Single precision lies between.
                prop_assert!((before - after).abs() <= 1e-3 + before.abs() * 1e-6);
            }
        }
    }

    #[test]
    fn a_week_is_brought_to_mean_0_and_deviation_1() {
        let week: Vec<f64> = (0..WEEK_MIN).map(|m| (m % 11) as f64).collect();
        let scaled: Vec<f64> = Scaler::Week
            .scaled(&week)
            .iter()
            .map(|&v| v.into())
            .collect();
        assert!(describe::mean(&scaled).abs() < 1e-6);
        assert!((describe::standard_deviation(&scaled, 0) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn what_is_missing_lies_at_the_mean() {
        let mut week = vec![3.0; WEEK_MIN];
        week[5] = f64::NAN;
        week[6] = 4.0;
        let scaled = Scaler::Week.scaled(&week);
        assert!(scaled[5].abs() < f32::EPSILON);
        assert!(scaled[6] > 1.0);
        let nothing = Scaler::Week.scaled(&[f64::NAN; 4]);
        assert!(nothing.iter().all(|value| value.abs() < f32::EPSILON));
    }

    #[test]
    fn a_scaler_must_be_whole() {
        let short = Columns::new("s".to_owned(), vec![0.0; 10], vec![1.0; WEEK_MIN]);
        assert!(short.is_err());
        let negative = Columns::new("n".to_owned(), vec![0.0; WEEK_MIN], vec![-1.0; WEEK_MIN]);
        assert!(negative.is_err());
    }
}
