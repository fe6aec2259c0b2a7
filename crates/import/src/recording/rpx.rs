//! Respironics (Philips) Actiware exports: Actiwatch 2, Spectrum and their kin, as CSV.
//!
//! *Structure* (seen in English, French and German): UTF-8 with or without a mark; a first line that
//! names Actiware; sections of `"key:","value","unit"`; at last the section of epochs, whose heading
//! begins with the line number. Its columns vary with the model and the analyst's choice. Decimals have
//! a point or a comma, then in quotes; missing is `NaN`, `NAN` or `kZ`.
//!
//! *Units*: activity in counts, white light in lux, red, green and blue light in µW/cm² (seen in the
//! analysis inputs), sleep/wake 1 is wake, mobility 1 is mobile, off-wrist 1 is not worn (seen in the
//! notes above the columns). Interval status is handed over as 0 active, 1 rest, 2 sleep, 3 excluded.
//!
//! *Dates* are in the order of the computer's locale, so `04/07/2015` is told by the dates that follow
//! it. The stated offset from UTC includes summer time where the recording began in it (seen).
//!
//! The section about the subject is never looked at.

use std::io::Read;

use super::error::Error;
use super::lines::Lines;
use super::options::Options;
use super::stamp::{self, Calendar};
use super::table::{self, Cell, Field, Layout, When};
use super::{Damages, Header, Quantity, Recording};

/// Name of the format.
pub(crate) const NAME: &str = "respironics_csv";

/// Headings of the column that numbers the lines; it begins the table of epochs.
const LINE: [&str; 3] = ["line", "ligne", "zeile"];
const ACTIVITY: [&str; 3] = ["activity", "activité", "aktivität"];
const DATE: [&str; 2] = ["date", "datum"];
const TIME: [&str; 3] = ["time", "heure", "zeit"];
/// Columns that say nothing that the time does not: elapsed seconds and the day's name or number.
const IGNORED: [&str; 6] = ["seconds", "secondes", "sekunden", "day", "jour", "tag"];

/// What the columns hold, by their headings in all languages.
const COLUMNS: &[(&[&str], &str, Quantity, &str)] = &[
    (&ACTIVITY, "activity", Quantity::Activity, "{count}"),
    (
        &["marker", "marqueur", "markierung"],
        "event",
        Quantity::Event,
        "{event}",
    ),
    (
        &["white light", "lumière blanche", "weißes licht"],
        "light",
        Quantity::Light,
        "lx",
    ),
    (
        &["red light", "lumière rouge", "rotes licht"],
        "light_red",
        Quantity::LightBand,
        "uW/cm2",
    ),
    (
        &["green light", "lumière verte", "grünes licht"],
        "light_green",
        Quantity::LightBand,
        "uW/cm2",
    ),
    (
        &["blue light", "lumière bleue", "blaues licht"],
        "light_blue",
        Quantity::LightBand,
        "uW/cm2",
    ),
    (
        &["sleep/wake", "sommeil/éveil", "schlaf/wach"],
        "wake",
        Quantity::DeviceScore,
        "1",
    ),
    (
        &["mobility", "mobilité", "mobilität"],
        "mobility",
        Quantity::Other,
        "1",
    ),
];

/// Headings of the interval status.
const STATUS: [&str; 3] = [
    "interval status",
    "statut de l'intervalle",
    "intervallstatus",
];

/// Words in the heading of the off-wrist detection.
const OFF_WRIST: [&str; 4] = ["off-wrist", "off wrist", "handgelenk", "poignet"];

/// Keys of the header in all languages.
const DEVICE: [&str; 3] = ["actiwatch type", "type d'actiwatch", "actiwatch-typ"];
const SERIAL: [&str; 3] = [
    "actiwatch serial number",
    "numéro de série de l'actiwatch",
    "actiwatch-seriennummer",
];
const FIRMWARE: [&str; 3] = [
    "actiwatch firmware version",
    "version du micrologiciel de l'actiwatch",
    "actiwatch-firmwareversion",
];
const OFFSET: [&str; 3] = [
    "time zone offset",
    "décalage du fuseau horaire",
    "zeitzonenverschiebung",
];
const EPOCH: [&str; 3] = ["epoch length", "longueur de la période", "epochenlänge"];

/// Whether the first line names Actiware.
pub(crate) fn is_meant(head: &[u8]) -> bool {
    let line = head
        .split(|byte| matches!(byte, b'\r' | b'\n'))
        .next()
        .unwrap_or_default();
    memchr::memmem::find(line, b"Actiware").is_some()
}

/// Reads a file.
pub(crate) fn read(input: &mut dyn Read, options: &Options<'_>) -> Result<Recording, Error> {
    let mut lines = Lines::new(input);
    let mut header = Header {
        format: NAME,
        ..Header::default()
    };
    let mut stated = None;
    let (separator, headings) = loop {
        let Some(line) = lines.next_line()? else {
            let message = "the section of epochs with its heading of columns was not found";
            return Err(table::malformed(NAME, lines.spot(), message));
        };
        let separator = table::separator(&line.text);
        let cells = table::split(&line.text, separator);
        if is_heading(&cells) {
            let headings: Vec<String> = cells.iter().map(|cell| plain(cell)).collect();
            break (separator, headings);
        }
        take_property(&cells, &mut header, &mut stated);
    };
    let Some(when) = when(&headings) else {
        let message = "the columns of date and time were not found";
        return Err(table::malformed(NAME, lines.spot(), message));
    };
    let layout = Layout {
        separator,
        when,
        fields: fields(&headings),
        epoch_s: table::epoch_s(options, stated),
        calendar: Calendar::default(),
    };
    let mut damages = Damages::default();
    let rows = table::read(NAME, layout, None, &mut lines, &mut damages)?;
    Ok(Recording {
        header,
        channels: rows.channels,
        damages: lines.finish(damages),
    })
}

/// Lower case, with straight apostrophes and without the colon and spaces behind it.
fn plain(cell: &str) -> String {
    let lower = cell.to_lowercase().replace('’', "'");
    lower
        .trim_end_matches(|letter: char| letter == ':' || letter.is_whitespace())
        .to_owned()
}

fn is_heading(cells: &[&str]) -> bool {
    let mut names = cells.iter().map(|cell| plain(cell));
    names
        .next()
        .is_some_and(|name| LINE.contains(&name.as_str()))
        && names.any(|name| ACTIVITY.contains(&name.as_str()))
}

/// Keeps what a line of the header says about the device.
fn take_property(cells: &[&str], header: &mut Header, epoch_s: &mut Option<u32>) {
    let [key, value, rest @ ..] = cells else {
        return;
    };
    let key = plain(key);
    let is = |keys: &[&str]| keys.contains(&key.as_str());
    if is(&DEVICE) {
        header.device = table::word(value);
    } else if is(&SERIAL) {
        header.serial = table::word(value);
    } else if is(&FIRMWARE) {
        header.firmware = table::word(value);
    } else if is(&OFFSET) {
        header.utc_offset_s = stamp::offset_of(value).and_then(|offset| offset.try_into().ok());
    } else if is(&EPOCH) {
        let is_minutes = rest
            .first()
            .is_some_and(|unit| unit.to_lowercase().starts_with("min"));
        let scale: u32 = if is_minutes { 60 } else { 1 };
        let value: Option<u32> = value.parse().ok();
        *epoch_s = value.and_then(|value| value.checked_mul(scale));
    }
}

fn when(headings: &[String]) -> Option<When> {
    let position = |names: &[&str]| {
        headings
            .iter()
            .position(|heading| names.contains(&heading.as_str()))
    };
    Some(When::Split {
        date: position(&DATE)?,
        time: position(&TIME)?,
    })
}

fn fields(headings: &[String]) -> Vec<Field> {
    let mut fields = Vec::new();
    for (index, heading) in headings.iter().enumerate() {
        let is = |names: &[&str]| names.contains(&heading.as_str());
        if heading.is_empty() || is(&LINE) || is(&DATE) || is(&TIME) || is(&IGNORED) {
            continue;
        }
        let known = COLUMNS.iter().find(|(names, ..)| is(names));
        let mut field = if let Some((_, name, quantity, unit)) = known {
            Field::new(index, *name, *quantity, unit)
        } else if is(&STATUS) {
            let mut field = Field::new(index, "interval_status", Quantity::Other, "1");
            field.parse = status;
            field
        } else if OFF_WRIST.iter().any(|word| heading.contains(word)) {
            Field::new(index, "off_wrist", Quantity::WearSensor, "1")
        } else {
            let mut field = Field::new(index, table::snake(heading), Quantity::Other, "1");
            field.is_strict = false;
            field
        };
        field.name = table::unique(field.name, &fields);
        fields.push(field);
    }
    table::activity_first(&mut fields);
    fields
}

/// The number of an interval status.
fn status(text: &str) -> Cell {
    match text.trim().to_lowercase().as_str() {
        "active" | "activité" | "aktiv" => Cell::Value(0.0),
        "rest" | "repos" | "ruhe" => Cell::Value(1.0),
        "rest-s" | "s-repos" | "repos-s" | "ruhe-s" | "sleep" => Cell::Value(2.0),
        other
            if ["exclu", "ausgeschl"]
                .iter()
                .any(|begin| other.starts_with(begin)) =>
        {
            Cell::Value(3.0)
        }
        _ => match Cell::number(text) {
            Cell::Missing => Cell::Missing,
            Cell::Value(_) | Cell::Bad => Cell::Bad,
        },
    }
}
