//! # Sleep regularity index
//!
//! **What it measures.** How likely a person is in the same state, asleep or awake, at the same
//! clock time on the next day: 100 for identical days, 0 for chance, −100 for opposite days.
//!
//! **Inputs and units.** A sleep/wake series from any scorer, on an epoch that divides a day; the
//! result has no unit.
//!
//! **Method.** SRI = 200 · P(s(t) = s(t + 24 h)) − 100 over all pairs of epochs 24 hours apart
//! (Phillips 2017). [`by_clock_time`] first averages the agreement per clock time, then over the
//! clock times, as `pyActigraphy` does; the two differ when days are incomplete.
//!
//! **Missing epochs.** A pair with an unscored epoch takes no part.
//!
//! **Validity.** Results need five days of pairs; Phillips recommends seven days.
//!
//! **Population.** 61 students over 30 days by diary (Phillips 2017); later used with devices in adults of all ages.
//! What is regular in students with days without lectures is not what is regular in shift workers, whose values have
//! no norm.
//!
//! **Versions.** 4 (3 took the stillness in which a recording ends for wake, 2 that of 12 hours and more, in neither of
//! which Roenneberg's bouts are sought; 1 was computed from a single pair on).
//!
//! **References.** Phillips AJK et al. 2017, Sci Rep 7:3216, doi:10.1038/s41598-017-03171-4.

use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::score::scored::Scored;

/// Sleep regularity index.
pub const SLEEP_REGULARITY: Analysis = Analysis {
    id: "sleep_regularity_index",
    version: 4,
    unit: "1",
    title: "Sleep regularity index",
};

/// Pairs that make an index, in days.
const LEAST_DAYS: f64 = 5.0;

/// Sleep regularity index over all pairs, of which there must be five days.
pub fn index(scored: &Scored) -> Outcome<f64> {
    let (_, pairs, _) = agreement(scored)?;
    let days = pairs.iter().sum::<u64>() as f64 / scored.epochs_per_day()? as f64;
    if days < LEAST_DAYS {
        let what = "days of scored epochs that have one 24 hours later";
        return Err(Insufficient::new(what, LEAST_DAYS, days));
    }
    over_pairs(scored)
}

/// Sleep regularity index over all pairs, however few.
pub fn over_pairs(scored: &Scored) -> Outcome<f64> {
    let (agree, pairs, wanted) = agreement(scored)?;
    let same: u64 = agree.iter().sum();
    let count: u64 = pairs.iter().sum();
    let coverage = count as f64 / wanted as f64;
    Ok(Measured::new(
        200.0 * same as f64 / count as f64 - 100.0,
        coverage,
    ))
}

/// Sleep regularity index as the mean over clock times.
pub fn by_clock_time(scored: &Scored) -> Outcome<f64> {
    let (agree, pairs, wanted) = agreement(scored)?;
    let shares: Vec<f64> = agree
        .iter()
        .zip(&pairs)
        .filter(|&(_, &count)| count > 0)
        .map(|(&same, &count)| same as f64 / count as f64)
        .collect();
    let share = shares.iter().sum::<f64>() / shares.len() as f64;
    let coverage = pairs.iter().sum::<u64>() as f64 / wanted as f64;
    Ok(Measured::new(200.0 * share - 100.0, coverage))
}

/// Agreeing and comparable pairs per clock time, and the pairs a gapless series would have.
fn agreement(scored: &Scored) -> Result<(Vec<u64>, Vec<u64>, usize), Insufficient> {
    let lag = scored.epochs_per_day()?;
    let states = scored.states();
    let wanted = states.len().saturating_sub(lag);
    let mut agree = vec![0; lag];
    let mut pairs = vec![0; lag];
    for index in 0..wanted {
        if let (Some(today), Some(tomorrow)) = (states[index], states[index + lag]) {
            pairs[index % lag] += 1;
            agree[index % lag] += u64::from(today == tomorrow);
        }
    }
    let found = pairs.iter().sum::<u64>();
    Insufficient::unless(
        "scored epochs 24 hours apart",
        1,
        usize::try_from(found).unwrap_or(usize::MAX),
    )?;
    Ok((agree, pairs, wanted))
}
