//! The measures of how a series is built: the smooth average day and the components of the whole.

use crate::maths::describe;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::report::column::Column;
use crate::report::rhythm::{clock, number};
use crate::report::{HALF, Report, TEN_MINUTES_S};
use crate::rhythm::{flm, profile, ssa};
use crate::series::{Combine, Ends, Origin, Series};

const SHARE: (Option<f64>, Option<f64>) = (Some(0.0), Some(1.0));
const WINDOW: usize = 144; // ten-minute bins of a day (Fossion 2017)
const HARMONICS: usize = 9; // of the smooth day; the shortest wave has 2 h 40 min
const PRESENT: f64 = 0.9; // share of bins; what lacks takes the mean of its time of day
const EXPLORED_DAYS_MAX: f64 = 400.0; // as long as a range of days is

/// Smooth average day and components.
pub const COLUMNS: &[Column] = &[
    number(
        "functional_r2",
        "1",
        SHARE,
        &flm::FUNCTIONAL_LINEAR,
        "Share of the variance of the average day of ten-minute means that nine harmonics explain.",
        |report| smooth(report, |day, curve| explained(&day.values, &curve.curve)),
    ),
    clock(
        "functional_peak",
        &flm::FUNCTIONAL_LINEAR,
        "Time of day at which the smooth average day of nine harmonics is highest.",
        |report| smooth(report, |day, curve| at(day, &curve.curve, 1.0)),
    ),
    clock(
        "functional_trough",
        &flm::FUNCTIONAL_LINEAR,
        "Time of day at which the smooth average day of nine harmonics is lowest.",
        |report| smooth(report, |day, curve| at(day, &curve.curve, -1.0)),
    ),
    number(
        "singular_trend_share",
        "1",
        SHARE,
        &ssa::SINGULAR_SPECTRUM,
        "Share of the first component of ten-minute means in windows of a day, not centred: level and trend.",
        |report| shares(report).map(|found| found.map(|(trend, _)| trend)),
    ),
    number(
        "singular_daily_share",
        "1",
        SHARE,
        &ssa::SINGULAR_SPECTRUM,
        "Share of the second and third component of ten-minute means in windows of a day: for most people \
         the wave of 24 hours.",
        |report| shares(report).map(|found| found.map(|(_, daily)| daily)),
    ),
];

/// Shares of level and trend, and of the daily wave.
fn shares<'a>(report: &'a Report<'_>) -> &'a Outcome<(f64, f64)> {
    report.shares(|| decomposed(report))
}

/// Decomposes ten-minute means; few missing ones take the mean of their time of day.
fn decomposed(report: &Report<'_>) -> Outcome<(f64, f64)> {
    let bins = bins(report)?;
    if bins.days() > EXPLORED_DAYS_MAX {
        return Err(Insufficient::new(
            "days at most",
            EXPLORED_DAYS_MAX,
            bins.days(),
        ));
    }
    if bins.coverage() < PRESENT {
        let of = "percent of the ten-minute bins that are present";
        return Err(Insufficient::new(
            of,
            100.0 * PRESENT,
            (100.0 * bins.coverage()).floor(),
        ));
    }
    let day = profile::average_day(&bins)?.value;
    let slot = |index: usize| {
        let clock = bins.clock_s(index) / TEN_MINUTES_S;
        usize::try_from(clock).map_or(f64::NAN, |slot| day.values[slot % day.values.len()])
    };
    let values: Vec<f64> = bins
        .values()
        .iter()
        .enumerate()
        .map(|(index, &value)| if value.is_nan() { slot(index) } else { value })
        .collect();
    let found = ssa::shares(&values, WINDOW)?;
    let shares = (found[0], found[1] + found[2]);
    Ok(Measured::new(shares, bins.coverage()))
}

/// Ten-minute means of the clock, without what is missing at both ends.
fn bins(report: &Report<'_>) -> Result<Series, Insufficient> {
    let bins = report.activity().resampled(
        TEN_MINUTES_S,
        Origin::Midnight,
        Ends::Partial,
        Combine::MeanWhere(HALF),
    )?;
    let held = |value: &f64| !value.is_nan();
    let first = bins.values().iter().position(held).unwrap_or(0);
    let last = bins
        .values()
        .iter()
        .rposition(held)
        .map_or(0, |last| last + 1);
    Ok(bins.part(first, last))
}

fn smooth(
    report: &Report<'_>,
    of: impl Fn(&profile::Profile, &flm::Smooth) -> f64,
) -> Outcome<f64> {
    let bins = bins(report)?;
    if bins.days() < 1.0 {
        return Err(Insufficient::new("days", 1.0, bins.days()));
    }
    let day = profile::average_day(&bins)?;
    let curve = flm::fit(&day.value, HARMONICS)?;
    Ok(Measured::new(
        of(&day.value, &curve),
        report.activity().coverage(),
    ))
}

fn explained(values: &[f64], curve: &[f64]) -> f64 {
    let pairs = values
        .iter()
        .zip(curve)
        .filter(|(value, _)| !value.is_nan());
    let residual: f64 = pairs.map(|(value, fitted)| (value - fitted).powi(2)).sum();
    1.0 - residual / describe::squared_deviation(&describe::present(values))
}

/// Seconds after midnight of the greatest value of a curve, or with −1 of the least.
fn at(day: &profile::Profile, curve: &[f64], sign: f64) -> f64 {
    let order = |a: &usize, b: &usize| (sign * curve[*a]).total_cmp(&(sign * curve[*b]));
    let slot = (0..curve.len()).max_by(order);
    slot.map_or(f64::NAN, |slot| f64::from(day.clock_s(slot)))
}
