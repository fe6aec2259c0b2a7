//! `/health-insights`: what people write about their own health. What the server found is at `/insights`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use model::ids::{EntryId, UserId};
use serde::{Deserialize, Serialize};
use store::docs::Expected;
use store::entries::Filed;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Caller;
use crate::http::body::{EditedBody, JsonBody};
use crate::http::entries::{Asked, filter, found, gone, only, rewritten, written};
use crate::http::etag::{self, Version};
use crate::http::page::{Page, Params, PathId};
use crate::http::range::RangeQuery;
use crate::ingest::entered::{self, Entered, Writing};
use crate::ingest::nearest;
use crate::instant::rfc3339;
use crate::person::written::{WrittenInsight, WrittenInsightType};
use crate::problem::Problem;

/// What they are filed as.
const KIND: &str = "insight";

/// The routes.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(list_of))
        .routes(routes!(mark_read))
        .routes(routes!(read, replace, remove))
}

/// Which insights.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WrittenQuery {
    /// Those of this kind.
    #[param(inline)]
    insight_type: Option<WrittenInsightType>,
    /// Those that were read, or those that were not.
    is_read: Option<bool>,
    /// Insights on the page; 50 when left out. With a filter a page may have fewer and still be followed by another.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// An insight that a person wrote.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct WrittenAnswer {
    /// The insight.
    #[schema(value_type = String, format = Uuid)]
    written_id: EntryId,
    /// As the person wrote it.
    #[serde(flatten)]
    insight: WrittenInsight,
    /// When it was written first.
    #[schema(format = DateTime)]
    created_at: String,
}

/// The insights that were written, newest first.
#[utoipa::path(
    get, operation_id = "list_written_insights", path = "/health-insights", tag = "person",
    security(("bearer" = [])),
    params(RangeQuery, WrittenQuery),
    responses((status = 200, description = "The insights.", body = Page<WrittenAnswer>)),
)]
async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(range): Params<RangeQuery>,
    Params(query): Params<WrittenQuery>,
) -> Result<Json<Page<WrittenAnswer>>, Problem> {
    page_of(&app, caller.user, &range, &query).await
}

/// The insights that a person wrote, newest first: the caller, or somebody who allowed it.
#[utoipa::path(
    get, operation_id = "list_insights_written_by", path = "/health-insights/user/{user_id}", tag = "person",
    security(("bearer" = [])),
    params(("user_id" = String, Path, format = Uuid, description = "The person."), RangeQuery, WrittenQuery),
    responses((status = 200, description = "The insights.", body = Page<WrittenAnswer>)),
)]
async fn list_of(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(user): PathId<UserId>,
    Params(range): Params<RangeQuery>,
    Params(query): Params<WrittenQuery>,
) -> Result<Json<Page<WrittenAnswer>>, Problem> {
    page_of(&app, only(caller, user)?, &range, &query).await
}

async fn page_of(
    app: &App,
    user: UserId,
    range: &RangeQuery,
    query: &WrittenQuery,
) -> Result<Json<Page<WrittenAnswer>>, Problem> {
    let kind = query.insight_type.map(|kind| format!("{kind:?}"));
    let read = query.is_read.map(|read| read.to_string());
    let parts = [
        range.start.as_ref(),
        range.end.as_ref(),
        kind.as_ref(),
        read.as_ref(),
    ];
    let asked = Asked {
        kind: KIND,
        list: "/health-insights",
        filter: filter(&parts),
        metrics: None,
        range,
        limit: query.limit,
        cursor: query.cursor.as_deref(),
    };
    let is_wanted = |insight: &WrittenInsight| {
        query
            .insight_type
            .is_none_or(|kind| insight.insight_type == kind)
            && query.is_read.is_none_or(|read| insight.is_read == read)
    };
    let page = asked
        .page(app, user, |document| document.created_us, is_wanted)
        .await?;
    let data = page.data.into_iter().map(answer).collect();
    let next_cursor = page.next_cursor;
    Ok(Json(Page { data, next_cursor }))
}

/// Writes an insight; the same insight sent twice is one.
#[utoipa::path(
    post, operation_id = "write_insight", path = "/health-insights", tag = "person",
    security(("bearer" = [])),
    request_body = WrittenInsight,
    responses(
        (status = 201, description = "The insight.", body = WrittenAnswer,
         headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 200, description = "The same had been written before.", body = WrittenAnswer,
         headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 409, description = "The day has as many insights as one may."),
    ),
)]
async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    JsonBody { value: insight, .. }: JsonBody<WrittenInsight>,
) -> Result<Response, Problem> {
    let writing = writing(app.clock.now_us(), insight)?;
    let done = entered::create(&app, &caller.does("write_insight"), writing).await?;
    written(done, answer)
}

/// Returns an insight that was written.
#[utoipa::path(
    get, operation_id = "get_written_insight", path = "/health-insights/{written_id}", tag = "person",
    security(("bearer" = [])),
    params(("written_id" = String, Path, format = Uuid, description = "The insight.")),
    responses((status = 200, description = "The insight.", body = WrittenAnswer,
               headers(("ETag" = String, description = "The version, for `If-Match`.")))),
)]
async fn read(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    PathId(id): PathId<EntryId>,
) -> Result<Response, Problem> {
    let found = found::<WrittenInsight>(&app, caller.user, KIND, id).await?;
    let version = Version(found.version);
    Ok(etag::answer(&headers, version, &answer(found)))
}

/// Changes an insight that was written.
#[utoipa::path(
    put, operation_id = "rewrite_insight", path = "/health-insights/{written_id}", tag = "person",
    security(("bearer" = [])),
    params(("written_id" = String, Path, format = Uuid, description = "The insight.")),
    request_body = WrittenInsight,
    responses(
        (status = 200, description = "The insight as it is now.", body = WrittenAnswer,
         headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 412, description = "It was changed since it was read."),
    ),
)]
async fn replace(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(id): PathId<EntryId>,
    headers: HeaderMap,
    EditedBody(insight): EditedBody<WrittenInsight>,
) -> Result<Response, Problem> {
    let expected = etag::expected(&headers)?;
    let before = found::<WrittenInsight>(&app, caller.user, KIND, id).await?;
    let writing = writing(before.document.created_us, insight)?;
    let note = caller.does("rewrite_insight");
    let done = entered::replace(&app, &note, (id, expected), writing).await?;
    rewritten(done, answer)
}

/// Marks an insight as read; one that was read stays as it is.
#[utoipa::path(
    post, operation_id = "mark_insight_read", path = "/health-insights/{written_id}/read", tag = "person",
    security(("bearer" = [])),
    params(("written_id" = String, Path, format = Uuid, description = "The insight.")),
    responses((status = 200, description = "The insight.", body = WrittenAnswer,
               headers(("ETag" = String, description = "The version, for `If-Match`.")))),
)]
async fn mark_read(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(id): PathId<EntryId>,
) -> Result<Response, Problem> {
    let before = found::<WrittenInsight>(&app, caller.user, KIND, id).await?;
    let version = Version(before.version);
    if before.document.written.is_read {
        return Ok(etag::answer(&HeaderMap::new(), version, &answer(before)));
    }
    let read = WrittenInsight {
        is_read: true,
        ..before.document.written
    };
    let writing = writing(before.document.created_us, read)?;
    let note = caller.does("mark_insight_read");
    // What somebody wrote meanwhile is not written over.
    let expected = Expected::Version(version.0);
    let done = entered::replace(&app, &note, (id, expected), writing).await?;
    rewritten(done, answer)
}

/// Takes an insight out that was written.
#[utoipa::path(
    delete, operation_id = "delete_written_insight", path = "/health-insights/{written_id}", tag = "person",
    security(("bearer" = [])),
    params(("written_id" = String, Path, format = Uuid, description = "The insight.")),
    responses((status = 204, description = "It is gone.")),
)]
async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(id): PathId<EntryId>,
) -> Result<StatusCode, Problem> {
    let note = caller.does("delete_written_insight");
    gone(entered::remove::<WrittenInsight>(&app, &note, (KIND, id)).await?)
}

/// An insight from outside, filed under the day on which it was written first.
fn writing(
    created_us: i64,
    insight: WrittenInsight,
) -> Result<Writing<'static, WrittenInsight>, Problem> {
    let errors = insight.check(nearest::metric);
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    Ok(Writing {
        filed: Filed {
            kind: KIND,
            metric: None,
            at_us: created_us,
        },
        written: insight,
        measures: Vec::new(),
    })
}

fn answer(entered: Entered<WrittenInsight>) -> WrittenAnswer {
    WrittenAnswer {
        written_id: entered.id,
        created_at: rfc3339(entered.document.created_us),
        insight: entered.document.written,
    }
}
