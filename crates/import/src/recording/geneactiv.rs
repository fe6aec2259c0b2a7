//! GENEActiv .bin: lines of text; pages of ten lines, the last of which holds 300 samples in hexadecimal.
//!
//! A sample has twelve digits: x, y and z with twelve bits each, ten bits of light, the button and an
//! unused bit. The header's gains and offsets turn them into g; light is the mean over a page, in lux by
//! the header's factor. Pages carry their own time, so a lost page is a gap. The reader must never hand
//! over what the header says about the wearer.

use std::io::Read;

use super::error::{Error, Place};
use super::source::{Fault, Source, TRUNCATED, finish};
use super::stamp::{day_number, figure};
use super::{Block, Blocks, Header, Raw};

/// Name of the format.
pub(crate) const NAME: &str = "geneactiv";

/// Digits of a sample.
const SAMPLE_DIGITS: usize = 12;
/// Samples of a page.
const PAGE_SAMPLES: usize = 300;
/// Lines that a header may have; known ones have 59.
const HEADER_LINES_MAX: usize = 1_000;
/// Rates that a page may state: devices go from 10 to 100 Hz.
const RATES_HZ: std::ops::RangeInclusive<f64> = 0.1..=10_000.0;

const PAGE: Fault = Fault {
    code: "page",
    why: "the page has no readable time or rate",
};
const DIGITS: Fault = Fault {
    code: "digits",
    why: "the page's samples are not all hexadecimal digits; those before were read",
};
const PAGES: Fault = Fault {
    code: "truncated",
    why: "the file has fewer pages than its header says",
};

/// Whether a file begins like this format.
pub(crate) fn is_meant(head: &[u8]) -> bool {
    head.starts_with(b"Device Identity")
}

/// Reads a file from its first byte.
pub(crate) fn read(input: &mut dyn Read, blocks: &mut Blocks<'_>) -> Result<Raw, Error> {
    let mut source = Source::new(input);
    let header = Opening::read(&mut source)?;
    let scale = header.scale()?;
    let mut raw = header.raw;
    let mut page = Page::default();
    let mut decoder = Decoder::default();
    let mut pages = 0_u64;
    let mut stopped = false;
    while !stopped {
        let Some((at, line)) = source.line()? else {
            break;
        };
        if page.is_before_samples && !line.contains(&b':') {
            let digits = decoder.decode(line, &scale);
            let is_short = digits / SAMPLE_DIGITS < PAGE_SAMPLES;
            match page.block(&decoder, &scale) {
                Some(block) => {
                    raw.samples += block.samples_g.len() as u64;
                    stopped = !block.samples_g.is_empty() && blocks(&block).is_break();
                    if digits < line.len() {
                        raw.damages.push(DIGITS.at(at + digits as u64));
                    } else if is_short {
                        raw.damages.push(TRUNCATED.at(at + digits as u64));
                    }
                }
                None => raw.damages.push(PAGE.at(at)),
            }
            pages += 1;
            page = Page::default();
        } else {
            page.take(line);
        }
    }
    if !stopped && header.pages.is_some_and(|stated| pages < stated) {
        raw.damages.push(PAGES.at(source.position()));
    }
    finish(raw, stopped)
}

/// What stands before the first page.
#[derive(Debug, Default)]
struct Opening {
    raw: Raw,
    gains: [Option<f32>; 3],
    offsets: [Option<f32>; 3],
    volts: Option<f32>,
    lux: Option<f32>,
    pages: Option<u64>,
    bytes: u64,
}

impl Opening {
    fn read(source: &mut Source<'_>) -> Result<Self, Error> {
        let mut opening = Self::default();
        opening.raw.header.format = NAME;
        for _ in 0..HEADER_LINES_MAX {
            let Some((_, line)) = source.line()? else {
                break;
            };
            if line.trim_ascii() == b"Recorded Data" {
                break;
            }
            if let Some((key, value)) = pair(line) {
                opening.take(key, value);
            }
        }
        opening.bytes = source.position();
        Ok(opening)
    }

    fn take(&mut self, key: &str, value: &str) {
        let Header {
            device,
            serial,
            firmware,
            worn_at,
            utc_offset_s,
            ..
        } = &mut self.raw.header;
        let text = || (!value.is_empty()).then(|| value.to_owned());
        let number = || {
            value
                .parse::<f32>()
                .ok()
                .filter(|number| number.is_finite())
        };
        match key {
            "Device Type" => *device = text(),
            "Device Unique Serial Code" => *serial = text(),
            "Device Firmware Version" => *firmware = text(),
            "Device Location Code" => *worn_at = text(),
            "Time Zone" => *utc_offset_s = utc_offset(value),
            "Measurement Frequency" => {
                let rate = value.trim_end_matches("Hz").trim_end().parse().ok();
                self.raw.rate_hz = rate.filter(|rate| RATES_HZ.contains(rate)).unwrap_or(0.0);
            }
            "x gain" => self.gains[0] = number(),
            "y gain" => self.gains[1] = number(),
            "z gain" => self.gains[2] = number(),
            "x offset" => self.offsets[0] = number(),
            "y offset" => self.offsets[1] = number(),
            "z offset" => self.offsets[2] = number(),
            "Volts" => self.volts = number(),
            "Lux" => self.lux = number(),
            "Number of Pages" => self.pages = value.parse().ok(),
            _ => {}
        }
    }

    fn scale(&self) -> Result<Scale, Error> {
        let gains = self.gains.map(|gain| gain.filter(|&gain| gain != 0.0));
        let ([Some(gx), Some(gy), Some(gz)], [Some(ox), Some(oy), Some(oz)]) =
            (gains, self.offsets)
        else {
            return Err(Error::Malformed {
                format: NAME,
                place: Place::Byte(self.bytes),
                message: "the header does not tell gain and offset of each axis".to_owned(),
            });
        };
        let lux = match (self.lux, self.volts) {
            (Some(lux), Some(volts)) if volts != 0.0 => Some(lux / volts),
            _ => None,
        };
        Ok(Scale {
            gain: [gx, gy, gz],
            offset: [ox, oy, oz],
            lux,
        })
    }
}

/// A line of the form `key:value`.
fn pair(line: &[u8]) -> Option<(&str, &str)> {
    let (key, value) = std::str::from_utf8(line).ok()?.split_once(':')?;
    Some((key.trim(), value.trim()))
}

/// Seconds of `GMT -05:00`.
fn utc_offset(text: &str) -> Option<i32> {
    let text = text.strip_prefix("GMT")?.trim_start();
    let (sign, digits) = match text.as_bytes().first() {
        None => return Some(0),
        Some(b'-') => (-1, text.get(1..)?),
        Some(b'+') => (1, text.get(1..)?),
        Some(_) => (1, text),
    };
    let (hours, minutes) = digits.split_once(':')?;
    let seconds = figure(hours, 2)? * 3_600 + figure(minutes, 2)? * 60;
    i32::try_from(sign * seconds).ok()
}

/// How stored numbers become g and lux.
#[derive(Debug, Clone, Copy)]
struct Scale {
    gain: [f32; 3],
    offset: [f32; 3],
    lux: Option<f32>,
}

/// What a page says before its samples.
#[derive(Debug, Default)]
struct Page {
    start_us: Option<i64>,
    rate_hz: Option<f64>,
    temperature_cel: Option<f32>,
    is_before_samples: bool,
}

impl Page {
    fn take(&mut self, line: &[u8]) {
        if line.starts_with(b"Recorded Data") {
            *self = Self::default();
            return;
        }
        let Some((key, value)) = pair(line) else {
            return;
        };
        match key {
            "Page Time" => self.start_us = page_time(value),
            "Temperature" => {
                self.temperature_cel = value
                    .parse()
                    .ok()
                    .filter(|degrees: &f32| degrees.is_finite());
            }
            "Measurement Frequency" => {
                self.rate_hz = value.parse().ok().filter(|rate| RATES_HZ.contains(rate));
                self.is_before_samples = true;
            }
            _ => {}
        }
    }

    fn block<'a>(&self, decoder: &'a Decoder, scale: &Scale) -> Option<Block<'a>> {
        Some(Block {
            start_us: self.start_us?,
            rate_hz: self.rate_hz?,
            samples_g: &decoder.samples,
            temperature_cel: self.temperature_cel,
            light: scale.lux.and_then(|lux| Some(decoder.light_mean()? * lux)),
        })
    }
}

/// Local microsecond of `2024-04-30 15:13:30:000`.
fn page_time(text: &str) -> Option<i64> {
    let (date, clock) = text.split_once(' ')?;
    let mut date = date.splitn(3, '-');
    let day = day_number(
        figure(date.next()?, 4)?,
        figure(date.next()?, 2)?,
        figure(date.next()?, 2)?,
    )?;
    let mut clock = clock.split(':');
    let (hour, minute, second) = (
        figure(clock.next()?, 2)?,
        figure(clock.next()?, 2)?,
        figure(clock.next()?, 2)?,
    );
    let thousandths = match clock.next() {
        Some(text) => figure(text, 3)?,
        None => 0,
    };
    let is_time = clock.next().is_none() && hour < 24 && minute < 60 && second < 60;
    let second = day * 86_400 + hour * 3_600 + minute * 60 + second;
    is_time.then_some(second * 1_000_000 + thousandths * 1_000)
}

/// Turns digits into samples; its buffers are used again for each page.
#[derive(Debug, Default)]
struct Decoder {
    nibbles: Vec<u8>,
    samples: Vec<[f32; 3]>,
    light: u32,
}

impl Decoder {
    /// Decodes whole samples and tells how many characters of the line are digits.
    fn decode(&mut self, line: &[u8], scale: &Scale) -> usize {
        self.nibbles.clear();
        self.nibbles.extend(line.iter().map(|&digit| nibble(digit)));
        let has_others = self.nibbles.iter().fold(0, |all, &value| all | value) > 0x0f;
        let digits = if has_others {
            let other = self.nibbles.iter().position(|&value| value > 0x0f);
            other.unwrap_or(line.len())
        } else {
            line.len()
        };
        let [gx, gy, gz] = scale.gain.map(|gain| 100.0 / gain);
        let zero = [0, 1, 2].map(|axis: usize| {
            let at = |of: &[f32; 3]| of.get(axis).copied().unwrap_or(f32::NAN);
            at(&scale.offset) / at(&scale.gain)
        });
        let [zx, zy, zz] = zero;
        let mut light = 0;
        self.samples.clear();
        let nibbles = self.nibbles.get(..digits).unwrap_or_default();
        let stored = nibbles.as_chunks::<SAMPLE_DIGITS>().0;
        self.samples.extend(stored.iter().map(|digits| {
            let ([x, y, z], level) = sample(digits);
            light += level;
            [x * gx - zx, y * gy - zy, z * gz - zz]
        }));
        self.light = light;
        digits
    }

    fn light_mean(&self) -> Option<f32> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "at most 1023 times the samples of a line"
        )]
        let mean = self.light as f32 / self.samples.len() as f32;
        mean.is_finite().then_some(mean)
    }
}

/// The value of a digit; more than 15 for anything else.
#[inline]
fn nibble(digit: u8) -> u8 {
    let (low, high) = (digit.wrapping_sub(b'0'), (digit | 0x20).wrapping_sub(b'a'));
    let letter = if high < 6 { high + 10 } else { 0xff };
    if low < 10 { low } else { letter }
}

/// Three axes and the light of twelve digits.
#[inline]
fn sample(digits: &[u8; SAMPLE_DIGITS]) -> ([f32; 3], u32) {
    let first = digits.first_chunk().copied().unwrap_or_default();
    let last = digits.last_chunk().copied().unwrap_or_default();
    let first = squeeze(u64::from_be_bytes(first));
    let last = squeeze(u64::from(u32::from_be_bytes(last)));
    let z = first << 24 | last << 8;
    #[expect(clippy::cast_precision_loss, reason = "twelve bits")]
    let axes = [first, first << 12, z].map(|bits| (bits.cast_signed() >> 20) as f32);
    (axes, last >> 2 & 0x3ff)
}

/// Moves eight half bytes, one in each byte, together.
#[inline]
const fn squeeze(nibbles: u64) -> u32 {
    let pairs = (nibbles | nibbles >> 4) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the upper half is a copy to be dropped"
    )]
    let all = (fours | fours >> 16) as u32;
    all
}
