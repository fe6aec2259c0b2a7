//! Several witnesses of the same minutes: a phone, a band, and apps that repeat both. One is believed, and none are
//! added.
//!
//! What is held is small for each measurement and counts against the budget of memory, because it can only be decided
//! after the last file of the upload.

use std::collections::BTreeMap;

use model::metric::MetricNo;
use model::sample::SECOND_US;

use crate::budget::{Full, Holding};
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

/// What was decided.
#[derive(Debug)]
pub(crate) struct Kept {
    /// The measurements that are kept, by metric and time.
    pub(crate) ones: Vec<One>,
    /// How many were not.
    pub(crate) dropped: u64,
}

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

    /// Decides; `is_covered` says of which metrics and instants a merged stream was read.
    pub(crate) fn resolve(self, is_covered: &mut dyn FnMut(MetricNo, i64) -> bool) -> Kept {
        let mut kept = Kept {
            ones: Vec::new(),
            dropped: 0,
        };
        let mut by_metric: BTreeMap<MetricNo, Vec<(Rank, One)>> = BTreeMap::new();
        for (metric, stated) in self.by_metric {
            let ones = by_metric.entry(metric).or_default();
            for one in stated {
                if let Some(shared) = self.shared.get(usize::from(one.shared)) {
                    ones.push((shared.rank, one.of(shared.one)));
                }
            }
        }
        for (metric, shared) in self.odd {
            by_metric
                .entry(metric)
                .or_default()
                .push((shared.rank, shared.one));
        }
        for (metric, mut ones) in by_metric {
            let before = ones.len();
            ones.retain(|(_, one)| !is_covered(metric, one.at.start_us));
            let mut chosen = choose(ones);
            kept.dropped += (before - chosen.len()) as u64;
            kept.ones.append(&mut chosen);
        }
        kept
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

/// Of measurements that overlap, those of the best rank; among these, of one interval the largest.
fn choose(mut ones: Vec<(Rank, One)>) -> Vec<One> {
    ones.sort_by(|(rank, a), (other, b)| {
        let order = rank.cmp(other);
        let order = order.then(a.at.start_us.cmp(&b.at.start_us));
        let order = order.then(b.at.end_us.cmp(&a.at.end_us));
        order.then(b.value.total_cmp(&a.value))
    });
    let mut chosen: BTreeMap<i64, One> = BTreeMap::new();
    for (_, one) in ones {
        if !overlaps(&chosen, &one) {
            chosen.insert(one.at.start_us, one);
        }
    }
    chosen.into_values().collect()
}

/// Whether something that was chosen has a part of this interval, or is of the same instant.
fn overlaps(chosen: &BTreeMap<i64, One>, one: &One) -> bool {
    if chosen.contains_key(&one.at.start_us) {
        return true;
    }
    let before = chosen.range(..one.at.start_us).next_back();
    if before.is_some_and(|(_, other)| other.at.end_us > one.at.start_us) {
        return true;
    }
    let after = chosen.range(one.at.start_us..).next();
    after.is_some_and(|(start_us, _)| *start_us < one.at.end_us)
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
        let kept = witnesses.resolve(&mut |_, _| false);
        let seen: Vec<(i64, f64)> = kept
            .ones
            .iter()
            .map(|one| (one.at.start_us / SECOND_US, one.value))
            .collect();
        assert_eq!(seen, expect);
        assert_eq!(kept.dropped as usize, held.len() - expect.len());
    }

    #[test]
    fn the_best_witness_of_a_minute_counts() {
        let band = (0, one(60, 120, 10.0, 0));
        let phone = (1, one(60, 120, 12.0, 1));
        let later = (1, one(120, 180, 3.0, 1));
        check(&[phone, band, later], &[(60, 10.0), (120, 3.0)]);
        // A part of a minute is the same steps too.
        check(&[(1, one(90, 150, 5.0, 1)), band], &[(60, 10.0)]);
        // Of one rank the larger, and the longer interval before its parts.
        check(&[phone, (1, one(60, 120, 20.0, 2))], &[(60, 20.0)]);
    }

    #[test]
    fn days_of_a_merged_stream_need_no_witness() {
        let mut witnesses = Witnesses::default();
        witnesses
            .hold(METRIC, 0, one(60, 120, 1.0, 0))
            .expect("room");
        let kept = witnesses.resolve(&mut |_, _| true);
        assert_eq!((kept.ones.len(), kept.dropped), (0, 1));
    }
}
