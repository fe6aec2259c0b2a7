//! The actigraphy transformer at work: weeks wait in lanes, pass through a model in batches, and
//! become documents that are found again.
//!
//! Nothing here knows the network (`pat`), its files (`lab::models`) or a path of the API. It must never answer with a number when there is no verified model, and never
//! call a week healthy or ill.

pub(crate) mod analyse;
pub(crate) mod drift;
pub mod lanes;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use lab::models::digest::Sha256;
use pat::encoder::Workspace;

use crate::app::App;
use crate::jobs::embed;
use crate::jobs::kind::Job;

/// How often a server looks whether other models were installed.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Keeps the models that serve in line with what is installed. When the pipeline gets another model,
/// the weeks of everyone wait for it.
pub(crate) fn watch_models(app: &Arc<App>) {
    let task = Arc::clone(app);
    app.spawn("models", async move {
        let mut embedding_with = None;
        loop {
            let models = Arc::clone(&task.models);
            let looked = task.tasks.spawn_blocking(move || {
                models.refresh()?;
                Ok::<_, lab::models::ModelError>(embed::preferred(&models))
            });
            match looked.await {
                Ok(Ok(found)) if found != embedding_with => {
                    match queue_everyone(&task, found).await {
                        Ok(()) => embedding_with = found,
                        Err(error) => {
                            tracing::error!(error = %error, "queueing weeks for a model failed");
                        }
                    }
                }
                Ok(Ok(_)) => {}
                Ok(Err(error)) => tracing::error!(error = %error, "looking for models failed"),
                Err(error) => tracing::error!(error = %error, "looking for models did not finish"),
            }
            tokio::select! {
                () = task.shutdown.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    });
}

async fn queue_everyone(app: &App, found: Option<Sha256>) -> Result<(), store::Error> {
    if found.is_none() {
        return Ok(());
    }
    let mut tx = app.store.read().await?;
    let people = store::people::list(&mut tx, &app.vault).await?;
    drop(tx);
    let now_us = app.clock.now_us();
    for person in people {
        let mut tx = app.store.write().await?;
        let id = app.ids.job(now_us);
        Job::Embed
            .enqueue(&mut tx, person.id, id, now_us, now_us)
            .await?;
        tx.commit().await?;
    }
    app.work_ready.notify_one();
    Ok(())
}

/// Starts the task that empties the lanes.
pub(crate) fn empty_lanes(app: &Arc<App>) {
    let task = Arc::clone(app);
    app.spawn("lanes", async move {
        let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let mut workspace = Workspace::new(threads);
        while !task.shutdown.is_cancelled() {
            let batch = task.lanes.batch();
            if batch.is_empty() {
                tokio::select! {
                    () = task.shutdown.cancelled() => break,
                    () = task.lanes.ready.notified() => {}
                }
                continue;
            }
            let lanes = Arc::clone(&task.lanes);
            let passed = task.tasks.spawn_blocking(move || {
                lanes.pass(batch, &mut workspace);
                workspace
            });
            workspace = match passed.await {
                Ok(workspace) => workspace,
                Err(error) => {
                    tracing::error!(error = %error, "a pass through a model did not finish");
                    Workspace::new(threads)
                }
            };
        }
        task.lanes.close();
    });
}
