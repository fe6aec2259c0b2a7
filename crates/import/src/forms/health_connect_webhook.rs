//! What the HC Webhook app for Health Connect posts: `{timestamp, app_version, <type>[…]}`, one array for
//! each type, or the same in the app's two other spellings.
//!
//! Times are UTC without the person's offset, and records have no id, so a record is the same again
//! by its content. The app sends a rolling window: most of a body was sent before.

mod days;
mod presets;

use std::borrow::Cow;

use model::category::SleepStage;
use model::metric::Kind;
use model::record::{Workout, WorkoutStatistic};
use model::sample::{Flags, SECOND_US, uid_of};
use model::source::{Source, SourceNo};
use model::unit::Percent;
use model::workout;
use rustc_hash::FxHashMap;

use crate::batch::RejectCode;
use crate::check::Refusal;
use crate::entry::{self, Frame};
use crate::form::{self, Document, Form};
use crate::forms::health_connect_webhook::days::Days;
use crate::forms::health_connect_webhook::presets::Spelling;
use crate::json::{Json, ReadError};
use crate::live::{
    ELEMENTS_MAX, Intake, Interval, Measurement, NAMES_FULL, NOT_A_VALUE, Place, TIME_INVALID,
    VALUE_MISSING, refusal,
};
use crate::session::{self, Heading, known};
use crate::words;

const EXPECTED: &str = "an object with timestamp, app_version and one array for each type";

/// The name of the source where records name none.
const SOURCE: &str = "Health Connect";

/// The form.
pub const FORM: Form = Form {
    name: "health_connect_webhook",
    about: "What the HC Webhook app for Health Connect posts",
    source: SOURCE,
    expected: EXPECTED,
    percent: Percent::Points,
    is_meant,
    read,
};

/// Whether a body has the members of this form.
fn is_meant(document: &Document<'_>) -> bool {
    let is_versioned = document.has("app_version") || document.has("appVersion");
    (is_versioned && document.has("timestamp")) || presets::is_synced(document)
}

/// A field of an array's records, its metric and its unit.
pub(super) type Field = (&'static str, &'static str, &'static str);

/// Arrays of measurements.
pub(super) const ARRAYS: [(&str, &[Field]); 27] = [
    ("steps", &[("count", "step_count", "1")]),
    ("heart_rate", &[("bpm", "heart_rate", "/min")]),
    (
        "heart_rate_variability",
        &[
            ("rmssd_millis", "heart_rate_variability_rmssd", "ms"),
            (
                "heart_rate_variability_millis",
                "heart_rate_variability_rmssd",
                "ms",
            ),
        ],
    ),
    ("distance", &[("meters", "distance_walking_running", "m")]),
    (
        "active_calories",
        &[("calories", "active_energy_burned", "kcal")],
    ),
    (
        "total_calories",
        &[("calories", "total_energy_burned", "kcal")],
    ),
    ("weight", &[("kilograms", "body_mass", "kg")]),
    ("height", &[("meters", "height", "m")]),
    (
        "blood_glucose",
        &[("mmol_per_liter", "blood_glucose", "mmol/L")],
    ),
    (
        "oxygen_saturation",
        &[("percentage", "oxygen_saturation", "%")],
    ),
    (
        "body_temperature",
        &[("celsius", "body_temperature", "Cel")],
    ),
    (
        "basal_body_temperature",
        &[("celsius", "basal_body_temperature", "Cel")],
    ),
    (
        "skin_temperature",
        &[("delta_celsius", "skin_temperature_delta", "K")],
    ),
    ("respiratory_rate", &[("rate", "respiratory_rate", "/min")]),
    (
        "resting_heart_rate",
        &[("bpm", "resting_heart_rate", "/min")],
    ),
    ("hydration", &[("liters", "dietary_water", "L")]),
    (
        "basal_metabolic_rate",
        &[("watts", "basal_metabolic_rate", "W")],
    ),
    ("body_fat", &[("percentage", "body_fat_percentage", "%")]),
    ("lean_body_mass", &[("kilograms", "lean_body_mass", "kg")]),
    ("body_water_mass", &[("kilograms", "body_water_mass", "kg")]),
    ("bone_mass", &[("kilograms", "bone_mass", "kg")]),
    (
        "vo2_max",
        &[("ml_per_kg_per_min", "vo2_max", "mL/(kg.min)")],
    ),
    (
        "floors_climbed",
        &[
            ("floors", "flights_climbed", "1"),
            ("count", "flights_climbed", "1"),
        ],
    ),
    ("elevation_gained", &[("meters", "elevation_gained", "m")]),
    ("wheelchair_pushes", &[("count", "push_count", "1")]),
    ("speed", &[("meters_per_second", "speed", "m/s")]),
    ("power", &[("watts", "power", "W")]),
];

/// Nutrients of a meal; a record has some of them.
const NUTRITION: &[Field] = &[
    ("calories", "dietary_energy_consumed", "kcal"),
    ("protein_grams", "dietary_protein", "g"),
    ("carbs_grams", "dietary_carbohydrates", "g"),
    ("fat_grams", "dietary_fat_total", "g"),
    ("sugar_grams", "dietary_sugar", "g"),
    ("sodium_grams", "dietary_sodium", "g"),
    ("dietary_fiber_grams", "dietary_fiber", "g"),
];

/// Arrays of categories: the field, the metric, and HealthKit's code for each of Health Connect's
/// numbers. Types without a field are intervals or moments that mean what their name says.
pub(super) type Category = (
    &'static str,
    &'static str,
    &'static str,
    &'static [(u8, u8)],
);
pub(super) const CATEGORIES: [Category; 7] = [
    (
        "menstruation_flow",
        "flow",
        "menstrual_flow",
        &[(0, 1), (1, 2), (2, 3), (3, 4)],
    ),
    ("menstruation_period", "", "menstruation_period", &[]),
    (
        "intermenstrual_bleeding",
        "",
        "intermenstrual_bleeding",
        &[],
    ),
    (
        "ovulation_test",
        "result",
        "ovulation_test_result",
        &[(0, 3), (1, 2), (2, 4), (3, 1)],
    ),
    (
        "cervical_mucus",
        "appearance",
        "cervical_mucus_quality",
        &[(1, 1), (2, 2), (3, 3), (4, 4), (5, 5)],
    ),
    ("sexual_activity", "", "sexual_activity", &[]),
    ("mindfulness", "", "mindful_session", &[]),
];

fn read(document: &Document<'_>, intake: &mut Intake<'_, '_, '_>) -> Result<(), ReadError> {
    let fields = document.fields().filter(|_| is_meant(document));
    let fields = fields.ok_or(FORM.refusal())?;
    let sent = fields.json(&["timestamp"]).unwrap_or_default();
    let sent_us = intake.moment(&sent).map(|sent| sent.at_us);
    if presets::is_synced(document) {
        return presets::read_synced(fields, sent_us, intake);
    }
    let spelling = Spelling::of(document);
    // Of a name that is repeated the last one counts.
    let arrays: FxHashMap<Cow<'_, str>, (&str, &str)> = fields
        .iter()
        .filter(|(_, raw)| raw.starts_with('['))
        .map(|(spelt, array)| (spelling.name(spelt), (spelt, array)))
        .collect();
    for name in known_arrays() {
        let Some((spelt, array)) = arrays.get(name) else {
            continue;
        };
        let pointer = format!("/{spelt}");
        let days = if is_total(name) {
            Days::of((array, &pointer), spelling, intake.context())?
        } else {
            Days::default()
        };
        form::objects(
            array,
            &pointer,
            ELEMENTS_MAX,
            intake,
            &mut |element, place, intake| {
                let record = spelling.record(element);
                take((name, sent_us, &days), &record, place, intake);
            },
        )?;
    }
    for (spelt, _) in fields.iter().filter(|(_, raw)| raw.starts_with('[')) {
        let name = spelling.name(spelt);
        if name == COMPUTED {
            intake.skip(spelt, "the app computes it from weight and height");
        } else if !is_known(&name) {
            intake.skip(spelt, TYPE_UNKNOWN);
        }
    }
    Ok(())
}

/// An array of what follows from others.
const COMPUTED: &str = "bmi";

const TYPE_UNKNOWN: &str = "this type of record is not known";

/// Whether records of this array are read.
fn is_known(name: &str) -> bool {
    known_arrays().any(|array| array == name)
}

/// Whether this array has amounts, which add up.
fn is_total(name: &str) -> bool {
    let mut arrays = ARRAYS.iter();
    let found = arrays.find(|(array, _)| *array == name);
    let field = found.and_then(|(_, fields)| fields.first());
    field.is_some_and(|(_, metric, _)| known(metric).kind == Kind::Cumulative)
}

pub(super) fn known_arrays() -> impl Iterator<Item = &'static str> {
    let special = ["sleep", "exercise", "blood_pressure", "nutrition"];
    let measured = ARRAYS.iter().map(|(array, _)| *array);
    let coded = CATEGORIES.iter().map(|(array, ..)| *array);
    measured.chain(special).chain(coded)
}

fn take(
    (name, sent_us, days): (&str, Option<i64>, &Days),
    record: &Json<'_>,
    place: Place<'_>,
    intake: &mut Intake<'_, '_, '_>,
) {
    if name == "sleep" {
        return sleep(record, place, intake);
    }
    let frame = match frame(record, intake) {
        Ok(frame) => frame,
        Err((field, why)) => return intake.reject(place, field, None, why),
    };
    let id = record.get("uuid").text();
    let result = match name {
        "exercise" => return exercise(record, frame, place, intake),
        "nutrition" => quantities(record, NUTRITION, frame, id, intake),
        "blood_pressure" => {
            let of = |part: &str| record.get(part).number();
            match of("systolic").zip(of("diastolic")) {
                Some((systolic, diastolic)) => {
                    entry::pressure([systolic, diastolic], "mm[Hg]", frame, id, intake)
                }
                None => Err(("systolic", None, VALUE_MISSING)),
            }
        }
        _ => {
            if let Some(of_array) = CATEGORIES.iter().find(|(array, ..)| *array == name) {
                category(record, of_array, frame, id, intake)
            } else {
                let of_array = ARRAYS.iter().find(|(array, _)| *array == name);
                let fields = of_array.map(|(_, fields)| *fields).unwrap_or_default();
                let frame = if is_total(name) {
                    days.frame(frame, record, sent_us, intake.context())
                } else {
                    frame
                };
                quantities(record, fields, frame, id, intake)
            }
        }
    };
    if let Err((field, type_index, why)) = result {
        intake.reject(place, field, type_index, why);
    }
}

/// `{start_time, end_time}` or `{time}`, and who made it.
pub(super) fn frame(
    record: &Json<'_>,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<Frame, (&'static str, Refusal)> {
    let (field, start) = record.named(&days::START).ok_or(("time", TIME_INVALID))?;
    let start = intake.moment(start).ok_or((field, TIME_INVALID))?;
    let end = match record.named(&days::END) {
        None => start,
        Some((field, end)) => intake.moment(end).ok_or((field, TIME_INVALID))?,
    };
    let (source, flags) = source(record, intake).ok_or(("metadata", NAMES_FULL))?;
    Ok(Frame {
        at: Interval {
            start_us: start.at_us,
            end_us: end.at_us,
        },
        offset_min: start.offset_min,
        source,
        flags,
        is_date: false,
    })
}

pub(super) fn source(
    record: &Json<'_>,
    intake: &mut Intake<'_, '_, '_>,
) -> Option<(SourceNo, Flags)> {
    let metadata = record.get("metadata");
    let device = metadata.get("device");
    let app_id = metadata
        .get("data_origin")
        .text()
        .or(record.get("source").text());
    let model = device.get("model").text();
    let name = model.or(app_id).unwrap_or(SOURCE);
    let flags = match metadata.get("recording_method").text() {
        Some("manual_entry") => Flags::MANUAL,
        Some(_) | None => Flags::NONE,
    };
    let part = |name: &'static str| device.get(name).text();
    let made_by = [part("manufacturer"), model.or(part("type"))];
    let made_by: Vec<&str> = made_by.into_iter().flatten().collect();
    let made_by = made_by.join(" ");
    if let Some(no) = intake.known_source(name, &made_by) {
        return Some((no, flags));
    }
    let source = Source {
        device: (!made_by.is_empty()).then(|| made_by.clone()),
        app_id: app_id.map(str::to_owned),
        ..Source::named(name)
    };
    Some((intake.source(&made_by, source)?, flags))
}

/// Every field of a table that the record has; summaries come as mean, minimum and maximum.
pub(super) fn quantities(
    record: &Json<'_>,
    fields: &[Field],
    frame: Frame,
    id: Option<&str>,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), entry::Refused> {
    let mut found = false;
    let mut add = |name: &'static str, of: &Field, flags| -> Result<(), entry::Refused> {
        let value = record.get(name);
        if value.is_null() {
            return Ok(());
        }
        found = true;
        let to = intake
            .meaning_of(known(of.1), of.2)
            .ok_or((name, None, NAMES_FULL))?;
        let type_index = Some(to.type_index);
        let value = value.number().ok_or((name, type_index, NOT_A_VALUE))?;
        let what = Measurement {
            start_us: frame.at.start_us,
            end_us: frame.at.end_us,
            value,
            zone_offset_min: frame.offset_min,
            source: frame.source,
            uid: id.map(|id| uid_of(&format!("{id}/{name}"))),
            flags: frame.flags.with(flags),
        };
        intake.add(to, what).map_err(|why| (name, type_index, why))
    };
    for field in fields {
        add(field.0, field, Flags::NONE)?;
    }
    if let Some(first) = fields.first() {
        let merged = Flags::AGGREGATED;
        add("avg", first, merged)?;
        add("min", first, merged.with(Flags::MINIMUM))?;
        add("max", first, merged.with(Flags::MAXIMUM))?;
    }
    if found {
        Ok(())
    } else {
        let field = fields.first().map_or("value", |(field, ..)| *field);
        Err((field, None, VALUE_MISSING))
    }
}

pub(super) fn category(
    record: &Json<'_>,
    (_, field, metric, codes): &Category,
    frame: Frame,
    id: Option<&str>,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), entry::Refused> {
    let to = intake
        .meaning_of(known(metric), "")
        .ok_or(("", None, NAMES_FULL))?;
    let type_index = Some(to.type_index);
    let told = record.get(field).number();
    let value = if codes.is_empty() {
        Some(0.0)
    } else {
        let is = |code: u8| told.is_some_and(|told| told.to_bits() == f64::from(code).to_bits());
        codes
            .iter()
            .find(|(code, _)| is(*code))
            .map(|(_, code)| f64::from(*code))
    };
    let value = value.ok_or((*field, type_index, NOT_A_VALUE))?;
    let what = Measurement {
        start_us: frame.at.start_us,
        end_us: frame.at.end_us,
        value,
        zone_offset_min: frame.offset_min,
        source: frame.source,
        uid: id.map(uid_of),
        flags: frame.flags,
    };
    intake
        .add(to, what)
        .map_err(|why| (entry::blamed(why), type_index, why))
}

/// A session: its stages, and the time in bed around them. A session without stages was slept.
fn sleep(record: &Json<'_>, place: Place<'_>, intake: &mut Intake<'_, '_, '_>) {
    let Some(end) = intake.moment(record.first_of(&["session_end_time", "end_time"])) else {
        return intake.reject(place, "session_end_time", None, TIME_INVALID);
    };
    let told = intake.moment(record.first_of(&["session_start_time", "start_time"]));
    let length = record.get("duration_seconds").number();
    let start_us = match (told, length) {
        (Some(start), _) => start.at_us,
        (None, Some(seconds)) if (0.0..1e9).contains(&seconds) => {
            #[expect(clippy::cast_possible_truncation, reason = "checked above")]
            let seconds = seconds as i64;
            end.at_us - seconds * SECOND_US
        }
        (None, _) => return intake.reject(place, "duration_seconds", None, TIME_INVALID),
    };
    let Some((source, flags)) = source(record, intake) else {
        return intake.reject(place, "metadata", None, NAMES_FULL);
    };
    let stages = record.get("stages").elements();
    let whole = if stages.is_empty() {
        SleepStage::Unspecified
    } else {
        SleepStage::InBed
    };
    let session = Interval {
        start_us,
        end_us: end.at_us,
    };
    if let Err(why) = add_stage(whole, session, source, flags, intake) {
        return intake.reject(place, "session_end_time", None, why);
    }
    for (index, part) in stages.iter().enumerate() {
        let reject = |intake: &mut Intake<'_, '_, '_>, field: &str, why| {
            intake.reject(place, &format!("stages/{index}/{field}"), None, why);
        };
        let start = intake.moment(part.get("start_time"));
        let end = intake.moment(part.get("end_time"));
        let (Some(start), Some(end)) = (start, end) else {
            reject(intake, "start_time", TIME_INVALID);
            continue;
        };
        let told = part.get("stage");
        let number = told.number().map(|number| number.to_string());
        let Some(stage) = told
            .text()
            .or(number.as_deref())
            .and_then(words::health_connect_stage)
        else {
            reject(intake, "stage", STAGE_UNKNOWN);
            continue;
        };
        let at = Interval {
            start_us: start.at_us,
            end_us: end.at_us,
        };
        if let Err(why) = add_stage(stage, at, source, flags, intake) {
            reject(intake, "start_time", why);
        }
    }
}

pub(super) const STAGE_UNKNOWN: Refusal =
    refusal(RejectCode::ValueInvalid, "the stage of sleep is not known");

fn add_stage(
    stage: SleepStage,
    at: Interval,
    source: SourceNo,
    flags: Flags,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), Refusal> {
    let to = intake
        .meaning_of(known("sleep_analysis"), "")
        .ok_or(NAMES_FULL)?;
    let what = Measurement {
        start_us: at.start_us,
        end_us: at.end_us,
        value: f64::from(stage.code()),
        zone_offset_min: None,
        source,
        uid: None,
        flags,
    };
    intake.add(to, what)
}

pub(super) fn exercise(
    record: &Json<'_>,
    frame: Frame,
    place: Place<'_>,
    intake: &mut Intake<'_, '_, '_>,
) {
    let told = record.first_of(&["type", "exercise_type"]);
    let number = told.number();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float beyond the range becomes its end, which is no activity"
    )]
    let by_number = number.and_then(|number| workout::by_health_connect(number as u32));
    let activity = match (by_number, told.text()) {
        (Some(activity), _) => activity.id.to_owned(),
        (None, Some(text)) => {
            let text = text.trim_start_matches("EXERCISE_TYPE_");
            workout::by_name(text).map_or_else(|| text.to_owned(), |found| found.id.to_owned())
        }
        (None, None) => "other".to_owned(),
    };
    let number = |name: &str| record.get(name).number().filter(|number| *number >= 0.0);
    let with = |metric: &'static str, mean: Option<f64>, sum: Option<f64>, max: Option<f64>| {
        let is_told = mean.or(sum).or(max).is_some();
        is_told.then(|| WorkoutStatistic {
            mean,
            sum,
            max,
            ..session::statistic(known(metric))
        })
    };
    let statistics = [
        with("step_count", None, number("steps"), None),
        with(
            "steps_cadence",
            number("avg_cadence_spm"),
            None,
            number("max_cadence_spm"),
        ),
        with(
            "running_stride_length",
            number("stride_length_m"),
            None,
            None,
        ),
    ];
    let title = record.get("title").text();
    let workout = Workout {
        activity,
        duration_min: number("duration_seconds").map(|seconds| seconds / 60.0),
        distance_m: number("distance_meters"),
        active_energy_kcal: number("active_calories").or(number("calories")),
        indoor: title.and_then(workout::indoor_in_name),
        statistics: statistics.into_iter().flatten().collect(),
        metadata: title
            .map(|title| ("title".to_owned(), title.to_owned()))
            .into_iter()
            .collect(),
        ..Workout::default()
    };
    let heading = Heading {
        at: frame.at,
        zone: None,
        source: frame.source,
        uid: record.get("uuid").text().map(uid_of),
    };
    session::send(heading, workout, None, place, intake);
}
