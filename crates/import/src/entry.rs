//! One measurement as simple clients write it: `{type, value, unit, recorded_at}` in any of its
//! spellings.
//!
//! Blood pressure comes as one entry with two values; a workout or an ECG as an entry becomes a record.

use model::category;
use model::metric::{self, Kind, Metric};
use model::record::{Body, Ecg, Record, Workout};
use model::sample::{Flags, Uid, uid_of};
use model::source::{Source, SourceClass, SourceNo};
use model::unit::Percent;
use model::zone::ZoneHistory;

use crate::batch::RejectCode;
use crate::check::Refusal;
use crate::clock;
use crate::json::Json;
use crate::live::{
    self, Intake, Interval, MALFORMED, Measurement, NAMES_FULL, NOT_A_VALUE, Place, TIME_INVALID,
    TYPE_MISSING, VALUE_MISSING, refusal,
};
use crate::session::{self, Heading};
use crate::words;

/// Characters of a note.
pub(crate) const NOTES_MAX: usize = 1_000;

pub(crate) const TYPE: [&str; 8] = [
    "data_type",
    "metric_type",
    "type",
    "dataType",
    "metricType",
    "metric",
    "identifier",
    "name",
];
pub(crate) const VALUE: [&str; 4] = ["value", "qty", "quantity", "amount"];
pub(crate) const START: [&str; 13] = [
    "recorded_at",
    "start_date",
    "startDate",
    "start_time",
    "startTime",
    "start",
    "timestamp",
    "time",
    "date",
    "recordedAt",
    "measured_at",
    "logged_at",
    "created_at",
];
const END: [&str; 5] = ["end_date", "endDate", "end_time", "endTime", "end"];
const ID: [&str; 4] = ["metric_id", "id", "uuid", "record_id"];

/// What the elements around an entry say for it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Shared<'s> {
    /// The type, where the entry itself names none.
    pub(crate) type_name: Option<&'s str>,
    /// The unit likewise.
    pub(crate) unit: Option<&'s str>,
    /// The source likewise.
    pub(crate) source: Option<&'s str>,
    /// The time likewise.
    pub(crate) start: Option<&'s Json<'s>>,
}

/// The parts of an entry that do not depend on its type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) at: Interval,
    pub(crate) offset_min: Option<i16>,
    pub(crate) source: SourceNo,
    pub(crate) flags: Flags,
    /// Whether only a date is known: a total then is of that whole day.
    pub(crate) is_date: bool,
}

impl Frame {
    /// The frame of a measurement of a metric: a total of a date is of the person's whole day, and the
    /// next total of that day replaces it.
    pub(crate) fn of(self, metric: Option<&Metric>, zones: &ZoneHistory) -> Self {
        let is_total = metric.is_some_and(|metric| metric.kind == Kind::Cumulative);
        let zone = zones.zone_at(self.at.start_us);
        let end_us = clock::end_of_day(self.at.start_us, zone);
        let (true, true, Some(end_us)) = (self.is_date, is_total, end_us) else {
            return self;
        };
        Self {
            at: Interval { end_us, ..self.at },
            flags: self.flags.with(Flags::AGGREGATED),
            ..self
        }
    }
}

/// Takes an entry in.
pub(crate) fn take(
    entry: &Json<'_>,
    shared: Shared<'_>,
    place: Place<'_>,
    intake: &mut Intake<'_, '_, '_>,
) {
    if entry.members().is_empty() {
        return intake.reject(place, "", None, MALFORMED);
    }
    let Some(name) = entry.first_of(&TYPE).text().or(shared.type_name) else {
        return intake.reject(place, "type", None, TYPE_MISSING);
    };
    let frame = match frame(entry, shared, intake) {
        Ok(frame) => frame,
        Err((field, why)) => return intake.reject(place, field, None, why),
    };
    let unit = entry
        .first_of(&["unit", "units"])
        .text()
        .or(shared.unit)
        .unwrap_or_default();
    let value = entry.first_of(&VALUE);
    let id = entry.first_of(&ID).text();
    let result = match name {
        "blood_pressure" | "BloodPressure" | "bloodPressure" => {
            blood_pressure(entry, value, unit, frame, id, intake)
        }
        "workout" | "exercise" if !value.is_null() && is_session(name, entry, value) => {
            workout(entry, value, unit, frame, id, place, intake)
        }
        "electrocardiogram" | "ecg" => ecg(entry, value, frame, id, intake),
        _ => sample(name, value, unit, frame, id.map(uid_of), intake),
    };
    if let Err((field, type_index, why)) = result {
        return intake.reject(place, field, type_index, why);
    }
    if let Err(why) = note(entry, name, frame, intake) {
        intake.reject(place, "notes", None, why);
    }
}

/// Where an entry stands in time and who made it; on error the member to blame.
pub(crate) fn frame(
    entry: &Json<'_>,
    shared: Shared<'_>,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<Frame, (&'static str, Refusal)> {
    let named = entry.named(&START);
    let start = named.map(|(_, json)| json).or(shared.start);
    let field = named.map_or("recorded_at", |(name, _)| name);
    let start = start
        .and_then(|json| intake.moment(json))
        .ok_or((field, TIME_INVALID))?;
    let end = match entry.named(&END) {
        None => start,
        Some((name, json)) => intake.moment(json).ok_or((name, TIME_INVALID))?,
    };
    let zone = entry
        .first_of(&["time_zone", "timezone", "timeZone"])
        .text();
    let offset = entry.first_of(&["zone_offset", "zoneOffset"]).text();
    let offset_min = zone
        .and_then(|zone| intake.seen_zone(start.at_us, zone))
        .or_else(|| clock::read_offset(offset?))
        .or(start.offset_min);
    let (source, flags) = source(entry, shared, intake).ok_or(("source", NAMES_FULL))?;
    Ok(Frame {
        at: Interval {
            start_us: start.at_us,
            end_us: end.at_us,
        },
        offset_min,
        source,
        flags,
        is_date: start.is_date && entry.named(&END).is_none(),
    })
}

/// The device's name says most, then the source, then the device's id.
fn source(
    entry: &Json<'_>,
    shared: Shared<'_>,
    intake: &mut Intake<'_, '_, '_>,
) -> Option<(SourceNo, Flags)> {
    let told = entry.first_of(&["source", "source_name", "sourceName", "upload_source"]);
    let inner = told.first_of(&["name", "device_name", "deviceName"]);
    let told = told.text().or(inner.text()).or(shared.source);
    if told.is_some_and(|told| told.eq_ignore_ascii_case("manual")) {
        let manual = Source {
            class: SourceClass::Manual,
            ..Source::named("Manual entry")
        };
        return Some((intake.source("", manual)?, Flags::MANUAL));
    }
    let device = entry.first_of(&["device_name", "deviceName", "device"]);
    let device = device.text().or(device.get("name").text());
    let name = device.or(told).or(entry.get("device_id").text());
    Some((intake.source_named(name.unwrap_or_default())?, Flags::NONE))
}

/// Why an entry is refused: the member to blame, the type when it got that far, the reason.
pub(crate) type Refused = (&'static str, Option<u32>, Refusal);

/// Adds one sample.
pub(crate) fn sample(
    name: &str,
    value: &Json<'_>,
    unit: &str,
    frame: Frame,
    uid: Option<Uid>,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), Refused> {
    // A number of hours of `sleep_analysis` is how long, not which stage.
    let is_length = metric::by_name(name).is_some_and(|metric| metric.id == "sleep_analysis")
        && session::known("sleep_duration").conversion(unit).is_ok();
    let name = if is_length { "sleep_duration" } else { name };
    let to = intake
        .meaning(name, unit)
        .ok_or(("type", None, NAMES_FULL))?;
    let type_index = Some(to.type_index);
    let value = read_value(value, to.metric).map_err(|why| ("value", type_index, why))?;
    let frame = frame.of(to.metric, intake.context().zones);
    let what = Measurement {
        start_us: frame.at.start_us,
        end_us: frame.at.end_us,
        value,
        zone_offset_min: frame.offset_min,
        source: frame.source,
        uid,
        flags: frame.flags,
    };
    intake
        .add(to, what)
        .map_err(|why| (blamed(why), type_index, why))
}

/// The member that a refused measurement must be corrected in.
pub(crate) fn blamed(why: Refusal) -> &'static str {
    if why.code == RejectCode::TimeInFuture {
        return "recorded_at";
    }
    live::blamed(why, ["recorded_at", "end", "unit", "value"])
}

fn read_value(value: &Json<'_>, metric: Option<&Metric>) -> Result<f64, Refusal> {
    let value = value.unwrapped(&VALUE);
    let category = metric.filter(|metric| metric.kind == Kind::Category);
    match (value, category, metric) {
        (Json::Null, Some(category), _) => {
            category::category_code_when_absent(category).ok_or(VALUE_MISSING)
        }
        (Json::Null, None, _) => Err(VALUE_MISSING),
        (Json::Number(code), Some(category), _) => {
            let is_code = category::is_category_code(category, *code);
            is_code.then_some(*code).ok_or(NOT_A_VALUE)
        }
        (Json::Text(text), Some(category), _) => {
            words::category_code(category, text).ok_or(NOT_A_VALUE)
        }
        (Json::Text(text), None, Some(metric)) if metric.id == "mood_score" => {
            mood(text).or_else(|| value.number()).ok_or(NOT_A_VALUE)
        }
        (value, _, _) => value.number().ok_or(NOT_A_VALUE),
    }
}

/// Moods by name, as the scale of `mood_score`.
pub(crate) fn mood(text: &str) -> Option<f64> {
    Some(match text.trim() {
        "very_low" => 1.0,
        "low" => 2.0,
        "neutral" => 3.0,
        "good" => 4.0,
        "excellent" => 5.0,
        _ => return None,
    })
}

/// `120/80`, `{systolic, diastolic}`, or the two beside each other in the entry.
fn blood_pressure(
    entry: &Json<'_>,
    value: &Json<'_>,
    unit: &str,
    frame: Frame,
    id: Option<&str>,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), Refused> {
    let of = |json: &Json<'_>| {
        let systolic = json
            .first_of(&["systolic", "blood_pressure_systolic"])
            .number();
        let diastolic = json
            .first_of(&["diastolic", "blood_pressure_diastolic"])
            .number();
        systolic.zip(diastolic)
    };
    let printed = value.text().and_then(|text| text.split_once('/'));
    let printed = printed.and_then(|(systolic, diastolic)| {
        let number = |text: &str| fast_float2::parse::<f64, _>(text.trim()).ok();
        number(systolic).zip(number(diastolic))
    });
    let pair = printed.or_else(|| of(value)).or_else(|| of(entry));
    let (systolic, diastolic) = pair.ok_or(("value", None, NOT_A_PRESSURE))?;
    pressure([systolic, diastolic], unit, frame, id, intake)
        .map_err(|(_, index, why)| (blamed(why), index, why))
}

const NOT_A_PRESSURE: Refusal = refusal(
    RejectCode::ValueInvalid,
    "a blood pressure is two numbers, systolic/diastolic",
);

/// Adds a systolic and a diastolic sample, or neither.
pub(crate) fn pressure(
    [systolic, diastolic]: [f64; 2],
    unit: &str,
    frame: Frame,
    id: Option<&str>,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), Refused> {
    if systolic <= diastolic {
        let why = refusal(
            RejectCode::ValueOutOfRange,
            "the systolic pressure is not above the diastolic one",
        );
        return Err(("systolic", None, why));
    }
    let parts = [
        ("systolic", "blood_pressure_systolic", systolic),
        ("diastolic", "blood_pressure_diastolic", diastolic),
    ];
    let mut ready = Vec::with_capacity(parts.len());
    for (part, metric, value) in parts {
        let to = intake
            .meaning_of(session::known(metric), unit)
            .ok_or((part, None, NAMES_FULL))?;
        intake
            .canonical(to, value)
            .map_err(|why| (part, Some(to.type_index), why))?;
        ready.push((part, to, value));
    }
    for (part, to, value) in ready {
        let what = Measurement {
            start_us: frame.at.start_us,
            end_us: frame.at.end_us,
            value,
            zone_offset_min: frame.offset_min,
            source: frame.source,
            uid: id.map(|id| uid_of(&format!("{id}/{part}"))),
            flags: frame.flags,
        };
        intake
            .add(to, what)
            .map_err(|why| (part, Some(to.type_index), why))?;
    }
    Ok(())
}

/// An entry of `exercise` is a session when it says which, and minutes of exercise otherwise.
fn is_session(name: &str, entry: &Json<'_>, value: &Json<'_>) -> bool {
    let says_which = !entry
        .first_of(&["activity", "activity_type", "intensity"])
        .is_null();
    name == "workout" || says_which || matches!(value, Json::Object(_))
}

/// A workout told as an entry: minutes, and perhaps which activity and how intense.
fn workout(
    entry: &Json<'_>,
    value: &Json<'_>,
    unit: &str,
    frame: Frame,
    id: Option<&str>,
    place: Place<'_>,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), Refused> {
    let length = session::known("apple_exercise_time");
    let told = [entry, value]
        .into_iter()
        .map(|json| json.first_of(&["duration_min", "duration_minutes"]))
        .find(|json| !json.is_null());
    let unit = if unit.is_empty() { "min" } else { unit };
    let duration = match told {
        Some(told) => session::quantity(told, length, "min"),
        None => session::quantity(value, length, unit),
    };
    let duration = duration.filter(|minutes| length.is_plausible(*minutes));
    let duration = duration.ok_or(("value", None, NOT_A_VALUE))?;
    let which = [entry, value]
        .into_iter()
        .find_map(|json| session::activity(json.first_of(&["activity", "activity_type"])));
    let intensity = entry.get("intensity").text();
    let workout = Workout {
        activity: which.unwrap_or_else(|| "other".to_owned()),
        duration_min: Some(duration),
        metadata: intensity
            .map(|text| ("intensity".to_owned(), text.to_owned()))
            .into_iter()
            .collect(),
        ..Workout::default()
    };
    let start_us = frame.at.start_us;
    let end_us = frame.at.end_us.max(session::after(start_us, duration));
    let heading = Heading {
        at: Interval { start_us, end_us },
        zone: None,
        source: frame.source,
        uid: id.map(uid_of),
    };
    session::send(heading, workout, None, place, intake);
    Ok(())
}

/// An ECG told as an entry: its classification, or its voltages in microvolts.
fn ecg(
    entry: &Json<'_>,
    value: &Json<'_>,
    frame: Frame,
    id: Option<&str>,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), Refused> {
    let samples = value.unwrapped(&["voltages", "samples"]);
    let voltage_uv: Vec<f64> = samples.elements().iter().filter_map(Json::number).collect();
    let classification = [
        value,
        entry.get("classification"),
        value.get("classification"),
    ]
    .into_iter()
    .find_map(Json::text);
    if classification.is_none() && voltage_uv.is_empty() {
        return Err(("value", None, NOT_A_VALUE));
    }
    let rate = entry.first_of(&["sampling_frequency", "sampling_hz", "sample_rate"]);
    let rate = [rate, value.get("sampling_frequency")]
        .into_iter()
        .find_map(Json::number);
    let Interval { start_us, end_us } = frame.at;
    let record = Record {
        start_us,
        end_us,
        zone: None,
        source: frame.source,
        uid: id.map(uid_of),
        identity: format!("{start_us}|{}", intake.source_key(frame.source)),
        body: Body::Ecg(Ecg {
            classification: classification.map(str::to_owned),
            sampling_hz: rate.unwrap_or_default(),
            voltage_uv,
            ..Ecg::default()
        }),
    };
    intake
        .add_record(record)
        .map_err(|why| ("recorded_at", None, why))
}

/// Keeps the note of an entry beside its sample.
pub(crate) fn note(
    entry: &Json<'_>,
    about: &str,
    frame: Frame,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), Refusal> {
    let Some(notes) = entry.get("notes").text() else {
        return Ok(());
    };
    if notes.chars().count() > NOTES_MAX {
        return Err(refusal(
            RejectCode::TextTooLong,
            "a note has 1000 characters at most",
        ));
    }
    let json = Json::Object(vec![
        ("about".into(), Json::Text(about.into())),
        ("notes".into(), Json::Text(notes.into())),
    ]);
    let record = intake.other("note", json.to_string(), frame.at, frame.source);
    intake.add_record(record)
}

/// What entries of this program's own forms mean by `%`: 97, not 0.97.
pub(crate) const PERCENT: Percent = Percent::Points;
