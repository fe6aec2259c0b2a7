//! Time of the scorers on a week of one-minute epochs, and of non-linear heart-rate variability.
//!
//! Targets on one core: Cole-Kripke, Sadeh, Crespo and Roenneberg together within 2 ms; sample
//! entropy, DFA and Poincaré of 337 beats within 3 ms.

use analysis::heart::entropy::{approximate_entropy, customary_tolerance, sample_entropy};
use analysis::heart::fluctuation::{alpha1, alpha2};
use analysis::heart::poincare::ellipse;
use analysis::score::{cole_kripke, crespo, roenneberg, sadeh};
use analysis::series::{MINUTE_S, Series};
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

fn noise(state: &mut u64) -> f64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1);
    f64::from(u16::try_from(*state >> 48).expect("16 bits")) / 65_536.0
}

/// Deterministic counts: quiet nights, busy days.
fn week() -> Series {
    let mut state = 1;
    let values = (0..7 * 1440_usize)
        .map(|index| {
            let asleep = index % 1440 < 480;
            let moving = noise(&mut state) < if asleep { 0.1 } else { 0.8 };
            let count = (if asleep { 60.0 } else { 900.0 } * noise(&mut state)).floor();
            if moving { count } else { 0.0 }
        })
        .collect();
    Series::new(0, MINUTE_S, values)
}

#[divan::bench]
fn four_scorers(bencher: Bencher) {
    let series = week();
    bencher.bench_local(|| {
        let series = black_box(&series);
        (
            cole_kripke::score(series, &cole_kripke::ACTILIFE),
            sadeh::score(series, &sadeh::ACTILIFE),
            crespo::score(series, crespo::Zeros::Minutes),
            roenneberg::score(series),
        )
    });
}

#[divan::bench]
fn crespo_alone(bencher: Bencher) {
    let series = week();
    bencher.bench_local(|| crespo::score(black_box(&series), crespo::Zeros::Minutes));
}

#[divan::bench]
fn nonlinear_of_337_beats(bencher: Bencher) {
    let mut state = 9;
    let beats: Vec<f64> = (0..337)
        .map(|_| 800.0 + 100.0 * noise(&mut state))
        .collect();
    bencher.bench_local(|| {
        let beats = black_box(&beats[..]);
        let tolerance = customary_tolerance(beats);
        (
            sample_entropy(beats, 2, tolerance),
            approximate_entropy(beats, 2, tolerance),
            ellipse(beats),
            alpha1(beats),
            alpha2(beats),
        )
    });
}
