//! Erasing a person, or what is known about their health. The key goes with the rows, so that copies
//! of the rows elsewhere stay closed.

use model::ids::{SessionId, UserId};
use uuid::Uuid;

use crate::aside;
use crate::database::{Store, Tx};
use crate::docs::{self, DocName, Expected};
use crate::error::Error;
use crate::sessions;
use crate::vault::{PersonKey, Vault};

/// What was erased.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Erased {
    /// Rows by table, in the order of the tables; samples are counted one by one.
    pub counts: Vec<(&'static str, u64)>,
}

/// One table of a person's rows.
struct Counted {
    name: &'static str,
    count: &'static str,
    delete: &'static str,
}

macro_rules! counted {
    ($name:literal, $what:literal) => {
        Counted {
            name: $name,
            count: concat!(
                "SELECT COALESCE(CAST(",
                $what,
                " AS BIGINT), 0) FROM ",
                $name,
                " WHERE person = $1"
            ),
            delete: concat!("DELETE FROM ", $name, " WHERE person = $1"),
        }
    };
}

const HEALTH: [Counted; 9] = [
    counted!("chunks", "SUM(samples)"),
    counted!("tombstones", "COUNT(*)"),
    counted!("records", "COUNT(*)"),
    counted!("days", "COUNT(*)"),
    counted!("dirty_days", "COUNT(*)"),
    counted!("insights", "COUNT(*)"),
    counted!("embeddings", "COUNT(*)"),
    counted!("uploads", "COUNT(*)"),
    counted!("idempotency", "COUNT(*)"),
];

const ACCOUNT: [Counted; 2] = [
    counted!("docs", "COUNT(*)"),
    counted!("sessions", "COUNT(*)"),
];

/// Erases a person: every row of theirs and their key. Errors when there is no such person.
pub async fn person(tx: &mut Tx, user: UserId) -> Result<Erased, Error> {
    let no = number(tx, user).await?;
    let mut erased = Erased::default();
    for table in HEALTH.iter().chain(&ACCOUNT) {
        erased
            .counts
            .push((table.name, count(tx, table, no).await?));
    }
    let jobs = delete_jobs(tx, user).await?;
    erased.counts.push(("jobs", jobs));
    // Every other table refers to this row and follows it.
    let persons = run!(tx, connection => sqlx::query("DELETE FROM persons WHERE no = $1")
        .bind(no)
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))?;
    erased.counts.push(("persons", persons));
    Ok(erased)
}

/// Erases everything about a person's health and gives them a new key. The account, its sessions and
/// the preferences stay. Keys read before are stale afterwards.
pub async fn health_data(tx: &mut Tx, vault: &Vault, user: UserId) -> Result<Erased, Error> {
    let old = vault.person_key(tx, user).await?;
    let no = old.lock(tx, user).await?;
    let preferences = docs::get(tx, &old, user, DocName::Preferences).await?;
    let labels = sessions::list(tx, &old, user).await?;
    let mut erased = Erased::default();
    for table in &HEALTH {
        erased
            .counts
            .push((table.name, count(tx, table, no).await?));
        delete(tx, table.delete, no).await?;
    }
    let docs_count = count(tx, &ACCOUNT[0], no).await?;
    let kept = u64::from(preferences.is_some());
    erased
        .counts
        .push(("docs", docs_count.saturating_sub(kept)));
    delete(tx, ACCOUNT[0].delete, no).await?;
    let jobs = delete_jobs(tx, user).await?;
    erased.counts.push(("jobs", jobs));
    // Sessions that are revoked keep labels that nobody can open any more.
    delete(
        tx,
        "DELETE FROM sessions WHERE person = $1 AND revoked = 1",
        no,
    )
    .await?;
    let new = replace_key(tx, vault, &old, user).await?;
    if let Some(doc) = preferences {
        docs::put(
            tx,
            &new,
            user,
            DocName::Preferences,
            &doc.bytes,
            Expected::Any,
        )
        .await?;
    }
    for session in labels {
        seal_label(tx, &new, session.id, &session.label).await?;
    }
    Ok(erased)
}

async fn number(tx: &mut Tx, user: UserId) -> Result<i64, Error> {
    let no = run!(tx, connection => sqlx::query_scalar::<_, i64>(
        "SELECT no FROM persons WHERE id = $1",
    )
    .bind(user.uuid())
    .fetch_optional(connection)
    .await)?;
    no.ok_or(Error::PersonUnknown)
}

async fn count(tx: &mut Tx, table: &Counted, no: i64) -> Result<u64, Error> {
    let count = run!(tx, connection => sqlx::query_scalar::<_, i64>(table.count)
        .bind(no)
        .fetch_one(connection)
        .await)?;
    Ok(count.unsigned_abs())
}

async fn delete(tx: &mut Tx, text: &'static str, no: i64) -> Result<(), Error> {
    run!(tx, connection => sqlx::query(text)
        .bind(no)
        .execute(connection)
        .await
        .map(drop))?;
    Ok(())
}

async fn delete_jobs(tx: &mut Tx, user: UserId) -> Result<u64, Error> {
    let deleted = run!(tx, connection => sqlx::query("DELETE FROM jobs WHERE user_id = $1")
        .bind(user.uuid())
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(deleted)
}

async fn replace_key(
    tx: &mut Tx,
    vault: &Vault,
    old: &PersonKey,
    user: UserId,
) -> Result<PersonKey, Error> {
    let wrapped = vault.new_person_key(user, old.number() + 1);
    run!(tx, connection => sqlx::query(
        "UPDATE persons SET key_no = $2, key_wrapped = $3 WHERE id = $1",
    )
    .bind(user.uuid())
    .bind(wrapped.key_no)
    .bind(wrapped.bytes)
    .execute(connection)
    .await
    .map(drop))?;
    vault.person_key(tx, user).await
}

async fn seal_label(
    tx: &mut Tx,
    key: &PersonKey,
    session: SessionId,
    label: &str,
) -> Result<(), Error> {
    let id: Uuid = session.uuid();
    let sealed = key.seal(&sessions::row_name(key, session), label.as_bytes());
    run!(tx, connection => sqlx::query("UPDATE sessions SET label_sealed = $2 WHERE id = $1")
        .bind(id)
        .bind(sealed)
        .execute(connection)
        .await
        .map(drop))?;
    Ok(())
}

/// Removes a person from the copies that upgrades set aside of this database; returns from how many. To be
/// called once the erasure itself is committed.
pub async fn in_copies(store: &Store, user: UserId) -> Result<usize, Error> {
    let copies = store.copies_aside()?;
    for copy in &copies {
        aside::forget(copy, user).await?;
    }
    Ok(copies.len())
}
