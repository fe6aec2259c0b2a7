//! Effort, load, fitness, sleep debt and comparisons in one person: the values of the methods on what was
//! uploaded, reasons where something is missing, and nothing of anybody else.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::days_story::{Days, after, asleep, steps};
use crate::harness::Person;

const NOON: &str = "2026-05-04T12:00:00Z";

fn quantity(kind: &str, unit: &str, at: &str, value: f64) -> Value {
    json!({"type": format!("HKQuantityTypeIdentifier{kind}"), "unit": unit, "value": value,
           "start_date": at, "end_date": at, "source_name": "Apple Watch"})
}

fn at(start: &str, seconds: i64) -> String {
    let start: jiff::Timestamp = start.parse().expect("a time");
    (start + jiff::SignedDuration::from_secs(seconds)).to_string()
}

/// Half an hour at 120 per minute, 94 a minute after it.
fn run(start: &str) -> Value {
    let mut samples: Vec<Value> = (0..=180)
        .map(|index| quantity("HeartRate", "count/min", &at(start, 10 * index), 120.0))
        .collect();
    samples.push(quantity("HeartRate", "count/min", &at(start, 1_855), 96.0));
    samples.push(quantity("HeartRate", "count/min", &at(start, 1_865), 92.0));
    samples.extend((0..30).map(|minute| {
        let (from, until) = (at(start, 60 * minute), at(start, 60 * minute + 60));
        steps(&from, &until, 110)
    }));
    json!({"quantity_samples": samples, "workouts": [{
        "uuid": format!("run-{start}"), "workout_activity_type": "running", "start_date": start,
        "end_date": at(start, 1_800), "duration_min": 30.0, "source_name": "Apple Watch"}]})
}

async fn describe(days: &Days) {
    let profile = json!({"time_zone": "UTC", "birth_date": "1986-01-01", "sex": "male"});
    let answer = days
        .test
        .put("/api/v1/user/profile", &days.person, &[], &profile)
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
}

async fn other(days: &Days) -> Person {
    days.test.register("bob@example.org").await
}

/// Values by hand: half of a reserve of 60 to 180 for half an hour is 25.07, as in the method's test.
#[tokio::test]
async fn a_workout_has_its_effort_and_only_for_its_person() {
    let days = Days::of_a_person_in("UTC").await;
    describe(&days).await;
    days.upload(run(NOON)).await;
    days.computed().await;
    let list = days.get("workouts").await;
    let id = list["data"][0]["id"].as_str().expect("an id").to_owned();
    let path = format!("workouts/{id}/effort");
    let given = format!("{path}?resting_heart_rate=60&maximal_heart_rate=180");
    let found = days.get(&given).await;
    assert_eq!(
        found["zones"]["minutes"],
        json!([0.0, 0.0, 30.0, 0.0, 0.0]),
        "{found}"
    );
    assert_eq!(found["zones"]["from_bpm"][1], 108.0, "{found}");
    let trimp = found["trimp"]["value"].as_f64().expect("a value");
    assert!((trimp - 25.072_286).abs() < 1e-4, "{found}");
    assert_eq!(found["heart_rate_recovery"]["value"], 26.0, "{found}");
    assert_eq!(found["cadence"]["moderate_min"], 30, "{found}");
    assert_eq!(found["cadence_peak_30"]["value"], 110.0, "{found}");
    assert_eq!(found["resting_heart_rate"]["origin"], "given");
    let expected = days.get(&path).await;
    assert_eq!(
        expected["maximal_heart_rate"]["origin"], "age",
        "{expected}"
    );
    assert_eq!(expected["maximal_heart_rate"]["value"], 180.0, "{expected}");
    // Nobody measured a resting heart rate.
    assert_eq!(expected["zones"]["minutes"], Value::Null);
    assert!(
        expected["zones"]["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("resting"))
    );
    let bob = other(&days).await;
    let path = format!("/api/v1/{given}");
    assert_eq!(
        days.test.get(&path, Some(&bob)).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        days.test.get(&path, None).await.status,
        StatusCode::UNAUTHORIZED
    );
    let wrong = format!("/api/v1/workouts/{id}/effort?maximal_heart_rate=20");
    assert_eq!(
        days.test.get(&wrong, Some(&days.person)).await.status,
        StatusCode::BAD_REQUEST
    );
}

/// A run every second day for four weeks, and steps on each day between.
#[tokio::test]
async fn load_adds_up_days_of_work_and_of_rest() {
    let days = Days::of_a_person_in("UTC").await;
    describe(&days).await;
    for day in 0..28_i64 {
        let start = after(NOON, 24 * day);
        if day % 2 == 0 {
            days.upload(run(&start)).await;
        } else {
            let sample = steps(&start, &at(&start, 60), 50);
            days.upload(json!({"quantity_samples": [sample]})).await;
        }
    }
    days.computed().await;
    let range = "start=2026-05-04&end=2026-06-01&resting_heart_rate=60&maximal_heart_rate=180";
    let found = days.get(&format!("load?{range}")).await;
    let data = found["data"].as_array().expect("days");
    assert_eq!(data.len(), 28);
    let load = |day: usize| data[day]["trimp"].as_f64();
    assert!(
        load(0).is_some_and(|load| (load - 25.072_286).abs() < 1e-4),
        "{}",
        data[0]
    );
    assert_eq!((load(1), &data[1]["workouts"]), (Some(0.0), &json!(0)));
    assert_eq!(data[0]["moderate_min"], 30.0);
    // Fourteen of 28 days at 25.07, three of the last seven.
    let rolling = &found["balance"][0];
    let ratio = rolling["ratio"].as_f64().expect("a ratio");
    assert!((ratio - (3.0 / 7.0) / 0.5).abs() < 1e-6, "{rolling}");
    assert_eq!(found["week"]["equivalent_min"], 90.0, "{}", found["week"]);
    assert_eq!(found["week"]["standing"], "below");
    let later = days.get("load?start=2026-06-01&end=2026-06-03").await;
    assert_eq!(
        later["data"][1]["trimp"],
        Value::Null,
        "a day without data is not rest"
    );
    let bob = other(&days).await;
    let path = format!("/api/v1/load?{range}");
    let answer = days.test.get(&path, Some(&bob)).await.json();
    let known = answer["data"].as_array().expect("days").iter();
    assert!(
        known
            .clone()
            .all(|day| day["trimp"].is_null() && day["workouts"] == 0),
        "{answer}"
    );
    assert_eq!(
        days.test.get(&path, None).await.status,
        StatusCode::UNAUTHORIZED
    );
    let long = "/api/v1/load?start=2026-01-01&end=2026-06-01";
    assert!(
        days.test
            .get(long, Some(&days.person))
            .await
            .status
            .is_client_error()
    );
}

#[tokio::test]
async fn timing_takes_weekends_for_free_days() {
    let days = Days::of_a_person_in("UTC").await;
    for day in 0..14_i64 {
        let start = after("2026-05-03T23:00:00Z", 24 * day);
        let night = asleep("Core", &start, &after(&start, 7));
        days.upload(json!({ "category_samples": [night] })).await;
    }
    days.computed().await;
    let found = days
        .get("sleep/timing?start=2026-05-04&end=2026-05-18")
        .await;
    assert_eq!(
        (&found["free_nights"], &found["work_nights"]),
        (&json!(4), &json!(10)),
        "{found}"
    );
    let jetlag = &found["measures"]["social_jetlag_h"];
    assert_eq!(
        (&jetlag["value"], &jetlag["coverage"]),
        (&json!(0.0), &json!(1.0)),
        "every night is from 23 to 6: {found}"
    );
    assert_eq!(found["measures"]["msfsc_h"]["value"], 2.5);
    let bob = other(&days).await;
    let path = "/api/v1/sleep/timing?start=2026-05-04&end=2026-05-18";
    let answer = days.test.get(path, Some(&bob)).await.json();
    let jetlag = &answer["measures"]["social_jetlag_h"];
    assert!(
        jetlag["value"].is_null() && jetlag["reason"].is_string(),
        "{answer}"
    );
}

#[tokio::test]
async fn debt_and_fitness_say_where_need_and_norms_come_from() {
    let days = Days::of_a_person_in("UTC").await;
    describe(&days).await;
    for day in 0..14_i64 {
        let start = after("2026-05-03T23:00:00Z", 24 * day);
        let night = asleep("Core", &start, &after(&start, 7));
        let uptake = quantity("VO2Max", "ml/(kg*min)", &after(&start, 12), 42.6);
        days.upload(json!({"category_samples": [night], "quantity_samples": [uptake]}))
            .await;
    }
    days.computed().await;
    let found = days.get("sleep/debt?end=2026-05-18").await;
    assert_eq!(found["need_origin"], "age");
    assert_eq!(found["need_min"], 480.0);
    assert_eq!(
        (&found["n"], &found["debt_min"]),
        (&json!(14), &json!(840.0)),
        "{found}"
    );
    assert_eq!(found["short_days"], 14);
    let found = days.get("sleep/debt?end=2026-05-18&need_min=420").await;
    assert_eq!(
        (&found["debt_min"], &found["need_origin"]),
        (&json!(0.0), &json!("given"))
    );
    let early = days.get("sleep/debt?end=2026-05-08").await;
    assert_eq!(early["debt_min"], Value::Null);
    assert!(
        early["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("needs 10")),
        "{early}"
    );

    // A man of forty: 37.8 is the median of his decade, 45.0 the 75th percentile.
    let found = days
        .get("cardio/fitness?start=2026-05-04&end=2026-05-19")
        .await;
    assert_eq!(found["vo2_max"], 42.6, "{found}");
    let percentile = found["rank"]["percentile"].as_f64().expect("a percentile");
    assert!(
        (percentile - (50.0 + 25.0 * 4.8 / 7.2)).abs() < 1e-6,
        "{found}"
    );
    assert!(
        found["trend"]["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("60 days"))
    );

    let bob = other(&days).await;
    for path in [
        "sleep/debt?end=2026-05-18",
        "cardio/fitness?start=2026-05-04&end=2026-05-19",
    ] {
        let path = format!("/api/v1/{path}");
        let answer = days.test.get(&path, Some(&bob)).await.json();
        assert_eq!(answer["n"], 0, "{answer}");
        assert_eq!(
            days.test.get(&path, None).await.status,
            StatusCode::UNAUTHORIZED
        );
    }
    let wrong = "/api/v1/sleep/debt?need_min=5";
    assert_eq!(
        days.test.get(wrong, Some(&days.person)).await.status,
        StatusCode::BAD_REQUEST
    );
}

/// Six weeks of steps that rise by 1,000 after three.
async fn changed() -> Days {
    let days = Days::of_a_person_in("UTC").await;
    let mut samples = Vec::new();
    for day in 0..42_u32 {
        let start = after("2026-04-06T09:00:00Z", 24 * i64::from(day));
        let count = 5_000 + day * day * 37 % 401 + if day >= 21 { 1_000 } else { 0 };
        samples.push(steps(&start, &after(&start, 1), count));
    }
    days.upload(json!({"quantity_samples": samples})).await;
    days.computed().await;
    days
}

#[tokio::test]
async fn a_change_is_found_before_and_after_it() {
    let days = changed().await;
    let range = "start=2026-04-06&end=2026-05-18";
    let change = format!("trials?metric=steps&design=before_after&change=2026-04-27&{range}");
    let found = days.get(&change).await;
    let effect = &found["effects"][0];
    let estimate = effect["estimate"].as_f64().expect("an estimate");
    assert!((900.0..1_100.0).contains(&estimate), "{effect}");
    assert!(
        effect["low"].as_f64().is_some_and(|low| low > 0.0),
        "{effect}"
    );
    assert!(effect["p"].as_f64().is_some_and(|p| p < 1e-3), "{effect}");
    assert_eq!(found["permutation"]["p"], 1e-4, "{found}");
    let bob = other(&days).await;
    let path = format!("/api/v1/{change}");
    let answer = days.test.get(&path, Some(&bob)).await.json();
    assert!(answer["effects"][0]["estimate"].is_null(), "{answer}");
    assert_eq!(
        days.test.get(&path, None).await.status,
        StatusCode::UNAUTHORIZED
    );
    for wrong in [
        "metric=nonsense&design=before_after&change=2026-04-27",
        "metric=steps&design=before_after",
        "metric=steps&design=crossover&without=2026-04-13/2026-04-06&with=2026-04-06/2026-04-13",
        "metric=steps&design=crossover&without=2026-04-06/2026-04-13&with=",
        "metric=steps&design=lagged&exposure=steps&lags=0,99",
        "metric=steps&design=lagged&exposure=steps&lags=-15",
        "metric=steps&design=lagged",
    ] {
        let path = format!("/api/v1/trials?{wrong}");
        let answer = days.test.get(&path, Some(&days.person)).await;
        assert_eq!(
            answer.status,
            StatusCode::BAD_REQUEST,
            "{wrong}: {}",
            answer.text()
        );
    }
}

#[tokio::test]
async fn periods_and_lags_are_compared_and_a_trend_has_its_levels() {
    let days = changed().await;
    let range = "start=2026-04-06&end=2026-05-18";
    let periods = "without=2026-04-06/2026-04-13,2026-04-13/2026-04-20,2026-04-20/2026-04-27\
                   &with=2026-04-27/2026-05-04,2026-05-04/2026-05-11,2026-05-11/2026-05-18";
    let found = days
        .get(&format!(
            "trials?metric=steps&design=crossover&{periods}&{range}"
        ))
        .await;
    assert_eq!(found["method"], "crossover");
    assert_eq!(
        found["effects"][0]["p"], 0.25,
        "two of eight signs: {found}"
    );
    // Before the change only: a step makes days too much alike.
    let lagged = "trials?metric=steps&design=lagged&exposure=steps&lags=0,1,2";
    let found = days
        .get(&format!("{lagged}&start=2026-04-06&end=2026-04-27"))
        .await;
    let effects = found["effects"].as_array().expect("effects");
    assert_eq!(effects.len(), 3);
    assert_eq!(
        effects[2]["reason"], "needs 20 pairs of days, has 19",
        "{found}"
    );
    assert_eq!(
        effects[0]["estimate"].as_f64().map(f64::round),
        Some(1.0),
        "{found}"
    );

    // Before and after are told by the sign; a value beside itself correlates alike either way.
    let lagged = "trials?metric=steps&design=lagged&exposure=steps&lags=-1,1";
    let found = days
        .get(&format!("{lagged}&start=2026-04-06&end=2026-04-27"))
        .await;
    let effects = found["effects"].as_array().expect("effects");
    assert_eq!(
        (&effects[0]["lag_days"], &effects[1]["lag_days"]),
        (&json!(-1), &json!(1))
    );
    assert!(effects[0]["estimate"].is_number(), "{found}");
    assert_eq!(effects[0]["estimate"], effects[1]["estimate"], "{found}");

    // The same days as a trend: two levels, parted on the day of the change.
    let trend = days
        .get("trends?metric=steps&timeframe=month&end=2026-05-18")
        .await;
    let levels = trend["levels"]["levels"].as_array().expect("levels");
    assert_eq!(levels.len(), 2, "{trend}");
    assert_eq!(levels[1]["start"], "2026-04-27");
    assert!(trend["baseline"]["z"].is_number(), "{trend}");
    assert_eq!(
        trend["weekdays"]["effects"].as_array().map(Vec::len),
        Some(7),
        "{trend}"
    );
}
