//! `/devices`: keys for phones and scripts that send health data, made, listed and revoked by their person.
//!
//! A key is shown when it is made, and in the pairing text until the device has used it or a quarter of an
//! hour is over. After that nobody can read it again.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::ids::DeviceId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Caller;
use crate::auth::pairing::{self as devices, Named, Pairing};
use crate::http::body::JsonBody;
use crate::http::page::{Page, PathId};
use crate::instant::rfc3339;
use crate::problem::Problem;

/// The routes.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(revoke))
        .routes(routes!(pairing))
}

/// A device with a key.
#[derive(Debug, Serialize, ToSchema)]
pub struct Device {
    /// The device.
    #[serde(rename = "device_id")]
    #[schema(value_type = String, format = Uuid)]
    id: DeviceId,
    /// What the person calls it.
    name: String,
    /// What the key may do: `write` sends health data and takes back what was sent, and reads nothing.
    scope: &'static str,
    /// When the key was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When the key was last used, to the minute; null when it never was.
    #[schema(format = DateTime)]
    used_at: Option<String>,
}

impl From<store::devices::Device> for Device {
    fn from(device: store::devices::Device) -> Self {
        Self {
            id: device.id,
            name: device.name,
            scope: device.scope.name(),
            created_at: rfc3339(device.created_us),
            used_at: device.used_us.map(rfc3339),
        }
    }
}

/// A device to add.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewDevice {
    /// What to call it, such as `My phone`.
    #[schema(min_length = 1, max_length = 64)]
    name: String,
}

/// A device whose key was just made.
#[derive(Debug, Serialize, ToSchema)]
pub struct Added {
    /// The device.
    #[serde(flatten)]
    device: Device,
    /// How to connect it, with the key; it is not shown again.
    pairing: Paired,
}

/// What a device needs to connect.
#[derive(Debug, Serialize, ToSchema)]
pub struct Paired {
    /// The key, for `X-API-Key`, as bearer token, as password of basic authentication, or as secret of
    /// signatures.
    key: String,
    /// The address that takes whatever the app of the device sends.
    url: String,
    /// The text of a QR code that apps with a scanner read.
    qr_text: String,
}

impl From<Pairing> for Paired {
    fn from(pairing: Pairing) -> Self {
        Self {
            key: pairing.key.to_string(),
            url: pairing.url,
            qr_text: pairing.text.to_string(),
        }
    }
}

/// The devices with a key, newest first.
#[utoipa::path(
    get, operation_id = "list_devices", path = "/devices", tag = "devices",
    security(("bearer" = [])),
    responses((status = 200, description = "The devices; their keys are not shown.", body = Page<Device>)),
)]
async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Page<Device>>, Problem> {
    let found = devices::list(&app, caller.user).await?;
    Ok(Json(Page {
        data: found.into_iter().map(Device::from).collect(),
        next_cursor: None,
    }))
}

/// Adds a device and makes its key.
///
/// The key only sends health data and takes back what was sent. It is shown here and, until it was used, in
/// the pairing text; the server keeps it sealed, to check signatures.
#[utoipa::path(
    post, operation_id = "add_device", path = "/devices", tag = "devices",
    security(("bearer" = [])),
    request_body = NewDevice,
    responses(
        (status = 201, description = "The device with its key.", body = Added),
        (status = 409, description = "There are too many devices; revoke one that is not used any more."),
    ),
)]
async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    JsonBody { value, .. }: JsonBody<NewDevice>,
) -> Result<Response, Problem> {
    let name = Named::parse(&value.name).map_err(|error| Problem::invalid(vec![error]))?;
    let (device, pairing) =
        devices::add(&app, (caller.user, caller.author), &name, host(&headers)).await?;
    let added = Added {
        device: device.into(),
        pairing: pairing.into(),
    };
    Ok((StatusCode::CREATED, Json(added)).into_response())
}

/// Revokes the key of a device, at once.
#[utoipa::path(
    delete, operation_id = "revoke_device", path = "/devices/{device_id}", tag = "devices",
    security(("bearer" = [])),
    params(("device_id" = String, Path, format = Uuid, description = "The device.")),
    responses((status = 204, description = "Its key opens nothing any more; what it sent stays.")),
)]
async fn revoke(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(device): PathId<DeviceId>,
) -> Result<StatusCode, Problem> {
    if devices::revoke(&app, (caller.user, caller.author), device).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}

/// How to connect a device that was just added.
///
/// Until the key was used, and for a quarter of an hour at most.
#[utoipa::path(
    get, operation_id = "get_device_pairing", path = "/devices/{device_id}/pairing", tag = "devices",
    security(("bearer" = [])),
    params(("device_id" = String, Path, format = Uuid, description = "The device.")),
    responses(
        (status = 200, description = "Address, key and the text of a QR code.", body = Paired),
        (status = 409, description = "The key was used, or is too old to be shown; revoke it and add the device again."),
    ),
)]
async fn pairing(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(device): PathId<DeviceId>,
    headers: HeaderMap,
) -> Result<Json<Paired>, Problem> {
    let pairing = devices::pairing(&app, caller.user, device, host(&headers)).await?;
    Ok(Json(pairing.into()))
}

/// The name by which this request reached the server.
fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST)?.to_str().ok()
}
