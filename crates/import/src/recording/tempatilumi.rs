//! Tempatilumi text files (CE Brasil).
//!
//! *Structure* (seen): lines of comment and properties in Portuguese, then the heading
//! `Data; Hora; Evento; Luminosidade; Atividade` and a row per epoch, dates as year/month/day. The
//! program also writes `Temperatura` (assumed).
//!
//! *Units*: activity in counts of the device; light in lux and temperature in degrees Celsius (assumed:
//! the file names no unit).

use std::io::Read;

use super::error::Error;
use super::lines::Lines;
use super::options::Options;
use super::stamp::{Calendar, Order};
use super::table::{self, Field, Layout, When};
use super::{Header, Quantity, Recording};

/// Name of the format.
pub(crate) const NAME: &str = "tempatilumi";

/// Whether a heading with date, time and activity stands among the first lines.
pub(crate) fn is_meant(head: &[u8]) -> bool {
    String::from_utf8_lossy(head).lines().any(is_heading)
}

fn is_heading(line: &str) -> bool {
    let cells = table::split(line, ';');
    cells.first() == Some(&"Data") && cells.get(1) == Some(&"Hora") && cells.contains(&"Atividade")
}

/// Reads a file.
pub(crate) fn read(input: &mut dyn Read, options: &Options<'_>) -> Result<Recording, Error> {
    let mut lines = Lines::new(input);
    let mut header = Header {
        format: NAME,
        device: Some("Tempatilumi".to_owned()),
        ..Header::default()
    };
    let fields = loop {
        let Some(line) = lines.next_line()? else {
            let message = "the heading Data; Hora; … Atividade was not found";
            return Err(table::malformed(NAME, lines.spot(), message));
        };
        if is_heading(&line.text) {
            break fields(&table::split(&line.text, ';'));
        }
        if let Some((key, value)) = line.text.split_once(':')
            && key.trim_end().ends_with("Série")
        {
            header.serial = table::word(value);
        }
    };
    let layout = Layout {
        separator: ';',
        when: When::Split { date: 0, time: 1 },
        subject: None,
        fields,
        epoch_s: table::epoch_s(options, None),
        calendar: Calendar::ordered(Order::Day),
    };
    let rows = table::read(NAME, layout, None, &mut lines)?;
    Ok(Recording {
        header,
        channels: rows.channels,
        damages: lines.finish(rows.damages),
    })
}

fn fields(cells: &[&str]) -> Vec<Field> {
    let mut fields = Vec::new();
    for (index, heading) in cells.iter().enumerate().skip(2) {
        let field = match *heading {
            "" => continue,
            "Atividade" => Field::new(index, "activity", Quantity::Activity, "{count}"),
            "Luminosidade" => Field::new(index, "light", Quantity::Light, "lx"),
            "Temperatura" => Field::new(index, "temperature", Quantity::Temperature, "Cel"),
            "Evento" => Field::new(index, "event", Quantity::Event, "{event}"),
            other => Field::new(index, table::snake(other), Quantity::Other, "1"),
        };
        fields.push(field);
    }
    table::activity_first(&mut fields);
    fields
}
