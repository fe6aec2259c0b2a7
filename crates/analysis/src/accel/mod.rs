//! Raw acceleration, reduced to epochs while it streams by.
//!
//! Blocks of samples go into a [`Reducer`](reducer::Reducer), regular series come out; a
//! [`Calibrator`](calibration::Calibrator) and a [`Detector`](nonwear::Detector) take the same blocks.
//! None of them keeps samples beyond the epoch (or the window of a filter) that is open, and none
//! depends on how the stream was cut into blocks. A sample that is not a number, lies before what
//! was already taken or beyond the longest recording is counted and left out, never guessed.

pub mod activity_index;
pub mod angle;
pub mod bfen;
pub mod calibration;
pub mod counts;
pub mod enmo;
pub mod epochs;
mod filter;
mod filtered;
mod held;
pub mod hfen;
pub mod mad;
pub mod measure;
pub mod nonwear;
pub mod reducer;
mod timeline;
