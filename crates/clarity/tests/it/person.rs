//! Profile and preferences: sealed documents with versions.

use axum::http::{Method, StatusCode};
use model::ids::UserId;
use serde_json::json;

use crate::harness::{TestApp, request};

const PROFILE: &str = "/api/v1/user/profile";
const PREFERENCES: &str = "/api/v1/user/preferences";

#[tokio::test]
async fn a_lost_update_is_refused() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let empty = test.get(PROFILE, Some(&ada)).await;
    assert_eq!(
        (empty.header("etag"), empty.header("cache-control")),
        ("\"0\"", "no-store")
    );
    let first = json!({"sex": "female", "height_cm": 165.0, "medical_history": "asthma"});
    let put = test
        .put(PROFILE, &ada, &[("if-match", "\"0\"")], &first)
        .await;
    assert_eq!((put.status, put.header("etag")), (StatusCode::OK, "\"1\""));
    let second = json!({"sex": "female", "height_cm": 166.0});
    let late = test
        .put(PROFILE, &ada, &[("if-match", "\"0\"")], &second)
        .await;
    late.problem(412, "precondition_failed");
    let stale = test
        .put(PROFILE, &ada, &[("if-none-match", "*")], &second)
        .await;
    stale.problem(412, "precondition_failed");
    let read = test.get(PROFILE, Some(&ada)).await;
    assert_eq!(read.json()["medical_history"], "asthma");
    let known = request(
        Method::GET,
        PROFILE,
        Some(&ada),
        &[("if-none-match", "\"1\"")],
        None,
    );
    let unchanged = test.send(known).await;
    assert_eq!(
        (unchanged.status, unchanged.bytes.len()),
        (StatusCode::NOT_MODIFIED, 0)
    );
    let put = test
        .put(PROFILE, &ada, &[("if-match", "\"1\"")], &second)
        .await;
    assert_eq!((put.status, put.header("etag")), (StatusCode::OK, "\"2\""));
    assert_eq!(put.json()["medical_history"], json!(null));
}

#[tokio::test]
async fn documents_are_each_persons_own() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let bob = test.register("bob@example.org").await;
    test.put(PROFILE, &ada, &[], &json!({"occupation": "nurse"}))
        .await;
    let read = test.get(PROFILE, Some(&bob)).await;
    assert_eq!(read.json()["occupation"], json!(null));
    assert_eq!(read.header("etag"), "\"0\"");
}

#[tokio::test]
async fn wrong_values_are_pointed_at() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let check = async |path, body: serde_json::Value, pointer: &str| {
        let problem = test
            .put(path, &ada, &[], &body)
            .await
            .problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    };
    check(PROFILE, json!({"time_zone": "Mars/Olympus"}), "/time_zone").await;
    check(PROFILE, json!({"birth_date": "2027-01-01"}), "/birth_date").await;
    check(PROFILE, json!({"birth_date": "yesterday"}), "/birth_date").await;
    check(PROFILE, json!({"sex": "unsure"}), "/sex").await;
    check(PROFILE, json!({"language": "e!"}), "/language").await;
    let unknown = json!({"source_order": {"no/such": ["a"]}});
    check(PREFERENCES, unknown, "/source_order/no~1such").await;
    check(PREFERENCES, json!({"day_zone": "moon"}), "/day_zone").await;
}

#[tokio::test]
async fn what_changes_the_past_asks_for_recomputation() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let waiting = async || {
        let mut tx = test.app.store.read().await.expect("a transaction");
        let counts = store::jobs::counts(&mut tx).await.expect("counts");
        let counts = counts
            .iter()
            .filter(|count| count.kind.as_str() == "recompute");
        counts.map(|count| count.count).sum::<u64>()
    };
    let nurse = json!({"occupation": "nurse"});
    test.put(PROFILE, &ada, &[], &nurse).await;
    test.put(PREFERENCES, &ada, &[], &json!({"units": "imperial"}))
        .await;
    assert_eq!(waiting().await, 0);
    let order = json!({"source_order": {"*": ["Watch", "Phone"]}, "day_zone": "home"});
    let put = test.put(PREFERENCES, &ada, &[], &order).await;
    assert_eq!(put.json()["day_zone"], "home", "{}", put.text());
    assert_eq!(waiting().await, 1);
    let order = json!({"source_order": {"*": ["Phone"]}, "day_zone": "home"});
    test.put(PREFERENCES, &ada, &[], &order).await;
    assert_eq!(waiting().await, 1, "one waiting job is enough");
}

#[tokio::test]
async fn a_new_home_moves_the_borders_of_days() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let me = test.get("/api/v1/auth/me", Some(&ada)).await.json();
    let user: UserId = me["id"]
        .as_str()
        .expect("an id")
        .parse()
        .expect("a user id");
    let day = jiff::civil::date(2026, 11, 19);
    let mut tx = test.app.store.write().await.expect("a transaction");
    let key = test
        .app
        .vault
        .person_key(&mut tx, user)
        .await
        .expect("a key");
    let row = store::days::DayRow {
        day,
        document: b"{}",
        minutes: None,
        methods: 1,
    };
    store::days::put_rows(&mut tx, &key, user, &[row])
        .await
        .expect("a day");
    tx.commit().await.expect("a commit");
    let dirty = async || {
        let mut tx = test.app.store.read().await.expect("a transaction");
        store::days::dirty_count(&mut tx, user)
            .await
            .expect("a count")
    };
    assert_eq!(dirty().await, 0);
    test.put(PROFILE, &ada, &[], &json!({"occupation": "nurse"}))
        .await;
    assert_eq!(dirty().await, 0);
    let put = test
        .put(PROFILE, &ada, &[], &json!({"time_zone": "Asia/Tokyo"}))
        .await;
    assert_eq!(put.status, StatusCode::OK, "{}", put.text());
    assert!(dirty().await > 0);
}

#[tokio::test]
async fn what_has_no_effect_yet_is_told() {
    let test = TestApp::new().await;
    let pointers = |answer: &serde_json::Value, list: &str| -> Vec<String> {
        let notes = answer[list].as_array().expect("a list").iter();
        let at = |note: &serde_json::Value| note["pointer"].as_str().expect("a pointer").to_owned();
        notes.map(at).collect()
    };
    let mut body = json!({
        "email": "ada@example.org", "password": "correct horse battery staple", "time_zone": "Europe/Berlin",
        "phone": "1", "profile": {"language": "de", "heightcm": 170},
    });
    let refused = test.post("/api/v1/auth/register", None, &body).await;
    let refused = refused.problem(422, "validation_failed");
    let mut found = pointers(&refused, "errors");
    found.sort();
    assert_eq!(found, ["/phone", "/profile/heightcm", "/time_zone"]);
    let told = refused["errors"].to_string();
    assert!(
        told.contains("/profile/time_zone") && told.contains("did you mean `height_cm`?"),
        "{told}"
    );
    for name in ["time_zone", "phone"] {
        body.as_object_mut().expect("an object").remove(name);
    }
    body["profile"] = json!({"language": "ja"});
    let answer = test.post("/api/v1/auth/register", None, &body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let answer = answer.json();
    assert_eq!(pointers(&answer, "notes"), ["/profile/language"]);
    let ada = crate::harness::Person::from_tokens(&answer);
    let read = test.get(PROFILE, Some(&ada)).await.json();
    assert_eq!(pointers(&read, "notes"), ["/language"]);
    let body = json!({"units": "imperial", "language": "de-AT", "notes": []});
    let put = test.put(PREFERENCES, &ada, &[], &body).await.json();
    assert_eq!(pointers(&put, "notes"), Vec::<String>::new());
    assert_eq!(put["units"], "imperial");
    let plain = test
        .put(PROFILE, &ada, &[], &json!({"units": "metric"}))
        .await;
    assert_eq!(plain.json()["notes"], json!([]));
}
