//! `GET /cardio/fitness`: where the maximal oxygen uptake stands beside others, and how it changes.

use std::sync::Arc;

use analysis::effort::fitness::{self, FITNESS_PERCENTILE, FITNESS_TREND, Group, Rank};
use analysis::outcome::Insufficient;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Caller;
use crate::http::effort::years;
use crate::http::page::Params;
use crate::http::range::RangeQuery;
use crate::http::{days, verbatim};
use crate::person::profile::{self, Profile, Sex};
use crate::problem::Problem;

/// The metric, as trends name it.
const UPTAKE: &str = "vo2_max";

/// Where a value stands among people of the same decade of age and sex.
#[derive(Debug, Serialize, ToSchema)]
struct PercentileAnswer {
    /// From 5 to 95; null with a reason, or with `beyond`.
    percentile: Option<f64>,
    /// `below_5` or `above_95`, where the table ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    beyond: Option<Beyond>,
    /// The method's stable name.
    method: &'static str,
    /// The method's version.
    version: u32,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Which end of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Beyond {
    /// Below the 5th percentile.
    #[serde(rename = "below_5")]
    Below5,
    /// Above the 95th percentile.
    #[serde(rename = "above_95")]
    Above95,
}

/// Change over the range.
#[derive(Debug, Serialize, ToSchema)]
struct FitnessChange {
    /// mL/(kg·min) per year; null with a reason.
    per_year: Option<f64>,
    /// Lower end of the 95 % interval.
    low: Option<f64>,
    /// Upper end of the interval.
    high: Option<f64>,
    /// The method's stable name.
    method: &'static str,
    /// The method's version.
    version: u32,
    /// Why it is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Cardiorespiratory fitness over a range of days.
#[derive(Debug, Serialize, ToSchema)]
struct FitnessAnswer {
    /// First local day.
    #[schema(format = Date)]
    start: String,
    /// The day after the last one.
    #[schema(format = Date)]
    end: String,
    /// The newest maximal oxygen uptake of the range, mL/(kg·min); null without one.
    vo2_max: Option<f64>,
    /// The local day of it.
    #[schema(format = Date)]
    date: Option<String>,
    /// Days with a value.
    n: usize,
    /// Beside others.
    rank: PercentileAnswer,
    /// Over time.
    trend: FitnessChange,
    /// Dates of which the stored document was made by methods of an earlier version; they are computed
    /// again in the background.
    stale: Vec<String>,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(read))
}

/// Reads cardiorespiratory fitness beside people of the same age and sex, and its trend.
///
/// Birth date and sex come from the profile. A watch estimates the value with an error of 5 to 10 %. At
/// most 400 days; without `start` the last 30.
#[utoipa::path(
    get,
    operation_id = "get_fitness",
    path = "/cardio/fitness",
    tag = "reading",
    params(RangeQuery),
    responses(
        (status = 200, description = "Fitness, each value with its method or a reason", body = FitnessAnswer),
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
    let range = range.parse()?;
    let mut tx = app.store.read().await?;
    let (from, until) = days::dates(&app, &mut tx, caller.user, range).await?;
    let key = app.vault.person_key(&mut tx, caller.user).await?;
    let profile = profile::load(&mut tx, &key, caller.user).await?.value;
    let stored = days::stored(&app, &mut tx, caller.user, (from, until)).await?;
    drop(tx);
    let body = app
        .compute(move || {
            let documents = days::documents(&stored)?;
            let values = analysis::daily::trend::values(UPTAKE, &documents, from, until).values;
            let answer = answer(&profile, &values, (from, until), stored.stale());
            serde_json::to_vec(&answer).map_err(Problem::internal)
        })
        .await??;
    Ok(verbatim::json(&headers, body))
}

fn answer(
    profile: &Profile,
    values: &[f64],
    (from, until): (Date, Date),
    stale: Vec<String>,
) -> FitnessAnswer {
    let dates = from.series(jiff::ToSpan::day(1)).zip(values);
    let newest = dates.filter(|(_, value)| !value.is_nan()).last();
    let days: Vec<f64> = (0..values.len()).map(|day| day as f64).collect();
    let trend = fitness::trend(&days, values);
    let found = trend.ok().map(|found| found.value);
    let rank = rank(profile, newest);
    FitnessAnswer {
        start: from.to_string(),
        end: until.to_string(),
        vo2_max: newest.map(|(_, value)| *value),
        date: newest.map(|(date, _)| date.to_string()),
        n: values.iter().filter(|value| !value.is_nan()).count(),
        rank: PercentileAnswer {
            percentile: match rank {
                Ok(Rank::At(percentile)) => Some(percentile),
                Ok(Rank::Below5 | Rank::Above95) | Err(_) => None,
            },
            beyond: match rank {
                Ok(Rank::Below5) => Some(Beyond::Below5),
                Ok(Rank::Above95) => Some(Beyond::Above95),
                Ok(Rank::At(_)) | Err(_) => None,
            },
            method: FITNESS_PERCENTILE.id,
            version: FITNESS_PERCENTILE.version,
            reason: rank.err().map(|lacking| lacking.to_string()),
        },
        trend: FitnessChange {
            per_year: found.map(|found| found.slope),
            low: found.map(|found| found.interval.0),
            high: found.map(|found| found.interval.1),
            method: FITNESS_TREND.id,
            version: FITNESS_TREND.version,
            reason: trend.err().map(|lacking| lacking.to_string()),
        },
        stale,
    }
}

fn rank(profile: &Profile, newest: Option<(Date, &f64)>) -> Result<Rank, Insufficient> {
    let none = |of| Insufficient::new(of, 1.0, 0.0);
    let (date, value) = newest.ok_or(none("values of the oxygen uptake"))?;
    let birth = profile
        .birth_date
        .ok_or(none("birth dates in the profile"))?;
    let age = years(birth, date).ok_or(none("years of age"))?;
    let group = match profile.sex {
        Some(Sex::Male) => Group::Men,
        Some(Sex::Female) => Group::Women,
        // There are no published norms for others.
        Some(Sex::Other) | None => return Err(none("norms for the sex in the profile")),
    };
    fitness::rank(*value, age, group)
}
