//! MotionWatch 8 files (CamNtech, `.mtn`).
//!
//! *Structure* (seen): XML with `property` elements of `name` and `content` (`=StartTime`, `=SerialNo`,
//! `=Device`, …) and `channel` elements of `name`, `units`, `epoch` in seconds, `offset` and `data` with
//! numbers between commas. Each channel has its own epoch; all begin at the start time. A digital
//! signature follows and is not checked.
//!
//! *Units*: motion in counts of the device (`Triaxial-Counts`), light in lux (`lux`) (seen). An `offset`
//! other than 0 was never seen; it is told as a damage and not applied. Presses of the marker button are
//! annotations whose times were never seen; they are not read.
//!
//! Properties that begin with `+` are about the wearer; of these only the position is handed over. The
//! reader streams: it never holds more of the file than one number and one short text.

use std::io::{self, Read};

use super::error::{Error, Place};
use super::options::Options;
use super::stamp::Calendar;
use super::table::{self, Cell};
use super::{Channel, Damage, Damages, Header, Quantity, Recording};

/// Name of the format.
pub(crate) const NAME: &str = "motionwatch";

/// Bytes of a tag, a text or a number that are kept; all that matter are shorter.
const TOKEN_BYTES_MAX: usize = 256;

/// Bytes read at once.
const BUFFER_BYTES: usize = 64 << 10;

/// Channels of one file; the device has three.
const CHANNELS_MAX: usize = 64;

/// Whether the root element stands among the first bytes.
pub(crate) fn is_meant(head: &[u8]) -> bool {
    memchr::memmem::find(head, b"<motionfile").is_some()
}

/// Reads a file.
pub(crate) fn read(input: &mut dyn Read, options: &Options<'_>) -> Result<Recording, Error> {
    let mut document = Document::default();
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let count = match input.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(error.into()),
        };
        for byte in buffer.get(..count).unwrap_or_default() {
            document.take(*byte)?;
        }
    }
    document.finish(options)
}

/// The document while its bytes come.
#[derive(Default)]
struct Document {
    byte: u64,
    is_tag: bool,
    token: Vec<u8>,
    is_data: bool,
    name: String,
    content: String,
    start: Option<i64>,
    header: Header,
    channel: Pending,
    values: usize,
    lost: usize,
    channels: Vec<(Pending, u64)>,
    is_complete: bool,
    damages: Damages,
}

/// A channel while its elements come.
#[derive(Default)]
struct Pending {
    name: String,
    units: String,
    epoch_s: Option<u32>,
    values: Vec<f64>,
}

impl Document {
    fn take(&mut self, byte: u8) -> Result<(), Error> {
        self.byte += 1;
        match byte {
            b'<' if !self.is_tag => {
                if self.is_data && !self.token.trim_ascii().is_empty() {
                    self.number()?;
                }
                if !self.is_data {
                    self.content = text(&self.token);
                }
                self.token.clear();
                self.is_tag = true;
            }
            b'>' if self.is_tag => {
                let tag = text(&self.token);
                self.token.clear();
                self.is_tag = false;
                self.tag(&tag);
            }
            b',' if self.is_data && !self.is_tag => self.number()?,
            byte if self.token.len() < TOKEN_BYTES_MAX => self.token.push(byte),
            _ => {}
        }
        Ok(())
    }

    /// Takes the number that a comma or the end of the element closed.
    fn number(&mut self) -> Result<(), Error> {
        let token = text(&self.token);
        self.token.clear();
        let value = match Cell::number(&token) {
            Cell::Value(value) => value,
            Cell::Missing => f64::NAN,
            Cell::Bad => {
                self.tell("malformed_value", "expected a number between commas");
                self.lost += 1;
                f64::NAN
            }
        };
        self.values += 1;
        Error::check_values(self.values)?;
        self.channel.values.push(value);
        Ok(())
    }

    fn tag(&mut self, tag: &str) {
        let content = std::mem::take(&mut self.content);
        match tag.split_ascii_whitespace().next().unwrap_or_default() {
            "property" => self.name.clear(),
            "/name" => self.name = content,
            "/content" => self.property(&content),
            "channel" => {
                self.name.clear();
                self.channel = Pending::default();
            }
            "/units" => self.channel.units = content,
            "/epoch" => self.channel.epoch_s = content.trim().parse().ok(),
            "/offset" if content.trim() != "0" => {
                self.tell(
                    "unknown_offset",
                    "the offset of the channel was not applied",
                );
            }
            "data" => {
                self.is_data = !tag.contains("encoding=") || tag.contains("\"text\"");
                if !self.is_data {
                    self.tell("unknown_encoding", "the data of the channel are not text");
                }
            }
            "/data" => self.is_data = false,
            "/channel" => self.close_channel(),
            "/motionfile" => self.is_complete = true,
            _ => {}
        }
    }

    fn property(&mut self, content: &str) {
        match self.name.as_str() {
            "=StartTime" => {
                self.start = Calendar::default().second(content);
            }
            "=SerialNo" => self.header.serial = table::word(content),
            "=Device" => self.header.device = table::word(content),
            "=FirmwareVersion" => self.header.firmware = table::word(content),
            "+Position" => self.header.worn_at = table::word(content),
            _ => {}
        }
    }

    fn close_channel(&mut self) {
        let mut channel = std::mem::take(&mut self.channel);
        channel.name = std::mem::take(&mut self.name);
        if self.channels.len() == CHANNELS_MAX {
            self.tell("too_many_channels", "the channel was left out");
        } else if !channel.values.is_empty() {
            self.channels.push((channel, self.byte));
        }
    }

    fn tell(&mut self, code: &'static str, message: &str) {
        self.damages.push(Damage {
            code,
            byte: self.byte,
            line: None,
            message: message.to_owned(),
        });
    }

    fn finish(mut self, options: &Options<'_>) -> Result<Recording, Error> {
        if !self.is_complete {
            self.tell("truncated", "the document breaks off before its end");
            // The last number may be cut, so that only those before a comma are kept.
            self.close_channel();
        }
        let of = (self.lost, self.values);
        table::refuse_when_much_is_lost(NAME, of, self.damages.first.first())?;
        let place = Place::Byte(self.byte);
        let Some(start_s) = self.start else {
            return Err(Error::Malformed {
                format: NAME,
                place,
                message: "the property =StartTime with a date and time was not found".to_owned(),
            });
        };
        let mut channels = Vec::new();
        for (pending, byte) in std::mem::take(&mut self.channels) {
            match table::epoch_s(options, pending.epoch_s) {
                Some(epoch_s) => channels.push(pending.into_channel(start_s, epoch_s)),
                None => self.damages.push(Damage {
                    code: "no_epoch",
                    byte,
                    line: None,
                    message: "the channel states no length of an epoch".to_owned(),
                }),
            }
        }
        if channels.is_empty() {
            return Err(Error::Empty { format: NAME });
        }
        channels.sort_by_key(|channel| channel.quantity != Quantity::Activity);
        Ok(Recording {
            header: Header {
                format: NAME,
                ..self.header
            },
            channels,
            damages: self.damages,
        })
    }
}

impl Pending {
    fn into_channel(self, start_s: i64, epoch_s: u32) -> Channel {
        let name = table::snake(&self.name);
        let (quantity, unit) = match (name.as_str(), self.units.as_str()) {
            ("motion", _) => (Quantity::Activity, "{count}"),
            ("light", "lux") => (Quantity::Light, "lx"),
            ("temperature", _) => (Quantity::Temperature, "Cel"),
            _ => (Quantity::Other, "1"),
        };
        Channel {
            name,
            quantity,
            unit,
            start_s,
            epoch_s,
            values: self.values,
        }
    }
}

fn text(token: &[u8]) -> String {
    String::from_utf8_lossy(token).trim().to_owned()
}
