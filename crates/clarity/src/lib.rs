//! The household: HTTP, jobs, insights, configuration, the command line; everything that has edges.
//!
//! It orchestrates what the other rooms offer. It must never hold SQL, a formula about a body or a
//! reader of someone else's format.

#![forbid(unsafe_code)]

pub mod access;
pub mod answers;
pub mod app;
pub mod audit;
pub mod auth;
pub mod bus;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod erasure;
pub mod export;
mod failures;
pub mod housekeeping;
pub mod http;
mod ingest;
mod insights;
mod instant;
pub mod jobs;
mod json;
pub mod open;
pub mod pat;
pub mod person;
mod private;
pub mod problem;
mod pull;
pub mod relay;
mod revision;
pub mod shares;
pub mod supervise;
pub mod telemetry;
pub mod wanted;
