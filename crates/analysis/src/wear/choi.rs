//! # Choi non-wear
//!
//! **What it measures.** When the device was not worn.
//!
//! **Inputs and units.** Activity counts, per minute as published; the result marks non-wear epochs.
//!
//! **Method.** Runs of at least `around` (30) zero minutes are sought. A movement between two of
//! them — everything from the first to the last non-zero minute, short zeros included — is taken for
//! an artefact when it lasts at most `spike` (2) minutes, and joins them. What is then at least
//! `shortest` (90) minutes long is non-wear. On other epochs the lengths are whole epochs: those
//! sought are rounded up, the spike down.
//!
//! **Missing epochs.** A missing epoch breaks a stretch and is not marked.
//!
//! **Validity.** Hip counts of adults. Asleep, a wrist is often still for 90 minutes: in one of ten nights of
//! the Depresjon study, whose rule therefore is [`WRIST`] with 180 minutes (the project's own). Epochs of at
//! most half an hour.
//!
//! **Population.** 76 children and adolescents and 49 adults in a room calorimeter for a day, `ActiGraph` at the hip:
//! nobody took the device off there, so what the figures show is how seldom rest passes for non-wear. Wrist devices
//! were studied later, in 29 adults of 76 to 96 years (Choi 2012); a wrist, and people who lie still for long (old, ill),
//! need the longer rule.
//!
//! **Versions.** 1. `ActiLife` presets use 60 or 90 minutes.
//!
//! **References.** Choi L et al. 2011, Med Sci Sports Exerc 43:357, doi:10.1249/MSS.0b013e3181ed61a3. Choi L et al.
//! 2012, doi:10.1249/MSS.0b013e318258cb36 (wrist and waist of older adults).

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

const LONGEST_EPOCH_S: u32 = 30 * MINUTE_S; // as long as the zeros on each side of a spike

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

/// The rule for a device that is not at the hip and is worn at night.
pub const WRIST: Rule = Rule {
    shortest: 180,
    ..CHOI_2011
};

/// Marks the epochs of non-wear.
pub fn nonwear(counts: &Series, rule: &Rule) -> Outcome<Vec<bool>> {
    let step = counts.step_s();
    if step > LONGEST_EPOCH_S {
        let of = "seconds per epoch or fewer";
        return Err(Insufficient::new(
            of,
            f64::from(LONGEST_EPOCH_S),
            f64::from(step),
        ));
    }
    let epochs = |minutes: usize| (minutes * 60).div_ceil(index(step));
    let (shortest, around) = (epochs(rule.shortest), epochs(rule.around));
    let spike = rule.spike * 60 / index(step);
    let kinds: Vec<Option<bool>> = counts
        .values()
        .iter()
        .map(|&v| (!v.is_nan()).then_some(v <= 0.0))
        .collect();
    let still = runs(&kinds)
        .into_iter()
        .filter(|run| run.value == Some(true));
    let least = around.min(shortest);
    let mut blocks: Vec<(usize, usize)> = Vec::new();
    for run in still.filter(|run| run.len() >= least) {
        match blocks.last_mut() {
            Some(block) if run.from - block.1 <= spike && whole(&kinds[block.1..run.from]) => {
                block.1 = run.until;
            }
            _ => blocks.push((run.from, run.until)),
        }
    }
    let mut mask = vec![false; kinds.len()];
    for (from, until) in blocks
        .into_iter()
        .filter(|block| block.1 - block.0 >= shortest)
    {
        mask[from..until].fill(true);
    }
    Ok(Measured::new(mask, counts.coverage()))
}

fn index(step_s: u32) -> usize {
    usize::try_from(step_s).expect("an epoch fits an index")
}

/// Whether no epoch is missing.
fn whole(kinds: &[Option<bool>]) -> bool {
    kinds.iter().all(Option::is_some)
}
