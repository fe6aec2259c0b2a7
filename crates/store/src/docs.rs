//! Small sealed documents, one per person and name, with a version for optimistic writes.

use std::collections::HashMap;

use model::ids::UserId;

use crate::database::Tx;
use crate::error::Error;
use crate::vault::PersonKey;

/// The documents that every person can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DocName {
    /// Numbers of the person's own types and sources.
    Dictionary,
    /// Where the person was.
    Zones,
    /// What the person told about themselves.
    Profile,
    /// Settings.
    Preferences,
    /// What the apps of the person's phones said.
    Heard,
}

impl DocName {
    /// Every name.
    pub const ALL: [Self; 5] = [
        Self::Dictionary,
        Self::Zones,
        Self::Profile,
        Self::Preferences,
        Self::Heard,
    ];

    /// The stored name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dictionary => "dictionary",
            Self::Zones => "zones",
            Self::Profile => "profile",
            Self::Preferences => "preferences",
            Self::Heard => "heard",
        }
    }
}

/// A stored document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doc {
    /// Counts the writes, from 1.
    pub version: i64,
    /// The content.
    pub bytes: Vec<u8>,
}

/// What a write expects to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Anything or nothing.
    Any,
    /// No document yet.
    Absent,
    /// The document at this version.
    Version(i64),
}

/// The document of this name.
pub async fn get(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    name: DocName,
) -> Result<Option<Doc>, Error> {
    let person = key.person(user)?;
    let row = run!(tx, connection => sqlx::query_as::<_, (i64, Vec<u8>)>(
        "SELECT version, sealed FROM docs WHERE person = $1 AND name = $2",
    )
    .bind(person)
    .bind(name.as_str())
    .fetch_optional(connection)
    .await)?;
    let Some((version, sealed)) = row else {
        return Ok(None);
    };
    let bytes = key.open_as("document", &row_name(key, name), &sealed)?;
    Ok(Some(Doc { version, bytes }))
}

/// The versions of the documents that the person has: whether something read before is still current.
pub async fn versions(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
) -> Result<HashMap<DocName, i64>, Error> {
    let person = key.person(user)?;
    let rows = run!(tx, connection => sqlx::query_as::<_, (String, i64)>(
        "SELECT name, version FROM docs WHERE person = $1",
    )
    .bind(person)
    .fetch_all(connection)
    .await)?;
    let known = |name: &str| DocName::ALL.into_iter().find(|doc| doc.as_str() == name);
    let rows = rows.into_iter();
    Ok(rows
        .filter_map(|(name, version)| Some((known(&name)?, version)))
        .collect())
}

/// Writes a document and returns its new version.
pub async fn put(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    name: DocName,
    bytes: &[u8],
    expected: Expected,
) -> Result<i64, Error> {
    let person = key.lock(tx, user).await?;
    let current = run!(tx, connection => sqlx::query_scalar::<_, i64>(
        "SELECT version FROM docs WHERE person = $1 AND name = $2",
    )
    .bind(person)
    .bind(name.as_str())
    .fetch_optional(connection)
    .await)?;
    let fits = match expected {
        Expected::Any => true,
        Expected::Absent => current.is_none(),
        Expected::Version(version) => current == Some(version),
    };
    if !fits {
        return Err(Error::VersionConflict { current });
    }
    let version = current.unwrap_or(0) + 1;
    run!(tx, connection => sqlx::query(
        "INSERT INTO docs (person, name, version, sealed) VALUES ($1, $2, $3, $4)
         ON CONFLICT (person, name) DO UPDATE
         SET version = excluded.version, sealed = excluded.sealed",
    )
    .bind(person)
    .bind(name.as_str())
    .bind(version)
    .bind(key.seal(&row_name(key, name), bytes))
    .execute(connection)
    .await
    .map(drop))?;
    Ok(version)
}

fn row_name(key: &PersonKey, name: DocName) -> Vec<u8> {
    key.row_name("docs", name.as_str().as_bytes())
}
