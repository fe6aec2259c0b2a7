//! Each person reads what they wrote and nothing else, whatever the others do at the same time, and the
//! files on disk tell nothing about anybody.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use proptest::collection::{btree_set, vec};
use proptest::prelude::{Just, Strategy, prop_oneof};
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::binary::{Place, apple_export, setting, write_file};
use crate::harness::{Person, SECOND_US, TestApp, request};

/// People who act at the same time.
const PEOPLE: usize = 3;
/// Objects have the same few ids for everyone, so that a mix-up would show.
const IDS: u8 = 12;
/// Random stories; each takes a fraction of a second.
const STORIES: u32 = 10;
const STEPS_MAX: usize = 8;

/// What one person does in one step.
#[derive(Debug, Clone)]
enum Deed {
    Upload(BTreeSet<u8>),
    Delete(BTreeSet<u8>),
    Train(u8),
    Import,
    TakeBack,
    Purge,
    Read,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => btree_set(0..IDS, 1..6).prop_map(Deed::Upload),
        2 => btree_set(0..IDS, 1..3).prop_map(Deed::Delete),
        2 => (0..IDS).prop_map(Deed::Train),
        4 => Just(Deed::Import),
        1 => Just(Deed::TakeBack),
        1 => Just(Deed::Purge),
        4 => Just(Deed::Read),
    ]
}

/// A row as answers and exports tell it: what, when, how much.
type Row = (String, String, String);

/// What a person wrote and nobody took away.
#[derive(Default)]
struct Own {
    samples: BTreeMap<u8, f64>,
    deleted: BTreeSet<u8>,
    workouts: BTreeMap<u8, f64>,
    imports: VecDeque<Imported>,
    imported: u32,
}

impl Own {
    fn samples(&self) -> BTreeSet<Row> {
        let uploaded = self.samples.iter();
        let uploaded =
            uploaded.map(|(id, value)| row("step_count", &at(5, u32::from(*id)), *value));
        let imported = self
            .imports
            .iter()
            .flat_map(|import| import.samples.clone());
        uploaded.chain(imported).collect()
    }

    fn workouts(&self) -> BTreeSet<Row> {
        let uploaded = self.workouts.iter();
        let uploaded = uploaded.map(|(id, value)| row("running", &at(6, u32::from(*id)), *value));
        uploaded
            .chain(self.imports.iter().map(|import| import.workout.clone()))
            .collect()
    }
}

struct Imported {
    id: String,
    samples: Vec<Row>,
    workout: Row,
}

/// One of several people on one server.
struct Inhabitant {
    test: Arc<TestApp>,
    person: Person,
    /// Numbers in this person's data carry it.
    number: u32,
    own: Own,
}

fn at(month: u32, hours: u32) -> String {
    format!(
        "2026-{month:02}-{:02}T{:02}:00:00Z",
        1 + hours / 24,
        hours % 24
    )
}

fn row(what: &str, start: &str, value: f64) -> Row {
    (what.to_owned(), start.to_owned(), value.to_string())
}

impl Inhabitant {
    async fn new(test: &Arc<TestApp>, number: u32) -> Self {
        let person = test.register(&format!("person{number}@example.org")).await;
        Self {
            test: Arc::clone(test),
            person,
            number,
            own: Own::default(),
        }
    }

    async fn act(mut self, step: u32, deed: Deed) -> Self {
        let value = f64::from(10 * (step + 1) + self.number);
        match deed {
            Deed::Upload(ids) => self.upload(&ids, value).await,
            Deed::Delete(ids) => self.delete(&ids).await,
            Deed::Train(id) => self.train(id, value).await,
            Deed::Import => self.import(value).await,
            Deed::TakeBack => self.take_back().await,
            Deed::Purge => self.purge().await,
            Deed::Read => self.read().await,
        }
        self
    }

    async fn post(&self, body: Value) -> Value {
        let answer = self
            .test
            .post("/api/v1/healthkit", Some(&self.person), &body)
            .await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
        answer.json()
    }

    async fn upload(&mut self, ids: &BTreeSet<u8>, value: f64) {
        let sample = |id: &u8| {
            json!({
                "uuid": format!("sample-{id}"), "type": "HKQuantityTypeIdentifierStepCount", "unit": "count",
                "value": value, "start_date": at(5, u32::from(*id)),
                "end_date": at(5, u32::from(*id)).replace(":00:00Z", ":30:00Z"), "source_name": "Watch",
            })
        };
        let samples: Vec<Value> = ids.iter().map(sample).collect();
        let account = self.post(json!({"quantity_samples": samples})).await;
        let refused = ids.intersection(&self.own.deleted).count();
        assert_eq!(account["duplicates"], refused, "{account}");
        assert_eq!(account["accepted"], ids.len() - refused, "{account}");
        for id in ids.difference(&self.own.deleted) {
            self.own.samples.insert(*id, value);
        }
    }

    async fn delete(&mut self, ids: &BTreeSet<u8>) {
        let gone: Vec<Value> = ids
            .iter()
            .map(|id| json!({"uuid": format!("sample-{id}")}))
            .collect();
        self.post(json!({"deleted_objects": gone})).await;
        for id in ids {
            self.own.samples.remove(id);
            self.own.deleted.insert(*id);
        }
    }

    async fn train(&mut self, id: u8, value: f64) {
        let start = at(6, u32::from(id));
        let workout = json!({
            "uuid": format!("workout-{id}"), "workout_activity_type": "running", "start_date": start,
            "end_date": start.replace(":00:00Z", ":30:00Z"), "duration_min": value, "source_name": "Watch",
        });
        self.post(json!({"workouts": [workout]})).await;
        self.own.workouts.insert(id, value);
    }

    /// An archive whose files have the same names for everyone.
    async fn import(&mut self, value: f64) {
        let number = self.own.imported;
        self.own.imported += 1;
        let file = archive(self.number, number, value);
        let request = Request::post("/api/v1/imports")
            .header("authorization", format!("Bearer {}", self.person.access))
            .header("content-disposition", "attachment; filename=\"export.zip\"")
            .header("content-type", "application/octet-stream")
            .body(Body::from(file))
            .expect("a request");
        let answer = self.test.send(request).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
        let account = answer.json();
        assert_eq!(
            (&account["accepted"], &account["duplicates"]),
            (&json!(3), &json!(0)),
            "{account}"
        );
        let samples = (0..3).map(|one| row("flights_climbed", &at(7, 3 * number + one), value));
        self.own.imports.push_back(Imported {
            id: account["import_id"].as_str().expect("an id").to_owned(),
            samples: samples.collect(),
            workout: row("running", &at(8, number), value),
        });
    }

    async fn take_back(&mut self) {
        let Some(import) = self.own.imports.pop_front() else {
            return;
        };
        let path = format!("/api/v1/imports/{}", import.id);
        let answer = self
            .test
            .send(request(
                Method::DELETE,
                &path,
                Some(&self.person),
                &[],
                None,
            ))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    }

    async fn purge(&mut self) {
        let path = "/api/v1/health-data/purge";
        let answer = self
            .test
            .send(request(Method::DELETE, path, Some(&self.person), &[], None))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        self.own = Own {
            imported: self.own.imported,
            ..Own::default()
        };
    }

    /// Every way of reading tells exactly what this person wrote.
    async fn read(&self) {
        let (samples, workouts) = (self.own.samples(), self.own.workouts());
        let listed = self.list("/api/v1/health-data?limit=5").await;
        assert_eq!(
            rows(&listed, "data_type", "value"),
            samples,
            "person {}",
            self.number
        );
        let listed = self.list("/api/v1/workouts?limit=5").await;
        assert_eq!(
            rows(&listed, "activity", "duration_min"),
            workouts,
            "person {}",
            self.number
        );
        let answer = self
            .test
            .get(
                "/api/v1/health-data/export?format=ndjson",
                Some(&self.person),
            )
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let text = answer.text();
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        let exported: Vec<Value> = lines
            .iter()
            .filter(|line| line["type"] == "sample")
            .cloned()
            .collect();
        assert_eq!(
            rows(&exported, "metric", "value"),
            samples,
            "person {}",
            self.number
        );
        let records = lines.iter().filter(|line| line["type"] == "record").count();
        assert_eq!(
            records,
            workouts.len() + self.own.imports.len(),
            "a route for every import: {text}"
        );
        let latitudes = text.split("\"latitude_deg\":[").skip(1);
        for latitude in latitudes {
            assert!(
                latitude.starts_with(&format!("{}.5", 10 + self.number)),
                "{latitude}"
            );
        }
    }

    /// Every page of a list; no row may come twice.
    async fn list(&self, path: &str) -> Vec<Value> {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let answer = self
                .test
                .get(&format!("{path}{cursor}"), Some(&self.person))
                .await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
            let page = answer.json();
            all.extend(page["data"].as_array().expect("rows").iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return all,
            }
        }
    }

    /// The sums of all days, once they are computed, are those of this person's samples.
    async fn check_days(&self) {
        let mut expect: BTreeMap<(String, String), f64> = BTreeMap::new();
        for (metric, start, value) in self.own.samples() {
            *expect.entry((start[..10].to_owned(), metric)).or_default() +=
                value.parse::<f64>().expect("a number");
        }
        let path = "/api/v1/summaries/daily?start=2026-04-01&end=2026-10-01";
        let answer = self.test.get(path, Some(&self.person)).await.json();
        let mut found = BTreeMap::new();
        for day in answer["data"].as_array().expect("days") {
            for (metric, summary) in day["metrics"].as_object().expect("metrics") {
                let key = (
                    day["date"].as_str().expect("a date").to_owned(),
                    metric.clone(),
                );
                found.insert(key, summary["value"].as_f64().expect("a sum"));
            }
        }
        assert_eq!(found, expect, "person {}", self.number);
    }
}

/// Rows of an answer; each may come once.
fn rows(answer: &[Value], kind: &str, value: &str) -> BTreeSet<Row> {
    let told = answer.iter().map(|one| {
        let what = one[kind].as_str().expect("a kind");
        let start: jiff::Timestamp = one["start"]
            .as_str()
            .expect("a time")
            .parse()
            .expect("a time");
        row(
            what,
            &start.to_string(),
            one[value].as_f64().expect("a number"),
        )
    });
    let told: Vec<Row> = told.collect();
    let unique: BTreeSet<Row> = told.iter().cloned().collect();
    assert_eq!(unique.len(), told.len(), "a row came twice: {told:?}");
    unique
}

/// An export with three samples, a workout and its route.
fn archive(person: u32, number: u32, value: f64) -> Vec<u8> {
    let printed = |month, hours| at(month, hours).replace('T', " ").replace('Z', " +0000");
    let mut records = String::new();
    for one in 0..3 {
        let start = printed(7, 3 * number + one);
        let end = start.replace(":00:00", ":30:00");
        writeln!(
            records,
            " <Record type=\"HKQuantityTypeIdentifierFlightsClimbed\" sourceName=\"Watch\" unit=\"count\" \
             startDate=\"{start}\" endDate=\"{end}\" value=\"{value}\"/>"
        )
        .expect("a String takes every text");
    }
    let start = printed(8, number);
    let end = start.replace(":00:00", ":30:00");
    let route = format!("/workout-routes/route_{number}.gpx");
    writeln!(
        records,
        " <Workout workoutActivityType=\"HKWorkoutActivityTypeRunning\" duration=\"{value}\" \
         durationUnit=\"min\" sourceName=\"Watch\" startDate=\"{start}\" endDate=\"{end}\">\n  \
         <WorkoutRoute sourceName=\"Watch\" startDate=\"{start}\" endDate=\"{end}\">\n   \
         <FileReference path=\"{route}\"/>\n  </WorkoutRoute>\n </Workout>"
    )
    .expect("a String takes every text");
    let xml = apple_export("2026-11-01 08:00:00 +0000", &records);
    let time = at(8, number);
    let gpx = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<gpx version=\"1.1\" creator=\"Apple Health Export\">\n\
         <trk><name>Route</name><trkseg><trkpt lon=\"13.5\" lat=\"{}.5\"><ele>34</ele><time>{time}</time>\
         </trkpt></trkseg></trk></gpx>\n",
        10 + person
    );
    let folder = "apple_health_export";
    zip(&[
        (format!("{folder}/export.xml"), xml.into_bytes()),
        (format!("{folder}{route}"), gpx.into_bytes()),
    ])
}

/// A ZIP archive of files as they are.
pub(crate) fn zip(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let short = |number: usize| u16::try_from(number).expect("small").to_le_bytes();
    let long = |number: usize| u32::try_from(number).expect("small").to_le_bytes();
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, text) in files {
        let mut sum = flate2::Crc::new();
        sum.update(text);
        let offset = out.len();
        // Version 2.0, no flags, stored, 1980-01-01.
        let mut head = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
        head.extend(sum.sum().to_le_bytes());
        head.extend([long(text.len()), long(text.len())].concat());
        head.extend([short(name.len()), short(0)].concat());
        out.extend(b"PK\x03\x04");
        out.extend(&head);
        out.extend(name.as_bytes());
        out.extend(text);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(head);
        directory.extend([0; 10]);
        directory.extend(long(offset));
        directory.extend(name.as_bytes());
    }
    let start = out.len();
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend([short(files.len()), short(files.len())].concat());
    out.extend([long(directory.len()), long(start)].concat());
    out.extend(short(0));
    out
}

async fn live(steps: Vec<Vec<Deed>>) {
    let test = Arc::new(TestApp::new().await);
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        people.push(Inhabitant::new(&test, u32::try_from(number).expect("few")).await);
    }
    for (step, deeds) in (0..).zip(steps) {
        let mut acting = JoinSet::new();
        for (inhabitant, deed) in people.into_iter().zip(deeds) {
            acting.spawn(inhabitant.act(step, deed));
        }
        people = acting.join_all().await;
        people.sort_by_key(|inhabitant| inhabitant.number);
    }
    test.app.clock.advance_us(120 * SECOND_US);
    while test.run_jobs().await > 0 {}
    for inhabitant in &people {
        inhabitant.read().await;
        inhabitant.check_days().await;
    }
}

#[test]
fn everyone_reads_what_they_wrote_and_nothing_else() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(PEOPLE)
        .enable_all()
        .build()
        .expect("a runtime");
    let config = Config {
        cases: setting("PROPTEST_CASES").map_or(STORIES, |text| text.parse().expect("a number")),
        failure_persistence: None,
        max_shrink_iters: 100,
        ..Config::default()
    };
    let steps = vec(vec(deed(), PEOPLE), 1..STEPS_MAX);
    let told = TestRunner::new(config).run(&steps, |steps| {
        runtime.block_on(live(steps));
        Ok(())
    });
    if let Err(failure) = told {
        panic!("{failure}");
    }
}

#[test]
fn two_people_import_equally_named_files_at_once() {
    let place = Place::sqlite();
    let server = place.serve();
    let emails = ["person0@example.org", "person1@example.org"];
    let mut children = Vec::new();
    for (email, number) in emails.iter().zip(0..) {
        server.register(email, &json!({"time_zone": "UTC"}));
        let folder = place.root().join(number.to_string());
        std::fs::create_dir(&folder).expect("my own folder");
        let file = archive(number, 0, f64::from(100 + number));
        let file = write_file(&folder, "export.zip", &file);
        let path = file.to_str().expect("UTF-8");
        let mut command = place.command(&["import", path, "--user", email, "--json"]);
        children.push(command.spawn().expect("the binary was built"));
    }
    for child in children {
        let ended = child.wait_with_output().expect("it ends");
        assert!(ended.status.success(), "{}", place.logged());
        let account: Value = serde_json::from_slice(&ended.stdout).expect("JSON");
        assert_eq!(account["accepted"], 3, "{account}");
    }
    for (email, number) in emails.iter().zip(0..) {
        let text = place
            .succeed(&["export", "--user", email, "--out", "-"])
            .out;
        assert_eq!(
            text.matches(&format!("\"value\":{}.0", 100 + number))
                .count(),
            3,
            "{text}"
        );
        assert_eq!(text.matches("\"type\":\"sample\"").count(), 3, "{text}");
        assert_eq!(
            text.matches(&format!("\"latitude_deg\":[{}.5]", 10 + number))
                .count(),
            1,
            "{text}"
        );
        assert_eq!(text.matches("latitude_deg").count(), 1, "{text}");
    }
    server.stop();
}
