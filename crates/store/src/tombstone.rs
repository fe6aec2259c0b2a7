//! Objects that the provider deleted. A tombstone knows the object's id and, sealed, what the sample
//! was: exports carry no object ids, and one made before the deletion must not bring it back.

use std::collections::BTreeMap;

use model::metric::MetricNo;
use model::sample::{Sample, Uid};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::chunk::Place;
use crate::codec::{self, Stored};
use crate::database::{Tx, list_statement, rows_statement, statement_slices};
use crate::error::Error;
use crate::merge::{self, Identity};
use crate::samples::metric_no;
use crate::vault::PersonKey;

/// Up to this many object ids are looked up one by one among the deleted ones; for more, all deleted
/// ones are read.
const UIDS_LOOKED_UP: usize = 1_024;

/// What may not come in.
#[derive(Debug, Default)]
pub(crate) struct Deleted {
    uids: FxHashSet<Uid>,
    samples: FxHashSet<(MetricNo, Identity)>,
}

impl Deleted {
    /// Whether a sample is a copy of a deleted one.
    pub(crate) fn contains(&self, metric: MetricNo, sample: &Sample) -> bool {
        match sample.uid {
            Some(uid) => self.uids.contains(&uid),
            None => {
                !self.samples.is_empty()
                    && self.samples.contains(&(metric, merge::identity(sample)))
            }
        }
    }
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
        samples: FxHashSet::default(),
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
        let damaged = || Error::Damaged { what: "tombstone" };
        let bytes = key.open_as("tombstone", &row_name(key, uid), &sealed)?;
        let rows = codec::decode(&bytes).map_err(|_| damaged())?;
        let row = rows.first().ok_or_else(damaged)?;
        deleted
            .samples
            .insert((metric, merge::identity(&row.sample)));
    }
    Ok(deleted)
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
