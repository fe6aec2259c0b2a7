//! Epochs of a `MotionWatch` as `MotionWare` exports them as text.
//!
//! *Structure* (no file was seen; the heading is the one that the importer of `LightLogR` 0.10 looks for): lines about the
//! recording, then `Date`, `Time`, `Activity` and `Light` cut by semicolons or commas, dates as `dd/MM/yyyy`.
//!
//! *Units*: counts of an epoch, lux.
//!
//! What stands above the heading is about the wearer and is never handed over.

use std::io::Read;

use super::error::Error;
use super::lines::Lines;
use super::options::Options;
use super::stamp::{Calendar, Order};
use super::table::{self, Field, Layout, When};
use super::{Header, Quantity, Recording};

/// Name of the format.
pub(crate) const NAME: &str = "motionware";

/// How the heading begins, in lower case.
const HEADING: [&str; 3] = ["date", "time", "activity"];

/// Whether the first lines have the heading, below others.
pub(crate) fn is_meant(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    text.lines().skip(1).any(is_heading)
}

fn is_heading(line: &str) -> bool {
    let cells = table::split(line, table::separator(line));
    let begins = cells.iter().zip(HEADING);
    cells.len() >= HEADING.len()
        && begins.into_iter().all(|(cell, name)| {
            // Units may follow in brackets.
            let word = cell.split([' ', '(']).next().unwrap_or_default();
            word.eq_ignore_ascii_case(name)
        })
}

/// Reads a file.
pub(crate) fn read(input: &mut dyn Read, options: &Options<'_>) -> Result<Recording, Error> {
    let mut lines = Lines::new(input);
    let (separator, fields) = loop {
        let Some(line) = lines.next_line()? else {
            let message = "the heading Date, Time, Activity was not found";
            return Err(table::malformed(NAME, lines.spot(), message));
        };
        if is_heading(&line.text) {
            let separator = table::separator(&line.text);
            break (separator, fields(&table::split(&line.text, separator)));
        }
    };
    let layout = Layout {
        separator,
        when: When::Split { date: 0, time: 1 },
        subject: None,
        fields,
        epoch_s: table::epoch_s(options, None),
        calendar: Calendar::hinted(Order::Day),
    };
    let rows = table::read(NAME, layout, None, &mut lines)?;
    Ok(Recording {
        header: Header {
            format: NAME,
            ..Header::default()
        },
        channels: rows.channels,
        damages: lines.finish(rows.damages),
    })
}

fn fields(cells: &[&str]) -> Vec<Field> {
    let mut fields = vec![Field::new(2, "activity", Quantity::Activity, "{count}")];
    let light = cells.iter().position(|cell| {
        let heading = cell.to_lowercase();
        heading.starts_with("light") || heading.starts_with("lux")
    });
    fields.extend(light.map(|index| Field::new(index, "light", Quantity::Light, "lx")));
    fields
}
