//! What apps and people send, through whichever door: the same payload is the same data.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::files::import;
use crate::harness::{Answer, Person, TestApp};
use crate::uploads::{counts, settle};

/// A payload of each form.
const PAYLOADS: [(&str, &str); 8] = [
    (
        "application/json",
        r#"{"quantity_samples":[{"uuid":"6F1C","type":"HKQuantityTypeIdentifierHeartRate","value":61,"unit":"count/min",
            "start_date":"2026-11-18T08:00:00Z","end_date":"2026-11-18T08:00:00Z"}]}"#,
    ),
    (
        "application/json",
        r#"{"data":{"metrics":[{"name":"body_mass","units":"kg","data":[{"date":"2026-11-18 08:00:00 +0000","qty":70.5}]}]}}"#,
    ),
    (
        "application/json",
        r#"{"provider":"apple","data":{"records":[{"id":"r1","type":"HEART_RATE","startDate":"2026-11-18T09:00:00Z",
            "endDate":"2026-11-18T09:00:00Z","value":62,"unit":"bpm"}]}}"#,
    ),
    (
        "application/json",
        r#"{"timestamp":"2026-11-18T12:00:00Z","app_version":"1.9","heart_rate":[{"bpm":63,"time":"2026-11-18T10:00:00Z"}]}"#,
    ),
    (
        "application/json",
        r#"{"records":[{"data_type":"heart_rate","value":64,"recorded_at":"2026-11-18T11:00:00Z"}]}"#,
    ),
    (
        "application/json",
        r#"{"data_type":"heart_rate","values":[{"value":65,"timestamp":"2026-11-18T11:30:00Z"}]}"#,
    ),
    (
        "application/json",
        r#"[{"type":"heart_rate","value":66,"start":"2026-11-18T11:45:00Z"}]"#,
    ),
    ("text/csv", "date;heart_rate\n18.11.2026 11:50;67,5\n"),
];

async fn send(test: &TestApp, person: &Person, path: &str, kind: &str, body: Vec<u8>) -> Answer {
    let request = Request::post(path)
        .header("authorization", format!("Bearer {}", person.access))
        .header("content-type", kind)
        .body(Body::from(body))
        .expect("a request");
    test.send(request).await
}

#[tokio::test]
async fn both_doors_take_the_same_payloads_as_the_same_data() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let bob = test.register("bob@example.org").await;
    for (kind, body) in PAYLOADS {
        let live = send(&test, &ada, "/api/v1/health-data", kind, body.into()).await;
        assert_eq!(counts(&live), (1, 0, 0), "{body}: {}", live.text());
        let file = import(&test, &bob, body.as_bytes()).await;
        assert_eq!(counts(&file), (1, 0, 0), "{body}: {}", file.text());
        let again = import(&test, &ada, body.as_bytes()).await;
        assert_eq!(counts(&again), (0, 1, 0), "{body}: {}", again.text());
        let again = send(&test, &bob, "/api/v1/health-data", kind, body.into()).await;
        assert_eq!(counts(&again), (0, 1, 0), "{body}: {}", again.text());
    }
    settle(&test).await;
}

#[tokio::test]
async fn the_answer_names_what_no_metric_is_named_like() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let body = json!({"data": {"symptoms": [{
        "name": "Kopfweh", "start": "2026-11-18 10:00:00 +0000", "end": "2026-11-18 10:00:00 +0000",
        "severity": "Leicht", "source": "Health"
    }]}});
    let path = "/api/v1/integrations/health-auto-export";
    let answer = test.post(path, Some(&ada), &body).await.json();
    assert_eq!(answer["unknown_types"], json!(["Kopfweh"]), "{answer}");
    assert_eq!(answer["nearest_types"], json!({}), "{answer}");
    let table = "date,step_count,lucky number\n2026-11-18,8000,7\n";
    let answer = import(&test, &ada, table.as_bytes()).await.json();
    assert_eq!(answer["accepted"], 1, "{answer}");
    assert_eq!(answer["skipped"][0]["place"], "lucky number", "{answer}");
    settle(&test).await;
}

#[tokio::test]
async fn a_misspelt_type_is_kept_and_told_with_the_nearest_known_name() {
    const BODY: &str = r#"{"data_type": "hart_rate", "values": [
        {"value": 61, "timestamp": "2026-11-18T10:00:00Z", "unit": "count/min"}]}"#;
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let live = send(
        &test,
        &ada,
        "/api/v1/health-data",
        "application/json",
        BODY.into(),
    )
    .await;
    let file = import(&test, &ada, BODY.as_bytes()).await;
    for answer in [live.json(), file.json()] {
        assert_eq!(answer["rejected"], 0, "{answer}");
        assert_eq!(answer["unknown_types"], json!(["hart_rate"]), "{answer}");
        let nearest = json!({"hart_rate": "heart_rate"});
        assert_eq!(answer["nearest_types"], nearest, "{answer}");
    }
    settle(&test).await;
}

#[tokio::test]
async fn first_and_last_of_aggregated_values_are_means() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let hour = |hour: u8, mean: f64| json!({"date": format!("2026-11-18 {hour:02}:00:00 +0000"), "Min": 44, "Avg": mean, "Max": 131, "source": "W"});
    let hours = [hour(7, 58.0), hour(8, 66.0), hour(9, 71.0)];
    let body =
        json!({"data": {"metrics": [{"name": "heart_rate", "units": "count/min", "data": hours}]}});
    let path = "/api/v1/integrations/health-auto-export";
    test.post(path, Some(&ada), &body).await;
    settle(&test).await;
    let days = "/api/v1/summaries/daily?start=2026-11-18&end=2026-11-19";
    let answer = test.get(days, Some(&ada)).await.json();
    let rate = &answer["data"][0]["metrics"]["heart_rate"];
    assert_eq!(
        (&rate["min"], &rate["max"]),
        (&json!(44.0), &json!(131.0)),
        "{rate}"
    );
    assert_eq!(rate["first"]["value"], 58.0, "{rate}");
    assert_eq!(rate["last"]["value"], 71.0, "{rate}");
}

#[tokio::test]
async fn a_week_of_workouts_with_their_routes_is_one_body() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let point = r#"{"latitude":48.1,"longitude":11.5,"altitude":500.1,"course":1.25,"courseAccuracy":1.5,"horizontalAccuracy":3.5,"verticalAccuracy":2.5,"speed":2.75,"speedAccuracy":0.25,"timestamp":"2026-11-10 10:00:00 +0000"}"#;
    let workout = |day: u8| {
        let point = point.replace("-10 10:00", &format!("-{day} 10:00"));
        let route = vec![point; 8_000].join(",");
        format!(
            r#"{{"id":"W{day}","name":"Outdoor Run","start":"2026-11-{day} 10:00:00 +0000","end":"2026-11-{day} 12:30:00 +0000","duration":9000,"route":[{route}]}}"#
        )
    };
    let workouts: Vec<String> = (10..17).map(workout).collect();
    let body = format!(r#"{{"data":{{"workouts":[{}]}}}}"#, workouts.join(","));
    assert!(body.len() > 11 << 20, "{}", body.len());
    let path = "/api/v1/integrations/health-auto-export";
    let answer = send(&test, &ada, path, "application/json", body.into()).await;
    assert_eq!(answer.json()["accepted"], 14, "{}", answer.text());
    settle(&test).await;
}

#[tokio::test]
async fn an_empty_summary_from_before_the_first_day_is_no_error() {
    const EXPORT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<HealthData locale="en_GB">
 <ExportDate value="2026-11-19 12:00:00 +0000"/>
 <ActivitySummary dateComponents="1969-12-30" activeEnergyBurned="0" activeEnergyBurnedGoal="0" activeEnergyBurnedUnit="kcal" appleStandHours="0"/>
 <ActivitySummary dateComponents="1969-12-31" activeEnergyBurned="5" activeEnergyBurnedUnit="kcal"/>
 <ActivitySummary dateComponents="2026-11-18" activeEnergyBurned="410" activeEnergyBurnedUnit="kcal"/>
</HealthData>
"#;
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let answer = import(&test, &ada, EXPORT.as_bytes()).await.json();
    // One that says something and is too early is still an error.
    assert_eq!(answer["rejected"], 1, "{answer}");
    assert_eq!(answer["records"]["activity_summaries"], 1, "{answer}");
    assert_eq!(answer["skipped"][0]["place"], "ActivitySummary", "{answer}");
    settle(&test).await;
}

#[tokio::test]
async fn files_that_nobody_reads_are_refused_with_what_to_send() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let check = async |file: &'static [u8], expect: &str| {
        let answer = import(&test, &ada, file).await;
        assert!(answer.status.is_client_error(), "{}", answer.text());
        assert!(answer.text().contains(expect), "{}", answer.text());
    };
    check(b"7z\xbc\xaf\x27\x1c\0\x04", "unpack it").await;
    check(b"<!DOCTYPE html><html></html>", "a web page").await;
    check(b"%PDF-1.7", "export the data").await;
}
