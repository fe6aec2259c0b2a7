//! The sample files beside the project against their truth.

use std::fs;
use std::path::Path;
use std::process::Command;

use model::record::Body;
use oracle::absence::{Absent, skip};
use serde_json::Value;

use crate::harness::{Got, read_bytes, shared, us};
use crate::truth;

fn truth_of(path: &Path) -> Value {
    let text = fs::read_to_string(path).expect("a truth file");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn generated_archives_agree_with_their_truth() {
    let Some(folder) = shared("reference/samples/generated") else {
        return;
    };
    for (name, ecgs) in [("tiny", 1), ("tiny-de", 1), ("tiny-ios15", 0)] {
        let path = folder.join(format!("{name}.zip"));
        let truth = truth_of(&folder.join(format!("{name}.truth.json")));
        let got = read_bytes(&fs::read(&path).expect("an archive"));
        let xml = unpacked(&path, truth["args"]["xml_name"].as_str().expect("a name"));
        let Some(xml) = xml else {
            return;
        };
        truth::check(name, &got, &truth, &xml);
        assert!(got.damages().is_empty(), "{name}: {:?}", got.damages());
        assert_eq!(
            got.skipped(),
            ["apple_health_export/export_cda.xml"],
            "{name}"
        );
        check_side_files(name, &got, ecgs);
    }
}

fn unpacked(path: &Path, name: &str) -> Option<Vec<u8>> {
    let output = Command::new("python3")
        .args(["-c", "import sys,zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read('apple_health_export/'+sys.argv[2]))"])
        .arg(path)
        .arg(name)
        .output();
    match output {
        Ok(output) if output.status.success() => Some(output.stdout),
        Ok(_) | Err(_) => {
            skip(Absent::Program("python3"));
            None
        }
    }
}

fn check_side_files(name: &str, got: &Got, ecgs: usize) {
    let mut paths: Vec<&String> = Vec::new();
    for record in got.kind("workout") {
        let Body::Workout(workout) = &record.body else {
            unreachable!("of this kind");
        };
        paths.extend(&workout.routes);
    }
    paths.sort();
    let mut routes = Vec::new();
    for record in got.kind("route") {
        let Body::Route(route) = &record.body else {
            unreachable!("of this kind");
        };
        assert!(route.at_us.len() > 100, "{name}");
        assert!(route.speed_m_s.iter().all(Option::is_some), "{name}");
        assert_eq!(route.at_us.len(), route.vertical_accuracy_m.len(), "{name}");
        assert_eq!(record.start_us, route.at_us[0], "{name}");
        routes.push(&route.path);
    }
    routes.sort();
    assert_eq!(paths, routes, "{name}: every workout finds its route");
    for record in got.kind("ecg") {
        let Body::Ecg(ecg) = &record.body else {
            unreachable!("of this kind");
        };
        assert_eq!(ecg.voltage_uv.len(), 512 * 30, "{name}");
        assert_eq!(ecg.sampling_hz.to_bits(), 512.0_f64.to_bits(), "{name}");
        assert_eq!(
            ecg.classification.as_deref(),
            Some("Sinus Rhythm"),
            "{name}"
        );
        assert_eq!(record.end_us - record.start_us, 30_000_000, "{name}");
        // The same wave as in the generator: its peak is the R wave.
        let peak = ecg.voltage_uv.iter().copied().fold(f64::MIN, f64::max);
        assert!((900.0..940.0).contains(&peak), "{name}: {peak}");
        let kept = format!("{record:?}");
        assert!(
            !kept.contains("Mustermann") && !kept.contains("1984"),
            "{name}"
        );
    }
    assert_eq!(got.kind("ecg").len(), ecgs, "{name}");
    let mut joined = 0;
    let clinical = got.kind("clinical_record");
    for record in &clinical {
        let Body::ClinicalRecord(element) = &record.body else {
            unreachable!("of this kind");
        };
        joined += clinical
            .iter()
            .filter(|other| {
                matches!(&other.body, Body::ClinicalRecord(file)
                    if element.json.is_none() && file.json.is_some() && file.path == element.path)
            })
            .count();
    }
    assert_eq!(
        (clinical.len(), joined),
        (10, 5),
        "{name}: five documents and their files"
    );
}

#[test]
fn broken_documents_lose_no_record() {
    let Some(folder) = shared("reference/samples/generated") else {
        return;
    };
    for broken in ["amp", "dtd16", "dupattr", "lt", "truncate", "utf8", "vt"] {
        let path = folder.join(format!("broken-{broken}.xml"));
        let xml = fs::read(&path).expect("a document");
        let truth = truth_of(&folder.join(format!("broken-{broken}.xml.truth.json")));
        let got = read_bytes(&xml);
        truth::check(broken, &got, &truth, &xml);
        let cut = usize::from(broken == "truncate");
        assert_eq!(got.damages().len(), cut, "{broken}: {:?}", got.damages());
    }
}

#[test]
fn reads_the_hand_trimmed_export_of_ios_16_1() {
    let Some(path) = shared("reference/samples/healthkit-to-sqlite-cli/example/export.zip") else {
        return;
    };
    let got = read_bytes(&fs::read(path).expect("an archive"));
    assert_eq!(got.samples.len(), 1);
    assert_eq!(got.kind("workout").len(), 1);
    assert_eq!(got.kind("route").len(), 1);
    assert!(
        got.skipped()
            .iter()
            .all(|name| name.starts_with("__MACOSX/")),
        "{:?}",
        got.skipped()
    );
    let Body::Workout(workout) = got.body("workout") else {
        unreachable!("of this kind");
    };
    assert_eq!(workout.activity, "walking");
    assert_eq!(workout.events.len(), 4);
    assert_eq!(workout.statistics.len(), 3);
    assert_eq!(workout.indoor, Some(false));
    assert!((workout.distance_m.expect("a distance") - 1.402 * 1_609.344).abs() < 1e-6);
    assert!((workout.active_energy_kcal.expect("an energy") - 134.432).abs() < 1e-9);
    assert!(got.damages().is_empty(), "{:?}", got.damages());
}

#[test]
fn reads_the_old_form_with_locations() {
    let Some(path) = shared("reference/samples/healthkit-to-sqlite/tests/export.xml") else {
        return;
    };
    let got = read_bytes(&fs::read(path).expect("a document"));
    assert_eq!(got.samples.len(), 2);
    assert_eq!(got.samples[1].sample.start_us, us("2018-09-10T09:28:55Z"));
    let Body::Workout(workout) = got.body("workout") else {
        unreachable!("of this kind");
    };
    assert!(
        (workout.distance_m.expect("a distance") - 0.497_174_950_453_506_2 * 1_609.344).abs()
            < 1e-6
    );
    assert!((workout.active_energy_kcal.expect("an energy") - 48.745).abs() < 1e-9);
    let Body::Route(route) = got.body("route") else {
        unreachable!("of this kind");
    };
    assert_eq!(route.latitude_deg, [37.7777, 37.7777]);
    assert_eq!(route.course_deg, [None, None], "-1 means not known");
    assert_eq!(got.kind("activity_summary").len(), 2);
    let Body::Characteristics(person) = got.body("characteristics") else {
        unreachable!("of this kind");
    };
    assert_eq!(
        person.entries,
        [
            ("date_of_birth".to_owned(), "1990-02-02".to_owned()),
            (
                "biological_sex".to_owned(),
                "HKBiologicalSexMale".to_owned()
            ),
        ]
    );
}

#[test]
fn reads_exports_made_by_hand() {
    let Some(path) = shared("reference/samples/health-export-cli/tests/fixtures/export.xml") else {
        return;
    };
    let got = read_bytes(&fs::read(&path).expect("a document"));
    let workouts: Vec<(f64, Option<f64>)> = got
        .kind("workout")
        .iter()
        .map(|record| {
            let Body::Workout(workout) = &record.body else {
                unreachable!("of this kind");
            };
            (
                workout.distance_m.unwrap_or(f64::NAN),
                workout.active_energy_kcal,
            )
        })
        .collect();
    assert!(workouts.len() >= 8);
    assert!((workouts[0].0 - 10_000.0).abs() < 1e-6);
    // Statistics are more exact than the totals in attributes.
    assert!((workouts[3].0 - 2_500.0).abs() < 1e-6);
    assert!((workouts[3].1.expect("an energy") - 900.0 / 4.184).abs() < 1e-6);
    let zip = read_bytes(&fs::read(path.with_extension("zip")).expect("an archive"));
    assert_eq!(zip.kind("workout").len(), workouts.len());
    assert!(!zip.kind("route").is_empty());
}

#[test]
fn reads_child_elements_of_me() {
    let Some(folder) = shared("reference/samples/apple-health-analyzer/tests/fixtures") else {
        return;
    };
    for (file, samples) in [("example.xml", 4), ("export.xml", 5)] {
        let got = read_bytes(&fs::read(folder.join(file)).expect("a document"));
        assert_eq!(
            got.samples.len() + got.rejections.len(),
            samples,
            "{file}: {:?}",
            got.rejections
        );
        let Body::Characteristics(person) = got.body("characteristics") else {
            unreachable!("of this kind");
        };
        assert_eq!(person.entries.len(), 2, "{file}");
    }
}
