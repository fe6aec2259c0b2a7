//! Invitations of devices: short codes that an app exchanges, once, for the key of the device.
//!
//! Only a keyed hash of a code is stored, so that nobody who reads the database can use one.

use model::ids::{DeviceId, UserId};
use uuid::Uuid;

use crate::database::Tx;
use crate::error::Error;
use crate::vault::Vault;

/// What the hashes of codes are bound to.
const BOUND: &str = "invitation of a device";

/// Invites a device by a code until a time; its former invitation holds no more. Returns whether the person has
/// such a device.
pub async fn put(
    tx: &mut Tx,
    vault: &Vault,
    user: UserId,
    device: DeviceId,
    (code, expires_us): (&str, i64),
) -> Result<bool, Error> {
    let invited = run!(tx, connection => sqlx::query(
        "INSERT INTO invitations (device, hash, expires_us)
         SELECT d.id, $3, $4 FROM devices d JOIN persons p ON p.no = d.person
         WHERE d.id = $1 AND p.id = $2
         ON CONFLICT (device) DO UPDATE SET hash = EXCLUDED.hash, expires_us = EXCLUDED.expires_us",
    )
    .bind(device.uuid())
    .bind(user.uuid())
    .bind(vault.device_hash(BOUND, code.as_bytes()).to_vec())
    .bind(expires_us)
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(invited > 0)
}

/// Uses a code up: whose device it invites, unless it expired. Expired ones go too.
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
    let device = run!(tx, connection => sqlx::query_scalar::<_, Uuid>(
        "DELETE FROM invitations WHERE hash = $1 RETURNING device",
    )
    .bind(vault.device_hash(BOUND, code.as_bytes()).to_vec())
    .fetch_optional(connection)
    .await)?;
    Ok(device.map(DeviceId::from_uuid))
}
