//! What a metric name in a request means for a person, and how metrics are printed.
//!
//! The catalogue's names come first; types that the catalogue does not know are the person's own and
//! are looked up in their table. Nobody sees another person's types.

use model::metric::{Kind, MetricNo};
use serde::Serialize;
use store::samples::DamagedChunk;
use utoipa::ToSchema;

use crate::person::dossier::Dossier;

/// A metric with everything that a response says about it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Measured {
    /// The stored number.
    pub(crate) no: MetricNo,
    /// The id in responses.
    pub(crate) id: String,
    /// The unit of its values.
    pub(crate) unit: String,
    /// How its values combine.
    pub(crate) kind: Kind,
}

impl Measured {
    /// The metric with a stored number, as this person knows it.
    pub(crate) fn of(dossier: &Dossier, no: MetricNo) -> Option<Self> {
        let described = dossier.describe(no)?;
        Some(Self {
            no,
            id: described.id,
            unit: described.unit,
            kind: described.kind,
        })
    }

    /// Every metric that a name means: one, or for a type outside the catalogue one for each unit in
    /// which it came; none for a name that means nothing to this person.
    pub(crate) fn named(dossier: &Dossier, name: &str) -> Vec<Self> {
        let numbers = match model::metric::by_name(name) {
            Some(metric) => vec![metric.no],
            None => dossier.dictionary().unknown_named(name),
        };
        numbers
            .into_iter()
            .filter_map(|no| Self::of(dossier, no))
            .collect()
    }
}

/// How the samples of a metric combine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Aggregation {
    /// They are added up, such as steps.
    Cumulative,
    /// Each stands for its moment, such as body mass.
    Discrete,
    /// Each stands for the time until the next one.
    TimeWeighted,
    /// Levels in decibels, averaged by energy.
    EquivalentLevel,
    /// Codes, such as stages of sleep.
    Category,
}

impl From<Kind> for Aggregation {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Cumulative => Self::Cumulative,
            Kind::Discrete => Self::Discrete,
            Kind::TimeWeighted => Self::TimeWeighted,
            Kind::EquivalentLevel => Self::EquivalentLevel,
            Kind::Category => Self::Category,
        }
    }
}

/// Samples that were stored and cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub(crate) struct DamagedPart {
    /// Metric id.
    pub(crate) metric: String,
    /// The UTC day on which the first one starts.
    #[schema(format = Date)]
    pub(crate) first_day: String,
    /// The last UTC day on which one ends.
    #[schema(format = Date)]
    pub(crate) last_day: String,
    /// How many there were.
    pub(crate) samples: u64,
}

impl DamagedPart {
    /// Names what is damaged.
    pub(crate) fn of(dossier: &Dossier, chunk: &DamagedChunk) -> Self {
        let described = dossier.describe(chunk.metric);
        Self {
            metric: described.map_or_else(|| "unknown".to_owned(), |described| described.id),
            first_day: chunk.first_day.to_string(),
            last_day: chunk.last_day.to_string(),
            samples: chunk.samples,
        }
    }
}
