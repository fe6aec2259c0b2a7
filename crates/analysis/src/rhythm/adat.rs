//! # Average daily total activity (ADAT)
//!
//! **What it measures.** How much a person moves on an average day.
//!
//! **Inputs and units.** Activity counts; the result is counts per day.
//!
//! **Method.** The sum of each calendar day, scaled by (epochs of a day / epochs present) when
//! `Partial::Scaled`, averaged over days.
//!
//! **Missing epochs.** A missing epoch counts as the mean of the rest of its day when scaled, as nothing
//! otherwise.
//!
//! **Validity.** At least one day with an epoch present. A day of which little is present is scaled up as it
//! is; use `Which::Inner` to leave out the first and the last, or `Which::MostlyPresent`, as results do, to
//! leave out days of which less than nine tenths are present: the day of a device put on at breakfast would
//! come out nearly three times too high.
//!
//! **Versions.** 2 (the column of results used all days in 1).
//!
//! **References.** Definition as in actigraphy practice; see Ancoli-Israel S et al. 2003, Sleep
//! 26:342, doi:10.1093/sleep/26.3.342.

use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::series::{DAY_S, Series};

/// Average daily total activity.
pub const ADAT: Analysis = Analysis {
    id: "adat",
    version: 2,
    unit: "input per day",
    title: "Average daily total activity",
};

const PRESENT_MIN: f64 = 0.9; // share of a day; more missing, as of a night, makes it much too high

/// What happens to a day that is not fully present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partial {
    /// Its sum is scaled to a full day.
    Scaled,
    /// Its sum is taken as it is.
    AsIs,
}

/// Which calendar days count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All that have an epoch.
    All,
    /// All but the first and the last.
    Inner,
    /// Those of which at least nine tenths are present, at least so many of them.
    MostlyPresent(usize),
}

/// Average daily total activity.
pub fn average_daily_total(series: &Series, partial: Partial, which: Which) -> Outcome<f64> {
    let per_day = series.epochs_per_day()? as f64;
    let mut totals = daily_totals(series);
    if which == Which::Inner && !totals.is_empty() {
        totals.remove(0);
        totals.pop();
    }
    totals.retain(|day| day.present > 0.0);
    Insufficient::unless("calendar days with activity recorded", 1, totals.len())?;
    if let Which::MostlyPresent(least) = which {
        totals.retain(|day| day.present >= PRESENT_MIN * per_day - 1e-9);
        Insufficient::unless(
            "calendar days of which nine tenths are present",
            least,
            totals.len(),
        )?;
    }
    let sums = totals.iter().map(|day| match partial {
        Partial::Scaled => day.total * per_day / day.present,
        Partial::AsIs => day.total,
    });
    Ok(Measured::new(
        sums.sum::<f64>() / totals.len() as f64,
        series.coverage(),
    ))
}

struct Day {
    total: f64,
    present: f64,
}

fn daily_totals(series: &Series) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    let mut known = None;
    for (index, &value) in series.values().iter().enumerate() {
        let date = series.time_s(index).div_euclid(i64::from(DAY_S));
        if known != Some(date) {
            known = Some(date);
            days.push(Day {
                total: 0.0,
                present: 0.0,
            });
        }
        if let (Some(day), false) = (days.last_mut(), value.is_nan()) {
            day.total += value;
            day.present += 1.0;
        }
    }
    days
}
