//! The front door: foreign bytes in, samples and records out. One file per format.
//!
//! Readers stream with bounded memory and are total: a bad record is counted and explained with its
//! position, never fatal. This crate must never know a database or a network.

pub mod apple;
pub mod archive;
pub mod batch;
pub mod check;
pub mod tables;
