//! The container of FIT files: headers, definitions and data messages, one after the other as the bytes arrive.
//!
//! A file of a watch, a bicycle computer or a scale is a header of 12 or 14 bytes, messages and a checksum; files may
//! follow each other. This module knows no message: what the numbers of messages and fields mean is said in the modules
//! below it. It holds one message at a time, and whatever is broken is reported and never fatal.
//!
//! Format: the FIT protocol as published by its maker (definition messages in either byte order, compressed time
//! stamps, fields of developers, invalid values for each base type).

pub(crate) mod activity;
pub(crate) mod monitoring;
pub(crate) mod sport;
mod value;

use std::io::{self, Read};

pub use value::{FieldValues, Value};

/// Seconds from 1970-01-01 to 1989-12-31, where the clocks of these files begin.
pub const EPOCH_S: i64 = 631_065_600;

/// The first bytes of a file, by which it is recognised.
pub const HEAD_BYTES: usize = 12;

const SIGNATURE: &[u8; 4] = b".FIT";
const HEADER_BYTES: [u8; 2] = [12, 14];
const CHECKSUM_BYTES: usize = 2;
const LOCAL_TYPES: usize = 16;
/// The number of a message's time stamp.
const TIMESTAMP: u8 = 253;

/// Bytes that are read at once.
const WINDOW_BYTES: usize = 64 << 10;

/// Whether these are the first bytes of a FIT file.
pub fn is_fit(head: &[u8]) -> bool {
    head.first().is_some_and(|size| HEADER_BYTES.contains(size))
        && head.get(8..HEAD_BYTES) == Some(SIGNATURE)
}

/// The instant of a time stamp.
pub fn instant_us(stamp: u32) -> i64 {
    (i64::from(stamp) + EPOCH_S) * 1_000_000
}

/// The next thing in the bytes.
#[derive(Debug)]
pub enum Step<'a> {
    /// A file begins; what was defined before it counts no more.
    File,
    /// A data message.
    Message(Message<'a>),
    /// Something is broken here.
    Damage(FileDamage),
    /// No more bytes, or none that make sense.
    End,
}

/// What is broken, without any value of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileDamage {
    /// What, for programs.
    pub code: &'static str,
    /// Where.
    pub byte: u64,
    /// What, for people.
    pub message: &'static str,
}

/// A field of a definition.
#[derive(Debug, Clone, Copy)]
struct Field {
    number: u8,
    length: u8,
    base: u8,
}

/// What the data messages of a local type contain.
#[derive(Debug, Default)]
struct Definition {
    message: u16,
    is_big_endian: bool,
    fields: Vec<Field>,
    /// Bytes of the fields, and of those of developers after them.
    length: usize,
}

/// A data message.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    definition: &'a Definition,
    data: &'a [u8],
    /// Its time: its own field, or the seconds of a compressed header. `None` where it has neither.
    pub stamp: Option<u32>,
    /// Where it begins.
    pub byte: u64,
}

impl<'a> Message<'a> {
    /// Which message it is.
    pub const fn number(&self) -> u16 {
        self.definition.message
    }

    /// The numbers and values of its fields, without those of developers.
    pub fn fields(&self) -> impl Iterator<Item = (u8, FieldValues<'a>)> + use<'a> {
        let (data, is_big_endian) = (self.data, self.definition.is_big_endian);
        let mut from = 0;
        self.definition.fields.iter().map(move |field| {
            let until = from + usize::from(field.length);
            let bytes = data.get(from..until).unwrap_or_default();
            from = until;
            (
                field.number,
                FieldValues::new(bytes, field.base, is_big_endian),
            )
        })
    }

    /// The values of a field; `None` where the message has no such field.
    pub fn values(&self, number: u8) -> Option<FieldValues<'a>> {
        self.fields()
            .find(|(field, _)| *field == number)
            .map(|(_, values)| values)
    }

    /// The first value of a field as an integer; `None` where there is none or it is the invalid one.
    pub fn integer(&self, number: u8) -> Option<i64> {
        self.values(number)?.next()??.integer()
    }

    /// The first value of a field divided by its scale.
    pub fn scaled(&self, number: u8, scale: f64) -> Option<f64> {
        Some(self.values(number)?.next()??.number() / scale)
    }

    /// The text of a field.
    pub fn text(&self, number: u8) -> Option<String> {
        self.values(number)?.text()
    }

    /// A time stamp in a field.
    pub fn time(&self, number: u8) -> Option<u32> {
        u32::try_from(self.integer(number)?).ok()
    }
}

/// Reads the messages of one or more files that follow each other.
pub struct Reader<'r> {
    input: &'r mut dyn Read,
    window: Vec<u8>,
    at: usize,
    position: u64,
    /// Bytes of messages that are left of this file; `None` between files.
    left: Option<u64>,
    sum: u16,
    definitions: [Option<Definition>; LOCAL_TYPES],
    /// The time of the last message that had one, from which compressed ones count.
    stamp: u32,
    message: Vec<u8>,
    has_ended: bool,
}

/// Why a part could not be taken.
enum Cut {
    Io(io::Error),
    /// The bytes end.
    Early,
    /// The messages of the file end.
    Beyond,
    /// What a message contains was not said.
    Undefined,
}

impl From<io::Error> for Cut {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A data message in the buffer.
#[derive(Clone, Copy)]
struct Found {
    local: usize,
    byte: u64,
    stamp: Option<u32>,
}

impl<'r> Reader<'r> {
    /// A reader at the first byte of the first file.
    pub fn new(input: &'r mut dyn Read) -> Self {
        Self {
            input,
            window: Vec::new(),
            at: 0,
            position: 0,
            left: None,
            sum: 0,
            definitions: Default::default(),
            stamp: 0,
            message: Vec::new(),
            has_ended: false,
        }
    }

    /// Bytes read so far.
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// Moves to the next thing. An error is one of the input.
    pub fn advance(&mut self) -> io::Result<Step<'_>> {
        while !self.has_ended {
            let Some(left) = self.left else {
                return self.begin();
            };
            if left == 0 {
                match self.finish()? {
                    Some(damage) => return Ok(Step::Damage(damage)),
                    None => continue,
                }
            }
            let byte = self.position;
            match self.record() {
                Ok(None) => {}
                Ok(Some(found)) => return Ok(self.shown(found)),
                Err(Cut::Io(error)) => return Err(error),
                Err(Cut::Early) => return Ok(Step::Damage(self.cut_off())),
                Err(Cut::Beyond) => {
                    return self.lose(byte, "a message is longer than the file says it is");
                }
                Err(Cut::Undefined) => {
                    let message = "a message without a definition; what follows cannot be read";
                    return self.lose(byte, message);
                }
            }
        }
        Ok(Step::End)
    }

    fn shown(&self, found: Found) -> Step<'_> {
        let definition = self.definitions.get(found.local).and_then(Option::as_ref);
        match definition {
            Some(definition) => Step::Message(Message {
                definition,
                data: &self.message,
                stamp: found.stamp,
                byte: found.byte,
            }),
            None => Step::End,
        }
    }

    /// The header of a file.
    fn begin(&mut self) -> io::Result<Step<'_>> {
        let byte = self.position;
        self.sum = 0;
        let mut header = [0; HEAD_BYTES];
        let length = self.fill(&mut header)?;
        if length == 0 {
            self.has_ended = true;
            return Ok(Step::End);
        }
        if length < HEAD_BYTES || !is_fit(&header) {
            self.has_ended = true;
            return Ok(Step::Damage(FileDamage {
                code: "trailing_bytes",
                byte,
                message: "bytes that are no FIT file, not used",
            }));
        }
        let [size, _, _, _, a, b, c, d, ..] = header;
        let mut rest = [0; 2];
        let more = usize::from(size) - HEAD_BYTES;
        let rest = rest.get_mut(..more).unwrap_or_default();
        if self.fill(rest)? < more {
            return Ok(Step::Damage(self.cut_off()));
        }
        self.definitions = Default::default();
        self.stamp = 0;
        self.left = Some(u64::from(u32::from_le_bytes([a, b, c, d])));
        Ok(Step::File)
    }

    /// The checksum of a file.
    fn finish(&mut self) -> io::Result<Option<FileDamage>> {
        let sum = self.sum;
        let byte = self.position;
        let mut told = [0; CHECKSUM_BYTES];
        self.left = None;
        if self.fill(&mut told)? < CHECKSUM_BYTES {
            return Ok(Some(self.cut_off()));
        }
        let is_right = u16::from_le_bytes(told) == sum;
        Ok((!is_right).then_some(FileDamage {
            code: "checksum",
            byte,
            message: "the checksum does not fit the content",
        }))
    }

    fn cut_off(&mut self) -> FileDamage {
        self.has_ended = true;
        FileDamage {
            code: "truncated",
            byte: self.position,
            message: "the file ends early; the whole messages before it were read",
        }
    }

    /// Passes over what is left of this file.
    fn lose(&mut self, byte: u64, message: &'static str) -> io::Result<Step<'_>> {
        let mut rest = [0; 4 << 10];
        while let Some(left) = self.left.filter(|left| *left > 0) {
            let step = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
            let count = self.fill(rest.get_mut(..step).unwrap_or_default())?;
            if count == 0 {
                self.has_ended = true;
                break;
            }
            self.left = Some(left - count as u64);
        }
        Ok(Step::Damage(FileDamage {
            code: "malformed_message",
            byte,
            message,
        }))
    }

    /// Reads one record: a data message into the buffer, or a definition.
    fn record(&mut self) -> Result<Option<Found>, Cut> {
        let byte = self.position;
        let header = self.byte()?;
        let is_compressed = header & 0x80 != 0;
        let local = usize::from(if is_compressed {
            header >> 5 & 0x03
        } else {
            header & 0x0F
        });
        if !is_compressed && header & 0x40 != 0 {
            let definition = self.definition(header & 0x20 != 0)?;
            if let Some(place) = self.definitions.get_mut(local) {
                *place = Some(definition);
            }
            return Ok(None);
        }
        let definition = self.definitions.get(local).and_then(Option::as_ref);
        let length = definition.ok_or(Cut::Undefined)?.length;
        let mut message = std::mem::take(&mut self.message);
        message.resize(length, 0);
        let taken = self.take(&mut message);
        self.message = message;
        taken?;
        let own = self.own_stamp(local);
        if let Some(own) = own {
            self.stamp = own;
        } else if is_compressed {
            let seconds = u32::from(header & 0x1F);
            let passed = seconds.wrapping_sub(self.stamp) & 0x1F;
            self.stamp = self.stamp.wrapping_add(passed);
        }
        let stamp = own.or(is_compressed.then_some(self.stamp));
        Ok(Some(Found { local, byte, stamp }))
    }

    fn own_stamp(&self, local: usize) -> Option<u32> {
        let message = Message {
            definition: self.definitions.get(local)?.as_ref()?,
            data: &self.message,
            stamp: None,
            byte: 0,
        };
        message.time(TIMESTAMP)
    }

    fn definition(&mut self, has_developer_fields: bool) -> Result<Definition, Cut> {
        let mut head = [0; 5];
        self.take(&mut head)?;
        let [_, order, first, second, count] = head;
        let is_big_endian = order == 1;
        let mut definition = Definition {
            message: if is_big_endian {
                u16::from_be_bytes([first, second])
            } else {
                u16::from_le_bytes([first, second])
            },
            is_big_endian,
            fields: Vec::with_capacity(usize::from(count)),
            length: 0,
        };
        for _ in 0..count {
            let mut field = [0; 3];
            self.take(&mut field)?;
            let [number, length, base] = field;
            definition.fields.push(Field {
                number,
                length,
                base,
            });
            definition.length += usize::from(length);
        }
        if has_developer_fields {
            for _ in 0..self.byte()? {
                let mut field = [0; 3];
                self.take(&mut field)?;
                definition.length += usize::from(field[1]);
            }
        }
        Ok(definition)
    }

    fn byte(&mut self) -> Result<u8, Cut> {
        let mut byte = [0];
        self.take(&mut byte)?;
        Ok(byte[0])
    }

    /// Takes bytes of the messages of this file.
    fn take(&mut self, out: &mut [u8]) -> Result<(), Cut> {
        let left = self.left.unwrap_or_default();
        let left = left.checked_sub(out.len() as u64).ok_or(Cut::Beyond)?;
        if self.fill(out)? < out.len() {
            return Err(Cut::Early);
        }
        self.left = Some(left);
        Ok(())
    }

    /// Fills a buffer as far as the input goes; how far that is.
    fn fill(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < out.len() {
            if self.at == self.window.len() {
                self.window.clear();
                self.at = 0;
                let mut input = (&mut *self.input).take(WINDOW_BYTES as u64);
                if let Err(error) = input.read_to_end(&mut self.window)
                    && error.kind() != io::ErrorKind::UnexpectedEof
                {
                    return Err(error);
                }
                if self.window.is_empty() {
                    break;
                }
            }
            let ready = self.window.get(self.at..).unwrap_or_default();
            let wanted = out.get_mut(filled..).unwrap_or_default();
            let count = ready.len().min(wanted.len());
            let (ready, wanted) = (ready.get(..count), wanted.get_mut(..count));
            if let (Some(ready), Some(wanted)) = (ready, wanted) {
                wanted.copy_from_slice(ready);
                self.sum = checksum(self.sum, ready);
            }
            self.at += count;
            filled += count;
        }
        self.position += filled as u64;
        Ok(filled)
    }
}

/// The checksum of the format: CRC-16 with the reflected polynomial 0xA001, from 0.
pub fn checksum(sum: u16, bytes: &[u8]) -> u16 {
    bytes.iter().fold(sum, |sum, byte| {
        let [low, high] = sum.to_le_bytes();
        let entry = CHECKSUMS.get(usize::from(low ^ byte));
        entry.copied().unwrap_or_default() ^ u16::from(high)
    })
}

static CHECKSUMS: [u16; 256] = checksums();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, which refuses an index out of bounds"
)]
const fn checksums() -> [u16; 256] {
    let mut table = [0; 256];
    let mut byte = 0_u16;
    while byte < 256 {
        let mut sum = byte;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 1 == 1 {
                sum >> 1 ^ 0xA001
            } else {
                sum >> 1
            };
            bit += 1;
        }
        table[byte as usize] = sum;
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests;
