//! # Social jetlag, chronotype and composite phase deviation
//!
//! **What it measures.** When a person sleeps: the difference between work and free days (social
//! jetlag), the corrected free-day midpoint (`MSFsc`, chronotype), and how far each night lies from
//! the chronotype and from the night before (composite phase deviation, irregularity).
//!
//! **Inputs and units.** One sleep per day with onset and offset in hours after local midnight of
//! the day it ends on (onset may be negative) and whether that day was free; results are hours. Whether a day is free
//! is for the person to say (a calendar of shifts, holidays, a part-time week); without a word, Saturday and Sunday are.
//!
//! **Method.** MS = (onset + offset)/2. Social jetlag = |MSF − MSW| on the clock, over means of
//! free and work days. `MSFsc` = MSF − (SDF − SDweek)/2 when SDF > `SDweek`, with `SDweek` =
//! (nW·SDW + nF·SDF)/(nW + nF), else MSF. Composite phase deviation = mean over days of
//! √((`MSᵢ` − reference)² + (`MSᵢ` − MSᵢ₋₁)²), the reference being `MSFsc`, over the nights that have a night
//! before: the first night and one after a missing night have no second term and are left out.
//!
//! **Missing nights.** A missing night is left out and breaks the chain to the night before.
//!
//! **Validity.** Social jetlag needs one night of each kind (three are customary), composite phase deviation
//! five nights with the night before.
//!
//! **Population.** Chronotype and social jetlag: answers to a questionnaire, most from central Europe (Wittmann 2006,
//! Roenneberg 2012), people with regular working weeks. Composite phase deviation: day workers and
//! workers in shifts (Fischer 2016). Weekday and free day are asked, not seen: without a calendar, weekends stand for free days.
//!
//! **Versions.** Social jetlag and chronotype 2 (1 took other nights: see nights), composite
//! phase deviation 2 (1 took the second term for 0 where the night before was missing, and two nights for enough).
//!
//! **References.** Wittmann M et al. 2006, doi:10.1080/07420520500545979. Roenneberg T et al. 2012,
//! doi:10.1016/j.cub.2012.03.038. Fischer D et al. 2016, Sci Rep 6:38601,
//! doi:10.1038/srep38601.

use crate::maths::describe::mean;
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::stats::circular;

/// Social jetlag.
pub const SOCIAL_JETLAG: Analysis = Analysis {
    id: "social_jetlag",
    version: 2,
    unit: "h",
    title: "Social jetlag",
};
/// Sleep-corrected midpoint of sleep on free days.
pub const CHRONOTYPE: Analysis = Analysis {
    id: "msfsc",
    version: 2,
    unit: "h",
    title: "Chronotype (MSFsc)",
};
/// Composite phase deviation.
pub const COMPOSITE_PHASE_DEVIATION: Analysis = Analysis {
    id: "composite_phase_deviation",
    version: 2,
    unit: "h",
    title: "Composite phase deviation",
};

const PAIRS_MIN: usize = 5;

/// Whether a night ended on a day with obligations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A day with work or school.
    Work,
    /// A free day.
    Free,
}

/// One main sleep.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MainSleep {
    /// Sleep onset in hours after midnight of the day it ends on; negative before midnight.
    pub onset_h: f64,
    /// Sleep offset in hours after that midnight.
    pub offset_h: f64,
    /// Kind of the day it ends on.
    pub kind: Kind,
}

impl MainSleep {
    /// Midpoint in hours after midnight.
    pub fn midpoint_h(&self) -> f64 {
        f64::midpoint(self.onset_h, self.offset_h)
    }

    /// Length in hours.
    pub fn length_h(&self) -> f64 {
        self.offset_h - self.onset_h
    }
}

/// Difference between the mean midpoints of free and of work days in hours; `None` is a lost night.
pub fn social_jetlag(nights: &[Option<MainSleep>]) -> Outcome<f64> {
    let free = midpoint(nights, Kind::Free, "free nights")?;
    let work = midpoint(nights, Kind::Work, "work nights")?;
    Ok(Measured::new(
        circular::difference(free, work, 24.0).abs(),
        coverage(nights),
    ))
}

/// Midpoint of sleep on free days corrected for the sleep lost in the week, hours after midnight.
pub fn chronotype(nights: &[Option<MainSleep>]) -> Outcome<f64> {
    let free = midpoint(nights, Kind::Free, "free nights")?;
    let length = |kind: Option<Kind>| {
        let held = nights
            .iter()
            .flatten()
            .filter(|night| kind.is_none_or(|k| night.kind == k));
        mean(&held.map(MainSleep::length_h).collect::<Vec<_>>())
    };
    let oversleep = (length(Some(Kind::Free)) - length(None)).max(0.0);
    Ok(Measured::new(
        (free - oversleep / 2.0).rem_euclid(24.0),
        coverage(nights),
    ))
}

/// Mean composite phase deviation of the nights from a reference midpoint in hours.
pub fn composite_phase_deviation(nights: &[Option<MainSleep>], reference_h: f64) -> Outcome<f64> {
    let mut deviations = Vec::new();
    let mut last: Option<f64> = None;
    for night in nights {
        let middle = night.map(|night| night.midpoint_h());
        if let Some((middle, known)) = middle.zip(last) {
            let off = circular::difference(middle, reference_h, 24.0);
            deviations.push(off.hypot(circular::difference(middle, known, 24.0)));
        }
        last = middle;
    }
    Insufficient::unless("nights with the night before", PAIRS_MIN, deviations.len())?;
    Ok(Measured::new(mean(&deviations), coverage(nights)))
}

fn midpoint(
    nights: &[Option<MainSleep>],
    kind: Kind,
    of: &'static str,
) -> Result<f64, Insufficient> {
    let held: Vec<f64> = nights
        .iter()
        .flatten()
        .filter(|night| night.kind == kind)
        .map(MainSleep::midpoint_h)
        .collect();
    Insufficient::unless(of, 1, held.len())?;
    circular::mean(&held, 24.0)
}

fn coverage(nights: &[Option<MainSleep>]) -> f64 {
    nights.iter().flatten().count() as f64 / nights.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn night(onset_h: f64, offset_h: f64, kind: Kind) -> MainSleep {
        MainSleep {
            onset_h,
            offset_h,
            kind,
        }
    }

    /// Hand calculation: work nights 23–6 (midpoint 2.5, 7 h), free nights 0–9 (4.5, 9 h); the
    /// week of five and two averages 53/7 h, so `MSFsc` = 4.5 − (9 − 53/7)/2.
    #[test]
    fn a_working_week() {
        let mut week = vec![Some(night(-1.0, 6.0, Kind::Work)); 5];
        week.extend([Some(night(0.0, 9.0, Kind::Free)); 2]);
        assert!((social_jetlag(&week).unwrap().value - 2.0).abs() < 1e-9);
        let expect = 4.5 - (9.0 - 53.0 / 7.0) / 2.0;
        assert!((chronotype(&week).unwrap().value - expect).abs() < 1e-9);
        let deviation = composite_phase_deviation(&week, 2.5).unwrap().value;
        let by_hand = (4.0 * 0.0 + 8.0_f64.sqrt() + 2.0) / 6.0;
        assert!((deviation - by_hand).abs() < 1e-9);
        week[3] = None;
        // Four nights have one before them.
        assert!(composite_phase_deviation(&week, 2.5).is_err());
        week.extend([Some(night(1.0, 10.0, Kind::Free)); 1]);
        let after_a_gap = composite_phase_deviation(&week, 2.5).unwrap().value;
        let by_hand = (2.0 * 0.0 + 8.0_f64.sqrt() + 2.0 + 10.0_f64.sqrt()) / 5.0;
        assert!((after_a_gap - by_hand).abs() < 1e-9, "{after_a_gap}");
        week.pop();
        assert!((social_jetlag(&week).unwrap().coverage - 6.0 / 7.0).abs() < 1e-12);
    }
}
