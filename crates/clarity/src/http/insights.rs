//! `/insights`: the texts that the pipeline wrote, with the facts they cite.
//!
//! An insight is stored as the JSON that answers print; its members are passed on as they are.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::civil::Date;
use model::ids::{InsightId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::insights::StoredInsight;
use store::revisions::Derived;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Caller;
use crate::http::page::{Params, PathId};
use crate::http::{language, verbatim};
use crate::insights::Insight;
use crate::instant::rfc3339;
use crate::jobs::insight::{self, DAILY};
use crate::problem::{Code, Problem};
use crate::revision;

/// Insights looked at for the newest daily one; others are rare.
const LOOKED_AT_MAX: u32 = 50;

/// Which daily insight.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DailyQuery {
    /// The local day, any that is over; the newest insight when left out.
    #[param(example = "2026-05-04", format = Date)]
    date: Option<String>,
}

/// An insight as it is stored, and whether it is up to date.
#[derive(Debug, Serialize, ToSchema)]
struct InsightAnswer<'a> {
    /// What is stored, whatever version wrote it.
    #[serde(flatten)]
    #[schema(value_type = Insight)]
    stored: BTreeMap<&'a str, &'a RawValue>,
    /// Whether methods of an earlier version made it; it is made again in the background.
    stale: bool,
}

/// Whether there is an insight, and whether one is being made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Readiness {
    /// There is no data to write about.
    NoData,
    /// Days are being computed; an insight follows by itself.
    Pending,
    /// The newest insight is up to date.
    Ready,
}

/// Where insights stand.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct InsightStatus {
    /// Whether there is an insight, and whether one is being made.
    status: Readiness,
    /// Who writes: `template` as long as no language model is configured.
    source: &'static str,
    /// Days that wait to be computed.
    pending_days: u64,
    /// The newest daily insight.
    latest: Option<LatestInsight>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// The newest daily insight.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct LatestInsight {
    /// Its id.
    id: String,
    /// The local day it is about.
    #[schema(format = Date)]
    date: String,
    /// When it was written.
    #[schema(format = DateTime)]
    written_at: String,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(daily))
        .routes(routes!(status))
        .routes(routes!(read))
}

/// Reads a daily insight: the newest, or that about any day that is over.
///
/// The newest was written by the pipeline when its day was computed; one about an earlier day is written when it is
/// first asked for, and again when the day has changed. It is in the language and units that the person prefers; where
/// they prefer no language, in that of `Accept-Language`. 404 where there is nothing to write about.
#[utoipa::path(
    get,
    operation_id = "get_daily_insight",
    path = "/insights/daily",
    tag = "insights",
    params(DailyQuery),
    responses(
        (status = 200, description = "The insight", body = InsightAnswer<'static>),
        (status = 304, description = "Not changed since the ETag in If-None-Match"),
        (status = 404, description = "There is no insight yet, the day is not over, or nothing was recorded on it"),
    ),
    security(("bearer" = [])),
)]
async fn daily(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(query): Params<DailyQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let date = query.date.as_deref().map(str::parse::<Date>).transpose();
    let date = date.map_err(|_| Problem::parameter("date", "must be a date such as 2026-05-04"))?;
    let found = about(&app, caller.user, date).await?;
    answer(&app, caller.user, &found, &headers).await
}

/// The daily insight about a day, made where the day is over and there is none that says what it says now.
pub(crate) async fn about(
    app: &Arc<App>,
    user: UserId,
    date: Option<Date>,
) -> Result<StoredInsight, Problem> {
    if let Some(date) = date {
        let made = insight::asked(app, user, date).await;
        made.map_err(Problem::internal)?;
    }
    let mut tx = app.store.read().await?;
    let key = app.vault.person_key(&mut tx, user).await?;
    let found = match date {
        Some(date) => store::insights::latest(&mut tx, &key, user, DAILY, date).await?,
        None => newest(store::insights::list(&mut tx, &key, user, None, LOOKED_AT_MAX).await?),
    };
    found.ok_or_else(|| {
        let message = if date.is_some() {
            "there is no insight about this day: it is not over, nothing was recorded on it, or it is being computed; \
             see GET /insights/status"
        } else {
            "there is no daily insight yet; see GET /insights/status"
        };
        Problem::new(Code::NotFound, message)
    })
}

/// A stored insight in the language and units that are wanted now, whatever it was written in.
async fn answer(
    app: &App,
    user: UserId,
    found: &StoredInsight,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let writing = language::wanted(app, user, headers).await?;
    // What this version cannot read is passed on as it is.
    let known: Option<Insight> = serde_json::from_slice(&found.bytes).ok();
    let written = known.as_ref().map(|known| known.language);
    let (bytes, written) = match known.and_then(|known| known.rewritten(writing)) {
        Some(other) => {
            let bytes = serde_json::to_vec(&other).map_err(Problem::internal)?;
            (bytes, Some(other.language))
        }
        None => (found.bytes.clone(), written),
    };
    let response = verbatim::json(headers, printed(&bytes, found.methods)?);
    Ok(language::named(response, written))
}

/// The text of an insight with what only the reader's version knows.
fn printed(bytes: &[u8], methods: i64) -> Result<Vec<u8>, Problem> {
    let answer = InsightAnswer {
        stored: serde_json::from_slice(bytes).map_err(Problem::internal)?,
        stale: methods < revision::current(Derived::Insights),
    };
    serde_json::to_vec(&answer).map_err(Problem::internal)
}

/// The daily insight about the latest day.
fn newest(insights: Vec<StoredInsight>) -> Option<StoredInsight> {
    let daily = insights.into_iter().filter(|insight| insight.kind == DAILY);
    daily.max_by_key(|insight| (insight.day, insight.now_us))
}

/// Returns whether there is an insight and whether one is being computed.
#[utoipa::path(
    get,
    operation_id = "get_insight_status",
    path = "/insights/status",
    tag = "insights",
    responses((status = 200, description = "Where insights stand", body = InsightStatus)),
    security(("bearer" = [])),
)]
async fn status(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Json<InsightStatus>, Problem> {
    let mut tx = app.store.read().await?;
    let key = app.vault.person_key(&mut tx, caller.user).await?;
    let pending_days = store::days::dirty_count(&mut tx, caller.user).await?;
    let found = store::insights::list(&mut tx, &key, caller.user, None, LOOKED_AT_MAX).await?;
    let jobs = store::jobs::pending(&mut tx, caller.user).await?;
    let latest = newest(found).map(|insight| LatestInsight {
        id: insight.id.to_string(),
        date: insight.day.to_string(),
        written_at: rfc3339(insight.now_us),
    });
    let readiness = match (&latest, pending_days > 0 || jobs > 0) {
        (_, true) => Readiness::Pending,
        (None, false) => Readiness::NoData,
        (Some(_), false) => Readiness::Ready,
    };
    let reason = latest.is_none().then_some(match readiness {
        Readiness::Pending => "days_are_being_computed",
        Readiness::NoData | Readiness::Ready => "no_data",
    });
    Ok(Json(InsightStatus {
        status: readiness,
        source: "template",
        pending_days,
        latest,
        reason,
    }))
}

/// Reads an insight, in the language that the person prefers or, where they prefer none, of `Accept-Language`.
#[utoipa::path(
    get,
    operation_id = "get_insight",
    path = "/insights/{insight_id}",
    tag = "insights",
    params(("insight_id" = String, Path, format = Uuid, description = "Id of the insight")),
    responses(
        (status = 200, description = "The insight", body = InsightAnswer<'static>),
        (status = 304, description = "Not changed since the ETag in If-None-Match"),
    ),
    security(("bearer" = [])),
)]
async fn read(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(id): PathId<InsightId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = app.store.read().await?;
    let key = app.vault.person_key(&mut tx, caller.user).await?;
    let found = store::insights::by_id(&mut tx, &key, caller.user, id).await?;
    drop(tx);
    let found = found.ok_or_else(Problem::not_found)?;
    answer(&app, caller.user, &found, &headers).await
}
