//! `Idempotency-Key`: a POST that creates something does so once, however often it is sent.
//!
//! The key is remembered in the transaction that does the work, so a crash leaves either both or
//! neither. Only successes are remembered: a refused request may be corrected and sent again.

use std::sync::Arc;

use aws_lc_rs::digest;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::ids::UserId;
use serde::{Deserialize, Serialize};
use store::idempotency::Begun;
use store::{PersonKey, Tx};

use crate::app::App;
use crate::problem::{Code, Problem};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// A UUID is 36 characters; nothing sensible is longer than this.
const KEY_MAX: usize = 255;

/// Keys are forgotten after a day, as clients retry within minutes.
pub const MEMORY_US: i64 = 24 * 3_600 * 1_000_000;

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

/// An answer that can be remembered and sent again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answer {
    status: u16,
    location: Option<String>,
    body: String,
}

impl Answer {
    /// A JSON answer.
    pub fn json<T: Serialize>(status: StatusCode, body: &T) -> Self {
        Self {
            status: status.as_u16(),
            location: None,
            body: serde_json::to_string(body).expect("an answer is plain JSON"),
        }
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
    /// It was done before: this is the answer.
    Replay(Response),
}

/// Proof that a request is the first with its key.
#[derive(Debug)]
#[must_use]
pub struct Ticket(Option<[u8; 32]>);

impl IdempotencyKey {
    /// Whether the client sent one.
    pub const fn is_given(self) -> bool {
        self.0.is_some()
    }

    /// Looks the key up for a person. `route` keeps keys of different paths apart: the same key on
    /// another path is another body.
    pub async fn begin(
        self,
        tx: &mut Tx,
        key: &PersonKey,
        user: UserId,
        request: (&str, &[u8]),
        now_us: i64,
    ) -> Result<Start, Problem> {
        let Some(key_hash) = self.0 else {
            return Ok(Start::First(Ticket(None)));
        };
        let (route, body) = request;
        // Keyed, so that whoever holds the database cannot confirm a guess at a small body.
        let keyed = key.identity(&sha256(&[route.as_bytes(), &[0], body]));
        let body_hash = sha256(&[&keyed]);
        let begun = store::idempotency::begin(tx, key, user, key_hash, body_hash, now_us).await?;
        match begun {
            Begun::New => Ok(Start::First(Ticket(Some(key_hash)))),
            Begun::Conflict => Err(Problem::new(
                Code::IdempotencyConflict,
                "this Idempotency-Key was used with another body; use a new key",
            )),
            Begun::InProgress => Err(Problem::new(
                Code::Conflict,
                "a request with this Idempotency-Key is still being worked on; try again",
            )
            .retry_after(1)),
            Begun::Replay(bytes) => {
                let answer: Answer = serde_json::from_slice(&bytes).map_err(Problem::internal)?;
                let mut response = answer.into_response();
                let headers = response.headers_mut();
                headers.insert(REPLAYED, HeaderValue::from_static("true"));
                Ok(Start::Replay(response))
            }
        }
    }
}

impl Ticket {
    /// Remembers the answer; commit afterwards.
    pub async fn finish(
        self,
        tx: &mut Tx,
        key: &PersonKey,
        user: UserId,
        answer: &Answer,
    ) -> Result<(), Problem> {
        if let Some(key_hash) = self.0 {
            let bytes = serde_json::to_vec(answer).map_err(Problem::internal)?;
            store::idempotency::finish(tx, key, user, key_hash, &bytes).await?;
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
