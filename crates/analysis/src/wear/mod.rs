//! Wear detection: the epochs at which nobody wore the device.
//!
//! Every function returns a mask; none of them changes the series.

pub mod choi;
pub mod inactivity;
pub mod troiano;
