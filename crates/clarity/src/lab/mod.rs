//! The laboratory: recordings in, tables of results out, for a researcher with a cohort.
//!
//! It finds files, has them read, hands series to the report of `analysis` and writes what comes back.
//! It must never compute a measure itself, never keep more than a few recordings in memory, and never
//! let one bad file end a batch.

pub(crate) mod batch;
pub(crate) mod civil;
pub(crate) mod compare;
pub(crate) mod diary;
pub(crate) mod dictionary;
pub(crate) mod examine;
pub(crate) mod find;
pub(crate) mod journal;
pub(crate) mod load;
pub(crate) mod pages;
pub(crate) mod pat;
mod raw;
pub(crate) mod results;
pub(crate) mod table;
