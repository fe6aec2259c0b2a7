//! The main job against ground truth: exports of the project's own generator, and of a second one
//! beside the project when it is at hand, are imported through the API, and what comes out equals
//! what the generator says it put in.
//! `CLARITY_TRUTH_SEED` replaces the seeds, to try other people than the usual four.

use std::path::{Path, PathBuf};
use std::process::Command;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use oracle::absence::{Absent, skip};
use oracle::export::Form;
use serde_json::{Value, json};

use crate::harness::{Person, SECOND_US, TestApp};

/// The generator, beside the project.
fn generator() -> Option<PathBuf> {
    let path = oracle::data::shared("tools/gen_export.py")?;
    let python = Command::new("python3")
        .arg("--version")
        .output()
        .is_ok_and(|o| o.status.success());
    if !python {
        skip(Absent::Program("python3"));
        return None;
    }
    Some(path)
}

/// A generated export and its truth.
pub(crate) struct Generated {
    pub(crate) bytes: Vec<u8>,
    truth: Value,
}

fn generate(generator: &Path, name: &str, arguments: &[&str]) -> Generated {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join(name);
    let truth = folder.path().join("truth.json");
    let status = Command::new("python3")
        .arg(generator)
        .arg("--out")
        .arg(&out)
        .arg("--truth")
        .arg(&truth)
        .args(arguments)
        .stderr(std::process::Stdio::null())
        .status()
        .expect("python3 runs");
    assert!(status.success(), "the generator refused {arguments:?}");
    let text = std::fs::read(&truth).expect("a truth file");
    Generated {
        bytes: std::fs::read(&out).expect("an export"),
        truth: serde_json::from_slice(&text).expect("JSON"),
    }
}

pub(crate) async fn import(app: &TestApp, person: &Person, bytes: &[u8]) -> Value {
    let request = Request::builder()
        .method(Method::POST)
        .uri("/api/v1/imports?format=auto")
        .header("authorization", format!("Bearer {}", person.access))
        .header("content-type", "application/octet-stream")
        .body(Body::from(bytes.to_vec()))
        .expect("a request");
    let answer = app.send(request).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    answer.json()
}

pub(crate) async fn person_in(app: &TestApp, email: &str, zone: &str) -> Person {
    let person = app.register(email).await;
    let answer = app
        .put(
            "/api/v1/user/profile",
            &person,
            &[],
            &json!({"time_zone": zone}),
        )
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    person
}

async fn settle(app: &TestApp) {
    app.app.clock.advance_us(5 * SECOND_US);
    app.run_jobs().await;
}

async fn day_zone(app: &TestApp, person: &Person, which: &str) {
    let body = json!({"day_zone": which});
    let answer = app
        .put("/api/v1/user/preferences", person, &[], &body)
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    settle(app).await;
}

/// All days of a list endpoint, over whole years.
async fn days(app: &TestApp, person: &Person, path: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for year in 2022..=2026 {
        let asked = format!("/api/v1/{path}?start={year}-01-01&end={}-01-01", year + 1);
        let answer = app.get(&asked, Some(person)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        all.extend(
            answer.json()["data"]
                .as_array()
                .expect("a list")
                .iter()
                .cloned(),
        );
    }
    all
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is not a number"))
}

fn fraction(text: &str) -> f64 {
    let (top, bottom) = text.split_once('/').expect("a fraction");
    top.parse::<f64>().expect("a number") / bottom.parse::<f64>().expect("a number")
}

fn check_counts(truth: &Value, report: &Value) {
    let types = truth["counts"]["types"].as_object().expect("types");
    for (name, expect) in types {
        let found = &report["by_type"][name];
        let count = |field: &str| found[field].as_u64().unwrap_or(0);
        let seen = count("accepted") + count("duplicates") + count("rejected");
        assert_eq!(Some(seen), expect["top_level"].as_u64(), "{name}: {found}");
        assert_eq!(
            Some(count("duplicates")),
            expect["exact_duplicates"].as_u64(),
            "{name}"
        );
    }
    let elements = &truth["counts"]["elements"];
    for (kind, element) in [
        ("workouts", "Workout"),
        ("correlations", "Correlation"),
        ("activity_summaries", "ActivitySummary"),
    ] {
        let expect = elements[element].as_u64().unwrap_or(0);
        assert_eq!(
            report["records"][kind].as_u64().unwrap_or(0),
            expect,
            "{kind}"
        );
    }
    let rejected = report["rejected"].as_u64().expect("a count");
    let oddities = truth["oddities"].as_array().expect("a list").len();
    let expect = &truth["counts"]["rejected"];
    assert_eq!(
        rejected,
        expect.as_u64().unwrap_or(if oddities > 0 { 5 } else { 0 }),
        "{}",
        report["rejected_by_code"]
    );
    let unknown = report["unknown_types"].to_string();
    assert_eq!(
        unknown.contains("FutureMetricNobodyKnows"),
        oddities > 0,
        "{unknown}"
    );
}

async fn check_steps(app: &TestApp, person: &Person, truth: &Value) {
    day_zone(app, person, "home").await;
    let found = days(app, person, "summaries/daily").await;
    let merged = truth["steps_merged"]["days"].as_object().expect("days");
    for (date, expect) in merged {
        let expect = fraction(
            expect["interval_priority"]["exact"]
                .as_str()
                .expect("a text"),
        );
        let day = found.iter().find(|day| day["date"] == date.as_str());
        let steps = day.map(|day| number(&day["metrics"]["step_count"]["value"]));
        let difference = steps.map_or(expect, |steps| (steps - expect).abs());
        assert!(difference <= 1e-6, "{date}: {steps:?} steps, not {expect}");
    }
    let with_steps = found
        .iter()
        .filter(|day| !day["metrics"]["step_count"].is_null())
        .count();
    assert_eq!(with_steps, merged.len(), "days with steps");
}

async fn check_sleep(app: &TestApp, person: &Person, truth: &Value) {
    day_zone(app, person, "travel").await;
    let found = days(app, person, "sleep").await;
    let nights = truth["sleep_nights"]["nights"].as_object().expect("nights");
    for (date, expect) in nights {
        let night = found.iter().find(|night| night["date"] == date.as_str());
        let sources = expect["minutes_by_source"].as_object().expect("sources");
        let asleep = |stages: &&Value| {
            stages
                .as_object()
                .is_some_and(|all| all.keys().any(|name| name.starts_with("Asleep")))
        };
        let Some(stages) = sources.values().find(asleep) else {
            let main = night.map_or(&Value::Null, |night| &night["main"]);
            assert!(main.is_null(), "{date}: nobody slept, but {main}");
            continue;
        };
        let night = night.unwrap_or_else(|| panic!("{date}: no night"));
        let naps = night["naps"].as_array().expect("naps");
        for (name, printed) in [
            ("core", "AsleepCore"),
            ("deep", "AsleepDeep"),
            ("rem", "AsleepREM"),
            ("unspecified", "AsleepUnspecified"),
            ("awake", "Awake"),
        ] {
            let episodes = std::iter::once(&night["main"]).chain(naps);
            let minutes: f64 = episodes
                .filter_map(|episode| episode["stages_min"][name].as_f64())
                .sum();
            let expect = stages[printed].as_f64().unwrap_or(0.0);
            assert!(
                (minutes - expect).abs() < 1e-9,
                "{date}: {name} {minutes} min, not {expect}"
            );
        }
    }
}

async fn check_workouts(app: &TestApp, person: &Person, truth: &Value) {
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let answer = app
            .get(&format!("/api/v1/workouts?limit=100{cursor}"), Some(person))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let page = answer.json();
        found.extend(page["data"].as_array().expect("a list").iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let expect = truth["workouts"].as_array().expect("a list");
    assert_eq!(found.len(), expect.len(), "workouts");
    let instant = |value: &Value| {
        value
            .as_str()
            .expect("a time")
            .parse::<jiff::Timestamp>()
            .expect("RFC 3339")
            .as_second()
    };
    for workout in expect {
        let start = instant(&workout["start_utc"]);
        let twin = found.iter().find(|twin| instant(&twin["start"]) == start);
        let twin = twin.unwrap_or_else(|| panic!("no workout at {}", workout["start_utc"]));
        assert_eq!(instant(&twin["end"]), instant(&workout["end_utc"]));
        let text = |name: &str| {
            workout[name]
                .as_str()
                .and_then(|text| text.parse::<f64>().ok())
        };
        let energy = text("energy").expect("energy")
            * if workout["energy_unit"] == "kJ" {
                1.0 / 4.184
            } else {
                1.0
            };
        assert!(
            (number(&twin["active_energy_kcal"]) - energy).abs() < 1e-6,
            "{twin}"
        );
        if let Some(distance) = text("distance") {
            let metres = distance
                * if workout["distance_unit"] == "mi" {
                    1609.344
                } else {
                    1000.0
                };
            assert!(
                (number(&twin["distance_m"]) - metres).abs() < 1e-6,
                "{twin}"
            );
        }
    }
}

async fn check(arguments: &[&str], zone: &str) {
    let Some(generator) = generator() else { return };
    let chosen = std::env::vars().find(|(name, _)| name == "CLARITY_TRUTH_SEED");
    let mut arguments = arguments.to_vec();
    if let Some((_, seed)) = &chosen {
        // Of a repeated argument the generator takes the last.
        arguments.extend(["--seed", seed]);
    }
    let export = generate(&generator, "export.zip", &arguments);
    check_export(&export, zone).await;
}

async fn check_export(export: &Generated, zone: &str) {
    let app = TestApp::new().await;
    let person = person_in(&app, "truth@clarity.invalid", zone).await;
    let report = import(&app, &person, &export.bytes).await;
    settle(&app).await;
    check_counts(&export.truth, &report);
    check_steps(&app, &person, &export.truth).await;
    check_sleep(&app, &person, &export.truth).await;
    check_workouts(&app, &person, &export.truth).await;
    let again = import(&app, &person, &export.bytes).await;
    assert_eq!(again["accepted"], 0, "the same export again: {again}");
    assert_eq!(again["rejected"], report["rejected"]);
    let values = ["steps_merged", "sleep_nights"].map(|part| {
        let days = export.truth[part].as_object().into_iter();
        days.flat_map(|part| {
            part.values()
                .filter_map(Value::as_object)
                .map(serde_json::Map::len)
        })
        .sum::<usize>()
    });
    oracle::tally::compared("days of imported exports", values.iter().sum());
}

/// An export of the project's own generator, as a document or as an archive.
pub(crate) fn invent(seed: u64, home: &str, start: &str, form: Form, packed: Packed) -> Generated {
    let person = oracle::export::Person {
        seed,
        home,
        start: start.parse().expect("a date"),
        days: 45,
        form,
    };
    let export = oracle::export::generate(&person);
    let bytes = match packed {
        Packed::Archive => export.zip(),
        Packed::Document => export.xml.into_bytes(),
    };
    Generated {
        bytes,
        truth: export.truth,
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Packed {
    Archive,
    Document,
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invented_export_of_today_equals_its_truth() {
    let home = "America/New_York";
    let export = invent(31, home, "2026-02-12", Form::Staged, Packed::Archive);
    check_export(&export, home).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invented_old_export_equals_its_truth() {
    let home = "Australia/Sydney";
    let export = invent(32, home, "2022-09-10", Form::Old, Packed::Document);
    check_export(&export, home).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_american_export_of_today_equals_its_truth() {
    check(
        &["--years", "0.3", "--seed", "3", "--density", "0.2"],
        "America/New_York",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_german_export_with_workout_activities_equals_its_truth() {
    let arguments = [
        "--years",
        "0.3",
        "--seed",
        "5",
        "--density",
        "0.2",
        "--home-tz",
        "Europe/Berlin",
        "--units",
        "metric",
        "--locale",
        "de_DE",
        "--workout-activities",
        "--xml-name",
        "Exportieren.xml",
        "--ios",
        "26",
    ];
    check(&arguments, "Europe/Berlin").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_export_with_its_forms_equals_its_truth() {
    let arguments = [
        "--start",
        "2022-07-01",
        "--until",
        "2022-11-30",
        "--seed",
        "11",
        "--density",
        "0.2",
        "--ios",
        "15",
        "--units",
        "metric",
        "--home-tz",
        "Australia/Sydney",
    ];
    check(&arguments, "Australia/Sydney").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_ios_16_0_equals_its_truth() {
    let arguments = [
        "--years",
        "0.2",
        "--seed",
        "17",
        "--density",
        "0.2",
        "--ios",
        "16.0",
    ];
    check(&arguments, "America/New_York").await;
}

/// Everything that is stored, without what differs between two exports by the generator's design:
/// a hearing test is dated at the export itself.
async fn stored(app: &TestApp, person: &Person) -> Vec<String> {
    let answer = app
        .get("/api/v1/health-data/export?format=ndjson", Some(person))
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let text = answer.text();
    text.lines()
        .filter(|line| !line.contains("\"audiogram\""))
        .map(str::to_owned)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_of_two_exports_does_not_matter() {
    let Some(generator) = generator() else { return };
    // Routes and ECGs are only generated for the last days of an export, and so differ by design.
    let common = [
        "--start",
        "2026-01-01",
        "--seed",
        "23",
        "--density",
        "0.15",
        "--routes",
        "0",
        "--ecg",
        "0",
    ];
    let older: Vec<&str> = [&common[..], &["--until", "2026-02-20"]].concat();
    let newer: Vec<&str> = [
        &common[..],
        &["--until", "2026-03-31", "--export-tz", "Europe/London"],
    ]
    .concat();
    let older = generate(&generator, "older.zip", &older);
    let newer = generate(&generator, "newer.zip", &newer);
    let app = TestApp::new().await;
    let mut results = Vec::new();
    for (name, order) in [
        ("newer", vec![&newer]),
        ("older-newer", vec![&older, &newer]),
        ("newer-older", vec![&newer, &older]),
    ] {
        let email = format!("{name}@clarity.invalid");
        let person = person_in(&app, &email, "America/New_York").await;
        for export in order {
            import(&app, &person, &export.bytes).await;
        }
        settle(&app).await;
        let nights = days(&app, &person, "sleep").await;
        let summaries = days(&app, &person, "summaries/daily").await;
        results.push((name, stored(&app, &person).await, nights, summaries));
    }
    let (_, expect, nights, summaries) = results.remove(0);
    for (name, found, its_nights, its_summaries) in results {
        for (expect, found) in expect.iter().zip(&found) {
            assert!(
                expect == found,
                "{name}: {expect:.300}\nis not\n{found:.300}"
            );
        }
        assert_eq!(found.len(), expect.len(), "{name}");
        assert_eq!(its_nights, nights, "{name}");
        assert_eq!(its_summaries, summaries, "{name}");
    }
}
