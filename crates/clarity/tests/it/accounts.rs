//! The life of an account: opening, signing in, staying signed in, signing out.

use axum::http::{Method, StatusCode};
use serde_json::json;
use store::audit::Seals;

use crate::harness::{NOW_US, PASSWORD, Person, SECOND_US, TestApp, request};

const REGISTER: &str = "/api/v1/auth/register";
const LOGIN: &str = "/api/v1/auth/login";
const REFRESH: &str = "/api/v1/auth/refresh";
const ME: &str = "/api/v1/auth/me";

#[tokio::test]
async fn an_account_lives() {
    let test = TestApp::new().await;
    let ada = test.register("Ada@Example.org").await;
    let me = test.get(ME, Some(&ada)).await.json();
    assert_eq!(me["email"], "Ada@Example.org");
    assert_eq!(me["role"], "patient");
    assert_eq!(me["created_at"], "2026-11-20T12:00:00Z");

    let login = json!({"email": "ada@example.org ", "password": PASSWORD});
    let answer = test.post(LOGIN, None, &login).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.json()["mfa_required"], false);
    let phone = Person::from_tokens(&answer.json());
    let sessions = test.get("/api/v1/auth/sessions", Some(&phone)).await.json();
    assert_eq!(sessions["data"].as_array().map(Vec::len), Some(2));

    let body = json!({"refresh_token": phone.refresh});
    let refreshed = test.post(REFRESH, None, &body).await;
    let phone = Person::from_tokens(&refreshed.json());
    assert_eq!(test.get(ME, Some(&phone)).await.status, StatusCode::OK);

    let out = test
        .post("/api/v1/auth/logout", Some(&phone), &json!({}))
        .await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    test.get(ME, Some(&phone))
        .await
        .problem(401, "token_invalid");
    let body = json!({"refresh_token": phone.refresh});
    test.post(REFRESH, None, &body)
        .await
        .problem(401, "refresh_invalid");
    assert_eq!(test.get(ME, Some(&ada)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn registration_is_checked() {
    let test = TestApp::new().await;
    test.register("ada@example.org").await;
    let again = json!({"email": "ADA@example.org", "password": PASSWORD});
    test.post(REGISTER, None, &again)
        .await
        .problem(409, "email_taken");
    let weak = json!({"email": "b@example.org", "password": "password1"});
    let problem = test
        .post(REGISTER, None, &weak)
        .await
        .problem(422, "weak_password");
    assert_eq!(problem["errors"][0]["pointer"], "/password");
    let wrong = json!({
        "email": "nobody", "password": PASSWORD,
        "profile": {"time_zone": "Europe/Atlantis", "height_cm": 900.0},
    });
    let problem = test
        .post(REGISTER, None, &wrong)
        .await
        .problem(422, "validation_failed");
    let errors = problem["errors"].as_array().expect("errors");
    let mut pointers: Vec<&str> = errors
        .iter()
        .filter_map(|error| error["pointer"].as_str())
        .collect();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        ["/email", "/profile/height_cm", "/profile/time_zone"]
    );
}

#[tokio::test]
async fn username_and_profile_come_along() {
    let test = TestApp::new().await;
    let body = json!({
        "email": "ada@example.org", "password": PASSWORD, "username": "ada",
        "profile": {"birth_date": "1815-12-10", "time_zone": "Europe/London"},
    });
    let too_old = test.post("/v1/users/register", None, &body).await;
    too_old.problem(422, "validation_failed");
    let body = json!({
        "email": "ada@example.org", "password": PASSWORD, "username": "ada",
        "profile": {"birth_date": "1985-12-10", "time_zone": "Europe/London"},
    });
    let answer = test.post("/v1/users/register/", None, &body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let ada = Person::from_tokens(&answer.json());
    let profile = test.get("/api/v1/user/profile", Some(&ada)).await.json();
    assert_eq!(profile["birth_date"], "1985-12-10");
    assert_eq!(profile["username"], "ada");
    assert_eq!(test.get(ME, Some(&ada)).await.json()["username"], "ada");
}

#[tokio::test]
async fn a_copied_refresh_token_ends_the_session() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let stolen = json!({"refresh_token": ada.refresh});
    let first = test.post(REFRESH, None, &stolen).await;
    let fresh = Person::from_tokens(&first.json());
    assert_eq!(test.get(ME, Some(&fresh)).await.status, StatusCode::OK);
    test.post(REFRESH, None, &stolen)
        .await
        .problem(401, "refresh_invalid");
    test.get(ME, Some(&fresh))
        .await
        .problem(401, "token_invalid");
    let body = json!({"refresh_token": fresh.refresh});
    test.post(REFRESH, None, &body)
        .await
        .problem(401, "refresh_invalid");
}

#[tokio::test]
async fn tokens_end() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    test.app.clock.advance_us(899 * SECOND_US);
    assert_eq!(test.get(ME, Some(&ada)).await.status, StatusCode::OK);
    test.app.clock.advance_us(SECOND_US);
    test.get(ME, Some(&ada)).await.problem(401, "token_expired");
    test.app.clock.advance_us(31 * 86_400 * SECOND_US);
    let body = json!({"refresh_token": ada.refresh});
    test.post(REFRESH, None, &body)
        .await
        .problem(401, "refresh_invalid");
}

#[tokio::test]
async fn guessing_is_slowed_down_for_one_account_only() {
    let test = TestApp::new().await;
    test.register("ada@example.org").await;
    test.register("bob@example.org").await;
    let wrong = json!({"email": "ada@example.org", "password": "not the password"});
    for _ in 0..5 {
        test.post(LOGIN, None, &wrong)
            .await
            .problem(401, "credentials_invalid");
    }
    let right = json!({"email": "ada@example.org", "password": PASSWORD});
    let slowed = test.post(LOGIN, None, &right).await;
    slowed.problem(429, "too_many_attempts");
    assert_eq!(slowed.header("retry-after"), "1");
    let bob = json!({"email": "bob@example.org", "password": PASSWORD});
    assert_eq!(test.post(LOGIN, None, &bob).await.status, StatusCode::OK);
    test.app.clock.advance_us(SECOND_US);
    assert_eq!(test.post(LOGIN, None, &right).await.status, StatusCode::OK);
    // An address without an account is answered and slowed down alike.
    let nobody = json!({"email": "nobody@example.org", "password": PASSWORD});
    for _ in 0..5 {
        test.post(LOGIN, None, &nobody)
            .await
            .problem(401, "credentials_invalid");
    }
    test.post(LOGIN, None, &nobody)
        .await
        .problem(429, "too_many_attempts");
}

#[tokio::test]
async fn a_disabled_account_is_out_within_seconds() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    assert_eq!(test.get(ME, Some(&ada)).await.status, StatusCode::OK);
    let mut tx = test.app.store.write().await.expect("a transaction");
    let vault = &test.app.vault;
    let person = store::people::by_email(&mut tx, vault, "ada@example.org").await;
    let user = person.expect("a read").expect("a person").id;
    let disabled = store::people::Access::Disabled;
    store::people::set_access(&mut tx, &test.app.vault, user, disabled)
        .await
        .expect("a write");
    tx.commit().await.expect("a commit");
    test.app.clock.advance_us(5 * SECOND_US);
    test.get(ME, Some(&ada)).await.problem(401, "token_invalid");
    let login = json!({"email": "ada@example.org", "password": PASSWORD});
    test.post(LOGIN, None, &login)
        .await
        .problem(401, "credentials_invalid");
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let test = TestApp::new().await;
    let laptop = test.register("ada@example.org").await;
    let login = json!({"email": "ada@example.org", "password": PASSWORD});
    let phone = Person::from_tokens(&test.post(LOGIN, None, &login).await.json());
    let new = "a different long phrase";
    let wrong = json!({"current_password": "wrong", "new_password": new});
    let refused = test.put(ME, &laptop, &[], &wrong).await;
    let problem = refused.problem(401, "credentials_invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/current_password");
    let weak = json!({"current_password": PASSWORD, "new_password": "ada@example.org"});
    test.put(ME, &laptop, &[], &weak)
        .await
        .problem(422, "weak_password");
    let change = json!({"current_password": PASSWORD, "new_password": new, "username": "Ada"});
    let changed = test.put(ME, &laptop, &[], &change).await;
    assert_eq!(changed.json()["username"], "Ada", "{}", changed.text());
    test.get(ME, Some(&phone))
        .await
        .problem(401, "token_invalid");
    assert_eq!(test.get(ME, Some(&laptop)).await.status, StatusCode::OK);
    test.post(LOGIN, None, &login)
        .await
        .problem(401, "credentials_invalid");
    let login = json!({"email": "ada@example.org", "password": new});
    assert_eq!(test.post(LOGIN, None, &login).await.status, StatusCode::OK);
}

#[tokio::test]
async fn sessions_belong_to_their_person() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let bob = test.register("bob@example.org").await;
    let path = format!("/api/v1/auth/sessions/{}", ada.session);
    let end = |person| request(Method::DELETE, &path, Some(person), &[], None);
    test.send(end(&bob)).await.problem(404, "not_found");
    assert_eq!(test.get(ME, Some(&ada)).await.status, StatusCode::OK);
    assert_eq!(test.send(end(&ada)).await.status, StatusCode::NO_CONTENT);
    test.get(ME, Some(&ada)).await.problem(401, "token_invalid");
}

#[tokio::test]
async fn a_retried_registration_happens_once() {
    let test = TestApp::new().await;
    let body = json!({"email": "ada@example.org", "password": PASSWORD});
    let keyed = |key: &str, body: &serde_json::Value| {
        request(
            Method::POST,
            REGISTER,
            None,
            &[("idempotency-key", key)],
            Some(body),
        )
    };
    let first = test.send(keyed("one", &body)).await;
    assert_eq!(first.status, StatusCode::CREATED);
    let again = test.send(keyed("one", &body)).await;
    assert_eq!((again.status, again.text()), (first.status, first.text()));
    assert_eq!(again.header("idempotency-replayed"), "true");
    let other = json!({"email": "ada@example.org", "password": "another long password"});
    test.send(keyed("one", &other))
        .await
        .problem(409, "idempotency_conflict");
    test.send(keyed("two", &body))
        .await
        .problem(409, "email_taken");
    test.post(REGISTER, None, &body)
        .await
        .problem(409, "email_taken");
    test.send(keyed("", &body))
        .await
        .problem(400, "invalid_parameter");
}

#[tokio::test]
async fn the_public_key_is_published() {
    let test = TestApp::new().await;
    let answer = test.get("/.well-known/jwks.json", None).await.json();
    let key = &answer["keys"][0];
    assert_eq!(
        (key["kty"].as_str(), key["crv"].as_str()),
        (Some("OKP"), Some("Ed25519"))
    );
    assert_eq!(key["kid"], test.app.keys.signer(NOW_US).key_id());
    assert!(key.get("d").is_none());
}

#[tokio::test]
async fn a_password_on_the_list_of_the_server_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let list = folder.path().join("leaked.txt");
    // From a list of what people choose; zxcvbn alone thinks well of the first.
    std::fs::write(&list, "pe#5gz29ptzmse\nanother leaked passphrase\n").expect("written");
    let test = TestApp::with(|config| config.passwords.refused_file = list).await;
    let ada = test.register("ada@example.org").await;
    for password in ["pe#5gz29ptzmse", "PE#5gz29ptzmse"] {
        let body = json!({"email": "eve@example.org", "password": password});
        let refused = test.post("/api/v1/auth/register", None, &body).await;
        refused.problem(422, "weak_password");
        let body = json!({"current_password": PASSWORD, "new_password": password});
        let refused = test.put(ME, &ada, &[], &body).await;
        refused.problem(422, "weak_password");
    }
    let test = TestApp::new().await;
    let body = json!({"email": "eve@example.org", "password": "pe#5gz29ptzmse"});
    let taken = test.post("/api/v1/auth/register", None, &body).await;
    assert_eq!(taken.status, StatusCode::CREATED, "without the list");
}
