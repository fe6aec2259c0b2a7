//! Power spectra: Welch and Lomb-Scargle periodograms.

use std::f64::consts::{PI, TAU};

use super::fourier::Transform;
use super::nonuniform::{Grid, sums};

/// A one-sided spectrum.
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrum {
    /// Frequencies in the unit of the sampling rate.
    pub frequency: Vec<f64>,
    /// Power per unit of frequency (Welch) or power (Lomb-Scargle).
    pub power: Vec<f64>,
}

impl Spectrum {
    /// Trapezoidal integral over `[from, until)`, taking the grid points inside it.
    pub fn band(&self, from: f64, until: f64) -> f64 {
        let inside: Vec<(f64, f64)> = self
            .frequency
            .iter()
            .copied()
            .zip(self.power.iter().copied())
            .filter(|&(frequency, _)| frequency >= from && frequency < until)
            .collect();
        inside
            .windows(2)
            .map(|pair| (pair[1].0 - pair[0].0) * (pair[0].1 + pair[1].1) / 2.0)
            .sum()
    }
}

/// Welch's averaged periodogram (Welch 1967) of a regular signal, Hann window, half overlap.
///
/// Each segment of `segment` samples has its mean removed, is windowed and zero-padded to
/// `padded` samples (a power of two at least as long). Power is one-sided, per unit of frequency.
pub fn welch(signal: &[f64], rate: f64, segment: usize, padded: usize) -> Spectrum {
    let segment = segment.min(signal.len());
    let padded = padded.max(segment).next_power_of_two();
    let window: Vec<f64> = (0..segment)
        .map(|k| 0.5 - 0.5 * (2.0 * PI * k as f64 / segment as f64).cos())
        .collect();
    let energy: f64 = window.iter().map(|weight| weight * weight).sum();
    let bins = padded / 2 + 1;
    let mut power = vec![0.0; bins];
    let mut segments = 0;
    let hop = segment - segment / 2;
    let mut transform = Transform::new(padded);
    let mut start = 0;
    while start + segment <= signal.len() {
        let part = &signal[start..start + segment];
        let centre = super::describe::mean(part);
        let spectrum = transform.of(|slots| {
            for (slot, (value, weight)) in slots.iter_mut().zip(part.iter().zip(&window)) {
                *slot = (value - centre) * weight;
            }
        });
        for (total, value) in power.iter_mut().zip(spectrum) {
            *total += value.norm_sqr();
        }
        segments += 1;
        start += hop;
    }
    let scale = 1.0 / (rate * energy * f64::from(segments));
    for (bin, value) in power.iter_mut().enumerate() {
        let sides = if bin == 0 || bin == padded / 2 {
            1.0
        } else {
            2.0
        };
        *value *= scale * sides;
    }
    let frequency = (0..bins)
        .map(|bin| bin as f64 * rate / padded as f64)
        .collect();
    Spectrum { frequency, power }
}

/// Lomb-Scargle power of unevenly timed values (Lomb 1976, Scargle 1982) at each frequency.
///
/// The mean is removed first. Normalisation is Scargle's: half the sum of the two projections, so
/// that white noise of variance s² has expectation s².
pub fn lomb_scargle(times: &[f64], values: &[f64], frequencies: &[f64]) -> Spectrum {
    let centre = super::describe::mean(values);
    let power = frequencies
        .iter()
        .map(|&frequency| lomb_at(times, values, centre, frequency))
        .collect();
    Spectrum {
        frequency: frequencies.to_vec(),
        power,
    }
}

/// [`lomb_scargle`] at `count` frequencies from `from` in steps of `step`, in n log n.
pub fn lomb_scargle_on_grid(
    times: &[f64],
    values: &[f64],
    (from, step): (f64, f64),
    count: usize,
) -> Spectrum {
    let centre = super::describe::mean(values);
    let apart: Vec<f64> = values.iter().map(|value| value - centre).collect();
    let grid = |turn: f64| Grid {
        from: turn * from,
        step: turn * step,
        count,
    };
    let (yc, ys) = sums(times, &apart, &grid(TAU));
    let (c2, s2) = sums(times, &vec![1.0; times.len()], &grid(2.0 * TAU));
    let all = times.len() as f64;
    let power = (0..count).map(|index| {
        let (c2, s2) = (c2[index], s2[index]);
        let energies = (f64::midpoint(all, c2), f64::midpoint(all, -c2));
        scargle((yc[index], ys[index]), energies, (c2, s2))
    });
    Spectrum {
        power: power.collect(),
        frequency: (0..count).map(|index| from + index as f64 * step).collect(),
    }
}

fn lomb_at(times: &[f64], values: &[f64], centre: f64, frequency: f64) -> f64 {
    let omega = TAU * frequency;
    let (mut sc, mut ss, mut yc, mut ys) = (0.0, 0.0, 0.0, 0.0);
    let (mut c2, mut s2) = (0.0, 0.0);
    for (&time, &value) in times.iter().zip(values) {
        let (sine, cosine) = (omega * time).sin_cos();
        let y = value - centre;
        yc += y * cosine;
        ys += y * sine;
        sc += cosine * cosine;
        ss += sine * sine;
        c2 += cosine * cosine - sine * sine;
        s2 += 2.0 * sine * cosine;
    }
    scargle((yc, ys), (sc, ss), (c2, s2))
}

/// Scargle's power from the sums of y cos and y sin, of cos² and sin², and of cos and sin of twice the angle.
fn scargle((yc, ys): (f64, f64), (sc, ss): (f64, f64), (c2, s2): (f64, f64)) -> f64 {
    let tau = 0.5 * s2.atan2(c2);
    let (st, ct) = tau.sin_cos();
    let cross = s2 / 2.0;
    let cosines = sc * ct * ct + 2.0 * cross * st * ct + ss * st * st;
    let sines = ss * ct * ct - 2.0 * cross * st * ct + sc * st * st;
    let along = yc * ct + ys * st;
    let across = ys * ct - yc * st;
    let part = |projection: f64, energy: f64| {
        if energy > 1e-12 {
            projection * projection / energy
        } else {
            0.0
        }
    };
    0.5 * (part(along, cosines) + part(across, sines))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::chance::Chance;

    #[test]
    fn the_spectrum_on_a_grid_equals_the_definition() {
        let mut chance = Chance::new(3);
        for count in [64_u32, 331, 1_500] {
            let mut time = 0.0;
            let times: Vec<f64> = (0..count)
                .map(|_| {
                    time += 0.8 + 0.3 * chance.share();
                    time
                })
                .collect();
            let values: Vec<f64> = times
                .iter()
                .map(|time| 900.0 + 40.0 * (TAU * 0.21 * time).sin() + 9.0 * chance.normal())
                .collect();
            let step = 0.2 / time;
            let points = super::super::describe::floor_index(0.397 / step) + 1;
            let fast = lomb_scargle_on_grid(&times, &values, (0.003, step), points);
            let slow = lomb_scargle(&times, &values, &fast.frequency);
            let greatest = slow.power.iter().copied().fold(0.0, f64::max);
            for (fast, slow) in fast.power.iter().zip(&slow.power) {
                assert!(
                    (fast - slow).abs() < 1e-10 * slow.max(1e-3 * greatest),
                    "{fast} {slow}"
                );
            }
        }
    }
}
