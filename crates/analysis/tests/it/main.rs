//! Agreement of every method with the values of independent tools, and the properties they must
//! keep whatever the input.
//!
//! The reference recordings lie beside the project; without them the comparisons are skipped with
//! a printed line.

#![expect(
    clippy::print_stdout,
    reason = "the tables of agreement are the product of these tests"
)]
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

mod accel;
mod accel_oracle;
mod agreement;
mod bad_days;
mod citations;
mod completeness;
mod curves;
mod devices;
mod further;
mod heart;
mod levels;
mod pages;
mod properties;
mod reference;
mod report;
mod rhythm;
mod rhythm_r;
mod scorers;
mod sleep;
mod sleep_accel;
mod versions;
