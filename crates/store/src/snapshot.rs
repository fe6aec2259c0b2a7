//! The snapshot rule: which samples a later export of everything has made obsolete. Pure functions.
//!
//! A sample is superseded when samples of the same metric and source that were seen in later-dated
//! snapshots cover its interval, to the second that exports print: another door may have told the fractions of one
//! and not of the other. A source that was renamed is the same one. The rule looks only at dates, never at the order
//! of imports.

use model::sample::SECOND_US;
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

/// The sources of a snapshot, as its later names have them.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    present: FxHashSet<u16>,
    renamed: FxHashMap<u16, u16>,
}

impl Sources {
    /// `present` are those in the snapshot that the bringer brought; `renamed` are former names with what
    /// they are now.
    pub(crate) fn new(present: impl Iterator<Item = u16>, renamed: &FxHashMap<u16, u16>) -> Self {
        let mut sources = Self {
            present: FxHashSet::default(),
            renamed: renamed.clone(),
        };
        sources.present = present.map(|no| sources.now(no)).collect();
        sources
    }

    /// What a row's source is now.
    fn of(&self, row: &Stored) -> u16 {
        self.now(row.sample.source.0)
    }

    fn now(&self, source: u16) -> u16 {
        self.renamed.get(&source).copied().unwrap_or(source)
    }
}

/// Judges `rows`, knowing every sample of the metric that overlaps one of them (`around`, which
/// contains the rows too).
pub(crate) fn judge(
    rows: &[Stored],
    around: &[&Stored],
    sources: &Sources,
    bringer: &Bringer,
) -> Vec<Verdict> {
    let mut covers: FxHashMap<(u16, u32), Cover> = FxHashMap::default();
    let latest = latest_of_each_source(around, sources, bringer);
    rows.iter()
        .map(|row| {
            let source = sources.of(row);
            if row.seen == 0 || !sources.present.contains(&source) {
                return Verdict::Stays;
            }
            let rank = bringer.rank(row.seen);
            if latest.get(&source).is_some_and(|latest| rank < *latest) {
                let cover = covers
                    .entry((source, row.seen))
                    .or_insert_with(|| Cover::of_later(around, (sources, source), rank, bringer));
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

fn latest_of_each_source(
    around: &[&Stored],
    sources: &Sources,
    bringer: &Bringer,
) -> FxHashMap<u16, (i64, u32)> {
    let mut latest: FxHashMap<u16, (i64, u32)> = FxHashMap::default();
    for row in around.iter().filter(|row| row.seen != 0) {
        let rank = bringer.rank(row.seen);
        let of_source = latest.entry(sources.of(row)).or_insert(rank);
        *of_source = rank.max(*of_source);
    }
    latest
}

/// The interval of a row as exports print it.
fn printed(row: &Stored) -> (i64, i64) {
    let second = |at_us: i64| at_us - at_us.rem_euclid(SECOND_US);
    (second(row.sample.start_us), second(row.sample.end_us))
}

/// A set of instants: disjoint half-open intervals and single instants, both in order.
struct Cover {
    intervals: Vec<(i64, i64)>,
    instants: Vec<i64>,
}

impl Cover {
    /// Everything that one source's samples of snapshots later than `rank` cover.
    fn of_later(
        around: &[&Stored],
        (sources, source): (&Sources, u16),
        rank: (i64, u32),
        bringer: &Bringer,
    ) -> Self {
        let mut spans: Vec<(i64, i64)> = around
            .iter()
            .filter(|row| {
                row.seen != 0 && sources.of(row) == source && bringer.rank(row.seen) > rank
            })
            .map(|row| printed(row))
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
        let (start_us, end_us) = printed(row);
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
