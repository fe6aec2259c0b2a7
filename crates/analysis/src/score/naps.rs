//! # Naps
//!
//! **What it measures.** Sleep outside the main rest periods of a recording.
//!
//! **Inputs and units.** Scored epochs, the main rest intervals as epochs, and the epochs in which the
//! device was not worn. Naps as epochs with their minutes asleep.
//!
//! **Method.** Outside the main intervals and the non-wear, runs of sleep are joined over wake of up to 5
//! minutes; a stretch with at least 15 minutes asleep that lies an hour or more from a main
//! interval is a nap, half-open from its first to after its last sleep epoch.
//!
//! **Missing epochs.** An unscored or unworn epoch ends a stretch: it is neither sleep nor wake.
//!
//! **Validity.** Scorers of movement take sitting still for sleep: without a diary many naps found so are
//! none, so the result is a list of *candidates*. The limits of 15 and 5 minutes and of one hour are
//! the project's own.
//!
//! **Population.** Healthy young adults with a nap in a laboratory, wrist device and polysomnography (Kanady 2011): a
//! nap known to be one. Naps that have to be found among hours of sitting still were not studied.
//!
//! **Versions.** 2 (1 began with other nights: see nights).
//!
//! **References.** Kanady JC, Drummond SPA, Mednick SC 2011, doi:10.1111/j.1365-2869.2010.00858.x.

use super::scored::{Scored, State};
use crate::maths::run::runs;
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};

/// Nap candidates.
pub const NAPS: Analysis = Analysis {
    id: "naps",
    version: 2,
    unit: "min",
    title: "Nap candidates",
};

const LEAST_ASLEEP_S: u32 = 15 * 60;
const WIDEST_WAKE_S: u32 = 5 * 60;
const APART_S: u32 = 60 * 60; // from a main interval

/// Sleep outside the main intervals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nap {
    /// First sleep epoch.
    pub from: usize,
    /// One past the last sleep epoch.
    pub until: usize,
    /// Minutes asleep inside.
    pub asleep_min: f64,
}

/// Naps in order; `main` are half-open intervals of epochs, `worn` is per epoch.
pub fn naps(scored: &Scored, main: &[(usize, usize)], worn: &[bool]) -> Outcome<Vec<Nap>> {
    Insufficient::unless("epochs of wear", scored.len(), worn.len())?;
    let step = scored.step_s();
    let apart = usize::try_from(APART_S.div_ceil(step)).expect("a number of epochs");
    let mut open: Vec<bool> = worn[..scored.len()].to_vec();
    for &(from, until) in main {
        let (from, until) = (from.saturating_sub(apart), (until + apart).min(open.len()));
        open[from.min(until)..until].fill(false);
    }
    let judged = open
        .iter()
        .zip(scored.states())
        .map(|(&open, &state)| if open { state } else { None });
    let states: Vec<Option<State>> = judged.collect();
    let held = states.iter().flatten().count();
    Insufficient::unless("scored epochs outside the main intervals", 1, held)?;
    let widest = usize::try_from(WIDEST_WAKE_S / step).expect("a number of epochs");
    let mut found: Vec<Nap> = Vec::new();
    let mut continues = false;
    for run in runs(&states) {
        match run.value {
            Some(State::Sleep) => {
                let asleep_min = run.len() as f64 * f64::from(step) / 60.0;
                match found.last_mut().filter(|_| continues) {
                    Some(nap) => {
                        nap.until = run.until;
                        nap.asleep_min += asleep_min;
                    }
                    None => found.push(Nap {
                        from: run.from,
                        until: run.until,
                        asleep_min,
                    }),
                }
                continues = true;
            }
            Some(State::Wake) => continues &= run.len() <= widest,
            None => continues = false,
        }
    }
    found.retain(|nap| nap.asleep_min * 60.0 >= f64::from(LEAST_ASLEEP_S));
    let coverage = held as f64 / states.len().max(1) as f64;
    Ok(Measured::new(found, coverage))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(asleep: &[(usize, usize)]) -> Scored {
        let mut states = vec![Some(State::Wake); 1440];
        for &(from, until) in asleep {
            states[from..until].fill(Some(State::Sleep));
        }
        Scored::new(0, 60, states)
    }

    #[test]
    fn stretches_are_joined_and_short_ones_left_out() {
        let scored = day(&[(0, 420), (440, 470), (800, 808), (812, 822), (900, 910)]);
        let found = naps(&scored, &[(0, 420)], &[true; 1440]).unwrap().value;
        assert_eq!(
            found,
            [Nap {
                from: 800,
                until: 822,
                asleep_min: 18.0
            }]
        );
    }

    #[test]
    fn unworn_sleep_is_none() {
        let scored = day(&[(800, 830)]);
        let mut worn = [true; 1440];
        worn[810] = false;
        let found = naps(&scored, &[], &worn).unwrap().value;
        assert_eq!((found.len(), found[0].from), (1, 811));
        assert!(naps(&scored, &[], &[false; 1440]).is_err());
        assert!(naps(&scored, &[], &[true; 10]).is_err());
    }
}
