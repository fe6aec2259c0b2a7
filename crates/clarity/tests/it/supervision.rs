//! Background work that falls over: each task is injected a panic and recovers, or ends the process; a
//! job that takes its process along is set aside; imports of a process that was killed are closed.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use clarity::app::App;
use clarity::clock::{Clock, Ids};
use clarity::config::Config;
use clarity::housekeeping;
use clarity::http::serve;
use clarity::jobs;
use clarity::pat::lanes::Lane;
use clarity::relay::{self, Station};
use clarity::supervise::{Fault, Place, RESTARTS_MAX, Task};
use oracle::absence::{Absent, skip};
use serde_json::{Value, json};
use store::{Store, Target};

use crate::harness::{Answer, NOW_US, Person, SECOND_US, TestApp, request};
use crate::pat::{scaled, serving, with_model};
use crate::postgres::Database;

const READY: &str = "/health/ready";
/// The longest that a test waits for a task to come back.
const PATIENCE: Duration = Duration::from_mins(1);
/// What the child process of the poison test is to open: folder, database, and the time.
const CHILD: &str = "CLARITY_TEST_POISON";

fn heart_rate(minute: u32) -> Value {
    json!({"data_type": "heart_rate", "value": 60, "unit": "count/min",
           "recorded_at": format!("2026-11-19T10:{minute:02}:00Z")})
}

async fn upload(test: &TestApp, person: &Person, minute: u32) -> Answer {
    let body = heart_rate(minute);
    test.post("/api/v1/health-data", Some(person), &body).await
}

fn keep_house(app: &Arc<App>) {
    housekeeping::start(app, || {});
}

/// Waits until `is_so` holds.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(waited.await.is_ok(), "not within {PATIENCE:?}: {what}");
}

async fn is_ready(test: &TestApp) -> bool {
    test.get(READY, None).await.status == StatusCode::OK
}

/// How often a task panicked in this process, by the metrics.
async fn panics(test: &TestApp, task: &str) -> u64 {
    let text = test.get("/metrics", None).await.text();
    let name = format!("clarity_task_panics_total{{task=\"{task}\"}} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&name));
    line.map_or(0, |count| count.parse().expect("a count"))
}

fn inject(test: &TestApp, place: Place) {
    test.app.supervisor.faults.inject(place, Fault::Panic, 1);
}

#[tokio::test]
async fn a_committer_that_panics_stores_nothing_and_comes_back() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    assert!(is_ready(&test).await);
    let before = panics(&test, "committer").await;
    inject(&test, Place::Task(Task::Committer));
    let refused = upload(&test, &ada, 1).await;
    refused.problem(503, "unavailable");
    assert_ne!(refused.header("retry-after"), "");
    let problem = test.get(READY, None).await.problem(503, "unavailable");
    assert!(
        problem["detail"]
            .as_str()
            .is_some_and(|text| text.contains("committer"))
    );
    until("ready again", async || is_ready(&test).await).await;
    assert!(panics(&test, "committer").await > before);
    let again = upload(&test, &ada, 1).await;
    assert_eq!(again.status, StatusCode::ACCEPTED, "{}", again.text());
    assert_eq!(again.json()["accepted"], 1, "the first one was rolled back");
}

#[tokio::test]
async fn uploads_that_wait_behind_a_panic_are_committed() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    inject(&test, Place::Task(Task::Committer));
    let answers = futures::future::join_all((0..8).map(|minute| upload(&test, &ada, minute))).await;
    let accepted = answers
        .iter()
        .filter(|answer| answer.status == StatusCode::ACCEPTED);
    // Those that were in the group of the panic were told so; every other one is stored.
    let accepted = accepted.count();
    until("ready again", async || is_ready(&test).await).await;
    let rows = test.get("/api/v1/health-data", Some(&ada)).await.json();
    assert_eq!(rows["data"].as_array().map(Vec::len), Some(accepted));
}

#[tokio::test]
async fn a_worker_that_panics_comes_back_and_works() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    inject(&test, Place::Task(Task::Worker));
    let answer = upload(&test, &ada, 1).await;
    let path = answer.json()["links"]["status"]
        .as_str()
        .expect("a link")
        .to_owned();
    test.app.clock.advance_us(120 * SECOND_US);
    jobs::worker::start(&test.app, 1);
    until("the day is computed", async || {
        test.get(&path, Some(&ada)).await.json()["status"] == "completed"
    })
    .await;
    assert_eq!(test.app.supervisor.faults.waiting(), 0);
    assert!(panics(&test, "worker").await > 0);
    test.app.shutdown.cancel();
}

#[tokio::test]
async fn a_job_that_panics_is_tried_again() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let answer = upload(&test, &ada, 1).await;
    let path = answer.json()["links"]["status"]
        .as_str()
        .expect("a link")
        .to_owned();
    inject(&test, Place::Job);
    test.app.clock.advance_us(120 * SECOND_US);
    test.run_jobs().await;
    assert_eq!(
        test.get(&path, Some(&ada)).await.json()["status"],
        "processing"
    );
    assert!(panics(&test, "job").await > 0);
    test.app.clock.advance_us(120 * SECOND_US);
    test.run_jobs().await;
    assert_eq!(
        test.get(&path, Some(&ada)).await.json()["status"],
        "completed"
    );
}

#[tokio::test]
async fn lanes_that_panic_come_back_and_lose_no_week() {
    let test = with_model().await;
    let model = serving(&test).await;
    inject(&test, Place::Task(Task::Lanes));
    let week = test
        .app
        .lanes
        .embed(Arc::clone(&model), scaled(1), Lane::Urgent);
    week.await.expect("the week waited for the next task");
    assert!(panics(&test, "lanes").await > 0);
    inject(&test, Place::Pass);
    let lost = test
        .app
        .lanes
        .embed(Arc::clone(&model), scaled(2), Lane::Urgent)
        .await;
    assert!(lost.is_err(), "its pass did not finish, and it is told so");
    let again = test.app.lanes.embed(model, scaled(2), Lane::Urgent).await;
    again.expect("the next pass");
}

#[tokio::test]
async fn a_task_that_keeps_panicking_ends_the_process() {
    let check = async |task: Task, start: fn(&Arc<App>)| {
        let test = TestApp::new().await;
        let place = Place::Task(task);
        let faults = &test.app.supervisor.faults;
        faults.inject(place, Fault::Panic, RESTARTS_MAX + 1);
        start(&test.app);
        let ended = tokio::time::timeout(PATIENCE, test.app.shutdown.cancelled()).await;
        assert!(ended.is_ok(), "{task:?} goes on");
        assert_eq!(test.app.supervisor.gave_up(), Some(task));
        test.get(READY, None).await.problem(503, "unavailable");
    };
    futures::future::join_all(vec![
        check(Task::Worker, |app| jobs::worker::start(app, 1)),
        check(Task::Refresh, jobs::refresh::start),
        check(Task::Housekeeping, keep_house),
        check(Task::Models, clarity::pat::watch_models),
        check(Task::Teller, |app| relay::start(app, Station::Worker)),
        check(Task::Hearer, |app| relay::start(app, Station::Server)),
        check(Task::Keys, clarity::auth::rotation::keep_following),
        check(Task::Signals, |app| {
            serve::stop_on_signals(app).expect("signals");
        }),
    ])
    .await;
}

#[tokio::test]
async fn other_tasks_come_back_after_a_panic() {
    let test = TestApp::new().await;
    for task in [
        Task::Refresh,
        Task::Housekeeping,
        Task::Models,
        Task::Signals,
        Task::Teller,
        Task::Hearer,
        Task::Keys,
    ] {
        inject(&test, Place::Task(task));
    }
    jobs::refresh::start(&test.app);
    keep_house(&test.app);
    clarity::pat::watch_models(&test.app);
    serve::stop_on_signals(&test.app).expect("signals");
    relay::start(&test.app, Station::Worker);
    relay::start(&test.app, Station::Server);
    until("every panic happened", async || {
        test.app.supervisor.faults.waiting() == 0
    })
    .await;
    until("ready again", async || is_ready(&test).await).await;
    assert_eq!(test.app.supervisor.gave_up(), None);
    test.app.shutdown.cancel();
}

/// An export that comes in two pieces, the second never.
fn half_an_export() -> Body {
    let head = "<?xml version=\"1.0\"?>\n<HealthData locale=\"en\">\n";
    let pieces = futures::stream::once(async move { Ok::<_, std::io::Error>(head) });
    Body::from_stream(futures::StreamExt::chain(
        pieces,
        futures::stream::pending(),
    ))
}

async fn imports(test: &TestApp, person: &Person) -> Vec<Value> {
    let found = test.get("/api/v1/imports", Some(person)).await.json();
    found["data"].as_array().expect("a list").clone()
}

/// Begins an import that never ends; it is given up when the returned set is dropped.
async fn half_imported(test: &TestApp, person: &Person) -> tokio::task::JoinSet<()> {
    let mut sent = request(Method::POST, "/api/v1/imports", Some(person), &[], None);
    *sent.body_mut() = half_an_export();
    let router = test.router();
    let reading = tokio::task::JoinSet::from_iter([async move {
        drop(tower::ServiceExt::oneshot(router, sent).await);
    }]);
    until("the import begins", async || {
        !imports(test, person).await.is_empty()
    })
    .await;
    reading
}

/// A process that ends with the test, however that ends.
struct Killed(std::process::Child);

impl Drop for Killed {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[tokio::test]
async fn an_import_whose_process_is_gone_is_closed_at_the_next_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("clarity.db");
    let open = async || {
        let target = Target::Sqlite { path: file.clone() };
        let store = Store::open(&target).await.expect("a database");
        let data_dir = folder.path().to_owned();
        TestApp::on(store, |config| config.data_dir = data_dir).await
    };
    let test = open().await;
    let ada = test.register("ada@example.org").await;
    let reading = half_imported(&test, &ada).await;
    // A second process starts while the first one still reads: it is alive.
    let other = open().await;
    keep_house(&other.app);
    assert!(is_ready(&other).await);
    assert_eq!(imports(&test, &ada).await[0]["status"], "received");
    other.app.shutdown.cancel();
    // The clock of the first one stands still: for the next one it gives no sign any more.
    let next = open().await;
    next.app.clock.advance_us(61 * SECOND_US);
    keep_house(&next.app);
    until("the import is closed", async || {
        imports(&next, &ada).await[0]["status"] == "failed"
    })
    .await;
    let closed = imports(&next, &ada).await;
    let stage = closed[0]["stage"].as_str().expect("a stage");
    assert!(stage.contains("interrupted"), "{stage}");
    next.app.shutdown.cancel();
    drop(reading);
}

/// Where only workers run, nobody else closes what was left open.
#[tokio::test]
async fn a_process_of_workers_alone_keeps_house() {
    let folder = tempfile::tempdir().expect("a folder");
    let long_ago_us = NOW_US - 365 * 24 * 3_600 * SECOND_US;
    let app = open(folder.path(), "", long_ago_us).await;
    let test = TestApp::around(app);
    let ada = test.register("ada@example.org").await;
    let reading = half_imported(&test, &ada).await;
    let workers = Command::new(env!("CARGO_BIN_EXE_clarity"))
        .args(["worker", "--workers", "1", "--data-dir"])
        .arg(folder.path())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .map(Killed)
        .expect("a process");
    until("the import is closed", async || {
        imports(&test, &ada).await[0]["status"] == "failed"
    })
    .await;
    drop(workers);
    drop(reading);
}

#[tokio::test]
async fn an_import_that_panics_is_failed_and_the_next_one_works() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let send = async || {
        let mut sent = request(Method::POST, "/api/v1/imports", Some(&ada), &[], None);
        *sent.body_mut() = Body::from(crate::files::EXPORT);
        test.send(sent).await
    };
    inject(&test, Place::Import);
    send().await.problem(503, "unavailable");
    let again = send().await;
    assert_eq!(again.status, StatusCode::ACCEPTED, "{}", again.text());
    let states = imports(&test, &ada).await;
    assert_eq!(states[1]["status"], "failed", "{}", states[1]);
}

/// Opens the application of the poison test as another process would.
async fn open(folder: &Path, url: &str, now_us: i64) -> Arc<App> {
    let mut config = Config {
        data_dir: folder.to_owned(),
        ..Config::default()
    };
    url.clone_into(&mut config.database.url);
    let app = App::open(config, Clock::fixed(now_us), Ids::Random).await;
    app.expect("an application")
}

/// Not a test of its own: the process that dies with its job.
#[tokio::test]
async fn process_of_the_poison_test() {
    #[expect(clippy::disallowed_methods, reason = "the switch of this process")]
    let Ok(told) = std::env::var(CHILD) else {
        return;
    };
    let told: Value = serde_json::from_str(&told).expect("what to do");
    let text = |name: &str| told[name].as_str().expect("a text");
    let now_us = told["now_us"].as_i64().expect("a time");
    let app = open(Path::new(text("folder")), text("url"), now_us).await;
    app.supervisor.faults.inject(Place::Job, Fault::Abort, 1);
    jobs::worker::run_due(&app).await;
}

fn die(folder: &Path, url: &str, now_us: i64) {
    let told = json!({"folder": folder, "url": url, "now_us": now_us});
    let ended = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "supervision::process_of_the_poison_test"])
        .env(CHILD, told.to_string())
        .output()
        .expect("a process");
    let report = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.signal().is_some(), "{} {report}", ended.status);
}

async fn poison(name: &str, url: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let app = open(folder.path(), url, NOW_US).await;
    let test = TestApp::around(app);
    let ada = test.register("ada@example.org").await;
    assert_eq!(upload(&test, &ada, 1).await.status, StatusCode::ACCEPTED);
    test.app.store.close().await;
    let mut now_us = NOW_US;
    for _ in 0..jobs::worker::TRIES_MAX {
        // After the lease of the process before.
        now_us += 60 * SECOND_US;
        die(folder.path(), url, now_us);
    }
    let test = TestApp::around(open(folder.path(), url, now_us + 60 * SECOND_US).await);
    let eve = test.register("eve@example.org").await;
    let answer = upload(&test, &eve, 1).await;
    let path = answer.json()["links"]["status"]
        .as_str()
        .expect("a link")
        .to_owned();
    test.app.clock.advance_us(60 * SECOND_US);
    test.run_jobs().await;
    let mut tx = test.app.store.read().await.expect("a transaction");
    let dead = store::jobs::dead(&mut tx, 10).await.expect("a read");
    drop(tx);
    assert_eq!(dead.len(), 1, "{name}: {dead:?}");
    assert_eq!(dead[0].error_code, "process_died");
    assert_eq!(dead[0].attempt, jobs::worker::TRIES_MAX);
    let state = test.get(&path, Some(&eve)).await.json();
    assert_eq!(state["status"], "completed", "{name}: others are served");
    test.app.store.close().await;
}

#[tokio::test]
async fn a_job_that_kills_its_process_is_set_aside_on_sqlite() {
    poison("sqlite", "").await;
}

#[tokio::test]
async fn a_job_that_kills_its_process_is_set_aside_on_postgres() {
    let Some(database) = Database::create() else {
        return skip(Absent::Service("PostgreSQL"));
    };
    poison("postgres", &database.url()).await;
}
