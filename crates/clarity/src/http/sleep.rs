//! `GET /sleep`: the night that ended on each local date, and the naps apart.
//!
//! Times are printed on the clock of the zone of waking.

use std::sync::Arc;

use analysis::daily::cardio::Cardio;
use analysis::daily::sleep::{Episode, Night};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Caller;
use crate::http::cardio::{PrintedMeasure, clock};
use crate::http::days::{self, DayList};
use crate::http::page::Params;
use crate::http::range::RangeQuery;
use crate::http::verbatim;
use crate::instant::Instants;
use crate::problem::Problem;

/// The sleep that ended on a local date.
#[derive(Debug, Serialize, ToSchema)]
struct NightAnswer {
    /// The date of waking.
    #[schema(format = Date)]
    date: String,
    /// The zone on waking.
    zone: String,
    /// The main sleep; null with a reason.
    main: Option<SleepAnswer>,
    /// RMSSD during the main sleep from the beats that a device recorded in it; null with a reason.
    rmssd: PrintedMeasure,
    /// SDNN during the main sleep from the same beats; null with a reason.
    sdnn: PrintedMeasure,
    /// Every other sleep that ended on the date.
    naps: Vec<SleepAnswer>,
    /// Stays in bed that ended on the date without any sleep recorded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    in_bed_only: Vec<StayAnswer>,
    /// Samples and scored sleeps that ended on the date and were not believed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    set_aside: Vec<SetAsideAnswer>,
    /// Why there is no main sleep: `no_sleep_data`, `in_bed_only`, `naps_only`, `date_skipped`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Why activity, where it was recorded, shows no main sleep either: `no_activity_recorded`,
    /// `too_little_activity_recorded`, `activity_not_in_counts`, `scorer_needs_more`, `no_sleep_period_found`,
    /// `sleep_period_too_long`, `sleep_period_mostly_unscored`, `no_main_sleep_found`.
    #[serde(skip_serializing_if = "Option::is_none")]
    scoring_reason: Option<String>,
    /// Version of the method.
    version: u16,
}

/// One sleep.
#[derive(Debug, Serialize, ToSchema)]
struct SleepAnswer {
    /// First instant asleep.
    #[schema(format = DateTime)]
    onset: String,
    /// Last instant asleep.
    #[schema(format = DateTime)]
    offset: String,
    /// Halfway between onset and offset.
    #[schema(format = DateTime)]
    midpoint: String,
    /// Minutes asleep.
    asleep_min: f64,
    /// Minutes in bed; null without in-bed samples.
    in_bed_min: Option<f64>,
    /// Minutes of the in-bed samples alone.
    in_bed_recorded_min: Option<f64>,
    /// Start of the first in-bed sample.
    #[schema(format = DateTime)]
    in_bed_start: Option<String>,
    /// End of the last in-bed sample.
    #[schema(format = DateTime)]
    in_bed_end: Option<String>,
    /// Minutes per stage.
    stages_min: StagesAnswer,
    /// Share of the recorded time in bed that was asleep.
    efficiency: Option<f64>,
    /// Share of the recorded time from onset to offset that was asleep.
    maintenance: f64,
    /// Minutes from the first in-bed sample to onset.
    latency_min: Option<f64>,
    /// Why efficiency, time in bed or latency are null.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_bed_reason: Option<String>,
    /// Minutes awake between onset and offset.
    waso_min: f64,
    /// Minutes between onset and offset of which nobody recorded whether they were sleep.
    unrecorded_min: f64,
    /// Wake stretches between onset and offset; null for a night that came summarised.
    awakenings: Option<u32>,
    /// The source that held most of the time asleep.
    source: String,
    /// Whether an app had aggregated the samples before it sent them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    aggregated: bool,
    /// How the sleep was found in activity; absent for one that a device stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    scored_by: Option<ScoredByAnswer>,
    /// What other sources said of this sleep: they do not count in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    others: Vec<OtherSleepAnswer>,
}

/// What a source said of a sleep that another source set.
#[derive(Debug, Serialize, ToSchema)]
struct OtherSleepAnswer {
    /// Who said it.
    source: String,
    /// First instant asleep by it.
    #[schema(format = DateTime)]
    onset: String,
    /// Last instant asleep by it.
    #[schema(format = DateTime)]
    offset: String,
    /// Minutes asleep by it.
    asleep_min: f64,
}

/// How a sleep was found in activity.
#[derive(Debug, Serialize, ToSchema)]
struct ScoredByAnswer {
    /// The published scorer with its settings, such as `cole_kripke` or `cole_kripke_actilife`.
    scorer: String,
    /// Its version.
    scorer_version: u32,
    /// Rules applied to its scores.
    #[serde(skip_serializing_if = "Option::is_none")]
    rescored: Option<String>,
    /// What found the sleep period.
    period: String,
    /// The metric that was scored.
    metric: String,
    /// Share of the minutes from onset to offset that were recorded.
    coverage: f64,
    /// Version of the rules that make a night of the scores.
    version: u16,
}

/// Minutes per stage.
#[derive(Debug, Serialize, ToSchema)]
struct StagesAnswer {
    /// Light sleep.
    core: f64,
    /// Slow-wave sleep.
    deep: f64,
    /// Rapid-eye-movement sleep.
    rem: f64,
    /// Asleep, stage not known.
    unspecified: f64,
    /// Recorded as awake.
    awake: f64,
}

/// A stay in bed.
#[derive(Debug, Serialize, ToSchema)]
struct StayAnswer {
    /// Start of the first sample.
    #[schema(format = DateTime)]
    start: String,
    /// End of the last sample.
    #[schema(format = DateTime)]
    end: String,
    /// Minutes of the samples.
    in_bed_min: f64,
}

/// A sample that says asleep or in bed and cannot be right, or a sleep that activity shows and that is set aside.
#[derive(Debug, Serialize, ToSchema)]
struct SetAsideAnswer {
    /// Start of the sample.
    #[schema(format = DateTime)]
    start: String,
    /// End of the sample.
    #[schema(format = DateTime)]
    end: String,
    /// Who wrote it.
    source: String,
    /// `longer_than_a_day`, `joins_nights` for one that spans nights that another source staged; of sleep scored from
    /// activity `sleep_period_too_long` for one of more than 16 hours, `sleep_period_mostly_unscored` for one of which
    /// less than two thirds were scored.
    reason: String,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(read))
}

/// Reads nights and naps.
///
/// A night belongs to the local date on which it ended. Where no device stated sleep, nights are scored
/// from activity and `scored_by` says how. Beats that a device recorded asleep give `rmssd` and `sdnn`. At most
/// 400 days; without `start` the last 30.
#[utoipa::path(
    get,
    operation_id = "list_nights",
    path = "/sleep",
    tag = "reading",
    params(RangeQuery),
    responses(
        (status = 200, description = "Days with data, oldest first", body = DayList<NightAnswer>),
        (status = 304, description = "Not changed since the ETag in If-None-Match"),
    ),
    security(("bearer" = [])),
)]
async fn read(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(range): Params<RangeQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let stored = days::load(&app, caller.user, &range).await?;
    let body = app.compute(move || print(&stored)).await??;
    Ok(verbatim::json(&headers, body))
}

fn print(stored: &days::Stored) -> Result<Vec<u8>, Problem> {
    let json = days::unpacked(stored)?;
    days::print(stored, &json, |day| {
        let night = serde_json::from_str(day.night.get()).map_err(Problem::internal)?;
        let cardio = serde_json::from_str(day.cardio.get()).map_err(Problem::internal)?;
        Ok(answer(night, cardio))
    })
}

fn answer(night: Night, cardio: Cardio) -> NightAnswer {
    let history = clock(&night.zone);
    let mut instants = Instants::of(&history);
    NightAnswer {
        date: night.date.to_string(),
        rmssd: PrintedMeasure::of(cardio.beats_rmssd_asleep, &mut instants),
        sdnn: PrintedMeasure::of(cardio.beats_sdnn_asleep, &mut instants),
        main: night.main.map(|main| sleep(main, &mut instants)),
        naps: night
            .naps
            .into_iter()
            .map(|nap| sleep(nap, &mut instants))
            .collect(),
        in_bed_only: night
            .in_bed_only
            .into_iter()
            .map(|stay| StayAnswer {
                start: instants.text(stay.start_us),
                end: instants.text(stay.end_us),
                in_bed_min: stay.in_bed_min,
            })
            .collect(),
        set_aside: night
            .set_aside
            .into_iter()
            .map(|aside| SetAsideAnswer {
                start: instants.text(aside.start_us),
                end: instants.text(aside.end_us),
                source: aside.source,
                reason: aside.reason.into_owned(),
            })
            .collect(),
        reason: night.reason.map(std::borrow::Cow::into_owned),
        scoring_reason: night.scoring_reason.map(std::borrow::Cow::into_owned),
        version: night.version,
        zone: night.zone,
    }
}

fn sleep(episode: Episode, instants: &mut Instants<'_>) -> SleepAnswer {
    let stages = episode.stages_min;
    SleepAnswer {
        onset: instants.text(episode.onset_us),
        offset: instants.text(episode.offset_us),
        midpoint: instants.text(episode.midpoint_us),
        asleep_min: episode.asleep_min,
        in_bed_min: episode.in_bed_min,
        in_bed_recorded_min: episode.in_bed_recorded_min,
        in_bed_start: episode.in_bed_start_us.map(|at_us| instants.text(at_us)),
        in_bed_end: episode.in_bed_end_us.map(|at_us| instants.text(at_us)),
        stages_min: StagesAnswer {
            core: stages.core,
            deep: stages.deep,
            rem: stages.rem,
            unspecified: stages.unspecified,
            awake: stages.awake,
        },
        efficiency: episode.efficiency,
        maintenance: episode.maintenance,
        latency_min: episode.latency_min,
        in_bed_reason: episode.in_bed_reason.map(std::borrow::Cow::into_owned),
        waso_min: episode.waso_min,
        unrecorded_min: episode.unrecorded_min,
        awakenings: episode.awakenings,
        source: episode.source,
        aggregated: episode.aggregated,
        others: episode
            .others
            .into_iter()
            .map(|other| OtherSleepAnswer {
                onset: instants.text(other.onset_us),
                offset: instants.text(other.offset_us),
                source: other.source,
                asleep_min: other.asleep_min,
            })
            .collect(),
        scored_by: episode.scored_by.map(|by| ScoredByAnswer {
            scorer: by.scorer.into_owned(),
            scorer_version: by.scorer_version,
            rescored: by.rescored.map(std::borrow::Cow::into_owned),
            period: by.period.into_owned(),
            metric: by.metric.into_owned(),
            coverage: by.coverage,
            version: by.version,
        }),
    }
}
