//! Who is asking: sign-in, tokens, sessions.
//!
//! Every personal handler takes a [`Caller`], those that take in health data a [`Sender`]; the person always
//! comes from the token or the key, never from the path or the body. Nothing here may log an address, a password or a token.

pub mod account;
pub mod apikey;
pub mod behalf;
pub mod cookie;
pub mod device;
pub mod grants;
pub mod hasher;
pub mod invitation;
pub mod keys;
pub mod mfa;
pub mod network;
pub mod pairing;
pub mod password;
pub mod recent;
pub mod refused;
pub mod ring;
pub mod role;
pub mod rotation;
pub mod standing;
pub mod term;
pub mod throttle;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use model::ids::{DeviceId, SessionId, UserId};
use store::api_keys::KeyHolder;
use store::devices::{Holder, Scope as DeviceScope};
use store::people::Access;
use tracing::Span;

use crate::access::scope::Scope;
use crate::app::App;
use crate::audit::entry::{Author, By, Note};
use crate::auth::apikey::GivenKey;
use crate::auth::behalf::Behalf;
use crate::auth::keys::{Claims, Refused};
use crate::auth::network::Network;
use crate::auth::role::Role;
use crate::auth::standing::Known;
use crate::problem::{Code, Problem};

/// The signed-in person of a request; where somebody reads by a grant, whose data it is.
#[derive(Debug, Clone, Copy)]
pub struct Caller {
    /// Who.
    pub user: UserId,
    /// In which session; a program with a key has none.
    pub session: Option<SessionId>,
    /// What they may do besides reading and writing their own data.
    pub role: Role,
    /// When the access token ends; streams end with it.
    pub expires_us: i64,
    /// Who they are in the audit log.
    pub author: Author,
}

/// Who sends health data: a signed-in person, or a device with a key of theirs.
#[derive(Debug, Clone, Copy)]
pub struct Sender {
    /// Whose data it is.
    pub user: UserId,
    /// The device, where one sends.
    pub device: Option<DeviceId>,
    /// Who sends, in the audit log.
    pub author: Author,
}

/// What came with a request to say who asks, and was found right.
#[derive(Debug, Clone)]
pub enum Credential {
    /// An access token; whether its session stands is looked up where it matters.
    Token(Claims),
    /// The key of a device.
    Device(Holder),
    /// The key of a program.
    Key(KeyHolder),
}

impl Credential {
    /// Who asks.
    pub const fn user(&self) -> UserId {
        match self {
            Self::Token(claims) => claims.sub,
            Self::Device(holder) => holder.user,
            Self::Key(holder) => holder.user,
        }
    }

    /// Who that is in the audit log.
    pub const fn author(&self, network: Network) -> Author {
        let by = match self {
            Self::Token(claims) => By::Own(Some(claims.sid)),
            Self::Device(holder) => By::Device(holder.device),
            Self::Key(holder) => By::Key(holder.key),
        };
        Author { by, network }
    }
}

/// In the extensions of a request by the key of a program whose scopes cover what it asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WithinScopes;

/// Where a request comes from, as the limits found out.
fn network(parts: &Parts) -> Network {
    parts.extensions.get().copied().unwrap_or(Network::UNKNOWN)
}

/// The credential that came with a request, checked once; kept in the request's extensions.
#[derive(Debug, Clone)]
pub struct Presented(pub Result<Credential, Problem>);

impl Presented {
    /// Reads the headers that may hold a credential, and checks the one that came.
    pub async fn read(app: &App, headers: &HeaderMap) -> Self {
        let read = async {
            match device::given(headers)? {
                Some(GivenKey::Device(key)) => {
                    Ok(Credential::Device(device::check(app, &key).await?))
                }
                Some(GivenKey::Program(key)) => {
                    Ok(Credential::Key(apikey::check(app, &key).await?))
                }
                None => claims(app, headers).map(Credential::Token),
            }
        };
        Self(read.await)
    }

    async fn of(parts: &Parts, app: &App) -> Result<Credential, Problem> {
        let presented = match parts.extensions.get::<Self>() {
            Some(presented) => presented.clone(),
            None => Self::read(app, &parts.headers).await,
        };
        presented.0.inspect_err(|problem| {
            metrics::counter!("clarity_auth_failures_total", "reason" => problem.code.name())
                .increment(1);
        })
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
        match Presented::of(parts, app).await? {
            Credential::Token(claims) => {
                let own = Self::of(app, &claims, network(parts)).await?;
                let behalf = parts.extensions.get::<Behalf>();
                Ok(behalf.map_or(own, |behalf| behalf.stands_for(own)))
            }
            Credential::Key(holder) => Self::by_key(&holder, parts),
            Credential::Device(_) => Err(Problem::new(
                Code::Forbidden,
                "the key of a device only sends health data; sign in to do this",
            )),
        }
    }
}

impl Caller {
    /// That they do something with what is theirs.
    pub fn does(&self, what: &str) -> Note {
        self.author.does(what, self.user)
    }

    /// A program, where what it asks for was found to be within the scopes of its key.
    fn by_key(holder: &KeyHolder, parts: &Parts) -> Result<Self, Problem> {
        if parts.extensions.get::<WithinScopes>().is_none() {
            return Err(Problem::new(
                Code::Forbidden,
                "the key of a program does not do this; sign in",
            ));
        }
        Span::current().record("user_hash", crate::telemetry::user_hash(holder.user));
        Ok(Self {
            user: holder.user,
            session: None,
            role: Role::Patient,
            expires_us: holder.expires_us,
            author: Author {
                by: By::Key(holder.key),
                network: network(parts),
            },
        })
    }

    async fn of(app: &App, claims: &Claims, network: Network) -> Result<Self, Problem> {
        let role = standing_role(app, claims.sub, claims.sid).await?;
        Span::current().record("user_hash", crate::telemetry::user_hash(claims.sub));
        Ok(Self {
            user: claims.sub,
            session: Some(claims.sid),
            role,
            expires_us: claims.exp.saturating_mul(1_000_000),
            author: Author {
                by: By::Own(Some(claims.sid)),
                network,
            },
        })
    }
}

impl FromRequestParts<Arc<App>> for Sender {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        match Presented::of(parts, app).await? {
            Credential::Token(claims) => {
                let caller = Caller::of(app, &claims, network(parts)).await?;
                Ok(Self {
                    user: caller.user,
                    device: None,
                    author: caller.author,
                })
            }
            Credential::Device(holder) => Self::of(app, holder, network(parts)).await,
            Credential::Key(holder) => {
                apikey::opens(app, &holder, &[Scope::Send]).await?;
                Span::current().record("user_hash", crate::telemetry::user_hash(holder.user));
                Ok(Self {
                    user: holder.user,
                    device: None,
                    author: Author {
                        by: By::Key(holder.key),
                        network: network(parts),
                    },
                })
            }
        }
    }
}

impl Sender {
    /// The sender whose credential came in a header; `None` where none came.
    pub async fn in_headers(parts: &mut Parts, app: &Arc<App>) -> Result<Option<Self>, Problem> {
        let presented = parts.extensions.get::<Presented>();
        let is_missing = |shown: &Presented| {
            let refused = shown.0.as_ref().err();
            refused.is_some_and(|problem| problem.code == Code::TokenMissing)
        };
        if presented.is_some_and(is_missing) {
            return Ok(None);
        }
        Self::from_request_parts(parts, app).await.map(Some)
    }

    /// The device whose key was shown to be right, from now on known as used.
    pub async fn of(app: &App, holder: Holder, network: Network) -> Result<Self, Problem> {
        let Holder {
            user,
            device,
            scope: DeviceScope::Write,
            ..
        } = holder;
        device::note_use(app, holder).await?;
        Span::current().record("user_hash", crate::telemetry::user_hash(user));
        Ok(Self {
            user,
            device: Some(device),
            author: Author {
                by: By::Device(device),
                network,
            },
        })
    }
}

/// How often a long answer looks whether its session still stands, for what other processes end.
const LOOK: Duration = Duration::from_secs(4);

/// Returns when the caller's session was ended: by a sign-out, a new password, or because the account was
/// disabled or erased. What is streamed for long ends with it.
pub async fn ended(app: &App, caller: Caller) {
    let mut changes = app.standings.changes();
    loop {
        // What this process ended itself was forgotten, everything else is a few seconds old at most.
        let Some(session) = caller.session else {
            return;
        };
        if let Err(problem) = standing_role(app, caller.user, session).await
            && problem.code == Code::TokenInvalid
        {
            return;
        }
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(LOOK) => app.standings.is_old(session),
        }
    }
}

/// The role of a person whose session stands; a problem when it does not.
async fn standing_role(app: &App, user: UserId, session: SessionId) -> Result<Role, Problem> {
    Ok(standing(app, user, session).await?.role)
}

/// How a session stands; a problem when it does not.
pub(crate) async fn standing(
    app: &App,
    user: UserId,
    session: SessionId,
) -> Result<Known, Problem> {
    let now_us = app.clock.now_us();
    if let Some(known) = app.standings.get(user, session, now_us) {
        return Ok(known);
    }
    let ended = || Problem::new(Code::TokenInvalid, "the session has ended; sign in again");
    let mut tx = app.store.read().await?;
    let recent_us = store::sessions::recent_us(&mut tx, &app.vault, user, session).await?;
    let recent_us = recent_us.ok_or_else(ended)?;
    let person = store::people::by_id(&mut tx, &app.vault, user).await?;
    let person = person
        .filter(|person| person.access == Access::Enabled)
        .ok_or_else(ended)?;
    let known = Known {
        user,
        role: Role::named(&person.role),
        recent_us,
        at_us: now_us,
    };
    app.standings.put(session, known);
    Ok(known)
}
