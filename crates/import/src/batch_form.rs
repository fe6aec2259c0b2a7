//! Many measurements at once, of any types: `{records:[{data_type, value, unit, recorded_at}]}`.

use crate::batch::Batch;
use crate::entry::{self, Shared};
use crate::json::{self, Fields, Json, ReadError};
use crate::live::{Context, Intake, MALFORMED, Place, Summary};

/// Records in one request.
pub const RECORDS_MAX: u64 = 10_000;

const EXPECTED: &str = "an object with records";

/// Reads a body; on error nothing of it is in `out`.
pub fn read(body: &[u8], context: &Context<'_>, out: &mut Batch) -> Result<Summary, ReadError> {
    let result = read_into(body, context, out);
    if result.is_err() {
        *out = Batch::default();
    }
    result
}

fn read_into(body: &[u8], context: &Context<'_>, out: &mut Batch) -> Result<Summary, ReadError> {
    let text = json::text(body)?;
    let fields = Fields::of_document(text, EXPECTED)?;
    let records = fields
        .get("records")
        .ok_or(ReadError::WrongShape { expected: EXPECTED })?;
    let source = fields
        .json(&["upload_source", "source"])
        .unwrap_or_default();
    let shared = Shared {
        source: source.text(),
        ..Shared::default()
    };
    let mut intake = Intake::new(context, out, entry::PERCENT);
    json::each(records, "/records", RECORDS_MAX, &mut |index,
                                                       element: Option<
        Json<'_>,
    >| {
        let place = Place {
            array: "/records",
            index,
        };
        match element {
            Some(element) => entry::take(&element, shared, place, &mut intake),
            None => intake.reject(place, "", None, MALFORMED),
        }
    })?;
    Ok(intake.finish(body.len()))
}
