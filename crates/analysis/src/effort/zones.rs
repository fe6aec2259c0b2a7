//! # Heart-rate zones (Karvonen)
//!
//! **What it measures.** How hard the heart works as a share of its reserve, and the minutes spent
//! in each zone of intensity.
//!
//! **Inputs and units.** Heart rates per minute on a regular series; resting and maximal heart rate
//! per minute. Shares of the reserve; minutes.
//!
//! **Method.** Share = (HR − resting) / (maximal − resting) (Karvonen 1957). Zones by share of the
//! reserve (ACSM, Garber 2011): very light below 0.30, light from 0.30, moderate from 0.40, vigorous
//! from 0.60, near maximal from 0.90. Where no maximum was measured, [`maximum_from_age`] is 208 −
//! 0.7 · age (Tanaka 2001); its standard error is about 10 /min, and the result is to be labelled.
//!
//! **Missing epochs.** They belong to no zone; the coverage says how many there are.
//!
//! **Validity.** Maximum at least 30 /min above rest. Medication that slows the heart shifts all zones.
//!
//! **Population.** The maximum expected at an age (208 − 0.7 · age) comes from 351 studies of 18,712 healthy people
//! and was tested in 514 more (Tanaka 2001); single people lie 10 /min and more beside it. Children, pregnancy and
//! drugs that slow the heart were not studied. Karvonen's reserve comes from six young men.
//!
//! **Versions.** 1.
//!
//! **References.** Karvonen MJ, Kentala E, Mustala O 1957, Ann Med Exp Biol Fenn 35:307. Garber CE et
//! al. 2011, doi:10.1249/MSS.0b013e318213fefb. Tanaka H et al. 2001,
//! doi:10.1016/S0735-1097(00)01054-8.

use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::series::Series;

/// Minutes in heart-rate zones.
pub const HEART_RATE_ZONES: Analysis = Analysis {
    id: "heart_rate_zones",
    version: 1,
    unit: "min",
    title: "Minutes in heart-rate zones (Karvonen)",
};

/// Shares of the reserve at which light, moderate, vigorous and near-maximal effort begin.
pub const ZONE_SHARES: [f64; 4] = [0.30, 0.40, 0.60, 0.90];
const LEAST_RESERVE_BPM: f64 = 30.0;

/// The range of a person's heart rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reserve {
    resting_bpm: f64,
    maximal_bpm: f64,
}

impl Reserve {
    /// Takes a resting and a maximal heart rate that are far enough apart.
    pub fn new(resting_bpm: f64, maximal_bpm: f64) -> Result<Self, Insufficient> {
        let reserve = maximal_bpm - resting_bpm;
        if reserve.is_nan() || resting_bpm <= 0.0 || reserve < LEAST_RESERVE_BPM {
            let of = "beats per minute between rest and maximum";
            return Err(Insufficient::new(of, LEAST_RESERVE_BPM, reserve));
        }
        Ok(Self {
            resting_bpm,
            maximal_bpm,
        })
    }

    /// Share of the reserve that a heart rate uses; below 0 under the resting rate.
    pub fn share(&self, bpm: f64) -> f64 {
        (bpm - self.resting_bpm) / (self.maximal_bpm - self.resting_bpm)
    }

    /// Heart rate at a share of the reserve (the Karvonen formula).
    pub fn rate(&self, share: f64) -> f64 {
        self.resting_bpm + share * (self.maximal_bpm - self.resting_bpm)
    }
}

/// Maximal heart rate expected at an age in years (Tanaka 2001).
pub fn maximum_from_age(years: f64) -> f64 {
    208.0 - 0.7 * years
}

/// Minutes in the five zones, very light first.
pub fn minutes_in_zones(rates: &Series, reserve: &Reserve) -> Outcome<[f64; 5]> {
    Insufficient::unless("heart rates", 1, rates.present())?;
    let mut epochs = [0_u32; 5];
    for rate in rates.values().iter().filter(|rate| !rate.is_nan()) {
        let share = reserve.share(*rate);
        epochs[ZONE_SHARES.partition_point(|&from| from <= share)] += 1;
    }
    let minutes = epochs.map(|count| f64::from(count) * f64::from(rates.step_s()) / 60.0);
    Ok(Measured::new(minutes, rates.coverage()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: reserve 60 to 180, so 0.4 is 108 and 0.6 is 132.
    #[test]
    fn zones_begin_at_their_share() {
        let reserve = Reserve::new(60.0, 180.0).unwrap();
        assert!((reserve.rate(0.4) - 108.0).abs() < 1e-12);
        assert!((reserve.share(132.0) - 0.6).abs() < 1e-12);
        assert!((maximum_from_age(40.0) - 180.0).abs() < 1e-12);
        let rates = [55.0, 95.0, 96.0, 108.0, 131.0, 132.0, 168.0, f64::NAN];
        let series = Series::new(0, 30, rates.to_vec());
        let found = minutes_in_zones(&series, &reserve).unwrap();
        let expect = [1.0, 0.5, 1.0, 0.5, 0.5];
        assert!(
            found
                .value
                .iter()
                .zip(expect)
                .all(|(a, b)| (a - b).abs() < 1e-12)
        );
        assert!((found.coverage - 0.875).abs() < 1e-12);
    }

    #[test]
    fn a_reserve_must_be_one() {
        assert!(Reserve::new(60.0, 80.0).is_err());
        assert!(Reserve::new(f64::NAN, 180.0).is_err());
        let reserve = Reserve::new(60.0, 180.0).unwrap();
        let none = Series::new(0, 30, vec![f64::NAN; 3]);
        assert!(minutes_in_zones(&none, &reserve).is_err());
    }
}
