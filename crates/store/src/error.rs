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
    /// Another process did the same request meanwhile: begin the transaction again.
    #[error("the same request was done meanwhile")]
    Overtaken,
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
    /// The copy that is made before tables change could not be made; they did not change.
    #[error(
        "could not set a copy of the database aside before upgrading it, so it was not changed: make room beside it or move it, then start again"
    )]
    Aside(#[source] std::io::Error),
    /// A later version of this program changed the tables.
    #[error(
        "the database was written by a later version of this program (its tables are at {found}): run that version, or put back the copy that it set aside"
    )]
    Later {
        /// The migration that this program does not know.
        found: i64,
    },
    /// The tables cannot be brought up to date.
    #[error("cannot migrate the database")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// The database cannot work at the moment: the disk is full or fails, memory is short, the server
    /// is away or restarting. Nothing was stored; the same may succeed later.
    #[error("the database cannot work at the moment")]
    Unavailable(#[source] sqlx::Error),
    /// Anything else the database said.
    #[error("the database refused an operation")]
    Database(#[source] sqlx::Error),
}

impl Error {
    /// Whether the same transaction may succeed when it is begun again at once.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Busy(_) | Self::KeyStale | Self::Overtaken)
    }

    /// Whether the database cannot work at the moment, whatever is asked of it.
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

/// Primary codes of SQLite after which the same transaction may succeed: busy, locked.
const SQLITE_BUSY: [u32; 2] = [5, 6];
/// Those that say that the machine lets the database down: out of memory, read-only, interrupted,
/// failed or full disk, file that cannot be opened.
const SQLITE_UNAVAILABLE: [u32; 6] = [7, 8, 9, 10, 13, 14];
/// PostgreSQL: serialization failure, deadlock, lock not available.
const POSTGRES_BUSY: [&str; 3] = ["40001", "40P01", "55P03"];
/// PostgreSQL, beginnings: connection exceptions, resources (disk, memory, connections), operator
/// intervention, system errors; a server that has become a standby.
const POSTGRES_UNAVAILABLE: [&str; 5] = ["08", "53", "57P", "58", "25006"];

/// What a failure asks of the caller.
enum Kind {
    Busy,
    Unavailable,
    Other,
}

fn kind_of_code(code: &str) -> Kind {
    if code.len() == 5 && code.is_ascii() && !code.starts_with('-') {
        // The five characters of an SQLSTATE; SQLite's numbers are shorter.
        if POSTGRES_BUSY.contains(&code) {
            return Kind::Busy;
        }
        if POSTGRES_UNAVAILABLE
            .iter()
            .any(|beginning| code.starts_with(beginning))
        {
            return Kind::Unavailable;
        }
        return Kind::Other;
    }
    // The low byte of an extended code is the primary one.
    match code.parse::<u32>().map(|code| code & 0xff) {
        Ok(code) if SQLITE_BUSY.contains(&code) => Kind::Busy,
        Ok(code) if SQLITE_UNAVAILABLE.contains(&code) => Kind::Unavailable,
        Ok(_) | Err(_) => Kind::Other,
    }
}

impl From<sqlx::migrate::MigrateError> for Error {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        if let sqlx::migrate::MigrateError::VersionMissing(found) = error {
            return Self::Later { found };
        }
        Self::Migration(error)
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let code = error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code);
        let away = matches!(
            error,
            sqlx::Error::Io(_)
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
                | sqlx::Error::BeginFailed
                | sqlx::Error::InvalidSavePointStatement
        );
        let kind = match code {
            Some(code) => kind_of_code(&code),
            None if matches!(error, sqlx::Error::PoolTimedOut) => Kind::Busy,
            None if away => Kind::Unavailable,
            None => Kind::Other,
        };
        match kind {
            Kind::Busy => Self::Busy(error),
            Kind::Unavailable => Self::Unavailable(error),
            Kind::Other => Self::Database(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_say_what_a_caller_may_do() {
        let check = |code: &str, expect: &str| {
            let kind = match kind_of_code(code) {
                Kind::Busy => "busy",
                Kind::Unavailable => "unavailable",
                Kind::Other => "other",
            };
            assert_eq!(kind, expect, "{code}");
        };
        // SQLITE_BUSY, _BUSY_RECOVERY, _BUSY_SNAPSHOT, _LOCKED_SHAREDCACHE.
        for code in ["5", "261", "517", "262", "40001", "40P01", "55P03"] {
            check(code, "busy");
        }
        // SQLITE_FULL, _IOERR_WRITE, _IOERR_FSYNC, _NOMEM, _INTERRUPT, _CANTOPEN, _READONLY_DBMOVED.
        for code in ["13", "778", "1034", "7", "9", "14", "1032"] {
            check(code, "unavailable");
        }
        for code in ["53100", "57P01", "57P03", "08006", "58030", "25006"] {
            check(code, "unavailable");
        }
        // SQLITE_CONSTRAINT_UNIQUE, _CORRUPT; unique violation, undefined table.
        for code in ["2067", "11", "23505", "42P01", ""] {
            check(code, "other");
        }
    }
}
