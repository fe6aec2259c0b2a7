//! The pages of methods: each value says its method, and its page can be read by whoever opens it.

use axum::http::{Method, StatusCode};
use clarity::http::methods::{ADDRESSES, path_of};
use serde_json::Value;

use crate::harness::{TestApp, request};

#[tokio::test]
async fn a_page_is_plain_and_for_everybody() {
    let test = TestApp::new().await;
    for path in [
        "/docs/methods",
        "/docs/methods/cosinor",
        "/docs/methods/rhythm/cosinor",
        "/docs/methods/resting_heart_rate.device",
        "/docs/methods/steps.interval_priority",
    ] {
        let answer = test.send(request(Method::GET, path, None, &[], None)).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && !policy.contains("script-src"),
            "{policy}"
        );
        let text = answer.text();
        assert!(text.contains("<h1>"), "{path}");
        assert!(
            !text.contains("<script") && !text.contains(".md\""),
            "{path}"
        );
    }
    let cosinor = test.get("/docs/methods/cosinor", None).await;
    let same = test.get("/docs/methods/rhythm/cosinor", None).await;
    assert_eq!(cosinor.bytes, same.bytes);
    let style = test.get("/docs/methods.css", None).await;
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
    for path in [
        "no_such_method",
        "rhythm",
        "rhythm/nothing",
        "..%2f..%2fCargo",
        "<b>",
    ] {
        let path = format!("{}/{}", ADDRESSES[0], path.replace(['<', '>'], "%3C"));
        test.get(&path, None).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn who_follows_an_old_link_reads_a_page() {
    let test = TestApp::new().await;
    let browser = [("accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
    let path = "/docs/methods/no_such_method";
    let answer = test
        .send(request(Method::GET, path, None, &browser, None))
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    let text = answer.text();
    assert!(text.contains("<h1>Not found</h1>"), "{text}");
    assert!(text.contains("href=\"/docs/methods\""), "{text}");
    assert!(
        !text.contains("no_such_method"),
        "nothing of the address is repeated"
    );
}

/// The examples of the document are what the program printed in the story of one person.
#[test]
fn every_method_that_a_value_names_has_a_page() {
    let examples = include_str!("../../assets/examples.json");
    let examples: Value = serde_json::from_str(examples).expect("JSON");
    let mut named = Vec::new();
    collect(&examples, &mut named);
    named.sort_unstable();
    named.dedup();
    assert!(named.len() > 40, "{named:?}");
    for name in named {
        assert!(path_of(name).is_some(), "{name} has no page");
    }
}

/// The names of methods: a method is given with its version.
fn collect<'a>(value: &'a Value, named: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            let name = members.get("method").and_then(Value::as_str);
            named.extend(name.filter(|_| members.contains_key("version")));
            members.values().for_each(|value| collect(value, named));
        }
        Value::Array(items) => items.iter().for_each(|value| collect(value, named)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
