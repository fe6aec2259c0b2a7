//! What must hold for any stream of raw acceleration, and slow forms beside the fast ones.

use analysis::accel::calibration::{Calibration, Calibrator};
use analysis::accel::epochs::Epochs;
use analysis::accel::measure::{ALL, Measure};
use analysis::accel::nonwear::{self, Detector};
use analysis::accel::reducer::{Reducer, Settings};
use analysis::maths::describe::round_to_whole;
use analysis::series::{Origin, Series};
use proptest::prelude::*;

use crate::accel::reduced;

const START_US: i64 = 1_600_000_000_000_000;

/// Uniform numbers in [0, 1).
fn uniform(seed: u64) -> impl FnMut() -> f32 {
    let mut state = seed;
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        f32::from(u16::try_from(state >> 48).unwrap()) / 65_536.0
    }
}

/// Someone who moves by bouts while the arm turns slowly.
fn moving(seed: u64, rate_hz: f32, count: usize) -> Vec<[f32; 3]> {
    let mut next = uniform(seed);
    (0..count)
        .map(|index| {
            let time_s = index as f32 / rate_hz;
            let size = if (time_s / 7.0).sin() > 0.2 {
                0.5
            } else {
                0.01
            };
            let step = size * (time_s * 11.0).sin();
            let turn = time_s / 40.0;
            [
                turn.cos() * 0.8 + step + 0.02 * next(),
                0.6 - step * 0.4 + 0.02 * next(),
                turn.sin() * 0.8 + 0.02 * next(),
            ]
        })
        .collect()
}

fn settings(rate_hz: f64, epoch_s: u32, measures: &[Measure]) -> Settings {
    Settings {
        epoch_s,
        measures: measures.to_vec(),
        ..Settings::customary(rate_hz)
    }
}

/// Feeds stretches, each cut into pieces of the given lengths in turn.
fn fed(settings: Settings, stretches: &[(i64, Vec<[f32; 3]>)], pieces: &[usize]) -> Epochs {
    let rate_hz = settings.rate_hz;
    let mut reducer = Reducer::new(settings).unwrap();
    let mut lengths = pieces.iter().cycle();
    for (start_us, samples) in stretches {
        let mut from = 0;
        while from < samples.len() {
            let until = samples.len().min(from + lengths.next().unwrap());
            let offset = round_to_whole(from as f64 * 1e6 / rate_hz);
            reducer.push(start_us + offset, rate_hz, &samples[from..until]);
            from = until;
        }
    }
    reducer.finish().unwrap()
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Three stretches with a gap of some seconds and one of some minutes.
fn stretches(seed: u64, rate_hz: f64, jump_us: i64) -> Vec<(i64, Vec<[f32; 3]>)> {
    let mut start_us = START_US + jump_us;
    let mut parts = Vec::new();
    for (index, (seconds, gap_s)) in [(23, 4), (61, 130), (12, 0)].into_iter().enumerate() {
        let count = usize::try_from(round_to_whole(f64::from(seconds) * rate_hz)).unwrap();
        let samples = moving(seed + index as u64, 100.0, count);
        parts.push((start_us, samples));
        start_us += i64::from(seconds + gap_s) * 1_000_000 + jump_us;
    }
    parts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn epochs_do_not_depend_on_how_the_stream_was_cut(
        seed in any::<u64>(),
        rate in 0_usize..6,
        jump_us in 0_i64..2_000_000,
        pieces in prop::collection::vec(1_usize..400, 1..6),
    ) {
        let rate_hz = [100.0, 40.0, 60.0, 85.7, 200.0, 99.9][rate];
        let parts = stretches(seed, rate_hz, jump_us);
        let whole = fed(settings(rate_hz, 5, ALL), &parts, &[usize::MAX >> 1]);
        let cut = fed(settings(rate_hz, 5, ALL), &parts, &pieces);
        prop_assert_eq!(whole.samples, cut.samples);
        prop_assert_eq!(bits(&whole.coverage), bits(&cut.coverage));
        for (measure, values) in &whole.columns {
            prop_assert_eq!(bits(values), bits(&cut.columns[measure]), "{:?}", measure);
        }
        prop_assert!(whole.coverage.iter().all(|share| (0.0..=1.0).contains(share)));
    }

    #[test]
    fn turning_the_device_changes_no_magnitude(seed in any::<u64>(), turn in 0.0..6.3_f32) {
        let samples = moving(seed, 50.0, 3000);
        let (sin, cos) = turn.sin_cos();
        let turned: Vec<[f32; 3]> = samples
            .iter()
            .map(|[x, y, z]| [x * cos - z * sin, *y, x * sin + z * cos])
            .collect();
        let measures = [Measure::Enmo, Measure::Mad, Measure::ActivityIndex, Measure::Hfen];
        let (a, b) = (reduced(50.0, 5, &measures, &samples), reduced(50.0, 5, &measures, &turned));
        for measure in measures {
            for (a, b) in a.columns[&measure].iter().zip(&b.columns[&measure]) {
                prop_assert!((a - b).abs() < 1e-5, "{:?}: {} {}", measure, a, b);
            }
        }
    }

    #[test]
    fn the_fast_forms_equal_the_plain_ones(seed in any::<u64>()) {
        let samples = moving(seed, 100.0, 6000);
        let found = reduced(100.0, 5, ALL, &samples);
        for (index, epoch) in samples.chunks(500).enumerate() {
            for (measure, plain) in plain(epoch) {
                let ours = found.columns[&measure][index];
                prop_assert!((ours - plain).abs() <= 1e-12 * plain.abs().max(1.0), "{:?}", measure);
            }
        }
    }

    #[test]
    fn counts_equal_the_published_steps(seed in any::<u64>(), listed in 0_usize..8) {
        let (rate_hz, up, down) = [
            (30.0, 1, 1), (40.0, 3, 4), (50.0, 3, 5), (60.0, 1, 2),
            (70.0, 3, 7), (80.0, 3, 8), (90.0, 1, 3), (100.0, 3, 10),
        ][listed];
        let count = usize::try_from(round_to_whole(rate_hz * 60.0)).unwrap();
        let samples = moving(seed, 60.0, count);
        let axes = [Measure::CountsX, Measure::CountsY, Measure::CountsZ];
        let found = reduced(rate_hz, 10, &axes, &samples);
        for (axis, measure) in axes.iter().enumerate() {
            let values: Vec<f64> = samples.iter().map(|sample| f64::from(sample[axis])).collect();
            prop_assert_eq!(&found.columns[measure], &published(&values, up, down));
        }
    }
}

/// The measures of one epoch as their formulas read.
fn plain(epoch: &[[f32; 3]]) -> Vec<(Measure, f64)> {
    let wide: Vec<[f64; 3]> = epoch.iter().map(|sample| sample.map(f64::from)).collect();
    let count = wide.len() as f64;
    let mean = |of: &dyn Fn(&[f64; 3]) -> f64| wide.iter().map(of).sum::<f64>() / count;
    let norm = |[x, y, z]: &[f64; 3]| (x * x + y * y + z * z).sqrt();
    let centre = mean(&norm);
    let median = |axis: usize| {
        let mut values: Vec<f64> = wide.iter().map(|sample| sample[axis]).collect();
        values.sort_by(f64::total_cmp);
        f64::midpoint(values[values.len() / 2 - 1], values[values.len() / 2])
    };
    let angle = |[x, y, z]: &[f64; 3]| z.atan2((x * x + y * y).sqrt()).to_degrees();
    let seconds = wide.chunks(100).map(|second| {
        let of_axis = |axis: usize| {
            let mean = second.iter().map(|s| s[axis]).sum::<f64>() / 100.0;
            second.iter().map(|s| (s[axis] - mean).powi(2)).sum::<f64>() / 99.0
        };
        ((of_axis(0) + of_axis(1) + of_axis(2)) / 3.0).sqrt()
    });
    vec![
        (Measure::VectorMagnitude, centre),
        (Measure::Enmo, mean(&|s| (norm(s) - 1.0).max(0.0))),
        (Measure::EnmoAbsolute, mean(&|s| (norm(s) - 1.0).abs())),
        (Measure::Mad, mean(&|s| (norm(s) - centre).abs())),
        (Measure::AngleZ, mean(&angle)),
        (
            Measure::AngleZOfMedians,
            angle(&[median(0), median(1), median(2)]),
        ),
        (Measure::ActivityIndex, seconds.sum()),
    ]
}

/// Neishabouri 2022, one axis, on lists of the whole recording, in epochs of ten seconds.
fn published(values: &[f64], up: usize, down: usize) -> Vec<f64> {
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
    let mut stuffed = vec![0.0; values.len() * up];
    for (index, value) in values.iter().enumerate() {
        stuffed[index * up] = *value;
    }
    if up > 1 {
        let (pi, up) = (std::f64::consts::PI, up as f64);
        let (gain, back) = (pi / (pi + 2.0 * up) * up, (pi - 2.0 * up) / (pi + 2.0 * up));
        let (mut input, mut output) = (0.0, 0.0);
        for value in &mut stuffed {
            output = gain * (*value + input) - back * output;
            input = std::mem::replace(value, output);
        }
    }
    let at_30: Vec<f64> = stuffed
        .iter()
        .step_by(down)
        .map(|v| (v * 1000.0).round_ties_even() / 1000.0)
        .collect();
    // A minute at the first value charges the filter.
    let charged: Vec<f64> = std::iter::repeat_n(at_30[0], 1800).chain(at_30).collect();
    let mut band: Vec<f64> = Vec::new();
    for index in 0..charged.len() {
        let zeros = (0..8.min(index + 1)).map(|tap| ZEROS[tap] * charged[index - tap]);
        let poles = (1..8.min(index + 1)).map(|tap| POLES[tap] * band[index - tap]);
        band.push(zeros.sum::<f64>() - poles.sum::<f64>());
    }
    let scale = 3.0 / 4096.0 / (2.6 / 256.0) * 237.5;
    let trimmed = band[1800..].iter().map(|value| (value * scale).abs());
    let trimmed: Vec<f64> = trimmed
        .map(|c| if c < 4.0 { 0.0 } else { c.min(128.0).floor() })
        .collect();
    let tenths: Vec<f64> = trimmed
        .chunks_exact(3)
        .map(|t| (t.iter().sum::<f64>() / 3.0).floor())
        .collect();
    tenths.chunks(100).map(|epoch| epoch.iter().sum()).collect()
}

#[test]
fn a_wave_passes_the_filters_as_their_formula_says() {
    let amplitude = 0.3;
    let samples: Vec<[f32; 3]> = (0..60 * 1800)
        .map(|index| {
            [
                0.0,
                (index as f32 / 60.0 * std::f32::consts::TAU * 0.5).sin() * amplitude,
                1.0,
            ]
        })
        .collect();
    let found = reduced(60.0, 60, &[Measure::Hfen, Measure::Bfen], &samples);
    let warped = |hz: f64| (std::f64::consts::PI * hz / 60.0).tan();
    // Both ways: the squared gain, and the mean of |sin| is 2/π.
    let high = 1.0 / (1.0 + (warped(0.2) / warped(0.5)).powi(8));
    let (low, top, at) = (warped(0.2), warped(15.0), warped(0.5));
    let band = 1.0 / (1.0 + ((at * at - low * top) / (at * (top - low))).powi(8));
    for (measure, gain) in [(Measure::Hfen, high), (Measure::Bfen, band)] {
        let expect = f64::from(amplitude) * gain * 2.0 / std::f64::consts::PI;
        for value in &found.columns[&measure][2..28] {
            assert!(
                (value / expect - 1.0).abs() < 1e-3,
                "{measure:?}: {value}, not {expect}"
            );
        }
    }
}

#[test]
fn what_is_missing_is_missing() {
    let samples = moving(3, 100.0, 1000);
    let mut reducer = Reducer::new(settings(100.0, 5, ALL)).unwrap();
    reducer.push(START_US, 100.0, &samples); // two whole epochs
    reducer.push(START_US + 20_000_000, 100.0, &samples[..250]); // after ten silent seconds half of one
    let mut odd = samples[..500].to_vec();
    odd[10][1] = f32::NAN;
    odd[400][2] = f32::INFINITY;
    reducer.push(START_US + 30_000_000, 100.0, &odd);
    reducer.push(START_US + 40_000_000, 50.0, &samples); // not the rate of the recording
    reducer.push(i64::MAX - 9, 100.0, &samples[..3]);
    reducer.push(START_US, 100.0, &samples[..3]); // again
    let epochs = reducer.finish().unwrap();
    assert_eq!(
        epochs.coverage,
        [1.0, 1.0, 0.0, 0.0, 0.5, 0.0, 498.0 / 500.0]
    );
    assert_eq!((epochs.samples, epochs.skipped), (1748, 2 + 1000 + 3 + 3));
    for measure in ALL {
        let missing: Vec<bool> = epochs.columns[measure].iter().map(|v| v.is_nan()).collect();
        assert_eq!(
            missing,
            [false, false, true, true, true, true, false],
            "{measure:?}"
        );
    }
    assert_eq!(
        epochs.series(Measure::Enmo).unwrap().start_s(),
        START_US / 1_000_000
    );
    assert!(
        Reducer::new(settings(100.0, 5, ALL))
            .unwrap()
            .finish()
            .is_none()
    );
    assert!(Reducer::new(settings(25.0, 5, &[Measure::CountsX])).is_err());
    assert!(Reducer::new(settings(f64::NAN, 5, &[])).is_err());
}

#[test]
fn two_reducers_share_the_work() {
    let parts = stretches(5, 100.0, 1);
    let (counts, rest): (Vec<Measure>, Vec<Measure>) = ALL
        .iter()
        .partition(|measure| measure.analysis().unit == "{count}");
    assert_eq!(counts.len(), 4);
    let whole = fed(settings(100.0, 5, ALL), &parts, &[120]);
    let one = fed(settings(100.0, 5, &counts), &parts, &[120]);
    let other = fed(settings(100.0, 5, &rest), &parts, &[120]);
    let joined = one.joined(other).unwrap();
    assert_eq!(joined.columns.len(), whole.columns.len());
    for (measure, values) in &whole.columns {
        assert_eq!(bits(values), bits(&joined.columns[measure]));
    }
    let later = fed(
        settings(100.0, 5, &rest),
        &stretches(5, 100.0, 7_000_000),
        &[120],
    );
    assert!(joined.joined(later).is_none());
}

/// Ten seconds at rest in each of some directions, as a device with an error sees them.
fn at_rest(directions: usize, scale: [f32; 3], offset: [f32; 3]) -> Vec<[f32; 3]> {
    let mut next = uniform(11);
    let mut samples = Vec::new();
    for _ in 0..directions {
        let (rise, turn) = (2.0 * next() - 1.0, std::f32::consts::TAU * next());
        let level = (1.0 - rise * rise).sqrt();
        let gravity = [level * turn.cos(), level * turn.sin(), rise];
        for _ in 0..500 {
            samples.push(
                [0, 1, 2].map(|k| gravity[k] / scale[k] - offset[k] + 0.004 * (next() - 0.5)),
            );
        }
    }
    samples
}

fn calibrated(
    samples: &[[f32; 3]],
) -> analysis::outcome::Outcome<analysis::accel::calibration::Found> {
    let mut calibrator = Calibrator::new(50.0);
    for (index, block) in samples.chunks(77).enumerate() {
        let start_us = START_US + i64::try_from(index * 77 * 20_000).unwrap();
        calibrator.push(start_us, 50.0, block);
    }
    calibrator.finish()
}

#[test]
fn calibration_finds_the_error_that_was_put_in() {
    let (scale, offset) = ([1.03, 0.97, 1.01], [0.05, -0.04, 0.02]);
    let samples = at_rest(200, scale, offset);
    let found = calibrated(&samples).unwrap();
    assert!((found.coverage - 1.0).abs() < 1e-12);
    let found = found.value;
    assert_eq!(found.windows, 200);
    assert!(
        found.error_before_g > 0.02 && found.error_after_g < 3e-4,
        "{found:?}"
    );
    for k in 0..3 {
        assert!(
            (found.calibration.scale[k] - f64::from(scale[k])).abs() < 1e-3,
            "{found:?}"
        );
        assert!(
            (found.calibration.offset_g[k] - f64::from(offset[k])).abs() < 1e-3,
            "{found:?}"
        );
    }
    let mut asked = settings(50.0, 10, &[Measure::VectorMagnitude]);
    asked.calibration = found.accepted();
    let corrected = fed(asked, &[(START_US, samples)], &[100]);
    let lengths = &corrected.columns[&Measure::VectorMagnitude];
    assert!(lengths.iter().all(|length| (length - 1.0).abs() < 2e-3));
}

#[test]
fn calibration_refuses_what_does_not_determine_it() {
    let needs = |samples: &[[f32; 3]]| calibrated(samples).unwrap_err().of;
    assert_eq!(needs(&moving(1, 50.0, 50 * 600)), "still windows of 10 s");
    assert_eq!(
        needs(&vec![[0.0, 0.0, 1.0]; 50 * 600]),
        "sides of the axes beyond 0.3 g at rest"
    );
    assert_eq!(needs(&vec![[0.0; 3]; 50 * 600]), "still windows of 10 s");
    // A device without error is left as it is or nearly so.
    let found = calibrated(&at_rest(60, [1.0; 3], [0.0; 3])).unwrap().value;
    assert!((found.accepted().scale[0] - 1.0).abs() < 1e-3);
}

/// Minutes of wear (true) or of lying on a table, at 10 samples per second.
fn detected(minutes: &[(bool, usize)]) -> Option<Series> {
    let mut next = uniform(23);
    let mut detector = Detector::new(10.0, Calibration::NONE);
    let mut time_us = START_US - START_US % 900_000_000;
    for &(worn, count) in minutes {
        for minute in 0..count {
            // A wearer turns the arm from minute to minute.
            let turn = if worn { 0.2 * minute as f32 } else { 0.0 };
            let block: Vec<[f32; 3]> = (0..600)
                .map(|_| [turn.cos(), turn.sin(), 0.0].map(|axis| axis + 0.01 * next()))
                .collect();
            detector.push(time_us, 10.0, &block);
            time_us += 60_000_000;
        }
    }
    detector.finish()
}

#[test]
fn a_device_on_the_table_is_not_worn() {
    let nonwear = detected(&[(true, 60), (false, 150), (true, 60)]).unwrap();
    assert_eq!(nonwear.step_s(), 900);
    let text: String = nonwear
        .values()
        .iter()
        .map(|v| if *v > 0.5 { '1' } else { '0' })
        .collect();
    // An hour around the middle of the step must be still: 60 to 210 minutes, less 22.5 on each side.
    assert_eq!(text, "000000111111000000");
    let minutes = Series::new(nonwear.start_s() - 600, 60, vec![1.0; 300]);
    let mask = nonwear::mask(&nonwear, &minutes);
    assert_eq!(mask.iter().filter(|off| **off).count(), 90);
    assert_eq!(mask.iter().position(|off| *off), Some(100));
    // Half an hour is the least that a window may hold.
    assert!(detected(&[(false, 20)]).unwrap().values()[0].is_nan());
    assert!(detected(&[]).is_none());
}

#[test]
fn epochs_begin_with_the_clock_or_with_the_recording() {
    let samples = moving(9, 50.0, 1000);
    for (origin, first, start_us) in [
        (Origin::Midnight, 0.6, START_US),
        (Origin::FirstEpoch, 1.0, START_US + 2_000_000),
    ] {
        let asked = Settings {
            origin,
            ..settings(50.0, 5, &[Measure::Mad])
        };
        let epochs = fed(asked, &[(START_US + 2_000_000, samples.clone())], &[90]);
        assert_eq!((epochs.start_us, epochs.coverage[0]), (start_us, first));
        assert_eq!(epochs.columns[&Measure::Mad][0].is_nan(), first < 0.9);
    }
}

#[test]
fn calibration_and_nonwear_do_not_depend_on_how_the_stream_was_cut() {
    let mut samples = at_rest(40, [1.02; 3], [0.01, 0.02, -0.02]);
    samples.extend(moving(4, 50.0, 30_000));
    samples.extend(vec![[0.0, 0.0, 1.0]; 200_000]);
    samples[7_000][0] = f32::NAN;
    let with = |pieces: usize| {
        let mut calibrator = Calibrator::new(50.0);
        let mut detector = Detector::new(50.0, Calibration::NONE);
        for (index, block) in samples.chunks(pieces).enumerate() {
            let start_us = START_US + 123 + i64::try_from(index * pieces * 20_000).unwrap();
            calibrator.push(start_us, 50.0, block);
            detector.push(start_us, 50.0, block);
        }
        let nonwear = detector.finish().unwrap();
        assert!(nonwear.values().contains(&1.0) && nonwear.values().contains(&0.0));
        (calibrator.finish().unwrap(), bits(nonwear.values()))
    };
    let whole = with(usize::MAX >> 1);
    assert_eq!(with(77), whole);
    assert_eq!(with(1), whole);
}

#[test]
fn a_constant_and_a_single_sample_do_no_harm() {
    let still = reduced(100.0, 5, ALL, &vec![[0.0, 0.6, 0.8]; 3000]);
    for measure in ALL {
        let expect = if *measure == Measure::VectorMagnitude {
            1.0
        } else if measure.analysis().unit == "deg" {
            0.8_f64.atan2(0.6).to_degrees()
        } else {
            0.0
        };
        let values = &still.columns[measure];
        assert!(
            values.iter().all(|value| (value - expect).abs() < 1e-5),
            "{measure:?}: {values:?}"
        );
    }
    let single = reduced(100.0, 5, ALL, &[[0.0, 0.0, 1.0]]);
    assert_eq!((single.len(), single.samples), (1, 1));
    assert!(
        single
            .columns
            .values()
            .all(|values| values.len() == 1 && values[0].is_nan())
    );
}
