//! Objects that the provider deleted. A tombstone knows the object's id and, sealed, what the sample
//! was: exports carry no object ids, and one made before the deletion must not bring it back.

use std::collections::BTreeMap;

use model::metric::MetricNo;
use model::sample::{Flags, SECOND_US, Sample, Uid, uid_of};
use model::source::SourceNo;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::chunk::Place;
use crate::codec::{self, Stored};
use crate::damage;
use crate::database::{Tx, list_statement, rows_statement, statement_slices};
use crate::error::Error;
use crate::merge::{self, twin};
use crate::samples::metric_no;
use crate::vault::PersonKey;

/// Up to this many object ids are looked up one by one among the deleted ones; for more, all deleted
/// ones are read.
const UIDS_LOOKED_UP: usize = 1_024;

/// What may not come in.
#[derive(Debug, Default)]
pub(crate) struct Deleted {
    uids: FxHashSet<Uid>,
    /// What was deleted, without object ids and sorted by start.
    samples: FxHashMap<MetricNo, Vec<Sample>>,
}

impl Deleted {
    /// Whether a sample is a copy of a deleted one.
    pub(crate) fn contains(&self, metric: MetricNo, sample: &Sample) -> bool {
        match sample.uid {
            Some(uid) => self.uids.contains(&uid),
            None => self.samples.get(&metric).is_some_and(|deleted| {
                let from_us = sample.start_us.saturating_sub(SECOND_US);
                let until_us = sample.start_us.saturating_add(SECOND_US);
                let first = deleted.partition_point(|other| other.start_us < from_us);
                deleted
                    .iter()
                    .skip(first)
                    .take_while(|other| other.start_us <= until_us)
                    .any(|other| twin::is_twin(other, sample) || is_same(other, sample))
            }),
        }
    }
}

/// Whether an aggregate is the one that was deleted.
fn is_same(deleted: &Sample, sample: &Sample) -> bool {
    merge::identity(deleted) == merge::identity(sample)
}

/// What of the samples that come in may not. A sample without an object id is only judged in a
/// snapshot, and only by deletions after its date: the same content written anew is another sample.
pub(crate) async fn among(
    tx: &mut Tx,
    key: &PersonKey,
    person: i64,
    by_metric: &BTreeMap<MetricNo, Vec<Sample>>,
    exported_us: Option<i64>,
) -> Result<Deleted, Error> {
    let uids: Vec<Uid> = by_metric
        .values()
        .flatten()
        .filter_map(|sample| sample.uid)
        .collect();
    let mut deleted = Deleted {
        uids: uids_among(tx, person, &uids).await?,
        samples: FxHashMap::default(),
    };
    let Some(exported_us) = exported_us else {
        return Ok(deleted);
    };
    let rows = run!(tx, connection => sqlx::query_as::<_, (i64, i64, Vec<u8>)>(
        "SELECT metric, uid, sealed FROM tombstones
         WHERE person = $1 AND metric IS NOT NULL AND deleted_us > $2",
    )
    .bind(person)
    .bind(exported_us)
    .fetch_all(connection)
    .await)?;
    for (metric, uid, sealed) in rows {
        let metric = metric_no(metric)?;
        if !by_metric.contains_key(&metric) {
            continue;
        }
        let sample = open(key, uid, &sealed)?;
        deleted.samples.entry(metric).or_default().push(Sample {
            uid: None,
            ..sample
        });
    }
    for samples in deleted.samples.values_mut() {
        samples.sort_unstable_by_key(|sample| sample.start_us);
    }
    Ok(deleted)
}

/// What the deleted samples of a metric were, each with when it was deleted.
pub(crate) async fn dated(
    tx: &mut Tx,
    key: &PersonKey,
    person: i64,
    metric: MetricNo,
) -> Result<Vec<(Sample, i64)>, Error> {
    let rows = run!(tx, connection => sqlx::query_as::<_, (i64, i64, Vec<u8>)>(
        "SELECT uid, deleted_us, sealed FROM tombstones
         WHERE person = $1 AND metric = $2 AND sealed IS NOT NULL ORDER BY uid",
    )
    .bind(person)
    .bind(i64::from(metric.0))
    .fetch_all(connection)
    .await)?;
    let opened = rows.iter().map(|(uid, deleted_us, sealed)| {
        let sample = open(key, *uid, sealed)?;
        Ok((sample, *deleted_us))
    });
    damage::readable(opened)
}

/// What the deleted samples of a metric were, the latest deletion first.
pub(crate) async fn newest(
    tx: &mut Tx,
    key: &PersonKey,
    person: i64,
    metric: MetricNo,
    limit: u32,
) -> Result<Vec<Sample>, Error> {
    let rows = run!(tx, connection => sqlx::query_as::<_, (i64, Vec<u8>)>(
        "SELECT uid, sealed FROM tombstones
         WHERE person = $1 AND metric = $2 AND sealed IS NOT NULL
         ORDER BY deleted_us DESC, uid LIMIT $3",
    )
    .bind(person)
    .bind(i64::from(metric.0))
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await)?;
    let opened = rows.iter().map(|(uid, sealed)| open(key, *uid, sealed));
    damage::readable(opened)
}

/// What a deleted sample was.
fn open(key: &PersonKey, uid: i64, sealed: &[u8]) -> Result<Sample, Error> {
    let damaged = || Error::Damaged { what: "tombstone" };
    let bytes = key.open_as("tombstone", &row_name(key, uid), sealed)?;
    let rows = codec::decode(&bytes).map_err(|_| damaged())?;
    Ok(rows.first().ok_or_else(damaged)?.sample)
}

/// Which of these objects were deleted.
pub(crate) async fn uids_among(
    tx: &mut Tx,
    person: i64,
    uids: &[Uid],
) -> Result<FxHashSet<Uid>, Error> {
    let mut found: Vec<i64> = Vec::new();
    if uids.len() <= UIDS_LOOKED_UP {
        for slice in statement_slices(uids) {
            let text = list_statement(
                "SELECT uid FROM tombstones WHERE person = $1 AND uid IN",
                2,
                slice.len(),
                "",
            );
            found.append(&mut run!(tx, connection => {
                let mut query = sqlx::query_scalar::<_, i64>(text).bind(person);
                for uid in slice {
                    query = query.bind(uid.get().cast_signed());
                }
                query.fetch_all(connection).await
            })?);
        }
    } else {
        found = run!(tx, connection => sqlx::query_scalar::<_, i64>(
            "SELECT uid FROM tombstones WHERE person = $1",
        )
        .bind(person)
        .fetch_all(connection)
        .await)?;
    }
    Ok(found
        .into_iter()
        .filter_map(|uid| Uid::new(uid.cast_unsigned()))
        .collect())
}

/// Forgets that objects were deleted before a time.
pub(crate) async fn forget(
    tx: &mut Tx,
    person: i64,
    uids: &[Uid],
    before_us: i64,
) -> Result<(), Error> {
    for slice in statement_slices(uids) {
        let text = list_statement(
            "DELETE FROM tombstones WHERE person = $1 AND deleted_us < $2 AND uid IN",
            3,
            slice.len(),
            "",
        );
        run!(tx, connection => {
            let mut query = sqlx::query(text).bind(person).bind(before_us);
            for uid in slice {
                query = query.bind(uid.get().cast_signed());
            }
            query.execute(connection).await.map(drop)
        })?;
    }
    Ok(())
}

/// Remembers deleted objects, with what their samples were where one was stored.
pub(crate) async fn bury(
    tx: &mut Tx,
    key: &PersonKey,
    person: i64,
    objects: &FxHashMap<Uid, Option<Place>>,
    samples: &FxHashMap<Uid, Stored>,
    now_us: i64,
) -> Result<(), Error> {
    let objects: Vec<(Uid, Option<Place>)> =
        objects.iter().map(|(uid, place)| (*uid, *place)).collect();
    for slice in statement_slices(&objects) {
        let text = rows_statement(
            "INSERT INTO tombstones (person, uid, deleted_us, metric, sealed) VALUES",
            5,
            slice.len(),
            "ON CONFLICT (person, uid) DO NOTHING",
        );
        run!(tx, connection => {
            let mut query = sqlx::query(text);
            for (uid, place) in slice {
                let uid_number = uid.get().cast_signed();
                let sealed = samples
                    .get(uid)
                    .map(|row| {
                        let bytes = codec::encode(std::slice::from_ref(row));
                        key.seal(&row_name(key, uid_number), &bytes)
                    });
                query = query
                    .bind(person)
                    .bind(uid_number)
                    .bind(now_us)
                    .bind(place.map(|place| i64::from(place.metric.0)))
                    .bind(sealed);
            }
            query.execute(connection).await.map(drop)
        })?;
    }
    Ok(())
}

/// A document as a tombstone knows it: what names it, and when it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Document {
    /// What it is called beside its times: its kind and activity, or its kind and identity.
    pub(crate) name: String,
    pub(crate) start_us: i64,
    pub(crate) end_us: i64,
}

impl Document {
    /// The form in which it is sealed: an interval with the digest of the name as its object id.
    fn stored(&self) -> Stored {
        Stored {
            sample: Sample {
                start_us: self.start_us,
                end_us: self.end_us,
                value: 0.0,
                zone_offset_min: None,
                source: SourceNo(0),
                uid: Some(uid_of(&self.name)),
                flags: Flags::NONE,
            },
            origin: 0,
            seen: 0,
        }
    }

    /// Whether a deleted document is this one, through whatever door it comes.
    fn is(&self, deleted: &Sample) -> bool {
        deleted.uid == Some(uid_of(&self.name))
            && twin::is_same_instant(deleted.start_us, self.start_us)
            && twin::is_same_instant(deleted.end_us, self.end_us)
    }
}

/// Remembers what the document of a deleted object was.
pub(crate) async fn describe(
    tx: &mut Tx,
    key: &PersonKey,
    person: i64,
    uid: Uid,
    document: &Document,
) -> Result<(), Error> {
    let number = uid.get().cast_signed();
    let bytes = codec::encode(std::slice::from_ref(&document.stored()));
    run!(tx, connection => sqlx::query(
        "UPDATE tombstones SET sealed = $3 WHERE person = $1 AND uid = $2 AND metric IS NULL",
    )
    .bind(person)
    .bind(number)
    .bind(key.seal(&row_name(key, number), &bytes))
    .execute(connection)
    .await
    .map(drop))?;
    Ok(())
}

/// The documents that were deleted after a snapshot was made.
#[derive(Debug, Default)]
pub(crate) struct DeletedDocuments(Vec<Sample>);

impl DeletedDocuments {
    pub(crate) async fn after(
        tx: &mut Tx,
        key: &PersonKey,
        person: i64,
        exported_us: i64,
    ) -> Result<Self, Error> {
        let rows = run!(tx, connection => sqlx::query_as::<_, (i64, Vec<u8>)>(
            "SELECT uid, sealed FROM tombstones
             WHERE person = $1 AND metric IS NULL AND sealed IS NOT NULL AND deleted_us > $2",
        )
        .bind(person)
        .bind(exported_us)
        .fetch_all(connection)
        .await)?;
        let mut deleted = Vec::with_capacity(rows.len());
        for (uid, sealed) in rows {
            deleted.push(open(key, uid, &sealed)?);
        }
        deleted.sort_unstable_by_key(|sample| sample.start_us);
        Ok(Self(deleted))
    }

    pub(crate) fn contain(&self, document: &Document) -> bool {
        let from_us = document.start_us.saturating_sub(SECOND_US);
        let until_us = document.start_us.saturating_add(SECOND_US);
        let first = self.0.partition_point(|sample| sample.start_us < from_us);
        let around = self.0.iter().skip(first);
        around
            .take_while(|sample| sample.start_us <= until_us)
            .any(|deleted| document.is(deleted))
    }
}

/// Moves what deleted samples were from a person's own number to the catalogue's, with their values in its
/// unit, so that a copy that comes in as the row stays out as well.
pub(crate) async fn promote(
    tx: &mut Tx,
    key: &PersonKey,
    person: i64,
    (from, to): (MetricNo, MetricNo),
    value: &(dyn Fn(f64) -> Option<f64> + Send + Sync),
) -> Result<(), Error> {
    let rows = run!(tx, connection => sqlx::query_as::<_, (i64, Option<Vec<u8>>)>(
        "SELECT uid, sealed FROM tombstones WHERE person = $1 AND metric = $2",
    )
    .bind(person)
    .bind(i64::from(from.0))
    .fetch_all(connection)
    .await)?;
    for (uid, sealed) in rows {
        let sealed = sealed
            .map(|sealed| {
                let damaged = || Error::Damaged { what: "tombstone" };
                let bytes = key.open_as("tombstone", &row_name(key, uid), &sealed)?;
                let mut rows = codec::decode(&bytes).map_err(|_| damaged())?;
                for row in &mut rows {
                    // A value that does not fit cannot come in as the row either.
                    row.sample.value = value(row.sample.value).unwrap_or(row.sample.value);
                }
                Ok::<_, Error>(key.seal(&row_name(key, uid), &codec::encode(&rows)))
            })
            .transpose()?;
        run!(tx, connection => sqlx::query(
            "UPDATE tombstones SET metric = $3, sealed = $4 WHERE person = $1 AND uid = $2",
        )
        .bind(person)
        .bind(uid)
        .bind(i64::from(to.0))
        .bind(sealed)
        .execute(connection)
        .await
        .map(drop))?;
    }
    Ok(())
}

fn row_name(key: &PersonKey, uid: i64) -> Vec<u8> {
    key.row_name("tombstones", &uid.to_le_bytes())
}
