//! # Activity level
//!
//! **What it measures.** How much a person moves, how unevenly, and how often not at all.
//!
//! **Inputs and units.** Activity of any unit and epoch; mean and deviation have its unit per epoch,
//! the share of still epochs is from 0 to 1.
//!
//! **Method.** Mean x̄ and sample standard deviation of the epochs; share of epochs with xᵢ ≤ 0.
//!
//! **Missing epochs.** A missing epoch takes no part.
//!
//! **Validity.** Two epochs. The share of still epochs depends on the epoch length and on the threshold of the
//! device; day and night should be equally covered.
//!
//! **Versions.** 1.
//!
//! **References.** Share of zero counts: Garcia-Ceja E et al. 2018, doi:10.1145/3204949.3208125.

use crate::maths::describe;
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::series::Series;

/// Activity level.
pub const ACTIVITY_LEVEL: Analysis = Analysis {
    id: "activity_level",
    version: 1,
    unit: "input",
    title: "Activity level",
};

/// Mean, spread and stillness of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// Mean per epoch.
    pub mean: f64,
    /// Sample standard deviation per epoch.
    pub deviation: f64,
    /// Share of the epochs without movement.
    pub still_share: f64,
}

/// Level of the epochs that are present.
pub fn level(series: &Series) -> Outcome<Level> {
    let held = describe::present(series.values());
    Insufficient::unless("epochs that are present", 2, held.len())?;
    let still = held.iter().filter(|&&value| value <= 0.0).count();
    Ok(Measured::new(
        Level {
            mean: describe::mean(&held),
            deviation: describe::standard_deviation(&held, 1),
            still_share: still as f64 / held.len() as f64,
        },
        series.coverage(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: 0, 0, 3, 9 have mean 3, variance (9 + 9 + 0 + 36) / 3 and two still epochs.
    #[test]
    fn four_epochs_and_a_gap() {
        let series = Series::new(0, 60, vec![0.0, f64::NAN, 0.0, 3.0, 9.0]);
        let found = level(&series).unwrap();
        assert!((found.value.mean - 3.0).abs() < 1e-12);
        assert!((found.value.deviation - 18.0_f64.sqrt()).abs() < 1e-12);
        assert!((found.value.still_share - 0.5).abs() < 1e-12);
        assert!((found.coverage - 0.8).abs() < 1e-12);
        assert!(level(&series.part(0, 2)).is_err());
    }
}
