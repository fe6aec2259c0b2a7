//! What a phone's shortcut or a shell script can write: an array `[{type, start, end, value, unit}]`, or
//! lines of `date,value` with the type in the first line or in the address.
//!
//! Lines that cannot be read are told with their number; the others are kept.

use model::sample::Flags;
use model::zone::Zone;

use crate::batch::{Batch, Position, RejectCode};
use crate::check::Refusal;
use crate::clock;
use crate::entry::{self, Frame, Shared};
use crate::json::{self, Json, ReadError};
use crate::live::{
    Context, ELEMENTS_MAX, Intake, Interval, MALFORMED, NAMES_FULL, NOT_A_VALUE, Place, ROOT,
    Summary, TIME_INVALID, TYPE_MISSING, VALUE_MISSING, refusal,
};

const EXPECTED: &str = "an array of objects with type, start and value";
const EXPECTED_LINES: &str = "lines of date,value under a heading that names the type";

/// Reads an array of measurements; on error nothing of it is in `out`.
pub fn read(body: &[u8], context: &Context<'_>, out: &mut Batch) -> Result<Summary, ReadError> {
    let result = read_array(body, context, out);
    if result.is_err() {
        *out = Batch::default();
    }
    result
}

fn read_array(body: &[u8], context: &Context<'_>, out: &mut Batch) -> Result<Summary, ReadError> {
    let text = json::text(body)?;
    json::whole(text)?;
    if !text.trim_start().starts_with('[') {
        return Err(ReadError::WrongShape { expected: EXPECTED });
    }
    let mut intake = Intake::new(context, out, entry::PERCENT);
    json::each(
        text,
        "",
        ELEMENTS_MAX,
        &mut |index, element: Option<Json<'_>>| {
            let place = Place { array: ROOT, index };
            match element {
                Some(element) => entry::take(&element, Shared::default(), place, &mut intake),
                None => intake.reject(place, "", None, MALFORMED),
            }
        },
    )?;
    Ok(intake.finish(body.len()))
}

/// What lines of text measure, where their heading does not say it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lines<'a> {
    /// The type of all lines.
    pub type_name: Option<&'a str>,
    /// The unit of all lines; without one, what the type implies.
    pub unit: Option<&'a str>,
}

/// Reads lines of `date,value[,unit]` or `start,end,value[,unit]`; a heading names the columns.
/// On error nothing is in `out`.
pub fn read_lines(
    body: &[u8],
    lines: Lines<'_>,
    context: &Context<'_>,
    out: &mut Batch,
) -> Result<Summary, ReadError> {
    let result = read_text(body, lines, context, out);
    if result.is_err() {
        *out = Batch::default();
    }
    result
}

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

fn read_text(
    body: &[u8],
    lines: Lines<'_>,
    context: &Context<'_>,
    out: &mut Batch,
) -> Result<Summary, ReadError> {
    let text = std::str::from_utf8(body).map_err(|error| ReadError::NotText {
        byte: error.valid_up_to() as u64,
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut intake = Intake::new(context, out, entry::PERCENT);
    let mut columns = PLAIN;
    let mut headed: Option<String> = None;
    let numbered = (1_u64..).zip(text.lines());
    let mut is_first = true;
    for (number, line) in numbered {
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
        let shared = lines.type_name.or(headed.as_deref());
        if columns.type_name.is_none() && shared.is_none() {
            return Err(ReadError::WrongShape {
                expected: EXPECTED_LINES,
            });
        }
        if let Err((field, why)) = take_line(line, columns, shared, lines.unit, &mut intake) {
            let place = Place {
                array: "",
                index: number,
            };
            let before = intake.rejections();
            intake.reject(place, field, None, why);
            intake.move_rejections(before, Position::Line(number));
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
    unit: Option<&str>,
    intake: &mut Intake<'_, '_>,
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
    let unit = field(columns.unit).or(unit).unwrap_or_default();
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
