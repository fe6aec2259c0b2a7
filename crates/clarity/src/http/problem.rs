//! Every error response: RFC 9457 `application/problem+json`.
//!
//! Handlers return [`Problem`]; the edge (see `edge.rs`) adds the request's id and path and writes
//! the body, once. A 5xx tells the client nothing but its code; the cause goes to the log, once.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::pat::document::Rhythm;
use crate::problem::{Code, FieldError, Problem};

impl Problem {
    /// Writes the response to the request `request_id` for `instance`.
    pub fn render(&self, instance: &str, request_id: &str) -> Response<Body> {
        let status = self.code.status();
        let body = ProblemBody {
            kind: format!("urn:clarity:problem:{}", self.code.name()),
            title: self.code.title().to_owned(),
            status: status.as_u16(),
            detail: self.detail().to_owned(),
            instance: instance.to_owned(),
            code: self.code,
            request_id: request_id.to_owned(),
            errors: self.errors().to_vec(),
            rhythm: self.rhythm().cloned(),
        };
        let body = serde_json::to_vec(&body).expect("a problem is plain JSON");
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"clarity\""),
            );
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        extend(headers, self.headers());
        response
    }
}

fn extend(headers: &mut HeaderMap, more: &[(HeaderName, HeaderValue)]) {
    for (name, value) in more {
        headers.insert(name, value.clone());
    }
}

/// Leaves the body to the edge, which knows the request.
impl IntoResponse for Problem {
    fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.code.status();
        response.extensions_mut().insert(self);
        response
    }
}

/// The body of every error response (RFC 9457).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// A URN that ends in the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// One short sentence, the same for every occurrence of the code.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time.
    pub detail: String,
    /// The path that was asked for.
    pub instance: String,
    /// Stable code.
    pub code: Code,
    /// Finds this request in the log.
    pub request_id: String,
    /// What exactly is wrong with the body or the parameters.
    #[serde(default)]
    pub errors: Vec<FieldError>,
    /// Classical measures of what was sent, where only the model's result is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rhythm: Option<Rhythm>,
}
