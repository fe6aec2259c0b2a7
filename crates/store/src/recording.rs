//! Storing records: what is new, what is another version, what was there before. Public through
//! [`crate::records`].

use std::collections::BTreeMap;

use model::ids::UserId;
use model::record::{Body, Record};
use model::sample::{DAY_US, Uid};
use rustc_hash::FxHashMap;
use uuid::Uuid;

use crate::database::{Tx, list_statement, rows_statement, statement_slices};
use crate::error::Error;
use crate::merge::{Bringer, MergeCounts};
use crate::records::{Head, Part, RecordsPut, heads_of, push_hours, row_name};
use crate::samples::Origin;
use crate::tombstone;
use crate::vault::PersonKey;

/// Level at which JSON of beats and voltages shrinks to a quarter in little time.
const ZSTD_LEVEL: i32 = 3;

/// A record on its way in.
struct Incoming {
    id: Uuid,
    kind: &'static str,
    uid: Option<Uid>,
    content: [u8; 16],
    head: Head,
    head_json: Vec<u8>,
    body_json: Vec<u8>,
}

/// A row to be written.
struct Write {
    record: Incoming,
    version: i64,
    origin: u32,
    seen: u32,
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
    let incoming = admit(tx, key, person, records, &mut counts, &mut put.unstorable).await?;
    let stored = known(tx, person, &incoming).await?;
    let mut writes = Vec::new();
    let mut seen_again = Vec::new();
    for record in incoming {
        let counts = counts.entry(record.kind).or_default();
        let before = stored.get(&record.id);
        match decide(before, &record, &bringer) {
            Decision::Nothing => counts.duplicates += 1,
            Decision::Seen => {
                counts.duplicates += 1;
                seen_again.push(record.id);
            }
            Decision::Write { version, seen } => {
                if before.is_some() {
                    counts.replaced += 1;
                } else {
                    counts.added += 1;
                }
                push_hours(&mut put.changed, record.head.start_us, record.head.end_us);
                writes.push(Write {
                    record,
                    version,
                    origin: bringer.upload,
                    seen,
                });
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
    Seen,
    /// New, or another content.
    Write { version: i64, seen: u32 },
}

fn decide(stored: Option<&Known>, record: &Incoming, bringer: &Bringer) -> Decision {
    let seen_now = if bringer.snapshot { bringer.upload } else { 0 };
    let Some(stored) = stored else {
        return Decision::Write {
            version: 1,
            seen: seen_now,
        };
    };
    let seen = u32::try_from(stored.seen).unwrap_or(0);
    if bringer.is_older_than(seen) {
        Decision::Nothing
    } else if stored.content != record.content {
        Decision::Write {
            version: stored.version + 1,
            seen: seen_now,
        }
    } else if seen_now != 0 && bringer.rank(seen_now) > bringer.rank(seen) {
        Decision::Seen
    } else {
        Decision::Nothing
    }
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
    let head = Head {
        start_us: record.start_us,
        end_us: record.end_us,
        zone: record.zone,
        source: record.source.0,
        uid: record.uid.map(Uid::get),
        identity: record.identity,
    };
    let head_json = serde_json::to_vec(&head).ok()?;
    let mut content = head_json.clone();
    content.push(0);
    content.extend_from_slice(&body_json);
    Some(Incoming {
        id: uuid::Builder::from_custom_bytes(key.identity(identity.as_bytes())).into_uuid(),
        kind,
        uid: record.uid,
        content: key.identity(&content),
        head,
        head_json,
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

async fn write(tx: &mut Tx, key: &PersonKey, person: i64, writes: &[Write]) -> Result<(), Error> {
    for slice in statement_slices(writes) {
        let text = rows_statement(
            "INSERT INTO records (person, id, kind, uid, content, start_day, version, origin, seen,
                head_sealed, body_sealed) VALUES",
            11,
            slice.len(),
            "ON CONFLICT (person, id) DO UPDATE SET
                content = excluded.content, start_day = excluded.start_day,
                version = excluded.version, origin = excluded.origin, seen = excluded.seen,
                head_sealed = excluded.head_sealed, body_sealed = excluded.body_sealed",
        );
        run!(tx, connection => {
            let mut query = sqlx::query(text);
            for Write { record, version, origin, seen } in slice {
                let body = zstd::bulk::compress(&record.body_json, ZSTD_LEVEL)
                    .map_err(|_| Error::Damaged { what: "record" })?;
                query = query
                    .bind(person)
                    .bind(record.id)
                    .bind(record.kind)
                    .bind(record.uid.map(|uid| uid.get().cast_signed()))
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
    records: Vec<Record>,
    counts: &mut Counts,
    unstorable: &mut u64,
) -> Result<Vec<Incoming>, Error> {
    let uids: Vec<Uid> = records.iter().filter_map(|record| record.uid).collect();
    let deleted = tombstone::uids_among(tx, person, &uids).await?;
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
