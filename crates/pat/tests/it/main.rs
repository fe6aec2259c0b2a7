//! The encoder against a plain one that is written beside it, and what its weights must satisfy.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

mod encoder;
