//! Every GET operation with a person whose data has everything: what is sent is what is documented.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use clarity::auth::account::{self, Email};
use clarity::auth::password;
use clarity::auth::role::Role;
use clarity::demo;
use futures::StreamExt;
use model::ids::UserId;
use pat::Size;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::files::{EXPORT, import};
use crate::harness::{PASSWORD, Person, TestApp, request};
use crate::models::{install, weights};
use crate::schema;
use crate::uploads::settle;

/// Questions beside the plain one that bring out parts of an answer which it lacks.
const QUESTIONS: &[(&str, &[&str])] = &[
    ("/api/v1/summaries/daily", &["include=activity"]),
    (
        "/api/v1/days",
        &["metrics=steps,heart_rate,sleep_analysis,body_mass"],
    ),
    ("/api/v1/sources", &["metric=steps"]),
    ("/api/v1/rhythm", &["measures=all", "measures=m10"]),
    (
        "/api/v1/trends",
        &[
            "metric=steps&timeframe=week",
            "metric=heart_rate&timeframe=month",
            "metric=bedtime&timeframe=year",
            "metric=hrv_rmssd&timeframe=quarter",
        ],
    ),
    ("/api/v1/anomalies", &["end=2026-11-20&start=2026-10-01"]),
    (
        "/api/v1/reconciliation",
        &["end=2026-11-20&start=2026-10-01", "metrics=steps"],
    ),
    (
        "/api/v1/trials",
        &[
            "metric=steps&design=before_after&change=2026-11-05",
            "metric=resting_heart_rate&design=lagged&exposure=steps&lags=-3,-2,-1,0,1,2,3",
            "metric=sleep_duration&design=crossover&start=2026-10-01&end=2026-11-20\
             &without=2026-10-05/2026-10-12,2026-10-19/2026-10-26,2026-11-02/2026-11-09\
             &with=2026-10-12/2026-10-19,2026-10-26/2026-11-02,2026-11-09/2026-11-16",
        ],
    ),
    (
        "/api/v1/load",
        &["resting_heart_rate=55&maximal_heart_rate=185"],
    ),
    ("/api/v1/sleep/debt", &["need_min=480"]),
    (
        "/api/v1/workouts/{workout_id}/effort",
        &["resting_heart_rate=55&maximal_heart_rate=185"],
    ),
    (
        "/api/v1/health-data",
        &["limit=3", "limit=500&data_type=sleep_analysis"],
    ),
    (
        "/api/v1/health-data/export",
        &["format=ndjson", "format=json", "format=csv"],
    ),
    (
        "/api/v1/series/{metric}",
        &[
            "start=2026-11-18&end=2026-11-20&layout=rows",
            "start=2026-11-18&end=2026-11-20&resolution=1h",
            "start=2026-11-18&end=2026-11-20&resolution=5m&layout=rows",
            "resolution=1d&merge=none",
            "resolution=1w&layout=rows",
        ],
    ),
];

/// Operations that need a query to mean anything.
const NEVER_PLAIN: &[&str] = &["/api/v1/trends", "/api/v1/trials", "/api/v1/days"];

/// Metrics of every kind.
const METRICS: &[&str] = &[
    "step_count",
    "heart_rate",
    "sleep_analysis",
    "body_mass",
    "stand_hours",
];

/// What stands for the parameters of paths.
struct Names {
    import: String,
    insight: String,
    analysis: String,
    workout: String,
    beats: String,
    ecg: String,
    device: String,
    erasure: String,
    goal: String,
    entry: String,
    meal: String,
    written: String,
    user: String,
}

impl Names {
    fn of(&self, parameter: &str) -> Vec<&str> {
        match parameter {
            "import_id" | "processing_id" => vec![&self.import],
            "insight_id" => vec![&self.insight],
            "analysis_id" => vec![&self.analysis],
            "workout_id" => vec![&self.workout],
            "series_id" => vec![&self.beats],
            "ecg_id" => vec![&self.ecg],
            "device_id" => vec![&self.device],
            "erasure_id" => vec![&self.erasure],
            "goal_id" => vec![&self.goal],
            "entry_id" => vec![&self.entry],
            "meal_id" => vec![&self.meal],
            "written_id" => vec![&self.written],
            "user_id" => vec![&self.user],
            "metric" => METRICS.to_vec(),
            "file" => vec!["swagger-ui.css", "swagger-init.js"],
            other => panic!("nothing stands for the path parameter {other}"),
        }
    }
}

async fn administrator(test: &TestApp) -> Person {
    let hash = password::hash(&test.app, PASSWORD).await.expect("a hash");
    let mut tx = test.app.store.write().await.expect("a transaction");
    let email = Email::parse("root@example.org").expect("an address");
    let created = account::create(&test.app, &mut tx, &email, &hash, Role::Admin).await;
    created.expect("an administrator");
    tx.commit().await.expect("a commit");
    let login = json!({"email": "root@example.org", "password": PASSWORD});
    Person::from_tokens(&test.post("/api/v1/auth/login", None, &login).await.json())
}

async fn get(test: &TestApp, person: &Person, path: &str) -> Value {
    let answer = test.get(path, Some(person)).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
    answer.json()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// A meal, a favourite and an insight that the person wrote.
async fn personal(test: &TestApp, person: &Person) -> (String, String) {
    let lunch = json!({"meal_type": "lunch", "meal_description": "Soup", "calories": 420,
        "logged_at": "2026-11-19T12:00:00Z"});
    let lunch = test
        .post("/api/v1/nutrition-logs", Some(person), &lunch)
        .await;
    assert_eq!(lunch.status, StatusCode::CREATED, "{}", lunch.text());
    let soup = json!({"meal_type": "lunch", "meal_description": "Soup", "calories": 420});
    let kept = test
        .post("/api/v1/nutrition-favourites", Some(person), &soup)
        .await;
    assert_eq!(kept.status, StatusCode::CREATED, "{}", kept.text());
    let insight = json!({"title": "Less coffee", "description": "Better nights",
        "insight_type": "trend", "rank": 2, "related_metric_types": ["caffeine"],
        "links": ["https://example.org/coffee"]});
    let insight = test
        .post("/api/v1/health-insights", Some(person), &insight)
        .await;
    assert_eq!(insight.status, StatusCode::CREATED, "{}", insight.text());
    let insight = insight.json();
    (text(&lunch.json()["meal_id"]), text(&insight["written_id"]))
}

/// A person with sixty days of a watch and a phone, an imported file, a model and an analysis.
async fn live(test: &TestApp) -> (Person, Names) {
    install(&test.app.config.data_dir, &weights(Size::Small, 1));
    let person = administrator(test).await;
    let user: UserId = text(&get(test, &person, "/api/v1/auth/me").await["id"])
        .parse()
        .expect("an id");
    // Before there is anything that it would take along.
    let path = "/api/v1/health-data/purge";
    let purge = request(Method::DELETE, path, Some(&person), &[], None);
    let erasure = text(&test.send(purge).await.json()["erasure_id"]);
    let home = json!({"time_zone": "Europe/Berlin", "birth_date": "1985-12-10", "sex": "female"});
    let profile = test.put("/api/v1/user/profile", &person, &[], &home).await;
    assert_eq!(profile.status, StatusCode::OK, "{}", profile.text());
    let brought = demo::bring(&test.app, user, demo::who::Who::Robin)
        .await
        .expect("a life");
    assert!(brought > 10_000, "{brought}");
    let imported = import(test, &person, EXPORT.as_bytes()).await.json();
    settle(test).await;
    let minutes: Vec<u32> = (0..10_080)
        .map(|minute| {
            if minute % 1440 < 420 {
                0
            } else {
                300 + minute % 97
            }
        })
        .collect();
    let week = json!({"start": "2026-04-20T00:00", "counts": minutes, "worn_at": "wrist", "model": "fast"});
    let analysis = test
        .post("/api/v1/pat/analysis", Some(&person), &week)
        .await;
    assert_eq!(analysis.status, StatusCode::CREATED, "{}", analysis.text());
    let phone = json!({"name": "Phone"});
    let phone = test.post("/api/v1/devices", Some(&person), &phone).await;
    let goal = json!({"goal_type": "more_exercise", "metric": "steps", "target_value": 1e4});
    let goal = test
        .post("/api/v1/health-goals", Some(&person), &goal)
        .await;
    let weight = json!({"metric_type": "weight", "value": 180, "unit": "lb",
        "recorded_at": "2026-11-19T07:00:00Z"});
    let entry = test
        .post("/api/v1/health-metrics", Some(&person), &weight)
        .await;
    assert_eq!(entry.status, StatusCode::CREATED, "{}", entry.text());
    let (meal, written) = personal(test, &person).await;
    let names = Names {
        meal,
        written,
        entry: text(&entry.json()["entry_id"]),
        user: user.to_string(),
        goal: text(&goal.json()["goal_id"]),
        device: text(&phone.json()["device_id"]),
        erasure,
        import: text(&imported["import_id"]),
        insight: text(&get(test, &person, "/api/v1/insights/daily").await["id"]),
        analysis: text(&analysis.json()["id"]),
        workout: text(&get(test, &person, "/api/v1/workouts").await["data"][0]["id"]),
        beats: text(&get(test, &person, "/api/v1/cardio/beats").await["data"][0]["id"]),
        ecg: text(&get(test, &person, "/api/v1/cardio/ecgs").await["data"][0]["id"]),
    };
    (person, names)
}

/// The paths to ask for one template: plain, and with each of its questions.
fn paths(template: &str, names: &Names) -> Vec<String> {
    let mut filled = vec![template.to_owned()];
    while let Some((before, after)) = filled[0].clone().split_once('{') {
        let (parameter, _) = after.split_once('}').expect("a closed parameter");
        let place = format!("{{{parameter}}}");
        assert!(before.len() < template.len());
        let all = filled.iter().flat_map(|path| {
            let values = names.of(parameter).into_iter();
            values
                .map(|value| path.replace(&place, value))
                .collect::<Vec<_>>()
        });
        filled = all.collect();
    }
    let questions = QUESTIONS.iter().find(|(path, _)| *path == template);
    let questions = questions.map_or(&[] as &[&str], |(_, questions)| questions);
    let mut all = Vec::new();
    for path in filled {
        all.extend(
            questions
                .iter()
                .map(|question| format!("{path}?{question}")),
        );
        if !NEVER_PLAIN.contains(&template) {
            all.push(path);
        }
    }
    all
}

/// The first event of a stream that does not end by itself.
async fn first_event(test: &TestApp, person: &Person) -> (u16, String) {
    let headers = [("last-event-id", "0")];
    let asked = request(Method::GET, "/api/v1/events", Some(person), &headers, None);
    let response = test.router().oneshot(asked).await.expect("infallible");
    let status = response.status().as_u16();
    let media_type = response.headers()["content-type"]
        .to_str()
        .expect("text")
        .to_owned();
    let mut chunks = response.into_body().into_data_stream();
    let next = tokio::time::timeout(Duration::from_secs(10), chunks.next()).await;
    assert!(next.expect("an event in time").is_some(), "an event");
    (status, media_type)
}

#[tokio::test]
async fn every_answer_is_what_the_document_says() {
    let test = TestApp::new().await;
    let (person, names) = Box::pin(live(&test)).await;
    let document = schema::document();
    let (mut differences, mut unseen, mut answers) = (Vec::new(), BTreeSet::new(), 0);
    for (template, item) in document["paths"].as_object().expect("paths") {
        let operation = &item["get"];
        if !operation.is_object() {
            continue;
        }
        let mut is_seen = false;
        if template == "/api/v1/events" {
            let (status, media_type) = first_event(&test, &person).await;
            let content = &operation["responses"][status.to_string()]["content"];
            is_seen = content.get(&media_type).is_some();
        } else {
            for path in paths(template, &names) {
                let answer = test.get(&path, Some(&person)).await;
                let is_right = answer.status == StatusCode::OK;
                if !is_right {
                    differences.push(format!("{path}: {}", answer.text()));
                }
                is_seen |= is_right;
                answers += 1;
                let sent = answer.sent(&Method::GET, &path);
                let found = schema::differences(document, &sent);
                if schema::is_open(&path) {
                    assert!(!found.is_empty(), "{path} is described after all");
                } else {
                    differences.extend(found);
                }
            }
        }
        if !is_seen {
            unseen.insert(template.clone());
        }
    }
    differences.sort();
    differences.dedup();
    assert_eq!(
        differences,
        [] as [String; 0],
        "{} of {answers} answers",
        differences.len()
    );
    assert_eq!(
        unseen,
        BTreeSet::new(),
        "operations whose answer was not seen"
    );
    assert!(answers > 60, "{answers}");
}

#[tokio::test]
async fn every_cited_number_is_where_the_citation_says() {
    let test = TestApp::new().await;
    let (person, _) = Box::pin(live(&test)).await;
    let insight = get(&test, &person, "/api/v1/insights/daily").await;
    let facts = insight["facts"].as_array().expect("facts");
    assert!(facts.len() >= 3, "{insight}");
    for fact in facts {
        let query = |query: &Value| (text(&query["request"]), text(&query["pointer"]));
        let (request, pointer) = query(&fact["query"]);
        let answer = get(&test, &person, &request).await;
        let found = answer.pointer(&pointer).expect("what is cited");
        if fact["statement"] != "clock_time" {
            assert_eq!(found, &fact["value"], "{request} {pointer}");
        }
        if fact["baseline"].is_null() {
            continue;
        }
        let (request, pointer) = query(&fact["baseline"]["query"]);
        let answer = get(&test, &person, &request).await;
        let days = answer["data"].as_array().expect("days").len();
        let holds = |day: &usize| {
            let pointer = pointer.replacen("/0/", &format!("/{day}/"), 1);
            answer
                .pointer(&pointer)
                .is_some_and(|found| !found.is_null())
        };
        let count = (0..days).filter(holds).count();
        assert_eq!(json!(count), fact["baseline"]["n"], "{request} {pointer}");
    }
}
