//! The table of threats names tests that exist: a defence whose test was renamed or removed is noticed here.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const LETTERS: [&str; 6] = ["S", "T", "R", "I", "D", "E"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The names of all tests of the crates.
fn tests() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    collect(&root().join("crates"), &mut names);
    names
}

fn collect(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, names);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            names.extend(tests_of(&fs::read_to_string(&path).expect("text")));
        }
    }
}

/// The functions of a file that are marked as tests.
fn tests_of(text: &str) -> Vec<String> {
    let mut is_marked = false;
    let mut found = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_marked = true;
        }
        let name = line
            .strip_prefix("async fn ")
            .or_else(|| line.strip_prefix("fn "));
        if let Some(name) = name.and_then(|name| name.split('(').next()) {
            if is_marked {
                found.push(name.to_owned());
            }
            is_marked = false;
        }
    }
    found
}

/// The rows of the table: letter, threat, defence, names of tests.
fn rows() -> Vec<[String; 4]> {
    let text = fs::read_to_string(root().join("docs/THREATS.md")).expect("the page");
    let lines = text.lines().filter_map(|line| {
        let inner = line.strip_prefix("| ")?.strip_suffix(" |")?;
        let cells: Vec<String> = inner.split(" | ").map(str::to_owned).collect();
        <[String; 4]>::try_from(cells).ok()
    });
    lines
        .filter(|row| LETTERS.contains(&row[0].as_str()))
        .collect()
}

#[test]
fn every_threat_has_a_defence_and_a_test_that_exists() {
    let (rows, tests) = (rows(), tests());
    assert!(rows.len() > 30, "the table was not found: {}", rows.len());
    let text = fs::read_to_string(root().join("docs/THREATS.md")).expect("the page");
    let lines = text.lines().filter(|line| {
        let mut letters = LETTERS.iter();
        letters.any(|letter| line.starts_with(&format!("| {letter} |")))
    });
    assert_eq!(
        lines.count(),
        rows.len(),
        "a row has too few or too many cells"
    );
    for letter in LETTERS {
        assert!(
            rows.iter().any(|row| row[0] == letter),
            "{letter} has no row"
        );
    }
    let mut missing = Vec::new();
    for [_, threat, defence, held_by] in &rows {
        assert!(
            !threat.is_empty() && !defence.is_empty(),
            "{threat}: {defence}"
        );
        let names: Vec<&str> = held_by.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "{threat}: no test");
        let absent = names.into_iter().filter(|name| !tests.contains(*name));
        missing.extend(absent.map(str::to_owned));
    }
    assert!(missing.is_empty(), "there are no such tests: {missing:#?}");
}

#[test]
fn only_what_is_marked_is_a_test() {
    let text = "fn help() {}\n#[tokio::test(flavor = \"x\")]\nasync fn one() {}\nfn other() {}\n#[test]\n\
                #[expect(unused)]\nfn two() {}";
    assert_eq!(tests_of(text), ["one", "two"]);
}
