//! # Non-wear from raw acceleration
//!
//! **What it measures.** When the device was not worn: it lies still in a way no living body does.
//!
//! **Inputs and units.** Raw acceleration in g; one value per 15 minutes: 1 not worn, 0 worn.
//!
//! **Method.** For each 15 minutes, over the 60 minutes around their middle: an axis is still when its
//! standard deviation (n − 1) is below 13 mg and its range below 50 mg; the device was not worn when at
//! least two of the three axes are still. Windows are cut at the ends of the recording.
//!
//! **Missing epochs.** 15 minutes without a sample, or whose window holds less than half of its
//! samples, are missing (NaN).
//!
//! **Validity.** Sleep without a movement for an hour is taken for non-wear; shorter removal than about
//! half an hour is not seen. The later rules that turn short wear between long non-wear into non-wear
//! are not applied.
//!
//! **Population.** Women, pregnant and not, with a device at the wrist in daily life (van Hees 2011), and the adults
//! of the later study (van Hees 2013). Infants, paralysed limbs and the hip were not studied.
//!
//! **Versions.** 1, as GGIR's `nonwear_approach` 2013 (both conditions on the same axis).
//!
//! **References.** van Hees VT et al. 2013, `PLoS` ONE 8:e61691, doi:10.1371/journal.pone.0061691. van
//! Hees VT et al. 2011, `PLoS` ONE 6:e22922, doi:10.1371/journal.pone.0022922.

use super::calibration::Calibration;
use super::held::{Held, finite_parts, sum_of};
use super::timeline::{Run, Timeline, samples_per_epoch, second};
use crate::method::Analysis;
use crate::series::{HOUR_S, Origin, Series};

/// Non-wear from raw acceleration.
pub const NONWEAR_RAW: Analysis = Analysis {
    id: "nonwear_raw",
    version: 1,
    unit: "epochs",
    title: "Non-wear from raw acceleration",
};

const PART_S: u32 = 450; // half a step, so that 60 minutes can be centred on 15
const STEP_PARTS: usize = 2; // 15 minutes
const AROUND_PARTS: usize = 3; // 22.5 minutes on each side make 60
const PIECE_S: u32 = 10; // samples are held this long
const PIECES_PER_PART: usize = 45;
const STILL_G: f64 = 0.013; // standard deviation, van Hees 2013
const RANGE_G: f64 = 0.050; // highest minus lowest, van Hees 2013
const AXES_MIN: usize = 2;
const SHARE_MIN: f64 = 0.5; // of a window's samples

/// Count, sum, sum of squares and extremes of values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    count: f64,
    sum: f64,
    squares: f64, // deviations from the mean
    low: f64,
    high: f64,
}

/// The spread of one axis over some samples.
pub(super) fn spread(values: &[f64]) -> Spread {
    let count = values.len() as f64;
    let sum = sum_of(values, |value| value);
    let mean = sum / count;
    let fold = |start: f64, pick: fn(f64, f64) -> f64| values.iter().copied().fold(start, pick);
    Spread {
        count,
        sum,
        squares: sum_of(values, |value| (value - mean) * (value - mean)),
        low: fold(f64::INFINITY, f64::min),
        high: fold(f64::NEG_INFINITY, f64::max),
    }
}

impl Spread {
    const NONE: Self = Self {
        count: 0.0,
        sum: 0.0,
        squares: 0.0,
        low: f64::INFINITY,
        high: f64::NEG_INFINITY,
    };

    pub(super) fn mean(&self) -> f64 {
        self.sum / self.count
    }

    /// Standard deviation (n − 1).
    pub(super) fn deviation(&self) -> f64 {
        (self.squares / (self.count - 1.0)).sqrt()
    }

    /// Of both sets of values (Chan 1979).
    fn and(self, other: Self) -> Self {
        if self.count == 0.0 || other.count == 0.0 {
            return if self.count == 0.0 { other } else { self };
        }
        let count = self.count + other.count;
        let apart = other.mean() - self.mean();
        Self {
            count,
            sum: self.sum + other.sum,
            squares: self.squares
                + other.squares
                + apart * apart * self.count * other.count / count,
            low: self.low.min(other.low),
            high: self.high.max(other.high),
        }
    }

    fn still(&self) -> bool {
        self.deviation() < STILL_G && self.high - self.low < RANGE_G
    }
}

/// Finds non-wear in a stream of samples.
#[derive(Debug, Clone)]
pub struct Detector {
    rate_hz: f64,
    calibration: Calibration,
    timeline: Timeline,
    runs: Vec<Run>,
    held: Held,
    open: usize,
    parts: Vec<[Spread; 3]>,
}

impl Detector {
    /// Starts on a recording.
    pub fn new(rate_hz: f64, calibration: Calibration) -> Self {
        Self {
            rate_hz,
            calibration,
            timeline: Timeline::new(PIECE_S, rate_hz, Origin::Midnight),
            runs: Vec::new(),
            held: Held::default(),
            open: 0,
            parts: Vec::new(),
        }
    }

    /// Takes consecutive samples in g: the civil microsecond of the first, and their rate.
    pub fn push(&mut self, start_us: i64, rate_hz: f64, samples: &[[f32; 3]]) {
        finite_parts(start_us, rate_hz, samples, |start_us, part| {
            self.take(start_us, rate_hz, part);
        });
    }

    /// One value per 15 minutes: 1 not worn, 0 worn, NaN unknown; None without a sample.
    pub fn finish(mut self) -> Option<Series> {
        self.close();
        let start_s = second(self.timeline.start_us()?);
        let count = self.parts.len();
        // Steps begin at whole quarters of an hour; the first part may be their second half.
        let step_s = PART_S * 2;
        let first = start_s.div_euclid(i64::from(step_s)) * i64::from(step_s);
        let lead = usize::from(start_s - first >= i64::from(PART_S));
        let whole = samples_per_epoch(self.rate_hz, HOUR_S);
        let mut values = Vec::new();
        for step in (0..count + lead).step_by(STEP_PARTS) {
            let part = |index: usize| index.saturating_sub(lead).min(count);
            let own = part(step)..part(step + STEP_PARTS);
            let around =
                part(step.saturating_sub(AROUND_PARTS))..part(step + STEP_PARTS + AROUND_PARTS);
            let present = self.parts[own].iter().any(|axes| axes[0].count > 0.0);
            let axes = self.parts[around]
                .iter()
                .fold([Spread::NONE; 3], |all, one| {
                    [0, 1, 2].map(|k| all[k].and(one[k]))
                });
            values.push(if !present || axes[0].count < SHARE_MIN * whole {
                f64::NAN
            } else {
                let still = axes.iter().filter(|axis| axis.still()).count();
                f64::from(u8::from(still >= AXES_MIN))
            });
        }
        Some(Series::new(first, step_s, values))
    }

    fn take(&mut self, start_us: i64, rate_hz: f64, samples: &[[f32; 3]]) {
        let mut runs = std::mem::take(&mut self.runs);
        self.timeline
            .place(start_us, rate_hz, samples.len(), &mut runs);
        for run in &runs {
            if run.epoch != self.open {
                self.close();
                self.open = run.epoch;
            }
            let room = 2.0 * samples_per_epoch(self.rate_hz, PIECE_S);
            if self.held.len() as f64 <= room {
                self.held
                    .extend(&samples[run.from..run.until], &self.calibration);
            }
        }
        self.runs = runs;
    }

    fn close(&mut self) {
        if self.held.len() == 0 {
            return;
        }
        let start_s = self.timeline.start_us().map_or(0, second);
        // Pieces before the first whole part belong to the part that the recording begins in.
        let lead_s = start_s.rem_euclid(i64::from(PART_S));
        let lead = usize::try_from(lead_s / i64::from(PIECE_S)).expect("less than a part");
        let part = (self.open + lead) / PIECES_PER_PART;
        if self.parts.len() <= part {
            self.parts.resize(part + 1, [Spread::NONE; 3]);
        }
        let axes = [&self.held.x, &self.held.y, &self.held.z].map(|axis| spread(axis));
        let all = self.parts[part];
        self.parts[part] = [0, 1, 2].map(|k| all[k].and(axes[k]));
        self.held.clear();
    }
}

/// Marks the epochs of a series that begin while the device was not worn.
pub fn mask(nonwear: &Series, series: &Series) -> Vec<bool> {
    let step_s = i64::from(nonwear.step_s());
    let off = |index: usize| {
        let since_s = series.time_s(index) - nonwear.start_s();
        usize::try_from(since_s.div_euclid(step_s))
            .ok()
            .and_then(|step| nonwear.values().get(step))
            .is_some_and(|&value| value > 0.5)
    };
    (0..series.len()).map(off).collect()
}
