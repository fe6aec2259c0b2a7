//! The laboratory beside the references: values that independent tools computed on the same files.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::analyze::{COLUMNS, clarity, csv, json, text};

fn references(name: &str) -> Option<PathBuf> {
    oracle::data::beside(name)
}

/// Measures whose defaults the reference computes too, and where its value is.
const AGREEING: [(&str, &str); 10] = [
    (
        "interdaily_stability",
        "/nonparametric/textbook_hourly_mean_population_variance/IS",
    ),
    (
        "intradaily_variability",
        "/nonparametric/textbook_hourly_mean_population_variance/IV",
    ),
    ("l5", "/nonparametric/counts/L5/value"),
    ("m10", "/nonparametric/counts/M10/value"),
    ("l5_onset", "/nonparametric/counts/L5/onset"),
    ("m10_onset", "/nonparametric/counts/M10/onset"),
    ("relative_amplitude", "/nonparametric/counts/RA"),
    (
        "cosinor_mesor",
        "/cosinor/closed_form_least_squares_24h/mesor",
    ),
    (
        "cosinor_acrophase_h",
        "/cosinor/closed_form_least_squares_24h/peak_clock_hours",
    ),
    ("sleep_regularity_index", "/sleep/SRI_pairs_Roenneberg/sri"),
];

/// Recordings with stillness of half a day and more, or that end in stillness: the reference scores it as awake, and here it
/// is not scored.
const STILL: [&str; 8] = [
    "awd_example_01",
    "awd_example_03",
    "awd_example_05",
    "awd_test_sample",
    "nhanes_21007",
    "nhanes_21009",
    "rpx_fr_60s",
    "synthetic_shift_60s",
];

#[test]
fn values_equal_those_of_the_reference_tools() {
    let Some(folder) = references("actigraphy") else {
        return;
    };
    let here = tempfile::tempdir().expect("a folder");
    let out = here.path().join("r.json");
    let pattern = folder.join("*/input.csv");
    let ended = clarity(&[
        "analyze",
        text(&pattern),
        "--columns",
        COLUMNS,
        "--out",
        text(&out),
        "--nonwear",
        "kept",
        "--methods",
        "rhythm,sleep_regularity_index",
    ]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let results = json(&out);
    let recordings = results["recordings"].as_array().expect("recordings");
    assert!(recordings.len() > 12, "{}", ended.err);
    let mut compared = 0;
    for recording in recordings {
        let path = Path::new(recording["path"].as_str().expect("a path"));
        let reference = json(&path.with_file_name("reference.json"));
        // The reference takes missing epochs for 0; elsewhere the defaults must agree.
        if reference["meta"]["n_missing"] != 0 {
            continue;
        }
        assert_eq!(recording["sha256"], reference["meta"]["sha256_input_csv"]);
        assert_eq!(recording["epochs"], reference["meta"]["n_epochs"]);
        assert_eq!(recording["start"], reference["meta"]["first"]);
        for (id, pointer) in AGREEING {
            let Some(expect) = reference.pointer(pointer).filter(|value| !value.is_null()) else {
                continue;
            };
            let name = path.parent().and_then(Path::file_name).unwrap_or_default();
            if id == "sleep_regularity_index" && STILL.iter().any(|still| name == *still) {
                continue;
            }
            let ours = &recording["measures"][id]["value"];
            let reason = recording["measures"][id]["reason"].as_str();
            if reason.is_some_and(|reason| reason.contains("days")) {
                continue;
            }
            compared += 1;
            match (ours.as_f64(), expect.as_f64()) {
                (Some(ours), Some(expect)) => assert!(
                    (ours - expect).abs() <= 1e-9 * expect.abs().max(1e-9),
                    "{id} of {}: {ours} is not {expect}",
                    path.display()
                ),
                _ => assert_eq!(ours, expect, "{id} of {}", path.display()),
            }
        }
    }
    assert!(compared > 100, "{compared} values were compared");
}

#[test]
fn raw_acceleration_becomes_epochs() {
    let Some(folder) = references("samples/actfast/test_data/cmi") else {
        return;
    };
    let here = tempfile::tempdir().expect("a folder");
    let out = here.path().join("r.json");
    let run = |more: &[&str]| {
        let names = ["axivity_ax3.cwa", "actigraph.gt3x", "geneactiv.bin"];
        let files = names.map(|name| folder.join(name));
        let mut arguments = vec!["analyze", "--out", text(&out), "--methods", "rhythm,days"];
        arguments.extend(files.iter().map(|path| text(path)));
        arguments.extend(more);
        let ended = clarity(&arguments);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        json(&out)
    };
    let enmo = run(&["--threads", "8"]);
    assert_eq!(enmo["failed"], serde_json::json!([]));
    for recording in enmo["recordings"].as_array().expect("recordings") {
        let name = recording["path"].as_str().expect("a path");
        assert_eq!(recording["channel"], "enmo", "{name}");
        assert_eq!(
            (&recording["unit"], &recording["epoch_s"]),
            (&"mg".into(), &5.into())
        );
        assert!(
            recording["epochs"]
                .as_u64()
                .is_some_and(|epochs| epochs > 0),
            "{name}"
        );
        assert!(
            recording["days"]
                .as_array()
                .is_some_and(|days| !days.is_empty()),
            "{name}"
        );
    }
    // Decoding beside or on the same thread makes no difference.
    assert_eq!(enmo, run(&["--threads", "1"]));
    let counts = run(&["--channel", "counts_magnitude"]);
    assert_eq!(counts["recordings"][0]["epoch_s"], 60);
}

#[test]
fn depresjon_agrees_with_the_metrics_computed_independently() {
    let Some(folder) = references("labelled/depresjon") else {
        return;
    };
    let here = tempfile::tempdir().expect("a folder");
    let (periods, out) = (here.path().join("periods.csv"), here.path().join("r.json"));
    let (headings, rows) = csv(&folder.join("reference_metrics.csv"));
    let of = |row: &[String], name: &str| {
        row[headings
            .iter()
            .position(|heading| heading == name)
            .expect("a column")]
        .clone()
    };
    let mut written = "recording,start,end\n".to_owned();
    for row in &rows {
        let start: jiff::civil::DateTime = of(row, "first_midnight").parse().expect("a time");
        let days: i64 = of(row, "n_days").parse().expect("a number");
        let (id, end) = (of(row, "id"), start + jiff::Span::new().days(days));
        writeln!(written, "{id},{start},{end}").expect("a String");
    }
    fs::write(&periods, written).expect("a file");
    let ended = clarity(&[
        "analyze",
        text(&folder.join("activity")),
        "--out",
        text(&out),
        "--periods",
        text(&periods),
        "--nonwear",
        "kept",
        "--methods",
        "rhythm",
    ]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let results = json(&out);
    let recordings = results["recordings"].as_array().expect("recordings");
    assert_eq!(recordings.len(), 55, "{}", ended.err);
    for recording in recordings {
        let path = recording["path"].as_str().expect("a path");
        let row = rows
            .iter()
            .find(|row| path.contains(&of(row, "id")))
            .expect("a row");
        for (id, name) in [
            ("activity_mean", "mean"),
            ("activity_still_share", "zero_fraction"),
            ("interdaily_stability", "IS_textbook"),
            ("intradaily_variability", "IV_textbook"),
            ("l5", "L5"),
            ("m10", "M10"),
            ("relative_amplitude", "RA"),
            ("cosinor_mesor", "mesor"),
            ("cosinor_amplitude", "amplitude"),
            ("cosinor_acrophase_h", "acrophase_hours"),
        ] {
            let ours = recording["measures"][id]["value"]
                .as_f64()
                .expect("a number");
            let expect: f64 = of(row, name).parse().expect("a number");
            // The reference is written with ten significant digits.
            assert!(
                (ours - expect).abs() <= 1e-8 * expect.abs(),
                "{id} of {path}: {ours} is not {expect}"
            );
        }
    }
}

/// Fifty-five people who took the device off, put it away, or kept it on; nothing was chosen for them.
#[test]
fn nights_of_depresjon_are_nights() {
    let Some(folder) = references("labelled/depresjon") else {
        return;
    };
    let here = tempfile::tempdir().expect("a folder");
    let out = here.path().join("r.json");
    let activity = folder.join("activity");
    let methods = ["--methods", "sleep,nights"];
    let arguments = ["analyze", text(&activity), "--out", text(&out)];
    let ended = clarity(&[&arguments[..], &methods].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let results = json(&out);
    let recordings = results["recordings"].as_array().expect("recordings");
    assert_eq!(recordings.len(), 55, "{}", ended.err);
    let (mut described, mut with_mean) = (0, 0);
    for recording in recordings {
        let path = recording["path"].as_str().expect("a path");
        for night in recording["nights"].as_array().expect("nights") {
            let time = |name: &str| -> jiff::civil::DateTime {
                night[name]
                    .as_str()
                    .expect("a time")
                    .parse()
                    .expect("a time")
            };
            let length = time("out_of_bed").duration_since(time("in_bed"));
            let Some(asleep) = night["total_sleep_min"].as_f64() else {
                assert!(night["reason"].is_string(), "{path}: {night}");
                continue;
            };
            described += 1;
            assert!(
                length <= jiff::SignedDuration::from_hours(16),
                "{path}: {night}"
            );
            assert!(asleep <= 960.0, "{path}: {night}");
            let coverage = night["coverage"].as_f64().expect("a number");
            assert!(coverage >= 2.0 / 3.0, "{path}: {night}");
        }
        let total = &recording["measures"]["total_sleep_min"];
        match total["value"].as_f64() {
            Some(mean) => {
                with_mean += 1;
                assert!((240.0..=720.0).contains(&mean), "{path}: {mean}");
            }
            None => assert!(total["reason"].is_string(), "{path}"),
        }
    }
    assert!(
        described > 600 && with_mean > 45,
        "{described} nights, {with_mean} means"
    );
}

/// The scorers whose settings the reference shares; it puts an exact tie of Oakley on the other side.
const SCORERS: [(&str, &str); 2] = [("roenneberg", "Roenneberg"), ("scripps", "Scripps")];

#[test]
fn nights_of_a_diary_equal_those_of_the_reference() {
    let Some(folder) = references("actigraphy/awd_example_01") else {
        return;
    };
    let here = tempfile::tempdir().expect("a folder");
    let (diary, out) = (here.path().join("diary.csv"), here.path().join("r.json"));
    let reference = json(&folder.join("reference.json"))["sleep_diary_report"].clone();
    let mut lines = "type,start,end\n".to_owned();
    for entry in reference["diary"].as_array().expect("a diary") {
        let cell = |name: &str| entry[name].as_str().expect("a text").to_owned();
        // The reference scores epochs that the diary calls not worn.
        if cell("type") == "NIGHT" {
            writeln!(lines, "NIGHT,{},{}", cell("start"), cell("end")).expect("a String");
        }
    }
    fs::write(&diary, lines).expect("a file");
    for (scorer, name) in SCORERS {
        let ended = clarity(&[
            "analyze",
            text(&folder.join("input.csv")),
            "--columns",
            COLUMNS,
            "--out",
            text(&out),
            "--diary",
            text(&diary),
            "--scorer",
            scorer,
            "--methods",
            "nights",
        ]);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        let nights = json(&out)["recordings"][0]["nights"].clone();
        let expect = &reference[format!("plain_definitions_{name}")];
        let expect = expect.as_array().expect("nights");
        assert!(expect.len() > 5);
        for expect in expect {
            let night = nights.as_array().expect("nights").iter();
            let night = night
                .clone()
                .find(|night| night["in_bed"] == expect["start"]);
            let night = night.expect("the same night");
            for (ours, theirs) in [
                ("time_in_bed_min", "TIB_min"),
                ("sleep_latency_min", "SOL_min"),
                ("sleep_period_min", "SPT_min"),
                ("total_sleep_min", "TST_min"),
                ("wake_after_onset_min", "WASO_min"),
                ("terminal_wake_min", "terminal_wake_min"),
                ("awakenings", "n_awakenings"),
                ("sleep_efficiency", "SE_TST_over_TIB"),
            ] {
                let apart = night[ours].as_f64().zip(expect[theirs].as_f64());
                let apart = apart.map(|(ours, theirs)| (ours - theirs).abs());
                assert!(
                    apart.is_some_and(|apart| apart < 1e-9),
                    "{scorer} {ours}: {night} {expect}"
                );
            }
        }
    }
}
