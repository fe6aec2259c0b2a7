//! What lies around a file of any format: gzip is unpacked and UTF-16 becomes UTF-8 while it is read.
//!
//! It must never unpack without a bound, or look at what the content means.

use std::cell::Cell;
use std::io::{self, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use crate::wide::{Endian, Wide};

/// Bytes that gzip may unfold into. The largest recordings, weeks of raw acceleration at 100 Hz, have
/// 1 GB; whoever needs more than this sends a bomb.
pub(crate) const UNPACKED_BYTES_MAX: u64 = 16 << 30;

/// Buffer before the unpacker.
const PACKED_BUFFER_BYTES: usize = 64 << 10;

/// The first two bytes of gzip.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Counts what is read.
pub(crate) struct Metered<'a> {
    pub(crate) input: &'a mut dyn Read,
    pub(crate) consumed: &'a Cell<u64>,
}

impl Read for Metered<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(out)?;
        self.consumed.set(self.consumed.get() + read as u64);
        Ok(read)
    }
}

/// Takes gzip and UTF-16 off: the first bytes of the content, up to `head_bytes`, and the content
/// from its first byte. A broken archive gives a short head; the reader meets the break again.
pub(crate) fn open<'r>(
    input: &'r mut dyn Read,
    head_bytes: usize,
) -> io::Result<(Vec<u8>, Box<dyn Read + 'r>)> {
    let head = read_head(input, head_bytes)?;
    let whole = io::Cursor::new(head.clone()).chain(input);
    if !head.starts_with(&GZIP) {
        return narrow(head, Box::new(whole), head_bytes);
    }
    let mut unpacked = Unpacked {
        inner: MultiGzDecoder::new(BufReader::with_capacity(PACKED_BUFFER_BYTES, whole)),
        left: UNPACKED_BYTES_MAX,
        is_broken: false,
    };
    let head = read_head(&mut unpacked, head_bytes)?;
    let whole = io::Cursor::new(head.clone()).chain(unpacked);
    narrow(head, Box::new(whole), head_bytes)
}

fn narrow<'r>(
    head: Vec<u8>,
    input: Box<dyn Read + 'r>,
    head_bytes: usize,
) -> io::Result<(Vec<u8>, Box<dyn Read + 'r>)> {
    let Some(endian) = Endian::of(&head) else {
        return Ok((head, input));
    };
    let mut text = Wide::new(input, endian);
    let head = read_head(&mut text, head_bytes)?;
    let whole = io::Cursor::new(head.clone()).chain(text);
    Ok((head, Box::new(whole)))
}

/// A head of more bytes, and the content from its first byte again.
pub(crate) fn widen<'r>(
    mut input: Box<dyn Read + 'r>,
    head_bytes: usize,
) -> io::Result<(Vec<u8>, Box<dyn Read + 'r>)> {
    let head = read_head(&mut input, head_bytes)?;
    let whole = io::Cursor::new(head.clone()).chain(input);
    Ok((head, Box::new(whole)))
}

fn read_head(input: &mut dyn Read, head_bytes: usize) -> io::Result<Vec<u8>> {
    let limit = u64::try_from(head_bytes).unwrap_or(u64::MAX);
    let mut head = Vec::new();
    match input.take(limit).read_to_end(&mut head) {
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
        _ => Ok(head),
    }
}

/// Whether reading ended because more was unpacked than [`UNPACKED_BYTES_MAX`].
pub(crate) fn is_bomb(error: &io::Error) -> bool {
    let inner = error.get_ref();
    inner.is_some_and(<dyn std::error::Error + Send + Sync>::is::<Bomb>)
}

/// More was unpacked than any file holds.
#[derive(Debug, thiserror::Error)]
#[error("more than {UNPACKED_BYTES_MAX} bytes were unpacked")]
struct Bomb;

/// Unpacks with a bound; whatever is broken inside reads as an unexpected end, so that readers keep
/// what came before.
struct Unpacked<R> {
    inner: R,
    left: u64,
    is_broken: bool,
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.is_broken {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let count = self.inner.read(buffer).map_err(|error| {
            self.is_broken = matches!(
                error.kind(),
                io::ErrorKind::InvalidData
                    | io::ErrorKind::InvalidInput
                    | io::ErrorKind::UnexpectedEof
            );
            if self.is_broken {
                io::Error::new(io::ErrorKind::UnexpectedEof, error)
            } else {
                error
            }
        })?;
        let taken = u64::try_from(count).expect("a length in memory");
        self.left = self
            .left
            .checked_sub(taken)
            .ok_or_else(|| io::Error::other(Bomb))?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unpacking_ends_at_its_bound() {
        let mut unpacked = Unpacked {
            inner: io::repeat(b'0'),
            left: 10_000,
            is_broken: false,
        };
        let error = io::copy(&mut unpacked, &mut io::sink()).expect_err("a bomb");
        assert!(is_bomb(&error));
    }
}
