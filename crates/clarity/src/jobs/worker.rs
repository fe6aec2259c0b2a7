//! Workers: they claim jobs with a lease, run them, and try again later with backoff and jitter when
//! they fail.
//!
//! A job's effect is exactly once because it is a pure function of the stored samples; running it twice
//! changes nothing. A worker must never know what a job does.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use model::ids::UserId;
use model::sample::{MINUTE_US, SECOND_US};
use store::Tx;
use store::jobs::Claimed;

use crate::app::App;
use crate::ingest::unfinished;
use crate::jobs::error::JobError;
use crate::jobs::{self, Job, every_job, refresh};
use crate::supervise::{self, Place, Task};

/// How long a claimed job belongs to its worker without a sign of life: longer than a large import
/// holds the only writer, short enough that a server that was killed goes on soon after its restart.
const LEASE_US: i64 = 20 * SECOND_US;
/// How often a worker renews its lease: three chances before it runs out.
const RENEW_EVERY: Duration = Duration::from_secs(6);
/// How often an idle worker looks; work of this process wakes it at once, that of another process
/// (the command line on the same data folder) is found by looking.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often the queue is counted for the metrics.
const GAUGES_EVERY_US: i64 = 5 * SECOND_US;
/// Tries before a job is set aside for a person to look at.
pub const TRIES_MAX: u32 = 8;
/// Why a job was set aside whose tries all ended with the process that made them.
const LOST: &str = "process_died";
/// First delay before another try.
const RETRY_BASE_US: i64 = 2 * SECOND_US;
/// Longest delay before another try.
const RETRY_CAP_US: i64 = 30 * MINUTE_US;

/// Writes the one place where the name of a job meets the file that does it.
macro_rules! dispatch {
    ($($(#[$doc:meta])* $variant:ident $name:literal $file:ident,)+) => {
        /// Does the work of a kind for a person.
        async fn dispatch(job: Job, app: &Arc<App>, user: UserId) -> Result<(), JobError> {
            match job {
                $(Job::$variant => jobs::$file::run(app, user).await,)+
            }
        }
    };
}
every_job!(dispatch);

/// Starts the workers.
pub fn start(app: &Arc<App>, workers: usize) {
    refresh::start(app);
    for number in 0..workers {
        app.supervise(Task::Worker, move |app| work(app, number));
    }
}

async fn work(app: Arc<App>, number: usize) {
    let name = worker_name(&app, &number.to_string());
    let mut looked_us = i64::MIN;
    while !app.shutdown.is_cancelled() {
        app.supervisor.faults.check(Place::Task(Task::Worker));
        let now_us = app.clock.now_us();
        if number == 0 && now_us.saturating_sub(looked_us) >= GAUGES_EVERY_US {
            looked_us = now_us;
            if let Err(error) = set_gauges(&app, now_us).await {
                tracing::error!(error = %error, "counting jobs failed");
            }
        }
        if !work_once(&app, &name).await {
            tokio::select! {
                () = app.shutdown.cancelled() => return,
                () = app.work_ready.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }
}

/// A name that no other worker has or had: process ids repeat, in containers at every start.
fn worker_name(app: &App, role: &str) -> String {
    let chance = u64::from_le_bytes(app.ids.bytes());
    format!("{chance:016x}-{role}")
}

/// Tells the metrics how long the queue is and how late.
async fn set_gauges(app: &App, now_us: i64) -> Result<(), store::Error> {
    let mut tx = app.store.read().await?;
    let counts = store::jobs::counts(&mut tx).await?;
    let oldest_us = store::jobs::oldest_due(&mut tx, now_us).await?;
    for kind in Job::ALL.iter().map(|job| job.kind()) {
        for state in ["queued", "running", "dead"] {
            let mut here = counts.iter().filter(|c| c.kind == kind && c.state == state);
            let count = here.next().map_or(0, |found| found.count);
            let labels = [
                ("kind", kind.as_str().to_owned()),
                ("state", state.to_owned()),
            ];
            metrics::gauge!("clarity_jobs", &labels).set(count as f64);
        }
    }
    let lag_us = oldest_us.map_or(0, |oldest_us| now_us - oldest_us);
    metrics::gauge!("clarity_pipeline_lag_seconds").set(lag_us as f64 / 1e6);
    Ok(())
}

/// Runs every job that is due, and those that they make due; returns how many ran.
pub async fn run_due(app: &Arc<App>) -> usize {
    let name = worker_name(app, "once");
    let mut count = 0;
    while work_once(app, &name).await {
        count += 1;
    }
    count
}

/// Claims one job and runs it; false when none was due.
async fn work_once(app: &Arc<App>, worker: &str) -> bool {
    match claim(app, worker).await {
        Ok(Some(job)) => {
            run(app, worker, job).await;
            true
        }
        Ok(None) => false,
        Err(error) => {
            tracing::error!(error = %error, "claiming a job failed");
            false
        }
    }
}

async fn claim(app: &App, worker: &str) -> Result<Option<Claimed>, store::Error> {
    let now_us = app.clock.now_us();
    // Looking is free of locks; only a due job is worth a write.
    let mut tx = app.store.read().await?;
    let next = store::jobs::next_due(&mut tx).await?;
    if next.is_none_or(|due_us| due_us > now_us) {
        return Ok(None);
    }
    drop(tx);
    app.store
        .transact("claim a job", &(app, worker), |tx, (app, worker)| {
            claim_in(app, tx, worker, now_us).boxed()
        })
        .await
}

async fn claim_in(
    app: &App,
    tx: &mut Tx,
    worker: &str,
    now_us: i64,
) -> Result<Option<Claimed>, store::Error> {
    for job in store::jobs::bury_lost(tx, TRIES_MAX, LOST, now_us).await? {
        // The claim counted the try, so that this is known without a word of who held it.
        tracing::error!(
            job = %job.id, kind = job.kind.as_str(), tries = job.attempt,
            "job set aside: each of its tries ended with its process"
        );
        buried(app, tx, &job, LOST, now_us).await?;
    }
    store::jobs::claim(tx, worker, now_us, LEASE_US).await
}

async fn run(app: &Arc<App>, worker: &str, job: Claimed) {
    let started_us = app.clock.now_us();
    let known = Job::of(&job.kind);
    let work = async {
        app.supervisor.faults.check(Place::Job);
        match known {
            Some(known) => dispatch(known, app, job.user).await,
            None => Err(JobError::UnknownKind),
        }
    };
    // A panic is a failed try of this job; the worker goes on.
    let work = AssertUnwindSafe(work).catch_unwind();
    let outcome = tokio::select! {
        outcome = work => outcome.unwrap_or_else(|_panic| {
            supervise::panicked("job");
            Err(JobError::Panicked)
        }),
        () = keep_lease(app, worker, &job) => return,
    };
    let seconds = (app.clock.now_us() - started_us) as f64 / 1e6;
    metrics::histogram!("clarity_job_duration_seconds", "kind" => job.kind.as_str().to_owned())
        .record(seconds);
    if let Err(error) = settle(app, worker, &job, outcome).await {
        tracing::error!(job = %job.id, kind = job.kind.as_str(), error = %error, "noting the end of a job failed");
    }
}

/// Renews the lease for as long as the job runs; returns only when the lease was lost, so that the
/// work stops.
async fn keep_lease(app: &App, worker: &str, job: &Claimed) {
    loop {
        tokio::time::sleep(RENEW_EVERY).await;
        let until_us = app.clock.now_us() + LEASE_US;
        let renewed = app
            .store
            .transact("renew a lease", &(worker, job), |tx, (worker, job)| {
                store::jobs::renew(tx, job.id, worker, until_us).boxed()
            })
            .await;
        match renewed {
            Ok(true) => {}
            Ok(false) => {
                tracing::warn!(job = %job.id, "lease lost; another worker has the job");
                return;
            }
            Err(error) => tracing::error!(job = %job.id, error = %error, "renewing a lease failed"),
        }
    }
}

async fn settle(
    app: &App,
    worker: &str,
    job: &Claimed,
    outcome: Result<(), JobError>,
) -> Result<(), store::Error> {
    let now_us = app.clock.now_us();
    app.store
        .transact(
            "settle a job",
            &(app, worker, job, &outcome),
            |tx, context| {
                let (app, worker, job, outcome) = *context;
                settle_in(app, tx, worker, job, outcome, now_us).boxed()
            },
        )
        .await?;
    match &outcome {
        Ok(()) | Err(JobError::Stopping) => {}
        Err(error) if job.attempt >= TRIES_MAX => {
            tracing::error!(job = %job.id, kind = job.kind.as_str(), error = ?error, "job set aside after its last try");
        }
        Err(error) => {
            tracing::warn!(job = %job.id, kind = job.kind.as_str(), attempt = job.attempt, error = ?error, "job failed and will be tried again");
            metrics::counter!("clarity_job_retries_total", "kind" => job.kind.as_str().to_owned())
                .increment(1);
        }
    }
    Ok(())
}

async fn settle_in(
    app: &App,
    tx: &mut Tx,
    worker: &str,
    job: &Claimed,
    outcome: &Result<(), JobError>,
    now_us: i64,
) -> Result<(), store::Error> {
    match outcome {
        Ok(()) => {
            store::jobs::finish(tx, job.id, worker).await?;
        }
        Err(JobError::Stopping) => {
            // Not a failure: the rest is queued anew, with all its tries.
            if let Some(kind) = Job::of(&job.kind) {
                kind.enqueue(tx, job.user, app.ids.job(now_us), now_us, now_us)
                    .await?;
            }
            store::jobs::finish(tx, job.id, worker).await?;
        }
        Err(error) if job.attempt >= TRIES_MAX => {
            if store::jobs::bury(tx, job.id, worker, error.code()).await? {
                buried(app, tx, job, error.code(), now_us).await?;
            }
        }
        Err(error) => {
            let run_at_us = now_us + retry_delay_us(job.attempt, app.ids.fraction());
            store::jobs::retry(tx, job.id, worker, run_at_us, error.code()).await?;
        }
    }
    Ok(())
}

/// Lets uploads not wait for a job that nobody will do.
async fn buried(
    app: &App,
    tx: &mut Tx,
    job: &Claimed,
    code: &str,
    now_us: i64,
) -> Result<(), store::Error> {
    if Job::of(&job.kind) != Some(Job::Recompute) {
        return Ok(());
    }
    match unfinished::give_up(app, tx, job.user, code, now_us).await {
        // Damage of the account itself: the job is set aside all the same.
        Err(store::Error::Damaged { what }) => {
            tracing::error!(job = %job.id, what, "the uploads of a job that was set aside stay open");
            Ok(())
        }
        other => other,
    }
}

/// `min(cap, base · 2ⁿ)` with jitter: between half of it and all of it, so that tries spread out but
/// never come at once.
fn retry_delay_us(attempt: u32, fraction: f64) -> i64 {
    let doublings = attempt.saturating_sub(1).min(20);
    let full = RETRY_BASE_US
        .saturating_mul(1 << doublings)
        .min(RETRY_CAP_US);
    let half = full / 2;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a fraction of a delay of minutes"
    )]
    let jitter = (half as f64 * fraction.clamp(0.0, 1.0)) as i64;
    half + jitter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_are_capped_and_spread() {
        for attempt in 1..=12 {
            let full = (RETRY_BASE_US << (attempt - 1)).min(RETRY_CAP_US);
            assert_eq!(retry_delay_us(attempt, 0.0), full / 2);
            assert_eq!(retry_delay_us(attempt, 1.0), full);
            let middle = retry_delay_us(attempt, 0.5);
            assert!(full / 2 < middle && middle < full);
        }
    }
}
