//! Totals beside the phone's own numbers, through the doors: generated people without a fault agree with their
//! phones, and where one fault was made its cause is named.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use clarity::app::App;
use clarity::clock::{Clock, Ids};
use clarity::config::Config;
use clarity::demo;
use clarity::jobs::worker;
use serde_json::{Value, json};

use crate::cli::clarity;
use crate::harness::{Person, TestApp, request};
use crate::postgres::Database;
use crate::uploads::settle;

/// 2026-11-18T00:00:00Z.
const MIDNIGHT_S: i64 = 1_794_960_000;
const DAY_S: i64 = 86_400;
const DATES: [&str; 2] = ["2026-11-18", "2026-11-19"];
const WATCH: &str = "Anna\u{2019}s Apple\u{a0}Watch";
const PHONE: &str = "Anna\u{2019}s iPhone";
const WORK_PHONE: &str = "Work iPhone";
/// The phone's own order.
const ORDER: [&str; 3] = [WATCH, PHONE, WORK_PHONE];

struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: i64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).expect("31 bits") % bound
    }
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    None,
    WrongRank,
    LateSamples,
    DeletedHere,
    DeletedThere,
    MissingZone,
    SecondPhone,
}

const FAULTS: [(Fault, Option<&str>); 7] = [
    (Fault::None, None),
    (Fault::WrongRank, Some("source_order")),
    (Fault::LateSamples, Some("late_sample")),
    (Fault::DeletedHere, Some("deletion")),
    (Fault::DeletedThere, Some("deletion")),
    (Fault::MissingZone, Some("zone")),
    (Fault::SecondPhone, Some("second_device")),
];

/// How the phone's number comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Teller {
    AutoExport,
    Shortcut,
    Rings,
}

/// A sample as a device has it.
#[derive(Debug, Clone, PartialEq)]
struct Walk {
    uuid: String,
    start_s: i64,
    end_s: i64,
    value: i64,
    source: &'static str,
}

/// Two days of walking, from a quarter of an hour after midnight to one before it.
fn walks(dice: &mut Dice, offset_s: i64, sources: &[(&'static str, i64)]) -> Vec<Walk> {
    let mut walks = Vec::new();
    for (source, rests_s) in sources {
        for day in 0..2 {
            let midnight_s = MIDNIGHT_S + day * DAY_S - offset_s;
            let mut at_s = midnight_s + 900 + dice.below(*rests_s);
            while at_s < midnight_s + DAY_S - 1_800 {
                let length_s = 60 + dice.below(500);
                walks.push(Walk {
                    uuid: format!("{at_s:08X}-0000-4000-8000-{:012X}", walks.len()),
                    start_s: at_s,
                    end_s: at_s + length_s,
                    value: 10 + dice.below(length_s * 2),
                    source,
                });
                at_s += length_s + dice.below(*rests_s);
            }
        }
    }
    walks
}

/// What the phone shows of a day that begins at an instant: second by second, the best source of each.
fn phone_total(walks: &[Walk], from_s: i64) -> i64 {
    let place = |at_s: i64| usize::try_from((at_s - from_s).clamp(0, DAY_S)).expect("in the day");
    let mut is_taken = vec![false; place(from_s + DAY_S)];
    let mut total = 0.0;
    for source in ORDER {
        let own = walks.iter().filter(|walk| walk.source == source);
        let own: Vec<(&Walk, std::ops::Range<usize>)> = own
            .map(|walk| (walk, place(walk.start_s)..place(walk.end_s)))
            .collect();
        for (walk, seconds) in &own {
            let open = seconds.clone().filter(|second| !is_taken[*second]).count();
            total += walk.value as f64 * open as f64 / (walk.end_s - walk.start_s) as f64;
        }
        for (_, seconds) in own {
            is_taken[seconds].fill(true);
        }
    }
    #[expect(clippy::cast_possible_truncation, reason = "a day's steps")]
    let whole = total.round() as i64;
    whole
}

/// The rings of a day, as an export prints them.
fn ring(date: &str, total: i64) -> String {
    format!(
        " <ActivitySummary dateComponents=\"{date}\" activeEnergyBurned=\"{total}\" \
         activeEnergyBurnedUnit=\"kcal\"/>"
    )
}

fn export(lines: &[String]) -> String {
    let lines = lines.join("\n");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<HealthData locale=\"en_US\">\n \
         <ExportDate value=\"2026-11-20 12:00:00 +0100\"/>\n{lines}\n</HealthData>\n"
    )
}

/// A person and what their phone says.
struct Scene<'a> {
    test: &'a TestApp,
    person: Person,
    teller: Teller,
    offset_s: i64,
}

impl Scene<'_> {
    async fn send(&self, path: &str, headers: &[(&str, &str)], body: &Value) {
        let path = format!("/api/v1/{path}");
        let sent = request(Method::POST, &path, Some(&self.person), headers, Some(body));
        let answer = self.test.send(sent).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text());
        let rejected = &answer.json()["rejected"];
        assert!(*rejected == 0 || rejected.is_null(), "{path}: {rejected}");
    }

    /// Sends measurements through HealthKit.
    async fn measure(&self, walks: &[&Walk]) {
        let time = |at_s: i64| {
            jiff::Timestamp::from_second(at_s)
                .expect("in range")
                .to_string()
        };
        let (kind, unit) = match self.teller {
            Teller::Rings => ("HKQuantityTypeIdentifierActiveEnergyBurned", "kcal"),
            Teller::AutoExport | Teller::Shortcut => ("HKQuantityTypeIdentifierStepCount", "count"),
        };
        let samples: Vec<Value> = walks
            .iter()
            .map(|walk| {
                json!({"uuid": walk.uuid, "identifier": kind, "value": walk.value, "unit": unit,
                       "start_date": time(walk.start_s), "end_date": time(walk.end_s), "source_name": walk.source})
            })
            .collect();
        self.send("healthkit", &[], &json!({"quantity_samples": samples}))
            .await;
    }

    async fn delete(&self, walks: &[Walk]) {
        let gone: Vec<Value> = walks
            .iter()
            .map(|walk| json!({"uuid": walk.uuid}))
            .collect();
        self.send("healthkit", &[], &json!({"deleted_objects": gone}))
            .await;
    }

    /// Sends what the phone says of both days, from what it has.
    async fn tell(&self, has: &[Walk]) {
        let totals: Vec<i64> = (0..2)
            .map(|day| phone_total(has, MIDNIGHT_S + day * DAY_S - self.offset_s))
            .collect();
        let days = DATES.iter().zip(&totals);
        match self.teller {
            Teller::AutoExport => {
                let hours = self.offset_s / 3_600;
                let data: Vec<Value> = days
                    .map(|(date, total)| json!({"date": format!("{date} 00:00:00 +{hours:02}00"), "qty": total, "source": PHONE}))
                    .collect();
                let metric = json!({"name": "step_count", "units": "count", "data": data});
                let body = json!({"data": {"metrics": [metric], "workouts": []}});
                let headers = [("automation-aggregation", "Days")];
                self.send("integrations/health-auto-export", &headers, &body)
                    .await;
            }
            Teller::Shortcut => {
                for (date, total) in days {
                    let body = json!({"data_type": "step_count", "value": total.to_string(), "recorded_at": date});
                    self.send("health-data", &[], &body).await;
                }
            }
            Teller::Rings => {
                let rings: Vec<String> = days.map(|(date, total)| ring(date, *total)).collect();
                let export = export(&rings);
                let sent = Request::post("/api/v1/imports")
                    .header("authorization", format!("Bearer {}", self.person.access))
                    .header("content-type", "application/octet-stream")
                    .body(Body::from(export))
                    .expect("a request");
                let answer = self.test.send(sent).await;
                assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
            }
        }
    }

    /// A person with one fault.
    async fn with(test: &TestApp, fault: Fault, teller: Teller, seed: u64) -> Scene<'_> {
        let name = format!("f{fault:?}{teller:?}{seed}@example.org").to_lowercase();
        let person = test.register(&name).await;
        let is_away = fault == Fault::MissingZone;
        let offset_s = if is_away { 9 * 3_600 } else { 3_600 };
        let scene = Scene {
            test,
            person,
            teller,
            offset_s,
        };
        if !is_away {
            scene
                .put("profile", &json!({"time_zone": "Europe/Berlin"}))
                .await;
        }
        let mut dice = Dice(seed * 977 + 5);
        let mut has = walks(&mut dice, offset_s, &[(WATCH, 3_000), (PHONE, 6_000)]);
        let unknown = scene.unknown(fault, &mut dice, &mut has);
        let comes_first = match fault {
            Fault::DeletedThere => true,
            Fault::SecondPhone => seed.is_multiple_of(2),
            Fault::None
            | Fault::WrongRank
            | Fault::LateSamples
            | Fault::DeletedHere
            | Fault::MissingZone => false,
        };
        let mut first: Vec<&Walk> = has.iter().collect();
        if comes_first {
            first.extend(&unknown);
        }
        scene.measure(&first).await;
        scene.tell(&has).await;
        if !comes_first && !unknown.is_empty() {
            scene.measure(&unknown.iter().collect::<Vec<_>>()).await;
        }
        if fault == Fault::DeletedHere {
            let begins_s = MIDNIGHT_S + DAY_S - offset_s;
            let second_day = has.iter().position(|walk| walk.start_s >= begins_s);
            let gone = [3, second_day.expect("two days") + 2].map(|at| has[at].clone());
            scene.delete(&gone).await;
        }
        if fault == Fault::WrongRank {
            let order = json!({"source_order": {"*": [PHONE, WATCH]}});
            scene.put("preferences", &order).await;
        }
        scene
    }

    async fn put(&self, what: &str, body: &Value) {
        let path = format!("/api/v1/user/{what}");
        let put = self.test.put(&path, &self.person, &[], body).await;
        assert_eq!(put.status, StatusCode::OK, "{}", put.text());
    }

    /// Takes out, or makes up, what the phone does not have when it states its totals.
    fn unknown(&self, fault: Fault, dice: &mut Dice, has: &mut Vec<Walk>) -> Vec<Walk> {
        let count = match fault {
            Fault::SecondPhone => return walks(dice, self.offset_s, &[(WORK_PHONE, 20_000)]),
            Fault::LateSamples => 1 + dice.below(2),
            Fault::DeletedThere => 1,
            Fault::None | Fault::WrongRank | Fault::DeletedHere | Fault::MissingZone => 0,
        };
        let day_of = |walk: &Walk| (walk.start_s + self.offset_s - MIDNIGHT_S).div_euclid(DAY_S);
        let mut unknown = Vec::new();
        for day in (0..2).flat_map(|day| (0..count).map(move |_| day)) {
            let places: Vec<usize> = (0..has.len())
                .filter(|at| day_of(&has[*at]) == day)
                .collect();
            let at = dice.below(i64::try_from(places.len()).expect("few"));
            unknown.push(has.remove(places[usize::try_from(at).expect("in range")]));
        }
        unknown
    }

    async fn rows(&self) -> Vec<Value> {
        let path =
            "/api/v1/reconciliation?start=2026-11-18&end=2026-11-20&metrics=steps,active_energy";
        let found = self.test.get(path, Some(&self.person)).await.json();
        let rows = found["data"].as_array().expect("rows").clone();
        assert_eq!(rows.len(), 2, "{found}");
        rows
    }
}

async fn causes_are_faults(test: &TestApp, seeds: std::ops::Range<u64>) {
    let mut scenes = Vec::new();
    for seed in seeds {
        for (fault, cause) in FAULTS {
            let teller = match seed % 3 {
                // Who prints offsets also says where the person is.
                0 if fault != Fault::MissingZone => Teller::AutoExport,
                0 | 1 => Teller::Shortcut,
                _ => Teller::Rings,
            };
            let scene = Scene::with(test, fault, teller, seed).await;
            scenes.push((fault, cause, scene));
        }
    }
    settle(test).await;
    let mut named: BTreeMap<Fault, (u32, u32)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (fault, cause, scene) in &scenes {
        for row in scene.rows().await {
            if *fault == Fault::None {
                assert_eq!(row["difference"], 0.0, "{row}");
                assert_eq!(row["cause"], Value::Null, "{row}");
                continue;
            }
            // A walk that another source covered makes no difference.
            if row["difference"] == 0.0 {
                assert_eq!(row["cause"], Value::Null, "{row}");
                continue;
            }
            let (right, all) = named.entry(*fault).or_default();
            *all += 1;
            if row["cause"].as_str() == *cause {
                *right += 1;
            } else {
                wrong.push(format!("{fault:?} {:?}: {row}", scene.teller));
            }
        }
    }
    for (fault, (right, all)) in &named {
        eprintln!("{fault:?}: {right} of {all} causes are right");
        assert!(*all >= 4, "{fault:?} made too few differences");
    }
    let (right, all) = named
        .values()
        .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    assert!(
        f64::from(right) >= 0.95 * f64::from(all),
        "{right} of {all}: {wrong:#?}"
    );
    assert_eq!(named.len(), FAULTS.len() - 1);
}

#[tokio::test]
async fn the_named_cause_is_the_fault() {
    causes_are_faults(&TestApp::new().await, 0..9).await;
}

#[tokio::test]
async fn the_named_cause_is_the_fault_on_postgresql() {
    let Some(database) = Database::create() else {
        oracle::absence::skip(oracle::absence::Absent::Service("PostgreSQL"));
        return;
    };
    let test = TestApp::on(database.store().await, |_| {}).await;
    causes_are_faults(&test, 9..12).await;
}

#[tokio::test]
async fn rings_mark_their_days_and_go_with_their_import() {
    let test = TestApp::new().await;
    let scene = Scene::with(&test, Fault::None, Teller::Rings, 2).await;
    settle(&test).await;
    let before = scene.rows().await;
    let path = "/api/v1/summaries/daily?start=2026-11-18&end=2026-11-19";
    let day = test.get(path, Some(&scene.person)).await.json();
    assert_eq!(
        day["data"][0]["reconciliation"][0]["phone"], before[0]["phone"],
        "{day}"
    );
    assert_eq!(before[0]["said_by"], "activity_rings");
    // Taking the export back takes the comparison back; the measurements came through another door.
    let imports = test
        .get("/api/v1/imports", Some(&scene.person))
        .await
        .json();
    let import = imports["data"].as_array().expect("imports").first();
    let id = import.expect("the export")["import_id"].clone();
    let path = format!("/api/v1/imports/{}", id.as_str().expect("an id"));
    let gone = request(Method::DELETE, &path, Some(&scene.person), &[], None);
    let gone = test.send(gone).await;
    assert!(gone.status.is_success(), "{}", gone.text());
    settle(&test).await;
    let path = "/api/v1/reconciliation?start=2026-11-18&end=2026-11-20";
    let found = test.get(path, Some(&scene.person)).await.json();
    assert_eq!(found["data"], json!([]), "nothing is left to compare with");
    // Rings that come later, and again with another number, are compared anew.
    let walk = Walk {
        uuid: String::new(),
        start_s: MIDNIGHT_S + 3_600,
        end_s: MIDNIGHT_S + 7_200,
        value: 5,
        source: WATCH,
    };
    scene.tell(&[walk]).await;
    settle(&test).await;
    let found = test.get(path, Some(&scene.person)).await.json();
    assert_eq!(found["data"].as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!(found["data"][0]["phone"], 5.0, "{found}");
    scene.tell(&[]).await;
    settle(&test).await;
    let found = test.get(path, Some(&scene.person)).await.json();
    assert_eq!(found["data"], json!([]), "a ring of zero says nothing");
}

#[tokio::test]
async fn the_person_of_the_demo_has_a_difference_with_its_cause() {
    let test = TestApp::new().await;
    let robin = test.register("robin@example.org").await;
    let home = json!({"time_zone": "Europe/Berlin"});
    test.put("/api/v1/user/profile", &robin, &[], &home).await;
    let me = test.get("/api/v1/auth/me", Some(&robin)).await.json();
    let id = me["user_id"].as_str().or(me["id"].as_str());
    let user = id.expect("an id").parse().expect("an id");
    demo::bring(&test.app, user, demo::who::Who::Robin)
        .await
        .expect("a life");
    settle(&test).await;
    let path = "/api/v1/reconciliation?start=2026-09-21&end=2026-11-21";
    let found = test.get(path, Some(&robin)).await.json();
    let rows = found["data"].as_array().expect("rows");
    assert!(rows.len() > 90, "{} rows", rows.len());
    let differing: Vec<&Value> = rows
        .iter()
        .filter(|row| row["cause"] != Value::Null)
        .collect();
    assert!(matches!(differing.len(), 1 | 2), "{differing:#?}");
    for row in differing {
        assert_eq!(row["metric"], "active_energy_burned", "{row}");
        assert_eq!(
            (&row["cause"], &row["samples"]),
            (&json!("deletion"), &json!(1)),
            "{row}"
        );
        // What was deleted on the phone alone is still here.
        assert!(row["difference"].as_f64() > Some(1.0), "{row}");
    }
}

#[tokio::test]
async fn a_range_is_bounded_and_metrics_have_names() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let get = async |query: &str| {
        let path = format!("/api/v1/reconciliation?{query}");
        test.get(&path, Some(&ada)).await
    };
    let far = get("start=2020-01-01&end=2026-01-01").await;
    far.problem(422, "validation_failed");
    get("metrics=nonsense")
        .await
        .problem(400, "invalid_parameter");
    let nothing = get("metrics=steps").await.json();
    assert_eq!(nothing["data"], json!([]));
    test.get("/api/v1/reconciliation", None)
        .await
        .problem(401, "token_missing");
}

/// Computes what waits in a folder, as a server on it would.
async fn compute(folder: &std::path::Path) {
    let config = Config {
        data_dir: folder.to_owned(),
        ..Config::default()
    };
    let app = App::open(config, Clock::System, Ids::Random).await;
    let app = app.expect("the folder opens");
    while worker::run_due(&app).await > 0 {}
    app.shutdown.cancel();
    app.store.close().await;
}

#[tokio::test]
async fn the_command_prints_what_differs() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = |arguments: &[&str], input: &str| clarity(folder.path(), arguments, input);
    let email = "ada@example.org";
    let added = here(
        &["user", "add", email, "--time-zone", "Europe/Berlin"],
        "a long enough password\n",
    );
    assert_eq!(added.code, Some(0), "{}", added.err);
    let burned = |day: u32, value: u32| {
        format!(
            " <Record type=\"HKQuantityTypeIdentifierActiveEnergyBurned\" sourceName=\"Watch\" unit=\"kcal\" \
             startDate=\"2026-03-{day:02} 08:00:00 +0100\" endDate=\"2026-03-{day:02} 09:00:00 +0100\" \
             value=\"{value}\"/>"
        )
    };
    let export = export(&[
        burned(10, 300),
        burned(11, 200),
        ring("2026-03-10", 300),
        ring("2026-03-11", 450),
    ]);
    let imported = here(&["import", "-", "--user", email], &export);
    assert_eq!(imported.code, Some(0), "{}", imported.err);
    let range = ["--start", "2026-03-01", "--end", "2026-04-01"];
    let early = here(&["reconcile", "--user", email], "");
    assert!(
        early.err.contains("days of this person wait"),
        "{}",
        early.err
    );
    compute(folder.path()).await;
    let reconcile = |more: &str| {
        let mut arguments = vec!["reconcile", "--user", email, more];
        arguments.extend(range);
        here(&arguments, "")
    };
    let found = reconcile("--json").json();
    let rows = found["data"].as_array().expect("rows");
    let row = |at: usize| (rows[at]["difference"].clone(), rows[at]["cause"].clone());
    assert_eq!(row(0), (json!(0.0), Value::Null));
    assert_eq!(row(1), (json!(-250.0), json!("coverage")));
    let told = reconcile("--differing");
    let words = |line: &'_ str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = told.out.lines().map(words).collect();
    assert_eq!(
        lines,
        [
            "date metric ours phone difference unit cause",
            "2026-03-11 active_energy_burned 200 450 -250 kcal coverage",
        ],
        "{}",
        told.out
    );
    assert!(told.err.contains("1 of 2 totals differ"), "{}", told.err);
    let unknown = here(&["reconcile", "--user", email, "--metrics", "nonsense"], "");
    assert_eq!(unknown.code, Some(1), "{}", unknown.err);
    assert!(unknown.err.contains("metric"), "{}", unknown.err);
}
