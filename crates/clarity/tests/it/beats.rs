//! Beats of an export become variability that a person can read, and that nobody else can.

use std::fmt::Write as _;

use axum::http::StatusCode;

use crate::files::import;
use crate::harness::TestApp;
use crate::uploads::settle;

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

pub(crate) fn export() -> &'static [u8] {
    let mut beats = String::new();
    for at_cs in beats_cs() {
        let (minute, second, rest) = (at_cs / 6_000, at_cs / 100 % 60, at_cs % 100);
        write!(
            beats,
            "<InstantaneousBeatsPerMinute bpm=\"60\" time=\"9:{minute:02}:{second:02}.{rest:02} AM\"/>"
        )
        .expect("a string takes all");
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<HealthData locale=\"en_GB\">\n \
         <ExportDate value=\"2026-11-19 12:00:00 +0000\"/>\n <Me/>\n \
         <Record type=\"HKQuantityTypeIdentifierHeartRateVariabilitySDNN\" sourceName=\"Watch\" \
         unit=\"ms\" creationDate=\"2026-11-18 09:02:00 +0000\" \
         startDate=\"2026-11-18 09:00:00 +0000\" endDate=\"2026-11-18 09:01:02 +0000\" value=\"40\">\n  \
         <HeartRateVariabilityMetadataList>{beats}</HeartRateVariabilityMetadataList>\n </Record>\n\
         </HealthData>\n"
    )
    .leak()
    .as_bytes()
}

#[tokio::test]
async fn beats_of_an_export_are_measured() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let bob = test.register("bob@example.org").await;
    let answer = import(&test, &ada, export()).await;
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
    let beats = beats_cs();
    let intervals: Vec<f64> = beats
        .windows(2)
        .map(|pair| f64::from(pair[1] - pair[0]) * 10.0)
        .collect();
    let steps: Vec<f64> = intervals.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let rmssd = (steps.iter().map(|step| step * step).sum::<f64>() / steps.len() as f64).sqrt();
    let found = measure("rmssd")["value"].as_f64().expect("a value");
    assert!((found - rmssd).abs() < 1e-6, "{found} and {rmssd}");
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
