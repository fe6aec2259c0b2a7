//! `GET /cardio/ecgs` and `GET /cardio/beats/{series_id}`: what was recorded beat by beat, as it can be drawn.
//!
//! The lists say what there is; the documents hold the columns. Nothing is derived here and nothing is left out: the
//! voltages and the beats are those of the device, and what the device concluded is printed as it printed it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use model::ids::{RecordId, UserId};
use model::record::{Body, Ecg};
use model::zone::ZoneHistory;
use serde::Serialize;
use store::records::StoredRecord;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::auth::Caller;
use crate::http::chronicle;
use crate::http::etag::{self, Version};
use crate::http::page::{Page, PageQuery, Params, PathId};
use crate::http::range::RangeQuery;
use crate::instant::Instants;
use crate::person::dossier::Dossier;
use crate::problem::Problem;

/// Microseconds of a millisecond.
const MILLISECOND_US: f64 = 1_000.0;
/// The stored kind.
const ECG: &str = "ecg";
/// The list, as cursors know it.
const LIST: &str = "/cardio/ecgs";

/// An electrocardiogram in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct EcgRow {
    /// Names this electrocardiogram.
    #[schema(format = Uuid)]
    id: String,
    /// First instant.
    #[schema(format = DateTime)]
    start: String,
    /// End.
    #[schema(format = DateTime)]
    end: String,
    /// Name of the source that recorded it.
    source: String,
    /// What the device concluded, as it printed it; null when it concluded nothing.
    classification: Option<String>,
    /// Symptoms that the person named, as printed.
    symptoms: Option<String>,
    /// The lead, as printed.
    lead: Option<String>,
    /// Mean heart rate of the recording per minute, as the device computed it.
    heart_rate_bpm: Option<f64>,
    /// Voltages per second.
    sampling_hz: f64,
    /// How many voltages it has.
    voltages: usize,
}

/// An electrocardiogram with its trace.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct EcgAnswer {
    #[serde(flatten)]
    row: EcgRow,
    /// Microvolts, evenly spaced from `start`: the one at place `i` was measured `i / sampling_hz` seconds after it.
    voltage_uv: Vec<f64>,
}

/// A series of beats as it was recorded, in columns of equal length.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct BeatsAnswer {
    /// Names this series.
    #[schema(format = Uuid)]
    id: String,
    /// Start of the series.
    #[schema(format = DateTime)]
    start: String,
    /// End of the series.
    #[schema(format = DateTime)]
    end: String,
    /// Name of the source that measured it.
    source: String,
    /// Milliseconds from `start` to each beat.
    beat_ms: Vec<f64>,
    /// Beats per minute at each beat, as the device printed them.
    rate_bpm: Vec<f64>,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(utoipa_axum::routes!(list))
        .routes(utoipa_axum::routes!(ecg))
        .routes(utoipa_axum::routes!(beats))
}

/// Lists electrocardiograms, newest first.
///
/// A recording belongs to a range when it starts in it.
#[utoipa::path(
    get,
    operation_id = "list_ecgs",
    path = "/cardio/ecgs",
    tag = "reading",
    params(RangeQuery, PageQuery),
    responses((status = 200, description = "A page of electrocardiograms", body = Page<EcgRow>)),
    security(("bearer" = [])),
)]
async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(range): Params<RangeQuery>,
    Params(page): Params<PageQuery>,
) -> Result<Json<Page<EcgRow>>, Problem> {
    let wanted = chronicle::Wanted {
        list: LIST,
        kind: ECG,
        range: &range,
        page: &page,
    };
    let found = chronicle::read(&app, caller.user, wanted).await?;
    let data = found
        .records
        .iter()
        .filter_map(|stored| {
            let Body::Ecg(ecg) = &stored.record.body else {
                return None;
            };
            Some(row(&found.dossier, &found.history, stored, ecg))
        })
        .collect();
    let next_cursor = found.next_cursor;
    Ok(Json(Page { data, next_cursor }))
}

/// Reads an electrocardiogram with its trace.
#[utoipa::path(
    get,
    operation_id = "get_ecg",
    path = "/cardio/ecgs/{ecg_id}",
    tag = "reading",
    params(("ecg_id" = String, Path, format = Uuid, description = "Id from the list")),
    responses(
        (status = 200, description = "The electrocardiogram", body = EcgAnswer),
        (status = 304, description = "Not changed since the ETag in If-None-Match"),
    ),
    security(("bearer" = [])),
)]
async fn ecg(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(id): PathId<RecordId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (dossier, stored) = one(&app, caller.user, id).await?;
    let Body::Ecg(ecg) = &stored.record.body else {
        return Err(Problem::not_found());
    };
    let answer = EcgAnswer {
        row: row(&dossier, &dossier.history(), &stored, ecg),
        voltage_uv: ecg.voltage_uv.clone(),
    };
    Ok(etag::answer(&headers, Version(stored.version), &answer))
}

/// Reads the beats of a series.
#[utoipa::path(
    get,
    operation_id = "get_beat_series",
    path = "/cardio/beats/{series_id}",
    tag = "reading",
    params(("series_id" = String, Path, format = Uuid, description = "Id from the list")),
    responses(
        (status = 200, description = "The beats", body = BeatsAnswer),
        (status = 304, description = "Not changed since the ETag in If-None-Match"),
    ),
    security(("bearer" = [])),
)]
async fn beats(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(id): PathId<RecordId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (dossier, stored) = one(&app, caller.user, id).await?;
    let record = &stored.record;
    let Body::HeartbeatSeries(series) = &record.body else {
        return Err(Problem::not_found());
    };
    let own = chronicle::zone_of(record, &dossier.history());
    let mut instants = Instants::of(&own);
    let since_ms = |at_us: &i64| (at_us - record.start_us) as f64 / MILLISECOND_US;
    let answer = BeatsAnswer {
        id: stored.id.to_string(),
        start: instants.text(record.start_us),
        end: instants.text(record.end_us),
        source: dossier.source_name(record.source).to_owned(),
        beat_ms: series.at_us.iter().map(since_ms).collect(),
        rate_bpm: series.rate_bpm.clone(),
    };
    Ok(etag::answer(&headers, Version(stored.version), &answer))
}

/// A record of the person; none of anybody else's exists.
async fn one(app: &App, user: UserId, id: RecordId) -> Result<(Dossier, StoredRecord), Problem> {
    let mut tx = app.store.read().await?;
    let dossier = app.people.load(&mut tx, &app.vault, user).await?;
    let stored = store::records::by_id(&mut tx, &dossier.key, user, id).await?;
    Ok((dossier, stored.ok_or_else(Problem::not_found)?))
}

fn row(dossier: &Dossier, history: &ZoneHistory, stored: &StoredRecord, ecg: &Ecg) -> EcgRow {
    let record = &stored.record;
    let own = chronicle::zone_of(record, history);
    let mut instants = Instants::of(&own);
    EcgRow {
        id: stored.id.to_string(),
        start: instants.text(record.start_us),
        end: instants.text(record.end_us),
        source: dossier.source_name(record.source).to_owned(),
        classification: ecg.classification.clone(),
        symptoms: ecg.symptoms.clone(),
        lead: ecg.lead.clone(),
        heart_rate_bpm: ecg.heart_rate_bpm,
        sampling_hz: ecg.sampling_hz,
        voltages: ecg.voltage_uv.len(),
    }
}
