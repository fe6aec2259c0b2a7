//! Housekeeping: what regularly forgets what is no longer needed, and closes what a process that was
//! killed left open. Servers and processes of workers alone do it alike.
//!
//! It must never remove anything that somebody could still ask for.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;

use crate::app::App;
use crate::audit::writer;
use crate::auth::rotation;
use crate::erasure;
use crate::ingest::abandoned;
use crate::relay;
use crate::supervise::{Place, Task};
use crate::telemetry;

/// How often the house is kept.
const EVERY: Duration = Duration::from_mins(1);
/// How long an idempotency key and its answer are remembered: clients retry within minutes.
const KEYS_US: i64 = 24 * 3_600 * 1_000_000;
/// How long a grant or key that expired is still listed as such.
const ENDED_US: i64 = 30 * 24 * 3_600 * 1_000_000;

/// Keeps house at the start and then regularly; `also` is what the caller has to forget of its own.
pub fn start(app: &Arc<App>, also: impl Fn() + Send + Sync + 'static) {
    erasure::keep_finishing(app);
    rotation::keep_following(app);
    let also = Arc::new(also);
    app.supervise(Task::Housekeeping, move |app| {
        let also = Arc::clone(&also);
        async move {
            loop {
                app.supervisor.faults.check(Place::Task(Task::Housekeeping));
                also();
                clean(&app).await;
                tokio::select! {
                    () = tokio::time::sleep(EVERY) => {}
                    () = app.shutdown.cancelled() => break,
                }
            }
        }
    });
}

async fn clean(app: &Arc<App>) {
    telemetry::tidy_metrics();
    if let Err(error) = forget_old(app).await {
        tracing::warn!(error = ?error, "could not forget what is old");
    }
    if let Err(error) = writer::checkpoint(app).await {
        tracing::warn!(error = ?error, "could not sign the audit log");
    }
    if let Err(error) = rotation::keep(app).await {
        tracing::warn!(error = ?error, "could not look after the keys that sign");
    }
    if let Err(error) = abandoned::close(app).await {
        tracing::warn!(error = ?error, "could not look for abandoned imports");
    }
}

/// Removes expired idempotency keys, sessions, grants and API keys.
async fn forget_old(app: &App) -> Result<(), store::Error> {
    let now_us = app.clock.now_us();
    app.store
        .transact("forget what is old", &now_us, |tx, now_us| {
            async move {
                store::idempotency::expire(tx, now_us - KEYS_US).await?;
                store::events::expire(tx, now_us - relay::KEPT_US).await?;
                store::grants::expire(tx, now_us - ENDED_US).await?;
                store::api_keys::expire(tx, now_us - ENDED_US).await?;
                store::sessions::expire(tx, *now_us).await.map(drop)
            }
            .boxed()
        })
        .await
}
