//! From a file of weights to an embedding, across the crates that it takes.

#![expect(
    clippy::indexing_slicing,
    reason = "a test that panics has found something"
)]

mod agreement;
mod cases;
