//! Reads the tables of an SQLite file that is held in memory, plain or packed, and nothing else of it.
//!
//! Only the b-trees of tables: pages, cells, overflowing rows, values; tables without row numbers, which are stored as
//! indexes, too; no other index, no journal, no SQL beyond the names of columns. Whatever the bytes are, each page of a table is looked at once and
//! overflow is followed for twice the file's length at most. It must never write, and never trust a
//! number of the file as an offset.
//!
//! Layout: *Database File Format*, sqlite.org/fileformat2.html.

use self::pages::{Page, Pages};

mod keyed;
pub(crate) mod pages;

/// What the file begins with.
pub(crate) const MAGIC: &[u8] = b"SQLite format 3\0";

/// Bytes before the first page's own header.
const FILE_HEADER_BYTES: usize = 100;
/// Bytes of a cell before its row, where it has a child.
const CHILD_BYTES: usize = 4;
/// Columns that are looked at; a table can have 2,000, the widest known have 60.
const COLUMNS_MAX: usize = 256;
/// Bytes of one row that are put together; a setting has 8 KiB, a row with the picture of an app some hundred.
const ROW_BYTES_MAX: usize = 1 << 20;
/// Bytes of a blob that is handed over: an id has 16.
const BLOB_BYTES_MAX: usize = 64;

/// What cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The page is no page of a table.
    Page,
    /// The row cannot be read.
    Row,
}

/// Encodings of text.
#[derive(Debug, Clone, Copy)]
enum Encoding {
    Utf8,
    Utf16Low,
    Utf16High,
}

/// A database whose header makes sense.
#[derive(Debug)]
pub(crate) struct Database<'a> {
    pages: Pages<'a>,
    page_bytes: usize,
    /// Bytes of a page without those that extensions reserve at its end.
    usable: usize,
    encoding: Encoding,
}

/// A table: where it begins and what its columns are called.
#[derive(Debug)]
pub(crate) struct Table {
    root: u32,
    /// Names in the order of the values of a row.
    pub(crate) columns: Vec<String>,
    /// The column that is stored as the number of the row.
    alias: Option<usize>,
    /// Whether rows have no numbers: they are stored as an index of their key.
    is_keyed: bool,
}

impl Table {
    /// The table of tables.
    fn schema() -> Self {
        Self {
            root: 1,
            columns: Vec::new(),
            alias: None,
            is_keyed: false,
        }
    }
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// None, or a blob that is too long.
    Nothing,
    /// A short blob.
    Blob(Vec<u8>),
    /// An integer.
    Integer(i64),
    /// A float.
    Real(f64),
    /// A text.
    Text(String),
}

impl Value {
    /// The number, if it is one.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(*number as f64),
            Self::Real(number) => Some(*number),
            Self::Text(_) | Self::Blob(_) | Self::Nothing => None,
        }
    }
}

/// Who takes the rows: the place of the page, then the values.
pub(crate) type Rows<'a> = dyn FnMut(u64, &[Value]) + 'a;
/// Who takes what cannot be read, and where it is.
pub(crate) type Faults<'a> = dyn FnMut(Fault, u64) + 'a;

impl<'a> Database<'a> {
    /// A database of these bytes, if its header makes sense.
    pub(crate) fn open(pages: Pages<'a>) -> Option<Self> {
        let head = pages.slice(0, FILE_HEADER_BYTES)?;
        let bytes: &[u8] = &head;
        let page_bytes = match (bytes.starts_with(MAGIC), big(bytes, 16, 2)?) {
            (false, _) => return None,
            (true, 1) => 65_536,
            (true, size) => usize::try_from(size).ok()?,
        };
        let reserved = usize::from(*bytes.get(20)?);
        let usable = page_bytes.checked_sub(reserved)?;
        let encoding = match big(bytes, 56, 4)? {
            2 => Encoding::Utf16Low,
            3 => Encoding::Utf16High,
            _ => Encoding::Utf8,
        };
        // The format asks for at least 480 bytes, which the sizes of cells below rely on.
        let is_sound = page_bytes.is_power_of_two() && page_bytes >= 512 && usable >= 480;
        is_sound.then_some(Self {
            pages,
            page_bytes,
            usable,
            encoding,
        })
    }

    /// The names of all tables.
    pub(crate) fn names(&self, faults: &mut Faults<'_>) -> Vec<String> {
        let mut names = Vec::new();
        self.rows(&Table::schema(), faults, &mut |_, values| {
            if let [Value::Text(kind), Value::Text(own), ..] = values
                && kind == "table"
            {
                names.push(own.clone());
            }
        });
        names
    }

    /// The table of a name, in any case.
    pub(crate) fn table(&self, name: &str, faults: &mut Faults<'_>) -> Option<Table> {
        let schema = Table::schema();
        let mut found = None;
        self.rows(&schema, faults, &mut |_, values| {
            let [
                Value::Text(kind),
                Value::Text(own),
                _,
                Value::Integer(root),
                Value::Text(sql),
            ] = values
            else {
                return;
            };
            if kind == "table"
                && own.eq_ignore_ascii_case(name)
                && let Ok(root) = u32::try_from(*root)
            {
                let (columns, alias) = columns(sql);
                let key = keyed::key(sql);
                let is_keyed = key.is_some();
                found = Some(Table {
                    root,
                    columns: keyed::stored(&columns, &key.unwrap_or_default()),
                    alias: alias.filter(|_| !is_keyed),
                    is_keyed,
                });
            }
        });
        found
    }

    /// Hands over the rows of a table in the order of their numbers.
    pub(crate) fn rows(&self, table: &Table, faults: &mut Faults<'_>, rows: &mut Rows<'_>) {
        let mut walk = Walk {
            database: self,
            seen: vec![false; self.pages.len() / self.page_bytes + 2],
            overflow_left: self.pages.len() * 2,
            scratch: Vec::new(),
            values: Vec::new(),
            last: None,
        };
        let mut pages = vec![table.root];
        walk.see(table.root);
        while let Some(page) = pages.pop() {
            walk.page(page, table, &mut pages, faults, rows);
        }
    }

    /// A page, and where it stands in the file; the last one may be cut.
    fn page(&self, number: u32) -> Option<(usize, Page<'a>)> {
        let at = usize::try_from(number.checked_sub(1)?)
            .ok()?
            .checked_mul(self.page_bytes)?;
        Some((at, self.pages.slice(at, self.page_bytes)?))
    }

    fn text(&self, bytes: &[u8]) -> String {
        let units = |of: fn([u8; 2]) -> u16| -> Vec<u16> {
            bytes
                .as_chunks::<2>()
                .0
                .iter()
                .map(|&two| of(two))
                .collect()
        };
        match self.encoding {
            Encoding::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            Encoding::Utf16Low => String::from_utf16_lossy(&units(u16::from_le_bytes)),
            Encoding::Utf16High => String::from_utf16_lossy(&units(u16::from_be_bytes)),
        }
    }

    /// Bytes of a row that stand in its cell, when the rest overflows.
    fn local(&self, len: usize, is_keyed: bool) -> usize {
        let most = if is_keyed {
            (self.usable - 12) * 64 / 255 - 23
        } else {
            self.usable - 35
        };
        if len <= most {
            return len;
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let fitting = least + (len - least) % (self.usable - 4);
        if fitting <= most { fitting } else { least }
    }
}

/// The way through one table.
struct Walk<'a, 'd> {
    database: &'d Database<'a>,
    seen: Vec<bool>,
    overflow_left: usize,
    scratch: Vec<u8>,
    values: Vec<Value>,
    last: Option<i64>,
}

impl Walk<'_, '_> {
    /// Notes a page; false when it was noted before.
    fn see(&mut self, page: u32) -> bool {
        usize::try_from(page)
            .ok()
            .and_then(|page| self.seen.get_mut(page))
            .is_some_and(|seen| !std::mem::replace(seen, true))
    }

    fn page(
        &mut self,
        number: u32,
        table: &Table,
        pages: &mut Vec<u32>,
        faults: &mut Faults<'_>,
        rows: &mut Rows<'_>,
    ) {
        let Some((at, page)) = self.database.page(number) else {
            faults(Fault::Page, self.database.pages.len() as u64);
            return;
        };
        let page: &[u8] = &page;
        let head = if number == 1 { FILE_HEADER_BYTES } else { 0 };
        let kind = page.get(head).copied();
        let cells = big(page, head + 3, 2).and_then(|count| usize::try_from(count).ok());
        let (inner, leaf) = if table.is_keyed { (2, 10) } else { (5, 13) };
        let (Some(kind), Some(count)) = (kind.filter(|kind| [inner, leaf].contains(kind)), cells)
        else {
            faults(Fault::Page, at as u64);
            return;
        };
        let pointers_at = head + if kind == inner { 12 } else { 8 };
        let cell = |index: usize| -> Option<usize> {
            usize::try_from(big(page, pointers_at + index * 2, 2)?).ok()
        };
        if kind == inner {
            let mut children: Vec<Option<u64>> =
                (0..count).map(|index| big(page, cell(index)?, 4)).collect();
            children.push(big(page, head + 8, 4));
            // The leftmost is to be read first, so it is put on top.
            for child in children.into_iter().rev() {
                match child.and_then(|child| u32::try_from(child).ok()) {
                    Some(child) if self.see(child) => pages.push(child),
                    Some(_) | None => faults(Fault::Page, at as u64),
                }
            }
            // Only an index has rows beside its children.
            if !table.is_keyed {
                return;
            }
        }
        let before = if kind == inner { CHILD_BYTES } else { 0 };
        for index in 0..count {
            let read = cell(index).and_then(|cell| self.row(page, cell + before, table));
            match read {
                Some(()) => rows(at as u64, &self.values),
                None => faults(Fault::Row, at as u64),
            }
        }
    }

    /// Reads the row whose cell begins at a byte of a page.
    fn row(&mut self, page: &[u8], cell: usize, table: &Table) -> Option<()> {
        let mut rest = page.get(cell..)?;
        let len = usize::try_from(varint(&mut rest)?).ok()?;
        let number = if table.is_keyed {
            None
        } else {
            Some(varint(&mut rest)?)
        };
        let is_out_of_order = number.is_some() && number <= self.last;
        if is_out_of_order || len > ROW_BYTES_MAX {
            return None;
        }
        let local = self.database.local(len, table.is_keyed);
        let body = rest.get(..local)?;
        self.values.clear();
        if local == len {
            values(self.database, body, &mut self.values)?;
        } else {
            let next = big(rest, local, 4)?;
            self.gather(body, len, next)?;
            values(self.database, &self.scratch, &mut self.values)?;
        }
        self.last = number;
        let alias = table.alias.and_then(|alias| self.values.get_mut(alias));
        if let (Some(alias @ Value::Nothing), Some(number)) = (alias, number) {
            *alias = Value::Integer(number);
        }
        Some(())
    }

    /// Puts a row together from its cell and its overflow.
    fn gather(&mut self, local: &[u8], len: usize, mut next: u64) -> Option<()> {
        self.overflow_left = self.overflow_left.checked_sub(len)?;
        self.scratch.clear();
        self.scratch.extend_from_slice(local);
        while self.scratch.len() < len {
            let (_, page) = self.database.page(u32::try_from(next).ok()?)?;
            let left = len - self.scratch.len();
            let held = page.get(4..self.database.usable.min(4 + left))?;
            self.scratch.extend_from_slice(held);
            next = big(&page, 0, 4)?;
        }
        Some(())
    }
}

/// The values of a row: the kinds of all of them, then their bytes.
fn values(database: &Database<'_>, row: &[u8], out: &mut Vec<Value>) -> Option<()> {
    let mut kinds = row;
    let head_len = usize::try_from(varint(&mut kinds)?).ok()?;
    let varint_len = row.len() - kinds.len();
    let mut kinds = kinds.get(..head_len.checked_sub(varint_len)?)?;
    let mut body = row.get(head_len..)?;
    while !kinds.is_empty() && out.len() < COLUMNS_MAX {
        let kind = varint(&mut kinds)?;
        let len = match kind {
            0 | 8 | 9 => 0,
            1..=4 => usize::try_from(kind).ok()?,
            5 => 6,
            6 | 7 => 8,
            12.. => usize::try_from((kind - 12) / 2).ok()?,
            _ => return None,
        };
        let (bytes, rest) = body.split_at_checked(len)?;
        body = rest;
        out.push(match kind {
            0 => Value::Nothing,
            1..=6 => Value::Integer(integer(bytes)),
            7 => Value::Real(f64::from_be_bytes(*bytes.first_chunk()?)),
            8 | 9 => Value::Integer(kind - 8),
            _ if kind % 2 == 1 => Value::Text(database.text(bytes)),
            _ if bytes.len() <= BLOB_BYTES_MAX => Value::Blob(bytes.to_vec()),
            _ => Value::Nothing,
        });
    }
    Some(())
}

/// An integer of one to eight bytes with a sign.
fn integer(bytes: &[u8]) -> i64 {
    let negative = bytes.first().is_some_and(|&first| first >= 0x80);
    bytes
        .iter()
        .fold(if negative { -1 } else { 0 }, |number, &byte| {
            number << 8 | i64::from(byte)
        })
}

/// An unsigned integer of a fixed length.
fn big(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(len)?)?;
    Some(
        bytes
            .iter()
            .fold(0, |number, &byte| number << 8 | u64::from(byte)),
    )
}

/// Seven bits in each of up to eight bytes, then eight.
fn varint(bytes: &mut &[u8]) -> Option<i64> {
    let mut number = 0_u64;
    for index in 0..9 {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        if index == 8 {
            return Some((number << 8 | u64::from(byte)).cast_signed());
        }
        number = number << 7 | u64::from(byte & 0x7f);
        if byte < 0x80 {
            break;
        }
    }
    Some(number.cast_signed())
}

/// Names of the columns in the statement that made a table, and which of them stands for the number of the row.
fn columns(sql: &str) -> (Vec<String>, Option<usize>) {
    let inside = sql.split_once('(').map_or("", |(_, inside)| inside);
    let (mut names, mut alias) = (Vec::new(), None);
    for definition in definitions(inside) {
        let definition = definition.trim();
        let quote = match definition.chars().next() {
            Some(open @ ('"' | '`')) => Some((open, open)),
            Some('[') => Some(('[', ']')),
            _ => None,
        };
        let name = match quote {
            Some((open, close)) => definition.trim_start_matches(open).split(close).next(),
            None => definition.split_whitespace().next(),
        };
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            continue;
        };
        let constraints = ["PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "CONSTRAINT"];
        let is_constraint = constraints
            .iter()
            .any(|word| name.eq_ignore_ascii_case(word));
        if names.len() == COLUMNS_MAX || (quote.is_none() && is_constraint) {
            break;
        }
        let upper = definition.to_ascii_uppercase();
        let is_computed = upper.contains(" AS (") || upper.contains(" AS(");
        if is_computed && !upper.ends_with("STORED") {
            // Computed when it is asked for; no row has it.
            continue;
        }
        if upper.contains(" INTEGER PRIMARY KEY") {
            alias = Some(names.len());
        }
        names.push(name.to_owned());
    }
    (names, alias)
}

/// The parts between commas that stand in no inner brackets.
fn definitions(inside: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_i32;
    inside.split(move |letter| {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        letter == ',' && depth == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_columns_are_found() {
        let (names, alias) = columns(
            "CREATE TABLE \"t\" \n(\n \"filterID\" INTEGER PRIMARY KEY, [a b] VARCHAR(8, 2) NULL, c\n, PRIMARY KEY (c))",
        );
        assert_eq!(names, ["filterID", "a b", "c"]);
        assert_eq!(alias, Some(0));
        assert_eq!(columns("CREATE TABLE x").0, Vec::<String>::new());
        let computed = "CREATE TABLE t (a INTEGER, b INTEGER AS (a + 1000 * 2), c INTEGER AS (a) STORED, d TEXT)";
        assert_eq!(columns(computed).0, ["a", "c", "d"]);
    }

    #[test]
    fn numbers_of_any_length_are_read() {
        assert_eq!(integer(&[0xff]), -1);
        assert_eq!(integer(&[0x80, 0x00, 0x00]), -8_388_608);
        assert_eq!(integer(&[0x7f, 0xff]), 32_767);
        let mut nine: &[u8] = &[0xff; 9];
        assert_eq!(varint(&mut nine), Some(-1));
        let mut two: &[u8] = &[0x81, 0x00, 7];
        assert_eq!((varint(&mut two), two), (Some(128), &[7][..]));
        let mut cut: &[u8] = &[0x81];
        assert_eq!(varint(&mut cut), None);
    }
}
