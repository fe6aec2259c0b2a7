//! # Oxygen saturation asleep
//!
//! **What it measures.** How much of the night the blood carries too little oxygen (T90), and how
//! often saturation falls (ODI).
//!
//! **Inputs and units.** Oxygen saturation in percent on a regular series of the time asleep. Percent
//! of the time; falls per hour.
//!
//! **Method.** T90 = share of the epochs present below 90 %. A fall begins when the value lies by the
//! given depth (3 or 4 points) or more below the highest of the two minutes before; it ends when it
//! has risen by two thirds of its depth or after two minutes, and counts when it lasted 10 s. ODI =
//! falls / hours present.
//!
//! **Missing epochs.** They take no part in T90 nor in the hours; a fall in progress ends at a gap and
//! counts when it had lasted.
//!
//! **Validity.** T90: 4 hours present, a value every 5 minutes or more often. ODI: a value every 5
//! seconds or more often, else falls of 10 to 60 s pass unseen: wrist devices that measure a few
//! times an hour have no ODI, and the reason says so. Values outside 50 to 100 % are artefacts and missing.
//!
//! **Population.** Adults in sleep laboratories with a sensor at the finger, averaging over 3 s or less (Berry 2012);
//! ODI against the apnoea index in surgical patients (Chung 2012). Watches measure by reflection and seldom: their
//! T90 is no diagnosis.
//!
//! **Versions.** 1. The rules of the fall (two minutes, two thirds) are the project's reading of the
//! manual, which leaves baseline and end to the scorer.
//!
//! **References.** Berry RB et al. 2012, doi:10.5664/jcsm.2172. Chung F et al. 2012,
//! doi:10.1213/ANE.0b013e318248f4f5.

use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::series::{HOUR_S, MINUTE_S, Series};

/// Time below 90 %.
pub const T90: Analysis = Analysis {
    id: "t90",
    version: 1,
    unit: "%",
    title: "Time asleep below 90 % saturation",
};
/// Falls of saturation per hour.
pub const DESATURATION_INDEX: Analysis = Analysis {
    id: "oxygen_desaturation_index",
    version: 1,
    unit: "/h",
    title: "Oxygen desaturation index",
};

const LOW: f64 = 90.0; // percent
const POSSIBLE: std::ops::RangeInclusive<f64> = 50.0..=100.0; // percent; others are artefacts
const LEAST_HOURS: f64 = 4.0;
const T90_STEP_S: u32 = 5 * MINUTE_S; // longest epoch of a T90
const ODI_STEP_S: u32 = 5; // longest epoch of an ODI
const BASELINE_S: u32 = 120; // the highest value before a fall is looked for here
const LONGEST_S: u32 = 120; // a fall that lasts longer is a new level
const SHORTEST_S: u32 = 10; // a shorter fall does not count
const RECOVERED: f64 = 2.0 / 3.0; // of the depth

/// Percent of the time present below 90 %.
pub fn t90(saturation: &Series) -> Outcome<f64> {
    let clean = clean(saturation, T90_STEP_S)?;
    let held: Vec<f64> = clean.iter().flatten().copied().collect();
    let low = held.iter().filter(|value| **value < LOW).count();
    let coverage = held.len() as f64 / clean.len() as f64;
    Ok(Measured::new(
        100.0 * low as f64 / held.len() as f64,
        coverage,
    ))
}

/// Falls by `depth` percent points or more, per hour present.
pub fn desaturation_index(saturation: &Series, depth: f64) -> Outcome<f64> {
    let clean = clean(saturation, ODI_STEP_S)?;
    let step = saturation.step_s();
    let baseline = crate::series::epochs(BASELINE_S, step);
    let (shortest, longest) = (SHORTEST_S.div_ceil(step), LONGEST_S / step);
    let (mut falls, mut index, mut from) = (0_u32, 0, 0);
    while index < clean.len() {
        let Some(value) = clean[index] else {
            from = index + 1;
            index += 1;
            continue;
        };
        let window = &clean[from.max(index.saturating_sub(baseline))..index];
        let highest = window.iter().flatten().copied().fold(f64::NAN, f64::max);
        // Without anything before there is nothing to fall from.
        if highest.is_nan() || highest - value < depth {
            index += 1;
            continue;
        }
        let (length, until) = fall(&clean, index, highest, longest);
        falls += u32::from(length >= shortest);
        index = until;
        from = until;
    }
    let held = clean.iter().flatten().count() as f64;
    let hours = held * f64::from(step) / f64::from(HOUR_S);
    let coverage = held / clean.len() as f64;
    Ok(Measured::new(f64::from(falls) / hours, coverage))
}

/// Epochs that a fall lasts and where the search goes on.
fn fall(clean: &[Option<f64>], start: usize, highest: f64, longest: u32) -> (u32, usize) {
    let mut lowest = highest;
    let mut length = 0;
    let mut index = start;
    while let Some(Some(value)) = clean.get(index) {
        lowest = lowest.min(*value);
        if length >= longest || *value >= lowest + RECOVERED * (highest - lowest) {
            break;
        }
        length += 1;
        index += 1;
    }
    (length, index.max(start + 1))
}

/// Values that are possible, when they come often enough and there are enough of them.
fn clean(saturation: &Series, longest_s: u32) -> Result<Vec<Option<f64>>, Insufficient> {
    let step = saturation.step_s();
    if step > longest_s {
        let of = "seconds at most between values";
        return Err(Insufficient::new(of, f64::from(longest_s), f64::from(step)));
    }
    let possible = |value: &f64| POSSIBLE.contains(value).then_some(*value);
    let clean: Vec<Option<f64>> = saturation.values().iter().map(possible).collect();
    let held = clean.iter().flatten().count() as f64;
    let hours = held * f64::from(step) / f64::from(HOUR_S);
    if hours < LEAST_HOURS {
        return Err(Insufficient::new("hours of saturation", LEAST_HOURS, hours));
    }
    Ok(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five hours of 96 % every second with falls to 91 % of 20 s at the given seconds.
    fn night(falls: &[usize]) -> Vec<f64> {
        let mut values = vec![96.0; 5 * 3600];
        for &from in falls {
            values[from..from + 20].fill(91.0);
        }
        values
    }

    #[test]
    fn falls_are_counted_per_hour() {
        let falls: Vec<usize> = (0..25).map(|k| 600 + 600 * k).collect();
        let series = Series::new(0, 1, night(&falls));
        assert!((desaturation_index(&series, 3.0).unwrap().value - 5.0).abs() < 1e-9);
        assert!((desaturation_index(&series, 5.5).unwrap().value).abs() < 1e-12);
        let mut short = night(&[]);
        short[1000..1008].fill(90.0);
        let series = Series::new(0, 1, short);
        assert!(desaturation_index(&series, 3.0).unwrap().value.abs() < 1e-12);
    }

    #[test]
    fn a_new_level_is_one_fall() {
        let mut values = night(&[]);
        values[7200..].fill(92.0);
        let series = Series::new(0, 1, values);
        assert!((desaturation_index(&series, 3.0).unwrap().value - 0.2).abs() < 1e-9);
    }

    #[test]
    fn time_below_ninety_is_of_the_time_present() {
        let mut values = vec![95.0; 100];
        values[..9].fill(89.9);
        values[90..].fill(f64::NAN);
        values[50] = 0.0;
        let series = Series::new(0, 240, values);
        let found = t90(&series).unwrap();
        assert!((found.value - 900.0 / 89.0).abs() < 1e-9);
        assert!((found.coverage - 0.89).abs() < 1e-12);
    }

    #[test]
    fn sparse_values_have_a_reason() {
        let sparse = Series::new(0, 1800, vec![95.0; 16]);
        let lack = desaturation_index(&sparse, 3.0).unwrap_err();
        assert_eq!((lack.needs, lack.has), (5.0, 1800.0));
        assert!(t90(&sparse).is_err());
        let few = Series::new(0, 60, vec![95.0; 100]);
        assert_eq!(t90(&few).unwrap_err().of, "hours of saturation");
    }
}
