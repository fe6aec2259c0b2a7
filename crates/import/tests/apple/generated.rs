//! Freshly generated exports of other people, phones, zones and breakages against their truth.

use std::fs;
use std::path::Path;
use std::process::Command;

use oracle::absence::{Absent, skip};

use crate::harness::{read_bytes, shared};
use crate::truth;

/// Arguments of one export each.
const EXPORTS: [&str; 7] = [
    "--seed 11 --ios 15 --units metric --home-tz Europe/Berlin --locale de_DE --until 2022-04-10",
    "--seed 12 --ios 16.0 --units us --home-tz America/New_York --until 2022-11-20",
    "--seed 13 --ios 16.4 --units metric --home-tz Asia/Kolkata --locale en_IN --export-tz Europe/London",
    "--seed 14 --ios 17 --units us --home-tz America/St_Johns --workout-activities --until 2026-03-20",
    "--seed 15 --ios 26 --units metric --home-tz Australia/Lord_Howe --until 2026-04-20 --malform 0",
    "--seed 16 --ios 18 --units us --home-tz Pacific/Kiritimati --break vt,amp,lt,utf8,dupattr,dtd16",
    "--seed 17 --ios 18 --units metric --home-tz America/Sao_Paulo --break truncate --dtd none",
];

#[test]
fn generated_exports_agree_with_their_truth() {
    let Some(generator) = shared("tools/gen_export.py") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    for arguments in EXPORTS {
        let xml = folder.path().join("export.xml");
        if !generate(&generator, &xml, arguments) {
            skip(Absent::Program("python3"));
            return;
        }
        let bytes = fs::read(&xml).expect("a document");
        let truth = fs::read_to_string(folder.path().join("export.xml.truth.json"));
        let truth = serde_json::from_str(&truth.expect("a truth")).expect("JSON");
        let got = read_bytes(&bytes);
        truth::check(arguments, &got, &truth, &bytes);
        let cut = usize::from(arguments.contains("truncate"));
        assert_eq!(got.damages().len(), cut, "{arguments}: {:?}", got.damages());
    }
}

fn generate(generator: &Path, out: &Path, arguments: &str) -> bool {
    let status = Command::new("python3")
        .arg(generator)
        .args(["--years", "0.1", "--density", "0.3", "--out"])
        .arg(out)
        .args(arguments.split(' '))
        .output();
    status.is_ok_and(|output| output.status.success())
}
