//! What HTTP itself keeps between requests: budgets, open streams and the printed document.
//!
//! The application below knows nothing of it; every router has one, and handlers that need it take it
//! from the request's extensions.

use std::sync::OnceLock;

use axum::body::Bytes;
use utoipa::openapi::OpenApi;

use crate::clock::Clock;
use crate::config::Config;
use crate::http::events::Streams;
use crate::http::rate::RateLimits;

/// Shared by the requests of one router as `Extension<Arc<Front>>`.
pub struct Front {
    /// Budgets of requests.
    pub(crate) rates: RateLimits,
    /// Open event streams.
    pub(crate) streams: Streams,
    describe: fn() -> OpenApi,
    document: OnceLock<Bytes>,
}

impl std::fmt::Debug for Front {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Front")
            .field("rates", &self.rates)
            .field("streams", &self.streams)
            .finish_non_exhaustive()
    }
}

impl Front {
    /// Full budgets and no stream. `describe` makes the description of the routes: tens of megabytes while
    /// it is made, of which only the text is kept, and only once somebody reads it.
    pub(crate) fn new(config: &Config, clock: &Clock, describe: fn() -> OpenApi) -> Self {
        Self {
            rates: RateLimits::new(&config.rates, clock),
            streams: Streams::default(),
            describe,
            document: OnceLock::new(),
        }
    }

    /// The OpenAPI document as JSON, made when it is first asked for.
    pub(crate) fn document(&self) -> Bytes {
        let print = || {
            let json = (self.describe)().to_json();
            Bytes::from(json.expect("the document is plain JSON"))
        };
        self.document.get_or_init(print).clone()
    }
}
