//! Days as columns, coverage, what a person has, and series for drawing: the same figures as everywhere else, and
//! each person's own only.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Person, TestApp};
use crate::uploads::settle;

fn steps(source: &str, start: &str, end: &str, value: u32) -> Value {
    json!({"type": "HKQuantityTypeIdentifierStepCount", "value": value, "unit": "count",
           "start_date": start, "end_date": end, "source_name": source})
}

fn rate(at: &str, value: u32) -> Value {
    json!({"type": "HKQuantityTypeIdentifierHeartRate", "value": value, "unit": "count/min",
           "start_date": at, "end_date": at, "source_name": "Watch"})
}

async fn upload(test: &TestApp, person: &Person, samples: &[Value]) {
    let body = json!({"quantity_samples": samples});
    let answer = test.post("/api/v1/healthkit", Some(person), &body).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    assert_eq!(answer.json()["rejected"], 0, "{}", answer.text());
}

async fn read(test: &TestApp, person: &Person, path: &str) -> Value {
    let answer = test.get(&format!("/api/v1{path}"), Some(person)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

/// Two devices that count the same walk, and heart rates two days later.
async fn inhabited() -> (TestApp, Person, Person) {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let bob = test.register("bob@example.org").await;
    let samples = [
        steps("Watch", "2026-11-10T08:00:00Z", "2026-11-10T08:30:00Z", 300),
        steps("Phone", "2026-11-10T08:00:00Z", "2026-11-10T09:00:00Z", 500),
        rate("2026-11-12T08:00:00Z", 60),
        rate("2026-11-12T10:00:00Z", 80),
    ];
    upload(&test, &ada, &samples).await;
    upload(&test, &bob, &[rate("2026-11-12T08:00:00Z", 99)]).await;
    settle(&test).await;
    (test, ada, bob)
}

#[tokio::test]
async fn columns_have_a_place_for_every_day_and_say_what_the_days_say() {
    let (test, ada, _) = inhabited().await;
    let range = "start=2026-11-09&end=2026-11-13";
    let days = read(
        &test,
        &ada,
        &format!("/days?{range}&metrics=steps,heart_rate"),
    )
    .await;
    let summaries = read(&test, &ada, &format!("/summaries/daily?{range}")).await;
    let total = &summaries["data"][0]["metrics"]["step_count"]["value"];
    assert_eq!(
        days["metrics"]["step_count"]["value"],
        json!([null, total, null, null])
    );
    assert_eq!(days["metrics"]["step_count"]["kind"], "cumulative");
    let heart = &days["metrics"]["heart_rate"];
    assert_eq!(heart["value"], json!([null, null, null, 70.0]));
    assert_eq!(heart["min"], json!([null, null, null, 60.0]));
    assert_eq!(heart["max"], json!([null, null, null, 80.0]));
    assert_eq!(heart["coverage"][3], json!(0.083));
    let coverage = read(&test, &ada, &format!("/coverage?{range}")).await;
    assert_eq!(coverage["metrics"]["heart_rate"], heart["coverage"]);
    assert_eq!(
        coverage["metrics"].as_object().map(serde_json::Map::len),
        Some(2)
    );
}

#[tokio::test]
async fn everybody_reads_their_own_columns() {
    let (test, _, bob) = inhabited().await;
    let range = "start=2026-11-09&end=2026-11-13";
    let days = read(
        &test,
        &bob,
        &format!("/days?{range}&metrics=step_count,heart_rate"),
    )
    .await;
    assert_eq!(
        days["metrics"]["step_count"]["value"],
        json!([null, null, null, null])
    );
    assert_eq!(days["metrics"]["step_count"]["kind"], json!(null));
    assert_eq!(
        days["metrics"]["heart_rate"]["value"],
        json!([null, null, null, 99.0])
    );
    let coverage = read(&test, &bob, &format!("/coverage?{range}")).await;
    assert_eq!(
        coverage["metrics"].as_object().map(serde_json::Map::len),
        Some(1)
    );
    let metrics = read(&test, &bob, "/metrics-of-mine").await;
    assert_eq!(metrics["data"].as_array().map(Vec::len), Some(1));
    let sources = read(&test, &bob, "/sources").await;
    assert_eq!(
        sources["data"].as_array().map(Vec::len),
        Some(1),
        "{sources}"
    );
    for path in [
        "/days?metrics=heart_rate",
        "/coverage",
        "/metrics-of-mine",
        "/sources",
    ] {
        test.get(&format!("/api/v1{path}"), None)
            .await
            .problem(401, "token_missing");
    }
}

#[tokio::test]
async fn wrong_questions_are_refused() {
    let (test, ada, _) = inhabited().await;
    let check = async |path: &str, status: u16, code: &str| {
        test.get(&format!("/api/v1{path}"), Some(&ada))
            .await
            .problem(status, code);
    };
    check("/days?metrics=no_such_thing", 400, "invalid_parameter").await;
    check("/days?metrics=", 400, "invalid_parameter").await;
    check("/days", 400, "invalid_parameter").await;
    check(
        "/days?metrics=heart_rate&start=2010-01-01&end=2026-01-01",
        422,
        "validation_failed",
    )
    .await;
    check(
        "/coverage?start=2026-01-02&end=2026-01-01",
        422,
        "validation_failed",
    )
    .await;
    check("/sources?metric=no_such_thing", 400, "invalid_parameter").await;
}

#[tokio::test]
async fn what_a_person_has_is_listed_with_its_ends_and_order() {
    let (test, ada, _) = inhabited().await;
    let metrics = read(&test, &ada, "/metrics-of-mine").await;
    let rows = metrics["data"].as_array().expect("rows");
    assert_eq!(rows.len(), 2, "{metrics}");
    let steps = &rows[1];
    assert_eq!(
        (&steps["id"], &steps["samples"]),
        (&json!("step_count"), &json!(2))
    );
    assert_eq!(
        (&steps["first"], &steps["last"]),
        (&json!("2026-11-10"), &json!("2026-11-10"))
    );
    let names = |sources: &Value| -> Vec<String> {
        let rows = sources["data"].as_array().expect("rows").iter();
        rows.map(|row| row["name"].as_str().expect("a name").to_owned())
            .collect()
    };
    let usual = read(&test, &ada, "/sources?metric=steps").await;
    assert_eq!(names(&usual), ["Watch", "Phone"]);
    assert_eq!(usual["data"][0]["rank"], 1);
    let order = json!({"source_order": {"step_count": ["Phone", "Watch"]}});
    test.put("/api/v1/user/preferences", &ada, &[], &order)
        .await;
    assert_eq!(
        names(&read(&test, &ada, "/sources?metric=steps").await),
        ["Phone", "Watch"]
    );
    assert_eq!(
        names(&read(&test, &ada, "/sources").await),
        ["Watch", "Phone"]
    );
}

#[tokio::test]
async fn a_compact_series_is_the_same_series() {
    let (test, ada, _) = inhabited().await;
    let path = "/series/heart_rate?start=2026-11-12&end=2026-11-13&layout=compact";
    let compact = read(&test, &ada, path).await;
    assert!(
        compact.get("columns").is_none() && compact.get("data").is_none(),
        "{compact}"
    );
    let columns = &compact["compact"];
    assert_eq!(columns["base_ms"], json!(1_794_470_400_000_i64));
    assert_eq!(columns["start_delta_ms"], json!([0, 7_200_000]));
    assert_eq!(columns["value"], json!([60.0, 80.0]));
    assert_eq!(columns["every_length_ms"], 0);
    assert_eq!(compact["count"], 2);
}
