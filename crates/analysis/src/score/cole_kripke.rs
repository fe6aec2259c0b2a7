//! # Cole-Kripke sleep scoring
//!
//! **What it measures.** Whether each minute was sleep or wake, from wrist movement around it.
//!
//! **Inputs and units.** Activity counts in epochs that divide a minute (the weight sets differ in
//! how a minute is made of its epochs). Output is one state per minute.
//!
//! **Method.** D = P · Σ wⱼ A₍ₜ₊ⱼ₎, j = −4…+2, sleep if D < 1. A is the activity of the minute: its
//! sum, or the largest of its 30-second or 10-second sums, or the largest 10-second sum at any
//! second. Webster's rescoring ([`super::webster`]) may follow.
//!
//! **Missing epochs.** Missing epochs count as still inside a minute; a minute without any epoch leaves the
//! seven minutes around it unscored when the edge is `Unscored`.
//!
//! **Validity.** Fitted on adults with one device; counts of another device need a scale
//! ([`Definition::divisor`]; `ActiLife` divides by 100 and clips at 300, `pyActigraphy` by 30, GGIR by 6: these
//! are not interchangeable).
//!
//! **Population.** 41 people, 18 healthy and 23 with disorders of sleep or psychiatric ones, in a night of polysomnography
//! each: fitted on 20 of them, tested on the others, where about 88 % of the epochs agreed (Cole 1992). Nearly all of such
//! a night is sleep: wake is found worse than the figure sounds, and worst in people who lie awake without moving. Sleep by
//! day was not studied.
//!
//! **Versions.** 1. [`PAPER_MEAN`], [`PAPER_MAXIMUM_30S`], [`PAPER_MAXIMUM_10S`],
//! [`PAPER_MAXIMUM_10S_OVERLAPPING`], [`ACTILIFE`], and the `PY_ACTIGRAPHY_…` sets, which differ
//! from the paper by a weight of 12 for 121 and of 300 for 309.
//!
//! **References.** Cole RJ et al. 1992, Sleep 15:461, doi:10.1093/sleep/15.5.461.

use super::scored::{Edge, Scored, Window, below};
use crate::maths::describe::floor_index;
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::series::{Combine, Ends, MINUTE_S, Origin, Series};

/// Cole-Kripke scoring.
pub const COLE_KRIPKE: Analysis = Analysis {
    id: "cole_kripke",
    version: 1,
    unit: "epochs",
    title: "Sleep/wake by Cole-Kripke",
};

/// How the epochs of a minute become its activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Minute {
    /// Their sum.
    Sum,
    /// The largest sum of consecutive blocks of this many seconds.
    LargestBlock(u32),
    /// The largest sum of this many seconds that ends within the minute.
    LargestWindow(u32),
}

/// One published way to score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Definition {
    /// How a minute is made.
    pub minute: Minute,
    /// Where minutes begin.
    pub origin: Origin,
    /// Whether a minute cut by the end of the recording is scored.
    pub ends: Ends,
    /// Counts are divided by this first.
    pub divisor: f64,
    /// And then clipped at this.
    pub ceiling: f64,
    /// Common factor P of the weights.
    pub scale: f64,
    /// Weights of the four minutes before, the minute itself and those after.
    pub weights: &'static [f64],
    /// What happens at the ends.
    pub edge: Edge,
}

/// Mean activity per minute (Cole 1992, optimal parameters).
pub const PAPER_MEAN: Definition = Definition {
    minute: Minute::Sum,
    origin: Origin::FirstEpoch,
    ends: Ends::Complete,
    divisor: 1.0,
    ceiling: f64::INFINITY,
    scale: 0.001,
    weights: &[106.0, 54.0, 58.0, 76.0, 230.0, 74.0, 67.0],
    edge: Edge::Still,
};
/// Largest 30-second sum of the minute, without overlap (Cole 1992).
pub const PAPER_MAXIMUM_30S: Definition = Definition {
    minute: Minute::LargestBlock(30),
    scale: 0.0001,
    weights: &[50.0, 30.0, 14.0, 28.0, 121.0, 8.0, 50.0],
    ..PAPER_MEAN
};
/// Largest 10-second sum of the minute, without overlap (Cole 1992).
pub const PAPER_MAXIMUM_10S: Definition = Definition {
    minute: Minute::LargestBlock(10),
    scale: 0.00001,
    weights: &[550.0, 378.0, 413.0, 699.0, 1736.0, 287.0, 309.0],
    ..PAPER_MEAN
};
/// Largest 10-second sum of the minute at any second (Cole 1992).
pub const PAPER_MAXIMUM_10S_OVERLAPPING: Definition = Definition {
    minute: Minute::LargestWindow(10),
    scale: 0.00001,
    weights: &[404.0, 598.0, 326.0, 441.0, 1408.0, 508.0, 350.0],
    ..PAPER_MEAN
};
/// `ActiLife` 6: vertical counts of the minute divided by 100 and clipped at 300.
pub const ACTILIFE: Definition = Definition {
    divisor: 100.0,
    ceiling: 300.0,
    ..PAPER_MEAN
};
/// `pyActigraphy` "mean": minutes of the clock, counts divided by 30, full windows of 4 + 1 + 4.
pub const PY_ACTIGRAPHY_MEAN: Definition = Definition {
    origin: Origin::Midnight,
    ends: Ends::Partial,
    divisor: 30.0,
    weights: &[106.0, 54.0, 58.0, 76.0, 230.0, 74.0, 67.0, 0.0, 0.0],
    edge: Edge::Unscored,
    ..PAPER_MEAN
};
/// `pyActigraphy` "`30sec_max_non_overlap`" with its weight of 12.
pub const PY_ACTIGRAPHY_MAXIMUM_30S: Definition = Definition {
    minute: Minute::LargestBlock(30),
    divisor: 1.0,
    scale: 0.0001,
    weights: &[50.0, 30.0, 14.0, 28.0, 12.0, 8.0, 50.0, 0.0, 0.0],
    ..PY_ACTIGRAPHY_MEAN
};
/// `pyActigraphy` "`10sec_max_non_overlap`" with its weight of 300.
pub const PY_ACTIGRAPHY_MAXIMUM_10S: Definition = Definition {
    minute: Minute::LargestBlock(10),
    divisor: 1.0,
    scale: 0.00001,
    weights: &[550.0, 378.0, 413.0, 699.0, 1736.0, 287.0, 300.0, 0.0, 0.0],
    ..PY_ACTIGRAPHY_MEAN
};

/// Scores a series minute by minute.
pub fn score(series: &Series, definition: &Definition) -> Outcome<Scored> {
    let minutes = minutes(series, definition)?;
    Insufficient::unless("minutes", definition.weights.len(), minutes.len())?;
    let scaled: Vec<f64> = minutes
        .values()
        .iter()
        .map(|count| (count / definition.divisor).min(definition.ceiling))
        .collect();
    let window = Window {
        weights: definition.weights,
        before: 4,
        edge: definition.edge,
    };
    let mut scores = window.sums(&scaled);
    for score in &mut scores {
        *score *= definition.scale;
    }
    Ok(Measured::new(
        Scored::like(&minutes, below(&scores, 1.0)),
        series.coverage(),
    ))
}

fn minutes(series: &Series, definition: &Definition) -> Result<Series, Insufficient> {
    let to_minutes = |blocks: &Series, combine| {
        blocks.resampled(MINUTE_S, definition.origin, definition.ends, combine)
    };
    match definition.minute {
        Minute::Sum => to_minutes(series, Combine::SumMissingAsZero),
        Minute::LargestBlock(seconds) => {
            let blocks = series.resampled(
                seconds,
                definition.origin,
                definition.ends,
                Combine::SumMissingAsZero,
            )?;
            to_minutes(&blocks, Combine::MaximumMissingAsZero)
        }
        Minute::LargestWindow(seconds) => {
            let width = series.epochs_in(seconds)?.max(1);
            let values = series.missing_as_zero();
            let mut sum = 0.0;
            let mut sums = Vec::with_capacity(values.len());
            for (index, value) in values.iter().enumerate() {
                sum += value;
                if index >= width {
                    sum -= values[index - width];
                }
                sums.push(sum);
            }
            let moving = Series::new(series.start_s(), series.step_s(), sums);
            to_minutes(&moving, Combine::MaximumMissingAsZero)
        }
    }
}

/// Weights of the activity index of accelerometers (Bai 2016), as `skdh` 0.17 scores it: sleep if
/// 0.243 · Σ wⱼ Iₜ₊ⱼ < 0.5, zero beyond the ends.
pub fn score_activity_index(minutes: &Series) -> Outcome<Scored> {
    const WEIGHTS: [f64; 9] = [0.0, 0.0, 4.024, 5.84, 16.19, 5.07, 3.75, 6.87, 4.64]; // skdh sleep
    const SCALE: f64 = 0.243;
    if minutes.step_s() != MINUTE_S {
        return Err(Insufficient::new(
            "seconds per epoch",
            60.0,
            f64::from(minutes.step_s()),
        ));
    }
    let mut weights = WEIGHTS;
    weights.reverse();
    let window = Window {
        weights: &weights,
        before: floor_index(4.0),
        edge: Edge::Still,
    };
    let scores = window.sums(minutes.values());
    let states = super::scored::judged(&scores, |score| score * SCALE < 0.5);
    Ok(Measured::new(
        Scored::like(minutes, states),
        minutes.coverage(),
    ))
}
