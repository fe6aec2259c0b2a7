//! The small sealed documents of a person, each with the version it was read at.

use model::ids::UserId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::docs::{DocName, Expected};
use store::{PersonKey, Tx};

/// A document with its version; version 0 when it was never written.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Document<T> {
    /// Counts the writes.
    pub(crate) version: i64,
    /// The content.
    pub(crate) value: T,
}

/// Why a person's documents could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The store refused.
    #[error("reading or writing a person's documents")]
    Store(#[from] store::Error),
    /// A document does not have the form this version writes.
    #[error("reading or writing the sealed document {name:?}")]
    Form {
        /// Which.
        name: &'static str,
        /// How it differs.
        #[source]
        source: serde_json::Error,
    },
}

/// Reads a document of the person, or what it is before it is first written.
pub(crate) async fn read<T: DeserializeOwned + Default>(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    name: DocName,
) -> Result<Document<T>, DocumentError> {
    let Some(found) = store::docs::get(tx, key, user, name).await? else {
        return Ok(Document::default());
    };
    let value = serde_json::from_slice(&found.bytes).map_err(|source| DocumentError::Form {
        name: name.as_str(),
        source,
    })?;
    Ok(Document {
        version: found.version,
        value,
    })
}

/// Writes a document of the person and returns its new version.
pub(crate) async fn write<T: Serialize>(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    name: DocName,
    value: &T,
    expected: Expected,
) -> Result<i64, DocumentError> {
    let bytes = serde_json::to_vec(value).map_err(|source| DocumentError::Form {
        name: name.as_str(),
        source,
    })?;
    Ok(store::docs::put(tx, key, user, name, &bytes, expected).await?)
}
