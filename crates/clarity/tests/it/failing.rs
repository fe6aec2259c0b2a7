//! What goes wrong around a request: it comes twice, it comes twice with another body, or the disk is full.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::files::EXPORT;
use crate::harness::{Answer, PASSWORD, Person, SECOND_US, TestApp, request};

const READY: &str = "/health/ready";

fn steps(count: u32) -> Value {
    json!({"data_type": "step_count", "value": count, "unit": "count",
           "recorded_at": "2026-11-19T10:00:00Z"})
}

async fn upload(test: &TestApp, person: &Person, key: &str, body: &Value) -> Answer {
    let headers = [("idempotency-key", key)];
    let path = "/api/v1/health-data";
    let sent = request(Method::POST, path, Some(person), &headers, Some(body));
    test.send(sent).await
}

/// Sends a file in pieces, without a length.
async fn import(test: &TestApp, person: &Person, key: &str, text: &str) -> Answer {
    let headers = [("idempotency-key", key)];
    let path = "/api/v1/imports";
    let mut sent = request(Method::POST, path, Some(person), &headers, None);
    let pieces: Vec<_> = text
        .as_bytes()
        .chunks(100)
        .map(|piece| Ok::<_, std::io::Error>(piece.to_vec()))
        .collect();
    *sent.body_mut() = Body::from_stream(futures::stream::iter(pieces));
    test.send(sent).await
}

#[tokio::test]
async fn one_key_at_the_same_time_stores_once() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let body = steps(10);
    let answers = futures::future::join_all((0..8).map(|_| upload(&test, &ada, "k", &body))).await;
    let replayed = answers
        .iter()
        .filter(|answer| answer.header("idempotency-replayed") == "true");
    assert_eq!(replayed.count(), 7, "all but the first");
    for answer in &answers {
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
        assert_eq!(answer.bytes, answers[0].bytes);
    }
}

#[tokio::test]
async fn bodies_of_one_length_at_the_same_time_are_one_stored_and_one_refused() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let bodies = [steps(10), steps(11)];
    let answers =
        futures::future::join_all(bodies.iter().map(|body| upload(&test, &ada, "k", body))).await;
    let mut codes: Vec<u16> = answers
        .iter()
        .map(|answer| answer.status.as_u16())
        .collect();
    codes.sort_unstable();
    assert_eq!(codes, [202, 409]);
    let rows = test.get("/api/v1/health-data", Some(&ada)).await.json();
    assert_eq!(rows["data"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_refused_body_leaves_its_key_free() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let refused = upload(&test, &ada, "k", &json!({})).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let corrected = upload(&test, &ada, "k", &steps(1)).await;
    assert_eq!(corrected.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn another_file_of_one_length_is_never_answered_with_the_first() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let first = import(&test, &ada, "k", EXPORT).await;
    assert_eq!(first.status, StatusCode::ACCEPTED, "{}", first.text());
    let again = import(&test, &ada, "k", EXPORT).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.bytes, first.bytes);
    let other = EXPORT.replacen('1', "2", 1);
    assert_ne!(other, EXPORT);
    assert_eq!(other.len(), EXPORT.len());
    let refused = import(&test, &ada, "k", &other).await;
    refused.problem(409, "idempotency_conflict");
    let free = import(&test, &ada, "another", &other).await;
    assert_eq!(free.status, StatusCode::ACCEPTED, "{}", free.text());
    assert_eq!(free.header("idempotency-replayed"), "");
}

#[tokio::test]
async fn a_full_disk_is_503_until_there_is_room() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let other = test.register("eve@example.org").await;
    assert_eq!(test.get(READY, None).await.status, StatusCode::OK);
    let store = &test.app.store;
    let pages = store.pages().await.expect("a read").expect("SQLite");
    store.limit_pages(pages).await.expect("a limit");
    // Different days, so that each needs room of its own.
    let body = |round: u32| {
        let values = (0..2_000).map(|index: u32| {
            let (month, day) = (1 + index % 12, 1 + index / 12 % 28);
            let value = 40 + (index * 7 + round) % 90;
            json!({"value": value, "timestamp": format!("{}-{month:02}-{day:02}T08:{:02}:00Z", 2023 + round, index % 60)})
        });
        json!({"data_type": "heart_rate", "values": values.collect::<Vec<_>>(), "source": "Watch"})
    };
    let mut refused = 0;
    for round in 0..3 {
        let answer = test
            .post("/api/v1/health-data", Some(&ada), &body(round))
            .await;
        if answer.status != StatusCode::ACCEPTED {
            answer.problem(503, "unavailable");
            assert_ne!(answer.header("retry-after"), "");
            refused += 1;
        }
    }
    assert!(refused > 0, "the limit was not felt");
    test.app.clock.advance_us(2 * SECOND_US);
    test.get(READY, None).await.problem(503, "unavailable");
    // Reading goes on, and signing in says what is the matter where there is no room for another session.
    let rows = test.get("/api/v1/health-data", Some(&ada)).await;
    assert_eq!(rows.status, StatusCode::OK);
    let who = json!({"email": "ada@example.org", "password": PASSWORD});
    let mut signed_in = 0;
    loop {
        let answer = test.post("/api/v1/auth/login", None, &who).await;
        if answer.status != StatusCode::OK {
            answer.problem(503, "unavailable");
            assert_ne!(answer.header("retry-after"), "");
            break;
        }
        signed_in += 1;
        assert!(signed_in < 500, "sessions need no room");
    }
    store.limit_pages(0).await.expect("room");
    assert_eq!(test.get(READY, None).await.status, StatusCode::OK);
    for person in [&ada, &other] {
        let answer = test
            .post("/api/v1/health-data", Some(person), &body(9))
            .await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    }
}
