//! Changes to what is stored other than new data: taking an upload back, and preferences that move
//! the borders of days or the order of sources.

use std::collections::BTreeSet;

use jiff::civil::Date;
use model::ids::{UploadId, UserId};
use model::sample::DAY_US;
use model::zone::{Span, Zone, ZoneHistory};
use store::docs::{DocName, Expected};
use store::samples::{PART_ROWS, Removing};
use store::{PersonKey, Tx};

use crate::app::App;
use crate::audit::entry::Note;
use crate::audit::writer;
use crate::ingest::{IngestError, dirty, mark_days};
use crate::jobs::Job;
use crate::person::document;
use crate::person::dossier::Dossier;
use crate::person::profile::{self, Preferences, Profile};
use crate::person::whereabouts::differences;

/// What taking an upload back removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct TakenBack {
    /// Samples that no other import brought as well.
    pub(crate) samples: u64,
    /// Records.
    pub(crate) records: u64,
}

/// Removes what an upload brought and marks the days for it; `None` when the person has no such
/// upload. A long one goes in parts, between which others write; one that is interrupted can be asked for again.
pub(crate) async fn take_back(
    app: &App,
    note: &Note,
    id: UploadId,
) -> Result<Option<TakenBack>, IngestError> {
    let user = note.user;
    let mut removing = Removing::default();
    let mut taken = TakenBack::default();
    loop {
        let now_us = app.clock.now_us();
        let mut tx = app.store.begin("take back an import").await?;
        let key = app.vault.person_key(&mut tx, user).await?;
        store::people::hold(&mut tx, &key, user).await?;
        let person = Dossier::load(&mut tx, &app.vault, user).await?;
        let Some(upload) = store::uploads::by_id(&mut tx, &key, user, id).await? else {
            return Ok(None);
        };
        let part = (&mut removing, PART_ROWS);
        let samples = store::samples::remove_part(&mut tx, &key, user, upload.no, part).await?;
        taken.samples += samples
            .by_metric
            .iter()
            .map(|(_, count)| count)
            .sum::<u64>();
        let history = person.history();
        let mut days = BTreeSet::new();
        for (metric, hours) in samples.changed.iter() {
            days.extend(dirty::dates(&history, metric, hours.iter().copied()));
        }
        if removing.is_done() {
            let records = store::records::remove_upload(&mut tx, &key, user, upload.no).await?;
            taken.records = records.by_kind.iter().map(|(_, count)| count).sum();
            // Nights have what beats in them say, and days are compared with rings, which are filed under their own
            // dates.
            days.extend(dirty::dates_of_beats(
                &history,
                records.changed.iter().copied(),
            ));
            days.extend(dirty::dates_of_rings(records.changed));
            store::uploads::delete(&mut tx, &key, user, id).await?;
            writer::within(app, &mut tx, note).await?;
        }
        if !days.is_empty() {
            mark_days(&mut tx, user, &days, app.ids.job(now_us), now_us, now_us).await?;
        }
        tx.commit().await?;
        app.work_ready.notify_one();
        if removing.is_done() {
            return Ok(Some(taken));
        }
    }
}

/// Writes a profile and, when the home zone moved, marks the days whose borders moved with it.
pub(crate) async fn put_profile(
    app: &App,
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    profile: &Profile,
    expected: Expected,
) -> Result<i64, IngestError> {
    let before = profile::load(tx, key, user).await?.value;
    if (&before.language, before.units) != (&profile.language, profile.units) {
        words_changed(app, tx, user).await?;
    }
    if before.time_zone == profile.time_zone {
        return Ok(document::write(tx, key, user, DocName::Profile, profile, expected).await?);
    }
    let zones = history(app, tx, user).await?;
    let version = document::write(tx, key, user, DocName::Profile, profile, expected).await?;
    zones_changed(app, tx, user, &zones).await?;
    Ok(version)
}

/// Writes preferences and, when they change what past days mean, marks those.
pub(crate) async fn put_preferences(
    app: &App,
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    preferences: &Preferences,
    expected: Expected,
) -> Result<i64, IngestError> {
    let before = profile::load_preferences(tx, key, user).await?.value;
    let zones = history(app, tx, user).await?;
    let version =
        document::write(tx, key, user, DocName::Preferences, preferences, expected).await?;
    if (&before.language, before.units) != (&preferences.language, preferences.units) {
        words_changed(app, tx, user).await?;
    }
    if before.day_zone != preferences.day_zone {
        zones_changed(app, tx, user, &zones).await?;
    }
    let is_reordered = before.source_order != preferences.source_order;
    if is_reordered || before.sleep_scorer != preferences.sleep_scorer {
        every_day_changed(app, tx, user).await?;
    }
    Ok(version)
}

/// Has the newest insight written in the words that are wanted now; earlier ones are when somebody reads them.
async fn words_changed(app: &App, tx: &mut Tx, user: UserId) -> Result<(), IngestError> {
    let now_us = app.clock.now_us();
    Job::Insight
        .enqueue(tx, user, app.ids.job(now_us), now_us, now_us)
        .await?;
    app.work_ready.notify_one();
    Ok(())
}

/// Marks every computed day: the order of sources or the scorer of sleep changed.
async fn every_day_changed(app: &App, tx: &mut Tx, user: UserId) -> Result<(), IngestError> {
    let now_us = app.clock.now_us();
    store::days::mark_all(tx, user, now_us).await?;
    Job::Recompute
        .enqueue(tx, user, app.ids.job(now_us), now_us, now_us)
        .await?;
    app.work_ready.notify_one();
    Ok(())
}

/// The zones that make the person's days right now; to be asked before a change of profile or
/// preferences.
async fn history(app: &App, tx: &mut Tx, user: UserId) -> Result<ZoneHistory, IngestError> {
    Ok(Dossier::load(tx, &app.vault, user).await?.history())
}

/// Marks the days whose borders moved since `before`: the profile's zone, or which zone makes days,
/// changed.
async fn zones_changed(
    app: &App,
    tx: &mut Tx,
    user: UserId,
    before: &ZoneHistory,
) -> Result<(), IngestError> {
    let after = history(app, tx, user).await?;
    let Some((first, last)) = store::days::extent(tx, user).await? else {
        return Ok(());
    };
    let days = moved_days(before, &after, first, last);
    if days.is_empty() {
        return Ok(());
    }
    let now_us = app.clock.now_us();
    mark_days(tx, user, &days, app.ids.job(now_us), now_us, now_us).await?;
    app.work_ready.notify_one();
    Ok(())
}

/// The dates between `first` and `last` whose instants are not the same under both histories.
pub(crate) fn moved_days(
    before: &ZoneHistory,
    after: &ZoneHistory,
    first: Date,
    last: Date,
) -> BTreeSet<Date> {
    let utc = Zone::utc();
    let bounds = Span {
        start_us: utc.start_of(first) - DAY_US,
        end_us: utc.start_of(last) + 2 * DAY_US,
    };
    let mut days = BTreeSet::new();
    for span in differences(before, after, bounds) {
        days.extend(before.dates_in(span));
        days.extend(after.dates_in(span));
    }
    days
}
