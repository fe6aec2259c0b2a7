//! What the tests compare with: recordings with the values that independent tools computed on them, and
//! exports with exact ground truth.
//!
//! Only tests depend on this crate. Its own data (`data/README.md`) are in every clone; a second, larger set
//! may lie beside the project in `../shared`, and its absence is printed. It must never depend on the code
//! under test.

#![forbid(unsafe_code)]

pub mod absence;
pub mod data;
pub mod doors;
pub mod export;
pub mod sqlite;
pub mod tally;
pub mod vendors;
pub mod versions;
pub mod zip;
