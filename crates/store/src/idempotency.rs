//! Requests that may come twice: the answer of the first is kept, sealed, and given to the second.
//!
//! Key and answer are written by the transaction that does the work, at its end: a crash leaves both or
//! neither, and there is no request that has begun and never ends.

use std::collections::HashMap;

use aws_lc_rs::digest;
use model::ids::UserId;

use crate::database::{Tx, rows_statement};
use crate::error::Error;
use crate::vault::PersonKey;

/// Bytes of a key's hash that are stored.
const KEY_BYTES: usize = 8;
/// Requests of one statement; a power of two.
const AT_ONCE: usize = 64;

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

/// A request of a person, to be looked up or kept beside others.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Whose it is.
    pub user: UserId,
    /// Their key.
    pub key: &'a PersonKey,
    /// What they sent.
    pub request: &'a Request,
}

impl Asked<'_> {
    /// Whether both came under one key of one person.
    pub fn is_under_key_of(&self, other: &Self) -> bool {
        self.user == other.user && self.request.found_by() == other.request.found_by()
    }

    fn known(&self, (content_hash, sealed): &(Vec<u8>, Vec<u8>)) -> Result<Known, Error> {
        if *content_hash != keyed(self.key, self.request) {
            return Ok(Known::Conflict);
        }
        let name = row_name(self.key, &self.request.key_hash);
        Ok(Known::Answered(self.key.open_as("answer", &name, sealed)?))
    }
}

/// Looks a request up without waiting for anyone; for requests that can be told from a repeat before
/// their work is done.
pub async fn find(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    request: &Request,
) -> Result<Known, Error> {
    let found = find_all(tx, &[Asked { user, key, request }]).await?;
    found.into_iter().next().unwrap_or(Ok(Known::New))
}

/// Looks several requests up, of one person or of many. Returns what is known of each, in order; a damaged row is
/// the error of its own request alone.
pub async fn find_all(
    tx: &mut Tx,
    asked: &[Asked<'_>],
) -> Result<Vec<Result<Known, Error>>, Error> {
    let mut known = Vec::with_capacity(asked.len());
    for slice in asked.chunks(AT_ONCE) {
        let rows = find_rows(tx, slice).await?;
        for one in slice {
            let place = (one.key.person(one.user)?, one.request.found_by());
            known.push(match rows.get(&place) {
                None => Ok(Known::New),
                Some(row) => one.known(row),
            });
        }
    }
    Ok(known)
}

/// Content and sealed answer by person and key.
type Rows = HashMap<(i64, Vec<u8>), (Vec<u8>, Vec<u8>)>;

async fn find_rows(tx: &mut Tx, asked: &[Asked<'_>]) -> Result<Rows, Error> {
    let Some(last) = asked.last() else {
        return Ok(Rows::new());
    };
    let length = filled_up(asked.len());
    let text = rows_statement(
        "SELECT person, key_hash, body_hash, sealed FROM idempotency
         WHERE (person, key_hash) IN (VALUES",
        2,
        length,
        ")",
    );
    let mut places = Vec::with_capacity(length);
    for one in asked.iter().chain(std::iter::repeat(last)).take(length) {
        places.push((one.key.person(one.user)?, one.request.found_by()));
    }
    let rows = run!(tx, connection => {
        let mut query = sqlx::query_as::<_, (i64, Vec<u8>, Vec<u8>, Vec<u8>)>(text);
        for (person, found_by) in places {
            query = query.bind(person).bind(found_by);
        }
        query.fetch_all(connection).await
    })?;
    Ok(rows
        .into_iter()
        .map(|(person, found_by, content, sealed)| ((person, found_by), (content, sealed)))
        .collect())
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
    keep_all(tx, &[(Asked { user, key, request }, answer)], now_us).await
}

/// Keeps the answers of several requests, each under a key of its own. False when one of the keys is used by
/// now: the whole transaction is begun again.
pub async fn keep_all(
    tx: &mut Tx,
    answers: &[(Asked<'_>, &[u8])],
    now_us: i64,
) -> Result<bool, Error> {
    let mut written = 0;
    for slice in answers.chunks(AT_ONCE) {
        let mut rows = Vec::with_capacity(slice.len());
        for (Asked { user, key, request }, answer) in slice {
            rows.push((
                key.person(*user)?,
                request.found_by(),
                keyed(key, request),
                key.seal(&row_name(key, &request.key_hash), answer),
            ));
        }
        written += insert(tx, &rows, now_us).await?;
    }
    Ok(written == answers.len() as u64)
}

/// Person, key, content, sealed answer.
type Row = (i64, Vec<u8>, Vec<u8>, Vec<u8>);

async fn insert(tx: &mut Tx, rows: &[Row], now_us: i64) -> Result<u64, Error> {
    let Some(last) = rows.last() else {
        return Ok(0);
    };
    let length = filled_up(rows.len());
    let text = rows_statement(
        "INSERT INTO idempotency (person, key_hash, body_hash, begun_us, sealed) VALUES",
        5,
        length,
        "ON CONFLICT (person, key_hash) DO NOTHING",
    );
    let written = run!(tx, connection => {
        let mut query = sqlx::query(text);
        for (person, found_by, content, sealed) in rows.iter().chain(std::iter::repeat(last)).take(length) {
            query = query.bind(person).bind(found_by).bind(content).bind(now_us).bind(sealed);
        }
        query.execute(connection).await.map(|done| done.rows_affected())
    })?;
    Ok(written)
}

/// Rows of a statement for so many: few lengths keep the cache of prepared statements small, and the last row,
/// said again, does nothing.
const fn filled_up(rows: usize) -> usize {
    rows.next_power_of_two()
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
