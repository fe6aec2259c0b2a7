//! `/metric-types`: everything that can be measured, from the catalogue.

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use model::metric::{CATALOGUE, Metric};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::page::Page;
use crate::person::measured::Aggregation;

/// The routes.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(list))
}

/// One thing that can be measured.
#[derive(Debug, Serialize, ToSchema)]
pub struct MetricType {
    /// The id in every response and query.
    id: &'static str,
    /// How its samples combine.
    aggregation: Aggregation,
    /// The canonical unit (UCUM).
    unit: &'static str,
    /// The smallest and largest value that is accepted.
    valid_range: Option<[f64; 2]>,
    /// The HealthKit identifier.
    healthkit: Option<&'static str>,
    /// The Health Connect record type and field.
    health_connect: Option<&'static str>,
    /// The LOINC code.
    loinc: Option<&'static str>,
    /// Other names that are understood.
    aliases: &'static [&'static str],
    /// One sentence about it.
    description: &'static str,
}

/// Everything that can be measured. The same for everyone.
#[utoipa::path(
    get, operation_id = "list_metric_types", path = "/metric-types", tag = "reading",
    responses((status = 200, description = "The catalogue.", body = Page<MetricType>)),
)]
async fn list() -> Response {
    let data = CATALOGUE.iter().map(metric_type).collect();
    let page = Page {
        data,
        next_cursor: None,
    };
    (
        [(header::CACHE_CONTROL, "public, max-age=3600")],
        Json(page),
    )
        .into_response()
}

fn metric_type(metric: &'static Metric) -> MetricType {
    MetricType {
        id: metric.id,
        aggregation: metric.kind.into(),
        unit: metric.unit.ucum(),
        valid_range: metric.range.map(|(least, most)| [least, most]),
        healthkit: metric.healthkit,
        health_connect: metric.health_connect,
        loinc: metric.loinc,
        aliases: metric.aliases,
        description: metric.sentence,
    }
}
