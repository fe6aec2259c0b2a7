//! Copying everything from one database to another, which may be of the other kind. Sealed bytes are
//! copied as they are; the key file must be copied by hand.

use futures::TryStreamExt;
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use crate::database::{Store, Tx, rows_statement, statement_slices};
use crate::error::Error;

/// Rows that are held in memory at a time.
const ROWS_AT_ONCE: usize = 64;

/// How a column is stored.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Integer,
    Real,
    Text,
    Bytes,
    Id,
}

use Kind::{Bytes, Id, Integer, Real, Text};

/// One table with its columns.
struct Table {
    name: &'static str,
    columns: &'static [(&'static str, Kind)],
}

/// Every table, in an order in which each refers only to those before it.
const TABLES: [Table; 16] = [
    Table {
        name: "meta",
        columns: &[("name", Text), ("value", Bytes)],
    },
    Table {
        name: "counters",
        columns: &[("name", Text), ("value", Integer)],
    },
    Table {
        name: "persons",
        columns: &[
            ("no", Integer),
            ("id", Id),
            ("email_key", Bytes),
            ("email_sealed", Bytes),
            ("password_hash", Text),
            ("role", Text),
            ("disabled", Integer),
            ("created_us", Integer),
            ("key_no", Integer),
            ("key_wrapped", Bytes),
            ("upload_seq", Integer),
            ("dirty_seq", Integer),
            ("catalogue", Integer),
        ],
    },
    Table {
        name: "docs",
        columns: &[
            ("person", Integer),
            ("name", Text),
            ("version", Integer),
            ("sealed", Bytes),
        ],
    },
    Table {
        name: "sessions",
        columns: &[
            ("id", Id),
            ("person", Integer),
            ("created_us", Integer),
            ("used_us", Integer),
            ("expires_us", Integer),
            ("revoked", Integer),
            ("label_sealed", Bytes),
        ],
    },
    Table {
        name: "session_tokens",
        columns: &[("hash", Bytes), ("session", Id), ("spent", Integer)],
    },
    Table {
        name: "idempotency",
        columns: &[
            ("person", Integer),
            ("key_hash", Bytes),
            ("body_hash", Bytes),
            ("begun_us", Integer),
            ("sealed", Bytes),
        ],
    },
    Table {
        name: "uploads",
        columns: &[
            ("person", Integer),
            ("no", Integer),
            ("id", Id),
            ("kind", Text),
            ("status", Text),
            ("stage", Text),
            ("progress", Real),
            ("accepted", Integer),
            ("duplicates", Integer),
            ("rejected", Integer),
            ("dirty_seq", Integer),
            ("exported_us", Integer),
            ("created_us", Integer),
            ("updated_us", Integer),
            ("sealed", Bytes),
        ],
    },
    Table {
        name: "chunks",
        columns: &[
            ("person", Integer),
            ("metric", Integer),
            ("bucket", Integer),
            ("samples", Integer),
            ("first_day", Integer),
            ("last_day", Integer),
            ("has_uid", Integer),
            ("far", Integer),
            ("sealed", Bytes),
        ],
    },
    Table {
        name: "tombstones",
        columns: &[
            ("person", Integer),
            ("uid", Integer),
            ("deleted_us", Integer),
            ("metric", Integer),
            ("sealed", Bytes),
        ],
    },
    Table {
        name: "records",
        columns: &[
            ("person", Integer),
            ("id", Id),
            ("kind", Text),
            ("uid", Integer),
            ("content", Bytes),
            ("start_day", Integer),
            ("version", Integer),
            ("origin", Integer),
            ("seen", Integer),
            ("head_sealed", Bytes),
            ("body_sealed", Bytes),
        ],
    },
    Table {
        name: "days",
        columns: &[
            ("person", Integer),
            ("day", Integer),
            ("sealed", Bytes),
            ("minutes_sealed", Bytes),
            ("methods", Integer),
        ],
    },
    Table {
        name: "dirty_days",
        columns: &[
            ("person", Integer),
            ("day", Integer),
            ("seq", Integer),
            ("since", Integer),
        ],
    },
    Table {
        name: "jobs",
        columns: &[
            ("id", Id),
            ("user_id", Id),
            ("kind", Text),
            ("state", Text),
            ("run_at_us", Integer),
            ("created_us", Integer),
            ("attempt", Integer),
            ("worker", Text),
            ("lease_until_us", Integer),
            ("error_code", Text),
        ],
    },
    Table {
        name: "insights",
        columns: &[
            ("person", Integer),
            ("id", Id),
            ("kind", Text),
            ("day", Integer),
            ("source", Text),
            ("created_us", Integer),
            ("sealed", Bytes),
            ("methods", Integer),
        ],
    },
    Table {
        name: "embeddings",
        columns: &[
            ("person", Integer),
            ("id", Id),
            ("kind", Text),
            ("week", Integer),
            ("model", Text),
            ("input", Bytes),
            ("created_us", Integer),
            ("sealed", Bytes),
            ("methods", Integer),
        ],
    },
];

/// One value of a row. `None` keeps the type, which PostgreSQL wants to know of a NULL.
enum Cell {
    Integer(Option<i64>),
    Real(Option<f64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
    Id(Option<Uuid>),
}

/// Copies every row into a migrated database without persons, in one transaction, and returns the
/// rows by table. Both sides see no other writer's halves.
pub async fn all(from: &Store, to: &Store) -> Result<Vec<(&'static str, u64)>, Error> {
    let mut source = from.read().await?;
    let mut target = to.write().await?;
    clear_fresh(&mut target).await?;
    let mut counts = Vec::new();
    for table in &TABLES {
        let count = copy_table(&mut source, &mut target, table).await?;
        counts.push((table.name, count));
    }
    target.commit().await?;
    source.rollback().await?;
    Ok(counts)
}

/// Removes what a migration itself puts into an empty database; refuses when there is more.
async fn clear_fresh(target: &mut Tx) -> Result<(), Error> {
    let count = run!(target, connection => sqlx::query_scalar::<_, i64>(
        "SELECT (SELECT COUNT(*) FROM persons) + (SELECT COUNT(*) FROM meta)",
    )
    .fetch_one(connection)
    .await)?;
    if count > 0 {
        return Err(Error::TargetNotEmpty);
    }
    run!(target, connection => sqlx::query("DELETE FROM counters")
        .execute(connection)
        .await
        .map(drop))?;
    Ok(())
}

async fn copy_table(source: &mut Tx, target: &mut Tx, table: &Table) -> Result<u64, Error> {
    let names: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
    let names = names.join(", ");
    let text = AssertSqlSafe(format!("SELECT {names} FROM {}", table.name));
    let prefix = format!("INSERT INTO {} ({names}) VALUES", table.name);
    let mut count = 0;
    run!(source, connection => {
        let mut rows = sqlx::query(text).fetch(connection);
        let mut held = Vec::with_capacity(ROWS_AT_ONCE);
        while let Some(row) = rows.try_next().await? {
            let mut cells = Vec::with_capacity(table.columns.len());
            for (at, (_, kind)) in table.columns.iter().enumerate() {
                cells.push(match kind {
                    Integer => Cell::Integer(row.try_get(at)?),
                    Real => Cell::Real(row.try_get(at)?),
                    Text => Cell::Text(row.try_get(at)?),
                    Bytes => Cell::Bytes(row.try_get(at)?),
                    Id => Cell::Id(row.try_get(at)?),
                });
            }
            held.push(cells);
            if held.len() == ROWS_AT_ONCE {
                count += insert(target, &prefix, &held).await?;
                held.clear();
            }
        }
        count += insert(target, &prefix, &held).await?;
    });
    Ok(count)
}

async fn insert(target: &mut Tx, prefix: &str, rows: &[Vec<Cell>]) -> Result<u64, Error> {
    for slice in statement_slices(rows) {
        let columns = slice.first().map_or(0, Vec::len);
        let text = rows_statement(prefix, columns, slice.len(), "");
        run!(target, connection => {
            let mut query = sqlx::query(text);
            for cell in slice.iter().flatten() {
                query = match cell {
                    Cell::Integer(value) => query.bind(*value),
                    Cell::Real(value) => query.bind(*value),
                    Cell::Text(value) => query.bind(value.as_deref()),
                    Cell::Bytes(value) => query.bind(value.as_deref()),
                    Cell::Id(value) => query.bind(*value),
                };
            }
            query.execute(connection).await.map(drop)
        })?;
    }
    Ok(rows.len() as u64)
}

/// The tables that are copied, with their columns, for the test that none is forgotten.
pub fn tables() -> Vec<(&'static str, Vec<&'static str>)> {
    TABLES
        .iter()
        .map(|table| {
            let names = table.columns.iter().map(|(name, _)| *name).collect();
            (table.name, names)
        })
        .collect()
}
