//! Writes a person's daily insight: about the last local day that is over without being asked, about any earlier
//! one when it is asked for.
//!
//! The text is a pure function of the days' documents. When nothing in it changed, nothing is written
//! and nobody is told.

use std::sync::Arc;

use analysis::daily::document::DayDocument;
use analysis::daily::facts::{BASELINE_DAYS, facts};
use jiff::ToSpan;
use jiff::civil::Date;
use model::ids::UserId;
use store::insights::StoredInsight;
use store::revisions::{self, Derived};
use store::{PersonKey, Tx};

use crate::app::App;
use crate::bus::EventKind;
use crate::insights::language::Writing;
use crate::insights::{self, Insight};
use crate::jobs::error::JobError;
use crate::jobs::packed::unpack;
use crate::person::document::DocumentError;
use crate::person::profile;
use crate::revision;

/// The stored kind of a daily insight.
pub(crate) const DAILY: &str = "daily";

/// Insights that an older revision made and one job makes again: what is left waits for its next turn.
const RENEWED_AT_ONCE: u32 = 31;

/// Makes or renews the daily insight of the last day that is over, and some of those that an older revision
/// made, newest first.
pub(crate) async fn run(app: &Arc<App>, user: UserId) -> Result<(), JobError> {
    let mut tx = app.store.read().await?;
    let dossier = app.people.load(&mut tx, &app.vault, user).await?;
    let bounds = store::days::bounds(&mut tx, user).await?;
    let ever = (Date::MIN, Date::MAX);
    let current = revision::current(Derived::Insights);
    let older = revisions::older(
        &mut tx,
        user,
        Derived::Insights,
        current,
        ever,
        RENEWED_AT_ONCE,
    )
    .await?;
    drop(tx);
    let Some((first, last)) = bounds else {
        return Ok(());
    };
    let today = dossier.history().date_at(app.clock.now_us());
    let yesterday = today.checked_sub(1.day()).unwrap_or(Date::MIN);
    // A day that is not over would look like a day with little of everything.
    let newest = last.min(yesterday).max(first);
    Box::pin(about(app, user, newest, Herald::Listeners)).await?;
    for day in older.into_iter().filter(|day| *day != newest) {
        if app.shutdown.is_cancelled() {
            return Err(JobError::Stopping);
        }
        Box::pin(about(app, user, day, Herald::Listeners)).await?;
    }
    Ok(())
}

/// Makes or renews the insight about a day that is over, for somebody who asks for it. What is about a later
/// day stays as it is.
pub(crate) async fn asked(app: &Arc<App>, user: UserId, day: Date) -> Result<(), JobError> {
    let mut tx = app.store.read().await?;
    let dossier = app.people.load(&mut tx, &app.vault, user).await?;
    drop(tx);
    if day >= dossier.history().date_at(app.clock.now_us()) {
        return Ok(());
    }
    Box::pin(about(app, user, day, Herald::Nobody)).await
}

/// Who hears of a new insight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Herald {
    /// Whoever listens for what is new.
    Listeners,
    /// Nobody: the one who asks gets the answer.
    Nobody,
}

/// Makes or renews the daily insight about a day. One whose facts are gone goes too.
async fn about(app: &Arc<App>, user: UserId, day: Date, herald: Herald) -> Result<(), JobError> {
    let now_us = app.clock.now_us();
    let from = day.checked_sub(BASELINE_DAYS.days()).unwrap_or(Date::MIN);
    let until = day.checked_add(1.day()).unwrap_or(Date::MAX);
    let mut tx = app.store.read().await?;
    let key = app.vault.person_key(&mut tx, user).await?;
    let stored = store::days::get(&mut tx, &key, user, from, until).await?;
    let kept = store::insights::latest(&mut tx, &key, user, DAILY, day).await?;
    let writing = writing(&mut tx, &key, user).await?;
    drop(tx);
    let made = app.tasks.spawn_blocking(move || documents(&stored)).await;
    let documents = made.map_err(JobError::Compute)??;
    let facts = facts(day, &documents);
    let methods = revision::current(Derived::Insights);
    let is_older = kept.as_ref().is_some_and(|kept| kept.methods < methods);
    let insight_id = kept
        .as_ref()
        .map_or_else(|| app.ids.insight(now_us), |kept| kept.id);
    let known: Option<Insight> = kept.and_then(|kept| serde_json::from_slice(&kept.bytes).ok());
    let id = insight_id.to_string();
    let created_at = known.as_ref().map_or_else(
        || model::zone::timestamp(now_us).to_string(),
        |known| known.created_at.clone(),
    );
    let made = insights::daily(&id, day, &facts, writing, &created_at);
    if made == known && !is_older {
        return Ok(());
    }
    let Some(insight) = made else {
        if is_older {
            let mut tx = app.store.begin("remove an insight").await?;
            let key = app.vault.person_key(&mut tx, user).await?;
            store::insights::remove(&mut tx, &key, user, DAILY, day).await?;
            tx.commit().await?;
        }
        return Ok(());
    };
    let record = StoredInsight {
        id: insight_id,
        kind: DAILY.to_owned(),
        day,
        source: insight.source.clone(),
        bytes: serde_json::to_vec(&insight).map_err(JobError::Document)?,
        now_us,
        methods,
    };
    let is_stored = keep(app, user, &record, known.as_ref()).await?;
    if is_stored && known.as_ref() != Some(&insight) {
        let language = insight.language.tag();
        metrics::counter!("clarity_insights_total", "source" => "template", "kind" => DAILY, "language" => language)
            .increment(1);
        tell(app, user, &record, herald);
    }
    Ok(())
}

/// Stores what was made over what was known; says whether it did. Two that ask for a day at once make one insight.
async fn keep(
    app: &App,
    user: UserId,
    record: &StoredInsight,
    known: Option<&Insight>,
) -> Result<bool, JobError> {
    let mut tx = app.store.begin("store an insight").await?;
    let key = app.vault.person_key(&mut tx, user).await?;
    let is_stored = if known.is_some() {
        store::insights::put(&mut tx, &key, user, record).await?;
        true
    } else {
        store::insights::put_first(&mut tx, &key, user, record).await?
    };
    tx.commit().await?;
    Ok(is_stored)
}

/// The language and units that a person prefers.
async fn writing(tx: &mut Tx, key: &PersonKey, user: UserId) -> Result<Writing, DocumentError> {
    let profile = profile::load(tx, key, user).await?.value;
    let preferences = profile::load_preferences(tx, key, user).await?.value;
    Ok(Writing::wanted(&profile, &preferences, None))
}

fn tell(app: &App, user: UserId, insight: &StoredInsight, herald: Herald) {
    if herald == Herald::Listeners {
        let (id, day) = (insight.id.to_string(), insight.day);
        let payload = format!("{{\"id\":\"{id}\",\"kind\":\"daily\",\"date\":\"{day}\"}}");
        app.bus.publish(user, EventKind::Insight, id, payload);
    }
}

/// Reads stored documents. One that cannot be read fails the job: a baseline without it would say
/// that it rests on days that it does not.
fn documents(stored: &[(Date, Vec<u8>)]) -> Result<Vec<DayDocument>, JobError> {
    let read = |(day, bytes): &(Date, Vec<u8>)| {
        let text = unpack(bytes)?;
        DayDocument::from_bytes(&text)
            .ok()
            .filter(|document| document.date == *day)
    };
    let all = stored.iter();
    all.map(|one| read(one).ok_or(JobError::DamagedDay { day: one.0 }))
        .collect()
}
