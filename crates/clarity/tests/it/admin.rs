//! What those who run the server see and do: accounts and background work, and nobody's health data.

use axum::http::{Method, StatusCode};
use model::ids::JobId;
use serde_json::{Value, json};
use store::jobs::{JobKind, NewJob};
use uuid::Uuid;

use crate::harness::{Answer, Person, TestApp, request};
use crate::live::administrator;

const JOBS: &str = "/api/v1/admin/jobs";
const PEOPLE: &str = "/api/v1/admin/people";

/// A job of a person that was set aside after its last try, and the id of the person.
pub(crate) async fn set_aside(test: &TestApp, person: &Person, no: u128) -> JobId {
    let me = test.get("/api/v1/auth/me", Some(person)).await.json();
    let user = me["id"].as_str().expect("an id");
    let id = JobId::from_uuid(Uuid::from_u128(no));
    let now_us = test.app.clock.now_us();
    let job = NewJob {
        id,
        user: user.parse().expect("an id"),
        kind: JobKind::new("recompute"),
        run_at_us: 0,
        now_us,
    };
    let mut tx = test.app.store.write().await.expect("a transaction");
    store::jobs::enqueue(&mut tx, &job).await.expect("a write");
    let held = store::jobs::claim(&mut tx, "w", now_us, 1_000_000)
        .await
        .expect("a write");
    assert_eq!(held.map(|held| held.id), Some(id), "no other job waits");
    let buried = store::jobs::bury(&mut tx, id, "w", "broken").await;
    assert!(buried.expect("a write"));
    tx.commit().await.expect("a commit");
    id
}

async fn act(test: &TestApp, person: &Person, method: Method, path: &str) -> Answer {
    test.send(request(method, path, Some(person), &[], None))
        .await
}

#[tokio::test]
async fn settings_are_shown_to_administrators_without_what_is_secret() {
    let test = TestApp::with(|config| {
        config.database.url = "postgres://clarity:geheim@db.example/clarity".to_owned();
        config.limits.page_rows = 77;
    })
    .await;
    let path = "/api/v1/admin/settings";
    let ada = test.register("ada@example.org").await;
    test.get(path, Some(&ada)).await.problem(403, "forbidden");
    let root = administrator(&test).await;
    let answer = test.get(path, Some(&root)).await;
    assert!(!answer.text().contains("geheim"), "{}", answer.text());
    let answer = answer.json();
    let settings = answer["data"].as_array().expect("settings");
    assert_eq!(settings.len(), test.app.config.shown().len());
    let of = |name: &str| settings.iter().find(|one| one["name"] == name);
    let rows = of("limits.page_rows").expect("a setting");
    assert_eq!(
        (&rows["value"], &rows["default"], &rows["is_changed"]),
        (&json!("77"), &json!("1000"), &json!(true))
    );
    assert_eq!(
        of("database.url").expect("a setting")["value"],
        "postgres://***@db.example/clarity"
    );
    assert_eq!(of("tokens.issuer").expect("a setting")["is_changed"], false);
}

#[tokio::test]
async fn only_administrators_see_accounts_and_work() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let id = set_aside(&test, &ada, 1).await;
    let one = format!("{JOBS}/{id}");
    for (method, path) in [
        (Method::GET, PEOPLE),
        (Method::GET, JOBS),
        (Method::POST, &*format!("{one}/retry")),
        (Method::DELETE, &one),
    ] {
        // Not even about work of their own.
        act(&test, &ada, method, path)
            .await
            .problem(403, "forbidden");
    }
    let root = administrator(&test).await;
    let queue = test.get(JOBS, Some(&root)).await.json();
    assert_eq!(queue["dead"][0]["job_id"], json!(id), "nothing happened");
}

#[tokio::test]
async fn work_that_was_set_aside_is_tried_again_or_forgotten() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let root = administrator(&test).await;
    let empty = test.get(JOBS, Some(&root)).await.json();
    assert_eq!(
        empty,
        json!({"counts": [], "oldest_due_at": null, "dead": []})
    );
    let id = set_aside(&test, &ada, 1).await;
    let queue = test.get(JOBS, Some(&root)).await.json();
    assert_eq!(
        queue["counts"],
        json!([{"kind": "recompute", "state": "dead", "count": 1}])
    );
    let dead = &queue["dead"][0];
    assert_eq!(
        (&dead["kind"], &dead["tries"], &dead["error_code"]),
        (&json!("recompute"), &json!(1), &json!("broken"))
    );
    let retry = format!("{JOBS}/{id}/retry");
    let answer = act(&test, &root, Method::POST, &retry).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    let queue = test.get(JOBS, Some(&root)).await.json();
    assert_eq!(queue["counts"][0]["state"], "queued");
    assert!(queue["oldest_due_at"].is_string());
    assert_eq!(queue["dead"], json!([]));
    act(&test, &root, Method::POST, &retry)
        .await
        .problem(404, "not_found");
    test.run_jobs().await;

    let id = set_aside(&test, &ada, 2).await;
    let one = format!("{JOBS}/{id}");
    let answer = act(&test, &root, Method::DELETE, &one).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    act(&test, &root, Method::DELETE, &one)
        .await
        .problem(404, "not_found");
    act(&test, &root, Method::DELETE, &format!("{JOBS}/rubbish"))
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn accounts_are_listed_in_pages_without_what_people_measured() {
    let test = TestApp::new().await;
    let root = administrator(&test).await;
    for name in ["ada", "bob", "eve"] {
        test.register(&format!("{name}@example.org")).await;
    }
    let mut seen: Vec<Value> = Vec::new();
    let mut path = format!("{PEOPLE}?limit=2");
    loop {
        let page = test.get(&path, Some(&root)).await.json();
        seen.extend(page["data"].as_array().expect("rows").clone());
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("{PEOPLE}?limit=2&cursor={cursor}"),
            None => break,
        }
        assert!(seen.len() < 10, "the walk does not end");
    }
    let emails: Vec<&str> = seen
        .iter()
        .filter_map(|person| person["email"].as_str())
        .collect();
    assert_eq!(
        emails,
        [
            "root@example.org",
            "ada@example.org",
            "bob@example.org",
            "eve@example.org"
        ]
    );
    for person in &seen {
        let keys: Vec<&String> = person.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["access", "created_at", "email", "role", "user_id"]);
    }
    // A cursor is its administrator's own.
    let bob = test.register("mallory@example.org").await;
    act(&test, &bob, Method::GET, &path)
        .await
        .problem(403, "forbidden");
}
