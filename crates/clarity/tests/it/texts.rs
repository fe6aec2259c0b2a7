//! Texts are in the language and units that a person prefers, and in the request's language where they prefer none.

use axum::body::Body;
use axum::http::{Request, header};
use jiff::ToSpan;
use serde_json::{Value, json};

use crate::days_story::{Days, quantities, steps};
use crate::harness::Answer;

const PREFERENCES: &str = "/api/v1/user/preferences";
const DAILY: &str = "/api/v1/insights/daily";

/// Five weeks of steps, at their most on the last day.
async fn walker() -> Days {
    let days = Days::of_a_person_in("UTC").await;
    let first = jiff::civil::date(2026, 4, 1);
    let samples = (0..35_u32).map(|day| {
        let date = first + i64::from(day).days();
        let count = if day == 34 { 20_000 } else { 6_000 + 10 * day };
        steps(
            &format!("{date}T10:00:00Z"),
            &format!("{date}T11:00:00Z"),
            count,
        )
    });
    days.upload(quantities(samples)).await;
    days.computed().await;
    days
}

async fn asked_in(days: &Days, path: &str, accept: &str) -> Answer {
    let bearer = format!("Bearer {}", days.person.access);
    let request = Request::get(path)
        .header(header::AUTHORIZATION, bearer)
        .header(header::ACCEPT_LANGUAGE, accept);
    let request = request.body(Body::empty()).expect("a request");
    days.test.send(request).await
}

fn said(insight: &Value) -> (&str, &str) {
    let language = insight["language"].as_str().expect("a language");
    let text = insight["sentences"][0]["text"].as_str();
    (language, text.expect("a sentence"))
}

#[tokio::test]
async fn a_request_without_a_preference_chooses_the_language() {
    let days = walker().await;
    let stored = days.get("insights/daily").await;
    let check = async |accept: &str, language: &str, begins: &str| {
        let answer = asked_in(&days, DAILY, accept).await;
        let found = answer.json();
        assert_eq!(answer.header("content-language"), language);
        assert!(answer.header("vary").contains("accept-language"));
        assert_eq!(said(&found).0, language);
        assert!(said(&found).1.starts_with(begins), "{found}");
        assert_eq!(found["id"], stored["id"], "it is the same insight");
        assert_eq!(found["facts"], stored["facts"]);
    };
    check(
        "de-AT, en;q=0.5",
        "de",
        "Sie sind 20.000 Schritte gegangen, mehr als üblich",
    )
    .await;
    check("es", "es", "Diste 20.000 pasos, más de lo habitual").await;
    check(
        "fr-CA",
        "fr",
        "Vous avez fait 20\u{202f}000 pas, plus que d'habitude",
    )
    .await;
    check(
        "pt-BR",
        "pt",
        "Você deu 20.000 passos, mais do que o habitual",
    )
    .await;
    check("zh-Hans-CN", "zh", "你走了20,000步，比平时多").await;
    check("ja", "en", "You took 20,000 steps, more than your usual").await;
    let id = stored["id"].as_str().expect("an id");
    let one = asked_in(&days, &format!("/api/v1/insights/{id}"), "fr").await;
    assert_eq!(said(&one.json()).0, "fr");
    let unchanged = days.get("insights/daily").await;
    assert_eq!(unchanged, stored, "nothing is stored for one request");
}

#[tokio::test]
async fn what_is_preferred_is_stored_and_before_what_is_requested() {
    let days = walker().await;
    let before = days.get("insights/daily").await;
    let prefer = async |language: &str| {
        let body = json!({"language": language});
        let put = days.test.put(PREFERENCES, &days.person, &[], &body).await;
        assert_eq!(put.status, 200, "{}", put.text());
    };
    prefer("de").await;
    // Before any work is done, and whatever the request asks for.
    let read = asked_in(&days, DAILY, "fr").await.json();
    assert_eq!(said(&read).0, "de");
    while days.test.run_jobs().await > 0 {}
    let stored = days.get("insights/daily").await;
    assert_eq!(stored["id"], before["id"]);
    assert_eq!(stored["sentences"], read["sentences"]);
    assert_eq!(stored["title"], "Schritte: mehr als üblich");
    let disclaimer = stored["disclaimer"].as_str().expect("a text");
    assert!(disclaimer.contains("keine Diagnose"), "{disclaimer}");
    let past = days.get("insights/daily?date=2026-04-30").await;
    assert_eq!(said(&past).0, "de");
    prefer("ja").await;
    let read = asked_in(&days, DAILY, "fr").await.json();
    assert_eq!(
        said(&read).0,
        "en",
        "a language that nothing is written in is English"
    );
}
