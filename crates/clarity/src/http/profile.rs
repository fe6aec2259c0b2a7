//! `/user/profile`: what the caller entered about themselves.

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
use crate::http::noted::{self, ProfileAnswer};
use crate::ingest::edit;
use crate::person::profile::{self, Profile};
use crate::problem::Problem;

/// The routes.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(get_profile, put_profile))
}

/// Returns what the caller entered about themselves. The `ETag` is `"0"` before the first write.
#[utoipa::path(
    get, operation_id = "get_profile", path = "/user/profile", tag = "person",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The profile.", body = ProfileAnswer<'static>),
        (status = 304, description = "It is still the version that is already known."),
    ),
)]
async fn get_profile(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = app.store.read().await?;
    let key = app.vault.person_key(&mut tx, caller.user).await?;
    let found = profile::load(&mut tx, &key, caller.user).await?;
    let body = answer(&found.value);
    Ok(etag::answer(&headers, Version(found.version), &body))
}

/// Replaces the profile. A new time zone recomputes the person's days.
#[utoipa::path(
    put, operation_id = "replace_profile", path = "/user/profile", tag = "person",
    security(("bearer" = [])),
    request_body = Profile,
    responses(
        (status = 200, description = "The profile as it is now.", body = ProfileAnswer<'static>),
        (status = 412, description = "It was changed since it was read."),
    ),
)]
async fn put_profile(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    EditedBody(mut profile): EditedBody<Profile>,
) -> Result<Response, Problem> {
    let expected = etag::expected(&headers)?;
    let errors = profile.check(app.clock.today_utc());
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let mut tx = app.store.begin("replace a profile").await?;
    let key = app.vault.person_key(&mut tx, caller.user).await?;
    let version = edit::put_profile(&app, &mut tx, &key, caller.user, &profile, expected).await?;
    writer::within(&app, &mut tx, &caller.does("replace_profile")).await?;
    tx.commit().await?;
    let body = answer(&profile);
    Ok(etag::answer(&HeaderMap::new(), Version(version), &body))
}

/// The profile with what has no effect yet.
fn answer(profile: &Profile) -> ProfileAnswer<'_> {
    let language = profile.language.as_deref();
    let notes = noted::without_effect("", language);
    ProfileAnswer { profile, notes }
}
