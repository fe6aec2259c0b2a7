//! Exports in the formats of others, through the door: what is exported is the person's, is recorded, and reads back
//! into an empty account.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampMicrosecondType};
use arrow_ipc::reader::StreamReader;
use axum::http::{Method, StatusCode};
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::{Value, json};

use crate::files::{EXPORT, import};
use crate::harness::{Person, TestApp, request};
use crate::uploads::settle;

/// Every format of others.
const FORMATS: [&str; 6] = [
    "daily",
    "fhir",
    "fhir_ndjson",
    "open_mhealth",
    "arrow",
    "parquet",
];

async fn with_data(test: &TestApp, email: &str) -> Person {
    let person = test.register(email).await;
    let imported = import(test, &person, EXPORT.as_bytes()).await;
    assert_eq!(imported.status, StatusCode::ACCEPTED, "{}", imported.text());
    let samples: Vec<Value> = (0..300)
        .map(|minute| {
            let at = format!("2026-11-17T{:02}:{:02}:00Z", minute / 60, minute % 60);
            json!({"type": "HKQuantityTypeIdentifierHeartRate", "unit": "count/min",
                   "value": 60 + minute % 7, "start_date": at, "end_date": at, "source_name": "Band"})
        })
        .collect();
    let body = json!({"quantity_samples": samples});
    let sent = test.post("/api/v1/healthkit", Some(&person), &body).await;
    assert_eq!(sent.status, StatusCode::ACCEPTED, "{}", sent.text());
    settle(test).await;
    person
}

async fn exported(test: &TestApp, person: &Person, format: &str) -> Vec<u8> {
    let path = format!("/api/v1/health-data/export?format={format}");
    let answer = test.get(&path, Some(person)).await;
    assert_eq!(answer.status, StatusCode::OK, "{format}");
    answer.bytes.clone()
}

#[tokio::test]
async fn exports_read_back_into_an_empty_account() {
    let test = TestApp::new().await;
    let ada = with_data(&test, "ada@example.org").await;
    let original = exported(&test, &ada, "ndjson").await;
    for format in ["fhir", "fhir_ndjson", "arrow", "parquet", "bundle"] {
        let file = exported(&test, &ada, format).await;
        let other = test.register(&format!("{format}@example.org")).await;
        let answer = import(&test, &other, file).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
        assert_eq!(answer.json()["rejected"], 0, "{}", answer.text());
        settle(&test).await;
        let back = exported(&test, &other, "ndjson").await;
        assert_eq!(
            String::from_utf8_lossy(&back),
            String::from_utf8_lossy(&original),
            "{format}"
        );
    }
}

#[tokio::test]
async fn open_mhealth_reads_back_without_what_its_report_counts() {
    let test = TestApp::new().await;
    let ada = with_data(&test, "ada@example.org").await;
    let file = exported(&test, &ada, "open_mhealth").await;
    let text = String::from_utf8_lossy(&file).into_owned();
    let last = text.lines().last().expect("a report");
    let report: Value = serde_json::from_str(last).expect("JSON");
    assert_eq!(report["header"]["schema_id"]["name"], "export-report");
    let left_out = report["body"]["left_out"].as_object().expect("counts");
    let bob = test.register("bob@example.org").await;
    let answer = import(&test, &bob, file).await;
    assert_eq!(answer.json()["rejected"], 0, "{}", answer.text());
    settle(&test).await;
    let names = |bytes: Vec<u8>| {
        let text = String::from_utf8(bytes).expect("text");
        let lines = text.lines().skip(1).filter(|line| {
            let line: Value = serde_json::from_str(line).expect("JSON");
            let kind = line["metric"].as_str().or(line["record"]["kind"].as_str());
            let is_source = line["type"] == "source";
            !is_source && !kind.is_some_and(|kind| left_out.contains_key(kind))
        });
        lines.map(str::to_owned).collect::<Vec<String>>()
    };
    let before = names(exported(&test, &ada, "ndjson").await);
    assert!(before.len() > 300, "{before:?}");
    assert_eq!(names(exported(&test, &bob, "ndjson").await), before);
    assert!(left_out.contains_key("resting_heart_rate"), "{left_out:?}");
}

#[tokio::test]
async fn tables_have_a_row_for_each_sample_and_record() {
    let test = TestApp::new().await;
    let ada = with_data(&test, "ada@example.org").await;
    let lines = String::from_utf8(exported(&test, &ada, "ndjson").await).expect("text");
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"));
    let rows: Vec<Value> = lines
        .filter(|line: &Value| line["type"] == "sample" || line["type"] == "record")
        .collect();
    let arrow = exported(&test, &ada, "arrow").await;
    let reader = StreamReader::try_new(arrow.as_slice(), None).expect("a stream");
    let mut values = Vec::new();
    for batch in reader {
        let batch = batch.expect("a batch");
        let metric = batch.column_by_name("metric").expect("a column");
        let value = batch.column_by_name("value").expect("a column");
        let (metric, value) = (
            metric.as_string::<i32>().iter(),
            value.as_primitive::<Float64Type>().iter(),
        );
        values.extend(metric.map(|text| text.map(str::to_owned)).zip(value));
    }
    let wanted: Vec<(Option<String>, Option<f64>)> = rows
        .iter()
        .map(|row| {
            (
                row["metric"].as_str().map(str::to_owned),
                row["value"].as_f64(),
            )
        })
        .collect();
    assert_eq!(values, wanted);
    let parquet = bytes::Bytes::from(exported(&test, &ada, "parquet").await);
    let parquet = SerializedFileReader::new(parquet).expect("a file");
    let count = parquet.metadata().file_metadata().num_rows();
    assert_eq!(usize::try_from(count).expect("small"), rows.len());
}

#[tokio::test]
async fn a_table_of_days_has_the_values_of_the_days() {
    let test = TestApp::new().await;
    let ada = with_data(&test, "ada@example.org").await;
    let table = exported(&test, &ada, "daily").await;
    let mut table = csv::Reader::from_reader(table.as_slice());
    let heading = table.headers().expect("a heading").clone();
    let place = |name: &str| {
        heading
            .iter()
            .position(|cell| cell == name)
            .expect("a column")
    };
    let days: Vec<csv::StringRecord> = table.records().map(|row| row.expect("a row")).collect();
    let columns =
        "/api/v1/days?metrics=step_count,heart_rate,body_mass&start=2026-11-17&end=2026-11-19";
    let columns = test.get(columns, Some(&ada)).await.json();
    let first = days
        .iter()
        .position(|row| &row[0] == "2026-11-17")
        .expect("the day");
    for (metric, column) in [
        ("step_count", place("step_count total [1]")),
        ("heart_rate", place("heart_rate mean [/min]")),
        ("body_mass", place("body_mass mean [kg]")),
    ] {
        for (at, row) in days[first..].iter().take(2).enumerate() {
            let cell = row[column].parse::<f64>().ok();
            assert_eq!(
                cell,
                columns["metrics"][metric]["value"][at].as_f64(),
                "{metric} {at}"
            );
        }
    }
    let night = days
        .iter()
        .find(|row| &row[0] == "2026-11-18")
        .expect("a night");
    assert_eq!(&night[place("sleep asleep [min]")], "420");
    let stranger = test.register("bob@example.org").await;
    let empty = exported(&test, &stranger, "daily").await;
    assert_eq!(String::from_utf8_lossy(&empty).lines().count(), 1);
}

#[tokio::test]
async fn an_export_is_of_one_person_and_recorded() {
    let test = TestApp::new().await;
    let _ada = with_data(&test, "ada@example.org").await;
    let bob = test.register("bob@example.org").await;
    let body = json!({"data_type": "body_mass", "value": 99.5, "unit": "kg",
                      "recorded_at": "2026-11-18T07:00:00Z", "source": "Bob’s scale"});
    let sent = test.post("/api/v1/health-data", Some(&bob), &body).await;
    assert_eq!(sent.status, StatusCode::ACCEPTED, "{}", sent.text());
    settle(&test).await;
    for format in FORMATS {
        let file = exported(&test, &bob, format).await;
        let text = String::from_utf8_lossy(&file);
        for foreign in [
            "Apple Watch",
            "iPhone",
            "Band",
            "heart_rate",
            "step_count",
            "8867-4",
        ] {
            assert!(!text.contains(foreign), "{format} has {foreign}");
        }
    }
    let log = test.get("/api/v1/audit?limit=50", Some(&bob)).await.text();
    let seen = log.matches("exported all health data").count();
    assert!(seen >= 1, "{log}");
}

#[tokio::test]
async fn a_series_is_the_same_as_json_and_as_arrow() {
    let test = TestApp::new().await;
    let ada = with_data(&test, "ada@example.org").await;
    for query in [
        "heart_rate?start=2026-11-17&end=2026-11-19",
        "heart_rate?start=2026-11-17&end=2026-11-19&resolution=1h",
        "step_count?start=2026-11-17&end=2026-11-19&resolution=1d",
        "sleep_analysis?start=2026-11-17&end=2026-11-19&resolution=1d",
    ] {
        let path = format!("/api/v1/series/{query}");
        let json = test.get(&path, Some(&ada)).await.json();
        let accept = [(
            "accept",
            "application/vnd.apache.arrow.stream, application/json",
        )];
        let answer = test
            .send(request(Method::GET, &path, Some(&ada), &accept, None))
            .await;
        assert_eq!(
            answer.header("content-type"),
            accept[0].1.split(',').next().expect("one")
        );
        let reader = StreamReader::try_new(answer.bytes.as_slice(), None).expect("a stream");
        let schema = reader.schema();
        for name in [
            "metric",
            "unit",
            "kind",
            "resolution",
            "merge",
            "start",
            "end",
        ] {
            assert_eq!(
                schema.metadata()[name],
                json[name].as_str().expect("a word"),
                "{query}"
            );
        }
        let batches: Vec<_> = reader.map(|batch| batch.expect("a batch")).collect();
        let [batch] = batches.as_slice() else {
            panic!("{} batches", batches.len())
        };
        let columns = json["columns"].as_object().expect("columns");
        assert_eq!(batch.num_columns(), columns.len(), "{query}");
        assert_eq!(json["count"], batch.num_rows(), "{query}");
        let starts = batch.column_by_name("start").expect("a column");
        let starts = starts.as_primitive::<TimestampMicrosecondType>().values();
        for (at_us, text) in starts
            .iter()
            .zip(columns["start"].as_array().expect("times"))
        {
            let at: jiff::Timestamp = text.as_str().expect("a text").parse().expect("a time");
            assert_eq!(at.as_microsecond(), *at_us, "{query}");
        }
        for name in ["value", "mean", "min", "max", "minutes", "coverage"] {
            let Some(wanted) = columns.get(name) else {
                continue;
            };
            let found = batch.column_by_name(name).expect("a column");
            let found: Vec<Option<f64>> = found.as_primitive::<Float64Type>().iter().collect();
            assert_eq!(json!(found), *wanted, "{query} {name}");
        }
    }
}

#[tokio::test]
async fn a_series_of_arrow_is_of_its_person() {
    let test = TestApp::new().await;
    let _ada = with_data(&test, "ada@example.org").await;
    let path = "/api/v1/series/heart_rate?start=2026-11-17&end=2026-11-19";
    let bob = test.register("bob@example.org").await;
    let accept = [("accept", "application/vnd.apache.arrow.stream")];
    let answer = test
        .send(request(Method::GET, path, Some(&bob), &accept, None))
        .await;
    let rows: usize = StreamReader::try_new(answer.bytes.as_slice(), None)
        .expect("a stream")
        .map(|batch| batch.expect("a batch").num_rows())
        .sum();
    assert_eq!(rows, 0);
}
