//! `/admin/settings`: the settings of this server as they are. For administrators; secrets are masked.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Caller;
use crate::config::shown::Shown;
use crate::http::admin::only_administrators;
use crate::http::page::List;
use crate::problem::Problem;

/// A setting.
#[derive(Debug, Serialize, ToSchema)]
struct Setting {
    /// Its name, as the file and the flags have it: `limits.page_rows`.
    #[schema(example = "limits.page_rows")]
    name: String,
    /// What it is for.
    about: String,
    /// Its value; `***` in the place of users, passwords and parameters of addresses, empty when it is not set.
    value: String,
    /// The value that it has without any configuration.
    default: String,
    /// Whether it was changed from the default.
    is_changed: bool,
}

impl From<Shown> for Setting {
    fn from(shown: Shown) -> Self {
        Self {
            is_changed: shown.value != shown.default,
            name: shown.name,
            about: shown.about,
            value: shown.value,
            default: shown.default,
        }
    }
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Lists every setting of this server with its value and its default. For administrators.
#[utoipa::path(
    get, operation_id = "list_settings", path = "/admin/settings", tag = "operations",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The settings, as in the documented file.", body = List<Setting>),
        (status = 403, description = "Not an administrator.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<List<Setting>>, Problem> {
    only_administrators(&caller)?;
    let data = app.config.shown().into_iter().map(Setting::from).collect();
    Ok(Json(List { data }))
}
