//! Who is asking: sign-in, tokens, sessions.
//!
//! Every personal handler takes a [`Caller`]; the person always comes from the token, never from
//! the path or the body. Nothing here may log an address, a password or a token.

pub mod account;
pub mod cookie;
pub mod hasher;
pub mod keys;
pub mod network;
pub mod password;
pub mod role;
pub mod standing;
pub mod throttle;

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use model::ids::{SessionId, UserId};
use store::people::Access;
use tracing::Span;

use crate::app::App;
use crate::auth::keys::{Claims, Refused};
use crate::auth::role::Role;
use crate::auth::standing::Known;
use crate::problem::{Code, Problem};

/// The signed-in person of a request.
#[derive(Debug, Clone, Copy)]
pub struct Caller {
    /// Who.
    pub user: UserId,
    /// On which device.
    pub session: SessionId,
    /// What they may do besides reading and writing their own data.
    pub role: Role,
    /// When the access token ends; streams end with it.
    pub expires_us: i64,
}

/// The access token that came with a request, checked once; kept in the request's extensions.
#[derive(Debug, Clone)]
pub struct Presented(pub Result<Claims, Problem>);

impl Presented {
    /// Reads the `Authorization` header, or else the cookie of a browser, and checks signature and times.
    pub fn read(app: &App, headers: &HeaderMap) -> Self {
        Self(claims(app, headers))
    }
}

fn claims(app: &App, headers: &HeaderMap) -> Result<Claims, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        let missing = || {
            Err(Problem::new(
                Code::TokenMissing,
                "send an access token as Authorization: Bearer",
            ))
        };
        return cookie::claims(app, headers).unwrap_or_else(missing);
    };
    let token = value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim());
    let invalid = || Problem::new(Code::TokenInvalid, "the access token is not valid here");
    let token = token.ok_or_else(invalid)?;
    let now_us = app.clock.now_us();
    app.keys
        .verify(token, &app.config.tokens.issuer, now_us)
        .map_err(|refused| match refused {
            Refused::Invalid => invalid(),
            Refused::Expired => Problem::new(Code::TokenExpired, "the access token has expired"),
        })
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let presented = match parts.extensions.get::<Presented>() {
            Some(presented) => presented.clone(),
            None => Presented::read(app, &parts.headers),
        };
        let claims = presented.0.inspect_err(|problem| {
            metrics::counter!("clarity_auth_failures_total", "reason" => problem.code.name())
                .increment(1);
        })?;
        let role = standing_role(app, claims.sub, claims.sid).await?;
        Span::current().record("user_hash", crate::telemetry::user_hash(claims.sub));
        Ok(Self {
            user: claims.sub,
            session: claims.sid,
            role,
            expires_us: claims.exp.saturating_mul(1_000_000),
        })
    }
}

/// The role of a person whose session stands; a problem when it does not.
async fn standing_role(app: &App, user: UserId, session: SessionId) -> Result<Role, Problem> {
    let now_us = app.clock.now_us();
    if let Some(role) = app.standings.get(user, session, now_us) {
        return Ok(role);
    }
    let ended = || Problem::new(Code::TokenInvalid, "the session has ended; sign in again");
    let mut tx = app.store.read().await?;
    if !store::sessions::is_live(&mut tx, user, session).await? {
        return Err(ended());
    }
    let person = store::people::by_id(&mut tx, &app.vault, user).await?;
    let person = person
        .filter(|person| person.access == Access::Enabled)
        .ok_or_else(ended)?;
    let role = Role::named(&person.role);
    app.standings.put(
        session,
        Known {
            user,
            role,
            at_us: now_us,
        },
    );
    Ok(role)
}
