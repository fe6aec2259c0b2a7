//! Epochs of the Philips Health Band as its web application lists them.
//!
//! *Structure* (seen in the text of a spreadsheet): lines of `key: value`, of which one names the
//! `PAS Web Application`, then a heading with `timeStamp` and `activityCounts` and a row for each minute, dates as
//! `MM-dd-yyyy`. A second spreadsheet of the same recording has the program's sleep and wake only.
//!
//! *Units*: counts of the minute, heart rate per minute, steps; `offWrist` 1 is not worn. Rates and energies that the
//! program estimates are left out.
//!
//! The wearer's pseudonym in the header is never handed over.

use std::io::Read;

use super::error::Error;
use super::lines::Lines;
use super::options::Options;
use super::stamp::{Calendar, Order};
use super::table::{self, Field, Layout, When};
use super::{Header, Quantity, Recording};

/// Name of the format.
pub(crate) const NAME: &str = "health_band";

/// Columns and what they hold; the first is the main activity.
const COLUMNS: &[(&str, &str, Quantity, &str)] = &[
    ("activityCounts", "activity", Quantity::Activity, "{count}"),
    ("heartRate", "heart_rate", Quantity::HeartRate, "/min"),
    ("steps", "steps", Quantity::Steps, "{step}"),
    ("offWrist", "off_wrist", Quantity::WearSensor, "1"),
    ("sleepEventMarker", "event", Quantity::Event, "{event}"),
    ("sleepWake", "wake", Quantity::DeviceScore, "1"),
];

/// Whether the first lines name the program, or have the heading.
pub(crate) fn is_meant(head: &[u8]) -> bool {
    let has = |text: &[u8]| memchr::memmem::find(head, text).is_some();
    has(b"PAS Web Application") || (has(b"timeStamp") && has(b"activityCounts"))
}

/// Reads a file.
pub(crate) fn read(input: &mut dyn Read, options: &Options<'_>) -> Result<Recording, Error> {
    let mut lines = Lines::new(input);
    let mut header = Header {
        format: NAME,
        device: Some("Philips Health Band".to_owned()),
        ..Header::default()
    };
    let refused =
        |lines: &Lines<'_>, message: &str| Err(table::malformed(NAME, lines.spot(), message));
    let (separator, when, fields) = loop {
        let Some(line) = lines.next_line()? else {
            return refused(&lines, "the heading with timeStamp was not found");
        };
        let separator = table::separator(&line.text);
        let cells = table::split(&line.text, separator);
        if let Some(("deviceSN", serial)) = line.text.split_once(':') {
            header.serial = table::word(serial.trim_end_matches(separator));
        }
        let position = |name: &str| {
            cells
                .iter()
                .position(|cell| cell.eq_ignore_ascii_case(name))
        };
        if let Some(when) = position("timeStamp") {
            let fields = COLUMNS
                .iter()
                .filter_map(|(heading, name, quantity, unit)| {
                    Some(Field::new(position(heading)?, *name, *quantity, unit))
                });
            break (separator, when, fields.collect::<Vec<_>>());
        }
    };
    if fields
        .first()
        .is_none_or(|field| field.quantity != Quantity::Activity)
    {
        return refused(
            &lines,
            "this list has no activityCounts; give the list of data (DataList) of the same recording",
        );
    }
    let layout = Layout {
        separator,
        when: When::Stamp(when),
        subject: None,
        fields,
        epoch_s: table::epoch_s(options, None),
        calendar: Calendar::hinted(Order::Month),
    };
    let rows = table::read(NAME, layout, None, &mut lines)?;
    Ok(Recording {
        header,
        channels: rows.channels,
        damages: lines.finish(rows.damages),
    })
}
