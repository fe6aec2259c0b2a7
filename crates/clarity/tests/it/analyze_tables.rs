//! `clarity analyze` on tables that hold several people, or of which something is lost.

use std::fmt::Write as _;
use std::fs;

use serde_json::Value;

use crate::analyze::{clarity, json, text};

/// Minutes of a day for two people, whose counts are their own.
fn two_people(heading: &str) -> String {
    let mut file = format!("{heading},timestamp,activity\n");
    for (who, count) in [("A", 100), ("B", 300)] {
        for minute in 0..1_440 {
            let at = format!("2024-03-01 {:02}:{:02}:00", minute / 60, minute % 60);
            writeln!(file, "{who},{at},{}", count + minute % 7).expect("a String takes it");
        }
    }
    file
}

#[test]
fn people_of_one_table_are_analysed_apart() {
    let here = tempfile::tempdir().expect("a folder");
    let (table, out) = (here.path().join("two.csv"), here.path().join("r.json"));
    let pages = here.path().join("pages");
    for (heading, more) in [
        ("subject_id", None),
        ("who", Some("time=timestamp,count=activity,subject=who")),
    ] {
        fs::write(&table, two_people(heading)).expect("a file");
        let mut arguments = vec!["analyze", text(&table), "--out", text(&out)];
        arguments.extend(["--strict", "--report", text(&pages)]);
        arguments.extend(more.iter().flat_map(|columns| ["--columns", columns]));
        let ended = clarity(&arguments);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        let document = json(&out);
        let members: Vec<(&Value, &Value)> = document["recordings"]
            .as_array()
            .expect("recordings")
            .iter()
            .map(|recording| (&recording["member"], &recording["epochs"]))
            .collect();
        assert_eq!(
            members,
            [(&"A".into(), &1_440.into()), (&"B".into(), &1_440.into())]
        );
    }
}

#[test]
fn what_is_lost_is_counted_and_refused_when_strict_or_too_much() {
    let here = tempfile::tempdir().expect("a folder");
    let (table, out) = (here.path().join("one.csv"), here.path().join("r.json"));
    let pages = here.path().join("pages");
    let mut file = two_people("id").replace("id,", "").replace("A,", "");
    file.truncate(file.find("B,").expect("the other person"));
    for _ in 0..5 {
        file.push_str("what is this,here\n");
    }
    let analyze = |file: &str, more: &[&str]| {
        fs::write(&table, file).expect("a file");
        let mut arguments = vec!["analyze", text(&table), "--out", text(&out)];
        arguments.extend(["--report", text(&pages)]);
        arguments.extend(more);
        clarity(&arguments)
    };
    let ended = analyze(&file, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let recording = &json(&out)["recordings"][0];
    assert_eq!(
        (
            &recording["damages"]["lost"],
            &recording["damages"]["count"]
        ),
        (&5.into(), &5.into())
    );
    let page = fs::read_dir(&pages)
        .expect("pages")
        .map(|entry| fs::read_to_string(entry.expect("a page").path()).expect("text"))
        .find(|page| page.contains("Lost at line 1442"));
    assert!(page.is_some(), "the page says what is lost");
    let ended = analyze(&file, &["--strict"]);
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    assert!(
        ended.err.contains("line 1442") && ended.err.contains("--strict"),
        "{}",
        ended.err
    );
    let ended = analyze(&(file + &"what is this,here\n".repeat(300)), &[]);
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    assert!(
        ended.err.contains("305 of 1745 rows are lost"),
        "{}",
        ended.err
    );
}

/// Two nights of counts for each of some people.
fn people(count: u32) -> String {
    let mut file = "id,timestamp,activity\n".to_owned();
    for person in 0..count {
        for minute in 0..2_880 {
            let (day, minute) = (1 + minute / 1_440, minute % 1_440);
            let at = format!("2024-03-{day:02} {:02}:{:02}:00", minute / 60, minute % 60);
            let still = !(420..1_380).contains(&minute);
            let value = if still {
                0
            } else {
                50 + 40 * person + minute % 9
            };
            writeln!(file, "p{person},{at},{value}").expect("a String takes it");
        }
    }
    file
}

#[test]
fn people_of_one_table_are_compared_from_every_form_of_results() {
    let here = tempfile::tempdir().expect("a folder");
    let at = |name: &str| here.path().join(name);
    fs::write(at("all.csv"), people(8)).expect("a file");
    let mut labels = "id,group\n".to_owned();
    for person in 0..8 {
        let group = if person < 4 { "still" } else { "lively" };
        writeln!(labels, "P{person},{group}").expect("a String takes it");
    }
    fs::write(at("labels.txt"), labels).expect("a file");
    let mut found = Vec::new();
    for form in ["r.csv", "r.parquet", "r.json"] {
        let (table, out, labels) = (at("all.csv"), at(form), at("labels.txt"));
        let methods = ["--methods", "m10,l5_onset,relative_amplitude"];
        let analyzed = clarity(
            &[
                &["analyze", text(&table), "--out", text(&out)],
                &methods[..],
            ]
            .concat(),
        );
        assert_eq!(analyzed.code, Some(0), "{}", analyzed.err);
        let wanted = [
            "compare",
            text(&out),
            "--groups",
            text(&labels),
            "--by",
            "group",
            "--json",
        ];
        let compared = clarity(&[&wanted[..], &methods[..]].concat());
        assert_eq!(compared.code, Some(0), "{form}: {}", compared.err);
        let document: Value = serde_json::from_str(&compared.out).expect("JSON");
        assert_eq!(document["n"], serde_json::json!([4, 4]), "{form}");
        found.push(document["measures"][0].clone());
    }
    assert_eq!(found[0], found[1]);
    assert_eq!(found[0], found[2]);
}

#[test]
fn a_diary_must_name_a_recording_and_be_no_mask_log() {
    let here = tempfile::tempdir().expect("a folder");
    let at = |name: &str| here.path().join(name);
    fs::write(at("all.csv"), people(2)).expect("a file");
    let analyze = |option: &str, log: &str| {
        fs::write(at("log.txt"), log).expect("a file");
        let (table, out, log) = (at("all.csv"), at("r.json"), at("log.txt"));
        clarity(&[
            "analyze",
            text(&table),
            "--out",
            text(&out),
            option,
            text(&log),
        ])
    };
    let night = "2024-03-01 23:00;2024-03-02 07:00";
    for option in ["--diary", "--periods"] {
        let stray = analyze(option, &format!("recording;start;end\nnobody;{night}\n"));
        assert_eq!(stray.code, Some(2), "{}", stray.err);
        assert!(
            stray.err.contains("names none of the recordings"),
            "{}",
            stray.err
        );
        let mask = analyze(option, &format!("Mask;Start_time;Stop_time\n1;{night}\n"));
        assert_eq!(mask.code, Some(2), "{}", mask.err);
        assert!(mask.err.contains("mask log"), "{}", mask.err);
        let unnamed = analyze(option, &format!("start;end\n{night}\n"));
        assert_eq!(unnamed.code, Some(1), "{}", unnamed.err);
        assert!(unnamed.err.contains("column recording"), "{}", unnamed.err);
    }
    let one = analyze(
        "--periods",
        &format!("recording;start;end\nP1;{night}\np0;;\n"),
    );
    assert_eq!(one.code, Some(0), "{}", one.err);
    assert!(one.err.contains("1 lines of the diary"), "{}", one.err);
    let document = json(&at("r.json"));
    let epochs: Vec<&Value> = document["recordings"]
        .as_array()
        .expect("recordings")
        .iter()
        .map(|recording| &recording["epochs"])
        .collect();
    assert_eq!(epochs, [&Value::from(2_880), &Value::from(480)]);
}
