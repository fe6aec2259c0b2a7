//! Recordings of anybody through the laboratory over HTTP: the document of the command line, and nothing kept.

use std::fmt::Write as _;
use std::fs;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::analyze::{self, clarity};
use crate::harness::{Answer, Person, TestApp};
use crate::recordings::{awd, count};

const LAB: &str = "/api/v1/lab/recordings";

async fn send(test: &TestApp, person: Option<&Person>, query: &str, file: &str) -> Answer {
    let mut request =
        Request::post(format!("{LAB}{query}")).header("content-type", "application/octet-stream");
    if let Some(person) = person {
        request = request.header("authorization", format!("Bearer {}", person.access));
    }
    let request = request.body(Body::from(file.to_owned()));
    test.send(request.expect("a request")).await
}

/// Eight days from noon, asleep from 23 to 7, with one row that is damaged.
pub(crate) fn recording() -> String {
    let start = "2026-05-03T12:00:00".parse().expect("a date and time");
    let file = awd(start, 8 * 1440, |at| count(at, 23, 7));
    let mut lines: Vec<&str> = file.lines().collect();
    if let Some(line) = lines.get_mut(2_000) {
        *line = "broken";
    }
    lines.join("\r\n") + "\r\n"
}

#[tokio::test]
async fn the_document_is_that_of_the_command_line_and_nothing_is_kept() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let file = recording();
    let answer = send(&test, Some(&ada), "", &file).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let answer = answer.json();
    let here = tempfile::tempdir().expect("a folder");
    let (input, out) = (here.path().join("a.awd"), here.path().join("out.json"));
    fs::write(&input, &file).expect("a file");
    let ended = clarity(&[
        "analyze",
        analyze::text(&input),
        "--out",
        analyze::text(&out),
    ]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let mut expected = analyze::json(&out)["recordings"][0].clone();
    let members = expected.as_object_mut().expect("an object");
    members.remove("path");
    let sha256 = members.remove("sha256");
    assert_eq!(answer["sha256"], sha256.expect("a digest"));
    assert_eq!(answer["recordings"], json!([expected]));
    let found = &answer["recordings"][0];
    assert_eq!(found["damages"]["count"], 1, "{}", found["damages"]);
    assert!(
        found["nights"]
            .as_array()
            .is_some_and(|nights| !nights.is_empty())
    );
    for list in ["metrics-of-mine", "sources", "imports"] {
        let mine = test.get(&format!("/api/v1/{list}"), Some(&ada)).await;
        assert_eq!(mine.json()["data"], json!([]), "{list}");
    }
}

#[tokio::test]
async fn a_zone_and_columns_are_taken_and_wrong_ones_named() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let mut table = "when,counts\n".to_owned();
    let start: jiff::civil::DateTime = "2026-05-03T12:00:00".parse().expect("a date and time");
    for minute in 0..1440 {
        let at = start + jiff::SignedDuration::from_mins(minute);
        writeln!(table, "{at},{}", count(at, 23, 7)).expect("a String takes every text");
    }
    let query = "?columns=time=when,count=counts&zone=Europe/Berlin";
    let answer = send(&test, Some(&ada), query, &table).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.json()["recordings"][0]["epochs"], 1440);
    for (query, parameter) in [("?zone=Atlantis", "zone"), ("?columns=x", "columns")] {
        let problem = send(&test, Some(&ada), query, &table)
            .await
            .problem(400, "invalid_parameter");
        assert_eq!(problem["errors"][0]["pointer"], parameter);
    }
}

#[tokio::test]
async fn what_is_no_recording_or_too_large_is_refused_with_a_reason() {
    let test = TestApp::with(|config| {
        config.limits.json_body_bytes = 1_000;
        config.limits.upload_body_bytes = 4_000;
    })
    .await;
    let ada = test.register("ada@example.org").await;
    send(&test, None, "", "x")
        .await
        .problem(401, "token_missing");
    let problem = send(&test, Some(&ada), "", "no recording at all\n")
        .await
        .problem(400, "malformed_body");
    let detail: &Value = &problem["detail"];
    assert!(
        detail.as_str().is_some_and(|text| text.len() > 10),
        "{detail}"
    );
    send(&test, Some(&ada), "", "")
        .await
        .problem(400, "malformed_body");
    send(&test, Some(&ada), "", &recording())
        .await
        .problem(413, "body_too_large");
}
