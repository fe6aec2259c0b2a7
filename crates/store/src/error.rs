//! What can go wrong in the cellar, one variant per thing a caller does differently.

use std::path::PathBuf;

/// Why a store operation failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another account has this e-mail address.
    #[error("the e-mail address is already registered")]
    EmailTaken,
    /// There is no such person, or they were erased meanwhile.
    #[error("no such person")]
    PersonUnknown,
    /// There is no such upload of this person.
    #[error("no such upload")]
    UploadUnknown,
    /// The document changed since it was read.
    #[error("the document is at version {current:?}, not the expected one")]
    VersionConflict {
        /// The version that is stored, `None` when there is no document.
        current: Option<i64>,
    },
    /// The person's key was replaced since it was read: begin the transaction again.
    #[error("the person's key was replaced")]
    KeyStale,
    /// A key was used for another person than its own.
    #[error("the key belongs to another person")]
    KeyOfAnother,
    /// The database holds sealed data but the key file is gone.
    #[error(
        "the master key file {path} is missing, but this database was sealed with one: put the key file back"
    )]
    MasterKeyMissing {
        /// Where the key file should be.
        path: PathBuf,
    },
    /// The key file holds another key than the one this database was sealed with.
    #[error("the master key in {path} is not the one this database was sealed with")]
    MasterKeyWrong {
        /// The key file.
        path: PathBuf,
    },
    /// The key file is not a key file.
    #[error("{path} is not a master key file")]
    MasterKeyInvalid {
        /// The key file.
        path: PathBuf,
    },
    /// The key file cannot be read or created.
    #[error("cannot use the master key file {path}")]
    MasterKeyFile {
        /// The key file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Sealed bytes did not open: damaged, moved to another row, or sealed with another key.
    #[error("a stored {what} cannot be opened")]
    Damaged {
        /// What kind of row it is.
        what: &'static str,
    },
    /// More samples of one metric in one bucket than a chunk holds.
    #[error("too many samples of one metric in one period")]
    ChunkFull,
    /// The database to copy into already holds something.
    #[error("the target database is not empty")]
    TargetNotEmpty,
    /// The database file or a temporary folder cannot be created.
    #[error("cannot prepare the database file")]
    File(#[source] std::io::Error),
    /// Another writer held the database for too long, or two writers collided: try again.
    #[error("the database is busy")]
    Busy(#[source] sqlx::Error),
    /// The tables cannot be brought up to date.
    #[error("cannot migrate the database")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// Anything else the database said.
    #[error("the database refused an operation")]
    Database(#[source] sqlx::Error),
}

/// Codes after which the same transaction may succeed: SQLite busy and locked (with extensions),
/// PostgreSQL serialization failure, deadlock and lock not available.
const BUSY_CODES: [&str; 9] = [
    "5", "6", "261", "517", "773", "262", "40001", "40P01", "55P03",
];

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let code_is_busy = error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .is_some_and(|code| BUSY_CODES.contains(&code.as_ref()));
        if code_is_busy || matches!(error, sqlx::Error::PoolTimedOut) {
            Self::Busy(error)
        } else {
            Self::Database(error)
        }
    }
}
