//! The queue of background work: a table, so that "accepted" and "will be done" are one commit.
//!
//! A claim is a lease: a worker that dies loses it, and another one takes the job. The try is counted
//! with the claim, so that a job that kills its worker is counted too. Of one person and kind at most
//! one job waits and one runs.

use std::borrow::Cow;

use model::ids::{JobId, UserId};
use uuid::Uuid;

use crate::database::Tx;
use crate::error::Error;

/// What kind of work a job is; the names belong to the caller.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobKind(Cow<'static, str>);

impl JobKind {
    /// Names a kind.
    pub const fn new(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A job to do.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// The id.
    pub id: JobId,
    /// For whom.
    pub user: UserId,
    /// What.
    pub kind: JobKind,
    /// Not before this time.
    pub run_at_us: i64,
    /// Now.
    pub now_us: i64,
}

/// A job that this worker holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The id.
    pub id: JobId,
    /// For whom.
    pub user: UserId,
    /// What.
    pub kind: JobKind,
    /// How many times it was claimed, this one included.
    pub attempt: u32,
}

/// A job that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dead {
    /// The id.
    pub id: JobId,
    /// For whom.
    pub user: UserId,
    /// What.
    pub kind: JobKind,
    /// How many times it was tried.
    pub attempt: u32,
    /// Why.
    pub error_code: String,
}

/// How many jobs of one kind are in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobCount {
    /// What.
    pub kind: JobKind,
    /// `queued`, `running` or `dead`.
    pub state: String,
    /// How many.
    pub count: u64,
}

/// Queues a job. When one of the same person and kind already waits, the earlier time wins and no
/// job is added.
pub async fn enqueue(tx: &mut Tx, job: &NewJob) -> Result<(), Error> {
    run!(tx, connection => sqlx::query(
        "INSERT INTO jobs (id, user_id, kind, state, run_at_us, created_us, attempt)
         VALUES ($1, $2, $3, 'queued', $4, $5, 0)
         ON CONFLICT (user_id, kind) WHERE state = 'queued' DO UPDATE SET run_at_us =
            CASE WHEN excluded.run_at_us < jobs.run_at_us
            THEN excluded.run_at_us ELSE jobs.run_at_us END",
    )
    .bind(job.id.uuid())
    .bind(job.user.uuid())
    .bind(job.kind.as_str())
    .bind(job.run_at_us)
    .bind(job.now_us)
    .execute(connection)
    .await
    .map(drop))?;
    Ok(())
}

const ABANDONED_SQLITE: &str = "
    UPDATE jobs SET worker = $1, lease_until_us = $2, attempt = attempt + 1
    WHERE id = (
        SELECT j.id FROM jobs j WHERE j.state = 'running' AND j.lease_until_us <= $3
        ORDER BY j.lease_until_us LIMIT 1)
    RETURNING id, user_id, kind, attempt";

const ABANDONED_POSTGRES: &str = "
    UPDATE jobs SET worker = $1, lease_until_us = $2, attempt = attempt + 1
    WHERE id = (
        SELECT j.id FROM jobs j WHERE j.state = 'running' AND j.lease_until_us <= $3
        ORDER BY j.lease_until_us LIMIT 1
        FOR UPDATE SKIP LOCKED)
    RETURNING id, user_id, kind, attempt";

const CLAIM_SQLITE: &str = "
    UPDATE jobs SET state = 'running', worker = $1, lease_until_us = $2, attempt = attempt + 1
    WHERE id = (
        SELECT j.id FROM jobs j
        WHERE j.state = 'queued' AND j.run_at_us <= $3
        AND NOT EXISTS (
            SELECT 1 FROM jobs r
            WHERE r.user_id = j.user_id AND r.kind = j.kind AND r.state = 'running')
        ORDER BY j.run_at_us, j.id LIMIT 1)
    RETURNING id, user_id, kind, attempt";

const CLAIM_POSTGRES: &str = "
    UPDATE jobs SET state = 'running', worker = $1, lease_until_us = $2, attempt = attempt + 1
    WHERE id = (
        SELECT j.id FROM jobs j
        WHERE j.state = 'queued' AND j.run_at_us <= $3
        AND NOT EXISTS (
            SELECT 1 FROM jobs r
            WHERE r.user_id = j.user_id AND r.kind = j.kind AND r.state = 'running')
        ORDER BY j.run_at_us, j.id LIMIT 1
        FOR UPDATE SKIP LOCKED)
    RETURNING id, user_id, kind, attempt";

/// Takes a job for `lease_us`: one whose worker let its lease run out, else the one that is due longest.
pub async fn claim(
    tx: &mut Tx,
    worker: &str,
    now_us: i64,
    lease_us: i64,
) -> Result<Option<Claimed>, Error> {
    let texts = match tx {
        Tx::Sqlite(_) => [ABANDONED_SQLITE, CLAIM_SQLITE],
        Tx::Postgres(_) => [ABANDONED_POSTGRES, CLAIM_POSTGRES],
    };
    for text in texts {
        let row = run!(tx, connection => sqlx::query_as::<_, (Uuid, Uuid, String, i64)>(text)
            .bind(worker)
            .bind(now_us.saturating_add(lease_us))
            .bind(now_us)
            .fetch_optional(connection)
            .await)?;
        if let Some(row) = row {
            return Ok(Some(claimed(row)));
        }
    }
    Ok(None)
}

fn claimed((id, user, kind, attempt): (Uuid, Uuid, String, i64)) -> Claimed {
    Claimed {
        id: JobId::from_uuid(id),
        user: UserId::from_uuid(user),
        kind: JobKind(Cow::Owned(kind)),
        attempt: attempts(attempt),
    }
}

fn attempts(attempt: i64) -> u32 {
    u32::try_from(attempt).unwrap_or(u32::MAX)
}

/// Sets aside the jobs whose worker vanished during their last try: `tries_max` claims, a lease that
/// ran out, and nobody left to say why. Returns them with `error_code` as the reason. A claim counts
/// when it is made, so a job that kills its process is found here after as many processes.
pub async fn bury_lost(
    tx: &mut Tx,
    tries_max: u32,
    error_code: &str,
    now_us: i64,
) -> Result<Vec<Claimed>, Error> {
    let rows = run!(tx, connection => sqlx::query_as::<_, (Uuid, Uuid, String, i64)>(
        "UPDATE jobs SET state = 'dead', worker = NULL, lease_until_us = NULL, error_code = $1
         WHERE state = 'running' AND lease_until_us <= $2 AND attempt >= $3
         RETURNING id, user_id, kind, attempt",
    )
    .bind(error_code)
    .bind(now_us)
    .bind(i64::from(tries_max))
    .fetch_all(connection)
    .await)?;
    Ok(rows.into_iter().map(claimed).collect())
}

/// Extends a lease. False when the worker no longer holds the job and must stop.
pub async fn renew(tx: &mut Tx, id: JobId, worker: &str, until_us: i64) -> Result<bool, Error> {
    let changed = run!(tx, connection => sqlx::query(
        "UPDATE jobs SET lease_until_us = $3
         WHERE id = $1 AND worker = $2 AND state = 'running'",
    )
    .bind(id.uuid())
    .bind(worker)
    .bind(until_us)
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}

/// Ends a job that is done. False when the worker no longer holds it.
pub async fn finish(tx: &mut Tx, id: JobId, worker: &str) -> Result<bool, Error> {
    let deleted = run!(tx, connection => sqlx::query(
        "DELETE FROM jobs WHERE id = $1 AND worker = $2 AND state = 'running'",
    )
    .bind(id.uuid())
    .bind(worker)
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(deleted > 0)
}

/// Puts a job back for later. When another of the same person and kind waits already, that one will
/// do its work and takes over its number of attempts. False when the worker no longer holds the job.
pub async fn retry(
    tx: &mut Tx,
    id: JobId,
    worker: &str,
    run_at_us: i64,
    error_code: &str,
) -> Result<bool, Error> {
    let changed = run!(tx, connection => sqlx::query(
        "UPDATE jobs SET state = 'queued', worker = NULL, lease_until_us = NULL, run_at_us = $3,
            error_code = $4
         WHERE id = $1 AND worker = $2 AND state = 'running' AND NOT EXISTS (
            SELECT 1 FROM jobs w
            WHERE w.user_id = jobs.user_id AND w.kind = jobs.kind AND w.state = 'queued')",
    )
    .bind(id.uuid())
    .bind(worker)
    .bind(run_at_us)
    .bind(error_code)
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    if changed > 0 {
        return Ok(true);
    }
    run!(tx, connection => sqlx::query(
        "UPDATE jobs SET error_code = $3, attempt =
            (SELECT r.attempt FROM jobs r WHERE r.id = $1), run_at_us =
            CASE WHEN run_at_us < $4 THEN $4 ELSE run_at_us END
         WHERE state = 'queued' AND EXISTS (
            SELECT 1 FROM jobs r WHERE r.id = $1 AND r.worker = $2 AND r.state = 'running'
            AND r.user_id = jobs.user_id AND r.kind = jobs.kind)",
    )
    .bind(id.uuid())
    .bind(worker)
    .bind(error_code)
    .bind(run_at_us)
    .execute(connection)
    .await
    .map(drop))?;
    finish(tx, id, worker).await
}

/// Gives a job up, to be looked at by a person. False when the worker no longer holds it.
pub async fn bury(tx: &mut Tx, id: JobId, worker: &str, error_code: &str) -> Result<bool, Error> {
    let changed = run!(tx, connection => sqlx::query(
        "UPDATE jobs SET state = 'dead', worker = NULL, lease_until_us = NULL, error_code = $3
         WHERE id = $1 AND worker = $2 AND state = 'running'",
    )
    .bind(id.uuid())
    .bind(worker)
    .bind(error_code)
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}

/// How many jobs there are by kind and state.
pub async fn counts(tx: &mut Tx) -> Result<Vec<JobCount>, Error> {
    let rows = run!(tx, connection => sqlx::query_as::<_, (String, String, i64)>(
        "SELECT kind, state, COUNT(*) FROM jobs GROUP BY kind, state ORDER BY kind, state",
    )
    .fetch_all(connection)
    .await)?;
    Ok(rows
        .into_iter()
        .map(|(kind, state, count)| JobCount {
            kind: JobKind(Cow::Owned(kind)),
            state,
            count: count.unsigned_abs(),
        })
        .collect())
}

/// Since when the job that waits longest is due.
pub async fn oldest_due(tx: &mut Tx, now_us: i64) -> Result<Option<i64>, Error> {
    let oldest = run!(tx, connection => sqlx::query_scalar::<_, Option<i64>>(
        "SELECT MIN(run_at_us) FROM jobs WHERE state = 'queued' AND run_at_us <= $1",
    )
    .bind(now_us)
    .fetch_one(connection)
    .await)?;
    Ok(oldest)
}

/// How many jobs of a person wait or run.
pub async fn pending(tx: &mut Tx, user: UserId) -> Result<u64, Error> {
    let count = run!(tx, connection => sqlx::query_scalar::<_, i64>(
        "SELECT COUNT(*) FROM jobs WHERE user_id = $1 AND state <> 'dead'",
    )
    .bind(user.uuid())
    .fetch_one(connection)
    .await)?;
    Ok(count.unsigned_abs())
}

/// The next time at which a job becomes due or a lease runs out; `None` when nothing waits.
pub async fn next_due(tx: &mut Tx) -> Result<Option<i64>, Error> {
    let next = run!(tx, connection => sqlx::query_scalar::<_, Option<i64>>(
        "SELECT MIN(due_us) FROM (
            SELECT MIN(run_at_us) AS due_us FROM jobs WHERE state = 'queued'
            UNION ALL
            SELECT MIN(lease_until_us) AS due_us FROM jobs WHERE state = 'running') AS ends",
    )
    .fetch_one(connection)
    .await)?;
    Ok(next)
}

/// Jobs that were given up, newest first.
pub async fn dead(tx: &mut Tx, limit: u32) -> Result<Vec<Dead>, Error> {
    let rows = run!(tx, connection => sqlx::query_as::<_, (Uuid, Uuid, String, i64, Option<String>)>(
        "SELECT id, user_id, kind, attempt, error_code FROM jobs
         WHERE state = 'dead' ORDER BY created_us DESC, id DESC LIMIT $1",
    )
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await)?;
    Ok(rows
        .into_iter()
        .map(|(id, user, kind, attempt, error_code)| Dead {
            id: JobId::from_uuid(id),
            user: UserId::from_uuid(user),
            kind: JobKind(Cow::Owned(kind)),
            attempt: attempts(attempt),
            error_code: error_code.unwrap_or_default(),
        })
        .collect())
}

/// Queues a job again that was given up. False when there is none, or one of the same person and
/// kind already waits (drop the dead one then).
pub async fn revive(tx: &mut Tx, id: JobId, now_us: i64) -> Result<bool, Error> {
    let changed = run!(tx, connection => sqlx::query(
        "UPDATE jobs SET state = 'queued', run_at_us = $2, attempt = 0, error_code = NULL
         WHERE id = $1 AND state = 'dead' AND NOT EXISTS (
            SELECT 1 FROM jobs w
            WHERE w.user_id = jobs.user_id AND w.kind = jobs.kind AND w.state = 'queued')",
    )
    .bind(id.uuid())
    .bind(now_us)
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}

/// Forgets a job that was given up. Returns whether there was one.
pub async fn drop_dead(tx: &mut Tx, id: JobId) -> Result<bool, Error> {
    let deleted = run!(tx, connection => sqlx::query(
        "DELETE FROM jobs WHERE id = $1 AND state = 'dead'",
    )
    .bind(id.uuid())
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(deleted > 0)
}
