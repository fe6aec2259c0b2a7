//! Health data coming in as JSON: what phones, apps and scripts send while they are used.
//!
//! Each route only says what its bodies are; `Delivery` takes them all.

use std::sync::Arc;

use axum::response::Response;
use import::forms::{batch, health_auto_export, healthkit, open_wearables};
use model::ids::DeviceId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::app::App;
use crate::http::delivery::{Delivery, Expected};
use crate::http::forms;
use crate::http::idempotency::IdempotencyKey;
use crate::http::page::PathId;
use crate::http::processing::Accepted;
use crate::problem::Problem;

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(health_data))
        .routes(routes!(health_data_batch))
        .routes(routes!(healthkit_upload))
        .routes(routes!(health_auto_export_upload))
        .routes(routes!(open_wearables_sync))
}

/// Takes in health data in any form that is read, as the content says.
///
/// `{metric, values: [{value, timestamp}], source}`, `{metric, value, unit, recorded_at}` or
/// `{metrics: [...], upload_source, client_timestamp}`. The payloads of apps that have a route of
/// their own are accepted here too, and lines of text as `text/csv`. Also under
/// `/health-data/upload` and `/health/upload`. The response comes once the data is durable; refused records are listed, the
/// others are kept.
#[utoipa::path(
    post,
    operation_id = "upload_health_data",
    path = "/health-data",
    tag = "uploads",
    params(IdempotencyKey),
    request_body(content = forms::HealthData, description = "One of the three forms"),
    responses(
        (status = 202, description = "Durable", body = Accepted),
    ),
    security(("bearer" = []), ("device_key" = []), ("device_password" = [])),
)]
async fn health_data(delivery: Delivery) -> Result<Response, Problem> {
    delivery.take(Expected::Any).await
}

/// Takes in many records of the forms of `/health-data` at once.
#[utoipa::path(
    post,
    operation_id = "upload_batch",
    path = "/health-data/batch",
    tag = "uploads",
    params(IdempotencyKey),
    request_body(content = forms::BatchUpload, description = "`{records: [...]}`"),
    responses(
        (status = 202, description = "Durable", body = Accepted),
    ),
    security(("bearer" = []), ("device_key" = []), ("device_password" = [])),
)]
async fn health_data_batch(delivery: Delivery) -> Result<Response, Problem> {
    delivery.take(Expected::Form(&batch::FORM)).await
}

/// Takes in HealthKit samples, workouts, correlations and deletions.
///
/// Also under `/healthkit/upload`. Object ids make repeats recognisable; a deleted object does not
/// come back with a later copy.
#[utoipa::path(
    post,
    operation_id = "upload_healthkit",
    path = "/healthkit",
    tag = "uploads",
    params(IdempotencyKey),
    request_body(content = forms::HealthKitUpload, description = "Arrays of HealthKit objects"),
    responses(
        (status = 202, description = "Durable", body = Accepted),
    ),
    security(("bearer" = []), ("device_key" = []), ("device_password" = [])),
)]
async fn healthkit_upload(delivery: Delivery) -> Result<Response, Problem> {
    delivery.take(Expected::Form(&healthkit::FORM)).await
}

/// Takes in what the Health Auto Export app posts, unchanged.
///
/// Values that the app has aggregated are marked as such and never added to raw samples of the same
/// time; a later value for the same interval replaces the earlier.
#[utoipa::path(
    post,
    operation_id = "upload_health_auto_export",
    path = "/integrations/health-auto-export",
    tag = "uploads",
    params(IdempotencyKey),
    request_body(content = forms::HealthAutoExport, description = "The app's payload: `{data: {metrics, workouts, ...}}`"),
    responses(
        (status = 202, description = "Durable", body = Accepted),
    ),
    security(("bearer" = []), ("device_key" = []), ("device_password" = [])),
)]
async fn health_auto_export_upload(delivery: Delivery) -> Result<Response, Problem> {
    delivery
        .take(Expected::Form(&health_auto_export::FORM))
        .await
}

/// Takes in what the Open Wearables mobile SDK posts, unchanged.
///
/// The `user_id` in the path is the caller's; with the key of a device, its `device_id` does as well.
#[utoipa::path(
    post,
    operation_id = "sync_open_wearables",
    path = "/sdk/users/{user_id}/sync",
    tag = "uploads",
    params(
        ("user_id" = String, Path, format = Uuid, description = "The caller's id, or that of the device"),
        IdempotencyKey,
    ),
    request_body(content = forms::OpenWearablesSync, description = "The SDK's payload"),
    responses(
        (status = 202, description = "Durable", body = Accepted),
    ),
    security(("bearer" = []), ("device_key" = []), ("device_password" = [])),
)]
async fn open_wearables_sync(
    PathId(id): PathId<Uuid>,
    delivery: Delivery,
) -> Result<Response, Problem> {
    let sender = delivery.sender();
    let device = sender.device.map(DeviceId::uuid);
    if id != sender.user.uuid() && Some(id) != device {
        return Err(Problem::not_found());
    }
    delivery.take(Expected::Form(&open_wearables::FORM)).await
}
