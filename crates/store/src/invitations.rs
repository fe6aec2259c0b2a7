//! Invitations of devices: short codes that an app exchanges, once, for the key of the device.
//!
//! Only a keyed hash of a code is stored, so that nobody who reads the database can use one; device, hash and time
//! are bound together, so that nobody who writes to it can move a code to another device or make it last.

use model::ids::{DeviceId, UserId};
use uuid::Uuid;

use crate::database::Tx;
use crate::error::Error;
use crate::vault::Vault;

/// What the hashes of codes are bound to.
const BOUND: &str = "invitation of a device";
const TABLE: &str = "invitations";

/// Invites a device by a code until a time; its former invitation holds no more. Returns whether the person has
/// such a device.
pub async fn put(
    tx: &mut Tx,
    vault: &Vault,
    user: UserId,
    device: DeviceId,
    (code, expires_us): (&str, i64),
) -> Result<bool, Error> {
    let hash = vault.device_hash(BOUND, code.as_bytes());
    let bound = vault.bind(
        TABLE,
        &columns(&device.uuid(), &hash, &expires_us.to_le_bytes()),
    );
    let invited = run!(tx, connection => sqlx::query(
        "INSERT INTO invitations (device, hash, expires_us, bound)
         SELECT d.id, $3, $4, $5 FROM devices d JOIN persons p ON p.no = d.person
         WHERE d.id = $1 AND p.id = $2
         ON CONFLICT (device) DO UPDATE
         SET hash = EXCLUDED.hash, expires_us = EXCLUDED.expires_us, bound = EXCLUDED.bound",
    )
    .bind(device.uuid())
    .bind(user.uuid())
    .bind(hash.to_vec())
    .bind(expires_us)
    .bind(bound)
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(invited > 0)
}

/// Uses a code up: the device that it invites, unless it expired or its row was changed. Expired ones go too.
pub async fn take(
    tx: &mut Tx,
    vault: &Vault,
    code: &str,
    now_us: i64,
) -> Result<Option<DeviceId>, Error> {
    run!(tx, connection => sqlx::query("DELETE FROM invitations WHERE expires_us <= $1")
        .bind(now_us)
        .execute(connection)
        .await
        .map(drop))?;
    let hash = vault.device_hash(BOUND, code.as_bytes());
    let row = run!(tx, connection => sqlx::query_as::<_, (Uuid, i64, Vec<u8>)>(
        "DELETE FROM invitations WHERE hash = $1 RETURNING device, expires_us, bound",
    )
    .bind(hash.to_vec())
    .fetch_optional(connection)
    .await)?;
    Ok(row.and_then(|(device, expires_us, bound)| {
        let expires = expires_us.to_le_bytes();
        let is_ours = vault.is_bound(Some(&bound), TABLE, &columns(&device, &hash, &expires));
        is_ours.then(|| DeviceId::from_uuid(device))
    }))
}

/// The columns that are bound.
const fn columns<'a>(device: &'a Uuid, hash: &'a [u8], expires: &'a [u8]) -> [&'a [u8]; 3] {
    [device.as_bytes(), hash, expires]
}
