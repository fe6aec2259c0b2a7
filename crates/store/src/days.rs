//! Local days: which of them must be analysed again, and the sealed document of each.

use jiff::Span;
use jiff::civil::{Date, date};
use model::ids::UserId;

use crate::blocks;
use crate::damage;
use crate::database::{Tx, list_statement, rows_statement, statement_slices};
use crate::error::Error;
use crate::vault::PersonKey;

const EPOCH: Date = date(1970, 1, 1);

/// Days since 1970.
pub(crate) fn number(day: Date) -> i64 {
    day.duration_since(EPOCH).as_hours() / 24
}

/// The date of a day since 1970; beyond what a date holds, the nearest one.
pub(crate) fn from_number(number: i64) -> Date {
    Span::new()
        .try_days(number)
        .and_then(|span| EPOCH.checked_add(span))
        .unwrap_or(if number < 0 { Date::MIN } else { Date::MAX })
}

/// Marks days for analysis and returns the person's new sequence number. No day, no new number. A day that is marked
/// already waits since its first mark.
pub async fn mark(tx: &mut Tx, user: UserId, dates: &[Date], now_us: i64) -> Result<i64, Error> {
    let step = i64::from(!dates.is_empty());
    let (person, seq) = next_seq(tx, user, step).await?;
    let mut numbers: Vec<i64> = dates.iter().copied().map(number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    for slice in statement_slices(&numbers) {
        let text = rows_statement(
            "INSERT INTO dirty_days (person, day, seq, since, marked_us) VALUES",
            5,
            slice.len(),
            "ON CONFLICT (person, day) DO UPDATE SET seq = excluded.seq",
        );
        run!(tx, connection => {
            let mut query = sqlx::query(text);
            for day in slice {
                query = query
                    .bind(person)
                    .bind(*day)
                    .bind(seq)
                    .bind(seq)
                    .bind(now_us);
            }
            query.execute(connection).await.map(drop)
        })?;
    }
    Ok(seq)
}

/// Marks every day that has a document, and returns the person's new sequence number.
pub async fn mark_all(tx: &mut Tx, user: UserId, now_us: i64) -> Result<i64, Error> {
    let (person, seq) = next_seq(tx, user, 1).await?;
    run!(tx, connection => sqlx::query(
        "INSERT INTO dirty_days (person, day, seq, since, marked_us)
         SELECT person, day, $2, $2, $3 FROM days WHERE person = $1
         ON CONFLICT (person, day) DO UPDATE SET seq = excluded.seq",
    )
    .bind(person)
    .bind(seq)
    .bind(now_us)
    .execute(connection)
    .await
    .map(drop))?;
    Ok(seq)
}

async fn next_seq(tx: &mut Tx, user: UserId, step: i64) -> Result<(i64, i64), Error> {
    let row = run!(tx, connection => sqlx::query_as::<_, (i64, i64)>(
        "UPDATE persons SET dirty_seq = dirty_seq + $2 WHERE id = $1 RETURNING no, dirty_seq",
    )
    .bind(user.uuid())
    .bind(step)
    .fetch_optional(connection)
    .await)?;
    row.ok_or(Error::PersonUnknown)
}

/// Marked days with their sequence numbers, newest day first.
pub async fn dirty(tx: &mut Tx, user: UserId, limit: u32) -> Result<Vec<(Date, i64)>, Error> {
    let rows = run!(tx, connection => sqlx::query_as::<_, (i64, i64)>(
        "SELECT day, seq FROM dirty_days
         WHERE person = (SELECT no FROM persons WHERE id = $1) ORDER BY day DESC LIMIT $2",
    )
    .bind(user.uuid())
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await)?;
    Ok(rows
        .into_iter()
        .map(|(day, seq)| (from_number(day), seq))
        .collect())
}

/// The marked days in `[from, until)`, oldest first, each with the time since when it waits; none where an earlier
/// version marked it.
pub async fn waiting(
    tx: &mut Tx,
    user: UserId,
    (from, until): (Date, Date),
) -> Result<Vec<(Date, Option<i64>)>, Error> {
    let rows = run!(tx, connection => sqlx::query_as::<_, (i64, Option<i64>)>(
        "SELECT day, marked_us FROM dirty_days
         WHERE person = (SELECT no FROM persons WHERE id = $1) AND day >= $2 AND day < $3
         ORDER BY day",
    )
    .bind(user.uuid())
    .bind(number(from))
    .bind(number(until))
    .fetch_all(connection)
    .await)?;
    Ok(rows
        .into_iter()
        .map(|(day, marked_us)| (from_number(day), marked_us))
        .collect())
}

/// How many days are marked.
pub async fn dirty_count(tx: &mut Tx, user: UserId) -> Result<u64, Error> {
    let count = run!(tx, connection => sqlx::query_scalar::<_, i64>(
        "SELECT COUNT(*) FROM dirty_days
         WHERE person = (SELECT no FROM persons WHERE id = $1)",
    )
    .bind(user.uuid())
    .fetch_one(connection)
    .await)?;
    Ok(count.unsigned_abs())
}

/// The person's sequence number up to which every mark is cleared.
pub async fn analysed_up_to(tx: &mut Tx, user: UserId) -> Result<i64, Error> {
    let seq = run!(tx, connection => sqlx::query_scalar::<_, i64>(
        "SELECT COALESCE(
            (SELECT MIN(d.since) - 1 FROM dirty_days d WHERE d.person = p.no), p.dirty_seq)
         FROM persons p WHERE p.id = $1",
    )
    .bind(user.uuid())
    .fetch_optional(connection)
    .await)?;
    seq.ok_or(Error::PersonUnknown)
}

/// Clears marks, except of days that were marked again since: those keep what came after.
pub async fn clear(tx: &mut Tx, user: UserId, days: &[(Date, i64)]) -> Result<(), Error> {
    for (day, seq) in days {
        run!(tx, connection => sqlx::query(
            "UPDATE dirty_days SET since = $3 + 1
             WHERE person = (SELECT no FROM persons WHERE id = $1)
                AND day = $2 AND seq > $3 AND since <= $3",
        )
        .bind(user.uuid())
        .bind(number(*day))
        .bind(*seq)
        .execute(connection)
        .await
        .map(drop))?;
        run!(tx, connection => sqlx::query(
            "DELETE FROM dirty_days
             WHERE person = (SELECT no FROM persons WHERE id = $1) AND day = $2 AND seq = $3",
        )
        .bind(user.uuid())
        .bind(number(*day))
        .bind(*seq)
        .execute(connection)
        .await
        .map(drop))?;
    }
    Ok(())
}

/// What is stored of a day.
#[derive(Debug, Clone, Copy)]
pub struct DayRow<'a> {
    /// The date.
    pub day: Date,
    /// Its document.
    pub document: &'a [u8],
    /// Its minutes, when there are any.
    pub minutes: Option<&'a [u8]>,
    /// The revision of the methods that made both.
    pub methods: i64,
}

/// Stores several days with their minutes, over what was there. A date may come once.
pub async fn put_rows(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    rows: &[DayRow<'_>],
) -> Result<(), Error> {
    let person = key.lock(tx, user).await?;
    let dates: Vec<Date> = rows.iter().map(|row| row.day).collect();
    blocks::forget(tx, user, &dates).await?;
    for slice in statement_slices(rows) {
        let text = rows_statement(
            "INSERT INTO days (person, day, sealed, minutes_sealed, methods) VALUES",
            5,
            slice.len(),
            "ON CONFLICT (person, day) DO UPDATE
             SET sealed = excluded.sealed, minutes_sealed = excluded.minutes_sealed,
                methods = excluded.methods",
        );
        run!(tx, connection => {
            let mut query = sqlx::query(text);
            for row in slice {
                let number = number(row.day);
                let sealed = key.seal(&row_name(key, number), row.document);
                let minutes = row
                    .minutes
                    .map(|minutes| key.seal(&minutes_name(key, number), minutes));
                query = query
                    .bind(person)
                    .bind(number)
                    .bind(sealed)
                    .bind(minutes)
                    .bind(row.methods);
            }
            query.execute(connection).await.map(drop)
        })?;
    }
    changed(tx, user).await
}

/// Counts a change of a person's computed days.
async fn changed(tx: &mut Tx, user: UserId) -> Result<(), Error> {
    run!(tx, connection => sqlx::query(
        "UPDATE persons SET days_seq = days_seq + 1 WHERE id = $1",
    )
    .bind(user.uuid())
    .execute(connection)
    .await
    .map(drop))?;
    Ok(())
}

/// How often the person's computed days changed: what was made of them holds as long as this number.
pub async fn changes(tx: &mut Tx, key: &PersonKey, user: UserId) -> Result<i64, Error> {
    let person = key.person(user)?;
    let seq = run!(tx, connection => sqlx::query_scalar::<_, i64>(
        "SELECT days_seq FROM persons WHERE no = $1",
    )
    .bind(person)
    .fetch_optional(connection)
    .await)?;
    seq.ok_or(Error::PersonUnknown)
}

/// The minutes of the days in `[from, until)` that have any, oldest first.
pub async fn minutes(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    from: Date,
    until: Date,
) -> Result<Vec<(Date, Vec<u8>)>, Error> {
    let person = key.person(user)?;
    let rows = run!(tx, connection => sqlx::query_as::<_, (i64, Vec<u8>)>(
        "SELECT day, minutes_sealed FROM days
         WHERE person = $1 AND day >= $2 AND day < $3 AND minutes_sealed IS NOT NULL
         ORDER BY day",
    )
    .bind(person)
    .bind(number(from))
    .bind(number(until))
    .fetch_all(connection)
    .await)?;
    damage::readable(rows.into_iter().map(|(day, sealed)| {
        let bytes = key.open_as("minutes of a day", &minutes_name(key, day), &sealed)?;
        Ok((from_number(day), bytes))
    }))
}

/// The documents of the days in `[from, until)`, oldest first.
pub async fn get(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    from: Date,
    until: Date,
) -> Result<Vec<(Date, Vec<u8>)>, Error> {
    let person = key.person(user)?;
    let rows = run!(tx, connection => sqlx::query_as::<_, (i64, Vec<u8>)>(
        "SELECT day, sealed FROM days WHERE person = $1 AND day >= $2 AND day < $3 ORDER BY day",
    )
    .bind(person)
    .bind(number(from))
    .bind(number(until))
    .fetch_all(connection)
    .await)?;
    damage::readable(rows.into_iter().map(|(day, sealed)| {
        let bytes = key.open_as("day", &row_name(key, day), &sealed)?;
        Ok((from_number(day), bytes))
    }))
}

/// Removes the documents of days.
pub async fn remove(tx: &mut Tx, user: UserId, dates: &[Date]) -> Result<(), Error> {
    blocks::forget(tx, user, dates).await?;
    for slice in statement_slices(dates) {
        let text = list_statement(
            "DELETE FROM days WHERE person = (SELECT no FROM persons WHERE id = $1) AND day IN",
            2,
            slice.len(),
            "",
        );
        run!(tx, connection => {
            let mut query = sqlx::query(text).bind(user.uuid());
            for day in slice {
                query = query.bind(number(*day));
            }
            query.execute(connection).await.map(drop)
        })?;
    }
    changed(tx, user).await
}

/// The first and the last day with a document.
pub async fn bounds(tx: &mut Tx, user: UserId) -> Result<Option<(Date, Date)>, Error> {
    // One end at a time: SQLite finds each in the index, but both together by reading every day.
    ends(
        tx,
        user,
        "SELECT (SELECT MIN(day) FROM days WHERE person = p.no),
            (SELECT MAX(day) FROM days WHERE person = p.no)
         FROM persons p WHERE p.id = $1",
    )
    .await
}

/// The first and the last day with a document or a mark: what is stored may belong to any of them.
pub async fn extent(tx: &mut Tx, user: UserId) -> Result<Option<(Date, Date)>, Error> {
    ends(
        tx,
        user,
        "SELECT MIN(known.first), MAX(known.last) FROM (
            SELECT (SELECT MIN(day) FROM days WHERE person = p.no) AS first,
                (SELECT MAX(day) FROM days WHERE person = p.no) AS last
            FROM persons p WHERE p.id = $1
            UNION ALL
            SELECT (SELECT MIN(day) FROM dirty_days WHERE person = p.no),
                (SELECT MAX(day) FROM dirty_days WHERE person = p.no)
            FROM persons p WHERE p.id = $1
         ) AS known",
    )
    .await
}

async fn ends(
    tx: &mut Tx,
    user: UserId,
    query: &'static str,
) -> Result<Option<(Date, Date)>, Error> {
    let found = run!(tx, connection => sqlx::query_as::<_, (Option<i64>, Option<i64>)>(query)
        .bind(user.uuid())
        .fetch_optional(connection)
        .await)?;
    let (first, last) = found.unwrap_or_default();
    Ok(first
        .zip(last)
        .map(|(first, last)| (from_number(first), from_number(last))))
}

fn row_name(key: &PersonKey, day: i64) -> Vec<u8> {
    key.row_name("days", &day.to_le_bytes())
}

fn minutes_name(key: &PersonKey, day: i64) -> Vec<u8> {
    key.row_name("days.minutes", &day.to_le_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_numbered_from_1970() {
        assert_eq!(number(EPOCH), 0);
        assert_eq!(number(date(1969, 12, 31)), -1);
        assert_eq!(number(date(2000, 3, 1)), 11_017);
        for day in [Date::MIN, date(1969, 2, 28), date(2024, 2, 29), Date::MAX] {
            assert_eq!(from_number(number(day)), day);
        }
        assert_eq!(from_number(i64::MAX), Date::MAX);
        assert_eq!(from_number(i64::MIN), Date::MIN);
    }
}
