//! Data points of Open mHealth and IEEE 1752.1, one on each line.
//!
//! Metrics that have a published schema become points of it; everything else has no place here and is counted, by
//! metric, in the last point. Which of several sources, marks and the provider's id are in a member of the header that
//! the standard leaves open (`x_clarity`), so that they read back. Identifiers follow from the content.

mod point;
mod sleep;

use model::record::{Body, Record, Workout};
use model::sample::{Flags, Sample};
use model::source::Source;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{Damage, Pair, Report, Row, Topic};
use point::{Marks, Schema, Stretch, frame, header, marks};

/// Schemas with one value: metric, schema, member of the body, unit, and whether it may be an instant.
const VALUES: &[(&str, Schema, &str, &str, Stretch)] = &[
    (
        "heart_rate",
        Schema::omh("heart-rate", "2.0"),
        "heart_rate",
        "beats/min",
        Stretch::Any,
    ),
    (
        "step_count",
        Schema::omh("step-count", "3.0"),
        "step_count",
        "steps",
        Stretch::Interval,
    ),
    (
        "body_mass",
        Schema::omh("body-weight", "3.0"),
        "body_weight",
        "kg",
        Stretch::Any,
    ),
    (
        "height",
        Schema::omh("body-height", "2.0"),
        "body_height",
        "m",
        Stretch::Any,
    ),
    (
        "blood_glucose",
        Schema::omh("blood-glucose", "4.0"),
        "blood_glucose",
        "mg/dL",
        Stretch::Any,
    ),
    (
        "oxygen_saturation",
        Schema::omh("oxygen-saturation", "2.0"),
        "oxygen_saturation",
        "%",
        Stretch::Any,
    ),
    (
        "respiratory_rate",
        Schema::omh("respiratory-rate", "2.0"),
        "respiratory_rate",
        "breaths/min",
        Stretch::Any,
    ),
    (
        "body_temperature",
        Schema::omh("body-temperature", "4.0"),
        "body_temperature",
        "C",
        Stretch::Any,
    ),
    (
        "sleep_duration",
        Schema::ieee("total-sleep-time"),
        "total_sleep_time",
        "min",
        Stretch::Interval,
    ),
];

const PRESSURE: Schema = Schema::omh("blood-pressure", "4.0");
const ACTIVITY: Schema = Schema::ieee("physical-activity");

/// A record beside its point's own members.
#[derive(Serialize)]
struct Document<'a> {
    start_us: i64,
    end_us: i64,
    zone: Option<&'a str>,
    uid: Option<String>,
    identity: &'a str,
    record: &'a Body,
}

/// Points on lines.
#[derive(Debug, Default)]
pub(crate) struct OpenMhealth {
    /// The end of the latest that was written: the last point is of that time.
    latest_us: i64,
}

impl OpenMhealth {
    /// Writes a point. Its header is first, since readers know a file by it.
    fn put(&mut self, out: &mut Vec<u8>, end_us: i64, (header, body): (&Value, &Value)) {
        self.latest_us = self.latest_us.max(end_us);
        out.extend_from_slice(b"{\"header\":");
        serde_json::to_writer(&mut *out, header).expect("a header goes to memory");
        out.extend_from_slice(b",\"body\":");
        serde_json::to_writer(&mut *out, body).expect("a body goes to memory");
        out.extend_from_slice(b"}\n");
    }

    pub(crate) fn samples(
        &mut self,
        out: &mut Vec<u8>,
        topic: &Topic<'_>,
        rows: &[Row<'_>],
        report: &mut Report,
    ) {
        if topic
            .metric
            .is_some_and(|metric| metric.id == "sleep_analysis")
        {
            for point in sleep::points(rows) {
                report.samples += point.samples;
                self.put(out, point.end_us, (&point.header, &point.body));
            }
            return;
        }
        let known = VALUES
            .iter()
            .find(|(metric, ..)| topic.metric.is_some_and(|topic| topic.id == *metric));
        let Some((_, schema, member, unit, stretch)) = known else {
            return report.leave_out(topic.id, rows.len() as u64);
        };
        for row in rows {
            let sample = row.sample;
            let header = header(*schema, row, &marks(row));
            let body = json!({
                *member: { "value": sample.value, "unit": unit },
                "effective_time_frame": frame(sample, *stretch),
            });
            self.put(out, sample.end_us, (&header, &body));
        }
        report.samples += rows.len() as u64;
    }

    pub(crate) fn pressures(&mut self, out: &mut Vec<u8>, pairs: &[Pair<'_>], report: &mut Report) {
        for (high, low) in pairs {
            let value = |sample: &Sample| json!({ "value": sample.value, "unit": "mmHg" });
            let mut own = marks(high);
            own.beside = Some(Box::new(Marks::of_sample(low.sample)));
            let header = header(PRESSURE, high, &own);
            let body = json!({
                "systolic_blood_pressure": value(high.sample),
                "diastolic_blood_pressure": value(low.sample),
                "effective_time_frame": frame(high.sample, Stretch::Any),
            });
            self.put(out, high.sample.end_us, (&header, &body));
        }
        report.samples += 2 * pairs.len() as u64;
    }

    pub(crate) fn record(
        &mut self,
        out: &mut Vec<u8>,
        record: &Record,
        source: &Source,
        report: &mut Report,
    ) {
        let Body::Workout(workout) = &record.body else {
            return report.leave_out(record.body.kind(), 1);
        };
        let sample = Sample {
            start_us: record.start_us,
            end_us: record.end_us,
            value: 0.0,
            zone_offset_min: None,
            source: record.source,
            uid: record.uid,
            flags: Flags::NONE,
        };
        let row = Row {
            sample: &sample,
            source,
        };
        let mut own = marks(&row);
        let document = Document {
            start_us: record.start_us,
            end_us: record.end_us,
            zone: record.zone.as_deref(),
            uid: record.uid.map(|uid| format!("{uid:016x}")),
            identity: &record.identity,
            record: &record.body,
        };
        own.record = serde_json::to_value(document).ok();
        let header = header(ACTIVITY, &row, &own);
        let body = activity(workout, &sample);
        self.put(out, record.end_us, (&header, &body));
        report.records += 1;
    }

    /// The last point: how much was written, what had no place, and what cannot be opened.
    pub(crate) fn end(&mut self, out: &mut Vec<u8>, damaged: &[Damage<'_>], report: &Report) {
        let damaged: Vec<Value> = damaged
            .iter()
            .map(|part| {
                json!({
                    "metric": part.metric,
                    "first_day": part.first_day,
                    "last_day": part.last_day,
                    "samples": part.samples,
                })
            })
            .collect();
        let header = point::report_header(self.latest_us);
        let body = json!({
            "samples": report.samples,
            "records": report.records,
            "left_out": report.left_out,
            "damaged": damaged,
        });
        self.put(out, self.latest_us, (&header, &body));
    }
}

/// What the standard says about a workout.
fn activity(workout: &Workout, sample: &Sample) -> Value {
    let name = workout.activity.replace('_', " ");
    let mut body = json!({
        "activity_name": name,
        "effective_time_frame": frame(sample, Stretch::Interval),
    });
    let quantities = [
        ("duration", workout.duration_min, "min"),
        ("distance", workout.distance_m, "m"),
        ("kcal_burned", workout.active_energy_kcal, "kcal"),
    ];
    for (member, value, unit) in quantities {
        if let (Some(value), Some(body)) = (value, body.as_object_mut()) {
            body.insert(member.to_owned(), json!({ "value": value, "unit": unit }));
        }
    }
    body
}
