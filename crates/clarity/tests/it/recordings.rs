//! Recordings of worn devices in a person's vault: read like any file, nights scored from activity where no
//! device states sleep, and only the affected days computed.

use std::fmt::Write;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use jiff::civil::DateTime;
use serde_json::{Value, json};

use crate::days_story::{Days, asleep, journey};
use crate::harness::{Person, TestApp, request};

/// A count of a wrist: busy by day, nearly still from `bed` until `rise` o'clock.
pub(crate) fn count(at: DateTime, bed: i8, rise: i8) -> u32 {
    let minute = u32::try_from(i32::from(at.hour()) * 60 + i32::from(at.minute())).expect("small");
    if at.hour() >= bed || at.hour() < rise {
        return if minute.is_multiple_of(29) { 4 } else { 0 };
    }
    120 + 35 * (minute % 7) + u32::try_from(at.day()).expect("small")
}

/// An Actiwatch file of one-minute counts on the device's own clock.
pub(crate) fn awd(start: DateTime, minutes: u32, count: impl Fn(DateTime) -> u32) -> String {
    let day = start.strftime("%d-%b-%Y").to_string();
    let time = start.strftime("%H:%M").to_string();
    let mut file = format!("A Wearer\r\n{day}\r\n{time}\r\n4\r\n40\r\nV123456\r\nF\r\n");
    for minute in 0..minutes {
        let at = start + jiff::SignedDuration::from_mins(i64::from(minute));
        write!(file, "{}\r\n", count(at)).expect("a String takes every text");
    }
    file
}

pub(crate) async fn import(test: &TestApp, person: &Person, path: &str, file: String) -> Value {
    let request = Request::post(path)
        .header("authorization", format!("Bearer {}", person.access))
        .header("content-type", "application/octet-stream")
        .body(Body::from(file))
        .expect("a request");
    let answer = test.send(request).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    answer.json()
}

const IMPORTS: &str = "/api/v1/imports";

fn noon(text: &str) -> DateTime {
    text.parse().expect("a date and time")
}

/// Four days from noon of 3 May 2026, asleep from 23:00 to 07:00.
fn four_days() -> String {
    awd(noon("2026-05-03T12:00:00"), 4 * 1440, |at| count(at, 23, 7))
}

/// Checks the main sleep of a date within some minutes of what was made.
fn check_scored(night: &Value, onset: &str, offset: &str) {
    let main = &night["main"];
    let apart = |name: &str, expect: &str| {
        let text = main[name].as_str().unwrap_or_else(|| panic!("{night}"));
        assert_eq!(
            text.get(19..),
            expect.get(19..),
            "{name}: {text} not at {expect}"
        );
        let found: jiff::Timestamp = text.parse().expect("an instant");
        let expect: jiff::Timestamp = expect.parse().expect("an instant");
        let seconds = found.duration_since(expect).as_secs();
        assert!(seconds.abs() <= 8 * 60, "{name}: {text} is not {expect}");
    };
    apart("onset", onset);
    apart("offset", offset);
    assert_eq!(main["scored_by"]["scorer"], "oakley", "{night}");
}

#[tokio::test]
async fn a_recording_comes_in_like_any_file_and_again_changes_nothing() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    let mut file = four_days();
    file.push_str("12x\r\n\r\n55 66\r\n");
    let account = import(&days.test, &days.person, IMPORTS, file.clone()).await;
    assert_eq!(account["accepted"], 5760, "{account}");
    assert_eq!(account["rejected"], 2);
    assert_eq!(account["rejected_by_code"]["malformed"], 2);
    assert_eq!(account["errors"][0]["line"], 5768);
    assert_eq!(account["by_type"]["activity_count"]["accepted"], 5760);
    let recording = &account["recording"];
    assert_eq!(recording["clock_offset_s"], 7200, "{account}");
    assert_eq!(recording["clock_told_by"], "person");
    assert_eq!(recording["serial"], "V123456");
    assert!(!account.to_string().contains("Wearer"), "{account}");
    // The five dates of the recording, and the night after its last noon.
    assert_eq!(days.computed().await, 6);
    let again = import(&days.test, &days.person, IMPORTS, file).await;
    assert_eq!(
        (&again["accepted"], &again["duplicates"]),
        (&json!(0), &json!(5760))
    );
    assert_eq!(days.computed().await, 0);
    let day = days
        .day("summaries/daily", "2026-05-05")
        .await
        .expect("a day");
    let minutes = (0..1440).map(|minute| {
        let at = noon("2026-05-05T00:00:00") + jiff::SignedDuration::from_mins(minute);
        count(at, 23, 7)
    });
    let total = f64::from(minutes.sum::<u32>());
    assert_eq!(day["metrics"]["activity_count"]["value"], total, "{day}");
    for date in ["2026-05-04", "2026-05-05", "2026-05-06", "2026-05-07"] {
        let night = days.day("sleep", date).await.expect("a night");
        let before: jiff::civil::Date = date.parse().expect("a date");
        let before = before.yesterday().expect("a date");
        check_scored(
            &night,
            &format!("{before}T23:00:00+02:00"),
            &format!("{date}T07:00:00+02:00"),
        );
        assert!(
            night["main"]["efficiency"]
                .as_f64()
                .is_some_and(|share| share > 0.9)
        );
    }
    let last = days.day("sleep", "2026-05-03").await.expect("a day");
    assert_eq!(last["scoring_reason"], "no_sleep_period_found", "{last}");
}

#[tokio::test]
async fn what_a_device_states_wins_over_activity() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    import(&days.test, &days.person, IMPORTS, four_days()).await;
    days.computed().await;
    let stages = json!({"category_samples": [
        asleep("Core", "2026-05-04T22:10:00Z", "2026-05-05T03:10:00Z"),
    ]});
    let account = days.upload(stages).await;
    assert_eq!(days.computed().await, 1, "the night's own day");
    let night = days.day("sleep", "2026-05-05").await.expect("a night");
    assert_eq!(night["main"]["asleep_min"], 300.0, "{night}");
    assert_eq!(night["main"]["scored_by"], json!(null));
    assert_eq!(night["main"]["source"], "Apple Watch");
    let id = account["processing_id"].as_str().expect("an id");
    let path = format!("/api/v1/health-data/{id}");
    let gone = request(Method::DELETE, &path, Some(&days.person), &[], None);
    assert_eq!(days.test.send(gone).await.status, StatusCode::OK);
    assert_eq!(days.computed().await, 1);
    let night = days.day("sleep", "2026-05-05").await.expect("a night");
    check_scored(
        &night,
        "2026-05-04T23:00:00+02:00",
        "2026-05-05T07:00:00+02:00",
    );
}

#[tokio::test]
async fn taking_a_recording_back_takes_its_nights_back() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    let account = import(&days.test, &days.person, IMPORTS, four_days()).await;
    days.computed().await;
    let id = account["import_id"].as_str().expect("an id");
    let bob = days.test.register("bob@example.org").await;
    let remove = |person| {
        request(
            Method::DELETE,
            &format!("{IMPORTS}/{id}"),
            Some(person),
            &[],
            None,
        )
    };
    days.test.send(remove(&bob)).await.problem(404, "not_found");
    let others = days
        .test
        .get("/api/v1/sleep?start=2026-05-03&end=2026-05-09", Some(&bob))
        .await;
    assert_eq!(
        others.json(),
        json!({"data": [], "pending": [], "stale": []})
    );
    let removed = days.test.send(remove(&days.person)).await.json();
    assert_eq!(removed["samples"], 5760, "{removed}");
    assert_eq!(days.computed().await, 6);
    let nights = days.get("sleep?start=2026-05-03&end=2026-05-09").await;
    assert_eq!(nights, json!({"data": [], "pending": [], "stale": []}));
}

#[tokio::test]
async fn a_device_knows_no_summer_time() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    // Set on 28 March at noon; the clocks of Berlin skip an hour in the night after.
    let file = awd(noon("2026-03-28T12:00:00"), 2 * 1440, |at| count(at, 23, 7));
    let account = import(&days.test, &days.person, IMPORTS, file).await;
    assert_eq!(account["recording"]["clock_offset_s"], 3600);
    days.computed().await;
    let night = days.day("sleep", "2026-03-29").await.expect("a night");
    check_scored(
        &night,
        "2026-03-28T23:00:00+01:00",
        "2026-03-29T08:00:00+02:00",
    );
    let asleep_min = night["main"]["asleep_min"].as_f64().expect("minutes");
    assert!((460.0..=480.0).contains(&asleep_min), "{night}");
}

#[tokio::test]
async fn a_device_on_a_journey_keeps_its_clock() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    days.upload(journey()).await;
    let file = awd(noon("2026-06-09T12:00:00"), 4 * 1440, |at| count(at, 23, 7));
    import(&days.test, &days.person, IMPORTS, file).await;
    days.computed().await;
    // In New York from 10 June, 18:00 UTC: the device still shows 23:00 when it is 17:00 there.
    let night = days.day("sleep", "2026-06-12").await.expect("a night");
    check_scored(
        &night,
        "2026-06-11T17:00:00-04:00",
        "2026-06-12T01:00:00-04:00",
    );
    let told = awd(noon("2026-06-11T12:00:00"), 1440, |at| count(at, 23, 7));
    let path = format!("{IMPORTS}?format=awd&zone=Asia/Tokyo");
    let account = import(&days.test, &days.person, &path, told).await;
    assert_eq!(account["recording"]["clock_offset_s"], 9 * 3600);
}

#[tokio::test]
async fn another_scorer_scores_every_night_anew() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    import(&days.test, &days.person, IMPORTS, four_days()).await;
    days.computed().await;
    let wanted = json!({"sleep_scorer": "cole_kripke"});
    let put = days
        .test
        .put("/api/v1/user/preferences", &days.person, &[], &wanted)
        .await;
    assert_eq!(put.status, StatusCode::OK, "{}", put.text());
    assert_eq!(days.computed().await, 5, "every day with a document");
    let night = days.day("sleep", "2026-05-05").await.expect("a night");
    assert_eq!(
        night["main"]["scored_by"]["scorer"], "cole_kripke",
        "{night}"
    );
}

#[tokio::test]
async fn a_file_of_no_format_is_refused_with_the_formats() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let send = async |path: &str, body: &'static str| {
        let request = Request::post(path)
            .header("authorization", format!("Bearer {}", ada.access))
            .body(Body::from(body))
            .expect("a request");
        test.send(request).await
    };
    let unknown = send("/api/v1/imports?format=lotus", "1").await;
    assert!(
        unknown.text().contains("apple_health"),
        "{}",
        unknown.text()
    );
    assert!(unknown.text().contains("awd"), "{}", unknown.text());
    let zone = send("/api/v1/imports?zone=Mars/Olympus", "1").await;
    zone.problem(400, "invalid_parameter");
}

#[tokio::test]
async fn a_table_with_declared_columns_is_a_recording() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    let mut file = String::from("When;Move;Lux\n");
    for minute in 0..180 {
        let at = noon("2026-05-03T12:00:00") + jiff::SignedDuration::from_mins(minute);
        let at = at.strftime("%Y-%m-%d %H:%M:%S");
        writeln!(file, "{at};{};{}", minute % 50, 300 + minute).expect("a String takes it");
    }
    let path = format!("{IMPORTS}?columns=time=When,count=Move,light=Lux&epoch_s=60");
    let account = import(&days.test, &days.person, &path, file).await;
    assert_eq!(account["accepted"], 360, "{account}");
    assert_eq!(account["by_type"]["activity_count"]["accepted"], 180);
    assert_eq!(account["by_type"]["ambient_light"]["accepted"], 180);
    days.computed().await;
    let day = days
        .day("summaries/daily", "2026-05-03")
        .await
        .expect("a day");
    assert_eq!(day["metrics"]["ambient_light"]["min"], 300.0, "{day}");
    let wrong = Request::post(format!("{IMPORTS}?columns=time"))
        .header("authorization", format!("Bearer {}", days.person.access))
        .body(Body::from("1"))
        .expect("a request");
    days.test
        .send(wrong)
        .await
        .problem(400, "invalid_parameter");
}

#[tokio::test]
async fn a_table_of_several_people_is_nobodys() {
    let days = Days::of_a_person_in("Europe/Berlin").await;
    let mut file = String::from("subject_id,timestamp,activity\n");
    for who in ["A", "B"] {
        for minute in 0..60 {
            writeln!(file, "{who},2026-05-03 12:{minute:02}:00,7").expect("a String takes it");
        }
    }
    let refusal = async |path: String, file: String| {
        let request = Request::post(path)
            .header("authorization", format!("Bearer {}", days.person.access))
            .body(Body::from(file))
            .expect("a request");
        let answer = days.test.send(request).await;
        assert!(answer.status.is_client_error(), "{}", answer.text());
        answer.text()
    };
    let refused = refusal(IMPORTS.to_owned(), file.clone()).await;
    assert!(refused.contains("subject_id"), "{refused}");
    let declared = format!("{IMPORTS}?columns=time=timestamp,count=activity,subject=subject_id");
    let refused = refusal(declared, file.clone()).await;
    assert!(refused.contains("2 people"), "{refused}");
    let alone = file.lines().filter(|line| !line.starts_with('B'));
    let alone: Vec<&str> = alone.collect();
    let account = import(&days.test, &days.person, IMPORTS, alone.join("\n")).await;
    assert_eq!(account["accepted"], 60, "{account}");
    let nobody = file.replace("subject_id", "wearer");
    let refused = refusal(format!("{IMPORTS}?format=table"), nobody).await;
    assert!(refused.contains("60 of 120 rows"), "{refused}");
}

#[tokio::test]
async fn raw_acceleration_is_reduced_while_it_arrives() {
    let Some(path) = oracle::data::beside("samples/actfast/test_data/cmi/geneactiv.bin") else {
        return;
    };
    let bytes = std::fs::read(path).expect("a recording");
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let send = async |bytes: Vec<u8>| {
        let request = Request::post(IMPORTS)
            .header("authorization", format!("Bearer {}", ada.access))
            .body(Body::from(bytes))
            .expect("a request");
        test.send(request).await
    };
    let answer = send(bytes.clone()).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    let account = answer.json();
    let accepted = |name: &str| account["by_type"][name]["accepted"].as_u64();
    let epochs = accepted("euclidean_norm_minus_one").expect("epochs");
    assert!(epochs > 0, "{account}");
    assert_eq!(accepted("z_angle"), Some(epochs));
    assert_eq!(accepted("mean_amplitude_deviation"), Some(epochs));
    assert_eq!(account["recording"]["clock_told_by"], "file", "{account}");
    let again = send(bytes).await.json();
    assert_eq!(
        (&again["accepted"], &again["duplicates"]),
        (&json!(0), &account["accepted"])
    );
}
