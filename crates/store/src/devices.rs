//! Keys of devices that send health data: each belongs to one person, has one scope, and is known by a
//! keyed hash.
//!
//! The hash covers id, owner and scope under the master key: a row that was invented, changed or moved to
//! another person in the database opens nothing. Revoking a key removes its row.

use model::ids::{DeviceId, UserId};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::damage;
use crate::database::Tx;
use crate::error::Error;
use crate::vault::{PersonKey, Vault};

/// Bytes of the secret part of a key.
pub const SECRET_BYTES: usize = 32;

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Send health data and take back what was sent; read nothing.
    Write,
}

impl Scope {
    /// The name in the database and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Write => "write",
        }
    }

    fn named(name: &str) -> Option<Self> {
        (name == Self::Write.name()).then_some(Self::Write)
    }
}

/// A key to create.
pub struct NewDevice<'a> {
    /// The id.
    pub id: DeviceId,
    /// What it may do.
    pub scope: Scope,
    /// The secret part of the key.
    pub secret: &'a [u8; SECRET_BYTES],
    /// What the person calls the device.
    pub name: &'a str,
    /// Now.
    pub now_us: i64,
}

impl std::fmt::Debug for NewDevice<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewDevice({}, ***)", self.id)
    }
}

/// A key as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// The id.
    pub id: DeviceId,
    /// What the person calls the device.
    pub name: String,
    /// What the key may do.
    pub scope: Scope,
    /// When it was created.
    pub created_us: i64,
    /// When it was last used.
    pub used_us: Option<i64>,
}

/// Whose key it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// The device.
    pub device: DeviceId,
    /// The owner.
    pub user: UserId,
    /// What the key may do.
    pub scope: Scope,
    /// When it was last used.
    pub used_us: Option<i64>,
}

/// Creates a key, unless the person has `most` already; returns whether it was created.
pub async fn create(
    tx: &mut Tx,
    vault: &Vault,
    key: &PersonKey,
    user: UserId,
    device: &NewDevice<'_>,
    most: i64,
) -> Result<bool, Error> {
    let person = key.lock(tx, user).await?;
    let bound = bound(device.id, user, device.scope);
    let created = run!(tx, connection => sqlx::query(
        "INSERT INTO devices (id, person, scope, hash, secret_sealed, name_sealed, created_us)
         SELECT $1, $2, $3, $4, $5, $6, $7
         WHERE (SELECT COUNT(*) FROM devices WHERE person = $2) < $8",
    )
    .bind(device.id.uuid())
    .bind(person)
    .bind(device.scope.name())
    .bind(vault.device_hash(&bound, device.secret).to_vec())
    .bind(vault.seal_server(&bound, device.secret))
    .bind(key.seal(&row_name(key, device.id), device.name.as_bytes()))
    .bind(device.now_us)
    .bind(most)
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(created > 0)
}

type Row = (Uuid, String, Vec<u8>, i64, Option<i64>);

/// The keys of a person, newest first.
pub async fn list(tx: &mut Tx, key: &PersonKey, user: UserId) -> Result<Vec<Device>, Error> {
    let person = key.person(user)?;
    let rows = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT id, scope, name_sealed, created_us, used_us FROM devices
         WHERE person = $1 ORDER BY created_us DESC, id DESC",
    )
    .bind(person)
    .fetch_all(connection)
    .await)?;
    damage::readable(rows.into_iter().map(|row| device(key, row)))
}

/// One key of a person.
pub async fn by_id(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    id: DeviceId,
) -> Result<Option<Device>, Error> {
    let person = key.person(user)?;
    let row = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT id, scope, name_sealed, created_us, used_us FROM devices
         WHERE person = $1 AND id = $2",
    )
    .bind(person)
    .bind(id.uuid())
    .fetch_optional(connection)
    .await)?;
    row.map(|row| device(key, row)).transpose()
}

/// Revokes a key: from the commit on it opens nothing. Returns whether there was one.
pub async fn revoke(tx: &mut Tx, user: UserId, id: DeviceId) -> Result<bool, Error> {
    let revoked = run!(tx, connection => sqlx::query(
        "DELETE FROM devices
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
pub async fn used(tx: &mut Tx, user: UserId, id: DeviceId, now_us: i64) -> Result<(), Error> {
    run!(tx, connection => sqlx::query(
        "UPDATE devices SET used_us = $3
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

/// Whose key this id and secret are; `None` when no account in use has such a key.
pub async fn holder(
    tx: &mut Tx,
    vault: &Vault,
    id: DeviceId,
    secret: &[u8; SECRET_BYTES],
) -> Result<Option<Holder>, Error> {
    let Some(found) = find(tx, id).await? else {
        return Ok(None);
    };
    let bound = bound(id, found.holder.user, found.holder.scope);
    let is_right = vault.is_device_hash(&found.hash, &bound, secret);
    Ok(is_right.then_some(found.holder))
}

/// Whose key this id is, with the secret that signatures are checked with. The caller is nobody yet: only a
/// signature by this secret makes them the holder.
pub async fn signer(
    tx: &mut Tx,
    vault: &Vault,
    id: DeviceId,
) -> Result<Option<(Holder, Zeroizing<[u8; SECRET_BYTES]>)>, Error> {
    let Some(found) = find(tx, id).await? else {
        return Ok(None);
    };
    let bound = bound(id, found.holder.user, found.holder.scope);
    // A row that was moved or changed does not open, and holds nobody's key.
    let Ok(opened) = vault.open_server(&bound, &found.secret_sealed) else {
        return Ok(None);
    };
    let mut secret = Zeroizing::new([0; SECRET_BYTES]);
    if opened.len() != SECRET_BYTES {
        return Ok(None);
    }
    secret.copy_from_slice(&opened);
    let is_right = vault.is_device_hash(&found.hash, &bound, secret.as_slice());
    Ok(is_right.then_some((found.holder, secret)))
}

struct Found {
    holder: Holder,
    hash: Vec<u8>,
    secret_sealed: Vec<u8>,
}

async fn find(tx: &mut Tx, id: DeviceId) -> Result<Option<Found>, Error> {
    type Row = (Uuid, String, Vec<u8>, Vec<u8>, Option<i64>);
    let row = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT p.id, d.scope, d.hash, d.secret_sealed, d.used_us
         FROM devices d JOIN persons p ON p.no = d.person
         WHERE d.id = $1 AND p.disabled = 0",
    )
    .bind(id.uuid())
    .fetch_optional(connection)
    .await)?;
    Ok(row.and_then(|(user, scope, hash, secret_sealed, used_us)| {
        let holder = Holder {
            device: id,
            user: UserId::from_uuid(user),
            scope: Scope::named(&scope)?,
            used_us,
        };
        Some(Found {
            holder,
            hash,
            secret_sealed,
        })
    }))
}

fn device(key: &PersonKey, row: Row) -> Result<Device, Error> {
    const DAMAGED: Error = Error::Damaged { what: "device" };
    let (id, scope, name, created_us, used_us) = row;
    let id = DeviceId::from_uuid(id);
    let name = key.open_as("device", &row_name(key, id), &name)?;
    Ok(Device {
        id,
        name: String::from_utf8(name).map_err(|_| DAMAGED)?,
        scope: Scope::named(&scope).ok_or(DAMAGED)?,
        created_us,
        used_us,
    })
}

/// What a key is bound to.
fn bound(id: DeviceId, user: UserId, scope: Scope) -> String {
    format!("device {id} of {user}, scope {}", scope.name())
}

fn row_name(key: &PersonKey, id: DeviceId) -> Vec<u8> {
    key.row_name("devices", id.uuid().as_bytes())
}
