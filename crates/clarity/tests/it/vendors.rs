//! Exports of vendors through the API, against what is true of them: twice, beside what the vendor's app wrote into
//! Apple Health, and by the order of the phone that kept the records.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode};
use futures::stream;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use oracle::data;
use oracle::vendors::apple::Mirror;
use oracle::vendors::{Life, Made, Plan, fit, fitbit, garmin, health_connect, strava};
use serde_json::{Value, json};

use crate::harness::{Person, TestApp};
use crate::truth::{import, person_in};
use crate::uploads::settle;

const ZONE: &str = "Europe/Berlin";

/// Samples beside the project, and the app under which their maker writes into Apple Health; empty where the files
/// are of nobody's devices, of which only exact copies can be known.
const SAMPLES: &[(&str, &str)] = &[
    ("fitbit-takeout", "Fitbit"),
    ("fitbit-archive", "Fitbit"),
    ("garmin-fit", "Connect"),
    ("garmin-export", "Connect"),
    ("strava", "Strava"),
    ("samsung-health", "Samsung Health"),
    ("oura-export", "Oura"),
    ("oura-api-v2", "Oura"),
    ("whoop", "WHOOP"),
    ("withings", "Health Mate"),
    ("google-fit", "Google Fit"),
    ("mi-fitness", "Mi Fitness"),
    ("zepp", "Zepp Life"),
    ("polar", "Polar Flow"),
    ("huawei-health", "HUAWEI Health"),
    ("sleep-as-android", "Sleep as Android"),
    ("dexcom-clarity", "Dexcom G7"),
    ("libreview", "LibreLink"),
    ("cronometer", "Cronometer"),
    ("myfitnesspal", "MyFitnessPal"),
    ("omron-bp", "OMRON connect"),
    ("nightscout", ""),
    ("gadgetbridge", ""),
    ("health-connect", ""),
    ("open-mhealth", ""),
    ("fhir-r4", ""),
];

/// What a person sees.
#[derive(Debug, PartialEq, Default)]
struct Shown {
    /// Steps by day.
    steps: BTreeMap<String, f64>,
    /// Minutes asleep by day, of the main sleep and of naps.
    asleep: BTreeMap<String, f64>,
    workouts: usize,
}

impl Shown {
    fn differs(&self, other: &Self) -> Option<String> {
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * a.abs().max(b.abs()).max(1.0);
        for (what, own, others) in [
            ("steps", &self.steps, &other.steps),
            ("minutes asleep", &self.asleep, &other.asleep),
        ] {
            let days = own.keys().chain(others.keys());
            for day in days {
                let of = |all: &BTreeMap<String, f64>| all.get(day).copied().unwrap_or(0.0);
                if !near(of(own), of(others)) {
                    return Some(format!("{day}: {} {what}, not {}", of(others), of(own)));
                }
            }
        }
        let (own, others) = (self.workouts, other.workouts);
        (own != others).then(|| format!("{others} workouts, not {own}"))
    }
}

async fn list(app: &TestApp, person: &Person, path: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let answer = app
            .get(&format!("/api/v1/{path}{cursor}"), Some(person))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let page = answer.json();
        all.extend(page["data"].as_array().expect("a list").iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

async fn shown(app: &TestApp, person: &Person) -> Shown {
    let mut shown = Shown::default();
    for year in 2019..=2026 {
        let range = format!("start={year}-01-01&end={}-01-01", year + 1);
        for day in list(app, person, &format!("summaries/daily?{range}")).await {
            if let Some(steps) = day["metrics"]["step_count"]["value"].as_f64() {
                let date = day["date"].as_str().expect("a date").to_owned();
                shown.steps.insert(date, steps);
            }
        }
        for night in list(app, person, &format!("sleep?{range}")).await {
            let naps = night["naps"].as_array().expect("naps");
            let episodes = std::iter::once(&night["main"]).chain(naps);
            let asleep: f64 = episodes.filter_map(|one| one["asleep_min"].as_f64()).sum();
            if asleep > 0.0 {
                let date = night["date"].as_str().expect("a date").to_owned();
                shown.asleep.insert(date, asleep);
            }
        }
    }
    shown.workouts = list(app, person, "workouts?limit=100").await.len();
    shown
}

/// Somebody who sent these files one after the other.
async fn after(app: &TestApp, email: &str, zone: &str, files: &[&[u8]]) -> Person {
    let person = person_in(app, email, zone).await;
    for file in files {
        import(app, &person, file).await;
        settle(app).await;
    }
    person
}

fn seconds(value: &Value) -> i64 {
    let at: Timestamp = value.as_str().expect("a time").parse().expect("RFC 3339");
    at.as_second()
}

/// What the app would have written: the steps that count, hour by hour, and the nights and workouts of the files.
async fn mirror(app: &TestApp, person: &Person, name: &str, expected: &Value) -> Mirror {
    let of = |name: &str| expected[name].as_array().cloned().unwrap_or_default();
    let mut mirror = Mirror {
        app: name.to_owned(),
        ..Mirror::default()
    };
    let samples = of("samples");
    let walked: Vec<&Value> = samples
        .iter()
        .filter(|one| one["metric"] == "step_count")
        .collect();
    if name.is_empty() {
        // Nobody's app: the same measurements as they are.
        "Another app".clone_into(&mut mirror.app);
        let exact = walked
            .iter()
            .filter(|one| one["value"].as_f64() > Some(0.0));
        mirror.steps = exact
            .map(|one| {
                let value = one["value"].as_f64().expect("a number");
                (seconds(&one["start"]), seconds(&one["end"]), value)
            })
            .collect();
        // Several apps and devices of the same minutes are no copy of one app.
        mirror.steps.sort_by_key(|(from_s, ..)| *from_s);
        if mirror.steps.array_windows().any(|[a, b]| b.0 < a.1) {
            mirror.steps.clear();
        }
    } else {
        for day in shown(app, person).await.steps.keys() {
            let next = day
                .parse::<Date>()
                .expect("a date")
                .tomorrow()
                .expect("a day after");
            let path = format!("/api/v1/series/step_count?start={day}&end={next}&resolution=1m");
            let minutes = app.get(&path, Some(person)).await;
            assert_eq!(minutes.status, StatusCode::OK, "{}", minutes.text());
            mirror.steps.extend(rows(&minutes.json()));
        }
        mirror = mirror.sliced(3_600);
    }
    for one in samples
        .iter()
        .filter(|one| one["metric"] == "sleep_analysis")
    {
        #[expect(clippy::cast_possible_truncation, reason = "a code")]
        let code = one["value"].as_f64().expect("a code") as i64;
        mirror
            .sleep
            .push((seconds(&one["start"]), seconds(&one["end"]), code));
    }
    for one in of("workouts") {
        let activity = match one["activity"].as_str().expect("an activity") {
            "running" => "Running",
            "cycling" => "Cycling",
            "walking" => "Walking",
            "swimming" => "Swimming",
            "hiking" => "Hiking",
            "yoga" => "Yoga",
            "traditional_strength_training" => "TraditionalStrengthTraining",
            "functional_strength_training" => "FunctionalStrengthTraining",
            _ => continue,
        };
        let at = (seconds(&one["start"]), seconds(&one["end"]));
        if at.1 - at.0 > 600 {
            mirror.workouts.push((activity.to_owned(), at.0, at.1));
        }
    }
    mirror
}

/// Minutes of a series with their steps.
fn rows(series: &Value) -> Vec<(i64, i64, f64)> {
    let columns = &series["columns"];
    let column = |name: &str| {
        let found = columns[name].as_array();
        found.unwrap_or_else(|| panic!("no {name} in {series}"))
    };
    column("start")
        .iter()
        .zip(column("value"))
        .map(|(start, value)| {
            let at_s = seconds(start);
            (at_s, at_s + 60, value.as_f64().expect("a number"))
        })
        .collect()
}

/// The files of a folder in an archive.
fn packed(folder: &Path) -> Vec<u8> {
    let listed = fs::read_dir(folder).expect("a folder");
    let files: Vec<(String, Vec<u8>)> = listed
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            (name, fs::read(&path).expect("a file"))
        })
        .collect();
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    oracle::zip::archive(&files)
}

#[tokio::test]
async fn what_an_app_wrote_into_apple_health_counts_once() {
    let app = TestApp::new().await;
    let mut faults = Vec::new();
    for (at, (sample, name)) in SAMPLES.iter().enumerate() {
        let Some(folder) = data::beside(&format!("vendors/{sample}")) else {
            return;
        };
        let text = fs::read_to_string(folder.join("expected.json")).expect("what is expected");
        let expected: Value = serde_json::from_str(&text).expect("JSON");
        let zone = expected["person_zone"].as_str().expect("a zone");
        let bytes = match expected["upload"].as_str() {
            Some(upload) => fs::read(folder.join(upload)).expect("the upload"),
            None => packed(&folder.join("export")),
        };
        let alone = after(&app, &format!("a{at}@example.org"), zone, &[&bytes]).await;
        let wanted = shown(&app, &alone).await;
        let apple = mirror(&app, &alone, name, &expected).await.zip();
        for (how, files) in [
            ("before", [bytes.as_slice(), &apple]),
            ("after", [apple.as_slice(), &bytes]),
        ] {
            let email = format!("{how}{at}@example.org");
            let both = after(&app, &email, zone, &files).await;
            let found = shown(&app, &both).await;
            println!(
                "{sample} {how}: {} days, {} nights, {} workouts",
                found.steps.len(),
                found.asleep.len(),
                found.workouts
            );
            if let Some(difference) = wanted.differs(&found) {
                faults.push(format!("{sample}, sent {how} Apple Health: {difference}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn spring() -> Life {
    Life::of(&Plan {
        seed: 11,
        places: &[(date(2026, 1, 1), ZONE)],
        start: date(2026, 3, 10),
        days: 40,
    })
}

/// Steps of days as the truth has them, to be compared.
fn steps_of(made: &Made) -> BTreeMap<String, f64> {
    let days = made.truth.steps.iter();
    days.map(|(day, steps)| (day.to_string(), *steps)).collect()
}

#[tokio::test]
async fn generated_exports_are_true_and_the_same_twice() {
    let app = TestApp::new().await;
    let life = spring();
    for (name, made) in [
        ("takeout", fitbit::print(&life, fitbit::Account::Takeout)),
        ("archive", fitbit::print(&life, fitbit::Account::Archive)),
        ("fit", fit::print(&life)),
        ("garmin", garmin::print(&life)),
        ("strava", strava::print(&life, strava::Clock::Local)),
        ("health-connect", health_connect::print(&life)),
    ] {
        let person = person_in(&app, &format!("{name}@example.org"), ZONE).await;
        let first = import(&app, &person, &made.zip("")).await;
        assert!(first["accepted"].as_u64() > Some(0), "{name}: {first}");
        settle(&app).await;
        let wanted = Shown {
            steps: steps_of(&made),
            asleep: asleep_of(&made),
            workouts: made.truth.workouts.len(),
        };
        let found = shown(&app, &person).await;
        assert_eq!(wanted.differs(&found), None, "{name}");
        let again = import(&app, &person, &made.zip("renamed")).await;
        assert_eq!(again["accepted"], json!(0), "{name}: {again}");
        settle(&app).await;
        assert_eq!(
            wanted.differs(&shown(&app, &person).await),
            None,
            "{name} again"
        );
    }
}

fn asleep_of(made: &Made) -> BTreeMap<String, f64> {
    let nights = made.truth.nights.iter();
    let asleep = nights.map(|(day, stages)| {
        let asleep = stages
            .iter()
            .filter(|(stage, _)| **stage != oracle::vendors::Stage::Awake);
        (day.to_string(), asleep.map(|(_, minutes)| minutes).sum())
    });
    asleep.collect()
}

/// A Takeout of some weeks, as it was and in pieces of which the last does not come.
#[tokio::test]
async fn an_upload_that_breaks_off_is_finished_by_sending_it_again() {
    let app = TestApp::new().await;
    let made = fitbit::print(&spring(), fitbit::Account::Takeout);
    let bytes = made.zip("");
    let whole = person_in(&app, "whole@example.org", ZONE).await;
    let total = import(&app, &whole, &bytes).await["accepted"].as_u64();
    let person = person_in(&app, "cut@example.org", ZONE).await;
    let half = Bytes::copy_from_slice(bytes.split_at(bytes.len() / 2).0);
    let pieces = [Ok(half), Err(std::io::Error::other("the cable"))];
    let request = Request::post("/api/v1/imports")
        .header("authorization", format!("Bearer {}", person.access))
        .header("content-type", "application/octet-stream")
        .body(Body::from_stream(stream::iter(pieces)))
        .expect("a request");
    app.send(request).await.problem(400, "malformed_body");
    let again = import(&app, &person, &bytes).await;
    let known = again["accepted"].as_u64().zip(again["duplicates"].as_u64());
    assert_eq!(known.map(|(new, same)| new + same), total, "{again}");
    settle(&app).await;
    let steps = shown(&app, &person).await.steps;
    for (day, wanted) in steps_of(&made) {
        assert!(
            (steps[&day] - wanted).abs() < 1e-6,
            "{day}: {} steps, not {wanted}",
            steps[&day]
        );
    }
}

/// Bytes of a packed file are overturned, and a file is cut: each is named by its number, with where it is broken, and
/// the others are read.
#[tokio::test]
async fn damage_is_named_by_file_and_place_and_costs_no_other() {
    let app = TestApp::new().await;
    let mut made = fitbit::print(&spring(), fitbit::Account::Takeout);
    let is_steps =
        |(name, _): &(String, Vec<u8>)| name.contains("steps-") && name.ends_with("json");
    let at = made.files.iter().position(is_steps).expect("steps");
    // The last of the archive is stored, so that a byte of it can be found.
    let weights = made.files.pop().expect("weights");
    assert!(weights.0.ends_with("weight.csv"));
    let number = at + 1;
    let (name, steps) = made.files[at].clone();
    made.files[at] = (name, steps[..steps.len() - 30].to_vec());
    let mut bytes = made.zip("");
    let marker = b"heart_rate-2026-04-02.json";
    let found = bytes.windows(marker.len()).position(|part| part == marker);
    let broken = found.expect("its header") + marker.len() + 40;
    bytes[broken..broken + 8].fill(0xff);
    let person = person_in(&app, "damage@example.org", ZONE).await;
    let report = import(&app, &person, &bytes).await;
    let damage = report["damage"].as_array().expect("damage");
    let says = |part: &str| {
        let mut messages = damage.iter().filter_map(|one| one["message"].as_str());
        messages.any(|message| message.contains(part))
    };
    assert!(says("steps json"), "file {number}: {damage:?}");
    assert!(says("file "), "{damage:?}");
    assert!(
        damage
            .iter()
            .all(|one| one["place"].as_str().is_some_and(|place| !place.is_empty()))
    );
    assert!(
        !report.to_string().contains("heart_rate-2026-04-02"),
        "paths are not reported"
    );
    settle(&app).await;
    let shown = shown(&app, &person).await;
    assert_eq!(shown.asleep.len(), made.truth.nights.len());
}

/// The app of a maker beside the maker's own files, of weeks that are generated.
#[tokio::test]
async fn weeks_of_a_maker_and_their_copies_in_quarters_of_an_hour_count_once() {
    let app = TestApp::new().await;
    let life = spring();
    let steps = life.steps.iter();
    let whole = Mirror {
        app: "Fitbit".to_owned(),
        steps: steps
            .map(|(at_s, steps)| (*at_s, at_s + 60, f64::from(*steps)))
            .collect(),
        ..Mirror::default()
    };
    let made = fitbit::print(&life, fitbit::Account::Takeout);
    let wanted = steps_of(&made);
    for length_s in [900, 3_600] {
        let apple = whole.sliced(length_s).zip();
        for order in [[made.zip(""), apple.clone()], [apple.clone(), made.zip("")]] {
            let email = format!("{length_s}-{}@example.org", order[0].len());
            let files = [order[0].as_slice(), order[1].as_slice()];
            let person = after(&app, &email, ZONE, &files).await;
            let found = shown(&app, &person).await.steps;
            for (day, steps) in &wanted {
                let seen = found.get(day).copied().unwrap_or(0.0);
                assert!(
                    (seen - steps).abs() < 1e-6,
                    "{day}: {seen} steps, not {steps}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_phone_that_keeps_records_counts_by_its_order_until_the_person_says_otherwise() {
    let app = TestApp::new().await;
    if let Some(folder) = data::beside("vendors/health-connect") {
        let bytes = fs::read(folder.join("Health Connect.zip")).expect("the upload");
        let person = after(&app, "sample@example.org", ZONE, &[&bytes]).await;
        let steps = shown(&app, &person).await.steps;
        assert_eq!(steps.get("2026-03-28"), Some(&4_700.0));
        assert_eq!(steps.get("2026-03-29"), Some(&300.0));
    }
    let life = spring();
    let made = health_connect::print(&life);
    let person = after(&app, "order@example.org", ZONE, &[&made.zip("")]).await;
    let by_phone = shown(&app, &person).await;
    let reorder = async |order: Value| {
        let body = json!({"source_order": order});
        let answer = app
            .put("/api/v1/user/preferences", &person, &[], &body)
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        settle(&app).await;
        shown(&app, &person).await.steps.values().sum::<f64>()
    };
    let total = by_phone.steps.values().sum::<f64>();
    let fit_first = reorder(json!({"*": ["Fit"]})).await;
    assert!(
        fit_first < total - 1.0,
        "the phone has four of five steps: {fit_first} for {total}"
    );
    // An app that the phone leaves out counts where the person gives it a place.
    let pedometer_first = reorder(json!({"*": ["Pedometer", "Fitbit"]})).await;
    assert!(
        (pedometer_first - total).abs() > 1.0,
        "{pedometer_first} for {total}"
    );
    let again = reorder(json!({})).await;
    assert!((again - total).abs() < 1e-6);
}
