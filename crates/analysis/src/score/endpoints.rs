//! # Sleep endpoints of an interval
//!
//! **What it measures.** How a night went: time in bed, latency, sleep period, total sleep, wake
//! after onset, efficiency, awakenings, and how sleep and wake bouts are distributed.
//!
//! **Inputs and units.** Scored epochs of one rest interval `[rest onset, next activity onset)`;
//! lengths are minutes, shares are from 0 to 1.
//!
//! **Method.** TIB = scored minutes of the interval; SOL = minutes before the first sleep epoch; SPT = first
//! to last sleep epoch; TST = sleep minutes; WASO = wake minutes inside SPT, as in actigraphy; terminal wake =
//! minutes after the last sleep epoch; WASO of the AASM = wake minutes from the first sleep epoch to the end of
//! the interval, which includes terminal wake; SE = TST / TIB; maintenance = TST over the scored minutes of SPT; awakenings = runs
//! of wake inside SPT. Fragmentation per state:
//! mean bout, transition probability = 1 / mean bout (bouts that end in the other state over
//! epochs in the state), Gini coefficient of the bout lengths, mean hazard and the power-law
//! exponent α = 1 + n / Σ ln(x / (min(x) − ½)). The midpoint of sleep of many nights is a circular
//! mean of clock times.
//!
//! **Missing epochs.** Unscored epochs are neither sleep nor wake: they count in SOL, SPT and terminal wake,
//! which are spans, but not in TIB; the coverage says how many there are.
//!
//! **Validity.** One sleep epoch; without any there is no night.
//!
//! **Versions.** 2 (1 counted unscored epochs in TIB, which made the efficiency too low).
//!
//! **References.** AASM manual 2.6 (2020). Di J et al. 2017, bioRxiv 182337, doi:10.1101/182337.

use std::collections::BTreeMap;

use super::scored::{Scored, State};
use crate::maths::run::{Run, runs};
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::series::DAY_S;
use crate::stats::circular;

/// Sleep endpoints.
pub const SLEEP_ENDPOINTS: Analysis = Analysis {
    id: "sleep_endpoints",
    version: 2,
    unit: "min",
    title: "Sleep endpoints",
};
/// Midpoint of sleep.
pub const SLEEP_MIDPOINT: Analysis = Analysis {
    id: "sleep_midpoint",
    version: 1,
    unit: "min after midnight",
    title: "Midpoint of sleep",
};

/// One night in numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Endpoints {
    /// Time in bed that was scored, minutes.
    pub in_bed_min: f64,
    /// Sleep onset latency, minutes.
    pub latency_min: f64,
    /// Sleep period time, minutes.
    pub period_min: f64,
    /// Total sleep time, minutes.
    pub asleep_min: f64,
    /// Wake between the first and the last sleep epoch, minutes.
    pub awake_min: f64,
    /// Wake from the first sleep epoch to the end of the interval (AASM), minutes.
    pub awake_to_end_min: f64,
    /// Minutes between the last sleep epoch and the end.
    pub terminal_wake_min: f64,
    /// Runs of wake inside the sleep period.
    pub awakenings: usize,
    /// Total sleep over scored time in bed.
    pub efficiency: f64,
    /// Total sleep over the scored part of the sleep period.
    pub maintenance: f64,
    /// First sleep epoch of the interval.
    pub onset: usize,
    /// One past the last sleep epoch.
    pub offset: usize,
}

/// Endpoints of the epochs `[from, until)`.
pub fn night(scored: &Scored, from: usize, until: usize) -> Outcome<Endpoints> {
    let until = until.min(scored.len());
    let inside = scored.states().get(from..until).unwrap_or_default();
    let minutes = |epochs: usize| epochs as f64 * f64::from(scored.step_s()) / 60.0;
    let asleep = |state: &Option<State>| *state == Some(State::Sleep);
    let none = Insufficient::new("sleep epochs in the interval", 1.0, 0.0);
    let first = inside.iter().position(asleep).ok_or(none)?;
    let last = inside.iter().rposition(asleep).ok_or(none)?;
    let period = &inside[first..=last];
    let total = period.iter().filter(|state| asleep(state)).count();
    let wakes: Vec<Run<Option<State>>> = runs(period)
        .into_iter()
        .filter(|run| run.value == Some(State::Wake))
        .collect();
    let judged = inside.iter().flatten().count();
    let judged_period = period.iter().flatten().count();
    let found = Endpoints {
        in_bed_min: minutes(judged),
        latency_min: minutes(first),
        period_min: minutes(period.len()),
        asleep_min: minutes(total),
        awake_min: minutes(wakes.iter().map(Run::len).sum()),
        awake_to_end_min: minutes(
            inside[first..]
                .iter()
                .filter(|state| **state == Some(State::Wake))
                .count(),
        ),
        terminal_wake_min: minutes(inside.len() - 1 - last),
        awakenings: wakes.len(),
        efficiency: total as f64 / judged as f64,
        maintenance: total as f64 / judged_period as f64,
        onset: from + first,
        offset: from + last + 1,
    };
    Ok(Measured::new(found, judged as f64 / inside.len() as f64))
}

/// How the bouts of one state are distributed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fragmentation {
    /// Number of bouts.
    pub bouts: usize,
    /// Mean length in epochs.
    pub mean_bout: f64,
    /// Probability per epoch of leaving the state.
    pub transition_probability: f64,
    /// Gini coefficient of the bout lengths, 0 equal to 1 unequal.
    pub gini: f64,
    /// Mean hazard over the observed lengths.
    pub hazard: f64,
    /// Exponent of the power law of the bout lengths.
    pub power_law: f64,
}

/// Distribution of the bouts of `state` within the epochs `[from, until)`.
pub fn fragmentation(
    scored: &Scored,
    from: usize,
    until: usize,
    state: State,
) -> Outcome<Fragmentation> {
    let inside = scored
        .states()
        .get(from..until.min(scored.len()))
        .unwrap_or_default();
    let stretches = runs(inside);
    let lengths: Vec<f64> = stretches
        .iter()
        .filter(|run| run.value == Some(state))
        .map(|run| run.len() as f64)
        .collect();
    Insufficient::unless("bouts of the state", 1, lengths.len())?;
    let count = lengths.len() as f64;
    let total: f64 = lengths.iter().sum();
    let shortest = lengths.iter().copied().fold(f64::INFINITY, f64::min);
    let logs: f64 = lengths
        .iter()
        .map(|length| (length / (shortest - 0.5)).ln())
        .sum();
    let coverage = inside.iter().flatten().count() as f64 / inside.len() as f64;
    Ok(Measured::new(
        Fragmentation {
            bouts: lengths.len(),
            mean_bout: total / count,
            transition_probability: count / total,
            gini: gini(&lengths),
            hazard: hazard(&lengths),
            power_law: 1.0 + count / logs,
        },
        coverage,
    ))
}

/// Gini coefficient with the small-sample correction n / (n − 1); 1 for a single bout.
fn gini(lengths: &[f64]) -> f64 {
    let count = lengths.len() as f64;
    if lengths.len() < 2 {
        return 1.0;
    }
    let mut ordered = lengths.to_vec();
    ordered.sort_unstable_by(f64::total_cmp);
    let ranked: f64 = ordered
        .iter()
        .enumerate()
        .map(|(rank, x)| (rank as f64 + 1.0) * x)
        .sum();
    let total: f64 = ordered.iter().sum();
    (2.0 * ranked / (count * total) - (count + 1.0) / count) * count / (count - 1.0)
}

/// Mean over the observed lengths t of (bouts of length t) / (bouts of at least t).
fn hazard(lengths: &[f64]) -> f64 {
    let mut ordered = lengths.to_vec();
    ordered.sort_unstable_by(f64::total_cmp);
    let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
    for length in &ordered {
        *counts.entry(length.to_bits()).or_default() += 1;
    }
    let mut left = ordered.len();
    let mut total = 0.0;
    for ending in counts.values() {
        total += *ending as f64 / left as f64;
        left -= ending;
    }
    total / counts.len() as f64
}

/// Circular mean of the clock times of all sleep epochs, minutes in (−720, 720].
pub fn midpoint_min(scored: &Scored) -> Outcome<f64> {
    let times: Vec<f64> = scored
        .states()
        .iter()
        .enumerate()
        .filter(|(_, state)| **state == Some(State::Sleep))
        .map(|(index, _)| f64::from(scored.clock_s(index)) / 60.0)
        .collect();
    Insufficient::unless("sleep epochs", 1, times.len())?;
    let day_min = f64::from(DAY_S) / 60.0;
    let mean = circular::mean(&times, day_min)?;
    let signed = if mean > day_min / 2.0 {
        mean - day_min
    } else {
        mean
    };
    Ok(Measured::new(signed, scored.coverage()))
}

/// Share of sleep among the scored epochs that begin from `from_s` to `until_s` of the clock, both
/// included.
pub fn share_between(scored: &Scored, from_s: u32, until_s: u32) -> Outcome<f64> {
    let until_s = until_s % DAY_S;
    let within = |clock: u32| {
        if from_s <= until_s {
            from_s <= clock && clock <= until_s
        } else {
            clock >= from_s || clock <= until_s
        }
    };
    let mut asleep = 0_usize;
    let mut held = 0_usize;
    for (index, state) in scored.states().iter().enumerate() {
        if let (Some(state), true) = (state, within(scored.clock_s(index))) {
            held += 1;
            asleep += usize::from(*state == State::Sleep);
        }
    }
    Insufficient::unless("scored epochs in the window", 1, held)?;
    Ok(Measured::new(
        asleep as f64 / held as f64,
        scored.coverage(),
    ))
}
