//! A receipt says that a key is destroyed when it is, and an export that an erasure overtakes never looks whole.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use clarity::app::App;
use clarity::audit::entry::Author;
use clarity::erasure::{self, State};
use clarity::export::{self, Format};
use futures::FutureExt;
use futures::future::BoxFuture;
use model::ids::UserId;
use serde_json::json;
use store::{Store, Target};
use tokio::io::AsyncWrite;

use crate::binary::{Place, Server};
use crate::files;
use crate::harness::{Person, TestApp};

const PURGE: &str = "/api/v1/health-data/purge";

/// Reads the file as a backup does: nothing newer than the beginning, until it is let go.
fn backup(place: &Place, runtime: &tokio::runtime::Runtime) -> (Store, store::Tx) {
    let path = place.data().join("clarity.db");
    runtime.block_on(async {
        let store = Store::open(&Target::Sqlite { path }).await.expect("a file");
        let mut tx = store.read().await.expect("a reader");
        let people = store::people::count(&mut tx).await.expect("a read");
        assert_eq!(people, 2);
        (store, tx)
    })
}

fn steps(server: &Server, token: &str) {
    let body = json!({"data_type": "step_count", "value": 7, "unit": "count",
                      "recorded_at": "2026-11-19T10:00:00Z"});
    let sent = server
        .client()
        .post("/api/v1/health-data", Some(token), &body);
    let sent = sent.expect("an answer");
    assert_eq!(sent.status, 202, "{}", sent.text());
}

#[test]
fn a_purge_beside_a_backup_is_signed_when_the_files_are_clean() {
    let place = Place::sqlite();
    let server = place.serve();
    let ada = server.register("ada@example.org", &json!({}));
    let bea = server.register("bea@example.org", &json!({}));
    steps(&server, &ada);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (file, reader) = backup(&place, &runtime);
    let purged = server.client().send("DELETE", PURGE, Some(&ada), &[], b"");
    let purged = purged.expect("an answer");
    assert_eq!(purged.status, 202, "{}", purged.text());
    assert_eq!(purged.json()["state"], "pending");
    assert!(!purged.text().contains("signature"), "{}", purged.text());
    // Nobody else waits for the reader, which is still there.
    steps(&server, &bea);
    let id = purged.json()["erasure_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let path = format!("/api/v1/health-data/erasures/{id}");
    // Neither an end by force nor a new start makes it true.
    server.kill();
    let server = place.serve();
    let ask = |token: &str| {
        let answer = server.client().get(&path, Some(token));
        answer.expect("an answer")
    };
    assert_eq!(ask(&ada).status, 202, "{}", ask(&ada).text());
    assert_eq!(ask(&bea).status, 404, "it is nobody else's");
    runtime.block_on(async {
        drop(reader);
        file.close().await;
    });
    let started = Instant::now();
    while ask(&ada).status == 202 {
        assert!(started.elapsed() < Duration::from_mins(1), "never signed");
        std::thread::sleep(Duration::from_millis(200));
    }
    let receipt = ask(&ada).json();
    assert_eq!(receipt["key"], "destroyed and replaced", "{receipt}");
    assert_eq!(receipt["counts"]["chunks"], 1, "{receipt}");
    server.stop();
    let listed = place.succeed(&["user", "erasures", "--json"]).json();
    assert_eq!(listed[0]["state"], "done", "{listed}");
}

#[test]
fn erasing_a_person_from_the_command_line_says_what_is_left() {
    let place = Place::sqlite();
    let server = place.serve();
    let ada = server.register("ada@example.org", &json!({}));
    server.register("bea@example.org", &json!({}));
    steps(&server, &ada);
    server.stop();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (file, reader) = backup(&place, &runtime);
    let erase = ["user", "erase", "ada@example.org", "--yes", "--json"];
    let erased = place.succeed(&erase).json();
    assert_eq!(erased["state"], "pending", "{erased}");
    let list = || place.succeed(&["user", "erasures", "--json"]).json();
    assert_eq!(list()[0]["state"], "pending");
    runtime.block_on(async {
        drop(reader);
        file.close().await;
    });
    assert_eq!(list()[0]["state"], "done");
    assert_eq!(list()[0]["erasure_id"], erased["erasure_id"]);
}

/// Something that happens while an export is written, before the write of this number.
struct Overtaken {
    writes: usize,
    happens: Option<BoxFuture<'static, ()>>,
    bytes: Vec<u8>,
}

impl AsyncWrite for Overtaken {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.writes == 0
            && let Some(happens) = &mut self.happens
        {
            if happens.poll_unpin(context).is_pending() {
                return Poll::Pending;
            }
            self.happens = None;
        }
        self.writes = self.writes.saturating_sub(1);
        self.bytes.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A person with samples and records.
async fn person(test: &TestApp, email: &str) -> (Person, UserId) {
    let ada = test.register(email).await;
    let imported = files::import(test, &ada, files::EXPORT.as_bytes()).await;
    assert_eq!(imported.status, StatusCode::ACCEPTED, "{}", imported.text());
    let user = test.get("/api/v1/auth/me", Some(&ada)).await.json();
    let user = user["id"].as_str().expect("an id").parse();
    (ada, user.expect("an id"))
}

type Deed = fn(Arc<App>, UserId) -> BoxFuture<'static, ()>;

fn purge(app: Arc<App>, user: UserId) -> BoxFuture<'static, ()> {
    async move {
        let erased = erasure::of_health_data(&app, user, Author::OPERATOR).await;
        let erased = erased.expect("erased");
        let state = erasure::settle(&app, &erased).await;
        assert_eq!(state.expect("settled"), State::Done);
    }
    .boxed()
}

fn erase(app: Arc<App>, user: UserId) -> BoxFuture<'static, ()> {
    async move { drop(erasure::of_person(&app, user).await.expect("erased")) }.boxed()
}

#[tokio::test]
async fn an_export_that_is_overtaken_at_any_step_breaks_off() {
    let test = TestApp::new().await;
    let deeds: [Deed; 2] = [purge, erase];
    let mut number = 0;
    // Steps at least, and writes after the last reading: what they contain was read before; all others come before
    // further reading.
    let formats = [
        (Format::Ndjson, 7, 1),
        (Format::Json, 7, 1),
        (Format::Csv, 7, 0),
        (Format::Fhir, 7, 1),
        (Format::FhirNdjson, 7, 0),
        (Format::OpenMhealth, 3, 1),
        // Their rows are written when there are many: most steps read only.
        (Format::Arrow, 1, 1),
        (Format::Parquet, 1, 1),
        (Format::Bundle, 9, 2),
    ];
    for (format, steps, last) in formats {
        for deed in deeds {
            let (mut at, mut broken) = (0, 0);
            loop {
                number += 1;
                let (_, user) = person(&test, &format!("p{number}@example.org")).await;
                let mut out = Overtaken {
                    writes: at,
                    happens: Some(deed(Arc::clone(&test.app), user)),
                    bytes: Vec::new(),
                };
                let written = export::write(&test.app, user, format, &mut out).await;
                if out.happens.is_some() {
                    written.expect("nothing happened");
                    break;
                }
                broken += usize::from(written.is_err());
                at += 1;
            }
            assert!(at >= steps, "{format:?}: {at} steps");
            assert_eq!(broken, at - last, "{format:?}");
        }
    }
}
