//! Canonical units (UCUM codes) and exact conversion from every unit text that an export or a
//! mobile SDK may print.

use serde::Serialize;

/// The canonical unit of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Unit {
    /// A number of things (`1`).
    Count,
    /// Per minute.
    PerMinute,
    /// Percent.
    Percent,
}

impl Unit {
    /// The UCUM code, as answers print it.
    pub const fn ucum(self) -> &'static str {
        match self {
            Self::Count => "1",
            Self::PerMinute => "/min",
            Self::Percent => "%",
        }
    }
}

/// A linear conversion into a canonical unit: `value × scale + offset`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conversion {
    scale: f64,
    offset: f64,
}

impl Conversion {
    /// The value is already canonical.
    pub const IDENTITY: Self = Self {
        scale: 1.0,
        offset: 0.0,
    };

    /// The canonical value of `value`.
    pub fn apply(self, value: f64) -> f64 {
        value * self.scale + self.offset
    }
}

/// A unit text that does not measure what the metric measures.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unit {text:?} is not a unit of {metric}")]
pub struct UnknownUnit {
    /// The text that was read.
    pub text: String,
    /// The metric it was read for.
    pub metric: &'static str,
}
