//! The table of beat-based variability: every measure of a stretch of beat intervals, by name.
//!
//! Correction is a step of its own and states what it changed. This file decides which measure may be
//! given for how long a stretch; the formulas are in the files beside it.

use super::artefact::{self, ARTEFACT, Rule};
use super::correction::{self, BEAT_CORRECTION, Fault};
use super::entropy::{
    self, APPROXIMATE_ENTROPY, SAMPLE_ENTROPY, approximate_entropy, sample_entropy,
};
use super::fluctuation::{ALPHA1, ALPHA2, alpha1, alpha2};
use super::frequency::{BAND_POWER, BAND_POWER_LOMB, Bands, by_lomb_scargle, by_welch};
use super::geometry::{TINN, TRIANGULAR_INDEX, geometry};
use super::poincare::{POINCARE, ellipse};
use super::time::{PNN50, RMSSD, SDNN, TimeDomain, time_domain};
use crate::method::Analysis;
use crate::outcome::Insufficient;

/// Intervals longer than this are pauses of the recording, not beats.
pub const PAUSE_MS: f64 = 5_000.0;
/// Share of corrected beats above which a stretch should not be used (Kubios; Lipponen 2019).
pub const CORRECTED_SHARE_MAX: f64 = 0.05;
/// Intervals up to which entropies are computed, about five hours: their cost grows with the square.
const ENTROPY_INTERVALS_MAX: usize = 20_000;
const _: () = assert!(ENTROPY_INTERVALS_MAX <= entropy::VALUES_MAX);
const TEMPLATE: usize = 2; // values of a template of the entropies, by custom
const HF_SECONDS: usize = 60; // Task Force 1996: ten of the longest waves
const LF_SECONDS: usize = 120; // Task Force 1996
const VLF_SECONDS: usize = 300; // Task Force 1996
const GEOMETRY_SECONDS: usize = 1_200; // Task Force 1996: 20 minutes

/// How faulty beats are treated before anything is computed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Treatment {
    /// Not at all.
    Kept,
    /// Found and put right beat by beat (Lipponen and Tarvainen 2019).
    Beats,
    /// Intervals further than so many milliseconds from the median around them are interpolated.
    Threshold(f64),
}

/// What the treatment changed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Changes {
    /// Ectopic beats.
    pub ectopic: usize,
    /// Beats that were not detected.
    pub missed: usize,
    /// Beats that were detected though there were none.
    pub extra: usize,
    /// Intervals that were too long or too short, or too far from the median.
    pub long_short: usize,
    /// Beats that were judged.
    pub beats: usize,
}

impl Changes {
    /// Beats changed.
    pub const fn count(&self) -> usize {
        self.ectopic + self.missed + self.extra + self.long_short
    }

    /// Share of beats changed; none without beats.
    pub fn share(&self) -> Option<f64> {
        (self.beats > 0).then(|| self.count() as f64 / self.beats as f64)
    }
}

impl Treatment {
    /// The method behind it, where there is one.
    pub const fn analysis(self) -> Option<&'static Analysis> {
        match self {
            Self::Kept => None,
            Self::Beats => Some(&BEAT_CORRECTION),
            Self::Threshold(_) => Some(&ARTEFACT),
        }
    }

    /// Intervals after the treatment, and what it changed.
    pub fn of(self, intervals_ms: &[f64]) -> Result<(Vec<f64>, Changes), Insufficient> {
        let mut changes = Changes {
            beats: intervals_ms.len() + 1,
            ..Changes::default()
        };
        match self {
            Self::Kept => Ok((intervals_ms.to_vec(), changes)),
            Self::Beats => {
                let corrected = correction::corrected(intervals_ms)?.value;
                for (_, fault) in &corrected.faults {
                    match fault {
                        Fault::Ectopic => changes.ectopic += 1,
                        Fault::Missed => changes.missed += 1,
                        Fault::Extra => changes.extra += 1,
                        Fault::LongShort => changes.long_short += 1,
                    }
                }
                Ok((corrected.intervals_ms, changes))
            }
            Self::Threshold(limit_ms) => {
                let marked = artefact::marked(intervals_ms, Rule::LocalMedian(limit_ms));
                changes.long_short = marked.iter().filter(|&&marked| marked).count();
                Ok((artefact::interpolated(intervals_ms, &marked)?, changes))
            }
        }
    }
}

/// Intervals in milliseconds between beats at microseconds; beats out of order are put in it.
pub fn between(at_us: &[i64]) -> Vec<f64> {
    let mut beats = at_us.to_vec();
    beats.sort_unstable();
    beats.dedup();
    let pairs = beats.windows(2);
    pairs
        .map(|pair| (pair[1] - pair[0]) as f64 / 1000.0)
        .collect()
}

/// The stretches between pauses, longest first; of equal ones the earlier.
pub fn stretches(intervals_ms: &[f64]) -> Vec<&[f64]> {
    let mut found: Vec<&[f64]> = intervals_ms
        .split(|interval| *interval > PAUSE_MS)
        .filter(|stretch| !stretch.is_empty())
        .collect();
    found.sort_by_key(|stretch| std::cmp::Reverse(stretch.len()));
    found
}

/// One measure of a stretch.
#[derive(Debug, Clone, Copy)]
pub struct Variability {
    /// Stable name.
    pub id: &'static str,
    /// Unit of the value.
    pub unit: &'static str,
    /// In words.
    pub title: &'static str,
    /// The method behind it.
    pub analysis: &'static Analysis,
    /// Computes it from corrected intervals.
    pub of: fn(&[f64]) -> Result<f64, Insufficient>,
}

const fn measure(
    id: &'static str,
    unit: &'static str,
    title: &'static str,
    analysis: &'static Analysis,
    of: fn(&[f64]) -> Result<f64, Insufficient>,
) -> Variability {
    Variability {
        id,
        unit,
        title,
        analysis,
        of,
    }
}

/// Every measure, in the order in which they are printed.
pub const ALL: &[Variability] = &[
    measure("interval_mean", "ms", "Mean interval", &SDNN, |x| {
        time(x, |found| found.mean_ms)
    }),
    measure(
        "heart_rate_mean",
        "/min",
        "Heart rate of the mean interval",
        &SDNN,
        |x| time(x, |found| 60_000.0 / found.mean_ms),
    ),
    measure("sdnn", "ms", "SDNN", &SDNN, |x| {
        time(x, |found| found.sdnn_ms)
    }),
    measure("rmssd", "ms", "RMSSD", &RMSSD, |x| {
        time(x, |found| found.rmssd_ms)
    }),
    measure("sdsd", "ms", "SDSD", &RMSSD, |x| {
        time(x, |found| found.sdsd_ms)
    }),
    measure("pnn50", "%", "pNN50", &PNN50, |x| {
        time(x, |found| found.pnn50_percent)
    }),
    measure("pnn20", "%", "pNN20", &PNN50, |x| {
        time(x, |found| found.pnn20_percent)
    }),
    measure("cvnn", "1", "CVNN", &SDNN, |x| time(x, |found| found.cvnn)),
    measure(
        "triangular_index",
        "1",
        "HRV triangular index",
        &TRIANGULAR_INDEX,
        |x| {
            lasting(x, GEOMETRY_SECONDS)?;
            Ok(geometry(x)?.triangular_index)
        },
    ),
    measure("tinn", "ms", "Triangular interpolation of NN", &TINN, |x| {
        lasting(x, GEOMETRY_SECONDS)?;
        Ok(geometry(x)?.tinn_ms)
    }),
    measure(
        "lf",
        "ms²",
        "LF power, 0.04–0.15 Hz (Welch)",
        &BAND_POWER,
        |x| welch(x, LF_SECONDS, |bands| bands.lf_ms2),
    ),
    measure(
        "hf",
        "ms²",
        "HF power, 0.15–0.4 Hz (Welch)",
        &BAND_POWER,
        |x| welch(x, HF_SECONDS, |bands| bands.hf_ms2),
    ),
    measure("lf_hf", "1", "LF/HF (Welch)", &BAND_POWER, |x| {
        welch(x, LF_SECONDS, Bands::ratio)
    }),
    measure(
        "lf_normalised",
        "%",
        "LF in percent of LF + HF (Welch)",
        &BAND_POWER,
        |x| welch(x, LF_SECONDS, Bands::lf_normalised),
    ),
    // Welch's segments are too short for this band.
    measure(
        "vlf_lomb",
        "ms²",
        "VLF power, 0.003–0.04 Hz (Lomb-Scargle)",
        &BAND_POWER_LOMB,
        |x| lomb(x, VLF_SECONDS, |bands| bands.vlf_ms2)?,
    ),
    measure(
        "lf_lomb",
        "ms²",
        "LF power (Lomb-Scargle)",
        &BAND_POWER_LOMB,
        |x| lomb(x, LF_SECONDS, |bands| bands.lf_ms2),
    ),
    measure(
        "hf_lomb",
        "ms²",
        "HF power (Lomb-Scargle)",
        &BAND_POWER_LOMB,
        |x| lomb(x, HF_SECONDS, |bands| bands.hf_ms2),
    ),
    measure("sd1", "ms", "Poincaré SD1", &POINCARE, |x| {
        Ok(ellipse(x)?.sd1_ms)
    }),
    measure("sd2", "ms", "Poincaré SD2", &POINCARE, |x| {
        Ok(ellipse(x)?.sd2_ms)
    }),
    measure(
        "sample_entropy",
        "nat",
        "Sample entropy",
        &SAMPLE_ENTROPY,
        |x| {
            entropic(x)?;
            sample_entropy(x, TEMPLATE, entropy::customary_tolerance(x))
        },
    ),
    measure(
        "approximate_entropy",
        "nat",
        "Approximate entropy",
        &APPROXIMATE_ENTROPY,
        |x| {
            entropic(x)?;
            approximate_entropy(x, TEMPLATE, entropy::customary_tolerance(x))
        },
    ),
    measure("dfa_alpha1", "1", "DFA alpha 1", &ALPHA1, |x| {
        Insufficient::unless("beat intervals", 300, x.len())?;
        Ok(alpha1(x)?.fit.slope)
    }),
    measure("dfa_alpha2", "1", "DFA alpha 2", &ALPHA2, |x| {
        Insufficient::unless("beat intervals", 1_000, x.len())?;
        Ok(alpha2(x)?.fit.slope)
    }),
];

/// DFA alpha 1 of a part of a stretch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Seconds from the first beat of the stretch.
    pub start_s: f64,
    /// Beat intervals in it.
    pub count: usize,
    /// The exponent, or why there is none.
    pub alpha1: Result<f64, Insufficient>,
}

/// Alpha 1 of consecutive windows, as it is followed through exercise. Two minutes hold fewer than the
/// 300 beats that a single value needs; at least 64 are required, and single windows are not to be read
/// as values of the person.
pub fn alpha1_windows(intervals_ms: &[f64], length_s: f64) -> Vec<Window> {
    let mut windows = Vec::new();
    let (mut from, mut start_ms, mut at_ms) = (0, 0.0, 0.0);
    for (index, interval) in intervals_ms.iter().enumerate() {
        at_ms += interval;
        if at_ms - start_ms >= length_s * 1000.0 {
            let part = &intervals_ms[from..=index];
            windows.push(Window {
                start_s: start_ms / 1000.0,
                count: part.len(),
                alpha1: alpha1(part).map(|found| found.fit.slope),
            });
            (from, start_ms) = (index + 1, at_ms);
        }
    }
    windows
}

fn time(intervals_ms: &[f64], of: fn(&TimeDomain) -> f64) -> Result<f64, Insufficient> {
    Ok(of(&time_domain(intervals_ms)?))
}

fn welch(intervals_ms: &[f64], seconds: usize, of: fn(&Bands) -> f64) -> Result<f64, Insufficient> {
    lasting(intervals_ms, seconds)?;
    Ok(of(&by_welch(intervals_ms)?))
}

fn lomb<T>(intervals_ms: &[f64], seconds: usize, of: fn(&Bands) -> T) -> Result<T, Insufficient> {
    lasting(intervals_ms, seconds)?;
    Ok(of(&by_lomb_scargle(intervals_ms)?))
}

fn lasting(intervals_ms: &[f64], seconds: usize) -> Result<(), Insufficient> {
    let has = intervals_ms.iter().sum::<f64>() / 1000.0;
    if has < seconds as f64 {
        return Err(Insufficient::new(
            "seconds of beats without a pause",
            seconds as f64,
            has.floor(),
        ));
    }
    Ok(())
}

fn entropic(intervals_ms: &[f64]) -> Result<(), Insufficient> {
    Insufficient::unless("beat intervals", 100, intervals_ms.len())?;
    if intervals_ms.len() > ENTROPY_INTERVALS_MAX {
        // Stated as what it is: the stretch has to be cut to at most so many.
        return Err(Insufficient::new(
            "beat intervals at most",
            ENTROPY_INTERVALS_MAX as f64,
            intervals_ms.len() as f64,
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A heart that breathes: 60 beats a minute, 0.25 Hz, with one beat missed.
    fn breathing(count: u32) -> Vec<f64> {
        let mut intervals = Vec::new();
        let mut at_s = 0.0;
        for _ in 0..count {
            let interval = 1000.0
                + 40.0 * (std::f64::consts::TAU * 0.25 * at_s).sin()
                + 7.0 * (std::f64::consts::TAU * 0.1 * at_s).sin();
            at_s += interval / 1000.0;
            intervals.push(interval);
        }
        intervals
    }

    /// Intervals around a second, spread like a bell.
    fn restless(count: u32) -> Vec<f64> {
        let mut chance = crate::maths::chance::Chance::new(7);
        (0..count)
            .map(|_| 1000.0 + 20.0 * chance.normal())
            .collect()
    }

    fn value(id: &str, intervals: &[f64]) -> Result<f64, Insufficient> {
        let found = ALL.iter().find(|measure| measure.id == id).unwrap();
        (found.of)(intervals)
    }

    #[test]
    fn every_measure_has_its_own_name_and_none_of_a_short_stretch_is_made_up() {
        let mut names: Vec<&str> = ALL.iter().map(|measure| measure.id).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
        for measure in ALL {
            assert!((measure.of)(&[]).is_err(), "{}", measure.id);
            let found = (measure.of)(&breathing(2_000));
            assert!(found.is_ok_and(f64::is_finite), "{}", measure.id);
        }
    }

    #[test]
    fn bands_need_their_waves() {
        let minute = breathing(70);
        assert!(value("hf", &minute).is_ok());
        assert!(value("lf", &minute).is_err() && value("lf_hf", &minute).is_err());
        let four = breathing(240);
        assert!(value("lf", &four).is_ok() && value("vlf_lomb", &four).is_err());
        assert!(value("hf", &four).unwrap() > 10.0 * value("lf", &four).unwrap());
    }

    #[test]
    fn a_missed_beat_is_found_put_right_and_counted() {
        let clean = restless(400);
        let (sound, none) = Treatment::Beats.of(&clean).unwrap();
        assert!(none.share().unwrap() < CORRECTED_SHARE_MAX);
        let mut missed = clean.clone();
        let doubled = missed.remove(200);
        missed[200] += doubled;
        let (corrected, changes) = Treatment::Beats.of(&missed).unwrap();
        assert_eq!(changes.missed, none.missed + 1);
        let rmssd = |intervals: &[f64]| value("rmssd", intervals).unwrap();
        assert!(rmssd(&missed) > 2.0 * rmssd(&sound));
        assert!((rmssd(&corrected) - rmssd(&sound)).abs() < 1.0);
        let (kept, unchanged) = Treatment::Kept.of(&missed).unwrap();
        assert_eq!((kept, unchanged.count()), (missed, 0));
    }

    #[test]
    fn breathing_is_no_fault() {
        let (same, changes) = Treatment::Beats.of(&breathing(400)).unwrap();
        assert_eq!(changes.count(), 0);
        let pairs = same.iter().zip(breathing(400));
        assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-6));
    }

    #[test]
    fn beats_become_intervals() {
        assert_eq!(
            between(&[3_000_000, 1_000_000, 1_800_000, 1_800_000]),
            [800.0, 1200.0]
        );
        assert!(between(&[]).is_empty() && between(&[7]).is_empty());
    }

    #[test]
    fn pauses_part_the_recording() {
        let found: Vec<usize> = stretches(&[800.0, 9_000.0, 810.0, 820.0, 6_000.0])
            .iter()
            .map(|stretch| stretch.len())
            .collect();
        assert_eq!(found, [2, 1]);
    }

    #[test]
    fn windows_follow_each_other() {
        let windows = alpha1_windows(&breathing(500), 120.0);
        assert_eq!(windows.len(), 4);
        assert!(windows.iter().all(|window| window.alpha1.is_ok()));
        assert!(alpha1_windows(&breathing(500), 30.0)[0].alpha1.is_err());
    }
}
