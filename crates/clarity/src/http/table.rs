//! A series of values as columns (small and quick to read) or as rows (easy to read).
//!
//! Columns are of equal length. A value that is unknown prints as null, never as 0; a column that the
//! kind of series does not have is absent.

use std::str;

use jiff::civil::Date;
use model::zone::ZoneHistory;
use serde::ser::{Serialize, SerializeSeq, Serializer};
use utoipa::ToSchema;
use utoipa::openapi::schema::{ArrayBuilder, Object, ObjectBuilder, SchemaFormat};
use utoipa::openapi::{KnownFormat, RefOr, Schema, Type};

use crate::instant::Instants;

/// Digits and signs of an instant.
const PRINTABLE: &str = "digits and signs are text";

/// A column of instants, each with the sample's own offset where it stated one.
#[derive(Debug, Clone)]
pub(crate) struct Times<'a> {
    at: Vec<(i64, Option<i16>)>,
    history: &'a ZoneHistory,
}

impl<'a> Times<'a> {
    /// Instants that are printed on the clock of this history.
    pub(crate) const fn new(at: Vec<(i64, Option<i16>)>, history: &'a ZoneHistory) -> Self {
        Self { at, history }
    }
}

impl Times<'_> {
    /// Microseconds since 1970.
    pub(crate) fn microseconds(&self) -> impl Iterator<Item = i64> {
        self.at.iter().map(|(at_us, _)| *at_us)
    }

    /// Whole milliseconds since 1970.
    pub(crate) fn milliseconds(&self) -> impl Iterator<Item = i64> {
        self.at.iter().map(|(at_us, _)| at_us.div_euclid(1_000))
    }
}

impl Serialize for Times<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.at.len()))?;
        let mut instants = Instants::of(self.history);
        let mut text = Vec::with_capacity(32);
        for (at_us, stated_min) in &self.at {
            text.clear();
            instants.write(&mut text, *at_us, *stated_min);
            seq.serialize_element(str::from_utf8(&text).expect(PRINTABLE))?;
        }
        seq.end()
    }
}

/// A column of local dates.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(transparent)]
pub(crate) struct Dates(pub(crate) Vec<Date>);

fn instants() -> RefOr<Schema> {
    texts(KnownFormat::DateTime, "Instants, one per row.")
}

fn dates() -> RefOr<Schema> {
    let said = "Local dates on which days and weeks begin; resolutions `1d` and `1w`.";
    texts(KnownFormat::Date, said)
}

fn texts(format: KnownFormat, said: &str) -> RefOr<Schema> {
    let text: Object = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(format)))
        .build();
    ArrayBuilder::new()
        .items(text)
        .description(Some(said))
        .into()
}

/// A series in columns of equal length.
#[derive(Debug, Clone, serde::Serialize, ToSchema)]
pub(crate) struct SeriesColumns<'a> {
    /// Local dates on which days and weeks begin; resolutions `1d` and `1w`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = dates)]
    pub(crate) date: Option<Dates>,
    /// First instants.
    #[schema(schema_with = instants)]
    pub(crate) start: Times<'a>,
    /// Ends.
    #[schema(schema_with = instants)]
    pub(crate) end: Times<'a>,
    /// Values of samples, or totals of a cumulative metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<Vec<f64>>,
    /// Distinct samples behind each total.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) samples: Option<Vec<u32>>,
    /// Places in `sources`, from 0; raw samples and `merge=none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<Vec<u32>>,
    /// What of the total of each source counts where sources overlap; `merge=none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) counted: Option<Vec<f64>>,
    /// Arithmetic means; null where only extremes came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mean: Option<Vec<Option<f64>>>,
    /// Smallest values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) min: Option<Vec<f64>>,
    /// Largest values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max: Option<Vec<f64>>,
    /// Raw values of the enumeration; metrics of categories.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<Vec<i32>>,
    /// Numbers of measurements, or of samples under each code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) n: Option<Vec<u32>>,
    /// Minutes under each code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) minutes: Option<Vec<f64>>,
    /// Time-weighted means or equivalent levels, for metrics that are averaged so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) weighted: Option<Vec<Option<f64>>>,
    /// Shares of each bucket's hours with a sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) coverage: Option<Vec<f64>>,
}

/// One row of a series; the fields are those of its columns.
#[derive(Debug, Clone, serde::Serialize, ToSchema)]
pub(crate) struct SeriesRow {
    /// Local date on which a day or week begins; resolutions `1d` and `1w`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    date: Option<Date>,
    /// First instant.
    #[schema(format = DateTime)]
    start: String,
    /// End.
    #[schema(format = DateTime)]
    end: String,
    /// Value of a sample, or total of a cumulative metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
    /// Distinct samples behind the total.
    #[serde(skip_serializing_if = "Option::is_none")]
    samples: Option<u32>,
    /// Place in `sources`, from 0; raw samples and `merge=none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<u32>,
    /// What of the source's total counts where sources overlap; `merge=none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    counted: Option<f64>,
    /// Arithmetic mean; null where only extremes came.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    #[expect(clippy::option_option, reason = "left out, or null, or a number")]
    mean: Option<Option<f64>>,
    /// Smallest value.
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<f64>,
    /// Largest value.
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<f64>,
    /// Raw value of the enumeration; metrics of categories.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<i32>,
    /// Number of measurements, or of samples under the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<u32>,
    /// Minutes under the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    minutes: Option<f64>,
    /// Time-weighted mean or equivalent level, for metrics that are averaged so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    #[expect(clippy::option_option, reason = "left out, or null, or a number")]
    weighted: Option<Option<f64>>,
    /// Share of the bucket's hours with a sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<f64>,
}

impl<'a> SeriesColumns<'a> {
    /// The columns that every series has.
    pub(crate) const fn of(start: Times<'a>, end: Times<'a>) -> Self {
        Self {
            date: None,
            start,
            end,
            value: None,
            samples: None,
            source: None,
            counted: None,
            mean: None,
            min: None,
            max: None,
            code: None,
            n: None,
            minutes: None,
            weighted: None,
            coverage: None,
        }
    }

    /// Rows.
    pub(crate) const fn len(&self) -> usize {
        self.start.at.len()
    }

    fn row(&self, row: usize, instants: &mut Instants<'_>) -> Option<SeriesRow> {
        fn cell<T: Copy>(column: Option<&Vec<T>>, row: usize) -> Option<T> {
            column?.get(row).copied()
        }
        let mut text = |times: &Times<'_>| {
            let (at_us, stated_min) = *times.at.get(row)?;
            let mut out = Vec::with_capacity(32);
            instants.write(&mut out, at_us, stated_min);
            Some(String::from_utf8(out).expect(PRINTABLE))
        };
        Some(SeriesRow {
            date: cell(self.date.as_ref().map(|dates| &dates.0), row),
            start: text(&self.start)?,
            end: text(&self.end)?,
            value: cell(self.value.as_ref(), row),
            samples: cell(self.samples.as_ref(), row),
            source: cell(self.source.as_ref(), row),
            counted: cell(self.counted.as_ref(), row),
            mean: cell(self.mean.as_ref(), row),
            min: cell(self.min.as_ref(), row),
            max: cell(self.max.as_ref(), row),
            code: cell(self.code.as_ref(), row),
            n: cell(self.n.as_ref(), row),
            minutes: cell(self.minutes.as_ref(), row),
            weighted: cell(self.weighted.as_ref(), row),
            coverage: cell(self.coverage.as_ref(), row),
        })
    }
}

/// The same series row by row; no row is held longer than it takes to write it.
#[derive(Debug, Clone)]
pub(crate) struct Rows<'a>(pub(crate) SeriesColumns<'a>);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut instants = Instants::of(self.0.start.history);
        serializer.collect_seq((0..self.0.len()).filter_map(|row| self.0.row(row, &mut instants)))
    }
}

#[cfg(test)]
mod tests {
    use model::zone::Zone;

    use super::*;

    #[test]
    fn columns_and_rows_say_the_same() {
        let history = ZoneHistory::fixed(Zone::utc());
        let times = |at: &[(i64, Option<i16>)]| Times::new(at.to_vec(), &history);
        let columns = SeriesColumns {
            mean: Some(vec![Some(1.5), None]),
            source: Some(vec![0, 1]),
            ..SeriesColumns::of(
                times(&[(0, None), (1_500_000, Some(60))]),
                times(&[(0, None), (2_000_000, None)]),
            )
        };
        assert_eq!(
            serde_json::to_string(&columns).expect("JSON"),
            r#"{"start":["1970-01-01T00:00:00Z","1970-01-01T01:00:01.500+01:00"],"end":["1970-01-01T00:00:00Z","1970-01-01T00:00:02Z"],"source":[0,1],"mean":[1.5,null]}"#
        );
        assert_eq!(
            serde_json::to_string(&Rows(columns)).expect("JSON"),
            r#"[{"start":"1970-01-01T00:00:00Z","end":"1970-01-01T00:00:00Z","source":0,"mean":1.5},{"start":"1970-01-01T01:00:01.500+01:00","end":"1970-01-01T00:00:02Z","source":1,"mean":null}]"#
        );
    }
}
