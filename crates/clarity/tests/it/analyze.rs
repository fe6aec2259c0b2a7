//! The laboratory as a researcher uses it: the real binary on real files.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::Value;

/// How long a run may take to reach a state that a test waits for.
const PATIENCE: Duration = Duration::from_mins(2);

/// What a command printed and how it ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs the binary.
pub(crate) fn clarity(arguments: &[&str]) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_clarity"))
        .args(arguments)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .expect("the binary was built");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ended {
        code: output.status.code(),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("a path of ours is text")
}

/// Reads a document.
pub(crate) fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("a file")).expect("JSON")
}

/// Writes a table of one-minute counts: nights from 23 to 7 in which every 29th minute moves.
fn write_counts(path: &Path, days: u32, person: u32) {
    let start: jiff::civil::DateTime = "2026-03-02T12:00:00".parse().expect("a time");
    let mut rows = "timestamp,activity\n".to_owned();
    for minute in 0..days * 1440 {
        let time = start + jiff::Span::new().minutes(i64::from(minute));
        let count = match time.hour() {
            23 | 0..=6 if minute % 29 == 0 => 60 + person,
            23 | 0..=6 => 0,
            hour => 100 + minute * (7_919 + person) % 311 + 10 * u32::from(hour.unsigned_abs()),
        };
        writeln!(rows, "{time},{count}").expect("a String");
    }
    fs::write(path, rows).expect("a file");
}

/// Columns of the tables that tests write, and of the references.
pub(crate) const COLUMNS: &str = "time=timestamp,count=activity";

#[test]
fn a_document_has_the_promised_shape() {
    let here = tempfile::tempdir().expect("a folder");
    let at = |name: &str| here.path().join(name);
    write_counts(&at("long.csv"), 8, 0);
    write_counts(&at("short.csv"), 1, 0);
    let ended = clarity(&[
        "analyze",
        text(&at("long.csv")),
        text(&at("short.csv")),
        text(&at("gone.csv")),
        "--columns",
        COLUMNS,
        "--out",
        text(&at("r.json")),
        "--scores",
        "--json",
    ]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let told: Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!((&told["files"], &told["analysed"]), (&3.into(), &2.into()));
    let results = json(&at("r.json"));
    let keys: Vec<&String> = results.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["beats", "failed", "recordings"]);
    assert_eq!(results["failed"][0]["path"], text(&at("gone.csv")));
    assert!(
        results["failed"][0]["error"]
            .as_str()
            .is_some_and(|error| error.contains("cannot read"))
    );
    let long = &results["recordings"][0];
    assert_eq!(long["path"], text(&at("long.csv")));
    assert_eq!(long["sha256"].as_str().map(str::len), Some(64));
    assert_eq!(
        (&long["start"], &long["epoch_s"], &long["epochs"]),
        (
            &"2026-03-02T12:00:00".into(),
            &60.into(),
            &(8 * 1440).into()
        )
    );
    check_measures(long, &results["recordings"][1]);
    assert!(
        long["nights"]
            .as_array()
            .is_some_and(|nights| nights.len() >= 6)
    );
    assert_eq!(long["days"].as_array().map(Vec::len), Some(9));
    let scores = long["scores"]["cole_kripke"].as_str().expect("a string");
    assert_eq!(scores.len(), 8 * 1440);
    assert!(
        scores
            .bytes()
            .all(|letter| matches!(letter, b'0' | b'1' | b'n'))
    );
}

fn check_measures(long: &Value, short: &Value) {
    let stability = &long["measures"]["interdaily_stability"];
    let keys: Vec<&String> = stability.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["coverage", "method", "value", "version"]);
    assert!(stability["value"].is_f64());
    assert_eq!(stability["method"], "interdaily_stability");
    for id in [
        "relative_amplitude",
        "l5",
        "m10",
        "cosinor_mesor",
        "cosinor_amplitude",
        "cosinor_acrophase_h",
    ] {
        assert!(long["measures"][id]["value"].is_f64(), "{id}");
    }
    assert_eq!(
        long["measures"]["l5_onset"]["value"].as_str().map(str::len),
        Some(8)
    );
    let none = &short["measures"]["interdaily_stability"];
    let keys: Vec<&String> = none.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["reason", "value"]);
    assert_eq!(none["value"], Value::Null);
}

/// A cell of Parquet as CSV has it.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a table holds no other kinds"
)]
fn shown(field: &Field) -> String {
    match field {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::Double(value) => format!("{value}"),
        Field::Long(value) => value.to_string(),
        Field::Date(days) => {
            let epoch = jiff::civil::Date::constant(1970, 1, 1);
            (epoch + jiff::Span::new().days(i64::from(*days))).to_string()
        }
        Field::TimestampMicros(micros) => {
            let epoch = jiff::civil::DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
            (epoch + jiff::SignedDuration::from_micros(*micros)).to_string()
        }
        other => panic!("an unexpected kind of cell: {other}"),
    }
}

fn parquet(path: &Path) -> (Vec<String>, Vec<Vec<String>>) {
    let file = fs::File::open(path).expect("a file");
    let reader = SerializedFileReader::new(file).expect("a Parquet file");
    let schema = reader.metadata().file_metadata().schema();
    let headings = schema
        .get_fields()
        .iter()
        .map(|field| field.name().to_owned())
        .collect();
    let rows = reader.get_row_iter(None).expect("rows").map(|row| {
        let row = row.expect("a row");
        row.get_column_iter()
            .map(|(_, field)| shown(field))
            .collect()
    });
    (headings, rows.collect())
}

/// Heading and rows of a table.
pub(crate) fn csv(path: &Path) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_path(path).expect("a file");
    let cells = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect();
    let headings = cells(reader.headers().expect("a heading"));
    let rows = reader
        .records()
        .map(|row| cells(&row.expect("a row")))
        .collect();
    (headings, rows)
}

#[test]
fn all_forms_hold_the_same_numbers() {
    let here = tempfile::tempdir().expect("a folder");
    let at = |name: &str| here.path().join(name);
    for person in 0..3 {
        write_counts(&at(&format!("p{person}.csv")), 5, person);
    }
    fs::write(
        at("diary.txt"),
        "recording,start,end\np1,2026-03-03T22:00,2026-03-04T08:00\n",
    )
    .expect("a file");
    for out in ["r.csv", "r.parquet", "r.json"] {
        let ended = clarity(&[
            "analyze",
            text(&at("p*.csv")),
            "--columns",
            COLUMNS,
            "--out",
            text(&at(out)),
            "--diary",
            text(&at("diary.txt")),
        ]);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        assert!(!at(&format!("{out}.part")).exists());
    }
    for table in ["r", "r.nights", "r.days"] {
        let of_csv = csv(&at(&format!("{table}.csv")));
        let of_parquet = parquet(&at(&format!("{table}.parquet")));
        assert!(of_csv.1.len() >= 3, "{table}");
        assert_eq!(of_csv, of_parquet, "{table}");
    }
    let results = json(&at("r.json"));
    let (headings, rows) = csv(&at("r.csv"));
    let mut compared = 0;
    for (recording, row) in results["recordings"]
        .as_array()
        .expect("recordings")
        .iter()
        .zip(&rows)
    {
        assert_eq!(row[0], recording["path"].as_str().expect("a path"));
        for (id, measure) in recording["measures"].as_object().expect("measures") {
            let cell = &row[headings
                .iter()
                .position(|name| name == id)
                .expect("a column")];
            let value = &measure["value"];
            match value.as_str() {
                Some(text) => assert_eq!(cell, text, "{id}"),
                None => assert_eq!(cell.parse::<f64>().ok(), value.as_f64(), "{id}"),
            }
            compared += 1;
        }
    }
    assert!(compared > 100);
    let sources: Vec<&Value> = results["recordings"]
        .as_array()
        .expect("recordings")
        .iter()
        .map(|recording| &recording["nights"][0]["window_source"])
        .collect();
    assert_eq!(sources, ["crespo", "diary", "crespo"]);
    let night = &results["recordings"][1]["nights"][0];
    assert_eq!(
        (&night["date"], &night["time_in_bed_min"]),
        (&"2026-03-04".into(), &600.0.into())
    );
}

#[test]
fn a_bad_file_in_the_middle_stops_nothing() {
    let here = tempfile::tempdir().expect("a folder");
    let at = |name: &str| here.path().join(name);
    for name in ["a.csv", "c.csv"] {
        write_counts(&at(name), 3, 1);
    }
    fs::write(at("b.csv"), [0_u8, 159, 146, 150].repeat(1000)).expect("a file");
    let wanted = |strict: &[&str]| {
        let (folder, out) = (at(""), at("r.csv"));
        let mut arguments = vec![
            "analyze",
            text(&folder),
            "--columns",
            COLUMNS,
            "--out",
            text(&out),
        ];
        arguments.extend(strict);
        let ended = clarity(&arguments);
        for name in ["r.csv", "r.nights.csv", "r.days.csv", "r.csv.journal"] {
            fs::rename(at(name), here.path().with_extension(name)).expect("written");
        }
        (ended, csv(&here.path().with_extension("r.csv")).1)
    };
    let (ended, rows) = wanted(&[]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert_eq!(rows.len(), 2);
    assert!(
        ended.err.contains("failed: ") && ended.err.contains("b.csv"),
        "{}",
        ended.err
    );
    let (ended, rows) = wanted(&["--strict"]);
    assert_eq!((ended.code, rows.len()), (Some(3), 2));
    let (bad, out) = (at("b.csv"), at("r.csv"));
    let ended = clarity(&[
        "analyze",
        text(&bad),
        "--columns",
        COLUMNS,
        "--out",
        text(&out),
    ]);
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    let ended = clarity(&["analyze", text(&bad), "--out", text(&at("r.xlsx"))]);
    assert_eq!(ended.code, Some(2), "{}", ended.err);
    let ended = clarity(&[
        "analyze",
        text(&bad),
        "--out",
        text(&out),
        "--methods",
        "magic",
    ]);
    assert_eq!(ended.code, Some(2), "{}", ended.err);
    assert!(ended.err.contains("interdaily_stability"), "{}", ended.err);
}

#[test]
fn a_run_that_was_killed_goes_on_where_it_was() {
    let here = tempfile::tempdir().expect("a folder");
    let at = |name: &str| here.path().join(name);
    let (data, out, journal) = (at("data"), at("r.json"), at("r.json.journal"));
    fs::create_dir(&data).expect("a folder");
    for person in 0..24 {
        write_counts(&data.join(format!("p{person:02}.csv")), 7, person);
    }
    let arguments = [
        "analyze",
        text(&data),
        "--columns",
        COLUMNS,
        "--out",
        text(&out),
        "--threads",
        "1",
    ];
    let mut child = Command::new(env!("CARGO_BIN_EXE_clarity"))
        .args(arguments)
        .env_clear()
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary was built");
    let lines = || {
        fs::read_to_string(&journal)
            .unwrap_or_default()
            .lines()
            .count()
    };
    let begun = Instant::now();
    while lines() < 4 && begun.elapsed() < PATIENCE {
        std::thread::yield_now();
    }
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    let kept = lines();
    assert!((4..25).contains(&kept), "{kept} lines before the end");
    assert!(!out.exists(), "an unfinished output has another name");
    // What was cut short is dropped, the rest is not analysed again: its values come from the journal.
    let marked = fs::read_to_string(&journal).expect("a journal").replacen(
        "\"format\":\"table\"",
        "\"format\":\"kept\"",
        1,
    );
    fs::write(&journal, marked + "{\"key\":\"cut").expect("a file");
    let ended = clarity(&[&arguments[..], &["--resume"]].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let results = json(&out);
    let recordings = results["recordings"].as_array().expect("recordings");
    assert_eq!(recordings.len(), 24);
    let kept: Vec<usize> = (0..24)
        .filter(|&index| recordings[index]["format"] == "kept")
        .collect();
    assert_eq!(
        kept.len(),
        1,
        "one entry was marked, and none is analysed twice"
    );
    for (person, recording) in recordings.iter().enumerate() {
        let path = recording["path"].as_str().expect("a path");
        assert!(
            path.ends_with(&format!("p{person:02}.csv")),
            "in the order of the files"
        );
    }
    // Other options are another question.
    let ended = clarity(&[&arguments[..], &["--resume", "--methods", "l5"]].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let measures = json(&out)["recordings"][0]["measures"].clone();
    assert_eq!(measures.as_object().map(serde_json::Map::len), Some(1));
}

#[test]
fn zone_epoch_and_period_change_the_series_as_told() {
    let here = tempfile::tempdir().expect("a folder");
    let at = |name: &str| here.path().join(name);
    // Twenty-seven days from 2 March contain the spring change of 29 March 2026.
    write_counts(&at("p.csv"), 30, 0);
    let run = |more: &[&str]| {
        let (file, out) = (at("p.csv"), at("r.json"));
        let arguments = [
            "analyze",
            text(&file),
            "--columns",
            COLUMNS,
            "--out",
            text(&out),
        ];
        let ended = clarity(&[&arguments[..], more].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        json(&out)["recordings"][0].clone()
    };
    let plain = run(&[]);
    assert_eq!(plain["epochs"], 30 * 1440);
    let zoned = run(&["--tz", "Europe/Oslo"]);
    assert_eq!(zoned["epochs"], 30 * 1440 + 60);
    let missing = zoned["coverage"].as_f64().expect("a number");
    assert!((missing - 43_200.0 / 43_260.0).abs() < 1e-12, "{missing}");
    let days = zoned["days"].as_array().expect("days");
    let changed = days
        .iter()
        .find(|day| day["date"] == "2026-03-29")
        .expect("the day");
    assert!((changed["coverage"].as_f64().expect("a number") - 23.0 / 24.0).abs() < 1e-12);
    let coarse = run(&["--epoch", "300"]);
    assert_eq!(
        (&coarse["epoch_s"], &coarse["epochs"]),
        (&300.into(), &(30 * 288).into())
    );
    let mean = |document: &Value| {
        document["measures"]["activity_mean"]["value"]
            .as_f64()
            .expect("a number")
    };
    assert!(
        (mean(&coarse) - 5.0 * mean(&plain)).abs() < 1e-6 * mean(&coarse),
        "counts are added up"
    );
}

/// Four days worn, then three days on a table: nights of the days that were worn, the same as without the table.
#[test]
fn a_device_on_the_table_makes_no_nights() {
    let here = tempfile::tempdir().expect("a folder");
    let at = |name: &str| here.path().join(name);
    write_counts(&at("worn.csv"), 4, 0);
    let mut rows = fs::read_to_string(at("worn.csv")).expect("a file");
    let start: jiff::civil::DateTime = "2026-03-06T12:00:00".parse().expect("a time");
    for minute in 0..3 * 1440 {
        let time = start + jiff::Span::new().minutes(i64::from(minute));
        writeln!(rows, "{time},0").expect("a String");
    }
    fs::write(at("stopped.csv"), rows).expect("a file");
    let run = |name: &str, more: &[&str]| {
        let (file, out) = (at(name), at("r.json"));
        let arguments = [
            "analyze",
            text(&file),
            "--columns",
            COLUMNS,
            "--out",
            text(&out),
            "--methods",
            "sleep,nights,days,activity_mean",
        ];
        let ended = clarity(&[&arguments[..], more].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        json(&out)["recordings"][0].clone()
    };
    let (worn, stopped) = (run("worn.csv", &[]), run("stopped.csv", &[]));
    assert_eq!(stopped["nonwear"], "choi_180");
    assert_eq!(worn["nights"], stopped["nights"]);
    for id in ["nights", "total_sleep_min", "sleep_onset", "activity_mean"] {
        let value = |document: &Value| document["measures"][id]["value"].clone();
        assert_eq!(value(&worn), value(&stopped), "{id}");
        assert_ne!(value(&worn), Value::Null, "{id}");
    }
    let kept = run("stopped.csv", &["--nonwear", "kept"]);
    assert_eq!(kept["nonwear"], "kept");
    let nights = kept["nights"].as_array().expect("nights");
    let long = nights.iter().find(|night| {
        night["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("16 hours or fewer"))
    });
    assert_eq!(
        long.expect("a night too long")["total_sleep_min"],
        Value::Null
    );
    assert_ne!(kept["measures"]["nights_left_out"]["value"], 0.0);
    let strict = run("stopped.csv", &["--min-nights", "5"]);
    assert_eq!(strict["least_nights"], 5);
    let total = &strict["measures"]["total_sleep_min"];
    assert_eq!(total["value"], Value::Null);
    assert!(
        total["reason"]
            .as_str()
            .is_some_and(|reason| reason.starts_with("needs 5 nights"))
    );
}

#[test]
fn only_the_period_that_was_asked_for_is_used() {
    let here = tempfile::tempdir().expect("a folder");
    let at = |name: &str| here.path().join(name);
    write_counts(&at("p.csv"), 10, 0);
    let run = |start: &str| {
        let lines = format!("recording,start,end\nP,{start},2026-03-10T00:00\n");
        fs::write(at("periods.txt"), lines).expect("a file");
        clarity(&[
            "analyze",
            text(&at("p.csv")),
            "--columns",
            COLUMNS,
            "--out",
            text(&at("r.json")),
            "--periods",
            text(&at("periods.txt")),
        ])
    };
    let bad = run("soon");
    assert_eq!(bad.code, Some(2), "{}", bad.err);
    assert!(bad.err.contains("line 2"), "{}", bad.err);
    let ended = run("2026-03-05T00:00");
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let part = json(&at("r.json"))["recordings"][0].clone();
    assert_eq!(part["start"], "2026-03-05T00:00:00");
    assert_eq!(part["epochs"], 5 * 1440);
}

#[test]
fn groups_are_compared_and_pages_written() {
    let here = tempfile::tempdir().expect("a folder");
    let at = |name: &str| here.path().join(name);
    let mut labels = "id,group\n".to_owned();
    for person in 0..8 {
        write_counts(&at(&format!("p{person}.csv")), 4, person * 40);
        let group = if person < 4 { "still" } else { "lively" };
        writeln!(labels, "p{person},{group}").expect("a String");
    }
    fs::write(at("labels.txt"), labels).expect("a file");
    let (out, pages) = (at("r.csv"), at("pages"));
    let ended = clarity(&[
        "analyze",
        text(&at("p*.csv")),
        "--columns",
        COLUMNS,
        "--out",
        text(&out),
        "--report",
        text(&pages),
    ]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(pages.join("index.html").exists());
    assert_eq!(fs::read_dir(&pages).expect("a folder").count(), 9);
    let labels = at("labels.txt");
    let arguments = [
        "compare",
        text(&out),
        "--groups",
        text(&labels),
        "--by",
        "group",
    ];
    let ended = clarity(&arguments);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.out.contains("interdaily_stability"), "{}", ended.out);
    let document: Value =
        serde_json::from_str(&clarity(&[&arguments[..], &["--json"]].concat()).out).expect("JSON");
    assert_eq!(
        (&document["first"], &document["n"]),
        (&"lively".into(), &serde_json::json!([4, 4]))
    );
    let ended = clarity(&[
        "compare",
        text(&out),
        "--groups",
        text(&labels),
        "--by",
        "colour",
    ]);
    assert_eq!(ended.code, Some(2), "{}", ended.err);
}
