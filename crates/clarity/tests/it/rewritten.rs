//! Objects that an app deletes and writes again under their ids, and bodies that come late.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Person, TestApp};
use crate::uploads::settle;

/// A body of Life Dashboard from an Android phone, made at a minute past ten.
async fn send(test: &TestApp, person: &Person, minute: u8, more: &Value) {
    let mut body = json!({"timestamp": format!("2026-11-19T10:{minute:02}:00Z"), "app_version": "1.22.0",
                          "source": "health_connect", "sequence": minute});
    let more = more.as_object().cloned().unwrap_or_default();
    body.as_object_mut().expect("an object").extend(more);
    let answer = test.post("/api/v1/health-data", Some(person), &body).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    assert_eq!(answer.json()["rejected"], 0, "{}", answer.text());
}

/// Steps and a run under their ids.
fn records(count: u32) -> Value {
    json!({"steps": [{"uuid": "p1", "count": count, "source": "com.fitbit.FitbitMobile",
                      "start_time": "2026-11-18T08:00:00Z", "end_time": "2026-11-18T08:30:00Z"}],
           "exercise": [{"uuid": "x1", "type": "56", "source": "com.fitbit.FitbitMobile", "duration_seconds": 1_800,
                         "start_time": "2026-11-18T08:00:00Z", "end_time": "2026-11-18T08:30:00Z"}]})
}

async fn seen(test: &TestApp, person: &Person) -> (Option<f64>, usize) {
    settle(test).await;
    let span = "start=2026-11-18&end=2026-11-19";
    let days = test
        .get(&format!("/api/v1/summaries/daily?{span}"), Some(person))
        .await;
    let steps = days.json()["data"][0]["metrics"]["step_count"]["value"].as_f64();
    let runs = test
        .get(&format!("/api/v1/workouts?{span}"), Some(person))
        .await;
    (steps, runs.json()["data"].as_array().expect("a list").len())
}

#[tokio::test]
async fn a_body_made_later_revives_and_one_that_comes_late_does_not() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    send(&test, &ada, 1, &records(900)).await;
    assert_eq!(seen(&test, &ada).await, (Some(900.0), 1));
    let gone = json!({"deleted_records": [{"type": "steps", "uuid": "p1"}, {"type": "exercise", "uuid": "x1"}]});
    send(&test, &ada, 5, &gone).await;
    assert_eq!(seen(&test, &ada).await, (None, 0));
    // From the queue of the app.
    send(&test, &ada, 3, &records(900)).await;
    assert_eq!(seen(&test, &ada).await, (None, 0));
    // The tracker wrote both anew.
    send(&test, &ada, 7, &records(950)).await;
    assert_eq!(seen(&test, &ada).await, (Some(950.0), 1));
    // What was deleted before that comes late too; it is of another time, and what is written since stays.
    send(&test, &ada, 7, &records(950)).await;
    assert_eq!(seen(&test, &ada).await, (Some(950.0), 1));
}
