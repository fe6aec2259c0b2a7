//! What must hold for any series: bounds, scale and shift, whole-day rotation, gaps, odd inputs.

use analysis::catalogue;
use analysis::heart::time::time_domain;
use analysis::rhythm::adat::{Partial, Which, average_daily_total};
use analysis::rhythm::extremes::contrast;
use analysis::rhythm::fluctuation::{Missing, geometric_scales, of_series};
use analysis::rhythm::profile::average_day;
use analysis::rhythm::regularity::over_pairs;
use analysis::rhythm::stability::{WITTING, interdaily, intradaily};
use analysis::rhythm::{cosinor, lids, periodogram, ssa};
use analysis::score::{cole_kripke, crespo, oakley, roenneberg, sadeh, scripps};
use analysis::series::{DAY_S, Series};
use analysis::stats::kendall::mann_kendall;
use analysis::stats::persistence::Correlation;
use analysis::stats::{baseline, hampel, permutation, slope};
use analysis::wear::{choi, troiano};
use proptest::prelude::*;

/// Minutes of several days: a daily wave with noise, from a seed, with some minutes missing.
fn minutes(days: usize, seed: u64, missing: f64) -> Series {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(state >> 33).unwrap()) / f64::from(1_u32 << 31)
    };
    let values = (0..days * 1440)
        .map(|index| {
            let wave = 1.0 - (std::f64::consts::TAU * index as f64 / 1440.0).cos();
            let count = (300.0 * wave * next()).floor();
            if next() < missing { f64::NAN } else { count }
        })
        .collect();
    Series::new(0, 60, values)
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1e-9)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn ratios_keep_their_bounds_and_ignore_scale(seed in any::<u64>(), days in 2_usize..6, missing in 0.0..0.2_f64, factor in 0.1..50.0_f64) {
        let series = minutes(days, seed, missing);
        let scaled = series.map(|value| value * factor);
        let stability = interdaily(&series, &WITTING).unwrap();
        prop_assert!((0.0..=1.0 + 1e-12).contains(&stability.value));
        prop_assert!((0.0..=1.0).contains(&stability.coverage));
        prop_assert!(close(stability.value, interdaily(&scaled, &WITTING).unwrap().value));
        let variability = intradaily(&series, &WITTING).unwrap().value;
        prop_assert!(variability >= 0.0);
        prop_assert!(close(variability, intradaily(&scaled, &WITTING).unwrap().value));
        let found = contrast(&series).unwrap().value;
        prop_assert!(found.l5.level <= found.m10.level);
        prop_assert!((0.0..=1.0).contains(&found.relative_amplitude.unwrap()));
        prop_assert!(close(found.m10.level * factor, contrast(&scaled).unwrap().value.m10.level));
    }

    #[test]
    fn a_constant_added_changes_levels_only(seed in any::<u64>(), shift in 1.0..500.0_f64) {
        let series = minutes(3, seed, 0.1);
        let shifted = series.map(|value| value + shift);
        prop_assert!(close(interdaily(&series, &WITTING).unwrap().value, interdaily(&shifted, &WITTING).unwrap().value));
        let (plain, raised) = (cosinor::fit(&series, 24.0, 2).unwrap().value, cosinor::fit(&shifted, 24.0, 2).unwrap().value);
        prop_assert!((plain.mesor + shift - raised.mesor).abs() < 1e-6);
        prop_assert!((plain.harmonics[0].amplitude - raised.harmonics[0].amplitude).abs() < 1e-6);
    }

    #[test]
    fn whole_days_may_be_rotated(seed in any::<u64>(), by in 1_usize..4) {
        let series = minutes(4, seed, 0.05);
        let mut values = series.values().to_vec();
        values.rotate_left(by * 1440);
        let rotated = Series::new(0, 60, values);
        let (a, b) = (interdaily(&series, &WITTING).unwrap().value, interdaily(&rotated, &WITTING).unwrap().value);
        prop_assert!(close(a, b));
        let (a, b) = (contrast(&series).unwrap().value, contrast(&rotated).unwrap().value);
        prop_assert!(close(a.l5.level, b.l5.level) && a.l5.onset_s == b.l5.onset_s);
        prop_assert!(close(a.m10.level, b.m10.level) && a.m10.onset_s == b.m10.onset_s);
        let total = |series: &Series| average_daily_total(series, Partial::Scaled, Which::All).unwrap().value;
        prop_assert!(close(total(&series), total(&rotated)));
    }

    #[test]
    fn a_start_later_in_the_day_moves_the_clock_times(seed in any::<u64>(), hours in 1_u32..24) {
        let series = minutes(3, seed, 0.0);
        let later = Series::new(i64::from(hours) * 3600, 60, series.values().to_vec());
        let (a, b) = (contrast(&series).unwrap().value, contrast(&later).unwrap().value);
        prop_assert_eq!((a.m10.onset_s + hours * 3600) % DAY_S, b.m10.onset_s);
    }

    #[test]
    fn scorers_score_every_epoch_once(seed in any::<u64>(), missing in 0.0..0.2_f64) {
        let series = minutes(2, seed, missing);
        for scored in [
            sadeh::score(&series, &sadeh::ACTILIFE).unwrap().value,
            sadeh::score(&series, &sadeh::PY_ACTIGRAPHY).unwrap().value,
            cole_kripke::score(&series, &cole_kripke::ACTILIFE).unwrap().value,
            scripps::score(&series).unwrap().value,
            oakley::score(&series, oakley::Threshold::Automatic, oakley::Tie::Sleep).unwrap().value,
            roenneberg::score(&series).unwrap().value,
            crespo::score(&series, crespo::Zeros::Minutes).unwrap().value,
        ] {
            prop_assert_eq!(scored.len(), series.len());
            prop_assert!((0.0..=1.0).contains(&scored.coverage()));
            if let Ok(regularity) = over_pairs(&scored) {
                prop_assert!((-100.0..=100.0).contains(&regularity.value));
            }
        }
        let worn = choi::nonwear(&series, &choi::CHOI_2011).unwrap().value;
        prop_assert_eq!(worn.len(), series.len());
        let worn = troiano::nonwear(&series, &troiano::TROIANO_2008).unwrap().value;
        prop_assert_eq!(worn.len(), series.len());
    }

    #[test]
    fn beats_scale_with_their_unit(beats in prop::collection::vec(400.0..1600.0_f64, 5..200), factor in 0.5..2.0) {
        let found = time_domain(&beats).unwrap();
        let scaled = time_domain(&beats.iter().map(|beat| beat * factor).collect::<Vec<_>>()).unwrap();
        prop_assert!(close(found.rmssd_ms * factor, scaled.rmssd_ms));
        prop_assert!(close(found.sdnn_ms * factor, scaled.sdnn_ms));
        prop_assert!((0.0..=100.0).contains(&found.pnn50_percent));
    }

    #[test]
    fn statistics_keep_their_bounds(values in prop::collection::vec(-1e3..1e3_f64, 8..60), seed in any::<u64>()) {
        let times: Vec<f64> = (0..values.len()).map(|index| index as f64).collect();
        let mut p = 0.0;
        for correlation in [Correlation::Ignored, Correlation::Corrected] {
            let trend = slope::theil_sen(&times, &values, 0.05, correlation).unwrap();
            prop_assert!(trend.interval.0 <= trend.slope && trend.slope <= trend.interval.1);
            if let Ok(test) = mann_kendall(&times, &values, correlation) {
                prop_assert!((0.0..=1.0).contains(&test.p) && (-1.0..=1.0).contains(&test.tau));
                prop_assert!(test.p >= p, "a correction never makes the test looser");
                p = test.p;
            }
        }
        let half = values.len() / 2;
        let test = permutation::two_means(&values[..half], &values[half..], 99, seed).unwrap();
        prop_assert!(test.p > 0.0 && test.p <= 1.0);
        prop_assert_eq!(hampel::marked(&values, 3, 3.0).len(), values.len());
    }
}

/// Missing, constant, single, ten years: a reason or a finite value, never a panic.
#[test]
fn odd_inputs_have_a_reason() {
    let ten_years = minutes(3650, 7, 0.01);
    for (name, series) in [
        ("empty", Series::new(0, 60, Vec::new())),
        ("single", Series::new(0, 60, vec![5.0])),
        ("missing", Series::new(0, 60, vec![f64::NAN; 5000])),
        ("constant", Series::new(0, 60, vec![7.0; 5000])),
        ("still", Series::new(0, 60, vec![0.0; 5000])),
        ("odd epoch", Series::new(0, 7, vec![1.0; 50_000])),
        ("ten years", ten_years),
    ] {
        let whole = name == "ten years";
        assert_eq!(interdaily(&series, &WITTING).is_ok(), whole, "{name}");
        assert_eq!(intradaily(&series, &WITTING).is_ok(), whole, "{name}");
        assert_eq!(cosinor::fit(&series, 24.0, 1).is_ok(), whole, "{name}");
        assert_eq!(
            periodogram::by_chi_square(&series.part(0, 20_000), 20.0, 28.0, 0.01).is_ok(),
            whole,
            "{name}"
        );
        for level in [
            contrast(&series).map(|found| found.value.m10.level),
            average_day(&series).map(|day| day.coverage),
        ] {
            assert!(level.is_ok_and(f64::is_finite) || level.is_err(), "{name}");
        }
        let scales = geometric_scales(4, 200, 10);
        if let Ok(found) = of_series(&series, &scales, Missing::Mean) {
            assert!(
                found
                    .value
                    .fluctuation
                    .iter()
                    .all(|value| value.is_finite()),
                "{name}"
            );
        }
        if !whole {
            let _ = (
                sadeh::score(&series, &sadeh::PAPER),
                scripps::score(&series),
            );
            let _ = (
                roenneberg::score(&series),
                crespo::score(&series, crespo::Zeros::Minutes),
            );
            let _ = cole_kripke::score(&series, &cole_kripke::PAPER_MAXIMUM_30S);
            let _ = (
                choi::nonwear(&series, &choi::CHOI_2011),
                lids::inactivity(&series),
            );
        }
    }
    assert!(ssa::of_values(&[1.0; 10], 8).is_err());
    assert!(baseline::robust_z(&[1.0; 10], 0.0).is_err());
    assert!(time_domain(&[800.0]).is_err());
}

/// A sine of 25 hours is found by both periodograms and by the free cosinor.
#[test]
fn a_known_period_is_found() {
    let wave = |index: usize| 100.0 + 50.0 * (std::f64::consts::TAU * index as f64 / 150.0).sin();
    let series = Series::new(0, 600, (0..144 * 14).map(wave).collect());
    let lomb = periodogram::by_lomb_scargle(&series, 20.0, 30.0, 201)
        .unwrap()
        .value;
    assert!((lomb.peak_h - 25.0).abs() < 0.06, "{}", lomb.peak_h);
    let chi = periodogram::by_chi_square(&series, 20.0, 30.0, 0.01)
        .unwrap()
        .value;
    assert!((chi.peak_h - 25.0).abs() < 0.2, "{}", chi.peak_h);
    let free = cosinor::free_period(&series, 24.0).unwrap().value;
    assert!((free.period_h - 25.0).abs() < 1e-6, "{}", free.period_h);
    assert!((free.harmonics[0].amplitude - 50.0).abs() < 1e-6);
}

/// A lost hour in spring is a gap and an hour gained in autumn is not seen twice: the clock times
/// of the days around it stay where they are.
#[test]
fn a_clock_change_is_a_gap() {
    let series = minutes(6, 11, 0.0);
    let mut values = series.values().to_vec();
    values[2 * 1440 + 120..2 * 1440 + 180].fill(f64::NAN);
    let gap = Series::new(0, 60, values);
    let (plain, spring) = (average_day(&series).unwrap(), average_day(&gap).unwrap());
    assert_eq!(plain.value.days[150], 6);
    assert_eq!(spring.value.days[150], 5);
    assert_eq!(
        plain.value.values[600].to_bits(),
        spring.value.values[600].to_bits()
    );
    assert!(spring.coverage < plain.coverage);
    assert!(interdaily(&gap, &WITTING).unwrap().value > 0.0);
}

/// The catalogue is what the documentation and the columns are made of.
#[test]
fn the_catalogue_lists_the_rooms() {
    assert!(catalogue::ALL.len() > 55);
}
