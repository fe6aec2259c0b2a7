//! `POST /health/analyze`: asks for every derived value to be computed again.
//!
//! What is derived follows the data by itself; this is for a person who wants it anew, as after an
//! upgrade. Asking again while it runs names the run that is under way.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use model::ids::UserId;
use store::uploads::{NewUpload, Upload, UploadState, UploadStatus};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Caller;
use crate::http::idempotency::{Answer, IdempotencyKey, Start};
use crate::http::processing::{Links, Processing};
use crate::ingest::tally::Tally;
use crate::jobs::Job;
use crate::problem::Problem;

/// The kind under which a recomputation is listed.
const KIND: &str = "analyze";
/// The route, as idempotency keys know it.
const ROUTE: &str = "/health/analyze";
/// Uploads looked at for a run that is under way: it is among the latest.
const LOOKED_AT_MAX: u32 = 50;

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(create))
}

/// Computes every day of the caller again.
///
/// Days, nights, rhythm and insights are derived from the stored samples; the response names the run, whose
/// state is under `/health-data/processing/{id}`. While one is under way, a repeated request names the same run.
#[utoipa::path(
    post,
    operation_id = "analyze_health_data",
    path = "/health/analyze",
    tag = "uploads",
    params(IdempotencyKey),
    responses(
        (status = 202, description = "Queued, or already under way", body = Processing),
    ),
    security(("bearer" = [])),
)]
async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    key: IdempotencyKey,
) -> Result<Response, Problem> {
    let user = caller.user;
    let now_us = app.clock.now_us();
    let mut tx = app.store.begin("request an analysis").await?;
    let person_key = app.vault.person_key(&mut tx, user).await?;
    let ticket = match key.begin(&mut tx, &person_key, user, (ROUTE, b"")).await? {
        Start::Replay(answer) => return Ok(answer),
        Start::First(ticket) => ticket,
    };
    let latest = store::uploads::list(&mut tx, &person_key, user, None, LOOKED_AT_MAX).await?;
    let running = latest
        .into_iter()
        .find(|upload| upload.kind == KIND && upload.status == UploadStatus::Processing);
    let upload = match running {
        Some(upload) => upload,
        None => queue(&app, &mut tx, (user, &person_key), now_us).await?,
    };
    let found = Processing::of(&upload, &Tally::default());
    let answer = Answer::json(StatusCode::ACCEPTED, &found).at(Links::of(upload.id).status);
    ticket
        .finish(&mut tx, &person_key, user, &answer, now_us)
        .await?;
    tx.commit().await?;
    app.work_ready.notify_one();
    Ok(answer.into_response())
}

/// Marks every computed day and remembers the run.
async fn queue(
    app: &App,
    tx: &mut store::Tx,
    (user, key): (UserId, &store::PersonKey),
    now_us: i64,
) -> Result<Upload, Problem> {
    let id = app.ids.upload(now_us);
    let new = NewUpload {
        id,
        kind: KIND,
        now_us,
    };
    store::uploads::begin(tx, key, user, &new).await?;
    let dirty_seq = store::days::mark_all(tx, user, now_us).await?;
    let has_days = store::days::dirty_count(tx, user).await? > 0;
    let detail = serde_json::to_vec(&Tally::default()).map_err(Problem::internal)?;
    let state = UploadState {
        status: if has_days {
            UploadStatus::Processing
        } else {
            UploadStatus::Completed
        },
        stage: if has_days { "analysing" } else { "done" },
        progress: if has_days { 0.0 } else { 1.0 },
        accepted: 0,
        duplicates: 0,
        rejected: 0,
        detail: &detail,
        dirty_seq,
        now_us,
    };
    store::uploads::save(tx, key, user, id, &state).await?;
    if has_days {
        Job::Recompute
            .enqueue(tx, user, app.ids.job(now_us), now_us, now_us)
            .await?;
    }
    let saved = store::uploads::by_id(tx, key, user, id).await?;
    saved.ok_or_else(Problem::not_found)
}
