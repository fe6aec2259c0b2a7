//! Exports that are cut, damaged, or made to hurt: what is whole is kept, the fault is named, nothing grows.

use import::batch::Fact;
use import::format::{self, Format};
use oracle::data;

use crate::samples::{READ, gather};
use crate::support::{read, read_as};

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

/// A sequence of numbers that is the same every time (Knuth's MMIX generator).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % limit.max(1)
    }
}

/// Cuts, overwrites, doubles or swaps a part.
fn mutate(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    let at = numbers.below(bytes.len());
    let len = numbers.below(64).min(bytes.len() - at);
    match numbers.below(5) {
        0 => bytes.truncate(at),
        1 => bytes
            .iter_mut()
            .skip(at)
            .take(len)
            .for_each(|byte| *byte = 0xff),
        2 => {
            let part: Vec<u8> = bytes.iter().skip(at).take(len).copied().collect();
            bytes.splice(at..at, part);
        }
        3 => {
            bytes.drain(at..at + len);
        }
        _ => {
            let with: &[&[u8]] = &[
                b"9999999999999999999",
                b"-1",
                b"NaN",
                b"\"",
                b"{",
                b"]",
                b",",
                b"\n",
                b"1e308",
                b"null",
            ];
            let with = with.get(numbers.below(with.len())).expect("one of them");
            bytes.splice(at..at + len, with.iter().copied());
        }
    }
}

/// Every reader over files of every sample, spoiled and mostly not its own: it ends, and what comes out is sound.
#[test]
fn every_reader_ends_on_what_is_not_its_own() {
    let mut files = Vec::new();
    for sample in READ {
        let Some(folder) = data::beside(&format!("vendors/{sample}")) else {
            return;
        };
        let export = folder.join("export");
        gather(
            if export.is_dir() { &export } else { &folder },
            "x",
            &mut files,
        );
    }
    files.retain(|(_, bytes)| bytes.len() < 64 << 10);
    let mut numbers = Numbers(11);
    for format in format::all().filter(|format| matches!(format, Format::Vendor(_))) {
        let mut sound = 0;
        for (_, bytes) in &files {
            let mut bytes = bytes.clone();
            mutate(&mut bytes, &mut numbers);
            if let Ok(got) = read_as(format.name(), &bytes, "America/New_York") {
                assert!(got.samples.iter().all(|one| one.value.is_finite()));
                assert!(got.samples.iter().all(|one| one.start_us <= one.end_us));
                sound += 1;
            }
        }
        assert!(sound > 0, "{} read none of them", format.name());
    }
}

/// Every file of every sample, spoiled in some dozen ways: whatever comes out is sound, and nothing panics.
#[test]
fn hostile_mutations_of_samples_end() {
    const WAYS: usize = 8;
    let mut read_count = 0;
    for sample in READ {
        let Some(folder) = data::beside(&format!("vendors/{sample}")) else {
            return;
        };
        let export = folder.join("export");
        let folder = if export.is_dir() { export } else { folder };
        let mut files = Vec::new();
        gather(&folder, "x", &mut files);
        let mut numbers = Numbers(7);
        for (name, bytes) in &files {
            for _ in 0..WAYS {
                let mut bytes = bytes.clone();
                mutate(&mut bytes, &mut numbers);
                let archive = oracle::zip::archive(&[(name.as_str(), bytes.as_slice())]);
                if let Ok(got) = read(&archive, "Europe/Berlin") {
                    assert!(got.samples.iter().all(|one| one.value.is_finite()));
                    assert!(got.samples.iter().all(|one| one.start_us <= one.end_us));
                    read_count += 1;
                }
            }
        }
    }
    assert!(read_count > 300, "only {read_count} were read");
}
