//! `/audit`: who read or changed the caller's data, in words.
//!
//! It shows a person their own log and nobody else's, administrators included.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access;
use crate::app::App;
use crate::audit::entry::{By, Entry};
use crate::audit::words;
use crate::audit::writer;
use crate::auth::Caller;
use crate::http::cursor;
use crate::http::page::{Page, PageQuery, Params};
use crate::instant::rfc3339;
use crate::problem::Problem;

const AUDIT: &str = "/audit";

/// The routes.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(list))
}

/// By what right something was done.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum AuditRight {
    /// By the person, signed in.
    Own,
    /// By a device with a key of the person.
    Device,
    /// By a program with a key of the person.
    Key,
    /// By somebody else whom the person allowed to read.
    Grant,
    /// By whoever runs the server, on the machine itself.
    Operator,
}

/// An access to the caller's data.
#[derive(Debug, Serialize, ToSchema)]
struct AuditEntry {
    /// Its place in the log, from 1 without gaps.
    number: i64,
    /// When it happened; of `repeats` the last time.
    #[schema(format = DateTime)]
    at: String,
    /// One sentence that says who did what.
    text: String,
    /// What was done: an `operationId`, or `upload`, `take_back`, `detect_reuse`, `give_role`, `disable_account`,
    /// `add_account`, `give_back_grant`.
    action: String,
    /// By what right.
    right: AuditRight,
    /// The session, the device, the key or the grant.
    #[schema(format = Uuid)]
    by: Option<String>,
    /// Where the request came from: an IPv4 address, or the /64 of an IPv6 address.
    network: Option<String>,
    /// The metric, where it was about one.
    metric: Option<String>,
    /// The first day that was asked for.
    #[schema(format = Date)]
    start: Option<String>,
    /// The day after the last one.
    #[schema(format = Date)]
    end: Option<String>,
    /// The erasure, where it is one.
    #[schema(format = Uuid)]
    erasure_id: Option<String>,
    /// The address of who may read by the grant, where it is about one.
    reader: Option<String>,
    /// What the grant is for, where it is about one.
    purpose: Option<String>,
    /// How often the same was done again after an earlier entry, where this one stands for those.
    repeats: Option<AuditRepeats>,
    /// SHA-256 over the entry and all before it, in base64url.
    hash: String,
}

/// How often the same was done.
#[derive(Debug, Serialize, ToSchema)]
struct AuditRepeats {
    /// Times beside the one that has an entry of its own.
    count: u64,
    /// When that one was.
    #[schema(format = DateTime)]
    since: String,
}

/// Who read or changed the caller's data, newest first.
///
/// Equal accesses within a while are two entries: the first, and one that counts the others. Reading this list is an
/// access too.
#[utoipa::path(
    get, operation_id = "list_audit", path = AUDIT, tag = "accounts",
    security(("bearer" = [])),
    params(PageQuery),
    responses((status = 200, description = "A page of the log.", body = Page<AuditEntry>)),
)]
async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(page): Params<PageQuery>,
) -> Result<Json<Page<AuditEntry>>, Problem> {
    let limit = page.limit(&app)?;
    let bound = cursor::Query {
        user: caller.user,
        list: AUDIT,
        filter: "",
    };
    let before = match &page.cursor {
        Some(cursor) => Some(cursor::open(&app, bound, cursor)?),
        None => None,
    };
    if before.is_none() {
        writer::settle(&app, caller.user).await?;
    }
    let mut tx = app.store.read().await?;
    let key = app.vault.person_key(&mut tx, caller.user).await?;
    let asked = u32::try_from(limit).unwrap_or(u32::MAX);
    let found = store::audit::page(&mut tx, &key, caller.user, before, asked).await?;
    let devices = store::devices::list(&mut tx, &key, caller.user).await?;
    let devices = devices
        .into_iter()
        .map(|device| (By::Device(device.id), device.name));
    let keys = store::api_keys::list(&mut tx, &key, caller.user).await?;
    let keys = keys.into_iter().map(|key| (By::Key(key.id), key.name));
    let names: HashMap<By, String> = devices.chain(keys).collect();
    let is_full = found.len() == limit;
    let last = found.last().map(|entry| entry.seq);
    let next_cursor = last
        .filter(|seq| is_full && *seq > 1)
        .map(|seq| cursor::seal(&app, bound, &seq));
    let data = found.into_iter().filter_map(|stored| {
        let entry = Entry::read(&stored.bytes)?;
        Some(access(&stored, entry, &names))
    });
    Ok(Json(Page {
        data: data.collect(),
        next_cursor,
    }))
}

fn access(stored: &store::audit::Entry, entry: Entry, names: &HashMap<By, String>) -> AuditEntry {
    let text = words::sentence(&entry, access::says(&entry.what), |by| {
        names.get(&by).cloned()
    });
    let (right, by) = match entry.by {
        By::Own(session) => (AuditRight::Own, session.map(|id| id.to_string())),
        By::Device(device) => (AuditRight::Device, Some(device.to_string())),
        By::Key(key) => (AuditRight::Key, Some(key.to_string())),
        By::Grant(grant) => (AuditRight::Grant, Some(grant.to_string())),
        By::Operator => (AuditRight::Operator, None),
    };
    AuditEntry {
        number: stored.seq,
        at: rfc3339(entry.at_us),
        text,
        right,
        by,
        start: entry.from.map(|day| day.to_string()),
        end: entry.until.map(|day| day.to_string()),
        erasure_id: entry.erasure.map(|id| id.to_string()),
        repeats: entry.repeats.map(|repeats| AuditRepeats {
            count: repeats.count,
            since: rfc3339(repeats.since_us),
        }),
        reader: entry.grant.as_ref().map(|grant| grant.reader.clone()),
        purpose: entry.grant.map(|grant| grant.purpose),
        hash: URL_SAFE_NO_PAD.encode(&stored.hash),
        action: entry.what,
        network: entry.network,
        metric: entry.metric,
    }
}
