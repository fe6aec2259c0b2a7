//! `GET /summaries/daily`: one object per local day with every metric's total or distribution.
//!
//! The stored documents hold this text already; it is passed on without being read.

use std::sync::Arc;

use analysis::daily::activity::Activity;
use analysis::daily::document::DayView;
use analysis::daily::reconcile::Reconciled;
use analysis::daily::summary::MetricSummary;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Caller;
use crate::http::cardio::PrintedMeasure;
use crate::http::days::{self, DayList};
use crate::http::page::Params;
use crate::http::range::RangeQuery;
use crate::http::{cardio, verbatim};
use crate::instant::Instants;
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

/// A local day.
#[derive(Debug, Serialize, ToSchema)]
struct DailySummary<'a> {
    /// The local date.
    #[schema(value_type = String, format = Date)]
    date: Date,
    /// The zone the person was in when the day ended.
    zone: &'a str,
    /// By metric id; metrics without samples are absent. Coverage is the share of the day's hours with a
    /// sample.
    #[schema(value_type = BTreeMap<String, MetricSummary>)]
    metrics: &'a RawValue,
    /// Totals beside the phone's own numbers: activity rings, and totals of the day that apps sent. Absent from
    /// a day that an earlier version computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Reconciled>>)]
    reconciliation: Option<&'a RawValue>,
    /// With `include=activity`.
    #[serde(skip_serializing_if = "Option::is_none")]
    activity: Option<ActivityMeasures>,
}

/// Movement of a local day.
#[derive(Debug, Serialize, ToSchema)]
struct ActivityMeasures {
    /// Steps.
    steps: PrintedMeasure,
    /// Distance walked and run.
    distance: PrintedMeasure,
    /// Energy burned by activity.
    active_energy: PrintedMeasure,
    /// Energy burned at rest.
    basal_energy: PrintedMeasure,
    /// Flights of stairs.
    flights_climbed: PrintedMeasure,
    /// Minutes that the device counted as exercise.
    exercise_minutes: PrintedMeasure,
    /// Minutes that the device counted as standing.
    stand_minutes: PrintedMeasure,
    /// Hours in which the device saw the person stand.
    stand_hours: PrintedMeasure,
    /// Minutes with an effort of 3 to 6 MET.
    moderate_minutes: PrintedMeasure,
    /// Minutes with an effort of 6 MET and more.
    vigorous_minutes: PrintedMeasure,
    /// Minutes of mindfulness.
    mindful_minutes: PrintedMeasure,
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
    operation_id = "list_daily_summaries",
    path = "/summaries/daily",
    tag = "reading",
    params(RangeQuery, SummariesQuery),
    responses(
        (status = 200, description = "Days with data, oldest first", body = DayList<DailySummary<'static>>),
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

fn print(stored: &days::Stored, include: Option<Include>) -> Result<Vec<u8>, Problem> {
    let json = days::unpacked(stored)?;
    days::print(stored, &json, |day| {
        Ok(DailySummary {
            date: day.date,
            zone: day.zone,
            metrics: day.metrics,
            reconciliation: day.reconciliation,
            activity: match include {
                Some(Include::Activity) => Some(activity(&day)?),
                None => None,
            },
        })
    })
}

fn activity(day: &DayView<'_>) -> Result<ActivityMeasures, Problem> {
    let Activity {
        steps,
        distance,
        active_energy,
        basal_energy,
        flights_climbed,
        exercise_minutes,
        stand_minutes,
        stand_hours,
        moderate_minutes,
        vigorous_minutes,
        mindful_minutes,
    } = serde_json::from_str(day.activity.get()).map_err(Problem::internal)?;
    let history = cardio::clock(day.zone);
    let mut instants = Instants::of(&history);
    let mut print = |measure| PrintedMeasure::of(measure, &mut instants);
    Ok(ActivityMeasures {
        steps: print(steps),
        distance: print(distance),
        active_energy: print(active_energy),
        basal_energy: print(basal_energy),
        flights_climbed: print(flights_climbed),
        exercise_minutes: print(exercise_minutes),
        stand_minutes: print(stand_minutes),
        stand_hours: print(stand_hours),
        moderate_minutes: print(moderate_minutes),
        vigorous_minutes: print(vigorous_minutes),
        mindful_minutes: print(mindful_minutes),
    })
}
