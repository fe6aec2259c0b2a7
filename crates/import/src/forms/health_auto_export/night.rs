//! Nights: stages one by one, or a night summarised.
//!
//! A summary knows when the person lay and slept and how long each stage was in total, but not when.
//! It becomes two intervals (in bed, asleep) and one total for each stage, all marked as merged; no
//! stage is placed in time.

use model::category;
use model::sample::Flags;

use crate::clock::Moment;
use crate::entry::{self, Frame};
use crate::forms::health_auto_export::series::{self, add};
use crate::json::Json;
use crate::live::{Intake, Interval, NAMES_FULL, NOT_A_VALUE, Place, TIME_INVALID, VALUE_MISSING};
use crate::session::known;
use crate::words;

/// Totals of the time asleep, by the app's name.
const TOTALS: [(&str, &str); 5] = [
    ("core", "sleep_light_duration"),
    ("deep", "sleep_deep_duration"),
    ("rem", "sleep_rem_duration"),
    ("awake", "sleep_awake_duration"),
    ("asleep", "sleep_unspecified_duration"),
];

/// Takes a stage or a summary in.
pub(super) fn take(
    point: &Json<'_>,
    unit: &str,
    place: Place<'_>,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), entry::Refused> {
    if point.get("startDate").is_null() || point.get("value").is_null() {
        return summary(point, unit, place, intake);
    }
    let metric = known("sleep_analysis");
    let to = intake
        .meaning_of(metric, "")
        .ok_or(("value", None, NAMES_FULL))?;
    let type_index = Some(to.type_index);
    let frame = series::frame(point, None, intake).map_err(|(field, why)| (field, None, why))?;
    let stage = point
        .get("value")
        .text()
        .ok_or(("value", type_index, VALUE_MISSING))?;
    let code = words::category_code(metric, stage);
    let code = code.ok_or(("value", type_index, NOT_A_VALUE))?;
    add(to, code, frame, Flags::NONE, intake).map_err(|why| ("value", type_index, why))
}

/// An interval of the summary; `None` when it is not told.
fn told(
    point: &Json<'_>,
    [start, end]: [&'static str; 2],
    intake: &Intake<'_, '_, '_>,
) -> Result<Option<(Moment, Moment)>, entry::Refused> {
    let (from, until) = (point.get(start), point.get(end));
    if from.is_null() || until.is_null() {
        return Ok(None);
    }
    let from = intake.moment(from).ok_or((start, None, TIME_INVALID))?;
    let until = intake.moment(until).ok_or((end, None, TIME_INVALID))?;
    Ok(Some((from, until)))
}

fn summary(
    point: &Json<'_>,
    unit: &str,
    place: Place<'_>,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), entry::Refused> {
    let unit = if unit.is_empty() { "hr" } else { unit };
    let asleep = told(point, ["sleepStart", "sleepEnd"], intake)?;
    let in_bed = told(point, ["inBedStart", "inBedEnd"], intake)?;
    let Some(night) = asleep.or(in_bed) else {
        return Err(("sleepStart", None, TIME_INVALID));
    };
    let asleep_frame = frame(point, "sleepSource", night, intake)?;
    let bed_frame = frame(point, "inBedSource", in_bed.unwrap_or(night), intake)?;
    let mut totals: Vec<(&'static str, &'static str, Frame)> = Vec::new();
    let hours = |name: &str| point.get(name).number();
    let stages = ["core", "deep", "rem"]
        .iter()
        .filter_map(|name| hours(name));
    let stages: f64 = stages.filter(|hours| hours.is_finite()).sum();
    for (name, metric) in TOTALS {
        // `asleep` is the whole time asleep where nothing is told of stages, and the rest otherwise.
        let is_whole = name == "asleep" && stages <= 0.0 && hours("totalSleep").is_none();
        let metric = if is_whole { "sleep_duration" } else { metric };
        // A night without stages says zero of each; that is not known rather than zero.
        let is_some = hours(name).is_some_and(|told| told > 0.0);
        let is_known = is_some || name == "awake" || (stages > 0.0 && name != "asleep");
        if is_known {
            totals.push((name, metric, asleep_frame));
        }
    }
    totals.push(("totalSleep", "sleep_duration", asleep_frame));
    totals.push(("inBed", "time_in_bed", bed_frame));
    for (name, metric, frame) in totals {
        let value = point.get(name);
        if value.is_null() {
            continue;
        }
        let to = intake
            .meaning_of(known(metric), unit)
            .ok_or((name, None, NAMES_FULL))?;
        let result = match value.number() {
            Some(value) => add(to, value, frame, Flags::NONE, intake),
            None => Err(NOT_A_VALUE),
        };
        if let Err(why) = result {
            intake.reject(place, name, Some(to.type_index), why);
        }
    }
    let to = intake
        .meaning_of(known("sleep_analysis"), "")
        .ok_or(("", None, NAMES_FULL))?;
    let type_index = Some(to.type_index);
    for (is_told, code, frame, field) in [
        (in_bed.is_some(), "InBed", bed_frame, "inBedEnd"),
        (
            asleep.is_some(),
            "AsleepUnspecified",
            asleep_frame,
            "sleepEnd",
        ),
    ] {
        let code = category::category_code(known("sleep_analysis"), code);
        if let (true, Some(code)) = (is_told, code) {
            add(to, code, frame, Flags::NONE, intake).map_err(|why| (field, type_index, why))?;
        }
    }
    Ok(())
}

fn frame(
    point: &Json<'_>,
    source: &'static str,
    (start, end): (Moment, Moment),
    intake: &mut Intake<'_, '_, '_>,
) -> Result<Frame, entry::Refused> {
    let name = point
        .first_of(&["source", source])
        .text()
        .unwrap_or_default();
    let name = series::sources(name);
    Ok(Frame {
        at: Interval {
            start_us: start.at_us,
            end_us: end.at_us,
        },
        offset_min: start.offset_min,
        source: intake
            .source_named(&name)
            .ok_or((source, None, NAMES_FULL))?,
        flags: Flags::AGGREGATED,
        is_date: false,
    })
}
