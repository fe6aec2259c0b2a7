//! Two made-up people for looking around. Robin has sixty days up to today: a watch and a phone that count the
//! same steps, a week with a second watch, sleep stages, naps, workouts with their routes, electrocardiograms, beats,
//! light, a trip to another zone, days without the watch, a sick week. Kim has three weeks elsewhere, and never meets Robin.
//!
//! Everything about a date follows from the date alone, so that starting again tomorrow adds a day
//! and contradicts nothing. It makes the batch that a phone would send, and that takes the way of any upload.
//! It must never read the clock, and never touch another person's data.

mod beats;
mod body;
mod chance;
mod days;
mod night;
mod pen;
mod route;
mod said;
pub mod who;

use std::sync::Arc;

use import::batch::Batch;
use model::ids::UserId;

use crate::app::App;
use crate::audit::entry::Author;
use crate::demo::days::Day;
use crate::demo::pen::Pen;
use crate::demo::who::Who;
use crate::ingest::committer::{Committed, LiveUpload, Review};
use crate::problem::Problem;

/// Stores everything up to now of a made-up person in an account, and returns how many records were new or changed.
pub async fn bring(app: &Arc<App>, user: UserId, who: Who) -> Result<u64, Problem> {
    let now_us = app.clock.now_us();
    let upload = LiveUpload {
        user,
        id: app.ids.upload(now_us),
        device: None,
        author: Author::OPERATOR,
        kind: "demo",
        batch: app.compute(move || batch(now_us, who)).await?,
        review: Review::NotNeeded,
        repeat: None,
    };
    match app.committer.commit(upload).await? {
        Committed::Done(receipt) => Ok(receipt.tally.accepted),
        // It has no key under which it could have come before.
        Committed::Repeated(_) => Ok(0),
    }
}

/// Everything the person's devices have measured up to now.
pub(crate) fn batch(now_us: i64, who: Who) -> Batch {
    let mut pen = Pen::new(now_us, who);
    let days = days::until(now_us, who);
    let mut before: Option<&Day> = None;
    for day in &days {
        if let Some(before) = before {
            night::sleep(&mut pen, before, day);
            body::day(&mut pen, day);
            beats::of_day(&mut pen, day);
        }
        before = Some(day);
    }
    said::of_days(&mut pen, &days);
    pen.finish()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use model::category::SleepStage;
    use model::record::Body;
    use model::sample::{DAY_US, MINUTE_US, Sample};
    use model::zone::{Zone, ZoneHistory};

    use super::*;

    /// 2026-11-20T15:04:05Z.
    const NOW_US: i64 = 1_795_187_045 * 1_000_000;

    fn by_metric(batch: &Batch) -> BTreeMap<String, Vec<Sample>> {
        let mut samples: BTreeMap<String, Vec<Sample>> = BTreeMap::new();
        for one in &batch.samples {
            let name = &batch.new_types[one.type_index as usize].name;
            samples.entry(name.clone()).or_default().push(one.sample);
        }
        samples
    }

    #[test]
    fn the_same_moment_gives_the_same_person() {
        let (one, two) = (batch(NOW_US, Who::Robin), batch(NOW_US, Who::Robin));
        assert_eq!(one.samples, two.samples);
        assert_eq!(one.records, two.records);
        assert!(one.samples.len() > 30_000, "{} samples", one.samples.len());
    }

    #[test]
    fn tomorrow_contradicts_nothing() {
        let (today, tomorrow) = (
            batch(NOW_US, Who::Robin),
            batch(NOW_US + DAY_US, Who::Robin),
        );
        let later = by_metric(&tomorrow);
        let from_us = today
            .samples
            .iter()
            .map(|one| one.sample.start_us)
            .min()
            .expect("samples");
        for (metric, samples) in by_metric(&today) {
            let known: BTreeSet<_> = later[&metric]
                .iter()
                .map(|sample| (sample.uid, sample.value.to_bits()))
                .collect();
            for sample in samples
                .iter()
                .filter(|one| one.start_us > from_us + 2 * DAY_US)
            {
                assert!(
                    known.contains(&(sample.uid, sample.value.to_bits())),
                    "{metric} at {} is not there tomorrow",
                    sample.start_us
                );
            }
        }
    }

    #[test]
    fn samples_pass_the_rules_of_any_upload() {
        let everybody = Who::ALL.map(|who| batch(NOW_US, who));
        everybody.iter().for_each(check_rules);
    }

    #[test]
    fn the_phone_shows_rings_of_nearly_every_day_at_home() {
        for later in 0..45 {
            let batch = batch(NOW_US + later * DAY_US, Who::Robin);
            let rings = batch.records.iter();
            let rings = rings.filter(|record| record.body.kind() == "activity_summary");
            let count = rings.count();
            assert!((36..58).contains(&count), "{count} days with rings");
        }
    }

    fn check_rules(batch: &Batch) {
        let mut uids = BTreeSet::new();
        for one in &batch.samples {
            let sample = one.sample;
            let name = &batch.new_types[one.type_index as usize].name;
            let metric = model::metric::by_name(name).expect("a metric of the catalogue");
            assert!(sample.end_us <= NOW_US, "{name} ends after now");
            import::check::interval(sample.start_us, sample.end_us, NOW_US).expect("an interval");
            import::check::value(metric, sample.value).expect("a value in range");
            assert!(
                uids.insert(sample.uid),
                "{name} at {} comes twice",
                sample.start_us
            );
        }
    }

    #[test]
    fn both_devices_count_the_same_walks() {
        let steps = &by_metric(&batch(NOW_US, Who::Robin))["HKQuantityTypeIdentifierStepCount"];
        let (watch, phone): (Vec<&Sample>, Vec<&Sample>) =
            steps.iter().partition(|sample| sample.source.0 == 0);
        assert!(!watch.is_empty() && !phone.is_empty());
        let overlapping = phone.iter().filter(|phone| {
            watch
                .iter()
                .any(|watch| watch.start_us < phone.end_us && phone.start_us < watch.end_us)
        });
        assert!(
            overlapping.count() * 2 > phone.len(),
            "most phone steps overlap the watch"
        );
    }

    #[test]
    fn there_is_always_a_trip_with_days_of_other_lengths() {
        let home = Zone::parse(Who::Robin.home()).expect("a zone");
        for later in (0..45).step_by(4) {
            let now_us = NOW_US + later * DAY_US;
            let batch = batch(now_us, Who::Robin);
            let zones = batch
                .zones
                .iter()
                .map(|seen| (seen.at_us, Zone::parse(&seen.zone).expect("a zone")));
            let history = ZoneHistory::from_observations(home.clone(), zones.collect());
            assert!(
                history.changes().len() >= 2,
                "a whole trip in the days before {now_us}"
            );
            let mut lengths: BTreeSet<i64> = BTreeSet::new();
            for day in 0..Who::Robin.days() {
                let spans = history.day(home.date_at(now_us - day * DAY_US));
                lengths.insert(
                    spans
                        .iter()
                        .map(|span| (span.end_us - span.start_us) / MINUTE_US)
                        .sum(),
                );
            }
            assert!(
                lengths.contains(&(24 * 60)) && lengths.len() > 1,
                "{lengths:?}"
            );
        }
    }

    #[test]
    fn a_day_looks_like_a_day() {
        let samples = by_metric(&batch(NOW_US, Who::Robin));
        let steps = samples["HKQuantityTypeIdentifierStepCount"].iter();
        let watch_steps: f64 = steps
            .filter(|sample| sample.source.0 == 0)
            .map(|sample| sample.value)
            .sum();
        let daily_steps = watch_steps / 57.0;
        assert!(
            (5_000.0..14_000.0).contains(&daily_steps),
            "{daily_steps} steps a day"
        );
        let asleep_us: i64 = samples["HKCategoryTypeIdentifierSleepAnalysis"]
            .iter()
            .filter(|sample| SleepStage::from_code(sample.value).is_some_and(SleepStage::is_asleep))
            .map(|sample| sample.end_us - sample.start_us)
            .sum();
        let daily_min = asleep_us / MINUTE_US / 55;
        assert!(
            (390..540).contains(&daily_min),
            "{daily_min} minutes asleep a night"
        );
    }

    #[test]
    fn every_page_has_something_to_show() {
        let robin = batch(NOW_US, Who::Robin);
        let samples = by_metric(&robin);
        let of = |metric: &str, source: u16| {
            let of_metric = samples[metric].iter();
            of_metric.filter(|sample| sample.source.0 == source).count()
        };
        let steps = "HKQuantityTypeIdentifierStepCount";
        let sleep = "HKCategoryTypeIdentifierSleepAnalysis";
        // Two watches on one wrist and one night.
        assert!(of(steps, 3) > 100 && of(sleep, 3) > 20);
        assert!(samples["ambient_light"].len() > 1_000);
        let count = |kind: &str| {
            let bodies = robin.records.iter().map(|record| record.body.kind());
            bodies.filter(|body| *body == kind).count()
        };
        assert!(count("workout") >= 15);
        assert_eq!(count("route"), count("workout"), "each has its route");
        assert!(count("ecg") >= 10 && count("heartbeat_series") >= 45);
    }

    #[test]
    fn a_route_is_as_long_as_its_workout_says() {
        let robin = batch(NOW_US, Who::Robin);
        let mut said_m: BTreeMap<i64, f64> = BTreeMap::new();
        for record in &robin.records {
            if let Body::Workout(workout) = &record.body {
                said_m.insert(record.start_us, workout.distance_m.expect("a distance"));
            }
        }
        for record in &robin.records {
            let Body::Route(route) = &record.body else {
                continue;
            };
            let places: Vec<(f64, f64)> = std::iter::zip(&route.latitude_deg, &route.longitude_deg)
                .map(|(north, east)| (*north, *east))
                .collect();
            let metres: f64 = places
                .windows(2)
                .map(|pair| {
                    let ((north, east), (to_north, to_east)) = (pair[0], pair[1]);
                    let narrow = north.to_radians().cos();
                    111_195.0 * (to_north - north).hypot((to_east - east) * narrow)
                })
                .sum();
            let share = metres / said_m[&record.start_us];
            // Points a few metres beside the way make it a little longer, as those of a receiver do.
            assert!((0.97..1.05).contains(&share), "{share} of the distance");
        }
    }

    #[test]
    fn a_sick_week_is_seen_in_the_resting_heart_rate() {
        let samples = by_metric(&batch(NOW_US, Who::Robin));
        let resting = &samples["HKQuantityTypeIdentifierRestingHeartRate"];
        let high = resting.iter().filter(|sample| sample.value >= 62.0).count();
        assert!(
            (4..=12).contains(&high),
            "{high} days with a high heart rate"
        );
    }

    #[test]
    fn the_two_people_share_nothing() {
        let [robin, kim] = Who::ALL.map(|who| batch(NOW_US, who));
        let uids = |batch: &Batch| -> BTreeSet<_> {
            batch.samples.iter().map(|one| one.sample.uid).collect()
        };
        assert!(uids(&robin).is_disjoint(&uids(&kim)));
        let names = |batch: &Batch| -> Vec<String> {
            let sources = batch.new_sources.iter();
            sources.map(|source| source.name.clone()).collect()
        };
        assert!(names(&robin).iter().any(|name| name.starts_with("Robin")));
        assert!(names(&kim).iter().any(|name| name.starts_with("Kim")));
    }

    #[test]
    fn nights_have_stages_and_some_days_lack_them() {
        let batch = batch(NOW_US, Who::Robin);
        let sleep = &by_metric(&batch)["HKCategoryTypeIdentifierSleepAnalysis"];
        let mut nights: BTreeMap<i64, BTreeSet<u8>> = BTreeMap::new();
        for sample in sleep {
            let stage = SleepStage::from_code(sample.value).expect("a stage");
            nights
                .entry(sample.end_us / DAY_US)
                .or_default()
                .insert(stage.code());
        }
        let staged = nights
            .values()
            .filter(|codes| codes.contains(&SleepStage::Deep.code()));
        let staged = staged.count();
        assert!((50..60).contains(&staged), "{staged} nights with stages");
        assert!(
            batch.records.len() >= 15,
            "{} workouts",
            batch.records.len()
        );
    }
}
