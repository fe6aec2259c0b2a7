//! Recordings of worn devices through their public door.

#![expect(
    clippy::float_cmp,
    clippy::indexing_slicing,
    reason = "a test that panics has found something; values here are exact or compared with `near`"
)]

mod actigraph_csv;
mod agd;
mod bad_days;
mod bad_numbers;
mod bad_samples;
mod cases;
mod fixtures;
mod formats;
mod hostile;
mod numbers;
mod order;
mod people;
mod raw;
mod raw_csv;
mod raw_hostile;
mod reference;
mod support;
mod tables;
mod writers;
