//! `/events`: what happens to the caller's data, as server-sent events.
//!
//! The stream is a convenience: every event names something durable that can be read. It ends with
//! the access token, its session or the process; clients come back with `Last-Event-ID`.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use futures::{Stream, StreamExt, stream};
use model::ids::UserId;
use tokio_stream::wrappers::BroadcastStream;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::{self, Caller};
use crate::bus::{Event, Gap};
use crate::http::front::Front;
use crate::problem::{Code, Problem};

/// A comment is sent after this long without an event, so that proxies keep the connection.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The routes.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(events))
}

/// How many streams each person has open.
#[derive(Debug, Clone, Default)]
pub struct Streams {
    open: Arc<Mutex<HashMap<UserId, usize>>>,
}

/// One open stream; dropping it makes room.
#[derive(Debug)]
pub(crate) struct OpenStream {
    streams: Streams,
    user: UserId,
}

impl Streams {
    /// Takes a place, when one of `most` is left.
    pub(crate) fn open(&self, user: UserId, most: usize) -> Result<OpenStream, Problem> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(user).or_insert(0);
        if *count >= most {
            return Err(Problem::new(
                Code::RateLimited,
                format!("a person may have {most} event streams open"),
            )
            .retry_after(HEARTBEAT.as_secs()));
        }
        *count += 1;
        Ok(OpenStream {
            streams: self.clone(),
            user,
        })
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut open = self
            .streams
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.user) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.remove(&self.user);
            }
        }
    }
}

/// What happens to the caller's data: `processing`, `summary` and `insight` events. A `reset` event
/// says that some were lost: read the resources again.
#[utoipa::path(
    get, operation_id = "stream_events", path = "/events", tag = "live",
    security(("bearer" = [])),
    params(("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was received.")),
    responses((status = 200, description = "The stream.", body = String, content_type = "text/event-stream")),
)]
async fn events(
    State(app): State<Arc<App>>,
    Extension(front): Extension<Arc<Front>>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Sent, Infallible>>>, Problem> {
    let last_seen = match headers.get("last-event-id") {
        None => None,
        Some(value) => Some(
            value
                .to_str()
                .ok()
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| Problem::parameter("Last-Event-ID", "is not an event id"))?,
        ),
    };
    let open = front
        .streams
        .open(caller.user, app.config.limits.streams_per_person)?;
    let subscription = app.bus.subscribe(caller.user, last_seen);
    let start = match subscription.gap {
        Gap::None => None,
        Gap::Lost => Some(reset()),
    };
    let missed = subscription.missed.into_iter().map(|event| send(&event));
    let live = BroadcastStream::new(subscription.live).map(move |event| {
        // The stream owns its place until the client is gone.
        let _ = &open;
        event.map_or_else(|_lagged| reset(), |event| send(&event))
    });
    let left_us = caller.expires_us.saturating_sub(app.clock.now_us());
    let left = Duration::from_micros(u64::try_from(left_us).unwrap_or(0));
    let end = Box::pin(async move {
        tokio::select! {
            () = app.shutdown.cancelled() => {}
            () = auth::ended(&app, caller) => {}
            () = tokio::time::sleep(left) => {}
        }
    });
    let sent = stream::iter(start).chain(stream::iter(missed)).chain(live);
    let sent = sent.map(Ok).take_until(end);
    Ok(Sse::new(sent).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
}

fn send(event: &Event) -> Sent {
    Sent::default()
        .id(event.seq.to_string())
        .event(event.kind.name())
        .data(&event.payload)
}

fn reset() -> Sent {
    Sent::default().event("reset").data("{}")
}
