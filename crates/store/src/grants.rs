//! Grants: what a person lets another account read, and until when.
//!
//! Owner, reader, scopes and times are bound under the master key: a row that was invented, moved, widened or
//! lengthened in the database lets nobody read anything. Whether a scope covers a question is decided above.

use model::ids::{GrantId, UserId};
use uuid::Uuid;

use crate::damage;
use crate::database::Tx;
use crate::error::Error;
use crate::vault::{PersonKey, Vault};

const TABLE: &str = "grants";

/// The grants for which a condition holds, with owner `o` and reader `r`.
macro_rules! grants {
    ($rest:literal) => {
        concat!(
            "SELECT g.id, o.id AS owner, r.id AS reader, g.scopes, g.created_us, g.expires_us, g.sealed, g.bound
             FROM grants g JOIN persons o ON o.no = g.person JOIN persons r ON r.no = g.reader ",
            $rest
        )
    };
}

/// A grant to make.
#[derive(Debug)]
pub struct NewGrant<'a> {
    /// The id.
    pub id: GrantId,
    /// Who may read.
    pub reader: UserId,
    /// The names of what may be read, separated by commas.
    pub scopes: &'a str,
    /// Now.
    pub now_us: i64,
    /// The first instant at which it holds no more.
    pub expires_us: i64,
    /// What the person said of it.
    pub words: &'a [u8],
}

/// A grant that its columns hold together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredGrant {
    /// The id.
    pub id: GrantId,
    /// Whose data it opens.
    pub owner: UserId,
    /// Who may read.
    pub reader: UserId,
    /// The names of what may be read, separated by commas.
    pub scopes: String,
    /// When it was made.
    pub created_us: i64,
    /// The first instant at which it holds no more.
    pub expires_us: i64,
    sealed: Vec<u8>,
}

impl StoredGrant {
    /// What the owner said of it.
    pub fn words(&self, key: &PersonKey) -> Result<Vec<u8>, Error> {
        key.person(self.owner)?;
        key.open_as("grant", &row_name(key, self.id), &self.sealed)
    }
}

/// Makes a grant, unless the person has `most` already; returns whether it was made.
pub async fn create(
    tx: &mut Tx,
    vault: &Vault,
    key: &PersonKey,
    user: UserId,
    grant: &NewGrant<'_>,
    most: i64,
) -> Result<bool, Error> {
    let person = key.lock(tx, user).await?;
    let columns = Columns {
        id: grant.id.uuid(),
        owner: user.uuid(),
        reader: grant.reader.uuid(),
        scopes: grant.scopes,
        times_us: (grant.now_us, grant.expires_us),
    };
    let created = run!(tx, connection => sqlx::query(
        "INSERT INTO grants (id, person, reader, scopes, created_us, expires_us, sealed, bound)
         SELECT $1, $2, r.no, $4, $5, $6, $7, $8 FROM persons r
         WHERE r.id = $3 AND (SELECT COUNT(*) FROM grants WHERE person = $2) < $9",
    )
    .bind(grant.id.uuid())
    .bind(person)
    .bind(grant.reader.uuid())
    .bind(grant.scopes)
    .bind(grant.now_us)
    .bind(grant.expires_us)
    .bind(key.seal(&row_name(key, grant.id), grant.words))
    .bind(columns.bind(vault))
    .bind(most)
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(created > 0)
}

/// The grants that a person gave, newest first; those that have expired are among them.
pub async fn given(tx: &mut Tx, vault: &Vault, user: UserId) -> Result<Vec<StoredGrant>, Error> {
    let rows = run!(tx, connection => sqlx::query_as::<_, Row>(
        grants!("WHERE o.id = $1 ORDER BY g.created_us DESC, g.id DESC"),
    )
    .bind(user.uuid())
    .fetch_all(connection)
    .await)?;
    damage::readable(rows.into_iter().map(|row| row.checked(vault)))
}

/// The grants that others gave to a person, newest first; those that have expired are among them.
pub async fn received(tx: &mut Tx, vault: &Vault, user: UserId) -> Result<Vec<StoredGrant>, Error> {
    let rows = run!(tx, connection => sqlx::query_as::<_, Row>(
        grants!("WHERE r.id = $1 ORDER BY g.created_us DESC, g.id DESC"),
    )
    .bind(user.uuid())
    .fetch_all(connection)
    .await)?;
    damage::readable(rows.into_iter().map(|row| row.checked(vault)))
}

/// The grants by which one person may read the data of another now. A disabled account neither gives nor reads.
pub async fn between(
    tx: &mut Tx,
    vault: &Vault,
    owner: UserId,
    reader: UserId,
    now_us: i64,
) -> Result<Vec<StoredGrant>, Error> {
    let rows = run!(tx, connection => sqlx::query_as::<_, Row>(
        grants!("WHERE o.id = $1 AND r.id = $2 AND g.expires_us > $3 AND o.disabled = 0 AND r.disabled = 0
         ORDER BY g.created_us, g.id"),
    )
    .bind(owner.uuid())
    .bind(reader.uuid())
    .bind(now_us)
    .fetch_all(connection)
    .await)?;
    damage::readable(rows.into_iter().map(|row| row.checked(vault)))
}

/// One grant that a person gave, or was given.
pub async fn by_id(
    tx: &mut Tx,
    vault: &Vault,
    user: UserId,
    id: GrantId,
) -> Result<Option<StoredGrant>, Error> {
    let row = run!(tx, connection => sqlx::query_as::<_, Row>(
        grants!("WHERE g.id = $1 AND (o.id = $2 OR r.id = $2)"),
    )
    .bind(id.uuid())
    .bind(user.uuid())
    .fetch_optional(connection)
    .await)?;
    row.map(|row| row.checked(vault)).transpose()
}

/// Ends a grant that a person gave, or was given. Returns whose data it opened, where there was one.
pub async fn revoke(tx: &mut Tx, user: UserId, id: GrantId) -> Result<Option<UserId>, Error> {
    let owner = run!(tx, connection => sqlx::query_scalar::<_, Uuid>(
        "SELECT o.id FROM grants g JOIN persons o ON o.no = g.person JOIN persons r ON r.no = g.reader
         WHERE g.id = $1 AND (o.id = $2 OR r.id = $2)",
    )
    .bind(id.uuid())
    .bind(user.uuid())
    .fetch_optional(connection)
    .await)?;
    let Some(owner) = owner else {
        return Ok(None);
    };
    let revoked = run!(tx, connection => sqlx::query("DELETE FROM grants WHERE id = $1")
        .bind(id.uuid())
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))?;
    Ok((revoked > 0).then(|| UserId::from_uuid(owner)))
}

/// Forgets the grants that expired before a time. Returns how many.
pub async fn expire(tx: &mut Tx, before_us: i64) -> Result<u64, Error> {
    let expired = run!(tx, connection => sqlx::query("DELETE FROM grants WHERE expires_us < $1")
        .bind(before_us)
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(expired)
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    owner: Uuid,
    reader: Uuid,
    scopes: String,
    created_us: i64,
    expires_us: i64,
    sealed: Vec<u8>,
    bound: Vec<u8>,
}

impl Row {
    fn checked(self, vault: &Vault) -> Result<StoredGrant, Error> {
        let columns = Columns {
            id: self.id,
            owner: self.owner,
            reader: self.reader,
            scopes: &self.scopes,
            times_us: (self.created_us, self.expires_us),
        };
        if !columns.is_bound(vault, &self.bound) {
            metrics::counter!("clarity_rows_refused_total", "table" => TABLE).increment(1);
            tracing::error!(grant = %self.id, "the row of a grant was changed by somebody else and is refused");
            return Err(Error::Damaged { what: "grant" });
        }
        Ok(StoredGrant {
            id: GrantId::from_uuid(self.id),
            owner: UserId::from_uuid(self.owner),
            reader: UserId::from_uuid(self.reader),
            scopes: self.scopes,
            created_us: self.created_us,
            expires_us: self.expires_us,
            sealed: self.sealed,
        })
    }
}

/// The columns that are bound.
struct Columns<'a> {
    id: Uuid,
    owner: Uuid,
    reader: Uuid,
    scopes: &'a str,
    times_us: (i64, i64),
}

impl Columns<'_> {
    fn with<T>(&self, then: impl FnOnce(&[&[u8]]) -> T) -> T {
        then(&[
            self.id.as_bytes(),
            self.owner.as_bytes(),
            self.reader.as_bytes(),
            self.scopes.as_bytes(),
            &self.times_us.0.to_le_bytes(),
            &self.times_us.1.to_le_bytes(),
        ])
    }

    fn bind(&self, vault: &Vault) -> Vec<u8> {
        self.with(|columns| vault.bind(TABLE, columns))
    }

    fn is_bound(&self, vault: &Vault, bound: &[u8]) -> bool {
        self.with(|columns| vault.is_bound(Some(bound), TABLE, columns))
    }
}

fn row_name(key: &PersonKey, id: GrantId) -> Vec<u8> {
    key.row_name(TABLE, id.uuid().as_bytes())
}
