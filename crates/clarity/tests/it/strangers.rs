//! A member that nothing takes is refused in every body of this API's own shape, with its name and the one that may
//! be meant, and nothing is changed. The operations and their bodies come from the document.

use axum::http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::harness::{Answer, Person, TestApp, request};
use crate::promise::resolve;

/// Operations whose bodies are in the shape of other people's programs, which have more members than are read.
const FOREIGN: [&str; 10] = [
    "ignore_sdk_logs",
    "redeem_invitation",
    "refresh_device_token",
    "revoke_device_token",
    "send_from_device",
    "sync_open_wearables",
    "upload_batch",
    "upload_health_auto_export",
    "upload_health_data",
    "upload_healthkit",
];
const STRANGER: &str = "zz/unknown";

/// An operation with a JSON body.
struct Operation {
    id: String,
    method: Method,
    path: String,
    example: Value,
    schema: Value,
}

fn operations(document: &Value) -> Vec<Operation> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let content = &operation["requestBody"]["content"]["application/json"];
            if content.is_null() {
                continue;
            }
            let id = operation["operationId"].as_str().expect("an id").to_owned();
            found.push(Operation {
                id,
                method: Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method"),
                path: path.clone(),
                example: content["example"].clone(),
                schema: resolve(document, &content["schema"]).clone(),
            });
        }
    }
    found
}

/// The members that are objects with members of their own.
fn nested(document: &Value, schema: &Value) -> Vec<String> {
    let none = Map::new();
    let members = schema["properties"].as_object().unwrap_or(&none);
    let is_nested = |schema: &Value| {
        let several = schema["oneOf"].as_array().or(schema["anyOf"].as_array());
        let forms = several.map_or_else(|| vec![schema.clone()], Clone::clone);
        let mut forms = forms.iter().map(|form| resolve(document, form));
        forms.any(|form| form["properties"].is_object())
    };
    let nested = members.iter().filter(|(_, schema)| is_nested(schema));
    nested.map(|(name, _)| name.clone()).collect()
}

/// An id of nothing.
const NOBODY: &str = "0190a6e0-7c1a-7000-8000-000000000001";

async fn send(test: &TestApp, ada: &Person, operation: &Operation, body: &Value) -> Answer {
    let ours = [("sec-fetch-site", "same-origin")];
    // A body is read before what it is about is looked for.
    let path = operation.path.replace("{goal_id}", NOBODY);
    let names = ["{entry_id}", "{meal_id}", "{written_id}"];
    let path = names
        .iter()
        .fold(path, |path, name| path.replace(name, NOBODY));
    let request = request(
        operation.method.clone(),
        &path,
        Some(ada),
        &ours,
        Some(body),
    );
    test.send(request).await
}

fn check(operation: &Operation, answer: &Answer, pointer: &str, message: &str) {
    let problem = answer.problem(422, "validation_failed");
    let errors = problem["errors"].as_array().expect("errors");
    let found = errors.iter().find(|error| error["pointer"] == pointer);
    let found = found.unwrap_or_else(|| panic!("{}: {problem}", operation.id));
    assert_eq!(found["code"], "unknown_field", "{}", operation.id);
    let told = found["message"].as_str().expect("a message");
    assert!(told.contains(message), "{}: {told}", operation.id);
}

#[tokio::test]
async fn every_body_of_ours_refuses_what_nothing_takes() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let document = test.get("/api/v1/openapi.json", None).await.json();
    let all = operations(&document);
    for id in FOREIGN {
        assert!(all.iter().any(|operation| operation.id == id), "{id}");
    }
    let mut ours = all;
    ours.retain(|operation| !FOREIGN.contains(&operation.id.as_str()));
    assert!(ours.len() >= 11, "{}", ours.len());
    for operation in &ours {
        let members = operation.example.as_object().expect("an example");
        let mut body = members.clone();
        body.insert(STRANGER.to_owned(), json!({"a": [1]}));
        let answer = send(&test, &ada, operation, &Value::Object(body)).await;
        check(operation, &answer, "/zz~1unknown", "is not a field here");
        // A slip of each name is told the name.
        let known = operation.schema["properties"].as_object().expect("members");
        for name in known.keys().filter(|name| name.len() > 3) {
            let mut body = members.clone();
            let value = body.remove(name).unwrap_or(Value::Null);
            let slip = format!("{name}x");
            body.insert(slip.clone(), value);
            let answer = send(&test, &ada, operation, &Value::Object(body)).await;
            let meant = format!("did you mean `{name}`?");
            check(operation, &answer, &format!("/{slip}"), &meant);
        }
        for name in nested(&document, &operation.schema) {
            let mut body = members.clone();
            body.insert(name.clone(), json!({STRANGER: 1}));
            let answer = send(&test, &ada, operation, &Value::Object(body)).await;
            let pointer = format!("/{name}/zz~1unknown");
            check(operation, &answer, &pointer, "is not a field here");
        }
    }
    let profile = test.get("/api/v1/user/profile", Some(&ada)).await;
    assert_eq!(profile.header("etag"), "\"0\"", "nothing was changed");
}

#[tokio::test]
async fn a_document_that_was_read_can_be_sent_back() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    for path in ["/api/v1/user/profile", "/api/v1/user/preferences"] {
        let read = test.get(path, Some(&ada)).await.json();
        assert!(read["notes"].is_array(), "{read}");
        let sent = test.put(path, &ada, &[], &read).await;
        assert_eq!(sent.status, StatusCode::OK, "{}", sent.text());
    }
}
