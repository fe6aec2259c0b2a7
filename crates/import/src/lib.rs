//! The front door: foreign bytes in, samples and records out. One file per format.
//!
//! Readers stream with bounded memory and are total: a bad record is counted and explained with its
//! position, never fatal. This crate must never know a database or a network.

#![forbid(unsafe_code)]

pub mod apple;
pub mod archive;
pub mod batch;
pub mod batch_form;
mod blocks;
pub mod check;
mod clock;
mod entry;
pub mod format;
pub mod forms;
pub mod health_auto_export;
pub mod health_connect_webhook;
pub mod healthkit;
pub mod intervals;
pub mod json;
pub mod live;
pub mod npy;
pub mod open_wearables;
pub mod recording;
mod session;
pub mod simple;
pub mod tables;
pub mod upload;
pub mod weights;
