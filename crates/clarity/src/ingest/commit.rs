//! Commits live uploads, several at a time, so that one synchronised write to disk serves them all.
//!
//! Each upload is answered only after the commit that holds it. Uploads are independent: one that
//! fails is rolled back to its savepoint and does not touch its neighbours.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use model::ids::UserId;
use model::sample::SECOND_US;
use store::uploads::{NewUpload, UploadState, UploadStatus};
use store::{PersonKey, Tx};
use tokio::sync::Mutex;

use crate::app::App;
use crate::audit::entry::Note;
use crate::audit::recorder::Recorded;
use crate::audit::writer;
use crate::ingest::IngestError;
use crate::ingest::committer::{Committed, LiveUpload, Queues, Receipt, Review, Waiting};
use crate::ingest::intake::{Counting, Intake, Part, Upload};
use crate::ingest::line::Line;
use crate::ingest::repeats::Repeats;
use crate::person::document::DocumentError;
use crate::person::dossier::Dossier;
use crate::supervise::{Place, Task};

/// A commit takes no further upload after this long: the first one does not wait long for the last.
const GROUP_TIME: Duration = Duration::from_millis(100);
/// Changed days are computed this long after the upload, so that a burst is computed once.
const SETTLE_US: i64 = SECOND_US;

/// Starts the committing tasks. A queue outlives the task that empties it: what waits in it when one
/// panics is committed by the next.
pub(crate) fn start(app: &Arc<App>, queues: Queues) {
    for queue in queues.0 {
        let queue = Arc::new(Mutex::new(Line::new(queue)));
        app.supervise(Task::Committer, move |app| run(app, Arc::clone(&queue)));
    }
}

async fn run(app: Arc<App>, queue: Arc<Mutex<Line>>) {
    let mut line = queue.lock().await;
    loop {
        if line.is_empty() {
            tokio::select! {
                biased;
                is_more = line.wait() => if !is_more { return },
                () = all_answered(&app) => {
                    // What was handed over before the end is still committed.
                    line.close();
                    if !line.wait().await { return; }
                }
            }
        }
        let group = line.group(Instant::now());
        let rest = commit_group(&app, &mut line, group).await;
        line.put_back(rest);
    }
}

/// Ends when the process stops and no client is connected any more: an upload that was being sent when the
/// signal came is committed.
async fn all_answered(app: &App) {
    app.shutdown.cancelled().await;
    app.connections.wait().await;
}

/// Writes as many of a group as there is time for, and returns the rest.
async fn commit_group(app: &App, line: &mut Line, mut group: Vec<Waiting>) -> Vec<Waiting> {
    let results = {
        let uploads: Vec<&LiveUpload> = group.iter().map(|waiting| &waiting.upload).collect();
        app.store
            .transact("live uploads", &(app, uploads), |tx, (app, uploads)| {
                write_group(app, tx, uploads).boxed()
            })
            .await
    };
    match results {
        Ok(results) => {
            let rest = group.split_off(results.len().min(group.len()));
            for (waiting, (result, took)) in group.into_iter().zip(results) {
                line.charge(waiting.upload.user, took);
                if let Ok(Committed::Done(receipt)) = &result {
                    let note = note(&waiting.upload);
                    app.recorder
                        .committed(&note, receipt.recorded, app.clock.now_us());
                    receipt.tally.publish("live");
                }
                // A client that went away does not change that its upload is stored.
                let _ = waiting.reply.send(result);
            }
            rest
        }
        Err(error) => {
            tracing::error!(error = ?error, "committing live uploads failed");
            for waiting in group {
                let message = "the commit failed; nothing of this upload was stored".to_owned();
                let _ = waiting
                    .reply
                    .send(Err(IngestError::Interrupted { message }));
            }
            Vec::new()
        }
    }
}

/// What became of an upload, and how long it held the place to write.
type Written = (Result<Committed, IngestError>, Duration);

/// Writes a group in order, as far as there is time: at least its first upload.
async fn write_group(
    app: &App,
    tx: &mut Tx,
    uploads: &[&LiveUpload],
) -> Result<Vec<Written>, store::Error> {
    let begun = Instant::now();
    app.supervisor.faults.check(Place::Task(Task::Committer));
    let keys = keys_of(app, tx, uploads).await?;
    let mut people: HashMap<UserId, Dossier> = HashMap::new();
    let mut repeats = Repeats::of(tx, uploads, &keys).await?;
    let mut results: Vec<Written> = Vec::with_capacity(uploads.len());
    for (index, upload) in uploads.iter().enumerate() {
        if index > 0 && begun.elapsed() > GROUP_TIME {
            break;
        }
        if let Some(known) = repeats.known(index) {
            results.push((known, Duration::ZERO));
            continue;
        }
        let started = Instant::now();
        tx.savepoint().await?;
        match write_one(app, tx, (&keys, &mut people), upload).await {
            Ok(receipt) => {
                tx.release().await?;
                repeats.done(index, &receipt);
                results.push((Ok(Committed::Done(receipt)), started.elapsed()));
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
                results.push((Err(error), started.elapsed()));
            }
        }
    }
    repeats.keep(tx, app.clock.now_us()).await?;
    Ok(results)
}

/// The keys of the people of a group. Whose key cannot be had, their uploads fail, and only theirs.
async fn keys_of(
    app: &App,
    tx: &mut Tx,
    uploads: &[&LiveUpload],
) -> Result<HashMap<UserId, PersonKey>, store::Error> {
    let mut keys = HashMap::new();
    for upload in uploads {
        if keys.contains_key(&upload.user) {
            continue;
        }
        match app.vault.person_key(tx, upload.user).await {
            Ok(key) => drop(keys.insert(upload.user, key)),
            Err(error) if error.is_transient() || error.is_unavailable() => return Err(error),
            // Writing the upload meets the same error.
            Err(_) => {}
        }
    }
    Ok(keys)
}

/// What the audit log says of an upload.
fn note(upload: &LiveUpload) -> Note {
    upload.author.does("upload", upload.user)
}

/// Stores one upload.
async fn write_one(
    app: &App,
    tx: &mut Tx,
    (keys, people): (&HashMap<UserId, PersonKey>, &mut HashMap<UserId, Dossier>),
    upload: &LiveUpload,
) -> Result<Box<Receipt>, IngestError> {
    let now_us = app.clock.now_us();
    let LiveUpload { user, id, kind, .. } = *upload;
    let loaded;
    let key = if let Some(key) = keys.get(&user) {
        key
    } else {
        loaded = app.vault.person_key(tx, user).await?;
        &loaded
    };
    let no = store::uploads::begin(tx, key, user, &NewUpload { id, kind, now_us }).await?;
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
    let note = note(upload);
    let recorded = app.recorder.wanted(&note, now_us);
    if recorded == Recorded::Entry {
        writer::within(app, tx, &note).await?;
    }
    let receipt = Receipt {
        id,
        status,
        tally: intake.tally,
        recorded,
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
    Ok(Box::new(receipt))
}
