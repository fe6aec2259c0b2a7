//! Collects the batches of one input and writes them, a bounded number of samples at a time.
//!
//! Names are resolved against the person's table inside the write, so that two imports at once never
//! give one number to two sources.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use import::batch::{
    Batch, Deletion, Fact, Incoming, Meaning, Printed, Series, TypeName, Window, ZoneSeen,
};
use jiff::civil::Date;
use model::ids::{DeviceId, JobId, UserId};
use model::metric::{self, Kind, MetricNo};
use model::record::{Body, Record};
use model::sample::{Flags, Sample, Uid};
use model::source::{Source, SourceNo};
use model::zone::ZoneHistory;
use store::Tx;
use store::samples::{ChangedHours, Group, Origin, Snapshot};
use store::uploads::UploadNo;

use crate::ingest::edit::moved_days;
use crate::ingest::heard::Told;
use crate::ingest::tally::Tally;
use crate::ingest::{IngestError, dirty, mark_days};
use crate::person::dictionary::DictionaryFull;
use crate::person::dossier::Dossier;

mod gone;
mod sender;

/// Samples held before they are written, at most: 150,000 samples are some 10 MB here and cost one commit, so
/// that memory stays flat and a commit's price is spread over many samples.
pub(crate) const HELD_MAX: usize = 150_000;
/// And at least: fewer would cost more commits than samples.
const HELD_MIN: usize = 8_000;
/// The only place to write is left to others after about this long. Whoever syncs while a long file is read waits
/// for one such part.
const PART: Duration = Duration::from_millis(120);

/// The first part tells how quick the machine is.
const HELD_FIRST: usize = 16_000;

/// Children of correlations that are held back until everything printed on its own is stored.
const CHILDREN_MAX: usize = 200_000;
/// The stored kind of series of beats.
const BEATS: &str = "heartbeat_series";

/// How children of correlations, and extremes beside a mean, are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counting {
    /// An export prints children again on their own: one counts only if its twin is missing.
    Export,
    /// A live upload counts the record that it sent, not the samples that it was taken apart into.
    Live,
}

/// Where the samples of an input come from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Upload {
    /// Whose they are.
    pub(crate) user: UserId,
    /// The person's number for this upload.
    pub(crate) no: UploadNo,
    /// The device that sent it under its own key.
    pub(crate) device: Option<DeviceId>,
    /// Now.
    pub(crate) now_us: i64,
    /// When the days that change should be computed.
    pub(crate) run_at_us: i64,
}

/// The collected part of an input and the account so far.
pub(crate) struct Intake {
    counting: Counting,
    types: Vec<TypeName>,
    sources: Vec<Source>,
    /// The person's numbers of sources and types; none for those for which the person's tables have no room.
    numbers: Vec<Option<SourceNo>>,
    metrics: Vec<Option<MetricNo>>,
    held: Vec<Incoming>,
    /// How many samples are held before they are written: as many as a part takes.
    held_max: usize,
    children: Vec<Incoming>,
    /// Parts of buckets, each with how many measurements the bucket had, and whether they are all.
    buckets: Vec<(Incoming, u32, bool)>,
    records: Vec<Record>,
    deletions: Vec<Deletion>,
    series: Vec<Series>,
    windows: Vec<Window>,
    /// The objects that the input holds, where it has windows.
    objects: Vec<Uid>,
    zones: Vec<ZoneSeen>,
    /// When the provider made the snapshot, if the input is one.
    pub(crate) snapshot_us: Option<i64>,
    /// When the sender made the input, if it says so: it may come late, and write deleted objects again.
    told: Option<Told>,
    /// Which samples of which sources the input holds.
    pub(crate) present: BTreeSet<(MetricNo, SourceNo)>,
    /// The account.
    pub(crate) tally: Tally,
    /// Bytes of input read.
    pub(crate) bytes_read: u64,
    /// The highest mark number of this input's changes.
    pub(crate) dirty_seq: i64,
}

impl Intake {
    /// An empty intake.
    pub(crate) fn new(counting: Counting) -> Self {
        Self {
            counting,
            types: Vec::new(),
            sources: Vec::new(),
            numbers: Vec::new(),
            metrics: Vec::new(),
            held: Vec::new(),
            held_max: HELD_FIRST,
            children: Vec::new(),
            buckets: Vec::new(),
            records: Vec::new(),
            deletions: Vec::new(),
            series: Vec::new(),
            windows: Vec::new(),
            objects: Vec::new(),
            zones: Vec::new(),
            snapshot_us: None,
            told: None,
            present: BTreeSet::new(),
            tally: Tally::default(),
            bytes_read: 0,
            dirty_seq: 0,
        }
    }

    /// Takes a batch in; nothing is written yet.
    pub(crate) fn take(&mut self, batch: Batch) {
        for name in batch.new_types {
            self.tally.see_type(&name);
            self.types.push(name);
        }
        self.sources.extend(batch.new_sources);
        for sample in batch.samples {
            match sample.printed {
                Printed::TopLevel => self.held.push(sample),
                Printed::InCorrelation => self.children.push(sample),
                Printed::Bucket { count, is_whole } => {
                    self.buckets.push((sample, count, is_whole));
                }
            }
        }
        for record in &batch.records {
            self.tally.see_record(record.body.kind());
        }
        self.records.extend(batch.records);
        self.deletions.extend(batch.deletions);
        self.series.extend(batch.series);
        self.windows.extend(batch.windows);
        self.zones.extend(batch.zones);
        for rejection in &batch.rejections {
            let at = rejection.type_index.and_then(|at| usize::try_from(at).ok());
            let name = at
                .and_then(|at| self.types.get(at))
                .map(|name| name.name.as_str());
            self.tally.reject(rejection, name);
        }
        for fact in &batch.facts {
            if let Fact::Snapshot { exported_us, .. } = fact {
                self.snapshot_us = Some(*exported_us);
            }
            if let Fact::Told { at_us, sequence } = *fact {
                self.told = Some(Told { at_us, sequence });
            }
            self.tally.remark(fact);
        }
        self.bytes_read = self.bytes_read.max(batch.bytes_read);
    }

    /// Learns from how long a part of so many samples took how many the next one may have.
    pub(crate) fn pace(&mut self, samples: usize, took: Duration) {
        let fits = samples as f64 * PART.as_secs_f64() / took.as_secs_f64().max(1e-6);
        // A part that was slow by chance makes the next one small, and many quick ones make it large again.
        let most = self.held_max.saturating_mul(2).min(HELD_MAX);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count between two bounds"
        )]
        let fits = fits.min(HELD_MAX as f64) as usize;
        self.held_max = fits.clamp(HELD_MIN, most.max(HELD_MIN));
    }

    /// How many samples are held.
    pub(crate) fn held(&self) -> usize {
        self.held.len() + self.children.len()
    }

    /// Whether it is time to write.
    pub(crate) fn is_full(&self) -> bool {
        self.held.len() >= self.held_max || self.children.len() >= CHILDREN_MAX
    }

    /// Writes everything held, with the marks and the job, into the caller's transaction. `last`
    /// also writes the children of correlations.
    pub(crate) async fn flush(
        &mut self,
        tx: &mut Tx,
        person: &mut Dossier,
        upload: Upload,
        job: JobId,
        part: Part,
    ) -> Result<(), IngestError> {
        let before = Before {
            zones: person.history(),
            order: person.usual_order(),
            left_out: person.dictionary().left_out(&[]),
        };
        self.resolve(person);
        person.seen_in(&std::mem::take(&mut self.zones));
        let snapshots = store::uploads::snapshots(tx, upload.user).await?;
        let origin = Origin {
            upload: upload.no,
            snapshot: self.snapshot_us.map(|exported_us| Snapshot { exported_us }),
            snapshots: &snapshots,
        };
        if let Some(told) = &mut self.told {
            // A clock that runs ahead would make everything after it late.
            told.at_us = told.at_us.min(upload.now_us);
        }
        self.revive(tx, person, upload.user).await?;
        let said = self.in_order(tx, person, upload).await?;
        let mut changed = ChangedHours::default();
        let held = std::mem::take(&mut self.held);
        self.write_samples(tx, person, upload.user, origin, held, &mut changed)
            .await?;
        if part == Part::Last || self.children.len() >= CHILDREN_MAX {
            self.write_children(tx, person, upload.user, origin, &mut changed)
                .await?;
        }
        let mut of_records = self.write_records(tx, person, upload.user, origin).await?;
        of_records.extend(
            self.write_deletions(tx, person, upload, &mut changed)
                .await?,
        );
        if let Some(said) = said {
            self.settle_windows(tx, person, upload, said, &mut changed)
                .await?;
        }
        self.mark(tx, person, upload, job, (&before, &changed, of_records))
            .await?;
        person.save(tx).await?;
        Ok(())
    }

    /// Lets objects in again that the sender deleted before it made this input.
    async fn revive(&self, tx: &mut Tx, person: &Dossier, user: UserId) -> Result<(), IngestError> {
        let Some(told) = self.told else {
            return Ok(());
        };
        let samples = self.held.iter().filter_map(|one| one.sample.uid);
        let records = self.records.iter().filter_map(|record| record.uid);
        let uids: Vec<_> = samples.chain(records).collect();
        store::samples::revive(tx, &person.key, user, &uids, told.at_us).await?;
        Ok(())
    }

    /// Gives every new type and source its number in the person's table.
    fn resolve(&mut self, person: &mut Dossier) {
        for source in self.sources.get(self.numbers.len()..).unwrap_or_default() {
            let learnt = person.dictionary_mut(|table| match table.learn(source) {
                Ok((no, changed)) => (Some(no), changed),
                Err(DictionaryFull) => (None, false),
            });
            self.numbers.push(learnt);
        }
        for name in self.types.get(self.metrics.len()..).unwrap_or_default() {
            let no = match &name.meaning {
                Meaning::Known(no) => Some(*no),
                Meaning::Unknown { unit } => {
                    person.dictionary_mut(|table| match table.learn_type(&name.name, unit) {
                        Ok((no, changed)) => (Some(no), changed),
                        Err(DictionaryFull) => (None, false),
                    })
                }
            };
            self.metrics.push(no);
        }
    }

    fn group(
        &mut self,
        person: &mut Dossier,
        incoming: Vec<Incoming>,
    ) -> Result<BTreeMap<u32, Vec<Sample>>, IngestError> {
        let mut groups: BTreeMap<u32, Vec<Sample>> = BTreeMap::new();
        let mut first_us: Vec<i64> = vec![i64::MAX; self.numbers.len()];
        // Inputs come grouped by type: looking the group up once per run is enough.
        let mut run: Option<(u32, Vec<Sample>)> = None;
        for one in incoming {
            let at = usize::from(one.sample.source.0);
            let (source, metric) = (
                self.number(one.sample.source)?,
                self.metric(one.type_index)?,
            );
            let (Some(source), Some(_)) = (source, metric) else {
                self.refuse(Some(one.type_index));
                continue;
            };
            if let Some(first) = first_us.get_mut(at) {
                *first = (*first).min(one.sample.start_us);
            }
            let sample = Sample {
                source,
                ..one.sample
            };
            match &mut run {
                Some((type_index, samples)) if *type_index == one.type_index => {
                    samples.push(sample);
                }
                Some(_) | None => {
                    if let Some((type_index, samples)) = run.take() {
                        groups.entry(type_index).or_default().extend(samples);
                    }
                    run = Some((one.type_index, vec![sample]));
                }
            }
        }
        if let Some((type_index, samples)) = run.take() {
            groups.entry(type_index).or_default().extend(samples);
        }
        for (no, first) in self.numbers.iter().zip(first_us) {
            if let Some(no) = no
                && first < i64::MAX
            {
                person.dictionary_mut(|table| ((), table.first_seen(*no, first)));
            }
        }
        Ok(groups)
    }

    /// The person's number of a reader's source. Guessing one would give a sample to a stranger.
    fn number(&self, source: SourceNo) -> Result<Option<SourceNo>, IngestError> {
        let number = self.numbers.get(usize::from(source.0)).copied();
        number.ok_or(IngestError::Unannounced { what: "source" })
    }

    /// The person's number of a reader's type.
    fn metric(&self, type_index: u32) -> Result<Option<MetricNo>, IngestError> {
        let at = usize::try_from(type_index).ok();
        let number = at.and_then(|at| self.metrics.get(at)).copied();
        number.ok_or(IngestError::Unannounced { what: "type" })
    }

    /// Counts a record whose source or type found no room in the person's tables; its neighbours stay.
    fn refuse(&mut self, type_index: Option<u32>) {
        let at = type_index.and_then(|at| usize::try_from(at).ok());
        let name = at.and_then(|at| self.types.get(at));
        self.tally
            .reject_without_room(name.map(|name| name.name.as_str()));
    }

    async fn write_samples(
        &mut self,
        tx: &mut Tx,
        person: &mut Dossier,
        user: UserId,
        origin: Origin<'_>,
        incoming: Vec<Incoming>,
        changed: &mut ChangedHours,
    ) -> Result<(), IngestError> {
        // One call for all metrics: on a live upload the statements around each would cost more
        // than its samples. Two names of one metric are counted under the first.
        let mut names: BTreeMap<MetricNo, String> = BTreeMap::new();
        let (mut counted, mut uncounted) = (Vec::new(), Vec::new());
        for (type_index, samples) in self.group(person, incoming)? {
            let (name, metric) = self.meaning(type_index)?;
            names.entry(metric).or_insert(name);
            if self.snapshot_us.is_some() {
                self.present
                    .extend(samples.iter().map(|sample| (metric, sample.source)));
            }
            let (means, extremes) = self.split(metric, samples);
            counted.push(Group {
                metric,
                samples: means,
            });
            if !extremes.is_empty() {
                uncounted.push(Group {
                    metric,
                    samples: extremes,
                });
            }
        }
        if !counted.is_empty() {
            let merged = store::samples::merge(tx, &person.key, user, origin, counted).await?;
            for (metric, count) in &merged.by_metric {
                let name = names.get(metric).map_or("", String::as_str);
                let same = count.duplicates + count.refused_deleted;
                self.tally.count(name, count.added + count.replaced, same);
                self.tally.reject_surplus(name, count.refused_full);
            }
            changed.extend(merged.changed);
        }
        if !uncounted.is_empty() {
            let merged = store::samples::merge(tx, &person.key, user, origin, uncounted).await?;
            changed.extend(merged.changed);
        }
        Ok(())
    }

    /// Extremes that came beside a mean belong to the record of the mean; of a total the least is all there is.
    fn split(&self, metric: MetricNo, samples: Vec<Sample>) -> (Vec<Sample>, Vec<Sample>) {
        let known = metric::by_no(metric);
        let is_total = known.is_some_and(|known| known.kind == Kind::Cumulative);
        if self.counting == Counting::Export || is_total {
            return (samples, Vec::new());
        }
        samples.into_iter().partition(|sample| {
            !sample.flags.contains(Flags::MINIMUM) && !sample.flags.contains(Flags::MAXIMUM)
        })
    }

    fn meaning(&self, type_index: u32) -> Result<(String, MetricNo), IngestError> {
        let at = usize::try_from(type_index).ok();
        let found = at.and_then(|at| {
            let metric = (*self.metrics.get(at)?)?;
            Some((self.types.get(at)?.name.clone(), metric))
        });
        found.ok_or(IngestError::Unannounced { what: "type" })
    }

    async fn write_children(
        &mut self,
        tx: &mut Tx,
        person: &mut Dossier,
        user: UserId,
        origin: Origin<'_>,
        changed: &mut ChangedHours,
    ) -> Result<(), IngestError> {
        let children = std::mem::take(&mut self.children);
        for (type_index, samples) in self.group(person, children)? {
            let (name, metric) = self.meaning(type_index)?;
            if self.snapshot_us.is_some() {
                self.present
                    .extend(samples.iter().map(|sample| (metric, sample.source)));
            }
            let group = vec![Group { metric, samples }];
            let merged = store::samples::merge(tx, &person.key, user, origin, group).await?;
            for (_, count) in &merged.by_metric {
                let known = count.duplicates + count.refused_deleted;
                self.tally.reject_surplus(&name, count.refused_full);
                match self.counting {
                    Counting::Export => {
                        self.tally.count(&name, count.added + count.replaced, 0);
                        self.tally.linked += known;
                    }
                    Counting::Live => self.tally.linked += known + count.added + count.replaced,
                }
            }
            changed.extend(merged.changed);
        }
        Ok(())
    }

    async fn write_records(
        &mut self,
        tx: &mut Tx,
        person: &mut Dossier,
        user: UserId,
        origin: Origin<'_>,
    ) -> Result<BTreeSet<Date>, IngestError> {
        let mut records = Vec::with_capacity(self.records.len());
        for record in std::mem::take(&mut self.records) {
            match self.number(record.source)? {
                Some(source) => records.push(Record { source, ..record }),
                None => self.refuse(None),
            }
        }
        let is_rings = |record: &mut Record| matches!(record.body, Body::ActivitySummary(_));
        let rings: Vec<Record> = records.extract_if(.., is_rings).collect();
        let is_beats = |record: &mut Record| matches!(record.body, Body::HeartbeatSeries(_));
        let beats: Vec<Record> = records.extract_if(.., is_beats).collect();
        // Of all records only rings are compared with what days are made of, and only beats are in them.
        let hours = self.put(tx, person, user, origin, rings).await?;
        let mut days = dirty::dates_of_rings(hours);
        let hours = self.put(tx, person, user, origin, beats).await?;
        days.extend(dirty::dates_of_beats(&person.history(), hours));
        self.put(tx, person, user, origin, records).await?;
        Ok(days)
    }

    /// Stores records and returns the UTC hours that changed.
    async fn put(
        &mut self,
        tx: &mut Tx,
        person: &Dossier,
        user: UserId,
        origin: Origin<'_>,
        records: Vec<Record>,
    ) -> Result<Vec<i32>, IngestError> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let put = store::records::put(tx, &person.key, user, origin, records).await?;
        self.tally.reject_unstorable(put.unstorable);
        for (kind, count) in &put.by_kind {
            let new = count.added + count.replaced;
            self.tally.count_new_records(kind, new);
            if self.counting == Counting::Live {
                self.tally.count(kind, new, count.duplicates);
            }
        }
        Ok(put.changed)
    }

    /// Marks the days of changed samples, rings and beats, those whose borders moved with the zone history, and all
    /// when older data turned the usual order of known sources around.
    async fn mark(
        &mut self,
        tx: &mut Tx,
        person: &Dossier,
        upload: Upload,
        job: JobId,
        (before, changed, mut days): (&Before, &ChangedHours, BTreeSet<Date>),
    ) -> Result<(), IngestError> {
        let after = person.history();
        for (metric, hours) in changed.iter() {
            days.extend(dirty::dates(&after, metric, hours.iter().copied()));
        }
        if before.zones != after
            && let Some((first, last)) = store::days::extent(tx, upload.user).await?
        {
            days.extend(moved_days(&before.zones, &after, first, last));
        }
        let reordered = before.is_reordered(&person.usual_order())
            || before.counts_others(&person.dictionary().left_out(&[]));
        if reordered {
            store::days::mark_all(tx, upload.user, upload.now_us).await?;
        }
        if days.is_empty() && !reordered {
            return Ok(());
        }
        let (user, now_us) = (upload.user, upload.now_us);
        let seq = mark_days(tx, user, &days, job, now_us, upload.run_at_us).await?;
        self.dirty_seq = self.dirty_seq.max(seq);
        Ok(())
    }
}

/// What days depend on beside samples, before a write.
struct Before {
    zones: ZoneHistory,
    order: Arc<[SourceNo]>,
    left_out: Vec<SourceNo>,
}

impl Before {
    /// Whether other sources of before are left out of totals now.
    fn counts_others(&self, left_out: &[SourceNo]) -> bool {
        let known = left_out
            .iter()
            .filter(|no| usize::from(no.0) < self.order.len());
        !known.eq(self.left_out.iter())
    }

    /// Whether the sources of before come in another order now. Those that are new have the highest
    /// numbers and no days yet.
    fn is_reordered(&self, order: &[SourceNo]) -> bool {
        let known = order
            .iter()
            .filter(|no| usize::from(no.0) < self.order.len());
        !known.eq(self.order.iter())
    }
}

/// Whether more of the input will follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// More follows.
    More,
    /// This is the rest.
    Last,
}
