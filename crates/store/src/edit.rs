//! Edited objects whose other version lies in another bucket of a sparse metric.
//!
//! Dense metrics are not looked through: providers do not edit such samples, they delete and write
//! anew, and looking through years of them on every upload would cost more than it finds.

use model::ids::UserId;
use model::metric::MetricNo;
use model::sample::{Sample, Uid};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::chunk::{self, Place, Writes};
use crate::database::Tx;
use crate::error::Error;
use crate::merge::{self, Bringer};
use crate::vault::PersonKey;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Moved {
    /// Objects whose other version was removed.
    pub(crate) replaced: FxHashSet<Uid>,
    /// Objects of which a later snapshot has another version, which stays.
    pub(crate) outdated: FxHashSet<Uid>,
    /// Hours of the removed versions.
    pub(crate) hours: Vec<i32>,
}

/// Removes the versions of incoming objects that are stored in other buckets than they come to.
pub(crate) async fn take_moved(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    metric: MetricNo,
    samples: &[Sample],
    bringer: &Bringer,
) -> Result<Moved, Error> {
    let person = key.person(user)?;
    let mut moved = Moved::default();
    let homes: FxHashMap<u64, i64> = samples
        .iter()
        .filter_map(|sample| {
            let uid = sample.uid?.get();
            Some((uid, chunk::bucket_at(metric, sample.start_us)))
        })
        .collect();
    if homes.is_empty() || chunk::bucket_days(metric) == 1 {
        return Ok(moved);
    }
    let mut writes = Writes::default();
    let rows = run!(tx, connection => sqlx::query_as::<_, (i64, Vec<u8>)>(
        "SELECT bucket, sealed FROM chunks
         WHERE person = $1 AND metric = $2 AND has_uid = 1 ORDER BY bucket",
    )
    .bind(person)
    .bind(i64::from(metric.0))
    .fetch_all(connection)
    .await)?;
    for (bucket, sealed) in rows {
        let place = Place { metric, bucket };
        let elsewhere = |uid: u64| homes.get(&uid).is_some_and(|home| *home != bucket);
        let uids = chunk::unseal_uids(key, place, &sealed)?;
        if !uids.into_iter().any(elsewhere) {
            continue;
        }
        let mut rows = chunk::unseal(key, place, &sealed)?;
        let stored = rows.len();
        rows.retain(|row| {
            let Some(uid) = row.sample.uid.filter(|uid| elsewhere(uid.get())) else {
                return true;
            };
            if bringer.is_older_than(row.seen) {
                moved.outdated.insert(uid);
                return true;
            }
            moved.replaced.insert(uid);
            merge::push_hours(&mut moved.hours, &row.sample);
            false
        });
        if rows.len() < stored {
            writes.push(key, place, stored, &rows)?;
        }
    }
    writes.flush(tx, person).await?;
    Ok(moved)
}
