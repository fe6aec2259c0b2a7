//! Whether a session still stands: not ended, and its person not disabled.
//!
//! Looked up in the store and remembered for a few seconds, so that ending a session or changing a
//! role takes effect within five seconds on every node, and at once on the node that did it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use model::ids::{SessionId, UserId};
use tokio::sync::watch;

use crate::auth::role::Role;

/// How long an answer is remembered.
const MEMORY_US: i64 = 5 * 1_000_000;
/// Sessions remembered at once.
const SESSIONS_MAX: usize = 50_000;

/// What was found about a session, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    /// Whose session it is.
    pub(super) user: UserId,
    /// What they may do.
    pub(super) role: Role,
    /// When they last showed that it is them.
    pub(crate) recent_us: i64,
    /// When it was looked up.
    pub(super) at_us: i64,
}

/// The sessions that stood a moment ago.
#[derive(Debug, Default)]
pub struct Standings {
    known: Mutex<HashMap<SessionId, Known>>,
    /// Counts the times that something was forgotten, for those who wait for the end of a session.
    forgotten: watch::Sender<u64>,
}

impl Standings {
    /// Forgets a session that was just ended.
    pub fn forget(&self, session: SessionId) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.remove(&session);
        drop(known);
        self.tell();
    }

    /// Forgets every session of a person who was just disabled or erased.
    pub fn forget_person(&self, user: UserId) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, known| known.user != user);
        drop(known);
        self.tell();
    }

    /// Forgets a session in order to look it up anew; nothing happened to it as far as is known here.
    pub(super) fn is_old(&self, session: SessionId) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.remove(&session);
    }

    /// Changes whenever something was forgotten.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.forgotten.subscribe()
    }

    fn tell(&self) {
        self.forgotten.send_modify(|count| *count += 1);
    }

    /// A session that stood a moment ago.
    pub(super) fn get(&self, user: UserId, session: SessionId, now_us: i64) -> Option<Known> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.get(&session)?;
        (found.user == user && now_us - found.at_us < MEMORY_US).then_some(*found)
    }

    /// Remembers a session that stands.
    pub(super) fn put(&self, session: SessionId, found: Known) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= SESSIONS_MAX {
            known.retain(|_, known| found.at_us - known.at_us < MEMORY_US);
        }
        if known.len() < SESSIONS_MAX {
            known.insert(session, found);
        }
    }
}
