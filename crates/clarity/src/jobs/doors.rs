//! Puts right what a person's samples were stored as before one measurement through two doors was one: all
//! of a person, a bounded part in each transaction, with the marks of the days that change and a report
//! among the person's uploads.
//!
//! Begun again after a stop it finds what is left; done twice it changes nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::ids::UserId;
use store::revisions;
use store::settle::{self, Apart, Settled};
use store::uploads::{NewUpload, UploadState, UploadStatus};

use crate::app::App;
use crate::ingest::dirty;
use crate::ingest::tally::Tally;
use crate::jobs::Job;
use crate::jobs::error::JobError;
use crate::person::dossier::Dossier;

/// The rule by which samples are one; a higher number is another rule, under which everybody is looked up
/// again.
pub(crate) const RULE: i64 = 2;

/// Buckets of one transaction: a writer that waits for it waits a fraction of a second.
const BUCKETS_AT_ONCE: usize = 128;

/// What kind of upload the report is: it is listed among the imports.
const KIND: &str = "import";
/// What it did, as it is listed.
const STAGE: &str = "upgrade";

/// Puts a person's samples right, and notes that it was done. Returns how many became part of another one, or went.
pub(crate) async fn person(app: &Arc<App>, user: UserId) -> Result<u64, JobError> {
    let mut tx = app.store.read().await?;
    let key = app.vault.person_key(&mut tx, user).await?;
    let apart = settle::find(&mut tx, &key, user).await?;
    drop(tx);
    let mut tally = Tally::default();
    for part in apart.chunks(BUCKETS_AT_ONCE) {
        samples(app, user, part, &mut tally).await?;
    }
    finish(app, user, &mut tally).await?;
    let (joined, deleted) = (tally.duplicates, tally.deleted);
    if joined + deleted > 0 {
        metrics::counter!("clarity_samples_joined_total").increment(joined);
        tracing::info!(user = %user, joined, deleted, "measurements that came through several doors were joined");
    }
    app.work_ready.notify_one();
    Ok(joined + deleted)
}

async fn samples(
    app: &Arc<App>,
    user: UserId,
    part: &[Apart],
    tally: &mut Tally,
) -> Result<(), JobError> {
    let now_us = app.clock.now_us();
    let mut tx = app.store.begin("join measurements").await?;
    let key = app.vault.person_key(&mut tx, user).await?;
    store::people::hold(&mut tx, &key, user).await?;
    let dossier = Dossier::load(&mut tx, &app.vault, user).await?;
    let settled = settle::samples(&mut tx, &key, user, part).await?;
    let Settled {
        by_metric,
        deleted,
        changed,
    } = settled;
    let history = dossier.history();
    let mut days = BTreeSet::new();
    for (metric, hours) in changed.iter() {
        days.extend(dirty::dates(&history, metric, hours.iter().copied()));
    }
    if !days.is_empty() {
        let days: Vec<_> = days.into_iter().collect();
        store::days::mark(&mut tx, user, &days, now_us).await?;
        Job::Recompute
            .enqueue(&mut tx, user, app.ids.job(now_us), now_us, now_us)
            .await?;
    }
    tx.commit().await?;
    tally.deleted += deleted;
    for (metric, count) in by_metric {
        let name = dossier.describe(metric).map(|described| described.id);
        tally.count(name.as_deref().unwrap_or_default(), 0, count);
    }
    Ok(())
}

/// Joins the records, writes the report where there is something to report, and notes the rule.
async fn finish(app: &Arc<App>, user: UserId, tally: &mut Tally) -> Result<(), JobError> {
    let now_us = app.clock.now_us();
    let mut tx = app.store.begin("join measurements").await?;
    let key = app.vault.person_key(&mut tx, user).await?;
    store::people::hold(&mut tx, &key, user).await?;
    for (kind, count) in settle::records(&mut tx, &key, user).await? {
        tally.count(&kind, 0, count);
    }
    if tally.duplicates + tally.deleted > 0 {
        let id = app.ids.upload(now_us);
        let upload = NewUpload {
            id,
            kind: KIND,
            now_us,
        };
        store::uploads::begin(&mut tx, &key, user, &upload).await?;
        let detail = serde_json::to_vec(tally).map_err(JobError::Document)?;
        let state = UploadState {
            status: UploadStatus::Completed,
            stage: STAGE,
            progress: 1.0,
            accepted: 0,
            duplicates: tally.duplicates,
            rejected: 0,
            detail: &detail,
            dirty_seq: 0,
            now_us,
        };
        store::uploads::save(&mut tx, &key, user, id, &state).await?;
    }
    revisions::set_settled(&mut tx, user, RULE).await?;
    tx.commit().await?;
    Ok(())
}
