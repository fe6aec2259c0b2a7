//! What Life Dashboard Companion posts from both phones: the arrays of the Health Connect webhook with an id on
//! each record, `deleted_records`, and the phone's own totals of days.
//!
//! Fitbit deletes a record and writes it again under the same id: a body made later revives it, one that was made
//! before and comes late does not. What an iPhone calls heart-rate variability is SDNN, what an Android phone calls so is RMSSD. Nothing is
//! taken from the app's own writings, which it names itself as the source of.

use model::category::SleepStage;
use model::sample::{Flags, SECOND_US, Uid, uid_of};
use model::source::SourceNo;
use model::unit::Percent;
use rustc_hash::FxHashSet;

use crate::batch::Printed;
use crate::clock;
use crate::entry::{self, Frame};
use crate::form::{self, Document, Form};
use crate::forms::health_connect_webhook::{self as webhook, Field};
use crate::json::{Fields, Json, ReadError};
use crate::live::{
    ELEMENTS_MAX, Intake, Interval, Measurement, NAMES_FULL, NOT_A_VALUE, Place, TIME_INVALID,
    VALUE_MISSING,
};
use crate::session::known;

mod gone;

/// The form.
pub const FORM: Form = Form {
    name: "life_dashboard",
    about: "What the app Life Dashboard Companion posts",
    source: "Life Dashboard",
    expected: "an object with timestamp, app_version, source and one array for each type",
    percent: Percent::Points,
    is_meant,
    read,
};

/// The source of records that the app itself wrote on the phone.
const OWN_APP: &str = "com.owen282000.lifedashboard";

/// Whose records a body holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Platform {
    Android,
    Apple,
    Screen,
}

/// What a body says of its records.
#[derive(Debug, Clone, Copy)]
struct Of {
    platform: Platform,
    /// Whether its buckets are all that the phone knows of. A backfill reads everything again; without a number nobody
    /// can tell whether a body came before.
    is_whole: bool,
}

fn platform(document: &Document<'_>) -> Option<Platform> {
    let source = document.fields()?.json(&["source"])?;
    Some(match source.text()? {
        "health_connect" => Platform::Android,
        "healthkit_ios" => Platform::Apple,
        "screen_time" => Platform::Screen,
        _ => return None,
    })
}

fn is_meant(document: &Document<'_>) -> bool {
    document.has("app_version") && document.has("timestamp") && platform(document).is_some()
}

/// Whether a body is the app's question whether it reaches its server, and brings nothing.
pub fn is_ping(body: &[u8]) -> bool {
    let Ok(document) = Document::of(body) else {
        return false;
    };
    let test = document.fields().and_then(|fields| fields.json(&["test"]));
    is_meant(&document) && matches!(test, Some(Json::Bool(true)))
}

/// Arrays whose fields are not those of the webhook.
const ARRAYS: [(&str, &[Field]); 2] = [
    (
        "basal_metabolic_rate",
        &[("kilocalories_per_day", "basal_metabolic_rate", "kcal/d")],
    ),
    (
        "vo2_max",
        &[("vo2_ml_per_min_per_kg", "vo2_max", "mL/(kg.min)")],
    ),
];

/// An iPhone measures the deviation of normal intervals.
const SDNN: &[Field] = &[(
    "heart_rate_variability_millis",
    "heart_rate_variability_sdnn",
    "ms",
)];

/// Nutrients: the last letters of a name are its unit.
const NUTRITION: [Field; 37] = [
    ("calories", "dietary_energy_consumed", "kcal"),
    ("protein_grams", "dietary_protein", "g"),
    ("carbs_grams", "dietary_carbohydrates", "g"),
    ("fat_grams", "dietary_fat_total", "g"),
    ("dietary_fibre_g", "dietary_fiber", "g"),
    ("sugars_g", "dietary_sugar", "g"),
    ("saturated_fat_g", "dietary_fat_saturated", "g"),
    ("monounsaturated_fat_g", "dietary_fat_monounsaturated", "g"),
    ("polyunsaturated_fat_g", "dietary_fat_polyunsaturated", "g"),
    ("unsaturated_fat_g", "dietary_fat_unsaturated", "g"),
    ("trans_fat_g", "dietary_fat_trans", "g"),
    ("cholesterol_mg", "dietary_cholesterol", "mg"),
    ("sodium_mg", "dietary_sodium", "mg"),
    ("potassium_mg", "dietary_potassium", "mg"),
    ("calcium_mg", "dietary_calcium", "mg"),
    ("iron_mg", "dietary_iron", "mg"),
    ("magnesium_mg", "dietary_magnesium", "mg"),
    ("phosphorus_mg", "dietary_phosphorus", "mg"),
    ("zinc_mg", "dietary_zinc", "mg"),
    ("copper_mg", "dietary_copper", "mg"),
    ("manganese_mg", "dietary_manganese", "mg"),
    ("chloride_mg", "dietary_chloride", "mg"),
    ("selenium_mcg", "dietary_selenium", "ug"),
    ("chromium_mcg", "dietary_chromium", "ug"),
    ("molybdenum_mcg", "dietary_molybdenum", "ug"),
    ("iodine_mcg", "dietary_iodine", "ug"),
    ("vitamin_a_mcg", "dietary_vitamin_a", "ug"),
    ("vitamin_b6_mg", "dietary_vitamin_b6", "mg"),
    ("vitamin_b12_mcg", "dietary_vitamin_b12", "ug"),
    ("vitamin_c_mg", "dietary_vitamin_c", "mg"),
    ("vitamin_d_mcg", "dietary_vitamin_d", "ug"),
    ("vitamin_e_mg", "dietary_vitamin_e", "mg"),
    ("vitamin_k_mcg", "dietary_vitamin_k", "ug"),
    ("thiamin_mg", "dietary_thiamin", "mg"),
    ("riboflavin_mg", "dietary_riboflavin", "mg"),
    ("niacin_mg", "dietary_niacin", "mg"),
    ("caffeine_mg", "dietary_caffeine", "mg"),
];

/// Fields of the phone's totals of a day.
const TOTALS: [Field; 3] = [
    ("steps", "step_count", "1"),
    ("active_calories", "active_energy_burned", "kcal"),
    ("total_calories", "total_energy_burned", "kcal"),
];

fn read(document: &Document<'_>, intake: &mut Intake<'_, '_, '_>) -> Result<(), ReadError> {
    let platform = platform(document).ok_or(FORM.refusal())?;
    let fields = document.fields().ok_or(FORM.refusal())?;
    let sent = fields.json(&["timestamp"]).unwrap_or_default();
    let sequence = fields
        .json(&["sequence"])
        .and_then(|sequence| sequence.number());
    let of = Of {
        platform,
        is_whole: sequence.is_none()
            || matches!(fields.json(&["backfill"]), Some(Json::Bool(true))),
    };
    if let Some(sent) = intake.moment(&sent) {
        intake.told(sent.at_us, sequence.and_then(whole));
    }
    let mut alive: FxHashSet<String> = FxHashSet::default();
    for (name, raw) in fields.iter() {
        let is_list = raw.starts_with('[');
        match name {
            "deleted_records" | "daily_totals" => {}
            _ if is_list && platform == Platform::Screen => {
                intake.skip(
                    name,
                    "times before a screen have no metric and are not stored",
                );
            }
            "distance" if is_list && platform == Platform::Apple => {
                intake.skip(name, "distances of any kind in one have no metric");
            }
            _ if is_list && is_known(name) => {
                let pointer = format!("/{name}");
                form::objects(
                    raw,
                    &pointer,
                    ELEMENTS_MAX,
                    intake,
                    &mut |record, place, intake| {
                        if let Some(id) = record.get("uuid").text() {
                            alive.insert(id.to_owned());
                        }
                        take((name, of), record, place, intake);
                    },
                )?;
            }
            _ if is_list => intake.skip(name, "this type of record is not known"),
            _ => {}
        }
    }
    totals(fields, intake)?;
    gone::window(fields, platform, intake);
    gone::deletions(fields, &alive, intake)
}

/// A count as JSON prints it.
fn whole(number: f64) -> Option<u64> {
    let is_whole = number.fract() == 0.0 && (0.0..1e15).contains(&number);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number below 10^15"
    )]
    is_whole.then_some(number as u64)
}

fn is_known(name: &str) -> bool {
    name == "sleep" || webhook::known_arrays().any(|array| array == name)
}

/// The fields of an array's records on a platform.
fn fields_of(name: &str, platform: Platform) -> &'static [Field] {
    if name == "nutrition" {
        return &NUTRITION;
    }
    if name == "heart_rate_variability" && platform == Platform::Apple {
        return SDNN;
    }
    let own = ARRAYS.iter().find(|(array, _)| *array == name);
    let shared = || webhook::ARRAYS.iter().find(|(array, _)| *array == name);
    own.or_else(shared).map(|(_, of)| *of).unwrap_or_default()
}

fn take(
    (name, of): (&str, Of),
    record: &Json<'_>,
    place: Place<'_>,
    intake: &mut Intake<'_, '_, '_>,
) {
    let platform = of.platform;
    let is_own =
        |source: &str| source == OWN_APP || source.starts_with("com.owen282000.lifedashboard.");
    if record.get("source").text().is_some_and(is_own) {
        return intake.skip(name, "the app wrote it on the phone itself");
    }
    if name == "sleep" {
        return sleep(record, place, intake);
    }
    let frame = match webhook::frame(record, intake) {
        Ok(frame) => frame,
        Err((field, why)) => return intake.reject(place, field, None, why),
    };
    let frame = Frame {
        source: buckets_source(record, frame, intake),
        ..frame
    };
    let id = record.get("uuid").text();
    let result = match name {
        "exercise" => return webhook::exercise(record, frame, place, intake),
        "blood_pressure" => pressure(record, frame, id, intake),
        _ => {
            let mut categories = webhook::CATEGORIES.iter();
            if let Some(of_array) = categories.find(|(array, ..)| *array == name) {
                webhook::category(record, of_array, frame, id, intake)
            } else {
                let fields = fields_of(name, platform);
                match fields {
                    [field, ..] if !record.get("bucket_start").is_null() => {
                        bucket(record, (*field, of.is_whole), frame, intake)
                    }
                    // The id of an iPhone's sample is the same through every door.
                    [field] if platform == Platform::Apple && !record.get(field.0).is_null() => {
                        let id = id.map(uid_of);
                        one(
                            record.get(field.0),
                            *field,
                            frame,
                            (id, Printed::TopLevel),
                            intake,
                        )
                    }
                    _ => webhook::quantities(record, fields, frame, id, intake),
                }
            }
        }
    };
    if let Err((field, type_index, why)) = result {
        intake.reject(place, field, type_index, why);
    }
}

/// What several records of an interval came to: their total, or their mean and extremes.
fn bucket(
    record: &Json<'_>,
    (field, is_whole): (Field, bool),
    frame: Frame,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), entry::Refused> {
    let count = record.get("sample_count").number().and_then(whole);
    let count = count.and_then(|count| u32::try_from(count).ok());
    let printed = Printed::Bucket {
        count: count.unwrap_or(1).max(1),
        is_whole,
    };
    let merged = frame.flags.with(Flags::AGGREGATED);
    let mut found = false;
    for (name, flags) in [
        ("total", merged),
        ("avg", merged),
        ("min", merged.with(Flags::MINIMUM)),
        ("max", merged.with(Flags::MAXIMUM)),
    ] {
        let value = record.get(name);
        if value.is_null() {
            continue;
        }
        found = true;
        let frame = Frame { flags, ..frame };
        let of_part = (name, field.1, field.2);
        one(value, of_part, frame, (None, printed), intake)?;
    }
    if found {
        Ok(())
    } else {
        Err(("total", None, VALUE_MISSING))
    }
}

/// A bucket of one source is of that source.
fn buckets_source(record: &Json<'_>, frame: Frame, intake: &mut Intake<'_, '_, '_>) -> SourceNo {
    let sources = record.get("sources").elements();
    let named = match sources {
        [only] => only.text(),
        _ => None,
    };
    named
        .and_then(|name| intake.source_named(name))
        .unwrap_or(frame.source)
}

fn pressure(
    record: &Json<'_>,
    frame: Frame,
    id: Option<&str>,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), entry::Refused> {
    let of = |part: &str| record.get(part).number();
    let (systolic, diastolic) =
        of("systolic")
            .zip(of("diastolic"))
            .ok_or(("systolic", None, VALUE_MISSING))?;
    entry::pressure([systolic, diastolic], "mm[Hg]", frame, id, intake)
}

/// One value.
fn one(
    value: &Json<'_>,
    (name, metric, unit): Field,
    frame: Frame,
    (uid, printed): (Option<Uid>, Printed),
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), entry::Refused> {
    let to = intake
        .meaning_of(known(metric), unit)
        .ok_or((name, None, NAMES_FULL))?;
    let type_index = Some(to.type_index);
    let value = value.number().ok_or((name, type_index, NOT_A_VALUE))?;
    let what = Measurement {
        start_us: frame.at.start_us,
        end_us: frame.at.end_us,
        value,
        zone_offset_min: frame.offset_min,
        source: frame.source,
        uid,
        flags: frame.flags,
    };
    let added = intake.add_printed(to, what, printed);
    added.map_err(|why| (name, type_index, why))
}

/// A session: its stages, and the time in bed around them unless a stage says it.
fn sleep(record: &Json<'_>, place: Place<'_>, intake: &mut Intake<'_, '_, '_>) {
    let end = intake.moment(record.get("session_end_time"));
    let seconds = record.get("duration_seconds").number();
    let seconds = seconds.filter(|seconds| (0.0..1e9).contains(seconds));
    let Some((end, seconds)) = end.zip(seconds) else {
        return intake.reject(place, "session_end_time", None, TIME_INVALID);
    };
    let id = record.get("uuid").text();
    let stages = record.get("stages").elements();
    #[expect(clippy::cast_possible_truncation, reason = "below a billion")]
    let whole = Interval {
        start_us: end.at_us - seconds as i64 * SECOND_US,
        end_us: end.at_us,
    };
    let says_in_bed = |part: &Json<'_>| part.get("stage").text() == Some(IN_BED);
    let around = match stages.len() {
        0 => Some(SleepStage::Unspecified),
        _ if stages.iter().any(says_in_bed) => None,
        _ => Some(SleepStage::InBed),
    };
    if let Some(stage) = around {
        let uid = id.map(|id| uid_of(&format!("{id}/session")));
        if let Err((field, why)) = staged(record, (stage, whole, uid), intake) {
            return intake.reject(place, field, None, why);
        }
    }
    for (index, part) in stages.iter().enumerate() {
        let at = |field: &str| format!("stages/{index}/{field}");
        let interval = intake
            .moment(part.get("start_time"))
            .zip(intake.moment(part.get("end_time")));
        let Some((start, end)) = interval else {
            intake.reject(place, &at("start_time"), None, TIME_INVALID);
            continue;
        };
        let stage = match part.get("stage").text() {
            Some(IN_BED) => Some(SleepStage::InBed),
            // Nothing is known of it, so nothing is said.
            Some("unknown") => continue,
            text => text.and_then(crate::words::health_connect_stage),
        };
        let Some(stage) = stage else {
            intake.reject(place, &at("stage"), None, webhook::STAGE_UNKNOWN);
            continue;
        };
        let uid = match (part.get("uuid").text(), id) {
            (Some(own), _) => Some(uid_of(own)),
            (None, Some(id)) => Some(uid_of(&format!("{id}/{index}"))),
            (None, None) => None,
        };
        let span = Interval {
            start_us: start.at_us,
            end_us: end.at_us,
        };
        let from = if part.get("source").is_null() {
            record
        } else {
            part
        };
        if let Err((field, why)) = staged(from, (stage, span, uid), intake) {
            intake.reject(place, &at(field), None, why);
        }
    }
}

const IN_BED: &str = "in_bed";

fn staged(
    record: &Json<'_>,
    (stage, at, uid): (SleepStage, Interval, Option<Uid>),
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), (&'static str, crate::check::Refusal)> {
    let (source, flags) = webhook::source(record, intake).ok_or(("source", NAMES_FULL))?;
    let to = intake
        .meaning_of(known("sleep_analysis"), "")
        .ok_or(("stage", NAMES_FULL))?;
    let what = Measurement {
        start_us: at.start_us,
        end_us: at.end_us,
        value: f64::from(stage.code()),
        zone_offset_min: None,
        source,
        uid,
        flags,
    };
    intake.add(to, what).map_err(|why| ("start_time", why))
}

/// The phone's own totals of local days: kept as what it says of the whole day.
fn totals(fields: &Fields<'_>, intake: &mut Intake<'_, '_, '_>) -> Result<(), ReadError> {
    let Some(array) = fields
        .get("daily_totals")
        .filter(|raw| raw.starts_with('['))
    else {
        return Ok(());
    };
    form::objects(
        array,
        "/daily_totals",
        ELEMENTS_MAX,
        intake,
        &mut |record, place, intake| {
            let date = intake
                .moment(record.get("date"))
                .filter(|date| date.is_date);
            let zones = intake.context().zones;
            let end_us =
                date.and_then(|date| clock::end_of_day(date.at_us, zones.zone_at(date.at_us)));
            let Some((date, end_us)) = date.zip(end_us) else {
                return intake.reject(place, "date", None, TIME_INVALID);
            };
            let Some(source) = intake.source_named("") else {
                return intake.reject(place, "", None, NAMES_FULL);
            };
            let frame = Frame {
                at: Interval {
                    start_us: date.at_us,
                    end_us,
                },
                offset_min: None,
                source,
                flags: Flags::AGGREGATED,
                is_date: true,
            };
            for field in TOTALS {
                let value = record.get(field.0);
                if value.is_null() {
                    continue;
                }
                if let Err((field, type_index, why)) =
                    one(value, field, frame, (None, Printed::TopLevel), intake)
                {
                    intake.reject(place, field, type_index, why);
                }
            }
        },
    )
}
