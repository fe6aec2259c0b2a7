//! # Interdaily stability and intradaily variability
//!
//! **What it measures.** IS: how alike the days are, 0 (noise) to 1 (every day the same). IV: how
//! often rest and activity alternate within days, about 0 for a smooth wave, about 2 for noise.
//!
//! **Inputs and units.** Activity of any unit on an epoch that divides an hour; both results are
//! ratios.
//!
//! **Method.** Let xᵢ be n hourly values, x̄ their mean, p the values per day (24) and x̄ₕ the mean
//! of all values at clock hour h.
//! IS = n Σₕ(x̄ₕ − x̄)² / (p Σᵢ(xᵢ − x̄)²), IV = n Σᵢ(xᵢ₊₁ − xᵢ)² / (d Σᵢ(xᵢ − x̄)²), where d is the
//! number of neighbouring pairs (n − 1 without gaps). The default is Witting 1990: hourly means
//! from the first epoch, complete hours, population variance. `ISm` and `IVm` (Gonçalves 2014) average
//! IS and IV over bins of 1 to 60 minutes.
//!
//! **Missing epochs.** An hour with fewer than half its epochs present is missing: it enters no mean, and no
//! pair it belongs to.
//!
//! **Validity.** At least 48 complete hours, in results three days for IS; a week is customary. IS grows when
//! days are few, so only recordings of like length should be compared. A constant series has neither.
//!
//! **Population.** Small groups of young and old people and of people with Alzheimer's disease, device at the wrist
//! (Witting 1990, Van Someren 1999). There are no norms by age; compare within a study.
//!
//! **Versions.** IS 2 (1 was given from two days on), IV 1. Named variants: [`WITTING`], [`WITTING_FULL_DAYS`] and [`PY_ACTIGRAPHY`]
//! (sums, missing as 0, last partial bin kept, sample variances: IS larger by
//! (p/(p−1))·((n−1)/n), about 4 %), [`ACT_CR`] (calendar days), [`GGIR`] (centred on the mean of
//! the profile).
//!
//! **References.** Witting W et al. 1990, Biol Psychiatry 27:563, doi:10.1016/0006-3223(90)90523-5.
//! Van Someren EJW et al. 1999, Chronobiol Int 16:505, doi:10.3109/07420529908998724.
//! Gonçalves BSB et al. 2014, Sleep Sci 7:158, doi:10.1016/j.slsci.2014.09.013.

use crate::maths::describe;
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::series::{Combine, DAY_S, Ends, HOUR_S, MINUTE_S, Origin, Series};

/// Interdaily stability.
pub const INTERDAILY_STABILITY: Analysis = Analysis {
    id: "interdaily_stability",
    version: 2,
    unit: "1",
    title: "Interdaily stability",
};
/// Intradaily variability.
pub const INTRADAILY_VARIABILITY: Analysis = Analysis {
    id: "intradaily_variability",
    version: 1,
    unit: "1",
    title: "Intradaily variability",
};

/// Share of an hour that must be present for it to count.
const LEAST_HOUR: f64 = 0.5;
/// Fewest bins: two days of hours.
const LEAST_BINS: usize = 48;
/// Bin lengths of `ISm` and `IVm` in minutes: divisors of a day up to an hour, without 7.
pub const RESOLUTIONS_MIN: [u32; 22] = [
    1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 15, 16, 18, 20, 24, 30, 32, 36, 40, 45, 48, 60,
];

/// How the epochs become bins and which variance is meant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Definition {
    /// Length of a bin in seconds.
    pub bin_s: u32,
    /// How the epochs of a bin become one value.
    pub combine: Combine,
    /// Whether a cut bin at the end counts.
    pub ends: Ends,
    /// Which days count.
    pub days: Days,
    /// Degrees of freedom removed from both variances of IS and from the one of IV.
    pub ddof: usize,
    /// Where the profile is centred.
    pub centre: Centre,
}

/// Which part of the recording is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Days {
    /// All of it.
    All,
    /// The first whole number of days from the first epoch.
    Whole,
    /// Calendar days that are covered from midnight to midnight.
    Calendar,
}

/// The mean that profile and bins are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Centre {
    /// The mean of all bins for both.
    Bins,
    /// Each its own mean.
    Own,
    /// The mean of the profile for both.
    Profile,
}

/// Witting 1990, the default.
pub const WITTING: Definition = Definition {
    bin_s: HOUR_S,
    combine: Combine::MeanWhere(LEAST_HOUR),
    ends: Ends::Complete,
    days: Days::All,
    ddof: 0,
    centre: Centre::Bins,
};
/// Witting 1990 over whole days from the first epoch (nparACT's default).
pub const WITTING_FULL_DAYS: Definition = Definition {
    days: Days::Whole,
    ..WITTING
};
/// `pyActigraphy` 1.2.2 on counts as they are.
pub const PY_ACTIGRAPHY: Definition = Definition {
    bin_s: HOUR_S,
    combine: Combine::SumMissingAsZero,
    ends: Ends::Partial,
    days: Days::All,
    ddof: 1,
    centre: Centre::Own,
};
/// `ActCR` 0.3.0: hours of complete calendar days.
pub const ACT_CR: Definition = Definition {
    days: Days::Calendar,
    ..WITTING
};
/// GGIR 3.3 `g.IVIS`: centred on the mean of the profile, a cut hour at the end counts.
pub const GGIR: Definition = Definition {
    centre: Centre::Profile,
    combine: Combine::MeanWhere(0.0),
    ends: Ends::Partial,
    ..WITTING
};

/// Interdaily stability under a definition.
pub fn interdaily(series: &Series, definition: &Definition) -> Outcome<f64> {
    let bins = Bins::new(series, definition)?;
    Ok(Measured::new(bins.interdaily(definition), bins.coverage))
}

/// Intradaily variability under a definition.
pub fn intradaily(series: &Series, definition: &Definition) -> Outcome<f64> {
    let bins = Bins::new(series, definition)?;
    Ok(Measured::new(bins.intradaily(definition), bins.coverage))
}

/// Intradaily variability inside each complete stretch of 24 hours from the first epoch.
///
/// Half of the bins of a day must be present; the days a definition chooses do not matter here.
pub fn intradaily_each_day(
    series: &Series,
    definition: &Definition,
) -> Result<Vec<Outcome<f64>>, Insufficient> {
    let per_day = series.epochs_per_day()?;
    let definition = Definition {
        days: Days::All,
        ..*definition
    };
    let least = usize::try_from(DAY_S / definition.bin_s.max(1) / 2).unwrap_or(usize::MAX);
    let of_day = |day: usize| {
        let part = series.part(day * per_day, (day + 1) * per_day);
        let bins = Bins::of(&part, &definition, least)?;
        Ok(Measured::new(bins.intradaily(&definition), bins.coverage))
    };
    Ok((0..series.len() / per_day).map(of_day).collect())
}

/// IS and IV averaged over [`RESOLUTIONS_MIN`] that the epoch divides.
pub fn multiscale(series: &Series, definition: &Definition) -> Outcome<(f64, f64)> {
    let mut found = Vec::with_capacity(RESOLUTIONS_MIN.len());
    for minutes in RESOLUTIONS_MIN {
        let bin_s = minutes * MINUTE_S;
        if bin_s.is_multiple_of(series.step_s()) {
            let definition = Definition {
                bin_s,
                ..*definition
            };
            let bins = Bins::new(series, &definition)?;
            found.push((bins.interdaily(&definition), bins.intradaily(&definition)));
        }
    }
    Insufficient::unless("resolutions that the epoch divides", 1, found.len())?;
    let count = found.len() as f64;
    let stability = found.iter().map(|pair| pair.0).sum::<f64>() / count;
    let variability = found.iter().map(|pair| pair.1).sum::<f64>() / count;
    Ok(Measured::new((stability, variability), series.coverage()))
}

/// IS and IV of consecutive complete periods of `days` days from the first epoch.
///
/// Each period ends where the next begins (half-open).
pub fn by_period(
    series: &Series,
    definition: &Definition,
    days: u32,
) -> Result<Vec<Outcome<(f64, f64)>>, Insufficient> {
    let length = series.epochs_in(days * DAY_S)?;
    let of_period = |from: usize| {
        let bins = Bins::new(&series.part(from, from + length), definition)?;
        let pair = (bins.interdaily(definition), bins.intradaily(definition));
        Ok(Measured::new(pair, bins.coverage))
    };
    Ok((0..series.len() / length)
        .map(|period| of_period(period * length))
        .collect())
}

/// Binned activity with what both measures share.
struct Bins {
    profile: Vec<f64>,
    values: Vec<f64>,
    per_day: usize,
    coverage: f64,
    present: usize,
    mean: f64,
    scatter: f64,
}

impl Bins {
    fn new(series: &Series, definition: &Definition) -> Result<Self, Insufficient> {
        let used = chosen(series, definition.days)?;
        let used = used.as_ref().unwrap_or(series);
        let two_days = usize::try_from(2 * DAY_S / definition.bin_s.max(1)).unwrap_or(usize::MAX);
        Self::of(used, definition, LEAST_BINS.min(two_days))
    }

    /// Bins of exactly these epochs, at least so many of them present.
    fn of(used: &Series, definition: &Definition, least: usize) -> Result<Self, Insufficient> {
        let binned = used.resampled(
            definition.bin_s,
            Origin::FirstEpoch,
            definition.ends,
            definition.combine,
        )?;
        let per_day = binned.epochs_per_day()?;
        let present = binned.present();
        Insufficient::unless("bins with enough epochs", least, present)?;
        let values = binned.values().to_vec();
        let held = values.iter().filter(|value| !value.is_nan());
        let mean = held.clone().sum::<f64>() / present as f64;
        let scatter: f64 = held.map(|value| (value - mean).powi(2)).sum();
        // Rounding alone makes a constant series scatter by about this much.
        if scatter <= 1e-24 * mean * mean * present as f64 {
            return Err(Insufficient::constant());
        }
        let coverage = used.coverage();
        let mut bins = Self {
            profile: Vec::new(),
            values,
            per_day,
            coverage,
            present,
            mean,
            scatter,
        };
        bins.profile = bins.profile();
        if definition.centre == Centre::Profile {
            bins.mean = describe::mean(&bins.profile);
            let held = bins.values.iter().filter(|value| !value.is_nan());
            bins.scatter = held.map(|value| (value - bins.mean).powi(2)).sum();
        }
        Ok(bins)
    }

    fn profile(&self) -> Vec<f64> {
        let mut totals = vec![(0.0, 0.0); self.per_day];
        for (index, &value) in self.values.iter().enumerate() {
            if !value.is_nan() {
                let slot = &mut totals[index % self.per_day];
                slot.0 += value;
                slot.1 += 1.0;
            }
        }
        let held = totals.iter().filter(|(_, count)| *count > 0.0);
        held.map(|(total, count)| total / count).collect()
    }

    fn interdaily(&self, definition: &Definition) -> f64 {
        let centre = match definition.centre {
            Centre::Bins | Centre::Profile => self.mean,
            Centre::Own => describe::mean(&self.profile),
        };
        let ddof = definition.ddof as f64;
        let between: f64 = self
            .profile
            .iter()
            .map(|value| (value - centre).powi(2))
            .sum();
        let between = between / (self.profile.len() as f64 - ddof);
        between / (self.scatter / (self.present as f64 - ddof))
    }

    fn intradaily(&self, definition: &Definition) -> f64 {
        let mut squares = 0.0;
        let mut pairs = 0.0;
        for pair in self.values.windows(2) {
            let change = pair[1] - pair[0];
            if !change.is_nan() {
                squares += change * change;
                pairs += 1.0;
            }
        }
        squares / pairs / (self.scatter / (self.present as f64 - definition.ddof as f64))
    }
}

/// The part of the series a definition uses; None when it is all of it.
fn chosen(series: &Series, days: Days) -> Result<Option<Series>, Insufficient> {
    let per_day = series.epochs_per_day()?;
    Ok(match days {
        Days::All => None,
        Days::Whole => Some(series.part(0, series.len() / per_day * per_day)),
        Days::Calendar => Some(calendar_days(series)?),
    })
}

/// The complete calendar days of a series, from the first midnight on.
pub fn calendar_days(series: &Series) -> Result<Series, Insufficient> {
    let per_day = series.epochs_per_day()?;
    let since_midnight = series.clock_s(0).div_ceil(series.step_s());
    let since_midnight = usize::try_from(since_midnight).expect("epochs of a day fit an index");
    let first = (per_day - since_midnight) % per_day;
    let days = series.len().saturating_sub(first) / per_day;
    Ok(series.part(first, first + days * per_day))
}
