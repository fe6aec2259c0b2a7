//! `GET /health-data/export` and `DELETE /health-data/purge`: taking everything along, and leaving
//! nothing behind.
//!
//! An export is streamed while it is read; one that fails in the middle breaks the stream off, so
//! that it never looks complete. A purge is answered with a signed receipt.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::{StreamExt, stream};
use lab::models::digest::Sha256;
use model::ids::ErasureId;
use serde::{Deserialize, Serialize};
use store::audit::Seals;
use tokio::io::DuplexStream;
use tokio::sync::oneshot;
use tokio_util::io::ReaderStream;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::{self, Caller};
use crate::erasure::{self, Erasure, State as Finished};
use crate::export::lines::Whole;
use crate::export::{self, ExportError, Exported, Format};
use crate::http::page::{Params, PathId};
use crate::instant::rfc3339;
use crate::problem::{Code, Problem};

/// Bytes between writer and network.
const AHEAD_BYTES: usize = 256 * 1024;

/// Seconds after which an export may have ended.
const RETRY_S: u64 = 5;

/// How to export.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    /// `ndjson` (default), `json`, `csv`, `daily` (a table of local days), `fhir` (R4, one Bundle), `fhir_ndjson`,
    /// `open_mhealth` (with IEEE 1752.1), `arrow` (a stream), `parquet`, or `bundle`: everything that
    /// is kept about the caller as one zip archive.
    #[serde(default)]
    #[param(inline)]
    format: Format,
}

/// What was erased, in the words that are signed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ErasureStatement)]
struct Statement {
    /// `health_data`: everything but the account itself.
    what: String,
    /// Id of the person whose data it was.
    user_id: String,
    /// When the rows were deleted.
    erased_at: String,
    /// Rows by table; samples are counted one by one.
    counts: BTreeMap<String, u64>,
    /// What became of the key that the rows were sealed with.
    key: String,
}

/// Proof of an erasure.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Receipt {
    /// Reads the receipt again, at `/health-data/erasures/{erasure_id}`.
    #[schema(format = Uuid)]
    erasure_id: String,
    /// What was erased.
    #[serde(flatten)]
    statement: Statement,
    /// The text that is signed: the fields above as JSON.
    signed_text: String,
    /// SHA-256 of that text, hexadecimal.
    digest: String,
    /// `EdDSA`.
    algorithm: &'static str,
    /// Which key of `/.well-known/jwks.json` signed it.
    key_id: String,
    /// Ed25519 signature of the text, base64url.
    signature: String,
}

/// An erasure of which older bytes are left in the files.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PendingErasure)]
pub(super) struct Pending {
    /// Asks again, at `/health-data/erasures/{erasure_id}`.
    #[schema(format = Uuid)]
    erasure_id: String,
    /// `pending`.
    state: Finished,
    /// When the rows were deleted.
    #[schema(format = DateTime)]
    erased_at: String,
    /// Rows by table; samples are counted one by one.
    counts: BTreeMap<String, u64>,
    /// What it waits for.
    detail: &'static str,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(download))
        .routes(routes!(purge))
        .routes(routes!(read_erasure))
}

/// Exports everything that the caller measured.
///
/// Samples by metric, time and source, then records, then the sources they name. The same content
/// is always the same bytes. Derived data is not part of it, but for `daily`, which is nothing else, and `bundle`, which
/// has days, insights, goals, uploads, account and audit log beside it, with a page that says what is in it. What a format of
/// others has no place for is counted at the end of what is written ([formats](docs/FORMATS.md)).
#[utoipa::path(
    get,
    operation_id = "export_health_data",
    path = "/health-data/export",
    tag = "export",
    params(ExportQuery),
    responses((status = 200, description = "The data, streamed", content(
        (String = "application/x-ndjson"),
        (Whole<'_> = "application/json"),
        (String = "text/csv"),
        (String = "application/fhir+json"),
        (String = "application/fhir+ndjson"),
        (String = "application/vnd.apache.arrow.stream"),
        (String = "application/vnd.apache.parquet"),
        (String = "application/zip"),
    ))),
    security(("bearer" = [])),
)]
async fn download(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(query): Params<ExportQuery>,
) -> Result<Response, Problem> {
    let turns = Arc::clone(&app.shares.of(caller.user).exports);
    let turn = turns.try_acquire_owned().map_err(|_| {
        let message = "other exports of yours are under way; read or end them first";
        Problem::new(Code::Unavailable, message).retry_after(RETRY_S)
    })?;
    let (read_end, mut write_end) = tokio::io::duplex(AHEAD_BYTES);
    let (done, outcome) = oneshot::channel();
    let task = Arc::clone(&app);
    let format = query.format;
    app.spawn("export", async move {
        let write = export::write(&task, caller.user, format, &mut write_end);
        let result = tokio::select! {
            result = write => Some(result),
            () = task.shutdown.cancelled() => None,
            () = auth::ended(&task, caller) => None,
        };
        if let Some(Err(error)) = &result
            && !matches!(error, ExportError::Write(_))
        {
            tracing::error!(error = %error, "export broke off");
        }
        // Before the writing end closes, so that the reader never takes a breach for the end.
        drop(done.send(result));
        drop(write_end);
        drop(turn);
    });
    let disposition = format!("attachment; filename=\"{}\"", format.file_name());
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static(format.media_type()),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::try_from(disposition).expect("names of files are plain letters"),
        ),
    ];
    Ok((headers, body(read_end, outcome)).into_response())
}

type Outcome = oneshot::Receiver<Option<Result<Exported, ExportError>>>;

/// The bytes as they come, and an error at their end unless the export is complete.
fn body(read_end: DuplexStream, outcome: Outcome) -> Body {
    let end = stream::once(async move {
        match outcome.await {
            Ok(Some(Ok(_))) => None,
            Ok(Some(Err(_)) | None) | Err(_) => Some(Err(io::Error::other("the export broke off"))),
        }
    });
    let end = end.filter_map(|end| async move { end });
    Body::from_stream(ReaderStream::new(read_end).chain(end))
}

/// Erases the caller's health data.
///
/// Samples, records, summaries, insights, uploads and the profile are gone with the key they were
/// sealed with; the account, its sessions and its preferences stay. The receipt is signed by the
/// server once nothing of them is left in the files of the database: 202 says that the rows are gone and
/// somebody still reads an older state of the files, such as a backup that is being made; the receipt follows.
#[utoipa::path(
    delete,
    operation_id = "purge_health_data",
    path = "/health-data/purge",
    tag = "export",
    responses(
        (status = 200, description = "Erased, also from the files", body = Receipt),
        (status = 202, description = "Erased; the files still contain older bytes", body = Pending),
    ),
    security(("bearer" = [])),
)]
async fn purge(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    let mut erasure = erasure::of_health_data(&app, caller.user, caller.author).await?;
    if erasure::settle(&app, &erasure).await? == Finished::Done {
        erasure.done_us = Some(app.clock.now_us());
    }
    Ok(answer(&app, erasure))
}

/// Reads an erasure of the caller: its receipt, or that it waits.
#[utoipa::path(
    get,
    operation_id = "get_erasure",
    path = "/health-data/erasures/{erasure_id}",
    tag = "export",
    params(("erasure_id" = String, Path, format = Uuid, description = "Id from the response to the purge")),
    responses(
        (status = 200, description = "Erased, also from the files", body = Receipt),
        (status = 202, description = "Erased; the files still contain older bytes", body = Pending),
    ),
    security(("bearer" = [])),
)]
async fn read_erasure(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(id): PathId<ErasureId>,
) -> Result<Response, Problem> {
    let found = erasure::get(&app, caller.user, id).await?;
    Ok(answer(&app, found.ok_or_else(Problem::not_found)?))
}

/// The receipt of an erasure, or that it waits.
pub(super) fn answer(app: &App, erasure: Erasure) -> Response {
    if erasure.state() == Finished::Pending {
        let pending = Pending {
            erasure_id: erasure.id.to_string(),
            state: Finished::Pending,
            erased_at: rfc3339(erasure.erased_us),
            counts: erasure.account.counts,
            detail: "the rows are gone; another program reads an older state of the database \
                     file, so the receipt is signed when that ends",
        };
        return (StatusCode::ACCEPTED, Json(pending)).into_response();
    }
    let statement = Statement {
        what: erasure.what,
        user_id: erasure.user.to_string(),
        erased_at: rfc3339(erasure.erased_us),
        counts: erasure.account.counts,
        key: erasure.account.key,
    };
    Json(sign(app, erasure.id, statement)).into_response()
}

fn sign(app: &App, id: ErasureId, statement: Statement) -> Receipt {
    let signed_text = serde_json::to_string(&statement).expect("a statement is plain JSON");
    let signer = app.keys.signer(app.clock.now_us());
    Receipt {
        erasure_id: id.to_string(),
        digest: Sha256::of(signed_text.as_bytes()).to_string(),
        algorithm: "EdDSA",
        key_id: signer.key_id().to_owned(),
        signature: URL_SAFE_NO_PAD.encode(signer.sign(signed_text.as_bytes())),
        signed_text,
        statement,
    }
}
