//! Taking samples out again: objects that the provider deleted, whole uploads, and what a later
//! snapshot made obsolete. Public through [`crate::samples`].

use std::collections::{BTreeMap, VecDeque};

use model::ids::UserId;
use model::metric::MetricNo;
use model::sample::Uid;
use model::source::SourceNo;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::chunk::{self, CHUNKS_AT_ONCE, Chunk, Place, Writes};
use crate::codec::Stored;
use crate::database::Tx;
use crate::error::Error;
use crate::merge::{self, Bringer};
use crate::samples::{ChangedHours, metric_no};
use crate::snapshot::{self, Verdict};
use crate::tombstone;
use crate::uploads::{self, UploadNo};
use crate::vault::PersonKey;

/// What was removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Removed {
    /// How many samples, by metric in order.
    pub by_metric: Vec<(MetricNo, u64)>,
    /// What must be derived again.
    pub changed: ChangedHours,
}

impl Removed {
    fn add(&mut self, metric: MetricNo, count: u64, hours: Vec<i32>) {
        if count == 0 {
            return;
        }
        match self.by_metric.iter_mut().find(|(of, _)| *of == metric) {
            Some((_, total)) => *total += count,
            None => self.by_metric.push((metric, count)),
        }
        self.by_metric.sort_unstable_by_key(|(metric, _)| *metric);
        self.changed.add(metric, hours);
    }
}

/// Removes the samples of deleted objects and remembers the objects, so that a late copy does not
/// bring them back. The metric, when told, saves looking through all others.
pub async fn delete_by_uid(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    objects: &[(Uid, Option<MetricNo>)],
    now_us: i64,
) -> Result<Removed, Error> {
    let person = key.lock(tx, user).await?;
    let mut removed = Removed::default();
    let mut graves: FxHashMap<Uid, Option<Place>> =
        objects.iter().map(|(uid, _)| (*uid, None)).collect();
    let mut samples: FxHashMap<Uid, Stored> = FxHashMap::default();
    let metrics = metrics_with_uids(tx, person).await?;
    for metric in metrics {
        let wanted: FxHashSet<u64> = objects
            .iter()
            .filter(|(_, of)| of.is_none_or(|of| of == metric))
            .map(|(uid, _)| uid.get())
            .collect();
        let taken = take_objects(tx, key, user, metric, wanted).await?;
        let mut hours = Vec::new();
        for (place, row) in &taken {
            merge::push_hours(&mut hours, &row.sample);
            if let Some(uid) = row.sample.uid {
                graves.insert(uid, Some(*place));
                samples.insert(uid, *row);
            }
        }
        removed.add(metric, taken.len() as u64, hours);
    }
    tombstone::bury(tx, key, person, &graves, &samples, now_us).await?;
    Ok(removed)
}

async fn metrics_with_uids(tx: &mut Tx, person: i64) -> Result<Vec<MetricNo>, Error> {
    let metrics = run!(tx, connection => sqlx::query_scalar::<_, i64>(
        "SELECT DISTINCT metric FROM chunks WHERE person = $1 AND has_uid = 1 ORDER BY metric",
    )
    .bind(person)
    .fetch_all(connection)
    .await)?;
    metrics.into_iter().map(metric_no).collect()
}

/// Removes the wanted objects of one metric from its chunks, newest first: deletions are mostly of
/// recent objects, and the search ends when all are found.
async fn take_objects(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    metric: MetricNo,
    mut wanted: FxHashSet<u64>,
) -> Result<Vec<(Place, Stored)>, Error> {
    let person = key.person(user)?;
    let mut taken = Vec::new();
    let mut writes = Writes::default();
    let mut before = i64::MAX;
    while !wanted.is_empty() {
        let page = run!(tx, connection => sqlx::query_as::<_, (i64, Vec<u8>)>(
            "SELECT bucket, sealed FROM chunks
             WHERE person = $1 AND metric = $2 AND has_uid = 1 AND bucket < $3
             ORDER BY bucket DESC LIMIT $4",
        )
        .bind(person)
        .bind(i64::from(metric.0))
        .bind(before)
        .bind(CHUNKS_AT_ONCE)
        .fetch_all(connection)
        .await)?;
        let Some((last, _)) = page.last() else {
            break;
        };
        before = *last;
        for (bucket, sealed) in page {
            let place = Place { metric, bucket };
            let uids = chunk::unseal_uids(key, place, &sealed)?;
            if !uids.iter().any(|uid| wanted.contains(uid)) {
                continue;
            }
            let mut rows = chunk::unseal(key, place, &sealed)?;
            let stored = rows.len();
            rows.retain(|row| {
                let found = row.sample.uid.is_some_and(|uid| wanted.remove(&uid.get()));
                if found {
                    taken.push((place, *row));
                }
                !found
            });
            writes.push(key, place, stored, &rows)?;
        }
    }
    writes.flush(tx, person).await?;
    Ok(taken)
}

/// Stored samples that one part of a long change looks at: some tens of milliseconds, in which others do not write.
pub const PART_ROWS: usize = 200_000;

/// How far the removal of an upload got.
#[derive(Debug, Default)]
pub struct Removing {
    /// The metric that is gone through, and the last bucket of it that is done.
    at: Option<(MetricNo, i64)>,
    is_done: bool,
}

impl Removing {
    /// Whether nothing is left of the upload's samples.
    pub const fn is_done(&self) -> bool {
        self.is_done
    }
}

/// Removes what an upload brought, except what another snapshot contains too: that becomes the
/// other's. The upload itself stays; see [`crate::uploads::delete`].
pub async fn remove_upload(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    upload: UploadNo,
) -> Result<Removed, Error> {
    let mut removing = Removing::default();
    remove_part(tx, key, user, upload, (&mut removing, usize::MAX)).await
}

/// The same in parts, each of about so many stored samples and each in a transaction of its own, until
/// [`Removing::is_done`].
pub async fn remove_part(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    upload: UploadNo,
    (removing, mut rows_left): (&mut Removing, usize),
) -> Result<Removed, Error> {
    let person = key.lock(tx, user).await?;
    let snapshots: FxHashSet<u32> = uploads::snapshots(tx, user)
        .await?
        .into_iter()
        .map(|(no, _)| no.0)
        .collect();
    let mut removed = Removed::default();
    let mut writes = Writes::default();
    let (from, after) = removing.at.unwrap_or((MetricNo(0), i64::MIN));
    for metric in chunk::metrics(tx, person).await? {
        if metric < from {
            continue;
        }
        let mut pages = chunk::Pages::after(metric, if metric == from { after } else { i64::MIN });
        let (mut count, mut hours) = (0, Vec::new());
        while let Some(page) = pages.next(tx, key, user).await? {
            for Chunk { bucket, mut rows } in page {
                rows_left = rows_left.saturating_sub(rows.len());
                if !rows
                    .iter()
                    .any(|row| row.origin == upload.0 || row.seen == upload.0)
                {
                    continue;
                }
                let stored = rows.len();
                rows.retain_mut(|row| {
                    let keep = without_upload(row, upload.0, &snapshots);
                    if !keep {
                        count += 1;
                        merge::push_hours(&mut hours, &row.sample);
                    }
                    keep
                });
                writes.push(key, Place { metric, bucket }, stored, &rows)?;
            }
            writes.flush(tx, person).await?;
            if rows_left == 0 {
                removing.at = Some((metric, pages.done()));
                removed.add(metric, count, hours);
                return Ok(removed);
            }
        }
        removed.add(metric, count, hours);
    }
    removing.is_done = true;
    Ok(removed)
}

/// Forgets an upload in a row's history. False when the row has no other reason to be kept.
fn without_upload(row: &mut Stored, upload: u32, snapshots: &FxHashSet<u32>) -> bool {
    if row.origin == upload {
        if row.seen == 0 || row.seen == upload {
            return false;
        }
        row.origin = row.seen;
    } else if row.seen == upload {
        // An earlier snapshot between the two is not remembered; the origin is the one that is.
        row.seen = if snapshots.contains(&row.origin) {
            row.origin
        } else {
            0
        };
    }
    true
}

/// What to do with samples that are missing from a later snapshot and not covered by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mirror {
    /// Keep them and say how many.
    Keep,
    /// Remove them: the provider no longer has them.
    Remove,
}

/// A snapshot that was just merged.
#[derive(Debug, Clone, Copy)]
pub struct Reconcile<'a> {
    /// The upload that brought it.
    pub upload: UploadNo,
    /// When it was made.
    pub exported_us: i64,
    /// What to do with samples it does not have.
    pub mirror: Mirror,
    /// Former sources with what they are now.
    pub renamed: &'a [(SourceNo, SourceNo)],
    /// The person's snapshots, from [`crate::uploads::snapshots`].
    pub snapshots: &'a [(UploadNo, i64)],
}

/// What a snapshot made obsolete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReconcileCounts {
    /// Samples of earlier-dated snapshots that later ones cover; removed.
    pub superseded_stored: u64,
    /// Samples of this snapshot that later-dated ones cover; removed.
    pub superseded_incoming: u64,
    /// Samples of earlier-dated snapshots that this one does not have and nothing covers.
    pub absent: u64,
    /// How many of the absent ones were removed.
    pub removed: u64,
}

/// What a snapshot made obsolete, by metric, and what must be derived again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reconciled {
    /// By metric in order; only metrics with something to say.
    pub by_metric: Vec<(MetricNo, ReconcileCounts)>,
    /// What must be derived again.
    pub changed: ChangedHours,
}

/// How far a reconciliation got.
#[derive(Debug)]
pub struct Reconciling {
    /// The metrics that are left, with their sources in the snapshot; the first may be begun.
    left: VecDeque<(MetricNo, FxHashSet<u16>)>,
    /// The last bucket of the first one that is done.
    after: i64,
    /// Samples of buckets already done that end after the next one begins.
    reaching: Vec<Stored>,
}

impl Reconciling {
    /// Nothing is done yet. `present` says which metrics the snapshot has from which sources; others are left
    /// alone.
    pub fn new(present: &[(MetricNo, SourceNo)]) -> Self {
        let mut left: BTreeMap<MetricNo, FxHashSet<u16>> = BTreeMap::new();
        for (metric, source) in present {
            left.entry(*metric).or_default().insert(source.0);
        }
        Self {
            left: left.into_iter().collect(),
            after: i64::MIN,
            reaching: Vec::new(),
        }
    }

    /// Whether nothing is left to do.
    pub fn is_done(&self) -> bool {
        self.left.is_empty()
    }
}

/// Applies the snapshot rule after the last sample of a snapshot was merged: in parts, each of about so many stored
/// samples and each in a transaction of its own, until [`Reconciling::is_done`].
pub async fn reconcile_part(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    reconcile: &Reconcile<'_>,
    (reconciling, mut rows_left): (&mut Reconciling, usize),
) -> Result<Reconciled, Error> {
    let person = key.lock(tx, user).await?;
    let bringer = Bringer::new(
        reconcile.upload,
        Some(reconcile.exported_us),
        reconcile.snapshots,
    );
    let renamed: FxHashMap<u16, u16> = reconcile
        .renamed
        .iter()
        .map(|(former, now)| (former.0, now.0))
        .collect();
    let mut reconciled = Reconciled::default();
    while let Some((metric, sources)) = reconciling.left.front() {
        let metric = *metric;
        let mut sweep = Sweep {
            key,
            metric,
            bringer: &bringer,
            sources: snapshot::Sources::new(sources.iter().copied(), &renamed),
            mirror: reconcile.mirror,
            reaching: std::mem::take(&mut reconciling.reaching),
            counts: ReconcileCounts::default(),
            hours: Vec::new(),
        };
        let at = (&mut reconciling.after, &mut rows_left);
        let ended = sweep.run(tx, user, person, at).await?;
        if sweep.counts != ReconcileCounts::default() {
            reconciled.by_metric.push((metric, sweep.counts));
        }
        reconciled.changed.add(metric, sweep.hours);
        if !ended {
            reconciling.reaching = sweep.reaching;
            break;
        }
        reconciling.left.pop_front();
        reconciling.after = i64::MIN;
    }
    Ok(reconciled)
}

/// Goes through the chunks of a metric in order, holding only those that overlap the current one.
struct Sweep<'a> {
    key: &'a PersonKey,
    metric: MetricNo,
    bringer: &'a Bringer,
    sources: snapshot::Sources,
    mirror: Mirror,
    /// Samples of chunks already done that end after the current chunk begins.
    reaching: Vec<Stored>,
    counts: ReconcileCounts,
    hours: Vec<i32>,
}

impl Sweep<'_> {
    /// Goes on after a bucket. True at the end of the metric; false when so many rows were looked at before.
    async fn run(
        &mut self,
        tx: &mut Tx,
        user: UserId,
        person: i64,
        (after, rows_left): (&mut i64, &mut usize),
    ) -> Result<bool, Error> {
        let metric = self.metric;
        let mut pages = chunk::Pages::after(metric, *after);
        let mut ahead: VecDeque<Chunk> = VecDeque::new();
        let mut writes = Writes::default();
        loop {
            let end_us = ahead.front().map_or(i64::MIN, |chunk| end_us(&chunk.rows));
            let read_up_to = ahead.back().map_or(i64::MIN, |chunk| {
                chunk::bucket_start_us(metric, chunk.bucket)
            });
            if (ahead.is_empty() || read_up_to < end_us)
                && let Some(page) = pages.next(tx, self.key, user).await?
            {
                ahead.extend(page);
                continue;
            }
            let Some(chunk) = ahead.pop_front() else {
                break;
            };
            *rows_left = rows_left.saturating_sub(chunk.rows.len());
            let kept = self.judge(&chunk, &ahead);
            if kept.len() < chunk.rows.len() {
                let bucket = chunk.bucket;
                let stored = chunk.rows.len();
                writes.push(self.key, Place { metric, bucket }, stored, &kept)?;
            }
            let next_us = ahead.front().map_or(i64::MAX, |chunk| {
                chunk::bucket_start_us(metric, chunk.bucket)
            });
            self.reaching.extend(kept);
            self.reaching.retain(|row| row.sample.end_us > next_us);
            if writes.is_batch() {
                writes.flush(tx, person).await?;
            }
            tokio::task::yield_now().await;
            if *rows_left == 0 {
                // What was read ahead is read again: others may write before the next part.
                *after = chunk.bucket;
                writes.flush(tx, person).await?;
                return Ok(false);
            }
        }
        writes.flush(tx, person).await?;
        Ok(true)
    }

    /// The rows of a chunk that stay.
    fn judge(&mut self, chunk: &Chunk, ahead: &VecDeque<Chunk>) -> Vec<Stored> {
        let end_us = end_us(&chunk.rows);
        let later = ahead
            .iter()
            .flat_map(|chunk| &chunk.rows)
            .take_while(|row| row.sample.start_us < end_us);
        let around: Vec<&Stored> = self
            .reaching
            .iter()
            .chain(&chunk.rows)
            .chain(later)
            .collect();
        let verdicts = snapshot::judge(&chunk.rows, &around, &self.sources, self.bringer);
        let mut kept = Vec::with_capacity(chunk.rows.len());
        for (row, verdict) in chunk.rows.iter().zip(verdicts) {
            let goes = match verdict {
                Verdict::Stays => false,
                Verdict::Absent => {
                    self.counts.absent += 1;
                    let remove = self.mirror == Mirror::Remove;
                    self.counts.removed += u64::from(remove);
                    remove
                }
                Verdict::Superseded if row.seen == self.bringer.upload => {
                    self.counts.superseded_incoming += 1;
                    true
                }
                Verdict::Superseded => {
                    self.counts.superseded_stored += 1;
                    true
                }
            };
            if goes {
                merge::push_hours(&mut self.hours, &row.sample);
            } else {
                kept.push(*row);
            }
        }
        kept
    }
}

fn end_us(rows: &[Stored]) -> i64 {
    rows.iter()
        .map(|row| row.sample.end_us)
        .max()
        .unwrap_or(i64::MIN)
}
