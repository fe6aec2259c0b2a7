//! # Troiano non-wear
//!
//! **What it measures.** When the device was not worn.
//!
//! **Inputs and units.** Activity counts per minute; the result marks non-wear minutes.
//!
//! **Method.** Non-wear begins at a zero minute and is at least `shortest` (60) minutes long. It
//! ends before a minute above `stop` (100 counts), and before the spike that exceeds the tolerance:
//! either more than `spike` (2) consecutive non-zero minutes, or more than `spike` non-zero minutes
//! in all, as [`Spikes`] says. Trailing non-zero minutes do not belong to it. A stretch that is too
//! short is sought again from the next zeros.
//!
//! **Missing epochs.** A missing epoch ends a stretch and is not marked.
//!
//! **Validity.** Hip counts of adults (NHANES).
//!
//! **Population.** The people of NHANES 2003-2004, 6,329 with a valid day, from 6 years on, `ActiGraph` 7164 at the
//! hip by day. It was a rule of processing and not compared with observed wear; sitting for an hour counts as non-
//! wear, more so in old people.
//!
//! **Versions.** 1.
//!
//! **References.** Troiano RP et al. 2008, doi:10.1249/mss.0b013e31815a51b3.

use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::series::{MINUTE_S, Series};

/// Troiano non-wear.
pub const TROIANO: Analysis = Analysis {
    id: "troiano_nonwear",
    version: 1,
    unit: "epochs",
    title: "Non-wear by Troiano",
};

/// How non-zero minutes are counted against the tolerance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spikes {
    /// Only consecutive ones (`ActiLife` "require consecutive epochs").
    Consecutive,
    /// All of them in the stretch.
    Cumulative,
}

/// Lengths in minutes and levels in counts per minute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// Shortest non-wear.
    pub shortest: usize,
    /// Most non-zero minutes tolerated.
    pub spike: usize,
    /// A count above this always ends non-wear.
    pub stop: f64,
    /// How spikes are counted.
    pub spikes: Spikes,
}

/// The published rule.
pub const TROIANO_2008: Rule = Rule {
    shortest: 60,
    spike: 2,
    stop: 100.0,
    spikes: Spikes::Consecutive,
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
    let values = counts.values();
    let mut mask = vec![false; values.len()];
    let mut from = 0;
    while from < values.len() {
        if values[from].is_nan() || values[from] > 0.0 {
            from += 1;
            continue;
        }
        let (last_zero, next) = stretch(values, from, rule);
        if last_zero + 1 - from >= rule.shortest {
            mask[from..=last_zero].fill(true);
            from = next;
        } else {
            // A later start may spend its tolerance better, but not within the same zeros.
            from += values[from..]
                .iter()
                .take_while(|&&count| count <= 0.0)
                .count();
        }
    }
    Ok(Measured::new(mask, counts.coverage()))
}

/// Follows non-wear from a zero minute: its last zero minute, and where to look on.
fn stretch(values: &[f64], from: usize, rule: &Rule) -> (usize, usize) {
    let mut last_zero = from;
    let mut spikes = 0;
    for (index, &value) in values.iter().enumerate().skip(from + 1) {
        if value <= 0.0 {
            last_zero = index;
            if rule.spikes == Spikes::Consecutive {
                spikes = 0;
            }
            continue;
        }
        spikes += 1;
        if value.is_nan() || value > rule.stop || spikes > rule.spike {
            return (last_zero, index);
        }
    }
    (last_zero, values.len())
}
