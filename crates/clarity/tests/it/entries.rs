//! What people enter by hand: it counts as every measurement does, an edit and a deletion reach the days at once, and
//! everybody has their own.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::days_story::Days;
use crate::grants::id;
use crate::harness::{Answer, Person, TestApp, request};

const METRICS: &str = "/api/v1/health-metrics";

async fn enter(test: &TestApp, person: &Person, entry: Value) -> Value {
    let answer = test.post(METRICS, Some(person), &entry).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    assert_eq!(answer.header("etag"), "\"1\"");
    answer.json()
}

fn path(entry: &Value) -> String {
    format!("{METRICS}/{}", entry["entry_id"].as_str().expect("an id"))
}

async fn delete(test: &TestApp, person: &Person, path: &str) -> Answer {
    let sent = request(Method::DELETE, path, Some(person), &[], None);
    test.send(sent).await
}

fn water(at: &str, millilitres: f64) -> Value {
    json!({"metric_type": "water", "value": millilitres, "recorded_at": at})
}

/// A total of a day; `None` where the day has none.
async fn total(days: &Days, date: &str, metric: &str) -> Option<f64> {
    let day = days.day("summaries/daily", date).await?;
    day["metrics"][metric]["value"].as_f64()
}

#[tokio::test]
async fn what_is_entered_is_in_the_day_until_it_is_taken_out() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    let (test, ada) = (&days.test, &days.person);
    let glass = enter(test, ada, water("2026-11-18T08:00:00Z", 250.0)).await;
    // Half past midnight in Berlin is the day before in UTC.
    enter(test, ada, water("2026-11-17T23:30:00Z", 300.0)).await;
    assert_eq!(days.computed().await, 1, "both are of one day");
    assert_eq!(
        total(&days, "2026-11-18", "dietary_water").await,
        Some(550.0)
    );
    let rows = days.get("health-data?metric=water").await;
    assert_eq!(rows["data"][0]["source"], "Entered by hand", "{rows}");
    assert_eq!(rows["data"][0]["flags"], json!(["manual"]));
    let uploads = days.get("imports").await;
    assert_eq!(uploads["data"], json!([]), "it came with no upload");

    let mut more = glass.clone();
    more["value"] = json!(0.4);
    more["unit"] = json!("L");
    let put = test.put(&path(&glass), ada, &[], &more).await;
    assert_eq!(put.status, StatusCode::OK, "{}", put.text());
    assert_eq!(put.json()["samples"][0]["value"], 400.0);
    assert_eq!(days.computed().await, 1);
    assert_eq!(
        total(&days, "2026-11-18", "dietary_water").await,
        Some(700.0)
    );

    // What is moved to another day leaves the one and comes to the other.
    more["recorded_at"] = json!("2026-11-10T08:00:00Z");
    let put = test.put(&path(&glass), ada, &[], &more).await;
    assert_eq!(put.status, StatusCode::OK, "{}", put.text());
    assert_eq!(days.computed().await, 2);
    assert_eq!(
        total(&days, "2026-11-18", "dietary_water").await,
        Some(300.0)
    );
    assert_eq!(
        total(&days, "2026-11-10", "dietary_water").await,
        Some(400.0)
    );

    // Words about it change no day.
    more["notes"] = json!("from the tap");
    let put = test.put(&path(&glass), ada, &[], &more).await;
    assert_eq!(put.json()["notes"], "from the tap", "{}", put.text());
    assert_eq!(days.computed().await, 0);

    assert_eq!(
        delete(test, ada, &path(&glass)).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(days.computed().await, 1);
    assert_eq!(total(&days, "2026-11-10", "dietary_water").await, None);
    assert_eq!(
        days.get("health-data?metric=water").await["data"]
            .as_array()
            .expect("rows")
            .len(),
        1
    );
    assert_eq!(
        delete(test, ada, &path(&glass)).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        test.get(&path(&glass), Some(ada)).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn an_entry_that_becomes_another_metric_takes_its_samples_along() {
    let days = Days::of_a_person_in("UTC").await;
    let (test, ada) = (&days.test, &days.person);
    let at = "2026-11-18T08:00:00Z";
    let pulse = json!({"metric_type": "heart_rate", "value": 70, "recorded_at": at});
    let entry = enter(test, ada, pulse.clone()).await;
    let pressure = json!({"metric_type": "blood_pressure", "value": "120/80", "recorded_at": at});
    let put = test.put(&path(&entry), ada, &[], &pressure).await.json();
    let samples = json!([
        {"metric": "blood_pressure_systolic", "value": 120.0, "unit": "mm[Hg]"},
        {"metric": "blood_pressure_diastolic", "value": 80.0, "unit": "mm[Hg]"},
    ]);
    assert_eq!(put["samples"], samples, "{put}");
    // And back, which a provider's deleted object could not.
    let count = async |metric: &str| {
        let rows = days.get(&format!("health-data?metric={metric}")).await;
        rows["data"].as_array().expect("rows").len()
    };
    assert_eq!(count("heart_rate").await, 0);
    let put = test.put(&path(&entry), ada, &[], &pulse).await;
    assert_eq!(put.status, StatusCode::OK, "{}", put.text());
    assert_eq!(count("heart_rate").await, 1);
    assert_eq!(count("blood_pressure_diastolic").await, 0);
}

#[tokio::test]
async fn the_same_thing_sent_twice_is_one_entry() {
    let days = Days::of_a_person_in("UTC").await;
    let (test, ada) = (&days.test, &days.person);
    let glass = water("2026-11-18T08:00:00Z", 250.0);
    let first = enter(test, ada, glass.clone()).await;
    let again = test.post(METRICS, Some(ada), &glass).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.text());
    assert_eq!(again.json(), first);
    days.computed().await;
    assert_eq!(
        total(&days, "2026-11-18", "dietary_water").await,
        Some(250.0)
    );
    // Another glass of the same size is another one, also at the same minute where the person says so.
    let mut second = glass.clone();
    second["notes"] = json!("a second one");
    enter(test, ada, second).await;
    days.computed().await;
    assert_eq!(
        total(&days, "2026-11-18", "dietary_water").await,
        Some(500.0)
    );
    // What was taken out can be entered again.
    delete(test, ada, &path(&first)).await;
    enter(test, ada, glass).await;
    days.computed().await;
    assert_eq!(
        total(&days, "2026-11-18", "dietary_water").await,
        Some(500.0)
    );
}

#[tokio::test]
async fn entries_outrank_devices_and_goals_see_them() {
    let days = Days::of_a_person_in("UTC").await;
    let (test, ada) = (&days.test, &days.person);
    let at = "2026-11-19T07:00:00Z";
    let scale = json!({"type": "HKQuantityTypeIdentifierBodyMass", "unit": "kg", "value": 90.0,
        "start_date": "2026-11-19T06:00:00Z", "end_date": "2026-11-19T06:00:00Z", "source_name": "Scale"});
    days.upload(json!({"quantity_samples": [scale]})).await;
    let weight = json!({"metric_type": "weight", "value": 84, "recorded_at": at});
    enter(test, ada, weight).await;
    days.computed().await;
    let goal = json!({"goal_type": "weight_loss", "metric": "body_mass", "start_value": 90.0,
        "target_value": 80.0});
    let goal = test
        .post("/api/v1/health-goals", Some(ada), &goal)
        .await
        .json();
    assert!(goal["standing"]["value"].is_number(), "{goal}");
    let export = days
        .test
        .get("/api/v1/health-data/export?format=csv", Some(ada))
        .await
        .text();
    assert!(export.contains("Entered by hand"), "{export}");
}

#[tokio::test]
async fn entries_are_listed_newest_first_by_metric_and_time_in_pages() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let mut ids = Vec::new();
    for (metric, value, at) in [
        ("weight", json!(80), "2026-09-01T07:00:00Z"),
        ("mood", json!(4), "2026-11-18T07:00:00Z"),
        ("weight", json!(79), "2026-11-18T08:00:00Z"),
        ("blood_pressure", json!("120/80"), "2026-11-18T09:00:00Z"),
        ("mood", json!(3), "2026-11-19T07:00:00Z"),
    ] {
        let entry = json!({"metric_type": metric, "value": value, "recorded_at": at});
        ids.push(enter(&test, &ada, entry).await["entry_id"].clone());
    }
    let list = async |query: &str| {
        let answer = test.get(&format!("{METRICS}?{query}"), Some(&ada)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()
    };
    let numbers = |page: &Value| -> Vec<usize> {
        let rows = page["data"].as_array().expect("rows");
        let place = |row: &Value| ids.iter().position(|id| *id == row["entry_id"]);
        rows.iter().map(|row| place(row).expect("known")).collect()
    };
    assert_eq!(numbers(&list("").await), [4, 3, 2, 1, 0]);
    assert_eq!(numbers(&list("metric=body_mass").await), [2, 0]);
    for name in ["blood_pressure", "systolic", "diastolic"] {
        assert_eq!(
            numbers(&list(&format!("metric={name}")).await),
            [3],
            "{name}"
        );
    }
    let range = "start=2026-11-18&end=2026-11-18T09:00:00Z";
    assert_eq!(numbers(&list(range).await), [2, 1]);
    // One by one each comes once, also where several are of one day.
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = list(&format!("limit=1{cursor}")).await;
        seen.extend(numbers(&page));
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
        let other = format!("{METRICS}?limit=1&metric=mood{cursor}");
        let other = test.get(&other, Some(&ada)).await;
        other.problem(400, "invalid_cursor");
    }
    assert_eq!(seen, [4, 3, 2, 1, 0]);
    for (query, code) in [("limit=0", 400), ("limit=201", 400), ("metric=wieght", 400)] {
        let asked = test.get(&format!("{METRICS}?{query}"), Some(&ada)).await;
        asked.problem(code, "invalid_parameter");
    }
}

#[tokio::test]
async fn a_write_that_was_overtaken_is_refused() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let entry = enter(&test, &ada, water("2026-11-18T08:00:00Z", 250.0)).await;
    let more = water("2026-11-18T08:00:00Z", 300.0);
    let first = [("if-match", "\"1\"")];
    let put = test.put(&path(&entry), &ada, &first, &more).await;
    assert_eq!((put.status, put.header("etag")), (StatusCode::OK, "\"2\""));
    let late = water("2026-11-18T08:00:00Z", 350.0);
    let put = test.put(&path(&entry), &ada, &first, &late).await;
    put.problem(412, "precondition_failed");
    let read = test.get(&path(&entry), Some(&ada)).await;
    assert_eq!(read.header("etag"), "\"2\"");
    assert_eq!(read.json()["samples"][0]["value"], 300.0);
    let rows = test
        .get("/api/v1/health-data?metric=water", Some(&ada))
        .await
        .json();
    assert_eq!(rows["data"].as_array().expect("rows").len(), 1, "{rows}");
}

#[tokio::test]
async fn what_is_wrong_is_said_and_nothing_is_stored() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let at = "2026-11-18T08:00:00Z";
    for (entry, pointer, code) in [
        (
            json!({"metric_type": "wieght", "value": 80, "recorded_at": at}),
            "/metric_type",
            "unknown_metric",
        ),
        (
            json!({"metric_type": "mood", "value": 7, "recorded_at": at}),
            "/value",
            "out_of_range",
        ),
        (
            json!({"metric_type": "weight", "value": [80], "recorded_at": at}),
            "/value",
            "wrong_type",
        ),
        (
            json!({"metric_type": "weight", "value": 80, "recorded_at": "2027-11-18T08:00:00Z"}),
            "/recorded_at",
            "in_future",
        ),
    ] {
        let answer = test.post(METRICS, Some(&ada), &entry).await;
        let problem = answer.problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        assert_eq!(problem["errors"][0]["code"], code, "{problem}");
    }
    let slip = json!({"metric_type": "wieght", "value": 80, "recorded_at": at});
    let problem = test
        .post(METRICS, Some(&ada), &slip)
        .await
        .problem(422, "validation_failed");
    let message = problem["errors"][0]["message"].as_str().expect("a message");
    assert!(message.contains("did you mean `body_mass`?"), "{message}");
    let rows = test.get("/api/v1/health-data", Some(&ada)).await.json();
    assert_eq!(rows["data"], json!([]));
}

#[tokio::test]
async fn everybody_has_their_own_and_reads_what_others_allow() {
    let test = TestApp::new().await;
    let (ada, bob) = (
        test.register("ada@example.org").await,
        test.register("bob@example.org").await,
    );
    let of_ada = id(&test, &ada).await;
    let entry = enter(&test, &ada, water("2026-11-18T08:00:00Z", 250.0)).await;
    let foreign = test.get(&path(&entry), Some(&bob)).await;
    foreign.problem(404, "not_found");
    let more = water("2026-11-18T08:00:00Z", 300.0);
    test.put(&path(&entry), &bob, &[], &more)
        .await
        .problem(404, "not_found");
    delete(&test, &bob, &path(&entry))
        .await
        .problem(404, "not_found");
    let list = format!("{METRICS}/user/{of_ada}");
    assert_eq!(test.get(&list, Some(&ada)).await.json()["data"][0], entry);
    test.get(&list, Some(&bob)).await.problem(404, "not_found");
    let wish = json!({"reader": "bob@example.org", "scopes": ["nutrition"], "purpose": "a test",
        "expires_at": "2026-11-20T12:01:00Z"});
    let granted = test.post("/api/v1/grants", Some(&ada), &wish).await;
    assert_eq!(granted.status, StatusCode::CREATED, "{}", granted.text());
    test.get(&list, Some(&bob)).await.problem(403, "forbidden");
    for path in [
        format!("{list}?metric=water"),
        format!("{METRICS}?metric=water&user_id={of_ada}"),
    ] {
        let read = test.get(&path, Some(&bob)).await;
        assert_eq!(read.json()["data"][0], entry, "{path}");
    }
    let own = test.get(METRICS, Some(&bob)).await.json();
    assert_eq!(own["data"], json!([]));
}

#[tokio::test]
async fn erasing_the_health_data_takes_the_entries_along() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let entry = enter(&test, &ada, water("2026-11-18T08:00:00Z", 250.0)).await;
    let purged = delete(&test, &ada, "/api/v1/health-data/purge").await;
    assert_eq!(purged.status, StatusCode::OK, "{}", purged.text());
    test.get(&path(&entry), Some(&ada))
        .await
        .problem(404, "not_found");
    assert_eq!(
        test.get(METRICS, Some(&ada)).await.json()["data"],
        json!([])
    );
}
