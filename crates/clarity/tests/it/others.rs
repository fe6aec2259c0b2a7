//! Two processes on one database: what a worker does elsewhere reaches whoever listens here.

use std::process::{Child, Command};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use clarity::app::App;
use clarity::clock::{Clock, Ids};
use clarity::config::{Config, Switch};
use clarity::relay::{self, Station};
use clarity::telemetry;
use futures::StreamExt;
use serde_json::json;
use store::{Store, Target};
use tower::ServiceExt;

use crate::binary::{Place, kill};
use crate::harness::{Person, TestApp, request};

/// What does not come by then never comes.
const HANGS: Duration = Duration::from_mins(2);

/// A worker of its own, ended with the test.
struct Worker(Child);

impl Worker {
    fn start(place: &Place) -> Self {
        let mut command: Command = place.command(&["worker", "--workers", "1"]);
        Self(command.spawn().expect("the binary was built"))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        kill(&mut self.0);
    }
}

/// A server in this process, without workers, on the database of a place.
async fn server(place: &Place) -> TestApp {
    let folder = place.data();
    std::fs::create_dir_all(&folder).expect("a folder");
    let target = match place.target() {
        url if url.starts_with("postgres") => Target::Postgres { url },
        _ => Target::Sqlite {
            path: folder.join("clarity.db"),
        },
    };
    let mut config = Config {
        data_dir: folder,
        ..Config::default()
    };
    config.passwords.memory_kib = 64;
    config.passwords.iterations = 1;
    config.rates.enabled = Switch::Off;
    telemetry::collect_metrics().expect("metrics");
    let store = Store::open(&target).await.expect("a database");
    let app = App::with_store(store, config, Clock::System, Ids::Random).await;
    let app = app.expect("an application");
    relay::start(&app, Station::Server);
    TestApp::around(app)
}

/// Sends a count of steps and waits for what the worker makes of it.
async fn hears(test: &TestApp, person: &Person) {
    let path = "/api/v1/events";
    let sent = request(Method::GET, path, Some(person), &[], None);
    let stream = test.router().oneshot(sent).await.expect("infallible");
    assert_eq!(stream.status(), StatusCode::OK);
    let steps = json!({"data_type": "step_count", "value": 7, "unit": "count",
                       "recorded_at": "2025-11-19T10:00:00Z"});
    let sent = test.post("/api/v1/health-data", Some(person), &steps).await;
    assert_eq!(sent.status, StatusCode::ACCEPTED, "{}", sent.text());
    let id = sent.json()["processing_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let mut text = String::new();
    let mut chunks = stream.into_body().into_data_stream();
    let told = |text: &str| {
        text.contains("event: summary") && text.contains("event: processing") && text.contains(&id)
    };
    while !told(&text) {
        let next = tokio::time::timeout(HANGS, chunks.next()).await;
        let chunk = next.unwrap_or_else(|_| panic!("nothing more came after {text:?}"));
        let chunk = chunk.expect("the stream goes on").expect("a chunk");
        text.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
    }
}

async fn on(place: Place) {
    let test = server(&place).await;
    let ada = test.register("ada@example.org").await;
    let bea = test.register("bea@example.org").await;
    let worker = Worker::start(&place);
    hears(&test, &ada).await;
    hears(&test, &bea).await;
    drop(worker);
    test.app.shutdown.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_of_its_own_is_heard_on_sqlite() {
    on(Place::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_of_its_own_is_heard_on_postgres() {
    if let Some(place) = Place::postgres() {
        on(place).await;
    }
}
