//! Lets requests that compute wait for a turn before they load anything, and keeps room for what they answer until
//! the client has read it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::body::{Frame, SizeHint};

use crate::app::App;
use crate::auth::{Credential, Presented};
use crate::problem::{Code, Problem};
use crate::shares::{self, Room};

/// Seconds after which it is worth coming again.
const RETRY_S: u64 = 1;
/// Smaller responses need no room: there are never many of them without many connections.
const SMALL_BYTES: u64 = 64 << 10;
/// Reads that cost a few rows, or that are streamed and have limits of their own.
const LIGHT: [&str; 14] = [
    "/auth",
    "/user",
    "/devices",
    "/events",
    "/imports",
    "/health-data/export",
    "/health-data/processing",
    "/health-data/erasures",
    "/insights",
    "/metric-types",
    "/openapi.json",
    "/docs",
    "/setup",
    "/sources",
];

fn computes(method: &Method, route: &str) -> bool {
    let Some(path) = route.strip_prefix("/api/v1") else {
        return false;
    };
    *method == Method::GET && !LIGHT.iter().any(|light| path.starts_with(light))
}

/// Waits for a turn, or says when to come again.
pub(super) async fn share(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let heavy = route.is_some_and(|route| computes(request.method(), route.as_str()));
    let presented = request.extensions().get::<Presented>();
    let user = presented.and_then(|shown| shown.0.as_ref().ok().map(Credential::user));
    let Some(user) = user.filter(|_| heavy) else {
        return next.run(request).await;
    };
    let Some(turn) = app.shares.turn(user).await else {
        return full("more of your requests are being computed than there are turns");
    };
    let response = shares::in_turn(turn, next.run(request)).await;
    let bytes = response.body().size_hint().exact().unwrap_or(0);
    if bytes < SMALL_BYTES {
        return response;
    }
    match app.shares.room(user, bytes) {
        Some(room) => response.map(|body| Body::new(Unsent { body, _room: room })),
        None => full("too many large answers were not read yet"),
    }
}

fn full(detail: &str) -> Response {
    metrics::counter!("clarity_requests_refused_total").increment(1);
    Problem::new(
        Code::Unavailable,
        format!("{detail}; try again in a second"),
    )
    .retry_after(RETRY_S)
    .into_response()
}

/// A response with the room that it takes.
#[derive(Debug)]
struct Unsent {
    body: Body,
    _room: Room,
}

impl HttpBody for Unsent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_computes_waits() {
        let check = |method: Method, route, expect| {
            assert_eq!(computes(&method, route), expect, "{method} {route}");
        };
        check(Method::GET, "/api/v1/rhythm", true);
        check(Method::GET, "/api/v1/series/{metric}", true);
        check(Method::GET, "/api/v1/health-data", true);
        check(Method::GET, "/api/v1/health-data/export", false);
        check(Method::GET, "/api/v1/auth/me", false);
        check(Method::GET, "/health/live", false);
        check(Method::POST, "/api/v1/health-data", false);
    }
}
