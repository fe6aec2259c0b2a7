//! What Health.md posts from an iPhone: HealthKit's objects, the phone's own totals, days without an archive.

use import::batch::{Fact, RejectCode, ZoneEvidence};
use import::forms::health_md::FORM;
use model::record::Body;
use model::sample::{DAY_US, Flags, uid_of};

use crate::support::{Read, form_of, near, read, us};

/// A body with one day of these members.
fn day(more: &str) -> Read {
    let body = format!(
        r#"{{"schema":"healthmd.api_export","schema_version":1,"exported_at":"2026-03-09T09:00:00Z","source":"ios",
        "record_count":1,"records":[{{"date":"2026-03-08","type":"health-data",
        "time_context":{{"calendar_timezone":"Europe/Amsterdam"}},
        "activity":{{"steps":1000,"activeCalories":120.5,"walkingRunningDistance":900}},
        "heart":{{"hrv":42,"restingHeartRate":58}}{more}}}]}}"#
    );
    assert_eq!(form_of(&body), Ok(&FORM));
    read(&FORM, &body)
}

fn archive(records: &str) -> Read {
    day(&format!(
        r#","healthkit_record_archive":{{"schema":"healthmd.healthkit_records","records":[{records}]}}"#
    ))
}

#[test]
fn samples_are_those_of_the_archive_under_their_own_ids() {
    let read = archive(
        r#"{"original_uuid":"B0000000-0000-4000-8000-000000000001","object_type_identifier":"HKQuantityTypeIdentifierStepCount",
        "record_kind":"quantity","start_date":"2026-03-08T06:00:00.000000000Z","end_date":"2026-03-08T06:30:00.000000000Z",
        "source_revision":{"name":"Watch","bundle_identifier":"com.example.health","product_type":"Watch7,1"},
        "metadata":{"HKTimeZone":{"type":"string","value":"Europe/Amsterdam"},
          "HKWasUserEntered":{"type":"bool","value":true}},
        "payload":{"type":"quantity","value":1000,"unit":"count","sample_kind":"cumulative"},"relationships":[]},
        {"original_uuid":"B0000000-0000-4000-8000-000000000003","object_type_identifier":"HKCategoryTypeIdentifierSleepAnalysis",
        "record_kind":"category","start_date":"2026-03-07T22:10:00Z","end_date":"2026-03-08T02:10:00Z",
        "source_revision":{"name":"Watch"},"payload":{"type":"category","raw_value":3,"symbolic_value":"asleepCore"}},
        {"original_uuid":"B0000000-0000-4000-8000-000000000004","object_type_identifier":"HKQuantityTypeIdentifierOxygenSaturation",
        "record_kind":"quantity","start_date":"2026-03-08T01:00:00Z","end_date":"2026-03-08T01:00:00Z",
        "source_revision":{"name":"Watch"},"payload":{"type":"quantity","value":0.97,"unit":"%"}},
        {"original_uuid":"w","object_type_identifier":"HKWorkoutTypeIdentifier","record_kind":"structured",
        "start_date":"2026-03-08T08:00:00Z","end_date":"2026-03-08T08:30:00Z","source_revision":{"name":"Watch"},
        "payload":{"type":"structured","kind":"workout","fields":{"activity_type":"running","duration_seconds":1800}}},
        {"original_uuid":"e","object_type_identifier":"HKElectrocardiogramType","record_kind":"structured",
        "start_date":"2026-03-08T08:00:00Z","end_date":"2026-03-08T08:00:30Z","payload":{"kind":"ecg","fields":{}}}"#,
    );
    assert_eq!(read.refusals(), []);
    let steps = read.samples("step_count");
    assert_eq!(read.values("step_count"), [1_000.0, 1_000.0]);
    let (own, total) = (steps[0], steps[1]);
    assert_eq!(
        own.uid,
        Some(uid_of("b0000000-0000-4000-8000-000000000001"))
    );
    assert_eq!((own.flags, own.zone_offset_min), (Flags::MANUAL, Some(60)));
    assert_eq!(read.source(own), "Watch");
    // What the phone shows of the day is of its calendar's day, and nobody's sample.
    assert_eq!((total.uid, total.flags), (None, Flags::AGGREGATED));
    assert_eq!(total.start_us, us("2026-03-07T23:00:00Z"));
    assert_eq!(total.end_us - total.start_us, DAY_US);
    assert_eq!(read.values("active_energy_burned"), [120.5]);
    assert_eq!(read.values("sleep_analysis"), [3.0]);
    near(read.one("oxygen_saturation").value, 97.0);
    // The summary's means are of the same samples.
    assert!(read.samples("resting_heart_rate").is_empty());
    let Body::Workout(run) = &read.batch.records[0].body else {
        panic!("a workout")
    };
    assert_eq!(
        (run.activity.as_str(), run.duration_min),
        ("running", Some(30.0))
    );
    let told = |fact: &&Fact| matches!(fact, Fact::Told { .. });
    let (told, rest): (Vec<&Fact>, Vec<&Fact>) = read.batch.facts.iter().partition(told);
    assert_eq!(told.len(), 1);
    assert!(matches!(&rest[..], [Fact::Skipped { name, .. }] if name == "HKElectrocardiogramType"));
    let zones: Vec<_> = read
        .batch
        .zones
        .iter()
        .map(|seen| (seen.zone.as_str(), seen.evidence))
        .collect();
    assert_eq!(zones, [("Europe/Amsterdam", ZoneEvidence::Named)]);
}

#[test]
fn of_a_series_the_points_are_taken() {
    let read = archive(
        r#"{"original_uuid":"s","object_type_identifier":"HKQuantityTypeIdentifierHeartRate","record_kind":"quantity",
        "start_date":"2026-03-08T06:00:00Z","end_date":"2026-03-08T06:01:00Z","source_revision":{"name":"Watch"},
        "payload":{"type":"quantity","value":62,"unit":"count/min","series":[
          {"start_date":"2026-03-08T06:00:00Z","end_date":"2026-03-08T06:00:00Z","value":61},
          {"start_date":"2026-03-08T06:01:00Z","end_date":"2026-03-08T06:01:00Z","value":63}]}}"#,
    );
    assert_eq!(read.refusals(), []);
    assert_eq!(read.values("heart_rate"), [61.0, 63.0]);
    let rates = read.samples("heart_rate");
    assert_ne!(rates[0].uid, rates[1].uid);
}

#[test]
fn a_day_without_an_archive_has_totals_and_a_few_samples() {
    let read = day(r#","sleep":{"totalDuration":14400,"sleepStages":[
        {"stage":"core","startDate":"2026-03-07T22:10:00Z","endDate":"2026-03-08T02:10:00Z","durationSeconds":14400},
        {"stage":"dreaming","startDate":"2026-03-08T02:10:00Z","endDate":"2026-03-08T03:10:00Z"}]}"#);
    assert_eq!(
        read.refusals(),
        [(
            "/records/0/sleep/sleepStages/1/stage",
            RejectCode::ValueInvalid
        )]
    );
    assert_eq!(read.values("step_count"), [1_000.0]);
    assert_eq!(read.values("sleep_analysis"), [3.0]);
    assert_eq!(read.values("resting_heart_rate"), [58.0]);
    assert_eq!(read.values("heart_rate_variability_sdnn"), [42.0]);
}

#[test]
fn bodies_without_days_and_days_without_a_date_are_said() {
    let empty =
        r#"{"schema":"healthmd.api_export","record_count":0,"records":[],"external_records":[]}"#;
    assert_eq!(form_of(empty), Ok(&FORM));
    assert_eq!(read(&FORM, empty).summary.rejected, 0);
    let dateless = r#"{"schema":"healthmd.api_export","records":[{"activity":{"steps":5}},7]}"#;
    let dateless = read(&FORM, dateless);
    assert_eq!(
        dateless.refusals(),
        [
            ("/records/0/date", RejectCode::TimeInvalid),
            ("/records/1", RejectCode::Malformed)
        ]
    );
}

#[test]
fn the_app_s_own_example() {
    let Some(path) = oracle::data::beside("senders/health-md/body.json") else {
        return;
    };
    // In the past of these tests.
    let body = oracle::data::text(&path).replace("2026-05-1", "2026-03-0");
    let read = read(&FORM, &body);
    assert_eq!(read.refusals(), []);
    assert_eq!(read.values("step_count"), [1_000.0, 400.0, 1_000.0]);
    near(read.one("oxygen_saturation").value, 97.0);
    assert_eq!(read.values("sleep_analysis"), [3.0]);
}
