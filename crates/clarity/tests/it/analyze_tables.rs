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
