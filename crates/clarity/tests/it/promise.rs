//! Every answer that any test gets is held against the document: its status and its headers must be
//! among those that the operation promises.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use axum::http::{HeaderMap, Method, StatusCode};
use clarity::http::{self, router};
use serde_json::Value;

/// Headers that mean something to a client, and are documented wherever they are sent.
const MEANT: [&str; 9] = [
    "etag",
    "idempotency-replayed",
    "location",
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "retry-after",
    "www-authenticate",
    "x-request-id",
];

/// Headers by status, of each operation by path and method.
static PROMISES: LazyLock<BTreeMap<(String, Method), Responses>> = LazyLock::new(promises);

type Responses = BTreeMap<u16, BTreeSet<String>>;

/// The document as the server prints it.
pub(crate) fn document() -> Value {
    serde_json::to_value(http::documented().1).expect("a document")
}

/// What a reference stands for.
pub(crate) fn resolve<'v>(document: &'v Value, value: &'v Value) -> &'v Value {
    let mut value = value;
    while let Some(reference) = value["$ref"].as_str() {
        let pointer = reference.trim_start_matches('#');
        value = document
            .pointer(pointer)
            .unwrap_or_else(|| panic!("{reference} is not there"));
    }
    value
}

/// Every (path, method, operation) of the document.
pub(crate) fn operations(document: &Value) -> Vec<(String, Method, &Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let method = method.to_uppercase();
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            found.push((path.clone(), method, operation));
        }
    }
    found
}

/// The words that a schema lists.
pub(crate) fn listed(document: &Value, schema: &Value) -> Vec<String> {
    let schema = resolve(document, schema);
    let words = schema["enum"].as_array().into_iter().flatten();
    let mut words: Vec<String> = words.filter_map(Value::as_str).map(str::to_owned).collect();
    if let Some(word) = schema["const"].as_str() {
        words.push(word.to_owned());
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        for schema in schema[several].as_array().into_iter().flatten() {
            words.extend(listed(document, schema));
        }
    }
    words
}

fn promises() -> BTreeMap<(String, Method), Responses> {
    let document = document();
    let headers = |response: &Value| {
        let response = resolve(&document, response);
        let headers = response["headers"].as_object();
        let names = headers.into_iter().flatten();
        names.map(|(name, _)| name.to_lowercase()).collect()
    };
    operations(&document)
        .into_iter()
        .map(|(path, method, operation)| {
            let responses = operation["responses"].as_object().expect("responses");
            let responses = responses
                .iter()
                .map(|(status, response)| (status.parse().expect("a status"), headers(response)));
            ((path, method), responses.collect())
        })
        .collect()
}

/// The documented path that a request goes to: the one with the fewest parameters that fits.
fn route(method: &Method, path: &str) -> Option<&'static Responses> {
    let path = router::canonical_path(path);
    let wanted: Vec<&str> = path.split('/').collect();
    let fits = |template: &str| {
        let parts: Vec<&str> = template.split('/').collect();
        let same = |(part, given): (&&str, &&str)| {
            part == given || (part.starts_with('{') && !given.is_empty())
        };
        parts.len() == wanted.len() && parts.iter().zip(&wanted).all(same)
    };
    // A fixed segment wins over a parameter, with whatever method.
    let path = PROMISES
        .keys()
        .filter(|(template, _)| fits(template))
        .min_by_key(|(template, _)| template.matches('{').count());
    let (path, _) = path?;
    let method = if method == Method::HEAD {
        Method::GET
    } else {
        method.clone()
    };
    PROMISES.get(&(path.clone(), method))
}

/// Holds an answer against the document; what is outside it is not promised.
pub(crate) fn check(method: &Method, path: &str, status: StatusCode, headers: &HeaderMap) {
    let Some(responses) = route(method, path) else {
        return;
    };
    let documented = responses
        .get(&status.as_u16())
        .unwrap_or_else(|| panic!("{method} {path} answered {status}, which is not documented"));
    for name in MEANT {
        assert!(
            !headers.contains_key(name) || documented.contains(name),
            "{method} {path} sent {name} with {status}, which is not documented"
        );
    }
}
