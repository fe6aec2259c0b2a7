//! `Idempotency-Key`: a POST that creates something does so once, however often it is sent.
//!
//! Key and answer are written in the transaction that does the work, so a crash leaves either both or
//! neither. Only successes are kept: a refused request may be corrected and sent again. Requests are
//! compared by their whole content, never by their length.

use std::sync::Arc;

use aws_lc_rs::digest;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::ids::UserId;
use serde::{Deserialize, Serialize};
use store::idempotency::{Known, Request};
use store::{PersonKey, Tx};
use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};

use crate::app::App;
use crate::problem::Problem;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// A UUID is 36 characters; nothing sensible is longer than this.
const KEY_MAX: usize = 255;

/// The key that came with a request, if one did.
#[derive(Debug, Clone, Copy)]
pub struct IdempotencyKey(Option<[u8; 32]>);

impl FromRequestParts<Arc<App>> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(KEY) else {
            return Ok(Self(None));
        };
        let text = value.to_str().unwrap_or_default();
        if text.is_empty() || text.len() > KEY_MAX {
            return Err(Problem::parameter(
                "Idempotency-Key",
                format!("must be 1 to {KEY_MAX} printable ASCII characters"),
            ));
        }
        Ok(Self(Some(sha256(&[text.as_bytes()]))))
    }
}

/// Documents the header; `openapi.rs` puts the shared description in its place.
impl IntoParams for IdempotencyKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let header = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .required(Required::False);
        vec![header.build()]
    }
}

/// A response that can be remembered and sent again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answer {
    status: u16,
    location: Option<String>,
    body: String,
}

impl Answer {
    /// A JSON response.
    pub fn json<T: Serialize>(status: StatusCode, body: &T) -> Self {
        Self {
            status: status.as_u16(),
            location: None,
            body: serde_json::to_string(body).expect("an answer is plain JSON"),
        }
    }

    /// As it is kept.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("an answer is plain JSON")
    }

    /// Adds where the created thing is.
    #[must_use]
    pub fn at(mut self, location: String) -> Self {
        self.location = Some(location);
        self
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        if let Some(location) = self
            .location
            .and_then(|text| HeaderValue::try_from(text).ok())
        {
            headers.insert(header::LOCATION, location);
        }
        response
    }
}

/// What to do with a request.
#[derive(Debug)]
pub enum Start {
    /// Do the work, then [`Ticket::finish`] in the same transaction.
    First(Ticket),
    /// It was done before: this is the response.
    Replay(Response),
}

/// Proof that a request is the first with its key.
#[derive(Debug)]
#[must_use]
pub struct Ticket(Option<Request>);

impl IdempotencyKey {
    /// Whether the client sent one.
    pub const fn is_given(self) -> bool {
        self.0.is_some()
    }

    /// The key as the client sent it, hashed.
    pub const fn hash(self) -> Option<[u8; 32]> {
        self.0
    }

    /// The request under this key. `route` keeps keys of different paths apart: the same key on another
    /// path is another request.
    pub fn request(self, route: &str, content: &[u8]) -> Option<Request> {
        Some(Request {
            key_hash: self.0?,
            content_hash: sha256(&[route.as_bytes(), &[0], content]),
        })
    }

    /// Looks the request up for a person and waits for others of them.
    pub async fn begin(
        self,
        tx: &mut Tx,
        key: &PersonKey,
        user: UserId,
        (route, content): (&str, &[u8]),
    ) -> Result<Start, Problem> {
        let Some(request) = self.request(route, content) else {
            return Ok(Start::First(Ticket(None)));
        };
        let known = store::idempotency::begin(tx, key, user, &request).await?;
        match replay(known)? {
            Some(answer) => Ok(Start::Replay(answer)),
            None => Ok(Start::First(Ticket(Some(request)))),
        }
    }
}

/// The response to a request that came before; a problem when the key came with another one.
pub fn replay(known: Known) -> Result<Option<Response>, Problem> {
    match known {
        Known::New => Ok(None),
        Known::Conflict => Err(Problem::key_used()),
        Known::Answered(bytes) => repeated(&bytes).map(Some),
    }
}

/// A kept response, marked as one.
pub fn repeated(bytes: &[u8]) -> Result<Response, Problem> {
    let answer: Answer = serde_json::from_slice(bytes).map_err(Problem::internal)?;
    let mut response = answer.into_response();
    let headers = response.headers_mut();
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

impl Ticket {
    /// Keeps the response; commit afterwards.
    pub async fn finish(
        self,
        tx: &mut Tx,
        key: &PersonKey,
        user: UserId,
        answer: &Answer,
        now_us: i64,
    ) -> Result<(), Problem> {
        if let Some(request) = self.0 {
            let bytes = answer.to_bytes();
            if !store::idempotency::keep(tx, key, user, &request, &bytes, now_us).await? {
                return Err(Problem::key_used());
            }
        }
        Ok(())
    }
}

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}
