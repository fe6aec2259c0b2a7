//! Codes at sign-in and recent sign-ins: each code counts once, guessing is slow and keeps no owner out, and what is
//! sensitive asks a session again.

use std::net::SocketAddr;

use aws_lc_rs::hmac;
use axum::extract::ConnectInfo;
use axum::http::{Method, StatusCode};
use clarity::access::{RULES, Recency};
use clarity::clock::Clock;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::audit::{log, on_both, texts};
use crate::binary::{EMAIL, Place};
use crate::harness::{Answer, PASSWORD, Person, SECOND_US, TestApp, request};
use crate::promise::{document, operations};

const LOGIN: &str = "/api/v1/auth/login";
const WITH_CODE: &str = "/api/v1/auth/mfa/login";
const TOTP: &str = "/api/v1/auth/mfa/totp";
const VERIFY: &str = "/api/v1/auth/mfa/totp/verify";
const STATE: &str = "/api/v1/auth/mfa";
const CODES: &str = "/api/v1/auth/mfa/recovery-codes";
const CONFIRM: &str = "/api/v1/auth/confirm";
const ME: &str = "/api/v1/auth/me";
const STEP_US: i64 = 30 * SECOND_US;
const RECENT_S: i64 = 600;

/// RFC 4648, without padding.
fn base32(text: &str) -> Vec<u8> {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let value = |letter: char| letters.find(letter).expect("base 32");
    let bits = text.chars().flat_map(|letter| {
        let value = value(letter);
        (0..5).rev().map(move |at| value >> at & 1)
    });
    let bits: Vec<usize> = bits.collect();
    let bytes = bits.chunks_exact(8);
    bytes
        .map(|bits| bits.iter().fold(0_usize, |byte, bit| byte << 1 | bit))
        .map(|byte| u8::try_from(byte).expect("eight bits"))
        .collect()
}

/// What an authenticator app shows (RFC 6238 with HMAC-SHA-1, six digits).
pub(crate) fn shown(secret: &str, now_us: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &base32(secret));
    let tag = hmac::sign(&key, &(now_us / STEP_US).to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[19] & 0xf);
    let word = u32::from_be_bytes([tag[at] & 0x7f, tag[at + 1], tag[at + 2], tag[at + 3]]);
    format!("{:06}", word % 1_000_000)
}

fn login() -> Value {
    json!({"email": "ada@example.org", "password": PASSWORD})
}

/// Ada with codes at sign-in: her session, her secret and her recovery codes.
async fn ada(test: &TestApp) -> (Person, String, Vec<String>) {
    let ada = test.register("ada@example.org").await;
    let sent = request(Method::POST, TOTP, Some(&ada), &[], None);
    let begun = test.send(sent).await;
    assert_eq!(begun.status, StatusCode::CREATED, "{}", begun.text());
    assert_eq!(begun.header("cache-control"), "no-store");
    let begun = begun.json();
    let secret = begun["secret"].as_str().expect("a secret").to_owned();
    let uri = begun["uri"].as_str().expect("an address");
    assert!(
        uri.starts_with("otpauth://totp/Clarity:ada%40example.org?"),
        "{uri}"
    );
    assert!(uri.contains(&format!("secret={secret}")), "{uri}");
    let code = json!({"code": shown(&secret, test.app.clock.now_us())});
    let on = test.post(VERIFY, Some(&ada), &code).await;
    assert_eq!(on.status, StatusCode::OK, "{}", on.text());
    let on = on.json();
    let codes = on["recovery_codes"].as_array().expect("codes").iter();
    let codes = codes.map(|code| code.as_str().expect("a code").to_owned());
    (ada, secret, codes.collect())
}

/// The challenge after the right password.
async fn challenge(test: &TestApp) -> String {
    let asked = test.post(LOGIN, None, &login()).await;
    assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.text());
    let asked = asked.json();
    assert_eq!(asked["mfa_required"], true);
    assert_eq!(asked.get("access_token"), None);
    asked["challenge"].as_str().expect("a challenge").to_owned()
}

async fn enter(test: &TestApp, challenge: &str, code: &str) -> Answer {
    let body = json!({"challenge": challenge, "code": code});
    test.post(WITH_CODE, None, &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_lets_in_once_and_so_does_each_recovery_code() {
    on_both(|test| async move {
        let (ada, secret, codes) = ada(&test).await;
        assert_eq!(codes.len(), 10);
        let first = challenge(&test).await;
        // The code that turned them on was used.
        let used = shown(&secret, test.app.clock.now_us());
        enter(&test, &first, &used)
            .await
            .problem(401, "credentials_invalid");
        test.app.clock.advance_us(STEP_US);
        let code = shown(&secret, test.app.clock.now_us());
        let entered = enter(&test, &first, &code).await;
        assert_eq!(entered.status, StatusCode::OK, "{}", entered.text());
        let session = Person::from_tokens(&entered.json());
        assert_eq!(test.get(ME, Some(&session)).await.status, StatusCode::OK);
        // Neither the same code again nor the one before it, which a slow clock would have shown.
        let second = challenge(&test).await;
        for again in [&code, &used] {
            let again = enter(&test, &second, again).await;
            again.problem(401, "credentials_invalid");
        }
        let recovery = codes[3].to_lowercase().replace('-', " ");
        let entered = enter(&test, &second, &recovery).await;
        assert_eq!(entered.status, StatusCode::OK, "{}", entered.text());
        let again = enter(&test, &second, &codes[3]).await;
        again.problem(401, "credentials_invalid");
        let state = test.get(STATE, Some(&ada)).await.json();
        assert_eq!(state["totp"], "on");
        assert_eq!(state["recovery_codes_left"], 9);
        // New ones end the old ones.
        let sent = request(Method::POST, CODES, Some(&ada), &[], None);
        let fresh = test.send(sent).await.json();
        let old = enter(&test, &second, &codes[4]).await;
        old.problem(401, "credentials_invalid");
        let fresh = fresh["recovery_codes"][0].as_str().expect("a code");
        assert_eq!(enter(&test, &second, fresh).await.status, StatusCode::OK);
        let log = texts(&log(&test, &ada).await).join("\n");
        for line in [
            "turned codes at sign-in on",
            "signed in with a code",
            "made recovery codes",
        ] {
            assert!(log.contains(line), "{line}: {log}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_turned_off_with_a_code_only() {
    on_both(|test| async move {
        let (ada, secret, codes) = ada(&test).await;
        let off = |code: &str| {
            let body = json!({"code": code});
            request(Method::DELETE, TOTP, Some(&ada), &[], Some(&body))
        };
        test.send(off("000000"))
            .await
            .problem(401, "credentials_invalid");
        let sent = request(Method::POST, TOTP, Some(&ada), &[], None);
        test.send(sent).await.problem(409, "conflict");
        test.app.clock.advance_us(STEP_US);
        let code = shown(&secret, test.app.clock.now_us());
        let done = test.send(off(&code)).await;
        assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.text());
        assert_eq!(
            test.post(LOGIN, None, &login()).await.status,
            StatusCode::OK
        );
        let state = test.get(STATE, Some(&ada)).await.json();
        assert_eq!(state["totp"], "off");
        assert_eq!(state["recovery_codes_left"], 0);
        test.send(off(&codes[0])).await.problem(409, "conflict");
        let sent = request(Method::POST, CODES, Some(&ada), &[], None);
        test.send(sent).await.problem(409, "conflict");
        let code = json!({"code": code});
        test.post(VERIFY, Some(&ada), &code)
            .await
            .problem(409, "conflict");
    })
    .await;
}

#[tokio::test]
async fn a_challenge_opens_nothing_by_itself_and_ends() {
    let test = TestApp::new().await;
    let (ada, _, codes) = ada(&test).await;
    let asked = challenge(&test).await;
    let bearer = format!("Bearer {asked}");
    let shown = [("authorization", bearer.as_str())];
    let sent = request(Method::GET, ME, None, &shown, None);
    test.send(sent).await.problem(401, "token_invalid");
    // An access token is no challenge.
    let forged = enter(&test, &ada.access, &codes[0]).await;
    forged.problem(401, "token_invalid");
    test.app.clock.advance_us(300 * SECOND_US - 1);
    enter(&test, &asked, "000000")
        .await
        .problem(401, "credentials_invalid");
    test.app.clock.advance_us(1);
    enter(&test, &asked, &codes[0])
        .await
        .problem(401, "token_invalid");
}

#[tokio::test]
async fn a_browser_completes_its_sign_in_from_our_own_page_only() {
    let test = TestApp::new().await;
    let (_, _, codes) = ada(&test).await;
    let path = "/api/v1/auth/browser";
    let ours = [("sec-fetch-site", "same-origin")];
    let asked = request(Method::POST, path, None, &ours, Some(&login()));
    let asked = test.send(asked).await;
    assert_eq!(asked.status, StatusCode::ACCEPTED);
    assert_eq!(asked.header("set-cookie"), "");
    let challenge = asked.json()["challenge"].clone();
    let body = json!({"challenge": challenge, "code": codes[0]});
    let path = "/api/v1/auth/browser/mfa";
    let strange = [("sec-fetch-site", "cross-site")];
    let strange = request(Method::POST, path, None, &strange, Some(&body));
    test.send(strange).await.problem(403, "cross_site");
    let entered = test
        .send(request(Method::POST, path, None, &ours, Some(&body)))
        .await;
    assert_eq!(entered.status, StatusCode::OK, "{}", entered.text());
    assert!(entered.header("set-cookie").starts_with("clarity="));
}

/// A code from a network.
async fn from(test: &TestApp, network: u32, challenge: &str, code: &str) -> StatusCode {
    let body = json!({"challenge": challenge, "code": code});
    let mut sent = request(Method::POST, WITH_CODE, None, &[], Some(&body));
    let address = std::net::Ipv4Addr::from_bits(0x0a00_0000 + network);
    let address = SocketAddr::from((address, 1));
    sent.extensions_mut().insert(ConnectInfo(address));
    let answer = test.router().oneshot(sent).await.expect("infallible");
    answer.status()
}

#[tokio::test]
async fn guesses_from_everywhere_keep_the_owner_out_of_nothing() {
    let test = TestApp::new().await;
    let (_, secret, codes) = ada(&test).await;
    test.app.clock.advance_us(STEP_US);
    let asked = challenge(&test).await;
    let right = shown(&secret, test.app.clock.now_us());
    // Home is known from now on.
    assert_eq!(from(&test, 0, &asked, &right).await, StatusCode::OK);
    test.app.clock.advance_us(STEP_US);
    let mut looked_at = 0;
    for network in 1..400 {
        let status = from(&test, network, &asked, "000000").await;
        looked_at += u32::from(status == StatusCode::UNAUTHORIZED);
    }
    assert_eq!(looked_at, 20, "the others wait");
    let right = shown(&secret, test.app.clock.now_us());
    // From a strange network the right code waits as the wrong ones do; at home it does not, and recovery codes nowhere.
    assert_eq!(
        from(&test, 500, &asked, &right).await,
        StatusCode::TOO_MANY_REQUESTS
    );
    assert_eq!(from(&test, 501, &asked, &codes[0]).await, StatusCode::OK);
    assert_eq!(from(&test, 0, &asked, &right).await, StatusCode::OK);
}

#[tokio::test]
async fn one_network_waits_longer_and_longer_and_recovery_codes_are_not_guessed_faster() {
    let test = TestApp::new().await;
    let (_, _, codes) = ada(&test).await;
    let asked = challenge(&test).await;
    for guess in ["000000", "111111", "ABCDE-FGHJK", "222222", "ZZZZZ-ZZZZZ"] {
        assert_eq!(
            from(&test, 9, &asked, guess).await,
            StatusCode::UNAUTHORIZED
        );
    }
    for code in ["333333", &codes[0]] {
        let status = from(&test, 9, &asked, code).await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{code}");
    }
    // What is no code at all costs nobody a try.
    assert_eq!(
        from(&test, 9, &asked, "no code").await,
        StatusCode::UNAUTHORIZED
    );
    test.app.clock.advance_us(SECOND_US);
    assert_eq!(from(&test, 9, &asked, &codes[0]).await, StatusCode::OK);
}

#[tokio::test]
async fn whoever_writes_to_the_database_turns_nothing_off() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("clarity.db");
    let store = store::Store::open(&store::Target::Sqlite { path: path.clone() }).await;
    let test = TestApp::on(store.expect("a database"), |_| {}).await;
    let (_, secret, codes) = ada(&test).await;
    let write = |statement: &'static str| {
        let done = std::process::Command::new("sqlite3")
            .arg(&path)
            .arg(statement)
            .status();
        done.is_ok_and(|status| status.success())
    };
    if !write("DELETE FROM totp; DELETE FROM recovery_codes") {
        return oracle::absence::skip(oracle::absence::Absent::Program("sqlite3"));
    }
    test.app.clock.advance_us(STEP_US);
    let asked = challenge(&test).await;
    for code in [&shown(&secret, test.app.clock.now_us()), &codes[0]] {
        enter(&test, &asked, code)
            .await
            .problem(401, "credentials_invalid");
    }
    assert!(write("UPDATE persons SET mfa = 0"));
    let refused = test.post(LOGIN, None, &login()).await;
    assert!(!refused.status.is_success(), "{}", refused.text());
}

async fn strict() -> TestApp {
    TestApp::with(|config| config.tokens.recent_s = RECENT_S).await
}

#[tokio::test]
async fn what_is_sensitive_asks_again_after_ten_minutes() {
    let test = strict().await;
    let ada = test.register("ada@example.org").await;
    let key = || json!({"name": "x", "scopes": ["sleep"], "expires_at": "2026-12-20T12:00:00Z"});
    let keys = "/api/v1/auth/api-keys";
    let export = "/api/v1/health-data/export";
    test.app.clock.advance_us(RECENT_S * SECOND_US - 1);
    assert_eq!(
        test.post(keys, Some(&ada), &key()).await.status,
        StatusCode::CREATED
    );
    test.app.clock.advance_us(1);
    test.post(keys, Some(&ada), &key())
        .await
        .problem(403, "recent_login_required");
    test.get(export, Some(&ada))
        .await
        .problem(403, "recent_login_required");
    let change = json!({"current_password": PASSWORD, "new_password": "another good passphrase"});
    let changed = test.put(ME, &ada, &[], &change).await;
    changed.problem(403, "recent_login_required");
    // The name is nothing sensitive.
    let renamed = test.put(ME, &ada, &[], &json!({"username": "ada"})).await;
    assert_eq!(renamed.status, StatusCode::OK, "{}", renamed.text());
    // New tokens are no new sign-in.
    let body = json!({"refresh_token": ada.refresh});
    let renewed = test.post("/api/v1/auth/refresh", None, &body).await;
    let ada = Person::from_tokens(&renewed.json());
    test.get(export, Some(&ada))
        .await
        .problem(403, "recent_login_required");
    let wrong = json!({"current_password": "not the password"});
    let refused = test.post(CONFIRM, Some(&ada), &wrong).await;
    refused.problem(401, "credentials_invalid");
    let right = json!({"current_password": PASSWORD});
    let confirmed = test.post(CONFIRM, Some(&ada), &right).await;
    assert_eq!(confirmed.status, StatusCode::OK, "{}", confirmed.text());
    assert_eq!(confirmed.json()["recent_until"], "2026-11-20T12:20:00Z");
    assert_eq!(test.get(export, Some(&ada)).await.status, StatusCode::OK);
    let state = test.get(STATE, Some(&ada)).await.json();
    assert_eq!(state["recent_until"], "2026-11-20T12:20:00Z");
    // It counts for the session that confirmed.
    let other = test.post(LOGIN, None, &login()).await.json();
    let other = Person::from_tokens(&other);
    test.app.clock.advance_us(RECENT_S * SECOND_US);
    let again = test.post(CONFIRM, Some(&other), &right).await;
    assert_eq!(again.status, StatusCode::OK);
    let body = json!({"refresh_token": ada.refresh});
    let renewed = test.post("/api/v1/auth/refresh", None, &body).await;
    let ada = Person::from_tokens(&renewed.json());
    test.get(export, Some(&ada))
        .await
        .problem(403, "recent_login_required");
    assert_eq!(test.get(export, Some(&other)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn confirming_wants_the_code_where_signing_in_does() {
    let test = strict().await;
    let (ada, secret, codes) = ada(&test).await;
    let confirm = |code: Option<&str>| {
        let body = json!({"current_password": PASSWORD, "code": code});
        request(Method::POST, CONFIRM, Some(&ada), &[], Some(&body))
    };
    let missing = test
        .send(confirm(None))
        .await
        .problem(422, "validation_failed");
    assert_eq!(missing["errors"][0]["pointer"], "/code");
    test.send(confirm(Some("000000")))
        .await
        .problem(401, "credentials_invalid");
    test.app.clock.advance_us(RECENT_S * SECOND_US);
    let sent = || request(Method::POST, CODES, Some(&ada), &[], None);
    test.send(sent())
        .await
        .problem(403, "recent_login_required");
    let code = shown(&secret, test.app.clock.now_us());
    assert_eq!(test.send(confirm(Some(&code))).await.status, StatusCode::OK);
    test.send(confirm(Some(&code)))
        .await
        .problem(401, "credentials_invalid");
    assert_eq!(
        test.send(confirm(Some(&codes[0]))).await.status,
        StatusCode::OK
    );
    assert_eq!(test.send(sent()).await.status, StatusCode::CREATED);
}

/// The list of what is sensitive is the design's; a confirmation in the database counts only where this program wrote it.
#[tokio::test]
async fn all_that_is_sensitive_wants_a_recent_sign_in() {
    let recent: Vec<&str> = RULES
        .iter()
        .filter(|rule| rule.recency == Recency::Recent)
        .map(|rule| rule.operation)
        .collect();
    let expected = [
        "rotate_signing_keys",
        "revoke_signing_key",
        "begin_totp",
        "verify_totp",
        "remove_totp",
        "make_recovery_codes",
        "delete_account",
        "create_api_key",
        "create_grant",
        "add_device",
        "get_device_pairing",
        "invite_device",
        "export_health_data",
        "purge_health_data",
    ];
    assert_eq!(recent, expected);
    let document = document();
    let known = operations(&document)
        .into_iter()
        .filter_map(|(_, _, operation)| operation["operationId"].as_str().map(str::to_owned));
    let known: Vec<String> = known.collect();
    for id in expected {
        assert!(known.iter().any(|known| known == id), "{id}");
    }
}

/// For a lost phone: whoever runs the server turns the codes off.
#[test]
fn the_command_turns_codes_off() {
    let place = Place::sqlite();
    let server = place.serve();
    let token = server.register(EMAIL, &json!({}));
    let begun = server.client().send("POST", TOTP, Some(&token), &[], b"");
    let begun = begun.expect("an answer").json();
    let secret = begun["secret"].as_str().expect("a secret");
    let code = json!({"code": shown(secret, Clock::System.now_us())});
    let on = server.client().post(VERIFY, Some(&token), &code);
    assert_eq!(on.expect("an answer").status, 200);
    let login = json!({"email": EMAIL, "password": crate::binary::PASSWORD});
    let signed_in = || {
        let reply = server.client().post(LOGIN, None, &login);
        reply.expect("an answer").status
    };
    assert_eq!(signed_in(), 202);
    place.succeed(&["user", "mfa-off", EMAIL]);
    assert_eq!(signed_in(), 200);
    assert_eq!(place.run(&["user", "mfa-off", EMAIL]).code, Some(1));
}
