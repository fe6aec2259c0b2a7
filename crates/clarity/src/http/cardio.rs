//! `GET /cardio`: resting and nocturnal heart rate, variability, breath and oxygen of local days.
//!
//! Every measure comes with its method, the interval it was computed on, its coverage, and a reason
//! where there is no value.

use std::borrow::Cow;
use std::sync::Arc;

use analysis::daily::cardio::Cardio;
use analysis::daily::document::DayView;
use analysis::daily::measure::Measure;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::civil::Date;
use model::zone::{Zone, ZoneHistory};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Caller;
use crate::http::days::{self, DayList};
use crate::http::page::Params;
use crate::http::range::RangeQuery;
use crate::http::verbatim;
use crate::instant::Instants;
use crate::problem::Problem;

/// A derived value with what is needed to trust it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct PrintedMeasure {
    /// The value; null with a reason.
    value: Option<f64>,
    /// UCUM unit.
    unit: String,
    /// Samples behind it, or how many there were when they did not suffice.
    n: u32,
    /// Share of its interval with data, when the method defines one.
    coverage: Option<f64>,
    /// The method's stable name.
    method: String,
    /// The method's version.
    version: u16,
    /// The source that the value is of, where it is of one alone; values of sources are never averaged then.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    /// Samples left out because they are of another kind, such as SDNN of a longer recording, or of another source.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<u32>,
    /// The sources of those.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out_sources: Vec<String>,
    /// Start of its interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    start: Option<String>,
    /// End of its interval, exclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    end: Option<String>,
    /// Why the value is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Heart and breath of a local day.
#[derive(Debug, Serialize, ToSchema)]
struct CardioDay<'a> {
    /// The local date.
    #[schema(value_type = String, format = Date)]
    date: Date,
    /// The zone the person was in when the day ended.
    zone: &'a str,
    /// Lowest mean of 30 minutes asleep, else the device's own value.
    resting_heart_rate: PrintedMeasure,
    /// Mean over the main sleep.
    nocturnal_heart_rate_mean: PrintedMeasure,
    /// Lowest five minutes of the main sleep.
    nocturnal_heart_rate_min: PrintedMeasure,
    /// How far the night lies below the day before, in percent.
    heart_rate_dip: PrintedMeasure,
    /// SDNN during the main sleep, of measurements of one kind of length: spots, else short-term, else longer.
    hrv_sdnn_asleep: PrintedMeasure,
    /// SDNN over the day, likewise.
    hrv_sdnn_day: PrintedMeasure,
    /// RMSSD during the main sleep.
    hrv_rmssd_asleep: PrintedMeasure,
    /// RMSSD over the day.
    hrv_rmssd_day: PrintedMeasure,
    /// Mean during the main sleep.
    respiratory_rate_asleep: PrintedMeasure,
    /// Standard deviation during the main sleep.
    respiratory_rate_spread: PrintedMeasure,
    /// Mean over the day.
    oxygen_saturation_mean: PrintedMeasure,
    /// Lowest value of the day.
    oxygen_saturation_min: PrintedMeasure,
    /// Share of samples below 90 %.
    oxygen_saturation_low: PrintedMeasure,
    /// Share of the main sleep below 90 %.
    oxygen_saturation_t90: PrintedMeasure,
    /// Falls of 3 points and more per hour asleep, where sampled every few seconds.
    oxygen_desaturation_index: PrintedMeasure,
    /// Fall of the heart rate in the minute after effort, as the device computed it.
    heart_rate_recovery: PrintedMeasure,
    /// RMSSD during the main sleep from beats that a device recorded: the mean of segments of five minutes, else of
    /// spots of 30 s and more.
    beats_rmssd_asleep: PrintedMeasure,
    /// SDNN during the main sleep from the same segments.
    beats_sdnn_asleep: PrintedMeasure,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(read))
}

/// Reads heart and breath of local days.
///
/// At most 400 days; without `start` the last 30.
#[utoipa::path(
    get,
    operation_id = "get_cardio",
    path = "/cardio",
    tag = "reading",
    params(RangeQuery),
    responses(
        (status = 200, description = "Days with data, oldest first", body = DayList<CardioDay<'static>>),
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
    days::print(stored, &json, |day| one(&day))
}

fn one<'a>(day: &DayView<'a>) -> Result<CardioDay<'a>, Problem> {
    let Cardio {
        resting_heart_rate,
        nocturnal_heart_rate_mean,
        nocturnal_heart_rate_min,
        heart_rate_dip,
        hrv_sdnn_asleep,
        hrv_sdnn_day,
        hrv_rmssd_asleep,
        hrv_rmssd_day,
        respiratory_rate_asleep,
        respiratory_rate_spread,
        oxygen_saturation_mean,
        oxygen_saturation_min,
        oxygen_saturation_low,
        oxygen_saturation_t90,
        oxygen_desaturation_index,
        heart_rate_recovery,
        beats_rmssd_asleep,
        beats_sdnn_asleep,
    } = serde_json::from_str(day.cardio.get()).map_err(Problem::internal)?;
    let history = clock(day.zone);
    let mut instants = Instants::of(&history);
    let mut print = |measure| PrintedMeasure::of(measure, &mut instants);
    Ok(CardioDay {
        date: day.date,
        zone: day.zone,
        resting_heart_rate: print(resting_heart_rate),
        nocturnal_heart_rate_mean: print(nocturnal_heart_rate_mean),
        nocturnal_heart_rate_min: print(nocturnal_heart_rate_min),
        heart_rate_dip: print(heart_rate_dip),
        hrv_sdnn_asleep: print(hrv_sdnn_asleep),
        hrv_sdnn_day: print(hrv_sdnn_day),
        hrv_rmssd_asleep: print(hrv_rmssd_asleep),
        hrv_rmssd_day: print(hrv_rmssd_day),
        respiratory_rate_asleep: print(respiratory_rate_asleep),
        respiratory_rate_spread: print(respiratory_rate_spread),
        oxygen_saturation_mean: print(oxygen_saturation_mean),
        oxygen_saturation_min: print(oxygen_saturation_min),
        oxygen_saturation_low: print(oxygen_saturation_low),
        oxygen_saturation_t90: print(oxygen_saturation_t90),
        oxygen_desaturation_index: print(oxygen_desaturation_index),
        heart_rate_recovery: print(heart_rate_recovery),
        beats_rmssd_asleep: print(beats_rmssd_asleep),
        beats_sdnn_asleep: print(beats_sdnn_asleep),
    })
}

/// The clock of a zone; UTC for one that is not known any more.
pub(crate) fn clock(zone: &str) -> ZoneHistory {
    ZoneHistory::fixed(Zone::parse(zone).unwrap_or_else(|_| Zone::utc()))
}

impl PrintedMeasure {
    /// The measure with its times on the clock of `instants`.
    pub(crate) fn of(measure: Measure, instants: &mut Instants<'_>) -> Self {
        Self {
            value: measure.value,
            unit: measure.unit.into_owned(),
            n: measure.n,
            coverage: measure.coverage,
            method: measure.method.into_owned(),
            version: measure.version,
            source: measure.source,
            left_out: (measure.left_out > 0).then_some(measure.left_out),
            left_out_sources: measure.left_out_sources,
            start: measure.start_us.map(|at_us| instants.text(at_us)),
            end: measure.end_us.map(|at_us| instants.text(at_us)),
            reason: measure.reason.map(Cow::into_owned),
        }
    }
}
