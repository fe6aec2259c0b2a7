//! # Autocalibration
//!
//! **What it measures.** Scale and offset of each axis of the accelerometer, from the moments of the
//! recording at which it lay still and measured nothing but gravity.
//!
//! **Inputs and units.** Raw acceleration in g; offsets in g, scales as ratios: calibrated = (raw +
//! offset) · scale.
//!
//! **Method.** Windows of 10 seconds in which the standard deviation of every axis is below 13 mg are
//! still; their means should lie on a sphere of radius 1 g. Repeatedly: each point (corrected so far)
//! is brought to its closest point on the sphere; a weighted linear regression of the closest points
//! on the points, axis by axis, corrects scale and offset; the weight of a point is 1 over its
//! distance from the sphere, at most 100. It ends when the weighted mean square changes by less than
//! 10⁻¹⁰ or after 1,000 rounds. The error is the mean of | |a| − 1 | over the still windows.
//!
//! **Missing epochs.** A window with less than nine tenths of its samples is left out.
//!
//! **Validity.** At least ten still windows, and on every axis some beyond 0.3 g on both sides;
//! otherwise the sphere is not determined. Of more than 10,000 windows every n-th is used. Temperature
//! is not modelled. [`Found::accepted`] refuses a result that is no improvement or leaves more than
//! 10 mg.
//!
//! **Population.** Recordings of daily life on four continents: 921 from the United Kingdom, 120 from Kuwait, 311
//! from Cameroon and 200 from Brazil, two kinds of devices. What is calibrated is the device: only the positions that
//! a person takes while still matter, so people who lie in bed most of the time fill too little of the sphere.
//!
//! **Versions.** 1.
//!
//! **References.** van Hees VT et al. 2014, J Appl Physiol 117:738, doi:10.1152/japplphysiol.00421.2014.

use super::held::{Held, finite_parts};
use super::nonwear::spread;
use super::timeline::{Run, Timeline, samples_per_epoch};
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::series::Origin;

/// Autocalibration.
pub const AUTOCALIBRATION: Analysis = Analysis {
    id: "autocalibration",
    version: 1,
    unit: "g",
    title: "Autocalibration on still windows",
};

const WINDOW_S: u32 = 10; // van Hees 2014
const STILL_G: f64 = 0.013; // largest standard deviation of an axis at rest, van Hees 2014
const SHARE_MIN: f64 = 0.9; // of a window's samples
const GRAVITY_MAX_G: f64 = 2.0; // a mean beyond it is no gravity
const SIDE_G: f64 = 0.3; // how far the points must reach on both sides, van Hees 2014
const WINDOWS_MIN: usize = 10;
const POINTS_MAX: usize = 10_000; // bounds the time of the fit
const ROUNDS_MAX: usize = 1_000;
const TOLERANCE: f64 = 1e-10;
const WEIGHT_MAX: f64 = 100.0;
const ERROR_MAX_G: f64 = 0.01; // largest error of an accepted calibration, van Hees 2014

/// Scale and offset of the axes: calibrated = (raw + offset) · scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// Factor of each axis.
    pub scale: [f64; 3],
    /// What is added to each axis first, in g.
    pub offset_g: [f64; 3],
}

/// What the still windows of a recording say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// Scale and offset of the axes.
    pub calibration: Calibration,
    /// Mean distance of the still windows from 1 g before, in g.
    pub error_before_g: f64,
    /// The same after.
    pub error_after_g: f64,
    /// Number of still windows.
    pub windows: usize,
}

impl Calibration {
    /// Leaves the samples as they are.
    pub const NONE: Self = Self {
        scale: [1.0; 3],
        offset_g: [0.0; 3],
    };

    /// A calibrated sample.
    fn apply(&self, point: &[f64; 3]) -> [f64; 3] {
        [0, 1, 2].map(|k| (point[k] + self.offset_g[k]) * self.scale[k])
    }
}

impl Found {
    /// Whether it is an improvement and leaves at most 10 mg.
    pub fn is_accepted(&self) -> bool {
        self.error_after_g < self.error_before_g && self.error_after_g <= ERROR_MAX_G
    }

    /// The calibration, or none where it is no improvement or leaves more than 10 mg.
    pub fn accepted(&self) -> Calibration {
        if self.is_accepted() {
            self.calibration
        } else {
            Calibration::NONE
        }
    }
}

/// Collects the still windows of a stream of samples.
#[derive(Debug, Clone)]
pub struct Calibrator {
    rate_hz: f64,
    timeline: Timeline,
    runs: Vec<Run>,
    held: Held,
    open: usize,
    complete: usize,
    points: Vec<[f64; 3]>,
}

impl Calibrator {
    /// Starts a first pass over a recording.
    pub fn new(rate_hz: f64) -> Self {
        Self {
            rate_hz,
            timeline: Timeline::new(WINDOW_S, rate_hz, Origin::Midnight),
            runs: Vec::new(),
            held: Held::default(),
            open: 0,
            complete: 0,
            points: Vec::new(),
        }
    }

    /// Takes consecutive samples in g: the civil microsecond of the first, and their rate.
    pub fn push(&mut self, start_us: i64, rate_hz: f64, samples: &[[f32; 3]]) {
        finite_parts(start_us, rate_hz, samples, |start_us, part| {
            self.take(start_us, rate_hz, part);
        });
    }

    /// The calibration that brings the still windows to 1 g.
    pub fn finish(mut self) -> Outcome<Found> {
        self.close();
        Insufficient::unless("still windows of 10 s", WINDOWS_MIN, self.points.len())?;
        let beyond = |side: f64, k: usize| self.points.iter().any(|p| p[k] * side > SIDE_G);
        let sides = (0..3).map(|k| usize::from(beyond(1.0, k)) + usize::from(beyond(-1.0, k)));
        Insufficient::unless("sides of the axes beyond 0.3 g at rest", 6, sides.sum())?;
        let step = self.points.len().div_ceil(POINTS_MAX);
        let used: Vec<[f64; 3]> = self.points.iter().copied().step_by(step).collect();
        let calibration = fitted(&used);
        let found = Found {
            calibration,
            error_before_g: error_g(&self.points, &Calibration::NONE),
            error_after_g: error_g(&self.points, &calibration),
            windows: self.points.len(),
        };
        let windows = (self.open + 1) as f64;
        Ok(Measured::new(found, self.complete as f64 / windows))
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
            if self.held.len() as f64 <= 2.0 * self.whole() {
                self.held
                    .extend(&samples[run.from..run.until], &Calibration::NONE);
            }
        }
        self.runs = runs;
    }

    fn whole(&self) -> f64 {
        samples_per_epoch(self.rate_hz, WINDOW_S)
    }

    fn close(&mut self) {
        if self.held.len() as f64 >= SHARE_MIN * self.whole() {
            self.complete += 1;
            let axes = [&self.held.x, &self.held.y, &self.held.z].map(|axis| spread(axis));
            let point = axes.map(|axis| axis.mean());
            let still = axes.iter().all(|axis| axis.deviation() < STILL_G);
            let gravity = point.iter().all(|mean| mean.abs() < GRAVITY_MAX_G);
            if still && gravity && length(&point) > 0.0 {
                self.points.push(point);
            }
        }
        self.held.clear();
    }
}

fn length(point: &[f64; 3]) -> f64 {
    point.iter().map(|axis| axis * axis).sum::<f64>().sqrt()
}

/// Mean distance of the points from 1 g.
fn error_g(points: &[[f64; 3]], calibration: &Calibration) -> f64 {
    let distance = |point| (length(&calibration.apply(point)) - 1.0).abs();
    points.iter().map(distance).sum::<f64>() / points.len() as f64
}

/// Scale and offset that bring the points closest to the sphere of 1 g.
fn fitted(points: &[[f64; 3]]) -> Calibration {
    let mut calibration = Calibration::NONE;
    let mut weights = vec![1.0; points.len()];
    let mut before = f64::INFINITY;
    for _ in 0..ROUNDS_MAX {
        let lines = regressions(points, &weights, &calibration);
        let Some(lines) = lines else {
            break;
        };
        let (mut squares, mut total) = (0.0, 0.0);
        for (point, weight) in points.iter().zip(&mut weights) {
            let now = calibration.apply(point);
            let size = length(&now);
            let apart = [0, 1, 2].map(|k| lines[k].0 + lines[k].1 * now[k] - now[k] / size);
            let distance = length(&apart);
            squares += *weight * distance * distance;
            total += *weight;
            *weight = (1.0 / distance).min(WEIGHT_MAX);
        }
        for (k, (intercept, slope)) in lines.into_iter().enumerate() {
            calibration.offset_g[k] += intercept / (calibration.scale[k] * slope);
            calibration.scale[k] *= slope;
        }
        let residual = squares / total;
        if (residual - before).abs() < TOLERANCE {
            break;
        }
        before = residual;
    }
    calibration
}

/// Weighted regression of the closest points of the sphere on the points: intercept and slope of each
/// axis; None where an axis does not vary.
fn regressions(
    points: &[[f64; 3]],
    weights: &[f64],
    calibration: &Calibration,
) -> Option<[(f64, f64); 3]> {
    let mut total = 0.0;
    let mut sums = [[0.0_f64; 4]; 3]; // of x, y, x² and xy
    for (point, &weight) in points.iter().zip(weights) {
        let now = calibration.apply(point);
        let size = length(&now);
        total += weight;
        for (sums, x) in sums.iter_mut().zip(now) {
            let y = x / size;
            sums[0] += weight * x;
            sums[1] += weight * y;
            sums[2] += weight * x * x;
            sums[3] += weight * x * y;
        }
    }
    let line = |[x, y, xx, xy]: [f64; 4]| {
        let slope = (xy * total - x * y) / (xx * total - x * x);
        ((y - slope * x) / total, slope)
    };
    let lines = sums.map(line);
    lines
        .iter()
        .all(|(intercept, slope)| intercept.is_finite() && slope.is_finite() && *slope != 0.0)
        .then_some(lines)
}
