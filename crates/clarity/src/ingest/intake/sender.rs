//! Inputs of senders whose order counts: what came late is set aside, late measurements are added to their bucket,
//! and what a window no longer holds is taken out. The rules are in [`heard`](crate::ingest::heard).

use std::collections::{BTreeMap, HashMap, HashSet};

use import::batch::{Fact, Incoming, Window};
use model::ids::{DeviceId, UserId};
use model::metric::{self, Kind, MetricNo};
use model::sample::{DAY_US, Flags, Sample, Uid};
use model::zone::Span;
use store::Tx;
use store::docs::{DocName, Expected};
use store::samples::ChangedHours;
use store::uploads::UploadNo;

use crate::ingest::IngestError;
use crate::ingest::heard::{Heard, Phone, Slot, Told, Unsure};
use crate::ingest::intake::{Intake, Upload};
use crate::person::document::{self, Document};
use crate::person::dossier::Dossier;

/// Reads that the windows of one input may cost: 60 metrics of two months, or 60 of each day of two months.
/// Others wait while they are made.
const READS_MAX: usize = 4_000;
/// Samples of as much time are read at once.
const PIECE_US: i64 = 7 * DAY_US;
/// What is known of a sender while one of its inputs is taken in.
pub(super) struct Said {
    document: Document<Heard>,
    before: Heard,
    told: Told,
    device: Option<DeviceId>,
}

impl Said {
    fn phone(&mut self) -> &mut Phone {
        self.document.value.phone(self.device)
    }

    async fn save(self, tx: &mut Tx, person: &Dossier, user: UserId) -> Result<(), IngestError> {
        let Document { version, value } = &self.document;
        if *value == self.before {
            return Ok(());
        }
        let expected = match version {
            0 => Expected::Absent,
            version => Expected::Version(*version),
        };
        document::write(tx, &person.key, user, DocName::Heard, value, expected).await?;
        Ok(())
    }
}

impl Intake {
    /// Looks at what is held in the light of what its sender said before; nothing for inputs that tell no order.
    pub(super) async fn in_order(
        &mut self,
        tx: &mut Tx,
        person: &Dossier,
        upload: Upload,
    ) -> Result<Option<Said>, IngestError> {
        let Some(told) = self.told else {
            return Ok(None);
        };
        let user = upload.user;
        let document: Document<Heard> =
            document::read(tx, &person.key, user, DocName::Heard).await?;
        let mut said = Said {
            before: document.value.clone(),
            document,
            told,
            device: upload.device,
        };
        if let Some(device) = upload.device {
            store::uploads::sent_by(tx, user, upload.no, device).await?;
        }
        if !self.windows.is_empty() {
            let all = self.held.iter().chain(&self.children);
            self.objects = all.filter_map(|one| one.sample.uid).collect();
        }
        self.set_aside_late(&mut said)?;
        self.add_to_buckets(tx, person, user, &mut said).await?;
        Ok(Some(said))
    }

    /// The metric of a sample and its place among aggregates; nothing where the person's tables have no room for it,
    /// which is counted when it is written.
    fn placed(&self, one: &Incoming) -> Result<Option<(MetricNo, Slot)>, IngestError> {
        let metric = self.metric(one.type_index)?;
        let source = self.number(one.sample.source)?;
        Ok(metric.zip(source).map(|(metric, source)| {
            let sample = Sample {
                source,
                ..one.sample
            };
            (metric, Slot::of(metric, &sample))
        }))
    }

    fn count_known(&mut self, one: &Incoming) -> Result<(), IngestError> {
        let (name, _) = self.meaning(one.type_index)?;
        self.tally.count(&name, 0, 1);
        Ok(())
    }

    /// Leaves out totals of which a later one is known, and objects of a time of which a window said later which
    /// objects there are: they are stored in their later form, or gone.
    fn set_aside_late(&mut self, said: &mut Said) -> Result<(), IngestError> {
        let told = said.told;
        for one in std::mem::take(&mut self.held) {
            let Some((metric, slot)) = self.placed(&one)? else {
                self.held.push(one);
                continue;
            };
            let is_total = one.sample.uid.is_none() && one.sample.flags.contains(Flags::AGGREGATED);
            let is_current = if is_total {
                said.phone().takes_total(slot, told)
            } else {
                let settled = said.phone().settled(metric, one.sample.start_us);
                settled.is_none_or(|settled_us| settled_us <= told.at_us)
            };
            if is_current {
                self.held.push(one);
            } else {
                self.count_known(&one)?;
            }
        }
        Ok(())
    }

    /// Adds late measurements to the buckets that are stored, once for each input of the sender.
    async fn add_to_buckets(
        &mut self,
        tx: &mut Tx,
        person: &Dossier,
        user: UserId,
        said: &mut Said,
    ) -> Result<(), IngestError> {
        let buckets = std::mem::take(&mut self.buckets);
        let told = said.told;
        let is_heard = buckets.iter().any(|(.., is_whole)| !is_whole) && !said.phone().hears(told);
        let mut by_day: BTreeMap<(MetricNo, i64), Vec<Part>> = BTreeMap::new();
        for (one, count, is_whole) in buckets {
            let Some((metric, slot)) = self.placed(&one)? else {
                self.held.push(one);
                continue;
            };
            if is_whole && said.phone().takes_total(slot, told) {
                said.phone().counted(slot, count);
                self.held.push(one);
            } else if is_whole || is_heard || said.phone().is_told_later(slot, told) {
                self.count_known(&one)?;
            } else {
                let day = one.sample.start_us.div_euclid(DAY_US);
                let part = Part { one, slot, count };
                by_day.entry((metric, day)).or_default().push(part);
            }
        }
        for ((metric, day), part) in by_day {
            let span = Span {
                start_us: day * DAY_US,
                end_us: (day + 1) * DAY_US,
            };
            let stored = store::samples::readable_in(tx, &person.key, user, metric, span).await?;
            self.add_up(metric, part, &stored.samples, said);
        }
        Ok(())
    }

    fn add_up(&mut self, metric: MetricNo, parts: Vec<Part>, stored: &[Sample], said: &mut Said) {
        let kind = metric::by_no(metric).map_or(Kind::Discrete, |known| known.kind);
        // Mean and extremes of one bucket share its count.
        let mut counts: HashMap<Slot, (Option<u32>, u32)> = HashMap::new();
        let stored: HashMap<_, f64> = stored
            .iter()
            .filter(|row| row.uid.is_none())
            .map(|row| ((Slot::of(metric, row), part_of(row.flags)), row.value))
            .collect();
        for Part {
            mut one,
            slot,
            count,
        } in parts
        {
            let (known, _) = *counts
                .entry(slot)
                .or_insert_with(|| (said.phone().count(slot), count));
            if let Some(row) = stored.get(&(slot, part_of(one.sample.flags))) {
                let late = (one.sample.value, count);
                one.sample.value = together((*row, known), late, (kind, one.sample.flags));
            }
            self.held.push(one);
        }
        for (slot, (known, count)) in counts {
            let sum = known.unwrap_or(0).saturating_add(count);
            said.phone().counted(slot, sum);
        }
    }

    /// Takes out what the windows of the input do not hold any more, and remembers what the sender said.
    pub(super) async fn settle_windows(
        &mut self,
        tx: &mut Tx,
        person: &Dossier,
        upload: Upload,
        mut said: Said,
        changed: &mut ChangedHours,
    ) -> Result<(), IngestError> {
        let told = said.told;
        let objects = std::mem::take(&mut self.objects);
        let mut reads = READS_MAX;
        for window in std::mem::take(&mut self.windows) {
            let Some(device) = upload.device else {
                self.leave("only what a device sent under its own key is taken out by a window");
                continue;
            };
            let cost = pieces(window.start_us, window.end_us)
                .take(reads + 1)
                .count();
            let Some(left) = reads.checked_sub(cost.saturating_mul(window.metrics.len())) else {
                self.leave("a window of this much time and this many types takes nothing out");
                continue;
            };
            reads = left;
            // What was refused is still on the phone, and what is stored of it stays.
            let objects = match self.tally.rejected {
                0 => Ok(objects.as_slice()),
                _ => Err(Unsure),
            };
            let there = match said.phone().takes_window(&window, told, objects) {
                None => continue,
                Some(Err(Unsure)) => {
                    self.leave(
                        "a window of very many objects, or with refused ones, takes nothing out",
                    );
                    continue;
                }
                Some(Ok(there)) => there.into_iter().collect(),
            };
            let gone = unseen(tx, person, (upload.user, device), &window, &there).await?;
            let told_us = told.at_us.min(upload.now_us);
            let of = (upload.user, told_us);
            self.remove(tx, person, of, &gone, changed).await?;
        }
        said.save(tx, person, upload.user).await
    }

    pub(super) fn leave(&mut self, reason: &'static str) {
        let name = "window".to_owned();
        self.tally.remark(&Fact::Skipped { name, reason });
    }
}

/// A value of a bucket: its mean, its total or an extreme.
struct Part {
    one: Incoming,
    slot: Slot,
    count: u32,
}

/// Which part of a bucket a value is.
fn part_of(flags: Flags) -> (bool, bool) {
    (
        flags.contains(Flags::MINIMUM),
        flags.contains(Flags::MAXIMUM),
    )
}

/// What a stored part of a bucket and that of late measurements come to. Where it is not known how many
/// measurements are stored, they may be of another sender, and nothing is added up.
fn together(
    (stored, known): (f64, Option<u32>),
    (late, count): (f64, u32),
    (kind, flags): (Kind, Flags),
) -> f64 {
    match (part_of(flags), kind, known) {
        ((true, false), ..) => stored.min(late),
        ((false, true), ..) | (_, Kind::Cumulative, None) => stored.max(late),
        (_, Kind::Cumulative, Some(_)) => stored + late,
        (_, _, Some(known)) => {
            let (known, count) = (f64::from(known), f64::from(count));
            (stored * known + late * count) / (known + count)
        }
        (_, _, None) => stored,
    }
}

pub(super) fn pieces(start_us: i64, end_us: i64) -> impl Iterator<Item = Span> {
    let mut at_us = start_us;
    std::iter::from_fn(move || {
        (at_us < end_us).then(|| {
            let span = Span {
                start_us: at_us,
                end_us: at_us.saturating_add(PIECE_US).min(end_us),
            };
            at_us = span.end_us;
            span
        })
    })
}

/// Objects that a device sent, that start in a window, and that are not there any more.
async fn unseen(
    tx: &mut Tx,
    person: &Dossier,
    (user, device): (UserId, DeviceId),
    window: &Window,
    there: &HashSet<Uid>,
) -> Result<Vec<(Uid, Option<MetricNo>)>, IngestError> {
    let mut missing: HashMap<UploadNo, Vec<(Uid, Option<MetricNo>)>> = HashMap::default();
    for metric in &window.metrics {
        for span in pieces(window.start_us, window.end_us) {
            let stored = store::samples::brought_over(tx, &person.key, user, *metric, span).await?;
            for row in stored.samples {
                let starts =
                    span.start_us <= row.sample.start_us && row.sample.start_us < span.end_us;
                if let Some(uid) = row.sample.uid.filter(|uid| starts && !there.contains(uid)) {
                    missing
                        .entry(row.upload)
                        .or_default()
                        .push((uid, Some(*metric)));
                }
            }
        }
    }
    let uploads: Vec<UploadNo> = missing.keys().copied().collect();
    let own = store::uploads::of_device(tx, user, device, &uploads).await?;
    missing.retain(|upload, _| own.contains(upload));
    Ok(missing.into_values().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEAN: Flags = Flags::AGGREGATED;

    #[test]
    fn late_measurements_are_weighed_by_how_many_they_are() {
        let discrete = |known, flags| together((14.0, known), (18.0, 1), (Kind::Discrete, flags));
        assert!((discrete(Some(3), MEAN) - 15.0).abs() < 1e-12);
        assert!((discrete(None, MEAN) - 14.0).abs() < 1e-12);
        assert!((discrete(None, MEAN.with(Flags::MAXIMUM)) - 18.0).abs() < 1e-12);
        assert!((discrete(None, MEAN.with(Flags::MINIMUM)) - 14.0).abs() < 1e-12);
        let total = |known| together((14.0, known), (18.0, 1), (Kind::Cumulative, MEAN));
        assert!((total(Some(3)) - 32.0).abs() < 1e-12);
        assert!((total(None) - 18.0).abs() < 1e-12);
    }

    #[test]
    fn a_span_is_read_in_pieces_that_cover_it() {
        for length in [1, PIECE_US - 1, PIECE_US, PIECE_US + 1, 5 * PIECE_US + 3] {
            let spans: Vec<Span> = pieces(-7, -7 + length).collect();
            assert_eq!(spans.first().map(|span| span.start_us), Some(-7));
            assert_eq!(spans.last().map(|span| span.end_us), Some(-7 + length));
            assert!(
                spans
                    .windows(2)
                    .all(|pair| matches!(pair, [a, b] if a.end_us == b.start_us))
            );
        }
        assert_eq!(pieces(5, 5).count(), 0);
    }
}
