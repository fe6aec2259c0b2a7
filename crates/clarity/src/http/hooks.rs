//! `/hooks/{device_id}`: the one address of a device. Whatever its app sends is taken in, recognised by its
//! content; the key comes in a header, or signs the body where an app sends nothing else.

use std::sync::Arc;

use axum::extract::{Extension, FromRequestParts, Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use import::forms::life_dashboard;
use model::ids::DeviceId;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Sender;
use crate::auth::device::{self, Signer};
use crate::auth::network::Network;
use crate::http::body;
use crate::http::delivery::{self, Expected};
use crate::http::forms;
use crate::http::front::Front;
use crate::http::idempotency::IdempotencyKey;
use crate::http::page::PathId;
use crate::http::processing::Accepted;
use crate::instant::rfc3339;
use crate::problem::{Code, Problem};

/// The response to a signed ping of Life Dashboard Companion: it shows the connection as confirmed.
#[derive(Debug, Serialize, ToSchema)]
struct Confirmed {
    life_dashboard: Protocol,
    writeback: Heartbeat,
}

/// What of the app's protocol is spoken.
#[derive(Debug, Serialize, ToSchema)]
struct Protocol {
    /// Its version.
    version: &'static str,
    /// Whether responses carry a `writeback`.
    writeback: u8,
}

/// Says that the server is there; nothing is written back to the phone.
#[derive(Debug, Serialize, ToSchema)]
struct Heartbeat {
    /// The signature of the ping.
    in_reply_to: String,
    /// When the response was made.
    #[schema(format = DateTime)]
    issued_at: String,
    /// Types that the server writes back: none.
    configured: [&'static str; 0],
}

fn confirmed(app: &App, signature: &str, signer: &Signer) -> Response {
    let answer = Confirmed {
        life_dashboard: Protocol {
            version: "1.0",
            writeback: 1,
        },
        writeback: Heartbeat {
            in_reply_to: signature.to_owned(),
            issued_at: rfc3339(app.clock.now_us()),
            configured: [],
        },
    };
    let body = serde_json::to_vec(&answer).expect("an answer is plain JSON");
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (device::SIGNATURE, signer.signs_reply(&body)),
    ];
    (headers, body).into_response()
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(take))
}

/// Takes in what the app of a device sends, unchanged.
///
/// Any form of `/health-data`. The key of the device comes as `X-API-Key`, as bearer token, as password of
/// basic authentication, or not at all when `X-Signature: sha256=…` holds HMAC-SHA256 of the body under the
/// text of the key, in hex digits; where both come, both must be right. The signature is of the body before
/// any compression.
#[utoipa::path(
    post,
    operation_id = "send_from_device",
    path = "/hooks/{device_id}",
    tag = "devices",
    params(
        ("device_id" = String, Path, format = Uuid, description = "The device"),
        IdempotencyKey,
    ),
    request_body(content = forms::SenderBody, description = "What the app sends"),
    responses(
        (status = 200, description = "A signed ping of Life Dashboard Companion; X-Signature signs the response", body = Confirmed),
        (status = 202, description = "Durable", body = Accepted),
    ),
    security(("device_key" = []), ("bearer" = []), ("device_password" = []), ("device_signature" = [])),
)]
async fn take(
    State(app): State<Arc<App>>,
    PathId(id): PathId<DeviceId>,
    Extension(front): Extension<Arc<Front>>,
    request: Request,
) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let signature = device::signature(&parts.headers).map(str::to_owned);
    let sender = match Sender::in_headers(&mut parts, &app).await? {
        Some(sender) if sender.device == Some(id) => Some(sender),
        Some(_) => return Err(Problem::not_found()),
        None => None,
    };
    if sender.is_none() && signature.is_none() {
        return Err(Problem::new(
            Code::TokenMissing,
            "send the key of the device as X-API-Key, or sign the body as X-Signature",
        ));
    }
    let key = IdempotencyKey::from_request_parts(&mut parts, &app).await?;
    let headers = &parts.headers;
    delivery::check_type(headers, Expected::Any)?;
    let known = sender.as_ref().map(|sender| sender.user);
    let held = body::read_in_turn(&app, known, headers, body).await?;
    let signer = match &signature {
        Some(signature) => Some(device::check_signed(&app, id, &held.bytes, signature).await?),
        None => None,
    };
    let sender = match (sender, &signer) {
        (Some(sender), _) => sender,
        (None, Some(signer)) => {
            // Until now the request was its network's.
            front.rates.spend_upload(signer.holder.user)?;
            let network = parts.extensions.get::<Network>().copied();
            Sender::of(&app, signer.holder, network.unwrap_or(Network::UNKNOWN)).await?
        }
        (None, None) => return Err(Problem::not_found()),
    };
    if let (Some(signature), Some(signer)) = (&signature, &signer)
        && life_dashboard::is_ping(&held.bytes)
    {
        return Ok(confirmed(&app, signature, signer));
    }
    delivery::keep(&app, sender, Expected::Any, (key, headers), held).await
}
