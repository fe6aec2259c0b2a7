//! What the mobile SDK of Open Wearables syncs: `{provider, sdkVersion, syncTimestamp, data: {records,
//! sleep, workouts}}`.
//!
//! The provider's ids make an object the same when it is synced again. Heart rate variability is
//! SDNN from Apple and RMSSD from everybody else; the two are never one series.

use std::collections::HashSet;

use model::category;
use model::metric::{self, Kind, Metric};
use model::record::{Workout, WorkoutStatistic};
use model::sample::{Flags, uid_of};
use model::source::{Source, SourceClass, SourceNo, class_of_name};
use model::unit::{Percent, Unit};
use model::workout;
use model::zone::Zone;

use crate::batch::RejectCode;
use crate::check::Refusal;
use crate::clock;
use crate::entry;
use crate::form::{self, Document, Form};
use crate::json::{Fields, Json, ReadError};
use crate::live::{
    self, ELEMENTS_MAX, Intake, Interval, Measurement, NAMES_FULL, NOT_A_VALUE, Place,
    TIME_INVALID, TYPE_MISSING, VALUE_MISSING, metadata, refusal,
};
use crate::session::{self, Heading, known};

const EXPECTED: &str = "an object with provider and data, which has records, sleep or workouts";

/// The form.
pub const FORM: Form = Form {
    name: "open_wearables",
    about: "What the mobile SDK of Open Wearables syncs",
    source: SOURCE,
    expected: EXPECTED,
    percent: Percent::Points,
    is_meant,
    read,
};

/// The name of the source where neither a record nor the provider names one.
const SOURCE: &str = "Open Wearables";

/// Whether a body has the members of this form.
fn is_meant(document: &Document<'_>) -> bool {
    document.has("provider") && document.has("data")
}

/// What is the same for the whole body.
struct Sync {
    is_apple: bool,
    provider: String,
    /// Sleep sessions whose score was taken already.
    scored: HashSet<String>,
}

fn read(document: &Document<'_>, intake: &mut Intake<'_, '_, '_>) -> Result<(), ReadError> {
    let fields = document.fields().ok_or(FORM.refusal())?;
    let data = fields.get("data").ok_or(FORM.refusal())?;
    let data = Fields::of(data, EXPECTED)?;
    let provider = fields.json(&["provider"]).unwrap_or_default();
    let provider = provider.text().unwrap_or(SOURCE).to_owned();
    let mut sync = Sync {
        is_apple: provider.eq_ignore_ascii_case("apple"),
        provider,
        scored: HashSet::new(),
    };
    // HealthKit's values are passed on as they are; Health Connect and Samsung count percents.
    if sync.is_apple {
        intake.percent_is(Percent::Fraction);
    }
    for (name, take) in [
        (
            "records",
            record as fn(&Json<'_>, &mut Sync, Place<'_>, &mut Intake<'_, '_, '_>),
        ),
        ("sleep", sleep),
        ("workouts", session_of),
    ] {
        let Some(array) = data.get(name) else {
            continue;
        };
        let pointer = format!("/data/{name}");
        form::objects(
            array,
            &pointer,
            ELEMENTS_MAX,
            intake,
            &mut |element, place, intake| {
                take(element, &mut sync, place, intake);
            },
        )?;
    }
    Ok(())
}

/// The part that records, stages and workouts share.
#[derive(Clone, Copy)]
struct Frame {
    at: Interval,
    offset_min: Option<i16>,
    source: SourceNo,
    flags: Flags,
}

fn frame(
    element: &Json<'_>,
    sync: &Sync,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<Frame, (&'static str, Refusal)> {
    let start = intake
        .moment(element.get("startDate"))
        .ok_or(("startDate", TIME_INVALID))?;
    let end = element.get("endDate");
    let end = if end.is_null() {
        Some(start)
    } else {
        intake.moment(end)
    };
    let end = end.ok_or(("endDate", TIME_INVALID))?;
    let told = element.get("metadata");
    let named = told.get("HKTimeZone").text();
    let offset_min = named
        .and_then(|zone| intake.seen_zone(start.at_us, zone))
        .or_else(|| clock::read_offset(element.get("zoneOffset").text()?))
        .or(start.offset_min);
    let source = element.get("source");
    let is_manual = source.get("recordingMethod").text() == Some("manual")
        || told.get("HKWasUserEntered").truth() == Some(true);
    Ok(Frame {
        at: Interval {
            start_us: start.at_us,
            end_us: end.at_us,
        },
        offset_min,
        source: source_of(source, sync, intake).ok_or(("source", NAMES_FULL))?,
        flags: if is_manual {
            Flags::MANUAL
        } else {
            Flags::NONE
        },
    })
}

fn source_of(source: &Json<'_>, sync: &Sync, intake: &mut Intake<'_, '_, '_>) -> Option<SourceNo> {
    let names = ["deviceName", "deviceModel", "appId"];
    let named = names.iter().find_map(|name| source.get(name).text());
    let name = named.unwrap_or(&sync.provider);
    // A device without a model is known by its id: a phone and a watch under one app are two.
    let part = |name: &'static str| source.get(name).text();
    let kind = part("deviceType");
    let device = match part("deviceModel") {
        Some(model) => [Some(model), None],
        None => [part("deviceId"), kind],
    };
    let made_by = [part("deviceManufacturer"), device[0], device[1]];
    let made_by: Vec<&str> = made_by.into_iter().flatten().collect();
    let made_by = made_by.join(" ");
    if let Some(no) = intake.known_source(name, &made_by) {
        return Some(no);
    }
    let class = match kind {
        Some("watch" | "band" | "ring" | "fitness_band") => SourceClass::Watch,
        Some("phone" | "tablet") => SourceClass::Phone,
        Some(_) | None => class_of_name(name),
    };
    let described = Source {
        class,
        device: (!made_by.is_empty()).then(|| made_by.clone()),
        app_id: part("appId").map(str::to_owned),
        ..Source::named(name)
    };
    intake.source(&made_by, described)
}

/// The metric of a type. Health Connect's `HEART_RATE_VARIABILITY` is RMSSD.
fn metric_of(name: &str, is_apple: bool) -> Option<&'static Metric> {
    let metric = metric::by_name(name)?;
    let is_rmssd =
        !is_apple && metric.id == "heart_rate_variability_sdnn" && !name.starts_with("HK");
    Some(if is_rmssd {
        known("heart_rate_variability_rmssd")
    } else {
        metric
    })
}

fn record(element: &Json<'_>, sync: &mut Sync, place: Place<'_>, intake: &mut Intake<'_, '_, '_>) {
    if let Err((field, type_index, why)) = take_record(element, sync, intake) {
        intake.reject(place, field, type_index, why);
    }
}

fn take_record(
    element: &Json<'_>,
    sync: &Sync,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), entry::Refused> {
    let name = element
        .get("type")
        .text()
        .ok_or(("type", None, TYPE_MISSING))?;
    let unit = element.get("unit").text().unwrap_or_default();
    let metric = metric_of(name, sync.is_apple);
    let to = match metric {
        Some(metric) => intake.meaning_of(metric, &unit_for(metric, unit)),
        None => intake.meaning(name, unit),
    };
    let to = to.ok_or(("type", None, NAMES_FULL))?;
    let type_index = Some(to.type_index);
    let frame = frame(element, sync, intake).map_err(|(field, why)| (field, type_index, why))?;
    let value = element.get("value");
    let value = match metric.filter(|metric| metric.kind == Kind::Category) {
        Some(metric) => code(metric, value),
        None if value.is_null() => Err(VALUE_MISSING),
        None => value.number().ok_or(NOT_A_VALUE),
    };
    let what = Measurement {
        start_us: frame.at.start_us,
        end_us: frame.at.end_us,
        value: value.map_err(|why| ("value", type_index, why))?,
        zone_offset_min: frame.offset_min,
        source: frame.source,
        uid: element.get("id").text().map(uid_of),
        flags: frame.flags,
    };
    intake.add(to, what).map_err(|why| {
        let field = live::blamed(why, ["startDate", "endDate", "unit", "value"]);
        (field, type_index, why)
    })
}

/// A basal metabolic rate in plain energy is the energy of a day.
fn unit_for(metric: &Metric, unit: &str) -> String {
    let is_energy = metric.unit == Unit::KilocaloriePerDay
        && known("basal_energy_burned").conversion(unit).is_ok();
    if is_energy {
        format!("{unit}/d")
    } else {
        unit.to_owned()
    }
}

fn code(metric: &Metric, value: &Json<'_>) -> Result<f64, Refusal> {
    if value.is_null() {
        return category::category_code_when_absent(metric).ok_or(VALUE_MISSING);
    }
    let named = value
        .text()
        .and_then(|text| category::category_code(metric, text));
    let code = named.or_else(|| value.number()).ok_or(NOT_A_VALUE)?;
    category::is_category_code(metric, code)
        .then_some(code)
        .ok_or(NOT_A_VALUE)
}

/// One stage of a night.
fn sleep(element: &Json<'_>, sync: &mut Sync, place: Place<'_>, intake: &mut Intake<'_, '_, '_>) {
    let metric = known("sleep_analysis");
    let stage = element.get("stage").text().or(element.get("value").text());
    let Some(code) = stage.and_then(|stage| category::category_code(metric, stage)) else {
        let why = refusal(RejectCode::ValueInvalid, "the stage of sleep is not known");
        return intake.reject(place, "stage", None, why);
    };
    let frame = match frame(element, sync, intake) {
        Ok(frame) => frame,
        Err((field, why)) => return intake.reject(place, field, None, why),
    };
    let id = element.get("id").text();
    let Some(to) = intake.meaning_of(metric, "") else {
        return intake.reject(place, "stage", None, NAMES_FULL);
    };
    let what = Measurement {
        start_us: frame.at.start_us,
        end_us: frame.at.end_us,
        value: code,
        zone_offset_min: frame.offset_min,
        source: frame.source,
        uid: id.map(uid_of),
        flags: frame.flags,
    };
    if let Err(why) = intake.add(to, what) {
        return intake.reject(place, "endDate", Some(to.type_index), why);
    }
    for (index, value) in element.get("values").elements().iter().enumerate() {
        if value.get("type").text() != Some("sleepScore") {
            continue;
        }
        // Every stage of a night repeats the score of the night.
        let night = element
            .get("parentId")
            .text()
            .or(id)
            .unwrap_or_default()
            .to_owned();
        if !sync.scored.insert(night.clone()) {
            continue;
        }
        if let Err(why) = score(value, &night, frame, intake) {
            intake.reject(place, &format!("values/{index}/value"), None, why);
        }
    }
}

fn score(
    value: &Json<'_>,
    night: &str,
    frame: Frame,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), Refusal> {
    let to = intake
        .meaning_of(known("sleep_score"), "")
        .ok_or(NAMES_FULL)?;
    let what = Measurement {
        start_us: frame.at.start_us,
        end_us: frame.at.start_us,
        value: value.get("value").number().ok_or(NOT_A_VALUE)?,
        zone_offset_min: frame.offset_min,
        source: frame.source,
        uid: (!night.is_empty()).then(|| uid_of(&format!("{night}/sleepScore"))),
        flags: frame.flags,
    };
    intake.add(to, what)
}

/// Which number of a metric a workout's value is.
#[derive(Clone, Copy)]
enum Slot {
    Sum,
    Mean,
    Least,
    Most,
}

/// The values of a workout by their name in the SDK: metric, number, and unit where none is sent.
const VALUES: [(&str, &str, Slot, &str); 29] = [
    ("stepCount", "step_count", Slot::Sum, "1"),
    ("totalSteps", "step_count", Slot::Sum, "1"),
    (
        "swimmingStrokeCount",
        "swimming_stroke_count",
        Slot::Sum,
        "1",
    ),
    (
        "basalEnergyBurned",
        "basal_energy_burned",
        Slot::Sum,
        "kcal",
    ),
    ("totalCalories", "total_energy_burned", Slot::Sum, "kcal"),
    ("minHeartRate", "heart_rate", Slot::Least, "bpm"),
    ("averageHeartRate", "heart_rate", Slot::Mean, "bpm"),
    ("meanHeartRate", "heart_rate", Slot::Mean, "bpm"),
    ("maxHeartRate", "heart_rate", Slot::Most, "bpm"),
    ("averageSpeed", "speed", Slot::Mean, "m/s"),
    ("meanSpeed", "speed", Slot::Mean, "m/s"),
    ("maxSpeed", "speed", Slot::Most, "m/s"),
    ("averageRunningSpeed", "running_speed", Slot::Mean, "m/s"),
    ("averageRunningPower", "running_power", Slot::Mean, "W"),
    (
        "averageRunningStrideLength",
        "running_stride_length",
        Slot::Mean,
        "m",
    ),
    (
        "averageVerticalOscillation",
        "running_vertical_oscillation",
        Slot::Mean,
        "cm",
    ),
    (
        "averageGroundContactTime",
        "running_ground_contact_time",
        Slot::Mean,
        "ms",
    ),
    ("meanCadence", "steps_cadence", Slot::Mean, "spm"),
    ("maxCadence", "steps_cadence", Slot::Most, "spm"),
    ("meanPower", "power", Slot::Mean, "W"),
    ("maxPower", "power", Slot::Most, "W"),
    ("elevationAscended", "elevation_gained", Slot::Sum, "m"),
    ("altitudeGain", "elevation_gained", Slot::Sum, "m"),
    ("averageMETs", "physical_effort", Slot::Mean, "MET"),
    ("vo2Max", "vo2_max", Slot::Mean, "mL/kg/min"),
    (
        "weatherTemperature",
        "ambient_temperature",
        Slot::Mean,
        "degC",
    ),
    ("weatherHumidity", "relative_humidity", Slot::Mean, "%"),
    ("meanRpm", "cycling_cadence", Slot::Mean, "rpm"),
    ("maxRpm", "cycling_cadence", Slot::Most, "rpm"),
];

fn session_of(
    element: &Json<'_>,
    sync: &mut Sync,
    place: Place<'_>,
    intake: &mut Intake<'_, '_, '_>,
) {
    let frame = match frame(element, sync, intake) {
        Ok(frame) => frame,
        Err((field, why)) => return intake.reject(place, field, None, why),
    };
    let Some(activity) = session::activity(element.get("type")) else {
        return intake.reject(place, "type", None, TYPE_MISSING);
    };
    let printed = element.get("type").text().unwrap_or_default();
    let mut workout = Workout {
        activity,
        indoor: workout::indoor_in_name(printed),
        metadata: metadata(element.get("metadata")),
        ..Workout::default()
    };
    for (index, value) in element.get("values").elements().iter().enumerate() {
        if let Err(why) = take_value(value, &mut workout) {
            intake.reject(place, &format!("values/{index}"), None, why);
        }
    }
    for name in ["title", "notes"] {
        if let Some(text) = element.get(name).text() {
            workout
                .metadata
                .push((name.to_owned(), text.chars().take(1_000).collect()));
        }
    }
    let zone = element.get("zoneOffset").text();
    let zone = zone
        .and_then(|zone| Zone::parse(zone).ok())
        .map(|zone| zone.name().to_owned());
    let heading = Heading {
        at: frame.at,
        zone,
        source: frame.source,
        uid: element.get("id").text().map(uid_of),
    };
    let route = session::route(element.get("route"), intake);
    session::send(heading, workout, route, place, intake);
    for (index, sample) in element.get("samples").elements().iter().enumerate() {
        if let Err(why) = take_point(sample, frame, intake) {
            intake.reject(place, &format!("samples/{index}"), None, why);
        }
    }
}

fn take_value(value: &Json<'_>, workout: &mut Workout) -> Result<(), Refusal> {
    let name = value.get("type").text().ok_or(TYPE_MISSING)?;
    let quantity = |metric: &'static str, usual: &str| {
        let unit = value.get("unit").text().unwrap_or(usual);
        let quantity = session::quantity(value.get("value"), known(metric), unit);
        quantity.ok_or(NOT_A_VALUE)
    };
    match name {
        "duration" => workout.duration_min = Some(quantity("apple_exercise_time", "s")?),
        "activeEnergyBurned" | "calories" | "totalEnergyBurned" => {
            workout.active_energy_kcal = Some(quantity("active_energy_burned", "kcal")?);
        }
        "distance" | "totalDistance" => {
            workout.distance_m = Some(quantity("distance_walking_running", "m")?);
        }
        "indoorWorkout" => workout.indoor = value.get("value").truth(),
        _ => {
            let Some((_, metric, slot, unit)) = VALUES.iter().find(|(known, ..)| *known == name)
            else {
                let told = (name.to_owned(), value.to_string());
                workout.metadata.push(told);
                return Ok(());
            };
            let number = quantity(metric, unit)?;
            let statistic = statistic_of(&mut workout.statistics, metric);
            match slot {
                Slot::Sum => statistic.sum = Some(number),
                Slot::Mean => statistic.mean = Some(number),
                Slot::Least => statistic.min = Some(number),
                Slot::Most => statistic.max = Some(number),
            }
        }
    }
    Ok(())
}

fn statistic_of<'w>(
    statistics: &'w mut Vec<WorkoutStatistic>,
    metric: &'static str,
) -> &'w mut WorkoutStatistic {
    let at = statistics
        .iter()
        .position(|statistic| statistic.metric == metric);
    let at = at.unwrap_or_else(|| {
        statistics.push(session::statistic(known(metric)));
        statistics.len() - 1
    });
    statistics.get_mut(at).expect("found or pushed above")
}

/// A moment of a workout: heart rate, cadence, speed or power.
fn take_point(
    sample: &Json<'_>,
    frame: Frame,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), Refusal> {
    let name = sample.get("type").text().ok_or(TYPE_MISSING)?;
    let at = intake
        .moment(sample.first_of(&["timestamp", "time"]))
        .ok_or(TIME_INVALID)?;
    let unit = sample.get("unit").text().unwrap_or_default();
    let to = intake.meaning(name, unit).ok_or(NAMES_FULL)?;
    let what = Measurement {
        start_us: at.at_us,
        end_us: at.at_us,
        value: sample.get("value").number().ok_or(NOT_A_VALUE)?,
        zone_offset_min: frame.offset_min,
        source: frame.source,
        uid: None,
        flags: frame.flags,
    };
    intake.add(to, what)
}
