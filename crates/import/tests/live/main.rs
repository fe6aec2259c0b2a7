//! The live JSON forms through their public door.

#![expect(
    clippy::float_cmp,
    clippy::indexing_slicing,
    reason = "a test that panics has found something; values here are exact or compared with `near`"
)]

mod apps;
mod health_connect;
mod health_md;
mod healthkit;
mod hostile;
mod life_dashboard;
mod lines;
mod support;
mod upload;
