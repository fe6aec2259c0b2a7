//! The measures of intensity: minutes of a valid day by cut points, bouts, and the week beside the target.

use crate::effort::guideline::{self, WEEKLY_TARGET};
use crate::effort::intensity::{INTENSITY, Minutes};
use crate::maths::describe::mean;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::report::Report;
use crate::report::column::Column;
use crate::report::day;
use crate::report::rhythm::number;

const POSITIVE: (Option<f64>, Option<f64>) = (Some(0.0), None);
const DAY: (Option<f64>, Option<f64>) = (Some(0.0), Some(1440.0));
const WEEK: usize = 7;

/// Intensity.
pub const COLUMNS: &[Column] = &[
    number(
        "sedentary_min",
        "min/d",
        DAY,
        &INTENSITY,
        "Mean sedentary minutes of the valid days (10 hours worn and awake), outside sleep windows; three such \
         days are needed, or as many as are asked for.",
        |report| per_day(report, |day| day.sedentary),
    ),
    number(
        "light_min",
        "min/d",
        DAY,
        &INTENSITY,
        "Mean minutes of light movement of the valid days.",
        |report| per_day(report, |day| day.light),
    ),
    number(
        "moderate_min",
        "min/d",
        DAY,
        &INTENSITY,
        "Mean minutes of moderate movement of the valid days.",
        |report| per_day(report, |day| day.moderate),
    ),
    number(
        "vigorous_min",
        "min/d",
        DAY,
        &INTENSITY,
        "Mean minutes of vigorous movement of the valid days.",
        |report| per_day(report, |day| day.vigorous),
    ),
    number(
        "mvpa_min",
        "min/d",
        DAY,
        &INTENSITY,
        "Mean minutes of moderate to vigorous movement of the valid days.",
        |report| per_day(report, |day| day.moderate + day.vigorous),
    ),
    number(
        "mvpa_bout_min",
        "min/d",
        DAY,
        &INTENSITY,
        "Of these, minutes in bouts of 10 minutes or more with at most 2 below.",
        |report| per_day(report, |day| day.in_bouts),
    ),
    number(
        "sedentary_bout_min",
        "min/d",
        DAY,
        &INTENSITY,
        "Mean sedentary minutes in bouts of 30 minutes or more.",
        |report| per_day(report, |day| day.in_sedentary_bouts),
    ),
    number(
        "who_equivalent_min",
        "min/wk",
        POSITIVE,
        &WEEKLY_TARGET,
        "Moderate plus twice the vigorous minutes of the last seven days of the recording, of which at \
         least four are valid; 150 and more reach the target for adults.",
        week,
    ),
];

fn per_day(report: &Report<'_>, of: fn(&Minutes) -> f64) -> Outcome<f64> {
    let days = report
        .efforts(|| day::minutes_by_intensity(report))
        .as_ref()
        .map_err(|none| *none)?;
    let held: Vec<f64> = days.iter().flatten().map(of).collect();
    let least = report.input().least.days;
    Insufficient::unless("days with 10 hours worn and awake", least, held.len())?;
    Ok(Measured::new(
        mean(&held),
        held.len() as f64 / days.len() as f64,
    ))
}

/// Equivalent minutes of the last seven days.
fn week(report: &Report<'_>) -> Outcome<f64> {
    let days = report
        .efforts(|| day::minutes_by_intensity(report))
        .as_ref()
        .map_err(|none| *none)?;
    let mut last = [None; WEEK];
    for (place, day) in last.iter_mut().rev().zip(days.iter().rev()) {
        *place = day.ok().map(|day| guideline::Effort {
            moderate_min: day.moderate,
            vigorous_min: day.vigorous,
        });
    }
    let held = last.iter().flatten().count();
    Insufficient::unless("valid days of the last seven", 4, held)?;
    Ok(guideline::week(&last)?.map(|found| found.equivalent_min))
}
