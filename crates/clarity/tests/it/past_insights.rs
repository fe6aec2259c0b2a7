//! Insights about days that are long over: asked for, they are written; nobody is disturbed by them.

use axum::http::StatusCode;
use serde_json::Value;

use crate::cli::clarity;
use crate::days_story::{Days, quantities, steps};

const EMAIL: &str = "ada@example.org";

/// Five weeks of steps, more of them on one day.
fn weeks() -> Value {
    let first: jiff::civil::Date = "2026-04-01".parse().expect("a date");
    let samples: Vec<Value> = (0..35_i64)
        .map(|day| {
            let date = first + jiff::Span::new().days(day);
            let count = if day == 25 {
                20_000
            } else {
                6_000 + 10 * u32::try_from(day).expect("few")
            };
            steps(
                &format!("{date}T10:00:00Z"),
                &format!("{date}T11:00:00Z"),
                count,
            )
        })
        .collect();
    quantities(samples)
}

#[tokio::test]
async fn any_day_that_is_over_has_an_insight() {
    let days = Days::of_a_person_in("UTC").await;
    days.upload(weeks()).await;
    days.computed().await;
    let newest = days.get("insights/daily").await;
    let me = days.get("auth/me").await["id"]
        .as_str()
        .expect("an id")
        .parse()
        .expect("a user id");
    let mut events = days.test.app.bus.subscribe(me, None);
    let past = days.get("insights/daily?date=2026-04-26").await;
    assert_ne!(newest["date"], past["date"]);
    assert_eq!(past["date"], "2026-04-26");
    let said = past["sentences"][0]["text"].as_str().expect("a sentence");
    assert!(said.contains("20,000"), "{past}");
    let again = days.get("insights/daily?date=2026-04-26").await;
    assert_eq!(again, past, "it is one insight");
    let id = past["id"].as_str().expect("an id");
    assert_eq!(days.get(&format!("insights/{id}")).await, past);
    assert_eq!(
        days.get("insights/daily").await,
        newest,
        "the newest stays the newest"
    );
    assert!(
        events.live.try_recv().is_err(),
        "nobody is told of what was asked for"
    );
    for absent in ["2020-01-01", "2100-01-01"] {
        let path = format!("/api/v1/insights/daily?date={absent}");
        let answer = days.test.get(&path, Some(&days.person)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.text());
    }
}

#[tokio::test]
async fn an_insight_about_a_past_day_follows_its_day() {
    let days = Days::of_a_person_in("UTC").await;
    days.upload(weeks()).await;
    days.computed().await;
    let before = days.get("insights/daily?date=2026-04-20").await;
    let late = steps("2026-04-20T15:00:00Z", "2026-04-20T16:00:00Z", 9_000);
    days.upload(quantities([late])).await;
    days.computed().await;
    let after = days.get("insights/daily?date=2026-04-20").await;
    assert_eq!(before["id"], after["id"]);
    assert_ne!(before["sentences"], after["sentences"]);
}

#[test]
fn the_command_line_prints_the_insight_of_a_day() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = |arguments: &[&str], input: &str| clarity(folder.path(), arguments, input);
    let added = here(
        &["user", "add", EMAIL, "--time-zone", "UTC"],
        "a long enough password\n",
    );
    assert_eq!(added.code, Some(0), "{}", added.err);
    let none = here(&["insight", "--user", EMAIL, "--date", "2026-04-26"], "");
    assert_eq!(none.code, Some(1), "{}", none.err);
    assert!(
        none.err.contains("no insight about this day"),
        "{}",
        none.err
    );
    let wrong = here(&["insight", "--user", EMAIL, "--date", "yesterday"], "");
    assert_eq!(wrong.code, Some(2), "{}", wrong.err);
}
