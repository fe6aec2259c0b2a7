//! What the bodies of uploads look like in the OpenAPI document. `import` reads them, in more spellings
//! than are listed here; members that are not listed are no fault.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

macro_rules! bodies {
    ($($(#[$outer:meta])* pub(crate) struct $name:ident {
        $($(#[$inner:meta])* $field:ident: $kind:ty,)+
    })+) => {
        $(#[derive(Debug, Deserialize, ToSchema)]
        $(#[$outer])*
        #[expect(dead_code, reason = "describes the body, which `import` reads")]
        pub(crate) struct $name {
            $($(#[$inner])* $field: $kind,)+
        })+
    };
}

/// The forms of `/health-data`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the body, which `import` reads")]
pub(crate) enum HealthData {
    /// A series of one metric.
    Series(SeriesUpload),
    /// One value.
    Value(OneValue),
    /// Metrics with blocks.
    Metrics(MetricsUpload),
}

/// A JSON object in the app's own layout; its content decides how it is read.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body, which `import` reads")]
pub(crate) struct SenderBody(BTreeMap<String, serde_json::Value>);

bodies! {
    /// A series of one metric; at most 10,000 values.
    pub(crate) struct SeriesUpload {
        /// Metric id, alias or HealthKit identifier.
        #[schema(example = "heart_rate")]
        metric: String,
        /// The former name of `metric`.
        #[schema(deprecated)]
        data_type: Option<String>,
        /// The values.
        values: Vec<SeriesValue>,
        /// Unit; the metric's own when left out.
        #[schema(example = "/min")]
        unit: Option<String>,
        /// Who measured it.
        source: Option<String>,
    }

    /// One measurement of a series.
    pub(crate) struct SeriesValue {
        /// The value, in the unit of the series.
        value: f64,
        /// When it was measured.
        #[schema(format = DateTime)]
        timestamp: String,
    }

    /// One value.
    pub(crate) struct OneValue {
        /// Metric id, alias or HealthKit identifier.
        #[schema(example = "body_mass")]
        metric: String,
        /// The former name of `metric`.
        #[schema(deprecated)]
        data_type: Option<String>,
        /// The value.
        value: f64,
        /// Unit; the metric's own when left out.
        #[schema(example = "kg")]
        unit: Option<String>,
        /// When it was measured.
        #[schema(format = DateTime)]
        recorded_at: String,
        /// Who measured it.
        source: Option<String>,
    }

    /// Many values; at most 10,000.
    pub(crate) struct BatchUpload {
        /// The values.
        records: Vec<OneValue>,
    }

    /// Metrics with blocks; at most 1,000.
    pub(crate) struct MetricsUpload {
        /// The metrics.
        metrics: Vec<MetricEntry>,
        /// Where the data comes from.
        upload_source: Option<String>,
        /// The clock of the client.
        #[schema(format = DateTime)]
        client_timestamp: Option<String>,
        /// Opaque to the server.
        sync_token: Option<String>,
    }

    /// A metric with the block that fits its type.
    pub(crate) struct MetricEntry {
        /// Names the metric within the request.
        metric_id: Option<String>,
        /// Such as `heart_rate`, `sleep_analysis`, `activity_level` or `mood_assessment`.
        metric_type: String,
        /// When it was measured.
        #[schema(format = DateTime)]
        recorded_at: Option<String>,
        /// Vital signs.
        biometric_data: Option<BiometricData>,
        /// A night.
        sleep_data: Option<SleepData>,
        /// Totals of activity.
        activity_data: Option<ActivityData>,
        /// Ratings of the person's own.
        mental_health_data: Option<MentalHealthData>,
    }

    /// Vital signs.
    pub(crate) struct BiometricData {
        /// Beats per minute.
        heart_rate: Option<f64>,
        /// mmHg.
        blood_pressure_systolic: Option<f64>,
        /// mmHg.
        blood_pressure_diastolic: Option<f64>,
        /// Percent.
        oxygen_saturation: Option<f64>,
        /// SDNN in milliseconds.
        heart_rate_variability: Option<f64>,
        /// Breaths per minute.
        respiratory_rate: Option<f64>,
        /// Degrees Celsius.
        body_temperature: Option<f64>,
        /// mg/dL.
        blood_glucose: Option<f64>,
        /// Free text.
        notes: Option<String>,
    }

    /// A night.
    pub(crate) struct SleepData {
        /// When sleep began.
        #[schema(format = DateTime)]
        sleep_start: Option<String>,
        /// When it ended.
        #[schema(format = DateTime)]
        sleep_end: Option<String>,
        /// Minutes asleep.
        total_sleep_minutes: Option<f64>,
        /// Minutes until sleep began.
        time_to_sleep_minutes: Option<f64>,
        /// Awakenings.
        wake_count: Option<f64>,
    }

    /// Totals of activity.
    pub(crate) struct ActivityData {
        /// Steps.
        steps: Option<f64>,
        /// Kilometres.
        distance: Option<f64>,
        /// Kilocalories.
        active_energy: Option<f64>,
        /// Minutes of exercise.
        exercise_minutes: Option<f64>,
        /// Flights of stairs.
        flights_climbed: Option<f64>,
        /// mL/(kg.min).
        vo2_max: Option<f64>,
        /// Minutes of activity.
        active_minutes: Option<f64>,
        /// Beats per minute.
        resting_heart_rate: Option<f64>,
        /// Free text.
        notes: Option<String>,
    }

    /// Ratings of the person's own.
    pub(crate) struct MentalHealthData {
        /// Mood.
        mood_score: Option<f64>,
        /// Stress.
        stress_level: Option<f64>,
        /// Anxiety.
        anxiety_level: Option<f64>,
        /// Energy.
        energy_level: Option<f64>,
        /// Focus.
        focus_rating: Option<f64>,
        /// Minutes with other people.
        social_interaction_minutes: Option<f64>,
        /// Minutes of meditation.
        meditation_minutes: Option<f64>,
        /// Free text.
        notes: Option<String>,
    }

    /// HealthKit objects; at most 10,000 in each array.
    pub(crate) struct HealthKitUpload {
        /// Samples with a quantity.
        #[serde(default)]
        quantity_samples: Vec<QuantitySample>,
        /// Samples with a category.
        #[serde(default)]
        category_samples: Vec<CategorySample>,
        /// Workouts.
        #[serde(default)]
        workouts: Vec<WorkoutObject>,
        /// Samples that belong together, such as the two pressures of the blood.
        #[serde(default)]
        correlation_samples: Vec<CorrelationSample>,
        /// Objects that were deleted on the phone.
        #[serde(default)]
        deleted_objects: Vec<DeletedObject>,
        /// About the device and the app; kept as it comes.
        upload_metadata: Option<Map<String, Value>>,
        /// Opaque to the server.
        sync_token: Option<String>,
    }

    /// A HealthKit quantity sample.
    pub(crate) struct QuantitySample {
        /// HealthKit's id of the object, by which repeats are recognised.
        #[schema(format = Uuid)]
        uuid: Option<String>,
        /// The type.
        #[serde(rename = "type")]
        #[schema(example = "HKQuantityTypeIdentifierHeartRate")]
        kind: String,
        /// The value in `unit`.
        value: f64,
        /// The unit as HealthKit writes it.
        #[schema(example = "count/min")]
        unit: Option<String>,
        /// First instant.
        #[schema(format = DateTime)]
        start_date: String,
        /// Last instant; the same as the first for an instantaneous measurement.
        #[schema(format = DateTime)]
        end_date: Option<String>,
        /// The app or device that wrote it.
        source_name: Option<String>,
        /// The app's bundle identifier.
        bundle_identifier: Option<String>,
        /// HealthKit's metadata by key.
        metadata: Option<Map<String, Value>>,
    }

    /// A HealthKit category sample.
    pub(crate) struct CategorySample {
        /// HealthKit's id of the object, by which repeats are recognised.
        #[schema(format = Uuid)]
        uuid: Option<String>,
        /// The type.
        #[serde(rename = "type")]
        #[schema(example = "HKCategoryTypeIdentifierSleepAnalysis")]
        kind: String,
        /// The number of the category.
        value: i64,
        /// First instant.
        #[schema(format = DateTime)]
        start_date: String,
        /// Last instant.
        #[schema(format = DateTime)]
        end_date: Option<String>,
        /// The app or device that wrote it.
        source_name: Option<String>,
        /// The app's bundle identifier.
        bundle_identifier: Option<String>,
        /// HealthKit's metadata by key.
        metadata: Option<Map<String, Value>>,
    }

    /// A HealthKit workout.
    pub(crate) struct WorkoutObject {
        /// HealthKit's id of the object, by which repeats are recognised.
        #[schema(format = Uuid)]
        uuid: Option<String>,
        /// The activity by name, such as `running`, or HealthKit's number of it as text.
        activity_type: String,
        /// First instant.
        #[schema(format = DateTime)]
        start_date: String,
        /// Last instant.
        #[schema(format = DateTime)]
        end_date: Option<String>,
        /// How long without pauses, in `duration_unit`.
        duration: Option<f64>,
        /// Seconds when left out.
        #[schema(example = "min")]
        duration_unit: Option<String>,
        /// The app or device that wrote it.
        source_name: Option<String>,
        /// HealthKit's metadata by key.
        metadata: Option<Map<String, Value>>,
    }

    /// A HealthKit correlation.
    pub(crate) struct CorrelationSample {
        /// HealthKit's id of the object, by which repeats are recognised.
        #[schema(format = Uuid)]
        uuid: Option<String>,
        /// The type.
        #[serde(rename = "type")]
        #[schema(example = "HKCorrelationTypeIdentifierBloodPressure")]
        kind: String,
        /// First instant.
        #[schema(format = DateTime)]
        start_date: Option<String>,
        /// Last instant.
        #[schema(format = DateTime)]
        end_date: Option<String>,
        /// Its members; what they leave out is the correlation's.
        objects: Vec<QuantitySample>,
        /// HealthKit's metadata by key.
        metadata: Option<Map<String, Value>>,
    }

    /// An object that was deleted on the phone.
    pub(crate) struct DeletedObject {
        /// HealthKit's id of the object.
        #[schema(format = Uuid)]
        uuid: String,
        /// Its type.
        #[serde(rename = "type")]
        kind: Option<String>,
    }

    /// The payload of the Health Auto Export app, as the app writes it.
    pub(crate) struct HealthAutoExport {
        /// What is exported.
        data: HealthAutoExportData,
    }

    /// The arrays of the app; each is optional.
    #[serde(rename_all = "camelCase")]
    pub(crate) struct HealthAutoExportData {
        /// `{name, units, data: [{date, qty}]}` for each metric.
        #[serde(default)]
        metrics: Vec<Map<String, Value>>,
        /// Workouts with their routes and heart rates.
        #[serde(default)]
        workouts: Vec<Map<String, Value>>,
        /// States of mind.
        #[serde(default)]
        state_of_mind: Vec<Map<String, Value>>,
        /// Medications that were taken.
        #[serde(default)]
        medications: Vec<Map<String, Value>>,
        /// Symptoms.
        #[serde(default)]
        symptoms: Vec<Map<String, Value>>,
        /// Entries of a cycle.
        #[serde(default)]
        cycle_tracking: Vec<Map<String, Value>>,
        /// Electrocardiograms.
        #[serde(default)]
        ecg: Vec<Map<String, Value>>,
        /// Notifications of an unusual heart rate.
        #[serde(default)]
        heart_rate_notifications: Vec<Map<String, Value>>,
    }

    /// The payload of the Open Wearables mobile SDK, as the SDK writes it.
    #[serde(rename_all = "camelCase")]
    pub(crate) struct OpenWearablesSync {
        /// `apple`, `google`, `samsung` and others; decides how types are named.
        provider: Option<String>,
        /// Version of the SDK.
        sdk_version: Option<String>,
        /// When the SDK wrote it.
        #[schema(format = DateTime)]
        sync_timestamp: Option<String>,
        /// What is synchronised.
        data: OpenWearablesData,
    }

    /// The arrays of the SDK; each is optional.
    pub(crate) struct OpenWearablesData {
        /// Samples.
        #[serde(default)]
        records: Vec<OpenWearablesRecord>,
        /// Stages of sleep and scores of nights.
        #[serde(default)]
        sleep: Vec<Map<String, Value>>,
        /// Workouts.
        #[serde(default)]
        workouts: Vec<Map<String, Value>>,
    }

    /// A sample as the SDK writes it.
    #[serde(rename_all = "camelCase")]
    pub(crate) struct OpenWearablesRecord {
        /// Id of the object, by which repeats are recognised.
        id: Option<String>,
        /// The type in the provider's words.
        #[serde(rename = "type")]
        kind: String,
        /// The value in `unit`.
        value: f64,
        /// The unit.
        unit: Option<String>,
        /// First instant.
        #[schema(format = DateTime)]
        start_date: String,
        /// Last instant.
        #[schema(format = DateTime)]
        end_date: Option<String>,
        /// Offset of local time, such as `+02:00`.
        zone_offset: Option<String>,
        /// App and device: `appId`, `deviceName`, `deviceModel`, `deviceType`, `recordingMethod`.
        source: Option<Map<String, Value>>,
        /// Metadata by key.
        metadata: Option<Map<String, Value>>,
    }
}
