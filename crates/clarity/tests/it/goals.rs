//! Goals: where they stand is what the days say, everybody has their own, and a write that was overtaken is refused.

use axum::http::{Method, StatusCode};
use model::zone::Zone;
use serde_json::{Value, json};

use crate::days_story::{Days, steps};
use crate::harness::{Answer, Person, TestApp, request};

const GOALS: &str = "/api/v1/health-goals";

async fn set(test: &TestApp, person: &Person, goal: Value) -> Value {
    let answer = test.post(GOALS, Some(person), &goal).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    assert_eq!(answer.header("etag"), "\"1\"");
    answer.json()
}

fn path(goal: &Value) -> String {
    format!("{GOALS}/{}", goal["goal_id"].as_str().expect("an id"))
}

async fn delete(test: &TestApp, person: &Person, path: &str) -> Answer {
    test.send(request(Method::DELETE, path, Some(person), &[], None))
        .await
}

fn names(page: &Value) -> Vec<&str> {
    let goals = page["data"].as_array().expect("goals");
    let names = goals.iter().map(|goal| goal["description"].as_str());
    names.map(|name| name.expect("a description")).collect()
}

/// Steps on each of the last days, of which today is the last.
async fn walk(days: &Days, counts: &[u32]) {
    let today = Zone::utc().date_at(days.test.app.clock.now_us());
    let mut walks = Vec::new();
    for (back, count) in counts.iter().rev().enumerate() {
        let back = i64::try_from(back).expect("few days");
        let date = today.saturating_sub(jiff::ToSpan::days(back));
        walks.push(steps(
            &format!("{date}T00:10:00Z"),
            &format!("{date}T00:20:00Z"),
            *count,
        ));
    }
    days.upload(json!({ "quantity_samples": walks })).await;
    days.computed().await;
}

#[tokio::test]
async fn a_goal_stands_where_the_days_say() {
    let days = Days::of_a_person_in("UTC").await;
    let goal = json!({"goal_type": "more_exercise", "metric": "steps", "start_value": 4000.0,
        "target_value": 10_000.0, "current_value": 9999.0});
    let goal = set(&days.test, &days.person, goal).await;
    assert_eq!(
        goal["current_value"],
        json!(null),
        "nothing is measured yet"
    );
    assert_eq!(goal["standing"]["progress_percent"], json!(null));
    let reason = goal["standing"]["reason"].as_str().expect("a reason");
    assert!(reason.contains("needs 3 days"), "{reason}");
    assert_eq!(goal["unit"], "1");
    // Eight days, the week before yesterday's end and today, which is not over.
    walk(
        &days,
        &[1, 6000, 7000, 8000, 6000, 7000, 8000, 7000, 20_000],
    )
    .await;
    let read = days.get(&path(&goal)["/api/v1/".len()..]).await;
    let standing = &read["standing"];
    assert_eq!(standing["value"], 7000.0, "{read}");
    assert_eq!(standing["basis"], "mean_of_week");
    assert_eq!(standing["days"], 7);
    assert_eq!(standing["progress_percent"], 50.0);
    assert_eq!(read["current_value"], 7000.0);
    // What was read can be written back.
    let written = days.test.put(&path(&goal), &days.person, &[], &read).await;
    assert_eq!(written.status, StatusCode::OK, "{}", written.text());
    assert_eq!(written.json(), read);
}

#[tokio::test]
async fn what_is_measured_now_and_then_stands_where_its_latest_day_does() {
    let days = Days::of_a_person_in("UTC").await;
    let today = Zone::utc().date_at(days.test.app.clock.now_us());
    let at = |back: i64| {
        format!(
            "{}T07:00:00Z",
            today.saturating_sub(jiff::ToSpan::days(back))
        )
    };
    let weight = |back: i64, kilograms: f64| {
        json!({"type": "HKQuantityTypeIdentifierBodyMass", "unit": "kg", "value": kilograms,
            "start_date": at(back), "end_date": at(back), "source_name": "Scale"})
    };
    let goal = json!({"goal_type": "weight_loss", "metric": "body_mass", "start_value": 90.0,
        "target_value": 80.0});
    let goal = set(&days.test, &days.person, goal).await;
    assert_eq!(goal["unit"], "kg");
    days.upload(json!({"quantity_samples": [weight(120, 95.0)]}))
        .await;
    days.computed().await;
    let read = async || days.get(&path(&goal)["/api/v1/".len()..]).await["standing"].clone();
    assert_eq!(read().await["value"], json!(null), "too long ago");
    days.upload(json!({"quantity_samples": [weight(30, 88.0), weight(60, 89.0)]}))
        .await;
    days.computed().await;
    let found = read().await;
    assert_eq!(
        (&found["value"], &found["basis"]),
        (&json!(88.0), &json!("latest_day"))
    );
    assert_eq!(found["progress_percent"], 20.0);
    // This morning's weight counts, though today is not over.
    days.upload(json!({"quantity_samples": [weight(0, 84.0), weight(1, 85.0), weight(2, 86.0)]}))
        .await;
    days.computed().await;
    let found = read().await;
    assert_eq!(
        (&found["value"], &found["basis"]),
        (&json!(85.0), &json!("mean_of_week"))
    );
    assert_eq!(found["progress_percent"], 50.0);
}

#[tokio::test]
async fn goals_are_listed_by_priority_then_date_in_pages() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let goal = |name: &str, priority: &str, date: Option<&str>| {
        json!({"goal_type": "custom", "description": name, "priority": priority,
            "target_date": date, "current_value": 1.0, "start_value": 0.0, "target_value": 4.0})
    };
    for goal in [
        goal("fourth", "medium", None),
        goal("third", "medium", Some("2027-01-01")),
        goal("fifth", "low", Some("2026-12-01")),
        goal("first", "high", Some("2026-12-31")),
        goal("second", "high", None),
    ] {
        let made = set(&test, &ada, goal).await;
        assert_eq!(made["standing"]["basis"], "entered");
        assert_eq!(made["standing"]["progress_percent"], 25.0);
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = test
            .get(&format!("{GOALS}?limit=2{cursor}"), Some(&ada))
            .await;
        let page = page.json();
        seen.extend(names(&page).into_iter().map(str::to_owned));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["first", "second", "third", "fourth", "fifth"]);
    let done = json!({"goal_type": "better_sleep", "description": "done", "status": "completed"});
    set(&test, &ada, done).await;
    for (filter, expect) in [
        ("status=completed", vec!["done"]),
        ("priority=low", vec!["fifth"]),
        ("goal_type=better_sleep&status=active", vec![]),
    ] {
        let page = test
            .get(&format!("{GOALS}?{filter}"), Some(&ada))
            .await
            .json();
        assert_eq!(names(&page), expect, "{filter}");
    }
    for limit in ["0", "201"] {
        let answer = test
            .get(&format!("{GOALS}?limit={limit}"), Some(&ada))
            .await;
        answer.problem(400, "invalid_parameter");
    }
}

#[tokio::test]
async fn goals_are_their_owners() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let bea = test.register("bea@example.org").await;
    let new = json!({"goal_type": "custom", "description": "canary"});
    let goal = set(&test, &ada, new.clone()).await;
    let path = path(&goal);
    test.get(&path, Some(&bea)).await.problem(404, "not_found");
    test.put(&path, &bea, &[], &new)
        .await
        .problem(404, "not_found");
    delete(&test, &bea, &path).await.problem(404, "not_found");
    let listed = test.get(GOALS, Some(&bea)).await.json();
    assert_eq!(listed["data"], json!([]));
    assert_eq!(test.get(&path, Some(&ada)).await.json(), goal);
    let gone = delete(&test, &ada, &path).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    test.get(&path, Some(&ada)).await.problem(404, "not_found");
    delete(&test, &ada, &path).await.problem(404, "not_found");
}

#[tokio::test]
async fn an_overtaken_write_is_refused_and_a_wrong_goal_changes_nothing() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let goal = set(
        &test,
        &ada,
        json!({"goal_type": "custom", "description": "one"}),
    )
    .await;
    let path = path(&goal);
    let two = json!({"goal_type": "custom", "description": "two"});
    let answer = test.put(&path, &ada, &[("if-match", "\"1\"")], &two).await;
    assert_eq!(
        (answer.status, answer.header("etag")),
        (StatusCode::OK, "\"2\"")
    );
    let three = json!({"goal_type": "custom", "description": "three"});
    let answer = test
        .put(&path, &ada, &[("if-match", "\"1\"")], &three)
        .await;
    answer.problem(412, "precondition_failed");
    for (wrong, pointer) in [
        (json!({"goal_type": "custom", "metric": "luck"}), "/metric"),
        (
            json!({"goal_type": "custom", "metric": "sleep_analysis"}),
            "/metric",
        ),
        (
            json!({"goal_type": "weight_loss", "metric": "body_mass", "unit": "lb"}),
            "/unit",
        ),
        (json!({"goal_type": "fame"}), "/goal_type"),
        (
            json!({"goal_type": "custom", "target_date": "soon"}),
            "/target_date",
        ),
    ] {
        for answer in [
            test.put(&path, &ada, &[], &wrong).await,
            test.post(GOALS, Some(&ada), &wrong).await,
        ] {
            let problem = answer.problem(422, "validation_failed");
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        }
    }
    let listed = test.get(GOALS, Some(&ada)).await.json();
    assert_eq!(names(&listed), ["two"]);
}

#[tokio::test]
async fn nobody_has_goals_without_end() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    for _ in 0..200 {
        set(
            &test,
            &ada,
            json!({"goal_type": "custom", "description": "x"}),
        )
        .await;
    }
    let more = json!({"goal_type": "custom"});
    let answer = test.post(GOALS, Some(&ada), &more).await;
    answer.problem(409, "conflict");
    let page = test
        .get(&format!("{GOALS}?limit=200"), Some(&ada))
        .await
        .json();
    assert_eq!(names(&page).len(), 200);
    assert_eq!(page["next_cursor"], json!(null));
}
