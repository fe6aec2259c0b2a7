//! One person's story through every operation: what is sent and answered are the examples of the
//! document. The story is told again by each run, so an example cannot be wrong for long.
//!
//! `CLARITY_WRITE_DOCS=1` writes the file anew.

mod admin;
mod api_keys;
mod devices;
mod entries;
mod factor;
mod goals;
mod grants;
mod recorded;
mod weeks;
mod window;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use pat::Size;
use serde_json::{Map, Value, json};
use tower::ServiceExt;

use crate::files::EXPORT;
use crate::harness::{Answer, PASSWORD, Person, TestApp, request};
use crate::models::{install, weights};
use crate::promise::{document, listed, operations, resolve};
use crate::shown::{keep_written, shown};
use crate::uploads::settle;

/// Lines of a text that are shown.
const LINES_MAX: usize = 3;

/// An exchange that was made, so that it can be made again with a change.
struct Made {
    method: Method,
    path: String,
    body: Sent,
}

/// Ten minutes of an Actiwatch.
const RECORDING: &str = "A Wearer\r\n03-May-2026\r\n12:00\r\n4\r\n40\r\nV123456\r\nF\r\n\
    120\r\n64\r\n0\r\n0\r\n12\r\n310\r\n288\r\n190\r\n75\r\n4\r\n";

#[derive(Clone)]
enum Sent {
    Nothing,
    Json(Value),
    File(&'static str),
}

struct Story {
    test: TestApp,
    ada: Option<Person>,
    key: Option<String>,
    examples: BTreeMap<String, Value>,
    made: BTreeMap<String, Made>,
    recorded: usize,
}

impl Story {
    async fn send(&self, method: &Method, path: &str, body: &Sent) -> Answer {
        self.test.send(self.request(method, path, body)).await
    }

    fn request(&self, method: &Method, path: &str, body: &Sent) -> Request<Body> {
        let (json, file) = match body {
            Sent::Nothing => (None, None),
            Sent::Json(value) => (Some(value), None),
            Sent::File(text) => (None, Some(*text)),
        };
        let person = self.ada.as_ref();
        let key = self.key.as_deref().map(|key| ("x-api-key", key));
        let mut request = request(method.clone(), path, person, key.as_slice(), json);
        if let Some(text) = file {
            *request.body_mut() = Body::from(text);
            let kind = "application/octet-stream".parse().expect("a media type");
            request.headers_mut().insert("content-type", kind);
        }
        request
    }

    /// Makes an exchange and keeps it as the example of an operation.
    async fn take(&mut self, id: &str, method: Method, path: &str, body: Sent) -> Answer {
        let answer = self.send(&method, path, &body).await;
        assert!(answer.status.is_success(), "{id}: {}", answer.text());
        self.keep(id, (method, path, body), &answer);
        self.is_recorded(id).await;
        answer
    }

    async fn get(&mut self, id: &str, path: &str) -> Value {
        let path = format!("/api/v1/{path}");
        self.take(id, Method::GET, &path, Sent::Nothing)
            .await
            .json()
    }

    async fn post(&mut self, id: &str, path: &str, body: Value) -> Value {
        let path = format!("/api/v1/{path}");
        self.take(id, Method::POST, &path, Sent::Json(body))
            .await
            .json()
    }

    fn keep(&mut self, id: &str, made: (Method, &str, Sent), answer: &Answer) {
        let (method, path, body) = made;
        let kind = answer.header("content-type").split(';').next();
        let kind = kind.filter(|kind| !kind.is_empty());
        let response = match kind {
            None => Value::Null,
            Some("application/json") => shown(answer.json()),
            Some(_) => {
                let text = answer.text();
                // Counters come in no order: of the routes one is shown.
                let lines = text
                    .lines()
                    .filter(|line| !line.contains("route=") || line.contains("route=\"/\""));
                Value::from(lines.take(LINES_MAX).collect::<Vec<_>>().join("\n"))
            }
        };
        let mut example = Map::new();
        match &body {
            Sent::Nothing => {}
            Sent::Json(value) => drop(example.insert("request".to_owned(), value.clone())),
            Sent::File(text) => drop(example.insert("request".to_owned(), json!(text))),
        }
        example.insert("status".to_owned(), json!(answer.status.as_u16()));
        if let Some(kind) = kind {
            example.insert("media_type".to_owned(), json!(kind));
            example.insert("response".to_owned(), response);
        }
        self.examples.insert(id.to_owned(), Value::Object(example));
        let path = path.to_owned();
        self.made.insert(id.to_owned(), Made { method, path, body });
    }

    /// Takes the first event of a stream, which does not end by itself.
    async fn first_event(&mut self, id: &str, path: &str, last: Option<&str>) {
        let path = format!("/api/v1/{path}");
        let mut request = self.request(&Method::GET, &path, &Sent::Nothing);
        if let Some(last) = last {
            let last = last.parse().expect("a header");
            request.headers_mut().insert("last-event-id", last);
        }
        let response = self
            .test
            .router()
            .oneshot(request)
            .await
            .expect("infallible");
        let (parts, mut body) = response.into_parts();
        let frame = body.frame().await.expect("a frame").expect("bytes");
        let answer = Answer {
            status: parts.status,
            headers: parts.headers,
            bytes: frame.into_data().expect("data").to_vec(),
        };
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        self.keep(id, (Method::GET, &path, Sent::Nothing), &answer);
        self.is_recorded(id).await;
    }
}

async fn told() -> Story {
    let test = TestApp::new().await;
    install(&test.app.config.data_dir, &weights(Size::Small, 1));
    let mut story = Story {
        test,
        ada: None,
        key: None,
        examples: BTreeMap::new(),
        made: BTreeMap::new(),
        recorded: 0,
    };
    probes(&mut story).await;
    account(&mut story).await;
    devices::connect(&mut story).await;
    api_keys::program(&mut story).await;
    grants::share(&mut story).await;
    uploads(&mut story).await;
    settle(&story.test).await;
    reading(&mut story).await;
    window::traces(&mut story).await;
    weeks::embed(&mut story).await;
    story
}

async fn probes(story: &mut Story) {
    // The counters come in no order, so they are shown while there is one.
    for (id, path) in [
        ("get_health", "/health"),
        ("get_metrics", "/metrics"),
        ("get_index", "/"),
        ("get_liveness", "/health/live"),
        ("get_readiness", "/health/ready"),
        ("get_public_keys", "/.well-known/jwks.json"),
        ("get_openapi", "/api/v1/openapi.json"),
        ("list_metric_types", "/api/v1/metric-types"),
    ] {
        story.take(id, Method::GET, path, Sent::Nothing).await;
    }
}

async fn account(story: &mut Story) {
    let ada = json!({"email": "ada@example.org", "password": PASSWORD,
        "profile": {"time_zone": "Europe/London"}});
    story.post("register", "auth/register", ada).await;
    let ada = json!({"email": "ada@example.org", "password": PASSWORD});
    let tokens = story.post("login", "auth/login", ada).await;
    let again = json!({"refresh_token": tokens["refresh_token"]});
    let tokens = story.post("refresh_tokens", "auth/refresh", again).await;
    // What was sent is a secret as well.
    story.examples.get_mut("refresh_tokens").expect("just made")["request"] =
        json!({"refresh_token": "…"});
    story.ada = Some(Person::from_tokens(&tokens));
    window::entry(story).await;
    factor::codes(story).await;
    story.get("get_account", "auth/me").await;
    story.get("list_sessions", "auth/sessions").await;
    story.get("list_audit", "audit?limit=3").await;
    let put = async |story: &mut Story, id: &str, path: &str, body: Value| {
        let path = format!("/api/v1/{path}");
        story.take(id, Method::PUT, &path, Sent::Json(body)).await;
    };
    put(
        story,
        "update_account",
        "auth/me",
        json!({"username": "ada"}),
    )
    .await;
    let profile = json!({"username": "ada", "birth_date": "1985-12-10", "sex": "female",
        "height_cm": 168.0, "time_zone": "Europe/London", "language": "en-GB", "units": "metric"});
    put(story, "replace_profile", "user/profile", profile).await;
    story.get("get_profile", "user/profile").await;
    let preferences = json!({"source_order": {"*": ["Apple Watch", "iPhone"]},
        "day_zone": "travel", "sleep_scorer": "customary"});
    put(
        story,
        "replace_preferences",
        "user/preferences",
        preferences,
    )
    .await;
    story.get("get_preferences", "user/preferences").await;
    goals::set(story).await;
    entries::enter(story).await;
}

async fn uploads(story: &mut Story) {
    let at = "2026-11-19T08:00:00Z";
    let series = json!({"metric": "heart_rate", "unit": "/min", "source": "Chest strap",
        "values": [{"value": 61.0, "timestamp": at}, {"value": 64.0, "timestamp": "2026-11-19T08:01:00Z"}]});
    let taken = story
        .post("upload_health_data", "health-data", series)
        .await;
    let records = json!({"records": [
        {"metric": "body_mass", "value": 71.2, "unit": "kg", "recorded_at": at, "source": "Scale"},
        {"metric": "step_count", "value": 420.0, "recorded_at": at}]});
    story
        .post("upload_batch", "health-data/batch", records)
        .await;
    let healthkit = json!({
        "quantity_samples": [{"uuid": "6b1d7b5e-3a53-4a8a-9a39-0f3a3b1c2d01",
            "type": "HKQuantityTypeIdentifierHeartRate", "value": 58.0, "unit": "count/min",
            "start_date": at, "end_date": at, "source_name": "Apple Watch"}],
        "category_samples": [{"uuid": "6b1d7b5e-3a53-4a8a-9a39-0f3a3b1c2d02",
            "type": "HKCategoryTypeIdentifierMindfulSession", "value": 0,
            "start_date": at, "end_date": "2026-11-19T08:10:00Z", "source_name": "Apple Watch"}],
        "deleted_objects": [{"uuid": "6b1d7b5e-3a53-4a8a-9a39-0f3a3b1c2d03"}]});
    story.post("upload_healthkit", "healthkit", healthkit).await;
    let payload = json!({"data": {"metrics": [{"name": "heart_rate", "units": "count/min",
        "data": [{"date": "2026-11-19 08:05:00 +0000", "Min": 55.0, "Avg": 60.0, "Max": 70.0,
            "source": "Apple Watch"}]}]}});
    story
        .post(
            "upload_health_auto_export",
            "integrations/health-auto-export",
            payload,
        )
        .await;
    let me = story
        .test
        .get("/api/v1/auth/me", story.ada.as_ref())
        .await
        .json();
    let id = me["id"].as_str().expect("an id").to_owned();
    let sync = json!({"provider": "apple", "sdkVersion": "1.0.0", "syncTimestamp": at,
        "data": {"records": [{"id": "6b1d7b5e-3a53-4a8a-9a39-0f3a3b1c2d04",
            "type": "HKQuantityTypeIdentifierStepCount", "value": 12.0, "unit": "count",
            "startDate": at, "endDate": "2026-11-19T08:01:00Z"}]}});
    story
        .post("sync_open_wearables", &format!("sdk/users/{id}/sync"), sync)
        .await;
    let id = taken["processing_id"].as_str().expect("an id");
    story
        .get("get_processing", &format!("health-data/processing/{id}"))
        .await;
    let path = "/api/v1/imports?format=apple_health";
    let taken = story
        .take("create_import", Method::POST, path, Sent::File(EXPORT))
        .await
        .json();
    settle(&story.test).await;
    let id = taken["processing_id"].as_str().expect("an id");
    story.get("get_import", &format!("imports/{id}")).await;
    story.get("list_imports", "imports").await;
    story
        .first_event(
            "stream_import_events",
            &format!("imports/{id}/events"),
            None,
        )
        .await;
    story
        .first_event("stream_events", "events", Some("0"))
        .await;
}

async fn reading(story: &mut Story) {
    let day = "start=2026-11-18&end=2026-11-19";
    let days = "start=2026-11-17&end=2026-11-20";
    window::columns(story).await;
    let trial = "trials?metric=steps&design=before_after&change=2026-11-10&end=2026-11-20";
    for (id, path) in [
        ("list_daily_summaries", &*format!("summaries/daily?{day}")),
        ("list_nights", &format!("sleep?{day}")),
        ("get_sleep_debt", "sleep/debt?end=2026-11-20"),
        ("get_cardio", &format!("cardio?{day}")),
        ("get_fitness", &format!("cardio/fitness?{days}")),
        ("get_training_load", &format!("load?{days}")),
        ("get_sleep_timing", &format!("sleep/timing?{days}")),
        ("get_rhythm", &format!("rhythm?{days}")),
        ("get_periodogram", &format!("rhythm/periodogram?{days}")),
        ("get_anomalies", &format!("anomalies?{days}")),
        (
            "list_reconciled_totals",
            &format!("reconciliation?{days}&metrics=active_energy_burned,step_count"),
        ),
        (
            "get_trend",
            "trends?metric=resting_heart_rate&timeframe=week",
        ),
        ("get_trial", trial),
    ] {
        story.get(id, path).await;
    }
    let workouts = story.get("list_workouts", "workouts").await;
    let first = &workouts["data"][0]["id"];
    let id = first.as_str().expect("an id").to_owned();
    story.get("get_workout", &format!("workouts/{id}")).await;
    let effort = format!("workouts/{id}/effort");
    story.get("get_workout_effort", &effort).await;
    story.get("get_insight_status", "insights/status").await;
    let insight = story.get("get_daily_insight", "insights/daily").await;
    let id = insight["id"].as_str().expect("an id").to_owned();
    story.get("get_insight", &format!("insights/{id}")).await;
    let path = "/api/v1/health-data/export?format=ndjson";
    story
        .take("export_health_data", Method::GET, path, Sent::Nothing)
        .await;
    for (operation, path) in [
        ("analyze_recording", "/api/v1/lab/recordings"),
        (
            "write_recording_page",
            "/api/v1/lab/page?name=recording.awd",
        ),
    ] {
        let sent = Sent::File(RECORDING);
        story.take(operation, Method::POST, path, sent).await;
    }
    let path = "/api/v1/health/analyze";
    story
        .take("analyze_health_data", Method::POST, path, Sent::Nothing)
        .await;
}

/// What ends things comes last.
async fn ends(story: &mut Story) {
    let take = async |story: &mut Story, id: &str, path: String| {
        story.take(id, Method::DELETE, &path, Sent::Nothing).await;
    };
    let imports = story
        .test
        .get("/api/v1/imports", story.ada.as_ref())
        .await
        .json();
    let id = imports["data"][0]["processing_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    take(story, "delete_import", format!("/api/v1/imports/{id}")).await;
    let series =
        json!({"metric": "heart_rate", "value": 61.0, "recorded_at": "2026-11-19T09:00:00Z"});
    let taken = story
        .send(&Method::POST, "/api/v1/health-data", &Sent::Json(series))
        .await
        .json();
    let id = taken["processing_id"].as_str().expect("an id").to_owned();
    take(story, "delete_upload", format!("/api/v1/health-data/{id}")).await;
    let path = "/api/v1/health-data/purge";
    let purged = story
        .take("purge_health_data", Method::DELETE, path, Sent::Nothing)
        .await
        .json();
    let id = purged["erasure_id"].as_str().expect("an id");
    let path = format!("health-data/erasures/{id}");
    story.get("get_erasure", &path).await;
    let login = json!({"email": "ada@example.org", "password": PASSWORD});
    let other = story
        .send(&Method::POST, "/api/v1/auth/login", &Sent::Json(login))
        .await
        .json();
    let other = Person::from_tokens(&other).session;
    take(
        story,
        "end_session",
        format!("/api/v1/auth/sessions/{other}"),
    )
    .await;
    let path = "/api/v1/auth/logout";
    story
        .take("logout", Method::POST, path, Sent::Nothing)
        .await;
    admin::rule(story).await;
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("assets/examples.json")
}

/// Objects over several lines, lists of numbers on one.
fn print(examples: &BTreeMap<String, Value>) -> String {
    let lines = examples
        .iter()
        .map(|(id, example)| format!("  {}: {example}", json!(id)));
    format!("{{\n{}\n}}\n", lines.collect::<Vec<_>>().join(",\n"))
}

/// The members and kinds of a value: ids and instants differ from run to run, and no person's key
/// makes the same ones twice.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let shapes = members
                .iter()
                .map(|(name, value)| (name.clone(), shape(value)));
            Value::Object(shapes.collect())
        }
        Value::Array(items) => Value::Array(items.first().map(shape).into_iter().collect()),
        Value::String(_) => json!("text"),
        Value::Number(_) => json!("number"),
        Value::Bool(_) => json!("truth"),
        Value::Null => Value::Null,
    }
}

#[tokio::test]
async fn the_examples_are_what_the_server_answers() {
    let mut story = told().await;
    every_listed_value_is_accepted(&story).await;
    ends(&mut story).await;
    let document = document();
    let operations = operations(&document);
    let ids: Vec<&str> = operations
        .iter()
        .map(|(.., operation)| operation["operationId"].as_str().expect("an id"))
        .collect();
    for id in &ids {
        assert!(story.examples.contains_key(*id), "{id} has no example");
    }
    assert_eq!(story.examples.len(), ids.len());
    assert!(
        story.recorded > 60,
        "{} operations were looked for in the log",
        story.recorded
    );
    let text = fs::read_to_string(file()).expect("the examples");
    let written: BTreeMap<String, Value> = serde_json::from_str(&text).expect("JSON");
    for (id, example) in &mut story.examples {
        keep_written(example, written.get(id).unwrap_or(&Value::Null));
    }
    if std::env::var_os("CLARITY_WRITE_DOCS").is_some() {
        return fs::write(file(), print(&story.examples)).expect("written");
    }
    for (id, example) in &story.examples {
        assert_eq!(
            shape(example),
            written.get(id).map_or(Value::Null, shape),
            "the example of {id} is stale: run make docs"
        );
    }
    for (.., operation) in &operations {
        shows_its_example(&document, operation, &written);
    }
}

/// The document shows what the file holds, request and answer.
fn shows_its_example(document: &Value, operation: &Value, written: &BTreeMap<String, Value>) {
    let id = operation["operationId"].as_str().expect("an id");
    let example = &written[id];
    if let Some(request) = example.get("request") {
        let bodies = operation["requestBody"]["content"].as_object();
        for (kind, content) in bodies.expect("a body") {
            assert_eq!(&content["example"], request, "{id} {kind}");
        }
    }
    let status = example["status"].to_string();
    let response = resolve(document, &operation["responses"][&status]);
    if let Some(kind) = example["media_type"].as_str() {
        let content = &response["content"][kind];
        assert_eq!(content["example"], example["response"], "{id} {kind}");
    }
}

/// Every word that the document lists for a parameter or a member of a body is taken.
async fn every_listed_value_is_accepted(story: &Story) {
    let document = document();
    let mut tried = 0;
    for (.., operation) in operations(&document) {
        let id = operation["operationId"].as_str().expect("an id");
        let Some(made) = story.made.get(id) else {
            continue;
        };
        let parameters = operation["parameters"].as_array();
        for parameter in parameters.into_iter().flatten() {
            let parameter = resolve(&document, parameter);
            let name = parameter["name"].as_str().expect("a name");
            if parameter["in"] == "query" {
                for value in listed(&document, &parameter["schema"]) {
                    tried += 1;
                    let path = with_parameter(&made.path, name, &value);
                    let answer = story.send(&made.method, &path, &made.body).await;
                    blames_not(&answer, name, &format!("{id} {name}={value}"));
                }
            }
        }
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let schema = resolve(&document, schema);
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            for value in listed(&document, property) {
                tried += 1;
                let Sent::Json(mut body) = made.body.clone() else {
                    panic!("{id} takes JSON");
                };
                body[name] = json!(value);
                let answer = story
                    .send(&made.method, &made.path, &Sent::Json(body))
                    .await;
                blames_not(
                    &answer,
                    &format!("/{name}"),
                    &format!("{id} {name}: {value}"),
                );
            }
        }
    }
    assert!(tried > 30, "{tried}");
}

fn blames_not(answer: &Answer, pointer: &str, what: &str) {
    let problem: Value = serde_json::from_slice(&answer.bytes).unwrap_or_default();
    let errors = problem["errors"].as_array();
    let blamed = errors
        .into_iter()
        .flatten()
        .any(|error| error["pointer"] == pointer);
    assert!(
        !blamed && answer.status.as_u16() < 500,
        "{what}: {}",
        answer.text()
    );
}

fn with_parameter(path: &str, name: &str, value: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let kept = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with(&format!("{name}=")));
    let mut pairs: Vec<String> = kept.map(str::to_owned).collect();
    pairs.push(format!("{name}={value}"));
    format!("{path}?{}", pairs.join("&"))
}
