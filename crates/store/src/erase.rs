//! Erasing a person, or what is known about their health. The key goes with the rows, so that copies
//! of the rows elsewhere stay closed.

use model::ids::{SessionId, UserId};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::aside;
use crate::audit;
use crate::database::{Store, Tx};
use crate::docs::{self, DocName, Expected};
use crate::error::Error;
use crate::sessions;
use crate::tables::{Erased as When, TABLES};
use crate::vault::{PersonKey, Vault};

/// What was erased.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Erased {
    /// Rows by table, in the order of the tables; samples are counted one by one.
    pub counts: Vec<(&'static str, u64)>,
}

/// The tables whose rows go with a person's health data, with the expression that counts what is lost.
fn health() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLES.iter().filter_map(|table| match table.erased {
        When::Health(what) => Some((table.name, what)),
        When::Account | When::Not => None,
    })
}

/// The tables whose rows go with the account.
fn account() -> impl Iterator<Item = &'static str> {
    let tables = TABLES.iter();
    let tables = tables.filter(|table| table.erased == When::Account);
    tables.map(|table| table.name)
}

/// Erases a person: every row of theirs and their key. Errors when there is no such person.
pub async fn person(tx: &mut Tx, user: UserId) -> Result<Erased, Error> {
    let no = number(tx, user).await?;
    audit::hold(tx, no).await?;
    let mut erased = Erased::default();
    for (table, what) in health().chain(account().map(|table| (table, "COUNT(*)"))) {
        erased
            .counts
            .push((table, count(tx, table, what, no).await?));
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

/// Erases everything about a person's health, revokes the keys of devices that send it, and gives them a
/// new key. The account, its sessions and the preferences stay. Keys read before are stale afterwards.
pub async fn health_data(tx: &mut Tx, vault: &Vault, user: UserId) -> Result<Erased, Error> {
    let old = vault.person_key(tx, user).await?;
    let no = old.lock(tx, user).await?;
    let preferences = docs::get(tx, &old, user, DocName::Preferences).await?;
    let labels = sessions::list(tx, &old, user).await?;
    let mut erased = Erased::default();
    for (table, what) in health() {
        erased
            .counts
            .push((table, count(tx, table, what, no).await?));
        delete(tx, table, "", no).await?;
    }
    let docs_count = count(tx, "docs", "COUNT(*)", no).await?;
    let kept = u64::from(preferences.is_some());
    erased
        .counts
        .push(("docs", docs_count.saturating_sub(kept)));
    delete(tx, "docs", "", no).await?;
    let jobs = delete_jobs(tx, user).await?;
    erased.counts.push(("jobs", jobs));
    let entries = audit::restart(tx, vault, user).await?;
    erased.counts.push(("audit", entries));
    // Sessions that are revoked keep labels that nobody can open any more.
    delete(tx, "sessions", "AND revoked = 1", no).await?;
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

async fn count(
    tx: &mut Tx,
    table: &'static str,
    what: &'static str,
    no: i64,
) -> Result<u64, Error> {
    let text = AssertSqlSafe(format!(
        "SELECT COALESCE(CAST({what} AS BIGINT), 0) FROM {table} WHERE person = $1"
    ));
    let count = run!(tx, connection => sqlx::query_scalar::<_, i64>(text)
        .bind(no)
        .fetch_one(connection)
        .await)?;
    Ok(count.unsigned_abs())
}

async fn delete(
    tx: &mut Tx,
    table: &'static str,
    also: &'static str,
    no: i64,
) -> Result<(), Error> {
    let text = AssertSqlSafe(format!("DELETE FROM {table} WHERE person = $1 {also}"));
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
