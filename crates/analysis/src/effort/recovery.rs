//! # Heart-rate recovery
//!
//! **What it measures.** How far the heart rate falls in the first minute after exercise, a sign of
//! vagal reactivation.
//!
//! **Inputs and units.** Heart rates in beats per minute with their times in seconds, the end of the
//! exercise, the seconds to look ahead (60); the result is beats per minute.
//!
//! **Method.** Peak = highest rate within the last 60 s before the end, up to and including it;
//! the rate at the end + 60 s is interpolated linearly between the samples around it; recovery =
//! peak − that rate. Cole 1999 calls 12 /min or less abnormal after a cool-down walk; without one
//! the limit is another (Watanabe 2001: 18 /min, lying down), so no limit is applied here.
//!
//! **Missing epochs.** A sample that is missing is simply not there; gaps are judged by their length.
//!
//! **Validity.** A sample within 15 s before the end, and two samples not more than 30 s apart
//! around the second moment, else there is no value: wrist sensors lose the pulse when the arm
//! stops swinging. The person must stop or slow down at the end.
//!
//! **Population.** 2,428 adults with a mean age of 57 years who were sent to an exercise test, without heart failure,
//! revascularisation or pacemaker (Cole 1999), walking on slowly after a maximal effort. A fall measured after daily
//! sport, standing or lying, is another quantity; compare it only with the person's own.
//!
//! **Versions.** 1.
//!
//! **References.** Cole CR et al. 1999, doi:10.1056/NEJM199910283411804. Watanabe J et al. 2001,
//! doi:10.1161/circ.104.16.1911.

use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};

/// Heart-rate recovery.
pub const HEART_RATE_RECOVERY: Analysis = Analysis {
    id: "heart_rate_recovery",
    version: 1,
    unit: "/min",
    title: "Heart-rate recovery",
};

/// Seconds after exercise of the customary measure (Cole 1999).
pub const CUSTOMARY_S: f64 = 60.0;
const PEAK_S: f64 = 60.0; // the peak lies in the last minute of exercise
const NEAR_END_S: f64 = 15.0; // a rate this near to the end is needed
const WIDEST_S: f64 = 30.0; // between the two rates that are interpolated

/// A heart rate at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Seconds, on any clock.
    pub time_s: f64,
    /// Beats per minute.
    pub bpm: f64,
}

/// The fall of the heart rate after exercise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recovery {
    /// Highest rate of the last minute of exercise, per minute.
    pub peak_bpm: f64,
    /// Rate after the wait, per minute.
    pub after_bpm: f64,
    /// Peak less that rate, per minute.
    pub fall_bpm: f64,
}

/// Recovery `after_s` seconds after the exercise that ended at `end_s`; rates in order of time.
pub fn recovery(rates: &[Rate], end_s: f64, after_s: f64) -> Outcome<Recovery> {
    let last_minute = |rate: &&Rate| rate.time_s <= end_s && rate.time_s >= end_s - PEAK_S;
    let during: Vec<&Rate> = rates.iter().filter(last_minute).collect();
    let near = during
        .last()
        .is_some_and(|rate| rate.time_s >= end_s - NEAR_END_S);
    if !near {
        let of = "heart rates in the last 15 s of exercise";
        return Err(Insufficient::new(of, 1.0, 0.0));
    }
    let peak_bpm = during.iter().map(|rate| rate.bpm).fold(0.0, f64::max);
    let moment = end_s + after_s;
    let next = rates.partition_point(|rate| rate.time_s < moment);
    let of = "heart rates on both sides of the moment after exercise";
    let after = rates.get(next).ok_or(Insufficient::new(of, 2.0, 1.0))?;
    let after_bpm = if after.time_s <= moment {
        after.bpm
    } else {
        let before = next.checked_sub(1).map(|index| rates[index]);
        let before = before.ok_or(Insufficient::new(of, 2.0, 1.0))?;
        let apart = after.time_s - before.time_s;
        if apart > WIDEST_S {
            let of = "seconds at most between the heart rates after exercise";
            return Err(Insufficient::new(of, WIDEST_S, apart));
        }
        before.bpm + (moment - before.time_s) / apart * (after.bpm - before.bpm)
    };
    let recovery = Recovery {
        peak_bpm,
        after_bpm,
        fall_bpm: peak_bpm - after_bpm,
    };
    Ok(Measured::new(recovery, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(values: &[(f64, f64)]) -> Vec<Rate> {
        let rate = |&(time_s, bpm): &(f64, f64)| Rate { time_s, bpm };
        values.iter().map(rate).collect()
    }

    /// By hand: peak 171 at 550 s, halfway between 150 and 140 at 660 s, so 171 − 145 = 26.
    #[test]
    fn falls_from_the_peak_to_the_interpolated_rate() {
        let rates = rates(&[
            (500.0, 180.0),
            (550.0, 171.0),
            (595.0, 168.0),
            (655.0, 150.0),
            (665.0, 140.0),
        ]);
        let found = recovery(&rates, 600.0, CUSTOMARY_S).unwrap().value;
        assert!((found.peak_bpm - 171.0).abs() < 1e-12);
        assert!((found.after_bpm - 145.0).abs() < 1e-12);
        assert!((found.fall_bpm - 26.0).abs() < 1e-12);
        let exact = recovery(&rates, 595.0, CUSTOMARY_S).unwrap().value;
        assert!((exact.after_bpm - 150.0).abs() < 1e-12);
    }

    #[test]
    fn a_lost_pulse_is_no_value() {
        let early = rates(&[(500.0, 180.0), (655.0, 150.0), (665.0, 140.0)]);
        assert!(recovery(&early, 600.0, CUSTOMARY_S).is_err());
        let gap = rates(&[(595.0, 168.0), (640.0, 150.0), (680.0, 140.0)]);
        let lack = recovery(&gap, 600.0, CUSTOMARY_S).unwrap_err();
        assert!((lack.has - 40.0).abs() < 1e-12);
        let ends = rates(&[(595.0, 168.0), (640.0, 150.0)]);
        assert!(recovery(&ends, 600.0, CUSTOMARY_S).is_err());
        assert!(recovery(&[], 600.0, CUSTOMARY_S).is_err());
    }
}
