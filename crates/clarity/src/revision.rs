//! Which revision of the methods this program has, for everything that is derived and stored.
//!
//! A revision is one growing number for all methods that take part: stored in plaintext beside what they
//! made, so that after an upgrade the server finds what is older without opening anything.

use store::revisions::Derived;

use crate::insights::TEMPLATE_VERSION;

/// The revision that this program makes.
pub(crate) const fn current(what: Derived) -> i64 {
    match what {
        Derived::Days => analysis::daily::REVISION as i64,
        // An insight is made of days, and changes with them.
        Derived::Insights => {
            analysis::daily::REVISION as i64 * TEMPLATES_MAX + TEMPLATE_VERSION as i64
        }
        Derived::Embeddings => ::pat::REVISION as i64,
    }
}

/// Versions of the templates that fit between two revisions of days.
const TEMPLATES_MAX: i64 = 1_000;
const _: () = assert!((TEMPLATE_VERSION as i64) < TEMPLATES_MAX);
