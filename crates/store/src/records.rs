//! Records: sealed documents (workouts, routes, ECGs, …), one row each.
//!
//! The id of a record follows from the owner's key and what makes it the same document, so the same
//! document comes back under the same id whoever brings it. Only kind and day are in the clear.

use std::collections::BTreeMap;

use model::ids::{RecordId, UserId};
use model::record::{Body, Record};
use model::sample::{DAY_US, Flags, Sample, Uid};
use model::source::SourceNo;
use model::zone::Span;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::damage;
use crate::database::{Tx, list_statement, statement_slices};
use crate::error::Error;
use crate::joining;
use crate::merge::{self, MergeCounts};
use crate::tombstone::{self, Document};
use crate::uploads::UploadNo;
use crate::vault::PersonKey;

// Storing has a file of its own; callers need not know.
pub use crate::recording::put;

/// A body that unpacks to more than this is not one of ours.
const BODY_BYTES_MAX: usize = 256 << 20;

/// What became of records that came in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordsPut {
    /// By kind in order.
    pub by_kind: Vec<(&'static str, MergeCounts)>,
    /// UTC hours since 1970 that records added, replaced or removed touch, at most 48 per record.
    pub changed: Vec<i32>,
    /// Records that JSON cannot hold (a number that is not finite); not stored.
    pub unstorable: u64,
}

/// What was removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordsRemoved {
    /// By kind in order.
    pub by_kind: Vec<(String, u64)>,
    /// UTC hours since 1970 that the removed records touched.
    pub changed: Vec<i32>,
}

/// A record as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRecord {
    /// The id.
    pub id: RecordId,
    /// Counts the versions, from 1.
    pub version: i64,
    /// The latest upload that contains it.
    pub upload: UploadNo,
    /// The record.
    pub record: Record,
}

/// In which order records are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// By start, earliest first.
    OldestFirst,
    /// By start, latest first.
    NewestFirst,
}

/// Where a list goes on: after this record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct After {
    /// Its start.
    pub start_us: i64,
    /// Its id.
    pub id: RecordId,
}

/// A part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The order.
    pub order: Order,
    /// The last record of the part before.
    pub after: Option<After>,
    /// Records at most.
    pub limit: u32,
}

/// Everything about a record but its body, small so that lists need not open bodies.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) start_us: i64,
    pub(crate) end_us: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) zone: Option<String>,
    pub(crate) source: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) uid: Option<u64>,
    pub(crate) identity: String,
    /// The versions that the document was joined from, where several doors brought it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) joined: Vec<Version>,
}

impl Head {
    /// What a tombstone remembers of the document: an identity begins with the activity of a workout, and
    /// ends with what differs between doors.
    pub(crate) fn document(&self, kind: &str) -> Document {
        let named = match kind {
            "workout" => self.identity.split('|').next().unwrap_or_default(),
            _ => self.identity.as_str(),
        };
        Document {
            name: format!("{kind}|{named}"),
            start_us: self.start_us,
            end_us: self.end_us,
        }
    }
}

/// One door's version of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Version {
    /// What it was, as [`PersonKey::identity`] of head and body.
    pub(crate) content: [u8; 16],
    /// Under which name of the source it came.
    pub(crate) source: u16,
    /// The provider's object id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) uid: Option<u64>,
}

#[derive(Clone, Copy)]
pub(crate) enum Part {
    Head,
    Body,
}

pub(crate) fn row_name(key: &PersonKey, part: Part, id: Uuid) -> Vec<u8> {
    let table = match part {
        Part::Head => "records head",
        Part::Body => "records body",
    };
    key.row_name(table, id.as_bytes())
}

pub(crate) fn open_head(key: &PersonKey, id: Uuid, sealed: &[u8]) -> Result<Head, Error> {
    let json = key.open_as("record", &row_name(key, Part::Head, id), sealed)?;
    serde_json::from_slice(&json).map_err(|_| Error::Damaged { what: "record" })
}

pub(crate) async fn heads_of(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    ids: &[Uuid],
) -> Result<Vec<(Uuid, Head)>, Error> {
    let person = key.person(user)?;
    let mut heads = Vec::with_capacity(ids.len());
    for slice in statement_slices(ids) {
        let text = list_statement(
            "SELECT id, head_sealed FROM records WHERE person = $1 AND id IN",
            2,
            slice.len(),
            "",
        );
        let rows = run!(tx, connection => {
            let mut query = sqlx::query_as::<_, (Uuid, Vec<u8>)>(text).bind(person);
            for id in slice {
                query = query.bind(*id);
            }
            query.fetch_all(connection).await
        })?;
        for (id, sealed) in rows {
            let head = damage::one(open_head(key, id, &sealed))?;
            heads.extend(head.map(|head| (id, head)));
        }
    }
    Ok(heads)
}

pub(crate) fn push_hours(hours: &mut Vec<i32>, start_us: i64, end_us: i64) {
    merge::push_hours(
        hours,
        &Sample {
            start_us,
            end_us,
            value: 0.0,
            zone_offset_min: None,
            source: SourceNo(0),
            uid: None,
            flags: Flags::NONE,
        },
    );
}

/// The records of a kind that start in a span.
pub async fn in_span(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    kind: &str,
    span: Span,
    page: Page,
) -> Result<Vec<StoredRecord>, Error> {
    let person = key.person(user)?;
    let rows = run!(tx, connection => sqlx::query_as::<_, (Uuid, Vec<u8>)>(
        "SELECT id, head_sealed FROM records
         WHERE person = $1 AND kind = $2 AND start_day >= $3 AND start_day <= $4",
    )
    .bind(person)
    .bind(kind)
    .bind(span.start_us.div_euclid(DAY_US))
    .bind(span.end_us.saturating_sub(1).div_euclid(DAY_US))
    .fetch_all(connection)
    .await)?;
    let mut places = Vec::with_capacity(rows.len());
    for (id, sealed) in rows {
        let Some(head) = damage::one(open_head(key, id, &sealed))? else {
            continue;
        };
        let start_us = head.start_us;
        let id = RecordId::from_uuid(id);
        if span.start_us <= start_us && start_us < span.end_us {
            places.push(After { start_us, id });
        }
    }
    places.sort_unstable();
    if page.order == Order::NewestFirst {
        places.reverse();
    }
    if let Some(after) = page.after {
        match page.order {
            Order::OldestFirst => places.retain(|place| *place > after),
            Order::NewestFirst => places.retain(|place| *place < after),
        }
    }
    places.truncate(usize::try_from(page.limit).unwrap_or(usize::MAX));
    open_all(tx, key, person, &places).await
}

/// The latest records of a kind, latest first.
pub async fn newest(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    kind: &str,
    limit: u32,
) -> Result<Vec<StoredRecord>, Error> {
    let person = key.person(user)?;
    // The day of the last one wanted; whole days are read, because a day is all that is in the clear.
    let from_day = run!(tx, connection => sqlx::query_scalar::<_, i64>(
        "SELECT start_day FROM records WHERE person = $1 AND kind = $2
         ORDER BY start_day DESC LIMIT 1 OFFSET $3",
    )
    .bind(person)
    .bind(kind)
    .bind(i64::from(limit.saturating_sub(1)))
    .fetch_optional(connection)
    .await)?;
    let span = Span {
        start_us: from_day.map_or(i64::MIN, |day| day * DAY_US),
        end_us: i64::MAX,
    };
    let page = Page {
        order: Order::NewestFirst,
        after: None,
        limit,
    };
    in_span(tx, key, user, kind, span, page).await
}

/// The record with this id.
pub async fn by_id(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    id: RecordId,
) -> Result<Option<StoredRecord>, Error> {
    let person = key.person(user)?;
    let place = After { start_us: 0, id };
    let rows = rows_of(tx, person, &[place]).await?;
    rows.first().map(|row| stored_record(key, row)).transpose()
}

/// Opens records, in the order asked for; without those that do not open.
async fn open_all(
    tx: &mut Tx,
    key: &PersonKey,
    person: i64,
    places: &[After],
) -> Result<Vec<StoredRecord>, Error> {
    let rows = rows_of(tx, person, places).await?;
    let opened = damage::readable(rows.iter().map(|row| stored_record(key, row)))?;
    let mut opened: FxHashMap<RecordId, StoredRecord> = opened
        .into_iter()
        .map(|record| (record.id, record))
        .collect();
    Ok(places
        .iter()
        .filter_map(|place| opened.remove(&place.id))
        .collect())
}

/// The rows of records, in no order.
async fn rows_of(tx: &mut Tx, person: i64, places: &[After]) -> Result<Vec<WholeRow>, Error> {
    let mut rows = Vec::with_capacity(places.len());
    for slice in statement_slices(places) {
        let text = list_statement(
            "SELECT id, version, origin, seen, head_sealed, body_sealed FROM records
             WHERE person = $1 AND id IN",
            2,
            slice.len(),
            "",
        );
        rows.append(&mut run!(tx, connection => {
            let mut query = sqlx::query_as::<_, WholeRow>(text).bind(person);
            for place in slice {
                query = query.bind(place.id.uuid());
            }
            query.fetch_all(connection).await
        })?);
    }
    Ok(rows)
}

/// A row with its body.
#[derive(sqlx::FromRow)]
struct WholeRow {
    id: Uuid,
    version: i64,
    origin: i64,
    seen: i64,
    head_sealed: Vec<u8>,
    body_sealed: Vec<u8>,
}

fn stored_record(key: &PersonKey, row: &WholeRow) -> Result<StoredRecord, Error> {
    let head = open_head(key, row.id, &row.head_sealed)?;
    let body = open_body(key, row.id, &row.body_sealed)?;
    let latest = u32::try_from(row.origin.max(row.seen));
    Ok(StoredRecord {
        id: RecordId::from_uuid(row.id),
        version: row.version,
        upload: UploadNo(latest.map_err(|_| Error::Damaged { what: "record" })?),
        record: Record {
            start_us: head.start_us,
            end_us: head.end_us,
            zone: head.zone,
            source: SourceNo(head.source),
            uid: head.uid.and_then(Uid::new),
            identity: head.identity,
            body,
        },
    })
}

pub(crate) fn open_body(key: &PersonKey, id: Uuid, sealed: &[u8]) -> Result<Body, Error> {
    let damaged = || Error::Damaged { what: "record" };
    let packed = key.open_as("record", &row_name(key, Part::Body, id), sealed)?;
    let json = zstd::bulk::Decompressor::upper_bound(&packed)
        .filter(|length| *length <= BODY_BYTES_MAX)
        .and_then(|length| zstd::bulk::decompress(&packed, length).ok())
        .ok_or_else(damaged)?;
    serde_json::from_slice(&json).map_err(|_| damaged())
}

/// How many records there are, by kind in order.
pub async fn count_by_kind(tx: &mut Tx, user: UserId) -> Result<Vec<(String, u64)>, Error> {
    let rows = run!(tx, connection => sqlx::query_as::<_, (String, i64)>(
        "SELECT kind, COUNT(*) FROM records
         WHERE person = (SELECT no FROM persons WHERE id = $1) GROUP BY kind ORDER BY kind",
    )
    .bind(user.uuid())
    .fetch_all(connection)
    .await)?;
    Ok(rows
        .into_iter()
        .map(|(kind, count)| (kind, count.unsigned_abs()))
        .collect())
}

type RemovedRow = (Uuid, String, Vec<u8>);

/// Removes the records of deleted objects. The objects themselves are remembered by
/// [`crate::samples::delete_by_uid`], which refuses later copies of both.
pub async fn delete_by_uid(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    uids: &[Uid],
) -> Result<RecordsRemoved, Error> {
    let person = key.lock(tx, user).await?;
    joining::leave(tx, key, person, uids).await?;
    let mut removed = Vec::new();
    for slice in statement_slices(uids) {
        let text = list_statement(
            "DELETE FROM records WHERE person = $1 AND uid IN",
            2,
            slice.len(),
            "RETURNING id, kind, head_sealed",
        );
        removed.append(&mut run!(tx, connection => {
            let mut query = sqlx::query_as::<_, RemovedRow>(text).bind(person);
            for uid in slice {
                query = query.bind(uid.get().cast_signed());
            }
            query.fetch_all(connection).await
        })?);
    }
    for (id, kind, sealed) in &removed {
        let head = damage::one(open_head(key, *id, sealed))?;
        let Some(head) = head else { continue };
        if let Some(uid) = head.uid.and_then(Uid::new) {
            tombstone::describe(tx, key, person, uid, &head.document(kind)).await?;
        }
    }
    summarise(key, removed)
}

/// Removes what an upload brought, except what another snapshot contains too: that becomes the
/// other's.
pub async fn remove_upload(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    upload: UploadNo,
) -> Result<RecordsRemoved, Error> {
    let person = key.lock(tx, user).await?;
    let removed = run!(tx, connection => sqlx::query_as::<_, RemovedRow>(
        "DELETE FROM records WHERE person = $1 AND origin = $2 AND (seen = 0 OR seen = $2)
         RETURNING id, kind, head_sealed",
    )
    .bind(person)
    .bind(i64::from(upload.0))
    .fetch_all(connection)
    .await)?;
    for text in [
        "UPDATE records SET origin = seen WHERE person = $1 AND origin = $2",
        "UPDATE records SET seen = COALESCE(
            (SELECT u.no FROM uploads u WHERE u.person = records.person
                AND u.no = records.origin AND u.exported_us IS NOT NULL), 0)
         WHERE person = $1 AND seen = $2 AND origin <> $2",
    ] {
        run!(tx, connection => sqlx::query(text)
            .bind(person)
            .bind(i64::from(upload.0))
            .execute(connection)
            .await
            .map(drop))?;
    }
    summarise(key, removed)
}

fn summarise(key: &PersonKey, rows: Vec<RemovedRow>) -> Result<RecordsRemoved, Error> {
    let mut removed = RecordsRemoved::default();
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for (id, kind, sealed) in rows {
        if let Some(head) = damage::one(open_head(key, id, &sealed))? {
            push_hours(&mut removed.changed, head.start_us, head.end_us);
        }
        *counts.entry(kind).or_default() += 1;
    }
    removed.by_kind = counts.into_iter().collect();
    removed.changed.sort_unstable();
    removed.changed.dedup();
    Ok(removed)
}
