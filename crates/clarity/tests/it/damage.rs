//! A chunk that was damaged on disk is named, left out and counted; everything else is served.

use std::process::Command;

use oracle::absence::{Absent, skip};
use serde_json::{Value, json};

use crate::binary::{Client, Place};

/// Changes the database file itself, through the `sqlite3` program; false where there is none.
pub(crate) fn tamper(place: &Place, statement: &str) -> bool {
    let database = place.data().join("clarity.db");
    // The server may be writing just now.
    let output = Command::new("sqlite3")
        .args(["-cmd", ".timeout 10000"])
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
    // What is written into its place begins anew, alone or beside others, and can be taken back.
    let id = send(&mut client, &token, 3, 31);
    assert_eq!(settled(&mut client, &token, &id)["status"], "completed");
    let rates = get(&mut client, &token, series);
    assert!(rates.contains("91"), "{rates}");
    let path = format!("/api/v1/health-data/{id}");
    let removed = client.send("DELETE", &path, Some(&token), &[], b"");
    let removed = removed.expect("an answer");
    assert_eq!(removed.status, 200, "{}", removed.text());
    let page: Value =
        serde_json::from_str(&get(&mut client, &token, "/health-data")).expect("JSON");
    assert_eq!(page["damaged"], json!([]), "{page}");
    server.stop();
}

/// What holds something sealed of which a list is made, and a list in which it would be.
const LISTS: [(&str, &str, &str); 9] = [
    ("uploads", "sealed", "/imports"),
    ("records", "head_sealed", "/workouts"),
    ("records", "body_sealed", "/workouts"),
    (
        "days",
        "sealed",
        "/summaries/daily?start=2026-10-01&end=2026-10-06",
    ),
    (
        "days",
        "minutes_sealed",
        "/rhythm?start=2026-10-01&end=2026-10-06",
    ),
    ("insights", "sealed", "/insights/status"),
    ("sessions", "label_sealed", "/auth/sessions"),
    ("devices", "name_sealed", "/devices"),
    (
        "tombstones",
        "sealed",
        "/reconciliation?start=2026-10-01&end=2026-10-06",
    ),
];

#[test]
fn a_damaged_row_costs_only_itself() {
    let place = Place::sqlite();
    let server = place.serve();
    let token = server.register("ada@example.org", &json!({}));
    let mut client = server.client();
    let mut last = String::new();
    for day in 1..=5 {
        last = send(&mut client, &token, day, day);
    }
    for hour in [10, 12] {
        let workout = json!({"workouts": [{"activity_type": "running", "source_name": "Watch",
            "start_date": format!("2026-10-02T{hour}:00:00Z"), "end_date": format!("2026-10-02T{hour}:30:00Z")}]});
        let sent = client.post("/api/v1/healthkit", Some(&token), &workout);
        assert_eq!(sent.expect("an answer").status, 202);
        let device = json!({"name": format!("phone {hour}")});
        let made = client.post("/api/v1/devices", Some(&token), &device);
        assert_eq!(made.expect("an answer").status, 201);
    }
    assert_eq!(settled(&mut client, &token, &last)["status"], "completed");
    for (table, column, list) in LISTS {
        get(&mut client, &token, list);
        let one = format!(
            "UPDATE {table} SET {column} = substr({column}, 1, 12) WHERE rowid =
             (SELECT rowid FROM {table} WHERE {column} IS NOT NULL ORDER BY rowid DESC LIMIT 1)"
        );
        if !tamper(&place, &one) {
            return;
        }
        get(&mut client, &token, list);
    }
    for path in [
        "/health-data/export",
        "/health-data",
        "/cardio",
        "/sleep",
        "/trends?metric=step_count",
        "/days?metrics=step_count",
    ] {
        get(&mut client, &token, path);
    }
    // Work goes on.
    let id = send(&mut client, &token, 5, 40);
    assert_eq!(settled(&mut client, &token, &id)["status"], "completed");
    server.stop();
}
