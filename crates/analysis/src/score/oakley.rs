//! # Oakley sleep scoring (Actiware)
//!
//! **What it measures.** Whether each epoch was sleep or wake, as Actiwatch software scores it.
//!
//! **Inputs and units.** Activity counts in epochs of 15, 30, 60 or 120 seconds.
//!
//! **Method.** Total = Σ wⱼ Aₜ₊ⱼ over two minutes each side, weights 0.2 within a minute, 0.04 beyond
//! and 4, 2, 1, 0.5 for the epoch itself at 15, 30, 60, 120 s (0.12 for its neighbours at 120 s).
//! Sleep if total ≤ threshold: 20, 40 (medium), 80, or the automatic one, 0.88888 · ΣA / (minutes
//! with at least one count per 15 seconds of epoch).
//!
//! **Missing epochs.** Epochs without a full window are not scored, nor are those whose window holds a missing
//! epoch.
//!
//! **Validity.** Actiwatch counts. The automatic threshold is refused where most epochs with movement have less
//! than a count per 15 seconds: then the activity is on another scale.
//!
//! **Population.** The report gives no study that could be repeated. Threshold 40 on the maker's devices was tested
//! in 77 adults, 30 women and 47 men of 35 ± 12.5 years, good sleepers, people with insomnia and night workers who
//! slept by day: 86 % of the epochs agreed with polysomnography, 97 % of sleep and 33 % of wake (Marino 2013).
//!
//! **Versions.** 2 (1 made an automatic threshold of every scale). Actiware includes the threshold in sleep, `pyActigraphy` does not
//! ([`Tie::Wake`]); they differ on exact ties only.
//!
//! **References.** Oakley NR 1997, Technical report, Mini Mitter. Respironics Actiware manual. Marino M et al. 2013,
//! doi:10.5665/sleep.3142.

use super::scored::{Edge, Scored, Window, counted, judged};
use crate::maths::describe::sum;
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::series::Series;

/// Oakley scoring.
pub const OAKLEY: Analysis = Analysis {
    id: "oakley",
    version: 2,
    unit: "epochs",
    title: "Sleep/wake by Oakley (Actiware)",
};

const MOBILE: &str = "epochs with a count per 15 seconds";
const AUTOMATIC_SHARE: f64 = 0.88888; // of the mean count per mobile minute (Actiware manual)

/// The total at which sleep ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Threshold {
    /// 20, 40 or 80 by custom.
    Fixed(f64),
    /// Taken from the recording.
    Automatic,
}

/// What an epoch exactly at the threshold is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tie {
    /// Sleep, as in Actiware.
    Sleep,
    /// Wake, as in `pyActigraphy`.
    Wake,
}

/// Scores a series.
pub fn score(series: &Series, threshold: Threshold, tie: Tie) -> Outcome<Scored> {
    let weights = weights(series.step_s())?;
    Insufficient::unless("epochs", weights.len(), series.len())?;
    let level = match threshold {
        Threshold::Fixed(level) => level,
        Threshold::Automatic => automatic_threshold(series)?,
    };
    let window = Window {
        weights,
        before: weights.len() / 2,
        edge: Edge::Unscored,
    };
    let states = judged(&window.sums(series.values()), |total| match tie {
        Tie::Sleep => total <= level + 1e-9, // the sum of exact hundredths carries rounding
        Tie::Wake => total < level,
    });
    Ok(Measured::new(
        Scored::like(series, states),
        series.coverage(),
    ))
}

/// The automatic threshold of a recording.
pub fn automatic_threshold(series: &Series) -> Result<f64, Insufficient> {
    let mobile = counted(series)?;
    Insufficient::unless(MOBILE, 1, mobile)?;
    let minutes = mobile as f64 * f64::from(series.step_s()) / 60.0;
    Ok(AUTOMATIC_SHARE * sum(&series.missing_as_zero()) / minutes)
}

fn weights(step_s: u32) -> Result<&'static [f64], Insufficient> {
    const W15: [f64; 17] = [
        0.04, 0.04, 0.04, 0.04, 0.2, 0.2, 0.2, 0.2, 4.0, 0.2, 0.2, 0.2, 0.2, 0.04, 0.04, 0.04, 0.04,
    ];
    const W30: [f64; 9] = [0.04, 0.04, 0.2, 0.2, 2.0, 0.2, 0.2, 0.04, 0.04];
    const W60: [f64; 5] = [0.04, 0.2, 1.0, 0.2, 0.04];
    const W120: [f64; 3] = [0.12, 0.5, 0.12];
    match step_s {
        15 => Ok(&W15),
        30 => Ok(&W30),
        60 => Ok(&W60),
        120 => Ok(&W120),
        other => Err(Insufficient::new(
            "seconds per epoch, one of 15, 30, 60, 120",
            60.0,
            f64::from(other),
        )),
    }
}
