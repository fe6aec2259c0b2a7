//! Copying everything from one database to another, which may be of the other kind. Sealed bytes are
//! copied as they are; the key file must be copied by hand.

use futures::TryStreamExt;
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use crate::database::{Store, Tx, rows_statement, statement_slices};
use crate::error::Error;
use crate::tables::Kind::{Bytes, Id, Integer, Real, Text};
use crate::tables::{TABLES, Table};

/// Rows that are held in memory at a time.
const ROWS_AT_ONCE: usize = 64;

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
