//! Streams, probes and metrics.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use clarity::auth::account::{self, Email};
use clarity::auth::password;
use clarity::auth::role::Role;
use clarity::bus::EventKind;
use futures::StreamExt;
use model::ids::UserId;
use serde_json::json;
use tower::ServiceExt;

use crate::harness::{PASSWORD, Person, TestApp, request};

async fn user(test: &TestApp, person: &Person) -> UserId {
    let me = test.get("/api/v1/auth/me", Some(person)).await.json();
    me.get("id")
        .and_then(|id| id.as_str())
        .expect("an id")
        .parse()
        .expect("a user id")
}

async fn stream(test: &TestApp, person: &Person, headers: &[(&str, &str)]) -> Body {
    let request = request(Method::GET, "/api/v1/events", Some(person), headers, None);
    let response = test.router().oneshot(request).await.expect("infallible");
    assert_eq!(response.status(), StatusCode::OK);
    let media_type = response
        .headers()
        .get("content-type")
        .expect("a media type");
    assert_eq!(media_type, "text/event-stream");
    response.into_body()
}

/// Reads until `count` events have come, or the stream ends.
async fn read(body: Body, count: usize) -> String {
    let mut text = String::new();
    let mut chunks = body.into_data_stream();
    while text.matches("\n\n").count() < count {
        let next = tokio::time::timeout(Duration::from_secs(10), chunks.next()).await;
        let Some(chunk) = next.expect("an event in time") else {
            break;
        };
        text.push_str(std::str::from_utf8(&chunk.expect("a chunk")).expect("UTF-8"));
    }
    text
}

#[tokio::test]
async fn events_reach_their_person_and_can_be_resumed() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let bob = test.register("bob@example.org").await;
    let (ada_id, bob_id) = (user(&test, &ada).await, user(&test, &bob).await);
    let bus = &test.app.bus;
    let tell = |user, id: &str| {
        let payload = json!({"id": id}).to_string();
        bus.publish(user, EventKind::Processing, id.to_owned(), payload)
    };
    let body = stream(&test, &ada, &[]).await;
    tell(bob_id, "bob-1");
    let first = tell(ada_id, "ada-1");
    let second = tell(ada_id, "ada-2");
    let text = read(body, 2).await;
    assert!(
        text.contains(&format!(
            "id: {first}\nevent: processing\ndata: {{\"id\":\"ada-1\"}}"
        )),
        "{text}"
    );
    assert!(text.contains("ada-2") && !text.contains("bob"), "{text}");
    let resumed = stream(&test, &ada, &[("last-event-id", &first.to_string())]).await;
    let text = read(resumed, 1).await;
    assert!(
        text.starts_with(&format!("id: {second}")) && !text.contains("reset"),
        "{text}"
    );
    let text = read(stream(&test, &ada, &[("last-event-id", "1")]).await, 1).await;
    assert!(text.contains("event: reset"), "{text}");
    let wrong = request(
        Method::GET,
        "/api/v1/events",
        Some(&ada),
        &[("last-event-id", "x")],
        None,
    );
    test.send(wrong).await.problem(400, "invalid_parameter");
}

#[tokio::test]
async fn streams_are_few_per_person_and_end_on_shutdown() {
    let test = TestApp::with(|config| config.limits.streams_per_person = 1).await;
    let ada = test.register("ada@example.org").await;
    let open = stream(&test, &ada, &[]).await;
    test.get("/api/v1/events", Some(&ada))
        .await
        .problem(429, "rate_limited");
    drop(open);
    let open = stream(&test, &ada, &[]).await;
    test.app.shutdown.cancel();
    assert_eq!(read(open, 1).await, "");
    test.get("/health/ready", None)
        .await
        .problem(503, "unavailable");
    assert_eq!(test.get("/health/live", None).await.status, StatusCode::OK);
}

/// A signed-in administrator.
pub(crate) async fn administrator(test: &TestApp) -> Person {
    let hash = password::hash(&test.app, PASSWORD).await.expect("a hash");
    let mut tx = test.app.store.write().await.expect("a transaction");
    let email = Email::parse("root@example.org").expect("an address");
    let created = account::create(&test.app, &mut tx, &email, &hash, Role::Admin).await;
    created.expect("an administrator");
    tx.commit().await.expect("a commit");
    let login = json!({"email": "root@example.org", "password": PASSWORD});
    let login = test.post("/api/v1/auth/login", None, &login).await.json();
    Person::from_tokens(&login)
}

#[tokio::test]
async fn only_administrators_see_the_details() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    test.get("/health/detailed", Some(&ada))
        .await
        .problem(403, "forbidden");
    let root = administrator(&test).await;
    let details = test.get("/v1/health/detailed", Some(&root)).await.json();
    assert_eq!(details["dependencies"][0]["status"], "ok", "{details}");
}

#[tokio::test]
async fn requests_are_counted_by_route() {
    let test = TestApp::new().await;
    let session = "/api/v1/auth/sessions/0190a6e0-7c1a-7000-8000-000000000001";
    test.send(request(Method::DELETE, session, None, &[], None))
        .await;
    test.get("/nowhere/in/particular", None).await;
    let metrics = test.get("/metrics", None).await.text();
    let counted = metrics.lines().any(|line| {
        line.starts_with("clarity_http_requests_total{")
            && line.contains("method=\"DELETE\"")
            && line.contains("route=\"/api/v1/auth/sessions/{session_id}\"")
            && line.contains("status=\"401\"")
    });
    assert!(counted, "{metrics}");
    assert!(metrics.contains("route=\"unmatched\""));
    assert!(!metrics.contains("particular") && !metrics.contains("0190a6e0"));
    assert!(metrics.contains("clarity_http_request_duration_seconds_bucket"));
    assert!(metrics.contains("clarity_auth_failures_total{reason=\"token_missing\"}"));
    assert!(metrics.contains("process_resident_memory_bytes"));
}
