//! The audit log: one chain of entries for each person, so that nobody's volume slows anybody else.
//!
//! An entry is sealed under the person's key and bound to its place; its hash covers the hash of the one before, and
//! the head that says how far the chain goes is bound under the master key. Entries are only ever added, and go only
//! with an erasure. What an entry says is the caller's business; a health value must never be in one.

mod checkpoint;
mod verify;

use aws_lc_rs::digest::{Context, SHA256};
use model::ids::UserId;

use crate::damage;
use crate::database::Tx;
use crate::error::Error;
use crate::vault::{PersonKey, Vault};

pub use checkpoint::{Checkpointed, Seals, checkpoint};
pub use verify::{Broken, Verified, Why, verify};

const TABLE: &str = "audit";
const HEADS: &str = "audit_heads";
const HASH_BYTES: usize = 32;

/// An entry of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the chain, from 1.
    pub seq: i64,
    /// What it says, in the caller's form.
    pub bytes: Vec<u8>,
    /// Its hash, which covers everything before it.
    pub hash: Vec<u8>,
}

/// How far a chain goes.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
struct Head {
    /// The first entry that is there; those before went with an erasure.
    first: i64,
    /// The hash of the entry before the first.
    base: Vec<u8>,
    /// The last entry.
    seq: i64,
    /// Its hash.
    hash: Vec<u8>,
    bound: Vec<u8>,
}

impl Head {
    fn empty(vault: &Vault, user: UserId) -> Self {
        let head = Self {
            first: 1,
            base: vec![0; HASH_BYTES],
            seq: 0,
            hash: vec![0; HASH_BYTES],
            bound: Vec::new(),
        };
        head.bind(vault, user)
    }

    fn bind(mut self, vault: &Vault, user: UserId) -> Self {
        self.bound = self.with_columns(user, |columns| vault.bind(HEADS, columns));
        self
    }

    fn is_bound(&self, vault: &Vault, user: UserId) -> bool {
        let bound = Some(self.bound.as_slice());
        self.with_columns(user, |columns| vault.is_bound(bound, HEADS, columns))
    }

    fn with_columns<T>(&self, user: UserId, then: impl FnOnce(&[&[u8]]) -> T) -> T {
        then(&[
            user.uuid().as_bytes(),
            &self.first.to_le_bytes(),
            &self.base,
            &self.seq.to_le_bytes(),
            &self.hash,
        ])
    }
}

/// The hash of an entry: of the chain so far, of whose it is, of its place and of what it says.
fn link(before: &[u8], user: UserId, seq: i64, sealed: &[u8]) -> Vec<u8> {
    let mut context = Context::new(&SHA256);
    for part in [
        b"clarity audit entry".as_slice(),
        before,
        user.uuid().as_bytes(),
        &seq.to_le_bytes(),
        sealed,
    ] {
        context.update(part);
    }
    context.finish().as_ref().to_vec()
}

fn row_name(key: &PersonKey, seq: i64) -> Vec<u8> {
    key.row_name(TABLE, &seq.to_le_bytes())
}

/// Adds entries to a person's chain, in order. Whoever else adds to it waits until the transaction ends. Errors where
/// the head was changed by somebody else: nothing may be accessed unseen.
pub async fn append(
    tx: &mut Tx,
    vault: &Vault,
    user: UserId,
    entries: &[&[u8]],
) -> Result<(), Error> {
    let mut head = locked(tx, vault, user).await?;
    // After the chain is locked: an erasure that replaced the key holds it too.
    let key = vault.person_key(tx, user).await?;
    let person = key.person(user)?;
    for bytes in entries {
        let seq = head.seq + 1;
        let sealed = key.seal(&row_name(&key, seq), bytes);
        let hash = link(&head.hash, user, seq, &sealed);
        run!(tx, connection => sqlx::query(
            "INSERT INTO audit (person, seq, sealed, hash) VALUES ($1, $2, $3, $4)",
        )
        .bind(person)
        .bind(seq)
        .bind(sealed)
        .bind(hash.as_slice())
        .execute(connection)
        .await
        .map(drop))?;
        head.seq = seq;
        head.hash = hash;
    }
    put(tx, person, &head.bind(vault, user)).await
}

/// The head of a chain, kept from other writers until the transaction ends. Begins the chain where there is none.
async fn locked(tx: &mut Tx, vault: &Vault, user: UserId) -> Result<Head, Error> {
    const SQLITE: &str = "SELECT first, base, seq, hash, bound FROM audit_heads
         WHERE person = (SELECT no FROM persons WHERE id = $1)";
    const POSTGRES: &str = "SELECT first, base, seq, hash, bound FROM audit_heads
         WHERE person = (SELECT no FROM persons WHERE id = $1) FOR UPDATE";
    let text = match tx {
        Tx::Sqlite(_) => SQLITE,
        Tx::Postgres(_) => POSTGRES,
    };
    let find = async |tx: &mut Tx| -> Result<Option<Head>, Error> {
        Ok(run!(tx, connection => sqlx::query_as::<_, Head>(text)
            .bind(user.uuid())
            .fetch_optional(connection)
            .await)?)
    };
    let found = if let Some(head) = find(tx).await? {
        Some(head)
    } else {
        begin(tx, &Head::empty(vault, user), user).await?;
        find(tx).await?
    };
    let head = found.ok_or(Error::PersonUnknown)?;
    if head.is_bound(vault, user) {
        return Ok(head);
    }
    metrics::counter!("clarity_rows_refused_total", "table" => HEADS).increment(1);
    tracing::error!(
        "the head of an audit chain was changed by somebody else; run clarity audit verify"
    );
    Err(Error::Damaged {
        what: "audit chain",
    })
}

async fn begin(tx: &mut Tx, head: &Head, user: UserId) -> Result<(), Error> {
    run!(tx, connection => sqlx::query(
        "INSERT INTO audit_heads (person, first, base, seq, hash, bound)
         SELECT no, $2, $3, $4, $5, $6 FROM persons WHERE id = $1
         ON CONFLICT (person) DO NOTHING",
    )
    .bind(user.uuid())
    .bind(head.first)
    .bind(head.base.as_slice())
    .bind(head.seq)
    .bind(head.hash.as_slice())
    .bind(head.bound.as_slice())
    .execute(connection)
    .await
    .map(drop))?;
    Ok(())
}

async fn put(tx: &mut Tx, person: i64, head: &Head) -> Result<(), Error> {
    run!(tx, connection => sqlx::query(
        "UPDATE audit_heads SET first = $2, base = $3, seq = $4, hash = $5, bound = $6
         WHERE person = $1",
    )
    .bind(person)
    .bind(head.first)
    .bind(head.base.as_slice())
    .bind(head.seq)
    .bind(head.hash.as_slice())
    .bind(head.bound.as_slice())
    .execute(connection)
    .await
    .map(drop))?;
    Ok(())
}

/// Keeps others from adding to a chain whose person is about to be erased: they hold the head when they look at the
/// person, so whoever erases takes it first as well. On SQLite there is one writer anyway.
pub(crate) async fn hold(tx: &mut Tx, person: i64) -> Result<(), Error> {
    const POSTGRES: &str = "SELECT seq FROM audit_heads WHERE person = $1 FOR UPDATE";
    if let Tx::Postgres(transaction) = tx {
        sqlx::query_scalar::<_, i64>(POSTGRES)
            .bind(person)
            .fetch_optional(&mut **transaction)
            .await?;
    }
    Ok(())
}

/// Removes the entries of a person in the course of an erasure; the chain goes on after the last of them.
pub(crate) async fn restart(tx: &mut Tx, vault: &Vault, user: UserId) -> Result<u64, Error> {
    let mut head = locked(tx, vault, user).await?;
    let person = vault.person_key(tx, user).await?.person(user)?;
    let removed = run!(tx, connection => sqlx::query("DELETE FROM audit WHERE person = $1")
        .bind(person)
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))?;
    head.first = head.seq + 1;
    head.base.clone_from(&head.hash);
    put(tx, person, &head.bind(vault, user)).await?;
    Ok(removed)
}

/// The entries of a person, newest first; those before the place `before`.
pub async fn page(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Entry>, Error> {
    let person = key.person(user)?;
    let rows = run!(tx, connection => sqlx::query_as::<_, (i64, Vec<u8>, Vec<u8>)>(
        "SELECT seq, sealed, hash FROM audit WHERE person = $1 AND seq < $2
         ORDER BY seq DESC LIMIT $3",
    )
    .bind(person)
    .bind(before.unwrap_or(i64::MAX))
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await)?;
    damage::readable(rows.into_iter().map(|(seq, sealed, hash)| {
        let bytes = key.open_as("audit entry", &row_name(key, seq), &sealed)?;
        Ok(Entry { seq, bytes, hash })
    }))
}
