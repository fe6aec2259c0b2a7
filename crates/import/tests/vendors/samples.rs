//! Every sample beside the project, in every wrapping in which people send it.

use std::fs;
use std::path::Path;

use import::format::{self, Format};
use oracle::data;
use serde_json::Value;

use crate::expected::differences;
use crate::support::{Got, read_as};

/// Samples whose reader is here.
pub(crate) const READ: &[&str] = &[
    "fitbit-takeout",
    "fitbit-archive",
    "garmin-fit",
    "garmin-export",
    "strava",
    "dexcom-clarity",
    "libreview",
    "cronometer",
    "myfitnesspal",
    "omron-bp",
    "nightscout",
    "fhir-r4",
    "open-mhealth",
    "gadgetbridge",
    "health-connect",
    "samsung-health",
    "oura-export",
    "oura-api-v2",
    "whoop",
    "withings",
    "google-fit",
    "mi-fitness",
    "zepp",
    "polar",
    "huawei-health",
    "sleep-as-android",
];

/// Samples whose files do not say all that their reader has to know, and the name of the format that does.
const NAMED: &[(&str, &str)] = &[("myfitnesspal", "myfitnesspal_lb")];

/// The name of the format under which a sample is read.
pub(crate) fn name_of_format(sample: &str) -> &'static str {
    let named = NAMED.iter().find(|(name, _)| *name == sample);
    named.map_or(format::AUTO, |(_, format)| *format)
}

/// A zip archive of everything in a folder, below another folder and beside what a Mac adds.
fn wrapped(folder: &Path, top: &str) -> Vec<u8> {
    let mut files = Vec::new();
    gather(folder, top, &mut files);
    let leftover: &[u8] = b"\0\x05\x16\x07";
    let mut all = vec![("__MACOSX/._x", leftover), (".DS_Store", leftover)];
    all.extend(
        files
            .iter()
            .map(|(name, bytes)| (name.as_str(), bytes.as_slice())),
    );
    oracle::zip::archive(&all)
}

pub(crate) fn gather(folder: &Path, prefix: &str, files: &mut Vec<(String, Vec<u8>)>) {
    let listed = fs::read_dir(folder).expect("a folder");
    let mut paths: Vec<_> = listed
        .map(|entry| entry.expect("an entry").path())
        .collect();
    // In another order than the vendor's.
    paths.sort();
    paths.reverse();
    for path in paths {
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let name = format!("{prefix}/{name}");
        if path.is_dir() {
            gather(&path, &name, files);
        } else {
            files.push((name, fs::read(&path).expect("a file")));
        }
    }
}

/// The ways in which a sample is sent.
pub(crate) fn uploads(folder: &Path, expected: &Value) -> Vec<(&'static str, Vec<u8>)> {
    let mut uploads = Vec::new();
    let export = folder.join("export");
    if let Some(upload) = expected["upload"].as_str() {
        let bytes = fs::read(folder.join(upload)).expect("the upload");
        let is_archive = bytes.starts_with(b"PK\x03\x04");
        uploads.push(("zipped again", oracle::zip::archive(&[("a/b", &bytes)])));
        if !is_archive {
            uploads.push(("renamed", oracle::zip::archive(&[("data", &bytes)])));
        }
        uploads.push(("alone", bytes));
    }
    if export.is_dir() && !export.join("dump.sql").exists() {
        uploads.push(("in a folder", wrapped(&export, "Mein Export")));
    }
    uploads
}

#[test]
fn samples_bring_what_is_expected() {
    let mut faults = Vec::new();
    for name in READ {
        let Some(folder) = data::beside(&format!("vendors/{name}")) else {
            return;
        };
        let text = fs::read_to_string(folder.join("expected.json")).expect("what is expected");
        let expected: Value = serde_json::from_str(&text).expect("JSON");
        let zone = expected["person_zone"].as_str().expect("a zone");
        let name_of_format = name_of_format(name);
        for (how, bytes) in uploads(&folder, &expected) {
            let got: Got = match read_as(name_of_format, &bytes, zone) {
                Ok(got) => got,
                Err(error) => {
                    faults.push(format!("{name} {how}: {error}"));
                    continue;
                }
            };
            let lines = differences(&got, &expected);
            let (count, rejected) = (got.samples.len(), got.rejected.len());
            println!(
                "{name} {how}: {count} samples, {rejected} rejected, {} differences",
                lines.len()
            );
            if !lines.is_empty() {
                faults.extend(lines.iter().map(|line| format!("{name} {how}: {line}")));
                faults.push(format!("{:?} {:?}", got.rejected, got.facts));
            }
            // The same upload is the same again.
            let again = read_as(name_of_format, &bytes, zone).expect("it was read before");
            assert_eq!(again.samples, got.samples, "{name} {how}");
            assert_no_names(name, &got);
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The documents have a row for every format.
#[test]
fn formats_are_documented() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/FORMATS.md");
    let text = fs::read_to_string(path).expect("the table");
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| ")).collect();
    for format in format::all().filter(|format| matches!(format, Format::Vendor(_))) {
        let name = format!("`{}`", format.name());
        let is_there = rows.iter().any(|row| row.contains(&name));
        assert!(is_there, "docs/FORMATS.md has no row of {name}");
    }
}

/// No name and no address of a path is reported.
fn assert_no_names(sample: &str, got: &Got) {
    let told = format!("{:?} {:?}", got.rejected, got.facts);
    for name in [
        "SamSample",
        "sam.sample",
        "Mein Export",
        "example.org",
        "Not To Be Read",
    ] {
        assert!(!told.contains(name), "{sample} tells {name}: {told}");
    }
}
