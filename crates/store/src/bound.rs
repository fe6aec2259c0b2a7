//! Binds the rows of older versions, once: from then on a row that lets somebody in and is not bound is refused.

use uuid::Uuid;

use crate::database::Tx;
use crate::error::Error;
use crate::people;
use crate::sessions;
use crate::vault::Vault;

/// Binds every row as it is. Only for a database that an older version of this program wrote.
pub(crate) async fn bind_older(tx: &mut Tx, vault: &Vault) -> Result<(), Error> {
    people::bind_all(tx, vault).await?;
    let live = run!(tx, connection => sqlx::query_as::<_, (Uuid, Uuid, i64, i64)>(
        "SELECT s.id, p.id, s.created_us, s.expires_us
         FROM sessions s JOIN persons p ON p.no = s.person WHERE s.revoked = 0",
    )
    .fetch_all(connection)
    .await)?;
    for (session, user, created_us, expires_us) in live {
        let bound = sessions::bind(vault, session, user, (created_us, expires_us));
        run!(tx, connection => sqlx::query("UPDATE sessions SET bound = $2 WHERE id = $1")
            .bind(session)
            .bind(bound)
            .execute(connection)
            .await
            .map(drop))?;
    }
    let tokens = run!(tx, connection => sqlx::query_as::<_, (Vec<u8>, Uuid)>(
        "SELECT hash, session FROM session_tokens",
    )
    .fetch_all(connection)
    .await)?;
    for (hash, session) in tokens {
        let bound = sessions::bind_token(vault, &hash, session);
        run!(tx, connection => sqlx::query("UPDATE session_tokens SET bound = $2 WHERE hash = $1")
            .bind(hash)
            .bind(bound)
            .execute(connection)
            .await
            .map(drop))?;
    }
    Ok(())
}
