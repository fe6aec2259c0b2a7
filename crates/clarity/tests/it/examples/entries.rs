//! A weight is entered, read, put right and taken out.

use axum::http::Method;
use serde_json::json;

use super::{Sent, Story};

pub(super) async fn enter(story: &mut Story) {
    let weight = json!({"metric_type": "weight", "value": 142.5, "unit": "lb",
        "recorded_at": "2026-11-19T07:30:00Z", "notes": "after the run"});
    let added = story.post("enter_metric", "health-metrics", weight).await;
    let path = format!(
        "health-metrics/{}",
        added["entry_id"].as_str().expect("an id")
    );
    story.get("get_entered_metric", &path).await;
    let right = json!({"metric_type": "weight", "value": 141.5, "unit": "lb",
        "recorded_at": "2026-11-19T07:30:00Z"});
    let whole = format!("/api/v1/{path}");
    story
        .take(
            "replace_entered_metric",
            Method::PUT,
            &whole,
            Sent::Json(right),
        )
        .await;
    story
        .get("list_entered_metrics", "health-metrics?metric=weight")
        .await;
    let account = story.send(&Method::GET, "/api/v1/auth/me", &Sent::Nothing);
    let me = account.await.json();
    let own = format!("health-metrics/user/{}", me["id"].as_str().expect("an id"));
    story.get("list_metrics_entered_by", &own).await;
    story
        .take(
            "delete_entered_metric",
            Method::DELETE,
            &whole,
            Sent::Nothing,
        )
        .await;
    eat(story).await;
    write(story).await;
}

async fn eat(story: &mut Story) {
    let porridge = json!({"meal_type": "breakfast", "meal_description": "Porridge with apple",
        "logged_at": "2026-11-19T07:45:00Z", "calories": 380, "carbs_grams": 62, "protein_grams": 12,
        "fat_grams": 8, "fibre_grams": 9, "water_intake_ml": 250});
    let added = story
        .post("enter_meal", "nutrition-logs", porridge.clone())
        .await;
    let path = format!(
        "nutrition-logs/{}",
        added["meal_id"].as_str().expect("an id")
    );
    story.get("get_meal", &path).await;
    let mut right = porridge;
    right["calories"] = json!(400);
    let whole = format!("/api/v1/{path}");
    story
        .take("replace_meal", Method::PUT, &whole, Sent::Json(right))
        .await;
    let again = json!({"logged_at": "2026-11-20T07:50:00Z"});
    story
        .post("copy_meal", &format!("{path}/copy"), again)
        .await;
    story
        .get(
            "list_meals",
            "nutrition-logs?start=2026-11-19&meal_type=breakfast",
        )
        .await;
    let account = story.send(&Method::GET, "/api/v1/auth/me", &Sent::Nothing);
    let me = account.await.json();
    let own = format!(
        "nutrition-logs/user/{}?limit=1",
        me["id"].as_str().expect("an id")
    );
    story.get("list_meals_of", &own).await;
    story
        .get(
            "get_nutrition_totals",
            "nutrition-logs/totals?start=2026-11-19&end=2026-11-21",
        )
        .await;
    story
        .take("delete_meal", Method::DELETE, &whole, Sent::Nothing)
        .await;
    let porridge = json!({"meal_type": "breakfast", "meal_description": "Porridge with apple",
        "calories": 400, "carbs_grams": 62});
    let kept = story
        .post("keep_favourite", "nutrition-favourites", porridge)
        .await;
    story.get("list_favourites", "nutrition-favourites").await;
    let path = kept["favourite_id"].as_str().expect("an id");
    let path = format!("/api/v1/nutrition-favourites/{path}");
    story
        .take("delete_favourite", Method::DELETE, &path, Sent::Nothing)
        .await;
}

async fn write(story: &mut Story) {
    let coffee = json!({"title": "Less coffee, better nights", "description":
        "Without coffee after noon I fall asleep sooner.", "reasoning": "Three weeks of trying",
        "insight_type": "trend", "severity": "low", "rank": 2,
        "related_metric_types": ["caffeine", "sleep_duration"], "links": ["https://example.org/coffee"]});
    let added = story
        .post("write_insight", "health-insights", coffee.clone())
        .await;
    let id = added["written_id"].as_str().expect("an id");
    let path = format!("health-insights/{id}");
    story.get("get_written_insight", &path).await;
    let whole = format!("/api/v1/{path}");
    let read = format!("{whole}/read");
    story
        .take("mark_insight_read", Method::POST, &read, Sent::Nothing)
        .await;
    let mut sure = coffee;
    sure["rank"] = json!(1);
    story
        .take("rewrite_insight", Method::PUT, &whole, Sent::Json(sure))
        .await;
    story
        .get(
            "list_written_insights",
            "health-insights?insight_type=trend",
        )
        .await;
    let account = story.send(&Method::GET, "/api/v1/auth/me", &Sent::Nothing);
    let me = account.await.json();
    let own = format!("health-insights/user/{}", me["id"].as_str().expect("an id"));
    story.get("list_insights_written_by", &own).await;
    story
        .take(
            "delete_written_insight",
            Method::DELETE,
            &whole,
            Sent::Nothing,
        )
        .await;
}
