//! The accounts of old uploads, many in one row. Nothing of them is lost: they are listed, read and taken back as
//! before, and only take less room.
//!
//! It must never fold what may still change, or what others look for in the table itself: exports.

use model::ids::{UploadId, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::damage;
use crate::database::Tx;
use crate::error::Error;
use crate::uploads::{Upload, UploadNo, UploadStatus};
use crate::vault::PersonKey;

/// Uploads of one row: enough to share what they have in common, few enough to be read for one of them.
pub const FOLD: usize = 256;
/// Bytes that a row unfolds into at most: accounts with their longest lists of errors.
const UNFOLDED_MAX: usize = 64 << 20;
const ZSTD_LEVEL: i32 = 9;

/// An upload in a row.
#[derive(Debug, Serialize, Deserialize)]
struct Folded {
    no: u32,
    id: Uuid,
    kind: String,
    status: UploadStatus,
    stage: String,
    progress: f64,
    accepted: u64,
    duplicates: u64,
    rejected: u64,
    dirty_seq: i64,
    created_us: i64,
    updated_us: i64,
    detail: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    last_no: i64,
    sealed: Vec<u8>,
}

impl Folded {
    /// The account to fold; none when it is no text.
    fn of(upload: Upload) -> Option<Self> {
        Some(Self {
            no: upload.no.0,
            id: upload.id.uuid(),
            kind: upload.kind,
            status: upload.status,
            stage: upload.stage,
            progress: upload.progress,
            accepted: upload.accepted,
            duplicates: upload.duplicates,
            rejected: upload.rejected,
            dirty_seq: upload.dirty_seq,
            created_us: upload.created_us,
            updated_us: upload.updated_us,
            detail: String::from_utf8(upload.detail).ok()?,
        })
    }

    fn upload(self) -> Upload {
        Upload {
            id: UploadId::from_uuid(self.id),
            no: UploadNo(self.no),
            kind: self.kind,
            status: self.status,
            stage: self.stage,
            progress: self.progress,
            accepted: self.accepted,
            duplicates: self.duplicates,
            rejected: self.rejected,
            detail: self.detail.into_bytes(),
            is_damaged: false,
            dirty_seq: self.dirty_seq,
            exported_us: None,
            created_us: self.created_us,
            updated_us: self.updated_us,
        }
    }
}

/// Writes uploads of a person, in the order of their numbers, into one row.
pub(crate) async fn put(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    uploads: Vec<Upload>,
) -> Result<bool, Error> {
    let folded: Option<Vec<Folded>> = uploads.into_iter().map(Folded::of).collect();
    match folded {
        Some(folded) => write(tx, key, user, &folded).await,
        None => Ok(false),
    }
}

async fn write(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    folded: &[Folded],
) -> Result<bool, Error> {
    let person = key.person(user)?;
    let (Some(first), Some(last)) = (folded.first(), folded.last()) else {
        return Ok(false);
    };
    let json = serde_json::to_vec(folded).map_err(|_| Error::Damaged { what: "upload" })?;
    if json.len() > UNFOLDED_MAX {
        return Ok(false);
    }
    let packed = zstd::bulk::compress(&json, ZSTD_LEVEL).map_err(|_| damaged())?;
    let (first_no, last_no) = (i64::from(first.no), i64::from(last.no));
    run!(tx, connection => sqlx::query(
        "INSERT INTO upload_folds (person, last_no, first_no, first_id, last_id, uploads, sealed)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(person)
    .bind(last_no)
    .bind(first_no)
    .bind(folded.iter().map(|one| one.id).min())
    .bind(folded.iter().map(|one| one.id).max())
    .bind(i64::try_from(folded.len()).unwrap_or(i64::MAX))
    .bind(key.seal(&row_name(key, last_no), &packed))
    .execute(connection)
    .await
    .map(drop))?;
    Ok(true)
}

/// The folded upload with this id.
pub(crate) async fn by_id(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    id: UploadId,
) -> Result<Option<Upload>, Error> {
    for row in with_id(tx, key, user, id).await? {
        let found = open(key, &row)?.into_iter().find(|one| one.id == id.uuid());
        if let Some(found) = found {
            return Ok(Some(found.upload()));
        }
    }
    Ok(None)
}

/// The rows in which an upload may be: ids rise with time, so that it is one, or none.
async fn with_id(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    id: UploadId,
) -> Result<Vec<Row>, Error> {
    let person = key.person(user)?;
    let rows = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT last_no, sealed FROM upload_folds
         WHERE person = $1 AND first_id <= $2 AND last_id >= $2",
    )
    .bind(person)
    .bind(id.uuid())
    .fetch_all(connection)
    .await)?;
    Ok(rows)
}

/// Adds folded uploads to those of the table: the newest `limit` of both with a number below `before`.
pub(crate) async fn join(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    before: i64,
    limit: usize,
    mut found: Vec<Upload>,
) -> Result<Vec<Upload>, Error> {
    let person = key.person(user)?;
    let mut below = i64::MAX;
    loop {
        found.sort_unstable_by_key(|upload| std::cmp::Reverse(upload.no));
        found.truncate(limit);
        // What a row with a lower last number holds comes after all of a full page.
        let least = match found.last() {
            Some(last) if found.len() >= limit => i64::from(last.no.0),
            Some(_) | None => 0,
        };
        let row = run!(tx, connection => sqlx::query_as::<_, Row>(
            "SELECT last_no, sealed FROM upload_folds
             WHERE person = $1 AND first_no < $2 AND last_no < $3 AND last_no > $4
             ORDER BY last_no DESC LIMIT 1",
        )
        .bind(person)
        .bind(before)
        .bind(below)
        .bind(least)
        .fetch_optional(connection)
        .await)?;
        let Some(row) = row else { return Ok(found) };
        below = row.last_no;
        let Ok(folded) = open(key, &row) else {
            damage::note("folded uploads");
            continue;
        };
        let folded = folded.into_iter();
        let folded = folded.filter(|one| i64::from(one.no) < before);
        found.extend(folded.map(Folded::upload));
    }
}

/// Forgets a folded upload, not what it brought. Returns whether there was one.
pub(crate) async fn delete(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    id: UploadId,
) -> Result<bool, Error> {
    let person = key.lock(tx, user).await?;
    for row in with_id(tx, key, user, id).await? {
        let mut folded = open(key, &row)?;
        let before = folded.len();
        folded.retain(|one| one.id != id.uuid());
        if folded.len() == before {
            continue;
        }
        run!(tx, connection => sqlx::query(
            "DELETE FROM upload_folds WHERE person = $1 AND last_no = $2",
        )
        .bind(person)
        .bind(row.last_no)
        .execute(connection)
        .await
        .map(drop))?;
        write(tx, key, user, &folded).await?;
        return Ok(true);
    }
    Ok(false)
}

fn open(key: &PersonKey, row: &Row) -> Result<Vec<Folded>, Error> {
    let packed = key.open_as("upload", &row_name(key, row.last_no), &row.sealed)?;
    let json = zstd::bulk::Decompressor::upper_bound(&packed)
        .filter(|length| *length <= UNFOLDED_MAX)
        .and_then(|length| zstd::bulk::decompress(&packed, length).ok())
        .ok_or_else(damaged)?;
    serde_json::from_slice(&json).map_err(|_| damaged())
}

const fn damaged() -> Error {
    Error::Damaged { what: "upload" }
}

fn row_name(key: &PersonKey, last_no: i64) -> Vec<u8> {
    key.row_name("upload_folds", &last_no.to_le_bytes())
}
