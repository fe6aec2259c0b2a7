//! What every request passes through: its id, its log line and metrics, the headers of every response,
//! panics, time limits, and the one place where problems get their body.
//!
//! Logs carry ids and route patterns, never paths, queries, addresses, bodies or tokens.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use tracing::Instrument;

use crate::app::App;
use crate::config::Environment;
use crate::http::router;
use crate::problem::{Code, Problem};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// An id of a client has so many hexadecimal digits, as a UUID or the id of a trace has: every line of the log
/// says it, so it must not be able to say anything else. Any other is replaced by our own.
const REQUEST_ID_DIGITS: std::ops::RangeInclusive<usize> = 16..=64;
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const UNMATCHED: &str = "unmatched";

/// Headers of every response, unless the handler set its own.
static HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        PERMISSIONS_POLICY,
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
    (header::CACHE_CONTROL, "no-store"),
];

/// The id of a request, as clients and the log see it.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// The path as it was asked for, before aliases and slashes were resolved.
#[derive(Debug, Clone)]
pub struct AskedPath(pub String);

/// Resolves aliases and slashes before the router looks at the path.
pub fn canonical<B>(mut request: axum::http::Request<B>) -> axum::http::Request<B> {
    let asked = request.uri().path().to_owned();
    let canonical = router::canonical_path(&asked);
    if canonical != asked {
        let query = request
            .uri()
            .query()
            .map_or_else(String::new, |query| format!("?{query}"));
        if let Ok(uri) = Uri::try_from(format!("{canonical}{query}")) {
            *request.uri_mut() = uri;
        }
    }
    request.extensions_mut().insert(AskedPath(asked));
    request
}

/// Outermost: gives the request its id, counts and logs it, and completes the response's headers.
pub async fn observe(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(&app, request.headers());
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = known_method(request.method());
    let route = route(&request);
    let span = tracing::info_span!(
        "request",
        request_id = %id,
        method,
        %route,
        user_hash = tracing::field::Empty,
    );
    let mut response = next.run(request).instrument(span.clone()).await;
    complete(&app, response.headers_mut(), &id);
    let elapsed = started.elapsed();
    let status = response.status().as_u16();
    count(method, &route, status, elapsed);
    let duration_ms = elapsed.as_secs_f64() * 1_000.0;
    span.in_scope(|| {
        if matches!(
            route.as_str(),
            "/health/live" | "/health/ready" | "/metrics"
        ) {
            tracing::debug!(status, duration_ms, "request answered");
        } else {
            tracing::info!(status, duration_ms, "request answered");
        }
    });
    response
}

fn route(request: &Request) -> String {
    let path = request.extensions().get::<MatchedPath>();
    path.map_or_else(|| UNMATCHED.to_owned(), |path| path.as_str().to_owned())
}

fn request_id(app: &App, headers: &HeaderMap) -> String {
    let allowed = |id: &&str| {
        let digits = id.bytes().filter(u8::is_ascii_hexdigit).count();
        let dashes = id.bytes().filter(|byte| *byte == b'-').count();
        REQUEST_ID_DIGITS.contains(&digits) && digits + dashes == id.len() && dashes <= 4
    };
    headers
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(allowed)
        .map_or_else(
            || app.ids.uuid(app.clock.now_us()).to_string(),
            str::to_owned,
        )
}

fn complete(app: &App, headers: &mut HeaderMap, id: &str) {
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    for (name, value) in &HEADERS {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    if app.config.environment == Environment::Production {
        headers
            .entry(header::STRICT_TRANSPORT_SECURITY)
            .or_insert(HeaderValue::from_static(
                "max-age=31536000; includeSubDomains",
            ));
    }
}

/// Methods are the client's to invent: log and metrics only say those that there are.
fn known_method(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    let known = KNOWN.into_iter().find(|known| method == known);
    known.unwrap_or("other")
}

fn count(method: &'static str, route: &str, status: u16, elapsed: Duration) {
    let route = route.to_owned();
    metrics::counter!(
        "clarity_http_requests_total",
        "method" => method, "route" => route.clone(), "status" => status.to_string()
    )
    .increment(1);
    metrics::histogram!(
        "clarity_http_request_duration_seconds",
        "method" => method, "route" => route
    )
    .record(elapsed.as_secs_f64());
}

/// Inside compression and CORS: bounds the time, catches panics and writes the body of problems.
pub async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let limit_s = app.config.limits.request_s;
    let instance = request
        .extensions()
        .get::<AskedPath>()
        .map_or_else(|| request.uri().path().to_owned(), |path| path.0.clone());
    let id = request
        .extensions()
        .get::<RequestId>()
        .map_or_else(String::new, |id| id.0.clone());
    let streams = router::is_streamed(request.method(), &route(&request));
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind();
    let answer = if streams {
        Ok(answer.await)
    } else {
        tokio::time::timeout(Duration::from_secs(limit_s), answer).await
    };
    let mut response = match answer {
        Ok(Ok(response)) => response,
        Ok(Err(_panic)) => Problem::internal("a handler panicked").into_response(),
        Err(_elapsed) => Problem::new(
            Code::Timeout,
            format!("the request took longer than {limit_s} seconds"),
        )
        .into_response(),
    };
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    if let Some(cause) = problem.cause() {
        tracing::error!(code = problem.code.name(), cause = %chain(cause), "request failed");
    }
    let mut rendered = problem.render(&instance, &id);
    // What middleware and the router added (rate limits, Allow) stays.
    for (name, value) in response.headers() {
        if name != header::CONTENT_LENGTH {
            rendered.headers_mut().insert(name, value.clone());
        }
    }
    rendered
}

/// An error with everything that led to it, on one line.
pub fn chain(error: &(dyn std::error::Error + Send + Sync)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
