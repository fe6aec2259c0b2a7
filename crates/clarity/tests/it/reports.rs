//! What becomes of a file is said: by the exit status where nothing of it was taken in, by the account where its
//! padding was left out, and by a text that helps where nobody reads it.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::cli::{Ended, clarity};
use crate::privacy::zip;

const EMAIL: &str = "ada@example.org";

/// A folder with a person.
fn house() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let added = clarity(
        folder.path(),
        &["user", "add", EMAIL],
        "a long enough password\n",
    );
    assert_eq!(added.code, Some(0), "{}", added.err);
    folder
}

/// Imports a file of this name.
fn import(folder: &Path, name: &str, bytes: &[u8]) -> Ended {
    let file = folder.join(name);
    fs::write(&file, bytes).expect("my own folder");
    let path = file.display().to_string();
    clarity(folder, &["import", &path, "--user", EMAIL, "--json"], "")
}

/// An export with these elements.
fn export(elements: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<HealthData locale=\"en_US\">\n \
         <ExportDate value=\"2026-06-30 12:00:00 +0000\"/>\n{elements}\n</HealthData>\n"
    )
}

/// A heart rate of an export.
fn rate(value: &str) -> String {
    format!(
        " <Record type=\"HKQuantityTypeIdentifierHeartRate\" sourceName=\"Watch\" unit=\"count/min\" \
         startDate=\"2026-06-01 08:00:00 +0000\" endDate=\"2026-06-01 08:00:00 +0000\" value=\"{value}\"/>\n"
    )
}

const ME: &str = " <Me HKCharacteristicTypeIdentifierDateOfBirth=\"1990-05-01\" \
    HKCharacteristicTypeIdentifierBiologicalSex=\"HKBiologicalSexFemale\"/>\n";

#[test]
fn a_file_of_which_every_sample_was_refused_fails() {
    let house = house();
    let check = |name: &str, text: &str, expect: &str| {
        let ended = import(house.path(), name, text.as_bytes());
        assert_eq!(ended.code, Some(1), "{name}: {}{}", ended.out, ended.err);
        assert!(ended.err.contains(expect), "{name}: {}", ended.err);
        // The account is printed all the same.
        let account: Value = serde_json::from_str(&ended.out).expect("JSON");
        assert_eq!(account["accepted"], 0, "{name}: {account}");
        assert!(account["rejected"].as_u64() > Some(0), "{name}: {account}");
    };
    let all = "all its records were refused";
    check(
        "table.csv",
        "date,heart_rate\n2026-06-01,fast\n2026-06-02,-5000\n",
        all,
    );
    check(
        "healthkit.json",
        r#"{"quantity_samples":[{"identifier":"HKQuantityTypeIdentifierHeartRate","value":9000,"unit":"count/min",
            "start_date":"2026-06-01T08:00:00Z"},{"value":1}]}"#,
        all,
    );
    check(
        "hook.json",
        r#"{"timestamp":"2026-06-01T09:00:00Z","app_version":"2.4.0","heart_rate":[{"bpm":-1,"time":"2026-06-01T08:00:00Z"}]}"#,
        all,
    );
    check(
        "auto.json",
        r#"{"data":{"metrics":[{"name":"heart_rate","units":"count/min","data":[{"date":"once","qty":61}]}]}}"#,
        all,
    );
    check("export.xml", &export(&(rate("fast") + &rate("9000"))), all);
    // Who the person is is no sample.
    check(
        "me.xml",
        &export(&(ME.to_owned() + &rate("9000"))),
        "all its samples were refused",
    );
    // One that was taken in makes up for the others.
    let partly = import(
        house.path(),
        "partly.xml",
        export(&(rate("9000") + &rate("61"))).as_bytes(),
    );
    assert_eq!(partly.code, Some(0), "{}", partly.err);
    // Again it is known, which is no refusal either.
    let again = import(
        house.path(),
        "partly.xml",
        export(&(rate("9000") + &rate("61"))).as_bytes(),
    );
    assert_eq!(again.code, Some(0), "{}", again.err);
    let only_me = import(house.path(), "who.xml", export(ME).as_bytes());
    assert_eq!(only_me.code, Some(0), "{}", only_me.err);
}

#[test]
fn padding_is_left_out_and_not_refused() {
    let house = house();
    let ring = |date: &str, rest: &str| {
        format!(
            " <ActivitySummary dateComponents=\"{date}\" activeEnergyBurned=\"0\" activeEnergyBurnedUnit=\"kcal\" {rest}/>\n"
        )
    };
    let padding: String = (26..=31)
        .map(|day| ring(&format!("1969-12-{day}"), "appleStandHours=\"0\""))
        .collect();
    let ended = import(
        house.path(),
        "export.xml",
        export(&(padding + &rate("61"))).as_bytes(),
    );
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let account = ended.json();
    assert_eq!(
        (&account["accepted"], &account["rejected"]),
        (&1.into(), &0.into()),
        "{account}"
    );
    assert_eq!(
        account["skipped"][0]["place"], "ActivitySummary",
        "{account}"
    );
    // A file of nothing but padding is no failure.
    let ended = import(
        house.path(),
        "padding.xml",
        export(&ring("1969-12-31", "")).as_bytes(),
    );
    assert_eq!(ended.code, Some(0), "{}", ended.err);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(bytes).expect("a vector");
    packer.finish().expect("a vector")
}

fn utf16(text: &str) -> Vec<u8> {
    let mark = [0xff, 0xfe];
    mark.into_iter()
        .chain(text.encode_utf16().flat_map(u16::to_le_bytes))
        .collect()
}

#[test]
fn what_is_packed_once_or_wide_is_read() {
    let house = house();
    let table = "date,heart_rate\n2026-06-01 08:00,61\n";
    let archive = zip(&[(
        "apple_health_export/export.xml".to_owned(),
        export(&rate("62")).into_bytes(),
    )]);
    let files: [(&str, Vec<u8>); 6] = [
        ("table.csv.gz", gzip(table.as_bytes())),
        ("table.txt", utf16(&table.replace("61", "63"))),
        ("wide.csv.gz", gzip(&utf16(&table.replace("61", "64")))),
        ("export.zip", archive.clone()),
        ("export.xml.gz", gzip(export(&rate("65")).as_bytes())),
        (
            "export.zip.gz",
            gzip(&zip(&[(
                "export.xml".to_owned(),
                export(&rate("66")).into_bytes(),
            )])),
        ),
    ];
    for (name, bytes) in &files {
        let ended = import(house.path(), name, bytes);
        assert_eq!(ended.code, Some(0), "{name}: {}", ended.err);
        assert_eq!(ended.json()["accepted"], 1, "{name}: {}", ended.out);
    }
    // An archive beside the export is named, and the export is read.
    let both = zip(&[
        ("export.xml".to_owned(), export(&rate("67")).into_bytes()),
        ("old.zip".to_owned(), archive),
    ]);
    let ended = import(house.path(), "both.zip", &both);
    let account = ended.json();
    assert_eq!(account["accepted"], 1, "{account}");
    assert_eq!(account["skipped"][0]["place"], "old.zip", "{account}");
}

#[test]
fn what_nobody_reads_is_refused_with_what_to_do() {
    let house = house();
    let check = |name: &str, bytes: &[u8], what: &str, advice: &str| {
        let ended = import(house.path(), name, bytes);
        assert_eq!(ended.code, Some(1), "{name}: {}", ended.out);
        assert!(ended.err.contains(what), "{name}: {}", ended.err);
        assert!(ended.err.contains(advice), "{name}: {}", ended.err);
    };
    let inner = zip(&[(
        "apple_health_export/export.xml".to_owned(),
        export(&rate("61")).into_bytes(),
    )]);
    let nested = zip(&[("export.zip".to_owned(), inner.clone())]);
    check(
        "nested.zip",
        &nested,
        "another archive",
        "unpack the outer one",
    );
    check(
        "export.7z",
        b"7z\xbc\xaf\x27\x1c\0\x04",
        "a 7-Zip archive",
        "unpack it",
    );
    check(
        "twice.gz",
        &gzip(&gzip(&inner)),
        "packed twice with gzip",
        "unpack it",
    );
    check(
        "export.rar",
        b"Rar!\x1a\x07\x01\0",
        "a RAR archive",
        "unpack it",
    );
    check("empty.zip", &zip(&[]), "an empty archive", "export again");
    check(
        "photo.zip",
        &zip(&[("photo.txt".to_owned(), b"x".to_vec())]),
        "no known format",
        "declare the columns",
    );
    let cut = gzip(export(&rate("61")).as_bytes());
    check("cut.gz", &cut[..20], "ends early", "make it again");
}
