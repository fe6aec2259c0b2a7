//! The records of `log.bin`: a mark, type, time, length, content and checksum.
//!
//! A record of activity holds one second. Where a record is damaged the next one that is whole is looked
//! for. It must never use a record whose checksum is wrong.
//!
//! In idle sleep mode a device that lies still writes no activity. Seconds between two whole records of
//! activity with nothing damaged in between were such stillness: the last sample is handed over again for
//! each, as the maker's program does. Seconds that were lost to damage, a device on its cable (activity
//! without a sample) and all beyond [`IDLE_S_MAX`] stay gaps.

use super::super::error::Error;
use super::super::source::{CHECKSUM, Fault, Lost, Source, TRUNCATED, u8_at, u16_at, u32_at};
use super::super::{Block, Blocks, Raw};
use super::known::{Known, RATES_HZ};
use super::packed::{self, Order};
use super::{IDLE_S_MAX, WAITING_BYTES_MAX, WAITING_COST, waits_too_long};
use crate::budget::Holding;

/// The first byte of a record.
const MARK: u8 = 0x1e;
/// Mark, type, time and length.
const HEAD_BYTES: usize = 8;
/// The checksum behind the content.
const FRAME_BYTES: usize = HEAD_BYTES + 1;
/// Longest content of a record that is looked for after damage: seconds have 1,800 bytes at most, and
/// looking at each place must stay cheap.
const SOUGHT_BYTES_MAX: usize = 4_096;
/// Kinds of records go up to 30.
const KIND_MAX: u8 = 40;

const ACTIVITY: u8 = 0;
const EVENT: u8 = 3;
/// The content of the event with which the idle sleep mode ends.
const IDLE_ENDS: &[u8] = &[9];
const LIGHT: u8 = 5;
const PARAMETERS: u8 = 21;
const ACTIVITY_WIDE: u8 = 26;
const ACTIVITY_XYZ: u8 = 27;
/// Not of the file: stands among the records that wait, where bytes between them were lost.
const BROKEN: u8 = u8::MAX;
const BREAK: [u8; HEAD_BYTES] = [MARK, BROKEN, 0, 0, 0, 0, 0, 0];

const NO_RECORD: Fault = Fault {
    code: "no_record",
    why: "no record begins where one should",
};

/// Records that came before their scale was known, and what goes from one record to the next.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// Heads and contents, one after the other.
    pub(super) waiting: Vec<u8>,
    holding: Holding,
    /// Samples in the first second.
    pub(super) first_rate_hz: Option<f64>,
    samples: Vec<[f32; 3]>,
    /// The last second of activity and its last sample; None where what follows is no idle stillness.
    last: Option<(u32, [f32; 3])>,
    /// Idle seconds handed over so far.
    idle_s: u32,
    lights: [Option<(u32, u16)>; 4],
    light_next: usize,
}

/// Whether someone wants more blocks.
type Stopped = bool;

impl Log {
    /// Reads the log from its first byte.
    pub(super) fn read(
        &mut self,
        source: &mut Source<'_>,
        known: &mut Known,
        raw: &mut Raw,
        blocks: &mut Blocks<'_>,
    ) -> Result<Stopped, Error> {
        let mut lost = Lost::default();
        let mut seeking = false;
        loop {
            let at = source.position();
            let held = source.hold(HEAD_BYTES)?;
            if held.is_empty() {
                break;
            }
            let len = match held.first() {
                // The maker says that a few zeros may stand between records.
                Some(0) if !seeking => {
                    let zeros = held.iter().take_while(|&&byte| byte == 0).count();
                    source.pass(zeros);
                    continue;
                }
                Some(&MARK) => FRAME_BYTES + usize::from(u16_at(held, 6)),
                Some(_) | None => 0,
            };
            let found = find(source.hold(len + 1)?, len, seeking);
            match found {
                Ok(()) => {
                    lost.close(&mut raw.damages);
                    seeking = false;
                    let record = source.hold(len)?.get(..len - 1).unwrap_or_default();
                    if self.take(record, known, raw, blocks)? {
                        return Ok(true);
                    }
                    source.pass(len);
                }
                Err(Bad { fault, skip }) => {
                    self.part();
                    lost.add(&fault, at, skip, &mut raw.damages);
                    seeking = skip < len || len == 0;
                    source.pass(skip);
                }
            }
        }
        lost.close(&mut raw.damages);
        Ok(false)
    }

    /// Notes that bytes were lost here: the seconds up to the next record are not known to be still.
    fn part(&mut self) {
        self.last = None;
        let is_parted = self.waiting.is_empty() || self.waiting.ends_with(&BREAK);
        if !is_parted {
            self.waiting.extend_from_slice(&BREAK);
        }
    }

    fn take(
        &mut self,
        record: &[u8],
        known: &mut Known,
        raw: &mut Raw,
        blocks: &mut Blocks<'_>,
    ) -> Result<Stopped, Error> {
        match u8_at(record, 1) {
            PARAMETERS => known.take_parameters(record.get(HEAD_BYTES..).unwrap_or_default()),
            EVENT if record.get(HEAD_BYTES..) != Some(IDLE_ENDS) => {}
            ACTIVITY | ACTIVITY_WIDE | ACTIVITY_XYZ | LIGHT | EVENT => {
                if let Some(unit_g) = known.unit_g() {
                    if !self.waiting.is_empty() && self.take_waiting(known, raw, blocks) {
                        return Ok(true);
                    }
                    return Ok(self.hand_over(record, unit_g, known, raw, blocks));
                }
                if self.waiting.len() + record.len() > WAITING_BYTES_MAX {
                    return Err(waits_too_long());
                }
                self.holding.grow(WAITING_COST * record.len())?;
                self.waiting.extend_from_slice(record);
            }
            _ => {}
        }
        Ok(false)
    }

    /// Hands over what waited for the scale.
    pub(super) fn take_waiting(
        &mut self,
        known: &Known,
        raw: &mut Raw,
        blocks: &mut Blocks<'_>,
    ) -> Stopped {
        let waiting = std::mem::take(&mut self.waiting);
        let Some(unit_g) = known.unit_g() else {
            return false;
        };
        let mut rest = waiting.as_slice();
        while !rest.is_empty() {
            let len = (HEAD_BYTES + usize::from(u16_at(rest, 6))).min(rest.len());
            let (record, after) = rest.split_at(len);
            if self.hand_over(record, unit_g, known, raw, blocks) {
                return true;
            }
            rest = after;
        }
        false
    }

    fn hand_over(
        &mut self,
        record: &[u8],
        unit_g: f32,
        known: &Known,
        raw: &mut Raw,
        blocks: &mut Blocks<'_>,
    ) -> Stopped {
        let second = u32_at(record, 2);
        let content = record.get(HEAD_BYTES..).unwrap_or_default();
        self.samples.clear();
        match u8_at(record, 1) {
            // One byte is left where the device was put on a cable.
            ACTIVITY => packed::unpack(content, Order::Yxz, unit_g, &mut self.samples),
            ACTIVITY_XYZ => packed::unpack(content, Order::Xyz, unit_g, &mut self.samples),
            ACTIVITY_WIDE => packed::wide(content, unit_g, &mut self.samples),
            BROKEN => self.last = None,
            EVENT => return self.end_idle(second, known, raw, blocks),
            _ => {
                self.take_light(second, content);
                return false;
            }
        }
        let Some(&sample) = self.samples.last() else {
            self.last = None;
            return false;
        };
        let held = self.samples.len() as f64;
        self.first_rate_hz.get_or_insert(held);
        // A second with more samples than stated was still one second.
        let rate_hz = known.rate_hz().unwrap_or(held).max(held);
        if self.stand_still(second, rate_hz, raw, blocks) {
            return true;
        }
        self.last = Some((second, sample));
        raw.samples += self.samples.len() as u64;
        let block = Block {
            start_us: i64::from(second) * 1_000_000,
            rate_hz,
            samples_g: &self.samples,
            temperature_cel: None,
            light: self.light(second),
        };
        blocks(&block).is_break()
    }

    /// Hands over the idle seconds until an event that ends them; at the end of a recording no activity follows.
    fn end_idle(
        &mut self,
        second: u32,
        known: &Known,
        raw: &mut Raw,
        blocks: &mut Blocks<'_>,
    ) -> Stopped {
        let rate_hz = known.rate_hz().or(self.first_rate_hz).unwrap_or_default();
        let is_stopped = self.stand_still(second, rate_hz, raw, blocks);
        self.last = self
            .last
            .map(|(last, sample)| (last.max(second.saturating_sub(1)), sample));
        is_stopped
    }

    /// Hands over the idle seconds between the last one and `second`, filled with the last sample.
    fn stand_still(
        &mut self,
        second: u32,
        rate_hz: f64,
        raw: &mut Raw,
        blocks: &mut Blocks<'_>,
    ) -> Stopped {
        let Some((last, sample)) = self.last else {
            return false;
        };
        let idle_s = second.saturating_sub(last).saturating_sub(1);
        let all_s = self.idle_s.saturating_add(idle_s);
        if idle_s == 0 || all_s > IDLE_S_MAX || !RATES_HZ.contains(&rate_hz) {
            return false;
        }
        self.idle_s = all_s;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the rate is from 1 to 1,000 Hz"
        )]
        let still = vec![sample; rate_hz.round() as usize];
        (last + 1..second).any(|idle| {
            raw.samples += still.len() as u64;
            let block = Block {
                start_us: i64::from(idle) * 1_000_000,
                rate_hz,
                samples_g: &still,
                temperature_cel: None,
                light: None,
            };
            blocks(&block).is_break()
        })
    }

    /// Keeps the last few seconds of light, which are written before the activity of their second.
    fn take_light(&mut self, second: u32, content: &[u8]) {
        if content.len() >= 2
            && let Some(place) = self.lights.get_mut(self.light_next)
        {
            *place = Some((second, u16_at(content, 0)));
            self.light_next = (self.light_next + 1) % self.lights.len();
        }
    }

    fn light(&self, second: u32) -> Option<f32> {
        let mut lights = self.lights.iter().flatten();
        let (_, lux) = lights.find(|(at, _)| *at == second)?;
        Some(f32::from(*lux))
    }
}

/// A place where no whole record stands, and how far the next one may be.
struct Bad {
    fault: Fault,
    skip: usize,
}

/// Whether a whole record of `len` bytes stands first; `held` has a byte more, unless the log ends.
fn find(held: &[u8], len: usize, seeking: bool) -> Result<(), Bad> {
    let whole = held.get(..len).filter(|_| len >= FRAME_BYTES);
    let next = held.get(1..).unwrap_or_default();
    // To the next byte that may begin a record.
    let skip = 1 + memchr::memchr(MARK, next).unwrap_or(next.len());
    let fault = match whole {
        Some(record) => {
            let is_sought = len <= FRAME_BYTES + SOUGHT_BYTES_MAX && u8_at(record, 1) <= KIND_MAX;
            let is_framed = matches!(held.get(len), None | Some(0 | &MARK));
            if (!seeking || is_sought && is_framed) && checksum(record) == u8::MAX {
                return Ok(());
            }
            // When the next record follows, only the content was damaged.
            if !seeking && is_framed {
                return Err(Bad {
                    fault: CHECKSUM,
                    skip: len,
                });
            }
            CHECKSUM
        }
        None if len >= FRAME_BYTES || held.first() == Some(&MARK) => TRUNCATED,
        None => NO_RECORD,
    };
    Err(Bad { fault, skip })
}

/// All bytes together; the last one makes it 255.
fn checksum(record: &[u8]) -> u8 {
    record.iter().fold(0, |all, byte| all ^ byte)
}
