//! `GET /rhythm`: rest-activity rhythm over a range of local days.
//!
//! The pipeline keeps the minutes of each day, so that a range is joined and measured when it is asked
//! for and never stale. The list of measures is that of the reports on recordings.

use std::collections::BTreeMap;
use std::sync::Arc;

use analysis::daily::minutes::DayMinutes;
use analysis::daily::range::{self, Chosen, Found, Range};
use analysis::outcome::Insufficient;
use analysis::report::Report;
use analysis::report::column;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::ToSpan;
use jiff::civil::Date;
use model::ids::UserId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::answers::Asked;
use crate::app::App;
use crate::auth::Caller;
use crate::http::page::Params;
use crate::http::range::RangeQuery;
use crate::http::{days, verbatim};
use crate::jobs::packed::unpack;
use crate::problem::{Code, Problem};

/// Names in one request; nobody needs more than the measures there are.
const NAMES_MAX: usize = 50;

/// Which measures.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MeasuresQuery {
    /// Names of measures, groups (`rhythm`, `shape`, `structure`) or methods, separated by commas; `all` for every one.
    /// By default the group `rhythm`, activity onset and offset, regularity and midpoint of sleep.
    #[param(example = "interdaily_stability,l5,m10")]
    measures: Option<String>,
}

/// Rest-activity rhythm over a range of days.
#[derive(Debug, Serialize, ToSchema)]
struct RhythmAnswer {
    /// First local day.
    #[schema(format = Date)]
    start: String,
    /// The day after the last one.
    #[schema(format = Date)]
    end: String,
    /// The activity that was measured; null without any.
    activity: Option<ActivityAnswer>,
    /// Main sleeps by what detected them: `device`, or a scorer of activity.
    nights: BTreeMap<String, usize>,
    /// Share of the minutes of the range of which sleep or wake is known.
    sleep_coverage: f64,
    /// Measures by name.
    measures: BTreeMap<&'static str, MeasureAnswer>,
    /// Dates of which the stored document was made by methods of an earlier version; they are computed
    /// again in the background.
    stale: Vec<String>,
}

/// Activity over the range, in minutes.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ActivityAnswer {
    /// Metric id.
    metric: String,
    /// Its source; null for steps, which are merged.
    source: Option<String>,
    /// Whether steps stand in for activity: their rhythm is comparable with itself only.
    proxy: bool,
    /// Seconds per epoch.
    epoch_s: u32,
    /// Epochs from the first to the last one present.
    epochs: usize,
    /// Local time of the first epoch.
    first: String,
    /// Days with an epoch.
    days: usize,
    /// Share of the epochs that are present.
    coverage: f64,
    /// What the measures leave out as not worn: `choi_180`, three hours or more of zeros (Choi 2011) of counts;
    /// `kept` where nothing is.
    nonwear: &'static str,
}

/// A measure with what is needed to trust it.
#[derive(Debug, Serialize, ToSchema)]
struct MeasureAnswer {
    /// The value; null with a reason. Times of day are seconds after midnight.
    value: Option<f64>,
    /// A time of day as a clock shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    clock: Option<String>,
    /// UCUM unit; activity is per minute.
    unit: String,
    /// Share of the epochs that took part.
    coverage: Option<f64>,
    /// The method's stable name.
    method: &'static str,
    /// The method's version.
    version: u32,
    /// Why the value is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// The stored minutes of a day are not of the form that this version writes.
#[derive(Debug, thiserror::Error)]
#[error("the stored minutes of a day cannot be read")]
struct DamagedMinutes;

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(read))
}

/// Reads the rest-activity rhythm of a range of local days.
///
/// Activity is what a worn device counted, where there is any, else steps, labelled as a proxy. Sleep and
/// wake come from the nights of the days. At most 400 days; without `start` the last 30.
#[utoipa::path(
    get,
    operation_id = "get_rhythm",
    path = "/rhythm",
    tag = "reading",
    params(RangeQuery, MeasuresQuery),
    responses(
        (status = 200, description = "The measures, each with coverage and method or a reason", body = RhythmAnswer),
        (status = 304, description = "Not changed since the ETag in If-None-Match"),
    ),
    security(("bearer" = [])),
)]
async fn read(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(asked): Params<RangeQuery>,
    Params(query): Params<MeasuresQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let names = names(query.measures.as_deref())?;
    let parsed = asked.parse()?;
    let mut tx = app.store.read().await?;
    let (from, until) = days::dates(&app, &mut tx, caller.user, parsed).await?;
    // The night of the day after the last one begins on it.
    let after = until.checked_add(1.day()).unwrap_or(Date::MAX);
    let key = app.vault.person_key(&mut tx, caller.user).await?;
    let question = format!("rhythm {from} {until} {}", names.join(","));
    let asked = Asked::of(&mut tx, &key, caller.user, question).await?;
    drop(tx);
    let make = async {
        let (stored, stale) = stored_minutes(&app, caller.user, (from, after)).await?;
        app.compute_while_wanted(move |still| {
            let minutes = minutes_of(&stored, || still.is())?;
            let found = range::join(&minutes, from, until);
            let answer = answer(&found, &names, (from, until), &stale);
            serde_json::to_vec(&answer).map_err(Problem::internal)
        })
        .await?
    };
    let body = app.answers.get(asked, Box::pin(make)).await?;
    Ok(verbatim::json(&headers, body))
}

fn names(asked: Option<&str>) -> Result<Vec<String>, Problem> {
    let Some(asked) = asked.filter(|text| !text.is_empty()) else {
        return Ok(range::USUAL.map(str::to_owned).to_vec());
    };
    let names: Vec<String> = asked
        .split(',')
        .map(|name| name.trim().to_owned())
        .collect();
    let unknown = names.iter().find(|name| !range::is_name(name));
    if names.len() > NAMES_MAX || unknown.is_some() {
        return Err(Problem::parameter(
            "measures",
            format!("must be at most {NAMES_MAX} names of measures, groups or methods, or all"),
        ));
    }
    Ok(names)
}

/// The stored minutes of the days `[from, until)`, and which of these days wait for other methods.
pub(super) async fn stored_minutes(
    app: &App,
    user: UserId,
    (from, until): (Date, Date),
) -> Result<(Vec<(Date, Vec<u8>)>, Vec<Date>), Problem> {
    let mut tx = app.store.read().await?;
    let key = app.vault.person_key(&mut tx, user).await?;
    let stored = store::days::minutes(&mut tx, &key, user, from, until).await?;
    let stale = days::stale(&mut tx, user, (from, until)).await?;
    Ok((stored, stale))
}

/// The minutes of stored days, as long as somebody waits for them. Keeps a processor busy.
pub(super) fn minutes_of(
    stored: &[(Date, Vec<u8>)],
    is_wanted: impl Fn() -> bool,
) -> Result<Vec<DayMinutes>, Problem> {
    let minutes = stored.iter().map(|(_, bytes)| {
        if is_wanted() {
            return minutes(bytes);
        }
        let message = "nobody waits for it any more";
        Err(Problem::new(Code::Unavailable, message))
    });
    minutes.collect()
}

/// Why there is no measure of activity where there is none.
pub(super) fn no_activity() -> Insufficient {
    Insufficient::new("days with activity", 1.0, 0.0)
}

fn minutes(bytes: &[u8]) -> Result<DayMinutes, Problem> {
    let json = unpack(bytes).ok_or_else(|| Problem::internal(DamagedMinutes))?;
    DayMinutes::from_bytes(&json).ok_or_else(|| Problem::internal(DamagedMinutes))
}

fn answer(
    found: &Range,
    names: &[String],
    (from, until): (Date, Date),
    stale: &[Date],
) -> RhythmAnswer {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    RhythmAnswer {
        start: from.to_string(),
        end: until.to_string(),
        activity: found.activity.as_ref().map(activity),
        stale: stale.iter().map(Date::to_string).collect(),
        nights: found.nights.clone(),
        sleep_coverage: found.states.coverage(),
        measures: found
            .measures(&names)
            .into_iter()
            .map(|measure| (measure.id, one(measure)))
            .collect(),
    }
}

pub(super) fn activity(chosen: &Chosen) -> ActivityAnswer {
    let series = &chosen.series;
    ActivityAnswer {
        metric: chosen.metric.clone(),
        source: (!chosen.source.is_empty()).then(|| chosen.source.clone()),
        proxy: chosen.is_proxy,
        epoch_s: series.step_s(),
        epochs: series.len(),
        first: column::civil(series.start_s()).to_string(),
        days: chosen.days,
        coverage: series.coverage(),
        nonwear: Report::new(chosen.input()).left_out(),
    }
}

fn one(found: Found) -> MeasureAnswer {
    let value = found.outcome.ok();
    MeasureAnswer {
        value: value.map(|found| found.value),
        clock: value
            .filter(|_| found.is_clock)
            .map(|found| column::clock_text(found.value)),
        unit: found.unit.into_owned(),
        coverage: value.map(|found| found.coverage),
        method: found.method.id,
        version: found.method.version,
        reason: found.outcome.err().map(|lacking| lacking.to_string()),
    }
}
