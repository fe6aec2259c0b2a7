//! `/pat`: what is asked, what is answered without a model and with one, and how weeks wait.

use std::sync::Arc;

use axum::http::StatusCode;
use clarity::pat::lanes::{BATCH_MAX, Lane, LaneError, WAITING_MAX};
use lab::models::LoadedModel;
use pat::Size;
use serde_json::{Value, json};

use crate::days_story::Days;
use crate::harness::{Person, TestApp};
use crate::models::{install, weights};
use crate::recordings::{awd, count, import};

const WEEK_MIN: usize = 10_080;
const COUNTS: &str = "/api/v1/pat/analysis";
const STEPS: &str = "/api/v1/pat/step-analysis";

/// A week of somebody active by day, a little different for each seed.
fn minutes(seed: usize) -> Vec<Option<f64>> {
    (0..WEEK_MIN)
        .map(|minute| {
            let by_day = (7..23).contains(&(minute / 60 % 24));
            let level = if by_day { 300 } else { 2 };
            let step = u32::try_from((minute * 7 + seed * 13) % level).expect("small");
            Some(f64::from(step))
        })
        .collect()
}

fn counts(seed: usize) -> Value {
    json!({ "start": "2026-04-20T00:00", "counts": minutes(seed), "worn_at": "wrist", "model": "fast" })
}

pub(crate) async fn with_model() -> TestApp {
    let test = TestApp::new().await;
    install(&test.app.config.data_dir, &weights(Size::Small, 1));
    test
}

pub(crate) async fn serving(test: &TestApp) -> Arc<LoadedModel> {
    let models = Arc::clone(&test.app.models);
    let loaded = tokio::task::spawn_blocking(move || models.load("small"));
    loaded.await.expect("no panic").expect("installed")
}

pub(crate) fn scaled(seed: u16) -> Vec<f32> {
    let seed = usize::from(seed);
    (0..WEEK_MIN)
        .map(|minute| f32::from(u16::try_from((minute + seed) % 97).expect("small")) / 50.0 - 1.0)
        .collect()
}

#[tokio::test]
async fn without_weights_there_are_measures_and_the_command() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let problem = test
        .post(COUNTS, Some(&ada), &counts(1))
        .await
        .problem(503, "model_unavailable");
    let detail = problem["detail"].as_str().expect("a detail");
    assert!(detail.contains("clarity models add"), "{detail}");
    let measure = &problem["rhythm"]["interdaily_stability"];
    assert!(
        measure["value"].as_f64().is_some_and(|value| value > 0.5),
        "{measure}"
    );
    assert!(problem.get("embedding").is_none());
    let health = test.get("/api/v1/pat/health", Some(&ada)).await.json();
    assert_eq!(health["status"], "model_unavailable");
    assert!(
        health["detail"]
            .as_str()
            .is_some_and(|text| text.contains("clarity models add"))
    );
    assert_eq!(health["models"][0]["phase"], "absent");
    let ready = test.get("/health/ready", None).await;
    assert_eq!(ready.status, StatusCode::OK, "everything else works");
}

#[tokio::test]
async fn an_analysis_is_kept_and_is_its_owners_alone() {
    let test = with_model().await;
    let ada = test.register("ada@example.org").await;
    let bob = test.register("bob@example.org").await;
    let made = test.post(COUNTS, Some(&ada), &counts(1)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let document = made.json();
    assert_eq!(document["embedding"].as_array().map(Vec::len), Some(96));
    assert_eq!(
        document["attention_profile"][0].as_array().map(Vec::len),
        Some(560)
    );
    assert_eq!(document["quantity"], "wrist_counts");
    assert_eq!(
        (&document["proxy"], &document["scaler"]),
        (&json!(false), &json!("week"))
    );
    assert_eq!(
        document["similarity"]["reason"],
        "needs 4 earlier weeks, has 0"
    );
    assert_eq!(document["valid_days"], 7);
    assert!(
        document["model"]["attribution"]
            .as_str()
            .is_some_and(|text| text.contains("PAT"))
    );
    let location = made.header("location").to_owned();
    let mut read = test.get(&location, Some(&ada)).await.json();
    read["cached"] = json!(false);
    assert_eq!(read, document);
    test.get(&location, Some(&bob))
        .await
        .problem(404, "not_found");
    let again = test
        .post("/api/v1/pat/analyze", Some(&ada), &counts(1))
        .await;
    assert_eq!(again.status, StatusCode::OK);
    assert_eq!(again.json()["id"], document["id"]);
    assert_eq!(again.json()["cached"], true);
    assert_eq!(
        test.app.lanes.counts().passes,
        1,
        "asked twice, embedded once"
    );
    let other = test.post(COUNTS, Some(&ada), &counts(2)).await.json();
    assert_ne!(other["embedding"], document["embedding"]);
}

#[tokio::test]
async fn steps_are_a_proxy_and_say_so() {
    let test = with_model().await;
    let ada = test.register("ada@example.org").await;
    let body = json!({ "start": "2026-04-20T00:00", "steps": minutes(3), "model": "small" });
    let document = test.post(STEPS, Some(&ada), &body).await.json();
    assert_eq!(
        (&document["proxy"], &document["quantity"]),
        (&json!(true), &json!("steps"))
    );
}

#[tokio::test]
async fn too_little_wear_is_said_with_the_measures() {
    let test = with_model().await;
    let ada = test.register("ada@example.org").await;
    let mut few = minutes(1);
    few.truncate(4 * 1_440 + 599);
    let body = json!({ "start": "2026-04-20T00:00", "counts": few, "model": "fast" });
    let problem = test
        .post(COUNTS, Some(&ada), &body)
        .await
        .problem(422, "insufficient");
    assert_eq!(
        problem["detail"],
        "needs 5 days with 600 worn minutes, has 4"
    );
    assert!(problem["rhythm"]["interdaily_stability"]["value"].is_number());
    assert_eq!(test.app.lanes.counts().passes, 0);
}

#[tokio::test]
async fn wrong_questions_are_pointed_at() {
    let test = with_model().await;
    let ada = test.register("ada@example.org").await;
    let check = async |body: Value, pointer: &str| {
        let problem = test
            .post(COUNTS, Some(&ada), &body)
            .await
            .problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    };
    let week = "2026-04-20T00:00";
    check(
        json!({ "start": "2026-04-20T00:00Z", "counts": [1] }),
        "/start",
    )
    .await;
    check(
        json!({ "start": "2026-04-20T00:00+02:00", "counts": [1] }),
        "/start",
    )
    .await;
    check(
        json!({ "start": "2026-04-20T00:00:30", "counts": [1] }),
        "/start",
    )
    .await;
    check(json!({ "start": week, "counts": [] }), "/counts").await;
    check(
        json!({ "start": week, "counts": vec![1; WEEK_MIN + 1] }),
        "/counts",
    )
    .await;
    check(
        json!({ "start": week, "counts": [1, null, -1] }),
        "/counts/2",
    )
    .await;
    let unknown = json!({ "start": week, "counts": minutes(1), "model": "huge" });
    test.post(COUNTS, Some(&ada), &unknown)
        .await
        .problem(503, "model_unavailable");
}

#[tokio::test]
async fn waiting_weeks_share_passes_and_urgent_ones_overtake() {
    let test = with_model().await;
    let model = serving(&test).await;
    let done = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..40_u16 {
        // Queued together before the lanes get a turn; the urgent ones come last.
        let lane = if number < 35 {
            Lane::Ordinary
        } else {
            Lane::Urgent
        };
        let (app, model, done) = (Arc::clone(&test.app), Arc::clone(&model), Arc::clone(&done));
        tasks.spawn(async move {
            let found = app
                .lanes
                .embed(model, scaled(number), lane)
                .await
                .expect("embedded");
            done.lock().expect("no panic").push(number);
            found
        });
    }
    while tasks.join_next().await.is_some() {}
    let counts = test.app.lanes.counts();
    assert_eq!(counts.weeks, 40);
    assert!(
        counts.passes <= 40_u64.div_ceil(BATCH_MAX as u64),
        "{counts:?}"
    );
    let order = done.lock().expect("no panic").clone();
    let last_urgent = order
        .iter()
        .rposition(|number| *number >= 35)
        .expect("done");
    assert!(
        last_urgent < BATCH_MAX,
        "urgent weeks were in the first pass: {order:?}"
    );
}

#[tokio::test]
async fn the_same_week_again_needs_no_pass_and_answers_bit_by_bit() {
    let test = with_model().await;
    let model = serving(&test).await;
    let embed = |seed| {
        test.app
            .lanes
            .embed(Arc::clone(&model), scaled(seed), Lane::Urgent)
    };
    let first = embed(1).await.expect("embedded");
    let again = embed(1).await.expect("embedded");
    assert_eq!(first, again);
    assert_eq!(test.app.lanes.counts().passes, 1);
    let other = embed(2).await.expect("embedded");
    assert_ne!(first, other);
    assert_eq!(test.app.lanes.counts().passes, 2);
}

#[tokio::test]
async fn a_bad_week_does_not_sink_its_neighbours_and_the_lanes_have_an_end() {
    let test = with_model().await;
    let model = serving(&test).await;
    let embed = |week| {
        test.app
            .lanes
            .embed(Arc::clone(&model), week, Lane::Ordinary)
    };
    let mut bad = scaled(1);
    bad[77] = f32::NAN;
    let (good, bad) = tokio::join!(embed(scaled(2)), embed(bad));
    assert!(good.is_ok());
    assert!(matches!(bad, Err(LaneError::Week(_))), "{bad:?}");
    let many = (0..=WAITING_MAX).map(|seed| embed(scaled(u16::try_from(seed).expect("small"))));
    let answers = futures::future::join_all(many).await;
    let full = answers
        .iter()
        .filter(|answer| matches!(answer, Err(LaneError::Full)));
    assert_eq!(full.count(), 1, "one more than may wait");
}

#[tokio::test]
async fn another_version_takes_over_without_a_lost_request() {
    let test = with_model().await;
    let ada = test.register("ada@example.org").await;
    let before = ask(&test, &ada, 1).await;
    let requests = async {
        let mut digests = Vec::new();
        for seed in 2..8 {
            digests.push(ask(&test, &ada, seed).await);
        }
        digests
    };
    let swap = async {
        install(&test.app.config.data_dir, &weights(Size::Small, 2));
        let models = Arc::clone(&test.app.models);
        let refreshed = tokio::task::spawn_blocking(move || models.refresh());
        refreshed.await.expect("no panic").expect("a ledger");
    };
    let (digests, ()) = tokio::join!(requests, swap);
    let after = ask(&test, &ada, 9).await;
    assert_ne!(before, after);
    assert!(
        digests
            .iter()
            .all(|digest| *digest == before || *digest == after)
    );
}

/// The digest of the model that answered.
async fn ask(test: &TestApp, person: &Person, seed: usize) -> Value {
    let answer = test.post(COUNTS, Some(person), &counts(seed)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    answer.json()["model"]["sha256"].clone()
}

const FIRST_MONDAY: &str = "2026-04-06T00:00:00";

async fn weekly(days: &Days) -> Vec<Value> {
    let path = "/api/v1/pat/weeks?start=2026-04-01&end=2026-06-30";
    let answer = days.test.get(path, Some(&days.person)).await.json();
    answer["data"].as_array().expect("weeks").clone()
}

#[tokio::test]
async fn the_pipeline_embeds_complete_weeks_and_only_those_that_changed() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    install(&days.test.app.config.data_dir, &weights(Size::Small, 1));
    let start = FIRST_MONDAY.parse().expect("a date and time");
    // Six weeks and three days; the seventh week is too thin.
    let file = awd(start, 45 * 1_440, |at| count(at, 23, 7));
    import(&days.test, &days.person, "/api/v1/imports", file).await;
    days.computed().await;
    let found = weekly(&days).await;
    let starts: Vec<&str> = found
        .iter()
        .filter_map(|week| week["week_start"].as_str())
        .collect();
    assert_eq!(starts.len(), 7, "{starts:?}");
    assert_eq!((starts[0], starts[6]), ("2026-04-06", "2026-05-18"));
    assert!(found[..6].iter().all(|week| week["status"] == "completed"));
    assert_eq!(found[0]["quantity"], "counts");
    assert_eq!(
        found[0]["similarity"]["reason"],
        "needs 4 earlier weeks, has 0"
    );
    assert_eq!(
        found[5]["similarity"]["earlier_weeks"], 5,
        "{}",
        found[5]["similarity"]
    );
    assert_eq!(found[6]["status"], "insufficient");
    assert_eq!(
        found[6]["reason"],
        "needs 5 days with 600 worn minutes, has 3"
    );
    let weeks = days.test.app.lanes.counts().weeks;
    assert_eq!(weeks, 6, "thin weeks are not passed through the model");
    // One more recording, on a day of the third week only.
    let noon = "2026-04-22T12:00:00".parse().expect("a date and time");
    let other = awd(noon, 30, |_| 5_000);
    import(&days.test, &days.person, "/api/v1/imports", other).await;
    days.computed().await;
    let after = weekly(&days).await;
    for (index, (before, after)) in found.iter().zip(&after).enumerate() {
        assert_eq!(before["id"] == after["id"], index != 2, "week {index}");
    }
    let path = format!(
        "/api/v1/pat/analysis/{}",
        after[2]["id"].as_str().expect("an id")
    );
    let read = days.test.get(&path, Some(&days.person)).await.json();
    assert_eq!(read["week_start"], "2026-04-20");
}

#[tokio::test]
async fn without_a_model_the_pipeline_embeds_nothing_and_later_all() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    let start = FIRST_MONDAY.parse().expect("a date and time");
    let file = awd(start, 14 * 1_440, |at| count(at, 23, 7));
    import(&days.test, &days.person, "/api/v1/imports", file).await;
    days.computed().await;
    assert!(weekly(&days).await.is_empty());
    install(&days.test.app.config.data_dir, &weights(Size::Small, 1));
    // The next change of any day finds the model and every week that waits for it.
    let later = "2026-05-20T12:00:00".parse().expect("a date and time");
    let file = awd(later, 30, |_| 500);
    import(&days.test, &days.person, "/api/v1/imports", file).await;
    days.computed().await;
    let found = weekly(&days).await;
    let done = found.iter().filter(|week| week["status"] == "completed");
    assert_eq!(done.count(), 2);
}

/// The stability index that the metrics show for counts, and its bound.
fn drift(days: &Days) -> Option<(f64, f64)> {
    let shown = days.metrics.render();
    let gauge = |name: &str| {
        let name = format!("clarity_pat_drift_{name}{{quantity=\"counts\"}} ");
        let line = shown.lines().find_map(|line| line.strip_prefix(&name));
        line.map(|value| value.parse().expect("a number"))
    };
    Some((gauge("psi")?, gauge("bound")?))
}

#[tokio::test]
async fn other_weeks_than_the_first_ones_raise_the_drift_gauge() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    install(&days.test.app.config.data_dir, &weights(Size::Small, 1));
    let ask = async |number: u32, louder: u32| {
        // Levels are spread alike in each fifty; the rest keeps any two questions apart.
        let (level, round) = (40 + 7 * (number % 50), number / 50);
        let by_day = |minute: u32| level * louder + minute % (5 + round);
        let night = |minute: u32| minute / 60 % 24 < 8;
        let counts: Vec<u32> = (0..10_080_u32)
            .map(|minute| {
                if night(minute) {
                    minute % 3
                } else {
                    by_day(minute)
                }
            })
            .collect();
        let body = json!({ "start": "2026-04-20T00:00", "counts": counts, "model": "fast" });
        let answer = days.test.post(COUNTS, Some(&days.person), &body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    };
    for number in 0..50 {
        ask(number, 1).await;
    }
    assert_eq!(
        drift(&days),
        None,
        "the first weeks are what others are compared with"
    );
    for number in 50..100 {
        ask(number, 1).await;
    }
    let (alike, bound) = drift(&days).expect("enough weeks");
    assert!(alike < bound, "{alike} {bound}");
    for number in 100..150 {
        ask(number, 3).await;
    }
    let (shifted, bound) = drift(&days).expect("enough weeks");
    assert!(shifted > bound, "{shifted} {bound}");
}
