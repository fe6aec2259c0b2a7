//! Text in UTF-16 becomes UTF-8 while it is read; some Windows programs save their exports so.
//!
//! It must never fail for what the text holds: half a pair of surrogates becomes a replacement mark.

use std::io::{self, Read};

/// Bytes read at once; even.
const BUFFER_BYTES: usize = 16 << 10;

/// Which byte of a unit comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endian {
    Little,
    Big,
}

/// Units at the beginning that must be of plain letters where no mark says that a text is in UTF-16.
const PLAIN_UNITS: usize = 8;

impl Endian {
    /// The endianness of a text in UTF-16: as its byte order mark says, or by its first letters being
    /// pairs of a zero and a plain letter.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0xff, 0xfe, ..] => return Some(Self::Little),
            [0xfe, 0xff, ..] => return Some(Self::Big),
            _ => {}
        }
        let (units, _) = head.as_chunks::<2>();
        let first = units.get(..PLAIN_UNITS)?;
        let is_plain = |byte: u8| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n' | 0xa0..=0xff);
        if first.iter().all(|[low, high]| *high == 0 && is_plain(*low)) {
            Some(Self::Little)
        } else if first.iter().all(|[high, low]| *high == 0 && is_plain(*low)) {
            Some(Self::Big)
        } else {
            None
        }
    }
}

/// Reads UTF-8 out of a file in UTF-16.
pub(crate) struct Wide<R> {
    inner: R,
    endian: Endian,
    raw: Vec<u8>,
    units: Vec<u16>,
    ready: Vec<u8>,
    at: usize,
}

impl<R: Read> Wide<R> {
    /// Text from its first byte on, the byte order mark included.
    pub(crate) fn new(inner: R, endian: Endian) -> Self {
        Self {
            inner,
            endian,
            raw: Vec::new(),
            units: Vec::new(),
            ready: Vec::new(),
            at: 0,
        }
    }

    /// Decodes what one reading brings; false at the end.
    fn refill(&mut self) -> io::Result<bool> {
        let before = self.raw.len();
        self.raw.resize(BUFFER_BYTES, 0);
        let read = self
            .inner
            .read(self.raw.get_mut(before..).unwrap_or_default());
        self.raw
            .truncate(before + read.as_ref().copied().unwrap_or_default());
        let is_end = read? == 0;
        let (pairs, rest) = self.raw.as_chunks::<2>();
        let unit = |pair: &[u8; 2]| match self.endian {
            Endian::Little => u16::from_le_bytes(*pair),
            Endian::Big => u16::from_be_bytes(*pair),
        };
        self.units.extend(pairs.iter().map(unit));
        self.raw = rest.to_vec();
        // The second half of a pair of surrogates may come with the next reading.
        let held = match self.units.last() {
            Some(0xd800..=0xdbff) if !is_end => self.units.pop(),
            _ => None,
        };
        self.ready.clear();
        self.at = 0;
        for letter in char::decode_utf16(self.units.drain(..)) {
            let letter = letter.unwrap_or(char::REPLACEMENT_CHARACTER);
            let mut bytes = [0; 4];
            self.ready
                .extend_from_slice(letter.encode_utf8(&mut bytes).as_bytes());
        }
        self.units.extend(held);
        Ok(!is_end)
    }
}

impl<R: Read> Read for Wide<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while self.at == self.ready.len() {
            if !self.refill()? && self.ready.is_empty() {
                return Ok(0);
            }
        }
        let mut ready = self.ready.get(self.at..).unwrap_or_default();
        let count = ready.read(buffer)?;
        self.at += count;
        Ok(count)
    }
}
