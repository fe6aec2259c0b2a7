//! Tables of results as CSV or Parquet: one writer for all of them.
//!
//! A row is written when it comes; a Parquet row group holds a bounded number of rows. A table appears
//! under its name only when it is finished. It must never round: a number reads back bit for bit.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use analysis::report::column::{Cell, Kind};
use anyhow::{Context, bail};
use model::cell::as_text;
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

/// Cells of a row group: some megabytes in memory, and enough rows to compress.
const GROUP_CELLS: usize = 1 << 18;
/// Effort of the compressor; its default.
const ZSTD_LEVEL: i32 = 3;

/// Name and kind of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heading {
    /// Name.
    pub(crate) name: String,
    /// What its cells are.
    pub(crate) kind: Kind,
}

impl Heading {
    /// A column.
    pub(crate) fn new(name: impl Into<String>, kind: Kind) -> Self {
        Self {
            name: name.into(),
            kind,
        }
    }
}

/// The forms of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Comma-separated values with a heading; a missing cell is empty.
    Csv,
    /// Apache Parquet; a missing cell is null.
    Parquet,
}

/// A table being written.
pub struct Writer {
    path: PathBuf,
    unfinished: PathBuf,
    headings: Vec<Heading>,
    form: Open,
}

enum Open {
    Csv(Box<csv::Writer<BufWriter<File>>>),
    Parquet(Box<Parquet>),
}

/// A cell of a file that spreadsheets open: names of files and of people are no formulas.
fn in_csv(cell: &Cell) -> String {
    if let Cell::Text(text) = cell {
        return as_text(text).into_owned();
    }
    cell.text()
}

impl Writer {
    /// Begins a table beside its final name.
    pub(crate) fn create(path: &Path, form: Form, headings: Vec<Heading>) -> anyhow::Result<Self> {
        let mut name = path.as_os_str().to_owned();
        name.push(".part");
        let unfinished = PathBuf::from(name);
        let file = File::create(&unfinished)
            .with_context(|| format!("creating {}", unfinished.display()))?;
        let file = BufWriter::new(file);
        let form = match form {
            Form::Csv => {
                let mut table = csv::Writer::from_writer(file);
                table.write_record(headings.iter().map(|heading| &heading.name))?;
                Open::Csv(Box::new(table))
            }
            Form::Parquet => Open::Parquet(Box::new(Parquet::create(file, &headings)?)),
        };
        Ok(Self {
            path: path.to_owned(),
            unfinished,
            headings,
            form,
        })
    }

    /// Writes a row; it has one cell for each heading.
    pub(crate) fn row(&mut self, cells: Vec<Cell>) -> anyhow::Result<()> {
        if cells.len() != self.headings.len() {
            bail!(
                "a row of {} cells under {} headings",
                cells.len(),
                self.headings.len()
            );
        }
        match &mut self.form {
            Open::Csv(table) => table.write_record(cells.iter().map(in_csv))?,
            Open::Parquet(table) => {
                table.waiting.push(cells);
                if table.waiting.len() * self.headings.len() >= GROUP_CELLS {
                    table.write_group(&self.headings)?;
                }
            }
        }
        Ok(())
    }

    /// Ends the table and gives it its name.
    pub(crate) fn finish(mut self) -> anyhow::Result<()> {
        let file = match self.form {
            Open::Csv(table) => {
                let file = table
                    .into_inner()
                    .map_err(csv::IntoInnerError::into_error)?;
                file.into_inner()
                    .map_err(std::io::IntoInnerError::into_error)?
            }
            Open::Parquet(ref mut table) => {
                table.write_group(&self.headings)?;
                table.file.finish()?;
                table.file.inner_mut().get_ref().try_clone()?
            }
        };
        file.sync_all()?;
        std::fs::rename(&self.unfinished, &self.path)
            .with_context(|| format!("naming {}", self.path.display()))
    }
}

struct Parquet {
    file: SerializedFileWriter<BufWriter<File>>,
    waiting: Vec<Vec<Cell>>,
}

impl Parquet {
    fn create(file: BufWriter<File>, headings: &[Heading]) -> anyhow::Result<Self> {
        let fields: Result<Vec<Arc<Type>>, _> = headings.iter().map(field).collect();
        let schema = Type::group_type_builder("results")
            .with_fields(fields?)
            .build()?;
        let level = ZstdLevel::try_new(ZSTD_LEVEL)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_created_by(format!("clarity {}", env!("CARGO_PKG_VERSION")))
            .build();
        let file = SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties))?;
        Ok(Self {
            file,
            waiting: Vec::new(),
        })
    }

    fn write_group(&mut self, headings: &[Heading]) -> anyhow::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.waiting);
        let mut group = self.file.next_row_group()?;
        for (index, heading) in headings.iter().enumerate() {
            let cells = rows
                .iter()
                .map(|row| row.get(index).unwrap_or(&Cell::Missing));
            let cells: Vec<&Cell> = cells.collect();
            match heading.kind {
                Kind::Number => column::<DoubleType>(&mut group, &cells, number)?,
                Kind::Whole => column::<Int64Type>(&mut group, &cells, whole)?,
                Kind::Instant => column::<Int64Type>(&mut group, &cells, microsecond)?,
                Kind::Day => column::<Int32Type>(&mut group, &cells, day)?,
                Kind::Clock | Kind::Text => column::<ByteArrayType>(&mut group, &cells, word)?,
            }
        }
        group.close()?;
        Ok(())
    }
}

fn field(heading: &Heading) -> Result<Arc<Type>, parquet::errors::ParquetError> {
    let (physical, logical) = match heading.kind {
        Kind::Number => (Physical::DOUBLE, None),
        Kind::Whole => (Physical::INT64, None),
        Kind::Instant => {
            let local = LogicalType::timestamp(false, TimeUnit::MICROS);
            (Physical::INT64, Some(local))
        }
        Kind::Day => (Physical::INT32, Some(LogicalType::Date)),
        Kind::Clock | Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    };
    Type::primitive_type_builder(&heading.name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()
        .map(Arc::new)
}

fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, BufWriter<File>>,
    cells: &[&Cell],
    of: fn(&Cell) -> Option<T::T>,
) -> anyhow::Result<()> {
    let held: Vec<Option<T::T>> = cells.iter().map(|cell| of(cell)).collect();
    let present: Vec<i16> = held
        .iter()
        .map(|value| i16::from(value.is_some()))
        .collect();
    let values: Vec<T::T> = held.into_iter().flatten().collect();
    let mut column = group.next_column()?.context("a column for each heading")?;
    column
        .typed::<T>()
        .write_batch(&values, Some(&present), None)?;
    column.close()?;
    Ok(())
}

/// The real number of a cell; nothing for cells of other kinds.
pub(crate) fn number(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Number(value) => Some(*value),
        Cell::Missing
        | Cell::Whole(_)
        | Cell::Clock(_)
        | Cell::Instant(_)
        | Cell::Day(_)
        | Cell::Text(_) => None,
    }
}

fn whole(cell: &Cell) -> Option<i64> {
    match cell {
        Cell::Whole(value) => Some(*value),
        Cell::Missing
        | Cell::Number(_)
        | Cell::Clock(_)
        | Cell::Instant(_)
        | Cell::Day(_)
        | Cell::Text(_) => None,
    }
}

fn microsecond(cell: &Cell) -> Option<i64> {
    match cell {
        Cell::Instant(time_s) => time_s.checked_mul(1_000_000),
        Cell::Missing
        | Cell::Number(_)
        | Cell::Whole(_)
        | Cell::Clock(_)
        | Cell::Day(_)
        | Cell::Text(_) => None,
    }
}

fn day(cell: &Cell) -> Option<i32> {
    match cell {
        Cell::Day(date) => {
            let days = (*date - jiff::civil::Date::constant(1970, 1, 1)).get_days();
            Some(days)
        }
        Cell::Missing
        | Cell::Number(_)
        | Cell::Whole(_)
        | Cell::Clock(_)
        | Cell::Instant(_)
        | Cell::Text(_) => None,
    }
}

fn word(cell: &Cell) -> Option<ByteArray> {
    match cell {
        Cell::Missing => None,
        Cell::Number(_)
        | Cell::Whole(_)
        | Cell::Clock(_)
        | Cell::Instant(_)
        | Cell::Day(_)
        | Cell::Text(_) => Some(ByteArray::from(cell.text().as_str())),
    }
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;

    use super::*;

    fn headings() -> Vec<Heading> {
        vec![
            Heading::new("name", Kind::Text),
            Heading::new("value", Kind::Number),
            Heading::new("count", Kind::Whole),
            Heading::new("at", Kind::Instant),
            Heading::new("clock", Kind::Clock),
            Heading::new("date", Kind::Day),
        ]
    }

    #[test]
    fn no_name_is_a_formula() {
        assert_eq!(in_csv(&Cell::Text("=cmd.csv".to_owned())), "'=cmd.csv");
        assert_eq!(in_csv(&Cell::Whole(-3)), "-3");
        assert_eq!(in_csv(&Cell::Missing), "");
    }

    fn rows() -> Vec<Vec<Cell>> {
        let date = jiff::civil::Date::constant(1970, 1, 3);
        vec![
            vec![
                Cell::Text("a, \"b\"".to_owned()),
                Cell::Number(0.1 + 0.2),
                Cell::Whole(-3),
                Cell::Instant(61),
                Cell::Clock(3_600.0),
                Cell::Day(date),
            ],
            vec![Cell::Missing; 6],
        ]
    }

    #[test]
    fn csv_reads_back_as_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.csv");
        let mut table = Writer::create(&path, Form::Csv, headings()).expect("a table");
        for row in rows() {
            table.row(row).expect("a row");
        }
        assert!(!path.exists(), "an unfinished table has another name");
        table.finish().expect("a finished table");
        let text = std::fs::read_to_string(path).expect("a file");
        assert_eq!(
            text,
            "name,value,count,at,clock,date\n\
             \"a, \"\"b\"\"\",0.30000000000000004,-3,1970-01-01T00:01:01,01:00:00,1970-01-03\n\
             ,,,,,\n"
        );
    }

    #[test]
    fn parquet_reads_back_as_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.parquet");
        let mut table = Writer::create(&path, Form::Parquet, headings()).expect("a table");
        for row in rows() {
            table.row(row).expect("a row");
        }
        assert!(table.row(Vec::new()).is_err(), "a row has all its cells");
        table.finish().expect("a finished table");
        let file = File::open(path).expect("a file");
        let reader = SerializedFileReader::new(file).expect("a Parquet file");
        let rows: Vec<_> = reader.get_row_iter(None).expect("rows").flatten().collect();
        let fields: Vec<Field> = rows[0]
            .get_column_iter()
            .map(|(_, field)| field.clone())
            .collect();
        let expect = [
            Field::Str("a, \"b\"".to_owned()),
            Field::Double(0.1 + 0.2),
            Field::Long(-3),
            Field::TimestampMicros(61_000_000),
            Field::Str("01:00:00".to_owned()),
            Field::Date(2),
        ];
        assert_eq!(fields, expect);
        assert!(
            rows[1]
                .get_column_iter()
                .all(|(_, field)| *field == Field::Null)
        );
    }
}
