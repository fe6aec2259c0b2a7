//! Tables of text with one epoch per row: separators, quotes, decimal commas, words for "missing".
//!
//! Formats say with a [`Layout`] what the columns are; this reads the rows. It must never know a format.

use super::error::{Error, Place};
use super::grid::{Grid, Placed};
use super::lines::{Line, Lines, Spot};
use super::options::Options;
use super::stamp::Calendar;
use super::{Channel, Damages, Quantity};

pub(crate) use super::columns::COLUMNS_MAX;

/// Characters of a name or a serial number that are kept; real ones have a dozen.
const NAME_CHARS_MAX: usize = 64;

/// What programs print where there is no value, in lower case.
const MISSING: [&str; 9] = ["", "nan", "na", "n/a", "kz", "null", "none", "-", "--"];

/// What a cell says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell {
    Value(f64),
    Missing,
    Bad,
}

impl Cell {
    /// A finite number with a point or a comma before its decimals.
    pub(crate) fn number(text: &str) -> Self {
        let text = text.trim();
        if let Some(value) = finite(text) {
            return Self::Value(value);
        }
        if text.len() <= NAME_CHARS_MAX && text.matches(',').count() == 1 && !text.contains('.') {
            return finite(&text.replace(',', ".")).map_or(Self::Bad, Self::Value);
        }
        if MISSING.iter().any(|word| text.eq_ignore_ascii_case(word)) {
            return Self::Missing;
        }
        Self::Bad
    }
}

fn finite(text: &str) -> Option<f64> {
    let value: f64 = fast_float2::parse(text).ok()?;
    value.is_finite().then_some(value)
}

/// A column that becomes a channel.
pub(crate) struct Field {
    pub(crate) index: usize,
    pub(crate) name: String,
    pub(crate) quantity: Quantity,
    pub(crate) unit: &'static str,
    pub(crate) parse: fn(&str) -> Cell,
    /// False for columns that nobody vouched for: what is no number there is missing, not damaged.
    pub(crate) is_strict: bool,
}

impl Field {
    /// A column of numbers.
    pub(crate) fn new(
        index: usize,
        name: impl Into<String>,
        quantity: Quantity,
        unit: &'static str,
    ) -> Self {
        Self {
            index,
            name: name.into(),
            quantity,
            unit,
            parse: Cell::number,
            is_strict: true,
        }
    }
}

/// Where the time of a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// Date and time in one column.
    Stamp(usize),
    /// A column for the date and one for the time of day.
    Split { date: usize, time: usize },
}

/// What the columns of a table are.
pub(crate) struct Layout {
    pub(crate) separator: char,
    pub(crate) when: When,
    pub(crate) fields: Vec<Field>,
    pub(crate) epoch_s: Option<u32>,
    pub(crate) calendar: Calendar,
}

/// What the rows of a table became.
pub(crate) struct Rows {
    pub(crate) channels: Vec<Channel>,
    pub(crate) utc_offset_s: Option<i32>,
}

/// Reads rows to the end of the file; `first` is a row that was read already.
pub(crate) fn read(
    format: &'static str,
    mut layout: Layout,
    first: Option<(Spot, String)>,
    lines: &mut Lines<'_>,
    damages: &mut Damages,
) -> Result<Rows, Error> {
    let mut grid = Grid::new(layout.fields.len(), layout.epoch_s);
    let mut row = Vec::with_capacity(layout.fields.len());
    if let Some((spot, text)) = first {
        layout.take(spot, &text, &mut row, &mut grid, damages)?;
    }
    while let Some(Line { spot, text }) = lines.next_line()? {
        layout.take(spot, &text, &mut row, &mut grid, damages)?;
    }
    let Some(placed) = grid.finish(damages)? else {
        return Err(no_grid(format, lines.spot(), damages));
    };
    refuse_when_most_is_lost(format, &placed, damages)?;
    let origin_s = layout.calendar.origin_s();
    if layout.calendar.is_guessed() {
        let spot = Spot { line: 1, byte: 0 };
        damages.push(spot.damage(
            "ambiguous_date",
            "no date tells day from month; the day was taken to come first",
        ));
    }
    let channels = channels(layout.fields, placed, origin_s);
    if channels.is_empty() {
        return Err(Error::Empty { format });
    }
    Ok(Rows {
        channels,
        utc_offset_s: layout.calendar.offset_s(),
    })
}

/// A file of which most rows have no place in time is not what it was taken for, or the clock of its first
/// rows was wrong; what little remains must not pass for the recording.
fn refuse_when_most_is_lost(
    format: &'static str,
    placed: &Placed,
    damages: &Damages,
) -> Result<(), Error> {
    let (lost, rows) = (placed.lost, placed.rows);
    let Some(damage) = damages.first.first().filter(|_| 2 * lost > rows) else {
        return Ok(());
    };
    Err(Error::Malformed {
        format,
        place: Place::Line(damage.line.unwrap_or_default()),
        message: format!(
            "{lost} of {rows} rows have no place in time after the first one ({}); remove rows from before \
             the clock was set, and sort the others",
            damage.message
        ),
    })
}

/// Why there is no grid: no row at all, or a single one.
fn no_grid(format: &'static str, spot: Spot, damages: &Damages) -> Error {
    if spot.line <= 1 && damages.count == 0 {
        return Error::Empty { format };
    }
    let message = match damages.first.first() {
        Some(damage) => format!(
            "no row with a time was found; line {}: {}",
            damage.line.unwrap_or_default(),
            damage.message
        ),
        None => "no two rows tell the length of an epoch; state it".to_owned(),
    };
    Error::Malformed {
        format,
        place: Place::Line(spot.line),
        message,
    }
}

fn channels(fields: Vec<Field>, placed: Placed, origin_s: i64) -> Vec<Channel> {
    fields
        .into_iter()
        .zip(placed.columns)
        .filter(|(field, values)| field.is_strict || values.iter().any(|value| !value.is_nan()))
        .map(|(field, values)| Channel {
            name: field.name,
            quantity: field.quantity,
            unit: field.unit,
            start_s: origin_s + placed.start_s,
            epoch_s: placed.epoch_s,
            values,
        })
        .collect()
}

impl Layout {
    /// Reads one row into the grid.
    fn take(
        &mut self,
        spot: Spot,
        text: &str,
        row: &mut Vec<f64>,
        grid: &mut Grid,
        damages: &mut Damages,
    ) -> Result<(), Error> {
        if is_blank(text) {
            return Ok(());
        }
        let cells = split(text, self.separator);
        let cell = |index: usize| cells.get(index).copied();
        let second = match self.when {
            When::Stamp(index) => cell(index).and_then(|stamp| self.calendar.stamp(stamp)),
            When::Split { date, time } => cell(date)
                .zip(cell(time))
                .and_then(|(date, time)| self.calendar.second(date, time)),
        };
        let Some(second) = second else {
            damages.push(spot.damage("malformed_line", "expected a row that begins with its time"));
            grid.lose_row();
            return Ok(());
        };
        row.clear();
        for field in &self.fields {
            let said = cell(field.index).map_or(Cell::Bad, field.parse);
            row.push(match said {
                Cell::Value(value) if value < 0.0 && is_amount(field.quantity) => {
                    let message = format!(
                        "negative value in the column {}, taken as missing",
                        field.name
                    );
                    damages.push(spot.damage("negative_value", message));
                    f64::NAN
                }
                Cell::Value(value) => value,
                Cell::Missing | Cell::Bad => f64::NAN,
            });
            if said == Cell::Bad && field.is_strict {
                let message = format!("no value in the column {}", field.name);
                damages.push(spot.damage("malformed_value", message));
            }
        }
        grid.push(spot, second, row, damages)
    }
}

/// Whether a quantity cannot be negative, so that such a value stands for a missing one.
fn is_amount(quantity: Quantity) -> bool {
    matches!(
        quantity,
        Quantity::Activity
            | Quantity::Light
            | Quantity::LightBand
            | Quantity::Steps
            | Quantity::HeartRate
    )
}

fn is_blank(text: &str) -> bool {
    text.bytes()
        .all(|byte| matches!(byte, b' ' | b'\t' | b',' | b';' | b'"'))
}

/// The cells of a row, trimmed and without their quotes; at most [`COLUMNS_MAX`].
pub(crate) fn split(text: &str, separator: char) -> Vec<&str> {
    let mut is_quoted = false;
    text.split(move |letter| {
        is_quoted ^= letter == '"';
        letter == separator && !is_quoted
    })
    .take(COLUMNS_MAX)
    .map(unquoted)
    .collect()
}

fn unquoted(cell: &str) -> &str {
    let cell = cell.trim();
    let inner = cell
        .strip_prefix('"')
        .and_then(|cell| cell.strip_suffix('"'));
    inner.unwrap_or(cell).trim()
}

/// The separator of a row: a tab or a semicolon where it cuts anything, else a comma, which may also
/// stand before decimals.
pub(crate) fn separator(text: &str) -> char {
    ['\t', ';']
        .into_iter()
        .find(|separator| split(text, *separator).len() > 1)
        .unwrap_or(',')
}

/// A name in lower snake case, of letters and digits; never empty.
pub(crate) fn snake(text: &str) -> String {
    let mut name = String::new();
    for letter in text.chars().take(NAME_CHARS_MAX) {
        if letter.is_alphanumeric() {
            name.extend(letter.to_lowercase());
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
    }
    name.truncate(name.trim_end_matches('_').len());
    if name.is_empty() {
        name.push_str("unnamed");
    }
    name
}

/// A name that no field has yet: `light`, then `light_2`.
pub(crate) fn unique(name: String, fields: &[Field]) -> String {
    let is_taken = |name: &str| fields.iter().any(|field| field.name == name);
    if !is_taken(&name) {
        return name;
    }
    (2..=COLUMNS_MAX + 1)
        .map(|number| format!("{name}_{number}"))
        .find(|name| !is_taken(name))
        .unwrap_or(name)
}

/// A short word of a header, or `None` where it is empty.
pub(crate) fn word(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.chars().take(NAME_CHARS_MAX).collect())
}

/// Puts the main activity first.
pub(crate) fn activity_first(fields: &mut [Field]) {
    fields.sort_by_key(|field| field.quantity != Quantity::Activity);
}

/// The refusal of a file whose heading was not found.
pub(crate) fn malformed(format: &'static str, spot: Spot, message: impl Into<String>) -> Error {
    Error::Malformed {
        format,
        place: Place::Line(spot.line),
        message: message.into(),
    }
}

/// The epoch's length that was asked for, or else the one that the file states.
pub(crate) fn epoch_s(options: &Options<'_>, stated: Option<u32>) -> Option<u32> {
    options
        .epoch_s
        .or(stated.filter(|seconds| (1..=super::error::EPOCH_S_MAX).contains(&i64::from(*seconds))))
}
