//! `/nutrition-logs`: what people eat and drink, entered here or brought by an import, on one list.
//!
//! A meal that is entered stands for samples like every other measurement; one that was imported is the record that
//! came with its samples. Totals are those of the days, in which sources are merged, and never sums of this list.

use std::cmp::Reverse;
use std::sync::Arc;

use analysis::daily::document::DayDocument;
use analysis::daily::summary::MetricSummary;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use model::ids::{EntryId, RecordId, UserId};
use model::record::Body;
use model::sample::HOUR_US;
use model::zone::Span;
use serde::{Deserialize, Serialize};
use store::entries::{Filed, Wanted};
use store::records::{Order, StoredRecord};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Caller;
use crate::http::body::{EditedBody, JsonBody};
use crate::http::cursor::{self, Query};
use crate::http::days;
use crate::http::entries::{
    EnteredSample, Place, filter, gone, limited, only, rewritten, samples, written,
};
use crate::http::etag::{self, Version};
use crate::http::page::{Page, Params, PathId};
use crate::http::pending::PendingDays;
use crate::http::range::{Lengths, RangeQuery};
use crate::ingest::entered::{self, Entered, SOURCE, Writing};
use crate::instant::{Instants, rfc3339};
use crate::person::dossier::Dossier;
use crate::person::meals::{Amounts, BroughtMeal, Meal, MealType};
use crate::problem::{FieldError, Problem};

/// What meals are filed as.
const KIND: &str = "meal";
/// The kind of records in which imports keep meals.
const BROUGHT: &str = "correlation";
/// How much of the list is read at once: a year and a month.
const LENGTHS: Lengths = Lengths {
    default_days: 31,
    max_days: 400,
};

/// The routes.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(list_of))
        .routes(routes!(totals))
        .routes(routes!(copy))
        .routes(routes!(read, replace, remove))
}

/// Which meals.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MealsQuery {
    /// Those of this kind.
    #[param(inline)]
    meal_type: Option<MealType>,
    /// Meals on the page; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// How a meal came here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum MealOrigin {
    /// Its person entered it here, and can change it.
    Entered,
    /// An import or an app brought it.
    Imported,
}

/// A meal.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct MealAnswer {
    /// The meal.
    #[schema(value_type = String, format = Uuid)]
    meal_id: EntryId,
    /// How it came here.
    origin: MealOrigin,
    /// The source of its samples.
    brought_by: String,
    /// Which meal it was; null where an import does not say it.
    meal_type: Option<MealType>,
    /// What it was, when known.
    meal_description: Option<String>,
    /// When it was eaten; of a diary without times, the beginning of the day.
    #[schema(format = DateTime)]
    logged_at: String,
    /// What was in it.
    #[serde(flatten)]
    amounts: Amounts,
    /// In the person's own words.
    notes: Option<String>,
    /// The samples that a meal that was entered stands for.
    samples: Vec<EnteredSample>,
    /// When it was entered first; null for one that was imported.
    #[schema(format = DateTime)]
    created_at: Option<String>,
}

/// When a meal is eaten again.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
pub(crate) struct MealAgain {
    /// When, with its offset from UTC.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T07:30:00Z")]
    logged_at: Timestamp,
    /// As which meal; the same without it.
    #[serde(default)]
    meal_type: Option<MealType>,
}

/// What was eaten on one local day.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct DayEaten {
    /// The local date.
    #[schema(value_type = String, format = Date)]
    date: Date,
    /// The totals of the day; null where nothing said it.
    #[serde(flatten)]
    amounts: Amounts,
}

/// What was eaten on the days of a range.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Eaten {
    /// Days on which something is known of food or drink, oldest first.
    data: Vec<DayEaten>,
    /// All of them together; null where no day says it.
    total: Amounts,
    /// Days of the range that wait to be computed.
    pending: Vec<PendingDays>,
}

/// The meals, newest first: those that were entered, and those that imports brought.
///
/// Without `start` they are those of the last 31 days; a range has at most 400.
#[utoipa::path(
    get, operation_id = "list_meals", path = "/nutrition-logs", tag = "person",
    security(("bearer" = [])),
    params(RangeQuery, MealsQuery),
    responses((status = 200, description = "The meals.", body = Page<MealAnswer>)),
)]
async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(range): Params<RangeQuery>,
    Params(query): Params<MealsQuery>,
) -> Result<Json<Page<MealAnswer>>, Problem> {
    page_of(&app, caller.user, &range, &query).await
}

/// The meals of a person, newest first: the caller, or somebody who allowed it.
#[utoipa::path(
    get, operation_id = "list_meals_of", path = "/nutrition-logs/user/{user_id}", tag = "person",
    security(("bearer" = [])),
    params(("user_id" = String, Path, format = Uuid, description = "The person."), RangeQuery, MealsQuery),
    responses((status = 200, description = "The meals.", body = Page<MealAnswer>)),
)]
async fn list_of(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(user): PathId<UserId>,
    Params(range): Params<RangeQuery>,
    Params(query): Params<MealsQuery>,
) -> Result<Json<Page<MealAnswer>>, Problem> {
    page_of(&app, only(caller, user)?, &range, &query).await
}

async fn page_of(
    app: &App,
    user: UserId,
    range: &RangeQuery,
    query: &MealsQuery,
) -> Result<Json<Page<MealAnswer>>, Problem> {
    let limit = limited(query.limit)?;
    let kind = query.meal_type.map(|kind| format!("{kind:?}"));
    let filter = filter(&[range.start.as_ref(), range.end.as_ref(), kind.as_ref()]);
    let bound = Query {
        user,
        list: "/nutrition-logs",
        filter: &filter,
    };
    let cursor = query.cursor.as_deref();
    let after = cursor.map(|text| cursor::open::<Place>(app, bound, text));
    let after = after.transpose()?;
    let mut tx = app.store.read().await?;
    let dossier = app.people.load(&mut tx, &app.vault, user).await?;
    // What is entered may be some minutes ahead.
    let until_us = app.clock.now_us() + HOUR_US;
    let span = range.parse()?.span(&dossier.history(), until_us, LENGTHS)?;
    let mut meals = in_span(&mut tx, &dossier, user, span).await?;
    drop(tx);
    meals.retain(|(place, meal)| {
        query
            .meal_type
            .is_none_or(|kind| meal.meal_type == Some(kind))
            && after.is_none_or(|after| *place < after)
    });
    meals.sort_by_key(|(place, _)| Reverse(*place));
    let is_cut = meals.len() > limit;
    meals.truncate(limit);
    let last = meals.last().filter(|_| is_cut);
    let next_cursor = last.map(|(place, _)| cursor::seal(app, bound, place));
    let data = meals.into_iter().map(|(_, meal)| meal).collect();
    Ok(Json(Page { data, next_cursor }))
}

async fn in_span(
    tx: &mut store::Tx,
    dossier: &Dossier,
    user: UserId,
    span: Span,
) -> Result<Vec<(Place, MealAnswer)>, Problem> {
    let key = &dossier.key;
    let wanted = Wanted {
        kind: KIND,
        metric: None,
        from_us: span.start_us,
        until_us: span.end_us,
    };
    let mut meals = Vec::new();
    for stored in store::entries::all(tx, key, user, wanted).await? {
        let entered = Entered::<Meal>::read(&stored)?;
        let at_us = entered.document.written.at_us();
        if (span.start_us..span.end_us).contains(&at_us) {
            meals.push(((at_us, entered.id), answer(entered)));
        }
    }
    let page = store::records::Page {
        order: Order::NewestFirst,
        after: None,
        limit: u32::MAX,
    };
    for stored in store::records::in_span(tx, key, user, BROUGHT, span, page).await? {
        if let Some(meal) = brought(dossier, &stored) {
            meals.push(((stored.record.start_us, meal.meal_id), meal));
        }
    }
    Ok(meals)
}

/// What was eaten and drunk, by day and together.
///
/// They are the totals of the days, in which sources are merged: what two sources say of one instant counts once.
#[utoipa::path(
    get, operation_id = "get_nutrition_totals", path = "/nutrition-logs/totals", tag = "person",
    security(("bearer" = [])),
    params(RangeQuery),
    responses((status = 200, description = "The totals.", body = Eaten)),
)]
async fn totals(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(range): Params<RangeQuery>,
) -> Result<Response, Problem> {
    let stored = days::load(&app, caller.user, &range).await?;
    let pending = stored.pending();
    let data = app
        .compute(move || -> Result<Vec<DayEaten>, Problem> {
            let documents = days::documents(&stored)?;
            let days = documents.iter().map(eaten);
            Ok(days
                .filter(|day| day.amounts != Amounts::default())
                .collect())
        })
        .await??;
    let all: Vec<Amounts> = data.iter().map(|day| day.amounts).collect();
    let total = Amounts::total(&all);
    let eaten = Eaten {
        data,
        total,
        pending,
    };
    Ok(Json(eaten).into_response())
}

fn eaten(day: &DayDocument) -> DayEaten {
    let total = |id: &str| match day.metrics.get(id) {
        Some(MetricSummary::Cumulative(found)) => Some(found.value),
        Some(MetricSummary::Discrete(_) | MetricSummary::Category(_)) | None => None,
    };
    DayEaten {
        date: day.date,
        amounts: Amounts::of(total),
    }
}

/// Enters a meal.
///
/// What is known of it becomes samples of the source "Entered by hand". The same meal sent twice is one: the second
/// time it is returned with 200.
#[utoipa::path(
    post, operation_id = "enter_meal", path = "/nutrition-logs", tag = "person",
    security(("bearer" = [])),
    request_body = Meal,
    responses(
        (status = 201, description = "The meal.", body = MealAnswer,
         headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 200, description = "The same had been entered before.", body = MealAnswer,
         headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 409, description = "The day has as many meals as one may."),
    ),
)]
async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    JsonBody { value: meal, .. }: JsonBody<Meal>,
) -> Result<Response, Problem> {
    let writing = writing(&app, meal)?;
    let done = entered::create(&app, &caller.does("enter_meal"), writing).await?;
    written(done, answer)
}

/// Enters a meal once more, at another time.
#[utoipa::path(
    post, operation_id = "copy_meal", path = "/nutrition-logs/{meal_id}/copy", tag = "person",
    security(("bearer" = [])),
    params(("meal_id" = String, Path, format = Uuid, description = "The meal, however it came here.")),
    request_body = MealAgain,
    responses(
        (status = 201, description = "The new meal.", body = MealAnswer,
         headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 200, description = "The same had been entered before.", body = MealAnswer,
         headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 409, description = "The day has as many meals as one may."),
    ),
)]
async fn copy(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(id): PathId<EntryId>,
    JsonBody { value: again, .. }: JsonBody<MealAgain>,
) -> Result<Response, Problem> {
    let (meal, _) = found(&app, caller.user, id).await?;
    let Some(kind) = again.meal_type.or(meal.meal_type) else {
        let message = "must be given: the import does not say which meal it was";
        let error = FieldError::new("/meal_type", "required", message);
        return Err(Problem::invalid(vec![error]));
    };
    let when = (kind, again.logged_at);
    let meal = Meal::with(when, meal.meal_description, meal.amounts, meal.notes);
    let writing = writing(&app, meal)?;
    let done = entered::create(&app, &caller.does("copy_meal"), writing).await?;
    written(done, answer)
}

/// Returns a meal.
#[utoipa::path(
    get, operation_id = "get_meal", path = "/nutrition-logs/{meal_id}", tag = "person",
    security(("bearer" = [])),
    params(("meal_id" = String, Path, format = Uuid, description = "The meal.")),
    responses((status = 200, description = "The meal.", body = MealAnswer,
               headers(("ETag" = String, description = "The version, for `If-Match`.")))),
)]
async fn read(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    PathId(id): PathId<EntryId>,
) -> Result<Response, Problem> {
    let (meal, version) = found(&app, caller.user, id).await?;
    Ok(etag::answer(&headers, version, &meal))
}

/// Changes a meal that was entered, and its samples with it.
#[utoipa::path(
    put, operation_id = "replace_meal", path = "/nutrition-logs/{meal_id}", tag = "person",
    security(("bearer" = [])),
    params(("meal_id" = String, Path, format = Uuid, description = "The meal.")),
    request_body = Meal,
    responses(
        (status = 200, description = "The meal as it is now.", body = MealAnswer,
         headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 404, description = "There is no such meal, or an import brought it."),
        (status = 412, description = "It was changed since it was read."),
    ),
)]
async fn replace(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(id): PathId<EntryId>,
    headers: HeaderMap,
    EditedBody(meal): EditedBody<Meal>,
) -> Result<Response, Problem> {
    let expected = etag::expected(&headers)?;
    let writing = writing(&app, meal)?;
    let note = caller.does("replace_meal");
    let done = entered::replace(&app, &note, (id, expected), writing).await?;
    rewritten(done, answer)
}

/// Takes a meal out that was entered, and its samples.
#[utoipa::path(
    delete, operation_id = "delete_meal", path = "/nutrition-logs/{meal_id}", tag = "person",
    security(("bearer" = [])),
    params(("meal_id" = String, Path, format = Uuid, description = "The meal.")),
    responses(
        (status = 204, description = "It is gone."),
        (status = 404, description = "There is no such meal, or an import brought it."),
    ),
)]
async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(id): PathId<EntryId>,
) -> Result<StatusCode, Problem> {
    let note = caller.does("delete_meal");
    gone(entered::remove::<Meal>(&app, &note, (KIND, id)).await?)
}

/// A meal from outside with what it measures.
fn writing(app: &App, meal: Meal) -> Result<Writing<'static, Meal>, Problem> {
    let measures = meal.measures(app.clock.now_us());
    Ok(Writing {
        filed: Filed {
            kind: KIND,
            metric: None,
            at_us: meal.at_us(),
        },
        measures: measures.map_err(Problem::invalid)?,
        written: meal,
    })
}

/// A meal of a person, however it came here.
async fn found(app: &App, user: UserId, id: EntryId) -> Result<(MealAnswer, Version), Problem> {
    let mut tx = app.store.read().await?;
    let dossier = app.people.load(&mut tx, &app.vault, user).await?;
    let key = &dossier.key;
    if let Some(entered) = entered::find::<Meal>(&mut tx, key, user, KIND, id).await? {
        let version = Version(entered.version);
        return Ok((answer(entered), version));
    }
    let record = RecordId::from_uuid(id.uuid());
    let stored = store::records::by_id(&mut tx, key, user, record).await?;
    let stored = stored.ok_or_else(Problem::not_found)?;
    let meal = brought(&dossier, &stored).ok_or_else(Problem::not_found)?;
    Ok((meal, Version(stored.version)))
}

fn answer(entered: Entered<Meal>) -> MealAnswer {
    let document = entered.document;
    let meal = document.written;
    MealAnswer {
        meal_id: entered.id,
        origin: MealOrigin::Entered,
        brought_by: SOURCE.to_owned(),
        meal_type: Some(meal.meal_type),
        logged_at: meal.logged_at.to_string(),
        amounts: meal.amounts(),
        meal_description: meal.meal_description,
        notes: meal.notes,
        samples: samples(&document.measured),
        created_at: Some(rfc3339(document.created_us)),
    }
}

fn brought(dossier: &Dossier, stored: &StoredRecord) -> Option<MealAnswer> {
    let Body::Correlation(correlation) = &stored.record.body else {
        return None;
    };
    let meal = BroughtMeal::of(correlation)?;
    let history = dossier.history();
    Some(MealAnswer {
        meal_id: EntryId::from_uuid(stored.id.uuid()),
        origin: MealOrigin::Imported,
        brought_by: dossier.source_name(stored.record.source).to_owned(),
        meal_type: meal.meal_type,
        meal_description: meal.description,
        logged_at: Instants::of(&history).text(stored.record.start_us),
        amounts: meal.amounts,
        notes: None,
        samples: Vec::new(),
        created_at: None,
    })
}
