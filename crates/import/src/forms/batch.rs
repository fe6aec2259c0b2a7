//! Many measurements at once, of any types: `{records:[{data_type, value, unit, recorded_at}]}`.

use crate::entry::{self, Shared};
use crate::form::{self, Document, Form};
use crate::json::ReadError;
use crate::live::Intake;

/// Records in one request.
pub const RECORDS_MAX: u64 = 10_000;

const EXPECTED: &str = "an object with records";

/// The form.
pub const FORM: Form = Form {
    name: "batch",
    about: "Many measurements at once, of any types",
    source: "API",
    expected: EXPECTED,
    percent: entry::PERCENT,
    is_meant,
    read,
};

/// Whether a body has the members of this form.
fn is_meant(document: &Document<'_>) -> bool {
    document.has("records")
}

fn read(document: &Document<'_>, intake: &mut Intake<'_, '_, '_>) -> Result<(), ReadError> {
    let fields = document.fields().ok_or(FORM.refusal())?;
    let records = fields.get("records").ok_or(FORM.refusal())?;
    let source = fields
        .json(&["upload_source", "source"])
        .unwrap_or_default();
    let shared = Shared {
        source: source.text(),
        ..Shared::default()
    };
    form::elements(
        records,
        "/records",
        RECORDS_MAX,
        intake,
        &mut |element, place, intake| {
            entry::take(element, shared, place, intake);
        },
    )
}
