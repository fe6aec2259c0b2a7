//! Imports whose process was killed: what they committed stays, and their state says that they ended.
//!
//! A running import gives a sign of life every few seconds, on whatever process it runs; one that is
//! silent for longer has nobody left who reads it. It must never touch an import that is alive.

use std::time::Duration;

use futures::FutureExt;
use model::ids::{UploadId, UserId};
use model::sample::SECOND_US;
use store::uploads::{UploadState, UploadStatus};

use crate::app::App;

/// How often a running import gives a sign of life.
pub(crate) const SIGN_EVERY: Duration = Duration::from_secs(10);
/// Silence after which an import has ended: several signs, and longer than another import holds the
/// only writer for one part.
const SILENT_US: i64 = 60 * SECOND_US;
/// Imports closed at a time.
const AT_ONCE: u32 = 100;
/// What the state of such an import says.
const STAGE: &str = "interrupted: the server ended while reading; send the file again";

/// Closes the imports that nobody reads any more. Returns how many.
pub(crate) async fn close(app: &App) -> Result<usize, store::Error> {
    let now_us = app.clock.now_us();
    let mut tx = app.store.read().await?;
    let silent = store::uploads::silent(&mut tx, now_us - SILENT_US, AT_ONCE).await?;
    drop(tx);
    let mut closed = 0;
    for (user, id) in silent {
        let done = app
            .store
            .transact("close an import", app, |tx, app| {
                close_one(app, tx, (user, id), now_us - SILENT_US, now_us).boxed()
            })
            .await;
        match done {
            Ok(true) => {
                closed += 1;
                tracing::warn!(import = %id, "an import whose process ended is closed as failed");
            }
            Ok(false) => {}
            // One person's damaged row must not keep the others open.
            Err(error) => tracing::error!(import = %id, error = ?error, "closing an import failed"),
        }
    }
    Ok(closed)
}

/// Closes one import of this process whose reading fell over.
pub(crate) async fn close_now(app: &App, user: UserId, id: UploadId) {
    let now_us = app.clock.now_us();
    let closed = app
        .store
        .transact("close an import", app, |tx, app| {
            close_one(app, tx, (user, id), i64::MAX, now_us).boxed()
        })
        .await;
    if let Err(error) = closed {
        // The next start finds it by its silence.
        tracing::error!(import = %id, error = ?error, "closing an import failed");
    }
}

async fn close_one(
    app: &App,
    tx: &mut store::Tx,
    (user, id): (UserId, UploadId),
    before_us: i64,
    now_us: i64,
) -> Result<bool, store::Error> {
    let key = app.vault.person_key(tx, user).await?;
    store::people::hold(tx, &key, user).await?;
    let found = store::uploads::by_id(tx, &key, user, id).await?;
    let still = found
        .filter(|upload| upload.status == UploadStatus::Received && upload.updated_us < before_us);
    let Some(upload) = still else {
        return Ok(false);
    };
    let state = UploadState {
        status: UploadStatus::Failed,
        stage: STAGE,
        progress: upload.progress,
        accepted: upload.accepted,
        duplicates: upload.duplicates,
        rejected: upload.rejected,
        detail: &upload.detail,
        dirty_seq: upload.dirty_seq,
        now_us,
    };
    store::uploads::save(tx, &key, user, id, &state).await?;
    Ok(true)
}
