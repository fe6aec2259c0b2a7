//! What HC Webhook posts in its three spellings, and its totals of days: grown, cut, and of a phone elsewhere.

use import::batch::{Fact, RejectCode};
use import::forms::health_connect_webhook::FORM;
use model::sample::{Flags, HOUR_US, Sample};
use model::zone::{Zone, ZoneHistory};

use crate::support::{form_of, read, read_of, us};

fn in_berlin() -> ZoneHistory {
    ZoneHistory::fixed(Zone::parse("Europe/Berlin").expect("a zone"))
}

/// The steps of a body, of somebody who was in these zones.
fn steps(body: &str, zones: &ZoneHistory) -> Vec<Sample> {
    assert_eq!(form_of(body), Ok(&FORM));
    let read = read_of(&FORM, body.as_bytes(), zones, None).expect("a body");
    assert_eq!(read.refusals(), []);
    read.samples("step_count")
}

/// The end of a day in Berlin, the middle of the next one, the day after, until ten o'clock.
const WINDOW: &str = r#"{"timestamp":"2026-03-05T09:00:00.050Z","app_version":"2.4.0","steps":[
    {"count":2600,"start_time":"2026-03-02T23:00:00Z","end_time":"2026-03-03T23:00:00Z"},
    {"count":5200,"start_time":"2026-03-03T23:00:00Z","end_time":"2026-03-04T23:00:00Z"},
    {"count":3100,"start_time":"2026-03-04T23:00:00Z","end_time":"2026-03-05T09:00:00Z"}]}"#;

#[test]
fn the_day_in_which_the_window_begins_is_at_least_so_much() {
    let found = steps(WINDOW, &in_berlin());
    let told: Vec<_> = found.iter().map(|day| (day.value, day.flags)).collect();
    let whole = Flags::AGGREGATED;
    assert_eq!(
        told,
        [
            (2_600.0, Flags::AT_LEAST),
            (5_200.0, whole),
            (3_100.0, whole)
        ]
    );
    for day in &found {
        assert_eq!(day.end_us - day.start_us, 24 * HOUR_US, "{day:?}");
    }
    // A window that a person chose begins inside its first day too; the other days are whole.
    let chosen = WINDOW.replace("2026-03-05T09:00:00.050Z", "2026-03-09T09:00:00Z");
    let chosen = chosen.replace("2026-03-05T09:00:00Z", "2026-03-05T23:00:00Z");
    let flags: Vec<_> = steps(&chosen, &in_berlin())
        .iter()
        .map(|day| day.flags)
        .collect();
    assert_eq!(flags, [Flags::AT_LEAST, whole, whole]);
    // Within the last 48 hours a day is not cut.
    let soon = WINDOW.replace("2026-03-05T09:00:00.050Z", "2026-03-04T22:30:00Z");
    let soon = soon.replace("2026-03-05T09:00:00Z", "2026-03-05T23:00:00Z");
    assert_eq!(steps(&soon, &in_berlin())[0].flags, whole);
}

#[test]
fn a_day_is_the_phone_s_where_the_person_s_zone_is_another() {
    // Nobody has told that this person is in Berlin; the last day begins where another ends.
    let found = steps(WINDOW, &ZoneHistory::fixed(Zone::utc()));
    let expect = steps(WINDOW, &in_berlin());
    assert_eq!(found, expect);
    // On a journey the days are those of the place.
    let away = ZoneHistory::from_observations(
        Zone::parse("America/New_York").expect("a zone"),
        vec![(
            us("2026-03-01T00:00:00Z"),
            Zone::parse("Europe/Berlin").expect("a zone"),
        )],
    );
    assert_eq!(steps(WINDOW, &away), expect);
    let alone = r#"{"timestamp":"2026-03-05T09:00:00Z","app_version":"2.4.0","steps":[
        {"count":3100,"start_time":"2026-03-04T23:00:00Z","end_time":"2026-03-05T09:00:00Z"}]}"#;
    let alone = steps(alone, &away);
    assert_eq!(
        (alone[0].end_us, alone[0].flags),
        (expect[2].end_us, Flags::AGGREGATED)
    );
}

#[test]
fn who_names_a_source_or_a_shorter_time_says_no_total() {
    let body = WINDOW.replace(
        "\"count\":5200",
        "\"count\":5200,\"metadata\":{\"data_origin\":\"com.example.watch\"}",
    );
    let found = steps(&body, &in_berlin());
    assert_eq!(found[1].flags, Flags::NONE);
    let quarter = r#"{"timestamp":"2026-03-05T09:01:00Z","app_version":"2.4.0","steps":[
        {"count":120,"start_time":"2026-03-05T08:45:00Z","end_time":"2026-03-05T09:00:00Z"}]}"#;
    let quarter = steps(quarter, &in_berlin());
    assert_eq!(
        (quarter[0].flags, quarter[0].end_us),
        (Flags::NONE, us("2026-03-05T09:00:00Z"))
    );
}

#[test]
fn each_spelling_says_the_same() {
    let plain = r#"{"timestamp":"2026-03-05T10:05:00Z","app_version":"2.4.0",
        "heart_rate":[{"bpm":63,"time":"2026-03-05T10:00:00Z","metadata":{"data_origin":"com.example.watch",
          "recording_method":"manual_entry","device":{"manufacturer":"Invented","model":"Band 1"}}}],
        "heart_rate_variability":[{"rmssd_millis":39,"time":"2026-03-05T05:00:00Z"}],
        "steps":[{"count":2600,"start_time":"2026-03-02T23:00:00Z","end_time":"2026-03-03T23:00:00Z"}],
        "vo2_max":[{"ml_per_kg_per_min":41,"time":"2026-03-05T05:00:00Z"}],
        "sleep":[{"session_end_time":"2026-03-05T05:00:00Z","duration_seconds":3600,"stages":[
          {"stage":"5","start_time":"2026-03-05T04:00:00Z","end_time":"2026-03-05T05:00:00Z"}]}],
        "bmi":[{"value":22.9,"time":"2026-03-05T05:00:00Z"}]}"#;
    let camel = plain.replace("app_version", "appVersion");
    let camel = [
        ("heart_rate_variability", "heartRateVariability"),
        ("heart_rate", "heartRate"),
        ("data_origin", "dataOrigin"),
        ("recording_method", "recordingMethod"),
        ("rmssd_millis", "rmssdMillis"),
        ("start_time", "startTime"),
        ("end_time", "endTime"),
        ("vo2_max", "vo2Max"),
        ("ml_per_kg_per_min", "mlPerKgPerMin"),
        ("session_endTime", "sessionEndTime"),
        ("duration_seconds", "durationSeconds"),
    ]
    .iter()
    .fold(camel, |text, (snake, camel)| text.replace(snake, camel));
    assert!(!camel.contains("_r") && !camel.contains("_t"), "{camel}");
    let synced = r#"{"type":"health_data.synced","timestamp":"2026-03-05T10:05:00Z","data":{"appVersion":"2.4.0",
        "source":{"provider":"hc_webhook"},"records":[
        {"type":"heart_rate","bpm":63,"time":"2026-03-05T10:00:00Z","metadata":{"dataOrigin":"com.example.watch",
          "recordingMethod":"manual_entry","device":{"manufacturer":"Invented","model":"Band 1"}}},
        {"type":"heart_rate_variability","rmssdMillis":39,"time":"2026-03-05T05:00:00Z"},
        {"type":"steps","count":2600,"startTime":"2026-03-02T23:00:00Z","endTime":"2026-03-03T23:00:00Z"},
        {"type":"vo2Max","mlPerKgPerMin":41,"time":"2026-03-05T05:00:00Z"},
        {"type":"sleep","sessionEndTime":"2026-03-05T05:00:00Z","durationSeconds":3600,"stages":[
          {"stage":"5","startTime":"2026-03-05T04:00:00Z","endTime":"2026-03-05T05:00:00Z"}]}]}}"#;
    let metrics = [
        "heart_rate",
        "heart_rate_variability_rmssd",
        "step_count",
        "vo2_max",
        "sleep_analysis",
    ];
    let expect = read(&FORM, plain);
    assert_eq!(expect.values("sleep_analysis"), [0.0, 4.0]);
    assert!(
        format!("{:?}", expect.batch.facts).contains("computes"),
        "{:?}",
        expect.batch.facts
    );
    for body in [camel.as_str(), synced] {
        assert_eq!(form_of(body), Ok(&FORM), "{body}");
        let found = read(&FORM, body);
        assert_eq!(found.refusals(), [], "{body}");
        assert_eq!(found.summary.samples, expect.summary.samples);
        for metric in metrics {
            let bare =
                |sample: &Sample| (sample.start_us, sample.end_us, sample.value, sample.flags);
            let of = |read: &crate::support::Read| {
                read.samples(metric).iter().map(bare).collect::<Vec<_>>()
            };
            assert_eq!(of(&found), of(&expect), "{metric} of {body}");
        }
        assert_eq!(found.source(found.one("heart_rate")), "Band 1");
    }
}

#[test]
fn a_list_of_records_names_what_it_cannot_read_by_its_place() {
    let body = r#"{"type":"health_data.synced","timestamp":"2026-03-05T10:05:00Z","data":{"records":[
        {"bpm":61,"time":"2026-03-05T10:00:00Z"},
        {"type":"heart_rate","bpm":"fast","time":"2026-03-05T10:00:00Z"},
        {"type":"telepathy","thoughts":1},{"type":"telepathy","thoughts":2},
        {"type":"exercise","startTime":"2026-03-05T08:00:00Z","endTime":"2026-03-05T09:00:00Z"}]}}"#;
    let read = read(&FORM, body);
    assert_eq!(
        read.refusals(),
        [
            ("/data/records/0/type", RejectCode::TypeMissing),
            ("/data/records/1/bpm", RejectCode::ValueInvalid)
        ]
    );
    assert!(matches!(&read.batch.facts[..], [Fact::Skipped { name, .. }] if name == "telepathy"));
    assert_eq!(read.summary.records, 1);
}
