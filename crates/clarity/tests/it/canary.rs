//! Canary values go in through every door and must be nowhere in the raw files: not in the database, its
//! log, temporary files or the program's log. After a purge the old key is gone from the raw file too.

use std::path::{Path, PathBuf};
use std::process::Command;

use oracle::absence::{Absent, skip};

use serde_json::{Value, json};

use crate::binary::{Client, PASSWORD, Place, Server, apple_export, write_file};

const EMAIL: &str = "zephyrine.quillfeather@canary.example";
const NAME: &str = "Zephyrine Quillfeather";
const SOURCE: &str = "Quillwatch Ultra Seven";
const HISTORY: &str = "paroxysmal quokka syndrome";
const TITLE: &str = "Moonlit badger chase";
const UNIT: &str = "quokkas per fortnight";
const TYPE: &str = "HKQuantityTypeIdentifierBadgerProximity";
/// A heart rate that nobody has by chance.
const RATE: f64 = 71.828_182_845_904;

/// Everything that must not be found, with a name for messages that says what it is.
fn canaries(tokens: &[String]) -> Vec<(String, Vec<u8>)> {
    let rate = RATE.to_string();
    let local = EMAIL.split('@').next().expect("a name");
    let texts = [
        EMAIL, local, NAME, SOURCE, HISTORY, TITLE, UNIT, TYPE, &rate, PASSWORD,
    ];
    let mut all = Vec::new();
    for text in texts.into_iter().chain(tokens.iter().map(String::as_str)) {
        let text = text.to_ascii_lowercase();
        let wide: Vec<u16> = text.encode_utf16().collect();
        all.push((format!("{text:?} in UTF-8"), text.clone().into_bytes()));
        let bytes = |order: fn(u16) -> [u8; 2]| wide.iter().flat_map(|unit| order(*unit)).collect();
        all.push((
            format!("{text:?} in UTF-16, little end first"),
            bytes(u16::to_le_bytes),
        ));
        all.push((
            format!("{text:?} in UTF-16, big end first"),
            bytes(u16::to_be_bytes),
        ));
    }
    all.push((
        "the heart rate, little end first".to_owned(),
        RATE.to_le_bytes().to_vec(),
    ));
    all.push((
        "the heart rate, big end first".to_owned(),
        RATE.to_be_bytes().to_vec(),
    ));
    all
}

/// Bytes as text of one character each, in lower case: searching text is fast everywhere.
fn searchable(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| char::from(byte.to_ascii_lowercase()))
        .collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else {
        return found;
    };
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// Asserts that the canaries are in none of the files that the program writes, and that the search
/// itself finds what is there.
fn nowhere(place: &Place, canaries: &[(String, Vec<u8>)], when: &str) {
    let mut all = files(&place.data());
    all.extend(files(&place.tmp()));
    all.push(place.log());
    let (mut schema, mut listening) = (false, false);
    for path in all {
        let bytes = std::fs::read(&path).expect("a readable file");
        let text = searchable(&bytes);
        schema |= text.contains("create table persons");
        listening |= text.contains("listening");
        for (name, canary) in canaries {
            assert!(
                !text.contains(&searchable(canary)),
                "{when}: {name} is in {}",
                path.display()
            );
        }
    }
    assert!(
        schema && listening,
        "{when}: the search does not find what is there"
    );
}

/// The person's tokens, from registration and from signing in again.
fn enter(server: &Server) -> (String, Vec<String>) {
    let mut client = server.client();
    let profile = json!({"time_zone": "Europe/Berlin", "medical_history": HISTORY});
    let body = json!({"email": EMAIL, "password": PASSWORD, "username": NAME, "profile": profile});
    let registered = client
        .post("/api/v1/auth/register", None, &body)
        .expect("an answer");
    assert_eq!(registered.status, 201, "{}", registered.text());
    let login = json!({"email": EMAIL, "password": PASSWORD});
    let login = client
        .post("/api/v1/auth/login", None, &login)
        .expect("an answer");
    assert_eq!(login.status, 200, "{}", login.text());
    let token = |answer: &Value, name: &str| answer[name].as_str().expect("a token").to_owned();
    let names = ["access_token", "refresh_token"];
    let answers = [registered.json(), login.json()];
    let tokens = answers
        .iter()
        .flat_map(|answer| names.map(|name| token(answer, name)));
    (token(&answers[1], "access_token"), tokens.collect())
}

fn heart_rate() -> Value {
    json!({"type": "HKQuantityTypeIdentifierHeartRate", "unit": "count/min", "value": RATE,
           "start_date": "2024-05-04T08:00:00Z", "end_date": "2024-05-04T08:00:00Z", "source_name": SOURCE})
}

/// Data that is accepted.
fn upload(client: &mut Client, token: &str) {
    let mut unknown = heart_rate();
    unknown["type"] = json!(TYPE);
    unknown["unit"] = json!(UNIT);
    let mut refused = heart_rate();
    refused["unit"] = json!(UNIT);
    let body = json!({"quantity_samples": [heart_rate(), unknown, refused], "workouts": [{
        "workout_activity_type": TITLE, "start_date": "2024-05-04T09:00:00Z",
        "end_date": "2024-05-04T10:00:00Z", "source_name": SOURCE,
        "metadata": {"HKWorkoutBrandName": TITLE},
    }]});
    let reply = client
        .post("/api/v1/healthkit", Some(token), &body)
        .expect("an answer");
    assert_eq!(reply.status, 202, "{}", reply.text());
    assert_eq!(reply.json()["rejected"], 1, "{}", reply.text());
}

/// Requests that are refused, with canaries where they should not be.
fn fail(client: &mut Client, token: &str) {
    let mut check = |method, path: &str, body: &str, expect: u16| {
        let json = [("content-type", "application/json")];
        let reply = client
            .send(method, path, Some(token), &json, body.as_bytes())
            .expect("an answer");
        assert_eq!(reply.status, expect, "{path}: {}", reply.text());
    };
    let told = "zephyrine.quillfeather@canary.example";
    let wrong = format!("{{\"email\":\"{told}\",\"password\":\"{HISTORY}\"}}");
    check("POST", "/api/v1/auth/login", &wrong, 401);
    check("POST", "/api/v1/auth/register", &wrong, 409);
    check(
        "POST",
        "/api/v1/healthkit",
        &format!("{{\"quantity_samples\": [\"{HISTORY}\""),
        400,
    );
    check(
        "POST",
        "/api/v1/health-data",
        &format!("{{\"{HISTORY}\": {RATE}}}"),
        422,
    );
    check(
        "PUT",
        "/api/v1/user/profile",
        &format!("{{\"time_zone\": \"{HISTORY}\"}}"),
        422,
    );
    check(
        "POST",
        "/api/v1/imports?format=apple_health",
        &format!("<{HISTORY}"),
        400,
    );
    check(
        "GET",
        &format!("/api/v1/health-data?source={}", SOURCE.replace(' ', "%20")),
        "",
        200,
    );
    check(
        "GET",
        &format!("/api/v1/health-data?data_type={TYPE}"),
        "",
        200,
    );
    check(
        "GET",
        &format!("/api/v1/health-data?start={}", TITLE.replace(' ', "%20")),
        "",
        400,
    );
    check(
        "GET",
        &format!("/api/v1/{}", TITLE.replace(' ', "%20")),
        "",
        404,
    );
}

/// Everything is read, so that every reader has held the values.
fn read(client: &mut Client, token: &str) {
    for path in [
        "user/profile",
        "auth/me",
        "health-data",
        "workouts",
        "summaries/daily?start=2024-05-01&end=2024-06-01",
        "sleep?start=2024-05-01&end=2024-06-01",
        "series/heart_rate?start=2024-05-04&end=2024-05-05",
        "health-data/export?format=ndjson",
        "health-data/export?format=csv",
        "imports",
        "insights/status",
        "rhythm",
        "anomalies",
        "reconciliation",
        "pat/weeks",
    ] {
        let reply = client
            .get(&format!("/api/v1/{path}"), Some(token))
            .expect("an answer");
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    }
}

/// The same values in a file, over HTTP and through the command.
fn import(place: &Place, client: &mut Client, token: &str) {
    let record = |minute: u32| {
        format!(
            " <Record type=\"HKQuantityTypeIdentifierHeartRate\" sourceName=\"{SOURCE}\" unit=\"count/min\" \
             startDate=\"2024-05-05 08:{minute:02}:00 +0000\" endDate=\"2024-05-05 08:{minute:02}:00 +0000\" \
             value=\"{RATE}\"/>\n <Record type=\"{TYPE}\" sourceName=\"{SOURCE}\" unit=\"{UNIT}\" \
             startDate=\"2024-05-05 08:{minute:02}:00 +0000\" endDate=\"2024-05-05 08:{minute:02}:00 +0000\" \
             value=\"{RATE}\"/>\n <Record type=\"HKQuantityTypeIdentifierHeartRate\" sourceName=\"{SOURCE}\" \
             unit=\"{UNIT}\" startDate=\"{HISTORY}\" endDate=\"{HISTORY}\" value=\"{HISTORY}\"/>\n"
        )
    };
    let export = |minute| apple_export("2024-06-01 08:00:00 +0000", &record(minute));
    let kind = [("content-type", "application/octet-stream")];
    let sent = client.send(
        "POST",
        "/api/v1/imports",
        Some(token),
        &kind,
        export(1).as_bytes(),
    );
    let reply = sent.expect("an answer");
    assert_eq!(reply.status, 202, "{}", reply.text());
    // Beside what the program writes: the file is the person's own.
    let file = write_file(place.root(), "export.xml", export(2).as_bytes());
    let path = file.to_str().expect("UTF-8");
    let account = place
        .succeed(&["import", path, "--user", EMAIL, "--json"])
        .json();
    assert_eq!(
        (&account["accepted"], &account["rejected"]),
        (&json!(2), &json!(1)),
        "{account}"
    );
}

#[test]
fn raw_files_tell_nothing() {
    let place = Place::sqlite().talkative();
    let server = place.serve();
    let (token, tokens) = enter(&server);
    let canaries = canaries(&tokens);
    let mut client = server.client();
    upload(&mut client, &token);
    import(&place, &mut client, &token);
    fail(&mut client, &token);
    read(&mut client, &token);
    nowhere(&place, &canaries, "while the server runs");
    server.kill();
    nowhere(&place, &canaries, "after it was killed");
    place.succeed(&["user", "list"]);
    place.run(&["import", "no such file", "--user", EMAIL]);
    place.run(&[
        "export",
        "--user",
        "quillfeather@nowhere.example",
        "--out",
        "-",
    ]);
    let server = place.serve();
    read(&mut server.client(), &token);
    server.stop();
    nowhere(&place, &canaries, "after an orderly end");
}

/// Asks the database file itself, through the `sqlite3` program.
fn ask(place: &Place, question: &str) -> Option<String> {
    let database = place.data().join("clarity.db");
    let output = Command::new("sqlite3")
        .arg("-readonly")
        .arg(database)
        .arg(question)
        .output();
    let Ok(output) = output else {
        skip(Absent::Program("sqlite3"));
        return None;
    };
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(
        String::from_utf8(output.stdout)
            .expect("UTF-8")
            .trim()
            .to_owned(),
    )
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<char> = text.chars().collect();
    let byte =
        |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).expect("hex");
    digits.chunks(2).map(byte).collect()
}

#[test]
fn after_a_purge_no_row_and_no_old_key_is_left() {
    let place = Place::sqlite();
    let server = place.serve();
    let (token, _) = enter(&server);
    let mut client = server.client();
    upload(&mut client, &token);
    import(&place, &mut client, &token);
    let Some(key) = ask(&place, "SELECT hex(key_wrapped) FROM persons") else {
        return;
    };
    let key = searchable(&unhex(&key));
    let holds_key = |path: &PathBuf| {
        let bytes = std::fs::read(path).expect("a readable file");
        searchable(&bytes).contains(&key)
    };
    assert!(
        files(&place.data()).iter().any(holds_key),
        "the key is there before the purge"
    );
    let purged = client.send(
        "DELETE",
        "/api/v1/health-data/purge",
        Some(&token),
        &[],
        b"",
    );
    let receipt = purged.expect("an answer").json();
    assert_eq!(receipt["counts"]["chunks"], 6, "{receipt}");
    for table in [
        "chunks",
        "metric_counts",
        "records",
        "days",
        "dirty_days",
        "insights",
        "embeddings",
        "uploads",
        "tombstones",
    ] {
        let rows = ask(&place, &format!("SELECT COUNT(*) FROM {table}"));
        assert_eq!(rows.as_deref(), Some("0"), "{table}");
    }
    let holding: Vec<PathBuf> = files(&place.data()).into_iter().filter(holds_key).collect();
    assert!(holding.is_empty(), "the old key is in {holding:?}");
    let left = client
        .get("/api/v1/health-data/export", Some(&token))
        .expect("an answer")
        .text();
    assert_eq!(left.lines().count(), 1, "{left}");
    server.stop();
}
