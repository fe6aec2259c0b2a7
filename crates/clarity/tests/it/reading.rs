//! Reading back: raw samples page by page, series, summaries, nights, heart and breath.

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Person, TestApp, request};
use crate::uploads::settle;

fn heart_rates(first_minute: usize, count: usize) -> Value {
    let value = |at: usize| {
        let minute = first_minute + at;
        let time = format!("2026-11-18T{:02}:{:02}:00Z", minute / 60 % 24, minute % 60);
        json!({"value": 50 + minute % 60, "timestamp": time})
    };
    let values: Vec<Value> = (0..count).map(value).collect();
    json!({"data_type": "heart_rate", "values": values, "source": "Watch"})
}

fn steps(source: &str, start: &str, end: &str, value: u32) -> Value {
    json!({"type": "HKQuantityTypeIdentifierStepCount", "value": value, "unit": "count",
           "start_date": start, "end_date": end, "source_name": source})
}

async fn upload(test: &TestApp, person: &Person, path: &str, body: &Value) {
    let answer = test.post(path, Some(person), body).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    assert_eq!(answer.json()["rejected"], 0, "{}", answer.text());
}

#[tokio::test]
async fn a_walk_sees_each_sample_once_while_others_come() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let bob = test.register("bob@example.org").await;
    upload(&test, &ada, "/api/v1/health-data", &heart_rates(100, 25)).await;
    let mut seen = BTreeSet::new();
    let mut path = "/api/v1/health-data?data_type=heart_rate&limit=10".to_owned();
    let mut pages = 0;
    let mut last = String::from("9999");
    loop {
        let answer = test.get(&path, Some(&ada)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let page = answer.json();
        for row in page["data"].as_array().expect("rows") {
            let start = row["start"].as_str().expect("a start").to_owned();
            assert!(start < last, "newest first");
            assert!(seen.insert(start.clone()), "{start} came twice");
            last = start;
        }
        pages += 1;
        // Newer and older ones come in between.
        upload(
            &test,
            &ada,
            "/api/v1/health-data",
            &heart_rates(200 + pages, 1),
        )
        .await;
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/v1/health-data?data_type=heart_rate&limit=10&cursor={cursor}");
        let stolen = test.get(&path, Some(&bob)).await;
        stolen.problem(400, "invalid_cursor");
        let other = path.replace("heart_rate", "step_count");
        test.get(&other, Some(&ada))
            .await
            .problem(400, "invalid_cursor");
    }
    assert_eq!((pages, seen.len()), (3, 25));
    assert_eq!(
        test.get("/api/v1/health-data", Some(&bob)).await.json()["data"],
        json!([])
    );
}

#[tokio::test]
async fn samples_are_selected_by_type_time_and_source() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    upload(&test, &ada, "/api/v1/health-data", &heart_rates(0, 5)).await;
    let body = json!({"quantity_samples": [
        steps("iPhone", "2026-11-18T08:00:00Z", "2026-11-18T08:10:00Z", 100),
        steps("Watch", "2026-11-18T08:00:00Z", "2026-11-18T08:10:00Z", 110),
    ]});
    upload(&test, &ada, "/api/v1/healthkit", &body).await;
    let check = async |query: &str, expect: usize| {
        let answer = test
            .get(&format!("/api/v1/health-data?{query}"), Some(&ada))
            .await;
        let rows = answer.json()["data"].as_array().map(Vec::len);
        assert_eq!(rows, Some(expect), "{query}: {}", answer.text());
    };
    check("", 7).await;
    check("data_type=steps", 2).await;
    check("source=Watch", 6).await;
    check("source=Watch&data_type=step_count", 1).await;
    check("source=nobody", 0).await;
    check("start=2026-11-18T00:02:00Z&end=2026-11-18T00:04:00Z", 2).await;
    check("start=2026-11-18&end=2026-11-19", 7).await;
    check("start=2026-11-19", 0).await;
    for (query, status, code) in [
        ("data_type=warp", 400, "invalid_parameter"),
        ("start=yesterday", 400, "invalid_parameter"),
        ("limit=0", 400, "invalid_parameter"),
        ("cursor=abc", 400, "invalid_cursor"),
        ("start=2026-11-19&end=2026-11-18", 422, "validation_failed"),
    ] {
        let path = format!("/api/v1/health-data?{query}");
        test.get(&path, Some(&ada)).await.problem(status, code);
    }
}

#[tokio::test]
async fn series_are_raw_bucketed_and_merged() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    upload(&test, &ada, "/api/v1/health-data", &heart_rates(0, 10)).await;
    let body = json!({"quantity_samples": [
        steps("iPhone", "2026-11-18T08:00:00Z", "2026-11-18T08:20:00Z", 200),
        steps("Apple Watch", "2026-11-18T08:10:00Z", "2026-11-18T08:20:00Z", 150),
    ]});
    upload(&test, &ada, "/api/v1/healthkit", &body).await;
    let read = async |path: &str| {
        let answer = test
            .get(&format!("/api/v1/series/{path}"), Some(&ada))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        answer.json()
    };
    let day = "start=2026-11-18&end=2026-11-19";
    let raw = read(&format!("heart_rate?{day}")).await;
    assert_eq!(
        (&raw["count"], &raw["unit"], &raw["kind"]),
        (&json!(10), &json!("/min"), &json!("time_weighted"))
    );
    assert_eq!(raw["columns"]["value"].as_array().map(Vec::len), Some(10));
    assert_eq!(raw["columns"]["start"][0], "2026-11-18T00:00:00Z");
    assert_eq!(raw["sources"], json!(["Watch"]));
    let rows = read(&format!("heartRate?{day}&layout=rows&resolution=5m")).await;
    assert_eq!(rows["data"][0]["mean"], json!(52.0));
    assert_eq!(rows["data"][1]["n"], json!(5));
    assert_eq!(rows["count"], json!(2), "empty buckets are absent");
    // The watch hides the second half of the phone's interval: 100 + 150.
    let merged = read(&format!("steps?{day}&resolution=1d")).await;
    assert_eq!(merged["merge"], "priority");
    assert_eq!(merged["columns"]["value"], json!([250.0]));
    assert_eq!(merged["columns"]["date"], json!(["2026-11-18"]));
    let apart = read(&format!("steps?{day}&resolution=1w&merge=none&layout=rows")).await;
    let mut values: Vec<f64> = apart["data"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| row["value"].as_f64().expect("a value"))
        .collect();
    values.sort_by(f64::total_cmp);
    assert_eq!(values, [150.0, 200.0]);
    assert_eq!(
        apart["data"][0]["date"], "2026-11-16",
        "weeks start on Monday"
    );
}

#[tokio::test]
async fn every_kind_of_series_says_which_sources_are_in_a_bucket() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    upload(&test, &ada, "/api/v1/health-data", &heart_rates(0, 10)).await;
    let strap = json!({"data_type": "heart_rate", "source": "Strap",
        "values": [{"value": 90, "timestamp": "2026-11-18T00:01:00Z"}]});
    upload(&test, &ada, "/api/v1/health-data", &strap).await;
    let path = "/api/v1/series/heart_rate?start=2026-11-18&end=2026-11-19&resolution=1d";
    let whole = test.get(path, Some(&ada)).await.json();
    assert_eq!(
        (&whole["merge"], &whole["columns"]["n"], &whole["sources"]),
        (&json!("all"), &json!([11]), &json!([])),
        "{whole}"
    );
    let apart = test
        .get(&format!("{path}&merge=none&layout=rows"), Some(&ada))
        .await
        .json();
    assert_eq!(apart["merge"], "none");
    let sources = apart["sources"].as_array().expect("sources");
    let rows = apart["data"].as_array().expect("rows");
    assert_eq!((sources.len(), rows.len()), (2, 2), "{apart}");
    let strap = rows.iter().find(|row| row["n"] == 1).expect("a row");
    assert_eq!(strap["mean"], 90.0);
    let place = strap["source"].as_u64().expect("a place");
    assert_eq!(sources[usize::try_from(place).expect("small")], "Strap");
    test.get(&format!("{path}&merge=priority"), Some(&ada))
        .await
        .problem(422, "validation_failed");
}

#[tokio::test]
async fn what_is_stored_is_told_by_kind() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let bob = test.register("bob@example.org").await;
    upload(&test, &ada, "/api/v1/health-data", &heart_rates(0, 10)).await;
    settle(&test).await;
    let found = test.get("/api/v1/storage", Some(&ada)).await.json();
    let parts = found["parts"].as_array().expect("parts");
    let of = |kind: &str| {
        let part = parts.iter().find(|part| part["kind"] == kind);
        let number = |name: &str| part.and_then(|part| part[name].as_u64()).expect("a number");
        (number("count"), number("bytes"))
    };
    assert_eq!(of("samples").0, 10, "{found}");
    assert_eq!(of("records"), (0, 0));
    assert_eq!(of("aside"), (0, 0));
    for kind in ["samples", "days", "uploads"] {
        assert!(of(kind).0 > 0 && of(kind).1 > 0, "{kind}: {found}");
    }
    let bytes: u64 = parts.iter().filter_map(|part| part["bytes"].as_u64()).sum();
    assert_eq!(found["bytes"], bytes);
    assert_eq!(
        (&found["first"], &found["last"]),
        (&json!("2026-11-18"), &json!("2026-11-18"))
    );
    let none = test.get("/api/v1/storage", Some(&bob)).await.json();
    assert_eq!((&none["bytes"], &none["first"]), (&json!(0), &Value::Null));
}

#[tokio::test]
async fn an_order_of_sources_is_tried_without_being_saved() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let body = json!({"quantity_samples": [
        steps("iPhone", "2026-11-18T08:00:00Z", "2026-11-18T08:20:00Z", 200),
        steps("Apple Watch", "2026-11-18T08:10:00Z", "2026-11-18T08:20:00Z", 150),
    ]});
    upload(&test, &ada, "/api/v1/healthkit", &body).await;
    let read = async |path: &str| {
        let answer = test
            .get(&format!("/api/v1/series/{path}"), Some(&ada))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        answer.json()
    };
    let day = "start=2026-11-18&end=2026-11-19";
    // The phone first, tried and not saved: all of its 200, nothing of the watch.
    let sources = test.get("/api/v1/sources?metric=steps", Some(&ada)).await;
    let sources = sources.json();
    let place = |name: &str| {
        let mut all = sources["data"].as_array().expect("rows").iter();
        let found = all.position(|source| source["name"] == name);
        found.expect("a source") + 1
    };
    let (phone, watch) = (place("iPhone"), place("Apple Watch"));
    assert!(watch < phone, "the usual order");
    let tried = read(&format!("steps?{day}&resolution=1d&order={phone},{watch}")).await;
    assert_eq!(tried["columns"]["value"], json!([200.0]));
    let tried = read(&format!("steps?{day}&resolution=1d&order={phone}")).await;
    assert_eq!(
        tried["columns"]["value"],
        json!([200.0]),
        "the others follow"
    );
    let apart = read(&format!(
        "steps?{day}&resolution=1d&merge=none&order={phone},{watch}&layout=rows"
    ))
    .await;
    let mut counted: Vec<(f64, f64)> = apart["data"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| {
            (
                row["value"].as_f64().expect("a value"),
                row["counted"].as_f64().expect("a value"),
            )
        })
        .collect();
    counted.sort_by(|one, other| one.0.total_cmp(&other.0));
    assert_eq!(counted, [(150.0, 0.0), (200.0, 200.0)]);
    let merged = read(&format!("steps?{day}&resolution=1d")).await;
    assert_eq!(
        merged["columns"]["value"],
        json!([250.0]),
        "nothing was saved"
    );
    for order in ["", "0", "9", "1,1", "1;2", "Watch"] {
        let path = format!("/api/v1/series/steps?{day}&resolution=1d&order={order}");
        test.get(&path, Some(&ada))
            .await
            .problem(400, "invalid_parameter");
    }
    let raw = format!("/api/v1/series/steps?{day}&order=2,1");
    test.get(&raw, Some(&ada))
        .await
        .problem(400, "invalid_parameter");
}

#[tokio::test]
async fn series_refuse_what_they_cannot_answer() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    for (path, status, code) in [
        ("warp_factor", 404, "not_found"),
        (
            "heart_rate?start=2026-01-01&end=2026-03-01",
            422,
            "validation_failed",
        ),
        (
            "heart_rate?resolution=1d&merge=priority",
            422,
            "validation_failed",
        ),
        ("heart_rate?resolution=2h", 400, "invalid_parameter"),
        (
            "heart_rate?start=2026-01-02&end=2026-01-02",
            422,
            "validation_failed",
        ),
    ] {
        let path = format!("/api/v1/series/{path}");
        test.get(&path, Some(&ada)).await.problem(status, code);
    }
    let accept = [("accept", "text/csv, application/vnd.apache.arrow.file")];
    let path = "/api/v1/series/heart_rate";
    let table = test
        .send(request(Method::GET, path, Some(&ada), &accept, None))
        .await;
    table.problem(406, "not_acceptable");
    let accept = [("accept", "text/html, application/*;q=0.5")];
    let json = test
        .send(request(Method::GET, path, Some(&ada), &accept, None))
        .await;
    assert_eq!(json.status, StatusCode::OK);
}

/// A night, an hour of heart rates and some steps on 2026-11-18.
async fn one_day(test: &TestApp, person: &Person) {
    upload(test, person, "/api/v1/health-data", &heart_rates(0, 60)).await;
    let asleep = |start: &str, end: &str, value: u8| {
        json!({"type": "HKCategoryTypeIdentifierSleepAnalysis", "value": value, "start_date": start,
               "end_date": end, "source_name": "Apple Watch"})
    };
    let body = json!({"category_samples": [
        asleep("2026-11-17T22:00:00Z", "2026-11-18T02:00:00Z", 3),
        asleep("2026-11-18T02:00:00Z", "2026-11-18T05:30:00Z", 4),
    ], "quantity_samples": [
        steps("iPhone", "2026-11-18T08:00:00Z", "2026-11-18T08:20:00Z", 200),
    ]});
    upload(test, person, "/api/v1/healthkit", &body).await;
    settle(test).await;
}

/// What an answer says about 2026-11-18.
async fn of_the_day(test: &TestApp, person: &Person, path: &str) -> Value {
    let path = format!("/api/v1/{path}?start=2026-11-17&end=2026-11-20");
    let answer = test.get(&path, Some(person)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let answer = answer.json();
    let days = answer["data"].as_array().expect("days");
    let day = days.iter().find(|day| day["date"] == "2026-11-18");
    day.expect("the day").clone()
}

#[tokio::test]
async fn days_are_summarised() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let bob = test.register("bob@example.org").await;
    one_day(&test, &ada).await;
    let path = "/api/v1/summaries/daily?start=2026-11-17&end=2026-11-20";
    let answer = test.get(path, Some(&ada)).await;
    let days = answer.json();
    assert_eq!(days["data"].as_array().map(Vec::len), Some(2), "{days}");
    let day = of_the_day(&test, &ada, "summaries/daily").await;
    assert_eq!(day["zone"], "UTC");
    assert_eq!(day["metrics"]["step_count"]["kind"], "cumulative");
    assert_eq!(day["metrics"]["step_count"]["value"], json!(200.0));
    assert_eq!(
        day["metrics"]["step_count"]["by_source"][0]["source"],
        "iPhone"
    );
    assert_eq!(day["metrics"]["heart_rate"]["n"], json!(60));
    assert!(day.get("activity").is_none());
    let with = format!("{path}&include=activity");
    let with = test.get(&with, Some(&ada)).await.json();
    assert_eq!(with["data"][1]["activity"]["steps"]["value"], json!(200.0));
    let tag = answer.header("etag").to_owned();
    let again = request(
        Method::GET,
        path,
        Some(&ada),
        &[("if-none-match", &tag)],
        None,
    );
    assert_eq!(test.send(again).await.status, StatusCode::NOT_MODIFIED);
    assert_eq!(test.get(path, Some(&bob)).await.json()["data"], json!([]));
    for path in ["summaries/daily", "sleep", "cardio"] {
        let path = format!("/api/v1/{path}?start=2024-01-01&end=2026-01-01");
        let answer = test.get(&path, Some(&ada)).await;
        answer.problem(422, "validation_failed");
    }
}

#[tokio::test]
async fn nights_and_hearts_are_read_from_the_same_days() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    one_day(&test, &ada).await;
    let night = of_the_day(&test, &ada, "sleep").await;
    assert_eq!(night["main"]["asleep_min"], json!(450.0));
    assert_eq!(night["main"]["stages_min"]["deep"], json!(210.0));
    assert_eq!(night["main"]["onset"], "2026-11-17T22:00:00Z");
    assert_eq!(night["main"]["efficiency"], Value::Null);
    assert!(night["main"]["in_bed_reason"].is_string());
    let day = of_the_day(&test, &ada, "cardio").await;
    assert!(day["nocturnal_heart_rate_mean"]["method"].is_string());
    let missing = &day["hrv_sdnn_day"];
    assert!(
        missing["value"].is_null() && missing["reason"].is_string(),
        "{day}"
    );
}
