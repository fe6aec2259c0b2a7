//! # Weeks for the transformer
//!
//! **What it measures.** Nothing; it lays a recording on the grid that the Pretrained Actigraphy
//! Transformer reads: one week of 10,080 minutes from a local midnight.
//!
//! **Inputs and units.** Activity per minute (counts, or steps as a proxy) in local civil time, and
//! the minutes that were not worn.
//!
//! **Method.** Weeks follow one another from the first local midnight at or after the start (or from
//! one that is given). A gap of at most ten missing minutes between two recorded ones is filled along
//! the straight line between them and counted; longer gaps and non-wear stay missing. A day is valid
//! with at least 600 worn minutes; a week needs five valid days.
//!
//! **Missing epochs.** They stay NaN in the week; [`scaler`](crate::scaler) puts them at the mean,
//! which is 0 after scaling. The week says how many there are.
//!
//! **Validity.** Weeks with fewer than five valid days are `Insufficient`. Wrist counts, hip counts
//! and steps are different quantities: a week keeps its [`Quantity`], and a proxy never leads to a
//! probability.
//!
//! **Versions.** 1.
//!
//! **References.** Ruan FY et al. 2024, arXiv:2411.15240 (the model and its input). Troiano RP et al.
//! 2008, doi:10.1249/mss.0b013e31815a51b3 (600 minutes make a valid day).

use analysis::maths::describe;
use analysis::maths::run::runs;
use analysis::outcome::{Insufficient, Measured, Outcome};
use analysis::series::{DAY_S, MINUTE_S, Series};

/// Minutes of a week.
pub const WEEK_MIN: usize = 10_080;
/// Minutes of a day.
pub const DAY_MIN: usize = 1_440;
/// Days of a week.
pub const DAYS: usize = 7;
/// Worn minutes that make a day valid (Troiano 2008).
pub const VALID_DAY_MIN: usize = 600;
/// Valid days that a week needs.
pub const VALID_DAYS: usize = 5;
/// Longest gap that is filled, in minutes.
pub const GAP_MIN: usize = 10;

/// What the minutes count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quantity {
    /// Counts of a device worn at the wrist, as the model was trained on.
    WristCounts,
    /// Counts of a device whose place is not known.
    Counts,
    /// Acceleration reduced to epochs, in milli-g: a proxy.
    Acceleration,
    /// Steps of a phone or watch: a proxy.
    Steps,
}

impl Quantity {
    /// Whether results must be labelled as made from a proxy.
    pub const fn is_proxy(self) -> bool {
        matches!(self, Self::Acceleration | Self::Steps)
    }
}

/// One week on the grid of the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Week {
    /// Local civil second of the midnight at which it begins.
    pub start_s: i64,
    /// 10,080 values; NaN where not worn or not recorded.
    pub values: Vec<f64>,
    /// Worn minutes of each day.
    pub worn_min: [usize; DAYS],
    /// Minutes that were filled.
    pub imputed_min: usize,
    /// What the minutes count.
    pub quantity: Quantity,
}

impl Week {
    /// Days with enough wear.
    pub fn valid_days(&self) -> usize {
        let valid = self.worn_min.iter().filter(|&&worn| worn >= VALID_DAY_MIN);
        valid.count()
    }

    /// Share of the minutes that hold a value, filled ones included.
    pub fn coverage(&self) -> f64 {
        let held = self.values.iter().filter(|value| !value.is_nan()).count();
        held as f64 / WEEK_MIN as f64
    }
}

/// The first local midnight at or after the start of a series.
pub fn first_midnight(minutes: &Series) -> i64 {
    let day = i64::from(DAY_S);
    (minutes.start_s() + day - 1).div_euclid(day) * day
}

/// Every week from `first_s` (a local midnight) on that overlaps the recording; the last may be cut
/// short by its end. Each is a week, or says which days it lacks.
pub fn weeks(
    minutes: &Series,
    nonwear: &[bool],
    quantity: Quantity,
    first_s: i64,
) -> Result<Vec<Outcome<Week>>, Insufficient> {
    if minutes.step_s() != MINUTE_S {
        let has = f64::from(minutes.step_s());
        return Err(Insufficient::new("seconds per epoch", 60.0, has));
    }
    let step = i64::from(MINUTE_S);
    let week_s = i64::from(DAY_S) * 7;
    // A series that begins between two whole minutes keeps its epochs: each goes to its minute.
    let start_s = minutes.start_s().div_euclid(step) * step;
    let end_s = start_s + describe::signed(minutes.len()) * step;
    let (held, filled) = worn(minutes, nonwear);
    let mut found = Vec::new();
    let mut from_s = first_s;
    while from_s < end_s {
        let offset = (from_s - start_s) / step;
        found.push(week(&held, &filled, offset, from_s, quantity));
        from_s += week_s;
    }
    Ok(found)
}

/// The worn minutes with short gaps filled, and which were.
fn worn(minutes: &Series, nonwear: &[bool]) -> (Vec<f64>, Vec<bool>) {
    let mut values = minutes.without(nonwear).values().to_vec();
    // `without` cuts to the shorter: minutes beyond the mask were not judged and stay as they are.
    values.extend(minutes.values().iter().skip(values.len()));
    let mut filled = vec![false; values.len()];
    let recorded: Vec<bool> = minutes.values().iter().map(|v| !v.is_nan()).collect();
    for gap in runs(&recorded) {
        let inside = gap.from > 0 && gap.until < values.len();
        if gap.value || gap.len() > GAP_MIN || !inside {
            continue;
        }
        let (before, after) = (values[gap.from - 1], values[gap.until]);
        if before.is_nan() || after.is_nan() {
            continue;
        }
        let steps = (gap.len() + 1) as f64;
        for (index, at) in (gap.from..gap.until).enumerate() {
            let share = (index + 1) as f64 / steps;
            values[at] = before + (after - before) * share;
            filled[at] = true;
        }
    }
    (values, filled)
}

fn week(
    held: &[f64],
    filled: &[bool],
    offset: i64,
    start_s: i64,
    quantity: Quantity,
) -> Outcome<Week> {
    let mut week = Week {
        start_s,
        values: vec![f64::NAN; WEEK_MIN],
        worn_min: [0; DAYS],
        imputed_min: 0,
        quantity,
    };
    for minute in 0..WEEK_MIN {
        let Ok(at) = usize::try_from(offset + describe::signed(minute)) else {
            continue;
        };
        let Some(&value) = held.get(at) else { break };
        week.values[minute] = value;
        week.worn_min[minute / DAY_MIN] += usize::from(!value.is_nan());
        week.imputed_min += usize::from(filled[at]);
    }
    Insufficient::unless("days with 600 worn minutes", VALID_DAYS, week.valid_days())?;
    let coverage = week.coverage();
    Ok(Measured::new(week, coverage))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIDNIGHT: i64 = 86_400 * 1_000;

    fn recorded(days: usize) -> Series {
        let values = (0..days * DAY_MIN).map(|m| (m % 97) as f64).collect();
        Series::new(MIDNIGHT, 60, values)
    }

    #[test]
    fn a_whole_week_is_taken_as_it_is() {
        let minutes = recorded(7);
        let found = weeks(&minutes, &[], Quantity::WristCounts, MIDNIGHT).expect("minutes");
        assert_eq!(found.len(), 1);
        let week = found[0].as_ref().expect("a week");
        assert_eq!(week.value.values, minutes.values());
        assert_eq!(week.value.worn_min, [1_440; 7]);
        assert!((week.coverage - 1.0).abs() < 1e-15);
    }

    #[test]
    fn weeks_begin_at_midnight_and_the_last_may_be_short() {
        let late = Series::new(MIDNIGHT + 3_600, 60, vec![1.0; 14 * DAY_MIN]);
        let first = first_midnight(&late);
        assert_eq!(first, MIDNIGHT + 86_400);
        let found = weeks(&late, &[], Quantity::Counts, first).expect("minutes");
        assert_eq!(found.len(), 2);
        let second = &found[1].as_ref().expect("six days and an hour").value;
        assert_eq!(second.valid_days(), 6);
        assert_eq!(second.worn_min[6], 60);
        assert!(second.values[6 * DAY_MIN + 60].is_nan());
    }

    #[test]
    fn four_valid_days_are_not_enough() {
        let mut nonwear = vec![false; WEEK_MIN];
        for day in 0..3 {
            // 599 worn minutes are one too few.
            nonwear[day * DAY_MIN..day * DAY_MIN + 841].fill(true);
        }
        let found = weeks(&recorded(7), &nonwear, Quantity::Counts, MIDNIGHT).expect("minutes");
        let lacking = found[0].as_ref().expect_err("four days");
        assert_eq!((lacking.needs, lacking.has), (5.0, 4.0));
        nonwear[840] = false;
        let found = weeks(&recorded(7), &nonwear, Quantity::Counts, MIDNIGHT).expect("minutes");
        assert_eq!(found[0].as_ref().expect("five days").value.valid_days(), 5);
    }

    #[test]
    fn short_gaps_are_filled_and_long_ones_stay() {
        let mut values = vec![10.0; WEEK_MIN];
        values[99] = 4.0;
        values[100..110].fill(f64::NAN);
        values[110] = 15.0;
        values[500..511].fill(f64::NAN);
        let minutes = Series::new(MIDNIGHT, 60, values);
        let found = weeks(&minutes, &[], Quantity::Counts, MIDNIGHT).expect("minutes");
        let week = &found[0].as_ref().expect("a week").value;
        assert_eq!(week.imputed_min, 10);
        assert!((week.values[100] - 5.0).abs() < 1e-12);
        assert!((week.values[109] - 14.0).abs() < 1e-12);
        assert!(week.values[500..511].iter().all(|value| value.is_nan()));
    }

    #[test]
    fn a_gap_beside_nonwear_is_not_filled_from_it() {
        let mut values = vec![10.0; WEEK_MIN];
        values[100..105].fill(f64::NAN);
        let mut nonwear = vec![false; WEEK_MIN];
        nonwear[40..100].fill(true);
        let minutes = Series::new(MIDNIGHT, 60, values);
        let found = weeks(&minutes, &nonwear, Quantity::Counts, MIDNIGHT).expect("minutes");
        let week = &found[0].as_ref().expect("a week").value;
        assert_eq!(week.imputed_min, 0);
        assert!(week.values[40..105].iter().all(|value| value.is_nan()));
    }

    #[test]
    fn other_epochs_are_refused_and_only_steps_are_a_proxy() {
        let half = Series::new(0, 30, vec![0.0; 10]);
        assert!(weeks(&half, &[], Quantity::Counts, 0).is_err());
        assert!(Quantity::Steps.is_proxy());
        assert!(!Quantity::WristCounts.is_proxy());
    }
}
