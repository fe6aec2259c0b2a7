//! Somebody is allowed to read, and not any more.

use axum::http::Method;
use serde_json::json;

use super::{Sent, Story};

pub(super) async fn share(story: &mut Story) {
    let bob = story.test.register("bob@example.org").await;
    let wish = json!({"reader": "bob@example.org", "scopes": ["sleep", "heart"],
        "purpose": "second opinion on my sleep", "expires_at": "2026-12-20T12:00:00Z"});
    let granted = story.post("create_grant", "grants", wish).await;
    story.get("list_grants", "grants").await;
    let ada = story.ada.replace(bob);
    story.get("list_received_grants", "grants/received").await;
    story.ada = ada;
    let id = granted["grant_id"].as_str().expect("an id");
    let path = format!("/api/v1/grants/{id}");
    story
        .take("revoke_grant", Method::DELETE, &path, Sent::Nothing)
        .await;
}
