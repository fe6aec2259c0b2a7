//! The columns of a row group, read side by side.

use parquet::basic::Type as Physical;
use parquet::column::reader::{ColumnReaderImpl, get_typed_column_reader};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::reader::RowGroupReader;
use parquet::schema::types::SchemaDescriptor;

use crate::vendors::exported::{INSTANTS, NUMBER, Row, TEXTS, WHOLES};

/// Rows that are read at once.
const ROWS: usize = 1024;

/// Where in a row group the columns are.
pub(super) struct Places {
    texts: [usize; TEXTS.len()],
    instants: [usize; INSTANTS.len()],
    wholes: [usize; WHOLES.len()],
    number: usize,
}

impl Places {
    /// Where they are, when all are there and of the kinds that are read.
    pub(super) fn of(schema: &SchemaDescriptor) -> Option<Self> {
        let place = |name: &str, physical: Physical| {
            let mut columns = schema.columns().iter();
            columns.position(|column| {
                column.name() == name
                    && column.physical_type() == physical
                    && (column.max_def_level(), column.max_rep_level()) == (1, 0)
            })
        };
        let mut places = Self {
            texts: [0; TEXTS.len()],
            instants: [0; INSTANTS.len()],
            wholes: [0; WHOLES.len()],
            number: place(NUMBER, Physical::DOUBLE)?,
        };
        for (to, name) in places.texts.iter_mut().zip(TEXTS) {
            *to = place(name, Physical::BYTE_ARRAY)?;
        }
        for (to, name) in places.instants.iter_mut().zip(INSTANTS) {
            *to = place(name, Physical::INT64)?;
        }
        for (to, name) in places.wholes.iter_mut().zip(WHOLES) {
            *to = place(name, Physical::INT32)?;
        }
        Some(places)
    }
}

/// A column, and the part of it that was read.
struct Column<T: DataType> {
    reader: ColumnReaderImpl<T>,
    present: Vec<i16>,
    values: Vec<T::T>,
}

impl<T: DataType> Column<T> {
    fn open(group: &dyn RowGroupReader, place: usize) -> Result<Self, ParquetError> {
        Ok(Self {
            reader: get_typed_column_reader(group.get_column_reader(place)?),
            present: Vec::new(),
            values: Vec::new(),
        })
    }

    /// Reads the next part and returns its rows.
    fn next(&mut self) -> Result<usize, ParquetError> {
        self.present.clear();
        self.values.clear();
        let (present, values) = (&mut self.present, &mut self.values);
        // The end of a page may come first.
        while present.len() < ROWS {
            let (rows, ..) =
                self.reader
                    .read_records(ROWS - present.len(), Some(present), None, values)?;
            if rows == 0 {
                break;
            }
        }
        Ok(self.present.len())
    }

    /// The values of the part, one for each row.
    fn iter(&self) -> impl Iterator<Item = Option<&T::T>> {
        let mut values = self.values.iter();
        self.present
            .iter()
            .map(move |present| if *present == 0 { None } else { values.next() })
    }
}

/// The columns of a row group.
pub(super) struct Columns {
    texts: Vec<Column<ByteArrayType>>,
    instants: Vec<Column<Int64Type>>,
    wholes: Vec<Column<Int32Type>>,
    number: Column<DoubleType>,
}

impl Columns {
    pub(super) fn open(group: &dyn RowGroupReader, places: &Places) -> Result<Self, ParquetError> {
        Ok(Self {
            texts: open_all(group, &places.texts)?,
            instants: open_all(group, &places.instants)?,
            wholes: open_all(group, &places.wholes)?,
            number: Column::open(group, places.number)?,
        })
    }

    /// Reads the next rows; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Part<'_>>, ParquetError> {
        let rows = self.number.next()?;
        let texts = self.texts.iter_mut().map(Column::next);
        let instants = self.instants.iter_mut().map(Column::next);
        let wholes = self.wholes.iter_mut().map(Column::next);
        for others in texts.chain(instants).chain(wholes) {
            if others? != rows {
                return Err(ParquetError::EOF("columns of unequal length".to_owned()));
            }
        }
        Ok((rows > 0).then_some(Part {
            columns: self,
            rows,
        }))
    }
}

fn open_all<T: DataType>(
    group: &dyn RowGroupReader,
    places: &[usize],
) -> Result<Vec<Column<T>>, ParquetError> {
    let places = places.iter();
    places.map(|place| Column::open(group, *place)).collect()
}

/// Some rows.
pub(super) struct Part<'c> {
    columns: &'c Columns,
    rows: usize,
}

impl<'c> Part<'c> {
    pub(super) fn rows(&self) -> impl Iterator<Item = Result<Row<'c>, ParquetError>> {
        let mut texts: Vec<_> = self.columns.texts.iter().map(Column::iter).collect();
        let mut instants: Vec<_> = self.columns.instants.iter().map(Column::iter).collect();
        let mut wholes: Vec<_> = self.columns.wholes.iter().map(Column::iter).collect();
        let mut numbers = self.columns.number.iter();
        (0..self.rows).map(move |_| {
            let mut row = Row {
                number: numbers.next().flatten().copied(),
                ..Row::default()
            };
            for (to, from) in row.texts.iter_mut().zip(&mut texts) {
                let text = from.next().flatten();
                *to = text.map(ByteArray::as_utf8).transpose()?;
            }
            for (to, from) in row.instants.iter_mut().zip(&mut instants) {
                *to = from.next().flatten().copied();
            }
            for (to, from) in row.wholes.iter_mut().zip(&mut wholes) {
                *to = from.next().flatten().copied();
            }
            Ok(row)
        })
    }
}
