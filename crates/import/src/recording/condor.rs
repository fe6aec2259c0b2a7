//! Condor ActTrust and ActLumus reports (ATR, `.txt`).
//!
//! *Structure* (seen for ActTrust 1): a banner that names Condor Instruments, lines of `KEY : value`, a
//! banner, a heading and rows with `;`, dates as `dd/MM/yyyy HH:mm:ss`. The columns depend on the model.
//!
//! *Units*: PIM, TAT and ZCM are the device's three counts of an epoch, `PIMn`, `TATn` and `ZCMn` the same per
//! second (seen: INTERVAL 60 divides them); LIGHT and AMB LIGHT and melanopic illuminance in lux
//! (documented), the colours and infrared and ultraviolet in µW/cm² (documented), temperatures in degrees
//! Celsius (seen). The main activity is PIM, or what the device was set to record instead.
//!
//! The wearer's name, sex and birth date in the header are never handed over.

use std::io::Read;

use super::error::Error;
use super::lines::Lines;
use super::options::Options;
use super::stamp::{Calendar, Order};
use super::table::{self, Field, Layout, When};
use super::{Header, Quantity, Recording};

/// Name of the format.
pub(crate) const NAME: &str = "condor";

/// The heading of the column of times, which begins the table.
const WHEN: &str = "DATE/TIME";

/// Known columns; their order is the one in which the main activity is chosen.
const COLUMNS: &[(&str, &str, Quantity, &str)] = &[
    ("PIM", "pim", Quantity::Activity, "{count}"),
    ("PIMn", "pimn", Quantity::Activity, "{count}/s"),
    ("TAT", "tat", Quantity::Activity, "{count}"),
    ("TATn", "tatn", Quantity::Activity, "{count}/s"),
    ("ZCM", "zcm", Quantity::Activity, "{count}"),
    ("ZCMn", "zcmn", Quantity::Activity, "{count}/s"),
    ("LIGHT", "light", Quantity::Light, "lx"),
    ("AMB LIGHT", "light_amb", Quantity::LightBand, "lx"),
    ("RED LIGHT", "light_red", Quantity::LightBand, "uW/cm2"),
    ("GREEN LIGHT", "light_green", Quantity::LightBand, "uW/cm2"),
    ("BLUE LIGHT", "light_blue", Quantity::LightBand, "uW/cm2"),
    ("IR LIGHT", "light_ir", Quantity::LightBand, "uW/cm2"),
    ("UVA LIGHT", "light_uva", Quantity::LightBand, "uW/cm2"),
    ("UVB LIGHT", "light_uvb", Quantity::LightBand, "uW/cm2"),
    (
        "MELANOPIC LUX",
        "light_melanopic",
        Quantity::LightBand,
        "lx",
    ),
    (
        "MELANOPIC_LUX",
        "light_melanopic",
        Quantity::LightBand,
        "lx",
    ),
    (
        "MELANOPIC EDI",
        "light_melanopic_edi",
        Quantity::LightBand,
        "lx",
    ),
    ("TEMPERATURE", "temperature", Quantity::Temperature, "Cel"),
    (
        "EXT TEMPERATURE",
        "ext_temperature",
        Quantity::Temperature,
        "Cel",
    ),
    ("EVENT", "event", Quantity::Event, "{event}"),
    ("ORIENTATION", "orientation", Quantity::Other, "1"),
    ("STATE", "state", Quantity::Other, "1"),
    ("MS", "ms", Quantity::Other, "ms"),
];

/// Whether the first line is the banner; newer programs write the version of their layout before it.
pub(crate) fn is_meant(head: &[u8]) -> bool {
    let mut lines = head
        .split(|byte| matches!(byte, b'\r' | b'\n'))
        .filter(|line| !line.is_empty())
        .skip_while(|line| line.starts_with(b"#ActLogModel"));
    let banner = lines.next().unwrap_or_default();
    memchr::memmem::find(banner, b"Condor Instruments").is_some()
}

/// Reads a file.
pub(crate) fn read(input: &mut dyn Read, options: &Options<'_>) -> Result<Recording, Error> {
    let mut lines = Lines::new(input);
    let mut header = Header {
        format: NAME,
        ..Header::default()
    };
    let mut stated = None;
    let fields = loop {
        let Some(line) = lines.next_line()? else {
            let message = "the heading that begins with DATE/TIME was not found";
            return Err(table::malformed(NAME, lines.spot(), message));
        };
        let cells = table::split(&line.text, ';');
        if cells.first() == Some(&WHEN) {
            break fields(&cells);
        }
        let Some((key, value)) = line.text.split_once(':') else {
            continue;
        };
        match key.trim() {
            "DEVICE_ID" => header.serial = table::word(value),
            "DEVICE_MODEL" => header.device = table::word(value),
            "FIRMWARE_VERSION" => header.firmware = table::word(value),
            "INTERVAL" => stated = value.trim().parse().ok(),
            _ => {}
        }
    };
    if fields.is_empty() {
        let message = "no column stands beside the time";
        return Err(table::malformed(NAME, lines.spot(), message));
    }
    let layout = Layout {
        separator: ';',
        when: When::Stamp(0),
        subject: None,
        fields,
        epoch_s: table::epoch_s(options, stated),
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
    let mut ranked = Vec::new();
    let mut names = Vec::new();
    for (index, heading) in cells.iter().enumerate().skip(1) {
        let rank = COLUMNS.iter().position(|(known, ..)| known == heading);
        let field = match rank.and_then(|rank| COLUMNS.get(rank)) {
            Some((_, name, quantity, unit)) => Field::new(index, *name, *quantity, unit),
            None if heading.is_empty() => continue,
            None => Field::new(index, table::snake(heading), Quantity::Other, "1"),
        };
        if names.contains(&field.name) {
            continue;
        }
        names.push(field.name.clone());
        ranked.push((rank.unwrap_or(COLUMNS.len()), field));
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, field)| field).collect()
}
