//! Days as people live them: clocks that change, nights across midnight, journeys, data that comes late,
//! is deleted or edited. Totals and nights are right, and only the affected days are computed: every
//! step reads the counter `clarity_days_computed_total` before and after it.

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use metrics::LocalRecorderGuard;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde_json::{Value, json};
use store::jobs::{JobKind, NewJob};

use crate::harness::{Person, SECOND_US, TestApp};

/// A person whose days are watched. Metrics of other tests are counted elsewhere: the recorder is the
/// one of this thread, on which everything but formulas runs.
pub(crate) struct Days {
    pub(crate) test: TestApp,
    pub(crate) person: Person,
    pub(crate) metrics: PrometheusHandle,
    _recording: LocalRecorderGuard<'static>,
}

impl Days {
    pub(crate) async fn of_a_person_in(zone: &str) -> Self {
        let recorder = Box::leak(Box::new(PrometheusBuilder::new().build_recorder()));
        let metrics = recorder.handle();
        let recording = metrics::set_default_local_recorder(recorder);
        let test = TestApp::new().await;
        let person = test.register("ada@example.org").await;
        let days = Self {
            test,
            person,
            metrics,
            _recording: recording,
        };
        days.move_home(zone).await;
        days
    }

    pub(crate) async fn move_home(&self, zone: &str) {
        let body = json!({"time_zone": zone});
        let answer = self
            .test
            .put("/api/v1/user/profile", &self.person, &[], &body)
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    }

    /// Uploads HealthKit objects, of which none may be refused.
    pub(crate) async fn upload(&self, body: Value) -> Value {
        let answer = self
            .test
            .post("/api/v1/healthkit", Some(&self.person), &body)
            .await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
        let account = answer.json();
        assert_eq!(account["rejected"], 0, "{account}");
        account
    }

    fn counter(&self) -> u64 {
        let metrics = self.metrics.render();
        let mut lines = metrics.lines();
        let line = lines.find_map(|line| line.strip_prefix("clarity_days_computed_total "));
        line.map_or(0, |count| count.parse().expect("a whole number"))
    }

    /// Lets the pipeline catch up and tells how many days it computed.
    pub(crate) async fn computed(&self) -> u64 {
        let before = self.counter();
        self.test.app.clock.advance_us(5 * SECOND_US);
        self.test.run_jobs().await;
        self.counter() - before
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self
            .test
            .get(&format!("/api/v1/{path}"), Some(&self.person))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        answer.json()
    }

    /// One day of a list by day.
    pub(crate) async fn day(&self, list: &str, date: &str) -> Option<Value> {
        let next = date
            .parse::<jiff::civil::Date>()
            .expect("a date")
            .tomorrow()
            .expect("some year");
        let answer = self.get(&format!("{list}?start={date}&end={next}")).await;
        let days = answer["data"].as_array().expect("days");
        assert!(days.len() <= 1, "{answer}");
        days.first().cloned()
    }

    /// Checks steps by date; `None` where the day holds none.
    async fn check_steps(&self, expect: &[(&str, Option<f64>)]) {
        for (date, steps) in expect {
            let day = self.day("summaries/daily", date).await;
            let found = day
                .as_ref()
                .and_then(|day| day["metrics"]["step_count"]["value"].as_f64());
            assert_eq!(found, *steps, "steps on {date}: {day:?}");
        }
    }

    /// Checks minutes asleep in the main sleep of a date.
    async fn check_night(&self, date: &str, expect: Option<f64>) -> Value {
        let day = self.day("sleep", date).await.unwrap_or_default();
        assert_eq!(
            day["main"]["asleep_min"].as_f64(),
            expect,
            "asleep on {date}: {day}"
        );
        day
    }
}

pub(crate) fn after(start: &str, hours: i64) -> String {
    let start: Timestamp = start.parse().expect("a time");
    (start + SignedDuration::from_hours(hours)).to_string()
}

pub(crate) fn steps(start: &str, end: &str, count: u32) -> Value {
    json!({"type": "HKQuantityTypeIdentifierStepCount", "unit": "count", "value": count,
           "start_date": start, "end_date": end, "source_name": "iPhone"})
}

/// One sample per hour, so that the sum counts the hours.
fn hourly(start: &str, hours: i64, count: u32) -> Vec<Value> {
    let hours = 0..hours;
    hours
        .map(|hour| steps(&after(start, hour), &after(start, hour + 1), count))
        .collect()
}

pub(crate) fn asleep(stage: &str, start: &str, end: &str) -> Value {
    json!({"type": "HKCategoryTypeIdentifierSleepAnalysis", "start_date": start, "end_date": end,
           "value": format!("HKCategoryValueSleepAnalysisAsleep{stage}"), "source_name": "Apple Watch"})
}

/// A heart rate whose metadata names where the person was.
pub(crate) fn seen_in(zone: &str, at: &str) -> Value {
    json!({"type": "HKQuantityTypeIdentifierHeartRate", "unit": "count/min", "value": 60,
           "start_date": at, "end_date": at, "source_name": "Apple Watch",
           "metadata": {"HKTimeZone": zone}})
}

/// Berlin, then New York from the afternoon of 10 June, then Berlin from the morning of 15 June.
pub(crate) fn journey() -> Value {
    json!({"quantity_samples": [
        seen_in("America/New_York", "2026-06-10T18:00:00Z"),
        seen_in("Europe/Berlin", "2026-06-15T08:00:00Z"),
    ]})
}

pub(crate) fn quantities(samples: impl IntoIterator<Item = Value>) -> Value {
    json!({"quantity_samples": samples.into_iter().collect::<Vec<_>>()})
}

#[tokio::test]
async fn days_of_23_and_of_25_hours_hold_all_their_hours() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    for (midnight, hours, dates) in [
        (
            "2026-03-28T23:00:00Z",
            23,
            ["2026-03-28", "2026-03-29", "2026-03-30"],
        ),
        (
            "2026-10-24T22:00:00Z",
            25,
            ["2026-10-24", "2026-10-25", "2026-10-26"],
        ),
    ] {
        let mut samples = hourly(&after(midnight, -1), 1, 7);
        samples.extend(hourly(midnight, hours, 100));
        samples.extend(hourly(&after(midnight, hours), 1, 11));
        days.upload(quantities(samples)).await;
        assert_eq!(days.computed().await, 3, "{dates:?}");
        let whole = f64::from(i32::try_from(hours).expect("few") * 100);
        let expect = [
            (dates[0], Some(7.0)),
            (dates[1], Some(whole)),
            (dates[2], Some(11.0)),
        ];
        days.check_steps(&expect).await;
    }
}

#[tokio::test]
async fn a_sample_across_midnight_belongs_to_both_days_and_one_up_to_it_to_one() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    days.upload(quantities([steps(
        "2026-05-04T21:30:00Z",
        "2026-05-04T22:30:00Z",
        60,
    )]))
    .await;
    assert_eq!(days.computed().await, 2);
    days.check_steps(&[("2026-05-04", Some(30.0)), ("2026-05-05", Some(30.0))])
        .await;
    days.upload(quantities([steps(
        "2026-05-06T21:30:00Z",
        "2026-05-06T22:00:00Z",
        40,
    )]))
    .await;
    assert_eq!(days.computed().await, 1);
    days.check_steps(&[("2026-05-06", Some(40.0)), ("2026-05-07", None)])
        .await;
}

#[tokio::test]
async fn what_arrives_eleven_hours_late_changes_its_own_day() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    let evening = asleep("Core", "2026-11-19T22:00:00Z", "2026-11-20T01:00:00Z");
    let walk = steps("2026-11-19T08:00:00Z", "2026-11-19T09:00:00Z", 500);
    days.upload(json!({"category_samples": [evening], "quantity_samples": [walk]}))
        .await;
    assert_eq!(
        days.computed().await,
        2,
        "the evening of one day and the night of the next"
    );
    days.check_night("2026-11-20", Some(180.0)).await;
    // It is noon UTC now.
    let late = asleep("Deep", "2026-11-20T01:00:00Z", "2026-11-20T02:00:00Z");
    days.upload(json!({"category_samples": [late]})).await;
    assert_eq!(days.computed().await, 1);
    let night = days.check_night("2026-11-20", Some(240.0)).await;
    assert_eq!(night["main"]["stages_min"]["deep"], 60.0, "{night}");
    days.check_night("2026-11-19", None).await;
    days.check_steps(&[("2026-11-19", Some(500.0))]).await;
    let late = steps("2026-11-20T01:00:00Z", "2026-11-20T01:10:00Z", 12);
    days.upload(quantities([late])).await;
    assert_eq!(days.computed().await, 1);
    days.check_steps(&[("2026-11-19", Some(500.0)), ("2026-11-20", Some(12.0))])
        .await;
}

#[tokio::test]
async fn a_deletion_changes_the_days_of_the_deleted_and_stays() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    let object = |uuid: &str, start: &str, count: u32| {
        let mut sample = steps(start, &after(start, 1), count);
        sample["uuid"] = json!(uuid);
        sample
    };
    let first = object(
        "A0000000-0000-4000-8000-000000000001",
        "2026-05-04T08:00:00Z",
        100,
    );
    let second = object(
        "A0000000-0000-4000-8000-000000000002",
        "2026-05-04T10:00:00Z",
        50,
    );
    let third = object(
        "A0000000-0000-4000-8000-000000000003",
        "2026-05-05T10:00:00Z",
        10,
    );
    days.upload(quantities([first.clone(), second.clone(), third]))
        .await;
    assert_eq!(days.computed().await, 2);
    let delete = |sample: &Value| json!({"deleted_objects": [{"uuid": sample["uuid"], "type": sample["type"]}]});
    days.upload(delete(&first)).await;
    assert_eq!(days.computed().await, 1);
    days.check_steps(&[("2026-05-04", Some(50.0)), ("2026-05-05", Some(10.0))])
        .await;
    let again = days.upload(quantities([first.clone()])).await;
    assert_eq!(
        (&again["accepted"], &again["duplicates"]),
        (&json!(0), &json!(1)),
        "{again}"
    );
    assert_eq!(
        days.computed().await,
        0,
        "a late copy of what was deleted changes nothing"
    );
    days.check_steps(&[("2026-05-04", Some(50.0))]).await;
    days.upload(delete(&second)).await;
    assert_eq!(days.computed().await, 1);
    assert_eq!(
        days.day("summaries/daily", "2026-05-04").await,
        None,
        "a day without data is absent"
    );
    days.check_steps(&[("2026-05-05", Some(10.0))]).await;
}

#[tokio::test]
async fn an_edited_object_replaces_the_older_version() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    let run = |minutes: u32| {
        json!({"workouts": [{
            "uuid": "B0000000-0000-4000-8000-000000000001", "workout_activity_type": "running",
            "start_date": "2026-05-04T08:00:00Z", "end_date": "2026-05-04T09:00:00Z",
            "duration_min": minutes, "source_name": "Apple Watch",
        }]})
    };
    days.upload(quantities([steps(
        "2026-05-04T08:00:00Z",
        "2026-05-04T09:00:00Z",
        100,
    )]))
    .await;
    days.upload(run(60)).await;
    assert_eq!(days.computed().await, 1);
    days.upload(run(45)).await;
    assert_eq!(
        days.computed().await,
        0,
        "no measure of a day is made of workouts"
    );
    let workouts = days.get("workouts").await;
    assert_eq!(
        workouts["data"].as_array().map(Vec::len),
        Some(1),
        "{workouts}"
    );
    assert_eq!(workouts["data"][0]["duration_min"], 45.0, "{workouts}");
    days.check_steps(&[("2026-05-04", Some(100.0))]).await;

    let weight = |at: &str, kg: f64| {
        quantities([json!({
            "uuid": "B0000000-0000-4000-8000-000000000002", "type": "HKQuantityTypeIdentifierBodyMass",
            "unit": "kg", "value": kg, "start_date": at, "source_name": "Scale",
        })])
    };
    days.upload(weight("2026-05-04T06:00:00Z", 70.0)).await;
    assert_eq!(days.computed().await, 1);
    days.upload(weight("2026-05-09T06:00:00Z", 71.0)).await;
    assert_eq!(
        days.computed().await,
        2,
        "the day that lost it and the day that got it"
    );
    let mean = async |date| {
        days.day("summaries/daily", date).await.unwrap_or_default()["metrics"]["body_mass"]["mean"]
            .as_f64()
    };
    assert_eq!(
        (mean("2026-05-04").await, mean("2026-05-09").await),
        (None, Some(71.0))
    );
}

#[tokio::test]
async fn a_journey_moves_the_borders_of_its_days_only() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    days.upload(quantities(hourly("2026-06-07T22:00:00Z", 240, 100)))
        .await;
    assert_eq!(days.computed().await, 10);
    days.check_steps(&[("2026-06-08", Some(2400.0)), ("2026-06-17", Some(2400.0))])
        .await;
    days.upload(journey()).await;
    assert_eq!(days.computed().await, 6, "10 to 15 June");
    days.check_steps(&[
        ("2026-06-07", None),
        ("2026-06-09", Some(2400.0)),
        ("2026-06-10", Some(3000.0)),
        ("2026-06-11", Some(2400.0)),
        ("2026-06-14", Some(2400.0)),
        ("2026-06-15", Some(1800.0)),
        ("2026-06-16", Some(2400.0)),
        ("2026-06-18", None),
    ])
    .await;
    let zone =
        async |date| days.day("summaries/daily", date).await.unwrap_or_default()["zone"].clone();
    assert_eq!(zone("2026-06-09").await, "Europe/Berlin");
    assert_eq!(zone("2026-06-12").await, "America/New_York");
    assert_eq!(zone("2026-06-16").await, "Europe/Berlin");
    days.upload(journey()).await;
    assert_eq!(
        days.computed().await,
        0,
        "the same evidence again says nothing new"
    );

    let night = [
        asleep("Core", "2026-06-12T03:00:00Z", "2026-06-12T08:00:00Z"),
        asleep("REM", "2026-06-12T08:00:00Z", "2026-06-12T11:00:00Z"),
    ];
    days.upload(json!({"category_samples": night})).await;
    assert_eq!(days.computed().await, 2, "from 23:00 to 07:00 in New York");
    let night = days.check_night("2026-06-12", Some(480.0)).await;
    assert_eq!(night["zone"], "America/New_York");
    assert_eq!(night["main"]["onset"], "2026-06-11T23:00:00-04:00");
    assert_eq!(night["main"]["offset"], "2026-06-12T07:00:00-04:00");
    days.check_night("2026-06-11", None).await;
}

#[tokio::test]
async fn a_journey_learnt_before_the_days_were_computed_moves_them_too() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    // Four in the morning of 13 June in Berlin, ten in the evening of 12 June in New York.
    days.upload(quantities([steps(
        "2026-06-13T02:00:00Z",
        "2026-06-13T03:00:00Z",
        100,
    )]))
    .await;
    days.upload(journey()).await;
    assert!(days.computed().await > 0);
    days.check_steps(&[("2026-06-12", Some(100.0)), ("2026-06-13", None)])
        .await;
}

/// Two sources that count the same hour differently on two days, and one alone on a third.
fn two_sources() -> Value {
    let watch = |start: &str, count: u32| {
        let mut sample = steps(start, &after(start, 1), count);
        sample["source_name"] = json!("Apple Watch");
        sample
    };
    let phone = |start: &str, count: u32| steps(start, &after(start, 1), count);
    quantities([
        watch("2026-05-04T08:00:00Z", 110),
        phone("2026-05-04T08:00:00Z", 90),
        watch("2026-05-05T08:00:00Z", 220),
        phone("2026-05-05T08:00:00Z", 180),
        phone("2026-05-06T08:00:00Z", 50),
    ])
}

#[tokio::test]
async fn another_order_of_sources_recomputes_what_was_computed() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    days.upload(two_sources()).await;
    assert_eq!(days.computed().await, 3);
    days.check_steps(&[("2026-05-04", Some(110.0)), ("2026-05-05", Some(220.0))])
        .await;
    let order = async |body: Value| {
        let answer = days
            .test
            .put("/api/v1/user/preferences", &days.person, &[], &body)
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        days.computed().await
    };
    assert_eq!(order(json!({"source_order": {"*": ["iPhone"]}})).await, 3);
    let swapped = [
        ("2026-05-04", Some(90.0)),
        ("2026-05-05", Some(180.0)),
        ("2026-05-06", Some(50.0)),
    ];
    days.check_steps(&swapped).await;
    let same = json!({"source_order": {"*": ["iPhone"]}, "units": "imperial"});
    assert_eq!(order(same).await, 0, "the same order again");
    days.check_steps(&swapped).await;
}

#[tokio::test]
async fn older_data_that_changes_which_source_is_newest_recomputes_what_was_computed() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    let counted = |source: &str, start: &str, count: u32| {
        let mut sample = steps(start, &after(start, 1), count);
        sample["source_name"] = json!(source);
        sample
    };
    days.upload(quantities([
        counted("Stride", "2026-05-03T08:00:00Z", 10),
        counted("Pace", "2026-05-04T08:00:00Z", 110),
        counted("Stride", "2026-05-04T08:00:00Z", 90),
    ]))
    .await;
    assert_eq!(days.computed().await, 2);
    days.check_steps(&[("2026-05-04", Some(110.0))]).await;
    // Of two apps the one that is newer counts. Pace turns out to be the older one.
    days.upload(quantities([counted("Pace", "2026-04-01T08:00:00Z", 7)]))
        .await;
    assert_eq!(
        days.computed().await,
        3,
        "its own day, and the two that were there"
    );
    days.check_steps(&[("2026-04-01", Some(7.0)), ("2026-05-04", Some(90.0))])
        .await;
}

#[tokio::test]
async fn another_home_moves_the_days_at_home() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    days.upload(quantities(hourly("2026-06-07T22:00:00Z", 240, 100)))
        .await;
    days.upload(journey()).await;
    days.computed().await;
    days.move_home("Europe/London").await;
    assert_eq!(
        days.computed().await,
        4,
        "7 to 10 June: after the return Berlin was seen"
    );
    days.check_steps(&[
        ("2026-06-07", Some(100.0)),
        ("2026-06-08", Some(2400.0)),
        ("2026-06-10", Some(2900.0)),
        ("2026-06-15", Some(1800.0)),
        ("2026-06-16", Some(2400.0)),
    ])
    .await;
    days.move_home("Europe/London").await;
    assert_eq!(days.computed().await, 0, "the same home again");
}

#[tokio::test]
async fn a_job_whose_process_died_after_the_last_day_still_writes_the_insight() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    days.upload(two_sources()).await;
    assert_eq!(days.computed().await, 3);
    let app = &days.test.app;
    let me = days.get("auth/me").await;
    let now_us = app.clock.now_us();
    let job = NewJob {
        id: app.ids.job(now_us),
        user: me["id"]
            .as_str()
            .expect("an id")
            .parse()
            .expect("a user id"),
        kind: JobKind::new("recompute"),
        run_at_us: now_us,
        now_us,
    };
    let mut tx = app.store.write().await.expect("a transaction");
    store::jobs::enqueue(&mut tx, &job).await.expect("a job");
    tx.commit().await.expect("a commit");
    let before = days.counter();
    assert_eq!(
        days.test.run_jobs().await,
        2,
        "the job that is left, and the insight"
    );
    assert_eq!(days.counter(), before);
}
