//! Heart, breath and oxygen by hand.

use std::sync::LazyLock;

use model::sample::{DAY_US, Flags, HOUR_US, MINUTE_US, SECOND_US, Sample};
use model::source::SourceNo;
use model::zone::Span;

use super::{close, sample};
use crate::daily::beats::Beats;
use crate::daily::cardio::{Cardio, CardioInput, cardio};
use crate::daily::rank::Ranks;

/// Asleep from midnight to 07:00 with an hour awake from 03:00.
const ASLEEP: [Span; 2] = [
    Span {
        start_us: 0,
        end_us: 3 * HOUR_US,
    },
    Span {
        start_us: 4 * HOUR_US,
        end_us: 7 * HOUR_US,
    },
];

const DAY: [Span; 1] = [Span {
    start_us: 0,
    end_us: DAY_US,
}];

/// Source 1 before all others.
static RANKS: LazyLock<Ranks> = LazyLock::new(|| Ranks::in_order(&[SourceNo(1)]));

const SLEEPS: [Span; 1] = [Span {
    start_us: 0,
    end_us: 7 * HOUR_US,
}];

fn at(minute: i64, value: f64) -> Sample {
    sample(minute * MINUTE_US, minute * MINUTE_US, value, 0)
}

/// Every five minutes from a minute on.
fn every_five(from_min: i64, until_min: i64, value: f64) -> Vec<Sample> {
    (from_min..until_min)
        .step_by(5)
        .map(|minute| at(minute, value))
        .collect()
}

fn compute<'a>(edit: impl FnOnce(&mut CardioInput<'a>)) -> Cardio {
    let mut input = CardioInput {
        day: &DAY,
        asleep: &ASLEEP,
        sleeps: &SLEEPS,
        heart_rate: &[],
        resting_heart_rate: &[],
        hrv_sdnn: &[],
        hrv_rmssd: &[],
        respiratory_rate: &[],
        respiratory_ranks: &RANKS,
        sources: &[],
        oxygen_saturation: &[],
        heart_rate_recovery: &[],
        beats: Beats::All(&[]),
    };
    edit(&mut input);
    cardio(&input)
}

#[test]
fn the_lowest_half_hour_asleep() {
    let mut rates = every_five(-600, 0, 75.0);
    rates.extend(every_five(0, 60, 60.0));
    rates.extend(every_five(60, 90, 48.0));
    rates.extend(every_five(90, 180, 60.0));
    rates.extend(every_five(180, 240, 40.0)); // awake: does not count
    rates.extend(every_five(240, 420, 60.0));
    rates.push(at(62, 250.0)); // an artefact
    rates.push(Sample {
        flags: Flags::ACTIVE,
        ..at(63, 30.0)
    });
    let found = compute(|input| input.heart_rate = &rates);
    let resting = &found.resting_heart_rate;
    close(resting.value.expect("a resting rate"), 48.0);
    assert_eq!(resting.method, "resting_heart_rate.lowest_30_min_asleep");
    close(resting.coverage.expect("a coverage"), 1.0);
    // 66 slots at 60 and 6 at 48.
    let night = (66.0 * 60.0 + 6.0 * 48.0) / 72.0;
    close(
        found.nocturnal_heart_rate_mean.value.expect("a mean"),
        night,
    );
    close(
        found.nocturnal_heart_rate_min.value.expect("a minimum"),
        48.0,
    );
    close(
        found.heart_rate_dip.value.expect("a dip"),
        100.0 * (75.0 - night) / 75.0,
    );
}

#[test]
fn bursts_do_not_weigh_more() {
    let mut rates = every_five(0, 180, 60.0);
    rates.extend((0..200).map(|n| sample(30 * MINUTE_US + n, 30 * MINUTE_US + n, 100.0, 0)));
    let found = compute(|input| input.heart_rate = &rates);
    // One slot of 36 holds the burst: (60 + 200·100) / 201.
    let slot = 20_060.0 / 201.0;
    close(
        found.nocturnal_heart_rate_mean.value.expect("a mean"),
        (35.0 * 60.0 + slot) / 36.0,
    );
}

#[test]
fn without_enough_rates_asleep_the_device_is_believed() {
    let sparse = [at(10, 55.0), at(200, 56.0)];
    let device = [at(600, 58.0), at(900, 57.0)];
    let found = compute(|input| {
        input.heart_rate = &sparse;
        input.resting_heart_rate = &device;
    });
    assert_eq!(found.resting_heart_rate.value, Some(57.0));
    assert_eq!(found.resting_heart_rate.method, "resting_heart_rate.device");
    assert_eq!(
        found.nocturnal_heart_rate_mean.reason.as_deref(),
        Some("too_few_samples_asleep")
    );
    let found = compute(|input| input.asleep = &[]);
    assert_eq!(found.resting_heart_rate.value, None);
    assert_eq!(
        found.resting_heart_rate.reason.as_deref(),
        Some("no_main_sleep")
    );
    assert_eq!(
        found.heart_rate_dip.reason.as_deref(),
        Some("no_main_sleep")
    );
}

#[test]
fn variability_is_kept_by_kind_and_by_state() {
    let sdnn = [at(30, 50.0), at(60, 70.0), at(600, 30.0), at(-60, 99.0)];
    let rmssd = [at(30, 20.0)];
    let found = compute(|input| {
        input.hrv_sdnn = &sdnn;
        input.hrv_rmssd = &rmssd;
    });
    assert_eq!(
        (found.hrv_sdnn_asleep.value, found.hrv_sdnn_asleep.n),
        (Some(60.0), 2)
    );
    assert_eq!(
        (found.hrv_sdnn_day.value, found.hrv_sdnn_day.n),
        (Some(50.0), 3)
    );
    assert_eq!(found.hrv_rmssd_asleep.value, Some(20.0));
}

#[test]
fn variability_of_other_lengths_is_left_out_and_counted() {
    let lasting = |minute, value, minutes| Sample {
        end_us: at(minute, value).start_us + minutes * MINUTE_US,
        ..at(minute, value)
    };
    let mixed = [at(30, 50.0), lasting(60, 70.0, 1), lasting(90, 110.0, 5)];
    let found = compute(|input| input.hrv_sdnn = &mixed).hrv_sdnn_asleep;
    assert_eq!((found.value, found.n, found.left_out), (Some(60.0), 2, 1));
    assert_eq!(found.method, "hrv_sdnn.mean_asleep");
    let five = [lasting(60, 90.0, 5), lasting(90, 110.0, 5)];
    let found = compute(|input| input.hrv_sdnn = &five).hrv_sdnn_asleep;
    assert_eq!((found.value, found.left_out), (Some(100.0), 0));
    assert_eq!(found.method, "hrv_sdnn.mean_asleep_short_term");
    let hourly = [Sample {
        flags: Flags::AGGREGATED,
        ..lasting(60, 42.0, 60)
    }];
    let found = compute(|input| input.hrv_sdnn = &hourly).hrv_sdnn_day;
    assert_eq!(found.value, Some(42.0));
    assert_eq!(found.method, "hrv_sdnn.mean_day");
}

#[test]
fn breath_and_oxygen() {
    let breaths = [at(30, 14.0), at(60, 15.0), at(90, 16.0), at(600, 30.0)];
    let oxygen = [at(30, 96.0), at(60, 89.0), at(600, 97.0), at(700, 98.0)];
    let found = compute(|input| {
        input.respiratory_rate = &breaths;
        input.oxygen_saturation = &oxygen;
    });
    assert_eq!(found.respiratory_rate_asleep.value, Some(15.0));
    close(found.respiratory_rate_spread.value.expect("a spread"), 1.0);
    assert_eq!(found.oxygen_saturation_mean.value, Some(95.0));
    assert_eq!(found.oxygen_saturation_min.value, Some(89.0));
    assert_eq!(found.oxygen_saturation_low.value, Some(25.0));
    assert_eq!(
        found.oxygen_saturation_t90.reason.as_deref(),
        Some("sampling_too_sparse")
    );

    let mut dense = every_five(0, 90, 95.0);
    dense.extend(every_five(90, 180, 88.0));
    dense.extend(every_five(240, 420, 95.0));
    let found = compute(|input| input.oxygen_saturation = &dense);
    close(found.oxygen_saturation_t90.value.expect("a share"), 25.0);
    let found = compute(|input| input.oxygen_saturation = &[]);
    assert_eq!(
        found.oxygen_saturation_mean.reason.as_deref(),
        Some("no_samples")
    );
}

#[test]
fn desaturations_need_samples_every_few_seconds() {
    let night = ASLEEP.first().expect("asleep").start_us;
    let end = ASLEEP.last().expect("asleep").end_us;
    let sampled = |step_s: i64| -> Vec<Sample> {
        let count = (end - night) / (step_s * SECOND_US);
        (0..count)
            .map(|index| {
                // A fall to 90 % for 20 s in every tenth minute.
                let second = index * step_s % 600;
                let value = if (300..320).contains(&second) {
                    90.0
                } else {
                    97.0
                };
                let at_us = night + index * step_s * SECOND_US;
                sample(at_us, at_us, value, 0)
            })
            .collect()
    };
    let every_second = sampled(1);
    let found = compute(|input| input.oxygen_saturation = &every_second);
    let value = found.oxygen_desaturation_index.value.expect("an index");
    assert!((5.5..=6.5).contains(&value), "{value}");
    let every_minute = sampled(60);
    let found = compute(|input| input.oxygen_saturation = &every_minute);
    let reason = found.oxygen_desaturation_index.reason;
    assert_eq!(reason.as_deref(), Some("sampling_too_sparse"));
}

/// A watch at 14 to 16 and a mat at 18 breaths a minute: one of them, whoever measured more often.
#[test]
fn breaths_are_of_one_source() {
    let names = super::sources();
    let mut breaths: Vec<Sample> = (0..90)
        .map(|minute| Sample {
            source: SourceNo(2),
            ..at(minute, 18.0)
        })
        .collect();
    let check = |breaths: &[Sample], mean: f64, source: &str, others: &[&str], left_out: u32| {
        let found = compute(|input| {
            input.respiratory_rate = breaths;
            input.sources = &names;
        });
        let rate = found.respiratory_rate_asleep;
        assert_eq!(rate.value, Some(mean));
        assert_eq!(rate.source.as_deref(), Some(source));
        assert_eq!(rate.left_out_sources, others);
        assert_eq!(rate.left_out, left_out);
        assert_eq!(found.respiratory_rate_spread.source, rate.source);
        assert_eq!(found.respiratory_rate_spread.left_out, left_out);
    };
    check(&breaths, 18.0, "Pace", &[], 0);
    breaths.extend(
        [(10, 14.0), (20, 15.0), (30, 16.0)].map(|(minute, value)| Sample {
            source: SourceNo(1),
            ..at(minute, value)
        }),
    );
    check(&breaths, 15.0, "iPhone", &["Pace"], 90);
}
