//! Exports that are cut, damaged, or made to hurt: what is whole is kept, the fault is named, nothing grows.

use import::batch::Fact;

use crate::support::read;

fn steps(values: &[&str]) -> Vec<u8> {
    let rows: Vec<String> = values
        .iter()
        .enumerate()
        .map(|(minute, value)| {
            format!("{{\"dateTime\":\"03/28/26 07:{minute:02}:00\",\"value\":{value}}}")
        })
        .collect();
    format!("[{}]", rows.join(",")).into_bytes()
}

fn takeout(files: &[(&str, &[u8])]) -> Vec<u8> {
    let names: Vec<String> = files
        .iter()
        .map(|(name, _)| format!("Takeout/Fitbit/Global Export Data/{name}"))
        .collect();
    let files: Vec<(&str, &[u8])> = names
        .iter()
        .map(String::as_str)
        .zip(files.iter().map(|(_, bytes)| *bytes))
        .collect();
    oracle::zip::archive(&files)
}

#[test]
fn one_bad_element_costs_only_itself() {
    let json = steps(&["\"5\"", "{}", "\"7\"", "null"]);
    let got = read(&takeout(&[("steps-2026-03-01.json", &json)]), "UTC").expect("an export");
    let values: Vec<f64> = got.of("step_count").iter().map(|one| one.value).collect();
    assert_eq!(values, [5.0, 7.0]);
    assert_eq!(got.rejected.len(), 2, "{:?}", got.rejected);
    assert!(got.rejected[0].starts_with("steps json/value"));
}

#[test]
fn a_file_that_is_cut_keeps_what_is_whole() {
    let json = steps(&["\"5\"", "\"6\"", "\"7\""]);
    let cut = &json[..json.len() - 20];
    let whole = steps(&["\"8\""]);
    let upload = takeout(&[
        ("steps-2026-03-01.json", cut),
        ("distance-2026-03-01.json", &whole),
    ]);
    let got = read(&upload, "UTC").expect("an export");
    assert_eq!(got.of("step_count").len(), 2);
    assert_eq!(got.of("distance_walking_running").len(), 1);
    let is_told = |fact: &Fact| matches!(fact, Fact::Damage { message, .. } if message.contains("steps json"));
    assert!(got.facts.iter().any(is_told), "{:?}", got.facts);
}

#[test]
fn an_archive_that_is_cut_keeps_what_is_whole() {
    let json = steps(&["\"5\"", "\"6\"", "\"7\""]);
    let upload = takeout(&[
        ("steps-2026-03-01.json", &json),
        ("distance-2026-03-01.json", &json),
    ]);
    let got = read(&upload[..upload.len() / 2], "UTC").expect("an export");
    assert!(!got.of("step_count").is_empty());
    assert!(
        got.facts
            .iter()
            .any(|fact| matches!(fact, Fact::Damage { .. }))
    );
}

#[test]
fn nesting_without_end_is_refused() {
    let mut json = steps(&["\"5\""]);
    json.pop();
    json.extend(b",");
    json.extend(b"[".repeat(100_000));
    let got = read(&takeout(&[("steps-2026-03-01.json", &json)]), "UTC").expect("an export");
    assert_eq!(got.of("step_count").len(), 1);
    let mut inner = takeout(&[("steps-2026-03-01.json", &steps(&["\"5\""]))]);
    for _ in 0..10 {
        inner = oracle::zip::archive(&[("a.zip", &inner)]);
    }
    let refused = read(&inner, "UTC").expect_err("too deep");
    assert!(
        refused.to_string().contains("archives in archives"),
        "{refused}"
    );
}

#[test]
fn archives_of_nothing_known_say_so() {
    let upload =
        oracle::zip::archive(&[("holiday.jpg", b"\xff\xd8\xff"), ("notes.md", b"# notes")]);
    let refused = read(&upload, "UTC").expect_err("nothing to read");
    assert!(
        refused.to_string().contains("no file of a known format"),
        "{refused}"
    );
}

#[test]
fn a_row_without_end_is_refused() {
    let mut table = b"timestamp,steps,data source\n2026-03-28T07:00:00Z,5,Charge 6\n\"".to_vec();
    table.resize(table.len() + (6 << 20), b'x');
    let upload = oracle::zip::archive(&[("Fitbit/steps_2026-03-01.csv", &table)]);
    let got = read(&upload, "UTC").expect("an export");
    assert_eq!(got.of("step_count").len(), 1);
    let is_told = |fact: &Fact| matches!(fact, Fact::Damage { message, .. } if message.contains("longer than"));
    assert!(got.facts.iter().any(is_told), "{:?}", got.facts);
}
