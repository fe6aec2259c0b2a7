//! Time of the reduction of raw acceleration on one core, at 100 samples per second.
//!
//! Target: a packed Axivity file has 4.27 bytes per sample, so that 200 MB/s on two cores are 23 million
//! samples per second and core for ENMO, MAD, the angle and the counts together. First the ratio to
//! straightforward forms over the whole recording is printed.

#![expect(
    clippy::indexing_slicing,
    reason = "the plain forms index as the publications write them"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use analysis::accel::calibration::{Calibration, Calibrator};
use analysis::accel::epochs::Epochs;
use analysis::accel::measure::Measure;
use analysis::accel::nonwear::Detector;
use analysis::accel::reducer::{Reducer, Settings};
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};

const RATE_HZ: f64 = 100.0;
const BLOCK: usize = 120; // samples of a packed block
const BLOCK_US: i64 = 1_200_000;
const BLOCK_BYTES: usize = 512;
const BLOCKS: usize = 3000; // an hour
const QUARTER: usize = 90_000; // samples: short, so that other work of the machine disturbs less

const ASKED: &[Measure] = &[
    Measure::Enmo,
    Measure::Mad,
    Measure::AngleZ,
    Measure::CountsX,
    Measure::CountsY,
    Measure::CountsZ,
    Measure::CountsMagnitude,
];

#[expect(clippy::print_stdout, reason = "the ratio is what this program is for")]
fn main() {
    let samples = hour();
    let samples = &samples[..QUARTER];
    let (slow, fast) = (
        fastest(|| naive::all(samples)),
        fastest(|| reduced(ASKED, samples)),
    );
    let rate = |time: Duration| samples.len() as f64 / time.as_secs_f64() / 1e6;
    println!(
        "ENMO, MAD, angle and counts: naive {:.1}, streamed {:.1} million samples/s, ratio {:.1}",
        rate(slow),
        rate(fast),
        slow.as_secs_f64() / fast.as_secs_f64()
    );
    divan::main();
}

fn fastest<T>(mut work: impl FnMut() -> T) -> Duration {
    let mut least = Duration::MAX;
    for _ in 0..40 {
        let begun = Instant::now();
        black_box(work());
        least = least.min(begun.elapsed());
    }
    least
}

/// An hour that walks, sits and lies still in turn.
fn hour() -> Vec<[f32; 3]> {
    let mut state = 7_u64;
    let mut noise = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        f32::from(u16::try_from(state >> 48).expect("16 bits")) / 65_536.0 - 0.5
    };
    (0..BLOCK * BLOCKS)
        .map(|index| {
            let time_s = index as f32 / 100.0;
            let size = [0.6, 0.05, 0.0][index / 30_000 % 3];
            let step = (time_s * 12.0).sin() * size;
            let turn = time_s / 300.0;
            [
                turn.cos() * 0.8 + step + noise() * 0.02,
                0.6 - step * 0.5 + noise() * 0.02,
                turn.sin() * 0.8 + step * 0.3 + noise() * 0.02,
            ]
        })
        .collect()
}

fn reduced(measures: &[Measure], samples: &[[f32; 3]]) -> Epochs {
    let settings = Settings {
        measures: measures.to_vec(),
        ..Settings::customary(RATE_HZ)
    };
    let mut reducer = Reducer::new(settings).expect("100 samples per second are enough");
    for (start_us, block) in blocks(samples) {
        reducer.push(start_us, RATE_HZ, block);
    }
    reducer.finish().expect("there are samples")
}

fn blocks(samples: &[[f32; 3]]) -> impl Iterator<Item = (i64, &[[f32; 3]])> {
    let mut start_us = 1_700_000_000_000_000 - BLOCK_US;
    samples.chunks(BLOCK).map(move |block| {
        start_us += BLOCK_US;
        (start_us, block)
    })
}

fn bench(bencher: Bencher, measures: &[Measure]) {
    let samples = hour();
    bencher
        .counter(ItemsCount::new(samples.len()))
        .counter(BytesCount::new(BLOCKS * BLOCK_BYTES))
        .bench_local(|| reduced(measures, black_box(&samples)));
}

#[divan::bench(args = analysis::accel::measure::ALL.iter().copied(), sample_count = 20)]
fn one(bencher: Bencher, measure: Measure) {
    bench(bencher, &[measure]);
}

#[divan::bench(sample_count = 20)]
fn asked(bencher: Bencher) {
    bench(bencher, ASKED);
}

#[divan::bench(sample_count = 20)]
fn magnitudes_and_angle(bencher: Bencher) {
    bench(bencher, &[Measure::Enmo, Measure::Mad, Measure::AngleZ]);
}

#[divan::bench(sample_count = 20)]
fn all(bencher: Bencher) {
    bench(bencher, analysis::accel::measure::ALL);
}

#[divan::bench(sample_count = 20)]
fn calibrator(bencher: Bencher) {
    let samples = hour();
    bencher
        .counter(ItemsCount::new(samples.len()))
        .counter(BytesCount::new(BLOCKS * BLOCK_BYTES))
        .bench_local(|| {
            let mut calibrator = Calibrator::new(RATE_HZ);
            for (start_us, block) in blocks(black_box(&samples)) {
                calibrator.push(start_us, RATE_HZ, block);
            }
            calibrator.finish()
        });
}

#[divan::bench(sample_count = 20)]
fn nonwear(bencher: Bencher) {
    let samples = hour();
    bencher
        .counter(ItemsCount::new(samples.len()))
        .counter(BytesCount::new(BLOCKS * BLOCK_BYTES))
        .bench_local(|| {
            let mut detector = Detector::new(RATE_HZ, Calibration::NONE);
            for (start_us, block) in blocks(black_box(&samples)) {
                detector.push(start_us, RATE_HZ, block);
            }
            detector.finish()
        });
}

/// Each method written down as published, on lists of the whole recording.
mod naive {
    const ZEROS: [f64; 8] = [
        -0.009_341_062_898_525,
        -0.025_470_289_659_36,
        -0.004_235_264_826_105,
        0.044_152_415_456_42,
        0.036_493_718_347_76,
        -0.011_893_961_934_74,
        -0.022_917_390_623_15,
        -0.006_788_163_862_31,
    ];
    const POLES: [f64; 8] = [
        1.0,
        -3.633_673_959_109_57,
        5.036_898_127_574_86,
        -3.096_122_478_196_66,
        0.506_205_076_338_33,
        0.324_217_015_666_82,
        -0.156_854_858_755_59,
        0.019_491_302_058_9,
    ];

    pub(super) fn all(samples: &[[f32; 3]]) -> Vec<Vec<f64>> {
        let wide: Vec<[f64; 3]> = samples.iter().map(|sample| sample.map(f64::from)).collect();
        let norm: Vec<f64> = wide
            .iter()
            .map(|[x, y, z]| (x * x + y * y + z * z).sqrt())
            .collect();
        let angle: Vec<f64> = wide
            .iter()
            .map(|[x, y, z]| (z / (x * x + y * y).sqrt()).atan().to_degrees())
            .collect();
        let mut columns = vec![
            means(&norm.iter().map(|r| (r - 1.0).max(0.0)).collect::<Vec<_>>()),
            means(&angle),
            norm.chunks(500)
                .map(|epoch| {
                    let mean = epoch.iter().sum::<f64>() / epoch.len() as f64;
                    epoch.iter().map(|r| (r - mean).abs()).sum::<f64>() / epoch.len() as f64
                })
                .collect(),
        ];
        columns.extend((0..3).map(|axis| counts(&wide, axis)));
        columns
    }

    fn means(values: &[f64]) -> Vec<f64> {
        values
            .chunks(500)
            .map(|epoch| epoch.iter().sum::<f64>() / epoch.len() as f64)
            .collect()
    }

    fn counts(samples: &[[f64; 3]], axis: usize) -> Vec<f64> {
        let pi = std::f64::consts::PI;
        let (gain, back) = (pi / (pi + 6.0) * 3.0, (pi - 6.0) / (pi + 6.0));
        let mut stuffed = vec![0.0; samples.len() * 3];
        for (index, sample) in samples.iter().enumerate() {
            stuffed[index * 3] = sample[axis];
        }
        let mut low = vec![0.0; stuffed.len()];
        for index in 0..stuffed.len() {
            let before = index.checked_sub(1);
            let input = stuffed[index] + before.map_or(0.0, |b| stuffed[b]);
            low[index] = gain * input - back * before.map_or(0.0, |b| low[b]);
        }
        let at_30: Vec<f64> = low
            .iter()
            .step_by(10)
            .map(|value| (value * 1000.0).round() / 1000.0)
            .collect();
        let mut band = vec![0.0; at_30.len()];
        for index in 0..at_30.len() {
            for tap in 0..8 {
                let past = |list: &[f64]| index.checked_sub(tap).map_or(0.0, |i| list[i]);
                let fed_back = if tap == 0 { 0.0 } else { past(&band) };
                band[index] += ZEROS[tap] * past(&at_30) - POLES[tap] * fed_back;
            }
        }
        let trimmed: Vec<f64> = band
            .iter()
            .map(|value| (value * 17.127_404).abs())
            .map(|count| {
                if count < 4.0 {
                    0.0
                } else {
                    count.min(128.0).floor()
                }
            })
            .collect();
        let tenths: Vec<f64> = trimmed
            .chunks_exact(3)
            .map(|three| (three.iter().sum::<f64>() / 3.0).floor())
            .collect();
        tenths.chunks(50).map(|epoch| epoch.iter().sum()).collect()
    }
}
