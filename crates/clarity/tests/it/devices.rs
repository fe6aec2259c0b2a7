//! Keys of devices, through the own way of each sender: what they open, what they do not, and that revoking
//! one is the end of it.

use std::collections::BTreeSet;

use aws_lc_rs::hmac;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clarity::config::Switch;
use serde_json::{Value, json};

use crate::cli::clarity;
use crate::harness::{Answer, Person, SECOND_US, TestApp, request};
use crate::promise;
use crate::uploads::counts;

const DAY_US: i64 = 86_400 * SECOND_US;

/// A device as its owner got it.
struct Device {
    id: String,
    key: String,
}

async fn add(test: &TestApp, person: &Person, name: &str) -> Device {
    let body = json!({ "name": name });
    let answer = test.post("/api/v1/devices", Some(person), &body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let answer = answer.json();
    let key = answer["pairing"]["key"].as_str().expect("a key").to_owned();
    let id = answer["device_id"].as_str().expect("an id").to_owned();
    Device { id, key }
}

/// How a sender shows its key.
#[derive(Debug, Clone, Copy)]
enum Way {
    Header(&'static str),
    Bearer,
    Bare,
    Password,
    Signature,
}

fn signed(key: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let tag = hmac::sign(&key, body);
    let digits: Vec<String> = tag.as_ref().iter().map(|b| format!("{b:02x}")).collect();
    format!("sha256={}", digits.concat())
}

impl Way {
    fn header(self, key: &str, body: &[u8]) -> (&'static str, String) {
        match self {
            Self::Header(name) => (name, key.to_owned()),
            Self::Bearer => ("authorization", format!("Bearer {key}")),
            Self::Bare => ("authorization", key.to_owned()),
            Self::Password => {
                let pair = STANDARD.encode(format!("phone:{key}"));
                ("authorization", format!("Basic {pair}"))
            }
            Self::Signature => ("x-signature", signed(key, body)),
        }
    }
}

async fn send(test: &TestApp, path: &str, body: &str, headers: &[(&str, String)]) -> Answer {
    let mut request = Request::post(path).header("content-type", "application/json; charset=utf-8");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let request = request
        .body(Body::from(body.to_owned()))
        .expect("a request");
    test.send(request).await
}

/// What each sender posts, where, and how it says who it is. `{}` is the device.
const SENDERS: [(&str, &str, Way, &str); 11] = [
    (
        "Life Dashboard Companion, paired by its QR code",
        "/api/v1/hooks/{}",
        Way::Signature,
        r#"{"timestamp":"2026-11-18T12:00:00Z","app_version":"1.20.0","source":"health_connect","sequence":7,
            "heart_rate":[{"uuid":"a#1","bpm":61,"time":"2026-11-18T10:00:00.25Z","source":"com.example.watch"}]}"#,
    ),
    (
        "Life Dashboard Companion on iOS, with a header of its settings",
        "/api/v1/hooks/{}/",
        Way::Bearer,
        r#"{"timestamp":"2026-11-18T12:00:00Z","app_version":"1.8","source":"healthkit_ios","sequence":3,
            "resting_heart_rate":[{"uuid":"A2","bpm":52,"time":"2026-11-18T10:00:01Z","source":"Watch"}]}"#,
    ),
    (
        "HC Webhook",
        "/api/v1/hooks/{}",
        Way::Header("X-API-Key"),
        r#"{"timestamp":"2026-11-18T12:00:00Z","app_version":"2.4.0","weight":[{"kilograms":71.5,"time":"2026-11-18T06:00:00Z"}]}"#,
    ),
    (
        "HC Webhook, in camelCase",
        "/api/v1/hooks/{}",
        Way::Bearer,
        r#"{"timestamp":"2026-11-18T12:00:00Z","appVersion":"2.4.0","restingHeartRate":[{"bpm":52,"time":"2026-11-18T06:00:00Z"}]}"#,
    ),
    (
        "Health.md",
        "/api/v1/hooks/{}",
        Way::Bearer,
        r#"{"schema":"healthmd.api_export","exported_at":"2026-11-18T12:00:00Z","records":[{"date":"2026-11-17",
            "healthkit_record_archive":{"records":[{"original_uuid":"md1","record_kind":"quantity",
            "object_type_identifier":"HKQuantityTypeIdentifierHeartRate","start_date":"2026-11-17T08:00:00Z",
            "end_date":"2026-11-17T08:00:00Z","payload":{"value":60,"unit":"count/min"}}]}}]}"#,
    ),
    (
        "Health Auto Export",
        "/api/v1/integrations/health-auto-export",
        Way::Header("x-api-key"),
        r#"{"data":{"metrics":[{"name":"respiratory_rate","units":"count/min","data":[{"date":"2026-11-18 08:00:00 +0000","qty":14.5}]}]}}"#,
    ),
    (
        "Open Wearables SDK",
        "/api/v1/sdk/users/{}/sync",
        Way::Bearer,
        r#"{"provider":"apple","data":{"records":[{"id":"r1","type":"HEART_RATE","startDate":"2026-11-18T09:00:00Z",
            "endDate":"2026-11-18T09:00:00Z","value":62,"unit":"bpm"}]}}"#,
    ),
    (
        "Open Wearables SDK, older",
        "/v1/sdk/users/{}/sync",
        Way::Bare,
        r#"{"provider":"apple","data":{"records":[{"id":"r2","type":"HEART_RATE","startDate":"2026-11-18T09:01:00Z",
            "endDate":"2026-11-18T09:01:00Z","value":63,"unit":"bpm"}]}}"#,
    ),
    (
        "Open Wearables, with its own header",
        "/api/v1/sdk/users/{}/sync",
        Way::Header("X-Open-Wearables-API-Key"),
        r#"{"provider":"google","data":{"records":[{"id":"r3","type":"HEART_RATE","startDate":"2026-11-18T09:02:00Z",
            "endDate":"2026-11-18T09:02:00Z","value":64,"unit":"bpm"}]}}"#,
    ),
    (
        "Shortcuts",
        "/api/v1/health-data",
        Way::Header("X-API-KEY"),
        r#"{"metric":"body_mass","value":71.25,"unit":"kg","recorded_at":"2026-11-18T07:00:00Z"}"#,
    ),
    (
        "a script with user and password",
        "/api/v1/hooks/{}",
        Way::Password,
        r#"{"metric":"heart_rate","values":[{"value":65,"timestamp":"2026-11-18T11:30:00Z"}]}"#,
    ),
];

#[tokio::test]
async fn each_sender_is_known_by_its_own_way_until_its_key_is_revoked() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let device = add(&test, &ada, "Phone").await;
    for (sender, path, way, body) in SENDERS {
        let path = path.replace("{}", &device.id);
        let header = way.header(&device.key, body.as_bytes());
        let answer = send(&test, &path, body, std::slice::from_ref(&header)).await;
        assert_eq!(counts(&answer), (1, 0, 0), "{sender}: {}", answer.text());
        // A retry changes nothing.
        let again = send(&test, &path, body, &[header]).await;
        assert_eq!(counts(&again), (0, 1, 0), "{sender}: {}", again.text());
    }
    let revoke = format!("/api/v1/devices/{}", device.id);
    let revoke = request(Method::DELETE, &revoke, Some(&ada), &[], None);
    assert_eq!(test.send(revoke).await.status, StatusCode::NO_CONTENT);
    for (_, path, way, body) in SENDERS {
        let path = path.replace("{}", &device.id);
        let header = way.header(&device.key, body.as_bytes());
        let refused = send(&test, &path, body, &[header]).await;
        refused.problem(401, "token_invalid");
    }
}

#[tokio::test]
async fn a_signature_that_is_not_right_brings_nothing() {
    let test = TestApp::new().await;
    let (ada, bea) = (
        test.register("ada@example.org").await,
        test.register("bea@example.org").await,
    );
    let device = add(&test, &ada, "Phone").await;
    let other = add(&test, &bea, "Phone").await;
    let body = r#"{"metric":"heart_rate","value":61,"recorded_at":"2026-11-18T07:00:00Z"}"#;
    let path = format!("/api/v1/hooks/{}", device.id);
    let right = signed(&device.key, body.as_bytes());
    let check = async |path: &str, body: &str, headers: &[(&str, String)], code: &str| {
        let refused = send(&test, path, body, headers).await;
        refused.problem(401, code);
    };
    let with = |signature: &str| vec![("x-signature", signature.to_owned())];
    check(&path, body, &[], "token_missing").await;
    check(&path, body, &with(""), "token_invalid").await;
    check(&path, body, &with(&right[7..]), "token_invalid").await;
    check(
        &path,
        body,
        &with(&right[..right.len() - 2]),
        "token_invalid",
    )
    .await;
    // One byte of the body, the key of somebody else, the address of somebody else, nobody's address.
    check(
        &path,
        &body.replace("61", "62"),
        &with(&right),
        "token_invalid",
    )
    .await;
    let foreign = signed(&other.key, body.as_bytes());
    check(&path, body, &with(&foreign), "token_invalid").await;
    let path_of_other = format!("/api/v1/hooks/{}", other.id);
    check(&path_of_other, body, &with(&right), "token_invalid").await;
    let nobody = path.replace(&device.id[..4], "0000");
    check(&nobody, body, &with(&right), "token_invalid").await;
    // A right key does not make up for a wrong signature, nor the key of one for the address of another.
    let key = ("x-api-key", device.key.clone());
    let both = [key.clone(), ("x-signature", foreign.clone())];
    check(&path, body, &both, "token_invalid").await;
    check("/api/v1/health-data", body, &both, "token_invalid").await;
    check("/api/v1/imports", body, &both, "token_invalid").await;
    let elsewhere = send(&test, &path_of_other, body, std::slice::from_ref(&key)).await;
    elsewhere.problem(404, "not_found");
    let found = test
        .get("/api/v1/health-data?metric=heart_rate", Some(&ada))
        .await;
    assert_eq!(found.json()["data"], json!([]));

    let both = [key, ("x-signature", right)];
    assert_eq!(counts(&send(&test, &path, body, &both).await), (1, 0, 0));
}

#[tokio::test]
async fn a_signed_ping_is_confirmed_in_the_app_s_own_way() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let device = add(&test, &ada, "Phone").await;
    let path = format!("/api/v1/hooks/{}", device.id);
    let ping = r#"{"timestamp":"2026-11-20T11:59:00Z","app_version":"1.22.0","source":"health_connect","test":true}"#;
    let signature = signed(&device.key, ping.as_bytes());
    let headers = [("x-signature", signature.clone())];
    let answer = send(&test, &path, ping, &headers).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.json()["writeback"]["in_reply_to"], signature);
    let secret = hmac::Key::new(hmac::HMAC_SHA256, device.key.as_bytes());
    let derived = hmac::sign(&secret, b"life-dashboard-response-v1");
    let derived = hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref());
    let tag = hmac::sign(&derived, &answer.bytes);
    let digits: Vec<String> = tag.as_ref().iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(
        answer.header("x-signature"),
        format!("sha256={}", digits.concat())
    );
    // With the key in a header it is an upload of nothing; unsigned it is nobody's.
    let key = [("x-api-key", device.key.clone())];
    assert_eq!(counts(&send(&test, &path, ping, &key).await), (0, 0, 0));
    send(&test, &path, ping, &[])
        .await
        .problem(401, "token_missing");
    let listed = test.get("/api/v1/devices", Some(&ada)).await.json();
    assert_eq!(listed["data"][0]["used_at"], "2026-11-20T12:00:00Z");
}

/// Exactly what a key opens; everything else that is personal is refused to it.
const OPENED: [&str; 10] = [
    "create_import",
    "delete_import",
    "delete_upload",
    "ignore_sdk_logs",
    "send_from_device",
    "sync_open_wearables",
    "upload_batch",
    "upload_health_auto_export",
    "upload_health_data",
    "upload_healthkit",
];

#[tokio::test]
async fn a_key_sends_and_takes_back_and_does_nothing_else() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let device = add(&test, &ada, "Phone").await;
    let headers = [("x-api-key", device.key.as_str())];
    let mut opened = BTreeSet::new();
    let document = promise::document();
    for (path, method, operation) in promise::operations(&document) {
        let id = operation["operationId"].as_str().expect("a name");
        if operation.get("security").is_none() {
            continue;
        }
        let path = path.split('/').map(|part| match part {
            "{user_id}" | "{device_id}" => device.id.as_str(),
            part if part.starts_with('{') => "0190a6e0-7c1a-7000-8000-000000000009",
            part => part,
        });
        let path = path.collect::<Vec<_>>().join("/");
        let body = operation.get("requestBody").map(|_| json!({}));
        let answer = request(method, &path, None, &headers, body.as_ref());
        let answer = test.send(answer).await;
        if answer.status == StatusCode::FORBIDDEN {
            answer.problem(403, "forbidden");
        } else {
            assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{id}");
            opened.insert(id);
        }
    }
    assert_eq!(opened, BTreeSet::from(OPENED));
    let body = r#"{"metric":"heart_rate","value":61,"recorded_at":"2026-11-18T07:00:00Z"}"#;
    let key = [("x-api-key", device.key.clone())];
    let taken = send(&test, "/api/v1/health-data", body, &key).await.json();
    let path = format!(
        "/api/v1/health-data/{}",
        taken["processing_id"].as_str().expect("an id")
    );
    let back = test
        .send(request(Method::DELETE, &path, None, &headers, None))
        .await;
    assert_eq!(back.json()["samples"], 1, "{}", back.text());
    // In an address a key is refused, and the answer does not repeat it.
    for name in ["token", "key", "api_key"] {
        let path = format!("/api/v1/health-data?{name}={}", device.key);
        let refused = send(&test, &path, body, &key).await;
        let refused = refused.problem(400, "invalid_parameter").to_string();
        assert!(
            refused.contains("X-API-Key") && !refused.contains(&device.key),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn one_key_syncs_for_a_year() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let device = add(&test, &ada, "Phone").await;
    let listed = async || {
        let listed = test.get("/api/v1/devices", Some(&ada)).await;
        listed.json()["data"][0].clone()
    };
    assert_eq!(listed().await["used_at"], Value::Null);
    let path = format!("/api/v1/hooks/{}", device.id);
    for day in 0..366 {
        let at = test.app.clock.now_us() / SECOND_US;
        let body = json!({"metric": "body_mass", "value": 70.0 + f64::from(day % 7), "unit": "kg",
            "recorded_at": jiff::Timestamp::from_second(at).expect("a time").to_string()});
        let body = body.to_string();
        let way = if day % 2 == 0 {
            Way::Signature
        } else {
            Way::Bearer
        };
        let header = way.header(&device.key, body.as_bytes());
        let answer = send(&test, &path, &body, &[header]).await;
        assert_eq!(counts(&answer), (1, 0, 0), "day {day}: {}", answer.text());
        test.app.clock.advance_us(DAY_US);
    }
    // The sign-in of the person is long over; they sign in again and see when the phone was heard last.
    let login = json!({"email": "ada@example.org", "password": crate::harness::PASSWORD});
    let tokens = test.post("/api/v1/auth/login", None, &login).await.json();
    let ada = Person::from_tokens(&tokens);
    let listed = test.get("/api/v1/devices", Some(&ada)).await.json();
    assert_eq!(
        listed["data"][0]["used_at"], "2027-11-20T12:00:00Z",
        "{listed}"
    );
    let summaries = "/api/v1/health-data?metric=body_mass&limit=1000";
    let found = test.get(summaries, Some(&ada)).await.json();
    assert_eq!(found["data"].as_array().map(Vec::len), Some(366));
}

#[tokio::test]
async fn a_key_is_shown_until_it_is_used_and_only_to_its_person() {
    let test = TestApp::with(|config| {
        config.public_url = "https://health.example.org".to_owned();
    })
    .await;
    let (ada, bea) = (
        test.register("ada@example.org").await,
        test.register("bea@example.org").await,
    );
    let (first, second) = (
        add(&test, &ada, "Phone").await,
        add(&test, &ada, "Tablet").await,
    );
    let pairing = |device: &Device| format!("/api/v1/devices/{}/pairing", device.id);
    let shown = test.get(&pairing(&first), Some(&ada)).await.json();
    assert_eq!(shown["key"], first.key);
    let url = format!("https://health.example.org/api/v1/hooks/{}", first.id);
    assert_eq!(shown["url"], url);
    let text = shown["qr_text"].as_str().expect("a text");
    assert!(
        text.starts_with("lifedashboard://pair#v=1&url=https%3A%2F%2Fhealth"),
        "{text}"
    );
    assert!(
        text.contains(&format!("&secret={}&name=Phone", first.key)),
        "{text}"
    );
    test.get(&pairing(&first), Some(&bea))
        .await
        .problem(404, "not_found");
    let theirs = format!("/api/v1/devices/{}", first.id);
    let theirs = request(Method::DELETE, &theirs, Some(&bea), &[], None);
    test.send(theirs).await.problem(404, "not_found");

    let body = r#"{"metric":"heart_rate","value":61,"recorded_at":"2026-11-18T07:00:00Z"}"#;
    let key = [("x-api-key", first.key.clone())];
    send(&test, "/api/v1/health-data", body, &key).await;
    test.get(&pairing(&first), Some(&ada))
        .await
        .problem(409, "conflict");
    test.app.clock.advance_us(14 * 60 * SECOND_US);
    assert_eq!(
        test.get(&pairing(&second), Some(&ada)).await.status,
        StatusCode::OK
    );
    test.app.clock.advance_us(60 * SECOND_US);
    let again = json!({"refresh_token": ada.refresh});
    let ada = test.post("/api/v1/auth/refresh", None, &again).await;
    let ada = Person::from_tokens(&ada.json());
    test.get(&pairing(&second), Some(&ada))
        .await
        .problem(409, "conflict");
    let listed = test.get("/api/v1/devices", Some(&ada)).await.text();
    for device in [&first, &second] {
        assert!(listed.contains(&device.id), "{listed}");
        assert!(!listed.contains(&device.key[20..]), "{listed}");
    }
    let unnamed = test
        .post("/api/v1/devices", Some(&ada), &json!({"name": " "}))
        .await;
    let unnamed = unnamed.problem(422, "validation_failed");
    assert_eq!(unnamed["errors"][0]["pointer"], "/name");
}

#[tokio::test]
async fn all_keys_of_a_person_spend_one_budget() {
    let test = TestApp::with(|config| {
        config.rates.enabled = Switch::On;
        config.rates.uploads_per_min = 4;
        config.rates.other_burst = 100;
    })
    .await;
    let (ada, bea) = (
        test.register("ada@example.org").await,
        test.register("bea@example.org").await,
    );
    let (phone, tablet) = (
        add(&test, &ada, "Phone").await,
        add(&test, &ada, "Tablet").await,
    );
    let other = add(&test, &bea, "Phone").await;
    let body = r#"{"metric":"heart_rate","value":61,"recorded_at":"2026-11-18T07:00:00Z"}"#;
    let mut taken = 0;
    for device in [&phone, &tablet].into_iter().cycle().take(6) {
        let key = [("x-api-key", device.key.clone())];
        let answer = send(&test, "/api/v1/health-data", body, &key).await;
        taken += u32::from(answer.status == StatusCode::ACCEPTED);
    }
    assert_eq!(taken, 4);
    // A signed body is its person's as well, though its network is asked first.
    let path = format!("/api/v1/hooks/{}", phone.id);
    let signature = [("x-signature", signed(&phone.key, body.as_bytes()))];
    let over = send(&test, &path, body, &signature).await;
    over.problem(429, "rate_limited");
    // Whoever only knows the address of a device spends nothing of its person.
    let path = format!("/api/v1/hooks/{}", other.id);
    for _ in 0..6 {
        let wrong = [("x-signature", "sha256=00".to_owned())];
        send(&test, &path, body, &wrong).await;
    }
    let key = [("x-api-key", other.key.clone())];
    let answer = send(&test, "/api/v1/health-data", body, &key).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
}

#[tokio::test]
async fn erasing_the_data_or_the_person_revokes_their_keys() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let device = add(&test, &ada, "Phone").await;
    let purge = request(
        Method::DELETE,
        "/api/v1/health-data/purge",
        Some(&ada),
        &[],
        None,
    );
    let receipt = test.send(purge).await.json();
    assert_eq!(receipt["counts"]["devices"], 1, "{receipt}");
    let body = r#"{"metric":"heart_rate","value":61,"recorded_at":"2026-11-18T07:00:00Z"}"#;
    let key = [("x-api-key", device.key)];
    let refused = send(&test, "/api/v1/health-data", body, &key).await;
    refused.problem(401, "token_invalid");
    let listed = test.get("/api/v1/devices", Some(&ada)).await.json();
    assert_eq!(listed["data"], json!([]));
}

#[test]
fn the_command_line_adds_lists_and_revokes() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = |arguments: &[&str], input: &str| clarity(folder.path(), arguments, input);
    let person = ["--user", "ada@example.org", "--json"];
    let with = |words: &[&'static str]| [words, &person].concat();
    let account = here(
        &["user", "add", "ada@example.org"],
        "a long enough password\n",
    );
    assert_eq!(account.code, Some(0), "{}", account.err);
    let added = here(&with(&["device", "add", "My phone"]), "").json();
    let id = added["device_id"].as_str().expect("an id").to_owned();
    let key = added["key"].as_str().expect("a key");
    assert!(key.starts_with("clk_"), "{added}");
    let url = added["url"].as_str().expect("an address");
    assert!(url.ends_with(&format!("/api/v1/hooks/{id}")), "{added}");
    let listed = here(&with(&["device", "list"]), "");
    assert!(!listed.out.contains(key), "a key is shown once");
    let listed = listed.json();
    assert_eq!(listed[0]["name"], "My phone", "{listed}");
    assert_eq!(listed[0]["used_at"], Value::Null);
    let revoke = [&["device", "revoke", id.as_str()], &person[..]].concat();
    assert_eq!(here(&revoke, "").code, Some(0));
    assert_eq!(here(&with(&["device", "list"]), "").json(), json!([]));
    let again = here(&revoke, "");
    assert_eq!(again.code, Some(1), "{}", again.err);
    assert!(again.err.contains("clarity device list"), "{}", again.err);
    let rubbish = here(&with(&["device", "revoke", "phone"]), "");
    assert_eq!(rubbish.code, Some(2), "{}", rubbish.err);
}
