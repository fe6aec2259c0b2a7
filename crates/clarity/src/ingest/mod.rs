//! From a reader's batches to durable, encrypted samples: the write side of the main job.
//!
//! Everything that changes a person's samples goes through here, in one transaction with the marks
//! of the days that must be computed again and the job that computes them. It must never read a
//! foreign format itself (that is `import`) or compute a measure (that is `analysis`).

pub(crate) mod abandoned;
pub(crate) mod commit;
pub(crate) mod committer;
pub(crate) mod dirty;
pub(crate) mod edit;
pub(crate) mod entered;
pub(crate) mod file;
mod heard;
pub(crate) mod intake;
mod line;
pub(crate) mod nearest;
pub(crate) mod recording;
mod repeats;
pub(crate) mod tally;
pub(crate) mod unfinished;

use std::collections::BTreeSet;

use import::budget::Full;
use jiff::civil::Date;
use model::ids::{JobId, UserId};
use store::Tx;

use crate::jobs::Job;
use crate::person::document::DocumentError;

/// Why data could not be taken in.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The store refused.
    #[error("storing samples")]
    Store(#[from] store::Error),
    /// A document of the person could not be read or written.
    #[error(transparent)]
    Dossier(#[from] DocumentError),
    /// Others hold the memory that the file needs; nothing is wrong with it.
    #[error("reading the input: {full}")]
    Busy {
        /// What is full.
        full: Full,
    },
    /// The input as a whole is not of the expected form; nothing was stored.
    #[error("reading the input: {message}")]
    Unreadable {
        /// What and where, without any value of the input.
        message: String,
    },
    /// A reader handed over something that names a type or source it never announced.
    #[error("a reader used a {what} that it had not named; nothing of this part was stored")]
    Unannounced {
        /// `type` or `source`.
        what: &'static str,
    },
    /// The client used the key of this request before, for another one; nothing was stored.
    #[error("the key of this request was used for another one")]
    KeyUsed,
    /// The input was cut off or the server is stopping; what was committed stays.
    #[error("the import was interrupted: {message}")]
    Interrupted {
        /// What happened.
        message: String,
    },
}

impl IngestError {
    /// A file that cannot hold more memory: too large for anybody, or only now.
    pub(crate) fn full(full: Full) -> Self {
        match full {
            Full::Share { .. } => Self::Unreadable {
                message: full.to_string(),
            },
            Full::Others => Self::Busy { full },
        }
    }

    /// What happened, for the log: sentences about an input can quote it.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Store(_) => "store",
            Self::Dossier(_) => "dossier",
            Self::Busy { .. } => "busy",
            Self::Unreadable { .. } => "unreadable",
            Self::Unannounced { .. } => "unannounced",
            Self::KeyUsed => "key_used",
            Self::Interrupted { .. } => "interrupted",
        }
    }
}

impl store::FromStore for IngestError {
    fn of_store(&self) -> Option<&store::Error> {
        match self {
            Self::Store(error) | Self::Dossier(DocumentError::Store(error)) => Some(error),
            Self::Dossier(DocumentError::Form { .. })
            | Self::Busy { .. }
            | Self::Unreadable { .. }
            | Self::Unannounced { .. }
            | Self::KeyUsed
            | Self::Interrupted { .. } => None,
        }
    }
}

/// Marks days to be computed again and makes sure that a job will do it. Returns the person's mark
/// number: once all days marked up to it are computed, the change is fully visible.
pub(crate) async fn mark_days(
    tx: &mut Tx,
    user: UserId,
    days: &BTreeSet<Date>,
    job: JobId,
    now_us: i64,
    run_at_us: i64,
) -> Result<i64, IngestError> {
    let days: Vec<Date> = days.iter().copied().collect();
    let seq = store::days::mark(tx, user, &days, now_us).await?;
    Job::Recompute
        .enqueue(tx, user, job, now_us, run_at_us)
        .await?;
    Ok(seq)
}
