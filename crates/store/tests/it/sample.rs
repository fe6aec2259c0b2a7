//! Merging, reading, counting and removing samples.

use model::metric::MetricNo;
use model::sample::{DAY_US, Flags, HOUR_US, MINUTE_US, Sample, Uid};
use model::source::SourceNo;
use model::zone::Span;
use store::samples::{self, Group, Mirror, Reconcile, ReconcileCounts, Reconciling, Removing};
use store::uploads::{self, UploadNo};
use store::{Error, PersonKey, Tx};

use crate::fixture::{EVER, House, NOW_US, on_both, origin, sample, with_uid};

const METRIC: MetricNo = MetricNo(20_001);
const OTHER: MetricNo = MetricNo(20_002);
const DAY: i64 = NOW_US - NOW_US % DAY_US;
/// What a chunk of a type that is not in the catalogue spans.
const BUCKET: i64 = 30 * DAY_US;

/// The catalogue's first metric that keeps a bucket a day.
fn dense() -> MetricNo {
    model::metric::CATALOGUE
        .iter()
        .find(|metric| metric.density.bucket_days() == 1)
        .map_or(METRIC, |metric| metric.no)
}

async fn overlapping(house: &House, key: &PersonKey, metric: MetricNo, span: Span) -> Vec<Sample> {
    let mut tx = house.read().await;
    samples::overlapping(&mut tx, key, key.user(), metric, span)
        .await
        .expect("a read")
}

#[test]
fn the_same_samples_twice_change_nothing() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let upload = house.upload(user, None).await;
        let samples: Vec<_> = (0..3_000)
            .map(|at| sample(DAY + at * HOUR_US, DAY + at * HOUR_US + MINUTE_US, 1.5))
            .collect();
        let merged = house.merge(user, upload, METRIC, &samples).await;
        assert_eq!(merged.total().added, 3_000);
        assert_eq!(merged.changed.hours().len(), 3_000);
        let again = house.merge(user, upload, METRIC, &samples).await;
        assert_eq!(again.total().duplicates, 3_000);
        assert!(again.changed.is_empty());
        assert_eq!(house.all(user, METRIC).await, samples);
        let key = house.key(user).await;
        let mut tx = house.read().await;
        let span = Span {
            start_us: DAY + HOUR_US,
            end_us: DAY + 3 * HOUR_US,
        };
        let some = samples::starting_in(&mut tx, &key, user, METRIC, span)
            .await
            .expect("a read");
        assert_eq!(some, samples[1..3]);
        let held = samples::held(&mut tx, user).await.expect("a read");
        let [held] = held.as_slice() else {
            panic!("one metric");
        };
        let stored = samples::footprint(&mut tx, user).await.expect("a read");
        assert_eq!(stored[0].samples, 3_000);
        let counts = store::counts::of_person(&mut tx, user)
            .await
            .expect("a read");
        assert_eq!(counts, [(held.metric, 3_000)]);
        let date = |at_us| model::zone::Zone::utc().date_at(at_us);
        assert_eq!(held.first_day, date(DAY));
        assert_eq!(held.last_day, date(DAY + 2_999 * HOUR_US));
    });
}

#[test]
fn nobody_sees_what_another_person_has() {
    on_both(|house| async move {
        let (one, two) = (house.person(1).await, house.person(2).await);
        let upload = house.upload(one, None).await;
        house
            .merge(one, upload, METRIC, &[sample(DAY, DAY, 1.0)])
            .await;
        assert!(house.all(two, METRIC).await.is_empty());
        let key = house.key(one).await;
        let mut tx = house.write().await;
        let span = EVER;
        for result in [
            samples::starting_in(&mut tx, &key, two, METRIC, span).await,
            samples::overlapping(&mut tx, &key, two, METRIC, span).await,
        ] {
            assert!(matches!(result, Err(Error::KeyOfAnother)));
        }
        let origin = origin(UploadNo(1), &[]);
        let merged = samples::merge(&mut tx, &key, two, origin, Vec::new()).await;
        assert!(matches!(merged, Err(Error::KeyOfAnother)));
    });
}

#[test]
fn overlapping_finds_samples_that_began_long_before() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let key = house.key(user).await;
        let upload = house.upload(user, None).await;
        for metric in [METRIC, dense()] {
            let long = sample(DAY - 200 * DAY_US, DAY + HOUR_US, 1.0);
            let night = sample(DAY - 2 * HOUR_US, DAY + 6 * HOUR_US, 2.0);
            let before = sample(DAY - HOUR_US, DAY, 3.0);
            let instant = sample(DAY, DAY, 4.0);
            let after = sample(DAY + DAY_US, DAY + DAY_US, 5.0);
            let all = [long, night, before, instant, after];
            house.merge(user, upload, metric, &all).await;
            let span = Span {
                start_us: DAY,
                end_us: DAY + DAY_US,
            };
            assert_eq!(
                overlapping(&house, &key, metric, span).await,
                [long, night, instant]
            );
            let empty = Span {
                start_us: DAY,
                end_us: DAY,
            };
            assert!(overlapping(&house, &key, metric, empty).await.is_empty());
            let mut tx = house.read().await;
            let some = samples::starting_in(&mut tx, &key, user, metric, span).await;
            assert_eq!(some.expect("a read"), [instant]);
        }
    });
}

#[test]
fn every_field_survives() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let upload = house.upload(user, None).await;
        let rich = Sample {
            start_us: DAY + 1,
            end_us: DAY + 2,
            value: -0.0,
            zone_offset_min: Some(-570),
            source: SourceNo(65_535),
            uid: Uid::new(u64::MAX),
            flags: Flags::from_bits(0xffff ^ Flags::AGGREGATED.bits()),
        };
        house.merge(user, upload, METRIC, &[rich]).await;
        let back = house.all(user, METRIC).await;
        assert_eq!(back, [rich]);
        assert!(back[0].value.is_sign_negative());
    });
}

#[test]
fn edits_replace_also_in_another_bucket() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let upload = house.upload(user, None).await;
        let first = with_uid(sample(DAY, DAY + HOUR_US, 1.0), 5);
        house.merge(user, upload, METRIC, &[first]).await;
        let edited = with_uid(sample(DAY, DAY + HOUR_US, 2.0), 5);
        let merged = house.merge(user, upload, METRIC, &[edited]).await;
        assert_eq!(merged.total().replaced, 1);
        assert_eq!(house.all(user, METRIC).await, [edited]);
        let moved = with_uid(sample(DAY + 90 * DAY_US, DAY + 90 * DAY_US, 2.0), 5);
        let merged = house.merge(user, upload, METRIC, &[moved]).await;
        assert_eq!(merged.total().replaced, 1);
        assert_eq!(merged.changed.hours().len(), 2);
        assert_eq!(house.all(user, METRIC).await, [moved]);
    });
}

#[test]
fn deleted_objects_stay_deleted() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let key = house.key(user).await;
        let live = house.upload(user, None).await;
        let kept = with_uid(sample(DAY, DAY + HOUR_US, 1.0), 1);
        let gone = with_uid(sample(DAY + HOUR_US, DAY + 2 * HOUR_US, 2.0), 2);
        let also = with_uid(sample(DAY, DAY, 3.0), 3);
        house.merge(user, live, METRIC, &[kept, gone]).await;
        house.merge(user, live, OTHER, &[also]).await;
        let uid = |number| Uid::new(number).expect("not zero");
        let objects = [(uid(2), Some(METRIC)), (uid(3), None), (uid(4), None)];
        let mut tx = house.write().await;
        let removed = samples::delete_by_uid(&mut tx, &key, user, &objects, NOW_US)
            .await
            .expect("a write");
        tx.commit().await.expect("a commit");
        assert_eq!(removed.by_metric, [(METRIC, 1), (OTHER, 1)]);
        assert_eq!(removed.changed.iter().count(), 2);
        assert_eq!(house.all(user, METRIC).await, [kept]);
        assert!(house.all(user, OTHER).await.is_empty());

        let unknown = with_uid(sample(DAY, DAY, 9.0), 4);
        let late = house.merge(user, live, METRIC, &[gone, unknown]).await;
        assert_eq!(late.total().refused_deleted, 2);
        assert!(late.changed.is_empty());
        // An export made before the deletion carries no object ids.
        let bare = Sample { uid: None, ..gone };
        let older = house.upload(user, Some(NOW_US - 1)).await;
        let refused = house.merge(user, older, METRIC, &[bare]).await;
        assert_eq!(refused.total().refused_deleted, 1);
        // One made later knows better, and so does an app that wrote the same content anew.
        let newer = house.upload(user, Some(NOW_US + 1)).await;
        assert_eq!(
            house
                .merge(user, newer, METRIC, &[bare])
                .await
                .total()
                .added,
            1
        );
        let many: Vec<Sample> = (10..3_000)
            .map(|at| with_uid(sample(DAY + at, DAY + at, 1.0), at.unsigned_abs()))
            .chain([gone])
            .collect();
        let total = house.merge(user, live, METRIC, &many).await.total();
        assert_eq!((total.added, total.refused_deleted), (2_990, 1));
    });
}

#[test]
fn an_upload_is_removed_but_for_what_a_snapshot_has_too() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let key = house.key(user).await;
        let live = house.upload(user, None).await;
        let own = sample(DAY, DAY, 1.0);
        let shared = sample(DAY + HOUR_US, DAY + HOUR_US, 2.0);
        let newer = sample(DAY + 2 * HOUR_US, DAY + 2 * HOUR_US, 3.0);
        house.merge(user, live, METRIC, &[own, shared]).await;
        let snapshot = house.upload(user, Some(NOW_US)).await;
        house.merge(user, snapshot, METRIC, &[shared, newer]).await;
        let remove = async |upload| {
            let mut tx = house.write().await;
            let removed = samples::remove_upload(&mut tx, &key, user, upload)
                .await
                .expect("a write");
            tx.commit().await.expect("a commit");
            removed
        };
        assert_eq!(remove(live).await.by_metric, [(METRIC, 1)]);
        assert_eq!(house.all(user, METRIC).await, [shared, newer]);
        assert!(remove(live).await.by_metric.is_empty());
        let removed = remove(snapshot).await;
        assert_eq!(removed.by_metric, [(METRIC, 2)]);
        assert_eq!(removed.changed.hours().len(), 2);
        let mut tx = house.read().await;
        assert!(
            samples::held(&mut tx, user)
                .await
                .expect("a read")
                .is_empty()
        );
    });
}

#[test]
fn removing_a_snapshot_leaves_what_an_earlier_upload_brought() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let key = house.key(user).await;
        let shared = sample(DAY, DAY, 1.0);
        let live = house.upload(user, None).await;
        house.merge(user, live, METRIC, &[shared]).await;
        let snapshot = house.upload(user, Some(NOW_US)).await;
        house.merge(user, snapshot, METRIC, &[shared]).await;
        let mut tx = house.write().await;
        let removed = samples::remove_upload(&mut tx, &key, user, snapshot)
            .await
            .expect("a write");
        tx.commit().await.expect("a commit");
        assert!(removed.by_metric.is_empty());
        assert_eq!(house.all(user, METRIC).await, [shared]);
    });
}

/// Merges a snapshot and applies the rule.
async fn import(
    house: &House,
    key: &PersonKey,
    exported_us: i64,
    samples: &[Sample],
    mirror: Mirror,
) -> ReconcileCounts {
    let user = key.user();
    let upload = house.upload(user, Some(exported_us)).await;
    house.merge(user, upload, METRIC, samples).await;
    // As small as parts can be: each stored bucket in a transaction of its own.
    let mut reconciling = Reconciling::new(&[(METRIC, SourceNo(1))]);
    let mut counts = ReconcileCounts::default();
    while !reconciling.is_done() {
        let mut tx = house.write().await;
        let snapshots = uploads::snapshots(&mut tx, user).await.expect("a read");
        let reconcile = Reconcile {
            upload,
            exported_us,
            mirror,
            renamed: &[],
            snapshots: &snapshots,
        };
        let part = (&mut reconciling, 1);
        let done = samples::reconcile_part(&mut tx, key, user, &reconcile, part).await;
        tx.commit().await.expect("a commit");
        for (metric, part) in done.expect("a write").by_metric {
            assert_eq!(metric, METRIC);
            counts.superseded_stored += part.superseded_stored;
            counts.superseded_incoming += part.superseded_incoming;
            counts.absent += part.absent;
            counts.removed += part.removed;
        }
    }
    counts
}

/// The phone first wrote hours, then rewrote them as quarters: the hours are superseded. One sample
/// long ago was deleted on the phone.
fn two_exports() -> (Vec<Sample>, Vec<Sample>) {
    let hour = |at: i64| sample(DAY + at * HOUR_US, DAY + (at + 1) * HOUR_US, 400.0);
    let quarter = |at: i64| {
        let start_us = DAY + at * 15 * MINUTE_US;
        sample(start_us, start_us + 15 * MINUTE_US, 100.0)
    };
    let gone = sample(DAY - 40 * DAY_US, DAY - 40 * DAY_US + HOUR_US, 7.0);
    let mut older = vec![gone];
    older.extend((0..24).map(hour));
    let newer: Vec<Sample> = (0..96).map(quarter).collect();
    (older, newer)
}

#[test]
fn a_later_snapshot_supersedes_in_either_order() {
    on_both(|house| async move {
        let (older, newer) = two_exports();
        let expected: Vec<Sample> = older[..1].iter().chain(&newer).copied().collect();
        for (number, forward) in [(1, true), (2, false)] {
            let user = house.person(number).await;
            let key = house.key(user).await;
            if forward {
                import(&house, &key, NOW_US, &older, Mirror::Keep).await;
                let counts = import(&house, &key, NOW_US + 1, &newer, Mirror::Keep).await;
                assert_eq!((counts.superseded_stored, counts.absent), (24, 1));
            } else {
                import(&house, &key, NOW_US + 1, &newer, Mirror::Keep).await;
                let counts = import(&house, &key, NOW_US, &older, Mirror::Keep).await;
                assert_eq!((counts.superseded_incoming, counts.absent), (24, 0));
            }
            assert_eq!(house.all(user, METRIC).await, expected);
        }
    });
}

#[test]
fn mirroring_removes_what_the_snapshot_lacks() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let key = house.key(user).await;
        let (older, newer) = two_exports();
        let live = house.upload(user, None).await;
        let own = sample(DAY - 41 * DAY_US, DAY - 41 * DAY_US, 1.0);
        house.merge(user, live, METRIC, &[own]).await;
        import(&house, &key, NOW_US, &older, Mirror::Keep).await;
        let counts = import(&house, &key, NOW_US + 1, &newer, Mirror::Remove).await;
        assert_eq!(
            (counts.superseded_stored, counts.absent, counts.removed),
            (24, 1, 1)
        );
        let left = house.all(user, METRIC).await;
        assert_eq!(left[0], own, "live samples are left alone");
        assert_eq!(left.len(), 97);
    });
}

#[test]
fn a_cover_may_begin_in_an_earlier_bucket_and_end_in_a_later_one() {
    on_both(|house| async move {
        let metric_width = 30 * DAY_US;
        let edge = DAY.div_euclid(metric_width) * metric_width;
        let user = house.person(1).await;
        let key = house.key(user).await;
        let old = sample(edge - HOUR_US, edge + 100 * DAY_US, 1.0);
        let inside = sample(edge + 40 * DAY_US, edge + 40 * DAY_US + HOUR_US, 1.0);
        import(&house, &key, NOW_US, &[old, inside], Mirror::Keep).await;
        let left = sample(edge - 2 * HOUR_US, edge + 50 * DAY_US, 2.0);
        let right = sample(edge + 50 * DAY_US, edge + 101 * DAY_US, 2.0);
        let counts = import(&house, &key, NOW_US + 1, &[left, right], Mirror::Keep).await;
        assert_eq!(counts.superseded_stored, 2);
        assert_eq!(house.all(user, METRIC).await, [left, right]);
    });
}

async fn exchange_chunks(tx: &mut Tx) {
    let text = "UPDATE chunks SET sealed =
        (SELECT o.sealed FROM chunks o WHERE o.person <> chunks.person LIMIT 1)";
    crate::fixture::execute(tx, text).await;
}

#[test]
fn a_row_copied_onto_another_row_does_not_open() {
    on_both(|house| async move {
        for number in [1, 2] {
            let user = house.person(number).await;
            let upload = house.upload(user, None).await;
            house
                .merge(user, upload, METRIC, &[sample(DAY, DAY, 1.0)])
                .await;
        }
        let mut tx = house.write().await;
        exchange_chunks(&mut tx).await;
        let user = model::ids::UserId::from_uuid(crate::fixture::uuid(1));
        let key = house.vault.person_key(&mut tx, user).await.expect("a key");
        let read = samples::starting_in(&mut tx, &key, user, METRIC, EVER).await;
        assert!(matches!(read, Err(Error::Damaged { what: "chunk" })));
        tx.rollback().await.expect("an end");

        // Moved to another metric of the same person.
        let mut tx = house.write().await;
        crate::fixture::execute(&mut tx, "UPDATE chunks SET metric = metric + 1").await;
        let read = samples::starting_in(&mut tx, &key, user, OTHER, EVER).await;
        assert!(matches!(read, Err(Error::Damaged { what: "chunk" })));
    });
}

#[test]
fn a_damaged_chunk_is_in_nobodys_way() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let key = house.key(user).await;
        let upload = house.upload(user, None).await;
        let day = |number: i64| sample(DAY + number * BUCKET, DAY + number * BUCKET, 1.0);
        house
            .merge(user, upload, METRIC, &[day(0), day(1), day(2)])
            .await;
        let mut tx = house.write().await;
        let middle = "UPDATE chunks SET sealed = (SELECT o.sealed FROM chunks o
            ORDER BY bucket DESC LIMIT 1) WHERE bucket =
            (SELECT bucket FROM chunks ORDER BY bucket LIMIT 1 OFFSET 1)";
        crate::fixture::execute(&mut tx, middle).await;
        tx.commit().await.expect("a commit");
        // Beside it.
        let beside = [
            sample(DAY + 1, DAY + 1, 3.0),
            sample(DAY + 2 * BUCKET + 1, DAY + 2 * BUCKET + 1, 3.0),
        ];
        let counts = house.merge(user, upload, METRIC, &beside).await.total();
        assert_eq!(counts.added, 2);
        let mut tx = house.read().await;
        let read = samples::readable_in(&mut tx, &key, user, METRIC, EVER)
            .await
            .expect("a read");
        assert_eq!((read.samples.len(), read.damaged.len()), (4, 1));
        drop(tx);
        // Into its place: what was in it may come again.
        let counts = house.merge(user, upload, METRIC, &[day(1)]).await.total();
        assert_eq!(counts.added, 1);
        assert_eq!(house.all(user, METRIC).await.len(), 5);
        // An upload is taken back around it.
        let mut tx = house.write().await;
        let first = middle.replace("OFFSET 1", "OFFSET 0");
        crate::fixture::execute(&mut tx, &first).await;
        let mut removing = Removing::default();
        let mut count = 0;
        while !removing.is_done() {
            let part = (&mut removing, 1);
            let removed = samples::remove_part(&mut tx, &key, user, upload, part).await;
            let removed = removed.expect("a write").by_metric;
            count += removed.iter().map(|(_, count)| count).sum::<u64>();
        }
        assert_eq!(count, 3);
    });
}

#[test]
fn a_period_that_is_full_refuses_the_surplus_alone() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let upload = house.upload(user, None).await;
        let day = |count: i64| -> Vec<Sample> {
            (0..count)
                .map(|at| sample(DAY + at * 100_000, DAY + at * 100_000, 1.0))
                .collect()
        };
        let most = 1 << 19;
        let counts = house
            .merge(user, upload, dense(), &day(most + 2))
            .await
            .total();
        assert_eq!((counts.added, counts.refused_full), (1 << 19, 2));
        // The next day has room.
        let next = [
            sample(DAY, DAY, 1.0),
            sample(DAY + DAY_US, DAY + DAY_US, 1.0),
        ];
        let counts = house.merge(user, upload, dense(), &next).await.total();
        assert_eq!(
            (counts.added, counts.duplicates, counts.refused_full),
            (1, 0, 1)
        );
    });
}

#[test]
fn every_flipped_byte_of_a_sealed_chunk_is_noticed() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let key = house.key(user).await;
        let plain = [1_u8, 2, 3, 4, 5, 6, 7, 8];
        let sealed = key.seal(b"chunk", &plain);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open(b"chunk", &changed).is_err(), "byte {at}");
        }
        for length in 0..sealed.len() {
            assert!(key.open(b"chunk", &sealed[..length]).is_err());
        }
    });
}

#[test]
fn several_metrics_merge_in_one_call_and_dates_far_away_are_held() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let key = house.key(user).await;
        let upload = house.upload(user, None).await;
        let groups = vec![
            Group {
                metric: OTHER,
                samples: vec![sample(DAY, DAY, 1.0)],
            },
            Group {
                metric: METRIC,
                samples: vec![
                    sample(-DAY_US, -1, 1.0),
                    sample(i64::MAX - 1, i64::MAX, 1.0),
                ],
            },
            Group {
                metric: OTHER,
                samples: vec![sample(DAY, DAY, 1.0)],
            },
        ];
        let mut tx = house.write().await;
        let merged = samples::merge(&mut tx, &key, user, origin(upload, &[]), groups)
            .await
            .expect("a merge");
        assert_eq!(merged.by_metric[0].0, METRIC);
        assert_eq!(merged.by_metric[0].1.added, 2);
        assert_eq!(
            (
                merged.by_metric[1].1.added,
                merged.by_metric[1].1.duplicates
            ),
            (1, 1)
        );
        let held = samples::held(&mut tx, user).await.expect("a read");
        assert_eq!(held.len(), 2);
        let stored = samples::footprint(&mut tx, user).await.expect("a read");
        assert_eq!(stored[0].samples, 2);
    });
}
