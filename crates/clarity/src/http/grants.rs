//! `/grants`: what a person allows others to read, and what others allow them.
//!
//! Who may read asks the reading operations with `user_id`; see `behalf.rs`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use model::ids::{GrantId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::scope::{Scope, Scopes};
use crate::app::App;
use crate::auth::Caller;
use crate::auth::account::Email;
use crate::auth::grants::{self, Purpose, Wish};
use crate::auth::term;
use crate::http::body::JsonBody;
use crate::http::idempotency::{Answer, IdempotencyKey, Start};
use crate::http::page::{Page, PathId};
use crate::instant::rfc3339;
use crate::problem::{FieldError, Problem};

const GRANTS: &str = "/grants";

/// The routes.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(received))
        .routes(routes!(revoke))
}

/// A class of data.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GrantScope {
    /// Movement, energy; with `sleep`, the rhythm of rest and activity.
    Activity,
    /// Heart, blood, breathing, oxygen.
    Heart,
    /// Body measures, temperature, surroundings.
    Body,
    /// Food and drink.
    Nutrition,
    /// Nights.
    Sleep,
    /// Mood, stress, questionnaires.
    Mind,
    /// Symptoms, cycles, notices of devices.
    Symptoms,
    /// Workouts with their routes; with `heart`, effort and training load.
    Workouts,
    /// What the person says about themselves.
    Profile,
    /// All of it, and what is made of several classes at once: daily summaries, unusual days, insights.
    Everything,
}

impl From<GrantScope> for Scope {
    fn from(scope: GrantScope) -> Self {
        match scope {
            GrantScope::Activity => Self::Activity,
            GrantScope::Heart => Self::Heart,
            GrantScope::Body => Self::Body,
            GrantScope::Nutrition => Self::Nutrition,
            GrantScope::Sleep => Self::Sleep,
            GrantScope::Mind => Self::Mind,
            GrantScope::Symptoms => Self::Symptoms,
            GrantScope::Workouts => Self::Workouts,
            GrantScope::Profile => Self::Profile,
            GrantScope::Everything => Self::Everything,
        }
    }
}

/// What to allow.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewGrant {
    /// The address of the account that may read.
    #[schema(format = "email", example = "bob@example.org")]
    reader: String,
    /// What it may read.
    #[schema(min_items = 1)]
    scopes: Vec<GrantScope>,
    /// What for, in a few words: every entry of the audit log that comes of the grant has it.
    #[schema(
        min_length = 1,
        max_length = 200,
        example = "second opinion on my sleep"
    )]
    purpose: String,
    /// The first instant at which it holds no more, within 366 days.
    #[schema(format = DateTime, example = "2026-12-20T12:00:00Z")]
    expires_at: String,
}

/// Whether a grant holds.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum GrantState {
    /// It does.
    Active,
    /// Its time is over; it is listed for 30 days.
    Expired,
}

/// What the caller allows somebody.
#[derive(Debug, Serialize, ToSchema)]
pub struct Grant {
    /// The grant.
    #[serde(rename = "grant_id")]
    #[schema(value_type = String, format = Uuid)]
    id: GrantId,
    /// The account that may read.
    #[schema(value_type = String, format = Uuid)]
    reader_id: UserId,
    /// Its address.
    reader: String,
    /// What it may read.
    scopes: Vec<String>,
    /// What for.
    purpose: String,
    /// Whether it holds.
    state: GrantState,
    /// When it was given.
    #[schema(format = DateTime)]
    created_at: String,
    /// The first instant at which it holds no more.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// What somebody allows the caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceivedGrant {
    /// The grant.
    #[schema(value_type = String, format = Uuid)]
    grant_id: GrantId,
    /// Whose data it opens: the `user_id` to ask with.
    #[schema(value_type = String, format = Uuid)]
    owner_id: UserId,
    /// The address of the owner.
    owner: String,
    /// What the caller may read.
    scopes: Vec<String>,
    /// What for.
    purpose: String,
    /// Whether it holds.
    state: GrantState,
    /// When it was given.
    #[schema(format = DateTime)]
    created_at: String,
    /// The first instant at which it holds no more.
    #[schema(format = DateTime)]
    expires_at: String,
}

fn names(scopes: &str) -> Vec<String> {
    let scopes = Scopes::read(scopes);
    scopes.names().into_iter().map(str::to_owned).collect()
}

const fn state(expires_us: i64, now_us: i64) -> GrantState {
    if now_us < expires_us {
        GrantState::Active
    } else {
        GrantState::Expired
    }
}

impl Grant {
    fn of(grant: grants::GivenGrant, now_us: i64) -> Self {
        let grants::GivenGrant { stored, words } = grant;
        Self {
            id: stored.id,
            reader_id: stored.reader,
            reader: words.reader,
            scopes: names(&stored.scopes),
            purpose: words.purpose,
            state: state(stored.expires_us, now_us),
            created_at: rfc3339(stored.created_us),
            expires_at: rfc3339(stored.expires_us),
        }
    }
}

/// What the caller allows others, newest first.
#[utoipa::path(
    get, operation_id = "list_grants", path = GRANTS, tag = "sharing",
    security(("bearer" = [])),
    responses((status = 200, description = "The grants.", body = Page<Grant>)),
)]
async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Page<Grant>>, Problem> {
    let now_us = app.clock.now_us();
    let given = grants::given(&app, caller.user).await?;
    let data = given.into_iter().map(|grant| Grant::of(grant, now_us));
    Ok(Json(Page {
        data: data.collect(),
        next_cursor: None,
    }))
}

/// What others allow the caller, newest first.
#[utoipa::path(
    get, operation_id = "list_received_grants", path = "/grants/received", tag = "sharing",
    security(("bearer" = [])),
    responses((status = 200, description = "The grants.", body = Page<ReceivedGrant>)),
)]
async fn received(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Json<Page<ReceivedGrant>>, Problem> {
    let now_us = app.clock.now_us();
    let received = grants::received(&app, caller.user).await?;
    let data = received.into_iter().map(|one| {
        let grants::Received { grant, owner } = one;
        let grants::GivenGrant { stored, words } = grant;
        ReceivedGrant {
            grant_id: stored.id,
            owner_id: stored.owner,
            owner,
            scopes: names(&stored.scopes),
            purpose: words.purpose,
            state: state(stored.expires_us, now_us),
            created_at: rfc3339(stored.created_us),
            expires_at: rfc3339(stored.expires_us),
        }
    });
    Ok(Json(Page {
        data: data.collect(),
        next_cursor: None,
    }))
}

/// Allows another account to read.
///
/// It holds at once, until its end or until it is revoked. Who may read asks the reading operations with `user_id`, and
/// each of these reads is in the audit log of the caller with the purpose.
#[utoipa::path(
    post, operation_id = "create_grant", path = GRANTS, tag = "sharing",
    security(("bearer" = [])),
    params(IdempotencyKey),
    request_body = NewGrant,
    responses(
        (status = 201, description = "The grant.", body = Grant),
        (status = 409, description = "There are too many grants, or the idempotency key was used differently."),
    ),
)]
async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    idempotency: IdempotencyKey,
    JsonBody { value, bytes, .. }: JsonBody<NewGrant>,
) -> Result<Response, Problem> {
    let now_us = app.clock.now_us();
    let wish = wish(&value, now_us)?;
    let mut tx = app.store.begin("allow somebody to read").await?;
    let key = app.vault.person_key(&mut tx, caller.user).await?;
    let request = (GRANTS, bytes.as_ref());
    let start = idempotency
        .begin(&mut tx, &key, caller.user, request)
        .await?;
    let ticket = match start {
        Start::Replay(response) => return Ok(response),
        Start::First(ticket) => ticket,
    };
    let made = grants::make(&app, &mut tx, &key, caller, &wish).await?;
    let answer = Answer::json(StatusCode::CREATED, &Grant::of(made, now_us));
    ticket
        .finish(&mut tx, &key, caller.user, &answer, now_us)
        .await?;
    tx.commit().await?;
    Ok(answer.into_response())
}

/// Reads what somebody wishes to allow.
fn wish(value: &NewGrant, now_us: i64) -> Result<Wish, Problem> {
    let mut errors = Vec::new();
    let mut keep = |error: FieldError| errors.push(error);
    let reader = Email::parse(&value.reader).map_err(|error| FieldError {
        pointer: "/reader".to_owned(),
        ..error
    });
    let reader = reader.map_err(&mut keep).ok();
    let purpose = Purpose::parse(&value.purpose).map_err(&mut keep).ok();
    if value.scopes.is_empty() {
        keep(FieldError::new(
            "/scopes",
            "too_few",
            "must name at least one",
        ));
    }
    let expires_us = term::end(&value.expires_at, now_us).map_err(&mut keep).ok();
    match (reader, purpose, expires_us) {
        (Some(reader), Some(purpose), Some(expires_us)) if errors.is_empty() => Ok(Wish {
            reader,
            scopes: Scopes::of(value.scopes.iter().map(|scope| Scope::from(*scope))),
            purpose,
            expires_us,
        }),
        _ => Err(Problem::invalid(errors)),
    }
}

/// Ends a grant at once, by its owner or by who may read.
#[utoipa::path(
    delete, operation_id = "revoke_grant", path = "/grants/{grant_id}", tag = "sharing",
    security(("bearer" = [])),
    params(("grant_id" = String, Path, format = Uuid, description = "The grant.")),
    responses((status = 204, description = "It opens nothing any more.")),
)]
async fn revoke(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(grant): PathId<GrantId>,
) -> Result<StatusCode, Problem> {
    if grants::revoke(&app, caller, grant).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}
