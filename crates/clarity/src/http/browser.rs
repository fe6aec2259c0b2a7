//! `/auth/browser` and `/setup`: the session of a browser, and the first account of an empty server.
//!
//! A browser never sees a token: its session is a cookie that only requests carry. Both ways in are open to our
//! own pages only, so that no other site can sign a browser in as somebody else.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::ids::{SessionId, UserId};
use serde::{Deserialize, Serialize};
use store::docs::Expected;
use store::people::Factor;
use subtle::ConstantTimeEq;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zeroize::Zeroizing;

use crate::app::App;
use crate::auth::account::{self, BrowserSession};
use crate::auth::cookie::{self, Asker};
use crate::auth::role::Role;
use crate::auth::{Caller, password};
use crate::http::accounts::{self, Login, Registration};
use crate::http::address::Client;
use crate::http::body::JsonBody;
use crate::http::{mfa, origin};
use crate::ingest::edit;
use crate::person::profile::Profile;
use crate::problem::{Code, FieldError, Problem};

/// Takes everything away that a browser kept of this server.
const CLEAR_SITE_DATA: (&str, &str) = ("clear-site-data", "\"cache\", \"storage\"");

/// The routes.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(open, close))
        .routes(routes!(setup_state, set_up))
        .routes(routes!(key_to_keep))
}

/// A browser that is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignedIn {
    /// The person.
    #[schema(value_type = String, format = Uuid)]
    user_id: UserId,
    /// The session, as listed under `/auth/sessions`.
    #[schema(value_type = String, format = Uuid)]
    session_id: SessionId,
    /// Seconds until the browser has to sign in again.
    expires_in: i64,
}

/// How far a server is set up.
#[derive(Debug, Serialize, ToSchema)]
struct Setup {
    /// Whether the first account is still to be created.
    needs_first_account: bool,
}

/// The first account of a server.
#[derive(Deserialize, ToSchema)]
struct FirstAccount {
    /// The code that the server prints when it starts without accounts.
    code: String,
    /// The address to sign in with.
    #[schema(format = "email", example = "ada@example.org")]
    email: String,
    /// Hard to guess besides the own names and address: several unrelated words, or random characters.
    #[schema(format = Password)]
    password: String,
    /// A name to be greeted with.
    username: Option<String>,
    /// What the person enters about themselves.
    profile: Option<Profile>,
}

/// The code that the server prints when it starts without accounts.
#[derive(Deserialize, ToSchema)]
struct SetupCode {
    /// The code.
    code: String,
}

/// The master key, to be kept apart from the data.
#[derive(Serialize, ToSchema)]
struct KeyToKeep {
    /// Where the key lies on the server.
    file: String,
    /// Its bytes, in base64.
    content: String,
}

/// Signs a browser in with a session cookie.
///
/// Only for pages of this server: the browser has to say so (`Sec-Fetch-Site` or `Origin`). The cookie is
/// `HttpOnly` and `SameSite=Strict`, over an encrypted connection also `Secure` and named `__Host-clarity`.
#[utoipa::path(
    post, operation_id = "open_browser_session", path = "/auth/browser", tag = "accounts",
    request_body = Login,
    responses(
        (status = 200, description = "Signed in.", body = SignedIn),
        (status = 202, description = "The password is right; complete the sign-in with a code at `/auth/browser/mfa`.",
            body = crate::auth::mfa::Challenge),
        (status = 401, description = "Address and password do not fit together.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn open(
    State(app): State<Arc<App>>,
    client: Client,
    headers: HeaderMap,
    uri: Uri,
    JsonBody { value, .. }: JsonBody<Login>,
) -> Result<Response, Problem> {
    only_our_pages(&headers, &uri)?;
    let person =
        account::authenticate(&app, value.email.trim(), &value.password, client.network).await?;
    if person.factor == Factor::Totp {
        return mfa::wants_code(&app, person.id);
    }
    let mut tx = app.store.begin("begin a browser session").await?;
    let key = app.vault.person_key(&mut tx, person.id).await?;
    let role = (person.id, Role::named(&person.role));
    let arrival = client.arrives("open_browser_session");
    let session = account::start_browser_session(&app, &mut tx, &key, role, arrival).await?;
    tx.commit().await?;
    Ok(signed_in(&app, &headers, StatusCode::OK, &session))
}

/// Signs a browser out: ends its session, takes the cookie away and clears what the browser kept.
#[utoipa::path(
    delete, operation_id = "close_browser_session", path = "/auth/browser", tag = "accounts",
    security(("bearer" = [])),
    responses((status = 204, description = "Signed out.")),
)]
async fn close(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    account::sign_out(&app, caller).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    for cookie in cookie::clear() {
        headers.append(header::SET_COOKIE, cookie);
    }
    let (name, value) = CLEAR_SITE_DATA;
    headers.insert(name, HeaderValue::from_static(value));
    Ok(response)
}

/// Whether this server still waits for its first account.
#[utoipa::path(
    get, operation_id = "get_setup", path = "/setup", tag = "accounts",
    responses((status = 200, description = "How far it is set up.", body = Setup)),
)]
async fn setup_state(State(app): State<Arc<App>>) -> Result<Json<Setup>, Problem> {
    let mut tx = app.store.read().await?;
    let count = store::people::count(&mut tx).await?;
    Ok(Json(Setup {
        needs_first_account: count == 0,
    }))
}

/// Creates the first account, which administers the server, and signs the browser in.
#[utoipa::path(
    post, operation_id = "set_up", path = "/setup", tag = "accounts",
    request_body = FirstAccount,
    responses(
        (status = 201, description = "The account is open and the browser signed in.", body = SignedIn),
        (status = 409, description = "The server has accounts already.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn set_up(
    State(app): State<Arc<App>>,
    client: Client,
    headers: HeaderMap,
    uri: Uri,
    JsonBody { value, .. }: JsonBody<FirstAccount>,
) -> Result<Response, Problem> {
    only_our_pages(&headers, &uri)?;
    check_code(&app, &value.code)?;
    let account = Registration::of(value.email, value.password, value.username, value.profile);
    let (email, profile) = accounts::check(&app, &account)?;
    let password_hash = password::hash(&app, &account.password).await?;
    let mut tx = app.store.begin("create the first account").await?;
    let user = account::create(&app, &mut tx, &email, &password_hash, Role::Admin).await?;
    // Counted afterwards: whoever creates an account at the same time waits until this one is committed, and
    // then sees it.
    if store::people::count(&mut tx).await? > 1 {
        return Err(set_up_already());
    }
    let key = app.vault.person_key(&mut tx, user).await?;
    if let Some(profile) = profile {
        edit::put_profile(&app, &mut tx, &key, user, &profile, Expected::Absent).await?;
    }
    let role = (user, Role::Admin);
    let arrival = client.arrives("set_up");
    let session = account::start_browser_session(&app, &mut tx, &key, role, arrival).await?;
    tx.commit().await?;
    Ok(signed_in(&app, &headers, StatusCode::CREATED, &session))
}

/// Returns the master key for a backup, as long as the server has no account.
///
/// Without this key nobody can read the data. Whoever has the setup code can read it and may create the first account;
/// afterwards the key is only on the server's disk.
#[utoipa::path(
    post, operation_id = "read_key_to_keep", path = "/setup/key", tag = "accounts",
    request_body = SetupCode,
    responses(
        (status = 200, description = "The key, and where it lies.", body = KeyToKeep),
        (status = 409, description = "The server has accounts already.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn key_to_keep(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    uri: Uri,
    JsonBody { value, .. }: JsonBody<SetupCode>,
) -> Result<Response, Problem> {
    only_our_pages(&headers, &uri)?;
    check_code(&app, &value.code)?;
    let mut tx = app.store.read().await?;
    let count = store::people::count(&mut tx).await?;
    drop(tx);
    if count > 0 {
        return Err(set_up_already());
    }
    let file = app.config.key_file();
    let bytes = tokio::fs::read(&file).await.map_err(Problem::internal)?;
    let bytes = Zeroizing::new(bytes);
    let file = tokio::fs::canonicalize(&file).await.unwrap_or(file);
    let body = KeyToKeep {
        file: file.display().to_string(),
        content: STANDARD.encode(bytes.as_slice()),
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

fn check_code(app: &App, code: &str) -> Result<(), Problem> {
    let code = code.trim().to_ascii_uppercase().replace('-', "");
    let expected = app.keys.setup_code().replace('-', "");
    if bool::from(code.as_bytes().ct_eq(expected.as_bytes())) {
        return Ok(());
    }
    let message = "is not the code that the server printed when it started";
    let error = FieldError::new("/code", "invalid_code", message);
    Err(Problem::invalid(vec![error]))
}

fn set_up_already() -> Problem {
    Problem::new(Code::Conflict, "the server has accounts already; sign in")
}

/// Nobody but our own pages may give a browser a session.
pub(super) fn only_our_pages(headers: &HeaderMap, uri: &Uri) -> Result<(), Problem> {
    match Asker::of(headers, uri) {
        Asker::Ourselves => Ok(()),
        Asker::Person | Asker::Stranger => Err(origin::refused()),
    }
}

pub(super) fn signed_in(
    app: &App,
    headers: &HeaderMap,
    status: StatusCode,
    session: &BrowserSession,
) -> Response {
    let cookie = cookie::set(app, headers, &session.token, session.expires_in);
    let body = SignedIn {
        user_id: session.user,
        session_id: session.session,
        expires_in: session.expires_in,
    };
    (status, [(header::SET_COOKIE, cookie)], Json(body)).into_response()
}
