//! Keeps the names of public types apart: within a crate one name is one thing.
//!
//! Where a name stands in several files it is listed with their number, which may only fall; a name
//! that is not listed stands once. It reads source files only.

use std::collections::BTreeMap;

use crate::tidy::{none, rust_files};

/// Names that several files of a crate give to a public type, and how many.
const SHARED: &[(&str, &str, usize)] = &[
    ("analysis", "Activity", 3),
    ("analysis", "Bands", 2),
    ("analysis", "Curve", 2),
    ("analysis", "Day", 2),
    ("analysis", "Definition", 3),
    ("analysis", "Epochs", 2),
    ("analysis", "Found", 2),
    ("analysis", "Kind", 2),
    ("analysis", "Measure", 2),
    ("analysis", "Rule", 4),
    ("analysis", "Scorer", 2),
    ("analysis", "Stay", 2),
    ("analysis", "Test", 2),
    ("analysis", "Trend", 2),
    ("analysis", "Week", 2),
    ("analysis", "Window", 2),
    ("import", "Context", 2),
    ("import", "Format", 2),
    ("import", "Options", 2),
    ("import", "ReadError", 2),
    ("import", "Summary", 2),
    ("lab", "Document", 2),
    ("lab", "LeaveOut", 2),
    ("lab", "Line", 2),
    ("lab", "Output", 2),
    ("lab", "Wanted", 2),
    ("pat", "Row", 2),
    ("store", "After", 2),
];

#[test]
fn a_name_of_a_public_type_stands_once_in_its_crate() {
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (path, text) in rust_files() {
        let mut folders = path.split('/');
        let (Some("crates"), Some(name), Some("src")) =
            (folders.next(), folders.next(), folders.next())
        else {
            continue;
        };
        for defined in text.lines().filter_map(defined) {
            *counts
                .entry((name.to_owned(), defined.to_owned()))
                .or_default() += 1;
        }
    }
    assert!(counts.len() > 300, "the types were not found");
    let allowed = |name: &str, defined: &str| {
        let listed = SHARED.iter().find(|row| (row.0, row.1) == (name, defined));
        listed.map_or(1, |row| row.2)
    };
    let found = counts
        .iter()
        .filter(|((name, defined), count)| **count > allowed(name, defined))
        .map(|((name, defined), count)| format!("{name}: {defined} stands in {count} files"));
    none(found, "public types of one name");
}

/// The API document knows a type by its bare name; of two types of one name it would silently keep one.
#[test]
fn a_name_in_the_api_document_is_one_type() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, text) in rust_files() {
        if !path.contains("/src/") {
            continue;
        }
        for name in documented(&text) {
            places.entry(name).or_default().push(path.clone());
        }
    }
    assert!(places.len() > 150, "the documented types were not found");
    let found = places
        .iter()
        .filter(|(_, places)| places.len() > 1)
        .map(|(name, places)| format!("{name}: {}", places.join(", ")));
    none(found, "types of one name in the API document");
}

#[test]
fn documented_types_are_found() {
    let text = "#[derive(Debug, ToSchema)]\n#[serde(untagged)]\npub(crate) enum One {\n}\n\n\
                #[derive(\n    Debug,\n    ToSchema,\n)]\n#[schema(as = Other)]\nstruct Two<T>(T);\n\n\
                #[derive(Debug)]\nstruct Three;\n";
    assert_eq!(documented(text), ["One", "Other"]);
}

/// The names under which the types of a file stand in the API document.
fn documented(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut attributes = String::new();
    for line in text.lines() {
        let line = line.trim();
        let words = line.strip_prefix("pub(crate) ").unwrap_or(line);
        let words = words.strip_prefix("pub(super) ").unwrap_or(words);
        let words = words.strip_prefix("pub ").unwrap_or(words);
        let kind = words.split_once(' ');
        if let Some(("struct" | "enum", rest)) = kind {
            let derives = attributes
                .split("derive(")
                .skip(1)
                .filter_map(|rest| rest.split_once(')'));
            if derives
                .into_iter()
                .any(|(list, _)| list.contains("ToSchema"))
            {
                let other = attributes.split_once("schema(as = ");
                let name = other.map_or(rest, |(_, other)| other);
                let end = name.find(|c: char| !c.is_alphanumeric() && c != '_');
                names.push(
                    name.get(..end.unwrap_or(name.len()))
                        .unwrap_or_default()
                        .to_owned(),
                );
            }
            attributes.clear();
        } else if line.is_empty() || line.ends_with('}') || line.ends_with(';') {
            attributes.clear();
        } else {
            attributes.push_str(line);
        }
    }
    names
}

/// The public type that a line defines at the outermost level.
fn defined(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("pub ")?;
    let (kind, rest) = rest.split_once(' ')?;
    let end = rest
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    matches!(kind, "struct" | "enum" | "type").then(|| rest.get(..end))?
}
