//! The binary: reads the configuration, opens the application and serves it.
//!
//! Nothing else belongs here; what commands do is in the library.

use std::path::Path;

use anyhow::Context;
use clarity::app::App;
use clarity::clock::{Clock, Ids};
use clarity::config::Config;
use clarity::http::serve;
use clarity::telemetry;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Read when it is there.
const CONFIG_FILE: &str = "clarity.toml";

fn main() -> anyhow::Result<()> {
    let file = Path::new(CONFIG_FILE);
    let file = file.exists().then_some(file);
    let config = Config::load(file, &Config::environment(), &[])?;
    telemetry::log(&config.log);
    telemetry::collect_metrics()?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("could not start the runtime")?
        .block_on(run(config))
}

async fn run(config: Config) -> anyhow::Result<()> {
    let address = config.listen;
    let app = App::open(config, Clock::System, Ids::Random).await?;
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .with_context(|| format!("could not listen on {address}"))?;
    serve::stop_on_signals(&app)?;
    tracing::info!(%address, "listening");
    serve::serve(&app, listener).await;
    Ok(())
}
