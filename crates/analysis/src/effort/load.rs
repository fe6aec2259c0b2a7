//! # Training load
//!
//! **What it measures.** The strain of a session (TRIMP) and how the load of the last week compares
//! with that of the last four.
//!
//! **Inputs and units.** Heart rates per minute on a regular series with the person's reserve
//! ([`super::zones`]); for the ratio one load per day, most recent last. TRIMP has arbitrary units,
//! the ratio none.
//!
//! **Method.** With x the share of the heart-rate reserve, held within 0 and 1, TRIMP = Σ minutes ·
//! x · a · exp(b · x); a = 0.64, b = 1.92 for men, a = 0.86, b = 1.67 for women (Banister 1991; the
//! exponentials follow blood lactate). Acute is the mean of the last 7 days, chronic that of the
//! last 28 (the acute ones included), ratio = acute / chronic; with [`Average::Exponential`] both are
//! exponentially weighted, λ = 2 / (N + 1), starting from the first day (Williams 2017).
//!
//! **Missing epochs.** An epoch without heart rate adds no load: the coverage says how much may be
//! lacking. A day without a value takes no part in a rolling mean and leaves an exponential one as
//! it was; a day of rest is 0 and must be given as 0.
//!
//! **Validity.** 5 of 7 and 20 of 28 days present. Acute is part of chronic, so the two correlate by
//! construction; the ratio describes a change of load and predicts no injury (Impellizzeri 2020).
//!
//! **Population.** The impulse: two people who trained for a month (Morton 1990). The ratio: bowlers in cricket
//! (Hulin 2014). Nothing of it was made for patients or for everyday life.
//!
//! **Versions.** 1.
//!
//! **References.** Morton RH, Fitz-Clarke JR, Banister EW 1990, doi:10.1152/jappl.1990.69.3.1171.
//! Hulin BT et al. 2014, doi:10.1136/bjsports-2013-092524. Williams S et al. 2017,
//! doi:10.1136/bjsports-2016-096589. Impellizzeri FM et al. 2020, doi:10.1123/ijspp.2019-0864.

use super::zones::Reserve;
use crate::maths::describe::{mean, present};
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::series::Series;

/// Training impulse of a session.
pub const TRIMP: Analysis = Analysis {
    id: "trimp",
    version: 1,
    unit: "1",
    title: "Training impulse (Banister)",
};
/// Acute to chronic load.
pub const ACUTE_CHRONIC: Analysis = Analysis {
    id: "acute_chronic_load",
    version: 1,
    unit: "1",
    title: "Acute to chronic load",
};

const ACUTE_DAYS: usize = 7;
const CHRONIC_DAYS: usize = 28;
const LEAST_ACUTE: usize = 5;
const LEAST_CHRONIC: usize = 20;

/// Whose lactate curve weighs the effort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// 0.64 · exp(1.92 x).
    Men,
    /// 0.86 · exp(1.67 x).
    Women,
}

/// How the days of a load are averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Average {
    /// Plain mean of the days of the window.
    Rolling,
    /// Exponentially weighted from the first day.
    Exponential,
}

/// Load of the last week beside that of the last four.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Balance {
    /// Mean daily load of the last 7 days.
    pub acute: f64,
    /// Mean daily load of the last 28 days.
    pub chronic: f64,
    /// Acute over chronic; None when there was no chronic load.
    pub ratio: Option<f64>,
}

/// Training impulse of a session.
pub fn trimp(rates: &Series, reserve: &Reserve, curve: Curve) -> Outcome<f64> {
    Insufficient::unless("heart rates", 1, rates.present())?;
    let (factor, exponent): (f64, f64) = match curve {
        Curve::Men => (0.64, 1.92),
        Curve::Women => (0.86, 1.67),
    };
    let minutes = f64::from(rates.step_s()) / 60.0;
    let impulse = present(rates.values())
        .into_iter()
        .map(|rate| reserve.share(rate).clamp(0.0, 1.0))
        .map(|share| minutes * share * factor * (exponent * share).exp())
        .sum();
    Ok(Measured::new(impulse, rates.coverage()))
}

/// Acute and chronic load of the last day; NaN is a day without a value.
pub fn balance(days: &[f64], average: Average) -> Outcome<Balance> {
    let last = |count: usize| &days[days.len().saturating_sub(count)..];
    let (week, month) = (present(last(ACUTE_DAYS)), present(last(CHRONIC_DAYS)));
    Insufficient::unless("days with a load in the last 7", LEAST_ACUTE, week.len())?;
    Insufficient::unless(
        "days with a load in the last 28",
        LEAST_CHRONIC,
        month.len(),
    )?;
    let (acute, chronic) = match average {
        Average::Rolling => (mean(&week), mean(&month)),
        Average::Exponential => (weighted(days, ACUTE_DAYS), weighted(days, CHRONIC_DAYS)),
    };
    let coverage = month.len() as f64 / CHRONIC_DAYS as f64;
    let ratio = (chronic > 0.0).then(|| acute / chronic);
    Ok(Measured::new(
        Balance {
            acute,
            chronic,
            ratio,
        },
        coverage,
    ))
}

fn weighted(days: &[f64], count: usize) -> f64 {
    let lambda = 2.0 / (count as f64 + 1.0);
    let held = days.iter().filter(|day| !day.is_nan());
    held.copied()
        .reduce(|known, day| lambda * day + (1.0 - lambda) * known)
        .unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: half an hour at half of the reserve, 30 · 0.5 · 0.64 · e^0.96 = 25.0722….
    #[test]
    fn the_impulse_grows_with_the_exponential_of_the_share() {
        let reserve = Reserve::new(60.0, 180.0).unwrap();
        let series = Series::new(0, 60, vec![120.0; 30]);
        let men = trimp(&series, &reserve, Curve::Men).unwrap().value;
        assert!((men - 25.072_286).abs() < 1e-5, "{men}");
        let women = trimp(&series, &reserve, Curve::Women).unwrap().value;
        assert!((women - 30.0 * 0.5 * 0.86 * 0.835_f64.exp()).abs() < 1e-9);
        let below = Series::new(0, 60, vec![50.0; 30]);
        assert!(trimp(&below, &reserve, Curve::Men).unwrap().value.abs() < 1e-12);
    }

    /// By hand: three weeks of 100 and one of 200 are 200 / 125 = 1.6.
    #[test]
    fn the_ratio_compares_a_week_with_four() {
        let mut days = vec![100.0; 21];
        days.extend([200.0; 7]);
        let found = balance(&days, Average::Rolling).unwrap().value;
        assert!((found.ratio.unwrap() - 1.6).abs() < 1e-12);
        // λ = 1/4 and 2/29: 200 − 100·(3/4)^7 and 200 − 100·(27/29)^7.
        let found = balance(&days, Average::Exponential).unwrap().value;
        assert!((found.acute - (200.0 - 100.0 * 0.75_f64.powi(7))).abs() < 1e-9);
        assert!((found.chronic - (200.0 - 100.0 * (27.0_f64 / 29.0).powi(7))).abs() < 1e-9);
        let rest = balance(&[0.0; 28], Average::Rolling).unwrap().value;
        assert_eq!(rest.ratio, None);
    }

    #[test]
    fn missing_days_are_not_rest() {
        let mut days = vec![100.0; 28];
        days[10] = f64::NAN;
        let found = balance(&days, Average::Rolling).unwrap();
        assert!((found.value.chronic - 100.0).abs() < 1e-12 && found.coverage < 1.0);
        days[22..25].fill(f64::NAN);
        assert!(balance(&days, Average::Rolling).is_err());
        assert!(balance(&[100.0; 19], Average::Rolling).is_err());
    }
}
