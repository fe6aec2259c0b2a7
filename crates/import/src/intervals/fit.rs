//! Intervals between heart beats from FIT files of sports watches and chest straps.
//!
//! Two messages carry them, both in milliseconds: `hrv` (78) with up to five intervals, and
//! `beat_intervals` (290). Where the timer was stopped a stretch ends. Everything else in the file
//! (places, names, serial numbers) must never be kept. The container is read in `crate::fit`.

use super::{Gathered, IntervalUnit, Intervals, IntervalsError, Named};
use crate::fit::{Message, Reader, Step};
use crate::recording::Damage;

pub(super) use crate::fit::is_fit;

const HRV: u16 = 78;
const HRV_TIME: u8 = 0;
const BEAT_INTERVALS: u16 = 290;
const BEAT_INTERVALS_TIME: u8 = 1;
const EVENT: u16 = 21;
const EVENT_KIND: u8 = 0;
const EVENT_KIND_TIMER: i64 = 0;
const EVENT_TYPE: u8 = 1;
const EVENT_TYPE_STOP: [i64; 2] = [1, 4]; // stop, stop all

/// The intervals of a FIT file.
pub(super) fn read(bytes: &[u8]) -> Result<Intervals, IntervalsError> {
    let mut gathered = Gathered::default();
    let mut input = bytes;
    let mut reader = Reader::new(&mut input);
    loop {
        match reader.advance().map_err(IntervalsError::Io)? {
            Step::File => gathered.close(),
            Step::Message(message) => take(&message, &mut gathered)?,
            // What follows a damage is no file of its own.
            Step::Damage(found) if found.code == TRAILING && gathered.damages.count > 0 => {}
            Step::Damage(found) => {
                let told = damage(found.code, found.byte, found.message);
                gathered.damages.push(told);
            }
            Step::End => break,
        }
    }
    gathered.close();
    let unit = Some(IntervalUnit::Milliseconds);
    gathered.finish("fit", Named::ByFile, unit)
}

const TRAILING: &str = "trailing_bytes";

fn damage(code: &'static str, byte: u64, message: &str) -> Damage {
    Damage {
        code,
        byte,
        line: None,
        message: message.to_owned(),
    }
}

fn take(message: &Message<'_>, gathered: &mut Gathered) -> Result<(), IntervalsError> {
    let times = match message.number() {
        HRV => message.values(HRV_TIME),
        BEAT_INTERVALS => message.values(BEAT_INTERVALS_TIME),
        EVENT => {
            let kind = message.integer(EVENT_TYPE);
            let is_stop = message.integer(EVENT_KIND) == Some(EVENT_KIND_TIMER)
                && kind.is_some_and(|kind| EVENT_TYPE_STOP.contains(&kind));
            if is_stop {
                gathered.close();
            }
            None
        }
        _ => None,
    };
    for value in times.into_iter().flatten().flatten() {
        let interval = value.number();
        if interval == 0.0 {
            let message_at = message.byte;
            gathered.lost(damage("malformed_message", message_at, "an interval of 0"));
        } else {
            gathered.keep(interval)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;
    use crate::fit::checksum;

    const SIGNATURE: &[u8] = b".FIT";

    /// A file of messages, with its header and checksum.
    fn file(messages: &[u8]) -> Vec<u8> {
        let mut bytes = vec![12, 0x20, 0, 0];
        bytes.extend(u32::try_from(messages.len()).expect("small").to_le_bytes());
        bytes.extend(SIGNATURE);
        bytes.extend(messages);
        let sum = checksum(0, &bytes);
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
}
