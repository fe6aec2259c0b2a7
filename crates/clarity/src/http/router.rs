//! What every request passes through on its way to a handler, and the other names that routes answer to.
//!
//! Names that are only aliases are resolved before routing and answer identically,
//! never by redirect: phone HTTP clients drop the Authorization header on one.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware;
use axum::response::Response;
use tower::ServiceExt;
use tower::util::MapRequest;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::app::App;
use crate::http::front::Front;
use crate::http::known::{self, Known};
use crate::http::watch::Rules;
use crate::http::{body, described, documented, edge, fair, origin, rate, watch, window};
use crate::problem::{Code, Problem};

/// The prefix of the API.
pub(super) const PREFIX: &str = "/api/v1";

/// Other names of routes, below the prefix. `{}` stands for one segment that is carried over.
const ALIASES: &[(&str, &str)] = &[
    ("/auth/signup", "/auth/register"),
    ("/users/register", "/auth/register"),
    ("/health-data/upload", "/health-data"),
    ("/health/upload", "/health-data"),
    ("/health/trends", "/trends"),
    ("/healthkit/upload", "/healthkit"),
    (
        "/health-data/upload/{}/status",
        "/health-data/processing/{}",
    ),
    ("/healthkit/status/{}", "/health-data/processing/{}"),
    ("/pat/analyze-step-data", "/pat/step-analysis"),
    ("/pat/analyze", "/pat/analysis"),
];

/// Names below the prefix (or beside it) of routes that live outside it.
const ROOT_ALIASES: &[(&str, &str)] = &[
    ("/api/health", "/health"),
    ("/api/v1/health", "/health"),
    ("/api/v1/health/live", "/health/live"),
    ("/api/v1/health/ready", "/health/ready"),
    ("/api/v1/health/detailed", "/health/detailed"),
    ("/api/v1/system/health", "/health"),
    ("/api/v1/system/metrics", "/metrics"),
    ("/openapi.json", "/api/v1/openapi.json"),
];

/// Requests that may take longer than the time limit: bodies as long as they are.
const STREAMED: &[(Method, &str)] = &[(Method::POST, "/api/v1/imports")];

/// The routes with everything that a request passes through, but without aliases.
pub fn routes(app: &Arc<App>) -> (Router, Arc<Front>) {
    let (router, parts) = described();
    let rules = Arc::new(Rules::of(&parts));
    let known = Arc::new(Known::of(parts));
    let front = Arc::new(Front::new(&app.config, &app.clock, || documented().1));
    let with = |app: &Arc<App>| Arc::clone(app);
    let router = router
        .fallback(window::fallback)
        .method_not_allowed_fallback(|| async {
            Problem::new(Code::MethodNotAllowed, "see the Allow header")
        })
        // The layers below apply from the last to the first.
        .layer(middleware::from_fn_with_state(
            (with(app), rules),
            watch::record,
        ))
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(
            Arc::clone(&known),
            known::check,
        ))
        .layer(middleware::from_fn_with_state(known, body::decompress))
        .layer(middleware::from_fn_with_state(with(app), fair::share))
        .layer(middleware::from_fn(origin::check))
        .layer(middleware::from_fn_with_state(
            (with(app), Arc::clone(&front)),
            rate::limit,
        ))
        .layer(middleware::from_fn_with_state(with(app), edge::guard))
        .layer(CompressionLayer::new().no_deflate())
        .layer(cors(app))
        .layer(middleware::from_fn_with_state(with(app), edge::observe))
        .with_state(with(app));
    (router, front)
}

/// The whole server: canonical paths, aliases, prefixes, with and without a trailing slash.
pub fn service(app: &Arc<App>) -> (Router, Arc<Front>) {
    let (routes, front) = routes(app);
    let canonical = MapRequest::new(
        routes,
        edge::canonical::<axum::body::Body> as fn(Request) -> Request,
    );
    let canonical = canonical.map_response(|response: Response| response);
    (Router::new().fallback_service(canonical), front)
}

/// Whether a request may take longer than the time limit.
pub fn is_streamed(method: &Method, route: &str) -> bool {
    STREAMED
        .iter()
        .any(|(streamed, path)| streamed == method && *path == route)
}

/// The path under which the router knows what was asked for.
pub fn canonical_path(asked: &str) -> String {
    let trimmed = asked.trim_end_matches('/');
    let mut path = match trimmed {
        "" => "/".to_owned(),
        _ => trimmed.to_owned(),
    };
    if path == "/v1" || path.starts_with("/v1/") {
        path.insert_str(0, "/api");
    }
    if let Some((_, canonical)) = ROOT_ALIASES.iter().find(|(alias, _)| *alias == path) {
        return (*canonical).to_owned();
    }
    let Some(mut below) = path
        .strip_prefix(PREFIX)
        .filter(|below| below.starts_with('/'))
    else {
        return path;
    };
    // Clients that append /health-data to a base address that ends in it.
    if below.starts_with("/health-data/health-data") {
        below = below.strip_prefix("/health-data").unwrap_or(below);
    }
    let resolved = ALIASES.iter().find_map(|(alias, canonical)| {
        captured(alias, below).map(|segment| canonical.replace("{}", segment))
    });
    format!("{PREFIX}{}", resolved.as_deref().unwrap_or(below))
}

/// The segment in the place of `{}` when a path has the form of an alias; empty when it has none.
fn captured<'a>(alias: &str, path: &'a str) -> Option<&'a str> {
    let Some((before, after)) = alias.split_once("{}") else {
        return (alias == path).then_some("");
    };
    let segment = path.strip_prefix(before)?.strip_suffix(after)?;
    (!segment.is_empty() && !segment.contains('/')).then_some(segment)
}

/// Web pages on other origins that may call, and what they may read.
fn cors(app: &App) -> CorsLayer {
    let origins = &app.config.cors.origins;
    let allowed = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(
            origins
                .iter()
                .filter_map(|origin| HeaderValue::from_str(origin).ok()),
        )
    };
    let custom = |name: &'static str| HeaderName::from_static(name);
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::CONTENT_ENCODING,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            custom("idempotency-key"),
            custom("last-event-id"),
            custom("x-api-key"),
            custom("x-request-id"),
        ])
        .expose_headers([
            header::ETAG,
            header::RETRY_AFTER,
            custom("idempotency-replayed"),
            custom("ratelimit-limit"),
            custom("ratelimit-remaining"),
            custom("ratelimit-reset"),
            custom("x-request-id"),
        ])
        .max_age(std::time::Duration::from_mins(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_to_the_canonical_path() {
        let check =
            |asked: &str, expect: &str| assert_eq!(canonical_path(asked), expect, "{asked}");
        check("/", "/");
        check("/health/", "/health");
        check("/v1/system/health", "/health");
        check("/api/v1/health", "/health");
        check("/v1/auth/signup/", "/api/v1/auth/register");
        check("/api/v1/health-data/health-data/", "/api/v1/health-data");
        check(
            "/api/v1/health-data/health-data/upload",
            "/api/v1/health-data",
        );
        check(
            "/api/v1/health-data/upload/7/status",
            "/api/v1/health-data/processing/7",
        );
        check(
            "/api/v1/health-data/upload/7/8/status",
            "/api/v1/health-data/upload/7/8/status",
        );
        check("/v1/healthkit/status/7", "/api/v1/health-data/processing/7");
        check("/v1x", "/v1x");
        check("/docs/", "/docs");
    }
}
