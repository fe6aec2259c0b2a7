//! Clients that only take: silent connections, guesses, bodies that are too large; and what happens to the others,
//! also when the process ends or its database is away.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use clarity::config::Switch;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinSet;

use crate::binary::{Place, setting};
use crate::harness::{PASSWORD, TestApp, request};

/// Open files of a server under siege.
const FILES: u32 = 256;
/// Connections of one network: a quarter of what is left of the files beside 64 for other things.
const SHARE: usize = 48;
/// Nobody waits longer for what should come: a test that hangs says nothing.
const HANGS: Duration = Duration::from_mins(2);

/// A connection from one of the machine's own addresses.
async fn connect(from: &str, to: SocketAddr) -> std::io::Result<tokio::net::TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(format!("{from}:0").parse().expect("an address"))?;
    socket.connect(to).await
}

/// Somebody who comes from elsewhere is answered.
async fn answered(from: &str, to: SocketAddr) {
    let asked = async {
        let mut stream = connect(from, to).await?;
        stream
            .write_all(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            .await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await?;
        Ok::<_, std::io::Error>(text)
    };
    let text = tokio::time::timeout(HANGS, asked).await;
    let text = text.expect("it is not shut out").expect("an answer");
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
}

/// Whether the server has closed a connection; one that it keeps has nothing to read.
fn is_open(stream: &tokio::net::TcpStream) -> bool {
    let read = stream.try_read(&mut [0; 16]);
    read.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
}

/// How many of them are still open, once as many were closed as should be.
async fn open(silent: &[tokio::net::TcpStream], most: usize) -> usize {
    let counted = async {
        loop {
            let open = silent.iter().filter(|one| is_open(one)).count();
            if open <= most {
                return open;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let counted = tokio::time::timeout(HANGS, counted).await;
    counted.expect("a network holds more than its share")
}

#[test]
fn silent_connections_shut_nobody_out() {
    let place = Place::sqlite();
    let server = place.serve_with_files(FILES);
    let address = server.address();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let mut silent = Vec::new();
        for _ in 0..300 {
            silent.extend(connect("127.0.0.1", address).await.ok());
        }
        // A quarter of 192 places is what one network gets; the rest is for others.
        assert!(open(&silent, SHARE).await <= SHARE);
        answered("127.0.0.2", address).await;
        let first = std::mem::take(&mut silent);
        for number in 0..300 {
            let from = format!("127.0.1.{}", number % 30 + 1);
            let Ok(mut stream) = connect(&from, address).await else {
                continue;
            };
            // Both protocols may begin like this.
            drop(stream.write_all(b"P").await);
            silent.push(stream);
        }
        // Every place is taken: this one waits until the silent ones are cut off.
        answered("127.0.0.3", address).await;
        assert_eq!(open(&first, 0).await, 0, "silence has an end");
        drop(silent);
    });
    server.stop();
}

#[tokio::test]
async fn a_token_of_ones_own_buys_no_registrations() {
    let test = TestApp::with(|config| {
        config.rates.enabled = Switch::On;
        config.rates.register_per_hour = 5;
    })
    .await;
    let ada = test.register("ada@example.org").await;
    let mut statuses = Vec::new();
    for number in 0..8 {
        let body = json!({"email": format!("p{number}@example.org"), "password": PASSWORD});
        let path = "/api/v1/auth/register";
        let sent = request(Method::POST, path, Some(&ada), &[], Some(&body));
        statuses.push(test.send(sent).await.status);
    }
    let created = statuses
        .iter()
        .filter(|status| **status == StatusCode::CREATED);
    assert_eq!(created.count(), 4, "{statuses:?}");
}

#[tokio::test]
async fn guesses_at_the_same_time_do_not_pass_the_throttle() {
    let test = TestApp::new().await;
    test.register("ada@example.org").await;
    let guess = json!({"email": "ada@example.org", "password": "not the password"});
    let tried = (0..40).map(|_| test.post("/api/v1/auth/login", None, &guess));
    let answers = futures::future::join_all(tried).await;
    let looked_at = answers
        .iter()
        .filter(|answer| answer.status == StatusCode::UNAUTHORIZED);
    assert_eq!(looked_at.count(), 5, "the others wait");
}

fn raw(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("it listens");
    let minute = Some(Duration::from_mins(1));
    stream.set_read_timeout(minute).expect("a timeout");
    stream
}

fn head(path: &str, token: &str, length: usize) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         authorization: Bearer {token}\r\ncontent-length: {length}\r\n\r\n"
    )
}

#[test]
fn an_upload_in_flight_is_finished_when_the_server_is_asked_to_stop() {
    let place = Place::sqlite();
    let server = place.serve();
    let token = server.register("ada@example.org", &json!({}));
    let body = json!({"data_type": "step_count", "value": 7, "unit": "count",
                      "recorded_at": "2026-11-19T10:00:00Z"})
    .to_string();
    let mut stream = raw(server.address());
    let (first, rest) = body.split_at(20);
    stream
        .write_all(format!("{}{first}", head("/api/v1/health-data", &token, body.len())).as_bytes())
        .expect("sent");
    // The request is there once another one of the same kind was answered.
    server
        .client()
        .get("/health/live", None)
        .expect("an answer");
    server.ask_to_stop();
    while TcpStream::connect(server.address()).is_ok() {
        std::thread::sleep(Duration::from_millis(20));
    }
    stream.write_all(rest.as_bytes()).expect("sent");
    let mut line = String::new();
    BufReader::new(stream)
        .read_line(&mut line)
        .expect("an answer");
    assert!(line.starts_with("HTTP/1.1 202"), "{line}");
    server.stop();
    let server = place.serve();
    let kept = server.client().get("/api/v1/health-data", Some(&token));
    let kept = kept.expect("an answer").json();
    assert_eq!(kept["data"].as_array().map(Vec::len), Some(1), "{kept}");
}

#[test]
fn a_body_that_is_too_large_is_answered_and_not_reset() {
    let place = Place::sqlite();
    let server = place.serve();
    let token = server.register("ada@example.org", &json!({}));
    for _ in 0..5 {
        let length = 24 << 20;
        let mut stream = raw(server.address());
        stream
            .write_all(head("/api/v1/devices", &token, length).as_bytes())
            .expect("sent");
        let piece = vec![b' '; 64 * 1024];
        for _ in 0..length / piece.len() {
            stream.write_all(&piece).expect("the rest is taken");
        }
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("an answer");
        assert!(text.starts_with("HTTP/1.1 413"), "{text}");
    }
    server.stop();
}

#[test]
fn a_request_names_one_host() {
    let place = Place::sqlite();
    let server = place.serve();
    let check = |hosts: &str, expect: &str| {
        let mut stream = raw(server.address());
        let text = format!("GET /health/live HTTP/1.1\r\n{hosts}connection: close\r\n\r\n");
        stream.write_all(text.as_bytes()).expect("sent");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("an answer");
        assert!(text.starts_with(expect), "{hosts:?}: {text}");
    };
    check("host: a\r\n", "HTTP/1.1 200");
    check("", "HTTP/1.1 400");
    check("host: a\r\nhost: b\r\n", "HTTP/1.1 400");
    server.stop();
}

#[tokio::test]
async fn registration_can_be_closed() {
    let test = TestApp::with(|config| config.rates.register_per_hour = 0).await;
    let body = json!({"email": "ada@example.org", "password": PASSWORD});
    let refused = test.post("/api/v1/auth/register", None, &body).await;
    refused.problem(403, "forbidden");
}

#[tokio::test]
async fn somebody_who_computes_keeps_nobody_waiting() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let bea = test.register("bea@example.org").await;
    let me = test.get("/api/v1/auth/me", Some(&ada)).await.json();
    let user = me["id"].as_str().expect("an id").parse().expect("an id");
    clarity::demo::bring(&test.app, user, clarity::demo::who::Who::Robin)
        .await
        .expect("a life");
    crate::uploads::settle(&test).await;
    let greedy = (0..120).map(|number| {
        let path = format!(
            "/api/v1/rhythm?start=2026-10-{:02}&end=2026-11-20",
            number % 28 + 1
        );
        let (test, ada) = (&test, &ada);
        async move { test.get(&path, Some(ada)).await }
    });
    let patient = async {
        for _ in 0..20 {
            let answer = test.get("/api/v1/summaries/daily", Some(&bea)).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        }
    };
    let (answers, ()) = futures::future::join(futures::future::join_all(greedy), patient).await;
    // How many are refused depends on the machine; each says when to come back.
    for answer in answers {
        if answer.status != StatusCode::OK {
            let status = answer.status;
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text());
            assert_eq!(answer.header("retry-after"), "1");
        }
    }
}

#[tokio::test]
async fn many_equal_questions_are_computed_once() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let me = test.get("/api/v1/auth/me", Some(&ada)).await.json();
    let user = me["id"].as_str().expect("an id").parse().expect("an id");
    clarity::demo::bring(&test.app, user, clarity::demo::who::Who::Robin)
        .await
        .expect("a life");
    crate::uploads::settle(&test).await;
    let path = "/api/v1/rhythm?start=2026-10-01&end=2026-11-20";
    let made = test.app.answers.made();
    let equal = (0..64).map(|_| test.get(path, Some(&ada)));
    let answers = futures::future::join_all(equal).await;
    for answer in &answers {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        assert_eq!(answer.bytes, answers[0].bytes);
    }
    assert_eq!(test.app.answers.made() - made, 1);
}

/// Sends the head and the first bytes of as many imports as one person may have, and no more of them.
fn trickle(address: SocketAddr, token: &str) -> Vec<TcpStream> {
    let begun = (0..4).map(|_| {
        let mut stream = raw(address);
        let head = head("/api/v1/imports", token, 50_000_000);
        let head = head.replace("application/json", "application/xml");
        let first = "<?xml version=\"1.0\"?><HealthData locale=\"en_US\">";
        stream
            .write_all(format!("{head}{first}").as_bytes())
            .expect("sent");
        stream
    });
    begun.collect()
}

#[test]
fn imports_that_trickle_hold_up_nobody_elses() {
    let place = Place::sqlite();
    let server = place.serve();
    let slow = ["ada@example.org", "eve@example.org"].map(|name| server.register(name, &json!({})));
    let bea = server.register("bea@example.org", &json!({}));
    let mut trickles: Vec<TcpStream> = slow
        .iter()
        .flat_map(|token| trickle(server.address(), token))
        .collect();
    // They are there once another request was answered.
    let mut client = server.client();
    client.get("/health/live", None).expect("an answer");
    let export = "<HealthData locale=\"en_US\"><Record type=\"HKQuantityTypeIdentifierStepCount\" \
        sourceName=\"Phone\" unit=\"count\" startDate=\"2026-11-19 10:00:00 +0100\" \
        endDate=\"2026-11-19 10:05:00 +0100\" value=\"7\"/></HealthData>";
    let mut own = raw(server.address());
    let head = head("/api/v1/imports", &bea, export.len());
    let head = head.replace("application/json", "application/xml");
    own.write_all(format!("{head}{export}").as_bytes())
        .expect("sent");
    let mut line = String::new();
    BufReader::new(own).read_line(&mut line).expect("an answer");
    assert!(line.starts_with("HTTP/1.1 202"), "{line}");
    for stream in &mut trickles {
        stream.write_all(b" ").expect("still open");
    }
}

/// Forwards connections to a server until it hears that it is away.
async fn forward(listener: TcpListener, to: String, away: tokio::sync::oneshot::Receiver<()>) {
    let mut open = JoinSet::new();
    let run = async {
        loop {
            let (mut here, _) = listener.accept().await.expect("a connection");
            let to = to.clone();
            open.spawn(async move {
                let there = tokio::net::TcpStream::connect(to).await;
                let mut there = there.expect("the database");
                drop(tokio::io::copy_bidirectional(&mut here, &mut there).await);
            });
        }
    };
    tokio::select! {
        () = run => {}
        _ = away => {}
    }
}

#[test]
fn a_database_that_is_away_is_said_soon() {
    let Some(server) = setting("CLARITY_TEST_POSTGRES") else {
        oracle::absence::skip(oracle::absence::Absent::Service("PostgreSQL"));
        return;
    };
    let Some(place) = Place::postgres() else {
        return;
    };
    let (_, rest) = server.split_once("//").expect("an address");
    let (authority, _) = rest.split_once('/').unwrap_or((rest, ""));
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    if host.is_empty() || host.contains('%') {
        // A server behind a socket file cannot be forwarded to.
        let absent = "a PostgreSQL server that is reached over TCP";
        oracle::absence::skip(oracle::absence::Absent::Platform(absent));
        return;
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"));
    let listener = listener.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (leave, away) = tokio::sync::oneshot::channel();
    let forwarding = runtime.spawn(forward(listener, host.to_owned(), away));
    let url = place.target().replace(host, &format!("127.0.0.1:{port}"));
    let clarity = place.serve_with("CLARITY_DATABASE_URL", &url);
    let token = clarity.register("ada@example.org", &json!({}));
    leave.send(()).expect("it forwards");
    runtime.block_on(forwarding).expect("it ended");
    for _ in 0..3 {
        // The client gives up after two minutes; the server has to say it before its own limit of 30 s, which
        // is another code.
        let answer = clarity
            .client()
            .get("/api/v1/summaries/daily", Some(&token))
            .expect("an answer");
        assert_eq!(answer.status, 503, "{}", answer.text());
        assert_eq!(answer.json()["code"], "unavailable", "{}", answer.text());
    }
}
