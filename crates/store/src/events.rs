//! What processes on one database tell each other, so that whoever listens hears of it wherever they are connected.
//!
//! An event is a hint: its row is forgotten after minutes, and nothing may depend on one arriving.

use std::time::Duration;

use model::ids::UserId;
use sqlx::postgres::PgListener;
use uuid::Uuid;

use crate::database::{Store, Tx};
use crate::error::Error;
use crate::vault::{PersonKey, Vault};

/// How often a SQLite file is looked at.
const LOOK: Duration = Duration::from_millis(250);
/// A listener of PostgreSQL looks this often without being told: a lost connection says nothing.
const LOOK_ANYWAY: Duration = Duration::from_secs(10);
/// The channel of PostgreSQL.
const CHANNEL: &str = "clarity_events";

/// An event that another process told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Its number: events of all processes have one order.
    pub seq: i64,
    /// Whose it is.
    pub user: UserId,
    /// What happened; none where the row does not open.
    pub bytes: Option<Vec<u8>>,
}

/// Tells the other processes, once the transaction is committed.
pub async fn put(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    origin: i64,
    bytes: &[u8],
    now_us: i64,
) -> Result<(), Error> {
    let person = key.person(user)?;
    // Whoever takes a number holds the counter until the end: numbers become visible in their order.
    let seq = run!(tx, connection => sqlx::query_scalar::<_, i64>(
        "UPDATE counters SET value = value + 1 WHERE name = 'event' RETURNING value",
    )
    .fetch_one(connection)
    .await)?;
    run!(tx, connection => sqlx::query(
        "INSERT INTO events (seq, person, origin, told_us, sealed) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(seq)
    .bind(person)
    .bind(origin)
    .bind(now_us)
    .bind(key.seal(&row_name(key, seq), bytes))
    .execute(connection)
    .await
    .map(drop))?;
    if let Tx::Postgres(connection) = tx {
        sqlx::query("SELECT pg_notify($1, '')")
            .bind(CHANNEL)
            .execute(&mut **connection)
            .await?;
    }
    Ok(())
}

/// The number of the latest event.
pub async fn newest(tx: &mut Tx) -> Result<i64, Error> {
    let seq = run!(tx, connection => sqlx::query_scalar::<_, i64>(
        "SELECT value FROM counters WHERE name = 'event'",
    )
    .fetch_optional(connection)
    .await)?;
    Ok(seq.unwrap_or(0))
}

/// The first events of other processes after the number `seq`.
pub async fn after(
    tx: &mut Tx,
    vault: &Vault,
    seq: i64,
    origin: i64,
    limit: u32,
) -> Result<Vec<Told>, Error> {
    let rows = run!(tx, connection => sqlx::query_as::<_, (i64, Uuid, Vec<u8>)>(
        "SELECT e.seq, p.id, e.sealed FROM events e JOIN persons p ON p.no = e.person
         WHERE e.seq > $1 AND e.origin <> $2 ORDER BY e.seq LIMIT $3",
    )
    .bind(seq)
    .bind(origin)
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await)?;
    let mut told = Vec::with_capacity(rows.len());
    for (seq, user, sealed) in rows {
        let user = UserId::from_uuid(user);
        let bytes = match vault.person_key(tx, user).await {
            Ok(key) => key.open_as("event", &row_name(&key, seq), &sealed).ok(),
            Err(Error::Damaged { .. } | Error::PersonUnknown) => None,
            Err(other) => return Err(other),
        };
        told.push(Told { seq, user, bytes });
    }
    Ok(told)
}

/// Forgets events that were told before a time. Returns how many.
pub async fn expire(tx: &mut Tx, before_us: i64) -> Result<u64, Error> {
    let expired = run!(tx, connection => sqlx::query("DELETE FROM events WHERE told_us < $1")
        .bind(before_us)
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(expired)
}

/// How a process hears that there may be something new.
#[derive(Debug)]
pub enum Signal {
    /// By looking now and then.
    Look,
    /// PostgreSQL says so.
    Listen(Box<PgListener>),
}

impl Store {
    /// Listens for events of other processes.
    pub async fn signal(&self) -> Result<Signal, Error> {
        Ok(match self {
            Self::Sqlite(_) => Signal::Look,
            Self::Postgres(pool) => {
                let mut listener = PgListener::connect_with(pool).await?;
                listener.listen(CHANNEL).await?;
                Signal::Listen(Box::new(listener))
            }
        })
    }
}

impl Signal {
    /// Waits until it is worth looking.
    pub async fn wait(&mut self) -> Result<(), Error> {
        match self {
            Self::Look => tokio::time::sleep(LOOK).await,
            Self::Listen(listener) => {
                // Without a word a connection that was lost and made again may have missed something.
                if let Ok(told) = tokio::time::timeout(LOOK_ANYWAY, listener.try_recv()).await {
                    told?;
                }
            }
        }
        Ok(())
    }
}

fn row_name(key: &PersonKey, seq: i64) -> Vec<u8> {
    key.row_name("events", &seq.to_le_bytes())
}
