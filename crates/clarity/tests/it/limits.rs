//! Limits at their edges, on a clock that stands still: the last request of a budget passes, the next does not, and what
//! others spend or what a client invents changes nothing.

use std::net::{Ipv4Addr, SocketAddr};

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, Response, StatusCode};
use clarity::config::Switch;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::harness::{PASSWORD, Person, SECOND_US, TestApp, request};

const LOGIN: &str = "/api/v1/auth/login";
const REFRESH: &str = "/api/v1/auth/refresh";
const ME: &str = "/api/v1/auth/me";
const BATCH: &str = "/api/v1/health-data/batch";
const KEYS: &str = "/api/v1/auth/api-keys";
const PREFERENCES: &str = "/api/v1/user/preferences";
const ANALYSIS: &str = "/api/v1/pat/step-analysis";

async fn limited() -> TestApp {
    TestApp::with(|config| config.rates.enabled = Switch::On).await
}

async fn send(test: &TestApp, network: u32, mut sent: Request<Body>) -> Response<Body> {
    let address = SocketAddr::from((Ipv4Addr::from_bits(0x0a00_0000 + network), 1));
    sent.extensions_mut().insert(ConnectInfo(address));
    test.router().oneshot(sent).await.expect("infallible")
}

async fn status(test: &TestApp, network: u32, sent: Request<Body>) -> u16 {
    send(test, network, sent).await.status().as_u16()
}

/// Who spends.
enum Spender<'a> {
    Network(u32),
    Person(&'a Person),
    Key(&'a str),
}

struct Budget<'a> {
    method: Method,
    path: &'a str,
    body: Option<Value>,
    /// Requests that pass at once.
    at_once: u32,
    /// After how long the next one does.
    each_us: i64,
}

impl Budget<'_> {
    fn request(&self, who: &Spender<'_>) -> (u32, Request<Body>) {
        let (network, person, key) = match who {
            Spender::Network(network) => (*network, None, None),
            Spender::Person(person) => (7, Some(*person), None),
            Spender::Key(key) => (7, None, Some(("x-api-key", *key))),
        };
        let (method, body) = (self.method.clone(), self.body.as_ref());
        let sent = request(method, self.path, person, key.as_slice(), body);
        (network, sent)
    }

    /// So many pass and not one more, until its time has come.
    async fn holds(&self, test: &TestApp, who: &Spender<'_>) {
        for number in 0..self.at_once {
            let (network, sent) = self.request(who);
            let status = status(test, network, sent).await;
            assert_ne!(status, 429, "{} no. {number}", self.path);
        }
        let over = || async {
            let (network, sent) = self.request(who);
            send(test, network, sent).await
        };
        let refused = over().await;
        assert_eq!(
            refused.status(),
            StatusCode::TOO_MANY_REQUESTS,
            "{}",
            self.path
        );
        let wait = refused.headers()["retry-after"].to_str().expect("a number");
        let wait: i64 = wait.parse().expect("a number");
        assert_eq!(
            wait,
            self.each_us.div_euclid(SECOND_US).max(1),
            "{}",
            self.path
        );
        test.app.clock.advance_us(self.each_us - 1);
        assert_eq!(over().await.status(), 429, "{}: too early", self.path);
        test.app.clock.advance_us(1);
        assert_ne!(
            over().await.status(),
            429,
            "{}: its time has come",
            self.path
        );
        assert_eq!(over().await.status(), 429, "{}: one, not two", self.path);
    }
}

fn uploads() -> Budget<'static> {
    Budget {
        method: Method::POST,
        path: BATCH,
        body: Some(json!({"records": []})),
        at_once: 600,
        each_us: 100_000,
    }
}

fn reads() -> Budget<'static> {
    Budget {
        method: Method::GET,
        path: "/api/v1/sleep",
        body: None,
        at_once: 1_200,
        each_us: 50_000,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn six_hundred_uploads_pass_and_the_next_does_not() {
    let test = limited().await;
    let (ada, eve) = (
        test.register("ada@example.org").await,
        test.register("eve@example.org").await,
    );
    let made = json!({"name": "x", "scopes": ["send"], "expires_at": "2026-12-20T12:00:00Z"});
    let made = test.post(KEYS, Some(&ada), &made).await.json();
    let key = made["key"].as_str().expect("a key");
    // Each has a budget of its own: a person, a program of theirs, somebody else on the same network, a network.
    uploads().holds(&test, &Spender::Person(&ada)).await;
    uploads().holds(&test, &Spender::Key(key)).await;
    uploads().holds(&test, &Spender::Person(&eve)).await;
    uploads().holds(&test, &Spender::Network(9)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twelve_hundred_reads_pass_and_the_next_does_not() {
    let test = limited().await;
    let ada = test.register("ada@example.org").await;
    reads().holds(&test, &Spender::Person(&ada)).await;
    reads().holds(&test, &Spender::Network(9)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_other_class_has_its_edge() {
    let test = limited().await;
    let ada = test.register("ada@example.org").await;
    // Of the class of sign-ins, without the waiting for guesses that a password has besides.
    let login = Budget {
        method: Method::POST,
        path: REFRESH,
        body: Some(json!({"refresh_token": "x"})),
        at_once: 10,
        each_us: 6 * SECOND_US,
    };
    login.holds(&test, &Spender::Network(1)).await;
    let register = Budget {
        method: Method::POST,
        path: "/api/v1/auth/register",
        body: Some(json!({"email": "nobody", "password": PASSWORD})),
        at_once: 5,
        each_us: 720 * SECOND_US,
    };
    register.holds(&test, &Spender::Network(1)).await;
    let insight = Budget {
        method: Method::POST,
        path: ANALYSIS,
        body: Some(json!({})),
        at_once: 50,
        each_us: 72 * SECOND_US,
    };
    insight.holds(&test, &Spender::Person(&ada)).await;
    // 600 a minute, of which ten at once: the eleventh in a burst is one too many.
    let other = Budget {
        method: Method::PUT,
        path: PREFERENCES,
        body: Some(json!({})),
        at_once: 10,
        each_us: 100_000,
    };
    other.holds(&test, &Spender::Person(&ada)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn six_hundred_a_minute_go_on_and_on() {
    let test = limited().await;
    let ada = test.register("ada@example.org").await;
    let changed = || request(Method::PUT, PREFERENCES, Some(&ada), &[], Some(&json!({})));
    test.app.clock.advance_us(60 * SECOND_US);
    let mut passed = 0;
    for _ in 0..1_200 {
        // Twice as fast as is allowed, for a minute.
        test.app.clock.advance_us(50_000);
        passed += u32::from(status(&test, 7, changed()).await != 429);
    }
    assert!(
        (609..=610).contains(&passed),
        "{passed}: a burst of ten and 600"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invented_address_makes_no_new_budget() {
    let test = limited().await;
    let guess = |address: &str| {
        let body = json!({"refresh_token": "x"});
        let forwarded = [("x-forwarded-for", address), ("x-real-ip", address)];
        request(Method::POST, REFRESH, None, &forwarded, Some(&body))
    };
    let mut passed = 0;
    for number in 0..30 {
        let address = format!("203.0.113.{number}");
        passed += u32::from(status(&test, 1, guess(&address)).await != 429);
    }
    assert_eq!(passed, 10, "one client, whatever it says");
    // Behind a proxy that is trusted the address next to it counts, not what the client wrote before that.
    let test = TestApp::with(|config| {
        config.rates.enabled = Switch::On;
        config.proxy.trusted = vec![Ipv4Addr::from_bits(0x0a00_0001).into()];
    })
    .await;
    let mut passed = 0;
    for number in 0..30 {
        let address = format!("203.0.113.{number}, 198.51.100.7");
        passed += u32::from(status(&test, 1, guess(&address)).await != 429);
    }
    assert_eq!(passed, 10, "one client behind the proxy");
    assert_ne!(
        status(&test, 1, guess("198.51.100.8")).await,
        429,
        "another one"
    );
}

/// Signing in, as a client from a network.
async fn sign_in(test: &TestApp, network: u32, email: &str, password: &str) -> u16 {
    let body = json!({"email": email, "password": password});
    let sent = request(Method::POST, LOGIN, None, &[], Some(&body));
    status(test, network, sent).await
}

/// What a sign-in costs is one check of a hash with the configured memory and passes. Counted, not timed: a loaded machine
/// says nothing about either.
#[tokio::test(flavor = "multi_thread")]
async fn unknown_accounts_cost_what_known_ones_do() {
    let test = TestApp::new().await;
    test.register("ada@example.org").await;
    let mut statuses = Vec::new();
    for email in ["ada@example.org", "nobody@example.org"] {
        let before = test.app.passwords.checked();
        let mut seen = Vec::new();
        for network in 0..200 {
            // From as many networks, and a minute apart: none of them waits.
            test.app.clock.advance_us(61 * SECOND_US);
            seen.push(sign_in(&test, network, email, "not the password").await);
        }
        assert_eq!(test.app.passwords.checked() - before, 200, "{email}");
        statuses.push(seen);
    }
    assert!(statuses[0].iter().all(|status| *status == 401));
    assert_eq!(
        statuses[0], statuses[1],
        "nor does the answer say which is which"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attacker_from_one_network_keeps_the_owner_out_of_nothing() {
    let test = TestApp::new().await;
    test.register("ada@example.org").await;
    let mut refused = 0;
    for _ in 0..500 {
        let status = sign_in(&test, 66, "ada@example.org", "not the password").await;
        refused += u32::from(status == 429);
    }
    assert_eq!(refused, 495, "the attacker waits");
    // From where she never was, with the attack going on.
    assert_eq!(sign_in(&test, 1, "ada@example.org", PASSWORD).await, 200);
    assert_eq!(sign_in(&test, 66, "ada@example.org", PASSWORD).await, 429);
    // Where she was before, also an attack from everywhere changes nothing.
    for network in 100..300 {
        sign_in(&test, network, "ada@example.org", "not the password").await;
    }
    assert_eq!(sign_in(&test, 1, "ada@example.org", PASSWORD).await, 200);
    let ada = json!({"email": "ada@example.org", "password": PASSWORD});
    let sent = request(Method::POST, LOGIN, None, &[], Some(&ada));
    let entered = send(&test, 1, sent).await;
    assert_eq!(entered.status(), StatusCode::OK);
    let me = request(Method::GET, ME, None, &[], None);
    assert_eq!(status(&test, 66, me).await, 401);
}
