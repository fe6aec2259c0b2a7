//! Writes a person's daily insight: about the last local day that is over, without being asked.
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

use crate::app::App;
use crate::bus::EventKind;
use crate::insights::{self, Insight};
use crate::jobs::error::JobError;
use crate::jobs::packed::unpack;

/// The stored kind of a daily insight.
pub(crate) const DAILY: &str = "daily";

/// Makes or renews the daily insight of the last day that is over.
pub(crate) async fn run(app: &Arc<App>, user: UserId) -> Result<(), JobError> {
    let now_us = app.clock.now_us();
    let mut tx = app.store.read().await?;
    let dossier = app.people.load(&mut tx, &app.vault, user).await?;
    let Some((first, last)) = store::days::bounds(&mut tx, user).await? else {
        return Ok(());
    };
    let today = dossier.history().date_at(now_us);
    let yesterday = today.checked_sub(1.day()).unwrap_or(Date::MIN);
    // A day that is not over would look like a day with little of everything.
    let day = last.min(yesterday).max(first);
    let from = day.checked_sub(BASELINE_DAYS.days()).unwrap_or(Date::MIN);
    let until = day.checked_add(1.day()).unwrap_or(Date::MAX);
    let stored = store::days::get(&mut tx, &dossier.key, user, from, until).await?;
    let known = store::insights::latest(&mut tx, &dossier.key, user, DAILY, day).await?;
    drop(tx);
    let made = app.tasks.spawn_blocking(move || documents(&stored)).await;
    let documents = made.map_err(JobError::Compute)??;
    let facts = facts(day, &documents);
    let known: Option<Insight> = known.and_then(|known| serde_json::from_slice(&known.bytes).ok());
    let known_id = known.as_ref().and_then(|known| known.id.parse().ok());
    let insight_id = known_id.unwrap_or_else(|| app.ids.insight(now_us));
    let id = insight_id.to_string();
    let created_at = known.as_ref().map_or_else(
        || model::zone::timestamp(now_us).to_string(),
        |known| known.created_at.clone(),
    );
    let Some(insight) = insights::daily(&id, day, &facts, &created_at) else {
        return Ok(());
    };
    if known.as_ref() == Some(&insight) {
        return Ok(());
    }
    let bytes = serde_json::to_vec(&insight).map_err(JobError::Document)?;
    let mut tx = app.store.write().await?;
    let record = StoredInsight {
        id: insight_id,
        kind: DAILY.to_owned(),
        day,
        source: insight.source.clone(),
        bytes,
        now_us,
    };
    store::insights::put(&mut tx, &dossier.key, user, &record).await?;
    tx.commit().await?;
    metrics::counter!("clarity_insights_total", "source" => "template", "kind" => DAILY, "language" => "en")
        .increment(1);
    let payload = format!("{{\"id\":\"{id}\",\"kind\":\"daily\",\"date\":\"{day}\"}}");
    app.bus.publish(user, EventKind::Insight, id, payload);
    Ok(())
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
