//! What lies in another bucket than its other version: edited objects of sparse metrics, and samples beside the
//! border of two buckets, which a door that rounds prints as the next day's midnight.
//!
//! Of objects, dense metrics are not looked through: providers do not edit such samples, they delete and write
//! anew, and looking through years of them on every upload would cost more than it finds.

use std::collections::BTreeMap;

use model::ids::UserId;
use model::metric::MetricNo;
use model::sample::{Flags, SECOND_US, Sample, Uid};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::chunk::{self, Place, Writes};
use crate::codec::Stored;
use crate::database::Tx;
use crate::error::Error;
use crate::merge::{self, Bringer, Identity, twin};
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

/// Gives samples beside a border the start of their twin beyond it, so that they meet it in its bucket. Looks no
/// further than one second, and at no samples that are not beside a border.
pub(crate) async fn meet(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    metric: MetricNo,
    samples: &mut [Sample],
    bringer: &Bringer,
) -> Result<(), Error> {
    let mut beside: BTreeMap<i64, Vec<&mut Sample>> = BTreeMap::new();
    for sample in samples {
        if let Some(bucket) = beyond(metric, sample) {
            beside.entry(bucket).or_default().push(sample);
        }
    }
    for (bucket, samples) in beside {
        let rows = rows(tx, key, user, metric, bucket).await?;
        let mut taken: FxHashSet<Identity> = FxHashSet::default();
        for sample in samples {
            let found = rows.iter().find(|row| {
                is_row_of(row, sample, bringer) && !taken.contains(&merge::identity(&row.sample))
            });
            let Some(row) = found else {
                continue;
            };
            let own = chunk::bucket_at(metric, sample.start_us);
            let own = self::rows(tx, key, user, metric, own).await?;
            if own.iter().any(|row| twin::is_twin(&row.sample, sample)) {
                continue;
            }
            taken.insert(merge::identity(&row.sample));
            let is_instant = sample.end_us == sample.start_us;
            sample.start_us = row.sample.start_us;
            sample.end_us = if is_instant {
                row.sample.end_us
            } else {
                sample.end_us.max(sample.start_us)
            };
        }
    }
    Ok(())
}

/// The bucket beyond the border that a sample starts beside.
fn beyond(metric: MetricNo, sample: &Sample) -> Option<i64> {
    if sample.flags.contains(Flags::AGGREGATED) {
        return None;
    }
    let bucket = chunk::bucket_at(metric, sample.start_us);
    if sample.start_us == chunk::bucket_start_us(metric, bucket) {
        return Some(bucket - 1);
    }
    let next = chunk::bucket_start_us(metric, bucket + 1);
    (next - sample.start_us <= SECOND_US).then_some(bucket + 1)
}

/// Whether a row beyond the border is what a sample measured, through another door.
fn is_row_of(row: &Stored, sample: &Sample, bringer: &Bringer) -> bool {
    let has_same_uid = sample.uid.is_some() && row.sample.uid == sample.uid;
    twin::is_twin(&row.sample, sample) && (has_same_uid || !bringer.has_brought(row))
}

async fn rows(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    metric: MetricNo,
    bucket: i64,
) -> Result<Vec<Stored>, Error> {
    let found = chunk::in_range(tx, key, user, metric, bucket, bucket).await?;
    Ok(found.into_rows())
}
