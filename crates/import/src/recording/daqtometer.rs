//! Daqtometer CSV files (Daqtix).
//!
//! *Structure* (seen): `Start:` and `End:` with a date and time in GMT, then lines of `key:,value,value`
//! with a value for each channel (`Serial number`, `Name`, `Store rate`, …), an empty line, and rows of
//! `yyyy-MM-dd HH:mm:ss,value,value`.
//!
//! *Units*: what the converter stored, eight bits here, summed or averaged; none of it is calibrated, so
//! that light stays in the device's unit (seen: `Bits per sample`, `Binning mode`).

use std::io::Read;

use super::error::Error;
use super::lines::Lines;
use super::options::Options;
use super::stamp::Calendar;
use super::table::{self, Field, Layout, When};
use super::{Header, Quantity, Recording};

/// Name of the format.
pub(crate) const NAME: &str = "daqtometer";

/// Whether the file begins with its start and names the rate at which it stored.
pub(crate) fn is_meant(head: &[u8]) -> bool {
    head.starts_with(b"Start:") && memchr::memmem::find(head, b"Store rate:").is_some()
}

/// Reads a file.
pub(crate) fn read(input: &mut dyn Read, options: &Options<'_>) -> Result<Recording, Error> {
    let mut lines = Lines::new(input);
    let mut header = Header {
        format: NAME,
        device: Some("Daqtometer".to_owned()),
        ..Header::default()
    };
    let mut fields = Vec::new();
    let first = loop {
        let Some(line) = lines.next_line()? else {
            return Err(table::malformed(
                NAME,
                lines.spot(),
                "no row with a time was found",
            ));
        };
        let cells = table::split(&line.text, ',');
        let Some((key, values)) = cells.split_first() else {
            continue;
        };
        match *key {
            "Name:" => fields = self::fields(values),
            "Serial number:" => {
                header.serial = values.first().and_then(|serial| table::word(serial));
            }
            key if key.starts_with("Start:") && key.ends_with("GMT") => {
                header.utc_offset_s = Some(0);
            }
            key if Calendar::default().moment(key).is_some() => {
                break (line.spot, line.text.into_owned());
            }
            _ => {}
        }
    };
    if fields.is_empty() {
        let message = "the line that begins with Name: and names the channels was not found";
        return Err(table::malformed(NAME, lines.spot(), message));
    }
    let layout = Layout {
        separator: ',',
        when: When::Stamp(0),
        subject: None,
        fields,
        epoch_s: table::epoch_s(options, None),
        calendar: Calendar::default(),
    };
    let rows = table::read(NAME, layout, Some(first), &mut lines)?;
    Ok(Recording {
        header,
        channels: rows.channels,
        damages: lines.finish(rows.damages),
    })
}

fn fields(names: &[&str]) -> Vec<Field> {
    let mut fields = Vec::new();
    for (index, name) in names
        .iter()
        .enumerate()
        .filter(|(_, name)| !name.is_empty())
    {
        let lower = name.to_lowercase();
        let (name, quantity) = if lower.contains("accel") {
            // The program itself writes "Accelleration".
            ("activity".to_owned(), Quantity::Activity)
        } else if lower == "light" {
            (lower, Quantity::LightBand)
        } else {
            (table::snake(&lower), Quantity::Other)
        };
        let unit = if quantity == Quantity::Activity {
            "{count}"
        } else {
            "1"
        };
        let name = table::unique(name, &fields);
        fields.push(Field::new(index + 1, name, quantity, unit));
    }
    table::activity_first(&mut fields);
    fields
}
