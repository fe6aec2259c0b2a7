//! ActiGraph GT3X: a zip archive of `info.txt` and `log.bin`, or of `info.txt`, `activity.bin` and `lux.bin`
//! as the first models wrote it.
//!
//! The archive is read forward only. Samples need a scale, those of the first models also a start: when
//! `info.txt` stands behind them and the log's own parameters do not tell, the samples wait packed, within
//! [`WAITING_BYTES_MAX`]. In its idle sleep mode a device that lies still writes nothing: those seconds are
//! known stillness and hold the last sample again, as `ActiLife` writes them. The reader must never invent
//! a sample where bytes were lost, or open other files of the archive, some of which name the wearer.
//!
//! Layout: ActiGraph, *GT3X File Format* and *NHANES GT3X File Format*.

use std::io::Read;

use self::known::Known;
use self::log::Log;
use super::error::{Error, Place};
use super::source::{Fault, Source, finish};
use super::{Blocks, Damage, Header, Raw};
use crate::archive::{Archive, ArchiveError, Limits, Next};

mod early;
mod known;
mod log;
mod packed;

/// Name of the format.
pub(crate) const NAME: &str = "gt3x";

/// Samples that wait for `info.txt`: 18 days at 30 Hz, or five at 100 Hz.
pub(crate) const WAITING_BYTES_MAX: usize = 256 << 20;

/// Memory for each byte that waits: what grows is held twice while it moves.
const WAITING_COST: usize = 2;

/// Idle seconds of a file that are filled: more than a battery lasts, and wrong times cost no more.
const IDLE_S_MAX: u32 = 45 * 86_400;

/// Bytes of `info.txt`; real ones have 400.
const INFO_BYTES_MAX: u64 = 64 << 10;

/// The largest device has a memory of 4 GB. A still device packs well, but not like a bomb.
const LIMITS: Limits = Limits {
    unpacked_bytes: 8 << 30,
    entries: 1_000,
    ..Limits::STANDARD
};

const ARCHIVE: Fault = Fault {
    code: "archive",
    why: "the archive cannot be read further",
};

/// Whether a file begins like this format: a zip archive with a file of it first, or one of those that
/// the maker's programs put beside them.
pub(crate) fn is_meant(head: &[u8]) -> bool {
    let names: [&[u8]; 13] = [
        b"info.txt",
        b"log.bin",
        b"activity.bin",
        b"lux.bin",
        b"log.txt",
        b"calibration.json",
        b"temperature_calibration.json",
        b"eeprom.bin",
        b"epoch.bin",
        b"metadata",
        b"usb.txt",
        b"gt3xplus.ico",
        b"autorun.inf",
    ];
    let name = head.get(30..).unwrap_or_default();
    head.starts_with(b"PK\x03\x04") && names.iter().any(|known| name.starts_with(known))
}

/// Reads a file from its first byte.
pub(crate) fn read(input: &mut dyn Read, blocks: &mut Blocks<'_>) -> Result<Raw, Error> {
    let mut archive = Archive::new(input, LIMITS);
    let mut reading = Reading {
        raw: Raw {
            header: Header {
                format: NAME,
                ..Header::default()
            },
            ..Raw::default()
        },
        known: Known::default(),
        log: Log::default(),
        early: early::Early::default(),
    };
    let mut stopped = false;
    while !stopped {
        match archive.next_entry().map_err(refused)? {
            Next::File(name) => {
                stopped = reading.file(&name, &mut archive, blocks)?;
                if !stopped && let Some((byte, why)) = archive.end_entry().map_err(refused)? {
                    reading.raw.damages.push(Damage {
                        code: ARCHIVE.code,
                        byte,
                        line: None,
                        message: format!("{name}: {why}"),
                    });
                }
            }
            Next::Refused { .. } | Next::Folder => {}
            Next::End => break,
            Next::Damaged(why) => {
                reading.raw.damages.push(Damage {
                    message: format!("{}: {why}", ARCHIVE.why),
                    ..ARCHIVE.at(0)
                });
                break;
            }
        }
    }
    if !stopped {
        stopped = reading.take_waiting(blocks)?;
    }
    let Reading {
        mut raw,
        known,
        log,
        ..
    } = reading;
    raw.rate_hz = known.rate_hz().or(log.first_rate_hz).unwrap_or_default();
    known.describe(&mut raw.header);
    finish(raw, stopped)
}

/// What was read so far.
struct Reading {
    raw: Raw,
    known: Known,
    log: Log,
    early: early::Early,
}

impl Reading {
    /// Reads one file of the archive; true when nobody wants more blocks.
    fn file(
        &mut self,
        name: &str,
        archive: &mut Archive<'_>,
        blocks: &mut Blocks<'_>,
    ) -> Result<bool, Error> {
        match name {
            "info.txt" => {
                let mut text = Vec::new();
                let mut bounded = Read::take(archive, INFO_BYTES_MAX);
                bounded.read_to_end(&mut text)?;
                self.known.take_info(&String::from_utf8_lossy(&text));
                Ok(false)
            }
            "log.bin" => {
                let mut source = Source::new(archive);
                self.log
                    .read(&mut source, &mut self.known, &mut self.raw, blocks)
            }
            "activity.bin" => {
                let mut source = Source::new(archive);
                self.early
                    .read(&mut source, &self.known, &mut self.raw, blocks)
            }
            "lux.bin" => {
                self.early.read_light(&mut Source::new(archive))?;
                Ok(false)
            }
            _ => Ok(false),
        }
    }

    /// Hands over what waited for `info.txt`.
    fn take_waiting(&mut self, blocks: &mut Blocks<'_>) -> Result<bool, Error> {
        if !self.log.waiting.is_empty() {
            if self.known.unit_g().is_none() {
                return Err(missing("the scale of its acceleration"));
            }
            return Ok(self.log.take_waiting(&self.known, &mut self.raw, blocks));
        }
        if self.early.waiting.is_empty() {
            return Ok(false);
        }
        let waiting = std::mem::take(&mut self.early.waiting);
        let mut bytes = waiting.as_slice();
        self.early.decode(
            &mut Source::new(&mut bytes),
            &self.known,
            &mut self.raw,
            blocks,
        )
    }
}

/// The archive does not tell what its samples mean.
fn missing(what: &str) -> Error {
    Error::Malformed {
        format: NAME,
        place: Place::Byte(0),
        message: format!(
            "the archive does not tell {what}; info.txt is missing or incomplete, download the device again"
        ),
    }
}

/// More samples came before `info.txt` than are held.
fn waits_too_long() -> Error {
    Error::Malformed {
        format: NAME,
        place: Place::Byte(0),
        message: format!(
            "info.txt stands behind more than {} MiB of samples that need it; pack the archive again with info.txt first",
            WAITING_BYTES_MAX >> 20
        ),
    }
}

fn refused(error: ArchiveError) -> Error {
    match error {
        ArchiveError::Io(error) => Error::from(error),
        ArchiveError::Limit { what, limit } => Error::TooLarge { what, limit },
        ArchiveError::Encrypted => Error::Malformed {
            format: NAME,
            place: Place::Byte(0),
            message: error.to_string(),
        },
    }
}
