//! Heart-rate variability against `NeuroKit2`, `hrv-analysis` and `pyhrv`.

use std::fs;

use analysis::heart::artefact::{Rule, interpolated, marked};
use analysis::heart::entropy::{approximate_entropy, customary_tolerance, sample_entropy};
use analysis::heart::fluctuation::overlapping;
use analysis::heart::frequency::{by_lomb_scargle, by_welch};
use analysis::heart::geometry::geometry;
use analysis::heart::poincare::{ellipse, rotated};
use analysis::heart::time::{differences, rmssd, time_domain};
use analysis::maths::describe::{standard_deviation, variance};
use serde_json::Value;

use crate::agreement::{Difference, OK, Table};
use crate::reference::{column, folder, json};

const CLOSED: f64 = 1e-9;

const NSRDB: &[&str] = &[
    "pyhrv_nsrdb_5min",
    "pyhrv_nsrdb_long_w0_5min",
    "pyhrv_nsrdb_long_w2_5min",
];
const DIFFERENCES: &[Difference] = &[
    Difference {
        method: "TINN, NeuroKit2",
        recordings: &[],
        reason: "NeuroKit2 starts N at the smallest interval and stops its search early; here both \
                 flanks are searched exhaustively",
    },
    Difference {
        method: "DFA of 4 beats, NeuroKit2",
        recordings: NSRDB,
        reason: "the package leaves out windows of 4 beats that its documentation does not name",
    },
    Difference {
        method: "DFA alpha 1, NeuroKit2",
        recordings: NSRDB,
        reason: "follows from the fluctuation at 4 beats",
    },
    Difference {
        method: "DFA alpha 2, NeuroKit2",
        recordings: &["aura_test_1000"],
        reason: "the package leaves out windows that its documentation does not name",
    },
    Difference {
        method: "Lomb-Scargle, hrv-analysis",
        recordings: &[],
        reason: "astropy approximates the spectrum by extirpolation and FFT; here it is exact",
    },
];

#[test]
fn heart_rate_variability_agrees() {
    let mut table = Table::new(
        "heart-rate variability, NeuroKit2 0.2.13, hrv-analysis 1.0.5, pyhrv 0.5.0",
        DIFFERENCES,
    );
    if let Some(path) = folder("hrv") {
        let mut series: Vec<_> = fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        series.sort();
        for path in series.iter().filter(|path| path.is_dir()) {
            let id = path.file_name().unwrap().to_string_lossy().into_owned();
            let beats: Vec<f64> = column(&path.join("rr_ms.csv"), "rr_ms")
                .iter()
                .map(|value| value.parse().unwrap())
                .collect();
            let expect = json(&path.join("reference.json"));
            in_time(&mut table, &id, &beats, &expect);
            nonlinear(&mut table, &id, &beats, &expect);
            in_frequency(&mut table, &id, &beats, &expect);
            artefacts(&mut table, &id, &beats, &expect);
        }
    }
    table.finish();
}

fn in_time(table: &mut Table, id: &str, beats: &[f64], expect: &Value) {
    let found = time_domain(beats).unwrap();
    let plain = |key: &str| expect.pointer(&format!("/plain/{key}"));
    let steps = differences(beats);
    for (key, ours) in [
        ("mean_nn", found.mean_ms),
        ("sdnn_ddof1", found.sdnn_ms),
        ("sdnn_ddof0", standard_deviation(beats, 0)),
        ("rmssd", found.rmssd_ms),
        ("sdsd_ddof1", found.sdsd_ms),
        ("sdsd_ddof0", variance(&steps, 0).sqrt()),
        ("nn50", found.nn50 as f64),
        ("nn20", found.nn20 as f64),
        ("pnn50_over_n_minus_1", found.pnn50_percent),
        ("pnn20_over_n_minus_1", found.pnn20_percent),
        ("median", found.median_ms),
        ("mean_hr_of_instantaneous", found.rate_mean_bpm),
    ] {
        table.number("time domain", id, OK(ours), plain(key), CLOSED);
    }
    let kit = |key: &str| expect.pointer(&format!("/neurokit2/time/{key}"));
    for (key, ours) in [
        ("HRV_MeanNN", found.mean_ms),
        ("HRV_SDNN", found.sdnn_ms),
        ("HRV_RMSSD", found.rmssd_ms),
        ("HRV_SDSD", found.sdsd_ms),
        ("HRV_CVNN", found.cvnn),
        ("HRV_CVSD", found.cvsd),
        ("HRV_MedianNN", found.median_ms),
    ] {
        table.number("time domain, NeuroKit2", id, OK(ours), kit(key), CLOSED);
    }
    let analysis = |key: &str| expect.pointer(&format!("/hrv_analysis/time/{key}"));
    for (key, ours) in [
        ("sdnn", found.sdnn_ms),
        ("rmssd", found.rmssd_ms),
        ("pnni_50", found.pnn50_percent),
        ("pnni_20", found.pnn20_percent),
        ("cvnni", found.cvnn),
    ] {
        table.number(
            "time domain, hrv-analysis",
            id,
            OK(ours),
            analysis(key),
            CLOSED,
        );
    }
    let shape = geometry(beats);
    let index = shape.map(|shape| shape.triangular_index);
    table.number("triangular index", id, index, kit("HRV_HTI"), CLOSED);
    table.number(
        "TINN, NeuroKit2",
        id,
        shape.map(|shape| shape.tinn_ms),
        kit("HRV_TINN"),
        CLOSED,
    );
}

fn nonlinear(table: &mut Table, id: &str, beats: &[f64], expect: &Value) {
    let at = |key: &str| expect.pointer(key);
    let axes = ellipse(beats).unwrap();
    table.number("Poincaré", id, OK(axes.sd1_ms), at("/plain/sd1"), CLOSED);
    table.number("Poincaré", id, OK(axes.sd2_ms), at("/plain/sd2"), CLOSED);
    let turned = rotated(beats).unwrap();
    table.number(
        "Poincaré, rotated",
        id,
        OK(turned.sd1_ms),
        at("/neurokit2/nonlinear/HRV_SD1"),
        CLOSED,
    );
    table.number(
        "Poincaré, rotated",
        id,
        OK(turned.sd2_ms),
        at("/neurokit2/nonlinear/HRV_SD2"),
        CLOSED,
    );
    let tolerance = customary_tolerance(beats);
    let sample = sample_entropy(beats, 2, tolerance);
    for key in [
        "/neurokit2/entropy_sample_m2_r0.2sd",
        "/hrv_analysis/sampen_m2_r0.2sd/sampen",
    ] {
        table.number("sample entropy", id, sample, at(key), CLOSED);
    }
    let approximate = approximate_entropy(beats, 2, tolerance);
    let key = "/neurokit2/entropy_approximate_m2_r0.2sd";
    table.number("approximate entropy", id, approximate, at(key), CLOSED);
    for key in ["dfa_alpha1_scales_4_16", "dfa_alpha2_scales_16_64"] {
        let Some(expect) = at(&format!("/neurokit2/{key}")) else {
            continue;
        };
        let scales: Vec<usize> = crate::reference::numbers(&expect["scales"])
            .into_iter()
            .map(|scale| usize::try_from(crate::reference::whole(scale)).unwrap())
            .collect();
        let found = overlapping(beats, &scales).unwrap();
        if let Some(expect) = expect.get("fluctuations").and_then(Value::as_array) {
            for ((scale, ours), expect) in scales.iter().zip(&found.fluctuation).zip(expect) {
                let method = if *scale == 4 {
                    "DFA of 4 beats, NeuroKit2"
                } else {
                    "DFA, NeuroKit2"
                };
                table.number(method, id, OK(*ours), Some(expect), CLOSED);
            }
        }
        let method = if key.contains("alpha1") {
            "DFA alpha 1, NeuroKit2"
        } else {
            "DFA alpha 2, NeuroKit2"
        };
        table.number(method, id, OK(found.fit.slope), expect.get("alpha"), CLOSED);
    }
}

fn in_frequency(table: &mut Table, id: &str, beats: &[f64], expect: &Value) {
    for (method, name, found) in [
        (
            "Welch, hrv-analysis",
            "frequency_welch_4Hz_linear",
            by_welch(beats),
        ),
        (
            "Lomb-Scargle, hrv-analysis",
            "frequency_lomb",
            by_lomb_scargle(beats),
        ),
    ] {
        let at = |key: &str| expect.pointer(&format!("/hrv_analysis/{name}/{key}"));
        // The package integrates Scargle's power as it is; ours is scaled to ms² per Hz.
        let duration = beats[1..].iter().sum::<f64>() / 1000.0;
        let scale = if name == "frequency_lomb" {
            beats.len() as f64 / duration / 2.0
        } else {
            1.0
        };
        for (key, ours) in [
            ("vlf", found.map(|bands| bands.vlf_ms2 * scale)),
            ("lf", found.map(|bands| bands.lf_ms2 * scale)),
            ("hf", found.map(|bands| bands.hf_ms2 * scale)),
            ("lf_hf_ratio", found.map(|bands| bands.ratio())),
            ("lfnu", found.map(|bands| bands.lf_normalised())),
        ] {
            table.number(method, id, ours, at(key), CLOSED);
        }
    }
}

fn artefacts(table: &mut Table, id: &str, beats: &[f64], expect: &Value) {
    let pointer = |key: &str| expect.pointer(&format!("/hrv_analysis/preprocessing/{key}"));
    let outside = marked(beats, Rule::Range);
    let removed: Vec<f64> = (0..beats.len())
        .filter(|&index| outside[index])
        .map(|index| index as f64)
        .collect();
    if let Some(expect) = pointer("outliers_300_2000_removed_index") {
        table.equal(
            "range, hrv-analysis",
            id,
            &removed,
            &crate::reference::numbers(expect),
        );
    }
    let beats = &interpolated(beats, &outside).unwrap()[..];
    let total = OK(beats.iter().sum());
    table.number(
        "range, hrv-analysis",
        id,
        total,
        pointer("after_linear_interpolation_sum"),
        CLOSED,
    );
    for (name, rule) in [
        ("malik", Rule::Malik),
        ("kamath", Rule::Kamath),
        ("karlsson", Rule::Karlsson),
        ("acar", Rule::Acar),
    ] {
        let at = |key: &str| expect.pointer(&format!("/hrv_analysis/preprocessing/{key}_{name}"));
        let marks = marked(beats, rule);
        let ours: Vec<f64> = (0..beats.len())
            .filter(|&index| marks[index])
            .map(|index| index as f64)
            .collect();
        if let Some(expect) = at("ectopic_index") {
            table.equal(
                "artefacts, hrv-analysis",
                id,
                &ours,
                &crate::reference::numbers(expect),
            );
        }
        let corrected = interpolated(beats, &marks).and_then(|beats| rmssd(&beats));
        table.number(
            "RMSSD after correction",
            id,
            corrected,
            at("rmssd_after"),
            CLOSED,
        );
    }
}
