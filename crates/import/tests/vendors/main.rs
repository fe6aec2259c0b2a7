//! Exports of vendors, through the one front door, against what an import of them must bring.

#![expect(
    clippy::indexing_slicing,
    reason = "a test that looks past an end must fail"
)]

mod clocks;
mod devices;
mod expected;
mod generated;
mod hostile;
mod samples;
mod support;
mod table;
mod truth;
