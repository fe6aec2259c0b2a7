//! One test binary: what a client can notice, through the router.

mod accounts;
mod bodies;
mod cli;
mod contract;
mod edges;
mod files;
mod harness;
mod live;
mod person;
mod postgres;
mod reading;
mod story;
mod tidy;
mod uploads;
