//! Days and insights that come out otherwise have another revision, so that what is stored is made again.

use std::collections::BTreeMap;
use std::path::Path;

use oracle::export::Form;
use oracle::versions::{Digest, hold};
use serde_json::Value;

use crate::harness::TestApp;
use crate::truth::{Packed, import, invent};

/// Members that say when and where something was made, not what.
const INCIDENTAL: &[&str] = &[
    "id",
    "computed_at",
    "created_at",
    "updated_at",
    "stale",
    "pending",
];

#[tokio::test]
async fn another_result_is_another_revision() {
    let test = TestApp::new().await;
    let person = test.register("ada@example.org").await;
    let export = invent(
        7,
        "Europe/Berlin",
        "2026-03-10",
        Form::Staged,
        Packed::Document,
    );
    import(&test, &person, &export.bytes).await;
    while test.run_jobs().await > 0 {}
    let days = test
        .get(
            "/api/v1/summaries/daily?start=2026-03-01&end=2026-05-01",
            Some(&person),
        )
        .await
        .json();
    assert_eq!(days["data"].as_array().expect("a list").len(), 45);
    let insight = test
        .get("/api/v1/insights/daily", Some(&person))
        .await
        .json();
    let revision = analysis::daily::REVISION;
    let found = BTreeMap::from([
        ("days".to_owned(), (revision, digest(days))),
        (
            "insights".to_owned(),
            (insight_version(&insight, revision), digest(insight)),
        ),
    ]);
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/versions.tsv");
    let writing = std::env::vars().any(|(name, _)| name == "CLARITY_WRITE_DOCS");
    hold(&table, &found, writing);
}

/// What a stored insight says of its version: that of its days and that of its template.
fn insight_version(insight: &Value, revision: u32) -> u32 {
    let template = insight["template_version"]
        .as_u64()
        .expect("a template version");
    revision * 1_000 + u32::try_from(template).expect("a small number")
}

fn digest(mut value: Value) -> Digest {
    strip(&mut value);
    let mut digest = Digest::default();
    digest.json(&value);
    digest
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !INCIDENTAL.contains(&name.as_str()));
            members.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
