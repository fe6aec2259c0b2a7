//! The laboratory: recordings in, tables of results and pages out, for a researcher with a cohort.
//!
//! It finds files, has them read, hands series to the report of `analysis`, passes weeks through the
//! networks that are installed, and writes what comes back. It must never compute a measure itself,
//! never keep more than a few recordings in memory, never let one bad file end a batch, and never see
//! a person, a store or a network connection: it works on files only.

#![forbid(unsafe_code)]

pub mod batch;
pub mod beats;
mod civil;
pub mod compare;
mod cut_points;
pub mod diary;
pub mod dictionary;
pub mod embed;
pub mod examine;
pub mod find;
pub mod hrv;
pub mod journal;
pub mod load;
pub mod models;
pub mod own;
pub mod pages;
mod raw;
pub mod report;
pub mod results;
pub mod table;
