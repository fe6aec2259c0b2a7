//! Axivity CWA: a header of 1,024 bytes, then sectors of 512 bytes with 40 to 120 samples each.
//!
//! AX3 packs three axes into ten bits each with a shared exponent, or stores 16 bits; AX6 stores 16 bits
//! with the gyroscope before the accelerometer, of which only the accelerometer is kept. A sector tells
//! the time at one of its samples, often with a fraction of a second; blocks are placed by it alone, so
//! that the drift of the sampling clock (up to 2 %) shows as steps between blocks of the nominal rate.
//! Light is the sensor's raw level: it is logarithmic and stands behind the case, so no lux is claimed.
//! The reader must never place a sector by its neighbours or hand over one whose checksum is wrong.
//!
//! Layout: Open Movement, *AX3 technical documentation* and *AX3/AX6 auxiliary data*.

use std::io::Read;

use memchr::memmem;

use super::error::{Error, Place};
use super::source::{CHECKSUM, Fault, Lost, Source, TRUNCATED, finish, u8_at, u16_at, u32_at};
use super::stamp::day_number;
use super::{Block, Blocks, Header, Raw};

/// Name of the format.
pub(crate) const NAME: &str = "cwa";

const HEADER_BYTES: usize = 1_024;
const SECTOR_BYTES: usize = 512;
/// Where samples stand in a sector, and where its checksum begins.
const SAMPLES_AT: usize = 30;
const CHECKSUM_AT: usize = 510;
/// The first bytes of a sector: its name and its length without these four.
const SECTOR_MARK: [u8; 4] = *b"AX\xfc\x01";
/// Samples of a full sector of packed values.
const SAMPLES_MAX: usize = 120;
/// Highest rate that the header's code can state.
const RATE_MAX_HZ: f64 = 3_200.0;

const NO_SECTOR: Fault = Fault {
    code: "no_sector",
    why: "no sector begins where one should",
};
const LAYOUT: Fault = Fault {
    code: "layout",
    why: "the sector has an unknown layout of samples",
};
const TIME: Fault = Fault {
    code: "time",
    why: "the sector's time is no date",
};
const RATE: Fault = Fault {
    code: "rate",
    why: "the sector states no rate",
};

/// Whether a file begins like this format.
pub(crate) fn is_meant(head: &[u8]) -> bool {
    head.starts_with(b"MD")
        && (head.get(2..4) == Some(&[0xfc, 0x03])
            || head.get(HEADER_BYTES..HEADER_BYTES + 2) == Some(b"AX"))
}

/// Reads a file from its first byte.
pub(crate) fn read(input: &mut dyn Read, blocks: &mut Blocks<'_>) -> Result<Raw, Error> {
    let mut source = Source::new(input);
    let mut raw = header(&mut source)?;
    let mut lost = Lost::default();
    let mut samples = Vec::with_capacity(SAMPLES_MAX);
    let mut stopped = false;
    while !stopped {
        let at = source.position();
        let held = source.hold(SECTOR_BYTES)?;
        let Some(sector) = held.first_chunk::<SECTOR_BYTES>() else {
            let left = held.len();
            if left > 0 {
                lost.add(&TRUNCATED, at, left, &mut raw.damages);
            }
            break;
        };
        match Sector::read(sector, &mut samples) {
            Ok(_) if samples.is_empty() => {}
            Ok(sector) => {
                lost.close(&mut raw.damages);
                if raw.rate_hz == 0.0 {
                    raw.rate_hz = sector.rate_hz;
                }
                raw.samples += samples.len() as u64;
                stopped = blocks(&sector.block(&samples)).is_break();
            }
            Err(fault) => {
                let count = until_next_sector(source.hold(2 * SECTOR_BYTES)?, fault);
                lost.add(&fault, at, count, &mut raw.damages);
                source.pass(count);
                continue;
            }
        }
        source.pass(SECTOR_BYTES);
    }
    lost.close(&mut raw.damages);
    finish(raw, stopped)
}

/// Bytes to pass over after a bad sector: to the next mark, or to where its beginning may stand.
fn until_next_sector(held: &[u8], fault: Fault) -> usize {
    let after = held.get(SECTOR_BYTES..).unwrap_or_default();
    if fault != NO_SECTOR && (after.is_empty() || after.starts_with(&SECTOR_MARK)) {
        return SECTOR_BYTES.min(held.len());
    }
    let rest = held.get(1..).unwrap_or_default();
    match memmem::find(rest, &SECTOR_MARK) {
        Some(found) => found + 1,
        None => held.len().saturating_sub(SECTOR_MARK.len() - 1).max(1),
    }
}

fn header(source: &mut Source<'_>) -> Result<Raw, Error> {
    let held = source.hold(HEADER_BYTES)?;
    let Some(bytes) = held
        .first_chunk::<HEADER_BYTES>()
        .filter(|bytes| bytes.starts_with(b"MD"))
    else {
        return Err(Error::Malformed {
            format: NAME,
            place: Place::Byte(0),
            message: "a header of 1,024 bytes that begins with MD is missing".to_owned(),
        });
    };
    let device = match u8_at(bytes, 4) {
        0x64 => Some("AX6".to_owned()),
        0x00 | 0x17 | 0xff => Some("AX3".to_owned()),
        _ => None,
    };
    let upper = match u16_at(bytes, 11) {
        0xffff => 0,
        upper => u32::from(upper),
    };
    let serial = upper << 16 | u32::from(u16_at(bytes, 5));
    let raw = Raw {
        header: Header {
            format: NAME,
            device,
            serial: (serial != 0).then(|| serial.to_string()),
            firmware: Some(u8_at(bytes, 41).to_string()),
            worn_at: worn_at(bytes.get(64..512).unwrap_or_default()),
            ..Header::default()
        },
        rate_hz: rate_hz(u8_at(bytes, 36)).unwrap_or_default(),
        ..Raw::default()
    };
    source.pass(HEADER_BYTES);
    Ok(raw)
}

/// Where the device was worn, from the annotation (`_p=right+wrist&_sc=26`); the rest of it may name
/// the wearer.
fn worn_at(annotation: &[u8]) -> Option<String> {
    let end = annotation
        .iter()
        .position(|byte| matches!(byte, 0 | 0xff))
        .unwrap_or(annotation.len());
    let place = annotation
        .get(..end)?
        .split(|&byte| byte == b'&')
        .find_map(|pair| pair.strip_prefix(b"_p="))?;
    let place = plain(place);
    (!place.trim().is_empty()).then(|| place.trim().to_owned())
}

/// Undoes the escapes of a URL's query.
fn plain(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        let escaped = (first == b'%')
            .then(|| std::str::from_utf8(after.get(..2)?).ok())
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        rest = match escaped {
            Some(_) => after.get(2..).unwrap_or_default(),
            None => after,
        };
        bytes.push(escaped.unwrap_or(if first == b'+' { b' ' } else { first }));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The rate behind a code; its upper bits are the range of the sensor.
fn rate_hz(code: u8) -> Option<f64> {
    let step = i32::from(code & 0x0f);
    (step > 0).then(|| RATE_MAX_HZ / f64::powi(2.0, 15 - step))
}

/// What a sector says besides its samples.
#[derive(Debug, Clone, Copy)]
struct Sector {
    start_us: i64,
    rate_hz: f64,
    temperature_cel: Option<f32>,
    light: Option<f32>,
}

impl Sector {
    fn read(bytes: &[u8; SECTOR_BYTES], samples: &mut Vec<[f32; 3]>) -> Result<Self, Fault> {
        if !bytes.starts_with(&SECTOR_MARK) {
            return Err(NO_SECTOR);
        }
        let code = u8_at(bytes, 24);
        // The first firmware had neither rates nor checksums.
        if code != 0 && checksum(bytes) != 0 {
            return Err(CHECKSUM);
        }
        let offset = i16::from_le_bytes([u8_at(bytes, 26), u8_at(bytes, 27)]);
        let (rate_hz, offset) = match rate_hz(code) {
            Some(rate_hz) => (rate_hz, offset),
            // Then its rate stands where the offset stands now.
            None if code == 0 && offset > 0 && f64::from(offset) <= RATE_MAX_HZ => {
                (f64::from(offset), 0)
            }
            None => return Err(RATE),
        };
        let second = second(u32_at(bytes, 14)).ok_or(TIME)?;
        decode(bytes, samples)?;
        let level = u16_at(bytes, 18) & 0x3ff;
        let temperature = u16_at(bytes, 20) & 0x3ff;
        Ok(Self {
            start_us: start_us(second, u16_at(bytes, 4), offset, rate_hz),
            rate_hz,
            temperature_cel: (temperature != 0)
                .then(|| f32::from(temperature) * (75.0 / 256.0) - 50.0),
            light: (level != 0).then(|| f32::from(level)),
        })
    }

    fn block<'a>(&self, samples_g: &'a [[f32; 3]]) -> Block<'a> {
        Block {
            start_us: self.start_us,
            rate_hz: self.rate_hz,
            samples_g,
            temperature_cel: self.temperature_cel,
            light: self.light,
        }
    }
}

/// The sum of all words, which the last one makes 0.
fn checksum(bytes: &[u8; SECTOR_BYTES]) -> u16 {
    bytes
        .as_chunks::<2>()
        .0
        .iter()
        .fold(0, |sum, word| sum.wrapping_add(u16::from_le_bytes(*word)))
}

/// The local second of a packed time: six bits of year, four of month, five, five, six and six.
fn second(packed: u32) -> Option<i64> {
    let part = |shift: u32, bits: u32| i64::from(packed >> shift & ((1 << bits) - 1));
    let (hour, minute, second) = (part(12, 5), part(6, 6), part(0, 6));
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let day = day_number(2000 + part(26, 6), part(22, 4), part(17, 5))?;
    Some(day * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// When the first sample was taken: `offset` counts the samples before the one at the whole second.
/// Firmware that knows the fraction of that second (15 bits under a set bit) has already taken its
/// whole samples off the offset, for readers that do not look at the fraction.
fn start_us(second: i64, fraction: u16, offset: i16, rate_hz: f64) -> i64 {
    let mut us = second * 1_000_000;
    let mut offset = i64::from(offset);
    if fraction & 0x8000 != 0 {
        let fraction = i64::from(fraction & 0x7fff) << 1;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "at most 3,200, as the firmware does"
        )]
        let whole_hz = rate_hz as i64;
        offset += (fraction * whole_hz) >> 16;
        us += (fraction * 1_000_000 + 0x8000) >> 16;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "36,000 samples of 6.25 Hz at most"
    )]
    let before_us = (offset as f64 * 1e6 / rate_hz).round() as i64;
    us - before_us
}

/// Unpacks the samples of a sector in g.
fn decode(bytes: &[u8; SECTOR_BYTES], samples: &mut Vec<[f32; 3]>) -> Result<(), Fault> {
    samples.clear();
    let layout = u8_at(bytes, 25);
    let (axes, width) = (usize::from(layout >> 4), layout & 0x0f);
    let stored = bytes.get(SAMPLES_AT..CHECKSUM_AT).unwrap_or_default();
    let count = usize::from(u16_at(bytes, 28));
    let bytes_of_one = match (axes, width) {
        (3, 0) => 4,
        (3 | 6 | 9, 2) => axes * 2,
        _ => return Err(LAYOUT),
    };
    let stored = stored.get(..count * bytes_of_one).ok_or(LAYOUT)?;
    if width == 0 {
        samples.extend(stored.as_chunks::<4>().0.iter().copied().map(packed));
        return Ok(());
    }
    // The unit is a power of two below 1/256 g, in the three bits above the light.
    let unit_g = 1.0 / f32::from(256_u16 << (u16_at(bytes, 18) >> 13));
    match axes {
        3 => samples.extend(
            stored
                .as_chunks::<6>()
                .0
                .iter()
                .map(|one| wide(*one, unit_g)),
        ),
        6 => samples.extend(
            stored
                .as_chunks::<12>()
                .0
                .iter()
                .map(|one| inner(one, unit_g)),
        ),
        _ => samples.extend(
            stored
                .as_chunks::<18>()
                .0
                .iter()
                .map(|one| inner(one, unit_g)),
        ),
    }
    Ok(())
}

/// Three times ten bits of 1/256 g, to be shifted by the two highest bits.
#[inline]
fn packed(bytes: [u8; 4]) -> [f32; 3] {
    let word = u32::from_le_bytes(bytes);
    // 2^(exponent - 8), put together from its bits: 127 is the exponent of 1.
    let unit_g = f32::from_bits(((word >> 30) + 127 - 8) << 23);
    let axis = |shift: u32| {
        let value = (word << shift).cast_signed() >> 22;
        #[expect(clippy::cast_precision_loss, reason = "ten bits")]
        let value = value as f32;
        value * unit_g
    };
    [axis(22), axis(12), axis(2)]
}

#[inline]
fn wide(bytes: [u8; 6], unit_g: f32) -> [f32; 3] {
    let [x0, x1, y0, y1, z0, z1] = bytes;
    [[x0, x1], [y0, y1], [z0, z1]].map(|axis| f32::from(i16::from_le_bytes(axis)) * unit_g)
}

/// The accelerometer stands after the gyroscope, and before a magnetometer.
#[inline]
fn inner<const N: usize>(bytes: &[u8; N], unit_g: f32) -> [f32; 3] {
    match bytes.get(6..).and_then(<[u8]>::first_chunk) {
        Some(accelerometer) => wide(*accelerometer, unit_g),
        None => [f32::NAN; 3],
    }
}
