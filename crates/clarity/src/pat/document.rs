//! The document of a week: stored as it is written, and printed as it is stored.

use std::collections::BTreeMap;

use analysis::report::column::{Cell, ColumnValue};
use jiff::civil::Date;
use pat::week::Quantity;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A week that was analysed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum WeekDocument {
    /// It was embedded.
    Completed(Box<EmbeddedWeek>),
    /// Too little of it was recorded.
    Insufficient(ThinWeek),
}

/// A week with its embedding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EmbeddedWeek {
    /// Its id.
    #[schema(format = Uuid)]
    pub id: String,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// The local day on which the week begins.
    #[schema(value_type = String, format = Date)]
    pub week_start: Date,
    /// What the minutes count.
    pub quantity: Counted,
    /// Whether the minutes are a proxy of what the model was trained on.
    pub proxy: bool,
    /// Share of the 10,080 minutes that have a value.
    pub coverage: f64,
    /// Days with at least 600 worn minutes.
    pub valid_days: usize,
    /// Worn minutes of each day.
    pub worn_minutes: Vec<usize>,
    /// Minutes of short gaps that were filled.
    pub imputed_minutes: usize,
    /// The model that embedded it.
    pub model: WeekModel,
    /// How the minutes were scaled.
    pub scaler: String,
    /// 96 numbers.
    pub embedding: Vec<f32>,
    /// For each block, the share of attention that each patch of minutes receives.
    pub attention_profile: Vec<Vec<f32>>,
    /// Likeness with the person's own earlier weeks.
    pub similarity: Similarity,
    /// Classical measures of the same minutes, by name.
    pub rhythm: Rhythm,
    /// What it is not.
    pub disclaimer: String,
}

/// A week that is too thin to be embedded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ThinWeek {
    /// Its id.
    #[schema(format = Uuid)]
    pub id: String,
    /// When it was looked at.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// The local day on which the week begins.
    #[schema(value_type = String, format = Date)]
    pub week_start: Date,
    /// Null: there is none.
    #[schema(value_type = Option<Vec<f32>>)]
    pub embedding: (),
    /// What it lacks.
    pub reason: String,
    /// What an embedding is not.
    pub disclaimer: String,
}

/// What the minutes of a week count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// Counts of a device on the wrist, as the model was trained on.
    WristCounts,
    /// Counts of a device worn elsewhere.
    Counts,
    /// Acceleration.
    Acceleration,
    /// Steps.
    Steps,
}

impl From<Quantity> for Counted {
    fn from(quantity: Quantity) -> Self {
        match quantity {
            Quantity::WristCounts => Self::WristCounts,
            Quantity::Counts => Self::Counts,
            Quantity::Acceleration => Self::Acceleration,
            Quantity::Steps => Self::Steps,
        }
    }
}

/// The model that embedded a week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WeekModel {
    /// Its name.
    pub name: String,
    /// Its size.
    pub size: String,
    /// Digest of its weights.
    pub sha256: String,
    /// Licence of its weights.
    pub licence: String,
    /// What is shown wherever a result of them is.
    pub attribution: String,
}

/// Likeness of a week with the earlier ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Similarity {
    /// Cosine similarity with the mean of the earlier weeks; null with a reason.
    pub value: Option<f64>,
    /// Distance from them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance: Option<f64>,
    /// Distance from which a week is novel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// Whether the week is novel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub novel: Option<bool>,
    /// Number of earlier weeks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier_weeks: Option<usize>,
    /// Why the value is null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Classical measures by name.
pub type Rhythm = BTreeMap<String, ClassicalMeasure>;

/// A classical measure of a week.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClassicalMeasure {
    /// The value, a time of day as a clock shows it; null with a reason.
    value: Option<ClassicalValue>,
    /// Share of the minutes that took part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    coverage: Option<f64>,
    /// The method's stable name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    /// The method's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    /// Why the value is null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// A number, or the text of a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum ClassicalValue {
    /// A number.
    Number(f64),
    /// A time of day or a date.
    Text(String),
}

impl From<&ColumnValue> for ClassicalMeasure {
    fn from(measure: &ColumnValue) -> Self {
        let method = &measure.column.method;
        match measure.outcome {
            Ok(found) => Self {
                value: value(&measure.cell()),
                coverage: Some(found.coverage),
                method: Some(method.id.to_owned()),
                version: Some(method.version),
                reason: None,
            },
            Err(lacking) => Self {
                value: None,
                coverage: None,
                method: None,
                version: None,
                reason: Some(lacking.to_string()),
            },
        }
    }
}

fn value(cell: &Cell) -> Option<ClassicalValue> {
    Some(match cell {
        Cell::Missing => return None,
        Cell::Number(value) => ClassicalValue::Number(*value),
        Cell::Whole(value) => ClassicalValue::Number(*value as f64),
        Cell::Clock(_) | Cell::Instant(_) | Cell::Day(_) | Cell::Text(_) => {
            ClassicalValue::Text(cell.text())
        }
    })
}
