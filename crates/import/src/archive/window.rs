//! The part of an archive that is held while it is read.

use std::io::{self, Read};

use super::ArchiveError;

/// Bytes of the input that are held at once: one header with the longest name and extra field (two
/// times 64 KiB) must fit.
const WINDOW_BYTES: usize = (128 << 10) + 64;

/// The part of the input that is held.
pub(super) struct Window<'a> {
    input: &'a mut dyn Read,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    pub(super) ended: bool,
}

impl<'a> Window<'a> {
    pub(super) fn new(input: &'a mut dyn Read) -> Self {
        Self {
            input,
            buffer: vec![0; WINDOW_BYTES],
            start: 0,
            end: 0,
            ended: false,
        }
    }

    pub(super) fn available(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    pub(super) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }

    /// Holds at least `count` bytes, unless the input ends before.
    pub(super) fn fill(&mut self, count: usize) -> Result<(), ArchiveError> {
        if self.end - self.start >= count || self.ended {
            return Ok(());
        }
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        while self.end < count && !self.ended {
            let free = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.input.read(free) {
                Ok(0) => self.ended = true,
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(ArchiveError::Io(error)),
            }
        }
        Ok(())
    }

    /// The next `count` bytes, or `None` when the input ends before.
    pub(super) fn peek(&mut self, count: usize) -> Result<Option<&[u8]>, ArchiveError> {
        self.fill(count)?;
        Ok(self.available().get(..count))
    }

    /// Moves bytes out; 0 at the end of the input.
    pub(super) fn copy(&mut self, out: &mut [u8]) -> Result<usize, ArchiveError> {
        self.fill(1)?;
        let count = out.len().min(self.end - self.start);
        if let (Some(to), Some(from)) = (out.get_mut(..count), self.available().get(..count)) {
            to.copy_from_slice(from);
        }
        self.consume(count);
        Ok(count)
    }

    pub(super) fn skip(&mut self, mut count: u64) -> Result<(), ArchiveError> {
        while count > 0 {
            self.fill(1)?;
            let here = usize::try_from(count)
                .unwrap_or(usize::MAX)
                .min(self.end - self.start);
            if here == 0 {
                return Ok(());
            }
            self.consume(here);
            count -= here as u64;
        }
        Ok(())
    }
}
