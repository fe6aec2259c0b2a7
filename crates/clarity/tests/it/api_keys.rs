//! Keys of programs: shown once, they do what their scopes say, for their person alone, until their end or their
//! revocation; what they did is in the log.

use axum::http::{Method, StatusCode};
use clarity::access::scope::{Reach, Scope};
use clarity::config::Switch;
use serde_json::{Value, json};
use store::people::Access;

use crate::audit::{log, on_both, texts};
use crate::grants::{id, reachable};
use crate::harness::{Answer, Person, SECOND_US, TestApp, request};

const KEYS: &str = "/api/v1/auth/api-keys";
const DAYS: &str = "/api/v1/days?metrics=step_count&start=2026-11-19&end=2026-11-20";

fn wanted(scopes: &[&str]) -> Value {
    json!({"name": "Backup script", "scopes": scopes, "expires_at": "2026-11-20T12:01:00Z"})
}

/// A key of somebody for a minute: its id and text.
async fn make(test: &TestApp, person: &Person, scopes: &[&str]) -> (String, String) {
    let made = test.post(KEYS, Some(person), &wanted(scopes)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let made = made.json();
    let text = |name: &str| made[name].as_str().expect("a text").to_owned();
    (text("key_id"), text("key"))
}

async fn by_key(test: &TestApp, method: Method, path: &str, key: &str) -> Answer {
    let headers = [("x-api-key", key)];
    test.send(request(method, path, None, &headers, None)).await
}

async fn get(test: &TestApp, path: &str, key: &str) -> u16 {
    by_key(test, Method::GET, path, key).await.status.as_u16()
}

async fn send(test: &TestApp, key: &str) -> u16 {
    let steps = json!({"data_type": "step_count", "value": 7, "unit": "count",
                       "recorded_at": "2026-11-19T10:00:00Z"});
    let headers = [("x-api-key", key)];
    let path = "/api/v1/health-data";
    let sent = request(Method::POST, path, None, &headers, Some(&steps));
    test.send(sent).await.status.as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_opens_until_the_instant_it_ends_or_is_revoked() {
    on_both(|test| async move {
        let ada = test.register("ada@example.org").await;
        let eve = test.register("eve@example.org").await;
        let (key_id, key) = make(&test, &ada, &["activity"]).await;
        assert!(key.starts_with("clk_"), "{key}");
        assert_eq!(get(&test, DAYS, &key).await, 200);
        let bearer = [("authorization", format!("Bearer {key}"))];
        let bearer = bearer
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let asked = request(Method::GET, DAYS, None, &bearer, None);
        assert_eq!(test.send(asked).await.status, StatusCode::OK);
        let listed = test.get(KEYS, Some(&ada)).await;
        assert!(!listed.text().contains(&key), "shown once");
        let listed = listed.json();
        assert_eq!(listed["data"][0]["name"], "Backup script");
        assert_eq!(listed["data"][0]["scopes"], json!(["activity"]));
        assert_eq!(listed["data"][0]["used_at"], "2026-11-20T12:00:00Z");
        test.app.clock.advance_us(60 * SECOND_US - 1);
        assert_eq!(get(&test, DAYS, &key).await, 200);
        let path = format!("{KEYS}/{key_id}");
        let foreign = request(Method::DELETE, &path, Some(&eve), &[], None);
        test.send(foreign).await.problem(404, "not_found");
        test.app.clock.advance_us(1);
        assert_eq!(get(&test, DAYS, &key).await, 401);
        let listed = test.get(KEYS, Some(&ada)).await.json();
        assert_eq!(listed["data"][0]["state"], "expired");
        let later = json!({"name": "Another", "scopes": ["activity"],
            "expires_at": "2026-12-20T12:01:00Z"});
        let made = test.post(KEYS, Some(&ada), &later).await.json();
        let key = made["key"].as_str().expect("a key");
        assert_eq!(get(&test, DAYS, key).await, 200);
        let path = format!("{KEYS}/{}", made["key_id"].as_str().expect("an id"));
        let revoke = request(Method::DELETE, &path, Some(&ada), &[], None);
        assert_eq!(test.send(revoke).await.status, StatusCode::NO_CONTENT);
        assert_eq!(get(&test, DAYS, key).await, 401);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_scope_of_a_key_opens_what_it_names_and_nothing_else() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let reachable = reachable();
    for scope in Scope::READING {
        let (_, key) = make(&test, &ada, &[scope.name()]).await;
        for (rule, path) in &reachable {
            let shows = match rule.reach {
                Reach::Of(scopes) => scopes.to_vec(),
                Reach::Named if path.contains("step_count") => vec![Scope::Activity],
                Reach::Named | Reach::Own => vec![Scope::Everything],
            };
            let is_open = scope == Scope::Everything || shows == [scope];
            let status = get(&test, path, &key).await;
            assert_ne!(status, 401, "{path}");
            assert_eq!(status == 403, !is_open, "{} {path}: {status}", scope.name());
        }
        assert_eq!(send(&test, &key).await, 403, "{}", scope.name());
        // What is the person's own is for nobody's program.
        for own in [
            "/api/v1/auth/me",
            "/api/v1/audit",
            KEYS,
            "/api/v1/health-data/export",
        ] {
            assert_eq!(get(&test, own, &key).await, 403, "{own}");
        }
    }
    let (_, key) = make(&test, &ada, &["send"]).await;
    assert_eq!(send(&test, &key).await, 202);
    assert_eq!(get(&test, DAYS, &key).await, 403);
    let headers = [("x-api-key", key.as_str())];
    let more = request(
        Method::POST,
        KEYS,
        None,
        &headers,
        Some(&wanted(&["everything"])),
    );
    test.send(more).await.problem(403, "forbidden");
}

#[tokio::test]
async fn a_key_reads_what_is_its_persons() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let bob = test.register("bob@example.org").await;
    let grant = json!({"reader": "bob@example.org", "scopes": ["everything"], "purpose": "x",
        "expires_at": "2026-11-20T13:00:00Z"});
    let granted = test.post("/api/v1/grants", Some(&ada), &grant).await;
    assert_eq!(granted.status, StatusCode::CREATED);
    let (_, key) = make(&test, &bob, &["everything"]).await;
    let of_ada = format!("{DAYS}&user_id={}", id(&test, &ada).await);
    let refused = by_key(&test, Method::GET, &of_ada, &key).await;
    refused.problem(403, "forbidden");
    let of_bob = format!("{DAYS}&user_id={}", id(&test, &bob).await);
    assert_eq!(get(&test, &of_bob, &key).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_ends_with_its_account_and_with_the_data() {
    on_both(|test| async move {
        let ada = test.register("ada@example.org").await;
        let user = id(&test, &ada).await.parse().expect("an id");
        let (_, key) = make(&test, &ada, &["activity", "send"]).await;
        let app = &test.app;
        for (access, expect) in [(Access::Disabled, 401), (Access::Enabled, 200)] {
            let mut tx = app.store.begin("disable").await.expect("a transaction");
            let set = store::people::set_access(&mut tx, &app.vault, user, access).await;
            assert!(set.expect("a write"));
            tx.commit().await.expect("a commit");
            assert_eq!(get(&test, DAYS, &key).await, expect, "{access:?}");
        }
        let path = "/api/v1/health-data/purge";
        let purge = request(Method::DELETE, path, Some(&ada), &[], None);
        let receipt = test.send(purge).await.json();
        assert_eq!(receipt["counts"]["api_keys"], 1);
        assert_eq!(get(&test, DAYS, &key).await, 401);
        let (_, key) = make(&test, &ada, &["activity"]).await;
        clarity::erasure::of_person(app, user)
            .await
            .expect("an erasure");
        assert_eq!(get(&test, DAYS, &key).await, 401);
    })
    .await;
}

#[tokio::test]
async fn the_log_names_the_program() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let (key_id, key) = make(&test, &ada, &["activity", "send"]).await;
    assert_eq!(send(&test, &key).await, 202);
    assert_eq!(get(&test, DAYS, &key).await, 200);
    let all = log(&test, &ada).await;
    let expected = [
        "The program “Backup script” read values by day of step count, 2026-11-19.",
        "The program “Backup script” sent health data.",
        "You made a key for a program.",
        "You opened the account.",
    ];
    assert_eq!(texts(&all), expected);
    assert_eq!(all[0]["right"], "key");
    assert_eq!(all[0]["by"], json!(key_id));
    let path = format!("{KEYS}/{key_id}");
    let revoke = request(Method::DELETE, &path, Some(&ada), &[], None);
    assert_eq!(test.send(revoke).await.status, StatusCode::NO_CONTENT);
    let all = log(&test, &ada).await;
    assert_eq!(texts(&all)[0], "You revoked the key of a program.");
    assert!(texts(&all)[1].starts_with("A program whose key was revoked read"));
}

#[tokio::test]
async fn a_key_has_a_budget_of_its_own() {
    let test = TestApp::with(|config| {
        config.rates.enabled = Switch::On;
        config.rates.reads_per_min = 5;
    })
    .await;
    let ada = test.register("ada@example.org").await;
    let (_, key) = make(&test, &ada, &["activity"]).await;
    for _ in 0..5 {
        assert_eq!(get(&test, DAYS, &key).await, 200);
    }
    assert_eq!(get(&test, DAYS, &key).await, 429);
    assert_eq!(test.get(DAYS, Some(&ada)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn keys_that_cannot_be_made_change_nothing() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let with = |name: &str, value: Value| {
        let mut wanted = wanted(&["sleep"]);
        wanted[name] = value;
        wanted
    };
    for (wanted, pointer) in [
        (with("name", json!("")), "/name"),
        (with("scopes", json!([])), "/scopes"),
        (with("scopes", json!(["all"])), "/scopes/0"),
        (
            with("expires_at", json!("2026-11-20T12:00:00Z")),
            "/expires_at",
        ),
        (
            with("expires_at", json!("2027-11-22T12:00:00Z")),
            "/expires_at",
        ),
        (with("expires_at", json!("tomorrow")), "/expires_at"),
    ] {
        let refused = test.post(KEYS, Some(&ada), &wanted).await;
        assert_eq!(refused.status.as_u16(), 422, "{wanted}: {}", refused.text());
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer, "{wanted}");
    }
    for _ in 0..20 {
        make(&test, &ada, &["sleep"]).await;
    }
    let refused = test.post(KEYS, Some(&ada), &wanted(&["sleep"])).await;
    refused.problem(409, "conflict");
}
