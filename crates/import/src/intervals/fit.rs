//! Intervals between heart beats from FIT files of sports watches and chest straps.
//!
//! Two messages carry them, both in milliseconds: `hrv` (78) with up to five intervals, and
//! `beat_intervals` (290). Where the timer was stopped a stretch ends. Everything else in the file
//! (places, names, serial numbers) must never be kept.
//!
//! Format: the FIT protocol as published by its maker (file header, definition and data messages,
//! compressed time stamps, developer fields, checksum at the end; files may follow each other).

use super::{Gathered, IntervalUnit, Intervals, IntervalsError, Named};
use crate::recording::Damage;

const SIGNATURE: &[u8] = b".FIT";
const SIGNATURE_AT: usize = 8;
const HEADER_BYTES: [u8; 2] = [12, 14];
const CHECKSUM_BYTES: usize = 2;
const LOCAL_TYPES: usize = 16;
const HRV: u16 = 78;
const HRV_TIME: u8 = 0;
const BEAT_INTERVALS: u16 = 290;
const BEAT_INTERVALS_TIME: u8 = 1;
const EVENT: u16 = 21;
const EVENT_KIND: u8 = 0;
const EVENT_KIND_TIMER: u8 = 0;
const EVENT_TYPE: u8 = 1;
const EVENT_TYPE_STOP: [u8; 2] = [1, 4]; // stop, stop all
const NO_INTERVAL: u16 = 0xFFFF;

/// Whether these are the first bytes of a FIT file.
pub(super) fn is_fit(bytes: &[u8]) -> bool {
    bytes
        .first()
        .is_some_and(|size| HEADER_BYTES.contains(size))
        && bytes.get(SIGNATURE_AT..SIGNATURE_AT + SIGNATURE.len()) == Some(SIGNATURE)
}

/// The intervals of a FIT file.
pub(super) fn read(bytes: &[u8]) -> Result<Intervals, IntervalsError> {
    let mut gathered = Gathered::default();
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| is_fit(rest)) {
        let end = one(rest, at, &mut gathered)?;
        gathered.close();
        at += end;
    }
    if at < bytes.len() && gathered.damages.count == 0 {
        let message = "bytes after the end of the file, not used";
        gathered.damages.push(damage("trailing_bytes", at, message));
    }
    let unit = Some(IntervalUnit::Milliseconds);
    gathered.finish("fit", Named::ByFile, unit)
}

/// Reads the file that begins `rest`, at byte `at`; its length.
fn one(rest: &[u8], at: usize, gathered: &mut Gathered) -> Result<usize, IntervalsError> {
    let Some(&[header, _, _, _, a, b, c, d]) = rest.first_chunk() else {
        return Ok(rest.len());
    };
    let header = usize::from(header);
    let size = usize::try_from(u32::from_le_bytes([a, b, c, d])).unwrap_or(usize::MAX);
    let end = header.saturating_add(size);
    let data = rest.get(header..end.min(rest.len())).unwrap_or_default();
    let whole = rest
        .get(..end)
        .zip(rest.get(end..end.saturating_add(CHECKSUM_BYTES)));
    match whole {
        None => gathered
            .damages
            .push(damage("truncated", at + rest.len(), "the file ends early")),
        Some((covered, sum)) if checksum(covered).to_le_bytes() != sum => {
            let message = "the checksum does not fit the content";
            gathered.damages.push(damage("checksum", at + end, message));
        }
        Some(_) => {}
    }
    messages(data, at + header, gathered)?;
    Ok(end.saturating_add(CHECKSUM_BYTES).min(rest.len()))
}

fn damage(code: &'static str, byte: usize, message: &str) -> Damage {
    Damage {
        code,
        byte: u64::try_from(byte).unwrap_or(u64::MAX),
        line: None,
        message: message.to_owned(),
    }
}

/// What a data message of a local type contains.
#[derive(Debug, Clone, Default)]
struct Definition {
    message: u16,
    is_big_endian: bool,
    /// Number and length of each field, the developers' ones last and without a number.
    fields: Vec<(Option<u8>, usize)>,
}

impl Definition {
    /// The bytes of a field in a data message.
    fn field<'a>(&self, number: u8, data: &'a [u8]) -> Option<&'a [u8]> {
        let mut from = 0;
        for &(field, length) in &self.fields {
            if field == Some(number) {
                return data.get(from..from + length);
            }
            from += length;
        }
        None
    }

    fn length(&self) -> usize {
        self.fields.iter().map(|(_, length)| length).sum()
    }
}

/// Takes bytes from the front of messages.
struct Cursor<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.data.get(self.at..self.at.checked_add(count)?)?;
        self.at += count;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }
}

fn messages(data: &[u8], begins: usize, gathered: &mut Gathered) -> Result<(), IntervalsError> {
    let mut definitions: [Option<Definition>; LOCAL_TYPES] = Default::default();
    let mut cursor = Cursor { data, at: 0 };
    while cursor.at < data.len() {
        let byte = begins + cursor.at;
        let Some(header) = cursor.byte() else { break };
        let is_compressed = header & 0x80 != 0;
        let local = usize::from(if is_compressed {
            header >> 5 & 0x03
        } else {
            header & 0x0F
        });
        if !is_compressed && header & 0x40 != 0 {
            let Some(definition) = definition(&mut cursor, header & 0x20 != 0) else {
                gathered
                    .damages
                    .push(damage("truncated", byte, "a definition ends early"));
                break;
            };
            if let Some(place) = definitions.get_mut(local) {
                *place = Some(definition);
            }
            continue;
        }
        let Some(Some(definition)) = definitions.get(local) else {
            let message = "a message without a definition; what follows cannot be read";
            gathered
                .damages
                .push(damage("malformed_message", byte, message));
            break;
        };
        let Some(message) = cursor.take(definition.length()) else {
            gathered
                .damages
                .push(damage("truncated", byte, "a message ends early"));
            break;
        };
        take(definition, message, byte, gathered)?;
    }
    Ok(())
}

fn definition(cursor: &mut Cursor<'_>, has_developer_fields: bool) -> Option<Definition> {
    let &[_, order, first, second, count] = cursor.take(5)?.first_chunk()?;
    let is_big_endian = order == 1;
    let number = [first, second];
    let mut definition = Definition {
        message: if is_big_endian {
            u16::from_be_bytes(number)
        } else {
            u16::from_le_bytes(number)
        },
        is_big_endian,
        fields: Vec::with_capacity(usize::from(count)),
    };
    let (fields, _) = cursor.take(3 * usize::from(count))?.as_chunks();
    for &[field, length, _kind] in fields {
        definition.fields.push((Some(field), usize::from(length)));
    }
    if has_developer_fields {
        let count = usize::from(cursor.byte()?);
        let (fields, _) = cursor.take(3 * count)?.as_chunks();
        for &[_field, length, _developer] in fields {
            definition.fields.push((None, usize::from(length)));
        }
    }
    Some(definition)
}

fn take(
    definition: &Definition,
    message: &[u8],
    byte: usize,
    gathered: &mut Gathered,
) -> Result<(), IntervalsError> {
    let times = match definition.message {
        HRV => definition.field(HRV_TIME, message),
        BEAT_INTERVALS => definition.field(BEAT_INTERVALS_TIME, message),
        EVENT => {
            let of = |number| {
                definition
                    .field(number, message)
                    .and_then(|field| field.first())
            };
            let is_stop = of(EVENT_KIND) == Some(&EVENT_KIND_TIMER)
                && of(EVENT_TYPE).is_some_and(|kind| EVENT_TYPE_STOP.contains(kind));
            if is_stop {
                gathered.close();
            }
            None
        }
        _ => None,
    };
    let (pairs, _) = times.unwrap_or_default().as_chunks();
    for &pair in pairs {
        let interval = if definition.is_big_endian {
            u16::from_be_bytes(pair)
        } else {
            u16::from_le_bytes(pair)
        };
        match interval {
            NO_INTERVAL => {}
            0 => gathered.lost(damage("malformed_message", byte, "an interval of 0")),
            interval => gathered.keep(f64::from(interval))?,
        }
    }
    Ok(())
}

/// The checksum of the format: CRC-16 with the reflected polynomial 0xA001, from 0.
fn checksum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |sum: u16, &byte| {
        (0..8).fold(sum ^ u16::from(byte), |sum, _| {
            let shifted = sum >> 1;
            if sum & 1 == 1 {
                shifted ^ 0xA001
            } else {
                shifted
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    /// A file of messages, with its header and checksum.
    fn file(messages: &[u8]) -> Vec<u8> {
        let mut bytes = vec![12, 0x20, 0, 0];
        bytes.extend(u32::try_from(messages.len()).expect("small").to_le_bytes());
        bytes.extend(SIGNATURE);
        bytes.extend(messages);
        let sum = checksum(&bytes);
        bytes.extend(sum.to_le_bytes());
        bytes
    }

    /// The definition of local type 0 as `hrv` with five intervals.
    const DEFINED: [u8; 9] = [0x40, 0, 0, 78, 0, 1, 0, 10, 0x84];

    fn hrv(intervals: [u16; 5]) -> Vec<u8> {
        let mut message = vec![0];
        message.extend(intervals.iter().flat_map(|interval| interval.to_le_bytes()));
        message
    }

    #[test]
    fn intervals_are_read_and_padding_is_none() {
        let mut messages = DEFINED.to_vec();
        messages.extend(hrv([812, 798, 805, 0xFFFF, 0xFFFF]));
        // A stop of the timer in local type 1, as a big-endian file with a developer's field has it.
        messages.extend([
            0x61, 0, 1, 0, 21, 2, 0, 1, 0, 1, 1, 0, 1, 0, 3, 0, 1, 0, 4, 9, 9, 9,
        ]);
        messages.extend(hrv([790, 0, 801, 0xFFFF, 0xFFFF]));
        let found = read(&mut &file(&messages)[..]).expect("intervals");
        assert_eq!(
            (found.format, found.unit),
            ("fit", IntervalUnit::Milliseconds)
        );
        let expect: Vec<Vec<f64>> = vec![vec![812.0, 798.0, 805.0], vec![790.0], vec![801.0]];
        assert_eq!(found.stretches_ms, expect);
        assert_eq!(found.damages.count, 1);
    }

    #[test]
    fn a_damaged_file_gives_what_can_be_read_and_says_so() {
        let mut messages = DEFINED.to_vec();
        messages.extend(hrv([812, 798, 805, 799, 811]));
        messages.extend(hrv([800, 801, 802, 803, 804]));
        let whole = file(&messages);
        let mut flipped = whole.clone();
        let last = flipped.len() - 1;
        flipped[last] ^= 1;
        let found = read(&mut &flipped[..]).expect("intervals");
        assert_eq!((found.stretches_ms[0].len(), found.damages.count), (10, 1));
        let found = read(&mut &whole[..whole.len() - 6]).expect("intervals");
        assert_eq!(found.stretches_ms[0].len(), 5);
        assert_eq!(found.damages.first[0].code, "truncated");
        let mut two = whole.clone();
        two.extend(&whole);
        assert_eq!(
            read(&mut &two[..]).expect("intervals").stretches_ms.len(),
            2
        );
        assert!(matches!(
            read(&mut &file(&[])[..]),
            Err(IntervalsError::Empty)
        ));
        let undefined = file(&[3, 1, 2]);
        assert!(matches!(
            read(&mut &undefined[..]),
            Err(IntervalsError::Empty)
        ));
    }

    #[test]
    fn no_bytes_make_the_reader_fail_otherwise() {
        let mut state = 1_u32;
        for length in 0..400_usize {
            let mut bytes = file(&[]);
            bytes.truncate(12);
            bytes[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
            bytes.extend((0..length).map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state.to_be_bytes()[0]
            }));
            drop(super::read(&bytes));
        }
    }

    /// CRC-16/ARC of the customary check string.
    #[test]
    fn the_checksum_is_the_published_one() {
        assert_eq!(checksum(b"123456789"), 0xBB3D);
    }
}
