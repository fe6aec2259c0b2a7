//! `GET /imports/{id}/events`: how far an import is, as server-sent events.
//!
//! Each event is read from the durable state, so a listener on another node or after a restart sees
//! the same; live events only say that it is time to look. The stream ends when the import does,
//! with the access token, its session, or the process.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use futures::{Stream, StreamExt, stream};
use model::ids::{UploadId, UserId};
use serde::Serialize;
use tokio::sync::broadcast;
use tokio::time::Instant;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::{self, Caller};
use crate::bus::Event;
use crate::http::events::OpenStream;
use crate::http::front::Front;
use crate::http::imports;
use crate::http::page::PathId;
use crate::http::processing::Status;
use crate::ingest::file::WATCH_EVERY;
use crate::problem::Problem;

/// A comment is sent after this long without an event, so that proxies keep the connection.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How far an import is: the data of a `processing` event.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
struct Step {
    /// Names the import.
    processing_id: String,
    /// Where it stands.
    status: Status,
    /// What it is doing.
    stage: String,
    /// From 0 to 1.
    progress: f64,
    /// New or changed records so far.
    accepted: u64,
    /// Records that were there already.
    duplicates: u64,
    /// Refused records.
    rejected: u64,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(follow))
}

/// Follows an import.
///
/// A `processing` event whenever its state changes, the last one when it is completed, failed or
/// needs review.
#[utoipa::path(
    get,
    operation_id = "stream_import_events",
    path = "/imports/{processing_id}/events",
    tag = "imports",
    params(("processing_id" = String, Path, format = Uuid, description = "Id of the import")),
    responses((status = 200, description = "The stream.", body = String, content_type = "text/event-stream")),
    security(("bearer" = [])),
)]
async fn follow(
    State(app): State<Arc<App>>,
    Extension(front): Extension<Arc<Front>>,
    caller: Caller,
    PathId(id): PathId<UploadId>,
) -> Result<Sse<impl Stream<Item = Result<Sent, Infallible>>>, Problem> {
    let mut tx = app.store.read().await?;
    imports::find(&app, &mut tx, caller.user, id).await?;
    drop(tx);
    let place = front
        .streams
        .open(caller.user, app.config.limits.streams_per_person)?;
    let left_us = caller.expires_us.saturating_sub(app.clock.now_us());
    let left = Duration::from_micros(u64::try_from(left_us).unwrap_or(0));
    let following = Following {
        live: app.bus.subscribe(caller.user, None).live,
        user: caller.user,
        id,
        last: None,
        until: Instant::now() + left,
        _place: place,
        app,
    };
    let owner = Arc::clone(&following.app);
    let steps = stream::unfold(Some(following), |following| async move {
        let (step, rest) = following?.next().await?;
        let json = serde_json::to_string(&step).expect("a step is plain JSON");
        Some((Ok(Sent::default().event("processing").data(json)), rest))
    });
    let end = Box::pin(async move { auth::ended(&owner, caller).await });
    let steps = steps.take_until(end);
    Ok(Sse::new(steps).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
}

/// One listener.
struct Following {
    app: Arc<App>,
    user: UserId,
    id: UploadId,
    live: broadcast::Receiver<Arc<Event>>,
    last: Option<Step>,
    until: Instant,
    /// Held while the stream is open.
    _place: OpenStream,
}

impl Following {
    /// The next state that differs from the last one told, and the listener unless it was the final
    /// one.
    async fn next(mut self) -> Option<(Step, Option<Self>)> {
        loop {
            let step = self.state().await?;
            if self.last.as_ref() != Some(&step) {
                self.last = Some(step.clone());
                let is_final = step.status.is_final();
                return Some((step, (!is_final).then_some(self)));
            }
            self.wait().await?;
        }
    }

    /// The state now; `None` when the import was taken back or cannot be read.
    async fn state(&self) -> Option<Step> {
        let read = async {
            let mut tx = self.app.store.read().await?;
            imports::find(&self.app, &mut tx, self.user, self.id).await
        };
        let (upload, _) = read.await.ok()?;
        Some(Step {
            processing_id: upload.id.to_string(),
            status: upload.status.into(),
            stage: upload.stage,
            progress: upload.progress,
            accepted: upload.accepted,
            duplicates: upload.duplicates,
            rejected: upload.rejected,
        })
    }

    /// Waits until it is worth looking again; `None` when the stream has to end.
    async fn wait(&mut self) -> Option<()> {
        if Instant::now() >= self.until {
            return None;
        }
        let id = self.id.to_string();
        let about_this = async {
            loop {
                match self.live.recv().await {
                    Ok(event) if event.id != id => {}
                    // Lagging or closed: look at the state.
                    Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => return,
                    Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        tokio::select! {
            () = self.app.shutdown.cancelled() => None,
            () = about_this => Some(()),
            () = tokio::time::sleep(WATCH_EVERY) => Some(()),
        }
    }
}
