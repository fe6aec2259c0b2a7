//! What a bucket holds after samples came in: pure functions over sorted rows, no IO.
//!
//! The result does not depend on the order in which batches came, except where the later of two
//! versions must win (an edited object, a re-computed aggregate); dated snapshots decide even that.

use model::metric::Kind;
use model::sample::{Flags, HOUR_US, Sample, Uid};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::codec::Stored;
use crate::uploads::UploadNo;

mod resent;
pub(crate) mod twin;

/// Hours after its start in which a sample can change what is derived from it. The longest samples
/// that analyses read are a night's; anything longer is marked by its first two days.
const CHANGED_HOURS_MAX: i64 = 48;

/// The flags that are part of a sample's identity.
const IDENTITY_FLAGS: u16 = Flags::AGGREGATED.bits()
    | Flags::MINIMUM.bits()
    | Flags::MAXIMUM.bits()
    | Flags::VARIANT.bits();

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
    /// Refused because their metric has as many samples in this period as one may have.
    pub refused_full: u64,
}

impl MergeCounts {
    pub(crate) fn add(&mut self, other: Self) {
        self.added += other.added;
        self.duplicates += other.duplicates;
        self.replaced += other.replaced;
        self.refused_deleted += other.refused_deleted;
        self.refused_full += other.refused_full;
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

    /// Who brings what a stored row says: the snapshot that it was last seen in.
    pub(crate) fn of_snapshot(&self, seen: u32) -> Self {
        Self {
            upload: seen,
            snapshot: seen != 0,
            dates: self.dates.clone(),
        }
    }

    /// A rank of snapshots: by date, then by number. Not being in a snapshot ranks lowest.
    pub(crate) fn rank(&self, no: u32) -> (i64, u32) {
        (self.dates.get(&no).copied().unwrap_or(i64::MIN), no)
    }

    /// When what comes in was exported, if it is a snapshot.
    pub(crate) fn exported_us(&self) -> Option<i64> {
        self.snapshot
            .then(|| self.dates.get(&self.upload).copied())?
    }

    /// What a sample brought now has been seen in.
    pub(crate) const fn seen(&self) -> u32 {
        if self.snapshot { self.upload } else { 0 }
    }

    /// Whether a row came with this upload, or is in it.
    pub(crate) fn has_brought(&self, row: &Stored) -> bool {
        self.is_of(i64::from(row.origin), i64::from(row.seen))
    }

    /// Whether what came with `origin` and was last seen in `seen` is of this upload.
    pub(crate) fn is_of(&self, origin: i64, seen: i64) -> bool {
        let upload = i64::from(self.upload);
        origin == upload || (self.snapshot && seen == upload)
    }

    /// Whether what comes in has the name of the source: the latest snapshot prints the one that it has now,
    /// and of two live names the one that was known first stays.
    pub(crate) fn prints_source(&self, seen: u32, (stored, incoming): (u16, u16)) -> bool {
        match (seen, self.seen()) {
            (0, 0) => incoming < stored,
            (_, 0) => false,
            (seen, own) => self.rank(own) > self.rank(seen),
        }
    }

    /// Whether what comes in is older than a row last seen in this snapshot.
    pub(crate) fn is_older_than(&self, seen: u32) -> bool {
        self.snapshot && self.rank(self.upload) < self.rank(seen)
    }
}

/// What makes two samples the same one; also the order in which a chunk keeps them.
pub(crate) type Identity = (i64, i64, u16, u16, u64, u64);

/// The identity of a sample. An aggregate's value and object id are not part of it.
pub(crate) fn identity(sample: &Sample) -> Identity {
    let flags = sample.flags.bits() & IDENTITY_FLAGS;
    let (value, uid) = if sample.flags.contains(Flags::AGGREGATED) {
        (0, 0)
    } else {
        (value_rank(sample.value), sample.uid.map_or(0, Uid::get))
    };
    (
        sample.start_us,
        sample.end_us,
        sample.source.0,
        flags,
        value,
        uid,
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

/// What becomes of a sample that comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It meets the row of its identity, or is new.
    Open,
    /// It takes the place of what was removed for it.
    Replacing,
    /// A row holds what it says already.
    Known,
}

/// Merges samples, sorted by identity and at most one for each object id, into the rows of their
/// bucket, sorted by identity. `moved` are objects whose other version was in another bucket; `kind` is the
/// metric's, where the catalogue knows it.
pub(crate) fn merge(
    mut stored: Vec<Stored>,
    incoming: &[Sample],
    (kind, moved): (Option<Kind>, &FxHashSet<Uid>),
    bringer: &Bringer,
) -> Merged {
    let mut hours = Vec::new();
    let mut fates = vec![Fate::Open; incoming.len()];
    let mut counts = MergeCounts::default();
    let mut written = false;
    if !stored.is_empty() {
        written |= take_edited(&mut stored, incoming, &mut fates, bringer, &mut hours);
        let adopted = twin::adopt(&mut stored, incoming, &mut fates, bringer, &mut hours);
        written |= adopted.written;
        if let Some(kind) = kind {
            let rules = (kind, bringer);
            written |= resent::take_replaced(&mut stored, incoming, &mut fates, rules, &mut hours);
        }
    }
    let mut merged = Merged {
        rows: Vec::with_capacity(stored.len() + incoming.len()),
        counts: MergeCounts::default(),
        written,
        hours,
    };
    let mut before = stored.into_iter().peekable();
    for (sample, fate) in incoming.iter().zip(fates) {
        if fate == Fate::Known {
            counts.duplicates += 1;
            continue;
        }
        let own = identity(sample);
        while let Some(row) = before.next_if(|row| identity(&row.sample) <= own) {
            merged.rows.push(row);
        }
        let is_replacing =
            fate == Fate::Replacing || sample.uid.is_some_and(|uid| moved.contains(&uid));
        match merged.rows.last_mut() {
            Some(row) if identity(&row.sample) == own => {
                let combined = if is_smaller_bound(row, sample, kind) {
                    Combined::Same
                } else {
                    combine(row, sample, bringer)
                };
                merged.written |= combined != Combined::Same;
                if matches!(combined, Combined::Replaced | Combined::Completed) {
                    push_hours(&mut merged.hours, sample);
                }
                if combined == Combined::Replaced || is_replacing {
                    counts.replaced += 1;
                } else {
                    counts.duplicates += 1;
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
                if is_replacing {
                    counts.replaced += 1;
                } else {
                    counts.added += 1;
                }
            }
        }
    }
    merged.rows.extend(before);
    merged.counts = counts;
    merged
}

/// Joins rows of two origins into the rows of one bucket, in the order of their identity. Of two with the
/// same identity the first one stays, completed by the other's context; so it is with twins.
pub(crate) fn join(stored: Vec<Stored>, others: Vec<Stored>) -> Vec<Stored> {
    let mut all = stored;
    all.extend(others);
    in_order(&mut all);
    twin::settle(&mut all, &Bringer::new(UploadNo(0), None, &[]));
    all
}

/// Sorts rows by their identity, and leaves the first of those that have the same one.
fn in_order(rows: &mut Vec<Stored>) {
    // The sort is stable: what was stored comes first among equals.
    rows.sort_by_key(|row| identity(&row.sample));
    rows.dedup_by(|other, first| {
        if identity(&first.sample) != identity(&other.sample) {
            return false;
        }
        first.sample.uid = least(first.sample.uid, other.sample.uid);
        first.sample.flags = first.sample.flags.with(other.sample.flags);
        let zones = (first.sample.zone_offset_min, other.sample.zone_offset_min);
        first.sample.zone_offset_min = least(zones.0, zones.1);
        true
    });
}

/// Takes out the rows whose object comes in with another content. Returns whether there were any.
fn take_edited(
    stored: &mut Vec<Stored>,
    incoming: &[Sample],
    fates: &mut [Fate],
    bringer: &Bringer,
    hours: &mut Vec<i32>,
) -> bool {
    let objects: FxHashMap<Uid, usize> = incoming
        .iter()
        .enumerate()
        .filter_map(|(at, sample)| Some((sample.uid?, at)))
        .collect();
    if objects.is_empty() {
        return false;
    }
    let before = stored.len();
    stored.retain(|row| {
        let at = row.sample.uid.and_then(|uid| objects.get(&uid));
        let found = at.and_then(|at| Some((incoming.get(*at)?, fates.get_mut(*at)?)));
        let Some((sample, fate)) = found else {
            return true;
        };
        if identity(sample) == identity(&row.sample) || twin::is_twin(sample, &row.sample) {
            return true;
        }
        if bringer.is_older_than(row.seen) {
            *fate = Fate::Known;
            return true;
        }
        *fate = match *fate {
            Fate::Known => Fate::Known,
            Fate::Open | Fate::Replacing => Fate::Replacing,
        };
        push_hours(hours, &row.sample);
        false
    });
    stored.len() < before
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

/// Whether a sample says that a total is at least less than is known already.
fn is_smaller_bound(row: &Stored, sample: &Sample, kind: Option<Kind>) -> bool {
    kind == Some(Kind::Cumulative)
        && sample.flags.contains(Flags::AT_LEAST)
        && sample.value < row.sample.value
}

/// Combines a row with a sample of the same identity. Context adds up whichever came first.
fn combine(row: &mut Stored, sample: &Sample, bringer: &Bringer) -> Combined {
    let mut combined = Combined::Same;
    if !twin::is_same_value(row.sample.value, sample.value) && !bringer.is_older_than(row.seen) {
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

/// Whether two rows are the same in everything, numbers that are not finite included.
fn same_objects(a: &Stored, b: &Stored) -> bool {
    let bare = |row: &Stored| {
        let mut row = *row;
        row.sample.value = 0.0;
        row
    };
    bare(a) == bare(b) && a.sample.value.to_bits() == b.sample.value.to_bits()
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
mod tests;
