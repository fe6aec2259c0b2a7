//! `/health-metrics`: measurements that people enter by hand. They are samples like all others, of a source of their
//! own; beside them stands what the person wrote.
//!
//! What may be entered is in `person::entries`, how it is stored in `ingest::entered`; this file reads and prints.

use std::cmp::Reverse;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::ids::{EntryId, UserId};
use model::metric::{self, Metric, MetricNo};
use model::zone::Span;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::entries::{Filed, Wanted};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Caller;
use crate::http::body::{EditedBody, JsonBody};
use crate::http::cursor::{self, Query};
use crate::http::etag::{self, Version};
use crate::http::page::{Page, Params, PathId};
use crate::http::range::RangeQuery;
use crate::ingest::entered::{self, Document, Entered, Measured, Outcome, PER_DAY_MAX, Writing};
use crate::ingest::nearest;
use crate::instant::rfc3339;
use crate::person::entries::{Entry, metrics_of};
use crate::problem::{Code, Problem};

/// Entries on a page when the client does not say.
pub(crate) const LIMIT_DEFAULT: usize = 50;
/// Entries on a page at most.
const LIMIT_MAX: usize = 200;
/// Parts of a list that are looked through for a page of what few entries are.
const ROUNDS_MAX: usize = 8;
/// What measurements are filed as.
const KIND: &str = "metric";

/// The routes.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(list_of))
        .routes(routes!(read, replace, remove))
}

/// Which entries.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EntriesQuery {
    /// Those of this metric, by any of its names, or of `blood_pressure`; of all without it.
    #[param(example = "weight")]
    metric: Option<String>,
    /// Entries on the page; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    pub(crate) limit: Option<usize>,
    /// The `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

/// A sample that an entry stands for.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct EnteredSample {
    /// Metric id.
    metric: String,
    /// Value in `unit`, or the code of a category.
    value: f64,
    /// UCUM unit.
    unit: &'static str,
}

/// A measurement that was entered.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct EntryAnswer {
    /// The entry.
    #[schema(value_type = String, format = Uuid)]
    entry_id: EntryId,
    /// As the person wrote it.
    #[serde(flatten)]
    entry: Entry,
    /// The samples that it stands for.
    samples: Vec<EnteredSample>,
    /// When it was entered first.
    #[schema(format = DateTime)]
    created_at: String,
}

/// The measurements that were entered, newest first.
///
/// Samples that came in other ways are not among them; `GET /health-data` has all.
#[utoipa::path(
    get, operation_id = "list_entered_metrics", path = "/health-metrics", tag = "person",
    security(("bearer" = [])),
    params(RangeQuery, EntriesQuery),
    responses((status = 200, description = "The entries.", body = Page<EntryAnswer>)),
)]
async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(range): Params<RangeQuery>,
    Params(query): Params<EntriesQuery>,
) -> Result<Json<Page<EntryAnswer>>, Problem> {
    page_of(&app, caller.user, &range, &query).await
}

/// The measurements that a person entered, newest first: the caller, or somebody who allowed it.
#[utoipa::path(
    get, operation_id = "list_metrics_entered_by", path = "/health-metrics/user/{user_id}", tag = "person",
    security(("bearer" = [])),
    params(("user_id" = String, Path, format = Uuid, description = "The person."), RangeQuery, EntriesQuery),
    responses((status = 200, description = "The entries.", body = Page<EntryAnswer>)),
)]
async fn list_of(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(user): PathId<UserId>,
    Params(range): Params<RangeQuery>,
    Params(query): Params<EntriesQuery>,
) -> Result<Json<Page<EntryAnswer>>, Problem> {
    page_of(&app, only(caller, user)?, &range, &query).await
}

/// The person that an address names, who is the caller or whom the caller may read.
pub(crate) fn only(caller: Caller, named: UserId) -> Result<UserId, Problem> {
    if caller.user == named {
        Ok(named)
    } else {
        Err(Problem::not_found())
    }
}

async fn page_of(
    app: &App,
    user: UserId,
    range: &RangeQuery,
    query: &EntriesQuery,
) -> Result<Json<Page<EntryAnswer>>, Problem> {
    let name = query.metric.as_deref();
    let metrics = name
        .map(|name| metrics_of(name, nearest::metric))
        .transpose();
    let metrics = metrics.map_err(|error| Problem::parameter("metric", error.message))?;
    let filed = metrics.as_deref().map(filed_as);
    let asked = Asked {
        kind: KIND,
        list: "/health-metrics",
        filter: filter(&[
            range.start.as_ref(),
            range.end.as_ref(),
            query.metric.as_ref(),
        ]),
        metrics: filed,
        range,
        limit: query.limit,
        cursor: query.cursor.as_deref(),
    };
    let at_us = |document: &Document<Entry>| document.written.at_us();
    let page = asked.page(app, user, at_us, |_| true).await?;
    let data = page.data.into_iter().map(answer).collect();
    let next_cursor = page.next_cursor;
    Ok(Json(Page { data, next_cursor }))
}

/// The numbers under which entries of some metrics can be filed: a blood pressure under its first one.
fn filed_as(metrics: &[&'static Metric]) -> Vec<MetricNo> {
    let mut numbers: Vec<MetricNo> = metrics.iter().map(|metric| metric.no).collect();
    if metrics
        .iter()
        .any(|metric| metric.id == "blood_pressure_diastolic")
    {
        let first = metric::by_id("blood_pressure_systolic");
        numbers.extend(first.map(|metric| metric.no));
        numbers.dedup();
        numbers.sort_unstable();
        numbers.dedup();
    }
    numbers
}

/// The parameters that select entries, each with its length so that no two queries look alike.
pub(crate) fn filter(parts: &[Option<&String>]) -> String {
    let parts = parts.iter().map(|part| part.map_or("", String::as_str));
    let parts: Vec<String> = parts.map(|part| format!("{}:{part}", part.len())).collect();
    parts.join(";")
}

/// Which page of which entries.
pub(crate) struct Asked<'a> {
    /// What they are filed as.
    pub(crate) kind: &'static str,
    /// The list, for its cursors.
    pub(crate) list: &'static str,
    /// What selects them, for its cursors.
    pub(crate) filter: String,
    /// Those of these metrics; of all without them.
    pub(crate) metrics: Option<Vec<MetricNo>>,
    /// Those of this time.
    pub(crate) range: &'a RangeQuery,
    /// How many, as sent.
    pub(crate) limit: Option<usize>,
    /// After which, as sent.
    pub(crate) cursor: Option<&'a str>,
}

/// Where an entry stands in its list.
pub(crate) type Place = (i64, EntryId);

impl Asked<'_> {
    /// The page of those that are kept, newest first. Where few are, it may end before it is full.
    pub(crate) async fn page<T: DeserializeOwned>(
        &self,
        app: &App,
        user: UserId,
        at_us: impl Fn(&Document<T>) -> i64,
        is_wanted: impl Fn(&T) -> bool,
    ) -> Result<Page<Entered<T>>, Problem> {
        let limit = limited(self.limit)?;
        let bound = Query {
            user,
            list: self.list,
            filter: &self.filter,
        };
        let after = self
            .cursor
            .map(|text| cursor::open::<Place>(app, bound, text));
        let mut after = after.transpose()?;
        let mut tx = app.store.read().await?;
        let dossier = app.people.load(&mut tx, &app.vault, user).await?;
        let span = self.range.parse()?.unbounded(&dossier.history())?;
        let mut data: Vec<Entered<T>> = Vec::new();
        for _ in 0..ROUNDS_MAX {
            let part = (span, after, limit.saturating_add(1));
            let found = self
                .latest(&mut tx, (&dossier.key, user), part, &at_us)
                .await?;
            let mut is_cut = found.len() > limit;
            for (place, one) in found.into_iter().take(limit) {
                if data.len() == limit {
                    is_cut = true;
                    break;
                }
                after = Some(place);
                if is_wanted(&one.document.written) {
                    data.push(one);
                }
            }
            if !is_cut {
                let next_cursor = None;
                return Ok(Page { data, next_cursor });
            }
            if data.len() == limit {
                break;
            }
        }
        let next_cursor = after.map(|place| cursor::seal(app, bound, &place));
        Ok(Page { data, next_cursor })
    }

    /// What comes after a place, newest first: `wanted` at least, if there are as many.
    async fn latest<T: DeserializeOwned>(
        &self,
        tx: &mut store::Tx,
        (key, user): (&store::PersonKey, UserId),
        (span, after, wanted): (Span, Option<Place>, usize),
        at_us: &impl Fn(&Document<T>) -> i64,
    ) -> Result<Vec<(Place, Entered<T>)>, Problem> {
        let until_us = after.map_or(span.end_us, |(at_us, _)| {
            span.end_us.min(at_us.saturating_add(1))
        });
        let limit = u32::try_from(wanted).unwrap_or(u32::MAX);
        let metrics = match &self.metrics {
            None => vec![None],
            Some(numbers) => numbers.iter().copied().map(Some).collect(),
        };
        let mut found = Vec::new();
        for metric in metrics {
            let wanted = Wanted {
                kind: self.kind,
                metric,
                from_us: span.start_us,
                until_us,
            };
            for stored in store::entries::latest(tx, key, user, wanted, limit).await? {
                let one = Entered::<T>::read(&stored)?;
                found.push(((at_us(&one.document), one.id), one));
            }
        }
        found.retain(|(place, _)| {
            (span.start_us..span.end_us).contains(&place.0)
                && after.is_none_or(|after| *place < after)
        });
        found.sort_by_key(|(place, _)| Reverse(*place));
        Ok(found)
    }
}

/// How many entries a page has.
pub(crate) fn limited(limit: Option<usize>) -> Result<usize, Problem> {
    let limit = limit.unwrap_or(LIMIT_DEFAULT);
    if (1..=LIMIT_MAX).contains(&limit) {
        return Ok(limit);
    }
    let message = format!("must be between 1 and {LIMIT_MAX}");
    Err(Problem::parameter("limit", message))
}

/// Enters a measurement.
///
/// It becomes samples of the source "Entered by hand" and counts wherever samples count. The same entry sent twice is
/// one: the second time it is returned with 200.
#[utoipa::path(
    post, operation_id = "enter_metric", path = "/health-metrics", tag = "person",
    security(("bearer" = [])),
    request_body = Entry,
    responses(
        (status = 201, description = "The entry.", body = EntryAnswer,
         headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 200, description = "The same had been entered before.", body = EntryAnswer,
         headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 409, description = "The day has as many entries as one may."),
    ),
)]
async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    JsonBody { value: entry, .. }: JsonBody<Entry>,
) -> Result<Response, Problem> {
    let writing = writing(&app, entry)?;
    let done = entered::create(&app, &caller.does("enter_metric"), writing).await?;
    written(done, answer)
}

/// Returns a measurement that was entered.
#[utoipa::path(
    get, operation_id = "get_entered_metric", path = "/health-metrics/{entry_id}", tag = "person",
    security(("bearer" = [])),
    params(("entry_id" = String, Path, format = Uuid, description = "The entry.")),
    responses((status = 200, description = "The entry.", body = EntryAnswer,
               headers(("ETag" = String, description = "The version, for `If-Match`.")))),
)]
async fn read(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    PathId(id): PathId<EntryId>,
) -> Result<Response, Problem> {
    let found = found::<Entry>(&app, caller.user, KIND, id).await?;
    let version = Version(found.version);
    Ok(etag::answer(&headers, version, &answer(found)))
}

/// Changes a measurement that was entered.
///
/// Its samples change with it, and so do the days.
#[utoipa::path(
    put, operation_id = "replace_entered_metric", path = "/health-metrics/{entry_id}", tag = "person",
    security(("bearer" = [])),
    params(("entry_id" = String, Path, format = Uuid, description = "The entry.")),
    request_body = Entry,
    responses(
        (status = 200, description = "The entry as it is now.", body = EntryAnswer,
         headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 412, description = "It was changed since it was read."),
    ),
)]
async fn replace(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(id): PathId<EntryId>,
    headers: HeaderMap,
    EditedBody(entry): EditedBody<Entry>,
) -> Result<Response, Problem> {
    let expected = etag::expected(&headers)?;
    let writing = writing(&app, entry)?;
    let note = caller.does("replace_entered_metric");
    let done = entered::replace(&app, &note, (id, expected), writing).await?;
    rewritten(done, answer)
}

/// Takes a measurement out that was entered, and its samples.
#[utoipa::path(
    delete, operation_id = "delete_entered_metric", path = "/health-metrics/{entry_id}", tag = "person",
    security(("bearer" = [])),
    params(("entry_id" = String, Path, format = Uuid, description = "The entry.")),
    responses((status = 204, description = "It is gone.")),
)]
async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(id): PathId<EntryId>,
) -> Result<StatusCode, Problem> {
    let note = caller.does("delete_entered_metric");
    gone(entered::remove::<Entry>(&app, &note, (KIND, id)).await?)
}

/// An entry from outside with what it measures.
fn writing(app: &App, entry: Entry) -> Result<Writing<'static, Entry>, Problem> {
    let measures = entry.measures(app.clock.now_us(), nearest::metric);
    let measures = measures.map_err(Problem::invalid)?;
    Ok(Writing {
        filed: Filed {
            kind: KIND,
            metric: measures.first().map(|measure| measure.metric.no),
            at_us: entry.at_us(),
        },
        written: entry,
        measures,
    })
}

/// An entry of a person, or 404.
pub(crate) async fn found<T: DeserializeOwned>(
    app: &App,
    user: UserId,
    kind: &str,
    id: EntryId,
) -> Result<Entered<T>, Problem> {
    let mut tx = app.store.read().await?;
    let key = app.vault.person_key(&mut tx, user).await?;
    let found = entered::find(&mut tx, &key, user, kind, id).await?;
    found.ok_or_else(Problem::not_found)
}

/// The response to something new.
pub(crate) fn written<T, A: Serialize>(
    done: Outcome<T>,
    answer: impl Fn(Entered<T>) -> A,
) -> Result<Response, Problem> {
    let (status, entered) = match done {
        Outcome::Stored(entered) => (StatusCode::CREATED, entered),
        Outcome::Known(entered) => (StatusCode::OK, entered),
        Outcome::Missing => return Err(Problem::not_found()),
        Outcome::Full => return Err(full()),
        Outcome::NoRoom => return Err(no_room()),
    };
    let etag = [(header::ETAG, Version(entered.version).etag())];
    Ok((status, etag, Json(answer(entered))).into_response())
}

/// The response to a change.
pub(crate) fn rewritten<T, A: Serialize>(
    done: Outcome<T>,
    answer: impl Fn(Entered<T>) -> A,
) -> Result<Response, Problem> {
    match done {
        Outcome::Stored(entered) | Outcome::Known(entered) => {
            let version = Version(entered.version);
            Ok(etag::answer(&HeaderMap::new(), version, &answer(entered)))
        }
        Outcome::Missing => Err(Problem::not_found()),
        Outcome::Full => Err(full()),
        Outcome::NoRoom => Err(no_room()),
    }
}

/// The response to taking something out.
pub(crate) fn gone(was_there: bool) -> Result<StatusCode, Problem> {
    if was_there {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}

fn full() -> Problem {
    let message = format!("the day has {PER_DAY_MAX} entries; take out one that is wrong");
    Problem::new(Code::Conflict, message)
}

fn no_room() -> Problem {
    let message = "there is no room for more samples of this metric in this period";
    Problem::new(Code::TooManyItems, message)
}

/// The samples of an entry, as responses print them.
pub(crate) fn samples(measured: &[Measured]) -> Vec<EnteredSample> {
    let sample = |one: &Measured| EnteredSample {
        metric: one.metric.clone(),
        value: one.value,
        unit: metric::by_id(&one.metric).map_or("", |metric| metric.unit.ucum()),
    };
    measured.iter().map(sample).collect()
}

fn answer(entered: Entered<Entry>) -> EntryAnswer {
    let document = entered.document;
    EntryAnswer {
        entry_id: entered.id,
        samples: samples(&document.measured),
        created_at: rfc3339(document.created_us),
        entry: document.written,
    }
}
