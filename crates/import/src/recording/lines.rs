//! Lines of a text file with their numbers: any line end, UTF-8 or Latin-1, bounded memory.
//!
//! It must never fail for what a line holds; a line without end is cut and says so.

use std::borrow::Cow;
use std::io::{self, Read};

use super::{Damage, Damages};

/// Bytes of one line that are kept. The longest known, a person's week of minutes, has 60 KB.
pub(crate) const LINE_BYTES_MAX: usize = 256 << 10;

/// Bytes read at once.
const BUFFER_BYTES: usize = 64 << 10;

/// UTF-8's mark at the beginning of a file.
pub(crate) const MARK: &[u8] = b"\xef\xbb\xbf";

/// Where a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spot {
    /// Counted from 1.
    pub(crate) line: u64,
    /// Its first byte.
    pub(crate) byte: u64,
}

impl Spot {
    /// A damage here.
    pub(crate) fn damage(self, code: &'static str, message: impl Into<String>) -> Damage {
        Damage {
            code,
            byte: self.byte,
            line: Some(self.line),
            message: message.into(),
        }
    }
}

/// One line without its end.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    pub(crate) spot: Spot,
    pub(crate) text: Cow<'a, str>,
}

/// Hands out the lines of a file one by one.
pub(crate) struct Lines<'a> {
    input: &'a mut dyn Read,
    buffer: Vec<u8>,
    at: usize,
    filled: usize,
    byte: u64,
    number: u64,
    after_return: bool,
    is_over: bool,
    raw: Vec<u8>,
    /// What befell the lines themselves, to be added to what befell their content.
    damages: Damages,
}

impl<'a> Lines<'a> {
    /// The lines of a file from its first byte.
    pub(crate) fn new(input: &'a mut dyn Read) -> Self {
        Self {
            input,
            buffer: vec![0; BUFFER_BYTES],
            at: 0,
            filled: 0,
            byte: 0,
            number: 0,
            after_return: false,
            is_over: false,
            raw: Vec::new(),
            damages: Damages::default(),
        }
    }

    /// Where reading has come to.
    pub(crate) fn spot(&self) -> Spot {
        Spot {
            line: self.number,
            byte: self.byte,
        }
    }

    /// All damages: of the content, and of the lines themselves.
    pub(crate) fn finish(self, mut content: Damages) -> Damages {
        content = content.and(self.damages);
        content
            .first
            .sort_by_key(|damage| (damage.line, damage.byte));
        content
    }

    /// The next line, or `None` at the end.
    pub(crate) fn next_line(&mut self) -> io::Result<Option<Line<'_>>> {
        self.raw.clear();
        self.skip_feed()?;
        let spot = Spot {
            line: self.number + 1,
            byte: self.byte,
        };
        let (mut is_cut, mut is_any) = (false, false);
        while self.fill()? {
            is_any = true;
            let chunk = self.buffer.get(self.at..self.filled).unwrap_or_default();
            let end = memchr::memchr2(b'\n', b'\r', chunk);
            let part = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or_default();
            let room = LINE_BYTES_MAX - self.raw.len();
            is_cut |= part.len() > room;
            self.raw
                .extend_from_slice(part.get(..room.min(part.len())).unwrap_or_default());
            let ending = end.and_then(|end| chunk.get(end).copied());
            self.skip(part.len() + usize::from(ending.is_some()));
            if let Some(ending) = ending {
                self.after_return = ending == b'\r';
                break;
            }
        }
        if !is_any {
            return Ok(None);
        }
        self.number = spot.line;
        if is_cut {
            let message = format!("the line is longer than {LINE_BYTES_MAX} bytes and was cut");
            self.damages.push(spot.damage("line_too_long", message));
        }
        if spot.byte == 0 && self.raw.starts_with(MARK) {
            self.raw.drain(..MARK.len());
        }
        let text = decode(&self.raw);
        Ok(Some(Line { spot, text }))
    }

    /// Skips the feed of a return-and-feed pair.
    fn skip_feed(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.after_return)
            && self.fill()?
            && self.buffer.get(self.at) == Some(&b'\n')
        {
            self.skip(1);
        }
        Ok(())
    }

    fn skip(&mut self, count: usize) {
        self.at += count;
        self.byte += u64::try_from(count).expect("a length in memory");
    }

    /// Makes sure that there are bytes; false at the end. A broken archive ends with a damage.
    fn fill(&mut self) -> io::Result<bool> {
        if self.at < self.filled {
            return Ok(true);
        }
        if self.is_over {
            return Ok(false);
        }
        (self.at, self.filled) = (0, 0);
        loop {
            match self.input.read(&mut self.buffer) {
                Ok(0) => self.is_over = true,
                Ok(count) => self.filled = count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    self.is_over = true;
                    let spot = self.spot();
                    self.damages
                        .push(spot.damage("truncated", "the compressed file breaks off here"));
                }
                Err(error) => return Err(error),
            }
            return Ok(!self.is_over);
        }
    }
}

/// Text in UTF-8, or else in Latin-1, where every byte is a letter.
fn decode(raw: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(raw) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(raw.iter().map(|byte| char::from(*byte)).collect()),
    }
}
