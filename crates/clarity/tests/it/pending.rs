//! Days that wait to be computed: which, since when, and when they are done.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::days_story::Days;
use crate::harness::SECOND_US;

const DAYS: [&str; 4] = [
    "days?start=2026-05-01&end=2026-05-31&metrics=step_count",
    "summaries/daily?start=2026-05-01&end=2026-05-31",
    "sleep?start=2026-05-01&end=2026-05-31",
    "cardio?start=2026-05-01&end=2026-05-31",
];

fn steps(source: &str, day: u32) -> Value {
    json!({"type": "HKQuantityTypeIdentifierStepCount", "sourceName": source, "unit": "count", "value": 100,
        "startDate": format!("2026-05-{day:02}T08:00:00Z"), "endDate": format!("2026-05-{day:02}T08:10:00Z")})
}

/// What every response that is made of days says of those that wait.
async fn pending(days: &Days) -> Value {
    let mut all = Vec::new();
    for path in DAYS {
        all.push(days.get(path).await["pending"].take());
    }
    assert!(all.windows(2).all(|two| two[0] == two[1]), "{all:?}");
    all.remove(0)
}

fn now(days: &Days) -> String {
    let at = jiff::Timestamp::from_microsecond(days.test.app.clock.now_us());
    at.expect("an instant").to_string()
}

#[tokio::test]
async fn a_day_waits_since_the_change_until_it_is_computed() {
    let days = Days::of_a_person_in("UTC").await;
    let me = days.get("auth/me").await["id"].take();
    let me = me.as_str().expect("an id").parse().expect("an id");
    let first = now(&days);
    let sent = [
        steps("Phone", 4),
        steps("Watch", 4),
        steps("Watch", 5),
        steps("Watch", 8),
    ];
    days.upload(json!({ "quantity_samples": sent })).await;
    let expect = json!([
        {"start": "2026-05-04", "end": "2026-05-06", "since": first},
        {"start": "2026-05-08", "end": "2026-05-09", "since": first},
    ]);
    let found = pending(&days).await;
    // What was measured may matter to the days beside it: those wait as well.
    let rows = found.as_array().expect("rows");
    assert!(rows.iter().all(|row| row["since"] == first), "{found}");
    assert_eq!(
        waiting(&found, "2026-05-04"),
        Some(first.clone()),
        "{expect} {found}"
    );
    assert_eq!(waiting(&found, "2026-05-08"), Some(first.clone()));
    assert_eq!(waiting(&found, "2026-05-20"), None);

    // More comes for one of them: it waits since the first change all the same.
    days.test.app.clock.advance_us(60 * SECOND_US);
    let second = now(&days);
    days.upload(json!({ "quantity_samples": [steps("Phone", 5), steps("Phone", 20)] }))
        .await;
    let found = pending(&days).await;
    assert_eq!(waiting(&found, "2026-05-05"), Some(first));
    assert_eq!(waiting(&found, "2026-05-20"), Some(second));
    let mut events = days.test.app.bus.subscribe(me, None);
    assert!(days.computed().await > 0);
    assert_eq!(pending(&days).await, json!([]));
    assert!(
        told(&mut events),
        "the listeners are told when the days are done"
    );

    // Another order of sources changes every day that there is.
    days.test.app.clock.advance_us(60 * SECOND_US);
    let third = now(&days);
    let order = json!({"source_order": {"*": ["Phone", "Watch"]}});
    let put = days
        .test
        .put("/api/v1/user/preferences", &days.person, &[], &order)
        .await;
    assert_eq!(put.status, StatusCode::OK, "{}", put.text());
    let found = pending(&days).await;
    for day in ["2026-05-04", "2026-05-05", "2026-05-08", "2026-05-20"] {
        assert_eq!(waiting(&found, day), Some(third.clone()), "{day}");
    }
    let shown = days.day("summaries/daily", "2026-05-04").await;
    assert!(
        shown.is_some(),
        "a waiting day is returned as it was computed last"
    );
    let other = days.test.register("bob@example.org").await;
    let path = format!("/api/v1/{}", DAYS[0]);
    let answer = days.test.get(&path, Some(&other)).await.json();
    assert_eq!(answer["pending"], json!([]), "nobody else's");
    let mut events = days.test.app.bus.subscribe(me, None);
    assert!(days.computed().await >= 4);
    assert_eq!(pending(&days).await, json!([]));
    assert!(told(&mut events));
}

/// Since when a day waits.
fn waiting(pending: &Value, day: &str) -> Option<String> {
    let rows = pending.as_array().expect("rows").iter();
    let text = |row: &Value, name: &str| row[name].as_str().expect("a text").to_owned();
    let mut within = rows.filter(|row| *text(row, "start") <= *day && *day < *text(row, "end"));
    within.next().map(|row| text(row, "since"))
}

/// Whether a `summary` event came.
fn told(events: &mut clarity::bus::Subscription) -> bool {
    let mut kinds = std::iter::from_fn(|| events.live.try_recv().ok());
    kinds.any(|event| event.kind.name() == "summary")
}
