//! Actical epochs as the maker's program lists them (CSV).
//!
//! *Structure* (seen, version 03.00): `Actical List Export File`, sections of keys and values between dashed lines, then
//! rows under a heading whose cells stand on several lines: number of the epoch from 0, day, seconds elapsed at its
//! end, date (`13-May-21`), time without seconds, counts, steps, and what the program makes of them.
//!
//! *Units*: counts of an epoch. The energy and intensity of the program are left out: they are estimates.
//!
//! *Time*: that of the row; seconds, which it does not print, come from the time elapsed. The header's name of the
//! wearer, age, sex and measures are never handed over.

use std::io::Read;

use super::error::Error;
use super::lines::{Line, Lines};
use super::options::Options;
use super::stamp::{self, Calendar};
use super::table::{self, Field, Layout, When};
use super::{Header, Quantity, Recording};

/// Name of the format.
pub(crate) const NAME: &str = "actical";

/// Columns and what they hold, by how their heading begins; the first is the main activity.
const COLUMNS: &[(&str, &str, Quantity, &str)] = &[
    ("activity counts", "activity", Quantity::Activity, "{count}"),
    ("steps", "steps", Quantity::Steps, "{step}"),
    ("event", "event", Quantity::Event, "{event}"),
];

/// Whether the first line says so.
pub(crate) fn is_meant(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\"").unwrap_or(head);
    head.starts_with(b"Actical ")
}

/// Reads a file.
pub(crate) fn read(input: &mut dyn Read, options: &Options<'_>) -> Result<Recording, Error> {
    let mut lines = Lines::new(input);
    let mut header = Header {
        format: NAME,
        device: Some("Actical".to_owned()),
        ..Header::default()
    };
    let (separator, mut headings) = heading(&mut lines, &mut header)?;
    let (first, number) = loop {
        let Some(Line { spot, text }) = lines.next_line()? else {
            let message = "no row stands under the heading";
            return Err(table::malformed(NAME, lines.spot(), message));
        };
        let cells = table::split(&text, separator);
        let number = cells.first().and_then(|cell| stamp::figure(cell, 9));
        match number {
            Some(number) => break ((spot, text.into_owned()), number),
            None => join(&mut headings, &cells),
        }
    };
    let layout = layout(&headings, separator, (&first.1, number), options).ok_or_else(|| {
        let message = "expected the columns Epoch#, Elapsed, Date, Time and Activity Counts";
        table::malformed(NAME, first.0, message)
    })?;
    let rows = table::read(NAME, layout, Some(first), &mut lines)?;
    Ok(Recording {
        header,
        channels: rows.channels,
        damages: lines.finish(rows.damages),
    })
}

/// Reads to the first line of the heading: its separator and cells, in lower case.
fn heading(lines: &mut Lines<'_>, header: &mut Header) -> Result<(char, Vec<String>), Error> {
    loop {
        let Some(line) = lines.next_line()? else {
            let message = "the heading that begins with Epoch# was not found";
            return Err(table::malformed(NAME, lines.spot(), message));
        };
        let separator = table::separator(&line.text);
        let cells = table::split(&line.text, separator);
        match cells.as_slice() {
            ["Device Serial Number:", serial, ..] => header.serial = table::word(serial),
            ["Device Location:", place, ..] => header.worn_at = table::word(place),
            [first, ..] if first.starts_with("Epoch#") => {
                let cells = cells.iter().map(|cell| cell.to_lowercase());
                return Ok((separator, cells.collect()));
            }
            _ => {}
        }
    }
}

/// What the columns are, with the length of an epoch from the first row and its number.
fn layout(
    headings: &[String],
    separator: char,
    (row, number): (&str, i64),
    options: &Options<'_>,
) -> Option<Layout> {
    let places = ["date", "time", "elapsed"].map(|name| position(headings, name));
    let [Some(date), Some(time), Some(elapsed)] = places else {
        return None;
    };
    let cells = table::split(row, separator);
    let epoch_s = stamp::figure(cells.get(elapsed)?, 9)? / (number + 1);
    let fields: Vec<Field> = COLUMNS
        .iter()
        .filter_map(|(heading, name, quantity, unit)| {
            let index = position(headings, heading)?;
            Some(Field::new(index, *name, *quantity, unit))
        })
        .collect();
    if fields.first()?.quantity != Quantity::Activity {
        return None;
    }
    Some(Layout {
        separator,
        when: When::Elapsed {
            date,
            time,
            elapsed,
            epoch_s,
        },
        subject: None,
        fields,
        epoch_s: table::epoch_s(options, u32::try_from(epoch_s).ok()),
        calendar: Calendar::default(),
    })
}

/// Adds another line of a heading, cell by cell.
fn join(headings: &mut [String], cells: &[&str]) {
    for (heading, cell) in headings.iter_mut().zip(cells) {
        if !cell.is_empty() {
            heading.push(' ');
            heading.push_str(&cell.to_lowercase());
        }
    }
}

fn position(headings: &[String], begin: &str) -> Option<usize> {
    headings
        .iter()
        .position(|heading| heading.starts_with(begin))
}
