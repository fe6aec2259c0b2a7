//! `/health-goals`: what a person wants to reach, and how far they are.
//!
//! What a goal is about is in `person::goals`, the arithmetic in `analysis`; this file reads, writes and prints.

use std::sync::Arc;

use analysis::daily::document::DayDocument;
use analysis::daily::goal::{self, Basis};
use analysis::daily::trend;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::ToSpan;
use jiff::civil::Date;
use model::ids::{GoalId, UserId};
use serde::{Deserialize, Serialize};
use store::goals::StoredGoal;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::audit::writer;
use crate::auth::Caller;
use crate::http::body::{EditedBody, JsonBody};
use crate::http::cursor::{self, Query};
use crate::http::days;
use crate::http::etag::{self, Version};
use crate::http::page::{Page, Params, PathId};
use crate::instant::rfc3339;
use crate::person::goals::{GOALS_MAX, Goal, GoalPriority, GoalStatus, GoalType};
use crate::problem::{Code, Problem};

/// Goals on a page when the client does not say.
const LIMIT_DEFAULT: usize = 50;
/// Goals on a page at most.
const LIMIT_MAX: usize = 200;

/// The routes.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, replace, remove))
}

/// Which goals.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct GoalsQuery {
    /// Those that became this.
    #[param(inline)]
    status: Option<GoalStatus>,
    /// Those that matter this much.
    #[param(inline)]
    priority: Option<GoalPriority>,
    /// Those of this kind.
    #[param(inline)]
    goal_type: Option<GoalType>,
    /// Goals on the page; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// How a value that stands for now was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum StandingBasis {
    /// The person wrote it.
    Entered,
    /// The mean of the days of the last week that have a value, three at least; a total's today is not over and
    /// takes no part.
    MeanOfWeek,
    /// The latest day that has a value, within 90 days.
    LatestDay,
}

/// Where a goal stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct GoalStanding {
    /// The value now, in the unit of the goal; minutes after midnight for times of day. Null with a reason.
    value: Option<f64>,
    /// How it was found.
    basis: Option<StandingBasis>,
    /// The latest day that took part, where it was measured.
    #[schema(format = Date)]
    date: Option<String>,
    /// Days that took part, where it was measured.
    days: Option<usize>,
    /// How much of the way from start to target is done, in percent, 0 to 100; null without start, target or value,
    /// and where start and target are the same.
    progress_percent: Option<f64>,
    /// Why the value is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// A goal with where it stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct GoalAnswer {
    /// The goal.
    #[serde(rename = "goal_id")]
    #[schema(value_type = String, format = Uuid)]
    id: GoalId,
    /// As the person wrote it; with a metric, the values that were measured.
    #[serde(flatten)]
    goal: Goal,
    /// Where it stands.
    standing: GoalStanding,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
}

/// The goals, by priority and then by target date.
#[utoipa::path(
    get, operation_id = "list_goals", path = "/health-goals", tag = "person",
    security(("bearer" = [])),
    params(GoalsQuery),
    responses((status = 200, description = "The goals.", body = Page<GoalAnswer>)),
)]
async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(query): Params<GoalsQuery>,
) -> Result<Json<Page<GoalAnswer>>, Problem> {
    let limit = query.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        let message = format!("must be between 1 and {LIMIT_MAX}");
        return Err(Problem::parameter("limit", message));
    }
    let filter = format!(
        "{:?} {:?} {:?}",
        query.status, query.priority, query.goal_type
    );
    let bound = Query {
        user: caller.user,
        list: "/health-goals",
        filter: &filter,
    };
    let after: Option<Place> = match query.cursor.as_deref() {
        Some(text) => Some(cursor::open(&app, bound, text)?),
        None => None,
    };
    let mut tx = app.store.read().await?;
    let key = app.vault.person_key(&mut tx, caller.user).await?;
    let stored = store::goals::list(&mut tx, &key, caller.user).await?;
    drop(tx);
    let mut goals = read_all(stored)?;
    goals.retain(|(_, goal)| {
        query.status.is_none_or(|wanted| goal.status == wanted)
            && query.priority.is_none_or(|wanted| goal.priority == wanted)
            && query.goal_type.is_none_or(|wanted| goal.kind == wanted)
    });
    goals.sort_by_key(place);
    goals.retain(|one| after.as_ref().is_none_or(|after| place(one) > *after));
    let is_cut = goals.len() > limit;
    goals.truncate(limit);
    let last = goals.last().filter(|_| is_cut).map(place);
    let next_cursor = last.map(|place| cursor::seal(&app, bound, &place));
    let data = standing(&app, caller.user, goals).await?;
    Ok(Json(Page { data, next_cursor }))
}

/// Where a goal stands in the list.
type Place = (GoalPriority, Date, i64, GoalId);

fn place((stored, goal): &(StoredGoal, Goal)) -> Place {
    let (priority, date) = goal.place();
    // The newest first.
    (priority, date, -stored.created_us, stored.id)
}

/// Sets a goal.
///
/// With a `metric` its `standing` is measured from the days; `start_value` and `target_value` are in the unit of the
/// metric, clock times in minutes after midnight.
#[utoipa::path(
    post, operation_id = "add_goal", path = "/health-goals", tag = "person",
    security(("bearer" = [])),
    request_body = Goal,
    responses(
        (status = 201, description = "The goal.", body = GoalAnswer,
         headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 409, description = "There are too many goals; delete one that is over."),
    ),
)]
async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    JsonBody { value: goal, .. }: JsonBody<Goal>,
) -> Result<Response, Problem> {
    let goal = checked(&app, goal)?;
    let now_us = app.clock.now_us();
    let id = app.ids.goal(now_us);
    let bytes = serde_json::to_vec(&goal).map_err(Problem::internal)?;
    let mut tx = app.store.begin("set a goal").await?;
    let key = app.vault.person_key(&mut tx, caller.user).await?;
    let new = (id, now_us);
    let created = store::goals::create(&mut tx, &key, caller.user, new, &bytes, GOALS_MAX).await?;
    if !created {
        let message = format!("there are {GOALS_MAX} goals; delete one that is over");
        return Err(Problem::new(Code::Conflict, message));
    }
    writer::within(&app, &mut tx, &caller.does("add_goal")).await?;
    tx.commit().await?;
    let stored = StoredGoal {
        id,
        version: 1,
        created_us: now_us,
        bytes,
    };
    let answer = one(&app, caller.user, stored).await?;
    let etag = [(header::ETAG, Version(1).etag())];
    Ok((StatusCode::CREATED, etag, Json(answer)).into_response())
}

/// Returns a goal.
///
/// The `ETag` is the version of what the person wrote; where the goal stands may change without it.
#[utoipa::path(
    get, operation_id = "get_goal", path = "/health-goals/{goal_id}", tag = "person",
    security(("bearer" = [])),
    params(("goal_id" = String, Path, format = Uuid, description = "The goal.")),
    responses((status = 200, description = "The goal.", body = GoalAnswer,
               headers(("ETag" = String, description = "The version, for `If-Match`.")))),
)]
async fn read(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(id): PathId<GoalId>,
) -> Result<Response, Problem> {
    let mut tx = app.store.read().await?;
    let key = app.vault.person_key(&mut tx, caller.user).await?;
    let found = store::goals::by_id(&mut tx, &key, caller.user, id).await?;
    drop(tx);
    let found = found.ok_or_else(Problem::not_found)?;
    let version = Version(found.version);
    let answer = one(&app, caller.user, found).await?;
    Ok(etag::answer(&HeaderMap::new(), version, &answer))
}

/// Replaces a goal.
#[utoipa::path(
    put, operation_id = "replace_goal", path = "/health-goals/{goal_id}", tag = "person",
    security(("bearer" = [])),
    params(("goal_id" = String, Path, format = Uuid, description = "The goal.")),
    request_body = Goal,
    responses(
        (status = 200, description = "The goal as it is now.", body = GoalAnswer),
        (status = 412, description = "It was changed since it was read."),
    ),
)]
async fn replace(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(id): PathId<GoalId>,
    headers: HeaderMap,
    EditedBody(goal): EditedBody<Goal>,
) -> Result<Response, Problem> {
    let expected = etag::expected(&headers)?;
    let goal = checked(&app, goal)?;
    let bytes = serde_json::to_vec(&goal).map_err(Problem::internal)?;
    let mut tx = app.store.begin("replace a goal").await?;
    let key = app.vault.person_key(&mut tx, caller.user).await?;
    let written = store::goals::replace(&mut tx, &key, caller.user, id, &bytes, expected).await?;
    let version = written.ok_or_else(Problem::not_found)?;
    writer::within(&app, &mut tx, &caller.does("replace_goal")).await?;
    let stored = store::goals::by_id(&mut tx, &key, caller.user, id).await?;
    tx.commit().await?;
    let stored = stored.ok_or_else(Problem::not_found)?;
    let answer = one(&app, caller.user, stored).await?;
    Ok(etag::answer(&HeaderMap::new(), Version(version), &answer))
}

/// Removes a goal.
#[utoipa::path(
    delete, operation_id = "delete_goal", path = "/health-goals/{goal_id}", tag = "person",
    security(("bearer" = [])),
    params(("goal_id" = String, Path, format = Uuid, description = "The goal.")),
    responses((status = 204, description = "It is gone.")),
)]
async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(id): PathId<GoalId>,
) -> Result<StatusCode, Problem> {
    let mut tx = app.store.begin("remove a goal").await?;
    let key = app.vault.person_key(&mut tx, caller.user).await?;
    if !store::goals::remove(&mut tx, &key, caller.user, id).await? {
        return Err(Problem::not_found());
    }
    writer::within(&app, &mut tx, &caller.does("delete_goal")).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A goal from outside that keeps its rules; what a metric measures is not kept.
fn checked(app: &App, mut goal: Goal) -> Result<Goal, Problem> {
    let unit_of = |name: &str| trend::is_name(name).then(|| goal::unit(name)).flatten();
    let errors = goal.check(unit_of, app.clock.today_utc());
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    if let Some(name) = goal.metric.as_deref() {
        goal.unit = unit_of(name).map(str::to_owned);
        goal.current_value = None;
    }
    Ok(goal)
}

fn read_all(stored: Vec<StoredGoal>) -> Result<Vec<(StoredGoal, Goal)>, Problem> {
    let read = stored.into_iter().map(|stored| {
        let goal = serde_json::from_slice(&stored.bytes).map_err(Problem::internal)?;
        Ok((stored, goal))
    });
    read.collect()
}

async fn one(app: &Arc<App>, user: UserId, stored: StoredGoal) -> Result<GoalAnswer, Problem> {
    let goals = read_all(vec![stored])?;
    let mut answers = standing(app, user, goals).await?;
    answers.pop().ok_or_else(Problem::not_found)
}

/// The goals with where they stand; days are read once, and only where a goal is measured.
async fn standing(
    app: &Arc<App>,
    user: UserId,
    goals: Vec<(StoredGoal, Goal)>,
) -> Result<Vec<GoalAnswer>, Problem> {
    if goals.iter().all(|(_, goal)| goal.metric.is_none()) {
        let entered = goals.into_iter().map(|one| answer(one, (&[], Date::MIN)));
        return Ok(entered.collect());
    }
    let mut tx = app.store.read().await?;
    let person = app.people.load(&mut tx, &app.vault, user).await?;
    let today = person.history().date_at(app.clock.now_us());
    let from = today
        .checked_sub((goal::BACK_DAYS + 1).days())
        .unwrap_or(Date::MIN);
    let until = today.tomorrow().unwrap_or(Date::MAX);
    let stored = days::stored(app, &mut tx, user, (from, until)).await?;
    drop(tx);
    app.compute(move || {
        let documents = days::documents(&stored)?;
        let goals = goals.into_iter();
        Ok(goals.map(|one| answer(one, (&documents, today))).collect())
    })
    .await?
}

fn answer(
    (stored, mut goal): (StoredGoal, Goal),
    (documents, today): (&[DayDocument], Date),
) -> GoalAnswer {
    let mut standing = GoalStanding {
        value: goal.current_value,
        basis: goal.current_value.map(|_| StandingBasis::Entered),
        date: None,
        days: None,
        progress_percent: None,
        reason: None,
    };
    if let Some(name) = goal.metric.as_deref() {
        match goal::standing(name, documents, today) {
            Ok(found) => {
                standing.value = Some(found.value);
                standing.basis = Some(match found.basis {
                    Basis::MeanOfWeek => StandingBasis::MeanOfWeek,
                    Basis::LatestDay => StandingBasis::LatestDay,
                });
                standing.date = Some(found.date.to_string());
                standing.days = Some(found.days);
            }
            Err(lacking) => standing.reason = Some(lacking.to_string()),
        }
    } else if standing.value.is_none() {
        standing.reason = Some("no value was entered".to_owned());
    }
    if let (Some(start), Some(now), Some(target)) =
        (goal.start_value, standing.value, goal.target_value)
    {
        standing.progress_percent = goal::progress(goal.metric.as_deref(), start, now, target);
    }
    goal.current_value = standing.value;
    GoalAnswer {
        id: stored.id,
        goal,
        standing,
        created_at: rfc3339(stored.created_us),
    }
}
