//! The examples of what the window uses: the session of a browser, days as columns, and what is drawn beat by beat.

use axum::http::Method;
use serde_json::json;

use crate::beats;
use crate::harness::{Answer, PASSWORD, TestApp, request};
use crate::traces::ecg;
use crate::uploads::settle;

use super::{Sent, Story};

/// What a browser sends with requests of our own pages.
pub(super) const OURS: (&str, &str) = ("sec-fetch-site", "same-origin");

/// Signing a browser in and out, and the first account of an empty server.
pub(super) async fn entry(story: &mut Story) {
    let path = "/api/v1/auth/browser";
    let ada = json!({"email": "ada@example.org", "password": PASSWORD});
    let send = request(Method::POST, path, None, &[OURS], Some(&ada));
    let answer = story.test.send(send).await;
    let cookie = answer.header("set-cookie").to_owned();
    keep(
        story,
        "open_browser_session",
        (Method::POST, path, Sent::Json(ada)),
        &answer,
    );
    let cookie = cookie.split(';').next().expect("a pair");
    let send = request(
        Method::DELETE,
        path,
        None,
        &[("cookie", cookie), OURS],
        None,
    );
    let answer = story.test.send(send).await;
    keep(
        story,
        "close_browser_session",
        (Method::DELETE, path, Sent::Nothing),
        &answer,
    );

    let path = "/api/v1/setup";
    let empty = TestApp::new().await;
    let answer = empty.get(path, None).await;
    keep(
        story,
        "get_setup",
        (Method::GET, path, Sent::Nothing),
        &answer,
    );
    let code = json!({"code": empty.app.keys.setup_code()});
    let key = "/api/v1/setup/key";
    let send = request(Method::POST, key, None, &[OURS], Some(&code));
    let answer = empty.send(send).await;
    keep(
        story,
        "read_key_to_keep",
        (Method::POST, key, Sent::Json(code)),
        &answer,
    );
    // Both are secrets of a server, and the folder is another one in every run.
    let example = story.examples.get_mut("read_key_to_keep");
    let example = example.expect("just made");
    example["request"]["code"] = json!("ABCDE-FGHJK");
    example["response"] = json!({"file": "/var/lib/clarity/master.key", "content": "…"});
    let account = json!({"code": empty.app.keys.setup_code(), "email": "ada@example.org",
        "password": PASSWORD, "profile": {"time_zone": "Europe/London", "units": "metric"}});
    let send = request(Method::POST, path, None, &[OURS], Some(&account));
    let answer = empty.send(send).await;
    keep(
        story,
        "set_up",
        (Method::POST, path, Sent::Json(account)),
        &answer,
    );
    // The code is a secret of the server.
    story.examples.get_mut("set_up").expect("just made")["request"]["code"] = json!("ABCDE-FGHJK");
}

/// Keeps an exchange that needs headers of its own, and does not make it again with changes.
pub(super) fn keep(story: &mut Story, id: &str, made: (Method, &str, Sent), answer: &Answer) {
    assert!(answer.status.is_success(), "{id}: {}", answer.text());
    story.keep(id, made, answer);
    story.made.remove(id);
}

/// Samples and series, and what there is of them.
pub(super) async fn columns(story: &mut Story) {
    for (id, path) in [
        ("list_samples", "health-data?metric=heart_rate&limit=10"),
        (
            "get_series",
            "series/step_count?start=2026-11-18&end=2026-11-19&resolution=1h",
        ),
        (
            "get_days",
            "days?start=2026-11-17&end=2026-11-20&metrics=step_count,heart_rate",
        ),
        ("get_coverage", "coverage?start=2026-11-17&end=2026-11-20"),
        ("list_own_metrics", "metrics-of-mine"),
        ("get_storage", "storage"),
        ("list_sources", "sources?metric=step_count"),
    ] {
        story.get(id, path).await;
    }
}

/// Beats and an electrocardiogram, and the documents that are drawn.
pub(super) async fn traces(story: &mut Story) {
    let path = "/api/v1/integrations/health-auto-export";
    let sent = Sent::Json(ecg(&[12.0, -8.5, 940.25, -120.0]));
    story.send(&Method::POST, path, &sent).await;
    let path = "/api/v1/imports?format=apple_health";
    let export = Sent::File(std::str::from_utf8(beats::minute_at_nine()).expect("text"));
    story.send(&Method::POST, path, &export).await;
    settle(&story.test).await;
    let days = "start=2026-11-17&end=2026-11-20";
    let found = story.get("list_ecgs", &format!("cardio/ecgs?{days}")).await;
    let id = found["data"][0]["id"].as_str().expect("an id").to_owned();
    story.get("get_ecg", &format!("cardio/ecgs/{id}")).await;
    let path = format!("cardio/beats?{days}&limit=1");
    let found = story.get("list_beat_series", &path).await;
    let id = found["data"][0]["id"].as_str().expect("an id").to_owned();
    story
        .get("get_beat_series", &format!("cardio/beats/{id}"))
        .await;
}
