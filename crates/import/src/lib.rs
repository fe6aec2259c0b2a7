//! The front door: foreign bytes in, samples and records out. One file per format.
//!
//! Readers stream with bounded memory and are total: a bad record is counted and explained with its
//! position, never fatal. This crate must never know a database or a network.

#![forbid(unsafe_code)]

pub mod apple;
pub mod archive;
pub mod batch;
mod blocks;
pub mod budget;
pub mod check;
mod clock;
mod entry;
pub mod fit;
mod foreign;
pub mod form;
pub mod format;
pub mod forms;
pub mod intervals;
pub mod json;
pub mod lines;
pub mod live;
pub mod npy;
mod number;
pub mod recording;
mod session;
pub mod spreadsheet;
mod sqlite;
pub mod tables;
mod track;
mod unpack;
pub mod vendors;
pub mod weights;
mod wide;
mod words;
