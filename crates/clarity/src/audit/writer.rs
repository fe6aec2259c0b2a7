//! Writes what is recorded: reads many at a time, so that one synchronised write to disk serves them all, changes in
//! the transaction that makes them, and now and then a signed checkpoint.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use model::ids::UserId;
use store::audit::Checkpointed;
use store::{Error, Store, Tx};
use tokio::sync::Mutex;

use crate::app::App;
use crate::audit::entry::{Entry, Note};
use crate::audit::recorder::{Queue, Unrecorded, Waiting};
use crate::audit::words;
use crate::erasure;
use crate::problem::{Code, Problem};
use crate::supervise::{Place, Task};

/// Entries in one commit: enough to hide the disk at high load.
const GROUP_MAX: usize = 256;
/// How often is looked for repeats whose while is over.
const EVERY: Duration = Duration::from_mins(1);
/// Seconds after which an access that could not be recorded is worth another try.
const RETRY_S: u64 = 5;
/// How long after a checkpoint the next is made.
const CHECKPOINT_US: i64 = 3_600 * 1_000_000;

/// Records a read of a person's data before its response is sent.
pub async fn before(app: &App, note: &Note) -> Result<(), Problem> {
    let recorded = app.recorder.record(note, app.clock.now_us()).await;
    recorded.map_err(refused)
}

/// What somebody learns whose access could not be recorded.
fn refused(why: Unrecorded) -> Problem {
    metrics::counter!("clarity_audit_failures_total").increment(1);
    match why {
        Unrecorded::Unavailable => Problem::new(
            Code::Unavailable,
            "the access could not be recorded in the audit log, so it was refused; try again",
        )
        .retry_after(RETRY_S),
        Unrecorded::Damaged => Problem::internal(why),
        Unrecorded::Erased => Problem::not_found(),
    }
}

/// Records a change in the transaction that makes it.
pub async fn within(app: &App, tx: &mut Tx, note: &Note) -> Result<(), Error> {
    let bytes = note.at(app.clock.now_us()).bytes();
    store::audit::append(tx, &app.vault, note.user, &[&bytes]).await?;
    metrics::counter!("clarity_audit_entries_total").increment(1);
    Ok(())
}

/// Writes what was counted of a person, so that they see it.
pub(crate) async fn settle(app: &App, user: UserId) -> Result<(), Problem> {
    let counted = app.recorder.counted(user);
    write_all(app, &counted).await.map_err(refused)
}

/// Starts the task that writes. What waits in the queue when it panics is written by the next.
pub(crate) fn start(app: &Arc<App>, queue: Queue) {
    let queue = Arc::new(Mutex::new(queue));
    app.supervise(Task::Auditor, move |app| run(app, Arc::clone(&queue)));
}

async fn run(app: Arc<App>, queue: Arc<Mutex<Queue>>) {
    let mut queue = queue.lock().await;
    let Queue(queue) = &mut *queue;
    let mut tick = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            biased;
            first = queue.recv() => {
                let Some(first) = first else { break };
                let mut group = vec![first];
                while group.len() < GROUP_MAX && let Ok(next) = queue.try_recv() {
                    group.push(next);
                }
                write_group(&app, group).await;
            }
            _ = tick.tick() => {
                let ended = app.recorder.folds().ended(app.clock.now_us());
                write_or_log(&app, &ended).await;
            }
            // What is asked before the end is still recorded.
            () = all_answered(&app) => queue.close(),
        }
    }
    let counted = app.recorder.folds().counted();
    write_or_log(&app, &counted).await;
}

async fn all_answered(app: &App) {
    app.shutdown.cancelled().await;
    app.connections.wait().await;
}

async fn write_or_log(app: &App, entries: &[(UserId, Entry)]) {
    if let Err(why) = write_all(app, entries).await {
        tracing::error!(%why, "repeated accesses could not be recorded");
        metrics::counter!("clarity_audit_failures_total").increment(1);
    }
}

/// Writes entries that nobody waits for, as far as that works; returns why it did not.
async fn write_all(app: &App, entries: &[(UserId, Entry)]) -> Result<(), Unrecorded> {
    let mut failed = Ok(());
    for group in entries.chunks(GROUP_MAX) {
        let group: Vec<(UserId, Vec<u8>)> = group
            .iter()
            .map(|(user, entry)| (*user, entry.bytes()))
            .collect();
        let results = write(app, &group).await.unwrap_or_else(|error| {
            tracing::error!(error = ?error, "accesses could not be recorded");
            vec![Err(Unrecorded::Unavailable)]
        });
        // Whoever was erased has no log any more.
        let mut why = results.into_iter().filter_map(Result::err);
        if let Some(why) = why.find(|why| *why != Unrecorded::Erased) {
            failed = Err(why);
        }
    }
    failed
}

async fn write_group(app: &App, group: Vec<Waiting>) {
    let (entries, replies): (Vec<_>, Vec<_>) = group
        .into_iter()
        .map(|waiting| ((waiting.user, waiting.bytes), waiting.reply))
        .unzip();
    let results = write(app, &entries).await.unwrap_or_else(|error| {
        tracing::error!(error = ?error, "accesses could not be recorded");
        vec![Err(Unrecorded::Unavailable); entries.len()]
    });
    for (reply, result) in replies.into_iter().zip(results) {
        // Whoever went away got nothing.
        let _ = reply.send(result);
    }
}

type Results = Vec<Result<(), Unrecorded>>;

/// Writes entries: on SQLite all with one synchronised write, on PostgreSQL each person's apart. There, whoever held the
/// chains of several people could wait in a circle with a commit of several people's uploads.
async fn write(app: &App, entries: &[(UserId, Vec<u8>)]) -> Result<Results, Error> {
    if matches!(app.store, Store::Sqlite(_)) {
        return write_together(app, entries).await;
    }
    let mut results = vec![Ok(()); entries.len()];
    for user in users(entries) {
        let own = entries.iter().filter(|(of, _)| *of == user);
        let own: Vec<(UserId, Vec<u8>)> = own.cloned().collect();
        let written = write_together(app, &own).await;
        let why = match written {
            Ok(written) => written.into_iter().find_map(Result::err),
            Err(error) => {
                tracing::error!(error = ?error, "accesses of a person could not be recorded");
                Some(Unrecorded::Unavailable)
            }
        };
        if let Some(why) = why {
            refuse(&mut results, entries, user, why);
        }
    }
    Ok(results)
}

/// The people of entries, each once.
fn users(entries: &[(UserId, Vec<u8>)]) -> Vec<UserId> {
    let mut users: Vec<UserId> = entries.iter().map(|(user, _)| *user).collect();
    users.sort_unstable();
    users.dedup();
    users
}

fn refuse(results: &mut Results, entries: &[(UserId, Vec<u8>)], user: UserId, why: Unrecorded) {
    for (result, (of, _)) in results.iter_mut().zip(entries) {
        if *of == user {
            *result = Err(why);
        }
    }
}

/// Writes entries in one transaction. One person's damaged chain fails for them alone.
async fn write_together(app: &App, entries: &[(UserId, Vec<u8>)]) -> Result<Results, Error> {
    let context = (app, entries);
    let results = app
        .store
        .transact("audit", &context, |tx, (app, entries)| {
            append(app, tx, entries).boxed()
        })
        .await?;
    let written = results.iter().filter(|one| one.is_ok()).count();
    metrics::counter!("clarity_audit_entries_total").increment(written as u64);
    Ok(results)
}

async fn append(app: &App, tx: &mut Tx, entries: &[(UserId, Vec<u8>)]) -> Result<Results, Error> {
    app.supervisor.faults.check(Place::Task(Task::Auditor));
    let mut results = vec![Ok(()); entries.len()];
    for user in users(entries) {
        let own = entries.iter().filter(|(of, _)| *of == user);
        let own: Vec<&[u8]> = own.map(|(_, bytes)| bytes.as_slice()).collect();
        tx.savepoint().await?;
        let why = match store::audit::append(tx, &app.vault, user, &own).await {
            Ok(()) => {
                tx.release().await?;
                continue;
            }
            Err(error) if error.is_transient() || error.is_unavailable() => return Err(error),
            Err(Error::PersonUnknown) => Unrecorded::Erased,
            Err(_) => Unrecorded::Damaged,
        };
        tx.rollback_to().await?;
        refuse(&mut results, entries, user, why);
    }
    Ok(results)
}

/// Signs how far all chains go, once in a while.
pub(crate) async fn checkpoint(app: &App) -> Result<(), Error> {
    let now_us = app.clock.now_us();
    if !app.recorder.is_due(now_us, CHECKPOINT_US) {
        return Ok(());
    }
    let mut tx = app.store.begin("audit checkpoint").await?;
    let signer = app.keys.signer(now_us);
    let made = store::audit::checkpoint(&mut tx, &app.vault, erasure::ACCOUNT, now_us, &signer);
    match made.await? {
        Checkpointed::Made(no, hash) => {
            tx.commit().await?;
            // What the log of the process says of it lies outside the database.
            let hash = words::hex(&hash);
            tracing::info!(no, %hash, "audit checkpoint");
        }
        Checkpointed::Unchanged => tx.rollback().await?,
        Checkpointed::Broken(broken) => {
            tx.rollback().await?;
            metrics::counter!("clarity_audit_broken_total").increment(1);
            tracing::error!(
                person = ?broken.user, entry = broken.seq, why = ?broken.why,
                "the audit log is not what was written; run clarity audit verify"
            );
        }
    }
    Ok(())
}
