//! Which samples become one `SampledData`: values of equal length at equal distances, of one source and without ids
//! of their own.
//!
//! A sample is in one part, exactly once, and nothing is moved in time.

use std::collections::HashMap;

use model::sample::{Flags, MINUTE_US};
use model::source::SourceNo;

use crate::Row;

/// Fewer values than this are clearer as observations of their own.
const RUN_MIN: usize = 16;

/// Values farther apart are measurements of their own, such as a weight each morning.
const PERIOD_MAX_US: i64 = 15 * MINUTE_US;

/// Values of one resource: a week of minutes.
const RUN_MAX: usize = 10_080;

/// One sample, or a series.
#[derive(Debug)]
pub(crate) enum Part<'a> {
    /// A sample on its own.
    One(Row<'a>),
    /// Samples at equal distances.
    Run(Run<'a>),
}

/// Samples at equal distances.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    first: Row<'a>,
    last: Row<'a>,
    values: Vec<f64>,
    period_us: i64,
}

impl<'a> Run<'a> {
    pub(crate) const fn first(&self) -> Row<'a> {
        self.first
    }

    pub(crate) const fn last(&self) -> Row<'a> {
        self.last
    }

    pub(crate) const fn period_us(&self) -> i64 {
        self.period_us
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = f64> {
        self.values.iter().copied()
    }
}

/// What samples of one series share.
type Alike = (SourceNo, Option<i16>, Flags, i64);

/// Cuts samples of one metric, which are in the order of time, into parts.
pub(crate) fn parts<'a>(rows: &[Row<'a>]) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    let mut order: Vec<Vec<Row<'a>>> = Vec::new();
    let mut places: HashMap<Alike, usize> = HashMap::new();
    for row in rows {
        let sample = row.sample;
        if sample.uid.is_some() {
            parts.push(Part::One(*row));
            continue;
        }
        let length_us = sample.end_us - sample.start_us;
        let alike = (
            sample.source,
            sample.zone_offset_min,
            sample.flags,
            length_us,
        );
        let place = *places.entry(alike).or_insert_with(|| {
            order.push(Vec::new());
            order.len() - 1
        });
        if let Some(series) = order.get_mut(place) {
            series.push(*row);
        }
    }
    for series in order {
        cut(&series, &mut parts);
    }
    parts
}

fn cut<'a>(series: &[Row<'a>], parts: &mut Vec<Part<'a>>) {
    let mut rest = series;
    while let Some(first) = rest.first() {
        let count = evenly(rest);
        let run = rest.get(..count).unwrap_or_default();
        match (run.get(1), run.last()) {
            (Some(second), Some(last)) if count >= RUN_MIN => {
                parts.push(Part::Run(Run {
                    first: *first,
                    last: *last,
                    values: run.iter().map(|row| row.sample.value).collect(),
                    period_us: second.sample.start_us - first.sample.start_us,
                }));
                rest = rest.get(count..).unwrap_or_default();
            }
            _ => {
                parts.push(Part::One(*first));
                rest = rest.get(1..).unwrap_or_default();
            }
        }
    }
}

/// How many samples at the beginning are at equal distances.
fn evenly(rows: &[Row<'_>]) -> usize {
    let start = |at: usize| rows.get(at).map(|row| row.sample.start_us);
    let (Some(first), Some(second)) = (start(0), start(1)) else {
        return rows.len();
    };
    let period_us = second - first;
    if !(1..=PERIOD_MAX_US).contains(&period_us) {
        return 1;
    }
    let steps = rows.windows(2).take(RUN_MAX - 1);
    let even = steps.take_while(
        |pair| matches!(pair, [a, b] if b.sample.start_us - a.sample.start_us == period_us),
    );
    1 + even.count()
}

/// A value in digits, without an exponent, that reads back the same.
pub(crate) fn decimal(value: f64) -> String {
    value.to_string()
}

#[cfg(test)]
mod tests {
    use model::sample::{Sample, Uid};
    use model::source::Source;

    use super::*;

    fn sample(start_us: i64, source: u16, uid: Option<Uid>) -> Sample {
        Sample {
            start_us,
            end_us: start_us,
            value: start_us as f64,
            zone_offset_min: None,
            source: SourceNo(source),
            uid,
            flags: Flags::NONE,
        }
    }

    #[test]
    fn every_sample_is_in_one_part() {
        let source = Source::named("Band");
        let even = (0..100).map(|minute| sample(minute * MINUTE_US, 0, None));
        let with_ids = (0..100).map(|minute| sample(minute * MINUTE_US, 1, Uid::new(7)));
        let few = (0..15).map(|minute| sample(minute * MINUTE_US, 2, None));
        let broken = [0, 1, 3, 4, 4, 9].map(|minute| sample(minute * MINUTE_US, 3, None));
        let daily = (0..30).map(|day| sample(day * 1_440 * MINUTE_US, 4, None));
        let some = even.chain(with_ids).chain(few).chain(broken);
        let mut samples: Vec<Sample> = some.chain(daily).collect();
        samples.sort_by_key(|sample| sample.start_us);
        let rows = samples.iter().map(|sample| Row {
            sample,
            source: &source,
        });
        let rows: Vec<Row<'_>> = rows.collect();
        let (mut ones, mut in_runs, mut runs) = (0, 0, 0);
        for part in parts(&rows) {
            match part {
                Part::One(_) => ones += 1,
                Part::Run(run) => {
                    runs += 1;
                    in_runs += run.values().count();
                    assert_eq!(run.period_us(), MINUTE_US);
                    assert_eq!(run.last().sample.start_us, 99 * MINUTE_US);
                }
            }
        }
        assert_eq!((ones, runs, in_runs), (151, 1, 100));
    }

    #[test]
    fn digits_read_back() {
        for value in [0.1 + 0.2, 1e-7, 1e21, -3.0, 62.0] {
            let text = decimal(value);
            assert!(!text.contains(['e', 'E']), "{text}");
            assert_eq!(
                text.parse::<f64>().expect("a number").to_bits(),
                value.to_bits()
            );
        }
    }
}
