//! Rows of a vendor's CSV, one at a time, with cells by the name of their column.
//!
//! Columns come in any order, some more than expected, some missing; rows of another length are read as far as they
//! go. A row is bounded, so that a quote that never ends cannot fill the memory.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use crate::batch::Position;
use crate::vendors::desk::Spot;
use crate::vendors::{Desk, VendorError};

/// Bytes of one row: cells of nights hold kilobytes of JSON.
const ROW_BYTES_MAX: u64 = 4 << 20;

/// Columns: the widest known export has 103.
const COLUMNS_MAX: usize = 1_024;

/// How a table is printed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape<'k> {
    /// The kind of file, in the vendor's words.
    pub(crate) kind: &'k str,
    /// What separates cells.
    pub(crate) separator: u8,
    /// Lines before the heading.
    pub(crate) lines_before: u64,
    /// Whether names of columns have the name of a table before them, which is left out.
    pub(crate) is_joined: bool,
}

impl<'k> Shape<'k> {
    /// Commas, and the heading in the first line.
    pub(crate) fn plain(kind: &'k str) -> Self {
        Self {
            kind,
            separator: b',',
            lines_before: 0,
            is_joined: false,
        }
    }
}

/// The names of the columns, in lower case and without spaces around them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heading {
    names: Vec<String>,
}

impl Heading {
    /// A heading of these cells.
    fn of<'c>(cells: impl Iterator<Item = &'c str>, is_joined: bool) -> Self {
        let names = cells.take(COLUMNS_MAX).map(|cell| {
            let cell = cell.trim_start_matches('\u{feff}').trim();
            let last = cell.rsplit('.').next().unwrap_or(cell);
            let cell = if is_joined { last } else { cell };
            cell.to_lowercase()
        });
        Self {
            names: names.collect(),
        }
    }

    /// The column of a name.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|other| other == name)
    }

    /// The names in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'r> {
    heading: &'r Heading,
    cells: &'r csv::ByteRecord,
    kind: &'r str,
    line: u64,
}

impl<'r> Row<'r> {
    /// A cell; empty where the row or the table has none.
    pub(crate) fn get(&self, name: &str) -> &'r str {
        self.heading
            .column(name)
            .map_or("", |column| self.cell(column))
    }

    /// The cell of a column.
    pub(crate) fn cell(&self, column: usize) -> &'r str {
        let cell = self.cells.get(column).unwrap_or_default();
        std::str::from_utf8(cell).unwrap_or_default().trim()
    }

    /// A number; none where the cell is empty or no number.
    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        number(self.get(name))
    }

    /// How many cells the row has.
    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    /// The columns.
    pub(crate) fn heading(&self) -> &'r Heading {
        self.heading
    }

    /// Where it stands.
    pub(crate) fn spot(&self) -> Spot<'r> {
        Spot {
            kind: self.kind,
            position: Position::Line(self.line),
        }
    }
}

/// A number with a point, as programs print it.
pub(crate) fn number(text: &str) -> Option<f64> {
    let number: f64 = fast_float2::parse(text.trim()).ok()?;
    number.is_finite().then_some(number)
}

/// [`rows`] for takers that never end the import.
pub(crate) fn each(
    input: &mut dyn Read,
    shape: Shape<'_>,
    desk: &mut Desk<'_, '_, '_>,
    take: &mut dyn FnMut(&Row<'_>, &mut Desk<'_, '_, '_>),
) -> Result<(), VendorError> {
    rows(input, shape, desk, &mut |row, desk| {
        take(row, desk);
        Ok(())
    })
}

/// Hands over every row. A row that is too long ends the table and is reported.
pub(crate) fn rows(
    input: &mut dyn Read,
    shape: Shape<'_>,
    desk: &mut Desk<'_, '_, '_>,
    take: &mut dyn FnMut(&Row<'_>, &mut Desk<'_, '_, '_>) -> Result<(), VendorError>,
) -> Result<(), VendorError> {
    let since_row = Rc::new(Cell::new(0));
    let mut input = BufReader::new(Bounded {
        input,
        since_row: Rc::clone(&since_row),
    });
    for _ in 0..shape.lines_before {
        skip_line(&mut input)?;
        since_row.set(0);
    }
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(shape.separator)
        .has_headers(false)
        .flexible(true)
        .from_reader(input);
    let mut cells = csv::ByteRecord::new();
    let mut heading: Option<Heading> = None;
    loop {
        let before = reader.position().line() + shape.lines_before;
        match reader.read_byte_record(&mut cells) {
            Ok(true) => since_row.set(0),
            Ok(false) => return Ok(()),
            Err(error) => return refused(error, before, shape, desk),
        }
        let Some(heading) = &heading else {
            let names = cells
                .iter()
                .map(String::from_utf8_lossy)
                .collect::<Vec<_>>();
            let names = names.iter().map(AsRef::as_ref);
            heading = Some(Heading::of(names, shape.is_joined));
            continue;
        };
        let line = cells.position().map_or(0, csv::Position::line) + shape.lines_before;
        let row = Row {
            heading,
            cells: &cells,
            kind: shape.kind,
            line,
        };
        take(&row, desk)?;
        desk.flush_when_full()?;
    }
}

fn refused(
    error: csv::Error,
    line: u64,
    shape: Shape<'_>,
    desk: &mut Desk<'_, '_, '_>,
) -> Result<(), VendorError> {
    let csv::ErrorKind::Io(error) = error.into_kind() else {
        let message = format!("{}: the rows after this line cannot be read", shape.kind);
        desk.intake.damage(Position::Line(line), &message);
        return Ok(());
    };
    let inner = error.get_ref();
    if inner.is_some_and(<dyn std::error::Error + Send + Sync>::is::<RowTooLong>) {
        let message = format!("{}: a row is longer than {ROW_BYTES_MAX} bytes", shape.kind);
        desk.intake.damage(Position::Line(line), &message);
        return Ok(());
    }
    Err(error.into())
}

/// Passes over the rest of a line.
pub(crate) fn skip_line(input: &mut dyn BufRead) -> io::Result<()> {
    loop {
        let bytes = input.fill_buf()?;
        if bytes.is_empty() {
            return Ok(());
        }
        let end = memchr::memchr(b'\n', bytes);
        let used = end.map_or(bytes.len(), |end| end + 1);
        input.consume(used);
        if end.is_some() {
            return Ok(());
        }
    }
}

/// A row was longer than any is.
#[derive(Debug, thiserror::Error)]
#[error("a row is longer than {ROW_BYTES_MAX} bytes")]
struct RowTooLong;

/// Reads no more than a row may have before somebody says that a row has ended.
struct Bounded<'i> {
    input: &'i mut dyn Read,
    since_row: Rc<Cell<u64>>,
}

impl Read for Bounded<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.since_row.get() > ROW_BYTES_MAX {
            return Err(io::Error::other(RowTooLong));
        }
        let read = self.input.read(out)?;
        self.since_row.set(self.since_row.get() + read as u64);
        Ok(read)
    }
}
