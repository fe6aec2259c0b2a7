//! A goal is set, read, reached and removed.

use axum::http::Method;
use serde_json::json;

use super::{Sent, Story};

pub(super) async fn set(story: &mut Story) {
    let goal = json!({"goal_type": "more_exercise", "metric": "steps", "start_value": 4000.0,
        "target_value": 10000.0, "target_date": "2027-03-01", "priority": "high"});
    let added = story.post("add_goal", "health-goals", goal).await;
    let path = format!("health-goals/{}", added["goal_id"].as_str().expect("an id"));
    story.get("get_goal", &path).await;
    let done = json!({"goal_type": "more_exercise", "metric": "steps", "start_value": 4000.0,
        "target_value": 10000.0, "status": "completed"});
    let whole = format!("/api/v1/{path}");
    story
        .take("replace_goal", Method::PUT, &whole, Sent::Json(done))
        .await;
    story
        .get("list_goals", "health-goals?status=completed")
        .await;
    let path = whole;
    story
        .take("delete_goal", Method::DELETE, &path, Sent::Nothing)
        .await;
}
