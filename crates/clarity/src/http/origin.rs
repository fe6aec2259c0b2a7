//! Refuses what a page of another site makes a browser do in a person's name.
//!
//! One rule for every route: a request that changes something and is signed in by a cookie alone must come from
//! one of our own pages. Bearer tokens are never sent by a browser on its own, so they need no such rule.

use axum::extract::Request;
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::auth::cookie::{self, Asker};
use crate::problem::{Code, Problem};

/// Whether a method only reads.
fn reads(method: &Method) -> bool {
    matches!(method, &Method::GET | &Method::HEAD | &Method::OPTIONS)
}

/// Refuses a change that comes from elsewhere.
pub async fn check(request: Request, next: Next) -> Response {
    if is_foreign(&request) {
        return refused().into_response();
    }
    next.run(request).await
}

fn is_foreign(request: &Request) -> bool {
    let headers = request.headers();
    !reads(request.method())
        && cookie::is_only_sign_in(headers)
        && Asker::of(headers, request.uri()) != Asker::Ourselves
}

/// The problem of a request from elsewhere.
pub(crate) fn refused() -> Problem {
    Problem::new(
        Code::CrossSite,
        "a session cookie changes things only for pages of this server; programs send a bearer token",
    )
}
