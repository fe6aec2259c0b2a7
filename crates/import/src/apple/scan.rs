//! A forgiving scanner for the XML of health exports, over a sliding window.
//!
//! Real exports are often not well-formed: broken document type, control characters, bare `&` and
//! `<`, invalid UTF-8, doubled attributes, a file that stops in the middle. Strict readers stop at
//! these; this one goes on. It never expands an entity that a document declares, never reads outside
//! the document, and holds at most one tag ([`TAG_BYTES_MAX`]) beyond its window.

use std::io::{self, Read};

use memchr::{memchr, memmem};

/// Bytes of one tag. The largest seen in an export has 5 kB; a larger one is passed over.
pub(crate) const TAG_BYTES_MAX: usize = 1 << 20;

/// Bytes read at once: large enough that refilling costs nothing, small enough for the cache.
const WINDOW_BYTES: usize = 256 << 10;

/// What the scanner came upon.
#[derive(Debug)]
pub(crate) enum Event<'s> {
    /// A start tag, or an element without content.
    Open(Tag<'s>),
    /// An end tag: its name.
    Close(&'s [u8]),
    /// A piece of text, as printed; only after [`Scanner::want_text`].
    Text(&'s [u8]),
    /// A tag that cannot be read and was passed over.
    Refused { position: u64, refused: Refused },
    /// The end of the input, inside a tag, comment or declaration when it is cut.
    End { position: u64, cut: bool },
}

/// Why a tag was passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It is larger than [`TAG_BYTES_MAX`].
    TooLong,
    /// Another tag begins before it ends.
    Unfinished,
}

/// A start tag.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tag<'s> {
    /// Name of the element.
    pub(crate) name: &'s [u8],
    /// Whether it closes itself.
    pub(crate) empty: bool,
    /// Byte offset of its `<`.
    pub(crate) position: u64,
    bytes: &'s [u8],
    attributes: &'s [Attribute],
}

impl<'s> Tag<'s> {
    /// Names and values, as printed and in their order.
    #[inline]
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&'s [u8], &'s [u8])> + use<'s> {
        let bytes = self.bytes;
        self.attributes.iter().map(move |attribute| {
            (
                bytes
                    .get(attribute.name.0..attribute.name.1)
                    .unwrap_or_default(),
                bytes
                    .get(attribute.value.0..attribute.value.1)
                    .unwrap_or_default(),
            )
        })
    }

    /// Bytes of the tag.
    pub(crate) const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The first value of an attribute.
    pub(crate) fn get(&self, name: &[u8]) -> Option<&'s [u8]> {
        self.attributes()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }
}

#[derive(Debug, Clone, Copy)]
struct Attribute {
    name: (usize, usize),
    value: (usize, usize),
}

/// The scanner of one document.
pub(crate) struct Scanner<'a> {
    input: &'a mut dyn Read,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    base: u64,
    ended: bool,
    want_text: bool,
    attributes: Vec<Attribute>,
}

enum Step {
    Open {
        at: usize,
        len: usize,
        name_len: usize,
        empty: bool,
    },
    Close {
        at: usize,
        len: usize,
    },
    Text {
        at: usize,
        len: usize,
    },
    Refused {
        position: u64,
        refused: Refused,
    },
    End {
        cut: bool,
    },
}

enum Parsed {
    Whole {
        len: usize,
        name_len: usize,
        empty: bool,
    },
    Unfinished {
        at: usize,
    },
    Partial,
}

impl<'a> Scanner<'a> {
    /// A scanner at the document's first byte.
    pub(crate) fn new(input: &'a mut dyn Read) -> Self {
        Self {
            input,
            buffer: vec![0; WINDOW_BYTES],
            start: 0,
            end: 0,
            base: 0,
            ended: false,
            want_text: false,
            attributes: Vec::with_capacity(32),
        }
    }

    /// Whether text between tags is told.
    pub(crate) const fn want_text(&mut self, want: bool) {
        self.want_text = want;
    }

    /// Byte offset of what comes next.
    pub(crate) const fn position(&self) -> u64 {
        self.base + self.start as u64
    }

    /// The next event.
    pub(crate) fn next(&mut self) -> io::Result<Event<'_>> {
        let step = loop {
            if let Some(step) = self.step()? {
                break step;
            }
        };
        let slice = |at: usize, len: usize| self.buffer.get(at..at + len).unwrap_or_default();
        Ok(match step {
            Step::Open {
                at,
                len,
                name_len,
                empty,
            } => Event::Open(Tag {
                name: slice(at + 1, name_len),
                empty,
                position: self.base + at as u64,
                bytes: slice(at, len),
                attributes: &self.attributes,
            }),
            Step::Close { at, len } => Event::Close(slice(at, len)),
            Step::Text { at, len } => Event::Text(slice(at, len)),
            Step::Refused { position, refused } => Event::Refused { position, refused },
            Step::End { cut } => Event::End {
                position: self.position(),
                cut,
            },
        })
    }

    #[inline]
    fn available(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    fn step(&mut self) -> io::Result<Option<Step>> {
        let at = self.start;
        let Some(text_len) = memchr(b'<', self.available()) else {
            let len = self.end - at;
            if self.want_text && len > 0 {
                self.start = self.end;
                return Ok(Some(Step::Text { at, len }));
            }
            self.start = self.end;
            return Ok((!self.more()?).then_some(Step::End { cut: false }));
        };
        self.start += text_len;
        if self.want_text && text_len > 0 {
            return Ok(Some(Step::Text { at, len: text_len }));
        }
        match self.available().get(1).copied() {
            None if self.more()? => Ok(None),
            None => Ok(Some(Step::End { cut: true })),
            Some(b'/') => self.end_tag(),
            Some(b'!') => self.declaration(),
            Some(b'?') => self.skip_past(b"?>"),
            Some(byte) if is_name_start(byte) => self.start_tag(),
            // A bare `<`: text.
            Some(_) => {
                self.start += 1;
                Ok(None)
            }
        }
    }

    fn start_tag(&mut self) -> io::Result<Option<Step>> {
        loop {
            let bytes = self.buffer.get(self.start..self.end).unwrap_or_default();
            match parse_tag(bytes, &mut self.attributes) {
                Parsed::Whole {
                    len,
                    name_len,
                    empty,
                } => {
                    let at = self.start;
                    self.start += len;
                    return Ok(Some(Step::Open {
                        at,
                        len,
                        name_len,
                        empty,
                    }));
                }
                Parsed::Unfinished { at } => {
                    let position = self.position();
                    self.start += at;
                    return Ok(Some(Step::Refused {
                        position,
                        refused: Refused::Unfinished,
                    }));
                }
                Parsed::Partial if self.end - self.start >= TAG_BYTES_MAX => {
                    return self.too_long(b">");
                }
                // Reading as much again as is there keeps the work of parsing anew linear.
                Parsed::Partial => {
                    let held = self.end - self.start;
                    while self.end - self.start < held * 2 && self.more()? {}
                    if self.end - self.start == held {
                        return Ok(Some(Step::End { cut: true }));
                    }
                }
            }
        }
    }

    fn end_tag(&mut self) -> io::Result<Option<Step>> {
        loop {
            let bytes = self.available();
            if let Some(len) = memchr(b'>', bytes) {
                let at = self.start + 2;
                let name = bytes.get(2..len).unwrap_or_default();
                let name_len = name.iter().take_while(|byte| !is_space(**byte)).count();
                self.start += len + 1;
                return Ok(Some(Step::Close { at, len: name_len }));
            }
            if bytes.len() >= TAG_BYTES_MAX {
                return self.too_long(b">");
            }
            if !self.more()? {
                return Ok(Some(Step::End { cut: true }));
            }
        }
    }

    fn declaration(&mut self) -> io::Result<Option<Step>> {
        const CDATA: &[u8] = b"<![CDATA[";
        while self.available().len() < CDATA.len() && self.more()? {}
        if self.available().starts_with(b"<!--") {
            self.start += 4;
            return self.skip_past(b"-->");
        }
        if self.available().starts_with(CDATA) {
            self.start += CDATA.len();
            return self.character_data();
        }
        self.skip_document_type()
    }

    /// Text in which `<` means nothing. It is told in one piece, up to the size of a tag.
    fn character_data(&mut self) -> io::Result<Option<Step>> {
        loop {
            if !self.want_text {
                return self.skip_past(b"]]>");
            }
            if let Some(len) = memmem::find(self.available(), b"]]>") {
                let at = self.start;
                self.start += len + 3;
                return Ok(Some(Step::Text { at, len }));
            }
            if self.available().len() >= TAG_BYTES_MAX {
                return self.too_long(b"]]>");
            }
            if !self.more()? {
                return Ok(Some(Step::End { cut: true }));
            }
        }
    }

    fn too_long(&mut self, until: &[u8]) -> io::Result<Option<Step>> {
        let position = self.position();
        if let Some(end) = self.skip_past(until)? {
            return Ok(Some(end));
        }
        Ok(Some(Step::Refused {
            position,
            refused: Refused::TooLong,
        }))
    }

    fn skip_past(&mut self, needle: &[u8]) -> io::Result<Option<Step>> {
        loop {
            if let Some(at) = memmem::find(self.available(), needle) {
                self.start += at + needle.len();
                return Ok(None);
            }
            // The needle's beginning may be there already.
            let held = self.available().len();
            self.start += held.saturating_sub(needle.len() - 1);
            if !self.more()? {
                self.start = self.end;
                return Ok(Some(Step::End { cut: true }));
            }
        }
    }

    /// Passes over `<!DOCTYPE … [ … ]>`. iOS 16.0 prints one that is not well-formed, so its end is
    /// also where the root element begins.
    fn skip_document_type(&mut self) -> io::Result<Option<Step>> {
        let mut state = DocumentType::default();
        let mut seen = 0;
        loop {
            let bytes = self.available().get(seen..).unwrap_or_default();
            if let Some(end) = bytes.iter().position(|byte| state.ends_at(*byte)) {
                let passed = seen + end + 1;
                self.start += passed - if state.at_root() { ROOT.len() } else { 0 };
                return Ok(None);
            }
            // The beginning of the root's tag must still be there when its end is found.
            let held = self.available().len();
            seen = held.min(ROOT.len());
            self.start += held - seen;
            if !self.more()? {
                self.start = self.end;
                return Ok(Some(Step::End { cut: true }));
            }
        }
    }

    /// Reads on, keeping what is not consumed; false at the end of the input.
    fn more(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.base += self.start as u64;
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        loop {
            let free = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.input.read(free) {
                Ok(0) => {
                    self.ended = true;
                    return Ok(false);
                }
                Ok(read) => {
                    self.end += read;
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

const ROOT: &[u8] = b"<HealthData";

/// Where the scanner is inside a document type declaration.
#[derive(Default)]
struct DocumentType {
    last: u32,
    quote: Option<u8>,
    comment: bool,
    inside: bool,
    closing: bool,
    root: usize,
}

impl DocumentType {
    fn at_root(&self) -> bool {
        self.root == ROOT.len()
    }

    fn ends_at(&mut self, byte: u8) -> bool {
        self.last = (self.last << 8) | u32::from(byte);
        if self.comment {
            self.comment = self.last & 0x00ff_ffff != 0x002d_2d3e; // -->
            return false;
        }
        self.root = match ROOT.get(self.root) {
            Some(expected) if *expected == byte => self.root + 1,
            Some(_) | None => usize::from(byte == b'<'),
        };
        if self.at_root() {
            return true;
        }
        if let Some(quote) = self.quote {
            if byte == quote {
                self.quote = None;
            }
            return false;
        }
        if self.last == 0x3c21_2d2d {
            // <!--
            self.comment = true;
            self.last = 0;
            return false;
        }
        match byte {
            b'"' | b'\'' => self.quote = Some(byte),
            b'[' => self.inside = true,
            b']' => self.closing = true,
            b'>' => return !self.inside || self.closing,
            byte if is_space(byte) => {}
            _ => self.closing = false,
        }
        false
    }
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\t' | b'\r')
}

const fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte == b':' || byte >= 0x80
}

/// Reads one start tag at the beginning of `bytes`. A value ends at a quote that is followed by what
/// may follow one, so that a bare quote inside a value does no harm.
fn parse_tag(bytes: &[u8], attributes: &mut Vec<Attribute>) -> Parsed {
    attributes.clear();
    let ends_name = |byte: &u8| is_space(*byte) || matches!(byte, b'>' | b'/' | b'<' | b'=');
    let find_from = |from: usize| {
        let found = bytes.get(from..)?.iter().position(ends_name)?;
        Some(from + found)
    };
    let Some(mut at) = find_from(1) else {
        return Parsed::Partial;
    };
    let name_len = at - 1;
    loop {
        match bytes.get(at) {
            None => return Parsed::Partial,
            Some(b'>') => {
                return Parsed::Whole {
                    len: at + 1,
                    name_len,
                    empty: false,
                };
            }
            Some(b'<') => return Parsed::Unfinished { at },
            Some(b'/') => match bytes.get(at + 1) {
                None => return Parsed::Partial,
                Some(b'>') => {
                    return Parsed::Whole {
                        len: at + 2,
                        name_len,
                        empty: true,
                    };
                }
                Some(_) => at += 1,
            },
            Some(b'=') => at += 1,
            Some(byte) if is_space(*byte) => at += 1,
            Some(_) => {
                let Some(name_end) = find_from(at) else {
                    return Parsed::Partial;
                };
                let name = (at, name_end);
                at = name_end;
                match value_range(bytes, name_end) {
                    Value::None => {}
                    Value::Partial => return Parsed::Partial,
                    Value::Found(from, until) => {
                        attributes.push(Attribute {
                            name,
                            value: (from, until),
                        });
                        at = until + 1;
                    }
                }
            }
        }
    }
}

enum Value {
    None,
    Partial,
    Found(usize, usize),
}

/// The quoted value after an attribute's name.
#[inline]
fn value_range(bytes: &[u8], name_end: usize) -> Value {
    let mut at = name_end;
    let mut equals = 0;
    let quote = loop {
        match bytes.get(at) {
            None => return Value::Partial,
            Some(b'=') => {
                equals += 1;
                at += 1;
            }
            Some(quote @ (b'"' | b'\'')) if equals == 1 => break *quote,
            Some(byte) if is_space(*byte) => at += 1,
            Some(_) => return Value::None,
        }
    };
    let from = at + 1;
    let mut search = from;
    loop {
        let rest = bytes.get(search..).unwrap_or_default();
        let Some(found) = memchr(quote, rest) else {
            return Value::Partial;
        };
        match rest.get(found + 1) {
            None => return Value::Partial,
            Some(next) if is_space(*next) || matches!(next, b'>' | b'/' | b'?') => {
                return Value::Found(from, search + found);
            }
            Some(_) => search += found + 1,
        }
    }
}
