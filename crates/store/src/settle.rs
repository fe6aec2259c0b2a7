//! Putting right what was stored before the rule of one measurement through many doors: rows that are twins
//! become one, and what was deleted through one door goes from the other, as if they had come in under the rule.
//!
//! Looking needs no lock: what is apart is found by a reading transaction, and a writing one does the few
//! buckets that it is given. Doing it again changes nothing.

use model::ids::UserId;
use model::metric::MetricNo;
use rustc_hash::FxHashSet;

use crate::chunk::{self, Pages, Place, Writes};
use crate::database::Tx;
use crate::error::Error;
use crate::joining;
use crate::merge::{self, Bringer, Identity, twin};
use crate::samples::ChangedHours;
use crate::tombstone;
use crate::uploads::{self, UploadNo};
use crate::vault::PersonKey;

/// Stored samples of one metric of which some are the same measurement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apart {
    /// The metric.
    pub metric: MetricNo,
    /// The bucket they are in.
    pub bucket: i64,
}

/// What was put right.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settled {
    /// Rows that became part of another one, by metric.
    pub by_metric: Vec<(MetricNo, u64)>,
    /// Rows of an export whose object was deleted through another door since.
    pub deleted: u64,
    /// What must be derived again.
    pub changed: ChangedHours,
}

/// Where samples that are the same measurement are stored apart.
pub async fn find(tx: &mut Tx, key: &PersonKey, user: UserId) -> Result<Vec<Apart>, Error> {
    let person = key.person(user)?;
    let bringer = bringer(tx, user).await?;
    let mut apart = Vec::new();
    for metric in chunk::metrics(tx, person).await? {
        let deleted = tombstone::dated(tx, key, person, metric).await?;
        let mut pages = Pages::new(metric);
        while let Some(chunks) = pages.next(tx, key, user).await? {
            for chunk in chunks {
                let mut rows = chunk.rows;
                let joined = twin::settle(&mut rows, &bringer);
                if joined > 0 || !twin::take_deleted(&mut rows, &deleted, &bringer).is_empty() {
                    let bucket = chunk.bucket;
                    apart.push(Apart { metric, bucket });
                }
                tokio::task::yield_now().await;
            }
        }
    }
    Ok(apart)
}

/// Joins the samples that are the same measurement in some buckets, in the caller's transaction.
pub async fn samples(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    apart: &[Apart],
) -> Result<Settled, Error> {
    let person = key.lock(tx, user).await?;
    let bringer = bringer(tx, user).await?;
    let mut settled = Settled::default();
    let mut writes = Writes::default();
    for Apart { metric, bucket } in apart {
        let deleted = tombstone::dated(tx, key, person, *metric).await?;
        let found = chunk::in_range(tx, key, user, *metric, *bucket, *bucket).await?;
        for chunk in found.chunks {
            let mut rows = chunk.rows.clone();
            let joined = twin::settle(&mut rows, &bringer);
            let gone = twin::take_deleted(&mut rows, &deleted, &bringer);
            if joined == 0 && gone.is_empty() {
                continue;
            }
            settled.deleted += gone.len() as u64;
            let mut hours = Vec::new();
            let kept: FxHashSet<Identity> = rows
                .iter()
                .map(|row| merge::identity(&row.sample))
                .collect();
            let gone = chunk.rows.iter().map(|row| &row.sample);
            for sample in gone.filter(|sample| !kept.contains(&merge::identity(sample))) {
                merge::push_hours(&mut hours, sample);
            }
            settled.changed.add(*metric, hours);
            match settled.by_metric.last_mut() {
                _ if joined == 0 => {}
                Some((last, count)) if last == metric => *count += joined,
                Some(_) | None => settled.by_metric.push((*metric, joined)),
            }
            let (metric, bucket) = (*metric, *bucket);
            writes.push(key, Place { metric, bucket }, chunk.rows.len(), &rows)?;
        }
        if writes.is_batch() {
            writes.flush(tx, person).await?;
        }
    }
    writes.flush(tx, person).await?;
    Ok(settled)
}

/// Joins the records that are the same document, in the caller's transaction. Returns how many became part of
/// another one, by kind.
pub async fn records(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
) -> Result<Vec<(String, u64)>, Error> {
    let person = key.lock(tx, user).await?;
    let bringer = bringer(tx, user).await?;
    joining::settle(tx, key, (user, person), &bringer).await
}

/// Ranks the person's snapshots; no upload is on its way.
async fn bringer(tx: &mut Tx, user: UserId) -> Result<Bringer, Error> {
    let snapshots = uploads::snapshots(tx, user).await?;
    Ok(Bringer::new(UploadNo(0), None, &snapshots))
}
