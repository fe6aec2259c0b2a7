//! One person through every pair of doors, in both orders: the same totals, nights and workouts as through
//! one door, whatever is sent again, and after a deletion through either.
//!
//! The person is generated from a seed; each door prints what happened in its own way.

use std::fmt::Write;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use store::{Store, Target};

use crate::harness::{Person, TestApp, request};
use crate::postgres::Database;
use crate::uploads::settle;

/// 2026-11-17T23:00:00Z: midnight of the 18th in Berlin.
const MIDNIGHT_MS: i64 = 1_794_956_400_000;
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Numbers that follow from a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: i64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let high = i64::try_from(self.0 >> 33).expect("31 bits");
        high % bound
    }
}

/// What HealthKit holds about one measurement.
#[derive(Debug, Clone)]
struct Fact {
    uuid: String,
    start_ms: i64,
    end_ms: i64,
    value: i64,
}

/// Two days of a person, as their phone knows them.
struct Life {
    steps: Vec<Fact>,
    water: Vec<Fact>,
    heart: Vec<Fact>,
    night: Vec<Fact>,
    workout: Fact,
}

impl Life {
    fn of(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let mut uuid = 0;
        let mut fact = |start_ms, length_ms, value| {
            uuid += 1;
            Fact {
                uuid: format!("{seed:08X}-0000-4000-8000-{uuid:012X}"),
                start_ms,
                end_ms: start_ms + length_ms,
                value,
            }
        };
        let mut life = Self {
            steps: Vec::new(),
            water: Vec::new(),
            heart: Vec::new(),
            night: Vec::new(),
            workout: fact(MIDNIGHT_MS + 17 * HOUR_MS + 437, 31 * MINUTE_MS + 475, 0),
        };
        for day in 0..2 {
            let mut at_ms = MIDNIGHT_MS + day * DAY_MS + 7 * HOUR_MS + dice.below(HOUR_MS);
            while at_ms < MIDNIGHT_MS + day * DAY_MS + 22 * HOUR_MS {
                let length_ms = 20_000 + dice.below(9 * MINUTE_MS);
                life.steps.push(fact(at_ms, length_ms, 1 + dice.below(900)));
                at_ms += length_ms + 3_000 + dice.below(HOUR_MS);
            }
            for hour in [8, 13, 19] {
                let at_ms = MIDNIGHT_MS + day * DAY_MS + hour * HOUR_MS + dice.below(HOUR_MS);
                life.water.push(fact(at_ms, 0, 200 + 50 * dice.below(3)));
                life.heart.push(fact(at_ms, 0, 55 + dice.below(60)));
            }
        }
        // From 23:30 on the first day until the morning of the second.
        let mut at_ms = MIDNIGHT_MS + 23 * HOUR_MS + 30 * MINUTE_MS + 437;
        for stage in [3, 4, 3, 5, 3, 4, 5, 3] {
            let length_ms = (20 + dice.below(60)) * MINUTE_MS;
            life.night.push(fact(at_ms, length_ms, stage));
            at_ms += length_ms;
        }
        life
    }
}

/// A way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    Export,
    HealthKitSeconds,
    HealthKitMilliseconds,
    OpenWearables,
    AutoExport(&'static str, i64),
    Shortcut,
    HealthConnectWebhook,
}

const DOORS: [Door; 9] = [
    Door::Export,
    Door::HealthKitSeconds,
    Door::HealthKitMilliseconds,
    Door::OpenWearables,
    Door::AutoExport("Minutes", MINUTE_MS),
    Door::AutoExport("Hours", HOUR_MS),
    Door::AutoExport("Days", DAY_MS),
    Door::Shortcut,
    Door::HealthConnectWebhook,
];

/// The watch, as HealthKit names it.
const WATCH: &str = "Anna\u{2019}s Apple\u{a0}Watch";
const DEVICE: &str = "&lt;&lt;HKDevice: 0x28{}&gt;, name:Apple Watch, manufacturer:Apple Inc., model:Watch, \
                      hardware:Watch6,1, software:11.0&gt;";

fn utc(at_ms: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(at_ms).expect("in range")
}

/// `2026-11-18 08:00:00 +0100`, as Apple and Health Auto Export print.
fn printed(at_ms: i64) -> String {
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").expect("a zone");
    let at = utc(at_ms.div_euclid(1_000) * 1_000).to_zoned(zone);
    at.strftime("%Y-%m-%d %H:%M:%S %z").to_string()
}

fn export(life: &Life) -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<HealthData locale=\"en_US\">\n \
         <ExportDate value=\"2026-11-20 12:00:00 +0100\"/>\n",
    );
    let mut record = |name: &str, unit: &str, fact: &Fact, value: String, is_watch: bool| {
        let device = DEVICE.replace("{}", &fact.uuid[..8]);
        let source = if is_watch {
            format!("sourceName=\"{WATCH}\" sourceVersion=\"11.0\" device=\"{device}\"")
        } else {
            "sourceName=\"WaterMinder\" sourceVersion=\"5\"".to_owned()
        };
        let (start, end) = (printed(fact.start_ms), printed(fact.end_ms));
        writeln!(
            out,
            " <Record type=\"{name}\" {source} {unit} creationDate=\"{end}\" startDate=\"{start}\" \
             endDate=\"{end}\" value=\"{value}\"/>"
        )
        .expect("a String takes every text");
    };
    let stages = [
        "Unspecified",
        "Awake",
        "AsleepCore",
        "AsleepDeep",
        "AsleepREM",
    ];
    for fact in &life.steps {
        let name = "HKQuantityTypeIdentifierStepCount";
        record(name, "unit=\"count\"", fact, fact.value.to_string(), true);
    }
    for fact in &life.water {
        let name = "HKQuantityTypeIdentifierDietaryWater";
        record(name, "unit=\"mL\"", fact, fact.value.to_string(), false);
    }
    for fact in &life.heart {
        let name = "HKQuantityTypeIdentifierHeartRate";
        record(
            name,
            "unit=\"count/min\"",
            fact,
            fact.value.to_string(),
            true,
        );
    }
    for fact in &life.night {
        let stage = stages[usize::try_from(fact.value - 1).expect("a stage")];
        let value = format!("HKCategoryValueSleepAnalysis{stage}");
        record(
            "HKCategoryTypeIdentifierSleepAnalysis",
            "",
            fact,
            value,
            true,
        );
    }
    let (start, end) = (printed(life.workout.start_ms), printed(life.workout.end_ms));
    write!(
            out,
        " <Workout workoutActivityType=\"HKWorkoutActivityTypeRunning\" duration=\"31\" durationUnit=\"min\" \
         sourceName=\"{WATCH}\" creationDate=\"{end}\" startDate=\"{start}\" endDate=\"{end}\"/>\n</HealthData>\n"
    )
    .expect("a String takes every text");
    out
}

fn healthkit(life: &Life, unit_ms: i64) -> Value {
    let time = |at_ms: i64| utc(at_ms.div_euclid(unit_ms) * unit_ms).to_string();
    let sample = |name: &str, unit: &str, fact: &Fact, source: &str| {
        json!({"uuid": fact.uuid, "identifier": name, "value": fact.value, "unit": unit,
               "start_date": time(fact.start_ms), "end_date": time(fact.end_ms), "source_name": source})
    };
    let mut quantities = Vec::new();
    for fact in &life.steps {
        quantities.push(sample(
            "HKQuantityTypeIdentifierStepCount",
            "count",
            fact,
            WATCH,
        ));
    }
    for fact in &life.water {
        quantities.push(sample(
            "HKQuantityTypeIdentifierDietaryWater",
            "mL",
            fact,
            "WaterMinder",
        ));
    }
    for fact in &life.heart {
        quantities.push(sample(
            "HKQuantityTypeIdentifierHeartRate",
            "count/min",
            fact,
            WATCH,
        ));
    }
    let night: Vec<Value> = life
        .night
        .iter()
        .map(|fact| {
            json!({"uuid": fact.uuid, "identifier": "HKCategoryTypeIdentifierSleepAnalysis", "value": fact.value,
                   "start_date": time(fact.start_ms), "end_date": time(fact.end_ms), "source_name": WATCH})
        })
        .collect();
    let workout = &life.workout;
    json!({"quantity_samples": quantities, "category_samples": night, "workouts": [{
        "uuid": workout.uuid, "activity_type": "running", "duration": 1_860, "total_distance": 5_000,
        "start_date": time(workout.start_ms), "end_date": time(workout.end_ms), "source_name": WATCH}]})
}

fn open_wearables(life: &Life) -> Value {
    let source = json!({"appId": "com.apple.health", "deviceName": "Apple Watch", "deviceManufacturer": "Apple Inc.",
                        "deviceModel": "Watch6,1", "deviceType": "watch"});
    let body = |name: &str, unit: &str, fact: &Fact| {
        json!({"id": fact.uuid, "type": name, "value": fact.value, "unit": unit, "zoneOffset": "+01:00",
               "startDate": utc(fact.start_ms).to_string(), "endDate": utc(fact.end_ms).to_string(), "source": source})
    };
    let mut records = Vec::new();
    records.extend(life.steps.iter().map(|fact| body("STEPS", "count", fact)));
    records.extend(life.water.iter().map(|fact| body("HYDRATION", "mL", fact)));
    records.extend(
        life.heart
            .iter()
            .map(|fact| body("HEART_RATE", "bpm", fact)),
    );
    let stages = ["unknown", "awake", "light", "deep", "rem"];
    let night = life.night.iter().map(|fact| {
        let stage = stages[usize::try_from(fact.value - 1).expect("a stage")];
        json!({"id": fact.uuid, "parentId": "night", "stage": stage, "zoneOffset": "+01:00", "source": source,
               "startDate": utc(fact.start_ms).to_string(), "endDate": utc(fact.end_ms).to_string()})
    });
    let workout = body("running", "", &life.workout);
    json!({"provider": "apple", "sdkVersion": "1", "syncTimestamp": "2026-11-20T10:00:00Z", "data": {
        "records": records, "sleep": night.collect::<Vec<_>>(), "workouts": [workout]}})
}

/// What a phone says about each interval: the part of every measurement that lies inside.
fn sums(facts: &[Fact], unit_ms: i64) -> Vec<(i64, f64)> {
    let begins = (0..2 * DAY_MS / unit_ms).map(|at| MIDNIGHT_MS + at * unit_ms);
    let sum = |begin_ms: i64| -> f64 {
        let inside = |fact: &Fact| {
            let length_ms = fact.end_ms - fact.start_ms;
            if length_ms == 0 {
                return f64::from(u8::from(
                    (begin_ms..begin_ms + unit_ms).contains(&fact.start_ms),
                ));
            }
            let shared = fact.end_ms.min(begin_ms + unit_ms) - fact.start_ms.max(begin_ms);
            shared.max(0) as f64 / length_ms as f64
        };
        facts
            .iter()
            .map(|fact| fact.value as f64 * inside(fact))
            .sum()
    };
    begins
        .map(|begin_ms| (begin_ms, sum(begin_ms)))
        .filter(|(_, sum)| *sum > 0.0)
        .collect()
}

fn auto_export(life: &Life, unit_ms: i64) -> Value {
    let totals = |name: &str, unit: &str, facts: &[Fact], source: &str| {
        let data: Vec<Value> = sums(facts, unit_ms)
            .into_iter()
            .map(|(at_ms, sum)| json!({"date": printed(at_ms), "qty": sum, "source": source}))
            .collect();
        json!({"name": name, "units": unit, "data": data})
    };
    let metrics = [
        totals("step_count", "count", &life.steps, WATCH),
        totals("dietary_water", "mL", &life.water, "WaterMinder"),
    ];
    let workout = &life.workout;
    json!({"data": {"metrics": metrics, "workouts": [{"id": workout.uuid, "name": "Outdoor Run", "duration": 1_860,
        "start": printed(workout.start_ms), "end": printed(workout.end_ms), "source": WATCH}]}})
}

/// A day's sum by its date, and by its borders.
fn days(facts: &[Fact]) -> Vec<(i64, i64)> {
    let sum = |(at_ms, sum): (i64, f64)| {
        #[expect(clippy::cast_possible_truncation, reason = "whole and small")]
        let sum = sum.round() as i64;
        (at_ms, sum)
    };
    sums(facts, DAY_MS).into_iter().map(sum).collect()
}

async fn send(test: &TestApp, person: &Person, path: &str, headers: &[(&str, &str)], body: &Value) {
    let sent = request(Method::POST, path, Some(person), headers, Some(body));
    let answer = test.send(sent).await;
    assert!(answer.status.is_success(), "{path}: {}", answer.text());
    let rejected = answer.json()["rejected"].clone();
    assert!(
        rejected == 0 || rejected.is_null(),
        "{path}: {}",
        answer.text()
    );
}

impl Door {
    /// Sends everything through this door.
    async fn deliver(self, test: &TestApp, person: &Person, life: &Life) {
        match self {
            Self::Export => {
                let sent = Request::post("/api/v1/imports")
                    .header("authorization", format!("Bearer {}", person.access))
                    .header("content-type", "application/octet-stream")
                    .body(Body::from(export(life)))
                    .expect("a request");
                let answer = test.send(sent).await;
                assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
                assert_eq!(answer.json()["rejected"], 0, "{}", answer.text());
            }
            Self::HealthKitSeconds => {
                send(
                    test,
                    person,
                    "/api/v1/healthkit",
                    &[],
                    &healthkit(life, 1_000),
                )
                .await;
            }
            Self::HealthKitMilliseconds => {
                send(test, person, "/api/v1/healthkit", &[], &healthkit(life, 1)).await;
            }
            Self::OpenWearables => {
                let me = test.get("/api/v1/auth/me", Some(person)).await.json();
                let id = me["user_id"].as_str().or(me["id"].as_str()).expect("an id");
                let path = format!("/api/v1/sdk/users/{id}/sync");
                send(test, person, &path, &[], &open_wearables(life)).await;
            }
            Self::AutoExport(header, unit_ms) => {
                let headers = [("automation-aggregation", header)];
                let path = "/api/v1/integrations/health-auto-export";
                send(test, person, path, &headers, &auto_export(life, unit_ms)).await;
            }
            Self::Shortcut => {
                for (name, facts) in [("step_count", &life.steps), ("dietary_water", &life.water)] {
                    for (at_ms, sum) in days(facts) {
                        let date = printed(at_ms);
                        let body = json!({"data_type": name, "value": sum.to_string(), "recorded_at": date[..10]});
                        send(test, person, "/api/v1/health-data", &[], &body).await;
                    }
                }
            }
            Self::HealthConnectWebhook => {
                let steps: Vec<Value> = days(&life.steps)
                    .into_iter()
                    .map(|(at_ms, sum)| {
                        json!({"count": sum, "start_time": utc(at_ms).to_string(),
                               "end_time": utc(at_ms + DAY_MS - 1_000).to_string()})
                    })
                    .collect();
                let body = json!({"timestamp": "2026-11-20T10:00:00Z", "app_version": "1.9.19", "steps": steps});
                send(test, person, "/api/v1/health-data", &[], &body).await;
            }
        }
    }

    /// Whether it sends each measurement by itself.
    fn is_raw(self) -> bool {
        use Door::{Export, HealthKitMilliseconds, HealthKitSeconds, OpenWearables};
        matches!(
            self,
            Export | HealthKitSeconds | HealthKitMilliseconds | OpenWearables
        )
    }
}

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
        "asleep": minutes,
        "workouts": workouts["data"].as_array().map(Vec::len),
    })
}

/// What they should see where these doors delivered.
fn expected(life: &Life, doors: &[Door]) -> Value {
    let sums =
        |facts: &[Fact]| -> Vec<i64> { days(facts).into_iter().map(|(_, sum)| sum).collect() };
    let is_raw = doors.iter().any(|door| door.is_raw());
    let has_water = doors.iter().any(|door| *door != Door::HealthConnectWebhook);
    let has_workout = is_raw
        || doors
            .iter()
            .any(|door| matches!(door, Door::AutoExport(..)));
    let asleep: i64 = life
        .night
        .iter()
        .map(|fact| (fact.end_ms - fact.start_ms) / MINUTE_MS)
        .sum();
    json!({
        "steps": sums(&life.steps),
        "water": if has_water { json!(sums(&life.water)) } else { json!([null, null]) },
        "heart": if is_raw { json!([3, 3]) } else { json!([null, null]) },
        "asleep": if is_raw { json!([asleep]) } else { json!([]) },
        "workouts": u8::from(has_workout),
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

/// Every pair of doors in both orders, each sent again; then something is deleted through HealthKit, and
/// what was sent before comes late.
async fn every_pair(test: &TestApp, seed: u64) {
    let life = Life::of(seed);
    let mut deleted = Life::of(seed);
    let gone = [
        deleted.steps.remove(3).uuid,
        deleted.water.remove(1).uuid,
        deleted.workout.uuid.clone(),
    ];
    let mut people = Vec::new();
    for (first, one) in DOORS.into_iter().enumerate() {
        for (second, other) in DOORS.into_iter().enumerate() {
            let person = in_berlin(test, &format!("s{seed}d{first}x{second}")).await;
            one.deliver(test, &person, &life).await;
            other.deliver(test, &person, &life).await;
            one.deliver(test, &person, &life).await;
            people.push((person, [one, other]));
        }
    }
    settle(test).await;
    for (person, doors) in &people {
        let (seen, expected) = (seen(test, person).await, expected(&life, doors));
        assert!(
            alike(&expected, &seen, 0.0),
            "{doors:?} of seed {seed}: {seen} is not {expected}"
        );
    }
    // Deletions need a door that names objects, and no totals that still contain them.
    let named = |doors: &[Door; 2]| {
        doors.iter().all(|door| door.is_raw()) && doors.iter().any(|door| *door != Door::Export)
    };
    people.retain(|(_, doors)| named(doors));
    for (person, doors) in &people {
        let body = json!({"deleted_objects": gone.iter().map(|uuid| json!({"uuid": uuid})).collect::<Vec<_>>()});
        send(test, person, "/api/v1/healthkit", &[], &body).await;
        for door in doors {
            door.deliver(test, person, &life).await;
        }
    }
    settle(test).await;
    for (person, doors) in &people {
        let (seen, mut expected) = (seen(test, person).await, expected(&deleted, doors));
        expected["workouts"] = json!(0);
        assert!(
            alike(&expected, &seen, 0.0),
            "{doors:?} of seed {seed}, deleted: {seen} is not {expected}"
        );
    }
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
