//! A week through the transformer.

use serde_json::{Value, json};

use super::Story;

pub(super) async fn embed(story: &mut Story) {
    let counts = json!({"start": "2026-04-20T00:00", "counts": week(), "worn_at": "wrist", "model": "small"});
    let made = story.post("analyze_counts", "pat/analysis", counts).await;
    let steps = json!({"start": "2026-04-20T00:00", "steps": week(), "model": "small"});
    story
        .post("analyze_steps", "pat/step-analysis", steps)
        .await;
    let id = made["id"].as_str().expect("an id").to_owned();
    story
        .get("get_analysis", &format!("pat/analysis/{id}"))
        .await;
    story
        .get(
            "list_pat_weeks",
            "pat/weeks?start=2026-11-01&end=2026-11-20",
        )
        .await;
    story.get("list_pat_models", "pat/models/info").await;
    story.get("get_pat_health", "pat/health").await;
}

/// The least that makes a valid week: five days, a count for each minute.
fn week() -> Value {
    let minutes = 5 * 1_440;
    let value = |minute: usize| {
        if (420..1_380).contains(&(minute % 1_440)) {
            minute % 9 + 1
        } else {
            0
        }
    };
    json!((0..minutes).map(value).collect::<Vec<_>>())
}
