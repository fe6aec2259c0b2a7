//! # Roenneberg sleep bouts
//!
//! **What it measures.** Consolidated bouts of sleep from activity alone, with their onset and
//! offset.
//!
//! **Inputs and units.** Activity of any unit and any epoch that divides half an hour.
//!
//! **Method.** An epoch is still when its value is below 15 % of the centred 24-hour mean (at least
//! 12 hours of it present). A run of at least 30 still minutes seeds a bout. For a seed, the
//! stillness of the next 12 hours is correlated (Pearson) with a test series that is 1 for the
//! first k epochs and 0 after; k grows from the length of the seed. A correlation is a peak when it
//! exceeds all those of the following 30 minutes; the highest peak gives the length of the bout. A
//! seed without a peak makes none, and the next seed is sought after the end of a bout.
//!
//! **Missing epochs.** A missing epoch is not scored and counts as not still, and so does one whose mean does
//! not exist.
//!
//! **Validity.** Twelve hours at least, a week is customary; some movement. An epoch without movement is still,
//! whatever the mean. A run of stillness as long as the 12 hours in which its end is sought is not scored: the
//! method has no bout that long, and whether such stillness is sleep, illness or a device on a table it cannot
//! tell. Nor is stillness whose end is not found before the recording ends: a night that is cut is no
//! wakefulness, and no bout of known length.
//!
//! **Population.** Adults in daily life with a device at the wrist, compared with their sleep logs (Roenneberg 2015).
//! The threshold is the person's own: for people who hardly move by day (bedridden, very old) it says little.
//!
//! **Versions.** 4 (3 scored the stillness in which a recording ends as awake; 2 did so with stillness of 12 hours and
//! more, 1 with a recording without any movement). Elsewhere equal to `pyActigraphy` 1.2.2 at the native epoch, which
//! scores such stillness as awake.
//!
//! **References.** Roenneberg T et al. 2015, Methods Enzymol 552:257, doi:10.1016/bs.mie.2014.11.028.

use super::scored::{Scored, State};
use crate::maths::run::runs;
use crate::maths::window::moving_mean;
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::series::{HOUR_S, MINUTE_S, Series};

/// Roenneberg scoring.
pub const ROENNEBERG: Analysis = Analysis {
    id: "roenneberg",
    version: 4,
    unit: "epochs",
    title: "Sleep bouts by Roenneberg",
};

const STILL_SHARE: f64 = 0.15; // of the 24-hour mean
const LONGEST_S: u32 = 12 * HOUR_S; // window in which a bout is sought
const SEED_S: u32 = 30 * MINUTE_S; // shortest stillness that seeds a bout
const PEAK_S: u32 = 30 * MINUTE_S; // span a peak must dominate

/// Scores a series: bouts are sleep.
pub fn score(series: &Series) -> Outcome<Scored> {
    let day = series.epochs_per_day()?;
    Insufficient::unless("epochs of half a day", day / 2, series.present())?;
    if series
        .values()
        .iter()
        .all(|value| value.is_nan() || *value <= 0.0)
    {
        return Err(Insufficient::new("epochs with movement", 1.0, 0.0));
    }
    let seed = series.epochs_in(SEED_S)?;
    let peak = series.epochs_in(PEAK_S)?;
    let longest = series.epochs_in(LONGEST_S)?;
    let trend = moving_mean(
        series.values(),
        day / 2,
        (day / 2).saturating_sub(1),
        day / 2,
    );
    let judged: Vec<Option<bool>> = series
        .values()
        .iter()
        .zip(&trend)
        .map(|(value, mean)| {
            let is_still = *value < STILL_SHARE * mean || (*value <= 0.0 && *mean <= 0.0);
            (!value.is_nan() && !mean.is_nan()).then_some(is_still)
        })
        .collect();
    let still: Vec<bool> = judged.iter().map(|epoch| epoch.unwrap_or(false)).collect();
    let mut states: Vec<Option<State>> = judged
        .iter()
        .map(|epoch| epoch.map(|_| State::Wake))
        .collect();
    let mut from = 0;
    for run in runs(&still)
        .into_iter()
        .filter(|run| run.value && run.len() >= seed)
    {
        if run.from < from {
            continue;
        }
        if run.len() >= longest {
            states[run.from..run.until].fill(None);
            continue;
        }
        let ahead = &still[run.from..(run.from + longest).min(still.len())];
        if let Some(length) = bout_length(ahead, run.len(), peak) {
            from = run.from + length;
            states[run.from..from].fill(Some(State::Sleep));
        } else if ahead.len() < longest {
            // The recording ends before the bout does.
            let last = ahead.iter().rposition(|&epoch| epoch).unwrap_or(0);
            from = run.from + last + 1;
            states[run.from..from].fill(None);
        }
    }
    Ok(Measured::new(
        Scored::like(series, states),
        series.coverage(),
    ))
}

/// Length at which the correlation with a leading block of ones has its highest peak.
fn bout_length(still: &[bool], seed: usize, peak: usize) -> Option<usize> {
    let count = still.len() as f64;
    let total = still.iter().filter(|&&epoch| epoch).count() as f64;
    if seed >= still.len() || total >= count {
        return None;
    }
    let mut within = still[..seed].iter().filter(|&&epoch| epoch).count() as f64;
    let mut correlation = Vec::with_capacity(still.len() - seed);
    for (offset, &epoch) in still[seed..].iter().enumerate() {
        let ones = (seed + offset) as f64;
        // The variance of the data is common to all and left out.
        correlation.push((count * within - ones * total) / (ones * (count - ones)).sqrt());
        within += f64::from(u8::from(epoch));
    }
    let mut best: Option<(usize, f64)> = None;
    let highest = following_maximum(&correlation, peak);
    for (offset, (&value, &following)) in correlation.iter().zip(&highest).enumerate() {
        if value > following && best.is_none_or(|(_, known)| value > known) {
            best = Some((seed + offset, value));
        }
    }
    best.map(|(length, _)| length)
}

/// Largest of the `span` values after each one, for those that have so many; by a falling queue.
fn following_maximum(values: &[f64], span: usize) -> Vec<f64> {
    let mut highest = Vec::with_capacity(values.len().saturating_sub(span));
    let mut queue: std::collections::VecDeque<usize> = std::collections::VecDeque::new();
    for (index, value) in values.iter().enumerate().skip(1) {
        while queue.back().is_some_and(|&last| values[last] <= *value) {
            queue.pop_back();
        }
        queue.push_back(index);
        if index >= span {
            while queue.front().is_some_and(|&first| first + span <= index) {
                queue.pop_front();
            }
            highest.push(values[queue[0]]);
        }
    }
    highest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three days awake from 7 to 23 h, in minutes.
    fn three_days() -> Vec<f64> {
        let awake = |minute: u32| (420..1380).contains(&(minute % 1440));
        (0..3 * 1440_u32)
            .map(|minute| if awake(minute) { 100.0 } else { 0.0 })
            .collect()
    }

    fn states(values: Vec<f64>) -> Vec<Option<State>> {
        let scored = score(&Series::new(0, MINUTE_S, values)).unwrap().value;
        scored.states().to_vec()
    }

    #[test]
    fn long_stillness_is_not_scored() {
        let clean = states(three_days());
        // The stillness of the last hour is cut by the end: nobody knows how long it lasted.
        let (scored, cut) = clean.split_at(3 * 1440 - 60);
        assert!(scored.iter().all(Option::is_some));
        assert!(cut.iter().all(Option::is_none));
        assert_eq!(clean[1440 + 180], Some(State::Sleep));
        for hours in [12, 18, 30] {
            let mut values = three_days();
            // From 7 h of the second day.
            let (from, until) = (1440 + 420, 1440 + 420 + hours * 60);
            values[from..until].fill(0.0);
            let found = states(values);
            assert!(found[from..until].iter().all(Option::is_none), "{hours} h");
            assert_eq!(found[420], Some(State::Wake), "{hours} h");
        }
    }

    #[test]
    fn a_night_that_the_end_cuts_is_not_scored() {
        let whole = states(three_days());
        // The third night begins at 23 h and is cut so many minutes later; stirring once changes nothing.
        for (minutes, stirs) in [(40, false), (240, false), (240, true), (420, true)] {
            let onset = 1440 + 1380;
            let mut values = three_days()[..onset + minutes].to_vec();
            if stirs {
                values[onset + 100..onset + 103].fill(50.0);
            }
            let found = states(values);
            assert_eq!(found[onset - 1], Some(State::Wake), "{minutes}");
            let cut = &found[onset..];
            let unscored = cut.iter().filter(|state| state.is_none()).count();
            assert!(unscored * 10 >= cut.len() * 5, "{minutes}: {unscored}");
            let awake = cut
                .iter()
                .filter(|&&state| state == Some(State::Wake))
                .count();
            assert!(awake <= 3, "{minutes}: {awake}");
            assert_eq!(found[..1440 + 420], whole[..1440 + 420], "{minutes}");
        }
        // Awake again for less than the span that a peak must dominate: not scored, and awake after it.
        let mut values = three_days()[..2 * 1440 + 420].to_vec();
        values.extend([100.0; 20]);
        let found = states(values);
        assert!(found[2 * 1440..2 * 1440 + 420].iter().all(Option::is_none));
        assert_eq!(found.last(), Some(&Some(State::Wake)));
    }

    #[test]
    fn a_long_sleep_is_scored() {
        let mut values = three_days();
        values[1440 + 420..1440 + 600].fill(0.0);
        let found = states(values);
        assert_eq!(found[1440 + 590], Some(State::Sleep));
        assert_eq!(found[1440 + 610], Some(State::Wake));
    }

    #[test]
    fn the_falling_queue_equals_the_naive_maximum() {
        let values: Vec<f64> = (0..300_u32).map(|i| f64::from(i * 7919 % 83)).collect();
        for span in [1, 5, 30] {
            let fast = following_maximum(&values, span);
            assert_eq!(fast.len(), values.len() - span);
            for (index, &value) in fast.iter().enumerate() {
                let naive = values[index + 1..=index + span]
                    .iter()
                    .copied()
                    .fold(f64::MIN, f64::max);
                assert!((value - naive).abs() < f64::EPSILON);
            }
        }
    }
}
