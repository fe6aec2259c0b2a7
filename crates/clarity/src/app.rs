//! The application: everything that handlers, jobs and commands share, in one place with one owner.
//!
//! Background work runs on the task tracker, so that a shutdown waits for it; nothing is spawned
//! without an owner.

use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use analysis::pat::scaler::Scaler;
use axum::body::Bytes;
use store::{Store, Target, Vault};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::keys::{KeysError, ServerKeys};
use crate::auth::password::Hasher;
use crate::auth::standing::Standings;
use crate::auth::throttle::Throttle;
use crate::bus::Bus;
use crate::clock::{Clock, Ids};
use crate::config::Config;
use crate::http::events::Streams;
use crate::http::rate::RateLimits;
use crate::ingest::committer::Committer;
use crate::models::Registry;
use crate::pat::drift::Drift;
use crate::pat::lanes::Lanes;
use crate::problem::Problem;

/// Tasks that commit live uploads to PostgreSQL side by side; SQLite has one writer.
const POSTGRES_COMMITTERS: usize = 4;

/// What one process needs; shared as `Arc<App>`.
#[derive(Debug)]
pub struct App {
    /// The database.
    pub store: Store,
    /// The keys of persons.
    pub vault: Vault,
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
    /// Failed sign-ins.
    pub throttle: Throttle,
    /// Sessions that stood a moment ago.
    pub standings: Standings,
    /// Budgets of requests.
    pub rates: RateLimits,
    /// Open event streams.
    pub streams: Streams,
    /// The background work in progress.
    pub tasks: TaskTracker,
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
    /// Trained networks that are installed.
    pub models: Arc<Registry>,
    /// Weeks that wait for one of them.
    pub lanes: Arc<Lanes>,
    /// How weeks are scaled for it.
    pub scaler: Scaler,
    /// Whether what is embedded changed.
    pub drift: Drift,
    /// Turns of imports that are read at the same time.
    pub imports: Semaphore,
    openapi: OnceLock<Bytes>,
}

/// Why the application did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database or the vault refused.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The server's keys are not readable.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The cost of passwords is not one that Argon2 can work with.
    #[error("CONFIG_PASSWORD_COST: passwords: {0}")]
    PasswordCost(argon2::Error),
    /// The data folder cannot be made.
    #[error("could not create the data folder {}", .0.display())]
    Folder(std::path::PathBuf, #[source] std::io::Error),
    /// The scaler that the settings name is none.
    #[error("CONFIG_SCALER: models.scaler: {0:#}")]
    Scaler(anyhow::Error),
}

/// When and how the database failed last.
#[derive(Debug, Default)]
pub struct Failures {
    database: Mutex<Option<(i64, String)>>,
}

impl Failures {
    /// Remembers a failure of the database.
    pub fn database_failed(&self, at_us: i64, error: String) {
        let mut last = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((at_us, error));
    }

    /// The last failure of the database.
    pub fn database(&self) -> Option<(i64, String)> {
        let last = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        last.clone()
    }
}

impl App {
    /// Opens the database that the configuration names, brings it up to date and opens the keys.
    pub async fn open(config: Config, clock: Clock, ids: Ids) -> Result<Arc<Self>, OpenError> {
        let folder = config.data_dir.clone();
        private_folder(&folder).map_err(|error| OpenError::Folder(folder, error))?;
        let target = match config.sqlite_file() {
            Some(path) => Target::Sqlite { path },
            None => Target::Postgres {
                url: config.database.url.clone(),
            },
        };
        let store = Store::open(&target).await?;
        Self::with_store(store, config, clock, ids).await
    }

    /// The application on an open database.
    pub async fn with_store(
        store: Store,
        config: Config,
        clock: Clock,
        ids: Ids,
    ) -> Result<Arc<Self>, OpenError> {
        store.migrate().await?;
        let vault = Vault::open(&store, &config.key_file()).await?;
        let keys = ServerKeys::open(&store, &vault, &ids).await?;
        let started_us = clock.now_us();
        let (committer, queues) = Committer::new(match &store {
            Store::Sqlite(_) => 1,
            Store::Postgres(_) => POSTGRES_COMMITTERS,
        });
        let app = Arc::new(Self {
            committer,
            work_ready: Notify::new(),
            models: Arc::new(Registry::open(&config.data_dir)),
            lanes: Arc::default(),
            scaler: crate::pat::scaler::named(&config.models.scaler).map_err(OpenError::Scaler)?,
            drift: Drift::default(),
            bus: Bus::new(started_us),
            passwords: Hasher::new(&config.passwords).map_err(OpenError::PasswordCost)?,
            throttle: Throttle::default(),
            standings: Standings::default(),
            rates: RateLimits::new(&config.rates),
            streams: Streams::default(),
            tasks: TaskTracker::new(),
            shutdown: CancellationToken::new(),
            failures: Failures::default(),
            imports: Semaphore::new(config.limits.imports_at_once.max(1)),
            openapi: OnceLock::new(),
            started_us,
            store,
            vault,
            config,
            clock,
            ids,
            keys,
        });
        crate::ingest::committer::start(&app, queues);
        crate::pat::lanes::start(&app);
        Ok(app)
    }

    /// Runs work that keeps a processor busy apart from the request threads.
    pub async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let span = tracing::Span::current();
        self.tasks
            .spawn_blocking(move || span.in_scope(work))
            .await
            .map_err(Problem::internal)
    }

    /// Runs a task until it ends; a shutdown waits for it. The task itself must watch
    /// [`App::shutdown`].
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        use tracing::Instrument;
        let span = tracing::info_span!("task", task = name);
        self.tasks.spawn(task.instrument(span));
    }

    /// The OpenAPI document as JSON, made when it is first asked for.
    pub fn openapi(&self) -> Bytes {
        let made = self.openapi.get_or_init(|| {
            let (_, document) = crate::http::router::documented();
            let json = document.to_json().expect("the document is plain JSON");
            Bytes::from(json)
        });
        made.clone()
    }
}

/// Makes a folder that only the owner can enter; one that is there stays as it is.
fn private_folder(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}
