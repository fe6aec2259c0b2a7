//! # Crespo rest and activity periods
//!
//! **What it measures.** The main periods of activity and rest of each day.
//!
//! **Inputs and units.** Activity counts on an epoch that divides an hour. Rest is
//! [`State::Sleep`], activity [`State::Wake`].
//!
//! **Method.** 1. A median filter of 8 h (+ 1 epoch) over the counts, padded by half of it on each side
//! with their maximum; above a third (8 of 24 hours) of the filtered, padded values is activity; a
//! closing and an opening of 1 h clean it up. 2. Runs of at
//! least 2 zero minutes in activity and of at least 30 in rest (rounded up to whole epochs) are invalid and left out of a second
//! median filter, which shrinks to an hour at the ends (an hour of maximum is padded there) and
//! needs an hour of valid epochs. 3. Above a third of that, without the padding, is activity; a closing
//! and an opening of 2 h give the periods.
//!
//! **Missing epochs.** A missing epoch counts as invalid.
//!
//! **Validity.** Eight hours at least, a week is customary. Where an hour of valid epochs is lacking the epoch
//! is rest. The first and last hour depend on the padding.
//!
//! **Population.** 104 people in daily life with a device at each wrist (208 recordings), from studies of ambulatory blood
//! pressure (Crespo 2012). The method seeks one long rest a
//! day: people who sleep in pieces, infants, and patients who lie most of the day are outside what it was made for.
//!
//! **Versions.** 3 (1 took 33 % for a third and left the padding out of the first quantile; 2 took all below 1
//! for zero, whatever the unit). The paper's step 1.1, which replaces zeros of the raw counts at random before the
//! first filter, is left out, so that results can be repeated.
//! [`Zeros::Epochs`] counts 2 and 30 epochs whatever their length, takes all below 1 for zero and calls the first and the last epoch
//! active, as `pyActigraphy` 1.2.2 does: equal epoch for epoch where the second filter meets no long
//! mask. Run as a black box the package differs in that filter: in the first hours it looks back only
//! (to the start of the padding, one epoch ahead), and windows with masked epochs come out
//! slightly higher, so onsets differ there by minutes.
//!
//! **References.** Crespo C et al. 2012, Med Biol Eng Comput 50:329, doi:10.1007/s11517-012-0875-y.

use super::scored::{Scored, State};
use crate::maths::describe::quantile_in_place;
use crate::maths::run::{closing, opening, runs};
use crate::maths::window::{RankWindow, ranks};
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::series::{HOUR_S, Series};

/// Crespo scoring.
pub const CRESPO: Analysis = Analysis {
    id: "crespo",
    version: 3,
    unit: "epochs",
    title: "Rest and activity periods by Crespo",
};

const QUANTILE: f64 = 8.0 / 24.0; // share of the day at rest (Crespo 2012)
const FILTER_S: u32 = 8 * HOUR_S; // window of the median filters
const INVALID_ACTIVE: usize = 2; // minutes of zeros that are impossible while active
const INVALID_REST: usize = 30; // minutes of zeros that are impossible at rest

/// What the lengths of impossible zeros are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zeros {
    /// Minutes, as published.
    Minutes,
    /// Epochs of whatever length, the first and the last active, as `pyActigraphy`.
    Epochs,
}

/// Scores a series.
pub fn score(series: &Series, zeros: Zeros) -> Outcome<Scored> {
    Insufficient::unless(
        "epochs of the filter",
        series.epochs_in(FILTER_S)?,
        series.present(),
    )?;
    let hour = series.epochs_in(HOUR_S)?;
    let half_filter = series.epochs_in(FILTER_S)? / 2;
    let top = series.values().iter().copied().fold(0.0, f64::max);
    let mut padded = vec![top; half_filter];
    padded.extend_from_slice(series.values());
    padded.resize(padded.len() + half_filter, top);
    let coarse = filtered(&padded, top, 0, half_filter, 1);
    let rough = above_quantile(&coarse);
    let rough = &rough[half_filter..half_filter + series.len()];
    let rough = opening(&closing(rough, hour + 1), hour + 1);
    let valid = without_impossible_zeros(series, &rough, zeros);
    let fine = filtered(&valid, top, hour, half_filter, hour);
    let mut clean = opening(&closing(&above_quantile(&fine), 2 * hour + 1), 2 * hour + 1);
    if let (Zeros::Epochs, [first, .., last]) = (zeros, clean.as_mut_slice()) {
        (*first, *last) = (true, true);
    }
    let state = |&active: &bool| Some(if active { State::Wake } else { State::Sleep });
    Ok(Measured::new(
        Scored::like(series, clean.iter().map(state).collect()),
        series.coverage(),
    ))
}

fn above_quantile(values: &[f64]) -> Vec<bool> {
    let mut held = crate::maths::describe::present(values);
    let level = quantile_in_place(&mut held, QUANTILE);
    values.iter().map(|&value| value > level).collect()
}

/// Median over `half` epochs each side of the series padded by `padding` epochs of `top`; NaN where
/// fewer than `least` epochs of the window are present.
fn filtered(values: &[f64], top: f64, padding: usize, half: usize, least: usize) -> Vec<f64> {
    let mut padded = vec![top; padding];
    padded.extend_from_slice(values);
    padded.resize(padded.len() + padding, top);
    let (ordered, rank) = ranks(&padded);
    let mut window = RankWindow::new(&ordered);
    let mut medians = Vec::with_capacity(values.len());
    for entering in 0..padded.len() + half {
        if let Some(Some(rank)) = rank.get(entering) {
            window.insert(*rank);
        }
        if entering > 2 * half
            && let Some(Some(rank)) = rank.get(entering - 2 * half - 1)
        {
            window.remove(*rank);
        }
        if entering >= half + padding && medians.len() < values.len() {
            medians.push(if window.members() < least {
                f64::NAN
            } else {
                window.median()
            });
        }
    }
    medians
}

/// The values with zeros that are too long for their state made missing.
fn without_impossible_zeros(series: &Series, active: &[bool], zeros: Zeros) -> Vec<f64> {
    let step = usize::try_from(series.step_s()).expect("an epoch fits an index");
    let least = |count: usize| match zeros {
        // The shortest run of whole epochs that lasts so many minutes.
        Zeros::Minutes => (count * 60).div_ceil(step),
        Zeros::Epochs => count,
    };
    let (longest_active, longest_rest) = (least(INVALID_ACTIVE), least(INVALID_REST));
    let is_zero = |value: f64| match zeros {
        Zeros::Minutes => value <= 0.0,
        Zeros::Epochs => value < 1.0,
    };
    let mut values = series.values().to_vec();
    let kind: Vec<(bool, bool)> = values
        .iter()
        .zip(active)
        .map(|(&value, &active)| (is_zero(value), active))
        .collect();
    for run in runs(&kind) {
        let (zero, active) = run.value;
        let limit = if active { longest_active } else { longest_rest };
        if zero && run.len() >= limit {
            values[run.from..run.until].fill(f64::NAN);
        }
    }
    values
}
