//! What a reader of recordings is given besides the bytes.
//!
//! It holds what a person states about a file; it must never hold what a reader finds out.

use super::columns::Columns;

/// What the reader of a file is told besides its bytes.
#[derive(Debug, Clone, Default)]
pub struct Options<'a> {
    /// Name of the format; without one it is told by content.
    pub format: Option<&'a str>,
    /// What the columns of a table mean; a file with declared columns is a table whatever its bytes.
    pub columns: Option<&'a Columns>,
    /// Samples per second of raw acceleration in text, where its times do not tell.
    pub rate_hz: Option<f64>,
    /// Length of an epoch in seconds, where the file does not state it or states it wrongly.
    pub epoch_s: Option<u32>,
}
