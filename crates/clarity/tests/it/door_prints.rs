//! The ways in, and how each prints what a person's phone has.
//!
//! A door says what was corrected or deleted as its app does: by naming objects that are gone, by another number
//! for the same time, or by a later export.

use std::fmt::Write;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Person, TestApp, request};
use crate::many_doors::{DAY_MS, Fact, HOUR_MS, Life, MIDNIGHT_MS, MINUTE_MS, inside, sums, whole};

/// A way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    Export,
    HealthKitSeconds,
    HealthKitMilliseconds,
    OpenWearables,
    AutoExport(&'static str, i64),
    Shortcut,
    HealthConnectWebhook,
    LifeDashboard,
    LifeDashboardBuckets,
}

pub(crate) const DOORS: [Door; 11] = [
    Door::Export,
    Door::HealthKitSeconds,
    Door::HealthKitMilliseconds,
    Door::OpenWearables,
    Door::AutoExport("Minutes", MINUTE_MS),
    Door::AutoExport("Hours", HOUR_MS),
    Door::AutoExport("Days", DAY_MS),
    Door::Shortcut,
    Door::HealthConnectWebhook,
    Door::LifeDashboard,
    Door::LifeDashboardBuckets,
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
    let exported = printed(life.told_ms(LAST_MS));
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<HealthData locale=\"en_US\">\n \
         <ExportDate value=\"{exported}\"/>\n",
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
    if let Some(run) = &life.workout {
        let (start, end) = (printed(run.start_ms), printed(run.end_ms));
        writeln!(
            out,
            " <Workout workoutActivityType=\"HKWorkoutActivityTypeRunning\" duration=\"31\" durationUnit=\"min\" \
             sourceName=\"{WATCH}\" creationDate=\"{end}\" startDate=\"{start}\" endDate=\"{end}\"/>"
        )
        .expect("a String takes every text");
    }
    out + "</HealthData>\n"
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
    let workouts = life.workout.iter().map(|run| {
        json!({"uuid": run.uuid, "activity_type": "running", "duration": 1_860, "total_distance": 5_000,
               "start_date": time(run.start_ms), "end_date": time(run.end_ms), "source_name": WATCH})
    });
    let gone = life.gone.iter().map(|(_, uuid)| json!({"uuid": uuid}));
    json!({"quantity_samples": quantities, "category_samples": night,
           "workouts": workouts.collect::<Vec<_>>(), "deleted_objects": gone.collect::<Vec<_>>()})
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
    let workouts = life.workout.iter().map(|run| body("running", "", run));
    json!({"provider": "apple", "sdkVersion": "1", "syncTimestamp": "2026-11-20T10:00:00Z", "data": {
        "records": records, "sleep": night.collect::<Vec<_>>(), "workouts": workouts.collect::<Vec<_>>()}})
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
    let workouts = life.workout.iter().map(|run| {
        json!({"id": run.uuid, "name": "Outdoor Run", "duration": 1_860, "source": WATCH,
               "start": printed(run.start_ms), "end": printed(run.end_ms)})
    });
    json!({"data": {"metrics": metrics, "workouts": workouts.collect::<Vec<_>>()}})
}

/// 2026-11-19T14:00:00Z and 2026-11-20T10:00:00Z: on the second day, and on the day after it.
const FIRST_MS: i64 = MIDNIGHT_MS + DAY_MS + 15 * HOUR_MS;
const LAST_MS: i64 = MIDNIGHT_MS + 2 * DAY_MS + 11 * HOUR_MS;

/// What the app reads of the last 48 hours: a total for each local day. The day in which the window begins is
/// cut there and still printed as a whole one; the last one ends now.
fn health_connect(life: &Life, now_ms: i64) -> Value {
    let window_ms = now_ms - 2 * DAY_MS;
    let days = (-1..3).map(|day| MIDNIGHT_MS + day * DAY_MS);
    let steps: Vec<Value> = days
        .filter(|midnight_ms| (window_ms - DAY_MS..now_ms).contains(midnight_ms))
        .map(|midnight_ms| (midnight_ms, now_ms.min(midnight_ms + DAY_MS)))
        .filter_map(|(from_ms, until_ms)| {
            let count = whole(inside(&life.steps, from_ms.max(window_ms), until_ms));
            (count > 0).then(|| {
                json!({"count": count, "start_time": utc(from_ms).to_string(), "end_time": utc(until_ms).to_string()})
            })
        })
        .collect();
    json!({"timestamp": utc(now_ms).to_string(), "app_version": "2.4.0", "steps": steps})
}

/// A total for each day, as Life Dashboard says it beside the records.
fn daily_totals(life: &Life) -> Vec<Value> {
    Life::days(&life.steps)
        .into_iter()
        .map(|(at_ms, sum)| json!({"date": printed(at_ms)[..10], "steps": sum}))
        .collect()
}

/// An iPhone's body of Life Dashboard: HealthKit's objects by their ids.
fn life_dashboard(life: &Life) -> Value {
    let time = |at_ms: i64| utc(at_ms).to_string();
    let record = |fact: &Fact, source: &str, field: &str, value: Value| json!({"uuid": fact.uuid, "source": source, field: value, "start_time": time(fact.start_ms), "end_time": time(fact.end_ms)});
    let steps = life.steps.iter();
    let steps = steps.map(|fact| record(fact, WATCH, "count", json!(fact.value)));
    let water = life.water.iter();
    let liters = |fact: &Fact| json!(fact.value as f64 / 1_000.0);
    let water = water.map(|fact| record(fact, "WaterMinder", "liters", liters(fact)));
    let heart = life.heart.iter().map(|fact| {
        json!({"uuid": fact.uuid, "source": WATCH, "bpm": fact.value, "time": time(fact.start_ms)})
    });
    let names = ["sleeping", "awake", "light", "deep", "rem"];
    let stages: Vec<Value> = life
        .night
        .iter()
        .map(|fact| {
            let name = names[usize::try_from(fact.value - 1).expect("a stage")];
            record(fact, WATCH, "stage", json!(name))
        })
        .collect();
    let (first, last) = (&life.night[0], &life.night[life.night.len() - 1]);
    let seconds = (last.end_ms - first.start_ms) / 1_000;
    let sleep = json!([{"uuid": first.uuid, "source": WATCH, "session_end_time": time(last.end_ms),
                        "duration_seconds": seconds, "stages": stages}]);
    let runs = life.workout.iter().map(|run| {
        let mut run = record(run, WATCH, "type", json!("running"));
        run["duration_seconds"] = json!(1_860);
        run
    });
    let gone = life.gone.iter();
    let gone = gone.map(|(kind, uuid)| json!({"type": kind, "uuid": uuid}));
    json!({"timestamp": time(life.told_ms(LAST_MS)), "app_version": "1.8", "source": "healthkit_ios",
           "sequence": 40 + life.version, "steps": steps.collect::<Vec<_>>(), "hydration": water.collect::<Vec<_>>(),
           "heart_rate": heart.collect::<Vec<_>>(), "sleep": sleep, "exercise": runs.collect::<Vec<_>>(),
           "daily_totals": daily_totals(life), "deleted_records": gone.collect::<Vec<_>>()})
}

/// What an Android phone sends of the same days that is set to hours. What was corrected comes with a backfill: between
/// them the app only sends what is new.
fn life_dashboard_buckets(life: &Life) -> Value {
    let hour = |at_ms: i64, source: &str| {
        json!({"bucket_start": utc(at_ms).to_string(), "bucket_end": utc(at_ms + HOUR_MS).to_string(),
               "sample_count": 1, "sources": [source]})
    };
    let totals = |facts: &[Fact], source: &str, unit: f64| -> Vec<Value> {
        let hours = sums(facts, HOUR_MS).into_iter();
        let hours = hours.map(|(at_ms, sum)| {
            let mut hour = hour(at_ms, source);
            hour["total"] = json!(sum / unit);
            hour
        });
        hours.collect()
    };
    let heart = sums(&life.heart, HOUR_MS).into_iter().map(|(at_ms, rate)| {
        let mut hour = hour(at_ms, WATCH);
        for name in ["avg", "min", "max"] {
            hour[name] = json!(rate);
        }
        hour
    });
    json!({"timestamp": utc(life.told_ms(LAST_MS)).to_string(), "app_version": "1.22.0", "source": "health_connect",
           "sequence": 7 + life.version, "backfill": life.version > 0, "_resolutions": {"steps": "1h", "hydration": "1h", "heart_rate": "1h"},
           "steps": totals(&life.steps, WATCH, 1.0), "hydration": totals(&life.water, "WaterMinder", 1_000.0),
           "heart_rate": heart.collect::<Vec<_>>(), "daily_totals": daily_totals(life)})
}

pub(crate) async fn send(
    test: &TestApp,
    person: &Person,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) {
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
    pub(crate) async fn deliver(self, test: &TestApp, person: &Person, life: &Life) {
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
                    for (at_ms, sum) in Life::days(facts) {
                        let date = printed(at_ms);
                        let body = json!({"data_type": name, "value": sum.to_string(), "recorded_at": date[..10]});
                        send(test, person, "/api/v1/health-data", &[], &body).await;
                    }
                }
            }
            Self::HealthConnectWebhook => {
                // Until something is changed, both bodies; a change is in the next one.
                let first_ms = (life.version == 0).then_some(FIRST_MS);
                for now_ms in first_ms.into_iter().chain([life.told_ms(LAST_MS)]) {
                    let body = health_connect(life, now_ms);
                    send(test, person, "/api/v1/health-data", &[], &body).await;
                }
            }
            Self::LifeDashboard => {
                let body = life_dashboard(life);
                send(test, person, "/api/v1/health-data", &[], &body).await;
            }
            Self::LifeDashboardBuckets => {
                let body = life_dashboard_buckets(life);
                send(test, person, "/api/v1/health-data", &[], &body).await;
            }
        }
    }

    /// Sends what it had before something was changed, from a queue: the records without today's totals, which an
    /// app reads when it sends.
    pub(crate) async fn deliver_late(self, test: &TestApp, person: &Person, life: &Life) {
        if self == Self::LifeDashboard {
            let mut body = life_dashboard(life);
            body["daily_totals"] = json!([]);
            return send(test, person, "/api/v1/health-data", &[], &body).await;
        }
        self.deliver(test, person, life).await;
    }

    /// Whether it sends each measurement by itself.
    pub(crate) fn is_raw(self) -> bool {
        use Door::{Export, HealthKitMilliseconds, HealthKitSeconds, LifeDashboard, OpenWearables};
        matches!(
            self,
            Export | HealthKitSeconds | HealthKitMilliseconds | OpenWearables | LifeDashboard
        )
    }

    /// Whether it names the objects that are gone.
    pub(crate) fn names_deletions(self) -> bool {
        use Door::{HealthKitMilliseconds, HealthKitSeconds, LifeDashboard};
        matches!(
            self,
            HealthKitSeconds | HealthKitMilliseconds | LifeDashboard
        )
    }

    /// Whether it says how much water the person drank.
    pub(crate) fn has_water(self) -> bool {
        self != Self::HealthConnectWebhook
    }

    /// Whether it says totals of days beside the records, which contain what is gone until it says them anew.
    pub(crate) fn says_totals(self) -> bool {
        self == Self::LifeDashboard
    }

    /// Whether it has heart rates.
    pub(crate) fn has_heart(self) -> bool {
        self.is_raw() || self == Self::LifeDashboardBuckets
    }

    /// Whether it has workouts.
    pub(crate) fn has_workout(self) -> bool {
        self.is_raw() || matches!(self, Self::AutoExport(..))
    }
}
