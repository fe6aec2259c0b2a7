//! The pages of the laboratory as somebody reads them who files a recording: what a device says is used and shown,
//! and nothing on them is an identifier.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use jiff::civil::DateTime;
use serde_json::Value;

use crate::analyze::{clarity, json, text};
use crate::harness::TestApp;
use crate::laboratory::recording;

/// Days of the recording.
const DAYS: i64 = 8;

/// A minute of somebody in bed from 22:30 to 07:00 and asleep from 23:00, who takes the device off on the third
/// afternoon and presses the button when the light goes out; the fifth morning was excluded.
fn minute(at: DateTime, minute: i64) -> String {
    let (clock, day) = (
        i64::from(at.hour()) * 60 + i64::from(at.minute()),
        minute / 1_440,
    );
    let noise = (minute * 7_919) % 311;
    let is_off = day == 2 && (840..1_020).contains(&clock);
    let is_excluded = day == 4 && (540..600).contains(&clock);
    let in_bed = !(420..1_350).contains(&clock);
    let asleep = !(405..1_380).contains(&clock);
    let counts = match (is_off, asleep, in_bed) {
        (true, ..) => 0,
        (_, true, _) if minute % 23 == 0 => 30,
        (_, true, _) => 0,
        (_, _, true) => 45 + noise / 20,
        _ => 120 + noise,
    };
    let marker = u8::from(clock == 1_350);
    let light = if in_bed { 0 } else { 20 + clock * 2 };
    let status = match (is_excluded, asleep, in_bed) {
        (true, ..) => "EXCLUDED",
        (_, true, _) => "REST-S",
        (_, _, true) => "REST",
        _ => "ACTIVE",
    };
    let date = at.strftime("%d/%m/%Y,%H:%M:%S");
    format!(
        "{date},{},{counts},{marker},{light},{},{status}",
        u8::from(is_off),
        u8::from(!asleep)
    )
}

/// Eight days from noon as Actiware exports them.
fn actiware() -> String {
    let start: DateTime = "2026-03-20T12:00:00".parse().expect("a time");
    let mut file = "Actiware (06.00),,\n\"Actiwatch Type:\",\"Spectrum Pro\"\n\"Actiwatch Serial Number:\",\"A1234\"\n\
                    \"Epoch Length:\",\"1\",\"minutes\"\n\
                    Line,Date,Time,Off-Wrist Status,Activity,Marker,White Light,Sleep/Wake,Interval Status\n"
        .to_owned();
    for number in 0..DAYS * 1_440 {
        let at = start + jiff::SignedDuration::from_mins(number);
        writeln!(file, "{},{}", number + 1, minute(at, number)).expect("a String takes it");
    }
    file
}

/// The one page of a recording in a folder.
fn page_in(folder: &Path) -> String {
    let pages = fs::read_dir(folder).expect("pages");
    let mut paths = pages.map(|entry| entry.expect("a page").path());
    let path = paths
        .find(|path| !path.ends_with("index.html"))
        .expect("a page");
    fs::read_to_string(path).expect("text")
}

/// What a page shows: its words without marks, styles and addresses.
fn seen(html: &str) -> String {
    let body = html.split_once("</style>").map_or(html, |(_, body)| body);
    let mut out = String::new();
    let mut in_tag = false;
    for letter in body.chars() {
        match letter {
            '<' => in_tag = true,
            '>' => {
                in_tag = false;
                out.push('\n');
            }
            _ if !in_tag => out.push(letter),
            _ => {}
        }
    }
    out
}

#[test]
fn the_intervals_and_the_sensor_of_a_device_are_used_where_wanted() {
    let here = tempfile::tempdir().expect("a folder");
    let at = |name: &str| here.path().join(name);
    fs::write(at("a.csv"), actiware()).expect("a file");
    let (input, out, pages) = (at("a.csv"), at("r.json"), at("pages"));
    let analyze = |more: &[&str]| {
        let mut arguments = vec![
            "analyze",
            text(&input),
            "--out",
            text(&out),
            "--report",
            text(&pages),
        ];
        arguments.extend(more);
        let ended = clarity(&arguments);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        json(&out)["recordings"][0].clone()
    };
    let found = analyze(&["--windows", "device", "--nonwear", "device"]);
    let nights = found["nights"].as_array().expect("nights");
    assert_eq!(nights.len(), 8, "{nights:?}");
    for night in nights {
        let text = |name: &str| night[name].as_str().unwrap_or_default().to_owned();
        assert_eq!(text("window_source"), "device");
        assert!(text("in_bed").ends_with("T22:30:00"), "{night}");
        assert!(text("out_of_bed").ends_with("T07:00:00"), "{night}");
    }
    assert_eq!(found["nonwear"], "device");
    let coverage = found["coverage"].as_f64().expect("a share");
    assert!(
        (coverage - (1.0 - 4.0 / (8.0 * 24.0))).abs() < 1e-9,
        "three hours off, one excluded: {coverage}"
    );
    let shown = seen(&page_in(&pages));
    for words in [
        "rest intervals of the device's program",
        "off-wrist sensor",
        "Sleep onset latency (SOL)",
        "Event button (8)",
        "Excluded",
        "In bed",
    ] {
        assert!(
            shown.contains(words) || shown.contains(&words.replace('\'', "&#x27;")),
            "{words}"
        );
    }
    let found = analyze(&["--nonwear", "kept"]);
    assert_eq!(found["nights"][1]["window_source"], "crespo");
    let shown = seen(&page_in(&pages));
    assert!(
        !shown.contains("\nSOL\n"),
        "nobody said when lights were out"
    );
    assert!(shown.contains("There is no latency"));
}

#[test]
fn what_a_file_does_not_say_is_refused_by_name() {
    let here = tempfile::tempdir().expect("a folder");
    let (input, out) = (here.path().join("a.awd"), here.path().join("r.json"));
    fs::write(&input, recording()).expect("a file");
    for (option, reason) in [
        ("--windows", "no rest intervals of the device"),
        ("--nonwear", "neither an off-wrist sensor nor intervals"),
    ] {
        let ended = clarity(&[
            "analyze",
            text(&input),
            "--out",
            text(&out),
            option,
            "device",
        ]);
        assert_eq!(ended.code, Some(1), "{}", ended.err);
        assert!(
            ended.err.contains(reason) && ended.err.contains(option),
            "{}",
            ended.err
        );
    }
}

#[test]
fn a_page_has_words_for_everything_and_the_whole_table_of_nights() {
    let here = tempfile::tempdir().expect("a folder");
    let at = |name: &str| here.path().join(name);
    fs::write(at("person.csv"), actiware()).expect("a file");
    let (input, out, pages) = (at("person.csv"), at("r.json"), at("pages"));
    let arguments = [
        "analyze",
        text(&input),
        "--out",
        text(&out),
        "--report",
        text(&pages),
    ];
    let ended = clarity(&arguments);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let html = page_in(&pages);
    for page in [
        &html,
        &fs::read_to_string(pages.join("index.html")).expect("a page"),
    ] {
        let shown = seen(page);
        let identifiers: Vec<&str> = shown
            .split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
            .filter(|word| word.contains('_'))
            .collect();
        assert!(identifiers.is_empty(), "{identifiers:?}");
        assert!(!shown.contains("input"), "the unit is in words");
        assert!(!shown.contains("{count}"));
    }
    let shown = seen(&html);
    for column in [
        "Woke on",
        "Rest",
        "SPT",
        "TST",
        "SE",
        "WASO",
        "WASO AASM",
        "Awakenings",
        "Scored",
    ] {
        assert!(shown.contains(&format!("\n{column}\n")), "{column}");
    }
    let document = json(&out);
    let nights = document["recordings"][0]["nights"]
        .as_array()
        .expect("nights");
    let main: Vec<&Value> = nights
        .iter()
        .filter(|night| night["role"] == "night")
        .collect();
    assert!(main.len() >= 7, "{main:?}");
    for night in main {
        let date: jiff::civil::Date = night["date"]
            .as_str()
            .expect("a date")
            .parse()
            .expect("a date");
        let row = date.strftime("%a %F").to_string();
        assert!(shown.contains(&row), "{row}");
        let asleep = night["total_sleep_min"].as_f64().expect("a number");
        assert!(shown.contains(&format!("\n{asleep:.0}\n")), "{asleep}");
    }
    let midpoint = document["recordings"][0]["measures"]["sleep_midpoint"]["value"].as_str();
    let midpoint: jiff::civil::Time = midpoint.expect("a text").parse().expect("a time of day");
    let minute = midpoint
        .round(jiff::Unit::Minute)
        .expect("a minute")
        .strftime("%H:%M")
        .to_string();
    assert!(shown.contains(&minute), "{minute}");
}

#[tokio::test]
async fn the_page_of_a_recording_comes_over_http() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let send = async |query: &str| {
        let request = Request::post(format!("/api/v1/lab/page{query}"))
            .header("content-type", "application/octet-stream")
            .header("authorization", format!("Bearer {}", ada.access))
            .body(Body::from(recording()));
        test.send(request.expect("a request")).await
    };
    let answer = send("?name=night%20shift.awd").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert!(answer.header("content-type").starts_with("text/html"));
    assert!(
        answer
            .header("content-disposition")
            .starts_with("attachment")
    );
    let page = answer.text();
    assert!(
        page.contains("<h1>night shift</h1>") && page.contains("Lost at line 2001"),
        "{page}"
    );
    send("?member=7").await.problem(404, "not_found");
    let refused = send("?windows=device").await;
    assert!(
        refused.text().contains("no rest intervals of the device"),
        "{}",
        refused.text()
    );
    assert!(refused.status.is_client_error());
}
