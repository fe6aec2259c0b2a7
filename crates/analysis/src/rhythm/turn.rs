//! # Activity onset and offset on the average day
//!
//! **What it measures.** The clock times at which activity rises and falls most.
//!
//! **Inputs and units.** The average day in bins (five minutes by custom) ; the results are seconds
//! after midnight.
//!
//! **Method.** At each bin b of the day let e be the mean of the w bins before b and l the mean of
//! the w bins from b on. Onset is the bin with the greatest l/e − 1, offset that with the greatest
//! e/l − 1; the earliest wins a tie.
//!
//! **Missing epochs.** A missing slot makes the average day incomplete, and there is no turn.
//!
//! **Validity.** A complete average day. A rise from nothing at all is infinitely steep and wins; nothing on
//! both sides has no ratio.
//!
//! **Versions.** 2 (1 gave an activity that is the same all day a time of day). By default the day is a circle; [`Shape::Line`] ends it at midnight as
//! `pyActigraphy` 1.2.2 does, which cannot find a turn within w bins of midnight.
//!
//! **References.** Definition of the `pyActigraphy` documentation: Hammad G et al. 2021,
//! doi:10.1371/journal.pcbi.1009514.

use super::profile::Profile;
use crate::maths::describe::mean;
use crate::method::Analysis;
use crate::outcome::Insufficient;

/// Activity onset time.
pub const ACTIVITY_ONSET: Analysis = Analysis {
    id: "activity_onset",
    version: 2,
    unit: "s after midnight",
    title: "Activity onset",
};
/// Activity offset time.
pub const ACTIVITY_OFFSET: Analysis = Analysis {
    id: "activity_offset",
    version: 2,
    unit: "s after midnight",
    title: "Activity offset",
};

/// Slots of the profile at which activity rises and falls most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turns {
    /// Slot of the steepest relative rise.
    pub onset: usize,
    /// Slot of the steepest relative fall.
    pub offset: usize,
}

/// Whether the day goes on after its last slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The last slot is followed by the first.
    Circle,
    /// The day ends at midnight.
    Line,
}

/// Onset and offset with windows of `half` slots before and after.
pub fn turns(profile: &Profile, half: usize, shape: Shape) -> Result<Turns, Insufficient> {
    let slots = profile.values.len();
    Insufficient::unless("slots of the day", 2 * half.max(1), slots)?;
    let gaps = profile.values.iter().filter(|value| value.is_nan()).count();
    Insufficient::unless("slots of the day that are present", slots, slots - gaps)?;
    let mut cycle = profile.values.clone();
    if shape == Shape::Circle {
        cycle.extend_from_within(..);
    }
    let mut rise: Option<(f64, usize)> = None;
    let mut fall: Option<(f64, usize)> = None;
    for centre in half..=cycle.len() - half {
        let before = mean(&cycle[centre - half..centre]);
        let after = mean(&cycle[centre..centre + half]);
        keep(&mut rise, after / before - 1.0, centre % slots);
        keep(&mut fall, before / after - 1.0, centre % slots);
    }
    match (rise, fall) {
        (Some((_, onset)), Some((_, offset))) => Ok(Turns { onset, offset }),
        _ => Err(Insufficient::constant()),
    }
}

fn keep(best: &mut Option<(f64, usize)>, ratio: f64, slot: usize) {
    if !ratio.is_nan() && best.is_none_or(|(known, _)| ratio > known) {
        *best = Some((ratio, slot));
    }
}
