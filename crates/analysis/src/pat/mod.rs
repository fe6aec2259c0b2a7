//! The transformer wing: weeks of activity in, embeddings and what may be said of them out.
//!
//! It must never hold weights of its own, and never turn an embedding into a diagnosis.

pub mod drift;
pub mod novelty;
pub mod scaler;
pub mod week;
