//! `/metrics-of-mine` and `/sources`: what a person has, and who measured it.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use model::source::{SourceClass, SourceNo};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Caller;
use crate::http::page::{List, Params};
use crate::instant::rfc3339;
use crate::person::dossier::Dossier;
use crate::person::measured::{Aggregation, Measured};
use crate::problem::Problem;

/// A metric that the person has samples of.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct MetricOfMine {
    /// Metric id, or the name of a type outside the catalogue.
    id: String,
    /// How its samples combine.
    kind: Aggregation,
    /// UCUM unit of its values.
    unit: String,
    /// What it is; null for a type outside the catalogue.
    description: Option<&'static str>,
    /// The UTC day on which the first sample starts.
    #[schema(value_type = String, format = Date)]
    first: Date,
    /// The last UTC day on which one ends.
    #[schema(value_type = String, format = Date)]
    last: Date,
    /// Stored samples of all sources.
    samples: u64,
}

/// What a source is, best-ranked first in the usual order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SourceKind {
    /// What the person typed into the Health app.
    Manual,
    /// A watch or other wrist-worn tracker of the platform.
    Watch,
    /// A phone or tablet.
    Phone,
    /// Another app, a Bluetooth device, a web service.
    App,
}

impl From<SourceClass> for SourceKind {
    fn from(class: SourceClass) -> Self {
        match class {
            SourceClass::Manual => Self::Manual,
            SourceClass::Watch => Self::Watch,
            SourceClass::Phone => Self::Phone,
            SourceClass::App => Self::App,
        }
    }
}

/// Someone who measured.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct SourceOfMine {
    /// Place in the order, from 1: where sources overlap, the smallest number counts.
    rank: usize,
    /// Its name, as `source_order` of the preferences contains it.
    name: String,
    /// What it is.
    kind: SourceKind,
    /// Manufacturer, model and hardware of the device, when known.
    device: Option<String>,
    /// Bundle or package id of the app, when known.
    app_id: Option<String>,
    /// Start of its first sample; null before it has any.
    #[schema(format = DateTime)]
    first: Option<String>,
}

/// Whose order.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OrderQuery {
    /// The metric whose order is returned; without it the order of metrics that have none of their own.
    #[param(example = "step_count")]
    metric: Option<String>,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(metrics))
        .routes(routes!(sources))
}

/// Lists the metrics that the caller has samples of, with first and last day and count.
#[utoipa::path(
    get, operation_id = "list_own_metrics", path = "/metrics-of-mine", tag = "reading",
    responses((status = 200, description = "The metrics, by id", body = List<MetricOfMine>)),
    security(("bearer" = [])),
)]
async fn metrics(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Json<List<MetricOfMine>>, Problem> {
    let mut tx = app.store.read().await?;
    let dossier = app.people.load(&mut tx, &app.vault, caller.user).await?;
    let held = store::samples::held(&mut tx, caller.user).await?;
    let counts = store::counts::of_person(&mut tx, caller.user).await?;
    drop(tx);
    let counts: HashMap<_, _> = counts.into_iter().collect();
    let mut data: Vec<MetricOfMine> = held
        .into_iter()
        .filter_map(|one| {
            let metric = Measured::of(&dossier, one.metric)?;
            let known = model::metric::by_no(one.metric);
            Some(MetricOfMine {
                id: metric.id,
                kind: metric.kind.into(),
                unit: metric.unit,
                description: known.map(|metric| metric.sentence),
                first: one.first_day,
                last: one.last_day,
                samples: counts.get(&one.metric).copied().unwrap_or(0),
            })
        })
        .collect();
    data.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(Json(List { data }))
}

/// Lists who measured, in the order in which sources count where they overlap.
#[utoipa::path(
    get, operation_id = "list_sources", path = "/sources", tag = "reading",
    params(OrderQuery),
    responses((status = 200, description = "The sources, best-ranked first", body = List<SourceOfMine>)),
    security(("bearer" = [])),
)]
async fn sources(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(query): Params<OrderQuery>,
) -> Result<Json<List<SourceOfMine>>, Problem> {
    let mut tx = app.store.read().await?;
    let dossier = app.people.load(&mut tx, &app.vault, caller.user).await?;
    drop(tx);
    let order = order(&dossier, query.metric.as_deref())?;
    let dictionary = dossier.dictionary();
    let described = order.into_iter().filter_map(|no| dictionary.source(no));
    let data = (1..).zip(described).map(|(rank, source)| SourceOfMine {
        rank,
        name: source.name.clone(),
        kind: source.class.into(),
        device: source.device.clone(),
        app_id: source.app_id.clone(),
        first: source.first_us.map(rfc3339),
    });
    Ok(Json(List {
        data: data.collect(),
    }))
}

fn order(dossier: &Dossier, metric: Option<&str>) -> Result<Vec<SourceNo>, Problem> {
    let Some(name) = metric else {
        return Ok(dossier.order(None));
    };
    let named = Measured::named(dossier, name);
    let metric = named.into_iter().next().ok_or_else(|| {
        Problem::parameter("metric", "there is no such metric; see GET /metric-types")
    })?;
    Ok(dossier.order(Some(&metric.id)))
}
