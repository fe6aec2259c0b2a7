//! # Counts and minutes per code of a category metric
//!
//! *What it measures*: how often and how long a day held each code (stand hours, symptoms, mindful
//! minutes, events).
//!
//! *Inputs and units*: samples whose value is a whole code; the spans of the local day. Minutes.
//!
//! *Method*: a sample is counted on the one day that holds its last instant; its time is cut at the
//! borders of the day. Per code the minutes are those of the union of the intervals, so that two
//! sources that say the same are not counted twice; the count is of distinct samples. Aggregated
//! samples are used only on days without raw ones.
//!
//! *Missing samples*: time without a sample has no code.
//!
//! *Validity*: values that are not whole codes are ignored. Coverage is the share of the day's hours that a
//! sample touches.
//!
//! *Versions*: 1.
//!
//! *References*: none; the rule is the project's own.

use std::collections::BTreeMap;

use model::sample::Sample;
use model::zone::Span;

use super::coverage::HourMask;
use super::series::{
    cut, holds, in_order, is_aggregated, known_at, minutes, touching, union_us, without_duplicates,
};

/// What a day holds of one code.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CodeTotal {
    /// The raw value of the enumeration.
    pub code: i32,
    /// Distinct samples that end on the day.
    pub n: u32,
    /// Minutes of the day under this code.
    pub minutes: f64,
}

/// What a day holds of a category metric.
#[derive(Debug, Clone, PartialEq)]
pub struct CategoryTotal {
    /// Distinct samples that end on the day.
    pub n: u32,
    /// Per code, in the order of the codes.
    pub codes: Vec<CodeTotal>,
    /// Share of the day's hours that a sample touches.
    pub coverage: f64,
    /// Whether the samples had been aggregated before they were sent.
    pub is_aggregated: bool,
}

/// Totals per code of one day; nothing when no sample touches it.
pub fn totals(samples: &[Sample], spans: &[Span]) -> Option<CategoryTotal> {
    let samples = in_order(samples);
    let touches = |sample: &&Sample| {
        holds(spans, known_at(sample)) || spans.iter().any(|day| cut(whole(sample), *day).is_some())
    };
    let here: Vec<&Sample> =
        without_duplicates(touching(&samples, spans).filter(touches)).collect();
    let is_aggregated_day = here.iter().all(|sample| is_aggregated(sample));
    let mut codes: BTreeMap<i32, (u32, Vec<Span>)> = BTreeMap::new();
    let mut mask = HourMask::default();
    for sample in here {
        if is_aggregated(sample) != is_aggregated_day {
            continue;
        }
        let Some(code) = whole_code(sample.value) else {
            continue;
        };
        let (n, intervals) = codes.entry(code).or_default();
        *n += u32::from(holds(spans, known_at(sample)));
        intervals.extend(spans.iter().filter_map(|day| cut(whole(sample), *day)));
        mask.mark(spans, sample.start_us, sample.end_us);
    }
    let codes: Vec<CodeTotal> = codes
        .into_iter()
        .map(|(code, (n, intervals))| CodeTotal {
            code,
            n,
            minutes: minutes(union_us(intervals)),
        })
        .collect();
    (!codes.is_empty()).then(|| CategoryTotal {
        n: codes.iter().map(|total| total.n).sum(),
        codes,
        coverage: mask.share(spans),
        is_aggregated: is_aggregated_day,
    })
}

const fn whole(sample: &Sample) -> Span {
    Span {
        start_us: sample.start_us,
        end_us: sample.end_us,
    }
}

/// Reads a code, when the value is one.
pub(super) fn whole_code(value: f64) -> Option<i32> {
    if value.fract() != 0.0 || value.abs() > f64::from(i32::MAX) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole and inside the range of i32"
    )]
    Some(value as i32)
}

#[cfg(test)]
mod tests {
    use model::sample::{HOUR_US, MINUTE_US};

    use super::*;
    use crate::daily::tests::{day, sample};

    #[test]
    fn stand_hours_are_counted_by_code() {
        let stood = |hour: i64, code| sample(hour * HOUR_US, (hour + 1) * HOUR_US, code, 0);
        let hours = [
            stood(8, 0.0),
            stood(9, 1.0),
            stood(10, 0.0),
            stood(10, 0.0),
            stood(25, 0.0),
        ];
        let found = totals(&hours, &day()).expect("samples");
        assert_eq!(found.n, 3);
        assert_eq!(
            (
                found.codes[0].code,
                found.codes[0].n,
                found.codes[0].minutes
            ),
            (0, 2, 120.0)
        );
        assert_eq!((found.codes[1].code, found.codes[1].n), (1, 1));
    }

    #[test]
    fn two_sources_that_say_the_same_are_not_added_up() {
        let samples = [
            sample(0, 30 * MINUTE_US, 2.0, 0),
            sample(10 * MINUTE_US, 40 * MINUTE_US, 2.0, 1),
            sample(-10 * MINUTE_US, 0, 2.0, 1),
            sample(50 * MINUTE_US, 50 * MINUTE_US, 0.5, 1),
        ];
        let found = totals(&samples, &day()).expect("samples");
        assert_eq!((found.n, found.codes.len()), (2, 1));
        assert!((found.codes[0].minutes - 40.0).abs() < 1e-12);
    }

    #[test]
    fn a_symptom_across_midnight_is_counted_once_and_its_time_is_cut() {
        let symptom = [sample(23 * HOUR_US, 26 * HOUR_US, 3.0, 0)];
        let found = totals(&symptom, &day()).expect("a sample");
        assert_eq!((found.n, found.codes[0].minutes), (0, 60.0));
    }
}
