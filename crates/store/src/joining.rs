//! One document through two doors: an export prints a workout without an id in whole seconds, an app sends it
//! with one, another vendor's copy ends a minute later.
//!
//! What is one document becomes one row: the richer version, with what only the other knows. The row remembers
//! which versions it was joined from, so that each can come again and change nothing.

use model::ids::UserId;
use model::record::{Body, Workout, WorkoutStatistic};
use model::sample::{DAY_US, MINUTE_US, Uid};
use rustc_hash::{FxHashMap, FxHashSet};
use uuid::Uuid;

use crate::damage;
use crate::database::{Tx, list_statement, statement_slices};
use crate::error::Error;
use crate::merge::{Bringer, twin};
use crate::recording::{Incoming, Write};
use crate::records::{self, Head, Part, Version, open_body, open_head, row_name};
use crate::tombstone;
use crate::vault::PersonKey;

/// The ends of one workout as two vendors record it agree within this.
const VENDORS_US: i64 = 2 * MINUTE_US;

/// A stored row that is opened.
pub(crate) struct Row {
    pub(crate) id: Uuid,
    pub(crate) version: i64,
    pub(crate) origin: u32,
    pub(crate) seen: u32,
    content: [u8; 16],
    head: Head,
    body: Body,
}

#[derive(sqlx::FromRow)]
struct Closed {
    id: Uuid,
    content: Vec<u8>,
    version: i64,
    origin: i64,
    seen: i64,
    head_sealed: Vec<u8>,
    body_sealed: Vec<u8>,
}

/// A row of which only the head is opened.
type Near = (Uuid, i64, i64, Vec<u8>);

impl Row {
    fn open(key: &PersonKey, sealed: &Closed) -> Result<Self, Error> {
        let number =
            |stored: i64| u32::try_from(stored).map_err(|_| Error::Damaged { what: "record" });
        let content = sealed.content.as_slice().try_into();
        Ok(Self {
            id: sealed.id,
            version: sealed.version,
            origin: number(sealed.origin)?,
            seen: number(sealed.seen)?,
            content: content.map_err(|_| Error::Damaged { what: "record" })?,
            head: open_head(key, sealed.id, &sealed.head_sealed)?,
            body: open_body(key, sealed.id, &sealed.body_sealed)?,
        })
    }

    /// The versions that the row holds.
    fn versions(&self) -> Vec<Version> {
        if self.head.joined.is_empty() {
            return vec![Version {
                content: self.content,
                source: self.head.source,
                uid: self.head.uid,
            }];
        }
        self.head.joined.clone()
    }

    /// Whether a version is one of those that the row holds.
    pub(crate) fn has(&self, record: &Incoming) -> bool {
        self.versions()
            .iter()
            .any(|version| version.content == record.content)
    }
}

/// The rows of records' own ids that hold another door's version: those joined from several, and those that
/// came under another name of the source.
pub(crate) async fn of_other_doors(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    records: &[&Incoming],
) -> Result<FxHashMap<Uuid, Row>, Error> {
    let by_id: FxHashMap<Uuid, &Incoming> =
        records.iter().map(|record| (record.id, *record)).collect();
    let ids: Vec<Uuid> = by_id.keys().copied().collect();
    let mut rows = open(tx, key, user, &ids).await?;
    rows.retain(|row| {
        let record = by_id.get(&row.id);
        !row.head.joined.is_empty()
            || record.is_some_and(|record| {
                let body = serde_json::from_slice(&record.body_json).ok();
                row.head.source != record.head.source
                    && body.is_some_and(|body| is_twin(row, &record.head, &body))
            })
    });
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

async fn open(tx: &mut Tx, key: &PersonKey, user: UserId, ids: &[Uuid]) -> Result<Vec<Row>, Error> {
    let person = key.person(user)?;
    let mut rows = Vec::with_capacity(ids.len());
    for slice in statement_slices(ids) {
        let text = list_statement(
            "SELECT id, content, version, origin, seen, head_sealed, body_sealed FROM records
             WHERE person = $1 AND id IN",
            2,
            slice.len(),
            "",
        );
        let sealed = run!(tx, connection => {
            let mut query = sqlx::query_as::<_, Closed>(text).bind(person);
            for id in slice {
                query = query.bind(*id);
            }
            query.fetch_all(connection).await
        })?;
        for sealed in sealed {
            rows.push(Row::open(key, &sealed)?);
        }
    }
    Ok(rows)
}

/// The rows that are other versions of records without a row of their own, by the record's id. Each row is
/// that of one record at most.
pub(crate) async fn twins(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    records: &[&Incoming],
    bringer: &Bringer,
) -> Result<FxHashMap<Uuid, Row>, Error> {
    let mut by_kind: FxHashMap<&'static str, Vec<&Incoming>> = FxHashMap::default();
    for record in records {
        by_kind.entry(record.kind).or_default().push(record);
    }
    let mut found = FxHashMap::default();
    for (kind, mut records) in by_kind {
        records.sort_by_key(|record| (record.head.start_us, record.id));
        let ids = near(tx, key, user, (kind, &records), bringer).await?;
        let mut rows = open(tx, key, user, &ids).await?;
        rows.sort_by_key(|row| (row.head.start_us, row.id));
        for record in records {
            if let Some(at) = best(&rows, record) {
                found.insert(record.id, rows.remove(at));
            }
        }
    }
    Ok(found)
}

/// The rows of a kind that begin around one of some records, sorted by start, and came with other uploads.
async fn near(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    (kind, records): (&str, &[&Incoming]),
    bringer: &Bringer,
) -> Result<Vec<Uuid>, Error> {
    let person = key.person(user)?;
    let mut days: Vec<i64> = records
        .iter()
        .flat_map(|record| {
            [-VENDORS_US, VENDORS_US].map(|by| record.head.start_us.saturating_add(by))
        })
        .map(|at_us| at_us.div_euclid(DAY_US))
        .collect();
    days.sort_unstable();
    days.dedup();
    let mut ids = Vec::new();
    for slice in statement_slices(&days) {
        let text = list_statement(
            "SELECT id, origin, seen, head_sealed FROM records
             WHERE person = $1 AND kind = $2 AND start_day IN",
            3,
            slice.len(),
            "",
        );
        let rows = run!(tx, connection => {
            let mut query = sqlx::query_as::<_, Near>(text).bind(person).bind(kind);
            for day in slice {
                query = query.bind(*day);
            }
            query.fetch_all(connection).await
        })?;
        for (id, origin, seen, head) in rows {
            if bringer.is_of(origin, seen) {
                continue;
            }
            let Some(head) = damage::one(open_head(key, id, &head))? else {
                continue;
            };
            let start_us = head.start_us;
            let from_us = start_us.saturating_sub(VENDORS_US);
            let first = records.partition_point(|record| record.head.start_us < from_us);
            let next = records.get(first).map(|record| record.head.start_us);
            if next.is_some_and(|next_us| next_us <= start_us.saturating_add(VENDORS_US)) {
                ids.push(id);
            }
        }
    }
    Ok(ids)
}

/// The place of the row that is most likely another version of a record.
fn best(rows: &[Row], record: &Incoming) -> Option<usize> {
    let start_us = record.head.start_us;
    let from_us = start_us.saturating_sub(VENDORS_US);
    let first = rows.partition_point(|row| row.head.start_us < from_us);
    let mut around = rows
        .iter()
        .enumerate()
        .skip(first)
        .take_while(|(_, row)| row.head.start_us <= start_us.saturating_add(VENDORS_US))
        .peekable();
    around.peek()?;
    let body: Body = serde_json::from_slice(&record.body_json).ok()?;
    around
        .filter(|(_, row)| is_twin(row, &record.head, &body))
        .min_by_key(|(_, row)| {
            let head = &row.head;
            (
                head.uid.is_none() || head.uid != record.head.uid,
                head.start_us.abs_diff(start_us),
                head.end_us.abs_diff(record.head.end_us),
            )
        })
        .map(|(at, _)| at)
}

fn is_twin(row: &Row, head: &Head, body: &Body) -> bool {
    let versions = row.versions();
    let is_other =
        |version: &Version| version.uid.is_some() && head.uid.is_some() && version.uid != head.uid;
    // One vendor's objects of different ids are different workouts, and so are all other documents.
    let has_other = versions
        .iter()
        .any(|version| version.source == head.source && is_other(version));
    let is_of_vendor = versions.iter().all(|version| version.source == head.source);
    let pairs = [
        (row.head.start_us, head.start_us),
        (row.head.end_us, head.end_us),
    ];
    let is_same_second = pairs.iter().all(|(a, b)| twin::is_same_instant(*a, *b));
    match (&row.body, body) {
        (Body::Workout(stored), Body::Workout(workout)) => {
            let is_near = pairs
                .iter()
                .all(|(a, b)| a.abs_diff(*b) <= VENDORS_US.unsigned_abs());
            stored.activity == workout.activity
                && !has_other
                && (is_same_second || (!is_of_vendor && is_near))
        }
        (stored, body) => is_same_second && !versions.iter().any(is_other) && stored == body,
    }
}

/// What a row and another version of it are together: what is to be written in its place, or `None` when the
/// row knows everything already.
pub(crate) fn together(
    key: &PersonKey,
    row: &Row,
    record: &Incoming,
    bringer: &Bringer,
) -> Option<Incoming> {
    let body: Body = serde_json::from_slice(&record.body_json).ok()?;
    let mut versions = row.versions();
    let own = Version {
        content: record.content,
        source: record.head.source,
        uid: record.head.uid,
    };
    // The same door's next version replaces its former one, and what it says now holds.
    let is_former = |version: &Version| {
        version.source == own.source
            && version.uid == own.uid
            && (own.uid.is_some() || row.id == record.id)
    };
    let former = versions.iter().position(is_former);
    let is_edit = former.is_some();
    match former.and_then(|at| versions.get_mut(at)) {
        Some(version) => *version = own,
        None => versions.push(own),
    }
    versions.sort_by_key(|version| version.content);
    let wins = is_edit || is_richer((&body, record.content), (&row.body, row.content));
    let (first, second) = if wins {
        (&body, &row.body)
    } else {
        (&row.body, &body)
    };
    let mut head = joined_head(&row.head, &record.head, wins, is_edit);
    if bringer.prints_source(row.seen, (row.head.source, record.head.source)) {
        head.source = record.head.source;
    } else {
        head.source = row.head.source;
    }
    head.joined = versions;
    let joined = crate::recording::sealable(key, row.id, head, &completed(first, second))?;
    let is_news = joined.content != row.content || joined.head.joined != row.head.joined;
    is_news.then_some(joined)
}

fn joined_head(row: &Head, record: &Head, wins: bool, is_edit: bool) -> Head {
    let is_same_second = twin::is_same_instant(row.start_us, record.start_us)
        && twin::is_same_instant(row.end_us, record.end_us);
    let (winner, other) = if wins { (record, row) } else { (row, record) };
    let (start_us, end_us) = if is_same_second && !is_edit {
        let start_us = twin::finer(row.start_us, record.start_us);
        (
            start_us,
            twin::finer(row.end_us, record.end_us).max(start_us),
        )
    } else {
        (winner.start_us, winner.end_us)
    };
    Head {
        start_us,
        end_us,
        zone: winner.zone.clone().or_else(|| other.zone.clone()),
        source: winner.source,
        uid: row.uid.or(record.uid),
        identity: row.identity.clone(),
        joined: Vec::new(),
    }
}

/// Which version says more; of two that say as much, always the same one.
fn is_richer(a: (&Body, [u8; 16]), b: (&Body, [u8; 16])) -> bool {
    (fields(a.0), a.1) > (fields(b.0), b.1)
}

/// How many things a document says.
fn fields(body: &Body) -> usize {
    let Body::Workout(workout) = body else {
        return 0;
    };
    let numbers = [
        workout.duration_min,
        workout.active_energy_kcal,
        workout.distance_m,
    ];
    let statistics = workout
        .statistics
        .iter()
        .flat_map(|of| [of.sum, of.mean, of.min, of.max]);
    numbers.into_iter().chain(statistics).flatten().count()
        + usize::from(workout.indoor.is_some())
        + workout.events.len()
        + workout.activities.len()
        + workout.routes.len()
        + workout.metadata.len()
}

/// The first version with what only the second one knows.
fn completed(first: &Body, second: &Body) -> Body {
    match (first, second) {
        (Body::Workout(first), Body::Workout(second)) => {
            Body::Workout(completed_workout(first, second))
        }
        (first, _) => first.clone(),
    }
}

fn completed_workout(first: &Workout, second: &Workout) -> Workout {
    let mut workout = first.clone();
    workout.duration_min = first.duration_min.or(second.duration_min);
    workout.active_energy_kcal = first.active_energy_kcal.or(second.active_energy_kcal);
    workout.distance_m = first.distance_m.or(second.distance_m);
    workout.indoor = first.indoor.or(second.indoor);
    for statistic in &second.statistics {
        let known = workout
            .statistics
            .iter_mut()
            .find(|of| of.metric == statistic.metric);
        match known {
            Some(known) if known.unit == statistic.unit => complete(known, statistic),
            Some(_) => {}
            None => workout.statistics.push(statistic.clone()),
        }
    }
    if workout.events.is_empty() {
        workout.events.clone_from(&second.events);
    }
    if workout.activities.is_empty() {
        workout.activities.clone_from(&second.activities);
    }
    for path in &second.routes {
        if !workout.routes.contains(path) {
            workout.routes.push(path.clone());
        }
    }
    for (name, value) in &second.metadata {
        if !first.metadata.iter().any(|(known, _)| known == name) {
            workout.metadata.push((name.clone(), value.clone()));
        }
    }
    workout
}

fn complete(known: &mut WorkoutStatistic, other: &WorkoutStatistic) {
    known.sum = known.sum.or(other.sum);
    known.mean = known.mean.or(other.mean);
    known.min = known.min.or(other.min);
    known.max = known.max.or(other.max);
}

/// Joins stored rows that are versions of one document. Returns how many became part of another one, by kind.
pub(crate) async fn settle(
    tx: &mut Tx,
    key: &PersonKey,
    (user, person): (UserId, i64),
    bringer: &Bringer,
) -> Result<Vec<(String, u64)>, Error> {
    let mut settled = Vec::new();
    for (kind, _) in records::count_by_kind(tx, user).await? {
        let ids = apart(tx, key, person, &kind).await?;
        let mut rows = open(tx, key, user, &ids).await?;
        rows.sort_by_key(|row| (row.head.start_us, row.origin, row.id));
        let mut kept: Vec<Row> = Vec::new();
        let mut joined = 0;
        for row in rows {
            let around = kept.iter().rposition(|other| {
                row.head.start_us.abs_diff(other.head.start_us) <= VENDORS_US.unsigned_abs()
                    && !is_with((row.origin, row.seen), (other.origin, other.seen))
                    && is_twin(other, &row.head, &row.body)
            });
            let Some(other) = around.and_then(|at| kept.get_mut(at)) else {
                kept.push(row);
                continue;
            };
            *other = settle_two(tx, key, person, (other, &row), bringer).await?;
            joined += 1;
        }
        if joined > 0 {
            settled.push((kind, joined));
        }
    }
    Ok(settled)
}

/// Whether one upload contains both of two rows.
const fn is_with(a: (u32, u32), b: (u32, u32)) -> bool {
    a.0 == b.0 || (a.1 != 0 && a.1 == b.1)
}

/// The rows of a kind near which another upload's begins.
async fn apart(tx: &mut Tx, key: &PersonKey, person: i64, kind: &str) -> Result<Vec<Uuid>, Error> {
    let rows = run!(tx, connection => sqlx::query_as::<_, Near>(
        "SELECT id, origin, seen, head_sealed FROM records WHERE person = $1 AND kind = $2",
    )
    .bind(person)
    .bind(kind)
    .fetch_all(connection)
    .await)?;
    let mut heads = Vec::with_capacity(rows.len());
    for (id, origin, seen, head) in rows {
        if let Some(head) = damage::one(open_head(key, id, &head))? {
            heads.push((head.start_us, id, origin, seen));
        }
    }
    heads.sort_unstable();
    let mut ids = Vec::new();
    for pair in heads.windows(2) {
        if let [(a_us, a, ..), (b_us, b, ..)] = pair
            && a_us.abs_diff(*b_us) <= VENDORS_US.unsigned_abs()
        {
            ids.extend([*a, *b]);
        }
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// Writes two rows as one; the second goes.
async fn settle_two(
    tx: &mut Tx,
    key: &PersonKey,
    person: i64,
    (row, other): (&Row, &Row),
    bringer: &Bringer,
) -> Result<Row, Error> {
    let damaged = || Error::Damaged { what: "record" };
    let seen_by = bringer.of_snapshot(other.seen);
    let seen = if bringer.rank(other.seen) > bringer.rank(row.seen) {
        other.seen
    } else {
        row.seen
    };
    let copy = |row: &Row| crate::recording::sealable(key, row.id, row.head.clone(), &row.body);
    let incoming = copy(other).ok_or_else(damaged)?;
    let record = match together(key, row, &incoming, &seen_by) {
        Some(record) => record,
        None => copy(row).ok_or_else(damaged)?,
    };
    let body = serde_json::from_slice(&record.body_json).map_err(|_| damaged())?;
    let settled = Row {
        id: row.id,
        version: row.version + 1,
        origin: row.origin.min(other.origin),
        seen,
        content: record.content,
        head: record.head.clone(),
        body,
    };
    run!(tx, connection => sqlx::query("DELETE FROM records WHERE person = $1 AND id = $2")
        .bind(person)
        .bind(other.id)
        .execute(connection)
        .await
        .map(drop))?;
    let write = Write {
        record,
        version: settled.version,
        origin: settled.origin,
        seen,
    };
    crate::recording::write(tx, key, person, &[write]).await?;
    Ok(settled)
}

/// Takes deleted objects out of documents that another vendor still has: those stay, under the object that
/// is left.
pub(crate) async fn leave(
    tx: &mut Tx,
    key: &PersonKey,
    person: i64,
    uids: &[Uid],
) -> Result<(), Error> {
    for slice in statement_slices(uids) {
        let text = list_statement(
            "SELECT id, head_sealed FROM records WHERE person = $1 AND uid IN",
            2,
            slice.len(),
            "",
        );
        let rows = run!(tx, connection => {
            let mut query = sqlx::query_as::<_, (Uuid, Vec<u8>)>(text).bind(person);
            for uid in slice {
                query = query.bind(uid.get().cast_signed());
            }
            query.fetch_all(connection).await
        })?;
        for (id, sealed) in rows {
            let Some(head) = damage::one(open_head(key, id, &sealed))? else {
                continue;
            };
            leave_one(tx, key, person, uids, (id, head)).await?;
        }
    }
    Ok(())
}

async fn leave_one(
    tx: &mut Tx,
    key: &PersonKey,
    person: i64,
    deleted: &[Uid],
    (id, mut head): (Uuid, Head),
) -> Result<(), Error> {
    let others: Vec<Uid> = head
        .joined
        .iter()
        .filter_map(|version| version.uid.and_then(Uid::new))
        .filter(|uid| !deleted.contains(uid))
        .collect();
    let buried: FxHashSet<Uid> = tombstone::uids_among(tx, person, &others).await?;
    let Some(left) = others.into_iter().find(|uid| !buried.contains(uid)) else {
        return Ok(());
    };
    let is_left = |version: &Version| version.uid.is_none() || version.uid == Some(left.get());
    head.joined.retain(is_left);
    head.uid = Some(left.get());
    let json = serde_json::to_vec(&head).map_err(|_| Error::Damaged { what: "record" })?;
    run!(tx, connection => sqlx::query(
        "UPDATE records SET uid = $3, head_sealed = $4 WHERE person = $1 AND id = $2",
    )
    .bind(person)
    .bind(id)
    .bind(left.get().cast_signed())
    .bind(key.seal(&row_name(key, Part::Head, id), &json))
    .execute(connection)
    .await
    .map(drop))?;
    Ok(())
}
