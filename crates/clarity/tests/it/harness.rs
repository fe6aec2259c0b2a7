//! `TestApp`: a private database, a clock that stands still, repeatable ids, cheap passwords; requests
//! go straight through the whole router.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use clarity::app::App;
use clarity::clock::{Clock, Ids};
use clarity::config::{Config, Switch};
use clarity::http::router;
use clarity::telemetry;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use store::{Store, Target};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::promise;
use crate::schema::{self, Sent};

/// 2026-11-20T12:00:00Z.
pub(crate) const NOW_US: i64 = 1_795_176_000_000_000;
pub(crate) const SECOND_US: i64 = 1_000_000;
pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) struct TestApp {
    pub(crate) app: Arc<App>,
    router: Router,
    _folder: TempDir,
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

/// A signed-in person.
pub(crate) struct Person {
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) session: String,
}

impl TestApp {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With settings of its own.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let store = Store::open(&Target::SqliteTemporary)
            .await
            .expect("a database");
        Self::on(store, change).await
    }

    /// On an empty database.
    pub(crate) async fn on(store: Store, change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut config = Config {
            data_dir: folder.path().to_owned(),
            ..Config::default()
        };
        config.passwords.memory_kib = 64;
        config.passwords.iterations = 1;
        config.rates.enabled = Switch::Off;
        // Tests move the clock by months; what is sensitive asks in `factor.rs`.
        config.tokens.recent_s = 100 * 365 * 86_400;
        change(&mut config);
        let clock = Clock::fixed(NOW_US);
        telemetry::collect_metrics().expect("metrics");
        let app = App::with_store(store, config, clock, Ids::seeded(1)).await;
        let app = app.expect("an application");
        Self {
            router: router::service(&app).0,
            app,
            _folder: folder,
        }
    }

    /// An application that was opened some other way.
    pub(crate) fn around(app: Arc<App>) -> Self {
        Self {
            router: router::service(&app).0,
            app,
            _folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (method, uri) = (request.method().clone(), request.uri().to_string());
        let path = request.uri().path().to_owned();
        let response = self.router().oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        promise::check(&method, &path, parts.status, &parts.headers);
        let bytes = body.collect().await.expect("a body").to_bytes().to_vec();
        let answer = Answer {
            status: parts.status,
            headers: parts.headers,
            bytes,
        };
        answer.is_as_documented(&method, &uri);
        answer
    }

    pub(crate) async fn get(&self, path: &str, person: Option<&Person>) -> Answer {
        self.send(request(Method::GET, path, person, &[], None))
            .await
    }

    pub(crate) async fn post(&self, path: &str, person: Option<&Person>, body: &Value) -> Answer {
        self.send(request(Method::POST, path, person, &[], Some(body)))
            .await
    }

    pub(crate) async fn put(
        &self,
        path: &str,
        person: &Person,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        self.send(request(
            Method::PUT,
            path,
            Some(person),
            headers,
            Some(body),
        ))
        .await
    }

    /// Runs every job that is due at the standing clock.
    pub(crate) async fn run_jobs(&self) -> usize {
        clarity::jobs::worker::run_due(&self.app).await
    }

    pub(crate) async fn register(&self, email: &str) -> Person {
        let body = json!({"email": email, "password": PASSWORD});
        let answer = self.post("/api/v1/auth/register", None, &body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        Person::from_tokens(&answer.json())
    }
}

impl Person {
    pub(crate) fn from_tokens(tokens: &Value) -> Self {
        let text = |name| {
            tokens
                .get(name)
                .and_then(Value::as_str)
                .expect("a text")
                .to_owned()
        };
        Self {
            access: text("access_token"),
            refresh: text("refresh_token"),
            session: text("session_id"),
        }
    }
}

impl Answer {
    /// Asserts that a success is what the document says, in every test that asks for one.
    fn is_as_documented(&self, method: &Method, uri: &str) {
        if !self.status.is_success() || *method == Method::HEAD || schema::is_open(uri) {
            return;
        }
        let found = schema::differences(schema::document(), &self.sent(method, uri));
        assert!(found.is_empty(), "{method} {uri}: {found:#?}");
    }

    /// The answer as it is held against the document.
    pub(crate) fn sent<'a>(&'a self, method: &'a Method, path: &'a str) -> Sent<'a> {
        Sent {
            method,
            path: path.split_once('?').map_or(path, |(path, _)| path),
            status: self.status.as_u16(),
            media_type: self.header("content-type"),
            bytes: &self.bytes,
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|error| panic!("{error} in {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("printable"))
    }

    /// Asserts that this is a complete problem with this status and code, and hands it back.
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        let text = |name| {
            problem
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        assert_eq!(problem.get("status"), Some(&json!(status)));
        assert_eq!(text("code"), code, "{problem}");
        assert_eq!(text("type"), format!("urn:clarity:problem:{code}"));
        assert_eq!(text("request_id"), self.header("x-request-id"));
        for name in ["title", "detail", "instance"] {
            assert!(!text(name).is_empty(), "{name} in {problem}");
        }
        assert!(problem.get("errors").is_some_and(Value::is_array));
        problem
    }
}

pub(crate) fn request(
    method: Method,
    path: &str,
    person: Option<&Person>,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(person) = person {
        request = request.header("authorization", format!("Bearer {}", person.access));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = match body {
        Some(body) => {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        }
        None => Body::empty(),
    };
    request.body(body).expect("a request")
}
