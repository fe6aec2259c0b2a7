//! Beats of an export become variability that a person can read, and that nobody else can.

use std::fmt::Write as _;

use axum::http::{Method, StatusCode};

use crate::files::import;
use crate::harness::{TestApp, request};
use crate::uploads::settle;

const EXPORTED: &str = "2026-11-19 12:00:00 +0000";
const SLEEP: &str = "/api/v1/sleep?start=2026-11-18&end=2026-11-19";

/// Hundredths of a second from the first beat: a heart that beats every 0.9 to 1.1 s.
pub(crate) fn beats_cs() -> Vec<u32> {
    let mut at_cs = 0;
    (0..60_u32)
        .map(|index| {
            at_cs += 90 + index * 7 % 21;
            at_cs
        })
        .collect()
}

/// A variability sample at an hour of 18 November, with the beats behind it.
fn minute_of_beats(hour: u32) -> String {
    let mut beats = String::new();
    for at_cs in beats_cs() {
        let (minute, second, rest) = (at_cs / 6_000, at_cs / 100 % 60, at_cs % 100);
        write!(
            beats,
            "<InstantaneousBeatsPerMinute bpm=\"60\" time=\"{hour}:{minute:02}:{second:02}.{rest:02} AM\"/>"
        )
        .expect("a string takes all");
    }
    format!(
        "<Record type=\"HKQuantityTypeIdentifierHeartRateVariabilitySDNN\" sourceName=\"Watch\" unit=\"ms\" \
         creationDate=\"2026-11-18 {hour:02}:02:00 +0000\" startDate=\"2026-11-18 {hour:02}:00:00 +0000\" \
         endDate=\"2026-11-18 {hour:02}:01:02 +0000\" value=\"40\">\n\
         <HeartRateVariabilityMetadataList>{beats}</HeartRateVariabilityMetadataList>\n</Record>\n"
    )
}

/// The export of a minute of beats at nine.
pub(crate) fn minute_at_nine() -> &'static [u8] {
    export(EXPORTED, &minute_of_beats(9))
}

fn export(exported: &str, records: &str) -> &'static [u8] {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<HealthData locale=\"en_GB\">\n \
         <ExportDate value=\"{exported}\"/>\n<Me/>\n{records}</HealthData>\n"
    )
    .leak()
    .as_bytes()
}

/// RMSSD of the beats as they are.
fn rmssd() -> f64 {
    let beats = beats_cs();
    let intervals: Vec<f64> = beats
        .windows(2)
        .map(|pair| f64::from(pair[1] - pair[0]) * 10.0)
        .collect();
    let steps: Vec<f64> = intervals.windows(2).map(|pair| pair[1] - pair[0]).collect();
    (steps.iter().map(|step| step * step).sum::<f64>() / steps.len() as f64).sqrt()
}

#[tokio::test]
async fn beats_of_an_export_are_measured() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let bob = test.register("bob@example.org").await;
    let answer = import(&test, &ada, export(EXPORTED, &minute_of_beats(9))).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    settle(&test).await;
    let path = "/api/v1/cardio/beats?start=2026-11-18&end=2026-11-19";
    let page = test.get(path, Some(&ada)).await.json();
    let series = &page["data"][0];
    assert_eq!(series["intervals"], 59, "{page}");
    assert_eq!(series["corrected_share"], 0.0, "{page}");
    let measure = |name: &str| {
        let measures = series["measures"].as_array().expect("a list");
        let found = measures.iter().find(|measure| measure["measure"] == name);
        found.expect("a measure").clone()
    };
    let found = measure("rmssd")["value"].as_f64().expect("a value");
    assert!((found - rmssd()).abs() < 1e-6, "{found} and {}", rmssd());
    // A minute is too short for these.
    for name in ["lf", "vlf_lomb", "triangular_index", "dfa_alpha1"] {
        let measure = measure(name);
        assert!(
            measure["value"].is_null() && measure["reason"].is_string(),
            "{measure}"
        );
    }
    let other = test.get(path, Some(&bob)).await.json();
    assert_eq!(other["data"], serde_json::json!([]));
    assert_eq!(test.get(path, None).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn beats_asleep_are_of_the_night_until_they_are_taken_back() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let sleep = "<Record type=\"HKCategoryTypeIdentifierSleepAnalysis\" sourceName=\"Watch\" \
        creationDate=\"2026-11-18 07:00:00 +0000\" startDate=\"2026-11-17 23:00:00 +0000\" \
        endDate=\"2026-11-18 06:30:00 +0000\" value=\"HKCategoryValueSleepAnalysisAsleepCore\"/>\n";
    let night = async |expect: Option<(f64, u64)>, reason: Option<&str>| {
        let nights = test.get(SLEEP, Some(&ada)).await.json();
        let night = &nights["data"][0];
        assert!(night["main"].is_object(), "{nights}");
        for name in ["rmssd", "sdnn"] {
            let measure = &night[name];
            assert_eq!(measure["reason"].as_str(), reason, "{measure}");
            assert_eq!(measure["value"].is_null(), expect.is_none(), "{measure}");
        }
        let Some((value, n)) = expect else { return };
        let measure = &night["rmssd"];
        assert!((measure["value"].as_f64().expect("a value") - value).abs() < 1e-6);
        assert_eq!(measure["method"], "hrv_rmssd.beats_asleep_spot");
        assert_eq!(measure["n"], n, "{measure}");
        let cardio = test
            .get(&SLEEP.replace("sleep", "cardio"), Some(&ada))
            .await;
        let cardio = &cardio.json()["data"][0];
        assert_eq!(&cardio["beats_rmssd_asleep"], measure);
        assert_eq!(cardio["beats_sdnn_asleep"], night["sdnn"]);
    };
    let bring = async |exported: &str, records: &str| {
        let answer = import(&test, &ada, export(exported, records)).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
        settle(&test).await;
        answer.json()["processing_id"]
            .as_str()
            .expect("an id")
            .to_owned()
    };
    bring(EXPORTED, sleep).await;
    night(None, Some("no_beats_asleep")).await;
    // One minute asleep, one on the day after: only the first is of the night.
    let records = [sleep, &minute_of_beats(2), &minute_of_beats(9)].concat();
    let later = bring("2026-11-19 13:00:00 +0000", &records).await;
    night(Some((rmssd(), 1)), None).await;
    let path = format!("/api/v1/imports/{later}");
    let remove = request(Method::DELETE, &path, Some(&ada), &[], None);
    let removed = test.send(remove).await;
    assert!(removed.status.is_success(), "{}", removed.text());
    settle(&test).await;
    let nights = test.get(SLEEP, Some(&ada)).await.json();
    let night = &nights["data"][0];
    let reason = night["rmssd"]["reason"].as_str();
    assert!(
        nights["data"] == serde_json::json!([]) || reason == Some("no_beats_asleep"),
        "{nights}"
    );
}
