//! Carries live events between the processes on one database: whoever is connected here hears of what a worker did
//! elsewhere.
//!
//! On PostgreSQL every process tells the others. A SQLite server does its own work and has nobody to tell; a separate
//! worker tells it. Events are hints: one that cannot be told is counted and left out.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use serde::{Deserialize, Serialize};
use store::Store;
use store::events::Told;
use tokio::sync::{Mutex, mpsc};

use crate::app::App;
use crate::bus::{Event, EventKind};
use crate::supervise::{Place, Task};

/// Events that wait to be told; more are left out.
const QUEUE_MAX: usize = 1_024;
/// Events told in one transaction, and read at once.
const AT_ONCE: usize = 128;
/// How long others have to look: many times as long as they take.
pub(crate) const KEPT_US: i64 = 10 * 60 * 1_000_000;
/// The pause after a failure: the database is away, and so is everything else.
const PAUSE: Duration = Duration::from_secs(1);

/// What a process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Station {
    /// Listeners are connected to it.
    Server,
    /// It only works.
    Worker,
}

/// An event on its way.
#[derive(Debug, Serialize, Deserialize)]
struct Letter {
    kind: EventKind,
    id: String,
    payload: String,
}

/// Tells and hears from now on.
pub fn start(app: &Arc<App>, station: Station) {
    let origin = i64::from_le_bytes(app.ids.bytes());
    let has_others = matches!(app.store, Store::Postgres(_));
    if has_others || station == Station::Worker {
        let (sender, queue) = mpsc::channel(QUEUE_MAX);
        app.bus.copy_to(sender);
        let queue = Arc::new(Mutex::new(queue));
        app.supervise(Task::Teller, move |app| {
            tell(app, Arc::clone(&queue), origin)
        });
    }
    if station == Station::Server {
        app.supervise(Task::Hearer, move |app| hear(app, origin));
    }
}

async fn tell(app: Arc<App>, queue: Arc<Mutex<mpsc::Receiver<Arc<Event>>>>, origin: i64) {
    let mut queue = queue.lock().await;
    let mut events = Vec::with_capacity(AT_ONCE);
    loop {
        app.supervisor.faults.check(Place::Task(Task::Teller));
        events.clear();
        tokio::select! {
            biased;
            count = queue.recv_many(&mut events, AT_ONCE) => {
                if count == 0 {
                    return;
                }
            }
            () = app.shutdown.cancelled() => return,
        }
        let told = app
            .store
            .transact(
                "tell other processes",
                &(&app, &events),
                |tx, (app, events)| write(app, tx, events, origin).boxed(),
            )
            .await;
        if let Err(error) = told {
            metrics::counter!("clarity_events_lost_total").increment(events.len() as u64);
            tracing::warn!(error = ?error, "could not tell other processes of events");
        }
    }
}

async fn write(
    app: &App,
    tx: &mut store::Tx,
    events: &[Arc<Event>],
    origin: i64,
) -> Result<(), store::Error> {
    let now_us = app.clock.now_us();
    for event in events {
        let letter = Letter {
            kind: event.kind,
            id: event.id.clone(),
            payload: event.payload.clone(),
        };
        let key = match app.vault.person_key(tx, event.user).await {
            Ok(key) => key,
            // Erased meanwhile, or damaged: nobody is told of that.
            Err(store::Error::PersonUnknown | store::Error::Damaged { .. }) => continue,
            Err(other) => return Err(other),
        };
        let bytes = serde_json::to_vec(&letter).expect("a letter is plain JSON");
        store::events::put(tx, &key, event.user, origin, &bytes, now_us).await?;
    }
    Ok(())
}

async fn hear(app: Arc<App>, origin: i64) {
    let mut seq = None;
    while !app.shutdown.is_cancelled() {
        app.supervisor.faults.check(Place::Task(Task::Hearer));
        let heard = listen(&app, &mut seq, origin);
        let ended = tokio::select! {
            ended = heard => ended,
            () = app.shutdown.cancelled() => return,
        };
        if let Err(error) = ended {
            tracing::warn!(error = ?error, "could not hear of other processes' events; trying again");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Hears until something fails; what was told meanwhile is read afterwards.
async fn listen(app: &App, seq: &mut Option<i64>, origin: i64) -> Result<(), store::Error> {
    let mut signal = app.store.signal().await?;
    loop {
        let mut tx = app.store.read().await?;
        let from = match *seq {
            Some(seq) => seq,
            None => store::events::newest(&mut tx).await?,
        };
        *seq = Some(from);
        let limit = u32::try_from(AT_ONCE).unwrap_or(u32::MAX);
        let told = store::events::after(&mut tx, &app.vault, from, origin, limit).await?;
        tx.rollback().await?;
        let is_full = told.len() == AT_ONCE;
        for one in told {
            *seq = Some(one.seq);
            pass_on(app, &one);
        }
        if !is_full {
            signal.wait().await?;
        }
    }
}

fn pass_on(app: &App, told: &Told) {
    let letter = told.bytes.as_deref().map(serde_json::from_slice::<Letter>);
    let Some(Ok(letter)) = letter else {
        metrics::counter!("clarity_rows_refused_total", "table" => "events").increment(1);
        return;
    };
    // Another process changed something of this person.
    app.people.forget(told.user);
    app.bus
        .publish_here(told.user, letter.kind, letter.id, letter.payload);
}
