//! # Sustained inactivity and the sleep period from the arm angle
//!
//! **What it measures.** When the arm keeps its posture (sustained inactivity bouts, van Hees 2015)
//! and, from that, the longest sleep period of a day (HDCZA, van Hees 2018), without a diary.
//!
//! **Inputs and units.** z-angle of the wrist in degrees, mean of 5-second epochs.
//!
//! **Method.** *Sustained inactivity*: between two changes of more than 5° that are more than five
//! minutes apart everything is inactive (the first change included, the second too). *Sleep period
//! window*: the median of |Δangle| over the five minutes around an epoch, 0 where the five minutes
//! reach over an end; below the threshold — 15 times its 10 % quantile, held within 0.13 and 0.50 — is
//! stillness; stretches longer than 30 minutes are kept, gaps shorter
//! than 60 minutes between them closed, the longest block is the window. Where the device was gone is no
//! stillness, and such a gap stays open.
//!
//! **Missing epochs.** Missing epochs must have been filled beforehand: [`sustained_inactivity`] refuses NaN.
//!
//! **Validity.** A series from noon to noon for the window; raw acceleration calibrated.
//!
//! **Population.** The sleep period was compared with the diaries of 3,752 people of 60 to 82 years (10.9 minutes longer in
//! men, 2.9 in women) and with polysomnography in 28 patients of a sleep clinic and 22 good sleepers (mean c-statistic 0.86
//! and 0.83; van Hees 2018). One night of each; children, shift workers and people who sleep in pieces were not studied.
//!
//! **Versions.** Sustained inactivity 1, sleep period 2 (1 placed the median at the start of its five
//! minutes), equal to GGIR 3.3 (`HASIB` vanHees2015, `HASPT` HDCZA).
//!
//! **References.** van Hees VT et al. 2015, doi:10.1371/journal.pone.0142533. van Hees VT et al.
//! 2018, doi:10.1038/s41598-018-31266-z.

use super::scored::{Scored, State};
use crate::maths::describe::quantile;
use crate::maths::run::runs;
use crate::maths::window::{RankWindow, ranks};
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::series::Series;

/// Sustained inactivity bouts.
pub const SUSTAINED_INACTIVITY: Analysis = Analysis {
    id: "sustained_inactivity",
    version: 1,
    unit: "epochs",
    title: "Sustained inactivity (van Hees)",
};
/// Sleep period window.
pub const SLEEP_PERIOD: Analysis = Analysis {
    id: "sleep_period_window",
    version: 2,
    unit: "epochs",
    title: "Sleep period window (HDCZA)",
};

const POSTURE_DEG: f64 = 5.0; // change of angle that counts as a change of posture
const QUIET_S: u32 = 300; // five minutes without one
const FEW_CHANGES: usize = 10; // with fewer changes in all, the whole series is inactive
const LOWEST_THRESHOLD: f64 = 0.13; // degrees
const HIGHEST_THRESHOLD: f64 = 0.50; // degrees
const QUANTILE: f64 = 0.10;
const FACTOR: f64 = 15.0;
const BLOCK_S: u32 = 30 * 60; // shortest stillness that counts
const GAP_S: u32 = 60 * 60; // longest gap that is closed

/// The sleep period window of a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SleepPeriod {
    /// First epoch of the window.
    pub from: usize,
    /// One past its last epoch.
    pub until: usize,
    /// Threshold used, degrees.
    pub threshold_deg: f64,
}

/// Scores sustained inactivity as sleep.
pub fn sustained_inactivity(angle: &Series) -> Outcome<Scored> {
    complete(angle)?;
    let quiet = angle.epochs_in(QUIET_S)?;
    let changes: Vec<usize> = angle
        .values()
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| (pair[1] - pair[0]).abs() > POSTURE_DEG)
        .map(|(index, _)| index)
        .collect();
    let mut states = vec![Some(State::Wake); angle.len()];
    let mut found = false;
    for pair in changes.windows(2) {
        if pair[1] - pair[0] > quiet {
            states[pair[0]..=pair[1]].fill(Some(State::Sleep));
            found = true;
        }
    }
    if !found && changes.len() < FEW_CHANGES {
        states.fill(Some(State::Sleep));
    }
    Ok(Measured::new(Scored::like(angle, states), angle.coverage()))
}

/// The longest still block of a series that runs from noon to noon.
pub fn sleep_period(angle: &Series) -> Outcome<SleepPeriod> {
    sleep_period_worn(angle, &[])
}

/// The longest still block of a series that does not reach into epochs at which the device was gone.
pub fn sleep_period_worn(angle: &Series, gone: &[bool]) -> Outcome<SleepPeriod> {
    complete(angle)?;
    let is_gone = |index: usize| gone.get(index).copied().unwrap_or(false);
    let still = rolling_stillness(angle)?;
    let threshold_deg =
        (quantile(&still, QUANTILE) * FACTOR).clamp(LOWEST_THRESHOLD, HIGHEST_THRESHOLD);
    let quiet: Vec<bool> = still
        .iter()
        .enumerate()
        .map(|(index, &change)| change < threshold_deg && !is_gone(index))
        .collect();
    let shortest = angle.epochs_in(BLOCK_S)?;
    let widest = angle.epochs_in(GAP_S)?;
    let mut blocks: Vec<(usize, usize)> = Vec::new();
    for run in runs(&quiet)
        .into_iter()
        .filter(|run| run.value && run.len() > shortest)
    {
        match blocks.last_mut() {
            Some(block) if run.from - block.1 < widest && !(block.1..run.from).any(is_gone) => {
                block.1 = run.until;
            }
            _ => blocks.push((run.from, run.until)),
        }
    }
    let mut longest: Option<(usize, usize)> = None;
    for block in blocks {
        if longest.is_none_or(|known| block.1 - block.0 > known.1 - known.0) {
            longest = Some(block);
        }
    }
    let (from, until) = longest.ok_or(Insufficient::new("still blocks of 30 minutes", 1.0, 0.0))?;
    Ok(Measured::new(
        SleepPeriod {
            from,
            until,
            threshold_deg,
        },
        angle.coverage(),
    ))
}

/// Median of the absolute change of angle over the five minutes around each epoch; 0 where they
/// reach over an end.
pub fn rolling_stillness(angle: &Series) -> Result<Vec<f64>, Insufficient> {
    let width = angle.epochs_in(QUIET_S)? - 1; // a window of n epochs holds n − 1 changes
    let changes: Vec<f64> = angle
        .values()
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .collect();
    Insufficient::unless("epochs of five minutes", width + 1, angle.len())?;
    let (ordered, rank) = ranks(&changes);
    let mut window = RankWindow::new(&ordered);
    let mut medians = vec![0.0; angle.len()];
    for (index, rank_here) in rank.iter().enumerate() {
        if let Some(rank) = rank_here {
            window.insert(*rank);
        }
        if index + 1 >= width {
            let first = index + 1 - width;
            medians[first + width / 2] = window.median();
            if let Some(rank) = rank[first] {
                window.remove(rank);
            }
        }
    }
    Ok(medians)
}

fn complete(angle: &Series) -> Result<(), Insufficient> {
    Insufficient::unless(
        "epochs that are present (all of them)",
        angle.len().max(2),
        angle.present(),
    )
}
