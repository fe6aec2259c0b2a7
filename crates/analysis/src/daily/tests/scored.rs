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
use crate::daily::summary::MetricSamples;

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
                // A turn in bed every 112 minutes.
                _ if is_asleep(minute) && minute % 112 == 0 => 4.0,
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
