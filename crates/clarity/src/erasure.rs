//! Erasing, and saying so only when it is true: a receipt says that the key is destroyed once nothing of it is
//! left in the files of the database.
//!
//! The rows go in one transaction, which notes the erasure. Whoever reads the file meanwhile keeps older pages
//! alive, so the bytes are removed afterwards, again and again until that works, also after a restart. Nobody
//! who writes waits for it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use model::ids::{ErasureId, UserId};
use serde::{Deserialize, Serialize};
use store::erase::Erased;
use store::{Scrubbed, Store, Tx};
use utoipa::ToSchema;

use crate::app::App;
use crate::audit::entry::{Author, Note};
use crate::audit::writer;
use crate::supervise::{Place, Task};

/// How long whoever erases waits for the end of it.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// The pause between two attempts while somebody waits.
const PAUSE: Duration = Duration::from_millis(100);
/// The pause between two attempts in the background; it doubles.
const RETRY: Duration = Duration::from_millis(500);
/// The longest pause.
const RETRY_MAX: Duration = Duration::from_secs(30);
/// How often other processes' erasures are looked for.
const LOOK: Duration = Duration::from_mins(1);

/// What is erased by a purge.
pub(crate) const HEALTH_DATA: &str = "health_data";
/// What is erased with a person.
pub(crate) const ACCOUNT: &str = "account";

/// Why an erasure failed; whatever it is, it is tried again.
#[derive(Debug, thiserror::Error)]
pub enum ErasureError {
    /// The store refused.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A noted erasure cannot be read.
    #[error("reading a noted erasure")]
    Form(#[from] serde_json::Error),
}

/// Whether an erasure is finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ErasureState)]
pub enum State {
    /// The rows are gone; the files still contain older bytes.
    Pending,
    /// Nothing is left.
    Done,
}

/// How much was erased, and what became of the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Rows by table; samples are counted one by one.
    pub counts: BTreeMap<String, u64>,
    /// What a receipt says of the key.
    pub key: String,
}

/// An erasure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// The id.
    pub id: ErasureId,
    /// Whose data it was.
    pub user: UserId,
    /// `health_data` or `account`.
    pub what: String,
    /// When.
    pub erased_us: i64,
    /// When it was finished.
    pub done_us: Option<i64>,
    /// How much.
    pub account: Account,
}

impl Erasure {
    /// Whether it is finished.
    pub const fn state(&self) -> State {
        match self.done_us {
            Some(_) => State::Done,
            None => State::Pending,
        }
    }

    fn read(noted: store::erasures::Erasure) -> Result<Self, ErasureError> {
        Ok(Self {
            id: noted.id,
            user: noted.user,
            what: noted.what,
            erased_us: noted.erased_us,
            done_us: noted.done_us,
            account: serde_json::from_slice(&noted.account)?,
        })
    }
}

/// Erases everything about a person's health.
pub async fn of_health_data(
    app: &App,
    user: UserId,
    author: Author,
) -> Result<Erasure, ErasureError> {
    let mut tx = app.store.begin("erase health data").await?;
    let erased = store::erase::health_data(&mut tx, &app.vault, user).await?;
    let key = match &app.store {
        Store::Sqlite(_) => "destroyed and replaced",
        Store::Postgres(_) => {
            "replaced; PostgreSQL keeps the old bytes until it vacuums the table and recycles its log"
        }
    };
    let erasure = note(app, &mut tx, user, HEALTH_DATA, key, erased).await?;
    let recorded = Note {
        erasure: Some(erasure.id),
        ..author.does("purge_health_data", user)
    };
    writer::within(app, &mut tx, &recorded).await?;
    tx.commit().await?;
    app.people.forget(user);
    app.recorder.forget(user);
    Ok(erasure)
}

/// Erases a person with everything of theirs.
pub async fn of_person(app: &App, user: UserId) -> Result<Erasure, ErasureError> {
    let mut tx = app.store.begin("erase a person").await?;
    let erased = store::erase::person(&mut tx, user).await?;
    let key = match &app.store {
        Store::Sqlite(_) => "destroyed",
        Store::Postgres(_) => {
            "deleted; PostgreSQL keeps the old bytes until it vacuums the table and recycles its log"
        }
    };
    let erasure = note(app, &mut tx, user, ACCOUNT, key, erased).await?;
    tx.commit().await?;
    app.people.forget(user);
    app.recorder.forget(user);
    app.standings.forget_person(user);
    Ok(erasure)
}

async fn note(
    app: &App,
    tx: &mut Tx,
    user: UserId,
    what: &str,
    key: &str,
    erased: Erased,
) -> Result<Erasure, ErasureError> {
    let erased_us = app.clock.now_us();
    let counts = erased.counts.into_iter();
    let account = Account {
        counts: counts
            .map(|(table, rows)| (table.to_owned(), rows))
            .collect(),
        key: key.to_owned(),
    };
    let noted = store::erasures::Erasure {
        id: app.ids.erasure(erased_us),
        user,
        what: what.to_owned(),
        erased_us,
        done_us: None,
        account: serde_json::to_vec(&account)?,
    };
    store::erasures::note(tx, &app.vault, &noted).await?;
    Erasure::read(noted)
}

/// Waits a moment for the end of an erasure, and leaves it to the background otherwise.
pub async fn settle(app: &App, erasure: &Erasure) -> Result<State, ErasureError> {
    let started = tokio::time::Instant::now();
    loop {
        match finish(app).await {
            Ok(State::Done) => return Ok(State::Done),
            Ok(State::Pending) => {}
            // What is erased is erased; the rest is tried again.
            Err(error) => tracing::warn!(error = ?error, "could not finish an erasure yet"),
        }
        if started.elapsed() >= PATIENCE {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    tracing::warn!(
        erasure = %erasure.id,
        "an erasure waits: another program reads the database file"
    );
    app.erasure_waits.notify_one();
    Ok(State::Pending)
}

/// Tries to finish every erasure that is not, and says whether there is none left.
pub async fn finish(app: &App) -> Result<State, ErasureError> {
    let mut tx = app.store.read().await?;
    let pending = store::erasures::pending(&mut tx, &app.vault).await?;
    tx.rollback().await?;
    metrics::gauge!("clarity_erasures_pending").set(pending.len() as f64);
    if pending.is_empty() {
        return Ok(State::Done);
    }
    for erasure in &pending {
        store::erase::in_copies(&app.store, erasure.user).await?;
    }
    if app.store.scrub().await? == Scrubbed::InUse {
        return Ok(State::Pending);
    }
    let now_us = app.clock.now_us();
    let mut tx = app.store.begin("finish erasures").await?;
    for erasure in &pending {
        store::erasures::finish(&mut tx, erasure.id, now_us).await?;
    }
    tx.commit().await?;
    metrics::gauge!("clarity_erasures_pending").set(0.0);
    Ok(State::Done)
}

/// An erasure of a person.
pub(crate) async fn get(
    app: &App,
    user: UserId,
    id: ErasureId,
) -> Result<Option<Erasure>, ErasureError> {
    let mut tx = app.store.read().await?;
    let noted = store::erasures::get(&mut tx, &app.vault, user, id).await?;
    noted.map(Erasure::read).transpose()
}

/// The latest erasures, newest first.
pub(crate) async fn list(app: &App) -> Result<Vec<Erasure>, ErasureError> {
    let mut tx = app.store.read().await?;
    let noted = store::erasures::list(&mut tx, &app.vault).await?;
    noted.into_iter().map(Erasure::read).collect()
}

/// Finishes erasures as long as the process runs, those of processes that ended among them.
pub(crate) fn keep_finishing(app: &Arc<App>) {
    app.supervise(Task::Erasures, |app| async move {
        let mut pause = RETRY;
        loop {
            app.supervisor.faults.check(Place::Task(Task::Erasures));
            let wait = match finish(&app).await {
                Ok(State::Done) => {
                    pause = RETRY;
                    LOOK
                }
                Ok(State::Pending) => pause,
                Err(error) => {
                    tracing::warn!(error = ?error, "could not finish an erasure yet");
                    pause
                }
            };
            pause = pause.saturating_mul(2).min(RETRY_MAX);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = app.erasure_waits.notified() => pause = RETRY,
                () = app.shutdown.cancelled() => break,
            }
        }
    });
}
