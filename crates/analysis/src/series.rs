//! The input of every actigraphy method: a regular series of epochs in local civil time.
//!
//! Time is counted in *local civil seconds*: seconds since 1970-01-01T00:00 of the clock on the
//! wearer's wall, as if every day had 86,400 of them. A clock change is therefore a gap (spring) or
//! an overlap (autumn) that whoever builds the series resolves before it gets here; methods may
//! rely on equal clock times being a whole number of days apart. A missing epoch is NaN, never 0.

use crate::maths::describe;
use crate::outcome::Insufficient;

/// Seconds in a civil day.
pub const DAY_S: u32 = 86_400;
/// Seconds in an hour.
pub const HOUR_S: u32 = 3_600;
/// Seconds in a minute.
pub const MINUTE_S: u32 = 60;

/// A regular series with gaps: epoch `i` covers `[start + i·step, start + (i+1)·step)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    start_s: i64,
    step_s: u32,
    values: Vec<f64>,
}

/// Where the bins of a resampling begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The first bin begins with the first epoch (Witting 1990; nparACT; most tools).
    FirstEpoch,
    /// Bins begin at whole multiples of their length after midnight; the first may be partial.
    Midnight,
}

/// How the epochs of a bin become one value. An epoch that is missing takes no part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Combine {
    /// Sum of the epochs present; a bin with none of them is 0, as if it had been still.
    SumMissingAsZero,
    /// Sum of the epochs present; a bin with fewer than this share present is missing.
    SumWhere(f64),
    /// Mean of the epochs present; a bin with fewer than this share present is missing.
    MeanWhere(f64),
    /// Largest epoch present; a bin with none is 0.
    MaximumMissingAsZero,
}

/// What happens to a bin that the end of the recording (or its beginning) cuts short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// Only bins the recording covers completely are kept.
    Complete,
    /// Cut bins are kept as they are.
    Partial,
}

impl Series {
    /// Builds a series; infinite values become missing.
    ///
    /// # Panics
    /// Panics when `step_s` is zero.
    pub fn new(start_s: i64, step_s: u32, mut values: Vec<f64>) -> Self {
        assert!(step_s > 0, "an epoch lasts at least a second");
        for value in &mut values {
            if !value.is_finite() {
                *value = f64::NAN;
            }
        }
        Self {
            start_s,
            step_s,
            values,
        }
    }

    /// Local civil second at which the first epoch begins.
    pub const fn start_s(&self) -> i64 {
        self.start_s
    }

    /// Length of an epoch in seconds.
    pub const fn step_s(&self) -> u32 {
        self.step_s
    }

    /// The epochs in order; NaN where missing.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Number of epochs, missing ones included.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether the series has no epochs.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Number of epochs that are not missing.
    pub fn present(&self) -> usize {
        self.values.iter().filter(|value| !value.is_nan()).count()
    }

    /// Share of the epochs that are not missing; 0 for an empty series.
    pub fn coverage(&self) -> f64 {
        if self.is_empty() {
            0.0
        } else {
            self.present() as f64 / self.len() as f64
        }
    }

    /// Local civil second at which epoch `index` begins.
    pub fn time_s(&self, index: usize) -> i64 {
        self.start_s + describe::signed(index) * i64::from(self.step_s)
    }

    /// Seconds since local midnight at which epoch `index` begins.
    pub fn clock_s(&self, index: usize) -> u32 {
        clock(self.time_s(index))
    }

    /// Days between the start of the first and the end of the last epoch.
    pub fn days(&self) -> f64 {
        self.len() as f64 * f64::from(self.step_s) / f64::from(DAY_S)
    }

    /// Number of epochs in a day, or why the epoch does not divide it.
    pub fn epochs_per_day(&self) -> Result<usize, Insufficient> {
        self.epochs_in(DAY_S)
    }

    /// Number of epochs in a span of whole epochs, or why the span is none.
    pub fn epochs_in(&self, span_s: u32) -> Result<usize, Insufficient> {
        if span_s.is_multiple_of(self.step_s) {
            Ok(epochs(span_s, self.step_s))
        } else {
            let of = "seconds per epoch that divide the window";
            Err(Insufficient::new(
                of,
                f64::from(span_s),
                f64::from(self.step_s),
            ))
        }
    }

    /// The same epochs with another value for each; `change` gets NaN where missing.
    #[must_use]
    pub fn map(&self, change: impl FnMut(f64) -> f64) -> Self {
        let values = self.values.iter().copied().map(change).collect();
        Self::new(self.start_s, self.step_s, values)
    }

    /// 1 where the value exceeds `threshold`, 0 elsewhere, missing where missing.
    #[must_use]
    pub fn active_above(&self, threshold: f64) -> Self {
        self.map(|value| {
            if value.is_nan() {
                value
            } else {
                f64::from(u8::from(value > threshold))
            }
        })
    }

    /// The series with the epochs marked in `mask` made missing.
    #[must_use]
    pub fn without(&self, mask: &[bool]) -> Self {
        let values = self.values.iter().zip(mask);
        let values = values.map(|(&value, &masked)| if masked { f64::NAN } else { value });
        Self::new(self.start_s, self.step_s, values.collect())
    }

    /// The values with 0 in place of what is missing.
    pub fn missing_as_zero(&self) -> Vec<f64> {
        self.values
            .iter()
            .map(|value| if value.is_nan() { 0.0 } else { *value })
            .collect()
    }

    /// Epochs `[from, until)` as a series of their own, cut to what exists.
    #[must_use]
    pub fn part(&self, from: usize, until: usize) -> Self {
        let until = until.min(self.len());
        let from = from.min(until);
        Self {
            start_s: self.time_s(from),
            step_s: self.step_s,
            values: self.values[from..until].to_vec(),
        }
    }

    /// Epoch that begins at or after a local civil second (0 if before the start).
    pub fn index_at(&self, time_s: i64) -> usize {
        let offset = time_s - self.start_s;
        let step = i64::from(self.step_s);
        usize::try_from((offset + step - 1).max(0) / step)
            .unwrap_or(usize::MAX)
            .min(self.len())
    }

    /// Resamples to bins of `bin_s` seconds, a multiple of the epoch.
    pub fn resampled(
        &self,
        bin_s: u32,
        origin: Origin,
        ends: Ends,
        combine: Combine,
    ) -> Result<Self, Insufficient> {
        let width = self.epochs_in(bin_s)?;
        let lead = match origin {
            Origin::FirstEpoch => 0,
            Origin::Midnight => epochs(self.clock_s(0) % bin_s, self.step_s),
        };
        let bins = (self.len() + lead).div_ceil(width);
        let mut values = Vec::with_capacity(bins);
        let mut first = 0;
        for bin in 0..bins {
            let from = (bin * width).saturating_sub(lead);
            let until = ((bin + 1) * width - lead).min(self.len());
            if ends == Ends::Complete && until - from < width {
                first += usize::from(values.is_empty());
                continue;
            }
            values.push(combined(&self.values[from..until], width, combine));
        }
        let start = self.start_s - describe::signed(lead) * i64::from(self.step_s);
        Ok(Self {
            start_s: start + describe::signed(first) * i64::from(bin_s),
            step_s: bin_s,
            values,
        })
    }
}

/// Seconds since midnight of a local civil second.
pub fn clock(time_s: i64) -> u32 {
    u32::try_from(time_s.rem_euclid(i64::from(DAY_S))).expect("less than a day of seconds")
}

/// Whole epochs in a span.
pub fn epochs(span_s: u32, step_s: u32) -> usize {
    usize::try_from(span_s / step_s).expect("a span of seconds fits an index")
}

fn combined(bin: &[f64], width: usize, combine: Combine) -> f64 {
    let mut total = 0.0;
    let mut largest = f64::NEG_INFINITY;
    let mut present = 0_usize;
    for &value in bin.iter().filter(|value| !value.is_nan()) {
        total += value;
        largest = largest.max(value);
        present += 1;
    }
    let enough = |share: f64| present > 0 && present as f64 >= share * width as f64;
    match combine {
        Combine::SumMissingAsZero => total,
        Combine::SumWhere(share) if enough(share) => total,
        Combine::MeanWhere(share) if enough(share) => total / present as f64,
        Combine::MaximumMissingAsZero if present > 0 => largest,
        Combine::MaximumMissingAsZero => 0.0,
        Combine::SumWhere(_) | Combine::MeanWhere(_) => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(values: &[f64]) -> Series {
        Series::new(30 * 60, 60, values.to_vec())
    }

    #[test]
    fn bins_follow_the_origin_and_the_ends() {
        let series = minutes(&[1.0, 2.0, f64::NAN, 4.0, 5.0]);
        let from_first = series
            .resampled(
                120,
                Origin::FirstEpoch,
                Ends::Partial,
                Combine::SumMissingAsZero,
            )
            .unwrap();
        assert_eq!(from_first.values(), [3.0, 4.0, 5.0]);
        let complete = series
            .resampled(
                120,
                Origin::FirstEpoch,
                Ends::Complete,
                Combine::MeanWhere(0.5),
            )
            .unwrap();
        assert_eq!(complete.values(), [1.5, 4.0]);
        let shifted = Series::new(31 * 60, 60, vec![1.0, 2.0, 3.0, 4.0]);
        let clock = shifted
            .resampled(
                120,
                Origin::Midnight,
                Ends::Partial,
                Combine::SumMissingAsZero,
            )
            .unwrap();
        assert_eq!(
            (clock.start_s(), clock.values()),
            (30 * 60, [1.0, 5.0, 4.0].as_slice())
        );
        let whole = shifted
            .resampled(
                120,
                Origin::Midnight,
                Ends::Complete,
                Combine::SumMissingAsZero,
            )
            .unwrap();
        assert_eq!(
            (whole.start_s(), whole.values()),
            (32 * 60, [5.0].as_slice())
        );
    }

    #[test]
    fn an_epoch_that_does_not_divide_the_window_is_refused() {
        assert!(Series::new(0, 7, vec![1.0; 100]).epochs_per_day().is_err());
    }
}
