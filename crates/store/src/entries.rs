//! Entries: what a person enters by hand, one sealed document each, filed by kind, metric and day.
//!
//! The id of an entry follows from the owner's key and what was entered, so that the same thing sent twice is one
//! entry. What a document says is known to nobody here; the samples that it stands for are stored as all others.

use model::ids::{EntryId, UserId};
use model::metric::MetricNo;
use model::sample::DAY_US;
use uuid::Uuid;

use crate::damage;
use crate::database::Tx;
use crate::docs::Expected;
use crate::error::Error;
use crate::vault::PersonKey;

/// Where an entry is filed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filed<'a> {
    /// What it is: `metric`, `meal`, ….
    pub kind: &'a str,
    /// The metric that it is about, where it is about one.
    pub metric: Option<MetricNo>,
    /// The instant that it is about; only its UTC day is in the clear.
    pub at_us: i64,
}

impl Filed<'_> {
    fn day(&self) -> i64 {
        self.at_us.div_euclid(DAY_US)
    }
}

/// An entry as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// The id.
    pub id: EntryId,
    /// Counts the writes, from 1.
    pub version: i64,
    /// The content.
    pub bytes: Vec<u8>,
}

/// What became of a new entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// It was stored.
    Stored,
    /// The day has as many of its kind as one may.
    Full,
}

/// Which entries are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// What they are.
    pub kind: &'a str,
    /// Those about this metric; about any without it.
    pub metric: Option<MetricNo>,
    /// Those that are about an instant from here on, give or take the rest of its UTC day.
    pub from_us: i64,
    /// And before this one, likewise.
    pub until_us: i64,
}

impl Wanted<'_> {
    /// The first and the last UTC day.
    fn days(&self) -> (i64, i64) {
        let last_us = self.until_us.saturating_sub(1);
        (self.from_us.div_euclid(DAY_US), last_us.div_euclid(DAY_US))
    }
}

type Row = (Uuid, i64, Vec<u8>);

/// The id of what a person entered.
pub fn id_of(key: &PersonKey, kind: &str, content: &[u8]) -> EntryId {
    let mut named = format!("entry {kind} ").into_bytes();
    named.extend_from_slice(content);
    EntryId::from_uuid(uuid::Builder::from_custom_bytes(key.identity(&named)).into_uuid())
}

/// Stores a new entry, unless its day has `most` of its kind already. Whether there is one of this id was looked up
/// before, with the person held.
pub async fn create(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    (id, filed): (EntryId, Filed<'_>),
    bytes: &[u8],
    most: i64,
) -> Result<Created, Error> {
    let person = key.lock(tx, user).await?;
    let stored = run!(tx, connection => sqlx::query(
        "INSERT INTO entries (person, id, kind, metric, day, version, sealed)
         SELECT $1, $2, $3, $4, $5, 1, $6
         WHERE (SELECT COUNT(*) FROM entries WHERE person = $1 AND kind = $3 AND day = $5) < $7",
    )
    .bind(person)
    .bind(id.uuid())
    .bind(filed.kind)
    .bind(filed.metric.map(|metric| i64::from(metric.0)))
    .bind(filed.day())
    .bind(key.seal(&row_name(key, id), bytes))
    .bind(most)
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(if stored > 0 {
        Created::Stored
    } else {
        Created::Full
    })
}

/// One entry of a person.
pub async fn by_id(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    kind: &str,
    id: EntryId,
) -> Result<Option<StoredEntry>, Error> {
    let person = key.person(user)?;
    let row = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT id, version, sealed FROM entries WHERE person = $1 AND kind = $2 AND id = $3",
    )
    .bind(person)
    .bind(kind)
    .bind(id.uuid())
    .fetch_optional(connection)
    .await)?;
    row.map(|row| entry(key, row)).transpose()
}

/// Writes an entry anew and returns its new version; `None` when the person has no such entry.
pub async fn replace(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    (id, filed): (EntryId, Filed<'_>),
    bytes: &[u8],
    expected: Expected,
) -> Result<Option<i64>, Error> {
    let person = key.lock(tx, user).await?;
    let current = run!(tx, connection => sqlx::query_scalar::<_, i64>(
        "SELECT version FROM entries WHERE person = $1 AND kind = $2 AND id = $3",
    )
    .bind(person)
    .bind(filed.kind)
    .bind(id.uuid())
    .fetch_optional(connection)
    .await)?;
    let Some(current) = current else {
        return Ok(None);
    };
    let fits = match expected {
        Expected::Any => true,
        Expected::Absent => false,
        Expected::Version(version) => version == current,
    };
    if !fits {
        return Err(Error::VersionConflict {
            current: Some(current),
        });
    }
    run!(tx, connection => sqlx::query(
        "UPDATE entries SET metric = $3, day = $4, version = $5, sealed = $6
         WHERE person = $1 AND id = $2",
    )
    .bind(person)
    .bind(id.uuid())
    .bind(filed.metric.map(|metric| i64::from(metric.0)))
    .bind(filed.day())
    .bind(current + 1)
    .bind(key.seal(&row_name(key, id), bytes))
    .execute(connection)
    .await
    .map(drop))?;
    Ok(Some(current + 1))
}

/// Removes an entry; returns whether there was one.
pub async fn remove(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    kind: &str,
    id: EntryId,
) -> Result<bool, Error> {
    let person = key.lock(tx, user).await?;
    let removed = run!(tx, connection => sqlx::query(
        "DELETE FROM entries WHERE person = $1 AND kind = $2 AND id = $3",
    )
    .bind(person)
    .bind(kind)
    .bind(id.uuid())
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(removed > 0)
}

/// The entries of the latest days that together have `limit`, not counting those of the last day that is asked for:
/// whole days, because a day is all that is in the clear. They come in no order.
pub async fn latest(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    wanted: Wanted<'_>,
    limit: u32,
) -> Result<Vec<StoredEntry>, Error> {
    let person = key.person(user)?;
    let (first, last) = wanted.days();
    let text = match wanted.metric {
        None => {
            "SELECT day FROM entries
             WHERE person = $1 AND kind = $2 AND $3 = -1 AND day >= $4 AND day < $5
             ORDER BY day DESC LIMIT 1 OFFSET $6"
        }
        Some(_) => {
            "SELECT day FROM entries
             WHERE person = $1 AND kind = $2 AND metric = $3 AND day >= $4 AND day < $5
             ORDER BY day DESC LIMIT 1 OFFSET $6"
        }
    };
    let from_day = run!(tx, connection => sqlx::query_scalar::<_, i64>(text)
        .bind(person)
        .bind(wanted.kind)
        .bind(metric_column(wanted))
        .bind(first)
        .bind(last)
        .bind(i64::from(limit.saturating_sub(1)))
        .fetch_optional(connection)
        .await)?;
    in_days(tx, key, user, wanted, (from_day.unwrap_or(first), last)).await
}

/// Every entry that is wanted, in no order; for ranges that are short.
pub async fn all(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    wanted: Wanted<'_>,
) -> Result<Vec<StoredEntry>, Error> {
    in_days(tx, key, user, wanted, wanted.days()).await
}

/// Everything that a person entered, by id: what comes after one, with its kind.
pub async fn after(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    after: Option<EntryId>,
    limit: u32,
) -> Result<Vec<(String, StoredEntry)>, Error> {
    let person = key.person(user)?;
    let rows = run!(tx, connection => sqlx::query_as::<_, (String, Uuid, i64, Vec<u8>)>(
        "SELECT kind, id, version, sealed FROM entries
         WHERE person = $1 AND id > $2 ORDER BY id LIMIT $3",
    )
    .bind(person)
    .bind(after.map_or(Uuid::nil(), EntryId::uuid))
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await)?;
    damage::readable(rows.into_iter().map(|(kind, id, version, sealed)| {
        let entry = entry(key, (id, version, sealed))?;
        Ok((kind, entry))
    }))
}

async fn in_days(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    wanted: Wanted<'_>,
    (first, last): (i64, i64),
) -> Result<Vec<StoredEntry>, Error> {
    let person = key.person(user)?;
    let text = match wanted.metric {
        None => {
            "SELECT id, version, sealed FROM entries
             WHERE person = $1 AND kind = $2 AND $3 = -1 AND day >= $4 AND day <= $5"
        }
        Some(_) => {
            "SELECT id, version, sealed FROM entries
             WHERE person = $1 AND kind = $2 AND metric = $3 AND day >= $4 AND day <= $5"
        }
    };
    let rows = run!(tx, connection => sqlx::query_as::<_, Row>(text)
        .bind(person)
        .bind(wanted.kind)
        .bind(metric_column(wanted))
        .bind(first)
        .bind(last)
        .fetch_all(connection)
        .await)?;
    damage::readable(rows.into_iter().map(|row| entry(key, row)))
}

/// The metric as it is bound; no metric has the number -1.
fn metric_column(wanted: Wanted<'_>) -> i64 {
    wanted.metric.map_or(-1, |metric| i64::from(metric.0))
}

fn row_name(key: &PersonKey, id: EntryId) -> Vec<u8> {
    key.row_name("entries", id.uuid().as_bytes())
}

fn entry(key: &PersonKey, (id, version, sealed): Row) -> Result<StoredEntry, Error> {
    let id = EntryId::from_uuid(id);
    Ok(StoredEntry {
        id,
        version,
        bytes: key.open_as("entry", &row_name(key, id), &sealed)?,
    })
}
