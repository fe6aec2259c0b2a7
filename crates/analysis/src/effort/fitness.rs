//! # Cardiorespiratory fitness beside others
//!
//! **What it measures.** Where a maximal oxygen uptake stands among people of the same age and sex,
//! and how it changes over time.
//!
//! **Inputs and units.** Maximal oxygen uptake in mL/(kg·min), age in years, sex of the reference group. The result is a
//! percentile; the trend is mL/(kg·min) per year.
//!
//! **Method.** Percentiles 5, 10, 25, 50, 75, 90 and 95 of 7,783 maximal treadmill tests in the United
//! States by decade of age and sex (FRIEND registry, Kaminsky 2015, table of men and women); between
//! them the percentile is interpolated linearly, beyond them it is only known to be below 5 or above
//! 95. The decade changes at the birthday, without interpolation between decades. The trend is the
//! Theil-Sen slope ([`crate::stats::slope`]).
//!
//! **Missing epochs.** Measurements that are missing are left out.
//!
//! **Validity.** 20 to 79 years, no known cardiovascular disease, treadmill tests: a watch estimates
//! the value with an error of about 5 to 10 %, which may be a whole quartile. The 2022 update of the registry
//! (doi:10.1016/j.mayocp.2021.08.020) lies 1.5 to 4.6 mL/(kg·min) lower, so percentiles here are on
//! the strict side. A trend needs 5 values over 60 days.
//!
//! **Population.** Treadmill tests of 7,783 men and women of 20 to 79 years without known cardiovascular disease,
//! from laboratories in the United States (Kaminsky 2015). Other countries, people with disease, and values that a
//! watch estimates are not the same population.
//!
//! **Versions.** 1.
//!
//! **References.** Kaminsky LA, Arena R, Myers J 2015, doi:10.1016/j.mayocp.2015.07.026.

use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::stats::persistence::Correlation;
use crate::stats::slope::{Trend, theil_sen};

/// Fitness percentile.
pub const FITNESS_PERCENTILE: Analysis = Analysis {
    id: "fitness_percentile",
    version: 1,
    unit: "percentile",
    title: "Fitness percentile by age and sex",
};
/// Trend of the maximal oxygen uptake.
pub const FITNESS_TREND: Analysis = Analysis {
    id: "vo2max_trend",
    version: 1,
    unit: "mL/(kg·min·a)",
    title: "Trend of the maximal oxygen uptake",
};

const PERCENTILES: [f64; 7] = [5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0];
const YOUNGEST: u32 = 20; // years
const OLDEST: u32 = 79; // years
const TREND_VALUES: usize = 5;
const TREND_DAYS: f64 = 60.0;
const YEAR_DAYS: f64 = 365.25;
const TAIL: f64 = 0.05; // two-sided, for a 95 % interval

/// mL/(kg·min) of men at [`PERCENTILES`], decades from 20 (Kaminsky 2015).
const MEN: [[f64; 7]; 6] = [
    [29.0, 32.1, 40.1, 48.0, 55.2, 61.8, 66.3],
    [27.2, 30.2, 35.9, 42.4, 49.2, 56.5, 59.8],
    [24.2, 26.8, 31.9, 37.8, 45.0, 52.1, 55.6],
    [20.9, 22.8, 27.1, 32.6, 39.7, 45.6, 50.7],
    [17.4, 19.8, 23.7, 28.2, 34.5, 40.3, 43.0],
    [16.3, 17.1, 20.4, 24.4, 30.4, 36.6, 39.7],
];
/// mL/(kg·min) of women at [`PERCENTILES`], decades from 20 (Kaminsky 2015).
const WOMEN: [[f64; 7]; 6] = [
    [21.7, 23.9, 30.5, 37.6, 44.7, 51.3, 56.0],
    [19.0, 20.9, 25.3, 30.2, 36.1, 41.4, 45.8],
    [17.0, 18.8, 22.1, 26.7, 32.4, 38.4, 41.7],
    [16.0, 17.3, 19.9, 23.4, 27.6, 32.0, 35.9],
    [13.4, 14.6, 17.2, 20.0, 23.8, 27.0, 29.4],
    [13.1, 13.6, 15.6, 18.3, 20.8, 23.1, 24.1],
];

/// The reference group; there are no published norms for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Men of the registry.
    Men,
    /// Women of the registry.
    Women,
}

/// Where a value stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rank {
    /// Below the 5th percentile.
    Below5,
    /// At this percentile, 5 to 95.
    At(f64),
    /// Above the 95th percentile.
    Above95,
}

/// Percentile of a maximal oxygen uptake among people of the same decade and sex.
pub fn rank(vo2max: f64, age_years: u32, group: Group) -> Result<Rank, Insufficient> {
    if vo2max.is_nan() || vo2max <= 0.0 {
        return Err(Insufficient::new("oxygen uptakes above 0", 1.0, 0.0));
    }
    if age_years < YOUNGEST {
        let (needs, has) = (f64::from(YOUNGEST), f64::from(age_years));
        return Err(Insufficient::new("years of age", needs, has));
    }
    if age_years > OLDEST {
        let (needs, has) = (f64::from(OLDEST), f64::from(age_years));
        return Err(Insufficient::new("years of age at most", needs, has));
    }
    let decade = usize::try_from((age_years - YOUNGEST) / 10).expect("one of six decades");
    let norms = match group {
        Group::Men => MEN[decade],
        Group::Women => WOMEN[decade],
    };
    let above = norms.partition_point(|&norm| norm <= vo2max);
    Ok(if above == 0 {
        Rank::Below5
    } else if above == norms.len() {
        if vo2max > norms[above - 1] {
            Rank::Above95
        } else {
            Rank::At(PERCENTILES[above - 1])
        }
    } else {
        let share = (vo2max - norms[above - 1]) / (norms[above] - norms[above - 1]);
        let width = PERCENTILES[above] - PERCENTILES[above - 1];
        Rank::At(PERCENTILES[above - 1] + share * width)
    })
}

/// Change of the maximal oxygen uptake per year with its 95 % interval; days are days on any calendar, in order.
pub fn trend(days: &[f64], values: &[f64]) -> Outcome<Trend> {
    let held: Vec<(f64, f64)> = days
        .iter()
        .copied()
        .zip(values.iter().copied())
        .filter(|(_, value)| !value.is_nan())
        .collect();
    Insufficient::unless("values of the oxygen uptake", TREND_VALUES, held.len())?;
    let (years, kept): (Vec<f64>, Vec<f64>) = held
        .iter()
        .map(|(day, value)| (day / YEAR_DAYS, value))
        .unzip();
    let span = (years[years.len() - 1] - years[0]) * YEAR_DAYS;
    if span < TREND_DAYS {
        let of = "days between the first and the last value";
        return Err(Insufficient::new(of, TREND_DAYS, span));
    }
    let coverage = held.len() as f64 / values.len() as f64;
    Ok(Measured::new(
        theil_sen(&years, &kept, TAIL, Correlation::Ignored)?,
        coverage,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: 45.4 lies 3.0 of 6.8 above the median of men in their thirties, 50 + 25·3/6.8.
    #[test]
    fn a_percentile_is_interpolated_inside_the_decade() {
        assert_eq!(rank(48.0, 29, Group::Men), Ok(Rank::At(50.0)));
        let Ok(Rank::At(found)) = rank(45.4, 30, Group::Men) else {
            panic!("inside the table");
        };
        assert!((found - (50.0 + 25.0 * 3.0 / 6.8)).abs() < 1e-9);
        assert_eq!(rank(18.3, 79, Group::Women), Ok(Rank::At(50.0)));
        assert_eq!(rank(12.0, 75, Group::Women), Ok(Rank::Below5));
        assert_eq!(rank(24.1, 75, Group::Women), Ok(Rank::At(95.0)));
        assert_eq!(rank(24.2, 75, Group::Women), Ok(Rank::Above95));
        assert!(rank(40.0, 19, Group::Men).is_err());
        assert!(rank(40.0, 80, Group::Men).is_err());
        assert!(rank(f64::NAN, 40, Group::Men).is_err());
    }

    #[test]
    fn every_row_of_the_norms_rises_and_falls_with_age() {
        for norms in [MEN, WOMEN] {
            for row in norms {
                assert!(row.windows(2).all(|pair| pair[0] < pair[1]));
            }
            for pair in norms.windows(2) {
                assert!(pair[0].iter().zip(pair[1]).all(|(young, old)| *young > old));
            }
        }
    }

    /// By hand: half a unit lost every 73.05 days is 2.5 a year.
    #[test]
    fn a_trend_is_per_year() {
        let days: Vec<f64> = (0..6).map(|index| 73.05 * f64::from(index)).collect();
        let mut values: Vec<f64> = (0..6).map(|index| 45.0 - 0.5 * f64::from(index)).collect();
        let found = trend(&days, &values).unwrap();
        assert!((found.value.slope + 2.5).abs() < 1e-9);
        values[3] = f64::NAN;
        assert!(trend(&days, &values).unwrap().coverage < 1.0);
        assert!(trend(&days[..4], &values[..4]).is_err());
        assert!(trend(&[0.0, 1.0, 2.0, 3.0, 4.0], &[40.0; 5]).is_err());
    }
}
