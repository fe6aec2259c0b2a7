//! Goals: what a person wants to reach, one sealed document each, with a version for optimistic writes.
//!
//! What a goal says is known to nobody here, so filters and orders are the caller's; a person has few.

use model::ids::{GoalId, UserId};
use uuid::Uuid;

use crate::damage;
use crate::database::Tx;
use crate::docs::Expected;
use crate::error::Error;
use crate::vault::PersonKey;

/// A goal as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredGoal {
    /// The id.
    pub id: GoalId,
    /// Counts the writes, from 1.
    pub version: i64,
    /// When it was made.
    pub created_us: i64,
    /// The content.
    pub bytes: Vec<u8>,
}

type Row = (Uuid, i64, i64, Vec<u8>);

/// Stores a new goal, unless the person has `most` already; returns whether it was stored.
pub async fn create(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    (id, created_us): (GoalId, i64),
    bytes: &[u8],
    most: i64,
) -> Result<bool, Error> {
    let person = key.lock(tx, user).await?;
    let created = run!(tx, connection => sqlx::query(
        "INSERT INTO goals (person, id, version, created_us, sealed)
         SELECT $1, $2, 1, $3, $4
         WHERE (SELECT COUNT(*) FROM goals WHERE person = $1) < $5",
    )
    .bind(person)
    .bind(id.uuid())
    .bind(created_us)
    .bind(key.seal(&row_name(key, id), bytes))
    .bind(most)
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(created > 0)
}

/// Every goal of a person, newest first.
pub async fn list(tx: &mut Tx, key: &PersonKey, user: UserId) -> Result<Vec<StoredGoal>, Error> {
    let person = key.person(user)?;
    let rows = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT id, version, created_us, sealed FROM goals
         WHERE person = $1 ORDER BY created_us DESC, id DESC",
    )
    .bind(person)
    .fetch_all(connection)
    .await)?;
    damage::readable(rows.into_iter().map(|row| goal(key, row)))
}

/// One goal of a person.
pub async fn by_id(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    id: GoalId,
) -> Result<Option<StoredGoal>, Error> {
    let person = key.person(user)?;
    let row = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT id, version, created_us, sealed FROM goals WHERE person = $1 AND id = $2",
    )
    .bind(person)
    .bind(id.uuid())
    .fetch_optional(connection)
    .await)?;
    row.map(|row| goal(key, row)).transpose()
}

/// Writes a goal anew and returns its new version; `None` when the person has no such goal.
pub async fn replace(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    id: GoalId,
    bytes: &[u8],
    expected: Expected,
) -> Result<Option<i64>, Error> {
    let Some(current) = checked(tx, key, user, id, expected).await? else {
        return Ok(None);
    };
    let person = key.person(user)?;
    run!(tx, connection => sqlx::query(
        "UPDATE goals SET version = $3, sealed = $4 WHERE person = $1 AND id = $2",
    )
    .bind(person)
    .bind(id.uuid())
    .bind(current + 1)
    .bind(key.seal(&row_name(key, id), bytes))
    .execute(connection)
    .await
    .map(drop))?;
    Ok(Some(current + 1))
}

/// Removes a goal; returns whether there was one.
pub async fn remove(tx: &mut Tx, key: &PersonKey, user: UserId, id: GoalId) -> Result<bool, Error> {
    let person = key.lock(tx, user).await?;
    let removed = run!(tx, connection => sqlx::query(
        "DELETE FROM goals WHERE person = $1 AND id = $2",
    )
    .bind(person)
    .bind(id.uuid())
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(removed > 0)
}

/// The version of a goal, with the person locked; an error when it is not the one that is expected.
async fn checked(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    id: GoalId,
    expected: Expected,
) -> Result<Option<i64>, Error> {
    let person = key.lock(tx, user).await?;
    let current = run!(tx, connection => sqlx::query_scalar::<_, i64>(
        "SELECT version FROM goals WHERE person = $1 AND id = $2",
    )
    .bind(person)
    .bind(id.uuid())
    .fetch_optional(connection)
    .await)?;
    let fits = match (expected, current) {
        (_, None) | (Expected::Any, _) => true,
        (Expected::Absent, Some(_)) => false,
        (Expected::Version(version), Some(current)) => version == current,
    };
    if fits {
        Ok(current)
    } else {
        Err(Error::VersionConflict { current })
    }
}

fn row_name(key: &PersonKey, id: GoalId) -> Vec<u8> {
    key.row_name("goals", id.uuid().as_bytes())
}

fn goal(key: &PersonKey, (id, version, created_us, sealed): Row) -> Result<StoredGoal, Error> {
    let id = GoalId::from_uuid(id);
    Ok(StoredGoal {
        id,
        version,
        created_us,
        bytes: key.open_as("goal", &row_name(key, id), &sealed)?,
    })
}
