//! The science: pure functions from samples and regular series to reports with their provenance.
//!
//! It must never do IO, wait, read a clock, roll dice, know a person, or panic on odd data.

pub mod daily;
