//! # Activity of a week beside the WHO target
//!
//! **What it measures.** Whether a week's moderate and vigorous minutes reach what the World Health
//! Organization recommends for adults.
//!
//! **Inputs and units.** Moderate and vigorous minutes of each of seven days.
//!
//! **Method.** Equivalent minutes = moderate + 2 · vigorous. Adults should reach 150 to 300 moderate or
//! 75 to 150 vigorous minutes a week, or an equivalent combination; beyond that lie additional
//! benefits. Since 2020 minutes count in bouts of any length.
//!
//! **Missing epochs.** A day without a value adds nothing, so that a target that is reached anyway
//! stays reached; one that is not reached with days missing is unknown.
//!
//! **Validity.** Seven days, at least four present to say anything but "reached". Adults from 18 years.
//! Muscle strengthening and balance, part of the recommendation, are not seen.
//!
//! **Population.** The recommendation for adults from 18 years, people with chronic conditions and pregnant women
//! having their own (Bull 2020). It rests on studies in which people answered questions: minutes of a device are not
//! the same minutes.
//!
//! **Versions.** 1.
//!
//! **References.** Bull FC et al. 2020, doi:10.1136/bjsports-2020-102955.

use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};

/// Equivalent minutes of a week.
pub const WEEKLY_TARGET: Analysis = Analysis {
    id: "who_activity_target",
    version: 1,
    unit: "min",
    title: "Week of activity beside the WHO target",
};

const TARGET_MIN: f64 = 150.0; // equivalent minutes a week
const BEYOND_MIN: f64 = 300.0; // additional benefits from here
const WEEK: usize = 7;
const LEAST_DAYS: usize = 4;

/// Minutes of effort of a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effort {
    /// Minutes of 3 to 6 MET.
    pub moderate_min: f64,
    /// Minutes of 6 MET and more.
    pub vigorous_min: f64,
}

/// Where a week stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Fewer than 150 equivalent minutes.
    Below,
    /// Fewer than 150 so far, but days are missing.
    Unknown,
    /// From 150 to 300.
    Reached,
    /// 300 and more.
    Exceeded,
}

/// A week beside the target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Week {
    /// Moderate minutes plus twice the vigorous ones.
    pub equivalent_min: f64,
    /// Where that stands.
    pub standing: Standing,
}

/// Judges seven days; None is a day without data.
pub fn week(days: &[Option<Effort>; WEEK]) -> Outcome<Week> {
    let held: Vec<&Effort> = days.iter().flatten().collect();
    let equivalent_min = held
        .iter()
        .map(|day| day.moderate_min + 2.0 * day.vigorous_min)
        .sum::<f64>();
    if equivalent_min < TARGET_MIN {
        Insufficient::unless("days with activity data", LEAST_DAYS, held.len())?;
    }
    let standing = if equivalent_min >= BEYOND_MIN {
        Standing::Exceeded
    } else if equivalent_min >= TARGET_MIN {
        Standing::Reached
    } else if held.len() < WEEK {
        Standing::Unknown
    } else {
        Standing::Below
    };
    Ok(Measured::new(
        Week {
            equivalent_min,
            standing,
        },
        held.len() as f64 / WEEK as f64,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(minutes: [Option<(f64, f64)>; 7]) -> [Option<Effort>; 7] {
        minutes.map(|day| {
            day.map(|(moderate_min, vigorous_min)| Effort {
                moderate_min,
                vigorous_min,
            })
        })
    }

    #[test]
    fn vigorous_minutes_count_twice() {
        let found = week(&days([Some((10.0, 10.0)); 7])).unwrap();
        assert!((found.value.equivalent_min - 210.0).abs() < 1e-12);
        assert_eq!(found.value.standing, Standing::Reached);
        let found = week(&days([Some((0.0, 22.0)); 7])).unwrap();
        assert_eq!(found.value.standing, Standing::Exceeded);
        let found = week(&days([Some((21.0, 0.0)); 7])).unwrap();
        assert_eq!(found.value.standing, Standing::Below);
    }

    #[test]
    fn missing_days_do_not_make_a_failure() {
        let mut some = days([Some((20.0, 0.0)); 7]);
        some[0] = None;
        assert_eq!(week(&some).unwrap().value.standing, Standing::Unknown);
        some[1..5].fill(None);
        assert!(week(&some).is_err());
        some[6] = days([Some((200.0, 0.0)); 7])[0];
        assert_eq!(week(&some).unwrap().value.standing, Standing::Reached);
    }
}
