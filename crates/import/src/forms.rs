//! The live forms: one file for each app's JSON payload, and the table that names them.
//!
//! A new app is one file and its lines here. The members of the outermost object decide which form a
//! body has; nothing else is looked at to choose.

use crate::form::{Document, Form};
use crate::json::ReadError;

pub mod batch;
pub mod health_auto_export;
pub mod health_connect_webhook;
pub mod health_md;
pub mod healthkit;
pub mod life_dashboard;
pub mod open_wearables;
pub mod simple;
pub mod upload;

/// Every form, in the order in which they are tried.
pub const ALL: &[Form] = &[
    healthkit::FORM,
    health_md::FORM,
    open_wearables::FORM,
    life_dashboard::FORM,
    health_connect_webhook::FORM,
    health_auto_export::FORM,
    batch::FORM,
    upload::FORM,
    simple::FORM,
];

/// The form of a body.
pub fn of(document: &Document<'_>) -> Result<&'static Form, ReadError> {
    let found = ALL.iter().find(|form| (form.is_meant)(document));
    found.ok_or(ReadError::WrongShape { expected: EXPECTED })
}

const EXPECTED: &str = "none of the forms that are read has these members; one measurement has data_type, value and \
     recorded_at, a series metric and values, many measurements records, HealthKit objects quantity_samples";
