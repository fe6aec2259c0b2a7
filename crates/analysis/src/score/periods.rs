//! # Tudor-Locke sleep periods
//!
//! **What it measures.** Bedtime, wake time and the quality of each period, from scored minutes.
//!
//! **Inputs and units.** One-minute sleep/wake scores and the counts they came from; times are
//! epochs, lengths minutes, efficiency a percentage.
//!
//! **Method.** Bedtime is the first of `asleep_to_start` consecutive sleep minutes, wake time the
//! first of `awake_to_end` consecutive wake minutes after it. A period counts if its length lies
//! within bounds and it has enough minutes with movement. Efficiency = sleep / length; awakenings
//! are runs of wake inside; the movement index is the share of minutes with counts, the
//! fragmentation index the share of sleep bouts of one minute; their sum is the sleep fragmentation
//! index.
//!
//! **Missing minutes.** An unscored minute is neither sleep nor wake and breaks both streaks.
//!
//! **Validity.** Minutes.
//!
//! **Population.** Children of about ten years with an `ActiGraph` at the waist by day and night (Tudor-Locke 2014).
//! Adults and wrist devices were not in the fit: here its limits are the publication's.
//!
//! **Versions.** 1, equal to `ActiLife` 6.
//!
//! **References.** Tudor-Locke C et al. 2014, doi:10.1139/apnm-2013-0173.

use super::scored::{Scored, State};
use crate::maths::run::runs;
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::series::{MINUTE_S, Series};

/// Sleep periods.
pub const TUDOR_LOCKE: Analysis = Analysis {
    id: "tudor_locke_periods",
    version: 1,
    unit: "min",
    title: "Sleep periods by Tudor-Locke",
};

/// The rule that makes a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Consecutive sleep minutes that begin a period.
    pub asleep_to_start: usize,
    /// Consecutive wake minutes that end it.
    pub awake_to_end: usize,
    /// Shortest period in minutes.
    pub shortest: usize,
    /// Longest period in minutes.
    pub longest: usize,
    /// Fewest minutes with movement, so that a device on the table does not sleep.
    pub moving: usize,
}

/// The published rule.
pub const TUDOR_LOCKE_2014: Rule = Rule {
    asleep_to_start: 5,
    awake_to_end: 10,
    shortest: 160,
    longest: 1440,
    moving: 0,
};

/// One sleep period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Period {
    /// First minute.
    pub from: usize,
    /// One past its last minute.
    pub until: usize,
    /// Minutes of sleep.
    pub asleep_min: usize,
    /// Number of awakenings.
    pub awakenings: usize,
    /// Sum of the counts.
    pub counts: f64,
    /// Share of the minutes asleep in percent.
    pub efficiency_percent: f64,
    /// Share of the minutes with movement in percent.
    pub movement_index: f64,
    /// Share of sleep bouts that last one minute in percent.
    pub fragmentation_index: f64,
}

/// Finds the periods of a scored series.
pub fn periods(scored: &Scored, counts: &Series, rule: &Rule) -> Outcome<Vec<Period>> {
    if scored.step_s() != MINUTE_S || counts.step_s() != MINUTE_S {
        let seconds = f64::from(scored.step_s().max(counts.step_s()));
        return Err(Insufficient::new("seconds per epoch", 60.0, seconds));
    }
    Insufficient::unless("minutes of counts", scored.len(), counts.len())?;
    let mut found = Vec::new();
    let mut begun: Option<usize> = None;
    for run in runs(scored.states()) {
        match (run.value, begun) {
            (Some(State::Sleep), None) if run.len() >= rule.asleep_to_start => {
                begun = Some(run.from);
            }
            (Some(State::Wake), Some(from)) if run.len() >= rule.awake_to_end => {
                found.extend(described(scored, counts, from, run.from, rule));
                begun = None;
            }
            _ => {}
        }
    }
    Ok(Measured::new(found, scored.coverage()))
}

fn described(
    scored: &Scored,
    counts: &Series,
    from: usize,
    until: usize,
    rule: &Rule,
) -> Option<Period> {
    let length = until - from;
    let inside = &counts.values()[from..until];
    let moving = inside.iter().filter(|&&count| count > 0.0).count();
    if length < rule.shortest || length > rule.longest || moving < rule.moving {
        return None;
    }
    let stretches = runs(&scored.states()[from..until]);
    let of = |state| stretches.iter().filter(move |run| run.value == Some(state));
    let asleep_min: usize = of(State::Sleep)
        .map(super::super::maths::run::Run::len)
        .sum();
    let bouts = of(State::Sleep).count();
    let short = of(State::Sleep).filter(|run| run.len() == 1).count();
    let percent = |part: usize, whole: usize| 100.0 * part as f64 / whole as f64;
    Some(Period {
        from,
        until,
        asleep_min,
        awakenings: of(State::Wake).count(),
        counts: inside.iter().filter(|count| !count.is_nan()).sum(),
        efficiency_percent: percent(asleep_min, length),
        movement_index: percent(moving, length),
        fragmentation_index: percent(short, bouts),
    })
}
