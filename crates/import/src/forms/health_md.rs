//! What the app Health.md posts from an iPhone: `{schema: "healthmd.api_export", exported_at, records[…]}`, one
//! record for each day, with HealthKit's own objects in its archive.
//!
//! Where a day has its archive, samples come from there under HealthKit's ids, and the summary only says what the
//! phone shows of the whole day; never both. A day without one has a few samples without ids. Nothing is made up
//! of a value that the app carried over from an earlier day.

use std::borrow::Cow;

use model::category;
use model::metric::{self, MetricNo};
use model::sample::Flags;
use model::source::SourceNo;
use model::unit::Percent;
use model::zone::Zone;

use crate::batch::{RejectCode, Window};
use crate::check::Refusal;
use crate::clock;
use crate::form::{self, Document, Form};
use crate::forms::healthkit;
use crate::json::{self, Fields, Json, ReadError};
use crate::live::{
    ELEMENTS_MAX, Intake, Interval, MALFORMED, Measurement, NAMES_FULL, NOT_A_VALUE, Place,
    TIME_INVALID, refusal,
};
use crate::session::{self, known};

const EXPECTED: &str = "an object with schema healthmd.api_export and records, one for each day";

/// The form.
pub const FORM: Form = Form {
    name: "health_md",
    about: "What the app Health.md posts from an iPhone",
    source: "Health.md",
    expected: EXPECTED,
    percent: Percent::Fraction,
    is_meant,
    read,
};

const SCHEMA: &str = "healthmd.api_export";
/// Days of one body: a batch of the app has seven.
const DAYS_MAX: u64 = 4_000;
/// Days that the phone could not read and that are told by name.
const DATES_FAILED_MAX: usize = 50;
/// Objects of HealthKit that are no sample and are not read, each said once.
const KINDS_MAX: usize = 50;

/// A field of a day's summary, its metric and its unit.
type Field = (&'static str, &'static str, &'static str, &'static str);

/// What the phone shows of a whole day: the group, the field, the metric, the unit.
const TOTALS: [Field; 3] = [
    ("activity", "steps", "step_count", "1"),
    ("activity", "activeCalories", "active_energy_burned", "kcal"),
    (
        "activity",
        "walkingRunningDistance",
        "distance_walking_running",
        "m",
    ),
];
/// Means of a day, for days without an archive.
const MEANS: [Field; 2] = [
    ("heart", "restingHeartRate", "resting_heart_rate", "/min"),
    ("heart", "hrv", "heart_rate_variability_sdnn", "ms"),
];

fn is_meant(document: &Document<'_>) -> bool {
    let schema = document
        .fields()
        .and_then(|fields| fields.json(&["schema"]));
    schema.is_some_and(|schema| schema.text() == Some(SCHEMA))
}

fn read(document: &Document<'_>, intake: &mut Intake<'_, '_, '_>) -> Result<(), ReadError> {
    let fields = document.fields().filter(|_| is_meant(document));
    let fields = fields.ok_or(FORM.refusal())?;
    if fields.get("external_records").is_some() {
        intake.skip(
            "external_records",
            "records of other providers are not read",
        );
    }
    let exported = fields.json(&["exported_at"]).unwrap_or_default();
    if let Some(exported) = intake.moment(&exported) {
        intake.told(exported.at_us, None);
    }
    let failures = fields.json(&["failed_date_details"]).unwrap_or_default();
    for failure in failures.elements().iter().take(DATES_FAILED_MAX) {
        let date = failure.get("date").text().unwrap_or("a day");
        intake.skip(
            date,
            "the phone could not read this day; the app may send it later",
        );
    }
    let Some(records) = fields.get("records") else {
        return Ok(());
    };
    let mut failed = None;
    json::each(records, "/records", DAYS_MAX, &mut |index,
                                                    day: Option<
        Fields<'_>,
    >| {
        let place = Place {
            array: "/records",
            index,
        };
        match day {
            None => intake.reject(place, "", None, MALFORMED),
            Some(day) => {
                if let Err(error) = take_day(&day, place, intake) {
                    failed.get_or_insert(error);
                }
            }
        }
    })?;
    failed.map_or(Ok(()), Err)
}

/// The members of an object.
type Members<'a> = Vec<(Cow<'a, str>, Json<'a>)>;

/// A day of the phone.
#[derive(Clone, Copy)]
struct Day {
    at: Interval,
    source: SourceNo,
}

fn take_day(
    fields: &Fields<'_>,
    place: Place<'_>,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), ReadError> {
    let archive = fields.get("healthkit_record_archive");
    if let Some(archive) = archive {
        take_archive(archive, place, intake)?;
    }
    let day = match day_of(fields, intake) {
        Ok(day) => day,
        Err((field, why)) => {
            intake.reject(place, field, None, why);
            return Ok(());
        }
    };
    for field in TOTALS {
        summarised(fields, field, &day, place, intake);
    }
    if archive.is_none() {
        for field in MEANS {
            summarised(fields, field, &day, place, intake);
        }
        take_samples(fields, &day, place, intake);
    }
    Ok(())
}

/// The day's borders: those of the calendar that the phone names.
fn day_of(
    fields: &Fields<'_>,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<Day, (&'static str, Refusal)> {
    let date = fields.json(&["date"]).unwrap_or_default();
    let context = fields.json(&["time_context"]).unwrap_or_default();
    let calendar = context.get("calendar_timezone").text();
    let zone = calendar.and_then(|name| Zone::parse(name).ok());
    let start = match (&zone, date.text()) {
        (Some(zone), Some(text)) => clock::read(text, zone),
        (_, _) => intake.moment(&date),
    };
    let start = start.filter(|start| start.is_date);
    let start = start.ok_or(("date", TIME_INVALID))?;
    let there = zone.as_ref();
    let there = there.unwrap_or_else(|| intake.context().zones.zone_at(start.at_us));
    let end_us = clock::end_of_day(start.at_us, there).ok_or(("date", TIME_INVALID))?;
    if let Some(name) = calendar {
        intake.seen_zone(start.at_us, name);
    }
    let source = intake.source_named("").ok_or(("", NAMES_FULL))?;
    Ok(Day {
        at: Interval {
            start_us: start.at_us,
            end_us,
        },
        source,
    })
}

/// A number that the summary says of the whole day.
fn summarised(
    fields: &Fields<'_>,
    (group, field, metric, unit): Field,
    day: &Day,
    place: Place<'_>,
    intake: &mut Intake<'_, '_, '_>,
) {
    let of_group = fields.json(&[group]).unwrap_or_default();
    let value = of_group.get(field);
    if value.is_null() {
        return;
    }
    let result = add(value, (metric, unit), day, Flags::AGGREGATED, intake);
    if let Err(why) = result {
        intake.reject(place, &format!("{group}/{field}"), None, why);
    }
}

fn add(
    value: &Json<'_>,
    (metric, unit): (&'static str, &str),
    day: &Day,
    flags: Flags,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), Refusal> {
    let to = intake.meaning_of(known(metric), unit).ok_or(NAMES_FULL)?;
    let what = Measurement {
        start_us: day.at.start_us,
        end_us: day.at.end_us,
        value: value.number().ok_or(NOT_A_VALUE)?,
        zone_offset_min: None,
        source: day.source,
        uid: None,
        flags,
    };
    intake.add(to, what)
}

/// The samples of a day that has no archive: stages of sleep and heart rates, without ids.
fn take_samples(fields: &Fields<'_>, day: &Day, place: Place<'_>, intake: &mut Intake<'_, '_, '_>) {
    let sleep = fields.json(&["sleep"]).unwrap_or_default();
    for (at, stage) in sleep.get("sleepStages").elements().iter().enumerate() {
        let field = |name: &str| format!("sleep/sleepStages/{at}/{name}");
        let metric = known("sleep_analysis");
        let code = stage
            .get("stage")
            .text()
            .and_then(|name| category::category_code(metric, name));
        let Some(code) = code else {
            let why = refusal(RejectCode::ValueInvalid, "the stage of sleep is not known");
            intake.reject(place, &field("stage"), None, why);
            continue;
        };
        let span = span_of(stage, intake).map(|at| Day { at, ..*day });
        let Some(span) = span else {
            intake.reject(place, &field("startDate"), None, TIME_INVALID);
            continue;
        };
        let value = Json::Number(code);
        let stage = ("sleep_analysis", "");
        if let Err(why) = add(&value, stage, &span, Flags::NONE, intake) {
            intake.reject(place, &field("startDate"), None, why);
        }
    }
    let heart = fields.json(&["heart"]).unwrap_or_default();
    for (at, sample) in heart.get("heartRateSamples").elements().iter().enumerate() {
        let field = format!("heart/heartRateSamples/{at}");
        let Some(span) = span_of(sample, intake).map(|at| Day { at, ..*day }) else {
            intake.reject(place, &field, None, TIME_INVALID);
            continue;
        };
        let value = sample.first_of(&["value", "bpm"]);
        let rate = ("heart_rate", "/min");
        if let Err(why) = add(value, rate, &span, Flags::NONE, intake) {
            intake.reject(place, &field, None, why);
        }
    }
}

fn span_of(element: &Json<'_>, intake: &Intake<'_, '_, '_>) -> Option<Interval> {
    let start = intake.moment(element.first_of(&["startDate", "timestamp", "date"]))?;
    let end = element.get("endDate");
    let end = if end.is_null() {
        start
    } else {
        intake.moment(end)?
    };
    Some(Interval {
        start_us: start.at_us,
        end_us: end.at_us,
    })
}

/// Notes of which time the archive holds every object, and of which types: those that the phone could read. An
/// object that it does not hold any more was deleted; the app says so in no other way.
fn owned(archive: &Fields<'_>, intake: &mut Intake<'_, '_, '_>) {
    let ownership = archive.json(&["ownership"]).unwrap_or_default();
    let start = intake.moment(ownership.get("interval_start"));
    let end = intake.moment(ownership.get("interval_end"));
    let span = start
        .zip(end)
        .filter(|(start, end)| start.at_us < end.at_us);
    let Some((start, end)) = span else {
        return;
    };
    let manifest = archive.json(&["query_manifest"]).unwrap_or_default();
    let mut metrics: Vec<MetricNo> = Vec::new();
    for query in manifest.get("results").elements() {
        let name = query.get("object_type_identifier").text();
        let metric = name.and_then(metric::by_name);
        let is_read = query.get("status").text() == Some("success");
        if let Some(metric) = metric.filter(|_| is_read)
            && !metrics.contains(&metric.no)
        {
            metrics.push(metric.no);
        }
    }
    intake.window(Window {
        start_us: start.at_us,
        end_us: end.at_us,
        metrics,
        is_complete: true,
    });
}

/// HealthKit's objects of a day.
fn take_archive(
    archive: &str,
    place: Place<'_>,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), ReadError> {
    let archive = Fields::of(archive, EXPECTED)?;
    owned(&archive, intake);
    let Some(records) = archive.get("records") else {
        return Ok(());
    };
    let pointer = format!(
        "{}/{}/healthkit_record_archive/records",
        place.array, place.index
    );
    let mut skipped: Vec<String> = Vec::new();
    form::objects(
        records,
        &pointer,
        ELEMENTS_MAX,
        intake,
        &mut |record, place, intake| {
            match record.get("record_kind").text() {
                Some("quantity" | "category") => take_sample(record, place, intake),
                // Its parts are records of their own.
                Some("correlation") => {}
                Some("workout") => session::take(&printed(record, workout(record)), place, intake),
                _ if is_workout(record) => {
                    session::take(&printed(record, workout(record)), place, intake);
                }
                kind => {
                    let name = record.get("object_type_identifier").text().or(kind);
                    let name = name.unwrap_or("record").to_owned();
                    if skipped.len() < KINDS_MAX && !skipped.contains(&name) {
                        intake.skip(&name, "objects of this kind are not read from Health.md");
                        skipped.push(name);
                    }
                }
            }
        },
    )
}

fn is_workout(record: &Json<'_>) -> bool {
    record.get("payload").get("kind").text() == Some("workout")
}

/// A sample, or the points of a series: its mean says less than they do.
fn take_sample(record: &Json<'_>, place: Place<'_>, intake: &mut Intake<'_, '_, '_>) {
    let payload = record.get("payload");
    let series = payload.get("series").elements();
    if series.is_empty() {
        let value = payload.first_of(&["value", "raw_value"]).clone();
        let members = vec![
            ("value".into(), value),
            ("unit".into(), payload.get("unit").clone()),
        ];
        return healthkit::take_object(&printed(record, members), place, intake);
    }
    let id = record.get("original_uuid").text();
    for (at, point) in series.iter().enumerate() {
        let start = point.first_of(&["start_date", "date", "timestamp"]).clone();
        let end = point.first_of(&["end_date", "date", "timestamp"]).clone();
        let uuid = id.map(|id| format!("{id}#{at}"));
        let members = vec![
            (
                "value".into(),
                point.first_of(&["value", "quantity"]).clone(),
            ),
            ("unit".into(), payload.get("unit").clone()),
            ("start_date".into(), start),
            ("end_date".into(), end),
            (
                "uuid".into(),
                uuid.map_or(Json::Null, |id| Json::Text(id.into())),
            ),
        ];
        healthkit::take_object(&printed(record, members), place, intake);
    }
}

fn workout<'a>(record: &Json<'a>) -> Members<'a> {
    let payload = record.get("payload");
    let fields = payload.get("fields");
    let fields = if fields.is_null() { payload } else { fields };
    let of = |names: &[&'static str]| fields.first_of(names).clone();
    vec![
        ("activity_type".into(), of(&["activity_type"])),
        ("duration".into(), of(&["duration_seconds", "duration"])),
        ("total_distance".into(), of(&["total_distance_meters"])),
        ("total_energy_burned".into(), of(&["total_energy_kcal"])),
        (
            "source_name".into(),
            record.get("source_revision").get("name").clone(),
        ),
    ]
}

/// A record with these members as an app prints an object that it reads from HealthKit. What `members` say comes
/// first and counts.
fn printed<'a>(record: &Json<'a>, mut members: Members<'a>) -> Json<'a> {
    let metadata = record.get("metadata").members().iter();
    let metadata = metadata.map(|(name, typed)| {
        let value = typed.get("value");
        let value = if value.is_null() { typed } else { value };
        (name.clone(), value.clone())
    });
    let metadata = Json::Object(metadata.collect());
    for (name, value) in [
        ("uuid", record.get("original_uuid").clone()),
        ("identifier", record.get("object_type_identifier").clone()),
        ("start_date", record.get("start_date").clone()),
        ("end_date", record.get("end_date").clone()),
        ("source", record.get("source_revision").clone()),
        ("device", record.get("device").clone()),
        ("metadata", metadata),
    ] {
        if !members.iter().any(|(known, _)| known == name) {
            members.push((name.into(), value));
        }
    }
    Json::Object(members)
}
