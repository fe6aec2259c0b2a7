//! The keys that sign access tokens are replaced while servers work: nobody notices, and what a revoked key signed opens
//! nothing within seconds.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clarity::app::App;
use clarity::auth::ring::{Doing, KNOWN_BEFORE_US, SKEW_S};
use clarity::auth::rotation;
use clarity::clock::{Clock, Ids};
use clarity::config::{Config, Switch};
use clarity::housekeeping;
use serde_json::{Value, json};
use store::{Store, Target};
use tower::ServiceExt;

use crate::audit::{log, texts};
use crate::binary::Place;
use crate::harness::{NOW_US, PASSWORD, Person, SECOND_US, TestApp, request};
use crate::live::administrator;
use crate::postgres::Database;

const KEYS: &str = "/api/v1/admin/keys";
const ME: &str = "/api/v1/auth/me";
/// Another process knows what happened to a key by then, on a machine under load.
const SOON: Duration = Duration::from_secs(30);
/// Requests that are made between two steps of a rotation.
const LOAD: u64 = 60;

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waited = tokio::time::timeout(SOON, async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(waited.await.is_ok(), "not within {SOON:?}: {what}");
}

/// A process on a database: a server as another machine would run it.
async fn process(target: &Target, folder: &Path, clock: &Clock, seed: u64) -> Arc<TestApp> {
    let mut config = Config {
        data_dir: folder.to_owned(),
        ..Config::default()
    };
    config.passwords.memory_kib = 64;
    config.passwords.iterations = 1;
    config.rates.enabled = Switch::Off;
    let store = Store::open(target).await.expect("a database");
    let app = App::with_store(store, config, clock.clone(), Ids::seeded(seed)).await;
    let app = app.expect("an application");
    housekeeping::start(&app, || {});
    Arc::new(TestApp::around(app))
}

/// The name of the key that signed a token.
fn kid(token: &str) -> String {
    let header = token.split('.').next().expect("a header");
    let header = URL_SAFE_NO_PAD.decode(header).expect("base64");
    let header: Value = serde_json::from_slice(&header).expect("JSON");
    header["kid"].as_str().expect("a key").to_owned()
}

async fn jwks(test: &TestApp) -> BTreeSet<String> {
    let keys = test.get("/.well-known/jwks.json", None).await.json();
    let keys = keys["keys"].as_array().expect("keys").iter();
    keys.map(|key| key["kid"].as_str().expect("a name").to_owned())
        .collect()
}

/// What a load did.
#[derive(Default)]
struct Load {
    is_over: AtomicBool,
    done: AtomicU64,
    failed: std::sync::Mutex<Vec<String>>,
    signers: std::sync::Mutex<BTreeSet<String>>,
}

impl Load {
    async fn ask(&self, test: &TestApp, method: Method, path: &str, shown: Shown<'_>) -> Value {
        let (headers, body) = match shown {
            Shown::Token(token) => (vec![("authorization", format!("Bearer {token}"))], None),
            Shown::Cookie(cookie) => (vec![("cookie", cookie.to_owned())], None),
            Shown::Body(body) => (Vec::new(), Some(body)),
        };
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let sent = request(method.clone(), path, None, &headers, body.as_ref());
        let answer = test.router().oneshot(sent).await.expect("infallible");
        let status = answer.status();
        let bytes = http_body_util::BodyExt::collect(answer.into_body()).await;
        let bytes = bytes.expect("a body").to_bytes();
        self.done.fetch_add(1, Ordering::Relaxed);
        if status != StatusCode::OK {
            let text = format!(
                "{method} {path}: {status} {}",
                String::from_utf8_lossy(&bytes)
            );
            self.failed.lock().expect("no panic").push(text);
        }
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// Signs in at one server and asks the other, renews tokens, and asks with what was signed before any rotation.
    async fn run(&self, servers: [Arc<TestApp>; 2], first: Person, cookie: String, email: String) {
        let mut refresh = first.refresh.clone();
        let mut at = 0;
        while !self.is_over.load(Ordering::Relaxed) {
            at += 1;
            let (here, there) = (&servers[at % 2], &servers[(at + 1) % 2]);
            let (path, body) = if at.is_multiple_of(3) {
                let body = json!({"email": email, "password": PASSWORD});
                ("/api/v1/auth/login", body)
            } else {
                ("/api/v1/auth/refresh", json!({"refresh_token": refresh}))
            };
            let tokens = self.ask(here, Method::POST, path, Shown::Body(body)).await;
            let access = tokens["access_token"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            if access.is_empty() {
                continue;
            }
            tokens["refresh_token"]
                .as_str()
                .expect("a token")
                .clone_into(&mut refresh);
            self.signers.lock().expect("no panic").insert(kid(&access));
            for server in [there, here] {
                self.ask(server, Method::GET, ME, Shown::Token(&access))
                    .await;
            }
            self.ask(there, Method::GET, ME, Shown::Token(&first.access))
                .await;
            self.ask(there, Method::GET, ME, Shown::Cookie(&cookie))
                .await;
        }
    }

    /// Waits until so many requests more were made.
    async fn goes_on(&self) {
        let from = self.done.load(Ordering::Relaxed);
        until("the load goes on", async || {
            self.done.load(Ordering::Relaxed) >= from + LOAD
        })
        .await;
    }
}

enum Shown<'a> {
    Token(&'a str),
    Cookie(&'a str),
    Body(Value),
}

/// The cookie of a browser that signs in.
async fn cookie(test: &TestApp, email: &str) -> String {
    let body = json!({"email": email, "password": PASSWORD});
    let headers = [("sec-fetch-site", "same-origin")];
    let path = "/api/v1/auth/browser";
    let sent = request(Method::POST, path, None, &headers, Some(&body));
    let answer = test.send(sent).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let cookie = answer.header("set-cookie");
    cookie.split(';').next().expect("a cookie").to_owned()
}

async fn rotates_under_load(target: &Target) {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Clock::fixed(NOW_US);
    let a = process(target, folder.path(), &clock, 1).await;
    let b = process(target, folder.path(), &clock, 2).await;
    let servers = [Arc::clone(&a), Arc::clone(&b)];
    let load = Arc::new(Load::default());
    let mut at_work = tokio::task::JoinSet::new();
    for no in 0..3 {
        let email = format!("{no}@example.org");
        let first = a.register(&email).await;
        let cookie = cookie(&b, &email).await;
        let (load, servers) = (Arc::clone(&load), servers.clone());
        at_work.spawn(async move { load.run(servers, first, cookie, email).await });
    }
    for round in 0..3 {
        load.goes_on().await;
        let (by, other) = (&servers[round % 2], &servers[(round + 1) % 2]);
        rotation::rotate(&by.app, None).await.expect("rotated");
        let known = jwks(by).await;
        assert_eq!(known.len(), round + 2);
        load.goes_on().await;
        // The other process lists it before it signs anywhere.
        until("the other process knows it", async || {
            jwks(other).await == known
        })
        .await;
        clock.advance_us(KNOWN_BEFORE_US - SECOND_US);
        load.goes_on().await;
        clock.advance_us(SECOND_US);
    }
    load.goes_on().await;
    load.is_over.store(true, Ordering::Relaxed);
    while let Some(ended) = at_work.join_next().await {
        ended.expect("a load that ends");
    }
    let failed = load.failed.lock().expect("no panic").clone();
    let done = load.done.load(Ordering::Relaxed);
    assert!(failed.is_empty(), "{} of {done}: {failed:#?}", failed.len());
    assert_eq!(
        load.signers.lock().expect("no panic").len(),
        4,
        "each key signed"
    );
    // When the last token of the old keys has ended, only their public halves are left.
    let longest_us = (a.app.config.tokens.longest_s() + SKEW_S) * SECOND_US;
    clock.advance_us(longest_us);
    until("the secrets are forgotten", async || {
        let states = a.app.keys.states(clock.now_us());
        let retired = states.iter().filter(|one| one.doing == Doing::Proves);
        retired.count() == 3
    })
    .await;
    assert_eq!(jwks(&a).await.len(), 4);
    for server in servers {
        server.app.shutdown.cancel();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_fails_while_keys_are_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("clarity.db");
    rotates_under_load(&Target::Sqlite { path }).await;
    let Some(database) = Database::create() else {
        return oracle::absence::skip(oracle::absence::Absent::Service("PostgreSQL"));
    };
    let url = database.url();
    rotates_under_load(&Target::Postgres { url }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_revoked_key_signed_is_refused_everywhere_within_seconds() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("clarity.db");
    let (target, clock) = (Target::Sqlite { path }, Clock::fixed(NOW_US));
    let a = process(&target, folder.path(), &clock, 1).await;
    let b = process(&target, folder.path(), &clock, 2).await;
    let ada = a.register("ada@example.org").await;
    let old = kid(&ada.access);
    assert_eq!(b.get(ME, Some(&ada)).await.status, StatusCode::OK);
    rotation::revoke(&a.app, &old, None).await.expect("revoked");
    a.get(ME, Some(&ada)).await.problem(401, "token_invalid");
    until("the other process refuses it", async || {
        b.get(ME, Some(&ada)).await.status == StatusCode::UNAUTHORIZED
    })
    .await;
    assert!(!jwks(&b).await.contains(&old), "it proves nothing");
    // Refresh tokens are no tokens of that key: the session goes on under another one.
    let body = json!({"refresh_token": ada.refresh});
    let renewed = b.post("/api/v1/auth/refresh", None, &body).await;
    let renewed = Person::from_tokens(&renewed.json());
    assert_ne!(kid(&renewed.access), old);
    assert_eq!(a.get(ME, Some(&renewed)).await.status, StatusCode::OK);
    for server in [a, b] {
        server.app.shutdown.cancel();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_replace_and_revoke_and_it_is_in_their_log() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    test.get(KEYS, Some(&ada)).await.problem(403, "forbidden");
    let root = administrator(&test).await;
    let keys = test.get(KEYS, Some(&root)).await.json();
    assert_eq!(keys["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(keys["data"][0]["state"], "signing");
    assert_eq!(keys["data"][0]["signs_from"], Value::Null);
    let rotate = || request(Method::POST, KEYS, Some(&root), &[], None);
    let rotated = test.send(rotate()).await;
    assert_eq!(rotated.status, StatusCode::CREATED, "{}", rotated.text());
    let keys = rotated.json();
    assert_eq!(keys["data"][0]["state"], "waiting");
    assert_eq!(keys["data"][0]["signs_from"], "2026-11-20T12:02:00Z");
    assert_eq!(keys["data"][1]["state"], "signing");
    test.send(rotate()).await.problem(409, "conflict");
    let waiting = keys["data"][0]["key_id"].as_str().expect("a key");
    for (path, status) in [(waiting, 204), (waiting, 404), ("nothing", 404)] {
        let path = format!("{KEYS}/{path}");
        let revoked = request(Method::DELETE, &path, Some(&root), &[], None);
        assert_eq!(test.send(revoked).await.status, status, "{path}");
    }
    let log = log(&test, &root).await;
    let log = texts(&log);
    for done in [
        "You replaced the key that signs access tokens.",
        "You took back a key that signed access tokens.",
    ] {
        assert!(log.contains(&done), "{log:?}");
    }
}

#[tokio::test]
async fn an_old_key_is_replaced_without_anybody_asking() {
    let test = TestApp::new().await;
    for (days, keys) in [(0, 1), (89, 1), (1, 2), (0, 2), (91, 3)] {
        test.app.clock.advance_us(days * 86_400 * SECOND_US);
        rotation::keep(&test.app).await.expect("kept");
        let states = test.app.keys.states(test.app.clock.now_us());
        assert_eq!(states.len(), keys, "after {days} days more");
    }
}

/// The command works on a database that a server works on.
#[test]
fn the_command_rotates_while_a_server_runs() {
    let place = Place::sqlite();
    let server = place.serve();
    let listed = || {
        let reply = server.client().get("/.well-known/jwks.json", None);
        let keys = reply.expect("an answer").json();
        keys["keys"].as_array().expect("keys").len()
    };
    assert_eq!(listed(), 1);
    let rotated = place.run(&["keys", "rotate", "--json"]);
    assert_eq!(rotated.code, Some(0), "{}", rotated.out);
    let states = rotated.json();
    assert_eq!(states["data"][0]["state"], "waiting");
    let limit = std::time::Instant::now() + SOON;
    while listed() != 2 {
        assert!(
            std::time::Instant::now() < limit,
            "the server does not know it"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    let again = place.run(&["keys", "rotate"]);
    assert_eq!(again.code, Some(1), "one is on its way");
    let listed = place.run(&["keys", "list"]);
    assert!(listed.out.contains("waiting"), "{}", listed.out);
}
