//! One person through every pair of doors, in both orders: the same totals, nights and workouts as through
//! one door, whatever is sent again, and after corrections and deletions through either.

use axum::http::StatusCode;
use serde_json::{Value, json};
use store::{Store, Target};

use crate::door_prints::{DOORS, Door};
use crate::harness::{Person, TestApp};
use crate::many_doors::{Correction, Dice, Fact, Life, MINUTE_MS};
use crate::postgres::Database;
use crate::uploads::settle;

async fn in_berlin(test: &TestApp, name: &str) -> Person {
    let person = test.register(&format!("{name}@example.org")).await;
    let zone = json!({"time_zone": "Europe/Berlin"});
    let answer = test.put("/api/v1/user/profile", &person, &[], &zone).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    person
}

/// What the person sees of the two days: a total per metric and day, the night, the workouts.
async fn seen(test: &TestApp, person: &Person) -> Value {
    let read = async |path: &str| {
        let path = format!("/api/v1/{path}?start=2026-11-18&end=2026-11-20");
        test.get(&path, Some(person)).await.json()
    };
    let days = read("summaries/daily").await;
    let nights = read("sleep").await;
    let workouts = read("workouts").await;
    let of =
        |day: usize, metric: &str, what: &str| days["data"][day]["metrics"][metric][what].clone();
    let minutes = nights["data"].as_array().into_iter().flatten();
    let minutes: Vec<&Value> = minutes
        .map(|night| &night["main"]["asleep_min"])
        .filter(|asleep| !asleep.is_null())
        .collect();
    json!({
        "steps": [of(0, "step_count", "value"), of(1, "step_count", "value")],
        "water": [of(0, "dietary_water", "value"), of(1, "dietary_water", "value")],
        "heart": [of(0, "heart_rate", "n"), of(1, "heart_rate", "n")],
        "heart_mean": [of(0, "heart_rate", "mean"), of(1, "heart_rate", "mean")],
        "asleep": minutes,
        "workouts": workouts["data"].as_array().map(Vec::len),
    })
}

/// What they should see where these doors delivered.
fn expected(life: &Life, doors: &[Door]) -> Value {
    let any = |has: fn(Door) -> bool| doors.iter().any(|door| has(*door));
    let sums = |facts: &[Fact]| -> Vec<i64> {
        let days = Life::days(facts).into_iter();
        days.map(|(_, sum)| sum).collect()
    };
    let nothing = || json!([null, null]);
    let rates: Vec<i64> = life.heart.iter().map(|fact| fact.value).collect();
    let mean = |of: &[i64]| of.iter().sum::<i64>() as f64 / of.len() as f64;
    let (first, second) = rates.split_at(3);
    let asleep: i64 = life
        .night
        .iter()
        .map(|fact| (fact.end_ms - fact.start_ms) / MINUTE_MS)
        .sum();
    let has_run = life.workout.is_some() && any(Door::has_workout);
    json!({
        "steps": sums(&life.steps),
        "water": if any(Door::has_water) { json!(sums(&life.water)) } else { nothing() },
        "heart": if any(Door::has_heart) { json!([first.len(), second.len()]) } else { nothing() },
        "heart_mean": if any(Door::has_heart) { json!([mean(first), mean(second)]) } else { nothing() },
        "asleep": if any(Door::is_raw) { json!([asleep]) } else { json!([]) },
        "workouts": u8::from(has_run),
    })
}

/// Whether two answers are alike but for rounding; a night may differ by a minute.
fn alike(a: &Value, b: &Value, by: f64) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let far = a.as_f64().zip(b.as_f64()).map(|(a, b)| (a - b).abs());
            far.is_some_and(|far| far <= by)
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b, by))
        }
        (Value::Object(a), Value::Object(b)) => a.iter().all(|(name, a)| {
            let by = if name == "asleep" { 1.01 } else { 0.01 };
            b.get(name).is_some_and(|b| alike(a, b, by))
        }),
        (a, b) => a == b,
    }
}

/// A person for each pair of doors that is meant, in both orders, through which the same days came.
async fn pairs(
    test: &TestApp,
    name: &str,
    life: &Life,
    is_meant: impl Fn(Door, Door) -> bool,
) -> Vec<(Person, [Door; 2])> {
    let mut people = Vec::new();
    for (first, one) in DOORS.into_iter().enumerate() {
        for (second, other) in DOORS.into_iter().enumerate() {
            if !is_meant(one, other) {
                continue;
            }
            let person = in_berlin(test, &format!("{name}d{first}x{second}")).await;
            one.deliver(test, &person, life).await;
            other.deliver(test, &person, life).await;
            one.deliver(test, &person, life).await;
            people.push((person, [one, other]));
        }
    }
    people
}

/// Asserts that everybody sees these days.
async fn all_see(test: &TestApp, people: &[(Person, [Door; 2])], life: &Life, when: &str) {
    settle(test).await;
    for (person, doors) in people {
        let (seen, expected) = (seen(test, person).await, expected(life, doors));
        assert!(
            alike(&expected, &seen, 0.0),
            "{doors:?}, {when}: {seen} is not {expected}"
        );
    }
}

/// Every pair of doors in both orders, each sent again; then something is deleted through one of those that
/// name objects, and what was sent before comes late.
async fn every_pair(test: &TestApp, seed: u64) {
    let life = Life::of(seed);
    let mut people = pairs(test, &format!("s{seed}"), &life, |_, _| true).await;
    all_see(test, &people, &life, &format!("seed {seed}")).await;
    // A total that still contains what is deleted says that it is there.
    people
        .retain(|(_, doors)| doors.iter().all(|door| door.is_raw()) && doors != &[Door::Export; 2]);
    let deleted = life.without_some();
    for (person, [one, other]) in &people {
        let says = [*one, *other]
            .into_iter()
            .find(|door| door.names_deletions());
        let says = says.unwrap_or(Door::HealthKitMilliseconds);
        says.deliver(test, person, &deleted).await;
        one.deliver_late(test, person, &life).await;
        other.deliver_late(test, person, &life).await;
        for door in [one, other].into_iter().filter(|door| door.says_totals()) {
            door.deliver(test, person, &deleted).await;
        }
    }
    let when = format!("seed {seed}, deleted");
    all_see(test, &people, &deleted, &when).await;
}

/// Corrections through one door after the other: each pair says them as its apps do.
async fn every_correction(test: &TestApp, seed: u64, how: Correction, by: i64) {
    let life = Life::of(seed);
    let corrected = life.corrected(how, by);
    let name = format!("c{seed}{how:?}{}", if by > 0 { "up" } else { "down" }).to_lowercase();
    // Somebody has to say that the former object is gone: by its name, or by a later export.
    let is_said = |one: Door, other: Door| {
        let says = |door: Door| door.names_deletions() || door == Door::Export;
        let adds = |door: Door| door == Door::OpenWearables;
        how == Correction::AnotherValue || says(one) || says(other) || !(adds(one) || adds(other))
    };
    // Half of the pairs by one seed, the others by the next.
    let place = |door: Door| DOORS.iter().position(|known| *known == door).unwrap_or(0) as u64;
    let is_turn = |one: Door, other: Door| (place(one) + place(other)) % 2 == seed % 2;
    let is_meant = |one: Door, other: Door| is_said(one, other) && is_turn(one, other);
    let people = pairs(test, &name, &life, is_meant).await;
    let when = format!("seed {seed}, {how:?} by {by}");
    let (mut half, mut whole) = (Vec::new(), Vec::new());
    for (person, [one, other]) in people {
        one.deliver(test, &person, &corrected).await;
        // Where one names what is gone, the other may come with it late and changes nothing.
        let names = how == Correction::AnotherObject
            && one.names_deletions()
            && other.is_raw()
            && !other.says_totals();
        if names {
            other.deliver_late(test, &person, &life).await;
            half.push((person, [one, other]));
        } else {
            whole.push((person, [one, other]));
        }
    }
    all_see(test, &half, &corrected, &format!("{when}, half said")).await;
    whole.append(&mut half);
    for (person, [one, other]) in &whole {
        other.deliver(test, person, &corrected).await;
        one.deliver(test, person, &corrected).await;
    }
    all_see(test, &whole, &corrected, &when).await;
}

#[tokio::test]
async fn every_pair_of_doors_is_one_person() {
    Box::pin(every_pair(&TestApp::new().await, 1)).await;
}

#[tokio::test]
async fn every_pair_of_doors_is_one_person_on_postgresql() {
    let Some(database) = Database::create() else {
        oracle::absence::skip(oracle::absence::Absent::Service("PostgreSQL"));
        return;
    };
    let test = TestApp::on(database.store().await, |_| {}).await;
    Box::pin(every_pair(&test, 7)).await;
}

#[tokio::test]
async fn a_correction_through_either_door_counts_once() {
    let test = TestApp::new().await;
    for (seed, how, by) in [
        (11, Correction::AnotherObject, 250),
        (12, Correction::AnotherObject, -40),
        (13, Correction::AnotherValue, 250),
        (14, Correction::AnotherValue, -40),
    ] {
        Box::pin(every_correction(&test, seed, how, by)).await;
    }
}

#[tokio::test]
async fn a_correction_through_either_door_counts_once_on_postgresql() {
    let Some(database) = Database::create() else {
        oracle::absence::skip(oracle::absence::Absent::Service("PostgreSQL"));
        return;
    };
    let test = TestApp::on(database.store().await, |_| {}).await;
    Box::pin(every_correction(&test, 15, Correction::AnotherObject, -40)).await;
    Box::pin(every_correction(&test, 16, Correction::AnotherValue, 250)).await;
}

#[tokio::test]
async fn all_doors_together_are_one_person_in_any_order() {
    let test = TestApp::on(
        Store::open(&Target::SqliteTemporary)
            .await
            .expect("a database"),
        |_| {},
    )
    .await;
    let mut dice = Dice(5);
    let mut people = Vec::new();
    for turn in 0..6 {
        let life = Life::of(100 + turn);
        let person = in_berlin(&test, &format!("all{turn}")).await;
        let mut doors = DOORS.to_vec();
        doors.extend(DOORS);
        while !doors.is_empty() {
            let count = i64::try_from(doors.len()).expect("few");
            let at = usize::try_from(dice.below(count)).expect("in range");
            doors.swap_remove(at).deliver(&test, &person, &life).await;
        }
        people.push((person, life));
    }
    settle(&test).await;
    for (person, life) in &people {
        let (seen, expected) = (seen(&test, person).await, expected(life, &DOORS));
        assert!(alike(&expected, &seen, 0.0), "{seen} is not {expected}");
    }
}
