//! Background work: its kinds, under the names that are stored, and how it is queued.
//!
//! The queue is a table, so work that was accepted is done whatever happens to this process. What asks
//! for work names it here and must never depend on the file that does it; only the workers do, so that
//! this file, which much of the program uses, stays at the bottom.

pub(crate) mod beside;
pub(crate) mod block;
mod doors;
pub(crate) mod embed;
pub(crate) mod error;
pub(crate) mod insight;
pub(crate) mod packed;
mod promote;
pub(crate) mod recompute;
pub mod refresh;
pub(crate) mod week;
pub mod worker;

use model::ids::{JobId, UserId};
use store::Tx;
use store::jobs::{JobKind, NewJob};

/// Gives every kind of work to the macro `$then`: its name here, its stored name, and the file of this
/// folder whose `run` does it. A new kind is a line here and its file.
macro_rules! every_job {
    ($then:ident) => {
        $then! {
            /// Compute a person's marked days again.
            Recompute "recompute" recompute,
            /// Write a person's daily insight.
            Insight "insight" insight,
            /// Embed a person's complete weeks.
            Embed "embed" embed,
        }
    };
}
use every_job;

/// Writes the kinds as a closed set.
macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident $name:literal $file:ident,)+) => {
        /// What workers can do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Job {
            $($(#[$doc])* $variant,)+
        }

        impl Job {
            /// Every kind there is.
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The stored name.
            pub(crate) const fn kind(self) -> JobKind {
                match self {
                    $(Self::$variant => JobKind::new($name),)+
                }
            }
        }
    };
}
every_job!(kinds);

impl Job {
    /// The kind that is stored under a name, unless another release knows it.
    pub(crate) fn of(kind: &JobKind) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|known| known.kind() == *kind)
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
