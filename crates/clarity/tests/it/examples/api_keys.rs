//! A program is given a key, which is taken from it.

use axum::http::Method;
use serde_json::json;

use super::{Sent, Story};

pub(super) async fn program(story: &mut Story) {
    let wanted = json!({"name": "Backup script", "scopes": ["everything"],
        "expires_at": "2027-11-20T12:00:00Z"});
    let made = story.post("create_api_key", "auth/api-keys", wanted).await;
    story.get("list_api_keys", "auth/api-keys").await;
    let id = made["key_id"].as_str().expect("an id");
    let path = format!("/api/v1/auth/api-keys/{id}");
    story
        .take("revoke_api_key", Method::DELETE, &path, Sent::Nothing)
        .await;
}
