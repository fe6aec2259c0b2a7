//! Opens the application: the database brought up to date, the keys, and the tasks that every process
//! runs beside its requests.

use std::path::Path;
use std::sync::Arc;

use import::budget::Budget;
use lab::models::Registry;
use store::{Store, Target, Vault};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::answers::Answers;
use crate::app::{App, Failures};
use crate::audit::recorder::Recorder;
use crate::audit::writer;
use crate::auth::hasher::Hasher;
use crate::auth::keys::{KeysError, ServerKeys};
use crate::auth::refused::PasswordList;
use crate::auth::standing::Standings;
use crate::auth::throttle::Throttle;
use crate::bus::Bus;
use crate::clock::{Clock, Ids};
use crate::config::{Config, Environment};
use crate::ingest::commit;
use crate::ingest::committer::Committer;
use crate::pat::drift::Drift;
use crate::person::memory::Memory;
use crate::shares::Shares;

/// Memory for files that cannot be read as a stream, all together: rows in no order, archives whose head comes last,
/// documents that are read whole.
const FILE_BYTES: usize = 208 << 20;
/// What one of them may have, so that there is always something for the next.
const FILE_BYTES_OF_ONE: usize = 144 << 20;

/// Imports that may have begun for each that is read: slow clients hold what they brought, and no turn.
const OPEN_IMPORTS: usize = 8;
/// Tasks that commit live uploads to PostgreSQL side by side; SQLite has one writer.
const POSTGRES_COMMITTERS: usize = 4;

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
    /// The database file cannot be made, or not kept to its owner.
    #[error("could not prepare the database file {}", .0.display())]
    File(std::path::PathBuf, #[source] std::io::Error),
    /// The database file is empty, but its key was made before.
    #[error(
        "the database file {} is empty although its master key was made before: it was cut off; restore it from a \
         backup, or remove it to begin anew", .0.display()
    )]
    Cut(std::path::PathBuf),
    /// Others can read the master key.
    #[error("CONFIG_KEY_MODE: others can read the master key {}; run chmod 600 on it", .0.display())]
    KeyMode(std::path::PathBuf),
    /// The list of refused passwords that the settings name cannot be read.
    #[error("CONFIG_PASSWORD_LIST: passwords.refused_file: could not read {}", .0.display())]
    PasswordList(std::path::PathBuf, #[source] std::io::Error),
    /// The scaler that the settings name is none.
    #[error("CONFIG_SCALER: models.scaler: {0:#}")]
    Scaler(anyhow::Error),
}

impl App {
    /// Opens the database that the configuration names, brings it up to date and opens the keys.
    pub async fn open(config: Config, clock: Clock, ids: Ids) -> Result<Arc<Self>, OpenError> {
        let folder = config.data_dir.clone();
        private_folder(&folder).map_err(|error| OpenError::Folder(folder, error))?;
        check_key_file(&config)?;
        let target = match config.sqlite_file() {
            Some(path) => {
                if is_cut(&path, &config.key_file()) {
                    return Err(OpenError::Cut(path));
                }
                private_file(&path).map_err(|error| OpenError::File(path.clone(), error))?;
                Target::Sqlite { path }
            }
            None => Target::Postgres {
                url: config.database.url.clone(),
            },
        };
        let store = Store::open(&target).await?;
        // It holds all of the application while it opens: on the heap, since commands wait for it.
        Box::pin(Self::with_store(store, config, clock, ids)).await
    }

    /// The application on an open database.
    pub async fn with_store(
        store: Store,
        config: Config,
        clock: Clock,
        ids: Ids,
    ) -> Result<Arc<Self>, OpenError> {
        if let Some(aside) = store.migrate().await? {
            tracing::warn!(
                copy = %aside.display(),
                "the database was upgraded; a copy of it as it was before lies beside it, to go back to"
            );
        }
        let vault = Vault::open(&store, &config.key_file()).await?;
        let started_us = clock.now_us();
        let longest_s = config.tokens.longest_s();
        let keys = ServerKeys::open(&store, &vault, &ids, longest_s, started_us).await?;
        let (committer, queues) = Committer::new(match &store {
            Store::Sqlite(_) => 1,
            Store::Postgres(_) => POSTGRES_COMMITTERS,
        });
        let (recorder, entries) = Recorder::new();
        let app = Arc::new(Self {
            committer,
            recorder,
            work_ready: Notify::new(),
            erasure_waits: Notify::new(),
            models: Arc::new(Registry::open(&config.data_dir)),
            lanes: Arc::default(),
            scaler: lab::embed::scaler::named(&config.models.scaler).map_err(OpenError::Scaler)?,
            drift: Drift::default(),
            people: Memory::default(),
            answers: Answers::default(),
            bus: Bus::new(started_us),
            refused: refused_passwords(&config)?,
            passwords: Hasher::new(&config.passwords).map_err(OpenError::PasswordCost)?,
            throttle: Throttle::default(),
            codes: Throttle::of_codes(),
            standings: Standings::default(),
            connections: closed(),
            tasks: TaskTracker::new(),
            supervisor: Arc::default(),
            shutdown: CancellationToken::new(),
            failures: Failures::default(),
            shares: Shares::default(),
            imports: Arc::new(Semaphore::new(config.limits.imports_at_once.max(1))),
            open_imports: Semaphore::new(config.limits.imports_at_once.max(1) * OPEN_IMPORTS),
            file_budget: Budget::new(FILE_BYTES, FILE_BYTES_OF_ONE),
            large_bodies: Semaphore::new(config.limits.large_bodies_at_once.max(1)),
            started_us,
            store,
            vault,
            config,
            clock,
            ids,
            keys,
        });
        commit::start(&app, queues);
        writer::start(&app, entries);
        crate::pat::empty_lanes(&app);
        Ok(app)
    }
}

fn refused_passwords(config: &Config) -> Result<PasswordList, OpenError> {
    let path = &config.passwords.refused_file;
    PasswordList::read(path).map_err(|error| OpenError::PasswordList(path.clone(), error))
}

/// Whether a database was here: its key is, and its file has nothing in it and no log beside it.
fn is_cut(path: &Path, key_file: &Path) -> bool {
    let bytes = |path: &Path| std::fs::metadata(path).map(|known| known.len()).ok();
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let has_log = bytes(Path::new(&log)).is_some_and(|bytes| bytes > 0);
    key_file.exists() && bytes(path) == Some(0) && !has_log
}

/// Makes the database file for its owner only; what SQLite makes beside it takes over its mode. One that
/// others can read is closed to them.
fn private_file(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let made = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let mode = std::fs::metadata(path)?.permissions().mode();
            if mode & OTHERS == 0 {
                return Ok(());
            }
            tracing::warn!("others could read the database file; from now on its owner only");
            let closed = std::fs::Permissions::from_mode(mode & !OTHERS & 0o777);
            // Somebody else's file stays as they made it.
            drop(std::fs::set_permissions(path, closed));
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Warns of a master key that others can read; production does not start with one.
fn check_key_file(config: &Config) -> Result<(), OpenError> {
    use std::os::unix::fs::PermissionsExt;
    let path = config.key_file();
    let Ok(known) = std::fs::metadata(&path) else {
        // The first start makes it, and opening it says what is wrong with it.
        return Ok(());
    };
    if known.permissions().mode() & OTHERS == 0 {
        return Ok(());
    }
    if config.environment == Environment::Production {
        return Err(OpenError::KeyMode(path));
    }
    tracing::warn!(
        key = %path.display(),
        "others can read the master key; run chmod 600 on it"
    );
    Ok(())
}

/// Whatever the group and others may do.
const OTHERS: u32 = 0o077;

/// A tracker for which one can wait at any time: it ends whenever nothing is in it.
fn closed() -> TaskTracker {
    let tracker = TaskTracker::new();
    tracker.close();
    tracker
}

/// Makes a folder that only the owner can enter; one that is there stays as it is.
fn private_folder(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}
