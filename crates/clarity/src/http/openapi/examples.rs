//! One true example for every operation: what the server answered to one person's story.
//!
//! The test that tells the story (`tests/it/examples.rs`) writes the file and fails when the server
//! would answer differently now.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Content, RefOr};

/// What was sent and what came back, by `operationId`.
static EXAMPLES: LazyLock<BTreeMap<String, Example>> = LazyLock::new(|| {
    let text = include_str!("../../../assets/examples.json");
    serde_json::from_str(text).expect("the examples are JSON of this form")
});

/// One exchange.
#[derive(Debug, Deserialize)]
struct Example {
    /// The body of the request, where there is one.
    request: Option<Value>,
    /// The status of the response.
    status: u16,
    /// The body of the response, where there is one.
    response: Option<Value>,
    /// The media type of that body.
    media_type: Option<String>,
}

/// Adds its example to an operation.
pub(super) fn add(operation: &mut Operation) {
    let id = operation.operation_id.as_deref().unwrap_or_default();
    let Some(example) = EXAMPLES.get(id) else {
        return;
    };
    if let Some(RefOr::T(body)) = operation.request_body.as_mut() {
        for content in body.content.values_mut() {
            set(content, example.request.as_ref());
        }
    }
    let status = example.status.to_string();
    let documented = operation.responses.responses.get_mut(&status);
    if let (Some(RefOr::T(response)), Some(kind)) = (documented, &example.media_type)
        && let Some(content) = response.content.get_mut(kind)
    {
        set(content, example.response.as_ref());
    }
}

fn set(content: &mut RefOr<Content>, example: Option<&Value>) {
    if let RefOr::T(content) = content
        && content.example.is_none()
    {
        content.example = example.cloned();
    }
}
