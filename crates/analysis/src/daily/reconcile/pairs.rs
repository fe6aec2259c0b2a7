//! Two causes at once: suppositions that something speaks for, two of different kinds at a time.
//!
//! Two together fit more numbers by chance than one does. So none is tried that alone changes nothing, none that
//! nothing is known about (a sample nobody deleted, an offset nobody stated), and of each pair one at least is a
//! matter of record. It must never merge more often than [`MERGES_MAX`].

use std::collections::BTreeSet;

use model::sample::Sample;
use model::source::SourceNo;
use model::zone::Span;

use super::suppositions::{Found, Trial};
use super::total;

/// Merges of one day and metric for all pairs: a few milliseconds.
const MERGES_MAX: usize = 160;
/// Deletions, uploads, zones, orders and sources that are each tried.
const TRIED_MAX: usize = 4;

/// One supposition, as what it changes.
#[derive(Debug, Clone)]
enum Change {
    /// The phone's day has these borders.
    Borders(Span),
    /// The phone still has what was deleted.
    PutBack(Vec<Sample>),
    /// The phone does not have what came with this upload, and since.
    Before(u32),
    /// The phone has its sources in this order.
    Order(Vec<SourceNo>),
    /// The phone does not count a source.
    Without(SourceNo),
}

impl Change {
    /// Whether there is a record of it: a stated border, a deletion, an upload, a zone.
    const fn is_recorded(&self) -> bool {
        matches!(self, Self::Borders(_) | Self::PutBack(_) | Self::Before(_))
    }
}

/// A supposition with what it is called and how much it alone changes the total.
struct Step {
    change: Change,
    found: Found,
    effect: f64,
}

impl Trial<'_> {
    /// Two suppositions that together give the phone's number, the one that explains more of it first.
    pub(super) fn two(&self) -> Option<(Found, Found)> {
        let steps = self.steps();
        let mut left = MERGES_MAX.saturating_sub(steps.len());
        let count = steps.len();
        // What is known best comes first in the list, so pairs go by the sum of their places.
        let sums = 1..count.saturating_mul(2);
        let pairs = sums.flat_map(|sum| (0..count).map(move |at| (at, sum.saturating_sub(at))));
        for (one, other) in pairs.filter(|(one, other)| one < other) {
            let (Some(one), Some(other)) = (steps.get(one), steps.get(other)) else {
                continue;
            };
            let is_recorded = one.change.is_recorded() || other.change.is_recorded();
            if one.found.cause == other.found.cause || !is_recorded {
                continue;
            }
            left = left.checked_sub(1)?;
            if self.is_said(&self.total_with(&[&one.change, &other.change])) {
                let (more, less) = if one.effect.abs() >= other.effect.abs() {
                    (one, other)
                } else {
                    (other, one)
                };
                return Some((more.found.clone(), less.found.clone()));
            }
        }
        None
    }

    /// Every supposition that alone changes the total, the best known first.
    fn steps(&self) -> Vec<Step> {
        let ours = self.case.total.total;
        let all = self.borders().into_iter();
        let all = all.chain(self.put_back()).chain(self.late_cuts());
        let all = all.chain(self.first_orders()).chain(self.left_out());
        let steps = all.filter_map(|(change, found)| {
            let effect = self.total_with(&[&change]).total - ours;
            (effect.abs() > self.case.tolerance).then_some(Step {
                change,
                found,
                effect,
            })
        });
        steps.collect()
    }

    fn total_with(&self, changes: &[&Change]) -> crate::daily::merge::DayTotal {
        let mut samples: Vec<Sample> = self
            .near
            .iter()
            .filter(|part| {
                changes.iter().all(|change| match change {
                    Change::Before(upload) => part.upload < *upload,
                    Change::Without(source) => part.sample.source != *source,
                    Change::Borders(_) | Change::PutBack(_) | Change::Order(_) => true,
                })
            })
            .map(|part| part.sample)
            .collect();
        let (mut ranks, mut spans) = (None, self.case.spans.to_vec());
        for change in changes {
            match change {
                Change::PutBack(gone) => samples.extend_from_slice(gone),
                Change::Borders(span) => spans = vec![*span],
                Change::Order(order) => ranks = Some(self.case.ranks.reordered(order)),
                Change::Before(_) | Change::Without(_) => {}
            }
        }
        total(&samples, ranks.as_ref().unwrap_or(self.case.ranks), &spans)
    }

    /// The borders that the phone's total states, else those of zones in which the person or a sample was.
    fn borders(&self) -> Vec<(Change, Found)> {
        if let Some(span) = self.case.said.span {
            let is_other = self.case.spans != [span];
            return is_other
                .then(|| (Change::Borders(span), self.of_borders(span)))
                .into_iter()
                .collect();
        }
        let zones = self.zones().into_iter();
        let zones = zones.map(|(zone, span)| (Change::Borders(span), Found::of_zone(&zone)));
        zones.take(TRIED_MAX).collect()
    }

    /// All that was deleted, and the latest.
    fn put_back(&self) -> Vec<(Change, Found)> {
        let gone = self.gone();
        let mut counts: BTreeSet<usize> = (1..=gone.len().min(TRIED_MAX)).collect();
        counts.insert(gone.len());
        let lists = counts
            .into_iter()
            .rev()
            .filter_map(|count| gone.get(..count));
        lists
            .filter(|list| !list.is_empty())
            .map(|list| {
                (
                    Change::PutBack(list.to_vec()),
                    Found::of_deleted(list.len()),
                )
            })
            .collect()
    }

    /// What was uploaded after the phone's number, and with the latest uploads.
    fn late_cuts(&self) -> Vec<(Change, Found)> {
        let cuts = self.cuts().into_iter().take(TRIED_MAX);
        let cuts = cuts.map(|from| (Change::Before(from), self.came_since(from)));
        cuts.collect()
    }

    /// One source moved by one place, the best ones first.
    fn first_orders(&self) -> Vec<(Change, Found)> {
        let sources = self.sources();
        let places = 1..sources.len().min(TRIED_MAX);
        let moved = places.filter_map(|at| {
            let mut order = sources.clone();
            order.swap(at - 1, at);
            let source = *sources.get(at)?;
            Some((Change::Order(order), self.of_order(source)))
        });
        moved.collect()
    }

    /// Without one source, the worst first.
    fn left_out(&self) -> Vec<(Change, Found)> {
        let sources = self.sources();
        let tried = sources.iter().rev().take(TRIED_MAX).copied();
        let tried = tried.filter(|_| sources.len() > 1);
        tried
            .map(|source| (Change::Without(source), self.of_device(source)))
            .collect()
    }
}
