//! Holds what people read to the glossary of `docs/STYLE.md`: pages, the API document, settings and the help
//! of the command line. It reads text only.

use std::fs;
use std::path::{Path, PathBuf};

/// Phrases that `docs/STYLE.md` replaces; each is matched as whole words, in any case.
const BANNED: [&str; 20] = [
    "the answer",
    "an answer",
    "one answer",
    "every answer",
    "error answer",
    "last answer",
    "answers",
    "some 10",
    "some tens",
    "tells",
    "told",
    "condensed",
    "condenses",
    "some ten",
    "some sixteen",
    "some twenty",
    "some fifty",
    "some hundred",
    "how alike",
    "answered alike",
];

/// What people read; the glossary itself says what not to write.
const READ: [&str; 9] = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "docs/API.md",
    "docs/OPERATING.md",
    "docs/PRIVACY.md",
    "docs/generated/openapi.json",
    "docs/generated/config.toml",
];

#[test]
fn what_people_read_follows_the_glossary() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files: Vec<PathBuf> = READ.iter().map(|path| root.join(path)).collect();
    let arguments = root.join("crates/clarity/src/cli/args");
    files.push(arguments.with_extension("rs"));
    let parts = fs::read_dir(arguments).expect("the arguments of the commands");
    files.extend(parts.map(|entry| entry.expect("a file").path()));
    let mut found = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        for (index, line) in text.lines().enumerate() {
            if let Some(phrase) = banned(line) {
                let name = path.file_name().unwrap_or_default().display();
                found.push(format!(
                    "{name}:{}: \"{phrase}\": {}",
                    index + 1,
                    line.trim()
                ));
            }
        }
    }
    assert!(
        found.is_empty(),
        "phrases that docs/STYLE.md replaces:\n  {}",
        found.join("\n  ")
    );
}

/// A test that prints its skip itself is not counted, and does not fail where CI should have had the thing.
#[test]
fn only_the_oracle_says_that_a_test_was_skipped() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders = vec![crates.clone()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("a file").path();
            let ours = !path.ends_with("oracle") && !path.ends_with("target");
            if path.is_dir() && ours {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source file");
                if text.contains(concat!("\"skip", "ped: ")) {
                    found.push(path.display().to_string());
                }
            }
        }
    }
    assert!(found.is_empty(), "oracle::absence::skip does it: {found:?}");
}

#[test]
fn phrases_are_matched_as_whole_words() {
    assert_eq!(banned("It Tells who"), Some("tells"));
    assert_eq!(banned("a foretold end"), None);
    assert_eq!(banned("some tenths"), None);
    assert_eq!(banned("the field clock_told_by"), None);
    assert_eq!(banned("some, ten"), None);
}

fn banned(line: &str) -> Option<&'static str> {
    let lower = line.to_lowercase();
    BANNED.into_iter().find(|phrase| {
        lower.match_indices(phrase).any(|(at, _)| {
            let before = lower.get(..at).and_then(|text| text.chars().next_back());
            let after = lower
                .get(at + phrase.len()..)
                .and_then(|text| text.chars().next());
            [before, after]
                .into_iter()
                .flatten()
                .all(|next| !next.is_alphanumeric() && next != '_')
        })
    })
}
