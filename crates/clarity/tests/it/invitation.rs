//! An app that is given the key of a device for a code: once, for a while, and until the device is revoked.

use axum::http::{Method, StatusCode};
use clarity::config::Switch;
use serde_json::{Value, json};

use crate::cli::clarity;
use crate::harness::{Answer, Person, SECOND_US, TestApp, request};
use crate::uploads::counts;

const DAY_US: i64 = 86_400 * SECOND_US;

async fn add(test: &TestApp, person: &Person) -> String {
    let body = json!({"name": "Phone"});
    let added = test.post("/api/v1/devices", Some(person), &body).await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.text());
    added.json()["device_id"]
        .as_str()
        .expect("an id")
        .to_owned()
}

async fn invite(test: &TestApp, person: &Person, device: &str) -> String {
    let path = format!("/api/v1/devices/{device}/invitation");
    let invited = test.post(&path, Some(person), &json!({})).await;
    assert_eq!(invited.status, StatusCode::CREATED, "{}", invited.text());
    let code = invited.json()["code"].as_str().expect("a code").to_owned();
    let is_letter = |byte: u8| byte.is_ascii_uppercase() || (b'2'..=b'9').contains(&byte);
    assert!(code.len() == 8 && code.bytes().all(is_letter), "{code}");
    code
}

async fn redeem(test: &TestApp, code: &str) -> Answer {
    let body = json!({"code": code});
    test.post("/api/v1/invitation-code/redeem", None, &body)
        .await
}

/// Sends a heart rate as the SDK does.
async fn sync(test: &TestApp, tokens: &Value, minute: u8) -> Answer {
    let user = tokens["user_id"].as_str().expect("an id");
    let path = format!("/api/v1/sdk/users/{user}/sync");
    let bearer = format!(
        "Bearer {}",
        tokens["access_token"].as_str().expect("a token")
    );
    let at = format!("2026-11-18T09:{minute:02}:00Z");
    let body = json!({"provider": "apple", "data": {"records": [{"id": format!("r{minute}"), "type": "HEART_RATE",
        "startDate": at, "endDate": at, "value": 62, "unit": "bpm"}]}});
    let headers = [("authorization", bearer.as_str())];
    test.send(request(Method::POST, &path, None, &headers, Some(&body)))
        .await
}

#[tokio::test]
async fn a_code_is_exchanged_once_for_a_key_that_sends() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let device = add(&test, &ada).await;
    let former = invite(&test, &ada, &device).await;
    let code = invite(&test, &ada, &device).await;
    redeem(&test, &former).await.problem(401, "token_invalid");
    for wrong in ["", "ABCD2345", "abcd", "        "] {
        redeem(&test, wrong).await.problem(401, "token_invalid");
    }
    let tokens = redeem(&test, &code.to_lowercase()).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.text());
    let tokens = tokens.json();
    assert_eq!(
        (&tokens["user_id"], &tokens["token_type"]),
        (&json!(device), &json!("bearer"))
    );
    redeem(&test, &code).await.problem(401, "token_invalid");
    assert_eq!(counts(&sync(&test, &tokens, 1).await), (1, 0, 0));
    // A year of syncs later the app asks for new tokens, and nothing is lost when the answer is.
    test.app.clock.advance_us(365 * DAY_US);
    let body = json!({"refresh_token": tokens["refresh_token"]});
    for _ in 0..2 {
        let again = test.post("/api/v1/token/refresh", None, &body).await;
        assert_eq!(again.status, StatusCode::OK, "{}", again.text());
        assert_eq!(again.json()["access_token"], tokens["access_token"]);
    }
    assert_eq!(counts(&sync(&test, &tokens, 2).await), (1, 0, 0));
    let path = format!("/api/v1/sdk/users/{device}/logs");
    let bearer = format!(
        "Bearer {}",
        tokens["access_token"].as_str().expect("a token")
    );
    let headers = [("authorization", bearer.as_str())];
    let logs = json!({"level": "info", "entries": []});
    let logs = request(Method::POST, &path, None, &headers, Some(&logs));
    assert_eq!(test.send(logs).await.status, StatusCode::ACCEPTED);
    // Signing out in the app is the end of the key.
    for _ in 0..2 {
        let gone = test.post("/api/v1/token/revoke", None, &body).await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.text());
    }
    sync(&test, &tokens, 3).await.problem(401, "token_invalid");
    test.post("/api/v1/token/refresh", None, &body)
        .await
        .problem(401, "token_invalid");
    let login = json!({"email": "ada@example.org", "password": crate::harness::PASSWORD});
    let ada = test.post("/api/v1/auth/login", None, &login).await;
    let ada = Person::from_tokens(&ada.json());
    let listed = test.get("/api/v1/devices", Some(&ada)).await.json();
    assert_eq!(listed["data"], json!([]));
    let found = test
        .get("/api/v1/health-data?metric=heart_rate", Some(&ada))
        .await;
    assert_eq!(found.json()["data"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_code_is_of_the_owner_s_device_and_ends() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let bea = test.register("bea@example.org").await;
    let device = add(&test, &ada).await;
    let path = format!("/api/v1/devices/{device}/invitation");
    test.post(&path, Some(&bea), &json!({}))
        .await
        .problem(404, "not_found");
    let late = invite(&test, &ada, &device).await;
    test.app.clock.advance_us(3 * DAY_US);
    redeem(&test, &late).await.problem(401, "token_invalid");
    // With the device its code goes.
    let again = json!({"refresh_token": ada.refresh});
    let ada = test.post("/api/v1/auth/refresh", None, &again).await;
    let ada = Person::from_tokens(&ada.json());
    let code = invite(&test, &ada, &device).await;
    let path = format!("/api/v1/devices/{device}");
    let revoke = request(Method::DELETE, &path, Some(&ada), &[], None);
    assert_eq!(test.send(revoke).await.status, StatusCode::NO_CONTENT);
    redeem(&test, &code).await.problem(401, "token_invalid");
}

#[tokio::test]
async fn guessing_codes_is_limited() {
    let test = TestApp::with(|config| config.rates.enabled = Switch::On).await;
    let mut last = StatusCode::OK;
    for guess in 0..200_u32 {
        let code = format!("ABCDE{:03}", 222 + guess);
        last = redeem(&test, &code).await.status;
        if last == StatusCode::TOO_MANY_REQUESTS {
            break;
        }
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

#[test]
fn the_command_line_invites() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = |arguments: &[&str], input: &str| clarity(folder.path(), arguments, input);
    let person = ["--user", "ada@example.org", "--json"];
    let account = here(
        &["user", "add", "ada@example.org"],
        "a long enough password\n",
    );
    assert_eq!(account.code, Some(0), "{}", account.err);
    let added = here(&[&["device", "add", "Phone"][..], &person].concat(), "").json();
    let id = added["device_id"].as_str().expect("an id");
    let invited = here(&[&["device", "invite", id][..], &person].concat(), "").json();
    assert_eq!(invited["code"].as_str().map(str::len), Some(8), "{invited}");
    let nobody = "0190a6e0-7c1a-7000-8000-000000000009";
    let unknown = here(&[&["device", "invite", nobody][..], &person].concat(), "");
    assert_eq!(unknown.code, Some(1), "{}", unknown.err);
    assert!(
        unknown.err.contains("clarity device list"),
        "{}",
        unknown.err
    );
}
