//! `/days` and `/coverage`: days side by side as columns, for views of months and years.
//!
//! Every column has one place for each local day of the range; a day without samples of the metric is null. The
//! stored documents are read one after the other, and of each only what was asked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use analysis::daily::document::DayView;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Caller;
use crate::http::days::{self, Stored};
use crate::http::page::Params;
use crate::http::range::{Lengths, Range, RangeQuery, checked_days};
use crate::http::verbatim;
use crate::json;
use crate::person::measured::Measured;
use crate::problem::Problem;

/// Days in one response: five years and a half; with ten metrics 53 to 55 KB compressed (`tools/window bench`).
const LENGTHS: Lengths = Lengths {
    default_days: 365,
    max_days: 2_010,
};
/// Metrics in one response.
const METRICS_MAX: usize = 40;
/// Coverage is printed with this many steps to 1, finer than the hours of a day.
const COVERAGE_STEPS: f64 = 1_000.0;
/// Significant digits of a value: a relative error below 5·10⁻¹⁰, finer than any device.
const DIGITS: i32 = 10;

/// Which metrics.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct MetricsQuery {
    /// Metric ids or other names of theirs, separated by commas; at most 40.
    #[param(example = "step_count,heart_rate")]
    metrics: String,
}

/// One metric over the days of the range.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
struct Column {
    /// How the samples of a day combine: `cumulative`, `discrete` or `category`; null where no day has any.
    kind: Option<String>,
    /// UCUM unit; null for categories and where no day has samples.
    unit: Option<String>,
    /// Merged totals of cumulative metrics, arithmetic means of discrete ones, numbers of samples of categories;
    /// to ten significant digits.
    value: Vec<Option<f64>>,
    /// Smallest values of discrete metrics.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    min: Vec<Option<f64>>,
    /// Largest values of discrete metrics.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    max: Vec<Option<f64>>,
    /// Shares of the day's hours with a sample.
    coverage: Vec<Option<f64>>,
}

/// Chosen metrics over the days of a range.
#[derive(Debug, Serialize, ToSchema)]
struct DayColumns {
    /// The first day; every column has one place for it and each day after it.
    #[schema(value_type = String, format = Date)]
    start: Date,
    /// The end, exclusive.
    #[schema(value_type = String, format = Date)]
    end: Date,
    /// By metric id, each that was asked for.
    metrics: BTreeMap<String, Column>,
    /// Dates of which the stored document was made by methods of an earlier version; they are computed
    /// again in the background.
    stale: Vec<String>,
}

/// Which metric has data on which day.
#[derive(Debug, Serialize, ToSchema)]
struct Coverage {
    /// The first day; every list has one place for it and each day after it.
    #[schema(value_type = String, format = Date)]
    start: Date,
    /// The end, exclusive.
    #[schema(value_type = String, format = Date)]
    end: Date,
    /// By metric id: the share of each day's hours with a sample, null for a day without any. Metrics without
    /// samples in the range are absent.
    metrics: BTreeMap<String, Vec<Option<f64>>>,
}

/// What is read of one metric of one day; everything else is passed over.
#[derive(Debug, Deserialize)]
struct Glance<'a> {
    kind: &'a str,
    #[serde(default)]
    unit: Option<String>,
    #[serde(default)]
    value: Option<f64>,
    #[serde(default)]
    mean: Option<f64>,
    #[serde(default)]
    min: Option<f64>,
    #[serde(default)]
    max: Option<f64>,
    #[serde(default)]
    n: Option<f64>,
    coverage: f64,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(columns))
        .routes(routes!(coverage))
}

/// Reads chosen metrics by local day, as columns.
///
/// At most 2,010 days and 40 metrics; without `start` the last year. `GET /metrics-of-mine` lists what there is.
#[utoipa::path(
    get,
    operation_id = "get_days",
    path = "/days",
    tag = "reading",
    params(RangeQuery, MetricsQuery),
    responses(
        (status = 200, description = "One column per metric", body = DayColumns),
        (status = 304, description = "Not changed since the ETag in If-None-Match"),
    ),
    security(("bearer" = [])),
)]
async fn columns(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(range): Params<RangeQuery>,
    Params(query): Params<MetricsQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let range = range.parse()?;
    let mut tx = app.store.read().await?;
    let dossier = app.people.load(&mut tx, &app.vault, caller.user).await?;
    let mut ids = Vec::new();
    for name in query.metrics.split(',').map(str::trim) {
        let named = Measured::named(&dossier, name);
        let first = named.into_iter().next().ok_or_else(|| {
            Problem::parameter(
                "metrics",
                "contains a name of no metric; see GET /metric-types",
            )
        })?;
        ids.push(first.id);
    }
    if ids.len() > METRICS_MAX {
        let message = format!("may name at most {METRICS_MAX} metrics");
        return Err(Problem::parameter("metrics", message));
    }
    let (days, stored) = stored(&app, &mut tx, caller, range).await?;
    drop(tx);
    let body = app
        .compute(move || print_columns(&stored, days, ids))
        .await??;
    Ok(verbatim::json(&headers, body))
}

/// Reads which metric has data on which local day.
///
/// At most 2,010 days; without `start` the last year.
#[utoipa::path(
    get,
    operation_id = "get_coverage",
    path = "/coverage",
    tag = "reading",
    params(RangeQuery),
    responses(
        (status = 200, description = "One list per metric", body = Coverage),
        (status = 304, description = "Not changed since the ETag in If-None-Match"),
    ),
    security(("bearer" = [])),
)]
async fn coverage(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(range): Params<RangeQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let range = range.parse()?;
    let mut tx = app.store.read().await?;
    let (days, stored) = stored(&app, &mut tx, caller, range).await?;
    drop(tx);
    let body = app.compute(move || print_coverage(&stored, days)).await??;
    Ok(verbatim::json(&headers, body))
}

async fn stored(
    app: &App,
    tx: &mut store::Tx,
    caller: Caller,
    range: Range,
) -> Result<((Date, Date), Stored), Problem> {
    let days = if let Some((from, until)) = range.as_dates() {
        checked_days(from, until, LENGTHS.max_days)?
    } else {
        let dossier = app.people.load(tx, &app.vault, caller.user).await?;
        range.days(&dossier.history(), app.clock.now_us(), LENGTHS)?
    };
    Ok((days, days::stored(app, tx, caller.user, days).await?))
}

fn print_columns(
    stored: &Stored,
    (start, end): (Date, Date),
    ids: Vec<String>,
) -> Result<Vec<u8>, Problem> {
    let count = place(start, end);
    let empty = Column {
        value: vec![None; count],
        coverage: vec![None; count],
        ..Column::default()
    };
    let mut metrics: BTreeMap<String, Column> =
        ids.into_iter().map(|id| (id, empty.clone())).collect();
    each_day(stored, |date, glances| {
        let at = place(start, date);
        for (id, column) in &mut metrics {
            if let Some(glance) = glances.get(id.as_str()) {
                column.put(at, count, glance);
            }
        }
    })?;
    let answer = DayColumns {
        start,
        end,
        metrics,
        stale: stored.stale(),
    };
    let mut out = Vec::new();
    json::write(&mut out, &answer);
    Ok(out)
}

fn print_coverage(stored: &Stored, (start, end): (Date, Date)) -> Result<Vec<u8>, Problem> {
    let count = place(start, end);
    let mut metrics: BTreeMap<String, Vec<Option<f64>>> = BTreeMap::new();
    each_day(stored, |date, glances| {
        for (id, glance) in glances {
            if !metrics.contains_key(*id) {
                metrics.insert((*id).to_owned(), vec![None; count]);
            }
            let list = metrics.get_mut(*id);
            set(list, place(start, date), Some(rounded(glance.coverage)));
        }
    })?;
    let mut out = Vec::new();
    json::write(
        &mut out,
        &Coverage {
            start,
            end,
            metrics,
        },
    );
    Ok(out)
}

/// Reads each stored day in turn, so that only one is unpacked at a time.
fn each_day(
    stored: &Stored,
    mut take: impl FnMut(Date, &BTreeMap<&str, Glance<'_>>),
) -> Result<(), Problem> {
    for json in stored.unpacked() {
        let json = json?;
        let view = DayView::from_bytes(&json).map_err(Problem::internal)?;
        let glances = serde_json::from_str(view.metrics.get()).map_err(Problem::internal)?;
        take(view.date, &glances);
    }
    Ok(())
}

impl Column {
    fn put(&mut self, at: usize, count: usize, glance: &Glance<'_>) {
        self.kind.get_or_insert_with(|| glance.kind.to_owned());
        self.unit = self.unit.take().or_else(|| glance.unit.clone());
        let value = glance.value.or(glance.mean).or(match glance.kind {
            "category" => glance.n,
            _ => None,
        });
        set(Some(&mut self.value), at, value.map(significant));
        set(Some(&mut self.coverage), at, Some(rounded(glance.coverage)));
        if glance.min.is_some() || glance.max.is_some() {
            self.min.resize(count, None);
            self.max.resize(count, None);
            set(Some(&mut self.min), at, glance.min.map(significant));
            set(Some(&mut self.max), at, glance.max.map(significant));
        }
    }
}

fn set(list: Option<&mut Vec<Option<f64>>>, at: usize, value: Option<f64>) {
    if let Some(place) = list.and_then(|list| list.get_mut(at)) {
        *place = value;
    }
}

fn rounded(share: f64) -> f64 {
    (share * COVERAGE_STEPS).round() / COVERAGE_STEPS
}

/// Sums carry noise in their last digits (551.2800000000001), which says nothing and cannot be compressed: ten
/// digits are printed.
fn significant(value: f64) -> f64 {
    let size = value.abs();
    if !(1e-6..1e10).contains(&size) {
        return value;
    }
    let scale = 10_f64.powi(DIGITS - 1 - digits_before(size));
    (value * scale).round() / scale
}

/// The power of ten of its first digit.
fn digits_before(size: f64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "between -6 and 10")]
    let power = size.log10().floor() as i32;
    power
}

/// Days from the first one.
fn place(start: Date, date: Date) -> usize {
    let days = start
        .until((jiff::Unit::Day, date))
        .map_or(0, |span| span.get_days());
    usize::try_from(days).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::date;

    use super::*;

    #[test]
    fn places_count_local_days() {
        assert_eq!(place(date(2026, 3, 28), date(2026, 3, 28)), 0);
        assert_eq!(place(date(2026, 3, 28), date(2026, 3, 30)), 2);
        assert_eq!(place(date(2024, 1, 1), date(2025, 1, 1)), 366);
        let last = date(2024, 1, 1).checked_add(2_010.days()).expect("a date");
        assert_eq!(place(date(2024, 1, 1), last), 2_010);
    }

    #[test]
    fn the_noise_of_sums_is_not_printed() {
        for (value, printed) in [
            (551.280_000_000_000_1, "551.28"),
            (0.1 + 0.2, "0.3"),
            (-12.300_000_000_000_002, "-12.3"),
            (0.0, "0.0"),
            (123_456.789_012_34, "123456.789"),
            (1e12 + 0.5, "1000000000000.5"),
            (1.5e-9, "1.5e-9"),
        ] {
            let text = serde_json::to_string(&significant(value)).expect("a number");
            assert_eq!(text, printed);
        }
        for power in -6..10 {
            for digits in 1..100 {
                let value = f64::from(digits).sqrt() * 10_f64.powi(power);
                let error = (significant(value) - value).abs() / value;
                assert!(error <= 5e-10, "{value}: {error}");
            }
        }
    }
}
