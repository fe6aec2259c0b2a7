//! What those who run the server see and do.

use axum::http::Method;
use serde_json::json;

use super::{Sent, Story};
use crate::harness::PASSWORD;

/// The operations that only an administrator may ask for.
pub(super) async fn rule(story: &mut Story) {
    let eve = story.test.register("eve@example.org").await;
    let job = crate::admin::set_aside(&story.test, &eve, 1).await;
    let other = story.test.register("mallory@example.org").await;
    let unwanted = crate::admin::set_aside(&story.test, &other, 2).await;
    story.ada = Some(crate::live::administrator(&story.test).await);
    story.get("list_people", "admin/people?limit=1").await;
    story.get("get_job_queue", "admin/jobs").await;
    story.get("list_settings", "admin/settings").await;
    // The folder is another one in every run.
    let example = story.examples.get_mut("list_settings");
    let folder = &mut example.expect("just made")["response"]["data"][0];
    folder["value"] = json!("/var/lib/clarity");
    let retry = format!("/api/v1/admin/jobs/{job}/retry");
    story
        .take("retry_job", Method::POST, &retry, Sent::Nothing)
        .await;
    let forget = format!("/api/v1/admin/jobs/{unwanted}");
    story
        .take("forget_job", Method::DELETE, &forget, Sent::Nothing)
        .await;
    story.get("list_signing_keys", "admin/keys").await;
    let rotated = story
        .take(
            "rotate_signing_keys",
            Method::POST,
            "/api/v1/admin/keys",
            Sent::Nothing,
        )
        .await
        .json();
    let waiting = rotated["data"][0]["key_id"].as_str().expect("a key");
    let path = format!("/api/v1/admin/keys/{waiting}");
    story
        .take("revoke_signing_key", Method::DELETE, &path, Sent::Nothing)
        .await;
    let path = "/health/detailed";
    story
        .take("get_detailed_health", Method::GET, path, Sent::Nothing)
        .await;
    story.ada = Some(story.test.register("ida@example.org").await);
    let leaving = Sent::Json(json!({ "current_password": PASSWORD }));
    story
        .take("delete_account", Method::DELETE, "/api/v1/auth/me", leaving)
        .await;
}
