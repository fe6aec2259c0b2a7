//! Opening a database and the one transaction type. Nothing outside this crate sees a driver.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sqlx::postgres::{PgPool, PgPoolOptions, Postgres};
use sqlx::sqlite::{
    Sqlite, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection, Transaction};

use crate::aside;
use crate::error::Error;

/// Compiles one `sqlx` expression for both drivers: `run!(tx, connection => query.execute(connection).await?)`.
macro_rules! run {
    ($tx:expr, $connection:ident => $body:expr) => {
        match $tx {
            $crate::database::Tx::Sqlite(transaction) => {
                let $connection = &mut **transaction;
                $body
            }
            $crate::database::Tx::Postgres(transaction) => {
                let $connection = &mut **transaction;
                $body
            }
        }
    };
}

/// How long a SQLite connection waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a caller waits for the only writer of a SQLite file or for a reader.
const ACQUIRE_TIMEOUT: Duration = Duration::from_mins(1);
/// How long a caller waits for a connection to a PostgreSQL server: one that is away is said to be so soon.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Readers of a SQLite file at a time: more would only wait for the same disk.
const SQLITE_READERS: u32 = 8;
/// Connections to a PostgreSQL server: well below its usual limit of 100, for several instances.
const POSTGRES_CONNECTIONS: u32 = 16;
/// Chunks are a few kilobytes: with larger pages fewer of them spill, which saves 14 % of the file.
const SQLITE_PAGE_BYTES: u32 = 16_384;

/// The most pages that SQLite itself allows a file.
const SQLITE_PAGES_MAX: u32 = u32::MAX - 1;

const BEGIN_READ_POSTGRES: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
const BEGIN_WRITE_SQLITE: &str = "BEGIN IMMEDIATE";

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/both");

/// Which database to open.
#[derive(Debug, Clone)]
pub enum Target {
    /// A SQLite file, created when it does not exist.
    Sqlite {
        /// The file.
        path: PathBuf,
    },
    /// A private SQLite database that vanishes with the last clone of its store, for tests. It is a
    /// temporary file rather than shared memory, whose table locks would make readers fail.
    SqliteTemporary,
    /// A PostgreSQL database.
    Postgres {
        /// `postgres://user:password@host/database`.
        url: String,
    },
}

/// An open database.
#[derive(Debug, Clone)]
pub enum Store {
    /// One writer and several readers of a file.
    Sqlite(SqliteStore),
    /// A pool of connections to a server.
    Postgres(PgPool),
}

/// The connections to a SQLite file.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    pub(crate) writer: SqlitePool,
    readers: SqlitePool,
    /// Pages that the file may have; 0 for as many as SQLite allows.
    pub(crate) pages_max: Arc<AtomicU32>,
    /// Removes the folder of a temporary database when the last clone goes.
    folder: Option<Arc<tempfile::TempDir>>,
}

/// A transaction. Dropping it without [`Tx::commit`] undoes it.
#[derive(Debug)]
pub enum Tx {
    /// On SQLite.
    Sqlite(Transaction<'static, Sqlite>),
    /// On PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
}

impl SqliteStore {
    const fn is_temporary(&self) -> bool {
        self.folder.is_some()
    }
}

impl Store {
    /// Opens a database. Creates an empty file where there is none; runs no migration.
    pub async fn open(target: &Target) -> Result<Self, Error> {
        match target {
            Target::Sqlite { path } => {
                let options = sqlite_options(path.clone(), SqliteSynchronous::Full);
                open_sqlite(options, None).await
            }
            Target::SqliteTemporary => {
                let folder = tempfile::tempdir().map_err(Error::File)?;
                let path = folder.path().join("temporary.db");
                let options = sqlite_options(path, SqliteSynchronous::Off);
                open_sqlite(options, Some(Arc::new(folder))).await
            }
            Target::Postgres { url } => {
                let pool = PgPoolOptions::new()
                    .max_connections(POSTGRES_CONNECTIONS)
                    .acquire_timeout(CONNECT_TIMEOUT)
                    .connect(url)
                    .await?;
                Ok(Self::Postgres(pool))
            }
        }
    }

    /// Brings the tables up to date. Forward only. Before tables of a SQLite file change, a copy of it
    /// is set aside; returns where that is.
    pub async fn migrate(&self) -> Result<Option<PathBuf>, Error> {
        match self {
            Self::Sqlite(sqlite) => {
                let aside = if sqlite.is_temporary() {
                    None
                } else {
                    aside::set_aside(&sqlite.writer, &MIGRATIONS).await?
                };
                MIGRATIONS.run(&sqlite.writer).await?;
                Ok(aside)
            }
            Self::Postgres(pool) => {
                MIGRATIONS.run(pool).await?;
                Ok(None)
            }
        }
    }

    /// The copies that upgrades set aside of this database, oldest first. None on PostgreSQL.
    pub fn copies_aside(&self) -> Result<Vec<PathBuf>, Error> {
        match self {
            Self::Sqlite(sqlite) if !sqlite.is_temporary() => {
                aside::copies(sqlite.writer.connect_options().get_filename())
            }
            Self::Sqlite(_) | Self::Postgres(_) => Ok(Vec::new()),
        }
    }

    /// Begins a transaction that sees one state of the database and changes nothing.
    pub async fn read(&self) -> Result<Tx, Error> {
        Ok(match self {
            Self::Sqlite(sqlite) => Tx::Sqlite(sqlite.readers.begin().await?),
            Self::Postgres(pool) => {
                Tx::Postgres(pool.begin_with(BEGIN_READ_POSTGRES).await.map_err(away)?)
            }
        })
    }

    /// Begins a transaction that may write. On SQLite there is one at a time; what the program itself
    /// writes goes through [`Store::begin`] or [`Store::transact`], which wait for their turn.
    pub async fn write(&self) -> Result<Tx, Error> {
        Ok(match self {
            Self::Sqlite(sqlite) => Tx::Sqlite(sqlite.writer.begin_with(BEGIN_WRITE_SQLITE).await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await.map_err(away)?),
        })
    }

    /// Bounds the SQLite file to this many pages, on every connection from now on; 0 lifts the bound.
    /// A file that cannot grow fails as a full disk does, which is what this is for. Nothing to do on
    /// PostgreSQL.
    pub async fn limit_pages(&self, pages: u32) -> Result<(), Error> {
        if let Self::Sqlite(sqlite) = self {
            sqlite.pages_max.store(pages, Ordering::Relaxed);
            let mut connection = sqlite.writer.acquire().await?;
            bound_pages(&mut connection, pages).await?;
        }
        Ok(())
    }

    /// How many pages the SQLite file has; `None` on PostgreSQL.
    pub async fn pages(&self) -> Result<Option<u32>, Error> {
        let Self::Sqlite(sqlite) = self else {
            return Ok(None);
        };
        let pages = sqlx::query_scalar("PRAGMA page_count")
            .fetch_one(&sqlite.writer)
            .await?;
        Ok(Some(pages))
    }

    /// Closes every connection, after transactions in progress end.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(sqlite) => {
                sqlite.readers.close().await;
                sqlite.writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// No connection in time: the server is away, or has more to do than it can. Waiting once more would not help.
fn away(error: sqlx::Error) -> Error {
    if matches!(error, sqlx::Error::PoolTimedOut) {
        return Error::Unavailable(error);
    }
    error.into()
}

fn sqlite_options(path: PathBuf, synchronous: SqliteSynchronous) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .page_size(SQLITE_PAGE_BYTES)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        // Overwrites what is deleted (the wrapped key of an erased person), pages that become free too.
        .pragma("secure_delete", "ON")
}

async fn open_sqlite(
    options: SqliteConnectOptions,
    folder: Option<Arc<tempfile::TempDir>>,
) -> Result<Store, Error> {
    let pages_max = Arc::new(AtomicU32::new(0));
    let bound = Arc::clone(&pages_max);
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .after_connect(move |connection, _| {
            let pages = bound.load(Ordering::Relaxed);
            Box::pin(async move { bound_pages(connection, pages).await })
        })
        .after_release(|connection, _| Box::pin(is_clean(connection)))
        .connect_with(options.clone())
        .await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(SQLITE_READERS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options.pragma("query_only", "ON"))
        .await?;
    Ok(Store::Sqlite(SqliteStore {
        writer,
        readers,
        pages_max,
        folder,
    }))
}

/// Whether a connection may be used again. After a full disk or a failed read SQLite ends the
/// transaction by itself, the driver's own rollback is refused, and the connection would stay in a
/// transaction that is none: such a one is closed, and the next writer opens another.
async fn is_clean(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // Waits for a rollback that is under way.
    connection.ping().await?;
    let clean = !connection.is_in_transaction();
    if !clean {
        metrics::counter!("clarity_db_connections_replaced_total").increment(1);
        tracing::warn!("a connection whose transaction could not be ended is closed");
    }
    Ok(clean)
}

pub(crate) async fn bound_pages(
    connection: &mut SqliteConnection,
    pages: u32,
) -> Result<(), sqlx::Error> {
    // A pragma takes no parameters; the number cannot be anything else.
    let pages = if pages == 0 { SQLITE_PAGES_MAX } else { pages };
    let text = AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
    sqlx::query(text).execute(connection).await.map(drop)
}

impl Tx {
    /// Makes everything durable.
    pub async fn commit(self) -> Result<(), Error> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await?,
            Self::Postgres(transaction) => transaction.commit().await?,
        }
        Ok(())
    }

    /// Undoes everything, and waits until that is done.
    pub async fn rollback(self) -> Result<(), Error> {
        match self {
            Self::Sqlite(transaction) => transaction.rollback().await?,
            Self::Postgres(transaction) => transaction.rollback().await?,
        }
        Ok(())
    }

    /// Marks a point to which [`Tx::rollback_to`] can return. There is one at a time.
    pub async fn savepoint(&mut self) -> Result<(), Error> {
        self.execute("SAVEPOINT step").await
    }

    /// Keeps what was done since the savepoint and forgets the savepoint.
    pub async fn release(&mut self) -> Result<(), Error> {
        self.execute("RELEASE SAVEPOINT step").await
    }

    /// Undoes what was done since the savepoint and forgets the savepoint.
    pub async fn rollback_to(&mut self) -> Result<(), Error> {
        self.execute("ROLLBACK TO SAVEPOINT step").await?;
        self.release().await
    }

    async fn execute(&mut self, text: &'static str) -> Result<(), Error> {
        run!(self, connection => sqlx::query(text).execute(connection).await.map(drop))?;
        Ok(())
    }
}

/// Rows of one multi-row statement: few enough for both drivers' limits on parameters.
const ROWS_PER_STATEMENT: usize = 64;

/// The same where rows have many columns.
const WIDE_ROWS_PER_STATEMENT: usize = 16;

/// Sizes of multi-row statements. Few sizes keep the cache of prepared statements small.
const STATEMENT_SIZES: [usize; 4] = [ROWS_PER_STATEMENT, WIDE_ROWS_PER_STATEMENT, 4, 1];

/// Splits rows into slices of the sizes above, largest first.
pub(crate) fn statement_slices<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    slices_of(rows, ROWS_PER_STATEMENT)
}

/// The same for rows of many columns: for each value that is bound to a statement SQLite's driver goes through the names of
/// all of them, which takes longer than writing the rows.
pub(crate) fn slices_of_wide_rows<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    slices_of(rows, WIDE_ROWS_PER_STATEMENT)
}

fn slices_of<T>(mut rows: &[T], most: usize) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = STATEMENT_SIZES
            .into_iter()
            .find(|size| *size <= rows.len().min(most))?;
        let (slice, rest) = rows.split_at_checked(size)?;
        rows = rest;
        Some(slice)
    })
}

/// Builds `prefix ($1, …), ($n, …) suffix`. All parts are constants of this crate.
pub(crate) fn rows_statement(
    prefix: &str,
    columns: usize,
    rows: usize,
    suffix: &str,
) -> AssertSqlSafe<String> {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(prefix.len() + suffix.len() + rows * columns * 6);
    text.push_str(prefix);
    for row in 0..rows {
        text.push_str(if row == 0 { " (" } else { ", (" });
        for column in 0..columns {
            let separator = if column == 0 { "" } else { ", " };
            let number = row * columns + column + 1;
            write!(text, "{separator}${number}").expect("a String takes every text");
        }
        text.push(')');
    }
    text.push(' ');
    text.push_str(suffix);
    AssertSqlSafe(text)
}

/// Builds `prefix ($first, …) suffix` for a list of `count` values.
pub(crate) fn list_statement(
    prefix: &str,
    first: usize,
    count: usize,
    suffix: &str,
) -> AssertSqlSafe<String> {
    let numbers: Vec<String> = (first..first + count).map(|n| format!("${n}")).collect();
    AssertSqlSafe(format!("{prefix} ({}) {suffix}", numbers.join(", ")))
}
