//! Is it there, is it ready, how does it feel: probes for people, load balancers and Prometheus.
//!
//! The public answers tell nothing about the installation but its version.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Caller;
use crate::auth::role::Role;
use crate::http::edge;
use crate::instant::rfc3339;
use crate::problem::{Code, Problem};
use crate::telemetry;

/// A database that does not answer within this time is not ready.
const PATIENCE: Duration = Duration::from_secs(2);
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The routes.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(index))
        .routes(routes!(health))
        .routes(routes!(live))
        .routes(routes!(ready))
        .routes(routes!(detailed))
        .routes(routes!(prometheus))
}

/// Where to go from here.
#[derive(Debug, Serialize, ToSchema)]
pub struct Index {
    name: &'static str,
    version: &'static str,
    api: &'static str,
    openapi: &'static str,
    docs: &'static str,
    health: &'static str,
}

/// Whether the server works.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`; a server that is not ok answers 503.
    status: &'static str,
    version: &'static str,
}

/// Everything that the server depends on.
#[derive(Debug, Serialize, ToSchema)]
pub struct Detailed {
    /// `ok` or `unavailable`.
    status: &'static str,
    version: &'static str,
    /// Seconds since the process started.
    uptime_s: i64,
    /// Resident memory of the process, where the operating system reports it.
    resident_bytes: Option<u64>,
    dependencies: Vec<Dependency>,
}

/// One thing that the server depends on.
#[derive(Debug, Serialize, ToSchema)]
pub struct Dependency {
    name: &'static str,
    /// `ok` or `unavailable`.
    status: &'static str,
    /// How long it took to answer just now.
    latency_ms: f64,
    /// When it failed last in this process.
    #[schema(format = DateTime)]
    last_error_at: Option<String>,
    /// How it failed last.
    last_error: Option<String>,
}

/// Where to go from here.
#[utoipa::path(
    get, path = "/", tag = "operations",
    responses((status = 200, description = "Links.", body = Index)),
)]
async fn index() -> Json<Index> {
    Json(Index {
        name: "clarity",
        version: VERSION,
        api: "/api/v1",
        openapi: "/api/v1/openapi.json",
        docs: "/docs",
        health: "/health",
    })
}

/// Whether the server works: the same as `/health/ready`.
#[utoipa::path(
    get, path = "/health", tag = "operations",
    responses((status = 200, description = "It works.", body = Health)),
)]
async fn health(State(app): State<Arc<App>>) -> Result<Json<Health>, Problem> {
    check(&app).await
}

/// Whether the process answers at all.
#[utoipa::path(
    get, path = "/health/live", tag = "operations",
    responses((status = 200, description = "It does.", body = Health)),
)]
async fn live() -> Json<Health> {
    Json(Health {
        status: "ok",
        version: VERSION,
    })
}

/// Whether database and keys can be used and no shutdown is under way.
#[utoipa::path(
    get, path = "/health/ready", tag = "operations",
    responses((status = 200, description = "Ready.", body = Health)),
)]
async fn ready(State(app): State<Arc<App>>) -> Result<Json<Health>, Problem> {
    check(&app).await
}

async fn check(app: &App) -> Result<Json<Health>, Problem> {
    let unavailable = |detail: &str| Err(Problem::new(Code::Unavailable, detail));
    if app.shutdown.is_cancelled() {
        return unavailable("the server is shutting down");
    }
    match database(app).await {
        Ok(_) => Ok(Json(Health {
            status: "ok",
            version: VERSION,
        })),
        Err(_) => unavailable("the database does not answer"),
    }
}

/// Asks the database for the server's keys and opens them: database, tables and master key work.
async fn database(app: &App) -> Result<f64, String> {
    let started = Instant::now();
    let answer = tokio::time::timeout(PATIENCE, app.keys.check(&app.store, &app.vault)).await;
    let result = match answer {
        Ok(Ok(())) => Ok(started.elapsed().as_secs_f64() * 1_000.0),
        Ok(Err(error)) => Err(edge::chain(&error)),
        Err(_elapsed) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    };
    result.inspect_err(|error| {
        app.failures
            .database_failed(app.clock.now_us(), error.clone());
    })
}

/// Every dependency with its latency and last error. For administrators.
#[utoipa::path(
    get, path = "/health/detailed", tag = "operations",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The state of things.", body = Detailed),
        (status = 403, description = "Not an administrator.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn detailed(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Detailed>, Problem> {
    if caller.role != Role::Admin {
        return Err(Problem::new(
            Code::Forbidden,
            "only administrators see this",
        ));
    }
    let started = Instant::now();
    let status = match database(&app).await {
        Ok(_) => "ok",
        Err(_) => "unavailable",
    };
    let last = app.failures.database();
    let uptime_us = app.clock.now_us() - app.started_us;
    Ok(Json(Detailed {
        status,
        version: VERSION,
        uptime_s: uptime_us / 1_000_000,
        resident_bytes: telemetry::resident_bytes(),
        dependencies: vec![Dependency {
            name: "database",
            status,
            latency_ms: started.elapsed().as_secs_f64() * 1_000.0,
            last_error_at: last.as_ref().map(|(at_us, _)| rfc3339(*at_us)),
            last_error: last.map(|(_, error)| error),
        }],
    }))
}

/// Counters, gauges and histograms for Prometheus.
#[utoipa::path(
    get, path = "/metrics", tag = "operations",
    responses((status = 200, description = "The text format.", body = String, content_type = "text/plain")),
)]
async fn prometheus() -> Response {
    let media_type = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, media_type)], telemetry::render()).into_response()
}
