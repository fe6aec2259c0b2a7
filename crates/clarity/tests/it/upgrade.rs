//! What a release wrote is opened by this version: everything is read, what older methods made is said to be
//! stale and made again without being asked, and types that the catalogue has learnt are promoted.
//!
//! `tools/released-database` made the database and says how.

use std::path::{Path, PathBuf};

use analysis::daily::beats::Beats;
use analysis::daily::document::{DayInput, day_document};
use analysis::daily::reconcile::KnownOfPhone;
use analysis::daily::scored::Scorer;
use axum::http::StatusCode;
use clarity::jobs::refresh::{self, Round, Step};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use model::ids::UserId;
use model::zone::{Zone, ZoneHistory};
use serde_json::{Value, json};
use store::days::DayRow;
use store::{Store, Target};
use tempfile::TempDir;

use crate::binary::{EMAIL, PASSWORD};
use crate::harness::{Person, TestApp};
use crate::postgres::Database;

/// The days of the released database.
const DAYS: usize = 21;

fn released(suffix: &str) -> PathBuf {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    data.join(format!("released-0.1.0.{suffix}"))
}

fn unpacked(suffix: &str) -> Vec<u8> {
    let packed = std::fs::read(released(suffix)).expect("a file of this repository");
    zstd::stream::decode_all(packed.as_slice()).expect("zstd")
}

/// A data folder of the release.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path();
    std::fs::write(data.join("clarity.db"), unpacked("sqlite.zst")).expect("my own file");
    std::fs::copy(released("key"), data.join("master.key")).expect("my own file");
    folder
}

async fn store_in(folder: &Path) -> Store {
    let path = folder.join("clarity.db");
    Store::open(&Target::Sqlite { path })
        .await
        .expect("a database")
}

/// This version on a store of the release.
async fn app_on(store: Store, folder: &Path) -> (TestApp, Person) {
    let data_dir = folder.to_owned();
    let test = TestApp::on(store, |config| config.data_dir = data_dir).await;
    let body = json!({"email": EMAIL, "password": PASSWORD});
    let answer = test.post("/api/v1/auth/login", None, &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let ada = Person::from_tokens(&answer.json());
    (test, ada)
}

async fn read(test: &TestApp, ada: &Person, path: &str) -> Value {
    let answer = test.get(&format!("/api/v1{path}"), Some(ada)).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
    answer.json()
}

/// Asserts that everything that was there is there, unchanged; what is new is free to be.
fn holds(now: &Value, before: &Value, at: &str) {
    match (before, now) {
        (Value::Object(before), Value::Object(now)) => {
            for (name, value) in before {
                // Kept under three numbers of the person then, under one row of the catalogue now.
                // A method that has changed says so by its version.
                if matches!(name.as_str(), "pulse_wave_velocity" | "version") {
                    continue;
                }
                let found = now.get(name).unwrap_or(&Value::Null);
                holds(found, value, &format!("{at}/{name}"));
            }
        }
        (Value::Array(before), Value::Array(now)) => {
            assert_eq!(before.len(), now.len(), "{at}");
            for (place, (before, now)) in before.iter().zip(now).enumerate() {
                holds(now, before, &format!("{at}/{place}"));
            }
        }
        _ => assert_eq!(now, before, "{at}"),
    }
}

/// What is compared with what the release returned.
const COMPARED: [&str; 6] = ["me", "summaries", "sleep", "cardio", "workouts", "rhythm"];

async fn everything_is_read(test: &TestApp, ada: &Person, stale: usize) {
    let recorded: Value = serde_json::from_slice(&unpacked("json.zst")).expect("JSON");
    for (name, path) in recorded["read"].as_object().expect("an object") {
        let path = path.as_str().expect("a path");
        let now = read(test, ada, path).await;
        if COMPARED.contains(&name.as_str()) {
            holds(&now, &recorded["answers"][name], name);
        }
        if ["summaries", "sleep", "cardio", "rhythm"].contains(&name.as_str()) {
            let dates = now["stale"].as_array().expect("a list");
            assert_eq!(dates.len(), stale, "{name}: {dates:?}");
        }
        if name == "insights" {
            assert_eq!(now["stale"], json!(stale > 0), "{now}");
            let sentences = now["sentences"].as_array().expect("a list");
            assert!(!sentences.is_empty());
        }
    }
}

/// The values of the type that 0.1.0 did not know, oldest first, as it is known now.
async fn velocities(test: &TestApp, ada: &Person) -> Vec<f64> {
    let path =
        "/health-data?data_type=pulse_wave_velocity&start=2026-03-01&end=2026-03-24&limit=100";
    let page = read(test, ada, path).await;
    let rows = page["data"].as_array().expect("a list");
    let mut values: Vec<f64> = rows
        .iter()
        .map(|row| {
            assert_eq!(row["unit"], "m/s");
            row["value"].as_f64().expect("a number")
        })
        .collect();
    values.sort_by(f64::total_cmp);
    values
}

async fn is_upgraded(store: Store, folder: &Path) {
    let (test, ada) = app_on(store, folder).await;
    everything_is_read(&test, &ada, DAYS).await;
    assert_eq!(velocities(&test, &ada).await, Vec::<f64>::new());
    let steps = refresh::all(&test.app).await;
    // The own types, then the days; the insight follows from the days.
    assert_eq!(steps, 2);
    everything_is_read(&test, &ada, 0).await;
    // One object was deleted; two came in km/h; of the others one is too large to be true, and one has no
    // unit of a speed: both stay as they came.
    let velocities = velocities(&test, &ada).await;
    assert_eq!(velocities.len(), DAYS - 1 + 2);
    assert_eq!(
        velocities
            .iter()
            .filter(|value| (**value - 10.0).abs() < 1e-9)
            .count(),
        2
    );
    let all = read(
        &test,
        &ada,
        "/health-data?start=2026-03-05&end=2026-03-07&limit=1000",
    )
    .await;
    let rows = all["data"].as_array().expect("a list");
    for (value, unit) in [(4_000.0, "m/s"), (7.0, "widgets")] {
        let kept = |row: &&Value| row["value"] == json!(value) && row["unit"] == json!(unit);
        assert_eq!(rows.iter().filter(kept).count(), 1, "{value} {unit}");
    }
    let again = refresh::all(&test.app).await;
    assert_eq!(again, 0, "nothing is left to do");
}

#[tokio::test]
async fn a_released_database_is_read_recomputed_and_promoted() {
    let folder = folder();
    let store = store_in(folder.path()).await;
    is_upgraded(store, folder.path()).await;
    let copy = std::fs::read_dir(folder.path())
        .expect("a folder")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .find(|name| name.starts_with("clarity.db.before-"));
    assert!(copy.is_some(), "a copy of before lies beside it");
}

#[tokio::test]
async fn a_released_database_goes_on_in_postgresql() {
    let Some(database) = Database::create() else {
        return oracle::absence::skip(oracle::absence::Absent::Service("PostgreSQL"));
    };
    let folder = folder();
    let from = store_in(folder.path()).await;
    from.migrate().await.expect("an upgrade");
    let to = database.store().await;
    to.migrate().await.expect("tables");
    let copied = store::copy::all(&from, &to).await.expect("a copy");
    assert!(
        copied
            .iter()
            .any(|(table, rows)| *table == "days" && *rows == DAYS as u64)
    );
    from.close().await;
    is_upgraded(to.clone(), folder.path()).await;
    to.close().await;
}

fn day(at: i64) -> Date {
    date(2026, 1, 1).checked_add(at.days()).expect("a date")
}

/// Days that methods of before revisions were kept made, of a person who has no samples any more.
async fn older_days(test: &TestApp, email: &str, count: i64) -> UserId {
    test.register(email).await;
    let mut tx = test.app.store.write().await.expect("a transaction");
    let found = store::people::by_email(&mut tx, &test.app.vault, email).await;
    let user = found.expect("a read").expect("a person").id;
    let key = test
        .app
        .vault
        .person_key(&mut tx, user)
        .await
        .expect("a key");
    let zones = ZoneHistory::fixed(Zone::utc());
    let documents: Vec<Vec<u8>> = (0..count)
        .map(|at| {
            let document = day_document(&DayInput {
                beats: Beats::All(&[]),
                date: day(at),
                zones: &zones,
                sources: &[],
                metrics: &[],
                scorer: Scorer::Customary,
                phone: KnownOfPhone::default(),
            });
            zstd::stream::encode_all(document.to_bytes().as_slice(), 1).expect("memory")
        })
        .collect();
    let rows: Vec<DayRow<'_>> = (0..)
        .zip(&documents)
        .map(|(at, document)| DayRow {
            day: day(at),
            document,
            minutes: None,
            methods: 0,
        })
        .collect();
    store::days::put_rows(&mut tx, &key, user, &rows)
        .await
        .expect("days");
    tx.commit().await.expect("a commit");
    user
}

async fn marked(test: &TestApp, user: UserId) -> Vec<Date> {
    let mut tx = test.app.store.read().await.expect("a transaction");
    let marked = store::days::dirty(&mut tx, user, 1_000).await;
    marked
        .expect("a read")
        .into_iter()
        .map(|(day, _)| day)
        .collect()
}

/// The days marked for the person whose turn it was, as the first and the last of them.
async fn window(test: &TestApp, user: UserId) -> (Date, Date) {
    let days = marked(test, user).await;
    (days[0], days[days.len() - 1])
}

#[tokio::test]
async fn days_are_made_again_newest_first_and_person_by_person() {
    let test = TestApp::new().await;
    let ada = older_days(&test, "ada@example.org", 70).await;
    let bea = older_days(&test, "bea@example.org", 40).await;
    let mut round = Round::default();
    let mut step = async || refresh::step(&test.app, &mut round).await.expect("a step");
    // Both are looked up in the catalogue first; neither has a measurement that is stored twice.
    assert_eq!((step().await, step().await), (Step::Done, Step::Done));
    assert_eq!((step().await, step().await), (Step::Passed, Step::Passed));
    assert_eq!(step().await, Step::Done);
    assert_eq!(window(&test, ada).await, (day(69), day(39)));
    assert_eq!(step().await, Step::Done);
    assert_eq!(window(&test, bea).await, (day(39), day(9)));
    assert_eq!(step().await, Step::Passed, "their window is still open");
    test.run_jobs().await;
    assert_eq!(step().await, Step::Done);
    assert_eq!(window(&test, bea).await, (day(8), day(0)));
    assert_eq!(step().await, Step::Done);
    assert_eq!(window(&test, ada).await, (day(38), day(8)));
    test.run_jobs().await;
    assert_eq!(step().await, Step::Done);
    assert_eq!(window(&test, ada).await, (day(7), day(0)));
    test.run_jobs().await;
    assert_eq!(step().await, Step::Idle);
}

/// What the API returns of seven days: a number per day, or nothing.
struct Week {
    steps: Vec<Option<f64>>,
    rates: Vec<Option<f64>>,
    water: Vec<Option<f64>>,
    weights: Vec<Option<f64>>,
    workouts: usize,
}

/// The days that both doors have, between one that only the export has and one that only the app has.
async fn through_doors(test: &TestApp, ada: &Person) -> Week {
    let span = "start=2026-03-01&end=2026-03-08";
    let days = read(test, ada, &format!("/summaries/daily?{span}")).await;
    let days = days["data"].as_array().expect("a list");
    let of = |metric: &str, what: &str| -> Vec<Option<f64>> {
        let values = days.iter().map(|day| day["metrics"][metric][what].as_f64());
        values.collect()
    };
    let workouts = read(test, ada, &format!("/workouts?{span}")).await;
    Week {
        steps: of("step_count", "value"),
        rates: of("heart_rate", "n"),
        water: of("dietary_water", "value"),
        weights: of("body_mass", "n"),
        workouts: workouts["data"].as_array().expect("a list").len(),
    }
}

/// One number on the first day, another on the five days of both doors, and a third on the last.
fn week(first: f64, both: f64, last: f64) -> Vec<Option<f64>> {
    let days = [[first].as_slice(), &[both; 5], &[last]].concat();
    days.into_iter().map(Some).collect()
}

/// A phone came through two doors before that was one measurement; `tools/doors-database` made the database.
async fn is_put_right(store: Store, folder: &Path) {
    let (test, ada) = app_on(store, folder).await;
    let before = through_doors(&test, &ada).await;
    assert_eq!(before.rates, week(10.0, 20.0, 10.0));
    assert_eq!(before.weights, week(1.0, 2.0, 1.0));
    // What was deleted through the app is still there as the export printed it.
    let mut water = week(250.0, 500.0, 250.0);
    water[2] = Some(250.0);
    assert_eq!((before.water, before.workouts), (water, 10));
    assert!(refresh::all(&test.app).await > 0);
    let after = through_doors(&test, &ada).await;
    for (day, steps) in (1..8).zip(after.steps) {
        let steps = steps.expect("a day");
        let expected = f64::from(1_125 + 10 * day);
        assert!((steps - expected).abs() < 1e-6, "{day}: {steps}");
    }
    assert_eq!(after.rates, week(10.0, 10.0, 10.0));
    assert_eq!(after.weights, week(1.0, 1.0, 1.0));
    let mut water = week(250.0, 250.0, 250.0);
    water[2] = None;
    assert_eq!((after.water, after.workouts), (water, 5));
    // What the app said is there, in its milliseconds, and what it deletes goes once.
    let path = "/health-data?data_type=dietary_water&start=2026-03-02&end=2026-03-03";
    let rows = read(&test, &ada, path).await;
    let rows = rows["data"].as_array().expect("a list");
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert!(rows[0].to_string().contains("12:00:00.437"), "{}", rows[0]);
    is_reported_and_over(&test, &ada).await;
}

/// The report counts what was joined and what went, and nothing is left to do.
async fn is_reported_and_over(test: &TestApp, ada: &Person) {
    let report = read(test, ada, "/imports").await;
    let reports = report["data"].as_array().expect("a list");
    let of_upgrade = reports
        .iter()
        .find(|one| one["stage"] == "upgrade")
        .expect("a report");
    // 22 measurements on each of five days but for the deleted one, and five workouts.
    assert_eq!(of_upgrade["duplicates"], 109 + 5, "{of_upgrade}");
    let id = of_upgrade["import_id"].as_str().expect("an id");
    let report = read(test, ada, &format!("/imports/{id}")).await;
    assert_eq!(report["deleted"], 1, "{report}");
    let gone = json!({"deleted_objects": [{"uuid": "w2"}, {"uuid": "s20"}]});
    let answer = test.post("/api/v1/healthkit", Some(ada), &gone).await;
    assert_eq!(answer.json()["rejected"], 0, "{}", answer.text());
    test.app.clock.advance_us(5_000_000);
    test.run_jobs().await;
    let path = "/workouts?start=2026-03-02&end=2026-03-03";
    assert_eq!(read(test, ada, path).await["data"], json!([]));
    let water = through_doors(test, ada).await.water;
    assert_eq!(water[1], None);
    assert_eq!(refresh::all(&test.app).await, 0, "nothing is left to do");
}

/// A data folder in which two doors were used.
fn folder_of_doors() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let packed =
        std::fs::read(data.join("doors-before.sqlite.zst")).expect("a file of this repository");
    let bytes = zstd::stream::decode_all(packed.as_slice()).expect("zstd");
    std::fs::write(folder.path().join("clarity.db"), bytes).expect("my own file");
    let key = data.join("doors-before.key");
    std::fs::copy(key, folder.path().join("master.key")).expect("my own file");
    folder
}

#[tokio::test]
async fn what_two_doors_brought_before_the_rule_is_put_right() {
    let folder = folder_of_doors();
    let store = store_in(folder.path()).await;
    Box::pin(is_put_right(store, folder.path())).await;
}

#[tokio::test]
async fn what_two_doors_brought_before_the_rule_is_put_right_in_postgresql() {
    let Some(database) = Database::create() else {
        return oracle::absence::skip(oracle::absence::Absent::Service("PostgreSQL"));
    };
    let folder = folder_of_doors();
    let from = store_in(folder.path()).await;
    from.migrate().await.expect("an upgrade");
    let to = database.store().await;
    to.migrate().await.expect("tables");
    store::copy::all(&from, &to).await.expect("a copy");
    from.close().await;
    Box::pin(is_put_right(to.clone(), folder.path())).await;
    to.close().await;
}
