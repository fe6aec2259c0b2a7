//! # Correction of beats (Lipponen and Tarvainen)
//!
//! **What it measures.** Which beats are ectopic, missed, extra, or too long or short, with
//! thresholds that follow the person, and the intervals with them put right.
//!
//! **Inputs and units.** Intervals between beats in milliseconds, in order and without gaps; beat k ends
//! interval k, beat 0 begins the first.
//!
//! **Method.** dRR = change of the interval, mRR = interval − median of 11 around it, doubled when
//! negative; each divided by its threshold, 5.2 times the quartile deviation over 91 beats around, which
//! covers 99.95 % of normally distributed changes (5.2 · 0.6745 = 3.51 standard deviations). With S12 the larger (dRR positive) or smaller neighbour and S22 the smaller
//! (larger) of the two next: *ectopic* when dRR > 1 and S12 < −0.13·dRR − 0.17, or dRR < −1 and S12 >
//! −0.13·dRR + 0.17. Else *long* when dRR > 1 and S22 < −1, *short* when dRR < −1 and S22 > 1, or
//! |mRR| > 3; also judged for the next beat when dRR grows after it. A short one is an *extra* beat when it and
//! the next interval together are within the threshold of the median; a long one a *missed* beat when its
//! half is. Correction: an extra beat is removed, a missed one put in the middle of its interval, and
//! ectopic, long and short beats are moved midway between their neighbours. The length of the
//! recording stays the same.
//!
//! **Missing epochs.** A pause in the recording must end the series: it would be a row of missed beats.
//!
//! **Validity.** 30 intervals; the last two are not judged. More than 5 % corrected and the recording
//! should not be used for variability. Where the quartile deviation is 0 nothing is judged.
//!
//! **Population.** Electrocardiograms with annotated beats (Lipponen 2019). Beats from the pulse at the wrist have
//! faults of another kind, and atrial fibrillation is no series of faults: with more than a few percent corrected the
//! values should not be used.
//!
//! **Versions.** 2. `NeuroKit2` and others take the quartile deviation of the sizes, as version 1 did: then
//! 5.2 of them are 2.16 standard deviations and cover 96.9 %, and a rhythm whose changes are all of one
//! size, as a sine of four beats has, gets a threshold near 0 and half of its beats marked. That form is
//! kept as [`Spread::OfSizes`]; its classes and corrected beats equal `NeuroKit2` 0.2.13 (`kubios`, not
//! iterated). The paper interpolates the intervals of ectopic, long and short beats; moving the beat does the
//! same to two intervals at once.
//!
//! **References.** Lipponen JA, Tarvainen MP 2019, doi:10.1080/03091902.2019.1640306.

use crate::maths::describe::{mean, quantile_of_sorted};
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};

/// Beat correction.
pub const BEAT_CORRECTION: Analysis = Analysis {
    id: "beat_correction",
    version: 2,
    unit: "beats",
    title: "Correction of beats (Lipponen and Tarvainen)",
};

const LEAST: usize = 30; // intervals
const SLOPE: f64 = 0.13; // c1 of the paper
const OFFSET: f64 = 0.17; // c2 of the paper
const ALPHA: f64 = 5.2; // quartile deviations that make a threshold
const AROUND: usize = 45; // beats each side of a threshold: 91 in all
const MEDIAN_AROUND: usize = 5; // beats each side of the median: 11 in all
const FAR: f64 = 3.0; // thresholds from the median that no beat has

/// What is wrong with a beat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Comes too early and is followed by a pause, or the reverse.
    Ectopic,
    /// A beat before it was not detected.
    Missed,
    /// Was detected though there was none.
    Extra,
    /// Its interval is too long or too short.
    LongShort,
}

/// Faults and what is left when they are put right.
#[derive(Debug, Clone, PartialEq)]
pub struct Corrected {
    /// Faulty beats in order; beat k ends interval k − 1.
    pub faults: Vec<(usize, Fault)>,
    /// The intervals after correction, milliseconds.
    pub intervals_ms: Vec<f64>,
}

/// What the quartile deviation of a threshold is taken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// The changes with their sign: 5.2 of them cover 99.95 % of normal ones, as published.
    OfChanges,
    /// Their sizes, as other programs do: the thresholds are 1.6 times narrower.
    OfSizes,
}

/// Finds and corrects faulty beats; coverage is the share of beats without fault.
pub fn corrected(intervals_ms: &[f64]) -> Outcome<Corrected> {
    corrected_with(intervals_ms, Spread::OfChanges)
}

/// [`corrected`] with thresholds by a named spread.
pub fn corrected_with(intervals_ms: &[f64], spread: Spread) -> Outcome<Corrected> {
    let faults = faults(intervals_ms, spread)?;
    let mut beats = vec![0.0];
    for interval in intervals_ms {
        beats.push(beats[beats.len() - 1] + interval);
    }
    let sound = 1.0 - faults.len() as f64 / beats.len() as f64;
    let beats = put_right(&beats, &faults);
    let corrected = Corrected {
        faults,
        intervals_ms: beats.windows(2).map(|pair| pair[1] - pair[0]).collect(),
    };
    Ok(Measured::new(corrected, sound))
}

/// The series that the classification reads, one value per beat.
struct Signals {
    interval: Vec<f64>,
    change: Vec<f64>,
    from_median: Vec<f64>,
    median: Vec<f64>,
    threshold: Vec<f64>,
}

impl Signals {
    fn new(intervals_ms: &[f64], spread: Spread) -> Self {
        // The first beat has no interval; the mean stands in so that windows at the edge are usual.
        let mut interval = vec![mean(intervals_ms)];
        interval.extend_from_slice(intervals_ms);
        let mut change = vec![0.0];
        change.extend(interval.windows(2).map(|pair| pair[1] - pair[0]));
        change[0] = mean(&change[1..]);
        let median = windows(&interval, MEDIAN_AROUND, |window| {
            quantile_of_sorted(window, 0.5)
        });
        let apart: Vec<f64> = interval
            .iter()
            .zip(&median)
            .map(|(value, middle)| value - middle)
            .map(|apart| if apart < 0.0 { 2.0 * apart } else { apart })
            .collect();
        let change_threshold = thresholds(&change, spread);
        let threshold = thresholds(&apart, spread);
        Self {
            change: ratios(&change, &change_threshold),
            from_median: ratios(&apart, &threshold),
            interval,
            median,
            threshold,
        }
    }

    /// Change at a beat, mirrored at both ends.
    fn change_at(&self, index: usize, offset: usize, forward: bool) -> f64 {
        let last = self.change.len() - 1;
        let at = if forward {
            let at = index + offset;
            if at > last { 2 * last - at } else { at }
        } else {
            index.abs_diff(offset)
        };
        self.change[at]
    }

    fn is_ectopic(&self, index: usize) -> bool {
        let change = self.change[index];
        let before = self.change_at(index, 1, false);
        let after = self.change_at(index, 1, true);
        let longer = change > 1.0 && before.max(after) < -SLOPE * change - OFFSET;
        let shorter = change < -1.0 && before.min(after) > -SLOPE * change + OFFSET;
        longer || shorter
    }

    /// The fault of a beat that is not ectopic, if any.
    fn long_or_short(&self, index: usize) -> Option<Fault> {
        let change = self.change[index];
        let next = self.change_at(index, 1, true);
        let second = self.change_at(index, 2, true);
        let long = change > 1.0 && next.min(second) < -1.0;
        let short = change < -1.0 && next.max(second) > 1.0;
        if !(long || short || self.from_median[index].abs() > FAR) {
            return None;
        }
        let near = |interval: f64| (interval - self.median[index]).abs() < self.threshold[index];
        let following = self.interval.get(index + 1).copied().unwrap_or(f64::NAN);
        Some(if short && near(self.interval[index] + following) {
            Fault::Extra
        } else if long && near(self.interval[index] / 2.0) {
            Fault::Missed
        } else {
            Fault::LongShort
        })
    }
}

/// Faulty beats in order.
fn faults(intervals_ms: &[f64], spread: Spread) -> Result<Vec<(usize, Fault)>, Insufficient> {
    let present = intervals_ms.iter().filter(|interval| interval.is_finite());
    Insufficient::unless(
        "beat intervals",
        LEAST.max(intervals_ms.len()),
        present.count(),
    )?;
    let signals = Signals::new(intervals_ms, spread);
    let judged = signals.interval.len() - 2;
    let mut found = Vec::new();
    let mut index = 0;
    while index < judged {
        let change = signals.change[index].abs();
        if change <= 1.0 {
            index += 1;
            continue;
        }
        if signals.is_ectopic(index) {
            found.push((index, Fault::Ectopic));
            index += 1;
            continue;
        }
        if !(change > 1.0 || signals.from_median[index].abs() > FAR) {
            index += 1;
            continue;
        }
        let next_too = signals.change[index + 1].abs() < signals.change[index + 2].abs();
        let until = index + 1 + usize::from(next_too);
        for beat in index..until {
            found.extend(signals.long_or_short(beat).map(|fault| (beat, fault)));
        }
        index = until;
    }
    Ok(found)
}

/// Something of the values around each, in order; a window moves on by one value out and one in.
fn windows(values: &[f64], around: usize, mut of: impl FnMut(&[f64]) -> f64) -> Vec<f64> {
    let mut sorted: Vec<f64> = Vec::with_capacity(2 * around + 2);
    let place =
        |sorted: &[f64], value: f64| sorted.partition_point(|held| held.total_cmp(&value).is_lt());
    for &value in &values[..around.min(values.len())] {
        sorted.insert(place(&sorted, value), value);
    }
    (0..values.len())
        .map(|index| {
            if let Some(&value) = values.get(index + around) {
                sorted.insert(place(&sorted, value), value);
            }
            if let Some(gone) = index.checked_sub(around + 1) {
                sorted.remove(place(&sorted, values[gone]));
            }
            of(&sorted)
        })
        .collect()
}

/// 5.2 quartile deviations of the values around each beat.
fn thresholds(values: &[f64], spread: Spread) -> Vec<f64> {
    let judged: Vec<f64> = match spread {
        Spread::OfChanges => values.to_vec(),
        Spread::OfSizes => values.iter().map(|value| value.abs()).collect(),
    };
    windows(&judged, AROUND, |window| {
        let low = quantile_of_sorted(window, 0.25);
        let high = quantile_of_sorted(window, 0.75);
        ALPHA * (high - low) / 2.0
    })
}

/// Values in thresholds; NaN where the threshold is 0.
fn ratios(values: &[f64], thresholds: &[f64]) -> Vec<f64> {
    let pairs = values.iter().zip(thresholds);
    pairs
        .map(|(value, &threshold)| {
            if threshold > 0.0 {
                value / threshold
            } else {
                f64::NAN
            }
        })
        .collect()
}

/// Removes extra beats, adds missed ones, then moves ectopic and afterwards long and short ones.
fn put_right(beats: &[f64], faults: &[(usize, Fault)]) -> Vec<f64> {
    let mut kept: Vec<(f64, Option<Fault>)> = Vec::with_capacity(beats.len() + faults.len());
    let mut faults = faults.iter().peekable();
    for (index, &beat) in beats.iter().enumerate() {
        let fault = faults
            .next_if(|(at, _)| *at == index)
            .map(|(_, fault)| *fault);
        match (fault, kept.last()) {
            (Some(Fault::Extra), _) => continue,
            (Some(Fault::Missed), Some(&(before, _))) => {
                kept.push((f64::midpoint(before, beat), None));
            }
            _ => {}
        }
        kept.push((beat, fault));
    }
    for moved in [Fault::Ectopic, Fault::LongShort] {
        let before = kept.clone();
        for index in 2..before.len().saturating_sub(1) {
            if before[index].1 == Some(moved) {
                kept[index].0 = f64::midpoint(before[index - 1].0, before[index + 1].0);
            }
        }
        kept.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    kept.into_iter().map(|(beat, _)| beat).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A quiet breathing rhythm of 60 beats.
    fn quiet() -> Vec<f64> {
        let beat = |index: i32| 900.0 + 20.0 * (f64::from(index) * 0.9).sin();
        (0..60).map(beat).collect()
    }

    #[test]
    fn a_quiet_rhythm_has_no_faults() {
        let found = corrected(&quiet()).unwrap();
        assert_eq!(found.value.faults, []);
        assert!((found.coverage - 1.0).abs() < 1e-12);
        let same = found.value.intervals_ms.iter().zip(quiet());
        assert!(same.into_iter().all(|(a, b)| (a - b).abs() < 1e-9));
    }

    /// The faults of this and the next test are those of `NeuroKit2` 0.2.13 on the same beats.
    #[test]
    fn a_missed_and_an_extra_beat_are_put_right() {
        let mut beats = quiet();
        let joined = beats[20] + beats[21];
        beats.splice(20..22, [joined]);
        let found = corrected_with(&beats, Spread::OfSizes).unwrap().value;
        assert_eq!(found.faults, [(21, Fault::Missed)]);
        assert!((found.intervals_ms[20] - joined / 2.0).abs() < 1e-9);
        assert_eq!(found.intervals_ms.len(), 60);

        let mut beats = quiet();
        let whole = beats[30];
        beats.splice(30..31, [0.4 * whole, 0.6 * whole]);
        let found = corrected_with(&beats, Spread::OfSizes).unwrap().value;
        assert_eq!(found.faults, [(31, Fault::Extra), (32, Fault::LongShort)]);
        assert!((found.intervals_ms[30] - whole).abs() < 25.0);
    }

    #[test]
    fn an_ectopic_beat_moves_to_the_middle() {
        let mut beats = quiet();
        beats[40] -= 250.0;
        beats[41] += 250.0;
        let found = corrected_with(&beats, Spread::OfSizes).unwrap().value;
        assert_eq!(found.faults, [(41, Fault::LongShort), (42, Fault::Ectopic)]);
        let rmssd_ms = crate::heart::time::rmssd(&found.intervals_ms).unwrap();
        assert!((rmssd_ms - 32.071_28).abs() < 1e-4, "{rmssd_ms}");
        let total: f64 = found.intervals_ms.iter().sum();
        assert!((total - quiet().iter().sum::<f64>()).abs() < 1e-6);
    }

    /// A sine of four beats changes by one size only: the spread of sizes is nothing, that of changes is not.
    #[test]
    fn a_breathing_rhythm_of_any_length_has_no_faults() {
        let share = |beats: &[f64], spread| {
            let found = corrected_with(beats, spread).unwrap().value.faults;
            found.len() as f64 / beats.len() as f64
        };
        for cycles_per_beat in [0.02, 0.05, 0.1, 0.2, 0.24, 0.25, 0.26, 0.3, 0.4, 0.49] {
            for slow_ms in [0.0, 7.0] {
                let beat = |index: u32| {
                    let turns = std::f64::consts::TAU * f64::from(index);
                    1000.0 + 40.0 * (turns * cycles_per_beat).sin() + slow_ms * (turns * 0.1).sin()
                };
                let beats: Vec<f64> = (0..400).map(beat).collect();
                let found = share(&beats, Spread::OfChanges);
                assert!(found < 1e-12, "{cycles_per_beat} {slow_ms}: {found}");
            }
        }
        // Breathing every four seconds at a beat a second: the sizes are nearly all alike.
        let mut at_s = 0.0;
        let four: Vec<f64> = (0..400_u32)
            .map(|_| {
                let beat = 1000.0 + 40.0 * (std::f64::consts::TAU * 0.25 * at_s).sin();
                at_s += beat / 1000.0;
                beat
            })
            .collect();
        // 226 of 400 by NeuroKit2 0.2.13.
        assert!((share(&four, Spread::OfSizes) - 226.0 / 400.0).abs() < 0.01);
        assert!(share(&four, Spread::OfChanges) < 1e-12);
    }

    /// In a rhythm like a person's, each kind of fault is found where it was put, and little else.
    #[test]
    fn faults_are_found_among_natural_beats() {
        let mut chance = crate::maths::chance::Chance::new(21);
        let mut slow = 0.0;
        let clean: Vec<f64> = (0..600_u32)
            .map(|index| {
                slow = 0.97 * slow + 5.0 * chance.normal();
                900.0 + slow + 25.0 * (f64::from(index) * 1.4).sin() + 10.0 * chance.normal()
            })
            .collect();
        let few = corrected(&clean).unwrap().value.faults.len();
        assert!(few <= 3, "{few}");
        let mut beats = clean.clone();
        beats[100] -= 250.0;
        beats[101] += 250.0;
        let joined = beats[300] + beats[301];
        beats.splice(300..302, [joined]);
        let whole = beats[450];
        beats.splice(450..451, [0.4 * whole, 0.6 * whole]);
        let found = corrected(&beats).unwrap().value.faults;
        let near = |at: usize| found.iter().any(|(beat, _)| beat.abs_diff(at) <= 1);
        assert!(near(101), "{found:?}");
        assert!(found.contains(&(301, Fault::Missed)), "{found:?}");
        assert!(found.contains(&(451, Fault::Extra)), "{found:?}");
        assert!(found.len() <= few + 6, "{found:?}");
    }

    #[test]
    fn gaps_and_short_series_are_refused() {
        assert!(corrected(&[900.0; 29]).is_err());
        let mut beats = quiet();
        beats[5] = f64::NAN;
        assert!(corrected(&beats).is_err());
        assert_eq!(corrected(&[900.0; 60]).unwrap().value.faults, []);
    }
}
