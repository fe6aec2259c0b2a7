//! The bytes of a binary recording, a window at a time, with their place in the file.
//!
//! Readers look at what is held, take what they understand and pass over the rest; a run of bytes that
//! nobody understood is told as one damage. It must never hold more than its window.

use std::io::{self, ErrorKind, Read};

use memchr::memchr;

use super::error::{Error, Place};
use super::{Damage, Damages, Raw};
use crate::archive::ArchiveError;

/// Bytes that are held at once: the longest record (64 KiB), and few enough to stay in the cache.
const WINDOW_BYTES: usize = 192 << 10;

/// Bytes of the longest line; a longer one is handed over in pieces.
const LINE_BYTES_MAX: usize = 64 << 10;

/// The input with the part of it that is held.
pub(crate) struct Source<'a> {
    input: &'a mut dyn Read,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    position: u64,
    ended: bool,
}

impl<'a> Source<'a> {
    /// An input at its first byte.
    pub(crate) fn new(input: &'a mut dyn Read) -> Self {
        Self {
            input,
            buffer: vec![0; WINDOW_BYTES],
            start: 0,
            end: 0,
            position: 0,
            ended: false,
        }
    }

    /// The place in the file of the first byte that is held.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// The bytes that are held: at least `count`, unless the input ends before.
    pub(crate) fn hold(&mut self, count: usize) -> Result<&[u8], Error> {
        if self.end - self.start < count && !self.ended {
            self.fill(count)?;
        }
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    #[cold]
    fn fill(&mut self, count: usize) -> Result<(), Error> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        // So much at once that moving the rest stays cheap, however small the records are.
        let enough = count.max(WINDOW_BYTES / 2);
        while self.end < enough && !self.ended {
            let free = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.input.read(free) {
                Ok(0) => self.ended = true,
                Ok(read) => self.end = (self.end + read).min(self.buffer.len()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // A packed file that breaks off ends where it breaks off.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => self.ended = true,
                Err(error) => return Err(refused(error)),
            }
        }
        Ok(())
    }

    /// Passes over bytes that are held.
    pub(crate) fn pass(&mut self, count: usize) {
        let count = count.min(self.end - self.start);
        self.start += count;
        self.position += count as u64;
    }

    /// Takes the next line, without what ends it, and tells where it began.
    pub(crate) fn line(&mut self) -> Result<Option<(u64, &[u8])>, Error> {
        let mut held = self.hold(1)?;
        let mut found = memchr(b'\n', held);
        if found.is_none() {
            held = self.hold(LINE_BYTES_MAX)?;
            found = memchr(b'\n', held);
        }
        if held.is_empty() {
            return Ok(None);
        }
        let len = found.unwrap_or(held.len()).min(LINE_BYTES_MAX);
        let begin = (self.position, self.start);
        self.pass(len + usize::from(found == Some(len)));
        let line = self.buffer.get(begin.1..begin.1 + len).unwrap_or_default();
        Ok(Some((begin.0, line.strip_suffix(b"\r").unwrap_or(line))))
    }
}

/// Says an error of the input in the words of recordings; archives hide theirs in one of the input.
fn refused(error: io::Error) -> Error {
    let limit = error.get_ref().and_then(|inner| inner.downcast_ref());
    match limit {
        Some(&ArchiveError::Limit { what, limit }) => Error::TooLarge { what, limit },
        Some(ArchiveError::Io(_) | ArchiveError::Encrypted) | None => Error::from(error),
    }
}

/// A run of bytes that could not be read, told as one damage once it has ended.
#[derive(Debug, Default)]
pub(crate) struct Lost {
    run: Option<Run>,
}

#[derive(Debug)]
struct Run {
    code: &'static str,
    why: &'static str,
    from: u64,
    until: u64,
}

impl Lost {
    /// Adds bytes to the run, or begins another one when they do not follow it.
    pub(crate) fn add(&mut self, found: &Fault, at: u64, count: usize, damages: &mut Damages) {
        let until = at + count as u64;
        match &mut self.run {
            Some(run) if run.until == at => run.until = until,
            Some(_) | None => {
                self.close(damages);
                self.run = Some(Run {
                    code: found.code,
                    why: found.why,
                    from: at,
                    until,
                });
            }
        }
    }

    /// Tells the run, if there is one.
    pub(crate) fn close(&mut self, damages: &mut Damages) {
        if let Some(run) = self.run.take() {
            damages.push(Damage {
                code: run.code,
                byte: run.from,
                line: None,
                message: format!("{} ({} bytes passed over)", run.why, run.until - run.from),
            });
        }
    }
}

/// What is wrong with a piece of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Stable name.
    pub(crate) code: &'static str,
    /// One sentence.
    pub(crate) why: &'static str,
}

impl Fault {
    /// This fault as a damage at a byte.
    pub(crate) fn at(self, byte: u64) -> Damage {
        Damage {
            code: self.code,
            byte,
            line: None,
            message: self.why.to_owned(),
        }
    }
}

/// The file or the record ends too early.
pub(crate) const TRUNCATED: Fault = Fault {
    code: "truncated",
    why: "the file ends in the middle of a record",
};

/// The checksum of a record is wrong.
pub(crate) const CHECKSUM: Fault = Fault {
    code: "checksum",
    why: "the checksum does not match",
};

/// What was read, unless nothing was and nobody wanted it to end there.
pub(crate) fn finish(raw: Raw, stopped: bool) -> Result<Raw, Error> {
    let format = raw.header.format;
    match raw.damages.first.first() {
        _ if raw.samples > 0 || stopped => Ok(raw),
        Some(damage) => Err(Error::Malformed {
            format,
            place: Place::Byte(damage.byte),
            message: damage.message.clone(),
        }),
        None => Err(Error::Empty { format }),
    }
}

/// Two bytes, the lower first; 0 past the end.
#[inline]
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes
        .get(at..)
        .and_then(<[u8]>::first_chunk)
        .map_or(0, |two| u16::from_le_bytes(*two))
}

/// Four bytes, the lowest first; 0 past the end.
#[inline]
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..)
        .and_then(<[u8]>::first_chunk)
        .map_or(0, |four| u32::from_le_bytes(*four))
}

/// One byte; 0 past the end.
#[inline]
pub(crate) fn u8_at(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or_default()
}
