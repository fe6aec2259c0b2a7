//! What a recording of raw acceleration was reduced to.

use std::collections::BTreeMap;

use super::measure::Measure;
use super::timeline::second;
use crate::series::Series;

/// Regular series with one value per epoch and measure; NaN where the epoch is missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Epochs {
    /// Civil microsecond at which the first epoch begins.
    pub start_us: i64,
    /// Length of an epoch in seconds.
    pub epoch_s: u32,
    /// The measures asked for, each as long as `coverage`.
    pub columns: BTreeMap<Measure, Vec<f64>>,
    /// Share of each epoch's samples that were present, 0 to 1.
    pub coverage: Vec<f64>,
    /// Samples that took part.
    pub samples: u64,
    /// Samples left out: not a number, earlier than what was taken, at another rate, too many.
    pub skipped: u64,
}

impl Epochs {
    /// Number of epochs, missing ones included.
    pub fn len(&self) -> usize {
        self.coverage.len()
    }

    /// Whether there is no epoch.
    pub fn is_empty(&self) -> bool {
        self.coverage.is_empty()
    }

    /// One measure as a series, or None where it was not asked for.
    ///
    /// Its start is the whole second in which the first epoch begins.
    pub fn series(&self, measure: Measure) -> Option<Series> {
        let values = self.columns.get(&measure)?.clone();
        Some(Series::new(second(self.start_us), self.epoch_s, values))
    }

    /// Adds the measures of a reducer that was fed the same blocks, as when two threads share the
    /// work; None where the epochs are not the same.
    #[must_use]
    pub fn joined(mut self, other: Self) -> Option<Self> {
        let same = self.start_us == other.start_us
            && self.epoch_s == other.epoch_s
            && self.coverage == other.coverage;
        self.columns.extend(other.columns);
        same.then_some(self)
    }
}
