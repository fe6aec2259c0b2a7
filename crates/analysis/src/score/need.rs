//! # Sleep debt
//!
//! **What it measures.** How much less than needed a person slept over two weeks.
//!
//! **Inputs and units.** Minutes asleep of each day (naps included), most recent last; the need in
//! minutes. Minutes.
//!
//! **Method.** Deficit of a day = need − asleep, negative when slept longer. Debt = Σ deficits of the last 14
//! days, at least 0, as sleep lost adds up and is made up for by longer sleep (Van Dongen
//! 2003); mean deficit = Σ / days; short days = days an hour or more below the need. The need is
//! the person's own; without one the middle of the recommended range by age, [`recommended`], stands
//! in and must be labelled.
//!
//! **Missing epochs.** A day without sleep data takes no part: it is not a day without sleep.
//!
//! **Validity.** 10 of 14 days present. Debt of more than 14 days is not carried over. Device sleep errs by
//! half an hour and more, in one direction for one device, so changes mean more than the level.
//!
//! **Population.** 48 healthy adults of 21 to 38 years in a laboratory: 4, 6 or 8 hours in bed for two weeks, or three
//! nights without any sleep (Van Dongen 2003); the recommended hours are those of a panel, by age (Hirshkowitz 2015). What a single
//! person needs is not known from either.
//!
//! **Versions.** 1.
//!
//! **References.** Van Dongen HPA et al. 2003, doi:10.1093/sleep/26.2.117. Hirshkowitz M et al. 2015,
//! doi:10.1016/j.sleh.2014.12.010.

use crate::maths::describe::{mean, present};
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};

/// Sleep debt of two weeks.
pub const SLEEP_DEBT: Analysis = Analysis {
    id: "sleep_debt",
    version: 1,
    unit: "min",
    title: "Sleep debt of two weeks",
};

const DAYS: usize = 14;
const LEAST_DAYS: usize = 10;
const SHORT_MIN: f64 = 60.0; // below the need

/// What a person is short of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Debt {
    /// Sum of the deficits of the days present, at least 0.
    pub debt_min: f64,
    /// Mean deficit of a day; negative when longer than needed.
    pub mean_deficit_min: f64,
    /// Days at least an hour below the need.
    pub short_days: usize,
}

/// Debt of the last 14 days against a need.
pub fn debt(asleep_min: &[f64], need_min: f64) -> Outcome<Debt> {
    if need_min.is_nan() || need_min <= 0.0 {
        return Err(Insufficient::new("minutes of need", 1.0, need_min));
    }
    let recent = present(&asleep_min[asleep_min.len().saturating_sub(DAYS)..]);
    Insufficient::unless("days with sleep in the last 14", LEAST_DAYS, recent.len())?;
    let deficits: Vec<f64> = recent.iter().map(|asleep| need_min - asleep).collect();
    let debt = Debt {
        debt_min: deficits.iter().sum::<f64>().max(0.0),
        mean_deficit_min: mean(&deficits),
        short_days: deficits.iter().filter(|short| **short >= SHORT_MIN).count(),
    };
    Ok(Measured::new(debt, recent.len() as f64 / DAYS as f64))
}

/// Middle of the recommended range at an age in years (Hirshkowitz 2015), in minutes.
pub fn recommended(years: u32) -> f64 {
    match years {
        0..=2 => 750.0,   // 11 to 14 hours; infants sleep longer
        3..=5 => 690.0,   // 10 to 13
        6..=13 => 600.0,  // 9 to 11
        14..=17 => 540.0, // 8 to 10
        18..=64 => 480.0, // 7 to 9
        65.. => 450.0,    // 7 to 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: ten nights of 7 h and two of 9 h at a need of 8 h are 10 · 60 − 2 · 60.
    #[test]
    fn deficits_add_up() {
        let mut days = vec![100.0; 3];
        days.extend([f64::NAN; 2]);
        days.extend([420.0; 10]);
        days.extend([540.0; 2]);
        let found = debt(&days, 480.0).unwrap();
        assert!((found.value.debt_min - 480.0).abs() < 1e-9);
        assert!((found.value.mean_deficit_min - 40.0).abs() < 1e-9);
        assert_eq!(found.value.short_days, 10);
        assert!((found.coverage - 12.0 / 14.0).abs() < 1e-12);
    }

    #[test]
    fn long_sleep_is_no_debt_and_missing_days_no_wake() {
        let long = debt(&[500.0; 14], 480.0).unwrap().value;
        assert!(long.debt_min.abs() < 1e-12 && long.mean_deficit_min < 0.0);
        let mut gaps = vec![f64::NAN; 5];
        gaps.extend([480.0; 9]);
        assert!(debt(&gaps, 480.0).is_err());
        assert!(debt(&[480.0; 14], 0.0).is_err());
        assert!((recommended(30) - 480.0).abs() < 1e-12);
    }
}
