//! Whether somebody showed a moment ago that it is them: what is sensitive wants that of a session.
//!
//! A session that somebody else got hold of, an unlocked phone or a stolen token, exports nothing, erases nothing and makes
//! no key. Keys of programs and devices are no sessions: what is sensitive is beyond every scope that they can have.

use crate::access::{Recency, Rule};
use crate::app::App;
use crate::audit::writer;
use crate::auth::network::Network;
use crate::auth::{Caller, Credential, Presented, account, mfa, standing};
use crate::problem::{Code, FieldError, Problem};
use model::ids::SessionId;
use store::Tx;
use store::people::{Factor, Person};

/// Refuses what wants a recent sign-in where there was none. Whoever is not signed in at all is refused elsewhere.
pub async fn check(app: &App, rule: &Rule, presented: Option<&Presented>) -> Result<(), Problem> {
    if rule.recency == Recency::Any {
        return Ok(());
    }
    let Some(Ok(Credential::Token(claims))) = presented.map(|presented| presented.0.as_ref())
    else {
        return Ok(());
    };
    match standing(app, claims.sub, claims.sid).await {
        Ok(known) => within(app, known.recent_us),
        Err(_) => Ok(()),
    }
}

/// Refuses a caller who did not sign in a moment ago.
pub async fn require(app: &App, caller: &Caller) -> Result<(), Problem> {
    let Some(session) = caller.session else {
        return Err(stale(app));
    };
    let known = standing(app, caller.user, session).await?;
    within(app, known.recent_us)
}

/// Until when a session that showed it at a time need not show it again.
pub fn until_us(app: &App, recent_us: i64) -> i64 {
    recent_us.saturating_add(app.config.tokens.recent_s.saturating_mul(1_000_000))
}

fn within(app: &App, recent_us: i64) -> Result<(), Problem> {
    if app.clock.now_us() < until_us(app, recent_us) {
        return Ok(());
    }
    Err(stale(app))
}

fn stale(app: &App) -> Problem {
    let detail = format!(
        "this wants a sign-in within {} seconds; confirm it with POST /auth/confirm and ask again",
        app.config.tokens.recent_s
    );
    Problem::new(Code::RecentLoginRequired, detail)
}

/// Shows again that it is them: with the password, and with a code where the account wants one. Returns until when that
/// counts.
pub async fn confirm(
    app: &App,
    caller: Caller,
    (password, code): (&str, Option<&str>),
    network: Network,
) -> Result<i64, Problem> {
    let session = caller.session.ok_or_else(Problem::not_found)?;
    let person = password_of(app, caller, password, network).await?;
    let now_us = app.clock.now_us();
    if person.factor == Factor::Totp {
        let missing = || {
            let message = "is needed: this account wants a code at sign-in";
            Problem::invalid(vec![FieldError::new("/code", "missing", message)])
        };
        let code = code.ok_or_else(missing)?;
        let mut spent = mfa::spend(app, &person, code, network).await?;
        note(app, &mut spent.tx, caller, session, now_us).await?;
        spent.commit(app).await?;
    } else {
        let mut tx = app.store.begin("confirm a sign-in").await?;
        note(app, &mut tx, caller, session, now_us).await?;
        tx.commit().await?;
    }
    app.standings.is_old(session);
    Ok(until_us(app, now_us))
}

async fn note(
    app: &App,
    tx: &mut Tx,
    caller: Caller,
    session: SessionId,
    now_us: i64,
) -> Result<(), Problem> {
    store::sessions::confirm(tx, &app.vault, caller.user, session, now_us).await?;
    writer::within(app, tx, &caller.does("confirm_sign_in")).await?;
    Ok(())
}

/// Checks the password of the caller, before any transaction begins.
pub async fn password_of(
    app: &App,
    caller: Caller,
    password: &str,
    network: Network,
) -> Result<Person, Problem> {
    let mut tx = app.store.read().await?;
    let person = store::people::by_id(&mut tx, &app.vault, caller.user).await?;
    tx.rollback().await?;
    let person = person.ok_or_else(Problem::not_found)?;
    let found = account::authenticate(app, &person.email, password, network).await;
    found.map_err(|problem| {
        if problem.code != Code::CredentialsInvalid {
            return problem;
        }
        let message = "the current password is not right";
        let error = FieldError::new("/current_password", "wrong", "is not right");
        Problem::new(Code::CredentialsInvalid, message).with_errors(vec![error])
    })
}
