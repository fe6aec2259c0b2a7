//! Effort and fitness: how hard a person works, how fit they are and how fast they recover.
//!
//! Heart rates and cadences come in as values; nothing here guesses a maximum or an age silently.

pub mod cadence;
pub mod fitness;
pub mod guideline;
pub mod intensity;
pub mod load;
pub mod recovery;
pub mod zones;
