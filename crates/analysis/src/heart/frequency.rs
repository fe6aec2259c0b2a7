//! # Heart-rate variability in the frequency domain
//!
//! **What it measures.** Power of the variation of beat intervals in the very low (0.003–0.04 Hz),
//! low (0.04–0.15 Hz) and high (0.15–0.4 Hz) bands.
//!
//! **Inputs and units.** Normal intervals in milliseconds; power is ms², the ratio has no unit.
//!
//! **Method.** *Welch*: the intervals, placed at the beats that end them, are interpolated linearly
//! at 4 Hz; Hann segments of 256 samples (64 s) overlapping by half, zero-padded to 4096; power by
//! the trapezoidal rule over the grid points of a band, lower bound included. *Lomb-Scargle*: power
//! of the intervals at the beats, no interpolation, on a grid of five points per 1/duration, scaled
//! to ms² per Hz. The sums are computed together by a nonuniform Fourier transform to the precision of
//! summing them one by one.
//!
//! **Missing beats.** A pause ends the series beforehand; the spectrum is of a stretch without one.
//!
//! **Validity.** Two minutes for LF, one for HF; five minutes are the standard. Needs at least 64 s of beats.
//! The slowest wave of VLF lasts 333 s: Welch's segments of 64 s contain a fifth of it, so VLF is not given
//! from them however long the recording is. The periodogram sees the recording whole and gives it from five
//! minutes on; of one of five minutes VLF says little (Task Force 1996).
//!
//! **Versions.** 1. LF and HF of the Welch form equal `hrv-analysis` 1.0.5; `NeuroKit2` interpolates
//! quadratically at 100 Hz, `pyhrv` by splines with other segments: LF/HF of one recording is 0.47,
//! 0.34 and 0.29.
//!
//! **References.** Task Force 1996, doi:10.1161/01.CIR.93.5.1043. Laguna P et al. 1998,
//! doi:10.1109/10.678605.

use crate::maths::spectrum::{Spectrum, lomb_scargle_on_grid, welch};
use crate::method::Analysis;
use crate::outcome::Insufficient;

/// Band powers by Welch.
pub const BAND_POWER: Analysis = Analysis {
    id: "hrv_band_power",
    version: 1,
    unit: "ms²",
    title: "LF and HF power (Welch)",
};
/// Band powers by Lomb-Scargle.
pub const BAND_POWER_LOMB: Analysis = Analysis {
    id: "hrv_band_power_lomb",
    version: 1,
    unit: "ms²",
    title: "LF and HF power (Lomb-Scargle)",
};

const RATE_HZ: f64 = 4.0; // Task Force 1996 asks for 2 to 4
const SEGMENT: usize = 256; // samples: 64 s
const PADDED: usize = 4096; // samples of the transform
const VLF_HZ: (f64, f64) = (0.003, 0.04);
const VLF_STRETCH_S: f64 = 300.0; // Task Force 1996: no VLF of less than five minutes
const LF_HZ: (f64, f64) = (0.04, 0.15);
const HF_HZ: (f64, f64) = (0.15, 0.4);
const POINTS_PER_PEAK: f64 = 5.0; // grid points per 1/duration of the Lomb-Scargle spectrum

/// Power by band.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bands {
    /// Very low frequency power, ms², or why the spectrum cannot show it.
    pub vlf_ms2: Result<f64, Insufficient>,
    /// Low frequency power, ms².
    pub lf_ms2: f64,
    /// High frequency power, ms².
    pub hf_ms2: f64,
}

impl Bands {
    /// LF over HF.
    pub fn ratio(&self) -> f64 {
        self.lf_ms2 / self.hf_ms2
    }

    /// LF in percent of LF + HF.
    pub fn lf_normalised(&self) -> f64 {
        100.0 * self.lf_ms2 / (self.lf_ms2 + self.hf_ms2)
    }

    /// Of a spectrum of stretches of so many seconds.
    fn of(spectrum: &Spectrum, stretch_s: f64) -> Self {
        Self {
            vlf_ms2: if stretch_s >= VLF_STRETCH_S {
                Ok(spectrum.band(VLF_HZ.0, VLF_HZ.1))
            } else {
                let of = "seconds in each stretch of the spectrum";
                Err(Insufficient::new(of, VLF_STRETCH_S, stretch_s))
            },
            lf_ms2: spectrum.band(LF_HZ.0, LF_HZ.1),
            hf_ms2: spectrum.band(HF_HZ.0, HF_HZ.1),
        }
    }
}

/// Band powers by Welch's method.
pub fn by_welch(intervals_ms: &[f64]) -> Result<Bands, Insufficient> {
    let times = beat_times(intervals_ms)?;
    let signal = interpolated(&times, intervals_ms, RATE_HZ);
    Insufficient::unless("quarter seconds of beats", SEGMENT, signal.len())?;
    let spectrum = welch(&signal, RATE_HZ, SEGMENT, PADDED);
    Ok(Bands::of(&spectrum, SEGMENT as f64 / RATE_HZ))
}

/// Band powers by the Lomb-Scargle periodogram.
pub fn by_lomb_scargle(intervals_ms: &[f64]) -> Result<Bands, Insufficient> {
    let times = beat_times(intervals_ms)?;
    let duration = times[times.len() - 1];
    let step = 1.0 / duration / POINTS_PER_PEAK;
    let points = crate::maths::describe::floor_index(((HF_HZ.1 - VLF_HZ.0) / step).round()) + 1;
    let mut spectrum = lomb_scargle_on_grid(&times, intervals_ms, (VLF_HZ.0, step), points);
    // Scargle's power has expectation s² per frequency; over n values and half the mean rate of
    // beats it is spread like 2·duration/n per Hz.
    let density = 2.0 * duration / intervals_ms.len() as f64;
    for power in &mut spectrum.power {
        *power *= density;
    }
    Ok(Bands::of(
        &spectrum,
        intervals_ms.iter().sum::<f64>() / 1000.0,
    ))
}

/// Seconds from the first beat given to each of them.
fn beat_times(intervals_ms: &[f64]) -> Result<Vec<f64>, Insufficient> {
    Insufficient::unless("beat intervals", 32, intervals_ms.len())?;
    let mut total = 0.0;
    let first = intervals_ms[0];
    Ok(intervals_ms
        .iter()
        .map(|interval| {
            total += interval;
            (total - first) / 1000.0
        })
        .collect())
}

/// Linear interpolation at a regular rate from the first time to before the last.
fn interpolated(times: &[f64], values: &[f64], rate: f64) -> Vec<f64> {
    let last = times[times.len() - 1];
    let mut signal = Vec::new();
    let mut segment = 0;
    loop {
        let time = signal.len() as f64 / rate;
        if time >= last {
            return signal;
        }
        while times[segment + 1] < time {
            segment += 1;
        }
        let share = (time - times[segment]) / (times[segment + 1] - times[segment]);
        signal.push(values[segment] + share * (values[segment + 1] - values[segment]));
    }
}
