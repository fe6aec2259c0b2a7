//! Small doors that should be closed: what a first start makes, what an ordinary one finds, what a log says.

use std::os::unix::fs::PermissionsExt;

use axum::http::{Method, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clarity::http::cursor::{self, Query};
use model::ids::UserId;
use serde_json::json;

use crate::binary::Place;
use crate::harness::{PASSWORD, TestApp, request};

const ME: &str = "/api/v1/auth/me";

#[test]
fn a_database_that_was_cut_off_is_not_begun_anew() {
    let place = Place::sqlite();
    let server = place.serve();
    server.register("ada@example.org", &json!({}));
    server.stop();
    let database = place.data().join("clarity.db");
    for beside in ["clarity.db-wal", "clarity.db-shm"] {
        drop(std::fs::remove_file(place.data().join(beside)));
    }
    std::fs::write(&database, b"").expect("my own file");
    let ended = place.run(&["user", "list", "--json"]);
    assert_eq!(ended.code, Some(1), "{}", ended.out);
    let said = place.logged();
    assert!(said.contains("is empty although its master key"), "{said}");
    let left = std::fs::metadata(&database).expect("the file").len();
    assert_eq!(left, 0, "nothing is changed");
}

#[test]
fn keys_of_the_server_do_not_go_silently() {
    let place = Place::sqlite();
    let server = place.serve();
    server.register("ada@example.org", &json!({}));
    server.stop();
    if !crate::damage::tamper(&place, "DELETE FROM meta WHERE name = 'server_keys'") {
        return;
    }
    place.serve().stop();
    let said = place.logged();
    assert!(
        said.contains("own keys were removed from the database"),
        "{said}"
    );
}

#[test]
fn an_ordinary_start_closes_the_demo() {
    let place = Place::sqlite();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--json", "--demo"];
    let mut child = place.command(&arguments).spawn().expect("the binary");
    let mut line = String::new();
    let out = child.stdout.take().expect("a pipe");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).expect("a line");
    let told: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    crate::binary::kill(&mut child);
    let server = place.serve();
    let sign_in = server
        .client()
        .post("/api/v1/auth/login", None, &told["demo"])
        .expect("an answer");
    assert_eq!(sign_in.status, 401, "{}", sign_in.text());
    server.register("ada@example.org", &json!({}));
    server.stop();
    assert!(
        place
            .logged()
            .contains("has a public password and is switched off")
    );
    let people = place.succeed(&["user", "list", "--json"]).json();
    let access = |at: usize| people[at]["access"].as_str().expect("an access").to_owned();
    assert_eq!(
        [access(0), access(1), access(2)],
        ["disabled", "disabled", "enabled"]
    );
}

#[test]
fn no_dump_and_no_file_of_the_process_is_for_others() {
    let place = Place::sqlite();
    std::fs::create_dir_all(place.data()).expect("a folder");
    let server = place.serve();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.id()));
    let Ok(limits) = limits else {
        oracle::absence::skip(oracle::absence::Absent::Platform("/proc"));
        return;
    };
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let core: Vec<&str> = core.expect("a limit").split_whitespace().collect();
    assert_eq!(core[4..6], ["0", "0"], "{limits}");
    server.stop();
    for entry in std::fs::read_dir(place.data()).expect("a folder") {
        let entry = entry.expect("a file");
        let mode = entry.metadata().expect("a mode").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?} {mode:o}", entry.path());
    }
}

#[test]
fn the_log_never_says_what_a_client_wrote() {
    const MARK: &str = "hiv.positive";
    let place = Place::sqlite().talkative();
    let server = place.serve();
    let token = server.register("ada@example.org", &json!({}));
    let mut client = server.client();
    let id = [("x-request-id", MARK)];
    client
        .send("GET", ME, Some(&token), &id, b"")
        .expect("an answer");
    let marked = format!("/api/v1/{MARK}?{MARK}=1");
    client.get(&marked, Some(&token)).expect("an answer");
    let method = MARK.to_uppercase();
    drop(server.client().send(&method, ME, Some(&token), &[], b""));
    for file in [
        format!("<?xml version=\"1.0\"?><{MARK}>"),
        format!("{{\"{MARK}\": [\"{MARK}\"]}}"),
        format!("{MARK},{MARK}\n{MARK},{MARK}\n"),
        MARK.to_owned(),
    ] {
        for path in ["/api/v1/imports", "/api/v1/health-data"] {
            let json = [("content-type", "application/json")];
            let sent = client.send("POST", path, Some(&token), &json, file.as_bytes());
            // Most are refused, each for a reason of its own.
            sent.expect("an answer");
        }
    }
    server.stop();
    let log = place.logged().to_lowercase();
    let line = log.lines().find(|line| line.contains(MARK));
    assert_eq!(line, None);
    assert!(log.contains("import failed"), "{log}");
}

#[test]
fn a_password_of_a_database_is_no_argument() {
    let place = Place::sqlite();
    place.serve().stop();
    let data = place.data().display().to_string();
    let url = "postgres://clarity:very-secret@127.0.0.1:1/c";
    let ended = place.run(&["copy", &data, url]);
    assert_eq!(ended.code, Some(2), "{}", ended.out);
    let said = place.logged();
    assert!(
        said.contains("env:NAME") && !said.contains("very-secret"),
        "{said}"
    );
    let target = place.root().join("other");
    let mut command = place.command(&["copy", "env:CLARITY_TEST_FROM", "env:CLARITY_TEST_TO"]);
    command
        .env("CLARITY_TEST_FROM", &data)
        .env("CLARITY_TEST_TO", &target);
    let copied = command.output().expect("the binary");
    assert!(copied.status.success(), "{}", place.logged());
    assert!(target.join("clarity.db").exists());
}

#[test]
fn a_list_in_the_environment_is_taken_or_refused() {
    let place = Place::sqlite();
    let check = |text: &str, expect: i32, code: &str| {
        let mut command = place.command(&["user", "list"]);
        command.env("CLARITY_CORS_ORIGINS", text);
        let ended = command.output().expect("the binary");
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&ended.stdout),
            place.logged()
        );
        assert_eq!(ended.status.code(), Some(expect), "{text}: {said}");
        assert!(said.contains(code), "{text}: {said}");
    };
    check("[\"https://app.example.org\"]", 0, "");
    check("'https://app.example.org'", 1, "CONFIG_CORS_ORIGIN");
}

#[tokio::test]
async fn a_cursor_says_nothing_to_whoever_sees_it() {
    let test = TestApp::new().await;
    let query = Query {
        user: UserId::from_uuid(uuid::Uuid::from_u128(1)),
        list: "/health-data",
        filter: "data_type=steps",
    };
    let seal = |value: i64, text: &str| cursor::seal(&test.app, query, &(value, text));
    let sealed = seal(17, "abc");
    let bytes = URL_SAFE_NO_PAD.decode(&sealed).expect("base64");
    assert!(!String::from_utf8_lossy(&bytes).contains("abc"));
    assert_eq!(seal(1_234_567_890, "a").len(), sealed.len());
    assert_ne!(seal(17, "abc"), sealed, "nor whether two are the same");
    let opened = cursor::open::<(i64, String)>(&test.app, query, &sealed);
    assert_eq!(opened.expect("its own"), (17, "abc".to_owned()));
}

#[tokio::test]
async fn what_nobody_waits_for_ends() {
    let test = TestApp::new().await;
    let app = std::sync::Arc::clone(&test.app);
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let (ended, has_ended) = tokio::sync::oneshot::channel();
    let mut waiting = tokio::task::JoinSet::new();
    waiting.spawn(async move {
        app.compute_while_wanted(move |still| {
            begun.send(()).expect("somebody listens");
            while still.is() {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
            ended.send(()).expect("somebody listens");
        })
        .await
    });
    has_begun.await.expect("it began");
    // As a request that ran out of time, or whose client left.
    waiting.abort_all();
    has_ended.await.expect("it ended");
}

#[tokio::test]
async fn an_account_is_closed_by_its_owner_with_everything_of_it() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let bea = test.register("bea@example.org").await;
    let steps = json!({"data_type": "step_count", "value": 7, "unit": "count",
                       "recorded_at": "2026-11-19T10:00:00Z"});
    for person in [&ada, &bea] {
        let sent = test.post("/api/v1/health-data", Some(person), &steps).await;
        assert_eq!(sent.status, StatusCode::ACCEPTED, "{}", sent.text());
    }
    let close = async |password: &str| {
        let body = json!({ "current_password": password });
        let sent = request(Method::DELETE, ME, Some(&ada), &[], Some(&body));
        test.send(sent).await
    };
    close("not the password")
        .await
        .problem(401, "credentials_invalid");
    assert_eq!(test.get(ME, Some(&ada)).await.status, StatusCode::OK);
    let closed = close(PASSWORD).await;
    assert_eq!(closed.status, StatusCode::OK, "{}", closed.text());
    let receipt = closed.json();
    assert_eq!(receipt["what"], "account", "{receipt}");
    assert_eq!(receipt["counts"]["persons"], 1, "{receipt}");
    assert_eq!(receipt["counts"]["chunks"], 1, "{receipt}");
    assert!(receipt["signature"].as_str().is_some(), "{receipt}");
    assert_eq!(
        test.get(ME, Some(&ada)).await.status,
        StatusCode::UNAUTHORIZED
    );
    let login = json!({"email": "ada@example.org", "password": PASSWORD});
    let refused = test.post("/api/v1/auth/login", None, &login).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let kept = test.get("/api/v1/health-data", Some(&bea)).await.json();
    assert_eq!(kept["data"].as_array().map(Vec::len), Some(1), "{kept}");
    // The address is free again, and nothing of before is there.
    let again = test.register("ada@example.org").await;
    let kept = test.get("/api/v1/health-data", Some(&again)).await.json();
    assert_eq!(kept["data"].as_array().map(Vec::len), Some(0), "{kept}");
}

#[test]
fn a_place_is_answered_with_its_zone() {
    let place = Place::sqlite();
    let refused = place.run(&["user", "add", "ada@example.org", "--time-zone", "Berlin"]);
    assert_eq!(refused.code, Some(2));
    assert!(
        place.logged().contains("did you mean Europe/Berlin?"),
        "{}",
        place.logged()
    );
    let server = place.serve();
    let body = json!({"email": "ada@example.org", "password": "correct horse battery",
                      "profile": {"time_zone": "new york"}});
    let sent = server.client().post("/api/v1/auth/register", None, &body);
    let sent = sent.expect("an answer");
    assert_eq!(sent.status, 422);
    assert!(sent.text().contains("America/New_York"), "{}", sent.text());
    server.stop();
}

#[test]
fn whoever_runs_the_server_makes_an_administrator() {
    let place = Place::sqlite();
    let server = place.serve();
    let token = server.register("ada@example.org", &json!({}));
    let detailed = |token: &str| {
        let answer = server.client().get("/health/detailed", Some(token));
        answer.expect("an answer").status
    };
    assert_eq!(detailed(&token), 403);
    // Another process changed it: within five seconds the server knows.
    for (role, expect) in [("admin", 200), ("patient", 403)] {
        place.succeed(&["user", "role", "ada@example.org", role]);
        let known = (0..100).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(100));
            detailed(&token) == expect
        });
        assert!(known, "{role}");
    }
    server.stop();
}

#[test]
fn a_reader_that_ends_first_is_no_failure() {
    let place = Place::sqlite();
    let server = place.serve();
    let token = server.register("ada@example.org", &json!({}));
    let samples: Vec<serde_json::Value> = (0..5_000)
        .map(|number| {
            let at = format!(
                "2026-01-01T{:02}:{:02}:{:02}Z",
                number / 3_600,
                number / 60 % 60,
                number % 60
            );
            json!({"type": "HKQuantityTypeIdentifierHeartRate", "unit": "count/min", "value": 60,
                   "start_date": at, "end_date": at, "source_name": "Watch"})
        })
        .collect();
    let sent = server.client().post(
        "/api/v1/healthkit",
        Some(&token),
        &json!({"quantity_samples": samples}),
    );
    assert_eq!(sent.expect("an answer").status, 202);
    server.stop();
    let mut export = place.command(&["export", "--user", "ada@example.org", "--out", "-"]);
    let mut export = export.spawn().expect("the binary");
    let mut first = String::new();
    let out = export.stdout.take().expect("a pipe");
    let mut out = std::io::BufReader::new(out);
    std::io::BufRead::read_line(&mut out, &mut first).expect("a line");
    drop(out);
    let ended = export.wait().expect("an end");
    assert!(ended.success(), "{}", place.logged());
    assert!(first.starts_with('{'), "{first}");
    assert!(
        place.logged().contains("the reader ended before"),
        "{}",
        place.logged()
    );
    assert!(!place.logged().contains("exported 0"), "{}", place.logged());
}

#[test]
fn a_key_that_others_can_read_is_not_for_production() {
    let place = Place::sqlite();
    place.serve().stop();
    assert!(
        place.logged().contains("keep a copy of it apart"),
        "{}",
        place.logged()
    );
    let key = place.data().join("master.key");
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(&key, open).expect("my own file");
    let open: std::fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(place.data().join("clarity.db"), open).expect("my own file");
    let mut list = place.command(&["user", "list"]);
    list.env("CLARITY_ENVIRONMENT", "production");
    list.env_remove("CLARITY_PASSWORDS_MEMORY_KIB")
        .env_remove("CLARITY_PASSWORDS_ITERATIONS");
    let ended = list.output().expect("the binary");
    assert!(!ended.status.success());
    assert!(
        place.logged().contains("CONFIG_KEY_MODE"),
        "{}",
        place.logged()
    );
    // Elsewhere that is said, and the files of the database are closed.
    place.succeed(&["user", "list"]);
    assert!(
        place.logged().contains("others can read the master key"),
        "{}",
        place.logged()
    );
    let mode = std::fs::metadata(place.data().join("clarity.db"))
        .expect("a file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}
