//! `/auth`: opening an account, signing in, staying signed in, signing out, public keys.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use store::docs::Expected;
use store::people::Factor;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::account::{self, Email, Tokens};
use crate::auth::keys::Jwk;
use crate::auth::role::Role;
use crate::auth::{Caller, password};
use crate::http::address::Client;
use crate::http::body::JsonBody;
use crate::http::idempotency::{Answer, IdempotencyKey, Start};
use crate::http::noted::{self, FieldNote};
use crate::http::{me, mfa};
use crate::ingest::edit;
use crate::person::profile::Profile;
use crate::problem::{Code, FieldError, Problem};

const REGISTER: &str = "/auth/register";

/// The routes.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(login))
        .routes(routes!(refresh))
        .routes(routes!(logout))
        .merge(me::router())
}

/// The routes outside the API prefix.
pub fn root_router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(jwks))
}

/// A new account.
#[derive(Deserialize, ToSchema)]
pub struct Registration {
    /// The address to sign in with.
    #[schema(format = "email", example = "ada@example.org")]
    email: String,
    /// Hard to guess besides the own names and address: several unrelated words, or random characters.
    #[schema(format = Password)]
    pub(super) password: String,
    /// A name to be greeted with.
    username: Option<String>,
    /// What the person enters about themselves.
    profile: Option<Profile>,
}

impl Registration {
    /// What somebody enters elsewhere to open an account.
    pub(super) const fn of(
        email: String,
        password: String,
        username: Option<String>,
        profile: Option<Profile>,
    ) -> Self {
        Self {
            email,
            password,
            username,
            profile,
        }
    }
}

/// The first tokens of an account, and what of the registration has no effect yet.
#[derive(Debug, Serialize, ToSchema)]
pub struct Registered {
    /// The tokens.
    #[serde(flatten)]
    #[schema(value_type = Tokens)]
    tokens: Tokens,
    /// What has no effect yet.
    notes: Vec<FieldNote>,
}

/// What a registration has that has no effect yet.
fn notes(profile: Option<&Profile>) -> Vec<FieldNote> {
    profile.map_or_else(Vec::new, |profile| {
        let language = profile.language.as_deref();
        noted::without_effect("/profile", language)
    })
}

/// A sign-in.
#[derive(Deserialize, ToSchema)]
pub struct Login {
    /// The address.
    #[schema(format = "email")]
    pub(super) email: String,
    /// The password.
    #[schema(format = Password)]
    pub(super) password: String,
}

/// A refresh token to exchange.
#[derive(Deserialize, ToSchema)]
pub struct Refresh {
    /// The token from the last response.
    refresh_token: String,
}

/// The public keys of the server (RFC 7517).
#[derive(Debug, Serialize, ToSchema)]
pub struct Jwks {
    keys: Vec<Jwk>,
}

/// Opens an account and signs in. Also at `/auth/signup` and `/users/register`.
#[utoipa::path(
    post, operation_id = "register", path = REGISTER, tag = "accounts",
    params(IdempotencyKey),
    request_body = Registration,
    responses(
        (status = 201, description = "The account is open; these are its first tokens.", body = Registered),
        (status = 409, description = "The address is taken, or the idempotency key was used differently.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn register(
    State(app): State<Arc<App>>,
    client: Client,
    idempotency: IdempotencyKey,
    JsonBody { value, bytes, .. }: JsonBody<Registration>,
) -> Result<Response, Problem> {
    if app.config.rates.register_per_hour == 0 {
        let message = "registration is closed here; whoever runs the server adds accounts";
        return Err(Problem::new(Code::Forbidden, message));
    }
    let (email, profile) = check(&app, &value)?;
    let password_hash = password::hash(&app, &value.password).await?;
    let now_us = app.clock.now_us();
    let mut tx = app.store.begin("register").await?;
    let created = account::create(&app, &mut tx, &email, &password_hash, Role::Patient).await;
    let (user, taken) = match created {
        Ok(user) => (user, None),
        Err(taken) if taken.code == Code::EmailTaken && idempotency.is_given() => {
            // A retry: the same body holds the same password, so the first response may be repeated.
            let known = store::people::by_email(&mut tx, &app.vault, email.as_str()).await?;
            let Some(known) = known else {
                return Err(taken);
            };
            (known.id, Some(taken))
        }
        Err(other) => return Err(other),
    };
    let key = app.vault.person_key(&mut tx, user).await?;
    let request = (REGISTER, bytes.as_ref());
    let start = idempotency.begin(&mut tx, &key, user, request).await;
    let ticket = match (start, taken) {
        (Ok(Start::Replay(response)), _) => return Ok(response),
        (Ok(Start::First(_)), Some(taken)) => return Err(taken),
        (Ok(Start::First(ticket)), None) => ticket,
        (Err(problem), _) => return Err(problem),
    };
    let notes = notes(profile.as_ref());
    if let Some(profile) = profile {
        edit::put_profile(&app, &mut tx, &key, user, &profile, Expected::Absent).await?;
    }
    let role = (user, Role::Patient);
    let arrival = client.arrives("register");
    let tokens = account::start_session(&app, &mut tx, &key, role, arrival).await?;
    let answer = Answer::json(StatusCode::CREATED, &Registered { tokens, notes });
    ticket.finish(&mut tx, &key, user, &answer, now_us).await?;
    tx.commit().await?;
    let account = app.vault.email_key(email.as_str());
    app.throttle.at_home(account, client.network, now_us);
    Ok(answer.into_response())
}

/// The address and profile of a new account, or what is wrong with them.
pub(super) fn check(app: &App, value: &Registration) -> Result<(Email, Option<Profile>), Problem> {
    let email = Email::parse(&value.email);
    let mut names = email.as_ref().map_or_else(|_| Vec::new(), Email::names);
    let mut profile = value.profile.clone();
    if let Some(username) = &value.username {
        profile.get_or_insert_default().username = Some(username.clone());
    }
    names.extend(
        profile
            .as_ref()
            .and_then(|profile| profile.username.as_deref()),
    );
    let weak = password::accept(app, "/password", &value.password, &names).err();
    drop(names);
    let mut errors: Vec<FieldError> = Vec::new();
    if let Some(profile) = &mut profile {
        let found = profile.check(app.clock.today_utc());
        let below = |error: FieldError| FieldError {
            pointer: format!("/profile{}", error.pointer),
            ..error
        };
        errors.extend(found.into_iter().map(below));
    }
    match (email, weak) {
        (Ok(email), None) if errors.is_empty() => Ok((email, profile)),
        (Ok(_), Some(weak)) if errors.is_empty() => Err(weak_password(weak)),
        (email, weak) => {
            errors.extend(email.err());
            errors.extend(weak);
            Err(Problem::invalid(errors))
        }
    }
}

/// The problem of a password that is too easy.
pub fn weak_password(error: FieldError) -> Problem {
    Problem::new(Code::WeakPassword, error.message.clone()).with_errors(vec![error])
}

/// Signs in.
#[utoipa::path(
    post, operation_id = "login", path = "/auth/login", tag = "accounts",
    request_body = Login,
    responses(
        (status = 200, description = "Signed in.", body = Tokens),
        (status = 202, description = "The password is right; complete the sign-in with a code at `/auth/mfa/login`.",
            body = crate::auth::mfa::Challenge),
        (status = 401, description = "Address and password do not fit together.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn login(
    State(app): State<Arc<App>>,
    client: Client,
    JsonBody { value, .. }: JsonBody<Login>,
) -> Result<Response, Problem> {
    let email = value.email.trim();
    let person = account::authenticate(&app, email, &value.password, client.network).await?;
    if person.factor == Factor::Totp {
        return mfa::wants_code(&app, person.id);
    }
    let mut tx = app.store.begin("begin a session").await?;
    let key = app.vault.person_key(&mut tx, person.id).await?;
    let role = (person.id, Role::named(&person.role));
    let arrival = client.arrives("login");
    let tokens = account::start_session(&app, &mut tx, &key, role, arrival).await?;
    tx.commit().await?;
    Ok(Json(tokens).into_response())
}

/// Exchanges a refresh token for new tokens. A token works once; using it again ends its session.
#[utoipa::path(
    post, operation_id = "refresh_tokens", path = "/auth/refresh", tag = "accounts",
    request_body = Refresh,
    responses(
        (status = 200, description = "New tokens.", body = Tokens),
        (status = 401, description = "The token is unknown, used, revoked or too old.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn refresh(
    State(app): State<Arc<App>>,
    client: Client,
    JsonBody { value, .. }: JsonBody<Refresh>,
) -> Result<Json<Tokens>, Problem> {
    let tokens = account::refresh(&app, &value.refresh_token, client.network).await;
    tokens.map(Json)
}

/// Ends the session of the token that is sent.
#[utoipa::path(
    post, operation_id = "logout", path = "/auth/logout", tag = "accounts",
    security(("bearer" = [])),
    responses((status = 204, description = "Signed out.")),
)]
async fn logout(State(app): State<Arc<App>>, caller: Caller) -> Result<StatusCode, Problem> {
    account::sign_out(&app, caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The public keys under which access tokens and receipts can be checked.
#[utoipa::path(
    get, operation_id = "get_public_keys", path = "/.well-known/jwks.json", tag = "accounts",
    responses((status = 200, description = "The keys.", body = Jwks)),
)]
async fn jwks(State(app): State<Arc<App>>) -> Json<Jwks> {
    Json(Jwks {
        keys: app.keys.public(),
    })
}
