//! Samples: sealed chunks of them, one per metric and bucket, merged on every write.

use std::collections::BTreeMap;

use jiff::civil::Date;
use model::ids::UserId;
use model::metric::MetricNo;
use model::sample::{DAY_US, Sample, Uid};
use model::zone::Span;
use rustc_hash::FxHashSet;

use crate::chunk::{self, Place, Writes};
use crate::codec::Stored;
use crate::database::Tx;
use crate::days;
use crate::edit;
use crate::error::Error;
use crate::merge::{self, Bringer};
use crate::tombstone;
use crate::uploads::UploadNo;
use crate::vault::PersonKey;

// Merging and removing have files of their own; callers need not know.
pub use crate::merge::MergeCounts;
pub use crate::removal::{
    Mirror, PART_ROWS, Reconcile, ReconcileCounts, Reconciled, Reconciling, Removed, Removing,
    delete_by_uid, reconcile_part, remove_part, remove_upload,
};

/// A snapshot of everything that a provider has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    /// When it was made.
    pub exported_us: i64,
}

/// The upload that brings samples or records.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// Its number.
    pub upload: UploadNo,
    /// Set when it is a snapshot.
    pub snapshot: Option<Snapshot>,
    /// The person's snapshots so far, from [`crate::uploads::snapshots`].
    pub snapshots: &'a [(UploadNo, i64)],
}

impl Origin<'_> {
    pub(crate) fn bringer(&self) -> Bringer {
        let exported_us = self.snapshot.map(|snapshot| snapshot.exported_us);
        Bringer::new(self.upload, exported_us, self.snapshots)
    }
}

/// Samples of one metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The metric.
    pub metric: MetricNo,
    /// The samples, in any order.
    pub samples: Vec<Sample>,
}

/// UTC hours since 1970 in which samples were added, replaced or removed, by metric. A sample touches
/// at most 48.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChangedHours(BTreeMap<MetricNo, Vec<i32>>);

impl ChangedHours {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The metrics with their hours, both in order and once each.
    pub fn iter(&self) -> impl Iterator<Item = (MetricNo, &[i32])> {
        self.0
            .iter()
            .map(|(metric, hours)| (*metric, hours.as_slice()))
    }

    /// All hours, in order and once each.
    pub fn hours(&self) -> Vec<i32> {
        let mut hours: Vec<i32> = self.0.values().flatten().copied().collect();
        hours.sort_unstable();
        hours.dedup();
        hours
    }

    /// Adds what another change touched.
    pub fn extend(&mut self, other: Self) {
        for (metric, hours) in other.0 {
            self.add(metric, hours);
        }
    }

    pub(crate) fn add(&mut self, metric: MetricNo, mut hours: Vec<i32>) {
        if hours.is_empty() {
            return;
        }
        let all = self.0.entry(metric).or_default();
        all.append(&mut hours);
        all.sort_unstable();
        all.dedup();
    }
}

/// What a merge did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Merged {
    /// What became of the samples, by metric in order.
    pub by_metric: Vec<(MetricNo, MergeCounts)>,
    /// What must be derived again.
    pub changed: ChangedHours,
}

impl Merged {
    /// The counts of all metrics together.
    pub fn total(&self) -> MergeCounts {
        let mut total = MergeCounts::default();
        for (_, counts) in &self.by_metric {
            total.add(*counts);
        }
        total
    }
}

/// Merges samples into what is stored. A sample that is stored already changes nothing.
pub async fn merge(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    origin: Origin<'_>,
    groups: Vec<Group>,
) -> Result<Merged, Error> {
    let person = key.lock(tx, user).await?;
    let bringer = origin.bringer();
    let mut by_metric: BTreeMap<MetricNo, Vec<Sample>> = BTreeMap::new();
    for group in groups {
        by_metric
            .entry(group.metric)
            .or_default()
            .extend(group.samples);
    }
    let exported_us = origin.snapshot.map(|snapshot| snapshot.exported_us);
    let deleted = tombstone::among(tx, key, person, &by_metric, exported_us).await?;
    let mut merged = Merged::default();
    let mut writes = Writes::default();
    for (metric, mut samples) in by_metric {
        let before = samples.len();
        samples.retain(|sample| !deleted.contains(metric, sample));
        let mut counts = MergeCounts {
            refused_deleted: (before - samples.len()) as u64,
            ..MergeCounts::default()
        };
        counts.duplicates += merge::keep_last_of_each_uid(&mut samples);
        edit::meet(tx, key, user, metric, &mut samples, &bringer).await?;
        let moved = edit::take_moved(tx, key, user, metric, &samples, &bringer).await?;
        let before = samples.len();
        samples.retain(|sample| sample.uid.is_none_or(|uid| !moved.outdated.contains(&uid)));
        counts.duplicates += (before - samples.len()) as u64;
        samples.sort_by_key(merge::identity);
        let mut merging = Merging {
            moved: &moved.replaced,
            key,
            user,
            person,
            bringer: &bringer,
            metric,
            kind: model::metric::by_no(metric).map(|known| known.kind),
        };
        let hours = merging.run(tx, &samples, &mut counts, &mut writes).await?;
        merged.by_metric.push((metric, counts));
        merged.changed.add(metric, hours);
        merged.changed.add(metric, moved.hours);
    }
    writes.flush(tx, person).await?;
    Ok(merged)
}

/// Lets objects in again that were deleted before a time: their provider has written them anew.
pub async fn revive(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    objects: &[Uid],
    before_us: i64,
) -> Result<(), Error> {
    let person = key.lock(tx, user).await?;
    tombstone::forget(tx, person, objects, before_us).await
}

/// One metric on its way in.
struct Merging<'a> {
    key: &'a PersonKey,
    user: UserId,
    person: i64,
    bringer: &'a Bringer,
    moved: &'a FxHashSet<Uid>,
    metric: MetricNo,
    kind: Option<model::metric::Kind>,
}

impl Merging<'_> {
    async fn run(
        &mut self,
        tx: &mut Tx,
        samples: &[Sample],
        counts: &mut MergeCounts,
        writes: &mut Writes,
    ) -> Result<Vec<i32>, Error> {
        let metric = self.metric;
        let mut hours = Vec::new();
        let parts: Vec<(i64, &[Sample])> = samples
            .chunk_by(|a, b| {
                chunk::bucket_at(metric, a.start_us) == chunk::bucket_at(metric, b.start_us)
            })
            .filter_map(|part| Some((chunk::bucket_at(metric, part.first()?.start_us), part)))
            .collect();
        let buckets: Vec<i64> = parts.iter().map(|(bucket, _)| *bucket).collect();
        let mut parts = parts.into_iter().peekable();
        for (first, last) in chunk::ranges(&buckets) {
            let found = chunk::in_range(tx, self.key, self.user, metric, first, last).await?;
            let mut stored = found.chunks.into_iter().peekable();
            while let Some((bucket, part)) = parts.next_if(|(bucket, _)| *bucket <= last) {
                let damaged = found.damaged.iter().find(|(other, _)| *other == bucket);
                if let Some((_, samples)) = damaged {
                    let brought = (*samples, UploadNo(self.bringer.upload));
                    let place = Place { metric, bucket };
                    writes.set_aside(tx, self.person, place, brought).await?;
                }
                while stored.next_if(|chunk| chunk.bucket < bucket).is_some() {}
                let rows = stored
                    .next_if(|chunk| chunk.bucket == bucket)
                    .map_or_else(Vec::new, |chunk| chunk.rows);
                let before = rows.len();
                let room = chunk::GROWN_MAX.saturating_sub(before).min(part.len());
                let (part, surplus) = part.split_at_checked(room).unwrap_or((part, &[]));
                counts.refused_full += surplus.len() as u64;
                let mut done = merge::merge(rows, part, (self.kind, self.moved), self.bringer);
                counts.add(done.counts);
                hours.append(&mut done.hours);
                if done.written {
                    writes.push(self.key, Place { metric, bucket }, before, &done.rows)?;
                }
                if writes.is_batch() {
                    writes.flush(tx, self.person).await?;
                }
                // A large merge shares its thread with others.
                tokio::task::yield_now().await;
            }
        }
        Ok(hours)
    }
}

/// A chunk that does not open: damaged, or moved here from elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DamagedChunk {
    /// The metric.
    pub metric: MetricNo,
    /// The UTC day on which its first sample starts.
    pub first_day: Date,
    /// The last UTC day on which one ends.
    pub last_day: Date,
    /// How many samples were in it.
    pub samples: u64,
}

/// What could be read, and what could not.
#[derive(Debug, Clone, PartialEq)]
pub struct Readable<T = Sample> {
    /// The samples.
    pub samples: Vec<T>,
    /// The chunks that were left out.
    pub damaged: Vec<DamagedChunk>,
}

impl<T> Readable<T> {
    fn whole(self) -> Result<Vec<T>, Error> {
        if self.damaged.is_empty() {
            Ok(self.samples)
        } else {
            Err(Error::Damaged { what: "chunk" })
        }
    }

    fn map<U>(self, of: impl Fn(T) -> U) -> Readable<U> {
        Readable {
            samples: self.samples.into_iter().map(of).collect(),
            damaged: self.damaged,
        }
    }
}

impl<T> Default for Readable<T> {
    fn default() -> Self {
        Self {
            samples: Vec::new(),
            damaged: Vec::new(),
        }
    }
}

/// A sample with the upload that brought it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Brought {
    /// The sample.
    pub sample: Sample,
    /// The upload that brought it first.
    pub upload: UploadNo,
}

/// A row of a chunk that is read: bucket, samples, first and last day, content.
type Row = (i64, i64, i64, i64, Vec<u8>);

fn open(
    key: &PersonKey,
    metric: MetricNo,
    rows: Vec<Row>,
    keep: impl Fn(&Sample) -> bool,
) -> Readable<Stored> {
    let (mut all, mut damaged) = (Vec::new(), Vec::new());
    for (bucket, samples, first_day, last_day, sealed) in rows {
        let place = Place { metric, bucket };
        if let Ok(stored) = chunk::unseal(key, place, &sealed) {
            all.extend(stored);
            continue;
        }
        chunk::note_damaged(place);
        damaged.push(DamagedChunk {
            metric,
            first_day: days::from_number(first_day),
            last_day: days::from_number(last_day),
            samples: samples.unsigned_abs(),
        });
    }
    Readable {
        samples: sorted(all.into_iter(), keep),
        damaged,
    }
}

/// The samples that start in a span, sorted by start, end, source and value. Refuses where a chunk is damaged.
pub async fn starting_in(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    metric: MetricNo,
    span: Span,
) -> Result<Vec<Sample>, Error> {
    readable_in(tx, key, user, metric, span).await?.whole()
}

/// The samples that overlap a span, as [`readable_over`] finds them. Refuses where a chunk is damaged.
pub async fn overlapping(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    metric: MetricNo,
    span: Span,
) -> Result<Vec<Sample>, Error> {
    readable_over(tx, key, user, metric, span).await?.whole()
}

/// The samples that start in a span, as far as their chunks open, sorted by start, end, source and value.
pub async fn readable_in(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    metric: MetricNo,
    span: Span,
) -> Result<Readable, Error> {
    let person = key.person(user)?;
    if span.end_us <= span.start_us {
        return Ok(Readable::default());
    }
    let rows = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT bucket, samples, first_day, last_day, sealed FROM chunks
         WHERE person = $1 AND metric = $2 AND bucket >= $3 AND bucket <= $4 ORDER BY bucket",
    )
    .bind(person)
    .bind(i64::from(metric.0))
    .bind(chunk::bucket_at(metric, span.start_us))
    .bind(chunk::bucket_at(metric, span.end_us - 1))
    .fetch_all(connection)
    .await)?;
    let stored = open(key, metric, rows, |sample| {
        span.start_us <= sample.start_us && sample.start_us < span.end_us
    });
    Ok(stored.map(|row| row.sample))
}

/// The samples that overlap a span: interval samples that share an instant with it and instantaneous
/// ones inside it, as far as their chunks open. Sorted by start, end, source and value.
pub async fn readable_over(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    metric: MetricNo,
    span: Span,
) -> Result<Readable, Error> {
    let stored = stored_over(tx, key, user, metric, span).await?;
    Ok(stored.map(|row| row.sample))
}

/// The same as [`readable_over`], each with the upload that brought it.
pub async fn brought_over(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    metric: MetricNo,
    span: Span,
) -> Result<Readable<Brought>, Error> {
    let stored = stored_over(tx, key, user, metric, span).await?;
    Ok(stored.map(|row| Brought {
        sample: row.sample,
        upload: UploadNo(row.origin),
    }))
}

/// What the samples of deleted objects were, the latest deletion first, at most `limit` of them.
pub async fn deleted(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    metric: MetricNo,
    limit: u32,
) -> Result<Vec<Sample>, Error> {
    let person = key.person(user)?;
    tombstone::newest(tx, key, person, metric, limit).await
}

async fn stored_over(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    metric: MetricNo,
    span: Span,
) -> Result<Readable<Stored>, Error> {
    let person = key.person(user)?;
    if span.end_us <= span.start_us {
        return Ok(Readable::default());
    }
    // Every bucket whose samples end at most a day after it, then the few that reach further.
    let near = chunk::bucket_at(metric, span.start_us.saturating_sub(DAY_US));
    let last = chunk::bucket_at(metric, span.end_us - 1);
    let first_day = span.start_us.div_euclid(DAY_US);
    let rows = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT bucket, samples, first_day, last_day, sealed FROM chunks
         WHERE person = $1 AND metric = $2 AND bucket >= $3 AND bucket <= $4 AND last_day >= $5
         UNION ALL
         SELECT bucket, samples, first_day, last_day, sealed FROM chunks
         WHERE person = $1 AND metric = $2 AND far = 1 AND last_day >= $5 AND bucket < $3",
    )
    .bind(person)
    .bind(i64::from(metric.0))
    .bind(near)
    .bind(last)
    .bind(first_day)
    .fetch_all(connection)
    .await)?;
    Ok(open(key, metric, rows, |sample| {
        let ends_inside = sample.end_us > span.start_us || sample.start_us >= span.start_us;
        sample.start_us < span.end_us && ends_inside
    }))
}

fn sorted(rows: impl Iterator<Item = Stored>, keep: impl Fn(&Sample) -> bool) -> Vec<Stored> {
    let mut kept: Vec<Stored> = rows.filter(|row| keep(&row.sample)).collect();
    kept.sort_by_key(|Stored { sample, .. }| {
        let value = merge::value_rank(sample.value);
        (
            sample.start_us,
            sample.end_us,
            sample.source,
            value,
            sample.flags,
        )
    });
    kept
}

/// What is stored of one metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The metric.
    pub metric: MetricNo,
    /// The UTC day on which the first starts.
    pub first_day: Date,
    /// The last UTC day on which one ends.
    pub last_day: Date,
}

/// The metrics of the person, each found by one step into the index, with the ends of what is stored:
/// chunks are in the order of time, and only those that are marked far end later than the newest two.
const HELD: &str = "WITH RECURSIVE who AS (SELECT no FROM persons WHERE id = $1), known AS (
        SELECT (SELECT MIN(c.metric) FROM chunks c WHERE c.person = who.no) AS metric FROM who
        UNION ALL
        SELECT (SELECT MIN(c.metric) FROM chunks c
            WHERE c.person = (SELECT no FROM who) AND c.metric > known.metric)
        FROM known WHERE known.metric IS NOT NULL)
     SELECT known.metric,
        (SELECT c.first_day FROM chunks c
            WHERE c.person = (SELECT no FROM who) AND c.metric = known.metric
            ORDER BY c.bucket LIMIT 1),
        (SELECT MAX(newest.last_day) FROM (SELECT c.last_day FROM chunks c
            WHERE c.person = (SELECT no FROM who) AND c.metric = known.metric
            ORDER BY c.bucket DESC LIMIT 2) AS newest),
        (SELECT MAX(c.last_day) FROM chunks c
            WHERE c.person = (SELECT no FROM who) AND c.metric = known.metric AND c.far = 1)
     FROM known WHERE known.metric IS NOT NULL ORDER BY known.metric";

/// What is stored of every metric, in the order of its number. It costs the same for one year as for
/// ten: how much there is, is [`crate::counts::of_person`].
pub async fn held(tx: &mut Tx, user: UserId) -> Result<Vec<Held>, Error> {
    let rows = run!(tx, connection => sqlx::query_as::<_, (i64, i64, i64, Option<i64>)>(HELD)
        .bind(user.uuid())
        .fetch_all(connection)
        .await)?;
    rows.into_iter()
        .map(|(metric, first_day, newest_day, far_day)| {
            Ok(Held {
                metric: metric_no(metric)?,
                first_day: days::from_number(first_day),
                last_day: days::from_number(far_day.map_or(newest_day, |far| far.max(newest_day))),
            })
        })
        .collect()
}

/// What one metric costs on disk, without the database's own share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footprint {
    /// The metric.
    pub metric: MetricNo,
    /// How many samples.
    pub samples: u64,
    /// Sealed bytes.
    pub bytes: u64,
}

/// What the samples of every metric cost, in the order of its number.
pub async fn footprint(tx: &mut Tx, user: UserId) -> Result<Vec<Footprint>, Error> {
    let rows = run!(tx, connection => sqlx::query_as::<_, (i64, i64, i64)>(
        "SELECT metric, CAST(SUM(samples) AS BIGINT), CAST(SUM(LENGTH(sealed)) AS BIGINT)
         FROM chunks
         WHERE person = (SELECT no FROM persons WHERE id = $1) GROUP BY metric ORDER BY metric",
    )
    .bind(user.uuid())
    .fetch_all(connection)
    .await)?;
    rows.into_iter()
        .map(|(metric, samples, bytes)| {
            Ok(Footprint {
                metric: metric_no(metric)?,
                samples: samples.unsigned_abs(),
                bytes: bytes.unsigned_abs(),
            })
        })
        .collect()
}

pub(crate) fn metric_no(stored: i64) -> Result<MetricNo, Error> {
    let no = u16::try_from(stored).map_err(|_| Error::Damaged { what: "chunk" })?;
    Ok(MetricNo(no))
}
