//! Situations that people report who bring an export and let an app sync, each with the right value.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Answer, Person, TestApp, request};
use crate::uploads::settle;

/// A person in Berlin.
async fn anna(test: &TestApp) -> Person {
    let person = test.register("anna@example.org").await;
    let zone = json!({"time_zone": "Europe/Berlin"});
    let answer = test.put("/api/v1/user/profile", &person, &[], &zone).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    person
}

async fn import(test: &TestApp, person: &Person, text: String) -> Value {
    let sent = Request::post("/api/v1/imports")
        .header("authorization", format!("Bearer {}", person.access))
        .header("content-type", "application/octet-stream")
        .body(Body::from(text))
        .expect("a request");
    let answer = test.send(sent).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    answer.json()
}

async fn post(test: &TestApp, person: &Person, path: &str, body: &Value) -> Answer {
    let answer = test
        .send(request(Method::POST, path, Some(person), &[], Some(body)))
        .await;
    assert!(answer.status.is_success(), "{path}: {}", answer.text());
    answer
}

/// Something about a metric on the 18th of November 2026.
async fn of_day(test: &TestApp, person: &Person, metric: &str, what: &str) -> Option<f64> {
    settle(test).await;
    let path = "/api/v1/summaries/daily?start=2026-11-18&end=2026-11-19";
    let page = test.get(path, Some(person)).await.json();
    page["data"][0]["metrics"][metric][what].as_f64()
}

async fn workouts(test: &TestApp, person: &Person) -> Vec<Value> {
    let path = "/api/v1/workouts?start=2026-11-18&end=2026-11-19";
    let page = test.get(path, Some(person)).await.json();
    page["data"].as_array().expect("a list").clone()
}

/// An export of a day and a time with these elements.
fn export(at: &str, elements: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<HealthData locale=\"en_US\">\n \
         <ExportDate value=\"{at} +0100\"/>\n{elements}</HealthData>\n"
    )
}

/// A source as an export prints it.
fn source(name: &str, model: &str, hardware: &str) -> String {
    format!(
        "sourceName=\"{name}\" sourceVersion=\"18.0\" device=\"&lt;&lt;HKDevice: 0x28&gt;, name:{model}, \
         manufacturer:Apple Inc., model:{model}, hardware:{hardware}, software:18.0&gt;\""
    )
}

/// A record of a metric from one clock time of the day to another.
fn record(metric: &str, unit: &str, source: &str, (from, to): (&str, &str), value: &str) -> String {
    let (start, end) = (
        format!("2026-11-18 {from} +0100"),
        format!("2026-11-18 {to} +0100"),
    );
    format!(
        " <Record type=\"HKQuantityTypeIdentifier{metric}\" {source} unit=\"{unit}\" creationDate=\"{end}\" \
         startDate=\"{start}\" endDate=\"{end}\" value=\"{value}\"/>\n"
    )
}

/// Steps of a webhook for Health Connect, with the time at which they end.
fn steps_until(end: &str, count: u32) -> Value {
    json!({"timestamp": "2026-11-18T20:00:00Z", "app_version": "1.9.19",
           "steps": [{"count": count, "start_time": "2026-11-17T23:00:00Z", "end_time": end}]})
}

#[tokio::test]
async fn a_record_of_the_day_that_grows_is_one() {
    let test = TestApp::new().await;
    let anna = anna(&test).await;
    let path = "/api/v1/health-data";
    for count in [1_000, 4_000, 7_639] {
        post(
            &test,
            &anna,
            path,
            &steps_until("2026-11-18T22:59:59Z", count),
        )
        .await;
    }
    assert_eq!(
        of_day(&test, &anna, "step_count", "value").await,
        Some(7_639.0)
    );
    let account = post(
        &test,
        &anna,
        path,
        &steps_until("2026-11-18T22:59:59Z", 7_639),
    )
    .await
    .json();
    assert_eq!(
        (&account["accepted"], &account["duplicates"]),
        (&json!(0), &json!(1))
    );
}

#[tokio::test]
async fn a_record_whose_end_grows_is_one() {
    let test = TestApp::new().await;
    let anna = anna(&test).await;
    let sent = [
        ("T06:00:00Z", 1_000),
        ("T10:00:00Z", 4_000),
        ("T17:30:00Z", 7_639),
        ("T10:00:00Z", 4_000),
    ];
    for (end, count) in sent {
        let body = steps_until(&format!("2026-11-18{end}"), count);
        post(&test, &anna, "/api/v1/health-data", &body).await;
        // The day is right at every time, not only at its end.
        let so_far = of_day(&test, &anna, "step_count", "value").await;
        assert!(
            so_far == Some(f64::from(count)) || so_far == Some(7_639.0),
            "{so_far:?}"
        );
    }
    assert_eq!(
        of_day(&test, &anna, "step_count", "value").await,
        Some(7_639.0)
    );
}

#[tokio::test]
async fn a_total_of_the_day_sent_three_times_is_the_last_one() {
    let test = TestApp::new().await;
    let anna = anna(&test).await;
    for value in ["275", "4100", "7961"] {
        let body = json!({"data_type": "step_count", "value": value, "unit": "count", "recorded_at": "2026-11-18"});
        post(&test, &anna, "/api/v1/health-data", &body).await;
    }
    assert_eq!(
        of_day(&test, &anna, "step_count", "value").await,
        Some(7_961.0)
    );
}

#[tokio::test]
async fn another_grouping_of_the_same_steps_does_not_add() {
    let test = TestApp::new().await;
    let anna = anna(&test).await;
    let hours: Vec<Value> = (8..16)
        .map(|hour| json!({"date": format!("2026-11-18 {hour:02}:00:00 +0100"), "qty": 1_000, "source": "iPhone"}))
        .collect();
    let day = json!([{"date": "2026-11-18 00:00:00 +0100", "qty": 8_000.000_000_000_1, "source": "iPhone"}]);
    let groupings = [
        ("Hours", json!(hours)),
        ("Days", day.clone()),
        ("Hours", json!(hours)),
        ("Days", day),
    ];
    for (header, data) in groupings {
        let body =
            json!({"data": {"metrics": [{"name": "step_count", "units": "count", "data": data}]}});
        let path = "/api/v1/integrations/health-auto-export";
        let headers = [("automation-aggregation", header)];
        let sent = request(Method::POST, path, Some(&anna), &headers, Some(&body));
        assert_eq!(test.send(sent).await.status, StatusCode::ACCEPTED);
        let steps = of_day(&test, &anna, "step_count", "value")
            .await
            .expect("a day");
        assert!((steps - 8_000.0).abs() < 0.01, "{steps} after {header}");
    }
}

#[tokio::test]
async fn a_door_that_rounds_into_the_next_day_brings_the_same() {
    let fine = json!({"quantity_samples": [{"uuid": "h", "identifier": "HKQuantityTypeIdentifierHeartRate", "value": 61,
        "unit": "count/min", "start_date": "2026-11-17T23:59:59.700Z", "end_date": "2026-11-17T23:59:59.700Z"}]});
    let coarse =
        json!({"data_type": "heart_rate", "value": 61, "recorded_at": "2026-11-18T00:00:00Z"});
    let doors = [
        ("/api/v1/healthkit", &fine),
        ("/api/v1/health-data", &coarse),
    ];
    for order in [[0, 1, 0, 1], [1, 0, 1, 0]] {
        let test = TestApp::new().await;
        let anna = anna(&test).await;
        for (turn, door) in order.into_iter().enumerate() {
            let (path, body) = doors[door];
            let account = post(&test, &anna, path, body).await.json();
            let expected = u8::from(turn == 0);
            assert_eq!(account["accepted"], expected, "{order:?} {turn}: {account}");
        }
        assert_eq!(of_day(&test, &anna, "heart_rate", "n").await, Some(1.0));
        let gone = json!({"deleted_objects": [{"uuid": "h"}]});
        post(&test, &anna, "/api/v1/healthkit", &gone).await;
        assert_eq!(of_day(&test, &anna, "heart_rate", "n").await, None);
    }
}

#[tokio::test]
async fn two_watches_of_one_name_count_once() {
    let test = TestApp::new().await;
    let anna = anna(&test).await;
    let (old, new) = (
        source("Apple Watch", "Watch", "Watch6,1"),
        source("Apple Watch", "Watch", "Watch7,5"),
    );
    let mut elements = String::new();
    for at in [("10:00:00", "10:10:00"), ("11:00:00", "11:10:00")] {
        elements += &record("StepCount", "count", &old, at, "600");
        elements += &record("StepCount", "count", &new, at, "604");
    }
    let account = import(&test, &anna, export("2026-11-19 12:00:00", &elements)).await;
    assert_eq!(account["accepted"], 4, "{account}");
    let steps = of_day(&test, &anna, "step_count", "value")
        .await
        .expect("a day");
    assert!([1_200.0, 1_208.0].contains(&steps), "{steps}");
}

/// What one device wrote, under a name.
fn of_phone(name: &str) -> String {
    let phone = source(name, "iPhone", "iPhone14,5");
    let walk = " <Workout workoutActivityType=\"HKWorkoutActivityTypeWalking\" duration=\"10\" durationUnit=\"min\"";
    record(
        "StepCount",
        "count",
        &phone,
        ("10:00:00", "10:10:00"),
        "1000",
    ) + &record(
        "DietaryWater",
        "mL",
        &phone,
        ("12:00:00", "12:00:00"),
        "250",
    ) + &record("BodyMass", "kg", &phone, ("07:00:00", "07:00:00"), "70")
        + &format!(
            "{walk} {phone} creationDate=\"2026-11-18 10:10:00 +0100\" startDate=\"2026-11-18 10:00:00 +0100\" \
             endDate=\"2026-11-18 10:10:00 +0100\"/>\n"
        )
}

#[tokio::test]
async fn a_renamed_phone_is_the_same_phone() {
    let before = ("2026-11-18 20:00:00", of_phone("Anna\u{2019}s iPhone"));
    let after = ("2026-11-19 20:00:00", of_phone("iPhone von Anna"));
    for [first, second] in [[&before, &after], [&after, &before]] {
        let test = TestApp::new().await;
        let anna = anna(&test).await;
        import(&test, &anna, export(first.0, &first.1)).await;
        let account = import(&test, &anna, export(second.0, &second.1)).await;
        assert_eq!(
            (&account["accepted"], &account["duplicates"]),
            (&json!(0), &json!(3)),
            "{account}"
        );
        let renamed = json!([{"former": "Anna\u{2019}s iPhone", "now": "iPhone von Anna"}]);
        assert_eq!(account["renamed"], renamed, "{account}");
        assert_eq!(
            of_day(&test, &anna, "step_count", "value").await,
            Some(1_000.0)
        );
        assert_eq!(
            of_day(&test, &anna, "dietary_water", "value").await,
            Some(250.0)
        );
        assert_eq!(of_day(&test, &anna, "body_mass", "n").await, Some(1.0));
        let workouts = workouts(&test, &anna).await;
        assert_eq!(workouts.len(), 1);
        assert_eq!(workouts[0]["source"], "iPhone von Anna", "{}", workouts[0]);
    }
}

#[tokio::test]
async fn what_a_renamed_phone_condensed_is_superseded() {
    let test = TestApp::new().await;
    let anna = anna(&test).await;
    let old = source("Anna\u{2019}s iPhone", "iPhone", "iPhone14,5");
    let fine = record("StepCount", "count", &old, ("10:00:00", "10:10:00"), "1000")
        + &record("StepCount", "count", &old, ("10:10:00", "10:20:00"), "500");
    import(&test, &anna, export("2026-11-18 20:00:00", &fine)).await;
    let new = source("iPhone von Anna", "iPhone", "iPhone14,5");
    let coarse = record("StepCount", "count", &new, ("10:00:00", "10:20:00"), "1500");
    let account = import(&test, &anna, export("2026-11-19 20:00:00", &coarse)).await;
    assert_eq!(account["snapshot"]["superseded"], 2, "{account}");
    assert_eq!(
        of_day(&test, &anna, "step_count", "value").await,
        Some(1_500.0)
    );
}

#[tokio::test]
async fn one_name_in_several_spellings_is_one_source() {
    let test = TestApp::new().await;
    let anna = anna(&test).await;
    let spellings = [
        "Zo\u{eb}\u{2019}s\u{a0}Watch",
        "Zoe\u{308}'s Watch",
        "\u{200e}ZO\u{cb}\u{2bc}S WATCH\u{200f}",
    ];
    for (hour, name) in (8..).zip(spellings) {
        let body = json!({"quantity_samples": [{"identifier": "HKQuantityTypeIdentifierStepCount", "value": 100,
            "unit": "count", "start_date": format!("2026-11-18T{hour:02}:00:00Z"),
            "end_date": format!("2026-11-18T{hour:02}:10:00Z"), "source_name": name}]});
        post(&test, &anna, "/api/v1/healthkit", &body).await;
    }
    assert_eq!(
        of_day(&test, &anna, "step_count", "value").await,
        Some(300.0)
    );
    let path = "/api/v1/health-data?data_type=step_count&start=2026-11-18&end=2026-11-19&source=zo%C3%AB%27s%20watch";
    let page = test.get(path, Some(&anna)).await.json();
    assert_eq!(page["data"].as_array().map(Vec::len), Some(3), "{page}");
}

#[tokio::test]
async fn two_foods_of_equal_energy_at_one_time_are_two() {
    let test = TestApp::new().await;
    let anna = anna(&test).await;
    let food = |name: &str| {
        let source = "sourceName=\"Cronometer\" sourceVersion=\"1\"";
        let plain = record(
            "DietaryEnergyConsumed",
            "kcal",
            source,
            ("12:00:00", "12:00:00"),
            "100",
        );
        let entry = format!("><MetadataEntry key=\"HKFoodType\" value=\"{name}\"/></Record>\n");
        plain.replace("/>\n", &entry)
    };
    let both = food("Apple") + &food("Banana");
    let first = import(&test, &anna, export("2026-11-18 20:00:00", &both)).await;
    assert_eq!(
        (&first["accepted"], &first["duplicates"]),
        (&json!(2), &json!(0)),
        "{first}"
    );
    // A print that is the same in everything is a repeat, in one export and in the next.
    let again = import(
        &test,
        &anna,
        export("2026-11-19 20:00:00", &(both.clone() + &food("Apple"))),
    )
    .await;
    assert_eq!(
        (&again["accepted"], &again["duplicates"]),
        (&json!(0), &json!(3)),
        "{again}"
    );
    // An app names the objects; they are the same foods.
    let objects: Vec<Value> = [("1", "Apple"), ("2", "Banana")]
        .iter()
        .map(|(uuid, name)| {
            json!({"uuid": uuid, "identifier": "HKQuantityTypeIdentifierDietaryEnergyConsumed", "value": 100,
                   "unit": "kcal", "start_date": "2026-11-18T11:00:00.437Z", "end_date": "2026-11-18T11:00:00.437Z",
                   "source_name": "Cronometer", "metadata": {"HKFoodType": name}})
        })
        .collect();
    let live = post(
        &test,
        &anna,
        "/api/v1/healthkit",
        &json!({"quantity_samples": objects}),
    )
    .await
    .json();
    assert_eq!(
        (&live["accepted"], &live["duplicates"]),
        (&json!(0), &json!(2)),
        "{live}"
    );
    assert_eq!(
        of_day(&test, &anna, "dietary_energy_consumed", "value").await,
        Some(200.0)
    );
    post(
        &test,
        &anna,
        "/api/v1/healthkit",
        &json!({"deleted_objects": [{"uuid": "2"}]}),
    )
    .await;
    assert_eq!(
        of_day(&test, &anna, "dietary_energy_consumed", "value").await,
        Some(100.0)
    );
}

#[tokio::test]
async fn a_phone_and_a_watch_under_one_app_count_once() {
    let test = TestApp::new().await;
    let anna = anna(&test).await;
    let record = |kind: &str, hour: u32, minutes: u32, value: u32| {
        json!({"id": format!("{kind}{hour}"), "type": "STEPS", "value": value, "unit": "count", "zoneOffset": "+01:00",
            "startDate": format!("2026-11-18T{hour:02}:00:00Z"), "endDate": format!("2026-11-18T{hour:02}:{minutes}:00Z"),
            "source": {"appId": "com.sec.android.app.shealth", "deviceId": kind, "deviceName": null,
                       "deviceManufacturer": "Samsung", "deviceModel": null, "deviceType": kind}})
    };
    let records: Vec<Value> = (8..18)
        .flat_map(|hour| {
            [
                record("phone", hour, 10, 500),
                record("watch", hour, 11, 520),
            ]
        })
        .collect();
    let me = test.get("/api/v1/auth/me", Some(&anna)).await.json();
    let id = me["user_id"].as_str().or(me["id"].as_str()).expect("an id");
    let body = json!({"provider": "samsung", "sdkVersion": "1", "syncTimestamp": "2026-11-18T20:00:00Z",
                      "data": {"records": records}});
    post(&test, &anna, &format!("/api/v1/sdk/users/{id}/sync"), &body).await;
    assert_eq!(
        of_day(&test, &anna, "step_count", "value").await,
        Some(5_200.0)
    );
}

#[tokio::test]
async fn the_richer_version_of_a_workout_wins_field_by_field() {
    let live = |uuid: &str, end: &str, more: Value| {
        let mut workout = json!({"uuid": uuid, "activity_type": "running", "duration": 1_800, "source_name": "Watch",
            "start_date": "2026-11-18T08:00:00.437Z", "end_date": format!("2026-11-18T08:{end}Z")});
        let more = more.as_object().cloned().unwrap_or_default();
        workout.as_object_mut().expect("an object").extend(more);
        json!({"workouts": [workout]})
    };
    let printed = " <Workout workoutActivityType=\"HKWorkoutActivityTypeRunning\" duration=\"30\" durationUnit=\"min\" \
                   sourceName=\"Watch\" creationDate=\"2026-11-18 09:31:00 +0100\" \
                   startDate=\"2026-11-18 09:00:00 +0100\" endDate=\"2026-11-18 09:30:00 +0100\">\n  \
                   <MetadataEntry key=\"HKIndoorWorkout\" value=\"0\"/>\n </Workout>\n";
    let bodies = [
        live("r", "30:00.912", json!({"total_distance": 5_000})),
        // Another vendor's copy of the same run.
        json!({"workouts": [{"uuid": "garmin", "activity_type": "running", "source_name": "Connect",
            "total_energy_burned": 310, "start_date": "2026-11-18T08:00:58Z", "end_date": "2026-11-18T08:31:10Z"}]}),
    ];
    for turn in 0..3 {
        let test = TestApp::new().await;
        let anna = anna(&test).await;
        // Each door twice, beginning with another one each time.
        for at in turn..turn + 6 {
            match at % 3 {
                2 => {
                    import(&test, &anna, export("2026-11-19 20:00:00", printed)).await;
                }
                at => {
                    post(&test, &anna, "/api/v1/healthkit", &bodies[at]).await;
                }
            }
        }
        let found = workouts(&test, &anna).await;
        assert_eq!(found.len(), 1, "{turn}: {found:?}");
        let run = found[0].to_string();
        for what in ["5000", "310", "\"indoor\":false"] {
            assert!(run.contains(what), "{what} in {run}");
        }
        // What one vendor deletes the other still has; what both delete is gone.
        post(
            &test,
            &anna,
            "/api/v1/healthkit",
            &json!({"deleted_objects": [{"uuid": "r"}]}),
        )
        .await;
        assert_eq!(workouts(&test, &anna).await.len(), 1);
        post(
            &test,
            &anna,
            "/api/v1/healthkit",
            &json!({"deleted_objects": [{"uuid": "garmin"}]}),
        )
        .await;
        assert!(workouts(&test, &anna).await.is_empty());
        // Two runs after each other are two.
        post(
            &test,
            &anna,
            "/api/v1/healthkit",
            &live("s", "30:00.912", json!({})),
        )
        .await;
        let later = json!({"workouts": [{"uuid": "t", "activity_type": "running", "source_name": "Connect",
            "start_date": "2026-11-18T08:31:00Z", "end_date": "2026-11-18T08:50:00Z"}]});
        post(&test, &anna, "/api/v1/healthkit", &later).await;
        assert_eq!(workouts(&test, &anna).await.len(), 2);
    }
}
