//! What of an answer is shown as an example: short, without secrets, the same in every run.

use serde_json::{Value, json};

/// Members whose values differ between runs or processors; the written ones stay.
const VOLATILE: [&str; 17] = [
    "next_cursor",
    "key",
    "qr_text",
    "resident_bytes",
    "rhythm",
    "access_token",
    "refresh_token",
    "signature",
    "kid",
    "x",
    "version",
    "uptime_s",
    "sha256",
    "embedding",
    "attention_profile",
    "latency_ms",
    "model",
];
/// What stands for a secret in the file.
const SECRETS: [&str; 6] = [
    "access_token",
    "key",
    "qr_text",
    "refresh_token",
    "signature",
    "x",
];
/// Rows of a list that are shown.
const ROWS_MAX: usize = 2;
/// A list by its first rows, and the document by its head.
pub(crate) fn shown(mut value: Value) -> Value {
    if let Some(rows) = value.get_mut("data").and_then(Value::as_array_mut) {
        rows.truncate(ROWS_MAX);
    }
    if value.get("paths").is_some() {
        return json!({"openapi": value["openapi"]});
    }
    hide(&mut value);
    value
}

fn hide(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if SECRETS.contains(&name.as_str()) && value.is_string() {
                    *value = json!("…");
                }
                hide(value);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Takes volatile members over from what is written.
pub(crate) fn keep_written(fresh: &mut Value, written: &Value) {
    match fresh {
        Value::Object(members) => {
            for (name, value) in members {
                let kept = &written[name.as_str()];
                if VOLATILE.contains(&name.as_str()) && !kept.is_null() {
                    value.clone_from(kept);
                } else {
                    keep_written(value, kept);
                }
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter_mut().enumerate() {
                keep_written(value, &written[at]);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
