//! Heart-rate variability from beat intervals.
//!
//! Everything takes intervals in milliseconds in the order they happened; nothing here corrects
//! silently: [`artefact`] is a separate step whose result says what it changed.

pub mod artefact;
pub mod correction;
pub mod entropy;
pub mod fluctuation;
pub mod frequency;
pub mod geometry;
pub mod poincare;
pub mod saturation;
pub mod time;
pub mod variability;
