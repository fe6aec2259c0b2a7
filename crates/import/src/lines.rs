//! Tables of text: a date and a column for each type, or a type, a time and a value in each line.
//!
//! *Structure*: fields are separated by comma, semicolon or tab and may be quoted (RFC 4180); a heading
//! names the columns. Numbers, dates and clocks are read as spreadsheets of any country print them.
//! What a number alone does not say (`8,412`, `03/04/2026`) the rest of the table may; what it does not
//! say either is refused. Lines that cannot be read are counted with their number; the others are kept.

mod heading;

use std::ops::ControlFlow;

use csv::{ReaderBuilder, StringRecord, Trim};
use model::metric::{self, Kind, Metric};
use model::sample::Flags;

use crate::batch::{Batch, RejectCode, Sink};
use crate::check::Refusal;
use crate::clock::local::{self, Order};
use crate::clock::{self, Moment};
use crate::entry::{self, Frame};
use crate::json::{Json, ReadError};
use crate::lines::heading::{Column, Content, Heading};
use crate::live::{
    Context, ELEMENTS_MAX, Intake, Interval, LINES, MALFORMED, NAMES_FULL, NOT_A_VALUE, Place,
    Summary, TIME_INVALID, TYPE_MISSING, VALUE_MISSING, refusal,
};
use crate::number::{self, NotNumber, Signs};
use crate::tables::Outbox;

const EXPECTED: &str = "a table whose heading names a date and at least one metric, as date,step_count, \
     or the columns type, start, value";

/// The name of the source where no column names one.
const SOURCE: &str = "Import";

const AMBIGUOUS: Refusal = refusal(
    RejectCode::ValueInvalid,
    "the comma or point may be a decimal sign or group thousands; write 8412 or 8412.0",
);
const TOO_WIDE: Refusal = refusal(
    RejectCode::Malformed,
    "the line has more columns than the heading; quote values with a decimal comma, or separate the \
     columns with semicolons",
);

/// Whether the first line of a file has columns.
pub(crate) fn is_meant(head: &[u8]) -> bool {
    let mut lines = head.split(|byte| matches!(byte, b'\n' | b'\r'));
    let line = lines.find(|line| !line.trim_ascii().is_empty());
    let line = line.unwrap_or_default();
    let is_text = line.iter().all(|byte| *byte >= b' ' || *byte == b'\t');
    is_text && line.iter().any(|byte| SEPARATORS.contains(byte))
}

/// Separators, in the order in which they are looked for: a comma may stand inside a heading that is
/// separated by anything else.
const SEPARATORS: [u8; 3] = [b'\t', b';', b','];

/// The separator of a table: the first that stands outside quotes in its heading.
fn separator(text: &str) -> u8 {
    let line = text
        .lines()
        .find(|line| is_content(line))
        .unwrap_or_default();
    let outside: String = line.split('"').step_by(2).collect();
    let found = SEPARATORS
        .iter()
        .find(|separator| outside.as_bytes().contains(separator));
    found.copied().unwrap_or(b',')
}

fn is_content(line: &str) -> bool {
    !line.trim().is_empty() && !line.starts_with('#')
}

/// Reads a table into one batch.
pub(crate) fn read_body(body: &[u8], context: &Context<'_>) -> Result<(Batch, Summary), ReadError> {
    let mut whole = Batch::default();
    let mut sink = |batch: Batch| {
        whole = batch;
        ControlFlow::Continue(())
    };
    let summary = read(body, context, &mut sink)?;
    Ok((whole, summary))
}

/// Reads a table and hands its samples over; on error nothing was handed over.
pub(crate) fn read(
    body: &[u8],
    context: &Context<'_>,
    sink: &mut Sink<'_>,
) -> Result<Summary, ReadError> {
    let text = std::str::from_utf8(body).map_err(|error| ReadError::NotText {
        byte: error.valid_up_to() as u64,
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let context = &Context {
        source: if context.source.is_empty() {
            SOURCE
        } else {
            context.source
        },
        ..*context
    };
    let separator = separator(text);
    let wrong = ReadError::WrongShape { expected: EXPECTED };
    let mut found = None;
    rows(text, separator, &mut |_, row| {
        found = heading_of(row, context);
        ControlFlow::Break(())
    })?;
    let heading = found.ok_or(wrong)?;
    let habits = habits(text, separator, &heading, context)?;
    let mut intake = Intake::new(context, Outbox::for_small(sink), entry::PERCENT);
    for name in &heading.unknown {
        intake.skip(name, "no metric has the name of this column");
    }
    let mut table = Table {
        heading: &heading,
        habits,
        intake: &mut intake,
    };
    let mut is_heading = true;
    rows(text, separator, &mut |line, row| {
        if !std::mem::take(&mut is_heading) {
            table.take(line, row);
        }
        ControlFlow::Continue(())
    })?;
    Ok(intake.finish(body.len()))
}

/// Hands over the rows of a table with their line.
fn rows(
    text: &str,
    separator: u8,
    take: &mut dyn FnMut(u64, &StringRecord) -> ControlFlow<()>,
) -> Result<(), ReadError> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .comment(Some(b'#'))
        .trim(Trim::All)
        .from_reader(text.as_bytes());
    let mut row = StringRecord::new();
    let mut count = 0;
    while reader.read_record(&mut row).is_ok_and(|is_row| is_row) {
        count += 1;
        if count > ELEMENTS_MAX {
            return Err(ReadError::TooMany {
                pointer: "the table".to_owned(),
                max_allowed: ELEMENTS_MAX,
            });
        }
        if row.iter().all(str::is_empty) {
            continue;
        }
        let line = row.position().map_or(0, csv::Position::line);
        if take(line, &row).is_break() {
            break;
        }
    }
    Ok(())
}

/// A first row without a time or number is the heading.
fn heading_of(row: &StringRecord, context: &Context<'_>) -> Option<Heading> {
    let is_datum = |cell: &str| {
        let narrow = number::western(cell);
        narrow.starts_with(|letter: char| letter.is_ascii_digit())
            || clock::read(cell, context.zones.home()).is_some()
    };
    if row.iter().any(is_datum) {
        return None;
    }
    heading::read(&row.iter().collect::<Vec<_>>())
}

/// What the whole table says about how its cells are printed.
#[derive(Debug, Clone, Copy)]
struct Habits {
    signs: Signs,
    order: Order,
    /// Every line stands at the beginning of a day: totals are of days.
    are_days: bool,
}

fn habits(
    text: &str,
    separator: u8,
    heading: &Heading,
    context: &Context<'_>,
) -> Result<Habits, ReadError> {
    let values = heading.values();
    let (mut points, mut commas) = (false, false);
    let (mut days_first, mut months_first) = (false, false);
    let mut is_heading = true;
    rows(text, separator, &mut |_, row| {
        if std::mem::take(&mut is_heading) {
            return ControlFlow::Continue(());
        }
        for cell in values.iter().filter_map(|at| row.get(*at)) {
            match number::evidence(cell) {
                Some(Signs::Point) => points = true,
                Some(_) => commas = true,
                None => {}
            }
        }
        match row.get(heading.start).and_then(local::evidence) {
            Some(Order::DayFirst) => days_first = true,
            Some(Order::MonthFirst) => months_first = true,
            Some(Order::Unknown) | None => {}
        }
        ControlFlow::Continue(())
    })?;
    let signs = match (points, commas) {
        (true, false) => Signs::Point,
        (false, true) => Signs::Comma,
        (false, false) if separator == b';' => Signs::LikelyComma,
        _ => Signs::Unknown,
    };
    let order = match (days_first, months_first) {
        (true, false) => Order::DayFirst,
        (false, true) => Order::MonthFirst,
        _ => Order::Unknown,
    };
    let mut habits = Habits {
        signs,
        order,
        are_days: heading.end.is_none(),
    };
    let mut is_heading = true;
    rows(text, separator, &mut |_, row| {
        if std::mem::take(&mut is_heading) {
            return ControlFlow::Continue(());
        }
        let at = start(row, heading, habits, context);
        habits.are_days &= at.is_none_or(|at| is_start_of_day(at, context));
        if habits.are_days {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    })?;
    Ok(habits)
}

fn is_start_of_day(at: Moment, context: &Context<'_>) -> bool {
    at.is_date || clock::is_start_of_day(at, context.zones.zone_at(at.at_us))
}

/// The time of a row.
fn start(
    row: &StringRecord,
    heading: &Heading,
    habits: Habits,
    context: &Context<'_>,
) -> Option<Moment> {
    let date = row.get(heading.start)?;
    let read = |text: &str| context.placed(|zone| clock::read_ordered(text, zone, habits.order));
    match heading.clock.and_then(|at| row.get(at)) {
        Some(clock) if !clock.is_empty() => read(&format!("{date} {clock}")),
        Some(_) | None => read(date),
    }
}

/// A table while its rows are taken.
struct Table<'t, 'i, 'c, 's, 'f> {
    heading: &'t Heading,
    habits: Habits,
    intake: &'i mut Intake<'c, 's, 'f>,
}

type Refused = (&'static str, Refusal);

/// A cell that is not empty.
fn cell(row: &StringRecord, at: Option<usize>) -> Option<&str> {
    at.and_then(|at| row.get(at))
        .filter(|cell| !cell.is_empty())
}

impl Table<'_, '_, '_, '_, '_> {
    fn take(&mut self, line: u64, row: &StringRecord) {
        let place = Place {
            array: LINES,
            index: line,
        };
        let frame = match self.frame(row) {
            Ok(frame) => frame,
            Err((field, why)) => return self.intake.reject(place, field, None, why),
        };
        let beside = cell(row, self.heading.unit).unwrap_or_default();
        let heading = self.heading;
        let columns = match &heading.content {
            Content::Columns(columns) => columns,
            Content::Typed { type_name, value } => {
                let Some(name) = cell(row, Some(*type_name)) else {
                    return self.intake.reject(place, "type", None, TYPE_MISSING);
                };
                let Some(text) = cell(row, Some(*value)) else {
                    return self.intake.reject(place, "value", None, VALUE_MISSING);
                };
                if let Err((field, why)) = self.value(name, text, beside, frame) {
                    self.intake.reject(place, field, None, why);
                }
                return;
            }
        };
        let mut is_empty = true;
        for column in columns {
            let Some(text) = cell(row, Some(column.at)) else {
                continue;
            };
            is_empty = false;
            if let Err((field, why)) = self.column(column, text, beside, frame) {
                let field = if field == "date" {
                    field
                } else {
                    &column.heading
                };
                self.intake.reject(place, field, None, why);
            }
        }
        if is_empty {
            self.intake.reject(place, "", None, VALUE_MISSING);
        }
    }

    fn frame(&mut self, row: &StringRecord) -> Result<Frame, Refused> {
        let heading = self.heading;
        let mut beyond = row.iter().skip(heading.width);
        if beyond.any(|cell| !cell.is_empty()) {
            return Err(("", TOO_WIDE));
        }
        let context = self.intake.context();
        let start = start(row, heading, self.habits, context).ok_or(("date", TIME_INVALID))?;
        let end = match cell(row, heading.end) {
            None => start,
            Some(text) => context
                .placed(|zone| clock::read_ordered(text, zone, self.habits.order))
                .ok_or(("end", TIME_INVALID))?,
        };
        let name = cell(row, heading.source).unwrap_or_default();
        let source = self
            .intake
            .source_named(name)
            .ok_or(("source", NAMES_FULL))?;
        Ok(Frame {
            at: Interval {
                start_us: start.at_us,
                end_us: end.at_us,
            },
            offset_min: start.offset_min,
            source,
            flags: Flags::NONE,
            is_date: self.habits.are_days,
        })
    }

    fn column(
        &mut self,
        column: &Column,
        text: &str,
        beside: &str,
        frame: Frame,
    ) -> Result<(), Refused> {
        let unit = if column.unit.is_empty() {
            beside
        } else {
            &column.unit
        };
        let frame = Frame {
            flags: frame.flags.with(column.flags),
            ..frame
        };
        self.value(&column.type_name, text, unit, frame)
    }

    fn value(&mut self, name: &str, text: &str, unit: &str, frame: Frame) -> Result<(), Refused> {
        if name == "blood_pressure" {
            return self.pressure(text, unit, frame);
        }
        let is_coded = |metric: &Metric| metric.kind == Kind::Category;
        let is_category = metric::by_name(name).is_some_and(is_coded);
        let (value, unit) = match self.number(text) {
            Ok((value, own)) => (Json::Number(value), if own.is_empty() { unit } else { own }),
            Err(_) if is_category || name == "mood_score" => (Json::Text(text.into()), unit),
            Err(why) => return Err(("value", why)),
        };
        entry::sample(name, &value, unit, frame, None, self.intake).map_err(|(field, _, why)| {
            let is_time = matches!(field, "recorded_at" | "end");
            (if is_time { "date" } else { field }, why)
        })
    }

    fn number<'r>(&self, text: &'r str) -> Result<(f64, &'r str), Refusal> {
        match number::read(text, self.habits.signs) {
            Ok(number) => Ok((number.value, number.unit)),
            Err(NotNumber::Ambiguous) => Err(AMBIGUOUS),
            Err(NotNumber::Text) => Err(NOT_A_VALUE),
        }
    }

    /// `120/80`.
    fn pressure(&mut self, text: &str, unit: &str, frame: Frame) -> Result<(), Refused> {
        let (systolic, diastolic) = text.split_once('/').ok_or(("value", MALFORMED))?;
        let wrong = |why| ("value", why);
        let (systolic, _) = self.number(systolic).map_err(wrong)?;
        let (diastolic, own) = self.number(diastolic).map_err(wrong)?;
        let unit = if own.is_empty() { unit } else { own };
        entry::pressure([systolic, diastolic], unit, frame, None, self.intake)
            .map_err(|(field, _, why)| (field, why))
    }
}
