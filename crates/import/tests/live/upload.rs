//! The upload forms: one test of acceptance and one of refusal for every field.

use import::batch::{Position, RejectCode};
use import::forms::{batch, simple, upload};
use import::json::ReadError;
use model::record::Body;
use model::sample::{Flags, HOUR_US, uid_of};
use model::source::SourceClass;

use crate::support::{Read, form_of, near, read, try_read, us};

fn metric(members: &str) -> Read {
    read(
        &upload::FORM,
        &format!(
            r#"{{"metrics":[{{"metric_id":"m","recorded_at":"2026-03-08T08:00:00Z",{members}}}]}}"#
        ),
    )
}

/// A field with a good value and what becomes of it, and a bad one with its code.
fn check(kind: &str, block: &str, field: &str, good: &str, becomes: (&str, f64), bad: &str) {
    let body = |value: &str| format!(r#""metric_type":"{kind}","{block}":{{"{field}":{value}}}"#);
    let accepted = metric(&body(good));
    assert_eq!(accepted.refusals(), [], "{field} {good}");
    near(accepted.one(becomes.0).value, becomes.1);
    let refused = metric(&body(bad));
    let pointer = format!("/metrics/0/{block}/{field}");
    assert_eq!(
        refused.refusals()[0],
        (pointer.as_str(), RejectCode::ValueOutOfRange),
        "{bad}"
    );
    assert_eq!(refused.summary.samples, 0);
}

#[test]
fn biometric_fields() {
    let check =
        |kind, field, good, becomes, bad| check(kind, "biometric_data", field, good, becomes, bad);
    check(
        "heart_rate",
        "heart_rate",
        "20",
        ("heart_rate", 20.0),
        "301",
    );
    check(
        "blood_pressure",
        "blood_pressure_systolic",
        "121",
        ("blood_pressure_systolic", 121.0),
        "301",
    );
    check(
        "blood_pressure",
        "blood_pressure_diastolic",
        "79",
        ("blood_pressure_diastolic", 79.0),
        "19",
    );
    check(
        "blood_oxygen",
        "oxygen_saturation",
        "0.97",
        ("oxygen_saturation", 97.0),
        "49",
    );
    check(
        "blood_oxygen",
        "oxygen_saturation",
        "97",
        ("oxygen_saturation", 97.0),
        "101",
    );
    check(
        "heart_rate_variability",
        "heart_rate_variability",
        "55",
        ("heart_rate_variability_sdnn", 55.0),
        "501",
    );
    check(
        "respiratory_rate",
        "respiratory_rate",
        "14",
        ("respiratory_rate", 14.0),
        "81",
    );
    check(
        "body_temperature",
        "body_temperature",
        "36.9",
        ("body_temperature", 36.9),
        "24",
    );
    check(
        "blood_glucose",
        "blood_glucose",
        "95",
        ("blood_glucose", 95.0),
        "9",
    );
}

#[test]
fn activity_fields() {
    let check = |field, good, becomes, bad| {
        check("activity_level", "activity_data", field, good, becomes, bad);
    };
    check("steps", "8000", ("step_count", 8000.0), "100001");
    check(
        "distance",
        "5.3",
        ("distance_walking_running", 5300.0),
        "501",
    );
    check(
        "active_energy",
        "450",
        ("active_energy_burned", 450.0),
        "20001",
    );
    check(
        "exercise_minutes",
        "30",
        ("apple_exercise_time", 30.0),
        "1441",
    );
    check("flights_climbed", "12", ("flights_climbed", 12.0), "2001");
    check("vo2_max", "42.5", ("vo2_max", 42.5), "4");
    check("active_minutes", "60", ("active_minutes", 60.0), "1441");
    check(
        "resting_heart_rate",
        "55",
        ("resting_heart_rate", 55.0),
        "151",
    );
}

#[test]
fn mental_health_fields() {
    let check = |field, good, becomes, bad| {
        check(
            "mood_assessment",
            "mental_health_data",
            field,
            good,
            becomes,
            bad,
        );
    };
    check("mood_score", "\"excellent\"", ("mood_score", 5.0), "6");
    check("stress_level", "3", ("stress_level", 3.0), "11");
    check("anxiety_level", "2", ("anxiety_level", 2.0), "0");
    check("energy_level", "7", ("energy_level", 7.0), "11");
    check("focus_rating", "8", ("focus_rating", 8.0), "0");
    check(
        "social_interaction_minutes",
        "90",
        ("social_interaction_minutes", 90.0),
        "1441",
    );
    check(
        "meditation_minutes",
        "20",
        ("meditation_minutes", 20.0),
        "481",
    );
}

#[test]
fn moods_are_a_closed_list() {
    let mood = |text: &str| {
        metric(&format!(
            r#""metric_type":"mood_assessment","mental_health_data":{{"mood_score":"{text}"}}"#
        ))
    };
    for (text, score) in [
        ("very_low", 1.0),
        ("low", 2.0),
        ("neutral", 3.0),
        ("good", 4.0),
    ] {
        assert_eq!(mood(text).one("mood_score").value, score);
    }
    let refused = mood("ecstatic");
    let pointer = "/metrics/0/mental_health_data/mood_score";
    assert_eq!(refused.refusals()[0], (pointer, RejectCode::ValueInvalid));
}

#[test]
fn notes_are_kept_and_bounded() {
    let notes = |length: usize| {
        let text = "ä".repeat(length);
        metric(&format!(
            r#""metric_type":"mood_assessment","mental_health_data":{{"mood_score":3,"notes":"{text}"}}"#
        ))
    };
    let kept = notes(1_000);
    assert_eq!(kept.refusals(), []);
    let Body::Other(note) = &kept.batch.records[0].body else {
        panic!("a note")
    };
    assert_eq!(note.name, "note");
    let refused = notes(1_001);
    let pointer = "/metrics/0/mental_health_data/notes";
    assert_eq!(refused.refusals(), [(pointer, RejectCode::TextTooLong)]);
    assert_eq!(
        refused.values("mood_score"),
        [3.0],
        "the good field is kept"
    );
}

fn night(members: &str) -> Read {
    metric(&format!(
        r#""metric_type":"sleep_analysis","sleep_data":{{"sleep_start":"2026-03-07T22:00:00Z",
        "sleep_end":"2026-03-08T06:00:00Z",{members}}}"#
    ))
}

#[test]
fn a_night_is_a_summary() {
    let read = night(
        r#""total_sleep_minutes":432,"sleep_efficiency":0.9,"time_to_sleep_minutes":12,"wake_count":3,
        "sleep_stages":{"awake":48,"light":250,"deep":80,"rem":102}"#,
    );
    assert_eq!(read.refusals(), []);
    let total = read.one("sleep_duration");
    assert_eq!(
        (total.value, total.end_us - total.start_us),
        (432.0, 8 * HOUR_US)
    );
    assert_eq!(total.flags, Flags::AGGREGATED);
    assert_eq!(total.uid, Some(uid_of("m/total_sleep_minutes")));
    near(read.one("sleep_efficiency").value, 90.0);
    assert_eq!(read.values("sleep_latency"), [12.0]);
    assert_eq!(read.values("wake_count"), [3.0]);
    assert_eq!(read.values("sleep_awake_duration"), [48.0]);
    assert_eq!(read.values("sleep_light_duration"), [250.0]);
    assert_eq!(read.values("sleep_deep_duration"), [80.0]);
    assert_eq!(read.values("sleep_rem_duration"), [102.0]);
    // In bed is an interval; the stages have no place in it.
    assert_eq!(read.values("sleep_analysis"), [0.0]);
    assert!(!read.summary.requires_review);
}

#[test]
fn a_night_is_checked_against_itself() {
    let odd = night(r#""total_sleep_minutes":432,"sleep_efficiency":0.8"#);
    assert!(odd.summary.requires_review);
    assert!(odd.one("sleep_efficiency").flags.contains(Flags::REVIEW));
    let within = night(r#""total_sleep_minutes":432,"sleep_efficiency":0.86"#);
    assert!(!within.summary.requires_review);
    let percent =
        night(r#""total_sleep_minutes":432,"sleep_efficiency":90,"sleep_efficiency_unit":"%""#);
    near(percent.one("sleep_efficiency").value, 90.0);
    let bare = night(r#""total_sleep_minutes":432,"sleep_efficiency":90"#);
    let pointer = "/metrics/0/sleep_data/sleep_efficiency";
    assert_eq!(bare.refusals(), [(pointer, RejectCode::ValueOutOfRange)]);
    assert_eq!(
        bare.values("sleep_duration"),
        [432.0],
        "the good field is kept"
    );
    let long = night(r#""total_sleep_minutes":481,"wake_count":2"#);
    let pointer = "/metrics/0/sleep_data/total_sleep_minutes";
    assert_eq!(long.refusals(), [(pointer, RejectCode::ValueOutOfRange)]);
    assert_eq!(long.values("wake_count"), [2.0]);
    let unknown = night(r#""wake_count":2,"sleep_stages":{"dreaming":5}"#);
    let pointer = "/metrics/0/sleep_data/sleep_stages/dreaming";
    assert_eq!(unknown.refusals(), [(pointer, RejectCode::ValueInvalid)]);
}

#[test]
fn a_night_ends_after_it_starts() {
    let read = metric(
        r#""metric_type":"sleep_analysis","sleep_data":{"sleep_start":"2026-03-08T06:00:00Z",
        "sleep_end":"2026-03-07T22:00:00Z","wake_count":2}"#,
    );
    let pointer = "/metrics/0/sleep_data/sleep_end";
    assert_eq!(read.refusals(), [(pointer, RejectCode::IntervalNegative)]);
}

#[test]
fn pressures_are_a_pair() {
    let pair = |systolic: u32, diastolic: u32| {
        metric(&format!(
            r#""metric_type":"blood_pressure","biometric_data":{{"blood_pressure_systolic":{systolic},
            "blood_pressure_diastolic":{diastolic},"heart_rate":61}}"#
        ))
    };
    let good = pair(121, 79);
    assert_eq!(good.values("blood_pressure_systolic"), [121.0]);
    assert_eq!(good.values("blood_pressure_diastolic"), [79.0]);
    let crossed = pair(79, 121);
    let pointer = "/metrics/0/biometric_data/blood_pressure_systolic";
    assert_eq!(crossed.refusals(), [(pointer, RejectCode::ValueOutOfRange)]);
    assert_eq!(
        crossed.values("heart_rate"),
        [61.0],
        "the good field is kept"
    );
    assert_eq!(crossed.summary.samples, 1);
}

#[test]
fn units_may_be_named() {
    let read = metric(
        r#""metric_type":"body_temperature","biometric_data":{"body_temperature":98.6,
        "body_temperature_unit":"°F","blood_glucose":{"value":5,"unit":"mmol/L"},
        "units":{"heart_rate":"count/s"},"heart_rate":1.5}"#,
    );
    assert_eq!(read.refusals(), []);
    near(read.one("body_temperature").value, 37.0);
    near(read.one("blood_glucose").value, 90.078);
    near(read.one("heart_rate").value, 90.0);
}

#[test]
fn blocks_fit_their_type_and_ids_are_unique() {
    let body = r#"{"upload_source":"apple_health","metrics":[
      {"metric_id":"a","metric_type":"heart_rate","sleep_data":{"wake_count":1},"recorded_at":"2026-03-08T08:00:00Z"},
      {"metric_id":"a","metric_type":"heart_rate","biometric_data":{"heart_rate":60},"recorded_at":"2026-03-08T08:00:00Z"},
      {"metric_id":"b","metric_type":"heart_rate","biometric_data":{"heart_rate":60},"created_at":"2026-03-08T08:00:00Z"},
      {"metric_id":"c","metric_type":"heart_rate","biometric_data":{"heart_rate":60}},
      {"metric_id":"d","biometric_data":{"heart_rate":60},"recorded_at":"2026-03-08T08:00:00Z"},
      {"metric_id":"e","metric_type":"heart_rate","recorded_at":"2026-03-08T08:00:00Z"},
      {"metric_id":"f","metric_type":"heart_rate","biometric_data":{},"recorded_at":"2026-03-08T08:00:00Z"},
      {"metric_id":"g","metric_type":"heart_rate","biometric_data":{"x":1},"recorded_at":"2026-03-08T08:00:00Z"},
      {"metric_id":"h","metric_type":"environmental","raw_data":{"pm25":7},"recorded_at":"2026-03-08T08:00:00Z"},
      {"metric_id":"i","metric_type":"weight","value":71.5,"recorded_at":"2026-03-08T08:00:00Z","device_name":"Scale"}]}"#;
    let read = read(&upload::FORM, body);
    assert_eq!(
        read.refusals(),
        [
            ("/metrics/0/sleep_data", RejectCode::BlockMismatch),
            ("/metrics/1/metric_id", RejectCode::IdRepeated),
            ("/metrics/3/recorded_at", RejectCode::TimeInvalid),
            ("/metrics/4/metric_type", RejectCode::TypeMissing),
            ("/metrics/5", RejectCode::ValueMissing),
            ("/metrics/6/biometric_data", RejectCode::Malformed),
            ("/metrics/7/biometric_data", RejectCode::ValueMissing)
        ]
    );
    assert_eq!(read.source(read.one("heart_rate")), "apple_health");
    assert_eq!(read.source(read.one("body_mass")), "Scale");
    let Body::Other(raw) = &read.batch.records[0].body else {
        panic!("raw data")
    };
    assert_eq!(
        (raw.name.as_str(), raw.json.as_str()),
        ("environmental", r#"{"pm25":7}"#)
    );
}

#[test]
fn a_list_has_a_limit() {
    let body = format!(r#"{{"metrics":[{}{{}}]}}"#, "{},".repeat(1_000));
    let refused = try_read(&upload::FORM, body.as_bytes()).expect_err("too many");
    assert_eq!(
        refused,
        ReadError::TooMany {
            pointer: "/metrics".to_owned(),
            max_allowed: 1_000
        }
    );
}

#[test]
fn a_series_of_one_type() {
    let body = r#"{"data_type":"heart_rate","source":"apple_watch","values":[
        {"value":72,"timestamp":"2026-03-08T08:00:00Z"},{"value":"73","timestamp":"2026-03-08T08:01:00+02:00"},
        {"value":5,"timestamp":"2026-03-08T08:02:00Z"},{"value":74}]}"#;
    assert_eq!(form_of(body), Ok(&upload::FORM));
    let read = read(&upload::FORM, body);
    assert_eq!(read.values("heart_rate"), [72.0, 73.0]);
    assert_eq!(
        read.refusals(),
        [
            ("/values/2/value", RejectCode::ValueOutOfRange),
            ("/values/3/recorded_at", RejectCode::TimeInvalid)
        ]
    );
    assert_eq!(read.source(read.samples("heart_rate")[0]), "apple_watch");
}

#[test]
fn one_measurement() {
    let one = |members: &str| {
        read(
            &upload::FORM,
            &format!(r#"{{"recorded_at":"2026-03-08T08:00:00Z",{members}}}"#),
        )
    };
    near(
        one(r#""data_type":"weight","value":154,"unit":"lb""#)
            .one("body_mass")
            .value,
        69.853_224_98,
    );
    assert_eq!(
        one(r#""data_type":"weight","value":71.5"#)
            .one("body_mass")
            .value,
        71.5
    );
    assert_eq!(
        one(r#""data_type":"water_intake_ml","value":350"#)
            .one("dietary_water")
            .value,
        350.0
    );
    assert_eq!(
        one(r#""data_type":"sleep_hours","value":7.5"#)
            .one("sleep_duration")
            .value,
        450.0
    );
    assert_eq!(
        one(r#""data_type":"sleep_analysis","value":7.5,"unit":"hours""#)
            .one("sleep_duration")
            .value,
        450.0
    );
    assert_eq!(
        one(r#""data_type":"distance","value":5.3"#)
            .one("distance_walking_running")
            .value,
        5_300.0
    );
    assert_eq!(
        one(r#""data_type":"exercise","value":30"#)
            .one("apple_exercise_time")
            .value,
        30.0
    );
    assert_eq!(
        one(r#""data_type":"blood_oxygen","value":0.97"#)
            .one("oxygen_saturation")
            .value,
        97.0
    );
    let pressure = one(r#""data_type":"blood_pressure","value":"120/80","id":"p1""#);
    assert_eq!(pressure.values("blood_pressure_systolic"), [120.0]);
    assert_eq!(pressure.values("blood_pressure_diastolic"), [80.0]);
    let split = one(r#""data_type":"blood_pressure","value":{"systolic":120,"diastolic":80}"#);
    assert_eq!(split.values("blood_pressure_diastolic"), [80.0]);
    let crossed = one(r#""data_type":"blood_pressure","value":"80/120""#);
    assert_eq!(
        crossed.refusals(),
        [("/value", RejectCode::ValueOutOfRange)]
    );
    assert_eq!(crossed.batch.rejections[0].position, Position::Index(0));
}

#[test]
fn what_a_person_typed_is_marked() {
    let read = read(
        &upload::FORM,
        r#"{"data_type":"steps","value":412,"recorded_at":"2026-03-08T08:00:00Z","source":"manual","notes":"a walk"}"#,
    );
    assert_eq!(read.one("step_count").flags, Flags::MANUAL);
    assert_eq!(read.batch.new_sources[0].class, SourceClass::Manual);
    assert_eq!(read.summary.records, 1);
}

#[test]
fn workouts_and_ecgs_as_entries() {
    let body = r#"{"records":[
      {"data_type":"workout","value":30,"intensity":"vigorous","activity":"Outdoor Run","recorded_at":"2026-03-08T08:00:00Z"},
      {"data_type":"electrocardiogram","value":"Sinus Rhythm","recorded_at":"2026-03-08T08:00:00Z"},
      {"data_type":"workout","value":"much","recorded_at":"2026-03-08T08:00:00Z"},
      {"data_type":"blood_glucose","value":95,"unit":"mg/dL","recorded_at":"2026-03-08T08:00:00Z"}]}"#;
    assert_eq!(form_of(body), Ok(&batch::FORM));
    let read = read(&batch::FORM, body);
    assert_eq!(
        read.refusals(),
        [("/records/2/value", RejectCode::ValueInvalid)]
    );
    let Body::Workout(run) = &read.batch.records[0].body else {
        panic!("a workout")
    };
    assert_eq!(
        (run.activity.as_str(), run.duration_min),
        ("running", Some(30.0))
    );
    assert_eq!(read.batch.records[0].end_us, us("2026-03-08T08:30:00Z"));
    let Body::Ecg(ecg) = &read.batch.records[1].body else {
        panic!("an ECG")
    };
    assert_eq!(ecg.classification.as_deref(), Some("Sinus Rhythm"));
    assert_eq!(read.values("blood_glucose"), [95.0]);
}

#[test]
fn a_plain_array() {
    let body = r#"[{"type":"steps","start":"2026-03-08T08:00:00-05:00","end":"2026-03-08T09:00:00-05:00","value":412,"unit":"count"},
        {"type":"weight","start":"2026-03-08","value":71.5,"unit":"kg"}, 5]"#;
    assert_eq!(form_of(body), Ok(&simple::FORM));
    let read = read(&simple::FORM, body);
    assert_eq!(read.one("step_count").zone_offset_min, Some(-300));
    // A date is the start of the person's day.
    assert_eq!(read.one("body_mass").start_us, us("2026-03-08T05:00:00Z"));
    assert_eq!(read.refusals(), [("/2", RejectCode::Malformed)]);
}
