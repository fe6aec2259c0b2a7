//! Columns as a stream of Apache Arrow's interprocess format.
//!
//! One schema, then batches of rows as they come. It must never need the whole table.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, Date32Array, Float64Array, Int32Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType, Field, Schema, TimeUnit};

use crate::table::{Column, Values};

/// Media type of a stream.
pub const MEDIA_TYPE: &str = "application/vnd.apache.arrow.stream";

const IN_MEMORY: &str = "a stream in memory takes columns of its own schema";

/// A stream being written.
pub(crate) struct Stream {
    writer: StreamWriter<Vec<u8>>,
    schema: Arc<Schema>,
}

impl fmt::Debug for Stream {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Stream").field(&self.schema).finish()
    }
}

impl Stream {
    /// A stream of these columns, and what is said about it.
    pub(crate) fn new(columns: &[Column], metadata: &[(&str, String)]) -> Self {
        let fields: Vec<Field> = columns
            .iter()
            .map(|column| Field::new(column.name, kind(&column.values), true))
            .collect();
        let metadata: HashMap<String, String> = metadata
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        let schema = Arc::new(Schema::new(fields).with_metadata(metadata));
        let writer = StreamWriter::try_new(Vec::new(), &schema).expect(IN_MEMORY);
        Self { writer, schema }
    }

    /// Writes a batch of rows.
    pub(crate) fn write(&mut self, out: &mut Vec<u8>, columns: Vec<Column>) {
        let arrays = columns.into_iter().map(|column| array(column.values));
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays.collect());
        self.writer
            .write(&batch.expect(IN_MEMORY))
            .expect(IN_MEMORY);
        out.append(self.writer.get_mut());
    }

    /// Ends the stream.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        self.writer.finish().expect(IN_MEMORY);
        out.append(self.writer.get_mut());
    }
}

/// A whole stream of one batch.
pub fn stream(columns: Vec<Column>, metadata: &[(&str, String)]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut stream = Stream::new(&columns, metadata);
    stream.write(&mut out, columns);
    stream.finish(&mut out);
    out
}

fn kind(values: &Values) -> DataType {
    match values {
        Values::Instants(_) => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Values::Days(_) => DataType::Date32,
        Values::Numbers(_) => DataType::Float64,
        Values::Whole(_) => DataType::Int32,
        Values::Texts(_) => DataType::Utf8,
    }
}

fn array(values: Values) -> ArrayRef {
    match values {
        Values::Instants(values) => {
            Arc::new(TimestampMicrosecondArray::from(values).with_timezone("UTC"))
        }
        Values::Days(values) => Arc::new(Date32Array::from(values)),
        Values::Numbers(values) => Arc::new(Float64Array::from(values)),
        Values::Whole(values) => Arc::new(Int32Array::from(values)),
        Values::Texts(values) => Arc::new(StringArray::from(values)),
    }
}
