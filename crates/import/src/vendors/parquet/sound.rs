//! Whether what a Parquet file states of itself agrees with its bytes, before anything is allocated by it.

use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};

use super::MAGIC;
use super::thrift::{I32, Walk};

/// Bytes of what describes the columns: a row group takes two thousand, and ten dense years have two thousand groups.
const END_BYTES_MAX: usize = 16 << 20;

/// Bytes of an unpacked page, many rows with the longest documents.
const PAGE_BYTES_MAX: i64 = 256 << 20;

/// Whether the description at the end is there and states no more than it holds.
pub(super) fn has_sound_end(bytes: &[u8]) -> bool {
    description(bytes).is_some_and(|stated| {
        let mut walk = Walk::new(stated);
        let end = walk.structure(0, &mut |_, _, _| Some(false));
        end.is_some() && walk.left() == 0
    })
}

/// The bytes of the description: before its length and the mark at the very end.
fn description(bytes: &[u8]) -> Option<&[u8]> {
    let before = bytes.strip_prefix(MAGIC)?.strip_suffix(MAGIC)?;
    let (before, length) = before.split_last_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let start = before.len().checked_sub(length)?;
    (length <= END_BYTES_MAX).then(|| before.get(start..))?
}

/// Bytes that reading a row group holds: of each column its dictionary and its largest page, unpacked. `None` where a
/// column is not where it is stated to be, or a page is larger than any that is written here.
pub(super) fn bytes_of_pages(bytes: &[u8], group: &RowGroupMetaData) -> Option<usize> {
    let columns = group.columns().iter();
    columns
        .map(|column| bytes_of_column(chunk(bytes, column)?))
        .sum()
}

/// The bytes of a column in a row group.
fn chunk<'b>(bytes: &'b [u8], column: &ColumnChunkMetaData) -> Option<&'b [u8]> {
    let pages = column.data_page_offset();
    let start = column.dictionary_page_offset().unwrap_or(pages);
    let end = start.checked_add(column.compressed_size())?;
    if pages < start || pages >= end {
        return None;
    }
    bytes.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
}

const DICTIONARY: i64 = 2;

fn bytes_of_column(mut chunk: &[u8]) -> Option<usize> {
    let (mut dictionary, mut largest) = (0, 0);
    while !chunk.is_empty() {
        let page = Page::of(chunk)?;
        let held = if page.kind == DICTIONARY {
            &mut dictionary
        } else {
            &mut largest
        };
        *held = page.unpacked.max(*held);
        chunk = chunk.get(page.length..)?;
    }
    // A page of a dictionary is held as its bytes and as its values.
    usize::try_from(2 * dictionary + largest).ok()
}

/// What the head of a page states.
struct Page {
    kind: i64,
    unpacked: i64,
    /// Of the head and what follows it.
    length: usize,
}

impl Page {
    fn of(bytes: &[u8]) -> Option<Self> {
        let mut walk = Walk::new(bytes);
        let mut stated = [None; 3];
        walk.structure(0, &mut |walk, id, kind| {
            let place = usize::try_from(id - 1).ok();
            let Some(place) = place.and_then(|place| stated.get_mut(place)) else {
                return Some(false);
            };
            if kind != I32 {
                return None;
            }
            *place = Some(walk.signed()?);
            Some(true)
        })?;
        let [Some(kind), Some(unpacked), Some(packed)] = stated else {
            return None;
        };
        let head = bytes.len() - walk.left();
        let packed = usize::try_from(packed).ok()?;
        (0..=PAGE_BYTES_MAX).contains(&unpacked).then_some(Self {
            kind,
            unpacked,
            length: head.checked_add(packed)?,
        })
    }
}
