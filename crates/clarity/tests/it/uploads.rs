//! Health data coming in as JSON: what is accepted, what is refused, and what is answered.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use clarity::jobs;
use serde_json::{Value, json};

use crate::harness::{Answer, Person, SECOND_US, TestApp, request};

/// Lets the pipeline catch up.
pub(crate) async fn settle(test: &TestApp) {
    test.app.clock.advance_us(120 * SECOND_US);
    while jobs::worker::run_due(&test.app).await > 0 {}
}

fn series(values: &[f64]) -> Value {
    let value = |(minute, value): (usize, &f64)| json!({"value": value, "timestamp": format!("2026-11-19T08:{minute:02}:00Z")});
    let values: Vec<Value> = values.iter().enumerate().map(value).collect();
    json!({"data_type": "heart_rate", "values": values, "source": "Watch"})
}

async fn with_key(test: &TestApp, person: &Person, key: &str, body: &Value) -> Answer {
    let headers = [("idempotency-key", key)];
    let request = request(
        Method::POST,
        "/api/v1/health-data",
        Some(person),
        &headers,
        Some(body),
    );
    test.send(request).await
}

pub(crate) fn counts(answer: &Answer) -> (u64, u64, u64) {
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    let json = answer.json();
    let count = |name: &str| json[name].as_u64().expect("a count");
    (count("accepted"), count("duplicates"), count("rejected"))
}

#[tokio::test]
async fn every_name_of_the_upload_takes_every_form() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let one = |minute: u32| {
        json!({"data_type": "heart_rate", "value": 60, "unit": "count/min",
               "recorded_at": format!("2026-11-19T10:{minute:02}:00Z")})
    };
    let block = json!({"metrics": [{"metric_type": "heart_rate", "recorded_at": "2026-11-19T11:00:00Z",
                       "biometric_data": {"heart_rate": 61}}], "upload_source": "app"});
    for (path, body) in [
        ("/api/v1/health-data", series(&[60.0])),
        ("/api/v1/health-data/", one(1)),
        ("/v1/health-data/upload", one(2)),
        ("/api/v1/health/upload/", block),
        ("/api/v1/health-data/health-data", one(3)),
    ] {
        let answer = test.post(path, Some(&ada), &body).await;
        assert_eq!(counts(&answer), (1, 0, 0), "{path} {}", answer.text());
    }
    let body = json!({"records": [one(4), one(5), {"data_type": "heart_rate"}]});
    let answer = test
        .post("/api/v1/health-data/batch", Some(&ada), &body)
        .await;
    assert_eq!(counts(&answer), (2, 0, 1));
    let errors = answer.json()["errors"].clone();
    assert_eq!(errors[0]["index"], 2, "{errors}");
    assert!(errors[0]["code"].is_string() && errors[0]["message"].is_string());
}

#[tokio::test]
async fn repeats_are_recognised_and_tracked() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let bob = test.register("bob@example.org").await;
    let body = series(&[60.0, 61.0, 900.0]);
    let first = test.post("/api/v1/health-data", Some(&ada), &body).await;
    assert_eq!(counts(&first), (2, 0, 1));
    let second = test.post("/api/v1/health-data", Some(&ada), &body).await;
    assert_eq!(counts(&second), (0, 2, 1));
    let link = first.json()["links"]["status"]
        .as_str()
        .expect("a link")
        .to_owned();
    assert_eq!(first.header("location"), link);
    let state = test.get(&link, Some(&ada)).await.json();
    assert_eq!(state["status"], "processing");
    assert_eq!(state["kind"], "health_data");
    settle(&test).await;
    let state = test.get(&link, Some(&ada)).await.json();
    assert_eq!(
        (&state["status"], &state["progress"]),
        (&json!("completed"), &json!(1.0))
    );
    let id = first.json()["processing_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    for path in [
        format!("/v1/health-data/upload/{id}/status"),
        format!("/api/v1/healthkit/status/{id}/"),
    ] {
        assert_eq!(
            test.get(&path, Some(&ada)).await.json()["processing_id"],
            json!(id)
        );
        test.get(&path, Some(&bob)).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn an_upload_can_be_taken_back_by_its_person_only() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let bob = test.register("bob@example.org").await;
    let answer = test
        .post("/api/v1/health-data", Some(&ada), &series(&[60.0]))
        .await;
    let id = answer.json()["processing_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let path = format!("/api/v1/health-data/{id}");
    let send = |method: Method, person: &Person| {
        test.send(request(method, &path, Some(person), &[], None))
    };
    send(Method::DELETE, &bob).await.problem(404, "not_found");
    send(Method::PATCH, &ada)
        .await
        .problem(405, "method_not_allowed");
    let removed = send(Method::DELETE, &ada).await;
    assert_eq!(
        (removed.status, removed.json()["samples"].as_u64()),
        (StatusCode::OK, Some(1))
    );
    send(Method::DELETE, &ada).await.problem(404, "not_found");
    let left = test.get("/api/v1/health-data", Some(&ada)).await.json();
    assert_eq!(left["data"], json!([]));
}

#[tokio::test]
async fn an_idempotency_key_is_answered_once() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let first = with_key(&test, &ada, "k-1", &series(&[60.0])).await;
    assert_eq!(counts(&first), (1, 0, 0));
    let again = with_key(&test, &ada, "k-1", &series(&[60.0])).await;
    assert_eq!(again.bytes, first.bytes);
    assert_eq!(again.header("idempotency-replayed"), "true");
    let other = with_key(&test, &ada, "k-1", &series(&[61.0])).await;
    other.problem(409, "idempotency_conflict");
    let rows = test.get("/api/v1/health-data", Some(&ada)).await.json();
    assert_eq!(rows["data"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn healthkit_objects_come_and_go() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let uuid = "0b4b3b8e-7b8c-4e0e-9a51-5a3f3c1f0a11";
    let body = json!({"quantity_samples": [{
        "uuid": uuid, "type": "HKQuantityTypeIdentifierStepCount", "value": 100, "unit": "count",
        "start_date": "2026-11-19T08:00:00Z", "end_date": "2026-11-19T08:10:00Z", "source_name": "iPhone"
    }]});
    let answer = test
        .post("/api/v1/healthkit/upload", Some(&ada), &body)
        .await;
    assert_eq!(counts(&answer), (1, 0, 0));
    let gone = json!({"deleted_objects": [{"uuid": uuid}]});
    let answer = test.post("/api/v1/healthkit", Some(&ada), &gone).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    let answer = test.post("/api/v1/healthkit", Some(&ada), &body).await;
    assert_eq!(
        counts(&answer),
        (0, 1, 0),
        "a late copy does not resurrect it"
    );
    let rows = test.get("/api/v1/health-data", Some(&ada)).await.json();
    assert_eq!(rows["data"], json!([]));
}

#[tokio::test]
async fn apps_post_their_own_payloads() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let empty = test
        .post(
            "/api/v1/integrations/health-auto-export",
            Some(&ada),
            &json!({"data": {}}),
        )
        .await;
    assert_eq!(counts(&empty), (0, 0, 0));
    let payload = json!({"data": {"metrics": [{"name": "step_count", "units": "count", "data": [
        {"date": "2026-11-19 08:00:00 +0100", "qty": 120, "source": "iPhone"}
    ]}]}});
    let path = "/api/v1/integrations/health-auto-export/";
    let answer = test.post(path, Some(&ada), &payload).await;
    assert_eq!(counts(&answer), (1, 0, 0));
    let me = test.get("/api/v1/auth/me", Some(&ada)).await.json();
    let id = me["id"].as_str().expect("an id");
    let sync = json!({"provider": "apple", "data": {"records": [{
        "id": "x-1", "type": "HKQuantityTypeIdentifierHeartRate", "value": 63, "unit": "count/min",
        "startDate": "2026-11-19T09:00:00Z", "endDate": "2026-11-19T09:00:00Z",
        "source": {"name": "Watch"}
    }], "sleep": [], "workouts": []}});
    let path = format!("/api/v1/sdk/users/{id}/sync");
    let answer = test.post(&path, Some(&ada), &sync).await;
    assert_eq!(counts(&answer), (1, 0, 0), "{}", answer.text());
    let bob = test.register("bob@example.org").await;
    test.post(&path, Some(&bob), &sync)
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn bodies_that_are_no_uploads_are_refused_with_the_reason() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let send = |kind: &'static str, body: String| {
        let request = Request::post("/api/v1/health-data")
            .header("authorization", format!("Bearer {}", ada.access))
            .header("content-type", kind)
            .body(Body::from(body))
            .expect("a request");
        test.send(request)
    };
    let json = "application/json";
    send("application/xml", "<a/>".to_owned())
        .await
        .problem(415, "unsupported_media_type");
    let problem = send(json, "{\"data_type\":".to_owned())
        .await
        .problem(400, "malformed_json");
    assert!(
        problem["detail"]
            .as_str()
            .is_some_and(|text| text.contains("at byte"))
    );
    send(json, "{}".to_owned())
        .await
        .problem(422, "validation_failed");
    let deep = format!("{}{}", "[".repeat(25), "]".repeat(25));
    send(json, deep).await.problem(422, "nesting_too_deep");
    let values = vec!["{\"value\":1,\"timestamp\":\"2026-11-19T08:00:00Z\"}"; 10_001].join(",");
    let many = format!("{{\"data_type\":\"heart_rate\",\"values\":[{values}]}}");
    let problem = send(json, many).await.problem(422, "too_many_items");
    assert!(
        problem["detail"]
            .as_str()
            .is_some_and(|text| text.contains("10000"))
    );
    let large = format!("\"{}\"", "x".repeat(65 * 1024 * 1024));
    send(json, large).await.problem(413, "body_too_large");
}
