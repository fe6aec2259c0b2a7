//! Keys with which programs of a person ask the API: each has scopes and an end, and is known by a keyed hash.
//!
//! The hash covers id, owner, scopes and times under the master key: a row that was invented, widened, moved or
//! lengthened in the database opens nothing. Revoking a key removes its row.

use model::ids::{ApiKeyId, UserId};
use uuid::Uuid;

use crate::damage;
use crate::database::Tx;
use crate::error::Error;
use crate::vault::{PersonKey, Vault};

const TABLE: &str = "api_keys";
/// Bytes of the secret part of a key.
pub const SECRET_BYTES: usize = 32;

/// A key to create.
pub struct NewApiKey<'a> {
    /// The id.
    pub id: ApiKeyId,
    /// The names of what it may do, separated by commas.
    pub scopes: &'a str,
    /// The secret part of the key.
    pub secret: &'a [u8; SECRET_BYTES],
    /// What the person calls it.
    pub name: &'a str,
    /// Now.
    pub now_us: i64,
    /// The first instant at which it opens nothing more.
    pub expires_us: i64,
}

impl std::fmt::Debug for NewApiKey<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewApiKey({}, ***)", self.id)
    }
}

/// A key as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredApiKey {
    /// The id.
    pub id: ApiKeyId,
    /// What the person calls it.
    pub name: String,
    /// The names of what it may do, separated by commas.
    pub scopes: String,
    /// When it was made.
    pub created_us: i64,
    /// The first instant at which it opens nothing more.
    pub expires_us: i64,
    /// When it was last used.
    pub used_us: Option<i64>,
}

/// Whose key it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyHolder {
    /// The key.
    pub key: ApiKeyId,
    /// The owner.
    pub user: UserId,
    /// The names of what it may do, separated by commas.
    pub scopes: String,
    /// The first instant at which it opens nothing more.
    pub expires_us: i64,
    /// When it was last used.
    pub used_us: Option<i64>,
}

/// Makes a key, unless the person has `most` already; returns whether it was made.
pub async fn create(
    tx: &mut Tx,
    vault: &Vault,
    key: &PersonKey,
    user: UserId,
    new: &NewApiKey<'_>,
    most: i64,
) -> Result<bool, Error> {
    let person = key.lock(tx, user).await?;
    let bound = bound(new.id, user, new.scopes, (new.now_us, new.expires_us));
    let created = run!(tx, connection => sqlx::query(
        "INSERT INTO api_keys (id, person, scopes, hash, name_sealed, created_us, expires_us)
         SELECT $1, $2, $3, $4, $5, $6, $7
         WHERE (SELECT COUNT(*) FROM api_keys WHERE person = $2) < $8",
    )
    .bind(new.id.uuid())
    .bind(person)
    .bind(new.scopes)
    .bind(vault.device_hash(&bound, new.secret).to_vec())
    .bind(key.seal(&row_name(key, new.id), new.name.as_bytes()))
    .bind(new.now_us)
    .bind(new.expires_us)
    .bind(most)
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(created > 0)
}

type Row = (Uuid, String, Vec<u8>, i64, i64, Option<i64>);

/// The keys of a person, newest first; those that have expired are among them.
pub async fn list(tx: &mut Tx, key: &PersonKey, user: UserId) -> Result<Vec<StoredApiKey>, Error> {
    let person = key.person(user)?;
    let rows = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT id, scopes, name_sealed, created_us, expires_us, used_us FROM api_keys
         WHERE person = $1 ORDER BY created_us DESC, id DESC",
    )
    .bind(person)
    .fetch_all(connection)
    .await)?;
    damage::readable(rows.into_iter().map(|row| {
        const DAMAGED: Error = Error::Damaged { what: "API key" };
        let (id, scopes, name, created_us, expires_us, used_us) = row;
        let id = ApiKeyId::from_uuid(id);
        let name = key.open_as("API key", &row_name(key, id), &name)?;
        Ok(StoredApiKey {
            id,
            name: String::from_utf8(name).map_err(|_| DAMAGED)?,
            scopes,
            created_us,
            expires_us,
            used_us,
        })
    }))
}

/// Revokes a key: from the commit on it opens nothing. Returns whether there was one.
pub async fn revoke(tx: &mut Tx, user: UserId, id: ApiKeyId) -> Result<bool, Error> {
    let revoked = run!(tx, connection => sqlx::query(
        "DELETE FROM api_keys
         WHERE id = $2 AND person = (SELECT no FROM persons WHERE id = $1)",
    )
    .bind(user.uuid())
    .bind(id.uuid())
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(revoked > 0)
}

/// Remembers that a key was used.
pub async fn used(tx: &mut Tx, user: UserId, id: ApiKeyId, now_us: i64) -> Result<(), Error> {
    run!(tx, connection => sqlx::query(
        "UPDATE api_keys SET used_us = $3
         WHERE id = $2 AND person = (SELECT no FROM persons WHERE id = $1)
           AND (used_us IS NULL OR used_us < $3)",
    )
    .bind(user.uuid())
    .bind(id.uuid())
    .bind(now_us)
    .execute(connection)
    .await
    .map(drop))?;
    Ok(())
}

/// Whose key this id and secret are now; `None` when no account in use has such a key, or its time is over.
pub async fn holder(
    tx: &mut Tx,
    vault: &Vault,
    id: ApiKeyId,
    secret: &[u8; SECRET_BYTES],
    now_us: i64,
) -> Result<Option<KeyHolder>, Error> {
    type Found = (Uuid, String, Vec<u8>, i64, i64, Option<i64>);
    let row = run!(tx, connection => sqlx::query_as::<_, Found>(
        "SELECT p.id, k.scopes, k.hash, k.created_us, k.expires_us, k.used_us
         FROM api_keys k JOIN persons p ON p.no = k.person
         WHERE k.id = $1 AND p.disabled = 0",
    )
    .bind(id.uuid())
    .fetch_optional(connection)
    .await)?;
    let Some((user, scopes, hash, created_us, expires_us, used_us)) = row else {
        return Ok(None);
    };
    let user = UserId::from_uuid(user);
    let bound = bound(id, user, &scopes, (created_us, expires_us));
    let is_right = vault.is_device_hash(&hash, &bound, secret);
    Ok((is_right && now_us < expires_us).then_some(KeyHolder {
        key: id,
        user,
        scopes,
        expires_us,
        used_us,
    }))
}

/// Forgets the keys that expired before a time. Returns how many.
pub async fn expire(tx: &mut Tx, before_us: i64) -> Result<u64, Error> {
    let expired = run!(tx, connection => sqlx::query("DELETE FROM api_keys WHERE expires_us < $1")
        .bind(before_us)
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(expired)
}

/// What a key is bound to.
fn bound(id: ApiKeyId, user: UserId, scopes: &str, times_us: (i64, i64)) -> String {
    let (created_us, expires_us) = times_us;
    format!("API key {id} of {user}, {created_us} to {expires_us}, scopes {scopes}")
}

fn row_name(key: &PersonKey, id: ApiKeyId) -> Vec<u8> {
    key.row_name(TABLE, id.uuid().as_bytes())
}
