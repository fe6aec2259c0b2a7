//! Time of the rhythm measures on a week of one-minute epochs, and how it grows with length.
//!
//! Targets on one core: IS, IV, RA, L5 and M10 together within 0.1 ms, DFA within 10 ms.

use analysis::report::{Input, Report, groups};
use analysis::rhythm::extremes::contrast;
use analysis::rhythm::fluctuation::{Missing, geometric_scales, of_series};
use analysis::rhythm::stability::{WITTING, interdaily, intradaily};
use analysis::rhythm::{cosinor, ssa};
use analysis::series::{Combine, Ends, MINUTE_S, Origin, Series};
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

/// Deterministic counts with a daily wave.
fn minutes(weeks: usize) -> Series {
    let mut state = 1_u64;
    let values = (0..weeks * 7 * 1440)
        .map(|index| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let noise = f64::from(u16::try_from(state >> 48).expect("16 bits")) / 65_536.0;
            let wave = 1.0 - (std::f64::consts::TAU * index as f64 / 1440.0).cos();
            (400.0 * wave * noise * noise).floor()
        })
        .collect();
    Series::new(0, MINUTE_S, values)
}

#[divan::bench(args = [1, 52, 520])]
fn stability_and_contrast(bencher: Bencher, weeks: usize) {
    let series = minutes(weeks);
    bencher.bench_local(|| {
        let series = black_box(&series);
        let stability = interdaily(series, &WITTING);
        let variability = intradaily(series, &WITTING);
        (stability, variability, contrast(series))
    });
}

/// Every measure, night and day: must grow with the length, not faster.
#[divan::bench(args = [1, 2, 8, 52, 520], sample_count = 3)]
fn whole_report(bencher: Bencher, weeks: usize) {
    let series = minutes(weeks);
    bencher.bench_local(|| {
        let report = Report::new(Input::new(black_box(&series)));
        (
            groups::measures(&report),
            report.nights().len(),
            report.days().len(),
        )
    });
}

#[divan::bench]
fn fluctuation(bencher: Bencher) {
    let series = minutes(1);
    let scales = geometric_scales(4, 1440, 20);
    bencher.bench_local(|| of_series(black_box(&series), &scales, Missing::Mean));
}

#[divan::bench]
fn one_cosinor(bencher: Bencher) {
    let series = minutes(1);
    bencher.bench_local(|| cosinor::fit(black_box(&series), 24.0, 1));
}

#[divan::bench]
fn singular_spectrum(bencher: Bencher) {
    let sums = minutes(1)
        .resampled(
            600,
            Origin::FirstEpoch,
            Ends::Complete,
            Combine::SumMissingAsZero,
        )
        .expect("ten minutes hold whole epochs");
    bencher.bench_local(|| ssa::of_values(black_box(sums.values()), 144));
}
