//! What phone apps post, body after body, beside the state that is right after each: the invented bodies of the
//! references, and generated ones in every order.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Answer, Person, SECOND_US, TestApp};
use crate::many_doors::Dice;
use crate::uploads::settle;

/// The folders of invented bodies whose expected states are held here.
const FOLDERS: [&str; 4] = [
    "life-dashboard",
    "life-dashboard-ios",
    "hc-webhook",
    "health-md",
];
const DAY_US: i64 = 86_400 * SECOND_US;
/// Codes of stages by the words of the references.
const STAGES: [(&str, f64); 6] = [
    ("in_bed", 0.0),
    ("asleep", 1.0),
    ("awake", 2.0),
    ("core", 3.0),
    ("deep", 4.0),
    ("rem", 5.0),
];

/// A phone with a key of its own.
struct Phone {
    id: String,
    key: String,
}

async fn phone(test: &TestApp, person: &Person, name: &str) -> Phone {
    let answer = test
        .post("/api/v1/devices", Some(person), &json!({ "name": name }))
        .await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let answer = answer.json();
    let text = |pointer: &str| answer.pointer(pointer).and_then(Value::as_str);
    Phone {
        id: text("/device_id").expect("an id").to_owned(),
        key: text("/pairing/key").expect("a key").to_owned(),
    }
}

impl Phone {
    async fn send(&self, test: &TestApp, body: &str) -> Answer {
        let request = axum::http::Request::post(format!("/api/v1/hooks/{}", self.id))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", self.key))
            .body(axum::body::Body::from(body.to_owned()))
            .expect("a request");
        test.send(request).await
    }
}

async fn person(test: &TestApp, email: &str) -> Person {
    let person = test.register(email).await;
    let zone = json!({"time_zone": "Europe/Amsterdam"});
    let answer = test.put("/api/v1/user/profile", &person, &[], &zone).await;
    assert!(answer.status.is_success(), "{}", answer.text());
    person
}

/// A stored value, as much of it as can be compared.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    metric: String,
    start: i64,
    end: i64,
    value: f64,
    source: String,
    flags: Vec<String>,
}

impl Row {
    fn is_extreme(&self) -> bool {
        self.flags
            .iter()
            .any(|flag| flag == "minimum" || flag == "maximum")
    }

    /// What the phone says of a whole day.
    fn is_total(&self) -> bool {
        self.flags.iter().any(|flag| flag == "aggregated")
            && self.end - self.start >= DAY_US - 3_600 * SECOND_US
    }
}

fn micros(value: &Value) -> i64 {
    let text = value.as_str().expect("a time");
    let at: jiff::Timestamp = text.parse().expect("a time");
    at.as_microsecond()
}

async fn rows(test: &TestApp, person: &Person) -> Vec<Row> {
    settle(test).await;
    let answer = test
        .get("/api/v1/health-data?limit=1000", Some(person))
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let answer = answer.json();
    assert_eq!(answer["next_cursor"], Value::Null);
    let list = answer["data"].as_array().expect("a list");
    let row = |row: &Value| Row {
        metric: row["metric"].as_str().expect("a metric").to_owned(),
        start: micros(&row["start"]),
        end: micros(&row["end"]),
        value: row["value"].as_f64().expect("a value"),
        source: row["source"].as_str().expect("a source").to_owned(),
        flags: row["flags"]
            .as_array()
            .map(|flags| {
                flags
                    .iter()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect()
            })
            .unwrap_or_default(),
    };
    list.iter().map(row).collect()
}

fn number(value: &Value) -> f64 {
    let code = |text: &str| {
        STAGES
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, code)| *code)
    };
    value
        .as_f64()
        .or_else(|| value.as_str().and_then(code))
        .unwrap_or_else(|| panic!("no value: {value}"))
}

fn near(value: f64, expected: f64) -> bool {
    (value - expected).abs() <= 1e-6 * expected.abs().max(1e-9)
}

/// Whether a row is what a reference expects.
fn is(row: &Row, expected: &Value) -> bool {
    let end = &expected["end"];
    row.metric == expected["metric"]
        && row.start == micros(&expected["start"])
        && (end.is_null() || row.end == micros(end))
        && near(row.value, number(&expected["value"]))
        // A device that is named with its model is known by that.
        && (expected["source"].is_null() || row.source == expected["source"] || !row.source.starts_with("com."))
}

/// Every expected sample is there once, with its extremes, and nothing else but totals of days.
fn compare(place: &str, stored: &[Row], expected: &[Value]) -> usize {
    let mut rest: Vec<&Row> = stored.iter().collect();
    let mut compared = 0;
    for sample in expected {
        let found = rest
            .iter()
            .position(|row| !row.is_extreme() && is(row, sample));
        let Some(at) = found else {
            let is_optional = sample["optional"] == true;
            assert!(is_optional, "{place}: missing {sample} among {rest:#?}");
            continue;
        };
        let row = rest.remove(at);
        compared += 1;
        for (name, flag) in [("min", "minimum"), ("max", "maximum")] {
            if sample[name].is_null() {
                continue;
            }
            let at = rest.iter().position(|extreme| {
                extreme.flags.iter().any(|own| own == flag)
                    && (&extreme.metric, extreme.start) == (&row.metric, row.start)
                    && near(extreme.value, number(&sample[name]))
            });
            rest.remove(
                at.unwrap_or_else(|| panic!("{place}: no {name} of {sample} among {rest:#?}")),
            );
        }
    }
    // The time in bed around the stages of a session is no part of the expected states.
    let is_around = |row: &Row| row.metric == "sleep_analysis" && row.value == 0.0;
    rest.retain(|row| !row.is_total() && !is_around(row));
    assert!(
        rest.is_empty(),
        "{place}: beyond what is expected: {rest:#?}"
    );
    compared
}

/// The values of days that are a plain number in the expected state.
async fn compare_days(test: &TestApp, person: &Person, place: &str, days: &Value) -> usize {
    let mut compared = 0;
    for (date, expected) in days.as_object().into_iter().flatten() {
        let day: jiff::civil::Date = date.parse().expect("a date");
        let next = day.tomorrow().expect("a date");
        let path = format!("/api/v1/summaries/daily?start={date}&end={next}");
        let answer = test.get(&path, Some(person)).await.json();
        let metrics = &answer["data"][0]["metrics"];
        for metric in ["step_count", "active_energy_burned"] {
            if let Some(expected) = expected[metric].as_f64() {
                let value = metrics[metric]["value"].as_f64();
                let is_near = value.is_some_and(|value| near(value, expected));
                assert!(
                    is_near,
                    "{place}: {metric} on {date} is {value:?}, not {expected}: {metrics}"
                );
                compared += 1;
            }
        }
    }
    compared
}

#[tokio::test]
async fn each_body_of_the_references_leaves_the_state_that_is_right() {
    let mut compared = 0;
    for folder in FOLDERS {
        let Some(path) = oracle::data::beside(&format!("senders/{folder}")) else {
            return;
        };
        let test = TestApp::new().await;
        let ada = person(&test, "ada@example.org").await;
        let phone = phone(&test, &ada, folder).await;
        let expected = oracle::data::text(&path.join("expected.json"));
        let expected: Value = serde_json::from_str(&expected).expect("JSON");
        let (mut known, mut before) = (Vec::new(), Vec::new());
        for state in expected["after"].as_array().expect("a list") {
            let said = state["body"].as_str().expect("a body");
            if said.contains("one byte changed") {
                // What is signed is held by the tests of devices.
                continue;
            }
            let name = said.split(' ').next().expect("a name");
            let body = oracle::data::text(&path.join(name));
            let place = format!("{folder}, {said}");
            let answer = phone.send(&test, &body).await;
            assert!(answer.status.is_success(), "{place}: {}", answer.text());
            let after = rows(&test, &ada).await;
            if state["changes"] == 0 {
                assert_eq!(after, before, "{place}");
                compared += 1;
            }
            if let Some(samples) = state["samples"].as_array() {
                known.clone_from(samples);
                compared += compare(&place, &after, samples);
            } else if let Some(added) = state["adds"].as_array() {
                known.extend(added.iter().cloned());
                compared += compare(&place, &after, &known);
            }
            compared += compare_days(&test, &ada, &place, &state["days"]).await;
            before = after;
        }
    }
    println!("{compared} comparisons with the references of senders");
    assert!(compared > 100, "{compared}");
}

/// Bodies of one Android phone over a day: records, edits under other ids, deletions, buckets whose measurements
/// come late, totals that grow, and at the end a window that holds less.
fn bodies(seed: u64) -> Vec<Value> {
    let mut dice = Dice(seed);
    let at = |minute: i64| format!("2026-11-17T{:02}:{:02}:00Z", minute / 60, minute % 60);
    let mut bodies = Vec::new();
    let mut walks: Vec<Value> = Vec::new();
    let mut total = 0;
    for sequence in 1..=8_i64 {
        let minute = 7 * 60 + sequence * 60;
        let mut body = json!({"timestamp": at(minute + 59), "app_version": "1.22.0", "source": "health_connect",
                              "sequence": sequence});
        let count = 100 + dice.below(900);
        total += count;
        let walk = json!({"uuid": format!("w{sequence}"), "count": count, "source": "com.example.watch",
                          "start_time": at(minute), "end_time": at(minute + 20)});
        walks.push(walk.clone());
        let mut steps = vec![walk];
        if sequence % 3 == 0 {
            let gone = walks.remove(0);
            body["deleted_records"] = json!([{"type": "steps", "uuid": gone["uuid"]}]);
            total -= gone["count"].as_i64().expect("a count");
        }
        if sequence == 8 {
            body["window_start"] = json!("2026-11-17T00:00:00Z");
            body["window_end"] = json!("2026-11-18T00:00:00Z");
            body["window_complete"] = json!(true);
            body["_diagnostics"] = json!({"steps": {"permission_granted": true, "error": null}});
            walks.remove(1);
            steps.clone_from(&walks);
        }
        body["steps"] = json!(steps);
        // The bucket of eight o'clock, and two measurements more of it each hour.
        let values = [40 + dice.below(80), 40 + dice.below(80)];
        body["heart_rate"] = json!([{"bucket_start": at(480), "bucket_end": at(495), "sample_count": 2,
            "avg": f64::from(i32::try_from(values[0] + values[1]).expect("small")) / 2.0,
            "min": values[0].min(values[1]), "max": values[0].max(values[1]), "sources": ["com.example.watch"]}]);
        body["daily_totals"] = json!([{"date": "2026-11-17", "steps": total}]);
        bodies.push(body);
    }
    bodies
}

#[tokio::test]
async fn the_order_in_which_bodies_arrive_does_not_matter() {
    for seed in [3, 11] {
        let bodies = bodies(seed);
        let mut straight = None;
        for order in 0..4_u64 {
            let test = TestApp::new().await;
            let ada = person(&test, "ada@example.org").await;
            let phone = phone(&test, &ada, "Pixel").await;
            let mut queue: Vec<&Value> = bodies.iter().collect();
            let mut dice = Dice(order * 77 + 5);
            if order > 0 {
                for at in (1..queue.len()).rev() {
                    let with = usize::try_from(dice.below(i64::try_from(at).expect("small") + 1));
                    queue.swap(at, with.expect("small"));
                }
            }
            for body in queue {
                // Each is sent twice, as after a timeout.
                for _ in 0..2 {
                    let answer = phone.send(&test, &body.to_string()).await;
                    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
                }
            }
            let mut state = rows(&test, &ada).await;
            for row in &mut state {
                row.value = (row.value * 1e6).round() / 1e6;
            }
            match &straight {
                None => straight = Some(state),
                Some(straight) => assert_eq!(&state, straight, "seed {seed}, order {order}"),
            }
        }
        let straight = straight.expect("a state");
        let walks = straight
            .iter()
            .filter(|row| row.metric == "step_count" && !row.is_total());
        // Eight, two deleted, one not in the window any more.
        assert_eq!(walks.count(), 5);
    }
}

#[tokio::test]
async fn a_window_reaches_what_its_own_phone_sent_and_only_the_types_it_read() {
    let test = TestApp::new().await;
    let ada = person(&test, "ada@example.org").await;
    let (one, other) = (
        phone(&test, &ada, "One").await,
        phone(&test, &ada, "Other").await,
    );
    let body = |sequence: i64, id: &str, more: Value| {
        let mut body = json!({"timestamp": format!("2026-11-17T12:{sequence:02}:00Z"), "app_version": "1.22.0",
            "source": "health_connect", "sequence": sequence,
            "steps": [{"uuid": id, "count": 10 + sequence, "source": id, "start_time": "2026-11-17T08:00:00Z",
                       "end_time": "2026-11-17T08:10:00Z"}]});
        let more = more.as_object().cloned().unwrap_or_default();
        body.as_object_mut().expect("an object").extend(more);
        body.to_string()
    };
    let weight = json!({"weight": [{"uuid": "kg", "kilograms": 71.5, "time": "2026-11-17T07:00:00Z", "source": "scale"}]});
    assert!(
        one.send(&test, &body(1, "a", weight))
            .await
            .status
            .is_success()
    );
    assert!(
        other
            .send(&test, &body(1, "b", json!({})))
            .await
            .status
            .is_success()
    );
    assert_eq!(rows(&test, &ada).await.len(), 3);
    let window = json!({"window_start": "2026-11-17T00:00:00Z", "window_end": "2026-11-18T00:00:00Z",
        "window_complete": true, "steps": [],
        "_diagnostics": {"steps": {"permission_granted": true, "error": null},
                         "weight": {"permission_granted": true, "error": "no reply"}}});
    assert!(
        one.send(&test, &body(2, "", window.clone()))
            .await
            .status
            .is_success()
    );
    let left: Vec<String> = rows(&test, &ada)
        .await
        .into_iter()
        .map(|row| row.source)
        .collect();
    assert_eq!(left, ["b", "scale"]);
    // Without a key nobody knows whose phone it was.
    let answer = test
        .post(
            "/api/v1/health-data",
            Some(&ada),
            &serde_json::from_str(&body(3, "", window)).expect("JSON"),
        )
        .await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    assert_eq!(rows(&test, &ada).await.len(), 2);
}

#[tokio::test]
async fn a_body_of_which_nothing_can_be_read_is_refused_and_one_that_says_little_is_not() {
    let test = TestApp::new().await;
    let ada = person(&test, "ada@example.org").await;
    let phone = phone(&test, &ada, "Pixel").await;
    let dashboard = |more: Value| {
        let mut body = json!({"timestamp": "2026-11-17T12:00:00Z", "app_version": "1.22.0", "source": "health_connect"});
        let more = more.as_object().cloned().unwrap_or_default();
        body.as_object_mut().expect("an object").extend(more);
        body
    };
    let good = json!({"uuid": "a", "bpm": 61, "time": "2026-11-17T08:00:00Z"});
    let bad = json!({"uuid": "b", "bpm": "fast", "time": "2026-11-17T08:01:00Z"});
    let unread = [
        (dashboard(json!({"heart_rate": [bad]})), "/heart_rate/0/bpm"),
        (
            json!({"timestamp": "2026-11-17T12:00:00Z", "app_version": "2.4.0", "weight": [{"kilograms": 71.5, "time": "noon"}]}),
            "/weight/0/time",
        ),
        (
            json!({"data": {"metrics": [{"name": "respiratory_rate", "units": "count/min", "data": [{"date": "noon", "qty": 14}]}]}}),
            "/data/metrics/0/data/0/date",
        ),
    ];
    for (body, pointer) in unread {
        let answer = phone.send(&test, &body.to_string()).await;
        let problem = answer.problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    assert!(rows(&test, &ada).await.is_empty());
    let little = [
        dashboard(json!({"test": true})),
        dashboard(json!({"deleted_records": [{"type": "weight", "uuid": "z"}]})),
        dashboard(json!({"heart_rate": []})),
        dashboard(json!({"heart_rate": [good, bad]})),
        json!({"data": {"metrics": []}}),
        json!({"schema": "healthmd.api_export", "exported_at": "2026-11-17T12:00:00Z", "record_count": 0, "records": []}),
    ];
    for body in little {
        let answer = phone.send(&test, &body.to_string()).await;
        assert!(answer.status.is_success(), "{body}: {}", answer.text());
    }
    assert_eq!(rows(&test, &ada).await.len(), 1);
}

#[tokio::test]
async fn what_was_refused_is_not_gone_and_a_clock_ahead_makes_nothing_late() {
    let test = TestApp::new().await;
    let ada = person(&test, "ada@example.org").await;
    let phone = phone(&test, &ada, "Pixel").await;
    let body = |at: &str, more: Value| {
        let mut body = json!({"timestamp": at, "app_version": "1.22.0", "source": "health_connect", "sequence": 1});
        let more = more.as_object().cloned().unwrap_or_default();
        body.as_object_mut().expect("an object").extend(more);
        body.to_string()
    };
    let walk = |id: &str, count: Value| {
        json!({"uuid": id, "count": count, "source": "w", "start_time": format!("2026-11-17T0{}:00:00Z", id.len()),
               "end_time": format!("2026-11-17T0{}:10:00Z", id.len())})
    };
    let both = json!({"steps": [walk("a", json!(10)), walk("bb", json!(20))],
                      "daily_totals": [{"date": "2026-11-17", "steps": 30}]});
    let sent = phone.send(&test, &body("2031-01-01T00:00:00Z", both)).await;
    assert!(sent.status.is_success(), "{}", sent.text());
    let window = |steps: Value| {
        json!({"window_start": "2026-11-17T00:00:00Z", "window_end": "2026-11-18T00:00:00Z", "window_complete": true,
               "steps": steps, "daily_totals": [{"date": "2026-11-17", "steps": 31}]})
    };
    test.app.clock.advance_us(SECOND_US);
    // The second walk is there, and cannot be read.
    let unread = window(json!([walk("a", json!(10)), walk("bb", json!("many"))]));
    let sent = phone
        .send(&test, &body("2031-01-01T00:00:01Z", unread))
        .await;
    assert!(sent.status.is_success(), "{}", sent.text());
    let state = rows(&test, &ada).await;
    assert_eq!(
        state.iter().filter(|row| !row.is_total()).count(),
        2,
        "{state:#?}"
    );
    assert!(
        state
            .iter()
            .any(|row| row.is_total() && near(row.value, 31.0)),
        "{state:#?}"
    );
    let sent = phone
        .send(
            &test,
            &body(
                "2031-01-01T00:00:02Z",
                window(json!([walk("a", json!(10))])),
            ),
        )
        .await;
    assert!(sent.status.is_success(), "{}", sent.text());
    let state = rows(&test, &ada).await;
    assert_eq!(
        state.iter().filter(|row| !row.is_total()).count(),
        1,
        "{state:#?}"
    );
}
