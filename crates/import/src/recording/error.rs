//! Why a recording is refused as a whole, and the bounds that every reader keeps.
//!
//! What is wrong with a part of a file is a [`Damage`](super::Damage), not an error. This file must
//! never name a format: every reader stands on it.

use std::io;

use super::stamp::DAY_S;
use crate::budget::{self, Full};
use crate::unpack::{self, UNPACKED_BYTES_MAX};

/// Values that the channels of one file may hold together: 320 MB of memory. A year of one channel at
/// one second has 31.5 million, ten years of six channels at a minute have as many.
pub const VALUES_MAX: usize = 40_000_000;

/// Longest epoch in seconds.
pub(crate) const EPOCH_S_MAX: i64 = DAY_S;

/// Where in a file something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A byte, counted from 0.
    Byte(u64),
    /// A line, counted from 1.
    Line(u64),
}

impl std::fmt::Display for Place {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Byte(byte) => write!(out, "byte {byte}"),
            Self::Line(line) => write!(out, "line {line}"),
        }
    }
}

/// Why a file was refused as a whole.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No format has this name.
    #[error("unknown format {name:?} of recordings; the formats are {known}")]
    UnknownFormat {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The first bytes fit no format.
    #[error(
        "the file is of no known format of recordings; name one of {known}, or declare the columns of a table"
    )]
    Unrecognised {
        /// What there is.
        known: String,
    },
    /// The file is of this format but what its reader needs first is missing or unreadable.
    #[error("not a readable {format} file: {message} ({place})")]
    Malformed {
        /// Name of the format.
        format: &'static str,
        /// Where.
        place: Place,
        /// What was expected, and what to do about it.
        message: String,
    },
    /// The file holds no epochs and no samples.
    #[error("the {format} file holds no epochs")]
    Empty {
        /// Name of the format.
        format: &'static str,
    },
    /// The file holds or unfolds into more than a reader takes.
    #[error("the file holds more than {limit} {what}; split it")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// The bound.
        limit: u64,
    },
    /// It holds more memory than it may.
    #[error(transparent)]
    Memory(#[from] Full),
    /// The asked length of an epoch is none.
    #[error("an epoch of {epoch_s} s was asked for; it has 1 to {EPOCH_S_MAX} s")]
    EpochLength {
        /// What was asked for.
        epoch_s: u32,
    },
    /// The file could not be read.
    #[error("cannot read the file")]
    Io(#[source] io::Error),
}

impl Error {
    /// Refuses more values than [`VALUES_MAX`], or than there is memory for.
    pub(crate) fn check_values(count: usize) -> Result<(), Self> {
        if count > VALUES_MAX {
            return Err(Self::too_many_values());
        }
        Ok(budget::hold_values(count)?)
    }

    /// The channels hold more than [`VALUES_MAX`] values.
    pub(crate) fn too_many_values() -> Self {
        Self::TooLarge {
            what: "values",
            limit: u64::try_from(VALUES_MAX).expect("a constant"),
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        if let Some(full) = Full::of(&error) {
            return Self::Memory(full);
        }
        if unpack::is_bomb(&error) {
            return Self::TooLarge {
                what: "unpacked bytes",
                limit: UNPACKED_BYTES_MAX,
            };
        }
        Self::Io(error)
    }
}
