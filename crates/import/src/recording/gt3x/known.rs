//! What `info.txt` and the log's parameters say about device, rate and scale.
//!
//! It must never take anything that describes the wearer.

use super::super::Header;
use super::super::source::{u16_at, u32_at};
use super::super::stamp::{figure, ticks_second};

/// Rates that a device can have been set to; known ones go from 30 to 256 Hz.
pub(super) const RATES_HZ: std::ops::RangeInclusive<f64> = 1.0..=1_000.0;

/// Steps per g that a device can have; known ones are 256, 341 and 2,048.
const SCALES: std::ops::RangeInclusive<f64> = 1.0..=100_000.0;

/// What is known so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    serial: Option<String>,
    device: Option<String>,
    firmware: Option<String>,
    worn_at: [Option<String>; 2],
    utc_offset_s: Option<i32>,
    info_rate_hz: Option<f64>,
    info_scale: Option<f64>,
    log_rate_hz: Option<f64>,
    log_scale: Option<f64>,
    pub(super) start_s: Option<i64>,
}

impl Known {
    /// Samples per second that the device was set to.
    pub(super) fn rate_hz(&self) -> Option<f64> {
        self.info_rate_hz.or(self.log_rate_hz)
    }

    /// Size of a step in g: the log's parameters count first, as the maker says, then `info.txt`, then
    /// what is known of the family of devices that the serial number begins with.
    pub(super) fn unit_g(&self) -> Option<f32> {
        let by_family = || match self.serial.as_deref()?.get(..3)? {
            "NEO" | "CLE" | "MRA" => Some(341.0),
            "MOS" | "TAS" => Some(256.0),
            _ => None,
        };
        let scale = self.log_scale.or(self.info_scale).or_else(by_family)?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "samples have twelve or sixteen bits"
        )]
        let unit_g = (1.0 / scale) as f32;
        Some(unit_g)
    }

    /// Serial numbers of the `ActiSleep`, whose case lets less light through, begin with these letters.
    pub(super) fn is_actisleep(&self) -> bool {
        self.serial
            .as_deref()
            .is_some_and(|serial| serial.starts_with("MRA"))
    }

    pub(super) fn take_info(&mut self, text: &str) {
        for line in text.trim_start_matches('\u{feff}').lines() {
            let Some((key, value)) = line.split_once(':') else {
                continue;
            };
            let (key, value) = (key.trim(), value.trim());
            let text = || (!value.is_empty()).then(|| value.to_owned());
            // Windows writes numbers as its region does.
            let number = || value.replace(',', ".").parse::<f64>().ok();
            match key {
                "Serial Number" => self.serial = text(),
                "Device Type" => self.device = text(),
                "Firmware" => self.firmware = text(),
                "Side" => self.worn_at[0] = text(),
                "Limb" => self.worn_at[1] = text(),
                "TimeZone" => self.utc_offset_s = utc_offset(value),
                "Sample Rate" => {
                    self.info_rate_hz = number().filter(|rate| RATES_HZ.contains(rate));
                }
                "Acceleration Scale" => {
                    self.info_scale = number().filter(|scale| SCALES.contains(scale));
                }
                "Start Date" => {
                    // 0 stands for no date.
                    let second = value.parse().ok().and_then(ticks_second);
                    self.start_s = second.filter(|&second| second > 0);
                }
                _ => {}
            }
        }
    }

    /// Takes the pairs of a record of parameters: space, number, value.
    pub(super) fn take_parameters(&mut self, payload: &[u8]) {
        for pair in payload.chunks_exact(8) {
            let value = u32_at(pair, 4);
            match (u16_at(pair, 0), u16_at(pair, 2)) {
                (0, 55) => {
                    self.log_scale = Some(float(value)).filter(|scale| SCALES.contains(scale));
                }
                (1, 10) => {
                    self.log_rate_hz =
                        Some(f64::from(value)).filter(|rate| RATES_HZ.contains(rate));
                }
                _ => {}
            }
        }
    }

    pub(super) fn describe(self, header: &mut Header) {
        let worn_at: Vec<String> = self.worn_at.into_iter().flatten().collect();
        *header = Header {
            device: self.device,
            serial: self.serial,
            firmware: self.firmware,
            worn_at: (!worn_at.is_empty()).then(|| worn_at.join(" ")),
            utc_offset_s: self.utc_offset_s,
            ..std::mem::take(header)
        };
    }
}

/// The devices' own floats: a signed fraction of 24 bits under a signed exponent of eight.
fn float(encoded: u32) -> f64 {
    let fraction = f64::from((encoded << 8).cast_signed() >> 8) / f64::from(1 << 23);
    fraction * f64::powi(2.0, encoded.cast_signed() >> 24)
}

/// Seconds of `-05:00:00`.
fn utc_offset(text: &str) -> Option<i32> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut parts = digits.split(':');
    let hours = figure(parts.next()?, 2)?;
    let minutes = figure(parts.next()?, 2)?;
    let seconds = parts.next().map_or(Some(0), |text| figure(text, 2))?;
    i32::try_from(sign * (hours * 3_600 + minutes * 60 + seconds)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of the example in the maker's description.
    #[test]
    fn floats_are_read_as_described() {
        for (encoded, expect) in [
            (0x0940_0000, 256.0),
            (0x0c40_0000, 2048.0),
            (0x0541_8937, 16.384),
            (0x0341_9581, 4.098),
            (0x0000_0000, 0.0),
            (0x01c0_0000, -1.0),
        ] {
            let value = float(encoded);
            assert!((value - expect).abs() < 1e-3, "{encoded:08x} is {value}");
        }
    }

    #[test]
    fn offsets_are_read_in_both_directions() {
        assert_eq!(utc_offset("-05:00:00"), Some(-18_000));
        assert_eq!(utc_offset("05:45:00"), Some(20_700));
        assert_eq!(utc_offset("x"), None);
    }
}
