//! Rows of acceleration that do not stand in the order of their times: kept whole and put in it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::stream::rate_of;
use crate::budget::Holding;
use crate::recording::error::Error;

/// Rows that are kept: a day and a half at 100 Hz, 290 MB.
pub(super) const ROWS_MAX: usize = 12_000_000;

/// Rows of one part: parts are sorted where they lie, so that no row is ever held twice.
const PART_ROWS: usize = 1 << 19;

/// One of so many changes of the time may go back before the rows are taken for unsorted.
const BACK_ONE_IN: usize = 10;

/// A sample in g with its microsecond and its place in the file.
#[derive(Clone, Copy)]
struct Row {
    us: i64,
    axes_g: [f32; 3],
    place: u32,
}

/// Samples in g with their microseconds, as the file has them.
#[derive(Default)]
pub(super) struct Unsorted {
    parts: Vec<Vec<Row>>,
    count: u32,
    last_us: Option<i64>,
    /// Changes of the time, back and on.
    back: usize,
    on: usize,
    holding: Holding,
}

impl Unsorted {
    /// Whether so many times are before the one above them that the rows are in no order, or in the other one.
    pub(super) fn are(times: &[i64]) -> bool {
        let pairs = || times.iter().zip(times.iter().skip(1));
        let changes = pairs().filter(|(before, after)| after != before).count();
        BACK_ONE_IN * pairs().filter(|(before, after)| after < before).count() > changes
    }

    /// Whether no more rows are kept.
    pub(super) const fn is_full(&self) -> bool {
        self.count as usize >= ROWS_MAX
    }

    /// Keeps a row.
    pub(super) fn push(&mut self, us: i64, axes_g: [f32; 3]) -> Result<(), Error> {
        if self.parts.last().is_none_or(|part| part.len() == PART_ROWS) {
            self.holding.grow(PART_ROWS * size_of::<Row>())?;
            self.parts.push(Vec::with_capacity(PART_ROWS));
        }
        if let Some(last_us) = self.last_us.replace(us) {
            self.back += usize::from(us < last_us);
            self.on += usize::from(us > last_us);
        }
        if let Some(part) = self.parts.last_mut() {
            let place = self.count;
            part.push(Row { us, axes_g, place });
            self.count += 1;
        }
        Ok(())
    }

    /// The rows in the order of their times. Rows of one time keep their order, or that of a file read from its
    /// end where most rows go back in time.
    pub(super) fn sorted(mut self) -> Sorted {
        if self.back > self.on {
            let last = self.count.saturating_sub(1);
            for row in self.parts.iter_mut().flatten() {
                row.place = last - row.place;
            }
        }
        for part in &mut self.parts {
            part.sort_unstable_by_key(|row| (row.us, row.place));
        }
        let mut sorted = Sorted {
            parts: self.parts.into_iter().map(Vec::into_iter).collect(),
            next: BinaryHeap::new(),
            _holding: self.holding,
        };
        for part in 0..sorted.parts.len() {
            sorted.offer(part);
        }
        sorted
    }
}

/// Rows in order, out of parts that each are.
pub(super) struct Sorted {
    parts: Vec<std::vec::IntoIter<Row>>,
    /// The first row that is left of each part: when, where in the file, in which part.
    next: BinaryHeap<Reverse<(i64, u32, usize)>>,
    _holding: Holding,
}

impl Sorted {
    fn offer(&mut self, part: usize) {
        let first = self
            .parts
            .get(part)
            .and_then(|rows| rows.as_slice().first());
        if let Some(row) = first {
            self.next.push(Reverse((row.us, row.place, part)));
        }
    }
}

impl Iterator for Sorted {
    type Item = (i64, [f32; 3]);

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse((_, _, part)) = self.next.pop()?;
        let row = self.parts.get_mut(part)?.next()?;
        self.offer(part);
        Some((row.us, row.axes_g))
    }
}

/// Samples per second of sorted rows, and the times of the first of them.
pub(super) fn rate(rows: &[(i64, [f32; 3])]) -> (Option<f64>, Vec<i64>) {
    let times: Vec<i64> = rows.iter().map(|row| row.0).collect();
    (rate_of(&times), times)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rows_come_as_one_stable_sort_puts_them(times in prop::collection::vec(0_i64..50, 0..400)) {
            let mut unsorted = Unsorted::default();
            let mut plain = Vec::new();
            for (place, us) in times.iter().enumerate() {
                let axes = [place as f32, 0.0, 0.0];
                unsorted.push(*us, axes).expect("no budget");
                plain.push((*us, axes));
            }
            let pairs = || times.iter().zip(times.iter().skip(1));
            if pairs().filter(|(a, b)| b < a).count() > pairs().filter(|(a, b)| b > a).count() {
                plain.reverse();
            }
            plain.sort_by_key(|row| row.0);
            prop_assert_eq!(unsorted.sorted().collect::<Vec<_>>(), plain);
        }
    }
}
