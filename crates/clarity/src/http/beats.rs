//! `GET /cardio/beats`: variability of the beats that a device recorded, series by series.
//!
//! An export and a sync bring the beats behind a variability sample as a series of about a minute.
//! Faulty beats are put right before anything is computed, and the response says how many. A series is
//! measured by itself: beats of two series are never joined.

use std::sync::Arc;

use analysis::heart::variability::{self, CORRECTED_SHARE_MAX, Treatment, between, stretches};
use axum::Json;
use axum::extract::State;
use model::record::Body;
use model::zone::ZoneHistory;
use serde::Serialize;
use store::records::StoredRecord;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::auth::Caller;
use crate::http::chronicle;
use crate::http::page::{Page, PageQuery, Params};
use crate::http::range::RangeQuery;
use crate::instant::Instants;
use crate::person::dossier::Dossier;
use crate::problem::Problem;

/// The stored kind.
const SERIES: &str = "heartbeat_series";
/// The list, as cursors know it.
const LIST: &str = "/cardio/beats";

/// A measure of a series.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct BeatMeasure {
    /// Stable name, such as `rmssd`.
    measure: &'static str,
    /// The value; null with a reason.
    value: Option<f64>,
    /// UCUM unit.
    unit: &'static str,
    /// The method's stable name.
    method: &'static str,
    /// The method's version.
    version: u32,
    /// Why the value is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// A series of beats and its variability.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct BeatSeries {
    /// Id of the series.
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
    /// Beat intervals in the longest stretch without a pause, before correction.
    intervals: usize,
    /// Share of beats that were put right; null where there were too few to judge.
    corrected_share: Option<f64>,
    /// Whether more than 5 % were, so that the values should not be used.
    corrected_too_many: bool,
    /// Measures of the corrected intervals.
    measures: Vec<BeatMeasure>,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(utoipa_axum::routes!(beat_series))
}

/// Lists series of beats with their variability, newest first.
///
/// A series belongs to a range when it starts in it.
#[utoipa::path(
    get,
    operation_id = "list_beat_series",
    path = "/cardio/beats",
    tag = "reading",
    params(RangeQuery, PageQuery),
    responses((status = 200, description = "A page of series", body = Page<BeatSeries>)),
    security(("bearer" = [])),
)]
async fn beat_series(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(range): Params<RangeQuery>,
    Params(page): Params<PageQuery>,
) -> Result<Json<Page<BeatSeries>>, Problem> {
    let wanted = chronicle::Wanted {
        list: LIST,
        kind: SERIES,
        range: &range,
        page: &page,
    };
    let found = chronicle::read(&app, caller.user, wanted).await?;
    let chronicle::Found {
        dossier,
        history,
        records,
        next_cursor,
    } = found;
    let data = app
        .compute(move || {
            records
                .iter()
                .filter_map(|stored| row(&dossier, &history, stored))
                .collect()
        })
        .await?;
    Ok(Json(Page { data, next_cursor }))
}

fn row(dossier: &Dossier, history: &ZoneHistory, stored: &StoredRecord) -> Option<BeatSeries> {
    let Body::HeartbeatSeries(series) = &stored.record.body else {
        return None;
    };
    let own = chronicle::zone_of(&stored.record, history);
    let mut instants = Instants::of(&own);
    let intervals = between(&series.at_us);
    let longest = stretches(&intervals).first().copied().unwrap_or_default();
    let treated = Treatment::Beats.of(longest);
    let share = treated
        .as_ref()
        .ok()
        .and_then(|(_, changes)| changes.share());
    let measures = variability::ALL.iter().map(|measure| {
        let value = match &treated {
            Ok((intervals, _)) => (measure.of)(intervals),
            Err(reason) => Err(*reason),
        };
        BeatMeasure {
            measure: measure.id,
            value: value.ok(),
            unit: measure.unit,
            method: measure.analysis.id,
            version: measure.analysis.version,
            reason: value.err().map(|reason| reason.to_string()),
        }
    });
    Some(BeatSeries {
        id: stored.id.to_string(),
        start: instants.text(stored.record.start_us),
        end: instants.text(stored.record.end_us),
        source: dossier.source_name(stored.record.source).to_owned(),
        intervals: longest.len(),
        corrected_share: share,
        corrected_too_many: share.is_some_and(|share| share > CORRECTED_SHARE_MAX),
        measures: measures.collect(),
    })
}
