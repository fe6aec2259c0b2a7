//! What would make our total of a day the phone's: suppositions, each tried by merging the day again.
//!
//! It must never merge more often than [`MERGES_MAX`], whatever a day contains.

use std::cell::Cell;
use std::collections::BTreeSet;

use jiff::ToSpan;
use model::sample::{DAY_US, MINUTE_US, Sample};
use model::source::SourceNo;
use model::zone::{Span, Zone};

use super::{Cause, Finer, Reconciling, Said, total};
use crate::daily::merge::{self, DayTotal};
use crate::daily::rank::Ranks;

/// Merges of one day and metric; all suppositions together need fewer.
const MERGES_MAX: u32 = 96;
/// A day with more samples is not merged again: nobody's phone has them.
const SAMPLES_MAX: usize = 50_000;
/// Deletions, uploads, zones and single samples that are each tried.
const TRIED_MAX: usize = 8;
/// On a day with more samples, single ones are not left out: one of many fits any difference.
const SINGLES_MAX: usize = 2_000;
/// Sources that are moved and left out; a person with more has the others in their places.
const SOURCES_MAX: usize = 6;
/// How far around the day a border of another zone can lie.
const AROUND_US: i64 = DAY_US;
/// The offsets from UTC that are in use, in minutes.
const OFFSETS_MIN: [i32; 38] = [
    -720, -660, -600, -570, -540, -480, -420, -360, -300, -240, -210, -180, -120, -60, 0, 60, 120,
    180, 210, 240, 270, 300, 330, 345, 360, 390, 420, 480, 525, 540, 570, 600, 630, 660, 720, 765,
    780, 840,
];

/// What explains a difference.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub(super) cause: Cause,
    pub(super) about: Option<String>,
    pub(super) samples: Option<u32>,
}

/// What explains a difference, and what the rest of it.
pub(super) struct Explained {
    pub(super) first: Found,
    pub(super) second: Option<Found>,
}

impl Found {
    const fn only(cause: Cause) -> Self {
        Self {
            cause,
            about: None,
            samples: None,
        }
    }

    fn about(cause: Cause, about: String) -> Self {
        Self {
            about: Some(about),
            ..Self::only(cause)
        }
    }

    pub(super) fn of_deleted(count: usize) -> Self {
        Self::of_samples(Cause::Deletion, count)
    }

    pub(super) fn of_zone(zone: &Zone) -> Self {
        Self::about(Cause::Zone, zone.name().to_owned())
    }

    fn of_samples(cause: Cause, count: usize) -> Self {
        Self {
            samples: u32::try_from(count).ok(),
            ..Self::only(cause)
        }
    }
}

/// A day of one metric whose totals differ.
pub(super) struct Case<'a> {
    pub(super) day: &'a Reconciling<'a>,
    pub(super) spans: &'a [Span],
    pub(super) finer: &'a Finer,
    pub(super) deleted: &'a [Sample],
    pub(super) ranks: &'a Ranks,
    pub(super) said: Said,
    pub(super) total: &'a DayTotal,
    pub(super) tolerance: f64,
}

impl Case<'_> {
    /// The first supposition that gives the phone's number, else the first two that do.
    pub(super) fn explain(&self) -> Explained {
        let around = Span {
            start_us: self.spans.first().map_or(0, |span| span.start_us) - AROUND_US,
            end_us: self.spans.last().map_or(0, |span| span.end_us) + AROUND_US,
        };
        let parts = self.finer.samples.iter().zip(&self.finer.uploads);
        let near: Vec<Part> = parts
            .filter(|(sample, _)| touches(sample, around))
            .map(|(sample, upload)| Part {
                sample: *sample,
                upload: *upload,
            })
            .collect();
        let tried = Trial {
            case: self,
            near,
            left: Cell::new(MERGES_MAX),
        };
        let of_one = (tried.near.len() <= SAMPLES_MAX).then(|| tried.run());
        if let Some(first) = of_one.flatten() {
            return Explained {
                first,
                second: None,
            };
        }
        let of_two = (tried.near.len() <= SINGLES_MAX).then(|| tried.two());
        if let Some((first, second)) = of_two.flatten() {
            return Explained {
                first,
                second: Some(second),
            };
        }
        let is_more = self.said.value > self.total.total;
        let first = Found::only(if is_more && self.total.coverage < 1.0 {
            Cause::Coverage
        } else {
            Cause::Unexplained
        });
        Explained {
            first,
            second: None,
        }
    }
}

/// A sample and the upload that brought it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) sample: Sample,
    pub(super) upload: u32,
}

/// The suppositions about one day.
pub(super) struct Trial<'a> {
    pub(super) case: &'a Case<'a>,
    pub(super) near: Vec<Part>,
    left: Cell<u32>,
}

impl Trial<'_> {
    fn run(&self) -> Option<Found> {
        self.stated_borders()
            .or_else(|| self.deleted())
            .or_else(|| self.late())
            .or_else(|| self.known_zones())
            .or_else(|| self.orders())
            .or_else(|| self.devices())
            .or_else(|| self.any_zone())
            .or_else(|| self.one_sample())
    }

    /// Whether these samples, in this order and between these borders, give the phone's number.
    fn gives(&self, samples: &[Sample], ranks: &Ranks, spans: &[Span]) -> bool {
        let Some(left) = self.left.get().checked_sub(1) else {
            return false;
        };
        self.left.set(left);
        self.is_said(&total(samples, ranks, spans))
    }

    pub(super) fn is_said(&self, total: &DayTotal) -> bool {
        let far = (total.total - self.case.said.value).abs();
        total.samples > 0 && far <= self.case.tolerance
    }

    fn samples(&self, keep: impl Fn(&Part) -> bool) -> Vec<Sample> {
        let kept = self.near.iter().filter(|part| keep(part));
        kept.map(|part| part.sample).collect()
    }

    /// The parts that touch the day itself.
    fn of_day(&self) -> impl Iterator<Item = &Part> {
        self.near.iter().filter(|part| self.is_of_day(&part.sample))
    }

    fn is_of_day(&self, sample: &Sample) -> bool {
        self.case.spans.iter().any(|span| touches(sample, *span))
    }

    /// The phone's total says between which borders it counts.
    fn stated_borders(&self) -> Option<Found> {
        let span = self.case.said.span?;
        if self.case.spans == [span] {
            return None;
        }
        let all = self.samples(|_| true);
        let gives = self.gives(&all, self.case.ranks, &[span]);
        gives.then(|| self.of_borders(span))
    }

    pub(super) fn of_borders(&self, span: Span) -> Found {
        Found::about(Cause::Zone, offset_of(span, self.case.day.date))
    }

    /// What was deleted of the day, the latest first.
    pub(super) fn gone(&self) -> Vec<Sample> {
        let of_day = self.case.deleted.iter().filter(|gone| self.is_of_day(gone));
        of_day.copied().collect()
    }

    /// The phone's number still contains what was deleted: all of it, the latest, or one.
    fn deleted(&self) -> Option<Found> {
        let gone = self.gone();
        let count = gone.len();
        let latest = (1..=count.min(TRIED_MAX)).map(|len| 0..len);
        let all = (count > TRIED_MAX).then_some(0..count);
        let single = (1..count.min(TRIED_MAX)).map(|at| at..at + 1);
        latest.chain(all).chain(single).find_map(|range| {
            let back = gone.get(range)?;
            let mut samples = self.samples(|_| true);
            samples.extend_from_slice(back);
            let gives = self.gives(&samples, self.case.ranks, self.case.spans);
            gives.then(|| Found::of_deleted(back.len()))
        })
    }

    /// The phone made its number before the last uploads.
    fn late(&self) -> Option<Found> {
        self.cuts().into_iter().find_map(|from| {
            let samples = self.samples(|part| part.upload < from);
            let gives = self.gives(&samples, self.case.ranks, self.case.spans);
            gives.then(|| self.came_since(from))
        })
    }

    /// Uploads from which on the phone may not have anything: the first after its number, and the latest.
    pub(super) fn cuts(&self) -> Vec<u32> {
        let uploads: BTreeSet<u32> = self.of_day().map(|part| part.upload).collect();
        let Some(first) = uploads.first() else {
            return Vec::new();
        };
        let after = self.case.said.upload;
        let since_said = uploads.range(after.saturating_add(1)..).next();
        let latest = uploads.iter().rev().take(TRIED_MAX);
        let cuts = since_said.into_iter().chain(latest);
        cuts.filter(|from| *from > first).copied().collect()
    }

    /// What came since an upload: late samples, or all that a second device has of the day.
    pub(super) fn came_since(&self, from: u32) -> Found {
        let of = |is_late: bool| -> BTreeSet<SourceNo> {
            let parts = self
                .of_day()
                .filter(|part| (part.upload >= from) == is_late);
            parts.map(|part| part.sample.source).collect()
        };
        let (late, known) = (of(true), of(false));
        let class = |source: &SourceNo| {
            let sources = self.case.day.sources;
            sources
                .get(usize::from(source.0))
                .map(|source| source.class)
        };
        let is_second = |source: &SourceNo| {
            !known.contains(source) && known.iter().any(|other| class(other) == class(source))
        };
        if let Some(source) = late.first().filter(|_| late.iter().all(is_second)) {
            return Found::about(Cause::SecondDevice, self.case.day.name(*source));
        }
        let count = self.of_day().filter(|part| part.upload >= from).count();
        Found::of_samples(Cause::LateSample, count)
    }

    /// The phone's day is that of another zone in which the person was, or a sample.
    fn known_zones(&self) -> Option<Found> {
        let all = self.samples(|_| true);
        self.zones().into_iter().find_map(|(zone, span)| {
            let gives = self.gives(&all, self.case.ranks, &[span]);
            gives.then(|| Found::of_zone(&zone))
        })
    }

    /// Other zones in which the person was, or a sample, with the day's borders there.
    pub(super) fn zones(&self) -> Vec<(Zone, Span)> {
        let zones = self.case.day.zones;
        let mut known: Vec<Zone> = vec![zones.home().clone()];
        known.extend(zones.changes().iter().rev().map(|(_, zone)| zone.clone()));
        let offsets: BTreeSet<i16> = self
            .of_day()
            .filter_map(|part| part.sample.zone_offset_min)
            .collect();
        known.extend(
            offsets
                .into_iter()
                .filter_map(|offset| Zone::fixed(i32::from(offset))),
        );
        let date = self.case.day.date;
        let Ok(next) = date.checked_add(1.day()) else {
            return Vec::new();
        };
        let mut tried: BTreeSet<Span> = BTreeSet::new();
        let others = known.into_iter().filter_map(|zone| {
            let span = Span {
                start_us: zone.start_of(date),
                end_us: zone.start_of(next),
            };
            let is_new = self.case.spans != [span] && tried.len() < TRIED_MAX && tried.insert(span);
            is_new.then_some((zone, span))
        });
        others.collect()
    }

    /// The sources of the day, best-ranked first.
    pub(super) fn sources(&self) -> Vec<SourceNo> {
        let sources: BTreeSet<SourceNo> = self.of_day().map(|part| part.sample.source).collect();
        let mut sources: Vec<SourceNo> = sources.into_iter().collect();
        sources.sort_by_key(|source| (self.case.ranks.of(*source), *source));
        sources
    }

    /// The phone believes one source more, or less.
    fn orders(&self) -> Option<Found> {
        let sources = self.sources();
        let count = sources.len().min(SOURCES_MAX);
        let all = self.samples(|_| true);
        let up = (0..count).flat_map(|from| (0..from).rev().map(move |to| (from, to)));
        // One place down is the next one up.
        let down = (0..count).flat_map(|from| (from + 2..count).map(move |to| (from, to)));
        up.chain(down).find_map(|(from, to)| {
            let mut order = sources.clone();
            let moved = order.remove(from);
            order.insert(to, moved);
            let gives = self.gives(&all, &self.case.ranks.reordered(&order), self.case.spans);
            gives.then(|| self.of_order(moved))
        })
    }

    pub(super) fn of_order(&self, moved: SourceNo) -> Found {
        Found::about(Cause::SourceOrder, self.case.day.name(moved))
    }

    pub(super) fn of_device(&self, source: SourceNo) -> Found {
        Found::about(Cause::SecondDevice, self.case.day.name(source))
    }

    /// The phone does not count one device, or counts one alone.
    fn devices(&self) -> Option<Found> {
        let sources = self.sources();
        if sources.len() < 2 {
            return None;
        }
        // The worst-ranked first: it is the least known.
        let tried: Vec<SourceNo> = sources.iter().rev().take(SOURCES_MAX).copied().collect();
        let found = |source: SourceNo, samples: &[Sample]| {
            let gives = self.gives(samples, self.case.ranks, self.case.spans);
            gives.then(|| self.of_device(source))
        };
        let without = tried
            .iter()
            .find_map(|source| found(*source, &self.samples(|part| part.sample.source != *source)));
        without.or_else(|| {
            let mut alone = tried.iter();
            alone.find_map(|source| {
                found(*source, &self.samples(|part| part.sample.source == *source))
            })
        })
    }

    /// The phone's day is that of an offset from UTC that nothing else knows: all in one merge.
    fn any_zone(&self) -> Option<Found> {
        let start_us = Zone::utc().start_of(self.case.day.date);
        let days: Vec<Vec<Span>> = OFFSETS_MIN
            .iter()
            .map(|offset| {
                let start_us = start_us - i64::from(*offset) * MINUTE_US;
                vec![Span {
                    start_us,
                    end_us: start_us + DAY_US,
                }]
            })
            .collect();
        let all = self.samples(|_| true);
        let totals = merge::by_priority(&all, self.case.ranks, &days);
        let mut offsets = OFFSETS_MIN.iter().zip(&totals);
        let (offset, _) = offsets.find(|(_, total)| self.is_said(total))?;
        let zone = Zone::fixed(*offset)?;
        Some(Found::of_zone(&zone))
    }

    /// The phone no longer has one sample. What each gives is found among those around it; the day is merged
    /// again for the few that give what is too much.
    fn one_sample(&self) -> Option<Found> {
        let more = self.case.total.total - self.case.said.value;
        let of_day: Vec<Sample> = self.of_day().map(|part| part.sample).collect();
        if of_day.len() > SINGLES_MAX {
            return None;
        }
        let gives_it =
            |one: &&Sample| (self.given_by(one, &of_day) - more).abs() <= self.case.tolerance;
        let mut candidates = of_day.iter().filter(gives_it).take(TRIED_MAX);
        candidates.find_map(|one| {
            let samples = self.samples(|part| part.sample != *one);
            let gives = self.gives(&samples, self.case.ranks, self.case.spans);
            gives.then(|| Found::of_samples(Cause::Deletion, 1))
        })
    }

    /// How much of the total is gone without a sample, judged by those that lie around what overlaps it.
    fn given_by(&self, one: &Sample, of_day: &[Sample]) -> f64 {
        let overlap = |span: Span| of_day.iter().filter(move |sample| touches(sample, span));
        let around = overlap(span_of(one)).fold(span_of(one), |hull, sample| Span {
            start_us: hull.start_us.min(sample.start_us),
            end_us: hull.end_us.max(sample.end_us),
        });
        let with: Vec<Sample> = overlap(around).copied().collect();
        let without: Vec<Sample> = with
            .iter()
            .filter(|sample| *sample != one)
            .copied()
            .collect();
        let sum = |samples: &[Sample]| total(samples, self.case.ranks, self.case.spans).total;
        sum(&with) - sum(&without)
    }
}

/// Whether a sample shares an instant with a span.
const fn touches(sample: &Sample, span: Span) -> bool {
    sample.start_us < span.end_us
        && (sample.end_us > span.start_us || sample.start_us >= span.start_us)
}

/// The interval of a sample; an instant has the microsecond after it.
fn span_of(sample: &Sample) -> Span {
    Span {
        start_us: sample.start_us,
        end_us: sample.end_us.max(sample.start_us + 1),
    }
}

/// The offset from UTC of which a span is the date.
fn offset_of(span: Span, date: jiff::civil::Date) -> String {
    let minutes = (Zone::utc().start_of(date) - span.start_us) / MINUTE_US;
    let zone = i32::try_from(minutes).ok().and_then(Zone::fixed);
    zone.map_or_else(|| "UTC".to_owned(), |zone| zone.name().to_owned())
}
