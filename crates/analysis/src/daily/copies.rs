//! Which samples are set aside before sources are merged: of sources that do not count, and copies of what the file of
//! their maker has.
//!
//! A copy comes in coarser slices than what it repeats, so that shares of time would count the same steps twice: a
//! slice of an hour beside minutes of which most are empty. Where the file has something, its copy has nothing to add.

use std::borrow::Cow;

use model::sample::{Flags, HOUR_US, Sample};
use model::source::SourceNo;
use model::zone::Span;

use super::rank::{Copies, Ranks};
use super::series::{is_aggregated, is_usable};

/// What lies between two samples of a file that are nearer than this is covered by it: 12 h, longer than people sleep
/// or sit without a step.
const GAP_US: i64 = 12 * HOUR_US;

/// How far from an interval samples can matter for it: what a copy repeats may lie outside.
pub(super) const fn reach_us(ranks: &Ranks) -> i64 {
    if ranks.copies().is_empty() { 0 } else { GAP_US }
}

/// The samples that count by their rank, and those that are set aside; both in the order in which they came.
pub(super) fn apart<'s>(
    samples: Cow<'s, [Sample]>,
    ranks: &Ranks,
) -> (Cow<'s, [Sample]>, Vec<Sample>) {
    if ranks.is_plain() {
        return (samples, Vec::new());
    }
    let stretches: Vec<(&Copies, Vec<Span>)> = ranks
        .copies()
        .iter()
        .map(|copies| (copies, stretches(&samples, &copies.of)))
        .collect();
    let is_aside = |sample: &Sample| {
        let repeats = |(copies, stretches): &(&Copies, Vec<Span>)| {
            copies.copies.contains(&sample.source) && touches(stretches, sample)
        };
        ranks.is_left_out(sample.source) || stretches.iter().any(repeats)
    };
    let (aside, counted): (Vec<Sample>, Vec<Sample>) = samples.iter().copied().partition(is_aside);
    (counted.into(), aside)
}

/// From one raw sample of a file to the next, in order; samples come in order of their starts.
fn stretches(samples: &[Sample], of: &[SourceNo]) -> Vec<Span> {
    let mut stretches: Vec<Span> = Vec::new();
    let raw = samples.iter().filter(|sample| {
        let is_known = is_usable(sample) && !sample.flags.contains(Flags::MANUAL);
        is_known && !is_aggregated(sample) && of.contains(&sample.source)
    });
    for sample in raw {
        match stretches.last_mut() {
            Some(last) if sample.start_us <= last.end_us.saturating_add(GAP_US) => {
                last.end_us = last.end_us.max(sample.end_us);
            }
            _ => stretches.push(Span {
                start_us: sample.start_us,
                end_us: sample.end_us,
            }),
        }
    }
    stretches
}

/// Whether a sample has an instant in common with one of the stretches.
fn touches(stretches: &[Span], sample: &Sample) -> bool {
    let until =
        stretches.partition_point(|span| span.start_us < sample.end_us.max(sample.start_us + 1));
    let before = until.checked_sub(1).and_then(|at| stretches.get(at));
    before.is_some_and(|span| span.end_us > sample.start_us)
}
