//! Which live form a body has, for callers that were not told.
//!
//! The members of the outermost object decide; this never reads further than that to choose.

use crate::batch::Batch;
use crate::json::{self, Fields, ReadError};
use crate::live::{Context, Summary};
use crate::{
    batch_form, health_auto_export, health_connect_webhook, healthkit, open_wearables, simple,
    upload,
};

/// A form of live bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// HealthKit samples as an app posts them.
    HealthKit,
    /// One of the three forms of the upload endpoint.
    Upload,
    /// Many records at once.
    Batch,
    /// Health Auto Export.
    HealthAutoExport,
    /// The mobile SDK of Open Wearables.
    OpenWearables,
    /// HC Webhook for Health Connect.
    HealthConnectWebhook,
    /// An array of measurements.
    Simple,
}

impl Form {
    /// Every form.
    pub const ALL: [Self; 7] = [
        Self::HealthKit,
        Self::Upload,
        Self::Batch,
        Self::HealthAutoExport,
        Self::OpenWearables,
        Self::HealthConnectWebhook,
        Self::Simple,
    ];

    /// The name that commands and requests use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HealthKit => "healthkit",
            Self::Upload => "upload",
            Self::Batch => "batch",
            Self::HealthAutoExport => "health_auto_export",
            Self::OpenWearables => "open_wearables",
            Self::HealthConnectWebhook => "health_connect_webhook",
            Self::Simple => "simple",
        }
    }

    /// The form of a body.
    pub fn of(body: &[u8]) -> Result<Self, ReadError> {
        let text = json::text(body)?;
        if text.trim_start().starts_with('[') {
            return json::whole(text).map(|()| Self::Simple);
        }
        let fields = Fields::of_document(text, EXPECTED)?;
        let found = if healthkit::is_meant(&fields) {
            Self::HealthKit
        } else if open_wearables::is_meant(&fields) {
            Self::OpenWearables
        } else if health_auto_export::is_meant(&fields) {
            Self::HealthAutoExport
        } else if health_connect_webhook::is_meant(&fields) {
            Self::HealthConnectWebhook
        } else if fields.get("records").is_some() {
            Self::Batch
        } else if upload::is_meant(&fields) {
            Self::Upload
        } else {
            return Err(ReadError::WrongShape { expected: EXPECTED });
        };
        Ok(found)
    }

    /// Reads a body of this form; on error nothing of it is in `out`.
    pub fn read(
        self,
        body: &[u8],
        context: &Context<'_>,
        out: &mut Batch,
    ) -> Result<Summary, ReadError> {
        let read = match self {
            Self::HealthKit => healthkit::read,
            Self::Upload => upload::read,
            Self::Batch => batch_form::read,
            Self::HealthAutoExport => health_auto_export::read,
            Self::OpenWearables => open_wearables::read,
            Self::HealthConnectWebhook => health_connect_webhook::read,
            Self::Simple => simple::read,
        };
        read(body, context, out)
    }
}

const EXPECTED: &str = "a body of one of the documented forms";
