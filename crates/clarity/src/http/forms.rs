//! The forms in which health data comes as JSON: which reader takes which, how its refusals are told,
//! and what the forms look like in the OpenAPI document.
//!
//! The readers are `import`'s; nothing here reads a field.

use axum::http::{HeaderMap, HeaderName};
use import::batch::Batch;
use import::json::ReadError;
use import::live::{Context, Summary};
use import::{batch_form, health_auto_export, healthkit, open_wearables, simple, upload};
use model::zone::Zone;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::problem::{Code, FieldError, Problem};

/// How Health Auto Export says which span of time it has aggregated into each value.
const AGGREGATION: HeaderName = HeaderName::from_static("automation-aggregation");

/// A form of upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// One series, one value, a list of metrics, or a plain array.
    HealthData,
    /// Many values.
    Batch,
    /// HealthKit objects.
    HealthKit,
    /// The Health Auto Export app's payload.
    HealthAutoExport,
    /// The Open Wearables SDK's payload.
    OpenWearables,
}

impl Form {
    /// The kind under which uploads of this form are kept.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::HealthData => "health_data",
            Self::Batch => "batch",
            Self::HealthKit => "healthkit",
            Self::HealthAutoExport => "health_auto_export",
            Self::OpenWearables => "open_wearables",
        }
    }

    /// The name of the source where a body names none.
    const fn source(self) -> &'static str {
        match self {
            Self::HealthData | Self::Batch => "API",
            Self::HealthKit => "HealthKit",
            Self::HealthAutoExport => "Health Auto Export",
            Self::OpenWearables => "Open Wearables",
        }
    }
}

/// What a reader has to know beside the body.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    /// The time of the request.
    pub(crate) now_us: i64,
    /// The person's zone, for local times without offset.
    pub(crate) zone: Zone,
    /// How values were aggregated, as the header of the client states.
    pub(crate) aggregation: Option<String>,
}

impl Surroundings {
    /// The surroundings of a request.
    pub(crate) fn of(headers: &HeaderMap, zone: Zone, now_us: i64) -> Self {
        let aggregation = headers
            .get(AGGREGATION)
            .and_then(|value| value.to_str().ok());
        Self {
            now_us,
            zone,
            aggregation: aggregation.map(str::to_owned),
        }
    }
}

/// Reads a body. Bad records are in the batch with their reasons; only a body that is not of the
/// form at all is refused.
pub(crate) fn read(
    form: Form,
    body: &[u8],
    around: &Surroundings,
) -> Result<(Batch, Summary), Problem> {
    let context = Context {
        now_us: around.now_us,
        zone: &around.zone,
        aggregation: around.aggregation.as_deref(),
        source: form.source(),
    };
    let mut batch = Batch::default();
    let read = match form {
        Form::HealthData if body.trim_ascii_start().starts_with(b"[") => simple::read,
        Form::HealthData => upload::read,
        Form::Batch => batch_form::read,
        Form::HealthKit => healthkit::read,
        Form::HealthAutoExport => health_auto_export::read,
        Form::OpenWearables => open_wearables::read,
    };
    let summary = read(body, &context, &mut batch).map_err(|error| problem(&error))?;
    Ok((batch, summary))
}

/// A body that was refused as a whole, with the place and the limit that it broke.
fn problem(error: &ReadError) -> Problem {
    let sentence = error.to_string();
    match error {
        ReadError::NotText { .. } | ReadError::NotJson { .. } => {
            Problem::new(Code::MalformedJson, sentence)
        }
        ReadError::TooDeep { .. } => Problem::new(Code::NestingTooDeep, sentence),
        ReadError::TooMany {
            pointer,
            max_allowed,
        } => {
            let message = format!("max_allowed is {max_allowed}");
            let error = FieldError::new(pointer.clone(), Code::TooManyItems.name(), message);
            Problem::new(Code::TooManyItems, sentence).with_errors(vec![error])
        }
        ReadError::WrongShape { .. } => {
            Problem::invalid(vec![FieldError::new("", "wrong_form", sentence)])
        }
    }
}

/// One measurement of a series.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body, which `import` reads")]
pub(crate) struct SeriesValue {
    /// The value, in the unit of the series.
    value: f64,
    /// When it was measured (RFC 3339).
    timestamp: String,
}

/// The forms of `/health-data`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the body, which `import` reads")]
pub(crate) enum HealthData {
    /// A series of one metric; at most 10,000 values.
    Series {
        /// Metric id, alias or HealthKit identifier.
        data_type: String,
        /// The values.
        values: Vec<SeriesValue>,
        /// Unit; the metric's own when left out.
        unit: Option<String>,
        /// Who measured it.
        source: Option<String>,
    },
    /// One value.
    Value(OneValue),
    /// Metrics with blocks; at most 1,000.
    Metrics {
        /// `{metric_id?, metric_type, biometric_data?|sleep_data?|activity_data?|mental_health_data?,
        /// recorded_at}`.
        metrics: Vec<serde_json::Value>,
        /// Where the data comes from.
        upload_source: Option<String>,
        /// The clock of the client (RFC 3339).
        client_timestamp: Option<String>,
        /// Opaque, and ignored.
        sync_token: Option<String>,
    },
}

/// One value.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body, which `import` reads")]
pub(crate) struct OneValue {
    /// Metric id, alias or HealthKit identifier.
    data_type: String,
    /// The value.
    value: f64,
    /// Unit; the metric's own when left out.
    unit: Option<String>,
    /// When it was measured (RFC 3339).
    recorded_at: String,
    /// Who measured it.
    source: Option<String>,
}

/// Many values; at most 10,000.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body, which `import` reads")]
pub(crate) struct BatchUpload {
    /// The values.
    records: Vec<OneValue>,
}

/// HealthKit objects; at most 10,000 in each array.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body, which `import` reads")]
pub(crate) struct HealthKitUpload {
    /// `{uuid, type, value, unit, start_date, end_date, source_name, …}`.
    #[serde(default)]
    quantity_samples: Vec<serde_json::Value>,
    /// `{uuid, type, value, start_date, end_date, source_name, …}`.
    #[serde(default)]
    category_samples: Vec<serde_json::Value>,
    /// `{uuid, activity_type, start_date, end_date, duration, …}`.
    #[serde(default)]
    workouts: Vec<serde_json::Value>,
    /// `{uuid, type, samples, …}`.
    #[serde(default)]
    correlation_samples: Vec<serde_json::Value>,
    /// `{uuid, type?}` or the bare id.
    #[serde(default)]
    deleted_objects: Vec<serde_json::Value>,
    /// About the device and the app.
    upload_metadata: Option<serde_json::Value>,
    /// Opaque.
    sync_token: Option<String>,
}

/// The payload of the Health Auto Export app.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body, which `import` reads")]
pub(crate) struct HealthAutoExport {
    /// `{metrics: [...], workouts: [...], stateOfMind: [...], ecg: [...], …}`.
    data: serde_json::Value,
}

/// The payload of the Open Wearables mobile SDK.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body, which `import` reads")]
pub(crate) struct OpenWearablesSync {
    /// `apple`, `google`, `samsung` …
    provider: Option<String>,
    /// `{records: [...], sleep: [...], workouts: [...]}`.
    data: serde_json::Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_name_place_and_limit() {
        let around = Surroundings {
            now_us: 0,
            zone: Zone::utc(),
            aggregation: None,
        };
        let check = |form: Form, body: &str, code: Code, expect: &str| {
            let problem = read(form, body.as_bytes(), &around).expect_err("a problem");
            let told = format!("{problem:?}");
            assert_eq!(problem.code, code, "{told}");
            assert!(told.contains(expect), "{told}");
        };
        check(Form::HealthData, "{\"a\":", Code::MalformedJson, "at byte");
        check(Form::HealthData, "{}", Code::ValidationFailed, "data_type");
        check(Form::Batch, "[]", Code::ValidationFailed, "records");
        let deep = format!("{}{}", "[".repeat(30), "]".repeat(30));
        check(Form::HealthData, &deep, Code::NestingTooDeep, "20 levels");
        let many = format!("{{\"records\":[{}0]}}", "0,".repeat(10_000));
        check(
            Form::Batch,
            &many,
            Code::TooManyItems,
            "max_allowed is 10000",
        );
    }
}
