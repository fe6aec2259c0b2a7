//! Totals that came with a summarised night: how long each stage was, without when.
//!
//! They count only where they fit into the night that they are of.

use model::sample::{MINUTE_US, Sample};
use model::source::SourceNo;
use model::zone::Span;

use super::series::{is_usable, minutes};
use super::sleep::{StageMinutes, Totals};

/// What is forgiven between totals that were rounded apart: a minute for each of four stages.
const ROUNDING_MIN: f64 = 4.0;

/// The totals of one night.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stated {
    /// Time asleep.
    pub(super) asleep_us: i64,
    /// Minutes per stage; they add up to the time asleep.
    pub(super) stages_min: StageMinutes,
}

/// What a source stated of a night; nothing when it stated nothing that fits.
pub(super) fn of(totals: &Totals<'_>, source: SourceNo, night: Span) -> Option<Stated> {
    let total = |samples| sum_min(samples, source, night);
    let [core, deep, rem] = [totals.core, totals.deep, totals.rem].map(total);
    let awake = total(totals.awake).unwrap_or(0.0);
    let staged = [core, deep, rem].map(|stage| stage.unwrap_or(0.0));
    let staged_min: f64 = staged.iter().sum();
    let whole = total(totals.asleep).filter(|asleep_min| *asleep_min + ROUNDING_MIN >= staged_min);
    let asleep_min = match whole {
        Some(asleep_min) => asleep_min.max(staged_min),
        None if staged_min > 0.0 => staged_min,
        None => return None,
    };
    let night_min = minutes(night.end_us - night.start_us);
    if asleep_min <= 0.0 || asleep_min > night_min + ROUNDING_MIN {
        return None;
    }
    let asleep_min = asleep_min.min(night_min);
    let [core, deep, rem] = if staged_min > asleep_min {
        staged.map(|stage| stage * asleep_min / staged_min)
    } else {
        staged
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "at most the length of the night"
    )]
    let asleep_us = (asleep_min * MINUTE_US as f64).round() as i64;
    Some(Stated {
        asleep_us,
        stages_min: StageMinutes {
            core,
            deep,
            rem,
            unspecified: (asleep_min - core - deep - rem).max(0.0),
            awake,
        },
    })
}

/// The sum of a source's totals of a night; of those that overlap, the one that covers most of it, or that
/// came with the later end. `None` when there is none.
fn sum_min(samples: &[Sample], source: SourceNo, night: Span) -> Option<f64> {
    let overlap_us =
        |sample: &Sample| sample.end_us.min(night.end_us) - sample.start_us.max(night.start_us);
    let mut own: Vec<&Sample> = samples
        .iter()
        .filter(|sample| sample.source == source && is_usable(sample) && sample.value >= 0.0)
        // Most of what a total spans must be this night.
        .filter(|sample| 2 * overlap_us(sample) > sample.end_us - sample.start_us)
        .collect();
    own.sort_by_key(|sample| std::cmp::Reverse((overlap_us(sample), sample.end_us)));
    let mut counted: Vec<&Sample> = Vec::new();
    for sample in own {
        let is_apart = counted
            .iter()
            .all(|other| sample.end_us <= other.start_us || other.end_us <= sample.start_us);
        if is_apart {
            counted.push(sample);
        }
    }
    let sum = counted.iter().map(|sample| sample.value).sum();
    (!counted.is_empty()).then_some(sum)
}
