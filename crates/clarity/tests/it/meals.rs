//! Meals: what is entered is in the totals of its day, also beside what imports brought; a copy is another meal; taking
//! one out takes its samples along.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::days_story::Days;
use crate::grants::id;
use crate::harness::{Person, TestApp, request};

const MEALS: &str = "/api/v1/nutrition-logs";
const FAVOURITES: &str = "/api/v1/nutrition-favourites";

fn meal(kind: &str, at: &str, calories: f64) -> Value {
    json!({"meal_type": kind, "meal_description": "Soup", "logged_at": at, "calories": calories,
        "protein_grams": 20.5})
}

async fn eat(test: &TestApp, person: &Person, meal: &Value) -> Value {
    let answer = test.post(MEALS, Some(person), meal).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    answer.json()
}

fn path(meal: &Value) -> String {
    format!("{MEALS}/{}", meal["meal_id"].as_str().expect("an id"))
}

async fn remove(test: &TestApp, person: &Person, path: &str) -> StatusCode {
    let sent = request(Method::DELETE, path, Some(person), &[], None);
    test.send(sent).await.status
}

async fn totals(days: &Days, range: &str) -> Value {
    days.get(&format!("nutrition-logs/totals?{range}")).await
}

#[tokio::test]
async fn meals_are_in_the_totals_of_their_days() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    let (test, ada) = (&days.test, &days.person);
    let lunch = eat(
        test,
        ada,
        &meal("lunch", "2026-11-18T12:00:00+01:00", 600.0),
    )
    .await;
    assert_eq!(
        (&lunch["origin"], &lunch["meal_type"]),
        (&json!("entered"), &json!("lunch"))
    );
    assert_eq!(lunch["fat_grams"], Value::Null, "nobody said it");
    eat(
        test,
        ada,
        &meal("snack", "2026-11-18T23:30:00+01:00", 150.0),
    )
    .await;
    eat(
        test,
        ada,
        &meal("dinner", "2026-11-19T19:00:00+01:00", 700.0),
    )
    .await;
    assert_eq!(days.computed().await, 2);
    let summary = days
        .day("summaries/daily", "2026-11-18")
        .await
        .expect("a day");
    assert_eq!(
        summary["metrics"]["dietary_energy_consumed"]["value"],
        750.0
    );
    let range = "start=2026-11-17&end=2026-11-20";
    let eaten = totals(&days, range).await;
    let by_day: Vec<(&Value, &Value)> = eaten["data"]
        .as_array()
        .expect("days")
        .iter()
        .map(|day| (&day["date"], &day["calories"]))
        .collect();
    let expect = [
        (&json!("2026-11-18"), &json!(750.0)),
        (&json!("2026-11-19"), &json!(700.0)),
    ];
    assert_eq!(by_day, expect);
    assert_eq!(eaten["total"]["calories"], 1450.0);
    assert_eq!(eaten["total"]["protein_grams"], 61.5);
    assert_eq!(eaten["total"]["sodium_mg"], Value::Null, "nobody said it");
}

#[tokio::test]
async fn a_meal_that_is_changed_or_taken_out_changes_the_totals() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    let (test, ada) = (&days.test, &days.person);
    let range = "start=2026-11-17&end=2026-11-20";
    let lunch = eat(
        test,
        ada,
        &meal("lunch", "2026-11-18T12:00:00+01:00", 600.0),
    )
    .await;
    eat(
        test,
        ada,
        &meal("dinner", "2026-11-19T19:00:00+01:00", 850.0),
    )
    .await;
    days.computed().await;
    // What was read can be written back, and what changes changes the day.
    let mut more = days.get(&path(&lunch)["/api/v1/".len()..]).await;
    more["calories"] = json!(650.0);
    more["protein_grams"] = Value::Null;
    let put = test
        .put(&path(&lunch), ada, &[("if-match", "\"1\"")], &more)
        .await;
    assert_eq!(put.status, StatusCode::OK, "{}", put.text());
    assert_eq!(days.computed().await, 1);
    let eaten = totals(&days, range).await;
    assert_eq!(eaten["total"]["calories"], 1500.0);
    assert_eq!(eaten["total"]["protein_grams"], 20.5);
    let late = test
        .put(&path(&lunch), ada, &[("if-match", "\"1\"")], &more)
        .await;
    late.problem(412, "precondition_failed");

    assert_eq!(
        remove(test, ada, &path(&lunch)).await,
        StatusCode::NO_CONTENT
    );
    days.computed().await;
    let eaten = totals(&days, range).await;
    assert_eq!(eaten["total"]["calories"], 850.0);
    assert_eq!(
        remove(test, ada, &path(&lunch)).await,
        StatusCode::NOT_FOUND
    );
}

/// A food as an app of a phone sends it.
fn food(at: &str, calories: f64) -> Value {
    let energy = json!({"type": "HKQuantityTypeIdentifierDietaryEnergyConsumed", "unit": "kcal",
        "value": calories, "start_date": at, "end_date": at, "source_name": "Diary"});
    json!({"type": "HKCorrelationTypeIdentifierFood", "start_date": at, "end_date": at,
        "source_name": "Diary", "metadata": {"HKFoodType": "Oats"}, "objects": [energy]})
}

#[tokio::test]
async fn imported_meals_are_on_the_same_list_and_nothing_counts_twice() {
    let days = Days::of_a_person_in("UTC").await;
    let (test, ada) = (&days.test, &days.person);
    let at = "2026-11-18T08:00:00Z";
    let sent = json!({"correlation_samples": [food(at, 300.0)]});
    let answer = test.post("/api/v1/healthkit", Some(ada), &sent).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    eat(test, ada, &meal("lunch", "2026-11-18T12:00:00Z", 600.0)).await;
    days.computed().await;
    let listed = days
        .get("nutrition-logs?start=2026-11-18&end=2026-11-19")
        .await;
    let rows = listed["data"].as_array().expect("meals");
    let shown: Vec<(&Value, &Value, &Value)> = rows
        .iter()
        .map(|row| (&row["origin"], &row["brought_by"], &row["calories"]))
        .collect();
    let expect = [
        (&json!("entered"), &json!("Entered by hand"), &json!(600.0)),
        (&json!("imported"), &json!("Diary"), &json!(300.0)),
    ];
    assert_eq!(shown, expect, "{listed}");
    let range = "start=2026-11-18&end=2026-11-19";
    assert_eq!(totals(&days, range).await["total"]["calories"], 900.0);
    // The same food of the same instant, entered as well, is the measurement that the diary has already.
    let mut same = meal("breakfast", at, 300.0);
    same["protein_grams"] = Value::Null;
    same["meal_description"] = Value::Null;
    eat(test, ada, &same).await;
    days.computed().await;
    assert_eq!(totals(&days, range).await["total"]["calories"], 900.0);
    // What an import brought is read and copied here, and changed where it came from.
    let oats = path(&rows[1]);
    let read = days.get(&oats["/api/v1/".len()..]).await;
    assert_eq!(
        (&read, &read["meal_description"]),
        (&rows[1], &json!("Oats"))
    );
    assert_eq!(remove(test, ada, &oats).await, StatusCode::NOT_FOUND);
    test.put(&oats, ada, &[], &same)
        .await
        .problem(404, "not_found");
    let again = json!({"logged_at": "2026-11-19T08:00:00Z"});
    let copied = test.post(&format!("{oats}/copy"), Some(ada), &again).await;
    let problem = copied.problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["pointer"], "/meal_type", "{problem}");
    let again = json!({"logged_at": "2026-11-19T08:00:00Z", "meal_type": "breakfast"});
    let copied = test.post(&format!("{oats}/copy"), Some(ada), &again).await;
    assert_eq!(copied.status, StatusCode::CREATED, "{}", copied.text());
    let copied = copied.json();
    assert_eq!(
        (&copied["meal_description"], &copied["calories"]),
        (&json!("Oats"), &json!(300.0))
    );
}

#[tokio::test]
async fn a_copy_is_another_meal_and_sent_twice_one() {
    let days = Days::of_a_person_in("UTC").await;
    let (test, ada) = (&days.test, &days.person);
    let yesterday = eat(test, ada, &meal("breakfast", "2026-11-18T08:00:00Z", 400.0)).await;
    let copy = format!("{}/copy", path(&yesterday));
    let today = json!({"logged_at": "2026-11-19T08:00:00Z"});
    let first = test.post(&copy, Some(ada), &today).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text());
    let again = test.post(&copy, Some(ada), &today).await;
    assert_eq!((again.status, again.json()), (StatusCode::OK, first.json()));
    assert_ne!(first.json()["meal_id"], yesterday["meal_id"]);
    days.computed().await;
    let eaten = totals(&days, "start=2026-11-18&end=2026-11-20").await;
    assert_eq!(eaten["total"]["calories"], 800.0);
    let ahead = json!({"logged_at": "2026-12-19T08:00:00Z"});
    test.post(&copy, Some(ada), &ahead)
        .await
        .problem(422, "validation_failed");
    let nobodys = format!("{MEALS}/0190a6e0-7c1a-7000-8000-000000000009/copy");
    test.post(&nobodys, Some(ada), &today)
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn meals_are_listed_newest_first_by_kind_in_pages() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    for (kind, at, calories) in [
        ("dinner", "2026-09-01T18:00:00Z", 5.0),
        ("lunch", "2026-11-18T12:00:00Z", 1.0),
        ("dinner", "2026-11-18T18:00:00Z", 2.0),
        ("lunch", "2026-11-19T12:00:00Z", 3.0),
    ] {
        eat(&test, &ada, &meal(kind, at, calories)).await;
    }
    let list = async |query: &str| -> (Vec<f64>, Value) {
        let answer = test.get(&format!("{MEALS}?{query}"), Some(&ada)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let page = answer.json();
        let rows = page["data"].as_array().expect("meals").iter();
        let calories = rows.map(|row| row["calories"].as_f64().expect("a number"));
        (calories.collect(), page["next_cursor"].clone())
    };
    assert_eq!(list("").await.0, [3.0, 2.0, 1.0], "of a month");
    assert_eq!(list("start=2026-08-01").await.0, [3.0, 2.0, 1.0, 5.0]);
    assert_eq!(list("meal_type=lunch").await.0, [3.0, 1.0]);
    let (first, cursor) = list("limit=2").await;
    let cursor = cursor.as_str().expect("more");
    let (rest, end) = list(&format!("limit=2&cursor={cursor}")).await;
    assert_eq!((first, rest, end), (vec![3.0, 2.0], vec![1.0], Value::Null));
    let long = test
        .get(&format!("{MEALS}?start=2020-01-01"), Some(&ada))
        .await;
    long.problem(422, "validation_failed");
}

#[tokio::test]
async fn everybody_has_their_own_meals_and_favourites() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let bob = test.register("bob@example.org").await;
    let of_ada = id(&test, &ada).await;
    let lunch = eat(&test, &ada, &meal("lunch", "2026-11-18T12:00:00Z", 600.0)).await;
    let soup = json!({"meal_type": "lunch", "meal_description": "Soup", "calories": 600.0});
    let kept = test.post(FAVOURITES, Some(&ada), &soup).await;
    assert_eq!(kept.status, StatusCode::CREATED, "{}", kept.text());
    let again = test.post(FAVOURITES, Some(&ada), &soup).await;
    assert_eq!((again.status, again.json()), (StatusCode::OK, kept.json()));
    let favourite = format!(
        "{FAVOURITES}/{}",
        kept.json()["favourite_id"].as_str().expect("an id")
    );

    test.get(&path(&lunch), Some(&bob))
        .await
        .problem(404, "not_found");
    let more = meal("lunch", "2026-11-18T12:00:00Z", 1.0);
    test.put(&path(&lunch), &bob, &[], &more)
        .await
        .problem(404, "not_found");
    let again = json!({"logged_at": "2026-11-19T12:00:00Z"});
    let copied = test
        .post(&format!("{}/copy", path(&lunch)), Some(&bob), &again)
        .await;
    copied.problem(404, "not_found");
    assert_eq!(
        remove(&test, &bob, &path(&lunch)).await,
        StatusCode::NOT_FOUND
    );
    assert_eq!(remove(&test, &bob, &favourite).await, StatusCode::NOT_FOUND);
    assert_eq!(
        test.get(FAVOURITES, Some(&bob)).await.json()["data"],
        json!([])
    );
    let list = format!("{MEALS}/user/{of_ada}");
    test.get(&list, Some(&bob)).await.problem(404, "not_found");
    let wish = json!({"reader": "bob@example.org", "scopes": ["nutrition"], "purpose": "advice",
        "expires_at": "2026-11-20T12:01:00Z"});
    let granted = test.post("/api/v1/grants", Some(&ada), &wish).await;
    assert_eq!(granted.status, StatusCode::CREATED, "{}", granted.text());
    assert_eq!(test.get(&list, Some(&bob)).await.json()["data"][0], lunch);

    assert_eq!(
        remove(&test, &ada, &favourite).await,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        test.get(FAVOURITES, Some(&ada)).await.json()["data"],
        json!([])
    );
    test.get(&path(&lunch), Some(&ada)).await.json();
    let nameless = json!({"meal_type": "lunch", "meal_description": "  "});
    let refused = test.post(FAVOURITES, Some(&ada), &nameless).await;
    refused.problem(422, "validation_failed");
}
