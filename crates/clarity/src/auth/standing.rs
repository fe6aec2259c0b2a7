//! Whether a session still stands: not ended, and its person not disabled.
//!
//! Looked up in the store and remembered for a few seconds, so that ending a session or changing a
//! role takes effect within five seconds on every node, and at once on the node that did it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use model::ids::{SessionId, UserId};
use store::people::Access;

use crate::app::App;
use crate::auth::Role;
use crate::problem::{Code, Problem};

/// How long an answer is remembered.
const MEMORY_US: i64 = 5 * 1_000_000;
/// Sessions remembered at once.
const SESSIONS_MAX: usize = 50_000;

#[derive(Debug, Clone, Copy)]
struct Known {
    user: UserId,
    role: Role,
    at_us: i64,
}

/// The sessions that stood a moment ago.
#[derive(Debug, Default)]
pub struct Standings {
    known: Mutex<HashMap<SessionId, Known>>,
}

impl Standings {
    /// Forgets a session that was just ended.
    pub fn forget(&self, session: SessionId) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.remove(&session);
    }

    /// Forgets every session of a person who was just disabled or erased.
    pub fn forget_person(&self, user: UserId) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, known| known.user != user);
    }

    fn get(&self, user: UserId, session: SessionId, now_us: i64) -> Option<Role> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.get(&session)?;
        (found.user == user && now_us - found.at_us < MEMORY_US).then_some(found.role)
    }

    fn put(&self, session: SessionId, found: Known) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= SESSIONS_MAX {
            known.retain(|_, known| found.at_us - known.at_us < MEMORY_US);
        }
        if known.len() < SESSIONS_MAX {
            known.insert(session, found);
        }
    }
}

/// The role of a person whose session stands; a problem when it does not.
pub async fn role(app: &App, user: UserId, session: SessionId) -> Result<Role, Problem> {
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
