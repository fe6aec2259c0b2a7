//! Persons and their accounts. Addresses are sealed; accounts are found by a keyed hash.

use model::ids::UserId;
use uuid::Uuid;

use crate::database::Tx;
use crate::error::Error;
use crate::vault::{PersonKey, Vault};

/// Whether an account may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// In use.
    Enabled,
    /// Switched off by an administrator.
    Disabled,
}

/// What an account wants besides the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Factor {
    /// Nothing.
    None,
    /// A code that changes with time, or a recovery code.
    Totp,
}

/// A person to create.
#[derive(Debug)]
pub struct NewPerson<'a> {
    /// The id.
    pub id: UserId,
    /// The address as typed.
    pub email: &'a str,
    /// The password's hash in PHC form.
    pub password_hash: &'a str,
    /// The role's name.
    pub role: &'a str,
    /// Now.
    pub now_us: i64,
}

/// A person as stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// The id.
    pub id: UserId,
    /// The address as typed.
    pub email: String,
    /// The password's hash in PHC form.
    pub password_hash: String,
    /// The role's name.
    pub role: String,
    /// Whether the account may be used.
    pub access: Access,
    /// What it wants besides the password.
    pub factor: Factor,
    /// When it was created.
    pub created_us: i64,
}

/// A row of the table of persons.
#[derive(Debug)]
pub enum Found {
    /// An account.
    Account(Person),
    /// An account that somebody else changed, or that was damaged: nothing of it can be believed but its id,
    /// which may be another's.
    Damaged(UserId),
}

impl Found {
    /// The account, unless it is damaged.
    pub fn account(self) -> Option<Person> {
        match self {
            Self::Account(person) => Some(person),
            Self::Damaged(_) => None,
        }
    }
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Person")
            .field("id", &self.id)
            .field("email", &"***")
            .field("role", &self.role)
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}

/// The plain columns that decide who may come in, and what holds them together.
#[derive(sqlx::FromRow)]
struct Row {
    no: i64,
    id: Uuid,
    email_key: Vec<u8>,
    email_sealed: Vec<u8>,
    password_hash: String,
    role: String,
    disabled: i64,
    created_us: i64,
    mfa: i64,
    bound: Option<Vec<u8>>,
}

const TABLE: &str = "persons";

impl Row {
    fn bind(&self, vault: &Vault) -> Vec<u8> {
        self.with_columns(|columns| vault.bind(TABLE, columns))
    }

    fn check(&self, vault: &Vault) -> Result<(), Error> {
        let bound = self.bound.as_deref();
        if self.with_columns(|columns| vault.is_bound(bound, TABLE, columns)) {
            return Ok(());
        }
        metrics::counter!("clarity_rows_refused_total", "table" => TABLE).increment(1);
        tracing::error!(
            person = self.no,
            "an account was changed by somebody else and is refused"
        );
        Err(Error::Damaged { what: "account" })
    }

    fn with_columns<T>(&self, then: impl FnOnce(&[&[u8]]) -> T) -> T {
        let (no, disabled) = (self.no.to_le_bytes(), self.disabled.to_le_bytes());
        let (created_us, mfa) = (self.created_us.to_le_bytes(), self.mfa.to_le_bytes());
        let columns: [&[u8]; 9] = [
            &no,
            self.id.as_bytes(),
            &self.email_key,
            &self.email_sealed,
            self.password_hash.as_bytes(),
            self.role.as_bytes(),
            &disabled,
            &created_us,
            &mfa,
        ];
        // An account without a second factor is bound as it was before there were any.
        let bound = if self.mfa == 0 { 8 } else { 9 };
        then(columns.get(..bound).unwrap_or(&columns))
    }
}

/// Creates a person with a fresh key.
pub async fn create(tx: &mut Tx, vault: &Vault, person: &NewPerson<'_>) -> Result<(), Error> {
    let no = run!(tx, connection => sqlx::query_scalar::<_, i64>(
        "UPDATE counters SET value = value + 1 WHERE name = 'person' RETURNING value",
    )
    .fetch_one(connection)
    .await)?;
    let key = vault.new_person_key(person.id, 1);
    let row = Row {
        no,
        id: person.id.uuid(),
        email_key: vault.email_key(person.email).to_vec(),
        email_sealed: vault.seal_server(&email_name(person.id), person.email.as_bytes()),
        password_hash: person.password_hash.to_owned(),
        role: person.role.to_owned(),
        disabled: 0,
        created_us: person.now_us,
        mfa: 0,
        bound: None,
    };
    let bound = row.bind(vault);
    let created = run!(tx, connection => sqlx::query(
        "INSERT INTO persons (no, id, email_key, email_sealed, password_hash, role, disabled,
            created_us, key_no, key_wrapped, upload_seq, dirty_seq, bound)
         VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9, 0, 0, $10)
         ON CONFLICT (email_key) DO NOTHING",
    )
    .bind(row.no)
    .bind(row.id)
    .bind(row.email_key)
    .bind(row.email_sealed)
    .bind(row.password_hash)
    .bind(row.role)
    .bind(row.created_us)
    .bind(key.key_no)
    .bind(key.bytes)
    .bind(bound)
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    if created == 0 {
        return Err(Error::EmailTaken);
    }
    Ok(())
}

/// Keeps other writers of this person's data out until the transaction ends. On SQLite a write
/// transaction does that already.
pub async fn hold(tx: &mut Tx, key: &PersonKey, user: UserId) -> Result<(), Error> {
    key.lock(tx, user).await.map(drop)
}

/// The person with this address.
pub async fn by_email(tx: &mut Tx, vault: &Vault, email: &str) -> Result<Option<Person>, Error> {
    let row = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT no, id, email_key, email_sealed, password_hash, role, disabled, created_us, mfa,
            bound
         FROM persons WHERE email_key = $1",
    )
    .bind(vault.email_key(email).to_vec())
    .fetch_optional(connection)
    .await)?;
    row.map(|row| person(vault, row)).transpose()
}

/// The person with this id.
pub async fn by_id(tx: &mut Tx, vault: &Vault, user: UserId) -> Result<Option<Person>, Error> {
    let row = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT no, id, email_key, email_sealed, password_hash, role, disabled, created_us, mfa,
            bound
         FROM persons WHERE id = $1",
    )
    .bind(user.uuid())
    .fetch_optional(connection)
    .await)?;
    row.map(|row| person(vault, row)).transpose()
}

/// Everybody, oldest account first. A damaged row does not hide the others.
pub async fn list(tx: &mut Tx, vault: &Vault) -> Result<Vec<Found>, Error> {
    let rows = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT no, id, email_key, email_sealed, password_hash, role, disabled, created_us, mfa,
            bound
         FROM persons ORDER BY no",
    )
    .fetch_all(connection)
    .await)?;
    rows.into_iter().map(|row| found(vault, row)).collect()
}

/// Some of everybody, oldest account first, each with its number; those after the number `after`.
pub async fn page(
    tx: &mut Tx,
    vault: &Vault,
    after: Option<i64>,
    limit: u32,
) -> Result<Vec<(i64, Found)>, Error> {
    let rows = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT no, id, email_key, email_sealed, password_hash, role, disabled, created_us, mfa,
            bound
         FROM persons WHERE no > $1 ORDER BY no LIMIT $2",
    )
    .bind(after.unwrap_or(i64::MIN))
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await)?;
    rows.into_iter()
        .map(|row| Ok((row.no, found(vault, row)?)))
        .collect()
}

/// How many accounts there are.
pub async fn count(tx: &mut Tx) -> Result<i64, Error> {
    let count = run!(tx, connection => sqlx::query_scalar::<_, i64>(
        "SELECT COUNT(*) FROM persons",
    )
    .fetch_one(connection)
    .await)?;
    Ok(count)
}

/// Switches an account on or off. Returns whether there is such a person.
pub async fn set_access(
    tx: &mut Tx,
    vault: &Vault,
    user: UserId,
    access: Access,
) -> Result<bool, Error> {
    change(tx, vault, user, |row| {
        row.disabled = i64::from(access == Access::Disabled);
    })
    .await
}

/// Replaces the password's hash. Returns whether there is such a person.
pub async fn set_password_hash(
    tx: &mut Tx,
    vault: &Vault,
    user: UserId,
    password_hash: &str,
) -> Result<bool, Error> {
    change(tx, vault, user, |row| {
        password_hash.clone_into(&mut row.password_hash);
    })
    .await
}

/// Gives an account another role. Returns whether there is such a person.
pub async fn set_role(tx: &mut Tx, vault: &Vault, user: UserId, role: &str) -> Result<bool, Error> {
    change(tx, vault, user, |row| role.clone_into(&mut row.role)).await
}

/// Says what an account wants besides the password. Returns whether there is such a person.
pub async fn set_factor(
    tx: &mut Tx,
    vault: &Vault,
    user: UserId,
    factor: Factor,
) -> Result<bool, Error> {
    change(tx, vault, user, |row| {
        row.mfa = i64::from(factor == Factor::Totp);
    })
    .await
}

/// Changes an account and binds it anew. Two changes at the same time wait for each other.
async fn change(
    tx: &mut Tx,
    vault: &Vault,
    user: UserId,
    change: impl FnOnce(&mut Row),
) -> Result<bool, Error> {
    const SQLITE: &str = "SELECT no, id, email_key, email_sealed, password_hash, role, disabled, \
                          created_us, mfa, bound FROM persons WHERE id = $1";
    const POSTGRES: &str = "SELECT no, id, email_key, email_sealed, password_hash, role, disabled, \
                            created_us, mfa, bound FROM persons WHERE id = $1 FOR NO KEY UPDATE";
    let text = match tx {
        Tx::Sqlite(_) => SQLITE,
        Tx::Postgres(_) => POSTGRES,
    };
    let row = run!(tx, connection => sqlx::query_as::<_, Row>(text)
        .bind(user.uuid())
        .fetch_optional(connection)
        .await)?;
    let Some(mut row) = row else {
        return Ok(false);
    };
    row.check(vault)?;
    change(&mut row);
    let bound = row.bind(vault);
    run!(tx, connection => sqlx::query(
        "UPDATE persons SET password_hash = $2, role = $3, disabled = $4, mfa = $5, bound = $6
         WHERE no = $1",
    )
    .bind(row.no)
    .bind(row.password_hash)
    .bind(row.role)
    .bind(row.disabled)
    .bind(row.mfa)
    .bind(bound)
    .execute(connection)
    .await
    .map(drop))?;
    Ok(true)
}

/// Binds the accounts of an older version as they are.
pub(crate) async fn bind_all(tx: &mut Tx, vault: &Vault) -> Result<(), Error> {
    let rows = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT no, id, email_key, email_sealed, password_hash, role, disabled, created_us, mfa,
            bound
         FROM persons WHERE bound IS NULL",
    )
    .fetch_all(connection)
    .await)?;
    for row in rows {
        let bound = row.bind(vault);
        run!(tx, connection => sqlx::query("UPDATE persons SET bound = $2 WHERE no = $1")
            .bind(row.no)
            .bind(bound)
            .execute(connection)
            .await
            .map(drop))?;
    }
    Ok(())
}

fn email_name(user: UserId) -> String {
    format!("e-mail address of {user}")
}

fn found(vault: &Vault, row: Row) -> Result<Found, Error> {
    let id = UserId::from_uuid(row.id);
    match person(vault, row) {
        Ok(person) => Ok(Found::Account(person)),
        Err(Error::Damaged { .. }) => Ok(Found::Damaged(id)),
        Err(other) => Err(other),
    }
}

fn person(vault: &Vault, row: Row) -> Result<Person, Error> {
    row.check(vault)?;
    let Row {
        id,
        email_sealed,
        password_hash,
        role,
        disabled,
        created_us,
        mfa,
        ..
    } = row;
    let id = UserId::from_uuid(id);
    let email = vault.open_server(&email_name(id), &email_sealed)?;
    let email = std::str::from_utf8(&email)
        .map_err(|_| Error::Damaged {
            what: "e-mail address",
        })?
        .to_owned();
    let access = match disabled {
        0 => Access::Enabled,
        _ => Access::Disabled,
    };
    Ok(Person {
        id,
        email,
        password_hash,
        role,
        access,
        factor: if mfa == 0 { Factor::None } else { Factor::Totp },
        created_us,
    })
}
