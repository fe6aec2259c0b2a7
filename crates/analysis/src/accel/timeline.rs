//! Places samples in epochs of the civil clock.
//!
//! A block that continues where the one before it ended joins it, whatever its own timestamp was
//! rounded to: so the epochs do not depend on how the stream was cut. It must never let time run
//! backwards.

use crate::maths::describe::{floor_index, signed};
use crate::series::Origin;

const SECOND_US: f64 = 1e6; // microseconds
const JOINS_US: f64 = 1.0; // timestamps are whole microseconds
const SLACK_S: f64 = 0.25; // a shorter silence is jitter of the device's clock, not a gap
const RATE_SLACK: f64 = 0.05; // share by which a block's rate may differ from the recording's
// Share of a sample by which it may lie before an epoch that it still opens; not a round number,
// so that no timestamp in whole microseconds falls exactly on the edge.
const EDGE: f64 = 0.001_234_567;

/// Longest series of epochs: 463 days of 5 s; a wrong timestamp must not fill the memory.
pub(super) const EPOCHS_MAX: usize = 8_000_000;

/// Consecutive samples of a block that fall into one epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    /// Index of the epoch.
    pub(super) epoch: usize,
    /// First sample of the block.
    pub(super) from: usize,
    /// One past the last.
    pub(super) until: usize,
    /// Whether a gap (or nothing) precedes the first sample.
    pub(super) fresh: bool,
}

/// Where the stream is.
#[derive(Debug, Clone)]
pub(super) struct Timeline {
    epoch_us: i64,
    rate_hz: f64,
    origin: Origin,
    start_us: Option<i64>,
    anchor_us: f64, // since the start: the first sample of the stretch at one rate
    period_us: f64,
    index: usize, // samples since the anchor
    epoch: usize, // of the last sample
    skipped: u64,
}

impl Timeline {
    pub(super) fn new(epoch_s: u32, rate_hz: f64, origin: Origin) -> Self {
        assert!(epoch_s > 0, "an epoch lasts at least a second");
        Self {
            epoch_us: i64::from(epoch_s) * 1_000_000,
            rate_hz,
            origin,
            start_us: None,
            anchor_us: 0.0,
            period_us: SECOND_US / rate_hz,
            index: 0,
            epoch: 0,
            skipped: 0,
        }
    }

    /// Civil microsecond at which the first epoch begins.
    pub(super) const fn start_us(&self) -> Option<i64> {
        self.start_us
    }

    /// Samples that were left out.
    pub(super) const fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Counts samples that somebody else left out.
    pub(super) fn skip(&mut self, count: usize) {
        self.skipped += count as u64;
    }

    /// Places `count` samples; `runs` is filled with the epochs that they fall into.
    pub(super) fn place(&mut self, start_us: i64, rate_hz: f64, count: usize, runs: &mut Vec<Run>) {
        runs.clear();
        let alike = (rate_hz / self.rate_hz - 1.0).abs() <= RATE_SLACK;
        if !alike || count == 0 {
            self.skip(count);
            return;
        }
        let (taken, mut fresh) = self.join(start_us, SECOND_US / rate_hz, count);
        let mut at = taken;
        let width = self.epoch_us as f64;
        while at < count {
            let since = self.anchor_us + self.index as f64 * self.period_us;
            let edge = EDGE * self.period_us;
            self.epoch = self.epoch.max(floor_index((since + edge) / width));
            if self.epoch >= EPOCHS_MAX {
                self.epoch = EPOCHS_MAX - 1;
                self.skip(count - at);
                return;
            }
            let end = (self.epoch + 1) as f64 * width;
            let room = floor_index(((end - edge - since) / self.period_us).ceil()).max(1);
            let until = count.min(at.saturating_add(room));
            runs.push(Run {
                epoch: self.epoch,
                from: at,
                until,
                fresh,
            });
            fresh = false;
            self.index += until - at;
            at = until;
        }
    }

    /// Joins a block to what precedes it: how many of its samples to leave out, and whether a gap
    /// lies before the rest.
    fn join(&mut self, start_us: i64, period_us: f64, count: usize) -> (usize, bool) {
        let Some(first_us) = self.start_us else {
            let first_us = match self.origin {
                Origin::FirstEpoch => start_us,
                Origin::Midnight => start_us.div_euclid(self.epoch_us) * self.epoch_us,
            };
            self.start_us = Some(first_us);
            self.restart((start_us - first_us) as f64, period_us);
            return (0, true);
        };
        let start = start_us.saturating_sub(first_us) as f64;
        let due = self.anchor_us + self.index as f64 * self.period_us;
        let late = start - due;
        if late.abs() <= JOINS_US && period_us.to_bits() == self.period_us.to_bits() {
            return (0, false);
        }
        // Half a sample of overlap is jitter; more of it would be the same time twice.
        let twice = floor_index((-late / period_us - 0.5).ceil()).min(count);
        self.skip(twice);
        if twice < count {
            self.restart(start + twice as f64 * period_us, period_us);
        }
        (twice, late > SLACK_S * SECOND_US)
    }

    fn restart(&mut self, anchor_us: f64, period_us: f64) {
        self.anchor_us = anchor_us;
        self.period_us = period_us;
        self.index = 0;
    }
}

/// Samples that a whole epoch holds.
pub(super) fn samples_per_epoch(rate_hz: f64, epoch_s: u32) -> f64 {
    rate_hz * f64::from(epoch_s)
}

/// Civil second of a civil microsecond.
pub(super) fn second(time_us: i64) -> i64 {
    time_us.div_euclid(1_000_000)
}

/// Civil microsecond of sample `index` of a block.
pub(super) fn sample_us(start_us: i64, rate_hz: f64, index: usize) -> i64 {
    if index == 0 {
        return start_us;
    }
    let offset = (index as f64 * SECOND_US / rate_hz).min(1e17);
    start_us.saturating_add(signed(floor_index(offset.round())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epochs(timeline: &mut Timeline, start_us: i64, count: usize) -> Vec<(usize, usize, bool)> {
        let mut runs = Vec::new();
        timeline.place(start_us, 100.0, count, &mut runs);
        let parts = runs.iter();
        parts
            .map(|run| (run.epoch, run.until - run.from, run.fresh))
            .collect()
    }

    #[test]
    fn epochs_begin_at_whole_multiples_of_the_clock() {
        let mut timeline = Timeline::new(5, 100.0, Origin::Midnight);
        let start = 1_000_000_000 * 1_000_000 + 2_500_000;
        let placed = epochs(&mut timeline, start, 600);
        assert_eq!(placed, [(0, 250, true), (1, 350, false)]);
        assert_eq!(timeline.start_us(), Some(1_000_000_000 * 1_000_000));
        // 150 samples complete the epoch; after 20 silent seconds a gap.
        assert_eq!(
            epochs(&mut timeline, start + 6_000_000, 150),
            [(1, 150, false)]
        );
        assert_eq!(epochs(&mut timeline, start + 27_500_000, 1), [(6, 1, true)]);
        assert_eq!(timeline.skipped(), 0);
    }

    #[test]
    fn what_was_seen_before_is_left_out() {
        let mut timeline = Timeline::new(5, 100.0, Origin::FirstEpoch);
        epochs(&mut timeline, 7, 1000);
        assert_eq!(epochs(&mut timeline, 7, 900), []);
        assert_eq!(epochs(&mut timeline, 9_000_007, 150), [(2, 50, false)]);
        assert_eq!(timeline.skipped(), 1000);
        assert_eq!(epochs(&mut timeline, i64::MAX, 2), []);
        assert_eq!(timeline.skipped(), 1002);
    }
}
