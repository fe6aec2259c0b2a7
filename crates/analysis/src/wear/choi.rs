//! # Choi non-wear
//!
//! **What it measures.** When the device was not worn.
//!
//! **Inputs and units.** Activity counts per minute; the result marks non-wear minutes.
//!
//! **Method.** Runs of at least `around` (30) zero minutes are sought. A movement between two of
//! them — everything from the first to the last non-zero minute, short zeros included — is taken for
//! an artefact when it lasts at most `spike` (2) minutes, and joins them. What is then at least
//! `shortest` (90) minutes long is non-wear.
//!
//! **Validity.** Hip counts of adults; wrist wear needs longer windows. A missing epoch breaks a
//! stretch and is not marked.
//!
//! **Versions.** 1. `ActiLife` presets use 60 or 90 minutes.
//!
//! **References.** Choi L et al. 2011, Med Sci Sports Exerc 43:357, doi:10.1249/MSS.0b013e3181ed61a3.

use crate::maths::run::runs;
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::series::{MINUTE_S, Series};

/// Choi non-wear.
pub const CHOI: Analysis = Analysis {
    id: "choi_nonwear",
    version: 1,
    unit: "epochs",
    title: "Non-wear by Choi",
};

/// Lengths in minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Shortest non-wear.
    pub shortest: usize,
    /// Zero minutes needed on each side of a spike.
    pub around: usize,
    /// Longest spike.
    pub spike: usize,
}

/// The published rule.
pub const CHOI_2011: Rule = Rule {
    shortest: 90,
    around: 30,
    spike: 2,
};

/// Marks the minutes of non-wear.
pub fn nonwear(counts: &Series, rule: &Rule) -> Outcome<Vec<bool>> {
    if counts.step_s() != MINUTE_S {
        return Err(Insufficient::new(
            "seconds per epoch",
            60.0,
            f64::from(counts.step_s()),
        ));
    }
    let kinds: Vec<Option<bool>> = counts
        .values()
        .iter()
        .map(|&v| (!v.is_nan()).then_some(v <= 0.0))
        .collect();
    let still = runs(&kinds)
        .into_iter()
        .filter(|run| run.value == Some(true));
    let least = rule.around.min(rule.shortest);
    let mut blocks: Vec<(usize, usize)> = Vec::new();
    for run in still.filter(|run| run.len() >= least) {
        match blocks.last_mut() {
            Some(block) if run.from - block.1 <= rule.spike && whole(&kinds[block.1..run.from]) => {
                block.1 = run.until;
            }
            _ => blocks.push((run.from, run.until)),
        }
    }
    let mut mask = vec![false; kinds.len()];
    for (from, until) in blocks
        .into_iter()
        .filter(|block| block.1 - block.0 >= rule.shortest)
    {
        mask[from..until].fill(true);
    }
    Ok(Measured::new(mask, counts.coverage()))
}

/// Whether no epoch is missing.
fn whole(kinds: &[Option<bool>]) -> bool {
    kinds.iter().all(Option::is_some)
}
