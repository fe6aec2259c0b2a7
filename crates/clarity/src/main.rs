//! The binary: hands the command line to the library, on a runtime and with an allocator.
//!
//! Nothing else belongs here; what commands do is in `clarity::cli`.

use std::process::ExitCode;

use anyhow::Context;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("could not start the runtime")?;
    let ended = runtime.block_on(clarity::cli::run(std::env::args_os().collect()));
    // A thread may still wait for standard input; what matters has ended.
    runtime.shutdown_background();
    Ok(ended)
}
