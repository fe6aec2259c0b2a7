//! `/auth/mfa` and `/auth/confirm`: codes at sign-in, recovery codes, and showing again that it is oneself.
//!
//! Secrets and recovery codes are in the response that makes them and nowhere else.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use store::people::Factor;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zeroize::Zeroizing;

use crate::app::App;
use crate::auth::account::{self, Tokens};
use crate::auth::mfa::{self, Challenge};
use crate::auth::role::Role;
use crate::auth::{Caller, recent, standing};
use crate::http::address::Client;
use crate::http::body::JsonBody;
use crate::http::browser::{self, SignedIn};
use crate::instant::rfc3339;
use crate::problem::Problem;

const NO_STORE: (header::HeaderName, &str) = (header::CACHE_CONTROL, "no-store");

/// The routes.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(state))
        .routes(routes!(begin, turn_off))
        .routes(routes!(turn_on))
        .routes(routes!(recovery_codes))
        .routes(routes!(login))
        .routes(routes!(browser_login))
        .routes(routes!(confirm))
}

/// Whether sign-ins want a code.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CodesAtSignIn {
    /// They do.
    On,
    /// The password is enough.
    Off,
}

/// How the caller signs in.
#[derive(Debug, Serialize, ToSchema)]
struct SecondFactor {
    /// Whether sign-ins want a code.
    totp: CodesAtSignIn,
    /// Recovery codes that were not used yet.
    recovery_codes_left: i64,
    /// Whether sensitive operations go on without asking this session to confirm.
    is_recent: bool,
    /// Until when that was so or will be.
    #[schema(format = DateTime)]
    recent_until: String,
}

/// A secret for an authenticator app; shown once.
#[derive(Serialize, ToSchema)]
struct TotpSecret {
    /// The secret in base 32, for whoever types it.
    #[schema(example = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")]
    secret: String,
    /// The same for an app, in a QR code.
    #[schema(
        example = "otpauth://totp/Clarity:ada%40example.org?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Clarity"
    )]
    uri: String,
}

/// A code of the authenticator app, or a recovery code.
#[derive(Deserialize, ToSchema)]
struct TypedCode {
    /// Six digits, or a recovery code. Spaces, hyphens and small letters do not matter.
    #[schema(example = "123456")]
    code: String,
}

/// Codes for when the phone is gone; shown once.
#[derive(Serialize, ToSchema)]
struct RecoveryCodes {
    /// Ten codes, each for one sign-in.
    recovery_codes: Vec<String>,
}

impl RecoveryCodes {
    fn of(codes: &[Zeroizing<String>]) -> Self {
        let readable = codes.iter().map(|code| mfa::readable(code));
        Self {
            recovery_codes: readable.collect(),
        }
    }
}

/// The second half of a sign-in.
#[derive(Deserialize, ToSchema)]
struct ChallengeAnswer {
    /// From the response to the password.
    challenge: String,
    /// Six digits, or a recovery code.
    #[schema(example = "123456")]
    code: String,
}

/// Shows again that it is the person.
#[derive(Deserialize, ToSchema)]
struct Confirmation {
    /// The password.
    #[schema(format = Password)]
    current_password: String,
    /// A code, where the account wants one at sign-in.
    code: Option<String>,
}

/// A sign-in that is recent again.
#[derive(Debug, Serialize, ToSchema)]
struct RecentSignIn {
    /// Until when sensitive operations do not ask.
    #[schema(format = DateTime)]
    recent_until: String,
}

/// How the caller signs in, and how recently they did.
#[utoipa::path(
    get, operation_id = "get_second_factor", path = "/auth/mfa", tag = "accounts",
    security(("bearer" = [])),
    responses((status = 200, description = "How the caller signs in.", body = SecondFactor)),
)]
async fn state(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<SecondFactor>, Problem> {
    let mut tx = app.store.read().await?;
    let person = store::people::by_id(&mut tx, &app.vault, caller.user).await?;
    let person = person.ok_or_else(Problem::not_found)?;
    let left = store::mfa::codes_left(&mut tx, caller.user).await?;
    tx.rollback().await?;
    let session = caller.session.ok_or_else(Problem::not_found)?;
    let known = standing(&app, caller.user, session).await?;
    let until_us = recent::until_us(&app, known.recent_us);
    Ok(Json(SecondFactor {
        totp: match person.factor {
            Factor::Totp => CodesAtSignIn::On,
            Factor::None => CodesAtSignIn::Off,
        },
        recovery_codes_left: left,
        is_recent: app.clock.now_us() < until_us,
        recent_until: rfc3339(until_us),
    }))
}

/// Makes a secret for an authenticator app. Nothing asks for its codes before one was shown at `/auth/mfa/totp/verify`.
#[utoipa::path(
    post, operation_id = "begin_totp", path = "/auth/mfa/totp", tag = "accounts",
    security(("bearer" = [])),
    responses(
        (status = 201, description = "The secret; it is not shown again.", body = TotpSecret),
        (status = 409, description = "Codes at sign-in are on already.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn begin(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    let made = mfa::begin(&app, caller).await?;
    let body = TotpSecret {
        secret: made.secret.to_string(),
        uri: made.uri.to_string(),
    };
    Ok((StatusCode::CREATED, [NO_STORE], Json(body)).into_response())
}

/// Turns codes at sign-in on, once the app has shown the right one. Returns ten recovery codes.
#[utoipa::path(
    post, operation_id = "verify_totp", path = "/auth/mfa/totp/verify", tag = "accounts",
    security(("bearer" = [])),
    request_body = TypedCode,
    responses(
        (status = 200, description = "From now on sign-ins want a code. The recovery codes are not shown again.",
            body = RecoveryCodes),
        (status = 401, description = "The code is not right.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "No secret waits for its first code.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn turn_on(
    State(app): State<Arc<App>>,
    caller: Caller,
    client: Client,
    JsonBody { value, .. }: JsonBody<TypedCode>,
) -> Result<Response, Problem> {
    let codes = mfa::turn_on(&app, caller, &value.code, client.network).await?;
    Ok(([NO_STORE], Json(RecoveryCodes::of(&codes))).into_response())
}

/// Turns codes at sign-in off, with a code.
#[utoipa::path(
    delete, operation_id = "remove_totp", path = "/auth/mfa/totp", tag = "accounts",
    security(("bearer" = [])),
    request_body = TypedCode,
    responses(
        (status = 204, description = "The password is enough again; secret and recovery codes are removed."),
        (status = 401, description = "The code is not right.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Codes at sign-in are off.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn turn_off(
    State(app): State<Arc<App>>,
    caller: Caller,
    client: Client,
    JsonBody { value, .. }: JsonBody<TypedCode>,
) -> Result<StatusCode, Problem> {
    mfa::turn_off(&app, caller, &value.code, client.network).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes ten new recovery codes; the old ones open nothing any more.
#[utoipa::path(
    post, operation_id = "make_recovery_codes", path = "/auth/mfa/recovery-codes", tag = "accounts",
    security(("bearer" = [])),
    responses(
        (status = 201, description = "The codes; they are not shown again.", body = RecoveryCodes),
        (status = 409, description = "Codes at sign-in are off.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn recovery_codes(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    let codes = mfa::renew_codes(&app, caller).await?;
    let body = Json(RecoveryCodes::of(&codes));
    Ok((StatusCode::CREATED, [NO_STORE], body).into_response())
}

/// Completes a sign-in for which `/auth/login` asked for a code.
#[utoipa::path(
    post, operation_id = "login_with_code", path = "/auth/mfa/login", tag = "accounts",
    request_body = ChallengeAnswer,
    responses(
        (status = 200, description = "Signed in.", body = Tokens),
        (status = 401, description = "The code is not right, or the sign-in took too long.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn login(
    State(app): State<Arc<App>>,
    client: Client,
    JsonBody { value, .. }: JsonBody<ChallengeAnswer>,
) -> Result<Json<Tokens>, Problem> {
    let redeemed = mfa::redeem(&app, &value.challenge, &value.code, client.network).await;
    let (person, mut spent) = redeemed?;
    let key = app.vault.person_key(&mut spent.tx, person.id).await?;
    let role = (person.id, Role::named(&person.role));
    let arrival = client.arrives("login_with_code");
    let tokens = account::start_session(&app, &mut spent.tx, &key, role, arrival).await?;
    spent.commit(&app).await?;
    Ok(Json(tokens))
}

/// Completes the sign-in of a browser for which `/auth/browser` asked for a code.
#[utoipa::path(
    post, operation_id = "open_browser_session_with_code", path = "/auth/browser/mfa", tag = "accounts",
    request_body = ChallengeAnswer,
    responses(
        (status = 200, description = "Signed in.", body = SignedIn),
        (status = 401, description = "The code is not right, or the sign-in took too long.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn browser_login(
    State(app): State<Arc<App>>,
    client: Client,
    headers: HeaderMap,
    uri: Uri,
    JsonBody { value, .. }: JsonBody<ChallengeAnswer>,
) -> Result<Response, Problem> {
    browser::only_our_pages(&headers, &uri)?;
    let redeemed = mfa::redeem(&app, &value.challenge, &value.code, client.network).await;
    let (person, mut spent) = redeemed?;
    let key = app.vault.person_key(&mut spent.tx, person.id).await?;
    let role = (person.id, Role::named(&person.role));
    let arrival = client.arrives("open_browser_session_with_code");
    let session = account::start_browser_session(&app, &mut spent.tx, &key, role, arrival).await?;
    spent.commit(&app).await?;
    Ok(browser::signed_in(&app, &headers, StatusCode::OK, &session))
}

/// Shows again that it is the person: what is sensitive wants that within the last minutes, and says so with the code
/// `recent_login_required`.
#[utoipa::path(
    post, operation_id = "confirm_sign_in", path = "/auth/confirm", tag = "accounts",
    security(("bearer" = [])),
    request_body = Confirmation,
    responses(
        (status = 200, description = "The session counts as recent.", body = RecentSignIn),
        (status = 401, description = "The password or the code is not right.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn confirm(
    State(app): State<Arc<App>>,
    caller: Caller,
    client: Client,
    JsonBody { value, .. }: JsonBody<Confirmation>,
) -> Result<Json<RecentSignIn>, Problem> {
    let shown = (value.current_password.as_str(), value.code.as_deref());
    let until_us = recent::confirm(&app, caller, shown, client.network).await?;
    Ok(Json(RecentSignIn {
        recent_until: rfc3339(until_us),
    }))
}

/// The response to a right password where a code is wanted besides.
pub(super) fn wants_code(app: &App, user: model::ids::UserId) -> Result<Response, Problem> {
    let challenge: Challenge = mfa::challenge(app, user)?;
    Ok((StatusCode::ACCEPTED, [NO_STORE], Json(challenge)).into_response())
}
