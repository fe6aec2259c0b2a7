//! What the server knows about a person beside samples: what they said about themselves, how they want
//! their data read, the table of their sources and unknown types, and where they have been.
//!
//! All of it is sealed under the person's key. This module reads and writes those documents inside the
//! caller's transaction; it must never answer requests or compute a measure.

pub(crate) mod day_runs;
pub(crate) mod dictionary;
pub(crate) mod document;
pub(crate) mod dossier;
pub(crate) mod entries;
pub(crate) mod goals;
pub(crate) mod meals;
pub(crate) mod measured;
pub(crate) mod memory;
pub(crate) mod profile;
pub(crate) mod whereabouts;
pub(crate) mod written;
