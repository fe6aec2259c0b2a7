//! What is derived and was made by an older revision of the methods, and whose it is.
//!
//! Every question is answered from an index that begins with the revision: nothing is read where nothing
//! is older, and only what is older where something is. A row of a later revision than the caller's is
//! not older, so that two releases that run side by side do not undo each other's work.

use jiff::civil::Date;
use model::ids::UserId;
use uuid::Uuid;

use crate::database::Tx;
use crate::days;
use crate::error::Error;

/// What is derived and carries a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Derived {
    /// Documents of days, with their minutes.
    Days,
    /// Insights.
    Insights,
    /// Embeddings of whole weeks.
    Embeddings,
}

/// The statements about one table.
struct Statements {
    versions: &'static str,
    person: &'static str,
    dates: &'static str,
    count: &'static str,
}

macro_rules! statements {
    ($table:literal, $date:literal, $only:literal) => {
        Statements {
            versions: concat!(
                "SELECT MIN(methods) FROM ",
                $table,
                " WHERE methods > $1 AND methods < $2",
                $only
            ),
            person: concat!(
                "SELECT MIN(person) FROM ",
                $table,
                " WHERE methods = $1 AND person > $2",
                $only
            ),
            dates: concat!(
                "SELECT DISTINCT ",
                $date,
                " FROM ",
                $table,
                " WHERE methods = $1 AND person = (SELECT no FROM persons WHERE id = $2) AND ",
                $date,
                " >= $3 AND ",
                $date,
                " < $4",
                $only,
                " ORDER BY ",
                $date,
                " DESC LIMIT $5"
            ),
            count: concat!(
                "SELECT COUNT(*) FROM (SELECT 1 AS one FROM ",
                $table,
                " WHERE methods < $1",
                $only,
                " LIMIT $2) AS older"
            ),
        }
    };
}

const DAYS: Statements = statements!("days", "day", "");
const INSIGHTS: Statements = statements!("insights", "day", "");
const EMBEDDINGS: Statements = statements!("embeddings", "week", " AND kind = 'weekly'");

const LEAST_CATALOGUE: &str =
    "SELECT MIN(catalogue) FROM persons WHERE catalogue > $1 AND catalogue < $2";
const NEXT_BEHIND: &str =
    "SELECT id, no FROM persons WHERE catalogue = $1 AND no > $2 ORDER BY no LIMIT 1";

const LEAST_SETTLED: &str = "SELECT MIN(settled) FROM persons WHERE settled > $1 AND settled < $2";
const NEXT_UNSETTLED: &str =
    "SELECT id, no FROM persons WHERE settled = $1 AND no > $2 ORDER BY no LIMIT 1";

impl Derived {
    /// All of it, in the order in which one is made of the other.
    pub const ALL: [Self; 3] = [Self::Days, Self::Insights, Self::Embeddings];

    /// A name for people and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Days => "days",
            Self::Insights => "insights",
            Self::Embeddings => "embeddings",
        }
    }

    const fn statements(self) -> &'static Statements {
        match self {
            Self::Days => &DAYS,
            Self::Insights => &INSIGHTS,
            Self::Embeddings => &EMBEDDINGS,
        }
    }
}

/// The statements of this file, for the test that each is answered from an index.
pub fn statements() -> Vec<&'static str> {
    let each = Derived::ALL.iter().flat_map(|what| {
        let all = what.statements();
        [all.versions, all.person, all.dates, all.count]
    });
    each.chain([LEAST_CATALOGUE, NEXT_BEHIND, LEAST_SETTLED, NEXT_UNSETTLED])
        .collect()
}

/// A place in the round of all persons; the default is before the first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Turn(i64);

/// The next person after a place in the round of whom something is older than `current`; `None` after
/// the last one.
pub async fn next_person(
    tx: &mut Tx,
    what: Derived,
    current: i64,
    after: Turn,
) -> Result<Option<(UserId, Turn)>, Error> {
    let mut next: Option<i64> = None;
    for version in versions(tx, what, current).await? {
        let person = run!(tx, connection => sqlx::query_scalar::<_, Option<i64>>(
            what.statements().person,
        )
        .bind(version)
        .bind(after.0)
        .fetch_one(connection)
        .await)?;
        next = next.into_iter().chain(person).min();
    }
    let Some(no) = next else {
        return Ok(None);
    };
    let id = run!(tx, connection => sqlx::query_scalar::<_, Uuid>(
        "SELECT id FROM persons WHERE no = $1",
    )
    .bind(no)
    .fetch_one(connection)
    .await)?;
    Ok(Some((UserId::from_uuid(id), Turn(no))))
}

/// The dates in `[from, until)` of which a person's derived rows are older than `current`, newest first.
pub async fn older(
    tx: &mut Tx,
    user: UserId,
    what: Derived,
    current: i64,
    (from, until): (Date, Date),
    limit: u32,
) -> Result<Vec<Date>, Error> {
    let mut numbers: Vec<i64> = Vec::new();
    for version in versions(tx, what, current).await? {
        numbers.append(&mut run!(tx, connection => sqlx::query_scalar::<_, i64>(
            what.statements().dates,
        )
        .bind(version)
        .bind(user.uuid())
        .bind(days::number(from))
        .bind(days::number(until))
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await)?);
    }
    numbers.sort_unstable_by(|a, b| b.cmp(a));
    numbers.dedup();
    numbers.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(numbers.into_iter().map(days::from_number).collect())
}

/// How many rows of everybody are older than `current`, counted up to `most`.
pub async fn count(tx: &mut Tx, what: Derived, current: i64, most: u32) -> Result<u64, Error> {
    let count = run!(tx, connection => sqlx::query_scalar::<_, i64>(what.statements().count)
        .bind(current)
        .bind(i64::from(most))
        .fetch_one(connection)
        .await)?;
    Ok(count.unsigned_abs())
}

/// The revisions below `current` that rows have: a few at most, each found by one look into the index.
async fn versions(tx: &mut Tx, what: Derived, current: i64) -> Result<Vec<i64>, Error> {
    let mut versions = Vec::new();
    let mut last = -1;
    loop {
        let next = run!(tx, connection => sqlx::query_scalar::<_, Option<i64>>(
            what.statements().versions,
        )
        .bind(last)
        .bind(current)
        .fetch_one(connection)
        .await)?;
        let Some(next) = next else {
            return Ok(versions);
        };
        versions.push(next);
        last = next;
    }
}

/// The next person after a place in the round whose own types were looked up in a catalogue of fewer
/// names than `names`; `None` after the last one.
pub async fn next_behind_catalogue(
    tx: &mut Tx,
    names: i64,
    after: Turn,
) -> Result<Option<(UserId, Turn)>, Error> {
    next_below(tx, [LEAST_CATALOGUE, NEXT_BEHIND], names, after).await
}

/// The next person after a place in the round whose stored samples were last put right by a rule before
/// `rule`; `None` after the last one.
pub async fn next_unsettled(
    tx: &mut Tx,
    rule: i64,
    after: Turn,
) -> Result<Option<(UserId, Turn)>, Error> {
    next_below(tx, [LEAST_SETTLED, NEXT_UNSETTLED], rule, after).await
}

async fn next_below(
    tx: &mut Tx,
    [least, next]: [&'static str; 2],
    current: i64,
    after: Turn,
) -> Result<Option<(UserId, Turn)>, Error> {
    let mut last = -1;
    loop {
        let behind = run!(tx, connection => sqlx::query_scalar::<_, Option<i64>>(least)
            .bind(last)
            .bind(current)
            .fetch_one(connection)
            .await)?;
        let Some(behind) = behind else {
            return Ok(None);
        };
        let row = run!(tx, connection => sqlx::query_as::<_, (Uuid, i64)>(next)
            .bind(behind)
            .bind(after.0)
            .fetch_optional(connection)
            .await)?;
        if let Some((id, no)) = row {
            return Ok(Some((UserId::from_uuid(id), Turn(no))));
        }
        last = behind;
    }
}

/// Notes that a person's stored samples were put right by a rule.
pub async fn set_settled(tx: &mut Tx, user: UserId, rule: i64) -> Result<(), Error> {
    run!(tx, connection => sqlx::query("UPDATE persons SET settled = $2 WHERE id = $1")
        .bind(user.uuid())
        .bind(rule)
        .execute(connection)
        .await
        .map(drop))?;
    Ok(())
}

/// Notes that a person's own types were looked up in a catalogue of so many names.
pub async fn set_catalogue(tx: &mut Tx, user: UserId, names: i64) -> Result<(), Error> {
    run!(tx, connection => sqlx::query("UPDATE persons SET catalogue = $2 WHERE id = $1")
        .bind(user.uuid())
        .bind(names)
        .execute(connection)
        .await
        .map(drop))?;
    Ok(())
}
