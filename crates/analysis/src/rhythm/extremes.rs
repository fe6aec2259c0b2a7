//! # L5, M10 and relative amplitude
//!
//! **What it measures.** The level and the clock time of the least active five and the most active
//! ten hours of a day, and their contrast.
//!
//! **Inputs and units.** Activity on an epoch that divides a day; L5 and M10 are means per epoch in
//! the unit of the input, onsets are seconds after midnight, RA is a ratio from 0 to 1.
//!
//! **Method.** On the average day p (see [`profile`](super::profile)), continued cyclically, the
//! mean over `[t, t + h)` is taken for every slot t; the smallest is L(h), the largest M(h), the
//! earliest slot wins a tie. RA = (M10 − L5) / (M10 + L5). [`by_day`] does the same inside each
//! stretch of 24 hours without wrapping around, [`each_day`] for any length of window (Lx, Mx).
//!
//! **Missing slots.** A missing slot takes no part in the window means, and a window with less than half its
//! slots is not considered.
//!
//! **Validity.** At least one day; three or more are customary. RA is undefined when M10 + L5 is 0.
//!
//! **Population.** Small groups of young and old people and of people with Alzheimer's disease, device at the wrist
//! (Witting 1990, Van Someren 1999). There are no norms by age; compare within a study.
//!
//! **Versions.** L5 and M10 2, relative amplitude 1 (1 of the first two gave an activity that is the same all day a time of day).
//!
//! **References.** Witting W et al. 1990, doi:10.1016/0006-3223(90)90523-5. Van Someren EJW et al.
//! 1999, doi:10.3109/07420529908998724.

use super::profile::{Profile, average_day};
use crate::maths::window::Exact;
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::series::{HOUR_S, Series};

/// Least active five hours.
pub const L5: Analysis = Analysis {
    id: "l5",
    version: 2,
    unit: "input",
    title: "Least active five hours",
};
/// Most active ten hours.
pub const M10: Analysis = Analysis {
    id: "m10",
    version: 2,
    unit: "input",
    title: "Most active ten hours",
};
/// Relative amplitude.
pub const RELATIVE_AMPLITUDE: Analysis = Analysis {
    id: "relative_amplitude",
    version: 1,
    unit: "1",
    title: "Relative amplitude",
};

/// Share of a window that must be present.
const LEAST_WINDOW: f64 = 0.5;

/// Which extreme is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extreme {
    /// The lowest window mean.
    Least,
    /// The highest window mean.
    Most,
}

/// The extreme window of a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extremum {
    /// Mean per epoch inside the window.
    pub level: f64,
    /// Clock time at which the window begins, seconds after midnight.
    pub onset_s: u32,
    /// Slot of the profile (or epoch of the stretch) at which it begins.
    pub slot: usize,
}

/// L5, M10 and RA together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contrast {
    /// Least active five hours.
    pub l5: Extremum,
    /// Most active ten hours.
    pub m10: Extremum,
    /// Relative amplitude, or None when both levels are 0.
    pub relative_amplitude: Option<f64>,
}

/// The extreme window of `hours` hours on the average day.
pub fn of_average_day(series: &Series, extreme: Extreme, hours: u32) -> Outcome<Extremum> {
    let profile = profile_of_a_day(series)?;
    let found = on_profile(&profile.value, extreme, hours)?;
    Ok(Measured::new(found, profile.coverage))
}

/// L5, M10 and RA of the average day.
pub fn contrast(series: &Series) -> Outcome<Contrast> {
    let profile = profile_of_a_day(series)?;
    let l5 = on_profile(&profile.value, Extreme::Least, 5)?;
    let m10 = on_profile(&profile.value, Extreme::Most, 10)?;
    Ok(Measured::new(
        Contrast {
            l5,
            m10,
            relative_amplitude: ratio(l5.level, m10.level),
        },
        profile.coverage,
    ))
}

/// Relative amplitude of two levels.
pub fn ratio(l5: f64, m10: f64) -> Option<f64> {
    let total = m10 + l5;
    (total > 0.0).then(|| (m10 - l5) / total)
}

/// The extreme window of `hours` hours on a given profile.
pub fn on_profile(
    profile: &Profile,
    extreme: Extreme,
    hours: u32,
) -> Result<Extremum, Insufficient> {
    let length = window_length(profile.step_s, hours)?;
    let mut cycle = profile.values.clone();
    cycle.extend_from_slice(&profile.values[..length.min(profile.values.len()) - 1]);
    let (slot, level) = search(&cycle, length, extreme)?;
    Ok(Extremum {
        level,
        onset_s: profile.clock_s(slot),
        slot,
    })
}

/// L5, M10 and RA inside each complete stretch of 24 hours from the first epoch.
pub fn by_day(series: &Series) -> Result<Vec<Outcome<Contrast>>, Insufficient> {
    let per_day = series.epochs_per_day()?;
    Ok((0..series.len() / per_day)
        .map(|day| within(&series.part(day * per_day, (day + 1) * per_day)))
        .collect())
}

/// The extreme window of `hours` hours inside each complete stretch of 24 hours.
pub fn each_day(
    series: &Series,
    extreme: Extreme,
    hours: u32,
) -> Result<Vec<Outcome<Extremum>>, Insufficient> {
    let per_day = series.epochs_per_day()?;
    Ok((0..series.len() / per_day)
        .map(|day| series.part(day * per_day, (day + 1) * per_day))
        .map(|day| inside(&day, extreme, hours).map(|found| Measured::new(found, day.coverage())))
        .collect())
}

/// The extreme window of `hours` hours inside one stretch, without wrapping around.
pub fn inside(stretch: &Series, extreme: Extreme, hours: u32) -> Result<Extremum, Insufficient> {
    let length = window_length(stretch.step_s(), hours)?;
    Insufficient::unless("epochs in the window", length, stretch.len())?;
    let (slot, level) = search(stretch.values(), length, extreme)?;
    Ok(Extremum {
        level,
        onset_s: stretch.clock_s(slot),
        slot,
    })
}

/// L5, M10 and RA inside one stretch, without wrapping around.
pub fn within(stretch: &Series) -> Outcome<Contrast> {
    let l5 = inside(stretch, Extreme::Least, 5)?;
    let m10 = inside(stretch, Extreme::Most, 10)?;
    let relative_amplitude = ratio(l5.level, m10.level);
    Ok(Measured::new(
        Contrast {
            l5,
            m10,
            relative_amplitude,
        },
        stretch.coverage(),
    ))
}

fn profile_of_a_day(series: &Series) -> Outcome<Profile> {
    Insufficient::unless("epochs of a day", series.epochs_per_day()?, series.len())?;
    average_day(series)
}

fn window_length(step_s: u32, hours: u32) -> Result<usize, Insufficient> {
    let span = hours * HOUR_S;
    if span.is_multiple_of(step_s) && span > 0 {
        Ok(crate::series::epochs(span, step_s))
    } else {
        let of = "seconds per epoch that divide the window";
        Err(Insufficient::new(of, f64::from(span), f64::from(step_s)))
    }
}

/// Earliest window with the extreme mean, by a difference of prefix sums.
fn search(values: &[f64], length: usize, extreme: Extreme) -> Result<(usize, f64), Insufficient> {
    let mut sums = Vec::with_capacity(values.len() + 1);
    let mut total = Exact::default();
    let mut present = 0_u32;
    sums.push((0.0, 0));
    for &value in values {
        if !value.is_nan() {
            total.add(value);
            present += 1;
        }
        sums.push((total.value(), present));
    }
    let least = LEAST_WINDOW * length as f64;
    let mut best: Option<(usize, f64)> = None;
    for (start, (before, after)) in sums.iter().zip(&sums[length..]).enumerate() {
        let count = f64::from(after.1 - before.1);
        if count < least {
            continue;
        }
        let level = (after.0 - before.0) / count;
        // A window must be better by more than rounding, so that the earliest of equals wins.
        let margin = 1e-12 * level.abs();
        let better = best.is_none_or(|(_, known)| match extreme {
            Extreme::Least => level < known - margin,
            Extreme::Most => level > known + margin,
        });
        if better {
            best = Some((start, level));
        }
    }
    best.ok_or(Insufficient::new("windows at least half present", 1.0, 0.0))
}

/// The slow, obvious search that the fast one is tested against.
#[cfg(test)]
fn search_naively(values: &[f64], length: usize, extreme: Extreme) -> Option<(usize, f64)> {
    let mut best: Option<(usize, f64)> = None;
    for start in 0..=values.len() - length {
        let held = crate::maths::describe::present(&values[start..start + length]);
        if (held.len() as f64) < LEAST_WINDOW * length as f64 {
            continue;
        }
        let level = crate::maths::describe::mean(&held);
        let better = best.is_none_or(|(_, known)| match extreme {
            Extreme::Least => level < known - 1e-12 * level.abs(),
            Extreme::Most => level > known + 1e-12 * level.abs(),
        });
        if better {
            best = Some((start, level));
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: the two hours from 03:00 hold the least, the hour from 20:00 the most.
    #[test]
    fn any_window_may_be_asked_for_per_day() {
        let mut day: Vec<f64> = (0..24).map(|hour| f64::from(10 + hour % 5)).collect();
        day[3..5].fill(1.0);
        day[20] = 90.0;
        let series = Series::new(0, 3600, [day.clone(), day].concat());
        let least = each_day(&series, Extreme::Least, 2).unwrap();
        assert_eq!(least.len(), 2);
        let found = least[1].unwrap().value;
        assert_eq!((found.slot, found.onset_s), (3, 3 * 3600));
        assert!((found.level - 1.0).abs() < 1e-12);
        let most = each_day(&series, Extreme::Most, 1).unwrap()[0]
            .unwrap()
            .value;
        assert_eq!(most.onset_s, 20 * 3600);
        assert!(each_day(&series, Extreme::Most, 25).unwrap()[0].is_err());
    }

    #[test]
    fn the_fast_search_equals_the_naive_one() {
        let values: Vec<f64> = (0..500_u32)
            .map(|i| {
                if i % 31 == 5 {
                    f64::NAN
                } else {
                    f64::from(i * 48_271 % 997)
                }
            })
            .collect();
        for length in [1, 7, 60] {
            for extreme in [Extreme::Least, Extreme::Most] {
                let fast = search(&values, length, extreme).unwrap();
                let slow = search_naively(&values, length, extreme).unwrap();
                assert_eq!(fast.0, slow.0);
                assert!((fast.1 - slow.1).abs() < 1e-9);
            }
        }
    }
}
