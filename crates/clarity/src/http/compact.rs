//! A series for programs that draw it: times as numbers, each as its distance from the one before, and nothing
//! that is the same in every row.

use serde::Serialize;
use utoipa::ToSchema;

use crate::http::table::SeriesColumns;

/// A series in columns of equal length, with numeric times.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct CompactColumns {
    /// Milliseconds from 1970-01-01T00:00:00Z to the first start; null without rows.
    base_ms: Option<i64>,
    /// Milliseconds from the start of the row before; 0 for the first row.
    start_delta_ms: Vec<i64>,
    /// Milliseconds from each start to its end; absent when all are the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    length_ms: Option<Vec<i64>>,
    /// Milliseconds from every start to its end; absent when they differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    every_length_ms: Option<i64>,
    /// Values of samples, or totals of a cumulative metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Vec<f64>>,
    /// Arithmetic means; null where only extremes came.
    #[serde(skip_serializing_if = "Option::is_none")]
    mean: Option<Vec<Option<f64>>>,
    /// Smallest values.
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<Vec<f64>>,
    /// Largest values.
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<Vec<f64>>,
    /// Raw values of the enumeration; metrics of categories.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Vec<i32>>,
    /// Numbers of measurements, or of samples under each code.
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<Vec<u32>>,
    /// Minutes under each code.
    #[serde(skip_serializing_if = "Option::is_none")]
    minutes: Option<Vec<f64>>,
    /// Places in `sources`, from 0; absent when all rows are of the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Vec<u32>>,
    /// What of the total of each source counts where sources overlap; `merge=none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    counted: Option<Vec<f64>>,
    /// Shares of each bucket's hours with a sample; absent when all are whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<Vec<f64>>,
}

impl CompactColumns {
    /// The same rows.
    pub(crate) fn of(columns: SeriesColumns<'_>) -> Self {
        let starts: Vec<i64> = columns.start.milliseconds().collect();
        let ends = columns.end.milliseconds();
        let lengths: Vec<i64> = ends.zip(&starts).map(|(end, start)| end - start).collect();
        let before = starts.first().into_iter().chain(&starts);
        let start_delta_ms = starts.iter().zip(before).map(|(at, before)| at - before);
        let first = lengths.first().copied();
        let is_constant = lengths.iter().all(|length| Some(*length) == first);
        Self {
            base_ms: starts.first().copied(),
            start_delta_ms: start_delta_ms.collect(),
            every_length_ms: first.filter(|_| is_constant),
            length_ms: (!is_constant).then_some(lengths),
            value: columns.value,
            mean: columns.mean,
            min: columns.min,
            max: columns.max,
            code: columns.code,
            n: columns.n,
            minutes: columns.minutes,
            source: columns
                .source
                .filter(|all| all.iter().any(|source| *source != 0)),
            counted: columns.counted,
            coverage: columns
                .coverage
                .filter(|all| all.iter().any(|share| *share < 1.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use model::zone::{Zone, ZoneHistory};

    use crate::http::table::Times;

    use super::*;

    #[test]
    fn what_is_the_same_in_every_row_is_left_out() {
        let history = ZoneHistory::fixed(Zone::utc());
        let times = |at: &[i64]| {
            let at = at.iter().map(|at_us| (*at_us, None));
            Times::new(at.collect(), &history)
        };
        let instants = SeriesColumns {
            value: Some(vec![60.0, 61.0]),
            source: Some(vec![0, 0]),
            ..SeriesColumns::of(
                times(&[1_000_000, 3_500_000]),
                times(&[1_000_000, 3_500_000]),
            )
        };
        assert_eq!(
            serde_json::to_string(&CompactColumns::of(instants)).expect("JSON"),
            r#"{"base_ms":1000,"start_delta_ms":[0,2500],"every_length_ms":0,"value":[60.0,61.0]}"#
        );
        let intervals = SeriesColumns {
            value: Some(vec![1.0, 2.0]),
            source: Some(vec![0, 1]),
            ..SeriesColumns::of(times(&[0, 1_000_000]), times(&[500_000, 3_000_000]))
        };
        assert_eq!(
            serde_json::to_string(&CompactColumns::of(intervals)).expect("JSON"),
            r#"{"base_ms":0,"start_delta_ms":[0,1000],"length_ms":[500,2000],"value":[1.0,2.0],"source":[0,1]}"#
        );
        let none = SeriesColumns::of(times(&[]), times(&[]));
        assert_eq!(
            serde_json::to_string(&CompactColumns::of(none)).expect("JSON"),
            r#"{"base_ms":null,"start_delta_ms":[]}"#
        );
    }
}
