//! # Artefacts in beat intervals
//!
//! **What it measures.** Which intervals are not between normal beats, and what they probably were.
//!
//! **Inputs and units.** Intervals in milliseconds.
//!
//! **Method.** Rules from the literature mark intervals; [`interpolated`] replaces marked ones
//! linearly from their neighbours. *Malik*: more than 20 % from the interval before. *Kamath*: more
//! than 32.5 % longer or 24.5 % shorter than it. After a marked interval the next is accepted by
//! both. *Karlsson*: 20 % or more from the mean of its neighbours. *Acar*: 20 % or more from the
//! mean of the (unmarked) nine before. *Local median*: more than a limit from the median of 11
//! around it (Kubios' threshold correction). *Range*: outside 300 to 2000 ms.
//!
//! **Missing beats.** A beat that was not detected is an interval too long, and marked; a pause ends the series
//! beforehand.
//!
//! **Validity.** When more than 5 % are marked the recording should not be used for variability.
//!
//! **Versions.** 1, the first four equal to `hrv-analysis` 1.0.5.
//!
//! **References.** Malik M et al. 1989, Eur Heart J 10:1060–74. Kamath MV, Fallen EL 1995. Karlsson M
//! et al. 2012, doi:10.1186/1475-925X-11-2. Acar B et al. 2000, Computer Methods and Programs in Biomedicine 63:123,
//! doi:10.1016/S0169-2607(00)00081-X. Tarvainen MP et al. 2014, doi:10.1016/j.cmpb.2013.07.024.

use crate::maths::describe::{mean, median};
use crate::method::Analysis;
use crate::outcome::Insufficient;

/// Artefact detection.
pub const ARTEFACT: Analysis = Analysis {
    id: "beat_artefacts",
    version: 1,
    unit: "beats",
    title: "Artefacts in beat intervals",
};

/// How artefacts are recognised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// More than 20 % from the interval before.
    Malik,
    /// More than 32.5 % longer or 24.5 % shorter than the interval before.
    Kamath,
    /// At least 20 % from the mean of both neighbours.
    Karlsson,
    /// At least 20 % from the mean of the nine before.
    Acar,
    /// More than this many milliseconds from the median of eleven.
    LocalMedian(f64),
    /// Outside 300 to 2000 ms.
    Range,
}

/// Marks the intervals that a rule takes for artefacts.
pub fn marked(intervals_ms: &[f64], rule: Rule) -> Vec<bool> {
    match rule {
        Rule::Malik => against_previous(intervals_ms, |known, next| {
            (known - next).abs() <= 0.2 * known
        }),
        Rule::Kamath => against_previous(intervals_ms, |known, next| {
            let change = next - known;
            (0.0..=0.325 * known).contains(&change) || (0.0..=0.245 * known).contains(&-change)
        }),
        Rule::Karlsson => against_neighbours(intervals_ms),
        Rule::Acar => against_nine(intervals_ms),
        Rule::LocalMedian(limit_ms) => against_median(intervals_ms, limit_ms),
        Rule::Range => intervals_ms
            .iter()
            .map(|x| !(300.0..=2000.0).contains(x))
            .collect(),
    }
}

/// Intervals with the marked ones replaced linearly; those at the ends take the nearest good one.
pub fn interpolated(intervals_ms: &[f64], marked: &[bool]) -> Result<Vec<f64>, Insufficient> {
    let good: Vec<usize> = (0..intervals_ms.len())
        .filter(|&index| !marked[index])
        .collect();
    Insufficient::unless("normal beat intervals", 2, good.len())?;
    let mut corrected = intervals_ms.to_vec();
    for (index, value) in corrected
        .iter_mut()
        .enumerate()
        .filter(|(index, _)| marked[*index])
    {
        let next = good.partition_point(|&other| other < index);
        *value = match (
            next.checked_sub(1).map(|before| good[before]),
            good.get(next),
        ) {
            (Some(before), Some(&after)) => {
                let share = (index - before) as f64 / (after - before) as f64;
                intervals_ms[before] + share * (intervals_ms[after] - intervals_ms[before])
            }
            (Some(before), None) => intervals_ms[before],
            (None, Some(&after)) => intervals_ms[after],
            (None, None) => unreachable!("there are normal intervals"),
        };
    }
    Ok(corrected)
}

fn against_previous(intervals_ms: &[f64], accepts: impl Fn(f64, f64) -> bool) -> Vec<bool> {
    let mut marks = vec![false; intervals_ms.len()];
    for index in 1..intervals_ms.len() {
        marks[index] = !marks[index - 1] && !accepts(intervals_ms[index - 1], intervals_ms[index]);
    }
    marks
}

fn against_neighbours(intervals_ms: &[f64]) -> Vec<bool> {
    let mut marks = vec![false; intervals_ms.len()];
    for (index, three) in intervals_ms.windows(3).enumerate() {
        let around = f64::midpoint(three[0], three[2]);
        marks[index + 1] = (around - three[1]).abs() >= 0.2 * around;
    }
    marks
}

fn against_nine(intervals_ms: &[f64]) -> Vec<bool> {
    const BEFORE: usize = 9;
    let mut marks = vec![false; intervals_ms.len()];
    for index in BEFORE..intervals_ms.len() {
        let recent: Vec<f64> = (index - BEFORE..index)
            .filter(|&i| !marks[i])
            .map(|i| intervals_ms[i])
            .collect();
        let level = mean(&recent);
        marks[index] = !recent.is_empty() && (level - intervals_ms[index]).abs() >= 0.2 * level;
    }
    marks
}

fn against_median(intervals_ms: &[f64], limit_ms: f64) -> Vec<bool> {
    const EACH_SIDE: usize = 5;
    (0..intervals_ms.len())
        .map(|index| {
            let from = index.saturating_sub(EACH_SIDE);
            let until = (index + EACH_SIDE + 1).min(intervals_ms.len());
            (intervals_ms[index] - median(&intervals_ms[from..until])).abs() > limit_ms
        })
        .collect()
}
