//! The command line as people and scripts use it: the real binary on a real folder.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

const EMAIL: &str = "ada@example.org";
const PASSWORD: &str = "a long enough password\n";

/// What a command printed and how it ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }
}

pub(crate) fn clarity(folder: &Path, arguments: &[&str], input: &str) -> Ended {
    let mut child = Command::new(env!("CARGO_BIN_EXE_clarity"))
        .args(arguments)
        .arg("--data-dir")
        .arg(folder)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary was built");
    let mut stdin = child.stdin.take().expect("a pipe");
    // A command that reads nothing may have ended already.
    drop(stdin.write_all(input.as_bytes()));
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ended {
        code: output.status.code(),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

#[test]
fn accounts_are_added_listed_disabled_and_erased() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = |arguments: &[&str], input: &str| clarity(folder.path(), arguments, input);

    let added = here(
        &[
            "user",
            "add",
            EMAIL,
            "--time-zone",
            "Europe/Berlin",
            "--json",
        ],
        PASSWORD,
    );
    assert_eq!(added.code, Some(0), "{}", added.err);
    let user = added.json()["user_id"].clone();

    let again = here(&["user", "add", EMAIL], PASSWORD);
    assert_eq!(again.code, Some(1), "{}", again.err);
    assert!(again.err.contains("exists"), "{}", again.err);

    let listed = here(&["user", "list", "--json"], "").json();
    assert_eq!(listed[0]["user_id"], user);
    assert_eq!(
        (&listed[0]["email"], &listed[0]["access"]),
        (&EMAIL.into(), &"enabled".into())
    );

    assert_eq!(here(&["user", "disable", EMAIL], "").code, Some(0));
    assert_eq!(
        here(&["user", "list", "--json"], "").json()[0]["access"],
        "disabled"
    );

    let careless = here(&["user", "erase", EMAIL], "");
    assert_eq!(careless.code, Some(2), "{}", careless.err);
    assert_eq!(here(&["user", "erase", EMAIL, "--yes"], "").code, Some(0));
    assert_eq!(
        here(&["user", "list", "--json"], "").json(),
        serde_json::json!([])
    );
    let gone = here(&["user", "disable", EMAIL], "");
    assert_eq!(gone.code, Some(1));
    assert!(gone.err.contains("no account"), "{}", gone.err);
}

#[test]
fn wrong_use_is_told_apart_from_failure() {
    let folder = tempfile::tempdir().expect("a folder");
    let check = |arguments: &[&str], input: &str, expect: i32| {
        let ended = clarity(folder.path(), arguments, input);
        assert_eq!(
            ended.code,
            Some(expect),
            "{arguments:?}: {}{}",
            ended.out,
            ended.err
        );
        assert!(!ended.err.is_empty(), "{arguments:?} says nothing");
    };
    check(&["nonsense"], "", 2);
    check(&["import", "--user", EMAIL], "", 2);
    check(&["user", "add", "not an address"], PASSWORD, 2);
    check(&["user", "add", EMAIL], "short\n", 2);
    check(&["user", "add", EMAIL], "", 2);
    check(
        &["user", "add", EMAIL, "--time-zone", "Europe/Atlantis"],
        PASSWORD,
        2,
    );
    check(&["user", "disable", EMAIL], "", 1);
    check(&["import", "no-such-file", "--user", EMAIL], "", 2);
    check(&["import", "-", "--user", EMAIL, "--format", "x"], "", 2);
    check(
        &["import", "-", "--user", EMAIL],
        "<HealthData></HealthData>",
        1,
    );
    check(&["copy", "nowhere-at-all", "elsewhere"], "", 2);
    check(&["serve", "--demo", "--listen", "0.0.0.0:0"], "", 2);
}

#[test]
fn check_names_what_is_wrong_with_a_remedy() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().expect("a folder");
    let codes = |ended: &Ended| -> Vec<String> {
        let findings = ended.json();
        let findings = findings.as_array().expect("findings");
        findings
            .iter()
            .map(|one| one["code"].as_str().expect("a code").to_owned())
            .collect()
    };
    let listen = ["check", "--json"];
    let fresh = clarity(folder.path(), &listen, "");
    assert_eq!(fresh.code, Some(0), "{}{}", fresh.out, fresh.err);
    assert!(
        codes(&fresh).contains(&"DEP_DATABASE_NEW".to_owned()),
        "{}",
        fresh.out
    );
    assert!(
        !folder.path().join("clarity.db").exists(),
        "a check changed something"
    );

    assert_eq!(
        clarity(folder.path(), &["user", "add", EMAIL], PASSWORD).code,
        Some(0)
    );
    assert!(codes(&clarity(folder.path(), &listen, "")).contains(&"DEP_DATABASE".to_owned()));

    let key = folder.path().join("master.key");
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(&key, open).expect("my own file");
    let readable = clarity(folder.path(), &listen, "");
    assert_eq!(readable.code, Some(1));
    assert!(
        codes(&readable).contains(&"CRED_KEY_MODE".to_owned()),
        "{}",
        readable.out
    );

    std::fs::remove_file(&key).expect("my own file");
    let lost = clarity(folder.path(), &listen, "");
    assert_eq!(lost.code, Some(1));
    assert!(
        codes(&lost).contains(&"CRED_KEY_MISSING".to_owned()),
        "{}",
        lost.out
    );
    assert!(!key.exists(), "a check made a key");

    std::fs::write(folder.path().join("clarity.toml"), "listen = 7\n").expect("a file");
    let invalid = clarity(folder.path(), &listen, "");
    assert_eq!(invalid.code, Some(1));
    assert_eq!(codes(&invalid), ["CONFIG_INVALID"]);
}

#[test]
fn another_key_is_refused_in_one_sentence_and_changes_nothing() {
    let (one, two) = (
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    );
    for folder in [&one, &two] {
        assert_eq!(
            clarity(folder.path(), &["user", "add", EMAIL], PASSWORD).code,
            Some(0)
        );
    }
    let key = |folder: &tempfile::TempDir| folder.path().join("master.key");
    let own = std::fs::read(key(&one)).expect("a key");
    std::fs::write(key(&one), std::fs::read(key(&two)).expect("a key")).expect("my own file");
    let refused = clarity(one.path(), &["user", "list"], "");
    assert_eq!(refused.code, Some(1));
    assert_eq!(refused.err.lines().count(), 1, "{}", refused.err);
    assert!(refused.err.contains("not the one"), "{}", refused.err);
    std::fs::write(key(&one), own).expect("my own file");
    assert_eq!(clarity(one.path(), &["user", "list"], "").code, Some(0));
}

#[test]
fn a_copy_holds_the_same_people_under_the_same_key() {
    let (from, to) = (
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    );
    assert_eq!(
        clarity(from.path(), &["user", "add", EMAIL], PASSWORD).code,
        Some(0)
    );
    let path = |folder: &tempfile::TempDir| folder.path().display().to_string();
    let copied = clarity(
        from.path(),
        &["copy", &path(&from), &path(&to), "--json"],
        "",
    );
    assert_eq!(copied.code, Some(0), "{}", copied.err);
    assert_eq!(copied.json()["rows"]["persons"], 1, "{}", copied.out);
    let key = |folder: &tempfile::TempDir| folder.path().join("master.key");
    std::fs::copy(key(&from), key(&to)).expect("my own files");
    let listed =
        |folder: &tempfile::TempDir| clarity(folder.path(), &["user", "list", "--json"], "").json();
    assert_eq!(listed(&from), listed(&to));
    let again = clarity(from.path(), &["copy", &path(&from), &path(&to)], "");
    assert_eq!(again.code, Some(1));
    assert!(again.err.contains("not empty"), "{}", again.err);
}

#[test]
fn the_program_describes_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = |arguments: &[&str]| clarity(folder.path(), arguments, "");
    assert!(here(&["config"]).out.contains("#listen = "));
    assert_eq!(here(&["openapi"]).json()["openapi"], "3.1.0");
    let metrics = here(&["metrics", "--json"]).json();
    let ids: Vec<&str> = metrics
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(|row| row["id"].as_str())
        .collect();
    assert!(
        ids.contains(&"step_count") && ids.contains(&"heart_rate"),
        "{ids:?}"
    );
    assert_eq!(here(&["--help"]).code, Some(0));
    assert!(here(&["--version"]).out.starts_with("clarity "));
}

#[test]
fn an_import_of_nothing_but_refused_records_fails() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = |arguments: &[&str], input: &str| clarity(folder.path(), arguments, input);
    assert_eq!(here(&["user", "add", EMAIL], PASSWORD).code, Some(0));
    let import = ["import", "-", "--user", EMAIL];
    let refused = here(
        &import,
        "date,heart_rate\n2026-06-01,fast\n2026-06-02,-5000\n",
    );
    assert_eq!(refused.code, Some(1), "{}", refused.err);
    assert!(
        refused.err.contains("all its records were refused"),
        "{}",
        refused.err
    );
    let partly = here(&import, "date,heart_rate\n2026-06-01,fast\n2026-06-02,61\n");
    assert_eq!(partly.code, Some(0), "{}", partly.err);
}

#[test]
fn an_import_from_standard_input_adds_up() {
    const EXPORT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<HealthData locale="en_US">
 <ExportDate value="2026-06-30 12:00:00 +0000"/>
 <Record type="HKQuantityTypeIdentifierStepCount" sourceName="iPhone" unit="count" startDate="2026-06-01 08:00:00 +0000" endDate="2026-06-01 08:05:00 +0000" value="420"/>
 <Record type="HKQuantityTypeIdentifierStepCount" sourceName="iPhone" unit="count" startDate="2026-06-01 08:10:00 +0000" endDate="2026-06-01 08:05:00 +0000" value="7"/>
 <Record type="HKQuantityTypeIdentifierBodyMass" sourceName="Health" unit="kg" startDate="2026-06-01 07:00:00 +0000" endDate="2026-06-01 07:00:00 +0000" value="70"/>
 <Record type="HKQuantityTypeIdentifierOfTomorrow" sourceName="iPhone" unit="zork" startDate="2026-06-01 07:00:00 +0000" endDate="2026-06-01 07:00:00 +0000" value="1"/>
</HealthData>
"#;
    let folder = tempfile::tempdir().expect("a folder");
    let here = |arguments: &[&str], input: &str| clarity(folder.path(), arguments, input);
    assert_eq!(here(&["user", "add", EMAIL], PASSWORD).code, Some(0));
    let import = ["import", "-", "--user", EMAIL, "--json"];
    let first = here(&import, EXPORT).json();
    assert_eq!(
        (&first["accepted"], &first["rejected"]),
        (&3.into(), &1.into()),
        "{first}"
    );
    assert_eq!(first["rejected_by_code"]["interval_negative"], 1);
    let steps = &first["by_type"]["HKQuantityTypeIdentifierStepCount"];
    assert_eq!(
        (&steps["accepted"], &steps["rejected"]),
        (&1.into(), &1.into()),
        "{first}"
    );
    assert_eq!(
        first["unknown_types"][0],
        "HKQuantityTypeIdentifierOfTomorrow"
    );
    let again = here(&import, EXPORT).json();
    assert_eq!(
        (&again["accepted"], &again["duplicates"]),
        (&0.into(), &3.into()),
        "{again}"
    );

    let out = folder.path().join("all.ndjson");
    let path = out.display().to_string();
    let export = ["export", "--user", EMAIL, "--format", "ndjson", "--out"];
    let to_file = here(&[&export[..], &[&path, "--json"]].concat(), "");
    assert_eq!(to_file.code, Some(0), "{}", to_file.err);
    assert_eq!(to_file.json()["samples"], 3);
    let to_pipe = here(&[&export[..], &["-"]].concat(), "");
    let written = std::fs::read_to_string(&out).expect("the export");
    assert_eq!(written, to_pipe.out);
    assert!(
        written
            .lines()
            .all(|line| serde_json::from_str::<Value>(line).is_ok()),
        "{written}"
    );
    assert!(written.contains("420"), "{written}");
    let names = std::fs::read_dir(folder.path()).expect("a folder");
    let parts = names.filter(|entry| {
        entry
            .as_ref()
            .is_ok_and(|entry| entry.file_name().to_string_lossy().contains(".part"))
    });
    assert_eq!(parts.count(), 0, "a half-written file stayed");
}

#[test]
fn the_queue_and_the_cost_of_samples_are_shown() {
    const LINES: &str = "type,start,end,value,unit
step_count,2026-06-01T08:00:00Z,2026-06-01T08:05:00Z,420,count
step_count,2026-06-01T08:05:00Z,2026-06-01T08:10:00Z,380,count
";
    let folder = tempfile::tempdir().expect("a folder");
    let here = |arguments: &[&str], input: &str| clarity(folder.path(), arguments, input);
    assert_eq!(here(&["user", "add", EMAIL], PASSWORD).code, Some(0));
    let import = [
        "import", "-", "--user", EMAIL, "--format", "lines", "--json",
    ];
    let imported = here(&import, LINES);
    assert_eq!(imported.json()["accepted"], 2, "{}", imported.out);

    let cost = here(&["storage", "--user", EMAIL, "--json"], "").json();
    assert_eq!(cost[0]["metric"], "step_count");
    assert_eq!(cost[0]["samples"], 2);
    assert!(cost[0]["bytes"].as_u64() > Some(0), "{cost}");

    let queue = here(&["jobs", "list", "--json"], "").json();
    assert_eq!(queue["counts"][0]["kind"], "recompute", "{queue}");
    assert_eq!(queue["counts"][0]["count"], 1, "{queue}");
    assert_eq!(queue["dead"].as_array().map(Vec::len), Some(0), "{queue}");
    let nobody = "0190a6e0-7c1a-7000-8000-000000000001";
    for what in ["retry", "drop"] {
        assert_eq!(here(&["jobs", what, "seven"], "").code, Some(2));
        let missing = here(&["jobs", what, nobody], "");
        assert_eq!(missing.code, Some(1));
        assert!(missing.err.contains("no job"), "{}", missing.err);
    }
}
