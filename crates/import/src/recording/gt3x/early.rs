//! `activity.bin` and `lux.bin` of the first models: samples without records, times or checksums.
//!
//! Sample number n was taken n / rate after the start in `info.txt`. It must never guess that start.

use super::super::error::Error;
use super::super::source::{Source, u16_at};
use super::super::{Block, Blocks, Raw};
use super::known::Known;
use super::packed::{self, Order, PAIR_BYTES};
use super::{WAITING_BYTES_MAX, WAITING_COST, missing, waits_too_long};
use crate::budget::Holding;

/// Seconds of light that are kept: 49 days.
const LIGHTS_MAX: usize = 4 << 20;

/// What the first models wrote, as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Early {
    /// `activity.bin`, when it came before `info.txt`.
    pub(super) waiting: Vec<u8>,
    holding: Holding,
    lights: Vec<u16>,
}

impl Early {
    /// Reads `activity.bin`, or keeps it when `info.txt` has not been read.
    pub(super) fn read(
        &mut self,
        source: &mut Source<'_>,
        known: &Known,
        raw: &mut Raw,
        blocks: &mut Blocks<'_>,
    ) -> Result<bool, Error> {
        if known.start_s.is_some() {
            return self.decode(source, known, raw, blocks);
        }
        loop {
            let held = source.hold(1)?;
            let count = held.len();
            if count == 0 {
                return Ok(false);
            }
            if self.waiting.len() + count > WAITING_BYTES_MAX {
                return Err(waits_too_long());
            }
            self.holding.grow(WAITING_COST * count)?;
            self.waiting.extend_from_slice(held);
            source.pass(count);
        }
    }

    /// Hands over the samples of `activity.bin`.
    pub(super) fn decode(
        &self,
        source: &mut Source<'_>,
        known: &Known,
        raw: &mut Raw,
        blocks: &mut Blocks<'_>,
    ) -> Result<bool, Error> {
        let (Some(start_s), Some(rate_hz)) = (known.start_s, known.rate_hz()) else {
            return Err(missing("when its samples began and at which rate"));
        };
        let Some(unit_g) = known.unit_g() else {
            return Err(missing("the scale of its acceleration"));
        };
        // A block is a second, or two when a second has an odd sample.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "rates are between 1 and 1,000"
        )]
        let rate = rate_hz.round() as usize;
        let seconds = 1 + rate % 2;
        let block_bytes = rate * seconds / 2 * PAIR_BYTES;
        let mut samples = Vec::with_capacity(rate * seconds);
        let mut second = 0_usize;
        loop {
            let held = source.hold(block_bytes)?;
            let bytes = held.get(..block_bytes).unwrap_or(held);
            samples.clear();
            packed::unpack(bytes, Order::Yxz, unit_g, &mut samples);
            if samples.is_empty() {
                return Ok(false);
            }
            let count = bytes.len();
            raw.samples += samples.len() as u64;
            let seconds_before = i64::try_from(second).unwrap_or(i64::MAX);
            let block = Block {
                start_us: start_s
                    .saturating_add(seconds_before)
                    .saturating_mul(1_000_000),
                rate_hz: rate as f64,
                samples_g: &samples,
                temperature_cel: None,
                light: self.light(second, known),
            };
            if blocks(&block).is_break() {
                return Ok(true);
            }
            second += seconds;
            source.pass(count);
        }
    }

    /// Reads `lux.bin`: a number for each second.
    pub(super) fn read_light(&mut self, source: &mut Source<'_>) -> Result<(), Error> {
        while self.lights.len() < LIGHTS_MAX {
            let held = source.hold(2)?;
            let Some(_) = held.first_chunk::<2>() else {
                break;
            };
            let count = held.len() / 2 * 2;
            let lights = held.chunks_exact(2).map(|two| u16_at(two, 0));
            self.lights.extend(lights);
            source.pass(count);
        }
        Ok(())
    }

    /// Lux of a second: small numbers are noise, the highest is a failed measurement; the factor and
    /// the end of the scale belong to the case of the model.
    fn light(&self, second: usize, known: &Known) -> Option<f32> {
        let (factor, lux_max) = if known.is_actisleep() {
            (3.25, 6_000.0)
        } else {
            (1.25, 2_500.0)
        };
        match *self.lights.get(second)? {
            u16::MAX => None,
            0..20 => Some(0.0),
            level => Some((f32::from(level) * factor).min(lux_max)),
        }
    }
}
