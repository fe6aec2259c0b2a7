//! Many days in one row: what most responses need of each, so that years are read by some thirty rows.
//!
//! A block holds what was made of the documents of its days and nothing else. Writing or removing one of those documents
//! removes the block with it, so a block that is there is true. It must never be the only place of anything.

use jiff::civil::Date;
use model::ids::UserId;

use crate::damage;
use crate::database::{Tx, list_statement, statement_slices};
use crate::days::{from_number, number};
use crate::error::Error;
use crate::vault::PersonKey;

/// Days of a block.
pub const DAYS: usize = 64;
const DAYS_SIGNED: i64 = 64;

/// The first day of a block and what is stored of it.
pub type Block = (Date, Vec<u8>);

fn block_of(day: Date) -> i64 {
    number(day).div_euclid(DAYS_SIGNED)
}

/// The first day of the block that a day belongs to.
pub fn start_of(day: Date) -> Date {
    from_number(block_of(day) * DAYS_SIGNED)
}

/// The first day after a block.
pub fn end_of(day: Date) -> Date {
    from_number((block_of(day) + 1) * DAYS_SIGNED)
}

/// The blocks that share a day with `[from, until)`, oldest first; a block that does not open is left out.
pub async fn get(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    from: Date,
    until: Date,
) -> Result<Vec<Block>, Error> {
    let person = key.person(user)?;
    let last = (number(until) - 1).div_euclid(DAYS_SIGNED);
    let rows = run!(tx, connection => sqlx::query_as::<_, (i64, Vec<u8>)>(
        "SELECT block, sealed FROM day_blocks
         WHERE person = $1 AND block >= $2 AND block <= $3 ORDER BY block",
    )
    .bind(person)
    .bind(block_of(from))
    .bind(last)
    .fetch_all(connection)
    .await)?;
    opened(key, rows)
}

/// Removes the blocks of these days and returns what was in those that open.
pub async fn take(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    dates: &[Date],
) -> Result<Vec<Block>, Error> {
    let person = key.lock(tx, user).await?;
    let mut taken = Vec::new();
    for slice in statement_slices(&blocks_of(dates)) {
        let text = list_statement(
            "DELETE FROM day_blocks WHERE person = $1 AND block IN",
            2,
            slice.len(),
            "RETURNING block, sealed",
        );
        let rows = run!(tx, connection => {
            let mut query = sqlx::query_as::<_, (i64, Vec<u8>)>(text).bind(person);
            for block in slice {
                query = query.bind(*block);
            }
            query.fetch_all(connection).await
        })?;
        taken.extend(opened(key, rows)?);
    }
    Ok(taken)
}

/// Stores what is known of the block that a day belongs to.
pub async fn put(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    (day, bytes): (Date, &[u8]),
) -> Result<(), Error> {
    let person = key.lock(tx, user).await?;
    let block = block_of(day);
    run!(tx, connection => sqlx::query(
        "INSERT INTO day_blocks (person, block, sealed) VALUES ($1, $2, $3)
         ON CONFLICT (person, block) DO UPDATE SET sealed = excluded.sealed",
    )
    .bind(person)
    .bind(block)
    .bind(key.seal(&row_name(key, block), bytes))
    .execute(connection)
    .await
    .map(drop))?;
    Ok(())
}

/// Removes the blocks of days that change.
pub(crate) async fn forget(tx: &mut Tx, user: UserId, dates: &[Date]) -> Result<(), Error> {
    for slice in statement_slices(&blocks_of(dates)) {
        let text = list_statement(
            "DELETE FROM day_blocks
             WHERE person = (SELECT no FROM persons WHERE id = $1) AND block IN",
            2,
            slice.len(),
            "",
        );
        run!(tx, connection => {
            let mut query = sqlx::query(text).bind(user.uuid());
            for block in slice {
                query = query.bind(*block);
            }
            query.execute(connection).await.map(drop)
        })?;
    }
    Ok(())
}

fn blocks_of(dates: &[Date]) -> Vec<i64> {
    let mut blocks: Vec<i64> = dates.iter().copied().map(block_of).collect();
    blocks.sort_unstable();
    blocks.dedup();
    blocks
}

fn opened(key: &PersonKey, mut rows: Vec<(i64, Vec<u8>)>) -> Result<Vec<Block>, Error> {
    rows.sort_unstable_by_key(|(block, _)| *block);
    damage::readable(rows.into_iter().map(|(block, sealed)| {
        let bytes = key.open_as("block of days", &row_name(key, block), &sealed)?;
        Ok((from_number(block * DAYS_SIGNED), bytes))
    }))
}

fn row_name(key: &PersonKey, block: i64) -> Vec<u8> {
    key.row_name("day_blocks", &block.to_le_bytes())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn blocks_lie_side_by_side() {
        assert_eq!(start_of(date(1970, 1, 1)), date(1970, 1, 1));
        assert_eq!(end_of(date(1970, 1, 1)), date(1970, 3, 6));
        assert_eq!(start_of(date(1970, 3, 6)), date(1970, 3, 6));
        assert_eq!(end_of(date(1969, 12, 31)), date(1970, 1, 1));
        let year = [date(2026, 1, 1), date(2026, 12, 31), date(2026, 1, 2)];
        assert_eq!(blocks_of(&year).len(), 2);
    }
}
