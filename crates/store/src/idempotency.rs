//! Requests that may come twice: the answer of the first is kept, sealed, and given to the second.

use model::ids::UserId;

use crate::database::Tx;
use crate::error::Error;
use crate::vault::PersonKey;

/// A request that began this long ago and has no answer is taken to have died with its process.
const ABANDONED_AFTER_US: i64 = 10 * 60 * 1_000_000;

/// What is known about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Never seen: do it, then call [`finish`].
    New,
    /// Done before; this was the answer.
    Replay(Vec<u8>),
    /// The same request is being done right now.
    InProgress,
    /// Another request came under the same key.
    Conflict,
}

/// Begins a request under a key that the client chose.
pub async fn begin(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    key_hash: [u8; 32],
    body_hash: [u8; 32],
    now_us: i64,
) -> Result<Begun, Error> {
    let person = key.person(user)?;
    let begun = run!(tx, connection => sqlx::query(
        "INSERT INTO idempotency (person, key_hash, body_hash, begun_us)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (person, key_hash) DO UPDATE SET begun_us = excluded.begun_us
         WHERE idempotency.sealed IS NULL AND idempotency.body_hash = excluded.body_hash
            AND idempotency.begun_us <= $5",
    )
    .bind(person)
    .bind(key_hash.to_vec())
    .bind(body_hash.to_vec())
    .bind(now_us)
    .bind(now_us.saturating_sub(ABANDONED_AFTER_US))
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    if begun > 0 {
        return Ok(Begun::New);
    }
    let (stored_hash, sealed) = run!(tx, connection => sqlx::query_as::<_, (Vec<u8>, Option<Vec<u8>>)>(
        "SELECT body_hash, sealed FROM idempotency WHERE person = $1 AND key_hash = $2",
    )
    .bind(person)
    .bind(key_hash.to_vec())
    .fetch_one(connection)
    .await)?;
    if stored_hash != body_hash {
        return Ok(Begun::Conflict);
    }
    let Some(sealed) = sealed else {
        return Ok(Begun::InProgress);
    };
    let answer = key.open_as("answer", &row_name(key, &key_hash), &sealed)?;
    Ok(Begun::Replay(answer))
}

/// Keeps the answer of a request.
pub async fn finish(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    key_hash: [u8; 32],
    answer: &[u8],
) -> Result<(), Error> {
    let person = key.lock(tx, user).await?;
    run!(tx, connection => sqlx::query(
        "UPDATE idempotency SET sealed = $3 WHERE person = $1 AND key_hash = $2",
    )
    .bind(person)
    .bind(key_hash.to_vec())
    .bind(key.seal(&row_name(key, &key_hash), answer))
    .execute(connection)
    .await
    .map(drop))?;
    Ok(())
}

/// Forgets requests that began before a time. Returns how many.
pub async fn expire(tx: &mut Tx, before_us: i64) -> Result<u64, Error> {
    let expired = run!(tx, connection => sqlx::query(
        "DELETE FROM idempotency WHERE begun_us < $1",
    )
    .bind(before_us)
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(expired)
}

fn row_name(key: &PersonKey, key_hash: &[u8; 32]) -> Vec<u8> {
    key.row_name("idempotency", key_hash)
}
