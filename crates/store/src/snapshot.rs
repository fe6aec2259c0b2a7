//! The snapshot rule: which samples a later export of everything has made obsolete. Pure functions.
//!
//! A sample is superseded when samples of the same metric and source that were seen in later-dated
//! snapshots cover its interval. The rule looks only at dates, never at the order of imports.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::codec::Stored;
use crate::merge::Bringer;

/// What the rule says about a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// In the snapshot, live, later than it, or of a source that it does not have.
    Stays,
    /// Not in the snapshot, but nothing later covers it.
    Absent,
    /// Covered by later-dated samples.
    Superseded,
}

/// Judges `rows`, knowing every sample of the metric that overlaps one of them (`around`, which
/// contains the rows too). `present` are the sources in the snapshot that the bringer brought.
pub(crate) fn judge(
    rows: &[Stored],
    around: &[&Stored],
    present: &FxHashSet<u16>,
    bringer: &Bringer,
) -> Vec<Verdict> {
    let mut covers: FxHashMap<(u16, u32), Cover> = FxHashMap::default();
    let latest = latest_of_each_source(around, bringer);
    rows.iter()
        .map(|row| {
            let source = row.sample.source.0;
            if row.seen == 0 || !present.contains(&source) {
                return Verdict::Stays;
            }
            let rank = bringer.rank(row.seen);
            if latest.get(&source).is_some_and(|latest| rank < *latest) {
                let cover = covers
                    .entry((source, row.seen))
                    .or_insert_with(|| Cover::of_later(around, source, rank, bringer));
                if cover.contains(row) {
                    return Verdict::Superseded;
                }
            }
            if rank < bringer.rank(bringer.upload) {
                Verdict::Absent
            } else {
                Verdict::Stays
            }
        })
        .collect()
}

fn latest_of_each_source(around: &[&Stored], bringer: &Bringer) -> FxHashMap<u16, (i64, u32)> {
    let mut latest: FxHashMap<u16, (i64, u32)> = FxHashMap::default();
    for row in around.iter().filter(|row| row.seen != 0) {
        let rank = bringer.rank(row.seen);
        let of_source = latest.entry(row.sample.source.0).or_insert(rank);
        *of_source = rank.max(*of_source);
    }
    latest
}

/// A set of instants: disjoint half-open intervals and single instants, both in order.
struct Cover {
    intervals: Vec<(i64, i64)>,
    instants: Vec<i64>,
}

impl Cover {
    /// Everything that one source's samples of snapshots later than `rank` cover.
    fn of_later(around: &[&Stored], source: u16, rank: (i64, u32), bringer: &Bringer) -> Self {
        let mut spans: Vec<(i64, i64)> = around
            .iter()
            .filter(|row| {
                row.seen != 0 && row.sample.source.0 == source && bringer.rank(row.seen) > rank
            })
            .map(|row| (row.sample.start_us, row.sample.end_us))
            .collect();
        spans.sort_unstable();
        let mut cover = Self {
            intervals: Vec::new(),
            instants: Vec::new(),
        };
        for (start_us, end_us) in spans {
            if end_us <= start_us {
                cover.instants.push(start_us);
                continue;
            }
            match cover.intervals.last_mut() {
                Some(last) if start_us <= last.1 => last.1 = last.1.max(end_us),
                Some(_) | None => cover.intervals.push((start_us, end_us)),
            }
        }
        cover
    }

    fn contains(&self, row: &Stored) -> bool {
        let (start_us, end_us) = (row.sample.start_us, row.sample.end_us);
        let after = self
            .intervals
            .partition_point(|(from_us, _)| *from_us <= start_us);
        let until_us = after
            .checked_sub(1)
            .and_then(|at| self.intervals.get(at))
            .map(|(_, until_us)| *until_us);
        if end_us > start_us {
            until_us.is_some_and(|until_us| end_us <= until_us)
        } else {
            until_us.is_some_and(|until_us| start_us < until_us)
                || self.instants.binary_search(&start_us).is_ok()
        }
    }
}
