//! Merging and the snapshot rule against naive oracles.

mod doors;

use std::collections::BTreeMap;

use model::sample::{SECOND_US, uid_of};
use model::source::SourceNo;
use proptest::prelude::*;

use super::*;
use crate::snapshot::{self, Verdict};

fn sample(start_us: i64, end_us: i64, value: f64) -> Sample {
    Sample {
        start_us,
        end_us,
        value,
        zone_offset_min: None,
        source: SourceNo(1),
        uid: None,
        flags: Flags::NONE,
    }
}

/// Merges one batch as the store does, of a metric that the catalogue does not know.
fn bring(rows: Vec<Stored>, batch: &[Sample], bringer: &Bringer) -> Merged {
    bring_of(None, rows, batch, bringer)
}

/// Merges one batch of a metric as the store does.
fn bring_of(kind: Option<Kind>, rows: Vec<Stored>, batch: &[Sample], bringer: &Bringer) -> Merged {
    let mut batch = batch.to_vec();
    let dropped = keep_last_of_each_uid(&mut batch);
    batch.sort_by_key(identity);
    let mut merged = merge(rows, &batch, (kind, &FxHashSet::default()), bringer);
    merged.counts.duplicates += dropped;
    let identities: Vec<Identity> = merged.rows.iter().map(|r| identity(&r.sample)).collect();
    assert!(
        identities.is_sorted_by(|a, b| a < b),
        "rows are in order and unique"
    );
    merged
}

fn live(upload: u32) -> Bringer {
    Bringer::new(UploadNo(upload), None, &[])
}

#[test]
fn an_aggregate_computed_again_replaces() {
    let aggregate = |value| Sample {
        flags: Flags::AGGREGATED,
        ..sample(0, 60, value)
    };
    let first = bring(Vec::new(), &[aggregate(10.0)], &live(1));
    let second = bring(first.rows, &[aggregate(12.0)], &live(2));
    assert_eq!(second.counts.replaced, 1);
    assert_eq!(second.rows.len(), 1);
    assert!((second.rows[0].sample.value - 12.0).abs() < 1e-12);
    let minimum = Sample {
        flags: Flags::AGGREGATED.with(Flags::MINIMUM),
        ..sample(0, 60, 3.0)
    };
    let third = bring(second.rows, &[minimum, aggregate(12.0)], &live(3));
    assert_eq!((third.counts.added, third.counts.duplicates), (1, 1));
}

#[test]
fn an_older_snapshot_does_not_replace() {
    let aggregate = |value| Sample {
        flags: Flags::AGGREGATED,
        ..sample(0, 60, value)
    };
    let snapshots = [(UploadNo(1), 200), (UploadNo(2), 100)];
    let newer = Bringer::new(UploadNo(1), Some(200), &snapshots);
    let older = Bringer::new(UploadNo(2), Some(100), &snapshots);
    let first = bring(Vec::new(), &[aggregate(10.0)], &newer);
    let second = bring(first.rows, &[aggregate(9.0)], &older);
    assert_eq!((second.counts.duplicates, second.written), (1, false));
    assert!((second.rows[0].sample.value - 10.0).abs() < 1e-12);
    let uid = |value| Sample {
        uid: Uid::new(5),
        ..sample(100, 160, value)
    };
    let first = bring(Vec::new(), &[uid(1.0)], &newer);
    let second = bring(first.rows, &[uid(2.0)], &older);
    assert_eq!((second.counts.duplicates, second.written), (1, false));
    let third = bring(second.rows, &[uid(2.0)], &live(3));
    assert_eq!((third.counts.replaced, third.rows.len()), (1, 1));
}

#[test]
fn an_edited_object_moves_and_touches_both_places() {
    let object = |start_us: i64, value| Sample {
        uid: Uid::new(7),
        ..sample(start_us, start_us + 60, value)
    };
    let first = bring(Vec::new(), &[object(0, 1.0)], &live(1));
    let second = bring(first.rows, &[object(5 * HOUR_US, 1.0)], &live(2));
    assert_eq!((second.counts.replaced, second.rows.len()), (1, 1));
    assert_eq!(second.hours, [0, 5]);
    let both = bring(Vec::new(), &[object(0, 1.0), object(60, 2.0)], &live(1));
    assert_eq!((both.counts.added, both.counts.duplicates), (1, 1));
    assert_eq!(
        both.rows[0].sample.start_us, 60,
        "the last version of a batch wins"
    );
}

#[test]
fn an_object_id_is_learned_from_a_copy() {
    let plain = sample(0, 60, 1.0);
    let known = Sample {
        uid: Uid::new(9),
        ..plain
    };
    let first = bring(Vec::new(), &[plain], &live(1));
    let second = bring(first.rows, &[known], &live(2));
    assert_eq!((second.counts.duplicates, second.written), (1, true));
    assert!(second.hours.is_empty());
    assert_eq!(second.rows[0].sample.uid, Uid::new(9));
    let third = bring(second.rows, &[plain], &live(3));
    assert_eq!((third.counts.duplicates, third.written), (1, false));
}

#[test]
fn hours_are_bounded_and_half_open() {
    let hours = |start_us, end_us| {
        let mut hours = Vec::new();
        push_hours(&mut hours, &sample(start_us, end_us, 0.0));
        hours
    };
    assert_eq!(hours(0, HOUR_US), [0]);
    assert_eq!(hours(HOUR_US, HOUR_US), [1]);
    assert_eq!(hours(-1, HOUR_US + 1), [-1, 0, 1]);
    assert_eq!(hours(0, 1_000 * HOUR_US).len(), 48);
    assert_eq!(
        hours(i64::MIN, i64::MAX).len(),
        1,
        "beyond what an hour number holds"
    );
}

/// Samples whose copies are exact: whole seconds, and values that no two sources share.
fn any_sample() -> impl Strategy<Value = Sample> {
    let value = prop_oneof![Just(0.0), Just(1.5), Just(f64::NAN), Just(1e9)];
    let zone = prop::option::of(-60_i16..60);
    (0_i64..12, 0_i64..4, value, 0_u16..2, 0_u16..64, zone).prop_map(
        |(start, length, value, source, context, zone_offset_min)| {
            let (start_us, length_us) = (start * 10 * SECOND_US, length * 10 * SECOND_US);
            let value = match source {
                0 => value,
                _ if value.is_nan() => -7.0,
                _ => value + 100.0,
            };
            Sample {
                zone_offset_min,
                source: SourceNo(source),
                flags: Flags::from_bits((context & 1) | (context >> 1) << 4),
                ..sample(start_us, start_us + length_us, value)
            }
        },
    )
}

/// Gives half of the contents an object id that follows from the content.
fn with_own_uid(sample: Sample) -> Sample {
    let own = identity(&sample);
    let is_object = own.0 % (20 * SECOND_US) == 0;
    Sample {
        uid: is_object.then(|| uid_of(&format!("{own:?}"))),
        ..sample
    }
}

type Content = (Identity, u64, u16, Option<i16>, Option<Uid>, u32);

/// Everything about the rows that must not depend on the order of batches.
fn contents(rows: &[Stored]) -> Vec<Content> {
    rows.iter()
        .map(|row| {
            let sample = row.sample;
            (
                identity(&sample),
                sample.value.to_bits(),
                sample.flags.bits(),
                sample.zone_offset_min,
                sample.uid,
                row.seen,
            )
        })
        .collect()
}

/// Imports snapshots in an order, applying the rule after each.
fn import(snapshots: &[Vec<Sample>], order: &[usize]) -> Vec<Stored> {
    let dated: Vec<(UploadNo, i64)> = order
        .iter()
        .map(|at| {
            let no = u32::try_from(at + 1).expect("few snapshots");
            (UploadNo(no), i64::from(no) * 100)
        })
        .collect();
    let mut rows = Vec::new();
    for (turn, at) in order.iter().enumerate() {
        let (no, date) = dated[turn];
        let bringer = Bringer::new(no, Some(date), &dated[..turn]);
        let batch = &snapshots[*at];
        rows = bring(rows, batch, &bringer).rows;
        let present = batch.iter().map(|sample| sample.source.0);
        let present = snapshot::Sources::new(present, &FxHashMap::default());
        let around: Vec<&Stored> = rows.iter().collect();
        let verdicts = snapshot::judge(&rows, &around, &present, &bringer);
        let mut verdicts = verdicts.into_iter();
        rows.retain(|_| verdicts.next() != Some(Verdict::Superseded));
    }
    rows
}

/// The rule, said slowly: every instant of the sample is in a later-dated one of its source.
fn superseded_slowly(row: &Stored, rows: &[Stored]) -> bool {
    let later: Vec<&Stored> = rows
        .iter()
        .filter(|other| other.sample.source == row.sample.source && other.seen > row.seen)
        .collect();
    let covered = |at_us: i64| {
        later.iter().any(|other| {
            let (start_us, end_us) = (other.sample.start_us, other.sample.end_us);
            start_us <= at_us && at_us < end_us
        })
    };
    let (start_us, end_us) = (row.sample.start_us, row.sample.end_us);
    if start_us == end_us {
        covered(start_us)
            || later
                .iter()
                .any(|o| o.sample.start_us == start_us && o.sample.end_us == start_us)
    } else {
        let mut seconds = (start_us..end_us).step_by(usize::try_from(SECOND_US).expect("small"));
        seconds.all(covered)
    }
}

#[test]
fn a_total_sent_again_replaces_and_one_that_grows_too() {
    let total = |end_s: i64, value| sample(0, end_s * SECOND_US, value);
    let kind = Some(Kind::Cumulative);
    let bring = |rows, sample: Sample, upload| bring_of(kind, rows, &[sample], &live(upload));
    // The same interval: the last version, whether it is larger or not.
    let first = bring(Vec::new(), total(60, 10.0), 1);
    let second = bring(first.rows, total(60, 12.0), 2);
    assert_eq!((second.counts.replaced, second.rows.len()), (1, 1));
    let third = bring(second.rows, total(60, 11.0), 3);
    assert_eq!((third.counts.replaced, third.rows.len()), (1, 1));
    // A later end and a larger value; the shorter one that comes late changes nothing.
    let longer = bring(third.rows, total(90, 20.0), 4);
    assert_eq!((longer.counts.replaced, longer.rows.len()), (1, 1));
    let late = bring(longer.rows, total(30, 5.0), 5);
    assert_eq!((late.counts.duplicates, late.written), (1, false));
    // Less in a longer time is something else.
    let other = bring(late.rows, total(120, 1.0), 6);
    assert_eq!((other.counts.added, other.rows.len()), (1, 2));
    // Another source, an object with an id, and what a snapshot contains are not replaced.
    let named = Sample {
        uid: Uid::new(4),
        ..total(90, 30.0)
    };
    let named = bring(other.rows, named, 7);
    assert_eq!((named.counts.added, named.rows.len()), (1, 3));
    let elsewhere = Sample {
        source: SourceNo(9),
        ..total(90, 31.0)
    };
    let elsewhere = bring(named.rows, elsewhere, 8);
    assert_eq!((elsewhere.counts.added, elsewhere.rows.len()), (1, 4));
    let snapshot = Bringer::new(UploadNo(9), Some(1), &[]);
    let export = bring_of(kind, Vec::new(), &[total(60, 10.0)], &snapshot);
    let beside = bring(export.rows, total(60, 12.0), 10);
    assert_eq!((beside.counts.added, beside.rows.len()), (1, 2));
}

#[test]
fn two_values_of_one_body_are_two_and_amounts_at_an_instant_add_up() {
    let glass = |value| sample(SECOND_US, SECOND_US, value);
    for kind in [Kind::Cumulative, Kind::Discrete] {
        let both = bring_of(Some(kind), Vec::new(), &[glass(1.0), glass(2.0)], &live(1));
        assert_eq!(both.counts.added, 2, "{kind:?}");
        let again = bring_of(Some(kind), both.rows, &[glass(1.0), glass(2.0)], &live(2));
        assert_eq!((again.counts.duplicates, again.written), (2, false));
        let edited = bring_of(Some(kind), again.rows, &[glass(3.0)], &live(3));
        let expect = if kind == Kind::Cumulative { 3 } else { 1 };
        assert_eq!(edited.rows.len(), expect, "{kind:?}");
    }
    let stage = |value| sample(0, 60 * SECOND_US, value);
    let first = bring_of(Some(Kind::Category), Vec::new(), &[stage(1.0)], &live(1));
    let second = bring_of(Some(Kind::Category), first.rows, &[stage(2.0)], &live(2));
    assert_eq!(second.rows.len(), 2, "stages of one time are two");
}

#[test]
fn jitter_in_the_last_digits_is_no_change() {
    let jittered = 0.1_f64 + 0.2;
    for flags in [Flags::NONE, Flags::AGGREGATED] {
        let of = |value| Sample {
            flags,
            ..sample(0, 60 * SECOND_US, value)
        };
        let first = bring(Vec::new(), &[of(0.3)], &live(1));
        let second = bring(first.rows, &[of(jittered)], &live(2));
        assert_eq!((second.counts.duplicates, second.rows.len()), (1, 1));
        let third = bring(second.rows, &[of(0.300_001)], &live(3));
        assert_eq!(third.counts.duplicates, 0);
    }
}

#[test]
fn objects_of_different_ids_are_different_samples() {
    let food = |uid| Sample {
        uid: Uid::new(uid),
        ..sample(SECOND_US, SECOND_US, 100.0)
    };
    let both = bring(Vec::new(), &[food(1), food(2)], &live(1));
    assert_eq!(both.counts.added, 2);
    let again = bring(both.rows, &[food(2)], &live(2));
    assert_eq!((again.counts.duplicates, again.written), (1, false));
    // An export prints both alike: each print is one of them.
    let bare = sample(SECOND_US, SECOND_US, 100.0);
    let named = |name| Sample {
        flags: Flags::variant_named(name),
        ..bare
    };
    let snapshot = Bringer::new(UploadNo(3), Some(1), &[]);
    let export = bring(again.rows, &[named("Apple"), named("Banana")], &snapshot);
    assert_eq!((export.counts.duplicates, export.rows.len()), (2, 2));
    let snapshot = Bringer::new(UploadNo(4), Some(2), &[(UploadNo(3), 1)]);
    let later = bring(export.rows, &[named("Banana")], &snapshot);
    assert_eq!((later.counts.duplicates, later.rows.len()), (1, 2));
}

proptest! {
    #[test]
    fn any_order_of_batches_gives_the_same_set(
        batches in prop::collection::vec(prop::collection::vec(any_sample(), 0..30), 1..5),
        turn in 0_usize..5,
    ) {
        let batches: Vec<Vec<Sample>> = batches
            .into_iter()
            .map(|batch| batch.into_iter().map(with_own_uid).collect())
            .collect();
        let run = |order: &mut dyn Iterator<Item = &Vec<Sample>>| {
            let mut rows = Vec::new();
            for (at, batch) in order.enumerate() {
                let before = rows.len();
                let upload = u32::try_from(at + 1).expect("few batches");
                let merged = bring(rows, batch, &live(upload));
                let counts = merged.counts;
                assert_eq!(merged.rows.len() - before, usize::try_from(counts.added).expect("few"));
                assert_eq!(counts.added + counts.duplicates + counts.replaced, batch.len() as u64);
                rows = merged.rows;
            }
            rows
        };
        let forward = run(&mut batches.iter());
        let backward = run(&mut batches.iter().rev());
        let turned = run(&mut batches.iter().cycle().skip(turn).take(batches.len()));
        prop_assert_eq!(contents(&forward), contents(&backward));
        prop_assert_eq!(contents(&forward), contents(&turned));
        // The naive oracle: a map from identity.
        let oracle: BTreeMap<Identity, u64> = batches
            .iter()
            .flatten()
            .map(|sample| (identity(sample), sample.value.to_bits()))
            .collect();
        let merged: BTreeMap<Identity, u64> = forward
            .iter()
            .map(|row| (identity(&row.sample), row.sample.value.to_bits()))
            .collect();
        prop_assert_eq!(merged, oracle);
        let again = bring(forward, &batches.concat(), &live(9));
        prop_assert!(!again.written && again.hours.is_empty());
    }

    #[test]
    fn any_order_of_snapshots_gives_the_same_set(
        snapshots in prop::collection::vec(prop::collection::vec(any_sample(), 0..14), 3..4),
    ) {
        // Context that only one copy of a sample carries goes when that copy is superseded.
        let set = |rows: &[Stored]| -> Vec<(Identity, u32)> {
            rows.iter().map(|row| (identity(&row.sample), row.seen)).collect()
        };
        let expected = set(&import(&snapshots, &[0, 1, 2]));
        for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            prop_assert_eq!(&set(&import(&snapshots, &order)), &expected, "{:?}", order);
        }
    }

    #[test]
    fn the_rule_agrees_with_its_slow_form(
        samples in prop::collection::vec((any_sample(), 0_u32..4), 0..25),
    ) {
        let mut rows: Vec<Stored> = samples
            .into_iter()
            .map(|(sample, seen)| Stored { sample, origin: 1, seen })
            .collect();
        rows.sort_by_key(|row| identity(&row.sample));
        let dates: Vec<(UploadNo, i64)> = (1..4).map(|no| (UploadNo(no), i64::from(no))).collect();
        let bringer = Bringer::new(UploadNo(2), Some(2), &dates);
        let around: Vec<&Stored> = rows.iter().collect();
        let both = snapshot::Sources::new([0, 1].into_iter(), &FxHashMap::default());
        let verdicts = snapshot::judge(&rows, &around, &both, &bringer);
        for (row, verdict) in rows.iter().zip(verdicts) {
            let expected = if row.seen != 0 && superseded_slowly(row, &rows) {
                Verdict::Superseded
            } else if row.seen == 1 {
                Verdict::Absent
            } else {
                Verdict::Stays
            };
            prop_assert_eq!(verdict, expected, "{:?}", row);
        }
    }
}
