//! `/storage`: what the caller's data take on disk, and over what time they reach.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use serde::Serialize;
use store::storage::{Footing, Holding};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Caller;
use crate::problem::Problem;

/// What takes room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum StoredKind {
    /// Samples.
    Samples,
    /// Workouts, ECGs and other records.
    Records,
    /// Documents and minutes that were computed of days; they can be computed again.
    Days,
    /// Insights and embeddings; they can be made again.
    Derived,
    /// Accounts of uploads, and responses that are kept for repeats.
    Uploads,
    /// Damaged samples that were set aside.
    Aside,
}

impl From<Holding> for StoredKind {
    fn from(holding: Holding) -> Self {
        match holding {
            Holding::Samples => Self::Samples,
            Holding::Records => Self::Records,
            Holding::Days => Self::Days,
            Holding::Derived => Self::Derived,
            Holding::Uploads => Self::Uploads,
            Holding::Aside => Self::Aside,
        }
    }
}

/// What one kind takes.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
struct StoredPart {
    /// What it is.
    kind: StoredKind,
    /// Samples, records, days or uploads.
    count: u64,
    /// Encrypted bytes, without the database's own share.
    bytes: u64,
}

impl From<Footing> for StoredPart {
    fn from(held: Footing) -> Self {
        Self {
            kind: held.holding.into(),
            count: held.count,
            bytes: held.bytes,
        }
    }
}

/// What a person's data take.
#[derive(Debug, Serialize, ToSchema)]
struct Storage {
    /// By kind.
    parts: Vec<StoredPart>,
    /// Of all kinds, in encrypted bytes.
    bytes: u64,
    /// The UTC day on which the first sample starts; null without any.
    #[schema(value_type = Option<String>, format = Date)]
    first: Option<Date>,
    /// The last UTC day on which one ends.
    #[schema(value_type = Option<String>, format = Date)]
    last: Option<Date>,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(read))
}

/// Returns what the caller's data take on disk by kind, and from when to when they reach.
#[utoipa::path(
    get, operation_id = "get_storage", path = "/storage", tag = "reading",
    security(("bearer" = [])),
    responses((status = 200, description = "What there is.", body = Storage)),
)]
async fn read(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Storage>, Problem> {
    let mut tx = app.store.read().await?;
    let held = store::storage::of_person(&mut tx, caller.user).await?;
    let metrics = store::samples::held(&mut tx, caller.user).await?;
    drop(tx);
    Ok(Json(Storage {
        bytes: held.iter().map(|one| one.bytes).sum(),
        parts: held.into_iter().map(StoredPart::from).collect(),
        first: metrics.iter().map(|one| one.first_day).min(),
        last: metrics.iter().map(|one| one.last_day).max(),
    }))
}
