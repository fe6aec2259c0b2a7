//! Nights scored from activity, and the minutes of a day.

use jiff::civil::{Date, date};
use model::category::SleepStage;
use model::metric::Kind;
use model::sample::{MINUTE_US, Sample};
use model::zone::ZoneHistory;
use proptest::prelude::*;

use super::{after, close, home, sources, traveller, us};
use crate::daily::beats::Beats;
use crate::daily::document::{DayFound, DayInput, day};
use crate::daily::rank::Ranks;
use crate::daily::reconcile::KnownOfPhone;
use crate::daily::scored::Scorer;
use crate::daily::sleep::Night;
use crate::daily::summary::MetricSamples;
use crate::report::scorer::COLE_KRIPKE_ACTILIFE_WEBSTER;
use crate::report::wear::{Unworn, Wear};
use crate::report::{self, Report};
use crate::series::Series;

/// Minutes of a wrist: busy outside the sleeps, nearly still inside them.
fn wrist(from_us: i64, minutes: i64, sleeps: &[(i64, i64)]) -> Vec<Sample> {
    let is_asleep = |minute| {
        sleeps
            .iter()
            .any(|(from, until)| (*from..*until).contains(&minute))
    };
    (0..minutes)
        .map(|minute| {
            let value = match minute % 7 {
                // A turn in bed every 26 minutes.
                _ if is_asleep(minute) && minute % 26 == 0 => 4.0,
                _ if is_asleep(minute) => 0.0,
                rest => 120.0 + 30.0 * f64::from(i32::try_from(rest).expect("small")),
            };
            after(from_us, minute, minute + 1, value, 0)
        })
        .collect()
}

fn found(
    counts: &[Sample],
    stages: &[Sample],
    zones: &ZoneHistory,
    on: Date,
    scorer: Scorer,
) -> DayFound {
    let ranks = Ranks::default();
    let metric = |id, kind, samples| MetricSamples {
        id,
        unit: "1",
        kind,
        samples,
        ranks: &ranks,
    };
    let metrics: Vec<MetricSamples<'_>> = [
        metric("activity_count", Kind::Cumulative, counts),
        metric("sleep_analysis", Kind::Category, stages),
    ]
    .into_iter()
    .filter(|metric| !metric.samples.is_empty())
    .collect();
    day(&DayInput {
        beats: Beats::All(&[]),
        date: on,
        zones,
        sources: &sources(),
        metrics: &metrics,
        scorer,
        phone: KnownOfPhone::default(),
    })
}

#[test]
fn every_scorer_finds_the_night_and_says_so() {
    let from_us = us("2026-05-03T22:00:00Z");
    let counts = wrist(from_us, 4 * 1440, &[(1380, 1860), (2820, 3300)]);
    for (scorer, id) in [
        (Scorer::Customary, "oakley"),
        (Scorer::ColeKripke, "cole_kripke"),
        (Scorer::Sadeh, "sadeh"),
        (Scorer::Oakley, "oakley"),
        (Scorer::OakleyAutomatic, "oakley_automatic"),
    ] {
        let day = found(
            &counts,
            &[],
            &home("Europe/Berlin"),
            date(2026, 5, 5),
            scorer,
        );
        let main = day.document.night.main.expect("a main sleep");
        let onset_min = (main.onset_us - from_us) / MINUTE_US;
        let offset_min = (main.offset_us - from_us) / MINUTE_US;
        assert!((onset_min - 1380).abs() <= 8, "{id}: {onset_min}");
        assert!((offset_min - 1860).abs() <= 6, "{id}: {offset_min}");
        let efficiency = main.efficiency.expect("a rest period");
        assert!((0.85..=1.0).contains(&efficiency), "{id}: {efficiency}");
        let by = main.scored_by.expect("a scorer");
        assert_eq!((&*by.scorer, &*by.metric), (id, "activity_count"));
        assert_eq!(
            main.in_bed_reason.as_deref(),
            Some("bedtime_is_first_sleep")
        );
        assert_eq!(main.latency_min, None);
        close(by.coverage, 1.0);
        close(
            main.asleep_min + main.waso_min + main.unrecorded_min,
            (main.offset_us - main.onset_us) as f64 / MINUTE_US as f64,
        );
        let minutes = day.minutes.expect("minutes");
        assert_eq!(minutes.main_by.as_deref(), Some(id));
        assert_eq!(day.document.night.reason, None);
    }
}

#[test]
fn what_a_device_states_wins() {
    let from_us = us("2026-05-03T22:00:00Z");
    let counts = wrist(from_us, 4 * 1440, &[(1380, 1860)]);
    let stated = [after(
        from_us,
        1400,
        1700,
        f64::from(SleepStage::Core.code()),
        1,
    )];
    let zones = home("Europe/Berlin");
    let day = found(
        &counts,
        &stated,
        &zones,
        date(2026, 5, 5),
        Scorer::ColeKripke,
    );
    let main = day.document.night.main.expect("a main sleep");
    close(main.asleep_min, 300.0);
    assert_eq!(
        (main.scored_by, day.document.night.scoring_reason),
        (None, None)
    );
    let minutes = day.minutes.expect("minutes");
    assert_eq!(minutes.main_by.as_deref(), Some("device"));
    // The evening before is the device's night too: it is not scored a second time.
    let before = found(
        &counts,
        &stated,
        &zones,
        date(2026, 5, 4),
        Scorer::ColeKripke,
    );
    assert_eq!(before.document.night.main, None);
}

#[test]
fn no_night_comes_with_a_reason() {
    let from_us = us("2026-05-03T22:00:00Z");
    let zones = home("Europe/Berlin");
    let check = |counts: &[Sample], expect: &str| {
        let day = found(counts, &[], &zones, date(2026, 5, 5), Scorer::ColeKripke);
        assert_eq!(day.document.night.main, None, "{expect}");
        let reason = day.document.night.scoring_reason.expect("a reason");
        assert_eq!(reason, expect);
    };
    check(&wrist(from_us, 3 * 1440, &[]), "no_sleep_period_found");
    check(
        &wrist(from_us + 1440 * MINUTE_US, 300, &[(0, 300)]),
        "too_little_activity_recorded",
    );
    let table: Vec<Sample> = (0..4 * 1440)
        .map(|minute| after(from_us, minute, minute + 1, 0.0, 0))
        .collect();
    check(&table, "too_little_activity_recorded");
}

/// The night of 5 May 2026 in Berlin, of which the counts begin at midnight of the day before.
fn of_second_day(counts: &[Sample], scorer: Scorer) -> Night {
    let zones = home("Europe/Berlin");
    found(counts, &[], &zones, date(2026, 5, 5), scorer)
        .document
        .night
}

fn midnight_us() -> i64 {
    us("2026-05-03T22:00:00Z")
}

/// Twenty hours of hardly any movement, and two sleeps that make eighteen hours together.
#[test]
fn no_sleep_lasts_longer_than_sixteen_hours() {
    for sleeps in [&[(780, 1980)][..], &[(800, 1340), (1380, 1900)]] {
        let counts = wrist(midnight_us(), 4 * 1440, sleeps);
        for scorer in [Scorer::Customary, Scorer::ColeKripke, Scorer::Sadeh] {
            let night = of_second_day(&counts, scorer);
            assert_eq!(night.main, None, "{sleeps:?} by {scorer:?}");
            assert!(night.naps.is_empty(), "{:?}", night.naps);
            assert_eq!(
                night.scoring_reason.as_deref(),
                Some("sleep_period_too_long")
            );
            let [aside] = &night.set_aside[..] else {
                panic!("{:?}", night.set_aside);
            };
            assert_eq!(aside.reason, "sleep_period_too_long");
            assert_eq!(aside.source, sources()[0].name);
        }
    }
}

/// What is set aside does not take another sleep of the date along.
#[test]
fn beside_a_sleep_that_is_too_long_another_counts() {
    let counts = wrist(midnight_us(), 4 * 1440, &[(730, 1760), (2200, 2500)]);
    let night = of_second_day(&counts, Scorer::Customary);
    let main = night.main.expect("the second sleep");
    let onset_min = (main.onset_us - midnight_us()) / MINUTE_US;
    assert!((onset_min - 2200).abs() <= 8, "{onset_min}");
    assert_eq!(night.set_aside.len(), 1, "{:?}", night.set_aside);
}

/// A table that somebody knocks every two hours, and a device that is taken off for every night: with zeros,
/// and without any samples.
#[test]
fn a_device_that_nobody_wears_does_not_sleep() {
    let worn = wrist(midnight_us(), 4 * 1440, &[]);
    let minute = |sample: &Sample| (sample.start_us - midnight_us()) / MINUTE_US;
    let is_night = |sample: &Sample| !(420..1380).contains(&(minute(sample) % 1440));
    let on_table = |knock: f64| {
        let counts = worn.iter().map(|sample| {
            let is_knocked = minute(sample) % 120 == 0;
            let value = if is_knocked { knock } else { 0.0 };
            let value = if is_night(sample) {
                value
            } else {
                sample.value
            };
            after(sample.start_us, 0, 1, value, 0)
        });
        counts.collect::<Vec<Sample>>()
    };
    let without: Vec<Sample> = worn
        .iter()
        .filter(|sample| !is_night(sample))
        .copied()
        .collect();
    for counts in [on_table(0.0), on_table(60.0), without] {
        for scorer in [Scorer::Customary, Scorer::ColeKripke, Scorer::Sadeh] {
            let night = of_second_day(&counts, scorer);
            assert_eq!(night.main, None, "{scorer:?}");
            assert_eq!(
                night.scoring_reason.as_deref(),
                Some("no_sleep_period_found")
            );
        }
    }
}

/// Half of the minutes of a night are missing, nine at a time.
#[test]
fn a_night_that_was_scored_by_half_is_set_aside() {
    let counts = wrist(midnight_us(), 4 * 1440, &[(1380, 1860)]);
    let is_kept = |sample: &&Sample| {
        let minute = (sample.start_us - midnight_us()) / MINUTE_US;
        !(1380..1860).contains(&minute) || minute % 18 < 9
    };
    let counts: Vec<Sample> = counts.iter().filter(is_kept).copied().collect();
    let night = of_second_day(&counts, Scorer::ColeKripke);
    assert_eq!(night.main, None);
    assert_eq!(
        night.scoring_reason.as_deref(),
        Some("sleep_period_mostly_unscored")
    );
}

/// Counts divided by a thousand are refused, not slept through.
#[test]
fn another_unit_is_no_night() {
    let mut counts = wrist(midnight_us(), 4 * 1440, &[(1380, 1860)]);
    for sample in &mut counts {
        sample.value /= 1000.0;
    }
    for scorer in [
        Scorer::Customary,
        Scorer::ColeKripke,
        Scorer::Sadeh,
        Scorer::Oakley,
        Scorer::OakleyAutomatic,
    ] {
        let night = of_second_day(&counts, scorer);
        assert_eq!(night.main, None, "{scorer:?}");
        assert_eq!(
            night.scoring_reason.as_deref(),
            Some("activity_not_in_counts")
        );
    }
}

/// `analyze` and the server score the counts of an `ActiGraph` alike: as many minutes asleep in the same bed.
#[test]
fn a_night_of_the_server_is_one_of_analyze() {
    let mut counts = wrist(midnight_us(), 4 * 1440, &[(1380, 1860)]);
    for sample in &mut counts {
        sample.value *= 20.0;
    }
    // Twice somebody sits up for a minute.
    for minute in [1_500, 1_650] {
        counts[minute].value = 80_000.0;
    }
    let ranks = Ranks::default();
    let zones = home("Europe/Berlin");
    let day = day(&DayInput {
        beats: Beats::All(&[]),
        date: date(2026, 5, 5),
        zones: &zones,
        sources: &sources(),
        metrics: &[MetricSamples {
            id: "actigraph_count",
            unit: "1",
            kind: Kind::Cumulative,
            samples: &counts,
            ranks: &ranks,
        }],
        scorer: Scorer::Customary,
        phone: KnownOfPhone::default(),
    });
    let main = day.document.night.main.expect("a main sleep");
    let by = main.scored_by.expect("a scorer");
    assert_eq!(by.scorer, "cole_kripke_actilife");
    assert_eq!(by.rescored.as_deref(), Some("webster_rescoring"));
    let series = Series::new(0, 60, counts.iter().map(|sample| sample.value).collect());
    let at = |at_us: i64| (at_us - midnight_us()) / 1_000_000;
    let bed = [report::Span {
        from_s: at(main.onset_us),
        until_s: at(main.offset_us),
    }];
    let report = Report::new(report::Input {
        diary: &bed,
        scorer: &COLE_KRIPKE_ACTILIFE_WEBSTER,
        wear: Wear::ChoiLong,
        unworn: Unworn::LeftOut,
        ..report::Input::new(&series)
    });
    let [night] = report.nights() else {
        panic!("{:?}", report.nights());
    };
    let found = night.endpoints.expect("a night").value;
    close(found.asleep_min, main.asleep_min);
    close(found.awake_min, main.waso_min);
    assert!(found.awake_min > 12.0, "{found:?}");
}

#[test]
fn the_minutes_follow_the_clock_of_the_day() {
    let zones = home("Europe/Berlin");
    for (on, midnight, hours) in [
        (date(2026, 3, 29), "2026-03-28T23:00:00Z", 23),
        (date(2026, 10, 25), "2026-10-24T22:00:00Z", 25),
    ] {
        let from_us = us(midnight);
        let counts: Vec<Sample> = (0..hours * 60)
            .map(|minute| {
                let hour = i32::try_from(minute / 60).expect("small");
                after(from_us, minute, minute + 1, f64::from(hour), 0)
            })
            .collect();
        let day = found(&counts, &[], &zones, on, Scorer::ColeKripke);
        let values = day
            .minutes
            .expect("minutes")
            .activity
            .expect("activity")
            .values;
        assert_eq!(values.len(), 1440);
        let at = |hour: usize| values[hour * 60 + 30];
        if hours == 23 {
            assert_eq!((at(1), at(2), at(3)), (Some(1.0), None, Some(2.0)));
        } else {
            // The clock shows the hour from two to three twice: elapsed hours 2 and 3.
            assert_eq!((at(1), at(2), at(3)), (Some(1.0), Some(2.5), Some(4.0)));
        }
    }
}

#[test]
fn steps_stand_in_and_say_so() {
    let from_us = us("2026-05-03T22:00:00Z");
    let steps = [
        after(from_us, 600, 610, 100.0, 0),
        after(from_us, 605, 615, 40.0, 1),
        after(from_us, 700, 900, 5000.0, 0),
    ];
    let ranks = Ranks::in_order(&[model::source::SourceNo(0), model::source::SourceNo(1)]);
    let metrics = [MetricSamples {
        id: "step_count",
        unit: "1",
        kind: Kind::Cumulative,
        samples: &steps,
        ranks: &ranks,
    }];
    let day = day(&DayInput {
        beats: Beats::All(&[]),
        date: date(2026, 5, 4),
        zones: &home("Europe/Berlin"),
        sources: &sources(),
        metrics: &metrics,
        scorer: Scorer::ColeKripke,
        phone: KnownOfPhone::default(),
    });
    let activity = day.minutes.expect("minutes").activity.expect("activity");
    assert!(activity.is_proxy);
    let at = |minute: usize| activity.values[minute];
    assert_eq!(
        (at(605), at(612), at(620)),
        (Some(10.0), Some(4.0), Some(0.0))
    );
    assert_eq!(
        (at(599), at(800)),
        (None, None),
        "nothing says that it was worn"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Where the night is found does not depend on the zone that names the day it ends on.
    #[test]
    fn nights_are_instants_whatever_the_clock_says(offset in -11_i32..12, bed_min in 1200_i64..1500) {
        let from_us = us("2026-05-03T12:00:00Z");
        let counts = wrist(from_us, 3 * 1440, &[(bed_min, bed_min + 450)]);
        let zone = model::zone::Zone::fixed(offset * 60).expect("an offset");
        let zones = ZoneHistory::fixed(zone);
        let ends_us = from_us + (bed_min + 450) * MINUTE_US;
        // The end is found to six minutes; nearer to midnight it may be on either date.
        let clock_min = (ends_us / MINUTE_US + i64::from(offset) * 60).rem_euclid(1440);
        prop_assume!((6..=1434).contains(&clock_min));
        let near = found(&counts, &[], &zones, zones.date_at(ends_us), Scorer::ColeKripke);
        let main = near.document.night.main.expect("a main sleep");
        let offset_min = (main.offset_us - ends_us) / MINUTE_US;
        prop_assert!(offset_min.abs() <= 6, "{offset_min}");
        prop_assert!((430.0..=450.0).contains(&main.asleep_min), "{}", main.asleep_min);
    }

    /// A flight in the middle of the night changes the names of its hours and nothing else.
    #[test]
    fn a_journey_keeps_the_night(shift in 0_i64..600) {
        let zones = traveller();
        let landed_us = zones.changes().first().expect("a journey").0;
        let from_us = landed_us - 2 * 1440 * MINUTE_US;
        let bed = 2 * 1440 - shift;
        let counts = wrist(from_us, 4 * 1440, &[(bed, bed + 420)]);
        let ends_us = from_us + (bed + 420) * MINUTE_US;
        let day = found(&counts, &[], &zones, zones.date_at(ends_us), Scorer::ColeKripke);
        let main = day.document.night.main.expect("a main sleep");
        prop_assert!((main.offset_us - ends_us).abs() <= 6 * MINUTE_US);
        prop_assert!((400.0..=420.0).contains(&main.asleep_min), "{}", main.asleep_min);
    }
}
