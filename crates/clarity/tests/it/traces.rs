//! What was recorded beat by beat comes back as it was, to its person alone.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::beats::{beats_cs, minute_at_nine};
use crate::files::import;
use crate::harness::{TestApp, request};
use crate::uploads::settle;

/// An electrocardiogram of these microvolts, as an app sends it.
pub(crate) fn ecg(voltage_uv: &[f64]) -> Value {
    let points = voltage_uv
        .iter()
        .map(|voltage| json!({"voltage": voltage, "units": "mcV"}));
    json!({"data": {"ecg": [{"start": "2026-11-18 09:30:00 +0000",
        "end": "2026-11-18 09:30:30 +0000", "classification": "Sinus Rhythm",
        "averageHeartRate": 62, "samplingFrequency": 512, "source": "Apple Watch",
        "voltageMeasurements": points.collect::<Vec<_>>()}]}})
}

#[tokio::test]
async fn an_electrocardiogram_comes_back_as_it_was() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let bob = test.register("bob@example.org").await;
    let voltage_uv: Vec<f64> = (0..2_000)
        .map(|index| f64::from(index * 37 % 1_200) / 8.0 - 70.0)
        .collect();
    let path = "/api/v1/integrations/health-auto-export";
    let body = ecg(&voltage_uv);
    let sent = test
        .send(request(Method::POST, path, Some(&ada), &[], Some(&body)))
        .await;
    assert!(sent.status.is_success(), "{}", sent.text());
    settle(&test).await;

    let list = "/api/v1/cardio/ecgs?start=2026-11-18&end=2026-11-19";
    let page = test.get(list, Some(&ada)).await.json();
    let row = &page["data"][0];
    assert_eq!(row["classification"], "Sinus Rhythm", "{page}");
    assert_eq!(row["voltages"], 2_000, "{page}");
    assert_eq!(row["source"], "Apple Watch", "{page}");
    assert_eq!(page["data"].as_array().map(Vec::len), Some(1));
    let id = row["id"].as_str().expect("an id");
    let path = format!("/api/v1/cardio/ecgs/{id}");
    let found = test.get(&path, Some(&ada)).await.json();
    assert_eq!(found["voltage_uv"], json!(voltage_uv));
    assert_eq!(found["sampling_hz"], 512.0);

    // Before the day and to anybody else it does not exist; nor as beats.
    let before = "/api/v1/cardio/ecgs?start=2026-11-17&end=2026-11-18";
    assert_eq!(test.get(before, Some(&ada)).await.json()["data"], json!([]));
    assert_eq!(test.get(list, Some(&bob)).await.json()["data"], json!([]));
    let beats = format!("/api/v1/cardio/beats/{id}");
    for (path, person) in [(&path, Some(&bob)), (&beats, Some(&ada))] {
        let answer = test.get(path, person).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(test.get(&path, None).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn beats_come_back_as_they_were() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let bob = test.register("bob@example.org").await;
    import(&test, &ada, minute_at_nine()).await;
    settle(&test).await;
    let list = "/api/v1/cardio/beats?start=2026-11-18&end=2026-11-19";
    let page = test.get(list, Some(&ada)).await.json();
    let id = page["data"][0]["id"].as_str().expect("an id");
    let path = format!("/api/v1/cardio/beats/{id}");
    let found = test.get(&path, Some(&ada)).await.json();
    let beats_ms: Vec<f64> = beats_cs().iter().map(|cs| f64::from(*cs) * 10.0).collect();
    assert_eq!(found["beat_ms"], json!(beats_ms), "{found}");
    assert_eq!(found["rate_bpm"], json!(vec![60.0; beats_ms.len()]));
    assert_eq!(found["start"], page["data"][0]["start"]);
    let other = test.get(&path, Some(&bob)).await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
    let as_ecg = format!("/api/v1/cardio/ecgs/{id}");
    let answer = test.get(&as_ecg, Some(&ada)).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}
