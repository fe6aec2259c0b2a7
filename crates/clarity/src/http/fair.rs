//! Lets requests that compute wait for a turn before they load anything, and keeps room for what they answer until
//! the client has read it.

use std::sync::Arc;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;

use crate::app::App;
use crate::auth::{Credential, Presented};
use crate::problem::{Code, Problem};
use crate::shares::{self, Room};

/// Seconds after which it is worth coming again.
const RETRY_S: u64 = 1;
/// Smaller responses need no room: there are never many of them without many connections.
const SMALL_BYTES: u64 = 64 << 10;
/// Reads that cost a few rows, or that are streamed and have limits of their own.
const LIGHT: [&str; 15] = [
    "/auth",
    "/user",
    "/devices",
    "/grants",
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
        Some(room) => kept(response, room).await,
        None => full("too many large answers were not read yet"),
    }
}

/// Gives the bytes of a response the room that they take. It goes with them wherever they wait to be sent: a body is
/// taken from its response, and that is dropped, long before the client has read anything.
async fn kept(response: Response, room: Room) -> Response {
    let (parts, body) = response.into_parts();
    match body.collect().await {
        Ok(collected) => {
            let bytes = collected.to_bytes();
            let kept = Bytes::from_owner(Kept { bytes, _room: room });
            Response::from_parts(parts, Body::from(kept))
        }
        // What has an exact size was in memory already.
        Err(error) => Problem::internal(error).into_response(),
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

/// Bytes with the room that they take.
struct Kept {
    bytes: Bytes,
    _room: Room,
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn room_is_free_when_the_last_byte_is_gone() {
        let shares = shares::Shares::default();
        let user = model::ids::UserId::from_uuid(uuid::Uuid::from_u128(1));
        let room = shares.room(user, u64::MAX).expect("a single one fits");
        let response = kept(Response::new(Body::from(vec![7; 1 << 20])), room).await;
        assert_eq!(response.body().size_hint().exact(), Some(1 << 20));
        // As a connection does: the body is gone, a part of its bytes waits to be sent.
        let bytes = response
            .into_body()
            .collect()
            .await
            .expect("bytes")
            .to_bytes();
        let part = bytes.slice(5..6);
        drop(bytes);
        assert!(shares.room(user, 1 << 20).is_none());
        drop(part);
        assert!(shares.room(user, 1 << 20).is_some());
    }

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
