//! Samples into minutes: what every method on epochs of a person's day reads.
//!
//! A minute is present when its source recorded at least half of it. It must never fill a gap, mix
//! two sources, or read the clock on a wall: minutes are elapsed ones, counted from an instant.

use std::collections::BTreeMap;

use model::sample::{MINUTE_US, Sample};
use model::source::SourceNo;
use model::zone::Span;

use super::rank::Ranks;
use super::series::{cut, in_order, is_aggregated, is_extreme, is_usable, without_duplicates};

/// How samples become the value of a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Minute {
    /// Counts add up; a minute recorded in part is scaled to a whole one.
    Sum,
    /// Levels are averaged by the time they cover.
    Mean,
}

/// Whole minutes from an instant on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grid {
    /// Start of the first minute.
    pub(super) start_us: i64,
    /// Number of minutes.
    pub(super) count: usize,
}

impl Grid {
    /// The minutes that touch a span, aligned to UTC.
    pub(super) fn around(span: Span) -> Self {
        let start_us = span.start_us.div_euclid(MINUTE_US) * MINUTE_US;
        let length = (span.end_us - start_us).max(0) + MINUTE_US - 1;
        Self {
            start_us,
            count: usize::try_from(length / MINUTE_US).unwrap_or(0),
        }
    }

    /// First instant of a minute.
    pub(super) fn at(&self, index: usize) -> i64 {
        self.start_us + i64::try_from(index).unwrap_or(i64::MAX / MINUTE_US) * MINUTE_US
    }

    /// First to last instant.
    pub(super) fn span(&self) -> Span {
        Span {
            start_us: self.start_us,
            end_us: self.at(self.count),
        }
    }
}

/// The minutes of one source; NaN where it recorded less than half of one.
pub(super) fn of_source(samples: &[Sample], source: SourceNo, grid: Grid, how: Minute) -> Vec<f64> {
    let samples = in_order(samples);
    let mut totals = vec![0.0; grid.count];
    let mut covered_us = vec![0_i64; grid.count];
    for sample in without_duplicates(samples.iter().filter(|sample| counts(sample, source))) {
        let length_us = sample.end_us - sample.start_us;
        let whole = Span {
            start_us: sample.start_us,
            end_us: sample.end_us,
        };
        let Some(inside) = cut(whole, grid.span()) else {
            continue;
        };
        let mut at_us = inside.start_us;
        while at_us < inside.end_us {
            let index = usize::try_from((at_us - grid.start_us) / MINUTE_US).unwrap_or(usize::MAX);
            let end_us = (grid.at(index) + MINUTE_US).min(inside.end_us);
            let part_us = end_us - at_us;
            if let (Some(total), Some(covered)) = (totals.get_mut(index), covered_us.get_mut(index))
            {
                *total += match how {
                    Minute::Sum if part_us == length_us => sample.value,
                    Minute::Sum => sample.value * part_us as f64 / length_us as f64,
                    Minute::Mean => sample.value * part_us as f64,
                };
                *covered += part_us;
            }
            at_us = end_us;
        }
    }
    let values = totals.iter().zip(&covered_us);
    values
        .map(|(&total, &covered)| match how {
            _ if covered * 2 < MINUTE_US => f64::NAN,
            Minute::Sum if covered == MINUTE_US => total,
            Minute::Sum => total * MINUTE_US as f64 / covered as f64,
            Minute::Mean => total / covered as f64,
        })
        .collect()
}

fn counts(sample: &Sample, source: SourceNo) -> bool {
    sample.source == source
        && sample.end_us > sample.start_us
        && is_usable(sample)
        && !is_aggregated(sample)
        && !is_extreme(sample)
}

/// The source that recorded most of a span; of equals the better-ranked one.
pub(super) fn best_source(samples: &[Sample], ranks: &Ranks, span: Span) -> Option<SourceNo> {
    let mut lengths: BTreeMap<SourceNo, i64> = BTreeMap::new();
    for sample in samples
        .iter()
        .filter(|sample| counts(sample, sample.source))
    {
        let whole = Span {
            start_us: sample.start_us,
            end_us: sample.end_us,
        };
        if let Some(inside) = cut(whole, span) {
            *lengths.entry(sample.source).or_default() += inside.end_us - inside.start_us;
        }
    }
    let best = lengths.into_iter().min_by_key(|(source, length_us)| {
        (std::cmp::Reverse(*length_us), ranks.of(*source), *source)
    });
    best.map(|(source, _)| source)
}

#[cfg(test)]
mod tests {
    use model::sample::{Flags, SECOND_US};

    use super::*;

    fn counted(start_s: i64, end_s: i64, value: f64) -> Sample {
        Sample {
            start_us: start_s * SECOND_US,
            end_us: end_s * SECOND_US,
            value,
            zone_offset_min: None,
            source: SourceNo(0),
            uid: None,
            flags: Flags::NONE,
        }
    }

    fn check(samples: &[Sample], how: Minute, expect: &[f64]) {
        let grid = Grid {
            start_us: 0,
            count: expect.len(),
        };
        let found = of_source(samples, SourceNo(0), grid, how);
        for (found, expect) in found.iter().zip(expect) {
            assert!(
                (found - expect).abs() < 1e-9 || (found.is_nan() && expect.is_nan()),
                "{found} is not {expect} in {samples:?}"
            );
        }
    }

    #[test]
    fn epochs_of_any_length_become_minutes() {
        let quarter = |index: i64| counted(index * 15, index * 15 + 15, 2.0);
        let quarters: Vec<Sample> = [0, 1, 2, 3, 4, 5, 6, 8].map(quarter).to_vec();
        check(&quarters, Minute::Sum, &[8.0, 8.0, f64::NAN]);
        check(&quarters, Minute::Mean, &[2.0, 2.0, f64::NAN]);
        check(&[counted(0, 120, 10.0)], Minute::Sum, &[5.0, 5.0]);
        check(&[counted(30, 90, 60.0)], Minute::Sum, &[60.0, 60.0]);
        check(&[counted(0, 29, 1.0)], Minute::Sum, &[f64::NAN]);
    }

    #[test]
    fn a_repeated_sample_counts_once_and_others_do_not_count() {
        let own = counted(0, 60, 7.0);
        let other = Sample {
            source: SourceNo(1),
            ..own
        };
        let condensed = Sample {
            flags: Flags::AGGREGATED,
            ..counted(60, 120, 3.0)
        };
        check(&[own, own, other, condensed], Minute::Sum, &[7.0, f64::NAN]);
        let span = Span {
            start_us: 0,
            end_us: 600 * SECOND_US,
        };
        let longer = Sample {
            source: SourceNo(1),
            ..counted(0, 300, 1.0)
        };
        let ranks = Ranks::in_order(&[SourceNo(0), SourceNo(1)]);
        assert_eq!(best_source(&[own, longer], &ranks, span), Some(SourceNo(1)));
        assert_eq!(best_source(&[own, other], &ranks, span), Some(SourceNo(0)));
        assert_eq!(best_source(&[condensed], &ranks, span), None);
    }
}
