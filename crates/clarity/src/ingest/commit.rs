//! Commits live uploads, several at a time, so that one synchronised write to disk serves them all.
//!
//! Each upload is answered only after the commit that holds it. Uploads are independent: one that
//! fails is rolled back to its savepoint and does not touch its neighbours.

use std::collections::HashMap;
use std::sync::Arc;

use futures::FutureExt;
use model::ids::UserId;
use model::sample::SECOND_US;
use store::Tx;
use store::idempotency::Known;
use store::uploads::{NewUpload, UploadState, UploadStatus};
use tokio::sync::{Mutex, mpsc};

use crate::app::App;
use crate::ingest::IngestError;
use crate::ingest::committer::{Committed, LiveUpload, Queues, Receipt, Review, Waiting};
use crate::ingest::intake::{Counting, Intake, Part, Upload};
use crate::person::document::DocumentError;
use crate::person::dossier::Dossier;
use crate::supervise::{Place, Task};

/// Uploads in one commit: enough to hide the disk at high load, few enough that the first one does
/// not wait long for the last.
const GROUP_UPLOADS_MAX: usize = 64;
/// Samples in one commit, for the same reason: about a tenth of a second of work.
const GROUP_SAMPLES_MAX: usize = 100_000;
/// Changed days are computed this long after the upload, so that a burst is computed once.
const SETTLE_US: i64 = SECOND_US;

/// Starts the committing tasks. A queue outlives the task that empties it: what waits in it when one
/// panics is committed by the next.
pub(crate) fn start(app: &Arc<App>, queues: Queues) {
    for queue in queues.0 {
        let queue = Arc::new(Mutex::new(queue));
        app.supervise(Task::Committer, move |app| run(app, Arc::clone(&queue)));
    }
}

async fn run(app: Arc<App>, queue: Arc<Mutex<mpsc::Receiver<Waiting>>>) {
    let mut queue = queue.lock().await;
    loop {
        let first = tokio::select! {
            biased;
            first = queue.recv() => first,
            () = all_answered(&app) => {
                // What was handed over before the end is still committed.
                queue.close();
                queue.recv().await
            }
        };
        let Some(first) = first else { return };
        let mut samples = first.upload.batch.samples.len();
        let mut group = vec![first];
        while group.len() < GROUP_UPLOADS_MAX && samples < GROUP_SAMPLES_MAX {
            let Ok(next) = queue.try_recv() else { break };
            samples += next.upload.batch.samples.len();
            group.push(next);
        }
        commit_group(&app, group).await;
    }
}

/// Ends when the process stops and no client is connected any more: an upload that was being sent when the
/// signal came is committed.
async fn all_answered(app: &App) {
    app.shutdown.cancelled().await;
    app.connections.wait().await;
}

async fn commit_group(app: &App, group: Vec<Waiting>) {
    let (uploads, replies): (Vec<_>, Vec<_>) = group
        .into_iter()
        .map(|waiting| (waiting.upload, waiting.reply))
        .unzip();
    let results = app
        .store
        .transact("live uploads", &(app, uploads), |tx, (app, uploads)| {
            write_group(app, tx, uploads).boxed()
        })
        .await;
    match results {
        Ok(results) => {
            for (reply, result) in replies.into_iter().zip(results) {
                if let Ok(Committed::Done(receipt)) = &result {
                    receipt.tally.publish("live");
                }
                // A client that went away does not change that its upload is stored.
                let _ = reply.send(result);
            }
        }
        Err(error) => {
            tracing::error!(error = ?error, "committing live uploads failed");
            for reply in replies {
                let message = "the commit failed; nothing of this upload was stored".to_owned();
                let _ = reply.send(Err(IngestError::Interrupted { message }));
            }
        }
    }
}

async fn write_group(
    app: &App,
    tx: &mut Tx,
    uploads: &[LiveUpload],
) -> Result<Vec<Result<Committed, IngestError>>, store::Error> {
    app.supervisor.faults.check(Place::Task(Task::Committer));
    let mut people: HashMap<UserId, Dossier> = HashMap::new();
    let mut results = Vec::with_capacity(uploads.len());
    for upload in uploads {
        tx.savepoint().await?;
        match write_one(app, tx, &mut people, upload).await {
            Ok(Some(receipt)) => {
                tx.release().await?;
                results.push(Ok(Committed::Done(receipt)));
            }
            Ok(None) => {
                tx.rollback_to().await?;
                people.remove(&upload.user);
                results.push(first_answer(app, tx, upload).await);
            }
            // The whole group is begun again, or fails as one: the database is at fault, not an upload.
            Err(IngestError::Store(error) | IngestError::Dossier(DocumentError::Store(error)))
                if error.is_transient() || error.is_unavailable() =>
            {
                return Err(error);
            }
            Err(error) => {
                tx.rollback_to().await?;
                people.remove(&upload.user);
                results.push(Err(error));
            }
        }
    }
    Ok(results)
}

/// What the request did that used the key of this upload first, while this one was on its way.
async fn first_answer(
    app: &App,
    tx: &mut Tx,
    upload: &LiveUpload,
) -> Result<Committed, IngestError> {
    let key = app.vault.person_key(tx, upload.user).await?;
    let Some(repeat) = &upload.repeat else {
        return Err(IngestError::KeyUsed);
    };
    match store::idempotency::find(tx, &key, upload.user, &repeat.request).await? {
        Known::Answered(answer) => Ok(Committed::Repeated(answer)),
        Known::New | Known::Conflict => Err(IngestError::KeyUsed),
    }
}

/// Stores one upload; nothing when its key was used before. Whether it was is asked only at the end, by the
/// write of its answer: nearly all that come are new.
async fn write_one(
    app: &App,
    tx: &mut Tx,
    people: &mut HashMap<UserId, Dossier>,
    upload: &LiveUpload,
) -> Result<Option<Box<Receipt>>, IngestError> {
    let now_us = app.clock.now_us();
    let LiveUpload { user, id, kind, .. } = *upload;
    let key = app.vault.person_key(tx, user).await?;
    let no = store::uploads::begin(tx, &key, user, &NewUpload { id, kind, now_us }).await?;
    let person = match people.entry(user) {
        std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
        std::collections::hash_map::Entry::Vacant(entry) => {
            entry.insert(Dossier::load(tx, &app.vault, user).await?)
        }
    };
    let mut intake = Intake::new(Counting::Live);
    intake.take(upload.batch.clone());
    let place = Upload {
        user,
        no,
        device: upload.device,
        now_us,
        run_at_us: now_us + SETTLE_US,
    };
    intake
        .flush(tx, person, place, app.ids.job(now_us), Part::Last)
        .await?;
    let is_computed = intake.dirty_seq == 0;
    let status = match upload.review {
        Review::Wanted => UploadStatus::RequiresReview,
        Review::NotNeeded if is_computed => UploadStatus::Completed,
        Review::NotNeeded => UploadStatus::Processing,
    };
    let receipt = Receipt {
        id,
        status,
        tally: intake.tally,
    };
    let detail = serde_json::to_vec(&receipt.tally).map_err(|error| IngestError::Unreadable {
        message: format!("the account could not be written: {error}"),
    })?;
    let state = UploadState {
        status,
        stage: if is_computed { "done" } else { "analysing" },
        progress: if is_computed { 1.0 } else { 0.5 },
        accepted: receipt.tally.accepted,
        duplicates: receipt.tally.duplicates,
        rejected: receipt.tally.rejected,
        detail: &detail,
        dirty_seq: intake.dirty_seq,
        now_us,
    };
    store::uploads::save(tx, &person.key, user, id, &state).await?;
    if let Some(repeat) = &upload.repeat {
        let answer = (repeat.answer)(&receipt);
        if !store::idempotency::keep(tx, &key, user, &repeat.request, &answer, now_us).await? {
            return Ok(None);
        }
    }
    Ok(Some(Box::new(receipt)))
}
