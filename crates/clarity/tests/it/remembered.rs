//! What the server knows about a person beside samples: documents of an older version, and what is kept
//! in memory.

use axum::http::{Method, StatusCode};
use oracle::absence::{Absent, skip};
use serde_json::{Value, json};
use store::docs::{DocName, Expected};

use crate::harness::{Person, TestApp, request};
use crate::postgres::Database;

const EMAIL: &str = "ada@example.org";
/// Two days in New York, as they were written once: each day by itself.
const OLDER_ZONES: &str = r#"{"zones":{"America/New_York":{
    "20765":[1794096000000000,1794117600000000],"20766":[1794182400000000,1794204000000000]}}}"#;

#[tokio::test]
async fn zones_of_an_older_version_are_read_and_replaced() {
    older_zones(&TestApp::new().await).await;
}

#[tokio::test]
async fn zones_of_an_older_version_are_read_and_replaced_on_postgres() {
    let Some(database) = Database::create() else {
        return skip(Absent::Service("PostgreSQL"));
    };
    let test = TestApp::on(database.store().await, |_| {}).await;
    older_zones(&test).await;
    test.app.store.close().await;
}

async fn older_zones(test: &TestApp) {
    let ada = test.register(EMAIL).await;
    let app = &test.app;
    let mut tx = app.store.write().await.expect("a transaction");
    let found = store::people::by_email(&mut tx, &app.vault, EMAIL).await;
    let user = found.expect("a read").expect("a person").id;
    let key = app.vault.person_key(&mut tx, user).await.expect("a key");
    let older = OLDER_ZONES.as_bytes();
    store::docs::put(&mut tx, &key, user, DocName::Zones, older, Expected::Any)
        .await
        .expect("a write");
    tx.commit().await.expect("a commit");

    upload(test, &ada, "Watch", "2026-11-18T12:00:00").await;
    let row = newest(test, &ada).await;
    assert_eq!(row["start"], "2026-11-18T12:00:00-05:00", "{row}");

    let mut tx = app.store.read().await.expect("a transaction");
    let stored = store::docs::get(&mut tx, &key, user, DocName::Zones).await;
    let stored = stored.expect("a read").expect("a document");
    drop(tx);
    let document: Value = serde_json::from_slice(&stored.bytes).expect("JSON");
    assert_eq!(document["zones"], Value::Null, "the older form is gone");
    let stays = document["stays"].as_array().expect("stays");
    assert_eq!(stays.len(), 1);
    assert_eq!(stays[0]["zone"], "America/New_York");
    assert_eq!(stays[0]["days"], json!([[20_765, 2]]));
    assert_eq!(newest(test, &ada).await, row, "read from memory");
}

#[tokio::test]
async fn what_was_remembered_goes_with_a_purge() {
    let test = TestApp::new().await;
    let ada = test.register(EMAIL).await;
    upload(&test, &ada, "Old Watch", "2026-11-18T12:00:00Z").await;
    assert_eq!(newest(&test, &ada).await["source"], "Old Watch");
    let path = "/api/v1/health-data/purge";
    let purged = test
        .send(request(Method::DELETE, path, Some(&ada), &[], None))
        .await;
    assert_eq!(purged.status, StatusCode::OK, "{}", purged.text());
    // The documents begin again with the versions that were remembered.
    upload(&test, &ada, "New Phone", "2026-11-18T12:00:00Z").await;
    assert_eq!(newest(&test, &ada).await["source"], "New Phone");
}

#[tokio::test]
async fn a_change_of_preferences_holds_for_the_next_request() {
    let test = TestApp::new().await;
    let ada = test.register(EMAIL).await;
    upload(&test, &ada, "Watch", "2026-11-18T23:30:00Z").await;
    let day = "/api/v1/health-data?start=2026-11-19&end=2026-11-20";
    let rows = async || {
        let answer = test.get(day, Some(&ada)).await.json();
        answer["data"].as_array().map(Vec::len)
    };
    assert_eq!(rows().await, Some(0), "a day in UTC");
    let profile = json!({"time_zone": "Asia/Tokyo"});
    let put = test.put("/api/v1/user/profile", &ada, &[], &profile).await;
    assert_eq!(put.status, StatusCode::OK, "{}", put.text());
    assert_eq!(rows().await, Some(1), "a day in Tokyo");
}

async fn upload(test: &TestApp, person: &Person, source: &str, at: &str) {
    let body = json!({"data_type": "heart_rate", "source": source,
        "values": [{"value": 61, "timestamp": at}]});
    let answer = test.post("/api/v1/health-data", Some(person), &body).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    assert_eq!(answer.json()["rejected"], 0, "{}", answer.text());
}

async fn newest(test: &TestApp, person: &Person) -> Value {
    let answer = test.get("/api/v1/health-data?limit=1", Some(person)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()["data"][0].clone()
}
