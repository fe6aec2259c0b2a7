//! Columns as a file of Apache Parquet, row group by row group.
//!
//! What is held is one row group and the places of the ones before it.

use std::fmt;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

use crate::table::{Column, Values};

/// Effort of the compressor; its default.
const ZSTD_LEVEL: i32 = 3;

const IN_MEMORY: &str = "a file in memory takes columns of its own schema";

/// A file being written.
pub(crate) struct Parquet(SerializedFileWriter<Vec<u8>>);

impl fmt::Debug for Parquet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Parquet")
    }
}

impl Parquet {
    pub(crate) fn new(columns: &[Column]) -> Self {
        Self(begin(columns).expect(IN_MEMORY))
    }

    /// Writes a row group.
    pub(crate) fn write(&mut self, out: &mut Vec<u8>, columns: &[Column]) {
        self.group(columns).expect(IN_MEMORY);
        out.append(self.0.inner_mut());
    }

    /// Ends the file.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        self.0.finish().expect(IN_MEMORY);
        out.append(self.0.inner_mut());
    }

    fn group(&mut self, columns: &[Column]) -> Result<(), ParquetError> {
        let mut group = self.0.next_row_group()?;
        for column in columns {
            match &column.values {
                Values::Instants(values) => write::<Int64Type>(&mut group, values.clone())?,
                Values::Days(values) | Values::Whole(values) => {
                    write::<Int32Type>(&mut group, values.clone())?;
                }
                Values::Numbers(values) => write::<DoubleType>(&mut group, values.clone())?,
                Values::Texts(values) => {
                    let bytes = values
                        .iter()
                        .map(|text| text.as_deref().map(ByteArray::from));
                    write::<ByteArrayType>(&mut group, bytes.collect())?;
                }
            }
        }
        group.close()?;
        Ok(())
    }
}

fn begin(columns: &[Column]) -> Result<SerializedFileWriter<Vec<u8>>, ParquetError> {
    let fields: Result<Vec<Arc<Type>>, _> = columns.iter().map(field).collect();
    let schema = Type::group_type_builder("health_data")
        .with_fields(fields?)
        .build()?;
    let level = ZstdLevel::try_new(ZSTD_LEVEL)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_created_by("clarity".to_owned())
        .build();
    SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties))
}

fn field(column: &Column) -> Result<Arc<Type>, ParquetError> {
    let (physical, logical) = match column.values {
        Values::Instants(_) => (
            Physical::INT64,
            Some(LogicalType::timestamp(true, TimeUnit::MICROS)),
        ),
        Values::Days(_) => (Physical::INT32, Some(LogicalType::Date)),
        Values::Numbers(_) => (Physical::DOUBLE, None),
        Values::Whole(_) => (Physical::INT32, None),
        Values::Texts(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    };
    Type::primitive_type_builder(column.name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()
        .map(Arc::new)
}

fn write<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    values: Vec<Option<T::T>>,
) -> Result<(), ParquetError> {
    let present: Vec<i16> = values
        .iter()
        .map(|value| i16::from(value.is_some()))
        .collect();
    let values: Vec<T::T> = values.into_iter().flatten().collect();
    let column = group.next_column()?;
    let mut column = column.ok_or_else(|| ParquetError::General("a column too many".to_owned()))?;
    column
        .typed::<T>()
        .write_batch(&values, Some(&present), None)?;
    column.close()
}
