//! `GET /trials`: whether something that a person did changed a daily value (N-of-1).
//!
//! The arithmetic is `analysis`'s; this file reads the documents of the days and cuts them into phases. It
//! must never say that a change was the cause: only periods in random order can show that.

use std::sync::Arc;

use analysis::daily::trend;
use analysis::maths::describe;
use analysis::outcome::Outcome;
use analysis::stats::permutation::{self, PERMUTATION};
use analysis::stats::persistence::Correlation;
use analysis::stats::trial::{
    self, BEFORE_AFTER, CROSSOVER, Effect, LAGGED_ASSOCIATION, before_after, crossover, lagged,
};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Caller;
use crate::http::page::Params;
use crate::http::range::RangeQuery;
use crate::http::{days, verbatim};
use crate::problem::Problem;

/// Shuffles of the permutation test: p to a ten-thousandth.
const SHUFFLES: u32 = 9_999;
/// Where the shuffles begin, so that the same days give the same answer.
const SEED: u64 = 1;
/// Pairs of periods in one request.
const PERIODS_MAX: usize = 20;
/// Days that an effect may come later, or that the value may come before its exposure.
const LAG_MAX: u32 = 14;
/// Lags in one request: all of them.
const LAGS_MAX: usize = 29;

/// How the days are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Design {
    /// The days from `change` on with those before it.
    BeforeAfter,
    /// Neighbouring periods without and with, pair by pair.
    Crossover,
    /// A value with another one on the same day or some days earlier.
    Lagged,
}

/// What is compared.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TrialQuery {
    /// The value that may change: a metric or a fact of the day, as in `/trends`.
    #[param(example = "resting_heart_rate")]
    metric: String,
    /// `before_after`, `crossover` or `lagged`.
    #[param(inline)]
    design: Design,
    /// For `before_after`: the first day after the change.
    #[param(example = "2026-05-15", format = Date)]
    change: Option<String>,
    /// For `crossover`: periods without, first day and day after the last, as
    /// `2026-05-01/2026-05-08,2026-05-15/2026-05-22`.
    without: Option<String>,
    /// For `crossover`: the periods with, as many, each beside its own.
    with: Option<String>,
    /// For `lagged`: the value that comes first, as in `/trends`.
    #[param(example = "steps")]
    exposure: Option<String>,
    /// For `lagged`: days until the effect, separated by commas, from -14 to 14; 0 by default. With a negative
    /// one the value comes before the exposure.
    #[param(example = "-1,0,1,2")]
    lags: Option<String>,
}

/// An effect.
#[derive(Debug, Serialize, ToSchema)]
struct EffectAnswer {
    /// Days until the effect; for `lagged` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    lag_days: Option<i32>,
    /// Difference of the means in the unit of the value, or Spearman's correlation; null with a reason.
    estimate: Option<f64>,
    /// Lower end of its 95 % interval.
    low: Option<f64>,
    /// Upper end of the interval.
    high: Option<f64>,
    /// Size without unit: Hedges' g, mean over standard deviation, or the correlation.
    size: Option<f64>,
    /// Probability of such an effect or a greater one by chance.
    p: Option<f64>,
    /// The same adjusted for the number of lags (Benjamini-Hochberg).
    p_adjusted: Option<f64>,
    /// Share of the days with a value.
    coverage: Option<f64>,
    /// Why it is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// The same comparison without a distribution.
#[derive(Debug, Serialize, ToSchema)]
struct PermutationAnswer {
    /// Difference of the means; null with a reason.
    difference: Option<f64>,
    /// Share of 9,999 shuffles of the days with a difference as large. Days that resemble the day before make
    /// it too small.
    p: Option<f64>,
    /// The method's stable name.
    method: &'static str,
    /// The method's version.
    version: u32,
    /// Why it is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// A comparison in one person.
#[derive(Debug, Serialize, ToSchema)]
struct TrialAnswer {
    /// As asked for.
    metric: String,
    /// Unit of the values; minutes after midnight for times of day.
    unit: String,
    /// As asked for.
    design: Design,
    /// First local day.
    #[schema(format = Date)]
    start: String,
    /// The day after the last one.
    #[schema(format = Date)]
    end: String,
    /// The effect; one for each lag where there are several.
    effects: Vec<EffectAnswer>,
    /// The method's stable name.
    method: &'static str,
    /// The method's version.
    version: u32,
    /// For `before_after` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    permutation: Option<PermutationAnswer>,
    /// Dates of which the stored document was made by methods of an earlier version; they are computed
    /// again in the background.
    stale: Vec<String>,
}

/// A comparison that can be made.
#[derive(Debug, Clone)]
enum Plan {
    Change(Date),
    Periods(Vec<(Date, Date)>, Vec<(Date, Date)>),
    Lags(String, Vec<i32>),
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(read))
}

/// Compares a daily value before and after a change, in alternating periods, or with another value.
///
/// At most 400 days; without `start` the last 30. The result holds for this person and shows no cause: a
/// season or an illness looks the same, and only periods in random order can tell them apart.
#[utoipa::path(
    get,
    operation_id = "get_trial",
    path = "/trials",
    tag = "reading",
    params(RangeQuery, TrialQuery),
    responses(
        (status = 200, description = "The effect with size, interval and probability, or a reason", body = TrialAnswer),
        (status = 304, description = "Not changed since the ETag in If-None-Match"),
    ),
    security(("bearer" = [])),
)]
async fn read(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(range): Params<RangeQuery>,
    Params(query): Params<TrialQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let plan = query.plan()?;
    let range = range.parse()?;
    let mut tx = app.store.read().await?;
    let (from, until) = days::dates(&app, &mut tx, caller.user, range).await?;
    let stored = days::stored(&app, &mut tx, caller.user, (from, until)).await?;
    drop(tx);
    let body = app
        .compute(move || {
            let documents = days::documents(&stored)?;
            let values = |name: &str| trend::values(name, &documents, from, until);
            let found = values(&query.metric);
            let answer = TrialAnswer {
                unit: found.unit.into_owned(),
                design: query.design,
                start: from.to_string(),
                end: until.to_string(),
                effects: effects(&plan, &found.values, from, &values),
                method: method(&plan).id,
                version: method(&plan).version,
                permutation: permuted(&plan, &found.values, from),
                stale: stored.stale(),
                metric: query.metric,
            };
            serde_json::to_vec(&answer).map_err(Problem::internal)
        })
        .await??;
    Ok(verbatim::json(&headers, body))
}

impl TrialQuery {
    fn plan(&self) -> Result<Plan, Problem> {
        let message =
            "must be a metric that is a quantity (see GET /metric-types) or a fact of the day";
        if !trend::is_name(&self.metric) {
            return Err(Problem::parameter("metric", message));
        }
        match self.design {
            Design::BeforeAfter => {
                let text = self.change.as_deref().unwrap_or_default();
                let wrong = || Problem::parameter("change", "must be a date such as 2026-05-15");
                Ok(Plan::Change(text.parse().map_err(|_| wrong())?))
            }
            Design::Crossover => {
                let without = periods("without", self.without.as_deref())?;
                let with = periods("with", self.with.as_deref())?;
                if without.len() != with.len() {
                    let message = "must have as many periods as without";
                    return Err(Problem::parameter("with", message));
                }
                Ok(Plan::Periods(without, with))
            }
            Design::Lagged => {
                let exposure = self.exposure.clone().unwrap_or_default();
                if !trend::is_name(&exposure) {
                    return Err(Problem::parameter("exposure", message));
                }
                Ok(Plan::Lags(exposure, lags(self.lags.as_deref())?))
            }
        }
    }
}

fn periods(name: &'static str, text: Option<&str>) -> Result<Vec<(Date, Date)>, Problem> {
    let one = |period: &str| -> Option<(Date, Date)> {
        let (from, until) = period.trim().split_once('/')?;
        let (from, until) = (from.parse().ok()?, until.parse().ok()?);
        (from < until).then_some((from, until))
    };
    let listed = text.unwrap_or_default().split(',').map(one);
    let found: Option<Vec<(Date, Date)>> = listed.collect();
    found.filter(|found| found.len() <= PERIODS_MAX).ok_or_else(|| {
        let message = format!(
            "must be at most {PERIODS_MAX} periods such as 2026-05-01/2026-05-08, separated by commas"
        );
        Problem::parameter(name, message)
    })
}

fn lags(text: Option<&str>) -> Result<Vec<i32>, Problem> {
    let listed = text
        .unwrap_or("0")
        .split(',')
        .map(|lag| lag.trim().parse().ok());
    let found: Option<Vec<i32>> = listed.collect();
    let valid = |found: &Vec<i32>| {
        found.len() <= LAGS_MAX && found.iter().all(|lag| lag.unsigned_abs() <= LAG_MAX)
    };
    found.filter(valid).ok_or_else(|| {
        let message =
            format!("must be whole numbers from -{LAG_MAX} to {LAG_MAX}, separated by commas");
        Problem::parameter("lags", message)
    })
}

fn method(plan: &Plan) -> &'static analysis::method::Analysis {
    match plan {
        Plan::Change(_) => &BEFORE_AFTER,
        Plan::Periods(..) => &CROSSOVER,
        Plan::Lags(..) => &LAGGED_ASSOCIATION,
    }
}

/// The values of the days `[from, until)` of a series that begins at `first`.
fn part(values: &[f64], first: Date, (from, until): (Date, Date)) -> Vec<f64> {
    let place = |date: Date| {
        let days = first.until(date).map_or(0, |span| span.get_days());
        usize::try_from(days).unwrap_or(0).min(values.len())
    };
    values
        .get(place(from)..place(until))
        .unwrap_or_default()
        .to_vec()
}

fn effects(
    plan: &Plan,
    values: &[f64],
    first: Date,
    of: &dyn Fn(&str) -> trend::DailyValues,
) -> Vec<EffectAnswer> {
    let corrected = Correlation::Corrected;
    let cut = |range| part(values, first, range);
    let found: Vec<(Option<i32>, Outcome<Effect>)> = match plan {
        Plan::Change(change) => {
            let (before, after) = (cut((Date::MIN, *change)), cut((*change, Date::MAX)));
            vec![(None, before_after(&before, &after, corrected))]
        }
        Plan::Periods(without, with) => {
            let days = |periods: &[(Date, Date)]| periods.iter().copied().map(cut).collect();
            let (without, with): (Vec<Vec<f64>>, Vec<Vec<f64>>) = (days(without), days(with));
            vec![(None, crossover(&without, &with))]
        }
        Plan::Lags(exposure, lags) => {
            let exposure = of(exposure).values;
            let one = |&lag: &i32| {
                let days = usize::try_from(lag.unsigned_abs()).unwrap_or(usize::MAX);
                // The correlation is the same from either side; only which one comes first differs.
                let found = if lag < 0 {
                    lagged(values, &exposure, days, corrected)
                } else {
                    lagged(&exposure, values, days, corrected)
                };
                (Some(lag), found)
            };
            lags.iter().map(one).collect()
        }
    };
    let known: Vec<Effect> = found
        .iter()
        .filter_map(|(_, found)| Some(found.as_ref().ok()?.value))
        .collect();
    let mut adjusted = trial::judged(&known).into_iter();
    found
        .iter()
        .map(|(lag_days, found)| {
            let value = found.as_ref().ok().map(|found| found.value);
            EffectAnswer {
                lag_days: *lag_days,
                estimate: value.map(|effect| effect.estimate),
                low: value.map(|effect| effect.interval.0),
                high: value.map(|effect| effect.interval.1),
                size: value.map(|effect| effect.size),
                p: value.map(|effect| effect.p),
                p_adjusted: value.and_then(|_| adjusted.next()),
                coverage: found.as_ref().ok().map(|found| found.coverage),
                reason: found.as_ref().err().map(ToString::to_string),
            }
        })
        .collect()
}

/// The shuffled comparison of before and after.
fn permuted(plan: &Plan, values: &[f64], first: Date) -> Option<PermutationAnswer> {
    let Plan::Change(change) = plan else {
        return None;
    };
    let days = |range| describe::present(&part(values, first, range));
    let (before, after) = (days((Date::MIN, *change)), days((*change, Date::MAX)));
    let found = permutation::two_means(&before, &after, SHUFFLES, SEED);
    Some(PermutationAnswer {
        difference: found.as_ref().ok().map(|found| found.difference),
        p: found.as_ref().ok().map(|found| found.p),
        method: PERMUTATION.id,
        version: PERMUTATION.version,
        reason: found.err().map(|lacking| lacking.to_string()),
    })
}
