//! The measures of intensity: minutes of a valid day by cut points, bouts, and the week beside the target.

use crate::effort::guideline::{self, WEEKLY_TARGET};
use crate::effort::intensity::{self, INTENSITY, Minutes, Scale};
use crate::maths::describe::mean;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::report::column::Column;
use crate::report::day::VALID_WEAR_MIN;
use crate::report::rhythm::number;
use crate::report::{HALF, Report};
use crate::series::{Combine, DAY_S, Ends, MINUTE_S, Origin, Series};

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
         days are needed, or what `--min-days` says.",
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

/// The minutes of each day of a recording from its first, or why there are none.
pub(super) fn days<'r>(
    report: &'r Report<'_>,
) -> impl Iterator<Item = Result<Minutes, Insufficient>> + use<'r> {
    let found = report.efforts(|| of_days(report));
    let (days, none) = match found {
        Ok(days) => (days.as_slice(), None),
        Err(none) => (&[][..], Some(*none)),
    };
    days.iter()
        .copied()
        .chain(std::iter::repeat_with(move || none).map_while(|none| none.map(Err)))
}

/// A day of so few minutes worn and awake has none.
pub(super) fn not_worn(minutes: usize) -> Insufficient {
    Insufficient::new("minutes worn and awake", VALID_WEAR_MIN, minutes as f64)
}

/// The days of a recording in order; one that is not valid says what it lacks.
fn of_days(report: &Report<'_>) -> Result<Vec<Result<Minutes, Insufficient>>, Insufficient> {
    let none = Insufficient::new("cut points that fit the activity", 1.0, 0.0);
    let points = report.input().cut_points.ok_or(none)?;
    let combine = match points.scale {
        Scale::Counts => Combine::SumWhere(HALF),
        Scale::MilliG => Combine::MeanWhere(HALF),
    };
    let activity = report.activity();
    let minutes = activity.resampled(MINUTE_S, Origin::Midnight, Ends::Partial, combine)?;
    let waking = awake(report, &minutes);
    let day = i64::from(DAY_S);
    let first = waking.start_s().div_euclid(day);
    let last = (waking.time_s(waking.len()) - 1).div_euclid(day);
    let of_day = |number: i64| {
        let (from, until) = (
            waking.index_at(number * day),
            waking.index_at((number + 1) * day),
        );
        let part = waking.part(from, until);
        if (part.present() as f64) < VALID_WEAR_MIN {
            return Err(not_worn(part.present()));
        }
        intensity::minutes(&part, points).map(|found| found.value)
    };
    Ok((first..=last).map(of_day).collect())
}

/// The minutes without those that were not worn or lie in a sleep window.
fn awake(report: &Report<'_>, minutes: &Series) -> Series {
    let worn = report.worn().as_ref().ok();
    let mut mask: Vec<bool> = (0..minutes.len())
        .map(|index| {
            let worn = worn.map(|worn| &worn.value);
            let at = worn.and_then(|worn| worn.values().get(worn.index_at(minutes.time_s(index))));
            at.is_some_and(|&worn| worn < HALF)
        })
        .collect();
    for night in report.nights() {
        let (from, until) = (
            minutes.index_at(night.from_s),
            minutes.index_at(night.until_s),
        );
        if let Some(asleep) = mask.get_mut(from..until) {
            asleep.fill(true);
        }
    }
    minutes.without(&mask)
}

fn per_day(report: &Report<'_>, of: fn(&Minutes) -> f64) -> Outcome<f64> {
    let days = report
        .efforts(|| of_days(report))
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
        .efforts(|| of_days(report))
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
