//! What the live forms look like in the OpenAPI document; `import` reads them.

use serde::Deserialize;
use utoipa::ToSchema;

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
