//! Tables of anybody's making: with declared columns, or with headings that say what they are.
//!
//! *Structure*: lines of text before the table are skipped; the columns are cut by a tab, a semicolon or
//! a comma; times are ISO 8601, `dd/MM/yyyy HH:mm:ss` (or `MM/dd/yyyy`, which the dates themselves tell),
//! or seconds since 1970; decimals have a point or, in quotes or beside semicolons, a comma.
//!
//! *Units*: what the declaration says. Without one only columns with a plain name are trusted
//! (`activity`, `light`, …); others are handed over under their heading as *other* where they are
//! numbers. Columns that tell who the wearer is are left out; one with their pseudonym tells people apart.

use std::io::Read;

use super::columns::{Column, Columns, Role};
use super::error::Error;
use super::lines::{Line, Lines, Spot};
use super::options::Options;
use super::people::{Subject, Told};
use super::stamp::Calendar;
use super::table::{self, Field, Layout, When};
use super::{Blocks, Content, Header, Member, Quantity, Raw, Recording, raw_csv};

/// Name of the format.
pub(crate) const NAME: &str = "table";

/// Lines before the table that are looked through for its heading; programs write some fifty.
const PREAMBLE_LINES_MAX: u64 = 500;

const STAMPS: [&str; 6] = [
    "timestamp",
    "datetime",
    "date_time",
    "date/time",
    "date time",
    "time stamp",
];
/// Headings whose meaning is plain.
const PLAIN: &[(&[&str], Role)] = &[
    (
        &["activity", "count", "counts", "activity_counts"],
        Role::Count,
    ),
    (&["light", "lux", "white light", "white_light"], Role::Light),
    (&["temperature"], Role::Temperature),
    (&["steps"], Role::Steps),
    (&["heart_rate", "heart rate", "bpm"], Role::HeartRate),
    (&["event", "marker"], Role::Event),
];
/// Headings of counts along the axes, as ActiGraph software names them.
const AXES: [&str; 4] = ["axis1", "axis2", "axis3", "vector magnitude"];
/// Words in headings of columns about the wearer.
const PERSONAL: [&str; 8] = [
    "name", "sex", "gender", "birth", "dob", "age", "subject", "patient",
];

/// Whether the first line has a column of times and one of activity, by their plain names.
pub(crate) fn is_meant(head: &[u8]) -> bool {
    let line = head
        .split(|byte| matches!(byte, b'\r' | b'\n'))
        .next()
        .unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let cells = table::split(&line, table::separator(&line));
    let fields = plain_fields(&cells);
    plain_when(&cells).is_some()
        && fields
            .first()
            .is_some_and(|field| field.quantity == Quantity::Activity)
}

/// Reads a file.
pub(crate) fn read(
    input: &mut dyn Read,
    options: &Options<'_>,
    blocks: &mut Blocks<'_>,
) -> Result<Content, Error> {
    let mut lines = Lines::new(input);
    if let Some(columns) = options.columns.filter(|columns| columns.are_raw()) {
        return read_raw(lines, columns, options, blocks).map(Content::Raw);
    }
    let (layout, first) = match options.columns {
        Some(columns) => declared(&mut lines, columns, options)?,
        None => (plain(&mut lines, options)?, None),
    };
    let subject = layout.subject.clone();
    let people = table::read_all(NAME, layout, first, lines)?;
    let members = people.into_iter().map(|(number, rows)| {
        let recording = Recording {
            header: Header {
                format: NAME,
                utc_offset_s: rows.utc_offset_s,
                ..Header::default()
            },
            channels: rows.channels,
            damages: rows.damages,
        };
        Member { number, recording }
    });
    table::content(NAME, subject, members.collect())
}

/// Reads raw acceleration whose columns are declared.
fn read_raw(
    mut lines: Lines<'_>,
    columns: &Columns,
    options: &Options<'_>,
    blocks: &mut Blocks<'_>,
) -> Result<Raw, Error> {
    let has_heading = columns
        .roles()
        .iter()
        .any(|(_, column)| matches!(column, Column::Heading(_)));
    let known = raw_csv::Known {
        header: Header {
            format: NAME,
            ..Header::default()
        },
        rate_hz: options.rate_hz,
        ..raw_csv::Known::default()
    };
    while let Some(Line { spot, text }) = lines.next_line()? {
        if spot.line > PREAMBLE_LINES_MAX {
            break;
        }
        let separator = table::separator(&text);
        let cells = table::split(&text, separator);
        let Some(Located { when, axes, .. }) = located(columns, &cells) else {
            continue;
        };
        let Ok(axes) = axes.try_into() else { break };
        if !has_heading && !is_row(when, &cells) {
            continue;
        }
        let first = (!has_heading).then(|| (spot, text.into_owned()));
        let columns = raw_csv::Columns {
            time: Some(when),
            axes,
        };
        return raw_csv::read_rows(lines, separator, columns, known, first, blocks);
    }
    let message = "no line has all declared columns; check their spelling";
    Err(table::malformed(NAME, lines.spot(), message))
}

/// Finds the line under which the declared columns stand; without headings that is the first row.
fn declared(
    lines: &mut Lines<'_>,
    columns: &Columns,
    options: &Options<'_>,
) -> Result<(Layout, Option<(Spot, String)>), Error> {
    let has_heading = columns
        .roles()
        .iter()
        .any(|(_, column)| matches!(column, Column::Heading(_)));
    while let Some(Line { spot, text }) = lines.next_line()? {
        if spot.line > PREAMBLE_LINES_MAX {
            break;
        }
        let separator = table::separator(&text);
        let cells = table::split(&text, separator);
        let Some(Located {
            when,
            mut subject,
            fields,
            ..
        }) = located(columns, &cells)
        else {
            continue;
        };
        if has_heading && subject.is_none() {
            let undeclared = Subject::of(&cells);
            subject = undeclared
                .filter(|subject| fields.iter().all(|field| field.index != subject.index));
        }
        let layout = Layout {
            separator,
            when,
            subject,
            fields,
            epoch_s: table::epoch_s(options, None),
            calendar: Calendar::default(),
        };
        if has_heading {
            return Ok((layout, None));
        }
        if is_row(when, &cells) {
            return Ok((layout, Some((spot, text.into_owned()))));
        }
    }
    let message = if has_heading {
        "no line has all declared headings; check their spelling"
    } else {
        "no line has a time in the declared column"
    };
    Err(table::malformed(NAME, lines.spot(), message))
}

fn is_row(when: When, cells: &[&str]) -> bool {
    let cell = |index: usize| cells.get(index).copied().unwrap_or_default();
    let mut calendar = Calendar::default();
    let moment = match when {
        When::Stamp(index) => calendar.moment(cell(index)),
        When::Split { date, time } | When::Elapsed { date, time, .. } => {
            calendar.moment_of(cell(date), cell(time))
        }
    };
    moment.is_some()
}

/// The declared columns at their places.
struct Located {
    when: When,
    subject: Option<Subject>,
    fields: Vec<Field>,
    axes: Vec<usize>,
}

/// The declared columns at their places in a line, if it has them all.
fn located(columns: &Columns, cells: &[&str]) -> Option<Located> {
    let (mut date, mut time, mut subject, mut fields) = (None, None, None, Vec::new());
    let mut axes = Vec::new();
    for (role, column) in columns.roles() {
        let index = match column {
            Column::Number(number) => number.checked_sub(1).filter(|index| *index < cells.len())?,
            Column::Heading(heading) => {
                let wanted = heading.to_lowercase();
                cells
                    .iter()
                    .position(|cell| cell.to_lowercase() == wanted)?
            }
        };
        match role {
            Role::Time => time = Some(index),
            Role::Date => date = Some(index),
            Role::Subject => {
                subject = Some(Subject {
                    index,
                    heading: column.to_string(),
                    told: Told::Declared,
                });
            }
            Role::Axis(axis) => axes.push((*axis, index)),
            Role::Count
            | Role::Light
            | Role::Temperature
            | Role::Steps
            | Role::HeartRate
            | Role::Event
            | Role::Sleep
            | Role::Worn
            | Role::Other(_) => fields.push(field(index, role)),
        }
    }
    if !columns.are_raw() {
        // An axis alone is a number like any other.
        let named = axes
            .iter()
            .map(|(axis, index)| (index, ["x", "y", "z"].get(usize::from(*axis))));
        fields
            .extend(named.filter_map(|(index, name)| {
                Some(field(*index, &Role::Other((*name?).to_owned())))
            }));
    }
    axes.sort_unstable();
    table::activity_first(&mut fields);
    let when = match (date, time?) {
        (Some(date), time) => When::Split { date, time },
        (None, time) => When::Stamp(time),
    };
    Some(Located {
        when,
        subject,
        fields,
        axes: axes.iter().map(|(_, index)| *index).collect(),
    })
}

fn field(index: usize, role: &Role) -> Field {
    let (name, quantity, unit) = match role {
        Role::Count => ("activity", Quantity::Activity, "{count}"),
        Role::Light => ("light", Quantity::Light, "lx"),
        Role::Temperature => ("temperature", Quantity::Temperature, "Cel"),
        Role::Steps => ("steps", Quantity::Steps, "{step}"),
        Role::HeartRate => ("heart_rate", Quantity::HeartRate, "/min"),
        Role::Event => ("event", Quantity::Event, "{event}"),
        Role::Sleep => ("sleep", Quantity::DeviceScore, "1"),
        Role::Worn => ("worn", Quantity::WearSensor, "1"),
        Role::Other(name) => return Field::new(index, table::snake(name), Quantity::Other, "1"),
        Role::Time | Role::Date | Role::Subject | Role::Axis(_) => ("time", Quantity::Other, "1"),
    };
    Field::new(index, name, quantity, unit)
}

/// Reads the heading of a table that was not declared.
fn plain(lines: &mut Lines<'_>, options: &Options<'_>) -> Result<Layout, Error> {
    let Some(Line { spot, text }) = lines.next_line()? else {
        return Err(Error::Empty { format: NAME });
    };
    let separator = table::separator(&text);
    let cells = table::split(&text, separator);
    let fields = plain_fields(&cells);
    let Some(when) = plain_when(&cells).filter(|_| !fields.is_empty()) else {
        let message = "expected a heading with timestamp and activity; or declare the columns";
        return Err(table::malformed(NAME, spot, message));
    };
    Ok(Layout {
        separator,
        when,
        subject: Subject::of(&cells),
        fields,
        epoch_s: table::epoch_s(options, None),
        calendar: Calendar::default(),
    })
}

fn plain_when(cells: &[&str]) -> Option<When> {
    let position = |name: &str| {
        cells
            .iter()
            .position(|cell| cell.eq_ignore_ascii_case(name))
    };
    let stamp = STAMPS.iter().find_map(|name| position(name));
    match (stamp, position("date"), position("time")) {
        (Some(stamp), ..) => Some(When::Stamp(stamp)),
        (None, Some(date), Some(time)) => Some(When::Split { date, time }),
        (None, None, Some(time)) => Some(When::Stamp(time)),
        (None, _, None) => None,
    }
}

fn plain_fields(cells: &[&str]) -> Vec<Field> {
    let mut fields = Vec::new();
    for (index, cell) in cells.iter().enumerate() {
        let heading = cell.to_lowercase();
        let is_time = heading == "date" || heading == "time" || STAMPS.contains(&heading.as_str());
        if heading.is_empty() || is_time || is_personal(&heading) || Subject::is_name(&heading) {
            continue;
        }
        let known = PLAIN
            .iter()
            .find(|(names, _)| names.contains(&heading.as_str()));
        let mut field = match known {
            Some((_, role)) => field(index, role),
            None if AXES.contains(&heading.as_str()) => {
                let name = table::snake(&heading);
                Field::new(index, name, Quantity::Activity, "{count}")
            }
            None => Field {
                is_strict: false,
                ..Field::new(index, table::snake(&heading), Quantity::Other, "1")
            },
        };
        field.name = table::unique(field.name, &fields);
        fields.push(field);
    }
    table::activity_first(&mut fields);
    fields
}

fn is_personal(heading: &str) -> bool {
    heading
        .split(|letter: char| !letter.is_alphanumeric())
        .any(|word| PERSONAL.contains(&word))
}
