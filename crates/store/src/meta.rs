//! Facts about the installation: raw bytes by name. Never personal data.

use crate::database::Tx;
use crate::error::Error;

/// The bytes under this name.
pub async fn get(tx: &mut Tx, name: &str) -> Result<Option<Vec<u8>>, Error> {
    let value = run!(tx, connection => sqlx::query_scalar::<_, Vec<u8>>(
        "SELECT value FROM meta WHERE name = $1",
    )
    .bind(name)
    .fetch_optional(connection)
    .await)?;
    Ok(value)
}

/// The same, kept from other writers until the transaction ends. On SQLite there is one writer anyway.
pub async fn locked(tx: &mut Tx, name: &str) -> Result<Option<Vec<u8>>, Error> {
    const POSTGRES: &str = "SELECT value FROM meta WHERE name = $1 FOR UPDATE";
    match tx {
        Tx::Sqlite(_) => get(tx, name).await,
        Tx::Postgres(transaction) => Ok(sqlx::query_scalar::<_, Vec<u8>>(POSTGRES)
            .bind(name)
            .fetch_optional(&mut **transaction)
            .await?),
    }
}

/// What [`probe`] writes and takes back: a few pages, so that a database without room for them fails.
const PROBE_BYTES: usize = 48 << 10;

/// Writes and leaves only the time: whoever asks whether the database can be written commits this.
pub async fn probe(tx: &mut Tx, now_us: i64) -> Result<(), Error> {
    put(tx, "probed_us", &vec![0; PROBE_BYTES]).await?;
    put(tx, "probed_us", &now_us.to_le_bytes()).await
}

/// Stores bytes under a name, over what was there.
pub async fn put(tx: &mut Tx, name: &str, value: &[u8]) -> Result<(), Error> {
    run!(tx, connection => sqlx::query(
        "INSERT INTO meta (name, value) VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )
    .bind(name)
    .bind(value)
    .execute(connection)
    .await
    .map(drop))?;
    Ok(())
}
