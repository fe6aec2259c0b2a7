//! Opening accounts, signing in, staying signed in, signing out.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::ids::{SessionId, UserId};
use serde::Serialize;
use store::people::{Access, NewPerson, Person};
use store::sessions::{NewSession, Rotation};
use store::{PersonKey, Tx};
use utoipa::ToSchema;

use crate::app::App;
use crate::audit::entry::{Author, By};
use crate::audit::writer;
use crate::auth::Caller;
use crate::auth::cookie;
use crate::auth::keys::Claims;
use crate::auth::network::Network;
use crate::auth::password::{self, Verdict};
use crate::auth::role::Role;
use crate::problem::{Code, FieldError, Problem};

/// RFC 5321 allows no longer address.
const EMAIL_MAX: usize = 254;
/// A refresh token is 256 random bits.
const REFRESH_BYTES: usize = 32;
/// Characters of a device's name.
const LABEL_MAX: usize = 200;

/// What a client gets when it signs in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Tokens {
    /// Send it as `Authorization: Bearer …`.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// Seconds until the access token ends.
    pub expires_in: i64,
    /// Exchange it at `/auth/refresh`; each works once.
    pub refresh_token: String,
    /// Seconds until an unused refresh token is worthless.
    pub refresh_expires_in: i64,
    /// Always false: where a code is still wanted, the response is 202 and has no tokens.
    pub mfa_required: bool,
    /// The session that these tokens belong to.
    #[schema(value_type = String, format = Uuid)]
    pub session_id: SessionId,
    /// The person.
    #[schema(value_type = String, format = Uuid)]
    pub user_id: UserId,
}

/// A well-formed address; how it is written is kept, who it names ignores case.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(String);

impl std::fmt::Debug for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Email(***)")
    }
}

impl Email {
    /// Takes what could receive mail: one `@` with something on both sides, no spaces.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let text = text.trim();
        let invalid = || FieldError::new("/email", "invalid_email", "is not an e-mail address");
        let (local, domain) = text.rsplit_once('@').ok_or_else(invalid)?;
        let plain = |c: char| !c.is_whitespace() && !c.is_control();
        let well_formed = text.len() <= EMAIL_MAX
            && !local.is_empty()
            && !local.contains('@')
            && !domain.is_empty()
            && !domain.starts_with('.')
            && !domain.ends_with('.')
            && text.chars().all(plain);
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(invalid())
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What others know about the account: the address and its parts.
    pub fn names(&self) -> Vec<&str> {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or((&self.0, ""));
        vec![&self.0, local, domain]
    }
}

/// Creates a person and their key. The password's hash was made before, outside the transaction.
pub async fn create(
    app: &App,
    tx: &mut Tx,
    email: &Email,
    password_hash: &str,
    role: Role,
) -> Result<UserId, Problem> {
    let now_us = app.clock.now_us();
    let id = app.ids.user(now_us);
    let person = NewPerson {
        id,
        email: email.as_str(),
        password_hash,
        role: role.name(),
        now_us,
    };
    store::people::create(tx, &app.vault, &person).await?;
    Ok(id)
}

/// Checks address and password. Unknown accounts take as long as known ones, and repeated failures
/// wait.
pub async fn authenticate(
    app: &App,
    email: &str,
    password: &str,
    network: Network,
) -> Result<Person, Problem> {
    let account = app.vault.email_key(email);
    let now_us = app.clock.now_us();
    // Counted before the password is looked at: tries at the same time do not pass each other by.
    if let Err(wait_s) = app.throttle.begin(account, network, now_us) {
        count_failure("throttled");
        return Err(Problem::new(
            Code::TooManyAttempts,
            format!("too many failed attempts; wait {wait_s} seconds"),
        )
        .retry_after(wait_s));
    }
    let mut tx = app.store.read().await?;
    let person = store::people::by_email(&mut tx, &app.vault, email).await?;
    // Hashing takes long; no transaction stays open meanwhile.
    tx.rollback().await?;
    let hash = person.as_ref().map(|person| person.password_hash.clone());
    let verdict = password::verify(app, password, hash).await?;
    let right =
        person.filter(|person| verdict == Verdict::Right && person.access == Access::Enabled);
    let Some(person) = right else {
        count_failure("credentials");
        return Err(Problem::new(
            Code::CredentialsInvalid,
            "the address or the password is not right",
        ));
    };
    app.throttle.succeeded(account, network, now_us);
    Ok(person)
}

/// How a session begins.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// The name in the audit log of what begins it.
    pub by: &'a str,
    /// What the device calls itself.
    pub label: &'a str,
    /// Where it is.
    pub network: Network,
}

/// Starts a session for a person.
pub async fn start_session(
    app: &App,
    tx: &mut Tx,
    key: &PersonKey,
    (user, role): (UserId, Role),
    arrival: Arrival<'_>,
) -> Result<Tokens, Problem> {
    let now_us = app.clock.now_us();
    let session = app.ids.session(now_us);
    let refresh = new_refresh_token(app);
    let label: String = arrival
        .label
        .chars()
        .filter(|c| !c.is_control())
        .take(LABEL_MAX)
        .collect();
    let new = NewSession {
        session,
        refresh_hash: hash(&refresh),
        now_us,
        expires_us: refresh_end_us(app, now_us),
        label: &label,
    };
    store::sessions::create(tx, &app.vault, key, user, &new).await?;
    let author = Author {
        by: By::Own(Some(session)),
        network: arrival.network,
    };
    writer::within(app, tx, &author.does(arrival.by, user)).await?;
    tokens(app, (user, role), session, refresh)
}

/// A session whose token a browser keeps in a cookie.
#[derive(Debug, Clone)]
pub struct BrowserSession {
    /// The person.
    pub user: UserId,
    /// The session.
    pub session: SessionId,
    /// What the cookie contains.
    pub token: String,
    /// Seconds until it is worthless.
    pub expires_in: i64,
}

/// Starts a session of a browser. It has no refresh token that anybody could use: the one that every session
/// has is thrown away.
pub async fn start_browser_session(
    app: &App,
    tx: &mut Tx,
    key: &PersonKey,
    (user, role): (UserId, Role),
    arrival: Arrival<'_>,
) -> Result<BrowserSession, Problem> {
    let Tokens { session_id, .. } = start_session(app, tx, key, (user, role), arrival).await?;
    let iat = app.clock.now_us().div_euclid(1_000_000);
    let expires_in = app.config.tokens.refresh_s;
    let claims = Claims {
        iss: cookie::issuer(app),
        sub: user,
        sid: session_id,
        role: role.name().to_owned(),
        iat,
        exp: iat + expires_in,
    };
    Ok(BrowserSession {
        user,
        session: session_id,
        token: app.keys.issue(&claims).map_err(Problem::internal)?,
        expires_in,
    })
}

/// Exchanges a refresh token. Using one twice ends its session: somebody has a copy.
pub async fn refresh(app: &App, token: &str, network: Network) -> Result<Tokens, Problem> {
    let now_us = app.clock.now_us();
    let next = new_refresh_token(app);
    let mut tx = app.store.begin("refresh a session").await?;
    let ends_us = refresh_end_us(app, now_us);
    let rotation = store::sessions::rotate(
        &mut tx,
        &app.vault,
        hash(token),
        hash(&next),
        now_us,
        ends_us,
    )
    .await?;
    let refused = |detail: &str| Err(Problem::new(Code::RefreshInvalid, detail));
    match rotation {
        Rotation::Rotated { user, session } => {
            let person = store::people::by_id(&mut tx, &app.vault, user).await?;
            let Some(person) = person else {
                return refused("sign in again");
            };
            tx.commit().await?;
            let account = app.vault.email_key(&person.email);
            app.throttle.at_home(account, network, now_us);
            app.codes.at_home(account, network, now_us);
            tokens(app, (user, Role::named(&person.role)), session, next)
        }
        Rotation::Reused { user, session } => {
            let author = Author::arriving(network);
            writer::within(app, &mut tx, &author.does("detect_reuse", user)).await?;
            tx.commit().await?;
            app.standings.forget(session);
            count_failure("refresh_reused");
            tracing::warn!(%session, "a refresh token was used twice; its session was ended");
            refused("the refresh token was used before, so its session was ended; sign in again")
        }
        Rotation::Unknown | Rotation::Expired => {
            count_failure("refresh");
            refused("the refresh token is unknown, revoked or too old; sign in again")
        }
    }
}

/// Ends the session that a caller is in.
pub async fn sign_out(app: &App, caller: Caller) -> Result<(), Problem> {
    if let Some(session) = caller.session {
        end_session(app, caller, session).await?;
    }
    Ok(())
}

/// Ends a session. Returns whether it was live.
pub async fn end_session(app: &App, caller: Caller, session: SessionId) -> Result<bool, Problem> {
    let mut tx = app.store.begin("end a session").await?;
    let ended = store::sessions::revoke(&mut tx, caller.user, session).await?;
    if ended {
        writer::within(app, &mut tx, &caller.does("end_session")).await?;
    }
    tx.commit().await?;
    if ended {
        app.standings.forget(session);
    }
    Ok(ended)
}

fn tokens(
    app: &App,
    (user, role): (UserId, Role),
    session: SessionId,
    refresh_token: String,
) -> Result<Tokens, Problem> {
    let iat = app.clock.now_us().div_euclid(1_000_000);
    let claims = Claims {
        iss: app.config.tokens.issuer.clone(),
        sub: user,
        sid: session,
        role: role.name().to_owned(),
        iat,
        exp: iat + app.config.tokens.access_s,
    };
    Ok(Tokens {
        access_token: app.keys.issue(&claims).map_err(Problem::internal)?,
        token_type: "Bearer".to_owned(),
        expires_in: app.config.tokens.access_s,
        refresh_token,
        refresh_expires_in: app.config.tokens.refresh_s,
        mfa_required: false,
        session_id: session,
        user_id: user,
    })
}

fn new_refresh_token(app: &App) -> String {
    URL_SAFE_NO_PAD.encode(app.ids.bytes::<REFRESH_BYTES>())
}

fn refresh_end_us(app: &App, now_us: i64) -> i64 {
    now_us.saturating_add(app.config.tokens.refresh_s.saturating_mul(1_000_000))
}

/// A token of 256 random bits needs no slow hash.
fn hash(token: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    hash
}

fn count_failure(reason: &'static str) {
    metrics::counter!("clarity_auth_failures_total", "reason" => reason).increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked() {
        let check = |text: &str, expect: bool| {
            assert_eq!(Email::parse(text).is_ok(), expect, "{text}");
        };
        check(" Ada@example.org ", true);
        check("ada@localhost", true);
        check("ada", false);
        check("@example.org", false);
        check("ada@", false);
        check("a b@example.org", false);
        check("a@b@example.org", false);
        check("ada@.org", false);
        check(&format!("{}@example.org", "a".repeat(300)), false);
        assert_eq!(
            format!("{:?}", Email::parse("ada@example.org")),
            "Ok(Email(***))"
        );
    }
}
