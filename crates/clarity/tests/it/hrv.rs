//! `clarity hrv` as a person uses it: files in every way of writing, and values that named tools gave.

use std::fmt::Write as _;
use std::path::Path;

use oracle::data;
use serde_json::Value;

use crate::cli::{Ended, clarity};

/// Rounding of milliseconds in the files below.
const CLOSED: f64 = 1e-9;

fn write(folder: &Path, name: &str, text: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("my folder");
    path.to_str().expect("UTF-8").to_owned()
}

/// Whole milliseconds around 850 that are never all the same.
fn beats(count: u32) -> Vec<u16> {
    (0..count)
        .map(|index| u16::try_from(800 + index * index * 37 % 101).expect("small"))
        .collect()
}

fn lines(beats: &[u16], line: impl Fn(usize, u16) -> String) -> String {
    beats
        .iter()
        .enumerate()
        .map(|(index, beat)| line(index, *beat) + "\r\n")
        .collect()
}

/// A FIT file of `hrv` messages.
fn fit(beats: &[u16]) -> Vec<u8> {
    let mut messages = vec![0x40, 0, 0, 78, 0, 1, 0, 10, 0x84];
    for five in beats.chunks(5) {
        messages.push(0);
        let padded = five.iter().copied().chain(std::iter::repeat(0xFFFF));
        messages.extend(padded.take(5).flat_map(u16::to_le_bytes));
    }
    let mut bytes = vec![14, 0x20, 0, 0];
    bytes.extend(u32::try_from(messages.len()).expect("small").to_le_bytes());
    bytes.extend(b".FIT\0\0");
    bytes.extend(messages);
    let sum = bytes.iter().fold(0_u16, |sum, &byte| {
        (0..8).fold(sum ^ u16::from(byte), |sum, _| {
            if sum & 1 == 1 {
                sum >> 1 ^ 0xA001
            } else {
                sum >> 1
            }
        })
    });
    bytes.extend(sum.to_le_bytes());
    bytes
}

fn measure(result: &Value, id: &str) -> Value {
    let measures = result["measures"].as_array().expect("a list");
    let found = measures.iter().find(|measure| measure["measure"] == id);
    found.unwrap_or_else(|| panic!("{id}: {result}")).clone()
}

fn value(result: &Value, id: &str) -> f64 {
    let found = measure(result, id);
    found["value"].as_f64().unwrap_or_else(|| panic!("{found}"))
}

/// The same beats in every way of writing.
fn every_way(folder: &Path, beats: &[u16]) -> [String; 7] {
    let here = |name: &str, text: Vec<u8>| write(folder, name, text);
    let seconds = |beat: u16| f64::from(beat) / 1000.0;
    let mut at_s = 0.0;
    let mut kubios = String::from("% R-R intervals\r\n");
    for beat in beats {
        at_s += seconds(*beat);
        write!(kubios, "{at_s:.3}\t{:.3}\r\n", seconds(*beat)).expect("a string takes all");
    }
    [
        here(
            "elite.txt",
            lines(beats, |_, beat| beat.to_string()).into_bytes(),
        ),
        here(
            "seconds.txt",
            lines(beats, |_, beat| format!("{:.3}", seconds(beat))).into_bytes(),
        ),
        here(
            "comma.txt",
            lines(beats, |_, beat| format!("0,{beat}")).into_bytes(),
        ),
        here("kubios.txt", kubios.into_bytes()),
        here(
            "logger.csv",
            (String::from("Phone timestamp;RR-interval [ms]\r\n")
                + &lines(beats, |index, beat| {
                    format!("2026-03-01T12:{:02}:00.0;{beat}", index % 60)
                }))
                .into_bytes(),
        ),
        here(
            "polar.hrm",
            (String::from("[Params]\r\nVersion=106\r\nInterval=238\r\n\r\n[HRData]\r\n")
                + &lines(beats, |_, beat| beat.to_string()))
                .into_bytes(),
        ),
        here("watch.fit", fit(beats)),
    ]
}

#[test]
fn every_way_of_writing_gives_the_same_values() {
    let home = tempfile::tempdir().expect("a folder");
    let beats = beats(600);
    let files = every_way(home.path(), &beats);
    let mut arguments = vec!["hrv", "--json", "--window", "120"];
    arguments.extend(files.iter().map(String::as_str));
    let ended = clarity(home.path(), &arguments, "");
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let documents = ended.json();
    let formats: Vec<&str> = documents
        .as_array()
        .expect("one for each file")
        .iter()
        .map(|document| {
            document["result"]["input"]["format"]
                .as_str()
                .expect("text")
        })
        .collect();
    assert_eq!(
        formats,
        [
            "column",
            "column",
            "column",
            "table",
            "table",
            "polar_hrm",
            "fit"
        ]
    );
    let first = &documents[0]["result"];
    let mean = beats.iter().map(|beat| f64::from(*beat)).sum::<f64>() / 600.0;
    assert!((value(first, "interval_mean") - mean).abs() < 1e-6);
    assert_eq!(first["artefacts"]["method"], "beat_correction");
    assert_eq!(first["windows"].as_array().expect("windows").len(), 4);
    for document in documents.as_array().expect("a list") {
        let result = &document["result"];
        assert_eq!(result["input"]["intervals"], 600, "{}", document["file"]);
        for measure in first["measures"].as_array().expect("a list") {
            let id = measure["measure"].as_str().expect("text");
            let Some(expect) = measure["value"].as_f64() else {
                assert!(result["measures"].to_string().contains("needs"));
                continue;
            };
            let found = value(result, id);
            assert!(
                (found - expect).abs() <= 1e-6 * expect.abs(),
                "{id}: {found} {expect}"
            );
        }
    }
}

/// A recording of three days of counts.
fn counts() -> String {
    let mut rows = String::from("timestamp,activity\n");
    for minute in 0..3 * 1_440_u32 {
        let (day, hour, rest) = (minute / 1_440 + 2, minute / 60 % 24, minute % 60);
        let count = if hour < 7 { 0 } else { 100 + minute % 97 };
        writeln!(rows, "2026-03-{day:02}T{hour:02}:{rest:02}:00,{count}").expect("memory");
    }
    rows
}

#[test]
fn beats_and_recordings_are_analysed_in_one_batch() {
    let home = tempfile::tempdir().expect("a folder");
    let files = every_way(home.path(), &beats(600));
    let recording = write(home.path(), "counts.csv", counts());
    let out = |name: &str| home.path().join(name).to_str().expect("UTF-8").to_owned();
    // What says that it holds beats is read as such; a bare column may be anything.
    let mut arguments: Vec<&str> = vec!["analyze"];
    arguments.extend(files.iter().map(String::as_str));
    arguments.push(&recording);
    let (json, page) = (out("r.json"), out("pages"));
    let mut into_json = arguments.clone();
    into_json.extend(["--out", &json, "--report", &page]);
    let ended = clarity(home.path(), &into_json, "");
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let document: Value =
        serde_json::from_slice(&std::fs::read(&json).expect("results")).expect("JSON");
    assert_eq!(document["recordings"].as_array().expect("a list").len(), 1);
    assert_eq!(document["failed"].as_array().expect("a list").len(), 3);
    let found = document["beats"].as_array().expect("a list");
    assert_eq!(found.len(), 4, "{}", document["failed"]);
    assert!(document["failed"].to_string().contains("--format beats"));
    for one in found {
        let path = one["path"].as_str().expect("a path");
        let told = clarity(home.path(), &["hrv", "--json", path], "").json();
        assert_eq!(one["measures"], told[0]["result"]["measures"], "{path}");
        assert_eq!(one["artefacts"], told[0]["result"]["artefacts"], "{path}");
    }
    let index = std::fs::read_to_string(home.path().join("pages/index.html")).expect("a page");
    assert!(index.contains("Beat intervals") && index.contains("polar"));
    // Somebody who knows says so.
    let table = out("r.csv");
    let mut into_table = vec!["analyze", "--format", "beats", "--out", &table];
    into_table.extend(files.iter().map(String::as_str));
    let ended = clarity(home.path(), &into_table, "");
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let text = std::fs::read_to_string(home.path().join("r.beats.csv")).expect("a table");
    let mut rows = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let heading = rows.next().expect("a heading");
    let at = |id: &str| {
        heading
            .iter()
            .position(|name| *name == id)
            .expect("it is there")
    };
    let rows: Vec<_> = rows.collect();
    assert_eq!(rows.len(), 7);
    let expect = value(&found[0], "rmssd");
    for row in rows {
        assert_eq!(row[at("intervals")], "600");
        let rmssd: f64 = row[at("rmssd")].parse().expect("a number");
        assert!((rmssd - expect).abs() < 1e-6 * expect, "{rmssd} {expect}");
    }
    // With --strict a lost line is refused, as it is of recordings.
    let lossy = format!(
        "RR [ms]\n{}lost\n",
        lines(&beats(400), |_, beat| beat.to_string())
    );
    let lossy = write(home.path(), "lossy.txt", lossy);
    let strict = ["analyze", "--strict", "--out", &table, &lossy];
    let ended = clarity(home.path(), &strict, "");
    assert_ne!(ended.code, Some(0));
    assert!(ended.err.contains("1 lines or places"), "{}", ended.err);
}

#[test]
fn values_are_those_of_named_tools() {
    let home = tempfile::tempdir().expect("a folder");
    let mut compared = 0;
    for (name, folder) in data::entries("hrv") {
        let text = data::text(&folder.join("rr_ms.csv"));
        let file = write(home.path(), &format!("{name}.csv"), text);
        let ended = clarity(
            home.path(),
            &["hrv", "--json", "--artefacts", "kept", &file],
            "",
        );
        assert_eq!(ended.code, Some(0), "{name}: {}", ended.err);
        let result = ended.json()[0]["result"].clone();
        let Some(expect) = data::json(&folder.join("reference.json")) else {
            continue;
        };
        for (id, pointer) in [
            ("interval_mean", "/plain/mean_nn"),
            ("sdnn", "/neurokit2/time/HRV_SDNN"),
            ("rmssd", "/neurokit2/time/HRV_RMSSD"),
            ("sdsd", "/neurokit2/time/HRV_SDSD"),
            ("cvnn", "/neurokit2/time/HRV_CVNN"),
            ("sd1", "/plain/sd1"),
            ("sd2", "/plain/sd2"),
            ("pnn50", "/hrv_analysis/time/pnni_50"),
            ("pnn20", "/hrv_analysis/time/pnni_20"),
            ("lf", "/hrv_analysis/frequency_welch_4Hz_linear/lf"),
            ("hf", "/hrv_analysis/frequency_welch_4Hz_linear/hf"),
            (
                "lf_hf",
                "/hrv_analysis/frequency_welch_4Hz_linear/lf_hf_ratio",
            ),
            ("sample_entropy", "/neurokit2/entropy_sample_m2_r0.2sd"),
            (
                "approximate_entropy",
                "/neurokit2/entropy_approximate_m2_r0.2sd",
            ),
        ] {
            let Some(expect) = expect.pointer(pointer).and_then(Value::as_f64) else {
                continue;
            };
            let found = value(&result, id);
            let apart = (found - expect).abs() / expect.abs().max(1.0);
            assert!(apart < CLOSED, "{name} {id}: {found} is not {expect}");
            compared += 1;
        }
    }
    assert!(compared >= 20, "{compared}");
}

#[test]
fn corrections_are_stated_and_files_that_cannot_be_read_are_named() {
    let home = tempfile::tempdir().expect("a folder");
    let mut held = beats(400);
    held[100] += held[101];
    held.remove(101);
    let missed = write(
        home.path(),
        "missed.txt",
        lines(&held, |_, beat| beat.to_string()),
    );
    let said = |ended: &Ended| ended.out.clone();
    let ended = clarity(home.path(), &["hrv", &missed], "");
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(
        said(&ended).contains("beat_correction: 0 ectopic, 1 missed"),
        "{}",
        ended.out
    );
    assert!(said(&ended).contains("rmssd"), "{}", ended.out);
    let kept = clarity(home.path(), &["hrv", "--artefacts", "kept", &missed], "");
    assert!(said(&kept).contains("kept as they are"), "{}", kept.out);
    let rates = write(
        home.path(),
        "rates.hrm",
        "[Params]\nInterval=5\n[HRData]\n74\n75\n",
    );
    let none = home.path().join("none.txt");
    let none = none.to_str().expect("UTF-8");
    let ended = clarity(home.path(), &["hrv", "--json", &missed, &rates, none], "");
    assert_ne!(ended.code, Some(0));
    assert!(ended.err.contains("2 of 3 files"), "{}", ended.err);
    let documents = ended.json();
    assert!(documents[0]["result"].is_object());
    let error = documents[1]["error"].as_str().expect("a reason");
    assert!(error.contains("line 2") && error.contains("R-R"), "{error}");
    assert!(
        documents[2]["error"]
            .as_str()
            .is_some_and(|error| error.contains("cannot open"))
    );
    let wrong = clarity(home.path(), &["hrv", "--window", "5", &missed], "");
    assert_ne!(wrong.code, Some(0));
    assert!(wrong.err.contains("60"), "{}", wrong.err);
}
