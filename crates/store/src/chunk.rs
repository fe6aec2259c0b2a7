//! Rows of the table of chunks: reading and writing many at a time, sealed.

use model::ids::UserId;
use model::metric::{self, Density, MetricNo};
use model::sample::DAY_US;

use crate::codec::{self, Stored};
use crate::counts::Change;
use crate::database::{Tx, rows_statement, statement_slices};
use crate::error::Error;
use crate::samples::metric_no;
use crate::uploads::UploadNo;
use crate::vault::PersonKey;

/// Two touched buckets this close are read by one statement: a few chunks too many cost less than
/// one more statement.
const GAP_MAX: i64 = 4;
/// Chunks decoded at a time, so that a long range never holds more than these in sealed form.
pub(crate) const CHUNKS_AT_ONCE: i64 = 64;
/// Samples to which a chunk may grow: each write into it reads and seals it as a whole, while everybody else's
/// writes wait. A day of one sample a second has 86,400.
pub(crate) const GROWN_MAX: usize = 1 << 19;
/// Chunks that are written together.
const WRITES_AT_ONCE: usize = 64;

/// Which chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    pub(crate) metric: MetricNo,
    pub(crate) bucket: i64,
}

/// An opened chunk.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) bucket: i64,
    pub(crate) rows: Vec<Stored>,
}

/// Width of a metric's buckets in days. Metrics that the catalogue does not know are sparse.
pub(crate) fn bucket_days(metric: MetricNo) -> i64 {
    let density = metric::by_no(metric).map_or(Density::Sparse, |metric| metric.density);
    i64::from(density.bucket_days())
}

/// The bucket of an instant.
pub(crate) fn bucket_at(metric: MetricNo, at_us: i64) -> i64 {
    at_us.div_euclid(DAY_US * bucket_days(metric))
}

/// First instant of a bucket.
pub(crate) fn bucket_start_us(metric: MetricNo, bucket: i64) -> i64 {
    bucket.saturating_mul(DAY_US * bucket_days(metric))
}

/// The UTC day on which a row ends.
fn last_day(row: &Stored) -> i64 {
    let last_us = row.sample.end_us.saturating_sub(1);
    last_us.max(row.sample.start_us).div_euclid(DAY_US)
}

fn row_name(key: &PersonKey, place: Place) -> Vec<u8> {
    let mut row = [0; 11];
    row[..2].copy_from_slice(&place.metric.0.to_le_bytes());
    row[2..10].copy_from_slice(&place.bucket.to_le_bytes());
    row[10] = codec::VERSION;
    key.row_name("chunks", &row)
}

fn open(key: &PersonKey, place: Place, sealed: &[u8]) -> Result<Vec<u8>, Error> {
    key.open_as("chunk", &row_name(key, place), sealed)
}

/// Opens a sealed chunk.
pub(crate) fn unseal(key: &PersonKey, place: Place, sealed: &[u8]) -> Result<Vec<Stored>, Error> {
    codec::decode(&open(key, place, sealed)?).map_err(|_| Error::Damaged { what: "chunk" })
}

/// Opens only the object ids of a sealed chunk.
pub(crate) fn unseal_uids(key: &PersonKey, place: Place, sealed: &[u8]) -> Result<Vec<u64>, Error> {
    codec::decode_uids(&open(key, place, sealed)?).map_err(|_| Error::Damaged { what: "chunk" })
}

/// Chunks that were read, and those among them that do not open.
#[derive(Default)]
pub(crate) struct Found {
    /// What could be read, in order.
    pub(crate) chunks: Vec<Chunk>,
    /// The bucket of each damaged one, and how many samples it had.
    pub(crate) damaged: Vec<(i64, usize)>,
}

impl Found {
    /// Opens rows of bucket, number of samples and content. One that does not open costs only itself.
    fn of(key: &PersonKey, metric: MetricNo, rows: Vec<(i64, i64, Vec<u8>)>) -> Self {
        let mut found = Self::default();
        for (bucket, samples, sealed) in rows {
            let place = Place { metric, bucket };
            if let Ok(rows) = unseal(key, place, &sealed) {
                found.chunks.push(Chunk { bucket, rows });
            } else {
                note_damaged(place);
                let samples = usize::try_from(samples).unwrap_or(0);
                found.damaged.push((bucket, samples));
            }
        }
        found
    }

    /// All rows.
    pub(crate) fn into_rows(self) -> Vec<Stored> {
        let rows = self.chunks.into_iter().map(|chunk| chunk.rows);
        rows.flatten().collect()
    }
}

/// Counts and logs a chunk that is left out.
pub(crate) fn note_damaged(place: Place) {
    metrics::counter!("clarity_damaged_chunks_total").increment(1);
    tracing::warn!(
        metric = place.metric.0,
        bucket = place.bucket,
        "a stored chunk cannot be opened and is left out"
    );
}

/// The chunks of a metric with a bucket in `first..=last`, in order.
pub(crate) async fn in_range(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    metric: MetricNo,
    first: i64,
    last: i64,
) -> Result<Found, Error> {
    let person = key.person(user)?;
    let rows = run!(tx, connection => sqlx::query_as::<_, (i64, i64, Vec<u8>)>(
        "SELECT bucket, samples, sealed FROM chunks
         WHERE person = $1 AND metric = $2 AND bucket >= $3 AND bucket <= $4 ORDER BY bucket",
    )
    .bind(person)
    .bind(i64::from(metric.0))
    .bind(first)
    .bind(last)
    .fetch_all(connection)
    .await)?;
    Ok(Found::of(key, metric, rows))
}

/// The metrics of which a person has chunks.
pub(crate) async fn metrics(tx: &mut Tx, person: i64) -> Result<Vec<MetricNo>, Error> {
    let metrics = run!(tx, connection => sqlx::query_scalar::<_, i64>(
        "SELECT DISTINCT metric FROM chunks WHERE person = $1 ORDER BY metric",
    )
    .bind(person)
    .fetch_all(connection)
    .await)?;
    metrics.into_iter().map(metric_no).collect()
}

/// All chunks of a metric in order, a page at a time.
pub(crate) struct Pages {
    metric: MetricNo,
    after: i64,
}

impl Pages {
    /// Starts before the first chunk.
    pub(crate) const fn new(metric: MetricNo) -> Self {
        Self {
            metric,
            after: i64::MIN,
        }
    }

    /// Starts after a bucket.
    pub(crate) const fn after(metric: MetricNo, after: i64) -> Self {
        Self { metric, after }
    }

    /// The last bucket that was read.
    pub(crate) const fn done(&self) -> i64 {
        self.after
    }

    /// The next chunks without those that are damaged, `None` after the last.
    pub(crate) async fn next(
        &mut self,
        tx: &mut Tx,
        key: &PersonKey,
        user: UserId,
    ) -> Result<Option<Vec<Chunk>>, Error> {
        let person = key.person(user)?;
        let metric = self.metric;
        let rows = run!(tx, connection => sqlx::query_as::<_, (i64, i64, Vec<u8>)>(
            "SELECT bucket, samples, sealed FROM chunks
             WHERE person = $1 AND metric = $2 AND bucket > $3 ORDER BY bucket LIMIT $4",
        )
        .bind(person)
        .bind(i64::from(metric.0))
        .bind(self.after)
        .bind(CHUNKS_AT_ONCE)
        .fetch_all(connection)
        .await)?;
        let Some((last, _, _)) = rows.last() else {
            return Ok(None);
        };
        self.after = *last;
        Ok(Some(Found::of(key, metric, rows).chunks))
    }
}

/// Ranges that cover sorted buckets, without large gaps and not longer than is read at once.
pub(crate) fn ranges(buckets: &[i64]) -> Vec<(i64, i64)> {
    let mut ranges: Vec<(i64, i64)> = Vec::new();
    for bucket in buckets {
        match ranges.last_mut() {
            Some((first, last))
                if *bucket - *last <= GAP_MAX && *bucket - *first < CHUNKS_AT_ONCE =>
            {
                *last = *bucket;
            }
            Some(_) | None => ranges.push((*bucket, *bucket)),
        }
    }
    ranges
}

/// A chunk ready to be written; no rows means that it goes.
struct Sealed {
    place: Place,
    samples: i64,
    first_day: i64,
    last_day: i64,
    has_uid: i64,
    far: i64,
    bytes: Vec<u8>,
}

/// Chunks on their way to the database.
#[derive(Default)]
pub(crate) struct Writes {
    sealed: Vec<Sealed>,
    emptied: Vec<Place>,
    change: Change,
}

impl Writes {
    /// Seals the rows of a chunk, sorted by identity. `stored` is how many rows the chunk had when it
    /// was read in this transaction, 0 for a new one.
    pub(crate) fn push(
        &mut self,
        key: &PersonKey,
        place: Place,
        stored: usize,
        rows: &[Stored],
    ) -> Result<(), Error> {
        // Whoever has more, from an earlier version, keeps them.
        if rows.len() > stored.max(GROWN_MAX) {
            return Err(Error::ChunkFull);
        }
        self.change.add(place.metric, stored, rows.len());
        let Some(first) = rows.first() else {
            self.emptied.push(place);
            return Ok(());
        };
        let last_day = rows.iter().map(last_day).max().unwrap_or(0);
        let bucket_end_day = (place.bucket + 1) * bucket_days(place.metric);
        self.sealed.push(Sealed {
            place,
            samples: i64::try_from(rows.len()).unwrap_or(i64::MAX),
            first_day: first.sample.start_us.div_euclid(DAY_US),
            last_day,
            has_uid: i64::from(rows.iter().any(|row| row.sample.uid.is_some())),
            far: i64::from(last_day > bucket_end_day),
            bytes: key.seal(&row_name(key, place), &codec::encode(rows)),
        });
        Ok(())
    }

    /// Sets a damaged chunk of so many samples aside, so that what is written into its place begins anew. Its bytes
    /// are kept for whoever can tell what happened to them.
    pub(crate) async fn set_aside(
        &mut self,
        tx: &mut Tx,
        person: i64,
        place: Place,
        (samples, upload): (usize, UploadNo),
    ) -> Result<(), Error> {
        let (metric, upload) = (i64::from(place.metric.0), i64::from(upload.0));
        run!(tx, connection => sqlx::query(
            "INSERT INTO chunks_aside (person, metric, bucket, upload, samples, sealed)
             SELECT person, metric, bucket, $4, samples, sealed FROM chunks
             WHERE person = $1 AND metric = $2 AND bucket = $3
             ON CONFLICT (person, metric, bucket, upload) DO NOTHING",
        )
        .bind(person)
        .bind(metric)
        .bind(place.bucket)
        .bind(upload)
        .execute(connection)
        .await
        .map(drop))?;
        run!(tx, connection => sqlx::query(
            "DELETE FROM chunks WHERE person = $1 AND metric = $2 AND bucket = $3",
        )
        .bind(person)
        .bind(metric)
        .bind(place.bucket)
        .execute(connection)
        .await
        .map(drop))?;
        self.change.add(place.metric, samples, 0);
        Ok(())
    }

    /// Whether enough has gathered for a write.
    pub(crate) fn is_batch(&self) -> bool {
        self.sealed.len() + self.emptied.len() >= WRITES_AT_ONCE
    }

    /// Writes everything gathered.
    pub(crate) async fn flush(&mut self, tx: &mut Tx, person: i64) -> Result<(), Error> {
        std::mem::take(&mut self.change).keep(tx, person).await?;
        for slice in statement_slices(&self.sealed) {
            write(tx, person, slice).await?;
        }
        self.sealed.clear();
        for place in self.emptied.drain(..) {
            run!(tx, connection => sqlx::query(
                "DELETE FROM chunks WHERE person = $1 AND metric = $2 AND bucket = $3",
            )
            .bind(person)
            .bind(i64::from(place.metric.0))
            .bind(place.bucket)
            .execute(connection)
            .await
            .map(drop))?;
        }
        Ok(())
    }
}

async fn write(tx: &mut Tx, person: i64, chunks: &[Sealed]) -> Result<(), Error> {
    let text = rows_statement(
        "INSERT INTO chunks
            (person, metric, bucket, samples, first_day, last_day, has_uid, far, sealed) VALUES",
        9,
        chunks.len(),
        "ON CONFLICT (person, metric, bucket) DO UPDATE SET
            samples = excluded.samples, first_day = excluded.first_day,
            last_day = excluded.last_day, has_uid = excluded.has_uid, far = excluded.far,
            sealed = excluded.sealed",
    );
    run!(tx, connection => {
        let mut query = sqlx::query(text);
        for chunk in chunks {
            query = query
                .bind(person)
                .bind(i64::from(chunk.place.metric.0))
                .bind(chunk.place.bucket)
                .bind(chunk.samples)
                .bind(chunk.first_day)
                .bind(chunk.last_day)
                .bind(chunk.has_uid)
                .bind(chunk.far)
                .bind(chunk.bytes.as_slice());
        }
        query.execute(connection).await.map(drop)
    })?;
    Ok(())
}
