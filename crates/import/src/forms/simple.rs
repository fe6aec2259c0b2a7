//! What a phone's shortcut or a shell script can write: an array `[{type, start, end, value, unit}]`.

use crate::entry::{self, Shared};
use crate::form::{self, Document, Form};
use crate::json::ReadError;
use crate::live::{ELEMENTS_MAX, Intake, ROOT};

const EXPECTED: &str = "an array of objects with type, start and value";

/// The form.
pub const FORM: Form = Form {
    name: "simple",
    about: "An array of measurements with type, start, end, value and unit",
    source: "API",
    expected: EXPECTED,
    percent: entry::PERCENT,
    is_meant,
    read,
};

/// Whether a body is an array.
fn is_meant(document: &Document<'_>) -> bool {
    document.is_array()
}

fn read(document: &Document<'_>, intake: &mut Intake<'_, '_, '_>) -> Result<(), ReadError> {
    if !document.is_array() {
        return Err(FORM.refusal());
    }
    form::elements(
        document.text(),
        ROOT,
        ELEMENTS_MAX,
        intake,
        &mut |element, place, intake| {
            entry::take(element, Shared::default(), place, intake);
        },
    )
}
