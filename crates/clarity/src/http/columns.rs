//! `/days` and `/coverage`: days side by side as columns, for views of months and years.
//!
//! Every column has one place for each local day of the range; a day without samples of the metric is null. What is
//! printed is stored side by side for 64 days at a time (`jobs::block`); documents are read only where that is not there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

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
use crate::http::days;
use crate::http::page::Params;
use crate::http::pending::{self, PendingDays};
use crate::http::range::{Lengths, Range, RangeQuery, checked_days};
use crate::http::verbatim;
use crate::jobs::beside;
use crate::jobs::block::{Block, Places, Strip, place};
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
    /// Merged totals of cumulative metrics, means of discrete ones, numbers of samples of categories; to ten significant
    /// digits. The mean is `time_weighted_mean` or `equivalent_level` of the day's summary where the metric has one, else
    /// the arithmetic one.
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
    /// Days of the range that wait to be computed, for the first time or again; a `summary` event says when they are.
    pending: Vec<PendingDays>,
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
    let stored = stored(&app, &mut tx, caller, range).await?;
    drop(tx);
    let body = app.compute(move || print_columns(stored, ids)).await?;
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
    let stored = stored(&app, &mut tx, caller, range).await?;
    drop(tx);
    let body = app.compute(move || print_coverage(&stored)).await?;
    Ok(verbatim::json(&headers, body))
}

/// What is stored of the days of a range: blocks, and documents of days whose block is not there.
async fn stored(
    app: &App,
    tx: &mut store::Tx,
    caller: Caller,
    range: Range,
) -> Result<Side, Problem> {
    let (start, end) = if let Some((from, until)) = range.as_dates() {
        checked_days(from, until, LENGTHS.max_days)?
    } else {
        let dossier = app.people.load(tx, &app.vault, caller.user).await?;
        range.days(&dossier.history(), app.clock.now_us(), LENGTHS)?
    };
    let key = app.vault.person_key(tx, caller.user).await?;
    let blocks = beside::blocks(app, tx, (&key, caller.user), (start, end)).await?;
    let stale = days::stale(tx, caller.user, (start, end)).await?;
    Ok(Side {
        start,
        end,
        blocks,
        stale: stale.iter().map(Date::to_string).collect(),
        pending: pending::in_range(tx, caller.user, (start, end)).await?,
    })
}

fn print_columns(stored: Side, ids: Vec<String>) -> Vec<u8> {
    let metrics = ids.into_iter().map(|id| {
        let column = stored.column(&id);
        (id, column)
    });
    let mut out = Vec::new();
    json::write(
        &mut out,
        &DayColumns {
            start: stored.start,
            end: stored.end,
            metrics: metrics.collect(),
            stale: stored.stale,
            pending: stored.pending,
        },
    );
    out
}

fn print_coverage(stored: &Side) -> Vec<u8> {
    let ids: BTreeSet<&String> = stored
        .blocks
        .iter()
        .flat_map(|block| block.metrics().keys())
        .collect();
    let mut metrics = BTreeMap::new();
    for id in ids {
        let list = stored.list(id, |strip| &strip.coverage);
        // A block reaches beyond the range.
        if list.iter().any(Option::is_some) {
            metrics.insert(id.clone(), list);
        }
    }
    let mut out = Vec::new();
    json::write(
        &mut out,
        &Coverage {
            start: stored.start,
            end: stored.end,
            metrics,
        },
    );
    out
}

/// Days side by side.
struct Side {
    start: Date,
    end: Date,
    blocks: Vec<Block>,
    stale: Vec<String>,
    pending: Vec<PendingDays>,
}

impl Side {
    fn column(&self, id: &str) -> Column {
        let mut column = Column {
            value: self.list(id, |strip| &strip.value),
            coverage: self.list(id, |strip| &strip.coverage),
            min: self.list(id, |strip| &strip.min),
            max: self.list(id, |strip| &strip.max),
            ..Column::default()
        };
        if column.coverage.iter().all(Option::is_none) {
            return Column {
                value: column.value,
                coverage: column.coverage,
                ..Column::default()
            };
        }
        if column.min.iter().chain(&column.max).all(Option::is_none) {
            column.min.clear();
            column.max.clear();
        }
        let mut strips = self
            .blocks
            .iter()
            .filter_map(|block| block.metrics().get(id));
        column.unit = strips.clone().find_map(|strip| strip.unit.clone());
        column.kind = strips.next().map(|strip| strip.kind.clone());
        column
    }

    /// One list of a metric, with a place for each day of the range.
    fn list(&self, id: &str, of: impl Fn(&Strip) -> &Places) -> Places {
        let count = place(self.start, self.end).unwrap_or(0);
        let mut list = vec![None; count];
        for block in &self.blocks {
            let Some(strip) = block.metrics().get(id) else {
                continue;
            };
            // Of the block, what lies in the range.
            let skipped = place(block.first(), self.start).unwrap_or(0);
            let at = place(self.start, block.first()).unwrap_or(0);
            let into = list.iter_mut().skip(at);
            for (into, value) in into.zip(of(strip).iter().skip(skipped)) {
                *into = *value;
            }
        }
        list
    }
}
