//! The actigraphy transformer at work: weeks wait in lanes, pass through a model in batches, and
//! become documents that are found again.
//!
//! Nothing here knows the network (`pat`), its files (`lab::models`) or a path of the API.
//! It must never answer with a number when there is no verified model, and never call a week healthy or
//! ill.

pub(crate) mod analyse;
pub mod document;
pub(crate) mod drift;
pub mod lanes;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use lab::models::digest::Sha256;
use pat::encoder::Workspace;
use store::people::Found;

use crate::app::App;
use crate::jobs::Job;
use crate::jobs::embed;
use crate::supervise::{self, Place, Task};

/// How often a server looks whether other models were installed.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Keeps the models that serve in line with what is installed. When the pipeline gets another model,
/// the weeks of everyone wait for it.
pub fn watch_models(app: &Arc<App>) {
    app.supervise(Task::Models, watch);
}

async fn watch(app: Arc<App>) {
    let mut embedding_with = None;
    loop {
        app.supervisor.faults.check(Place::Task(Task::Models));
        let models = Arc::clone(&app.models);
        let looked = app.tasks.spawn_blocking(move || {
            models.refresh()?;
            Ok::<_, lab::models::ModelError>(embed::preferred(&models))
        });
        match looked.await {
            Ok(Ok(found)) if found != embedding_with => match queue_everyone(&app, found).await {
                Ok(()) => embedding_with = found,
                Err(error) => {
                    tracing::error!(error = %error, "queueing weeks for a model failed");
                }
            },
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::error!(error = %error, "looking for models failed"),
            Err(error) => {
                tracing::error!(error = %error, "looking for models did not finish");
                supervise::panicked("models");
            }
        }
        tokio::select! {
            () = app.shutdown.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

async fn queue_everyone(app: &App, found: Option<Sha256>) -> Result<(), store::Error> {
    if found.is_none() {
        return Ok(());
    }
    let mut tx = app.store.read().await?;
    let people = store::people::list(&mut tx, &app.vault).await?;
    drop(tx);
    let now_us = app.clock.now_us();
    for person in people.into_iter().filter_map(Found::account) {
        let mut tx = app.store.begin("queue embeddings").await?;
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
    app.supervise(Task::Lanes, empty);
}

async fn empty(app: Arc<App>) {
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let mut workspace = Workspace::new(threads);
    while !app.shutdown.is_cancelled() {
        app.supervisor.faults.check(Place::Task(Task::Lanes));
        let batch = app.lanes.batch();
        if batch.is_empty() {
            tokio::select! {
                () = app.shutdown.cancelled() => break,
                () = app.lanes.ready.notified() => {}
            }
            continue;
        }
        let task = Arc::clone(&app);
        let passed = app.tasks.spawn_blocking(move || {
            task.supervisor.faults.check(Place::Pass);
            task.lanes.pass(batch, &mut workspace);
            workspace
        });
        workspace = match passed.await {
            Ok(workspace) => workspace,
            Err(error) => {
                // The weeks of the pass went with it; whoever waits for them is told so.
                tracing::error!(error = %error, "a pass through a model did not finish");
                supervise::panicked("pass");
                Workspace::new(threads)
            }
        };
    }
    app.lanes.close();
}
