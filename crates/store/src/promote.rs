//! Promotion: samples that a person kept under a number of their own move to the catalogue's row, once
//! there is one.
//!
//! A sample keeps its object id, its uploads and its context; its value is converted, and its chunk is
//! sealed anew under its new place. What does not fit the row stays where it is: nothing is lost. Which
//! type means which row is the caller's to know.

use std::collections::BTreeMap;

use model::ids::UserId;
use model::metric::MetricNo;
use rustc_hash::FxHashSet;

use crate::chunk::{self, Pages, Place, Writes};
use crate::codec::Stored;
use crate::database::Tx;
use crate::error::Error;
use crate::merge;
use crate::samples::ChangedHours;
use crate::tombstone;
use crate::uploads::UploadNo;
use crate::vault::PersonKey;

/// One of a person's own types that has a row now.
pub struct Move<'a> {
    /// The person's own number.
    pub from: MetricNo,
    /// The catalogue's number.
    pub to: MetricNo,
    /// A stored value in the unit of the row; `None` when it does not fit.
    pub value: &'a (dyn Fn(f64) -> Option<f64> + Send + Sync),
}

impl std::fmt::Debug for Move<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Move")
            .field("from", &self.from)
            .field("to", &self.to)
            .finish_non_exhaustive()
    }
}

/// What promotion did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Promoted {
    /// Samples that are under the catalogue's number now.
    pub moved: u64,
    /// Samples whose value does not fit; they stay under the person's own number.
    pub kept: u64,
    /// What must be derived again.
    pub changed: ChangedHours,
}

/// Moves everything that is stored of a person under the given numbers, in the caller's transaction.
pub async fn promote(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    moves: &[Move<'_>],
) -> Result<Promoted, Error> {
    let person = key.lock(tx, user).await?;
    let mut promoted = Promoted::default();
    for one in moves {
        let mut moving = Moving {
            key,
            user,
            person,
            known: known_objects(tx, key, user, one.to).await?,
            one,
        };
        moving.run(tx, &mut promoted).await?;
        tombstone::promote(tx, key, person, (one.from, one.to), one.value).await?;
    }
    Ok(promoted)
}

/// The objects of which the row has a version already: it came later and is the one that counts.
async fn known_objects(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    metric: MetricNo,
) -> Result<FxHashSet<u64>, Error> {
    let mut known = FxHashSet::default();
    let mut pages = Pages::new(metric);
    while let Some(chunks) = pages.next(tx, key, user).await? {
        let rows = chunks.iter().flat_map(|chunk| &chunk.rows);
        known.extend(rows.filter_map(|row| row.sample.uid.map(std::num::NonZeroU64::get)));
    }
    Ok(known)
}

/// One type on its way.
struct Moving<'a> {
    key: &'a PersonKey,
    user: UserId,
    person: i64,
    known: FxHashSet<u64>,
    one: &'a Move<'a>,
}

impl Moving<'_> {
    async fn run(&mut self, tx: &mut Tx, promoted: &mut Promoted) -> Result<(), Error> {
        let (from, to) = (self.one.from, self.one.to);
        let mut hours = Vec::new();
        let mut pages = Pages::new(from);
        while let Some(chunks) = pages.next(tx, self.key, self.user).await? {
            for chunk in chunks {
                let stored = chunk.rows.len();
                let (fitting, kept) = self.split(chunk.rows);
                promoted.kept += kept.len() as u64;
                if fitting.is_empty() {
                    continue;
                }
                promoted.moved += fitting.len() as u64;
                for row in &fitting {
                    merge::push_hours(&mut hours, &row.sample);
                }
                let mut writes = Writes::default();
                let bucket = chunk.bucket;
                writes.push(
                    self.key,
                    Place {
                        metric: from,
                        bucket,
                    },
                    stored,
                    &kept,
                )?;
                for (bucket, rows) in self.by_bucket(fitting) {
                    let there =
                        chunk::in_range(tx, self.key, self.user, to, bucket, bucket).await?;
                    for (bucket, samples) in &there.damaged {
                        let place = Place {
                            metric: to,
                            bucket: *bucket,
                        };
                        let by = (*samples, UploadNo::default());
                        writes.set_aside(tx, self.person, place, by).await?;
                    }
                    let there = there.into_rows();
                    let stored = there.len();
                    let all = merge::join(there, rows);
                    writes.push(self.key, Place { metric: to, bucket }, stored, &all)?;
                }
                writes.flush(tx, self.person).await?;
            }
        }
        hours.sort_unstable();
        hours.dedup();
        promoted.changed.add(from, hours.clone());
        promoted.changed.add(to, hours);
        Ok(())
    }

    /// The rows that fit, converted, and those that stay.
    fn split(&self, rows: Vec<Stored>) -> (Vec<Stored>, Vec<Stored>) {
        let (mut fitting, mut kept) = (Vec::new(), Vec::new());
        for mut row in rows {
            match (self.one.value)(row.sample.value) {
                Some(value) => {
                    row.sample.value = value;
                    fitting.push(row);
                }
                None => kept.push(row),
            }
        }
        (fitting, kept)
    }

    fn by_bucket(&self, rows: Vec<Stored>) -> BTreeMap<i64, Vec<Stored>> {
        let mut buckets: BTreeMap<i64, Vec<Stored>> = BTreeMap::new();
        for row in rows {
            let uid = row.sample.uid.map(std::num::NonZeroU64::get);
            if uid.is_some_and(|uid| self.known.contains(&uid)) {
                continue;
            }
            let bucket = chunk::bucket_at(self.one.to, row.sample.start_us);
            buckets.entry(bucket).or_default().push(row);
        }
        buckets
    }
}
