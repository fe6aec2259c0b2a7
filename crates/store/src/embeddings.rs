//! Embeddings: sealed results of the transformer about one week of one person.
//!
//! The store must never look inside: it keeps them apart by person, kind and week, and finds the one
//! that answered the same question before.

use jiff::civil::Date;
use model::ids::{AnalysisId, UserId};
use uuid::Uuid;

use crate::damage;
use crate::database::Tx;
use crate::days;
use crate::error::Error;
use crate::vault::PersonKey;

/// Who asked for an embedding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A request.
    Asked,
    /// The pipeline, for a week that is complete.
    Weekly,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Weekly => "weekly",
        }
    }
}

/// An embedding as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEmbedding {
    /// The id.
    pub id: AnalysisId,
    /// The local day on which its week begins.
    pub week: Date,
    /// SHA-256 of the file of weights that made it, in hexadecimal digits.
    pub model: String,
    /// Keyed hash of the input (see [`PersonKey::identity`]).
    pub input: [u8; 16],
    /// The content.
    pub bytes: Vec<u8>,
    /// When it was made.
    pub now_us: i64,
    /// The revision of the methods that made it, beside the weights.
    pub methods: i64,
}

type Row = (Uuid, i64, String, Vec<u8>, i64, Vec<u8>, i64);

/// Stores an embedding, over the one with the same id.
pub async fn put(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    kind: Kind,
    embedding: &StoredEmbedding,
) -> Result<(), Error> {
    let person = key.lock(tx, user).await?;
    run!(tx, connection => sqlx::query(
        "INSERT INTO embeddings (person, id, kind, week, model, input, created_us, sealed,
            methods)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (person, id) DO UPDATE SET kind = excluded.kind, week = excluded.week,
            model = excluded.model, input = excluded.input, created_us = excluded.created_us,
            sealed = excluded.sealed, methods = excluded.methods",
    )
    .bind(person)
    .bind(embedding.id.uuid())
    .bind(kind.name())
    .bind(days::number(embedding.week))
    .bind(embedding.model.as_str())
    .bind(embedding.input.as_slice())
    .bind(embedding.now_us)
    .bind(key.seal(&row_name(key, embedding.id), &embedding.bytes))
    .bind(embedding.methods)
    .execute(connection)
    .await
    .map(drop))?;
    Ok(())
}

/// The embedding with this id, whoever asked for it.
pub async fn by_id(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    id: AnalysisId,
) -> Result<Option<StoredEmbedding>, Error> {
    let person = key.person(user)?;
    let row = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT id, week, model, input, created_us, sealed, methods FROM embeddings
         WHERE person = $1 AND id = $2",
    )
    .bind(person)
    .bind(id.uuid())
    .fetch_optional(connection)
    .await)?;
    row.map(|row| embedding(key, row)).transpose()
}

/// The latest embedding of a kind of the same input by methods not older than `methods`.
pub async fn by_input(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    kind: Kind,
    (input, methods): ([u8; 16], i64),
) -> Result<Option<StoredEmbedding>, Error> {
    let person = key.person(user)?;
    let row = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT id, week, model, input, created_us, sealed, methods FROM embeddings
         WHERE person = $1 AND kind = $2 AND input = $3 AND methods >= $4
         ORDER BY created_us DESC, id DESC LIMIT 1",
    )
    .bind(person)
    .bind(kind.name())
    .bind(input.as_slice())
    .bind(methods)
    .fetch_optional(connection)
    .await)?;
    row.map(|row| embedding(key, row)).transpose()
}

/// Which weeks: those of a model that begin in `[from, until)`.
#[derive(Debug, Clone, Copy)]
pub struct Weeks<'a> {
    /// SHA-256 of the model's file.
    pub model: &'a str,
    /// First day on which a week may begin.
    pub from: Date,
    /// The day after the last one.
    pub until: Date,
}

/// Embeddings of a kind by a model, earliest week first.
pub async fn in_weeks(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    kind: Kind,
    weeks: Weeks<'_>,
) -> Result<Vec<StoredEmbedding>, Error> {
    let person = key.person(user)?;
    let rows = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT id, week, model, input, created_us, sealed, methods FROM embeddings
         WHERE person = $1 AND kind = $2 AND model = $3 AND week >= $4 AND week < $5
         ORDER BY week, created_us, id",
    )
    .bind(person)
    .bind(kind.name())
    .bind(weeks.model)
    .bind(days::number(weeks.from))
    .bind(days::number(weeks.until))
    .fetch_all(connection)
    .await)?;
    damage::readable(rows.into_iter().map(|row| embedding(key, row)))
}

/// The latest embedding of each week of a kind that begins in `[from, until)`, by whatever model,
/// earliest week first.
pub async fn latest_of_weeks(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    kind: Kind,
    from: Date,
    until: Date,
) -> Result<Vec<StoredEmbedding>, Error> {
    let person = key.person(user)?;
    let rows = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT id, week, model, input, created_us, sealed, methods FROM embeddings AS one
         WHERE person = $1 AND kind = $2 AND week >= $3 AND week < $4 AND NOT EXISTS (
            SELECT 1 FROM embeddings AS other
            WHERE other.person = one.person AND other.kind = one.kind AND other.week = one.week
                AND (other.created_us > one.created_us
                    OR (other.created_us = one.created_us AND other.id > one.id)))
         ORDER BY week",
    )
    .bind(person)
    .bind(kind.name())
    .bind(days::number(from))
    .bind(days::number(until))
    .fetch_all(connection)
    .await)?;
    damage::readable(rows.into_iter().map(|row| embedding(key, row)))
}

/// The days on which weeks begin that have an embedding of a kind by a model and a revision of the
/// methods not older than `methods`, in order.
pub async fn held(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    kind: Kind,
    (model, methods): (&str, i64),
) -> Result<Vec<Date>, Error> {
    let person = key.person(user)?;
    let weeks = run!(tx, connection => sqlx::query_scalar::<_, i64>(
        "SELECT DISTINCT week FROM embeddings
         WHERE person = $1 AND kind = $2 AND model = $3 AND methods >= $4 ORDER BY week",
    )
    .bind(person)
    .bind(kind.name())
    .bind(model)
    .bind(methods)
    .fetch_all(connection)
    .await)?;
    Ok(weeks.into_iter().map(days::from_number).collect())
}

/// Removes the embeddings of a kind whose week begins in `[from, until)`; returns how many.
pub async fn remove(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    kind: Kind,
    from: Date,
    until: Date,
) -> Result<u64, Error> {
    let person = key.lock(tx, user).await?;
    let removed = run!(tx, connection => sqlx::query(
        "DELETE FROM embeddings WHERE person = $1 AND kind = $2 AND week >= $3 AND week < $4",
    )
    .bind(person)
    .bind(kind.name())
    .bind(days::number(from))
    .bind(days::number(until))
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(removed)
}

/// Removes the embeddings of a kind of the week that begins on a day which older methods made.
pub async fn remove_older(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    kind: Kind,
    week: Date,
    methods: i64,
) -> Result<(), Error> {
    let person = key.lock(tx, user).await?;
    run!(tx, connection => sqlx::query(
        "DELETE FROM embeddings WHERE person = $1 AND kind = $2 AND week = $3 AND methods < $4",
    )
    .bind(person)
    .bind(kind.name())
    .bind(days::number(week))
    .bind(methods)
    .execute(connection)
    .await
    .map(drop))?;
    Ok(())
}

fn row_name(key: &PersonKey, id: AnalysisId) -> Vec<u8> {
    key.row_name("embeddings", id.uuid().as_bytes())
}

fn embedding(key: &PersonKey, row: Row) -> Result<StoredEmbedding, Error> {
    let (id, week, model, input, now_us, sealed, methods) = row;
    let id = AnalysisId::from_uuid(id);
    let damaged = || Error::Damaged { what: "embedding" };
    Ok(StoredEmbedding {
        id,
        week: days::from_number(week),
        model,
        input: input.try_into().map_err(|_| damaged())?,
        bytes: key.open_as("embedding", &row_name(key, id), &sealed)?,
        now_us,
        methods,
    })
}
