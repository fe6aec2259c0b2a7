//! The second factor of a sign-in: a shared secret for codes that change with time, and codes for when the phone is gone.
//!
//! Whether an account wants one is a bound column of the account ([`crate::people::set_factor`]): removing rows here lets
//! nobody in. The secret is sealed under the server's key, so that it outlives the erasure of health data as the account
//! does; recovery codes are known by a keyed hash and removed with their use.

use model::ids::UserId;
use zeroize::Zeroizing;

use crate::database::Tx;
use crate::error::Error;
use crate::vault::Vault;

const CODES: &str = "recovery_codes";

/// A shared secret, and how far its codes were used.
pub struct StoredTotp {
    /// The secret.
    pub secret: Zeroizing<Vec<u8>>,
    /// The last step of which a code was used.
    pub last_step: i64,
}

impl std::fmt::Debug for StoredTotp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StoredTotp(***)")
    }
}

/// Stores a new secret, in place of one that there was.
pub async fn put(
    tx: &mut Tx,
    vault: &Vault,
    user: UserId,
    secret: &[u8],
    now_us: i64,
) -> Result<(), Error> {
    run!(tx, connection => sqlx::query(
        "INSERT INTO totp (person, secret_sealed, created_us, last_step)
         SELECT no, $2, $3, -1 FROM persons WHERE id = $1
         ON CONFLICT (person) DO UPDATE SET secret_sealed = excluded.secret_sealed,
            created_us = excluded.created_us, last_step = excluded.last_step",
    )
    .bind(user.uuid())
    .bind(vault.seal_server(&name(user), secret))
    .bind(now_us)
    .execute(connection)
    .await
    .map(drop))?;
    Ok(())
}

/// The secret of a person; `None` where there is none.
pub async fn get(tx: &mut Tx, vault: &Vault, user: UserId) -> Result<Option<StoredTotp>, Error> {
    let row = run!(tx, connection => sqlx::query_as::<_, (Vec<u8>, i64)>(
        "SELECT secret_sealed, last_step FROM totp
         WHERE person = (SELECT no FROM persons WHERE id = $1)",
    )
    .bind(user.uuid())
    .fetch_optional(connection)
    .await)?;
    let open = |(sealed, last_step): (Vec<u8>, i64)| {
        let secret = vault.open_server(&name(user), &sealed)?;
        Ok(StoredTotp { secret, last_step })
    };
    row.map(open).transpose()
}

/// Uses the code of a step up. Returns false where a code of it or of a later one was used before.
pub async fn spend_step(tx: &mut Tx, user: UserId, step: i64) -> Result<bool, Error> {
    let spent = run!(tx, connection => sqlx::query(
        "UPDATE totp SET last_step = $2
         WHERE person = (SELECT no FROM persons WHERE id = $1) AND last_step < $2",
    )
    .bind(user.uuid())
    .bind(step)
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(spent > 0)
}

/// Stores recovery codes, in place of those that there were.
pub async fn put_codes(
    tx: &mut Tx,
    vault: &Vault,
    user: UserId,
    codes: &[Zeroizing<String>],
) -> Result<(), Error> {
    remove_codes(tx, user).await?;
    for code in codes {
        run!(tx, connection => sqlx::query(
            "INSERT INTO recovery_codes (person, hash) SELECT no, $2 FROM persons WHERE id = $1",
        )
        .bind(user.uuid())
        .bind(hash(vault, user, code))
        .execute(connection)
        .await
        .map(drop))?;
    }
    Ok(())
}

/// Uses a recovery code up. Returns whether it was one.
pub async fn spend_code(
    tx: &mut Tx,
    vault: &Vault,
    user: UserId,
    code: &str,
) -> Result<bool, Error> {
    let spent = run!(tx, connection => sqlx::query(
        "DELETE FROM recovery_codes
         WHERE person = (SELECT no FROM persons WHERE id = $1) AND hash = $2",
    )
    .bind(user.uuid())
    .bind(hash(vault, user, code))
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(spent > 0)
}

/// How many recovery codes a person has left.
pub async fn codes_left(tx: &mut Tx, user: UserId) -> Result<i64, Error> {
    let left = run!(tx, connection => sqlx::query_scalar::<_, i64>(
        "SELECT COUNT(*) FROM recovery_codes
         WHERE person = (SELECT no FROM persons WHERE id = $1)",
    )
    .bind(user.uuid())
    .fetch_one(connection)
    .await)?;
    Ok(left)
}

/// Removes the secret and the recovery codes of a person.
pub async fn remove(tx: &mut Tx, user: UserId) -> Result<(), Error> {
    run!(tx, connection => sqlx::query(
        "DELETE FROM totp WHERE person = (SELECT no FROM persons WHERE id = $1)",
    )
    .bind(user.uuid())
    .execute(connection)
    .await
    .map(drop))?;
    remove_codes(tx, user).await
}

async fn remove_codes(tx: &mut Tx, user: UserId) -> Result<(), Error> {
    run!(tx, connection => sqlx::query(
        "DELETE FROM recovery_codes WHERE person = (SELECT no FROM persons WHERE id = $1)",
    )
    .bind(user.uuid())
    .execute(connection)
    .await
    .map(drop))?;
    Ok(())
}

/// A code of fifty random bits needs no slow hash where the hash has a key that is not in the database.
fn hash(vault: &Vault, user: UserId, code: &str) -> Vec<u8> {
    vault.bind(CODES, &[user.uuid().as_bytes(), code.as_bytes()])
}

fn name(user: UserId) -> String {
    format!("second factor of {user}")
}
