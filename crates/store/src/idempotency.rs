//! Requests that may come twice: the answer of the first is kept, sealed, and given to the second.
//!
//! Key and answer are written by the transaction that does the work, at its end: a crash leaves both or
//! neither, and there is no request that has begun and never ends.

use aws_lc_rs::digest;
use model::ids::UserId;

use crate::database::Tx;
use crate::error::Error;
use crate::vault::PersonKey;

/// Bytes of a key's hash that are stored.
const KEY_BYTES: usize = 8;

/// A request under a key that the client chose. Both are hashes of what the client sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// The key.
    pub key_hash: [u8; 32],
    /// Route and content.
    pub content_hash: [u8; 32],
}

impl Request {
    /// What finds it among a person's requests of one day: enough of the hash that no two meet by chance. Whoever
    /// makes two of their own meet is told that the key is used.
    fn found_by(&self) -> Vec<u8> {
        start_of(&self.key_hash)
    }
}

fn start_of(key_hash: &[u8; 32]) -> Vec<u8> {
    key_hash.iter().take(KEY_BYTES).copied().collect()
}

/// What is known about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// Nothing: do it, and [`keep`] its answer in the same transaction.
    New,
    /// It was done before; this was the answer.
    Answered(Vec<u8>),
    /// Another request came under the same key.
    Conflict,
}

/// Looks a request up without waiting for anyone; for requests that can be told from a repeat before
/// their work is done.
pub async fn find(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    request: &Request,
) -> Result<Known, Error> {
    let person = key.person(user)?;
    let row = run!(tx, connection => sqlx::query_as::<_, (Vec<u8>, Vec<u8>)>(
        "SELECT body_hash, sealed FROM idempotency WHERE person = $1 AND key_hash = $2",
    )
    .bind(person)
    .bind(request.found_by())
    .fetch_optional(connection)
    .await)?;
    let Some((content_hash, sealed)) = row else {
        return Ok(Known::New);
    };
    if content_hash != keyed(key, request) {
        return Ok(Known::Conflict);
    }
    let answer = key.open_as("answer", &row_name(key, &request.key_hash), &sealed)?;
    Ok(Known::Answered(answer))
}

/// Whether anything was done under this key of the client, whatever it was.
pub async fn is_used(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    key_hash: &[u8; 32],
) -> Result<bool, Error> {
    let person = key.person(user)?;
    let found = run!(tx, connection => sqlx::query_scalar::<_, i64>(
        "SELECT COUNT(*) FROM idempotency WHERE person = $1 AND key_hash = $2",
    )
    .bind(person)
    .bind(start_of(key_hash))
    .fetch_one(connection)
    .await)?;
    Ok(found > 0)
}

/// The same as [`find`], after waiting for other writers of this person: what it finds holds until the
/// transaction ends.
pub async fn begin(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    request: &Request,
) -> Result<Known, Error> {
    key.lock(tx, user).await?;
    find(tx, key, user, request).await
}

/// Keeps the answer of a request, at the end of its work. False when the key is used by now: whoever did
/// not ask [`begin`] before undoes the work and looks again with [`find`].
pub async fn keep(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    request: &Request,
    answer: &[u8],
    now_us: i64,
) -> Result<bool, Error> {
    let person = key.person(user)?;
    let written = run!(tx, connection => sqlx::query(
        "INSERT INTO idempotency (person, key_hash, body_hash, begun_us, sealed)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (person, key_hash) DO NOTHING",
    )
    .bind(person)
    .bind(request.found_by())
    .bind(keyed(key, request))
    .bind(now_us)
    .bind(key.seal(&row_name(key, &request.key_hash), answer))
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(written > 0)
}

/// Whoever holds the database must not be able to confirm a guess at a small body.
fn keyed(key: &PersonKey, request: &Request) -> Vec<u8> {
    let keyed = key.identity(&request.content_hash);
    digest::digest(&digest::SHA256, &keyed).as_ref().to_vec()
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
