//! # Rest-activity transition probabilities
//!
//! **What it measures.** How readily a person leaves a state that has lasted: kRA is the sustained
//! probability of moving from rest to activity (fragmented rest), kAR that from activity to rest.
//!
//! **Inputs and units.** Activity counts; active means above a threshold: 0 as published ([`STILL`]), on
//! which the unit has no influence, or another such as the 4 of `pyActigraphy`'s examples. The results are
//! probabilities per epoch. Where the 0 comes from: the Rush Memory and Aging Project, whose recordings the paper
//! analysed, says of its variables kra and kar (`www.radc.rush.edu`) that an epoch of 15 seconds is at rest with 0
//! counts and active with more. A device that never rests at 0 (raw acceleration) has no such epochs; then there is
//! no answer rather than another threshold.
//!
//! **Method.** Over all runs of a state, N(t) is the number of runs of at least t epochs and t⁺ the
//! next run length that occurs. p(t) = (N(t) − N(t⁺)) / N(t) / (t⁺ − t) with weight
//! √(N(t) + N(t⁺)), for all observed lengths but the longest. The sustained region is the longest
//! stretch of t where p stays within one standard deviation (of all p) of its LOWESS curve
//! (Cleveland 1979, span 0.3, no robustness steps); k is the weighted mean of p there.
//!
//! **Missing epochs.** A missing epoch ends a run on both sides in [`of_series`]; with `missing as 0`
//! beforehand it counts as rest.
//!
//! **Validity.** At least ten observed run lengths. The values depend on the epoch length and on the threshold:
//! published values are per 15 seconds, and are compared with those of that epoch.
//!
//! **Population.** 621 old people without dementia who live at home, device at the wrist, epochs of 15 seconds (Lim 2011). Children and
//! workers have no published values.
//!
//! **Versions.** 2 (the columns of results had the threshold 4, which on other scales than counts means nothing).
//!
//! **References.** Lim ASP et al. 2011, Sleep 34:1569, doi:10.5665/sleep.1400. Cleveland WS 1979,
//! J Am Stat Assoc 74:829, doi:10.1080/01621459.1979.10481038.

use crate::maths::describe;
use crate::maths::run::runs;
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::series::{DAY_S, Series};

/// Sustained rest-to-activity transition probability.
pub const KRA: Analysis = Analysis {
    id: "kra",
    version: 2,
    unit: "1/epoch",
    title: "Rest-to-activity transition probability",
};
/// Sustained activity-to-rest transition probability.
pub const KAR: Analysis = Analysis {
    id: "kar",
    version: 2,
    unit: "1/epoch",
    title: "Activity-to-rest transition probability",
};

/// Activity above this is no rest (Lim 2011; variables of the Rush Memory and Aging Project).
pub const STILL: f64 = 0.0;
/// Counts above this are activity in `pyActigraphy`.
pub const THRESHOLD: f64 = 4.0;
const SPAN: f64 = 0.3; // share of the points in each local line of the LOWESS curve
const LEAST_LENGTHS: usize = 10; // fewer points leave the local lines undetermined

/// The state a run is in before the transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// Rest; the transition is to activity.
    Rest,
    /// Activity; the transition is to rest.
    Activity,
}

/// Transition probability as a function of how long the state has lasted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Curve {
    /// Observed run lengths in epochs, ascending, without the longest.
    pub lengths: Vec<f64>,
    /// Transition probability per epoch at each length.
    pub probability: Vec<f64>,
    /// Weight of each probability.
    pub weight: Vec<f64>,
}

/// The transition curve of a series.
pub fn of_series(series: &Series, threshold: f64, from: From) -> Outcome<Curve> {
    let states: Vec<Option<bool>> = series
        .values()
        .iter()
        .map(|&value| active(value, threshold))
        .collect();
    Ok(Measured::new(curve(&states, from), series.coverage()))
}

/// The transition curve of the epochs that begin from `from_s` to `until_s` of the clock, both
/// included, laid end to end over the days.
pub fn within_clock(
    series: &Series,
    threshold: f64,
    from: From,
    from_s: u32,
    until_s: u32,
) -> Outcome<Curve> {
    let until_s = until_s % DAY_S;
    let inside = |clock: u32| {
        if from_s <= until_s {
            from_s <= clock && clock <= until_s
        } else {
            clock >= from_s || clock <= until_s
        }
    };
    let chosen = series
        .values()
        .iter()
        .enumerate()
        .filter(|&(index, _)| inside(series.clock_s(index)));
    let states: Vec<Option<bool>> = chosen.map(|(_, &value)| active(value, threshold)).collect();
    Ok(Measured::new(curve(&states, from), series.coverage()))
}

/// The sustained transition probability (kRA or kAR) of a curve.
pub fn sustained(curve: &Curve) -> Result<f64, Insufficient> {
    Insufficient::unless("different run lengths", LEAST_LENGTHS, curve.lengths.len())?;
    let smooth = lowess(&curve.lengths, &curve.probability);
    let spread = describe::standard_deviation(&curve.probability, 1);
    let near: Vec<bool> = curve
        .probability
        .iter()
        .zip(&smooth)
        .map(|(p, s)| (p - s).abs() < spread)
        .collect();
    let mut best: Option<(usize, usize)> = None;
    for run in runs(&near).into_iter().filter(|run| run.value) {
        if best.is_none_or(|(from, until)| run.len() > until - from) {
            best = Some((run.from, run.until));
        }
    }
    let (from, until) = best.ok_or(Insufficient::new("sustained run lengths", 1.0, 0.0))?;
    let weights = &curve.weight[from..until];
    let total: f64 = curve.probability[from..until]
        .iter()
        .zip(weights)
        .map(|(p, w)| p * w)
        .sum();
    Ok(total / weights.iter().sum::<f64>())
}

/// Log-odds of a probability.
pub fn logit(probability: f64) -> f64 {
    (probability / (1.0 - probability)).ln()
}

fn active(value: f64, threshold: f64) -> Option<bool> {
    (!value.is_nan()).then_some(value > threshold)
}

fn curve(states: &[Option<bool>], from: From) -> Curve {
    let wanted = Some(from == From::Activity);
    let mut lengths: Vec<usize> = runs(states)
        .into_iter()
        .filter(|run| run.value == wanted)
        .map(|run| run.len())
        .collect();
    lengths.sort_unstable();
    let total = lengths.len();
    let mut steps: Vec<(usize, usize)> = Vec::new(); // (length, runs at least that long)
    for (index, &length) in lengths.iter().enumerate() {
        if steps.last().is_none_or(|&(known, _)| known != length) {
            steps.push((length, total - index));
        }
    }
    let mut found = Curve::default();
    for pair in steps.windows(2) {
        let ((length, now), (next_length, next)) = (pair[0], pair[1]);
        let (now, next) = (now as f64, next as f64);
        found.lengths.push(length as f64);
        found
            .probability
            .push((now - next) / now / (next_length - length) as f64);
        found.weight.push((now + next).sqrt());
    }
    found
}

/// Locally weighted linear regression on ascending x, evaluated at every x (Cleveland 1979).
fn lowess(x: &[f64], y: &[f64]) -> Vec<f64> {
    let count = x.len();
    let neighbours = describe::floor_index(SPAN * count as f64 + 1e-10).max(2);
    let mut from = 0;
    let mut until = neighbours;
    x.iter()
        .map(|&at| {
            while until < count && at > f64::midpoint(x[from], x[until]) {
                from += 1;
                until += 1;
            }
            local_line(&x[from..until], &y[from..until], at)
        })
        .collect()
}

/// The value at `at` of the tricube-weighted line through the given neighbours.
fn local_line(x: &[f64], y: &[f64], at: f64) -> f64 {
    let radius = (at - x[0]).max(x[x.len() - 1] - at);
    let weight = |distance: f64| match distance / radius {
        near if near <= 0.001 => 1.0,
        share if share <= 0.999 => (1.0 - share.powi(3)).powi(3),
        _ => 0.0,
    };
    let weights: Vec<f64> = x.iter().map(|value| weight((value - at).abs())).collect();
    let total: f64 = weights.iter().sum();
    let centre = weights
        .iter()
        .zip(x)
        .map(|(w, value)| w * value)
        .sum::<f64>()
        / total;
    let mean = weights
        .iter()
        .zip(y)
        .map(|(w, value)| w * value)
        .sum::<f64>()
        / total;
    let square = |(w, value): (&f64, &f64)| w * (value - centre).powi(2);
    let spread = weights.iter().zip(x).map(square).sum::<f64>() / total;
    if spread < 1e-12 {
        return mean;
    }
    let product: f64 = weights
        .iter()
        .zip(x)
        .zip(y)
        .map(|((w, value), height)| w * (value - centre) * height)
        .sum();
    mean + (at - centre) * product / total / spread
}
