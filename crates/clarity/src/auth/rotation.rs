//! Replacing the keys that sign access tokens while the server runs, and reading what other processes did to them.

use std::sync::Arc;
use std::time::Duration;

use store::Tx;

use crate::app::App;
use crate::audit::entry::Note;
use crate::audit::writer;
use crate::auth::keys::{KeysError, Stored};
use crate::auth::ring::{self, KeyState, Unchanged};
use crate::instant::rfc3339;
use crate::problem::{Code, Problem};
use crate::supervise::{Place, Task};

/// How often the keys are read again: far more often than a new key takes until it signs.
const LOOK: Duration = Duration::from_secs(2);
const DAY_US: i64 = 86_400 * 1_000_000;

/// Adds a key that replaces the one that signs, once every process knows it. `note` is for the log of whoever asked.
pub async fn rotate(app: &App, note: Option<&Note>) -> Result<Vec<KeyState>, Problem> {
    let now_us = app.clock.now_us();
    let seed = zeroize::Zeroizing::new(app.ids.bytes::<32>());
    let longest_s = app.config.tokens.longest_s();
    let change = |stored: &mut Stored| ring::rotate(&mut stored.keys, &seed, now_us, longest_s);
    change_all(app, note, change).await?;
    tracing::info!("a new key will sign access tokens");
    Ok(app.keys.states(now_us))
}

/// Takes a key back that others may know: what it signed is refused within seconds, and whose session rested on it signs
/// in again.
pub async fn revoke(
    app: &App,
    key_id: &str,
    note: Option<&Note>,
) -> Result<Vec<KeyState>, Problem> {
    let now_us = app.clock.now_us();
    let seed = zeroize::Zeroizing::new(app.ids.bytes::<32>());
    let longest_s = app.config.tokens.longest_s();
    let change =
        |stored: &mut Stored| ring::revoke(&mut stored.keys, key_id, &seed, now_us, longest_s);
    change_all(app, note, change).await?;
    tracing::warn!(key_id, "a key that signed access tokens was revoked");
    Ok(app.keys.states(now_us))
}

async fn change_all(
    app: &App,
    note: Option<&Note>,
    change: impl FnOnce(&mut Stored) -> Result<(), Unchanged>,
) -> Result<(), Problem> {
    let mut tx = app.store.begin("change the keys that sign").await?;
    let mut stored = locked(app, &mut tx).await.map_err(failed)?;
    change(&mut stored).map_err(refused)?;
    stored.put(&mut tx, &app.vault).await.map_err(failed)?;
    if let Some(note) = note {
        writer::within(app, &mut tx, note).await?;
    }
    tx.commit().await?;
    app.keys.take(&stored).map_err(failed)
}

async fn locked(app: &App, tx: &mut Tx) -> Result<Stored, KeysError> {
    let stored = Stored::locked(tx, &app.vault).await?;
    stored.ok_or(KeysError::Damaged)
}

fn failed(error: KeysError) -> Problem {
    match error {
        KeysError::Store(error) => error.into(),
        KeysError::Damaged => Problem::internal(error),
    }
}

fn refused(why: Unchanged) -> Problem {
    match why {
        Unchanged::Underway(signs_us) => {
            let at = rfc3339(signs_us);
            Problem::new(Code::Conflict, format!("a new key signs from {at} on"))
        }
        Unchanged::TooMany => Problem::new(
            Code::Conflict,
            "tokens of too many keys are still accepted; wait until those of the oldest have ended",
        ),
        Unchanged::Unknown => Problem::not_found(),
    }
}

/// Replaces a key that has signed long enough, and forgets the secrets of those of which no token is accepted any more.
pub async fn keep(app: &App) -> Result<(), Problem> {
    let now_us = app.clock.now_us();
    let age_us = i64::from(app.config.tokens.rotate_days) * DAY_US;
    let mut tx = app.store.read().await?;
    let mut stored = locked(app, &mut tx).await.map_err(failed)?;
    tx.rollback().await?;
    let is_due = age_us > 0 && ring::is_due(&stored.keys, age_us, now_us);
    if !is_due && !ring::forget(&mut stored.keys, now_us) {
        return Ok(());
    }
    let seed = zeroize::Zeroizing::new(app.ids.bytes::<32>());
    let longest_s = app.config.tokens.longest_s();
    let change = |stored: &mut Stored| {
        ring::forget(&mut stored.keys, now_us);
        // Another process may have done it meanwhile.
        if age_us > 0 && ring::is_due(&stored.keys, age_us, now_us) {
            return ring::rotate(&mut stored.keys, &seed, now_us, longest_s);
        }
        Ok(())
    };
    change_all(app, None, change).await
}

/// Reads the keys again and again, for what other processes did to them.
pub fn keep_following(app: &Arc<App>) {
    app.supervise(Task::Keys, |app| async move {
        let mut is_away = false;
        loop {
            app.supervisor.faults.check(Place::Task(Task::Keys));
            let read = app.keys.check(&app.store, &app.vault).await;
            if let Err(error) = &read
                && !is_away
            {
                tracing::warn!(error = ?error, "could not read the keys that sign; the last known ones go on");
            }
            is_away = read.is_err();
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = app.shutdown.cancelled() => break,
            }
        }
    });
}
