//! Importing whole files over HTTP: streamed, cut off, repeated, listed, followed, taken back.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Method, Request, StatusCode};
use futures::stream;
use serde_json::json;
use tower::ServiceExt;

use crate::harness::{Answer, Person, TestApp, request};
use crate::uploads::settle;

/// A small export of the form that a phone writes.
pub(crate) const EXPORT: &str = include_str!("../../../../tools/clients/export.xml");

fn post(person: &Person, path: &str, body: Body) -> Request<Body> {
    Request::post(path)
        .header("authorization", format!("Bearer {}", person.access))
        .header("content-type", "application/octet-stream")
        .body(body)
        .expect("a request")
}

/// Imports a file.
pub(crate) async fn import(test: &TestApp, person: &Person, file: impl Into<Body>) -> Answer {
    test.send(post(person, "/api/v1/imports", file.into()))
        .await
}

#[tokio::test]
async fn an_import_comes_in_pieces_and_again() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let pieces = EXPORT
        .as_bytes()
        .chunks(37)
        .map(|piece| Ok::<_, std::io::Error>(Bytes::from_static(piece)));
    let body = Body::from_stream(stream::iter(pieces));
    let first = test
        .send(post(&ada, "/v1/imports/?format=apple_health", body))
        .await;
    assert_eq!(first.status, StatusCode::ACCEPTED, "{}", first.text());
    let account = first.json();
    assert_eq!(account["accepted"], 9, "{account}");
    assert_eq!(account["records"]["workouts"], 1);
    assert_eq!(
        account["by_type"]["HKQuantityTypeIdentifierStepCount"]["accepted"],
        2
    );
    let again = import(&test, &ada, EXPORT.as_bytes()).await.json();
    assert_eq!(
        (&again["accepted"], &again["duplicates"]),
        (&json!(0), &json!(9)),
        "{again}"
    );
}

#[tokio::test]
async fn imports_are_listed_read_and_taken_back_by_their_person() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let bob = test.register("bob@example.org").await;
    let id = import(&test, &ada, EXPORT.as_bytes()).await.json()["import_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let list = test.get("/api/v1/imports", Some(&ada)).await.json();
    assert_eq!(list["data"][0]["import_id"], json!(id));
    assert_eq!(list["data"][0]["exported_at"], "2026-11-19T12:00:00Z");
    assert_eq!(
        test.get("/api/v1/imports", Some(&bob)).await.json()["data"],
        json!([])
    );
    let path = format!("/api/v1/imports/{id}");
    test.get(&path, Some(&bob)).await.problem(404, "not_found");
    test.get(&format!("{path}/events"), Some(&bob))
        .await
        .problem(404, "not_found");
    let delete = |person| request(Method::DELETE, &path, Some(person), &[], None);
    test.send(delete(&bob)).await.problem(404, "not_found");
    let removed = test.send(delete(&ada)).await.json();
    assert_eq!(
        (&removed["samples"], &removed["records"]),
        (&json!(9), &json!(3)),
        "{removed}"
    );
    settle(&test).await;
    let days = test.get("/api/v1/summaries/daily", Some(&ada)).await.json();
    assert_eq!(days["data"], json!([]), "its days are gone");
}

#[tokio::test]
async fn a_followed_import_tells_how_it_ends() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let id = import(&test, &ada, EXPORT.as_bytes()).await.json()["import_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    settle(&test).await;
    let answer = test
        .get(&format!("/api/v1/imports/{id}/events"), Some(&ada))
        .await;
    assert_eq!(answer.header("content-type"), "text/event-stream");
    let text = answer.text();
    assert!(text.starts_with("event: processing\n"), "{text}");
    assert!(text.contains("\"status\":\"completed\""), "{text}");
}

#[tokio::test]
async fn a_body_that_breaks_off_fails_and_keeps_nothing_half() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let half = EXPORT.len() / 2;
    let pieces = [
        Ok(Bytes::from_static(&EXPORT.as_bytes()[..half])),
        Err(std::io::Error::other("the cable")),
    ];
    let body = Body::from_stream(stream::iter(pieces));
    let answer = test.send(post(&ada, "/api/v1/imports", body)).await;
    answer.problem(400, "malformed_body");
    wait_until_failed(&test, &ada).await;
    let again = import(&test, &ada, EXPORT.as_bytes()).await.json();
    let known = again["accepted"].as_u64().unwrap_or(0) + again["duplicates"].as_u64().unwrap_or(0);
    assert_eq!(known, 9, "running it again finishes it: {again}");
}

#[tokio::test]
async fn an_import_whose_client_goes_away_ends_as_failed() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let first = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(
        &EXPORT.as_bytes()[..500],
    ))]);
    let body = Body::from_stream(futures::StreamExt::chain(first, stream::pending()));
    let asked = test.router().oneshot(post(&ada, "/api/v1/imports", body));
    let gone = tokio::time::timeout(Duration::from_millis(200), asked).await;
    assert!(gone.is_err(), "the answer waits for the body");
    wait_until_failed(&test, &ada).await;
}

async fn wait_until_failed(test: &TestApp, person: &Person) {
    for _ in 0..200 {
        let list = test.get("/api/v1/imports", Some(person)).await.json();
        if list["data"][0]["status"] == "failed" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the import did not fail");
}

#[tokio::test]
async fn files_that_are_no_export_are_refused() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let answer = import(
        &test,
        &ada,
        b"\x00\x01\x02\x03 nothing that anybody knows".as_slice(),
    )
    .await;
    answer.problem(400, "malformed_body");
    let path = "/api/v1/imports?format=lotus";
    let answer = test.send(post(&ada, path, Body::from(EXPORT))).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text());
}

#[tokio::test]
async fn an_idempotency_key_spares_the_second_reading() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let send = || {
        let mut request = post(&ada, "/api/v1/imports", Body::from(EXPORT));
        let key = "once".parse().expect("a header value");
        request.headers_mut().insert("idempotency-key", key);
        test.send(request)
    };
    let (first, again) = (send().await, send().await);
    assert_eq!(first.status, StatusCode::ACCEPTED, "{}", first.text());
    assert_eq!(again.bytes, first.bytes);
    assert_eq!(again.header("idempotency-replayed"), "true");
}
