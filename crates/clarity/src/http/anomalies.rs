//! `GET /anomalies`: days unlike what is usual for the person, and in what.
//!
//! The arithmetic is `analysis`'s; this file reads the documents of the days and prints.

use std::sync::Arc;

use analysis::daily::anomaly::{self, Examination, JointDay};
use analysis::daily::facts::{BASELINE_DAYS, Fact};
use analysis::stats::anomaly::ANOMALY_DAYS;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::answers::Asked;
use crate::app::App;
use crate::auth::Caller;
use crate::http::page::Params;
use crate::http::range::RangeQuery;
use crate::http::{days, verbatim};
use crate::insights::cite::CitedQuery;
use crate::problem::Problem;

/// Days unlike the others.
#[derive(Debug, Serialize, ToSchema)]
struct AnomaliesAnswer {
    /// First local day.
    #[schema(format = Date)]
    start: String,
    /// The day after the last one.
    #[schema(format = Date)]
    end: String,
    /// The method.
    method: &'static str,
    /// Its version.
    version: u16,
    /// Magnitude of a robust z from which a measure is unlike itself.
    threshold: f64,
    /// How all measures were judged together.
    joint: JointAnswer,
    /// Unusual days, oldest first.
    data: Vec<UnusualDay>,
    /// Days with data that could be judged.
    judged_days: usize,
    /// Days with data that could not be judged, with the reason.
    not_judged: Vec<NotJudged>,
    /// Dates of which the stored document was made by methods of an earlier version; they are computed
    /// again in the background.
    stale: Vec<String>,
}

/// How all measures were judged together.
#[derive(Debug, Serialize, ToSchema)]
struct JointAnswer {
    /// Measures that were judged together; null with a reason.
    measures: Option<Vec<&'static str>>,
    /// Share of the days, the baseline's included, that have all of them.
    coverage: Option<f64>,
    /// Adjusted probability below which a day is unusual.
    level: f64,
    /// The method.
    method: &'static str,
    /// Its version.
    version: u32,
    /// Why it is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// An unusual day.
#[derive(Debug, Serialize, ToSchema)]
struct UnusualDay {
    /// The local day.
    #[schema(format = Date)]
    date: String,
    /// Largest magnitude of a robust z.
    score: Option<f64>,
    /// Share of the day's measures that have a baseline to be judged by.
    coverage: f64,
    /// What differs, farthest first.
    contributing: Vec<Contribution>,
    /// All measures together; null when they could not be judged so.
    joint: Option<JointDistance>,
}

/// A day's distance from the usual in all measures together.
#[derive(Debug, Serialize, ToSchema)]
struct JointDistance {
    /// Squared robust distance.
    distance_squared: f64,
    /// Probability of that distance or more on a usual day, adjusted for the number of days.
    adjusted_p: f64,
    /// How much of the squared distance vanishes without each measure, most first.
    contributions: Vec<JointContribution>,
}

/// A measure's part of a distance.
#[derive(Debug, Serialize, ToSchema)]
struct JointContribution {
    /// Name of the fact.
    measure: &'static str,
    /// What vanishes without it.
    distance_squared: f64,
}

/// A measure unlike itself.
#[derive(Debug, Serialize, ToSchema)]
struct Contribution {
    /// Name of the fact.
    measure: String,
    /// The metric that it is about.
    metric: String,
    /// The day's value.
    value: Option<f64>,
    /// Its unit.
    unit: String,
    /// Median of the baseline.
    usual: Option<f64>,
    /// Value − median.
    difference: Option<f64>,
    /// Difference in robust standard deviations.
    robust_z: Option<f64>,
    /// Valid days of the baseline.
    baseline_days: Option<usize>,
    /// A request whose response contains the value.
    query: String,
}

/// A day that could not be judged.
#[derive(Debug, Serialize, ToSchema)]
struct NotJudged {
    /// The local day.
    #[schema(format = Date)]
    date: String,
    /// `no_measures`, or `too_few_valid_days` for baselines of fewer than 14 days or without spread.
    reason: &'static str,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(read))
}

/// Finds days unlike the person's own baseline.
///
/// Each measure of a day is compared with the 28 days before it, of which 14 must be valid; all measures
/// together are judged by robust distance over the range and the 28 days before it. At most 400 days;
/// without `start` the last 30.
#[utoipa::path(
    get,
    operation_id = "get_anomalies",
    path = "/anomalies",
    tag = "reading",
    params(RangeQuery),
    responses(
        (status = 200, description = "Unusual days, and how many were judged", body = AnomaliesAnswer),
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
    let parsed = range.parse()?;
    let mut tx = app.store.read().await?;
    let (from, until) = days::dates(&app, &mut tx, caller.user, parsed).await?;
    let first = from.checked_sub(BASELINE_DAYS.days()).unwrap_or(Date::MIN);
    let key = app.vault.person_key(&mut tx, caller.user).await?;
    let question = format!("anomalies {from} {until}");
    let asked = Asked::of(&mut tx, &key, caller.user, question).await?;
    drop(tx);
    let make = async {
        let mut tx = app.store.read().await?;
        let stored = days::stored(&app, &mut tx, caller.user, (first, until)).await?;
        drop(tx);
        app.compute(move || {
            let documents = days::documents(&stored)?;
            let examined = anomaly::examine(&documents, from, until);
            let answer = answer(examined, (from, until), stored.stale());
            serde_json::to_vec(&answer).map_err(Problem::internal)
        })
        .await?
    };
    let body = app.answers.get(asked, Box::pin(make)).await?;
    Ok(verbatim::json(&headers, body))
}

fn answer(
    examined: Examination,
    (from, until): (Date, Date),
    stale: Vec<String>,
) -> AnomaliesAnswer {
    let mut answer = AnomaliesAnswer {
        start: from.to_string(),
        end: until.to_string(),
        method: "anomaly.robust_z",
        version: anomaly::VERSION,
        threshold: anomaly::Z_MIN,
        joint: joint(&examined),
        data: Vec::new(),
        stale,
        judged_days: 0,
        not_judged: Vec::new(),
    };
    for day in examined.days {
        let date = day.date.to_string();
        let is_judged = day.judged > 0 || day.joint.is_some();
        if !is_judged {
            let reason = if day.measured == 0 {
                "no_measures"
            } else {
                "too_few_valid_days"
            };
            answer.not_judged.push(NotJudged { date, reason });
            continue;
        }
        answer.judged_days += 1;
        if day.is_unusual() {
            answer.data.push(UnusualDay {
                date,
                score: day.score,
                coverage: day.judged as f64 / day.measured as f64,
                contributing: day.contributing.into_iter().map(contribution).collect(),
                joint: day.joint.map(distance),
            });
        }
    }
    answer
}

fn joint(examined: &Examination) -> JointAnswer {
    let found = examined.joint.as_ref();
    JointAnswer {
        measures: found.ok().map(|found| found.value.clone()),
        coverage: found.ok().map(|found| found.coverage),
        level: anomaly::LEVEL,
        method: ANOMALY_DAYS.id,
        version: ANOMALY_DAYS.version,
        reason: found.err().map(ToString::to_string),
    }
}

fn distance(day: JointDay) -> JointDistance {
    JointDistance {
        distance_squared: day.distance_squared,
        adjusted_p: day.adjusted_p,
        contributions: day
            .contributions
            .into_iter()
            .map(|(measure, distance_squared)| JointContribution {
                measure,
                distance_squared,
            })
            .collect(),
    }
}

fn contribution(fact: Fact) -> Contribution {
    Contribution {
        measure: fact.id.into_owned(),
        metric: fact.metric.into_owned(),
        value: fact.value,
        unit: fact.unit.into_owned(),
        usual: fact.baseline.as_ref().map(|baseline| baseline.median),
        difference: fact.difference,
        robust_z: fact.robust_z,
        baseline_days: fact.baseline.as_ref().map(|baseline| baseline.n),
        query: CitedQuery::from(fact.query).request,
    }
}
