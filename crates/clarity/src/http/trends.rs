//! `GET /trends`: how a daily value moves over a week, a month, a quarter or a year.
//!
//! The arithmetic is `analysis`'s; this file reads the documents of the days and prints.

use std::sync::Arc;

use analysis::daily::document::DayDocument;
use analysis::daily::trend::{self, Trend};
use analysis::outcome::Insufficient;
use analysis::stats::{baseline, changepoint, hampel, kendall, slope, weekday};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::answers::Asked;
use crate::app::App;
use crate::auth::Caller;
use crate::http::page::Params;
use crate::http::{days, verbatim};
use crate::problem::Problem;

/// Below this probability a trend is called significant.
const SIGNIFICANT: f64 = 0.05;

/// How long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Timeframe {
    /// 7 days.
    Week,
    /// 30 days.
    #[default]
    Month,
    /// 91 days.
    Quarter,
    /// 365 days.
    Year,
}

impl Timeframe {
    const fn days(self) -> u32 {
        match self {
            Self::Week => 7,
            Self::Month => 30,
            Self::Quarter => 91,
            Self::Year => 365,
        }
    }
}

/// Which value, and over how long.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TrendQuery {
    /// A metric (any of its names) or a fact of the day: `sleep_duration`, `sleep_efficiency`, `deep_sleep`,
    /// `rem_sleep`, `bedtime`, `resting_heart_rate`, `nocturnal_heart_rate`, `hrv_sdnn_asleep`, `steps` …
    #[param(example = "resting_heart_rate")]
    metric: String,
    /// `week`, `month` (default), `quarter` or `year`.
    #[serde(default)]
    #[param(inline)]
    timeframe: Timeframe,
    /// The day after the last one; today by default, because today is not over.
    #[param(example = "2026-06-01", format = Date)]
    end: Option<String>,
}

/// A trend.
#[derive(Debug, Serialize, ToSchema)]
struct TrendAnswer {
    /// As asked for.
    metric: String,
    /// Unit of the values; minutes after midnight for times of day.
    unit: String,
    /// The source that the values are of, where each source measures for itself: the one that most of the days have.
    /// Absent for totals, which are merged, and for what is computed from the whole day.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    /// As asked for.
    timeframe: Timeframe,
    /// First local day.
    #[schema(format = Date)]
    start: String,
    /// The day after the last one.
    #[schema(format = Date)]
    end: String,
    /// Days with a value.
    n: usize,
    /// Share of the days with a value.
    coverage: f64,
    /// How fast it moves.
    slope: SlopeAnswer,
    /// Whether it moves at all.
    significance: SignificanceAnswer,
    /// Against the same time before.
    change: ChangeAnswer,
    /// How unusual the last day is for this person.
    baseline: BaselineAnswer,
    /// The levels that the value kept over the stretch and the one before.
    levels: LevelsAnswer,
    /// Days of the stretch that stick out from the week around them.
    outliers: OutliersAnswer,
    /// How the days of the week differ.
    weekdays: WeekdaysAnswer,
    /// The values, oldest first.
    points: Vec<PointAnswer>,
    /// Dates of which the stored document was made by methods of an earlier version; they are computed
    /// again in the background.
    stale: Vec<String>,
}

/// Slope per day with its 95 % interval.
#[derive(Debug, Serialize, ToSchema)]
struct SlopeAnswer {
    /// Per day; null with a reason.
    per_day: Option<f64>,
    /// Lower end of the interval.
    low: Option<f64>,
    /// Upper end of the interval.
    high: Option<f64>,
    /// The method.
    method: &'static str,
    /// Its version.
    version: u32,
    /// Why it is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Mann-Kendall's test.
#[derive(Debug, Serialize, ToSchema)]
struct SignificanceAnswer {
    /// Probability of such a trend or a stronger one by chance; null with a reason.
    p: Option<f64>,
    /// Kendall's tau-b, −1 to 1.
    tau: Option<f64>,
    /// Whether p is below 0.05.
    significant: Option<bool>,
    /// The method.
    method: &'static str,
    /// Its version.
    version: u32,
    /// Why it is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// The stretch against the one of the same length before.
#[derive(Debug, Serialize, ToSchema)]
struct ChangeAnswer {
    /// Mean of the stretch; null with a reason.
    current: Option<f64>,
    /// Mean of the stretch before.
    previous: Option<f64>,
    /// Their difference.
    difference: Option<f64>,
    /// In percent of the previous; null for times of day and a mean of zero.
    percent: Option<f64>,
    /// Days with a value in the stretch before.
    n_previous: usize,
    /// Why it is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// The last day beside the 28 days before it.
#[derive(Debug, Serialize, ToSchema)]
struct BaselineAnswer {
    /// Robust standard deviations from the median of those days; null with a reason.
    z: Option<f64>,
    /// Share of the 28 days with a value.
    coverage: Option<f64>,
    /// The method.
    method: &'static str,
    /// Its version.
    version: u32,
    /// Why it is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Levels between the days on which the value changed.
#[derive(Debug, Serialize, ToSchema)]
struct LevelsAnswer {
    /// Oldest first; a single one where nothing changed. Null with a reason.
    levels: Option<Vec<LevelAnswer>>,
    /// The method.
    method: &'static str,
    /// Its version.
    version: u32,
    /// Why they are null.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// A level.
#[derive(Debug, Serialize, ToSchema)]
struct LevelAnswer {
    /// Its first day with a value.
    #[schema(format = Date)]
    start: String,
    /// Mean of its days.
    mean: f64,
    /// Days with a value.
    n: usize,
}

/// Days that stick out.
#[derive(Debug, Serialize, ToSchema)]
struct OutliersAnswer {
    /// Local days, oldest first.
    dates: Vec<String>,
    /// The method.
    method: &'static str,
    /// Its version.
    version: u32,
}

/// Weekdays compared.
#[derive(Debug, Serialize, ToSchema)]
struct WeekdaysAnswer {
    /// Median of each weekday less that of all days, Monday first; null with a reason.
    effects: Option<Vec<f64>>,
    /// Median of the weekend less that of the working days.
    weekend: Option<f64>,
    /// Probability of such differences or greater ones where weekdays are alike.
    p: Option<f64>,
    /// Share of the variation of ranks that the weekday explains, 0 to 1.
    epsilon_squared: Option<f64>,
    /// The method.
    method: &'static str,
    /// Its version.
    version: u32,
    /// Why it is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// A value of a day.
#[derive(Debug, Serialize, ToSchema)]
struct PointAnswer {
    /// The local day.
    #[schema(format = Date)]
    date: String,
    /// The value.
    value: f64,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(read))
}

/// Returns how a daily value moves.
///
/// Theil-Sen slope with interval, Mann-Kendall test corrected for autocorrelation, the change against the
/// stretch before, the levels that the value kept, days that stick out, weekdays, and the last day beside
/// the person's own baseline. Days without a value take no part.
#[utoipa::path(
    get,
    operation_id = "get_trend",
    path = "/trends",
    tag = "reading",
    params(TrendQuery),
    responses(
        (status = 200, description = "The trend", body = TrendAnswer),
        (status = 304, description = "Not changed since the ETag in If-None-Match"),
    ),
    security(("bearer" = [])),
)]
async fn read(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(query): Params<TrendQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if !trend::is_name(&query.metric) {
        let message =
            "must be a metric that is a quantity (see GET /metric-types) or a fact of the day";
        return Err(Problem::parameter("metric", message));
    }
    let mut tx = app.store.read().await?;
    let until = if let Some(text) = query.end.as_deref() {
        let wrong = || Problem::parameter("end", "must be a date such as 2026-06-01");
        text.parse().map_err(|_| wrong())?
    } else {
        let person = app.people.load(&mut tx, &app.vault, caller.user).await?;
        person.history().date_at(app.clock.now_us())
    };
    let days = i64::from(query.timeframe.days());
    let back = |count: i64| until.checked_sub(count.days()).unwrap_or(Date::MIN);
    let from = back(days);
    let first = back((2 * days).max(trend::BASELINE_WITH_TODAY));
    let key = app.vault.person_key(&mut tx, caller.user).await?;
    let question = format!("trends {} {from} {until}", query.metric);
    let asked = Asked::of(&mut tx, &key, caller.user, question).await?;
    drop(tx);
    let make = async {
        let mut tx = app.store.read().await?;
        let stored = days::stored(&app, &mut tx, caller.user, (first, until)).await?;
        drop(tx);
        app.compute(move || {
            let documents = days::documents(&stored)?;
            let answer = answer(&query, &documents, (from, until), stored.stale());
            serde_json::to_vec(&answer).map_err(Problem::internal)
        })
        .await?
    };
    let body = app.answers.get(asked, Box::pin(make)).await?;
    Ok(verbatim::json(&headers, body))
}

fn answer(
    query: &TrendQuery,
    documents: &[DayDocument],
    (from, until): (Date, Date),
    stale: Vec<String>,
) -> TrendAnswer {
    let length = query.timeframe.days();
    let found = trend::trend(&query.metric, documents, until, length);
    TrendAnswer {
        metric: query.metric.clone(),
        unit: found.unit.clone().into_owned(),
        source: found.source.clone(),
        timeframe: query.timeframe,
        start: from.to_string(),
        end: until.to_string(),
        n: found.points.len(),
        coverage: found.points.len() as f64 / f64::from(length),
        stale,
        slope: slope_answer(&found),
        significance: significance(&found),
        change: change(&found),
        baseline: baseline_answer(&found),
        levels: levels(&found),
        outliers: OutliersAnswer {
            dates: found.outliers.iter().map(Date::to_string).collect(),
            method: hampel::HAMPEL.id,
            version: hampel::HAMPEL.version,
        },
        weekdays: weekdays(&found),
        points: found
            .points
            .iter()
            .map(|point| PointAnswer {
                date: point.date.to_string(),
                value: point.value,
            })
            .collect(),
    }
}

fn reason<T>(outcome: &Result<T, Insufficient>) -> Option<String> {
    outcome.as_ref().err().map(ToString::to_string)
}

fn slope_answer(found: &Trend) -> SlopeAnswer {
    let value = found.slope.ok();
    SlopeAnswer {
        per_day: value.map(|slope| slope.per_day),
        low: value.map(|slope| slope.interval.0),
        high: value.map(|slope| slope.interval.1),
        method: slope::THEIL_SEN.id,
        version: slope::THEIL_SEN.version,
        reason: reason(&found.slope),
    }
}

fn significance(found: &Trend) -> SignificanceAnswer {
    let test = found.test.ok();
    SignificanceAnswer {
        p: test.map(|test| test.p),
        tau: test.map(|test| test.tau),
        significant: test.map(|test| test.p < SIGNIFICANT),
        method: kendall::MANN_KENDALL.id,
        version: kendall::MANN_KENDALL.version,
        reason: reason(&found.test),
    }
}

fn change(found: &Trend) -> ChangeAnswer {
    let value = found.change.ok();
    ChangeAnswer {
        current: value.map(|change| change.current),
        previous: value.map(|change| change.previous),
        difference: value.map(|change| change.difference),
        percent: value.and_then(|change| change.percent),
        n_previous: found.previous,
        reason: reason(&found.change),
    }
}

fn baseline_answer(found: &Trend) -> BaselineAnswer {
    let value = found.baseline.ok();
    BaselineAnswer {
        z: value.map(|found| found.value),
        coverage: value.map(|found| found.coverage),
        method: baseline::ROBUST_Z.id,
        version: baseline::ROBUST_Z.version,
        reason: reason(&found.baseline),
    }
}

fn levels(found: &Trend) -> LevelsAnswer {
    let one = |level: &trend::Plateau| LevelAnswer {
        start: level.from.to_string(),
        mean: level.mean,
        n: level.days,
    };
    let levels = found.levels.as_ref().ok();
    LevelsAnswer {
        levels: levels.map(|levels| levels.iter().map(one).collect()),
        method: changepoint::CHANGE_POINTS.id,
        version: changepoint::CHANGE_POINTS.version,
        reason: reason(&found.levels),
    }
}

fn weekdays(found: &Trend) -> WeekdaysAnswer {
    let week = found.weekdays.ok().map(|found| found.value);
    WeekdaysAnswer {
        effects: week.map(|week| week.effects.to_vec()),
        weekend: week.map(|week| week.weekend),
        p: week.map(|week| week.p),
        epsilon_squared: week.map(|week| week.epsilon_squared),
        method: weekday::DAY_OF_WEEK.id,
        version: weekday::DAY_OF_WEEK.version,
        reason: reason(&found.weekdays),
    }
}
