//! Writes SQLite files. With small pages tables get inner pages and rows overflow.

#![expect(
    clippy::indexing_slicing,
    reason = "a page is laid out by places that its writer has measured"
)]

/// A value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number.
    Real(f64),
    /// A text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

/// A table: name, statement, rows.
pub type Table<'a> = (&'a str, &'a str, Vec<Vec<Cell>>);

/// A database of tables in pages of a size.
///
/// # Panics
/// Panics when the list of tables does not fit into one page.
pub fn file(page: usize, tables: &[Table<'_>]) -> Vec<u8> {
    let mut pages = Pages {
        size: page,
        // The first page is the schema, which must fit into it.
        all: vec![Vec::new()],
    };
    let mut schema = Vec::new();
    for (name, sql, rows) in tables {
        let root = tree(rows, &mut pages);
        let text = |text: &str| Cell::Text(text.to_owned());
        let root = Cell::Integer(i64::try_from(root).expect("in range"));
        schema.push(vec![text("table"), text(name), text(name), root, text(sql)]);
    }
    let cells: Vec<Vec<u8>> = (1..)
        .zip(&schema)
        .map(|(number, row)| leaf_cell(number, row, &mut pages))
        .collect();
    pages.all[0] = pages.page(13, &cells, None, 100);
    let count = pages.all.len();
    let first = &mut pages.all[0];
    first[..16].copy_from_slice(b"SQLite format 3\0");
    first[16..18].copy_from_slice(&u16::try_from(page).expect("in range").to_be_bytes());
    first[18..24].copy_from_slice(&[1, 1, 0, 64, 32, 32]);
    first[28..32].copy_from_slice(&u32::try_from(count).expect("in range").to_be_bytes());
    first[47] = 4;
    first[59] = 1;
    pages.all.concat()
}

struct Pages {
    size: usize,
    all: Vec<Vec<u8>>,
}

impl Pages {
    /// Adds a page and gives its number.
    fn push(&mut self, page: Vec<u8>) -> usize {
        self.all.push(page);
        self.all.len()
    }

    /// A page of cells.
    fn page(&self, kind: u8, cells: &[Vec<u8>], rightmost: Option<usize>, head: usize) -> Vec<u8> {
        let mut page = vec![0; self.size];
        let (mut pointer, mut end) = (head + if rightmost.is_some() { 12 } else { 8 }, self.size);
        for cell in cells {
            end -= cell.len();
            page[end..end + cell.len()].copy_from_slice(cell);
            page[pointer..pointer + 2]
                .copy_from_slice(&u16::try_from(end).expect("in range").to_be_bytes());
            pointer += 2;
        }
        assert!(pointer <= end, "a page has room for its cells");
        page[head] = kind;
        page[head + 3..head + 5]
            .copy_from_slice(&u16::try_from(cells.len()).expect("in range").to_be_bytes());
        page[head + 5..head + 7]
            .copy_from_slice(&u16::try_from(end).expect("in range").to_be_bytes());
        if let Some(child) = rightmost {
            page[head + 8..head + 12]
                .copy_from_slice(&u32::try_from(child).expect("in range").to_be_bytes());
        }
        page
    }
}

/// Writes the pages of a table and gives the number of its root.
fn tree(rows: &[Vec<Cell>], pages: &mut Pages) -> usize {
    let mut level: Vec<(usize, i64)> = Vec::new();
    let mut cells: Vec<Vec<u8>> = Vec::new();
    let mut used = 0;
    for (number, row) in (1..).zip(rows) {
        let cell = leaf_cell(number, row, pages);
        if used + cell.len() + 2 > pages.size - 8 {
            let full = pages.page(13, &cells, None, 0);
            level.push((pages.push(full), number - 1));
            cells.clear();
            used = 0;
        }
        used += cell.len() + 2;
        cells.push(cell);
    }
    let rest = pages.page(13, &cells, None, 0);
    let last = i64::try_from(rows.len()).expect("in range");
    level.push((pages.push(rest), last));
    while level.len() > 1 {
        let above = level.chunks(20).map(|children| {
            let (last, inner) = children.split_last().expect("it is there");
            let cells: Vec<Vec<u8>> = inner
                .iter()
                .map(|(child, key)| {
                    let mut cell = u32::try_from(*child)
                        .expect("in range")
                        .to_be_bytes()
                        .to_vec();
                    cell.extend(varint(*key));
                    cell
                })
                .collect();
            let inner = pages.page(5, &cells, Some(last.0), 0);
            (pages.push(inner), last.1)
        });
        level = above.collect();
    }
    level[0].0
}

/// A cell of a leaf; what does not fit into a page goes to pages of its own.
fn leaf_cell(number: i64, row: &[Cell], pages: &mut Pages) -> Vec<u8> {
    let size = pages.size;
    let row = record(row);
    let mut cell = varint(i64::try_from(row.len()).expect("in range"));
    cell.extend(varint(number));
    let (most, least) = (size - 35, (size - 12) * 32 / 255 - 23);
    if row.len() <= most {
        cell.extend(row);
        return cell;
    }
    let fitting = least + (row.len() - least) % (size - 4);
    let local = if fitting <= most { fitting } else { least };
    cell.extend(&row[..local]);
    cell.extend(
        u32::try_from(pages.all.len() + 1)
            .expect("in range")
            .to_be_bytes(),
    );
    let parts: Vec<&[u8]> = row[local..].chunks(size - 4).collect();
    for (index, part) in parts.iter().enumerate() {
        let is_last = index + 1 == parts.len();
        let next = if is_last {
            0
        } else {
            u32::try_from(pages.all.len() + 2).expect("in range")
        };
        let mut page = next.to_be_bytes().to_vec();
        page.extend(*part);
        page.resize(size, 0);
        pages.push(page);
    }
    cell
}

fn record(row: &[Cell]) -> Vec<u8> {
    let (mut kinds, mut body) = (Vec::new(), Vec::new());
    for cell in row {
        match cell {
            Cell::Null => kinds.push(0),
            Cell::Integer(0) => kinds.push(8),
            Cell::Integer(1) => kinds.push(9),
            Cell::Integer(number) => {
                let lens = [(1, 1), (2, 2), (3, 3), (4, 4), (5, 6), (6, 8)];
                let fits = |len: &usize| number << (64 - 8 * len) >> (64 - 8 * len) == *number;
                let (kind, len) = lens
                    .into_iter()
                    .find(|(_, len)| fits(len))
                    .expect("it is there");
                kinds.push(kind);
                body.extend(&number.to_be_bytes()[8 - len..]);
            }
            Cell::Real(number) => {
                kinds.push(7);
                body.extend(number.to_be_bytes());
            }
            Cell::Text(text) => {
                kinds.extend(varint(
                    i64::try_from(13 + 2 * text.len()).expect("in range"),
                ));
                body.extend(text.as_bytes());
            }
            Cell::Blob(bytes) => {
                kinds.extend(varint(
                    i64::try_from(12 + 2 * bytes.len()).expect("in range"),
                ));
                body.extend(bytes);
            }
        }
    }
    assert!(kinds.len() < 127);
    let mut row = vec![u8::try_from(kinds.len() + 1).expect("in range")];
    row.extend(kinds);
    row.extend(body);
    row
}

fn varint(number: i64) -> Vec<u8> {
    let number = u64::try_from(number).expect("in range");
    let mut bytes: Vec<u8> = (0..9)
        .map(|index| u8::try_from(number >> (7 * index) & 0x7f).expect("in range"))
        .collect();
    while bytes.len() > 1 && bytes.last() == Some(&0) {
        bytes.pop();
    }
    bytes.reverse();
    let last = bytes.len() - 1;
    bytes[..last].iter_mut().for_each(|byte| *byte |= 0x80);
    bytes
}
