//! # Extended cosinor (antilogistic)
//!
//! **What it measures.** A 24-hour curve whose plateaus and slopes are free: how wide the active
//! part of the day is (alpha), how steep its edges are (beta), besides level, swing and peak.
//!
//! **Inputs and units.** Activity counts or their log(1 + x); minimum and amplitude have the unit
//! of the input, times are hours.
//!
//! **Method.** r(t) = min + amp · logistic(β (cos(2π(t − φ)/24) − α)), fitted by least squares with min ≥ 0, amp ≥ 0,
//! −1 ≤ α ≤ 1 and β ≥ 0. The days are folded; means of ten minutes of the day are compared with the curve on a grid of
//! α, β and φ, the best min and amp of each place being a straight line. From the best place of each β the sum is
//! descended (Levenberg-Marquardt, parameters at a bound held there), then from the best of these on the epochs
//! themselves, once as steep as it is and once with edges of an hour, because means of ten minutes hide how steep an edge
//! is. Pseudo-F = ((`RSS_cosinor` − RSS) / 2) / (RSS / (n − 5)). The curve passes its middle upwards at
//! φ − arccos(α)·24/2π and downwards at φ + arccos(α)·24/2π. An edge takes 2 ln 9 / (β √(1 − α²) 2π/24) hours from a
//! tenth to nine tenths of the way.
//!
//! **Missing epochs.** Missing epochs are left out.
//!
//! **Validity.** At least two days. Where an edge is shorter than an epoch the sum does not depend on β any
//! more: the curve is a square wave, and β has no value.
//!
//! **Versions.** 3 (2 descended from four starts and could end above the least sum, and fitted means of ten minutes,
//! of which some give a square wave; 1 rounded the angles otherwise).
//!
//! **References.** Marler MR et al. 2006, Stat Med 25:3893, doi:10.1002/sim.2466.

use std::collections::BTreeMap;
use std::f64::consts::TAU;

use crate::maths::least_squares;
use crate::maths::minimise::{Minimum, Residuals, descend};
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::series::{DAY_S, Series};

/// Extended cosinor.
pub const EXTENDED_COSINOR: Analysis = Analysis {
    id: "extended_cosinor",
    version: 3,
    unit: "input",
    title: "Extended (antilogistic) cosinor",
};

const RATE: f64 = TAU / 24.0; // radians an hour
const COARSE_BINS: usize = 144; // ten minutes of the day
const ALPHAS: [f64; 4] = [-0.6, -0.2, 0.2, 0.6]; // of the grid
const BETAS: [f64; 3] = [2.0, 8.0, 30.0]; // of the grid
const GENTLE_BETA: f64 = 16.8; // an edge of an hour at alpha 0

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

impl Antilogistic {
    /// Hours that an edge takes from a tenth to nine tenths of the way.
    pub fn edge_h(&self) -> f64 {
        2.0 * 9.0_f64.ln() / (self.beta * (1.0 - self.alpha * self.alpha).sqrt() * RATE)
    }
}

/// Fits the curve to the epochs of a series; a time is that of the middle of an epoch.
pub fn fit_series(series: &Series) -> Outcome<Antilogistic> {
    let mut folded = Folded::default();
    let day = i64::from(DAY_S);
    let step = i64::from(series.step_s());
    if day % step == 0 {
        let mut places = vec![Sums::default(); series.epochs_per_day()?];
        let first = i64::from(series.clock_s(0)) / step;
        let lead_s = i64::from(series.clock_s(0)) % step;
        let first = usize::try_from(first).expect("an epoch of the day");
        for (index, value) in series.values().iter().enumerate() {
            if !value.is_nan() {
                let place = (first + index) % places.len();
                places[place].add(*value);
            }
        }
        let places = (0_i64..).zip(&places).filter(|(_, sums)| sums.count > 0.0);
        for (place, sums) in places {
            let middle_s = place * step + lead_s;
            folded.push((middle_s as f64 + step as f64 / 2.0) / 3600.0, sums);
        }
    } else {
        let middle_h = f64::from(series.step_s()) / 7200.0;
        let (times, values) = super::cosinor::observations(series);
        let times: Vec<f64> = times.iter().map(|time| time + middle_h).collect();
        folded = Folded::new(&times, &values);
    }
    Ok(Measured::new(folded.fit()?, series.coverage()))
}

/// Fits the curve to timed values (hours of the clock).
pub fn fit(times_h: &[f64], values: &[f64]) -> Result<Antilogistic, Insufficient> {
    Folded::new(times_h, values).fit()
}

/// Values at one time of the day.
#[derive(Clone, Copy, Default)]
struct Sums {
    count: f64,
    sum: f64,
    /// Squared deviations from the mean so far (Welford 1962).
    within: f64,
}

impl Sums {
    fn add(&mut self, value: f64) {
        let off = value - self.sum / self.count.max(1.0);
        self.count += 1.0;
        self.sum += value;
        if self.count > 1.0 {
            self.within += off * (value - self.sum / self.count);
        }
    }
}

/// The days on one another: values at the same time enter the sum of squares only through their mean.
#[derive(Default)]
struct Folded {
    points: Vec<Point>,
    within: f64,
    count: f64,
}

#[derive(Clone, Copy)]
struct Point {
    time_h: f64,
    // Of the angle of its clock time on the day.
    sine: f64,
    cosine: f64,
    mean: f64,
    root_count: f64,
}

impl Folded {
    fn new(times_h: &[f64], values: &[f64]) -> Self {
        let mut groups: BTreeMap<u64, (f64, Sums)> = BTreeMap::new();
        for (&time, &value) in times_h.iter().zip(values) {
            let clock = time.rem_euclid(24.0);
            let group = groups.entry(clock.to_bits());
            group.or_insert((clock, Sums::default())).1.add(value);
        }
        let mut folded = Self::default();
        for (time_h, sums) in groups.values() {
            folded.push(*time_h, sums);
        }
        folded
    }

    fn push(&mut self, time_h: f64, sums: &Sums) {
        let (sine, cosine) = (RATE * time_h).sin_cos();
        self.within += sums.within;
        self.count += sums.count;
        self.points.push(Point {
            time_h,
            sine,
            cosine,
            mean: sums.sum / sums.count,
            root_count: sums.count.sqrt(),
        });
    }

    /// Means of ten minutes of the day.
    fn coarse(&self) -> Vec<Point> {
        let mut bins = [(Sums::default(), 0.0); COARSE_BINS];
        for point in &self.points {
            let weight = point.root_count * point.root_count;
            let bin = (point.time_h.rem_euclid(24.0) / 24.0 * COARSE_BINS as f64).floor();
            let bin = crate::maths::describe::floor_index(bin).min(COARSE_BINS - 1);
            let (sums, times) = &mut bins[bin];
            sums.count += weight;
            sums.sum += weight * point.mean;
            *times += weight * point.time_h.rem_euclid(24.0);
        }
        let mut coarse = Self::default();
        for (sums, times) in bins.iter().filter(|(sums, _)| sums.count > 0.0) {
            coarse.push(times / sums.count, sums);
        }
        coarse.points
    }

    fn fit(&self) -> Result<Antilogistic, Insufficient> {
        let cosine_rss = self.cosine_rss()?;
        let coarse = self.coarse();
        let starts = starts(&coarse);
        let best = |points: &[Point], starts: &[[f64; 5]]| -> Minimum<5> {
            let found = starts
                .iter()
                .map(|start| descend(&Model { points }, *start));
            let least = found.min_by(|a, b| a.rss.total_cmp(&b.rss));
            least.expect("at least one start was tried")
        };
        let rough = best(&coarse, &starts).parameters;
        let mut gentle = rough;
        gentle[3] = rough[3].min(GENTLE_BETA);
        let found = best(&self.points, &[rough, gentle]);
        let [minimum, amplitude, alpha, beta, peak_h] = found.parameters;
        let acrotime_h = peak_h.rem_euclid(24.0);
        let half_width = alpha.acos() * 24.0 / TAU;
        let freedom = self.count - 5.0;
        let rss = found.rss + self.within;
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
            pseudo_f: (cosine_rss - rss) / 2.0 / (rss / freedom),
        })
    }

    /// Residual sum of squares of the ordinary cosinor, or why neither curve can be fitted.
    fn cosine_rss(&self) -> Result<f64, Insufficient> {
        if self.count < 6.0 {
            return Err(Insufficient::new(
                "epochs that are present",
                6.0,
                self.count,
            ));
        }
        Insufficient::unless("times of the day", 6, self.points.len())?;
        let weighted: Vec<f64> = self.points.iter().map(|p| p.mean * p.root_count).collect();
        let first = self.points[0].mean;
        if self.within <= 0.0
            && self
                .points
                .iter()
                .all(|point| point.mean.to_bits() == first.to_bits())
        {
            return Err(Insufficient::constant());
        }
        let row = |index: usize, out: &mut [f64]| {
            let point = &self.points[index];
            out[0] = point.root_count;
            out[1] = point.cosine * point.root_count;
            out[2] = point.sine * point.root_count;
        };
        let none = Insufficient::new("epochs spread over a day", 6.0, 0.0);
        let solved = least_squares::fit(&weighted, 3, row).ok_or(none)?;
        Ok(solved.rss + self.within)
    }
}

/// The best place of the grid for each steepness.
fn starts(points: &[Point]) -> Vec<[f64; 5]> {
    let mut found = Vec::with_capacity(BETAS.len());
    for beta in BETAS {
        let mut best: Option<(f64, [f64; 5])> = None;
        for alpha in ALPHAS {
            for hour in 0..24_u32 {
                let peak = f64::from(hour);
                let (rss, minimum, amplitude) = line(points, alpha, beta, peak);
                if best.is_none_or(|(least, _)| rss < least) {
                    best = Some((rss, [minimum, amplitude, alpha, beta, peak]));
                }
            }
        }
        found.extend(best.map(|(_, start)| start));
    }
    found
}

/// The least sum of squares over min ≥ 0 and amp ≥ 0 for a shape, without its constant part.
fn line(points: &[Point], alpha: f64, beta: f64, peak: f64) -> (f64, f64, f64) {
    let (sine_of_peak, cosine_of_peak) = (RATE * peak).sin_cos();
    let [mut w, mut l, mut ll, mut y, mut ly] = [0.0; 5];
    for point in points {
        let cosine = point.cosine * cosine_of_peak + point.sine * sine_of_peak;
        let level = 1.0 / (1.0 + (-beta * (cosine - alpha)).exp());
        let weight = point.root_count * point.root_count;
        w += weight;
        l += weight * level;
        ll += weight * level * level;
        y += weight * point.mean;
        ly += weight * level * point.mean;
    }
    let spread = w * ll - l * l;
    let mut amplitude = if spread > 0.0 {
        (w * ly - l * y) / spread
    } else {
        0.0
    };
    let mut minimum = (y - amplitude * l) / w;
    if amplitude < 0.0 {
        (minimum, amplitude) = (y / w, 0.0);
    } else if minimum < 0.0 && ll > 0.0 {
        (minimum, amplitude) = (0.0, (ly / ll).max(0.0));
    }
    let rss = minimum * minimum * w + 2.0 * minimum * amplitude * l + amplitude * amplitude * ll
        - 2.0 * minimum * y
        - 2.0 * amplitude * ly;
    (rss, minimum, amplitude)
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

    fn bounds(&self) -> [(f64, f64); 5] {
        let positive = (0.0, f64::INFINITY);
        let any = (f64::NEG_INFINITY, f64::INFINITY);
        [positive, positive, (-1.0, 1.0), (0.0, 1e6), any]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::chance::Chance;

    /// Days of minutes: active for `hours` around `peak_h`, with edges of so many hours, a break, and noise.
    fn days(peak_h: f64, hours: f64, edge_h: f64, pause: f64, seed: u64) -> Series {
        let mut chance = Chance::new(seed);
        let level = |time_h: f64| {
            let off = ((time_h - peak_h + 12.0).rem_euclid(24.0) - 12.0).abs();
            let share = ((hours / 2.0 - off) / edge_h + 0.5).clamp(0.0, 1.0);
            let rest = if off < 1.0 { pause } else { 0.0 };
            200.0 * share * (1.0 - rest)
        };
        let values = (0..4 * 1440_u32).map(|minute| {
            let noise = 40.0 * chance.normal();
            (level(f64::from(minute) / 60.0) + noise).max(0.0)
        });
        Series::new(0, 60, values.collect())
    }

    /// Whatever the curve begins from, none ends below the fit.
    #[test]
    fn no_start_ends_lower() {
        let mut chance = Chance::new(11);
        for (index, (peak, hours, edge, pause)) in [
            (15.0, 16.0, 2.0, 0.0),
            (15.0, 16.0, 0.02, 0.0),
            (3.0, 8.0, 1.0, 0.0),
            (23.5, 5.0, 3.0, 0.0),
            (14.0, 20.0, 0.5, 0.8),
            (12.0, 12.0, 9.0, 0.0),
            (16.0, 2.0, 0.3, 0.0),
            (15.0, 17.0, 4.0, 1.0),
        ]
        .into_iter()
        .enumerate()
        {
            let series = days(peak, hours, edge, pause, index as u64);
            let found = fit_series(&series).unwrap().value;
            let (times, values) = super::super::cosinor::observations(&series);
            let times: Vec<f64> = times.iter().map(|time| time + 1.0 / 120.0).collect();
            let folded = Folded::new(&times, &values);
            let model = Model {
                points: &folded.points,
            };
            for _ in 0..12 {
                let mut uniform = || chance.share();
                let start = [
                    50.0 * uniform(),
                    300.0 * uniform(),
                    2.0 * uniform() - 1.0,
                    60.0 * uniform(),
                    24.0 * uniform(),
                ];
                let other = descend(&model, start).rss + folded.within;
                assert!(
                    found.rss <= other * (1.0 + 1e-9),
                    "{peak} {hours} {edge}: {} above {other} from {start:?}",
                    found.rss
                );
            }
        }
    }

    #[test]
    fn a_steep_edge_is_told_from_a_square_wave() {
        let gentle = fit_series(&days(15.0, 16.0, 1.0, 0.0, 5)).unwrap().value;
        assert!((0.3..3.0).contains(&gentle.edge_h()), "{}", gentle.edge_h());
        let square = fit_series(&days(15.0, 16.0, 0.001, 0.0, 5)).unwrap().value;
        assert!(square.edge_h() < 0.2, "{}", square.edge_h());
    }

    #[test]
    fn folded_epochs_are_fitted_like_single_ones() {
        let series = days(15.0, 16.0, 2.0, 0.0, 3);
        let (times, values) = super::super::cosinor::observations(&series);
        let times: Vec<f64> = times.iter().map(|time| time + 1.0 / 120.0).collect();
        let single = fit(&times, &values).unwrap();
        let folded = fit_series(&series).unwrap().value;
        assert!((single.rss / folded.rss - 1.0).abs() < 1e-9);
        assert!((single.alpha - folded.alpha).abs() < 1e-4);
        assert!((single.acrotime_h - folded.acrotime_h).abs() < 1e-4);
    }
}
