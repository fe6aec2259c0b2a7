//! Uploads: whatever brought samples and records in one request, numbered per person from 1.
//! Numbers are never used again, because stored samples refer to them.

use std::collections::HashSet;

use model::ids::{DeviceId, UploadId, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::damage;
use crate::database::{Tx, list_statement, statement_slices};
use crate::error::Error;
use crate::folds;
use crate::vault::PersonKey;

pub use crate::folds::FOLD;

/// A person's number of one of their uploads, from 1.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct UploadNo(pub u32);

/// How far an upload got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UploadStatus {
    /// Accepted, not yet read.
    Received,
    /// Being read or analysed.
    Processing,
    /// Stored and analysed.
    Completed,
    /// Not stored; the detail says why.
    Failed,
    /// Stored, but a person should look at it.
    RequiresReview,
}

impl UploadStatus {
    /// Every status.
    pub const ALL: [Self; 5] = [
        Self::Received,
        Self::Processing,
        Self::Completed,
        Self::Failed,
        Self::RequiresReview,
    ];

    /// The stored text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::RequiresReview => "requires_review",
        }
    }

    fn parse(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(Error::Damaged { what: "upload" })
    }
}

/// An upload to begin.
#[derive(Debug, Clone, Copy)]
pub struct NewUpload<'a> {
    /// The id.
    pub id: UploadId,
    /// What kind of input it is.
    pub kind: &'a str,
    /// Now.
    pub now_us: i64,
}

/// The state of an upload.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UploadState<'a> {
    /// How far it got.
    pub status: UploadStatus,
    /// What it is doing, for people.
    pub stage: &'a str,
    /// From 0 to 1.
    pub progress: f64,
    /// Samples and records that were stored.
    pub accepted: u64,
    /// Samples and records that were stored before.
    pub duplicates: u64,
    /// Samples and records that were refused.
    pub rejected: u64,
    /// Anything else, sealed.
    pub detail: &'a [u8],
    /// The dirty-day sequence after which its days are analysed; 0 when it marked none.
    pub dirty_seq: i64,
    /// Now.
    pub now_us: i64,
}

/// An upload as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Upload {
    /// The id.
    pub id: UploadId,
    /// The person's number of it.
    pub no: UploadNo,
    /// What kind of input it is.
    pub kind: String,
    /// How far it got.
    pub status: UploadStatus,
    /// What it is doing, for people.
    pub stage: String,
    /// From 0 to 1.
    pub progress: f64,
    /// Samples and records that were stored.
    pub accepted: u64,
    /// Samples and records that were stored before.
    pub duplicates: u64,
    /// Samples and records that were refused.
    pub rejected: u64,
    /// Anything else; empty where it does not open.
    pub detail: Vec<u8>,
    /// Whether what was sealed does not open. Everything else is as it was kept beside it.
    pub is_damaged: bool,
    /// The dirty-day sequence after which its days are analysed.
    pub dirty_seq: i64,
    /// When the provider made it, for snapshots of everything the provider has.
    pub exported_us: Option<i64>,
    /// When it began.
    pub created_us: i64,
    /// When its state last changed.
    pub updated_us: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    no: i64,
    kind: String,
    status: String,
    stage: String,
    progress: f64,
    accepted: i64,
    duplicates: i64,
    rejected: i64,
    dirty_seq: i64,
    exported_us: Option<i64>,
    created_us: i64,
    updated_us: i64,
    sealed: Vec<u8>,
}

/// The stage of an upload whose account does not open.
const DAMAGED: &str = "the stored account of this upload is damaged";

/// Begins an upload and gives it the person's next number.
pub async fn begin(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    upload: &NewUpload<'_>,
) -> Result<UploadNo, Error> {
    let person = key.lock(tx, user).await?;
    let no = run!(tx, connection => sqlx::query_scalar::<_, i64>(
        "UPDATE persons SET upload_seq = upload_seq + 1 WHERE no = $1 RETURNING upload_seq",
    )
    .bind(person)
    .fetch_one(connection)
    .await)?;
    run!(tx, connection => sqlx::query(
        "INSERT INTO uploads (person, no, id, kind, status, stage, progress, accepted, duplicates,
            rejected, dirty_seq, exported_us, created_us, updated_us, sealed)
         VALUES ($1, $2, $3, $4, $5, '', 0.0, 0, 0, 0, 0, NULL, $6, $6, $7)",
    )
    .bind(person)
    .bind(no)
    .bind(upload.id.uuid())
    .bind(upload.kind)
    .bind(UploadStatus::Received.as_str())
    .bind(upload.now_us)
    .bind(key.seal(&row_name(key, upload.id), &[]))
    .execute(connection)
    .await
    .map(drop))?;
    upload_no(no)
}

/// Notes that a device sent an upload under its own key.
pub async fn sent_by(
    tx: &mut Tx,
    user: UserId,
    no: UploadNo,
    device: DeviceId,
) -> Result<(), Error> {
    let changed = run!(tx, connection => sqlx::query(
        "UPDATE uploads SET device = $3
         WHERE no = $2 AND person = (SELECT no FROM persons WHERE id = $1)",
    )
    .bind(user.uuid())
    .bind(i64::from(no.0))
    .bind(device.uuid())
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    if changed == 0 {
        return Err(Error::UploadUnknown);
    }
    Ok(())
}

/// Which of these uploads a device sent under its own key.
pub async fn of_device(
    tx: &mut Tx,
    user: UserId,
    device: DeviceId,
    uploads: &[UploadNo],
) -> Result<HashSet<UploadNo>, Error> {
    let mut found = HashSet::new();
    for slice in statement_slices(uploads) {
        let text = list_statement(
            "SELECT no FROM uploads
             WHERE person = (SELECT no FROM persons WHERE id = $1) AND device = $2 AND no IN",
            3,
            slice.len(),
            "",
        );
        let numbers = run!(tx, connection => {
            let mut query = sqlx::query_scalar::<_, i64>(text).bind(user.uuid()).bind(device.uuid());
            for no in slice {
                query = query.bind(i64::from(no.0));
            }
            query.fetch_all(connection).await
        })?;
        for no in numbers {
            found.insert(upload_no(no)?);
        }
    }
    Ok(found)
}

/// Notes that an upload is a snapshot of everything the provider had at this time.
pub async fn set_snapshot(
    tx: &mut Tx,
    user: UserId,
    no: UploadNo,
    exported_us: i64,
) -> Result<(), Error> {
    let changed = run!(tx, connection => sqlx::query(
        "UPDATE uploads SET exported_us = $3
         WHERE no = $2 AND person = (SELECT no FROM persons WHERE id = $1)",
    )
    .bind(user.uuid())
    .bind(i64::from(no.0))
    .bind(exported_us)
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    if changed == 0 {
        return Err(Error::UploadUnknown);
    }
    Ok(())
}

/// The uploads that are snapshots, with the time at which each was made, in the order of number.
pub async fn snapshots(tx: &mut Tx, user: UserId) -> Result<Vec<(UploadNo, i64)>, Error> {
    let rows = run!(tx, connection => sqlx::query_as::<_, (i64, i64)>(
        "SELECT u.no, u.exported_us FROM uploads u JOIN persons p ON p.no = u.person
         WHERE p.id = $1 AND u.exported_us IS NOT NULL ORDER BY u.no",
    )
    .bind(user.uuid())
    .fetch_all(connection)
    .await)?;
    rows.into_iter()
        .map(|(no, exported_us)| Ok((upload_no(no)?, exported_us)))
        .collect()
}

/// Replaces the state of an upload.
pub async fn save(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    id: UploadId,
    state: &UploadState<'_>,
) -> Result<(), Error> {
    let person = key.lock(tx, user).await?;
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let changed = run!(tx, connection => sqlx::query(
        "UPDATE uploads SET status = $3, stage = $4, progress = $5, accepted = $6,
            duplicates = $7, rejected = $8, dirty_seq = $9, updated_us = $10, sealed = $11
         WHERE person = $1 AND id = $2",
    )
    .bind(person)
    .bind(id.uuid())
    .bind(state.status.as_str())
    .bind(state.stage)
    .bind(state.progress)
    .bind(count(state.accepted))
    .bind(count(state.duplicates))
    .bind(count(state.rejected))
    .bind(state.dirty_seq)
    .bind(state.now_us)
    .bind(key.seal(&row_name(key, id), state.detail))
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    if changed == 0 {
        return Err(Error::UploadUnknown);
    }
    Ok(())
}

/// Says that an upload which is still being read is alive. Does nothing to one that is read.
pub async fn touch(tx: &mut Tx, user: UserId, id: UploadId, now_us: i64) -> Result<(), Error> {
    run!(tx, connection => sqlx::query(
        "UPDATE uploads SET updated_us = $3
         WHERE person = (SELECT no FROM persons WHERE id = $1) AND id = $2
            AND status = 'received'",
    )
    .bind(user.uuid())
    .bind(id.uuid())
    .bind(now_us)
    .execute(connection)
    .await
    .map(drop))?;
    Ok(())
}

/// Uploads that are still being read and gave no sign of life since `before_us`: whoever read them is
/// gone. The oldest `limit` of all people.
pub async fn silent(
    tx: &mut Tx,
    before_us: i64,
    limit: u32,
) -> Result<Vec<(UserId, UploadId)>, Error> {
    let rows = run!(tx, connection => sqlx::query_as::<_, (Uuid, Uuid)>(
        "SELECT p.id, u.id FROM uploads u JOIN persons p ON p.no = u.person
         WHERE u.status = 'received' AND u.updated_us < $1 ORDER BY u.updated_us LIMIT $2",
    )
    .bind(before_us)
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await)?;
    let ids = |(user, id)| (UserId::from_uuid(user), UploadId::from_uuid(id));
    Ok(rows.into_iter().map(ids).collect())
}

/// The upload with this id.
pub async fn by_id(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    id: UploadId,
) -> Result<Option<Upload>, Error> {
    let person = key.person(user)?;
    let row = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT id, no, kind, status, stage, progress, accepted, duplicates, rejected, dirty_seq,
            exported_us, created_us, updated_us, sealed
         FROM uploads WHERE person = $1 AND id = $2",
    )
    .bind(person)
    .bind(id.uuid())
    .fetch_optional(connection)
    .await)?;
    match row {
        Some(row) => upload(key, row).map(Some),
        None => folds::by_id(tx, key, user, id).await,
    }
}

/// Uploads, newest first: those with a number below `before`.
pub async fn list(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    before: Option<UploadNo>,
    limit: u32,
) -> Result<Vec<Upload>, Error> {
    let person = key.person(user)?;
    let before = before.map_or(i64::MAX, |no| i64::from(no.0));
    let rows = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT id, no, kind, status, stage, progress, accepted, duplicates, rejected, dirty_seq,
            exported_us, created_us, updated_us, sealed
         FROM uploads WHERE person = $1 AND no < $2 ORDER BY no DESC LIMIT $3",
    )
    .bind(person)
    .bind(before)
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await)?;
    let found = rows.into_iter().map(|row| upload(key, row));
    let found = found.collect::<Result<Vec<Upload>, Error>>()?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    folds::join(tx, key, user, before, limit, found).await
}

/// Folds the accounts of the oldest uploads that ended before a time into one row, when there are enough of
/// them. Returns how many; whoever gets any may ask again.
pub async fn fold(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    before_us: i64,
) -> Result<usize, Error> {
    let person = key.lock(tx, user).await?;
    let rows = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT id, no, kind, status, stage, progress, accepted, duplicates, rejected, dirty_seq,
            exported_us, created_us, updated_us, sealed
         FROM uploads
         WHERE person = $1 AND exported_us IS NULL AND updated_us < $2
            AND status IN ('completed', 'failed', 'requires_review')
         ORDER BY no LIMIT $3",
    )
    .bind(person)
    .bind(before_us)
    .bind(i64::try_from(FOLD).unwrap_or(i64::MAX))
    .fetch_all(connection)
    .await)?;
    if rows.len() < FOLD {
        return Ok(0);
    }
    let uploads = rows.into_iter().map(|row| upload(key, row));
    let mut uploads = uploads.collect::<Result<Vec<Upload>, Error>>()?;
    // A damaged one stays as it is: a backup may still mend it.
    uploads.retain(|upload| !upload.is_damaged);
    let numbers: Vec<UploadNo> = uploads.iter().map(|upload| upload.no).collect();
    if !folds::put(tx, key, user, uploads).await? {
        return Ok(0);
    }
    for slice in statement_slices(&numbers) {
        let text = list_statement(
            "DELETE FROM uploads WHERE person = $1 AND no IN",
            2,
            slice.len(),
            "",
        );
        run!(tx, connection => {
            let mut query = sqlx::query(text).bind(person);
            for no in slice {
                query = query.bind(i64::from(no.0));
            }
            query.execute(connection).await.map(drop)
        })?;
    }
    Ok(numbers.len())
}

/// Completes the uploads in processing whose days are all analysed: those that marked days up to
/// `dirty_seq`. One that marked none yet (0) is still being read. Returns them.
pub async fn complete_up_to(
    tx: &mut Tx,
    user: UserId,
    dirty_seq: i64,
    now_us: i64,
) -> Result<Vec<UploadId>, Error> {
    let ids = run!(tx, connection => sqlx::query_scalar::<_, Uuid>(
        "UPDATE uploads SET status = 'completed', stage = 'completed', progress = 1.0, updated_us = $3
         WHERE person = (SELECT no FROM persons WHERE id = $1)
            AND status = 'processing' AND dirty_seq > 0 AND dirty_seq <= $2
         RETURNING id",
    )
    .bind(user.uuid())
    .bind(dirty_seq)
    .bind(now_us)
    .fetch_all(connection)
    .await)?;
    Ok(ids.into_iter().map(UploadId::from_uuid).collect())
}

/// The uploads in processing, oldest first.
pub async fn processing(tx: &mut Tx, user: UserId, limit: u32) -> Result<Vec<UploadId>, Error> {
    let ids = run!(tx, connection => sqlx::query_scalar::<_, Uuid>(
        "SELECT id FROM uploads
         WHERE person = (SELECT no FROM persons WHERE id = $1)
            AND status = 'processing' ORDER BY dirty_seq LIMIT $2",
    )
    .bind(user.uuid())
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await)?;
    Ok(ids.into_iter().map(UploadId::from_uuid).collect())
}

/// Forgets an upload, not what it brought. Returns whether there was one.
pub async fn delete(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    id: UploadId,
) -> Result<bool, Error> {
    let deleted = run!(tx, connection => sqlx::query(
        "DELETE FROM uploads WHERE person = (SELECT no FROM persons WHERE id = $1) AND id = $2",
    )
    .bind(user.uuid())
    .bind(id.uuid())
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    if deleted > 0 {
        return Ok(true);
    }
    folds::delete(tx, key, user, id).await
}

fn row_name(key: &PersonKey, id: UploadId) -> Vec<u8> {
    key.row_name("uploads", id.uuid().as_bytes())
}

fn upload_no(no: i64) -> Result<UploadNo, Error> {
    let no = u32::try_from(no).map_err(|_| Error::Damaged { what: "upload" })?;
    Ok(UploadNo(no))
}

fn upload(key: &PersonKey, row: Row) -> Result<Upload, Error> {
    let id = UploadId::from_uuid(row.id);
    let count = |count: i64| u64::try_from(count).unwrap_or(0);
    let detail = key.open_as("upload", &row_name(key, id), &row.sealed);
    let is_damaged = detail.is_err();
    if is_damaged {
        damage::note("upload");
    }
    Ok(Upload {
        id,
        no: upload_no(row.no)?,
        kind: row.kind,
        status: UploadStatus::parse(&row.status)?,
        stage: if is_damaged {
            DAMAGED.to_owned()
        } else {
            row.stage
        },
        progress: row.progress,
        accepted: count(row.accepted),
        duplicates: count(row.duplicates),
        rejected: count(row.rejected),
        detail: detail.unwrap_or_default(),
        is_damaged,
        dirty_seq: row.dirty_seq,
        exported_us: row.exported_us,
        created_us: row.created_us,
        updated_us: row.updated_us,
    })
}
