//! The nouns that more than one room of the house says: ids, units, time, the metric catalogue,
//! samples, sources and records.
//!
//! Values are parsed at construction and correct forever after. This crate must never do IO, know a
//! database or a wire format, or hold an untyped JSON value.

#![forbid(unsafe_code)]

mod catalogue;
pub mod category;
pub mod cell;
pub mod ids;
pub mod maker;
pub mod metric;
pub mod record;
pub mod sample;
pub mod secret;
pub mod source;
pub mod tensor;
pub mod unit;
mod unit_text;
pub mod workout;
pub mod zone;
