//! # Correction of beats (Lipponen and Tarvainen)
//!
//! **What it measures.** Which beats are ectopic, missed, extra, or too long or short, with
//! thresholds that follow the person, and the intervals with them put right.
//!
//! **Inputs and units.** Intervals between beats in milliseconds, in order and without gaps; beat k ends
//! interval k, beat 0 begins the first.
//!
//! **Method.** dRR = change of the interval, mRR = interval − median of 11 around it, doubled when
//! negative; each divided by its threshold, 5.2 times the quartile deviation of its size over 91
//! beats around. With S12 the larger (dRR positive) or smaller neighbour and S22 the smaller
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
//! **Versions.** 1. Classes and corrected beats equal `NeuroKit2` 0.2.13 (`kubios`, not iterated). The
//! paper interpolates the intervals of ectopic, long and short beats; moving the beat does the
//! same to two intervals at once.
//!
//! **References.** Lipponen JA, Tarvainen MP 2019, doi:10.1080/03091902.2019.1640306.

use crate::maths::describe::{mean, median, quantile_in_place};
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};

/// Beat correction.
pub const BEAT_CORRECTION: Analysis = Analysis {
    id: "beat_correction",
    version: 1,
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

/// Finds and corrects faulty beats; coverage is the share of beats without fault.
pub fn corrected(intervals_ms: &[f64]) -> Outcome<Corrected> {
    let faults = faults(intervals_ms)?;
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
    fn new(intervals_ms: &[f64]) -> Self {
        // The first beat has no interval; the mean stands in so that windows at the edge are usual.
        let mut interval = vec![mean(intervals_ms)];
        interval.extend_from_slice(intervals_ms);
        let mut change = vec![0.0];
        change.extend(interval.windows(2).map(|pair| pair[1] - pair[0]));
        change[0] = mean(&change[1..]);
        let median = windows(&interval, MEDIAN_AROUND, |window| median(window));
        let apart: Vec<f64> = interval
            .iter()
            .zip(&median)
            .map(|(value, middle)| value - middle)
            .map(|apart| if apart < 0.0 { 2.0 * apart } else { apart })
            .collect();
        let change_threshold = thresholds(&change);
        let threshold = thresholds(&apart);
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
pub fn faults(intervals_ms: &[f64]) -> Result<Vec<(usize, Fault)>, Insufficient> {
    let present = intervals_ms.iter().filter(|interval| interval.is_finite());
    Insufficient::unless(
        "beat intervals",
        LEAST.max(intervals_ms.len()),
        present.count(),
    )?;
    let signals = Signals::new(intervals_ms);
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

fn windows(values: &[f64], around: usize, mut of: impl FnMut(&mut [f64]) -> f64) -> Vec<f64> {
    let mut scratch = Vec::with_capacity(2 * around + 1);
    (0..values.len())
        .map(|index| {
            scratch.clear();
            let until = (index + around + 1).min(values.len());
            scratch.extend_from_slice(&values[index.saturating_sub(around)..until]);
            of(&mut scratch)
        })
        .collect()
}

/// 5.2 quartile deviations of the sizes around each beat.
fn thresholds(values: &[f64]) -> Vec<f64> {
    let sizes: Vec<f64> = values.iter().map(|value| value.abs()).collect();
    windows(&sizes, AROUND, |window| {
        let low = quantile_in_place(window, 0.25);
        let high = quantile_in_place(window, 0.75);
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
        let found = corrected(&beats).unwrap().value;
        assert_eq!(found.faults, [(21, Fault::Missed)]);
        assert!((found.intervals_ms[20] - joined / 2.0).abs() < 1e-9);
        assert_eq!(found.intervals_ms.len(), 60);

        let mut beats = quiet();
        let whole = beats[30];
        beats.splice(30..31, [0.4 * whole, 0.6 * whole]);
        let found = corrected(&beats).unwrap().value;
        assert_eq!(found.faults, [(31, Fault::Extra), (32, Fault::LongShort)]);
        assert!((found.intervals_ms[30] - whole).abs() < 25.0);
    }

    #[test]
    fn an_ectopic_beat_moves_to_the_middle() {
        let mut beats = quiet();
        beats[40] -= 250.0;
        beats[41] += 250.0;
        let found = corrected(&beats).unwrap().value;
        assert_eq!(found.faults, [(41, Fault::LongShort), (42, Fault::Ectopic)]);
        let rmssd_ms = crate::heart::time::rmssd(&found.intervals_ms).unwrap();
        assert!((rmssd_ms - 32.071_28).abs() < 1e-4, "{rmssd_ms}");
        let total: f64 = found.intervals_ms.iter().sum();
        assert!((total - quiet().iter().sum::<f64>()).abs() < 1e-6);
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
