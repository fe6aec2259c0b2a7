//! Runs of rows in the order of their times, and how they are walked through without sorting every row.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Run;
use crate::recording::lines::Spot;

/// A run in ascending time: of whole seconds, with its rows going up or down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) second: i64,
    pub(super) step_s: i64,
    pub(super) count: usize,
    pub(super) row: usize,
    pub(super) is_reversed: bool,
    pub(super) spot: Spot,
}

impl Part {
    /// A run whose first row is at a second.
    pub(super) fn of(run: &Run, second: i64) -> Self {
        let last = run.count - 1;
        let is_reversed = run.step_s < 0;
        let span_s = i64::try_from(last)
            .unwrap_or(i64::MAX)
            .saturating_mul(run.step_s);
        Self {
            second: if is_reversed { second + span_s } else { second },
            step_s: run.step_s.abs(),
            count: run.count,
            row: if is_reversed { run.row + last } else { run.row },
            is_reversed,
            spot: Spot {
                line: run.spot.line + if is_reversed { last as u64 } else { 0 },
                byte: run.spot.byte,
            },
        }
    }

    /// The time of its last row.
    pub(super) fn last_s(&self) -> i64 {
        let last = i64::try_from(self.count - 1).unwrap_or(i64::MAX);
        self.second + last.saturating_mul(self.step_s)
    }

    /// Where its row of an index stands.
    pub(super) fn at(&self, index: usize) -> (i64, usize, Spot) {
        let offset = i64::try_from(index).unwrap_or(i64::MAX);
        let far = index as u64;
        let (row, line) = if self.is_reversed {
            (self.row - index, self.spot.line.saturating_sub(far))
        } else {
            (self.row + index, self.spot.line.saturating_add(far))
        };
        let spot = Spot {
            line,
            byte: self.spot.byte,
        };
        (self.second + offset.saturating_mul(self.step_s), row, spot)
    }

    /// What is left of it behind its first rows.
    pub(super) fn behind(&self, count: usize) -> Option<Self> {
        let left = self.count.checked_sub(count).filter(|left| *left > 0)?;
        let (second, row, spot) = self.at(count);
        Some(Self {
            second,
            row,
            spot,
            count: left,
            ..*self
        })
    }
}

/// Hands out parts in the order of time, cut where they overlap; at one time the earlier row comes first.
pub(super) fn in_order(parts: &[Part], mut take: impl FnMut(Part)) {
    let is_sorted = parts
        .iter()
        .zip(parts.iter().skip(1))
        .all(|(left, right)| left.last_s() < right.second);
    if is_sorted {
        for part in parts {
            take(*part);
        }
        return;
    }
    let key = |part: Part, index: usize| Reverse((part.second, part.row, index));
    let mut heap: BinaryHeap<_> = (0..)
        .zip(parts)
        .map(|(index, part)| key(*part, index))
        .collect();
    let mut left: Vec<Option<Part>> = parts.iter().copied().map(Some).collect();
    while let Some(Reverse((_, _, index))) = heap.pop() {
        let Some(part) = left.get(index).copied().flatten() else {
            continue;
        };
        let count = match heap.peek() {
            Some(Reverse((until_s, ..))) if part.step_s > 0 => {
                let before = (until_s - part.second - 1).div_euclid(part.step_s) + 1;
                usize::try_from(before).unwrap_or(0).clamp(1, part.count)
            }
            Some(_) => 1,
            None => part.count,
        };
        take(Part { count, ..part });
        let behind = part.behind(count);
        if let Some(slot) = left.get_mut(index) {
            *slot = behind;
        }
        heap.extend(behind.map(|part| key(part, index)));
    }
}
