//! # Sadeh sleep scoring
//!
//! **What it measures.** Whether each minute was sleep or wake, from eleven minutes of movement.
//!
//! **Inputs and units.** Activity counts; the published form uses minutes (sums of shorter epochs).
//!
//! **Method.** PS = 7.601 − 0.065·MEAN − 1.08·NAT − 0.056·SD − 0.703·LG with MEAN over the window
//! of five minutes before to five after, NAT the number of its minutes with 50 ≤ x < 100, SD the
//! sample standard deviation of the minute and the five before, LG = ln(1 + x). Sleep if PS > −4
//! (`ActiLife`) or PS ≥ 0 (paper). Counts are clipped at 300.
//!
//! **Missing epochs.** Missing epochs count as still inside a minute; a minute without any is still too in the
//! `ActiLife` form, and leaves its neighbours unscored in the `pyActigraphy` form.
//!
//! **Validity.** Fitted on adolescents and young adults. Fewer than 11 minutes cannot be scored.
//!
//! **Population.** One laboratory night of 20 young adults and 16 adolescents, both wrists, a motion logger that
//! counts zero crossings: 91 to 93 % of the minutes agreed with polysomnography, fitted and held out (Sadeh 1994).
//! Compared with polysomnography on `ActiGraph` devices in 13 school children and 12 adults, all healthy; the study's 22
//! adults compared devices with each other (Quante 2018). Such a night is
//! mostly sleep, so wake is found far worse than the figure sounds; older people, people with insomnia and sleep by
//! day were not in the fit.
//!
//! **Versions.** 1. [`ACTILIFE`], [`PAPER`], and [`PY_ACTIGRAPHY`] (native epochs, ln(1 + x) of the
//! next epoch, NAT strictly above 50, no clipping, edges unscored).
//!
//! **References.** Sadeh A et al. 1994, Sleep 17:201, doi:10.1093/sleep/17.3.201. Quante M et al. 2018,
//! doi:10.2147/NSS.S151085.

use super::scored::{Edge, Scored, judged};
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::series::{Combine, Ends, MINUTE_S, Origin, Series};

/// Sadeh scoring.
pub const SADEH: Analysis = Analysis {
    id: "sadeh",
    version: 1,
    unit: "epochs",
    title: "Sleep/wake by Sadeh",
};

const EACH_SIDE: usize = 5; // minutes before and after (Sadeh 1994)

/// One way to score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Definition {
    /// Whether epochs become minutes first.
    pub epochs: Epochs,
    /// Counts are clipped at this.
    pub ceiling: f64,
    /// Whether a count of exactly 50 belongs to NAT.
    pub fifty: Fifty,
    /// Which epoch LG is taken of.
    pub logged: Logged,
    /// Sleep above this probability score.
    pub threshold: f64,
    /// What happens at the ends.
    pub edge: Edge,
}

/// The epoch a definition is stated on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Epochs {
    /// Minutes, as published.
    Minutes,
    /// Whatever the recording has.
    Native,
}

/// Membership of the lower bound of NAT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fifty {
    /// 50 ≤ x < 100, as published.
    Counts,
    /// 50 < x < 100.
    Excluded,
}

/// The epoch whose logarithm enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logged {
    /// The scored epoch, as published.
    Scored,
    /// The one after it.
    Next,
}

/// `ActiLife` 6, verified on its own output.
pub const ACTILIFE: Definition = Definition {
    epochs: Epochs::Minutes,
    ceiling: 300.0,
    fifty: Fifty::Counts,
    logged: Logged::Scored,
    threshold: -4.0,
    edge: Edge::Still,
};
/// The published threshold.
pub const PAPER: Definition = Definition {
    threshold: 0.0,
    ..ACTILIFE
};
/// `pyActigraphy` 1.2.2.
pub const PY_ACTIGRAPHY: Definition = Definition {
    epochs: Epochs::Native,
    ceiling: f64::INFINITY,
    fifty: Fifty::Excluded,
    logged: Logged::Next,
    threshold: 0.0,
    edge: Edge::Unscored,
};

/// Scores a series.
pub fn score(series: &Series, definition: &Definition) -> Outcome<Scored> {
    let (epochs, scores) = probability_scores(series, definition)?;
    let states = judged(&scores, |score| score > definition.threshold);
    Ok(Measured::new(
        Scored::like(&epochs, states),
        series.coverage(),
    ))
}

/// The scored epochs and the probability score PS of each; NaN where the window is incomplete.
pub fn probability_scores(
    series: &Series,
    definition: &Definition,
) -> Result<(Series, Vec<f64>), Insufficient> {
    let epochs = match definition.epochs {
        Epochs::Native => series.clone(),
        Epochs::Minutes => series.resampled(
            MINUTE_S,
            Origin::FirstEpoch,
            Ends::Complete,
            Combine::SumMissingAsZero,
        )?,
    };
    Insufficient::unless("epochs", 2 * EACH_SIDE + 1, epochs.len())?;
    let mut padded = vec![0.0; EACH_SIDE];
    padded.extend(
        epochs
            .values()
            .iter()
            .map(|count| count.min(definition.ceiling)),
    );
    padded.resize(padded.len() + EACH_SIDE, 0.0);
    restore_missing(&mut padded, epochs.values());
    let mut scores: Vec<f64> = padded
        .windows(2 * EACH_SIDE + 1)
        .map(|window| of_window(window, definition))
        .collect();
    if definition.edge == Edge::Unscored {
        let count = scores.len();
        scores[..EACH_SIDE].fill(f64::NAN);
        scores[count - EACH_SIDE..].fill(f64::NAN);
    }
    Ok((epochs, scores))
}

/// `f64::min` turns NaN into its other operand, which would make a missing epoch a busy one.
fn restore_missing(padded: &mut [f64], values: &[f64]) {
    for (slot, value) in padded[EACH_SIDE..].iter_mut().zip(values) {
        if value.is_nan() {
            *slot = f64::NAN;
        }
    }
}

fn of_window(window: &[f64], definition: &Definition) -> f64 {
    let mean = window.iter().sum::<f64>() / window.len() as f64;
    let nat = window.iter().filter(|&&count| match definition.fifty {
        Fifty::Counts => (50.0..100.0).contains(&count),
        Fifty::Excluded => count > 50.0 && count < 100.0,
    });
    let nat = nat.count() as f64;
    let recent = &window[..=EACH_SIDE];
    let centre = recent.iter().sum::<f64>() / recent.len() as f64;
    let squares: f64 = recent.iter().map(|count| (count - centre).powi(2)).sum();
    let deviation = (squares / EACH_SIDE as f64).sqrt();
    let logged = match definition.logged {
        Logged::Scored => window[EACH_SIDE],
        Logged::Next => window[EACH_SIDE + 1],
    };
    7.601 - 0.065 * mean - 1.08 * nat - 0.056 * deviation - 0.703 * (1.0 + logged).ln()
}
