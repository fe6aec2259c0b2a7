//! `GET /reconciliation`: totals of local days beside the phone's own numbers, and why they differ.
//!
//! The comparison is made when a day is computed; this file reads the documents of the days and prints.

use std::collections::BTreeSet;
use std::sync::Arc;

use analysis::daily::document::DayView;
use analysis::daily::reconcile::{Cause, Reconciled, SaidBy, SecondCause};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::civil::Date;
use model::ids::UserId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Caller;
use crate::http::days::{self, Stored};
use crate::http::page::Params;
use crate::http::range::RangeQuery;
use crate::http::verbatim;
use crate::person::measured::Measured;
use crate::problem::Problem;

/// Metrics that one request can name.
const METRICS_MAX: usize = 40;

/// Which metrics.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ComparedQuery {
    /// Metric ids or other names of theirs, separated by commas, at most 40; all without it.
    #[param(example = "step_count,active_energy_burned")]
    pub(crate) metrics: Option<String>,
}

/// A total of a local day beside the phone's own number.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReconciledTotal {
    /// The local date.
    #[schema(value_type = String, format = Date)]
    pub(crate) date: Date,
    /// Metric id.
    pub(crate) metric: String,
    /// UCUM unit of the values; of stand hours `h`.
    pub(crate) unit: String,
    /// The merged total, without the phone's own totals of whole days; null when nothing shorter came.
    pub(crate) ours: Option<f64>,
    /// The phone's own number.
    pub(crate) phone: f64,
    /// Ours less the phone's. 0 where it is no more than the phone's rounding, null without a number of ours.
    pub(crate) difference: Option<f64>,
    /// Why they differ; null where they agree.
    pub(crate) cause: Option<Cause>,
    /// The source or zone that the cause is about; null for other causes.
    pub(crate) about: Option<String>,
    /// How many samples the cause is about; null for other causes.
    pub(crate) samples: Option<u32>,
    /// What explains the rest where two causes together give the phone's number; null where one does.
    pub(crate) second: Option<SecondCause>,
    /// What the phone's number is.
    pub(crate) said_by: SaidBy,
    /// The name of the source that stated it.
    pub(crate) source: String,
}

/// Totals beside the phone's own numbers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reconciliation {
    /// First local day.
    #[schema(value_type = String, format = Date)]
    pub(crate) start: Date,
    /// The day after the last one.
    #[schema(value_type = String, format = Date)]
    pub(crate) end: Date,
    /// By day and metric, oldest first; days and metrics of which the phone stated nothing are absent.
    pub(crate) data: Vec<ReconciledTotal>,
    /// Dates of which the stored document was made by methods of an earlier version; they are computed
    /// again in the background.
    pub(crate) stale: Vec<String>,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(read))
}

/// Compares totals with the phone's own numbers.
///
/// The phone's numbers are the activity rings of an export and the totals of a day that apps and platforms send.
/// Where one differs from ours, `cause` says which supposition gives the phone's number, and `second` which
/// other one has to be added. At most 400 days;
/// without `start` the last 30.
#[utoipa::path(
    get,
    operation_id = "list_reconciled_totals",
    path = "/reconciliation",
    tag = "reading",
    params(RangeQuery, ComparedQuery),
    responses(
        (status = 200, description = "One row per day and metric with a number of the phone's", body = Reconciliation),
        (status = 304, description = "Not changed since the ETag in If-None-Match"),
    ),
    security(("bearer" = [])),
)]
async fn read(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(range): Params<RangeQuery>,
    Params(query): Params<ComparedQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = compared(&app, caller.user, &range, query.metrics.as_deref()).await?;
    let body = serde_json::to_vec(&found).map_err(Problem::internal)?;
    Ok(verbatim::json(&headers, body))
}

/// The totals of a range of days beside the phone's numbers, of all metrics or of those named.
pub(crate) async fn compared(
    app: &App,
    user: UserId,
    range: &RangeQuery,
    metrics: Option<&str>,
) -> Result<Reconciliation, Problem> {
    let range = range.parse()?;
    let mut tx = app.store.read().await?;
    let ids = match metrics.filter(|names| !names.is_empty()) {
        Some(names) => Some(named(app, &mut tx, user, names).await?),
        None => None,
    };
    let (start, end) = days::dates(app, &mut tx, user, range).await?;
    let stored = days::stored(app, &mut tx, user, (start, end)).await?;
    drop(tx);
    let stale = stored.stale();
    let data = app.compute(move || rows(&stored, ids.as_ref())).await??;
    Ok(Reconciliation {
        start,
        end,
        data,
        stale,
    })
}

async fn named(
    app: &App,
    tx: &mut store::Tx,
    user: UserId,
    names: &str,
) -> Result<BTreeSet<String>, Problem> {
    let dossier = app.people.load(tx, &app.vault, user).await?;
    let mut ids = BTreeSet::new();
    for name in names.split(',').map(str::trim) {
        let first = Measured::named(&dossier, name).into_iter().next();
        let first = first.ok_or_else(|| {
            let message = "contains a name of no metric; see GET /metric-types";
            Problem::parameter("metrics", message)
        })?;
        ids.insert(first.id);
        if ids.len() > METRICS_MAX {
            let message = format!("may name at most {METRICS_MAX} metrics");
            return Err(Problem::parameter("metrics", message));
        }
    }
    Ok(ids)
}

fn rows(stored: &Stored, ids: Option<&BTreeSet<String>>) -> Result<Vec<ReconciledTotal>, Problem> {
    let mut rows = Vec::new();
    for json in stored.unpacked() {
        let json = json?;
        let view = DayView::from_bytes(&json).map_err(Problem::internal)?;
        let Some(list) = view.reconciliation else {
            continue;
        };
        let list: Vec<Reconciled> = serde_json::from_str(list.get()).map_err(Problem::internal)?;
        let wanted = list
            .into_iter()
            .filter(|row| ids.is_none_or(|ids| ids.contains(&row.metric)));
        rows.extend(wanted.map(|row| of_day(view.date, row)));
    }
    Ok(rows)
}

fn of_day(date: Date, row: Reconciled) -> ReconciledTotal {
    ReconciledTotal {
        date,
        metric: row.metric,
        unit: row.unit.into_owned(),
        ours: row.ours,
        phone: row.phone,
        difference: row.difference,
        cause: row.cause,
        about: row.about,
        samples: row.samples,
        second: row.second,
        said_by: row.said_by,
        source: row.source,
    }
}
