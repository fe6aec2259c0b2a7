//! Data points of Open mHealth and IEEE 1752.1: a header and a body, in an array, on a line each, or as a series of one
//! header.
//!
//! A body is read by the name of its schema. Times without a zone are UTC. A night with stages stands before a sleep
//! episode of the same hours. Exports of this program say more, which `own` reads.

mod own;

use std::io::Read;

use model::metric::Metric;
use model::record::Workout;
use model::sample::{Flags, MINUTE_US, SECOND_US, uid_of};
use model::source::{Source, SourceNo};

use crate::batch::{Position, RejectCode};
use crate::check::Refusal;
use crate::clock;
use crate::json::Json;
use crate::live::{self, Interval, Measurement, NAMES_FULL, NOT_A_VALUE, TIME_INVALID, refusal};
use crate::session::{Heading, known};
use crate::vendors::desk::Spot;
use crate::vendors::elements::{self, Which};
use crate::vendors::{Desk, Member, One, Reader, Vendor, VendorError, lines};

pub(crate) const VENDOR: Vendor = Vendor {
    name: "open_mhealth",
    about: "Open mHealth and IEEE 1752.1 data points: an array, one on each line, or a series",
    title: "Open mHealth",
    is_meant: |member| {
        let is_json = member.begins("{") || member.begins("[");
        is_json && member.holds("\"header\"") && member.holds("\"schema_id\"")
    },
    open: || Box::new(Points::default()),
};

const KIND: &str = "data points";

/// Nights that are held to the end: two a day for fifty years.
const NIGHTS_MAX: usize = 40_000;

/// Schemas with one value: name, member of the body, metric, and the unit where none is named.
const VALUES: &[(&str, &str, &str, &str)] = &[
    ("heart-rate", "heart_rate", "heart_rate", "/min"),
    ("step-count", "step_count", "step_count", "1"),
    ("body-weight", "body_weight", "body_mass", "kg"),
    ("body-height", "body_height", "height", "m"),
    ("blood-glucose", "blood_glucose", "blood_glucose", "mg/dL"),
    (
        "oxygen-saturation",
        "oxygen_saturation",
        "oxygen_saturation",
        "%",
    ),
    (
        "respiratory-rate",
        "respiratory_rate",
        "respiratory_rate",
        "/min",
    ),
    (
        "body-temperature",
        "body_temperature",
        "body_temperature",
        "Cel",
    ),
    (
        "body-fat-percentage",
        "body_fat_percentage",
        "body_fat_percentage",
        "%",
    ),
    (
        "body-mass-index",
        "body_mass_index",
        "body_mass_index",
        "kg/m2",
    ),
    (
        "calories-burned",
        "kcal_burned",
        "active_energy_burned",
        "kcal",
    ),
    ("sleep-duration", "sleep_duration", "sleep_duration", "min"),
    (
        "total-sleep-time",
        "total_sleep_time",
        "sleep_duration",
        "min",
    ),
];

/// States of sleep and their codes.
const STATES: &[(&str, f64)] = &[
    ("light_sleep", 3.0),
    ("deep_sleep", 4.0),
    ("rem_sleep", 5.0),
    ("unknown_sleep", 1.0),
    ("awake", 2.0),
];

const SCHEMA_UNKNOWN: Refusal = refusal(
    RejectCode::TypeMissing,
    "the header names no schema; a data point has header/schema_id/name",
);

/// A sleep episode that is sent where no stages are of the same hours.
#[derive(Debug)]
struct Episode {
    at: (i64, i64),
    offset_min: Option<i16>,
    source: SourceNo,
    id: String,
    asleep_min: Option<f64>,
    awakenings: Option<f64>,
}

#[derive(Debug, Default)]
struct Points {
    staged: Vec<(i64, i64)>,
    episodes: Vec<Episode>,
}

/// What a header says.
struct Header {
    schema: String,
    id: String,
    source: SourceNo,
    flags: Flags,
    /// What an export of this program adds, and what it adds to the second value of a point.
    own: Option<own::Marks>,
    beside: Option<own::Marks>,
}

impl Reader for Points {
    fn read(
        &mut self,
        member: &Member<'_>,
        input: &mut dyn Read,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        desk.count_member(KIND);
        let mut take = |spot: Spot<'_>, one: &Json<'_>, desk: &mut Desk<'_, '_, '_>| {
            self.point(spot, one, desk);
            Ok(())
        };
        if member.begins("[") {
            return elements::trees(input, (KIND, Which::First), desk, &mut take);
        }
        if lines::is_lines(member) {
            return lines::each(input, KIND, desk, &mut take);
        }
        elements::document(input, KIND, desk, &mut |json, desk| {
            let spot = Spot {
                kind: KIND,
                position: Position::Index(0),
            };
            take(spot, json, desk)
        })
    }

    fn finish(&mut self, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        let spot = Spot {
            kind: "sleep episodes",
            position: Position::Index(0),
        };
        for episode in std::mem::take(&mut self.episodes) {
            let (start_us, end_us) = episode.at;
            let overlaps = |(from, until): &(i64, i64)| *from < end_us && start_us < *until;
            if self.staged.iter().any(overlaps) {
                desk.leave(
                    "sleep episodes",
                    "a night with stages covers the same hours",
                );
                continue;
            }
            let figures = [
                ("sleep_duration", episode.asleep_min),
                ("wake_count", episode.awakenings),
            ];
            for (metric, value) in figures {
                if let Some(value) = value {
                    let one = One::over(metric, "", value, episode.at, episode.source);
                    desk.put(spot, one.offset(episode.offset_min).id(&episode.id));
                }
            }
            desk.flush_when_full()?;
        }
        Ok(())
    }
}

impl Points {
    fn point(&mut self, spot: Spot<'_>, json: &Json<'_>, desk: &mut Desk<'_, '_, '_>) {
        let Some(header) = header(json.get("header"), desk) else {
            desk.refuse(spot, "header/schema_id/name", None, SCHEMA_UNKNOWN);
            return;
        };
        let own = json.get("header").get(own::MEMBER);
        if let Some(result) = own::record(own, header.source, desk) {
            if let Err(why) = result {
                desk.refuse(spot, "header/x_clarity/record", None, why);
            }
            return;
        }
        let body = json.get("body");
        let series = body.elements();
        if series.is_empty() {
            self.body(spot, &header, body, desk);
            return;
        }
        // One id for all of a series is the id of none of them.
        let header = Header {
            id: String::new(),
            ..header
        };
        for one in series {
            self.body(spot, &header, one, desk);
        }
    }

    fn body(
        &mut self,
        spot: Spot<'_>,
        header: &Header,
        body: &Json<'_>,
        desk: &mut Desk<'_, '_, '_>,
    ) {
        let result = match header.schema.as_str() {
            "sleep-stage-summary" => self.stages(header, body, desk),
            "sleep-episode" => self.episode(header, body),
            "blood-pressure" => pressure(header, body, desk),
            "physical-activity" => activity(spot, header, body, desk),
            "time-in-bed" => in_bed(header, body, desk),
            "export-report" => {
                desk.leave("reports of exports", "what an export had no place for");
                Ok(())
            }
            schema => value(schema, header, body, desk),
        };
        if let Err((field, why)) = result {
            desk.refuse(spot, &format!("body/{field}"), None, why);
        }
    }

    fn stages(
        &mut self,
        header: &Header,
        body: &Json<'_>,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), Refused> {
        for episode in body.get("sleep_stage_episodes").elements() {
            let at = span(episode.get("sleep_stage_time_frame"))?;
            let state = episode.get("sleep_stage_state").text().unwrap_or_default();
            let state = state.to_ascii_lowercase();
            let code = STATES.iter().find(|(known, _)| *known == state);
            let (_, code) = code.ok_or(("sleep_stage_state", NOT_A_VALUE))?;
            let value = Json::Number(*code);
            let header = &header.of_part(own::marks(episode.get(own::MEMBER)));
            add(header, known("sleep_analysis"), (&value, ""), at, desk)?;
            if self.staged.len() < NIGHTS_MAX {
                self.staged.push((at.start_us, at.end_us));
            }
        }
        Ok(())
    }

    fn episode(&mut self, header: &Header, body: &Json<'_>) -> Result<(), Refused> {
        let at = span(body.get("effective_time_frame"))?;
        if self.episodes.len() < NIGHTS_MAX {
            let asleep = body.get("total_sleep_time");
            self.episodes.push(Episode {
                at: (at.start_us, at.end_us),
                offset_min: at.offset_min,
                source: header.source,
                id: header.id.clone(),
                asleep_min: seconds(asleep).map(|seconds| seconds / 60.0),
                awakenings: elements::plain(body.get("number_of_awakenings")),
            });
        }
        Ok(())
    }
}

type Refused = (&'static str, Refusal);

/// The value of a schema that has one.
fn value(
    schema: &str,
    header: &Header,
    body: &Json<'_>,
    desk: &mut Desk<'_, '_, '_>,
) -> Result<(), Refused> {
    let Some((_, member, metric, unit)) = VALUES.iter().find(|(known, ..)| *known == schema) else {
        desk.leave("data points", "no metric has the name of this schema");
        return Ok(());
    };
    let at = span(body.get("effective_time_frame"))?;
    add(header, known(metric), (body.get(member), unit), at, desk)
}

impl Header {
    /// The header of a part that has marks of its own.
    fn of_part(&self, own: Option<own::Marks>) -> Self {
        Self {
            schema: self.schema.clone(),
            id: self.id.clone(),
            source: self.source,
            flags: self.flags,
            own: self.own.and(own),
            beside: None,
        }
    }
}

/// The schema, id and device of a header, also of one before the standard.
fn header(json: &Json<'_>, desk: &mut Desk<'_, '_, '_>) -> Option<Header> {
    let schema = json.get("body_schema_id").get("name").text();
    let schema = schema.or(json.get("schema_id").get("name").text())?;
    let own = own::marks(json.get(own::MEMBER));
    let described = own::source(json.get(own::MEMBER));
    let sheet = json.get("external_datasheets").elements().first();
    let sheet = sheet.and_then(|sheet| sheet.get("datasheet_reference").text());
    let provenance = json.get("acquisition_provenance");
    let name = sheet.or(provenance.get("source_name").text());
    let source = if let Some((spelling, source)) = described {
        desk.intake.source(&spelling, source)
    } else if let Some(name) = name {
        desk.intake.source("", Source::named(name))
    } else {
        Some(desk.service())
    };
    let modality = json
        .get("modality")
        .text()
        .or(provenance.get("modality").text());
    let is_manual = modality.is_some_and(|told| told.starts_with("self"));
    Some(Header {
        schema: schema.to_owned(),
        id: elements::id(json.first_of(&["uuid", "id"])),
        source: source?,
        flags: if is_manual {
            Flags::MANUAL
        } else {
            Flags::NONE
        },
        own,
        beside: own::marks(json.get(own::MEMBER).get("beside")),
    })
}

/// An interval and the offset at its start.
#[derive(Debug, Clone, Copy)]
struct Span {
    start_us: i64,
    end_us: i64,
    offset_min: Option<i16>,
}

/// A time frame: an instant, or two of start, end and length.
fn span(frame: &Json<'_>) -> Result<Span, Refused> {
    const FRAME: &str = "effective_time_frame";
    let invalid = (FRAME, TIME_INVALID);
    if let Some((at_us, offset_min)) = instant(frame.get("date_time")) {
        return Ok(Span {
            start_us: at_us,
            end_us: at_us,
            offset_min,
        });
    }
    let interval = frame.get("time_interval");
    let start = instant(interval.get("start_date_time"));
    let end = instant(interval.get("end_date_time"));
    let length_us = seconds(interval.get("duration")).map(|s| crate::track::after_seconds(0, s));
    let (start, end_us) = match (start, end, length_us) {
        (Some(start), Some((end_us, _)), _) => (start, end_us),
        (Some(start), None, Some(length_us)) => (start, start.0 + length_us),
        (None, Some((end_us, offset)), Some(length_us)) => ((end_us - length_us, offset), end_us),
        _ => return Err(invalid),
    };
    Ok(Span {
        start_us: start.0,
        end_us,
        offset_min: start.1,
    })
}

fn instant(json: &Json<'_>) -> Option<(i64, Option<i16>)> {
    let parsed = clock::parse(json.text()?.as_bytes())?;
    let minutes = parsed.offset.unwrap_or(0);
    let at_us = parsed.local_us - i64::from(minutes) * MINUTE_US;
    Some((at_us, (minutes != 0).then_some(minutes)))
}

/// A length of time in seconds.
fn seconds(json: &Json<'_>) -> Option<f64> {
    let value = elements::plain(json.get("value"))?;
    let each = match json.get("unit").text()? {
        "ms" => 0.001,
        "sec" | "s" => 1.0,
        "min" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        "wk" => 604_800.0,
        _ => return None,
    };
    Some(value * each)
}

fn add(
    header: &Header,
    metric: &'static Metric,
    (value, unit): (&Json<'_>, &str),
    at: Span,
    desk: &mut Desk<'_, '_, '_>,
) -> Result<(), Refused> {
    let number = elements::plain(value.unwrapped(&["value"]));
    let number = number.ok_or((metric.id, NOT_A_VALUE))?;
    let told = value.get("unit").text().unwrap_or(unit);
    let unit = match told {
        "C" => "Cel",
        "F" => "[degF]",
        told => told,
    };
    let to = desk
        .intake
        .meaning_of(metric, unit)
        .ok_or((metric.id, NAMES_FULL))?;
    let is_stage = metric.id == "sleep_analysis";
    let uid = (!header.id.is_empty() && !is_stage)
        .then(|| uid_of(&format!("{}/{}", header.id, metric.id)));
    let what = Measurement {
        start_us: at.start_us,
        end_us: at.end_us,
        value: number,
        zone_offset_min: at.offset_min,
        source: header.source,
        uid,
        flags: header.flags,
    };
    let what = match &header.own {
        Some(own) => own.put_on(what),
        None => what,
    };
    desk.intake.add(to, what).map_err(|why| {
        let frame = "effective_time_frame";
        (live::blamed(why, [frame, frame, "unit", metric.id]), why)
    })
}

fn pressure(header: &Header, body: &Json<'_>, desk: &mut Desk<'_, '_, '_>) -> Result<(), Refused> {
    let at = span(body.get("effective_time_frame"))?;
    let parts = [
        ("systolic_blood_pressure", "blood_pressure_systolic"),
        ("diastolic_blood_pressure", "blood_pressure_diastolic"),
    ];
    let lower = header.of_part(header.beside);
    for ((member, metric), header) in parts.into_iter().zip([header, &lower]) {
        add(
            header,
            known(metric),
            (body.get(member), "mm[Hg]"),
            at,
            desk,
        )?;
    }
    Ok(())
}

/// A stay in bed is a sample of the stages.
fn in_bed(header: &Header, body: &Json<'_>, desk: &mut Desk<'_, '_, '_>) -> Result<(), Refused> {
    let at = span(body.get("effective_time_frame"))?;
    let value = Json::Number(0.0);
    add(header, known("sleep_analysis"), (&value, ""), at, desk)
}

/// An activity is a workout.
fn activity(
    spot: Spot<'_>,
    header: &Header,
    body: &Json<'_>,
    desk: &mut Desk<'_, '_, '_>,
) -> Result<(), Refused> {
    let at = span(body.get("effective_time_frame"))?;
    let name = body.get("activity_name").text().unwrap_or("other");
    let found = model::workout::by_name(name).map(|known| known.id.to_owned());
    let quantity = |member: &str, metric: &'static str, unit: &str| {
        let json = body.get(member);
        let value = elements::plain(json.get("value"))?;
        let unit = json.get("unit").text().unwrap_or(unit);
        let conversion = known(metric).conversion(unit).ok()?;
        Some(conversion.apply(value))
    };
    let workout = Workout {
        activity: found.unwrap_or_else(|| name.to_lowercase()),
        duration_min: seconds(body.get("duration"))
            .or(Some((at.end_us - at.start_us) as f64 / SECOND_US as f64))
            .filter(|seconds| *seconds > 0.0)
            .map(|seconds| seconds / 60.0),
        distance_m: quantity("distance", "distance_walking_running", "m"),
        active_energy_kcal: quantity("kcal_burned", "active_energy_burned", "kcal"),
        ..Workout::default()
    };
    let heading = Heading {
        at: Interval {
            start_us: at.start_us,
            end_us: at.end_us,
        },
        zone: live::zone_of(at.offset_min),
        source: header.source,
        uid: (!header.id.is_empty()).then(|| uid_of(&header.id)),
    };
    desk.workout(spot, heading, workout);
    Ok(())
}
