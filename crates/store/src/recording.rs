//! Storing records: what is new, what is another version, what was there before. Public through
//! [`crate::records`].

use std::collections::BTreeMap;

use model::ids::UserId;
use model::record::{Body, Record};
use model::sample::{DAY_US, Uid};
use rustc_hash::FxHashMap;
use uuid::Uuid;
use zstd::bulk::Compressor;

use crate::database::{Tx, list_statement, rows_statement, slices_of_wide_rows, statement_slices};
use crate::error::Error;
use crate::joining::{self, Row};
use crate::merge::{Bringer, MergeCounts};
use crate::records::{Head, Part, RecordsPut, heads_of, push_hours, row_name};
use crate::samples::Origin;
use crate::tombstone::{self, DeletedDocuments};
use crate::vault::PersonKey;

/// Level at which JSON of beats and voltages shrinks to a quarter in little time.
const ZSTD_LEVEL: i32 = 3;

/// A record on its way in.
pub(crate) struct Incoming {
    pub(crate) id: Uuid,
    pub(crate) kind: &'static str,
    pub(crate) content: [u8; 16],
    pub(crate) head: Head,
    head_json: Vec<u8>,
    pub(crate) body_json: Vec<u8>,
}

/// A row to be written.
pub(crate) struct Write {
    pub(crate) record: Incoming,
    pub(crate) version: i64,
    pub(crate) origin: u32,
    pub(crate) seen: u32,
}

/// What is known of a stored record without opening it.
#[derive(sqlx::FromRow)]
struct Known {
    id: Uuid,
    content: Vec<u8>,
    version: i64,
    seen: i64,
}

/// Stores records. The same content again changes nothing; another content replaces, unless it comes
/// from an older snapshot than the stored one.
pub async fn put(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    origin: Origin<'_>,
    records: Vec<Record>,
) -> Result<RecordsPut, Error> {
    let person = key.lock(tx, user).await?;
    let bringer = origin.bringer();
    let mut put = RecordsPut::default();
    let mut counts = Counts::new();
    let admitting = (&mut counts, &mut put.unstorable);
    let incoming = admit(tx, key, person, (records, &bringer), admitting).await?;
    let stored = known(tx, person, &incoming).await?;
    let mut others = other_versions(tx, key, user, (&incoming, &stored), &bringer).await?;
    let mut writes = Vec::new();
    let mut seen_again = Vec::new();
    for record in incoming {
        let counts = counts.entry(record.kind).or_default();
        let decision = match others.remove(&record.id) {
            Some(row) => join(key, &row, &record, &bringer),
            None => decide(stored.get(&record.id), record, &bringer),
        };
        match decision {
            Decision::Nothing => counts.duplicates += 1,
            Decision::Seen(id) => {
                counts.duplicates += 1;
                seen_again.push(id);
            }
            Decision::Write(write, new) => {
                match new {
                    New::Record => counts.added += 1,
                    New::Version => counts.replaced += 1,
                    New::Door => counts.duplicates += 1,
                }
                let head = &write.record.head;
                push_hours(&mut put.changed, head.start_us, head.end_us);
                writes.push(*write);
            }
        }
    }
    let replaced: Vec<Uuid> = writes
        .iter()
        .filter(|write| write.version > 1)
        .map(|write| write.record.id)
        .collect();
    for (_, head) in heads_of(tx, key, user, &replaced).await? {
        push_hours(&mut put.changed, head.start_us, head.end_us);
    }
    write(tx, key, person, &writes).await?;
    set_seen(tx, person, &seen_again, bringer.upload).await?;
    put.by_kind = counts.into_iter().collect();
    put.changed.sort_unstable();
    put.changed.dedup();
    Ok(put)
}

enum Decision {
    /// Stored already, or older than what is stored.
    Nothing,
    /// Stored already; a later snapshot contains it too.
    Seen(Uuid),
    /// To be stored.
    Write(Box<Write>, New),
}

/// What is new about what is to be stored.
enum New {
    /// The record.
    Record,
    /// Its content.
    Version,
    /// That it came through another door.
    Door,
}

fn decide(stored: Option<&Known>, record: Incoming, bringer: &Bringer) -> Decision {
    let seen_now = bringer.seen();
    let Some(stored) = stored else {
        let write = Write {
            record,
            version: 1,
            origin: bringer.upload,
            seen: seen_now,
        };
        return Decision::Write(Box::new(write), New::Record);
    };
    let seen = u32::try_from(stored.seen).unwrap_or(0);
    if bringer.is_older_than(seen) {
        Decision::Nothing
    } else if stored.content != record.content {
        let write = Write {
            record,
            version: stored.version + 1,
            origin: bringer.upload,
            seen: seen_now,
        };
        Decision::Write(Box::new(write), New::Version)
    } else if seen_now != 0 && bringer.rank(seen_now) > bringer.rank(seen) {
        Decision::Seen(record.id)
    } else {
        Decision::Nothing
    }
}

/// What becomes of a record whose document is stored as another door brought it.
fn join(key: &PersonKey, row: &Row, record: &Incoming, bringer: &Bringer) -> Decision {
    let seen_now = bringer.seen();
    let is_later = seen_now != 0 && bringer.rank(seen_now) > bringer.rank(row.seen);
    let is_known = row.has(record);
    let own = row.id == record.id;
    let joined = if is_known || (own && bringer.is_older_than(row.seen)) {
        None
    } else {
        joining::together(key, row, record, bringer)
    };
    match joined {
        Some(record) => {
            let write = Write {
                record,
                version: row.version + 1,
                origin: row.origin,
                seen: if is_later { seen_now } else { row.seen },
            };
            Decision::Write(Box::new(write), if own { New::Version } else { New::Door })
        }
        None if is_later => Decision::Seen(row.id),
        None => Decision::Nothing,
    }
}

/// The rows that hold other versions of what comes in: rows of its id that were joined from several, and
/// rows of another id that are the same document.
async fn other_versions(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    (incoming, stored): (&[Incoming], &FxHashMap<Uuid, Known>),
    bringer: &Bringer,
) -> Result<FxHashMap<Uuid, Row>, Error> {
    let differs = |record: &&Incoming| {
        let known = stored.get(&record.id);
        known.is_some_and(|known| known.content != record.content)
    };
    let edited: Vec<&Incoming> = incoming.iter().filter(differs).collect();
    let mut others = joining::of_other_doors(tx, key, user, &edited).await?;
    let unknown = |record: &&Incoming| !stored.contains_key(&record.id);
    let unknown: Vec<&Incoming> = incoming.iter().filter(unknown).collect();
    if !unknown.is_empty() {
        others.extend(joining::twins(tx, key, user, &unknown, bringer).await?);
    }
    Ok(others)
}

/// Turns a record into bytes, or `None` when JSON cannot hold it.
fn prepare(key: &PersonKey, record: Record) -> Option<Incoming> {
    let kind = record.body.kind();
    let body_json = serde_json::to_vec(&record.body).ok()?;
    // JSON prints numbers that are not finite as null, which no plain number reads back.
    if mentions_null(&body_json) && serde_json::from_slice::<Body>(&body_json).is_err() {
        return None;
    }
    let identity = match record.uid {
        Some(uid) => format!("record\0{kind}\0uid\0{uid}"),
        None => format!("record\0{kind}\0own\0{}", record.identity),
    };
    let id = uuid::Builder::from_custom_bytes(key.identity(identity.as_bytes())).into_uuid();
    let head = Head {
        start_us: record.start_us,
        end_us: record.end_us,
        zone: record.zone,
        source: record.source.0,
        uid: record.uid.map(Uid::get),
        identity: record.identity,
        joined: Vec::new(),
    };
    of_parts(key, (id, kind), head, body_json)
}

/// A record of an opened head and body.
pub(crate) fn sealable(key: &PersonKey, id: Uuid, head: Head, body: &Body) -> Option<Incoming> {
    let body_json = serde_json::to_vec(body).ok()?;
    of_parts(key, (id, body.kind()), head, body_json)
}

/// Which versions a document was joined from is not part of its content.
fn of_parts(
    key: &PersonKey,
    (id, kind): (Uuid, &'static str),
    mut head: Head,
    body_json: Vec<u8>,
) -> Option<Incoming> {
    let joined = std::mem::take(&mut head.joined);
    let mut content = serde_json::to_vec(&head).ok()?;
    content.push(0);
    content.extend_from_slice(&body_json);
    head.joined = joined;
    Some(Incoming {
        id,
        kind,
        content: key.identity(&content),
        head_json: serde_json::to_vec(&head).ok()?,
        head,
        body_json,
    })
}

fn mentions_null(json: &[u8]) -> bool {
    json.windows(4).any(|window| window == b"null")
}

async fn known(
    tx: &mut Tx,
    person: i64,
    incoming: &[Incoming],
) -> Result<FxHashMap<Uuid, Known>, Error> {
    let mut known = FxHashMap::default();
    for slice in statement_slices(incoming) {
        let text = list_statement(
            "SELECT id, content, version, seen FROM records WHERE person = $1 AND id IN",
            2,
            slice.len(),
            "",
        );
        let rows = run!(tx, connection => {
            let mut query = sqlx::query_as::<_, Known>(text).bind(person);
            for record in slice {
                query = query.bind(record.id);
            }
            query.fetch_all(connection).await
        })?;
        known.extend(rows.into_iter().map(|row| (row.id, row)));
    }
    Ok(known)
}

pub(crate) async fn write(
    tx: &mut Tx,
    key: &PersonKey,
    person: i64,
    writes: &[Write],
) -> Result<(), Error> {
    let damaged = |_| Error::Damaged { what: "record" };
    // Making a compressor takes longer than what it does to a workout: one for all.
    let mut compressor = Compressor::new(ZSTD_LEVEL).map_err(damaged)?;
    for slice in slices_of_wide_rows(writes) {
        let text = rows_statement(
            "INSERT INTO records (person, id, kind, uid, content, start_day, version, origin, seen,
                head_sealed, body_sealed) VALUES",
            11,
            slice.len(),
            "ON CONFLICT (person, id) DO UPDATE SET
                uid = excluded.uid, content = excluded.content, start_day = excluded.start_day,
                version = excluded.version, origin = excluded.origin, seen = excluded.seen,
                head_sealed = excluded.head_sealed, body_sealed = excluded.body_sealed",
        );
        run!(tx, connection => {
            let mut query = sqlx::query(text);
            for Write { record, version, origin, seen } in slice {
                let body = compressor.compress(&record.body_json).map_err(damaged)?;
                query = query
                    .bind(person)
                    .bind(record.id)
                    .bind(record.kind)
                    .bind(record.head.uid.map(u64::cast_signed))
                    .bind(record.content.to_vec())
                    .bind(record.head.start_us.div_euclid(DAY_US))
                    .bind(*version)
                    .bind(i64::from(*origin))
                    .bind(i64::from(*seen))
                    .bind(key.seal(&row_name(key, Part::Head, record.id), &record.head_json))
                    .bind(key.seal(&row_name(key, Part::Body, record.id), &body));
            }
            query.execute(connection).await.map(drop)
        })?;
    }
    Ok(())
}

async fn set_seen(tx: &mut Tx, person: i64, ids: &[Uuid], seen: u32) -> Result<(), Error> {
    for slice in statement_slices(ids) {
        let text = list_statement(
            "UPDATE records SET seen = $2 WHERE person = $1 AND id IN",
            3,
            slice.len(),
            "",
        );
        run!(tx, connection => {
            let mut query = sqlx::query(text).bind(person).bind(i64::from(seen));
            for id in slice {
                query = query.bind(*id);
            }
            query.execute(connection).await.map(drop)
        })?;
    }
    Ok(())
}

type Counts = BTreeMap<&'static str, MergeCounts>;

/// The records that may come in, one version of each.
async fn admit(
    tx: &mut Tx,
    key: &PersonKey,
    person: i64,
    (records, bringer): (Vec<Record>, &Bringer),
    (counts, unstorable): (&mut Counts, &mut u64),
) -> Result<Vec<Incoming>, Error> {
    let uids: Vec<Uid> = records.iter().filter_map(|record| record.uid).collect();
    let deleted = tombstone::uids_among(tx, person, &uids).await?;
    // Records without an id are judged in a snapshot only, and by deletions after its date, as samples are.
    let buried = match bringer.exported_us() {
        Some(exported_us) => DeletedDocuments::after(tx, key, person, exported_us).await?,
        None => DeletedDocuments::default(),
    };
    let mut incoming: Vec<Incoming> = Vec::with_capacity(records.len());
    let mut place: FxHashMap<Uuid, usize> = FxHashMap::default();
    for record in records {
        let counts = counts.entry(record.body.kind()).or_default();
        if record.uid.is_some_and(|uid| deleted.contains(&uid)) {
            counts.refused_deleted += 1;
            continue;
        }
        let Some(record) = prepare(key, record) else {
            *unstorable += 1;
            continue;
        };
        if record.head.uid.is_none() && buried.contain(&record.head.document(record.kind)) {
            counts.refused_deleted += 1;
            continue;
        }
        // The last version of a document in one batch wins.
        if let Some(earlier) = place.get(&record.id).and_then(|at| incoming.get_mut(*at)) {
            counts.duplicates += 1;
            *earlier = record;
        } else {
            place.insert(record.id, incoming.len());
            incoming.push(record);
        }
    }
    Ok(incoming)
}
