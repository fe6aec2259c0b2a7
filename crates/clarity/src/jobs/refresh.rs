//! After an upgrade: what older methods made is made again in the background, types that the catalogue has
//! learnt are promoted, and measurements that were stored twice are joined.
//!
//! One step is one person's next window, newest days first; then it is the next person's turn. A step
//! only marks days and queues jobs: the work itself is that of any other change, and whatever a person
//! sends meanwhile is computed before the next step. Looking costs a few reads of an index, and nothing
//! where nothing is older. It must never answer a request or hold one up.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use jiff::civil::Date;
use model::ids::UserId;
use model::sample::MINUTE_US;
use store::revisions::{self, Derived, Turn};

use crate::app::App;
use crate::jobs::Job;
use crate::jobs::doors;
use crate::jobs::error::JobError;
use crate::jobs::promote;
use crate::jobs::week::has_model;
use crate::jobs::worker;
use crate::revision;
use crate::supervise::{self, Place, Task};

/// Days of one step: as many as are computed from one reading of samples.
const STEP_DAYS: u32 = 31;
/// How long the queue has to itself after a step, so that an upgrade leaves most of the machine to requests.
const PAUSE: Duration = Duration::from_millis(200);
/// How often it is looked whether anything is older: an instance of an earlier version may still write.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// How long a person whose promotion failed is left alone.
const FAILED_AGAIN_US: i64 = 10 * MINUTE_US;
/// Rows counted at most for the gauge, so that counting stays cheap in the largest database.
pub(crate) const COUNTED_MAX: u32 = 1_000_000;

/// Where the rounds are.
#[derive(Debug, Default)]
pub struct Round {
    catalogue: Turn,
    /// When those whose promotion failed are tried again, if there are any.
    again_us: Option<i64>,
    settled: Turn,
    derived: [Turn; Derived::ALL.len()],
}

/// What a step found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Something was done for a person.
    Done,
    /// The person whose turn it was has other work waiting, or needs nothing.
    Passed,
    /// Nothing is older than it should be, or nobody is left in this round.
    Idle,
}

/// Starts looking; ends with the process.
pub fn start(app: &Arc<App>) {
    app.supervise(Task::Refresh, look);
}

async fn look(app: Arc<App>) {
    let mut round = Round::default();
    while !app.shutdown.is_cancelled() {
        app.supervisor.faults.check(Place::Task(Task::Refresh));
        let wait = match step(&app, &mut round).await {
            Ok(Step::Done | Step::Passed) => PAUSE,
            Ok(Step::Idle) => LOOK_EVERY,
            Err(error) => {
                tracing::error!(error = %error, "looking for what is older failed");
                LOOK_EVERY
            }
        };
        if let Err(error) = set_gauges(&app).await {
            tracing::error!(error = %error, "counting what is older failed");
        }
        rest(&app, wait).await;
        while !app.shutdown.is_cancelled() && is_busy(&app).await {
            rest(&app, PAUSE).await;
        }
    }
}

/// Waits, but not for longer than the process runs.
async fn rest(app: &App, wait: Duration) {
    tokio::select! {
        () = app.shutdown.cancelled() => {}
        () = tokio::time::sleep(wait) => {}
    }
}

/// Takes every step there is, and runs what they queue; returns how many steps did something.
pub async fn all(app: &Arc<App>) -> usize {
    let mut round = Round::default();
    let mut steps = 0;
    while let Ok(step) = step(app, &mut round).await {
        match step {
            Step::Done => steps += 1,
            Step::Passed => {}
            Step::Idle => break,
        }
        worker::run_due(app).await;
    }
    steps
}

/// Whether work is due that somebody waits for.
async fn is_busy(app: &App) -> bool {
    let due = async {
        let mut tx = app.store.read().await?;
        store::jobs::oldest_due(&mut tx, app.clock.now_us()).await
    };
    matches!(due.await, Ok(Some(_)))
}

/// Does the next thing for the next person.
pub async fn step(app: &Arc<App>, round: &mut Round) -> Result<Step, store::Error> {
    if let Some(step) = catalogue(app, round).await? {
        return Ok(step);
    }
    if let Some(step) = doors(app, round).await? {
        return Ok(step);
    }
    for (place, what) in Derived::ALL.into_iter().enumerate() {
        if what == Derived::Embeddings && !has_model(app) {
            continue;
        }
        let Some(turn) = round.derived.get_mut(place) else {
            continue;
        };
        let mut tx = app.store.read().await?;
        let current = revision::current(what);
        let mut found = revisions::next_person(&mut tx, what, current, *turn).await?;
        if found.is_none() && *turn != Turn::default() {
            // The round begins anew.
            found = revisions::next_person(&mut tx, what, current, Turn::default()).await?;
        }
        drop(tx);
        if let Some((user, at)) = found {
            *turn = at;
            return queue(app, user, what).await;
        }
    }
    Ok(Step::Idle)
}

/// Promotes the own types of the next person who was not looked up in this catalogue yet; `None` when
/// everybody was. One who fails keeps everything as it is and is tried again later.
async fn catalogue(app: &Arc<App>, round: &mut Round) -> Result<Option<Step>, store::Error> {
    let names = promote::names();
    let mut tx = app.store.read().await?;
    let next = revisions::next_behind_catalogue(&mut tx, names, round.catalogue).await?;
    drop(tx);
    let now_us = app.clock.now_us();
    let Some((user, at)) = next else {
        if round.again_us.is_some_and(|again_us| again_us <= now_us) {
            round.again_us = None;
            round.catalogue = Turn::default();
        }
        return Ok(None);
    };
    round.catalogue = at;
    // A panic is the failure of this person; the others' turn comes.
    let promoted = AssertUnwindSafe(promote::person(app, user)).catch_unwind();
    let promoted = promoted.await.unwrap_or_else(|_panic| {
        supervise::panicked("promotion");
        Err(JobError::Panicked)
    });
    if let Err(error) = promoted {
        metrics::counter!("clarity_promotions_failed_total").increment(1);
        tracing::error!(user = %user, error = %error, "promoting a person's own types failed");
        round.again_us.get_or_insert(now_us + FAILED_AGAIN_US);
    }
    Ok(Some(Step::Done))
}

/// Puts the samples of the next person right that were stored before one measurement through two doors was
/// one; `None` when everybody's are. One who fails keeps what is done and is tried again by the next process.
async fn doors(app: &Arc<App>, round: &mut Round) -> Result<Option<Step>, store::Error> {
    let mut tx = app.store.read().await?;
    let next = revisions::next_unsettled(&mut tx, doors::RULE, round.settled).await?;
    drop(tx);
    let Some((user, at)) = next else {
        return Ok(None);
    };
    round.settled = at;
    let settled = AssertUnwindSafe(doors::person(app, user)).catch_unwind();
    let settled = settled.await.unwrap_or_else(|_panic| {
        supervise::panicked("settling");
        Err(JobError::Panicked)
    });
    match settled {
        Ok(0) => Ok(Some(Step::Passed)),
        Ok(_) => Ok(Some(Step::Done)),
        Err(error) => {
            metrics::counter!("clarity_settlings_failed_total").increment(1);
            tracing::error!(user = %user, error = %error, "joining a person's samples failed");
            Ok(Some(Step::Passed))
        }
    }
}

/// Queues the next window of a person, unless other work of theirs waits: that comes first.
async fn queue(app: &Arc<App>, user: UserId, what: Derived) -> Result<Step, store::Error> {
    let now_us = app.clock.now_us();
    let mut tx = app.store.begin("queue a refresh").await?;
    if store::jobs::pending(&mut tx, user).await? > 0
        || store::days::dirty_count(&mut tx, user).await? > 0
    {
        return Ok(Step::Passed);
    }
    let job = match what {
        Derived::Days => {
            let ever = (Date::MIN, Date::MAX);
            let current = revision::current(what);
            let days = revisions::older(&mut tx, user, what, current, ever, STEP_DAYS).await?;
            store::days::mark(&mut tx, user, &days, now_us).await?;
            Job::Recompute
        }
        Derived::Insights => Job::Insight,
        Derived::Embeddings => Job::Embed,
    };
    job.enqueue(&mut tx, user, app.ids.job(now_us), now_us, now_us)
        .await?;
    tx.commit().await?;
    app.work_ready.notify_one();
    Ok(Step::Done)
}

async fn set_gauges(app: &App) -> Result<(), store::Error> {
    let mut tx = app.store.read().await?;
    for what in Derived::ALL {
        let count = revisions::count(&mut tx, what, revision::current(what), COUNTED_MAX).await?;
        metrics::gauge!("clarity_stale", "what" => what.name()).set(count as f64);
    }
    Ok(())
}
