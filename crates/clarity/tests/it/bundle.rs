//! The bundle: everything that is kept about a person, nothing of anybody else, and no secret.

use std::collections::BTreeMap;
use std::io::Read as _;

use axum::http::StatusCode;
use clarity::access::{Permission, RULES};
use serde_json::{Value, json};

use crate::files::{EXPORT, import};
use crate::harness::{Person, TestApp};
use crate::uploads::settle;

async fn bundle(test: &TestApp, person: &Person) -> BTreeMap<String, String> {
    let path = "/api/v1/health-data/export?format=bundle";
    let answer = test.get(path, Some(person)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "application/zip");
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&answer.bytes)).expect("a zip");
    (0..archive.len())
        .map(|at| {
            let mut member = archive.by_index(at).expect("a member");
            let mut bytes = Vec::new();
            member.read_to_end(&mut bytes).expect("its bytes");
            (
                member.name().expect("a name").into_owned(),
                String::from_utf8_lossy(&bytes).into_owned(),
            )
        })
        .collect()
}

fn lines(text: &str) -> Vec<Value> {
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

/// Somebody with something of everything.
async fn person(test: &TestApp, email: &str) -> (Person, String) {
    let person = test.register(email).await;
    let imported = import(test, &person, EXPORT.as_bytes()).await;
    assert_eq!(imported.status, StatusCode::ACCEPTED, "{}", imported.text());
    settle(test).await;
    let goal = json!({"goal_type": "more_exercise", "description": format!("walk of {email}"),
                      "metric": "step_count", "target_value": 9_000, "unit": "1"});
    let made = test
        .post("/api/v1/health-goals", Some(&person), &goal)
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let at = "2026-11-19T07:00:00Z";
    let meal = json!({"meal_type": "lunch", "meal_description": "soup", "calories": 300});
    let eaten = json!({"meal_type": "lunch", "meal_description": "soup", "logged_at": at});
    let insight = json!({"title": "t", "description": "d", "insight_type": "trend"});
    for (path, body) in [
        (
            "health-metrics",
            json!({"metric_type": "weight", "value": 80, "recorded_at": at}),
        ),
        ("nutrition-logs", eaten),
        ("nutrition-favourites", meal),
        ("health-insights", insight),
    ] {
        let made = test
            .post(&format!("/api/v1/{path}"), Some(&person), &body)
            .await;
        assert_eq!(made.status, StatusCode::CREATED, "{path}: {}", made.text());
    }
    settle(test).await;
    let device = json!({"name": format!("phone of {email}")});
    let made = test.post("/api/v1/devices", Some(&person), &device).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let key = made.json()["pairing"]["key"]
        .as_str()
        .expect("a key")
        .to_owned();
    (person, key)
}

#[tokio::test]
async fn a_bundle_holds_everything_of_one_person() {
    let test = TestApp::new().await;
    let (ada, key) = person(&test, "ada@example.org").await;
    let (_bob, _) = person(&test, "bob@example.org").await;
    let whole = bundle(&test, &ada).await;
    let names: Vec<&str> = whole.keys().map(String::as_str).collect();
    let wanted = [
        "account.json",
        "audit.ndjson",
        "days.ndjson",
        "entries.ndjson",
        "goals.ndjson",
        "health-data-daily.csv",
        "health-data.arrows",
        "health-data.ndjson",
        "index.html",
        "insights.ndjson",
        "uploads.ndjson",
    ];
    assert_eq!(names, wanted);
    let lone = test.get("/api/v1/health-data/export", Some(&ada)).await;
    assert_eq!(whole["health-data.ndjson"], lone.text());

    let account: Value = serde_json::from_str(&whole["account.json"]).expect("JSON");
    assert_eq!(account["email"], "ada@example.org");
    assert_eq!(account["devices"][0]["name"], "phone of ada@example.org");
    assert!(account["documents"]["dictionary"].is_object());
    assert_eq!(account["sessions"].as_array().map(Vec::len), Some(1));
    let goals = lines(&whole["goals.ndjson"]);
    assert_eq!(goals[0]["description"], "walk of ada@example.org");
    assert_eq!(lines(&whole["uploads.ndjson"]).len(), 1);
    let entries = lines(&whole["entries.ndjson"]);
    let mut kinds: Vec<&str> = entries
        .iter()
        .filter_map(|one| one["kind"].as_str())
        .collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["favourite", "insight", "meal", "metric"]);
    assert!(
        entries.iter().all(|one| one["content"].is_object()),
        "{entries:?}"
    );
    let days = lines(&whole["days.ndjson"]);
    assert_eq!(
        days.len(),
        whole["health-data-daily.csv"].lines().count() - 1
    );
    let log = lines(&whole["audit.ndjson"]);
    let did = |what: &str| log.iter().any(|line| line["entry"]["what"] == what);
    assert!(
        did("export_health_data") && did("add_goal") && did("register"),
        "{log:?}"
    );

    let page = &whole["index.html"];
    for name in wanted.iter().filter(|name| **name != "index.html") {
        assert!(page.contains(&format!("<a href=\"{name}\">")), "{name}");
    }
    for text in whole.values() {
        for foreign in ["bob@example.org", &key, "$argon2", "<script"] {
            assert!(!text.contains(foreign), "{foreign}");
        }
    }
}

#[tokio::test]
async fn an_empty_account_has_a_bundle_too() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let whole = bundle(&test, &ada).await;
    assert_eq!(whole["days.ndjson"], "");
    assert!(whole["index.html"].contains("<td>0<td>Your goals."));
}

/// Computed from what is in it, about the server, or a view of one of its lines.
const DERIVED: &[&str] = &[
    "list_daily_summaries",
    "get_days",
    "get_nutrition_totals",
    "get_coverage",
    "list_own_metrics",
    "list_reconciled_totals",
    "list_nights",
    "get_sleep_debt",
    "get_periodogram",
    "get_sleep_timing",
    "get_storage",
    "get_rhythm",
    "get_cardio",
    "get_fitness",
    "get_workout_effort",
    "get_training_load",
    "get_trend",
    "get_anomalies",
    "get_trial",
    "get_insight_status",
    "get_analysis",
    "list_pat_weeks",
    "get_pat_health",
    "list_pat_models",
    "analyze_recording",
    "write_recording_page",
    "stream_events",
    "stream_import_events",
    "get_processing",
    "get_device_pairing",
    "export_health_data",
    "get_erasure",
];
/// Which operations show what of a member.
const MEMBERS: &[(&str, &[&str])] = &[
    (
        "health-data.ndjson",
        &[
            "list_samples",
            "get_series",
            "list_beat_series",
            "get_beat_series",
            "list_ecgs",
            "get_ecg",
            "list_workouts",
            "get_workout",
        ],
    ),
    (
        "account.json",
        &[
            "get_account",
            "get_second_factor",
            "list_sessions",
            "list_api_keys",
            "list_grants",
            "list_received_grants",
            "get_preferences",
            "get_profile",
            "list_devices",
            "list_sources",
        ],
    ),
    ("audit.ndjson", &["list_audit"]),
    (
        "entries.ndjson",
        &[
            "list_entered_metrics",
            "list_metrics_entered_by",
            "get_entered_metric",
            "list_meals",
            "list_meals_of",
            "get_meal",
            "list_favourites",
            "list_written_insights",
            "list_insights_written_by",
            "get_written_insight",
        ],
    ),
    ("goals.ndjson", &["list_goals", "get_goal"]),
    ("insights.ndjson", &["get_daily_insight", "get_insight"]),
    ("uploads.ndjson", &["list_imports", "get_import"]),
];

/// What can be read of a person is in a member of the bundle, or follows from what is.
#[test]
fn everything_that_can_be_read_is_in_the_bundle() {
    let known: Vec<&str> = MEMBERS
        .iter()
        .flat_map(|(_, operations)| *operations)
        .chain(DERIVED)
        .copied()
        .collect();
    let reading = RULES
        .iter()
        .filter(|rule| rule.needs == Some(Permission::ReadOwnData));
    let reading: Vec<&str> = reading.map(|rule| rule.operation).collect();
    let missing: Vec<&&str> = reading
        .iter()
        .filter(|name| !known.contains(name))
        .collect();
    assert_eq!(
        missing,
        Vec::<&&str>::new(),
        "put what they read into src/export/bundle.rs, and them into a list"
    );
    let gone: Vec<&&str> = known
        .iter()
        .filter(|name| !reading.contains(name))
        .collect();
    assert_eq!(gone, Vec::<&&str>::new());
}
