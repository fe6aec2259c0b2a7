//! The measures of sleep over the nights of a recording, and of wear.

use jiff::civil::{Date, Weekday};

use crate::maths::describe;
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::report::Report;
use crate::report::column::Column;
use crate::report::day::{DAYS, VALID_WEAR_MIN};
use crate::report::night::{NIGHTS, Role, SleepWindow};
use crate::report::rhythm::{clock, number, seconds};
use crate::report::window;
use crate::rhythm::regularity::{self, SLEEP_REGULARITY};
use crate::rhythm::timing::{self, Kind};
use crate::score::endpoints::{self, SLEEP_ENDPOINTS};
use crate::series::DAY_S;
use crate::stats::circular;

const POSITIVE: (Option<f64>, Option<f64>) = (Some(0.0), None);
const SHARE: (Option<f64>, Option<f64>) = (Some(0.0), Some(1.0));
const HALF_DAY: (Option<f64>, Option<f64>) = (Some(0.0), Some(12.0));
const DAY_H: f64 = 24.0;

/// Sleep and wear.
pub const COLUMNS: &[Column] = &[
    number(
        "sleep_regularity_index",
        "1",
        (Some(-100.0), Some(100.0)),
        &SLEEP_REGULARITY,
        "SRI over all pairs of epochs 24 hours apart, five days of them at least; sleep bouts by Roenneberg.",
        |report| {
            let bouts = report.bouts().as_ref().map_err(|none| *none)?;
            regularity::index(&bouts.value)
        },
    ),
    number(
        "nights",
        "1",
        POSITIVE,
        &NIGHTS,
        "Dates with a night that could be described. Means over nights need three, or as many as are asked for.",
        |report| {
            let nights = described(report)?;
            Ok(Measured::new(nights.held.len() as f64, nights.coverage))
        },
    ),
    number(
        "nights_left_out",
        "1",
        POSITIVE,
        &NIGHTS,
        "Dates whose night is in no mean: longer than 16 hours, less than two thirds scored, or without sleep.",
        |report| {
            let nights = report.nights().iter();
            let mut main = nights.filter(|night| night.role == Role::Night).peekable();
            Insufficient::unless("nights", 1, usize::from(main.peek().is_some()))?;
            let left_out = main.filter(|night| night.endpoints.is_err()).count();
            Ok(Measured::new(left_out as f64, report.activity().coverage()))
        },
    ),
    number(
        "time_in_bed_min",
        "min",
        POSITIVE,
        &SLEEP_ENDPOINTS,
        "Mean time in bed of the nights, as far as it was scored.",
        |report| mean(report, |found| found.in_bed_min),
    ),
    number(
        "total_sleep_min",
        "min",
        POSITIVE,
        &SLEEP_ENDPOINTS,
        "Mean total sleep time of the nights.",
        |report| mean(report, |found| found.asleep_min),
    ),
    number(
        "total_sleep_sd_min",
        "min",
        POSITIVE,
        &SLEEP_ENDPOINTS,
        "Sample standard deviation of total sleep time over the nights.",
        |report| deviation(report, |found| found.asleep_min),
    ),
    number(
        "sleep_period_min",
        "min",
        POSITIVE,
        &SLEEP_ENDPOINTS,
        "Mean time from sleep onset to sleep offset.",
        |report| mean(report, |found| found.period_min),
    ),
    number(
        "sleep_efficiency",
        "1",
        SHARE,
        &SLEEP_ENDPOINTS,
        "Mean over the nights of total sleep over scored time in bed.",
        |report| mean(report, |found| found.efficiency),
    ),
    number(
        "sleep_latency_min",
        "min",
        POSITIVE,
        &NIGHTS,
        "Mean time from the beginning of the window to sleep onset, over the nights whose beginning a diary or the \
         device's program states.",
        latency,
    ),
    number(
        "wake_after_onset_min",
        "min",
        POSITIVE,
        &SLEEP_ENDPOINTS,
        "Mean wake between sleep onset and offset (WASO of actigraphy).",
        |report| mean(report, |found| found.awake_min),
    ),
    number(
        "wake_after_onset_aasm_min",
        "min",
        POSITIVE,
        &SLEEP_ENDPOINTS,
        "Mean wake from sleep onset to the end of the window (WASO of the AASM).",
        |report| mean(report, |found| found.awake_to_end_min),
    ),
    number(
        "awakenings",
        "1",
        POSITIVE,
        &SLEEP_ENDPOINTS,
        "Mean number of runs of wake between sleep onset and offset.",
        |report| mean(report, |found| found.awakenings as f64),
    ),
    clock(
        "sleep_onset",
        &circular::CIRCULAR,
        "Circular mean of the sleep onsets of the nights.",
        |report| centre(report, SleepWindow::onset_s),
    ),
    clock(
        "sleep_offset",
        &circular::CIRCULAR,
        "Circular mean of the sleep offsets of the nights.",
        |report| centre(report, SleepWindow::offset_s),
    ),
    clock(
        "sleep_midpoint",
        &circular::CIRCULAR,
        "Circular mean of the sleep midpoints of the nights.",
        |report| centre(report, SleepWindow::midpoint_s),
    ),
    number(
        "sleep_onset_sd_h",
        "h",
        POSITIVE,
        &circular::CIRCULAR,
        "Circular standard deviation of the sleep onsets.",
        |report| spread(report, SleepWindow::onset_s),
    ),
    number(
        "sleep_midpoint_sd_h",
        "h",
        POSITIVE,
        &circular::CIRCULAR,
        "Circular standard deviation of the sleep midpoints.",
        |report| spread(report, SleepWindow::midpoint_s),
    ),
    number(
        "social_jetlag_h",
        "h",
        HALF_DAY,
        &timing::SOCIAL_JETLAG,
        "Difference of the sleep midpoints of free and work days; free are the nights that end on a day that \
         the calendar calls free, on Saturday or Sunday where it has no entry.",
        |report| timing::social_jetlag(&week(report)?),
    ),
    clock(
        "msfsc",
        &timing::CHRONOTYPE,
        "Sleep midpoint of free days, as social jetlag has them, corrected for sleep lost in the week.",
        |report| Ok(timing::chronotype(&week(report)?)?.map(seconds)),
    ),
    number(
        "composite_phase_deviation_h",
        "h",
        POSITIVE,
        &timing::COMPOSITE_PHASE_DEVIATION,
        "Mean distance of the nights from the chronotype and from the night before.",
        |report| {
            let week = week(report)?;
            let reference = timing::chronotype(&week)?.value;
            timing::composite_phase_deviation(&week, reference)
        },
    ),
    number(
        "valid_days",
        "1",
        POSITIVE,
        &DAYS,
        "Calendar days with at least ten hours of wear by the rule of non-wear.",
        |report| {
            let worn = report.worn().as_ref().map_err(|none| *none)?;
            let valid = report.days().iter();
            let valid = valid.filter(|day| day.wear_min.is_some_and(|min| min >= VALID_WEAR_MIN));
            Ok(Measured::new(valid.count() as f64, worn.coverage))
        },
    ),
    number(
        "wear_share",
        "1",
        SHARE,
        &DAYS,
        "Share of the recorded minutes that were worn by the rule of non-wear.",
        |report| {
            let worn = report.worn().as_ref().map_err(|none| *none)?;
            let held = describe::present(worn.value.values());
            Ok(Measured::new(describe::mean(&held), worn.coverage))
        },
    ),
];

/// The nights that could be described, and their share of the dates from the first to the last.
struct Nights<'a> {
    held: Vec<(&'a SleepWindow, endpoints::Endpoints)>,
    coverage: f64,
}

/// The nights that could be described, when there are as many as a mean needs.
fn nights<'a>(report: &'a Report<'_>) -> Result<Nights<'a>, Insufficient> {
    let nights = described(report)?;
    let least = report.input().least.nights;
    Insufficient::unless("nights that could be described", least, nights.held.len())?;
    Ok(nights)
}

fn described<'a>(report: &'a Report<'_>) -> Result<Nights<'a>, Insufficient> {
    let main = report.nights().iter();
    let main = main.filter(|night| night.role == Role::Night);
    let held: Vec<(&SleepWindow, endpoints::Endpoints)> = main
        .filter_map(|night| Some((night, night.endpoints.ok()?.value)))
        .collect();
    if held.is_empty() {
        return Err(no_nights(report));
    }
    let dates = dates(held[0].0, held[held.len() - 1].0);
    let coverage = held.len() as f64 / dates as f64;
    Ok(Nights { held, coverage })
}

/// Why there are none: rest cannot be sought on these epochs, what was found could not be described, or there is
/// none.
fn no_nights(report: &Report<'_>) -> Insufficient {
    let nights = report.nights().iter();
    let mut refused = nights.filter_map(|night| night.endpoints.err());
    window::refusal(report)
        .or_else(|| refused.next())
        .unwrap_or(Insufficient::new("nights", 1.0, 0.0))
}

fn dates(first: &SleepWindow, last: &SleepWindow) -> usize {
    let days = (last.date - first.date).get_days();
    usize::try_from(days).unwrap_or(0) + 1
}

fn mean(report: &Report<'_>, of: fn(&endpoints::Endpoints) -> f64) -> Outcome<f64> {
    let nights = nights(report)?;
    let values: Vec<f64> = nights.held.iter().map(|(_, found)| of(found)).collect();
    Ok(Measured::new(describe::mean(&values), nights.coverage))
}

/// The mean latency of the nights of which somebody said when they began.
fn latency(report: &Report<'_>) -> Outcome<f64> {
    let nights = described(report)?;
    let stated = nights.held.iter().filter(|(night, _)| night.is_stated());
    let values: Vec<f64> = stated.map(|(_, found)| found.latency_min).collect();
    let least = report.input().least.nights;
    let what = "nights whose beginning a diary or the device states";
    Insufficient::unless(what, least, values.len())?;
    Ok(Measured::new(describe::mean(&values), nights.coverage))
}

fn deviation(report: &Report<'_>, of: fn(&endpoints::Endpoints) -> f64) -> Outcome<f64> {
    let nights = nights(report)?;
    Insufficient::unless("nights", 2, nights.held.len())?;
    let values: Vec<f64> = nights.held.iter().map(|(_, found)| of(found)).collect();
    let spread = describe::standard_deviation(&values, 1);
    Ok(Measured::new(spread, nights.coverage))
}

fn clocks(nights: &Nights<'_>, of: fn(&SleepWindow) -> Option<i64>) -> Vec<f64> {
    let times = nights.held.iter().filter_map(|(night, _)| of(night));
    times
        .map(|time| f64::from(crate::series::clock(time)))
        .collect()
}

fn centre(report: &Report<'_>, of: fn(&SleepWindow) -> Option<i64>) -> Outcome<f64> {
    let nights = nights(report)?;
    let found = circular::mean(&clocks(&nights, of), f64::from(DAY_S))?;
    Ok(Measured::new(found, nights.coverage))
}

fn spread(report: &Report<'_>, of: fn(&SleepWindow) -> Option<i64>) -> Outcome<f64> {
    let nights = nights(report)?;
    Insufficient::unless("nights", 2, nights.held.len())?;
    let found = circular::describe(&clocks(&nights, of), f64::from(DAY_S))?;
    let hours = found.deviation * DAY_H / f64::from(DAY_S);
    Ok(Measured::new(hours, nights.coverage))
}

/// One entry for each date from the first night to the last, as the methods of timing want it.
fn week(report: &Report<'_>) -> Result<Vec<Option<timing::MainSleep>>, Insufficient> {
    let nights = nights(report)?;
    let first = nights.held[0].0;
    let last = nights.held[nights.held.len() - 1].0;
    let mut week = vec![None; dates(first, last)];
    for (night, _) in &nights.held {
        let (Some(onset), Some(offset)) = (night.onset_s(), night.offset_s()) else {
            continue;
        };
        let midnight = offset.div_euclid(i64::from(DAY_S)) * i64::from(DAY_S);
        let hours = |time_s: i64| (time_s - midnight) as f64 / 3600.0;
        week[dates(first, night) - 1] = Some(timing::MainSleep {
            onset_h: hours(onset),
            offset_h: hours(offset),
            kind: kind_of(report, night.date),
        });
    }
    Ok(week)
}

/// Whether the person calls a day free or of work, else whether it is one of the weekend.
fn kind_of(report: &Report<'_>, date: Date) -> Kind {
    let mut entries = report.input().calendar.iter();
    let entry = entries.find(|(day, _)| *day == date);
    entry.map_or_else(
        || match date.weekday() {
            Weekday::Saturday | Weekday::Sunday => Kind::Free,
            Weekday::Monday
            | Weekday::Tuesday
            | Weekday::Wednesday
            | Weekday::Thursday
            | Weekday::Friday => Kind::Work,
        },
        |(_, kind)| *kind,
    )
}

/// The methods that the tables of nights and days come from.
pub const TABLES: &[&Analysis] = &[&NIGHTS, &DAYS];
