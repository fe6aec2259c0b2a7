//! `GET /summaries/daily`: one object per local day with every metric's total or distribution.
//!
//! The stored documents hold this text already; it is passed on without being read.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Caller;
use crate::http::page::Params;
use crate::http::range::RangeQuery;
use crate::http::{days, verbatim};
use crate::json;
use crate::problem::Problem;

/// A part of the day that is left out unless asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Include {
    /// Totals of movement, and minutes of exercise, standing and effort, with their methods.
    Activity,
}

/// What else to tell.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SummariesQuery {
    /// `activity` adds the day's activity measures.
    #[param(inline)]
    include: Option<Include>,
}

/// Days.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the answer, which is written as text")]
struct Summaries {
    /// Days with data, oldest first; days without data are absent.
    data: Vec<DailySummary>,
}

/// A local day.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the answer, which is written as text")]
struct DailySummary {
    /// The local date.
    #[schema(format = Date)]
    date: String,
    /// The zone the person was in when the day ended.
    zone: String,
    /// By metric id. Cumulative: `value, unit, samples, coverage, by_source`. Discrete: `mean, min,
    /// max, n, unit, coverage, first, last`, and `time_weighted_mean` or `equivalent_level`; a null
    /// mean has a `reason`. Category: `n, codes, coverage`. Coverage is the share of the day's hours
    /// with a sample.
    metrics: BTreeMap<String, MetricOfDay>,
    /// With `include=activity`: measures by name.
    activity: Option<BTreeMap<String, crate::http::cardio::PrintedMeasure>>,
}

/// One metric on one day.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the answer, which is written as text")]
struct MetricOfDay {
    /// `cumulative`, `discrete` or `category`; decides which fields are there.
    kind: String,
    /// Every instant counted once, for the best-ranked source.
    value: Option<f64>,
    /// UCUM unit.
    unit: Option<String>,
    /// Distinct samples that touch the day.
    samples: Option<u32>,
    /// Share of the day's hours with a sample, from 0 to 1.
    coverage: f64,
    /// Per source, best-ranked first.
    by_source: Option<Vec<ValueOfSource>>,
    /// Arithmetic mean.
    mean: Option<f64>,
    /// Smallest value.
    min: Option<f64>,
    /// Largest value.
    max: Option<f64>,
    /// Number of measurements.
    n: Option<u32>,
    /// Why a value is null.
    reason: Option<String>,
}

/// What one source gave to a total.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the answer, which is written as text")]
struct ValueOfSource {
    /// The source's name.
    source: String,
    /// Its part of the merged total.
    value: f64,
    /// Its own sum, as if it were alone.
    unmerged: f64,
    /// Its samples that touch the day.
    samples: u32,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(daily))
}

/// Summarises local days.
///
/// At most 400 days; without `start` the last 30. A day that is being computed again is returned as it
/// was computed last.
#[utoipa::path(
    get,
    path = "/summaries/daily",
    tag = "reading",
    params(RangeQuery, SummariesQuery),
    responses(
        (status = 200, description = "Days with data, oldest first", body = Summaries),
        (status = 304, description = "Not changed since the ETag in If-None-Match"),
    ),
    security(("bearer" = [])),
)]
async fn daily(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(range): Params<RangeQuery>,
    Params(query): Params<SummariesQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let stored = days::load(&app, caller.user, &range).await?;
    let body = app.compute(move || print(&stored, query.include)).await??;
    Ok(verbatim::json(&headers, body))
}

fn print(stored: &[Vec<u8>], include: Option<Include>) -> Result<Vec<u8>, Problem> {
    days::print(stored, |out, day| {
        out.extend_from_slice(b"{\"date\":");
        json::write(out, &day.date);
        out.extend_from_slice(b",\"zone\":");
        json::write(out, day.zone);
        out.extend_from_slice(b",\"metrics\":");
        out.extend_from_slice(day.metrics.get().as_bytes());
        if include == Some(Include::Activity) {
            out.extend_from_slice(b",\"activity\":");
            json::write(out, &crate::http::cardio::printed(day.activity, day.zone)?);
        }
        out.push(b'}');
        Ok(())
    })
}
