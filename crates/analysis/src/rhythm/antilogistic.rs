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
//! **Versions.** 1.
//!
//! **References.** Marler MR et al. 2006, Stat Med 25:3893, doi:10.1002/sim.2466.

use std::collections::BTreeMap;
use std::f64::consts::TAU;

use super::cosinor::fit_points;
use crate::maths::describe::{mean, squared_deviation};
use crate::maths::minimise::{Residuals, descend};
use crate::method::Analysis;
use crate::outcome::Insufficient;

/// Extended cosinor.
pub const EXTENDED_COSINOR: Analysis = Analysis {
    id: "extended_cosinor",
    version: 1,
    unit: "input",
    title: "Extended (antilogistic) cosinor",
};

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
    let mut best: Option<crate::maths::minimise::Minimum> = None;
    for (alpha, beta) in [(0.0, 2.0), (0.0, 20.0), (0.5, 5.0), (-0.5, 5.0)] {
        let start = [
            (plain.mesor - amplitude).max(0.0),
            2.0 * amplitude,
            alpha,
            beta,
            peak,
        ];
        let found = descend(&model, &start);
        if best.as_ref().is_none_or(|known| found.rss < known.rss) {
            best = Some(found);
        }
    }
    let found = best.expect("at least one start was tried");
    let (minimum, amplitude, alpha) = (
        found.parameters[0],
        found.parameters[1],
        found.parameters[2],
    );
    let acrotime_h = found.parameters[4].rem_euclid(24.0);
    let half_width = alpha.acos() * 24.0 / TAU;
    let freedom = values.len() as f64 - 5.0;
    let rss = found.rss + grouped.within;
    Ok(Antilogistic {
        minimum,
        amplitude,
        alpha,
        beta: found.parameters[3],
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
    time_h: f64,
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
            points.push(Point {
                time_h,
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

impl Residuals for Model<'_> {
    fn count(&self) -> usize {
        self.points.len()
    }

    fn at(&self, index: usize, parameters: &[f64], gradient: &mut [f64]) -> f64 {
        let [minimum, amplitude, alpha, beta, peak] = *parameters else {
            unreachable!("the model has five parameters");
        };
        let point = &self.points[index];
        let rate = TAU / 24.0;
        let (sine, cosine) = (rate * (point.time_h - peak)).sin_cos();
        let level = 1.0 / (1.0 + (-beta * (cosine - alpha)).exp());
        let slope = amplitude * level * (1.0 - level);
        gradient[0] = 1.0;
        gradient[1] = level;
        gradient[2] = -beta * slope;
        gradient[3] = (cosine - alpha) * slope;
        gradient[4] = beta * rate * sine * slope;
        for slope in &mut *gradient {
            *slope *= point.root_count;
        }
        (minimum + amplitude * level - point.mean) * point.root_count
    }

    fn restrict(&self, parameters: &mut [f64]) {
        parameters[0] = parameters[0].max(0.0);
        parameters[1] = parameters[1].max(0.0);
        parameters[2] = parameters[2].clamp(-1.0, 1.0);
        parameters[3] = parameters[3].clamp(0.0, 1e6);
    }
}
