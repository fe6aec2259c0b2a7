//! The command line: what people and scripts type.
//!
//! Commands work on the data folder directly, through the same functions as the API. Standard output
//! carries the answer (with `--json` one JSON document), standard error everything else. It must never
//! print a password, a key or a token.

mod analyze;
mod args;
mod audit;
mod check;
mod compare;
mod copy;
mod device;
mod export;
mod failure;
mod household;
mod hrv;
mod import;
mod insight;
mod jobs;
mod keys;
mod models;
mod output;
mod pat;
mod print;
mod progress;
mod reconcile;
mod serve;
mod storage;
mod user;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use lab::dictionary;

use crate::cli::args::{Arguments, Command, DeviceCommand, UserCommand};
use crate::cli::failure::Failure;

/// Runs the command in `arguments` (the first is the program's name) and says how it ended: 0 done,
/// 1 failed, 2 wrong use, 3 done in part.
pub async fn run(arguments: Vec<OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(told) => {
            // Help and version are answers too; clap knows which stream and code each has.
            let code = u8::try_from(told.exit_code()).unwrap_or(2);
            return if told.print().is_ok() {
                ExitCode::from(code)
            } else {
                ExitCode::from(1)
            };
        }
    };
    let json = arguments.global.json;
    match dispatch(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::failure(&failure, json);
            ExitCode::from(match failure {
                Failure::Usage(_) => 2,
                Failure::Failed(_) => 1,
                Failure::Partly(_) => 3,
            })
        }
    }
}

async fn dispatch(arguments: Arguments) -> Result<(), Failure> {
    let global = &arguments.global;
    match arguments.command {
        Command::Serve(wanted) => serve::serve(global, wanted).await,
        Command::Worker(wanted) => serve::worker(global, wanted).await,
        Command::Import(wanted) => import::import(global, wanted).await,
        Command::Analyze(wanted) => analyze::analyze(global, &wanted),
        Command::Compare(wanted) => compare::compare(global, &wanted),
        Command::Hrv(wanted) => hrv::hrv(global, &wanted),
        Command::Columns => output::text(&dictionary::markdown()),
        Command::Export(wanted) => export::export(global, wanted).await,
        Command::User(wanted) => match wanted.command {
            UserCommand::Add(wanted) => user::add(global, wanted).await,
            UserCommand::List => user::list(global).await,
            UserCommand::Role(wanted) => user::role(global, wanted).await,
            UserCommand::Disable(wanted) => user::disable(global, wanted).await,
            UserCommand::MfaOff(wanted) => user::mfa_off(global, wanted).await,
            UserCommand::Erase(wanted) => user::erase(global, wanted).await,
            UserCommand::Erasures => user::erasures(global).await,
        },
        Command::Device(wanted) => match wanted.command {
            DeviceCommand::Add(wanted) => device::add(global, wanted).await,
            DeviceCommand::Invite(wanted) => device::invite(global, wanted).await,
            DeviceCommand::List(wanted) => device::list(global, wanted).await,
            DeviceCommand::Revoke(wanted) => device::revoke(global, wanted).await,
        },
        Command::Audit(wanted) => audit::audit(global, wanted.command).await,
        Command::Keys(wanted) => keys::keys(global, wanted.command).await,
        Command::Reconcile(wanted) => reconcile::reconcile(global, wanted).await,
        Command::Check => check::check(global).await,
        Command::Config => print::config(global),
        Command::Openapi => print::openapi(),
        Command::Metrics => print::metrics(global),
        Command::Models(wanted) => models::models(global, wanted.command).await,
        Command::Pat(wanted) => pat::pat(global, wanted.command),
        Command::Jobs(wanted) => jobs::jobs(global, wanted.command).await,
        Command::Insight(wanted) => insight::insight(global, wanted).await,
        Command::Storage(wanted) => storage::storage(global, &wanted.user).await,
        Command::Copy(wanted) => copy::copy(global, wanted).await,
    }
}
