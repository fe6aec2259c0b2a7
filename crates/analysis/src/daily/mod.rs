//! What one local day holds: totals that match the phone, distributions, the night, heart and breath,
//! activity, and the facts that a daily insight may cite.
//!
//! Everything here is a pure function of samples, zone history and source order. It must never fetch,
//! read a clock, know a person, panic on odd data, or turn missing into zero.

pub mod activity;
pub mod anomaly;
pub mod beats;
pub mod cardio;
pub mod category;
pub mod discrete;
pub mod document;
pub mod facts;
pub mod goal;
pub mod measure;
pub mod merge;
pub mod minutes;
pub mod range;
pub mod rank;
pub mod reconcile;
pub mod scored;
pub mod session;
pub mod sleep;
pub mod summary;
pub mod trend;

mod bounded;
mod copies;
mod coverage;
mod epochs;
mod given;
mod night;
mod series;
mod stated;
mod timeline;

/// Revision of all that is kept of a day: its document, its minutes and the facts drawn from them. It grows
/// with every change of a result, so that stored days are computed again.
pub const REVISION: u32 = 11;

#[cfg(test)]
mod tests;
