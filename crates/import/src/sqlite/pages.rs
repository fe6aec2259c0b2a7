//! The bytes of a file that is read in no order: as they are, or packed in memory in blocks.
//!
//! A backup of years has hundreds of megabytes and packs to a third. It must never be written anywhere.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::ops::Deref;
use std::rc::Rc;

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use crate::budget::Holding;

/// Bytes of a block before it is packed. Every size of page that the format has divides it.
const BLOCK_BYTES: usize = 64 << 10;

/// Blocks that are held unpacked: the way from a root to a leaf, and rows that overflow.
const BLOCKS_HELD: usize = 24;

/// The bytes.
#[derive(Debug)]
pub(crate) struct Pages<'a> {
    kept: Kept<'a>,
    len: usize,
}

#[derive(Debug)]
enum Kept<'a> {
    Plain(&'a [u8]),
    Packed {
        blocks: Vec<Box<[u8]>>,
        held: RefCell<VecDeque<(usize, Rc<[u8]>)>>,
        _holding: Holding,
    },
}

/// Some of the bytes.
#[derive(Debug, Clone)]
pub(crate) enum Page<'a> {
    /// Where they lie.
    Plain(&'a [u8]),
    /// In a block that was unpacked, from one byte to another.
    Of(Rc<[u8]>, usize, usize),
}

impl Deref for Page<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Plain(bytes) => bytes,
            Self::Of(block, from, to) => block.get(*from..*to).unwrap_or_default(),
        }
    }
}

impl<'a> Pages<'a> {
    /// Bytes that are in memory.
    pub(crate) fn plain(bytes: &'a [u8]) -> Self {
        Self {
            len: bytes.len(),
            kept: Kept::Plain(bytes),
        }
    }

    /// Packs an input while it is read; what it takes counts against the budget of memory.
    pub(crate) fn packed(input: &mut dyn Read, bytes_max: u64) -> io::Result<Self> {
        let mut holding = Holding::new();
        let (mut blocks, mut len) = (Vec::new(), 0);
        let mut block = Vec::with_capacity(BLOCK_BYTES);
        loop {
            block.clear();
            (&mut *input)
                .take(BLOCK_BYTES as u64)
                .read_to_end(&mut block)?;
            if block.is_empty() {
                break;
            }
            len += block.len();
            if len as u64 > bytes_max {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            let mut packed = DeflateEncoder::new(Vec::new(), Compression::fast());
            packed.write_all(&block)?;
            let packed = packed.finish()?.into_boxed_slice();
            holding.grow(packed.len() + 64)?;
            blocks.push(packed);
        }
        Ok(Self {
            len,
            kept: Kept::Packed {
                blocks,
                held: RefCell::default(),
                _holding: holding,
            },
        })
    }

    /// How many bytes there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Bytes from a place, as many as asked for or as there are; none at the end. Packed ones end with their block.
    pub(crate) fn slice(&self, at: usize, count: usize) -> Option<Page<'a>> {
        if at >= self.len {
            return None;
        }
        match &self.kept {
            Kept::Plain(bytes) => {
                let bytes = bytes.get(at..)?;
                Some(Page::Plain(bytes.get(..count).unwrap_or(bytes)))
            }
            Kept::Packed { blocks, held, .. } => {
                let number = at / BLOCK_BYTES;
                let block = block(blocks.get(number)?, number, &mut held.borrow_mut())?;
                let from = at % BLOCK_BYTES;
                let to = block.len().min(from + count);
                (from < to).then_some(Page::Of(block, from, to))
            }
        }
    }
}

fn block(packed: &[u8], number: usize, held: &mut VecDeque<(usize, Rc<[u8]>)>) -> Option<Rc<[u8]>> {
    if let Some((_, block)) = held.iter().find(|(other, _)| *other == number) {
        return Some(Rc::clone(block));
    }
    let mut bytes = Vec::with_capacity(BLOCK_BYTES);
    DeflateDecoder::new(packed)
        .take(BLOCK_BYTES as u64)
        .read_to_end(&mut bytes)
        .ok()?;
    let block: Rc<[u8]> = bytes.into();
    if held.len() >= BLOCKS_HELD {
        held.pop_front();
    }
    held.push_back((number, Rc::clone(&block)));
    Some(block)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_bytes_are_the_same_in_any_order() {
        let bytes: Vec<u8> = (0..300_000_u32).map(|n| n.to_le_bytes()[1]).collect();
        let plain = Pages::plain(&bytes);
        let packed = Pages::packed(&mut bytes.as_slice(), 1 << 20).expect("room");
        assert_eq!(packed.len(), bytes.len());
        for at in [0, 299_008, 65_536, 4_096, 196_608, 0] {
            let (plain, packed) = (plain.slice(at, 4_096), packed.slice(at, 4_096));
            assert_eq!(plain.as_deref(), packed.as_deref(), "{at}");
        }
        assert!(packed.slice(300_000, 1).is_none());
        assert!(Pages::packed(&mut bytes.as_slice(), 1 << 10).is_err());
    }
}
