//! # Webster's rescoring rules
//!
//! **What it measures.** A correction of sleep/wake scores: quiet wakefulness looks like sleep, so
//! short sleep after long wake is taken back.
//!
//! **Inputs and units.** One-minute scores of any scorer.
//!
//! **Method.** (a) After at least 4 minutes of wake the first minute of sleep becomes wake; (b)
//! after 10 the first 3; (c) after 15 the first 4; a rule applies where that much sleep follows.
//! (d) At most 6 minutes between stretches of at least 10 minutes of wake become wake; (e) at most
//! 10 between stretches of at least 20. All rules look at the original scores.
//!
//! **Missing minutes.** An unscored minute ends a stretch and is never changed.
//!
//! **Validity.** Minutes.
//!
//! **Population.** Adults with one device at the wrist in a laboratory (Webster 1982); Cole 1992 applied the rules to
//! its own 41 people. They help where people lie awake without moving and cost sleep in people whose sleep is broken.
//!
//! **Versions.** 1, equal to `pyActigraphy` 1.2.2. The paper's rule (d) is quoted with 10 and with
//! 15 minutes; `skdh` applies (a) to (c) one after the other.
//!
//! **References.** Webster JB et al. 1982, Sleep 5:389, doi:10.1093/sleep/5.4.389.

use super::scored::{Scored, State};
use crate::maths::run::runs;
use crate::method::Analysis;
use crate::outcome::Insufficient;
use crate::series::MINUTE_S;

/// Webster's rescoring.
pub const WEBSTER: Analysis = Analysis {
    id: "webster_rescoring",
    version: 1,
    unit: "epochs",
    title: "Webster's rescoring rules",
};

/// Minutes of wake before, minutes of sleep taken back.
const AFTER_WAKE: [(usize, usize); 3] = [(4, 1), (10, 3), (15, 4)];
/// Longest stretch in minutes, and minutes of wake needed on both sides.
const BETWEEN_WAKE: [(usize, usize); 2] = [(6, 10), (10, 20)];

/// Applies all rules to one-minute scores.
pub fn rescored(scored: &Scored) -> Result<Scored, Insufficient> {
    if scored.step_s() != MINUTE_S {
        return Err(Insufficient::new(
            "seconds per epoch",
            60.0,
            f64::from(scored.step_s()),
        ));
    }
    let stretches = runs(scored.states());
    let mut states = scored.states().to_vec();
    for pair in stretches.windows(2) {
        let (wake, sleep) = (pair[0], pair[1]);
        if wake.value == Some(State::Wake) && sleep.value == Some(State::Sleep) {
            for (awake, taken) in AFTER_WAKE {
                if wake.len() >= awake && sleep.len() >= taken {
                    states[sleep.from..sleep.from + taken].fill(Some(State::Wake));
                }
            }
        }
    }
    for (longest, awake) in BETWEEN_WAKE {
        let mut since: Option<usize> = None;
        for run in &stretches {
            match run.value {
                None => since = None,
                Some(State::Wake) if run.len() >= awake => {
                    if let Some(until) = since.filter(|until| run.from - until <= longest) {
                        states[until..run.from].fill(Some(State::Wake));
                    }
                    since = Some(run.until);
                }
                Some(_) => {}
            }
        }
    }
    Ok(Scored::new(scored.start_s(), scored.step_s(), states))
}
