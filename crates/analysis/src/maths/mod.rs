//! Arithmetic the methods share: sums, quantiles, distributions, linear algebra, transforms.
//!
//! Nothing here knows about sleep, activity or hearts, and nothing here allocates more than its
//! answer needs.

pub mod chance;
pub mod describe;
pub mod distribution;
pub mod eigen;
mod fourier;
pub mod least_squares;
pub mod minimise;
pub mod nonuniform;
pub mod run;
pub mod spectrum;
pub mod window;
