//! Prints how well wake/sleep scorers agree with polysomnography on the Sleep-accel features.
//!
//! `cargo run --release -p analysis --example sleep_accel -- ../shared/reference/labelled/sleep-accel-features`
//! It only reads that folder; it must never write anything.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the report is the product of this program"
)]

mod report;

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: sleep_accel FOLDER (the one with subjects/*.csv)");
        return ExitCode::from(2);
    };
    match report::read(&folder) {
        Ok(people) => {
            print!("{}", report::written(&people));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("reading {}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}
