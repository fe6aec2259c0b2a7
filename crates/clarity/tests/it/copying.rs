//! `clarity copy` from SQLite to PostgreSQL and back: exports before and after are the same bytes.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;

use crate::binary::{EMAIL, Place, apple_export, write_file};

/// Samples of several types, workouts, a correlation, an unknown type and text beyond ASCII.
fn export() -> String {
    let mut records = String::new();
    for hour in 0..500 {
        let (day, hour_of_day) = (1 + hour / 24, hour % 24);
        let at = |minute: u32| format!("2024-03-{day:02} {hour_of_day:02}:{minute:02}:00 +0100");
        writeln!(
            records,
            " <Record type=\"HKQuantityTypeIdentifierHeartRate\" sourceName=\"Zo\u{eb}\u{2019}s Apple\u{a0}Watch\" \
             unit=\"count/min\" startDate=\"{}\" endDate=\"{0}\" value=\"{}.25\"/>\n \
             <Record type=\"HKQuantityTypeIdentifierStepCount\" sourceName=\"Phone, &quot;old&quot;\" \
             unit=\"count\" startDate=\"{}\" endDate=\"{}\" value=\"{}\"/>\n \
             <Record type=\"HKQuantityTypeIdentifierOfTomorrow\" sourceName=\"Phone\" unit=\"widgets\" \
             startDate=\"{0}\" endDate=\"{0}\" value=\"0.1\"/>",
            at(5),
            60 + hour % 40,
            at(10),
            at(20),
            100 + hour,
        )
        .expect("a String takes every text");
        if hour % 50 == 0 {
            writeln!(
                records,
                " <Workout workoutActivityType=\"HKWorkoutActivityTypeRunning\" duration=\"30\" \
                 durationUnit=\"min\" sourceName=\"Watch\" startDate=\"{}\" endDate=\"{}\">\n  \
                 <MetadataEntry key=\"HKTimeZone\" value=\"Europe/Berlin\"/>\n </Workout>",
                at(20),
                at(50),
            )
            .expect("a String takes every text");
        }
    }
    apple_export("2024-05-01 08:00:00 +0200", &records)
}

/// The exports of a place, as files hold them.
fn exports(place: &Place) -> [Vec<u8>; 2] {
    ["ndjson", "csv"].map(|format| {
        let out = place.root().join(format!("out.{format}"));
        let path = out.to_str().expect("UTF-8");
        place.succeed(&["export", "--user", EMAIL, "--format", format, "--out", path]);
        let bytes = std::fs::read(&out).expect("an export");
        std::fs::remove_file(&out).expect("my own file");
        bytes
    })
}

/// Gives a place the key of another.
fn share_key(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    std::fs::copy(from.join("master.key"), to.join("master.key")).expect("my own files");
}

/// Copies as OPERATING says: no address with a password is an argument.
fn copy(from: &Place, to: &Place) {
    let mut command = from.command(&["copy", "env:CLARITY_TEST_FROM", "env:CLARITY_TEST_TO"]);
    command
        .env("CLARITY_TEST_FROM", from.target())
        .env("CLARITY_TEST_TO", to.target());
    let ended = command.output().expect("the binary was built");
    assert_eq!(ended.status.code(), Some(0), "{}", from.logged());
}

#[test]
fn copies_between_databases_export_the_same_bytes() {
    let Some(postgres) = Place::postgres() else {
        return;
    };
    let (sqlite, back) = (Place::sqlite(), Place::sqlite());
    let server = sqlite.serve();
    let token = server.register(EMAIL, &json!({"time_zone": "Europe/Berlin"}));
    let body = json!({"quantity_samples": [{
        "uuid": "11111111-2222-4333-8444-555555555555", "type": "HKQuantityTypeIdentifierBodyMass",
        "unit": "lb", "value": 154.3, "start_date": "2024-03-04T07:00:00.123456Z", "source_name": "Scale",
    }]});
    let reply = server
        .client()
        .post("/api/v1/healthkit", Some(&token), &body)
        .expect("an answer");
    assert_eq!(reply.status, 202, "{}", reply.text());
    server.stop();
    let file = write_file(sqlite.root(), "export.xml", export().as_bytes());
    sqlite.succeed(&["import", file.to_str().expect("UTF-8"), "--user", EMAIL]);

    let expect = exports(&sqlite);
    let lines = expect[0].split(|byte| *byte == b'\n').count();
    assert!(lines > 1_500, "{lines} lines");
    copy(&sqlite, &postgres);
    share_key(&sqlite.data(), &postgres.data());
    assert!(
        exports(&postgres) == expect,
        "PostgreSQL exports other bytes"
    );
    copy(&postgres, &back);
    share_key(&sqlite.data(), &back.data());
    assert!(
        exports(&back) == expect,
        "the copy back exports other bytes"
    );
    let bytes = expect.map(|export| export.len());
    eprintln!("copy: {lines} lines, ndjson and csv of {bytes:?} bytes are equal there and back");
}
