//! A table of values that prints as columns (small and quick to read) or as rows (easy to read).
//!
//! Columns are of equal length. A value that is unknown prints as null, never as 0.

use jiff::civil::Date;
use model::zone::ZoneHistory;

use crate::instant::Instants;
use crate::json;

/// One column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Column {
    /// Instants, with the sample's own offset where it told one.
    Instants(Vec<(i64, Option<i16>)>),
    /// Local dates.
    Dates(Vec<Date>),
    /// Numbers.
    Numbers(Vec<Option<f64>>),
    /// Whole numbers.
    Counts(Vec<i64>),
}

impl Column {
    fn len(&self) -> usize {
        match self {
            Self::Instants(values) => values.len(),
            Self::Dates(values) => values.len(),
            Self::Numbers(values) => values.len(),
            Self::Counts(values) => values.len(),
        }
    }

    fn write(&self, out: &mut Vec<u8>, row: usize, instants: &mut Instants<'_>) {
        match self {
            Self::Instants(values) => {
                if let Some((at_us, told_min)) = values.get(row) {
                    out.push(b'"');
                    instants.write(out, *at_us, *told_min);
                    out.push(b'"');
                }
            }
            Self::Dates(values) => json::write(out, &values.get(row)),
            Self::Numbers(values) => json::write(out, &values.get(row).copied().flatten()),
            Self::Counts(values) => json::write(out, &values.get(row)),
        }
    }
}

/// Named columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Table(Vec<(&'static str, Column)>);

impl Table {
    /// A table of these columns, which are all as long as the first.
    pub(crate) fn of(columns: Vec<(&'static str, Column)>) -> Self {
        let len = columns.first().map_or(0, |(_, column)| column.len());
        assert!(
            columns.iter().all(|(_, column)| column.len() == len),
            "columns of equal length"
        );
        Self(columns)
    }

    /// Rows.
    pub(crate) fn len(&self) -> usize {
        self.0.first().map_or(0, |(_, column)| column.len())
    }

    /// Writes `{"name": [values], …}`.
    pub(crate) fn write_columns(&self, out: &mut Vec<u8>, history: &ZoneHistory) {
        out.push(b'{');
        for (at, (name, column)) in self.0.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            json::write(out, name);
            out.push(b':');
            // Each column walks through time on its own.
            let mut instants = Instants::of(history);
            json::list(out, 0..column.len(), |out, row| {
                column.write(out, row, &mut instants);
            });
        }
        out.push(b'}');
    }

    /// Writes `[{"name": value, …}, …]`.
    pub(crate) fn write_rows(&self, out: &mut Vec<u8>, history: &ZoneHistory) {
        let mut instants = Instants::of(history);
        json::list(out, 0..self.len(), |out, row| {
            out.push(b'{');
            for (at, (name, column)) in self.0.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                json::write(out, name);
                out.push(b':');
                column.write(out, row, &mut instants);
            }
            out.push(b'}');
        });
    }
}

#[cfg(test)]
mod tests {
    use model::zone::Zone;

    use super::*;

    #[test]
    fn columns_and_rows_say_the_same() {
        let table = Table::of(vec![
            (
                "start",
                Column::Instants(vec![(0, None), (1_500_000, Some(60))]),
            ),
            ("value", Column::Numbers(vec![Some(1.5), None])),
            ("source", Column::Counts(vec![0, 1])),
        ]);
        let history = ZoneHistory::fixed(Zone::utc());
        let text = |write: &dyn Fn(&mut Vec<u8>)| {
            let mut out = Vec::new();
            write(&mut out);
            String::from_utf8(out).expect("text")
        };
        assert_eq!(
            text(&|out| table.write_columns(out, &history)),
            r#"{"start":["1970-01-01T00:00:00Z","1970-01-01T01:00:01.500+01:00"],"value":[1.5,null],"source":[0,1]}"#
        );
        assert_eq!(
            text(&|out| table.write_rows(out, &history)),
            r#"[{"start":"1970-01-01T00:00:00Z","value":1.5,"source":0},{"start":"1970-01-01T01:00:01.500+01:00","value":null,"source":1}]"#
        );
    }
}
