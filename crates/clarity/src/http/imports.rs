//! `/imports`: whole files of any size, read while they arrive.
//!
//! The body goes through a short channel to a reading thread, so memory does not grow with the file.
//! The import belongs to the application, not to the request: when the client goes away in the
//! middle it ends as failed, and what was stored before stays and is recognised the next time.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use import::format::{self, Format};
use import::recording::columns::Columns;
use model::ids::{UploadId, UserId};
use model::zone::Zone;
use serde::{Deserialize, Serialize};
use store::FromStore;
use store::idempotency::Known;
use store::samples::Mirror;
use store::uploads::{Upload, UploadNo};
use tokio::sync::{mpsc, oneshot};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::{Caller, Sender, device};
use crate::bus::EventKind;
use crate::http::cursor;
use crate::http::delivery;
use crate::http::filed::{self, Filed};
use crate::http::idempotency::{self, Answer, IdempotencyKey, Start};
use crate::http::incoming::Incoming;
use crate::http::page::{Page, PageQuery, Params, PathId};
use crate::http::pieces::{Piece, PieceReader, Turn};
use crate::http::processing::{self, Links, Removed, Status};
use crate::ingest::file::{Import, Imported, Progress, Told, import};
use crate::ingest::tally::Tally;
use crate::ingest::{IngestError, abandoned};
use crate::instant::rfc3339;
use crate::problem::{Code, Problem};
use crate::supervise;

/// The kind of an upload that is an import.
const KIND: &str = "import";
/// Pieces of the body between network and reader: a few megabytes.
const PIECES_AHEAD: usize = 32;
/// Seconds after which it is worth sending again.
const RETRY_S: u64 = 1;
/// Uploads looked at for one page of imports; live uploads lie between them.
const SCANNED_MAX: usize = 2_000;
/// Uploads read at once while looking for imports.
const SCAN_STEP: u32 = 200;
/// The route, as idempotency keys know it.
const ROUTE: &str = "/imports";

/// What to do with samples of older exports that a newer one does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Absent {
    /// They stay and are reported.
    #[default]
    Keep,
    /// They are removed, so that the store mirrors the newest export.
    Remove,
}

/// How to import.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportQuery {
    /// The format of the file; found by its content when left out.
    #[param(value_type = Option<FormatName>, inline)]
    format: Option<String>,
    /// Zone of local times without offset, such as a worn device's clock; the person's by default.
    #[param(example = "Europe/Berlin")]
    zone: Option<String>,
    /// What the columns of a table of epochs mean, for a recording of no known format.
    #[param(example = "time=Date/Time,count=PIM,light=5")]
    columns: Option<String>,
    /// Seconds of an epoch, where a recording does not state them.
    #[param(minimum = 1, maximum = 86400)]
    epoch_s: Option<u32>,
    /// `keep` (default) or `remove` samples that a newer export of the same person lacks.
    #[serde(default)]
    #[param(inline)]
    absent: Absent,
}

/// The name of a format, as the document describes it.
struct FormatName;

impl ToSchema for FormatName {}

impl PartialSchema for FormatName {
    fn schema() -> RefOr<Schema> {
        let names = std::iter::once(format::AUTO).chain(format::all().map(Format::name));
        let names: Vec<&str> = names.collect();
        let names = ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::String))
            .enum_values(Some(names))
            .default(Some(format::AUTO.into()));
        Schema::Object(names.build()).into()
    }
}

/// The bytes of a file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "describes the body, which is read as it arrives")]
struct FileBody(Vec<u8>);

/// An import with its account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ImportAnswer {
    /// Names this import, as every upload.
    #[schema(format = Uuid)]
    processing_id: String,
    /// The former name of `processing_id`.
    #[schema(deprecated, format = Uuid)]
    import_id: String,
    /// Where it stands.
    status: Status,
    /// What it is doing.
    stage: String,
    /// From 0 to 1.
    progress: f64,
    /// What became of every record.
    #[serde(flatten)]
    tally: Tally,
    /// When it came.
    created_at: String,
    /// When its state last changed.
    updated_at: String,
    /// Where to go on.
    links: Links,
}

impl ImportAnswer {
    fn of(upload: &Upload, tally: Tally) -> Self {
        Self {
            import_id: upload.id.to_string(),
            processing_id: upload.id.to_string(),
            status: upload.status.into(),
            stage: upload.stage.clone(),
            progress: upload.progress,
            tally,
            created_at: rfc3339(upload.created_us),
            updated_at: rfc3339(upload.updated_us),
            links: Links {
                status: format!("/api/v1/imports/{}", upload.id),
            },
        }
    }
}

/// An import in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ImportRow {
    /// Names this import, as every upload.
    #[schema(format = Uuid)]
    processing_id: String,
    /// The former name of `processing_id`.
    #[schema(deprecated, format = Uuid)]
    import_id: String,
    /// Name of the file, where its sender said it in `Content-Disposition`.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The format that it was read as; absent until it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<String>,
    /// Where it stands.
    status: Status,
    /// What it is doing.
    stage: String,
    /// From 0 to 1.
    progress: f64,
    /// New or changed records.
    accepted: u64,
    /// Records that were there already.
    duplicates: u64,
    /// Refused records.
    rejected: u64,
    /// When the provider made the export, if it is one.
    exported_at: Option<String>,
    /// When it came.
    created_at: String,
    /// Where to go on.
    links: Links,
}

impl From<&Upload> for ImportRow {
    fn from(upload: &Upload) -> Self {
        let filed = Filed::of(&upload.detail);
        Self {
            processing_id: upload.id.to_string(),
            import_id: upload.id.to_string(),
            name: filed.name,
            format: filed.format,
            status: upload.status.into(),
            stage: upload.stage.clone(),
            progress: upload.progress,
            accepted: upload.accepted,
            duplicates: upload.duplicates,
            rejected: upload.rejected,
            exported_at: upload.exported_us.map(rfc3339),
            created_at: rfc3339(upload.created_us),
            links: Links {
                status: format!("/api/v1/imports/{}", upload.id),
            },
        }
    }
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(read, remove))
}

/// Imports a file.
///
/// The body is the file itself, of any size: an export of a phone, a document in one of the live forms, or
/// the recording of a worn device. The response comes once everything is durable; follow
/// the progress meanwhile under `/imports/{id}/events`. `Content-Disposition` may say the file's name. A damaged file is read as far as it goes and
/// `damage` says where it ends. A retry with the same Idempotency-Key returns the first response.
#[utoipa::path(
    post,
    operation_id = "create_import",
    path = "/imports",
    tag = "imports",
    params(
        ImportQuery,
        IdempotencyKey,
    ),
    request_body(content = inline(FileBody), content_type = "application/octet-stream", description = "The file"),
    responses(
        (status = 202, description = "Durable", body = ImportAnswer),
    ),
    security(("bearer" = []), ("device_key" = []), ("device_password" = [])),
)]
async fn create(
    State(app): State<Arc<App>>,
    sender: Sender,
    key: IdempotencyKey,
    Params(query): Params<ImportQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    let bytes_total = length.and_then(|text| text.parse().ok());
    if device::signature(&headers).is_some() {
        return Err(Problem::new(
            Code::TokenInvalid,
            "a file is read while it arrives, before a signature of it could be checked; send it without one",
        ));
    }
    let told = told(&query, &headers)?;
    let asked = format!("{query:?}");
    if is_used(&app, sender.user, key).await? {
        return repeat(&app, sender.user, key, &asked, body).await;
    }
    let id = app.ids.upload(app.clock.now_us());
    let what = Import {
        user: sender.user,
        author: sender.author,
        id,
        format: query.format.unwrap_or_else(|| format::AUTO.to_owned()),
        told,
        mirror: match query.absent {
            Absent::Keep => Mirror::Keep,
            Absent::Remove => Mirror::Remove,
        },
        bytes_total,
    };
    let share = app.shares.of(sender.user);
    let _waiting = share.import_requests.try_acquire().map_err(|_| {
        Problem::new(
            Code::Unavailable,
            "more of your files are waiting than may; send this one again when another is done",
        )
        .retry_after(RETRY_S)
    })?;
    let (pieces, outcome) = start(&app, what);
    let mut body = Incoming::new(&app, body, key);
    body.pump(pieces).await?;
    let imported = outcome.await.map_err(|_| gone())??;
    tracing::info!(import = %id, bytes = imported.bytes, status = ?imported.status, "import done");
    let mut tx = app.store.read().await?;
    let (upload, tally) = processing::find(&app, &mut tx, sender.user, id).await?;
    drop(tx);
    let found = ImportAnswer::of(&upload, tally);
    let answer = Answer::json(StatusCode::ACCEPTED, &found).at(found.links.status.clone());
    if key.is_given() {
        let content = content(&asked, body.digest().await?);
        return keep(&app, sender.user, key, &content, answer).await;
    }
    Ok(answer.into_response())
}

/// The task that read the file ended without a word.
fn gone() -> Problem {
    Problem::internal("the task of an import panicked")
}

/// What a repeat must be equal to: how the import was asked for, and every byte of the file.
fn content(asked: &str, digest: [u8; 32]) -> Vec<u8> {
    let mut content = asked.as_bytes().to_vec();
    content.extend_from_slice(&digest);
    content
}

async fn is_used(app: &App, user: UserId, key: IdempotencyKey) -> Result<bool, Problem> {
    let Some(hash) = key.hash() else {
        return Ok(false);
    };
    let mut tx = app.store.read().await?;
    let person_key = app.vault.person_key(&mut tx, user).await?;
    Ok(store::idempotency::is_used(&mut tx, &person_key, user, &hash).await?)
}

/// The response to a file under a key that was used before. Only its bytes can say whether it is the same
/// file, so they are read to the end and compared, and nothing is imported.
async fn repeat(
    app: &App,
    user: UserId,
    key: IdempotencyKey,
    asked: &str,
    body: Body,
) -> Result<Response, Problem> {
    let content = content(asked, Incoming::new(app, body, key).digest().await?);
    let mut tx = app.store.read().await?;
    let person_key = app.vault.person_key(&mut tx, user).await?;
    let known = match key.request(ROUTE, &content) {
        Some(request) => store::idempotency::find(&mut tx, &person_key, user, &request).await?,
        None => Known::New,
    };
    idempotency::replay(known)?.ok_or_else(|| {
        Problem::new(
            Code::Unavailable,
            "the key was forgotten meanwhile; send the file again",
        )
    })
}

/// Keeps the response for those that come again with the same file.
async fn keep(
    app: &App,
    user: UserId,
    key: IdempotencyKey,
    content: &[u8],
    answer: Answer,
) -> Result<Response, Problem> {
    let mut tx = app.store.begin("keep the answer of an import").await?;
    let person_key = app.vault.person_key(&mut tx, user).await?;
    match key
        .begin(&mut tx, &person_key, user, (ROUTE, content))
        .await
    {
        Ok(Start::First(ticket)) => {
            let now_us = app.clock.now_us();
            ticket
                .finish(&mut tx, &person_key, user, &answer, now_us)
                .await?;
            tx.commit().await?;
        }
        // Another request with this key was faster: the file is stored all the same, and the response is
        // about it.
        Ok(Start::Replay(_)) => {}
        Err(problem) if problem.code == Code::IdempotencyConflict => {}
        Err(problem) => return Err(problem),
    }
    Ok(answer.into_response())
}

/// What the request says about the file beside its bytes.
fn told(query: &ImportQuery, headers: &HeaderMap) -> Result<Told, Problem> {
    if let Some(name) = query.format.as_deref().filter(|name| *name != format::AUTO) {
        format::by_name(name)
            .map_err(|unknown| Problem::parameter("format", unknown.to_string()))?;
    }
    let zone = query.zone.as_deref().map(Zone::parse).transpose();
    let columns = query.columns.as_deref().map(Columns::parse).transpose();
    if query
        .epoch_s
        .is_some_and(|seconds| !(1..=86_400).contains(&seconds))
    {
        return Err(Problem::parameter("epoch_s", "must be 1 to 86400 seconds"));
    }
    Ok(Told {
        zone: zone.map_err(|unknown| Problem::parameter("zone", unknown.to_string()))?,
        columns: columns.map_err(|wrong| Problem::parameter("columns", wrong.to_string()))?,
        epoch_s: query.epoch_s,
        aggregation: delivery::aggregation(headers),
        name: filed::name(headers),
    })
}

type Outcome = oneshot::Receiver<Result<Imported, IngestError>>;

/// Starts the import as a task of the application; it reads the pieces that are sent to it.
fn start(app: &Arc<App>, what: Import) -> (mpsc::Sender<Piece>, Outcome) {
    let (sender, pieces) = mpsc::channel(PIECES_AHEAD);
    let (done, outcome) = oneshot::channel();
    let task = Arc::clone(app);
    app.spawn("import", async move {
        let (user, id) = (what.user, what.id);
        let app = Arc::clone(&task);
        let watch = move |progress| tell(&app, user, id, progress);
        // Further ones wait their turn; their clients are held back meanwhile.
        let share = task.shares.of(user);
        let _own = share.imports.acquire().await;
        let _open = task.open_imports.acquire().await;
        let turn = Turn::of(&task.imports).await;
        let input = Box::new(PieceReader::new(pieces, turn));
        let result = AssertUnwindSafe(import(&task, what, input, watch)).catch_unwind();
        let result = match result.await {
            Ok(result) => result,
            Err(_panic) => {
                supervise::panicked("import");
                abandoned::close_now(&task, user, id).await;
                Err(IngestError::Interrupted {
                    message: "the import stopped; what was read is kept, send the file again"
                        .to_owned(),
                })
            }
        };
        if let Err(error) = &result {
            let cause = error.of_store();
            tracing::warn!(import = %id, code = error.code(), ?cause, "import failed");
        }
        // The client may be gone; the state says how it ended.
        drop(done.send(result));
    });
    (sender, outcome)
}

fn tell(app: &App, user: UserId, id: UploadId, progress: Progress) {
    let payload = serde_json::json!({
        "processing_id": id.to_string(),
        "status": Status::Received,
        "bytes_read": progress.bytes_read,
        "records": progress.records,
    });
    app.bus.publish(
        user,
        EventKind::Processing,
        id.to_string(),
        payload.to_string(),
    );
}

/// Lists imports, newest first.
#[utoipa::path(
    get,
    operation_id = "list_imports",
    path = "/imports",
    tag = "imports",
    params(PageQuery),
    responses((status = 200, description = "A page of imports", body = Page<ImportRow>)),
    security(("bearer" = [])),
)]
async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(page): Params<PageQuery>,
) -> Result<Json<Page<ImportRow>>, Problem> {
    let limit = page.limit(&app)?;
    let bound = cursor::Query {
        user: caller.user,
        list: ROUTE,
        filter: "",
    };
    let mut before = match &page.cursor {
        Some(cursor) => Some(UploadNo(cursor::open(&app, bound, cursor)?)),
        None => None,
    };
    let mut tx = app.store.read().await?;
    let key = app.vault.person_key(&mut tx, caller.user).await?;
    let (mut data, mut scanned, mut more) = (Vec::new(), 0, true);
    while more && data.len() < limit && scanned < SCANNED_MAX {
        let found = store::uploads::list(&mut tx, &key, caller.user, before, SCAN_STEP).await?;
        more = !found.is_empty();
        scanned += found.len();
        for upload in found {
            if data.len() == limit {
                break;
            }
            before = Some(upload.no);
            if upload.kind == KIND {
                data.push(ImportRow::from(&upload));
            }
        }
    }
    let next_cursor = before
        .filter(|_| more)
        .map(|before| cursor::seal(&app, bound, &before.0));
    Ok(Json(Page { data, next_cursor }))
}

/// Reads an import with its account.
#[utoipa::path(
    get,
    operation_id = "get_import",
    path = "/imports/{processing_id}",
    tag = "imports",
    params(("processing_id" = String, Path, format = Uuid, description = "Id from the response to the import")),
    responses((status = 200, description = "Its state and account", body = ImportAnswer)),
    security(("bearer" = [])),
)]
async fn read(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(id): PathId<UploadId>,
) -> Result<Json<ImportAnswer>, Problem> {
    let mut tx = app.store.read().await?;
    let (upload, tally) = find(&app, &mut tx, caller.user, id).await?;
    Ok(Json(ImportAnswer::of(&upload, tally)))
}

/// Takes an import back.
///
/// Removes what it brought and no other upload holds; the days it touched are computed again.
#[utoipa::path(
    delete,
    operation_id = "delete_import",
    path = "/imports/{processing_id}",
    tag = "imports",
    params(("processing_id" = String, Path, format = Uuid, description = "Id from the response to the import")),
    responses((status = 200, description = "What was removed", body = Removed)),
    security(("bearer" = []), ("device_key" = []), ("device_password" = [])),
)]
async fn remove(
    State(app): State<Arc<App>>,
    sender: Sender,
    PathId(id): PathId<UploadId>,
) -> Result<Json<Removed>, Problem> {
    let mut tx = app.store.read().await?;
    find(&app, &mut tx, sender.user, id).await?;
    drop(tx);
    processing::take_back(&app, sender, id).await.map(Json)
}

/// An import of the caller; other kinds of uploads are not here.
pub(crate) async fn find(
    app: &App,
    tx: &mut store::Tx,
    user: UserId,
    id: UploadId,
) -> Result<(Upload, Tally), Problem> {
    let found = processing::find(app, tx, user, id).await?;
    if found.0.kind != KIND {
        return Err(Problem::not_found());
    }
    Ok(found)
}
