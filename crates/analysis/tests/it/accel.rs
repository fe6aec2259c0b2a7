//! Raw acceleration against scikit-digital-health and agcounts.

use std::path::Path;

use analysis::accel::calibration::Calibration;
use analysis::accel::epochs::Epochs;
use analysis::accel::measure::Measure;
use analysis::accel::reducer::{Reducer, Settings};
use analysis::series::Origin;
use serde_json::Value;

use crate::agreement::{Difference, Table};
use crate::reference::json;

const CLOSED: f64 = 1e-9;

/// Samples of an array of 32-bit floats with three columns, as numpy writes it.
fn samples(path: &Path) -> Vec<[f32; 3]> {
    let bytes = oracle::data::bytes(path).unwrap();
    let header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let text = String::from_utf8_lossy(&bytes[10..10 + header]);
    assert!(text.contains("'<f4'") && text.contains("'fortran_order': False"));
    let values: Vec<f32> = bytes[10 + header..]
        .chunks_exact(4)
        .map(|four| f32::from_le_bytes(four.try_into().unwrap()))
        .collect();
    values
        .chunks_exact(3)
        .map(|axes| axes.try_into().unwrap())
        .collect()
}

/// Epochs from the first sample, of whatever was asked for.
pub(crate) fn reduced(
    rate_hz: f64,
    epoch_s: u32,
    measures: &[Measure],
    samples: &[[f32; 3]],
) -> Epochs {
    let settings = Settings {
        rate_hz,
        epoch_s,
        origin: Origin::FirstEpoch,
        share_min: 0.9,
        calibration: Calibration::NONE,
        noise_g2: 0.0,
        measures: measures.to_vec(),
    };
    let mut reducer = Reducer::new(settings).unwrap();
    for (index, block) in samples.chunks(120).enumerate() {
        let start = 1_500_000_000_000_000.0 + index as f64 * 120.0 * 1e6 / rate_hz;
        let start_us = analysis::maths::describe::round_to_whole(start);
        reducer.push(start_us, rate_hz, block);
    }
    reducer.finish().unwrap()
}

const RESAMPLES: &[Difference] = &[Difference {
    method: "counts of skdh",
    recordings: &[],
    reason: "scikit-digital-health resamples by interpolation and does not quantise as ActiGraph does",
}];

#[test]
fn raw_acceleration_agrees() {
    let mut table = Table::new(
        "raw acceleration, scikit-digital-health 0.17.18 and agcounts 0.2.6",
        RESAMPLES,
    );
    for (id, path) in oracle::data::entries("raw_accel") {
        let expect = json(&path.join("reference.json"));
        let samples = samples(&path.join("accel_g_f32.npy"));
        assert_eq!(expect["n"].as_u64().unwrap(), samples.len() as u64);
        per_epoch(&mut table, &id, &expect, &samples);
        per_sample(&mut table, &id, &expect, &samples);
        counts(&mut table, &id, &expect, &samples);
    }
    table.finish();
}

fn per_epoch(table: &mut Table, id: &str, expect: &Value, samples: &[[f32; 3]]) {
    let rate_hz = expect["fs"].as_f64().unwrap();
    for (measure, name, epoch_s) in [
        (Measure::VectorMagnitude, "metric_en_5s", 5),
        (Measure::Enmo, "metric_enmo_5s", 5),
        (Measure::EnmoAbsolute, "metric_enmo_abs_5s", 5),
        (Measure::Mad, "metric_mad_5s", 5),
        (Measure::Bfen, "metric_bfen_5s", 5),
        (Measure::Hfen, "metric_hfen_5s", 5),
        (Measure::HfenPlus, "metric_hfenplus_5s", 5),
        (Measure::AngleZ, "metric_anglez_5s", 5),
        (Measure::ActivityIndexFiltered, "activity_index_60s", 60),
    ] {
        let method = measure.analysis().id;
        if expect[name].get("error").is_some() {
            println!("not compared: {name} of {id}: the tool itself refuses its rate");
            let settings = Settings {
                measures: vec![measure],
                ..Settings::customary(rate_hz)
            };
            assert!(Reducer::new(settings).is_err());
            continue;
        }
        let epochs = reduced(rate_hz, epoch_s, &[measure], samples);
        let ours = &epochs.columns[&measure];
        table.numbers(method, id, ours, expect.get(name), CLOSED);
    }
}

/// The angle of single samples: epochs of a second that holds one sample each.
fn per_sample(table: &mut Table, id: &str, expect: &Value, samples: &[[f32; 3]]) {
    let epochs = reduced(1.0, 1, &[Measure::AngleZ], &samples[..10]);
    let ours = &epochs.columns[&Measure::AngleZ];
    let reference = expect.get("z_angle_first10_samples");
    table.numbers("angle_z of a sample", id, ours, reference, CLOSED);
}

fn counts(table: &mut Table, id: &str, expect: &Value, samples: &[[f32; 3]]) {
    let rate_hz = expect["fs"].as_f64().unwrap();
    let axes = [Measure::CountsX, Measure::CountsY, Measure::CountsZ];
    for (tool, method, tolerance) in [
        ("agcounts", "counts", 0.0),
        ("skdh", "counts of skdh", CLOSED),
    ] {
        for epoch_s in [10, 60] {
            let name = format!("actigraph_counts_{tool}_{epoch_s}s");
            let Some(rows) = expect.get(&name).and_then(Value::as_array) else {
                continue;
            };
            let epochs = reduced(rate_hz, epoch_s, &axes, samples);
            for (axis, measure) in axes.iter().enumerate() {
                let column: Value = rows.iter().map(|row| row[axis].clone()).collect();
                table.numbers(
                    method,
                    id,
                    &epochs.columns[measure],
                    Some(&column),
                    tolerance,
                );
            }
        }
    }
}

/// Every entry of the reference is compared above or describes.
#[test]
fn every_reference_of_raw_acceleration_is_compared() {
    const KNOWN: &[&str] = &[
        "id",
        "split",
        "source",
        "fs",
        "n",
        "unit",
        "skdh",
        "scipy",
        "agcounts_version",
        "metric_en_5s",
        "metric_enmo_5s",
        "metric_enmo_abs_5s",
        "metric_mad_5s",
        "metric_bfen_5s",
        "metric_hfen_5s",
        "metric_hfenplus_5s",
        "metric_anglez_5s",
        "z_angle_first10_samples",
        "activity_index_60s",
        "actigraph_counts_skdh_10s",
        "actigraph_counts_skdh_60s",
        "actigraph_counts_agcounts_10s",
        "actigraph_counts_agcounts_60s",
    ];
    for path in oracle::data::entries("raw_accel").values() {
        let file = json(&path.join("reference.json"));
        for name in file.as_object().unwrap().keys() {
            assert!(KNOWN.contains(&name.as_str()), "{name} is not compared");
        }
    }
}
