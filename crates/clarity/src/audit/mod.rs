//! The audit log: who read or changed a person's data, when, from where and by what right.
//!
//! A change is recorded in its own transaction, a read before its response is sent; what cannot be recorded does not
//! happen. Equal reads within a while are one entry and a second one that counts the others (`folds.rs`). An entry
//! contains ids, the name of what was done, a metric and dates; never a value that was measured.

pub mod entry;
pub mod folds;
pub mod recorder;
pub mod words;
pub mod writer;
