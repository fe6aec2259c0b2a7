//! # Calendar days of a recording
//!
//! **What it measures.** How much of each local calendar day was recorded and worn, and how active it
//! was.
//!
//! **Inputs and units.** Activity on an epoch that divides a day; totals have its unit, wear is
//! minutes.
//!
//! **Method.** From midnight to midnight: share of the epochs of a full day that are present, minutes
//! worn (not in a stretch of non-wear by the rule of the report: by its default Choi 2011 for counts, with
//! 180 minutes for those not from the hip, and van Hees 2013 for raw acceleration), total and mean, and L5
//! and M10 inside the day, without wrapping around; minutes by [intensity](../effort/intensity.md) of days with
//! ten hours worn and awake. What was not worn is left out of all but the wear,
//! unless it is to be kept.
//!
//! **Missing epochs.** They take no part in totals and means, which are not scaled; L5 and M10 windows
//! need half of their epochs, and a day two thirds of its own: ten hours that a device was worn are not the ten most
//! active hours of the day.
//!
//! **Validity.** Wear is known only where a rule fits what the activity measures. First and last
//! day are rarely whole: see their coverage.
//!
//! **Versions.** 4 (3 gave the evening on which a device was put on an L5 and M10; 2 had no minutes by intensity; 1 determined wear by 90 minutes of zeros wherever the device was worn, and not on epochs
//! longer than a minute, and gave days without movement an L5 and M10).
//!
//! **References.** Choi L et al. 2011, doi:10.1249/MSS.0b013e3181ed61a3. Witting W et al. 1990,
//! doi:10.1016/0006-3223(90)90523-5.

use jiff::civil::Date;

use crate::effort::intensity::{self, Minutes, Scale};
use crate::maths::describe;
use crate::method::Analysis;
use crate::outcome::{Insufficient, Outcome};
use crate::report::column::{Cell, Field, Kind, civil};
use crate::report::{Efforts, HALF, LIGHT_LUX, Report};
use crate::rhythm::extremes::{self, Contrast};
use crate::rhythm::light;
use crate::series::{Combine, DAY_S, Ends, MINUTE_S, Origin, Series};

/// Calendar days of a recording.
pub const DAYS: Analysis = Analysis {
    id: "days",
    version: 4,
    unit: "input",
    title: "Calendar days of a recording",
};

/// A day with at least this many minutes of wear is valid by custom.
pub const VALID_WEAR_MIN: f64 = 600.0; // ten hours (Troiano 2008)
/// Share of a day that its L5 and M10 need.
const CONTRAST_SHARE: f64 = 2.0 / 3.0; // sixteen hours, as nights need of their epochs

/// One calendar day.
#[derive(Debug, Clone, PartialEq)]
pub struct Day {
    /// Local date.
    pub date: Date,
    /// Epochs present over the epochs of a full day.
    pub coverage: f64,
    /// Minutes worn; None where wear cannot be determined at this epoch.
    pub wear_min: Option<f64>,
    /// Minutes recorded and not worn.
    pub nonwear_min: Option<f64>,
    /// Sum of the epochs present; None without any.
    pub total: Option<f64>,
    /// Mean of the epochs present.
    pub mean: Option<f64>,
    /// L5, M10 and relative amplitude inside the day.
    pub contrast: Outcome<Contrast>,
    /// Mean light in lux.
    pub light_mean: Option<f64>,
    /// Minutes in light.
    pub light_min: Option<f64>,
    /// Minutes by intensity; a day of fewer than ten hours worn and awake has none.
    pub efforts: Result<Minutes, Insufficient>,
}

/// The days of a recording, in order.
pub(super) fn of(report: &Report<'_>) -> Vec<Day> {
    let series = report.activity();
    let day = i64::from(DAY_S);
    let Ok(per_day) = series.epochs_per_day() else {
        return Vec::new();
    };
    let first = series.start_s().div_euclid(day);
    let last = (series.time_s(series.len()) - 1).div_euclid(day);
    if series.is_empty() {
        return Vec::new();
    }
    let mut efforts = efforts(report);
    (first..=last)
        .map(|number| {
            let part = between(series, number * day, (number + 1) * day);
            let worn = report.worn().as_ref().ok();
            let worn = worn.map(|found| between(&found.value, number * day, (number + 1) * day));
            let lit = report.input().light;
            let lit = lit.map(|light| between(light, number * day, (number + 1) * day));
            let lit = lit.and_then(|light| light::exposure(&light, LIGHT_LUX).ok());
            let held = describe::present(part.values());
            let some = (!held.is_empty()).then_some(held.as_slice());
            Day {
                date: civil(number * day).date(),
                coverage: held.len() as f64 / per_day as f64,
                wear_min: worn.as_ref().map(|worn| minutes(worn, 1.0)),
                nonwear_min: worn.as_ref().map(|worn| minutes(worn, 0.0)),
                total: some.map(describe::sum),
                mean: some.map(describe::mean),
                contrast: contrast(&part, per_day),
                light_mean: lit.map(|found| found.value.mean),
                light_min: lit.map(|found| found.value.time_above_min),
                efforts: efforts.next().unwrap_or_else(|| Err(not_worn(0))),
            }
        })
        .collect()
}

/// The minutes of each day of a recording from its first, or why there are none.
fn efforts<'r>(
    report: &'r Report<'_>,
) -> impl Iterator<Item = Result<Minutes, Insufficient>> + use<'r> {
    let found = report.efforts(|| minutes_by_intensity(report));
    let (days, none) = match found {
        Ok(days) => (days.as_slice(), None),
        Err(none) => (&[][..], Some(*none)),
    };
    days.iter()
        .copied()
        .chain(std::iter::repeat_with(move || none).map_while(|none| none.map(Err)))
}

/// A day of so few minutes worn and awake has none.
fn not_worn(minutes: usize) -> Insufficient {
    Insufficient::new("minutes worn and awake", VALID_WEAR_MIN, minutes as f64)
}

/// The days of a recording in order; one that is not valid says what it lacks.
pub(super) fn minutes_by_intensity(report: &Report<'_>) -> Efforts {
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

/// L5 and M10 inside a day; a part of a day has neither, nor has a day that is the same all the time.
fn contrast(day: &Series, per_day: usize) -> Outcome<Contrast> {
    let needs = CONTRAST_SHARE * per_day as f64;
    if (day.present() as f64) < needs {
        let of = "epochs of the day";
        return Err(Insufficient::new(of, needs.ceil(), day.present() as f64));
    }
    let found = extremes::within(day)?;
    let (least, most) = (found.value.l5.level, found.value.m10.level);
    if least < most {
        Ok(found)
    } else {
        Err(Insufficient::constant())
    }
}

fn between(series: &Series, from_s: i64, until_s: i64) -> Series {
    series.part(series.index_at(from_s), series.index_at(until_s))
}

fn minutes(worn: &Series, state: f64) -> f64 {
    let marked = worn.values().iter();
    let epochs = marked.filter(|&&value| (value - state).abs() < 0.5).count() as f64;
    epochs * f64::from(worn.step_s()) / 60.0
}

fn optional(value: Option<f64>) -> Cell {
    value.map_or(Cell::Missing, Cell::number)
}

impl Day {
    fn of(&self, cell: fn(&Contrast) -> Cell) -> Cell {
        match &self.contrast {
            Ok(found) => cell(&found.value),
            Err(_) => Cell::Missing,
        }
    }

    fn effort(&self, of: fn(&Minutes) -> f64) -> Cell {
        match &self.efforts {
            Ok(found) => Cell::number(of(found)),
            Err(_) => Cell::Missing,
        }
    }
}

/// A column of minutes by intensity.
const fn effort(id: &'static str, about: &'static str, of: fn(&Day) -> Cell) -> Field<Day> {
    Field::new(id, "min", Kind::Number, about, of)
}

/// The columns of the table of days.
pub const FIELDS: &[Field<Day>] = &[
    Field::new("date", "", Kind::Day, "Local calendar date.", |day| {
        Cell::Day(day.date)
    }),
    Field::new(
        "coverage",
        "1",
        Kind::Number,
        "Epochs recorded and not left out as not worn, over the epochs of a full day.",
        |day| Cell::number(day.coverage),
    ),
    Field::new(
        "wear_min",
        "min",
        Kind::Number,
        "Minutes recorded and worn, by the rule of non-wear.",
        |day| optional(day.wear_min),
    ),
    Field::new(
        "nonwear_min",
        "min",
        Kind::Number,
        "Minutes recorded and not worn, by the rule of non-wear.",
        |day| optional(day.nonwear_min),
    ),
    Field::new(
        "total",
        "input",
        Kind::Number,
        "Sum of the epochs present, not scaled.",
        |day| optional(day.total),
    ),
    Field::new(
        "mean",
        "input",
        Kind::Number,
        "Mean of the epochs present.",
        |day| optional(day.mean),
    ),
    Field::new(
        "l5",
        "input",
        Kind::Number,
        "Mean per epoch of the least active five hours inside the day.",
        |day| day.of(|found| Cell::number(found.l5.level)),
    ),
    Field::new(
        "l5_onset",
        "HH:MM:SS",
        Kind::Clock,
        "Time of day at which they begin.",
        |day| day.of(|found| Cell::Clock(f64::from(found.l5.onset_s))),
    ),
    Field::new(
        "m10",
        "input",
        Kind::Number,
        "Mean per epoch of the most active ten hours inside the day.",
        |day| day.of(|found| Cell::number(found.m10.level)),
    ),
    Field::new(
        "m10_onset",
        "HH:MM:SS",
        Kind::Clock,
        "Time of day at which they begin.",
        |day| day.of(|found| Cell::Clock(f64::from(found.m10.onset_s))),
    ),
    Field::new(
        "relative_amplitude",
        "1",
        Kind::Number,
        "Contrast of the two inside the day.",
        |day| day.of(|found| optional(found.relative_amplitude)),
    ),
    Field::new("light_mean", "lx", Kind::Number, "Mean light.", |day| {
        optional(day.light_mean)
    }),
    Field::new(
        "light_time_above_min",
        "min",
        Kind::Number,
        "Minutes with at least 500 lx.",
        |day| optional(day.light_min),
    ),
    effort(
        "sedentary_min",
        "Sedentary minutes, worn and outside sleep windows, by the cut points of the recording.",
        |day| day.effort(|minutes| minutes.sedentary),
    ),
    effort("light_min", "Minutes of light movement.", |day| {
        day.effort(|minutes| minutes.light)
    }),
    effort("moderate_min", "Minutes of moderate movement.", |day| {
        day.effort(|minutes| minutes.moderate)
    }),
    effort("vigorous_min", "Minutes of vigorous movement.", |day| {
        day.effort(|minutes| minutes.vigorous)
    }),
    effort(
        "mvpa_min",
        "Minutes of moderate to vigorous movement.",
        |day| day.effort(|minutes| minutes.moderate + minutes.vigorous),
    ),
    Field::new(
        "intensity_reason",
        "",
        Kind::Text,
        "Why the minutes by intensity are missing, empty when they are there.",
        |day| match &day.efforts {
            Ok(_) => Cell::Missing,
            Err(none) => Cell::Text(none.to_string()),
        },
    ),
    Field::new(
        "reason",
        "",
        Kind::Text,
        "Why L5 and M10 are missing, empty when they are there.",
        |day| match day.contrast {
            Ok(_) => Cell::Missing,
            Err(none) => Cell::Text(none.to_string()),
        },
    ),
];
