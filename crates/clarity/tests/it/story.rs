//! The whole story of one person, on every database: register, import, analyse, read, insight,
//! export, purge, and nothing is left.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::files::{EXPORT, import};
use crate::harness::{Person, TestApp, request};
use crate::postgres::Database;
use crate::uploads::settle;

#[tokio::test]
async fn the_story_of_one_person_on_sqlite() {
    tell(&TestApp::new().await).await;
}

#[tokio::test]
async fn the_story_of_one_person_on_postgres() {
    let Some(database) = Database::create() else {
        return oracle::absence::skip(oracle::absence::Absent::Service("PostgreSQL"));
    };
    let test = TestApp::on(database.store().await, |_| {}).await;
    tell(&test).await;
    test.app.store.close().await;
}

async fn tell(test: &TestApp) {
    let ada = test.register("ada@example.org").await;
    let imported = import(test, &ada, EXPORT.as_bytes()).await;
    assert_eq!(imported.status, StatusCode::ACCEPTED, "{}", imported.text());
    let account = imported.json();
    assert_eq!(
        (&account["accepted"], &account["rejected"]),
        (&json!(9), &json!(0)),
        "{account}"
    );
    settle(test).await;
    let id = account["import_id"].as_str().expect("an id");
    let state = get(test, &ada, &format!("imports/{id}")).await;
    assert_eq!(state["status"], "completed", "{state}");

    read(test, &ada).await;
    let lines = export(test, &ada, "ndjson").await;
    assert_eq!(lines.matches("\"type\":\"sample\"").count(), 9, "{lines}");
    // The workout, the rings of a day, and what the phone knows about the person.
    assert_eq!(lines.matches("\"type\":\"record\"").count(), 3, "{lines}");
    assert_eq!(lines, export(test, &ada, "ndjson").await);

    let receipt = purge(test, &ada).await;
    assert_eq!(receipt["counts"]["chunks"], 9, "{receipt}");
    let signed: Value =
        serde_json::from_str(receipt["signed_text"].as_str().expect("a text")).expect("JSON");
    assert_eq!(signed["counts"], receipt["counts"]);
    nothing_is_left(test, &ada).await;
}

async fn get(test: &TestApp, person: &Person, path: &str) -> Value {
    let answer = test.get(&format!("/api/v1/{path}"), Some(person)).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
    answer.json()
}

async fn read(test: &TestApp, ada: &Person) {
    let range = "start=2026-11-17&end=2026-11-20";
    let days = get(test, ada, &format!("summaries/daily?{range}")).await;
    let day = &days["data"]
        .as_array()
        .expect("days")
        .last()
        .expect("a day");
    // 08:00 to 08:20 from the phone, of which the watch covers the second half: 60 + 70.
    assert_eq!(day["metrics"]["step_count"]["value"], json!(130.0), "{day}");
    let nights = get(test, ada, &format!("sleep?{range}")).await;
    let night = nights["data"]
        .as_array()
        .expect("nights")
        .last()
        .expect("a night");
    assert_eq!(night["main"]["asleep_min"], json!(420.0), "{night}");
    let workouts = get(test, ada, "workouts").await;
    let workout = &workouts["data"][0];
    assert_eq!(workout["activity"], "running", "{workouts}");
    let id = workout["id"].as_str().expect("an id");
    let detail = get(test, ada, &format!("workouts/{id}")).await;
    assert_eq!(detail["distance_m"], workout["distance_m"]);
    let bob = test.register("bob@example.org").await;
    let path = format!("/api/v1/workouts/{id}");
    test.get(&path, Some(&bob)).await.problem(404, "not_found");

    assert_eq!(get(test, ada, "insights/status").await["status"], "ready");
    let insight = get(test, ada, "insights/daily").await;
    assert_eq!(insight["source"], "template");
    assert!(
        insight["disclaimer"]
            .as_str()
            .is_some_and(|text| text.contains("not a diagnosis"))
    );
    let cited = insight["facts"][0]["query"].clone();
    let request = cited["request"].as_str().expect("a request").to_owned();
    let answer = test.get(&request, Some(ada)).await.json();
    let pointer = cited["pointer"].as_str().expect("a pointer");
    assert_eq!(
        answer.pointer(pointer),
        Some(&insight["facts"][0]["value"]),
        "{cited}"
    );
    let id = insight["id"].as_str().expect("an id");
    assert_eq!(get(test, ada, &format!("insights/{id}")).await, insight);
    let path = format!("/api/v1/insights/{id}");
    test.get(&path, Some(&bob)).await.problem(404, "not_found");
    test.get("/api/v1/insights/daily", Some(&bob))
        .await
        .problem(404, "not_found");
    assert_eq!(
        get(test, &bob, "insights/status").await["status"],
        "no_data"
    );
}

async fn export(test: &TestApp, person: &Person, format: &str) -> String {
    let path = format!("/api/v1/health-data/export?format={format}");
    let answer = test.get(&path, Some(person)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.text()
}

async fn purge(test: &TestApp, person: &Person) -> Value {
    let path = "/api/v1/health-data/purge";
    let answer = test
        .send(request(Method::DELETE, path, Some(person), &[], None))
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

async fn nothing_is_left(test: &TestApp, ada: &Person) {
    for path in [
        "health-data",
        "workouts",
        "imports",
        "summaries/daily",
        "sleep",
        "cardio",
    ] {
        assert_eq!(get(test, ada, path).await["data"], json!([]), "{path}");
    }
    test.get("/api/v1/insights/daily", Some(ada))
        .await
        .problem(404, "not_found");
    let document = export(test, ada, "json").await;
    let document: Value = serde_json::from_str(&document).expect("JSON");
    for part in ["samples", "records", "sources"] {
        assert_eq!(document[part], json!([]), "{part}");
    }
    assert_eq!(export(test, ada, "csv").await.lines().count(), 1);
    // The account is still there, and takes data again.
    let again = Request::post("/api/v1/imports")
        .header("authorization", format!("Bearer {}", ada.access))
        .body(Body::from(EXPORT))
        .expect("a request");
    let again = test.send(again).await;
    assert_eq!(again.json()["accepted"], json!(9), "{}", again.text());
}
