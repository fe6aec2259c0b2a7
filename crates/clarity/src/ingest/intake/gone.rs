//! What an input takes out: objects by their ids, and series by the id of the whole.

use std::collections::{BTreeMap, BTreeSet};

use import::batch::Series;
use jiff::civil::Date;
use model::ids::UserId;
use model::metric::MetricNo;
use model::sample::{DAY_US, Uid};
use store::Tx;
use store::samples::ChangedHours;

use crate::ingest::intake::sender::pieces;
use crate::ingest::intake::{BEATS, Intake, Upload};
use crate::ingest::{IngestError, dirty};
use crate::person::dossier::Dossier;

/// How far back the measurements of a deleted series are looked for: as long as a phone remembers its changes.
const SERIES_US: i64 = 30 * DAY_US;
/// Series that one input may delete.
const SERIES_MAX: usize = 8;

impl Intake {
    /// Takes out what the input deletes, and returns the days that deleted beats touch.
    pub(super) async fn write_deletions(
        &mut self,
        tx: &mut Tx,
        person: &Dossier,
        upload: Upload,
        changed: &mut ChangedHours,
    ) -> Result<BTreeSet<Date>, IngestError> {
        let deletions: Vec<_> = std::mem::take(&mut self.deletions)
            .into_iter()
            .map(|deletion| (deletion.uid, deletion.metric))
            .collect();
        let user = upload.user;
        let told_us = self.told.map_or(upload.now_us, |told| told.at_us);
        let deleted_us = told_us.min(upload.now_us);
        if !self.series.is_empty() {
            let of_series = self.of_series(tx, person, (user, deleted_us)).await?;
            self.remove(tx, person, (user, deleted_us), &of_series, changed)
                .await?;
        }
        if deletions.is_empty() {
            return Ok(BTreeSet::new());
        }
        self.remove(tx, person, (user, deleted_us), &deletions, changed)
            .await?;
        let uids: Vec<_> = deletions.iter().map(|(uid, _)| *uid).collect();
        let removed = store::records::delete_by_uid(tx, &person.key, user, &uids).await?;
        self.tally.deleted += removed.by_kind.iter().map(|(_, count)| count).sum::<u64>();
        let has_beats = removed.by_kind.iter().any(|(kind, _)| kind == BEATS);
        if !has_beats {
            return Ok(BTreeSet::new());
        }
        Ok(dirty::dates_of_beats(&person.history(), removed.changed))
    }

    /// Removes samples of deleted objects and counts them.
    pub(super) async fn remove(
        &mut self,
        tx: &mut Tx,
        person: &Dossier,
        (user, deleted_us): (UserId, i64),
        objects: &[(Uid, Option<MetricNo>)],
        changed: &mut ChangedHours,
    ) -> Result<(), IngestError> {
        if objects.is_empty() {
            return Ok(());
        }
        let removed =
            store::samples::delete_by_uid(tx, &person.key, user, objects, deleted_us).await?;
        let counts = removed.by_metric.iter().map(|(_, count)| count);
        self.tally.deleted += counts.sum::<u64>();
        changed.extend(removed.changed);
        Ok(())
    }

    /// Objects of the series that the input deletes.
    async fn of_series(
        &mut self,
        tx: &mut Tx,
        person: &Dossier,
        (user, until_us): (UserId, i64),
    ) -> Result<Vec<(Uid, Option<MetricNo>)>, IngestError> {
        let mut series = std::mem::take(&mut self.series);
        if series.len() > SERIES_MAX {
            series.truncate(SERIES_MAX);
            self.leave("more series are deleted than one body may; ask the app for a backfill");
        }
        let mut by_metric: BTreeMap<MetricNo, Vec<Series>> = BTreeMap::new();
        for one in series {
            by_metric.entry(one.metric).or_default().push(one);
        }
        let mut found = Vec::new();
        for (metric, series) in by_metric {
            for span in pieces(
                until_us.saturating_sub(SERIES_US),
                until_us.saturating_add(DAY_US),
            ) {
                let stored =
                    store::samples::readable_in(tx, &person.key, user, metric, span).await?;
                let of_them = stored
                    .samples
                    .iter()
                    .filter(|sample| series.iter().any(|one| one.has(sample)));
                found.extend(of_them.filter_map(|sample| Some((sample.uid?, Some(metric)))));
            }
        }
        Ok(found)
    }
}
