//! The science: pure functions from samples and regular series to reports with their provenance.
//!
//! It must never do IO, wait, read a clock, roll dice, know a person, or panic on odd data.

#![forbid(unsafe_code)]
#![expect(
    clippy::indexing_slicing,
    reason = "windows and prefix sums index by construction; lengths are checked at each entrance"
)]

pub mod accel;
pub mod catalogue;
pub mod daily;
pub mod effort;
pub mod heart;
pub mod maths;
pub mod method;
pub mod outcome;
pub mod report;
pub mod rhythm;
pub mod score;
pub mod series;
pub mod stats;
pub mod wear;
