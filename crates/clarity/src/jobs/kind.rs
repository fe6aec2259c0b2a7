//! The kinds of background work, under the names that are stored.

use model::ids::{JobId, UserId};
use store::Tx;
use store::jobs::{JobKind, NewJob};

/// What workers can do. The names are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Job {
    /// Compute a person's marked days again.
    Recompute,
    /// Write a person's daily insight.
    Insight,
    /// Embed a person's complete weeks.
    Embed,
}

impl Job {
    /// Every kind there is.
    pub(crate) const ALL: [Self; 3] = [Self::Recompute, Self::Insight, Self::Embed];

    /// The stored name.
    pub(crate) const fn kind(self) -> JobKind {
        match self {
            Self::Recompute => JobKind::new("recompute"),
            Self::Insight => JobKind::new("insight"),
            Self::Embed => JobKind::new("embed"),
        }
    }

    /// Queues this work for a person, unless it already waits.
    pub(crate) async fn enqueue(
        self,
        tx: &mut Tx,
        user: UserId,
        id: JobId,
        now_us: i64,
        run_at_us: i64,
    ) -> Result<(), store::Error> {
        let job = NewJob {
            id,
            user,
            kind: self.kind(),
            run_at_us,
            now_us,
        };
        store::jobs::enqueue(tx, &job).await
    }
}
