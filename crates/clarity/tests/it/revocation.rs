//! What ends a session ends everything that goes on in it: requests, streams, exports and refreshing.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use clarity::erasure;
use futures::future::BoxFuture;
use http_body_util::BodyExt;
use model::ids::UserId;
use serde_json::json;
use store::people::Access;
use tower::ServiceExt;

use crate::harness::{NOW_US, PASSWORD, Person, TestApp, request};

/// A stream that has not ended by then goes on.
const SOON: Duration = Duration::from_secs(20);
/// Samples of an export that is far larger than what is written ahead.
const SAMPLES: i64 = 9_000;

/// How a session of somebody ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    SignOut,
    Listed,
    Password,
    Disable,
    Erase,
}

const ENDS: [End; 5] = [
    End::SignOut,
    End::Listed,
    End::Password,
    End::Disable,
    End::Erase,
];

/// Somebody with two sessions: one that ends, and one from which that may be done.
struct Somebody {
    test: Arc<TestApp>,
    ending: Person,
    other: Person,
    user: UserId,
}

impl Somebody {
    async fn new() -> Self {
        let test = Arc::new(TestApp::new().await);
        let ending = test.register("ada@example.org").await;
        let login = json!({"email": "ada@example.org", "password": PASSWORD});
        let other = test.post("/api/v1/auth/login", None, &login).await.json();
        let me = test.get("/api/v1/auth/me", Some(&ending)).await.json();
        let user = me["id"].as_str().expect("an id").parse();
        Self {
            other: Person::from_tokens(&other),
            user: user.expect("an id"),
            test,
            ending,
        }
    }

    fn end(&self, how: End) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let app = &self.test.app;
            match how {
                End::SignOut => {
                    let path = "/api/v1/auth/logout";
                    let sent = request(Method::POST, path, Some(&self.ending), &[], None);
                    let out = self.test.send(sent).await;
                    assert!(out.status.is_success(), "{}", out.text());
                }
                End::Listed => {
                    let path = format!("/api/v1/auth/sessions/{}", self.ending.session);
                    let sent = request(Method::DELETE, &path, Some(&self.other), &[], None);
                    let ended = self.test.send(sent).await;
                    assert_eq!(ended.status, StatusCode::NO_CONTENT, "{}", ended.text());
                }
                End::Password => {
                    let body = json!({"current_password": PASSWORD,
                                      "new_password": "another long enough password"});
                    let path = "/api/v1/auth/me";
                    let sent = request(Method::PUT, path, Some(&self.other), &[], Some(&body));
                    let changed = self.test.send(sent).await;
                    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text());
                }
                // As the command line does in a process of its own: nothing of this one learns of it.
                End::Disable => {
                    let mut tx = app.store.begin("disable").await.expect("a transaction");
                    let done =
                        store::people::set_access(&mut tx, &app.vault, self.user, Access::Disabled)
                            .await;
                    assert!(done.expect("a write"));
                    tx.commit().await.expect("a commit");
                }
                End::Erase => {
                    let mut tx = app.store.begin("erase").await.expect("a transaction");
                    store::erase::person(&mut tx, self.user)
                        .await
                        .expect("a write");
                    tx.commit().await.expect("a commit");
                }
            }
        })
    }

    async fn open(&self, path: &str) -> Body {
        let sent = request(Method::GET, path, Some(&self.ending), &[], None);
        let answer = self.test.router().oneshot(sent).await.expect("infallible");
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.into_body()
    }
}

/// Reads a stream to its end, and says whether it ended well.
async fn rest(body: Body, what: &str) -> Result<(), String> {
    let read = tokio::time::timeout(SOON, body.collect()).await;
    let read = read.unwrap_or_else(|_| panic!("{what}: it goes on"));
    read.map(drop).map_err(|error| error.to_string())
}

#[tokio::test]
async fn events_end_with_the_session() {
    for how in ENDS {
        let ada = Somebody::new().await;
        let stream = ada.open("/api/v1/events").await;
        ada.end(how).await;
        rest(stream, &format!("events, {how:?}"))
            .await
            .expect("an orderly end");
    }
}

#[tokio::test]
async fn an_export_breaks_off_with_the_session() {
    for how in ENDS {
        let ada = Somebody::new().await;
        let samples: Vec<_> = (0..SAMPLES)
            .map(|at| {
                let at_us = NOW_US - 86_400_000_000 * 20 + at * 60_000_000;
                let at = jiff::Timestamp::from_microsecond(at_us)
                    .expect("a time")
                    .to_string();
                json!({"type": "HKQuantityTypeIdentifierHeartRate", "unit": "count/min",
                       "value": 60 + at_us % 7, "start_date": at, "end_date": at,
                       "source_name": "Watch"})
            })
            .collect();
        let body = json!({"quantity_samples": samples});
        let sent = ada
            .test
            .post("/api/v1/healthkit", Some(&ada.ending), &body)
            .await;
        assert_eq!(sent.status, StatusCode::ACCEPTED, "{}", sent.text());
        let mut stream = ada.open("/api/v1/health-data/export").await;
        let first = stream.frame().await.expect("a frame").expect("bytes");
        assert!(first.is_data());
        ada.end(how).await;
        // Nobody reads while it is found out.
        tokio::time::sleep(Duration::from_secs(6)).await;
        let ended = rest(stream, &format!("export, {how:?}")).await;
        assert!(ended.is_err(), "{how:?}: it looks whole");
    }
}

#[tokio::test]
async fn requests_and_refreshing_end_with_the_session() {
    for how in ENDS {
        let ada = Somebody::new().await;
        ada.end(how).await;
        // What another process did is known within seconds.
        ada.test.app.clock.advance_us(6_000_000);
        let me = ada.test.get("/api/v1/auth/me", Some(&ada.ending)).await;
        me.problem(401, "token_invalid");
        let export = "/api/v1/health-data/export";
        let export = ada.test.get(export, Some(&ada.ending)).await;
        export.problem(401, "token_invalid");
        let body = json!({"refresh_token": ada.ending.refresh});
        let refreshed = ada.test.post("/api/v1/auth/refresh", None, &body).await;
        assert_eq!(refreshed.status, StatusCode::UNAUTHORIZED, "{how:?}");
    }
}

#[tokio::test]
async fn an_erasure_in_this_process_ends_streams_at_once() {
    let ada = Somebody::new().await;
    let stream = ada.open("/api/v1/events").await;
    erasure::of_person(&ada.test.app, ada.user)
        .await
        .expect("erased");
    rest(stream, "events").await.expect("an orderly end");
}
