//! Several witnesses of the same minutes: a phone, a band, and apps that repeat both. One is believed, and none are
//! added.
//!
//! What is held is small for each measurement and counts against the budget of memory, because it can only be decided
//! after the last file of the upload.

use std::collections::BTreeMap;

use model::metric::MetricNo;
use model::sample::SECOND_US;

use crate::budget::{Full, Holding};
use crate::vendors::VendorError;
use crate::vendors::desk::One;

/// How much a witness is believed: the smallest first.
pub(crate) type Rank = u8;

/// A measurement that is held; what it shares with others of its metric lies in a table.
#[derive(Debug, Clone, Copy)]
struct Stated {
    start_s: u32,
    length_s: u16,
    /// Index of what it shares with others.
    shared: u16,
    value: f64,
}

/// What many measurements have in common.
#[derive(Debug, Clone, Copy)]
struct Shared {
    rank: Rank,
    one: One,
}

/// Everything that is held.
#[derive(Debug, Default)]
pub(crate) struct Witnesses {
    by_metric: BTreeMap<MetricNo, Vec<Stated>>,
    /// Measurements that do not fit the small form.
    odd: Vec<(MetricNo, Shared)>,
    shared: Vec<Shared>,
    holding: Holding,
}

/// Takes a measurement that is kept.
pub(crate) type Keeps<'k> = dyn FnMut(One) -> Result<(), VendorError> + 'k;

impl Witnesses {
    /// Holds a measurement.
    pub(crate) fn hold(&mut self, metric: MetricNo, rank: Rank, one: One) -> Result<(), Full> {
        let Some(stated) = self.small(rank, &one) else {
            self.holding.grow(size_of::<(MetricNo, Shared)>())?;
            self.odd.push((metric, Shared { rank, one }));
            return Ok(());
        };
        // A list that grows is held twice while it moves.
        self.holding.grow(2 * size_of::<Stated>())?;
        self.by_metric.entry(metric).or_default().push(stated);
        Ok(())
    }

    fn small(&mut self, rank: Rank, one: &One) -> Option<Stated> {
        let is_whole = one.at.start_us % SECOND_US == 0 && one.at.end_us % SECOND_US == 0;
        if !is_whole || one.uid.is_some() {
            return None;
        }
        let start_s = u32::try_from(one.at.start_us / SECOND_US).ok()?;
        let length_s = u16::try_from((one.at.end_us - one.at.start_us) / SECOND_US).ok()?;
        let is_same = |other: &Shared| {
            other.rank == rank
                && other.one.metric == one.metric
                && other.one.unit == one.unit
                && other.one.offset_min == one.offset_min
                && other.one.source == one.source
                && other.one.flags == one.flags
        };
        let at = self.shared.iter().rposition(is_same).unwrap_or_else(|| {
            self.shared.push(Shared { rank, one: *one });
            self.shared.len() - 1
        });
        Some(Stated {
            start_s,
            length_s,
            shared: u16::try_from(at).ok()?,
            value: one.value,
        })
    }

    /// Decides, a metric at a time, and hands over what is kept in the order of ranks and times; says how many were
    /// not. `is_covered` says of which metrics and instants a merged stream was read.
    pub(crate) fn resolve(
        mut self,
        is_covered: &mut dyn FnMut(MetricNo, i64) -> bool,
        keep: &mut Keeps<'_>,
    ) -> Result<u64, VendorError> {
        let mut dropped = 0;
        for (metric, _) in &self.odd {
            self.by_metric.entry(*metric).or_default();
        }
        for (metric, mut stated) in std::mem::take(&mut self.by_metric) {
            let all = stated.len();
            stated.retain(|one| !is_covered(metric, i64::from(one.start_s) * SECOND_US));
            dropped += (all - stated.len()) as u64;
            let of_metric = self.odd.extract_if(.., |(other, _)| *other == metric);
            let mut odd: Vec<Shared> = of_metric.map(|(_, shared)| shared).collect();
            let all = odd.len();
            odd.retain(|shared| !is_covered(metric, shared.one.at.start_us));
            dropped += (all - odd.len()) as u64;
            dropped += self.choose(stated, odd, keep)?;
        }
        Ok(dropped)
    }

    /// Of measurements that overlap, those of the best rank; among these the earlier, of one start the longer, of one
    /// interval the largest.
    fn choose(
        &self,
        mut stated: Vec<Stated>,
        mut odd: Vec<Shared>,
        keep: &mut Keeps<'_>,
    ) -> Result<u64, VendorError> {
        let rank = |one: &Stated| {
            let shared = self.shared.get(usize::from(one.shared));
            shared.map_or(Rank::MAX, |shared| shared.rank)
        };
        stated.sort_unstable_by(|a, b| {
            let order = rank(a).cmp(&rank(b)).then(a.start_s.cmp(&b.start_s));
            let order = order.then(b.length_s.cmp(&a.length_s));
            order.then(b.value.total_cmp(&a.value))
        });
        odd.sort_by(|a, b| {
            let order = a.rank.cmp(&b.rank);
            let order = order.then(a.one.at.start_us.cmp(&b.one.at.start_us));
            let order = order.then(b.one.at.end_us.cmp(&a.one.at.end_us));
            order.then(b.one.value.total_cmp(&a.one.value))
        });
        let mut taken = Taken::default();
        let mut dropped = 0;
        let (mut small, mut large) = (stated.iter().peekable(), odd.iter().peekable());
        loop {
            let next_small = small
                .peek()
                .map(|one| (rank(one), i64::from(one.start_s) * SECOND_US));
            let next_large = large.peek().map(|one| (one.rank, one.one.at.start_us));
            let is_small = match (next_small, next_large) {
                (None, None) => break,
                (Some(small), Some(large)) => small <= large,
                (Some(_), None) => true,
                (None, Some(_)) => false,
            };
            let (rank, one) = if is_small {
                let Some(stated) = small.next() else { break };
                let Some(shared) = self.shared.get(usize::from(stated.shared)) else {
                    continue;
                };
                (shared.rank, stated.of(shared.one))
            } else {
                let Some(shared) = large.next() else { break };
                (shared.rank, shared.one)
            };
            if taken.take(rank, &one) {
                keep(one)?;
            } else {
                dropped += 1;
            }
        }
        Ok(dropped)
    }
}

/// What was chosen so far: times of better ranks, and those of the rank that is being read.
#[derive(Debug, Default)]
struct Taken {
    rank: Rank,
    /// In order, and joined where they touch.
    better: Vec<(i64, i64)>,
    own: Vec<(i64, i64)>,
}

impl Taken {
    /// Takes the time of a measurement, unless a part of it is taken. Ranks and, within one, starts come in order.
    fn take(&mut self, rank: Rank, one: &One) -> bool {
        if rank != self.rank {
            self.rank = rank;
            self.better.append(&mut self.own);
            self.better.sort_unstable();
            let spans = std::mem::take(&mut self.better);
            for span in spans {
                join(&mut self.better, span);
            }
        }
        // An instant takes the microsecond in which it lies.
        let start_us = one.at.start_us;
        let end_us = one.at.end_us.max(start_us + 1);
        let is_own_free = self.own.last().is_none_or(|(_, end)| *end <= start_us);
        let until = self.better.partition_point(|(start, _)| *start < end_us);
        let before = until.checked_sub(1).and_then(|at| self.better.get(at));
        let is_free = is_own_free && before.is_none_or(|(_, end)| *end <= start_us);
        if is_free {
            join(&mut self.own, (start_us, end_us));
        }
        is_free
    }
}

/// Adds a span that begins where the last ends or later.
fn join(spans: &mut Vec<(i64, i64)>, (start_us, end_us): (i64, i64)) {
    match spans.last_mut() {
        Some((_, end)) if *end >= start_us => *end = (*end).max(end_us),
        _ => spans.push((start_us, end_us)),
    }
}

impl Stated {
    fn of(self, shared: One) -> One {
        let start_us = i64::from(self.start_s) * SECOND_US;
        let end_us = start_us + i64::from(self.length_s) * SECOND_US;
        One {
            value: self.value,
            at: crate::live::Interval { start_us, end_us },
            ..shared
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::source::SourceNo;

    const METRIC: MetricNo = MetricNo(1);

    fn one(start_s: i64, end_s: i64, value: f64, source: u16) -> One {
        let at = (start_s * SECOND_US, end_s * SECOND_US);
        One::over("step_count", "", value, at, SourceNo(source))
    }

    fn check(held: &[(Rank, One)], expect: &[(i64, f64)]) {
        let mut witnesses = Witnesses::default();
        for (rank, one) in held {
            witnesses.hold(METRIC, *rank, *one).expect("room");
        }
        let mut seen: Vec<(i64, f64)> = Vec::new();
        let dropped = witnesses.resolve(&mut |_, _| false, &mut |one| {
            seen.push((one.at.start_us / SECOND_US, one.value));
            Ok(())
        });
        seen.sort_by_key(|(start_s, _)| *start_s);
        assert_eq!(seen, expect);
        let left_out = (held.len() - expect.len()) as u64;
        assert_eq!(dropped.expect("nobody stops"), left_out);
    }

    #[test]
    fn the_best_witness_of_a_minute_counts() {
        let band = (0, one(60, 120, 10.0, 0));
        let phone = (1, one(60, 120, 12.0, 1));
        let later = (1, one(120, 180, 3.0, 1));
        check(&[phone, band, later], &[(60, 10.0), (120, 3.0)]);
        // A part of a minute is the same steps too.
        check(&[(1, one(90, 150, 5.0, 1)), band], &[(60, 10.0)]);
        // What has fractions of a second is held in another form.
        let precise = (
            0,
            One::over("step_count", "", 4.0, (30_500_000, 60_000_000), SourceNo(0)),
        );
        check(
            &[later, precise, band],
            &[(30, 4.0), (60, 10.0), (120, 3.0)],
        );
        // Of one rank the larger, and the longer interval before its parts.
        check(&[phone, (1, one(60, 120, 20.0, 2))], &[(60, 20.0)]);
    }

    #[test]
    fn days_of_a_merged_stream_need_no_witness() {
        let mut witnesses = Witnesses::default();
        witnesses
            .hold(METRIC, 0, one(60, 120, 1.0, 0))
            .expect("room");
        let mut count = 0;
        let dropped = witnesses.resolve(&mut |_, _| true, &mut |_| {
            count += 1;
            Ok(())
        });
        assert_eq!((count, dropped.expect("nobody stops")), (0, 1));
    }
}
