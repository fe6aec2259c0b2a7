//! A made-up person for looking around: sixty days up to today, a watch and a phone that count the
//! same steps, sleep stages, naps, workouts, a trip to another zone, days without the watch.
//!
//! Everything about a date follows from the date alone, so that starting again tomorrow adds a day
//! and contradicts nothing. It makes the batch that a phone would send, and that takes the way of any upload.
//! It must never read the clock, and never touch another person's data.

mod body;
mod chance;
mod days;
mod night;
mod pen;

use std::sync::Arc;

use import::batch::Batch;
use model::ids::UserId;

use crate::app::App;
use crate::demo::days::Day;
use crate::demo::pen::Pen;
use crate::ingest::committer::{Committed, LiveUpload, Review};
use crate::problem::Problem;

/// The demo person's sign-in. The domain cannot exist (RFC 2606).
pub(crate) const EMAIL: &str = "demo@clarity.invalid";
/// Its password: in the open, which is why the demo only listens on loopback addresses.
pub(crate) const PASSWORD: &str = "sixty-days-of-a-made-up-life";
/// Where it lives.
pub(crate) const HOME: &str = "Europe/Berlin";
/// Days of data, today included.
pub(crate) const DAYS: i64 = 60;

/// Stores everything up to now for a person, and returns how many records were new or changed.
pub async fn bring(app: &Arc<App>, user: UserId) -> Result<u64, Problem> {
    let now_us = app.clock.now_us();
    let upload = LiveUpload {
        user,
        id: app.ids.upload(now_us),
        kind: "demo",
        batch: app.compute(move || batch(now_us)).await?,
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
pub(crate) fn batch(now_us: i64) -> Batch {
    let mut pen = Pen::new(now_us);
    let days = days::until(now_us, DAYS);
    let mut before: Option<&Day> = None;
    for day in &days {
        if let Some(before) = before {
            night::sleep(&mut pen, before, day);
            body::day(&mut pen, day);
        }
        before = Some(day);
    }
    pen.finish()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use model::category::SleepStage;
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
        let (one, two) = (batch(NOW_US), batch(NOW_US));
        assert_eq!(one.samples, two.samples);
        assert_eq!(one.records, two.records);
        assert!(one.samples.len() > 30_000, "{} samples", one.samples.len());
    }

    #[test]
    fn tomorrow_contradicts_nothing() {
        let (today, tomorrow) = (batch(NOW_US), batch(NOW_US + DAY_US));
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
        let batch = batch(NOW_US);
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
        let steps = &by_metric(&batch(NOW_US))["HKQuantityTypeIdentifierStepCount"];
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
        let home = Zone::parse(HOME).expect("a zone");
        for later in (0..45).step_by(4) {
            let now_us = NOW_US + later * DAY_US;
            let batch = batch(now_us);
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
            for day in 0..DAYS {
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
        let samples = by_metric(&batch(NOW_US));
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
    fn nights_have_stages_and_some_days_lack_them() {
        let batch = batch(NOW_US);
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
