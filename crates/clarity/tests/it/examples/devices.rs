//! A phone is given a key, sends with it, and is taken off again.

use axum::http::Method;
use serde_json::json;

use super::{Sent, Story};

pub(super) async fn connect(story: &mut Story) {
    let name = json!({"name": "My phone"});
    let added = story.post("add_device", "devices", name).await;
    let id = added["device_id"].as_str().expect("an id").to_owned();
    story
        .get("get_device_pairing", &format!("devices/{id}/pairing"))
        .await;
    let body = json!({"timestamp": "2026-11-19T08:30:00Z", "app_version": "2.4.0",
        "heart_rate": [{"bpm": 63, "time": "2026-11-19T08:20:00Z"}]});
    let path = format!("/api/v1/hooks/{id}");
    let key = added["pairing"]["key"].as_str().expect("a key").to_owned();
    let signed_in = story.ada.take();
    story.key = Some(key);
    let body = Sent::Json(body);
    story
        .take("send_from_device", Method::POST, &path, body)
        .await;
    story.key = None;
    story.ada = signed_in;
    sign_in_by_code(story, &id).await;
    story.get("list_devices", "devices").await;
    let path = format!("/api/v1/devices/{id}");
    story
        .take("revoke_device", Method::DELETE, &path, Sent::Nothing)
        .await;
}

/// An app is given the key of the device for a code, and gives back that of another one.
async fn sign_in_by_code(story: &mut Story, id: &str) {
    let path = format!("/api/v1/devices/{id}/invitation");
    let invited = story.take("invite_device", Method::POST, &path, Sent::Nothing);
    let invited = invited.await.json();
    let code = json!({"code": invited["code"]});
    let signed_in = story.ada.take();
    let tokens = story
        .post("redeem_invitation", "invitation-code/redeem", code)
        .await;
    let token = json!({"refresh_token": tokens["refresh_token"]});
    story
        .post("refresh_device_token", "token/refresh", token)
        .await;
    story.key = tokens["access_token"].as_str().map(str::to_owned);
    let path = format!("sdk/users/{id}/logs");
    story.post("ignore_sdk_logs", &path, json!({})).await;
    story.key = None;
    story.ada = signed_in;
    let other = json!({"name": "My tablet"});
    let other = story.post("add_device", "devices", other).await;
    let token = json!({"refresh_token": other["pairing"]["key"]});
    let path = "/api/v1/token/revoke";
    story
        .take("revoke_device_token", Method::POST, path, Sent::Json(token))
        .await;
}
