//! `/auth/sessions`: the devices that are signed in.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::ids::SessionId;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::{Caller, account};
use crate::http::page::{Page, PathId};
use crate::instant::rfc3339;
use crate::problem::Problem;

/// The routes.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(end))
}

/// A device that is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Session {
    /// The session.
    #[schema(value_type = String, format = Uuid)]
    id: SessionId,
    /// What the device calls itself.
    label: String,
    /// When it signed in.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it last refreshed its tokens.
    #[schema(format = DateTime)]
    used_at: String,
    /// When it is signed out unless it refreshes before.
    #[schema(format = DateTime)]
    expires_at: String,
    /// Whether this request came from it.
    current: bool,
}

/// The devices that are signed in, newest first.
#[utoipa::path(
    get, operation_id = "list_sessions", path = "/auth/sessions", tag = "accounts",
    security(("bearer" = [])),
    responses((status = 200, description = "The sessions.", body = Page<Session>)),
)]
async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Page<Session>>, Problem> {
    let now_us = app.clock.now_us();
    let mut tx = app.store.read().await?;
    let key = app.vault.person_key(&mut tx, caller.user).await?;
    let sessions = store::sessions::list(&mut tx, &key, caller.user).await?;
    let live = sessions
        .into_iter()
        .filter(|session| session.expires_us > now_us);
    let data = live.map(|session| Session {
        id: session.id,
        label: session.label,
        created_at: rfc3339(session.created_us),
        used_at: rfc3339(session.used_us),
        expires_at: rfc3339(session.expires_us),
        current: Some(session.id) == caller.session,
    });
    Ok(Json(Page {
        data: data.collect(),
        next_cursor: None,
    }))
}

/// Signs a device out.
#[utoipa::path(
    delete, operation_id = "end_session", path = "/auth/sessions/{session_id}", tag = "accounts",
    security(("bearer" = [])),
    params(("session_id" = String, Path, format = Uuid, description = "The session.")),
    responses((status = 204, description = "Signed out.")),
)]
async fn end(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(session): PathId<SessionId>,
) -> Result<StatusCode, Problem> {
    if account::end_session(&app, caller, session).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}
