//! Heart-rate variability against `NeuroKit2`, `hrv-analysis` and `pyhrv`.

use analysis::heart::artefact::{Rule, interpolated, marked};
use analysis::heart::correction::{Fault, Spread, corrected_with};
use analysis::heart::entropy::{approximate_entropy, customary_tolerance, sample_entropy};
use analysis::heart::fluctuation::overlapping;
use analysis::heart::frequency::{by_lomb_scargle, by_welch};
use analysis::heart::geometry::geometry;
use analysis::heart::poincare::{ellipse, rotated};
use analysis::heart::time::{differences, rmssd, time_domain};
use analysis::maths::describe::{standard_deviation, variance};
use serde_json::Value;

use crate::agreement::{Difference, OK, Table};
use crate::reference::{column, json};

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
    for (id, path) in oracle::data::entries("hrv") {
        let beats: Vec<f64> = column(&path.join("rr_ms.csv"), "rr_ms")
            .iter()
            .map(|value| value.parse().unwrap())
            .collect();
        let expect = json(&path.join("reference.json"));
        in_time(&mut table, &id, &beats, &expect);
        nonlinear(&mut table, &id, &beats, &expect);
        in_frequency(&mut table, &id, &beats, &expect);
        artefacts(&mut table, &id, &beats, &expect);
        correction(&mut table, &id, &beats);
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
        // The package sums the grid points of VLF whatever the stretches are; we do where they are long enough.
        if let Ok(Ok(vlf)) = found.map(|bands| bands.vlf_ms2) {
            table.number(method, id, OK(vlf * scale), at("vlf"), CLOSED);
        } else {
            let long_enough = name == "frequency_lomb" && duration > 300.0;
            assert!(!long_enough, "{id}");
        }
        for (key, ours) in [
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

/// Number of corrected beats, their length and RMSSD, and the faulty beats.
type Correction<'a> = (&'a str, usize, f64, f64, &'a [(usize, Fault)]);

/// What `signal_fixpeaks(method="kubios", iterative=False)` of `NeuroKit2` 0.2.13 makes of the
/// recordings at a million samples a second; the last is `synthetic_clean` with intervals 100 and
/// 101 joined and the one that is then 250 divided 35 to 65.
const CORRECTIONS: &[Correction<'_>] = {
    use Fault::{Ectopic as E, Extra, LongShort as L, Missed};
    &[
        (
            "aura_test_1000",
            1000,
            718_248.0,
            19.518_964_880_084_96,
            &[(49, L), (333, L), (514, L), (714, L)],
        ),
        (
            "pyhrv_nsrdb_5min",
            337,
            299_578.0,
            98.413_735_793_623_56,
            &[(33, L), (74, L), (119, L), (235, L), (245, L)],
        ),
        (
            "pyhrv_nsrdb_long_w0_5min",
            397,
            299_344.0,
            53.378_425_540_018_63,
            &[
                (31, L),
                (104, L),
                (112, L),
                (121, L),
                (214, L),
                (215, L),
                (247, L),
                (277, L),
                (314, L),
            ],
        ),
        (
            "pyhrv_nsrdb_long_w2_5min",
            394,
            300_140.0,
            48.369_101_444_565_9,
            &[(7, L), (8, L), (23, L), (180, L), (262, L), (374, E)],
        ),
        (
            "synthetic_clean",
            420,
            343_767.0,
            39.355_881_917_795_294,
            &[(412, E)],
        ),
        (
            "synthetic_ectopic_public",
            420,
            344_862.0,
            78.378_680_022_696_47,
            &[
                (26, L),
                (27, E),
                (81, L),
                (82, E),
                (141, L),
                (191, L),
                (192, E),
                (261, L),
                (262, E),
                (331, L),
                (412, E),
            ],
        ),
        (
            "synthetic_clean, altered",
            420,
            343_767.0,
            39.174_446_154_394_83,
            &[(101, Missed), (251, Extra), (252, L), (412, E)],
        ),
    ]
};

fn correction(table: &mut Table, id: &str, beats: &[f64]) {
    let mut forms = vec![(id.to_owned(), beats.to_vec())];
    if id == "synthetic_clean" {
        let mut altered = beats.to_vec();
        let joined = altered[100] + altered[101];
        altered.splice(100..102, [joined]);
        let whole = altered[250];
        altered.splice(250..=250, [0.35 * whole, 0.65 * whole]);
        forms.push((format!("{id}, altered"), altered));
    }
    for (id, beats) in forms {
        let expect = CORRECTIONS.iter().find(|expect| expect.0 == id);
        let &(_, count, length_ms, rmssd_ms, faults) = expect.unwrap();
        let found = corrected_with(&beats, Spread::OfSizes).unwrap().value;
        table.equal(
            "faulty beats, NeuroKit2",
            &id,
            &found.faults,
            &faults.to_vec(),
        );
        let whole = found.intervals_ms.len();
        table.equal("corrected beats, NeuroKit2", &id, &whole, &count);
        for (ours, expect) in [
            (OK(found.intervals_ms.iter().sum()), length_ms),
            (rmssd(&found.intervals_ms), rmssd_ms),
        ] {
            // The package moves beats to whole samples, here microseconds.
            let method = "intervals after correction, NeuroKit2";
            table.number(method, &id, ours, Some(&expect.into()), 1e-6);
        }
    }
}
