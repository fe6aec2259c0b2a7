//! Background work for the person who runs the server: how much waits, what was set aside after its
//! last try, and what to do about that. It must never run a job itself.

use anyhow::anyhow;
use model::ids::JobId;
use serde::Serialize;
use store::Tx;
use store::revisions::Derived;

use crate::cli::args::{Global, JobsCommand};
use crate::cli::failure::Failure;
use crate::cli::{household, output};
use crate::jobs::refresh::COUNTED_MAX;
use crate::revision;

/// Jobs that were set aside, shown at most.
const DEAD_SHOWN_MAX: u32 = 1_000;

/// The queue.
#[derive(Debug, Serialize)]
struct Queue {
    counts: Vec<Waiting>,
    dead: Vec<Dead>,
    stale: Vec<Stale>,
}

/// What methods of an earlier version made and is made again in the background.
#[derive(Debug, Serialize)]
struct Stale {
    what: &'static str,
    count: u64,
}

/// How much work of one kind is in one state.
#[derive(Debug, Serialize)]
struct Waiting {
    kind: String,
    state: String,
    count: u64,
}

/// A job that was set aside.
#[derive(Debug, Serialize)]
struct Dead {
    id: String,
    kind: String,
    user: String,
    tries: u32,
    error_code: String,
}

/// Lists, retries or drops.
pub(super) async fn jobs(global: &Global, command: JobsCommand) -> Result<(), Failure> {
    match command {
        JobsCommand::List => list(global).await,
        JobsCommand::Retry(chosen) => {
            let id = parse(&chosen.id)?;
            household::with(global, async |app| {
                let now_us = app.clock.now_us();
                let mut tx = app
                    .store
                    .begin("retry a job")
                    .await
                    .map_err(anyhow::Error::from)?;
                let found = store::jobs::revive(&mut tx, id, now_us).await;
                found_or_fail(id, found.map_err(anyhow::Error::from)?)?;
                tx.commit().await.map_err(anyhow::Error::from)?;
                output::line(&format!("job {id} will be tried again"))
            })
            .await
        }
        JobsCommand::Drop(chosen) => {
            let id = parse(&chosen.id)?;
            household::with(global, async |app| {
                let mut tx = app
                    .store
                    .begin("drop a job")
                    .await
                    .map_err(anyhow::Error::from)?;
                let found = store::jobs::drop_dead(&mut tx, id).await;
                found_or_fail(id, found.map_err(anyhow::Error::from)?)?;
                tx.commit().await.map_err(anyhow::Error::from)?;
                output::line(&format!("job {id} is forgotten"))
            })
            .await
        }
    }
}

fn parse(id: &str) -> Result<JobId, Failure> {
    id.parse()
        .map_err(|_| Failure::usage(format!("{id:?} is not the id of a job")))
}

fn found_or_fail(id: JobId, found: bool) -> Result<(), Failure> {
    if found {
        return Ok(());
    }
    Err(Failure::Failed(anyhow!(
        "no job {id} was set aside; see `clarity jobs list`"
    )))
}

async fn stale(tx: &mut Tx) -> Result<Vec<Stale>, store::Error> {
    let mut stale = Vec::new();
    for what in Derived::ALL {
        let current = revision::current(what);
        let count = store::revisions::count(tx, what, current, COUNTED_MAX).await?;
        let what = what.name();
        stale.push(Stale { what, count });
    }
    Ok(stale)
}

async fn list(global: &Global) -> Result<(), Failure> {
    household::with(global, async |app| {
        let mut tx = app.store.read().await.map_err(anyhow::Error::from)?;
        let counts = store::jobs::counts(&mut tx)
            .await
            .map_err(anyhow::Error::from)?;
        let dead = store::jobs::dead(&mut tx, DEAD_SHOWN_MAX)
            .await
            .map_err(anyhow::Error::from)?;
        let stale = stale(&mut tx).await.map_err(anyhow::Error::from)?;
        let queue = Queue {
            counts: counts
                .into_iter()
                .map(|count| Waiting {
                    kind: count.kind.as_str().to_owned(),
                    state: count.state,
                    count: count.count,
                })
                .collect(),
            stale,
            dead: dead
                .into_iter()
                .map(|dead| Dead {
                    id: dead.id.to_string(),
                    kind: dead.kind.as_str().to_owned(),
                    user: dead.user.to_string(),
                    tries: dead.attempt,
                    error_code: dead.error_code,
                })
                .collect(),
        };
        if global.json {
            return output::json(&queue);
        }
        let text = |count: &Waiting| {
            vec![
                count.kind.clone(),
                count.state.clone(),
                output::grouped(count.count),
            ]
        };
        let rows: Vec<Vec<String>> = queue.counts.iter().map(text).collect();
        output::table(&["kind", "state", "count"], &rows)?;
        let behind = queue.stale.iter().filter(|stale| stale.count > 0);
        let rows: Vec<Vec<String>> = behind
            .map(|stale| vec![stale.what.to_owned(), output::grouped(stale.count)])
            .collect();
        if !rows.is_empty() {
            output::table(&["of an earlier version", "count"], &rows)?;
        }
        if queue.dead.is_empty() {
            return Ok(());
        }
        let text = |dead: &Dead| {
            let tries = dead.tries.to_string();
            let error = dead.error_code.clone();
            vec![
                dead.id.clone(),
                dead.kind.clone(),
                dead.user.clone(),
                tries,
                error,
            ]
        };
        let rows: Vec<Vec<String>> = queue.dead.iter().map(text).collect();
        output::table(&["set aside", "kind", "person", "tries", "error"], &rows)
    })
    .await
}
