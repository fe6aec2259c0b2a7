//! What became of an upload: its state, its account, and taking it back.
//!
//! The account is kept sealed with the upload; this file only reads and prints it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use model::ids::{UploadId, UserId};
use serde::{Deserialize, Serialize};
use store::Tx;
use store::uploads::{Upload, UploadStatus};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::{Caller, Sender};
use crate::http::page::PathId;
use crate::ingest::edit;
use crate::ingest::tally::{RejectedRecord, Tally};
use crate::instant::rfc3339;
use crate::problem::Problem;

/// Where an upload stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// Accepted, being read.
    Received,
    /// Stored; its days are being computed.
    Processing,
    /// Stored and computed.
    Completed,
    /// Not read to its end, or its days could not be computed from everything; what was stored stays.
    Failed,
    /// Stored, but something in it should be looked at.
    RequiresReview,
}

impl From<UploadStatus> for Status {
    fn from(status: UploadStatus) -> Self {
        match status {
            UploadStatus::Received => Self::Received,
            UploadStatus::Processing => Self::Processing,
            UploadStatus::Completed => Self::Completed,
            UploadStatus::Failed => Self::Failed,
            UploadStatus::RequiresReview => Self::RequiresReview,
        }
    }
}

impl Status {
    /// Whether nothing more will happen by itself.
    pub(crate) const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::RequiresReview)
    }
}

/// A refused record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct RecordError {
    /// Index of the record in the array it came in; null where the input has no array.
    index: Option<u64>,
    /// Byte offset in the decompressed document, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    byte: Option<u64>,
    /// Line of a text file, from 1, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    /// Stable code.
    code: String,
    /// Which field; empty for the record as a whole.
    field: String,
    /// Why and what to do, for people.
    message: String,
}

impl From<&RejectedRecord> for RecordError {
    fn from(rejected: &RejectedRecord) -> Self {
        Self {
            index: rejected.index,
            byte: rejected.byte,
            line: rejected.line,
            code: rejected.code.clone(),
            field: rejected.field.clone(),
            message: rejected.message.clone(),
        }
    }
}

/// Where to go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Links {
    /// The state of this upload.
    pub(crate) status: String,
}

impl Links {
    /// The links of an upload.
    pub(crate) fn of(id: UploadId) -> Self {
        Self {
            status: format!("/api/v1/health-data/processing/{id}"),
        }
    }
}

/// The response to an upload: everything in it is durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the names are the contract\'s")]
pub(crate) struct Accepted {
    /// Names this upload.
    pub(crate) processing_id: String,
    /// Where it stands.
    pub(crate) status: Status,
    /// New or changed records.
    pub(crate) accepted: u64,
    /// Records that were there already.
    pub(crate) duplicates: u64,
    /// Refused records.
    pub(crate) rejected: u64,
    /// The first thousand refused records.
    pub(crate) errors: Vec<RecordError>,
    /// Names outside the catalogue; what has them is kept as it came.
    #[serde(default)]
    pub(crate) unknown_types: Vec<String>,
    /// Of those, names that are nearly one of the catalogue, with the metric that may be meant; what has them is kept
    /// under the name that was sent.
    #[serde(default)]
    pub(crate) nearest_types: BTreeMap<String, String>,
    /// Where to go on.
    pub(crate) links: Links,
}

impl Accepted {
    /// The response with this account.
    pub(crate) fn of(id: UploadId, status: UploadStatus, tally: &Tally) -> Self {
        Self {
            processing_id: id.to_string(),
            status: status.into(),
            accepted: tally.accepted,
            duplicates: tally.duplicates,
            rejected: tally.rejected,
            errors: tally.errors.iter().map(RecordError::from).collect(),
            unknown_types: tally.unknown_types.iter().cloned().collect(),
            nearest_types: tally.nearest_types.clone(),
            links: Links::of(id),
        }
    }
}

/// The state of an upload.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the names are the contract\'s")]
pub(crate) struct Processing {
    /// Names this upload.
    pub(crate) processing_id: String,
    /// What kind of upload: `health_data`, `batch`, `healthkit`, `health_auto_export`,
    /// `open_wearables` or `import`.
    pub(crate) kind: String,
    /// Where it stands.
    pub(crate) status: Status,
    /// What it is doing: `reading`, `analysing`, `done` …
    pub(crate) stage: String,
    /// From 0 to 1.
    pub(crate) progress: f64,
    /// New or changed records.
    pub(crate) accepted: u64,
    /// Records that were there already.
    pub(crate) duplicates: u64,
    /// Refused records.
    pub(crate) rejected: u64,
    /// The first thousand refused records.
    pub(crate) errors: Vec<RecordError>,
    /// When it came.
    pub(crate) created_at: String,
    /// When its state last changed.
    pub(crate) updated_at: String,
    /// Where to go on.
    pub(crate) links: Links,
}

impl Processing {
    /// The state as stored, with the account that was kept.
    pub(crate) fn of(upload: &Upload, tally: &Tally) -> Self {
        Self {
            processing_id: upload.id.to_string(),
            kind: upload.kind.clone(),
            status: upload.status.into(),
            stage: upload.stage.clone(),
            progress: upload.progress,
            accepted: upload.accepted,
            duplicates: upload.duplicates,
            rejected: upload.rejected,
            errors: tally.errors.iter().map(RecordError::from).collect(),
            created_at: rfc3339(upload.created_us),
            updated_at: rfc3339(upload.updated_us),
            links: Links::of(upload.id),
        }
    }
}

/// What taking an upload back removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Removed {
    /// The upload that is gone.
    processing_id: String,
    /// Samples that no other upload holds.
    samples: u64,
    /// Records that no other upload holds.
    records: u64,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(read))
        .routes(routes!(remove))
}

/// Returns the state of an upload.
///
/// Also under `/health-data/upload/{id}/status` and `/healthkit/status/{id}`.
#[utoipa::path(
    get,
    operation_id = "get_processing",
    path = "/health-data/processing/{processing_id}",
    tag = "uploads",
    params(("processing_id" = String, Path, format = Uuid, description = "Id from the response to the upload")),
    responses((status = 200, description = "Its state", body = Processing)),
    security(("bearer" = [])),
)]
async fn read(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(id): PathId<UploadId>,
) -> Result<Json<Processing>, Problem> {
    let mut tx = app.store.read().await?;
    let (upload, tally) = find(&app, &mut tx, caller.user, id).await?;
    Ok(Json(Processing::of(&upload, &tally)))
}

/// Takes an upload back.
///
/// Removes what it brought and no other upload holds; the days it touched are computed again.
#[utoipa::path(
    delete,
    operation_id = "delete_upload",
    path = "/health-data/{processing_id}",
    tag = "uploads",
    params(("processing_id" = String, Path, format = Uuid, description = "Id from the response to the upload")),
    responses((status = 200, description = "What was removed", body = Removed)),
    security(("bearer" = []), ("device_key" = []), ("device_password" = [])),
)]
async fn remove(
    State(app): State<Arc<App>>,
    sender: Sender,
    PathId(id): PathId<UploadId>,
) -> Result<Json<Removed>, Problem> {
    take_back(&app, sender, id).await.map(Json)
}

/// Removes what an upload brought.
pub(crate) async fn take_back(app: &App, sender: Sender, id: UploadId) -> Result<Removed, Problem> {
    let removed = edit::take_back(app, &sender.author.does("take_back", sender.user), id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let processing_id = id.to_string();
    Ok(Removed {
        processing_id,
        samples: removed.samples,
        records: removed.records,
    })
}

/// An upload of the caller with its account.
pub(crate) async fn find(
    app: &App,
    tx: &mut Tx,
    user: UserId,
    id: UploadId,
) -> Result<(Upload, Tally), Problem> {
    let key = app.vault.person_key(tx, user).await?;
    let upload = store::uploads::by_id(tx, &key, user, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let tally = tally_of(&upload)?;
    Ok((upload, tally))
}

/// The account that is kept with an upload; empty before its first part was stored.
pub(crate) fn tally_of(upload: &Upload) -> Result<Tally, Problem> {
    if upload.is_damaged {
        return Ok(Tally {
            accepted: upload.accepted,
            duplicates: upload.duplicates,
            rejected: upload.rejected,
            ..Tally::default()
        });
    }
    if upload.detail.is_empty() {
        return Ok(Tally::default());
    }
    serde_json::from_slice(&upload.detail).map_err(Problem::internal)
}
