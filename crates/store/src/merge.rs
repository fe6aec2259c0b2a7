//! What a bucket holds after samples came in: pure functions over sorted rows, no IO.
//!
//! The result does not depend on the order in which batches came, except where the later of two
//! versions must win (an edited object, a re-computed aggregate); dated snapshots decide even that.

use model::sample::{Flags, HOUR_US, Sample, Uid};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::codec::Stored;
use crate::uploads::UploadNo;

/// Hours after its start in which a sample can change what is derived from it. The longest samples
/// that analyses read are a night's; anything longer is marked by its first two days.
const CHANGED_HOURS_MAX: i64 = 48;

/// The flags that are part of a sample's identity.
const IDENTITY_FLAGS: u16 =
    Flags::AGGREGATED.bits() | Flags::MINIMUM.bits() | Flags::MAXIMUM.bits();

/// What became of the samples that came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MergeCounts {
    /// Stored for the first time.
    pub added: u64,
    /// Stored before.
    pub duplicates: u64,
    /// Stored in the place of another version.
    pub replaced: u64,
    /// Refused because the provider deleted the object.
    pub refused_deleted: u64,
}

impl MergeCounts {
    pub(crate) fn add(&mut self, other: Self) {
        self.added += other.added;
        self.duplicates += other.duplicates;
        self.replaced += other.replaced;
        self.refused_deleted += other.refused_deleted;
    }
}

/// Who brings samples, and how the snapshots of the person are dated.
#[derive(Debug)]
pub(crate) struct Bringer {
    pub(crate) upload: u32,
    pub(crate) snapshot: bool,
    dates: FxHashMap<u32, i64>,
}

impl Bringer {
    /// `snapshot` is when the upload was exported, if it is a snapshot.
    pub(crate) fn new(
        upload: UploadNo,
        snapshot: Option<i64>,
        snapshots: &[(UploadNo, i64)],
    ) -> Self {
        let mut dates: FxHashMap<u32, i64> =
            snapshots.iter().map(|(no, date)| (no.0, *date)).collect();
        if let Some(exported_us) = snapshot {
            dates.insert(upload.0, exported_us);
        }
        Self {
            upload: upload.0,
            snapshot: snapshot.is_some(),
            dates,
        }
    }

    /// A rank of snapshots: by date, then by number. Not being in a snapshot ranks lowest.
    pub(crate) fn rank(&self, no: u32) -> (i64, u32) {
        (self.dates.get(&no).copied().unwrap_or(i64::MIN), no)
    }

    /// What a sample brought now has been seen in.
    const fn seen(&self) -> u32 {
        if self.snapshot { self.upload } else { 0 }
    }

    /// Whether what comes in is older than a row last seen in this snapshot.
    pub(crate) fn is_older_than(&self, seen: u32) -> bool {
        self.snapshot && self.rank(self.upload) < self.rank(seen)
    }
}

/// What makes two samples the same one; also the order in which a chunk keeps them.
pub(crate) type Identity = (i64, i64, u16, u16, u64);

/// The identity of a sample. An aggregate's value is not part of it.
pub(crate) fn identity(sample: &Sample) -> Identity {
    let flags = sample.flags.bits() & IDENTITY_FLAGS;
    let value = if sample.flags.contains(Flags::AGGREGATED) {
        0
    } else {
        value_rank(sample.value)
    };
    (
        sample.start_us,
        sample.end_us,
        sample.source.0,
        flags,
        value,
    )
}

/// Bits of a number in the order of numbers.
pub(crate) fn value_rank(value: f64) -> u64 {
    let bits = value.to_bits();
    let negative = (bits.cast_signed() >> 63).cast_unsigned();
    bits ^ (negative | 1 << 63)
}

/// Adds the UTC hours that a sample touches.
pub(crate) fn push_hours(hours: &mut Vec<i32>, sample: &Sample) {
    let first = sample.start_us.div_euclid(HOUR_US);
    let last = sample
        .end_us
        .saturating_sub(1)
        .max(sample.start_us)
        .div_euclid(HOUR_US)
        .min(first + CHANGED_HOURS_MAX - 1);
    for hour in first..=last {
        let hour = i32::try_from(hour).unwrap_or(if hour < 0 { i32::MIN } else { i32::MAX });
        if hours.last() != Some(&hour) {
            hours.push(hour);
        }
    }
}

/// What a merge did to one bucket.
#[derive(Debug)]
pub(crate) struct Merged {
    /// The rows after it, in the order of their identity.
    pub(crate) rows: Vec<Stored>,
    pub(crate) counts: MergeCounts,
    /// Whether the rows differ from before in anything.
    pub(crate) written: bool,
    /// Hours of samples that changed in anything that can be measured.
    pub(crate) hours: Vec<i32>,
}

/// Leaves one version of each object id in a batch, the last one. Returns how many it dropped.
pub(crate) fn keep_last_of_each_uid(samples: &mut Vec<Sample>) -> u64 {
    let mut last: FxHashMap<Uid, usize> = FxHashMap::default();
    let mut repeated = false;
    for (at, sample) in samples.iter().enumerate() {
        if let Some(uid) = sample.uid {
            repeated |= last.insert(uid, at).is_some();
        }
    }
    if !repeated {
        return 0;
    }
    let before = samples.len();
    let mut at = 0;
    samples.retain(|sample| {
        let keep = sample.uid.is_none_or(|uid| last.get(&uid) == Some(&at));
        at += 1;
        keep
    });
    (before - samples.len()) as u64
}

/// Merges samples, sorted by identity and at most one for each object id, into the rows of their
/// bucket, sorted by identity. `moved` are objects whose other version was in another bucket.
pub(crate) fn merge(
    mut stored: Vec<Stored>,
    incoming: &[Sample],
    moved: &FxHashSet<Uid>,
    bringer: &Bringer,
) -> Merged {
    let mut hours = Vec::new();
    let edits = take_edited(&mut stored, incoming, bringer, &mut hours);
    let mut merged = Merged {
        rows: Vec::with_capacity(stored.len() + incoming.len()),
        counts: MergeCounts::default(),
        written: !edits.replaced.is_empty(),
        hours,
    };
    let mut before = stored.into_iter().peekable();
    for sample in incoming {
        if sample.uid.is_some_and(|uid| edits.outdated.contains(&uid)) {
            merged.counts.duplicates += 1;
            continue;
        }
        let own = identity(sample);
        while let Some(row) = before.next_if(|row| identity(&row.sample) <= own) {
            merged.rows.push(row);
        }
        let edited = sample
            .uid
            .is_some_and(|uid| edits.replaced.contains(&uid) || moved.contains(&uid));
        match merged.rows.last_mut() {
            Some(row) if identity(&row.sample) == own => {
                let combined = combine(row, sample, bringer);
                merged.written |= combined != Combined::Same;
                if matches!(combined, Combined::Replaced | Combined::Completed) {
                    push_hours(&mut merged.hours, sample);
                }
                if combined == Combined::Replaced || edited {
                    merged.counts.replaced += 1;
                } else {
                    merged.counts.duplicates += 1;
                }
            }
            Some(_) | None => {
                merged.rows.push(Stored {
                    sample: *sample,
                    origin: bringer.upload,
                    seen: bringer.seen(),
                });
                merged.written = true;
                push_hours(&mut merged.hours, sample);
                if edited {
                    merged.counts.replaced += 1;
                } else {
                    merged.counts.added += 1;
                }
            }
        }
    }
    merged.rows.extend(before);
    merged
}

/// Objects of which another version is stored.
#[derive(Default)]
struct Edits {
    /// The stored version is removed.
    replaced: FxHashSet<Uid>,
    /// The stored version is of a later snapshot and stays.
    outdated: FxHashSet<Uid>,
}

/// Takes out the rows whose object comes in with another content.
fn take_edited(
    stored: &mut Vec<Stored>,
    incoming: &[Sample],
    bringer: &Bringer,
    hours: &mut Vec<i32>,
) -> Edits {
    let mut edits = Edits::default();
    let contents: FxHashMap<Uid, Identity> = incoming
        .iter()
        .filter_map(|sample| Some((sample.uid?, identity(sample))))
        .collect();
    if contents.is_empty() {
        return edits;
    }
    stored.retain(|row| {
        let Some(uid) = row.sample.uid else {
            return true;
        };
        match contents.get(&uid) {
            Some(content) if *content != identity(&row.sample) => {
                if bringer.is_older_than(row.seen) {
                    edits.outdated.insert(uid);
                    return true;
                }
                edits.replaced.insert(uid);
                push_hours(hours, &row.sample);
                false
            }
            Some(_) | None => true,
        }
    });
    edits
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Combined {
    /// Nothing new.
    Same,
    /// Only where it was seen, or its object id.
    Noted,
    /// Context was added.
    Completed,
    /// Another value.
    Replaced,
}

/// Combines a row with a sample of the same identity. Context adds up whichever came first.
fn combine(row: &mut Stored, sample: &Sample, bringer: &Bringer) -> Combined {
    let mut combined = Combined::Same;
    if row.sample.value.to_bits() != sample.value.to_bits() && !bringer.is_older_than(row.seen) {
        row.sample.value = sample.value;
        row.origin = bringer.upload;
        row.seen = 0;
        combined = Combined::Replaced;
    }
    let seen = bringer.seen();
    if seen != 0 && bringer.rank(seen) > bringer.rank(row.seen) {
        row.seen = seen;
        combined = stronger(combined, Combined::Noted);
    }
    let uid = least(row.sample.uid, sample.uid);
    if uid != row.sample.uid {
        row.sample.uid = uid;
        combined = stronger(combined, Combined::Noted);
    }
    let flags = row.sample.flags.with(sample.flags);
    let zone = least(row.sample.zone_offset_min, sample.zone_offset_min);
    if flags != row.sample.flags || zone != row.sample.zone_offset_min {
        row.sample.flags = flags;
        row.sample.zone_offset_min = zone;
        combined = stronger(combined, Combined::Completed);
    }
    combined
}

fn stronger(a: Combined, b: Combined) -> Combined {
    if a as u8 >= b as u8 { a } else { b }
}

/// The smaller of two things that may not be known.
fn least<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

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

    /// Merges one batch as the store does.
    fn bring(rows: Vec<Stored>, batch: &[Sample], bringer: &Bringer) -> Merged {
        let mut batch = batch.to_vec();
        let dropped = keep_last_of_each_uid(&mut batch);
        batch.sort_by_key(identity);
        let mut merged = merge(rows, &batch, &FxHashSet::default(), bringer);
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

    fn any_sample() -> impl Strategy<Value = Sample> {
        let value = prop_oneof![Just(0.0), Just(-0.0), Just(1.5), Just(f64::NAN)];
        let zone = prop::option::of(-60_i16..60);
        (0_i64..12, 0_i64..4, value, 0_u16..2, 0_u16..64, zone).prop_map(
            |(start, length, value, source, context, zone_offset_min)| Sample {
                zone_offset_min,
                source: SourceNo(source),
                flags: Flags::from_bits((context & 1) | (context >> 1) << 4),
                ..sample(start * 10, (start + length) * 10, value)
            },
        )
    }

    /// Gives half of the contents an object id that follows from the content.
    fn with_own_uid(sample: Sample) -> Sample {
        let (start, end, source, _, value) = identity(&sample);
        let mixed = start * 1_000 + end * 10 + i64::from(source);
        let uid = (mixed.cast_unsigned() << 8) ^ (value >> 50) ^ 1;
        Sample {
            uid: (start % 20 == 0).then(|| Uid::new(uid)).flatten(),
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
            let present = batch.iter().map(|sample| sample.source.0).collect();
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
            (start_us..end_us).all(covered)
        }
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
            let verdicts = snapshot::judge(&rows, &around, &[0, 1].into_iter().collect(), &bringer);
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
}
