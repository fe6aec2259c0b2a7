//! What a person's data take on disk, by what it is: sealed bytes, without the database's own share.

use model::ids::UserId;

use crate::database::Tx;
use crate::error::Error;

/// What takes room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holding {
    /// Samples.
    Samples,
    /// Workouts, ECGs and other records, and what the person entered by hand.
    Records,
    /// What was computed of days: documents and minutes.
    Days,
    /// Insights and embeddings.
    Derived,
    /// Accounts of uploads, and responses that are kept for repeats.
    Uploads,
    /// Damaged samples that were set aside.
    Aside,
}

/// Each with the statement that counts its rows and bytes, in the order in which people read them.
const HOLDINGS: [(Holding, &str); 6] = [
    (
        Holding::Samples,
        "SELECT CAST(COALESCE(SUM(samples), 0) AS BIGINT), CAST(COALESCE(SUM(LENGTH(sealed)), 0) AS BIGINT)
         FROM chunks WHERE person = $1",
    ),
    (
        Holding::Records,
        "SELECT CAST(SUM(count) AS BIGINT), CAST(SUM(bytes) AS BIGINT) FROM (
            SELECT COUNT(*) AS count, COALESCE(SUM(LENGTH(head_sealed)), 0)
                + COALESCE(SUM(LENGTH(body_sealed)), 0) AS bytes FROM records WHERE person = $1
            UNION ALL
            SELECT COUNT(*), COALESCE(SUM(LENGTH(sealed)), 0) FROM entries WHERE person = $1
         ) kept",
    ),
    (
        Holding::Days,
        "SELECT CAST(SUM(count) AS BIGINT), CAST(SUM(bytes) AS BIGINT) FROM (
            SELECT COUNT(*) AS count, COALESCE(SUM(LENGTH(sealed)), 0)
                + COALESCE(SUM(LENGTH(minutes_sealed)), 0) AS bytes FROM days WHERE person = $1
            UNION ALL
            SELECT 0, COALESCE(SUM(LENGTH(sealed)), 0) FROM day_blocks WHERE person = $1
         ) computed",
    ),
    (
        Holding::Derived,
        "SELECT CAST(SUM(count) AS BIGINT), CAST(SUM(bytes) AS BIGINT) FROM (
            SELECT COUNT(*) AS count, COALESCE(SUM(LENGTH(sealed)), 0) AS bytes FROM insights WHERE person = $1
            UNION ALL
            SELECT COUNT(*), COALESCE(SUM(LENGTH(sealed)), 0) FROM embeddings WHERE person = $1
         ) derived",
    ),
    (
        Holding::Uploads,
        "SELECT CAST(SUM(count) AS BIGINT), CAST(SUM(bytes) AS BIGINT) FROM (
            SELECT COUNT(*) AS count, COALESCE(SUM(LENGTH(sealed)), 0) AS bytes FROM uploads WHERE person = $1
            UNION ALL
            SELECT COALESCE(SUM(uploads), 0), COALESCE(SUM(LENGTH(sealed)), 0) FROM upload_folds WHERE person = $1
            UNION ALL
            SELECT 0, COALESCE(SUM(LENGTH(sealed)), 0) FROM idempotency WHERE person = $1
         ) accounts",
    ),
    (
        Holding::Aside,
        "SELECT CAST(COALESCE(SUM(samples), 0) AS BIGINT), CAST(COALESCE(SUM(LENGTH(sealed)), 0) AS BIGINT)
         FROM chunks_aside WHERE person = $1",
    ),
];

/// What one kind takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footing {
    /// What it is.
    pub holding: Holding,
    /// Samples, records, days or uploads.
    pub count: u64,
    /// Sealed bytes.
    pub bytes: u64,
}

/// What each kind of a person's data takes, all kinds in the order in which people read them.
pub async fn of_person(tx: &mut Tx, user: UserId) -> Result<Vec<Footing>, Error> {
    let person = run!(tx, connection => sqlx::query_scalar::<_, i64>(
        "SELECT no FROM persons WHERE id = $1",
    )
    .bind(user.uuid())
    .fetch_optional(connection)
    .await)?;
    let person = person.ok_or(Error::PersonUnknown)?;
    let mut found = Vec::with_capacity(HOLDINGS.len());
    for (holding, statement) in HOLDINGS {
        let (count, bytes) = run!(tx, connection => sqlx::query_as::<_, (i64, i64)>(statement)
            .bind(person)
            .fetch_one(connection)
            .await)?;
        found.push(Footing {
            holding,
            count: count.unsigned_abs(),
            bytes: bytes.unsigned_abs(),
        });
    }
    Ok(found)
}
