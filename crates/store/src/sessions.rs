//! Signed-in devices. A session is a family of refresh tokens of which one at a time is good; using
//! a spent one revokes the family. Tokens are known by their hash only, and rows are bound under the master key:
//! one that was made, moved or given back by whoever can only write to the database opens nothing.

use model::ids::{SessionId, UserId};
use uuid::Uuid;

use crate::damage;
use crate::database::Tx;
use crate::error::Error;
use crate::vault::{PersonKey, Vault};

/// A session to create.
#[derive(Debug)]
pub struct NewSession<'a> {
    /// The id.
    pub session: SessionId,
    /// Hash of its first refresh token.
    pub refresh_hash: [u8; 32],
    /// Now.
    pub now_us: i64,
    /// When the refresh token expires.
    pub expires_us: i64,
    /// What the device calls itself.
    pub label: &'a str,
}

/// What became of a refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// It was good; the new one replaces it.
    Rotated {
        /// The owner.
        user: UserId,
        /// The session.
        session: SessionId,
    },
    /// It had been used before: the whole session is now revoked.
    Reused {
        /// The owner.
        user: UserId,
        /// The session.
        session: SessionId,
    },
    /// No live session knows it.
    Unknown,
    /// It was good once.
    Expired,
}

/// A live session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The id.
    pub id: SessionId,
    /// When it began.
    pub created_us: i64,
    /// When its token was last rotated.
    pub used_us: i64,
    /// When its token expires.
    pub expires_us: i64,
    /// What the device calls itself.
    pub label: String,
}

/// Creates a session.
pub async fn create(
    tx: &mut Tx,
    vault: &Vault,
    key: &PersonKey,
    user: UserId,
    session: &NewSession<'_>,
) -> Result<(), Error> {
    let person = key.lock(tx, user).await?;
    let label = key.seal(&row_name(key, session.session), session.label.as_bytes());
    run!(tx, connection => sqlx::query(
        "INSERT INTO sessions (id, person, created_us, used_us, expires_us, revoked, label_sealed, bound)
         VALUES ($1, $2, $3, $3, $4, 0, $5, $6)",
    )
    .bind(session.session.uuid())
    .bind(person)
    .bind(session.now_us)
    .bind(session.expires_us)
    .bind(label)
    .bind(bind(
        vault,
        session.session.uuid(),
        user.uuid(),
        (session.now_us, session.expires_us),
    ))
    .execute(connection)
    .await
    .map(drop))?;
    add_token(tx, vault, session.session, session.refresh_hash).await
}

async fn add_token(
    tx: &mut Tx,
    vault: &Vault,
    session: SessionId,
    hash: [u8; 32],
) -> Result<(), Error> {
    run!(tx, connection => sqlx::query(
        "INSERT INTO session_tokens (hash, session, spent, bound) VALUES ($1, $2, 0, $3)",
    )
    .bind(hash.to_vec())
    .bind(session.uuid())
    .bind(bind_token(vault, &hash, session.uuid()))
    .execute(connection)
    .await
    .map(drop))?;
    Ok(())
}

/// Exchanges a refresh token for a new one. Commit also after [`Rotation::Reused`]: it revokes.
pub async fn rotate(
    tx: &mut Tx,
    vault: &Vault,
    old_hash: [u8; 32],
    new_hash: [u8; 32],
    now_us: i64,
    expires_us: i64,
) -> Result<Rotation, Error> {
    let spent_now = run!(tx, connection => sqlx::query(
        "UPDATE session_tokens SET spent = 1 WHERE hash = $1 AND spent = 0",
    )
    .bind(old_hash.to_vec())
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    let row = run!(tx, connection => sqlx::query_as::<_, Family>(
        "SELECT s.id AS session, p.id AS owner, s.created_us, s.expires_us, s.bound,
            t.bound AS token_bound
         FROM session_tokens t
         JOIN sessions s ON s.id = t.session
         JOIN persons p ON p.no = s.person
         WHERE t.hash = $1 AND s.revoked = 0 AND p.disabled = 0",
    )
    .bind(old_hash.to_vec())
    .fetch_optional(connection)
    .await)?;
    let Some(family) = row.filter(|family| family.is_bound(vault, &old_hash)) else {
        return Ok(Rotation::Unknown);
    };
    let (session, user) = (
        SessionId::from_uuid(family.session),
        UserId::from_uuid(family.owner),
    );
    if spent_now == 0 {
        revoke(tx, user, session).await?;
        return Ok(Rotation::Reused { user, session });
    }
    if family.expires_us <= now_us {
        return Ok(Rotation::Expired);
    }
    run!(tx, connection => sqlx::query(
        "UPDATE sessions SET used_us = $2, expires_us = $3, bound = $4 WHERE id = $1",
    )
    .bind(session.uuid())
    .bind(now_us)
    .bind(expires_us)
    .bind(bind(
        vault,
        family.session,
        family.owner,
        (family.created_us, expires_us),
    ))
    .execute(connection)
    .await
    .map(drop))?;
    add_token(tx, vault, session, new_hash).await?;
    Ok(Rotation::Rotated { user, session })
}

/// A session with the token by which it was found.
#[derive(sqlx::FromRow)]
struct Family {
    session: Uuid,
    owner: Uuid,
    created_us: i64,
    expires_us: i64,
    bound: Option<Vec<u8>>,
    token_bound: Option<Vec<u8>>,
}

impl Family {
    fn is_bound(&self, vault: &Vault, hash: &[u8]) -> bool {
        let times = (self.created_us, self.expires_us);
        let token = [hash, self.session.as_bytes().as_slice()];
        is_bound(
            vault,
            self.bound.as_deref(),
            self.session,
            self.owner,
            times,
        ) && vault.is_bound(self.token_bound.as_deref(), TOKENS, &token)
    }
}

const SESSIONS: &str = "sessions";
const TOKENS: &str = "session_tokens";
const CONFIRMED: &str = "sessions.confirmed";

/// What holds a session to its person and its times. A revoked one has none any more.
pub(crate) fn bind(vault: &Vault, session: Uuid, user: Uuid, times_us: (i64, i64)) -> Vec<u8> {
    vault.bind(
        SESSIONS,
        &[
            session.as_bytes(),
            user.as_bytes(),
            &times_us.0.to_le_bytes(),
            &times_us.1.to_le_bytes(),
        ],
    )
}

fn is_bound(
    vault: &Vault,
    bound: Option<&[u8]>,
    session: Uuid,
    user: Uuid,
    times_us: (i64, i64),
) -> bool {
    let columns: [&[u8]; 4] = [
        session.as_bytes(),
        user.as_bytes(),
        &times_us.0.to_le_bytes(),
        &times_us.1.to_le_bytes(),
    ];
    let is = vault.is_bound(bound, SESSIONS, &columns);
    if !is {
        metrics::counter!("clarity_rows_refused_total", "table" => SESSIONS).increment(1);
        tracing::error!(%session, "the row of a session was changed by somebody else and is refused");
    }
    is
}

/// What holds a token to its session.
pub(crate) fn bind_token(vault: &Vault, hash: &[u8], session: Uuid) -> Vec<u8> {
    vault.bind(TOKENS, &[hash, session.as_bytes()])
}

/// Ends a session. Returns whether it was live.
pub async fn revoke(tx: &mut Tx, user: UserId, session: SessionId) -> Result<bool, Error> {
    let revoked = run!(tx, connection => sqlx::query(
        "UPDATE sessions SET revoked = 1, bound = NULL
         WHERE id = $2 AND revoked = 0 AND person = (SELECT no FROM persons WHERE id = $1)",
    )
    .bind(user.uuid())
    .bind(session.uuid())
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(revoked > 0)
}

/// Ends every session of a person. Returns how many were live.
pub async fn revoke_all(tx: &mut Tx, user: UserId) -> Result<u64, Error> {
    let revoked = run!(tx, connection => sqlx::query(
        "UPDATE sessions SET revoked = 1, bound = NULL
         WHERE revoked = 0 AND person = (SELECT no FROM persons WHERE id = $1)",
    )
    .bind(user.uuid())
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(revoked)
}

/// When the person of a session last showed that it is them; `None` for one that is revoked or whose account is
/// disabled.
pub async fn recent_us(
    tx: &mut Tx,
    vault: &Vault,
    user: UserId,
    session: SessionId,
) -> Result<Option<i64>, Error> {
    type Row = (i64, i64, Option<Vec<u8>>, Option<i64>, Option<Vec<u8>>);
    let row = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT s.created_us, s.expires_us, s.bound, s.confirmed_us, s.confirmed_bound
         FROM sessions s JOIN persons p ON p.no = s.person
         WHERE p.id = $1 AND s.id = $2 AND s.revoked = 0 AND p.disabled = 0",
    )
    .bind(user.uuid())
    .bind(session.uuid())
    .fetch_optional(connection)
    .await)?;
    let Some((created_us, expires_us, bound, confirmed_us, confirmed_bound)) = row else {
        return Ok(None);
    };
    let times = (created_us, expires_us);
    if !is_bound(vault, bound.as_deref(), session.uuid(), user.uuid(), times) {
        return Ok(None);
    }
    let confirmed_us = confirmed_us.filter(|&confirmed_us| {
        with_confirmed(user, session, confirmed_us, |columns| {
            vault.is_bound(confirmed_bound.as_deref(), CONFIRMED, columns)
        })
    });
    Ok(Some(
        confirmed_us.map_or(created_us, |us| us.max(created_us)),
    ))
}

/// Whether a session is neither revoked nor its person's account disabled.
pub async fn is_live(
    tx: &mut Tx,
    vault: &Vault,
    user: UserId,
    session: SessionId,
) -> Result<bool, Error> {
    let recent_us = recent_us(tx, vault, user, session).await?;
    Ok(recent_us.is_some())
}

/// Notes that the person of a session showed again that it is them. Returns whether it is live.
pub async fn confirm(
    tx: &mut Tx,
    vault: &Vault,
    user: UserId,
    session: SessionId,
    now_us: i64,
) -> Result<bool, Error> {
    let bound = with_confirmed(user, session, now_us, |columns| {
        vault.bind(CONFIRMED, columns)
    });
    let confirmed = run!(tx, connection => sqlx::query(
        "UPDATE sessions SET confirmed_us = $3, confirmed_bound = $4
         WHERE id = $2 AND revoked = 0 AND person = (SELECT no FROM persons WHERE id = $1)",
    )
    .bind(user.uuid())
    .bind(session.uuid())
    .bind(now_us)
    .bind(bound)
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(confirmed > 0)
}

fn with_confirmed<T>(
    user: UserId,
    session: SessionId,
    confirmed_us: i64,
    then: impl FnOnce(&[&[u8]]) -> T,
) -> T {
    then(&[
        session.uuid().as_bytes(),
        user.uuid().as_bytes(),
        &confirmed_us.to_le_bytes(),
    ])
}

/// The sessions that are not revoked, newest first.
pub async fn list(tx: &mut Tx, key: &PersonKey, user: UserId) -> Result<Vec<Session>, Error> {
    let person = key.person(user)?;
    let rows = run!(tx, connection => sqlx::query_as::<_, (Uuid, i64, i64, i64, Vec<u8>)>(
        "SELECT id, created_us, used_us, expires_us, label_sealed FROM sessions
         WHERE person = $1 AND revoked = 0 ORDER BY created_us DESC, id DESC",
    )
    .bind(person)
    .fetch_all(connection)
    .await)?;
    damage::readable(
        rows.into_iter()
            .map(|(id, created_us, used_us, expires_us, sealed)| {
                let id = SessionId::from_uuid(id);
                let label = key.open_as("session", &row_name(key, id), &sealed)?;
                let label =
                    String::from_utf8(label).map_err(|_| Error::Damaged { what: "session" })?;
                Ok(Session {
                    id,
                    created_us,
                    used_us,
                    expires_us,
                    label,
                })
            }),
    )
}

/// Forgets the sessions whose token expired before a time. Returns how many.
pub async fn expire(tx: &mut Tx, before_us: i64) -> Result<u64, Error> {
    let expired = run!(tx, connection => sqlx::query(
        "DELETE FROM sessions WHERE expires_us < $1",
    )
    .bind(before_us)
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(expired)
}

pub(crate) fn row_name(key: &PersonKey, session: SessionId) -> Vec<u8> {
    key.row_name("sessions", session.uuid().as_bytes())
}
