//! From a file of weights to an embedding, across the crates that it takes.

mod agreement;
