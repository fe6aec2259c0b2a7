//! The copy of a SQLite database that is set aside before a new version changes its tables: what to go
//! back to with the version before. Nothing is set aside where nothing will change.

use std::fs::File;
use std::path::{Path, PathBuf};

use model::ids::UserId;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use sqlx::{ConnectOptions, Connection};

use crate::error::Error;

const HAS_MIGRATIONS_SQLITE: &str =
    "SELECT COUNT(*) FROM sqlite_master WHERE name = '_sqlx_migrations'";
const APPLIED_SQLITE: &str = "SELECT MAX(version) FROM _sqlx_migrations WHERE success";
const COPY_SQLITE: &str = "VACUUM INTO $1";

/// Sets a copy aside beside the database when tables exist and migrations wait; returns where it is. One
/// that is there already was made from the same tables and stays.
pub(crate) async fn set_aside(
    pool: &SqlitePool,
    migrations: &Migrator,
) -> Result<Option<PathBuf>, Error> {
    let Some(applied) = applied(pool).await? else {
        return Ok(None);
    };
    let waits = migrations.iter().any(|one| one.version > applied);
    if !waits {
        return Ok(None);
    }
    let file = pool.connect_options().get_filename().to_owned();
    let aside = name(&file, applied);
    if aside.exists() {
        return Ok(Some(aside));
    }
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    // Made under another name and for the owner only: a copy that has its name is whole.
    let made = tempfile::Builder::new()
        .prefix(".clarity-aside-")
        .tempfile_in(folder)
        .map_err(Error::Aside)?;
    let target = made.path().to_str().ok_or_else(|| {
        Error::Aside(std::io::Error::other(
            "the path of the database is not UTF-8",
        ))
    })?;
    sqlx::query(COPY_SQLITE)
        .bind(target)
        .execute(pool)
        .await
        .map_err(|error| Error::Aside(std::io::Error::other(error)))?;
    made.as_file().sync_all().map_err(Error::Aside)?;
    match made.persist_noclobber(&aside) {
        Ok(_) => {}
        // Another process that started at the same time was faster.
        Err(refused) if refused.error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(refused) => return Err(Error::Aside(refused.error)),
    }
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(Error::Aside)?;
    Ok(Some(aside))
}

/// The last migration that a database has; `None` for an empty one.
async fn applied(pool: &SqlitePool) -> Result<Option<i64>, Error> {
    let tables: i64 = sqlx::query_scalar(HAS_MIGRATIONS_SQLITE)
        .fetch_one(pool)
        .await?;
    if tables == 0 {
        return Ok(None);
    }
    Ok(sqlx::query_scalar(APPLIED_SQLITE).fetch_one(pool).await?)
}

/// `clarity.db` at its third migration is set aside as `clarity.db.before-0004`.
fn name(file: &Path, applied: i64) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{PREFIX}{:04}", applied + 1));
    PathBuf::from(name)
}

const PREFIX: &str = "before-";

/// The copies that were set aside of a database file, oldest first.
pub(crate) fn copies(file: &Path) -> Result<Vec<PathBuf>, Error> {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let Some(own) = file.file_name().and_then(|name| name.to_str()) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(Error::Aside)? {
        let path = entry.map_err(Error::Aside)?.path();
        let number = path
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| {
                name.strip_prefix(own)?
                    .strip_prefix('.')?
                    .strip_prefix(PREFIX)
            });
        if number.is_some_and(|number| number.parse::<u32>().is_ok()) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Removes a person and everything of theirs from a copy, down to the bytes of the file.
pub(crate) async fn forget(copy: &Path, user: UserId) -> Result<(), Error> {
    let mut connection = SqliteConnectOptions::new()
        .filename(copy)
        .foreign_keys(true)
        .pragma("secure_delete", "ON")
        .connect()
        .await?;
    sqlx::query("DELETE FROM jobs WHERE user_id = $1")
        .bind(user.uuid())
        .execute(&mut connection)
        .await?;
    // Every other table refers to this row and follows it.
    sqlx::query("DELETE FROM persons WHERE id = $1")
        .bind(user.uuid())
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    Ok(())
}
