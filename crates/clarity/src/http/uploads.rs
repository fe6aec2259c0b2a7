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
use store::idempotency::Request;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Caller;
use crate::http::body;
use crate::http::forms::{self, Form, Surroundings};
use crate::http::idempotency::{self, Answer, IdempotencyKey};
use crate::http::page::PathId;
use crate::http::processing::Accepted;
use crate::ingest::committer::{Committed, LiveUpload, Receipt, Repeat, Review};
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
    let request = key.request(form.name(), &bytes);
    let home = match arrive(app, user, request.as_ref()).await? {
        Arrival::First(home) => home,
        Arrival::Repeated(answer) => return Ok(answer),
    };
    let now_us = app.clock.now_us();
    let around = Surroundings::of(headers, home, now_us);
    let (batch, summary) = app
        .compute(move || forms::read(form, &bytes, &around))
        .await??;
    let review = if summary.requires_review {
        Review::Wanted
    } else {
        Review::NotNeeded
    };
    let upload = LiveUpload {
        user,
        id: app.ids.upload(now_us),
        kind: form.name(),
        batch,
        review,
        repeat: request.map(|request| Repeat {
            request,
            answer: |receipt| answer(receipt).to_bytes(),
        }),
    };
    match app.committer.commit(upload).await? {
        Committed::Done(receipt) => {
            app.work_ready.notify_one();
            Ok(answer(&receipt).into_response())
        }
        Committed::Repeated(bytes) => idempotency::repeated(&bytes),
    }
}

/// The answer to an upload that is stored.
fn answer(receipt: &Receipt) -> Answer {
    let accepted = Accepted::of(receipt.id, receipt.status, &receipt.tally);
    Answer::json(StatusCode::ACCEPTED, &accepted).at(accepted.links.status.clone())
}

/// What is known about an upload before it is read.
enum Arrival {
    /// It is new as far as anyone knows yet; local times without an offset are of this zone.
    First(Zone),
    /// It came before.
    Repeated(Response),
}

async fn arrive(app: &App, user: UserId, request: Option<&Request>) -> Result<Arrival, Problem> {
    let mut tx = app.store.read().await?;
    let person = app.people.load(&mut tx, &app.vault, user).await?;
    if let Some(request) = request {
        let known = store::idempotency::find(&mut tx, &person.key, user, request).await?;
        if let Some(answer) = idempotency::replay(known)? {
            return Ok(Arrival::Repeated(answer));
        }
    }
    Ok(Arrival::First(person.home()))
}
