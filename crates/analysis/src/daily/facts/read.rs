//! Numbers read from the document of a day, each with how it was computed and of which source it is.

use model::sample::MINUTE_US;
use model::zone::Zone;

use super::CLOCK_MIN;
use crate::daily::document::DayDocument;
use crate::daily::measure::{Measure, Quantity, Text};
use crate::daily::sleep::Episode;
use crate::daily::summary::{MetricSummary, SourceMean};

/// A number read from a document, or why there is none.
pub(super) struct Reading {
    pub(super) value: Result<f64, Text>,
    pub(super) unit: Text,
    pub(super) n: u32,
    pub(super) coverage: Option<f64>,
    pub(super) method: Text,
    pub(super) source: Option<String>,
    pub(super) version: u16,
}

impl Reading {
    pub(super) fn quantity(&self) -> Quantity {
        (self.method.clone(), self.source.clone())
    }
}

/// A number of one method without name, or that there is none.
pub(super) fn reading(value: Result<f64, &'static str>, unit: Text, n: u32) -> Reading {
    Reading {
        value: value.map_err(Text::Borrowed),
        unit,
        n,
        coverage: None,
        method: Text::Borrowed(""),
        source: None,
        version: 1,
    }
}

/// What a measure says.
pub(super) fn measured(measure: &Measure) -> Reading {
    Reading {
        value: measure
            .value
            .ok_or_else(|| measure.reason.clone().unwrap_or(Text::Borrowed("unknown"))),
        unit: measure.unit.clone(),
        n: measure.n,
        coverage: measure.coverage,
        method: measure.method.clone(),
        source: measure.source.clone(),
        version: measure.version,
    }
}

/// The means of a metric by source.
pub(super) fn means_by_source(day: &DayDocument, metric: &str) -> Vec<Reading> {
    let method = Text::Borrowed("discrete.mean");
    let missing = |reason| {
        vec![Reading {
            method: method.clone(),
            ..reading(Err(reason), Text::Borrowed(""), 0)
        }]
    };
    let Some(MetricSummary::Discrete(found)) = day.metrics.get(metric) else {
        return missing("no_samples");
    };
    if found.by_source.is_empty() {
        return missing("only_extremes");
    }
    let of_source = |one: &SourceMean| Reading {
        coverage: Some(found.coverage),
        method: method.clone(),
        source: Some(one.source.clone()),
        ..reading(Ok(one.mean), found.unit.clone(), one.n)
    };
    found.by_source.iter().map(of_source).collect()
}

/// Whether a sleep has stages.
pub(super) fn is_staged(main: &Episode) -> bool {
    let stages = main.stages_min;
    stages.core + stages.deep + stages.rem > 0.0
}

/// A number of the main sleep.
pub(super) fn night(
    day: &DayDocument,
    unit: &'static str,
    read: fn(&Episode) -> Option<f64>,
) -> Reading {
    let unit = Text::Borrowed(unit);
    let found = match &day.night.main {
        Some(main) => reading(read(main).ok_or("not_recorded"), unit, 1),
        None => Reading {
            value: Err(day
                .night
                .reason
                .clone()
                .unwrap_or(Text::Borrowed("no_sleep_data"))),
            ..reading(Err("no_sleep_data"), unit, 0)
        },
    };
    let scored_by = day
        .night
        .main
        .as_ref()
        .and_then(|main| main.scored_by.as_ref());
    match scored_by {
        Some(by) => Reading {
            coverage: Some(by.coverage),
            method: Text::Owned(format!("sleep.scored.{}", by.scorer)),
            version: by.version,
            ..found
        },
        None => Reading {
            method: Text::Borrowed("sleep.device_stages"),
            version: day.night.version,
            ..found
        },
    }
}

/// Sleep onset in minutes after local midnight, on the clock of the zone of waking.
pub(super) fn bedtime(day: &DayDocument) -> Reading {
    let found = night(day, "min", |main| {
        Some(main.onset_us as f64 / MINUTE_US as f64)
    });
    let zone = Zone::parse(&day.night.zone).unwrap_or_else(|_| Zone::utc());
    let offset_min = day
        .night
        .main
        .as_ref()
        .map_or(0, |main| zone.offset_min(main.onset_us));
    Reading {
        value: found
            .value
            .map(|utc_min| (utc_min + f64::from(offset_min)).rem_euclid(CLOCK_MIN)),
        ..found
    }
}
