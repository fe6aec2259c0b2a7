//! Records: typed documents that are more than a number over an interval (workouts, routes, ECGs,
//! heartbeat series, correlations, activity summaries …).
//!
//! A reader fills them, the store keeps them sealed, answers print them. Quantities inside a record
//! are in canonical units; the unit is the last part of the field's name.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::sample::Uid;
use crate::source::SourceNo;

/// A document of a person, with what makes it the same document when it comes again.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// First instant, microseconds since 1970-01-01T00:00:00Z.
    pub start_us: i64,
    /// End of the half-open interval.
    pub end_us: i64,
    /// IANA zone or fixed offset in which it happened, when known.
    pub zone: Option<String>,
    /// Who made it, in the reader's or the person's table of sources.
    pub source: SourceNo,
    /// The provider's object id, when it has one.
    pub uid: Option<Uid>,
    /// What makes it the same document beside its kind, when there is no `uid`: two records of one
    /// kind with the same identity are versions of one document, and the later snapshot wins.
    pub identity: String,
    /// The document.
    pub body: Body,
}

/// The documents that are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = RecordDocument)]
pub enum Body {
    /// A workout.
    Workout(Workout),
    /// The path of a workout.
    Route(Route),
    /// An electrocardiogram.
    Ecg(Ecg),
    /// Beat-to-beat times behind one heart-rate-variability sample.
    HeartbeatSeries(HeartbeatSeries),
    /// Samples that belong together (blood pressure, a meal).
    Correlation(Correlation),
    /// The rings of one day, as the phone computed them.
    ActivitySummary(ActivitySummary),
    /// What the person entered on the phone about themselves.
    Characteristics(Characteristics),
    /// A hearing test.
    Audiogram(Audiogram),
    /// Glasses or contact lenses.
    VisionPrescription(VisionPrescription),
    /// A document of a clinic (FHIR).
    ClinicalRecord(ClinicalRecord),
    /// A logged emotion or mood.
    StateOfMind(StateOfMind),
    /// Anything this version cannot read further: kept as it came.
    Other(Other),
}

impl Body {
    /// The kind, as it is stored and printed.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Workout(_) => "workout",
            Self::Route(_) => "route",
            Self::Ecg(_) => "ecg",
            Self::HeartbeatSeries(_) => "heartbeat_series",
            Self::Correlation(_) => "correlation",
            Self::ActivitySummary(_) => "activity_summary",
            Self::Characteristics(_) => "characteristics",
            Self::Audiogram(_) => "audiogram",
            Self::VisionPrescription(_) => "vision_prescription",
            Self::ClinicalRecord(_) => "clinical_record",
            Self::StateOfMind(_) => "state_of_mind",
            Self::Other(_) => "other",
        }
    }
}

/// One key and value of free metadata, kept as printed. Keys may repeat.
pub type Metadata = Vec<(String, String)>;

/// A workout.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Workout {
    /// Activity in snake case (`running`), or the text that came.
    pub activity: String,
    /// Moving time in minutes, pauses excluded, as the device recorded it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_min: Option<f64>,
    /// Active energy in kilocalories.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_energy_kcal: Option<f64>,
    /// Distance in metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance_m: Option<f64>,
    /// Whether it happened indoors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indoor: Option<bool>,
    /// Totals and extremes by metric.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statistics: Vec<WorkoutStatistic>,
    /// Pauses, laps, segments and markers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<WorkoutEvent>,
    /// The parts of a workout of several activities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub activities: Vec<WorkoutActivity>,
    /// Paths of route files inside the archive; each is a [`Route`] record of the same path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<String>,
    /// Everything else that came with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Vec<String>>)]
    pub metadata: Metadata,
}

/// What a workout says about one metric.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct WorkoutStatistic {
    /// Metric id.
    pub metric: String,
    /// UCUM unit of the values.
    pub unit: String,
    /// Total, for cumulative metrics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sum: Option<f64>,
    /// Mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// Smallest value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Largest value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}

/// A moment or segment inside a workout.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct WorkoutEvent {
    /// `pause`, `resume`, `lap`, `segment`, `marker`, `motion_paused`, `motion_resumed`, …
    pub event: String,
    /// When it happened or began.
    pub at_us: i64,
    /// Length in minutes, for segments and laps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_min: Option<f64>,
}

/// One part of a workout of several activities.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct WorkoutActivity {
    /// The provider's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// First instant.
    pub start_us: i64,
    /// End, when it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_us: Option<i64>,
    /// Moving time in minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_min: Option<f64>,
    /// Its own totals; the workout's statistics already contain them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statistics: Vec<WorkoutStatistic>,
    /// Its events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<WorkoutEvent>,
    /// Everything else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Vec<String>>)]
    pub metadata: Metadata,
}

/// The path of a workout, in columns of equal length.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Route {
    /// Path of the file inside the archive, which its workout names; empty when the route came
    /// inside the workout itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// Time of each point.
    pub at_us: Vec<i64>,
    /// Degrees north.
    pub latitude_deg: Vec<f64>,
    /// Degrees east.
    pub longitude_deg: Vec<f64>,
    /// Metres above sea level; `None` where unknown.
    pub elevation_m: Vec<Option<f64>>,
    /// Metres per second; `None` where unknown.
    pub speed_m_s: Vec<Option<f64>>,
    /// Degrees from north; `None` where unknown.
    pub course_deg: Vec<Option<f64>>,
    /// Horizontal accuracy in metres; `None` where unknown.
    pub horizontal_accuracy_m: Vec<Option<f64>>,
    /// Vertical accuracy in metres; `None` where unknown.
    pub vertical_accuracy_m: Vec<Option<f64>>,
}

/// An electrocardiogram of one lead.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Ecg {
    /// What the device concluded, as printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classification: Option<String>,
    /// Symptoms the person named, as printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symptoms: Option<String>,
    /// Samples per second.
    pub sampling_hz: f64,
    /// The lead, as printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<String>,
    /// Mean heart rate per minute during the recording.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heart_rate_bpm: Option<f64>,
    /// Voltages.
    pub voltage_uv: Vec<f64>,
    /// Remaining header lines (device, software version).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Vec<String>>)]
    pub metadata: Metadata,
}

/// Instantaneous heart rates behind a variability sample, in columns of equal length.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct HeartbeatSeries {
    /// Time of each beat. The file prints a wall clock without date; it is placed into the interval
    /// of its sample.
    pub at_us: Vec<i64>,
    /// Beats per minute at that beat.
    pub rate_bpm: Vec<f64>,
}

/// Samples that belong together. The samples themselves are stored as such.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Correlation {
    /// `blood_pressure`, `food`, or the text that came.
    pub correlation: String,
    /// The members.
    pub members: Vec<CorrelationMember>,
    /// Everything else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Vec<String>>)]
    pub metadata: Metadata,
}

/// One sample of a correlation.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct CorrelationMember {
    /// Metric id, or the type as it came.
    pub metric: String,
    /// Canonical value.
    pub value: f64,
    /// UCUM unit.
    pub unit: String,
    /// First instant.
    pub start_us: i64,
    /// End.
    pub end_us: i64,
}

/// The rings of one day.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct ActivitySummary {
    /// The local day, as printed.
    pub date: String,
    /// Active energy and its goal, kilocalories.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_energy_kcal: Option<f64>,
    /// Goal for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_energy_goal_kcal: Option<f64>,
    /// Minutes moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub move_min: Option<f64>,
    /// Goal for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub move_goal_min: Option<f64>,
    /// Minutes of exercise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exercise_min: Option<f64>,
    /// Goal for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exercise_goal_min: Option<f64>,
    /// Hours with standing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stand_hours: Option<f64>,
    /// Goal for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stand_goal_hours: Option<f64>,
}

/// What the person entered on the phone about themselves; empty entries are left out.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Characteristics {
    /// Pairs of characteristic in snake case (`date_of_birth`) and value as printed.
    #[schema(value_type = Vec<Vec<String>>)]
    pub entries: Metadata,
}

/// A hearing test.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Audiogram {
    /// One entry per frequency.
    pub points: Vec<SensitivityPoint>,
    /// Everything else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Vec<String>>)]
    pub metadata: Metadata,
}

/// Hearing threshold at one frequency.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct SensitivityPoint {
    /// Frequency.
    pub frequency_hz: f64,
    /// Left ear, decibels hearing level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_dbhl: Option<f64>,
    /// Right ear, decibels hearing level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right_dbhl: Option<f64>,
    /// Masking and clamping, as printed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Vec<String>>)]
    pub metadata: Metadata,
}

/// Glasses or contact lenses.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct VisionPrescription {
    /// `glasses`, `contacts`, or as it came.
    pub prescription: String,
    /// Right eye: attribute and value with unit, as printed.
    #[schema(value_type = Vec<Vec<String>>)]
    pub right_eye: Metadata,
    /// Left eye.
    #[schema(value_type = Vec<Vec<String>>)]
    pub left_eye: Metadata,
    /// Everything else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Vec<String>>)]
    pub metadata: Metadata,
}

/// A document of a clinic.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct ClinicalRecord {
    /// Type as printed (`Observation`).
    pub resource: String,
    /// The clinic's id of it.
    pub identifier: String,
    /// FHIR version as printed.
    pub fhir_version: String,
    /// Path inside the archive.
    pub path: String,
    /// Address of the clinic's service, as printed.
    pub source_url: String,
    /// The resource itself as JSON text, when the file was in the archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<String>,
}

/// A logged emotion or mood.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct StateOfMind {
    /// `momentary_emotion` or `daily_mood`, or as it came.
    pub state: String,
    /// From −1 (very unpleasant) to 1 (very pleasant).
    pub valence: f64,
    /// Words the person chose.
    pub labels: Vec<String>,
    /// What it was about.
    pub associations: Vec<String>,
}

/// Something that is kept as it came.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Other {
    /// Element or type name.
    pub name: String,
    /// The content as JSON text.
    pub json: String,
}
