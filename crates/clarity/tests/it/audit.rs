//! Who read or changed a person's data is what their log says: every access, no other, in words; and what cannot be
//! recorded does not happen.

use axum::http::{Method, StatusCode};
use clarity::config::Switch;
use clarity::supervise::{Fault, Place, Task};
use serde_json::{Value, json};
use store::{Store, Target};

use crate::cli::clarity;
use crate::harness::{Person, SECOND_US, TestApp, request};
use crate::live::administrator;
use crate::postgres::Database;

const AUDIT: &str = "/api/v1/audit";
const NIGHTS: &str = "/api/v1/sleep?start=2026-11-01&end=2026-11-20";
const HOUR_US: i64 = 3_600 * SECOND_US;

/// The log of a person, newest first, without the reading of it.
pub(crate) async fn log(test: &TestApp, person: &Person) -> Vec<Value> {
    let mut all = Vec::new();
    let mut path = format!("{AUDIT}?limit=1000");
    loop {
        let page = test.get(&path, Some(person)).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text());
        let page = page.json();
        let rows = page["data"].as_array().expect("rows").clone();
        all.extend(rows.into_iter().filter(|row| row["action"] != "list_audit"));
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("{AUDIT}?limit=1000&cursor={cursor}"),
            None => return all,
        }
    }
}

/// What was done, newest first.
pub(crate) fn actions(log: &[Value]) -> Vec<&str> {
    let actions = log.iter().map(|row| row["action"].as_str());
    actions.map(|action| action.expect("an action")).collect()
}

pub(crate) fn texts(log: &[Value]) -> Vec<&str> {
    let texts = log.iter().map(|row| row["text"].as_str());
    texts.map(|text| text.expect("a text")).collect()
}

pub(crate) async fn on_both<F: Future<Output = ()>>(run: impl Fn(TestApp) -> F) {
    let store = Store::open(&Target::SqliteTemporary).await;
    run(TestApp::on(store.expect("a database"), |_| {}).await).await;
    let Some(database) = Database::create() else {
        return oracle::absence::skip(oracle::absence::Absent::Service("PostgreSQL"));
    };
    run(TestApp::on(database.store().await, |_| {}).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_read_in_words_what_was_done() {
    on_both(|test| async move {
        let ada = test.register("ada@example.org").await;
        let eve = test.register("eve@example.org").await;
        test.get(NIGHTS, Some(&ada)).await;
        test.get("/api/v1/series/steps", Some(&ada)).await;
        let profile = json!({"username": "ada"});
        test.put("/api/v1/user/profile", &ada, &[], &profile).await;
        let log = log(&test, &ada).await;
        let expected = [
            "You changed the profile.",
            "You read a series of step count.",
            "You read the nights, 2026-11-01 to 2026-11-19.",
            "You opened the account.",
        ];
        assert_eq!(texts(&log), expected);
        for row in &log {
            assert_eq!(row["right"], "own");
            assert_eq!(row["by"], json!(ada.session));
            assert!(row["repeats"].is_null(), "{row}");
        }
        let of_eve = self::log(&test, &eve).await;
        assert_eq!(actions(&of_eve), ["register"]);
    })
    .await;
}

#[tokio::test]
async fn reading_the_log_is_an_access_too() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    for _ in 0..3 {
        test.get(AUDIT, Some(&ada)).await;
    }
    let rows = test.get(AUDIT, Some(&ada)).await.json();
    let rows = rows["data"].as_array().expect("rows").clone();
    // Each look writes what was counted before it, and is counted itself.
    let expected = ["list_audit", "list_audit", "list_audit", "register"];
    assert_eq!(actions(&rows), expected);
    let counts = rows.iter().map(|row| row["repeats"]["count"].as_u64());
    assert_eq!(counts.collect::<Vec<_>>(), [Some(1), Some(1), None, None]);
}

#[tokio::test]
async fn equal_reads_are_counted_and_others_told_apart() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let login = json!({"email": "ada@example.org", "password": crate::harness::PASSWORD});
    let login = test.post("/api/v1/auth/login", None, &login).await.json();
    let elsewhere = Person::from_tokens(&login);
    for _ in 0..20 {
        test.get(NIGHTS, Some(&ada)).await;
    }
    test.get(NIGHTS, Some(&elsewhere)).await;
    test.get("/api/v1/sleep?start=2026-10-01&end=2026-11-01", Some(&ada))
        .await;
    let all = log(&test, &ada).await;
    let nights: Vec<&Value> = all
        .iter()
        .filter(|row| row["action"] == "list_nights")
        .collect();
    let counts = nights.iter().map(|row| row["repeats"]["count"].as_u64());
    assert_eq!(counts.collect::<Vec<_>>(), [Some(19), None, None, None]);
    assert_eq!(nights[2]["by"], json!(elsewhere.session));
    // Later it is an access of its own.
    test.app.clock.advance_us(7 * HOUR_US);
    let fresh = json!({"refresh_token": ada.refresh});
    let fresh = test.post("/api/v1/auth/refresh", None, &fresh).await.json();
    let ada = Person::from_tokens(&fresh);
    test.get(NIGHTS, Some(&ada)).await;
    assert!(log(&test, &ada).await[0]["repeats"].is_null());
}

#[tokio::test]
async fn what_is_refused_is_not_recorded() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let before = log(&test, &ada).await.len();
    test.get("/api/v1/sleep?start=2026-11-20&end=2026-11-01", Some(&ada))
        .await;
    let stale = [("if-match", "\"7\"")];
    let profile = json!({"username": "eve"});
    let refused = test
        .put("/api/v1/user/profile", &ada, &stale, &profile)
        .await;
    refused.problem(412, "precondition_failed");
    test.get("/api/v1/admin/people", Some(&ada))
        .await
        .problem(403, "forbidden");
    assert_eq!(log(&test, &ada).await.len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_recorded_is_not_given() {
    on_both(|test| async move {
        let ada = test.register("ada@example.org").await;
        let faults = &test.app.supervisor.faults;
        faults.inject(Place::Task(Task::Auditor), Fault::Panic, 1);
        let refused = test.get(NIGHTS, Some(&ada)).await;
        refused.problem(503, "unavailable");
        assert_ne!(refused.header("retry-after"), "");
        assert_eq!(test.app.supervisor.faults.waiting(), 0);
        // The task is started again, and the same is given.
        loop {
            let given = test.get(NIGHTS, Some(&ada)).await;
            if given.status == StatusCode::OK {
                break;
            }
            given.problem(503, "unavailable");
        }
        assert_eq!(
            actions(&log(&test, &ada).await),
            ["list_nights", "register"]
        );
    })
    .await;
}

#[tokio::test]
async fn what_a_device_sends_is_one_entry_for_a_day() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let added = test
        .post("/api/v1/devices", Some(&ada), &json!({"name": "My phone"}))
        .await;
    let added = added.json();
    let key = added["pairing"]["key"].as_str().expect("a key");
    for count in 1..=5 {
        let steps = json!({"data_type": "step_count", "value": count, "unit": "count",
                           "recorded_at": "2026-11-19T10:00:00Z"});
        let headers = [("x-api-key", key)];
        let path = "/api/v1/health-data";
        let sent = request(Method::POST, path, None, &headers, Some(&steps));
        assert_eq!(test.send(sent).await.status, StatusCode::ACCEPTED);
    }
    let log = log(&test, &ada).await;
    let expected = [
        "The device “My phone” sent health data, 4 more times since 2026-11-20T12:00:00Z.",
        "The device “My phone” sent health data.",
        "You added a device.",
        "You opened the account.",
    ];
    assert_eq!(texts(&log), expected);
    assert_eq!(log[1]["right"], "device");
    assert_eq!(log[1]["by"], added["device_id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_leaves_its_receipt() {
    on_both(|test| async move {
        let ada = test.register("ada@example.org").await;
        test.get(NIGHTS, Some(&ada)).await;
        test.get(NIGHTS, Some(&ada)).await;
        let path = "/api/v1/health-data/purge";
        let purge = request(Method::DELETE, path, Some(&ada), &[], None);
        let receipt = test.send(purge).await.json();
        let log = log(&test, &ada).await;
        assert_eq!(texts(&log), ["You erased all health data."]);
        assert_eq!(log[0]["erasure_id"], receipt["erasure_id"]);
        assert_eq!(receipt["counts"]["audit"], 2);
    })
    .await;
}

#[tokio::test]
async fn administrators_see_their_own_log_only() {
    let test = TestApp::new().await;
    test.register("ada@example.org").await;
    let root = administrator(&test).await;
    test.get("/api/v1/admin/people", Some(&root)).await;
    let log = log(&test, &root).await;
    assert_eq!(
        texts(&log),
        ["You read the list of accounts.", "You signed in."]
    );
}

#[tokio::test]
async fn a_stolen_refresh_token_is_in_the_log() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let refresh = json!({"refresh_token": ada.refresh});
    test.post("/api/v1/auth/refresh", None, &refresh).await;
    let reused = test.post("/api/v1/auth/refresh", None, &refresh).await;
    reused.problem(401, "refresh_invalid");
    let login = json!({"email": "ada@example.org", "password": crate::harness::PASSWORD});
    let login = test.post("/api/v1/auth/login", None, &login).await.json();
    let log = log(&test, &Person::from_tokens(&login)).await;
    assert_eq!(actions(&log), ["login", "detect_reuse", "register"]);
}

#[tokio::test]
async fn whoever_asks_for_everything_fills_no_log() {
    let test = TestApp::with(|config| config.rates.enabled = Switch::Off).await;
    let ada = test.register("ada@example.org").await;
    for day in 1..=300 {
        let end = jiff::civil::date(2026, 11, 20);
        let start = end.saturating_sub(jiff::Span::new().days(day));
        let path = format!("/api/v1/coverage?start={start}&end={end}");
        assert_eq!(test.get(&path, Some(&ada)).await.status, StatusCode::OK);
    }
    let log = log(&test, &ada).await;
    assert!(log.len() < 70, "{} entries", log.len());
    let counts = log.iter().filter(|row| row["action"] == "get_coverage");
    let told: u64 = counts
        .map(|row| row["repeats"]["count"].as_u64().unwrap_or(1))
        .sum();
    assert_eq!(told, 300, "none is lost");
}

#[test]
fn the_command_verifies_and_exports() {
    let folder = tempfile::tempdir().expect("a folder");
    let email = "ada@example.org";
    let added = clarity(
        folder.path(),
        &["user", "add", email],
        "a long enough password\n",
    );
    assert_eq!(added.code, Some(0), "{}", added.err);
    let role = clarity(folder.path(), &["user", "role", email, "clinician"], "");
    assert_eq!(role.code, Some(0), "{}", role.err);
    let verified = clarity(folder.path(), &["audit", "verify"], "");
    assert_eq!(verified.code, Some(0), "{}", verified.err);
    assert_eq!(
        verified.out,
        "entries 2, persons 1, checkpoints 0; no checkpoint yet\n"
    );
    let exported = clarity(folder.path(), &["audit", "export", email], "");
    let lines = exported.out.lines().map(|line| {
        let entry: Value = serde_json::from_str(line).expect("JSON");
        (entry["number"].clone(), entry["entry"]["what"].clone())
    });
    let expected = [(1, "add_account"), (2, "give_role"), (3, "list_audit")];
    let expected = expected.map(|(number, what)| (json!(number), json!(what)));
    assert_eq!(lines.collect::<Vec<_>>(), expected);
}
