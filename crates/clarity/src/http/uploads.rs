//! Health data coming in as JSON: what phones, apps and scripts send while they are used.
//!
//! A body is read on the compute threads, handed to the committer and answered only once it is
//! durable. A bad record is counted and explained, and the rest is kept; only a body that is no
//! upload at all is refused as a whole.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use model::ids::UserId;
use model::zone::Zone;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Caller;
use crate::http::body;
use crate::http::forms::{self, Form, Surroundings};
use crate::http::idempotency::{Answer, IdempotencyKey, Start};
use crate::http::page::PathId;
use crate::http::processing::Accepted;
use crate::ingest::committer::{LiveUpload, Review};
use crate::problem::{Code, Problem};

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(health_data))
        .routes(routes!(batch))
        .routes(routes!(healthkit))
        .routes(routes!(health_auto_export))
        .routes(routes!(open_wearables))
}

/// Takes in health data in one of three forms.
///
/// `{data_type, values: [{value, timestamp}], source}`, `{data_type, value, unit, recorded_at}` or
/// `{metrics: [...], upload_source, client_timestamp}`. Also under `/health-data/upload` and
/// `/health/upload`. The answer comes once the data is durable; refused records are listed, the
/// others are kept.
#[utoipa::path(
    post,
    path = "/health-data",
    tag = "uploads",
    params(("Idempotency-Key" = Option<String>, Header, description = "A repeated request with the same key returns the same answer and changes nothing")),
    request_body(content = forms::HealthData, description = "One of the three forms"),
    responses(
        (status = 202, description = "Durable", body = Accepted),
        (status = 409, description = "The Idempotency-Key was used with another body"),
    ),
    security(("bearer" = [])),
)]
async fn health_data(
    State(app): State<Arc<App>>,
    caller: Caller,
    key: IdempotencyKey,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    take(&app, caller.user, key, Form::HealthData, &headers, body).await
}

/// Takes in many records of the forms of `/health-data` at once.
#[utoipa::path(
    post,
    path = "/health-data/batch",
    tag = "uploads",
    params(("Idempotency-Key" = Option<String>, Header, description = "A repeated request with the same key returns the same answer and changes nothing")),
    request_body(content = forms::BatchUpload, description = "`{records: [...]}`"),
    responses(
        (status = 202, description = "Durable", body = Accepted),
        (status = 409, description = "The Idempotency-Key was used with another body"),
    ),
    security(("bearer" = [])),
)]
async fn batch(
    State(app): State<Arc<App>>,
    caller: Caller,
    key: IdempotencyKey,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    take(&app, caller.user, key, Form::Batch, &headers, body).await
}

/// Takes in HealthKit samples, workouts, correlations and deletions.
///
/// Also under `/healthkit/upload`. Object ids make repeats recognisable; a deleted object does not
/// come back with a later copy.
#[utoipa::path(
    post,
    path = "/healthkit",
    tag = "uploads",
    params(("Idempotency-Key" = Option<String>, Header, description = "A repeated request with the same key returns the same answer and changes nothing")),
    request_body(content = forms::HealthKitUpload, description = "Arrays of HealthKit objects"),
    responses(
        (status = 202, description = "Durable", body = Accepted),
        (status = 409, description = "The Idempotency-Key was used with another body"),
    ),
    security(("bearer" = [])),
)]
async fn healthkit(
    State(app): State<Arc<App>>,
    caller: Caller,
    key: IdempotencyKey,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    take(&app, caller.user, key, Form::HealthKit, &headers, body).await
}

/// Takes in what the Health Auto Export app posts, unchanged.
///
/// Values that the app has aggregated are marked as such and never added to raw samples of the same
/// time; a later value for the same interval replaces the earlier.
#[utoipa::path(
    post,
    path = "/integrations/health-auto-export",
    tag = "uploads",
    params(("Idempotency-Key" = Option<String>, Header, description = "A repeated request with the same key returns the same answer and changes nothing")),
    request_body(content = forms::HealthAutoExport, description = "The app's payload: `{data: {metrics, workouts, ...}}`"),
    responses(
        (status = 202, description = "Durable", body = Accepted),
        (status = 409, description = "The Idempotency-Key was used with another body"),
    ),
    security(("bearer" = [])),
)]
async fn health_auto_export(
    State(app): State<Arc<App>>,
    caller: Caller,
    key: IdempotencyKey,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    take(
        &app,
        caller.user,
        key,
        Form::HealthAutoExport,
        &headers,
        body,
    )
    .await
}

/// Takes in what the Open Wearables mobile SDK posts, unchanged.
///
/// The `user_id` in the path must be the caller's.
#[utoipa::path(
    post,
    path = "/sdk/users/{user_id}/sync",
    tag = "uploads",
    params(
        ("user_id" = String, Path, description = "The caller's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "A repeated request with the same key returns the same answer and changes nothing"),
    ),
    request_body(content = forms::OpenWearablesSync, description = "The SDK's payload"),
    responses(
        (status = 202, description = "Durable", body = Accepted),
        (status = 409, description = "The Idempotency-Key was used with another body"),
    ),
    security(("bearer" = [])),
)]
async fn open_wearables(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(user): PathId<UserId>,
    key: IdempotencyKey,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    if user != caller.user {
        return Err(Problem::not_found());
    }
    take(&app, caller.user, key, Form::OpenWearables, &headers, body).await
}

/// Reads, commits and answers.
async fn take(
    app: &Arc<App>,
    user: UserId,
    key: IdempotencyKey,
    form: Form,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    if !body::is_json(headers) {
        return Err(Problem::new(
            Code::UnsupportedMediaType,
            "send the body as Content-Type: application/json",
        ));
    }
    let bytes = body::read(headers, body, app.config.limits.json_body_bytes).await?;
    if key.is_given()
        && let Start::Replay(answer) = begin(app, user, key, form, &bytes).await?.1
    {
        return Ok(answer);
    }
    let now_us = app.clock.now_us();
    let around = Surroundings::of(headers, home(app, user).await?, now_us);
    let body = bytes.clone();
    let (batch, summary) = app
        .compute(move || forms::read(form, &body, &around))
        .await??;
    let id = app.ids.upload(now_us);
    let review = if summary.requires_review {
        Review::Wanted
    } else {
        Review::NotNeeded
    };
    let upload = LiveUpload {
        user,
        id,
        kind: form.name(),
        batch,
        review,
    };
    let receipt = app.committer.commit(upload).await?;
    app.work_ready.notify_one();
    let accepted = Accepted::of(receipt.id, receipt.status, &receipt.tally);
    let answer = Answer::json(StatusCode::ACCEPTED, &accepted).at(accepted.links.status.clone());
    if !key.is_given() {
        return Ok(answer.into_response());
    }
    remember(app, user, key, form, &bytes, answer).await
}

/// The zone of local times that come without an offset.
async fn home(app: &App, user: UserId) -> Result<Zone, Problem> {
    let mut tx = app.store.read().await?;
    Ok(app.people.load(&mut tx, &app.vault, user).await?.home())
}

/// Opens a transaction and looks the key up in it. Dropping the transaction forgets that it was
/// asked.
async fn begin(
    app: &App,
    user: UserId,
    key: IdempotencyKey,
    form: Form,
    bytes: &[u8],
) -> Result<(store::Tx, Start), Problem> {
    let mut tx = app.store.write().await?;
    let person_key = app.vault.person_key(&mut tx, user).await?;
    let request = (form.name(), bytes);
    let start = key
        .begin(&mut tx, &person_key, user, request, app.clock.now_us())
        .await?;
    Ok((tx, start))
}

/// Keeps the answer for repeats. The upload is durable before that: should the process die in
/// between, a repeat finds every record there already and says so. Of two requests at once with one
/// key, both are told what the first to get here was told.
async fn remember(
    app: &App,
    user: UserId,
    key: IdempotencyKey,
    form: Form,
    bytes: &[u8],
    answer: Answer,
) -> Result<Response, Problem> {
    let (mut tx, start) = begin(app, user, key, form, bytes).await?;
    match start {
        Start::Replay(earlier) => Ok(earlier),
        Start::First(ticket) => {
            let person_key = app.vault.person_key(&mut tx, user).await?;
            ticket.finish(&mut tx, &person_key, user, &answer).await?;
            tx.commit().await?;
            Ok(answer.into_response())
        }
    }
}
