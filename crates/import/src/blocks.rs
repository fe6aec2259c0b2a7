//! Metrics with a block of fields: biometric, sleep, activity and mental-health data.
//!
//! Each field becomes a sample of its own and is checked by itself, so that one bad field never costs
//! the others. What a night's summary says is kept as summary measures over the night, marked as
//! merged by the app; its stages have no place in time and are never invented.

use std::collections::HashSet;

use model::metric::Metric;
use model::sample::{Flags, MINUTE_US, uid_of};
use model::unit::Percent;

use crate::batch::RejectCode;
use crate::check::{self, Refusal};
use crate::entry::{self, Frame, Shared};
use crate::json::Json;
use crate::live::{
    Intake, Interval, MALFORMED, Measurement, NAMES_FULL, NOT_A_VALUE, Place, TIME_INVALID,
    TYPE_MISSING, VALUE_MISSING, refusal,
};
use crate::session;

/// The ids of the metrics of one request.
pub(crate) type Ids = HashSet<String>;

/// How far a told sleep efficiency may be from total over time in bed before a person should look.
const EFFICIENCY_TOLERANCE_PERCENT: f64 = 5.0;

/// A field: its name, its metric, and the unit of a bare number.
type Field = (&'static str, &'static str, &'static str);

const BIOMETRIC: [Field; 8] = [
    ("heart_rate", "heart_rate", "/min"),
    (
        "blood_pressure_systolic",
        "blood_pressure_systolic",
        "mm[Hg]",
    ),
    (
        "blood_pressure_diastolic",
        "blood_pressure_diastolic",
        "mm[Hg]",
    ),
    ("oxygen_saturation", "oxygen_saturation", "%"),
    (
        "heart_rate_variability",
        "heart_rate_variability_sdnn",
        "ms",
    ),
    ("respiratory_rate", "respiratory_rate", "/min"),
    ("body_temperature", "body_temperature", "Cel"),
    ("blood_glucose", "blood_glucose", "mg/dL"),
];
const ACTIVITY: [Field; 8] = [
    ("steps", "step_count", "1"),
    ("distance", "distance_walking_running", "km"),
    ("active_energy", "active_energy_burned", "kcal"),
    ("exercise_minutes", "apple_exercise_time", "min"),
    ("flights_climbed", "flights_climbed", "1"),
    ("vo2_max", "vo2_max", "mL/(kg.min)"),
    ("active_minutes", "active_minutes", "min"),
    ("resting_heart_rate", "resting_heart_rate", "/min"),
];
const MENTAL: [Field; 7] = [
    ("mood_score", "mood_score", "{score}"),
    ("stress_level", "stress_level", "{score}"),
    ("anxiety_level", "anxiety_level", "{score}"),
    ("energy_level", "energy_level", "{score}"),
    ("focus_rating", "focus_rating", "{score}"),
    (
        "social_interaction_minutes",
        "social_interaction_minutes",
        "min",
    ),
    ("meditation_minutes", "meditation_minutes", "min"),
];
const SLEEP: [Field; 3] = [
    ("total_sleep_minutes", "sleep_duration", "min"),
    ("time_to_sleep_minutes", "sleep_latency", "min"),
    ("wake_count", "wake_count", "1"),
];
const STAGES: [Field; 5] = [
    ("awake", "sleep_awake_duration", "min"),
    ("light", "sleep_light_duration", "min"),
    ("core", "sleep_light_duration", "min"),
    ("deep", "sleep_deep_duration", "min"),
    ("rem", "sleep_rem_duration", "min"),
];

/// The blocks and the metric types that each fits.
const BLOCKS: [(&str, &[&str]); 4] = [
    (
        "biometric_data",
        &[
            "heart_rate",
            "heart_rate_variability",
            "blood_pressure",
            "blood_oxygen",
            "oxygen_saturation",
            "respiratory_rate",
            "body_temperature",
            "blood_glucose",
            "resting_heart_rate",
            "electrocardiogram",
        ],
    ),
    ("sleep_data", &["sleep_analysis", "sleep_hours", "sleep"]),
    (
        "activity_data",
        &[
            "activity_level",
            "steps",
            "step_count",
            "active_energy",
            "workout",
            "exercise",
            "distance",
            "calories",
            "vo2_max",
            "resting_heart_rate",
            "flights_climbed",
        ],
    ),
    (
        "mental_health_data",
        &["stress_indicators", "mood_assessment", "cognitive_metrics"],
    ),
];

/// One metric of the request while it is read.
struct Reading<'j, 'p> {
    metric: &'j Json<'j>,
    id: Option<&'j str>,
    place: Place<'p>,
}

impl Reading<'_, '_> {
    fn reject(
        &self,
        intake: &mut Intake<'_, '_, '_>,
        field: &str,
        index: Option<u32>,
        why: Refusal,
    ) {
        intake.reject(self.place, field, index, why);
    }
}

/// Takes a metric in.
pub(crate) fn take(
    metric: &Json<'_>,
    shared: Shared<'_>,
    seen: &mut Ids,
    place: Place<'_>,
    intake: &mut Intake<'_, '_, '_>,
) {
    if metric.members().is_empty() {
        return intake.reject(place, "", None, MALFORMED);
    }
    let id = metric.first_of(&["metric_id", "id"]).text();
    if id.is_some_and(|id| !seen.insert(id.to_owned())) {
        let why = refusal(
            RejectCode::IdRepeated,
            "another metric of this request has this id",
        );
        return intake.reject(place, "metric_id", None, why);
    }
    let Some(name) = metric.first_of(&entry::TYPE).text() else {
        return intake.reject(place, "metric_type", None, TYPE_MISSING);
    };
    let present = BLOCKS
        .iter()
        .filter(|(block, _)| !metric.get(block).is_null());
    let present: Vec<_> = present.collect();
    if present.is_empty() {
        return without_block(metric, name, shared, place, intake);
    }
    let reading = Reading { metric, id, place };
    for (block, types) in present {
        if !types.contains(&name) {
            let why = refusal(
                RejectCode::BlockMismatch,
                "this block does not fit the metric type",
            );
            reading.reject(intake, block, None, why);
            continue;
        }
        let fields = metric.get(block);
        if fields.members().is_empty() {
            reading.reject(intake, block, None, MALFORMED);
            continue;
        }
        if *block == "sleep_data" {
            sleep(&reading, fields, shared, intake);
            continue;
        }
        match entry::frame(metric, shared, intake) {
            Ok(frame) => fields_of(&reading, block, fields, frame, intake),
            Err((field, why)) => reading.reject(intake, field, None, why),
        }
    }
}

/// A metric without a block is a plain measurement, or raw data that is kept as it came.
fn without_block(
    metric: &Json<'_>,
    name: &str,
    shared: Shared<'_>,
    place: Place<'_>,
    intake: &mut Intake<'_, '_, '_>,
) {
    let raw = metric.get("raw_data");
    if !metric.first_of(&entry::VALUE).is_null() || !metric.get("systolic").is_null() {
        return entry::take(metric, shared, place, intake);
    }
    if raw.is_null() {
        return intake.reject(place, "", None, VALUE_MISSING);
    }
    let frame = match entry::frame(metric, shared, intake) {
        Ok(frame) => frame,
        Err((field, why)) => return intake.reject(place, field, None, why),
    };
    let record = intake.other(name, raw.to_string(), frame.at, frame.source);
    if let Err(why) = intake.add_record(record) {
        intake.reject(place, "recorded_at", None, why);
    }
}

fn fields_of(
    reading: &Reading<'_, '_>,
    block: &str,
    fields: &Json<'_>,
    frame: Frame,
    intake: &mut Intake<'_, '_, '_>,
) {
    let (table, flags): (&[Field], _) = match block {
        "biometric_data" => (&BIOMETRIC, Flags::NONE),
        // Totals that an app made: the next one for the same time replaces this one.
        "activity_data" => (&ACTIVITY, Flags::AGGREGATED),
        _ => (&MENTAL, Flags::NONE),
    };
    let frame = Frame {
        flags: frame.flags.with(flags),
        ..frame
    };
    let mut found = false;
    let pressure = block == "biometric_data" && pressure(reading, fields, frame, intake);
    for field in table {
        let value = fields.get(field.0);
        if value.is_null() || (pressure && field.0.starts_with("blood_pressure")) {
            continue;
        }
        found = true;
        take_field(reading, block, *field, fields, frame, intake);
    }
    let has_notes = fields.get("notes").text().is_some();
    if has_notes && let Err(why) = entry::note(fields, block, frame, intake) {
        reading.reject(intake, &format!("{block}/notes"), None, why);
    }
    if !found && !pressure && !has_notes {
        reading.reject(intake, block, None, VALUE_MISSING);
    }
}

/// Both pressures together, when both are there; the pair is taken or refused as one.
fn pressure(
    reading: &Reading<'_, '_>,
    fields: &Json<'_>,
    frame: Frame,
    intake: &mut Intake<'_, '_, '_>,
) -> bool {
    let of = |name: &str| fields.get(name).number();
    let both = of("blood_pressure_systolic").zip(of("blood_pressure_diastolic"));
    let Some((systolic, diastolic)) = both else {
        return false;
    };
    let unit = unit_of(fields, "blood_pressure", "mm[Hg]");
    if let Err((part, index, why)) =
        entry::pressure([systolic, diastolic], unit, frame, reading.id, intake)
    {
        let field = format!("biometric_data/blood_pressure_{part}");
        reading.reject(intake, &field, index, why);
    }
    true
}

/// The unit of a field: `<field>_unit`, `units.<field>`, or the one of a bare number.
fn unit_of<'j>(fields: &'j Json<'_>, field: &str, usual: &'static str) -> &'j str {
    let beside = fields.get(&format!("{field}_unit")).text();
    let listed = fields.get("units").get(field).text();
    beside.or(listed).unwrap_or(usual)
}

fn take_field(
    reading: &Reading<'_, '_>,
    block: &str,
    (name, metric, unit): Field,
    fields: &Json<'_>,
    frame: Frame,
    intake: &mut Intake<'_, '_, '_>,
) {
    let value = fields.get(name).unwrapped(&["value"]);
    let unit = match fields.get(name).get("unit").text() {
        Some(told) => told,
        None => unit_of(fields, name, unit),
    };
    let named = value
        .text()
        .filter(|_| metric == "mood_score")
        .and_then(entry::mood);
    let number = named.or_else(|| value.number());
    let field = format!("{block}/{name}");
    let Some(value) = number else {
        return reading.reject(intake, &field, None, NOT_A_VALUE);
    };
    if let Err((index, why)) = add(
        reading,
        name,
        session::known(metric),
        value,
        unit,
        frame,
        intake,
    ) {
        reading.reject(intake, &field, index, why);
    }
}

fn add(
    reading: &Reading<'_, '_>,
    name: &str,
    metric: &'static Metric,
    value: f64,
    unit: &str,
    frame: Frame,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), (Option<u32>, Refusal)> {
    let to = intake.meaning_of(metric, unit).ok_or((None, NAMES_FULL))?;
    let frame = frame.of(Some(metric), intake.context().zones);
    let what = Measurement {
        start_us: frame.at.start_us,
        end_us: frame.at.end_us,
        value,
        zone_offset_min: frame.offset_min,
        source: frame.source,
        uid: reading.id.map(|id| uid_of(&format!("{id}/{name}"))),
        flags: frame.flags,
    };
    intake
        .add(to, what)
        .map_err(|why| (Some(to.type_index), why))
}

/// What a night's summary says, checked against itself.
struct Night {
    in_bed_min: Option<f64>,
    total_min: Option<f64>,
    efficiency_percent: Option<f64>,
}

impl Night {
    /// Whether the told efficiency is what total and time in bed make it.
    fn is_consistent(&self) -> bool {
        let (Some(in_bed), Some(total), Some(told)) =
            (self.in_bed_min, self.total_min, self.efficiency_percent)
        else {
            return true;
        };
        (told - 100.0 * total / in_bed).abs() <= EFFICIENCY_TOLERANCE_PERCENT
    }
}

fn sleep(
    reading: &Reading<'_, '_>,
    fields: &Json<'_>,
    shared: Shared<'_>,
    intake: &mut Intake<'_, '_, '_>,
) {
    let start = fields.first_of(&["sleep_start", "start", "bedtime"]);
    let end = fields.first_of(&["sleep_end", "end", "wake_time"]);
    let recorded = Shared {
        start: (!start.is_null()).then_some(start),
        ..shared
    };
    let mut frame = match entry::frame(reading.metric, recorded, intake) {
        Ok(frame) => frame,
        Err((field, why)) => return reading.reject(intake, field, None, why),
    };
    frame.flags = frame.flags.with(Flags::AGGREGATED);
    let interval = match night_interval(start, end, intake) {
        Ok(interval) => interval,
        Err((field, why)) => {
            reading.reject(intake, field, None, why);
            None
        }
    };
    if let Some((interval, offset_min)) = interval {
        frame.at = interval;
        frame.offset_min = offset_min.or(frame.offset_min);
    }
    let night = read_night(reading, fields, interval.map(|(at, _)| at), intake);
    if !night.is_consistent() {
        frame.flags = frame.flags.with(Flags::REVIEW);
        intake.ask_for_review();
    }
    let before = intake.taken();
    send_night(reading, fields, &night, frame, intake);
    if intake.taken() == before {
        reading.reject(intake, "sleep_data", None, VALUE_MISSING);
    }
}

type Told = Option<(Interval, Option<i16>)>;

fn night_interval(
    start: &Json<'_>,
    end: &Json<'_>,
    intake: &Intake<'_, '_, '_>,
) -> Result<Told, (&'static str, Refusal)> {
    if start.is_null() && end.is_null() {
        return Ok(None);
    }
    let start = intake
        .moment(start)
        .ok_or(("sleep_data/sleep_start", TIME_INVALID))?;
    let end = intake
        .moment(end)
        .ok_or(("sleep_data/sleep_end", TIME_INVALID))?;
    if end.at_us <= start.at_us {
        let why = refusal(
            RejectCode::IntervalNegative,
            "the sleep ends before it starts",
        );
        return Err(("sleep_data/sleep_end", why));
    }
    check::interval(start.at_us, end.at_us, intake.context().now_us)
        .map_err(|why| ("sleep_data/sleep_start", why))?;
    let at = Interval {
        start_us: start.at_us,
        end_us: end.at_us,
    };
    Ok(Some((at, start.offset_min)))
}

fn read_night(
    reading: &Reading<'_, '_>,
    fields: &Json<'_>,
    at: Option<Interval>,
    intake: &mut Intake<'_, '_, '_>,
) -> Night {
    let minutes = |us: i64| us as f64 / MINUTE_US as f64;
    let in_bed_min = at.map(|at| minutes(at.end_us - at.start_us));
    let total = fields.get("total_sleep_minutes");
    let unit = unit_of(fields, "total_sleep_minutes", "min");
    let mut total_min = session::quantity(total, session::known("sleep_duration"), unit);
    if let (Some(total), Some(in_bed)) = (total_min, in_bed_min)
        && total > in_bed
    {
        let why = refusal(
            RejectCode::ValueOutOfRange,
            "the time asleep is longer than the time in bed",
        );
        reading.reject(intake, "sleep_data/total_sleep_minutes", None, why);
        total_min = None;
    }
    Night {
        in_bed_min,
        total_min,
        efficiency_percent: efficiency(reading, fields, intake),
    }
}

/// 0 to 1, or 0 to 100 when the unit says `%`.
fn efficiency(
    reading: &Reading<'_, '_>,
    fields: &Json<'_>,
    intake: &mut Intake<'_, '_, '_>,
) -> Option<f64> {
    let told = fields.get("sleep_efficiency");
    if told.is_null() {
        return None;
    }
    let metric = session::known("sleep_efficiency");
    let unit = unit_of(fields, "sleep_efficiency", "ratio");
    let conversion = metric.conversion_with(unit, Percent::Points);
    let field = "sleep_data/sleep_efficiency";
    let value = match (told.number(), conversion) {
        (_, Err(_)) => Err(crate::live::UNIT_UNKNOWN),
        (None, Ok(_)) => Err(NOT_A_VALUE),
        (Some(value), Ok(conversion)) => Ok(conversion.apply(value)),
    };
    match value.and_then(|value| check::value(metric, value).map(|()| value)) {
        Ok(value) => Some(value),
        Err(why) => {
            reading.reject(intake, field, None, why);
            None
        }
    }
}

fn send_night(
    reading: &Reading<'_, '_>,
    fields: &Json<'_>,
    night: &Night,
    frame: Frame,
    intake: &mut Intake<'_, '_, '_>,
) {
    let block = "sleep_data";
    for field in SLEEP {
        let is_refused_total = field.0 == "total_sleep_minutes"
            && night.total_min.is_none()
            && fields.get(field.0).number().is_some();
        if !fields.get(field.0).is_null() && !is_refused_total {
            take_field(reading, block, field, fields, frame, intake);
        }
    }
    let stages = fields.get("sleep_stages");
    for field in STAGES {
        if !stages.get(field.0).is_null() {
            take_field(
                reading,
                "sleep_data/sleep_stages",
                field,
                stages,
                frame,
                intake,
            );
        }
    }
    let known = |name: &str| name == "units" || STAGES.iter().any(|(stage, ..)| *stage == name);
    for (name, _) in stages.members().iter().filter(|(name, _)| !known(name)) {
        let field = format!("sleep_data/sleep_stages/{name}");
        reading.reject(intake, &field, None, NOT_A_VALUE);
    }
    let percent = night
        .efficiency_percent
        .map(|percent| ("sleep_efficiency", percent, "%"));
    let in_bed = night.in_bed_min.map(|_| ("sleep_analysis", 0.0, ""));
    for (metric, value, unit) in [percent, in_bed].into_iter().flatten() {
        let added = add(
            reading,
            metric,
            session::known(metric),
            value,
            unit,
            frame,
            intake,
        );
        if let Err((index, why)) = added {
            reading.reject(intake, "sleep_data/sleep_start", index, why);
        }
    }
}
