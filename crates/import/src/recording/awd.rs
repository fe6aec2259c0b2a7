//! Actiwatch AWD text files, and their kin AWI, AWL, AWT and AW7.
//!
//! *Structure* (seen): seven lines of header, which are the wearer's name or number, the date
//! `23-Jan-1918`, the time of day `13:58`, `18:11:00` or `09:38:00 AM`, the code of the epoch's length,
//! the wearer's age, the serial number, the wearer's sex; then one epoch per line: a count, from models
//! with a second sensor `count , value`, and `M` behind an epoch in which the marker was pressed.
//!
//! *Epoch codes*: 1 is 15 s, 4 is 60 s (seen); 8 is 120 s (documented); 2, 20, 40 and 60 follow the same
//! rule of fifteen seconds each (assumed). Any other code needs a declared length.
//!
//! *Second sensor* by the first letter of the serial number: `L` light in steps of its own code (reported),
//! `P` and `D` lux (reported, seen), `T` degrees Celsius (seen); the dial of `I` and others have no unit.
//!
//! *Units*: activity in the device's counts, which differ between models. The name, age and sex in the
//! header are never handed over.

use std::io::Read;

use super::error::{Error, Place};
use super::lines::{Lines, Spot};
use super::options::Options;
use super::{Channel, Damages, Header, Quantity, Recording, stamp, table};

/// Name of the format.
pub(crate) const NAME: &str = "awd";

/// Lines before the first epoch.
const HEADER_LINES: usize = 7;

/// Codes of the epoch's length and what they mean, in seconds.
const EPOCH_CODES: [(&str, u32); 7] = [
    ("1", 15),
    ("2", 30),
    ("4", 60),
    ("8", 120),
    ("20", 300),
    ("40", 600),
    ("60", 900),
];

/// Whether the second and third line are a date with a named month and a time of day.
pub(crate) fn is_meant(head: &[u8]) -> bool {
    let mut head = head;
    let mut lines = Lines::new(&mut head);
    let mut next = |parse: fn(&str) -> Option<i64>| {
        let line = lines.next_line().ok().flatten();
        line.and_then(|line| parse(&line.text))
    };
    next(|_| None);
    next(stamp::named_date).is_some() && next(stamp::time_of_day).is_some()
}

/// Reads a file.
pub(crate) fn read(input: &mut dyn Read, options: &Options<'_>) -> Result<Recording, Error> {
    let mut lines = Lines::new(input);
    let head = Head::read(&mut lines, options)?;
    let (mut columns, mut damages) = (Columns::default(), Damages::default());
    while let Some(line) = lines.next_line()? {
        let (spot, epoch) = (line.spot, Epoch::parse(&line.text));
        match epoch {
            Parsed::Blank => {}
            Parsed::Epoch(epoch) => columns.push(&epoch)?,
            Parsed::Bad => {
                columns.push(&Epoch::MISSING)?;
                damages.push(spot.damage("malformed_line", "expected a count and nothing else"));
            }
        }
    }
    if columns.activity.is_empty() {
        return Err(Error::Empty { format: NAME });
    }
    let lost = usize::try_from(damages.count).unwrap_or(usize::MAX);
    table::refuse_when_much_is_lost(NAME, (lost, columns.activity.len()), damages.first.first())?;
    Ok(Recording {
        channels: columns.into_channels(&head),
        header: Header {
            format: NAME,
            device: Some("Actiwatch".to_owned()),
            serial: (!head.serial.is_empty()).then_some(head.serial),
            ..Header::default()
        },
        damages: lines.finish(damages),
    })
}

/// The part of the header that is about the device.
struct Head {
    start_s: i64,
    epoch_s: u32,
    serial: String,
}

impl Head {
    fn read(lines: &mut Lines<'_>, options: &Options<'_>) -> Result<Self, Error> {
        let (mut date, mut time, mut epoch_s, mut serial) = (None, None, None, String::new());
        for index in 0..HEADER_LINES {
            let Some(line) = lines.next_line()? else {
                let spot = lines.spot();
                return Err(malformed(spot, "the header of seven lines is cut"));
            };
            let (spot, text) = (line.spot, line.text.trim());
            match index {
                1 => {
                    date = stamp::named_date(text);
                    expect(date, spot, "expected a date such as 23-Jan-1918")?;
                }
                2 => {
                    time = stamp::time_of_day(text);
                    expect(time, spot, "expected a time such as 13:58 or 01:58:00 PM")?;
                }
                3 => {
                    epoch_s = options.epoch_s.or_else(|| epoch_of(text));
                    expect(
                        epoch_s,
                        spot,
                        "unknown code of the epoch's length; state the length in seconds",
                    )?;
                }
                5 => serial = text.chars().take(SERIAL_CHARS_MAX).collect(),
                _ => {}
            }
        }
        let (date, time) = (date.unwrap_or_default(), time.unwrap_or_default());
        Ok(Self {
            start_s: date * stamp::DAY_S + time,
            epoch_s: epoch_s.unwrap_or_default(),
            serial,
        })
    }
}

/// Characters of a serial number that are kept; real ones have a dozen.
const SERIAL_CHARS_MAX: usize = 64;

fn expect<T>(found: Option<T>, spot: Spot, message: &str) -> Result<T, Error> {
    found.ok_or_else(|| malformed(spot, message))
}

fn malformed(spot: Spot, message: &str) -> Error {
    Error::Malformed {
        format: NAME,
        place: Place::Line(spot.line),
        message: message.to_owned(),
    }
}

fn epoch_of(code: &str) -> Option<u32> {
    let known = EPOCH_CODES.iter().find(|(known, _)| *known == code)?;
    Some(known.1)
}

/// One line of the body.
struct Epoch {
    count: f64,
    second: Option<f64>,
    is_marked: bool,
}

enum Parsed {
    Blank,
    Epoch(Epoch),
    Bad,
}

impl Epoch {
    const MISSING: Self = Self {
        count: f64::NAN,
        second: None,
        is_marked: false,
    };

    fn parse(line: &str) -> Parsed {
        let line = line.trim();
        if line.is_empty() {
            return Parsed::Blank;
        }
        let unmarked = line.strip_suffix(['M', 'm']).map(str::trim_end);
        let line = unmarked.unwrap_or(line);
        // Where the comma also stands before decimals, the one between the cells has spaces about it.
        let separator = if line.contains(" , ") { " , " } else { "," };
        let mut cells = line.splitn(3, separator).map(str::trim);
        let count = cells.next().and_then(number);
        let second = cells.next().map(number);
        match (count, second, cells.next()) {
            (Some(count), None, None) => Parsed::Epoch(Self {
                count,
                second: None,
                is_marked: unmarked.is_some(),
            }),
            (Some(count), Some(Some(second)), None) => Parsed::Epoch(Self {
                count,
                second: Some(second),
                is_marked: unmarked.is_some(),
            }),
            _ => Parsed::Bad,
        }
    }
}

fn number(text: &str) -> Option<f64> {
    let value: f64 = fast_float2::parse(text.replacen(',', ".", 1)).ok()?;
    value.is_finite().then_some(value)
}

/// The columns while they grow; the optional ones begin when they first appear.
#[derive(Default)]
struct Columns {
    activity: Vec<f64>,
    second: Vec<f64>,
    events: Vec<f64>,
}

impl Columns {
    fn push(&mut self, epoch: &Epoch) -> Result<(), Error> {
        Error::check_values(self.activity.len() + self.second.len() + self.events.len() + 3)?;
        let index = self.activity.len();
        self.activity.push(epoch.count);
        if let Some(second) = epoch.second {
            self.second.resize(index, f64::NAN);
            self.second.push(second);
        }
        if epoch.is_marked {
            self.events.resize(index, 0.0);
            self.events.push(1.0);
        }
        Ok(())
    }

    fn into_channels(mut self, head: &Head) -> Vec<Channel> {
        let count = self.activity.len();
        let channel = |name: &str, quantity, unit, values| Channel {
            name: name.to_owned(),
            quantity,
            unit,
            start_s: head.start_s,
            epoch_s: head.epoch_s,
            values,
        };
        let mut channels = vec![channel(
            "activity",
            Quantity::Activity,
            "{count}",
            self.activity,
        )];
        if !self.second.is_empty() {
            self.second.resize(count, f64::NAN);
            let (name, quantity, unit) = match head.serial.chars().next() {
                Some('L') => ("light_code", Quantity::LightBand, "{code}"),
                Some('P' | 'D') => ("light", Quantity::Light, "lx"),
                Some('T') => ("temperature", Quantity::Temperature, "Cel"),
                _ => ("second_sensor", Quantity::Other, "1"),
            };
            channels.push(channel(name, quantity, unit, self.second));
        }
        if !self.events.is_empty() {
            self.events.resize(count, 0.0);
            channels.push(channel("event", Quantity::Event, "{event}", self.events));
        }
        channels
    }
}
