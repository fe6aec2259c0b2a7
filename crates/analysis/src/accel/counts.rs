//! # Activity counts (Neishabouri)
//!
//! **What it measures.** Movement in the band of human walking, in the unit that most scorers and cut
//! points were made for.
//!
//! **Inputs and units.** Raw acceleration in g at 30 to 100 samples per second; counts per epoch along
//! each axis of the samples, and √(x² + y² + z²) of the three.
//!
//! **Method.** (1) To 30 Hz by the ratio L/M of the rates: L − 1 zeros after each sample, at ratios that
//! are no whole division a first-order low-pass yₙ = aL(uₙ + uₙ₋₁) − b·yₙ₋₁ with a = π/(π + 2L) and
//! b = (π − 2L)/(π + 2L), then each M-th value, rounded to 0.001 g. (2) A band-pass of order 7 with the
//! published coefficients, started in steady state at the first value. (3) Times 17.127 (the
//! resolution of the old 8-bit converter), absolute, below 4 to 0, above 128 to 128, rounded down.
//! (4) Means of three values rounded down, at 10 Hz, summed over the epoch.
//!
//! **Missing epochs.** An epoch with less than the stated share of its tenths of a second is missing;
//! a smaller loss is not made up for. The filters start anew after a gap.
//!
//! **Validity.** Rates that are no multiple of 10 up to 100 are brought to the next lower one by linear
//! interpolation, which the publication does not cover; below 30 Hz there are no counts. Which axis is
//! the vertical one depends on the device and how it is worn (`ActiLife`'s axis 1 is y).
//!
//! **Population.** No people: the publication gives the steps of the maker's program. What the counts mean in a
//! person is said by the scorer or the cut points that use them.
//!
//! **Versions.** 1, equal to agcounts 0.2.6 (`ActiGraph`); scikit-digital-health resamples otherwise and
//! is about 2 % higher.
//!
//! **References.** Neishabouri A et al. 2022, Sci Rep 12:11958, doi:10.1038/s41598-022-16003-x.

use std::f64::consts::PI;

use super::measure::Of;
use crate::method::Analysis;
use crate::outcome::Insufficient;

/// Counts along the first axis.
pub const COUNTS_X: Analysis = Analysis {
    id: "counts_x",
    version: 1,
    unit: "{count}",
    title: "ActiGraph counts along x",
};
/// Counts along the second axis.
pub const COUNTS_Y: Analysis = Analysis {
    id: "counts_y",
    version: 1,
    unit: "{count}",
    title: "ActiGraph counts along y",
};
/// Counts along the third axis.
pub const COUNTS_Z: Analysis = Analysis {
    id: "counts_z",
    version: 1,
    unit: "{count}",
    title: "ActiGraph counts along z",
};
/// Vector magnitude of the counts.
pub const COUNTS_MAGNITUDE: Analysis = Analysis {
    id: "counts_magnitude",
    version: 1,
    unit: "{count}",
    title: "Vector magnitude of ActiGraph counts",
};

const LOWEST_HZ: f64 = 30.0;
const SAME_RATE: f64 = 0.005; // share by which a rate may differ from a published one
const TENTHS_PER_SECOND: f64 = 10.0;
/// Rates with their ratio L/M to 30 Hz (Neishabouri 2022).
const RATIOS: [(f64, usize, usize); 8] = [
    (30.0, 1, 1),
    (40.0, 3, 4),
    (50.0, 3, 5),
    (60.0, 1, 2),
    (70.0, 3, 7),
    (80.0, 3, 8),
    (90.0, 1, 3),
    (100.0, 3, 10),
];
/// Zeros of the band-pass (Neishabouri 2022).
const INPUT: [f64; 8] = [
    -0.009_341_062_898_525,
    -0.025_470_289_659_360,
    -0.004_235_264_826_105,
    0.044_152_415_456_420,
    0.036_493_718_347_760,
    -0.011_893_961_934_740,
    -0.022_917_390_623_150,
    -0.006_788_163_862_310,
];
/// Poles of the band-pass after the leading 1 (Neishabouri 2022).
const OUTPUT: [f64; 7] = [
    -3.633_673_959_109_57,
    5.036_898_127_574_86,
    -3.096_122_478_196_66,
    0.506_205_076_338_330,
    0.324_217_015_666_820,
    -0.156_854_858_755_590,
    0.019_491_302_058_900,
];
const ORDER: usize = 7;
const RESOLUTION: f64 = 3.0 / 4096.0 / (2.6 / 256.0) * 237.5; // counts per g: 12-bit to 8-bit steps
const LEAST: f64 = 4.0; // counts
const MOST: f64 = 128.0; // counts
const NEAREST: f64 = 6_755_399_441_055_744.0; // 1.5 · 2⁵²: adding it rounds to the nearest whole number

/// Three axes in four lanes, so that the compiler can use vectors.
type Lanes = [f64; 4];

/// Counts while the samples stream by.
#[derive(Debug, Clone)]
pub(super) struct Counts {
    between: Option<Between>,
    low: Low,
    at_30_hz: Vec<Lanes>,
    band: [Lanes; ORDER],
    fresh: bool,
    tenth: Tenth,
    sums: Vec<([u32; 3], u32)>, // per epoch: counts and tenths of a second
}

/// Step 1: from a published rate to 30 Hz.
#[derive(Debug, Clone)]
struct Low {
    up: usize,
    down: usize,
    due: usize, // values after zeros were put in, until the next one at 30 Hz
    gain: f64,
    back: f64,
    last: Lanes,
}

/// Linear interpolation to a lower rate.
#[derive(Debug, Clone)]
struct Between {
    step: f64, // samples that go in for one that comes out
    next: f64, // position of the next one after the last sample
    last: Option<Lanes>,
}

/// Up to three values at 30 Hz.
#[derive(Debug, Clone, Copy, Default)]
struct Tenth {
    epoch: usize,
    held: u32,
    total: [u32; 3],
}

impl Counts {
    pub(super) fn new(rate_hz: f64) -> Result<Self, Insufficient> {
        let same = |listed: f64| (rate_hz / listed - 1.0).abs() <= SAME_RATE;
        let listed = RATIOS.iter().find(|(listed, ..)| same(*listed));
        let lower = RATIOS.iter().rev().find(|(listed, ..)| *listed <= rate_hz);
        let &(to_hz, up, down) =
            listed
                .or(lower)
                .ok_or(Insufficient::new("samples per second", LOWEST_HZ, rate_hz))?;
        Ok(Self {
            between: listed.is_none().then(|| Between::new(rate_hz / to_hz)),
            low: Low::new(up, down),
            at_30_hz: Vec::new(),
            band: [[0.0; 4]; ORDER],
            fresh: true,
            tenth: Tenth::default(),
            sums: Vec::new(),
        })
    }

    pub(super) fn push(&mut self, epoch: usize, x: &[f64], y: &[f64], z: &[f64]) {
        let axes = x.iter().zip(y).zip(z);
        let samples = axes.map(|((&x, &y), &z)| [x, y, z, 0.0]);
        self.at_30_hz.clear();
        let (low, out) = (&mut self.low, &mut self.at_30_hz);
        match &mut self.between {
            None if low.up == 3 => samples.for_each(|sample| low.push_thrice(sample, out)),
            None => samples.for_each(|sample| low.push(sample, out)),
            Some(between) => {
                for sample in samples {
                    between.push(sample, |sample| match low.up {
                        3 => low.push_thrice(sample, out),
                        _ => low.push(sample, out),
                    });
                }
            }
        }
        self.band_pass(epoch);
    }

    /// A gap: the filters start anew, and what is not a whole tenth of a second is dropped.
    pub(super) fn interrupt(&mut self) {
        if let Some(between) = &mut self.between {
            between.last = None;
        }
        self.low = Low::new(self.low.up, self.low.down);
        self.fresh = true;
        self.tenth = Tenth::default();
    }

    /// Counts of each epoch; NaN below the share of its tenths of a second.
    pub(super) fn values(&self, of: Of, epochs: usize, epoch_s: u32, share_min: f64) -> Vec<f64> {
        let tenths_min = share_min * f64::from(epoch_s) * TENTHS_PER_SECOND;
        let value = |epoch: usize| match self.sums.get(epoch) {
            Some(&(counts, tenths)) if tenths > 0 && f64::from(tenths) >= tenths_min => {
                let [x, y, z] = counts.map(f64::from);
                match of {
                    Of::Axis(axis) => [x, y, z][axis],
                    Of::Magnitude => (x * x + y * y + z * z).sqrt(),
                }
            }
            _ => f64::NAN,
        };
        (0..epochs).map(value).collect()
    }

    /// Steps 2 to 4.
    fn band_pass(&mut self, epoch: usize) {
        let at_30_hz = std::mem::take(&mut self.at_30_hz);
        if let (true, Some(first)) = (self.fresh, at_30_hz.first()) {
            self.band = settled(rounded(*first));
            self.fresh = false;
        }
        let mut band = self.band;
        for sample in &at_30_hz {
            let output = stepped(&mut band, rounded(*sample));
            let [x, y, z, _] = output.map(trimmed);
            self.accumulate(epoch, [x, y, z]);
        }
        self.band = band;
        self.at_30_hz = at_30_hz;
    }

    #[inline]
    fn accumulate(&mut self, epoch: usize, counts: [u32; 3]) {
        let tenth = &mut self.tenth;
        if tenth.held == 0 {
            tenth.epoch = epoch;
        }
        for (total, count) in tenth.total.iter_mut().zip(counts) {
            *total += count;
        }
        tenth.held += 1;
        if tenth.held < 3 {
            return;
        }
        let done = std::mem::take(tenth);
        if self.sums.len() <= done.epoch {
            self.sums.resize(done.epoch + 1, ([0; 3], 0));
        }
        let (sums, tenths) = &mut self.sums[done.epoch];
        for (sum, total) in sums.iter_mut().zip(done.total) {
            *sum += total / 3;
        }
        *tenths += 1;
    }
}

/// To 0.001 g.
#[inline]
fn rounded(sample: Lanes) -> Lanes {
    sample.map(|value| ((value * 1000.0 + NEAREST) - NEAREST) / 1000.0)
}

/// The state of the band-pass after an endless time at one value.
fn settled(level: Lanes) -> [Lanes; ORDER] {
    let gain = INPUT.iter().sum::<f64>() / (1.0 + OUTPUT.iter().sum::<f64>());
    let mut band = [[0.0; 4]; ORDER];
    let mut state = 0.0;
    for tap in (0..ORDER).rev() {
        state += INPUT[tap + 1] - OUTPUT[tap] * gain;
        band[tap] = level.map(|axis| axis * state);
    }
    band
}

/// One step of the band-pass.
#[inline]
fn stepped(band: &mut [Lanes; ORDER], input: Lanes) -> Lanes {
    let output = [0, 1, 2, 3].map(|k| INPUT[0] * input[k] + band[0][k]);
    for tap in 0..ORDER {
        let above = if tap + 1 < ORDER {
            band[tap + 1]
        } else {
            [0.0; 4]
        };
        for k in 0..4 {
            band[tap][k] = INPUT[tap + 1] * input[k] - OUTPUT[tap] * output[k] + above[k];
        }
    }
    output
}

impl Low {
    fn new(up: usize, down: usize) -> Self {
        let steps = up as f64;
        Self {
            up,
            down,
            due: 0,
            gain: PI / (PI + 2.0 * steps) * steps,
            back: (PI - 2.0 * steps) / (PI + 2.0 * steps),
            last: [0.0; 4],
        }
    }

    /// No zeros, no low-pass: every so many samples are taken.
    #[inline]
    fn push(&mut self, sample: Lanes, out: &mut Vec<Lanes>) {
        if self.due == 0 {
            out.push(sample);
            self.due = self.down;
        }
        self.due -= 1;
    }

    /// A sample and two zeros. Of the two values that the low-pass adds, the sample is one in the
    /// first two steps; the three steps are taken at once, and written out only where a value is due.
    #[inline]
    fn push_thrice(&mut self, sample: Lanes, out: &mut Vec<Lanes>) {
        let (gain, back) = (self.gain, self.back);
        if self.due < 3 {
            let first = [0, 1, 2, 3].map(|k| gain * sample[k] - back * self.last[k]);
            let second = [0, 1, 2, 3].map(|k| gain * sample[k] - back * first[k]);
            out.push(match self.due {
                0 => first,
                1 => second,
                _ => second.map(|value| -back * value),
            });
            self.due += self.down;
        }
        self.due -= 3;
        let (new, old) = (gain * back * (back - 1.0), -back * back * back);
        for (last, value) in self.last.iter_mut().zip(sample) {
            *last = new * value + old * *last;
        }
    }
}

impl Between {
    const fn new(step: f64) -> Self {
        Self {
            step,
            next: 0.0,
            last: None,
        }
    }

    fn push(&mut self, sample: Lanes, mut hand: impl FnMut(Lanes)) {
        let Some(last) = self.last.replace(sample) else {
            hand(sample);
            self.next = self.step;
            return;
        };
        while self.next <= 1.0 {
            let share = self.next;
            hand([0, 1, 2, 3].map(|k| last[k] + (sample[k] - last[k]) * share));
            self.next += self.step;
        }
        self.next -= 1.0;
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and 128, to be rounded down"
)]
fn trimmed(value: f64) -> u32 {
    let count = (value * RESOLUTION).abs();
    if count < LEAST {
        0
    } else {
        count.min(MOST) as u32
    }
}
