//! The three bodies of the upload endpoint: one series `{data_type, values:[{value, timestamp}]}`, one
//! measurement `{data_type, value, unit, recorded_at}`, and a list of metrics with blocks
//! `{metrics:[…]}`.
//!
//! Every element is checked by itself; a bad one is told with its pointer and costs nothing else.

use crate::blocks;
use crate::entry::{self, Shared};
use crate::form::{self, Document, Form};
use crate::json::{Fields, Json, ReadError};
use crate::live::{Intake, MALFORMED, Place};

/// Measurements in one series.
pub const VALUES_MAX: u64 = 10_000;

/// Metrics in one list.
pub const METRICS_MAX: u64 = 1_000;

const EXPECTED: &str = "an object with metric and values, metric and value, or metrics";

/// The form.
pub const FORM: Form = Form {
    name: "upload",
    about: "One measurement, one series, or a list of metrics with blocks",
    source: "API",
    expected: EXPECTED,
    percent: entry::PERCENT,
    is_meant,
    read,
};

/// Whether a body has the members of this form.
fn is_meant(document: &Document<'_>) -> bool {
    let value = ["values", "value", "systolic"];
    let has_any = |names: &[&str]| names.iter().any(|name| document.has(name));
    document.has("metrics") || (has_any(&entry::TYPE) && has_any(&value))
}

fn read(document: &Document<'_>, intake: &mut Intake<'_, '_, '_>) -> Result<(), ReadError> {
    let fields = document.fields().ok_or(FORM.refusal())?;
    if let Some(metrics) = fields.get("metrics") {
        list(metrics, fields, intake)?;
    } else if let Some(values) = fields.get("values") {
        series(values, fields, intake)?;
    } else if fields.first_of(&entry::TYPE).is_some() {
        single(document.text(), intake);
    } else {
        return Err(FORM.refusal());
    }
    Ok(())
}

fn single(text: &str, intake: &mut Intake<'_, '_, '_>) {
    let place = Place {
        array: "",
        index: 0,
    };
    match serde_json::from_str::<Json<'_>>(text) {
        Ok(element) => entry::take(&element, Shared::default(), place, intake),
        Err(_) => intake.reject(place, "", None, MALFORMED),
    }
}

fn series(
    values: &str,
    fields: &Fields<'_>,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), ReadError> {
    let type_name = fields.json(&entry::TYPE).unwrap_or_default();
    let unit = fields.json(&["unit", "units"]).unwrap_or_default();
    let source = fields
        .json(&["source", "source_name", "device_name"])
        .unwrap_or_default();
    let shared = Shared {
        type_name: type_name.text(),
        unit: unit.text(),
        source: source.text(),
        start: None,
    };
    form::elements(
        values,
        "/values",
        VALUES_MAX,
        intake,
        &mut |element, place, intake| {
            entry::take(element, shared, place, intake);
        },
    )
}

fn list(
    metrics: &str,
    fields: &Fields<'_>,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), ReadError> {
    let source = fields
        .json(&["upload_source", "source"])
        .unwrap_or_default();
    let shared = Shared {
        source: source.text(),
        ..Shared::default()
    };
    let mut seen = blocks::Ids::default();
    form::elements(
        metrics,
        "/metrics",
        METRICS_MAX,
        intake,
        &mut |element, place, intake| {
            blocks::take(element, shared, &mut seen, place, intake);
        },
    )
}
