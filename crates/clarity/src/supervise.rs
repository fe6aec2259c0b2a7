//! Background tasks: each has a name, an owner, and an end that is noticed.
//!
//! A task that runs as long as the process and panics is logged, counted and started again after a
//! pause; one that keeps panicking ends the process with a failure, because a service manager can do
//! more about it than we can. Meanwhile readiness names it. A task that works once and panics is logged
//! and counted. Nothing may run beside requests past this file but connections and computations.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use futures::FutureExt;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// Restarts of one task within `WINDOW`; the next panic ends the process.
pub const RESTARTS_MAX: usize = 5;
/// Panics longer ago than this do not count any more.
const WINDOW: Duration = Duration::from_mins(10);
/// The pause before the first restart; it doubles with each one in the window.
const PAUSE: Duration = Duration::from_millis(100);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// The tasks that run as long as the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Task {
    /// Commits live uploads.
    Committer,
    /// Writes the audit log.
    Auditor,
    /// Runs jobs.
    Worker,
    /// Finds what older methods made.
    Refresh,
    /// Passes weeks through a model.
    Lanes,
    /// Looks whether other models were installed.
    Models,
    /// Forgets what is old.
    Housekeeping,
    /// Finishes erasures.
    Erasures,
    /// Waits for the signal to stop.
    Signals,
    /// Tells other processes of events.
    Teller,
    /// Hears of other processes' events.
    Hearer,
    /// Reads the keys that sign again, for what other processes did to them.
    Keys,
}

impl Task {
    /// Every task.
    pub const ALL: [Self; 12] = [
        Self::Committer,
        Self::Auditor,
        Self::Worker,
        Self::Refresh,
        Self::Lanes,
        Self::Models,
        Self::Housekeeping,
        Self::Erasures,
        Self::Signals,
        Self::Teller,
        Self::Hearer,
        Self::Keys,
    ];

    /// The name in logs, metrics and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Committer => "committer",
            Self::Auditor => "auditor",
            Self::Worker => "worker",
            Self::Refresh => "refresh",
            Self::Lanes => "lanes",
            Self::Models => "models",
            Self::Housekeeping => "housekeeping",
            Self::Erasures => "erasures",
            Self::Signals => "signals",
            Self::Teller => "teller",
            Self::Hearer => "hearer",
            Self::Keys => "keys",
        }
    }
}

/// What became of the tasks of a process.
#[derive(Debug, Default)]
pub struct Supervisor {
    /// How many tasks of each kind wait to be started again.
    down: Mutex<BTreeMap<Task, usize>>,
    gave_up: OnceLock<Task>,
    /// Failures that tests inject.
    pub faults: Faults,
}

impl Supervisor {
    /// A task that does not run although it should.
    pub fn down(&self) -> Option<Task> {
        let down = self.down.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = down.first_key_value().map(|(task, _)| *task);
        self.gave_up.get().copied().or(waiting)
    }

    /// The task that kept panicking; the process must end with a failure.
    pub fn gave_up(&self) -> Option<Task> {
        self.gave_up.get().copied()
    }

    fn fell(&self, task: Task) {
        let mut down = self.down.lock().unwrap_or_else(PoisonError::into_inner);
        *down.entry(task).or_default() += 1;
    }

    fn rose(&self, task: Task) {
        let mut down = self.down.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = down.get_mut(&task) {
            *count -= 1;
            if *count == 0 {
                down.remove(&task);
            }
        }
    }
}

/// Logs and counts a panic; its place was logged when it happened.
pub(crate) fn panicked(task: &'static str) {
    tracing::error!(task, "a task panicked");
    metrics::counter!("clarity_task_panics_total", "task" => task).increment(1);
}

/// Runs a task that works once.
pub(crate) async fn once(name: &'static str, task: impl Future<Output = ()>) {
    let span = tracing::info_span!("task", task = name);
    let caught = AssertUnwindSafe(task).catch_unwind().instrument(span);
    if caught.await.is_err() {
        panicked(name);
    }
}

/// Runs a task, and again when it panics, until the process stops.
pub(crate) async fn keep_running<F>(
    supervisor: Arc<Supervisor>,
    shutdown: CancellationToken,
    task: Task,
    run: impl Fn() -> F,
) where
    F: Future<Output = ()>,
{
    let mut falls = VecDeque::new();
    loop {
        let span = tracing::info_span!("task", task = task.name());
        let ended = AssertUnwindSafe(run().instrument(span))
            .catch_unwind()
            .await;
        match ended {
            Err(_panic) => panicked(task.name()),
            Ok(()) if shutdown.is_cancelled() => return,
            Ok(()) => tracing::error!(task = task.name(), "a task ended although it should run"),
        }
        let Some(pause) = pause(&mut falls, Instant::now()) else {
            tracing::error!(task = task.name(), "a task keeps failing; the process ends");
            // The first one is the reason; others may follow it.
            let _ = supervisor.gave_up.set(task);
            shutdown.cancel();
            return;
        };
        supervisor.fell(task);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = shutdown.cancelled() => {}
        }
        // Also when the process stops: what was handed to a queue before is still worked off.
        supervisor.rose(task);
        metrics::counter!("clarity_task_restarts_total", "task" => task.name()).increment(1);
    }
}

/// How long to wait before a restart; `None` when there were too many.
fn pause(falls: &mut VecDeque<Instant>, now: Instant) -> Option<Duration> {
    falls.retain(|fall| now.saturating_duration_since(*fall) < WINDOW);
    falls.push_back(now);
    let count = falls.len();
    if count > RESTARTS_MAX {
        return None;
    }
    let doublings = u32::try_from(count - 1).unwrap_or(u32::MAX);
    Some(PAUSE.saturating_mul(1 << doublings.min(10)).min(PAUSE_MAX))
}

/// Where a test makes the program fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the middle of a task's work.
    Task(Task),
    /// While a job runs.
    Job,
    /// While a batch passes through a model.
    Pass,
    /// While a part of an import is written.
    Import,
}

/// How it fails there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The task panics.
    Panic,
    /// The process is gone, as after SIGKILL.
    Abort,
}

/// Failures that tests inject into their own process. No setting, request or file reaches this: in a
/// server nothing is ever injected, and looking costs one read of a counter.
#[derive(Debug, Default)]
pub struct Faults {
    waiting: AtomicUsize,
    places: Mutex<Vec<(Place, Fault)>>,
}

impl Faults {
    /// Makes the program fail at `place` the next `times` times.
    pub fn inject(&self, place: Place, fault: Fault, times: usize) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.extend(std::iter::repeat_n((place, fault), times));
        self.waiting.store(places.len(), Ordering::SeqCst);
    }

    /// How many failures wait to happen.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    #[expect(clippy::panic, reason = "a test asked for it")]
    pub(crate) fn check(&self, place: Place) {
        if self.waiting.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(index) = places.iter().position(|(found, _)| *found == place) else {
            return;
        };
        let (_, fault) = places.remove(index);
        self.waiting.store(places.len(), Ordering::SeqCst);
        drop(places);
        match fault {
            Fault::Panic => panic!("injected by a test"),
            Fault::Abort => std::process::abort(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_end() {
        let start = Instant::now();
        let mut falls = VecDeque::new();
        let pauses: Vec<u128> = std::iter::from_fn(|| pause(&mut falls, start))
            .map(|pause| pause.as_millis())
            .collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1_600]);
        assert!(pause(&mut falls, start + WINDOW / 2).is_none());
        // What is long ago does not count.
        let later = start + WINDOW + WINDOW / 2 + Duration::from_secs(1);
        assert_eq!(pause(&mut falls, later), Some(PAUSE));
    }
}
