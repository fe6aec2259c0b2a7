//! `/user/preferences`: how the caller wants their data read.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::audit::writer;
use crate::auth::Caller;
use crate::http::body::EditedBody;
use crate::http::etag::{self, Version};
use crate::http::noted::{self, PreferencesAnswer};
use crate::ingest::edit;
use crate::person::profile::{self, Preferences};
use crate::problem::Problem;

/// The routes.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(get_preferences, put_preferences))
}

/// Returns how the caller wants their data to be interpreted. The `ETag` is `"0"` before the first write.
#[utoipa::path(
    get, operation_id = "get_preferences", path = "/user/preferences", tag = "person",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The preferences.", body = PreferencesAnswer<'static>),
        (status = 304, description = "It is still the version that is already known."),
    ),
)]
async fn get_preferences(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = app.store.read().await?;
    let key = app.vault.person_key(&mut tx, caller.user).await?;
    let found = profile::load_preferences(&mut tx, &key, caller.user).await?;
    let body = answer(&found.value);
    Ok(etag::answer(&headers, Version(found.version), &body))
}

/// Replaces the preferences. A new source order, scorer of sleep or day zone recomputes the person's days.
#[utoipa::path(
    put, operation_id = "replace_preferences", path = "/user/preferences", tag = "person",
    security(("bearer" = [])),
    request_body = Preferences,
    responses(
        (status = 200, description = "The preferences as they are now.", body = PreferencesAnswer<'static>),
        (status = 412, description = "It was changed since it was read."),
    ),
)]
async fn put_preferences(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    EditedBody(preferences): EditedBody<Preferences>,
) -> Result<Response, Problem> {
    let expected = etag::expected(&headers)?;
    let errors = preferences.check();
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let mut tx = app.store.begin("replace preferences").await?;
    let key = app.vault.person_key(&mut tx, caller.user).await?;
    let version =
        edit::put_preferences(&app, &mut tx, &key, caller.user, &preferences, expected).await?;
    writer::within(&app, &mut tx, &caller.does("replace_preferences")).await?;
    tx.commit().await?;
    let body = answer(&preferences);
    Ok(etag::answer(&HeaderMap::new(), Version(version), &body))
}

/// The preferences with what has no effect yet.
fn answer(preferences: &Preferences) -> PreferencesAnswer<'_> {
    let language = preferences.language.as_deref();
    let notes = noted::without_effect("", language);
    PreferencesAnswer { preferences, notes }
}
