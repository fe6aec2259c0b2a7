//! One test binary: what a client can notice, through the router.

mod accounts;
mod bodies;
mod cli;
mod contract;
mod edges;
mod harness;
mod live;
mod person;
mod tidy;
