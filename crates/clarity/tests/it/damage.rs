//! A chunk that was damaged on disk is named, left out and counted; everything else is served.

use std::process::Command;

use oracle::absence::{Absent, skip};
use serde_json::{Value, json};

use crate::binary::{Client, Place};

/// Changes the database file itself, through the `sqlite3` program; false where there is none.
pub(crate) fn tamper(place: &Place, statement: &str) -> bool {
    let database = place.data().join("clarity.db");
    let output = Command::new("sqlite3")
        .arg(database)
        .arg(statement)
        .output();
    let Ok(output) = output else {
        skip(Absent::Program("sqlite3"));
        return false;
    };
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    true
}

fn send(client: &mut Client, token: &str, day: u32, value: u32) -> String {
    let at = format!("2026-10-{day:02}T10:00:00Z");
    let sample = |kind: &str, unit: &str, value: u32| {
        json!({"type": format!("HKQuantityTypeIdentifier{kind}"), "unit": unit, "value": value,
               "start_date": at, "end_date": at, "source_name": "Watch"})
    };
    let rate = sample("HeartRate", "count/min", 60 + value);
    let steps = sample("StepCount", "count", 100 + value);
    let body = json!({"quantity_samples": [rate, steps]});
    let sent = client
        .post("/api/v1/healthkit", Some(token), &body)
        .expect("an answer");
    assert_eq!(sent.status, 202, "{}", sent.text());
    sent.json()["processing_id"]
        .as_str()
        .expect("an id")
        .to_owned()
}

fn get(client: &mut Client, token: &str, path: &str) -> String {
    let answer = client
        .get(&format!("/api/v1{path}"), Some(token))
        .expect("an answer");
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}

/// Where an upload stands once nothing more happens to it.
fn settled(client: &mut Client, token: &str, id: &str) -> Value {
    for _ in 0..600 {
        let text = get(client, token, &format!("/health-data/processing/{id}"));
        let state: Value = serde_json::from_str(&text).expect("JSON");
        if state["status"] != "processing" && state["status"] != "received" {
            return state;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("the upload {id} waits for ever");
}

#[test]
fn what_is_left_is_served() {
    let place = Place::sqlite();
    let server = place.serve();
    let token = server.register("ada@example.org", &json!({}));
    let mut client = server.client();
    for day in 1..=5 {
        let id = send(&mut client, &token, day, day);
        assert_eq!(settled(&mut client, &token, &id)["status"], "completed");
    }
    // The third day of heart rate, of which each day is a chunk.
    let third = "UPDATE chunks SET sealed = zeroblob(90) WHERE metric = 200 AND bucket = (
                 SELECT bucket FROM chunks WHERE metric = 200 ORDER BY bucket LIMIT 1 OFFSET 2)";
    if !tamper(&place, third) {
        return;
    }
    let page: Value =
        serde_json::from_str(&get(&mut client, &token, "/health-data")).expect("JSON");
    assert_eq!(page["data"].as_array().map(Vec::len), Some(9), "{page}");
    let damaged = json!([{"metric": "heart_rate", "first_day": "2026-10-03",
                          "last_day": "2026-10-03", "samples": 1}]);
    assert_eq!(page["damaged"], damaged, "{page}");
    let series = "/series/heart_rate?start=2026-10-01&end=2026-10-06&resolution=raw";
    get(&mut client, &token, series);
    let ndjson = get(&mut client, &token, "/health-data/export");
    let line = r#"{"type":"damaged","metric":"heart_rate","first_day":"2026-10-03","last_day":"2026-10-03","samples":1}"#;
    assert!(ndjson.contains(line), "{ndjson}");
    let whole: Value =
        serde_json::from_str(&get(&mut client, &token, "/health-data/export?format=json"))
            .expect("JSON");
    assert_eq!(whole["damaged"], damaged);
    let table = get(&mut client, &token, "/health-data/export?format=csv");
    assert!(
        table.contains("damaged,heart_rate,2026-10-03,2026-10-03,1,"),
        "{table}"
    );
    // A day beside it is computed, and says why not from everything.
    let id = send(&mut client, &token, 4, 30);
    let state = settled(&mut client, &token, &id);
    assert_eq!(state["status"], "failed", "{state}");
    let days = get(
        &mut client,
        &token,
        "/summaries/daily?start=2026-10-04&end=2026-10-05",
    );
    assert!(days.contains("step_count"), "{days}");
    server.stop();
}
