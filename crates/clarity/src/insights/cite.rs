//! Facts as texts cite them: each number with the request that returns it again.
//!
//! `analysis` knows where a number is in the document of a day; this file knows which answer prints
//! that part and under which names. It must never compute a number.

use analysis::daily::facts::{Baseline, Fact, Part, Query, Statement};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A request whose response contains the number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct CitedQuery {
    /// Path and query string; `end` is the first date that is not meant.
    #[schema(example = "/api/v1/sleep?start=2026-05-04&end=2026-05-05")]
    pub(crate) request: String,
    /// JSON pointer (RFC 6901) into the response.
    #[schema(example = "/data/0/main/asleep_min")]
    pub(crate) pointer: String,
}

/// What is usual for the person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct CitedBaseline {
    /// Median of the valid days.
    pub(crate) median: f64,
    /// Their 10th percentile: eight of ten of the days lie from it to `high`. Absent from texts of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) low: Option<f64>,
    /// Their 90th percentile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) high: Option<f64>,
    /// Median absolute deviation from the median.
    pub(crate) mad: f64,
    /// Number of valid days.
    pub(crate) n: usize,
    /// First date.
    #[schema(value_type = String, format = Date)]
    pub(crate) from: Date,
    /// The date after the last one.
    #[schema(value_type = String, format = Date)]
    pub(crate) until: Date,
    /// The request that returns the days; the pointer holds for each of them.
    pub(crate) query: CitedQuery,
}

/// One number of a day that a text cites.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct CitedFact {
    /// Stable name.
    #[schema(example = "sleep_duration")]
    pub(crate) id: String,
    /// The metric it is about.
    #[schema(example = "sleep_analysis")]
    pub(crate) metric: String,
    /// What it says.
    pub(crate) statement: Statement,
    /// The day.
    #[schema(value_type = String, format = Date)]
    pub(crate) date: Date,
    /// The number; null with a reason.
    pub(crate) value: Option<f64>,
    /// UCUM unit; minutes after midnight for times of day.
    pub(crate) unit: String,
    /// Samples (or nights, for a regularity) behind it.
    pub(crate) n: u32,
    /// Share of its interval with data, when defined.
    pub(crate) coverage: Option<f64>,
    /// Why the value is null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// What is usual; null with a reason.
    pub(crate) baseline: Option<CitedBaseline>,
    /// Why there is no baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) baseline_reason: Option<String>,
    /// Value − median.
    pub(crate) difference: Option<f64>,
    /// Difference in percent of the median; null for clock times and a median of zero.
    pub(crate) difference_percent: Option<f64>,
    /// Difference in robust standard deviations; null without baseline or without any spread.
    pub(crate) robust_z: Option<f64>,
    /// How the number was computed.
    pub(crate) method: String,
    /// The source that the number is of, where it is of one alone; its baseline is of the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<String>,
    /// Version of that method.
    pub(crate) version: u16,
    /// The request that returns the number.
    pub(crate) query: CitedQuery,
}

impl From<Query> for CitedQuery {
    fn from(query: Query) -> Self {
        let (path, mut pointer) = match query.part {
            Part::Metrics => ("summaries/daily", "/data/0/metrics".to_owned()),
            Part::Night => ("sleep", "/data/0".to_owned()),
            Part::Cardio => ("cardio", "/data/0".to_owned()),
        };
        for member in query.members {
            pointer.push('/');
            // Answers print instants as text, under the name without the unit.
            pointer.push_str(member.strip_suffix("_us").unwrap_or(member));
        }
        let (from, until) = (query.from, query.until);
        Self {
            request: format!("/api/v1/{path}?start={from}&end={until}"),
            pointer,
        }
    }
}

impl From<&Baseline> for CitedBaseline {
    fn from(baseline: &Baseline) -> Self {
        Self {
            median: baseline.median,
            low: Some(baseline.low),
            high: Some(baseline.high),
            mad: baseline.mad,
            n: baseline.n,
            from: baseline.from,
            until: baseline.until,
            query: baseline.query.into(),
        }
    }
}

impl From<&Fact> for CitedFact {
    fn from(fact: &Fact) -> Self {
        Self {
            id: fact.id.to_string(),
            metric: fact.metric.to_string(),
            statement: fact.statement,
            date: fact.date,
            value: fact.value,
            unit: fact.unit.to_string(),
            n: fact.n,
            coverage: fact.coverage,
            reason: fact.reason.as_deref().map(str::to_owned),
            baseline: fact.baseline.as_ref().map(CitedBaseline::from),
            baseline_reason: fact.baseline_reason.as_deref().map(str::to_owned),
            difference: fact.difference,
            difference_percent: fact.difference_percent,
            robust_z: fact.robust_z,
            method: fact.method.to_string(),
            source: fact.source.clone(),
            version: fact.version,
            query: fact.query.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn parts_of_documents_are_requests() {
        let check = |part, members: &'static [&'static str], request: &str, pointer: &str| {
            let cited = CitedQuery::from(Query {
                part,
                members,
                from: date(2026, 5, 4),
                until: date(2026, 5, 5),
            });
            assert_eq!(
                cited.request,
                format!("/api/v1/{request}?start=2026-05-04&end=2026-05-05")
            );
            assert_eq!(cited.pointer, pointer);
        };
        let night = &["main", "onset_us"];
        check(Part::Night, night, "sleep", "/data/0/main/onset");
        let steps = &["step_count", "value"];
        let pointer = "/data/0/metrics/step_count/value";
        check(Part::Metrics, steps, "summaries/daily", pointer);
        let oxygen = &["oxygen_saturation_mean", "value"];
        let pointer = "/data/0/oxygen_saturation_mean/value";
        check(Part::Cardio, oxygen, "cardio", pointer);
    }
}
