//! How long sign-ins last: whether that is possible, and the longest of it.

use crate::config::Tokens;

impl Tokens {
    /// Seconds that the longest token lasts: that of a browser as long as a refresh token.
    pub fn longest_s(&self) -> i64 {
        self.access_s.max(self.refresh_s)
    }

    /// Whether all times are positive and a sign-in outlasts its first token.
    pub(super) const fn are_possible(&self) -> bool {
        self.access_s > 0 && self.refresh_s >= self.access_s && self.recent_s > 0
    }
}
