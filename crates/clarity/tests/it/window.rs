//! What browsers get: the page, its files and its policy, and a session that no other site can use.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clarity::config::Switch;
use clarity::http::window;
use serde_json::json;

use crate::harness::{Answer, PASSWORD, TestApp, request};
use crate::promise;

const OURS: (&str, &str) = ("sec-fetch-site", "same-origin");

fn ask(method: Method, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    request(method, path, None, headers, None)
}

/// Signs a browser in and returns its cookie.
async fn sign_in(test: &TestApp, email: &str, headers: &[(&str, &str)]) -> Answer {
    let body = json!({"email": email, "password": PASSWORD});
    let request = request(
        Method::POST,
        "/api/v1/auth/browser",
        None,
        headers,
        Some(&body),
    );
    test.send(request).await
}

fn cookie(answer: &Answer) -> String {
    let set = answer.header("set-cookie");
    set.split(';').next().expect("a pair").to_owned()
}

#[tokio::test]
async fn a_browser_gets_a_page_and_a_program_gets_data() {
    let test = TestApp::new().await;
    let answer = test
        .send(ask(Method::GET, "/", &[("accept", "text/html,*/*;q=0.8")]))
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    let policy = answer.header("content-security-policy");
    assert!(
        policy.contains("script-src 'self'") && !policy.contains("unsafe"),
        "{policy}"
    );
    let text = answer.text();
    assert!(
        !text.contains("<script>") && !text.contains("style=\""),
        "{text}"
    );
    if !window::is_built() {
        assert!(text.contains("make window"), "{text}");
    }
    for accept in ["application/json", "*/*"] {
        let answer = test
            .send(ask(Method::GET, "/", &[("accept", accept)]))
            .await;
        assert_eq!(answer.json()["api"], "/api/v1", "{accept}");
    }
}

/// A browser keeps the page and takes over the headers of a 304: they must be those of the page.
#[tokio::test]
async fn an_unchanged_page_keeps_its_policy() {
    let test = TestApp::new().await;
    let html = ("accept", "text/html");
    let page = test.send(ask(Method::GET, "/", &[html])).await;
    if !window::is_built() {
        return;
    }
    let tag = page.header("etag");
    let again = test
        .send(ask(Method::GET, "/", &[html, ("if-none-match", tag)]))
        .await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    for name in ["content-security-policy", "cache-control", "etag"] {
        assert_eq!(again.header(name), page.header(name), "{name}");
    }
    assert_eq!(page.header("cache-control"), "no-cache");
}

#[tokio::test]
async fn the_files_of_a_few_pages_are_within_the_usual_limits() {
    let test = TestApp::with(|config| config.rates.enabled = Switch::On).await;
    for number in 0..200 {
        let path = format!("/assets/part-{number}.css");
        let answer = test.send(ask(Method::GET, &path, &[])).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    // What changes something keeps the small budget.
    let mut last = StatusCode::OK;
    for _ in 0..30 {
        last = test
            .send(ask(Method::POST, "/assets/part.css", &[]))
            .await
            .status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn what_is_no_page_stays_a_problem() {
    let test = TestApp::new().await;
    let html = [("accept", "text/html")];
    for path in [
        "/api/v1/nothing",
        "/v1/nothing",
        "/docs/nothing",
        "/assets/nothing.js",
    ] {
        test.send(ask(Method::GET, path, &html))
            .await
            .problem(404, "not_found");
    }
    test.send(ask(
        Method::GET,
        "/sleep",
        &[("accept", "application/json")],
    ))
    .await
    .problem(404, "not_found");
    test.send(ask(Method::POST, "/sleep", &html))
        .await
        .problem(404, "not_found");
    let page = test.send(ask(Method::GET, "/sleep", &html)).await;
    let expect = if window::is_built() {
        StatusCode::OK
    } else {
        StatusCode::NOT_FOUND
    };
    assert_eq!(page.status, expect);
}

#[tokio::test]
async fn a_cookie_signs_in_and_out() {
    let test = TestApp::new().await;
    test.register("ada@example.org").await;
    let answer = sign_in(&test, "ada@example.org", &[OURS]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert!(!answer.text().contains("token"), "{}", answer.text());
    let set = answer.header("set-cookie").to_owned();
    for part in ["clarity=", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(set.contains(part), "{part} in {set}");
    }
    assert!(!set.contains("Secure"), "{set}");
    let cookie = cookie(&answer);
    let me = |cookie: &str| ask(Method::GET, "/api/v1/auth/me", &[("cookie", cookie), OURS]);
    assert_eq!(
        test.send(me(&cookie)).await.json()["email"],
        "ada@example.org"
    );
    // Neither kind of token stands for the other.
    let token = cookie.split_once('=').expect("a pair").1;
    let bearer = format!("Bearer {token}");
    let answer = test
        .send(ask(
            Method::GET,
            "/api/v1/auth/me",
            &[("authorization", &bearer)],
        ))
        .await;
    answer.problem(401, "token_invalid");
    let answer = test
        .send(ask(
            Method::DELETE,
            "/api/v1/auth/browser",
            &[("cookie", &cookie), OURS],
        ))
        .await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(answer.header("clear-site-data"), "\"cache\", \"storage\"");
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    test.send(me(&cookie)).await.problem(401, "token_invalid");
}

#[tokio::test]
async fn a_bearer_token_is_no_cookie() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let cookie = format!("clarity={}", ada.access);
    test.send(ask(
        Method::GET,
        "/api/v1/auth/me",
        &[("cookie", &cookie), OURS],
    ))
    .await
    .problem(401, "token_invalid");
}

#[tokio::test]
async fn an_encrypted_connection_makes_the_cookie_secure() {
    let test = TestApp::new().await;
    test.register("ada@example.org").await;
    let answer = sign_in(
        &test,
        "ada@example.org",
        &[OURS, ("origin", "https://clarity.example")],
    )
    .await;
    let set = answer.header("set-cookie");
    assert!(
        set.starts_with("__Host-clarity=") && set.ends_with("Secure"),
        "{set}"
    );
}

#[tokio::test]
async fn no_other_site_changes_anything_with_a_cookie() {
    let test = TestApp::new().await;
    test.register("ada@example.org").await;
    let cookie = cookie(&sign_in(&test, "ada@example.org", &[OURS]).await);
    let elsewhere: [&[(&str, &str)]; 5] = [
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[
            ("host", "clarity.example"),
            ("origin", "https://evil.example"),
        ],
        &[],
    ];
    let document = promise::document();
    let mut changing = 0;
    for (path, method, _) in promise::operations(&document) {
        if method == Method::GET {
            continue;
        }
        changing += 1;
        let path = path
            .replace('{', "0190a6e0-7c1a-7000-8000-00000000000")
            .replace('}', "");
        for from in elsewhere {
            let mut headers = vec![("cookie", cookie.as_str())];
            headers.extend(from);
            let body = json!({});
            let answer = test
                .send(request(method.clone(), &path, None, &headers, Some(&body)))
                .await;
            answer.problem(403, "cross_site");
        }
    }
    assert!(changing > 20, "{changing} operations that change something");
    // Reading for another site is as if nobody were signed in.
    let stranger = [
        ("cookie", cookie.as_str()),
        ("sec-fetch-site", "cross-site"),
    ];
    test.send(ask(Method::GET, "/api/v1/auth/me", &stranger))
        .await
        .problem(401, "token_missing");
}

#[tokio::test]
async fn no_other_site_signs_a_browser_in() {
    let test = TestApp::new().await;
    test.register("ada@example.org").await;
    for from in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ] {
        let answer = sign_in(&test, "ada@example.org", &[from]).await;
        answer.problem(403, "cross_site");
        assert_eq!(answer.header("set-cookie"), "");
    }
}

#[tokio::test]
async fn the_key_can_be_kept_until_there_is_an_account() {
    let test = TestApp::new().await;
    let code = test.app.keys.setup_code();
    let send = |code: &str, headers: &[(&str, &str)]| {
        let body = json!({ "code": code });
        request(
            Method::POST,
            "/api/v1/setup/key",
            None,
            headers,
            Some(&body),
        )
    };
    test.send(send("AAAAA-AAAAA", &[OURS]))
        .await
        .problem(422, "validation_failed");
    for strange in [&[("sec-fetch-site", "cross-site")][..], &[]] {
        test.send(send(&code, strange))
            .await
            .problem(403, "cross_site");
    }
    let answer = test.send(send(&code, &[OURS])).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), "no-store");
    let answer = answer.json();
    let file = answer["file"].as_str().expect("a path");
    let file = std::path::Path::new(file);
    assert!(
        file.is_absolute() && file.ends_with("master.key"),
        "{file:?}"
    );
    let content = answer["content"].as_str().expect("a text");
    let content = STANDARD.decode(content).expect("base64");
    assert_eq!(content, std::fs::read(file).expect("the key"));
    test.register("ada@example.org").await;
    test.send(send(&code, &[OURS]))
        .await
        .problem(409, "conflict");
}

#[tokio::test]
async fn the_first_account_needs_the_code_and_comes_once() {
    let test = TestApp::new().await;
    let state = test.get("/api/v1/setup", None).await.json();
    assert_eq!(state["needs_first_account"], true);
    let send = |code: &str, email: &str| {
        let body = json!({
            "code": code, "email": email, "password": PASSWORD,
            "profile": {"time_zone": "Europe/Berlin"},
        });
        request(Method::POST, "/api/v1/setup", None, &[OURS], Some(&body))
    };
    test.send(send("AAAAA-AAAAA", "ada@example.org"))
        .await
        .problem(422, "validation_failed");
    let code = test.app.keys.setup_code();
    let answer = test
        .send(send(&code.to_lowercase(), "ada@example.org"))
        .await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let cookie = cookie(&answer);
    let headers = [("cookie", cookie.as_str()), OURS];
    let me = test
        .send(ask(Method::GET, "/api/v1/auth/me", &headers))
        .await
        .json();
    assert_eq!(me["role"], "admin");
    let profile = test
        .send(ask(Method::GET, "/api/v1/user/profile", &headers))
        .await
        .json();
    assert_eq!(profile["time_zone"], "Europe/Berlin");
    assert_eq!(
        test.get("/api/v1/setup", None).await.json()["needs_first_account"],
        false
    );
    test.send(send(&code, "eve@example.org"))
        .await
        .problem(409, "conflict");
}
