//! Lines of text: `date,value` with the type in the heading, or a heading that names the columns.
//!
//! Lines that cannot be read are counted with their number; the others are kept.

use std::ops::ControlFlow;

use model::sample::Flags;
use model::zone::Zone;

use crate::batch::{Batch, RejectCode, Sink};
use crate::check::Refusal;
use crate::clock;
use crate::entry::{self, Frame};
use crate::json::{Json, ReadError};
use crate::live::{
    Context, ELEMENTS_MAX, Intake, Interval, LINES, NAMES_FULL, NOT_A_VALUE, Place, Summary,
    TIME_INVALID, TYPE_MISSING, VALUE_MISSING, refusal,
};
use crate::tables::Outbox;

const EXPECTED_LINES: &str = "lines of date,value under a heading that names the type";

/// The columns of the lines, by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Columns {
    start: usize,
    end: Option<usize>,
    value: usize,
    unit: Option<usize>,
    type_name: Option<usize>,
    source: Option<usize>,
}

const PLAIN: Columns = Columns {
    start: 0,
    end: None,
    value: 1,
    unit: Some(2),
    type_name: None,
    source: None,
};

/// The name of the source where no column names one.
const SOURCE: &str = "Import";

/// Whether the first line of a file has columns.
pub(crate) fn is_meant(head: &[u8]) -> bool {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let is_text = line
        .iter()
        .all(|byte| *byte >= b' ' || matches!(byte, b'\r' | b'\t'));
    is_text && line.iter().any(|byte| matches!(byte, b',' | b';' | b'\t'))
}

/// Reads lines into one batch.
pub(crate) fn read_body(body: &[u8], context: &Context<'_>) -> Result<(Batch, Summary), ReadError> {
    let mut whole = Batch::default();
    let mut sink = |batch: Batch| {
        whole = batch;
        ControlFlow::Continue(())
    };
    let summary = read(body, context, &mut sink)?;
    Ok((whole, summary))
}

/// Reads lines of `date,value[,unit]` or `start,end,value[,unit]` under a heading that names the
/// columns; on error nothing was handed over.
pub fn read(body: &[u8], context: &Context<'_>, sink: &mut Sink<'_>) -> Result<Summary, ReadError> {
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
    let mut intake = Intake::new(context, Outbox::for_small(sink), entry::PERCENT);
    let mut columns = PLAIN;
    let mut headed: Option<String> = None;
    let mut is_first = true;
    for (number, line) in (1_u64..).zip(text.lines()) {
        if number > ELEMENTS_MAX {
            let pointer = "the text".to_owned();
            return Err(ReadError::TooMany {
                pointer,
                max_allowed: ELEMENTS_MAX,
            });
        }
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if std::mem::take(&mut is_first)
            && let Some((found, name)) = heading(line, context.zone)
        {
            (columns, headed) = (found, name);
            continue;
        }
        if columns.type_name.is_none() && headed.is_none() {
            return Err(ReadError::WrongShape {
                expected: EXPECTED_LINES,
            });
        }
        if let Err((field, why)) = take_line(line, columns, headed.as_deref(), &mut intake) {
            let place = Place {
                array: LINES,
                index: number,
            };
            intake.reject(place, field, None, why);
        }
    }
    Ok(intake.finish(body.len()))
}

/// A first line without a time is a heading. `date,step_count` names the type in place of a value.
fn heading(line: &str, zone: &Zone) -> Option<(Columns, Option<String>)> {
    let names: Vec<String> = split(line).iter().map(|name| name.to_lowercase()).collect();
    let is_time = |name: &String| clock::read(name, zone).is_some();
    if names.iter().any(is_time) {
        return None;
    }
    let at = |known: &[&str]| names.iter().position(|name| known.contains(&name.as_str()));
    let start = at(&[
        "date",
        "start",
        "start_date",
        "timestamp",
        "time",
        "recorded_at",
    ]);
    let end = at(&["end", "end_date"]);
    let unit = at(&["unit", "units"]);
    let type_name = at(&["type", "data_type", "metric", "metric_type"]);
    let source = at(&["source", "source_name", "device"]);
    let value = at(&["value", "qty", "quantity", "amount"]);
    let start = start.unwrap_or(0);
    let taken = [Some(start), end, unit, type_name, source];
    let free = (0..names.len()).find(|column| !taken.contains(&Some(*column)));
    let named_by_value = if value.is_none() {
        free.and_then(|column| names.get(column)).cloned()
    } else {
        None
    };
    let columns = Columns {
        start,
        end,
        value: value.or(free)?,
        unit,
        type_name,
        source,
    };
    Some((columns, named_by_value))
}

fn split(line: &str) -> Vec<&str> {
    let separator = if line.contains(';') || line.contains('\t') {
        [';', '\t']
    } else {
        [',', ',']
    };
    line.split(separator)
        .map(|field| field.trim().trim_matches('"').trim())
        .collect()
}

fn take_line(
    line: &str,
    columns: Columns,
    shared: Option<&str>,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), (&'static str, Refusal)> {
    let fields = split(line);
    let field = |column: Option<usize>| {
        let field = column.and_then(|column| fields.get(column)).copied();
        field.filter(|field| !field.is_empty())
    };
    let zone = intake.context().zone;
    let start = field(Some(columns.start)).and_then(|text| clock::read(text, zone));
    let start = start.ok_or(("date", TIME_INVALID))?;
    let end = match field(columns.end) {
        None => start,
        Some(text) => clock::read(text, zone).ok_or(("end", TIME_INVALID))?,
    };
    let name = field(columns.type_name).or(shared);
    let name = name.ok_or(("type", TYPE_MISSING))?;
    let value = field(Some(columns.value)).ok_or(("value", VALUE_MISSING))?;
    let source = intake.source_named(field(columns.source).unwrap_or_default());
    let source = source.ok_or(("source", NAMES_FULL))?;
    let frame = Frame {
        at: Interval {
            start_us: start.at_us,
            end_us: end.at_us,
        },
        offset_min: start.offset_min,
        source,
        flags: Flags::NONE,
    };
    let unit = field(columns.unit).unwrap_or_default();
    let value = Json::Text(value.into());
    if name == "blood_pressure" {
        let too_wide = refusal(
            RejectCode::ValueInvalid,
            "send the two pressures as blood_pressure_systolic and blood_pressure_diastolic",
        );
        return Err(("value", too_wide));
    }
    entry::sample(name, &value, unit, frame, None, intake).map_err(|(field, _, why)| {
        let field = if field == "recorded_at" {
            "date"
        } else {
            field
        };
        (
            field,
            if value.number().is_none() {
                NOT_A_VALUE
            } else {
                why
            },
        )
    })
}
