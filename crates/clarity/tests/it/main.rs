//! One test binary: what a client can notice, through the router.

#![expect(
    clippy::indexing_slicing,
    reason = "a test that looks for what is not there must fail"
)]
#![expect(
    clippy::print_stderr,
    reason = "a test must say what it skipped and what it measured"
)]

mod accounts;
mod admin;
mod analyze;
mod analyze_calendar;
mod analyze_epochs;
mod analyze_tables;
mod api_keys;
mod audit;
mod beats;
mod binary;
mod bodies;
mod bundle;
mod canary;
mod cli;
mod cohort;
mod columns;
mod contract;
mod copying;
mod damage;
mod days_story;
mod devices;
mod door_prints;
mod doors;
mod doors_matrix;
mod edges;
mod effort;
mod entries;
mod erasure;
mod examples;
mod exports;
mod factor;
mod failing;
mod files;
mod goals;
mod grants;
mod harness;
mod hrv;
mod invitation;
mod keys;
mod kill;
mod lab_pages;
mod laboratory;
mod limits;
mod live;
mod many_doors;
mod matrix;
mod meals;
mod methods;
mod models;
mod others;
mod past_insights;
mod pat;
mod pat_cohort;
mod payloads;
mod pending;
mod person;
mod postgres;
mod privacy;
mod promise;
mod reach;
mod reading;
mod reconciliation;
mod recordings;
mod remembered;
mod reports;
mod revocation;
mod rewritten;
mod rhythm;
mod schema;
mod senders;
mod shapes;
mod shown;
mod siege;
mod small;
mod story;
mod strangers;
mod supervision;
mod texts;
mod threats;
mod tidy;
mod tidy_cycles;
mod tidy_names;
mod traces;
mod truth;
mod upgrade;
mod uploads;
mod vendors;
mod versions;
mod window;
mod words;
mod written;
