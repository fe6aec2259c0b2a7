//! Erasures that were ordered: what was erased, and whether it is gone from the files too. A row outlives the
//! person whose account was erased, and says nothing about their health.

use model::ids::{ErasureId, UserId};
use uuid::Uuid;

use crate::database::Tx;
use crate::error::Error;
use crate::vault::Vault;

/// Receipts kept for each person: who erases more often has the older ones already.
const KEPT: i64 = 100;
/// Erasures listed at once, newest first.
const LISTED: i64 = 1_000;

/// An erasure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// The id.
    pub id: ErasureId,
    /// Whose data it was.
    pub user: UserId,
    /// What was erased, in a word.
    pub what: String,
    /// When the rows were deleted.
    pub erased_us: i64,
    /// When nothing of them was left in the files; `None` while something is.
    pub done_us: Option<i64>,
    /// How much it was, in the caller's form.
    pub account: Vec<u8>,
}

type Row = (Uuid, Uuid, String, i64, Option<i64>, Vec<u8>);

/// Notes an erasure, in the transaction that erases.
pub async fn note(tx: &mut Tx, vault: &Vault, erasure: &Erasure) -> Result<(), Error> {
    let sealed = vault.seal_server(&name(erasure), &erasure.account);
    run!(tx, connection => sqlx::query(
        "INSERT INTO erasures (id, user_id, what, erased_us, done_us, sealed)
         VALUES ($1, $2, $3, $4, NULL, $5)",
    )
    .bind(erasure.id.uuid())
    .bind(erasure.user.uuid())
    .bind(erasure.what.as_str())
    .bind(erasure.erased_us)
    .bind(sealed)
    .execute(connection)
    .await
    .map(drop))?;
    run!(tx, connection => sqlx::query(
        "DELETE FROM erasures WHERE user_id = $1 AND done_us IS NOT NULL AND id NOT IN (
            SELECT id FROM erasures WHERE user_id = $1 ORDER BY erased_us DESC, id DESC LIMIT $2
         )",
    )
    .bind(erasure.user.uuid())
    .bind(KEPT)
    .execute(connection)
    .await
    .map(drop))?;
    Ok(())
}

/// Those of which something may be left in the files, oldest first.
pub async fn pending(tx: &mut Tx, vault: &Vault) -> Result<Vec<Erasure>, Error> {
    let rows = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT id, user_id, what, erased_us, done_us, sealed FROM erasures
         WHERE done_us IS NULL ORDER BY erased_us LIMIT $1",
    )
    .bind(LISTED)
    .fetch_all(connection)
    .await)?;
    rows.into_iter().map(|row| erasure(vault, row)).collect()
}

/// The latest ones of everybody, newest first.
pub async fn list(tx: &mut Tx, vault: &Vault) -> Result<Vec<Erasure>, Error> {
    let rows = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT id, user_id, what, erased_us, done_us, sealed FROM erasures
         ORDER BY erased_us DESC, id DESC LIMIT $1",
    )
    .bind(LISTED)
    .fetch_all(connection)
    .await)?;
    rows.into_iter().map(|row| erasure(vault, row)).collect()
}

/// One of a person.
pub async fn get(
    tx: &mut Tx,
    vault: &Vault,
    user: UserId,
    id: ErasureId,
) -> Result<Option<Erasure>, Error> {
    let row = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT id, user_id, what, erased_us, done_us, sealed FROM erasures
         WHERE user_id = $1 AND id = $2",
    )
    .bind(user.uuid())
    .bind(id.uuid())
    .fetch_optional(connection)
    .await)?;
    row.map(|row| erasure(vault, row)).transpose()
}

/// Whether something of a person was erased under this name.
pub(crate) async fn is_noted(
    tx: &mut Tx,
    vault: &Vault,
    user: UserId,
    what: &str,
) -> Result<bool, Error> {
    let rows = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT id, user_id, what, erased_us, done_us, sealed FROM erasures
         WHERE user_id = $1 AND what = $2",
    )
    .bind(user.uuid())
    .bind(what)
    .fetch_all(connection)
    .await)?;
    Ok(rows.into_iter().any(|row| erasure(vault, row).is_ok()))
}

/// Notes that nothing of an erasure is left.
pub async fn finish(tx: &mut Tx, id: ErasureId, now_us: i64) -> Result<(), Error> {
    run!(tx, connection => sqlx::query(
        "UPDATE erasures SET done_us = $2 WHERE id = $1 AND done_us IS NULL",
    )
    .bind(id.uuid())
    .bind(now_us)
    .execute(connection)
    .await
    .map(drop))?;
    Ok(())
}

/// Binds the plain columns: a row that was given to somebody else does not open.
fn name(erasure: &Erasure) -> String {
    let Erasure {
        id,
        user,
        what,
        erased_us,
        ..
    } = erasure;
    format!("erasure {id} of {what} of {user} at {erased_us}")
}

fn erasure(vault: &Vault, row: Row) -> Result<Erasure, Error> {
    let (id, user, what, erased_us, done_us, sealed) = row;
    let mut erasure = Erasure {
        id: ErasureId::from_uuid(id),
        user: UserId::from_uuid(user),
        what,
        erased_us,
        done_us,
        account: Vec::new(),
    };
    erasure.account = vault.open_server(&name(&erasure), &sealed)?.to_vec();
    Ok(erasure)
}
