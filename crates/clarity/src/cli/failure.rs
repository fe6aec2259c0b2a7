//! How a command ends when it does not do what was asked.

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// It was called in a way that cannot work; nothing was tried.
    #[error("{0}")]
    Usage(String),
    /// It was done, but not for everything, and that was to be told.
    #[error("{0}")]
    Partly(String),
    /// It was tried and failed.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

impl Failure {
    /// It was called in a way that cannot work.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }
}
