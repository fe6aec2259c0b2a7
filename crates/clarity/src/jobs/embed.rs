//! Embeds the complete weeks of a person that have no embedding yet, when a model is installed.
//!
//! A week is Monday to Sunday of the person's local days, and complete once its last day is over. When
//! a day is computed again, the embedding of its week goes with it (see `recompute`), so that whatever
//! has no embedding is what has to be done. A week that is too thin is kept as such, with its reason.
//! Without a model there is nothing to do, and nothing is pretended.

use std::sync::Arc;

use analysis::daily::minutes::DayMinutes;
use analysis::daily::range;
use jiff::ToSpan;
use jiff::civil::Date;
use lab::models::digest::Sha256;
use lab::models::{LoadedModel, ModelError, Phase, Registry};
use model::ids::UserId;
use pat::week::Quantity;
use store::embeddings::{self, Kind, StoredEmbedding};
use store::revisions::Derived;

use crate::app::App;
use crate::instant::rfc3339;
use crate::jobs::error::JobError;
use crate::jobs::packed::unpack;
use crate::jobs::week::{PREFERRED, monday};
use crate::pat::analyse::{self, AnalyseError, Owner, Question};
use crate::pat::document::{ThinWeek, WeekDocument};
use crate::pat::lanes::Lane;
use crate::revision;

/// The digest of the model that the pipeline embeds with now. Reads files: not for a thread that
/// answers requests.
pub(crate) fn preferred(models: &Registry) -> Option<Sha256> {
    let installed = |name: &&&str| models.status(name).phase != Phase::Absent;
    let mut found = PREFERRED.iter().filter(installed);
    found.find_map(|name| models.load(name).ok().map(|model| model.sha256))
}

/// Embeds every complete week that has none.
pub(crate) async fn run(app: &Arc<App>, user: UserId) -> Result<(), JobError> {
    let Some(model) = model(app).await? else {
        return Ok(());
    };
    let sha256 = model.sha256.to_string();
    for week in waiting(app, user, &sha256).await? {
        if app.shutdown.is_cancelled() {
            return Err(JobError::Stopping);
        }
        embed(app, user, &model, week).await?;
    }
    Ok(())
}

/// The model that the pipeline embeds with; `None` when none is installed.
async fn model(app: &Arc<App>) -> Result<Option<Arc<LoadedModel>>, JobError> {
    let models = Arc::clone(&app.models);
    let look = app.tasks.spawn_blocking(move || {
        for name in PREFERRED {
            match models.load(name) {
                Ok(model) => return Ok(Some(model)),
                // A refused model is counted and logged by the registry; a smaller one may do.
                Err(ModelError::Unavailable { .. } | ModelError::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    });
    let looked = look.await.map_err(JobError::Compute)?;
    looked.map_err(JobError::Model)
}

/// Mondays of complete weeks without an embedding by the model, oldest first, so that each finds the
/// weeks before it.
async fn waiting(app: &App, user: UserId, sha256: &str) -> Result<Vec<Date>, JobError> {
    let mut tx = app.store.read().await?;
    let dossier = app.people.load(&mut tx, &app.vault, user).await?;
    let Some((first, last)) = store::days::bounds(&mut tx, user).await? else {
        return Ok(Vec::new());
    };
    let today = dossier.history().date_at(app.clock.now_us());
    let by = (sha256, revision::current(Derived::Embeddings));
    let held = embeddings::held(&mut tx, &dossier.key, user, Kind::Weekly, by).await?;
    let mut weeks = Vec::new();
    let mut week = monday(first);
    while week <= last && week.saturating_add(7.days()) <= today {
        if held.binary_search(&week).is_err() {
            weeks.push(week);
        }
        week = week.saturating_add(7.days());
    }
    Ok(weeks)
}

async fn embed(
    app: &Arc<App>,
    user: UserId,
    model: &Arc<LoadedModel>,
    week: Date,
) -> Result<(), JobError> {
    let until = week.saturating_add(7.days());
    let mut tx = app.store.read().await?;
    let key = app.vault.person_key(&mut tx, user).await?;
    let stored = store::days::minutes(&mut tx, &key, user, week, until).await?;
    drop(tx);
    let read = app.tasks.spawn_blocking(move || question(&stored, week));
    let question = read.await.map_err(JobError::Compute)??;
    let now_us = app.clock.now_us();
    let owner = Owner {
        user,
        id: app.ids.analysis(now_us),
        kind: Kind::Weekly,
    };
    let made = match question {
        Some(question) => {
            let made = analyse::embed(app, &question, Arc::clone(model), &app.scaler).await;
            made.map(|made| (question, made)).map_err(Some)
        }
        None => Err(None),
    };
    let mut tx = app.store.begin("store an embedding").await?;
    let key = app.vault.person_key(&mut tx, user).await?;
    let current = revision::current(Derived::Embeddings);
    embeddings::remove_older(&mut tx, &key, user, Kind::Weekly, week, current).await?;
    match made {
        Ok((question, made)) => {
            analyse::keep(app, &mut tx, &key, owner, &question, &made).await?;
        }
        Err(None) => {
            thin(
                &mut tx,
                &key,
                owner,
                model,
                week,
                "no activity was recorded",
                now_us,
            )
            .await?;
        }
        Err(Some(AnalyseError::Insufficient(lacking))) => {
            thin(
                &mut tx,
                &key,
                owner,
                model,
                week,
                &lacking.to_string(),
                now_us,
            )
            .await?;
        }
        Err(Some(error)) => return Err(JobError::Week(error)),
    }
    tx.commit().await?;
    Ok(())
}

/// The minutes of a week as a question; `None` when none was recorded.
fn question(stored: &[(Date, Vec<u8>)], week: Date) -> Result<Option<Question>, JobError> {
    let mut minutes = Vec::with_capacity(stored.len());
    for (day, bytes) in stored {
        let read = unpack(bytes).and_then(|json| DayMinutes::from_bytes(&json));
        minutes.push(read.ok_or(JobError::DamagedDay { day: *day })?);
    }
    let found = range::join(&minutes, week, week.saturating_add(7.days()));
    Ok(found.activity.map(|activity| Question {
        week,
        quantity: match (activity.is_proxy, activity.metric.as_str()) {
            (true, _) => Quantity::Steps,
            (false, "activity_count" | "actigraph_count" | "actigraph_vector_magnitude") => {
                Quantity::Counts
            }
            (false, _) => Quantity::Acceleration,
        },
        minutes: activity.series,
        lane: Lane::Ordinary,
    }))
}

/// Keeps that a week is too thin, so that it is not tried again until a day of it changes.
async fn thin(
    tx: &mut store::Tx,
    key: &store::PersonKey,
    owner: Owner,
    model: &LoadedModel,
    week: Date,
    reason: &str,
    now_us: i64,
) -> Result<(), store::Error> {
    let document = WeekDocument::Insufficient(ThinWeek {
        id: owner.id.to_string(),
        created_at: rfc3339(now_us),
        week_start: week,
        embedding: (),
        reason: reason.to_owned(),
        disclaimer: analyse::DISCLAIMER.to_owned(),
    });
    let stored = StoredEmbedding {
        id: owner.id,
        week,
        model: model.sha256.to_string(),
        input: key.identity(b"insufficient"),
        bytes: serde_json::to_vec(&document).expect("a document is JSON"),
        now_us,
        methods: revision::current(Derived::Embeddings),
    };
    embeddings::put(tx, key, owner.user, owner.kind, &stored).await
}
