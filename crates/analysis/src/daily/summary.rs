//! The summary of one metric over one local day, exactly as answers print it.
//!
//! It must never hold a source's number: names are what people and answers know.

use jiff::fmt::temporal::DateTimePrinter;
use jiff::tz::Offset;
use model::metric::Kind;
use model::sample::Sample;
use model::source::{Source, SourceNo};
use model::zone::{Span, ZoneHistory, timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::category;
use super::copies;
use super::discrete::{Dated, Distribution, Weighting, distribution};
use super::measure::Text;
use super::merge::{self, DayTotal};
use super::rank::Ranks;
use super::sleep;

/// The samples of one metric around a day.
#[derive(Debug, Clone, Copy)]
pub struct MetricSamples<'a> {
    /// The metric's id in answers, or the name of a person's own type.
    pub id: &'a str,
    /// Its unit as answers print it.
    pub unit: &'a str,
    /// How its samples combine; a person's own type is `Discrete`.
    pub kind: Kind,
    /// Samples that overlap the day and 36 h around it, sorted by start.
    pub samples: &'a [Sample],
    /// The order of its sources.
    pub ranks: &'a Ranks,
}

/// The day and what its numbers are printed with.
#[derive(Debug, Clone, Copy)]
pub struct DayFrame<'a> {
    /// The spans of the local day, oldest first.
    pub spans: &'a [Span],
    /// For the offsets of printed times.
    pub zones: &'a ZoneHistory,
    /// The person's sources; a number is a position.
    pub sources: &'a [Source],
}

/// One metric over one local day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MetricSummary {
    /// A merged total.
    Cumulative(CumulativeSummary),
    /// A distribution.
    Discrete(DiscreteSummary),
    /// Counts and minutes per code.
    Category(CategorySummary),
}

/// What one source gave to a total.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourceValue {
    /// The source's name.
    pub source: String,
    /// Its part of the merged total.
    pub value: f64,
    /// Its own sum, as if it were alone.
    pub unmerged: f64,
    /// Its samples that touch the day.
    pub samples: u32,
}

/// The merged total of a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CumulativeSummary {
    /// Every instant counted once.
    pub value: f64,
    /// Unit (UCUM).
    #[schema(value_type = String)]
    pub unit: Text,
    /// Distinct samples that touch the day.
    pub samples: u32,
    /// Share of the day's hours with a sample.
    pub coverage: f64,
    /// Per source, best-ranked first.
    pub by_source: Vec<SourceValue>,
}

/// A value and when it was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct At {
    /// RFC 3339 with the person's offset.
    #[schema(format = DateTime)]
    pub at: String,
    /// The value.
    pub value: f64,
}

/// The measurements of a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DiscreteSummary {
    /// Arithmetic mean; null when only extremes came.
    pub mean: Option<f64>,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Number of measurements.
    pub n: u32,
    /// Unit (UCUM), or the unit text of a person's own type.
    #[schema(value_type = String)]
    pub unit: Text,
    /// Share of the day's hours with a sample.
    pub coverage: f64,
    /// Mean by the time that values stand for, for metrics that are averaged so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_weighted_mean: Option<f64>,
    /// Equivalent continuous level, for sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equivalent_level: Option<f64>,
    /// The earliest measurement.
    pub first: At,
    /// The latest measurement.
    pub last: At,
    /// Whether an app had averaged the values before they came.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub aggregated: bool,
    /// The same by source, best-ranked first: what trends and baselines compare, because two devices are not one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_source: Vec<SourceMean>,
    /// Why the mean is null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub reason: Option<Text>,
}

/// The measurements of one source on a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourceMean {
    /// The source's name.
    pub source: String,
    /// Number of its measurements.
    pub n: u32,
    /// Their arithmetic mean.
    pub mean: f64,
    /// Their mean by time or equivalent level, for metrics that have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weighted: Option<f64>,
}

/// A code's share of a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CodeSummary {
    /// The raw value of the enumeration.
    pub code: i32,
    /// Distinct samples that end on the day.
    pub n: u32,
    /// Minutes of the day under this code.
    pub minutes: f64,
}

/// The codes of a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CategorySummary {
    /// Distinct samples that end on the day.
    pub n: u32,
    /// Per code.
    pub codes: Vec<CodeSummary>,
    /// Share of the day's hours with a sample.
    pub coverage: f64,
    /// Whether an app had aggregated the samples before it sent them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub aggregated: bool,
}

/// Summarises a metric over a day; nothing when no sample belongs to it.
pub fn summarise(metric: &MetricSamples<'_>, frame: &DayFrame<'_>) -> Option<MetricSummary> {
    let discrete = |weighting| {
        let found = distribution(metric.samples, frame.spans, weighting)?;
        let by_source = frame.by_source(metric, weighting);
        let summary = frame.discrete(&found, weighting, metric.unit);
        Some(MetricSummary::Discrete(DiscreteSummary {
            by_source,
            ..summary
        }))
    };
    match metric.kind {
        Kind::Cumulative => frame.cumulative(metric).map(MetricSummary::Cumulative),
        Kind::Discrete => discrete(Weighting::Arithmetic),
        Kind::TimeWeighted => discrete(Weighting::Time),
        Kind::EquivalentLevel => discrete(Weighting::Energy),
        Kind::Category => frame.category(metric).map(MetricSummary::Category),
    }
}

impl DayFrame<'_> {
    fn cumulative(&self, metric: &MetricSamples<'_>) -> Option<CumulativeSummary> {
        let total = if sleep::TOTALS.contains(&metric.id) {
            self.of_nights(metric)?
        } else {
            let near = self.near(metric.samples, copies::reach_us(metric.ranks));
            merge::by_priority(&near, metric.ranks, &[self.spans.to_vec()]).pop()?
        };
        let by_source: Vec<SourceValue> = total
            .by_source
            .iter()
            .map(|part| SourceValue {
                source: self.name(part.source),
                value: part.merged,
                unmerged: part.plain,
                samples: part.samples,
            })
            .collect();
        (total.samples > 0).then(|| CumulativeSummary {
            value: total.total,
            unit: Text::Owned(metric.unit.to_owned()),
            samples: total.samples,
            coverage: total.coverage,
            by_source,
        })
    }

    /// The totals of the nights that ended on the day, whole: midnight does not cut them.
    fn of_nights(&self, metric: &MetricSamples<'_>) -> Option<DayTotal> {
        let last_us = |sample: &Sample| sample.start_us.max(sample.end_us - 1);
        let on_day = |at_us: i64| {
            let mut spans = self.spans.iter();
            spans.any(|span| (span.start_us..span.end_us).contains(&at_us))
        };
        let ended: Vec<Sample> = metric
            .samples
            .iter()
            .filter(|sample| on_day(last_us(sample)))
            .copied()
            .collect();
        let whole = Span {
            start_us: ended.iter().map(|sample| sample.start_us).min()?,
            end_us: ended.iter().map(last_us).max()? + 1,
        };
        let whole = merge::by_priority(&ended, metric.ranks, &[vec![whole]]).pop()?;
        let day = merge::by_priority(&ended, metric.ranks, &[self.spans.to_vec()]).pop()?;
        Some(DayTotal {
            coverage: day.coverage,
            ..whole
        })
    }

    /// The samples that can matter for the day: nothing further from it than `reach_us` hides or adds inside it.
    fn near(&self, samples: &[Sample], reach_us: i64) -> Vec<Sample> {
        let (Some(first), Some(last)) = (self.spans.first(), self.spans.last()) else {
            return Vec::new();
        };
        let (from_us, until_us) = (first.start_us - reach_us, last.end_us + reach_us);
        samples
            .iter()
            .filter(|sample| sample.start_us < until_us && sample.end_us >= from_us)
            .copied()
            .collect()
    }

    fn discrete(&self, found: &Distribution, weighting: Weighting, unit: &str) -> DiscreteSummary {
        DiscreteSummary {
            mean: found.mean,
            min: found.min,
            max: found.max,
            n: found.n,
            unit: Text::Owned(unit.to_owned()),
            coverage: found.coverage,
            time_weighted_mean: found.weighted.filter(|_| weighting == Weighting::Time),
            equivalent_level: found.weighted.filter(|_| weighting == Weighting::Energy),
            first: self.at(found.first),
            last: self.at(found.last),
            aggregated: found.is_aggregated,
            by_source: Vec::new(),
            reason: found
                .mean
                .is_none()
                .then_some(Text::Borrowed("only_extremes")),
        }
    }

    /// The measurements of each source as if it were alone.
    fn by_source(&self, metric: &MetricSamples<'_>, weighting: Weighting) -> Vec<SourceMean> {
        let near = self.near(metric.samples, 0);
        let mut sources: Vec<SourceNo> = near.iter().map(|sample| sample.source).collect();
        sources.sort_by_key(|source| (metric.ranks.of(*source), *source));
        sources.dedup();
        let of_source = |source: &SourceNo| {
            let own = near.iter().filter(|sample| sample.source == *source);
            let own: Vec<Sample> = own.copied().collect();
            let found = distribution(&own, self.spans, weighting)?;
            Some(SourceMean {
                source: self.name(*source),
                n: found.n,
                mean: found.mean?,
                weighted: found.weighted,
            })
        };
        sources.iter().filter_map(of_source).collect()
    }

    fn category(&self, metric: &MetricSamples<'_>) -> Option<CategorySummary> {
        let found = category::totals(metric.samples, self.spans)?;
        Some(CategorySummary {
            n: found.n,
            codes: found
                .codes
                .iter()
                .map(|total| CodeSummary {
                    code: total.code,
                    n: total.n,
                    minutes: total.minutes,
                })
                .collect(),
            coverage: found.coverage,
            aggregated: found.is_aggregated,
        })
    }

    fn name(&self, source: SourceNo) -> String {
        self.sources.get(usize::from(source.0)).map_or_else(
            || format!("source {}", source.0),
            |source| source.name.clone(),
        )
    }

    fn at(&self, dated: Dated) -> At {
        At {
            at: print_instant(dated.at_us, self.zones),
            value: dated.value,
        }
    }
}

/// Prints an instant as RFC 3339 with the person's offset at that time.
pub fn print_instant(at_us: i64, zones: &ZoneHistory) -> String {
    let offset_min = zones.zone_at(at_us).offset_min(at_us);
    let offset = Offset::from_seconds(offset_min * 60).unwrap_or(Offset::UTC);
    let mut text = String::with_capacity(32);
    match DateTimePrinter::new().print_timestamp_with_offset(&timestamp(at_us), offset, &mut text) {
        Ok(()) => text,
        Err(_) => timestamp(at_us).to_string(),
    }
}
