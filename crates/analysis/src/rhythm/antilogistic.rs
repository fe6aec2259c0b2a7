//! # Extended cosinor (antilogistic)
//!
//! **What it measures.** A 24-hour curve whose plateaus and slopes are free: how wide the active
//! part of the day is (alpha), how steep its edges are (beta), besides level, swing and peak.
//!
//! **Inputs and units.** Activity counts or their log(1 + x); minimum and amplitude have the unit
//! of the input, times are hours.
//!
//! **Method.** r(t) = min + amp · logistic(β (cos(2π(t − φ)/24) − α)), fitted by least squares from
//! the ordinary cosinor (Levenberg-Marquardt) with amp ≥ 0, −1 ≤ α ≤ 1 and β ≥ 0. Pseudo-F =
//! ((`RSS_cosinor` − RSS) / 2) / (RSS / (n − 5)). The curve passes its middle upwards at
//! φ − arccos(α)·24/2π and downwards at φ + arccos(α)·24/2π.
//!
//! **Validity.** At least two days. Missing epochs are left out. The surface is flat where beta is
//! large or alpha near ±1; several starts are tried and the lowest sum wins.
//!
//! **Versions.** 2 (1 rounded the angles otherwise, which moves the end of a descent on a flat surface).
//!
//! **References.** Marler MR et al. 2006, Stat Med 25:3893, doi:10.1002/sim.2466.

use std::collections::BTreeMap;
use std::f64::consts::TAU;

use super::cosinor::fit_points;
use crate::maths::describe::{mean, squared_deviation};
use crate::maths::minimise::{Minimum, Residuals, descend};
use crate::method::Analysis;
use crate::outcome::Insufficient;

/// Extended cosinor.
pub const EXTENDED_COSINOR: Analysis = Analysis {
    id: "extended_cosinor",
    version: 2,
    unit: "input",
    title: "Extended (antilogistic) cosinor",
};

const RATE: f64 = TAU / 24.0; // radians an hour

/// A fitted antilogistic curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Antilogistic {
    /// Lower plateau.
    pub minimum: f64,
    /// Height above the lower plateau.
    pub amplitude: f64,
    /// Width of the active part, −1 (wide) to 1 (narrow).
    pub alpha: f64,
    /// Steepness of the edges.
    pub beta: f64,
    /// Clock time of the peak in hours.
    pub acrotime_h: f64,
    /// Middle level, minimum + amplitude / 2.
    pub mesor: f64,
    /// Clock time at which the curve passes the middle upwards, hours (may be negative).
    pub up_h: f64,
    /// Clock time at which it passes downwards, hours (may exceed 24).
    pub down_h: f64,
    /// Residual sum of squares.
    pub rss: f64,
    /// Improvement over the ordinary cosinor.
    pub pseudo_f: f64,
}

/// Fits the curve to timed values (hours of the clock).
pub fn fit(times_h: &[f64], values: &[f64]) -> Result<Antilogistic, Insufficient> {
    let plain = fit_points(times_h, values, 24.0, 1)?;
    Insufficient::unless("epochs that are present", 6, values.len())?;
    let amplitude = plain.harmonics[0].amplitude;
    let peak = plain.harmonics[0].peak_h;
    let grouped = Grouped::new(times_h, values);
    let model = Model {
        points: &grouped.points,
    };
    let mut best: Option<Minimum<5>> = None;
    for (alpha, beta) in [(0.0, 2.0), (0.0, 20.0), (0.5, 5.0), (-0.5, 5.0)] {
        let start = [
            (plain.mesor - amplitude).max(0.0),
            2.0 * amplitude,
            alpha,
            beta,
            peak,
        ];
        let found = descend(&model, start);
        if best.as_ref().is_none_or(|known| found.rss < known.rss) {
            best = Some(found);
        }
    }
    let found = best.expect("at least one start was tried");
    let [minimum, amplitude, alpha, beta, peak_h] = found.parameters;
    let acrotime_h = peak_h.rem_euclid(24.0);
    let half_width = alpha.acos() * 24.0 / TAU;
    let freedom = values.len() as f64 - 5.0;
    let rss = found.rss + grouped.within;
    Ok(Antilogistic {
        minimum,
        amplitude,
        alpha,
        beta,
        acrotime_h,
        mesor: minimum + amplitude / 2.0,
        up_h: acrotime_h - half_width,
        down_h: acrotime_h + half_width,
        rss,
        pseudo_f: (plain.rss - rss) / 2.0 / (rss / freedom),
    })
}

/// Values at the same clock time enter the sum of squares only through their mean, so the days are
/// folded before the descent.
struct Grouped {
    points: Vec<Point>,
    within: f64,
}

struct Point {
    // Of the angle of its clock time on the day.
    sine: f64,
    cosine: f64,
    mean: f64,
    root_count: f64,
}

impl Grouped {
    fn new(times_h: &[f64], values: &[f64]) -> Self {
        let mut groups: BTreeMap<u64, (f64, Vec<f64>)> = BTreeMap::new();
        for (&time, &value) in times_h.iter().zip(values) {
            let clock = time.rem_euclid(24.0);
            groups
                .entry(clock.to_bits())
                .or_insert((clock, Vec::new()))
                .1
                .push(value);
        }
        let mut within = 0.0;
        let mut points = Vec::with_capacity(groups.len());
        for (time_h, held) in groups.into_values() {
            within += squared_deviation(&held);
            let (sine, cosine) = (RATE * time_h).sin_cos();
            points.push(Point {
                sine,
                cosine,
                mean: mean(&held),
                root_count: (held.len() as f64).sqrt(),
            });
        }
        Self { points, within }
    }
}

struct Model<'a> {
    points: &'a [Point],
}

impl Residuals<5> for Model<'_> {
    fn each(&self, parameters: &[f64; 5], mut take: impl FnMut(f64, [f64; 5])) {
        let [minimum, amplitude, alpha, beta, peak] = *parameters;
        let (sine_of_peak, cosine_of_peak) = (RATE * peak).sin_cos();
        for point in self.points {
            let sine = point.sine * cosine_of_peak - point.cosine * sine_of_peak;
            let cosine = point.cosine * cosine_of_peak + point.sine * sine_of_peak;
            let level = 1.0 / (1.0 + (-beta * (cosine - alpha)).exp());
            let slope = amplitude * level * (1.0 - level);
            let gradient = [
                1.0,
                level,
                -beta * slope,
                (cosine - alpha) * slope,
                beta * RATE * sine * slope,
            ];
            take(
                (minimum + amplitude * level - point.mean) * point.root_count,
                gradient.map(|slope| slope * point.root_count),
            );
        }
    }

    fn restrict(&self, parameters: &mut [f64; 5]) {
        parameters[0] = parameters[0].max(0.0);
        parameters[1] = parameters[1].max(0.0);
        parameters[2] = parameters[2].clamp(-1.0, 1.0);
        parameters[3] = parameters[3].clamp(0.0, 1e6);
    }
}
