//! Tables of text with one epoch per row: separators, quotes, decimal commas, words for "missing".
//!
//! Formats say with a [`Layout`] what the columns are; this reads the rows. It must never know a format.

use super::error::{Error, Place};
use super::grid::Grid;
use super::lines::{Line, Lines, Spot};
use super::numbers::{Marks, finite};
use super::options::Options;
use super::people::{People, Subject};
use super::stamp::{self, Calendar, Moment};
use super::{Channel, Content, Damage, Damages, Member, Quantity};

pub(crate) use super::columns::COLUMNS_MAX;

/// Characters of a name or a serial number that are kept; real ones have a dozen.
const NAME_CHARS_MAX: usize = 64;

/// What programs print where there is no value, in lower case.
const MISSING: [&str; 15] = [
    "", "nan", "na", "n/a", "kz", "null", "none", "-", "--", ".", "#n/a", "#value!", "missing",
    "nil", "\\n",
];

/// Whether a cell says that there is no value.
pub(crate) fn is_missing(text: &str) -> bool {
    MISSING.iter().any(|word| text.eq_ignore_ascii_case(word))
}

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
        if is_missing(text) {
            return Self::Missing;
        }
        Self::Bad
    }
}

/// How the cells of a column are read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reading {
    /// As numbers, whose commas and points the column tells.
    Numbers,
    /// As words of the format.
    Words(fn(&str) -> Cell),
}

/// A column that becomes a channel.
pub(crate) struct Field {
    pub(crate) index: usize,
    pub(crate) name: String,
    pub(crate) quantity: Quantity,
    pub(crate) unit: &'static str,
    pub(crate) reading: Reading,
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
            reading: Reading::Numbers,
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
    /// The same, and one for the seconds elapsed at the end of the epoch, of which each has so many; they tell the
    /// seconds of a time of day that has none.
    Elapsed {
        date: usize,
        time: usize,
        elapsed: usize,
        epoch_s: i64,
    },
}

/// What the columns of a table are.
pub(crate) struct Layout {
    pub(crate) separator: char,
    pub(crate) when: When,
    pub(crate) subject: Option<Subject>,
    pub(crate) fields: Vec<Field>,
    pub(crate) epoch_s: Option<u32>,
    pub(crate) calendar: Calendar,
}

/// What the rows of a table became for one person.
pub(crate) struct Rows {
    pub(crate) channels: Vec<Channel>,
    pub(crate) utc_offset_s: Option<i32>,
    pub(crate) damages: Damages,
}

/// Reads the rows of one person to the end of the file; `first` is a row that was read already.
pub(crate) fn read(
    format: &'static str,
    layout: Layout,
    first: Option<(Spot, String)>,
    lines: &mut Lines<'_>,
) -> Result<Rows, Error> {
    let people = read_people(format, layout, first, lines)?;
    let one = people.into_iter().next().map(|(_, rows)| rows);
    one.ok_or(Error::Empty { format })
}

/// Reads rows to the end of the file, for each person apart; what befell the file as a whole is told with the
/// first of them.
pub(crate) fn read_people(
    format: &'static str,
    mut layout: Layout,
    first: Option<(Spot, String)>,
    lines: &mut Lines<'_>,
) -> Result<Vec<(String, Rows)>, Error> {
    let mut taking = Taking::new(&layout);
    if let Some((spot, text)) = first {
        taking.take(&mut layout, spot, &text)?;
    }
    while let Some(Line { spot, text }) = lines.next_line()? {
        taking.take(&mut layout, spot, &text)?;
    }
    taking.finish(format, layout, lines.spot())
}

/// Says the local civil second of a row by its cells.
pub(crate) type Seconds<'a> = dyn FnMut(&[&str]) -> Option<i64> + 'a;

/// Reads rows whose times the format tells, for each person apart, with all that befell the file.
pub(crate) fn read_numbered(
    format: &'static str,
    (fields, subject, epoch_s): (Vec<Field>, Option<Subject>, u32),
    mut lines: Lines<'_>,
    second: &mut Seconds<'_>,
) -> Result<Vec<(String, Rows)>, Error> {
    let mut layout = Layout {
        separator: ',',
        when: When::Stamp(0),
        subject,
        fields,
        epoch_s: Some(epoch_s),
        calendar: Calendar::default(),
    };
    let mut taking = Taking::new(&layout);
    while let Some(Line { spot, text }) = lines.next_line()? {
        if !is_blank(&text) {
            let cells = split(&text, layout.separator);
            let moment = second(&cells).and_then(|second| layout.calendar.moment_at(second));
            taking.place(&layout, spot, &cells, moment)?;
        }
    }
    let mut people = taking.finish(format, layout, lines.spot())?;
    if let Some((_, rows)) = people.first_mut() {
        rows.damages = lines.finish(std::mem::take(&mut rows.damages));
    }
    Ok(people)
}

/// Reads rows to the end of the file, for each person apart, with all that befell the file.
pub(crate) fn read_all(
    format: &'static str,
    layout: Layout,
    first: Option<(Spot, String)>,
    mut lines: Lines<'_>,
) -> Result<Vec<(String, Rows)>, Error> {
    let mut people = read_people(format, layout, first, &mut lines)?;
    if let Some((_, rows)) = people.first_mut() {
        rows.damages = lines.finish(std::mem::take(&mut rows.damages));
    }
    Ok(people)
}

/// What a file holds whose people a column may tell apart.
pub(crate) fn content(
    format: &'static str,
    subject: Option<Subject>,
    mut members: Vec<Member>,
) -> Result<Content, Error> {
    if let (2.., Some(subject)) = (members.len(), subject) {
        let column = subject.heading;
        return Ok(Content::Several { column, members });
    }
    let one = members.pop().ok_or(Error::Empty { format })?;
    Ok(Content::Epochs(one.recording))
}

/// The rows of a table while they come.
struct Taking {
    grid: Grid,
    people: People,
    damages: Damages,
    row: Vec<f64>,
    /// What the numbers of each column look like.
    marks: Vec<Marks>,
    /// Rows without a readable time or person.
    unplaced: usize,
    /// Rows whose main activity is no number.
    unreadable: usize,
}

impl Taking {
    fn new(layout: &Layout) -> Self {
        Self {
            grid: Grid::new(layout.fields.len(), layout.epoch_s),
            people: People::default(),
            damages: Damages::default(),
            row: Vec::with_capacity(layout.fields.len()),
            marks: layout.fields.iter().map(|_| Marks::default()).collect(),
            unplaced: 0,
            unreadable: 0,
        }
    }

    /// Reads one row.
    fn take(&mut self, layout: &mut Layout, spot: Spot, text: &str) -> Result<(), Error> {
        if is_blank(text) {
            return Ok(());
        }
        let cells = split(text, layout.separator);
        let cell = |index: usize| cells.get(index).copied();
        let moment =
            match layout.when {
                When::Stamp(index) => cell(index).and_then(|stamp| layout.calendar.moment(stamp)),
                When::Split { date, time } => cell(date)
                    .zip(cell(time))
                    .and_then(|(date, time)| layout.calendar.moment_of(date, time)),
                When::Elapsed {
                    date,
                    time,
                    elapsed,
                    epoch_s,
                } => cell(date).zip(cell(time)).zip(cell(elapsed)).and_then(
                    |((date, time), elapsed)| {
                        let whole = seconds_added(time, stamp::figure(elapsed, 9)? - epoch_s);
                        layout.calendar.moment_of(date, &whole)
                    },
                ),
            };
        self.place(layout, spot, &cells, moment)
    }

    /// Keeps a row at its moment.
    fn place(
        &mut self,
        layout: &Layout,
        spot: Spot,
        cells: &[&str],
        moment: Option<Moment>,
    ) -> Result<(), Error> {
        let is_whole = |field: &Field| field.index < cells.len();
        let cell = |index: usize| cells.get(index).copied();
        // A row that ends with its time may end within it.
        let moment = moment.filter(|_| layout.fields.iter().any(is_whole));
        let Some(moment) = moment else {
            let message = "expected a row with its time and values";
            self.damages.push(spot.damage("malformed_line", message));
            self.unplaced += 1;
            return Ok(());
        };
        let person = match &layout.subject {
            None => Some(0),
            Some(subject) => self.people.number(subject, cell(subject.index))?,
        };
        let Some(person) = person else {
            let message = "the row does not say whose it is";
            self.damages.push(spot.damage("malformed_line", message));
            self.unplaced += 1;
            return Ok(());
        };
        self.values(&layout.fields, cells, spot);
        self.grid.push(spot, person, moment, &self.row)
    }

    fn values(&mut self, fields: &[Field], cells: &[&str], spot: Spot) {
        self.row.clear();
        let row = self.grid.rows();
        for (index, (field, marks)) in fields.iter().zip(&mut self.marks).enumerate() {
            let said = match (cells.get(field.index), field.reading) {
                (None, _) => Cell::Bad,
                (Some(cell), Reading::Numbers) => marks.read(cell, row),
                (Some(cell), Reading::Words(read)) => read(cell),
            };
            self.row.push(match said {
                Cell::Value(value) if value < 0.0 && is_amount(field.quantity) => {
                    let message = format!(
                        "negative value in the column {}, taken as missing",
                        field.name
                    );
                    self.damages.push(spot.damage("negative_value", message));
                    f64::NAN
                }
                Cell::Value(value) => value,
                Cell::Missing | Cell::Bad => f64::NAN,
            });
            if said == Cell::Bad && field.is_strict {
                let message = format!("no value in the column {}", field.name);
                self.damages.push(spot.damage("malformed_value", message));
                self.unreadable += usize::from(index == 0);
            }
        }
    }

    fn finish(
        mut self,
        format: &'static str,
        layout: Layout,
        end: Spot,
    ) -> Result<Vec<(String, Rows)>, Error> {
        let rows = self.grid.rows() + self.unplaced;
        let is_counter = layout
            .subject
            .as_ref()
            .is_some_and(|subject| self.people.are_rows(subject, &self.grid));
        if is_counter {
            self.grid.join();
            self.people = People::default();
        }
        let utc_offset_s = layout.calendar.offset_s();
        let days = layout.calendar.settle();
        if days.is_guessed {
            let spot = Spot { line: 1, byte: 0 };
            self.damages.push(spot.damage(
                "ambiguous_date",
                "no date tells day from month; the day was taken to come first",
            ));
        }
        let dated = self.grid.rows();
        self.grid.settle(&self.marks);
        let (placed, undated) = self.grid.finish(&days.numbers)?;
        self.damages = self.damages.and(undated.damages);
        let lost: usize = placed.iter().map(|placed| placed.lost).sum();
        let Some(first) = placed.first() else {
            return Err(no_grid(format, end, &self.damages));
        };
        let worst = self.damages.first.first().or(first.damages.first.first());
        let unread = self.unplaced + undated.rows + lost;
        refuse_when_much_is_lost(format, (unread, rows), worst)?;
        refuse_when_much_is_lost(format, (self.unreadable, dated), worst)?;
        let mut all = Vec::with_capacity(placed.len());
        for placed in placed {
            let name = self.people.name(placed.person);
            let damages = std::mem::take(&mut self.damages).and(placed.damages);
            let channels = channels(
                &layout.fields,
                placed.columns,
                (placed.start_s, placed.epoch_s),
            );
            if channels.is_empty() {
                return Err(Error::Empty { format });
            }
            let rows = Rows {
                channels,
                utc_offset_s,
                damages,
            };
            all.push((name, rows));
        }
        Ok(all)
    }
}

/// A time of day with the seconds that have elapsed within its minute, where it prints none.
fn seconds_added(time: &str, elapsed_s: i64) -> String {
    if time.matches(':').count() == 1 && elapsed_s >= 0 {
        format!("{time}:{:02}", elapsed_s % 60)
    } else {
        time.to_owned()
    }
}

/// Share of the rows or values of a file that may be lost: one in this many. What remains of a file of which more
/// is lost must not pass for the recording.
const LOST_ONE_IN: usize = 10;

/// Rows that may be lost whatever their share, as a heading repeated in a short table.
const LOST_ALWAYS: usize = 2;

/// Refuses a file of which so many of all rows are lost that it is not what it was taken for.
pub(crate) fn refuse_when_much_is_lost(
    format: &'static str,
    (lost, rows): (usize, usize),
    worst: Option<&Damage>,
) -> Result<(), Error> {
    let Some(damage) = worst.filter(|_| lost > LOST_ALWAYS && LOST_ONE_IN * lost > rows) else {
        return Ok(());
    };
    let advice = match damage.code {
        "repeated_time" => {
            "if the table holds several people, name the column that tells them apart with subject=column"
        }
        "time_jump" => "remove the rows from before the clock was set",
        "time" => "sort the rows by their times",
        "malformed_value" => {
            "check which column holds the activity, and what stands for missing values"
        }
        _ => "check the separator, the column of times and how it writes them",
    };
    Err(Error::Malformed {
        format,
        place: Place::Line(damage.line.unwrap_or_default()),
        message: format!(
            "{lost} of {rows} rows are lost, which is too many to use the rest ({}); {advice}",
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

fn channels(
    fields: &[Field],
    columns: Vec<Vec<f64>>,
    (start_s, epoch_s): (i64, u32),
) -> Vec<Channel> {
    fields
        .iter()
        .zip(columns)
        .filter(|(field, values)| field.is_strict || values.iter().any(|value| !value.is_nan()))
        .map(|(field, values)| Channel {
            name: field.name.clone(),
            quantity: field.quantity,
            unit: field.unit,
            start_s,
            epoch_s,
            values,
        })
        .collect()
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
