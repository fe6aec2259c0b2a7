//! Fourier sums of unevenly timed values on a regular grid of frequencies, in n log n.

use std::f64::consts::{PI, TAU};

use super::fourier::Transform;

/// Grid points each side that a value is spread over: leaves a relative error below 10⁻¹².
const SPREAD: usize = 13;
/// Fourier grid over frequencies, at least: a ratio of two keeps the correction of the spreading small.
const OVERSAMPLING: usize = 2;

/// A regular grid of angular frequencies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    /// The lowest, in radians per unit of time.
    pub from: f64,
    /// Distance between two.
    pub step: f64,
    /// How many.
    pub count: usize,
}

/// Σ wₖ cos(ω tₖ) and Σ wₖ sin(ω tₖ) at every frequency of a grid.
///
/// Values are spread by a Gaussian over a regular grid in time, transformed, and the spreading divided
/// out again (Greengard L, Lee JY 2004, doi:10.1137/S003614450343200X).
pub fn sums(times: &[f64], weights: &[f64], grid: &Grid) -> (Vec<f64>, Vec<f64>) {
    let size = (OVERSAMPLING * grid.count)
        .max(4 * SPREAD)
        .next_power_of_two();
    let ratio = size as f64 / grid.count as f64;
    let width = PI * SPREAD as f64 / (grid.count as f64).powi(2) / (ratio * (ratio - 0.5));
    let half = grid.count / 2;
    let middle = grid.from + half as f64 * grid.step;
    let (real, imaginary) = spread(times, weights, (middle, grid.step), size, width);
    let mut transform = Transform::new(size);
    let real = transform.of(|slots| slots.copy_from_slice(&real)).to_vec();
    let imaginary = transform.of(|slots| slots.copy_from_slice(&imaginary));
    let scale = (PI / width).sqrt() / size as f64;
    let at = |index: usize| {
        // Transforms of real numbers: a frequency below the middle is the conjugate of one above it.
        let place = index.abs_diff(half);
        let sign = if index < half { -1.0 } else { 1.0 };
        let (r, i) = (real[place], imaginary[place]);
        let from_middle = place as f64;
        let correction = scale * (from_middle * from_middle * width).exp();
        (
            (r.re - sign * i.im) * correction,
            -(sign * r.im + i.re) * correction,
        )
    };
    (0..grid.count).map(at).unzip()
}

/// The weights turned by the frequency in the middle and spread over one turn of the frequency step.
fn spread(
    times: &[f64],
    weights: &[f64],
    (middle, step): (f64, f64),
    size: usize,
    width: f64,
) -> (Vec<f64>, Vec<f64>) {
    let cell = TAU / size as f64;
    let fall: Vec<f64> = (0..=SPREAD)
        .map(|cells| (-(cells as f64 * cell).powi(2) / (4.0 * width)).exp())
        .collect();
    let (mut real, mut imaginary) = (vec![0.0; size], vec![0.0; size]);
    for (&time, &weight) in times.iter().zip(weights) {
        let (sine, cosine) = (middle * time).sin_cos();
        let angle = (step * time).rem_euclid(TAU);
        let nearest = super::describe::floor_index(angle / cell).min(size - 1);
        let beyond = angle - nearest as f64 * cell;
        let peak = weight * (-beyond * beyond / (4.0 * width)).exp();
        let growth = (beyond * cell / (2.0 * width)).exp();
        let mut add = |place: usize, factor: f64| {
            let place = place & (size - 1);
            real[place] += factor * cosine;
            imaginary[place] -= factor * sine;
        };
        add(nearest, peak);
        let (mut above, mut below) = (peak, peak);
        for (cells, fall) in fall.iter().enumerate().skip(1) {
            above *= growth;
            below /= growth;
            add(nearest + cells, above * fall);
            add(nearest + size - cells, below * fall);
        }
    }
    (real, imaginary)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::chance::Chance;

    #[test]
    fn the_fast_sums_equal_the_slow_ones() {
        let mut chance = Chance::new(5);
        for (count, frequencies, step) in [
            (1, 1, 0.3),
            (40, 7, 2.0),
            (300, 600, 0.004),
            (90, 1001, 0.07),
        ] {
            let times: Vec<f64> = (0..count)
                .map(|index| f64::from(index) * 0.9 + 0.3 * chance.share())
                .collect();
            let weights: Vec<f64> = (0..count).map(|_| chance.normal()).collect();
            let grid = Grid {
                from: 0.02,
                step,
                count: frequencies,
            };
            let (cosines, sines) = sums(&times, &weights, &grid);
            let size: f64 = weights.iter().map(|weight| weight.abs()).sum();
            for index in 0..frequencies {
                let omega = grid.from + index as f64 * grid.step;
                let pairs = times.iter().zip(&weights);
                let (mut c, mut s) = (0.0, 0.0);
                for (time, weight) in pairs {
                    c += weight * (omega * time).cos();
                    s += weight * (omega * time).sin();
                }
                assert!((cosines[index] - c).abs() < 1e-11 * size, "{count} {index}");
                assert!((sines[index] - s).abs() < 1e-11 * size, "{count} {index}");
            }
        }
    }
}
