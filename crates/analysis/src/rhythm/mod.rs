//! Rest-activity rhythm: how stable, how fragmented, how strong and how timed a person's days are.
//!
//! Pure functions over a [`Series`](crate::series::Series); nothing here knows where it came from.

pub mod adat;
pub mod antilogistic;
pub mod cosinor;
pub mod extremes;
pub mod flm;
pub mod fluctuation;
pub mod level;
pub mod lids;
pub mod light;
pub mod periodogram;
pub mod profile;
pub mod regularity;
pub mod ssa;
pub mod stability;
pub mod timing;
pub mod transitions;
pub mod turn;
