//! Insights that people write: rank, reasons and links come back as written, a read mark stays, everybody has their own.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::grants::id;
use crate::harness::{Person, SECOND_US, TestApp, request};

const INSIGHTS: &str = "/api/v1/health-insights";

fn insight(title: &str, kind: &str) -> Value {
    json!({"title": title, "description": "In more words", "reasoning": "Three weeks of trying",
        "insight_type": kind, "severity": "low", "rank": 2,
        "related_metric_types": ["caffeine", "sleep_duration"], "links": ["https://example.org/a"],
        "is_read": false})
}

async fn write(test: &TestApp, person: &Person, insight: &Value) -> Value {
    // Each a second after the one before.
    test.app.clock.advance_us(SECOND_US);
    let answer = test.post(INSIGHTS, Some(person), insight).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    answer.json()
}

fn path(insight: &Value) -> String {
    format!(
        "{INSIGHTS}/{}",
        insight["written_id"].as_str().expect("an id")
    )
}

fn titles(page: &Value) -> Vec<&str> {
    let rows = page["data"].as_array().expect("insights").iter();
    rows.map(|row| row["title"].as_str().expect("a title"))
        .collect()
}

#[tokio::test]
async fn an_insight_comes_back_as_it_was_written_and_is_read_once() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let wrote = insight("Less coffee", "trend");
    let stored = write(&test, &ada, &wrote).await;
    for (name, value) in wrote.as_object().expect("members") {
        assert_eq!(&stored[name], value, "{name}");
    }
    let again = test.post(INSIGHTS, Some(&ada), &wrote).await;
    assert_eq!(
        (again.status, again.json()),
        (StatusCode::OK, stored.clone())
    );
    let read = format!("{}/read", path(&stored));
    let mark = async || {
        let sent = request(Method::POST, &read, Some(&ada), &[], None);
        test.send(sent).await
    };
    let marked = mark().await;
    assert_eq!(
        (marked.status, marked.header("etag")),
        (StatusCode::OK, "\"2\"")
    );
    assert_eq!(marked.json()["is_read"], true);
    let marked = mark().await;
    assert_eq!(
        (marked.status, marked.header("etag")),
        (StatusCode::OK, "\"2\""),
        "once"
    );
    let mut more = marked.json();
    more["rank"] = json!(1);
    let put = test
        .put(&path(&stored), &ada, &[("if-match", "\"2\"")], &more)
        .await;
    assert_eq!((put.status, put.json()), (StatusCode::OK, more.clone()));
    let late = test
        .put(&path(&stored), &ada, &[("if-match", "\"2\"")], &more)
        .await;
    late.problem(412, "precondition_failed");
    let gone = request(Method::DELETE, &path(&stored), Some(&ada), &[], None);
    assert_eq!(test.send(gone).await.status, StatusCode::NO_CONTENT);
    test.get(&path(&stored), Some(&ada))
        .await
        .problem(404, "not_found");
    assert_eq!(mark().await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn ranks_go_from_one_to_five() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    for (rank, status) in [(0, 422), (1, 201), (5, 201), (6, 422)] {
        let mut ranked = insight(&format!("Rank {rank}"), "warning");
        ranked["rank"] = json!(rank);
        let answer = test.post(INSIGHTS, Some(&ada), &ranked).await;
        assert_eq!(answer.status.as_u16(), status, "{rank}: {}", answer.text());
        if status == 422 {
            let problem = answer.problem(422, "validation_failed");
            assert_eq!(problem["errors"][0]["pointer"], "/rank");
        }
    }
}

#[tokio::test]
async fn insights_are_listed_newest_first_by_kind_and_read_mark() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let first = write(&test, &ada, &insight("a", "trend")).await;
    for (title, kind) in [("b", "warning"), ("c", "trend"), ("d", "warning")] {
        write(&test, &ada, &insight(title, kind)).await;
    }
    let read = format!("{}/read", path(&first));
    test.send(request(Method::POST, &read, Some(&ada), &[], None))
        .await;
    let list = async |query: &str| {
        let answer = test.get(&format!("{INSIGHTS}?{query}"), Some(&ada)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()
    };
    assert_eq!(titles(&list("").await), ["d", "c", "b", "a"]);
    assert_eq!(titles(&list("insight_type=trend").await), ["c", "a"]);
    assert_eq!(titles(&list("is_read=true").await), ["a"]);
    assert_eq!(titles(&list("is_read=false").await), ["d", "c", "b"]);
    // A page of what few insights are goes on until it is full.
    let page = list("limit=1&is_read=true").await;
    assert_eq!(titles(&page), ["a"]);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = list(&format!("limit=3{cursor}")).await;
        seen.extend(titles(&page).into_iter().map(str::to_owned));
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, ["d", "c", "b", "a"]);
}

#[tokio::test]
async fn everybody_has_their_own_insights() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let bob = test.register("bob@example.org").await;
    let stored = write(&test, &ada, &insight("a", "trend")).await;
    test.get(&path(&stored), Some(&bob))
        .await
        .problem(404, "not_found");
    let more = insight("b", "trend");
    test.put(&path(&stored), &bob, &[], &more)
        .await
        .problem(404, "not_found");
    let read = format!("{}/read", path(&stored));
    let marked = test
        .send(request(Method::POST, &read, Some(&bob), &[], None))
        .await;
    marked.problem(404, "not_found");
    let gone = request(Method::DELETE, &path(&stored), Some(&bob), &[], None);
    test.send(gone).await.problem(404, "not_found");
    let list = format!("{INSIGHTS}/user/{}", id(&test, &ada).await);
    test.get(&list, Some(&bob)).await.problem(404, "not_found");
    assert_eq!(titles(&test.get(&list, Some(&ada)).await.json()), ["a"]);
    assert_eq!(
        test.get(INSIGHTS, Some(&bob)).await.json()["data"],
        json!([])
    );
}
