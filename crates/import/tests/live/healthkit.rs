//! Samples as apps post them from HealthKit.

use import::batch::{Deletion, Meaning, Printed, RejectCode, ZoneEvidence};
use import::forms::healthkit;
use import::json::ReadError;
use model::metric;
use model::record::Body;
use model::sample::{Flags, uid_of};

use crate::support::{Read, form_of, near, read, try_read, us};

fn quantity(members: &str) -> Read {
    read(
        &healthkit::FORM,
        &format!(r#"{{"quantity_samples":[{{{members}}}]}}"#),
    )
}

const TIMES: &str = r#""start_date":"2026-03-08T08:00:00Z","end_date":"2026-03-08T08:05:00Z""#;

#[test]
fn the_original_body_is_read() {
    let body = r#"{"user_id":"x","quantity_samples":[{"identifier":"heart_rate","type":"quantity",
        "value":72.0,"unit":"count/min","start_date":"2026-03-08T08:00:00Z",
        "end_date":"2026-03-08T08:00:00Z","source_name":"Apple Watch","device":{},"metadata":{}}],
        "category_samples":[],"workouts":[],"correlation_samples":[],"upload_metadata":{},
        "sync_token":"t"}"#;
    assert_eq!(form_of(body), Ok(&healthkit::FORM));
    let read = read(&healthkit::FORM, body);
    assert_eq!(read.refusals(), []);
    let rate = read.one("heart_rate");
    assert_eq!(
        (rate.value, rate.start_us),
        (72.0, us("2026-03-08T08:00:00Z"))
    );
    assert_eq!(read.source(rate), "Apple Watch");
    assert_eq!((rate.zone_offset_min, rate.uid), (None, None));
    assert_eq!(read.batch.zones, []);
}

#[test]
fn every_spelling_of_a_member_is_read() {
    let check = |members: &str| {
        let read = quantity(members);
        let steps = read.one("step_count");
        assert_eq!(steps.value, 412.0, "{members}");
        assert_eq!(steps.end_us, us("2026-03-08T08:05:00Z"), "{members}");
        read
    };
    let identifier = "HKQuantityTypeIdentifierStepCount";
    check(&format!(
        r#""type":"{identifier}","value":412,"unit":"count",{TIMES}"#
    ));
    check(&format!(
        r#""type_identifier":"{identifier}","value":412.0,"unit":{{"unit_string":"count"}},
        "source":"Watch",{TIMES}"#
    ));
    check(&format!(
        r#""identifier":"steps","value":{{"value":"412","unit":"count"}},{TIMES}"#
    ));
    let read = check(
        r#""sampleType":"step_count","quantity":412,"unit":"count","startDate":"2026-03-08T09:00:00+01:00",
        "endDate":1772957100,"uuid":"550E8400-E29B-41D4-A716-446655440000",
        "sourceRevision":{"source":{"name":"Watch","bundleIdentifier":"com.apple.health"}},
        "device":{"name":"Apple Watch","manufacturer":"Apple Inc.","model":"Watch","hardwareVersion":"Watch6,1",
        "softwareVersion":"9.1"},"metadata":{"HKTimeZone":"Europe/Berlin","HKWasUserEntered":1}"#,
    );
    let steps = read.one("step_count");
    assert_eq!(
        steps.uid,
        Some(uid_of("550e8400-e29b-41d4-a716-446655440000"))
    );
    assert_eq!(steps.flags, Flags::MANUAL);
    assert_eq!(steps.zone_offset_min, Some(60));
    let source = &read.batch.new_sources[0];
    assert_eq!(source.name, "Watch");
    assert_eq!(source.app_id.as_deref(), Some("com.apple.health"));
    assert_eq!(source.device.as_deref(), Some("Apple Inc. Watch Watch6,1"));
    let zones = read.batch.zones.iter();
    let zones: Vec<_> = zones
        .map(|seen| (seen.zone.as_str(), seen.evidence))
        .collect();
    assert_eq!(zones, [("Europe/Berlin", ZoneEvidence::Named)]);
}

#[test]
fn percents_are_fractions_and_whole_numbers_are_not() {
    let saturation = |value: &str| {
        let read = quantity(&format!(
            r#""identifier":"oxygen_saturation","value":{value},"unit":"%",{TIMES}"#
        ));
        read.one("oxygen_saturation").value
    };
    near(saturation("0.97"), 97.0);
    near(saturation("97"), 97.0);
    near(saturation("1.0"), 100.0);
}

#[test]
fn units_are_converted_or_refused() {
    let members =
        |unit: &str| format!(r#""identifier":"body_mass","value":154,"unit":"{unit}",{TIMES}"#);
    near(
        quantity(&members("lb")).one("body_mass").value,
        154.0 * 0.453_592_37,
    );
    let refused = quantity(&members("km"));
    assert_eq!(
        refused.refusals(),
        [("/quantity_samples/0/unit", RejectCode::UnitUnknown)]
    );
    assert_eq!(refused.batch.rejections[0].type_index, Some(0));
}

#[test]
fn unknown_types_are_kept_in_their_unit() {
    let read = quantity(&format!(
        r#""identifier":"HKQuantityTypeIdentifierFutureThing","value":3.5,"unit":"zorks",{TIMES}"#
    ));
    assert_eq!(read.batch.samples.len(), 1);
    assert_eq!(
        read.batch.new_types[0].name,
        "HKQuantityTypeIdentifierFutureThing"
    );
    assert_eq!(
        read.batch.new_types[0].meaning,
        Meaning::Unknown {
            unit: "zorks".to_owned()
        }
    );
}

#[test]
fn bad_samples_are_told_and_cost_nothing_else() {
    let good = format!(r#"{{"identifier":"heart_rate","value":60,{TIMES}}}"#);
    let bad = [
        ("", RejectCode::Malformed, "7"),
        ("/identifier", RejectCode::TypeMissing, r#"{"value":1}"#),
        (
            "/start_date",
            RejectCode::TimeInvalid,
            r#"{"identifier":"heart_rate","value":60}"#,
        ),
        (
            "/end_date",
            RejectCode::IntervalNegative,
            r#"{"identifier":"heart_rate","value":60,"start_date":"2026-03-08T08:00:00Z","end_date":"2026-03-08T07:00:00Z"}"#,
        ),
        (
            "/start_date",
            RejectCode::TimeTooEarly,
            r#"{"identifier":"heart_rate","value":60,"start_date":"0000-01-01T00:00:00Z"}"#,
        ),
        (
            "/end_date",
            RejectCode::TimeInFuture,
            r#"{"identifier":"heart_rate","value":60,"start_date":"9999-12-31T23:59:59Z"}"#,
        ),
        (
            "/value",
            RejectCode::ValueOutOfRange,
            &good.replace("60", "3000"),
        ),
        (
            "/value",
            RejectCode::ValueMissing,
            &good.replace("60", "null"),
        ),
        (
            "/value",
            RejectCode::ValueInvalid,
            &good.replace("60", "[1]"),
        ),
        (
            "/value",
            RejectCode::ValueInvalid,
            &good.replace("60", "\"NaN\""),
        ),
        ("", RejectCode::Malformed, &good.replace("60", "1e999")),
        (
            "",
            RejectCode::Malformed,
            &good.replace("heart_rate", "\\ud800"),
        ),
    ];
    let elements: Vec<&str> = bad
        .iter()
        .flat_map(|(_, _, element)| [good.as_str(), *element])
        .collect();
    let read = read(
        &healthkit::FORM,
        &format!(r#"{{"quantity_samples":[{}]}}"#, elements.join(",")),
    );
    assert_eq!(read.values("heart_rate").len(), bad.len());
    for ((field, code, element), (got_field, got_code)) in bad.iter().zip(read.refusals()) {
        assert_eq!(*code, got_code, "{element}");
        assert!(got_field.ends_with(field), "{got_field} for {element}");
    }
    assert_eq!(read.refusals().len(), bad.len());
    for refused in &read.batch.rejections {
        assert!(!refused.message.contains("3000"), "messages hold no value");
    }
}

#[test]
fn categories_come_as_codes_or_names() {
    let body = format!(
        r#"{{"category_samples":[
        {{"identifier":"HKCategoryTypeIdentifierSleepAnalysis","value":4,{TIMES}}},
        {{"identifier":"sleep_analysis","value":"asleepREM",{TIMES}}},
        {{"identifier":"sleep_analysis","value":"HKCategoryValueSleepAnalysisAsleep",{TIMES}}},
        {{"identifier":"sleep_analysis","value":17,{TIMES}}},
        {{"identifier":"HKCategoryTypeIdentifierMindfulSession",{TIMES}}},
        {{"identifier":"headache",{TIMES}}}]}}"#
    );
    let read = read(&healthkit::FORM, &body);
    assert_eq!(read.values("sleep_analysis"), [4.0, 5.0, 1.0]);
    assert_eq!(read.values("mindful_session"), [0.0]);
    assert_eq!(
        read.refusals(),
        [
            ("/category_samples/3/value", RejectCode::ValueInvalid),
            ("/category_samples/5/value", RejectCode::ValueMissing)
        ]
    );
}

#[test]
fn workouts_are_records() {
    let body = r#"{"workouts":[
      {"uuid":"w1","workout_activity_type":37,"start_date":"2026-03-08T08:00:00Z",
       "end_date":"2026-03-08T08:30:00Z","duration":1797,"total_energy_burned":{"value":1000,"unit":"kJ"},
       "total_distance":5310,"source":"Watch","metadata":{"HKIndoorWorkout":0,"HKTimeZone":"Europe/Berlin"},
       "events":[{"type":"HKWorkoutEventTypeMotionPaused","date":"2026-03-08T08:10:00Z"},{"type":1,"date":"2026-03-08T08:11:00Z"}],
       "statistics":[{"type":"HKQuantityTypeIdentifierHeartRate","average":140,"unit":"count/min"}]},
      {"type":"Yoga","start":"2026-03-08T09:00:00Z","duration_minutes":30},
      {"type":"Yoga","start":"2026-03-08T09:00:00Z"},
      {"start":"2026-03-08T09:00:00Z"}]}"#;
    let read = read(&healthkit::FORM, body);
    assert_eq!(
        read.refusals(),
        [
            ("/workouts/2/end_date", RejectCode::TimeInvalid),
            ("/workouts/3/workout_activity_type", RejectCode::TypeMissing)
        ]
    );
    let record = &read.batch.records[0];
    assert_eq!(record.uid, Some(uid_of("w1")));
    assert_eq!(record.zone.as_deref(), Some("Europe/Berlin"));
    let Body::Workout(run) = &record.body else {
        panic!("a workout")
    };
    assert_eq!(run.activity, "running");
    assert_eq!(run.duration_min, Some(29.95));
    near(run.active_energy_kcal.expect("told"), 1000.0 / 4.184);
    assert_eq!((run.distance_m, run.indoor), (Some(5310.0), Some(false)));
    let events: Vec<_> = run
        .events
        .iter()
        .map(|event| event.event.as_str())
        .collect();
    assert_eq!(events, ["motion_paused", "pause"]);
    assert_eq!(run.statistics[0].mean, Some(140.0));
    let yoga = &read.batch.records[1];
    assert_eq!(yoga.end_us, us("2026-03-08T09:30:00Z"));
}

#[test]
fn correlations_keep_their_members_together() {
    let body = format!(
        r#"{{"correlation_samples":[{{"uuid":"c1","type":"HKCorrelationTypeIdentifierBloodPressure",{TIMES},
        "source_name":"Cuff","objects":[
          {{"type":"HKQuantityTypeIdentifierBloodPressureSystolic","value":121,"unit":"mmHg"}},
          {{"type":"HKQuantityTypeIdentifierBloodPressureDiastolic","value":79,"unit":"mmHg"}}]}},
        {{"type":"food",{TIMES},"objects":[]}}]}}"#
    );
    let read = read(&healthkit::FORM, &body);
    assert_eq!(read.values("blood_pressure_systolic"), [121.0]);
    assert!(
        read.batch
            .samples
            .iter()
            .all(|sample| sample.printed == Printed::InCorrelation)
    );
    let Body::Correlation(pressure) = &read.batch.records[0].body else {
        panic!("a correlation")
    };
    assert_eq!(pressure.correlation, "blood_pressure");
    assert_eq!(pressure.members[1].metric, "blood_pressure_diastolic");
    assert_eq!(pressure.members[1].unit, "mm[Hg]");
    assert_eq!(
        read.refusals(),
        [("/correlation_samples/1/objects", RejectCode::ValueMissing)]
    );
}

#[test]
fn deleted_objects_are_passed_on() {
    let read = read(
        &healthkit::FORM,
        r#"{"deleted_objects":["a",{"uuid":"b","type":"heart_rate"},{"kind":1}]}"#,
    );
    let heart_rate = metric::by_id("heart_rate").expect("a metric").no;
    assert_eq!(
        read.batch.deletions,
        [
            Deletion {
                uid: uid_of("a"),
                metric: None
            },
            Deletion {
                uid: uid_of("b"),
                metric: Some(heart_rate)
            }
        ]
    );
    assert_eq!(
        read.refusals(),
        [("/deleted_objects/2/uuid", RejectCode::Malformed)]
    );
}

#[test]
fn a_request_has_a_limit() {
    let body = format!(r#"{{"quantity_samples":[{}{{}}]}}"#, "{},".repeat(10_000));
    let refused = try_read(&healthkit::FORM, body.as_bytes()).expect_err("too many");
    assert_eq!(
        refused,
        ReadError::TooMany {
            pointer: "/quantity_samples".to_owned(),
            max_allowed: 10_000
        }
    );
    let body = format!(r#"{{"quantity_samples":[{}{{}}]}}"#, "{},".repeat(9_999));
    assert_eq!(read(&healthkit::FORM, &body).summary.rejected, 10_000);
    let refused = try_read(&healthkit::FORM, br#"{"samples":[]}"#).expect_err("another form");
    assert!(matches!(refused, ReadError::WrongShape { .. }));
}

#[test]
fn offsets_are_evidence_when_they_change() {
    let sample =
        |at: &str| format!(r#"{{"identifier":"heart_rate","value":60,"start_date":"{at}"}}"#);
    let times = [
        "2026-03-08T08:00:00Z",
        "2026-03-08T08:00:00+00:00",
        "2026-03-08T10:00:00+02:00",
        "2026-03-08T11:00:00+02:00",
        "2026-03-08T12:00:00-05:00",
    ];
    let samples: Vec<String> = times.iter().map(|at| sample(at)).collect();
    let read = read(
        &healthkit::FORM,
        &format!(r#"{{"quantity_samples":[{}]}}"#, samples.join(",")),
    );
    let zones: Vec<_> = read
        .batch
        .zones
        .iter()
        .map(|seen| (seen.zone.as_str(), seen.at_us))
        .collect();
    assert_eq!(
        zones,
        [
            ("+02:00", us("2026-03-08T08:00:00Z")),
            ("-05:00", us("2026-03-08T17:00:00Z"))
        ]
    );
}
