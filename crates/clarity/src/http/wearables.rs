//! How the Open Wearables app and its SDK sign in, beside `/sdk/users/{user_id}/sync` where they send: an
//! invitation for a device, exchanged for tokens, and what they do with those.
//!
//! The tokens are the key of the device; the `user_id` that an app is given is the id of the device.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use model::ids::DeviceId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::app::App;
use crate::auth::device::DeviceKey;
use crate::auth::{Caller, Sender, invitation};
use crate::http::address::Client;
use crate::http::body::ForeignBody;
use crate::http::page::PathId;
use crate::instant::rfc3339;
use crate::problem::Problem;

/// What an answer says of how long a token holds: a year. It holds until the device is revoked.
const EXPIRES_S: u64 = 365 * 86_400;

/// The routes.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(invite))
        .routes(routes!(redeem))
        .routes(routes!(refresh))
        .routes(routes!(revoke))
        .routes(routes!(logs))
}

/// An invitation of a device.
#[derive(Debug, Serialize, ToSchema)]
pub struct Invited {
    /// The code to type into the app; it can be used once.
    #[schema(min_length = 8, max_length = 8)]
    code: String,
    /// Until when.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// A code to exchange.
#[derive(Deserialize, ToSchema)]
pub struct Redeeming {
    /// The code, in either case of letters.
    #[schema(max_length = 64)]
    code: String,
}

/// What the app holds from then on.
#[derive(Serialize, ToSchema)]
pub struct Redeemed {
    /// The tokens.
    #[serde(flatten)]
    tokens: DeviceTokens,
    /// The id of the device, under which the app sends.
    #[schema(value_type = String, format = Uuid)]
    user_id: DeviceId,
}

/// Tokens of a device: its key, twice.
#[derive(Serialize, ToSchema)]
pub struct DeviceTokens {
    /// For `Authorization: Bearer`.
    access_token: String,
    /// Always `bearer`.
    token_type: &'static str,
    /// For `/token/refresh`.
    refresh_token: String,
    /// Seconds until the app asks again.
    expires_in: u64,
}

impl DeviceTokens {
    fn of(key: &DeviceKey) -> Self {
        let text = key.text().to_string();
        Self {
            access_token: text.clone(),
            token_type: "bearer",
            refresh_token: text,
            expires_in: EXPIRES_S,
        }
    }
}

/// A token to renew.
#[derive(Deserialize, ToSchema)]
pub struct Renewing {
    /// The refresh token from an earlier answer.
    #[schema(max_length = 512)]
    refresh_token: String,
}

/// A token to give back.
#[derive(Deserialize, ToSchema)]
pub struct GivingBack {
    /// Either token from an earlier answer.
    #[schema(max_length = 512)]
    #[serde(alias = "token", alias = "access_token")]
    refresh_token: String,
}

/// Invites a device: the Open Wearables app takes the code, and nothing else, to sign in.
///
/// A former invitation of the device is over; so is this one after three days, or when it was used.
#[utoipa::path(
    post, operation_id = "invite_device", path = "/devices/{device_id}/invitation", tag = "devices",
    security(("bearer" = [])),
    params(("device_id" = String, Path, format = Uuid, description = "The device.")),
    responses((status = 201, description = "The code; it is not shown again.", body = Invited)),
)]
async fn invite(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(device): PathId<DeviceId>,
) -> Result<Response, Problem> {
    let invitation = invitation::invite(&app, (caller.user, caller.author), device).await?;
    let invited = Invited {
        code: invitation.code.to_string(),
        expires_at: rfc3339(invitation.expires_us),
    };
    Ok((StatusCode::CREATED, Json(invited)).into_response())
}

/// Exchanges an invitation for the tokens of its device, once.
#[utoipa::path(
    post, operation_id = "redeem_invitation", path = "/invitation-code/redeem", tag = "devices",
    request_body = Redeeming,
    responses(
        (status = 200, description = "The tokens, and under which id the app sends.", body = Redeemed),
        (status = 401, description = "The code is no invitation, was used, or is too old.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn redeem(
    State(app): State<Arc<App>>,
    client: Client,
    ForeignBody(value): ForeignBody<Redeeming>,
) -> Result<Json<Redeemed>, Problem> {
    let key = invitation::redeem(&app, &value.code, client.network).await?;
    Ok(Json(Redeemed {
        tokens: DeviceTokens::of(&key),
        user_id: key.id,
    }))
}

/// Returns the tokens of an app once more: they hold until the device is revoked.
#[utoipa::path(
    post, operation_id = "refresh_device_token", path = "/token/refresh", tag = "devices",
    request_body = Renewing,
    responses(
        (status = 200, description = "The same tokens.", body = DeviceTokens),
        (status = 401, description = "The token is unknown, or its device was revoked.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn refresh(
    State(app): State<Arc<App>>,
    ForeignBody(value): ForeignBody<Renewing>,
) -> Result<Json<DeviceTokens>, Problem> {
    let key = invitation::renew(&app, &value.refresh_token).await?;
    Ok(Json(DeviceTokens::of(&key)))
}

/// Takes back what an app was given, when somebody signs out in it: the device is revoked.
#[utoipa::path(
    post, operation_id = "revoke_device_token", path = "/token/revoke", tag = "devices",
    request_body = GivingBack,
    responses((status = 204, description = "The token opens nothing any more; what was sent stays.")),
)]
async fn revoke(
    State(app): State<Arc<App>>,
    client: Client,
    ForeignBody(value): ForeignBody<GivingBack>,
) -> Result<StatusCode, Problem> {
    invitation::give_back(&app, &value.refresh_token, client.network).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the SDK says about itself, which is not kept.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SdkLogs {}

/// What became of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ignored {
    /// Always 0: nothing of it is stored.
    stored: u32,
}

/// Takes what the Open Wearables SDK says about itself, and keeps nothing of it.
#[utoipa::path(
    post, operation_id = "ignore_sdk_logs", path = "/sdk/users/{user_id}/logs", tag = "uploads",
    params(("user_id" = String, Path, format = Uuid, description = "The caller's id, or that of the device.")),
    request_body = SdkLogs,
    responses((status = 202, description = "Nothing was stored.", body = Ignored)),
    security(("bearer" = []), ("device_key" = []), ("device_password" = [])),
)]
async fn logs(
    PathId(id): PathId<Uuid>,
    sender: Sender,
    ForeignBody(SdkLogs {}): ForeignBody<SdkLogs>,
) -> Result<Response, Problem> {
    let device = sender.device.map(DeviceId::uuid);
    if id != sender.user.uuid() && Some(id) != device {
        return Err(Problem::not_found());
    }
    Ok((StatusCode::ACCEPTED, Json(Ignored { stored: 0 })).into_response())
}
