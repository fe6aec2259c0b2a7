//! Why background work fails.

/// Why a job failed. The code is stored; the log has the rest.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JobError {
    /// The store refused.
    #[error("reading or writing the store")]
    Store(#[from] store::Error),
    /// A document of the person could not be read.
    #[error(transparent)]
    Dossier(#[from] crate::person::document::DocumentError),
    /// A stored document is not of the form this version writes.
    #[error("a stored document of a day could not be read or written")]
    Document(#[source] serde_json::Error),
    /// The stored document of a day does not open; the insight would be about other days than it says.
    #[error("the stored document of {day} is damaged")]
    DamagedDay {
        /// Which day.
        day: jiff::civil::Date,
    },
    /// The process is stopping; the rest of the work waits for the next one.
    #[error("the process is stopping")]
    Stopping,
    /// The job is of a kind that a newer version of this program made.
    #[error("this version does not know the kind of the job")]
    UnknownKind,
    /// The models could not be read.
    #[error("reading the models")]
    Model(#[source] lab::models::ModelError),
    /// A week could not be embedded now.
    #[error("embedding a week")]
    Week(#[source] crate::pat::analyse::AnalyseError),
    /// The job panicked.
    #[error("the job panicked")]
    Panicked,
    /// The computation was stopped or panicked.
    #[error("the computation did not finish")]
    Compute(#[source] tokio::task::JoinError),
}

impl JobError {
    /// The stored code.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Store(_) => "store",
            Self::Dossier(_) => "person_document",
            Self::DamagedDay { .. } | Self::Document(_) => "day_document",
            Self::Stopping => "stopping",
            Self::UnknownKind => "unknown_kind",
            Self::Model(_) => "models",
            Self::Week(_) => "embedding",
            Self::Panicked => "panicked",
            Self::Compute(_) => "compute",
        }
    }
}
