//! The application: everything that handlers, jobs and commands share, in one place with one owner.
//!
//! It only holds them; `open.rs` puts them together and starts what runs beside requests. Background work
//! runs on the task tracker, so that a shutdown waits for it; nothing is spawned without an owner, and
//! what falls over is noticed (`supervise.rs`).

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use import::budget::Budget;
use lab::models::Registry;
use pat::scaler::Scaler;
use store::{Store, Vault};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use crate::answers::Answers;
use crate::audit::recorder::Recorder;
use crate::auth::hasher::Hasher;
use crate::auth::keys::ServerKeys;
use crate::auth::refused::PasswordList;
use crate::auth::standing::Standings;
use crate::auth::throttle::Throttle;
use crate::bus::Bus;
use crate::clock::{Clock, Ids};
use crate::config::Config;
use crate::ingest::committer::Committer;
use crate::pat::drift::Drift;
use crate::pat::lanes::Lanes;
use crate::person::memory::Memory;
use crate::problem::Problem;
use crate::shares::{self, Shares};
use crate::supervise::{self, Supervisor, Task};
use crate::wanted::{StillWanted, wanted};

/// What one process needs; shared as `Arc<App>`.
#[derive(Debug)]
pub struct App {
    /// The database.
    pub store: Store,
    /// The keys of persons.
    pub vault: Vault,
    /// Persons whose data was read a moment ago.
    pub people: Memory,
    /// Answers that took long to compute.
    pub answers: Answers,
    /// The settings.
    pub config: Config,
    /// The time.
    pub clock: Clock,
    /// Ids and randomness.
    pub ids: Ids,
    /// Live events.
    pub bus: Bus,
    /// The server's own secrets.
    pub keys: ServerKeys,
    /// Password hashing.
    pub passwords: Hasher,
    /// Passwords that no account may have.
    pub refused: PasswordList,
    /// Failed sign-ins.
    pub throttle: Throttle,
    /// Wrong codes of second factors.
    pub codes: Throttle,
    /// Sessions that stood a moment ago.
    pub standings: Standings,
    /// What is recorded in the audit log.
    pub recorder: Recorder,
    /// The background work in progress.
    pub tasks: TaskTracker,
    /// The connections of clients; what they wait for runs until the last one ended.
    pub connections: TaskTracker,
    /// What became of the tasks that should run.
    pub supervisor: Arc<Supervisor>,
    /// Cancelled when the process should end.
    pub shutdown: CancellationToken,
    /// When this process started.
    pub started_us: i64,
    /// The last failure of each dependency, for the detailed health answer.
    pub failures: Failures,
    /// Commits live uploads.
    pub committer: Committer,
    /// Wakes an idle worker of this process.
    pub work_ready: Notify,
    /// Wakes the task that finishes erasures.
    pub erasure_waits: Notify,
    /// Trained networks that are installed.
    pub models: Arc<Registry>,
    /// Weeks that wait for one of them.
    pub lanes: Arc<Lanes>,
    /// How weeks are scaled for it.
    pub scaler: Scaler,
    /// Whether what is embedded changed.
    pub drift: Drift,
    /// A fair share of it for everybody.
    pub shares: Shares,
    /// Turns of imports that are read at the same time.
    pub imports: Arc<Semaphore>,
    /// Places of imports that have begun: one whose client is slow waits without a turn.
    pub open_imports: Semaphore,
    /// What files that are no stream may hold of the memory, all together.
    pub file_budget: Budget,
    /// Turns of bodies that are larger than most.
    pub large_bodies: Semaphore,
}

/// When and how the database failed last.
#[derive(Debug, Default)]
pub struct Failures {
    database: Mutex<Option<(i64, String)>>,
    writes: Mutex<Writes>,
}

/// What is known of writing from looking whether it works.
#[derive(Debug, Default)]
struct Writes {
    worked_us: Option<i64>,
    waiting_since_us: Option<i64>,
}

impl Failures {
    /// Remembers a failure of the database.
    pub fn database_failed(&self, at_us: i64, error: String) {
        let mut last = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((at_us, error));
    }

    /// Remembers that a write worked.
    pub fn written(&self, at_us: i64) {
        let mut writes = self.writes.lock().unwrap_or_else(PoisonError::into_inner);
        *writes = Writes {
            worked_us: Some(at_us),
            waiting_since_us: None,
        };
    }

    /// When a write worked last.
    pub fn last_written_us(&self) -> Option<i64> {
        let writes = self.writes.lock().unwrap_or_else(PoisonError::into_inner);
        writes.worked_us
    }

    /// Remembers that a write had to wait for others, and returns since when they all do.
    pub fn write_waits(&self, now_us: i64) -> i64 {
        let mut writes = self.writes.lock().unwrap_or_else(PoisonError::into_inner);
        *writes.waiting_since_us.get_or_insert(now_us)
    }

    /// The last failure of the database.
    pub fn database(&self) -> Option<(i64, String)> {
        let last = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        last.clone()
    }
}

impl App {
    /// Runs work that keeps a processor busy apart from the request threads. When nobody waits for it any more,
    /// work that has not begun never does.
    pub async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        self.compute_while_wanted(|_| work()).await
    }

    /// The same for work of many parts: between two of them it asks whether anybody still waits, and ends early
    /// when nobody does. What it returns then reaches nobody.
    pub async fn compute_while_wanted<T: Send + 'static>(
        &self,
        work: impl FnOnce(&StillWanted) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let span = tracing::Span::current();
        let (waiting, wanted) = wanted();
        // Kept to the end of the work, which goes on when nobody waits for it any more.
        let turn = shares::current();
        let work = move || {
            let done = span.in_scope(|| work(&wanted));
            drop(turn);
            done
        };
        let work = AbortOnDropHandle::new(self.tasks.spawn_blocking(work));
        let done = work.await;
        drop(waiting);
        done.map_err(|error| {
            if error.is_panic() {
                supervise::panicked("compute");
            }
            Problem::internal(error)
        })
    }

    /// Keeps a task running until the process stops. `run` makes it anew after each panic, so what must
    /// outlive one (a queue, for example) belongs into `run`. A task watches [`App::shutdown`].
    pub fn supervise<F>(self: &Arc<Self>, task: Task, run: impl Fn(Arc<Self>) -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let app = Arc::clone(self);
        let supervisor = Arc::clone(&self.supervisor);
        let shutdown = self.shutdown.clone();
        let run = move || run(Arc::clone(&app));
        self.tasks
            .spawn(supervise::keep_running(supervisor, shutdown, task, run));
    }

    /// Runs a task until it ends; a shutdown waits for it. A panic is logged and counted; whoever waits
    /// for a result of the task learns of it by the end of their channel.
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(supervise::once(name, task));
    }
}
