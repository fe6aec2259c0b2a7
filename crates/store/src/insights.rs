//! Insights: sealed texts about one day of one person, and who wrote them.

use jiff::civil::Date;
use model::ids::{InsightId, UserId};
use uuid::Uuid;

use crate::damage;
use crate::database::Tx;
use crate::days;
use crate::error::Error;
use crate::vault::PersonKey;

/// An insight as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredInsight {
    /// The id.
    pub id: InsightId,
    /// What kind it is.
    pub kind: String,
    /// The local day that it is about.
    pub day: Date,
    /// Who wrote it: a model, or the rules.
    pub source: String,
    /// The content.
    pub bytes: Vec<u8>,
    /// When it was written.
    pub now_us: i64,
    /// The revision of the methods that made it.
    pub methods: i64,
}

type Row = (Uuid, String, i64, String, i64, Vec<u8>, i64);

/// Stores an insight, over the one with the same id.
pub async fn put(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    insight: &StoredInsight,
) -> Result<(), Error> {
    let person = key.lock(tx, user).await?;
    run!(tx, connection => sqlx::query(
        "INSERT INTO insights (person, id, kind, day, source, created_us, sealed, methods)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (person, id) DO UPDATE SET kind = excluded.kind, day = excluded.day,
            source = excluded.source, created_us = excluded.created_us, sealed = excluded.sealed,
            methods = excluded.methods",
    )
    .bind(person)
    .bind(insight.id.uuid())
    .bind(insight.kind.as_str())
    .bind(days::number(insight.day))
    .bind(insight.source.as_str())
    .bind(insight.now_us)
    .bind(key.seal(&row_name(key, insight.id), &insight.bytes))
    .bind(insight.methods)
    .execute(connection)
    .await
    .map(drop))?;
    Ok(())
}

/// Stores an insight unless there is one of its kind about its day; says whether it did.
pub async fn put_first(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    insight: &StoredInsight,
) -> Result<bool, Error> {
    key.lock(tx, user).await?;
    if latest(tx, key, user, &insight.kind, insight.day)
        .await?
        .is_some()
    {
        return Ok(false);
    }
    put(tx, key, user, insight).await?;
    Ok(true)
}

/// The insight with this id.
pub async fn by_id(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    id: InsightId,
) -> Result<Option<StoredInsight>, Error> {
    let person = key.person(user)?;
    let row = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT id, kind, day, source, created_us, sealed, methods FROM insights
         WHERE person = $1 AND id = $2",
    )
    .bind(person)
    .bind(id.uuid())
    .fetch_optional(connection)
    .await)?;
    row.map(|row| insight(key, row)).transpose()
}

/// The latest insight of a kind about a day.
pub async fn latest(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    kind: &str,
    day: Date,
) -> Result<Option<StoredInsight>, Error> {
    let person = key.person(user)?;
    let row = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT id, kind, day, source, created_us, sealed, methods FROM insights
         WHERE person = $1 AND kind = $2 AND day = $3 ORDER BY created_us DESC, id DESC LIMIT 1",
    )
    .bind(person)
    .bind(kind)
    .bind(days::number(day))
    .fetch_optional(connection)
    .await)?;
    row.map(|row| insight(key, row)).transpose()
}

/// Where a list of insights goes on: after this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// When it was written.
    pub created_us: i64,
    /// Its id.
    pub id: InsightId,
}

/// Insights, newest first, after the given one.
pub async fn list(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    after: Option<After>,
    limit: u32,
) -> Result<Vec<StoredInsight>, Error> {
    let person = key.person(user)?;
    let (created_us, id) = after.map_or((i64::MAX, Uuid::max()), |after| {
        (after.created_us, after.id.uuid())
    });
    let rows = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT id, kind, day, source, created_us, sealed, methods FROM insights
         WHERE person = $1 AND (created_us < $2 OR (created_us = $2 AND id < $3))
         ORDER BY created_us DESC, id DESC LIMIT $4",
    )
    .bind(person)
    .bind(created_us)
    .bind(id)
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await)?;
    damage::readable(rows.into_iter().map(|row| insight(key, row)))
}

/// Removes the insights of a kind about a day.
pub async fn remove(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    kind: &str,
    day: Date,
) -> Result<(), Error> {
    let person = key.lock(tx, user).await?;
    run!(tx, connection => sqlx::query(
        "DELETE FROM insights WHERE person = $1 AND kind = $2 AND day = $3",
    )
    .bind(person)
    .bind(kind)
    .bind(days::number(day))
    .execute(connection)
    .await
    .map(drop))?;
    Ok(())
}

fn row_name(key: &PersonKey, id: InsightId) -> Vec<u8> {
    key.row_name("insights", id.uuid().as_bytes())
}

fn insight(key: &PersonKey, row: Row) -> Result<StoredInsight, Error> {
    let (id, kind, day, source, now_us, sealed, methods) = row;
    let id = InsightId::from_uuid(id);
    Ok(StoredInsight {
        id,
        kind,
        day: days::from_number(day),
        source,
        bytes: key.open_as("insight", &row_name(key, id), &sealed)?,
        now_us,
        methods,
    })
}
