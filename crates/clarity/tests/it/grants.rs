//! Somebody reads what a person allows them, exactly that, until the instant it ends; the person sees who did and why.

use axum::http::{Method, StatusCode};
use clarity::access::scope::{Reach, Scope};
use clarity::access::{RULES, Rule};
use clarity::erasure;
use model::ids::UserId;
use serde_json::{Value, json};
use store::people::Access;

use crate::audit::{actions, log, on_both, texts};
use crate::harness::{NOW_US, Person, SECOND_US, TestApp, request};
use crate::promise::{document, operations};

const GRANTS: &str = "/api/v1/grants";
const DAYS: &str = "/api/v1/days?metrics=step_count&start=2026-11-19&end=2026-11-20";
const STEPS: &str = "/api/v1/series/step_count?start=2026-11-19&end=2026-11-20&resolution=raw";
const NIGHTS: &str = "/api/v1/sleep?start=2026-11-01&end=2026-11-20";

/// Two people and one who was allowed nothing.
struct People {
    test: TestApp,
    ada: Person,
    bob: Person,
    eve: Person,
    /// The id of Ada.
    id: String,
}

pub(crate) async fn id(test: &TestApp, person: &Person) -> String {
    let me = test.get("/api/v1/auth/me", Some(person)).await.json();
    me["id"].as_str().expect("an id").to_owned()
}

impl People {
    async fn on(test: TestApp) -> Self {
        let ada = test.register("ada@example.org").await;
        let bob = test.register("bob@example.org").await;
        let eve = test.register("eve@example.org").await;
        let id = id(&test, &ada).await;
        Self {
            test,
            ada,
            bob,
            eve,
            id,
        }
    }

    async fn new() -> Self {
        Self::on(TestApp::new().await).await
    }

    /// What Ada allows Bob for a minute.
    async fn allow(&self, scopes: &[&str]) -> String {
        let granted = self.test.post(GRANTS, Some(&self.ada), &wish(scopes)).await;
        assert_eq!(granted.status, StatusCode::CREATED, "{}", granted.text());
        let id = granted.json()["grant_id"].as_str().map(str::to_owned);
        id.expect("an id")
    }

    /// An address that asks for Ada's data.
    fn of_ada(&self, path: &str) -> String {
        if let Some((list, _)) = path.split_once("/user/0190") {
            return format!("{list}/user/{}", self.id);
        }
        let sign = if path.contains('?') { '&' } else { '?' };
        format!("{path}{sign}user_id={}", self.id)
    }

    async fn status(&self, path: &str, reader: &Person) -> u16 {
        let asked = self.test.get(&self.of_ada(path), Some(reader)).await;
        asked.status.as_u16()
    }

    async fn end(&self, id: &str, who: &Person) -> u16 {
        let path = format!("{GRANTS}/{id}");
        let sent = request(Method::DELETE, &path, Some(who), &[], None);
        self.test.send(sent).await.status.as_u16()
    }

    fn user(&self) -> UserId {
        self.id.parse().expect("an id")
    }
}

fn wish(scopes: &[&str]) -> Value {
    json!({"reader": "bob@example.org", "scopes": scopes, "purpose": "second opinion",
        "expires_at": "2026-11-20T12:01:00Z"})
}

async fn send_steps(people: &People) {
    let steps = json!({"data_type": "step_count", "value": 4321, "unit": "count",
                       "recorded_at": "2026-11-19T10:00:00Z"});
    let path = "/api/v1/health-data";
    let sent = people.test.post(path, Some(&people.ada), &steps).await;
    assert_eq!(sent.status, StatusCode::ACCEPTED, "{}", sent.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_shows_the_owners_data_until_the_instant_it_ends() {
    on_both(|test| async move {
        let people = People::on(test).await;
        send_steps(&people).await;
        people
            .test
            .get(&people.of_ada(STEPS), Some(&people.bob))
            .await
            .problem(404, "not_found");
        people.allow(&["activity"]).await;
        let read = people
            .test
            .get(&people.of_ada(STEPS), Some(&people.bob))
            .await;
        assert_eq!(read.status, StatusCode::OK, "{}", read.text());
        let own = people.test.get(STEPS, Some(&people.ada)).await;
        assert_eq!(read.json(), own.json());
        assert!(read.text().contains("4321"), "{}", read.text());
        let his = people.test.get(STEPS, Some(&people.bob)).await;
        assert!(!his.text().contains("4321"), "{}", his.text());
        people.test.app.clock.advance_us(60 * SECOND_US - 1);
        assert_eq!(people.status(STEPS, &people.bob).await, 200);
        people.test.app.clock.advance_us(1);
        let over = people
            .test
            .get(&people.of_ada(STEPS), Some(&people.bob))
            .await;
        over.problem(404, "not_found");
        let listed = people.test.get(GRANTS, Some(&people.ada)).await.json();
        assert_eq!(listed["data"][0]["state"], "expired");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_grant_opens_nothing_from_then_on() {
    on_both(|test| async move {
        let people = People::on(test).await;
        for who in [&people.ada, &people.bob] {
            let grant = people.allow(&["activity"]).await;
            assert_eq!(people.status(DAYS, &people.bob).await, 200);
            assert_eq!(people.end(&grant, &people.eve).await, 404);
            assert_eq!(people.status(DAYS, &people.bob).await, 200);
            assert_eq!(people.end(&grant, who).await, 204);
            assert_eq!(people.status(DAYS, &people.bob).await, 404);
            assert_eq!(people.end(&grant, who).await, 404);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_reads_who_looked_and_why() {
    on_both(|test| async move {
        let people = People::on(test).await;
        let grant = people.allow(&["sleep", "activity"]).await;
        for _ in 0..3 {
            assert_eq!(people.status(NIGHTS, &people.bob).await, 200);
        }
        let series = "/api/v1/series/steps?start=2026-11-19&end=2026-11-20";
        assert_eq!(people.status(series, &people.bob).await, 200);
        // What was refused was not read.
        assert_eq!(people.status("/api/v1/cardio", &people.bob).await, 403);
        assert_eq!(people.end(&grant, &people.bob).await, 204);
        let of_ada = log(&people.test, &people.ada).await;
        let expected = [
            "bob@example.org read the nights, 2026-11-01 to 2026-11-19, as you allowed for “second opinion”, \
             2 more times since 2026-11-20T12:00:00Z.",
            "bob@example.org gave back the permission to read, as you allowed for “second opinion”.",
            "bob@example.org read a series of step count, 2026-11-19, as you allowed for “second opinion”.",
            "bob@example.org read the nights, 2026-11-01 to 2026-11-19, as you allowed for “second opinion”.",
            "You allowed somebody to read: bob@example.org, for “second opinion”.",
            "You read the account.",
            "You opened the account.",
        ];
        assert_eq!(texts(&of_ada), expected);
        assert_eq!(of_ada[2]["right"], "grant");
        assert_eq!(of_ada[2]["by"], json!(grant));
        assert_eq!(of_ada[2]["reader"], "bob@example.org");
        assert_eq!(of_ada[2]["purpose"], "second opinion");
        let of_bob = log(&people.test, &people.bob).await;
        assert_eq!(actions(&of_bob), ["register"]);
    })
    .await;
}

/// What others may read, by the name of the operation.
pub(crate) fn reachable() -> Vec<(&'static Rule, String)> {
    let document = document();
    let operations = operations(&document);
    let mut found = Vec::new();
    for rule in RULES.iter().filter(|rule| rule.reach != Reach::Own) {
        let operation = operations
            .iter()
            .find(|(.., operation)| operation["operationId"] == rule.operation);
        let (path, method, _) = operation.expect("an operation");
        assert_eq!(*method, Method::GET, "{}", rule.operation);
        let nobodys = "0190a6e0-7c1a-7000-8000-000000000009";
        let path = path.split('/').map(|part| match part {
            "{metric}" => "step_count",
            part if part.starts_with('{') => nobodys,
            part => part,
        });
        found.push((rule, path.collect::<Vec<_>>().join("/")));
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn each_scope_opens_what_it_names_and_nothing_else() {
    let reachable = reachable();
    assert!(reachable.len() > 25, "{}", reachable.len());
    for scope in Scope::READING {
        let people = People::new().await;
        people.allow(&[scope.name()]).await;
        for (rule, path) in &reachable {
            let shows = match rule.reach {
                Reach::Of(scopes) => scopes.to_vec(),
                Reach::Named if path.contains("step_count") => vec![Scope::Activity],
                Reach::Named | Reach::Own => vec![Scope::Everything],
            };
            let is_open = scope == Scope::Everything || shows == [scope];
            let status = people.status(path, &people.bob).await;
            assert_eq!(status == 403, !is_open, "{} {path}: {status}", scope.name());
            // Whoever was allowed nothing learns nothing.
            let status = people.status(path, &people.eve).await;
            assert_eq!(status, 404, "{path}");
        }
    }
}

#[tokio::test]
async fn metrics_are_read_one_by_one() {
    let people = People::new().await;
    people.allow(&["activity", "heart"]).await;
    let range = "start=2026-11-19&end=2026-11-20";
    for (path, expect) in [
        ("series/step_count", 200),
        ("series/heart_rate", 200),
        ("series/HKQuantityTypeIdentifierHeartRate", 200),
        ("series/sleep_analysis", 403),
        ("series/%73leep_analysis", 403),
        ("series/dietary_caffeine", 403),
        ("days?metrics=step_count,heart_rate", 200),
        ("days?metrics=step_count,phq9_score", 403),
        ("health-data?metric=heart_rate", 200),
        ("health-data?metric=headache", 403),
        ("health-data?metric=heart_rate&data_type=headache", 403),
        ("health-data", 403),
        ("reconciliation?metrics=step_count", 200),
        ("reconciliation", 403),
    ] {
        let sign = if path.contains('?') { '&' } else { '?' };
        let path = format!("/api/v1/{path}{sign}{range}");
        let status = people.status(&path, &people.bob).await;
        assert_eq!(status, expect, "{path}");
    }
    for (path, expect) in [
        ("trends?metric=resting_heart_rate", 200),
        ("trends?metric=sleep_duration", 403),
        ("trends?metric=bedtime", 403),
    ] {
        let status = people.status(&format!("/api/v1/{path}"), &people.bob).await;
        assert_eq!(status, expect, "{path}");
    }
}

#[tokio::test]
async fn a_grant_changes_nothing_and_is_nobody_elses() {
    let people = People::new().await;
    people.allow(&["everything"]).await;
    let steps = json!({"data_type": "step_count", "value": 7, "unit": "count",
                       "recorded_at": "2026-11-19T10:00:00Z"});
    let path = people.of_ada("/api/v1/health-data");
    let sent = people.test.post(&path, Some(&people.bob), &steps).await;
    sent.problem(400, "invalid_parameter");
    for own in [
        "/api/v1/auth/me",
        "/api/v1/audit",
        GRANTS,
        "/api/v1/health-data/export",
    ] {
        let asked = people
            .test
            .get(&people.of_ada(own), Some(&people.bob))
            .await;
        asked.problem(400, "invalid_parameter");
    }
    // The key of a device reads nothing, its person's grants included.
    let device = json!({"name": "Phone"});
    let device = people
        .test
        .post("/api/v1/devices", Some(&people.bob), &device)
        .await;
    let device = device.json();
    let key = device["pairing"]["key"].as_str().expect("a key");
    let path = people.of_ada(DAYS);
    let asked = request(Method::GET, &path, None, &[("x-api-key", key)], None);
    people.test.send(asked).await.problem(403, "forbidden");
    // It is not handed on.
    assert_eq!(people.status(DAYS, &people.eve).await, 404);
    assert_eq!(people.status(DAYS, &people.ada).await, 200, "her own");
    for nobody in [
        "0190a6e0-7c1a-7000-8000-000000000009",
        "ada@example.org",
        "",
    ] {
        let path = format!("{DAYS}&user_id={nobody}");
        let asked = people.test.get(&path, Some(&people.bob)).await;
        asked.problem(404, "not_found");
    }
    let received = people
        .test
        .get("/api/v1/grants/received", Some(&people.bob))
        .await;
    let received = received.json();
    assert_eq!(received["data"][0]["owner"], "ada@example.org");
    assert_eq!(received["data"][0]["owner_id"], json!(people.id));
    assert_eq!(received["data"][0]["scopes"], json!(["everything"]));
    for (who, count) in [(&people.ada, 1), (&people.bob, 0), (&people.eve, 0)] {
        let listed = people.test.get(GRANTS, Some(who)).await.json();
        assert_eq!(listed["data"].as_array().map(Vec::len), Some(count));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_ends_with_either_account() {
    on_both(|test| async move {
        let people = People::on(test).await;
        people.allow(&["activity"]).await;
        let app = &people.test.app;
        for (access, expect) in [(Access::Disabled, 404), (Access::Enabled, 200)] {
            let mut tx = app.store.begin("disable").await.expect("a transaction");
            let set = store::people::set_access(&mut tx, &app.vault, people.user(), access).await;
            assert!(set.expect("a write"));
            tx.commit().await.expect("a commit");
            assert_eq!(people.status(DAYS, &people.bob).await, expect);
        }
        let bob = id(&people.test, &people.bob).await.parse().expect("an id");
        erasure::of_person(app, bob).await.expect("an erasure");
        assert_eq!(people.status(DAYS, &people.bob).await, 401);
        let listed = people.test.get(GRANTS, Some(&people.ada)).await.json();
        assert_eq!(listed["data"], json!([]));
        let wish = json!({"reader": "eve@example.org", "scopes": ["activity"], "purpose": "x",
            "expires_at": "2026-11-20T12:01:00Z"});
        let granted = people.test.post(GRANTS, Some(&people.ada), &wish).await;
        assert_eq!(granted.status, StatusCode::CREATED);
        assert_eq!(people.status(DAYS, &people.eve).await, 200);
        let path = "/api/v1/health-data/purge";
        let purge = request(Method::DELETE, path, Some(&people.ada), &[], None);
        let receipt = people.test.send(purge).await.json();
        assert_eq!(receipt["counts"]["grants"], 1);
        assert_eq!(people.status(DAYS, &people.eve).await, 404);
    })
    .await;
}

#[tokio::test]
async fn wishes_that_cannot_be_granted_change_nothing() {
    let people = People::new().await;
    let with = |name: &str, value: Value| {
        let mut wish = wish(&["sleep"]);
        wish[name] = value;
        wish
    };
    for (wish, pointer) in [
        (with("reader", json!("nobody@example.org")), "/reader"),
        (with("reader", json!("ada@example.org")), "/reader"),
        (with("reader", json!("bob")), "/reader"),
        (with("scopes", json!([])), "/scopes"),
        (with("scopes", json!(["all"])), "/scopes/0"),
        (with("purpose", json!(" ")), "/purpose"),
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
        let refused = people.test.post(GRANTS, Some(&people.ada), &wish).await;
        assert_eq!(refused.status.as_u16(), 422, "{wish}: {}", refused.text());
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer, "{wish}");
    }
    let listed = people.test.get(GRANTS, Some(&people.ada)).await.json();
    assert_eq!(listed["data"], json!([]));
    assert_eq!(people.test.app.clock.now_us(), NOW_US);
}

#[tokio::test]
async fn a_wish_that_is_sent_twice_is_one_grant_and_there_are_not_too_many() {
    let people = People::new().await;
    let headers = [("idempotency-key", "one")];
    let wish = wish(&["sleep"]);
    let mut ids = Vec::new();
    for _ in 0..2 {
        let sent = request(
            Method::POST,
            GRANTS,
            Some(&people.ada),
            &headers,
            Some(&wish),
        );
        let granted = people.test.send(sent).await;
        assert_eq!(granted.status, StatusCode::CREATED, "{}", granted.text());
        ids.push(granted.json()["grant_id"].clone());
    }
    assert_eq!(ids[0], ids[1]);
    for _ in 1..50 {
        people.allow(&["sleep"]).await;
    }
    let refused = people.test.post(GRANTS, Some(&people.ada), &wish).await;
    refused.problem(409, "conflict");
}
