//! Gets what was erased out of the bytes of a SQLite file and its write-ahead log, and says whether it is.
//!
//! Deleting a row does not end its bytes: the log keeps older pages while anybody reads them, a table that was
//! split keeps copies in the gaps of its pages, and pages that became free under an older version were not
//! overwritten. Nothing here waits for a reader, because every writer would wait with it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqlitePool};

use crate::database::{SqliteStore, Store, Tx, bound_pages};
use crate::error::Error;
use crate::meta;
use crate::tables::TABLES;

/// How long writers may be held back by an attempt.
const PATIENCE: Duration = Duration::from_millis(200);
/// Bytes of free pages that are overwritten in one transaction: others write in between.
const PIECE_BYTES: i64 = 8 << 20;
/// Set once the pages that older versions left free are overwritten; later ones are when they become free.
const FREE_PAGES_CLEAN: &str = "free_pages_clean";

const CHECKPOINT_SQLITE: &str = "PRAGMA wal_checkpoint(TRUNCATE)";
const BEGIN_SQLITE: &str = "BEGIN IMMEDIATE";
const FREE_PAGES_SQLITE: &str = "PRAGMA freelist_count";
const PAGE_BYTES_SQLITE: &str = "PRAGMA page_size";

/// Writes every key of a person to fresh pages and overwrites the old ones, gaps included. The connection
/// does not follow references, or everything of everybody would go with the rows.
fn rebuild() -> [AssertSqlSafe<String>; 5] {
    let persons = TABLES.iter().find(|table| table.name == "persons");
    let columns = persons.map_or(&[][..], |table| table.columns);
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let names = names.join(", ");
    [
        CLEAR_SQLITE.to_owned(),
        format!("CREATE TABLE scrub AS SELECT {names} FROM persons"),
        "DELETE FROM persons".to_owned(),
        format!("INSERT INTO persons ({names}) SELECT {names} FROM scrub ORDER BY no"),
        CLEAR_SQLITE.to_owned(),
    ]
    .map(AssertSqlSafe)
}

const CLEAR_SQLITE: &str = "DROP TABLE IF EXISTS scrub";
const TAKE_SQLITE: &str = "CREATE TABLE IF NOT EXISTS scrub (zeros BYTEA)";
const FILL_SQLITE: &str = "INSERT INTO scrub (zeros) VALUES (zeroblob($1))";
const LEAVE_SQLITE: &str = "DELETE FROM scrub WHERE rowid = (SELECT MAX(rowid) FROM scrub)";

/// Whether what was erased is gone from the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scrubbed {
    /// What was erased before is in neither file nor log.
    Clean,
    /// Somebody reads an older state of the file or writes to it: try again later.
    InUse,
}

impl Store {
    /// Removes what was erased before from the bytes of the file and empties the write-ahead log, unless
    /// somebody still reads an older state. Nothing to do on PostgreSQL, which keeps its files itself.
    pub async fn scrub(&self) -> Result<Scrubbed, Error> {
        let Self::Sqlite(sqlite) = self else {
            return Ok(Scrubbed::Clean);
        };
        let was_clean = self.overwrites_free_pages().await?;
        // Whoever writes in this process waits here, not for the lock of the file.
        let turn = sqlite.writer.acquire().await?;
        let mut connection = side_connection(sqlite).await?;
        let scrubbed = scrub(&mut connection, &sqlite.writer, turn, was_clean).await;
        // Closing may fail like everything else; the file is as it is.
        drop(connection.close().await);
        match scrubbed {
            Err(Error::Busy(_)) => Ok(Scrubbed::InUse),
            Ok(Scrubbed::Clean) if !was_clean => {
                // The log contains this note and nothing else.
                let mut tx = self.begin("note that free pages are clean").await?;
                meta::put(&mut tx, FREE_PAGES_CLEAN, &[1]).await?;
                tx.commit().await?;
                Ok(Scrubbed::Clean)
            }
            other => other,
        }
    }

    async fn overwrites_free_pages(&self) -> Result<bool, Error> {
        let mut tx: Tx = self.read().await?;
        Ok(meta::get(&mut tx, FREE_PAGES_CLEAN).await?.is_some())
    }
}

async fn side_connection(sqlite: &SqliteStore) -> Result<SqliteConnection, Error> {
    let options = (*sqlite.writer.connect_options()).clone();
    let options = options.busy_timeout(PATIENCE).foreign_keys(false);
    let mut connection = options.connect().await?;
    bound_pages(&mut connection, sqlite.pages_max.load(Ordering::Relaxed)).await?;
    Ok(connection)
}

async fn scrub(
    connection: &mut SqliteConnection,
    writer: &SqlitePool,
    turn: sqlx::pool::PoolConnection<sqlx::Sqlite>,
    was_clean: bool,
) -> Result<Scrubbed, Error> {
    // While somebody reads, nothing is written that could not be emptied out of the log either.
    if checkpoint(connection).await? == Scrubbed::InUse {
        return Ok(Scrubbed::InUse);
    }
    sqlx::query(BEGIN_SQLITE).execute(&mut *connection).await?;
    for statement in rebuild() {
        sqlx::query(statement).execute(&mut *connection).await?;
    }
    sqlx::query("COMMIT").execute(&mut *connection).await?;
    if was_clean {
        return checkpoint(connection).await;
    }
    drop(turn);
    overwrite_free_pages(connection, writer).await?;
    let _turn = writer.acquire().await?;
    checkpoint(connection).await
}

/// Takes every free page, and gives it back: what becomes free is overwritten whole.
async fn overwrite_free_pages(
    connection: &mut SqliteConnection,
    writer: &SqlitePool,
) -> Result<(), Error> {
    sqlx::query(CLEAR_SQLITE).execute(&mut *connection).await?;
    sqlx::query(TAKE_SQLITE).execute(&mut *connection).await?;
    let page_bytes = number(connection, PAGE_BYTES_SQLITE).await?;
    let mut pieces = 0;
    loop {
        let _turn = writer.acquire().await?;
        let bytes = number(connection, FREE_PAGES_SQLITE).await? * page_bytes;
        if bytes == 0 {
            break;
        }
        sqlx::query(FILL_SQLITE)
            .bind(bytes.min(PIECE_BYTES))
            .execute(&mut *connection)
            .await?;
        pieces += 1;
    }
    for _ in 0..pieces {
        let _turn = writer.acquire().await?;
        sqlx::query(LEAVE_SQLITE).execute(&mut *connection).await?;
    }
    let _turn = writer.acquire().await?;
    sqlx::query(CLEAR_SQLITE).execute(&mut *connection).await?;
    Ok(())
}

async fn number(connection: &mut SqliteConnection, text: &'static str) -> Result<i64, Error> {
    Ok(sqlx::query_scalar(text).fetch_one(connection).await?)
}

/// Moves the log into the file and empties it, when nobody needs it.
async fn checkpoint(connection: &mut SqliteConnection) -> Result<Scrubbed, Error> {
    // Busy, frames in the log, frames moved: an attempt that was in somebody's way is no error.
    let (busy, _, _) = sqlx::query_as::<_, (i64, i64, i64)>(CHECKPOINT_SQLITE)
        .fetch_one(connection)
        .await?;
    Ok(if busy == 0 {
        Scrubbed::Clean
    } else {
        Scrubbed::InUse
    })
}
