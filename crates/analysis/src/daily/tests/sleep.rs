//! Nights and naps by hand.

use jiff::civil::{Date, date};
use model::category::SleepStage;
use model::sample::{Flags, MINUTE_US, Sample};
use model::source::SourceNo;
use model::zone::ZoneHistory;
use proptest::prelude::*;

use super::{after, close, home, sample, sources, traveller, us};
use crate::daily::rank::Ranks;
use crate::daily::sleep::{Night, SleepInput, Totals, night};

fn stage(from_us: i64, start_min: i64, end_min: i64, stage: SleepStage, source: u16) -> Sample {
    after(from_us, start_min, end_min, f64::from(stage.code()), source)
}

fn find(samples: &[Sample], on: Date, zones: &ZoneHistory) -> Night {
    let ranks = Ranks::in_order(&[SourceNo(2), SourceNo(0), SourceNo(1)]);
    let input = SleepInput {
        date: on,
        zones,
        samples,
        totals: Totals::default(),
        ranks: &ranks,
        sources: &sources(),
    };
    night(&input).night
}

/// A night from 23:00 UTC, seven hours with one wake of 20 min and 15 min unrecorded.
fn watch_night(from_us: i64) -> Vec<Sample> {
    vec![
        stage(from_us, -20, 430, SleepStage::InBed, 1),
        stage(from_us, 0, 100, SleepStage::Core, 0),
        stage(from_us, 100, 160, SleepStage::Deep, 0),
        stage(from_us, 160, 180, SleepStage::Awake, 0),
        stage(from_us, 180, 300, SleepStage::Rem, 0),
        stage(from_us, 315, 420, SleepStage::Core, 0),
        stage(from_us, 420, 425, SleepStage::Awake, 0),
    ]
}

#[test]
fn a_night_by_hand() {
    let from_us = us("2026-02-10T23:00:00Z");
    let mut samples = watch_night(from_us);
    samples.push(samples[2]);
    let found = find(&samples, date(2026, 2, 11), &home("UTC"));
    let main = found.main.expect("a main sleep");
    assert_eq!(
        (main.onset_us, main.offset_us),
        (from_us, from_us + 420 * MINUTE_US)
    );
    close(main.asleep_min, 385.0);
    close(main.stages_min.core, 205.0);
    close(main.stages_min.deep, 60.0);
    close(main.stages_min.rem, 120.0);
    close(main.stages_min.awake, 25.0);
    close(main.stages_min.unspecified, 0.0);
    close(main.waso_min, 20.0);
    close(main.unrecorded_min, 15.0);
    assert_eq!(main.awakenings, Some(1));
    close(main.in_bed_min.expect("in bed"), 450.0);
    close(main.latency_min.expect("a latency"), 20.0);
    close(main.efficiency.expect("an efficiency"), 385.0 / 435.0);
    close(main.maintenance, 385.0 / 405.0);
    assert_eq!(main.midpoint_us, from_us + 210 * MINUTE_US);
    assert_eq!(main.source, "Apple Watch");
    assert!(found.naps.is_empty() && found.reason.is_none());
    let before = find(&samples, date(2026, 2, 10), &home("UTC"));
    assert_eq!(before.reason.as_deref(), Some("no_sleep_data"));
}

/// An hour off the wrist is no wakefulness of a watch that says when it saw some; a source that says none means it.
#[test]
fn an_hour_that_nobody_recorded_is_no_wakefulness() {
    let from_us = us("2026-02-10T23:00:00Z");
    let mut samples = vec![
        stage(from_us, 0, 200, SleepStage::Core, 0),
        stage(from_us, 260, 440, SleepStage::Core, 0),
    ];
    let of = |samples: &[Sample]| {
        let found = find(samples, date(2026, 2, 11), &home("UTC"));
        found.main.expect("a main sleep")
    };
    let implied = of(&samples);
    close(implied.waso_min, 60.0);
    close(implied.unrecorded_min, 0.0);
    assert_eq!(implied.awakenings, Some(1));
    samples.insert(1, stage(from_us, 200, 210, SleepStage::Awake, 0));
    let main = of(&samples);
    close(main.waso_min, 10.0);
    close(main.unrecorded_min, 50.0);
    close(main.maintenance, 380.0 / 390.0);
    assert_eq!(main.awakenings, Some(1));
}

#[test]
fn staged_sources_come_before_better_ranked_unstaged_ones() {
    let from_us = us("2026-02-10T23:00:00Z");
    let mut samples = watch_night(from_us);
    samples.push(stage(from_us, -10, 440, SleepStage::Unspecified, 2));
    let main = find(&samples, date(2026, 2, 11), &home("UTC"))
        .main
        .expect("a main sleep");
    close(main.stages_min.core, 205.0);
    close(main.stages_min.awake, 25.0);
    // The app neither widens the night nor fills the 15 minutes that the watch does not call sleep.
    close(main.stages_min.unspecified, 0.0);
    close(main.asleep_min, 385.0);
    assert_eq!(main.others.len(), 1);
    close(main.others[0].asleep_min, 450.0);
    assert_eq!(main.source, "Apple Watch");
}

#[test]
fn stages_inside_the_frame_of_a_session_are_read_as_stages() {
    let from_us = us("2026-02-10T23:00:00Z");
    let samples = [
        stage(from_us, 0, 300, SleepStage::Unspecified, 0),
        stage(from_us, 0, 60, SleepStage::Core, 0),
        stage(from_us, 60, 90, SleepStage::Deep, 0),
    ];
    let main = find(&samples, date(2026, 2, 11), &home("UTC"))
        .main
        .expect("a main sleep");
    close(main.stages_min.core, 60.0);
    close(main.stages_min.deep, 30.0);
    close(main.stages_min.unspecified, 210.0);
    assert_eq!(main.in_bed_reason.as_deref(), Some("no_in_bed_samples"));
    assert_eq!(
        (main.in_bed_min, main.latency_min, main.efficiency),
        (None, None, None)
    );
}

#[test]
fn naps_are_apart_and_no_night_is_made_of_them() {
    let mut samples = watch_night(us("2026-02-10T23:00:00Z"));
    let nap = stage(us("2026-02-11T14:00:00Z"), 0, 45, SleepStage::Core, 0);
    samples.push(nap);
    let found = find(&samples, date(2026, 2, 11), &home("UTC"));
    close(found.main.expect("a main sleep").asleep_min, 385.0);
    assert_eq!(found.naps.len(), 1);
    close(found.naps[0].asleep_min, 45.0);
    let found = find(&[nap], date(2026, 2, 11), &home("UTC"));
    assert_eq!((found.main, found.naps.len()), (None, 1));
    assert_eq!(found.reason.as_deref(), Some("naps_only"));
}

#[test]
fn in_bed_alone_is_not_sleep() {
    let samples = [stage(
        us("2026-02-10T23:00:00Z"),
        0,
        480,
        SleepStage::InBed,
        1,
    )];
    let found = find(&samples, date(2026, 2, 11), &home("UTC"));
    assert_eq!(
        (found.main, found.reason.as_deref()),
        (None, Some("in_bed_only"))
    );
    close(found.in_bed_only[0].in_bed_min, 480.0);
}

#[test]
fn condensed_sleep_counts_only_where_there_is_no_other() {
    let condensed = |start: &str, minutes| Sample {
        flags: Flags::AGGREGATED,
        ..stage(us(start), 0, minutes, SleepStage::Unspecified, 2)
    };
    let mut samples = watch_night(us("2026-02-10T23:00:00Z"));
    samples.push(condensed("2026-02-10T22:30:00Z", 480));
    samples.push(condensed("2026-02-11T22:30:00Z", 420));
    let first = find(&samples, date(2026, 2, 11), &home("UTC"))
        .main
        .expect("a main sleep");
    close(first.asleep_min, 385.0);
    assert!(!first.aggregated);
    let second = find(&samples, date(2026, 2, 12), &home("UTC"))
        .main
        .expect("a main sleep");
    close(second.asleep_min, 420.0);
    assert!(second.aggregated);
}

#[test]
fn a_night_over_the_clock_change_has_its_true_length() {
    let samples = [stage(
        us("2026-03-28T22:00:00Z"),
        0,
        480,
        SleepStage::Core,
        0,
    )];
    let found = find(&samples, date(2026, 3, 29), &home("Europe/Berlin"));
    close(found.main.expect("a main sleep").asleep_min, 480.0);
}

#[test]
fn a_night_belongs_to_the_date_of_the_place_of_waking() {
    // Asleep in New York from 03:30 to 10:30 UTC: 23:30 to 06:30 there, 05:30 to 12:30 in Berlin.
    let samples = [stage(
        us("2026-05-05T03:30:00Z"),
        0,
        420,
        SleepStage::Core,
        0,
    )];
    let found = find(&samples, date(2026, 5, 5), &traveller());
    assert_eq!(found.zone, "America/New_York");
    close(found.main.expect("a main sleep").asleep_min, 420.0);
    // Two hours of sleep at 04:00 UTC are at night only where the person is.
    let short = [stage(
        us("2026-05-05T05:00:00Z"),
        0,
        120,
        SleepStage::Core,
        0,
    )];
    assert!(find(&short, date(2026, 5, 5), &traveller()).main.is_some());
    let noon = [stage(
        us("2026-05-05T16:00:00Z"),
        0,
        120,
        SleepStage::Core,
        0,
    )];
    assert_eq!(find(&noon, date(2026, 5, 5), &traveller()).naps.len(), 1);
}

#[test]
fn odd_sleep_samples_are_ignored() {
    let samples = [
        sample(10, 5, 3.0, 0),
        sample(0, 60, 9.0, 0),
        sample(0, 60, f64::NAN, 0),
        sample(5, 5, 3.0, 0),
    ];
    assert_eq!(
        find(&samples, date(1970, 1, 1), &home("UTC"))
            .reason
            .as_deref(),
        Some("no_sleep_data")
    );
}

proptest! {
    #[test]
    fn stages_never_overlap(parts in prop::collection::vec((0_i64..600, 1_i64..240, 0_u8..6, 0_u16..3), 0..30)) {
        let from_us = us("2026-02-10T22:00:00Z");
        let samples: Vec<Sample> = parts
            .iter()
            .map(|(start, length, code, source)| after(from_us, *start, start + length, f64::from(*code), *source))
            .collect();
        let mut reversed = samples.clone();
        reversed.reverse();
        let found = find(&samples, date(2026, 2, 11), &home("UTC"));
        prop_assert_eq!(&found, &find(&reversed, date(2026, 2, 11), &home("UTC")));
        for episode in found.main.iter().chain(&found.naps) {
            let stages = episode.stages_min;
            let asleep = stages.core + stages.deep + stages.rem + stages.unspecified;
            prop_assert!((asleep - episode.asleep_min).abs() < 1e-9);
            let span = (episode.offset_us - episode.onset_us) as f64 / MINUTE_US as f64;
            let known = episode.asleep_min + episode.waso_min + episode.unrecorded_min;
            prop_assert!((known - span).abs() < 1e-9);
            prop_assert!(episode.waso_min >= 0.0 && episode.unrecorded_min >= 0.0);
            prop_assert!(episode.efficiency.is_none_or(|share| (0.0..=1.0).contains(&share)));
        }
    }
}
