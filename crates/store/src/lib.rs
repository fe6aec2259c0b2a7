//! The cellar: everything that is durable. All SQL, the chunk codec and the vault (keys) live here,
//! written once for SQLite and PostgreSQL.
//!
//! Every function on personal data takes its owner right after the transaction and the key; there is
//! no way to ask without one. This crate must never hold a business rule, read a clock, or shape an
//! answer for a client.

#![forbid(unsafe_code)]

#[macro_use]
mod database;

mod aside;
pub mod blocks;
mod bound;
mod chunk;
mod codec;
mod column;
mod damage;
mod edit;
mod folds;
mod joining;
mod merge;
mod recording;
mod removal;
mod scrub;
mod seal;
mod snapshot;
mod tables;
mod tombstone;
mod transact;

pub mod api_keys;
pub mod audit;
pub mod copy;
pub mod counts;
pub mod days;
pub mod devices;
pub mod docs;
pub mod embeddings;
pub mod entries;
pub mod erase;
pub mod erasures;
pub mod error;
pub mod events;
pub mod goals;
pub mod grants;
pub mod idempotency;
pub mod insights;
pub mod invitations;
pub mod jobs;
pub mod meta;
pub mod mfa;
pub mod people;
pub mod promote;
pub mod records;
pub mod revisions;
pub mod samples;
pub mod sessions;
pub mod settle;
pub mod storage;
pub mod uploads;
pub mod vault;

/// Whether bytes are a well-formed chunk of samples; the door of the fuzzer. It must come back for
/// any bytes, without panic and with bounded memory.
pub fn is_chunk(bytes: &[u8]) -> bool {
    codec::decode(bytes).is_ok()
}

// The names that every caller says; everything else is said with its room.
pub use database::{Store, Target, Tx};
pub use error::Error;
pub use scrub::Scrubbed;
pub use transact::FromStore;
pub use vault::{PersonKey, Vault};
