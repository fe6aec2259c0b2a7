//! Samples of acceleration on their way to blocks, and the rate that their times tell.
//!
//! It must never know how a row is written.

use std::ops::ControlFlow;

use crate::recording::{Block, Blocks};

/// Samples of one block.
const BLOCK_SAMPLES: usize = 512;

/// Rates that devices are set to, in Hz, near which a measured one is taken for the set one.
const RATES_HZ: [f64; 16] = [
    10.0, 12.5, 20.0, 25.0, 30.0, 31.25, 32.0, 40.0, 50.0, 60.0, 64.0, 75.0, 80.0, 85.7, 90.0,
    100.0,
];

/// How far a measured rate may be from a set one, as a share.
const RATE_NEAR: f64 = 0.02;

/// Samples on their way to blocks.
pub(super) struct Stream {
    pub(super) rate_hz: f64,
    /// Samples that were handed over.
    pub(super) count: u64,
    tolerance_us: f64,
    /// Whether times are whole seconds, so that samples are counted within them.
    is_coarse: bool,
    block_us: f64,
    is_begun: bool,
    /// Whether the last row was of a time that had passed.
    is_back: bool,
    samples: Vec<[f32; 3]>,
}

impl Stream {
    /// A stream of samples at a rate, from a time where rows have none; the times of the first rows tell how fine
    /// they are.
    pub(super) fn new(rate_hz: f64, start_s: Option<i64>, times: &[i64]) -> Self {
        let is_coarse = times.iter().all(|us| us % 1_000_000 == 0);
        let start_us = start_s.map(|second| second * 1_000_000);
        Self {
            rate_hz,
            count: 0,
            tolerance_us: if is_coarse {
                1_500_000.0
            } else {
                3e6 / rate_hz + 100_000.0
            },
            is_coarse,
            block_us: start_us.unwrap_or_default() as f64,
            is_begun: start_us.is_some(),
            is_back: false,
            samples: Vec::with_capacity(BLOCK_SAMPLES),
        }
    }

    /// Whether a time is before that of the samples so far. A clock may jitter; rows that are there again are past to the
    /// last one.
    pub(super) fn is_past(&mut self, us: i64) -> bool {
        let slack_us = if self.is_back && !self.is_coarse {
            0.5e6 / self.rate_hz
        } else {
            self.tolerance_us
        };
        self.is_back = self.is_begun && (us as f64) < self.next_us() - slack_us;
        self.is_back
    }

    /// When the next sample is due.
    fn next_us(&self) -> f64 {
        self.block_us + self.samples.len() as f64 * 1e6 / self.rate_hz
    }

    /// Takes a sample in g, at a time or when it is due.
    pub(super) fn take(
        &mut self,
        us: Option<i64>,
        axes_g: [f32; 3],
        blocks: &mut Blocks<'_>,
    ) -> ControlFlow<()> {
        let due_us = self.next_us();
        let at_us = us.map_or(due_us, |us| us as f64);
        let is_late = !self.is_begun || (at_us - due_us).abs() > self.tolerance_us;
        if is_late || self.samples.len() >= BLOCK_SAMPLES {
            self.flush(blocks)?;
            self.block_us = if is_late || !self.is_coarse {
                at_us
            } else {
                due_us
            };
            self.is_begun = true;
        }
        self.samples.push(axes_g);
        ControlFlow::Continue(())
    }

    /// Hands over what is held.
    pub(super) fn flush(&mut self, blocks: &mut Blocks<'_>) -> ControlFlow<()> {
        if self.samples.is_empty() {
            return ControlFlow::Continue(());
        }
        self.count += self.samples.len() as u64;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a time of the calendar in microseconds"
        )]
        let start_us = self.block_us.round() as i64;
        let told = blocks(&Block {
            start_us,
            rate_hz: self.rate_hz,
            samples_g: &self.samples,
            temperature_cel: None,
            light: None,
        });
        self.block_us = self.next_us();
        self.samples.clear();
        told
    }
}

/// Samples per second: those between changes of the time, without the gaps, which are longer than most.
pub(super) fn rate_of(times: &[i64]) -> Option<f64> {
    let pairs = times.iter().zip(times.iter().skip(1)).enumerate();
    let changes: Vec<(usize, i64)> = pairs
        .filter(|(_, (before, after))| before != after)
        .map(|(index, (_, after))| (index, *after))
        .collect();
    let spans: Vec<(usize, i64)> = changes
        .iter()
        .zip(changes.iter().skip(1))
        .map(|((from, begin), (until, end))| (until - from, (end - begin).abs()))
        .collect();
    let mut lengths: Vec<i64> = spans.iter().map(|(_, us)| *us).collect();
    lengths.sort_unstable();
    let median_us = lengths.get(lengths.len() / 2)?;
    let near = spans
        .iter()
        .filter(|(_, us)| *us <= median_us + median_us / 2);
    let (rows, us) = near.fold((0, 0), |(rows, sum), (more, us)| (rows + more, sum + us));
    let rate = rows as f64 * 1e6 / us as f64;
    let set = RATES_HZ
        .iter()
        .find(|set| (rate / **set - 1.0).abs() < RATE_NEAR);
    (us > 0).then(|| set.copied().unwrap_or(rate))
}
