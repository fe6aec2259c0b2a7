//! Rhythm, trends and unusual days as clients read them: the values of the methods on the same series, one
//! person's only, and never older than the data.

use analysis::report::column::Kind;
use analysis::report::groups;
use analysis::report::{Input, Report};
use analysis::series::Series;
use axum::http::{Method, StatusCode};
use jiff::civil::{DateTime, date};
use jiff::{SignedDuration, ToSpan};
use serde_json::{Value, json};

use crate::days_story::{Days, after, quantities, steps};
use crate::harness::request;
use crate::recordings::{awd, count, import};

const IMPORTS: &str = "/api/v1/imports";
const WEEK: &str = "start=2026-05-03&end=2026-05-11";

/// A week from noon of 3 May 2026 in Berlin, asleep from 23:00 to 07:00.
fn week() -> (String, Vec<f64>) {
    let start = date(2026, 5, 3).at(12, 0, 0, 0);
    let minutes = 7 * 1440;
    let file = awd(start, minutes, |at| count(at, 23, 7));
    let at = |minute: u32| start + SignedDuration::from_mins(i64::from(minute));
    let values = (0..minutes).map(|minute| f64::from(count(at(minute), 23, 7)));
    (file, values.collect())
}

fn civil_s(at: DateTime) -> i64 {
    let epoch = date(1970, 1, 1).at(0, 0, 0, 0);
    at.duration_since(epoch).as_secs()
}

#[tokio::test]
async fn the_rhythm_is_that_of_the_recording() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    let (file, values) = week();
    import(&days.test, &days.person, IMPORTS, file).await;
    days.computed().await;
    let answer = days.get(&format!("rhythm?{WEEK}&measures=all")).await;
    let series = Series::new(civil_s(date(2026, 5, 3).at(12, 0, 0, 0)), 60, values);
    let report = Report::new(Input::new(&series));
    let mut compared = 0;
    for column in ["rhythm", "shape", "structure"]
        .into_iter()
        .flat_map(groups::named)
    {
        let found = &answer["measures"][column.id];
        match report.measure(column).outcome {
            Ok(expect) => {
                compared += 1;
                let value = found["value"]
                    .as_f64()
                    .unwrap_or_else(|| panic!("{}: {found}", column.id));
                let within = 1e-12 * expect.value.abs().max(1.0);
                assert!(
                    (value - expect.value).abs() <= within,
                    "{}: {found}",
                    column.id
                );
                assert_eq!(found["coverage"], expect.coverage, "{}", column.id);
                assert_eq!(found["version"], column.method.version);
                let is_clock = column.kind == Kind::Clock;
                assert_eq!(found["clock"].is_string(), is_clock, "{found}");
            }
            Err(lacking) => {
                assert_eq!(found["value"], json!(null));
                assert_eq!(found["reason"], lacking.to_string(), "{}", column.id);
            }
        }
    }
    assert!(compared >= 20, "{compared}");
    let activity = &answer["activity"];
    assert_eq!(activity["metric"], "activity_count", "{activity}");
    assert_eq!(
        (&activity["proxy"], &activity["epochs"]),
        (&json!(false), &json!(7 * 1440))
    );
    assert_eq!(activity["first"], "2026-05-03T12:00:00");
    assert_eq!(answer["nights"]["oakley"], 7, "{answer}");
    let regularity = answer["measures"]["sleep_regularity_index"]["value"].as_f64();
    assert!(regularity.is_some_and(|value| value > 95.0), "{answer}");
    let usual = days.get(&format!("rhythm?{WEEK}")).await;
    let (usual, all) = (&usual["measures"], &answer["measures"]);
    assert_eq!(usual["interdaily_stability"], all["interdaily_stability"]);
    assert_eq!(usual["dfa_alpha"], json!(null));
}

#[tokio::test]
async fn the_rhythm_follows_the_data_and_computes_only_what_changed() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    let (file, _) = week();
    let account = import(&days.test, &days.person, IMPORTS, file).await;
    assert_eq!(days.computed().await, 9);
    let path = format!("rhythm?{WEEK}");
    let value = async |name: &str| days.get(&path).await["measures"][name]["value"].as_f64();
    let before = value("activity_mean").await.expect("a value");
    // An hour of unrest at four in the morning: one date, whose night it is too.
    let unrest = awd(date(2026, 5, 6).at(4, 0, 0, 0), 60, |_| 500);
    import(
        &days.test,
        &days.person,
        &format!("{IMPORTS}?format=awd"),
        unrest,
    )
    .await;
    assert_eq!(days.computed().await, 1);
    let during = value("activity_mean").await.expect("a value");
    assert!(during > before, "{during} after {before}");
    // An hour in the evening belongs to the night of the next day too.
    let evening = awd(date(2026, 5, 6).at(20, 0, 0, 0), 60, |_| 1);
    import(
        &days.test,
        &days.person,
        &format!("{IMPORTS}?format=awd"),
        evening,
    )
    .await;
    assert_eq!(days.computed().await, 2);
    assert_eq!(days.computed().await, 0);
    let id = account["import_id"].as_str().expect("an id");
    let gone = request(
        Method::DELETE,
        &format!("{IMPORTS}/{id}"),
        Some(&days.person),
        &[],
        None,
    );
    days.test.send(gone).await;
    days.computed().await;
    let left = days.get(&path).await;
    assert_eq!(left["activity"]["days"], 1, "{left}");
}

#[tokio::test]
async fn steps_stand_in_and_are_labelled() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    let walks = (0..8).flat_map(|day| {
        (7..21).map(move |hour| {
            let start = after("2026-05-03T22:00:00Z", 24 * day + hour);
            steps(
                &start,
                &after(&start, 1),
                300 + 10 * u32::try_from(hour).expect("small"),
            )
        })
    });
    days.upload(quantities(walks)).await;
    days.computed().await;
    let answer = days.get("rhythm?start=2026-05-04&end=2026-05-12").await;
    assert_eq!(answer["activity"]["metric"], "step_count", "{answer}");
    assert_eq!(answer["activity"]["proxy"], true);
    assert_eq!(answer["activity"]["source"], json!(null));
    let measures = &answer["measures"];
    assert!(
        measures["m10"]["value"]
            .as_f64()
            .is_some_and(|value| value > 5.0),
        "{measures}"
    );
    let regularity = &measures["sleep_minutes_midpoint"];
    assert_eq!(regularity["value"], json!(null));
    assert!(
        regularity["reason"]
            .as_str()
            .is_some_and(|text| text.starts_with("needs 1 sleep"))
    );
}

#[tokio::test]
async fn a_range_without_data_has_reasons_and_a_wrong_name_is_refused() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    let answer = days.get("rhythm").await;
    assert_eq!(answer["activity"], json!(null));
    let measures = answer["measures"].as_object().expect("measures");
    assert!(measures.len() > 15);
    for (name, measure) in measures {
        assert_eq!(measure["value"], json!(null), "{name}");
        assert!(measure["reason"].is_string(), "{name}");
    }
    let get = async |path: &str| {
        days.test
            .get(&format!("/api/v1/{path}"), Some(&days.person))
            .await
    };
    get("rhythm?measures=happiness")
        .await
        .problem(400, "invalid_parameter");
    get("rhythm?start=2020-01-01&end=2026-01-01")
        .await
        .problem(422, "validation_failed");
    get("trends?metric=sleep_analysis")
        .await
        .problem(400, "invalid_parameter");
    get("trends?metric=steps&timeframe=eon")
        .await
        .problem(400, "invalid_parameter");
    get("trends?metric=steps&end=soon")
        .await
        .problem(400, "invalid_parameter");
    get("trends").await.problem(400, "invalid_parameter");
}

/// Forty days of steps, rising by 20 a day, and one walk of 30,000.
fn forty_days() -> Value {
    let walks = (0..40_i64).map(|day| {
        let start = after("2026-10-10T10:00:00Z", 24 * day);
        let rise = u32::try_from(day).expect("small");
        let count = if day == 38 {
            30_000
        } else {
            4000 + 20 * rise + 7 * (rise % 3)
        };
        steps(&start, &after(&start, 1), count)
    });
    quantities(walks)
}

#[tokio::test]
async fn trends_have_slope_significance_and_change() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    days.upload(forty_days()).await;
    days.computed().await;
    let trend = days
        .get("trends?metric=steps&timeframe=month&end=2026-11-17")
        .await;
    let slope = trend["slope"]["per_day"].as_f64().expect("a slope");
    assert!((18.0..22.0).contains(&slope), "{trend}");
    assert!(trend["slope"]["low"].as_f64() <= Some(slope), "{trend}");
    assert_eq!(trend["significance"]["significant"], true, "{trend}");
    assert_eq!(
        (&trend["start"], &trend["n"]),
        (&json!("2026-10-18"), &json!(30))
    );
    assert_eq!(trend["points"].as_array().map(Vec::len), Some(30));
    let reason = trend["change"]["reason"].as_str().expect("a reason");
    assert_eq!(
        reason, "needs 15 days with a value in both stretches, has 8",
        "{trend}"
    );
    let week = days
        .get("health/trends?metric=step_count&timeframe=week&end=2026-11-17")
        .await;
    let change = &week["change"];
    assert!(
        change["difference"]
            .as_f64()
            .is_some_and(|change| (130.0..150.0).contains(&change))
    );
    assert!(
        change["percent"]
            .as_f64()
            .is_some_and(|percent| percent > 2.0),
        "{week}"
    );
    assert!(
        week["significance"]["reason"].is_string(),
        "a week is too short to test"
    );
}

#[tokio::test]
async fn a_day_unlike_the_others_is_told_with_what_differs() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    days.upload(forty_days()).await;
    days.computed().await;
    let found = days.get("anomalies?start=2026-10-10&end=2026-11-19").await;
    let unusual = found["data"].as_array().expect("days");
    assert_eq!(unusual.len(), 1, "{found}");
    assert_eq!(unusual[0]["date"], "2026-11-17");
    let first = &unusual[0]["contributing"][0];
    assert_eq!(
        (&first["measure"], &first["value"]),
        (&json!("steps"), &json!(30_000.0))
    );
    assert_eq!(first["baseline_days"], 28, "{first}");
    assert_eq!(found["joint"]["measures"], json!(["steps"]), "{found}");
    let joint = &unusual[0]["joint"];
    assert!(
        joint["adjusted_p"].as_f64().is_some_and(|p| p < 0.05),
        "{joint}"
    );
    assert_eq!(joint["contributions"][0]["measure"], "steps");
    let few = days.get("anomalies?start=2026-10-10&end=2026-10-20").await;
    assert_eq!(few["judged_days"], 0, "{few}");
    let reason = few["joint"]["reason"].as_str().expect("a reason");
    assert!(reason.starts_with("needs 28 days"), "{reason}");
    let not_judged = few["not_judged"].as_array().expect("days");
    assert_eq!(not_judged.len(), 10);
    assert_eq!(not_judged[0]["reason"], "too_few_valid_days");
}

#[tokio::test]
async fn what_is_derived_is_each_persons_own() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    days.upload(forty_days()).await;
    days.computed().await;
    let bob = days.test.register("bob@example.org").await;
    let get = async |path: &str| {
        let answer = days.test.get(&format!("/api/v1/{path}"), Some(&bob)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()
    };
    let range = "start=2026-10-10&end=2026-11-19";
    assert_eq!(
        get(&format!("rhythm?{range}")).await["activity"],
        json!(null)
    );
    let trend = get("trends?metric=steps&end=2026-11-17").await;
    assert_eq!((&trend["n"], &trend["points"]), (&json!(0), &json!([])));
    let unusual = get(&format!("anomalies?{range}")).await;
    assert_eq!(
        (&unusual["data"], &unusual["judged_days"]),
        (&json!([]), &json!(0))
    );
}

#[tokio::test]
async fn asking_for_an_analysis_computes_every_day_once() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    let analyze = async || {
        let answer = days
            .test
            .post("/api/v1/health/analyze", Some(&days.person), &json!({}))
            .await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
        answer.json()
    };
    let empty = analyze().await;
    assert_eq!(empty["status"], "completed", "{empty}");
    days.upload(forty_days()).await;
    assert_eq!(days.computed().await, 40);
    let first = analyze().await;
    let second = analyze().await;
    assert_eq!(first["processing_id"], second["processing_id"], "{second}");
    assert_eq!(first["status"], "processing");
    assert_eq!(days.computed().await, 40);
    let status = first["links"]["status"].as_str().expect("a link");
    let path = status.strip_prefix("/api/v1/").expect("below the prefix");
    assert_eq!(days.get(path).await["status"], "completed");
    let third = analyze().await;
    assert_ne!(third["processing_id"], first["processing_id"]);
    let day = date(2026, 10, 20).checked_add(1.day()).expect("a date");
    assert!(
        days.day("summaries/daily", &day.to_string())
            .await
            .is_some()
    );
}
