//! The binary: hands the command line to the library, on a runtime and with an allocator.
//!
//! Nothing else belongs here; what commands do is in `clarity::cli`.

use std::process::ExitCode;

use anyhow::Context;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The option of the allocator that says after how many milliseconds it returns what it does not use: its default, a
/// second, keeps what the last burst of large requests took when the next one comes.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
const PURGE_DELAY_MS: i64 = 10;

/// Makes the allocator return memory soon. What the environment says (`MIMALLOC_PURGE_DELAY`) goes before.
#[expect(unsafe_code, reason = "the allocator's options have no other way in")]
fn return_memory_soon() {
    // SAFETY: the function writes one number of the allocator's own, and no other thread runs yet.
    unsafe { libmimalloc_sys::mi_option_set_default(PURGE_DELAY, PURGE_DELAY_MS) };
}

fn main() -> anyhow::Result<ExitCode> {
    return_memory_soon();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("could not start the runtime")?;
    let ended = runtime.block_on(clarity::cli::run(std::env::args_os().collect()));
    // A thread may still wait for standard input; what matters has ended.
    runtime.shutdown_background();
    Ok(ended)
}
