//! The export reader through its public door: sample files against their truth, generated exports,
//! hostile input, and memory.

#![expect(
    clippy::indexing_slicing,
    reason = "a test that looks past an end must fail"
)]

mod generated;
mod harness;
mod hostile;
mod samples;
mod small;
mod truth;
mod zips;
