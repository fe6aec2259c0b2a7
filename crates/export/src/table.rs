//! Everything as one table, as Apache Arrow and Apache Parquet hold it: a sample or a record on each row.
//!
//! The columns are the same in both. A value that is missing is null, never zero; a number is stored bit for bit.

pub mod arrow;
pub(crate) mod parquet;

use model::record::Record;
use model::sample::Sample;
use model::source::{Source, SourceClass};

use crate::{Damage, Row, Topic};

/// Rows that are handed over at once: some megabytes.
const ROWS: usize = 16_384;

/// A column of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its values, one for each row.
    pub values: Values,
}

/// Values of one kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Microseconds since 1970-01-01T00:00:00Z.
    Instants(Vec<Option<i64>>),
    /// Days since 1970-01-01.
    Days(Vec<Option<i32>>),
    /// Numbers.
    Numbers(Vec<Option<f64>>),
    /// Whole numbers.
    Whole(Vec<Option<i32>>),
    /// Texts.
    Texts(Vec<Option<String>>),
}

impl Values {
    /// How many there are.
    pub const fn len(&self) -> usize {
        match self {
            Self::Instants(values) => values.len(),
            Self::Days(values) | Self::Whole(values) => values.len(),
            Self::Numbers(values) => values.len(),
            Self::Texts(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Rows that wait to be handed over.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    kind: Vec<Option<String>>,
    metric: Vec<Option<String>>,
    start: Vec<Option<i64>>,
    end: Vec<Option<i64>>,
    value: Vec<Option<f64>>,
    unit: Vec<Option<String>>,
    source: Vec<Option<String>>,
    source_class: Vec<Option<String>>,
    device: Vec<Option<String>>,
    app_id: Vec<Option<String>>,
    offset_min: Vec<Option<i32>>,
    flags: Vec<Option<String>>,
    variant: Vec<Option<i32>>,
    uid: Vec<Option<String>>,
    zone: Vec<Option<String>>,
    identity: Vec<Option<String>>,
    document: Vec<Option<String>>,
}

impl Rows {
    pub(crate) const fn is_full(&self) -> bool {
        self.kind.len() >= ROWS
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.kind.is_empty()
    }

    pub(crate) fn sample(&mut self, topic: &Topic<'_>, row: &Row<'_>) {
        let Sample {
            start_us,
            end_us,
            value,
            zone_offset_min,
            uid,
            flags,
            ..
        } = *row.sample;
        self.head(("sample", Some(topic.id)), (start_us, end_us), row.source);
        self.value.push(Some(value));
        self.unit.push(Some(topic.unit.to_owned()));
        self.offset_min.push(zone_offset_min.map(i32::from));
        let names: Vec<&str> = flags.names().collect();
        self.flags
            .push((!names.is_empty()).then(|| names.join(" ")));
        let variant = i32::from(flags.variant() >> 9);
        self.variant.push((variant != 0).then_some(variant));
        self.uid.push(uid.map(|uid| format!("{uid:016x}")));
        self.zone.push(None);
        self.identity.push(None);
        self.document.push(None);
    }

    pub(crate) fn record(&mut self, record: &Record, source: &Source) {
        let times = (record.start_us, record.end_us);
        self.head((record.body.kind(), None), times, source);
        self.without_sample();
        self.uid.push(record.uid.map(|uid| format!("{uid:016x}")));
        self.zone.push(record.zone.clone());
        self.identity.push(Some(record.identity.clone()));
        let document = serde_json::to_string(&record.body).expect("a record is plain JSON");
        self.document.push(Some(document));
    }

    /// Samples that cannot be opened: how many, and of which days.
    pub(crate) fn damaged(&mut self, part: &Damage<'_>) {
        self.kind.push(Some("damaged".to_owned()));
        self.metric.push(Some(part.metric.to_owned()));
        self.start.push(None);
        self.end.push(None);
        self.source.push(None);
        self.source_class.push(None);
        self.device.push(None);
        self.app_id.push(None);
        self.without_sample();
        self.uid.push(None);
        self.zone.push(None);
        self.identity.push(None);
        let document = serde_json::json!({
            "first_day": part.first_day,
            "last_day": part.last_day,
            "samples": part.samples,
        });
        self.document.push(Some(document.to_string()));
    }

    fn without_sample(&mut self) {
        self.value.push(None);
        self.unit.push(None);
        self.offset_min.push(None);
        self.flags.push(None);
        self.variant.push(None);
    }

    fn head(
        &mut self,
        (kind, metric): (&str, Option<&str>),
        (start_us, end_us): (i64, i64),
        source: &Source,
    ) {
        self.kind.push(Some(kind.to_owned()));
        self.metric.push(metric.map(str::to_owned));
        self.start.push(Some(start_us));
        self.end.push(Some(end_us));
        self.source.push(Some(source.name.clone()));
        self.source_class.push(Some(class(source.class).to_owned()));
        self.device.push(source.device.clone());
        self.app_id.push(source.app_id.clone());
    }

    /// The columns, in their order; the rows are gone afterwards.
    pub(crate) fn columns(&mut self) -> Vec<Column> {
        let rows = std::mem::take(self);
        let text = |name, values| Column {
            name,
            values: Values::Texts(values),
        };
        let instant = |name, values| Column {
            name,
            values: Values::Instants(values),
        };
        let whole = |name, values| Column {
            name,
            values: Values::Whole(values),
        };
        vec![
            text("type", rows.kind),
            text("metric", rows.metric),
            instant("start", rows.start),
            instant("end", rows.end),
            Column {
                name: "value",
                values: Values::Numbers(rows.value),
            },
            text("unit", rows.unit),
            text("source", rows.source),
            text("source_class", rows.source_class),
            text("device", rows.device),
            text("app_id", rows.app_id),
            whole("offset_min", rows.offset_min),
            text("flags", rows.flags),
            whole("variant", rows.variant),
            text("uid", rows.uid),
            text("zone", rows.zone),
            text("identity", rows.identity),
            text("document", rows.document),
        ]
    }
}

const fn class(class: SourceClass) -> &'static str {
    match class {
        SourceClass::Manual => "manual",
        SourceClass::Watch => "watch",
        SourceClass::Phone => "phone",
        SourceClass::App => "app",
    }
}

/// A table that is written in parts.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Rows,
    file: File,
}

#[derive(Debug)]
enum File {
    Arrow(Box<arrow::Stream>),
    Parquet(Box<parquet::Parquet>),
}

impl Table {
    pub(crate) fn arrow() -> Self {
        let mut rows = Rows::default();
        let file = arrow::Stream::new(&rows.columns(), &[]);
        Self {
            rows,
            file: File::Arrow(Box::new(file)),
        }
    }

    pub(crate) fn parquet() -> Self {
        let mut rows = Rows::default();
        let file = parquet::Parquet::new(&rows.columns());
        Self {
            rows,
            file: File::Parquet(Box::new(file)),
        }
    }

    pub(crate) fn samples(&mut self, out: &mut Vec<u8>, topic: &Topic<'_>, rows: &[Row<'_>]) {
        for row in rows {
            self.rows.sample(topic, row);
            self.hand_over_when_full(out);
        }
    }

    pub(crate) fn record(&mut self, out: &mut Vec<u8>, record: &Record, source: &Source) {
        self.rows.record(record, source);
        self.hand_over_when_full(out);
    }

    pub(crate) fn end(&mut self, out: &mut Vec<u8>, damaged: &[Damage<'_>]) {
        for part in damaged {
            self.rows.damaged(part);
        }
        self.hand_over(out);
        match &mut self.file {
            File::Arrow(stream) => stream.finish(out),
            File::Parquet(file) => file.finish(out),
        }
    }

    fn hand_over_when_full(&mut self, out: &mut Vec<u8>) {
        if self.rows.is_full() {
            self.hand_over(out);
        }
    }

    fn hand_over(&mut self, out: &mut Vec<u8>) {
        if self.rows.is_empty() {
            return;
        }
        let columns = self.rows.columns();
        match &mut self.file {
            File::Arrow(stream) => stream.write(out, columns),
            File::Parquet(file) => file.write(out, &columns),
        }
    }
}

#[cfg(test)]
mod tests {
    use model::sample::Flags;

    #[test]
    fn flags_are_whole_in_two_columns() {
        for bits in [0, 1, 0x1ff, 0xffff, 3 << 9] {
            let set = Flags::from_bits(bits);
            let names: Vec<&str> = set.names().collect();
            let named = Flags::named(&names.join(" ")).expect("names");
            let variant = Flags::from_bits(set.variant() >> 9 << 9);
            assert_eq!(named.with(variant), set);
        }
    }
}
