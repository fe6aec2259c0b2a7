//! `/auth/api-keys`: keys for programs of a person, made, listed and revoked by them.
//!
//! A key is shown in the response that makes it and nowhere else.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use model::ids::ApiKeyId;
use serde::{Deserialize, Serialize};
use store::api_keys::StoredApiKey;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::scope::{Scope, Scopes};
use crate::app::App;
use crate::auth::Caller;
use crate::auth::apikey::{self, KeyWish};
use crate::auth::pairing::Named;
use crate::auth::term;
use crate::http::body::JsonBody;
use crate::http::page::{Page, PathId};
use crate::instant::rfc3339;
use crate::problem::{FieldError, Problem};

const KEYS: &str = "/auth/api-keys";

/// The routes.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(revoke))
}

/// What a key may do.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyScope {
    /// Sends health data and takes back what was sent.
    Send,
    /// Reads movement, energy; with `sleep`, the rhythm of rest and activity.
    Activity,
    /// Reads heart, blood, breathing, oxygen.
    Heart,
    /// Reads body measures, temperature, surroundings.
    Body,
    /// Reads food and drink.
    Nutrition,
    /// Reads nights.
    Sleep,
    /// Reads mood, stress, questionnaires.
    Mind,
    /// Reads symptoms, cycles, notices of devices.
    Symptoms,
    /// Reads workouts with their routes; with `heart`, effort and training load.
    Workouts,
    /// Reads what the person says about themselves.
    Profile,
    /// Reads all of it, and what is made of several classes at once; it does not send.
    Everything,
}

impl From<KeyScope> for Scope {
    fn from(scope: KeyScope) -> Self {
        match scope {
            KeyScope::Send => Self::Send,
            KeyScope::Activity => Self::Activity,
            KeyScope::Heart => Self::Heart,
            KeyScope::Body => Self::Body,
            KeyScope::Nutrition => Self::Nutrition,
            KeyScope::Sleep => Self::Sleep,
            KeyScope::Mind => Self::Mind,
            KeyScope::Symptoms => Self::Symptoms,
            KeyScope::Workouts => Self::Workouts,
            KeyScope::Profile => Self::Profile,
            KeyScope::Everything => Self::Everything,
        }
    }
}

/// A key to make.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewProgramKey {
    /// What to call it, such as `Backup script`.
    #[schema(min_length = 1, max_length = 64, example = "Backup script")]
    name: String,
    /// What it may do.
    #[schema(min_items = 1)]
    scopes: Vec<KeyScope>,
    /// The first instant at which it opens nothing more, within 366 days.
    #[schema(format = DateTime, example = "2027-11-20T12:00:00Z")]
    expires_at: String,
}

/// Whether a key opens anything.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum KeyState {
    /// It does.
    Active,
    /// Its time is over; it is listed for 30 days.
    Expired,
}

/// A key of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProgramKey {
    /// The key.
    #[schema(value_type = String, format = Uuid)]
    key_id: ApiKeyId,
    /// What the person calls it.
    name: String,
    /// What it may do.
    scopes: Vec<String>,
    /// Whether it opens anything.
    state: KeyState,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// The first instant at which it opens nothing more.
    #[schema(format = DateTime)]
    expires_at: String,
    /// When it was last used, to the minute; null when it never was.
    #[schema(format = DateTime)]
    used_at: Option<String>,
}

/// A key that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeProgramKey {
    /// What can be listed of it.
    #[serde(flatten)]
    api_key: ProgramKey,
    /// The key itself, for `X-API-Key` or as bearer token; it is not shown again.
    key: String,
}

impl ProgramKey {
    fn of(stored: StoredApiKey, now_us: i64) -> Self {
        let scopes = Scopes::read(&stored.scopes);
        Self {
            key_id: stored.id,
            name: stored.name,
            scopes: scopes.names().into_iter().map(str::to_owned).collect(),
            state: if now_us < stored.expires_us {
                KeyState::Active
            } else {
                KeyState::Expired
            },
            created_at: rfc3339(stored.created_us),
            expires_at: rfc3339(stored.expires_us),
            used_at: stored.used_us.map(rfc3339),
        }
    }
}

/// The keys of the caller, newest first.
#[utoipa::path(
    get, operation_id = "list_api_keys", path = KEYS, tag = "accounts",
    security(("bearer" = [])),
    responses((status = 200, description = "The keys, without what opens anything.", body = Page<ProgramKey>)),
)]
async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Json<Page<ProgramKey>>, Problem> {
    let now_us = app.clock.now_us();
    let keys = apikey::list(&app, caller.user).await?;
    let data = keys
        .into_iter()
        .map(|stored| ProgramKey::of(stored, now_us));
    Ok(Json(Page {
        data: data.collect(),
        next_cursor: None,
    }))
}

/// Makes a key for a program of the caller.
///
/// It is shown here and never again: the server keeps a hash. It does what its scopes say, for the caller alone, and has a
/// rate limit of its own.
#[utoipa::path(
    post, operation_id = "create_api_key", path = KEYS, tag = "accounts",
    security(("bearer" = [])),
    request_body = NewProgramKey,
    responses(
        (status = 201, description = "The key.", body = MadeProgramKey),
        (status = 409, description = "There are too many keys; revoke one that is not used any more."),
    ),
)]
async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    JsonBody { value, .. }: JsonBody<NewProgramKey>,
) -> Result<Response, Problem> {
    let now_us = app.clock.now_us();
    let wanted = wanted(&value, now_us)?;
    let (stored, key) = apikey::add(&app, caller, &wanted).await?;
    let made = MadeProgramKey {
        api_key: ProgramKey::of(stored, now_us),
        key: key.to_string(),
    };
    Ok((StatusCode::CREATED, Json(made)).into_response())
}

fn wanted(value: &NewProgramKey, now_us: i64) -> Result<KeyWish, Problem> {
    let mut errors = Vec::new();
    let name = Named::parse(&value.name)
        .map_err(|error| errors.push(error))
        .ok();
    if value.scopes.is_empty() {
        errors.push(FieldError::new(
            "/scopes",
            "too_few",
            "must name at least one",
        ));
    }
    let end = term::end(&value.expires_at, now_us)
        .map_err(|error| errors.push(error))
        .ok();
    match (name, end) {
        (Some(name), Some(expires_us)) if errors.is_empty() => Ok(KeyWish {
            name,
            scopes: Scopes::of(value.scopes.iter().map(|scope| Scope::from(*scope))),
            expires_us,
        }),
        _ => Err(Problem::invalid(errors)),
    }
}

/// Revokes a key, at once.
#[utoipa::path(
    delete, operation_id = "revoke_api_key", path = "/auth/api-keys/{key_id}", tag = "accounts",
    security(("bearer" = [])),
    params(("key_id" = String, Path, format = Uuid, description = "The key.")),
    responses((status = 204, description = "It opens nothing any more.")),
)]
async fn revoke(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(key): PathId<ApiKeyId>,
) -> Result<StatusCode, Problem> {
    if apikey::revoke(&app, caller, key).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}
