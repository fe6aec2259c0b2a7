//! Nights that are summarised, broken, or spoilt by one bad sample.

use jiff::civil::{Date, date};
use model::category::SleepStage;
use model::metric::Kind;
use model::sample::{Flags, HOUR_US, MINUTE_US, Sample};
use model::source::SourceNo;
use model::zone::ZoneHistory;
use proptest::prelude::*;

use super::{after, close, home, sources, us};
use crate::daily::rank::Ranks;
use crate::daily::sleep::{Night, SleepInput, Totals, night};
use crate::daily::summary::{DayFrame, MetricSamples, MetricSummary, summarise};

const WATCH: u16 = 0;
const PHONE: u16 = 1;
const APP: u16 = 2;

fn stage(from: &str, minutes: i64, stage: SleepStage, source: u16) -> Sample {
    after(us(from), 0, minutes, f64::from(stage.code()), source)
}

fn find(samples: &[Sample], totals: Totals<'_>, on: Date, zones: &ZoneHistory) -> Night {
    // The app is ranked best: what it says must not win by rank.
    let ranks = Ranks::in_order(&[SourceNo(APP), SourceNo(WATCH), SourceNo(PHONE)]);
    let input = SleepInput {
        date: on,
        zones,
        samples,
        totals,
        ranks: &ranks,
        sources: &sources(),
    };
    night(&input).night
}

fn berlin(samples: &[Sample], on: Date) -> Night {
    find(samples, Totals::default(), on, &home("Europe/Berlin"))
}

const SECOND: Date = date(2026, 5, 2);
const THIRD: Date = date(2026, 5, 3);

/// A summarised night of 23:00 to 06:00 in Berlin, in bed from 22:45 to 06:15.
fn summarised() -> Vec<Sample> {
    let merged = |from, minutes, code| Sample {
        flags: Flags::AGGREGATED,
        ..stage(from, minutes, code, WATCH)
    };
    vec![
        merged("2026-05-01T20:45:00Z", 450, SleepStage::InBed),
        merged("2026-05-01T21:00:00Z", 420, SleepStage::Unspecified),
    ]
}

fn total(minutes: f64, source: u16) -> [Sample; 1] {
    [Sample {
        value: minutes,
        flags: Flags::AGGREGATED,
        ..stage("2026-05-01T21:00:00Z", 420, SleepStage::Core, source)
    }]
}

#[test]
fn a_summarised_night_keeps_its_totals() {
    let (asleep, core, deep) = (total(390.0, WATCH), total(240.0, WATCH), total(60.0, WATCH));
    let (rem, awake) = (total(90.0, WATCH), total(30.0, WATCH));
    let totals = Totals {
        asleep: &asleep,
        core: &core,
        deep: &deep,
        rem: &rem,
        awake: &awake,
    };
    let berlin = home("Europe/Berlin");
    let main = find(&summarised(), totals, SECOND, &berlin).main;
    let main = main.expect("a main sleep");
    close(main.asleep_min, 390.0);
    close(main.stages_min.core, 240.0);
    close(main.stages_min.deep, 60.0);
    close(main.stages_min.rem, 90.0);
    close(main.stages_min.awake, 30.0);
    close(main.stages_min.unspecified, 0.0);
    close(main.waso_min, 30.0);
    close(main.efficiency.expect("an efficiency"), 390.0 / 450.0);
    assert_eq!(main.awakenings, None, "how often is not known");
    // Without stages the rest is unknown; without totals the night is what it spans.
    let totals = Totals {
        asleep: &asleep,
        ..Totals::default()
    };
    let main = find(&summarised(), totals, SECOND, &berlin).main;
    close(main.expect("a main sleep").stages_min.unspecified, 390.0);
    // Totals of another source, of another night, and more than the night is long say nothing of it.
    let far: Vec<Sample> = asleep
        .iter()
        .map(|sample| Sample {
            start_us: sample.start_us - 24 * HOUR_US,
            end_us: sample.end_us - 24 * HOUR_US,
            ..*sample
        })
        .collect();
    for wrong in [
        &total(390.0, PHONE)[..],
        &total(700.0, WATCH),
        &total(0.0, WATCH),
        &far,
    ] {
        let totals = Totals {
            asleep: wrong,
            ..Totals::default()
        };
        let main = find(&summarised(), totals, SECOND, &berlin).main;
        close(main.expect("a main sleep").asleep_min, 420.0);
    }
}

#[test]
fn totals_of_a_night_belong_to_the_date_of_waking() {
    let zones = home("Europe/Berlin");
    let samples = total(390.0, WATCH);
    let ranks = Ranks::default();
    let sources = sources();
    let of = |id: &'static str, on: Date| {
        let spans = zones.day(on);
        let frame = DayFrame {
            spans: &spans,
            zones: &zones,
            sources: &sources,
        };
        let metric = MetricSamples {
            id,
            unit: "min",
            kind: Kind::Cumulative,
            samples: &samples,
            ranks: &ranks,
        };
        match summarise(&metric, &frame) {
            Some(MetricSummary::Cumulative(found)) => Some(found.value),
            Some(_) | None => None,
        }
    };
    assert_eq!(of("sleep_duration", date(2026, 5, 1)), None);
    assert_eq!(of("sleep_duration", SECOND), Some(390.0));
    // What grows through the night is cut at midnight.
    close(
        of("step_count", date(2026, 5, 1)).expect("a part"),
        390.0 / 7.0,
    );
}

#[test]
fn one_sample_over_two_nights_swallows_neither() {
    let good = [
        stage("2026-05-01T21:30:00Z", 420, SleepStage::Core, WATCH),
        stage("2026-05-02T21:30:00Z", 420, SleepStage::Core, WATCH),
    ];
    for (minutes, reason) in [
        (34 * 60, "longer_than_a_day"),
        (23 * 60 + 50, "joins_nights"),
    ] {
        let from = if minutes > 24 * 60 {
            "2026-05-01T21:00:00Z"
        } else {
            "2026-05-02T03:00:00Z"
        };
        let bad = stage(from, minutes, SleepStage::Unspecified, APP);
        let mut samples = good.to_vec();
        samples.push(bad);
        samples.sort_by_key(|sample| sample.start_us);
        for on in [SECOND, THIRD] {
            let found = berlin(&samples, on);
            let main = found.main.expect("a main sleep");
            close(main.asleep_min, 420.0);
            close(main.stages_min.core, 420.0);
            if on == THIRD {
                assert_eq!(found.set_aside.len(), 1);
                assert_eq!(found.set_aside[0].reason, reason);
                assert_eq!(found.set_aside[0].source, "Pace");
            }
        }
    }
    // A stay in bed of many days is none either.
    let weeks = stage("2026-04-20T21:00:00Z", 808 * 60, SleepStage::InBed, PHONE);
    let found = berlin(&[weeks, good[0]], SECOND);
    let main = found.main.expect("a main sleep");
    assert_eq!((main.in_bed_min, main.efficiency), (None, None));
}

#[test]
fn a_broken_night_is_one_night() {
    let mut samples = vec![
        stage("2026-05-01T21:00:00Z", 120, SleepStage::Core, WATCH),
        stage("2026-05-02T01:00:00Z", 210, SleepStage::Core, WATCH),
    ];
    let check = |samples: &[Sample], asleep: f64, naps: usize| {
        let found = berlin(samples, SECOND);
        let main = found.main.expect("a main sleep");
        close(main.asleep_min, asleep);
        assert_eq!(found.naps.len(), naps);
        main
    };
    // At night and less than three hours apart.
    let main = check(&samples, 330.0, 0);
    close(main.waso_min, 120.0);
    assert_eq!(main.awakenings, Some(1));
    // In one stay in bed.
    samples.push(stage("2026-05-01T20:45:00Z", 480, SleepStage::InBed, PHONE));
    let main = check(&samples, 330.0, 0);
    close(main.efficiency.expect("an efficiency"), 330.0 / 480.0);
    // Three hours apart they are two, unless the person stayed in bed.
    let apart = [
        stage("2026-05-01T20:00:00Z", 115, SleepStage::Core, WATCH),
        stage("2026-05-02T01:00:00Z", 210, SleepStage::Core, WATCH),
    ];
    // The first ends on the day before, and is not even a nap of this date.
    check(&apart, 210.0, 0);
    let stay = stage("2026-05-01T19:45:00Z", 600, SleepStage::InBed, PHONE);
    check(&[apart[0], apart[1], stay], 325.0, 0);
    // A nap in the afternoon is no part of the night before.
    let nap = stage("2026-05-02T06:45:00Z", 60, SleepStage::Core, WATCH);
    check(&[samples[0], samples[1], nap], 330.0, 1);
}

#[test]
fn an_empty_battery_is_filled_and_a_whole_night_is_not_widened() {
    // The watch is staged until 03:00 local; the phone says asleep until 07:00.
    let watch = stage("2026-05-01T21:00:00Z", 240, SleepStage::Core, WATCH);
    let phone = stage("2026-05-01T20:20:00Z", 520, SleepStage::Unspecified, PHONE);
    let main = berlin(&[watch, phone], SECOND).main.expect("a main sleep");
    close(main.stages_min.core, 240.0);
    close(main.stages_min.unspecified, 240.0);
    assert_eq!(main.onset_us, us("2026-05-01T21:00:00Z"));
    // The whole night by the watch: the phone's other idea of it changes neither end.
    let watch = stage("2026-05-01T21:00:00Z", 480, SleepStage::Core, WATCH);
    let wide = stage("2026-05-01T20:00:00Z", 600, SleepStage::Unspecified, PHONE);
    let main = berlin(&[watch, wide], SECOND).main.expect("a main sleep");
    close(main.asleep_min, 480.0);
    close(main.stages_min.unspecified, 0.0);
}

/// Eight hours asleep by an app, or by its two hours earlier: the watch saw 370 minutes.
#[test]
fn a_blanket_sleep_is_told_beside_the_staged_night() {
    let parts = [(0, 60), (80, 130), (170, 260), (290, 390), (410, 480)];
    let watch = parts.map(|(from, until)| {
        let from_us = us("2026-05-01T21:00:00Z");
        after(
            from_us,
            from,
            until,
            f64::from(SleepStage::Core.code()),
            WATCH,
        )
    });
    for (from, minutes) in [("2026-05-01T21:00:00Z", 480), ("2026-05-01T19:00:00Z", 570)] {
        let mut samples = watch.to_vec();
        samples.push(stage(from, minutes, SleepStage::Unspecified, APP));
        samples.sort_by_key(|sample| sample.start_us);
        let main = berlin(&samples, SECOND).main.expect("a main sleep");
        close(main.asleep_min, 370.0);
        close(main.waso_min, 110.0);
        close(main.stages_min.unspecified, 0.0);
        assert_eq!(main.source, "Apple Watch");
        assert_eq!(main.others.len(), 1);
        assert_eq!(main.others[0].source, "Pace");
        close(main.others[0].asleep_min, minutes as f64);
    }
}

/// Of two that stage a night the best-ranked sets it, unless it staged but a piece of it.
#[test]
fn two_staged_sources_are_not_added() {
    let app = |from, minutes| stage(from, minutes, SleepStage::Deep, APP);
    let watch = stage("2026-05-01T21:00:00Z", 420, SleepStage::Core, WATCH);
    let of = |samples: &mut Vec<Sample>| {
        samples.sort_by_key(|sample| sample.start_us);
        berlin(samples, SECOND).main.expect("a main sleep")
    };
    let main = of(&mut vec![watch, app("2026-05-01T20:30:00Z", 400)]);
    close(main.asleep_min, 400.0);
    assert_eq!(main.source, "Pace");
    close(main.others[0].asleep_min, 420.0);
    let main = of(&mut vec![watch, app("2026-05-02T00:00:00Z", 60)]);
    close(main.asleep_min, 420.0);
    close(main.stages_min.deep, 0.0);
    assert_eq!(main.source, "Apple Watch");
    // In bed by a phone's schedule is neither sleep nor another night.
    let bed = stage("2026-05-01T20:00:00Z", 600, SleepStage::InBed, PHONE);
    let main = of(&mut vec![watch, bed]);
    close(main.asleep_min, 420.0);
    close(main.in_bed_min.expect("in bed"), 600.0);
}

proptest! {
    /// Whatever another app says of the same night, within an hour and a half of both ends.
    #[test]
    fn no_other_app_widens_a_staged_night(
        start in 0_i64..180, length in 120_i64..600,
        said in prop::collection::vec((-90_i64..690, 1_i64..300), 0..8),
    ) {
        let from_us = us("2026-05-01T20:00:00Z") + start * MINUTE_US;
        let half = length / 2;
        let mut samples = vec![
            after(from_us, 0, half, f64::from(SleepStage::Core.code()), WATCH),
            after(from_us, half, length, f64::from(SleepStage::Rem.code()), WATCH),
        ];
        for (from, minutes) in said {
            let (from, until) = (from.min(length + 89), (from + minutes).min(length + 90));
            if from < until {
                let stage = f64::from(SleepStage::Unspecified.code());
                samples.push(after(from_us, from, until, stage, APP));
            }
        }
        // Only what touches the night; what lies beside it is another matter.
        let touches = |sample: &Sample| sample.end_us > from_us && sample.start_us < from_us + length * MINUTE_US;
        samples.retain(touches);
        samples.sort_by_key(|sample| (sample.start_us, sample.end_us));
        let zones = home("UTC");
        let on = zones.date_at(from_us + length * MINUTE_US);
        let main = find(&samples, Totals::default(), on, &zones).main.expect("a main sleep");
        prop_assert_eq!((main.onset_us, main.offset_us), (from_us, from_us + length * MINUTE_US));
        prop_assert!((main.asleep_min - length as f64).abs() < 1e-9);
        prop_assert!(main.stages_min.unspecified.abs() < 1e-9);
    }
}
