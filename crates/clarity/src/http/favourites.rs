//! `/nutrition-favourites`: what a person eats again and again, kept to be entered with one tap. Whoever enters one
//! sends it as a meal.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use model::ids::{EntryId, UserId};
use serde::Serialize;
use store::entries::{Filed, Wanted};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Caller;
use crate::http::body::JsonBody;
use crate::http::entries::{gone, written};
use crate::http::page::{List, PathId};
use crate::ingest::entered::{self, Entered, Writing};
use crate::instant::rfc3339;
use crate::person::meals::Favourite;
use crate::problem::Problem;

/// What they are filed as.
const KIND: &str = "favourite";
/// They are about no day; all of them are filed under one, which bounds how many there are.
const NO_DAY_US: i64 = 0;

/// The routes.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(remove))
}

/// Something that is eaten again and again.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FavouriteAnswer {
    /// The favourite.
    #[schema(value_type = String, format = Uuid)]
    favourite_id: EntryId,
    /// What it is.
    #[serde(flatten)]
    favourite: Favourite,
    /// When it was kept.
    #[schema(format = DateTime)]
    created_at: String,
}

/// The favourites, by name.
#[utoipa::path(
    get, operation_id = "list_favourites", path = "/nutrition-favourites", tag = "person",
    security(("bearer" = [])),
    responses((status = 200, description = "All of them.", body = List<FavouriteAnswer>)),
)]
async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Json<List<FavouriteAnswer>>, Problem> {
    let mut all = all(&app, caller.user).await?;
    let name = |one: &Entered<Favourite>| one.document.written.meal_description.to_lowercase();
    all.sort_by_cached_key(|one| (name(one), one.id));
    let data = all.into_iter().map(answer).collect();
    Ok(Json(List { data }))
}

async fn all(app: &App, user: UserId) -> Result<Vec<Entered<Favourite>>, Problem> {
    let mut tx = app.store.read().await?;
    let key = app.vault.person_key(&mut tx, user).await?;
    let wanted = Wanted {
        kind: KIND,
        metric: None,
        from_us: NO_DAY_US,
        until_us: NO_DAY_US + 1,
    };
    let stored = store::entries::all(&mut tx, &key, user, wanted).await?;
    drop(tx);
    let read: Result<Vec<_>, _> = stored.iter().map(Entered::read).collect();
    Ok(read?)
}

/// Keeps something that is eaten again and again; what is kept already stays as it is.
#[utoipa::path(
    post, operation_id = "keep_favourite", path = "/nutrition-favourites", tag = "person",
    security(("bearer" = [])),
    request_body = Favourite,
    responses(
        (status = 201, description = "The favourite.", body = FavouriteAnswer,
         headers(("ETag" = String, description = "The version; it is always the first."))),
        (status = 200, description = "The same had been kept before.", body = FavouriteAnswer,
         headers(("ETag" = String, description = "The version; it is always the first."))),
        (status = 409, description = "There are as many as there may be."),
    ),
)]
async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    JsonBody {
        value: favourite, ..
    }: JsonBody<Favourite>,
) -> Result<Response, Problem> {
    let errors = favourite.check();
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let writing = Writing {
        filed: Filed {
            kind: KIND,
            metric: None,
            at_us: NO_DAY_US,
        },
        written: favourite,
        measures: Vec::new(),
    };
    let done = entered::create(&app, &caller.does("keep_favourite"), writing).await?;
    written(done, answer)
}

/// Forgets a favourite; meals that were entered with it stay.
#[utoipa::path(
    delete, operation_id = "delete_favourite", path = "/nutrition-favourites/{favourite_id}", tag = "person",
    security(("bearer" = [])),
    params(("favourite_id" = String, Path, format = Uuid, description = "The favourite.")),
    responses((status = 204, description = "It is gone.")),
)]
async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(id): PathId<EntryId>,
) -> Result<StatusCode, Problem> {
    let note = caller.does("delete_favourite");
    gone(entered::remove::<Favourite>(&app, &note, (KIND, id)).await?)
}

fn answer(entered: Entered<Favourite>) -> FavouriteAnswer {
    FavouriteAnswer {
        favourite_id: entered.id,
        created_at: rfc3339(entered.document.created_us),
        favourite: entered.document.written,
    }
}
