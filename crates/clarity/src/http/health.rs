//! Is it there, is it ready, how does it feel: probes for people, load balancers and Prometheus.
//!
//! The public responses reveal nothing about the installation but its version.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use model::sample::SECOND_US;
use serde::Serialize;
use store::revisions::Derived;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Caller;
use crate::http::{admin, edge, window};
use crate::instant::rfc3339;
use crate::jobs::refresh::COUNTED_MAX;
use crate::problem::{Code, Problem};
use crate::revision;
use crate::supervise::Task;
use crate::telemetry;

/// A database that does not answer within this time is not ready.
const PATIENCE: Duration = Duration::from_secs(2);
/// A write that worked is not repeated within this time: anyone may ask, and each one waits for the disk.
const WRITES_REMEMBERED_US: i64 = SECOND_US;
/// Writes that only ever wait for this long say that something holds the database.
const WAITING_MAX_US: i64 = 60 * SECOND_US;
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
    /// `ok`; a server that is not returns 503.
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
    /// A background task that failed and does not run at the moment.
    task_down: Option<&'static str>,
    /// Rows of an earlier version that wait to be made again, by what they are; counted up to a million.
    stale: BTreeMap<&'static str, u64>,
}

/// One thing that the server depends on.
#[derive(Debug, Serialize, ToSchema)]
pub struct Dependency {
    name: &'static str,
    /// `ok` or `unavailable`.
    status: &'static str,
    /// Milliseconds that its last probe took.
    latency_ms: f64,
    /// When it failed last in this process.
    #[schema(format = DateTime)]
    last_error_at: Option<String>,
    /// How it failed last.
    last_error: Option<String>,
}

/// Where to go from here: links for programs, the pages for browsers that accept HTML.
#[utoipa::path(
    get, operation_id = "get_index", path = "/", tag = "operations",
    responses(
        (status = 200, description = "Links, or the page.", content(
            (Index = "application/json"),
            (String = "text/html"),
        )),
        (status = 304, description = "The page is still the version that is already known."),
    ),
)]
async fn index(headers: HeaderMap) -> Response {
    if window::wants_page(&headers) {
        return window::page(&headers);
    }
    let index = Index {
        name: "clarity",
        version: VERSION,
        api: "/api/v1",
        openapi: "/api/v1/openapi.json",
        docs: "/docs",
        health: "/health",
    };
    ([(header::VARY, "accept")], Json(index)).into_response()
}

/// Whether the server works: the same as `/health/ready`.
#[utoipa::path(
    get, operation_id = "get_health", path = "/health", tag = "operations",
    responses((status = 200, description = "It works.", body = Health)),
)]
async fn health(State(app): State<Arc<App>>) -> Result<Json<Health>, Problem> {
    check(&app).await
}

/// Whether the process responds at all.
#[utoipa::path(
    get, operation_id = "get_liveness", path = "/health/live", tag = "operations",
    responses((status = 200, description = "It does.", body = Health)),
)]
async fn live() -> Json<Health> {
    Json(Health {
        status: "ok",
        version: VERSION,
    })
}

/// Whether database and keys can be used, a write included, every task runs, and no shutdown is under
/// way.
#[utoipa::path(
    get, operation_id = "get_readiness", path = "/health/ready", tag = "operations",
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
    if let Some(task) = app.supervisor.down() {
        let name = task.name();
        return unavailable(&format!(
            "the task {name:?} failed and is being started again"
        ));
    }
    if database(app).await.is_err() {
        return unavailable("the database does not answer");
    }
    if writes(app).await.is_err() {
        return unavailable("the database cannot be written");
    }
    Ok(Json(Health {
        status: "ok",
        version: VERSION,
    }))
}

/// Commits a small write. One that has to wait for another writer says nothing about the database, until
/// it goes on for too long.
async fn writes(app: &App) -> Result<(), String> {
    let now_us = app.clock.now_us();
    let last_us = app.failures.last_written_us();
    if last_us.is_some_and(|last_us| (0..WRITES_REMEMBERED_US).contains(&(now_us - last_us))) {
        return Ok(());
    }
    let write = app.store.transact("readiness", &now_us, |tx, now_us| {
        store::meta::probe(tx, *now_us).boxed()
    });
    let result = match tokio::time::timeout(PATIENCE, write).await {
        Ok(Ok(())) => {
            app.failures.written(now_us);
            Ok(())
        }
        Ok(Err(error)) => Err(edge::chain(&error)),
        Err(_elapsed) if now_us - app.failures.write_waits(now_us) < WAITING_MAX_US => Ok(()),
        Err(_elapsed) => Err("every write waits for another one that does not end".to_owned()),
    };
    result.inspect_err(|error| app.failures.database_failed(now_us, error.clone()))
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
    get, operation_id = "get_detailed_health", path = "/health/detailed", tag = "operations",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The state of things.", body = Detailed),
        (status = 403, description = "Not an administrator.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn detailed(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Detailed>, Problem> {
    admin::only_administrators(&caller)?;
    let started = Instant::now();
    let status = match (database(&app).await, writes(&app).await) {
        (Ok(_), Ok(())) => "ok",
        (Ok(_) | Err(_), _) => "unavailable",
    };
    let latency_ms = started.elapsed().as_secs_f64() * 1_000.0;
    let down = app.supervisor.down();
    let mut stale = BTreeMap::new();
    if let Ok(mut tx) = app.store.read().await {
        for what in Derived::ALL {
            let current = revision::current(what);
            if let Ok(count) = store::revisions::count(&mut tx, what, current, COUNTED_MAX).await {
                stale.insert(what.name(), count);
            }
        }
    }
    let last = app.failures.database();
    let uptime_us = app.clock.now_us() - app.started_us;
    Ok(Json(Detailed {
        status: if down.is_some() {
            "unavailable"
        } else {
            status
        },
        version: VERSION,
        uptime_s: uptime_us / 1_000_000,
        resident_bytes: telemetry::resident_bytes(),
        dependencies: vec![Dependency {
            name: "database",
            status,
            latency_ms,
            last_error_at: last.as_ref().map(|(at_us, _)| rfc3339(*at_us)),
            last_error: last.map(|(_, error)| error),
        }],
        task_down: down.map(Task::name),
        stale,
    }))
}

/// Counters, gauges and histograms for Prometheus.
#[utoipa::path(
    get, operation_id = "get_metrics", path = "/metrics", tag = "operations",
    responses((status = 200, description = "The text format.", body = String, content_type = "text/plain")),
)]
async fn prometheus() -> Response {
    let media_type = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, media_type)], telemetry::render()).into_response()
}
