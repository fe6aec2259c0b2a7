//! `/workouts`: workouts as they were recorded, newest first, and each with its events and route.
//!
//! Times are printed on the clock of the workout's own zone where it is known.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use model::ids::{RecordId, UserId};
use model::record::{Body, Record, Workout, WorkoutActivity, WorkoutEvent, WorkoutStatistic};
use model::sample::DAY_US;
use model::zone::{Span, ZoneHistory};
use serde::Serialize;
use store::records::{Order, Page as Part, StoredRecord};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::auth::Caller;
use crate::http::chronicle;
use crate::http::etag::{self, Version};
use crate::http::page::{Page, PageQuery, Params, PathId};
use crate::http::paths::{RouteAnswer, print_route};
use crate::http::range::RangeQuery;
use crate::instant::Instants;
use crate::person::dossier::Dossier;
use crate::problem::Problem;

/// The stored kind.
const WORKOUT: &str = "workout";
/// The stored kind of paths.
const ROUTE: &str = "route";
/// The list, as cursors know it.
const LIST: &str = "/workouts";
/// A route may begin before its workout and end after it.
const AROUND_US: i64 = DAY_US;
/// Routes looked at for one workout.
const ROUTES_MAX: u32 = 100;

/// What a workout says about one metric.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct StatisticAnswer {
    /// Metric id.
    metric: String,
    /// UCUM unit.
    unit: String,
    /// Total, for cumulative metrics.
    #[serde(skip_serializing_if = "Option::is_none")]
    sum: Option<f64>,
    /// Mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    mean: Option<f64>,
    /// Smallest value.
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<f64>,
    /// Largest value.
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<f64>,
}

impl From<&WorkoutStatistic> for StatisticAnswer {
    fn from(statistic: &WorkoutStatistic) -> Self {
        Self {
            metric: statistic.metric.clone(),
            unit: statistic.unit.clone(),
            sum: statistic.sum,
            mean: statistic.mean,
            min: statistic.min,
            max: statistic.max,
        }
    }
}

/// A moment or segment inside a workout.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct EventAnswer {
    /// `pause`, `resume`, `lap`, `segment`, `marker`, `motion_paused`, `motion_resumed` …
    event: String,
    /// When it happened or began.
    at: String,
    /// Length in minutes, for segments and laps.
    duration_min: Option<f64>,
}

/// A part of a workout of several activities.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct PartAnswer {
    /// The provider's id.
    uuid: Option<String>,
    /// First instant.
    start: String,
    /// End, when it has one.
    end: Option<String>,
    /// Moving time in minutes.
    duration_min: Option<f64>,
    /// Its own totals; the workout's statistics contain them.
    statistics: Vec<StatisticAnswer>,
    /// Its events.
    events: Vec<EventAnswer>,
}

/// One entry of free metadata.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct MetadataEntry {
    /// As the provider calls it.
    key: String,
    /// As the provider printed it.
    value: String,
}

/// A workout in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct WorkoutRow {
    /// Names this workout.
    id: String,
    /// Activity in snake case, such as `running`.
    activity: String,
    /// First instant.
    start: String,
    /// End.
    end: String,
    /// Where it happened: an IANA zone or offset, when known.
    zone: Option<String>,
    /// Who recorded it.
    source: String,
    /// Moving time in minutes, pauses excluded, as the device recorded it.
    duration_min: Option<f64>,
    /// Active energy in kilocalories.
    active_energy_kcal: Option<f64>,
    /// Distance in metres.
    distance_m: Option<f64>,
    /// Whether it happened indoors, when known.
    indoor: Option<bool>,
    /// Totals and extremes by metric.
    statistics: Vec<StatisticAnswer>,
}

/// A workout with everything that came with it.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct WorkoutAnswer {
    #[serde(flatten)]
    row: WorkoutRow,
    /// Pauses, laps, segments and markers.
    events: Vec<EventAnswer>,
    /// The parts of a workout of several activities.
    activities: Vec<PartAnswer>,
    /// Its paths; none when it has no route or the route was not in the export.
    routes: Vec<RouteAnswer>,
    /// Everything else that came with it.
    metadata: Vec<MetadataEntry>,
    /// Counts the versions of an edited workout, from 1.
    version: i64,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(utoipa_axum::routes!(list))
        .routes(utoipa_axum::routes!(read))
}

/// Lists workouts, newest first.
///
/// A workout belongs to a range when it starts in it.
#[utoipa::path(
    get,
    operation_id = "list_workouts",
    path = "/workouts",
    tag = "reading",
    params(RangeQuery, PageQuery),
    responses((status = 200, description = "A page of workouts", body = Page<WorkoutRow>)),
    security(("bearer" = [])),
)]
async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(range): Params<RangeQuery>,
    Params(page): Params<PageQuery>,
) -> Result<Json<Page<WorkoutRow>>, Problem> {
    let wanted = chronicle::Wanted {
        list: LIST,
        kind: WORKOUT,
        range: &range,
        page: &page,
    };
    let found = chronicle::read(&app, caller.user, wanted).await?;
    let data = found
        .records
        .iter()
        .filter_map(|stored| row(&found.dossier, &found.history, stored))
        .collect();
    let next_cursor = found.next_cursor;
    Ok(Json(Page { data, next_cursor }))
}

/// Reads a workout with its events, parts and route.
#[utoipa::path(
    get,
    operation_id = "get_workout",
    path = "/workouts/{workout_id}",
    tag = "reading",
    params(("workout_id" = String, Path, format = Uuid, description = "Id from the list")),
    responses(
        (status = 200, description = "The workout", body = WorkoutAnswer),
        (status = 304, description = "Not changed since the ETag in If-None-Match"),
    ),
    security(("bearer" = [])),
)]
async fn read(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(id): PathId<RecordId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = app.store.read().await?;
    let dossier = app.people.load(&mut tx, &app.vault, caller.user).await?;
    let stored = store::records::by_id(&mut tx, &dossier.key, caller.user, id).await?;
    let stored = stored.ok_or_else(Problem::not_found)?;
    let Body::Workout(workout) = &stored.record.body else {
        return Err(Problem::not_found());
    };
    let history = dossier.history();
    let own = chronicle::zone_of(&stored.record, &history);
    let paths = paths_of(&mut tx, &dossier, caller.user, &stored.record, workout).await?;
    drop(tx);
    let row = row(&dossier, &history, &stored).ok_or_else(Problem::not_found)?;
    let mut instants = Instants::of(&own);
    let answer = WorkoutAnswer {
        row,
        events: workout
            .events
            .iter()
            .map(|event| print_event(event, &mut instants))
            .collect(),
        activities: workout
            .activities
            .iter()
            .map(|part| print_part(part, &mut instants))
            .collect(),
        routes: paths
            .iter()
            .filter_map(|path| print_route(path, &own))
            .collect(),
        metadata: workout
            .metadata
            .iter()
            .map(|(key, value)| MetadataEntry {
                key: key.clone(),
                value: value.clone(),
            })
            .collect(),
        version: stored.version,
    };
    Ok(etag::answer(&headers, Version(stored.version), &answer))
}

/// The routes of a workout: those that it names, and those without a name that its source recorded
/// during it.
async fn paths_of(
    tx: &mut store::Tx,
    dossier: &Dossier,
    user: UserId,
    record: &Record,
    workout: &Workout,
) -> Result<Vec<Record>, Problem> {
    let span = Span {
        start_us: record.start_us - AROUND_US,
        end_us: record.end_us + AROUND_US,
    };
    let part = Part {
        order: Order::OldestFirst,
        after: None,
        limit: ROUTES_MAX,
    };
    let found = store::records::in_span(tx, &dossier.key, user, ROUTE, span, part).await?;
    let belongs = |path: &Record| {
        let Body::Route(route) = &path.body else {
            return false;
        };
        if route.path.is_empty() {
            path.source == record.source
                && path.start_us < record.end_us
                && path.end_us > record.start_us
        } else {
            workout.routes.contains(&route.path)
        }
    };
    let records = found.into_iter().map(|stored| stored.record);
    Ok(records.filter(belongs).collect())
}

fn row(dossier: &Dossier, history: &ZoneHistory, stored: &StoredRecord) -> Option<WorkoutRow> {
    let Body::Workout(workout) = &stored.record.body else {
        return None;
    };
    let own = chronicle::zone_of(&stored.record, history);
    let mut instants = Instants::of(&own);
    Some(WorkoutRow {
        id: stored.id.to_string(),
        activity: workout.activity.clone(),
        start: instants.text(stored.record.start_us),
        end: instants.text(stored.record.end_us),
        zone: stored.record.zone.clone(),
        source: dossier.source_name(stored.record.source).to_owned(),
        duration_min: workout.duration_min,
        active_energy_kcal: workout.active_energy_kcal,
        distance_m: workout.distance_m,
        indoor: workout.indoor,
        statistics: workout
            .statistics
            .iter()
            .map(StatisticAnswer::from)
            .collect(),
    })
}

fn print_event(event: &WorkoutEvent, instants: &mut Instants<'_>) -> EventAnswer {
    EventAnswer {
        event: event.event.clone(),
        at: instants.text(event.at_us),
        duration_min: event.duration_min,
    }
}

fn print_part(part: &WorkoutActivity, instants: &mut Instants<'_>) -> PartAnswer {
    PartAnswer {
        uuid: part.uuid.clone(),
        start: instants.text(part.start_us),
        end: part.end_us.map(|at_us| instants.text(at_us)),
        duration_min: part.duration_min,
        statistics: part.statistics.iter().map(StatisticAnswer::from).collect(),
        events: part
            .events
            .iter()
            .map(|event| print_event(event, instants))
            .collect(),
    }
}
