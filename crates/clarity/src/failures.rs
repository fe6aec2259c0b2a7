//! Turns what other rooms report into problems: what the client can change gets a code and a
//! sentence, everything else is the server's and stays in the log.

use crate::erasure::ErasureError;
use crate::ingest::IngestError;
use crate::person::document::DocumentError;
use crate::problem::{Code, Problem};

/// Seconds after which a stopped or overloaded server is worth another try.
const RETRY_S: u64 = 5;

impl From<DocumentError> for Problem {
    fn from(error: DocumentError) -> Self {
        match error {
            DocumentError::Store(error) => error.into(),
            DocumentError::Form { .. } => Self::internal(error),
        }
    }
}

impl From<ErasureError> for Problem {
    fn from(error: ErasureError) -> Self {
        match error {
            ErasureError::Store(error) => error.into(),
            ErasureError::Form(_) => Self::internal(error),
        }
    }
}

impl From<IngestError> for Problem {
    fn from(error: IngestError) -> Self {
        match error {
            IngestError::Store(error) => error.into(),
            IngestError::Dossier(error) => error.into(),
            IngestError::Busy { full } => {
                Self::new(Code::Unavailable, full.to_string()).retry_after(RETRY_S)
            }
            IngestError::Unreadable { message } => Self::new(Code::MalformedBody, message),
            IngestError::Unannounced { .. } => Self::internal(error),
            IngestError::KeyUsed => Self::key_used(),
            IngestError::Interrupted { message } => {
                Self::new(Code::Unavailable, message).retry_after(RETRY_S)
            }
        }
    }
}
