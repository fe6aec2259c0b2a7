//! The three bodies of the upload endpoint: one series `{data_type, values:[{value, timestamp}]}`, one
//! measurement `{data_type, value, unit, recorded_at}`, and a list of metrics with blocks
//! `{metrics:[…]}`.
//!
//! Every element is checked by itself; a bad one is told with its pointer and costs nothing else.

use crate::batch::Batch;
use crate::blocks;
use crate::entry::{self, Shared};
use crate::json::{self, Fields, Json, ReadError};
use crate::live::{Context, Intake, MALFORMED, Place, Summary};

/// Measurements in one series.
pub const VALUES_MAX: u64 = 10_000;

/// Metrics in one list.
pub const METRICS_MAX: u64 = 1_000;

const EXPECTED: &str = "an object with data_type and values, data_type and value, or metrics";

/// Reads a body; on error nothing of it is in `out`.
pub fn read(body: &[u8], context: &Context<'_>, out: &mut Batch) -> Result<Summary, ReadError> {
    let result = read_into(body, context, out);
    if result.is_err() {
        *out = Batch::default();
    }
    result
}

/// Whether an object has the members of this format.
pub(crate) fn is_meant(fields: &Fields<'_>) -> bool {
    let value = ["values", "value", "systolic"];
    let is_entry = || fields.first_of(&entry::TYPE).is_some() && fields.first_of(&value).is_some();
    fields.get("metrics").is_some() || is_entry()
}

fn read_into(body: &[u8], context: &Context<'_>, out: &mut Batch) -> Result<Summary, ReadError> {
    let text = json::text(body)?;
    let fields = Fields::of_document(text, EXPECTED)?;
    let mut intake = Intake::new(context, out, entry::PERCENT);
    if let Some(metrics) = fields.get("metrics") {
        list(metrics, &fields, &mut intake)?;
    } else if let Some(values) = fields.get("values") {
        series(values, &fields, &mut intake)?;
    } else if fields.first_of(&entry::TYPE).is_some() {
        single(text, &mut intake);
    } else {
        return Err(ReadError::WrongShape { expected: EXPECTED });
    }
    Ok(intake.finish(body.len()))
}

fn single(text: &str, intake: &mut Intake<'_, '_>) {
    let place = Place {
        array: "",
        index: 0,
    };
    match serde_json::from_str::<Json<'_>>(text) {
        Ok(element) => entry::take(&element, Shared::default(), place, intake),
        Err(_) => intake.reject(place, "", None, MALFORMED),
    }
}

fn series(values: &str, fields: &Fields<'_>, intake: &mut Intake<'_, '_>) -> Result<(), ReadError> {
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
    json::each(values, "/values", VALUES_MAX, &mut |index,
                                                    element: Option<
        Json<'_>,
    >| {
        let place = Place {
            array: "/values",
            index,
        };
        match element {
            Some(element) => entry::take(&element, shared, place, intake),
            None => intake.reject(place, "", None, MALFORMED),
        }
    })?;
    Ok(())
}

fn list(metrics: &str, fields: &Fields<'_>, intake: &mut Intake<'_, '_>) -> Result<(), ReadError> {
    let source = fields
        .json(&["upload_source", "source"])
        .unwrap_or_default();
    let shared = Shared {
        source: source.text(),
        ..Shared::default()
    };
    let mut seen = blocks::Ids::default();
    json::each(metrics, "/metrics", METRICS_MAX, &mut |index,
                                                       element: Option<
        Json<'_>,
    >| {
        let place = Place {
            array: "/metrics",
            index,
        };
        match element {
            Some(element) => blocks::take(&element, shared, &mut seen, place, intake),
            None => intake.reject(place, "", None, MALFORMED),
        }
    })?;
    Ok(())
}
