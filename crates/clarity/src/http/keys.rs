//! `/admin/keys`: the keys that sign access tokens, replaced while the server runs. For administrators.
//!
//! It must never show the secret half of one.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::ring::{Doing, KeyState};
use crate::auth::{Caller, rotation};
use crate::http::admin::only_administrators;
use crate::http::page::List;
use crate::instant::rfc3339;
use crate::problem::Problem;

const KEYS: &str = "/admin/keys";

/// The routes.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list, rotate))
        .routes(routes!(revoke))
}

/// What a key does now.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SigningKeyState {
    /// It is listed, and will sign.
    Waiting,
    /// It signs.
    Signing,
    /// It was replaced; tokens that it signed are accepted until they end.
    Accepted,
    /// Nothing that it signed is accepted any more; it proves receipts and checkpoints.
    Retired,
    /// It was taken back; tokens that it signed are refused.
    Revoked,
}

/// A key that signs access tokens.
#[derive(Debug, Serialize, ToSchema)]
struct SigningKey {
    /// Its name, the `kid` of tokens.
    key_id: String,
    /// What it does.
    state: SigningKeyState,
    /// When it was made; null for a key of an older version.
    #[schema(format = DateTime)]
    created_at: Option<String>,
    /// From when on it signs; null for the first key of the server.
    #[schema(format = DateTime)]
    signs_from: Option<String>,
    /// Until when tokens that it signed are accepted; null while nothing replaced it.
    #[schema(format = DateTime)]
    accepted_until: Option<String>,
}

impl From<KeyState> for SigningKey {
    fn from(key: KeyState) -> Self {
        // The first key signs whatever the clock says.
        let time = |us: i64| (us > 0).then(|| rfc3339(us));
        Self {
            key_id: key.key_id,
            state: match key.doing {
                Doing::Waits => SigningKeyState::Waiting,
                Doing::Signs => SigningKeyState::Signing,
                Doing::Accepted => SigningKeyState::Accepted,
                Doing::Proves => SigningKeyState::Retired,
                Doing::Revoked => SigningKeyState::Revoked,
            },
            created_at: time(key.created_us),
            signs_from: time(key.signs_us),
            accepted_until: key.until_us.map(rfc3339),
        }
    }
}

fn listed(keys: Vec<KeyState>) -> List<SigningKey> {
    List {
        data: keys.into_iter().map(SigningKey::from).collect(),
    }
}

/// The keys that sign access tokens, newest first. For administrators.
#[utoipa::path(
    get, operation_id = "list_signing_keys", path = KEYS, tag = "operations",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The keys, without their secret halves.", body = List<SigningKey>),
        (status = 403, description = "Not an administrator.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Json<List<SigningKey>>, Problem> {
    only_administrators(&caller)?;
    Ok(Json(listed(app.keys.states(app.clock.now_us()))))
}

/// Replaces the key that signs access tokens. For administrators.
///
/// The new key is listed at once and signs two minutes later, when every process and every other service knows it. The old
/// one is accepted until the last token that it signed has ended, so nobody has to sign in again.
#[utoipa::path(
    post, operation_id = "rotate_signing_keys", path = KEYS, tag = "operations",
    security(("bearer" = [])),
    responses(
        (status = 201, description = "The keys as they are now.", body = List<SigningKey>),
        (status = 409, description = "A new key is on its way already, or tokens of too many are still accepted.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn rotate(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    only_administrators(&caller)?;
    let note = caller.does("rotate_signing_keys");
    let keys = rotation::rotate(&app, Some(&note)).await?;
    Ok((StatusCode::CREATED, Json(listed(keys))).into_response())
}

/// Takes a key back that others may know. For administrators.
///
/// Tokens that it signed are refused within seconds: whose session rested on one signs in again, this browser perhaps too.
#[utoipa::path(
    delete, operation_id = "revoke_signing_key", path = "/admin/keys/{kid}", tag = "operations",
    security(("bearer" = [])),
    params(("kid" = String, Path, description = "The key.")),
    responses(
        (status = 204, description = "Nothing that it signed is accepted any more."),
        (status = 403, description = "Not an administrator.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn revoke(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(key_id): Path<String>,
) -> Result<StatusCode, Problem> {
    only_administrators(&caller)?;
    let note = caller.does("revoke_signing_key");
    rotation::revoke(&app, &key_id, Some(&note)).await?;
    Ok(StatusCode::NO_CONTENT)
}
