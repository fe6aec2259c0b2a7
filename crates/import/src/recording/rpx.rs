//! Respironics (Philips) Actiware exports: Actiwatch 2, Spectrum and their kin, as CSV.
//!
//! *Structure* (seen in English, French, German and Dutch; words of other languages are assumed): UTF-8 with or without a mark; a first line that
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
use super::table::{self, Cell, Field, Layout, Reading, When};
use super::{Header, Quantity, Recording};

/// Name of the format.
pub(crate) const NAME: &str = "respironics_csv";

/// Headings of the column that numbers the lines; it begins the table of epochs. English, French, German and Dutch
/// are seen; Spanish, Italian, Portuguese and Japanese are assumed.
const LINE: [&str; 10] = [
    "line", "ligne", "zeile", "lijn", "regel", "línea", "riga", "linha", "linea", "行",
];
/// How the heading of the activity begins, which no other column's does.
const ACTIVITY: [&str; 9] = [
    "activity",
    "activité",
    "aktivität",
    "activiteit",
    "actividad",
    "attività",
    "atividade",
    "活動",
    "アクティビティ",
];
const DATE: [&str; 6] = ["date", "datum", "fecha", "data", "日付", "日"];
const TIME: [&str; 9] = [
    "time", "heure", "zeit", "tijd", "hora", "ora", "tempo", "時刻", "時間",
];
/// Columns that say nothing that the time does not: elapsed seconds and the day's name or number.
const IGNORED: [&str; 14] = [
    "seconds", "secondes", "sekunden", "seconden", "segundos", "secondi", "day", "jour", "tag",
    "dag", "día", "giorno", "dia", "秒",
];

/// Stems of the word for light, and of the four kinds of it, in the order of [`LIGHTS`].
const LIGHT: [&str; 7] = ["light", "lumière", "licht", "luz", "luce", "光", "ライト"];
const COLOURS: [&[&str]; 4] = [
    &[
        "white", "blanche", "weiß", "wit", "blanca", "bianca", "branca", "白",
    ],
    &[
        "red", "rouge", "rot", "rood", "roja", "rossa", "vermelha", "赤",
    ],
    &["green", "verte", "grün", "groen", "verde", "緑"],
    &["blue", "bleue", "blau", "blauw", "azul", "blu", "青"],
];
const LIGHTS: [(&str, Quantity, &str); 4] = [
    ("light", Quantity::Light, "lx"),
    ("light_red", Quantity::LightBand, "uW/cm2"),
    ("light_green", Quantity::LightBand, "uW/cm2"),
    ("light_blue", Quantity::LightBand, "uW/cm2"),
];

/// Stems in headings of the other columns, and what these hold.
const COLUMNS: &[(&[&str], &str, Quantity, &str)] = &[
    (
        &[
            "marker",
            "marqueur",
            "markierung",
            "markering",
            "marcador",
            "marcatore",
            "マーカー",
        ],
        "event",
        Quantity::Event,
        "{event}",
    ),
    (
        &[
            "sleep/wake",
            "sommeil/éveil",
            "schlaf/wach",
            "slapen/waken",
            "slaap/waak",
            "sueño/vigilia",
            "sonno/veglia",
            "sono/vigília",
            "睡眠/覚醒",
        ],
        "wake",
        Quantity::DeviceScore,
        "1",
    ),
    (
        &["mobil", "beweeglijk", "movilidad"],
        "mobility",
        Quantity::Other,
        "1",
    ),
];

/// Stems in headings of the interval status.
const STATUS: [&str; 3] = ["interval", "intervall", "インターバル"];

/// Stems in headings of the off-wrist detection.
const OFF_WRIST: [&str; 10] = [
    "off-wrist",
    "off wrist",
    "handgelenk",
    "poignet",
    "om-pols",
    "om pols",
    "muñeca",
    "polso",
    "pulso",
    "手首",
];

/// Keys of the header, as far as they are seen.
const DEVICE: [&str; 4] = [
    "actiwatch type",
    "type d'actiwatch",
    "actiwatch-typ",
    "type actiwatch",
];
const SERIAL: [&str; 4] = [
    "actiwatch serial number",
    "numéro de série de l'actiwatch",
    "actiwatch-seriennummer",
    "serienummer actiwatch",
];
const FIRMWARE: [&str; 4] = [
    "actiwatch firmware version",
    "version du micrologiciel de l'actiwatch",
    "actiwatch-firmwareversion",
    "actiwatch-firmwareversie",
];
const OFFSET: [&str; 4] = [
    "time zone offset",
    "décalage du fuseau horaire",
    "zeitzonenverschiebung",
    "tijdzone-offset",
];
const EPOCH: [&str; 4] = [
    "epoch length",
    "longueur de la période",
    "epochenlänge",
    "periodelengte",
];

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
            let message = "the section of epochs was not found; if its language is none of English, French, German, Dutch, \
                           Spanish, Italian, Portuguese and Japanese, export it in one of them, or declare the columns";
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
        subject: None,
        fields: fields(&headings),
        epoch_s: table::epoch_s(options, stated),
        calendar: Calendar::default(),
    };
    let rows = table::read(NAME, layout, None, &mut lines)?;
    Ok(Recording {
        header,
        channels: rows.channels,
        damages: lines.finish(rows.damages),
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
        && names.any(|name| is_activity(&name))
}

fn is_activity(heading: &str) -> bool {
    ACTIVITY.iter().any(|stem| heading.starts_with(stem))
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
        let has = |stems: &[&str]| stems.iter().any(|stem| heading.contains(stem));
        let known = COLUMNS.iter().find(|(stems, ..)| has(stems));
        let colour = COLOURS.iter().position(|stems| has(&LIGHT) && has(stems));
        let mut field = if is_activity(heading) {
            Field::new(index, "activity", Quantity::Activity, "{count}")
        } else if has(&OFF_WRIST) {
            Field::new(index, "off_wrist", Quantity::WearSensor, "1")
        } else if let Some((name, quantity, unit)) = colour.and_then(|colour| LIGHTS.get(colour)) {
            Field::new(index, *name, *quantity, unit)
        } else if let Some((_, name, quantity, unit)) = known {
            Field::new(index, *name, *quantity, unit)
        } else if has(&STATUS) {
            let mut field = Field::new(index, "interval_status", Quantity::Other, "1");
            field.reading = Reading::Words(status);
            field
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
pub(crate) fn status(text: &str) -> Cell {
    let word = text.trim().to_lowercase();
    let begins = |stems: &[&str]| stems.iter().any(|stem| word.starts_with(stem));
    // Rest that the program scores as sleep has an S before or behind its word.
    let is_sleep = word.ends_with("-s")
        || word.starts_with("s-")
        || begins(&["sleep", "repos-s", "slaap", "睡眠"]);
    if begins(&[
        "active",
        "activ",
        "actief",
        "aktiv",
        "attiv",
        "ativ",
        "活動",
        "アクティブ",
    ]) {
        Cell::Value(0.0)
    } else if is_sleep {
        Cell::Value(2.0)
    } else if begins(&[
        "rest", "repos", "ruhe", "rust", "descanso", "riposo", "repouso", "休息", "安静",
    ]) {
        Cell::Value(1.0)
    } else if begins(&[
        "exclu",
        "ausgeschl",
        "uitgezonderd",
        "uitgesloten",
        "esclus",
        "excluí",
        "除外",
    ]) {
        Cell::Value(3.0)
    } else {
        match Cell::number(text) {
            Cell::Missing => Cell::Missing,
            Cell::Value(_) | Cell::Bad => Cell::Bad,
        }
    }
}
